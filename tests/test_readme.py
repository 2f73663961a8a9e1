"""The README's tour is run, and every document is checked: commands, settings, code, links, and the paths it names."""

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote

import click
import pytest
import yaml

from martgate.cli.main import martgate
from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput
from martgate.expectations.kinds.registry import GROUP
from martgate.extras import EXTRAS
from martgate.project.plugins import REGISTRIES
from martgate.project.settings import load_settings

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "martgate"
README = ROOT / "README.md"
DOCUMENTS = sorted(
    file for pattern in ("*.md", "docs/*.md", "examples/*/*.md", "src/**/*.md") for file in ROOT.glob(pattern)
)
GROUPS = {registry.group for registry in REGISTRIES} | {GROUP}
TOUR = re.compile(r"<!-- tour -->\n```console\n(.*?)```", re.DOTALL)
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"(?<![\w/])martgate ([a-z]+\b[^&|;>\n]*)")


def tour() -> list[tuple[str, int]]:
    """Each command of the tour with the exit code its comment states (0 where none)."""
    blocks = TOUR.findall(README.read_text(encoding="utf-8"))
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    split = [line.partition("# exit ") for line in lines]
    return [(command.strip(), int(code or 0)) for command, _, code in split]


def test_every_command_of_the_tour_does_what_it_says(tmp_path: Path, mart_project) -> None:
    mart_project(tmp_path)
    program = str(Path(sys.executable).with_name("martgate"))
    for command, expected in tour():
        name, *arguments = shlex.split(command)
        assert name == "martgate"
        done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"
    assert len(tour()) > 8
    assert (tmp_path / "out" / "site" / "index.html").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_shows_is_there(document, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert list(find_faults(document, document.read_text(encoding="utf-8"), tmp_path)) == []


FAULTS = {
    "```console\n$ martgate publsh wv_comm_user\n```": "No such command 'publsh'",
    "```console\n$ martgate run wv_comm_user --dates 2024-01-01\n```": "No such option '--dates'",
    "```console\n$ martgate run wv_comm_user --date yesterday\n```": "is not a day",
    "```console\n$ uv run martgate demos\n```": "No such command 'demos'",
    "```console\n$ uvx nox -s test\n```": "nox has no session test",
    "```console\n$ uvx nox -t fast\n```": "nox has no tag fast",
    "```console\n$ pip install 'martgate[airflows]'\n```": "there is no extra airflows",
    "```console\n$ python scripts/gone.py\n```": "there is no script scripts/gone.py",
    "```console\n$ python scripts/databricks_smoke.py --gone\n```": "has no option --gone",
    "```console\n$ make all\n```": "nothing checks the program make",
    "```console\nmartgate lint\n```": "expected '$ ' before a command",
    "```sh\nmartgate lints && exit 0\n```": "No such command 'lints'",
    "```cron\n0 3 * * * martgate run x --nope\n```": "No such option: --nope",
    "`martgate lint --hard` is what to run": "No such option: --hard",
    "`martgate linted`": "No such command 'linted'",
    "```toml\nmodel = ['models']\n```": "is not a setting",
    "```toml\nengine = 'spork'\n```": "expected duckdb or spark",
    "```toml\nengine: duckdb\n```": "Expected '='",
    '```toml\n[project.entry-points."martgate.exporter"]\n```': "there is no group martgate.exporter",
    "```python\ndef broken(:\n```": "invalid syntax",
    "```python\nfrom martgate.builders import engine\n```": "martgate.builders has no engine",
    "```json\n{1}\n```": "Expecting property name",
    "```yaml\na: [\n```": "while parsing",
    "```yaml\napiVersion: v3.2.0\nkind: DataContract\n```": "the key 'version' is missing",
    "```pascal\nbegin\n```": "nothing checks blocks of 'pascal'",
    "[gone](docs/gone.md)": "leads nowhere",
    "[gone](ARCHITECTURE.md#gone)": "has no heading #gone",
    "[gone](#gone)": "has no heading #gone",
    "`publish/gone.py`": "there is no publish/gone.py",
    "`martgate.builders.gone`": "there is no martgate.builders.gone",
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items())
def test_a_planted_fault_is_found(text, fault, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    faults = list(find_faults(README, f"# Title\n\n{text}\n", tmp_path))
    assert len(faults) == 1
    assert fault in faults[0]


def find_faults(document: Path, text: str, folder: Path) -> Iterator[str]:
    """Whatever a document shows that does not parse, is unknown or leads nowhere; `folder` is for files that are read."""
    for _, language, body in BLOCK.findall(TOUR.sub("", text) if document == README else text):
        check = CHECKS.get(language)
        if check is None:
            yield f"nothing checks blocks of {language!r}"
            continue
        try:
            yield from check(dedent(body), document, folder)
        except (ValueError, SyntaxError, yaml.YAMLError, click.ClickException, InvalidInput) as error:
            yield f"{error.format_message() if isinstance(error, click.ClickException) else error} in\n{body}"
    prose = BLOCK.sub("", text)
    for target in LINK.findall(SPAN.sub("", prose).replace("[]", "[x]")):
        yield from follow(target, document, text)
    for span in SPAN.findall(prose):
        yield from check_span(span, document)


def check_console(body: str, document: Path, folder: Path) -> Iterator[str]:
    del folder
    for line in filter(None, body.splitlines()):
        if not line.startswith("$ "):
            yield f"expected '$ ' before a command, found {line}"
            continue
        for command in line.removeprefix("$ ").split(" && "):
            words = shlex.split(command, comments=True)
            while "=" in words[0]:
                words = words[1:]
            words = words[2:] if words[:2] == ["uv", "run"] else words
            if words[0] not in PROGRAMS:
                yield f"nothing checks the program {words[0]}"
            else:
                yield from PROGRAMS[words[0]](words[1:], document)


def check_martgate(arguments: list[str], document: Path) -> Iterator[str]:
    """Parse a command line to the end, values included; nothing is run."""
    del document
    context = martgate.make_context("martgate", list(arguments))
    name, command, rest = martgate.resolve_command(context, list(arguments))
    assert command is not None
    command.make_context(name, rest, parent=context)
    yield from ()


def check_mention(arguments: str) -> Iterator[str]:
    """A command in the middle of a text, whose arguments are placeholders or left out: its name and its options."""
    name, *words = arguments.split()
    command = martgate.commands.get(name)
    if command is None:
        yield f"No such command {name!r}"
        return
    options = {option for param in command.get_params(click.Context(command)) for option in param.opts}
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in options:
            yield f"No such option: {word} of martgate {name}"


def check_nox(arguments: list[str], document: Path) -> Iterator[str]:
    del document
    assert arguments[0] == "nox"
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = set(re.findall(r"^@nox\.session.*\n(?:@.*\n)*def (\w+)", noxfile, re.MULTILINE))
    tags = set(re.findall(r'tags=\["(\w+)"\]', noxfile))
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if option == "--":
            return
        if option == "-s" and value not in sessions:
            yield f"nox has no session {value}"
        if option == "-t" and value not in tags:
            yield f"nox has no tag {value}"


def check_pip(arguments: list[str], document: Path) -> Iterator[str]:
    del document
    for word in arguments[1:]:
        name, _, extra = word.removesuffix("]").partition("[")
        if name == "martgate" and extra and extra not in EXTRAS:
            yield f"there is no extra {extra}"


def check_script(arguments: list[str], document: Path) -> Iterator[str]:
    script = next((f / arguments[0] for f in (ROOT, document.parent) if (f / arguments[0]).is_file()), None)
    if script is None:
        yield f"there is no script {arguments[0]}"
        return
    for word in arguments[1:]:
        if word.startswith("--") and f'"{word}"' not in script.read_text(encoding="utf-8"):
            yield f"{arguments[0]} has no option {word}"


def check_databricks(arguments: list[str], document: Path) -> Iterator[str]:
    del document
    bundle = yaml.safe_load((ROOT / "databricks.yml").read_text(encoding="utf-8"))
    jobs = yaml.safe_load((ROOT / "resources" / "daily_publish.job.yml").read_text(encoding="utf-8"))["resources"][
        "jobs"
    ]
    if arguments[arguments.index("-t") + 1] not in bundle["targets"]:
        yield f"the bundle has no such target: {arguments}"
    if arguments[1] == "run" and arguments[2] not in jobs:
        yield f"the bundle has no job {arguments[2]}"


PROGRAMS: dict[str, Callable[[list[str], Path], Iterator[str]]] = {
    "martgate": check_martgate,
    "uvx": check_nox,
    "pip": check_pip,
    "python": check_script,
    "databricks": check_databricks,
}


def check_shell(body: str, document: Path, folder: Path) -> Iterator[str]:
    del document, folder
    for call in CALL.findall(body):
        yield from check_mention(call)


def check_toml(body: str, document: Path, folder: Path) -> Iterator[str]:
    """A package's entry points, or settings, which are read with the files that they name."""
    del document
    values = tomllib.loads(body)
    if "project" in values:
        unknown = values["project"]["entry-points"].keys() - GROUPS
        yield from (f"there is no group {group}" for group in unknown)
        return
    for key in ("logo", "stylesheet"):
        if key in values.get("site", {}):
            file = folder / values["site"][key]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>' if key == "logo" else "a { color: teal }")
    (folder / "martgate.toml").write_text(body, encoding="utf-8")
    load_settings(folder, environment={})


def check_yaml(body: str, document: Path, folder: Path) -> Iterator[str]:
    """A whole contract is read as contracts are; a part of one is YAML."""
    del document
    if "apiVersion" in (yaml.safe_load(body) or {}):
        (folder / "shown.odcs.yaml").write_text(body, encoding="utf-8")
        Catalog.load([folder])
    yield from ()


def check_json(body: str, document: Path, folder: Path) -> Iterator[str]:
    del document, folder
    json.loads(body)
    yield from ()


def check_python(body: str, document: Path, folder: Path) -> Iterator[str]:
    """Code compiles, and what it imports of martgate is there. Nothing is imported: an extra may not be installed."""
    del folder
    tree = ast.parse(body, filename=str(document))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("martgate"):
            names = names_in(node.module)
            yield from (f"{node.module} has no {one.name}" for one in node.names if one.name not in names)


CHECKS: dict[str, Callable[[str, Path, Path], Iterator[str]]] = {
    "console": check_console,
    "sh": check_shell,
    "cron": check_shell,
    "toml": check_toml,
    "yaml": check_yaml,
    "json": check_json,
    "python": check_python,
}


@cache
def names_in(module: str) -> frozenset[str]:
    """The names that a module of martgate binds, and the modules of a package; empty where there is no such module."""
    place = SOURCE.joinpath(*module.split(".")[1:])
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not file.is_file():
        return frozenset()
    names = {each.stem for each in place.glob("*")} if place.is_dir() else set()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    later = [node for block in body if isinstance(block, ast.If) for node in block.body]  # imported when it is used
    for node in (*body, *later):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return frozenset(names)


def follow(target: str, document: Path, text: str) -> Iterator[str]:
    """A link inside the repository leads to a file, and its fragment to a heading. Other hosts are not asked."""
    if target.startswith(("https://", "http://", "mailto:")):
        return
    path, _, fragment = unquote(target).partition("#")
    file = document.parent / path if path else document
    if not file.exists():
        yield f"{target} leads nowhere"
    elif fragment and fragment not in headings(file.read_text(encoding="utf-8") if path else text):
        yield f"{path or 'this document'} has no heading #{fragment}"


def headings(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_span(span: str, document: Path) -> Iterator[str]:
    """What is set as code in the middle of a text: a command, a path or a name of martgate."""
    if call := re.fullmatch(r"martgate ([a-z][a-z-]*\b.*)", span):
        yield from check_mention(call[1])
    elif re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|sql|md|yml|toml)", span):
        folders = (ROOT, SOURCE, SOURCE / "expectations", document.parent)
        if not span.startswith("out/") and not any((folder / span).exists() for folder in folders):
            yield f"there is no {span}"
    elif (name := re.match(r"martgate(?:\.\w+)+", span)) and name[0] not in {*GROUPS, "martgate.toml"}:
        package, _, last = name[0].rpartition(".")
        if last not in names_in(package):
            yield f"there is no {name[0]}"
