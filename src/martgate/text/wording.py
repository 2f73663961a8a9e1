"""Numbers, durations and text from outside as output for people."""

from datetime import timedelta

from martgate.text.lists import join_words

__all__ = ["escape_text", "format_count", "format_duration", "format_percent", "shorten_names", "truncate"]

_PRECISE_ENOUGH = 0.1


def escape_text(text: str) -> str:
    r"""Escape every control, invisible and bidirectional character, so that the text is one harmless line.

    >>> escape_text("red\x1b[31m\nline")
    'red\\x1b[31m\\nline'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def truncate(text: str, most: int) -> str:
    """Cut a text to `most` characters, the last of which is an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def shorten_names(reason: str, most: int = 3) -> str:
    """Shorten a reason that lists more than `most + 1` names to the first `most` of them.

    >>> shorten_names("5 failed: a, b, c, d, e")
    '5 failed: a, b, c and 2 more'
    """
    names = reason.split(", ")
    return reason if len(names) <= most + 1 else join_words(names, limit=most)


def format_percent(part: int, whole: int) -> str:
    """Format the share of `part` in `whole` as a percentage; 0 % and 100 % only where they are exact.

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
    """Format a number with its noun, which is passed in the plural.

    >>> format_count(1, "rows"), format_count(12_000, "rules")
    ('1 row', '12,000 rules')
    """
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def format_duration(time: timedelta) -> str:
    """Format a duration to the minute, in its two largest units.

    >>> format_duration(timedelta(hours=2, minutes=12)), format_duration(timedelta(days=2, minutes=1)), format_duration(timedelta(seconds=30))
    ('2 h 12 min', '2 d', 'under 1 min')
    """
    minutes = int(time.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    first = next((place for place, (number, _) in enumerate(parts) if number), None)
    if first is None:
        return "under 1 min"
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number)
