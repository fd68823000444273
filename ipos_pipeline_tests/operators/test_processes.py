"""The commands as real processes: exit codes, one JSON document, no stack traces, real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import simplejson

from ipos_pipeline_tests.pipeline.processes import command, simulated

DAY = date(2026, 11, 20)
CHOSEN = ["--location", "DXB01", "--day", "2026-11-20", "--reason", "wrong customer"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Simulators with a day of which one shop's sales are posted."""
    with simulated(tmp_path_factory.mktemp("world"), [DAY], invoices_per_location=2) as made:
        posted = command(
            ["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "DXB01"], made
        )
        assert posted.returncode == 0, posted.stderr
        yield made


def test_a_shops_day_is_withdrawn_reposted_and_posted_again(environment: dict[str, str]) -> None:
    unasked = command(["ipos-pipeline", "withdraw", *CHOSEN], environment)
    assert unasked.returncode == 2
    assert "Traceback" not in unasked.stderr

    for name in ("withdraw", "repost"):
        done = command(["ipos-pipeline", name, *CHOSEN, "--yes", "--json"], environment)
        assert done.returncode == 0, done.stderr
        documents = simplejson.loads(done.stdout)["documents"]
        assert documents
        assert all(one["done"] for one in documents)
    posted = command(
        ["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "DXB01"], environment
    )
    assert posted.returncode == 0, posted.stderr

    standing = command(["ipos-pipeline", "status", "--location", "DXB01", "--json"], environment)
    (here,) = simplejson.loads(standing.stdout)["locations"]
    assert (here["open_errors"], here["oldest_unposted"]) == (0, None)


def test_wrong_use_is_one_sentence_and_exit_code_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for arguments in (["errors", "retry", "--yes"], ["withdraw", "--reason", "x", "--yes"]):
        answer = command(["ipos-pipeline", *arguments], environment, cwd=tmp_path)
        assert answer.returncode == 2
        assert "Nothing is selected" in answer.stderr
        assert "Traceback" not in answer.stderr
        assert answer.stdout == ""
