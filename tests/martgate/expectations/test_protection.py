"""What may be shown: by column, by SQL text, by check."""

import pytest

from martgate.expectations.kinds.examples import ExampleColumn, show_count
from martgate.expectations.protection import Protection


@pytest.fixture
def protection(make):
    """`s.t` with an open `id` and `kind` and a protected `email`; `s.other` likewise with `code` and `phone`; `s.open`."""
    own = make.table(
        make.column("id"),
        make.column("kind", "string", classification="internal"),
        make.column("email", "string", classification="personal"),
        make.column("pay", classification="restricted"),
    )
    other = _renamed(make.table(make.column("code"), make.column("phone", classification="personal")), "s.other")
    opened = _renamed(make.table(make.column("a"), make.column("b"), make.column("kind", "string")), "s.open")
    return Protection(own, (other, opened))


def _renamed(table, name):
    from dataclasses import replace

    return replace(table, name=name.rpartition(".")[2], qualified_name=name)


@pytest.mark.parametrize(
    ("column", "table", "hidden"),
    [
        ("id", "{object}", False),
        ("ID", "{object}", False),
        ("email", "{object}", True),
        ("eMail", "{object}", True),
        ("unknown", "{object}", True),
        ("code", "s.other", False),
        ("CODE", "S.Other", False),
        ("code", "other", False),
        ("code", "cat.s.other", False),
        ("phone", "other", True),
        ("code", "elsewhere", True),
        ("email", "s.t", True),
        ("id", "t", False),
    ],
)
def test_a_column_is_hidden_that_is_protected_or_that_no_contract_knows(protection, column, table, hidden):
    assert protection.hides(column, table) is hidden


def test_a_column_that_any_version_protects_is_hidden(make):
    before, after = make.table(make.column("a")), make.table(make.column("a", classification="personal"))
    assert Protection(before, (after,)).hides("a")
    assert Protection(after, (before,)).hides("a")
    assert not Protection(before, (before,)).hides("a")


def test_a_bare_name_that_two_tables_have_is_hidden_where_either_hides_it(make):
    one = _renamed(make.table(make.column("a"), make.column("b")), "x.same")
    two = _renamed(make.table(make.column("a"), make.column("b", classification="personal")), "y.same")
    protection = Protection(make.table(make.column("z")), (one, two))
    assert [protection.hides(name, "same") for name in ("a", "b", "c")] == [False, True, True]
    assert not protection.hides("b", "x.same")


