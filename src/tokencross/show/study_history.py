"""The chart of a study through time: the breakeven against the day, with what moved it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from tokencross.show.history_view import Scale, Span, merged, moves, runs, said_of, scale_of, spans_of
from tokencross.show.marks import At, EndLabel, FlagBox, add_end_labels, headroom_share, pixels, stacked, width_inches
from tokencross.show.marks import words_size as size_of
from tokencross.show.style import (
    GREY,
    INK,
    PALE,
    RULE,
    Dash,
    LineStyle,
    ink_on,
    line_styles,
    shortened,
    size_for,
    text_colour,
    text_inches,
    volume_tick,
    wrapped,
)
from tokencross.studies.history import History
from tokencross.studies.history_words import headline, in_words, main_challenger
from tokencross.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.text import Annotation

    from tokencross.costs.breakeven import Breakeven

__all__ = ["plot_history"]

_SIZE_INCHES = (11.0, 6.2)
_TITLE_SIZE, _CAPTION_SIZE, _FLAG_SIZE, _TICK_SIZE = 14.0, 8.5, 9.0, 9.5
_MOVED_RATIO = 1.01
_INCHES_PER_FLAG = 1.05
_FAR_ABOVE_RATIO = 1e6  # upright lines go on under the flags, however high these are
_BAND_INCHES = 0.2
_BAND_SIZE = 9.0
_BAND_PAD_INCHES = 0.12
_LANE_COLOUR = "#F3F3F3"
_DASHES: dict[str, Dash] = {"plain": "-", "borrowed": (0.0, (3.0, 1.6)), "to come": (0.0, (1.0, 1.8))}
_TICK_STEPS = (1.0, 3.0)


def plot_history(history: History, *, challenger: str | None = None, ax: Axes | None = None) -> Axes:
    """Return axes with the breakeven against the day: a step line per challenger, held between changes.

    Parameters
    ----------
    history : History
        The study through time.
    challenger : str, optional
        Who is drawn, and whom the title is about; every substitute, and the one that `main_challenger` names, unless
        given.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Day against tokens per month, logarithmic. No breakeven is a lane along the top, one from the first token a
        lane along the bottom; a day on which an option did not exist is a gap. Dashed: figures of a later day.
    """
    axes = _own_axes() if ax is None else ax
    about = main_challenger(history) if challenger is None else challenger
    drawn = [about] if challenger is not None else _drawn(history, about)
    scale = scale_of(history, drawn)
    styles = line_styles(history.comparison)
    _dress(axes, history, scale)
    ends = [
        _draw(axes, history, label, scale, styles[label], (at + 1) / (len(drawn) + 1)) for at, label in enumerate(drawn)
    ]
    _add_lanes(axes, scale)
    _add_here(axes, history, scale)
    _add_band(axes, history, styles)
    _write(axes, history, about if challenger is not None else None)
    add_end_labels(axes, [end for end in ends if end is not None] + _here_label(history, scale))
    flags = _add_flags(axes, history, about, scale, styles, (drawn.index(about) + 1) / (len(drawn) + 1))
    if ax is None:
        axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # settles the size that the flags have to fit
    share = headroom_share(axes, flags)
    axes.set_ylim(scale.floor, scale.top * (scale.top / scale.floor) ** (share / (1.0 - share)))
    return axes


def _drawn(history: History, about: str) -> list[str]:
    """Return the substitutes that are challengers, the one that the title is about first."""
    own = [label for label in history.challengers if label not in history.comparison.reference]
    return [about, *(label for label in own if label != about)]


# ---------------------------------------------------------------------- lines


def _draw(axes: Axes, history: History, label: str, scale: Scale, style: LineStyle, turn: float) -> EndLabel | None:
    """Draw a challenger's line; return the words at its end, unless it does not exist then."""
    levels = list(spans_of(history, label, scale, turn))
    for span in merged(levels):
        axes.plot(
            _days(span.start, span.end),
            [span.height, span.height],
            color=style.colour,
            linestyle=_DASHES[span.way],
            linewidth=style.width,
            solid_capstyle="butt",
            zorder=3.0,
        )
    for before, after in itertools.pairwise(levels):
        if before.end == after.start and before.height != after.height:
            upright = {"color": style.colour, "linewidth": style.width * 0.45, "zorder": 2.8}
            axes.plot(_days(after.start, after.start), [before.height, after.height], **upright)  # type: ignore[arg-type]
    _shade_unsettled(axes, history, label, levels, style)
    last = history.breakevens(label)[-1]
    if last is None or not levels:
        return None
    said = in_words(last) + (" tokens/month" if last.first else "")
    return EndLabel(f"{shortened(label)}\n{said}", levels[-1].height, style)


