"""Charts of a sample: where the breakeven lies, who is the cheapest how often, and the bands of the costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.show.caption import provenance
from tokencross.show.frame import dress, money_scale, own_axes
from tokencross.show.marks import EndLabel, add_end_labels, width_inches
from tokencross.show.style import (
    GREY,
    INK,
    PALE,
    ink_on,
    line_styles,
    share_tick,
    shortened,
    text_colour,
    text_inches,
    wrapped,
)
from tokencross.show.view import volume_range
from tokencross.studies.draws import quantiles_of
from tokencross.studies.sample_words import breakeven_in_words, cheapest_in_words
from tokencross.units import format_count, format_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tokencross.studies.sample import StudySample

__all__ = ["SMALL_SIZE", "TITLE_SIZE", "plot_breakeven_density", "plot_cheapest_shares", "plot_cost_bands"]

Array: TypeAlias = NDArray[np.float64]

_BINS = 72
_POINTS = 160
_BAND = (0.05, 0.5, 0.95)
TITLE_SIZE = 10.5
_LABEL_SIZE = 10.0
SMALL_SIZE = 9.0
_LEAST_SHARE = 0.06  # of the height: a region that is never higher has no label inside
_NARROW_RATIO = 8.0  # of the ends of the axis: below, a tick at 1, 2 and 5 alone would leave it nearly bare
_MANY_TICKS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_MOST_BEYOND = 0.999  # of the draws are in view


def plot_breakeven_density(
    sample: StudySample,
    challenger: str,
    *,
    against: str | None = None,
    breakeven: str = "first",
    ax: Axes | None = None,
) -> Axes:
    """Return axes with where the breakeven lies: the share of draws by volume, its quantiles, and how many have none.

    Parameters
    ----------
    sample : StudySample
        Draws of a study.
    challenger, against : str
        Whose breakeven, against whom: the incumbent unless said.
    breakeven : str
        ``first`` or ``robust``.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Raises
    ------
    ScenarioError
        If a label is unknown, or ``breakeven`` is neither of the two.
    """
    if breakeven not in ("first", "robust"):
        raise ScenarioError(Problem("breakeven", repr(breakeven), "'first' or 'robust'"))
    rival = sample.comparison.incumbent if against is None else against
    find = sample.first if breakeven == "first" else sample.robust
    found = find(challenger, against=rival)
    axes = own_axes()[1] if ax is None else ax
    colour = line_styles(sample.comparison)[challenger].colour
    some = found[np.isfinite(found) & (found > 0.0)]
    _dress_density(axes, sample, some)
    if some.size:
        low, high = axes.get_xlim()
        edges = np.geomspace(low, high, _BINS + 1)
        heights, _ = np.histogram(some, edges)
        axes.stairs(heights / sample.draws, edges, fill=True, color=colour, alpha=0.30, linewidth=0.0)
        axes.stairs(heights / sample.draws, edges, color=colour, linewidth=1.4)
        axes.set_ylim(0.0, float(heights.max()) / sample.draws * 1.42)
        _mark_quantiles(axes, found, text_colour(colour))
    _mark_here(axes, sample.comparison.here, at_top=False)
    _title(axes, sample, breakeven_in_words(found, challenger, rival, breakeven))
    return axes


def _dress_density(axes: Axes, sample: StudySample, some: Array) -> None:
    """Give the density's axes their scales."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    low, high = volume_range(sample.comparison.medians)
    if some.size:
        ends = quantiles_of(some, (1.0 - _MOST_BEYOND, _MOST_BEYOND))
        low, high = float(ends[0]) / 1.6, float(ends[1]) * 1.6
    dress(axes, sample.comparison.medians, low, high)
    if high / low < _NARROW_RATIO:
        axes.xaxis.set_major_locator(LogLocator(10.0, subs=_MANY_TICKS))
    axes.yaxis.set_major_formatter(FuncFormatter(share_tick))
    axes.set_ylabel(f"share of {sample.draws:,} draws", color=INK, fontsize=10.0)


