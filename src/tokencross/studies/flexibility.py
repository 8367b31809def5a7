"""The switch as an option to wait: a projected pair in the numbers that the lattice takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import point
from tokencross.studies.cash import Projected
from tokencross.studies.price_paths import OptionPath
from tokencross.studies.projection import Projection
from tokencross.studies.terms_of_switching import Switching
from tokencross.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    from tokencross.studies.option_value import Jump, WaitingValue
    from tokencross.studies.switch_plans import Switch

__all__ = ["flexibility"]

Array: TypeAlias = NDArray[np.float64]

_SPAN_RATIO = 2.0  # costs are made a line between half and twice the volume


def flexibility(
    projected: Projected, switch: Switch, *, volatility_per_year: float, jumps: tuple[Jump, ...]
) -> WaitingValue:
    """Return what waiting is worth where volume is uncertain; see `Timing.flexibility`.

    The costs of each month are replaced by a line through its projected volume, with the mean slope between half and
    twice that volume. Work that comes again is spread evenly from its first renewal on. What the tables and the
    projection foresee of prices stays foreseen; ``jumps`` come on top.

    Raises
    ------
    ScenarioError
        If a month has no volume, or the switch cannot begin in month 0.
    """
    from tokencross.studies.option_value import value_of_waiting

    projection, terms = projected.projection, projected.projection.terms_for(switch.challenger)
    if switch.first_month != 0:
        found = f"a switch that cannot begin before month {switch.first_month}"
        raise ScenarioError(Problem("flexibility", found, "one that can begin in month 0: leave the examples out"))
    volumes = projected.volumes
    if not np.all(volumes > 0.0):
        raise ScenarioError(Problem("flexibility", "a month without volume", "a volume above 0 in every month"))
    paths = projected.paths
    months = _months(projection, terms)
    saved = {ratio: _saved(paths, switch, volumes * ratio) for ratio in (1.0 / _SPAN_RATIO, 1.0, _SPAN_RATIO)}
    slope = (saved[_SPAN_RATIO] - saved[1.0 / _SPAN_RATIO]) / (volumes * (_SPAN_RATIO - 1.0 / _SPAN_RATIO))
    fixed = slope * volumes - saved[1.0] + _again(projected, switch) - point(terms.delay_cost_usd_per_month)
    layered = switch.way.layer
    upfront = sum(point(item.upfront_usd) for item in paths[switch.challenger].items)
    outlay = upfront + point(terms.switching_with_layer_usd if layered else terms.switching_usd)
    return value_of_waiting(
        advantage_usd_per_mtok=slope[:months] * TOKENS_PER_MTOK,
        fixed_usd_per_month=fixed[:months],
        tokens_per_month=volumes[:months],
        months=months,
        outlay_usd=outlay,
        discount_rate_per_year=point(projection.discount_rate_per_year),
        volatility_per_year=volatility_per_year,
        jumps=jumps,
        exit_usd=point(terms.exit_usd) if terms.may_return else None,
        recoverable_share=_recoverable(upfront, outlay, terms),
        lead_months=switch.lead_months,
    )


def _months(projection: Projection, terms: Switching) -> int:
    """Return the whole months in which the challenger may serve."""
    if terms.obsolete_after_months is None:
        return projection.months
    return max(min(projection.months, math.floor(point(terms.obsolete_after_months))), 1)


def _saved(paths: Mapping[str, OptionPath], switch: Switch, volumes: Array) -> Array:
    """Return what the challenger saves in each month, work up front apart."""
    theirs, ours = paths[switch.incumbent], paths[switch.challenger]
    return np.asarray(sum(theirs.paid(volumes)) - sum(ours.paid(volumes)))


def _again(projected: Projected, switch: Switch) -> Array:
    """Return what the challenger's migrations and renewals take in each month over the incumbent's."""
    projection = projected.projection
    month = np.arange(projection.months)
    taken = np.zeros(projection.months)
    for label, sign in ((switch.challenger, 1.0), (switch.incumbent, -1.0)):
        path = projected.paths[label]
        taken += sign * path.migration_usd
        for item in path.items if projection.renew_engineering else ():
            life = point(item.amortization_months)
            taken += sign * np.where(month >= life, point(item.upfront_usd) / life, 0.0)
    return taken


def _recoverable(upfront: float, outlay: float, terms: Switching) -> float:
    """Return the share of the whole outlay that comes back: of the work up front only."""
    return 0.0 if outlay == 0.0 else point(terms.recoverable_share) * upfront / outlay
