"""Expectations that have no equal here, judged by stock Great Expectations within our audit.

On Spark its Spark engine looks at the engine's own frame; elsewhere its pandas engine looks at Arrow batches of the
columns that an expectation names. What it logs and raises may quote values, so neither is shown. Great Expectations
itself (seconds of import) is imported by the functions.
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

__all__ = ["validate_rules", "find_argument_mistakes"]

_RAISED = re.compile(r"^(?!Traceback)([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)
"""The first line of a traceback that is not indented, up to what was said, which may quote values."""


_ALONE = Lock()
"""Held by whoever judges: what is silenced meanwhile, loggers and warnings, belongs to the whole process."""


def validate_rules(
    engine: AuditEngine, relation: str, rules: Sequence[Rule], *, protection: Protection
) -> tuple[Verdict, ...]:
    """One verdict a rule, whose check is an expectation, in their order; what `protection` hides is not quoted."""
    with _ALONE, _silent():
        return tuple(_judged(engine, relation, rule, hides=protection.hides_any(rule.columns)) for rule in rules)


def find_argument_mistakes(check: ExpectationCheck) -> Iterator[Mistake]:
    """What its own class says against the arguments of an expectation."""
    from great_expectations.compatibility import pydantic  # noqa: PLC0415 (seconds)
    from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415 (seconds)

    try:
        load_expectation(_configured(check))
    except pydantic.ValidationError as refused:
        known = get_expectation_impl(check.type).__fields__
        told = {str(error["loc"][0]): error for error in reversed(refused.errors())}
        for name, error in reversed(told.items()):
            stray = error["type"] == "value_error.extra"
            hint = did_you_mean(name, known) if stray else ""
            message = f"{check.type} has no argument {name!r}" if stray else f"{check.type}: {error['msg']}"
            yield Mistake(message, hint, key="kwargs" if name == "__root__" else f"kwargs.{name}")


def _configured(check: ExpectationCheck) -> dict[str, Any]:
    found = check.expectation_config({})
    return {"type": found.type, "kwargs": found.arguments}


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


def _judged(engine: AuditEngine, relation: str, rule: Rule, *, hides: bool) -> Verdict:
    check = rule.check
    assert isinstance(check, ExpectationCheck)
    asked = {"result_format": "BASIC", "partial_unexpected_count": MAX_EXAMPLES, "exclude_unexpected_values": hides}
    try:
        found = _batch(engine, relation, check).validate(load_expectation(_configured(check)), result_format=asked)
    except QueryFailed as error:
        return _error(rule, "its rows cannot be read" if hides else str(error).partition("\n")[0])
    except Exception as error:  # noqa: BLE001 - of a library; it may quote rows
        return _error(rule, type(error).__name__)
    return _raised(rule, found) or _verdict(rule, check, found, hides=hides)


def _error(rule: Rule, why: str) -> Verdict:
    return Verdict(rule=rule, outcome=Outcome.ERROR, reason=f"Great Expectations could not run it: {why}")


def _raised(rule: Rule, found: "ExpectationValidationResult") -> Verdict | None:
    """The verdict on an expectation that broke: it keeps what was raised to itself, as one or by metric."""
    info = found.exception_info or {}
    for one in (info, *info.values()):
        if isinstance(one, Mapping) and one.get("raised_exception"):
            missing = re.match(r"No provider found for ([\w.]+) using (\w+)", str(one.get("exception_message")))
            if missing:
                return _error(rule, f"its {missing[2]} has no {missing[1].rpartition('.')[0]}")
            named = _RAISED.search(str(one.get("exception_traceback")))
            return _error(rule, named[1] if named else "it does not say why")
    return None


def _verdict(rule: Rule, check: ExpectationCheck, found: "ExpectationValidationResult", *, hides: bool) -> Verdict:
    """In rows, where the expectation looks at each by itself; else one value is as expected, or is not."""
    told, kept = found.result or {}, bool(found.success)
    outcome = Outcome.PASSED if kept else Outcome.FAILED
    values = () if hides or kept else tuple(told.get("partial_unexpected_list") or ())[:MAX_EXAMPLES]
    examples = tuple(_example(value, check.columns) for value in values)
    if "element_count" in told:
        total = told["element_count"] - (told.get("missing_count") or 0)
        failed = told["unexpected_count"] or 0
        outcome = outcome if total else Outcome.VACUOUS
        return Verdict(rule=rule, outcome=outcome, failed=failed, total=total, examples=examples)
    value = told.get("observed_value")
    observed = "" if value is None else MASK if hides and check.looks_at != "shape" else as_text(value)
    return Verdict(
        rule=rule,
        outcome=outcome,
        failed=int(not kept),
        total=1,
        unit="values",
        observed=observed,
        examples=examples,
    )


def _example(value: object, columns: tuple[str, ...]) -> dict[str, str]:
    """An unexpected value is that of one column, or of several: in their order, or by name."""
    match value:
        case dict():
            return {str(name): as_text(each) for name, each in value.items()}
        case tuple():
            return {name: as_text(each) for name, each in zip(columns, value, strict=False)}
        case _:
            return {columns[0]: as_text(value)}


def _batch(engine: AuditEngine, relation: str, check: ExpectationCheck) -> "Batch":
    """What the expectation is to look at, as one batch of an engine of Great Expectations."""
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
        raise QueryFailed(f"the engine hands out no rows of {relation} that Great Expectations could look at")
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
