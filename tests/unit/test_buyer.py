"""A buyer's own terms: discount, credits, support plans by band, and up to where published limits let one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.options.limits import VolumeLimit

MINUTES = 730 * 60
# 4 USD per million tokens, whatever they are; 1,000 in and 250 out a request
SHAPE = tc.Workload(input_tokens=1_000, output_tokens=250, peak_to_mean=3.0, burst_ratio=1.25)
PRICES: dict[str, Any] = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 4.0}


@pytest.fixture
def acme(tmp_path: Path) -> tc.PriceBook:
    """A model at 4 USD per million tokens, with a price for keeping a cache: 2 USD per million tokens and hour."""
    return price_book(tmp_path, api(hosted("one", row(**PRICES, cache_storage_usd_per_mtok_hour=2.0))))


def costs(option: Any, *volumes: float, workload: tc.Workload = SHAPE) -> list[float]:
    """Return USD per month at volumes."""
    return [float(usd) for usd in option.curve(workload).usd_per_month(np.array(volumes))]


# ---------------------------------------------------------------------- discount and credits


def test_a_discount_comes_off_every_volume(acme: tc.PriceBook) -> None:
    assert costs(acme.api("acme/one", discount_share=0.15), 0, 1e9) == pytest.approx([0, 4_000 * 0.85])


def test_credits_pay_the_first_usage(acme: tc.PriceBook) -> None:
    """1,000 USD are free: 250 million tokens at 4 USD."""
    option = acme.api("acme/one", credits_usd_per_month=1_000)
    assert costs(option, 0, 2e8, 2.5e8, 2.5e8 + 1e6, 1e9) == pytest.approx([0, 0, 0, 4, 4_000 - 1_000])


def test_credits_pay_the_discounted_price(acme: tc.PriceBook) -> None:
    option = acme.api("acme/one", credits_usd_per_month=1_000, discount_share=0.5)
    assert costs(option, 5e8, 1e9) == pytest.approx([0, 2_000 - 1_000])


def test_credits_pay_every_class_alike(acme: tc.PriceBook) -> None:
    """4,000 USD, four fifths of them for input; 1,000 free."""
    frame = acme.api("acme/one", credits_usd_per_month=1_000).curve(SHAPE).breakdown(1e9)
    assert frame["input tokens"].item() == pytest.approx(0.8 * 3_000)
    assert frame["output tokens"].item() == pytest.approx(0.2 * 3_000)


def test_credits_that_are_draws(acme: tc.PriceBook) -> None:
    option = acme.api("acme/one", credits_usd_per_month=np.array([0.0, 1_000.0, 5_000.0]))
    found = option.curve(SHAPE).usd_per_month(np.array([0.0, 1e8, 1e9]))
    assert_allclose(found, [[0, 400, 4_000], [0, 0, 3_000], [0, 0, 0]], atol=1e-9)


# ---------------------------------------------------------------------- support plans

PLAN = tc.SupportPlan(bands=[(0, 0.10), (10_000, 0.07), (80_000, 0.05)], min_usd_per_month=100)


@pytest.mark.parametrize(
    ("bill", "plan"),
    [
        (0, 100.0),  # the minimum
        (999, 100.0),
        (1_001, 100.1),
        (9_999, 999.9),
        (10_000, 1_000.0),
        (10_001, 1_000.07),
        (79_999, 1_000 + 69_999 * 0.07),
        (80_000, 1_000 + 70_000 * 0.07),
        (80_001, 1_000 + 70_000 * 0.07 + 0.05),
        (1_000_000, 1_000 + 70_000 * 0.07 + 920_000 * 0.05),
    ],
)
@pytest.mark.parametrize("stored", [0.0, 4_000.0, 10_000.0, 30_000.0, 100_000.0])
def test_a_support_plan_takes_its_share_of_each_band(
    acme: tc.PriceBook, bill: float, plan: float, stored: float
) -> None:
    """A token's price of 4 USD per million, and a fixed part of the bill: a cache kept at 2 USD x 730 per million."""
    assert PLAN.usd_per_month(bill) == pytest.approx(plan, rel=1e-12)
    if bill < stored:
        return
    option = acme.api("acme/one", support=PLAN, stored_cache_tokens=stored / (2 * 730) * 1e6)
    assert costs(option, (bill - stored) / 4 * 1e6) == pytest.approx([bill + plan], rel=1e-12)


def test_support_is_on_the_discounted_bill(acme: tc.PriceBook) -> None:
    option = acme.api("acme/one", support=PLAN, discount_share=0.5)
    assert costs(option, 1e10) == pytest.approx([20_000 + 1_000 + 10_000 * 0.07])


