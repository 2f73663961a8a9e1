"""The keys of a contract that are documentation for people; every other key states a requirement."""

import re
from collections.abc import Mapping, Sequence

from martgate.contracts.yaml.address import format_address, parse_address

__all__ = ["address_shape", "is_documentation", "is_switched_off"]

# `[]` is any index, `*` one key, `**` everything below.
_ELEMENT = (
    "id businessName description deprecated synonyms[].** authoritativeDefinitions[].** tags[] customProperties[].**"
)
_TABLE = f"{_ELEMENT} name physicalName physicalType logicalType dataGranularityDescription context.** context"
_COLUMN = (
    f"{_ELEMENT} physicalName semanticType classification encryptedName transformSourceObjects[] transformLogic "
    "transformDescription examples[] examples[].** criticalDataElement context.** "
    "logicalTypeOptions.format logicalTypeOptions.timezone logicalTypeOptions.defaultTimezone"
)
_DOCUMENT = (
    "version kind apiVersion id name tenant tags[] status servers[].** dataProduct description description.** domain "
    "context context.** support[].** price.** team.** team[].** roles[].** slaDefaultElement "
    "authoritativeDefinitions[].** customProperties[].** contractCreatedTs"
)
_DOCUMENTATION = (
    *_DOCUMENT.split(),
    *(f"schema[].{key}" for key in _TABLE.split()),
    *(f"schema[].properties[].{key}" for key in _COLUMN.split()),
    *(f"schema[].properties[].{nested}{key}" for nested in ("properties[].", "items.") for key in _ELEMENT.split()),
)
_ASKS_NOTHING: Mapping[str, Sequence[object]] = {
    "required": (False,),
    "unique": (False,),
    "primaryKey": (False,),
    "primaryKeyPosition": (-1,),
    "partitioned": (False,),
    "partitionKeyPosition": (-1,),
}
"""The values that switch a clause off."""


def is_switched_off(path: str, value: object) -> bool:
    """Return whether a value switches its clause off, as in `required: false`."""
    return value is None or value in _ASKS_NOTHING.get(path.rpartition(".")[2], ())


def is_documentation(path: str) -> bool:
    """Return whether the value at an address of a contract is documentation.

    >>> is_documentation("schema[0].properties[3].description"), is_documentation("schema[0].properties[3].required")
    (True, False)
    """
    return _PATTERN.fullmatch(address_shape(path)) is not None


def address_shape(path: str) -> str:
    """Return an address without its indices.

    >>> address_shape("schema[0].properties[3].enum[1].value")
    'schema[].properties[].enum[].value'
    """
    return format_address(part if isinstance(part, str) else 0 for part in parse_address(path)).replace("[0]", "[]")


def _pattern(keys: str) -> str:
    return re.escape(keys).replace(r"\.\*\*", r"[.\[].*")


_PATTERN = re.compile("|".join(map(_pattern, _DOCUMENTATION)), re.DOTALL)
