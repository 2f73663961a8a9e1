"""`we_mart.wv_comm_user` and all that is made from it, each night in Seoul, for the day that has just ended.

For each table: wait for its upstreams, build a candidate, gate it, publish it; then, in the order that the models' SQL
says, the tables made from it. In the end the site is drawn, of a refused night as of a good one. A refusal fails at
once, and what stands on a refused table is not run; what could not run is tried again. The run must be over when the
contract promises the day.

The project is that of the environment: `MARTGATE_PROJECT`, or the shipped one with `MARTGATE_UPSTREAMS`,
`MARTGATE_WAREHOUSE`, `MARTGATE_LEDGER` and `MARTGATE_OUT`. To make another day, trigger the DAG with its `date`.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param

from martgate.airflow import DocsOperator, Mart, deadline, nightly, tables

MART = Mart(settings={"report": "fast"})  # a page of each decision at once, the site in the end
CONTRACT, TABLE = MART.find("we_mart.wv_comm_user")
STARTS = time(3)

with DAG(
    dag_id="analytics_we_mart_priority_daily",
    description=TABLE.description,
    schedule=nightly(CONTRACT, STARTS),
    start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo(CONTRACT.zone)),
    catchup=False,
    max_active_runs=1,
    deadline=deadline(TABLE, STARTS),
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
    params={"date": Param(None, type=["null", "string"], format="date", description="the day to make, YYYY-MM-DD")},
    tags=["martgate", *CONTRACT.tags],
    doc_md=__doc__,
) as dag:
    published = tables(f"{TABLE.qualified_name}+", mart=MART, wait=timedelta(hours=3), date="{{ params.date or '' }}")
    list(published.values()) >> DocsOperator(task_id="docs", mart=MART).as_teardown()
