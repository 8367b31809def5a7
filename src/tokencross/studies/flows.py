"""Cash by month for any number of plans at once: when one switches to a challenger, and when one leaves it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.engineering import Engineering
from tokencross.number import point
from tokencross.options.base import CostOption
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.studies.price_paths import OptionPath
from tokencross.studies.projection import Projection
from tokencross.studies.terms_of_switching import Switching

__all__ = ["COLUMNS", "Costs", "Flows", "Pair", "costs_of", "first_month", "flows", "lead_of", "limit_of"]

Array: TypeAlias = NDArray[np.float64]

COLUMNS = (
    "running_usd",
    "upkeep_usd",
    "upfront_usd",
    "migration_usd",
    "switching_usd",
    "exit_usd",
    "benefit_usd",
    "recovered_usd",
)
"""What a month's cash is the sum of; what comes back, and what is no longer lost by delay, counts below 0."""

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Costs:
    """What an option takes month by month while it is used.

    Attributes
    ----------
    running, upkeep, migration : ndarray, shape (M,)
        [USD in each month]
    items : tuple of Engineering
        Work up front.
    work : ndarray, shape (M,)
        The work up front of each month over today's.
    """

    running: Array
    upkeep: Array
    migration: Array
    items: tuple[Engineering, ...]
    work: Array


def costs_of(path: OptionPath, volumes: Array) -> Costs:
    """Return what an option takes at the volume of each month."""
    running, upkeep = path.paid(volumes)
    return Costs(running, upkeep, path.migration_usd, path.items, path.work)


@dataclass(frozen=True, eq=False)
class Pair:
    """An incumbent, a challenger (None: nothing else), and the terms of switching.

    Attributes
    ----------
    incumbent, challenger : Costs
        What they take; work of what is inside both is in neither.
    terms : Switching
        Of the switch.
    layer : bool
        Whether the abstraction layer is built.
    shared : tuple of Engineering
        Work of what is inside both: in place, and renewed whoever serves.
    catch_up_usd : float
        What moving the incumbent to the newest model takes on returning, where migrations were missed. [USD]
    """

    incumbent: Costs
    challenger: Costs | None
    terms: Switching
    layer: bool = False
    shared: tuple[Engineering, ...] = ()
    catch_up_usd: float = 0.0


@dataclass(frozen=True, eq=False)
class Flows:
    """Cash of plans, shape (P, M) per column: what falls due at a month's beginning, and at its end.

    Attributes
    ----------
    begun, ended : dict of str to ndarray
        By the names of `COLUMNS`. [USD]
    monthly_rate : float
        Interest for a month.
    laid_out : ndarray, shape (P, M)
        What of it is laid out for the challenger at each month's beginning: its work, first and again, and the switch.
        [USD]
    """

    begun: dict[str, Array]
    ended: dict[str, Array]
    monthly_rate: float
    laid_out: Array

    def column(self, name: str) -> Array:
        """Return what a column comes to in each month, shape (P, M). [USD]"""
        return self.begun.get(name, np.float64(0.0)) + self.ended.get(name, np.float64(0.0)) + self._none

    @property
    def _none(self) -> Array:
        return np.zeros_like(self.ended["running_usd"])

    @property
    def total(self) -> Array:
        """Everything, shape (P, M). [USD]"""
        return np.asarray(sum((self.column(name) for name in COLUMNS), np.float64(0.0)))

    def discounted(self, names: Sequence[str] = COLUMNS) -> Array:
        """Return columns added up, each month's worth at the start of month 0, shape (P, M). [USD]"""
        months = self.ended["running_usd"].shape[1]
        end = (1.0 + self.monthly_rate) ** -np.arange(1.0, months + 1.0)
        begun = sum((self.begun[name] for name in names if name in self.begun), np.float64(0.0))
        ended = sum((self.ended[name] for name in names if name in self.ended), np.float64(0.0))
        return np.asarray(begun * (end * (1.0 + self.monthly_rate)) + ended * end + self._none)


def lead_of(terms: Switching, challenger: Costs) -> float:
    """Return the months from the decision to the first token."""
    if terms.lead_months is not None:
        return point(terms.lead_months)
    return max((point(item.lead_months) for item in challenger.items), default=0.0)


def limit_of(terms: Switching, projection: Projection) -> float:
    """Return when a challenger is left at the latest: at obsolescence, or at the horizon. [months]"""
    obsolete = terms.obsolete_after_months
    return min(float(projection.months), math.inf if obsolete is None else point(obsolete))


def first_month(terms: Switching, option: CostOption) -> int | None:
    """Return the first month in which one can decide to switch; None where examples never suffice."""
    needed = None
    if isinstance(option, FineTunedOption) and option.training.examples_count is not None:
        needed = point(option.training.examples_count)
    return terms.first_month(needed)


