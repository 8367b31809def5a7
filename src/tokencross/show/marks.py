"""What is written on a chart: labels at the ends of lines, flags at volumes, and the band of the cheapest.

Labels find their places when the figure is drawn, from the size that the axes then have: they do not overlap after a
resize either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from tokencross.show.style import GREY, INK, PALE, LineStyle, ink_on, size_for, text_colour, text_inches, wrapped
from tokencross.show.view import MOST_LARGE_FLAGS, Kind, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.collections import PolyCollection
    from matplotlib.text import Annotation
    from matplotlib.transforms import Transform

    from tokencross.studies.compare import Comparison

    _Place: TypeAlias = Callable[[int, RendererBase], tuple[float, float]]

__all__ = [
    "At",
    "EndLabel",
    "FlagBox",
    "add_band",
    "add_end_labels",
    "add_flags",
    "add_hairlines",
    "apart",
    "headroom_share",
    "pixels",
    "stacked",
    "width_inches",
    "words_size",
]

_Dash: TypeAlias = Literal["-", "--", ":"]

_END_GAP_POINTS = 13.0
_LINE_GAP_POINTS = 5.0
_ROW_GAP_POINTS = 3.0
_MOST_HEADROOM_SHARE = 0.4
_BAND_INCHES = 0.19
_BAND_SIZE = 9.0
_BAND_PAD_INCHES = 0.12
_BAND_LEAST_SHARE = 0.08
_FLAG_SIZES: dict[Kind, float] = {"switch": 13.0, "for good": 9.5, "here": 10.5, "beats": 9.0}
_CROWDED_SIZE = 9.0
_BOLD = ("switch", "here")
_HAIRLINES: dict[Kind, tuple[float, _Dash]] = {
    "switch": (1.3, "-"),
    "for good": (0.9, "-"),
    "here": (1.1, "--"),
    "beats": (0.8, ":"),
}


@dataclass(frozen=True)
class EndLabel:
    """Words at the right end of a line: what, at which height of the axis, in which colour."""

    text: str
    value: float
    style: LineStyle


@dataclass(frozen=True)
class FlagBox:
    """A flag's place in pixels from the axes' lower left: the volume's x, and the size of its words."""

    x: float
    width: float
    height: float


def width_inches(axes: Axes) -> float:
    """Return the width of axes as they are now. [inches]"""
    inverse = axes.figure.dpi_scale_trans.inverted()
    return float(axes.get_window_extent().transformed(inverse).width)


# ---------------------------------------------------------------------- at the ends of lines


def add_end_labels(axes: Axes, labels: Sequence[EndLabel]) -> list[Annotation]:
    """Return direct labels at the right end of lines, moved apart, each tied to its line's end."""
    right = axes.get_xlim()[1]
    floor, top = axes.get_ylim()
    size = size_for(width_inches(axes), 10.0)
    notes: list[Annotation] = []

    def place(index: int, renderer: RendererBase) -> tuple[float, float]:
        heights = [words_size(note, renderer)[1] for note in notes]
        wanted = [float(axes.transData.transform((right, _inside(label.value, floor, top)))[1]) for label in labels]
        low, high = axes.bbox.y0, axes.bbox.y1
        return axes.bbox.x1 + pixels(axes, _END_GAP_POINTS), apart(wanted, heights, low, high)[index]

    for index, label in enumerate(labels):
        colour = text_colour(label.style.colour)
        note = axes.annotate(
            label.text,
            xy=(right, _inside(label.value, floor, top)),
            xytext=(0.0, 0.0),
            textcoords=At(place, index),
            ha="left",
            va="center",
            color=colour,
            fontsize=size * (0.92 if label.style.reference else 1.0),
            fontweight="normal" if label.style.reference else "bold",
            linespacing=1.05,
            annotation_clip=False,
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "color": label.style.colour,
                "linewidth": 0.8,
                "relpos": (0.0, 0.5),
                "shrinkA": 1.0,
                "shrinkB": 1.0,
            },
        )
        notes.append(note)
    return notes


def _inside(value: float, floor: float, top: float) -> float:
    """Return a value as the axis can show it."""
    return float(min(max(value, floor), top))


