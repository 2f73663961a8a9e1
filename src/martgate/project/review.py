"""Reviews contracts without data: their problems and warnings, and how each leaf is enforced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from martgate.builders.dialect import find_cautions, find_problems
from martgate.contracts.catalog import Catalog, find_contract_files
from martgate.contracts.lint import lint
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.odcs.queries import QueryFile
from martgate.contracts.partition import PARTITION_TYPES
from martgate.contracts.suite_files import find_suite_files, is_generated
from martgate.contracts.suites import attach_suites
from martgate.contracts.types import explain_unjudged_form, explain_unjudged_type
from martgate.contracts.versions import SEMANTIC_VERSION, TableVersion, is_newer
from martgate.contracts.versions import find_version_problems as version_problems
from martgate.errors import InvalidInput, Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus, classify_leaves, find_comparisons
from martgate.expectations.derive import derive, derive_with_problems
from martgate.expectations.kinds.expectations import ExpectationCheck
from martgate.expectations.quality import find_foreign_engine
from martgate.expectations.reasoning import Contradiction, find_contradictions, find_idle_rules, read_types
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.extras import is_installed, missing_message
from martgate.hints import clip
from martgate.project.inputs import find_unknown_tables
from martgate.text.lists import join_words
from martgate.text.quoting import identifier, put_table
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
    """The result of a review.

    Attributes:
        problems: what is wrong with the contracts and suites.
        warnings: what their authors should know.
        files: how many files were reviewed.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    files: int


def review(
    paths: Sequence[Path], *, known: Iterable[Path], expectations: Sequence[Path] = (), whole: bool = False
) -> Review:
    """Review the contracts in folders, and the suites about their tables.

    Args:
        paths: files, or folders that are searched for `*.odcs.yaml`.
        known: folders of contracts that relationships may refer to.
        expectations: folders of suites that gate beside the contracts.
        whole: whether `paths` are all contracts of the project, so that each suite must be about one of their tables.
    """
    problems: list[Problem] = []
    files = list(find_contract_files(paths, problems))
    if not files and not problems:
        problems.append(Problem(file=", ".join(map(str, paths)), message="has no contract (*.odcs.yaml)"))
    contracts = _read_contracts(files, problems)
    reviewed = {file.resolve() for file in files}
    others = [file for file in find_contract_files(known, []) if file.resolve() not in reviewed]
    suite_problems = problems if whole and not problems else []  # a contract that cannot be read has its tables missing
    catalog = Catalog(tuple(attach_suites([*contracts, *_read_contracts(others, [])], expectations, suite_problems)))
    contracts = list(catalog.contracts[: len(contracts)])
    for contract_file in contracts:
        problems.extend(find_contract_problems(contract_file, catalog))
    problems.extend(
        problem for problem in version_problems(catalog.contracts) if Path(problem.file).resolve() in reviewed
    )
    warnings = [warning for contract_file in contracts for warning in find_contract_warnings(contract_file, catalog)]
    if whole:
        warnings += _find_unnamed_queries(catalog, expectations)
    suites = {label for label, file in find_suite_files(expectations) if whole and not is_generated(file)}
    suites |= {label for contract_file in contracts for label in contract_file.suites}
    return Review(tuple(problems), tuple(warnings), len(files) + len(suites))


def _read_contracts(files: Iterable[Path], problems: list[Problem]) -> list[ContractFile]:
    """Read contracts; the problems of those that cannot be read are added to `problems`."""
    contracts = []
    for file in files:
        try:
            contracts.append(read(file))
        except InvalidInput as error:
            problems.extend(error.problems)
    return contracts


