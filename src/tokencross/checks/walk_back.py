"""Walking back through the days of the tables to the last one on which something held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from tokencross.errors import Problem, TokencrossError

__all__ = ["MOST_DAYS", "Walk", "never_held", "walk_back"]

T = TypeVar("T")

MOST_DAYS = 200
"""So many days are looked at in one walk at the most."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Walk(Generic[T]):
    """What a walk back found.

    Attributes
    ----------
    day : date
        The last day on which it held; where it held on none, the earliest day looked at.
    then : T or None
        What it held of; None where it held on no day.
    ended : str
        Why the walk went no further back, where something does not exist then.
    stopped : bool
        Whether it went no further because so many days were looked at.
    """

    day: date
    then: T | None
    ended: str = ""
    stopped: bool = False


def walk_back(days: Iterable[date], today: date, on: Callable[[date], T], holds: Callable[[T], bool]) -> Walk[T]:
    """Return the last day before ``today`` on which something held.

    Parameters
    ----------
    days : iterable of date
        The days on which figures may change: looked at are they and the days before them.
    today : date
        A day on which it does not hold.
    on : callable
        What there is on a day; raises `TokencrossError` where there is nothing, which ends the walk.
    holds : callable
        Whether it holds of that.

    Notes
    -----
    Between two of the days no figure changes. Where it held on the first day of such a stretch and not on its last,
    what is asked depends on the day itself, and the day on which it turned is narrowed down.
    """
    looked = 0
    earliest = today
    for first, last in _stretches(days, today):
        for day in (last, first):
            if day in (today, earliest):
                continue  # the one of which it is known, or a stretch of a single day
            if looked == MOST_DAYS:
                return Walk(earliest, None, stopped=True)
            looked += 1
            try:
                then = on(day)
            except TokencrossError as error:
                return Walk(earliest, None, ended=_reason(error, day))
            if holds(then):
                return _narrowed(Walk(day, then), earliest, on, holds) if day != last else Walk(day, then)
            earliest = day
    return Walk(earliest, None)


def _stretches(days: Iterable[date], today: date) -> Iterator[tuple[date, date]]:
    """Yield the stretches between the days up to a last one, latest first; the day before the first of them alone."""
    last = today
    for first in sorted({day for day in days if day <= today}, reverse=True):
        yield first, last
        if first == date.min:
            return
        last = first - _ONE_DAY
    yield last, last


def _narrowed(held: Walk[T], failed: date, on: Callable[[date], T], holds: Callable[[T], bool]) -> Walk[T]:
    """Return the last day on which it held, between one on which it did and a later one on which it did not."""
    while (failed - held.day).days > 1:
        middle = held.day + (failed - held.day) // 2
        then = on(middle)
        if holds(then):
            held = Walk(middle, then)
        else:
            failed = middle
    return held


def never_held(walk: Walk[T], what: str, held: str = "held") -> str:
    """Return that something held on no day, as far as was looked; ``held`` is the word for it."""
    if walk.stopped:
        looked = f"none of the {MOST_DAYS} days looked at, back to {walk.day}"
        return f"It {held} on {looked}; earlier ones were not looked at."
    said = f"It {held} on no day that the tables know, back to {walk.day}"
    return f"{said}: before that {what} does not exist ({walk.ended})." if walk.ended else f"{said}."


def _reason(error: TokencrossError, day: date) -> str:
    """Return what does not exist on a day, in one line."""
    said = [one.found if isinstance(one, Problem) else str(one) for one in error.problems]
    return " ".join("; ".join(said).removeprefix(f"{day}, ").split())
