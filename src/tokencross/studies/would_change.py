"""What would have to change for acting now to be right: the outlay, the incumbent's price, the volume."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.engineering import Engineering
from tokencross.number import point
from tokencross.studies.cash import Projected
from tokencross.studies.flows import Pair, costs_of, flows
from tokencross.studies.switch_plans import Switch, every_plan
from tokencross.units import format_count, format_tokens, format_usd

if TYPE_CHECKING:
    from tokencross.studies.switching import Timing

__all__ = ["WouldChange", "would_change"]

Array: TypeAlias = NDArray[np.float64]

_FARTHEST_RATIO = 100.0  # volumes are looked at from a hundredth of the projected ones to a hundredfold
_GRID = 41
_HALVINGS = 45


@dataclass(frozen=True)
class WouldChange:
    """What would make deciding in month 0 the best plan for a challenger; each with everything else as it is.

    Attributes
    ----------
    challenger, incumbent : str
        Whose switch.
    now_is_right : bool
        Whether it is as things are.
    outlay_usd : float
        What is paid for the switch now: work up front and switching. [USD]
    most_outlay_usd : float or None
        Up to which outlay acting now is right; inf for any, None for none. [USD]
    least_price_ratio : float or None
        From how many times the incumbent's projected bill on acting now is right; None for none.
    least_tokens_per_month : float or None
        From which volume in month 0 on (growing as projected) acting now is right; None where none within a hundredth
        and a hundredfold is the border. [reference tokens/month]
    tokens_per_month : float
        Volume in month 0. [reference tokens/month]
    """

    challenger: str
    incumbent: str
    now_is_right: bool
    outlay_usd: float
    most_outlay_usd: float | None
    least_price_ratio: float | None
    least_tokens_per_month: float | None
    tokens_per_month: float

    def __str__(self) -> str:
        """Return it in a sentence."""
        begin = "stays right" if self.now_is_right else "would be right"
        said = [
            _outlay(self.most_outlay_usd, self.outlay_usd),
            _ratio(self.least_price_ratio, self.incumbent),
            None
            if self.least_tokens_per_month is None
            else f"from {format_tokens(self.least_tokens_per_month)} on (you are at "
            f"{format_count(self.tokens_per_month)})",
        ]
        parts = [words for words in said if words is not None]
        subject = f"Switching to {self.challenger} now"
        if not parts:
            return f"{subject} is {'right' if self.now_is_right else 'wrong'} whatever outlay, price or volume."
        return f"{subject} {begin} {', or '.join(parts)}."


def _outlay(most: float | None, outlay: float) -> str | None:
    """Return up to which outlay, in words."""
    if most is None or math.isinf(most):
        return None
    return f"up to an outlay of {format_usd(most)} (it is {format_usd(outlay)})"


def _ratio(least: float | None, incumbent: str) -> str | None:
    """Return from which price of the incumbent's on, in words."""
    return None if least is None else f"from {format_count(least)} times what {incumbent} is projected to cost"


def would_change(timing: Timing, switch: Switch) -> WouldChange:
    """Return what would make acting now right, for a challenger on its better way.

    The cost of every plan is a straight line in the outlay and in the incumbent's bill, so these two are exact; the
    volume is found by bisection on the projected present values.
    """
    projected = timing.projected
    way = min(switch.ways, key=lambda each: each.at(0.0))
    pair = projected.pair(switch.challenger, layer=way.layer)
    assert pair.challenger is not None  # a switch has one
    outlay = _outlay_usd(pair)
    lines = _Plans(projected, switch)
    by_outlay = lines.right_for(pair, lambda ratio: _at_outlay(pair, ratio))
    by_price = lines.right_for(pair, lambda ratio: _at_price(pair, ratio))
    volume = float(projected.volumes[0])
    scale = _volume_ratio(projected, switch, lines, pair)
    return WouldChange(
        challenger=switch.challenger,
        incumbent=switch.incumbent,
        now_is_right=switch.month == 0,
        outlay_usd=outlay,
        most_outlay_usd=None if by_outlay is None or outlay == 0.0 else by_outlay[1] * outlay,
        least_price_ratio=None if by_price is None else by_price[0],
        least_tokens_per_month=None if scale is None else scale * volume,
        tokens_per_month=volume,
    )


def _outlay_usd(pair: Pair) -> float:
    """Return what is paid for a switch in month 0: work up front and the switch itself."""
    assert pair.challenger is not None  # a switch has one
    upfront = sum(point(item.upfront_usd) for item in pair.challenger.items)
    terms = pair.terms
    return upfront + point(terms.switching_with_layer_usd if pair.layer else terms.switching_usd)


