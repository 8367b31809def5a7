"""Laws of fleets that follow their load, each against the same thing worked out hour by hour or number by number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import tokencross as tc
from tokencross.options.capacity import Fleet
from tokencross.options.demand import planned_hours
from tokencross.options.levels import Levels
from tokencross.options.replicas import Replica
from tokencross.options.scaling import FIXED, Scaling
from tokencross.tables.resolved import HourlyPrice

Array = NDArray[np.float64]

BOOK = tc.load_prices(as_of="2026-11-21")
INSTANCE = "aws/p5.48xlarge"
HOURS = st.lists(st.floats(0.0, 4.0), min_size=168, max_size=168).filter(lambda w: sum(w) > 1.0)
WEEKS = st.one_of(
    HOURS, st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=24, max_size=24).map(lambda day: day * 7)
)
STEP_TOKENS = 1_000.0 * 2_628_000  # one replica of 1,000 tokens a second in an instance of its own


def mean_one(weights: list[float]) -> Array:
    """Return weights with mean 1."""
    hours = np.array(weights) + 1e-3
    return np.asarray(hours / hours.mean())


def price(usd_per_hour: float, purchase: str = "on_demand") -> HourlyPrice:
    """Return an hourly price on some terms."""
    known = BOOK._book.hourly_price("lambda/gpu_1x_h100_sxm5", purchase="on_demand", region=None)
    return replace(known, usd_per_hour=usd_per_hour, purchase=purchase)


def fleet(hours: Array, scaling: Scaling = FIXED, **fields: Any) -> Fleet:  # any field of Fleet
    """Return a fleet of one-GPU instances at 1 USD an hour that serves 1,000 tokens per replica-second."""
    levels = scaling.levels(hours) if scaling.kind != "fixed" else Levels.of(np.ones(1), np.array([hours.max()]))
    said: dict[str, Any] = {
        "instance": price(1.0).instance,
        "replica": Replica(1, 1, 1, None, 1_000.0, "closed_loop"),
        "deratings": (),
        "levels": levels,
        "scaling": scaling,
        "request_tokens": 1_000.0,
        "price": price(1.0),
        "min_instance_count": 0.0,
        "spare_instance_count": 0.0,
        "peak_to_mean": float(hours.max()),
        "burst_ratio": 1.0,
        **fields,
    }
    return Fleet(**said)


def usd(one: Fleet, volume: float) -> float:
    """Return what a fleet costs a month."""
    return float(one.curve(()).usd_per_month(volume))


def steps(load: Array, volume: float) -> Array:
    """Return the instances that loads need."""
    return np.asarray(np.ceil(volume * load / STEP_TOKENS * (1 - 1e-12)))


AT_ONCE = Scaling.autoscaled(start_up_minutes=0, cool_down_minutes=0)


@settings(deadline=None, max_examples=50)
@given(week=WEEKS, instances=st.floats(0.0, 40.0), least=st.integers(0, 4))
def test_autoscaled_is_the_sum_over_the_hours(week: list[float], instances: float, least: int) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    by_hand = 730.0 / 168 * np.maximum(steps(hours, volume), least).sum()
    assert usd(fleet(hours, AT_ONCE, min_instance_count=float(least)), volume) == pytest.approx(by_hand, rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(week=WEEKS, instances=st.floats(0.0, 40.0), least=st.integers(0, 4), spare=st.integers(0, 2))
def test_autoscaled_without_delays_is_never_dearer_than_fixed(
    week: list[float], instances: float, least: int, spare: int
) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    limits: dict[str, Any] = {"min_instance_count": float(least), "spare_instance_count": float(spare)}
    assert usd(fleet(hours, AT_ONCE, **limits), volume) <= usd(fleet(hours, **limits), volume) * (1 + 1e-12)


@settings(deadline=None, max_examples=25)
@given(
    week=WEEKS,
    instances=st.floats(0.5, 20.0),
    start=st.integers(0, 200),
    cool=st.integers(0, 200),
)
def test_start_up_and_cool_down_minute_by_minute(week: list[float], instances: float, start: int, cool: int) -> None:
    """In every minute as many as the busiest minute from `cool` before to `start` after it asks for."""
    hours, volume = mean_one(week), instances * STEP_TOKENS
    minutes = np.repeat(steps(hours, volume), 60)
    wide = minutes.copy()
    for shift in range(1, cool + 1):
        wide = np.maximum(wide, np.roll(minutes, shift))
    for shift in range(1, start + 1):
        wide = np.maximum(wide, np.roll(minutes, -shift))
    scaling = Scaling.autoscaled(start_up_minutes=start, cool_down_minutes=cool)
    levels = scaling.levels(hours, start_up_minutes=float(start))
    assert levels.shares.sum() == pytest.approx(1.0)
    held = fleet(hours, AT_ONCE, levels=levels)
    assert usd(held, volume) == pytest.approx(730.0 * wide.mean(), rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(week=WEEKS, instances=st.floats(0.0, 30.0), more=st.floats(1.0, 3.0), first=st.integers(0, 22))
def test_more_load_never_costs_less(week: list[float], instances: float, more: float, first: int) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    spot = {"price": price(1.0, "spot"), "interruption_overhead_share": 0.1}
    base = {"base_price": price(0.6, "reserved_1y")}
    slow = Scaling.autoscaled(start_up_minutes=10, cool_down_minutes=30)
    office = Scaling.scheduled(start_hour=first, end_hour=first + 2)
    for one in (
        fleet(hours, AT_ONCE, **base),
        fleet(hours, slow, min_instance_count=2.0, spare_instance_count=1.0),
        fleet(hours, office, zone_count=3),
        fleet(hours, AT_ONCE, reserved_count=5.0, **base),
        fleet(hours, AT_ONCE, standby_share=0.3, **spot),
        fleet(hours, Scaling.serverless(start_up_seconds=20, idle_seconds=60)),
    ):
        assert usd(one, volume * more) >= usd(one, volume) * (1 - 1e-12)


@settings(deadline=None, max_examples=50)
@given(week=WEEKS, instances=st.floats(0.0, 25.0), ratio=st.floats(0.05, 1.3), least=st.integers(0, 4))
def test_the_cheapest_base_is_that_of_trying_every_number(
    week: list[float], instances: float, ratio: float, least: int
) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    limits: dict[str, Any] = {"base_price": price(ratio, "reserved_1y"), "min_instance_count": float(least)}
    need = np.maximum(steps(hours, volume), least)
    tried = [730.0 * (count * ratio + np.maximum(need - count, 0.0).mean()) for count in range(int(need.max()) + 2)]
    best = fleet(hours, AT_ONCE, **limits)
    assert usd(best, volume) == pytest.approx(min(tried), rel=1e-9, abs=1e-9)
    for count in range(0, len(tried), 3):
        chosen = fleet(hours, AT_ONCE, reserved_count=float(count), **limits)
        assert usd(chosen, volume) == pytest.approx(tried[count], rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    week=WEEKS,
    instances=st.floats(0.0, 25.0),
    count=st.integers(0, 12),
    zones=st.integers(1, 3),
    spare=st.integers(0, 2),
    price_per_mtok=st.floats(0.05, 2.0),
)
def test_a_chosen_number_over_zones_at_a_volume_and_at_its_crossings(
    week: list[float], instances: float, count: int, zones: int, spare: int, price_per_mtok: float
) -> None:
    """Reserved instances need not divide by the zones: what runs beyond them is paid, whole zones at a time."""
    hours, volume = mean_one(week), instances * STEP_TOKENS
    one = fleet(
        hours,
        AT_ONCE,
        base_price=price(0.6, "reserved_1y"),
        reserved_count=float(count),
        zone_count=zones,
        spare_instance_count=float(spare),
    )
    load = hours / max(zones - 1, 1)
    need = zones * np.ceil(volume * load / STEP_TOKENS * (1 - 1e-12)) + spare
    by_hand = 730.0 * (0.6 * count + np.maximum(need - count, 0.0).mean())
    assert usd(one, volume) == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
    curve, line = one.curve(()), tc.CostCurve.per_mtok(price_per_mtok)
    found = tc.breakeven(curve, line)
    for volumes in (np.linspace(1.0, 30 * STEP_TOKENS, 3_000), np.linspace(1.0, 30 * STEP_TOKENS, 1_000)):
        cheaper = curve.usd_per_month(volumes) < line.usd_per_month(volumes) * (1 - 1e-9)
        inside = np.zeros(volumes.size, dtype=bool)
        for low, high in found.intervals:
            inside |= (volumes > low) & (volumes <= high)
        assert not np.any(cheaper & ~inside)


@settings(deadline=None, max_examples=30)
@given(week=WEEKS, instances=st.floats(1.0, 20.0), lost=st.floats(0.0, 0.6), beside=st.floats(0.0, 2.0))
def test_the_split_knows_interruptions_and_what_goes_with_an_instance(
    week: list[float], instances: float, lost: float, beside: float
) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    terms: dict[str, Any] = {
        "price": price(1.0, "spot"),
        "base_price": price(0.6, "reserved_1y"),
        "interruption_overhead_share": lost,
        "beside_usd_per_hour": beside,
    }

    def whole(one: Fleet) -> float:
        return usd(one, volume) + float(one.instances().usd_per_month(volume)) * beside * 730.0

    tried = [
        whole(fleet(hours, AT_ONCE, reserved_count=float(count), **terms))
        for count in range(int(steps(hours, volume).max()) + 2)
    ]
    assert whole(fleet(hours, AT_ONCE, **terms)) == pytest.approx(min(tried), rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(week=WEEKS, instances=st.floats(0.0, 25.0), zones=st.integers(2, 4), least=st.integers(0, 5))
def test_a_zone_may_fail(week: list[float], instances: float, zones: int, least: int) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    one = fleet(hours, AT_ONCE, zone_count=zones, min_instance_count=float(least))
    left = np.maximum(np.ceil(volume * hours / STEP_TOKENS / (zones - 1) * (1 - 1e-12)), np.ceil(least / zones))
    assert usd(one, volume) == pytest.approx(730.0 * zones * left.mean(), rel=1e-9, abs=1e-9)
    parts = one.curve(()).breakdown(volume)
    assert parts.to_numpy().sum() == pytest.approx(usd(one, volume))
    assert np.all(parts.to_numpy() >= -1e-9)


@settings(deadline=None, max_examples=40)
@given(week=WEEKS, batch=st.floats(0.0, 1.0), speedup=st.floats(1.0, 3.0))
def test_what_can_wait_is_poured_into_the_valleys(week: list[float], batch: float, speedup: float) -> None:
    hours = mean_one(week)
    planned = planned_hours(hours, burst=1.25, batch_share=batch, batch_speedup=speedup)
    busy = (1 - batch) * hours * 1.25
    assert np.all(planned >= busy - 1e-12)
    assert (planned - busy).sum() == pytest.approx(168 * batch / speedup, abs=1e-9)
    filled = planned > busy + 1e-9
    if filled.any():
        assert np.ptp(planned[filled]) < 1e-9
        assert np.all(busy[~filled] >= planned[filled][0] - 1e-9)


@settings(deadline=None, max_examples=40)
@given(week=WEEKS, instances=st.floats(0.0, 25.0), start=st.floats(0.0, 60.0), idle=st.floats(0.0, 600.0))
def test_by_the_second_never_less_than_the_work_nor_more_than_an_idle_step_on_top(
    week: list[float], instances: float, start: float, idle: float
) -> None:
    hours, volume = mean_one(week), instances * STEP_TOKENS
    one = fleet(hours, Scaling.serverless(start_up_seconds=start, idle_seconds=idle))
    work = volume * hours / STEP_TOKENS
    kept = volume * hours / 2_628_000 / 1_000 * (start + idle)
    by_hand = 730.0 * np.mean(work + np.minimum(kept, np.maximum(1.0 - work, 0.0)))
    assert usd(one, volume) == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


def test_draws_are_the_fleets_of_each_draw() -> None:
    """Base price, minutes and load alike: what holds for one number holds draw by draw."""
    rng = np.random.default_rng(5)
    hours = mean_one(list(rng.uniform(0.1, 3.0, 168)))
    ratios, minutes = np.array([0.3, 0.7, 1.2]), np.array([5.0, 45.0, 100.0])
    scaling = Scaling.autoscaled(start_up_minutes=0, cool_down_minutes=minutes)
    volumes = np.geomspace(1e8, 1e11, 5)
    together = fleet(hours, scaling, base_price=price(ratios, "reserved_1y"), min_instance_count=2.0)  # type: ignore[arg-type]  # draws
    found = together.curve(()).usd_per_month(volumes)
    for index in range(3):
        alone = fleet(
            hours,
            Scaling.autoscaled(start_up_minutes=0, cool_down_minutes=minutes[index]),
            base_price=price(ratios[index], "reserved_1y"),
            min_instance_count=2.0,
        )
        assert_allclose(found[index], alone.curve(()).usd_per_month(volumes), rtol=1e-9)
        assert_allclose(together.curve(()).draw(index).usd_per_month(volumes), found[index], rtol=1e-12)
