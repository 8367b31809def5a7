"""What a capacity does not hold, hour by hour: the terms of spill-over.

A capacity C (tokens a month when it runs full around the clock) faces a load that differs by hour. What exceeds it,

    o(V) = sum over hours of share_h * max(0, w_h V - C),

is convex and straight between ``C / w_h``: so a cost of the overflow is a term like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.composite import sum_of_lines, sum_of_tails
from tokencross.costs.hourly_load import HourlyLoad
from tokencross.costs.terms import (
    Array,
    Component,
    Fixed,
    PerToken,
    Tail,
    Term,
    as_column,
    hashable,
    pick,
)
from tokencross.number import FloatOrDraws
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["CheapestSteps", "Overflow"]

_TRIALS = 120  # more than enough: a straight piece is met exactly, and the range is halved every third time


@dataclass(frozen=True, eq=False)
class Overflow:
    """What terms cost of the tokens that a capacity does not hold.

    Attributes
    ----------
    load : HourlyLoad
        The traffic's hours.
    capacity : float or ndarray, shape (D,)
        What is held when it runs full around the clock. [tokens/month]
    terms : tuple of Term
        The cost of what overflows.
    """

    load: HourlyLoad
    capacity: FloatOrDraws
    terms: tuple[Term, ...]
    label: str = "overflow"
    citations: tuple[Citation, ...] = ()

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        if isinstance(self.capacity, np.ndarray) and self.capacity.ndim == 1:
            lines = [self.draw(index).line(volumes) for index in range(self.capacity.size)]
            return np.stack([level for level, _ in lines]), np.stack([slope for _, slope in lines])
        held, spilt = self.load.line(volumes, self.capacity)
        intercept, slope = sum_of_lines(self.terms, np.maximum(held + spilt * volumes, 0.0))
        return intercept + slope * held, slope * spilt

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        capacity = float(self.capacity)
        ends = self.load.overflow(np.array([low, high]), capacity)
        inner = [term.breakpoints(float(ends[0]), float(ends[1])) for term in self.terms]
        met = [self.load.volumes_at(points, capacity) for points in inner]
        return _between([capacity / self.load.loads, *met], low, high)

    def tail(self) -> Tail:
        """See `Term.tail`."""
        inner, capacity = sum_of_tails(self.terms), float(self.capacity)
        held = float(inner.slope) * capacity * float(self.load.hours_above[0])
        settled = max(
            capacity / self.load.levels[0], float(self.load.volumes_at(np.array([inner.from_volume]), capacity)[0])
        )
        return replace(inner, lower=inner.lower - held, upper=inner.upper - held, from_volume=settled)

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        if isinstance(self.capacity, np.ndarray):
            draws = [self.draw(index).components(volumes) for index in range(self.capacity.size)]
            return [
                replace(parts[0], usd_per_month=np.stack([part.usd_per_month for part in parts]))
                for parts in zip(*draws, strict=True)
            ]
        spilt = self.load.overflow(volumes, self.capacity)
        return [part for term in self.terms for part in term.components(spilt)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        inner = sorted((term.key() for term in self.terms), key=repr)
        return ("overflow", self.load.levels, self.load.shares, hashable(self.capacity), *inner)

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Overflow:
        """See `Term.scaled`: what overflows C at ``share * V`` is ``share`` times what overflows ``C / share`` at V."""
        terms = tuple(term.scaled(usd_ratio, share) for term in self.terms)
        return replace(self, terms=terms, capacity=_stretched(self.capacity, share))

    def draw(self, index: int) -> Overflow:
        """See `Term.draw`."""
        terms = tuple(term.draw(index) for term in self.terms)
        return replace(self, terms=terms, capacity=pick(self.capacity, index))


@dataclass(frozen=True, eq=False)
class CheapestSteps:
    r"""Whole steps of capacity and a price for what they do not hold, as many steps as are cheapest at every volume.

    Attributes
    ----------
    load : HourlyLoad
        The traffic's hours.
    tokens_per_step : float or ndarray, shape (D,)
        What a step holds when it runs full around the clock; positive. [tokens/month]
    steps : tuple of Fixed
        What one step costs, by component. [USD/month]
    overflow : tuple of PerToken
        What a token that overflows costs, by component; what it would have cost on the steps is taken off.
    min_steps : float or ndarray, shape (D,)
        Steps that are bought at any volume.

    Notes
    -----
    With k steps of q tokens at r USD, and p USD per token that overflows, the cost

    .. math:: f_k(V) = r k + p \sum_h s_h \max(0, w_h V - k q)

    is convex in k, so the k-th step is bought where what it takes off the overflow is worth more than it costs (the
    newsvendor's condition), and the best whole k is next to the best real one, :math:`k^* = \omega V / q`: the
    quantile :math:`\omega` is the least level that at most :math:`r / (p q)` of the hours exceed. The relaxation
    :math:`f_{k^*}(V)` is straight through 0 and bounds the cost from below; one step more bounds it from above. Where
    V grows by :math:`q / \omega` the same hours overflow by the same tokens with one step more: beyond the first few
    steps the cost repeats with that period.

    References
    ----------
    .. [1] L. V. Snyder and Z.-J. M. Shen, "Fundamentals of Supply Chain Theory", 2nd edition, Wiley 2019, chapter 4
       (the newsvendor problem).
    """

    load: HourlyLoad
    tokens_per_step: FloatOrDraws
    steps: tuple[Fixed, ...]
    overflow: tuple[PerToken, ...]
    min_steps: FloatOrDraws = 0.0
    label: str = "steps and overflow"
    citations: tuple[Citation, ...] = ()

    @property
    def _usd(self) -> FloatOrDraws:
        """What a step costs. [USD/month]"""
        return _total([step.usd_per_month for step in self.steps])

    @property
    def _price(self) -> FloatOrDraws:
        """What a token that overflows costs. [USD/token]"""
        return _total([price.usd_per_mtok for price in self.overflow]) / TOKENS_PER_MTOK

    @property
    def _cost_share(self) -> FloatOrDraws:
        """What a step costs over what it saves in an hour that it is full in; inf where it saves nothing."""
        saved = np.asarray(self._price * self.tokens_per_step, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(saved > 0.0, self._usd / saved, np.inf)
        return ratio if ratio.ndim else float(ratio)

    @property
    def _quantile(self) -> FloatOrDraws:
        """The level of load up to which steps are bought, if they could be cut; 0 is none."""
        at = np.searchsorted(-self.load.hours_above, -np.asarray(self._cost_share), side="left")
        level = np.concatenate([[0.0], self.load.loads])[at]
        return level if np.ndim(level) else float(level)

    def step_width(self) -> float | None:
        """Return by how much the volume grows from one step to the next; None where none is added. [tokens/month]"""
        level = float(self._quantile)
        return float(self.tokens_per_step) / level if level > 0.0 else None

    def count(self, volumes: Array) -> Array:
        """Return how many steps are cheapest at volumes, the fewer at a tie."""
        usd, price, tokens, least, level = (
            as_column(x, volumes.ndim)
            for x in (self._usd, self._price, self.tokens_per_step, self.min_steps, self._quantile)
        )
        fewer = np.maximum(np.floor(level * volumes / tokens), least)
        more = np.maximum(fewer + 1.0, least)
        dearer = usd * (more - fewer) >= price * (
            self.load.overflow(volumes, fewer * tokens) - self.load.overflow(volumes, more * tokens)
        )
        return np.asarray(np.where(dearer, fewer, more), dtype=float)

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        usd, price, tokens = (as_column(x, volumes.ndim) for x in (self._usd, self._price, self.tokens_per_step))
        count = self.count(volumes)
        held, spilt = self.load.line(volumes, count * tokens)
        return np.asarray(usd * count + price * held), np.asarray(price * spilt)

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        tokens, least, level = float(self.tokens_per_step), float(self.min_steps), float(self._quantile)
        found = [self._full(low, high)]
        if level > 0.0:
            first = max(np.floor(low * level / tokens) - 1.0, least)
            found.append(self._switches(np.arange(first, np.ceil(high * level / tokens) + 1.0)) * tokens)
        return _between(found, low, high)

    def _full(self, low: float, high: float) -> Array:
        """Return where so many steps are full in the hours of a level, for every number that may be the cheapest there.

        The cheapest number lies within a step of ``level * V / tokens``, so hours of other loads than the quantile's
        only decide while there are few steps, or the least number.
        """
        loads, tokens = self.load.loads, float(self.tokens_per_step)
        least, level = float(self.min_steps), float(self._quantile)
        with np.errstate(divide="ignore"):
            most = np.ceil(loads / np.abs(loads - level)) + 1.0 if level > 0.0 else np.zeros_like(loads)
        first = np.maximum(np.floor(low * loads / tokens), max(least, 1.0))
        last = np.minimum(np.ceil(high * loads / tokens), np.maximum(most, least))
        counts = np.maximum(last - first + 1.0, 0.0).astype(np.intp)
        ends = np.cumsum(counts)
        number = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
        return np.asarray((np.repeat(first, counts) + number) * np.repeat(tokens / loads, counts))

    def _switches(self, counts: Array) -> Array:
        """Return the volumes, in steps, above which one more step than each count is cheaper."""
        level, sought = float(self._quantile), float(self._cost_share)
        at = self.load.levels.index(level)
        share, above = self.load.shares[at], float(self.load.hours_above[at + 1])
        regular = counts >= self._irregular_steps
        volumes: Array = counts / level + (sought - above) / (share * level)
        few = counts[~regular]
        if few.size:
            volumes[~regular] = self._searched(few, few / level, (few + 1.0) / level, sought)
        return volumes

    def _searched(self, counts: Array, low: Array, high: Array, sought: float) -> Array:
        """Return where one more step takes ``sought`` off the overflow, between bounds; all in steps."""

        def taken_off(volumes: Array) -> tuple[Array, Array]:
            (a, b), (c, d) = self.load.line(volumes, counts), self.load.line(volumes, counts + 1.0)
            return a - c, b - d

        middle = (low + high) / 2
        for trial in range(_TRIALS):
            intercept, slope = taken_off(middle)
            missing = sought - (intercept + slope * middle)
            met = np.abs(missing) <= 4.0 * np.finfo(float).eps * (counts + 1.0)
            low, high = np.where(met | (missing > 0.0), middle, low), np.where(met | (missing <= 0.0), middle, high)
            if np.all(high - low <= 2.0 * np.finfo(float).eps * high):
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                crossed = middle + missing / slope
            inside = (crossed > low) & (crossed < high) & (trial % 3 != 2)  # every third time the bounds are halved
            middle = np.where(inside, crossed, (low + high) / 2)
        return high

    @property
    def _irregular_steps(self) -> float:
        """From so many steps on, only the hours at the quantile decide."""
        level = float(self._quantile)
        others = [load / abs(load - level) for load in self.load.levels if load != level]
        return float(np.ceil(max(others, default=0.0))) + 1.0

    def tail(self) -> Tail:
        """See `Term.tail`."""
        usd, price, tokens = float(self._usd), float(self._price), float(self.tokens_per_step)
        level, least = float(self._quantile), float(self.min_steps)
        if level == 0.0:
            held = usd * least - price * least * tokens * float(self.load.hours_above[0])
            return Tail(held, held, Fraction(price), least * tokens / self.load.levels[0])
        at = self.load.levels.index(level) + 1
        rest = float(self.load.load_above[at]) - level * float(self.load.hours_above[at])
        slope = Fraction(usd) * Fraction(level) / Fraction(tokens) + Fraction(price) * Fraction(rest)
        settled = (max(self._irregular_steps, least) + 1.0) * tokens / level
        return Tail(0.0, usd, slope, settled, (tokens / level,))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        count = self.count(volumes)
        spilt = self.load.overflow(volumes, count * as_column(self.tokens_per_step, volumes.ndim))
        mtok = spilt / TOKENS_PER_MTOK
        bought = [(x.label, as_column(x.usd_per_month, volumes.ndim) * count, x.citations) for x in self.steps]
        sent = [(x.label, as_column(x.usd_per_mtok, volumes.ndim) * mtok, x.citations) for x in self.overflow]
        return [Component(label, np.asarray(usd), citations) for label, usd, citations in (*bought, *sent)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        numbers = (self._usd, self._price, self.tokens_per_step, self.min_steps)
        return ("cheapest steps", self.load.levels, self.load.shares, *(hashable(number) for number in numbers))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> CheapestSteps:
        """See `Term.scaled`."""
        return replace(
            self,
            tokens_per_step=_stretched(self.tokens_per_step, share),
            steps=tuple(replace(step, usd_per_month=step.usd_per_month * usd_ratio) for step in self.steps),
            overflow=tuple(replace(x, usd_per_mtok=x.usd_per_mtok * usd_ratio * share) for x in self.overflow),
        )

    def draw(self, index: int) -> CheapestSteps:
        """See `Term.draw`."""
        return replace(
            self,
            tokens_per_step=pick(self.tokens_per_step, index),
            min_steps=pick(self.min_steps, index),
            steps=tuple(replace(step, usd_per_month=pick(step.usd_per_month, index)) for step in self.steps),
            overflow=tuple(replace(x, usd_per_mtok=pick(x.usd_per_mtok, index)) for x in self.overflow),
        )


def _total(parts: Sequence[FloatOrDraws]) -> FloatOrDraws:
    """Return the sum of coefficients."""
    total: FloatOrDraws = 0.0
    for part in parts:
        total = total + part
    return total


def _stretched(tokens: FloatOrDraws, share: FloatOrDraws) -> FloatOrDraws:
    """Return the tokens of V that make so many at a share of it; as they are at no share, where none come."""
    with np.errstate(divide="ignore", invalid="ignore"):
        stretched = np.where(np.asarray(share) > 0.0, np.divide(tokens, share), tokens)
    return stretched if stretched.ndim else float(stretched)


def _between(points: Sequence[Array], low: float, high: float) -> Array:
    """Return points strictly between two volumes, ascending, once each."""
    found = np.unique(np.concatenate(list(points)))
    return found[(found > low) & (found < high)]
