"""The chart of a trend: a slot's price with its fitted line and band, or the steps of prices followed one by one."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tokencross.show.marks import EndLabel, add_end_labels, width_inches
from tokencross.show.style import (
    GREY,
    INK,
    RULE,
    TIER_COLOURS,
    LineStyle,
    size_for,
    usd_tick,
    wrapped,
)
from tokencross.studies.trend_result import Trend, change_in_words
from tokencross.units import format_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_trend"]

_SIZE_INCHES = (9.0, 4.8)
_TITLE_SIZE, _NOTE_SIZE = 12.0, 9.0
_LINE_DASH = (0.0, (6.0, 1.6))
_FALL, _RISE = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermillion
_LEAST_RATIO, _MOST_RATIO = 0.8, 1.25


def plot_trend(trend: Trend, *, ax: Axes | None = None) -> Axes:
    """Return axes with what a trend rests on.

    A slot or a capability: its price as steps, the fitted line, and a band of lines of the same middle that fall by
    the two ends of the 90% interval. Prices that are followed alone: a mark for each change, by its size.

    Parameters
    ----------
    trend : Trend
        By `trend`.
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    axes = _own_axes() if ax is None else ax
    _dress(axes, trend)
    labels = _draw_level(axes, trend) if trend.is_level else _draw_changes(axes, trend)
    _entitle(axes, trend)
    add_end_labels(axes, labels)
    return axes


# ---------------------------------------------------------------------- a level


