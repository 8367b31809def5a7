"""The cheapest option over any two inputs, with the borders between the regions exact."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import check_number
from tokencross.studies.bills import VOLUME, Bills
from tokencross.studies.compare import Comparison
from tokencross.studies.input_words import range_words
from tokencross.studies.inputs import uncertain_inputs
from tokencross.studies.map_rows import MapAxis, MapRow, rows_at
from tokencross.studies.pair import asked_volume
from tokencross.studies.places import Place, accepted_range, natural_range, places, volume_place
from tokencross.studies.turns import NOBODY, cheapest
from tokencross.units import format_count, format_list

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Border", "CheapestMap", "cheapest_map"]

Array: TypeAlias = NDArray[np.float64]
Range: TypeAlias = tuple[float, float]

_TAILS = np.array([0.01, 0.99])
_USUAL_RATIO = 3.0
_VOLUME_RATIO = 100.0
_MOST_ROWS_RATIO = 4
_JUMP_SHARE = 0.02  # of x: where two rows differ along more, one comes in between
_LEAST_GAP_SHARE = 1e-4
_MOST_ROUNDS = 14


@dataclass(frozen=True, eq=False)
class Border:
    """A line between two regions: ``left`` is the cheapest below its x, ``right`` above.

    Attributes
    ----------
    left, right : str
        Labels; empty where the study refuses the values.
    x, y : ndarray, shape (n,)
        Points of it, each exact in x.
    """

    left: str
    right: str
    x: Array
    y: Array


@dataclass(frozen=True, eq=False)
class CheapestMap:
    """Who of the substitutes is the cheapest over two inputs, everything else as assumed.

    Attributes
    ----------
    x, y : MapAxis
        The inputs, their ranges, and where the study is.
    labels : tuple of str
        The substitutes.
    rows : tuple of MapRow
        By y, ascending: more of them where a border jumps or runs far.
    tokens_per_month : float or None
        The volume, where it is neither x nor y. [tokens/month]
    """

    x: MapAxis
    y: MapAxis
    labels: tuple[str, ...]
    rows: tuple[MapRow, ...]
    tokens_per_month: float | None
    bills: Bills = field(repr=False)

    def label(self, place: int) -> str:
        """Return the label at a place; empty where the study refuses the values."""
        return "" if place == NOBODY else self.labels[place]

    def cheapest_at(self, x: float, y: float) -> str:
        """Return the cheapest at any two values, worked out for them.

        Raises
        ------
        ScenarioError
            If the study refuses the values.
        """
        changes = {address: np.array([float(x)]) for address in self.x.place.addresses}
        changes |= {address: np.array([float(y)]) for address in self.y.place.addresses}
        place = int(cheapest(self.bills.at(changes, one_by_one=True).totals)[0])
        if place == NOBODY:
            plain = {address: float(values[0]) for address, values in changes.items() if address != VOLUME}
            why = self.bills.refusal(plain) or f"{x:g} and {y:g}, which the study cannot be worked out at"
            raise ScenarioError(Problem("cheapest_at", why, "values that the study accepts"))
        return self.labels[place]

    def frame(self) -> pd.DataFrame:
        """Return who is the cheapest along x for each y: columns y, from_x, to_x [in the inputs' units], option."""
        import pandas as pd

        rows = [
            (row.y, start, end, self.label(place))
            for row in self.rows
            for start, end, place in zip(row.edges[:-1], row.edges[1:], row.places, strict=True)
        ]
        return pd.DataFrame(rows, columns=["y", "from_x", "to_x", "option"])

    @property
    def winners(self) -> tuple[str, ...]:
        """Labels that are the cheapest anywhere on the map, in the order given."""
        seen = {place for row in self.rows for place in row.places}
        return tuple(label for place, label in enumerate(self.labels) if place in seen)

    def borders(self) -> list[Border]:
        """Return the lines between regions, from bottom to top; a line ends where its regions end."""
        open_lines: list[tuple[tuple[int, int], list[tuple[float, float]]]] = []
        done: list[tuple[tuple[int, int], list[tuple[float, float]]]] = []
        before: tuple[int, ...] = ()
        for row in self.rows:
            if row.places != before:
                done += open_lines
                open_lines = [(pair, []) for pair in itertools.pairwise(row.places)]
                before = row.places
            for (_, points), edge in zip(open_lines, row.edges[1:-1], strict=True):
                points.append((edge, row.y))
        return [
            Border(self.label(left), self.label(right), *np.array(points).T)
            for (left, right), points in [*done, *open_lines]
        ]

    def __repr__(self) -> str:
        """Return the inputs and who wins anywhere in one line."""
        said = f"{self.x.place.words} and {self.y.place.words}"
        return f"<CheapestMap over {said}: {format_list(self.winners) or 'nobody'}>"

    def _repr_html_(self) -> str:
        """Return the ranges and who wins where you are, in a sentence."""
        return f'<div class="tokencross"><p>{escape(self.sentence())}</p></div>'

    def sentence(self) -> str:
        """Return what the map shows in a sentence."""
        x, y = (
            f"{axis.place.words} {range_words(axis.place.address, axis.low, axis.high)}" for axis in (self.x, self.y)
        )
        winners = self.winners
        if len(winners) == 1:
            return f"{winners[0]} is the cheapest for every {x} and every {y}."
        return f"The cheapest for {x} and {y} is {', '.join(winners[:-1])} or {winners[-1]}."


def cheapest_map(
    comparison: Comparison,
    x: str,
    y: str,
    *,
    x_range: Range | None = None,
    y_range: Range | None = None,
    points: int = 101,
    tokens_per_month: float | None = None,
) -> CheapestMap:
    """Return who of the substitutes is the cheapest over two inputs.

    Parameters
    ----------
    comparison : Comparison
        The study; what is uncertain in it is taken at its median.
    x, y : str
        Addresses, or names of uncertain inputs; ``tokens_per_month`` is the volume.
    x_range, y_range : (float, float), optional
        Lowest and highest value. Unless given: from the 1% to the 99% quantile of an uncertain input, a hundredth to
        a hundred times the volume, a third to three times any other, as far as the study accepts it.
    points : int
        Values of y at first, evenly spaced; there are more where a border jumps or runs far between two.
    tokens_per_month : float, optional
        The volume, where it is neither x nor y: the study's own unless given. [tokens/month]

    Raises
    ------
    ScenarioError
        If an address is unknown or both are the same, a range is none or not accepted, there are fewer than two
        points, or a volume is needed and not known.
    """
    study = comparison.medians
    if isinstance(points, bool) or not isinstance(points, int) or points < 2:
        raise ScenarioError(Problem("cheapest_map: points", repr(points), "a whole number of at least 2"))
    known = _known_places(comparison, tokens_per_month)
    pair = (_named(known, x, "x"), _named(known, y, "y"))
    if pair[0] == pair[1]:
        raise ScenarioError(Problem("cheapest_map", f"{x!r} as both x and y", "two different inputs"))
    of_volume = any(place.address == VOLUME for place in pair)
    volume = None if of_volume else asked_volume(study, tokens_per_month, where="cheapest_map")
    bills = Bills(study, study.substitutes, tokens_per_month=volume or study.here or 1e9)
    axes = [
        _axis(comparison, bills, place, given, name)
        for place, given, name in zip(pair, (x_range, y_range), ("x", "y"), strict=True)
    ]
    rows = _refined(bills, axes[0], axes[1], points)
    return CheapestMap(axes[0], axes[1], study.substitutes, rows, volume, bills)


def _known_places(comparison: Comparison, tokens_per_month: float | None) -> list[Place]:
    """Return every input that can be an axis, the volume among them."""
    here = comparison.here if tokens_per_month is None else tokens_per_month
    return [*places(comparison), volume_place(comparison, float("nan") if here is None else here)]


def _named(known: Sequence[Place], name: str, axis: str) -> Place:
    """Return the input of a name or address."""
    accepted = "an address that study.parameters() lists, or the name of an uncertain input"
    if not isinstance(name, str):
        raise ScenarioError(Problem(f"cheapest_map: {axis}", f"{name!r:.60}", accepted))
    for place in known:
        if name == place.name or name in place.addresses:
            return place
    names = [address for place in known for address in (*place.addresses, place.name)]
    raise ScenarioError(Problem(f"cheapest_map: {axis}", f"an unknown address {name!r}", accepted, offer(name, names)))


def _axis(comparison: Comparison, bills: Bills, place: Place, given: Range | None, name: str) -> MapAxis:
    """Return an input with its range."""
    if given is not None:
        return _given_axis(bills, place, given, name)
    low, high = _usual_range(comparison, place, name)
    if place.address != VOLUME:
        low, high = accepted_range(bills, place, low, high)
    if not low < high:
        found = f"only {low:g} is accepted for {place.words}"
        raise ScenarioError(Problem(f"cheapest_map: {name}", found, "an input that can be more than one value"))
    return MapAxis(place, low, high)


def _usual_range(comparison: Comparison, place: Place, name: str) -> Range:
    """Return the range of an input that nobody has given one for."""
    for each in uncertain_inputs(comparison):
        if place.name == each.name or place.addresses == each.addresses:
            low, high = (float(value) for value in each.quantiles(_TAILS))
            return low, high
    if not place.assumed > 0.0:
        found = f"no range, and {place.words} is {'not known' if place.assumed != 0.0 else '0'}"
        remedy = f"Say {name}_range=(low, high)."
        raise ScenarioError(Problem(f"cheapest_map: {name}_range", found, "a range for it", remedy))
    ratio = _VOLUME_RATIO if place.address == VOLUME else _USUAL_RATIO
    least, most = natural_range(place)
    low, high = max(place.assumed / ratio, least), min(place.assumed * ratio, most)
    return (float(np.floor(low)), float(np.ceil(high))) if place.whole else (low, high)


def _given_axis(bills: Bills, place: Place, given: Range, name: str) -> MapAxis:
    """Return an input with the range given, once both ends are seen to be accepted."""
    where = f"cheapest_map: {name}_range"
    try:
        low, high = (check_number(end, where=where, unit=place.unit) for end in given)
    except (TypeError, ValueError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(Problem(where, repr(given), "a pair of numbers, the lower one first")) from None
    if not (isinstance(low, float) and isinstance(high, float) and low < high):
        raise ScenarioError(Problem(where, repr(given), "a pair of numbers, the lower one first"))
    if place.address == VOLUME:
        if low <= 0.0:
            raise ScenarioError(Problem(where, f"{low:g}", "volumes above 0 (tokens per month)"))
        return MapAxis(place, low, high)
    for end in (low, high):
        if not bills.accepts(dict.fromkeys(place.addresses, end)):
            edges = accepted_range(bills, place, min(low, place.assumed), max(high, place.assumed))
            accepted = f"{place.words} {range_words(place.address, *edges)}"
            raise ScenarioError(Problem(where, format_count(end), accepted))
    return MapAxis(place, low, high)


# ---------------------------------------------------------------------- rows where they are needed


def _refined(bills: Bills, x: MapAxis, y: MapAxis, points: int) -> tuple[MapRow, ...]:
    """Return rows evenly spaced, and more of them where a border jumps or a region begins."""
    values = np.unique(y.at(np.linspace(0.0, 1.0, points)))
    rows = rows_at(bills, x, y, values.tolist())
    for _ in range(_MOST_ROUNDS):
        more = [_middle(y, *pair) for pair in itertools.pairwise(rows) if _apart(x, y, *pair)]
        more = sorted(set(more) - {row.y for row in rows})
        if not more or len(rows) + len(more) > _MOST_ROWS_RATIO * points:
            break
        rows = sorted([*rows, *rows_at(bills, x, y, more)], key=lambda row: row.y)
    return tuple(rows)


def _middle(y: MapAxis, below: MapRow, above: MapRow) -> float:
    """Return the value of y halfway between two rows."""
    return float(y.at((y.along(below.y) + y.along(above.y)) / 2.0))


def _apart(x: MapAxis, y: MapAxis, below: MapRow, above: MapRow) -> bool:
    """Return whether a row is missing between two: who is the cheapest differs along more than a little of x."""
    if float(y.along(above.y) - y.along(below.y)) <= _LEAST_GAP_SHARE or (y.place.whole and above.y - below.y <= 1.0):
        return False
    edges = np.unique(np.concatenate([below.edges, above.edges]))
    lengths, middles = np.diff(x.along(edges)), (edges[:-1] + edges[1:]) / 2.0
    first, second = (
        np.array(row.places)[np.searchsorted(np.array(row.edges[1:-1]), middles)] for row in (below, above)
    )
    return float(lengths[first != second].sum()) > _JUMP_SHARE
