"""What is coming: which days count, breakevens before and after each of them, ends of models, and the command."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from rich.console import Console
from tests.tables import api, hosted, price_book, row
from typer.testing import CliRunner, Result

import tokencross as tc
from tokencross.cli_upcoming import upcoming as command
from tokencross.costs.breakeven import Breakeven
from tokencross.errors import ScenarioError
from tokencross.options.base import CostOption
from tokencross.show.upcoming_text import upcoming_data, upcoming_text
from tokencross.studies.announced import announced_changes
from tokencross.studies.compare import Comparison
from tokencross.studies.on_day import on_day
from tokencross.studies.upcoming import Shift, Upcoming, upcoming

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000)
OWN = tc.CostCurve.fixed(4_500) + tc.CostCurve.per_mtok(1.0)
NOW = row("2024-01-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0)


def to_come(day: str, usd_per_mtok: float) -> dict[str, Any]:
    """An announced price, of input and output alike."""
    figures = {"input_usd_per_mtok": usd_per_mtok, "output_usd_per_mtok": usd_per_mtok}
    return row(day, **figures) | {"status": "announced", "basis": "announced"}


def known(day: str, usd_per_mtok: float) -> dict[str, Any]:
    """A price that has come, of input and output alike."""
    return row(day, input_usd_per_mtok=usd_per_mtok, output_usd_per_mtok=usd_per_mtok)


def gone(day: str, **keys: Any) -> dict[str, Any]:
    """A retirement."""
    return {"retires_on": date.fromisoformat(day), "via": "acme@1.0", "checked": date(2026, 11, 21), **keys}


def studied(
    tmp_path: Path, *rows: dict[str, Any], as_of: str = "2026-11-21", here: float | None = None, **keys: Any
) -> Comparison:
    """An API at 10 USD/Mtok with what is to come, against 4,500 USD a month and 1 USD/Mtok."""
    tables = price_book(tmp_path / "tables", api(hosted("big", NOW, *rows, **keys)), as_of=as_of)
    options: list[CostOption] = [tables.api("acme/big", label="API"), tc.Option("own", OWN)]
    return tc.Study(options, workload=WORKLOAD, tokens_per_month=here).comparison


def first_and_robust(found: Upcoming) -> list[tuple[float, float, float, float]]:
    """The breakevens of the only challenger by day: first before and after, robust before and after."""
    frame = found.frame()
    names = [f"{which}_tokens_per_month_{when}" for which in ("first", "robust") for when in ("before", "after")]
    return [tuple(float(value) for value in values) for values in frame[names].to_numpy()]  # type: ignore[misc]


def printed(found: Upcoming, *, width: int = 400) -> str:
    """What is printed, with every run of spaces as one."""
    console = Console(width=width, file=io.StringIO(), highlight=False, markup=False)
    console.print(upcoming_text(found))
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\s+", " ", console.file.getvalue())


# ---------------------------------------------------------------------- which days


def test_the_breakevens_before_and_after_are_cumulative(tmp_path: Path) -> None:
    found = upcoming(studied(tmp_path, to_come("2026-12-01", 19.0), to_come("2027-01-01", 4.0)))
    assert (found.counted_from, found.days, found.until) == (date(2026, 11, 21), 90, date(2027, 2, 19))
    assert [(step.on, step.in_days) for step in found.steps] == [(date(2026, 12, 1), 10), (date(2027, 1, 1), 41)]
    # 4,500 USD over 10 - 1, 19 - 1 and 4 - 1 USD/Mtok; each price is above 1 USD/Mtok, so the first is for good
    pairs = [(500e6, 250e6), (250e6, 1_500e6)]
    np.testing.assert_allclose(first_and_robust(found), [(*pair, *pair) for pair in pairs], rtol=1e-12)
    one, two = (step.changes[0] for step in found.steps)
    assert one.words == "API: acme/big input 10 → 19 USD/Mtok, output 10 → 19 USD/Mtok"
    assert two.words == "API: acme/big input 19 → 4 USD/Mtok, output 19 → 4 USD/Mtok"
    assert (one.announced, one.status) == (True, "announced")
    assert re.search(r"tables/api/acme\.yaml:\d+ \(acme@1\.0\)$", one.sources[0])


@pytest.mark.parametrize(("days", "count"), [(9, 0), (10, 1), (11, 1), (40, 1), (41, 2), (10**12, 2)])
def test_the_last_day_is_included_and_huge_horizons_end_with_the_calendar(
    tmp_path: Path, days: int, count: int
) -> None:
    study = studied(tmp_path, to_come("2026-12-01", 19.0), to_come("2027-01-01", 4.0))  # in 10 and in 41 days
    found = upcoming(study, days)
    assert len(found.steps) == count
    assert (found.beyond is None) == (count == 2)
    assert found.until == (date.max if days > 10**9 else date.fromordinal(date(2026, 11, 21).toordinal() + days))


def test_a_change_on_the_studys_own_date_is_in_force_and_does_not_come(tmp_path: Path) -> None:
    found = upcoming(studied(tmp_path, known("2026-11-21", 19.0), to_come("2026-11-22", 4.0)), 1)
    ((before, after, _, _),) = first_and_robust(found)
    assert before == pytest.approx(250e6)
    assert after == pytest.approx(1_500e6)
    assert [step.in_days for step in found.steps] == [1]


@pytest.mark.parametrize("days", [0, -3, True, 90.0, "90", None])
def test_days_are_whole_and_from_one_on(tmp_path: Path, days: Any) -> None:
    with pytest.raises(ScenarioError, match=re.escape(f"days\n  found {days!r}; accepted: a whole number of days fro")):
        upcoming(studied(tmp_path), days)


def test_a_study_without_tables_has_no_date_to_count_from() -> None:
    plain = tc.Study([tc.Option("A", tc.CostCurve.per_mtok(6)), tc.Option("B", OWN)], workload=WORKLOAD).comparison
    with pytest.raises(ScenarioError, match="without dated prices"):
        upcoming(plain)


def test_nothing_within_the_days_names_the_next(tmp_path: Path) -> None:
    found = upcoming(studied(tmp_path, to_come("2027-06-01", 19.0)), 90)
    assert (found.steps, repr(found)) == ((), "<Upcoming 90 days after 2026-11-21: nothing>")
    assert printed(found).startswith(
        "Nothing is known to move this study within 90 days of 2026-11-21, through 2027-02-19. The next is on "
        "2027-06-01, in 192 days: API: acme/big input 10 → 19 USD/Mtok, output 10 → 19 USD/Mtok (announced)."
    )
    assert found.frame().empty
    assert "None is known after that either." in printed(upcoming(studied(tmp_path)))


# ---------------------------------------------------------------------- what changes


def test_two_changes_on_one_day_are_one_step(tmp_path: Path) -> None:
    models = api(hosted("big", NOW, to_come("2027-01-01", 19.0)), hosted("small", NOW, to_come("2027-01-01", 13.0)))
    tables = price_book(tmp_path / "tables", models)
    hosted_ones = [tables.api(f"acme/{name}", label=name) for name in ("big", "small")]
    options: list[CostOption] = [*hosted_ones, tc.Option("own", OWN)]
    (step,) = upcoming(tc.Study(options, workload=WORKLOAD).comparison).steps
    assert [change.label for change in step.changes] == ["big", "small"]
    small, own = step.shifts
    # the same price is a tie; at 13 against 19 USD/Mtok it wins from the first token
    assert small.before is not None
    assert small.after is not None
    assert (small.before.first, small.after.first, small.moved) == (None, 0.0, True)
    assert own.after is not None
    assert own.after.first == pytest.approx(250e6)


def test_a_step_through_never_is_said(tmp_path: Path) -> None:
    found = upcoming(studied(tmp_path, to_come("2026-12-01", 0.5), to_come("2027-01-01", 19.0)))
    nan = math.nan
    expected = [(500e6, nan, 500e6, nan), (nan, 250e6, nan, 250e6)]
    np.testing.assert_allclose(first_and_robust(found), expected)
    assert repr(found) == (
        "<Upcoming 90 days after 2026-11-21: 2 dates, breakeven against API: own 500M → never → 250M>"
    )
    text = printed(found)
    assert "own 500M → never 500M → never" in text
    assert "own never → 250M never → 250M" in text
    (reason,) = [why for why in found.frame()["reason"] if why]
    assert f"own: {reason}" in text
    assert not text.count("..")


def test_a_robust_breakeven_that_moves_alone_is_a_move() -> None:
    def shift(robust: float | None) -> Shift:
        return Shift("own", Breakeven(1e9, 2e9), Breakeven(1e9, robust))

    assert [shift(robust).moved for robust in (2e9, 2e9 * (1 + 1e-12), 3e9, None)] == [False, False, True, True]


def test_a_price_that_moves_no_breakeven_is_shown_as_such(tmp_path: Path) -> None:
    models = api(hosted("big", NOW), hosted("aside", NOW, to_come("2027-01-01", 19.0)))
    tables = price_book(tmp_path / "tables", models)
    aside = tables.api("acme/aside", label="aside")
    options: list[CostOption] = [tables.api("acme/big", label="API"), tc.Option("own", OWN), aside]
    study = tc.Study(options, workload=WORKLOAD, reference=["aside"]).comparison
    found = upcoming(study)
    assert not any(shift.moved for shift in found.steps[0].shifts)  # a tie before, dearer after: never both times
    text = printed(found)
    assert "No breakeven moves." in text
    assert "own 500M 500M aside (reference) never never" in text


def test_a_row_that_repeats_the_price_and_announced_rows_left_out_are_none(tmp_path: Path) -> None:
    assert upcoming(studied(tmp_path / "same", to_come("2027-01-01", 10.0))).steps == ()
    tables = price_book(tmp_path / "out", api(hosted("big", NOW, to_come("2027-01-01", 19.0))), announced=False)
    study = tc.Study([tables.api("acme/big", label="API"), tc.Option("own", OWN)], workload=WORKLOAD)
    found = upcoming(study.comparison)
    assert (found.steps, found.beyond) == ((), None)
    assert "Announced prices are left out, as the study says." in found.notes


def test_a_retirement_ends_the_option_and_its_breakeven(tmp_path: Path) -> None:
    end = gone("2026-12-01", basis="announced", successor="acme/bigger")
    found = upcoming(studied(tmp_path, to_come("2027-01-01", 19.0), retirement=end))
    (step,) = found.steps  # a retired model has no later prices
    (change,) = step.changes
    assert (step.on, change.kind, change.announced) == (date(2026, 12, 1), "ends", True)
    assert change.words == "API ends: acme/big retires; its vendor names acme/bigger instead"
    assert change.citations[0].effective_from == date(2026, 12, 1)
    (shift,) = step.shifts
    assert (shift.after, shift.moved, found.why_none(step, shift)) == (None, True, "API has ended")
    text = printed(found)
    assert "on 2026-12-01. API ends. No breakeven against API remains." in text
    assert "own 500M → gone 500M → gone" in text
    assert found.frame()["reason"].tolist() == ["API has ended"]


def test_a_price_that_ends_without_another_ends_the_option_until_it_is_sold_again(tmp_path: Path) -> None:
    last = row("2026-06-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0, effective_to=date(2026, 12, 1))
    found = upcoming(studied(tmp_path, last, to_come("2027-01-01", 19.0)))
    ended, again = (step.changes[0] for step in found.steps)
    assert (ended.kind, again.kind) == ("ends", "begins")
    assert ended.words.startswith("API ends: when no price is known (a date from 2026-06-01 to before 2026-12-01")
    np.testing.assert_allclose(first_and_robust(found)[1], [math.nan, 250e6, math.nan, 250e6])


def test_the_end_of_a_part_ends_the_whole(tmp_path: Path) -> None:
    end = gone("2026-12-01", basis="announced")
    tables = price_book(tmp_path / "tables", api(hosted("big", NOW), hosted("part", NOW, retirement=end)))
    whole = tc.Split([(tables.api("acme/big", label="one"), 0.5), (tables.api("acme/part", label="two"), 0.5)])
    study = tc.Study([whole, tc.Option("own", OWN)], workload=WORKLOAD).comparison
    (step,) = upcoming(study).steps
    assert step.changes[0].words == f"{whole.label} ends: acme/part retires"


def test_a_tuned_model_that_is_no_longer_trained_ends() -> None:
    """pricing/tuning/openai.yaml: no new training from 2027-01-06 on."""
    found = upcoming(tc.load_study(SCENARIOS / "mixed.yaml").comparison)
    (change,) = found.steps[0].changes
    assert (str(found.steps[0].on), change.kind, change.announced) == ("2027-01-06", "ends", True)
    assert change.words == "tuned small ends: openai/gpt-4.1-mini-supervised can no longer be trained"
    assert change.citations[0].location.startswith("pricing/tuning/openai.yaml:")
    assert "tuned small: its base openai/gpt-4.1-mini retires on 2027-01-14." in found.notes
    assert "tuned small ends. No other breakeven moves." in printed(found)


def test_later_prices_of_a_study_that_looks_back_are_known_not_announced() -> None:
    """pricing/compute/lambda.yaml and pricing/api/openai.yaml, seen from 2024-06-01."""
    study = tc.load_study(SCENARIOS / "article-2024.yaml").comparison
    found = upcoming(study, 365)
    assert [(str(step.on), step.changes[0].status) for step in found.steps] == [
        ("2024-09-05", "later in the tables"),
        ("2024-11-04", "later in the tables"),
    ]
    assert found.beyond is not None
    same = on_day(study, date(2024, 11, 4)).breakeven("Llama 70B, self-hosted")
    for shift in found.steps[-1].shifts:
        if shift.challenger == "Llama 70B, self-hosted":
            assert shift.after is not None
            assert shift.after.first == pytest.approx(same.first)
            assert shift.after.robust == pytest.approx(same.robust)


@pytest.mark.parametrize("name", ["nightly-documents.yaml", "waiting.yaml", "article-2024.yaml"])
def test_the_days_are_those_of_the_announced_changes(name: str) -> None:
    study = tc.load_study(SCENARIOS / name).comparison
    found = upcoming(study, 365)
    known_ones = {change.on for change in announced_changes(study) if change.on <= found.until}
    assert [step.on for step in found.steps] == sorted(known_ones)
    assert known_ones


def test_what_has_to_be_said(tmp_path: Path) -> None:
    promised = row("2026-02-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0, promised_until=date(2026, 12, 31))
    open_end = upcoming(studied(tmp_path / "open", promised))
    assert open_end.notes == (
        "API: its vendor has promised this price through 2026-12-31 only; what follows is not known.",
    )
    assert upcoming(studied(tmp_path / "known", promised, to_come("2027-01-01", 19.0))).notes == ()
    late = upcoming(studied(tmp_path / "late", as_of="2026-12-05"))
    assert late.notes == ("The tables are of 2026-11-21: what became known after that day is not in them.",)
    tables = price_book(tmp_path / "two", api(hosted("big", NOW), hosted("old", NOW, known("2026-06-01", 8.0))))
    old = tc.load_prices(tmp_path / "two", as_of="2026-01-01")
    options = [tables.api("acme/big", label="API"), old.api("acme/old", label="old")]
    mixed = upcoming(tc.Study(options, workload=WORKLOAD).comparison)
    assert (mixed.counted_from, mixed.steps) == (date(2026, 11, 21), ())
    assert mixed.notes == ("old: its prices are those of 2026-01-01; what comes is held against them.",)


def test_uncertain_numbers_count_at_their_medians(tmp_path: Path) -> None:
    study = tc.Study(studied(tmp_path, to_come("2027-01-01", 19.0)).options, workload=WORKLOAD).replace(
        {"prices:acme/big.output_usd_per_mtok": np.array([10.0, 12.0, 14.0])}
    )
    found = upcoming(study.comparison)
    (before, after, _, _), *others = first_and_robust(found)
    assert others == []
    # 10 * 0.75 + 12 * 0.25 = 10.5 USD/Mtok; then 19 * 0.75 + 12 * 0.25, what was replaced staying as it is
    assert before == pytest.approx(4_500 / 9.5e-6)
    assert after == pytest.approx(4_500 / (19 * 0.75 + 3.0 - 1.0) * 1e6)


# ---------------------------------------------------------------------- as text and as data


def test_the_bills_where_you_are(tmp_path: Path) -> None:
    text = printed(upcoming(studied(tmp_path, to_come("2027-01-01", 19.0), here=400e6)))
    # 400 Mtok at 10 and at 19 USD; own is 4,500 + 400 = 4,900 USD
    assert "At your 400M tokens/month: API 4,000 USD → 7,600 USD a month; the cheapest API → own." in text


@pytest.mark.parametrize("width", [80, 120, 160])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int) -> None:
    found = upcoming(tc.load_study(SCENARIOS / "nightly-documents.yaml").comparison)
    console = Console(width=width, file=io.StringIO(), highlight=False, markup=False)
    console.print(upcoming_text(found))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(len(line) for line in lines) <= width
    flat = re.sub(r"\s+", " ", " ".join(lines))
    for part in ("self-hosted 23.5B → 11.8B 28B → 11.8B", "pricing/api/google.yaml:", "in 10 days", "(reference)"):
        assert part in flat


def test_a_change_smaller_than_three_digits_is_still_seen(tmp_path: Path) -> None:
    # 4,500 USD over 9 and over 9.001 USD/Mtok
    text = printed(upcoming(studied(tmp_path, to_come("2027-01-01", 10.001))))
    assert "own 500M → 499.9M 500M → 499.9M" in text


def test_as_plain_data(tmp_path: Path) -> None:
    study = studied(tmp_path, to_come("2026-12-01", 0.5), to_come("2027-06-01", 19.0))
    data = json.loads(json.dumps(upcoming_data(upcoming(study)), allow_nan=False))
    assert {name: data[name] for name in ("counted_from", "days", "until", "incumbent", "notes")} == {
        "counted_from": "2026-11-21",
        "days": 90,
        "until": "2027-02-19",
        "incumbent": "API",
        "notes": [],
    }
    (step,) = data["steps"]
    assert (step["date"], step["in_days"], step["changes"][0]["kind"]) == ("2026-12-01", 10, "price")
    (shift,) = step["breakevens"]
    assert shift["first_tokens_per_month_before"] == pytest.approx(500e6)
    assert (shift["first_tokens_per_month_after"], shift["robust_tokens_per_month_after"]) == (None, None)
    assert shift["moved"] is True
    assert data["next"]["date"] == "2027-06-01"


def test_in_a_notebook(tmp_path: Path) -> None:
    tables = price_book(tmp_path / "tables", api(hosted("big", NOW, to_come("2027-01-01", 19.0))))
    options: list[CostOption] = [tables.api("acme/big", label="<API>"), tc.Option("<own>", OWN)]
    html = upcoming(tc.Study(options, workload=WORKLOAD).comparison)._repr_html_()
    assert "&lt;own&gt;" in html
    assert "<own>" not in html


# ---------------------------------------------------------------------- the command


def run(*arguments: object) -> Result:
    """Return what the command did."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_prints_the_text() -> None:
    result = run(SCENARIOS / "nightly-documents.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = printed(upcoming(tc.load_study(SCENARIOS / "nightly-documents.yaml").comparison))
    assert re.sub(r"\s+", " ", result.stdout) == expected


def test_the_command_in_other_formats() -> None:
    path = SCENARIOS / "nightly-documents.yaml"
    found = upcoming(tc.load_study(path).comparison, 20)
    assert json.loads(run(path, "--days", 20, "--format", "json").stdout) == upcoming_data(found)
    rows = list(csv.DictReader(io.StringIO(run(path, "--days", 20, "--format", "csv").stdout)))
    assert [row["challenger"] for row in rows] == list(found.challengers)
    assert float(rows[-1]["first_tokens_per_month_after"]) == found.frame()["first_tokens_per_month_after"].iloc[-1]


@pytest.mark.parametrize(("name", "counted"), [("--as-of", "2026-12-15"), ("--from", "2026-12-15")])
def test_the_days_can_be_counted_from_another_day(name: str, counted: str) -> None:
    result = run(SCENARIOS / "nightly-documents.yaml", name, counted, "--days", 20)
    flat = re.sub(r"\s+", " ", result.stdout)
    assert "within 20 days of 2026-12-15, through 2027-01-04: on 2027-01-01." in flat
    assert "self-hosted 11.8B 11.8B" in flat  # the price of 2026-12-01 is in force then


def test_today_and_the_tables_own_date(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(date):
        @classmethod
        def today(cls) -> Clock:
            return cls(2026, 12, 24)

    monkeypatch.setattr("tokencross.cli_upcoming.date", Clock)
    path = SCENARIOS / "nightly-documents.yaml"
    assert json.loads(run(path, "--as-of", "today", "--format", "json").stdout)["counted_from"] == "2026-12-24"
    tables = tc.load_prices(as_of="tables").tables_date
    assert json.loads(run(path, "--as-of", "tables", "--format", "json").stdout)["counted_from"] == str(tables)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--days", 0), "days\n  found 0; accepted: a whole number of days from 1 on."),
        (("--days", -90), "days\n  found -90; accepted: a whole number of days from 1 on."),
        (("--format", "yaml"), "upcoming\n  found --format yaml; accepted: one of text, json, csv."),
        (
            ("--as-of", "soon"),
            "upcoming --as-of\n  found 'soon'; accepted: a date such as 2026-11-21, today, or tables.",
        ),
    ],
)
def test_bad_input_is_one_message(arguments: tuple[object, ...], found: str) -> None:
    result = run(SCENARIOS / "nightly-documents.yaml", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert found in result.stderr


def test_days_that_are_no_number_and_a_file_that_does_not_exist(tmp_path: Path) -> None:
    assert run(SCENARIOS / "nightly-documents.yaml", "--days", "many").exit_code == 2
    missing = run(tmp_path / "missing.yaml")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "missing.yaml" in missing.stderr