def _at_outlay(pair: Pair, ratio: float) -> Pair:
    """Return a pair whose switch costs so many times as much: the work, its renewals, and switching."""
    assert pair.challenger is not None  # a switch has one

    def scaled(item: Engineering) -> Engineering:
        return replace(item, upfront_usd=point(item.upfront_usd) * ratio)

    terms = replace(
        pair.terms,
        switching_usd=point(pair.terms.switching_usd) * ratio,
        switching_with_layer_usd=point(pair.terms.switching_with_layer_usd) * ratio,
    )
    items = tuple(scaled(item) for item in pair.challenger.items)
    return replace(pair, terms=terms, challenger=replace(pair.challenger, items=items))


def _at_price(pair: Pair, ratio: float) -> Pair:
    """Return a pair whose incumbent's bill is so many times as high."""
    return replace(pair, incumbent=replace(pair.incumbent, running=pair.incumbent.running * ratio))


class _Plans:
    """Every plan of a switch, those of now first to be told apart."""

    def __init__(self, projected: Projected, switch: Switch) -> None:
        self._projection = projected.projection
        pair = projected.pair(switch.challenger)
        never = np.full(1, float(self._projection.months))
        starts, ends = every_plan(pair, switch.first_month, self._projection)
        self._starts, self._ends = np.concatenate([starts, never]), np.concatenate([ends, never])
        self._now = self._starts == 0.0

    def worth(self, pair: Pair) -> Array:
        """Return what every plan costs, worth at the start, shape (P,); the last is never. [USD]"""
        found = flows(pair, self._starts, self._ends, self._projection).discounted().sum(axis=1)
        if pair.layer:  # who never switches builds none
            never = flows(replace(pair, layer=False), self._starts[-1:], self._ends[-1:], self._projection)
            found[-1] = never.discounted().sum()
        return np.asarray(found)

    def gap(self, pair: Pair) -> float:
        """Return by how much acting now costs more than the best other plan; inf where one cannot. [USD]"""
        worth = self.worth(pair)
        return float(worth[self._now].min(initial=math.inf) - worth[~self._now].min())

    def right_for(self, pair: Pair, scaled: Callable[[float], Pair]) -> tuple[float, float] | None:
        """Return the least and the highest ratio at which acting now costs no more than any other plan.

        Every plan costs a straight line in the ratio: of each plan of now, the ratios at which it is below all others
        are one interval.
        """
        level = self.worth(scaled(0.0))
        slope = self.worth(scaled(1.0)) - level
        found = [
            _below(level[place] - level[~self._now], slope[place] - slope[~self._now])
            for place in np.flatnonzero(self._now)
        ]
        reached = [each for each in found if each is not None]
        if not reached:
            return None
        return min(low for low, _ in reached), max(high for _, high in reached)


def _below(level: Array, slope: Array) -> tuple[float, float] | None:
    """Return the ratios from 0 on at which level + slope x ratio is nowhere above 0."""
    small = 1e-12 * max(float(np.abs(level).max(initial=0.0)), 1.0)
    rising, falling = slope > small, slope < -small
    if np.any(level[~rising & ~falling] > small):
        return None
    high = float((-level[rising] / slope[rising]).min(initial=math.inf))
    low = float((-level[falling] / slope[falling]).max(initial=0.0))
    return (low, high) if low <= high and high >= 0.0 else None


def _volume_ratio(projected: Projected, switch: Switch, lines: _Plans, pair: Pair) -> float | None:
    """Return the ratio to the projected volume nearest to 1 from which acting now is right."""
    theirs, ours = projected.paths[switch.incumbent], projected.paths[switch.challenger]

    def gap(ratio: float) -> float:
        volumes = projected.volumes * ratio
        return lines.gap(replace(pair, incumbent=costs_of(theirs, volumes), challenger=costs_of(ours, volumes)))

    ratios = np.geomspace(1.0 / _FARTHEST_RATIO, _FARTHEST_RATIO, _GRID)
    right = np.array([gap(ratio) <= 0.0 for ratio in ratios.tolist()])
    turns = np.flatnonzero(~right[:-1] & right[1:])
    if turns.size == 0:
        return None
    nearest = turns[np.argmin(np.abs(np.log(ratios[turns] * ratios[turns + 1])))]
    low, high = float(ratios[nearest]), float(ratios[nearest + 1])
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if gap(middle) <= 0.0 else (middle, high)
    return high
