"""Holds a folder of public ODCS files against the official schema and against `martgate lint`.

    uv run python benchmarks/corpus.py FOLDER [--files]

Each file is judged twice: by the JSON Schema that ODCS publishes for its `apiVersion`, with the library jsonschema and
nothing of martgate's, and by lint, alone, without a catalog. Prints Markdown: how often the two agree, and the reasons for
which lint refuses valid files, with names and numbers left out so that equal reasons are counted together.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from jsonschema import Draft201909Validator

from martgate.contracts.odcs import read
from martgate.contracts.odcs.schema import VERSIONS
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput
from martgate.project.review import find_contract_problems


def is_valid(path: Path) -> bool:
    """Tell whether a file is valid by the official schema of its version."""
    try:
        data = Document.read(path).data
    except InvalidInput:
        return False
    version = data.get("apiVersion") if isinstance(data, dict) else None
    if version not in VERSIONS:
        return False
    folder = files("martgate.contracts.odcs").joinpath("schemas")
    schema = json.loads(folder.joinpath(f"odcs-{VERSIONS[version]}.schema.json").read_text(encoding="utf-8"))
    return bool(Draft201909Validator(schema).is_valid(data))


def find_messages(path: Path) -> list[str]:
    """Return what lint says of a file, a message each."""
    try:
        problems = find_contract_problems(read(path), None)
    except InvalidInput as error:
        problems = list(error.problems)
    return [f"{_last_key(problem.path)}: {problem.message}" for problem in problems]


def _last_key(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path.rpartition(".")[2]) or "document"


def reduce_reason(message: str) -> str:
    """Return a message without the names and numbers of its file."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\b\d[\d.]*\b", "..", message)[:140]


def _find_contracts(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"} and path.is_file())


def main() -> None:
    """Print the table for one folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", action="store_true", help="name each valid file that lint refuses")
    arguments = parser.parse_args()
    table: Counter[tuple[bool, bool]] = Counter()
    reasons: Counter[str] = Counter()
    refused: list[tuple[Path, list[str]]] = []
    for path in _find_contracts(arguments.folder):
        valid, messages = is_valid(path), find_messages(path)
        table[valid, not messages] += 1
        if valid and messages:
            refused.append((path, messages))
            reasons.update({reduce_reason(message) for message in messages})
    lines = ["| by the official schema | accepted by lint | refused by lint |", "|---|---|---|"]
    lines += [
        f"| {word} | {table[ok, True]} | {table[ok, False]} |" for ok, word in ((True, "valid"), (False, "invalid"))
    ]
    lines += ["", "| files | reason for which lint refuses a valid file |", "|---|---|"]
    lines += [f"| {count} | {reason.replace('|', '/')} |" for reason, count in reasons.most_common()]
    for path, messages in refused if arguments.files else ():
        lines += ["", str(path), *(f"    {message}" for message in messages)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
