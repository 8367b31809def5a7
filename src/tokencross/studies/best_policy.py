"""The best policy on a lattice, found backwards: when to switch, when to leave again, and how likely that is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.lattice import Lattice

__all__ = ["Plan", "Policy", "best_policy"]

Array = NDArray[np.float64]

_ROUNDING = 1e-11


@dataclass(frozen=True, eq=False)
class Plan:
    """What is earned and paid on a lattice, step by step.

    Attributes
    ----------
    gains_usd, fixed_usd : ndarray, shape (T,)
        The challenger saves ``gains_usd`` times the factor less ``fixed_usd`` in a step, paid at its end. [USD]
    discount_ratio : float
        Worth, at a step's beginning, of a dollar at its end. [quotient]
    outlay_usd : ndarray, shape (T,)
        Paid on switching in a step, once and for all until the end: less what comes back then. Below 0 something is
        saved; inf where one cannot begin. [USD]
    leave_usd : ndarray, shape (1, T) or (T, T), or None
        Paid on leaving again at a step's beginning, over what staying to the end takes; a row for each step in which
        one may have switched, or one for all. None where there is no way back. [USD]
    lead_steps : float
        Steps from the outlay to the first saving.
    first_share : ndarray, shape (T,)
        Of what a step saves, the share that it saves where the first saving comes in it.
    """

    gains_usd: Array
    fixed_usd: Array
    discount_ratio: float
    outlay_usd: Array
    leave_usd: Array | None
    lead_steps: float
    first_share: Array

    @property
    def scale_usd(self) -> float:
        """What amounts are measured by when they are told from rounding. [USD]"""
        paid = np.abs(self.outlay_usd[np.isfinite(self.outlay_usd)]).max(initial=0.0)
        return float(paid + np.sum(np.abs(self.gains_usd)) + np.sum(np.abs(self.fixed_usd)))


@dataclass(frozen=True, eq=False)
class Policy:
    """The best policy on a lattice.

    Attributes
    ----------
    wait_usd, switch_usd : float
        Worth, at the start, of keeping the incumbent for one step, and of switching now; the best policy follows. [USD]
    switch_from, switch_until, leave_below : ndarray, shape (T,)
        Factors between which it is best to switch, and below which it is best to leave again (having switched as early
        as one can); inf, inf and 0 where it never is. [quotient]
    switched_by : ndarray, shape (T,)
        Probability that the first switch has happened by each step, that step's decision counted.
    """

    wait_usd: float
    switch_usd: float
    switch_from: Array
    switch_until: Array
    leave_below: Array
    switched_by: Array


def best_policy(lattice: Lattice, plan: Plan) -> Policy:
    r"""Return the policy of greatest expected worth, by backward recursion, and how soon it switches.

    Notes
    -----
    With :math:`W_k` the worth at step :math:`k` of being with the incumbent, :math:`U_k` with the challenger,
    :math:`L` steps of lead, :math:`I_k` the outlay less what comes back at the end, :math:`X_k` what leaving takes over
    staying, and :math:`d` the discount:

    .. math::
        U_k &= \max(d (g_k y - b_k) + d E[U_{k+1}],\; d E[W_{k+1}] - X_k), \qquad U_T = 0 \\
        W_k &= \max(d E[W_{k+1}],\; d^L E[U_{k+L}] - I_k), \qquad W_T = 0

    Where :math:`X_k` hangs on when one switched, :math:`U` is carried for each such step.

    References
    ----------
    .. [1] R. Bellman, "Dynamic Programming", Princeton University Press, 1957.
    .. [2] A. K. Dixit and R. S. Pindyck, "Investment under Uncertainty", Princeton University Press, 1994, chapters 4
       (optimal stopping by recursion) and 7 (entry and exit).
    .. [3] A. D. Andricopoulos, M. Widdicks, P. W. Duck and D. P. Newton, "Universal option valuation using
       quadrature methods", Journal of Financial Economics 67 (2003): exact transition densities between decision
       dates instead of many small steps.
    """
    steps, nodes = len(plan.gains_usd), len(lattice.logs)
    rounding = _ROUNDING * plan.scale_usd
    better = np.empty((steps, nodes))
    ends = np.empty((3, steps))
    wait = switch = np.zeros(nodes + 2)
    for step, wait, switch, leave in _backwards(lattice, plan):
        better[step] = (switch - wait)[1:-1] - rounding
        ends[:2, step] = _ends(better[step], lattice)
        leaving = leave[1:-1] - rounding
        ends[2, step] = _ends(leaving, lattice)[1] if (leaving > 0.0).any() else 0.0
    start = lattice.start + 1
    return Policy(
        wait_usd=max(2.0 * float(wait[start]), 0.0),  # the factor is 1: what is carried is half; never is always open
        switch_usd=2.0 * float(switch[start]),
        switch_from=ends[0],
        switch_until=ends[1],
        leave_below=ends[2],
        switched_by=_switched_by(lattice, better),
    )


def _backwards(lattice: Lattice, plan: Plan) -> Iterator[tuple[int, Array, Array, Array]]:
    """Yield each step from the last: worth of waiting and of switching, and by how much leaving beats staying.

    All of them as a lattice carries them.
    """
    usd, factor = lattice.level_part, lattice.slope_part
    rows = 1 if plan.leave_usd is None else plan.leave_usd.shape[0]
    incumbent, challenger = np.zeros(len(usd)), np.zeros((rows, len(usd)))
    whole = int(plan.lead_steps)
    coming = [challenger[0]] * (whole + 1)  # coming[j]: the outlay is paid, the first saving is j steps away
    for step in reversed(range(len(plan.gains_usd))):
        saved = plan.discount_ratio * (plan.gains_usd[step] * factor - plan.fixed_usd[step] * usd)
        wait, ahead = (plan.discount_ratio * lattice.expected(values) for values in (incumbent, challenger))
        run = saved + ahead
        leave = np.full(run.shape, -np.inf)
        if plan.leave_usd is not None:
            paid = plan.leave_usd[:, step]
            may = np.isfinite(paid)
            leave[may] = wait - paid[may, None] * usd - run[may]
        challenger = run + np.maximum(leave, 0.0)
        row = max(step - whole, 0) if rows > 1 else 0  # who serves from here on has switched that early
        begun = challenger[row]
        if plan.lead_steps > whole:
            begun = plan.first_share[step] * saved + ahead[row]
        coming = [begun, *(plan.discount_ratio * lattice.expected(values) for values in coming[:-1])]
        outlay = plan.outlay_usd[step]
        switch = coming[-1] - outlay * usd if math.isfinite(outlay) else np.full(len(usd), -np.inf)
        incumbent = np.maximum(wait, switch)
        yield step, wait, switch, leave[0]


def _ends(row: Array, lattice: Lattice) -> tuple[float, float]:
    """Return the lowest and highest factor at which a function of the nodes is positive.

    0 and inf where it is so to the end of the lattice; inf and inf where it is nowhere.
    """
    inside = np.flatnonzero(row > 0.0)
    if not len(inside):
        return math.inf, math.inf
    first, last = int(inside[0]), int(inside[-1])
    lowest = _zero(row, lattice, first - 1) if first > 0 else 0.0
    highest = _zero(row, lattice, last) if last + 1 < len(row) else math.inf
    return lowest, highest


def _zero(row: Array, lattice: Lattice, node: int) -> float:
    """Return the factor, between a node and the next, at which a function that changes sign there is 0."""
    low, high = row[node], row[node + 1]
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.exp(float(lattice.logs[node]))
    part = low / (low - high)
    level, slope = (each[node + 1 : node + 3] for each in (lattice.level_part, lattice.slope_part))
    return float((slope[0] + (slope[1] - slope[0]) * part) / (level[0] + (level[1] - level[0]) * part))


def _switched_by(lattice: Lattice, better: Array) -> Array:
    """Return the probability of having switched by each step, carried forwards on the lattice."""
    waiting = np.zeros(len(lattice.logs))
    waiting[lattice.start] = 1.0
    gone = np.empty(len(better))
    total = 0.0
    for step, row in enumerate(better):
        if step:
            waiting = lattice.moved(waiting)
        # at the start, and without volatility, all that is at a node is exactly there
        share = (row > 0.0).astype(float) if lattice.sharp or step == 0 else _covered(row)
        total += float(np.sum(waiting * share))
        waiting = waiting * (1.0 - share)
        gone[step] = min(total, 1.0)
    return gone


def _covered(row: Array) -> Array:
    """Return the share of each node's surroundings (half a cell to either side) in which a function is positive."""
    left, right = row[:-1], row[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.where((left > 0.0) != (right > 0.0), left / (left - right), 0.0)
    # the part of each cell where the function is positive: from its low end to `until`, or from `since` to its high end
    since = np.where(left > 0.0, 0.0, np.where(right > 0.0, zero, 1.0))
    until = np.where(right > 0.0, 1.0, np.where(left > 0.0, zero, 0.0))
    near = np.maximum(np.minimum(until, 0.5) - since, 0.0)
    far = np.maximum(until - np.maximum(since, 0.5), 0.0)
    covered = np.zeros(len(row))
    covered[:-1] += near
    covered[1:] += far
    covered[0] += 0.5 * (row[0] > 0.0)
    covered[-1] += 0.5 * (row[-1] > 0.0)
    return covered
