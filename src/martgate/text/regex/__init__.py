r"""Regular expressions of ODCS and JSON Schema: ECMA-262 with the `u` flag, searched anywhere in a value.

A pattern is parsed once and written for each language that runs it: SQL (Java on Spark, RE2 on DuckDB), Python, Rust
(polars), PostgreSQL and ECMA-262 itself. The languages differ in small ways: in Java, `$` also matches before a last line
break, `.` excludes more line ends, and `[[]` opens a nested class; Java and RE2 disagree whether `\s` matches a vertical
tab. So no part is copied: every character, class and anchor is written in a form with the same meaning in all of them.

`parse` rejects parts without such a form (lookahead and lookbehind, back-references, word boundaries). Syntax that browsers
allow beyond the `u` flag (`a{`, `\_`, `[\w-.]`) has the meaning that it has in browsers.
"""

import re
from functools import lru_cache

from martgate.hints import clip
from martgate.text.regex import analysis
from martgate.text.regex.analysis import count_unbounded, is_anchored, raise_if_too_large
from martgate.text.regex.dialects import ECMASCRIPT, POSTGRESQL, PYTHON, RUST, SQL, render
from martgate.text.regex.parser import Parser
from martgate.text.regex.tree import PatternError, Regex

__all__ = [
    "PatternError",
    "list_matches",
    "matches_everything",
    "measure_lengths",
    "missing_anchors",
    "parse",
    "read_pattern",
    "search",
    "to_ecmascript",
    "to_postgresql",
    "to_python",
    "to_rust",
    "to_sql",
]

LONGEST_VALUE = 200
MOST_UNBOUNDED = 3


def read_pattern(value: object) -> str:
    """Return a value of a document as a pattern that every engine can run.

    Raises:
        PatternError: The value is not text, or not such a pattern.
    """
    if not isinstance(value, str):
        raise PatternError(f"expected a regular expression as text, found {clip(value)}")
    parse(value)
    return value


@lru_cache(maxsize=1024)
def parse(pattern: str) -> Regex:
    """Parse a pattern.

    Raises:
        PatternError: The text is not a regular expression, or not every engine can run it.
    """
    parser = Parser(pattern)
    root = parser.read()
    raise_if_too_large(root)
    return Regex(root, is_strict=parser.is_strict)


def missing_anchors(pattern: str) -> tuple[str, ...]:
    """Return the anchors, of `^` and `$`, that a pattern does not require; each alternative needs its own.

    >>> missing_anchors("^a|b$"), missing_anchors("^(?:a|b)$")
    (('^', '$'), ())
    """
    root = parse(pattern).root
    return tuple(sign for sign in "^$" if not is_anchored(root, sign))


def measure_lengths(pattern: str) -> tuple[int, int | None]:
    """Return the least and the greatest number of characters of a value that matches; None is without limit.

    >>> measure_lengths("^[A-Z]{2,3}$"), measure_lengths("[A-Z]{2}")
    ((2, 3), (2, None))
    """
    root = parse(pattern).root
    least, most = analysis.measure_lengths(root)
    return least, None if missing_anchors(pattern) else most


def list_matches(pattern: str, limit: int) -> frozenset[str] | None:
    """Return the values that can match a pattern, and no other can; None where there are more than `limit`.

    >>> sorted(list_matches("^(A|B[12])$", 10)), list_matches("A|B", 10)
    (['A', 'B1', 'B2'], None)
    """
    return None if missing_anchors(pattern) else analysis.list_texts(parse(pattern).root, limit)


def matches_everything(pattern: str) -> bool:
    r"""Return whether every value certainly matches a pattern.

    >>> matches_everything(".*"), matches_everything(r"^[\s\S]*$"), matches_everything("^.*$")
    (True, True, False)
    """
    return analysis.matches_everything(parse(pattern).root)


def search(pattern: str, value: str) -> bool | None:
    """Return whether a value matches a pattern; None where the pattern is rejected, or matching could take too long.

    Python backtracks: a repeated group, or many unbounded repeats, can take very long even on a short text.
    """
    try:
        root = parse(pattern).root
    except PatternError:
        return None
    unbounded, in_groups = count_unbounded(root)
    if in_groups or unbounded > MOST_UNBOUNDED or len(value) > LONGEST_VALUE:
        return None
    return re.search(to_python(pattern), value) is not None


def to_sql(pattern: str) -> str:
    r"""Write a pattern for SQL, with the same meaning in Java (`RLIKE` of Spark) and RE2 (DuckDB).

    >>> to_sql(r"^\d{2}$")
    '\\A[0-9]{2}\\z'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, SQL)


def to_python(pattern: str) -> str:
    r"""Write a pattern for `re.search`, with the same meaning in Java.

    >>> to_python("^[A-Z]{2}$")
    '\\A[A-Z]{2}(?![\\s\\S])'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, PYTHON)


def to_rust(pattern: str) -> str:
    r"""Write a pattern for polars, in a form that Python compiles as well, as pandera does first.

    >>> to_rust(r"^\d$")
    '^[0-9]$'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, RUST)


def to_postgresql(pattern: str) -> str:
    r"""Write a pattern for `~` of PostgreSQL, which counts to 255 and has no Unicode properties.

    >>> to_postgresql(r"^\p{Zl}{300}$")
    '^(?:\\u2028{255}\\u2028{45})$'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, POSTGRESQL)


def to_ecmascript(pattern: str) -> str:
    r"""Write a pattern as ECMA-262 with the `u` flag; unchanged, unless it needs the syntax of browsers.

    >>> to_ecmascript(r"^\p{L}\/$"), to_ecmascript(r"\_{")
    ('^\\p{L}\\/$', '_\\{')

    Raises:
        PatternError: see `parse`.
    """
    regex = parse(pattern)
    return pattern if regex.is_strict else render(regex.root, ECMASCRIPT)
