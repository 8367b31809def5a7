"""Announced and later known changes: which, from when, within which horizon, and what they do to breakevens."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.options.base import CostOption
from tokencross.studies.announced import announced_changes, announced_frame, next_moves
from tokencross.studies.compare import Comparison

WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000)
OWN = tc.CostCurve.fixed(4_500) + tc.CostCurve.per_mtok(1.0)
NOW = row("2024-01-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0)


def to_come(day: str, usd_per_mtok: float) -> dict[str, Any]:
    """An announced price, of input and output alike."""
    figures = {"input_usd_per_mtok": usd_per_mtok, "output_usd_per_mtok": usd_per_mtok}
    return row(day, **figures) | {"status": "announced", "basis": "announced"}


def studied(
    tmp_path: Path, *rows: dict[str, Any], months: float | None = None, as_of: str = "2026-11-21", **keys: Any
) -> Comparison:
    """An API at 10 USD/Mtok with what is announced, against 4,500 USD a month and 1 USD/Mtok."""
    models = api(hosted("big", NOW, *rows, **keys), hosted("other", NOW))
    tables = price_book(tmp_path / "tables", models, as_of=as_of)
    plan = None if months is None else tc.Engineering(upfront_usd=1.0, amortization_months=months)
    options: list[CostOption] = [
        tables.api("acme/big", label="API", engineering=plan),
        tc.Option("own", OWN),
        tables.api("acme/other", label="other"),
    ]
    return tc.Study(options, workload=WORKLOAD).comparison


def test_the_breakeven_now_and_then(tmp_path: Path) -> None:
    study = studied(tmp_path, to_come("2027-01-01", 19.0))
    (change,) = announced_changes(study)
    assert (change.label, change.on, change.announced) == ("API", date(2027, 1, 1), True)
    assert change.words == "API: acme/big input 10 → 19 USD/Mtok, output 10 → 19 USD/Mtok"
    assert change.curve.usd_per_month(1e9) == 19_000.0
    own, other = change.moved
    assert (own.challenger, other.challenger) == ("own", "other")
    # 4,500 USD over 10 - 1 and over 19 - 1 USD/Mtok
    assert own.before.first == pytest.approx(500e6, rel=1e-12)
    assert own.after is not None
    assert own.after.first == pytest.approx(250e6, rel=1e-12)
    # the same price is a tie, the lower one wins from the first token on
    assert other.before.first is None
    assert other.after is not None
    assert other.after.first == 0.0
    assert change.leading is own  # where the envelope turns


def test_the_frame_names_the_rows(tmp_path: Path) -> None:
    found = announced_frame(studied(tmp_path, to_come("2027-01-01", 19.0)))
    assert found["challenger"].tolist() == ["own", "other"]
    np.testing.assert_allclose(found["first_tokens_per_month"], [500e6, math.nan])
    np.testing.assert_allclose(found["first_tokens_per_month_after"], [250e6, 0.0])
    assert "api/acme.yaml:" in found["source"][0]


def test_a_challengers_change_bears_on_its_own_breakeven(tmp_path: Path) -> None:
    study = studied(tmp_path, to_come("2027-01-01", 19.0))
    turned = tc.Study(study.options, workload=WORKLOAD, incumbent="own").comparison
    (change,) = announced_changes(turned)
    (moved,) = change.moved
    assert (moved.challenger, moved.before.first, moved.after is not None) == ("API", 0.0, True)
    assert not moved.far  # it undercuts from the first token on, before and after
    assert next_moves(turned) == []


@pytest.mark.parametrize(("months", "count"), [(9.0, 1), (24.0, 2)])
def test_the_horizon_is_the_longest_amortisation_and_a_year_at_least(tmp_path: Path, months: float, count: int) -> None:
    rows = [to_come("2027-11-20", 11.0), to_come("2028-06-01", 12.0)]
    assert len(announced_changes(studied(tmp_path, *rows, months=months))) == count


def test_the_next_change_that_moves_a_breakeven_by_over_one_percent(tmp_path: Path) -> None:
    # 500M to 499.95M at 10.001, to 450M at 11
    rows = [to_come("2027-01-01", 10.001), to_come("2027-03-01", 11.0), to_come("2027-06-01", 15.0)]
    study = studied(tmp_path, *rows)
    assert [change.on.month for change in announced_changes(study)] == [1, 3, 6]
    far = [change.on for change in next_moves(tc.Study(study.options[:2], workload=WORKLOAD).comparison)]
    assert far == [date(2027, 3, 1)]


def test_a_row_that_repeats_the_price_is_no_change(tmp_path: Path) -> None:
    assert announced_changes(studied(tmp_path, to_come("2027-01-01", 10.0))) == ()


def test_announced_rows_can_be_left_out(tmp_path: Path) -> None:
    tables = price_book(tmp_path / "tables", api(hosted("big", NOW, to_come("2027-01-01", 19.0))), announced=False)
    study = tc.Study([tables.api("acme/big", label="API"), tc.Option("own", OWN)], workload=WORKLOAD).comparison
    assert announced_changes(study) == ()


def test_a_retirement_is_no_change_and_ends_the_breakeven(tmp_path: Path) -> None:
    gone = {"retires_on": date(2026, 12, 1), "via": "acme@1.0", "checked": date(2026, 11, 21), "basis": "announced"}
    models = api(
        hosted("big", NOW, retirement=gone), hosted("other", NOW, to_come("2027-01-01", 19.0)), hosted("third", NOW)
    )
    tables = price_book(tmp_path / "tables", models)
    options = [tables.api(f"acme/{name}", label=name) for name in ("big", "other", "third")]
    study = tc.Study(options, workload=WORKLOAD).comparison
    (change,) = announced_changes(study)
    assert change.label == "other"
    (moved,) = change.moved
    assert moved.after is None
    assert change.leading is None


def test_what_is_known_for_later_counts_when_looking_back() -> None:
    """pricing/compute/lambda.yaml and pricing/api/openai.yaml, seen from 2024-06-01."""
    study = tc.load_study(Path(__file__).parents[2] / "scenarios" / "article-2024.yaml").comparison
    found = next_moves(study)
    assert [(change.label, str(change.on), change.announced) for change in found] == [
        ("Llama 70B, self-hosted", "2024-09-05", False),
        ("GPT-4o", "2024-11-04", False),
    ]
    at_day = tc.load_study(Path(__file__).parents[2] / "scenarios" / "article-2024.yaml").at("2024-11-04")
    moved = found[1].leading
    assert moved is not None
    assert moved.after is not None
    assert moved.after.first == pytest.approx(at_day.breakeven("Llama 70B, self-hosted").first)


def test_a_study_without_tables_or_news_has_none(tmp_path: Path) -> None:
    plain = tc.Study([tc.Option("A", tc.CostCurve.per_mtok(6)), tc.Option("B", OWN)], workload=WORKLOAD).comparison
    assert announced_changes(plain) == ()
    assert announced_frame(plain).empty
    assert announced_changes(studied(tmp_path)) == ()


def test_the_price_of_gemini_4_argon_doubles_on_2026_12_01() -> None:
    """pricing/api/google.yaml: 2 in and 10 out, then 4 and 20: the breakeven against a flat cost is halved."""
    tables = tc.load_prices(as_of="2026-11-21")
    study = tc.Study(
        [tables.api("google/gemini-4-argon", label="API"), tc.Option("flat", tc.CostCurve.fixed(10_000))],
        workload=WORKLOAD,
    )
    (change,) = next_moves(study.comparison)
    assert change.on == date(2026, 12, 1)
    assert change.leading is not None
    assert change.leading.after is not None
    # 2 * 0.75 + 10 * 0.25 = 4 USD/Mtok
    assert change.leading.before.first == pytest.approx(10_000 / 4e-6)
    assert change.leading.after.first == pytest.approx(10_000 / 8e-6)
