"""The rows of a two-parameter map: at one value of an input, who is the cheapest along another, exact."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.envelope import lower_envelope
from tokencross.studies.bills import REFUSED, VOLUME, Bills
from tokencross.studies.places import Place
from tokencross.studies.turns import FEW, NOBODY, Costs, Effort, Walked, between, walk

__all__ = ["MapAxis", "MapRow", "rows_at"]

Array: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

_GRID = 48
_FEW_GRID = 8
_EFFORT = Effort(64, 3, 2_048)
_CHECKED = 12
_SAME_RATIO = 1e-9
_DECADE = 10.0
_PARTS = 8


@dataclass(frozen=True)
class MapAxis:
    """One input of a map and the range over which it is looked at.

    ``assumed`` is nan for a volume that nobody has said.
    """

    place: Place
    low: float
    high: float

    @property
    def assumed(self) -> float:
        """Where the study is."""
        return self.place.assumed

    @property
    def is_volume(self) -> bool:
        """Whether it is the volume itself."""
        return self.place.address == VOLUME

    @property
    def log(self) -> bool:
        """Whether the range spans more than a decade, so that ratios are what counts."""
        return self.low > 0.0 and self.high / self.low > _DECADE

    def along(self, values: Array | float) -> Array:
        """Return how far values lie along the axis: 0 at its low end, 1 at its high one."""
        found = np.asarray(values, dtype=float)
        if self.log:
            return np.asarray(np.log(found / self.low) / math.log(self.high / self.low))
        return np.asarray((found - self.low) / (self.high - self.low))

    def at(self, along: Array | float) -> Array:
        """Return the values so far along the axis; whole ones of an input that takes no others."""
        share = np.asarray(along, dtype=float)
        values = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        return np.asarray(np.round(values) if self.place.whole else np.clip(values, self.low, self.high))


@dataclass(frozen=True)
class MapRow:
    """Who is the cheapest along x at one y: ``places[k]`` from ``edges[k]`` to ``edges[k + 1]``."""

    y: float
    edges: tuple[float, ...]
    places: tuple[int, ...]


def rows_at(bills: Bills, x: MapAxis, y: MapAxis, values: Sequence[float]) -> list[MapRow]:
    """Return a row for each value of y.

    Along a volume it is the envelope of the curves; along anything else `turns.walk`. Values are worked out together,
    as draws, where that gives what they give one by one: options may choose GPUs by the median of their draws.
    """
    if x.is_volume:
        return _rows_over_volume(bills, x, y, values)
    for one_by_one in (False, True):
        try:
            found = _walked(bills, x, y, values, one_by_one=one_by_one)
        except REFUSED:
            continue
        if one_by_one or _holds(bills, x, y, values, found):
            return [_row(each, value, x) for each, value in zip(found, values, strict=True)]
    raise AssertionError("values one by one are never refused as a whole")


def _changes(x: MapAxis, y: MapAxis, at_x: Array, at_y: Array) -> dict[str, Array]:
    """Return the numbers at the addresses of both inputs."""
    return {**dict.fromkeys(x.place.addresses, at_x), **dict.fromkeys(y.place.addresses, at_y)}


def _walked(bills: Bills, x: MapAxis, y: MapAxis, values: Sequence[float], *, one_by_one: bool) -> list[Walked]:
    """Return a walk along x for each value of y."""
    of_rows = np.asarray(values, dtype=float)

    def costs_at(walks: Places, points: Array) -> Costs:
        changes = _changes(x, y, points, of_rows[walks])
        return bills.at(changes, one_by_one=True) if one_by_one else _sieved(bills, changes)

    inner = x.at(np.arange(1, _GRID) / _GRID) if not one_by_one else between(x.low, x.high, _FEW_GRID)
    inner = np.round(inner) if x.place.whole else inner
    start = np.unique(np.concatenate([[x.low, x.high], inner[(inner > x.low) & (inner < x.high)]]))
    effort = FEW if one_by_one else _EFFORT
    return walk(costs_at, [start] * of_rows.size, first_only=False, whole=x.place.whole, effort=effort)


def _sieved(bills: Bills, changes: dict[str, Array]) -> Costs:
    """Return costs as draws, nan where a study cannot be stated."""
    try:
        return bills.at(changes)
    except REFUSED:
        stated = bills.stated(changes)
    found = _in_parts(bills, {address: values[stated] for address, values in changes.items()}, outermost=True)
    totals = np.full((stated.size, len(bills.labels)), np.nan)
    terms = np.zeros((stated.size, found.terms.shape[1]))
    totals[stated], terms[stated] = found.totals, found.terms
    return Costs(totals, terms, found.owners)


def _in_parts(bills: Bills, changes: dict[str, Array], *, outermost: bool) -> Costs:
    """Return costs as draws, part by part where some value cannot be worked out; those that no part takes alone.

    Raises
    ------
    TokencrossError or ArithmeticError
        If every part of all the values is refused: then draws are.
    """
    count = len(next(iter(changes.values())))
    try:
        return bills.at(changes)
    except REFUSED:
        if not outermost and count <= _PARTS:
            return bills.at(changes, one_by_one=True)
    found: list[Costs | None] = []
    cuts = np.linspace(0, count, _PARTS + 1).astype(int)
    parts = [
        {address: values[start:end] for address, values in changes.items()} for start, end in itertools.pairwise(cuts)
    ]
    for part in parts:
        try:
            found.append(bills.at(part))
        except REFUSED:
            found.append(None)
    if outermost and all(each is None for each in found):
        return bills.at(changes)  # raises what it raised
    whole = [
        _in_parts(bills, part, outermost=False) if each is None else each
        for part, each in zip(parts, found, strict=True)
    ]
    width = max(each.terms.shape[1] for each in whole)
    terms = [np.pad(each.terms, ((0, 0), (0, width - each.terms.shape[1]))) for each in whole]
    return Costs(np.concatenate([each.totals for each in whole]), np.concatenate(terms), bills.owners)


def _holds(bills: Bills, x: MapAxis, y: MapAxis, values: Sequence[float], found: Sequence[Walked]) -> bool:
    """Return whether some of the values give alone what they gave together."""
    picked = np.linspace(0, len(found) - 1, min(_CHECKED, len(found))).astype(int)
    for turn, index in enumerate(picked):
        each = found[index]
        at = [0, each.points.size // 2, each.points.size - 1][turn % 3 :][:1]
        alone = bills.at(_changes(x, y, each.points[at], np.full(1, values[index])), one_by_one=True).totals
        if not np.allclose(alone, each.totals[at], rtol=_SAME_RATIO, atol=0.0, equal_nan=True):
            return False
    return True


def _row(each: Walked, y: float, x: MapAxis) -> MapRow:
    """Return a walk as a row."""
    edges = (x.low, *(turn.first for turn in each.turns), x.high)
    return MapRow(y, edges, (each.start, *(turn.new for turn in each.turns)))


# ---------------------------------------------------------------------- along the volume


def _rows_over_volume(bills: Bills, x: MapAxis, y: MapAxis, values: Sequence[float]) -> list[MapRow]:
    """Return the envelope of the curves at each value of y, within the range of x."""
    of_rows = np.asarray(values, dtype=float)
    alone = [_curves_alone(bills, y, value) for value in of_rows[[0, of_rows.size // 2, -1]]]
    try:
        curves = bills.curves(dict.fromkeys(y.place.addresses, of_rows))
    except REFUSED:
        curves = None
    if curves is None or not _same(curves, alone, of_rows.size, x):
        return [_envelope_row(_curves_alone(bills, y, value), value, x) for value in of_rows]
    return [
        _envelope_row([each if each.draw_count is None else each.draw(index) for each in curves], value, x)
        for index, value in enumerate(of_rows)
    ]


def _curves_alone(bills: Bills, y: MapAxis, value: float) -> list[CostCurve] | None:
    """Return the curves at one value of y; None where it is refused."""
    try:
        return bills.curves(dict.fromkeys(y.place.addresses, float(value)))
    except REFUSED:
        return None


def _same(together: Sequence[CostCurve], alone: Sequence[list[CostCurve] | None], count: int, x: MapAxis) -> bool:
    """Return whether the first, the middle and the last draw of curves cost what the curves worked out alone do."""
    volumes = x.at(np.linspace(0.0, 1.0, 7))
    for index, curves in zip((0, count // 2, count - 1), alone, strict=True):
        if curves is None:
            return False
        for one, other in zip(together, curves, strict=True):
            plain = one if one.draw_count is None else one.draw(index)
            if not np.allclose(plain.usd_per_month(volumes), other.usd_per_month(volumes), rtol=_SAME_RATIO, atol=0.0):
                return False
    return True


def _envelope_row(curves: list[CostCurve] | None, y: float, x: MapAxis) -> MapRow:
    """Return a row of the envelope, cut to the range of x; nobody's where the study refuses y."""
    if curves is None:
        return MapRow(float(y), (x.low, x.high), (NOBODY,))
    seen = [each for each in lower_envelope(curves) if each.high > x.low and each.low < x.high]
    edges = (x.low, *(each.high for each in seen[:-1]), x.high)
    return MapRow(float(y), edges, tuple(each.winner for each in seen))
