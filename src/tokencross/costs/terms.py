"""The terms that a cost curve is a sum of: fixed, per token, staircase and bands.

A term answers three questions: on which straight line it runs at given volumes (its value follows), where its
breakpoints lie in a range, and how it behaves for ever beyond the last irregular one (two parallel lines that bound
it, and the periods with which it repeats). Terms that hold other terms are in ``composite``.

Every term is left-continuous: between two neighbouring breakpoints it is straight, the upper end included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws
from tokencross.units import TOKENS_PER_MTOK

__all__ = [
    "FULL_STEP_RATIO",
    "Array",
    "Bands",
    "Component",
    "Fixed",
    "PerToken",
    "Staircase",
    "Tail",
    "Term",
    "as_column",
]

Array: TypeAlias = NDArray[np.float64]

FULL_STEP_RATIO = 1.0 + 1e-12
"""A full step is inclusive: V counts as n steps up to n steps' tokens times this ratio."""


@dataclass(frozen=True)
class Tail:
    """How a term behaves beyond its last irregular breakpoint.

    For ``V >= from_volume`` the term lies between ``lower + slope * V`` and ``upper + slope * V``, and its
    distance from that line repeats with the least common multiple of ``periods`` (none: it is the line).
    """

    lower: float
    upper: float
    slope: Fraction  # USD per token, exact
    from_volume: float = 0.0
    periods: tuple[float, ...] = ()


@dataclass(frozen=True)
class Component:
    """A part of a bill: its label, what it costs at each volume, and where its numbers come from."""

    label: str
    usd_per_month: Array
    citations: tuple[Citation, ...]


class Term(Protocol):
    """What a cost curve can be a sum of."""

    @property
    def label(self) -> str:
        """Name of the component in a breakdown."""
        ...

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Where the coefficients come from."""
        ...

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """Return intercept [USD/month] and slope [USD/token] of the straight piece that each volume is on."""
        ...

    def breakpoints(self, low: float, high: float) -> Array:
        """Return the volumes strictly between ``low`` and ``high`` where slope or level may change, ascending."""
        ...

    def tail(self) -> Tail:
        """Return the two parallel lines and the periods that describe the term for all large volumes."""
        ...

    def components(self, volumes: Array) -> list[Component]:
        """Return the parts that the term adds to a breakdown."""
        ...

    def key(self) -> tuple[object, ...]:
        """Return what makes two terms the same cost, whatever their labels."""
        ...

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """Return the term whose value at V is ``usd_ratio`` times this one's at ``share * V``."""
        ...

    def draw(self, index: int) -> Term:
        """Return the plain term of one draw."""
        ...


def as_column(coefficient: FloatOrDraws, ndim: int) -> FloatOrDraws:
    """Return a coefficient so that draws come first when combined with an array of ``ndim`` dimensions."""
    if isinstance(coefficient, np.ndarray) and coefficient.ndim == 1:
        return coefficient.reshape((-1,) + (1,) * ndim)
    return coefficient


def pick(coefficient: FloatOrDraws, index: int) -> float:
    """Return the coefficient of one draw."""
    return float(coefficient[index]) if isinstance(coefficient, np.ndarray) else coefficient


def hashable(coefficient: FloatOrDraws) -> object:
    """Return a coefficient in a form that compares by value."""
    return coefficient.tobytes() if isinstance(coefficient, np.ndarray) else coefficient


def flat(value: FloatOrDraws, volumes: Array) -> Array:
    """Spread a coefficient over volumes, draws first."""
    column = np.asarray(as_column(value, volumes.ndim), dtype=float)
    return np.broadcast_to(column, np.broadcast_shapes(column.shape, volumes.shape))


def straight(term: Term, volumes: Array) -> Array:
    """Return a term's value at volumes from the line that it runs on."""
    intercept, slope = term.line(volumes)
    return intercept + slope * volumes


_NO_BREAKPOINTS = np.empty(0)


