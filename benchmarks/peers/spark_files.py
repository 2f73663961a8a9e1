"""A local Spark for every tool on it, and the files as a frame with the contract's columns in their order."""

from typing import Any

from job import Job
from pyspark.sql import SparkSession


def session(job: Job) -> Any:
    settings = {
        "spark.driver.memory": job.memory_limit.replace("GB", "g"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.local.dir": job.spill,
    }
    builder = SparkSession.builder.master("local[*]").appName("gate")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def audited(job: Job, spark: Any) -> Any:
    """The frame, also under the name `audited`."""
    frame = spark.read.parquet(job.folder).selectExpr(
        *(f"CAST({name} AS BIGINT) AS {name}" if name == "part_comm_id" else name for name in job.columns)
    )
    frame.createOrReplaceTempView("audited")
    return frame


def jobs(spark: Any) -> int:
    """How many jobs Spark has run so far, in whatever group."""
    store = spark.sparkContext._jsc.sc().statusStore()  # noqa: SLF001 - Python has no way to ask for all of them
    return int(store.jobsList(None).size())
