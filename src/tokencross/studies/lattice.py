"""A lattice in the logarithm of volume: how a factor moves in one step, and the best policy found backwards on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.jumps import Jump, jump_parts, most_jumps

__all__ = ["Lattice", "Plan", "Policy", "best_policy", "lattice_for"]

Array = NDArray[np.float64]

_NODES_PER_DEVIATION = 16.0  # spacing: a sixteenth of a step's standard deviation
_MOST_NODES = 8_192
_REACH = math.log(1_000.0)  # boundaries are looked for up to a thousand times and a thousandth of the volume
_DEVIATIONS = 7.0
_ROUNDING = 1e-11


@dataclass(frozen=True, eq=False)
class Lattice:
    """Nodes of a factor that begins at 1, and the probabilities of one step on them.

    Attributes
    ----------
    logs : ndarray, shape (N,)
        Logarithms of the factor at the nodes, evenly spaced, 0 among them.
    start : int
        The node at which the factor is 1.
    mean_ratio : float
        The factor's expected growth in a step. [quotient]
    weights : ndarray, shape (K,)
        Probability of moving by ``first``, ``first`` + 1, … nodes.
    first : int
        The lowest move. [nodes]
    sharp : bool
        Whether the factor does not spread around its nodes: no volatility.
    """

    logs: Array
    start: int
    mean_ratio: float
    weights: Array
    first: int
    sharp: bool

    @property
    def factors(self) -> Array:
        """The factor at the nodes, shape (N,)."""
        factors: Array = np.exp(self.logs)
        return factors

    def expected(self, values: Array) -> Array:
        """Return the expectation, one step ahead, of a function given at the nodes.

        Its straight part (that of the two highest nodes) is taken exactly; the rest is nothing above the highest node
        and level below the lowest.
        """
        factors = self.factors
        slope = (values[-1] - values[-2]) / (factors[-1] - factors[-2])
        level = values[-1] - slope * factors[-1]
        rest = values - (slope * factors + level)
        below, above = max(-self.first, 0), max(self.first + len(self.weights) - 1, 0)
        padded = np.concatenate((np.full(below, rest[0]), rest, np.zeros(above)))
        # node i sees the padded values from i + below + first on, each by the weight of its move
        spread = _convolved(padded, self.weights[::-1])[len(self.weights) - 1 + below + self.first :]
        ahead: Array = slope * self.mean_ratio * factors + level + spread[: len(values)]
        return ahead

    def moved(self, probabilities: Array) -> Array:
        """Return probabilities at the nodes one step later."""
        spread = _convolved(probabilities, self.weights)
        begin = max(-self.first, 0)
        padded = np.concatenate((np.zeros(max(self.first, 0)), spread, np.zeros(len(probabilities))))
        kept: Array = np.maximum(padded[begin : begin + len(probabilities)], 0.0)
        return kept


def _convolved(values: Array, weights: Array) -> Array:
    """Return the full convolution, by Fourier transform where that is quicker."""
    if len(weights) <= 64:
        return np.convolve(values, weights)
    size = len(values) + len(weights) - 1
    fast = 1 << (size - 1).bit_length()
    spread: Array = np.fft.irfft(np.fft.rfft(values, fast) * np.fft.rfft(weights, fast), fast)[:size]
    return spread


def lattice_for(*, steps: int, years_per_step: float, volatility_per_year: float, jumps: Sequence[Jump]) -> Lattice:
    """Return a lattice that a factor with these movements stays on.

    Between two steps the logarithm changes by a normal variable and by any jumps. The probability of each move is
    exact for functions that are straight between nodes, so that the factor's mean is kept to rounding.

    Parameters
    ----------
    steps : int
        How many there are.
    years_per_step : float
        Their length. [years]
    volatility_per_year : float
        Standard deviation of the logarithm after a year, jumps apart. [1/sqrt(year)]
    jumps : sequence of Jump
        Sudden changes; their mean is not taken out.
    """
    deviation = volatility_per_year * math.sqrt(years_per_step)
    spread = _DEVIATIONS * deviation * math.sqrt(steps)
    low = high = spread
    for jump in jumps:
        reach = abs(math.log(jump.advantage_ratio)) * most_jumps(jump.times_per_year * years_per_step * steps)
        low, high = (low + reach, high) if jump.advantage_ratio < 1.0 else (low, high + reach)
    low, high = max(low, _REACH), max(high, _REACH)
    spacing = max(deviation / _NODES_PER_DEVIATION, (low + high) / _MOST_NODES)
    below, above = math.ceil(low / spacing), math.ceil(high / spacing)
    weights, first = _moves(spacing, deviation**2, jumps, years_per_step)
    drift = sum(jump.times_per_year * (jump.advantage_ratio - 1.0) for jump in jumps)
    return Lattice(
        logs=spacing * np.arange(-below, above + 1, dtype=np.float64),
        start=below,
        mean_ratio=math.exp(drift * years_per_step),
        weights=weights,
        first=first,
        sharp=deviation == 0.0,
    )


def _moves(spacing: float, variance: float, jumps: Sequence[Jump], years: float) -> tuple[Array, int]:
    """Return the probability of every move by whole nodes in a step, and the lowest move."""
    spread = math.log(math.sinh(spacing) / spacing)
    # straight lines between nodes add this variance, which the normal part gives up where it is wide enough to
    narrowed = variance - spread if variance >= spacing**2 else variance
    parts = list(jump_parts(jumps, years))
    widest = _DEVIATIONS * 1.3 * math.sqrt(variance) + variance
    first = math.floor((min(shift for _, shift in parts) - widest) / spacing) - 1
    last = math.ceil((max(shift for _, shift in parts) + widest) / spacing) + 1
    edges = np.arange(first, last + 1, dtype=np.float64) * spacing
    weights = np.zeros(len(edges))
    for probability, shift in parts:
        share, mean = _in_cells(edges, shift - narrowed / 2.0, math.sqrt(narrowed))
        low, high = np.exp(edges[:-1]), np.exp(edges[1:])
        upper = np.clip((mean - low * share) / (high - low), 0.0, share)
        weights[1:] += probability * upper
        weights[:-1] += probability * (share - upper)
    return weights / weights.sum(), first


def _in_cells(edges: Array, mean: float, deviation: float) -> tuple[Array, Array]:
    """Return, for each cell, the probability of a normal logarithm in it, and the mean of the factor times that."""
    if deviation == 0.0:
        inside: Array = np.where((edges[:-1] <= mean) & (mean < edges[1:]), 1.0, 0.0)
        return inside, inside * math.exp(mean)
    scaled = (edges - mean) / (deviation * math.sqrt(2.0))
    shifted = scaled - deviation / math.sqrt(2.0)
    below, tilted = _normal(scaled), _normal(shifted)
    return below[1:] - below[:-1], (tilted[1:] - tilted[:-1]) * math.exp(mean + deviation**2 / 2.0)


def _normal(values: Array) -> Array:
    """Return half the error function."""
    return np.array([math.erf(value) / 2.0 for value in values.tolist()])


# ---------------------------------------------------------------------- the best policy


@dataclass(frozen=True, eq=False)
class Plan:
    """What is earned and paid on a lattice, step by step.

    Attributes
    ----------
    gains_usd, fixed_usd : ndarray, shape (T,)
        The challenger saves ``gains_usd`` times the factor less ``fixed_usd`` in a step, paid at its end. [USD]
    discount_ratio : float
        Worth, at a step's beginning, of a dollar at its end. [quotient]
    outlay_usd : float
        Paid on switching. [USD]
    returned_usd : float
        Comes back on leaving again, or at the end. [USD]
    exit_usd : float or None
        Paid on leaving again; None where there is no way back. [USD]
    lead_steps : float
        Steps from the outlay to the first saving; of a part of a step the rest of it is saved.
    """

    gains_usd: Array
    fixed_usd: Array
    discount_ratio: float
    outlay_usd: float
    returned_usd: float
    exit_usd: float | None
    lead_steps: float

    @property
    def scale_usd(self) -> float:
        """What amounts are measured by when they are told from rounding. [USD]"""
        return self.outlay_usd + float(np.sum(np.abs(self.gains_usd)) + np.sum(np.abs(self.fixed_usd)))


@dataclass(frozen=True, eq=False)
class Policy:
    """The best policy on a lattice.

    Attributes
    ----------
    wait_usd, switch_usd : float
        Worth, at the start, of keeping the incumbent for one step, and of switching now; the best policy follows. [USD]
    switch_from, switch_until, leave_below : ndarray, shape (T,)
        Factors between which it is best to switch, and below which it is best to leave again; inf, inf and 0 where it
        never is. [quotient]
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
    :math:`L` steps of lead, :math:`I` the outlay, :math:`R` what is returned, :math:`X` the exit and :math:`d` the
    discount:

    .. math::
        U_k &= \max(d (g_k y - b_k) + d E[U_{k+1}],\; d E[W_{k+1}] + R - X), \qquad U_T = R \\
        W_k &= \max(d E[W_{k+1}],\; d^L E[U_{k+L}] - I), \qquad W_T = 0

    References
    ----------
    .. [1] R. Bellman, "Dynamic Programming", Princeton University Press, 1957.
    .. [2] A. K. Dixit and R. S. Pindyck, "Investment under Uncertainty", Princeton University Press, 1994, chapters 4
       (optimal stopping by recursion) and 7 (entry and exit).
    .. [3] A. D. Andricopoulos, M. Widdicks, P. W. Duck and D. P. Newton, "Universal option valuation using
       quadrature methods", Journal of Financial Economics 67 (2003): exact transition densities between decision
       dates instead of many small steps.
    """
    steps = len(plan.gains_usd)
    rounding = _ROUNDING * plan.scale_usd
    better = np.empty((steps, len(lattice.logs)))
    ends = np.empty((3, steps))
    wait = switch = np.zeros(len(lattice.logs))
    for step, wait, switch, leave in _backwards(lattice, plan):
        better[step] = switch - wait - rounding
        ends[:2, step] = _ends(better[step], lattice.factors)
        leaving = leave > rounding
        ends[2, step] = _ends(leave - rounding, lattice.factors)[1] if leaving.any() else 0.0
    return Policy(
        wait_usd=float(wait[lattice.start]),
        switch_usd=float(switch[lattice.start]),
        switch_from=ends[0],
        switch_until=ends[1],
        leave_below=ends[2],
        switched_by=_switched_by(lattice, better),
    )


def _backwards(lattice: Lattice, plan: Plan) -> Iterator[tuple[int, Array, Array, Array]]:
    """Yield each step from the last: worth of waiting and of switching, and by how much leaving beats staying."""
    factors = lattice.factors
    incumbent = np.zeros(len(factors))
    challenger = np.full(len(factors), plan.returned_usd)
    whole = int(plan.lead_steps)
    rest = plan.lead_steps - whole
    coming = [challenger] * (whole + 1)  # coming[j]: the outlay is paid, the first saving is j steps away
    for step in reversed(range(len(plan.gains_usd))):
        saved = plan.discount_ratio * (plan.gains_usd[step] * factors - plan.fixed_usd[step])
        wait, ahead = (plan.discount_ratio * lattice.expected(values) for values in (incumbent, challenger))
        run = saved + ahead
        leave = np.full(len(factors), -np.inf)
        if plan.exit_usd is not None:
            leave = wait + plan.returned_usd - plan.exit_usd - run
        challenger = run + np.maximum(leave, 0.0)
        begun = challenger if rest == 0.0 else (1.0 - rest) * saved + ahead
        coming = [begun, *(plan.discount_ratio * lattice.expected(values) for values in coming[:-1])]
        switch = coming[-1] - plan.outlay_usd
        incumbent = np.maximum(wait, switch)
        yield step, wait, switch, leave


def _ends(row: Array, factors: Array) -> tuple[float, float]:
    """Return the lowest and highest factor at which a function of the nodes is positive.

    0 and inf where it is so to the end of the lattice; inf and inf where it is nowhere.
    """
    inside = np.flatnonzero(row > 0.0)
    if not len(inside):
        return math.inf, math.inf
    first, last = int(inside[0]), int(inside[-1])
    lowest = _zero(row, factors, first - 1) if first > 0 else 0.0
    highest = _zero(row, factors, last) if last + 1 < len(factors) else math.inf
    return lowest, highest


def _zero(row: Array, factors: Array, node: int) -> float:
    """Return where a function that changes sign between a node and the next is 0."""
    low, high = row[node], row[node + 1]
    if not (math.isfinite(low) and math.isfinite(high)):
        return float(factors[node])
    return float(factors[node] + (factors[node + 1] - factors[node]) * low / (low - high))


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
