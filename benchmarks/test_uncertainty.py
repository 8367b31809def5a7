"""Speed and memory of curves whose numbers are draws, beside plain NumPy or one draw at a time, in the same run."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tokencross as tc
from tokencross.costs.hourly import HourlyStaircase

Array = NDArray[np.float64]
Benchmark = Callable[..., Any]

RANDOM = np.random.default_rng(2_026)
WEEK = np.exp(0.5 * RANDOM.normal(size=168))
WEEK /= WEEK.mean()


def lognormal(median: float, sigma: float, size: int) -> Array:
    """Return draws around a median."""
    return RANDOM.lognormal(np.log(median), sigma, size)


def fixed_fleet(size: int) -> tuple[tc.CostCurve, tc.CostCurve, tc.CostCurve]:
    """Return two APIs and a fleet of whole instances, six numbers of which are draws."""
    hour_usd, rate, price = lognormal(2.5, 0.2, size), lognormal(1_250.0, 0.3, size), lognormal(3.0, 0.3, size)
    smaller, people, setup = (
        lognormal(2.0, 0.4, size),
        RANDOM.triangular(5e3, 12e3, 3e4, size),
        lognormal(6e3, 0.5, size),
    )
    own = tc.CostCurve.staircase(hour_usd * 730, rate * 2.628e6, min_steps=2, label="GPU instances")
    own = own + tc.CostCurve.fixed(people, label="upkeep") + tc.CostCurve.fixed(setup, label="platform")
    return own, tc.CostCurve.per_mtok(price), tc.CostCurve.per_mtok(smaller) + tc.CostCurve.fixed(500.0)


def autoscaled(size: int) -> tuple[tc.CostCurve, tc.CostCurve]:
    """Return a fleet that follows the hours of a week, and an API."""
    hours = np.full(168, 1 / 168), WEEK, np.full(168, 2.0)
    steps = HourlyStaircase(lognormal(1_825.0, 0.2, size), lognormal(3.285e9, 0.3, size), *hours)
    own = tc.CostCurve((steps,)) + tc.CostCurve.fixed(RANDOM.triangular(5e3, 12e3, 3e4, size))
    return own, tc.CostCurve.per_mtok(lognormal(1.5, 0.5, size))


@pytest.mark.benchmark(group="first and robust of 1,000,000 draws: a fixed fleet and an API against an API")
class TestFixedFleet:
    def test_against_an_api(self, benchmark: Benchmark) -> None:
        own, api, smaller = fixed_fleet(1_000_000)
        benchmark(lambda: [tc.breakeven(challenger, api) for challenger in (own, smaller)])

    def test_an_api_against_it(self, benchmark: Benchmark) -> None:
        own, api, smaller = fixed_fleet(1_000_000)
        benchmark(lambda: [tc.breakeven(challenger, own) for challenger in (api, smaller)])


@pytest.mark.benchmark(group="first and robust of draws with a fleet of 168 hours")
class TestAutoscaled:
    def test_a_fleet_against_a_line_10_000_draws(self, benchmark: Benchmark) -> None:
        own, api = autoscaled(10_000)
        found = benchmark(lambda: tc.breakeven(own, api))
        alone = tc.breakeven(own.draw(7), api.draw(7))
        assert found.first[7] == pytest.approx(np.nan if alone.first is None else alone.first, rel=1e-9, nan_ok=True)

    def test_one_at_a_time_100_draws(self, benchmark: Benchmark) -> None:
        own, api = autoscaled(100)
        pairs = [(own.draw(index), api.draw(index)) for index in range(100)]
        benchmark.pedantic(  # type: ignore[attr-defined]
            lambda: [tc.breakeven(*pair, max_intervals=1) for pair in pairs], rounds=2
        )

    def test_a_line_against_a_fleet_1_000_draws(self, benchmark: Benchmark) -> None:
        own, api = autoscaled(1_000)
        benchmark.pedantic(lambda: tc.breakeven(api, own), rounds=2)  # type: ignore[attr-defined]

    def test_a_fleet_against_a_fleet_1_000_draws(self, benchmark: Benchmark) -> None:
        own, other = autoscaled(1_000)[0], autoscaled(1_000)[0]
        benchmark.pedantic(lambda: tc.breakeven(own, other), rounds=2)  # type: ignore[attr-defined]


@pytest.mark.benchmark(group="100,000 draws of a cost at one volume")
class TestEvaluate:
    def test_an_api_by_hand(self, benchmark: Benchmark) -> None:
        fixed, price = lognormal(500.0, 0.2, 100_000), lognormal(3.0, 0.3, 100_000)
        benchmark(lambda: price * 1e3 + fixed)

    def test_an_api_of_five_prices(self, benchmark: Benchmark) -> None:
        curve = tc.CostCurve.fixed(lognormal(500.0, 0.2, 100_000))
        for label in ("input", "cached", "written", "output", "requests"):
            curve = curve + tc.CostCurve.per_mtok(lognormal(0.6, 0.3, 100_000), label=label)
        benchmark(lambda: curve.usd_per_month(1e9))

    def test_a_fleet_of_four_parts(self, benchmark: Benchmark) -> None:
        width = lognormal(3.285e9, 0.3, 100_000)
        curve = tc.CostCurve.fixed(lognormal(12e3, 0.3, 100_000))
        for label in ("GPU instances", "storage", "licences", "upkeep"):
            curve = curve + tc.CostCurve.staircase(lognormal(500.0, 0.2, 100_000), width, min_steps=2, label=label)
        benchmark(lambda: curve.usd_per_month(1e10))

    def test_a_fleet_of_168_hours(self, benchmark: Benchmark) -> None:
        own, _ = autoscaled(100_000)
        found = benchmark(lambda: own.usd_per_month(1e10))
        assert found[3] == pytest.approx(own.draw(3).usd_per_month(1e10), rel=1e-12)


def test_temporaries_do_not_grow(capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond what is asked for: two results for a breakeven, one for a cost."""
    rows = []
    for size in (10_000, 100_000, 1_000_000):
        own, api, _ = fixed_fleet(size)
        jobs: list[Callable[[], object]] = [lambda own=own, api=api: tc.breakeven(own, api)]  # type: ignore[misc]
        jobs.append(lambda own=own: own.usd_per_month(1e10))  # type: ignore[misc]
        for job, results in zip(jobs, (2, 1), strict=True):
            job()
            tracemalloc.start()
            kept = job()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            del kept
            rows.append(f"{size:,} draws {(peak - results * 8 * size) / 2**20:,.1f} MiB")
    with capsys.disabled():
        print("\ntemporaries of a breakeven and a cost: " + ", ".join(rows))