def _shade_unsettled(axes: Axes, history: History, label: str, spans: Sequence[Span], style: LineStyle) -> None:
    """Shade from where a challenger first undercuts to from where it does for good, where that is later."""
    breakevens = history.breakevens(label)
    for span in spans:
        found = breakevens[span.moment]
        if found is None or not found.first or found.robust is None or found.robust <= found.first * _MOVED_RATIO:
            continue
        edges = _days(span.start, span.end)
        axes.fill_between(
            edges, float(found.first), float(found.robust), color=style.colour, alpha=0.18, linewidth=0.0, zorder=2.0
        )


def _days(*days: date) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Return days as the axis takes them."""
    return np.array(days, dtype="datetime64[D]")


def _x(day: date) -> float:
    """Return a day as a number of the axis."""
    return float(np.datetime64(day, "D").astype(float))


# ---------------------------------------------------------------------- axes


def _own_axes() -> Axes:
    """Return axes of a figure of their own."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=_SIZE_INCHES, layout="constrained")[1]


def _dress(axes: Axes, history: History, scale: Scale) -> None:
    """Set scales, limits and ticks."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_ylim(scale.floor, scale.top)  # before the scale, which else looks for positive data
    axes.set_yscale("log")
    decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in _TICK_STEPS]
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if scale.low <= tick <= scale.high]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(volume_tick))
    rival = shortened(history.comparison.incumbent)
    axes.set_ylabel(f"tokens per month from which an\noption undercuts {rival} (log scale)", color=INK, fontsize=10.0)
    axes.xaxis_date()
    first, last = history.moments[0].day, history.until
    axes.set_xlim(_x(first), _x(last) if last > first else _x(first) + 30.0)
    axes.xaxis.set_major_locator(locator := AutoDateLocator())  # type: ignore[no-untyped-call]  # Matplotlib has no types here
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # nor here
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["right", "top", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(axis="both", which="both", color=PALE, labelcolor=INK, labelsize=_TICK_SIZE)
    axes.tick_params(axis="y", which="both", length=0.0)
    if history.until > history.today > first:
        axes.axvline(_x(history.today), color=GREY, linewidth=0.9, dashes=(3, 2))


def _add_lanes(axes: Axes, scale: Scale) -> None:
    """Shade the lanes of those that never undercut, and of those that do from the first token on."""
    lanes = [(scale.never, scale.high, "never cheaper"), (scale.always, scale.low / scale.lane, "from the first token")]
    for there, bottom, said in lanes:
        if there:
            axes.axhspan(bottom, bottom * scale.lane, color=_LANE_COLOUR, linewidth=0.0, zorder=0.5)
            axes.annotate(
                said,
                xy=(0.0, bottom * math.sqrt(scale.lane)),
                xycoords=axes.get_yaxis_transform(),
                xytext=(5.0, 0.0),
                textcoords="offset points",
                va="center",
                color=GREY,
                fontsize=size_for(width_inches(axes), _FLAG_SIZE),
                bbox={"boxstyle": "square,pad=0.1", "facecolor": _LANE_COLOUR, "edgecolor": "none"},
                zorder=2.2,
            )


def _add_here(axes: Axes, history: History, scale: Scale) -> None:
    """Draw where you are."""
    here = history.comparison.here
    if here is not None:
        axes.axhline(here, color=INK, linewidth=1.1, linestyle="--", zorder=1.8)


def _here_label(history: History, scale: Scale) -> list[EndLabel]:
    """Return the words beside the line of where you are."""
    here = history.comparison.here
    if here is None:
        return []
    return [EndLabel(f"you are here: {format_count(here)}", here, LineStyle(INK, "--", 1.1, reference=True))]


def _add_band(axes: Axes, history: History, styles: dict[str, LineStyle]) -> None:
    """Draw the band along the bottom that says who is the cheapest where you are."""
    from matplotlib.transforms import BboxTransformTo, ScaledTranslation, blended_transform_factory

    here = history.comparison.here
    stretches = [run for run in runs(history, here) if run[2] is not None]
    if here is None or not stretches:
        return
    inches = axes.figure.dpi_scale_trans + ScaledTranslation(0.0, 0.0, BboxTransformTo(axes.bbox))
    over = blended_transform_factory(axes.transData, inches)
    lead = f"cheapest at {format_count(here)}: "
    for start, end, label in stretches:
        colour = styles[str(label)].colour
        spans = [(_x(start), _x(end) - _x(start))]
        bar = axes.broken_barh(spans, (0.0, _BAND_INCHES), facecolors=colour, linewidth=0.0, transform=over, zorder=4)
        bar.set_gid(f"cheapest: {label}")
        low, high = axes.get_xlim()
        room = (_x(end) - _x(start)) / (high - low) * width_inches(axes)
        choices = (f"{lead}{label}", str(label))
        fits = (t for t in choices if text_inches(t, size=_BAND_SIZE, bold=True) + _BAND_PAD_INCHES < room)
        text = next(fits, "")
        lead = "" if text else lead
        words = axes.text((_x(start) + _x(end)) / 2.0, _BAND_INCHES / 2.0, text, transform=over, zorder=5)
        words.set(
            color=ink_on(colour),
            fontsize=_BAND_SIZE,
            fontweight="bold",
            ha="center",
            va="center_baseline",
            in_layout=False,
            parse_math=False,
        )


# ---------------------------------------------------------------------- words


def _write(axes: Axes, history: History, challenger: str | None) -> None:
    """Write the finding above, and what the picture rests on below."""
    room = width_inches(axes)
    size = size_for(room, _TITLE_SIZE)
    said = wrapped(headline(history, challenger), width_inches=room * 1.05, size=size, bold=True)
    axes.set_title(said, loc="left", fontsize=size, fontweight="bold", color=INK, pad=8.0, parse_math=False)
    small = size_for(room, _CAPTION_SIZE)
    below = wrapped(_caption(history), width_inches=room * 1.1, size=small)
    text = axes.set_xlabel(below, loc="left", fontsize=small, color=GREY, linespacing=1.3, labelpad=8.0)
    text.set_parse_math(False)


def _caption(history: History) -> str:
    """Return how to read the lines, and the tables that they rest on."""
    from tokencross.show.caption import provenance

    dashed = any(era.borrowed for moment in history.moments for era in moment.eras.values())
    parts = [
        provenance(history.comparison),
        "Each level holds until a price changes; what a token costs is that of further tokens, fleets full.",
    ]
    if dashed:
        parts.append("Dashed: a GPU price or a measured throughput of a later day is borrowed.")
    if history.until > history.today:
        parts.append("Dotted: announced or known for later, after the study's date.")
    return " ".join(parts)


def _add_flags(
    axes: Axes, history: History, label: str, scale: Scale, styles: dict[str, LineStyle], turn: float
) -> list[Annotation]:
    """Return the words at the biggest moves, under the top of the axes, each above its dot and clear of the others."""
    breakevens, room = history.breakevens(label), width_inches(axes)
    most = max(int(room / _INCHES_PER_FLAG), 2)
    moved = moves(history, label)
    named = {index for _, index in sorted(moved, key=lambda move: (-move[0], move[1]))[:most]}
    shown = sorted(named)
    notes: list[Annotation] = []

    def place(index: int, renderer: RendererBase) -> tuple[float, float]:
        boxes = [
            FlagBox(_pixel(axes, history.moments[at].day), *size_of(note, renderer))
            for at, note in zip(shown, notes, strict=True)
        ]
        x, depth = stacked(boxes, width=axes.bbox.width, gap=pixels(axes, 3.0), row=pixels(axes, 2.0))[index]
        return axes.bbox.x0 + x, axes.bbox.y1 - depth

    for _, index in moved:
        height = _height_at(breakevens, index, scale, turn)
        day = _days(history.moments[index].day)
        axes.scatter(day, [height], s=26.0, color=text_colour(styles[label].colour), zorder=5)
    for at, index in enumerate(shown):
        moment = history.moments[index]
        words, whose = said_of(moment, label, history.comparison.incumbent, begins=index == moved[0][1])
        colour = text_colour(styles[whose].colour)
        height, above = _height_at(breakevens, index, scale, turn), scale.top * _FAR_ABOVE_RATIO
        axes.vlines(_days(moment.day), height, above, colors=colour, linewidths=0.7, zorder=1.5)
        note = axes.annotate(
            f"{words}\n{in_words(breakevens[index])}",
            xy=(_x(moment.day), scale.high),
            xytext=(0.0, 0.0),
            textcoords=At(place, at),
            color=colour,
            **_flag_looks(room),
        )
        note.set_in_layout(False)
        notes.append(note)
    return notes


def _height_at(breakevens: Sequence[Breakeven | None], index: int, scale: Scale, turn: float) -> float:
    """Return how high a line is at a moment at which it is there."""
    found = breakevens[index]
    assert found is not None  # a move is to somewhere
    return scale.height(found, turn)


def _flag_looks(room: float) -> dict[str, Any]:
    """Return how flags are written. ``room`` is the axes' width. [inches]"""
    return {
        "ha": "left",
        "va": "top",
        "fontsize": size_for(room, _FLAG_SIZE),
        "linespacing": 1.1,
        "bbox": {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"},
        "zorder": 6,
        "parse_math": False,
    }


def _pixel(axes: Axes, day: date) -> float:
    """Return a day's place from the axes' left edge. [pixels]"""
    return float(axes.transData.transform((_x(day), axes.get_ylim()[0]))[0]) - float(axes.bbox.x0)
