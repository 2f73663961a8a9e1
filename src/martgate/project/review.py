"""What can be said of a contract without data: everything wrong with it, what becomes of each leaf, how it is audited."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from martgate.builders.dialect import find_cautions, find_problems
from martgate.contracts.catalog import Catalog, find_contract_files
from martgate.contracts.lint import lint
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.odcs.queries import QueryFile
from martgate.contracts.suites import attach_suites, find_suite_files, is_generated
from martgate.contracts.versions import TableVersion, is_newer
from martgate.contracts.versions import find_version_problems as version_problems
from martgate.errors import InvalidInput, Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus, classify_leaves
from martgate.expectations.derive import derivation, derive
from martgate.expectations.kinds.expectations import ExpectationCheck
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.extras import is_installed, missing_message
from martgate.text.lists import join_words
from martgate.text.quoting import put_table
from martgate.text.regex import missing_anchors

__all__ = [
    "Review",
    "compute_coverage",
    "find_contract_problems",
    "find_contract_warnings",
    "raise_for_problems",
    "require_great_expectations",
    "review",
]


@dataclass(frozen=True, slots=True)
class Review:
    """What is wrong with the contracts and suites of so many `files`, and what their engines will answer differently."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    files: int


def review(
    paths: Sequence[Path], *, known: Iterable[Path], expectations: Sequence[Path] = (), whole: bool = False
) -> Review:
    """The problems and warnings of all contracts under `paths`, and of what suites expect of their tables.

    Args:
        paths: files, or folders that are searched for `*.odcs.yaml`.
        known: folders of contracts that relationships may point to.
        expectations: folders of suites that gate beside the contracts.
        whole: whether `paths` are all contracts of the project, so that each suite must be about a table of them.
    """
    problems: list[Problem] = []
    files = list(find_contract_files(paths, problems))
    if not files and not problems:
        problems.append(Problem(file=", ".join(map(str, paths)), message="holds no contract (*.odcs.yaml)"))
    contracts = _read(files, problems)
    here = {file.resolve() for file in files}
    others = [file for file in find_contract_files(known, []) if file.resolve() not in here]
    of_suites = problems if whole and not problems else []  # a contract that cannot be read has its tables missing
    catalog = Catalog(tuple(attach_suites([*contracts, *_read(others, [])], expectations, of_suites)))
    contracts = list(catalog.contracts[: len(contracts)])
    for loaded in contracts:
        problems.extend(find_contract_problems(loaded, catalog))
    problems.extend(told for told in version_problems(catalog.contracts) if Path(told.file).resolve() in here)
    warnings = [warning for loaded in contracts for warning in find_contract_warnings(loaded)]
    if whole:
        warnings += _unnamed_queries(catalog, expectations)
    suites = {label for label, file in find_suite_files(expectations) if whole and not is_generated(file)}
    suites |= {label for loaded in contracts for label in loaded.suites}
    return Review(tuple(problems), tuple(warnings), len(files) + len(suites))


def _read(files: Iterable[Path], problems: list[Problem]) -> list[ContractFile]:
    """The contracts that can be read; what is wrong with the others is added to `problems`."""
    contracts = []
    for file in files:
        try:
            contracts.append(read(file))
        except InvalidInput as error:
            problems.extend(error.problems)
    return contracts


def find_contract_problems(loaded: ContractFile, catalog: Catalog | None) -> list[Problem]:
    """What lint, the derivation of rules and coverage find in one contract, in the order of its lines."""
    problems = list(lint(loaded, catalog))
    for table in loaded.contract.tables:
        try:
            items = compute_coverage(loaded, table)
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        problems.extend(_unsupported(item, loaded) for item in items if item.status is CoverageStatus.UNSUPPORTED)
        problems.extend(_untried(loaded, table))
        problems.extend(_misread(loaded, table))
    own = loaded.contract.file
    return sorted(
        set(problems),
        key=lambda problem: (problem.file != own, problem.file, problem.line, problem.column, problem.message),
    )


def find_contract_warnings(loaded: ContractFile) -> list[Problem]:
    """What the contract's author should know of its rules; nothing of rules that are not sound.

    DuckDB and Spark answer some differently by the types of their columns, a pattern without anchors lets more pass than
    it seems to, and rules that only Great Expectations judges are not checked where it is not installed.
    """
    found: list[Problem] = []
    for table in loaded.contract.tables:
        rules = derivation(table).rules
        found += [] if is_installed("gx") else _unread(loaded, rules)
        promised = [rule.check.expected_types for rule in rules]
        types = {name.casefold(): kind for each in promised for name, kind in each.items() if kind}
        for rule in rules:
            found += map(loaded.add_location, _unanchored(rule, loaded))
            for statement in rule.check.statements_with_types(types):
                for differs, instead in find_cautions(put_table(statement, table.name), types):
                    told = Problem(file=loaded.contract.file, path=rule.clauses[0], message=f"{rule.name}: {differs}")
                    found.append(loaded.add_location(replace(told, hint=f"{instead}; see docs/engines.md")))
    return list(dict.fromkeys(found))


def _unanchored(rule: Rule, loaded: ContractFile) -> Iterator[Problem]:
    """A pattern is searched anywhere in a value, unless an anchor holds it to an end."""
    for pattern in rule.check.patterns:
        missing = missing_anchors(pattern)
        if missing:
            ends = {"^": "no ^ at its start", "$": "no $ at its end"}
            message = f"{rule.name}: the pattern has {join_words(ends[sign] for sign in missing)}, so it may match a part of a value"
            hint = r"for the whole value, write ^(?:..)$; where anything may stand, say so by [\s\S]*"
            yield Problem(file=loaded.contract.file, path=rule.clauses[0], message=message, hint=hint)


