"""Laws of cash and timing, whatever the numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.number import point
from tokencross.options.base import CostOption
from tokencross.studies.begins import Plan
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.switching import Timing, when
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
    free = paid[(paid["recovered_usd"] == 0.0) & (paid["benefit_usd"] == 0.0)]  # what comes back, comes late
    assert np.all(free["discounted_usd"] <= free["total_usd"] * (1.0 + 1e-12) + 1e-9)


@examples(25)
@given(studies(), projections())
def test_the_best_plan_is_never_dearer_than_now_or_never_and_is_what_its_cash_comes_to(
    study: tc.Study, projection: Projection
) -> None:
    timing = when(study.comparison, projection)
    worth = timing.planned().totals()["present_value_usd"]
    for label, switch in timing.switches.items():
        either = min(switch.now_usd, switch.never_usd)
        assert switch.best_usd <= either + 1e-9 * abs(either)
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
def test_a_bill_that_would_make_now_right_does(study: tc.Study, projection: Projection) -> None:
    timing = when(study.comparison, projection)
    found = timing.would_change("B")
    if found.least_price_ratio is None or found.most_price_ratio is None:
        return
    for ratio, right in around(found.least_price_ratio, found.most_price_ratio):
        path = {"prices:anthropic/claude-opus-5-5": np.full(projection.months, ratio)}
        check_now(when(study.comparison, replace(projection, price_ratio=path)), right=right)


@examples(25)
@given(studies(), projections())
def test_a_volume_that_would_make_now_right_does(study: tc.Study, projection: Projection) -> None:
    found = when(study.comparison, projection).would_change("B")
    if found.least_tokens_per_month is None or found.most_tokens_per_month is None:
        return
    for volume, right in around(found.least_tokens_per_month, found.most_tokens_per_month):
        moved = tc.Study(study.options, workload=TRAFFIC, tokens_per_month=volume)
        check_now(when(moved.comparison, projection), right=right)


@examples(25)
@given(studies(), projections())
def test_an_outlay_that_would_make_now_right_does(study: tc.Study, projection: Projection) -> None:
    found = when(study.comparison, projection).would_change("B")
    if found.least_outlay_usd is None or found.most_outlay_usd is None:
        return
    terms = projection.terms_for("B")
    (item,) = study.comparison.option("B").engineering.items
    for outlay, right in around(found.least_outlay_usd, found.most_outlay_usd):
        ratio = outlay / found.outlay_usd
        layer = terms.abstraction_layer_usd
        scaled = replace(
            terms,
            switching_usd=point(terms.switching_usd) * ratio,
            switching_with_layer_usd=point(terms.switching_with_layer_usd) * ratio,
            abstraction_layer_usd=None if layer is None else point(layer) * ratio,
        )
        team = replace(item, upfront_usd=point(item.upfront_usd) * ratio)
        moved = study.replace({"B:engineering": team})
        check_now(when(moved.comparison, replace(projection, switching=scaled)), right=right)


def around(least: float, most: float) -> list[tuple[float, bool]]:
    """Values just within and just beyond the ends of a range, with whether they are within."""
    found = [] if least == 0.0 else [(least * 1.00001, True), (least * 0.99999, False)]
    return found if math.isinf(most) else [*found, (most * 0.99999, True), (most * 1.00001, False)]


def check_now(timing: Timing, *, right: bool) -> None:
    """Whether acting now is no dearer than any other plan of any way, or no cheaper than the best of them."""
    switch = timing.switch("B")
    others = [usd for way in switch.ways for usd in way.present_value_usd[1:].tolist()]
    regret = switch.now_usd - min([switch.never_usd, *others])
    small = 1e-9 * max(abs(switch.now_usd), abs(switch.never_usd), 1.0)
    assert regret <= small if right else regret >= -small


@examples(25)
@given(studies(), projections(), st.integers(0, 12))
def test_payback_is_when_the_cumulative_cost_stays_below(study: tc.Study, projection: Projection, begin: int) -> None:
    begins = {"B": min(begin, projection.months - 1)}
    try:
        found = project(study.comparison, projection, begins=begins)
    except ScenarioError:
        return  # it would not serve
    paid = found.cumulative()
    lead = (paid["A"] - paid["B"]).to_numpy()[begins["B"] + 1 :]
    small = 1e-9 * np.maximum(paid["A"].to_numpy()[begins["B"] + 1 :], 1.0)
    stays = [count for count in range(1, lead.size + 1) if np.all(lead[count - 1 :] > small[count - 1 :])]
    said = found.payback("B")
    assert said.month == (stays[0] if stays else None)
    assert (said.ahead_months is not None) == (not stays and bool(np.any(lead > small)))


@examples(25)
@given(studies(), projections(), st.floats(1.0, 20.0))
def test_nothing_is_won_by_being_away_while_work_falls_due(
    study: tc.Study, projection: Projection, life: float
) -> None:
    # an incumbent with work that comes again, and a challenger that costs as much by the month: whoever comes back
    # after it fell due has paid for it by then
    team = tc.Engineering(upfront_usd=40_000, amortization_months=life)
    theirs = books().api("anthropic/claude-opus-5-5", label="A", engineering=team)
    ours = books().api("anthropic/claude-opus-5-5", label="B")
    pair = tc.Study([theirs, ours], workload=TRAFFIC, tokens_per_month=study.comparison.here)
    asked = Projection(months=projection.months, switching=Switching(may_return=True))
    due = [turn * life for turn in range(1, math.ceil(asked.months / life)) if turn * life < asked.months - 1e-6]
    found = project(pair.comparison, asked)
    for left in range(asked.months - 1):
        for back in (left + 1, asked.months - 1):
            plan = replace(found, plans={"B": Plan(left, float(back))})
            paid = plan.by_option["B"].column("upfront_usd")[0]
            missed = [at for at in due if left <= at < back]
            assert paid[:left].sum() == 40_000 * sum(at < left for at in due)
            assert paid[left:back].sum() == 0.0
            assert paid[back] >= 40_000 * bool(missed)


@examples(10)
@given(st.floats(-0.5, 0.5), st.integers(2, 24))
def test_who_costs_the_same_is_no_reason_to_switch(growth: float, months: int) -> None:
    even = tc.CostCurve.per_mtok(3)
    study = tc.Study([tc.Option("A", even), tc.Option("B", even)], workload=TRAFFIC, tokens_per_month=1e9)
    timing = when(study.comparison, Projection(months=months, growth_per_year=growth))
    assert timing.best is None
    assert timing.would_change("B").same_as == "never switching"
    assert project(study.comparison, timing.projection).payback("B").month is None
