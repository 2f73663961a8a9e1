"""Runs the expectations that have no equal among the kinds of rules, by stock Great Expectations, as part of an audit.

On Spark, its Spark engine reads the engine's own frame; elsewhere, its pandas engine reads Arrow batches of the columns that
an expectation names. Its logs and exceptions may quote values, so neither is shown. The functions import Great Expectations,
which takes seconds.
"""

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from martgate.errors import QueryFailed
from martgate.expectations.gx.suite import load_expectation
from martgate.expectations.kinds.expectations import ExpectationCheck
from martgate.expectations.mistakes import Mistake
from martgate.expectations.offenders import MAX_EXAMPLES, as_text
from martgate.expectations.ports import ArrowSource, AuditEngine, FrameSource
from martgate.expectations.protection import MASK, Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome, Verdict
from martgate.hints import did_you_mean
from martgate.text.quoting import identifier

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch

__all__ = ["find_argument_mistakes", "validate_rules"]

_RAISED = re.compile(r"^(?!Traceback)([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
"""The exception in a traceback: its first line without indent, up to the message, which may quote values."""

_LOCK = Lock()
"""Held while expectations run: the loggers and warnings that are silenced meanwhile belong to the whole process."""


def validate_rules(
    engine: AuditEngine, relation: str, rules: Sequence[Rule], *, protection: Protection
) -> tuple[Verdict, ...]:
    """Run rules whose checks are expectations of Great Expectations.

    Args:
        engine: the engine that has the relation.
        relation: the relation under audit.
        rules: the rules; the check of each is an `ExpectationCheck`.
        protection: says which values may be shown.

    Returns:
        One verdict a rule, in the same order.
    """
    with _LOCK, _silent():
        return tuple(_run(engine, relation, rule, hides=protection.hides_any(rule.columns)) for rule in rules)


def find_argument_mistakes(check: ExpectationCheck) -> Iterator[Mistake]:
    """Yield the mistakes in an expectation's arguments, as its own class reports them."""
    from great_expectations.compatibility import pydantic  # noqa: PLC0415 (seconds)
    from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415 (seconds)

    try:
        load_expectation(_configuration(check))
    except pydantic.ValidationError as invalid:
        known = get_expectation_impl(check.type).__fields__
        first_errors = {str(error["loc"][0]): error for error in reversed(invalid.errors())}
        for name, error in reversed(first_errors.items()):
            is_unknown = error["type"] == "value_error.extra"
            hint = did_you_mean(name, known) if is_unknown else ""
            message = f"{check.type} has no argument {name!r}" if is_unknown else f"{check.type}: {error['msg']}"
            yield Mistake(message, hint, key="kwargs" if name == "__root__" else f"kwargs.{name}")


def _configuration(check: ExpectationCheck) -> dict[str, Any]:
    config = check.expectation_config({})
    return {"type": config.type, "kwargs": config.arguments}


@contextmanager
def _silent() -> Iterator[None]:
    logger = logging.getLogger("great_expectations")
    handlers, propagates = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [logging.NullHandler()], False  # some of its modules set levels of their own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.handlers, logger.propagate = handlers, propagates


def _run(engine: AuditEngine, relation: str, rule: Rule, *, hides: bool) -> Verdict:
    check = rule.check
    assert isinstance(check, ExpectationCheck)
    result_format = {
        "result_format": "BASIC",
        "partial_unexpected_count": MAX_EXAMPLES,
        "exclude_unexpected_values": hides,
    }
    try:
        result = _batch(engine, relation, check).validate(
            load_expectation(_configuration(check)), result_format=result_format
        )
    except QueryFailed as error:
        return _error(rule, "its rows cannot be read" if hides else str(error).partition("\n")[0])
    except Exception as error:  # noqa: BLE001 - of a library; it may quote rows
        return _error(rule, type(error).__name__)
    return _error_verdict(rule, result) or _verdict(rule, check, result, hides=hides)


def _error(rule: Rule, why: str) -> Verdict:
    return Verdict(rule=rule, outcome=Outcome.ERROR, reason=f"Great Expectations could not run it: {why}")


def _error_verdict(rule: Rule, result: "ExpectationValidationResult") -> Verdict | None:
    """The verdict on an expectation that raised: the result has one exception, or one for each metric."""
    info = result.exception_info or {}
    for one in (info, *info.values()):
        if isinstance(one, Mapping) and one.get("raised_exception"):
            missing = re.match(r"No provider found for ([\w.]+) using (\w+)", str(one.get("exception_message")))
            if missing:
                return _error(rule, f"its {missing[2]} has no {missing[1].rpartition('.')[0]}")
            exception = _RAISED.search(str(one.get("exception_traceback")))
            return _error(rule, exception[1] if exception else "it does not say why")
    return None


def _verdict(rule: Rule, check: ExpectationCheck, result: "ExpectationValidationResult", *, hides: bool) -> Verdict:
    """A verdict in rows where the expectation looks at single rows; otherwise one value is as expected, or not."""
    details, is_met = result.result or {}, bool(result.success)
    outcome = Outcome.PASSED if is_met else Outcome.FAILED
    values = () if hides or is_met else tuple(details.get("partial_unexpected_list") or ())[:MAX_EXAMPLES]
    examples = tuple(_example(value, check.columns) for value in values)
    if "element_count" in details:
        total = details["element_count"] - (details.get("missing_count") or 0)
        failed = details["unexpected_count"] or 0
        outcome = outcome if total else Outcome.VACUOUS
        return Verdict(rule=rule, outcome=outcome, failed=failed, total=total, examples=examples)
    value = details.get("observed_value")
    observed = "" if value is None else MASK if hides and check.looks_at != "shape" else as_text(value)
    return Verdict(
        rule=rule,
        outcome=outcome,
        failed=int(not is_met),
        total=1,
        unit="values",
        observed=observed,
        examples=examples,
    )


def _example(value: object, columns: tuple[str, ...]) -> dict[str, str]:
    """An unexpected value belongs to one column, or to several: by name, or in their order."""
    match value:
        case dict():
            return {str(name): as_text(each) for name, each in value.items()}
        case tuple():
            return {name: as_text(each) for name, each in zip(columns, value, strict=False)}
        case _:
            return {columns[0]: as_text(value)}


def _batch(engine: AuditEngine, relation: str, check: ExpectationCheck) -> "Batch":
    """The rows for an expectation, as one batch of Great Expectations."""
    import great_expectations as gx  # noqa: PLC0415 (seconds)

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    columns = () if check.looks_at == "shape" else check.columns
    if isinstance(engine, FrameSource):
        frame = engine.frame(relation)
        frame = frame.select(*map(identifier, columns)) if columns else frame
        source = context.data_sources.add_spark("rows", persist=False)
    elif isinstance(engine, ArrowSource):
        frame = _pandas(engine, relation, columns, whole=check.looks_at != "shape")
        source = context.data_sources.add_pandas("rows")
    else:
        raise QueryFailed(f"the engine has no way to hand the rows of {relation} to Great Expectations")
    whole = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("rows")
    return whole.get_batch({"dataframe": frame})


def _pandas(engine: ArrowSource, relation: str, columns: tuple[str, ...], *, whole: bool) -> "pd.DataFrame":
    """The columns in memory; whole numbers stay whole beside null. Of a shape, one batch tells enough."""
    import pandas as pd  # noqa: PLC0415 (half a second)
    import pyarrow as pa  # noqa: PLC0415 (half a second)

    kinds = {pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype()}
    kinds |= {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    with closing(engine.batches(relation, columns)) as batches:
        read = list(batches) if whole else [next(batches)]
    frame: pd.DataFrame = pa.Table.from_batches(read).to_pandas(types_mapper=kinds.get)
    return frame
