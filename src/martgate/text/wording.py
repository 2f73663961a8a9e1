"""How numbers and foreign text are written for people: honest percentages, nothing that can move a cursor."""

from datetime import timedelta

__all__ = ["brief", "clipped", "counted", "lapse", "percent", "plain"]

_PRECISE_ENOUGH = 0.1


def plain(text: str) -> str:
    r"""The text on one line with every control, invisible and bidirectional character spelled out.

    >>> plain("red\x1b[31m\nline")
    'red\\x1b[31m\\nline'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clipped(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: `most` characters in all."""
    return text if len(text) <= most else text[: most - 1] + "…"


def brief(reason: str, most: int = 3) -> str:
    """A reason that lists names, with the first few of them.

    >>> brief("5 failed: a, b, c, d, e")
    '5 failed: a, b, c and 2 more'
    """
    names = reason.split(", ")
    return reason if len(names) <= most + 1 else f"{', '.join(names[:most])} and {len(names) - most} more"


def percent(part: int, whole: int) -> str:
    """The share of `part` in `whole`; 0 % and 100 % are said only where they are exact.

    >>> percent(1, 4), percent(1, 10_000_000), percent(9_999_999, 10_000_000)
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


def counted(number: int, things: str) -> str:
    """A number with its noun, given in the plural.

    >>> counted(1, "rows"), counted(12_000, "rules")
    ('1 row', '12,000 rules')
    """
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def lapse(time: timedelta) -> str:
    """How long something took, to the minute, in its two largest units.

    >>> lapse(timedelta(hours=2, minutes=12)), lapse(timedelta(days=2, minutes=1)), lapse(timedelta(seconds=30))
    ('2 h 12 min', '2 d', 'under 1 min')
    """
    minutes = int(time.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    first = next((place for place, (number, _) in enumerate(parts) if number), None)
    if first is None:
        return "under 1 min"
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number)
