"""What people cost: payments that repay what was spent, items that add up, and none at all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import tokencross as tc
from tokencross.costs.engineering import (
    EngineeringItems,
    amortized_usd_per_month,
    longest_amortization_months,
)
from tokencross.errors import ScenarioError
from tokencross.options.base import engineering_parameters

VOLUMES = np.array([0.0, 1e6, 1e9, 1e12])


def monthly(plan: tc.Engineering | EngineeringItems) -> float:
    """Return USD per month, which is the same at every volume."""
    usd = plan.curve().usd_per_month(VOLUMES)
    assert_allclose(usd, usd[0], rtol=0)
    return float(usd[0])


# ---------------------------------------------------------------------- the level payment


def test_a_straight_line() -> None:
    assert amortized_usd_per_month(60_000, amortization_months=24, discount_rate_per_year=0.0) == 60_000 / 24


def test_the_annuity_by_hand() -> None:
    """12% a year is 1.12 ** (1/12) - 1 a month; 60,000 repaid over 24 months."""
    r = 1.12 ** (1 / 12) - 1
    expected = 60_000 * r / (1 - (1 + r) ** -24)
    paid = amortized_usd_per_month(60_000, amortization_months=24, discount_rate_per_year=0.12)
    assert paid == pytest.approx(expected, rel=1e-12)


def test_one_payment_repays_with_one_months_interest() -> None:
    paid = amortized_usd_per_month(1_000, amortization_months=1, discount_rate_per_year=0.12)
    assert paid == pytest.approx(1_000 * 1.12 ** (1 / 12), rel=1e-12)


@given(
    upfront=st.floats(1.0, 1e9),
    months=st.integers(1, 240),
    rate=st.one_of(st.just(0.0), st.floats(1e-9, 3.0)),
)
def test_amortised_payments_discount_back_to_the_principal(upfront: float, months: int, rate: float) -> None:
    paid = amortized_usd_per_month(upfront, amortization_months=months, discount_rate_per_year=rate)
    worth = math.fsum(paid * (1 + rate) ** (-month / 12) for month in range(1, months + 1))
    assert worth == pytest.approx(upfront, rel=1e-9)


@given(months=st.floats(0.5, 240.0), rate=st.floats(0.0, 2.0))
def test_interest_never_makes_it_cheaper(months: float, rate: float) -> None:
    straight = amortized_usd_per_month(1_000.0, amortization_months=months, discount_rate_per_year=0.0)
    paid = amortized_usd_per_month(1_000.0, amortization_months=months, discount_rate_per_year=rate)
    assert paid >= straight * (1 - 1e-12)


def test_a_tiny_rate_is_nearly_a_straight_line() -> None:
    """To first order a payment rises by (n + 1) / 2 months of interest."""
    paid = amortized_usd_per_month(24_000, amortization_months=24, discount_rate_per_year=1e-10)
    assert paid == pytest.approx(1_000 * (1 + 12.5 * 1e-10 / 12), rel=1e-13)


def test_draws_give_draws() -> None:
    rates = np.array([0.0, 0.1, 0.2])
    paid = amortized_usd_per_month(np.array([24_000.0]), amortization_months=24, discount_rate_per_year=rates)
    one_by_one = [
        amortized_usd_per_month(24_000.0, amortization_months=24, discount_rate_per_year=float(rate)) for rate in rates
    ]
    assert_allclose(paid, one_by_one, rtol=1e-12)


@pytest.mark.parametrize(
    ("upfront", "months", "rate", "named"),
    [
        (-1, 24, 0.0, "upfront_usd"),
        (math.inf, 24, 0.0, "upfront_usd"),
        (1, 0, 0.0, "amortization_months"),
        (1, -3, 0.0, "amortization_months"),
        (1, 24, -0.01, "discount_rate_per_year"),
        (1, 24, math.nan, "discount_rate_per_year"),
    ],
)
def test_payments_that_have_no_meaning(upfront: float, months: float, rate: float, named: str) -> None:
    with pytest.raises(ScenarioError, match=f"^{named}\n"):
        amortized_usd_per_month(upfront, amortization_months=months, discount_rate_per_year=rate)


# ---------------------------------------------------------------------- items


def test_an_item_is_its_payment_and_its_upkeep() -> None:
    item = tc.Engineering(upfront_usd=30_000, amortization_months=9, upkeep_usd_per_month=12_500, label="model")
    assert monthly(item) == pytest.approx(30_000 / 9 + 12_500)
    parts = item.curve().breakdown(1e9)
    assert parts.columns.tolist() == ["model: amortised", "model: upkeep"]
    assert_allclose(parts.iloc[0].to_numpy(), [30_000 / 9, 12_500])


def test_items_add_up_and_keep_their_names() -> None:
    platform = tc.Engineering(upfront_usd=120_000, amortization_months=24, label="platform")
    model = tc.Engineering(upfront_usd=30_000, amortization_months=9, upkeep_usd_per_month=12_500, label="this model")
    both = platform + model
    assert monthly(both) == pytest.approx(120_000 / 24 + 30_000 / 9 + 12_500)
    assert [item.label for item in both.items] == ["platform", "this model"]
    assert both.curve().breakdown(0.0).columns.tolist() == [
        "platform: amortised",
        "this model: amortised",
        "this model: upkeep",
    ]
    third = tc.Engineering(upkeep_usd_per_month=1.0, label="third")
    assert [i.label for i in (both + third).items] == [i.label for i in (platform + (model + third)).items]
    assert monthly(both + third) == pytest.approx(monthly(both) + 1.0)


def test_none_is_the_zero_of_the_sum() -> None:
    none = tc.Engineering.none()
    assert none.items == ()
    assert none.curve().terms == ()
    assert monthly(none) == 0.0
    item = tc.Engineering(upkeep_usd_per_month=7.0)
    assert (item + none).items == (none + item).items == (item,)
    assert (none + none).items == ()


def test_typical_is_methods_preset() -> None:
    """METHOD.md, defaults: 150,000 USD up front over 24 months, 12,500 a month upkeep."""
    typical = tc.Engineering.typical()
    assert monthly(typical) == pytest.approx(150_000 / 24 + 12_500)
    assert typical.lead_months == 0.0


def test_two_items_of_one_label_are_refused() -> None:
    a, b = tc.Engineering(upfront_usd=1), tc.Engineering(upfront_usd=2)
    with pytest.raises(ScenarioError) as caught:
        a + b
    expected = "engineering\n  found two items labelled 'engineering'; accepted: a different label for each item."
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"upfront_usd": -1.0}, "engineering[x].upfront_usd\n  found -1; accepted: a finite number >= 0 (USD)."),
        (
            {"amortization_months": 0.0},
            "engineering[x].amortization_months\n  found 0; accepted: a finite number > 0 (months).",
        ),
        (
            {"upkeep_usd_per_month": math.nan},
            "engineering[x].upkeep_usd_per_month\n  found nan; accepted: a finite number >= 0 (USD per month).",
        ),
        (
            {"upkeep_usd_per_gpu_month": "5"},
            "engineering[x].upkeep_usd_per_gpu_month\n"
            "  found '5'; accepted: a finite number >= 0 (USD per GPU and month).",
        ),
        ({"lead_months": -1.0}, "engineering[x].lead_months\n  found -1; accepted: a finite number >= 0 (months)."),
        (
            {"discount_rate_per_year": -0.1},
            "engineering[x].discount_rate_per_year\n"
            "  found -0.1; accepted: a finite number >= 0 (per year, as a decimal).",
        ),
    ],
)
def test_numbers_that_have_no_meaning(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        tc.Engineering(**fields, label="x")
    assert str(caught.value) == said


def test_a_label_is_not_empty() -> None:
    with pytest.raises(ScenarioError, match="engineering: label"):
        tc.Engineering(label="")


def test_upkeep_per_gpu_follows_the_fleet() -> None:
    """8 GPUs per step of 1e9 tokens, at 100 USD per GPU and month."""
    gpus = tc.CostCurve.staircase(8.0, 1e9)
    item = tc.Engineering(upkeep_usd_per_gpu_month=100.0, label="watch")
    usd = item.curve(gpus).usd_per_month(np.array([0.0, 1.0, 1e9, 1.5e9, 2e9, 2.1e9]))
    assert_allclose(usd, 100.0 * 8 * np.array([0, 1, 1, 2, 2, 3]))
    assert item.curve().terms == ()  # without GPUs there is nothing to keep


def test_upkeep_per_gpu_of_an_api_is_refused() -> None:
    book = tc.load_prices(as_of="2026-11-21")
    with pytest.raises(ScenarioError, match="an API has no GPUs of yours"):
        book.api("openai/gpt-6-sol", engineering=tc.Engineering(upkeep_usd_per_gpu_month=1.0))


def test_interest_is_paid_on_what_is_spent_up_front() -> None:
    item = tc.Engineering(upfront_usd=60_000, amortization_months=24, discount_rate_per_year=0.12)
    r = 1.12 ** (1 / 12) - 1
    assert monthly(item) == pytest.approx(60_000 * r / (1 - (1 + r) ** -24), rel=1e-12)


def test_draws_in_an_item_give_draws_of_its_cost() -> None:
    spent = np.array([24_000.0, 48_000.0])
    usd = tc.Engineering(upfront_usd=spent, amortization_months=24).curve().usd_per_month(VOLUMES)
    assert usd.shape == (2, 4)
    assert_allclose(usd, np.array([[1_000.0] * 4, [2_000.0] * 4]))


def test_the_longest_horizon_counts_only_where_something_is_spent() -> None:
    """A horizon for nothing is no horizon."""
    spent = tc.Engineering(upfront_usd=1.0, amortization_months=9, label="a")
    nothing = tc.Engineering(amortization_months=36, upkeep_usd_per_month=5.0, label="b")
    assert longest_amortization_months(spent + nothing) == 9.0
    assert longest_amortization_months(tc.Engineering.none()) == 0.0


def test_parameters_list_what_is_not_plainly_absent() -> None:
    given_ = engineering_parameters(tc.Engineering(upfront_usd=1.0, amortization_months=9.0, label="a"))
    assert [(p.address, p.value, p.origin) for p in given_] == [
        ("engineering[a].upfront_usd", 1.0, "given"),
        ("engineering[a].amortization_months", 9.0, "given"),
    ]
    defaulted = engineering_parameters(tc.Engineering(upfront_usd=1.0, label="a"))
    assert [(p.address, p.value, p.origin) for p in defaulted] == [
        ("engineering[a].upfront_usd", 1.0, "given"),
        ("engineering[a].amortization_months", 24.0, "default"),
    ]
    upkeep = engineering_parameters(tc.Engineering(upkeep_usd_per_month=1.0, label="a"))
    assert [p.address for p in upkeep] == ["engineering[a].upkeep_usd_per_month"]
    assert engineering_parameters(tc.Engineering.none()) == ()


def test_a_team_is_what_it_costs() -> None:
    """Two engineers for three months at 300,000 USD a year, half of one to keep it: the preset's own words."""
    team = tc.Engineering.from_team(
        engineers=2, months=3, loaded_usd_per_year=300_000, upkeep_fte=0.5, amortization_months=24
    )
    preset = tc.Engineering.typical()
    assert team.upfront_usd == 2 * 3 * 300_000 / 12 == preset.upfront_usd
    assert team.upkeep_usd_per_month == 0.5 * 300_000 / 12 == preset.upkeep_usd_per_month
    assert team.lead_months == 3
    assert monthly(team) == pytest.approx(monthly(preset), rel=1e-12)


def test_a_team_grows_with_the_fleet() -> None:
    team = tc.Engineering.from_team(engineers=0, months=0, loaded_usd_per_year=240_000, upkeep_fte_per_gpu=0.01)
    assert team.curve(tc.CostCurve.staircase(8.0, 1e9)).usd_per_month(1.5e9) == pytest.approx(16 * 0.01 * 20_000)


def test_a_team_takes_draws() -> None:
    months = np.array([2.0, 6.0])
    team = tc.Engineering.from_team(engineers=2, months=months, loaded_usd_per_year=240_000)
    assert_allclose(team.upfront_usd, 2 * months * 20_000)  # type: ignore[arg-type]  # draws


def test_a_team_of_minus_one_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"engineering\[engineering\].from_team: engineers"):
        tc.Engineering.from_team(engineers=-1, months=3, loaded_usd_per_year=300_000)
