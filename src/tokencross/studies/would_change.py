"""What would have to change for acting now to be right: the outlay, the incumbent's price, the volume."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.number import point
from tokencross.studies.cash import Projected
from tokencross.studies.every_plan_lines import EveryPlan
from tokencross.studies.switch_plans import Switch
from tokencross.studies.timing_words import month_words
from tokencross.units import format_count, format_tokens, format_usd

if TYPE_CHECKING:
    from tokencross.studies.switching import Timing

__all__ = ["WouldChange", "would_change"]

Array: TypeAlias = NDArray[np.float64]
Range: TypeAlias = tuple[float, float]

_FARTHEST_RATIO = 100.0  # volumes are looked at from a hundredth of the projected ones to a hundredfold
_STEPS = 200  # on either side: a step is 2.3%
_MOST_BREAKPOINTS = 400
_HALVINGS = 50
_NEXT = 1e-9
_FINE = 1e-4  # steps closer together than this share of the volume are as good as a line


@dataclass(frozen=True)
class WouldChange:
    """Where deciding in month 0 is the best plan for a challenger; each with everything else as it is.

    Each range holds today's value where acting now is right, and is the nearest one to it where it is not.

    Attributes
    ----------
    challenger, incumbent : str
        Whose switch.
    now_is_right : bool
        Whether it is as things are.
    hindrance : str
        Why one cannot act now, whatever it costs; empty where one can.
    same_as : str
        What costs the same as acting now, where that is among the cheapest: "never switching", or a later month.
    outlay_usd : float
        What is paid for the switch now, on the cheaper way: work up front, switching, and the layer. [USD]
    least_outlay_usd, most_outlay_usd : float or None
        Between which outlays acting now is right, all its sums scaled alike; 0 and inf where there is no such end, None
        for none. [USD]
    least_price_ratio, most_price_ratio : float or None
        Between how many times the incumbent's projected bill acting now is right; as above.
    least_tokens_per_month, most_tokens_per_month : float or None
        Between which volumes in month 0 (moving as projected) acting now is right; 0 and inf where it is so down to a
        hundredth, and up to a hundredfold. [reference tokens/month]
    tokens_per_month : float
        Volume in month 0. [reference tokens/month]
    """

    challenger: str
    incumbent: str
    now_is_right: bool
    hindrance: str
    same_as: str
    outlay_usd: float
    least_outlay_usd: float | None
    most_outlay_usd: float | None
    least_price_ratio: float | None
    most_price_ratio: float | None
    least_tokens_per_month: float | None
    most_tokens_per_month: float | None
    tokens_per_month: float

    def __str__(self) -> str:
        """Return it in a sentence."""
        subject = f"Switching to {self.challenger} now"
        if self.hindrance:
            return f"{subject} is not possible: {self.hindrance}."
        outlay = _said(self.least_outlay_usd, self.most_outlay_usd, format_usd)
        price = _said(self.least_price_ratio, self.most_price_ratio, format_count, on="")
        volume = _said(self.least_tokens_per_month, self.most_tokens_per_month, format_tokens)
        said = [
            outlay and f"at an outlay {outlay} (it is {format_usd(self.outlay_usd)})",
            price and f"{price} times what {self.incumbent} is projected to cost",
            volume and f"{volume} (you are at {format_count(self.tokens_per_month)})",
        ]
        parts = [words for words in said if words]
        tied = f" costs the same as {self.same_as};" if self.same_as else ""
        if not parts:
            verdict = "right" if self.now_is_right else "wrong"
            return f"{subject}{f'{tied} it' if tied else ''} is {verdict} whatever outlay, price or volume."
        begin = "stays right" if self.now_is_right else "would be right"
        joined = (", and " if self.now_is_right else ", or ").join(parts)
        return f"{subject}{f'{tied} it' if tied else ''} {begin} {joined}."


def _said(low: float | None, high: float | None, words: Callable[[float], str], *, on: str = " on") -> str:
    """Return a range in words; nothing where there is none, or no end."""
    if low is None or high is None or (low == 0.0 and math.isinf(high)):
        return ""
    if math.isinf(high):
        return f"from {words(low)}{on}"
    return f"up to {words(high)}" if low == 0.0 else f"between {words(low)} and {words(high)}"


def would_change(timing: Timing, switch: Switch) -> WouldChange:
    """Return what would make acting now right, for a challenger.

    The cost of every plan of every way is a straight line in the outlay and in the incumbent's bill, so these two are
    exact; volumes are found by bisection on the present values.
    """
    projected = timing.projected
    plans = EveryPlan(projected, switch)
    layer = min(switch.ways, key=lambda each: each.at(0.0)).layer
    outlay, volume = _outlay_usd(projected, switch, layer=layer), float(projected.volumes[0])
    hindrance = _hindrance(projected, switch)
    by_outlay = by_price = by_volume = None
    if not hindrance:
        by_outlay = None if outlay == 0.0 else plans.right_for_outlay()
        by_price = plans.right_for_price()
        by_volume = _right_for_volume(projected, switch, plans)
    return WouldChange(
        switch.challenger,
        switch.incumbent,
        switch.month == 0,
        hindrance,
        "" if hindrance else _same_as(plans),
        outlay,
        *_times(by_outlay, outlay),
        *_times(by_price, 1.0),
        *_times(by_volume, volume),
        volume,
    )


def _times(ratios: Range | None, unit: float) -> tuple[float | None, float | None]:
    """Return a range in a unit."""
    return (None, None) if ratios is None else (ratios[0] * unit, ratios[1] * unit)


def _hindrance(projected: Projected, switch: Switch) -> str:
    """Return why one cannot act now."""
    if switch.first_month is None:
        return "there are never examples enough"
    if switch.first_month > 0:
        return f"there are not examples enough before month {switch.first_month}"
    if math.isinf(switch.now_usd):
        first = f"its first token would come in month {format_count(switch.lead_months)}"
        return f"{first}, {projected.end_of(switch.challenger)}"
    return ""


def _same_as(plans: EveryPlan) -> str:
    """Return which plan costs the same as acting now, where that is among the cheapest."""
    month = plans.tie()
    if month is None:
        return ""
    return "never switching" if math.isinf(month) else f"switching {month_words(month)}"


def _outlay_usd(projected: Projected, switch: Switch, *, layer: bool) -> float:
    """Return what is paid for a switch in month 0: work up front, the switch itself, and the layer."""
    pair = projected.pair(switch.challenger, layer=layer)
    assert pair.challenger is not None  # a switch has one
    upfront = sum(point(item.upfront_usd) for item in pair.challenger.items)
    terms = pair.terms
    if not layer or terms.abstraction_layer_usd is None:
        return upfront + point(terms.switching_usd)
    return upfront + point(terms.abstraction_layer_usd) + point(terms.switching_with_layer_usd)


# ---------------------------------------------------------------------- volume


def _right_for_volume(projected: Projected, switch: Switch, plans: EveryPlan) -> Range | None:
    """Return the ratios to the projected volume at which acting now is right: around 1, or the nearest to it."""
    theirs, ours = projected.paths[switch.incumbent], projected.paths[switch.challenger]

    @cache
    def right(ratio: float) -> bool:
        volumes = projected.volumes * ratio
        return plans.is_right(*theirs.paid(volumes), *ours.paid(volumes))

    ladder = _ladder(projected, switch)
    up, down = ladder[ladder > 1.0].tolist(), ladder[ladder < 1.0][::-1].tolist()
    if right(1.0):
        return _last(right, 1.0, down, 0.0), _last(right, 1.0, up, math.inf)
    found = [_first(right, side, beyond) for side, beyond in ((up, math.inf), (down, 0.0))]
    reached = [each for each in found if each is not None]
    if not reached:
        return None
    near, far = min(reached, key=lambda ends: abs(math.log(ends[0])))
    return min(near, far), max(near, far)


def _ladder(projected: Projected, switch: Switch) -> Array:
    """Return the ratios that are looked at: even steps, and both sides of where a curve has a step or a kink."""
    even = np.geomspace(1.0 / _FARTHEST_RATIO, _FARTHEST_RATIO, 2 * _STEPS + 1)
    volumes = np.unique(projected.volumes[projected.volumes > 0.0])
    if volumes.size == 0:
        return even
    low, high = volumes[0] / _FARTHEST_RATIO, volumes[-1] * _FARTHEST_RATIO
    found = []
    for label in (switch.incumbent, switch.challenger):
        for term in projected.paths[label].curve_in(0).terms:
            if term.breakpoints(float(volumes[0]), float(volumes[0]) * (1.0 + _FINE)).size > 1:
                continue
            breaks = term.breakpoints(float(low), float(high))
            near = breaks[np.argsort(np.abs(np.log(breaks / volumes[0])))[:_MOST_BREAKPOINTS]]
            found.append((near[:, None] / volumes[None, :]).ravel())
    at = np.unique(np.concatenate([np.empty(0), *found]))
    at = at[(at > even[0]) & (at < even[-1])]
    at = at[np.argsort(np.abs(np.log(at)))[:_MOST_BREAKPOINTS]]
    return np.unique(np.concatenate([even, at * (1.0 - _NEXT), at * (1.0 + _NEXT)]))


def _last(right: Callable[[float], bool], begin: float, side: list[float], beyond: float) -> float:
    """Return where acting now stops being right on the way from a ratio at which it is; ``beyond`` where nowhere."""
    inside = begin
    for ratio in side:
        if not right(ratio):
            return _border(right, ratio, inside)
        inside = ratio
    return beyond


def _first(right: Callable[[float], bool], side: list[float], beyond: float) -> Range | None:
    """Return the nearest ratios on one side at which acting now is right: the near end, and the far one."""
    outside = 1.0
    for place, ratio in enumerate(side):
        if right(ratio):
            return _border(right, outside, ratio), _last(right, ratio, side[place + 1 :], beyond)
        outside = ratio
    return None


def _border(right: Callable[[float], bool], outside: float, inside: float) -> float:
    """Return the border between a ratio at which acting now is wrong and one at which it is right, from inside."""
    for _ in range(_HALVINGS):
        middle = math.sqrt(outside * inside)
        outside, inside = (outside, middle) if right(middle) else (middle, inside)
    return inside
