"""Bills by the token: laws that hold for every row of a table, and an oracle in exact fractions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from tests.tables import AS_OF, MTOK, api, hosted, row, write_tables

import tokencross as tc

Plain = dict[str, Any]
CLASSES = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok", "output_usd_per_mtok")
TOLERANCE = 1e-12


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


# ------------------------------------------------------------------------------------------------ rows and requests

cents = st.integers(0, 5_000).map(lambda count: count / 100)
positive_cents = st.integers(1, 5_000).map(lambda count: count / 100)
shares = st.integers(0, 16).map(lambda count: count / 16)
THRESHOLDS = (16_000, 32_000, 128_000)


@st.composite
def token_prices(draw: st.DrawFn, *, cached: tuple[str, ...]) -> Plain:
    """Draw prices by class of token; cache prices only of the classes that have one."""
    prices: Plain = {"input_usd_per_mtok": draw(positive_cents), "output_usd_per_mtok": draw(cents)}
    return prices | {key: draw(cents) for key in cached if draw(st.booleans())}


@st.composite
def rows(draw: st.DrawFn) -> Plain:
    """Draw a row with any of the mechanisms, hours of the week apart."""
    base = draw(token_prices(cached=("cache_read_usd_per_mtok", "cache_write_usd_per_mtok")))
    lifetimes = ("cache_write_1h_usd_per_mtok", "cache_write_12h_usd_per_mtok")
    base |= {key: draw(cents) for key in lifetimes if draw(st.booleans())}
    known = tuple(key for key in base if key.startswith("cache"))
    counts = draw(st.sampled_from(["prompt", "fresh_input"]))

    def tiers() -> list[Plain]:
        chosen = [threshold for threshold in THRESHOLDS if draw(st.booleans())]
        ends = {"counts": counts}
        return [
            {"threshold_tokens": t, "inclusive": draw(st.booleans()), **ends, **draw(token_prices(cached=known))}
            for t in chosen
        ]

    found = base | {"long_context": tiers(), "fee_usd_per_request": draw(cents) / 100}
    services = [name for name in ("flex", "priority") if draw(st.booleans())]
    found["service_tiers"] = [
        {"id": name, **draw(token_prices(cached=known)), "long_context": tiers()} for name in services
    ]
    found["regions"] = [{"id": "eu", "price_ratio": draw(st.sampled_from([0.5, 1.1, 1.75]))}]
    if draw(st.booleans()):
        found["batch"] = {"discount_share": draw(shares), "cache_discount_share": draw(shares)}
    return found


@st.composite
def terms_of(draw: st.DrawFn, price_row: Plain) -> Plain:
    """Draw terms on which a row sells."""
    tiers = [
        "standard",
        *(tier["id"] for tier in price_row["service_tiers"]),
        *(["batch"] if "batch" in price_row else []),
    ]
    lifetimes = [name for name in ("1h", "12h") if f"cache_write_{name}_usd_per_mtok" in price_row]
    return {
        "service_tier": draw(st.sampled_from(tiers)),
        "region": draw(st.sampled_from([None, "eu"])),
        "cache_lifetime": draw(st.sampled_from([None, *lifetimes])),
        "discount_share": draw(shares),
    }


@st.composite
def requests(draw: st.DrawFn) -> Plain:
    """Draw a request whose parts are sixteenths of its prompt, often at a threshold."""
    edges = [threshold + step for threshold in THRESHOLDS for step in (-16, 0, 16)]
    prompt = draw(st.one_of(st.sampled_from(edges), st.integers(0, 20_000).map(lambda n: 16 * n)))
    read = draw(st.integers(0, 16))
    written = draw(st.integers(0, 16 - read))
    return {
        "input_tokens": prompt,
        "output_tokens": draw(st.integers(0, 5_000)),
        "cached_input_tokens": prompt * read // 16,
        "cache_write_tokens": prompt * written // 16,
    }


def with_option(price_row: Plain, terms: Plain, call: Callable[[Any], None]) -> None:
    """Call a function with the option that a row sells on these terms."""
    with tempfile.TemporaryDirectory() as folder:
        book = tc.load_prices(write_tables(Path(folder), api(hosted("one", row(**price_row)))), as_of=AS_OF)
        call(book.api("acme/one", tokenizer_ratio=1.0, **terms))


def workload_of(request: Plain, **more: Any) -> tc.Workload:
    """Return the workload of many such requests."""
    prompt = request["input_tokens"]
    read, written = (request[key] / prompt if prompt else 0.0 for key in ("cached_input_tokens", "cache_write_tokens"))
    lengths: Plain = {"input_tokens": float(prompt), "output_tokens": float(request["output_tokens"])}
    return tc.Workload(**lengths, cached_input_share=read, cache_write_share=written, **more)


def slope(option: Any, workload: tc.Workload) -> float:
    """Return USD per million reference tokens."""
    return float(option.curve(workload).usd_per_month(1e6))


# ------------------------------------------------------------------------------------------------------- the oracle


def exact(value: float) -> Fraction:
    """Return the fraction that a decimal number stands for."""
    return Fraction(Decimal(repr(value)))


def exact_prices(
    prices: Plain, key_of_writes: str, like: dict[str, Fraction | None] | None
) -> dict[str, Fraction | None]:
    """Return prices by class; one that is left out is scaled like the input price, or unknown where it was."""
    fresh = exact(prices["input_usd_per_mtok"])
    keys = dict(zip(CLASSES, ("input_usd_per_mtok", "cache_read_usd_per_mtok", key_of_writes, CLASSES[3]), strict=True))
    found: dict[str, Fraction | None] = {}
    for name, key in keys.items():
        if key in prices:
            found[name] = exact(prices[key])
        else:
            base = None if like is None else like[name]
            whole = None if like is None else like["input_usd_per_mtok"]
            found[name] = None if base is None or whole is None else base * fresh / whole
    return found


def reached(tiers: list[Plain], prompt: int, fresh: int) -> Plain | None:
    """Return the highest long-context tier that a request is in."""
    found = None
    for tier in tiers:
        counted = prompt if tier["counts"] == "prompt" else fresh
        if counted > tier["threshold_tokens"] or (tier["inclusive"] and counted == tier["threshold_tokens"]):
            found = tier
    return found


def exact_bill(price_row: Plain, terms: Plain, request: Plain) -> Fraction:
    """Return what a request costs, as the records' own words have it."""
    prompt, output, read, written = request.values()
    fresh = prompt - read - written
    writes = f"cache_write_{terms['cache_lifetime']}_usd_per_mtok" if terms["cache_lifetime"] else CLASSES[2]
    standard = exact_prices(price_row, writes, None)
    service = next((tier for tier in price_row["service_tiers"] if tier["id"] == terms["service_tier"]), None)
    prices, tiers, base = standard, price_row["long_context"], standard
    if service is not None:
        prices = exact_prices(service, writes, standard)
        if service["long_context"]:
            tiers, base = service["long_context"], prices
    tier = reached(tiers, prompt, fresh)
    if tier is not None:
        prices = exact_prices(tier, writes, base)
    discounts = price_row.get("batch", {}) if terms["service_tier"] == "batch" else {}
    whole = 1 - exact(discounts.get("discount_share", 0.0))
    cached = 1 - exact(discounts.get("cache_discount_share", 0.0))
    usd = Fraction(0)
    for name, tokens in zip(CLASSES, (fresh, read, written, output), strict=True):
        price = prices[name]
        if price is None:  # unknown: billed as input, at the input's discount
            usd += tokens * (prices["input_usd_per_mtok"] or 0) * whole
        else:
            usd += tokens * price * (cached if name.startswith("cache") else whole)
    place = exact(price_row["regions"][0]["price_ratio"]) if terms["region"] else Fraction(1)
    fee = exact(price_row["fee_usd_per_request"])
    return (usd * place / MTOK + fee) * (1 - exact(terms["discount_share"]))


