"""What a request costs, and what a workload costs per million tokens: the two have to agree."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError
from tokencross.options.billing import tier_shares
from tokencross.tables.book import Book
from tokencross.tables.store import open_store

MTOK = 1_000_000
BOOK = tc.load_prices(as_of="2026-11-21")

_CITED = "basis: documented, via: acme@1.0, checked: 2026-11-21"
_CACHE = "cache_read_usd_per_mtok: 0.4, cache_write_usd_per_mtok: 5.0"
_LONG = (
    "input_usd_per_mtok: 6.0, output_usd_per_mtok: 30.0, cache_read_usd_per_mtok: 0.8, cache_write_usd_per_mtok: 8.0"
)
MODELS = {
    # 4 in, 20 out, 0.4 read, 5 written; from 100,000 tokens on 6 in, 30 out, 0.8 read, 8 written
    "over": f"{_CACHE}, long_context: [{{threshold_tokens: 100000, inclusive: false, {_LONG}}}], "
    "batch: {discount_share: 0.5, cache_discount_share: 0.25}",
    "from": f"{_CACHE}, long_context: [{{threshold_tokens: 100000, inclusive: true, {_LONG}}}]",
    "two": f"{_CACHE}, long_context: [{{threshold_tokens: 100000, {_LONG}}}, "
    "{threshold_tokens: 200000, input_usd_per_mtok: 8.0, output_usd_per_mtok: 40.0}]",
    "uncached": "batch: {discount_share: 0.5, cache_discount_share: 0.25}",
    "unwritten": "cache_read_usd_per_mtok: 0.4, batch: {discount_share: 0.5, cache_discount_share: 0.0}",
    "batchless": _CACHE,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tables with the models above, at 4 USD in and 20 USD out per million."""
    root = tmp_path_factory.mktemp("tables")
    (root / "api").mkdir()
    (root / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    lines = ["provider: acme", "name: Acme", "models:"]
    for name, rest in MODELS.items():
        row = f"effective_from: 2026-01-01, input_usd_per_mtok: 4.0, output_usd_per_mtok: 20.0, {rest}, {_CITED}"
        lines.append(f"  - {{id: {name}, name: {name}, tier: frontier, prices: [{{{row}}}]}}")
    (root / "api" / "acme.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def acme(folder: Path) -> tc.PriceBook:
    """Those tables as a price book."""
    book = tc.load_prices(folder, as_of="2026-11-21")
    book.check()
    return book


# ---------------------------------------------------------------------- bill()


def test_every_class_of_token_has_its_price(acme: tc.PriceBook) -> None:
    bill = acme.api("acme/over").bill
    assert bill(input_tokens=50_000, output_tokens=0) == pytest.approx(50_000 * 4 / MTOK)
    assert bill(input_tokens=0, output_tokens=50_000) == pytest.approx(50_000 * 20 / MTOK)
    assert bill(input_tokens=50_000, output_tokens=0, cached_input_tokens=50_000) == pytest.approx(50_000 * 0.4 / MTOK)
    assert bill(input_tokens=50_000, output_tokens=0, cache_write_tokens=50_000) == pytest.approx(50_000 * 5 / MTOK)
    mixed = bill(input_tokens=50_000, output_tokens=700, cached_input_tokens=30_000, cache_write_tokens=15_000)
    assert mixed == pytest.approx((5_000 * 4 + 30_000 * 0.4 + 15_000 * 5 + 700 * 20) / MTOK)
    assert bill(input_tokens=0, output_tokens=0) == 0.0


@pytest.mark.parametrize(("model", "at_threshold"), [("over", 4.0), ("from", 6.0)])
def test_the_cliff_is_at_the_threshold_exactly(acme: tc.PriceBook, model: str, at_threshold: float) -> None:
    """Exclusive: 100,000 tokens still pay 4 USD; inclusive: they already pay 6."""
    bill = acme.api(f"acme/{model}").bill
    prompts = np.array([99_999, 100_000, 100_001])
    expected = prompts * np.array([4.0, at_threshold, 6.0]) / MTOK
    assert_allclose(bill(input_tokens=prompts, output_tokens=0), expected, rtol=1e-12)


def test_the_whole_request_pays_the_higher_price_output_too(acme: tc.PriceBook) -> None:
    tokens = {
        "input_tokens": 150_000,
        "output_tokens": 1_000,
        "cached_input_tokens": 90_000,
        "cache_write_tokens": 20_000,
    }
    usd = acme.api("acme/over").bill(**tokens)
    assert usd == pytest.approx((40_000 * 6 + 90_000 * 0.8 + 20_000 * 8 + 1_000 * 30) / MTOK)


def test_cached_and_written_tokens_count_towards_the_threshold(acme: tc.PriceBook) -> None:
    usd = acme.api("acme/over").bill(input_tokens=150_000, output_tokens=0, cached_input_tokens=149_000)
    assert usd == pytest.approx((1_000 * 6 + 149_000 * 0.8) / MTOK)


def test_output_does_not_count_towards_the_threshold(acme: tc.PriceBook) -> None:
    usd = acme.api("acme/over").bill(input_tokens=90_000, output_tokens=90_000)
    assert usd == pytest.approx((90_000 * 4 + 90_000 * 20) / MTOK)


def test_the_highest_tier_reached_counts(acme: tc.PriceBook) -> None:
    """Without a cache price of its own a tier scales it like its input price: 8 / 4 of 0.4."""
    bill = acme.api("acme/two").bill
    prompts = np.array([100_000, 100_001, 200_000, 200_001])
    assert_allclose(bill(input_tokens=prompts, output_tokens=0), prompts * np.array([4, 6, 6, 8]) / MTOK, rtol=1e-12)
    read = bill(input_tokens=250_000, output_tokens=0, cached_input_tokens=250_000)
    assert read == pytest.approx(250_000 * 0.4 * (8 / 4) / MTOK)


def test_batch_has_its_own_discount_on_the_cache(acme: tc.PriceBook) -> None:
    """Half off input and output, a quarter off cache reads and writes; in the long-context tier as well."""
    bill = acme.api("acme/over", service_tier="batch").bill
    tokens = {"output_tokens": 700, "cached_input_tokens": 30_000, "cache_write_tokens": 15_000}
    usd = bill(input_tokens=50_000, **tokens)
    assert usd == pytest.approx(((5_000 * 4 + 700 * 20) * 0.5 + (30_000 * 0.4 + 15_000 * 5) * 0.75) / MTOK)
    long = bill(input_tokens=150_000, **tokens)
    assert long == pytest.approx(((105_000 * 6 + 700 * 30) * 0.5 + (30_000 * 0.8 + 15_000 * 8) * 0.75) / MTOK)


def test_batch_of_cached_tokens_without_a_cache_price(acme: tc.PriceBook) -> None:
    """Without a cache price they are input, and get the input's batch discount."""
    bill = acme.api("acme/uncached", service_tier="batch").bill
    for kind in ("cached_input_tokens", "cache_write_tokens"):
        assert bill(input_tokens=MTOK, output_tokens=0, **{kind: MTOK}) == pytest.approx(4 * 0.5)


def test_written_tokens_without_a_write_price_are_input(acme: tc.PriceBook) -> None:
    """pricing/README.md: a cache write left out is billed as input."""
    usd = acme.api("acme/unwritten").bill(input_tokens=MTOK, output_tokens=0, cache_write_tokens=MTOK)
    assert usd == pytest.approx(4.0)


def test_written_tokens_without_a_write_price_are_input_in_a_batch_too(acme: tc.PriceBook) -> None:
    usd = acme.api("acme/unwritten", service_tier="batch").bill(
        input_tokens=MTOK, output_tokens=0, cache_write_tokens=MTOK
    )
    assert usd == pytest.approx(4.0 * 0.5)


def test_a_discount_comes_off_the_whole_bill(acme: tc.PriceBook) -> None:
    tokens = {"input_tokens": 50_000, "output_tokens": 700, "cached_input_tokens": 30_000}
    full = acme.api("acme/over").bill(**tokens)
    assert acme.api("acme/over", discount_share=0.15).bill(**tokens) == pytest.approx(full * 0.85)
    assert acme.api("acme/over", discount_share=1.0).bill(**tokens) == 0.0


def test_arrays_broadcast(acme: tc.PriceBook) -> None:
    bill = acme.api("acme/over").bill
    prompts, answers = np.array([[1_000], [200_000]]), np.array([10, 20, 30])
    usd = bill(input_tokens=prompts, output_tokens=answers)
    assert usd.shape == (2, 3)
    for i, (fresh, output) in enumerate([(4, 20), (6, 30)]):
        assert_allclose(usd[i], (prompts[i] * fresh + answers * output) / MTOK, rtol=1e-12)
    assert bill(input_tokens=[], output_tokens=[]).shape == (0,)
    assert bill(input_tokens=1_000, output_tokens=0).shape == ()
    assert isinstance(bill(input_tokens=[1_000], output_tokens=0), np.ndarray)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (
            {"input_tokens": -1, "output_tokens": 0},
            "bill: input_tokens\n  found -1; accepted: finite counts >= 0 (billed tokens per request).",
        ),
        (
            {"input_tokens": 1, "output_tokens": [1.0, math.nan]},
            "bill: output_tokens\n  found nan; accepted: finite counts >= 0 (billed tokens per request).",
        ),
        (
            {"input_tokens": math.inf, "output_tokens": 0},
            "bill: input_tokens\n  found inf; accepted: finite counts >= 0 (billed tokens per request).",
        ),
        (
            {"input_tokens": [10, 100], "output_tokens": 0, "cached_input_tokens": 60, "cache_write_tokens": 50},
            "bill\n  found 60 cached + 50 written of 10 input tokens; "
            "accepted: cached and written tokens that together are at most the input, which counts them.",
        ),
    ],
)
def test_counts_that_have_no_meaning(acme: tc.PriceBook, tokens: dict[str, object], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        acme.api("acme/over").bill(**tokens)  # type: ignore[arg-type]  # any of them
    assert str(caught.value) == said


def test_input_has_to_be_said(acme: tc.PriceBook) -> None:
    with pytest.raises(TypeError):
        acme.api("acme/over").bill(input_tokens=1)  # type: ignore[call-arg]  # the mistake is the point


def test_a_date_without_a_price(folder: Path) -> None:
    early = tc.load_prices(folder, as_of="2025-12-31").api("acme/over")
    with pytest.raises(ResolveError, match="before the first known price of acme/over"):
        early.bill(input_tokens=1, output_tokens=1)


def test_batch_where_there_is_none_is_an_error_not_a_full_price(acme: tc.PriceBook) -> None:
    option = acme.api("acme/batchless", service_tier="batch")
    with pytest.raises(ScenarioError, match="the table has no batch price of it"):
        option.curve(tc.Workload(input_tokens=1, output_tokens=1))


def test_bill_of_a_batch_where_there_is_none_is_an_error_too(acme: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError):
        acme.api("acme/batchless", service_tier="batch").bill(input_tokens=MTOK, output_tokens=0)


def test_the_tables_own_examples() -> None:
    """pricing/api/openai.yaml, gpt-6-sol: 2 in, 10 out; over 272,000 tokens 4 in, 15 out."""
    sol = BOOK.api("openai/gpt-6-sol")
    usd = sol.bill(input_tokens=[272_000, 272_001], output_tokens=1_000)
    assert_allclose(usd, [(272_000 * 2 + 10_000) / MTOK, (272_001 * 4 + 15_000) / MTOK], rtol=1e-12)
    # pricing/api/google.yaml, gemini-3.5-flash-lite: 0.03 read from the cache, a third off in batch
    lite = BOOK.api("google/gemini-3.5-flash-lite", service_tier="batch")
    usd = lite.bill(input_tokens=MTOK, output_tokens=0, cached_input_tokens=MTOK)
    assert usd == pytest.approx(0.03 * (1 - 0.3333))


# ---------------------------------------------------------------------- a workload is many requests


def blended(option: tc.Option | object, workload: tc.Workload) -> float:
    """Return USD per million reference tokens."""
    return float(option.curve(workload).usd_per_mtok(1e9))  # type: ignore[union-attr]  # an option of the library


def test_a_workload_of_one_length_costs_what_its_request_costs(acme: tc.PriceBook) -> None:
    workload = tc.Workload(input_tokens=50_000, output_tokens=700, cached_input_share=0.6, cache_write_share=0.3)
    for service_tier in ("standard", "batch"):
        option = acme.api("acme/over", service_tier=service_tier)
        usd = option.bill(input_tokens=50_000, output_tokens=700, cached_input_tokens=30_000, cache_write_tokens=15_000)
        assert blended(option, workload) == pytest.approx(float(usd) / 50_700 * MTOK, rel=1e-12)


def test_a_share_of_batch_is_the_mean_of_both_bills(acme: tc.PriceBook) -> None:
    shape: dict[str, Any] = {
        "input_tokens": 50_000,
        "output_tokens": 700,
        "cached_input_share": 0.6,
        "cache_write_share": 0.3,
    }
    plain, batch = (blended(acme.api("acme/over", service_tier=t), tc.Workload(**shape)) for t in ("standard", "batch"))
    mixed = blended(acme.api("acme/over"), tc.Workload(**shape, batch_share=0.3))
    assert mixed == pytest.approx(0.7 * plain + 0.3 * batch, rel=1e-12)


def test_deferrable_tokens_without_a_batch_price_pay_in_full_with_a_note(acme: tc.PriceBook) -> None:
    option = acme.api("acme/batchless")
    shape: dict[str, Any] = {"input_tokens": 50_000, "output_tokens": 700}
    assert blended(option, tc.Workload(**shape, batch_share=0.5)) == blended(option, tc.Workload(**shape))
    said = "batchless: the table has no batch price of acme/batchless; deferrable tokens pay in full."
    assert said in tc.Study([option], workload=tc.Workload(**shape, batch_share=0.5)).notes


def test_cached_tokens_without_a_cache_price_are_input_with_a_note(acme: tc.PriceBook) -> None:
    option = acme.api("acme/uncached")
    shape: dict[str, Any] = {"input_tokens": 50_000, "output_tokens": 700}
    cached = tc.Workload(**shape, cached_input_share=0.6, cache_write_share=0.3)
    assert blended(option, cached) == pytest.approx((50_000 * 4 + 700 * 20) / 50_700, rel=1e-12)
    said = "uncached: the table has no cache price of acme/uncached; cached tokens are billed as input."
    assert said in tc.Study([option], workload=cached).notes
    assert said not in tc.Study([option], workload=tc.Workload(**shape)).notes
    # the shipped case: Together has no cache price of gpt-oss-120b (0.15 in, 0.6 out)
    hosted = BOOK.api("together/openai/gpt-oss-120b", label="hosted")
    assert blended(hosted, cached) == pytest.approx((50_000 * 0.15 + 700 * 0.6) / 50_700, rel=1e-12)


def lognormal(mean: float, cv: float, size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a lognormal's quantiles at equal steps of probability: a quadrature without chance."""
    sigma = math.sqrt(math.log(1 + cv**2))
    q = (np.arange(size) + 0.5) / size
    points: np.ndarray[tuple[int], np.dtype[np.float64]] = stats.lognorm(
        s=sigma, scale=mean / math.sqrt(1 + cv**2)
    ).ppf(q)
    return points


@pytest.mark.parametrize("cv", [0.3, 1.5])
@pytest.mark.parametrize("mean", [20_000.0, 60_000.0, 150_000.0])
@pytest.mark.parametrize("model", ["over", "two"])
def test_spread_prompts_cost_the_mean_of_their_bills(acme: tc.PriceBook, model: str, mean: float, cv: float) -> None:
    prompts = lognormal(mean, cv, 400_000)
    option = acme.api(f"acme/{model}")
    usd = option.bill(
        input_tokens=prompts, output_tokens=700, cached_input_tokens=0.5 * prompts, cache_write_tokens=0.1 * prompts
    )
    workload = tc.Workload(
        input_tokens=mean, output_tokens=700, input_cv=cv, cached_input_share=0.5, cache_write_share=0.1
    )
    # equal steps cut the tail off: 400,000 of them hold all but 0.02% of the tokens at cv 1.5
    assert blended(option, workload) == pytest.approx(float(usd.mean()) / (mean + 700) * MTOK, rel=5e-4)


def test_sampled_requests_cost_what_the_blend_says(acme: tc.PriceBook) -> None:
    """Independent lengths of prompt and answer, a million requests drawn with a fixed seed."""
    rng = np.random.default_rng(20261121)
    cv, mean = 1.5, 60_000.0
    sigma = math.sqrt(math.log(1 + cv**2))
    prompts = rng.lognormal(math.log(mean) - sigma**2 / 2, sigma, 1_000_000)
    answers = rng.lognormal(math.log(700) - sigma**2 / 2, sigma, 1_000_000)
    usd = acme.api("acme/over").bill(input_tokens=prompts, output_tokens=answers)
    workload = tc.Workload(input_tokens=mean, output_tokens=700, input_cv=cv, output_cv=cv)
    expected = float(usd.mean()) / (mean + 700) * MTOK
    noise = float(usd.std()) / 1_000 / (mean + 700) * MTOK
    assert abs(blended(acme.api("acme/over"), workload) - expected) < 4 * noise
    assert noise < 0.005 * expected  # or the test would say nothing


def test_methods_worked_case(folder: Path) -> None:
    """METHOD.md: mean 60k, CV 1.5, threshold 100k: 16% of the requests are over and hold 53% of the input."""
    price = Book(open_store(folder), tc.load_prices(folder, as_of="tables").as_of).api_price("acme/over")
    below, above = tier_shares(price, 60_000.0, 1.5)
    sigma = math.sqrt(math.log(1 + 1.5**2))
    distance = math.log(60_000 / 100_000)
    assert above.request_share == pytest.approx(stats.norm.cdf((distance - sigma**2 / 2) / sigma), rel=1e-12)
    assert above.input_share == pytest.approx(stats.norm.cdf((distance + sigma**2 / 2) / sigma), rel=1e-12)
    assert round(float(above.request_share), 2) == 0.16
    assert round(float(above.input_share), 2) == 0.53
    assert below.request_share == pytest.approx(1 - float(above.request_share))
    assert below.input_share == pytest.approx(1 - float(above.input_share))


def test_methods_worked_case_on_the_bill() -> None:
    """The same through claude-haiku-5-5: 0.10 in and 0.50 out, over 100,000 tokens 0.50 and 2.50."""
    option = BOOK.api("anthropic/claude-haiku-5-5", label="haiku", tokenizer_ratio=1)
    workload = tc.Workload(input_tokens=60_000, output_tokens=600, input_cv=1.5)
    sigma = math.sqrt(math.log(1 + 1.5**2))
    requests, tokens = (stats.norm.cdf((math.log(0.6) + s * sigma**2 / 2) / sigma) for s in (-1, 1))
    usd = 60_000 * (0.1 + 0.4 * tokens) + 600 * (0.5 + 2.0 * requests)
    assert blended(option, workload) == pytest.approx(usd / 60_600, rel=1e-12)
    said = "haiku: 53% of its input is in prompts over 100,000 billed tokens, at a higher price."
    assert said in tc.Study([option], workload=workload).notes


# ---------------------------------------------------------------------- tokenizers


def test_the_tokenizer_ratio_multiplies_the_bill_and_can_be_switched_off() -> None:
    """pricing/tokenizers: claude-5 makes 1.55 tokens of one reference token of English, 1.57 of Python."""
    opus: dict[str, Any] = {"input_tokens": 3_000, "output_tokens": 400}  # 4 in, 20 out
    plain = (3_000 * 4 + 400 * 20) / 3_400
    on, off = BOOK.api("anthropic/claude-opus-5-5"), BOOK.api("anthropic/claude-opus-5-5", tokenizer_ratio=1)
    assert blended(on, tc.Workload(**opus)) == pytest.approx(1.55 * plain, rel=1e-12)
    assert blended(on, tc.Workload(**opus, text_kind="python")) == pytest.approx(1.57 * plain, rel=1e-12)
    assert blended(off, tc.Workload(**opus)) == pytest.approx(plain, rel=1e-12)
    given = BOOK.api("anthropic/claude-opus-5-5", tokenizer_ratio=1.2)
    assert blended(given, tc.Workload(**opus, text_kind="python")) == pytest.approx(1.2 * plain, rel=1e-12)
    assert any(
        "1.55 billed tokens per reference token" in n for n in tc.Study([on], workload=tc.Workload(**opus)).notes
    )
    assert not any("billed tokens" in n for n in tc.Study([off], workload=tc.Workload(**opus)).notes)


def test_bill_counts_billed_tokens_whatever_the_ratio() -> None:
    for ratio in (None, 1.0, 3.0):
        usd = BOOK.api("anthropic/claude-opus-5-5", tokenizer_ratio=ratio).bill(input_tokens=MTOK, output_tokens=MTOK)
        assert usd == pytest.approx(4.0 + 20.0)


def test_a_longer_answer_costs_more_output_only() -> None:
    workload = tc.Workload(input_tokens=3_000, output_tokens=400)
    option = BOOK.api("openai/gpt-6-sol", output_ratio=2.5)  # 2 in, 10 out
    assert blended(option, workload) == pytest.approx((3_000 * 2 + 400 * 2.5 * 10) / 3_400, rel=1e-12)
    both = BOOK.api("openai/gpt-6-sol", output_ratio=2.5, tokenizer_ratio=1.1)
    assert blended(both, workload) == pytest.approx(1.1 * (3_000 * 2 + 400 * 2.5 * 10) / 3_400, rel=1e-12)


def test_the_threshold_in_reference_tokens_is_divided_by_the_ratio(acme: tc.PriceBook) -> None:
    """100,000 billed tokens are 100,000 / 1.25 = 80,000 reference tokens."""
    option = acme.api("acme/over", tokenizer_ratio=1.25)
    assert blended(option, tc.Workload(input_tokens=80_000, output_tokens=0)) == pytest.approx(1.25 * 4)
    assert blended(option, tc.Workload(input_tokens=80_001, output_tokens=0)) == pytest.approx(1.25 * 6)
    inclusive = acme.api("acme/from", tokenizer_ratio=1.25)
    assert blended(inclusive, tc.Workload(input_tokens=80_000, output_tokens=0)) == pytest.approx(1.25 * 6)
    # spread prompts: as many over 80,000 reference tokens as over 100,000 billed ones
    spread = blended(option, tc.Workload(input_tokens=60_000, output_tokens=0, input_cv=0.8))
    billed = blended(
        acme.api("acme/over", tokenizer_ratio=1), tc.Workload(input_tokens=75_000, output_tokens=0, input_cv=0.8)
    )
    assert spread == pytest.approx(1.25 * billed, rel=1e-12)


def test_an_unmeasured_tokenizer_counts_as_the_references_with_a_note(acme: tc.PriceBook) -> None:
    study = tc.Study([acme.api("acme/over")], workload=tc.Workload(input_tokens=100, output_tokens=0))
    assert study.costs(1e6).iloc[0, 0] == pytest.approx(4.0)
    assert "acme/over: its tokenizer was not measured; counted as the reference's." in study.notes
    rows = study.assumptions().set_index("address")
    assert rows.loc["over:tokenizer_ratio", "origin"] == "default"


def test_a_known_invoice_is_reproduced() -> None:
    """METHOD.md: billed tokens over the ratio are reference tokens; repriced they cost what was billed."""
    billed_input, billed_output = 1.55 * 3_000, 1.55 * 400
    option = BOOK.api("anthropic/claude-opus-5-5")
    invoice = option.bill(input_tokens=billed_input, output_tokens=billed_output) * 1_000
    workload = tc.Workload(input_tokens=billed_input / 1.55, output_tokens=billed_output / 1.55)
    assert option.curve(workload).usd_per_month(3_400.0 * 1_000) == pytest.approx(float(invoice), rel=1e-12)