def apart(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return centres as near as possible to the wanted ones, so that boxes stacked on them do not overlap.

    Parameters
    ----------
    wanted, heights : sequence of float
        Centre and height of each box. [pixels]
    low, high : float
        Where they should stay, as long as there is room. [pixels]

    Examples
    --------
    >>> apart([10.0, 12.0, 50.0], [10.0, 10.0, 10.0], 0.0, 100.0)
    [6.0, 16.0, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], -i))
    clusters: list[tuple[float, list[int]]] = []  # lower edge, and who is in it from below
    for index in order:
        members = [index]
        edge = _edge(members, wanted, heights, low, high)
        while clusters and clusters[-1][0] + sum(heights[i] for i in clusters[-1][1]) > edge:
            members = clusters.pop()[1] + members
            edge = _edge(members, wanted, heights, low, high)
        clusters.append((edge, members))
    centres = [0.0] * len(wanted)
    for edge, members in clusters:
        below = edge
        for index in members:
            centres[index] = below + heights[index] / 2.0
            below += heights[index]
    return centres


def _edge(members: Sequence[int], wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> float:
    """Return the lower edge of a stack that is nearest to what its boxes want."""
    offsets, total = [], 0.0
    for index in members:
        offsets.append(wanted[index] - total - heights[index] / 2.0)
        total += heights[index]
    best = sum(offsets) / len(offsets)
    return max(min(best, high - total), low)


# ---------------------------------------------------------------------- flags


def add_hairlines(axes: Axes, marks: Sequence[Mark], styles: dict[str, LineStyle]) -> None:
    """Draw a fine upright line at every mark in view."""
    low, high = axes.get_xlim()
    for mark in marks:
        if low <= mark.volume <= high:
            width, dash = _HAIRLINES[mark.kind]
            colour = _flag_colour(mark, styles)
            axes.vlines(
                mark.volume,
                0.0,
                1.0,
                transform=axes.get_xaxis_transform(),
                colors=PALE if mark.kind == "beats" else colour,
                linewidths=width,
                linestyles=dash,
                zorder=1.5,
            )


def add_flags(axes: Axes, marks: Sequence[Mark], styles: dict[str, LineStyle]) -> list[Annotation]:
    """Return the marks' words, under the top of the axes, each beside its volume and clear of the others."""
    low, high = axes.get_xlim()
    shown = [mark for mark in marks if low <= mark.volume <= high]
    room = width_inches(axes)
    notes: list[Annotation] = []

    def place(index: int, renderer: RendererBase) -> tuple[float, float]:
        left = axes.bbox.x0
        boxes = [
            FlagBox(float(axes.transData.transform((mark.volume, 1.0))[0]) - left, *words_size(note, renderer))
            for mark, note in zip(shown, notes, strict=True)
        ]
        gap, row = pixels(axes, _LINE_GAP_POINTS), pixels(axes, _ROW_GAP_POINTS)
        x, depth = stacked(boxes, width=axes.bbox.width, gap=gap, row=row)[index]
        return left + x, axes.bbox.y1 - depth

    crowded = sum(mark.kind == "switch" for mark in shown) > MOST_LARGE_FLAGS
    for index, mark in enumerate(shown):
        size = size_for(room, min(_FLAG_SIZES[mark.kind], _CROWDED_SIZE if crowded else math.inf))
        note = axes.annotate(
            wrapped(mark.text, width_inches=room * 0.75, size=size, bold=mark.kind in _BOLD),
            xy=(mark.volume, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0.0, 0.0),
            textcoords=At(place, index),
            ha="left",
            va="top",
            color=_flag_colour(mark, styles),
            fontsize=size,
            fontweight="bold" if mark.kind in _BOLD else "normal",
            bbox={"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"},
            zorder=6,
            parse_math=False,
        )
        note.set_in_layout(False)
        notes.append(note)
    return notes


def headroom_share(axes: Axes, notes: Sequence[Annotation]) -> float:
    """Return the share of the axes' height that flags take at its present size."""
    if not notes:
        return 0.0
    lowest = float(min(note.get_window_extent().y0 for note in notes))
    taken = float(axes.bbox.y1 - lowest) / float(axes.bbox.height)
    return min(max(taken, 0.0), _MOST_HEADROOM_SHARE)


def stacked(boxes: Sequence[FlagBox], *, width: float, gap: float, row: float) -> list[tuple[float, float]]:
    """Return where each flag goes: left edge, and depth below the top of the axes. [pixels]

    A flag stands to the right or the left of its volume, within the axes: where it is higher up, then where it covers
    fewer of the other volumes. One that would overlap an earlier one goes below it.

    Examples
    --------
    >>> stacked([FlagBox(10.0, 50.0, 8.0), FlagBox(20.0, 50.0, 8.0)], width=100.0, gap=2.0, row=1.0)
    [(12.0, 1.0), (22.0, 10.0)]
    """
    placed: list[tuple[float, float, float]] = []  # left, right, bottom
    spots = []
    for box in boxes:
        sides = [box.x + gap, box.x - gap - box.width]
        inside = [x for x in sides if x >= 0.0 and x + box.width <= width]
        choices = inside or [min(max(sides[0], 0.0), max(width - box.width, 0.0))]
        costs = [(_depth(placed, x, box.width, gap), _covered(boxes, x, box.width), i) for i, x in enumerate(choices)]
        depth, _, best = min(costs)
        placed.append((choices[best], choices[best] + box.width, depth + row + box.height))
        spots.append((choices[best], depth + row))
    return spots


def _depth(placed: Sequence[tuple[float, float, float]], x: float, width: float, gap: float) -> float:
    """Return how far down the boxes reach that are over a span. [pixels]"""
    return max([bottom for left, right, bottom in placed if left < x + width + gap and x < right + gap], default=0.0)


def _covered(boxes: Sequence[FlagBox], x: float, width: float) -> int:
    """Return how many volumes a span covers."""
    return sum(x < box.x < x + width for box in boxes)


def _flag_colour(mark: Mark, styles: dict[str, LineStyle]) -> str:
    """Return a mark's colour: its option's for a switch, ink for you, grey otherwise."""
    if mark.kind in {"switch", "for good"}:
        return text_colour(styles[mark.label].colour)
    return INK if mark.kind == "here" else GREY


# ---------------------------------------------------------------------- the band


def add_band(axes: Axes, comparison: Comparison, styles: dict[str, LineStyle]) -> PolyCollection:
    """Return the band along the bottom that says who of the substitutes is the cheapest, every stretch of it."""
    from matplotlib.transforms import BboxTransformTo, ScaledTranslation, blended_transform_factory

    low, high = axes.get_xlim()
    inches = axes.figure.dpi_scale_trans + ScaledTranslation(0.0, 0.0, BboxTransformTo(axes.bbox))
    over = blended_transform_factory(axes.transData, inches)
    seen = [s for s in comparison.stretches if s.high > low and s.low < high]
    spans = [(max(s.low, low), min(s.high, high), comparison.substitutes[s.winner]) for s in seen]
    band = axes.broken_barh(
        [(start, end - start) for start, end, _ in spans],
        (0.0, _BAND_INCHES),
        facecolors=[styles[label].colour for _, _, label in spans],
        linewidth=0.0,
        transform=over,
        zorder=4,
    )
    band.set_gid("cheapest")
    inches_per_decade = width_inches(axes) / np.log10(high / low)
    lead = "cheapest: "
    for start, end, label in spans:
        room = float(np.log10(end / start)) * inches_per_decade
        if room < _BAND_LEAST_SHARE * width_inches(axes):
            continue
        choices = (f"{lead}{label}", label)
        text = next((t for t in choices if text_inches(t, size=_BAND_SIZE, bold=True) + _BAND_PAD_INCHES < room), "")
        if text:
            lead = ""
            at = (float(np.sqrt(start * end)), _BAND_INCHES / 2.0)
            words = axes.text(*at, text, transform=over, ha="center", va="center_baseline", zorder=5)
            words.set(
                color=ink_on(styles[label].colour),
                fontsize=_BAND_SIZE,
                fontweight="bold",
                in_layout=False,
                parse_math=False,
            )
    return band


# ---------------------------------------------------------------------- placing


class At:
    """Coordinates that are asked for when the figure is drawn."""

    def __init__(self, place: _Place, index: int) -> None:
        self._place = place
        self._index = index

    def __call__(self, renderer: RendererBase) -> Transform:
        """Return the shift to the place."""
        from matplotlib.transforms import Affine2D

        return Affine2D().translate(*self._place(self._index, renderer))


def words_size(note: Annotation, renderer: RendererBase) -> tuple[float, float]:
    """Return width and height of an annotation's words, wherever they are. [pixels]"""
    from matplotlib.text import Text

    box = Text.get_window_extent(note, renderer)
    return float(box.width), float(box.height)


def pixels(axes: Axes, points: float) -> float:
    """Return points in pixels."""
    return float(axes.figure.dpi_scale_trans.transform((points / 72.0, 0.0))[0])
