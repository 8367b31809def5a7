"""What changes a price by the token, each by hand: tiers, regions, caches, fees, thresholds, and how they stack."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import MTOK, api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError

BASE: dict[str, Any] = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 20.0}
CACHED: dict[str, Any] = {"cache_read_usd_per_mtok": 0.4, "cache_write_usd_per_mtok": 5.0}
BATCH: dict[str, Any] = {"discount_share": 0.5, "cache_discount_share": 0.25}
LONG: dict[str, Any] = {"threshold_tokens": 100_000, "input_usd_per_mtok": 6.0, "output_usd_per_mtok": 30.0}
REQUEST: dict[str, Any] = {  # 5,000 fresh, 30,000 read, 15,000 written, 700 out
    "input_tokens": 50_000,
    "output_tokens": 700,
    "cached_input_tokens": 30_000,
    "cache_write_tokens": 15_000,
}
SHAPE = tc.Workload(input_tokens=50_000, output_tokens=700, cached_input_share=0.6, cache_write_share=0.3)


def book_of(folder: Path, *models: dict[str, Any], as_of: str = "2026-11-21", **head: Any) -> tc.PriceBook:
    """Return a provider's hosted models as a price book."""
    return price_book(folder, api(*models, **head), as_of=as_of)


def blended(option: Any, workload: tc.Workload) -> float:
    """Return USD per million reference tokens."""
    return float(option.curve(workload).usd_per_mtok(1e9))


def notes(option: Any, workload: tc.Workload = SHAPE) -> tuple[str, ...]:
    """Return what a study with the option has to say."""
    return tc.Study([option], workload=workload).notes


# ---------------------------------------------------------------------- service tiers


@pytest.fixture
def tiered(tmp_path: Path) -> tc.PriceBook:
    """4 in, 20 out, 0.4 read, 5 written; over 100,000 tokens 6 in, 30 out; flex 1 and 8, priority 8 and 36."""
    flex = {"id": "flex", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 8.0}
    priority = {
        "id": "priority",
        "input_usd_per_mtok": 8.0,
        "output_usd_per_mtok": 36.0,
        "cache_read_usd_per_mtok": 0.9,
        "cache_write_usd_per_mtok": 11.0,
        "long_context": [{**LONG, "input_usd_per_mtok": 10.0, "output_usd_per_mtok": 50.0}],
    }
    tiers = {"service_tiers": [flex, priority], "batch": BATCH}
    return book_of(
        tmp_path,
        hosted("one", row(**BASE, **CACHED, long_context=[LONG], **tiers)),
        hosted("uncached", row(**BASE, service_tiers=[flex])),
    )


def test_a_service_tier_has_its_own_prices(tiered: tc.PriceBook) -> None:
    usd = tiered.api("acme/one", service_tier="priority").bill(**REQUEST)
    assert usd == pytest.approx((5_000 * 8 + 30_000 * 0.9 + 15_000 * 11 + 700 * 36) / MTOK)


def test_cache_prices_that_a_tier_leaves_out_scale_like_its_input(tiered: tc.PriceBook) -> None:
    """Flex input is 1 instead of 4, so reads cost 0.4 x 1/4 and writes 5 x 1/4."""
    usd = tiered.api("acme/one", service_tier="flex").bill(**REQUEST)
    assert usd == pytest.approx((5_000 * 1 + 30_000 * 0.4 / 4 + 15_000 * 5 / 4 + 700 * 8) / MTOK)


def test_without_any_cache_price_cached_tokens_are_the_tiers_input(tiered: tc.PriceBook) -> None:
    usd = tiered.api("acme/uncached", service_tier="flex").bill(**REQUEST)
    assert usd == pytest.approx((50_000 * 1 + 700 * 8) / MTOK)


def test_a_tier_without_long_context_pays_the_standard_one_with_a_note(tiered: tc.PriceBook) -> None:
    flex = tiered.api("acme/one", service_tier="flex")
    prompts = np.array([100_000, 100_001])
    assert_allclose(flex.bill(input_tokens=prompts, output_tokens=0), prompts * np.array([1.0, 6.0]) / MTOK)
    said = "one: the table has no long-context prices of service tier flex; long prompts pay the standard ones."
    assert said in notes(flex)
    priority = tiered.api("acme/one", service_tier="priority")
    assert_allclose(priority.bill(input_tokens=prompts, output_tokens=0), prompts * np.array([8.0, 10.0]) / MTOK)
    assert not any("long-context prices" in note for note in notes(priority))


