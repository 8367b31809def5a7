"""The chart of a two-parameter map: regions named where they lie, exact borders, and where the study is."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.show.frame import own_axes
from tokencross.show.rows import SMALL_SIZE, WORD_SIZE, log_ticks, room_inches, set_finding
from tokencross.show.style import (
    GREY,
    INK,
    PALE,
    line_styles,
    share_tick,
    shortened,
    text_colour,
    text_inches,
    volume_tick,
)
from tokencross.studies.cheapest_map import CheapestMap
from tokencross.studies.input_words import unit_words, value_words
from tokencross.studies.map_rows import MapAxis, MapRow
from tokencross.units import format_list

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_cheapest_map"]

Array: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[float, float]

_TINT_SHARE = 0.62  # of the way to white: words and borders stand out on it
_REFUSED = "#EEEEEE"
_CELLS = (160, 120)
_LEAST_CELLS = 2
_NAME_SIZE = 11.0
_SMALLER_SIZE = 8.5
_BORDER_WIDTH = 1.3
_HERE = "you are here"


def plot_cheapest_map(cheapest: CheapestMap, *, ax: Axes | None = None) -> Axes:
    """Return axes with a region per option over two inputs, and a mark where the study is.

    Parameters
    ----------
    cheapest : CheapestMap
        As `cheapest_map.cheapest_map` gives it.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        The first input against the second, logarithmic where a range spans more than a decade. What the study refuses
        is grey.
    """
    axes = own_axes()[1] if ax is None else ax
    _scales(axes, cheapest)
    colours = {label: style.colour for label, style in line_styles(cheapest.bills.study).items()}
    _fill(axes, cheapest, colours)
    _draw_borders(axes, cheapest)
    _name_regions(axes, cheapest, colours)
    _mark_here(axes, cheapest)
    title = f"{_axis_title(cheapest.x)}{_fixed(cheapest)}"
    set_finding(axes, _finding(cheapest), title, cheapest.bills.study, width=room_inches(axes))
    axes.set_ylabel(_axis_title(cheapest.y), color=INK, fontsize=WORD_SIZE, parse_math=False)
    return axes


def _scales(axes: Axes, cheapest: CheapestMap) -> None:
    """Give both axes their ranges and ticks."""
    from matplotlib.ticker import FuncFormatter

    x, y = cheapest.x, cheapest.y
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(y.low, y.high)
    for each, line, scale in ((x, axes.xaxis, axes.set_xscale), (y, axes.yaxis, axes.set_yscale)):
        tick = share_tick if each.place.address.endswith("_share") else volume_tick
        if each.log:
            scale("log")
            log_ticks(line, tick)
        else:
            line.set_major_formatter(FuncFormatter(tick))
    axes.spines[["right", "top"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(axis="both", which="both", color=PALE, labelcolor=INK, labelsize=WORD_SIZE)


def _axis_title(axis: MapAxis) -> str:
    """Return what an axis shows with its unit."""
    unit = unit_words(axis.place.address)
    return f"{axis.place.words}, {unit}" if unit else axis.place.words


def _fixed(cheapest: CheapestMap) -> str:
    """Say at which volume a map is, unless an axis does."""
    volume = cheapest.tokens_per_month
    return "" if volume is None else f"; at {value_words('tokens_per_month', volume)}"


# ---------------------------------------------------------------------- regions


def _fill(axes: Axes, cheapest: CheapestMap, colours: dict[str, str]) -> None:
    """Fill the regions, a collection per option."""
    from matplotlib.collections import PolyCollection

    shapes: dict[int, list[list[Point]]] = {}
    for place, shape in (each for strip in itertools.pairwise(cheapest.rows) for each in _strip(cheapest.y, *strip)):
        shapes.setdefault(place, []).append(shape)
    for place, polygons in shapes.items():
        label = cheapest.label(place)
        colour = _tint(colours[label]) if label else _REFUSED
        filled = PolyCollection(polygons, facecolor=colour, edgecolor=colour, linewidth=0.4, zorder=1)
        filled.set_gid(label or "refused")
        axes.add_collection(filled, autolim=False)


def _strip(y: MapAxis, below: MapRow, above: MapRow) -> list[tuple[int, list[Point]]]:
    """Return the shapes between two rows: slanted where both have the same regions, else each row's to the middle."""
    if below.places == above.places:
        return [
            (place, [(a, below.y), (b, below.y), (d, above.y), (c, above.y)])
            for place, (a, b), (c, d) in zip(
                below.places, itertools.pairwise(below.edges), itertools.pairwise(above.edges), strict=True
            )
        ]
    middle = _between(y, below, above)
    return [
        (place, [(a, low), (b, low), (b, high), (a, high)])
        for row, low, high in ((below, below.y, middle), (above, middle, above.y))
        for place, (a, b) in zip(row.places, itertools.pairwise(row.edges), strict=True)
    ]


