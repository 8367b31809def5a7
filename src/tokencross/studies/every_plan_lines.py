"""Every plan of a switch as a line in the outlay and in the incumbent's bill, and where acting now is the least."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.engineering import Engineering
from tokencross.number import point
from tokencross.studies.cash import Projected
from tokencross.studies.flows import Pair, flows, lead_of
from tokencross.studies.switch_plans import Switch, every_plan

__all__ = ["EveryPlan"]

Array: TypeAlias = NDArray[np.float64]
Range: TypeAlias = tuple[float, float]

_SAME_RATIO = 1e-12  # two plans whose cost differs by less are one to rounding
_NARROW = 1e-9  # a range of ratios narrower than this is a tie at a point


class EveryPlan:
    """Every plan of every way of a switch, never the last of them; what each costs is worth at the start.

    A plan's cost is what is paid once, and what runs month by month: the incumbent's, less what it saves from its first
    token to its end.
    """

    def __init__(self, projected: Projected, switch: Switch) -> None:
        projection = projected.projection
        self._projection, self._months = projection, float(projection.months)
        self._pairs = [projected.pair(switch.challenger, layer=way.layer) for way in switch.ways]
        self._ways = [every_plan(pair, switch.first_month, projection) for pair in self._pairs]
        self.starts = np.concatenate([*(starts for starts, _ in self._ways), [math.inf]])
        ends = np.concatenate([*(ends for _, ends in self._ways), [self._months]])
        challenger = self._pairs[0].challenger
        assert challenger is not None  # a switch has one
        self._live = np.minimum(self.starts + lead_of(self._pairs[0].terms, challenger), self._months)
        self._ends = np.maximum(ends, self._live)
        self._now, self._later = self.starts == 0.0, (self.starts > 0.0) & np.isfinite(self.starts)
        self._bills = (
            self._pairs[0].incumbent.running,
            self._pairs[0].incumbent.upkeep,
            challenger.running,
            challenger.upkeep,
        )
        self._once = self._paid_once(1.0)

    # ------------------------------------------------------------------ what a plan costs

    def _paid_once(self, ratio: float) -> Array:
        """Return what every plan pays once, its outlay so many times as high, and what delay loses, shape (P,)."""
        nobody = np.full(1, self._months)
        pairs = [_without_bills(_at_outlay(pair, ratio)) for pair in self._pairs]
        plans = [*zip(pairs, self._ways, strict=True), (replace(pairs[0], layer=False), (nobody, nobody))]
        found = [flows(pair, *way, self._projection).discounted().sum(axis=1) for pair, way in plans]
        return np.concatenate(found)

    def _run(self, running: Array, upkeep: Array, our_running: Array, our_upkeep: Array) -> Array:
        """Return what every plan pays month by month, shape (P,)."""
        months = self._projection.months
        worth = (1.0 + self._projection.monthly_rate) ** -np.arange(1.0, months + 1.0)
        theirs = (running + upkeep) * worth
        until = np.concatenate([[0.0], np.cumsum((our_running + our_upkeep) * worth - theirs)])
        at = np.arange(months + 1.0)
        return np.asarray(theirs.sum() + np.interp(self._ends, at, until) - np.interp(self._live, at, until))

    # ------------------------------------------------------------------ whether acting now is least

    def is_right(self, running: Array, upkeep: Array, our_running: Array, our_upkeep: Array) -> bool:
        """Return whether acting now is the best plan at these bills of each month, the incumbent's first."""
        usd = self._once + self._run(running, upkeep, our_running, our_upkeep)
        now, later, never = self._least(usd)
        return now <= later + _SAME_RATIO * abs(later) and now < never - _SAME_RATIO * abs(never)

    def tie(self) -> float | None:
        """Return the month of a plan that costs the same as acting now where that is among the best; inf for never."""
        usd = self._once + self._run(*self._bills)
        now, later, never = self._least(usd)
        least = min(later, never)
        if not math.isfinite(now) or abs(now - least) > _SAME_RATIO * abs(least):
            return None
        if never <= later + _SAME_RATIO * abs(never):
            return math.inf
        return float(self.starts[self._later][np.argmin(usd[self._later])])

    def _least(self, usd: Array) -> tuple[float, float, float]:
        """Return the least cost of acting now, of acting later, and of never."""
        later = float(usd[self._later].min(initial=math.inf))
        return float(usd[self._now].min(initial=math.inf)), min(later, math.nextafter(math.inf, 0.0)), float(usd[-1])

    def right_for_outlay(self) -> Range | None:
        """Return the ratios to today's outlay at which acting now is right: around 1, or the nearest to it."""
        run = self._run(*self._bills)
        free = self._paid_once(0.0)
        return self._right_for(free + run, self._once - free)

    def right_for_price(self) -> Range | None:
        """Return the ratios to the incumbent's running costs at which acting now is right: as above."""
        running, *others = self._bills
        free = self._run(np.zeros_like(running), *others)
        return self._right_for(self._once + free, self._run(*self._bills) - free)

    def _right_for(self, level: Array, slope: Array) -> Range | None:
        """Return the range of ratios, nearest to 1, at which a plan of now is below all others.

        Of each plan of now, the ratios at which its line is below all other lines are one range; those of now may
        overlap.
        """
        never = np.zeros(level.size, dtype=bool)
        never[-1] = True
        others = ~self._now
        found = [
            _below(level[place] - level[others], slope[place] - slope[others], never[others])
            for place in np.flatnonzero(self._now)
        ]
        ranges = _united([each for each in found if each is not None])
        return min(ranges, key=lambda ends: max(ends[0] - 1.0, 1.0 - ends[1], 0.0), default=None)