def find_contract_problems(contract_file: ContractFile, catalog: Catalog | None) -> list[Problem]:
    """Find the problems of a contract: by lint, by deriving its rules, and by coverage.

    Args:
        contract_file: the contract.
        catalog: the contracts that it may refer to; None to skip the checks of references.

    Returns:
        The problems in the order of the lines of the contract.
    """
    problems = list(lint(contract_file, catalog))
    for table in contract_file.contract.tables:
        try:
            items = compute_coverage(contract_file, table)
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        problems.extend(
            _unsupported_clause(item, contract_file) for item in items if item.status is CoverageStatus.UNSUPPORTED
        )
        problems.extend(_find_sql_problems(contract_file, table))
        problems.extend(_find_argument_problems(contract_file, table))
        problems.extend(_find_contradictions(contract_file, derive(table), catalog, blocking=True))
        if catalog:
            problems.extend(find_unknown_tables(contract_file, derive(table), catalog))
    own = contract_file.contract.file
    return sorted(
        set(problems),
        key=lambda problem: (problem.file != own, problem.file, problem.line, problem.column, problem.message),
    )


def find_contract_warnings(contract_file: ContractFile, catalog: Catalog | None = None) -> list[Problem]:
    """Find what the author of a contract should know about its rules.

    Some rules get different answers from DuckDB and Spark by the types of their columns, a pattern without anchors
    matches more than it seems to, and rules that only Great Expectations judges are not checked if it is not installed.
    Rules with problems are left out.

    Args:
        contract_file: the contract.
        catalog: the contracts that it may refer to; None if they are not known.
    """
    warnings: list[Problem] = [*_find_odd_version(contract_file), *_find_foreign_qualities(contract_file)]
    for table in contract_file.contract.tables:
        warnings += _find_unjudged_types(table, contract_file)
        rules = derive_with_problems(table).rules
        warnings += [] if is_installed("gx") else _find_unchecked_arguments(contract_file, rules)
        types = read_types(rules)
        warnings += _find_contradictions(contract_file, rules, catalog, blocking=False)
        warnings += [*_find_idle_rules(contract_file, rules), *_find_nullable_keys(contract_file, table)]
        warnings += _find_uncompared_columns(contract_file, table, rules)
        warnings += _find_endless_instants(contract_file, table, rules)
        warnings += map(contract_file.add_location, _find_unsafe_partitions(table, types, contract_file))
        for rule in rules:
            warnings += map(contract_file.add_location, _find_unanchored_patterns(rule, contract_file))
            for statement in rule.check.statements_with_types(types):
                for difference, remedy in find_cautions(put_table(statement, table.name), types):
                    warning = Problem(
                        file=contract_file.contract.file, path=rule.clauses[0], message=f"{rule.name}: {difference}"
                    )
                    warnings.append(contract_file.add_location(replace(warning, hint=f"{remedy}; see docs/engines.md")))
    return list(dict.fromkeys(warnings))


def _find_odd_version(contract_file: ContractFile) -> Iterator[Problem]:
    """Warn about a version whose first number does not say whether readers may break."""
    version = contract_file.contract.version
    if not SEMANTIC_VERSION.fullmatch(version):
        message = (
            f"{clip(version)} is not a semantic version, so `martgate diff` cannot say which number a change calls for"
        )
        yield contract_file.problem("version", message, "write three numbers, as in 1.0.0: major, minor, patch")


def _find_foreign_qualities(contract_file: ContractFile) -> Iterator[Problem]:
    """Warn about qualities that only the engine of another tool judges."""
    for quality in contract_file.contract.qualities:
        engine = find_foreign_engine(quality)
        if engine:
            message = f"{quality.id} is for the engine {clip(engine)}, and is not enforced here"
            hint = "write it as a metric, as type: sql, or for the engine martgate or greatExpectations"
            yield contract_file.problem(f"{quality.path}.engine", message, hint)


def _find_unjudged_types(table: Table, contract_file: ContractFile) -> Iterator[Problem]:
    """Warn about columns whose type nothing judges."""
    for column in table.columns:
        reason = explain_unjudged_type(column.physical_type)
        form = explain_unjudged_form(column.physical_type)
        if form:
            hint = "write the type as string, and what readers rely on as a pattern or a rule"
            yield contract_file.problem(f"{column.path}.physicalType", f"{column.name}: {form}", hint)
        if reason:
            message = f"the type of {column.name} is not checked: {reason}"
            hint = "write physicalType as Spark or the SQL standard spells it, as in bigint or array<string>"
            yield contract_file.problem(column.path, message, hint)


