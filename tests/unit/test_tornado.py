"""One-at-a-time swings, worked by hand."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from scipy import stats
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.options.rates import Rate, RateError
from tokencross.studies.pair import pair_of
from tokencross.studies.tornado import Swing, Tornado, tornado

API = Toy("api", input_usd_per_mtok=4.0, output_usd_per_mtok=12.0)  # 6 USD per million tokens
FLEET = Toy("fleet", fixed_usd_per_month=2_500.0, step_usd_per_month=1_825.0, step_tokens=3.285e9)


def swing(result: Tornado, address: str) -> Swing:
    """The swing of one input."""
    (one,) = [each for each in result.swings if address in each.addresses]
    return one


def test_an_uncertain_input_goes_from_quantile_to_quantile() -> None:
    """Fixed from 2,000 to 8,000, evenly: 5% is 2,300, 95% is 7,700; the difference at 2B is 12,000 - 1,825 - fixed."""
    study = toy_study(API, FLEET, here=2e9).replace({"fleet:fixed_usd_per_month": stats.uniform(2_000, 6_000)})
    result = tornado(study.comparison)
    (one,) = result.swings
    assert (one.basis, one.assumed) == ("90% interval", 5_000.0)
    assert (one.low.value, one.high.value) == pytest.approx((2_300.0, 7_700.0))
    assert one.low.usd_per_month == pytest.approx(12_000 - 1_825 - 2_300)
    assert one.high.usd_per_month == pytest.approx(12_000 - 1_825 - 7_700)
    assert one.low.first == pytest.approx((2_300 + 1_825) / 6e-6)
    assert one.high.robust == pytest.approx((7_700 + 1_825) / 6e-6)
    assert result.base.usd_per_month == pytest.approx(12_000 - 6_825)
    assert (result.challenger, result.against) == ("fleet", "api")
    half = tornado(study.comparison, share=0.5).swings[0]
    assert (half.low.value, half.high.value) == pytest.approx((3_500.0, 6_500.0))
    assert half.basis == "50% interval"


def test_known_numbers_swing_by_a_share() -> None:
    result = tornado(toy_study(API, FLEET, here=2e9).comparison, swing_share=0.2)
    fixed = swing(result, "fleet:fixed_usd_per_month")
    assert (fixed.low.value, fixed.high.value, fixed.basis) == (2_000.0, 3_000.0, "±20%")
    share = swing(result, "fleet:load_share")
    assert (share.low.value, share.high.value) == (0.8, 1.0)  # a share stays one
    volume = swing(result, "tokens_per_month")
    assert volume.low.usd_per_month == pytest.approx(9_600 - 4_325)
    assert volume.low.first == volume.high.first
    addresses = [each.addresses[0] for each in result.swings]
    assert "fleet:least_count" not in addresses  # 0 has no share
    spreads = [each.spread("usd_per_month") for each in result.swings]
    assert spreads == sorted(spreads, reverse=True)


def test_whole_numbers_swing_by_at_least_one() -> None:
    fleet = Toy("fleet", step_usd_per_month=1_825.0, step_tokens=3.285e9, least_count=2.0)
    least = swing(tornado(toy_study(API, fleet, here=2e9).comparison, swing_share=0.2), "fleet:least_count")
    assert (least.low.value, least.high.value, least.basis) == (1.0, 3.0, "±20%, whole")


def test_never_is_infinite_and_has_a_reason() -> None:
    """Steps of 1,825 USD that hold 3.285e9 tokens cost 0.556 USD per million; a price of 0.4 never comes to that."""
    cheap = Toy("api", output_usd_per_mtok=stats.uniform(1.0, 6.0), input_usd_per_mtok=0.0)
    result = tornado(toy_study(cheap, FLEET, here=2e9).comparison)
    one = swing(result, "api:output_usd_per_mtok")
    assert one.low.value == pytest.approx(1.3)
    assert one.low.first == math.inf
    assert one.low.reason.startswith("never cheaper: fleet comes down to 0.556 USD/Mtok")
    assert math.isfinite(one.high.first)
    assert one.spread("first") == math.inf
    frame = result.frame()
    assert frame["first_low"].tolist() == [math.inf]
    assert frame["reason_low"].str.startswith("never cheaper").all()


def test_what_moves_nothing_is_in_the_frame_only() -> None:
    study = toy_study(API, FLEET, here=2e9).replace({"fleet:load_share": stats.uniform(0.8, 0.1)})
    result = tornado(study.comparison)
    one = swing(result, "fleet:load_share")
    assert one.low.usd_per_month == one.high.usd_per_month
    assert not one.moves  # one step holds 2B tokens at every share, and the only crossing lies below
    assert len(result.frame()) == 1
    assert "fleet load share" not in result._repr_html_()


def test_a_volume_that_is_said_does_not_swing() -> None:
    study = toy_study(API, FLEET, here=tc.between(1e9, 4e9)).replace(
        {"fleet:fixed_usd_per_month": tc.between(2e3, 3e3)}
    )
    assert "tokens_per_month" in [each.name for each in tornado(study.comparison).swings]
    said = tornado(study.comparison, tokens_per_month=2e9)
    assert [each.name for each in said.swings] == ["fleet:fixed_usd_per_month"]
    assert said.tokens_per_month == 2e9


def test_without_a_volume_the_first_breakeven_sorts() -> None:
    study = toy_study(API, FLEET).replace({"fleet:fixed_usd_per_month": tc.between(2e3, 3e3)})
    result = tornado(study.comparison)
    assert result.tokens_per_month is None
    assert np.isnan(result.frame()["swing_usd_per_month"]).all()
    assert "first breakeven" in result._repr_html_()


def test_one_number_at_two_places_swings_once() -> None:
    shared = tc.between(1_000.0, 2_000.0, name="step price")
    study = toy_study(API, Toy("x", step_usd_per_month=shared), Toy("y", step_usd_per_month=shared), here=2e9)
    (one,) = tornado(study.comparison, "x").swings
    assert (one.words, one.addresses) == ("step price", ("x:step_usd_per_month", "y:step_usd_per_month"))


def test_the_default_pair() -> None:
    """The cheapest substitute other than the incumbent; without a volume the first that undercuts it anywhere."""
    dear = Toy("dear", fixed_usd_per_month=1.0, output_usd_per_mtok=100.0)
    study = toy_study(API, dear, FLEET).comparison
    assert pair_of(study, None, None, tokens_per_month=2e9) == ("fleet", "api")
    assert pair_of(study, None, None, tokens_per_month=1.0) == ("dear", "api")
    assert pair_of(study, None, None, tokens_per_month=None) == ("fleet", "api")
    assert pair_of(study, None, "fleet", tokens_per_month=None) == ("api", "fleet")
    with pytest.raises(ScenarioError, match="a study of one option"):
        pair_of(toy_study(API).comparison, None, None, tokens_per_month=None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "tornado\n  found nothing that is uncertain; accepted: a study with an uncertain number"),
        ({"share": 1.0}, "tornado: share\n  found 1.0; accepted: a number above 0 and below 1"),
        (
            {"share": 90},
            "tornado: share\n  found 90; accepted: a number above 0 and below 1.\n  Shares are fractions: write 0.9",
        ),
        ({"share": "90%"}, "tornado: share\n  found '90%'; accepted: a number above 0 and below 1"),
        ({"swing_share": 0.0}, "tornado: swing_share\n  found 0.0; accepted: a number above 0 and below 1"),
        ({"challenger": "flet"}, "unknown label 'flet'"),
        ({"tokens_per_month": -1.0}, "tornado: tokens_per_month\n  found -1"),
    ],
)
def test_bad_input(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        tornado(toy_study(API, FLEET, here=2e9).comparison, **arguments)  # type: ignore[arg-type]  # the mistakes are the point


def test_the_error_of_a_rate_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """One quantile needs none; an array of them says what to install."""
    error = RateError(Rate(1.0, "fitted", None, 0.0, extrapolated=False, log_error=0.2))
    known = float(error.ppf(np.array([0.95]))[0])
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert error.ppf(0.95) == pytest.approx(known, rel=1e-12)
    with pytest.raises(ScenarioError, match=r"the error of a throughput\n  found no SciPy(.|\n)*tokencross\[stats\]"):
        error.ppf(np.array([0.95]))


@pytest.mark.parametrize("log_error", [0.0, 0.2])
def test_the_error_of_a_rate_at_the_ends(log_error: float) -> None:
    error = RateError(Rate(1.0, "fitted", None, 0.0, extrapolated=False, log_error=log_error))
    ends = (0.0, math.inf) if log_error else (1.0, 1.0)
    assert (error.ppf(0.0), error.ppf(0.5), error.ppf(1.0)) == (ends[0], 1.0, ends[1])
    assert error.ppf(np.array([0.0, 0.5, 1.0])).tolist() == [ends[0], 1.0, ends[1]]


def test_a_training_that_outlives_the_calendar() -> None:
    study = tc.load_study("scenarios/mixed.yaml")
    late = study.replace({"tuned small:training.retrain_every_months": 2e5})
    assert late.verdict()


def test_on_shipped_tables_the_ends_are_the_study_with_the_number_replaced() -> None:
    study = tc.load_study("scenarios/support-chat.yaml")
    result = tornado(study.comparison, "self-hosted", swing_share=0.2)
    one = swing(result, "workload:output_tokens")
    there = study.replace({"workload:output_tokens": 320.0})
    assert one.low.value == 320.0
    assert one.low.first == pytest.approx(there.breakeven("self-hosted").first, rel=1e-12)
    assert one.basis == "±20%"
    names = [each.name for each in result.swings]
    assert "self-hosted:throughput_ratio" in names  # the fit's own error
    assert "self-hosted:throughput" not in names  # which that error moves already
    assert repr(result).startswith("<Tornado of ")