def test_support_is_a_line_of_the_breakdown(acme: tc.PriceBook) -> None:
    plan = tc.SupportPlan(bands=[(0, 0.10)], label="business support")
    frame = acme.api("acme/one", support=plan).curve(SHAPE).breakdown(1e9)
    assert frame["business support"].item() == pytest.approx(400)
    least = acme.api("acme/one", support=PLAN).curve(SHAPE).breakdown(1e6)
    assert least["support plan, minimum"].item() == pytest.approx(100 - 0.4)  # 10% of 4 USD, and the rest of 100


def test_support_with_draws_is_that_of_each_draw(acme: tc.PriceBook) -> None:
    """Discounts of 0, half and all, storage kept or not: each draw is the plan on its own bill."""
    discounts, stored = np.array([0.0, 0.5, 1.0, 0.0]), np.array([0.0, 0.0, 0.0, 20_000.0])
    option = acme.api("acme/one", support=PLAN, discount_share=discounts, stored_cache_tokens=stored / (2 * 730) * 1e6)
    volumes = np.array([0.0, 1e9, 2.5e9, 5e9, 2e10, 1e11])
    found = option.curve(SHAPE).usd_per_month(volumes)
    for draw, (discount, kept) in enumerate(zip(discounts, stored, strict=True)):
        bills = [(volume * 4 / 1e6 + kept) * (1 - discount) for volume in volumes]
        assert_allclose(found[draw], [bill + PLAN.usd_per_month(bill) for bill in bills], rtol=1e-12)


def test_a_minimum_that_is_draws(acme: tc.PriceBook) -> None:
    plan = tc.SupportPlan(bands=[(0, 0.10)], min_usd_per_month=np.array([0.0, 100.0, 1_000.0]))
    found = acme.api("acme/one", support=plan).curve(SHAPE).usd_per_month(np.array([0.0, 1e9]))
    assert_allclose(found, [[0, 4_400], [100, 4_400], [1_000, 5_000]], atol=1e-9)


def test_a_free_model_pays_the_minimum_only(tmp_path: Path) -> None:
    free = hosted("free", row(input_usd_per_mtok=0.0, output_usd_per_mtok=0.0))
    option = price_book(tmp_path, api(free)).api("acme/free", support=PLAN)
    assert costs(option, 0, 1e9, 1e12) == pytest.approx([100, 100, 100])


