"""Laws of traffic by hour of the week: the mean stays 1, whatever is done to it, and a log gives back what made it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import tokencross as tc
from tokencross.options.load import Load

WEIGHT = st.floats(0.0, 1e6).map(lambda weight: 0.0 if weight < 1e-6 else weight)
WEIGHTS = st.one_of(st.lists(WEIGHT, min_size=24, max_size=24), st.lists(WEIGHT, min_size=168, max_size=168)).filter(
    any
)
LOADS = WEIGHTS.map(Load.hourly)
HOURS = st.floats(-400.0, 400.0)
MONDAY = np.datetime64("2026-11-02T00:00:00")


@given(LOADS)
def test_the_mean_is_one(load: Load) -> None:
    assert len(load.weights) == 168
    assert load.hours.mean() == pytest.approx(1.0, abs=1e-12)
    assert 1.0 - 1e-12 <= load.peak_to_mean <= 168.0 + 1e-9


@given(WEIGHTS)
def test_the_peak_of_weights_is_their_highest_over_their_mean(weights: list[float]) -> None:
    expected = max(weights) / (sum(weights) / len(weights))
    assert Load.hourly(weights).peak_to_mean == pytest.approx(expected, rel=1e-12)
    assert tc.Workload(input_tokens=1, output_tokens=1, load=weights).peak == pytest.approx(expected, rel=1e-12)


@given(LOADS, HOURS)
def test_a_shift_keeps_the_mean_and_never_raises_the_peak(load: Load, hours: float) -> None:
    moved = load.shifted(hours)
    assert moved.hours.mean() == pytest.approx(1.0, abs=1e-12)
    assert moved.peak_to_mean <= load.peak_to_mean * (1.0 + 1e-12)


@given(LOADS, st.integers(-400, 400))
def test_a_shift_and_its_opposite_cancel(load: Load, hours: int) -> None:
    assert_allclose(load.shifted(hours).shifted(-hours).hours, load.hours, atol=1e-12)


@given(st.lists(LOADS, min_size=1, max_size=4), st.data())
def test_a_mix_keeps_the_mean_and_peaks_no_higher_than_its_parts(loads: list[Load], data: st.DataObject) -> None:
    raw = data.draw(st.lists(st.integers(0, 100), min_size=len(loads), max_size=len(loads)).filter(any))
    shares = [part / sum(raw) for part in raw]
    mixed = Load.mix(list(zip(loads, shares, strict=True)))
    assert mixed.hours.mean() == pytest.approx(1.0, abs=1e-12)
    assert_allclose(mixed.hours, sum(share * load.hours for load, share in zip(loads, shares, strict=True)), atol=1e-9)
    assert mixed.peak_to_mean <= max(load.peak_to_mean for load in loads) * (1.0 + 1e-12)


@given(st.floats(0.0, 20.0), st.floats(0.25, 24.0), st.integers(1, 7), st.floats(0.0, 1.0), st.floats(-12.0, 14.0))
def test_office_hours_have_the_peak_of_their_count(
    start: float, length: float, weekdays: int, outside: float, zone: float
) -> None:
    """Where no hour is worked in part, the peak is 168 / (n + (168 - n) outside), with n hours of work."""
    first, last = round(start), min(24, round(start) + max(1, round(length)))
    worked = weekdays * (last - first)
    load = Load.business_hours(
        start_hour=first, end_hour=last, weekdays=weekdays, outside_share=outside, time_zone=round(zone)
    )
    assert load.peak_to_mean == pytest.approx(168 / (worked + (168 - worked) * outside))
    spread = Load.business_hours(
        start_hour=start, end_hour=min(24.0, start + length), weekdays=weekdays, outside_share=outside, time_zone=zone
    )
    assert spread.hours.mean() == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 5), min_size=168, max_size=168).filter(any), st.integers(0, 335), st.integers(1, 3))
def test_a_log_drawn_from_a_profile_gives_it_back(counts: list[int], begins: int, weeks: int) -> None:
    """As many requests in each hour as its weight says, over whole weeks from any hour on."""
    hour = begins + np.arange(168 * weeks)
    requests = np.repeat(hour, np.array(counts)[hour % 168])
    seconds = np.random.default_rng(begins).integers(0, 3_600, requests.size)
    times = MONDAY + (requests * 3_600 + seconds).astype("m8[s]")
    start, end = MONDAY + hour[0].astype("m8[h]"), MONDAY + (hour[-1] + 1).astype("m8[h]")
    load = Load.from_log(times, start=str(start), end=str(end))
    assert_allclose(load.hours, np.array(counts) / np.mean(counts), atol=1e-12)
    assert load.covered_days == 7 * weeks
    assert load.burst_ratio is None or 1.0 <= load.burst_ratio <= 60.0 + 1e-9


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_a_random_log_gives_its_profile_back_within_its_noise(seed: int) -> None:
    """Poisson arrivals of 400 requests an hour over two weeks: each hour within 6 standard errors."""
    rng = np.random.default_rng(seed)
    made = Load.business_hours(time_zone="Europe/Berlin").hours
    hours = np.repeat(np.arange(336), rng.poisson(400 * np.tile(made, 2)))
    times = MONDAY + (hours * 3_600 + rng.integers(0, 3_600, hours.size)).astype("m8[s]")
    load = Load.from_log(times, start=str(MONDAY), end="2026-11-16")
    assert np.all(np.abs(load.hours - made) < 6.0 * np.sqrt(made / 800) + 0.02)