def compute_coverage(loaded: ContractFile, table: Table) -> tuple[CoverageItem, ...]:
    """Every leaf of the contract with its status; a leaf of another table of the document counts by that one's rules."""
    others = [other for other in loaded.contract.tables if other is not table]
    try:
        rules = [rule for each in (table, *others) for rule in derive(each)]
    except InvalidInput as error:
        raise InvalidInput(*map(loaded.add_location, error.problems)) from None
    return classify_leaves(loaded.contract, loaded.document.leaves(), tuple(rules))


def raise_for_problems(loaded: ContractFile, catalog: Catalog | None) -> None:
    """Refuse to work by a contract that has problems; without a catalog, where other contracts lie is not judged.

    Raises:
        martgate.errors.InvalidInput: with all of them.
    """
    problems = find_contract_problems(loaded, catalog)
    if problems:
        raise InvalidInput(*problems)


def require_great_expectations(versions: Iterable[TableVersion], catalog: Catalog) -> None:
    """Refuse to audit tables by rules that only Great Expectations can judge, where it is not installed.

    Raises:
        martgate.errors.InvalidInput: with every such rule of the tables, in the versions given and as newer ones ask.
    """
    if is_installed("gx"):
        return
    problems = [problem for version in versions for problem in _unjudged(version, catalog)]
    if problems:
        raise InvalidInput(*problems)


def _unjudged(version: TableVersion, catalog: Catalog) -> Iterator[Problem]:
    """The rules of a table that nothing here can judge, each with its place in the version that states it."""
    loaded, table = version
    foreign = [
        rule for rule in derive_from_catalog(loaded, table, catalog).rules if isinstance(rule.check, ExpectationCheck)
    ]
    if not foreign:
        return
    stating = [each for each in catalog.versions(table.qualified_name) if each == version or is_newer(each, loaded)]
    for rule in foreign:
        home = next(each for each in stating if _states(each, rule))[0]
        assert isinstance(rule.check, ExpectationCheck)
        message = missing_message("gx", f"{rule.name}: {rule.check.type}")
        yield home.problem(rule.clauses[0], message)


def _states(version: TableVersion, rule: Rule) -> bool:
    _, table = version
    return any((each.name, each.check) == (rule.name, rule.check) for each in derive(table))


def _untried(loaded: ContractFile, table: Table) -> Iterator[Problem]:
    """SQL of a rule that engines are not known to answer alike; a builder's model is held to the same list."""
    for rule in derive(table):
        for statement in rule.check.statements:
            for problem in find_problems(put_table(statement, table.name), loaded.contract.file):
                told = replace(problem, message=f"{rule.name}: {problem.message}")
                query = _query_file(loaded, rule, statement)
                if query:
                    yield replace(told, file=str(query.file), line=problem.line + query.skipped)
                else:
                    yield loaded.add_location(replace(told, line=0, path=rule.clauses[0]))


def _unnamed_queries(catalog: Catalog, expectations: Iterable[Path]) -> Iterator[Problem]:
    """Files of SQL beside the suites that no contract names, so that nothing runs them."""
    named = {query.file.resolve() for loaded in catalog.contracts for query in loaded.queries.values()}
    for folder in expectations:
        for file in sorted(folder.rglob("*.sql")):
            if file.resolve() not in named:
                hint = f"name it in a contract, as in query: file:{folder.name}/{file.relative_to(folder).as_posix()}"
                yield Problem(file=str(file), message="no contract names this query, so nothing runs it", hint=hint)


def _query_file(loaded: ContractFile, rule: Rule, statement: str) -> QueryFile | None:
    """The file that a statement of a rule stands in; a name that takes the place of `{property}` moves no line."""
    clause = rule.clauses[0]
    mine = (query for path, query in loaded.queries.items() if path.startswith(f"{clause}."))
    return next((query for query in mine if statement.startswith(query.text.partition("{property}")[0])), None)


def _misread(loaded: ContractFile, table: Table) -> Iterator[Problem]:
    """Arguments that Great Expectations' own classes refuse, where it is installed; only of expectations that it judges."""
    rules = derive(table)
    foreign = [(rule, rule.check) for rule in rules if isinstance(rule.check, ExpectationCheck)]
    if not foreign or not is_installed("gx"):
        return
    from martgate.expectations.gx.stock import mistakes  # noqa: PLC0415 - seconds

    for rule, expectation in foreign:
        for mistake in mistakes(expectation):
            path = f"{rule.clauses[0]}.implementation.{mistake.key}"
            told = Problem(file=loaded.contract.file, path=path, message=mistake.message, hint=mistake.hint)
            yield loaded.add_location(told)


def _unread(loaded: ContractFile, rules: Iterable[Rule]) -> Iterator[Problem]:
    """The rules whose arguments only Great Expectations' own classes could check."""
    for rule in rules:
        if isinstance(rule.check, ExpectationCheck):
            message = missing_message("gx", f"{rule.name}: to check the arguments of {rule.check.type}, lint")
            yield loaded.problem(rule.clauses[0], message)


def _unsupported(item: CoverageItem, loaded: ContractFile) -> Problem:
    message = "nothing enforces this clause, and it is not known as documentation"
    hint = "remove it, or state it as a quality rule"
    return loaded.add_location(Problem(file=loaded.contract.file, path=item.path, message=message, hint=hint))