def _mark_quantiles(axes: Axes, found: Array, colour: str) -> None:
    """Mark the 5%, 50% and 95% quantiles, none counted as infinitely far; labels on three heights."""
    top = axes.get_ylim()[1]
    for level, height in zip(_BAND, (0.80, 0.95, 0.875), strict=True):
        value = float(quantiles_of(found, (level,))[0])
        if not math.isfinite(value) or value <= 0.0:
            continue
        middle = level == 0.5
        axes.plot(
            [value, value], [0.0, top * height], color=colour, linewidth=1.8 if middle else 1.0, solid_capstyle="butt"
        )
        words = f"{'median' if middle else format_share(level)} {format_count(value)}"
        left = level < 0.5
        axes.annotate(
            words,
            (value, top * height),
            xytext=(-5.0 if left else 5.0, -2.0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=_LABEL_SIZE,
            fontweight="bold" if middle else "normal",
            color=colour,
        )


def plot_cheapest_shares(sample: StudySample, *, volumes: Array | None = None, ax: Axes | None = None) -> Axes:
    """Return axes with P(option is the cheapest | V) as stacked areas, each named where it is widest.

    Parameters
    ----------
    sample : StudySample
        Draws of a study.
    volumes : ndarray, optional
        Where it is worked out; all that the crossover chart spans unless given. [tokens/month]
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    from matplotlib.ticker import FuncFormatter

    axes = own_axes()[1] if ax is None else ax
    points = _volumes(sample, volumes)
    frame = sample.cheapest_shares(points)
    styles = line_styles(sample.comparison)
    dress(axes, sample.comparison.medians, float(points[0]), float(points[-1]))
    upper = np.zeros(points.size)
    for label in frame.columns:
        lower, upper = upper, upper + frame[label].to_numpy()
        colour = styles[label].colour
        axes.fill_between(points, lower, upper, color=colour, linewidth=0.0, alpha=0.88)
        if lower.any() and np.any(upper > lower):
            axes.plot(points, lower, color="white", linewidth=1.0)
        _name_region(axes, points, lower, upper, label, ink_on(colour))
    axes.set_ylim(0.0, 1.0)
    axes.yaxis.set_major_formatter(FuncFormatter(share_tick))
    axes.set_ylabel("share of draws in which it is the cheapest", color=INK, fontsize=10.0)
    _mark_here(axes, sample.comparison.here, at_top=True)
    _title(axes, sample, cheapest_in_words(sample), pad=18.0)
    return axes


def _name_region(axes: Axes, points: Array, lower: Array, upper: Array, label: str, ink: str) -> None:
    """Write a label into a region where it has most room, or leave it out of one without."""
    height = upper - lower
    if height.max() < _LEAST_SHARE:
        return
    words = shortened(label)
    wide = text_inches(words, size=_LABEL_SIZE, bold=True) / width_inches(axes)
    places = np.log(points / points[0]) / math.log(points[-1] / points[0])
    room = [
        float(np.min(height[np.abs(places - place) <= wide / 2.0])) if wide / 2.0 < place < 1.0 - wide / 2.0 else -1.0
        for place in places
    ]
    best = int(np.argmax(room))
    if room[best] < _LEAST_SHARE:
        return
    alike = np.flatnonzero(np.asarray(room) >= room[best] * (1.0 - 1e-9))
    best = int(alike[alike.size // 2])
    axes.text(
        float(points[best]),
        float((lower[best] + upper[best]) / 2.0),
        words,
        color=ink,
        fontsize=_LABEL_SIZE,
        fontweight="bold",
        ha="center",
        va="center",
        parse_math=False,
    )


def plot_cost_bands(sample: StudySample, *, volumes: Array | None = None, ax: Axes | None = None) -> Axes:
    """Return axes with monthly cost against volume: the median of each option within its 5% to 95% band.

    Parameters
    ----------
    sample : StudySample
        Draws of a study.
    volumes : ndarray, optional
        Where it is worked out; all that the crossover chart spans unless given. [tokens/month]
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    axes = own_axes()[1] if ax is None else ax
    points = _volumes(sample, volumes)
    frame = sample.costs(points, quantiles=_BAND)
    styles = line_styles(sample.comparison)
    dress(axes, sample.comparison.medians, float(points[0]), float(points[-1]))
    ends = []
    for label in sample.comparison.labels:
        low, middle, high = frame[label].to_numpy().T
        style = styles[label]
        axes.fill_between(points, low, high, color=style.colour, alpha=0.20, linewidth=0.0)
        axes.plot(points, middle, color=style.colour, linestyle=style.dash, linewidth=style.width)
        ends.append(EndLabel(shortened(label), float(middle[-1]), style))
    values = frame.to_numpy()
    least = float(values[values > 0.0].min()) if np.any(values > 0.0) else 1.0
    money_scale(axes, least / 1.5, max(float(values.max()), least) * 1.6, "USD per month")
    axes.set_ylabel("USD per month\n(median, 5% to 95%)", color=INK, fontsize=10.0)
    _mark_here(axes, sample.comparison.here, at_top=True)
    add_end_labels(axes, ends)
    _title(axes, sample, "Monthly cost: the median of each option, and where 9 of 10 draws lie", pad=18.0)
    return axes


def _volumes(sample: StudySample, volumes: Array | None) -> Array:
    """Return the volumes that a chart spans, with where you are among them."""
    if volumes is not None:
        points = np.unique(np.asarray(volumes, dtype=float))
        if points.size < 2 or points[0] <= 0.0 or not np.isfinite(points[-1]):
            raise ScenarioError(Problem("volumes", f"{volumes!r:.60}", "two or more numbers > 0, tokens per month"))
        return points
    return np.geomspace(*volume_range(sample.comparison.medians), _POINTS)


def _mark_here(axes: Axes, here: float | None, *, at_top: bool) -> None:
    """Mark where you are."""
    low, high = axes.get_xlim()
    if here is None or not low < here < high:
        return
    axes.axvline(here, color=INK if at_top else PALE, linewidth=1.0, dashes=(4, 2))
    axes.annotate(
        f"you: {format_count(here)}",
        (here, 1.0 if at_top else 0.5),
        xycoords=("data", "axes fraction"),
        xytext=(0.0, 3.0) if at_top else (-3.0, 0.0),
        textcoords="offset points",
        rotation=0 if at_top else 90,
        ha="center" if at_top else "right",
        va="bottom" if at_top else "center",
        fontsize=9.0,
        color=GREY,
    )


def _title(axes: Axes, sample: StudySample, finding: str, *, pad: float = 6.0) -> None:
    """Put the finding above, and date, tables, workload and draws below the axes."""
    wide = width_inches(axes)
    title = wrapped(finding, width_inches=wide, size=TITLE_SIZE)
    axes.set_title(title, loc="left", fontsize=TITLE_SIZE, color=INK, parse_math=False, pad=pad)
    drawn = f"{sample.draws:,} draws of {len(sample.inputs)} uncertain inputs, seed {sample.seed}."
    said = wrapped(f"{provenance(sample.comparison.medians)} {drawn}", width_inches=wide, size=SMALL_SIZE)
    axes.set_xlabel(f"tokens per month\n{said}", color=GREY, fontsize=SMALL_SIZE, parse_math=False)
