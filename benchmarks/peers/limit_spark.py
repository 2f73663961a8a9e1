"""Hand-written Spark SQL as a reference: every rule in one statement."""

from job import Job, Rule, Verdicts, run
from spark_files import audited, jobs, session


def check(job: Job, _: str) -> Verdicts:
    spark = session(job)
    with job.checking():
        frame = audited(job, spark)
        types = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        verdicts = {rule["name"]: types.get(rule["column"]) == rule["type"] for rule in job.of("type")}
        verdicts |= {rule["name"]: [*types] == rule["columns"] for rule in job.of("columns")}
        answers = spark.sql(statement(job)).collect()[0].asDict()
        verdicts |= {rule["name"]: bool(answers[rule["name"]]) for rule in job.rules if rule["name"] in answers}
    job.notes["statements"] = jobs(spark)
    spark.stop()
    return verdicts


def statement(job: Job) -> str:
    """Format one pass over the rows, one grouping per key of rules, and one for the unique key, as one statement."""
    rows = {rule["name"]: aggregate_of(rule) for rule in job.rules if aggregate_of(rule)}
    parts = [f"SELECT {', '.join(f'{test} AS `{name}`' for name, test in rows.items())} FROM audited"]
    (dense,) = job.of("dense_sequence")
    numbered = (
        "(SELECT *, ROW_NUMBER() OVER (PARTITION BY wv_user_id, comm_id ORDER BY comm_user_cre_dt, comm_user_id) AS place "
        "FROM audited)"
    )
    for by in dict.fromkeys(tuple(rule["by"]) for rule in job.grouped()):
        tests_by_rule = {rule["name"]: rule["broken"]["spark"] for rule in job.grouped() if tuple(rule["by"]) == by}
        source = numbered if list(by) == dense["by"] else "audited"
        if source == numbered:
            tests_by_rule[dense["name"]] = (
                f"MAX(NOT ({dense['column']} <=> place)) OR NOT (MIN({dense['length']}) <=> COUNT(*))"
            )
            tests_by_rule[dense["name"]] += f" OR NOT (MAX({dense['length']}) <=> COUNT(*))"
        tests = ", ".join(f"{broken} AS `{name}`" for name, broken in tests_by_rule.items())
        answers = ", ".join(f"NOT COALESCE(MAX(`{name}`), FALSE) AS `{name}`" for name in tests_by_rule)
        parts.append(f"SELECT {answers} FROM (SELECT {tests} FROM {source} GROUP BY {', '.join(by)})")
    (key,) = job.of("unique")
    parts.append(f"SELECT COUNT(*) = 0 AS `{key['name']}` FROM ({key['failures']['spark']})")
    return f"SELECT * FROM {' CROSS JOIN '.join(f'({part})' for part in parts)}"


def aggregate_of(rule: Rule) -> str:  # noqa: PLR0911 - one return per kind
    """Format an aggregate that is false if the rule is broken; empty if the rule has none."""
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