def test_a_tier_that_the_row_does_not_have(tiered: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError) as caught:
        tiered.api("acme/uncached", service_tier="fleks", label="mine").bill(**REQUEST)
    assert str(caught.value) == (
        "mine:service_tier\n  found 'fleks'; accepted: one of standard, flex: the table has no other price of it.\n"
        "  Did you mean 'flex'?"
    )


def test_deferrable_tokens_leave_the_tier_for_the_standard_batch_price(tiered: tc.PriceBook) -> None:
    """A fifth can wait: it pays half of 4 and 20 (three quarters of 0.4 and 5); the rest pays priority prices."""
    now = 5_000 * 8 + 30_000 * 0.9 + 15_000 * 11 + 700 * 36
    later = (5_000 * 4 + 700 * 20) * 0.5 + (30_000 * 0.4 + 15_000 * 5) * 0.75
    workload = SHAPE.with_number("batch_share", 0.2)
    found = blended(tiered.api("acme/one", service_tier="priority"), workload)
    assert found == pytest.approx((0.8 * now + 0.2 * later) / 50_700, rel=1e-12)


def test_a_tiers_prices_have_addresses(tiered: tc.PriceBook) -> None:
    study = tc.Study([tiered.api("acme/one", service_tier="priority", label="p")], workload=SHAPE)
    address = "prices:acme/one.service_tiers[priority].output_usd_per_mtok"
    parameters = study.parameters().set_index("address")
    assert parameters.loc[address, "value"] == 36.0
    dearer = study.replace({address: 46.0})
    by = (dearer.costs(1e9) - study.costs(1e9)).iloc[0, 0]
    assert by == pytest.approx(1e9 / 50_700 * 700 * (46 - 36) / MTOK)


# ---------------------------------------------------------------------- regions


@pytest.fixture
def regional(tmp_path: Path) -> tc.PriceBook:
    """Ten percent more in the EU, for every class of token; a fee of 0.01 USD per request that stays."""
    regions = [{"id": "eu", "price_ratio": 1.1}, {"id": "us-west", "price_ratio": 0.9}]
    keys = {"long_context": [LONG], "batch": BATCH, "fee_usd_per_request": 0.01}
    return book_of(tmp_path, hosted("one", row(**BASE, **CACHED, **keys, regions=regions)), hosted("two", row(**BASE)))


