"""Publishes `we_mart.wv_comm_user` and its downstream tables each night in Seoul, for the day that has just ended.

For each table, in the order of the models: wait for its upstreams, build a candidate, gate it, publish it. The site is
built at the end, also after a refusal. A refusal fails at once, and the tables downstream of it do not run; errors are
retried. The deadline is the time in the contract's SLA.

The environment selects the project: `MARTGATE_PROJECT`, or this repository with `MARTGATE_UPSTREAMS`,
`MARTGATE_WAREHOUSE`, `MARTGATE_LEDGER` and `MARTGATE_OUT`. To publish another day, trigger the DAG with a `date`.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param

from martgate.airflow import DocsOperator, Mart, deadline, nightly, tables

MART = Mart(settings={"report": "fast"})  # one page per decision, and the site at the end
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
    params={"date": Param(None, type=["null", "string"], format="date", description="the day to publish, YYYY-MM-DD")},
    tags=["martgate", *CONTRACT.tags],
    doc_md=__doc__,
) as dag:
    published = tables(f"{TABLE.qualified_name}+", mart=MART, wait=timedelta(hours=3), date="{{ params.date or '' }}")
    list(published.values()) >> DocsOperator(task_id="docs", mart=MART).as_teardown()