def _find_unsafe_partitions(table: Table, types: Mapping[str, str], contract_file: ContractFile) -> Iterator[Problem]:
    """Warn about partition columns with which a table cannot be published."""
    if table.publish_partition is None:
        return
    for column in table.columns:
        kind = types.get(column.name.casefold(), "string")
        if column.partition_position is not None and kind.partition("(")[0] not in PARTITION_TYPES:
            message = f"{table.name} is partitioned by {column.name} of type {kind}, whose values writers spell in different ways"
            others = join_words(sorted(PARTITION_TYPES), "or")
            hint = f"its days cannot be published, only read; partition by {others}"
            path = f"{column.path}.physicalType"
            yield Problem(file=contract_file.contract.file, path=path, message=message, hint=hint)


def _find_unanchored_patterns(rule: Rule, contract_file: ContractFile) -> Iterator[Problem]:
    """Warn about patterns without anchors, which match anywhere in a value."""
    for pattern in rule.check.patterns:
        missing = missing_anchors(pattern)
        if missing:
            ends = {"^": "no ^ at its start", "$": "no $ at its end"}
            message = f"{rule.name}: the pattern has {join_words(ends[sign] for sign in missing)}, so it may match a part of a value"
            hint = r"for the whole value, write ^(?:..)$; to allow anything there, write [\s\S]*"
            yield Problem(file=contract_file.contract.file, path=rule.clauses[0], message=message, hint=hint)


def compute_coverage(contract_file: ContractFile, table: Table) -> tuple[CoverageItem, ...]:
    """Classify every leaf of a contract as enforced, monitored or documentation.

    A leaf of another table of the same document is classified by that table's rules.
    """
    others = [other for other in contract_file.contract.tables if other is not table]
    try:
        rules = [rule for each in (table, *others) for rule in derive(each)]
    except InvalidInput as error:
        raise InvalidInput(*map(contract_file.add_location, error.problems)) from None
    return classify_leaves(contract_file.contract, contract_file.document.leaves(), tuple(rules))


def raise_for_problems(contract_file: ContractFile, catalog: Catalog | None) -> None:
    """Refuse a contract that has problems.

    Args:
        contract_file: the contract.
        catalog: the contracts that it may refer to; None to skip the checks of references.

    Raises:
        martgate.errors.InvalidInput: with all problems.
    """
    problems = find_contract_problems(contract_file, catalog)
    if problems:
        raise InvalidInput(*problems)


def require_great_expectations(versions: Iterable[TableVersion], catalog: Catalog) -> None:
    """Refuse tables with rules that only Great Expectations can judge, if it is not installed.

    Args:
        versions: the versions of the contracts of the tables.
        catalog: the contracts, whose newer versions may add retroactive rules.

    Raises:
        martgate.errors.InvalidInput: with every such rule.
    """
    if is_installed("gx"):
        return
    problems = [problem for version in versions for problem in _find_foreign_rules(version, catalog)]
    if problems:
        raise InvalidInput(*problems)


def _find_foreign_rules(version: TableVersion, catalog: Catalog) -> Iterator[Problem]:
    """Find the rules of a table that need Great Expectations, each at its place in the version that has it."""
    contract_file, table = version
    foreign = [
        rule
        for rule in derive_from_catalog(contract_file, table, catalog).rules
        if isinstance(rule.check, ExpectationCheck)
    ]
    if not foreign:
        return
    candidates = [
        other for other in catalog.versions(table.qualified_name) if other == version or is_newer(other, contract_file)
    ]
    for rule in foreign:
        origin = next(other for other in candidates if _has_rule(other, rule))[0]
        assert isinstance(rule.check, ExpectationCheck)
        message = missing_message("gx", f"{rule.name}: {rule.check.type}")
        yield origin.problem(rule.clauses[0], message)


def _has_rule(version: TableVersion, rule: Rule) -> bool:
    _, table = version
    return any((own.name, own.check) == (rule.name, rule.check) for own in derive(table))