def flows(pair: Pair, starts: Array, ends: Array, projection: Projection) -> Flows:
    """Return the cash of plans.

    Parameters
    ----------
    pair : Pair
        Who takes over from whom.
    starts : ndarray, shape (P,)
        The month at whose beginning one decides to switch; the horizon for never. [months]
    ends : ndarray, shape (P,)
        When the challenger is left again; the horizon for not before everything ends. [months]
    projection : Projection
        Horizon, interest, renewals.

    Returns
    -------
    Flows

    Notes
    -----
    Sums fall due at a month's beginning, what is paid month by month at its end. See docs/methodology/timing.md.
    """
    months = projection.months
    month = np.arange(months, dtype=float)
    starts, ends = np.asarray(starts, dtype=float)[:, None], np.asarray(ends, dtype=float)[:, None]
    switched = starts < months
    theirs, ours, terms = pair.incumbent, pair.challenger, pair.terms
    lead = 0.0 if ours is None else lead_of(terms, ours)
    live = np.minimum(starts + lead, months) if ours is not None else np.full_like(starts, months)
    used = _overlap(month, live, ends)  # the share of each month that the challenger serves
    in_use = (live <= month + _ROUNDING) & (month < ends - _ROUNDING)  # whether it serves at the month's beginning
    begun: dict[str, Array] = {}
    ended = {
        "running_usd": theirs.running * (1.0 - used),
        "upkeep_usd": theirs.upkeep * (1.0 - used),
        "benefit_usd": -point(terms.delay_cost_usd_per_month) * used,
    }
    away = live[:, 0], np.where(switched, ends, live)[:, 0]
    begun["upfront_usd"] = _kept_up(theirs, *away, projection)
    begun["migration_usd"] = np.where(in_use, 0.0, theirs.migration)
    if ours is None:
        return Flows(begun, ended, projection.monthly_rate, np.zeros_like(used))
    ended["running_usd"] = ended["running_usd"] + ours.running * used
    ended["upkeep_usd"] = ended["upkeep_usd"] + ours.upkeep * used
    begun["migration_usd"] = begun["migration_usd"] + np.where(in_use, ours.migration, 0.0)
    begun["migration_usd"] += _caught_up(pair, in_use, ends, projection)
    first = _built(ours, terms, month, starts) * switched
    again = _renewals(ours, live, ends, projection) * switched
    stays = np.full(1, float(months))
    begun["upfront_usd"] += first + again + _kept_up(replace(theirs, items=pair.shared), stays, stays, projection)
    begun["switching_usd"] = _paid_to_switch(pair, month, starts)
    left = (month == np.floor(ends + _ROUNDING)) & switched
    begun["exit_usd"] = np.where(left, point(terms.exit_usd), 0.0)
    back = point(terms.recoverable_share) * first.sum(axis=1, keepdims=True)
    begun["recovered_usd"] = np.where(left, -back, 0.0)
    last = (month == months - 1) & (ends >= months) & switched
    ended["recovered_usd"] = np.where(last, -back, 0.0)
    return Flows(begun, ended, projection.monthly_rate, first + again + begun["switching_usd"])


def _overlap(month: Array, begin: Array, end: Array) -> Array:
    """Return the share of each month that lies between two moments."""
    return np.asarray(np.clip(np.minimum(month + 1.0, end) - np.maximum(month, begin), 0.0, 1.0))


def _built(costs: Costs, terms: Switching, month: Array, starts: Array) -> Array:
    """Return the work up front as it is done: at once, or evenly over its lead."""
    paid = np.zeros((starts.shape[0], month.size))
    for item in costs.items:
        lead = point(item.lead_months) if terms.lead_months is None else point(terms.lead_months)
        share = (month == starts) * 1.0 if lead == 0.0 else _overlap(month, starts, starts + lead) / lead
        paid += point(item.upfront_usd) * share * costs.work
    return paid


def _renewals(costs: Costs, live: Array, ends: Array, projection: Projection) -> Array:
    """Return the challenger's work done again where an amortisation has run out in use."""
    paid = np.zeros((live.shape[0], projection.months))
    for item in costs.items if projection.renew_engineering else ():
        life = point(item.amortization_months)
        for turn in range(1, math.ceil(projection.months / life) + 1):
            at = live[:, 0] + turn * life
            _pay(paid, at, at < ends[:, 0] - _ROUNDING, point(item.upfront_usd) * costs.work)
    return paid


def _kept_up(costs: Costs, left: Array, back: Array, projection: Projection) -> Array:
    """Return the incumbent's own renewals, for plans that are away between two moments; its first work is spent.

    What falls due while one is away is done on return, and again an amortisation after that.
    """
    paid = np.zeros((left.size, projection.months))
    for item in costs.items if projection.renew_engineering else ():
        life, usd = point(item.amortization_months), point(item.upfront_usd) * costs.work
        due = life * np.maximum(np.ceil(left / life - _ROUNDING), 1.0)  # the first after leaving
        missed = due < back - _ROUNDING
        for turn in range(math.ceil(projection.months / life) + 1):
            at = np.full(left.size, turn * life)
            _pay(paid, at, (turn > 0) & (~missed | (at < left - _ROUNDING)), usd)
            _pay(paid, back + turn * life, missed, usd)
    return paid


def _pay(paid: Array, at: Array, due: NDArray[np.bool_], usd: Array) -> None:
    """Add sums, by month, to the plans that are due, in the month in which that is."""
    rows = np.flatnonzero(due & (at < paid.shape[1] - _ROUNDING))
    columns = np.floor(at[rows] + _ROUNDING).astype(int)
    paid[rows, columns] += usd[columns]


def _caught_up(pair: Pair, in_use: NDArray[np.bool_], ends: Array, projection: Projection) -> Array:
    """Return what those pay on return who missed the incumbent's migrations: they move once, to the newest model."""
    month = np.arange(projection.months, dtype=float)
    moves = np.isin(month, projection.migration_months)
    missed = np.any(in_use & moves, axis=1, keepdims=True)
    back = (month == np.floor(ends + _ROUNDING)) & missed & ~(moves & ~in_use)  # who is there by then moves anyway
    return np.where(back, pair.catch_up_usd, 0.0)


def _paid_to_switch(pair: Pair, month: Array, starts: Array) -> Array:
    """Return what the switch itself costs, with the layer that was built for it in month 0."""
    terms = pair.terms
    if not pair.layer:
        return np.where(month == starts, point(terms.switching_usd), 0.0)
    assert terms.abstraction_layer_usd is not None  # whoever builds it says what it costs
    built = np.where(month == 0.0, point(terms.abstraction_layer_usd), 0.0)
    return np.where(month == starts, point(terms.switching_with_layer_usd), 0.0) + built