OPEN = [
    "SELECT COUNT(*) FROM {object}",
    "SELECT MAX(id) FROM {object}",
    "SELECT MAX(ID) FROM {object} AS x WHERE X.kind = 'a'",
    "SELECT MAX(t.id) FROM s.t",
    "SELECT MAX(s.t.id) FROM s.t",
    "SELECT MAX(t.id) FROM {object} t JOIN s.other o ON o.code = t.id",
    "SELECT MAX(kind) FROM {object} JOIN s.other ON code = id",
    "SELECT MAX(m) FROM (SELECT MAX(id) AS m FROM {object} GROUP BY kind) AS x",
    "WITH x AS (SELECT id AS n FROM {object}) SELECT MAX(n) FROM x",
    "WITH x AS (SELECT id AS n FROM {object}), y AS (SELECT n + 1 AS n FROM x) SELECT MAX(y.n) FROM y",
    "SELECT MAX(id) FROM (SELECT id FROM {object} UNION ALL SELECT code FROM s.other) AS u",
    "SELECT COUNT(*) FROM (SELECT * FROM s.open WHERE a > 1) AS x",
    "SELECT MAX(b) FROM (SELECT * FROM s.open) AS x",
    "SELECT MAX(id) FROM {object} o WHERE EXISTS (SELECT 1 FROM s.other i WHERE i.code = o.id)",
    "SELECT COUNT(*) FROM {object} WHERE id = (SELECT MAX(code) FROM s.other)",
    "SELECT kind, SUM(id) AS n FROM {object} GROUP BY kind HAVING n > 1 ORDER BY n",
    "SELECT id FROM {object} UNION SELECT code FROM s.other ORDER BY id",
    "SELECT MAX(kind) FROM {object} JOIN s.open USING (kind)",
    "SELECT MAX(id) OVER (PARTITION BY kind) FROM {object}",
    "SELECT ARRAY_MAX(TRANSFORM(SPLIT(kind, ','), x -> LENGTH(x))) FROM {object}",
    "SELECT MAX(id) FROM {object} WHERE kind <> ':email' -- email",
]
HIDDEN = [
    "SELECT MAX(email) FROM {object}",
    "SELECT MAX(EMAIL) FROM {object}",
    "SELECT MAX(`eMail`) FROM {object}",
    "SELECT MAX(t.email) FROM {object} t",
    "SELECT MAX(s.t.email) FROM s.t",
    "SELECT COUNT(*) FROM {object} WHERE email LIKE 'a%'",
    "SELECT COUNT(*) FROM {object} ORDER BY email",
    "SELECT COUNT(*) FROM {object} GROUP BY pay",
    "SELECT COUNT(*) FROM {object} QUALIFY ROW_NUMBER() OVER (ORDER BY pay) = 1",
    "SELECT MAX(id) OVER w FROM {object} WINDOW w AS (ORDER BY pay)",
    "SELECT * FROM {object}",
    "SELECT * FROM s.open",
    "SELECT MAX(unknown) FROM {object}",
    "SELECT MAX(unknown) AS unknown FROM {object}",
    "SELECT MAX(id) FROM s.unknown",
    "SELECT COUNT(*) FROM s.unknown",
    "SELECT MAX(m) FROM (SELECT MAX(pay) AS m FROM {object}) AS x",
    "SELECT MAX(m) FROM (SELECT * FROM {object}) AS x",
    "SELECT MAX(id) FROM (SELECT * FROM {object}) AS x",
    "SELECT MAX(c) FROM (SELECT * FROM s.open) AS x",
    "SELECT MAX(n) FROM (SELECT * FROM s.open) AS x (n, m)",
    "SELECT MAX(a) FROM (SELECT * FROM s.open UNION ALL SELECT * FROM s.open) AS x",
    "SELECT HASH(*) FROM s.open",
    "SELECT COUNT(DISTINCT *) FROM {object}",
    "SELECT COUNT(t.*) FROM {object} t",
    "SELECT MAX(n) FROM (SELECT id AS n FROM {object} UNION ALL SELECT pay FROM {object}) AS u",
    "SELECT MAX(n) FROM (SELECT id AS n FROM {object} UNION ALL SELECT phone FROM s.other) AS u",
    "SELECT id FROM {object} UNION SELECT phone FROM s.other",
    "SELECT id FROM {object} UNION SELECT secret FROM s.other ORDER BY secret",
    "SELECT secret FROM {object} UNION SELECT id FROM {object}",
    "WITH x AS (SELECT pay AS n FROM {object}) SELECT MAX(n) FROM x",
    "WITH x (n) AS (SELECT pay FROM {object}) SELECT MAX(n) FROM x",
    "WITH open AS (SELECT phone AS a FROM s.other) SELECT MAX(a) FROM open",
    "WITH t AS (SELECT pay AS id FROM t) SELECT MAX(id) FROM t",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) FROM r",
    "SELECT MAX(o.phone) FROM {object} JOIN s.other o ON o.code = id",
    "SELECT MAX(phone) FROM {object} JOIN s.other ON code = id",
    "SELECT COUNT(*) FROM {object} JOIN s.other o ON o.phone = id",
    "SELECT COUNT(*) FROM {object} t JOIN (SELECT phone AS code FROM s.other) o ON o.code = t.id",
    "SELECT COUNT(*) FROM {object} JOIN s.other USING (phone)",
    "SELECT COUNT(*) FROM {object} JOIN s.other USING (nothing)",
    "SELECT COUNT(*) FROM {object} NATURAL JOIN s.other",
    "SELECT COUNT(*) FROM {object} WHERE EXISTS (SELECT 1 FROM s.other WHERE phone = id)",
    "SELECT COUNT(*) FROM {object} WHERE id IN (SELECT phone FROM s.other)",
    "SELECT (SELECT MAX(phone) FROM s.other) FROM {object}",
    "SELECT MAX(n) FROM {object} LATERAL VIEW EXPLODE(SPLIT(email, ',')) x AS n",
    "SELECT MAX(n) FROM {object}, LATERAL (SELECT pay AS n) x",
    "SELECT MAX(col1) FROM VALUES (1)",
    "SELECT MAX(id) FROM RANGE(3)",
    "SELECT MAX(email.name) FROM {object}",
    "SELECT MAX(STRUCT(t)) FROM {object} t",
    "SELECT MAX(IDENTIFIER('email')) FROM {object}",
    "SELECT MAX(id) FROM {object} PIVOT (SUM(pay) FOR kind IN ('a'))",
    "SELECT MAX(id) FROM ({object} JOIN s.other ON phone = id)",
    "SELECT FROM WHERE",
    "SELECT 1; SELECT 2",
    "DESCRIBE s.t",
    "",
]


@pytest.mark.parametrize("sql", OPEN)
def test_a_query_that_reads_open_columns_alone_is_open(protection, sql):
    assert not protection.hides_sql(sql)


@pytest.mark.parametrize("sql", HIDDEN)
def test_a_query_is_hidden_that_reads_a_hidden_column_anywhere_or_cannot_be_followed(protection, sql):
    assert protection.hides_sql(sql)


@pytest.mark.parametrize(
    ("expression", "table", "hidden"),
    [
        ("id > 1", "{object}", False),
        ("ID > 1 AND Kind = 'email'", "{object}", False),
        ("LENGTH(EMail) > 1", "{object}", True),
        ("COUNT(*)", "{object}", False),
        ("SUM(pay)", "{object}", True),
        ("SUM(code)", "s.other", False),
        ("phone = 1", "s.other", True),
        ("id = 1", "s.other", True),
        ("id >", "{object}", True),
    ],
)
def test_an_expression_reads_the_columns_of_its_table(protection, expression, table, hidden):
    assert protection.hides_sql(expression, table) is hidden


def test_what_does_not_say_whose_values_it_shows_is_hidden(make):
    protection = Protection(make.open_table("s.t", {"a int": []}))
    assert protection.hides_example(ExampleColumn("number", "1"))
    assert protection.hides_example(ExampleColumn("a", "a", columns=("a", "b")))
    assert protection.hides_example(ExampleColumn("a", "a", columns=("a",), others=(("s.o", "a"),)))
    assert protection.hides_example(ExampleColumn("a", "a", columns=("a",), sql=("SELECT b FROM {object}",)))
    assert not protection.hides_example(ExampleColumn("a", "a", columns=("a",), sql=("SELECT a FROM {object}",)))
    assert not protection.hides_example(show_count("rows", "COUNT(*)"))
