"""The shape of the traffic: what it says, what it refuses, and what follows from it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.number import float_or_draws
from tokencross.options.billing import _window_by_minute, hourly_ratio
from tokencross.options.load import Load
from tokencross.tables.book import Book
from tokencross.tables.store import bundled_store

SHAPE: dict[str, Any] = {"input_tokens": 3_000.0, "output_tokens": 400.0}


def refused(**fields: object) -> str:
    """Return what is said about fields that have no meaning."""
    with pytest.raises(ScenarioError) as caught:
        tc.Workload(**{**SHAPE, **fields})
    return str(caught.value)


def test_a_request_is_input_and_output() -> None:
    assert tc.Workload(**SHAPE).request_tokens == 3_000 + 400


def test_arguments_are_named_and_lengths_are_required() -> None:
    with pytest.raises(TypeError):
        tc.Workload(3_000, 400)  # type: ignore[call-arg]  # the mistake is the point
    with pytest.raises(TypeError, match="output_tokens"):
        tc.Workload(input_tokens=3_000)  # type: ignore[call-arg]  # the mistake is the point


def test_a_workload_is_frozen() -> None:
    with pytest.raises(AttributeError):
        tc.Workload(**SHAPE).input_tokens = 1.0  # type: ignore[misc]  # the mistake is the point


BOUNDS = {
    "input_tokens": ("a finite number >= 0 (reference tokens per request)", [-1.0, math.inf, math.nan]),
    "output_tokens": ("a finite number >= 0 (reference tokens per request)", [-1.0, math.inf, math.nan]),
    "batch_share": ("a number from 0 to 1 (share of tokens)", [-0.1, 1.1, math.nan]),
    "input_cv": ("a finite number >= 0 (standard deviation over mean)", [-0.1, math.inf]),
    "output_cv": ("a finite number >= 0 (standard deviation over mean)", [-0.1, math.inf]),
    "peak_to_mean": ("a finite number >= 1 (peak hour over mean hour)", [0.99, 0.0, math.inf]),
    "burst_ratio": ("a finite number >= 1 (busiest minutes over peak hour)", [0.99, math.nan]),
    "tokens_per_month": ("a finite number > 0 (reference tokens per month)", [0.0, -1.0, math.inf]),
}


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, (_, values) in BOUNDS.items() for v in values])
def test_a_number_out_of_bounds_is_refused(name: str, value: float) -> None:
    remedy = "\n  Shares are fractions: write 0.5 for 50%." if name.endswith("_share") else ""
    expected = f"workload:{name}\n  found {value:g}; accepted: {BOUNDS[name][0]}.{remedy}"
    assert refused(**{name: value}) == expected
    # one bad draw is refused like a bad number
    good = 1.0 if name != "batch_share" else 0.5
    assert refused(**{name: np.array([good, value, good])}) == expected


@pytest.mark.parametrize("value", ["3000", None, True, [[1.0, 2.0]], []])
def test_what_is_no_number_is_refused(value: object) -> None:
    assert refused(input_tokens=value).startswith("workload:input_tokens\n  found ")


def test_a_request_without_tokens_is_refused() -> None:
    said = "workload\n  found input_tokens and output_tokens of 0; accepted: at least one of them above 0"
    assert refused(input_tokens=0, output_tokens=0) == f"{said} (tokens per request)."
    assert tc.Workload(input_tokens=0, output_tokens=1).request_tokens == 1.0
    assert tc.Workload(input_tokens=1, output_tokens=0).request_tokens == 1.0


def test_caching_asks_for_the_write_share() -> None:
    assert refused(cached_input_share=0.5) == (
        "workload:cache_write_share\n"
        "  found nothing, with cached_input_share 0.5; "
        "accepted: the share of input tokens written to the cache, from 0 to 1.\n"
        "  What is read from a cache was written once: say how often (0 if writes cost nothing)."
    )
    assert tc.Workload(**SHAPE, cached_input_share=0.5, cache_write_share=0).written_share == 0.0
    assert tc.Workload(**SHAPE).written_share == 0.0
    assert tc.Workload(**SHAPE, cached_input_share=0.0).written_share == 0.0


def test_cached_and_written_shares_are_of_one_input() -> None:
    assert refused(cached_input_share=0.7, cache_write_share=0.5) == (
        "workload:cached_input_share + cache_write_share\n"
        "  found 0.7 + 0.5 = 1.2; accepted: shares of the input that together are at most 1."
    )
    whole = tc.Workload(**SHAPE, cached_input_share=0.75, cache_write_share=0.25)
    assert whole.written_share == 0.25
    draws = np.array([0.2, 0.8])
    assert "together are at most 1" in refused(cached_input_share=draws, cache_write_share=0.5)
    assert "together are at most 1" in refused(cached_input_share=0.5, cache_write_share=draws)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_shares_are_accepted_exactly_when_they_fit(cached: float, written: float) -> None:
    if cached + written > 1.0:
        assert "together are at most 1" in refused(cached_input_share=cached, cache_write_share=written)
    else:
        assert tc.Workload(**SHAPE, cached_input_share=cached, cache_write_share=written).written_share == written


# ---------------------------------------------------------------------- load


def test_defaults_of_the_load() -> None:
    """METHOD.md, table of defaults: peak_to_mean 3, burst_ratio 1.25."""
    plain = tc.Workload(**SHAPE)
    assert (plain.peak, plain.burst) == (3.0, 1.25)
    said = tc.Workload(**SHAPE, peak_to_mean=5, burst_ratio=1)
    assert (said.peak, said.burst) == (5.0, 1.0)


@pytest.mark.parametrize("hours", [24, 168])
def test_a_profile_gives_its_peak(hours: int) -> None:
    weights = [1.0] * (hours - 1) + [7.0]  # the mean is (hours - 1 + 7) / hours
    assert tc.Workload(**SHAPE, load=weights).peak == pytest.approx(7.0 / ((hours - 1 + 7) / hours))
    assert tc.Workload(**SHAPE, load=[4.0] * hours).peak == 1.0


@given(st.lists(st.floats(0.001, 100.0), min_size=24, max_size=24), st.floats(0.01, 100.0))
def test_only_relative_weights_count(weights: list[float], scale: float) -> None:
    peak = tc.Workload(**SHAPE, load=weights).peak
    assert tc.Workload(**SHAPE, load=[scale * w for w in weights]).peak == pytest.approx(float(np.asarray(peak)))
    assert (
        1.0 - 1e-12 <= float(np.asarray(peak)) <= 24.0 + 1e-9
    )  # all traffic in one hour of the day is 24 times the mean


@pytest.mark.parametrize(
    ("load", "found"),
    [
        ([1.0] * 23, "23 weights"),
        ([[1.0] * 24], "24 weights"),
        ([1.0] * 23 + [-1.0], "weights that are negative, not finite or all 0"),
        ([1.0] * 23 + [math.inf], "weights that are negative, not finite or all 0"),
        ([1.0] * 23 + [math.nan], "weights that are negative, not finite or all 0"),
        ([0.0] * 24, "weights that are negative, not finite or all 0"),
    ],
)
def test_a_profile_that_is_none(load: object, found: str) -> None:
    expected = f"workload:load\n  found {found}; accepted: 24 or 168 finite weights >= 0, not all 0."
    assert refused(load=load) == expected


def test_a_profile_or_a_peak() -> None:
    expected = "workload:load\n  found both load and peak_to_mean; accepted: one of the two."
    assert refused(load=[1.0] * 24, peak_to_mean=2) == expected


def test_a_load_or_a_peak_whatever_says_the_load() -> None:
    expected = "workload:load\n  found both load and peak_to_mean; accepted: one of the two."
    assert refused(load="flat", peak_to_mean=2) == expected


def test_replacing_the_load() -> None:
    assert tc.Workload(**SHAPE, load="flat").with_number("load", "business_hours").load == Load.business_hours()
    assert tc.Workload(**SHAPE, load="flat").with_number("output_tokens", 1).load == Load.flat()


def test_replacing_the_peak_keeps_the_hours_sharper_or_flatter() -> None:
    profiled = tc.Workload(**SHAPE, load="azure-coding-2024")
    hours, peak = profiled.hours, float(np.asarray(profiled.peak))
    assert hours is not None
    for value in (1.0, 2.0, peak, 5.0):
        changed = profiled.with_number("peak_to_mean", value)
        assert changed.peak == pytest.approx(value, rel=1e-9)
        assert changed.burst == profiled.burst
        assert changed.hours is not None
        assert changed.hours.mean() == pytest.approx(1.0)
        assert value == 1.0 or np.array_equal(np.argsort(changed.hours), np.argsort(hours))
    np.testing.assert_allclose(profiled.with_number("peak_to_mean", peak).hours, hours, rtol=1e-9)  # type: ignore[arg-type]  # there are hours


@pytest.mark.parametrize(("load", "value"), [("flat", 2.0), ([1.0] * 12 + [0.0] * 12, 3.0), ("flat", 0.5)])
def test_a_peak_that_the_hours_cannot_have(load: object, value: float) -> None:
    profiled = tc.Workload(**SHAPE, load=load)  # type: ignore[arg-type]  # a name or weights
    with pytest.raises(ScenarioError, match="workload:peak_to_mean"):
        profiled.with_number("peak_to_mean", value)


def test_hours_are_those_of_the_load() -> None:
    assert tc.Workload(**SHAPE).hours is None
    assert tc.Workload(**SHAPE, peak_to_mean=2).hours is None
    day = tc.Workload(**SHAPE, load=[1.0] * 23 + [25.0])  # a mean of 2
    assert day.hours is not None
    assert_allclose(day.hours.reshape(7, 24), [[0.5] * 23 + [12.5]] * 7)
    week = tc.Workload(**SHAPE, load=np.arange(168.0))
    assert week.hours is not None
    assert_allclose(week.hours, np.arange(168.0) / 83.5)


def test_a_load_by_value_or_by_name() -> None:
    office = Load.business_hours()
    assert tc.Workload(**SHAPE, load=office).load == office
    assert tc.Workload(**SHAPE, load="business_hours").load == office
    assert tc.Workload(**SHAPE, load="flat").peak == 1.0
    measured = tc.Workload(**SHAPE, load="azure-coding-2024")
    assert measured.load == Load.preset("azure-coding-2024")
    assert measured.citations == Load.preset("azure-coding-2024").citations
    assert measured.notes[0].startswith("azure-coding-2024: Hours are read off a plot")
    assert tc.Workload(**SHAPE).citations == ()
    assert tc.Workload(**SHAPE).notes == ()


def test_an_unknown_load_is_refused_with_the_known() -> None:
    said = refused(load="bussiness_hours")
    assert said.startswith(
        "workload:load\n  found unknown 'bussiness_hours'; accepted: 24 or 168 weights, or one of flat"
    )
    assert said.endswith("Did you mean 'business_hours'?")
    assert refused(load={"hours": 1}).startswith(
        "workload:load\n  found {'hours': 1}; accepted: 24 or 168 finite weights"
    )


def test_a_burst_measured_with_the_load_comes_before_the_default() -> None:
    assert tc.Workload(**SHAPE, load="azure-coding-2024").burst == 1.143
    assert tc.Workload(**SHAPE, load="azure-coding-2024", burst_ratio=2).burst == 2.0
    assert tc.Workload(**SHAPE, load="business_hours").burst == 1.25


def test_the_numbers_of_a_named_load_are_listed() -> None:
    def said(load: object) -> dict[str, tuple[object, str, str]]:
        workload = tc.Workload(**SHAPE, load=load)  # type: ignore[arg-type]  # names and loads alike
        found = {p.address: p for p in workload.parameters()}
        return {name: (p.value, p.origin, p.why) for name, p in found.items() if not name.endswith("_tokens")}

    traced = said("azure-coding-2024")
    assert traced == {
        "workload:peak_to_mean": (Load.preset("azure-coding-2024").peak_to_mean, "table", "load azure-coding-2024"),
        "workload:burst_ratio": (1.143, "table", "load azure-coding-2024"),
    }
    value, origin, why = said("business_hours")["workload:peak_to_mean"]
    assert (value, origin) == (Load.business_hours().peak_to_mean, "default")
    assert "our judgement" in why
    given = said(Load.business_hours(outside_share=0.2))["workload:peak_to_mean"]
    assert given[1:] == (
        "given",
        "load business hours: 9 to 18 o'clock, 5 days a week from Monday, UTC, 0.2 of the traffic outside",
    )
    assert list(said([1.0] * 24)) == ["workload:burst_ratio"]  # weights alone say it
    cited = [p.citation for p in tc.Workload(**SHAPE, load="azure-coding-2024").parameters()][2:]
    assert cited == [*Load.preset("azure-coding-2024").citations] * 2


def test_prices_with_hours_follow_the_load() -> None:
    """DeepSeek's cheap hours: what a flat day pays lies between a load within them and one outside."""
    price = Book(bundled_store(), date(2025, 6, 1)).api_price("deepseek/deepseek-chat")
    assert price.windows
    cheap = _window_by_minute(price).reshape(168, 60).max(axis=1) >= 0
    inside = tc.Workload(**SHAPE, load=cheap.astype(float))
    outside = tc.Workload(**SHAPE, load=1.0 - cheap)
    ratios = [float(np.asarray(hourly_ratio(price, w.hours))) for w in (inside, tc.Workload(**SHAPE), outside)]
    assert ratios == sorted(ratios)
    assert ratios[0] < ratios[1] < ratios[2]


