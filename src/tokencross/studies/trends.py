"""Trends of prices by kind: how fast each has fallen or risen, out of the tables' own history, and how sure that is."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import check_number, point
from tokencross.studies.listing import TIERS
from tokencross.studies.price_series import (
    MODELLED,
    PriceSeries,
    excludable,
    hosted_series,
    known_until,
    rental_series,
)
from tokencross.studies.trend_fit import DAYS_PER_YEAR, Fit, fit_level, fit_same_things
from tokencross.studies.trend_result import Trend, TrendPoint
from tokencross.tables.book import Book
from tokencross.tables.dates import DateLike, as_date

__all__ = ["CAPABILITY", "GPU", "KINDS", "SAME_MODEL", "Trend", "trend"]

Array = NDArray[np.float64]

SAME_MODEL, CAPABILITY, GPU = "same model", "capability", "gpu"
KINDS: tuple[str, ...] = (SAME_MODEL, *TIERS, CAPABILITY, GPU)
_FEWEST_CHANGES = 3
_FEWEST_SERIES = 3
_SAME = 1e-9
_OWN_RATE = "Give a rate of your own, with its source."
_FEWEST_DAYS = 365
_MOVING = "-latest"  # ids that vendors let follow their newest model: their steps are no price changes
_LOW, _HIGH = 0.05, 0.95


def trend(
    book: Book,
    kind: str,
    *,
    gpu: str | None = None,
    purchase: str = "on_demand",
    scores: Mapping[str, float] | None = None,
    at_least: float | None = None,
    input_share: float = 0.75,
    price: Literal["median", "lowest"] = "median",
    from_: DateLike | None = None,
    exclude: Collection[str] = (),
    resamples: int = 2_000,
    seed: int = 0,
) -> Trend:
    """Return how fast a kind of price has fallen or risen up to the book's date.

    Parameters
    ----------
    book : Book
        The tables at a date; announced prices do not count, nor do days after the tables' own date.
    kind : str
        ``"same model"``: list prices of single hosted models, each compared with itself. ``"frontier"``, ``"small"``,
        ``"open_hosted"``: the slot, by the price of what is on sale in it. ``"capability"``: the cheapest model with a
        score of at least ``at_least``. ``"gpu"``: rental of a GPU, each instance compared with itself.
    gpu : str, optional
        For ``"gpu"``: a GPU of the tables, or the beginning of several names ("H100").
    purchase : str
        For ``"gpu"``: the terms.
    scores : mapping of provider/model to float, optional
        For ``"capability"``: a score table of one's own; the tables have none.
    at_least : float, optional
        For ``"capability"``: the score that will do.
    input_share : float
        Share of the tokens that are fresh input; the rest is output. [share of tokens]
    price : "median" or "lowest"
        For a slot: which price on sale.
    from_ : date or str, optional
        First day that counts; the first in the tables unless given.
    exclude : collection of str
        Providers, ``provider/model`` or ``provider/instance`` that do not count.
    resamples : int
        Histories resampled for the interval.
    seed : int
        Of the resampling: the same, the same interval.

    Returns
    -------
    Trend
        Decline per year, 90% interval, number of changes, dates, points and sources.

    Raises
    ------
    ScenarioError
        If the kind is unknown, or needs what is not given, or ``exclude`` names what the tables do not have.
    ResolveError
        If the tables have too little: fewer than three changes, less than a year, no such GPU or model.

    Notes
    -----
    docs/methodology/trends.md: which price each kind follows, the fit, the interval and what they ignore.
    """
    run = _checked(book, kind, resamples, seed)
    _check_given(kind, {"gpu": gpu}, GPU)
    _check_given(kind, {"scores": scores, "at_least": at_least}, CAPABILITY)
    if price not in ("median", "lowest"):
        raise ScenarioError(Problem("trend: price", repr(price), "median or lowest"))
    since = _since(book, from_)
    _check_excluded(exclude, excludable(book, "api" if gpu is None else "compute"))
    if gpu is not None:
        rented = rental_series(book, gpu, purchase=purchase, since=since, exclude={*exclude, *MODELLED})
        rent = replace(run, subject=f"{gpu} {purchase.replace('_', ' ')}")
        return _of_same_things(rent, "price per GPU-hour", rented, each_provider_once=True)
    share = point(check_number(input_share, where="trend: input_share", unit="share of tokens", high=1.0))
    series = hosted_series(book, input_share=share, since=since, exclude=exclude)
    words = f"list price ({share:.0%} input)"
    if kind == SAME_MODEL:
        moving = tuple(each.name for each in series if each.name.endswith(_MOVING))
        own = replace(run, subject="list price of one model")
        return _of_same_things(own, words, [each for each in series if each.name not in moving], left_out=moving)
    if scores is not None:
        good, unscored = _scored(book, series, scores, at_least)
        words = f"lowest {words} of {len(good)} models with a score of at least {at_least:g}"
        able = replace(run, subject=f"score of at least {at_least:g}")
        return _of_level(able, words, good, lowest=True, left_out=unscored)
    chosen = [each for each in series if each.tier == kind]
    slot = replace(run, subject=f"{kind.replace('_', ' ')} slot, {price}")
    return _of_level(slot, f"{price} {words} of what is on sale", chosen, lowest=price == "lowest")


@dataclass(frozen=True)
class _Run:
    """What a fit needs besides its series."""

    book: Book
    kind: str
    subject: str
    resamples: int
    seed: int


def _checked(book: Book, kind: str, resamples: int, seed: int) -> _Run:
    """Return what a fit needs, checked."""
    if kind not in KINDS:
        raise ScenarioError(Problem("trend: kind", repr(kind), f"one of {', '.join(KINDS)}", offer(str(kind), KINDS)))
    for name, value, low, high in (("resamples", resamples, 100, 1_000_000), ("seed", seed, 0, 2**63)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ScenarioError(Problem(f"trend: {name}", repr(value), f"a whole number from {low} to {high}"))
    return _Run(book, kind, kind, resamples, seed)


def _check_excluded(exclude: Collection[str], known: Sequence[str]) -> None:
    """Refuse anything but a collection of names that there are."""
    accepted = "a collection of names, each a provider, provider/model or provider/instance of the tables"
    listed = list(exclude) if isinstance(exclude, Collection) and not isinstance(exclude, (str, bytes)) else None
    if listed is None or not all(isinstance(name, str) for name in listed):
        remedy = f"One name is [{exclude!r}]." if isinstance(exclude, str) else ""
        raise ScenarioError(Problem("trend: exclude", f"{exclude!r:.60}", accepted, remedy))
    for name in listed:
        if name not in known:
            raise ScenarioError(Problem("trend: exclude", repr(name), accepted, offer(name, known)))


def _since(book: Book, from_: DateLike | None) -> date | None:
    """Return the first day that counts."""
    since = None if from_ is None else as_date(from_, where="trend: from_")
    if since is not None and since >= known_until(book):
        found = f"{since}, with a history that ends on {known_until(book)}"
        raise ScenarioError(Problem("trend: from_", found, "an earlier day"))
    return since


def _check_given(kind: str, given: Mapping[str, object], needed_by: str) -> None:
    """Refuse an argument that a kind needs and has not, or has and does not need."""
    for name, value in given.items():
        if (value is None) == (kind == needed_by):
            found = "nothing" if value is None else f"it with kind {kind!r}"
            accepted = f"{name} with kind {needed_by!r}" + (" only" if value is not None else "")
            raise ScenarioError(Problem(f"trend: {name}", found, accepted))


def _scored(
    book: Book, series: Sequence[PriceSeries], scores: Mapping[str, float], at_least: float | None
) -> tuple[list[PriceSeries], tuple[str, ...]]:
    """Return the series of models with a score that will do, and the names of those without a score."""
    if not isinstance(scores, Mapping):
        accepted = 'a mapping, such as {"provider/model": 71.5}'
        raise ScenarioError(Problem("trend: scores", f"{scores!r:.60}", accepted))
    least = point(check_number(at_least, where="trend: at_least", unit="score", low=-math.inf))
    known = {}
    for name, score in scores.items():
        full = book.api_name(name)
        known[full] = point(check_number(score, where=f"trend: scores[{name}]", unit="score", low=-math.inf))
        if book.is_market_index(full.partition("/")[0]):
            raise ResolveError(Problem(f"trend: scores[{name}]", "a market index", "a model with a list price"))
    good = [each for each in series if known.get(each.name, -math.inf) >= least]
    return good, tuple(each.name for each in series if each.name not in known)


# ---------------------------------------------------------------------- each thing against itself


def _of_same_things(
    run: _Run,
    words: str,
    series: Sequence[PriceSeries],
    *,
    each_provider_once: bool = False,
    left_out: tuple[str, ...] = (),
) -> Trend:
    """Return the trend of prices that are each compared with itself only."""
    priced = [each for each in series if all(era.usd > 0.0 for era in each.eras)]
    points = sorted(
        (
            TrendPoint(after.begin, each.name, after.usd, before.usd, len(priced))
            for each in priced
            for before, after in itertools.pairwise(each.eras)
            if not math.isclose(before.usd, after.usd, rel_tol=_SAME)
        ),
        key=lambda change: (change.day, change.name),
    )
    events = {(change.name.partition("/")[0], change.day) for change in points}
    _refuse_too_little(run, len(events))
    if len(priced) < _FEWEST_SERIES:
        accepted = f"at least {_FEWEST_SERIES} models or instances: fewer do not say how far prices differ"
        raise ResolveError(Problem(f"trend: {run.subject}", f"a history of {len(priced)} only", accepted, _OWN_RATE))
    fit = fit_same_things(
        [math.log(each.eras[-1].usd / each.eras[0].usd) for each in priced],
        [sum((era.end - era.begin).days for era in each.eras) / DAYS_PER_YEAR for each in priced],
        [each.provider for each in priced],
        each_group_once=each_provider_once,
        resamples=run.resamples,
        seed=run.seed,
    )
    providers = len({each.provider for each in priced})
    counted = "each provider counting once" if each_provider_once else "each year of each counting once"
    basis = (
        f"{words} of {len(priced)} series of {providers} providers, each compared with itself, {counted}; "
        f"{len(points)} changes on {len(events)} occasions; 90% interval from {fit.words}"
    )
    return _made(run, fit, basis, points, priced, left_out, event_count=len(events))


# ---------------------------------------------------------------------- the level of a price


def _of_level(
    run: _Run, words: str, series: Sequence[PriceSeries], *, lowest: bool, left_out: tuple[str, ...] = ()
) -> Trend:
    """Return the trend of the median or lowest price of what is on sale."""
    sold = [each for each in series if not lowest or all(era.usd > 0.0 for era in each.eras)]
    points = _moves(sold, lowest=lowest)
    _refuse_too_little(run, len(points) - 1)
    first, last = points[0].day, known_until(run.book)
    if (last - first).days < _FEWEST_DAYS:
        found = f"a history from {first} to {last}"
        raise ResolveError(Problem(f"trend: {run.subject}", found, "at least a year", _OWN_RATE))
    usd = _by_day(points, first, (last - first).days + 1)
    fit = fit_level(usd, resamples=run.resamples, seed=run.seed)
    known = np.flatnonzero(np.isfinite(usd))
    middle = (len(usd) - 1) / 2.0
    centre = np.mean(np.log(usd[known])) + fit.log_rate_per_year * (middle - known.mean()) / DAYS_PER_YEAR
    basis = f"{words}, by day; log-linear fit; 90% interval from {fit.words}"
    return _made(run, fit, basis, points, sold, left_out, event_count=len(points) - 1, centre_usd=math.exp(centre))


def _moves(series: Sequence[PriceSeries], *, lowest: bool) -> tuple[TrendPoint, ...]:
    """Return the first price, and every day on which it moved, was gone (nan) or came back."""
    eras = [(era.begin, era.end, era.usd, each.name) for each in series for era in each.eras]
    found: list[TrendPoint] = []
    for day in sorted({begin for begin, *_ in eras} | {end for _, end, *_ in eras}):
        live = sorted((usd, name) for begin, end, usd, name in eras if begin <= day < end)
        usds = [usd for usd, _ in live]
        usd = math.nan if not usds else (usds[0] if lowest else statistics.median(usds))
        before = found[-1].usd if found else math.nan
        if not found or not (math.isclose(usd, before, rel_tol=_SAME) or (math.isnan(usd) and math.isnan(before))):
            found.append(TrendPoint(day, live[0][1] if live else "", usd, before, len(live)))
    # the history ends with the days that are looked at, which is no change
    return tuple(found[:-1] if found and math.isnan(found[-1].usd) else found)


def _by_day(points: Sequence[TrendPoint], first: date, days: int) -> Array:
    """Return the price on each day."""
    usd = np.full(days, math.nan)
    for change in points:
        usd[(change.day - first).days :] = change.usd
    return usd


def _refuse_too_little(run: _Run, count: int) -> None:
    """Refuse a rate that would rest on hardly any change."""
    if count < _FEWEST_CHANGES:
        occasions = f"{max(count, 0)} occasion{'' if count == 1 else 's'} on which a price changed"
        found = f"{occasions}, in {run.book.store.name} up to {known_until(run.book)}"
        accepted = f"at least {_FEWEST_CHANGES}: fewer make no rate"
        raise ResolveError(Problem(f"trend: {run.subject}", found, accepted, _OWN_RATE))


def _made(
    run: _Run,
    fit: Fit,
    basis: str,
    points: Sequence[TrendPoint],
    series: Sequence[PriceSeries],
    left_out: tuple[str, ...],
    *,
    event_count: int,
    centre_usd: float = math.nan,
) -> Trend:
    """Return a trend from its parts."""
    declines = np.sort(0.0 - np.expm1(fit.draws))
    low, high = np.quantile(declines, [_LOW, _HIGH])
    ratios = [change.ratio for change in points]
    steady = sum(all(math.isclose(era.usd, each.eras[0].usd, rel_tol=_SAME) for era in each.eras) for each in series)
    return Trend(
        kind=run.kind,
        subject=run.subject,
        decline_per_year=0.0 - math.expm1(fit.log_rate_per_year),
        low=float(low),
        high=float(high),
        change_count=sum(math.isfinite(change.before_usd) for change in points),
        fall_count=sum(ratio < 1.0 for ratio in ratios),
        rise_count=sum(ratio > 1.0 for ratio in ratios),
        event_count=event_count,
        from_=min(era.begin for each in series for era in each.eras),
        to=known_until(run.book),
        basis=basis,
        points=tuple(points),
        sources=tuple(era.citation for each in series for era in each.eras),
        series_count=len(series),
        unchanged_share=steady / len(series),
        left_out=left_out,
        centre_usd=centre_usd,
        draws=declines,
    )