# --------------------------------------------------------------------------------------------------------- the laws


@examples(200)
@given(st.data(), rows(), st.lists(requests(), min_size=1, max_size=6))
def test_bills_are_the_exact_ones_one_by_one_and_together(
    data: st.DataObject, price_row: Plain, asked: list[Plain]
) -> None:
    terms = data.draw(terms_of(price_row))

    def check(option: Any) -> None:
        expected = [float(exact_bill(price_row, terms, request)) for request in asked]
        one_by_one = [float(option.bill(**request)) for request in asked]
        assert_allclose(one_by_one, expected, rtol=TOLERANCE, atol=1e-15)
        columns = {key: np.array([request[key] for request in asked]) for key in asked[0]}
        np.testing.assert_array_equal(option.bill(**columns), one_by_one)

    with_option(price_row, terms, check)


@examples(200)
@given(st.data(), rows(), requests())
def test_a_workload_of_one_length_costs_what_its_requests_cost(
    data: st.DataObject, price_row: Plain, request: Plain
) -> None:
    assume(request["input_tokens"] + request["output_tokens"] > 0)
    terms = data.draw(terms_of(price_row))

    def check(option: Any) -> None:
        per_mtok = float(option.bill(**request)) / (request["input_tokens"] + request["output_tokens"]) * MTOK
        assert slope(option, workload_of(request)) == pytest.approx(per_mtok, rel=TOLERANCE, abs=1e-15)

    with_option(price_row, terms, check)