def _between(y: MapAxis, below: MapRow, above: MapRow) -> float:
    """Return the value of y halfway up between two rows."""
    share = float(y.along(below.y) + y.along(above.y)) / 2.0
    if y.log:
        return float(y.low * (y.high / y.low) ** share)
    return y.low + (y.high - y.low) * share


def _tint(colour: str) -> str:
    """Return a colour light enough for words and borders to stand out on it."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * _TINT_SHARE):02X}" for part in parts)


def _draw_borders(axes: Axes, cheapest: CheapestMap) -> None:
    """Draw the lines between regions: through exact points, upright and level where regions end."""
    from matplotlib.collections import LineCollection

    lines: list[list[Point]] = []
    for below, above in itertools.pairwise(cheapest.rows):
        inner = zip(below.edges[1:-1], above.edges[1:-1], strict=False)
        if below.places == above.places:
            lines += [[(start, below.y), (end, above.y)] for start, end in inner]
            continue
        middle = _between(cheapest.y, below, above)
        lines += [[(edge, below.y), (edge, middle)] for edge in below.edges[1:-1]]
        lines += [[(edge, middle), (edge, above.y)] for edge in above.edges[1:-1]]
        lines += [[(start, middle), (end, middle)] for start, end in _differing(below, above)]
    drawn = LineCollection(lines, colors=INK, linewidths=_BORDER_WIDTH, capstyle="round", zorder=3)
    drawn.set_gid("borders")
    axes.add_collection(drawn, autolim=False)


def _differing(below: MapRow, above: MapRow) -> list[Point]:
    """Return the parts of x along which two rows have different winners."""
    edges = np.unique(np.concatenate([below.edges, above.edges]))
    middles = (edges[:-1] + edges[1:]) / 2.0
    first, second = (_places_along(row, middles) for row in (below, above))
    return [(float(edges[at]), float(edges[at + 1])) for at in np.flatnonzero(first != second)]


def _places_along(row: MapRow, values: Array) -> NDArray[np.intp]:
    """Return who is the cheapest at values of x."""
    found: NDArray[np.intp] = np.array(row.places, dtype=np.intp)[np.searchsorted(np.array(row.edges[1:-1]), values)]
    return found


# ---------------------------------------------------------------------- words


def _name_regions(axes: Axes, cheapest: CheapestMap, colours: dict[str, str]) -> None:
    """Write each option's name where its region is deepest, small where it is narrow."""
    cells = _cells(cheapest)
    inches = room_inches(axes)
    for place in sorted(set(cells.ravel().tolist())):
        label = cheapest.label(place)
        spot, depth = _deepest(cells == place)
        if depth < _LEAST_CELLS and label:
            continue
        words = shortened(label) if label else "not possible"
        wide = _run_share(cells[spot[0]] == place, spot[1]) * inches
        size = _NAME_SIZE if text_inches(words, size=_NAME_SIZE, bold=True) < wide else _SMALLER_SIZE
        half = text_inches(words, size=size, bold=True) / inches / 2.0
        axes.text(
            min(max((spot[1] + 0.5) / _CELLS[0], half), 1.0 - half),
            (spot[0] + 0.5) / _CELLS[1],
            words,
            transform=axes.transAxes,
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold",
            color=text_colour(_darker(colours[label])) if label else GREY,
            parse_math=False,
            zorder=5,
            gid="region",
        )


