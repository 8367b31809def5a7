"""The kinds of check of the market by hand on small tables: what each finds, and that it turns with its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.tables import api, hosted, row, write_tables

import tokencross as tc
from tokencross.checking import read_assumptions, run_check
from tokencross.checks.measures import MEASURES
from tokencross.checks.measures_market import MARKET_MEASURES
from tokencross.checks.outcome import Finding
from tokencross.errors import ScenarioError, TokencrossError
from tokencross.tables.assumption_market import MARKET_KINDS

TODAY = date(2026, 11, 21)
Plain = dict[str, Any]


def both(day: str, usd_per_mtok: float) -> Plain:
    """A row in which input and output cost the same: a blended price that needs no arithmetic."""
    return row(day, input_usd_per_mtok=usd_per_mtok, output_usd_per_mtok=usd_per_mtok)


def speed(wait_ms: float | None, tokens_per_second: float | None) -> Plain:
    """How fast a model is, as far as it is known."""
    known = {"time_to_first_token_ms": wait_ms, "output_tokens_per_second": tokens_per_second}
    return row("2026-10-01", nature="measured", **{key: value for key, value in known.items() if value is not None})


def files(**changes: Any) -> dict[str, Plain | str]:
    """Tables with a dear model whose price fell, a cheap and fast one, a slow one, and one of another vendor."""
    big = changes.get("big", [both("2025-01-01", 40.0), both("2026-01-01", 10.0)])
    lite = changes.get("lite", 1.0)
    models = [
        hosted("big", *big, speeds=[speed(1_000.0, 20.0)]),
        hosted("lite", both("2025-01-01", lite), tier="small", speeds=[changes.get("fast", speed(500.0, 50.0))]),
        hosted("slow", both("2025-01-01", 8.0), both("2026-06-01", 4.0), speeds=[speed(None, 5.0)]),
        hosted("silent", both("2025-01-01", 2.0)),
        hosted("free", both("2025-01-01", 0.0)),
        hosted("big-latest", both("2025-01-01", 90.0), both("2026-01-01", 1.0)),
    ]
    return {
        **api(*models),
        **api(hosted("other", both("2024-06-01", 9.0), both("2025-08-01", 3.0)), provider="beta"),
        **api(hosted("third", both("2025-03-01", 5.0), both("2026-08-01", 6.0)), provider="gamma"),
    }


def study(**changes: Any) -> Plain:
    """10 USD/Mtok against 1 USD/Mtok and 1,000 USD a month of work; a cascade of the two."""
    work = changes.pop("work", [{"label": "move", "upfront_usd": 24_000, "amortization_months": 24, "lead_months": 2}])
    return {
        "name": "small",
        "as_of": TODAY,
        "workload": {"input_tokens": 3_000, "output_tokens": 1_000},
        "tokens_per_month": 1.0e9,
        "options": [
            {"label": "API", "api": "acme/big", "engineering": [{"label": "wire", "lead_months": 0.5}]},
            {"label": "small", "api": "acme/lite", "engineering": work},
            {"label": "plain", "api": "acme/lite"},
            {
                "label": "small first",
                "cascade": "plain",
                "fallback": "API",
                "escalation_share": 0.05,
                "verifier_usd_per_request": changes.pop("verifier", 0.0),
            },
        ],
        **changes,
    }


def found(
    tmp_path: Path,
    check: Mapping[str, Any],
    *,
    tables: Mapping[str, Plain | str] | None = None,
    said: Plain | None = None,
) -> Finding:
    """What a check on these tables and this study finds."""
    write_tables(tmp_path / "tables", files() if tables is None else tables)
    data = {"name": "t", "pricing": "tables", "study": said or study(), "checks": [{"name": "one", **check}]}
    path = tmp_path / "t.assumptions.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    (case,) = run_check(read_assumptions(path), 0, today=TODAY).cases
    return case.finding


FALL = {"price_fall": "acme/big", "as_of": date(2026, 1, 1)}
ANSWER = {"speed_ratio": ["acme/lite", "acme/big"], "output_tokens": 100}

# a check of each kind, what it finds, its unit, and tables or a study with which it fails
KINDS: list[tuple[Plain, float, str, Plain]] = [
    ({**FALL, "at_least": 4}, 40 / 10, "times cheaper", {"big": [both("2025-01-01", 30.0), both("2026-01-01", 10.0)]}),
    ({**FALL, "to": "acme/lite", "at_least": 40}, 40 / 1, "times cheaper", {"lite": 2.0}),
    ({"price_fall": "any model", "at_least": 4}, 4.0, "times cheaper", {"big": [both("2025-01-01", 10.0)]}),
    ({**ANSWER, "at_least": 2.4}, 6_000 / 2_500, "times", {"fast": speed(500.0, 40.0)}),
    ({"time_to_first_token": "acme/lite", "at_most": 500}, 500.0, "ms", {"fast": speed(501.0, 50.0)}),
    ({"time_to_first_token": "plain", "at_most": 500}, 500.0, "ms", {"fast": speed(501.0, 50.0)}),
    ({"escalation": "small first", "at_least": 0.9}, 1 - 1 / 10, "of the traffic", {"lite": 2.0}),
    ({"saving": "small", "at_least": 8_000}, 10_000 - 1_000 - 1_000, "USD/month", {"lite": 2.0}),
    ({"lead_ratio": ["API", "small"], "at_most": 0.25}, 0.5 / 2, "times the other's", {}),
    ({"waiting": "small", "wait_months": 6, "months": 24, "at_least": 54_000}, 54_000.0, "USD", {"lite": 2.0}),
]


@pytest.mark.parametrize(("check", "value", "unit", "changes"), KINDS, ids=[" ".join(map(str, k[0])) for k in KINDS])
def test_a_check_finds_its_figure_and_fails_once_what_it_rests_on_has_changed(
    tmp_path: Path, check: Plain, value: float, unit: str, changes: Plain
) -> None:
    finding = found(tmp_path / "now", check)
    assert finding.holds, finding.found
    assert finding.value == pytest.approx(value, rel=1e-9)
    assert finding.unit == unit
    if changes:
        assert not found(tmp_path / "changed", check, tables=files(**changes)).holds


def test_every_kind_has_a_measure() -> None:
    assert {entry for entry in MARKET_KINDS} == set(MARKET_MEASURES)
    assert set(MARKET_MEASURES) <= set(MEASURES)


# ---------------------------------------------------------------------- prices that fall


def test_a_fall_is_over_as_many_months_as_are_asked(tmp_path: Path) -> None:
    a_year = found(tmp_path / "a", {**FALL, "at_least": 1})
    assert (a_year.value, a_year.found) == (4.0, "4 times cheaper (40 USD/Mtok on 2025-01-01, 10 on 2026-01-01)")
    assert [cite.effective_from for cite in a_year.citations] == [date(2025, 1, 1), date(2026, 1, 1)]
    later = {"price_fall": "acme/big", "as_of": date(2026, 6, 1), "over_months": 3, "at_least": 1}
    assert found(tmp_path / "b", later).value == 1.0


def test_a_rise_is_a_factor_below_one(tmp_path: Path) -> None:
    risen = found(tmp_path, {"price_fall": "gamma/third", "at_least": 1})
    assert risen.value == pytest.approx(5 / 6)
    assert not risen.holds


def test_against_a_free_model_there_is_no_factor(tmp_path: Path) -> None:
    none = found(tmp_path, {"price_fall": "acme/big", "as_of": date(2026, 1, 1), "to": "acme/free", "never": True})
    assert none.holds
    assert none.value is None
    assert none.found == "no factor: acme/free is free on 2026-01-01"


def test_the_largest_fall_counts_no_moving_names_and_no_longer_spans(tmp_path: Path) -> None:
    most = found(tmp_path / "a", {"price_fall": "any model", "at_least": 1})
    assert (
        most.found == "4 times cheaper (acme/big on 2026-01-01, over 12 months)"
    )  # not big-latest, which fell 90-fold
    steps = [both("2025-01-01", 40.0), both("2025-03-01", 20.0), both("2026-06-01", 10.0)]
    apart = found(tmp_path / "b", {"price_fall": "any model", "at_least": 1}, tables=files(big=steps))
    assert apart.value == 3.0  # beta/other; 40 to 10 took 15 months
    both_steps = {"price_fall": "any model", "over_months": 16, "at_least": 1}
    assert found(tmp_path / "c", both_steps, tables=files(big=steps)).value == 4.0
    calm = {**api(hosted("big", both("2025-01-01", 10.0)), hosted("lite", both("2025-01-01", 1.0)))}
    never = found(tmp_path / "d", {"price_fall": "any model", "never": True}, tables=calm)
    assert never.holds
    assert never.found == "no list price changed"


def test_a_figure_may_be_so_much_or_more_or_none_at_all(tmp_path: Path) -> None:
    """Beside a lower bound, `never` lets there be no figure; a figure below the bound is as wrong as before."""
    calm = {**api(hosted("big", both("2025-01-01", 10.0)), hosted("lite", both("2025-01-01", 1.0)))}
    wanted = {"price_fall": "any model", "never": True}
    none = found(tmp_path / "a", {**wanted, "at_least": 4}, tables=calm)
    assert none.holds
    assert none.expected == "at least 4 times cheaper, or none at all"
    assert found(tmp_path / "b", {**wanted, "at_least": 4}).holds  # 4 times, of big
    assert not found(tmp_path / "c", {**wanted, "at_least": 5}).holds
    with pytest.raises(ScenarioError, match="at_most and never"):
        found(tmp_path / "d", {**wanted, "at_most": 5})


def test_a_trend_is_that_of_the_price_book(tmp_path: Path) -> None:
    year = found(tmp_path / "a", {"price_fall": "same model", "at_least": 1})
    prices = tc.load_prices(tmp_path / "a" / "tables", as_of=TODAY)
    known = prices.trend("same model")
    assert year.value == known.cheaper_ratio_per_year
    half = found(tmp_path / "b", {"price_fall": "same model", "over_months": 6, "at_least": 1})
    assert half.value == pytest.approx(math.sqrt(known.cheaper_ratio_per_year))
    since = {"price_fall": "same model", "since": date(2025, 6, 1), "at_least": 1}
    assert found(tmp_path / "c", since).value == prices.trend("same model", from_="2025-06-01").cheaper_ratio_per_year
    assert year.detail[1].startswith(f"{known.change_count} changes, {known.rise_count} of them up")


# ---------------------------------------------------------------------- speed


def test_speeds_are_of_whole_answers_of_tokens_or_of_the_first(tmp_path: Path) -> None:
    answer = found(tmp_path / "a", {**ANSWER, "at_least": 1})
    assert answer.found == "2.4 times (an answer of 100 tokens: 2,500 against 6,000 ms)"  # 500 + 2,000; 1,000 + 5,000
    pair = {"speed_ratio": ["acme/lite", "acme/big"], "at_least": 1}
    assert found(tmp_path / "b", {**pair, "quantity": "tokens_per_second"}).value == 50 / 20
    assert found(tmp_path / "c", {**pair, "quantity": "first_token"}).value == 1_000 / 500
    slow = {"speed_ratio": ["acme/slow", "acme/big"], "at_least": 0}
    assert found(tmp_path / "d", {**slow, "quantity": "tokens_per_second"}).value == 5 / 20


def test_a_speed_that_no_table_has_is_not_known(tmp_path: Path) -> None:
    half = found(tmp_path / "a", {"speed_ratio": ["acme/slow", "acme/big"], "output_tokens": 100, "at_least": 0})
    assert (half.holds, half.value, half.found) == (False, None, "not known of acme/slow")
    two = found(tmp_path / "b", {"speed_ratio": ["acme/slow", "acme/silent"], "quantity": "first_token", "never": True})
    assert (two.holds, two.found) == (True, "not known of acme/slow and acme/silent")
    wait = found(tmp_path / "c", {"time_to_first_token": "acme/silent", "at_most": 1})
    assert (wait.holds, wait.found) == (False, "not known: the tables say nothing of it")


# ---------------------------------------------------------------------- savings, cascades, training, leads


def test_a_saving_is_at_a_volume_or_at_a_bill(tmp_path: Path) -> None:
    year = found(tmp_path / "a", {"saving": "small", "per": "year", "at_least": 0})
    assert year.value == pytest.approx(12 * 8_000)
    at_a_bill = found(tmp_path / "b", {"saving": "small", "bill_usd_per_month": 1_000, "at_most": 0})
    assert at_a_bill.value == pytest.approx(1_000 - 100 - 1_000)  # at 100M tokens
    assert at_a_bill.detail == ("at 100M tokens/month",)
    back = found(tmp_path / "c", {"saving": "API", "against": "small", "tokens_per_day": 1e6, "at_most": 0})
    assert back.value == pytest.approx((1_000 + 1 * 730 / 24) - 10 * 730 / 24)


def test_a_verifier_takes_from_what_may_escalate(tmp_path: Path) -> None:
    said = study(verifier=0.004)  # 250,000 requests a month: 1,000 USD
    checked = found(tmp_path / "a", {"escalation": "small first", "at_least": 0.5}, said=said)
    assert checked.value == pytest.approx(1 - 1 / 10 - 1 / 10)
    assert checked.detail == ("at 5% it costs 0.25 of API, at 1B tokens/month",)
    dear = found(tmp_path / "b", {"escalation": "small first", "never": True}, tables=files(lite=10.0))
    assert dear.holds
    assert dear.found == "none: small first is no cheaper than API even without escalations"
    small = {"escalation": "small first", "against": "small", "at_least": 0}  # 1,000 USD of work above it
    assert found(tmp_path / "c", small).value == pytest.approx(1_000 / 10_000)


def test_a_cascade_that_is_cheaper_at_any_share_may_always_escalate(tmp_path: Path) -> None:
    said = study(work=[{"label": "move", "upkeep_usd_per_month": 50_000}])
    finding = found(tmp_path, {"escalation": "small first", "against": "small", "at_least": 1}, said=said)
    assert finding.value == 1.0


def test_the_first_training_is_paid_at_once(tmp_path: Path) -> None:
    training = {"examples_count": 5_000, "usd_per_example": 1.0, "pilot_share": 0.15, "tokens_per_example": 600}
    training |= {"epochs": 3, "run_count": 5, "evaluation_usd": 900, "training_usd_per_mtok": 5.0}
    training |= {"retrain_every_months": 3, "data_life_months": 12, "relabelled_share": 0.2}
    tuned = {"label": "tuned", "fine_tuned": "openai/gpt-4.1-mini", "provider": "openai", "method": "supervised"}
    options = [{**tuned, "training": training, "engineering": []}, {"label": "base", "api": "openai/gpt-4.1-mini"}]
    said = study(options=options)
    path = tmp_path / "t.assumptions.yaml"
    checks = [
        {"name": "all", "training_cost": "tuned", "equals": 5_750 + 5 * 9 * 5 + 900},  # labels, runs, evaluation
        {"name": "data", "training_cost": "tuned", "part": "labelled data", "equals": 5_000 * 1.15},
        {"name": "none", "training_cost": "base", "at_least": 0},
    ]
    path.write_text(yaml.safe_dump({"name": "t", "study": said, "checks": checks}), encoding="utf-8")
    file = read_assumptions(path)
    for index in (0, 1):
        outcome = run_check(file, index, today=TODAY)
        assert outcome.passed, outcome.message()
    with pytest.raises(TokencrossError, match="'base', which is not trained"):
        run_check(file, 2, today=TODAY)


def test_the_longest_lead_counts(tmp_path: Path) -> None:
    two = [{"label": "a", "lead_months": 1}, {"label": "b", "lead_months": 4}]
    said = study(work=two)
    assert found(tmp_path, {"lead_ratio": ["API", "small"], "at_most": 1}, said=said).value == 0.5 / 4


# ---------------------------------------------------------------------- waiting


def test_waiting_loses_the_saving_or_saves_the_outlay(tmp_path: Path) -> None:
    # 9,000 USD a month saved; of 36 months, two until the first token
    check = {"waiting": "small", "wait_months": 6, "renew_engineering": False, "at_least": 0}
    flat = found(tmp_path / "a", check)
    assert flat.value == pytest.approx(6 * 9_000)
    assert flat.found == "54,000 USD (6 months, at 1B tokens/month now; best in month 0)"
    never = found(tmp_path / "b", {**check, "tokens_per_month": 1e6, "at_least": -1e9})
    assert never.value == pytest.approx(34 * 9 - 24_000)  # the outlay, less 9 USD a month
    still = found(tmp_path / "c", {**check, "tokens_per_month": 1e6, "then": "decide", "at_least": 0})
    assert still.value == pytest.approx(6 * 9)
    late = found(tmp_path / "d", {**check, "delay_cost_usd_per_month": 100})
    assert late.value == pytest.approx(6 * 9_100)


def test_a_fall_in_prices_makes_waiting_cheaper(tmp_path: Path) -> None:
    check = {"waiting": "small", "wait_months": 6, "at_least": -1e9}
    falling = found(tmp_path, {**check, "declines": {"API": 0.9}})
    assert falling.value is not None
    assert falling.value < 6 * 9_000


# ---------------------------------------------------------------------- mistakes

MISTAKES: list[tuple[Plain, str]] = [
    ({"price_fall": "same model", "to": "acme/lite", "at_least": 1}, "to with provider/model only"),
    ({"price_fall": "any model", "since": date(2026, 1, 1), "at_least": 1}, "since with a trend only"),
    ({"price_fall": "smaller", "at_least": 1}, "one of same model, frontier, small, open_hosted, any model"),
    ({"price_fall": "acme/bgi", "at_least": 1}, "bgi"),
    ({"price_fall": "acme/big", "to": "acme/liet", "as_of": date(2026, 1, 1), "at_least": 1}, "checks\\[0\\].to"),
    ({"speed_ratio": ["acme/lite", "acme/big"], "at_least": 1}, "no output_tokens"),
    ({**ANSWER, "quantity": "first_token", "at_least": 1}, "output_tokens with first_token"),
    ({"time_to_first_token": "smal", "at_most": 1}, "unknown label 'smal'"),
    ({"escalation": "small", "at_least": 0}, "'small', which is no cascade"),
    ({"saving": "API", "at_least": 0}, "'API', the incumbent, against itself"),
    ({"saving": "small", "bill_usd_per_month": 1, "tokens_per_day": 1, "at_least": 0}, "bill_usd_per_month and tokens"),
    ({"saving": "API", "against": "small", "bill_usd_per_month": 10, "at_least": 0}, "which small costs at no volume"),
    ({"lead_ratio": ["API", "plain"], "at_most": 1}, "no lead of 'plain'"),
    ({"waiting": "small", "wait_months": 36, "at_most": 0}, "wait_months 36 of 36"),
    ({"waiting": "small", "wait_months": 6, "declines": {"nobody": 0.1}, "at_most": 0}, "nobody"),
]


@pytest.mark.parametrize(("check", "words"), MISTAKES, ids=[words for _, words in MISTAKES])
def test_mistakes_name_file_line_and_key(tmp_path: Path, check: Plain, words: str) -> None:
    with pytest.raises(TokencrossError, match=words) as caught:
        found(tmp_path, check)
    assert str(caught.value).startswith(str(tmp_path / "t.assumptions.yaml") + ":")
