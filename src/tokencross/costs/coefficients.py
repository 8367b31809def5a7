"""The coefficients of a term that may be draws: all of them, some of them, or each beside its own row of volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.composite import Cheapest, Minimum
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.costs.terms import Array, Bands, Fixed, PerToken, Staircase, Term
from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws

__all__ = ["Rows", "coefficients", "draw_count", "one_draw_count", "paired", "taken"]

Rows: TypeAlias = slice | NDArray[np.intp]
Change: TypeAlias = Callable[[FloatOrDraws], FloatOrDraws]

T = TypeVar("T", bound=Term)


def taken(terms: Iterable[Term], rows: Rows) -> tuple[Term, ...]:
    """Return terms with some of their draws; numbers that are the same in all draws stay as they are."""

    def change(number: FloatOrDraws) -> FloatOrDraws:
        return _some(number, rows) if isinstance(number, np.ndarray) else number

    return tuple(_changed(term, change) for term in terms)


def paired(terms: Iterable[Term], rows: Rows) -> tuple[Term, ...]:
    """Return terms with some of their draws, to be evaluated at volumes that are a row for each: shape (D, V)."""

    def change(number: FloatOrDraws) -> FloatOrDraws:
        return np.expand_dims(_some(number, rows), 1) if isinstance(number, np.ndarray) else number

    return tuple(_changed(term, change) for term in terms)


def _some(draws: Array, rows: Rows) -> Array:
    """Return some of the draws; one value stands for all of them."""
    return draws if draws.shape[0] == 1 else draws[rows]


def draw_count(terms: Iterable[Term], *, where: str) -> int | None:
    """Return the number of draws in terms; None when all are plain.

    Raises
    ------
    ScenarioError
        If arrays of draws have different lengths.
    """
    return one_draw_count([number for term in terms for number in coefficients(term)], where=where)


def one_draw_count(numbers: Iterable[FloatOrDraws], *, where: str) -> int | None:
    """Return the number of draws in numbers; None when all are plain.

    Raises
    ------
    ScenarioError
        If arrays of draws have different lengths.
    """
    counts = {number.shape[0] for number in numbers if isinstance(number, np.ndarray) and number.ndim}
    several = sorted(counts - {1})
    if len(several) > 1:
        found = f"draws of {' and '.join(f'{count:,}' for count in several)}"
        accepted = "the same number of draws in every number"
        raise ScenarioError(Problem(where, found, accepted, "Draw all of them together, one value per parameter."))
    return several[0] if several else (1 if counts else None)


def coefficients(term: Term) -> Iterator[FloatOrDraws]:
    """Yield every number of a term that may be draws, those of the terms inside too."""
    match term:
        case Fixed():
            yield term.usd_per_month
        case PerToken():
            yield term.usd_per_mtok
        case Staircase():
            yield from (term.usd_per_step, term.tokens_per_step, term.min_steps)
        case Bands():
            yield from (*term.starts, *term.usd_per_mtok)
        case HourlyStaircase():
            yield from (term.usd_per_step, term.tokens_per_step)
            yield from (row for row in (term.shares, term.loads, term.min_steps) if row.ndim > 1)
        case CheapestSteps():
            yield from (term.tokens_per_step, term.min_steps)
        case Minimum():
            yield term.usd_per_month
        case Overflow():
            yield term.capacity
        case _:
            pass
    for inner in _inside(term):
        yield from coefficients(inner)


def _inside(term: Term) -> tuple[Term, ...]:
    """Return the terms inside a term."""
    match term:
        case Minimum() | Overflow():
            return term.terms
        case Cheapest():
            return tuple(inner for member in term.members for inner in member)
        case CheapestSteps():
            return (*term.steps, *term.overflow)
        case _:
            return ()


def _changed(term: T, change: Change) -> T:
    """Return a term with every number that may be draws changed, those of the terms inside too."""
    new: object
    match term:
        case Fixed():
            new = replace(term, usd_per_month=change(term.usd_per_month))
        case PerToken():
            new = replace(term, usd_per_mtok=change(term.usd_per_mtok))
        case Staircase():
            usd, tokens, least = (change(x) for x in (term.usd_per_step, term.tokens_per_step, term.min_steps))
            new = replace(term, usd_per_step=usd, tokens_per_step=tokens, min_steps=least)
        case Bands():
            starts, prices = (tuple(change(x) for x in numbers) for numbers in (term.starts, term.usd_per_mtok))
            new = replace(term, starts=starts, usd_per_mtok=prices)
        case HourlyStaircase():
            new = _changed_hours(term, change)
        case _:
            new = _changed_inside(term, change)
    return new  # type: ignore[return-value]  # of the class that the term is


def _changed_hours(term: HourlyStaircase, change: Change) -> HourlyStaircase:
    """See `_changed`: rows of levels are draws where there is one for each."""
    rows = [np.asarray(change(x)) if x.ndim > 1 else x for x in (term.shares, term.loads, term.min_steps)]
    usd, tokens = change(term.usd_per_step), change(term.tokens_per_step)
    return replace(term, usd_per_step=usd, tokens_per_step=tokens, shares=rows[0], loads=rows[1], min_steps=rows[2])


def _changed_inside(term: Term, change: Change) -> Term:
    """See `_changed`, for terms that hold others."""

    def each(terms: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(_changed(inner, change) for inner in terms)

    match term:
        case Minimum():
            return replace(term, usd_per_month=change(term.usd_per_month), terms=each(term.terms))
        case Overflow():
            return replace(term, capacity=change(term.capacity), terms=each(term.terms))
        case Cheapest():
            return replace(term, members=tuple(each(member) for member in term.members))
        case CheapestSteps():
            tokens, least = change(term.tokens_per_step), change(term.min_steps)
            steps, overflow = each(term.steps), each(term.overflow)
            return replace(term, tokens_per_step=tokens, min_steps=least, steps=steps, overflow=overflow)
        case _:
            raise TypeError(f"{type(term).__name__} has no rule for its draws")
