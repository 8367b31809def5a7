"""Speed of the cost curves, each beside the plain NumPy that a person would write by hand, in the same run."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tokencross as tc

Array = NDArray[np.float64]
Benchmark = Callable[..., Any]

VOLUMES = np.geomspace(1e6, 1e13, 1_000_000)
F, M, R, Q, N = 25_000.0, 6e-6, 15_000.0, 5e9, 2.0


@pytest.mark.benchmark(group="line plus staircase at 1,000,000 volumes")
class TestEvaluate:
    def test_plain_numpy(self, benchmark: Benchmark) -> None:
        benchmark(lambda: F + M * VOLUMES + R * np.maximum(N, np.ceil(VOLUMES / Q)))

    def test_tokencross(self, benchmark: Benchmark) -> None:
        curve = tc.CostCurve.fixed(F) + tc.CostCurve.per_mtok(M * 1e6) + tc.CostCurve.staircase(R, Q, min_steps=N)
        found = benchmark(lambda: curve.usd_per_month(VOLUMES))
        np.testing.assert_allclose(found, F + M * VOLUMES + R * np.maximum(N, np.ceil(VOLUMES / Q)), rtol=1e-12)


def test_temporaries_do_not_grow(capsys: pytest.CaptureFixture[str]) -> None:
    curve = tc.CostCurve.fixed(F) + tc.CostCurve.per_mtok(M * 1e6) + tc.CostCurve.staircase(R, Q, min_steps=N)
    rows = []
    for size in (10_000, 100_000, 1_000_000):
        volumes = VOLUMES[:size]
        curve.usd_per_month(volumes)
        tracemalloc.start()
        result = curve.usd_per_month(volumes)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        rows.append((size, (peak - result.nbytes) / 1024))
    with capsys.disabled():
        print("\ntemporaries beyond the result: " + ", ".join(f"{size:,} volumes {kib:,.0f} KiB" for size, kib in rows))


def _draws() -> tuple[Array, Array, Array, Array]:
    random = np.random.default_rng(7)
    size = 1_000_000
    return (
        random.uniform(10_000, 60_000, size),
        random.lognormal(np.log(6e-6), 0.3, size),
        random.lognormal(np.log(15_000), 0.2, size),
        random.lognormal(np.log(5e9), 0.3, size),
    )


def _by_hand(fixed: Array, price: Array, step: Array, tokens: Array) -> tuple[Array, Array]:
    """First and robust breakeven in closed form, the way that one writes it for this case."""
    gain = price * tokens - step
    n_first = np.maximum(np.floor(fixed / gain) + 1, 1)
    n_robust = np.maximum(np.ceil((fixed + price * tokens) / gain) - 1, 1)
    first = np.where(gain > 0, np.maximum((fixed + step * n_first) / price, 0), np.nan)
    robust = np.where(gain > 0, np.maximum((fixed + step * n_robust) / price, 0), np.nan)
    return np.where((gain <= 0) & (gain > fixed), (fixed + step) / price, first), robust


@pytest.mark.benchmark(group="first and robust breakeven of 1,000,000 draws")
class TestDraws:
    def test_by_hand(self, benchmark: Benchmark) -> None:
        draws = _draws()
        benchmark(lambda: _by_hand(*draws))

    def test_tokencross(self, benchmark: Benchmark) -> None:
        fixed, price, step, tokens = _draws()
        own = tc.CostCurve.fixed(fixed) + tc.CostCurve.staircase(step, tokens)
        api = tc.CostCurve.per_mtok(price * 1e6)
        found = benchmark(lambda: tc.breakeven(own, api))
        first, robust = _by_hand(fixed, price, step, tokens)
        np.testing.assert_allclose(found.first, first, rtol=1e-6)
        np.testing.assert_allclose(found.robust, robust, rtol=1e-6)


@pytest.mark.benchmark(group="one exact breakeven, 1,000 breakpoints between the two curves")
def test_thousand_breakpoints(benchmark: Benchmark) -> None:
    own = tc.CostCurve.fixed(1_000) + tc.CostCurve.staircase(9.98, 1e6)
    other = tc.CostCurve.staircase(13.0, 1.3e6) + tc.CostCurve.fixed(10)
    found = benchmark(lambda: tc.breakeven(own, other))
    assert found.interval_count > 1
