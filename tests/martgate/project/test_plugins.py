"""Plug-in points through the command line: ours, those of a real package, and packages that are broken."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.project import plugins
from martgate.project.plugins import ENGINES, EXPORTERS, REGISTRIES, REPORTERS, STORES

ROOT = Path(__file__).parents[3]
CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
schema:
  - name: base
    physicalName: s.base
    customProperties: [{property: publishPartition, value: day}]
    properties:
      - {name: n, logicalType: integer, physicalType: bigint, required: true}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""
RUN = ["run", "base", "--date", "2024-01-01"]
BUILT_IN = [(registry, name) for registry in REGISTRIES for name in registry.built_in]


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    for name in ("contracts", "models"):
        (folder / name).mkdir(parents=True)
    (folder / "martgate.toml").write_text('models = ["models"]\nreport = "none"\n')
    (folder / "contracts" / "base.odcs.yaml").write_text(CONTRACT)
    (folder / "models" / "base.sql").write_text("SELECT 1 AS n, :part_date AS day")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(group, name, code): install a package whose attribute `plugin` is registered under that name."""

    def _install(group, name, code, *, package="acme"):
        folder = tmp_path / package
        info = folder / f"{package}-1.2.dist-info"
        info.mkdir(parents=True)
        (folder / f"{package}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {package}:plugin\n")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, package, raising=False)

    yield _install
    for name in ("acme", "other"):
        sys.modules.pop(name, None)


