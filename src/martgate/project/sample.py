"""The sample of a project: a plug-in that makes its upstreams, so that its models have something to read.

The plug-in is a Python module or package, named by the setting `sample`. It has two names: `SampleSpec`, a dataclass of
what to make, and `upstreams(spec, tables)`, which yields the qualified name and the rows of one upstream after another.
"""

import dataclasses
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from martgate.contracts.model import Table
from martgate.errors import CouldNotRun, InvalidInput, MartgateError, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["STANDARD", "Argument", "Sample", "load_sample"]

STANDARD = ("date", "days", "seed", "clean")
"""The fields that every `SampleSpec` has; each other one is an argument of the plug-in's own."""

_NAME = "martgate_project_sample"
_TYPES = (bool, int, float, str, date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A field of a `SampleSpec` that is the plug-in's own.

    `help`, `minimum` and `demo`, its value in a demonstration, come from the field's metadata. Without a `default` that
    is not None it `is_required`, or optional where its type allows None.
    """

    name: str
    type: type
    help: str = ""
    default: Any = None
    demo: Any = None
    minimum: int | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A plug-in that was loaded, and the arguments that it takes beside the standard ones."""

    place: Path
    module: ModuleType
    arguments: tuple[Argument, ...]

    def tables(self, spec: Mapping[str, Any], tables: Mapping[str, Table]) -> "Iterator[tuple[str, pa.Table]]":
        """Make the rows of the project's upstreams, one table at a time.

        Args:
            spec: the values of `SampleSpec`, by field.
            tables: the tables of the project's contracts, by qualified name.

        Returns:
            The qualified name and the rows of each upstream.

        Raises:
            martgate.errors.InvalidInput: the plug-in does not take such an argument, or refuses its value.
            martgate.errors.CouldNotRun: the plug-in failed while it made rows; names its file and line.
        """
        known = [*STANDARD, *(argument.name for argument in self.arguments)]
        unknown = [name for name in spec if name not in known]
        if unknown:
            raise InvalidInput(
                *(f"sample {self.place}: has no {name}; {did_you_mean(name, known)}" for name in unknown)
            )
        try:
            made = self.module.SampleSpec(**spec)
        except MartgateError:
            raise
        except Exception as error:  # whatever a plug-in raises
            raise InvalidInput(_problem(error, self.place, f"SampleSpec: {_text(error)}")) from error
        return self._rows(made, tables)

    def _rows(self, spec: object, tables: Mapping[str, Table]) -> "Iterator[tuple[str, pa.Table]]":
        try:
            for name, rows in self.module.upstreams(spec, tables):
                self._demand_rows(name, rows)
                yield name, rows
        except (MartgateError, GeneratorExit):
            raise
        except Exception as error:  # whatever a plug-in raises; its text could quote rows, so only its kind is shown
            message = f"stopped by {type(error).__name__}; --debug shows how it came there"
            raise CouldNotRun(str(_problem(error, self.place, message))) from error

    def _demand_rows(self, name: str, rows: object) -> None:
        import pyarrow as pa  # noqa: PLC0415 - its import takes longer than everything else that --help does

        if not isinstance(rows, pa.Table | pa.RecordBatchReader):
            message = f"yields {type(rows).__name__} for {clip(name)}; expected a pyarrow.Table"
            raise InvalidInput(Problem(file=str(self.place), path="upstreams", message=message))


def load_sample(place: Path | None) -> Sample:
    """Load the plug-in of a project.

    Args:
        place: the plug-in's file or folder, as the setting `sample` names it; None where the project has none.

    Raises:
        martgate.errors.InvalidInput: there is no plug-in, it cannot be imported, or it lacks a name or field that
            every plug-in has; with its file and line.
    """
    if place is None:
        raise InvalidInput(
            "this project has no sample: write a Python module with a dataclass SampleSpec and a function "
            'upstreams(spec, tables), and name it in martgate.toml, as in sample = "builders/sample.py"'
        )
    module = _import(place)
    spec = getattr(module, "SampleSpec", None)
    if not (isinstance(spec, type) and dataclasses.is_dataclass(spec)):
        raise InvalidInput(Problem(file=str(place), message="has no dataclass SampleSpec", hint=_EXPECTED))
    if not callable(getattr(module, "upstreams", None)):
        raise InvalidInput(Problem(file=str(place), message="has no function upstreams(spec, tables)", hint=_EXPECTED))
    return Sample(place, module, _arguments(spec, place))


_EXPECTED = f"a sample is a dataclass SampleSpec with {join_words(STANDARD)}, and a function upstreams(spec, tables)"


def _import(place: Path) -> ModuleType:
    """The plug-in under a name of our own, whatever else is called as its folder is."""
    file = place / "__init__.py" if place.is_dir() else place
    if not file.is_file():
        what = "the folder has no __init__.py" if place.is_dir() else "there is no such file or folder"
        raise InvalidInput(Problem(file=str(place), message=f"{what}, and the setting sample names it"))
    found = importlib.util.spec_from_file_location(_NAME, file, submodule_search_locations=[str(file.parent)])
    if found is None or found.loader is None:
        raise InvalidInput(Problem(file=str(place), message="is no Python module", hint="expected a *.py file"))
    module = importlib.util.module_from_spec(found)
    for name in [name for name in sys.modules if name == _NAME or name.startswith(f"{_NAME}.")]:
        del sys.modules[name]  # that of another project
    sys.modules[_NAME] = module
    try:
        found.loader.exec_module(module)
    except Exception as error:  # whatever a plug-in raises
        raise InvalidInput(_problem(error, place, f"cannot be imported: {_text(error)}")) from error
    return module


def _arguments(spec: type, place: Path) -> tuple[Argument, ...]:
    try:
        types = get_type_hints(spec)
    except Exception as error:  # an annotation is evaluated here, and may be anything
        raise InvalidInput(_problem(error, place, f"SampleSpec: {_text(error)}")) from error
    fields = [field for field in dataclasses.fields(spec) if field.init]
    missing = [name for name in STANDARD if name not in {field.name for field in fields}]
    problems = [Problem(file=str(place), path="SampleSpec", message=f"has no field {name}") for name in missing]
    arguments = []
    for field in fields:
        kind, optional = _type_of(types[field.name])
        if field.name in STANDARD:
            continue
        if kind is None:
            known = join_words((each.__name__ for each in _TYPES), "or")
            message = f"is of a type that no option has; expected {known}, or one of them | None"
            problems.append(Problem(file=str(place), path=f"SampleSpec.{field.name}", message=message))
            continue
        default = field.default_factory() if callable(field.default_factory) else field.default
        lacks = default is dataclasses.MISSING
        arguments.append(
            Argument(
                name=field.name,
                type=kind,
                help=str(field.metadata.get("help", "")),
                default=None if lacks else default,
                demo=field.metadata.get("demo"),
                minimum=field.metadata.get("minimum"),
                is_required=lacks and not optional,
            )
        )
    if problems:
        raise InvalidInput(*problems)
    return tuple(arguments)


def _type_of(annotation: Any) -> tuple[type | None, bool]:
    """The one type of an option, and whether None is a value of it, too; no type where there is none for options.

    >>> _type_of(int), _type_of(int | None), _type_of(list[int])
    ((<class 'int'>, False), (<class 'int'>, True), (None, False))
    """
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [part for part in parts if part is not NoneType]
    known = kinds[0] if len(kinds) == 1 and kinds[0] in _TYPES else None
    return known, NoneType in parts


def _problem(error: BaseException, place: Path, message: str) -> Problem:
    """The problem at the line of the plug-in that an exception came from: the last of its own that was running."""
    if isinstance(error, SyntaxError) and error.filename:
        return Problem(file=error.filename, line=error.lineno or 0, message=message)
    own = place if place.is_dir() else place.parent
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(own)]
    if not frames:
        return Problem(file=str(place), message=message)
    return Problem(file=frames[-1].filename, line=frames[-1].lineno or 0, message=message)


def _text(error: Exception) -> str:
    """What an exception says of code and arguments; there are no rows yet that it could quote."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {clip(text)}" if text else type(error).__name__
