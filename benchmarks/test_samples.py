"""Speed and memory of sampling whole studies, each beside plain NumPy on the same draws."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special
from scipy.stats import qmc

import tokencross as tc
from tokencross.options.self_hosted import SelfHostedOption

Benchmark = Callable[..., Any]

GPU_HOUR = "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour"
SMALL_OUTPUT = "prices:openai/gpt-6-luna.output_usd_per_mtok"
MANY, SOME = 1_000_000, 10_000


def fleet(label: str, **terms: Any) -> SelfHostedOption:
    """Return gpt-oss-120b on rented B200s, two of its numbers uncertain."""
    return tc.load_prices(as_of="2026-11-21").self_hosted(
        "gpt-oss-120b",
        instance="lambda/gpu_1x_b200_sxm6",
        purchase="on_demand",
        engineering=tc.Engineering(
            upfront_usd=tc.triangular(80_000, 120_000, 200_000), upkeep_usd_per_month=tc.between(8_000, 18_000)
        ),
        throughput=tc.between(4_000, 9_000),
        label=label,
        **terms,
    )


def study(*fleets: SelfHostedOption, **shape: Any) -> tc.Study:
    """Return two API options and fleets, six inputs of which are lognormal or triangular."""
    prices = tc.load_prices(as_of="2026-11-21")
    apis = [prices.api("anthropic/claude-opus-5-5", label="frontier"), prices.api("openai/gpt-6-luna", label="small")]
    chat = tc.Workload(input_tokens=3_000, output_tokens=tc.between(300, 550), **shape)
    plain = tc.Study([*apis, *fleets], workload=chat, tokens_per_month=4e9)
    return plain.replace({GPU_HOUR: tc.between(5, 8), SMALL_OUTPUT: tc.triangular(0.3, 0.5, 0.9)})


def sobol(inputs: int, draws: int) -> list[np.ndarray]:
    """Return lognormal draws as SciPy makes them."""
    points = qmc.Sobol(d=inputs, rng=np.random.default_rng(1)).random_base2((draws - 1).bit_length())[:draws]
    return [np.exp(special.ndtri(np.clip(column, 1e-9, 1 - 1e-9)) * 0.2) for column in points.T]


@pytest.mark.benchmark(
    group="1,000,000 draws of first and robust: 2 APIs and a fixed fleet, 6 inputs, sampling included"
)
class TestMany:
    def test_plain_numpy(self, benchmark: Benchmark) -> None:
        """The draws and the closed form alone, nothing looked up and no option resolved."""

        def by_hand() -> None:
            tokens, hour, upfront, upkeep, rate, price = sobol(6, MANY)
            fixed = 5_000.0 * upfront + 12_500.0 * upkeep
            step, width = 4_883.0 * hour, 4e9 * rate
            for line in (4e-6 * (1.0 + 0.1 * tokens), 0.4e-6 * price):
                gain = line * width - step
                first = (fixed + step * np.maximum(np.floor(fixed / gain) + 1.0, 3.0)) / line
                robust = (fixed + step * np.maximum(np.ceil((fixed + line * width) / gain) - 1.0, 3.0)) / line
                assert first.shape == robust.shape

        with np.errstate(all="ignore"):
            benchmark.pedantic(by_hand, rounds=3)  # type: ignore[attr-defined]

    def test_sample_and_breakevens(self, benchmark: Benchmark) -> None:
        asked = study(fleet("own"))
        asked.sample(draws=16, seed=1, table_errors=False).first("own")

        def sampled() -> None:
            found = asked.sample(draws=MANY, seed=1, table_errors=False)
            for rival in ("frontier", "small"):
                assert found.robust("own", against=rival).shape == (MANY,)

        benchmark.pedantic(sampled, rounds=3)  # type: ignore[attr-defined]

    def test_memory(self) -> None:
        """Under 1 GiB: what is asked of the whole."""
        asked = study(fleet("own"))
        asked.sample(draws=16, seed=1, table_errors=False).first("own")
        tracemalloc.start()
        found = asked.sample(draws=MANY, seed=1, table_errors=False)
        found.first("own")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"\npeak of 1,000,000 draws: {peak / 2**20:.0f} MiB")
        assert peak < 2**30


@pytest.mark.benchmark(group="10,000 draws of a fleet that follows the 168 hours of a week, sampling included")
class TestAutoscaled:
    def test_plain_numpy(self, benchmark: Benchmark) -> None:
        """The cost of 168 hours at one volume in every draw: a search takes several times that."""
        rate = sobol(1, SOME)[0]
        week = np.exp(0.5 * np.random.default_rng(3).normal(size=168))
        benchmark(lambda: np.ceil(np.multiply.outer(4e9 / rate, week) / 4e9).mean(axis=1))

    def test_sample_and_breakevens(self, benchmark: Benchmark) -> None:
        week = tuple(np.exp(0.5 * np.random.default_rng(3).normal(size=168)).tolist())
        asked = study(fleet("own", scaling=tc.Scaling.autoscaled()), load=week)
        asked.sample(draws=16, seed=1).first("own")
        benchmark.pedantic(lambda: asked.sample(draws=SOME, seed=1).robust("own"), rounds=3)  # type: ignore[attr-defined]


@pytest.mark.benchmark(group="P(cheapest | V): 5 options, 200 volumes, 100,000 draws")
class TestShares:
    def test_plain_numpy(self, benchmark: Benchmark) -> None:
        """Five lines with a step each, and who is the least."""
        lines = sobol(5, 100_000)
        volumes = np.geomspace(1e8, 1e13, 200)

        def by_hand() -> None:
            for volume in volumes:
                costs = np.stack([line * volume + 4_000.0 * np.ceil(volume / (line * 4e9)) for line in lines])
                np.bincount(np.argmin(costs, axis=0), minlength=5)

        benchmark.pedantic(by_hand, rounds=1)  # type: ignore[attr-defined]

    def test_cheapest_shares(self, benchmark: Benchmark) -> None:
        asked = study(fleet("own"), fleet("spare", target_load_share=0.5), fleet("careful", target_load_share=0.4))
        volumes = np.geomspace(1e8, 1e13, 200)
        asked.sample(draws=16, seed=1).cheapest_shares(volumes)
        found = asked.sample(draws=100_000, seed=1)
        benchmark.pedantic(lambda: found.cheapest_shares(volumes), rounds=3)  # type: ignore[attr-defined]