def _draw_level(axes: Axes, trend: Trend) -> list[EndLabel]:
    """Draw the price, its line and the band; return the labels at their ends."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    colour = TIER_COLOURS.get(trend.kind, TIER_COLOURS["custom"])
    days = [point.day for point in trend.points]
    usd = np.array([point.usd for point in trend.points])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: usd_tick(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("USD per million billed tokens")
    along = [date.fromordinal(day) for day in np.linspace(days[0].toordinal(), trend.to.toordinal(), 60).astype(int)]
    slow, fast = (trend.fitted_usd(along, decline_per_year=rate) for rate in (trend.low, trend.high))
    band = axes.fill_between(
        _numbers(along), np.minimum(slow, fast), np.maximum(slow, fast), color=GREY, alpha=0.16, linewidth=0.0
    )
    band.set_label("90% interval")
    line = trend.fitted_usd(along)
    axes.plot(_numbers(along), line, color=INK, linestyle=_LINE_DASH, linewidth=1.6, label="fitted", zorder=3)
    axes.plot(
        _numbers([*days, trend.to]),
        np.append(usd, usd[-1]),
        drawstyle="steps-post",
        color=colour,
        linewidth=2.2,
        label=trend.subject,
        zorder=4,
    )
    axes.set_xlim(*_numbers([days[0], trend.to]))
    ends = [
        (
            f"{trend.subject.rpartition(', ')[2]}: {usd_tick(float(usd[-1]))}",
            usd[-1],
            LineStyle(colour, "-", 2.2, reference=False),
        ),
        (
            f"fitted: {change_in_words(trend.decline_per_year)} a year",
            line[-1],
            LineStyle(INK, "-", 1.6, reference=True),
        ),
        (f"90%: {change_in_words(trend.low)}", slow[-1], LineStyle(GREY, "-", 1.0, reference=True)),
        (f"90%: {change_in_words(trend.high)}", fast[-1], LineStyle(GREY, "-", 1.0, reference=True)),
    ]
    return [EndLabel(words, float(value), style) for words, value, style in ends if math.isfinite(value)]


# ---------------------------------------------------------------------- changes


def _draw_changes(axes: Axes, trend: Trend) -> list[EndLabel]:
    """Draw a mark per change, from no change up or down to its size; return the labels of the two directions."""
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    ratios = np.array([point.ratio for point in trend.points])
    days = _numbers([point.day for point in trend.points])
    low, high = min(float(ratios.min()), _LEAST_RATIO) / 1.15, max(float(ratios.max()), _MOST_RATIO) * 1.15
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = [tick for tick in (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0) if low <= tick <= high]
    axes.set_yticks(ticks)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _ratio_tick(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("a price after its change,\nover the price before")
    axes.axhline(1.0, color=INK, linewidth=1.0, zorder=2)
    axes.set_xlim(*_numbers([trend.from_, trend.to]))
    labels = []
    for fell, colour, word in ((True, _FALL, "fell"), (False, _RISE, "rose")):
        chosen = ratios < 1.0 if fell else ratios > 1.0
        if not chosen.any():
            continue
        axes.vlines(days[chosen], 1.0, ratios[chosen], color=colour, linewidth=1.0, alpha=0.45, zorder=3)
        axes.plot(
            days[chosen],
            ratios[chosen],
            linestyle="none",
            marker="v" if fell else "^",
            markersize=6.0,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            alpha=0.8,
            label=word,
            zorder=4,
        )
        middle = math.exp(float(np.median(np.log(ratios[chosen]))))
        words = f"{word} {int(chosen.sum())} times,\nmedian {middle - 1.0:+.0%}"
        labels.append(EndLabel(words, middle, LineStyle(colour, "-", 1.6, reference=False)))
    return labels


def _ratio_tick(value: float) -> str:
    """Return a quotient of prices as a change."""
    return "no change" if abs(value - 1.0) < 1e-9 else f"{value - 1.0:+.0%}"


# ---------------------------------------------------------------------- around


def _entitle(axes: Axes, trend: Trend) -> None:
    """Write what the chart shows, and what it rests on."""
    wide = width_inches(axes)
    size, note = size_for(wide, _TITLE_SIZE), size_for(wide, _NOTE_SIZE)
    note_words = wrapped(_rests_on(trend), width_inches=wide, size=note)
    title = wrapped(_finding(trend), width_inches=wide, size=size, bold=True)
    axes.set_title(
        title, loc="left", fontsize=size, fontweight="bold", color=INK, pad=10.0 + 1.35 * note * _lines(note_words)
    )
    axes.annotate(
        note_words,
        xy=(0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0.0, 6.0),
        textcoords="offset points",
        fontsize=note,
        color=GREY,
        va="bottom",
        annotation_clip=False,
        parse_math=False,
    )


def _lines(words: str) -> int:
    """Return how many lines words have."""
    return words.count("\n") + 1


def _finding(trend: Trend) -> str:
    """Return the trend in a sentence."""
    subject = trend.subject[0].upper() + trend.subject[1:]
    rate = format_share(abs(trend.decline_per_year))
    if trend.low < 0.0 < trend.high:
        return f"{subject}: no clear trend ({change_in_words(trend.decline_per_year)} a year fits best)"
    return f"{subject}: {'fell' if trend.decline_per_year >= 0.0 else 'rose'} {rate} a year"


def _rests_on(trend: Trend) -> str:
    """Return what the trend rests on."""
    sure = f"90% interval {trend.interval_in_words}"
    moved = f"{trend.change_count} changes ({trend.fall_count} down, {trend.rise_count} up)"
    still = f"{format_share(trend.unchanged_share)} of {trend.series_count} prices never changed"
    return f"{sure}; {moved}; {still}; {trend.from_} to {trend.to}"


def _numbers(days: list[date]) -> NDArray[np.float64]:
    """Return days as Matplotlib counts them."""
    return np.array(days, dtype="datetime64[D]").astype(float)


def _own_axes() -> Axes:
    """Return axes of a figure of their own."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=_SIZE_INCHES, layout="constrained")
    return axes


def _dress(axes: Axes, trend: Trend) -> None:
    """Set the axis of days and the grid."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator := AutoDateLocator())  # type: ignore[no-untyped-call]  # Matplotlib has no types here
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # nor here
    axes.grid(visible=True, color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
