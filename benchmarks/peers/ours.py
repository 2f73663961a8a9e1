"""This project by its command line: `martgate gate --input`, on DuckDB or on Spark."""

import io
import json
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from job import Job, Verdicts, run

import martgate.cli.reporting
import martgate.project.wiring
import martgate.publish.inputs  # noqa: F401 - imported here, so that the clock of the check excludes it
from martgate.cli.main import main

TABLE = "we_mart.wv_comm_user"
PASSING = ("passed", "vacuous")


def check(job: Job, engine: str) -> Verdicts:
    if engine == "duckdb":
        answer = run_gate(job, engine)
        job.notes["statements"] = answer["queries"]
    else:
        from spark_files import jobs  # noqa: PLC0415 - an extra

        from martgate.builders.engines.spark_session import open_session  # noqa: PLC0415 - an extra

        with open_session("local[*]", job.memory_limit, Path(job.spill)) as spark:  # the command uses an open session
            answer = run_gate(job, engine)
            job.notes["statements"] = jobs(spark)
    return {verdict["rule"]: verdict["outcome"] in PASSING for verdict in answer["verdicts"]}


def run_gate(job: Job, engine: str) -> Any:
    """Run the command and return its JSON."""
    command = ["gate", TABLE, "--input", job.folder, "--date", job.day, "--report", "none", "--json"]
    options = ["--engine", engine, "--memory-limit", job.memory_limit, "--out", job.spill]
    sys.argv[1:] = [*command, *options, "--ledger", f"sqlite:///{job.spill}/ledger.db"]
    with job.checking(), redirect_stdout(io.StringIO()) as output, suppress(SystemExit):
        main()
    return json.loads(output.getvalue())


run(check)
