r"""Regular expressions as ODCS and JSON Schema mean them: ECMA-262 with the `u` flag, searched anywhere in a value.

A pattern is parsed once, and then spelled for each language that runs it: SQL (Java on Spark, RE2 on DuckDB), Python,
Rust (polars), PostgreSQL and ECMA-262 itself. Languages differ in small and silent ways: Java's `$` also matches before a
last line break, its `.` excludes more line ends, its `\s` and RE2's disagree on the vertical tab, and `[[]` opens a nested
class there. So nothing is copied: every character, class and anchor is written out in a form that all read alike.

What has no such form (looking ahead or behind, back-references, the edge of a word) is refused by `parse`, for every
reader with the same message. What browsers allow beyond the `u` flag (`a{`, `\_`, `[\w-.]`) is read as they read it.
"""

import re
from functools import lru_cache

from martgate.hints import clip
from martgate.text.regex.analysis import count_unbounded, is_anchored, raise_if_too_large
from martgate.text.regex.dialects import ECMASCRIPT, POSTGRESQL, PYTHON, RUST, SQL, render
from martgate.text.regex.parser import Parser
from martgate.text.regex.tree import PatternError, Regex

__all__ = [
    "PatternError",
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
    """A value of a document as a pattern that every engine can run.

    Raises:
        PatternError: it is none.
    """
    if not isinstance(value, str):
        raise PatternError(f"expected a regular expression as text, found {clip(value)}")
    parse(value)
    return value


@lru_cache(maxsize=1024)
def parse(pattern: str) -> Regex:
    """The pattern as a tree.

    Raises:
        PatternError: it is no regular expression, or one that not every engine can run.
    """
    parser = Parser(pattern)
    root = parser.read()
    raise_if_too_large(root)
    return Regex(root, is_strict=parser.is_strict)


def missing_anchors(pattern: str) -> tuple[str, ...]:
    """The anchors, of `^` and `$`, that a match of the pattern can do without. Each branch of a choice needs its own.

    >>> missing_anchors("^a|b$"), missing_anchors("^(?:a|b)$")
    (('^', '$'), ())
    """
    root = parse(pattern).root
    return tuple(sign for sign in "^$" if not is_anchored(root, sign))


def search(pattern: str, value: str) -> bool | None:
    """Whether the pattern is found in a value; None where trying might take for ever, or the pattern is refused.

    Python's matcher backtracks: a repeated group, or many unbounded repeats, can keep it busy on a short text.
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
    r"""The pattern as Java (`RLIKE` of Spark) and RE2 (DuckDB) search it alike.

    >>> to_sql(r"^\d{2}$")
    '\\A[0-9]{2}\\z'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, SQL)


def to_python(pattern: str) -> str:
    r"""The pattern for `re.search`, which Java searches alike.

    >>> to_python("^[A-Z]{2}$")
    '\\A[A-Z]{2}(?![\\s\\S])'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, PYTHON)


def to_rust(pattern: str) -> str:
    r"""The pattern for polars, in a form that compiles in Python as well, as pandera tries first.

    >>> to_rust(r"^\d$")
    '^[0-9]$'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, RUST)


def to_postgresql(pattern: str) -> str:
    r"""The pattern for `~` of PostgreSQL, which counts to 255 and knows no property of Unicode.

    >>> to_postgresql(r"^\p{Zl}{300}$")
    '^(?:\\u2028{255}\\u2028{45})$'

    Raises:
        PatternError: see `parse`.
    """
    return render(parse(pattern).root, POSTGRESQL)


def to_ecmascript(pattern: str) -> str:
    r"""The pattern as ECMA-262 with the `u` flag: as it was written, unless only the web's syntax allows that.

    >>> to_ecmascript(r"^\p{L}\/$"), to_ecmascript(r"\_{")
    ('^\\p{L}\\/$', '_\\{')

    Raises:
        PatternError: see `parse`.
    """
    regex = parse(pattern)
    return pattern if regex.is_strict else render(regex.root, ECMASCRIPT)
