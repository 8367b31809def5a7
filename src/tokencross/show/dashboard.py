"""The chart that answers: verdict, costs, unit costs, fleet and caption in one figure."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from tokencross.show.caption import caption
from tokencross.show.plots import draw_costs, fleet_labels, leave_headroom, plot_fleet, plot_unit_costs
from tokencross.show.style import GREY, INK, size_for, wrapped
from tokencross.studies.verdict import headline, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tokencross.studies.compare import Comparison

__all__ = ["dashboard"]

_TITLE_SIZE, _SUBTITLE_SIZE, _CAPTION_SIZE = 17.0, 11.0, 9.0
_SIDE = 0.012
_MOST_TITLE_LINES, _LONG_TITLE_RATIO = 3, 0.7
_FULL_WIDTH_INCHES = 12.0
_HEIGHTS = (5.2, 2.2)
_STRIP_HEIGHT = 0.95


def dashboard(comparison: Comparison, *, size_inches: tuple[float, float] = (13.0, 10.0)) -> Figure:
    """Return the whole answer as a figure: its title is the verdict, its caption what that rests on.

    Parameters
    ----------
    comparison : Comparison
        Options resolved for a workload.
    size_inches : (float, float)
        Width and height; words are broken to fit the width. A slide is 13.3 by 7.5. [inches]

    Returns
    -------
    Figure
        Axes in this order: monthly cost, cost per million tokens, and, where an option runs on own GPUs, the fleet
        and its utilisation. The figure belongs to no pyplot state.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.06, hspace=0.03)
    figure = Figure(figsize=size_inches, layout=layout)
    strip = [_STRIP_HEIGHT] if fleet_labels(comparison) else []
    grid = figure.add_gridspec(2 + len(strip), 1, height_ratios=[*_HEIGHTS, *strip])
    panel = draw_costs(comparison, figure.add_subplot(grid[0]))
    units = plot_unit_costs(comparison, ax=figure.add_subplot(grid[1]))
    lower = [units, *(plot_fleet(comparison, ax=figure.add_subplot(grid[2])) for _ in strip)]
    for axes in lower:
        axes.set_title("", loc="left")
    for axes in lower[:-1]:
        axes.set_xlabel("")
        axes.tick_params(axis="x", labelbottom=False)
    _write(figure, comparison, size_inches[0])
    _subtitle(figure, panel.axes, comparison)
    layout.execute(figure)  # settles the size that the flags have to fit
    leave_headroom(panel)
    figure.set_layout_engine("none")  # it is settled: laying out again would double the time to draw
    figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]  # asked for by a notebook without pyplot
    return figure


def _write(figure: Figure, comparison: Comparison, width: float) -> None:
    """Write title and caption, left aligned and broken to the width."""
    size, small = _sized(width, _TITLE_SIZE), _sized(width, _CAPTION_SIZE)
    room = width * (1.0 - 2.0 * _SIDE)
    said = wrapped(headline(comparison), width_inches=room, size=size, bold=True)
    if said.count("\n") >= _MOST_TITLE_LINES:
        size *= _LONG_TITLE_RATIO
        said = wrapped(headline(comparison), width_inches=room, size=size, bold=True)
    figure.suptitle(said, x=_SIDE, ha="left", fontsize=size, fontweight="bold", color=INK, parse_math=False)
    below = wrapped(caption(comparison), width_inches=room, size=small)
    text = figure.supxlabel(below, x=_SIDE, ha="left", fontsize=small, color=GREY, linespacing=1.3)
    text.set_parse_math(False)


def _subtitle(figure: Figure, axes: Axes, comparison: Comparison) -> None:
    """Write the rest of the verdict over the upper panel, from the figure's left side on."""
    from matplotlib.transforms import blended_transform_factory

    rest = verdict(comparison).removeprefix(headline(comparison)).strip()
    width = figure.get_figwidth()
    size = _sized(width, _SUBTITLE_SIZE)
    said = wrapped(rest, width_inches=width * (1.0 - 2.0 * _SIDE), size=size)
    text = axes.set_title(said, loc="left", fontsize=size, color=INK, pad=10.0, parse_math=False)
    text.set_transform(blended_transform_factory(figure.transFigure, text.get_transform()))
    text.set_x(_SIDE)


def _sized(width: float, size: float) -> float:
    """Return a font size for the figure's own words. [points]"""
    return size_for(width, size, full_width_inches=_FULL_WIDTH_INCHES)


def _png(figure: Figure) -> bytes:
    """Return the figure as PNG, for display."""
    buffer = BytesIO()
    figure.canvas.print_figure(buffer, format="png", dpi=figure.dpi)
    return buffer.getvalue()
