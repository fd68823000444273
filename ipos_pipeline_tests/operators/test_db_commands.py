"""`ipos-pipeline db`: what it prints, with which exit code, and that it needs no NetSuite."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from ipos_pipeline.cli.main import run
from ipos_pipeline.ledger.store import SCHEMA_VERSION, LedgerStore
from ipos_pipeline_tests.builders import KEY, NOON, posting_entry, source_document
from ipos_pipeline_tests.operators.conftest import Answer
from ipos_pipeline_tests.repository_text import environment_of_example

Db = Callable[..., Answer]


@pytest.fixture
def db(ledger_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Db:
    """Run a command in an environment that names the ledger and nothing else."""
    for name in environment_of_example(with_optional=True):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPOS_PIPELINE_LEDGER_URL", ledger_url)

    def execute(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run(["db", *arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return execute


@pytest.fixture
def statement(ledger_url: str) -> Callable[[str], None]:
    """Do something to the database by hand."""

    def execute(sql: str) -> None:
        engine = sqlalchemy.create_engine(ledger_url)
        with engine.begin() as connection:
            connection.exec_driver_sql(sql)
        engine.dispose()

    return execute


def findings(answer: Answer) -> dict[str, Any]:
    return {one["dependency"]: one for one in json.loads(answer.out)["findings"]}


def test_an_upgrade_says_what_it_did_and_can_be_repeated(db: Db) -> None:
    first, second = db("upgrade"), db("upgrade", "--json")

    assert (first.code, second.code) == (0, 0)
    assert f"The ledger is new: version {SCHEMA_VERSION}." in first.err
    assert second.json == {"before": SCHEMA_VERSION, "version": SCHEMA_VERSION}


def test_a_ledger_in_order_is_green_in_each_line(db: Db) -> None:
    db("upgrade")

    answer = db("check", "--json")

    assert answer.code == 0
    assert [one["verdict"] for one in findings(answer).values()] == ["ok"] * 5
    assert "5 ok." in db("check").err


def test_a_ledger_that_is_not_there_yet_is_no_failure(db: Db) -> None:
    seen = findings(db("check", "--json"))

    assert {seen[name]["verdict"] for name in ("tables", "rules")} == {"not tried"}
    assert db("check").code == 0


def break_rules(ledger_url: str) -> None:
    ledger = LedgerStore.open(ledger_url)
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        work.entries.plan([posting_entry(status="posted", internal_id=None)], at=NOON)
    ledger.close()


@pytest.mark.parametrize(
    ("damage", "line", "told"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "version", "at least as new"),
        ("DROP INDEX ix_posting_entry_document_key", "tables", "ix_posting_entry_document_key"),
        ("ALTER TABLE mail DROP COLUMN problem", "tables", "mail.problem"),
    ],
)
def test_what_somebody_changed_by_hand_is_a_red_line_with_what_to_do(
    db: Db, statement: Callable[[str], None], damage: str, line: str, told: str
) -> None:
    db("upgrade")
    statement(damage)

    answer = db("check", "--json")

    assert answer.code == 1
    seen = findings(answer)[line]
    assert seen["verdict"] == "failed"
    assert told in seen["message"] + seen["advice"]
    assert seen["advice"]


def test_a_row_that_breaks_a_rule_is_named(db: Db, ledger_url: str) -> None:
    break_rules(ledger_url)

    answer = db("check", "--json")

    assert answer.code == 1
    seen = findings(answer)["rules"]
    assert f"{KEY}-CS" in seen["message"]
    assert "NetSuite's internal ID" in seen["message"]


def test_a_damaged_file_is_told_and_the_other_lines_are_there(
    db: Db, sqlite_url: str, ledger_url: str
) -> None:
    if ledger_url != sqlite_url:
        pytest.skip("PostgreSQL's files are its own business")
    db("upgrade")
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(file.read_bytes())
    content[-4096:] = b"\xff" * 4096  # the page of an index
    file.write_bytes(content)

    answer = db("check", "--json")

    assert answer.code == 1
    seen = findings(answer)
    assert seen["database"]["verdict"] == "failed"
    assert "db restore" in seen["database"]["advice"]
    assert seen["room"]["verdict"] == "ok"


@pytest.mark.usefixtures("postgres_programs")
def test_a_backup_and_a_restore_say_what_is_in_them_and_what_comes_next(
    db: Db, ledger_url: str, tmp_path: Path
) -> None:
    ledger = LedgerStore.open(ledger_url)
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        work.entries.plan([posting_entry()], at=NOON)
    ledger.close()
    file = str(tmp_path / "ledger.backup")

    made, again = db("backup", file), db("backup", file)
    unasked = db("restore", file)
    put = db("restore", file, "--replace", "--yes")

    said = " ".join(made.err.split())
    assert (made.code, again.code, unasked.code, put.code) == (0, 2, 2, 0)
    assert f"version {SCHEMA_VERSION}, 1 documents, the newest entry of 2026-11-20" in said
    assert "There is a file" in again.err
    assert "is not empty" in " ".join(unasked.err.split())
    assert "Next: ipos-pipeline rebuild-ledger --from 2026-11-20" in " ".join(put.err.split())
    assert db("check").code == 0


def test_nobody_is_asked_where_there_is_no_terminal(db: Db, tmp_path: Path) -> None:
    answer = db("restore", str(tmp_path / "ledger.backup"), "--replace")

    assert answer.code == 2
    assert "--yes" in answer.err
