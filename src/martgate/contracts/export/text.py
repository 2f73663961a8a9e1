"""JSON text in which every character that is not printable is escaped."""

import json

__all__ = ["json_text"]


def json_text(document: object, *, sort_keys: bool = False) -> str:
    r"""Write a document as indented JSON with a newline at the end.

    >>> print(json_text({"a": chr(0x202E) + "é"}), end="")
    {
      "a": "\u202eé"
    }
    """
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=sort_keys)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text) + "\n"
