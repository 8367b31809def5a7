"""Bills against genai-prices: equal to rounding wherever both have the same facts, and a reason where they have not.

`genai_prices_differences.yaml` lists the models on which the two differ, each with the reason. A difference that is
not listed fails, and so does a listed model on which they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import yaml
from genai_prices import Usage
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import tokencross as tc
from tokencross.errors import ResolveError
from tokencross.options.api import ApiOption

DIFFERENCES = Path(__file__).with_name("genai_prices_differences.yaml")
DAY = "2026-11-21"
NAMES = {"x-ai": "xai"}  # where the two spell a provider otherwise
TOLERANCE = 1e-9
SHAPES = 40


class Pair(NamedTuple):
    """A model that both price, on the last day on which the tables have a price of it."""

    name: str
    option: ApiOption
    noon: datetime
    provider: Provider
    model: ModelInfo


@cache
def pairs() -> dict[str, Pair]:
    """Return every model of genai-prices that the tables know by id or alias."""
    book = tc.load_prices(as_of=DAY)
    store = book._book.store
    files = {path.stem for path in store.files("api") if not book._book.is_market_index(path.stem)}
    found: dict[str, Pair] = {}
    for provider in providers:
        stem = NAMES.get(provider.id, provider.id)
        for model in provider.models if stem in files else []:
            try:
                last = last_day(book, f"{stem}/{model.id}")
            except ResolveError:
                continue  # not in the tables, or not yet on sale
            option = tc.load_prices(as_of=last).api(f"{stem}/{model.id}")
            noon = datetime(last.year, last.month, last.day, 12, tzinfo=UTC)
            found[f"{stem}/{model.id}"] = Pair(f"{stem}/{model.id}", option, noon, provider, model)
    return found


def last_day(book: tc.PriceBook, name: str) -> date:
    """Return the last day up to `DAY` on which the tables have a price."""
    begun = [row for row in book.history(name).to_dict("records") if row["effective_from"] <= book.as_of]
    if not begun:
        raise ResolveError("not yet on sale")
    ends = begun[-1]["effective_to"]
    return book.as_of if not isinstance(ends, date) or ends > book.as_of else ends - timedelta(days=1)


def theirs(pair: Pair, requests: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what genai-prices says that requests cost: rows of input, cached, written and output tokens."""
    bills = []
    for total, cached, written, output in requests.tolist():
        usage = Usage(input_tokens=total, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=output)
        calculated = pair.model.calc_price(usage, pair.provider, genai_request_timestamp=pair.noon)
        bills.append(float(calculated.total_price))
    return np.array(bills)


def ours(pair: Pair, requests: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what the tables say that the same requests cost."""
    total, cached, written, output = requests.T
    return pair.option.bill(
        input_tokens=total,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        output_tokens=output,
        completed_at=np.full(total.shape, np.datetime64(pair.noon.replace(tzinfo=None))),
    )


def shapes(seed: int, count: int) -> NDArray[np.int64]:
    """Return request shapes: short, long and on the known thresholds; partly cached and written."""
    random = np.random.default_rng(seed)
    long = random.integers(0, 1_000_000, count)
    short = random.integers(0, 8_000, count)
    edges = random.choice([32_000, 100_000, 128_000, 200_000, 256_000, 272_000], count) + random.integers(-2, 3, count)
    total = np.choose(random.integers(0, 3, count), [short, long, edges])
    cached = (total * random.choice([0.0, 0.0, 0.5, 1.0], count) * random.random(count)).astype(np.int64)
    written = ((total - cached) * random.choice([0.0, 0.0, 1.0], count) * random.random(count)).astype(np.int64)
    return np.stack([total, cached, written, random.integers(0, 30_000, count)], axis=1)


def differences() -> dict[str, str]:
    """Return the models on which both differ, each with the reason."""
    listed = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))
    return {name: reason["why"] for reason in listed for name in reason["models"]}


def agree(pair: Pair, requests: NDArray[np.int64]) -> bool:
    return bool(np.allclose(ours(pair, requests), theirs(pair, requests), rtol=TOLERANCE, atol=1e-15))


def checked() -> Iterator[str]:
    yield from sorted(pairs())


def test_every_model_agrees_or_is_listed_with_a_reason() -> None:
    listed = differences()
    differing = {
        name for index, (name, pair) in enumerate(sorted(pairs().items())) if not agree(pair, shapes(index, SHAPES))
    }
    assert sorted(differing - set(listed)) == [], "differ without a reason in genai_prices_differences.yaml"
    assert sorted(set(listed) - differing) == [], "listed, though they agree or are not in both"
    assert len(pairs()) - len(differing) > len(differing)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_bills_agree_for_any_request(data: st.DataObject) -> None:
    listed = differences()
    pair = pairs()[data.draw(st.sampled_from([name for name in checked() if name not in listed]))]
    total = data.draw(st.integers(0, 2_000_000))
    cached = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - cached))
    request = np.array([[total, cached, written, data.draw(st.integers(0, 200_000))]])
    np.testing.assert_allclose(ours(pair, request), theirs(pair, request), rtol=TOLERANCE, atol=1e-15)


def test_every_reason_says_something() -> None:
    for entry in yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8")):
        assert set(entry) == {"why", "models"}
        assert len(entry["why"]) > 20
        assert entry["models"] == sorted(set(entry["models"]))


@pytest.mark.parametrize("seed", [0, 1])
def test_shapes_reach_every_kind_of_request(seed: int) -> None:
    total, cached, written, output = shapes(seed, 400).T
    assert (cached + written <= total).all()
    assert ((total > 272_000) & (cached > 0)).any()
    assert ((total < 8_000) & (written > 0)).any()
    assert output.max() > 20_000
