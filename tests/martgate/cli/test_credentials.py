"""No password, token or control character reaches a terminal."""

import json

import pytest

from martgate.cli.main import call
from martgate.credentials import hide_credentials
from martgate.errors import CouldNotRun, InvalidInput, Problem

SECRET = "s3cretValue"
PLACES = [
    f"postgresql+psycopg://ada:{SECRET}@db:5432/ledger",
    f"postgresql://ada:a@b/{SECRET}?c@db/ledger",
    f"https://{SECRET}@host/lineage",
    f"postgresql://ada@db/ledger?password={SECRET}",
    f"postgresql://ada@db/ledger?sslmode=require&sslpassword={SECRET}",
    f"https://host/x?api_key={SECRET}&a=1",
    f"abfss://lake@account.dfs.core.windows.net/x?sv=2022&sig={SECRET}",
    f"jdbc:databricks://host:443;PWD={SECRET};a=1",
    f"host=db password={SECRET} user=ada",
    f"password='{SECRET} x' user=ada",
    f"AWS_SECRET_ACCESS_KEY={SECRET}",
    f'{{"aws_session_token": "{SECRET}"}}',
    f"Authorization: Bearer {SECRET}",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_hidden_wherever_it_stands_and_in_every_error(place):
    texts = [hide_credentials(place), str(CouldNotRun(place)), str(InvalidInput(place))]
    texts += [str(Problem(file=place, message=place, hint=place))]
    for text in texts:
        assert SECRET not in text
        assert "***" in text


@pytest.mark.parametrize(
    "token", ["AKIA" + "ABCD" * 4, "dapi" + "0a" * 16, "ghp_" + "a1" * 18, "eyJhbGciOiJI.eyJzdWIiOiIx.abc"]
)
def test_a_token_is_known_by_its_form(token):
    assert token not in hide_credentials(f"cannot read with {token}")


@pytest.mark.parametrize(
    "text",
    ["s3://bucket/lake", "sqlite:////out/ledger.db", "schema[0].properties[3].token: found 1", "catalog://main",
     "postgresql://ada@db/x", "abfss://lake@account.dfs.core.windows.net/x", "password: a column"],
)  # fmt: skip
def test_other_texts_stay_as_they_are(text):
    assert hide_credentials(text) == text


@pytest.mark.parametrize("as_json", [False, True])
def test_config_hides_the_credentials_of_every_place(tmp_path, monkeypatch, capsys, as_json):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "martgate.toml").write_text(
        f'ledger = "postgresql://ada:{SECRET}@db/x"\nwarehouse = "s3://k:{SECRET}@bucket/lake?token={SECRET}"\n'
        f'[upstreams]\nroot = "s3://k:{SECRET}@bucket/in"\n"shop.orders" = "https://{SECRET}@host/orders"\n'
    )
    monkeypatch.chdir(tmp_path)
    assert call(["config", *(["--json"] if as_json else [])]) == 0
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert "postgresql://ada:***@db/x" in out
    if as_json:
        json.loads(out)


def test_control_characters_of_a_name_are_escaped_on_stderr(tmp_path, monkeypatch, capsys):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "martgate.toml").write_text("")
    models = tmp_path / "builders" / "models"
    models.mkdir(parents=True)
    (models / "a\x1b[2J\u202eb.sql").write_text("SELECT \x1b[31m FROM")
    monkeypatch.chdir(tmp_path)
    assert call(["run", "a\x1b[2J\u202eb", "--date", "2024-01-01"]) == 2
    out, err = capsys.readouterr()
    assert err
    assert not {"\x1b", "\u202e"} & set(out + err)
