"""Speed of the price book: loading all of it, and billing requests, beside what a peer needs for one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tokencross as tc
from tokencross.tables.compiled import compile_folder
from tokencross.tables.kinds import record_kind
from tokencross.tables.store import Store, bundled_store

Benchmark = Callable[..., Any]

MODEL = "openai/gpt-6-sol"  # prices with a long-context cliff
REQUESTS = 1_000_000
CALLS = 2_000


def _whole(store: Store) -> int:
    """Read and check every record of a book; return how many there are."""
    kinds = [(record_kind(path.parent.name), path) for path in store.all_files()]
    return len([record.parse(kind) for kind, path in kinds for record in store.records(path.parent.name, path)])


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    compile_folder(bundled_store().root, folder)
    _whole(bundled_store())  # the validators of records are built once in a process
    return folder


@pytest.mark.benchmark(group="the whole book, every record checked", min_rounds=3)
class TestLoad:
    def test_from_yaml(self, benchmark: Benchmark, compiled: Path) -> None:
        root = bundled_store().root
        assert benchmark(lambda: _whole(Store(root, "pricing"))) > 0

    def test_from_compiled_copies(self, benchmark: Benchmark, compiled: Path) -> None:
        root = bundled_store().root
        assert benchmark(lambda: _whole(Store(root, "pricing", compiled=compiled))) > 0


def _requests(count: int) -> dict[str, np.ndarray[Any, np.dtype[np.int64]]]:
    random = np.random.default_rng(11)
    inputs = random.integers(1, 400_000, count)
    return {
        "input_tokens": inputs,
        "output_tokens": random.integers(1, 4_000, count),
        "cached_input_tokens": (inputs * random.random(count)).astype(np.int64),
    }


@pytest.mark.benchmark(group="one million requests with a cliff", min_rounds=5)
def test_bill(benchmark: Benchmark) -> None:
    option = tc.load_prices(as_of="tables").api(MODEL)
    requests = _requests(REQUESTS)
    assert benchmark(lambda: option.bill(**requests)).shape == (REQUESTS,)


def test_ratio_to_genai_prices(capsys: pytest.CaptureFixture[str]) -> None:
    genai_prices = pytest.importorskip("genai_prices")
    option = tc.load_prices(as_of="tables").api(MODEL)
    requests = _requests(REQUESTS)
    option.bill(**requests)
    began = time.perf_counter()
    ours = option.bill(**requests)
    per_request = (time.perf_counter() - began) / REQUESTS

    def theirs(index: int) -> float:
        usage = genai_prices.Usage(
            input_tokens=int(requests["input_tokens"][index]),
            output_tokens=int(requests["output_tokens"][index]),
            cache_read_tokens=int(requests["cached_input_tokens"][index]),
        )
        provider, _, model = MODEL.partition("/")
        return float(genai_prices.calc_price(usage, model, provider_id=provider).total_price)

    np.testing.assert_allclose([theirs(index) for index in range(20)], ours[:20], rtol=1e-9)
    began = time.perf_counter()
    for index in range(CALLS):
        theirs(index)
    per_call = (time.perf_counter() - began) / CALLS
    with capsys.disabled():
        print(
            f"\n{MODEL}: {per_request * 1e6:.3f} us per request in arrays, genai-prices {per_call * 1e6:,.0f} us per "
            f"call: {per_call / per_request:,.0f} times as much"
        )