def _find_sql_problems(contract_file: ContractFile, table: Table) -> Iterator[Problem]:
    """Find SQL in rules that engines are not known to answer alike, by the list that models are checked by."""
    for rule in derive(table):
        for statement in rule.check.statements:
            for problem in find_problems(put_table(statement, table.name), contract_file.contract.file):
                located = replace(problem, message=f"{rule.name}: {problem.message}")
                query = _find_query_file(contract_file, rule, statement)
                if query:
                    yield replace(located, file=str(query.file), line=problem.line + query.skipped)
                else:
                    yield contract_file.add_location(replace(located, line=0, path=rule.clauses[0]))


def _find_unnamed_queries(catalog: Catalog, expectations: Iterable[Path]) -> Iterator[Problem]:
    """Find SQL files beside the suites that no contract names, so that nothing runs them."""
    named = {query.file.resolve() for contract_file in catalog.contracts for query in contract_file.queries.values()}
    for folder in expectations:
        for file in sorted(folder.rglob("*.sql")):
            if file.resolve() not in named:
                hint = f"name it in a contract, as in query: file:{folder.name}/{file.relative_to(folder).as_posix()}"
                yield Problem(file=str(file), message="no contract names this query, so nothing runs it", hint=hint)


def _find_contradictions(
    contract_file: ContractFile, rules: Sequence[Rule], catalog: Catalog | None, *, blocking: bool
) -> Iterator[Problem]:
    """Find rules that no row can keep together: of blocking ones, so that the gate would refuse every day, or of others."""

    def derive_other(name: str) -> Sequence[Rule]:
        try:
            return derive_with_problems(catalog.find(name)[1]).rules if catalog else ()
        except InvalidInput:
            return ()

    for each in find_contradictions(rules, derive_other):
        if each.is_blocking != blocking:
            continue
        path = each.rule.clauses[0]
        if each.value is not None:
            yield contract_file.problem(_find_enum_value(contract_file, path, each.value), *_word_dead_value(each))
            continue
        others = join_words(f"{other.name} ({other.sentence})" for other in each.others)
        kept = "only null keeps" if each.is_null_left else "nothing keeps"
        message = f"{each.rule.name} ({each.rule.sentence}) contradicts {others}: {kept} both"
        if each.source:
            where = f"the values are those of {each.source.table}.{each.source.column}"
            message = f"{each.rule.name} ({each.rule.sentence}) contradicts the contract of {each.source.table}: {where}, whose {others}"
        yield contract_file.problem(path, message, _locate_others(contract_file, each))


def _word_dead_value(contradiction: Contradiction) -> tuple[str, str]:
    (other,) = contradiction.others
    message = f"the value {clip(contradiction.value)} never passes {other.name}: {other.sentence}"
    return message, "remove one of them"


def _locate_others(contract_file: ContractFile, contradiction: Contradiction) -> str:
    """Say where the other rules are, and what to do."""
    if contradiction.source:
        return "change the clause that is wrong, here or there"
    places = [contract_file.problem(other.clauses[0], "") for other in contradiction.others]
    own = contract_file.contract.file
    lines = join_words(f"line {place.line}" + (f" of {place.file}" if place.file != own else "") for place in places)
    return f"change the clause that is wrong; see {lines}"


def _find_enum_value(contract_file: ContractFile, path: str, value: object) -> str:
    """Find the address of a value of an enum; that of the clause itself for every other list."""
    items = contract_file.document.at(path) if path.endswith(".enum") else None
    places = (index for index, item in enumerate(items or []) if item.get("value") == value)
    index = next(places, None)
    return path if index is None else f"{path}[{index}].value"


