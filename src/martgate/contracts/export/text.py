"""JSON text in which every character that is not printable is escaped."""

import json

from martgate.text.numbers import mark_exact_numbers, unmark_exact_numbers

__all__ = ["json_text"]


def json_text(document: object, *, sort_keys: bool = False) -> str:
    r"""Write a document as indented JSON with a newline at the end; exact numbers keep their digits.

    >>> print(json_text({"a": chr(0x202E) + "é"}), end="")
    {
      "a": "\u202eé"
    }
    """
    marked = json.dumps(mark_exact_numbers(document), ensure_ascii=False, indent=2, sort_keys=sort_keys)
    text = unmark_exact_numbers(marked)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text) + "\n"