def _below(level: Array, slope: Array, strictly: NDArray[np.bool_]) -> Range | None:
    """Return the ratios from 0 on at which level + slope x ratio is nowhere above 0, or strictly below where asked."""
    small = _SAME_RATIO * max(float(np.abs(level).max(initial=0.0)), 1.0)
    rising, falling = slope > small, slope < -small
    flat = ~rising & ~falling
    if np.any(level[flat] > small) or np.any(level[flat & strictly] >= -small):
        return None
    high = float((-level[rising] / slope[rising]).min(initial=math.inf))
    low = float((-level[falling] / slope[falling]).max(initial=0.0))
    return (low, high) if high - low > _NARROW * max(low, 1.0) else None


def _united(ranges: list[Range]) -> list[Range]:
    """Return ranges with those that touch made one."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] * (1.0 + _NARROW):
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _without_bills(pair: Pair) -> Pair:
    """Return a pair with nothing to pay month by month but what delay loses."""
    assert pair.challenger is not None  # a switch has one
    none = np.zeros_like(pair.incumbent.running)
    return replace(
        pair,
        incumbent=replace(pair.incumbent, running=none, upkeep=none),
        challenger=replace(pair.challenger, running=none, upkeep=none),
    )


def _at_outlay(pair: Pair, ratio: float) -> Pair:
    """Return a pair whose switch costs so many times as much: the work, its renewals, switching, and the layer."""
    assert pair.challenger is not None  # a switch has one

    def scaled(item: Engineering) -> Engineering:
        return replace(item, upfront_usd=point(item.upfront_usd) * ratio)

    terms, layer = pair.terms, pair.terms.abstraction_layer_usd
    terms = replace(
        terms,
        switching_usd=point(terms.switching_usd) * ratio,
        switching_with_layer_usd=point(terms.switching_with_layer_usd) * ratio,
        abstraction_layer_usd=None if layer is None else point(layer) * ratio,
    )
    items = tuple(scaled(item) for item in pair.challenger.items)
    return replace(pair, terms=terms, challenger=replace(pair.challenger, items=items))