@dataclass(frozen=True, eq=False)
class Fixed:
    """A monthly amount that does not depend on volume."""

    usd_per_month: FloatOrDraws
    label: str = "fixed"
    citations: tuple[Citation, ...] = ()

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        return flat(self.usd_per_month, volumes), np.zeros_like(volumes)

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        return _NO_BREAKPOINTS

    def tail(self) -> Tail:
        """See `Term.tail`."""
        usd = float(self.usd_per_month)
        return Tail(usd, usd, Fraction(0))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        return [Component(self.label, straight(self, volumes), self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return ("fixed", hashable(self.usd_per_month))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        return replace(self, usd_per_month=self.usd_per_month * usd_ratio)

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        return replace(self, usd_per_month=pick(self.usd_per_month, index))


@dataclass(frozen=True, eq=False)
class PerToken:
    """A price for every token."""

    usd_per_mtok: FloatOrDraws
    label: str = "tokens"
    citations: tuple[Citation, ...] = ()

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        return np.zeros_like(volumes), flat(self.usd_per_mtok / TOKENS_PER_MTOK, volumes)

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        return _NO_BREAKPOINTS

    def tail(self) -> Tail:
        """See `Term.tail`."""
        return Tail(0.0, 0.0, usd_per_token(float(self.usd_per_mtok)))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        return [Component(self.label, straight(self, volumes), self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return ("per token", hashable(self.usd_per_mtok))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        return replace(self, usd_per_mtok=self.usd_per_mtok * usd_ratio * share)

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        return replace(self, usd_per_mtok=pick(self.usd_per_mtok, index))


def usd_per_token(usd_per_mtok: float) -> Fraction:
    """Return a price per million tokens as an exact price per token."""
    return Fraction(usd_per_mtok) / int(TOKENS_PER_MTOK)


@dataclass(frozen=True, eq=False)
class Staircase:
    """Capacity bought in whole steps: ``usd_per_step * max(min_steps, ceil(V / tokens_per_step))``."""

    usd_per_step: FloatOrDraws
    tokens_per_step: FloatOrDraws
    min_steps: FloatOrDraws = 0.0
    label: str = "capacity"
    citations: tuple[Citation, ...] = ()

    def steps(self, volumes: Array) -> Array:
        """Return the number of steps bought at each volume."""
        tokens = as_column(self.tokens_per_step, volumes.ndim)
        minimum = as_column(self.min_steps, volumes.ndim)
        return np.maximum(np.ceil(volumes / (tokens * FULL_STEP_RATIO)), minimum)

    def steps_per_token(self) -> float:
        """Return the factor that turns volumes into steps before rounding up."""
        return 1.0 / (float(self.tokens_per_step) * FULL_STEP_RATIO)

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        return as_column(self.usd_per_step, volumes.ndim) * self.steps(volumes), np.zeros_like(volumes)

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        tokens = float(self.tokens_per_step)
        first = max(np.floor(low / tokens), float(self.min_steps), 1.0)
        last = np.ceil(high / tokens)
        points = np.arange(first, last + 1.0) * tokens
        return points[(points > low) & (points < high)]

    def tail(self) -> Tail:
        """See `Term.tail`."""
        usd, tokens = float(self.usd_per_step), float(self.tokens_per_step)
        slope = Fraction(usd) / Fraction(tokens)
        return Tail(0.0, usd, slope, max(float(self.min_steps) - 1.0, 0.0) * tokens, (tokens,))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        return [Component(self.label, straight(self, volumes), self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return (
            "staircase",
            *(hashable(x) for x in (self.usd_per_step, self.tokens_per_step, self.min_steps)),
        )

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        with np.errstate(divide="ignore"):  # a share of 0 buys the minimum only: infinitely wide steps
            tokens = np.divide(self.tokens_per_step, share)
        if tokens.ndim == 0:
            tokens = float(tokens)
        return replace(self, usd_per_step=self.usd_per_step * usd_ratio, tokens_per_step=tokens).settled()

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        usd, tokens, minimum = (pick(x, index) for x in (self.usd_per_step, self.tokens_per_step, self.min_steps))
        return replace(self, usd_per_step=usd, tokens_per_step=tokens, min_steps=minimum).settled()

    def settled(self) -> Term:
        """Return the fixed term that a staircase without steps is, or itself."""
        if isinstance(self.tokens_per_step, float) and np.isinf(self.tokens_per_step):
            return Fixed(self.usd_per_step * self.min_steps, self.label, self.citations)
        return self


@dataclass(frozen=True, eq=False)
class Bands:
    """Prices that change with volume.

    Band i holds from ``starts[i]`` (excluded) on, at ``usd_per_mtok[i]``. Marginal: each token pays its band's
    price. Whole bill: the band that V is in prices all of V.
    """

    starts: tuple[FloatOrDraws, ...]
    usd_per_mtok: tuple[FloatOrDraws, ...]
    whole_bill: bool = False
    label: str = "tokens"
    citations: tuple[Citation, ...] = ()

    def intercepts(self) -> list[FloatOrDraws]:
        """Return the intercept of each band's line. [USD/month]"""
        if self.whole_bill:
            return [0.0 for _ in self.starts]
        intercepts: list[FloatOrDraws] = [0.0]
        for start, before, after in zip(self.starts[1:], self.usd_per_mtok[:-1], self.usd_per_mtok[1:], strict=True):
            intercepts.append(intercepts[-1] + (before - after) / TOKENS_PER_MTOK * _reached(start))
        return intercepts

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        shape = np.broadcast_shapes(*(flat(x, volumes).shape for x in (*self.starts, *self.usd_per_mtok)))
        intercept, slope = np.zeros(shape), np.zeros(shape)
        for start, price, level in zip(self.starts, self.usd_per_mtok, self.intercepts(), strict=True):
            # a start of 0 also holds at V = 0 itself; infinite starts (a share of 0) never do
            inside = (volumes > as_column(start, volumes.ndim)) | (np.asarray(as_column(start, volumes.ndim)) == 0)
            slope = np.where(inside, as_column(price, volumes.ndim) / TOKENS_PER_MTOK, slope)
            intercept = np.where(inside, as_column(level, volumes.ndim), intercept)
        return intercept, slope

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        starts = np.array([float(start) for start in self.starts])
        return starts[(starts > low) & (starts < high)]

    def tail(self) -> Tail:
        """See `Term.tail`."""
        level = float(self.intercepts()[-1])
        return Tail(level, level, usd_per_token(float(self.usd_per_mtok[-1])), float(self.starts[-1]))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        return [Component(self.label, straight(self, volumes), self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return ("bands", self.whole_bill, *(hashable(x) for x in (*self.starts, *self.usd_per_mtok)))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        if not isinstance(share, np.ndarray) and share == 0.0:
            return Fixed(0.0, self.label, self.citations)
        starts = tuple(_stretch(start, share) for start in self.starts)
        return replace(self, starts=starts, usd_per_mtok=tuple(p * usd_ratio * share for p in self.usd_per_mtok))

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        starts = tuple(pick(start, index) for start in self.starts)
        prices = tuple(pick(price, index) for price in self.usd_per_mtok)
        finite = sum(np.isfinite(start) for start in starts)
        return replace(self, starts=starts[:finite], usd_per_mtok=prices[:finite])


def _reached(start: FloatOrDraws) -> FloatOrDraws:
    """Return a band's start, 0 where it never begins: no line of it is ever taken there."""
    if isinstance(start, np.ndarray):
        return np.where(np.isinf(start), 0.0, start)
    return 0.0 if np.isinf(start) else start


def _stretch(start: FloatOrDraws, share: FloatOrDraws) -> FloatOrDraws:
    """Return the volume at which a share of it reaches ``start`` (0 stays 0, whatever the share)."""
    if not isinstance(start, np.ndarray) and start == 0.0:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        stretched = np.where(np.asarray(start) == 0.0, 0.0, np.divide(start, share))
    return stretched if stretched.ndim else float(stretched)