@pytest.mark.parametrize(("region", "ratio"), [(None, 1.0), ("eu", 1.1), ("us-west", 0.9)])
@pytest.mark.parametrize("service_tier", ["standard", "batch"])
def test_a_region_multiplies_every_class_of_token(
    regional: tc.PriceBook, region: str | None, ratio: float, service_tier: str
) -> None:
    option = regional.api("acme/one", region=region, service_tier=service_tier)
    plain, cached = (0.5, 0.75) if service_tier == "batch" else (1.0, 1.0)
    tokens = (5_000 * 4 + 700 * 20) * plain + (30_000 * 0.4 + 15_000 * 5) * cached
    assert option.bill(**REQUEST) == pytest.approx(tokens * ratio / MTOK + 0.01)
    assert blended(option, SHAPE) == pytest.approx((tokens * ratio + 0.01 * MTOK) / 50_700, rel=1e-12)
    long = option.bill(input_tokens=200_000, output_tokens=1_000)
    assert long == pytest.approx((200_000 * 6 + 1_000 * 30) * plain * ratio / MTOK + 0.01)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("one", "'us'; accepted: one of eu, us-west, or none.\n  Known: eu, us-west."),
        ("two", "'us'; accepted: none: the table has no regional price of it."),
    ],
)
def test_a_region_that_the_row_does_not_have(regional: tc.PriceBook, model: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        regional.api(f"acme/{model}", region="us", label="mine").curve(SHAPE)
    assert str(caught.value) == f"mine:region\n  found {said}"


# ---------------------------------------------------------------------- caches


@pytest.fixture
def caching(tmp_path: Path) -> tc.PriceBook:
    """Writes cost 5, for an hour 8, for twelve hours 10; keeping a million tokens costs 4.5 an hour."""
    lifetimes = {"cache_write_1h_usd_per_mtok": 8.0, "cache_write_12h_usd_per_mtok": 10.0}
    long = {**LONG, "cache_write_1h_usd_per_mtok": 13.0}
    storage = {"cache_storage_usd_per_mtok_hour": 4.5}
    tiers = [
        {"id": "flex", "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 10.0},
        {"id": "fast", "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 40.0, "cache_write_1h_usd_per_mtok": 15.0},
    ]
    return book_of(
        tmp_path,
        hosted("one", row(**BASE, **CACHED, **lifetimes, **storage, long_context=[long], service_tiers=tiers)),
        hosted("two", row(**BASE, **CACHED)),
    )


@pytest.mark.parametrize(("lifetime", "price"), [(None, 5.0), ("1h", 8.0), ("12h", 10.0)])
def test_what_is_written_for_longer_costs_more(caching: tc.PriceBook, lifetime: str | None, price: float) -> None:
    option = caching.api("acme/one", cache_lifetime=lifetime)
    tokens = 5_000 * 4 + 30_000 * 0.4 + 15_000 * price + 700 * 20
    assert option.bill(**REQUEST) == pytest.approx(tokens / MTOK)
    assert blended(option, SHAPE) == pytest.approx(tokens / 50_700, rel=1e-12)


@pytest.mark.parametrize(
    ("lifetime", "tier", "price"),
    [
        ("1h", "flex", 8.0 * 2 / 4),  # left out by the tier: scaled like its input, 2 instead of 4
        ("12h", "fast", 10.0 * 8 / 4),
        ("1h", "fast", 15.0),  # the tier's own
    ],
)
def test_a_lifetime_within_a_service_tier(caching: tc.PriceBook, lifetime: str, tier: str, price: float) -> None:
    option = caching.api("acme/one", cache_lifetime=lifetime, service_tier=tier)
    usd = option.bill(input_tokens=10_000, output_tokens=0, cache_write_tokens=10_000)
    assert usd == pytest.approx(10_000 * price / MTOK)


@pytest.mark.parametrize(("lifetime", "price"), [(None, 5.0 * 6 / 4), ("1h", 13.0), ("12h", 10.0 * 6 / 4)])
def test_a_lifetime_within_a_long_prompt(caching: tc.PriceBook, lifetime: str | None, price: float) -> None:
    """Input is 6 instead of 4 there: what the tier leaves out scales with it."""
    option = caching.api("acme/one", cache_lifetime=lifetime)
    usd = option.bill(input_tokens=200_000, output_tokens=0, cache_write_tokens=200_000)
    assert usd == pytest.approx(200_000 * price / MTOK)


@pytest.mark.parametrize(
    ("model", "lifetime", "said"),
    [
        ("one", "2h", "'2h'; accepted: one of 1h, 12h, or none."),
        ("one", "24h", "'24h'; accepted: one of 1h, 12h, or none."),
        ("two", "1h", "'1h'; accepted: none: the table has no such price of it."),
    ],
)
def test_a_lifetime_that_the_row_does_not_have(caching: tc.PriceBook, model: str, lifetime: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        caching.api(f"acme/{model}", cache_lifetime=lifetime, label="mine").bill(**REQUEST)
    assert str(caught.value) == f"mine:cache_lifetime\n  found {said}"


def test_an_explicit_cache_is_kept_around_the_clock(caching: tc.PriceBook) -> None:
    """2 million tokens at 4.5 USD per million and hour, 730 hours, less a tenth."""
    kept = caching.api("acme/one", stored_cache_tokens=2e6, discount_share=0.1)
    curve = kept.curve(SHAPE)
    assert curve.usd_per_month(0.0) == pytest.approx(2 * 4.5 * 730 * 0.9)
    assert curve.breakdown(1e9)["cache storage"].item() == pytest.approx(2 * 4.5 * 730 * 0.9)
    with pytest.raises(ScenarioError) as caught:
        caching.api("acme/two", stored_cache_tokens=2e6, label="mine").curve(SHAPE)
    assert str(caught.value) == (
        "mine:stored_cache_tokens\n  found 2e+06; accepted: 0: the table has no price of cache storage for it."
    )


# ---------------------------------------------------------------------- fees


def test_a_fee_per_request_is_spread_over_its_tokens(tmp_path: Path) -> None:
    """0.005 USD a call, 15% off like the tokens; batch and thresholds do not change it."""
    book = book_of(tmp_path, hosted("one", row(**BASE, fee_usd_per_request=0.005, batch=BATCH, long_context=[LONG])))
    option = book.api("acme/one", discount_share=0.15)
    usd = option.bill(input_tokens=[0, 1_000, 200_000], output_tokens=[0, 100, 0])
    tokens = np.array([0, 1_000 * 4 + 100 * 20, 200_000 * 6]) / MTOK
    assert_allclose(usd, (tokens + 0.005) * 0.85, rtol=1e-12)
    workload = tc.Workload(input_tokens=1_000, output_tokens=100)
    month = option.curve(workload).breakdown(1.1e9)
    # 1.1e9 tokens are a million requests
    assert month["request fees"].item() == pytest.approx(1e6 * 0.005 * 0.85)
    assert month["input tokens"].item() == pytest.approx(1e6 * 1_000 * 4 / MTOK * 0.85)
    batch = book.api("acme/one", service_tier="batch").bill(input_tokens=1_000, output_tokens=100)
    assert batch == pytest.approx((1_000 * 4 + 100 * 20) * 0.5 / MTOK + 0.005)


# ---------------------------------------------------------------------- several thresholds


@pytest.fixture
def stepped(tmp_path: Path) -> tc.PriceBook:
    """4 in; 6 over 32,000; 9 from 128,000 on; counting the prompt, or its fresh part."""
    steps: list[dict[str, Any]] = [
        {"threshold_tokens": 32_000, "input_usd_per_mtok": 6.0, "output_usd_per_mtok": 30.0},
        {"threshold_tokens": 128_000, "inclusive": True, "input_usd_per_mtok": 9.0, "output_usd_per_mtok": 45.0},
    ]
    fresh = [{**step, "counts": "fresh_input"} for step in steps]
    return book_of(
        tmp_path,
        hosted("fresh", row(**BASE, **CACHED, long_context=fresh)),
        hosted("prompt", row(**BASE, **CACHED, long_context=steps)),
    )


def test_each_threshold_is_exclusive_or_inclusive_for_itself(stepped: tc.PriceBook) -> None:
    prompts = np.array([32_000, 32_001, 127_999, 128_000])
    usd = stepped.api("acme/prompt").bill(input_tokens=prompts, output_tokens=100)
    assert_allclose(usd, (prompts * np.array([4, 6, 6, 9]) + 100 * np.array([20, 30, 30, 45])) / MTOK, rtol=1e-12)


def test_only_fresh_input_counts_where_the_table_says_so(stepped: tc.PriceBook) -> None:
    """Of 160,000 tokens 128,000 are read: 32,000 are fresh, in no tier; with one read less, 32,001 are in the first."""
    read = np.array([128_000, 127_999, 32_001, 32_000])
    base, cache = np.array([4, 6, 6, 9]), np.array([0.4, 0.4 * 6 / 4, 0.4 * 6 / 4, 0.4 * 9 / 4])
    usd = stepped.api("acme/fresh").bill(input_tokens=160_000, output_tokens=0, cached_input_tokens=read)
    assert_allclose(usd, ((160_000 - read) * base + read * cache) / MTOK, rtol=1e-12)
    whole = stepped.api("acme/prompt").bill(input_tokens=160_000, output_tokens=0, cached_input_tokens=read)
    assert_allclose(whole, ((160_000 - read) * 9 + read * 0.4 * 9 / 4) / MTOK, rtol=1e-12)


def test_written_tokens_are_not_fresh_input(stepped: tc.PriceBook) -> None:
    usd = stepped.api("acme/fresh").bill(input_tokens=132_000, output_tokens=0, cache_write_tokens=100_000)
    assert usd == pytest.approx((32_000 * 4 + 100_000 * 5) / MTOK)


@pytest.mark.parametrize(("share", "price", "read"), [(0.75, 4.0, 0.4), (0.25, 6.0, 0.6)])
def test_a_workload_counts_as_its_requests_do(stepped: tc.PriceBook, share: float, price: float, read: float) -> None:
    """Of 80,000 tokens 20,000 are fresh with three quarters cached, in no tier; 60,000 with a quarter, over 32,000."""
    workload = tc.Workload(input_tokens=80_000, output_tokens=0, cached_input_share=share, cache_write_share=0.0)
    found = blended(stepped.api("acme/fresh"), workload)
    assert found == pytest.approx((1 - share) * price + share * read, rel=1e-12)


# ---------------------------------------------------------------------- everything at once


def test_batch_cache_tier_region_and_threshold_stack(tmp_path: Path) -> None:
    """What waits pays the standard tier's batch price in the same region and lifetime; the rest the tier's."""
    flex = {"id": "flex", "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0, "cache_read_usd_per_mtok": 0.3}
    keys = {"cache_write_1h_usd_per_mtok": 8.0, "long_context": [LONG], "batch": BATCH, "service_tiers": [flex]}
    regions = [{"id": "eu", "price_ratio": 1.1}]
    book = book_of(tmp_path, hosted("one", row(**BASE, **CACHED, **keys, regions=regions)))
    terms: dict[str, Any] = {"region": "eu", "cache_lifetime": "1h", "discount_share": 0.2}
    option = book.api("acme/one", service_tier="flex", **terms)
    now = (5_000 * 2 + 30_000 * 0.3 + 15_000 * 8 * 2 / 4 + 700 * 8) * 1.1 * 0.8
    assert option.bill(**REQUEST) == pytest.approx(now / MTOK)
    later = ((5_000 * 4 + 700 * 20) * 0.5 + (30_000 * 0.4 + 15_000 * 8) * 0.75) * 1.1 * 0.8
    assert book.api("acme/one", service_tier="batch", **terms).bill(**REQUEST) == pytest.approx(later / MTOK)
    workload = SHAPE.with_number("batch_share", 0.3)
    assert blended(option, workload) == pytest.approx((0.7 * now + 0.3 * later) / 50_700, rel=1e-12)
    # over the threshold flex has no prices of its own: standard ones, times the region
    long = option.bill(input_tokens=200_000, output_tokens=1_000, cache_write_tokens=100_000)
    tokens = 100_000 * 6 + 100_000 * 8 * 6 / 4 + 1_000 * 30
    assert long == pytest.approx(tokens * 1.1 * 0.8 / MTOK)


# ---------------------------------------------------------------------- promises, retirement, market prices


def test_a_promised_price_says_until_when(tmp_path: Path) -> None:
    book = book_of(tmp_path, hosted("one", row(**BASE, promised_until=date(2027, 2, 28))), hosted("two", row(**BASE)))
    said = "acme/one: its vendor has promised this price through 2027-02-28 only."
    assert said in notes(book.api("acme/one"))
    assert not any("promised" in note for note in notes(book.api("acme/two")))


@pytest.mark.parametrize("successor", ["acme/two", None])
def test_a_retired_model_is_refused_from_its_day_on(tmp_path: Path, successor: str | None) -> None:
    gone: dict[str, Any] = {"retires_on": date(2026, 10, 1), "basis": "documented", "via": "acme@1.0"}
    gone |= {"checked": date(2026, 11, 21)} | ({"successor": successor} if successor else {})
    models = hosted("one", row(**BASE), weights="open-one", retirement=gone), hosted("two", row(**BASE))
    before = book_of(tmp_path, *models, as_of="2026-09-30")
    assert before.api("acme/one").bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(4.0)
    assert "acme/one" in before.frame()["model"].tolist()
    after = tc.load_prices(tmp_path, as_of="2026-10-01")
    with pytest.raises(ResolveError) as caught:
        after.api("acme/one").bill(input_tokens=MTOK, output_tokens=0)
    text = (tmp_path / "api" / "acme.yaml").read_text(encoding="utf-8").splitlines()
    line = text.index("  retirement:") + 1
    assert str(caught.value) == (
        f"prices:acme/one\n  found 2026-10-01, when acme/one is retired (since 2026-10-01; "
        f"{tmp_path.as_posix()}/api/acme.yaml:{line}); accepted: a date before 2026-10-01."
        + ("\n  Its vendor names acme/two as the successor." if successor else "")
    )
    assert after.frame()["model"].tolist() == ["acme/two"]


def test_a_market_index_is_marked_and_no_list_price(tmp_path: Path) -> None:
    files = {
        **api(hosted("acme/one", row(**BASE), weights="open-one"), provider="bazaar", market_index=True),
        **api(hosted("one", row(**BASE), weights="open-one"), hosted("two", row(**BASE))),
    }
    book = price_book(tmp_path, files)
    assert book.frame()["model"].tolist() == ["acme/one", "acme/two"]
    assert book.api("one").model == "acme/one"  # the index has one of that name too, but sells none
    seen = book.api("bazaar/acme/one", label="seen")
    said = "bazaar/acme/one: a market index, the headline price of whichever host was listed; not a list price."
    assert said in notes(seen)
    assert not any("market index" in note for note in notes(book.api("acme/one")))
    assert seen.book.hosts_of("open-one") == ["acme/one"]


# ---------------------------------------------------------------------- names


def test_a_providers_other_spellings(tmp_path: Path) -> None:
    book = book_of(tmp_path, hosted("one", row(**BASE), aliases=["uno"]), aliases=["ac", "acme-ai"])
    for name in ("acme/one", "ac/one", "acme-ai/uno", "one", "uno"):
        assert book.api(name).model == "acme/one"
        assert len(book.history(name)) == 1


def test_a_name_that_several_providers_have(tmp_path: Path) -> None:
    files = {**api(hosted("x/one", row(**BASE))), **api(hosted("one", row(**BASE)), provider="beta")}
    with pytest.raises(ResolveError) as caught:
        price_book(tmp_path, files).api("one")
    assert str(caught.value) == (
        f"{tmp_path.as_posix()}/api\n  found 'one' without a provider, which several have; "
        "accepted: one of acme/x/one, beta/one."
    )
