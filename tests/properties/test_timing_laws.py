"""Laws of cash and timing, whatever the numbers."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tokencross as tc
from tokencross.options.base import CostOption
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.switching import when
from tokencross.studies.terms_of_switching import Switching

TRAFFIC = tc.Workload(input_tokens=1_000, output_tokens=0)
usd = st.floats(0.0, 1e6)
rates = st.floats(0.0, 0.5)
moves = st.floats(-0.5, 0.6)


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )


@cache
def books() -> tc.PriceBook:
    """The shipped tables."""
    return tc.load_prices(as_of="2026-11-21")


@st.composite
def studies(draw: st.DrawFn) -> tc.Study:
    """A hosted model against one with people, and a curve with steps."""
    life = draw(st.floats(2.0, 40.0))
    team = tc.Engineering(
        upfront_usd=draw(usd),
        amortization_months=life,
        upkeep_usd_per_month=draw(st.floats(0.0, 1e4)),
        lead_months=draw(st.floats(0.0, 5.0)),
    )
    options: list[CostOption] = [
        books().api("anthropic/claude-opus-5-5", label="A"),
        books().api("openai/gpt-6-luna", label="B", engineering=team),
        tc.Option("C", tc.CostCurve.fixed(2_500) + tc.CostCurve.staircase(1_825, 3e8)),
    ]
    return tc.Study(options, workload=TRAFFIC, tokens_per_month=draw(st.floats(1e7, 1e10)))


@st.composite
def projections(draw: st.DrawFn) -> Projection:
    """Volume and prices that move, and terms of a switch."""
    layer = draw(st.booleans())
    terms = Switching(
        switching_usd=draw(usd),
        abstraction_layer_usd=draw(usd) if layer else None,
        switching_with_layer_usd=draw(usd) if layer else 0.0,
        exit_usd=draw(usd),
        delay_cost_usd_per_month=draw(st.floats(0.0, 1e4)),
        obsolete_after_months=draw(st.none() | st.floats(0.0, 40.0)),
        recoverable_share=draw(st.floats(0.0, 1.0)),
        may_return=draw(st.booleans()),
    )
    return Projection(
        months=draw(st.integers(2, 30)),
        growth_per_year=draw(moves),
        declines={"A": draw(moves), "C": draw(moves)},
        engineering_decline_per_year=draw(moves),
        discount_rate_per_year=draw(rates),
        renew_engineering=draw(st.booleans()),
        switching=terms,
    )


@examples(25)
@given(studies(), projections())
def test_the_total_is_the_sum_of_its_kinds_and_discounting_never_adds(study: tc.Study, projection: Projection) -> None:
    frame = project(study.comparison, projection).cash_flows()
    kinds = [name for name in frame.columns if name.endswith("_usd") and name not in ("total_usd", "discounted_usd")]
    np.testing.assert_allclose(frame[kinds].sum(axis=1), frame["total_usd"], rtol=1e-12, atol=1e-6)
    paid = frame[frame["total_usd"] >= 0.0]
    free = paid[paid["recovered_usd"] == 0.0]
    assert np.all(free["discounted_usd"] <= free["total_usd"] * (1.0 + 1e-12) + 1e-9)


@examples(25)
@given(studies(), projections())
def test_the_best_plan_is_never_dearer_than_now_or_never_and_is_what_its_cash_comes_to(
    study: tc.Study, projection: Projection
) -> None:
    timing = when(study.comparison, projection)
    worth = timing.planned().totals()["present_value_usd"]
    for label, switch in timing.switches.items():
        assert switch.best_usd <= min(switch.now_usd, switch.never_usd) * (1.0 + 1e-9)
        assert worth[label] == pytest.approx(switch.best_usd, rel=1e-9, abs=1e-6)
        assert worth["A"] == pytest.approx(switch.never_usd, rel=1e-9, abs=1e-6)


@examples(25)
@given(studies(), st.integers(1, 40), rates)
def test_over_its_amortisation_a_level_cost_is_worth_what_is_paid(study: tc.Study, life: int, rate: float) -> None:
    # nothing moves and nothing leads: cash is worth what the curve's level payments at the same interest are worth
    item = tc.Engineering(upfront_usd=50_000, amortization_months=life, discount_rate_per_year=rate)
    settled = study.replace({"B:engineering": item})
    assert settled.comparison.here is not None
    monthly = settled.comparison.curve("B").usd_per_month(settled.comparison.here)
    found = project(settled.comparison, Projection(months=life, discount_rate_per_year=rate, announced=False))
    interest = (1.0 + rate) ** (1 / 12) - 1.0
    worth = sum(monthly / (1.0 + interest) ** k for k in range(1, life + 1))
    assert found.totals()["present_value_usd"]["B"] == pytest.approx(worth, rel=1e-9)


@examples(25)
@given(studies(), projections(), st.floats(1.0, 10.0))
def test_a_dearer_incumbent_never_makes_one_regret_the_switch_more(
    study: tc.Study, projection: Projection, ratio: float
) -> None:
    path = {"A": np.full(projection.months, ratio)}
    dearer = Projection(
        months=projection.months,
        growth_per_year=projection.growth_per_year,
        declines=projection.declines,
        discount_rate_per_year=projection.discount_rate_per_year,
        price_ratio=path,
        switching=projection.switching,
    )
    plain = Projection(
        months=projection.months,
        growth_per_year=projection.growth_per_year,
        declines=projection.declines,
        discount_rate_per_year=projection.discount_rate_per_year,
        switching=projection.switching,
    )
    for label in ("B", "C"):
        before, after = (when(study.comparison, asked).switch(label) for asked in (plain, dearer))
        gain = before.never_usd - before.best_usd
        assert after.never_usd - after.best_usd >= gain * (1.0 - 1e-9) - 1e-6


@examples(25)
@given(studies(), projections())
def test_what_would_change_makes_now_as_good_as_any_plan(study: tc.Study, projection: Projection) -> None:
    timing = when(study.comparison, projection)
    switch = timing.switch("B")
    if math.isinf(switch.now_usd) or len(switch.ways) > 1:
        return
    ratio = timing.would_change("B").least_price_ratio
    if ratio is None or not 0.01 < ratio < 100.0:
        return
    for scale, right in ((1.001, True), (0.999, False)):
        moved = Projection(
            months=projection.months,
            growth_per_year=projection.growth_per_year,
            declines=projection.declines,
            engineering_decline_per_year=projection.engineering_decline_per_year,
            discount_rate_per_year=projection.discount_rate_per_year,
            renew_engineering=projection.renew_engineering,
            price_ratio={"prices:anthropic/claude-opus-5-5": np.full(projection.months, ratio * scale)},
            switching=projection.switching,
        )
        again = when(study.comparison, moved).switch("B")
        others = [again.never_usd, *again.ways[0].present_value_usd[1:].tolist()]
        regret = again.now_usd - min(others)
        small = 1e-9 * max(abs(again.now_usd), 1.0)
        assert regret <= small if right else regret >= -small
