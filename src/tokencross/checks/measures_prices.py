"""Measures of checks on prices: one figure of the tables, and the ratio of two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tokencross.checks.context import Context, Measures, one_each
from tokencross.checks.expectations import as_expected, expected_words, figure, finding
from tokencross.checks.measures_figures import Figure, FigureOf, figure_of, past_lines
from tokencross.checks.outcome import Finding
from tokencross.tables.assumption_checks import PriceEntry, PriceRatioEntry
from tokencross.tables.book import Book
from tokencross.units import format_share

__all__ = ["PRICE_MEASURES"]


def price(entry: PriceEntry, context: Context) -> Finding:
    """Return whether a figure of the tables is as expected."""
    of = figure_of(entry.price, entry, context, "price")
    found = of(context.book)
    before = () if as_expected(entry, found.value) else _past(of, entry, context)
    return finding(
        entry,
        found.value,
        unit=found.unit,
        of=f"{found.name}, {context.as_of}",
        citations=one_each([found.citation]),
        detail=(*found.notes, *before),
    )


def price_ratio(entry: PriceRatioEntry, context: Context) -> Finding:
    """Return whether the ratios of pairs of figures are as expected, in a large enough share of them."""
    ratios = [_ratio_of(pair, entry, context) for pair in entry.price_ratio]
    found = [of(context.book) for of in ratios]
    sides = [figure_of(name, entry, context, "price_ratio") for pair in entry.price_ratio for name in pair]
    cited = one_each([side(context.book).citation for side in sides])
    if len(found) == 1:
        only = found[0]
        before = () if as_expected(entry, only.value) else _past(ratios[0], entry, context)
        return finding(entry, only.value, unit="", of=f"{only.name}, {context.as_of}", citations=cited, detail=before)
    holding = [as_expected(entry, each.value) for each in found]
    share = sum(holding) / len(holding)
    needed = entry.holds_for_share
    of_pairs = "every pair" if needed == 1.0 else f"at least {format_share(needed)} of the pairs"
    return Finding(
        holds=sum(holding) >= needed * len(holding) * (1.0 - 1e-12),
        expected=f"{expected_words(entry, '')} for {of_pairs}",
        found=f"so for {sum(holding)} of {len(holding)} pairs, {context.as_of}",
        value=share,
        unit="share of the pairs",
        citations=cited,
        detail=tuple(
            f"{each.name}: {figure(each.value)}{'' if is_so else ', not as expected'}"
            for each, is_so in zip(found, holding, strict=True)
        ),
    )


def _past(of: FigureOf, entry: PriceEntry | PriceRatioEntry, context: Context) -> tuple[str, ...]:
    """Return what a figure was before, and when it last was as expected."""
    return past_lines(of, context.book, lambda value: as_expected(entry, value))


def _ratio_of(pair: tuple[str, str], entry: PriceRatioEntry, context: Context) -> FigureOf:
    """Return the ratio of two figures, for any date; its row is the one that changed last."""
    first, second = (figure_of(name, entry, context, "price_ratio") for name in pair)

    def of(book: Book) -> Figure:
        over, under = first(book), second(book)
        if under.value == 0.0:
            raise context.problem("price_ratio", f"a price of 0 ({under.name})", "a second price above 0")
        latest = max((over, under), key=lambda one: one.citation.effective_from or date.min)
        return replace(latest, name=f"{over.name} over {under.name}", value=over.value / under.value, unit="")

    return of


PRICE_MEASURES: Measures = {PriceEntry: price, PriceRatioEntry: price_ratio}
