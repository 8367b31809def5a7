"""Distributions as numbers: their quantiles, what is refused, and every place that takes one."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import tokencross as tc
from tokencross.distributions import Between, ShareBetween, Triangular, between, share_between, triangular
from tokencross.errors import ScenarioError
from tokencross.number import Distribution, check_number, point
from tokencross.options.base import CostOption
from tokencross.studies.inputs import uncertain_inputs

PROBABILITIES = np.array([1e-9, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0 - 1e-9])
Z = stats.norm.ppf(0.95)


# ---------------------------------------------------------------------- quantiles


def test_an_interval_above_zero_is_lognormal() -> None:
    price = between(2.0, 8.0)
    reference = stats.lognorm(math.log(8.0 / 2.0) / (2.0 * Z), scale=4.0)  # the median is the root of 2 x 8
    assert price.ppf(0.5) == 4.0
    assert_allclose(price.ppf(PROBABILITIES), reference.ppf(PROBABILITIES), rtol=1e-12)
    assert_allclose(price.cdf(np.array([0.5, 2.0, 4.0, 30.0])), reference.cdf([0.5, 2.0, 4.0, 30.0]), rtol=1e-12)
    assert price.cdf(-1.0) == price.cdf(0.0) == 0.0
    assert price.cdf(np.array([-1.0, 0.0])).tolist() == [0.0, 0.0]
    assert (price.ppf(0.0), price.ppf(1.0)) == (0.0, math.inf)


def test_an_interval_from_zero_or_below_is_normal() -> None:
    change = between(-0.1, 0.3)
    reference = stats.norm(0.1, 0.4 / (2.0 * Z))
    assert change.ppf(0.5) == pytest.approx(0.1, rel=1e-15)
    assert_allclose(change.ppf(PROBABILITIES), reference.ppf(PROBABILITIES), rtol=1e-12)
    assert_allclose(change.cdf(np.array([-0.5, 0.1, 0.9])), reference.cdf([-0.5, 0.1, 0.9]), rtol=1e-12)
    assert (change.ppf(0.0), change.ppf(1.0)) == (-math.inf, math.inf)


@pytest.mark.parametrize(("low", "mode", "high"), [(1.0, 2.0, 5.0), (1.0, 1.0, 5.0), (-3.0, 5.0, 5.0)])
def test_a_triangle(low: float, mode: float, high: float) -> None:
    found = triangular(low, mode, high)
    reference = stats.triang((mode - low) / (high - low), loc=low, scale=high - low)
    assert_allclose(found.ppf(PROBABILITIES), reference.ppf(PROBABILITIES), rtol=1e-12)
    values = np.linspace(low - 1.0, high + 1.0, 41)
    assert_allclose(found.cdf(values), reference.cdf(values), rtol=1e-12, atol=1e-15)
    assert (found.ppf(0.0), found.ppf(1.0)) == (low, high)
    assert (found.cdf(low), found.cdf(high)) == (0.0, 1.0)


def test_shares_whose_parameters_are_known() -> None:
    assert_allclose(share_between(0.05, 0.95).parameters, (1.0, 1.0), rtol=1e-9)  # even: F(x) = x
    assert_allclose(share_between(0.05**0.5, 0.95**0.5).parameters, (2.0, 1.0), rtol=1e-9)  # F(x) = x^2
    # F(x) = 1 - (1 - x)^3
    assert_allclose(share_between(1.0 - 0.95 ** (1 / 3), 1.0 - 0.05 ** (1 / 3)).parameters, (1.0, 3.0), rtol=1e-9)


def test_a_share_is_a_beta_distribution() -> None:
    hits = share_between(0.2, 0.5)
    reference = stats.beta(*hits.parameters)
    assert_allclose(hits.ppf(PROBABILITIES), reference.ppf(PROBABILITIES), rtol=1e-9)
    assert_allclose(hits.cdf(np.array([-1.0, 0.1, 0.3, 0.9, 2.0])), reference.cdf([-1.0, 0.1, 0.3, 0.9, 2.0]))
    assert (hits.ppf(0.0), hits.ppf(1.0)) == (0.0, 1.0)


SENSIBLE = [
    *((0.001, 0.999), (0.98, 0.999), (0.0001, 0.002), (0.01, 0.99), (1e-6, 0.5), (0.5, 1.0 - 1e-6)),
    *((0.5, 0.5001), (1e-9, 1e-3), (0.05, 0.06), (1e-4, 0.999), (0.94, 0.96), (1e-9, 2e-9)),
]


@pytest.mark.parametrize(("low", "high"), SENSIBLE)
def test_the_ends_of_a_share_are_its_quantiles(low: float, high: float) -> None:
    found = share_between(low, high)
    assert found.ppf(0.05) == pytest.approx(low, rel=1e-9)
    assert 1.0 - found.ppf(0.95) == pytest.approx(1.0 - high, rel=1e-9)


@pytest.mark.parametrize("found", [between(2, 8), between(-1, 3), triangular(1, 2, 5), share_between(0.2, 0.5)])
def test_floats_give_floats_and_arrays_their_shape(found: Between | Triangular | ShareBetween) -> None:
    assert isinstance(found, Distribution)
    grid = np.full((2, 3), 0.3)
    assert type(found.ppf(0.3)) is float
    assert type(found.cdf(0.3)) is float
    assert type(found.ppf(np.float64(0.3))) is float
    assert found.ppf(grid).shape == found.cdf(grid).shape == (2, 3)
    assert found.ppf(np.array([])).shape == (0,)
    outside = np.array([-0.1, 1.1, np.nan])
    assert np.isnan(found.ppf(outside)).all()
    assert all(math.isnan(found.ppf(float(q))) for q in outside)
    assert math.isnan(found.cdf(math.nan))
    assert np.isnan(found.cdf(np.array([np.nan]))).all()


def test_what_they_look_like() -> None:
    assert repr(between(2, 4, name="gpu price")) == "between(2, 4, name='gpu price')"
    assert repr(triangular(80_000, 120_000, 250_000.5)) == "triangular(80000, 120000, 250000.5)"
    assert repr(share_between(0.1, 0.25)) == "share_between(0.1, 0.25)"
    assert between(2, 4) == between(2.0, 4.0) != between(2, 4, name="another")
    assert hash(between(2, 4)) == hash(between(2.0, 4.0))


# ---------------------------------------------------------------------- what makes no distribution

REFUSED: list[tuple[Callable[[], object], str]] = [
    (
        lambda: between(4, 2),
        "between\n  found low 4 and high 2; accepted: low < high.\n  Swap the two.",
    ),
    (
        lambda: between(3, 3),
        "between\n  found low and high both 3; accepted: low < high.\n  A number that is known is given as itself: 3.",
    ),
    (
        lambda: between(1, math.inf),
        "between\n  found high inf; accepted: two finite numbers, the lower one first.",
    ),
    (
        lambda: between(10**400, 1),
        "between\n  found low inf; accepted: two finite numbers, the lower one first.",
    ),
    (
        lambda: between("2", 4),  # type: ignore[arg-type]  # what a user may write
        "between\n  found low '2'; accepted: two finite numbers, the lower one first.",
    ),
    (
        lambda: between(True, 4),
        "between\n  found low True; accepted: two finite numbers, the lower one first.",
    ),
    (
        lambda: between(1, 2, name=3),  # type: ignore[arg-type]  # what a user may write
        "between\n  found name 3; accepted: text, or no name.",
    ),
    (
        lambda: between(1e-200, 1e200),
        "between\n  found low 1e-200 and high 1e+200; accepted: ends of a finite quotient.",
    ),
    (
        lambda: between(-1e308, 1e308),
        "between\n  found low -1e+308 and high 1e+308; accepted: ends of a finite difference.",
    ),
    (
        lambda: triangular(1, 5, 4),
        "triangular\n  found mode 5, with low 1 and high 4; accepted: low <= mode <= high.",
    ),
    (
        lambda: triangular(5, 4, 1),
        "triangular\n  found low 5 and high 1; accepted: low < high.\n  Swap the two.",
    ),
    (
        lambda: triangular(2, 2, 2),
        "triangular\n  found low and high both 2; accepted: low < high.\n"
        "  A number that is known is given as itself: 2.",
    ),
    (
        lambda: triangular(1, math.nan, 4),
        "triangular\n  found mode nan; accepted: three finite numbers: the least, the likeliest and the largest.",
    ),
    (
        lambda: share_between(10, 20),
        "share_between\n  found low 10 and high 20; accepted: two numbers above 0 and below 1, the lower one first.\n"
        "  Shares are fractions: write 0.5 for 50%.",
    ),
    (
        lambda: share_between(0.0, 0.5),
        "share_between\n  found low 0 and high 0.5; accepted: two numbers above 0 and below 1, the lower one first.",
    ),
    (
        lambda: share_between(0.5, 0.5),
        "share_between\n  found low and high both 0.5; accepted: low < high.\n"
        "  A number that is known is given as itself: 0.5.",
    ),
    (
        lambda: share_between(0.5, 0.5 + 1e-10).ppf(0.5),
        "share_between\n  found low 0.5 and high 0.5000000001; accepted: an interval that a beta distribution can have "
        "to 9 digits: wider, or farther from 0 and 1.",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message.split(";")[0] for _, message in REFUSED])
def test_what_makes_no_distribution(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        make()
    assert str(caught.value) == message


def test_a_study_of_intervals_and_triangles_needs_no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    plan = tc.Engineering(upfront_usd=triangular(50_000, 60_000, 90_000), upkeep_usd_per_month=between(2_000, 8_000))
    assert plan.curve().usd_per_month(1e9) == pytest.approx(triangular(50_000, 60_000, 90_000).ppf(0.5) / 24 + 4_000.0)
    message = "share_between\n  found no SciPy; accepted: SciPy, the extra 'stats'.\n  pip install 'tokencross[stats]'"
    with pytest.raises(ScenarioError, match=re.escape(message)):
        share_between(0.123, 0.456).ppf(0.5)
    with pytest.raises(ScenarioError, match=re.escape(message.replace("share_between", "between"))):
        between(1, 2).ppf(np.array([0.5]))


# ---------------------------------------------------------------------- mass on impossible values


class Steps:
    """A distribution that knows its quantiles alone."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def ppf(self, q: float, /) -> float:
        return self.low + (self.high - self.low) * q