@pytest.fixture
def run(project, capfd):
    """run(*arguments): exit code, stdout and stderr of a command."""

    def _run(*arguments):
        capfd.readouterr()
        code = call([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return _run


# Ours


@pytest.mark.parametrize(("registry", "name"), BUILT_IN, ids=lambda each: each if isinstance(each, str) else each.kind)
def test_each_of_ours_is_loaded_and_checked_as_those_of_packages_are(registry, name):
    if name == "spark" and registry is ENGINES:
        pytest.importorskip("pyspark")
    assert registry.load(name) is not None
    assert name in registry.names()


def test_the_type_checker_agrees_that_each_of_ours_satisfies_its_port(tmp_path):
    pytest.importorskip("pyspark")
    lines = ["from martgate.builders.ports import Engine", "from martgate.contracts.export.ports import Exporter"]
    lines += ["from martgate.reports.ports import Reporter", "from martgate.stores.ports import Store"]
    for registry_name, annotation in plugins.__annotations__.items():
        port = re.fullmatch(r"Registry\[(.*)\]", annotation)[1]
        for number, value in enumerate(getattr(plugins, registry_name).built_in.values()):
            module, _, attribute = value.split()[0].partition(":")
            lines += [f"import {module}", f"{registry_name}_{number}: {port} = {module}.{attribute}"]
    (tmp_path / "snippet.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "snippet.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_lists_ours_and_imports_no_adapter(project):
    code = (
        "import sys\nfrom martgate.cli.main import call\n"
        "call(['run', '--help']), call(['export', '--help'])\n"
        "print(*{'duckdb', 'deltalake', 'pyarrow', 'pyspark'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown = "".join(done.stdout.split())
    assert done.stderr.strip() == ""
    assert all("|".join(registry.built_in) in shown for registry in (ENGINES, REPORTERS, EXPORTERS))


# Those of packages

DOCUMENTED = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
CSV = re.search(r"```python\n(.*?)```", DOCUMENTED, re.DOTALL)[1] + "\nplugin = export"


def test_the_documentation_has_each_plugin_point_with_its_port():
    rows = {
        group: f"martgate.{port}"
        for group, port in re.findall(r"\| `(martgate\.\w+)` \|.*\| `\w+` in `martgate\.([\w.]+)` \|", DOCUMENTED)
    }
    assert rows == {registry.group: registry.port.partition(":")[0] for registry in REGISTRIES}


def test_an_exporter_of_a_package_writes_its_language(run, install):
    install("martgate.exporters", "csv", CSV)
    assert run("export", "base", "--to", "csv") == (0, "name,type\nn,bigint\nday,string\n", "")
    assert "|csv]" in run("export", "--help")[1].replace("\n", "").replace(" ", "")
    code, _, err = run("export", "base", "--to", "cvs")
    assert code == 2
    assert "'csv'" in err


LINES = """
from pathlib import Path

class Lines:
    renders_once = {once}

    def page(self, record, context):
        return str(context.out / "lines.txt")

    def render(self, records, context):
        print("what is printed here must not reach stdout")
        with Path(self.page(None, context)).open("a") as lines:
            print(*(f"{{record.table}} {{record.date}} {{record.decision}}" for record in records), sep="; ", file=lines)

plugin = Lines()
"""


def test_a_reporter_of_a_package_renders_each_run(project, run, install):
    install("martgate.reporters", "lines", LINES.format(once=False))
    code, out, _ = run(*RUN, "--report", "lines", "--json")
    page = project / "out" / "lines.txt"
    assert (code, json.loads(out)["report"]) == (0, str(page))
    run("backfill", "base", "--from", "2024-01-02", "--to", "2024-01-03", "--report", "lines")
    assert page.read_text().splitlines() == [f"s.base 2024-01-0{day} approved" for day in (1, 2, 3)]


def test_a_reporter_that_renders_once_gets_all_runs_of_a_command(project, run, install):
    install("martgate.reporters", "lines", LINES.format(once=True))
    assert run("backfill", "base", "--from", "2024-01-01", "--to", "2024-01-02", "--report", "lines")[0] == 0
    expected = "s.base 2024-01-01 approved; s.base 2024-01-02 approved\n"
    assert (project / "out" / "lines.txt").read_text() == expected


@pytest.mark.parametrize("failure", ["raise ValueError('secret')", "raise SystemExit(0)"])
@pytest.mark.parametrize("method", ["page", "render"])
def test_a_reporter_that_fails_changes_no_decision_and_shows_no_value(run, install, failure, method):
    broken = LINES.format(once=False).replace(
        f"def {method}(self, ", f"def {method}(self, *_):\n        {failure}\n\n    def x(self, "
    )
    install("martgate.reporters", "lines", broken)
    code, out, err = run(*RUN, "--report", "lines", "--json")
    told = json.loads(out)
    assert (code, told["decision"], told["published_version"]) == (3, "approved", 1)
    assert "the decision stands" in err
    assert "secret" not in out + err


ENGINE = """
from pathlib import Path
from martgate.builders.engines.duckdb import DuckDBEngine

class plugin(DuckDBEngine):
    name = "quack"

    def __enter__(self):
        with Path("quack.txt").open("a") as file:
            print("opened", file=file)
        return super().__enter__()
"""


def test_an_engine_of_a_package_builds_and_audits(project, run, install):
    install("martgate.engines", "quack", ENGINE)
    (project / "martgate.toml").write_text('models = ["models"]\nreport = "none"\nengine = "quack"\n')
    assert run(*RUN)[0] == 0
    code, _, err = run("backfill", "base", "--from", "2024-01-02", "--to", "2024-01-03", "--jobs", "2")
    assert code == 0
    assert "the days run one after another" not in err
    assert (project / "quack.txt").read_text().splitlines() == ["opened"] * 3
    code, _, err = run(*RUN, "--engine", "quak")
    assert code == 2
    assert "'quack'" in err


STORE = """
from martgate.stores.delta import DeltaStore

class plugin(DeltaStore):
    @classmethod
    def from_warehouse(cls, warehouse):
        return cls(warehouse.location.removeprefix("dir://"))
"""


def test_a_store_of_a_package_is_chosen_by_the_scheme_of_the_warehouse(project, run, install, tmp_path):
    install("martgate.stores", "dir", STORE)
    place = ["--warehouse", f"dir://{tmp_path / 'lake'}"]
    assert run(*RUN, *place)[0] == 0
    assert (tmp_path / "lake" / "s" / "base" / "_delta_log").is_dir()
    assert run("verify", "base", *place)[0] == 0
    code, _, err = run(*RUN, "--warehouse", "dri://x")
    assert code == 2
    assert "there is no store for dri://" in err
    assert "dir://" in err


def test_a_warehouse_given_as_a_file_url_is_that_folder(run, tmp_path):
    assert run(*RUN, "--warehouse", f"file://{tmp_path}/my%20lake")[0] == 0
    assert (tmp_path / "my lake" / "s" / "base" / "_delta_log").is_dir()


# Broken ones


def use(registry, name):
    """The command that needs a name of a registry."""
    return {
        ENGINES: [*RUN, "--engine", name],
        STORES: [*RUN, "--warehouse", "x" if name == "file" else f"{name}://x"],
        EXPORTERS: ["export", "base", "--to", name],
        REPORTERS: [*RUN, "--report", name],
    }[registry]


FAULTS = {
    "import": ("import nothing_of_this_name", "cannot be imported: ModuleNotFoundError"),
    "syntax": ("def", "cannot be imported: SyntaxError"),
    "attribute": ("plug = 1", "cannot be imported: AttributeError"),
    "port": ("plugin = object", " has no "),
}


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda each: each.kind)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_plugin_is_refused_by_name_where_it_is_used_and_by_lint(run, install, registry, fault):
    code, reason = FAULTS[fault]
    install(registry.group, "odd", code if (registry, fault) != (EXPORTERS, "port") else "plugin = 1")
    for command in (use(registry, "odd"), ["lint"]):
        exit_code, out, err = run(*command)
        assert exit_code == 2
        assert reason in out + err
        assert "acme 1.2 (odd = acme:plugin)" in out + err


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda each: each.kind)
def test_a_name_of_ours_cannot_be_taken(run, install, registry):
    name = next(iter(registry.built_in))
    install(registry.group, name, "plugin = object")
    for command in (use(registry, name), ["lint"]):
        exit_code, out, err = run(*command)
        assert exit_code == 2
        assert f"the {registry.kind} '{name}' is registered 2 times" in out + err
        assert f"acme 1.2 ({name} = acme:plugin)" in out + err


def test_two_packages_cannot_have_one_name(run, install):
    install("martgate.exporters", "csv", CSV)
    install("martgate.exporters", "csv", CSV, package="other")
    code, _, err = run("export", "base", "--to", "csv")
    assert code == 2
    assert "acme 1.2 (csv = acme:plugin)" in err
    assert "other 1.2 (csv = other:plugin)" in err


def test_a_missing_library_of_an_extra_is_told_with_what_to_install(run, monkeypatch):
    monkeypatch.delitem(sys.modules, "martgate.builders.engines.spark", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    code, _, err = run(*RUN, "--engine", "spark")
    assert code == 2
    assert "it needs pyspark, which is not installed: pip install 'martgate[spark]'" in err
