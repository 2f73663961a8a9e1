"""Documents as JSON text in which nothing hides: characters that do not print are escaped."""

import json

__all__ = ["json_text"]


def json_text(document: object, *, sort_keys: bool = False) -> str:
    r"""A document as indented JSON, one line end at its end; the same document gives the same bytes.

    >>> print(json_text({"a": chr(0x202E) + "é"}), end="")
    {
      "a": "\u202eé"
    }
    """
    written = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=sort_keys)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in written) + "\n"