def test_a_breakeven_counts_the_support_plan(acme: tc.PriceBook) -> None:
    """44,000 USD fixed against 4 USD per million and 10%: at 10 billion tokens."""
    plan = tc.SupportPlan(bands=[(0, 0.10)])
    supported = acme.api("acme/one", support=plan).curve(SHAPE)
    found = tc.breakeven(tc.CostCurve.fixed(44_000), supported)
    assert found.first == pytest.approx(1e10)


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ([], "starts []; accepted: at least one band, the first from 0, ascending."),
        ([(100, 0.1)], "starts [100.0]; accepted: at least one band, the first from 0, ascending."),
        ([(0, 0.1), (5, 0.2), (5, 0.3)], "starts [0.0, 5.0, 5.0]; accepted: at least one band, the first from 0, "),
        ([(0, 10)], "10; accepted: a number from 0 to 1 (share of the bill)."),
        ([0.1], "[0.1]; accepted: pairs of USD per month and share, such as [(0, 0.10), (10_000, 0.07)]."),
    ],
)
def test_bands_that_are_none(bands: Any, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        tc.SupportPlan(bands=bands)
    assert str(caught.value).startswith(f"support plan: bands\n  found {said}")


def test_support_has_to_be_a_plan(acme: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError, match=r"mine:support\n  found 0\.1; accepted: tc\.SupportPlan"):
        acme.api("acme/one", label="mine", support=0.1)  # type: ignore[arg-type]  # the mistake is the point


# ---------------------------------------------------------------------- published limits


def limited(folder: Path, *limits: dict[str, Any], as_of: str = "2026-11-21", **keys: Any) -> tc.PriceBook:
    """Return the model under published limits."""
    return price_book(folder, api(hosted("one", row(**PRICES, **keys), limits=list(limits))), as_of=as_of)


def limit_of(option: Any, workload: tc.Workload = SHAPE) -> VolumeLimit:
    """Return the volume above which a contract is needed."""
    found = option.resolve(workload).limit
    assert isinstance(found, VolumeLimit)
    return found


@pytest.mark.parametrize(
    ("key", "value", "per_request", "words"),
    [
        ("requests_per_minute", 500.0, 1, "500 requests per minute"),
        ("tokens_per_minute", 200_000.0, 1_250, "200,000 tokens per minute"),
        ("input_tokens_per_minute", 200_000.0, 1_000, "200,000 input tokens per minute"),
        ("output_tokens_per_minute", 20_000.0, 250, "20,000 output tokens per minute"),
    ],
)
def test_a_rate_limit_is_reached_in_the_busiest_minutes(
    tmp_path: Path, key: str, value: float, per_request: int, words: str
) -> None:
    """Requests a minute at the limit, over a peak of 3 x 1.25 the mean, 1,250 tokens each, 43,800 minutes a month."""
    option = limited(tmp_path, row(usage_tier="tier 1", **{key: value})).api("acme/one", label="one")
    volume = value / per_request / (3 * 1.25) * 1_250 * MINUTES
    limit = limit_of(option)
    assert limit.tokens_per_month == pytest.approx(volume, rel=1e-12)
    assert limit.words.endswith(f" tokens/month: usage tier tier 1 is limited to {words}")
    notes = tc.Study([option], workload=SHAPE).notes
    assert f"one: published limits end at {limit.words}; beyond, a higher tier or a contract." in notes
    assert limit.citation in option.resolve(SHAPE).citations


def test_the_limit_in_words(tmp_path: Path) -> None:
    """500 requests a minute: 500 / 3.75 x 1,250 x 43,800 = 7.3 billion tokens."""
    option = limited(tmp_path, row(usage_tier="tier 1", requests_per_minute=500.0)).api("acme/one")
    said = "7.3B tokens/month: usage tier tier 1 is limited to 500 requests per minute"
    assert limit_of(option).words == said


def test_a_spend_limit_is_reached_by_the_mean_bill(tmp_path: Path) -> None:
    """5,000 USD at 4 USD per million, less a fifth: 1.5625 billion tokens."""
    book = limited(tmp_path, row(usage_tier="tier 1", spend_usd_per_month=5_000.0))
    assert limit_of(book.api("acme/one")).tokens_per_month == pytest.approx(1.25e9)
    found = limit_of(book.api("acme/one", discount_share=0.2))
    assert found.tokens_per_month == pytest.approx(5_000 / (4 * 0.8) * 1e6)
    assert found.words == "1.56B tokens/month: usage tier tier 1 is limited to 5,000 USD per month"


def test_the_first_limit_reached_counts(tmp_path: Path) -> None:
    """500 requests a minute hold 7.3 billion tokens, 5,000 USD only 1.25 billion."""
    both = row(usage_tier="tier 1", requests_per_minute=500.0, spend_usd_per_month=5_000.0)
    assert limit_of(limited(tmp_path, both).api("acme/one")).tokens_per_month == pytest.approx(1.25e9)


def test_the_highest_usage_tier_counts_unless_one_is_named(tmp_path: Path) -> None:
    tiers = [row(usage_tier=f"tier {n}", spend_usd_per_month=1_000.0 * n) for n in (1, 2, 3)]
    book = limited(tmp_path, *tiers)
    assert limit_of(book.api("acme/one")).tokens_per_month == pytest.approx(3_000 / 4 * 1e6)
    assert limit_of(book.api("acme/one", usage_tier="tier 2")).tokens_per_month == pytest.approx(2_000 / 4 * 1e6)
    with pytest.raises(ScenarioError) as caught:
        book.api("acme/one", usage_tier="tier 4", label="mine").resolve(SHAPE)
    message = str(caught.value).splitlines()
    assert message[:2] == ["mine:usage_tier", "  found 'tier 4'; accepted: one of tier 1, tier 2, tier 3."]


def test_limits_go_by_the_date(tmp_path: Path) -> None:
    eras = (
        row("2026-01-01", usage_tier="tier 1", spend_usd_per_month=1_000.0),
        row("2026-06-01", usage_tier="tier 1", spend_usd_per_month=2_000.0),
        row("2026-03-01", usage_tier="tier 2", spend_usd_per_month=4_000.0),
    )
    for day, usd in (("2026-02-28", 1_000), ("2026-03-01", 4_000)):
        option = limited(tmp_path, *eras, as_of=day).api("acme/one")
        assert limit_of(option).tokens_per_month == pytest.approx(usd / 4 * 1e6)
    for day, usd in (("2026-05-31", 1_000), ("2026-06-01", 2_000)):
        option = limited(tmp_path, *eras, as_of=day).api("acme/one", usage_tier="tier 1")
        assert limit_of(option).tokens_per_month == pytest.approx(usd / 4 * 1e6)


def test_announced_limits_wait_or_stay_out(tmp_path: Path) -> None:
    coming = row("2026-12-01", usage_tier="tier 1", spend_usd_per_month=8_000.0, status="announced")
    now = row(usage_tier="tier 1", spend_usd_per_month=1_000.0)
    limited(tmp_path, now, {**coming, "basis": "announced"})
    for day, announced, usd in (
        ("2026-11-30", True, 1_000),
        ("2026-12-01", True, 8_000),
        ("2026-12-01", False, 1_000),
    ):
        option = tc.load_prices(tmp_path, as_of=day, announced=announced).api("acme/one")
        assert limit_of(option).tokens_per_month == pytest.approx(usd / 4 * 1e6)


def test_no_limits_and_none_that_matter(tmp_path: Path) -> None:
    assert limited(tmp_path / "a").api("acme/one").resolve(SHAPE).limit is None
    with pytest.raises(ScenarioError, match="accepted: none: the table has no published limits of it"):
        limited(tmp_path / "a").api("acme/one", usage_tier="tier 1").resolve(SHAPE)
    outputs = limited(tmp_path / "b", row(usage_tier="tier 1", output_tokens_per_minute=10.0)).api("acme/one")
    assert outputs.resolve(tc.Workload(input_tokens=1_000, output_tokens=0)).limit is None


REQUESTS = {"usage_tier": "tier 1", "requests_per_minute": 500.0}


@pytest.mark.parametrize("share", [0.0, 0.4, 0.9])
def test_batches_leave_the_peak(tmp_path: Path, share: float) -> None:
    """They have limits of their own: only the rest, at its peak, meets this one."""
    option = limited(tmp_path, row(**REQUESTS), batch={"discount_share": 0.5}).api("acme/one")
    found = limit_of(option, SHAPE.with_number("batch_share", share))
    assert found.tokens_per_month == pytest.approx(500 * 1_250 * MINUTES / ((1 - share) * 3.75))


@pytest.mark.parametrize(("share", "busiest"), [(0.4, 0.6 * 3.75), (0.9, 0.1 * 1.25 + 0.9), (1.0, 1.0)])
def test_without_a_batch_price_what_waits_fills_the_valleys(tmp_path: Path, share: float, busiest: float) -> None:
    """All of it goes through the same limit: the larger of the peak of the rest, and the mean of everything."""
    option = limited(tmp_path, row(**REQUESTS)).api("acme/one")
    found = limit_of(option, SHAPE.with_number("batch_share", share))
    assert found.tokens_per_month == pytest.approx(500 * 1_250 * MINUTES / busiest)


def test_batches_alone_meet_no_rate_limit_but_spend(tmp_path: Path) -> None:
    both = row(**REQUESTS, spend_usd_per_month=5_000.0)
    book = limited(tmp_path, both, batch={"discount_share": 0.5})
    for option, workload in (
        (book.api("acme/one"), SHAPE.with_number("batch_share", 1.0)),
        (book.api("acme/one", service_tier="batch"), SHAPE),
    ):
        assert limit_of(option, workload).tokens_per_month == pytest.approx(5_000 / 2 * 1e6)


def test_limits_count_billed_tokens(tmp_path: Path) -> None:
    """A tokenizer that makes 1.25 tokens of one, and answers twice as long."""
    book = limited(tmp_path, row(usage_tier="tier 1", tokens_per_minute=200_000.0))
    found = limit_of(book.api("acme/one", tokenizer_ratio=1.25, output_ratio=2.0))
    billed = 1.25 * (1_000 + 250 * 2)
    assert found.tokens_per_month == pytest.approx(200_000 / (billed * 3.75) * 1_250 * MINUTES)


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ([(0, 0.1), (float("nan"), 0.05), (5, 0.01)], "bands start"),
        ([(0, True)], "found True"),
        ([(0, 0.1), (5, 0.05), (5, 0.01)], "ascending"),
        ([(1, 0.1)], "the first from 0"),
        ([0.1], "pairs of USD per month and share"),
    ],
)
def test_bands_that_no_plan_has(bands: list[tuple[float, float]], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        tc.SupportPlan(bands)


def test_every_band_has_an_address_of_its_own() -> None:
    plan = tc.SupportPlan([(0, 0.1), (1_000_000, 0.05), (1_000_001, 0.01)])
    names = [name for name in plan.numbers() if name.startswith("bands")]
    assert names == ["bands[0].bill_share", "bands[1000000].bill_share", "bands[1000001].bill_share"]
    changed = plan.with_number("bands[1000000].bill_share", 0.07, where="mine:support")
    assert [share for _, share in changed.bands] == [0.1, 0.07, 0.01]