def _darker(colour: str) -> str:
    """Return a colour dark enough for words on its own tint."""
    return "#" + "".join(f"{round(int(colour[i : i + 2], 16) * 0.55):02X}" for i in (1, 3, 5))


def _cells(cheapest: CheapestMap) -> NDArray[np.intp]:
    """Return who is the cheapest in even cells of the chart, from the bottom: shape (rows, columns)."""
    columns, rows = _CELLS
    values = cheapest.x.at((np.arange(columns) + 0.5) / columns)
    known = cheapest.y.along(np.array([row.y for row in cheapest.rows]))
    nearest = np.abs(known[np.newaxis] - ((np.arange(rows) + 0.5) / rows)[:, np.newaxis]).argmin(axis=1)
    return np.stack([_places_along(cheapest.rows[at], values) for at in nearest])


def _deepest(inside: NDArray[np.bool_]) -> tuple[tuple[int, int], int]:
    """Return the cell of a region that is farthest from its edge, and how many cells that is."""
    left = np.pad(inside, 1)
    depth = 0
    while True:
        core = left[1:-1, 1:-1] & left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
        if not core.any():
            break
        left, depth = np.pad(core, 1), depth + 1
    spots = np.argwhere(left[1:-1, 1:-1])
    middle = spots.mean(axis=0)
    row, column = spots[np.abs(spots - middle).sum(axis=1).argmin()]
    return (int(row), int(column)), depth


def _run_share(inside: NDArray[np.bool_], at: int) -> float:
    """Return how much of the width the stretch around a cell takes."""
    outside = np.flatnonzero(~inside)
    left, right = outside[outside < at], outside[outside > at]
    start, end = (left[-1] + 1 if left.size else 0), (right[0] if right.size else inside.size)
    return float(end - start) / inside.size


def _mark_here(axes: Axes, cheapest: CheapestMap) -> None:
    """Put a mark where the study is, if that is on the map."""
    here = _here(cheapest)
    if here is None:
        return
    axes.scatter(*here, s=64.0, facecolor="white", edgecolor=INK, linewidth=1.8, zorder=7, gid="here", clip_on=False)
    rightwards = _more_room_right(axes, cheapest, here)
    axes.annotate(
        _HERE,
        here,
        xytext=(9.0 if rightwards else -9.0, 0.0),
        textcoords="offset points",
        ha="left" if rightwards else "right",
        va="center",
        fontsize=SMALL_SIZE,
        color=INK,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
        zorder=6,
    )


def _more_room_right(axes: Axes, cheapest: CheapestMap, here: Point) -> bool:
    """Return whether words right of a point stay within the chart, and rather than at its left within its region."""
    row = min(cheapest.rows, key=lambda each: abs(float(cheapest.y.along(each.y) - cheapest.y.along(here[1]))))
    at = float(cheapest.x.along(here[0]))
    edges = cheapest.x.along(np.array(row.edges))
    left, right = float(at - edges[edges <= at].max()), float(edges[edges >= at].min() - at)
    wanted = text_inches(_HERE, size=SMALL_SIZE) / room_inches(axes) + 0.03
    if at + wanted > 1.0 or at < wanted:
        return at < wanted
    return right >= min(wanted, left)


def _here(cheapest: CheapestMap) -> Point | None:
    """Return where the study is on the map; None where it is not on it."""
    x, y = cheapest.x, cheapest.y
    inside = x.low <= x.assumed <= x.high and y.low <= y.assumed <= y.high
    return (x.assumed, y.assumed) if inside else None


def _finding(cheapest: CheapestMap) -> str:
    """Return what a map says in a sentence."""
    winners = cheapest.winners
    if len(winners) == 1:
        return f"{winners[0]} is the cheapest everywhere on this map"
    here = _here(cheapest)
    if here is None or math.isnan(here[0]):
        return f"Each of {format_list(winners)} is the cheapest somewhere on this map"
    now = cheapest.cheapest_at(*here)
    others = format_list([label for label in winners if label != now])
    x, y = (f"{axis.place.words} {value_words(axis.place.address, axis.assumed)}" for axis in (cheapest.x, cheapest.y))
    return f"Where you are, at {x} and {y}, {now} is the cheapest; elsewhere on this map {others}"
