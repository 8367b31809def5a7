"""Charts of time: cumulative cash with payback, and what every month to switch in costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tokencross.show.marks import EndLabel, add_end_labels, width_inches
from tokencross.show.style import (
    GREY,
    INK,
    PALE,
    RULE,
    LineStyle,
    line_styles,
    shortened,
    size_for,
    text_colour,
    usd_tick,
    wrapped,
)
from tokencross.studies.price_paths import PriceStep, month_start
from tokencross.studies.timing_words import month_words, months_words
from tokencross.units import format_share

if TYPE_CHECKING:
    from datetime import date

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from tokencross.studies.cash import Projected
    from tokencross.studies.flows import Flows
    from tokencross.studies.switch_plans import Switch
    from tokencross.studies.switching import Timing

__all__ = ["plot_cash", "plot_timing", "timing_figure"]

_SIZE_INCHES = (10.0, 5.6)
_TITLE_SIZE = 12.0
_NOTE_SIZE = 9.0
_MOST_STEPS = 4  # more thin lines than this are a hatching
_HEADROOM_SHARE = 0.16


def plot_cash(projected: Projected, *, ax: Axes | None = None) -> Axes:
    """Return axes with what each option has cost in all by the end of each month, and when each has paid back.

    Parameters
    ----------
    projected : Projected
        Options through the months.
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    axes = _own_axes() if ax is None else ax
    comparison, months = projected.comparison, projected.projection.months
    styles = line_styles(comparison)
    frame = projected.cumulative()
    for label in comparison.labels:
        style = styles[label]
        axes.plot(
            *_paid(projected.by_option[label]),
            color=style.colour,
            linestyle=style.dash,
            linewidth=style.width,
            solid_joinstyle="miter",
            label=label,
            zorder=3,
        )
    _dress(axes, months, projected.start, "cumulative cost, USD")
    top = float(frame.to_numpy().max())
    axes.set_ylim(min(0.0, float(frame.to_numpy().min())), top * (1.0 + _HEADROOM_SHARE))
    _draw_steps(axes, projected.steps, months)
    for label in comparison.labels:
        if label != comparison.incumbent and label not in comparison.reference:
            _mark_payback(axes, projected, label, styles[label])
    totals = {label: float(frame[label].iloc[-1]) for label in comparison.labels}
    ends = [EndLabel(_total(label, usd), usd, styles[label]) for label, usd in totals.items()]
    _entitle(axes, _cash_finding(projected))
    add_end_labels(axes, ends)
    return axes


