"""Loads the sample of a project: a plug-in that generates its upstreams, so that its models have data to read.

The plug-in is a Python module or package, named by the setting `sample`. It defines `SampleSpec`, a dataclass that says
what to generate, and `upstreams(spec, tables)`, which yields the qualified name and the rows of each upstream.
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
"""The fields that every `SampleSpec` has; each other field is an argument of the plug-in."""

_MODULE_NAME = "martgate_project_sample"
_TYPES = (bool, int, float, str, date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A field of a `SampleSpec` beside the standard ones.

    Attributes:
        name: of the field.
        type: of its value.
        help: the help text of its option, from the field's metadata.
        default: the default value.
        demo: the value in a demonstration, from the metadata.
        minimum: the smallest value of a number, from the metadata.
        is_required: whether it has no default and does not accept None.
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
    """A loaded plug-in.

    Attributes:
        place: its file or folder.
        module: the imported module.
        arguments: the fields of its `SampleSpec` beside the standard ones.
    """

    place: Path
    module: ModuleType
    arguments: tuple[Argument, ...]

    def tables(self, spec: Mapping[str, Any], tables: Mapping[str, Table]) -> "Iterator[tuple[str, pa.Table]]":
        """Generate the rows of the project's upstreams.

        Args:
            spec: the values of `SampleSpec`, by field.
            tables: the tables of the project's contracts, by qualified name.

        Yields:
            The qualified name and the rows of each upstream.

        Raises:
            martgate.errors.InvalidInput: the plug-in has no such argument, or refuses its value.
            martgate.errors.CouldNotRun: the plug-in failed while it generated rows; names its file and line.
        """
        names = [*STANDARD, *(argument.name for argument in self.arguments)]
        unknown = [name for name in spec if name not in names]
        if unknown:
            raise InvalidInput(
                *(f"sample {self.place}: has no {name}; {did_you_mean(name, names)}" for name in unknown)
            )
        try:
            values = self.module.SampleSpec(**spec)
        except MartgateError:
            raise
        except Exception as error:  # whatever a plug-in raises
            raise InvalidInput(_describe_error(error, self.place, f"SampleSpec: {_error_text(error)}")) from error
        return self._rows(values, tables)

    def _rows(self, spec: object, tables: Mapping[str, Table]) -> "Iterator[tuple[str, pa.Table]]":
        try:
            for name, rows in self.module.upstreams(spec, tables):
                self._require_rows(name, rows)
                yield name, rows
        except (MartgateError, GeneratorExit):
            raise
        except Exception as error:  # whatever a plug-in raises; its text could quote rows, so only its type is shown
            message = f"stopped by {type(error).__name__}; --debug shows the traceback"
            raise CouldNotRun(str(_describe_error(error, self.place, message))) from error

    def _require_rows(self, name: str, rows: object) -> None:
        import pyarrow as pa  # noqa: PLC0415 - its import takes longer than everything else that --help does

        if not isinstance(rows, pa.Table | pa.RecordBatchReader):
            message = f"yields {type(rows).__name__} for {clip(name)}; expected a pyarrow.Table"
            raise InvalidInput(Problem(file=str(self.place), path="upstreams", message=message))


def load_sample(place: Path | None) -> Sample:
    """Load the plug-in of a project.

    Args:
        place: the plug-in's file or folder, from the setting `sample`; None if the project has none.

    Raises:
        martgate.errors.InvalidInput: there is no plug-in, it cannot be imported, or it lacks a required name or field;
            with its file and line.
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
    """Import the plug-in under a reserved name, so that no other module can be mistaken for it."""
    file = place / "__init__.py" if place.is_dir() else place
    if not file.is_file():
        problem = "the folder has no __init__.py" if place.is_dir() else "there is no such file or folder"
        raise InvalidInput(Problem(file=str(place), message=f"{problem}, and the setting sample names it"))
    module_spec = importlib.util.spec_from_file_location(
        _MODULE_NAME, file, submodule_search_locations=[str(file.parent)]
    )
    if module_spec is None or module_spec.loader is None:
        raise InvalidInput(Problem(file=str(place), message="is not a Python module", hint="expected a *.py file"))
    module = importlib.util.module_from_spec(module_spec)
    for name in [name for name in sys.modules if name == _MODULE_NAME or name.startswith(f"{_MODULE_NAME}.")]:
        del sys.modules[name]  # that of another project
    sys.modules[_MODULE_NAME] = module
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:  # whatever a plug-in raises
        raise InvalidInput(_describe_error(error, place, f"cannot be imported: {_error_text(error)}")) from error
    return module


def _arguments(spec: type, place: Path) -> tuple[Argument, ...]:
    try:
        types = get_type_hints(spec)
    except Exception as error:  # an annotation is evaluated here, and may be anything
        raise InvalidInput(_describe_error(error, place, f"SampleSpec: {_error_text(error)}")) from error
    fields = [field for field in dataclasses.fields(spec) if field.init]
    missing = [name for name in STANDARD if name not in {field.name for field in fields}]
    problems = [Problem(file=str(place), path="SampleSpec", message=f"has no field {name}") for name in missing]
    arguments = []
    for field in fields:
        option_type, is_optional = _option_type(types[field.name])
        if field.name in STANDARD:
            continue
        if option_type is None:
            type_names = join_words((each.__name__ for each in _TYPES), "or")
            message = f"has a type that no option can have; expected {type_names}, or one of them | None"
            problems.append(Problem(file=str(place), path=f"SampleSpec.{field.name}", message=message))
            continue
        default = field.default_factory() if callable(field.default_factory) else field.default
        has_no_default = default is dataclasses.MISSING
        arguments.append(
            Argument(
                name=field.name,
                type=option_type,
                help=str(field.metadata.get("help", "")),
                default=None if has_no_default else default,
                demo=field.metadata.get("demo"),
                minimum=field.metadata.get("minimum"),
                is_required=has_no_default and not is_optional,
            )
        )
    if problems:
        raise InvalidInput(*problems)
    return tuple(arguments)


def _option_type(annotation: Any) -> tuple[type | None, bool]:
    """Find the type of an option, and whether it also accepts None; no type if no option can have it.

    >>> _option_type(int), _option_type(int | None), _option_type(list[int])
    ((<class 'int'>, False), (<class 'int'>, True), (None, False))
    """
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [part for part in parts if part is not NoneType]
    option_type = kinds[0] if len(kinds) == 1 and kinds[0] in _TYPES else None
    return option_type, NoneType in parts


def _describe_error(error: BaseException, place: Path, message: str) -> Problem:
    """Describe an exception, at the last line of the plug-in in its traceback."""
    if isinstance(error, SyntaxError) and error.filename:
        return Problem(file=error.filename, line=error.lineno or 0, message=message)
    own = place if place.is_dir() else place.parent
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(own)]
    if not frames:
        return Problem(file=str(place), message=message)
    return Problem(file=frames[-1].filename, line=frames[-1].lineno or 0, message=message)


def _error_text(error: Exception) -> str:
    """Describe an exception of code and arguments; no rows exist yet that it could quote."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {clip(text)}" if text else type(error).__name__
