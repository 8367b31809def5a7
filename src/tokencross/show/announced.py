"""Ghost lines: what an option will cost once an announced change is in force, with the breakeven that it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tokencross.show.marks import At, pixels, width_inches, words_size
from tokencross.show.style import LineStyle, size_for, text_colour, text_inches
from tokencross.show.view import Ghost

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.text import Annotation
    from numpy.typing import NDArray

__all__ = ["add_ghost_words", "draw_ghosts"]

_DASH = (0.0, (4.0, 2.5))
_WIDTH, _ALPHA = 1.2, 0.6
_DOT_SIZE = 24.0
_SIZE = 9.0
_WIDEST_SHARE = 0.45
_GAPS_POINTS = (7.0, 20.0, 36.0)
_OVER_WORDS, _OUTSIDE, _OVER_UPRIGHT = 1_000.0, 1_000.0, 10.0
_BAND_POINTS = 18.0

_Box = tuple[float, float, float, float]


def draw_ghosts(axes: Axes, ghosts: Sequence[Ghost], styles: Mapping[str, LineStyle]) -> None:
    """Draw costs to come as thin, pale dashed lines, with a hollow dot at each moved breakeven."""
    from matplotlib.collections import LineCollection

    for ghost in ghosts:
        label = ghost.trace.label
        points = np.column_stack([ghost.trace.volumes, ghost.trace.usd_per_month])
        line = LineCollection(
            [points], colors=styles[label].colour, linewidths=_WIDTH, linestyles=[_DASH], alpha=_ALPHA, zorder=2.3
        )
        line.set_gid(f"announced: {label}")
        axes.add_collection(line, autolim=False)
        if ghost.text:
            dot = axes.scatter(
                ghost.volume,
                ghost.usd_per_month,
                s=_DOT_SIZE,
                facecolor="white",
                edgecolor=text_colour(styles[label].colour),
                linewidth=1.0,
                zorder=5,
            )
            dot.set_gid("announced")


def add_ghost_words(
    axes: Axes, ghosts: Sequence[Ghost], styles: Mapping[str, LineStyle], *, clear_of: Sequence[Annotation]
) -> list[Annotation]:
    """Return the words beside the dots of ghosts: clear of flags and of each other, over as few lines as can be."""
    shown = [ghost for ghost in ghosts if ghost.text]
    notes: list[Annotation] = []

    def place(index: int, renderer: RendererBase) -> tuple[float, float]:
        taken = [_extent(flag, renderer) for flag in clear_of]
        ink, uprights = _ink(axes), _uprights(axes)
        corner = (0.0, 0.0)
        for ghost, note in zip(shown[: index + 1], notes, strict=False):
            size = words_size(note, renderer)
            at = axes.transData.transform((ghost.volume, ghost.usd_per_month))
            corner = _spot(axes, (float(at[0]), float(at[1])), size, taken, ink, uprights)
            taken.append((*corner, corner[0] + size[0], corner[1] + size[1]))
        return corner

    room = width_inches(axes)
    size_points = size_for(room, _SIZE)
    for index, ghost in enumerate(shown):
        wide = text_inches(ghost.text, size=size_points) > room * _WIDEST_SHARE
        note = axes.annotate(
            ghost.text.replace(": ", ":\n", 1) if wide else ghost.text,
            xy=(ghost.volume, ghost.usd_per_month),
            xytext=(0.0, 0.0),
            textcoords=At(place, index),
            ha="left",
            va="bottom",
            color=text_colour(styles[ghost.trace.label].colour),
            fontsize=size_points,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            zorder=5.5,
            parse_math=False,
        )
        note.set_in_layout(False)
        notes.append(note)
    return notes


def _spot(
    axes: Axes,
    at: tuple[float, float],
    size: tuple[float, float],
    taken: Sequence[_Box],
    ink: NDArray[np.float64],
    uprights: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the lower left corner of the best place beside a dot. [pixels]"""
    width, height = size
    left, right = float(axes.bbox.x0), max(float(axes.bbox.x1) - width, float(axes.bbox.x0))
    best, least = at, np.inf
    for distance, points in enumerate(_GAPS_POINTS):
        gap = pixels(axes, points)
        for wanted in (at[0] + gap, at[0] - gap - width, at[0] - width / 2.0):
            x = min(max(wanted, left), right)
            for y in (at[1] - gap - height, at[1] + gap, at[1] - height / 2.0):
                box = (x, y, x + width, y + height)
                crossed = float(np.count_nonzero((uprights >= box[0]) & (uprights <= box[2])))
                cost = _cost(axes, box, taken, ink) + 2.0 * distance + _OVER_UPRIGHT * crossed
                if cost < least:
                    best, least = (x, y), cost
    return best


def _cost(axes: Axes, box: _Box, taken: Sequence[_Box], ink: NDArray[np.float64]) -> float:
    """Return how bad a place is: over other words, out of the axes or on their band, over lines."""
    low_x, low_y, high_x, high_y = box
    bounds = axes.bbox
    outside = low_x < bounds.x0 or high_x > bounds.x1 or low_y < bounds.y0 + pixels(axes, _BAND_POINTS)
    over = sum(
        low_x < right and left < high_x and low_y < top and bottom < high_y for left, bottom, right, top in taken
    )
    inside = (ink[:, 0] >= low_x) & (ink[:, 0] <= high_x) & (ink[:, 1] >= low_y) & (ink[:, 1] <= high_y)
    return _OUTSIDE * float(outside or high_y > bounds.y1) + _OVER_WORDS * over + float(np.count_nonzero(inside))


def _ink(axes: Axes) -> NDArray[np.float64]:
    """Return the points of all lines and dots. [pixels]"""
    from matplotlib.collections import LineCollection, PathCollection

    points = [np.asarray(line.get_xydata(), dtype=float) for line in axes.lines]
    for drawn in axes.collections:
        if isinstance(drawn, PathCollection):
            points.append(np.asarray(drawn.get_offsets(), dtype=float))
        elif isinstance(drawn, LineCollection) and (drawn.get_gid() or "").startswith("announced"):
            points += [np.asarray(segment, dtype=float) for segment in drawn.get_segments()]
    seen = np.concatenate([np.empty((0, 2)), *points])
    found: NDArray[np.float64] = axes.transData.transform(seen[np.all(seen > 0.0, axis=1)])
    return found


def _uprights(axes: Axes) -> NDArray[np.float64]:
    """Return where the fine upright lines of marks stand. [pixels]"""
    from matplotlib.collections import LineCollection

    lines = [drawn for drawn in axes.collections if isinstance(drawn, LineCollection) and not drawn.get_gid()]
    volumes = [float(np.asarray(segment)[0, 0]) for line in lines for segment in line.get_segments()]
    bottom = axes.get_ylim()[0]
    found: NDArray[np.float64] = axes.transData.transform([(volume, bottom) for volume in volumes] or [(1.0, bottom)])
    return found[:, 0]


def _extent(note: Annotation, renderer: RendererBase) -> _Box:
    """Return where an annotation's words are. [pixels]"""
    from matplotlib.text import Text

    note.update_positions(renderer)
    box = Text.get_window_extent(note, renderer)
    return float(box.x0), float(box.y0), float(box.x1), float(box.y1)
