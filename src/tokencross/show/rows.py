"""Charts with a row of words per input: room for the words, the axis beside them, and what stands above and below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tokencross.show.caption import provenance
from tokencross.show.marks import width_inches
from tokencross.show.style import GREY, INK, PALE, RULE, text_inches, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis

    from tokencross.studies.compare import Comparison

__all__ = [
    "MOST_ROWS",
    "PAD_INCHES",
    "SMALL_SIZE",
    "WORD_SIZE",
    "broken_names",
    "limits_for",
    "log_ticks",
    "name_rows",
    "rest_words",
    "room_inches",
    "rows_for",
    "set_finding",
]

MOST_ROWS = 12
PAD_INCHES = 0.16
WORD_SIZE = 9.0
SMALL_SIZE = 9.0

_TITLE_SIZE = 10.5
_LEAST_ROWS = 4
_ROW_INCHES = 0.36
_LINE_INCHES, _GAP_INCHES = 0.15, 0.13
_AROUND_INCHES = 1.5  # what stands above and below the rows of a chart that a layout arranges
_MARGIN_ROWS = 0.6
_NAME_SHARE = 0.36  # of the width that the names at the left may take
_TICKS_INCHES = 0.6
_EDGE_INCHES = 0.3
_LEAST_INCHES = 1.5
_MOST_TURNS = 200
_MOST_LENGTHENING = 8.0


def room_inches(axes: Axes, names: Sequence[str] = ()) -> float:
    """Return how wide axes will be beside the names at their left, once a layout has found its place. [inches]"""
    spot = axes.get_subplotspec()
    if spot is None or axes.figure.get_figure(root=True).get_layout_engine() is None:
        return width_inches(axes)
    columns = spot.get_gridspec().ncols
    share = (spot.colspan.stop - spot.colspan.start) / columns
    figure = axes.figure.get_figure(root=True)
    widest = max(
        (text_inches(line, size=WORD_SIZE) for name in names for line in name.split("\n")), default=_TICKS_INCHES
    )
    return max(figure.get_figwidth() * share - widest - _EDGE_INCHES, _LEAST_INCHES)


def set_finding(axes: Axes, finding: str, below: str, study: Comparison | None, *, width: float) -> None:
    """Put what a chart says above it, and below it what its axis means and what it rests on.

    Parameters
    ----------
    axes : Axes
        The chart.
    finding : str
        A sentence.
    below : str
        What the horizontal axis means, and what else is to be said there.
    study : Comparison, optional
        For date, tables and workload.
    width : float
        Room for a line. [inches]
    """
    title = wrapped(finding, width_inches=width, size=_TITLE_SIZE)
    axes.set_title(title, loc="left", fontsize=_TITLE_SIZE, color=INK, parse_math=False)
    rests = "" if study is None else f"\n{wrapped(provenance(study), width_inches=width, size=SMALL_SIZE)}"
    axes.set_xlabel(
        f"{wrapped(below, width_inches=width, size=SMALL_SIZE)}{rests}",
        color=GREY,
        fontsize=SMALL_SIZE,
        parse_math=False,
    )


def limits_for(
    points: Sequence[float], labels: Sequence[tuple[float, float, bool]], width: float, *, least: float
) -> tuple[float, float]:
    """Return the ends of an axis that has room for labels beside some of its points.

    Parameters
    ----------
    points : sequence of float
        What has to be in view, on the axis's own (linear or logarithmic) scale.
    labels : sequence of (point, width, whether it stands to the left)
        Widths in inches.
    width : float
        Of the axis. [inches]
    least : float
        The shortest that the axis may be, on its own scale.

    Examples
    --------
    >>> low, high = limits_for([0.0, 1.0], [(1.0, 1.0, False)], 2.0, least=0.0)
    >>> low, round(high, 6)
    (0.0, 2.0)
    """
    low, high = min(points), max(points)
    length = first = max(high - low, least) or abs(high) or 1.0
    for _ in range(_MOST_TURNS):  # the longer the axis, the more of it a label takes
        left = min([low, *(at - wide / width * length for at, wide, leftwards in labels if leftwards)])
        right = max([high, *(at + wide / width * length for at, wide, leftwards in labels if not leftwards)])
        if right - left <= length * (1.0 + 1e-9) or length > _MOST_LENGTHENING * first:
            break
        length = right - left
    if right - left < first:
        right = left + first
    return left, right


def log_ticks(axis: XAxis | YAxis, tick: Callable[[float, int | None], str]) -> None:
    """Give a logarithmic axis few ticks over many decades, more over few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    decades = math.log10(high / low)
    subs = (1.0,) if decades > 3.0 else ((1.0, 3.0) if decades > 1.5 else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
    axis.set_major_locator(LogLocator(10.0, subs=subs, numticks=7))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(tick))


def rows_for(axes: Axes, rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows of words axes have room for: a dozen at most, fewer where words take several lines.

    Parameters
    ----------
    axes : Axes
        The chart.
    rows : sequence of sequence of str
        The words of each row, broken into lines.
    """
    room = _height_inches(axes)
    lines, count = 1, 0
    for words in rows[:MOST_ROWS]:
        lines = max(lines, *(text.count("\n") + 1 for text in words))
        if (count + 1 + _MARGIN_ROWS) * max(lines * _LINE_INCHES + _GAP_INCHES, _ROW_INCHES) > room:
            break
        count += 1
    return max(count, 3)


def _height_inches(axes: Axes) -> float:
    """Return how high axes will be, once a layout has found their place. [inches]"""
    figure, spot = axes.figure.get_figure(root=True), axes.get_subplotspec()
    if spot is None or figure.get_layout_engine() is None:
        return float(axes.get_window_extent().height) / float(figure.dpi)
    share = (spot.rowspan.stop - spot.rowspan.start) / spot.get_gridspec().nrows
    return float(figure.get_figheight()) * share - _AROUND_INCHES


def broken_names(axes: Axes, names: Sequence[str]) -> list[str]:
    """Return the names of rows in lines that leave room for the chart beside them."""
    return [wrapped(name, width_inches=width_inches(axes) * _NAME_SHARE, size=WORD_SIZE) for name in names]


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Write the inputs' names, broken into lines, at the left, the first on top; take away what is not needed."""
    axes.set_yticks(range(len(names)), names)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.set_ylim(max(len(names), _LEAST_ROWS) - 0.4, -1.0)
    axes.spines[["right", "top", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(axis="x", color=PALE, labelcolor=INK, labelsize=WORD_SIZE)
    axes.tick_params(axis="y", length=0.0, labelcolor=INK, labelsize=WORD_SIZE)
    axes.grid(visible=True, axis="x", which="major", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def rest_words(count: int, one: str, many: str) -> str:
    """Say how many inputs are not shown."""
    if count <= 0:
        return ""
    return f". {count} more input {one}" if count == 1 else f". {count} more inputs {many}"
