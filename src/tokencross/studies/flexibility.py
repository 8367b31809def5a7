"""The switch as an option to wait: a projected pair in the numbers that the lattice takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import point
from tokencross.studies.cash import Projected
from tokencross.studies.flows import COLUMNS, Pair, flows
from tokencross.studies.price_paths import OptionPath
from tokencross.studies.projection import Projection
from tokencross.studies.switch_plans import every_plan
from tokencross.studies.terms_of_switching import Switching
from tokencross.units import format_usd

if TYPE_CHECKING:
    from tokencross.studies.best_policy import Plan
    from tokencross.studies.option_value import Jump, WaitingValue
    from tokencross.studies.switch_plans import Switch

__all__ = ["flexibility"]

Array: TypeAlias = NDArray[np.float64]

_SPAN_RATIO = 2.0  # costs are made a line between half and twice the volume
_MONTHLY = ("running_usd", "upkeep_usd", "benefit_usd")
_ONCE = tuple(name for name in COLUMNS if name not in _MONTHLY)
_SAME = 1e-9


def flexibility(
    projected: Projected, switch: Switch, *, volatility_per_year: float, jumps: tuple[Jump, ...]
) -> WaitingValue:
    """Return what waiting is worth where volume is uncertain; see `Timing.flexibility`.

    The running costs of each month are replaced by a line through its projected volume, with the mean slope between
    half and twice that volume. All that is paid once (work, renewals, migrations, the switch, leaving) is what the cash
    of the plans says, so that without volatility the worth is that of the best plan. What the tables and the projection
    foresee of prices stays foreseen; ``jumps`` come on top.

    Raises
    ------
    ScenarioError
        If a month has no volume, or the switch cannot begin in month 0.
    """
    from tokencross.studies.option_value import waiting_on

    projection, terms = projected.projection, projected.projection.terms_for(switch.challenger)
    if switch.first_month != 0:
        month = switch.first_month
        found = "a switch that " + ("can never begin" if month is None else f"cannot begin before month {month}")
        raise ScenarioError(Problem("flexibility", found, "one that can begin in month 0: leave the examples out"))
    if not np.all(projected.volumes > 0.0):
        raise ScenarioError(Problem("flexibility", "a month without volume", "a volume above 0 in every month"))
    limit = float(projection.months)
    if terms.obsolete_after_months is not None:
        limit = min(limit, point(terms.obsolete_after_months))
    volumes = projected.volumes[: math.ceil(limit)]
    found_by_way = []
    for way in switch.ways:
        built = point(terms.abstraction_layer_usd) if way.layer and terms.abstraction_layer_usd is not None else 0.0
        plan = _plan(projected, switch, projected.pair(switch.challenger, layer=way.layer), limit, built)
        worth = waiting_on(plan, volumes, volatility_per_year=volatility_per_year, jumps=jumps, before_usd=built)
        found_by_way.append(replace(worth, notes=_notes(projected, switch, terms, plan, built)))
    best = max(found_by_way, key=lambda worth: worth.value_usd)
    return replace(best, now_usd=max(worth.now_usd for worth in found_by_way))


def _plan(projected: Projected, switch: Switch, pair: Pair, limit: float, built_usd: float) -> Plan:
    """Return what is earned and paid where the challenger serves until a limit at the latest."""
    from tokencross.studies.best_policy import Plan

    months = math.ceil(limit)
    used = np.clip(limit - np.arange(months), 0.0, 1.0)  # of each month; the last may be a part
    slope, fixed = _lines(projected, switch)
    lead = switch.lead_months
    outlay, leave = _once(pair, lead, limit, projected.projection, built_usd)
    return Plan(
        gains_usd=(slope * projected.volumes)[:months] * used,
        fixed_usd=(fixed - point(pair.terms.delay_cost_usd_per_month))[:months] * used,
        discount_ratio=1.0 / (1.0 + projected.projection.monthly_rate),
        outlay_usd=outlay,
        leave_usd=leave,
        lead_steps=lead,
        first_share=np.maximum(used - math.fmod(lead, 1.0), 0.0) / used,
    )


def _lines(projected: Projected, switch: Switch) -> tuple[Array, Array]:
    """Return the lines that stand for what is saved in each month: slope, and what is taken off."""
    paths, volumes = projected.paths, projected.volumes
    low, here, high = (_saved(paths, switch, volumes * ratio) for ratio in (1.0 / _SPAN_RATIO, 1.0, _SPAN_RATIO))
    slope = (high - low) / (volumes * (_SPAN_RATIO - 1.0 / _SPAN_RATIO))
    return slope, slope * volumes - here


def _saved(paths: Mapping[str, OptionPath], switch: Switch, volumes: Array) -> Array:
    """Return what the challenger saves in each month, what is paid once apart."""
    theirs, ours = paths[switch.incumbent], paths[switch.challenger]
    return np.asarray(sum(theirs.paid(volumes)) - sum(ours.paid(volumes)))


def _once(
    pair: Pair, lead: float, limit: float, projection: Projection, built_usd: float
) -> tuple[Array, Array | None]:
    """Return what a plan pays once over never switching, by the month in which it begins, and what leaving adds.

    Returns
    -------
    outlay_usd : ndarray, shape (T,)
        Of a plan that stays to the limit, worth when it begins, the layer apart; inf where none begins. [USD]
    leave_usd : ndarray, shape (1, T) or (T, T), or None
        What a plan that is left at a month's beginning pays more, worth then, by its beginning; one row where that
        makes no difference; inf where it cannot be left. [USD]
    """
    months = math.ceil(limit)
    worth = (1.0 + projection.monthly_rate) ** np.arange(months)  # at a month's beginning, of a dollar in month 0
    never = np.full(1, float(projection.months))
    kept = float(flows(replace(pair, layer=False), never, never, projection).discounted(_ONCE).sum())
    outlay, leave = np.full(months, np.inf), np.full((months, months), np.inf)
    for begin in np.unique(every_plan(pair, 0, projection)[0]):
        month = int(begin)
        ends = np.arange(float(math.ceil(begin + lead)), limit) if pair.terms.may_return else np.empty(0)
        plans = np.append(ends, limit)
        cash = flows(pair, np.full(plans.size, begin), plans, projection)
        paid = cash.discounted(_ONCE).sum(axis=1) - kept - built_usd
        outlay[month] = paid[-1] * worth[month]
        places = ends.astype(int)
        leave[month, places] = (paid[:-1] - paid[-1]) * worth[places]
    if not pair.terms.may_return:
        return outlay, None
    either = np.isfinite(leave) & np.isfinite(leave[0])
    gap = np.abs(np.where(either, leave, 0.0) - np.where(either, leave[0], 0.0))
    return outlay, leave[:1] if gap.max(initial=0.0) <= _SAME * (1.0 + np.abs(outlay[0])) else leave


def _notes(projected: Projected, switch: Switch, terms: Switching, plan: Plan, built_usd: float) -> tuple[str, ...]:
    """Return where the lattice differs from the plans."""
    notes = []
    slope, fixed = _lines(projected, switch)
    half = projected.volumes / _SPAN_RATIO
    gap = np.abs(_saved(projected.paths, switch, half) - (slope * half - fixed))
    if np.any(gap > _SAME * (np.abs(fixed) + np.abs(slope) * half)):
        notes.append("What is saved is no straight line of volume: it is taken as one around each month's volume.")
    if built_usd > 0.0:
        notes.append(f"The abstraction layer is built in month 0: its {format_usd(built_usd)} are off every worth.")
    if plan.leave_usd is not None:
        notes.append("After leaving one may switch again, for the whole outlay; single plans do so once.")
    return tuple(notes)
