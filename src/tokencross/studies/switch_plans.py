"""A challenger in time: every plan to switch to it, what each costs, and the best of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.cash import Projected
from tokencross.studies.flows import Pair, first_month, flows, lead_of, limit_of
from tokencross.studies.price_paths import PriceStep, month_start
from tokencross.studies.projection import Projection
from tokencross.studies.timing_words import switch_sentence

__all__ = ["Kind", "Switch", "Way", "every_plan", "switch_of"]

Array: TypeAlias = NDArray[np.float64]
Kind = Literal["now", "price step", "interior", "first possible", "never"]

_SAME_RATIO = 1e-12  # two plans whose cost differs by less are one to rounding: the earlier counts


@dataclass(frozen=True, eq=False)
class Way:
    """A way to switch, with or without an abstraction layer, for every month in which one may begin.

    Attributes
    ----------
    layer : bool
        Whether the layer is built.
    starts : ndarray, shape (S,)
        The month at whose beginning one decides. [months]
    ends : ndarray, shape (S,)
        When the challenger is left again; the horizon for not before. [months]
    present_value_usd : ndarray, shape (S,)
        What everything costs from month 0 to the horizon, worth at the start. [USD]
    """

    layer: bool
    starts: Array
    ends: Array
    present_value_usd: Array

    @property
    def best(self) -> int | None:
        """The place of the cheapest start, the earliest of equals; None where there is none."""
        if self.starts.size == 0:
            return None
        least = float(self.present_value_usd.min())
        return int(np.flatnonzero(self.present_value_usd <= least + _SAME_RATIO * abs(least))[0])

    def at(self, month: float) -> float:
        """Return what beginning in a month costs; inf where that is not possible. [USD]"""
        found = np.flatnonzero(self.starts == month)
        return float(self.present_value_usd[found[0]]) if found.size else math.inf

    def end_of(self, month: float) -> float:
        """Return when a challenger that one begins with in a month is left again. [months]"""
        return float(self.ends[np.flatnonzero(self.starts == month)[0]])


@dataclass(frozen=True, eq=False)
class Switch:
    """A challenger in time: every month to begin in, and the best.

    Attributes
    ----------
    challenger, incumbent : str
        Who takes over from whom.
    substitute : bool
        Whether the challenger would do the job equally well.
    never_usd : float
        What the incumbent costs to the horizon, worth at the start. [USD]
    ways : tuple of Way
        Without a layer, and with one where the terms say what it costs.
    first_month : int or None
        Before which one cannot begin, maybe after the horizon; None where there never are examples enough.
    lead_months : float
        From the decision to the first token. [months]
    steps : tuple of PriceStep
        When prices of either jump.
    start : date or None
        When month 0 begins.
    horizon : int
        When everything ends. [months]
    """

    challenger: str
    incumbent: str
    substitute: bool
    never_usd: float
    ways: tuple[Way, ...]
    first_month: int | None
    lead_months: float
    steps: tuple[PriceStep, ...]
    start: date | None
    horizon: int

    @cached_property
    def way(self) -> Way:
        """The cheaper way at its best month; the one without a layer on a tie."""
        return min(self.ways, key=lambda way: math.inf if way.best is None else way.present_value_usd[way.best])

    @property
    def best_usd(self) -> float:
        """What the best plan costs, never switching among them. [USD]"""
        month = self.month
        return self.never_usd if month is None else self.way.at(month)

    @cached_property
    def month(self) -> int | None:
        """The best month to decide in; None for never."""
        best = self.way.best
        if best is None:
            return None
        usd = float(self.way.present_value_usd[best])
        return int(self.way.starts[best]) if usd < self.never_usd - _SAME_RATIO * abs(self.never_usd) else None

    @property
    def now_usd(self) -> float:
        """What deciding in month 0 costs, the cheaper way; inf where one cannot. [USD]"""
        return min(way.at(0.0) for way in self.ways)

    @property
    def leaves_month(self) -> float | None:
        """When the best plan leaves the challenger again before the horizon; None where it does not. [months]"""
        if self.month is None:
            return None
        end = self.way.end_of(self.month)
        return None if end >= self.horizon else end

    @property
    def step(self) -> PriceStep | None:
        """The price step in favour of the switch at which the best plan's first token comes, if it comes at one."""
        if self.month is None:
            return None
        live = self.month + self.lead_months
        near = [step for step in self.steps if abs(step.month - live) < 1.0 and self._favours(step)]
        return min(near, key=lambda step: abs(step.month - live), default=None)

    def _favours(self, step: PriceStep) -> bool:
        """Return whether a price step speaks for the switch: the incumbent's bill goes up, or the challenger's down."""
        return step.rises == (step.label == self.incumbent)

    @property
    def kind(self) -> Kind:
        """What kind of month the best one is."""
        if self.month is None:
            return "never"
        if self.month == 0:
            return "now"
        if self.month == self.first_month:
            return "first possible"
        return "interior" if self.step is None else "price step"

    @property
    def date(self) -> date | None:
        """The day on which the best month begins, where the tables say when it all does."""
        return None if self.month is None or self.start is None else month_start(self.start, self.month)

    def plan_usd(self, month: int | None) -> float:
        """Return what deciding in a month costs, the cheaper way; None for never; inf where one cannot. [USD]"""
        return self.never_usd if month is None else min(way.at(float(month)) for way in self.ways)

    def __str__(self) -> str:
        """Return it in a sentence."""
        return switch_sentence(self)