# ---------------------------------------------------------------------- from_rate, parameters


def test_from_rate_says_where_you_are() -> None:
    """2 requests a second, 730 x 3600 seconds a month, 3,400 tokens each."""
    workload = tc.Workload.from_rate(requests_per_second=2.0, **SHAPE)
    assert workload.tokens_per_month == pytest.approx(2 * 730 * 3_600 * 3_400)
    assert workload.input_tokens == 3_000.0
    study = tc.Study([tc.Option("flat", tc.CostCurve.fixed(1.0))], workload=workload)
    assert study.tokens_per_month == pytest.approx(2 * 730 * 3_600 * 3_400)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, "2"])
def test_a_rate_that_is_none(rate: object) -> None:
    with pytest.raises(ScenarioError, match="workload:requests_per_second"):
        tc.Workload.from_rate(requests_per_second=rate, **SHAPE)  # type: ignore[arg-type]  # the mistake is the point


def test_parameters_are_what_was_given_or_defaulted() -> None:
    plain = {p.address: (p.value, p.origin) for p in tc.Workload(**SHAPE).parameters()}
    assert plain == {
        "workload:input_tokens": (3_000.0, "given"),
        "workload:output_tokens": (400.0, "given"),
        "workload:peak_to_mean": (3.0, "default"),
        "workload:burst_ratio": (1.25, "default"),
    }
    said = {p.address for p in tc.Workload(**SHAPE, load=[1.0] * 24, batch_share=0.3, input_cv=1.0).parameters()}
    assert said == {
        "workload:input_tokens",
        "workload:output_tokens",
        "workload:batch_share",
        "workload:input_cv",
        "workload:burst_ratio",
    }