def _paid(cash: Flows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return months and what has been paid by then: sums at once at a month's beginning, the rest as it goes by."""
    sums = sum(cash.begun.values(), np.zeros(1))[0]
    month = np.arange(sums.size, dtype=float)
    before = np.concatenate([[0.0], np.cumsum(cash.total[0])])
    usd = np.stack([before[:-1], before[:-1] + sums], axis=1).ravel()
    return np.append(np.repeat(month, 2), float(sums.size)), np.append(usd, before[-1])


def _total(label: str, usd: float) -> str:
    """Return an option with what it comes to."""
    return f"{shortened(label)}\n{usd_tick(usd)}"


def _mark_payback(axes: Axes, projected: Projected, label: str, style: LineStyle) -> None:
    """Mark where a challenger has cost less than the incumbent for good."""
    found = projected.payback(label)
    if found.month is None or found.decided_month is None:
        return
    month = found.decided_month + found.month
    usd = float(projected.cumulative()[label].iloc[month])
    _dot(axes, float(month), usd, f"paid back after {months_words(found.month)}", style, marker="o", below=True)


def _cash_finding(projected: Projected) -> str:
    """Return what the chart of cash shows, in a sentence."""
    comparison, months = projected.comparison, projected.projection.months
    totals = projected.cumulative().iloc[-1]
    best = min(comparison.substitutes, key=lambda label: float(totals[label]))
    if best == comparison.incumbent:
        said = f"{_capital(best)} costs the least over {months_words(months)}"
        paid = [projected.payback(label) for label in comparison.substitutes if label != best]
        shares = [(each.recovered_share, each.challenger) for each in paid if each.recovered_share is not None]
        if not shares:
            return said
        share, label = max(shares)
        return f"{said}: {label} wins back {format_share(max(share, 0.0))} of what it lays out"
    found = projected.payback(best)
    less = usd_tick(float(totals[comparison.incumbent] - totals[best]))
    said = f"{_capital(best)} costs {less} less than {comparison.incumbent} over {months_words(months)}"
    return said if found.month is None else f"{said} and pays back in {months_words(found.month)}"


# ---------------------------------------------------------------------- when to switch


def plot_timing(timing: Timing, *, ax: Axes | None = None) -> Axes:
    """Return axes with what everything costs to the horizon, by the month in which one decides to switch.

    Parameters
    ----------
    timing : Timing
        By `when`.
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    axes = _own_axes() if ax is None else ax
    styles, months = line_styles(timing.comparison), timing.projection.months
    shown = _shown(timing)
    never = shown[0].never_usd
    least = min([never, *(switch.best_usd for switch in shown)])
    ends = [EndLabel(f"never: {_more(never - least)}", never - least, LineStyle(GREY, "--", 1.4, reference=True))]
    values = [never - least]
    for switch in shown:
        style, way = styles[switch.challenger], switch.way
        if way.starts.size:
            over = way.present_value_usd - least
            (line,) = axes.plot(way.starts, over, label=switch.challenger, zorder=3)
            line.set(color=style.colour, linestyle=style.dash, linewidth=style.width)
            values += over.tolist()
            ends.append(EndLabel(shortened(switch.challenger), float(over[-1]), style))
    axes.axhline(never - least, color=GREY, linewidth=1.4, dashes=(5.0, 3.0), zorder=2)
    worth = "present value, USD" if timing.projection.monthly_rate > 0.0 else "USD"
    label = f"more than the best plan over {months_words(months)}\n({worth})"
    _dress(axes, months, timing.projected.start, label, last=months - 1)
    axes.set_xlabel(_time_label(timing.projected.start, "month in which one decides to switch"))
    spread = max(values) or 1.0
    axes.set_ylim(-0.14 * spread, (1.0 + _HEADROOM_SHARE) * spread)
    _draw_steps(axes, shown[0].steps, months - 1)
    for switch in shown:
        _mark_best(axes, switch, least, styles[switch.challenger])
    _entitle(axes, _timing_finding(timing))
    add_end_labels(axes, ends)
    return axes


def _more(usd: float) -> str:
    """Return what a plan costs over the best one, in words."""
    return f"{usd_tick(usd)} more" if usd > 0.0 else "the best"


def _shown(timing: Timing) -> list[Switch]:
    """Return the switches of substitutes, of all challengers where none is one; the best first."""
    every = [each for each in timing.switches.values() if each.substitute] or list(timing.switches.values())
    return sorted(every, key=lambda each: each.best_usd)


def _mark_best(axes: Axes, switch: Switch, least: float, style: LineStyle) -> None:
    """Mark a challenger's best month, and what now costs instead."""
    best = switch.way.best
    if best is None:
        return
    month, over = float(switch.way.starts[best]), float(switch.way.present_value_usd[best]) - least
    words = "now" if month == 0.0 else f"month {month:g}"
    said = f"best plan: {words}" if over == 0.0 else f"{words}: {_more(over)}"
    _dot(axes, month, over, said, style, marker="o", below=True)
    if over == 0.0 and switch.month and math.isfinite(switch.now_usd):
        _dot(axes, 0.0, switch.now_usd - least, f"now: {_more(switch.now_usd - least)}", style, marker="s", below=False)


def _dot(axes: Axes, month: float, usd: float, words: str, style: LineStyle, *, marker: str, below: bool) -> None:
    """Draw a mark on a line with its words beside it."""
    late = month > 0.6 * axes.get_xlim()[1]
    axes.plot(
        [month],
        [usd],
        marker=marker,
        markersize=9.0 if below else 7.0,
        color=style.colour,
        markeredgecolor="white",
        linestyle="none",
        clip_on=False,
        zorder=5,
    )
    axes.annotate(
        words,
        xy=(month, usd),
        xytext=(-8.0 if late else 8.0, -17.0 if below else 9.0),
        textcoords="offset points",
        ha="right" if late else "left",
        color=text_colour(style.colour),
        fontsize=size_for(width_inches(axes), _NOTE_SIZE),
        fontweight="bold" if below else "normal",
        zorder=6,
        parse_math=False,
    )


def _timing_finding(timing: Timing) -> str:
    """Return what the chart of timing shows, in a sentence."""
    best = timing.best
    if best is None:
        return f"No switch away from {timing.comparison.incumbent} pays within {months_words(timing.projection.months)}"
    late = usd_tick(best.never_usd - best.best_usd)
    if best.month == 0:
        return f"Switch to {best.challenger} now: never switching costs {late} more"
    when = f"{month_words(float(best.month or 0))}{'' if best.date is None else f' ({best.date})'}"
    if not math.isfinite(best.now_usd):
        return f"Switch to {best.challenger} {when}: never switching costs {late} more"
    early = usd_tick(best.now_usd - best.best_usd)
    return f"Switch to {best.challenger} {when}: now costs {early} more, never {late} more"


def timing_figure(timing: Timing, *, size_inches: tuple[float, float] = (11.0, 9.5)) -> Figure:
    """Return both charts: what every month to switch in costs, and the cash of the best plans.

    Parameters
    ----------
    timing : Timing
        By `when`.
    size_inches : (float, float)
        Width and height. [inches]
    """
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(2, 1, figsize=size_inches, layout="constrained")
    plot_timing(timing, ax=above)
    plot_cash(timing.planned(), ax=below)
    return figure


# ---------------------------------------------------------------------- what both have


def _own_axes() -> Axes:
    """Return axes of a figure of their own, with room for words at the right."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=_SIZE_INCHES, layout="constrained")
    return axes


def _dress(axes: Axes, months: int, start: date | None, label: str, *, last: int | None = None) -> None:
    """Set limits, ticks and words of the axes."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0.0, months if last is None else max(last, 1))
    every = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months / step <= 8), 120)
    ticks = np.arange(0, months + 1, every)
    if last is not None:
        ticks = ticks[ticks <= last]
    axes.set_xticks(ticks, [_tick(int(month), start) for month in ticks])
    axes.set_xlabel(_time_label(start, "months from now"))
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"{'-' if usd < 0 else ''}{usd_tick(abs(usd))}"))
    axes.grid(visible=True, color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _tick(month: int, start: date | None) -> str:
    """Return a month as ticks write it: its number, and the calendar's below."""
    return f"{month}" if start is None else f"{month}\n{month_start(start, month):%Y-%m}"


def _time_label(start: date | None, words: str) -> str:
    """Return the time axis' words."""
    return words if start is None else f"{words}; month 0 begins on {start}"


def _draw_steps(axes: Axes, steps: list[PriceStep] | tuple[PriceStep, ...], last: int) -> None:
    """Draw the days on which prices are known to change, as thin dated lines."""
    dated = {step.day: step for step in steps if step.day is not None and step.month <= last}
    for step in list(dated.values())[:_MOST_STEPS]:
        axes.axvline(step.month, color=PALE, linewidth=0.9, linestyle=":", zorder=1.5)
        axes.annotate(
            wrapped(f"{step.day}: {_short(step)}", width_inches=width_inches(axes) * 0.28, size=8.0),
            xy=(step.month, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(4.0, -3.0),
            textcoords="offset points",
            ha="left",
            va="top",
            color=GREY,
            fontsize=8.0,
            zorder=4,
            parse_math=False,
        )


def _short(step: PriceStep) -> str:
    """Return a price step in few words."""
    return step.words.replace(" a month at the volume of then", " a month").replace(" USD to ", " to ")


def _entitle(axes: Axes, finding: str) -> None:
    """Write the finding above the axes."""
    size = size_for(width_inches(axes), _TITLE_SIZE)
    words = wrapped(finding, width_inches=width_inches(axes) * 1.05, size=size, bold=True)
    axes.set_title(words, loc="left", fontsize=size, fontweight="bold", color=INK, parse_math=False)


def _capital(label: str) -> str:
    """Return a label as a sentence begins with it."""
    return label[:1].upper() + label[1:]
