"""Lists of words as sentences write them: `a, b and c`, or `a, b and 3 more`."""

from collections.abc import Iterable

__all__ = ["join_words"]


def join_words(
    words: Iterable[object], last: str = "and", *, limit: int | None = None, shown: int | None = None
) -> str:
    """Join words to one phrase, and shorten a long list.

    >>> join_words(["a", "b", "c"]), join_words(["a", "b"], "or"), join_words([])
    ('a, b and c', 'a or b', '')
    >>> join_words("abcde", limit=4, shown=2), join_words("abc", "", limit=3)
    ('a, b and 3 more', 'a, b, c')

    Args:
        words: The words, in the order in which they are written.
        last: The conjunction before the last word; empty for a comma.
        limit: The most words that are written out in full; None writes out every list.
        shown: The number of words that a longer list begins with; `limit` by default.
    """
    texts = [str(word) for word in words]
    if limit is not None and len(texts) > limit:
        shown = limit if shown is None else shown
        return f"{', '.join(texts[:shown])} and {len(texts) - shown:,} more"
    *head, end = texts or [""]
    return f"{', '.join(head)}{f' {last} ' if last else ', '}{end}" if head else end