def _find_idle_rules(contract_file: ContractFile, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Warn about rules that cannot fail, which look like a test and are none."""
    for idle in find_idle_rules(rules):
        reason = "whatever the data is"
        if idle.others:
            others = join_words(f"{other.name} ({other.sentence})" for other in idle.others)
            reason = f"its condition is never met, by {others}" if idle.is_out_of_scope else f"it follows from {others}"
        elif idle.is_out_of_scope:
            reason = "its condition is never met"
        message = f"{idle.rule.name} ({idle.rule.sentence}) cannot fail: {reason}"
        yield contract_file.problem(idle.rule.clauses[0], message, "remove it, or write what it was to find")


def _find_uncompared_columns(contract_file: ContractFile, table: Table, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Warn about columns whose source is known, and that no rule compares with it: a wrong value that looks right passes."""
    comparisons = find_comparisons(table, rules)
    for column in table.columns:
        if column.sources and column.name not in comparisons:
            message = f"no rule compares {column.name} with its source, {join_words(column.sources)}"
            hint = "write copied_from, recomputed or reconciles, or an equation with holds; see docs/sources.md"
            yield contract_file.problem(f"{column.path}.transformSourceObjects", message, hint)


def _find_endless_instants(contract_file: ContractFile, table: Table, rules: Sequence[Rule]) -> Iterator[Problem]:
    """Warn about times of runs and events that may lie in the future: a wrong clock makes an event of today one of tomorrow.

    A column is such a time if freshness is promised by it, if a rule asks what happened by it, or if the run sets it.
    """
    ends = [(column.casefold(), limits) for rule in rules for column, limits in rule.check.upper_ends]
    closed: set[str] = set()
    while more := {column for column, limits in ends if closed.issuperset(map(str.casefold, limits))} - closed:
        closed |= more
    times = {column for rule in rules for column in rule.check.event_times}
    for column in table.columns:
        is_time = column.name in times or ":run_timestamp" in column.transform_logic
        if is_time and column.logical_type == "timestamp" and column.name.casefold() not in closed:
            message = f"nothing keeps {column.name}, the time of a run or an event, from lying in the future"
            expression = f"{identifier(column.name)} <= CAST(:audited_at AS TIMESTAMP)"
            hint = f"write it as a rule, holds with the expression {expression}"
            yield contract_file.problem(f"{column.path}.name", message, hint)


def _find_nullable_keys(contract_file: ContractFile, table: Table) -> Iterator[Problem]:
    """Warn about key columns that a contract says may be null; as a part of the key they must not be."""
    for column in table.columns:
        path = f"{column.path}.required"
        if column.primary_key_position is not None and contract_file.document.at(path) is False:
            message = f"{column.name} is part of the key, which is never null, and not required"
            yield contract_file.problem(path, message, "write required: true, or take it out of the key")


def _find_query_file(contract_file: ContractFile, rule: Rule, statement: str) -> QueryFile | None:
    """Find the file of a rule's statement; the name that replaces `{property}` moves no line."""
    clause = rule.clauses[0]
    queries = (query for path, query in contract_file.queries.items() if path.startswith(f"{clause}."))
    return next((query for query in queries if statement.startswith(query.text.partition("{property}")[0])), None)


def _find_argument_problems(contract_file: ContractFile, table: Table) -> Iterator[Problem]:
    """Find arguments that the classes of Great Expectations refuse, in expectations that it judges."""
    rules = derive(table)
    foreign = [(rule, rule.check) for rule in rules if isinstance(rule.check, ExpectationCheck)]
    if not foreign or not is_installed("gx"):
        return
    from martgate.expectations.gx.stock import find_argument_mistakes  # noqa: PLC0415 - seconds

    for rule, expectation in foreign:
        for mistake in find_argument_mistakes(expectation):
            path = f"{rule.clauses[0]}.implementation.{mistake.key}"
            problem = Problem(file=contract_file.contract.file, path=path, message=mistake.message, hint=mistake.hint)
            yield contract_file.add_location(problem)


def _find_unchecked_arguments(contract_file: ContractFile, rules: Iterable[Rule]) -> Iterator[Problem]:
    """Find rules whose arguments only the classes of Great Expectations could check."""
    for rule in rules:
        if isinstance(rule.check, ExpectationCheck):
            message = missing_message("gx", f"{rule.name}: to check the arguments of {rule.check.type}, lint")
            yield contract_file.problem(rule.clauses[0], message)


def _unsupported_clause(item: CoverageItem, contract_file: ContractFile) -> Problem:
    message = "nothing enforces this clause, and it is not a documentation field"
    hint = "remove it, or write it as a quality rule"
    return contract_file.add_location(
        Problem(file=contract_file.contract.file, path=item.path, message=message, hint=hint)
    )