def test_replacing_a_number() -> None:
    workload = tc.Workload(**SHAPE, name="chat")
    changed = workload.with_number("output_tokens", 800)
    assert (changed.output_tokens, workload.output_tokens, changed.name) == (800.0, 400.0, "chat")
    with pytest.raises(ScenarioError) as caught:
        workload.with_number("ouput_tokens", 800)
    assert str(caught.value) == (
        "workload:ouput_tokens\n  found no such number; accepted: a field of the workload.\n"
        "  Did you mean 'output_tokens' or 'input_tokens'?"
    )
    with pytest.raises(ScenarioError, match="workload:output_tokens\n  found -1"):
        workload.with_number("output_tokens", -1)


# ---------------------------------------------------------------------- numbers of any kind


def test_draws_and_distributions_are_numbers() -> None:
    draws = np.array([100.0, 200.0, 300.0])
    assert_allclose(tc.Workload(input_tokens=draws, output_tokens=50).request_tokens, [150, 250, 350])
    spread = stats.uniform(1_000, 4_000)  # from 1,000 to 5,000: median 3,000
    assert tc.Workload(input_tokens=spread, output_tokens=400).request_tokens == pytest.approx(3_000 + 400)
    with pytest.raises(ScenarioError, match="workload:input_tokens"):
        tc.Workload(input_tokens=stats.norm(0, 1), output_tokens=400)  # half of it is negative


