"""The best that hand-written Spark SQL does: every rule, yes or no, in one statement."""

from job import Job, Rule, Verdicts, run
from spark_files import audited, jobs, session


def check(job: Job, _: str) -> Verdicts:
    spark = session(job)
    with job.checking():
        frame = audited(job, spark)
        types = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        found = {rule["name"]: types.get(rule["column"]) == rule["type"] for rule in job.of("type")}
        found |= {rule["name"]: [*types] == rule["columns"] for rule in job.of("columns")}
        answers = spark.sql(statement(job)).collect()[0].asDict()
        found |= {rule["name"]: bool(answers[rule["name"]]) for rule in job.rules if rule["name"] in answers}
    job.notes["statements"] = jobs(spark)
    spark.stop()
    return found


def statement(job: Job) -> str:
    """One pass over the rows, one grouping for each way to group, and one for the key, side by side."""
    rows = {rule["name"]: kept(rule) for rule in job.rules if kept(rule)}
    parts = [f"SELECT {', '.join(f'{test} AS `{name}`' for name, test in rows.items())} FROM audited"]
    (dense,) = job.of("dense_sequence")
    placed = (
        "(SELECT *, ROW_NUMBER() OVER (PARTITION BY wv_user_id, comm_id ORDER BY comm_user_cre_dt, comm_user_id) AS place "
        "FROM audited)"
    )
    for by in dict.fromkeys(tuple(rule["by"]) for rule in job.grouped()):
        asked = {rule["name"]: rule["broken"]["spark"] for rule in job.grouped() if tuple(rule["by"]) == by}
        source = placed if list(by) == dense["by"] else "audited"
        if source == placed:
            asked[dense["name"]] = (
                f"MAX(NOT ({dense['column']} <=> place)) OR NOT (MIN({dense['length']}) <=> COUNT(*))"
            )
            asked[dense["name"]] += f" OR NOT (MAX({dense['length']}) <=> COUNT(*))"
        tests = ", ".join(f"{broken} AS `{name}`" for name, broken in asked.items())
        answers = ", ".join(f"NOT COALESCE(MAX(`{name}`), FALSE) AS `{name}`" for name in asked)
        parts.append(f"SELECT {answers} FROM (SELECT {tests} FROM {source} GROUP BY {', '.join(by)})")
    (key,) = job.of("unique")
    parts.append(f"SELECT COUNT(*) = 0 AS `{key['name']}` FROM ({key['failures']['spark']})")
    return f"SELECT * FROM {' CROSS JOIN '.join(f'({part})' for part in parts)}"


def kept(rule: Rule) -> str:  # noqa: PLR0911 - one answer a kind
    """An aggregate that is false where a rule is broken; empty for a rule that is not told by one."""
    match rule:
        case {"kind": "not_null", "column": column}:
            return f"COUNT({column}) = COUNT(*)"
        case {"kind": "in_set", "column": column, "values": [0, 1]}:
            return f"COALESCE(MIN({column}) >= 0 AND MAX({column}) <= 1, TRUE)"
        case {"kind": "range", "column": column, "value": value}:
            return f"COALESCE(MIN({column}) >= {value}, TRUE)"
        case {"kind": "metric"}:
            return "COUNT(*) > 0"
        case {"kind": "fresh", "column": column, "seconds": seconds}:
            return f"COALESCE(MAX({column}) >= CURRENT_TIMESTAMP() - INTERVAL {seconds} SECOND, FALSE)"
        case {"by": [], "broken": {"spark": broken}}:
            return f"NOT COALESCE(MAX({broken}), FALSE)"
    return ""


run(check)
