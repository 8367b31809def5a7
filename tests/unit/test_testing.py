"""The assertion helpers: silent where a check holds, and otherwise as telling as an assumption file."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.testing import (
    assert_breakeven,
    assert_cheapest,
    assert_cost,
    assert_never_wins,
    assert_price,
    assert_undercuts,
)

WORK = tc.Workload(input_tokens=3_000, output_tokens=1_000)
UNDATED = "Nothing that the study rests on is dated: there is no other day on which it could have held."


@pytest.fixture
def study() -> tc.Study:
    """Return 2 USD/Mtok against 5,000 USD a month (2.5B tokens), and a third that no volume makes the cheapest."""
    options = [
        tc.Option("API", tc.CostCurve.per_mtok(2)),
        tc.Option("own", tc.CostCurve.fixed(5_000)),
        tc.Option("dear", tc.CostCurve.per_mtok(3)),
    ]
    return tc.Study(options, workload=WORK, tokens_per_month=4e9)


@pytest.fixture
def book(tmp_path: Path) -> tc.PriceBook:
    """Return tables in which a price fell on 2026-09-22."""
    big = hosted(
        "big",
        row("2026-01-01", input_usd_per_mtok=5.0, output_usd_per_mtok=25.0),
        row("2026-09-22", input_usd_per_mtok=4.0, output_usd_per_mtok=20.0),
    )
    return price_book(tmp_path / "tables", api(big))


@pytest.mark.parametrize(
    "holds",
    [
        lambda study: assert_undercuts(study, "own"),
        lambda study: assert_undercuts(study, "own", tokens_per_month=(2.5e9, math.inf)),
        lambda study: assert_undercuts(study, "own", tokens_per_month=np.float64(3e9), margin_share=0.15),
        lambda study: assert_undercuts(study, "API", against="dear", tokens_per_month=np.float64(1)),
        lambda study: assert_breakeven(study, "own", between=(2.4e9, 2.6e9)),
        lambda study: assert_breakeven(study, "own", quantity="robust", equals=2.5e9),
        lambda study: assert_breakeven(study, "own", equals=2.4e9, within_share=0.05),
        lambda study: assert_breakeven(study, "own", per="usd_per_month", at_least=5_000, at_most=None),
        lambda study: assert_breakeven(study, "own", per="day", at_most=2.5e9 * 24 / 730),
        lambda study: assert_breakeven(study, "dear", never=True),
        lambda study: assert_cheapest(study, "own"),
        lambda study: assert_cheapest(study, "API", tokens_per_month=(0, 2.5e9)),
        lambda study: assert_never_wins(study, "dear"),
        lambda study: assert_cost(study, "API", equals=8_000),
        lambda study: assert_cost(study, "own", tokens_per_month=1e9, per="mtok", equals=5),
        lambda study: assert_cost(study, "API", per="request", between=(0.008, 0.008000001)),
    ],
)
def test_what_holds_is_silent(study: tc.Study, holds: Callable[[tc.Study], None]) -> None:
    holds(study)


@pytest.mark.parametrize(
    ("fails", "expected", "found"),
    [
        (
            lambda study: assert_undercuts(study, "own", tokens_per_month=(1e9, 3e9)),
            "own undercuts API from 1B to 3B tokens/month",
            "it does from 2.5B to 3B tokens/month",
        ),
        (
            lambda study: assert_breakeven(study, "own", between=(3e9, 4e9)),
            "between 3B and 4B tokens/month",
            "2.5B tokens/month (where own first undercuts API, {})",
        ),
        (
            lambda study: assert_breakeven(study, "own", never=True),
            "none at all",
            "2.5B tokens/month (where own first undercuts API, {})",
        ),
        (
            lambda study: assert_cheapest(study, "API"),
            "API is the cheapest at 4B tokens/month",
            None,
        ),
        (
            lambda study: assert_never_wins(study, "own"),
            "own is the cheapest at no volume",
            "it is from 2.5B tokens/month on",
        ),
        (
            lambda study: assert_cost(study, "API", per="day", at_most=200),
            "at most 200 USD/day",
            "263.014 USD/day (API at 4B tokens/month, {})",  # 8,000 * 24 / 730
        ),
    ],
)
def test_what_fails_says_what_was_expected_and_found(
    study: tc.Study, fails: Callable[[tc.Study], None], expected: str, found: str | None
) -> None:
    with pytest.raises(AssertionError) as raised:
        fails(study)
    title, first, second, *rest = str(raised.value).splitlines()
    assert title.split(": ")[1] in study.comparison.labels
    assert first == f"  expected: {expected}"
    if found is not None:
        assert second == f"  found: {found.format(tc.load_prices(as_of='tables').as_of)}"
    assert rest[-1] == f"  {UNDATED}"


def test_what_fails_says_since_when(book: tc.PriceBook) -> None:
    flat = tc.Option("flat", tc.CostCurve.fixed(9_000))
    study = tc.Study([book.api("acme/big", label="API"), flat], workload=WORK, tokens_per_month=1e9)
    assert_undercuts(study.at("2026-09-21"), "flat")  # 3,000 * 5 + 1,000 * 25 USD by 4,000 tokens: 10 USD/Mtok
    with pytest.raises(AssertionError) as raised:
        assert_undercuts(study, "flat")  # 8 USD/Mtok
    lines = str(raised.value).splitlines()
    assert lines[0] == "undercuts: flat"
    (row_of,) = (line for line in lines if line.startswith("  row: "))
    assert row_of.startswith("  row: prices:acme/big (")
    assert "  It held until 2026-09-21; since then:" in lines
    assert any("acme/big" in line and "5" in line and "4" in line for line in lines[lines.index(row_of) + 2 :])


def test_a_price_says_what_it_was(book: tc.PriceBook) -> None:
    assert_price(book, "acme/big", equals=4)
    assert_price(book, "acme/big", field="output_usd_per_mtok", between=(19, 21))
    assert_price(book, "prices:acme/big.output_usd_per_mtok", at_least=20)
    with pytest.raises(AssertionError) as raised:
        assert_price(book, "acme/big", equals=5)
    told = str(raised.value).splitlines()
    assert told[:3] == [
        "price: acme/big",
        "  expected: 5 USD/Mtok",
        "  found: 4 USD/Mtok (acme/big input_usd_per_mtok, 2026-11-21)",
    ]
    assert told[3].startswith("  it last held on 2026-09-21: 5 USD/Mtok (row: prices:acme/big (")
    assert told[4].startswith("  row: prices:acme/big (")


def test_an_instance_has_a_price_by_the_hour() -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    with pytest.raises(AssertionError, match=r"expected: at most 0\.01 USD/hour"):
        assert_price(prices, "compute:lambda/gpu_1x_b200_sxm6", at_most=0.01)


def test_the_trace_ends_in_the_test(study: tc.Study) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_never_wins(study, "own")
    (_, *ours) = [frame for frame, _ in traceback.walk_tb(raised.value.__traceback__)]
    assert [Path(frame.f_code.co_filename).name for frame in ours] == ["testing.py"] * len(ours)
    assert all(frame.f_locals["__tracebackhide__"] for frame in ours)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda study: assert_breakeven(study, "own"),
            "assert_breakeven\n  found nothing that says what is expected; "
            "accepted: one of equals, between, at_least, at_most, never.",
        ),
        (
            lambda study: assert_breakeven(study, "own", between=(6, 4)),
            "assert_breakeven: between\n  found [6, 4]; accepted: [low, high] with low at most high.\n  Write [4, 6].",
        ),
        (
            lambda study: assert_breakeven(study, "own", quantity="frist", equals=1),  # type: ignore[arg-type]  # the mistake
            "assert_breakeven: quantity\n  found 'frist'; accepted: one of 'first' or 'robust'.\n"
            "  Did you mean 'first'?",
        ),
        (
            lambda study: assert_undercuts(study, "owm"),
            "assert_undercuts: challenger\n  found unknown label 'owm'; "
            "accepted: one of API, own, dear, the options of the study.\n  Did you mean 'own'?",
        ),
        (
            lambda study: assert_cost("study.yaml", "own", equals=1),  # type: ignore[arg-type]  # the mistake
            "assert_cost: study\n  found str; accepted: a tc.Study.",
        ),
        (
            lambda study: assert_price(study, "acme/big", equals=1),
            "assert_price: book\n  found Study; accepted: a book that tc.load_prices(…) gives.",
        ),
    ],
)
def test_wrong_arguments_are_no_failed_assertion(
    study: tc.Study, wrong: Callable[[tc.Study], None], message: str
) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        wrong(study)
    assert not isinstance(raised.value, AssertionError)
    assert str(raised.value) == message


def test_a_price_that_the_tables_do_not_have_is_named(book: tc.PriceBook) -> None:
    with pytest.raises(ValueError, match=r"^assert_price: model"):
        assert_price(book, "acme/bog", equals=1)