def test_a_draw_of_tokens_keeps_its_values() -> None:
    draws = np.array([100.0, 200.0])
    workload = tc.Workload(input_tokens=draws, output_tokens=50)
    assert_allclose(np.asarray(float_or_draws(workload.input_tokens)), [100.0, 200.0])


def test_draws_of_different_numbers_are_refused_in_our_words() -> None:
    with pytest.raises(ScenarioError) as caught:
        tc.Workload(input_tokens=np.array([1.0, 2.0]), output_tokens=np.array([1.0, 2.0, 3.0]))
    assert str(caught.value) == (
        "workload\n  found input_tokens with 2 draws, output_tokens with 3 draws; "
        "accepted: the same number of draws in every array."
    )


def test_describe_is_one_line() -> None:
    workload = tc.Workload(**SHAPE, cached_input_share=0.5, cache_write_share=0.05, batch_share=0.2, peak_to_mean=3)
    assert workload.describe() == "3,000 in / 400 out, 50% cached, 20% can wait, peak 3x mean"
    assert tc.Workload(**SHAPE).describe() == "3,000 in / 400 out, peak 3x mean"
    assert tc.Workload(**SHAPE, load=[1.0] * 24).describe() == "3,000 in / 400 out, peak 1x mean"
    office = tc.Workload(**SHAPE, load="business_hours")
    assert office.describe() == "3,000 in / 400 out, business hours load, peak 2.93x mean"
