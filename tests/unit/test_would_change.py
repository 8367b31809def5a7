"""What would make acting now right: outlay, the incumbent's price and volume, as ranges, and plugged back."""

from __future__ import annotations

import math

import pytest
from tests.unit.test_projection import own
from tests.unit.test_switching import A, B, over, timed

import tokencross as tc
from tokencross.options.base import CostOption
from tokencross.studies.switching import when
from tokencross.studies.terms_of_switching import Switching


def test_what_would_change_the_answer_is_exact() -> None:
    # growth 1, no interest: acting now is wrong as long as the saving of month 0 is below 0
    fleet = tc.CostCurve.fixed(12_000)
    found = timed(over(36, growth_per_year=1.0), A, fleet).would_change("B")
    assert not found.now_is_right
    assert found.least_price_ratio == pytest.approx(1.2)
    assert found.least_tokens_per_month == pytest.approx(1.2e9)
    assert found.most_outlay_usd is None
    assert str(found) == (
        "Switching to B now would be right from 1.2 times what A is projected to cost, or from 1.2B tokens/month on "
        "(you are at 1B)."
    )


def test_the_most_that_acting_now_may_cost() -> None:
    # with interest r, acting now is right up to the outlay whose interest the first month's saving pays: 6,000 / r
    terms = Switching(switching_usd=2e6)
    asked = over(240, terms=terms, growth_per_year=0.5, discount_rate_per_year=0.1)
    found = timed(asked).would_change("B")
    assert found.outlay_usd == 2e6
    assert found.most_outlay_usd == pytest.approx(6_000 / (1.1 ** (1 / 12) - 1))
    # and from the volume, or price of A, at which that saving pays the interest on two million
    assert found.least_tokens_per_month == pytest.approx(1e9 * 2e6 * (1.1 ** (1 / 12) - 1) / 6_000)
    assert found.least_price_ratio == pytest.approx((2e6 * (1.1 ** (1 / 12) - 1) + 4_000) / 10_000)


def test_the_layer_is_part_of_what_acting_now_costs_and_of_every_plan_compared() -> None:
    # now is cheaper with the layer, and month 12 without it
    terms = Switching(switching_usd=4e5, abstraction_layer_usd=199e3, switching_with_layer_usd=2e5)
    asked = over(60, terms=terms, growth_per_year=0.5, discount_rate_per_year=0.3)
    timing = timed(asked)
    found = timing.would_change("B")
    assert (timing.switch("B").month, found.now_is_right, found.outlay_usd) == (12, False, 399e3)
    most, price, volume = found.most_outlay_usd, found.least_price_ratio, found.least_tokens_per_month
    assert most is not None
    assert price is not None
    assert volume is not None
    assert most < 399e3
    assert price > 1.0
    assert volume > 1e9
    for ratio, right in ((0.9999 * most / 399e3, True), (1.0001 * most / 399e3, False)):
        scaled = Switching(
            switching_usd=4e5 * ratio, abstraction_layer_usd=199e3 * ratio, switching_with_layer_usd=2e5 * ratio
        )
        again = timed(over(60, terms=scaled, growth_per_year=0.5, discount_rate_per_year=0.3)).switch("B")
        assert (again.month == 0) is right


def test_an_outlay_may_have_to_be_high_enough() -> None:
    # work gets dearer by a quarter a year, and A is cheap for three months: one begins now only to save on the work
    work = tc.Engineering(upfront_usd=1_000, amortization_months=48)
    ours = tc.load_prices(as_of="2026-11-21").api("openai/gpt-6-luna", label="ours", engineering=work)
    options: list[CostOption] = [tc.Option("theirs", tc.CostCurve.per_mtok(1)), ours]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e10)
    path = {"theirs": [0.09] * 3 + [1.0] * 21}
    found = study.when(over(24, price_ratio=path, engineering_decline_per_year=-0.25)).would_change("ours")
    # the first month loses 100; waiting for the second adds 1.25^(1/12) - 1 of the work
    assert found.least_outlay_usd == pytest.approx(100 / (1.25 ** (1 / 12) - 1))
    assert found.most_outlay_usd == pytest.approx(24 * 9_000 - 3 * 9_100)
    assert "at an outlay between 5," in str(found)


def test_volumes_at_which_now_is_right_may_be_a_window() -> None:
    cheaper = tc.CostCurve.bands([(0, 10.0), (5e9, 3.0)], whole_bill=True)
    asked = over(24, terms=Switching(switching_usd=50_000))
    found = when(own(cheaper, B, here=20e9).comparison, asked).would_change("B")
    assert not found.now_is_right
    assert found.least_tokens_per_month == pytest.approx(50_000 / 24 / 6e-6)
    assert found.most_tokens_per_month == pytest.approx(5e9)
    assert "or between 347M tokens/month and 5B tokens/month (you are at 20B)." in str(found)
    dearer = tc.CostCurve.bands([(0, 4.0), (2e9, 20.0), (3e9, 1.0)], whole_bill=True)
    asked = over(24, terms=Switching(switching_usd=1_000))
    found = when(own(A, dearer, here=1.9e9).comparison, asked).would_change("B")
    assert found.now_is_right
    assert found.most_tokens_per_month == pytest.approx(2e9)
    assert "and up to 2B tokens/month (you are at 1.9B)." in str(found)


def test_what_costs_the_same_is_said() -> None:
    found = timed(over(24, terms=Switching(switching_usd=144_000))).would_change("B")
    assert (found.same_as, found.now_is_right) == ("never switching", False)
    assert str(found) == (
        "Switching to B now costs the same as never switching; it would be right at an outlay up to 144k USD (it is "
        "144k USD), or from 1 times what A is projected to cost, or from 1B tokens/month on (you are at 1B)."
    )
    found = timed(over(24, price_ratio={"B": [2.5] + [1.0] * 23})).would_change("B")
    assert (found.same_as, found.now_is_right) == ("switching in month 1", True)
    assert timed(over(12), A, A).verdict() == ("Stay with A for all 12 months: switching to B now would cost the same.")


def test_where_the_lead_is_as_long_as_the_horizon_now_is_no_plan() -> None:
    found = timed(over(2, terms=Switching(lead_months=2, switching_usd=1_000)))
    assert math.isinf(found.switch("B").now_usd)
    change = found.would_change("B")
    assert (change.most_outlay_usd, change.least_price_ratio, change.least_tokens_per_month) == (None, None, None)
    assert str(change) == (
        "Switching to B now is not possible: its first token would come in month 2, and everything ends in month 2."
    )