class Atom(Steps):
    """Zero with probability 0.3, else even from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(0.0, 1.0)

    def ppf(self, q: float, /) -> float:
        return max(q - 0.3, 0.0) / 0.7

    def cdf(self, x: float, /) -> float:
        return 0.0 if x < 0.0 else 0.3 + 0.7 * min(x, 1.0)


class Broken(Steps):
    """Quantiles as they come."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def ppf(self, q: float, /) -> float:
        return self.values[0 if q < 0.1 else 1 if q < 0.9 else 2]


SHARE: dict[str, Any] = {"low": 0.0, "high": 1.0}
POSITIVE: dict[str, Any] = {"low": 0.0, "open_low": True}
IN_0_1 = "accepted: a number from 0 to 1 (unit)."
SHARES = "  A share between 0 and 1 is tc.share_between(low, high)."
LOGNORMAL = "  What is never negative is tc.between(low, high) with low above 0: a lognormal distribution."

IMPOSSIBLE: dict[str, tuple[Any, dict[str, Any], str]] = {
    "below 0": (  # 2 deviations below the mean: 2.275%
        stats.norm(2.0, 1.0),
        {},
        f"a distribution with 2.28% of its mass below 0; accepted: a finite number >= 0 (unit).\n{LOGNORMAL}",
    ),
    "above 1": (
        stats.uniform(0.5, 1.0),
        SHARE,
        f"a distribution with 50% of its mass above 1; {IN_0_1}\n{SHARES}",
    ),
    "on both sides": (
        stats.uniform(-1.0, 4.0),
        SHARE,
        f"a distribution with 25% of its mass below 0 and 50% of its mass above 1; {IN_0_1}\n{SHARES}",
    ),
    "all of it": (
        stats.uniform(30.0, 20.0),
        {**SHARE, "remedy": "Shares are fractions: write 0.5 for 50%."},
        f"a distribution with 100% of its mass above 1; {IN_0_1}\n"
        f"  Shares are fractions: write 0.5 for 50%.{SHARES[1:]}",
    ),
    "a little": (  # lognormal around the root of 8, 4.93449 deviations above 1: 4.0e-7
        between(2.0, 4.0),
        {"low": 1.0},
        "a distribution with 0.0000402% of its mass below 1; accepted: a finite number >= 1 (unit).\n"
        "  tc.triangular(low, mode, high) stays within its ends.",
    ),
    "by quantiles alone": (
        Steps(-1.0, 3.0),
        {},
        f"a distribution with 25% of its mass below 0; accepted: a finite number >= 0 (unit).\n{LOGNORMAL}",
    ),
    "above, by quantiles alone": (
        Steps(0.0, 4.0),
        SHARE,
        f"a distribution with 75% of its mass above 1; {IN_0_1}\n{SHARES}",
    ),
    "an atom at a bound that is refused": (
        Atom(),
        POSITIVE,
        f"a distribution with 30% of its mass at or below 0; accepted: a finite number > 0 (unit).\n{LOGNORMAL}",
    ),
    "discrete": (
        stats.poisson(3.0),
        {},
        "a discrete distribution (poisson); accepted: a finite number >= 0 (unit), or a continuous distribution of "
        "it.\n  Draws of one's own may be of any kind: give an array, such as .rvs(8_192).",
    ),
    "without its shape": (
        stats.lognorm,
        {},
        "a distribution without its parameters (lognorm_gen); accepted: a finite number >= 0 (unit), or a frozen "
        "distribution of it.\n  Freeze it: call it with its parameters, such as scipy.stats.norm(10, 2).",
    ),
    "several at once": (
        stats.norm([10.0, 20.0]),
        {},
        "a distribution (norm) of 2 numbers at once; accepted: a finite number >= 0 (unit), or a distribution of it.\n"
        "  Give each number its own.",
    ),
    "multivariate": (
        stats.multivariate_normal([0.0, 0.0]),
        {},
        "multivariate_normal_frozen, which has no quantile function ppf; accepted: a finite number >= 0 (unit).",
    ),
    "not a number": (
        Broken(1.0, math.nan, 3.0),
        {},
        "a distribution (Broken) whose quantile at 0.5 is nan; accepted: a finite number >= 0 (unit), or a "
        "distribution of it.",
    ),
    "infinite": (
        Broken(1.0, 2.0, math.inf),
        {},
        "a distribution (Broken) whose quantile at 1 is inf; accepted: a finite number >= 0 (unit), or a "
        "distribution of it.",
    ),
    "falling": (
        Broken(3.0, 2.0, 1.0),
        {},
        "a distribution whose quantiles fall (3, 2, 1); accepted: a finite number >= 0 (unit), or a distribution of "
        "it.",
    ),
    "a class": (
        Between,
        {},
        "<class 'tokencross.distributions.Between'>; accepted: a finite number >= 0 (unit).",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_mass_on_impossible_values_is_refused(case: str) -> None:
    value, bounds, message = IMPOSSIBLE[case]
    with pytest.raises(ScenarioError) as caught:
        check_number(value, where="here", unit="unit", **bounds)
    assert str(caught.value).startswith(f"here\n  found {message}")
    assert case == "without its shape" or str(caught.value) == f"here\n  found {message}"


POSSIBLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "lognormal": (between(1e-3, 1e3), POSITIVE),
    "tails without end": (stats.norm(100.0, 10.0), {}),
    "less than a billionth": (stats.norm(6.1, 1.0), {}),  # 5.3e-10 below 0
    "up to its ends": (stats.uniform(0.0, 1.0), SHARE),
    "a triangle from a bound that is refused": (triangular(0.0, 1.0, 2.0), POSITIVE),
    "a share": (share_between(0.001, 0.999), {**SHARE, "open_low": True}),
    "an atom at a bound": (Atom(), {}),
    "quantiles alone": (Steps(0.0, 1.0), SHARE),
    "negative where that is accepted": (between(-0.2, 0.1), {"low": -math.inf}),
}


@pytest.mark.parametrize("case", POSSIBLE)
def test_a_distribution_within_its_bounds_stays_as_it_is(case: str) -> None:
    value, bounds = POSSIBLE[case]
    assert check_number(value, where="here", unit="", **bounds) is value


def test_an_error_of_a_distribution_keeps_its_cause() -> None:
    class Broken:
        def ppf(self, q: float) -> float:
            raise TypeError("no shape")

    with pytest.raises(ScenarioError, match="given frozen") as caught:
        check_number(Broken(), where="here", unit="")
    assert isinstance(caught.value.__cause__, TypeError)


# ---------------------------------------------------------------------- every place that takes a number

BOOK = tc.load_prices(as_of="2026-11-21")
VOLUMES = np.geomspace(1e7, 1e12, 16)
SHAPE: dict[str, Any] = {
    "input_tokens": 3_000,
    "output_tokens": 400,
    "cached_input_share": 0.3,
    "cache_write_share": 0.05,
}
OFFICE = tc.Load.business_hours()
TRAINED: dict[str, Any] = {
    "examples_count": 5_000,
    "usd_per_example": 0.3,
    "tokens_per_example": 1_500,
    "epochs": 3,
    "pilot_share": 0.2,
    "validation_tokens": 100_000,
    "validation_count": 2,
    "evaluation_usd": 500,
    "run_count": 2,
    "data_life_months": 24,
    "relabelled_share": 0.2,
}
ACCEPTED: dict[str, Any] = {
    "success_share": 0.8,
    "retry_count": 2,
    "retry_success_share": 0.3,
    "fallback_success_share": 0.9,
    "review_usd_per_task": 0.2,
    "reviewed_share": 0.5,
}
Case = tuple[CostOption, tc.Workload]
SOME = between(2.0, 4.0)
PART = share_between(0.1, 0.3)
MOST = share_between(0.5, 0.9)


def chat(**terms: Any) -> tc.Workload:
    return tc.Workload(**{**SHAPE, **terms})


def own(**terms: Any) -> CostOption:
    usual = {"instance": "aws/p5.48xlarge", "region": "us-east-1", "purchase": "on_demand", "label": "own"}
    return BOOK.self_hosted("llama-3.3-70b", **{**usual, "engineering": tc.Engineering.none(), **terms})


def api(**terms: Any) -> CostOption:
    return BOOK.api("openai/gpt-6-sol", label="api", **terms)


def small() -> CostOption:
    return BOOK.api("openai/gpt-6-luna", label="small")


def units(**terms: Any) -> CostOption:
    return BOOK.provisioned("azure/gpt-4.1", region="Global", label="units", **terms)


def tuned(**terms: Any) -> CostOption:
    training = tc.Training(**{**TRAINED, **terms})
    return BOOK.fine_tuned("openai/gpt-4.1-mini", training=training, engineering=tc.Engineering.none(), label="tuned")


def adapted(**terms: Any) -> CostOption:
    taken: dict[str, Any] = {"provider": "fireworks", "method": "supervised", "serving": "own", "adapter": "lora"}
    where: dict[str, Any] = {"instance": "aws/p5.48xlarge", "region": "us-east-1", "purchase": "on_demand"}
    training = tc.Training(**TRAINED)
    plan = tc.Engineering.none()
    return BOOK.fine_tuned("llama-3.1-8b", training=training, engineering=plan, **taken, **where, **terms)


def by_the_second(**seconds: Any) -> Case:
    scaling = tc.Scaling.serverless(**{"start_up_seconds": 20, "idle_seconds": 60, **seconds})
    where = {"instance": "modal/serverless-2x-h100", "region": None, "purchase": "dedicated"}
    return own(scaling=scaling, **where), chat(load=OFFICE)


def accepted(**terms: Any) -> Case:
    return tc.Accepted(small(), fallback=api(), **{**ACCEPTED, **terms}), chat()


def judged(tokens: Any) -> CostOption:
    judge = BOOK.api("openai/gpt-6-luna", label="judge")
    return tc.Cascade(small(), api(), escalation_share=0.2, verifier=judge, verifier_output_tokens=tokens)


def of_fields(room: str, make: Callable[..., Case], **given: Distribution) -> dict[str, tuple[Distribution, Any]]:
    """Return a case for every field of a call."""
    return {f"{room} {name}": (value, lambda x, name=name: make(**{name: x})) for name, value in given.items()}


# name: (distribution, what makes an option and a workload of a number)
PLACES: dict[str, tuple[Distribution, Callable[[Any], Case]]] = {
    **of_fields(
        "workload",
        lambda **terms: (own(), chat(**terms)),
        input_tokens=between(1_000, 5_000),
        output_tokens=between(200, 600),
        cached_input_share=PART,
        cache_write_share=PART,
        batch_share=PART,
        input_cv=SOME,
        output_cv=SOME,
        peak_to_mean=triangular(1.5, 3, 5),
        burst_ratio=triangular(1.0, 1.2, 1.6),
    ),
    **of_fields(
        "workload of an api",
        lambda **terms: (api(), chat(**terms)),
        input_tokens=between(1_000, 5_000),
        output_tokens=between(200, 600),
        cached_input_share=PART,
        cache_write_share=PART,
        batch_share=PART,
        input_cv=SOME,
    ),
    **of_fields(
        "engineering",
        lambda **terms: (own(engineering=tc.Engineering(**{"upfront_usd": 100_000, **terms})), chat()),
        upfront_usd=between(50_000, 200_000),
        amortization_months=between(12, 36),
        discount_rate_per_year=between(0.02, 0.1),
        upkeep_usd_per_month=between(5_000, 10_000),
        upkeep_usd_per_gpu_month=between(10, 30),
        lead_months=SOME,
    ),
    **of_fields(
        "self-hosted",
        lambda **terms: (own(**terms), chat()),
        throughput=between(3_000, 5_000),
        target_load_share=MOST,
        prefix_hit_share=PART,
        billed_hours_share=MOST,
        standby_share=PART,
    ),
    "self-hosted interruption_overhead_share": (
        PART,
        lambda x: (own(purchase="spot", interruption_overhead_share=x), chat()),
    ),
    **of_fields(
        "autoscaled",
        lambda **terms: (own(scaling=tc.Scaling.autoscaled(**terms)), chat(load=OFFICE)),
        start_up_minutes=between(3, 9),
        cool_down_minutes=between(5, 90),
    ),
    **of_fields("serverless", by_the_second, start_up_seconds=between(10, 40), idle_seconds=between(30, 90)),
    **of_fields(
        "around the GPU",
        lambda **terms: (own(around=tc.AroundGpu(**terms)), chat()),
        egress_usd_per_gb=between(0.05, 0.1),
        staging_hours_share=PART,
        observability_usd_per_month=between(100, 200),
    ),
    "around the GPU other": (between(100, 200), lambda x: (own(around=tc.AroundGpu(other={"vpn": x})), chat())),
    **of_fields(
        "api",
        lambda **terms: (api(**terms), chat()),
        discount_share=PART,
        credits_usd_per_month=between(1_000, 2_000),
        tokenizer_ratio=between(0.9, 1.2),
        output_ratio=between(0.9, 1.2),
    ),
    "api stored_cache_tokens": (
        between(1e6, 2e6),
        lambda x: (BOOK.api("google/gemini-3.6-flash", stored_cache_tokens=x), chat()),
    ),
    "api support": (between(100, 200), lambda x: (api(support=tc.SupportPlan([(0, 0.1)], x)), chat())),
    **of_fields(
        "provisioned",
        lambda **terms: (units(**terms), chat()),
        usd_per_unit_hour=between(1, 2),
        input_tokens_per_minute=between(2_000, 4_000),
        output_weight_ratio=SOME,
        cached_weight_ratio=PART,
        target_load_share=MOST,
        discount_share=PART,
        tokenizer_ratio=between(0.9, 1.2),
        output_ratio=between(0.9, 1.2),
    ),
    "dedicated throughput": (
        between(3_000, 5_000),
        lambda x: (
            BOOK.dedicated(
                "together",
                gpu="H100-SXM-80GB",
                model="llama-3.3-70b",
                engineering=tc.Engineering.none(),
                throughput=x,
            ),
            chat(),
        ),
    ),
    **of_fields(
        "training",
        lambda **terms: (tuned(**terms), chat()),
        examples_count=between(3_000, 8_000),
        usd_per_example=between(0.1, 0.5),
        tokens_per_example=between(1_000, 2_000),
        epochs=SOME,
        pilot_share=PART,
        validation_tokens=between(10_000, 90_000),
        validation_count=SOME,
        evaluation_usd=between(300, 600),
        run_count=triangular(1, 2, 4),
        data_life_months=between(20, 30),
        relabelled_share=PART,
        retrain_every_months=between(6, 12),
        minimum_usd_per_run=between(5, 20),
        training_usd_per_mtok=between(5, 20),
    ),
    **of_fields("adapters", lambda **terms: (adapted(**terms), chat()), base_share=PART, adapter_overhead_share=PART),
    "cascade escalation_share": (PART, lambda x: (tc.Cascade(small(), api(), escalation_share=x), chat())),
    "cascade verifier_usd_per_request": (
        between(0.001, 0.002),
        lambda x: (tc.Cascade(small(), api(), escalation_share=0.2, verifier_usd_per_request=x), chat()),
    ),
    "cascade verifier_output_tokens": (
        between(10, 20),
        lambda x: (judged(x), chat()),
    ),
    **of_fields(
        "accepted",
        accepted,
        success_share=MOST,
        retry_success_share=PART,
        fallback_success_share=MOST,
        review_usd_per_task=between(0.1, 0.3),
        reviewed_share=MOST,
    ),
    "a class of work": (
        between(1_000, 5_000),
        lambda x: (
            api(),
            tc.Workload.mix({"a": (chat(input_tokens=x), 0.4), "b": (chat(output_tokens=50), 0.6)}),
        ),
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_distribution_counts_as_its_median_and_is_kept(place: str) -> None:
    distribution, make = PLACES[place]
    (uncertain, workload), (plain, plain_workload) = make(distribution), make(point(distribution))
    found = uncertain.resolve(workload).curve.usd_per_month(VOLUMES)
    assert_allclose(found, plain.resolve(plain_workload).curve.usd_per_month(VOLUMES), rtol=1e-12)
    study = tc.Study([uncertain], workload=workload)
    assert [each.distribution for each in uncertain_inputs(study.comparison, table_errors=False)] == [distribution]


def test_numbers_of_tables_and_where_you_are() -> None:
    plain = tc.Study([api(), own()], workload=chat(), tokens_per_month=4e9)
    changes = {
        "prices:openai/gpt-6-sol.output_usd_per_mtok": between(5, 20, name="api price"),
        "compute:aws/p5.48xlarge[on_demand, us-east-1].usd_per_hour": between(32, 72, name="gpu price"),
        "tokens_per_month": between(1e9, 4e9),
    }
    uncertain = plain.replace(changes)
    medians = plain.replace({address: point(value) for address, value in changes.items()})
    assert uncertain.comparison.here == pytest.approx(2e9)
    assert_allclose(uncertain.costs(VOLUMES).to_numpy(), medians.costs(VOLUMES).to_numpy(), rtol=1e-12)
    found = {each.name: each.distribution for each in uncertain_inputs(uncertain.comparison, table_errors=False)}
    names = ["api price", "gpu price", "tokens_per_month"]
    assert found == dict(zip(names, changes.values(), strict=True))
    with pytest.raises(ScenarioError, match=r"2\.28% of its mass below 0; accepted: a finite number >= 0 \(USD per h"):
        plain.replace({"compute:aws/p5.48xlarge[on_demand, us-east-1].usd_per_hour": stats.norm(2.0, 1.0)})