@examples(150)
@given(st.data(), rows(), requests(), st.integers(1, 2_000))
def test_more_tokens_never_cost_less_within_a_tier(
    data: st.DataObject, price_row: Plain, request: Plain, more: int
) -> None:
    terms = data.draw(terms_of(price_row))
    longer = data.draw(
        st.sampled_from(
            [
                ("input_tokens",),
                ("output_tokens",),
                ("input_tokens", "cached_input_tokens"),
                ("input_tokens", "cache_write_tokens"),
            ]
        )
    )
    grown = {key: tokens + more * (key in longer) for key, tokens in request.items()}
    for tiers in (price_row["long_context"], *(tier["long_context"] for tier in price_row["service_tiers"])):
        before, after = (
            reached(tiers, r["input_tokens"], r["input_tokens"] - r["cached_input_tokens"] - r["cache_write_tokens"])
            for r in (request, grown)
        )
        assume(before is after)

    def check(option: Any) -> None:
        assert option.bill(**grown) >= option.bill(**request) * (1 - TOLERANCE)

    with_option(price_row, terms, check)


def scaled(value: Any, ratio: float) -> Any:
    """Return a part of a row with every price in it times a ratio."""
    if isinstance(value, dict):
        return {
            key: part * ratio if key.endswith(("_usd_per_mtok", "_usd_per_request")) else scaled(part, ratio)
            for key, part in value.items()
        }
    return [scaled(part, ratio) for part in value] if isinstance(value, list) else value


@examples(100)
@given(st.data(), rows(), requests(), st.sampled_from([0.25, 2.0, 1_024.0]))
def test_scaling_all_prices_scales_the_bill(
    data: st.DataObject, price_row: Plain, request: Plain, ratio: float
) -> None:
    terms = data.draw(terms_of(price_row))
    found: list[float] = []
    with_option(price_row, terms, lambda option: found.append(float(option.bill(**request))))
    with_option(scaled(price_row, ratio), terms, lambda option: found.append(float(option.bill(**request))))
    assert found[1] == pytest.approx(found[0] * ratio, rel=TOLERANCE)


@examples(100)
@given(st.data(), rows(), requests())
def test_a_region_multiplies_all_but_the_fee(data: st.DataObject, price_row: Plain, request: Plain) -> None:
    terms = data.draw(terms_of(price_row))
    feeless = {**price_row, "fee_usd_per_request": 0.0}
    found: list[float] = []
    for place in (None, "eu"):
        with_option(feeless, {**terms, "region": place}, lambda option: found.append(float(option.bill(**request))))
    assert found[1] == pytest.approx(found[0] * price_row["regions"][0]["price_ratio"], rel=TOLERANCE)


@examples(100)
@given(st.data(), rows(), requests(), shares)
def test_the_bill_is_linear_in_the_share_that_can_wait(
    data: st.DataObject, price_row: Plain, request: Plain, share: float
) -> None:
    assume(request["input_tokens"] + request["output_tokens"] > 0)
    terms = data.draw(terms_of(price_row))

    def check(option: Any) -> None:
        now, mixed, later = (slope(option, workload_of(request, batch_share=b)) for b in (0.0, share, 1.0))
        assert mixed == pytest.approx((1 - share) * now + share * later, rel=TOLERANCE, abs=1e-15)

    with_option(price_row, terms, check)
    if "batch" in price_row:  # what can wait pays the standard tier's batch price, whatever the rest pays
        found: list[float] = []
        waiting, batch = workload_of(request, batch_share=1.0), {**terms, "service_tier": "batch"}
        with_option(price_row, terms, lambda option: found.append(slope(option, waiting)))
        with_option(price_row, batch, lambda option: found.append(slope(option, workload_of(request))))
        assert found[0] == pytest.approx(found[1], rel=TOLERANCE, abs=1e-15)


QUANTILES = (np.arange(200_000) + 0.5) / 200_000  # a quadrature without chance


@examples(30)
@given(st.data(), rows(), st.integers(1, 200_000), st.integers(0, 200_000), st.sampled_from([0.1, 0.5, 1.0, 1.5]))
def test_prompts_of_many_lengths_cost_the_mean_of_their_bills(
    data: st.DataObject, price_row: Plain, mean: int, output: int, cv: float
) -> None:
    terms = data.draw(terms_of(price_row))
    read, written = data.draw(st.sampled_from([(0.0, 0.0), (0.5, 0.0), (0.25, 0.5)]))
    sigma = np.sqrt(np.log1p(cv**2))
    prompts = stats.lognorm.ppf(QUANTILES, sigma, scale=mean * np.exp(-(sigma**2) / 2))
    prompts *= mean / prompts.mean()  # the quantiles beyond the last one hold some of the tokens

    def check(option: Any) -> None:
        bills = option.bill(
            input_tokens=prompts,
            output_tokens=output,
            cached_input_tokens=prompts * read,
            cache_write_tokens=prompts * written,
        )
        workload = tc.Workload(
            input_tokens=mean, output_tokens=output, input_cv=cv, cached_input_share=read, cache_write_share=written
        )
        assert slope(option, workload) == pytest.approx(bills.mean() / (mean + output) * MTOK, rel=1e-3)

    with_option(price_row, terms, check)
