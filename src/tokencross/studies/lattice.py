"""A lattice in the logarithm of a factor: how it moves in one step, and what a function of it is worth a step ahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.jumps import Jump, jump_parts, most_jumps

__all__ = ["Lattice", "lattice_for"]

Array = NDArray[np.float64]

_NODES_PER_DEVIATION = 16.0  # spacing: a sixteenth of a step's standard deviation,
_WIDEST_SPACING = 0.04  # and never so wide that a kink between two nodes would count
_MOST_NODES = 8_192
_REACH = math.log(1_000.0)  # boundaries are looked for up to a thousand times and a thousandth of the volume
_FARTHEST = 46.0  # what lies beyond exp(46) times or below exp(-46) counts for less than rounding, see lattice_for
_DEVIATIONS = 7.0


@dataclass(frozen=True, eq=False)
class Lattice:
    r"""Nodes of a factor that begins at 1, and the probabilities of one step on them.

    A function :math:`W` of the factor :math:`y` is carried as :math:`w = W / (1 + y)`, which is bounded where :math:`W`
    grows no faster than a straight line, and straight in :math:`1 / (1 + y)` wherever :math:`W` is straight in
    :math:`y`. So no large number is ever taken from another, however far the nodes reach.

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
    tilted : ndarray, shape (K,)
        The same where each outcome counts in proportion to what the factor becomes.
    first : int
        The lowest move. [nodes]
    sharp : bool
        Whether the factor does not spread around its nodes: no volatility.
    """

    logs: Array
    start: int
    mean_ratio: float
    weights: Array
    tilted: Array
    first: int
    sharp: bool

    @property
    def level_part(self) -> Array:
        """What a dollar is carried as, from a factor of 0 to one without bound: 1 / (1 + factor), shape (N + 2,)."""
        return np.concatenate(([1.0], _below_one(self.logs), [0.0]))

    @property
    def slope_part(self) -> Array:
        """What the factor is carried as: factor / (1 + factor), shape (N + 2,)."""
        return np.concatenate(([0.0], _below_one(-self.logs), [1.0]))

    def expected(self, values: Array) -> Array:
        """Return the expectation, one step ahead, of functions as they are carried, shape (…, N + 2).

        The first value is that at a factor of 0, the last the slope without bound. Beyond the nodes a function is
        straight towards them: an average of two values of its own, so that no error grows.
        """
        spacing = float(self.logs[1] - self.logs[0])
        lowest, highest = self.first, self.first + len(self.weights) - 1
        below, above = max(-lowest, 0), max(highest, 0)
        under = self.logs[0] - spacing * np.arange(below, 0, -1)
        over = self.logs[-1] + spacing * np.arange(1, above + 1)
        near_zero = _below_one(-under) / _below_one(-self.logs[:1])
        near_bound = _below_one(over) / _below_one(self.logs[-1:])
        inner, level, slope = values[..., 1:-1], values[..., :1], values[..., -1:]
        padded = np.concatenate(
            (
                level + (inner[..., :1] - level) * near_zero,
                inner,
                slope + (inner[..., -1:] - slope) * near_bound,
            ),
            axis=-1,
        )
        plain, tilted = _seen(padded[..., below + lowest :], (self.weights, self.tilted), inner.shape[-1])
        ahead = _below_one(self.logs) * plain + self.mean_ratio * _below_one(-self.logs) * tilted
        found: Array = np.concatenate((level, ahead, self.mean_ratio * slope), axis=-1)
        return found

    def moved(self, probabilities: Array) -> Array:
        """Return probabilities at the nodes one step later; what would leave the lattice stays at its end."""
        spread = _convolved(probabilities, self.weights)
        count, begin = len(probabilities), -self.first
        places = np.clip(np.arange(len(spread)) - begin, 0, count - 1)
        kept: Array = np.maximum(np.bincount(places, weights=spread, minlength=count), 0.0)
        return kept


def _below_one(logs: Array) -> Array:
    """Return 1 / (1 + exp(logs)) without overflow."""
    part: Array = np.exp(-np.logaddexp(0.0, logs))
    return part


def _seen(padded: Array, kernels: tuple[Array, Array], count: int) -> tuple[Array, Array]:
    """Return, for each of ``count`` nodes, the values from it on, by the weight of each move, for both weights."""
    length = len(kernels[0])
    if length <= 64:
        slices = [padded[..., move : move + count] for move in range(length)]
        one, two = (sum(weight * part for weight, part in zip(each, slices, strict=True)) for each in kernels)
        return np.asarray(one), np.asarray(two)
    fast = 1 << (count + length - 2).bit_length()
    spectrum = np.fft.rfft(padded[..., : count + length - 1], fast)
    one, two = (np.fft.irfft(spectrum * np.conj(np.fft.rfft(each, fast)), fast)[..., :count] for each in kernels)
    return np.asarray(one), np.asarray(two)


def _convolved(values: Array, weights: Array) -> Array:
    """Return the full convolution, by Fourier transform where that is quicker."""
    if len(weights) <= 64:
        return np.convolve(values, weights)
    size = len(values) + len(weights) - 1
    fast = 1 << (size - 1).bit_length()
    spread: Array = np.fft.irfft(np.fft.rfft(values, fast) * np.fft.rfft(weights, fast), fast)[:size]
    return spread


def lattice_for(*, steps: int, years_per_step: float, volatility_per_year: float, jumps: Sequence[Jump]) -> Lattice:
    r"""Return a lattice that a factor with these movements stays on.

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

    Notes
    -----
    The nodes reach seven standard deviations of the whole time, under the probabilities and where outcomes count in
    proportion to the factor, but no farther than :math:`e^{\pm R}`, :math:`R = 46` and the logarithm of the mean's
    growth. A worth is within all costs of its straight line without bound, and within all gains times the factor of its
    level at 0. By Markov's inequality the factor passes :math:`e^R` with a probability of at most :math:`e^{-46}`, so
    that cutting the nodes there moves a worth by less than :math:`4 n e^{-46}` of all costs and gains.
    """
    deviation = volatility_per_year * math.sqrt(years_per_step)
    whole = deviation * math.sqrt(steps)
    low = high = _DEVIATIONS * whole + 0.5 * whole**2
    drift = sum(jump.times_per_year * (jump.advantage_ratio - 1.0) for jump in jumps) * years_per_step
    for jump in jumps:
        count = jump.times_per_year * years_per_step * steps
        reach = abs(math.log(jump.advantage_ratio)) * most_jumps(count * max(jump.advantage_ratio, 1.0))
        low, high = (low + reach, high) if jump.advantage_ratio < 1.0 else (low, high + reach)
    farthest = _FARTHEST + max(drift * steps, 0.0)
    low, high = (min(max(each, _REACH), farthest) for each in (low, high))
    spacing = max(min(deviation / _NODES_PER_DEVIATION, _WIDEST_SPACING), (low + high) / _MOST_NODES)
    below, above = math.ceil(low / spacing), math.ceil(high / spacing)
    weights, first = _moves(spacing, deviation**2, jumps, years_per_step)
    tilted = weights * np.exp(spacing * np.arange(first, first + len(weights)) - drift)
    return Lattice(
        logs=spacing * np.arange(-below, above + 1, dtype=np.float64),
        start=below,
        mean_ratio=math.exp(drift),
        weights=weights,
        tilted=tilted / tilted.sum(),
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
    weights = np.zeros(last - first + 1)
    for probability, shift in parts:
        # only the cells that this part reaches
        begin = math.floor((shift - widest) / spacing) - 1
        end = math.ceil((shift + widest) / spacing) + 1
        edges = np.arange(begin, end + 1, dtype=np.float64) * spacing
        share, mean = _in_cells(edges, shift - narrowed / 2.0, math.sqrt(narrowed))
        low, high = np.exp(edges[:-1]), np.exp(edges[1:])
        upper = np.clip((mean - low * share) / (high - low), 0.0, share)
        here = slice(begin - first, end - first + 1)
        weights[here][1:] += probability * upper
        weights[here][:-1] += probability * (share - upper)
    return weights / weights.sum(), first


def _in_cells(edges: Array, mean: float, deviation: float) -> tuple[Array, Array]:
    """Return, for each cell, the probability of a normal logarithm in it, and the mean of the factor times that."""
    if deviation == 0.0:
        inside: Array = np.where((edges[:-1] <= mean) & (mean < edges[1:]), 1.0, 0.0)
        return inside, inside * math.exp(mean)
    scaled = (edges - mean) / (deviation * math.sqrt(2.0))
    return _between(scaled), _between(scaled - deviation / math.sqrt(2.0)) * math.exp(mean + deviation**2 / 2.0)


def _between(scaled: Array) -> Array:
    """Return the probability between neighbouring edges, exact to rounding of itself far from the middle too."""
    upper = np.array([math.erfc(value) / 2.0 for value in scaled.tolist()])  # above each edge
    lower = np.array([math.erfc(-value) / 2.0 for value in scaled.tolist()])  # below each edge
    found: Array = np.where(scaled[:-1] > 0.0, upper[:-1] - upper[1:], lower[1:] - lower[:-1])
    return found
