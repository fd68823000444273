"""How measured rows are shown, and what `python -m benchmarks` makes of them."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks.report import figure_in_words, run_alone, shown
from benchmarks.rows import Row

GOOD = Row("good", "a share", 0.97, "of ideal", least=0.95)
BAD = Row("bad", "a time", 12.0, "s", most=10)


def recorded(rows: list[Row]) -> tuple[bool, str]:
    """Show rows; give what was told and printed."""
    text = StringIO()
    return shown(Console(file=text, width=120), rows), text.getvalue()


@pytest.mark.parametrize(
    ("figure", "words"),
    [(12345.6, "12,346"), (3.0, "3"), (2.468, "2.47"), (0.01234, "0.0123"), (0.0, "0")],
)
def test_a_figure_has_the_digits_that_say_something(figure: float, words: str) -> None:
    assert figure_in_words(figure) == words


def test_a_missed_limit_is_named_below_the_table() -> None:
    is_good, text = recorded([GOOD, BAD])

    assert not is_good
    assert "missed: bad, a time: 12 s, limit <= 10" in text
    assert "missed: good" not in text


def test_nothing_measured_is_an_empty_table() -> None:
    """All benchmarks may have failed."""
    assert recorded([])[0]


def test_a_benchmark_that_runs_alone_ends_with_1_where_a_limit_is_missed() -> None:
    assert run_alone(lambda _: [GOOD]) == 0
    assert run_alone(lambda _: [GOOD, BAD]) == 1


def test_every_module_that_measures_is_in_the_list() -> None:
    """A benchmark that nobody runs says nothing."""
    modules = {
        path.stem
        for path in Path(command.__file__).parent.glob("*.py")
        if "\ndef measure(" in path.read_text()
    }
    assert modules == {*command.ALL, *command.ON_REQUEST}


def benchmark(name: str, rows: list[Row] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a benchmark have these rows; None: it fails."""

    def measure(_console: Console) -> list[Row]:
        if rows is None:
            message = "no such server"
            raise RuntimeError(message)
        return rows

    module = ModuleType(f"benchmarks.{name}")
    module.measure = measure  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)


def test_the_command_writes_figures_limits_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark("posting", [GOOD], monkeypatch)
    file = tmp_path / "figures.json"

    assert command.main(["--only", "posting", "--json", str(file)]) == 0

    written = json.loads(file.read_text())
    (row,) = written["rows"]
    assert (row["figure"], row["least"], row["most"], row["is_kept"]) == (0.97, 0.95, None, True)
    assert written["machine"]["cores"] > 0
    assert written["machine"]["python"]
    assert written["failed"] == {}


def test_a_benchmark_that_fails_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others took half an hour."""
    benchmark("posting", None, monkeypatch)
    benchmark("stages", [GOOD], monkeypatch)
    file = tmp_path / "figures.json"

    assert command.main(["--only", "posting", "stages", "--json", str(file)]) == 1

    assert "failed: posting: RuntimeError: no such server" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert [row["benchmark"] for row in written["rows"]] == ["good"]
    assert list(written["failed"]) == ["posting"]


def test_an_unknown_name_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--only", "postings"])
    assert ended.value.code == 2
    assert "postings" in capsys.readouterr().err
