"""The Databricks bundle matches the command line, the project and the contract that it runs."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bundle():
    return read("databricks.yml")


@pytest.fixture(scope="module")
def daily():
    return read("resources/daily_publish.job.yml")["resources"]["jobs"]["daily_publish"]


@pytest.fixture(scope="module")
def task(daily):
    (found,) = daily["tasks"]
    return found


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def variables(bundle, target):
    found = {name: declared.get("default") for name, declared in bundle["variables"].items()}
    return found | bundle["targets"][target].get("variables", {})


def resolve(text, values):
    """Replace the bundle's variables in a text; defaults may contain variables."""
    while (names := re.findall(r"\$\{var\.(\w+)\}", text)) and all(name in values for name in names):
        text = re.sub(r"\$\{var\.(\w+)\}", lambda found: str(values[found[1]]), text)
    return text


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_the_job_runs_a_valid_command(bundle, daily, task, target):
    from martgate.cli.publishing import run

    values = variables(bundle, target)
    arguments = [resolve(text, values) for text in task["python_wheel_task"]["parameters"]]
    arguments = ["2024-01-01" if text == "{{job.parameters.day}}" else text for text in arguments]
    assert [name for name in arguments if "${" in name or "{{" in name] == []
    assert [parameter["name"] for parameter in daily["parameters"]] == ["day"]
    command, *rest = arguments
    context = run.make_context(command, rest, resilient_parsing=False)
    places = (context.params["warehouse"], context.params["upstreams"])
    assert places == (f"catalog://{values['catalog']}",) * 2
    assert (command, context.params["engine"]) == ("run", "spark")


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_the_tables_that_the_job_selects_have_models(bundle, target):
    from martgate.builders.model import load_models
    from martgate.project.graph import build_graph, select
    from martgate.project.settings import load_settings
    from martgate.project.wiring import load_catalog

    settings = load_settings(environment={})
    contracts = load_catalog(settings)
    chosen = select(
        [variables(bundle, target)["table"]], build_graph(load_models(settings.models), contracts), contracts
    )
    assert "we_mart.wv_comm_user" in chosen


def test_the_job_runs_the_wheel_that_the_bundle_builds(bundle, task, project):
    assert bundle["artifacts"]["martgate"] == {"type": "whl", "build": "uv build --wheel", "path": "."}
    name, entry = (task["python_wheel_task"][key] for key in ("package_name", "entry_point"))
    assert name == project["project"]["name"]
    assert entry in project["project"]["scripts"]
    assert {"whl": "../dist/*.whl"} in task["libraries"]
    assert all(any((ROOT / place).parent.glob(Path(place).name)) for place in bundle["include"])


def test_the_ledgers_driver_is_the_one_that_was_tested(task, project):
    (driver,) = (library["pypi"]["package"] for library in task["libraries"] if "pypi" in library)
    assert driver in project["dependency-groups"]["test"]


def test_the_cluster_has_the_python_that_the_wheel_needs(daily, project):
    (cluster,) = daily["job_clusters"]
    release = int(cluster["new_cluster"]["spark_version"].split(".")[0])
    assert release >= 17  # Spark 4 and Python 3.12
    assert project["project"]["requires-python"] == ">=3.11"
    assert cluster["job_cluster_key"] == daily["tasks"][0]["job_cluster_key"]


def test_the_job_publishes_the_last_day_before_its_sla(daily, shipped):
    contract, _ = shipped
    zone = ZoneInfo(daily["schedule"]["timezone_id"])
    assert zone.key == contract.zone
    second, minute, hour, *every_day = daily["schedule"]["quartz_cron_expression"].split()
    assert every_day == ["*", "*", "?"]
    fired = datetime(2024, 1, 2, int(hour), int(minute), int(second), tzinfo=zone)
    assert daily["parameters"][0]["default"] == "{{job.trigger.time.iso_date}}"
    assert fired.astimezone(UTC).date() == fired.date() - timedelta(days=1)
    (promise,) = (sla for sla in contract.slas if sla.property == "timeOfAvailability")
    assert fired < datetime.fromisoformat(f"2024-01-02T{promise.value}")
