"""How numbers and foreign text are written for people: honest percentages, nothing that can move a cursor."""

from datetime import timedelta

__all__ = ["escape_text", "format_count", "format_duration", "format_percent", "shorten_names", "truncate"]

_PRECISE_ENOUGH = 0.1


def escape_text(text: str) -> str:
    r"""The text on one line with every control, invisible and bidirectional character spelled out.

    >>> escape_text("red\x1b[31m\nline")
    'red\\x1b[31m\\nline'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def truncate(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: `most` characters in all."""
    return text if len(text) <= most else text[: most - 1] + "…"


def shorten_names(reason: str, most: int = 3) -> str:
    """A reason that lists names, with the first few of them.

    >>> shorten_names("5 failed: a, b, c, d, e")
    '5 failed: a, b, c and 2 more'
    """
    names = reason.split(", ")
    return reason if len(names) <= most + 1 else f"{', '.join(names[:most])} and {len(names) - most} more"


def format_percent(part: int, whole: int) -> str:
    """The share of `part` in `whole`; 0 % and 100 % are said only where they are exact.

    >>> format_percent(1, 4), format_percent(1, 10_000_000), format_percent(9_999_999, 10_000_000)
    ('25.0 %', 'under 0.1 %', 'over 99.9 %')
    """
    if part in (0, whole):
        return "100 %" if part else "0 %"
    share = 100 * part / whole
    if share < _PRECISE_ENOUGH:
        return "under 0.1 %"
    if share > 100 - _PRECISE_ENOUGH:
        return "over 99.9 %"
    return f"{share:.1f} %"


def format_count(number: int, things: str) -> str:
    """A number with its noun, given in the plural.

    >>> format_count(1, "rows"), format_count(12_000, "rules")
    ('1 row', '12,000 rules')
    """
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def format_duration(time: timedelta) -> str:
    """How long something took, to the minute, in its two largest units.

    >>> format_duration(timedelta(hours=2, minutes=12)), format_duration(timedelta(days=2, minutes=1)), format_duration(timedelta(seconds=30))
    ('2 h 12 min', '2 d', 'under 1 min')
    """
    minutes = int(time.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    first = next((place for place, (number, _) in enumerate(parts) if number), None)
    if first is None:
        return "under 1 min"
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number)