# ---------------------------------------------------------------------- finding it


def switch_of(projected: Projected, label: str) -> Switch:
    """Return a challenger in time."""
    comparison, projection = projected.comparison, projected.projection
    terms, incumbent = projection.terms_for(label), comparison.incumbent
    first = first_month(terms, comparison.option(label))
    layers = [False] if terms.abstraction_layer_usd is None else [False, True]
    pairs = [projected.pair(label, layer=layer) for layer in layers]
    never = np.full(1, float(projection.months))
    steps = [*projected.paths[incumbent].steps, *projected.paths[label].steps]
    return Switch(
        challenger=label,
        incumbent=incumbent,
        substitute=label in comparison.substitutes,
        never_usd=float(flows(replace(pairs[0], layer=False), never, never, projection).discounted().sum()),
        ways=tuple(_best_ends(pair, first, projection) for pair in pairs),
        first_month=first,
        lead_months=_lead(pairs[0]),
        steps=tuple(sorted(steps, key=lambda step: step.month)),
        start=projected.start,
        horizon=projection.months,
    )


def every_plan(pair: Pair, first: int | None, projection: Projection) -> tuple[Array, Array]:
    """Return every plan of a pair: when one decides, and when the challenger is left again, shape (P,) each.

    A plan whose first token would come when the challenger is left, or later, is none.
    """
    limit, lead = limit_of(pair.terms, projection), _lead(pair)
    begins = np.arange(projection.months if first is None else first, projection.months, dtype=float)
    begins = begins[begins + lead < limit]
    if not pair.terms.may_return or pair.challenger is None:
        return begins, np.full_like(begins, limit)
    starts, ends = [], []
    for begin in begins:
        left = np.arange(math.floor(begin + lead) + 1.0, limit)
        ends.append(np.append(left, limit))
        starts.append(np.full(left.size + 1, begin))
    return np.concatenate([np.empty(0), *starts]), np.concatenate([np.empty(0), *ends])


def _lead(pair: Pair) -> float:
    """Return the months from the decision to the first token."""
    return 0.0 if pair.challenger is None else lead_of(pair.terms, pair.challenger)


def _best_ends(pair: Pair, first: int | None, projection: Projection) -> Way:
    """Return for every month to begin in the best end and what that costs."""
    starts, ends = every_plan(pair, first, projection)
    if starts.size == 0:
        return Way(pair.layer, starts, ends, np.empty(0))
    worth = flows(pair, starts, ends, projection).discounted().sum(axis=1)
    order = np.lexsort((-ends, worth, starts))  # the latest end of equals
    begins, places = np.unique(starts[order], return_index=True)
    chosen = order[places]
    return Way(pair.layer, begins, ends[chosen], worth[chosen])
