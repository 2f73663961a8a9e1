"""This project, by its own command line: `martgate gate --input`, on DuckDB or on Spark."""

import io
import json
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from job import Job, Verdicts, run

import martgate.cli.reporting
import martgate.project.wiring
import martgate.publish.inputs  # noqa: F401 - the command imports them too, but importing is not checking
from martgate.cli.main import main

TABLE = "we_mart.wv_comm_user"
KEPT = ("passed", "vacuous")


def check(job: Job, engine: str) -> Verdicts:
    if engine == "duckdb":
        answer = gated(job, engine)
        job.notes["statements"] = answer["queries"]
    else:
        from spark_files import jobs  # noqa: PLC0415 - as above

        from martgate.builders.engines.spark_session import open_session  # noqa: PLC0415 - an extra

        with open_session("local[*]", job.memory_limit, Path(job.spill)) as spark:  # one that is open is used
            answer = gated(job, engine)
            job.notes["statements"] = jobs(spark)
    return {verdict["rule"]: verdict["outcome"] in KEPT for verdict in answer["verdicts"]}


def gated(job: Job, engine: str) -> Any:
    """What the command says as JSON."""
    command = ["gate", TABLE, "--input", job.folder, "--date", job.day, "--report", "none", "--json"]
    own = ["--engine", engine, "--memory-limit", job.memory_limit, "--out", job.spill]
    sys.argv[1:] = [*command, *own, "--ledger", f"sqlite:///{job.spill}/ledger.db"]
    with job.checking(), redirect_stdout(io.StringIO()) as told, suppress(SystemExit):
        main()
    return json.loads(told.getvalue())


run(check)
