"""`tokencross lock`: what it writes, what it says, and when it writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from tests.tables import api, hosted, row, write_tables
from typer.testing import CliRunner, Result

from tokencross.checks.lock_file import read_lock
from tokencross.cli_lock import lock
from tokencross.locking import check_lock

SCENARIO = """\
name: bought or built
as_of: 2026-11-21
pricing: tables
workload: {input_tokens: 1000, output_tokens: 1000}
tokens_per_month: 2.0e+9
options:
  - {label: big, api: acme/big}
  - {label: tiny, api: acme/tiny, engineering: [{label: team, upkeep_usd_per_month: 10800}]}
"""
ONE, TWO = Path("one.yaml"), Path("two.yaml")
LOCK = Path("tokencross.lock")


def run(*arguments: object) -> Result:
    """Return what the command did."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(lock)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def tables(output_usd_per_mtok: float) -> None:
    """Write tables with a price of the big model's output."""
    big = row("2026-01-01", input_usd_per_mtok=4.0, output_usd_per_mtok=output_usd_per_mtok)
    tiny = row("2026-01-01", input_usd_per_mtok=0.4, output_usd_per_mtok=2.0)
    write_tables(Path("tables"), api(hosted("big", big), hosted("tiny", tiny)))


@pytest.fixture(autouse=True)
def _two_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with tables and two scenarios."""
    monkeypatch.chdir(tmp_path)
    tables(20.0)
    for path in (ONE, TWO):
        path.write_text(SCENARIO, encoding="utf-8")


def test_studies_are_locked_and_checked() -> None:
    result = run(ONE, TWO)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "one.yaml: new\ntwo.yaml: new\n", "")
    assert [outcome.passed for outcome in check_lock(LOCK)] == [True, True]
    assert LOCK.stat().st_mode & 0o777 == 0o644


def test_those_named_are_written_and_the_others_stay() -> None:
    run(ONE, TWO)
    tables(24.0)
    two = read_lock(LOCK).studies["two.yaml"]
    result = run(ONE)
    first, *lines = result.stdout.splitlines()
    assert first == "one.yaml: changed"
    assert "  monthly cost at 2B tokens/month: big 24,000 USD → 28,000 USD" in lines
    assert any("acme/big output price 20 → 24 USD/Mtok" in line for line in lines)
    after = read_lock(LOCK).studies
    assert after["two.yaml"] == two
    assert after["one.yaml"].costs_here_usd_per_month["big"] == 28_000.0
    assert [outcome.passed for outcome in check_lock(LOCK)] == [True, False]


def test_what_is_as_before_is_said_and_leaves_the_file_alone() -> None:
    run(ONE)
    before = LOCK.stat()
    result = run(ONE)
    assert result.stdout == "one.yaml: as before\n"
    after = LOCK.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_anew_holds_those_named_only() -> None:
    run(ONE, TWO)
    result = run(TWO, "--anew")
    assert result.stdout == "two.yaml: as before\none.yaml: removed\n"
    assert list(read_lock(LOCK).studies) == ["two.yaml"]


def test_a_damaged_lock_is_kept_unless_written_anew() -> None:
    run(ONE, TWO)
    text = LOCK.read_text(encoding="utf-8").replace("studies:\n", "<<<<<<< HEAD\nstudies:\n")
    LOCK.write_text(text, encoding="utf-8")
    result = run(ONE)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "tokencross.lock:6",
        "  found a merge conflict (<<<<<<< HEAD); accepted: a lock as `tokencross lock` writes it.",
        "  Write it anew, once the scenarios are merged: tokencross lock SCENARIO… --anew",
    ]
    assert LOCK.read_text(encoding="utf-8") == text
    assert run(ONE, TWO, "--anew").stdout == "one.yaml: new\ntwo.yaml: new\n"


def test_a_mistake_in_any_scenario_writes_nothing() -> None:
    run(ONE)
    before = LOCK.read_bytes()
    TWO.write_text(SCENARIO.replace("acme/tiny", "acme/teeny"), encoding="utf-8")
    ONE.write_text(SCENARIO.replace("10800", "9000"), encoding="utf-8")
    result = run(ONE, TWO)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("two.yaml:8: options[1]")
    assert LOCK.read_bytes() == before
    assert sorted(Path().glob(".*")) == []  # no temporary file is left


def test_another_place_has_paths_from_there() -> None:
    Path("locks").mkdir()
    place = Path("locks") / "own.lock"
    assert run(ONE, "--output", place).stdout == "../one.yaml: new\n"
    (outcome,) = check_lock(place)
    assert outcome.passed
    ONE.write_text(SCENARIO.replace("10800", "9000"), encoding="utf-8")
    (outcome,) = check_lock(place)
    assert outcome.lines[-1] == "If that is meant: tokencross lock one.yaml --output locks/own.lock"
    assert run("one.yaml", "--output", "locks/own.lock").exit_code == 0
    assert list(read_lock(place).studies) == ["../one.yaml"]


def test_places_that_cannot_be_written_are_one_message() -> None:
    assert run(ONE, "--output", "nowhere/x.lock").stderr.splitlines() == [
        "nowhere/x.lock",
        "  found a folder that does not exist; accepted: an existing folder.",
    ]
    assert run(ONE, "--output", TWO, "--anew").stderr.splitlines() == [
        "two.yaml",
        "  found a file that is no lock; accepted: a lock, such as tokencross.lock.",
    ]
    assert TWO.read_text(encoding="utf-8") == SCENARIO
    result = run(ONE, "--output", "tables")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "tables")
    assert run().exit_code == 2
