"""The fewest terms that a cost curve is the sum of, for when only its total is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from tokencross.costs.composite import Cheapest, Minimum
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.overflow import Overflow
from tokencross.costs.terms import Array, Bands, Fixed, PerToken, Staircase, Term
from tokencross.number import FloatOrDraws, plain

__all__ = ["collapsed"]

_ROUNDING_RATIO = 1e-14  # shares that add up to less than this of their size cancel


def collapsed(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return terms with the same total, alike ones added up, labels and citations left behind.

    Fixed terms are one and prices per token are one; staircases are where their steps are as wide and as many at
    least, hours where their levels are the same too, bands where they start at the same volumes. Totals agree to
    rounding.
    """
    fixed: list[FloatOrDraws] = []
    price: list[FloatOrDraws] = []
    others: list[Term] = []
    for term in terms:
        match term:
            case Fixed():
                fixed.append(term.usd_per_month)
            case PerToken():
                price.append(term.usd_per_mtok)
            case Minimum() | Overflow():
                others.append(replace(term, terms=collapsed(term.terms), citations=()))
            case Cheapest():
                others.append(replace(term, members=tuple(map(collapsed, term.members)), citations=()))
            case HourlyStaircase() if term.loads.shape[-1] == 1:
                _join(others, _staircase(term), _alike)
            case _:
                _join(others, term, _alike)
    at_one_price: list[Term] = []
    for term in others:
        _join(at_one_price, term, _at_one_price)
    ends = [kind(_added(numbers)) for kind, numbers in ((Fixed, fixed), (PerToken, price)) if numbers]
    return (*ends, *(_tidied(term) if isinstance(term, HourlyStaircase) else term for term in at_one_price))


def _added(numbers: list[FloatOrDraws]) -> FloatOrDraws:
    """Return the sum of numbers, plain ones first, draws in one array."""
    total: FloatOrDraws = sum(number for number in numbers if not isinstance(number, np.ndarray))
    draws = [number for number in numbers if isinstance(number, np.ndarray)]
    for place, number in enumerate(draws):
        if place and isinstance(total, np.ndarray) and number.shape == total.shape:
            total += number  # the array is our own from the first sum on
        else:
            total = total + number
    return total


def _join(known: list[Term], term: Term, one: Callable[[Term, Term], Term | None]) -> None:
    """Add a term to the first that it makes one with, or to the end."""
    for place, other in enumerate(known):
        joined = one(other, term)
        if joined is not None:
            known[place] = joined
            return
    known.append(term)


def _alike(first: Term, second: Term) -> Term | None:
    """Return the sum of two terms that differ in their prices alone; None where they differ in more."""
    match first, second:
        case Staircase(), Staircase():
            if _same(first.tokens_per_step, second.tokens_per_step) and _same(first.min_steps, second.min_steps):
                return replace(first, usd_per_step=first.usd_per_step + second.usd_per_step, citations=())
        case HourlyStaircase(), HourlyStaircase():
            rows = ((first.shares, second.shares), (first.loads, second.loads), (first.min_steps, second.min_steps))
            if _same(first.tokens_per_step, second.tokens_per_step) and all(_same(a, b) for a, b in rows):
                return replace(first, usd_per_step=first.usd_per_step + second.usd_per_step, citations=())
        case Bands(), Bands():
            alike = first.whole_bill == second.whole_bill and len(first.starts) == len(second.starts)
            if alike and all(map(_same, first.starts, second.starts)):
                prices = tuple(a + b for a, b in zip(first.usd_per_mtok, second.usd_per_mtok, strict=True))
                return replace(first, usd_per_mtok=prices, citations=())
    return None


def _at_one_price(first: Term, second: Term) -> Term | None:
    """Return the levels of two fleets of equal steps at one price as those of one; None for anything else."""
    if not (isinstance(first, HourlyStaircase) and isinstance(second, HourlyStaircase)):
        return None
    if not _same(first.tokens_per_step, second.tokens_per_step) or not _same(first.usd_per_step, second.usd_per_step):
        return None
    pairs = ((first.shares, second.shares), (first.loads, second.loads), (first.min_steps, second.min_steps))
    draws = np.broadcast_shapes(*(x.shape[:-1] for pair in pairs for x in pair))
    shares, loads, least = (
        np.concatenate([np.broadcast_to(x, (*draws, x.shape[-1])) for x in pair], axis=-1) for pair in pairs
    )
    return replace(first, shares=shares, loads=loads, min_steps=least, citations=())


def _staircase(term: HourlyStaircase) -> Staircase:
    """Return hours of one level as the staircase that they are."""
    share, load, least = (plain(x[..., 0]) for x in (term.shares, term.loads, term.min_steps))
    with np.errstate(divide="ignore"):  # without load only the least number is bought: infinitely wide steps
        tokens = plain(np.divide(term.tokens_per_step, load))
    return Staircase(term.usd_per_step * share, tokens, least)


def _tidied(term: HourlyStaircase) -> HourlyStaircase:
    """Return hours without levels that occur twice, or that cancel."""
    if not term.shares.ndim == term.loads.ndim == term.min_steps.ndim == 1:
        return term
    levels, place = np.unique(np.stack([term.loads, term.min_steps]), axis=1, return_inverse=True)
    if levels.shape[1] == term.loads.size:
        return term
    shares: Array = np.bincount(place.reshape(-1), weights=term.shares, minlength=levels.shape[1]).astype(float)
    size = np.bincount(place.reshape(-1), weights=np.abs(term.shares), minlength=levels.shape[1])
    left = np.abs(shares) > _ROUNDING_RATIO * size
    return replace(term, shares=shares[left], loads=levels[0, left], min_steps=levels[1, left])


def _same(first: FloatOrDraws, second: FloatOrDraws) -> bool:
    """Return whether two numbers are the same in every draw."""
    return first is second or np.array_equal(first, second)
