"""How far prices fell: of one model, of the model that fell the most, and along a trend of the tables."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from tokencross.checks.context import Context, Measures
from tokencross.checks.expectations import figure, finding
from tokencross.checks.outcome import Finding
from tokencross.errors import offer
from tokencross.number import point
from tokencross.studies.listing import TIERS
from tokencross.studies.price_series import PriceEra, hosted_series
from tokencross.studies.trends import SAME_MODEL, trend
from tokencross.tables.assumption_market import ANY_MODEL, PriceFallEntry
from tokencross.tables.book import Book
from tokencross.tables.resolved import ApiPrice
from tokencross.units import DAYS_PER_MONTH

__all__ = ["TREND_MEASURES"]

_UNIT = "times cheaper"
_KINDS = (SAME_MODEL, *TIERS)
_MOVING = "-latest"  # ids that vendors point at their newest model: their steps are no price changes
_MONTHS_PER_YEAR = 12.0


def price_fall(entry: PriceFallEntry, context: Context) -> Finding:
    """Return by which factor a price fell over some months; below 1 it rose."""
    if "/" in entry.price_fall:
        return _of_model(entry, context)
    if entry.price_fall == ANY_MODEL:
        return _most(entry, context)
    return _of_kind(entry, context)


def _of_kind(entry: PriceFallEntry, context: Context) -> Finding:
    """Return what a trend of the tables comes to over the months."""
    if entry.price_fall not in _KINDS:
        accepted = f"one of {', '.join(_KINDS)}, {ANY_MODEL}, or provider/model"
        raise context.problem("price_fall", repr(entry.price_fall), accepted, offer(entry.price_fall, _KINDS))
    found = trend(
        context.book, entry.price_fall, input_share=entry.input_share, price=entry.price, from_=_since(entry, context)
    )
    years = entry.over_months / _MONTHS_PER_YEAR
    low, high = ((1.0 / (1.0 - decline)) ** years for decline in (found.low, found.high))
    detail = (
        f"90% interval: {figure(low, digits=3)} to {figure(high, digits=3)} times",
        f"{found.change_count} changes, {found.rise_count} of them up, {found.from_} to {found.to}",
        found.basis,
    )
    value = found.cheaper_ratio_per_year**years
    return finding(entry, value, unit=_UNIT, of=f"{found.subject}, {_over(entry)}", detail=detail)


def _since(entry: PriceFallEntry, context: Context) -> date | str | None:
    """Return the first day that counts."""
    last = min(context.as_of, context.book.store.date)
    since = {"tables": context.book.store.date, "today": context.as_of}.get(str(entry.since), entry.since)
    if isinstance(since, date) and since >= last:
        raise context.problem("since", str(since), f"a day before {last}, with which the history ends")
    return since


def _of_model(entry: PriceFallEntry, context: Context) -> Finding:
    """Return what a model cost then over what it, or the one in its place, costs now."""
    before = context.as_of - timedelta(days=round(entry.over_months * DAYS_PER_MONTH))
    old = context.within("price_fall", lambda: context.book.at(before).api_price(entry.price_fall))
    name = entry.price_fall if entry.to is None else entry.to
    new = context.within("price_fall" if entry.to is None else "to", lambda: context.book.api_price(name))
    usd = [_blended(price, entry.input_share) for price in (old, new)]
    if usd[1] == 0.0:
        return finding(entry, None, unit=_UNIT, none=f"no factor: {name} is free on {context.as_of}")
    words = f"{figure(usd[0])} USD/Mtok on {before}, {figure(usd[1])} on {context.as_of}"
    return finding(entry, usd[0] / usd[1], unit=_UNIT, of=words, citations=tuple({old.citation: 0, new.citation: 0}))


def _most(entry: PriceFallEntry, context: Context) -> Finding:
    """Return the most by which the list price of any one model fell within so many months."""
    falls = list(_falls(entry, context.book))
    if not falls:
        return finding(entry, None, unit=_UNIT, none="no list price changed")
    factor, name, before, after = max(falls, key=lambda fall: fall[0])
    words = f"{name} on {after.begin}, {_over(entry)}"
    cited = (before.citation, after.citation)
    return finding(entry, factor, unit=_UNIT, of=words, citations=cited)


def _falls(entry: PriceFallEntry, book: Book) -> list[tuple[float, str, PriceEra, PriceEra]]:
    """Return every change of a list price within the months: its factor, the model, and the eras."""
    days = entry.over_months * DAYS_PER_MONTH
    found = []
    for series in hosted_series(book, input_share=entry.input_share, since=None):
        if series.name.endswith(_MOVING):
            continue
        for before, after in itertools.combinations(series.eras, 2):
            apart = (after.begin - before.end).days + 1  # from the last day of the one to the first of the other
            if apart <= days and after.usd > 0.0:
                found.append((before.usd / after.usd, series.name, before, after))
    return found


def _blended(price: ApiPrice, input_share: float) -> float:
    """Return a list price of so much input. [USD/Mtok]"""
    return input_share * point(price.input_usd_per_mtok) + (1.0 - input_share) * point(price.output_usd_per_mtok)


def _over(entry: PriceFallEntry) -> str:
    """Return the months in words."""
    return f"over {figure(entry.over_months)} months"


TREND_MEASURES: Measures = {PriceFallEntry: price_fall}
"""What evaluates the checks of this module's topic."""
