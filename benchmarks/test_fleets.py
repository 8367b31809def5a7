"""Speed of fleets that follow their load, each beside plain NumPy or beside the same thing term by term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tokencross as tc
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.terms import Staircase
from tokencross.options.self_hosted import SelfHostedOption

Array = NDArray[np.float64]
Benchmark = Callable[..., Any]

VOLUMES = np.geomspace(1e6, 1e12, 500)
RANDOM = np.random.default_rng(11)
WEEK = np.exp(0.5 * RANDOM.normal(size=168))
WEEK /= WEEK.mean()
OTHER = np.exp(0.5 * RANDOM.normal(size=168))
OTHER /= OTHER.mean()


def hourly(usd: float, tokens: float, loads: Array) -> HourlyStaircase:
    """Return a fleet of at least two steps."""
    return HourlyStaircase(usd, tokens, np.full(loads.size, 1 / loads.size), loads, np.full(loads.size, 2.0))


@pytest.fixture(scope="module")
def options() -> list[SelfHostedOption]:
    prices = tc.load_prices(as_of="2026-11-21")
    own = prices.self_hosted(
        "llama-3.1-8b",
        instance="lambda/gpu_1x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        label="own",
    )
    return [
        replace(own, label=f"own {index}", scaling=tc.Scaling.autoscaled(cool_down_minutes=5.0 + index))
        for index in range(12)
    ]


@pytest.mark.benchmark(group="12 autoscaled fleets of 168 hours at 500 volumes")
class TestStudy:
    def test_plain_numpy_of_ready_fleets(self, benchmark: Benchmark) -> None:
        """What the arithmetic alone takes: three parts of every hour, nothing looked up, nothing fitted."""
        loads = [np.sort(np.concatenate([WEEK, np.maximum(WEEK, np.roll(WEEK, 1))])) for _ in range(12)]
        benchmark(lambda: [np.maximum(2.0, np.ceil(np.multiply.outer(VOLUMES, x / 3e9))).mean(axis=1) for x in loads])

    def test_costs_of_a_study(self, benchmark: Benchmark, options: list[SelfHostedOption]) -> None:
        study = tc.Study(options, workload=tc.Workload(input_tokens=3_000, output_tokens=1_000, load=list(WEEK)))
        study.costs(VOLUMES)
        benchmark(lambda: study.costs(VOLUMES))

    def test_from_recipes_to_costs(self, benchmark: Benchmark, options: list[SelfHostedOption]) -> None:
        chat = tc.Workload(input_tokens=3_000, output_tokens=1_000, load=list(WEEK))
        benchmark(lambda: tc.Study(options, workload=chat).costs(VOLUMES))


@pytest.mark.benchmark(group="all crossings of two autoscaled fleets, up to 1e13 tokens a month")
class TestCrossings:
    def test_near_equal_unit_costs(self, benchmark: Benchmark) -> None:
        """Costs per token 0.022% apart: they take turns from 5e12 to 1e13."""
        ours = tc.CostCurve((hourly(2_000.0, 3e9, WEEK),)) + tc.CostCurve.fixed(1_000.0)
        theirs = tc.CostCurve((hourly(2_000.0 * 1.00022 * 2.2 / 3, 2.2e9, OTHER),))
        found = benchmark.pedantic(lambda: tc.breakeven(ours, theirs), rounds=3)  # type: ignore[attr-defined]
        assert found.robust is not None
        assert 9e12 < found.robust < 1.1e13

    def test_the_same_as_single_staircases(self, benchmark: Benchmark) -> None:
        """A hundredth of the range, every level a term of its own: what the one term is for."""
        apart = [
            tc.CostCurve(tuple(Staircase(usd / loads.size, tokens / load, 2.0) for load in loads))
            for usd, tokens, loads in ((2_000.0, 3e9, WEEK), (2_000.0 * 1.022 * 2.2 / 3, 2.2e9, OTHER))
        ]
        benchmark.pedantic(  # type: ignore[attr-defined]
            lambda: tc.breakeven(apart[0] + tc.CostCurve.fixed(1_000.0), apart[1]), rounds=1
        )
