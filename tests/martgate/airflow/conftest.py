"""A real Airflow in a folder of its own, with nothing but its database: no scheduler, no server, no network."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).parents[3]
DAY = date(2024, 1, 2)
"""A Tuesday amid its month: neither week nor month end with it."""


@dataclass(frozen=True)
class Night:
    """What became of one run of a DAG: its state, and state and attempts of each task."""

    state: str
    tasks: dict[str, tuple[str, int]]
    events: dict[str, dict[str, Any]]
    """By asset, what its event carries."""

    def ended(self, state: str) -> set[str]:
        """The tasks that ended in a state."""
        return {name for name, (ended, _) in self.tasks.items() if ended == state}


@pytest.fixture(scope="session", autouse=True)
def dags_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow, set up in a new home before it is first imported; the folder that it reads DAGs from."""
    if importlib.util.find_spec("airflow") is None:
        told = "no Airflow: uv sync --extra airflow, or uvx nox -s airflow"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    home = tmp_path_factory.mktemp("airflow")
    folder = home / "dags"
    shutil.copytree(ROOT / "dags", folder)
    (example,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/scheduling.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (folder / "shop_daily.py").write_text(example.replace('project="/srv/shop", ', ""), encoding="utf-8")
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    program = str(Path(sys.executable).with_name("airflow"))
    subprocess.run([program, "db", "migrate"], check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
def load(dags_folder: Path) -> Callable[[str], Any]:
    """A DAG, read anew from the file of its name, that waits neither between attempts nor for what is missing."""

    def loaded(dag_id: str) -> Any:
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=str(dags_folder / f"{dag_id}.py"), bundle_name="dags-folder")
        assert bag.import_errors == {}
        dag = bag.dags[dag_id]
        for task in dag.tasks:
            task.retry_delay = timedelta(0)
            if task.task_id.endswith("upstreams"):
                task.mode, task.timeout = "poke", 0
        return dag

    return loaded


@pytest.fixture
def night(load: Callable[[str], Any]) -> Callable[..., Night]:
    """Run a DAG, by its id or as it was loaded, the night after a day; a task that is called done is not run."""

    def run(dag: Any, day: date = DAY, *, done: str | None = None, conf: dict[str, str] | None = None) -> Night:
        dag = load(dag) if isinstance(dag, str) else dag
        dag.deadline = []  # apache/airflow#73428: dag.test takes deadlines for ids of its database
        began = datetime.combine(day + timedelta(days=1), time(3), ZoneInfo("Asia/Seoul"))
        return _told(dag.test(logical_date=began, run_conf=conf, mark_success_pattern=done))

    return run


def _told(run: Any) -> Night:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        here = (AssetEvent.source_run_id == run.run_id) & (AssetEvent.source_dag_id == run.dag_id)
        events = {event.uri: event.extra for event in session.scalars(select(AssetEvent).where(here))}
    tasks = {task.task_id: (str(task.state), task.try_number) for task in run.get_task_instances()}
    return Night(str(run.state), tasks, events)


@pytest.fixture(scope="session")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of one day, written once, for reading only."""
    folder = tmp_path_factory.mktemp("samples")
    command = [sys.executable, "-m", "martgate", "sample", "--out", str(folder), "--members", "300"]
    subprocess.run([*command, "--date", DAY.isoformat()], check=True, capture_output=True, cwd=ROOT)
    return folder


@pytest.fixture
def mart(tmp_path: Path, upstreams: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the samples and an empty warehouse, where `MARTGATE_*` says; the folder of both."""
    shutil.copytree(upstreams, tmp_path / "upstreams")
    places = {"UPSTREAMS": "upstreams", "WAREHOUSE": "warehouse", "OUT": "out"}
    for key, place in places.items():
        monkeypatch.setenv(f"MARTGATE_{key}", str(tmp_path / place))
    monkeypatch.setenv("MARTGATE_PROJECT", str(ROOT))
    monkeypatch.setenv("MARTGATE_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    return tmp_path
