"""A local Spark for the tools that use it, and the files as a frame with the contract's columns in order."""

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
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def audited(job: Job, spark: Any) -> Any:
    """Read the files and register them under the name `audited`."""
    frame = spark.read.parquet(job.folder).selectExpr(
        *(f"CAST({name} AS BIGINT) AS {name}" if name == "part_comm_id" else name for name in job.columns)
    )
    frame.createOrReplaceTempView("audited")
    return frame


def jobs(spark: Any) -> int:
    """Count all jobs that Spark has run."""
    store = spark.sparkContext._jsc.sc().statusStore()  # noqa: SLF001 - no public API in Python
    return int(store.jobsList(None).size())
