"""Charts of the tables themselves: a model's prices over time, and those of a tier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tokencross.show.marks import EndLabel, add_end_labels
from tokencross.show.style import GREY, INK, RULE, TIER_COLOURS, LineStyle, usd_tick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["plot_history", "plot_tier"]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#332288", "#E69F00")
_KINDS = (("input_usd_per_mtok", "input", "-"), ("output_usd_per_mtok", "output", (0.0, (6.0, 1.6))))
_WIDTH = 1.8
_TO_COME = (0.0, (1.0, 1.8))
_LEAST_USD = 0.005
_SIZE_INCHES = (9.0, 4.6)


def plot_history(frames: Mapping[str, pd.DataFrame], *, as_of: date, version: str, ax: Axes | None = None) -> Axes:
    """Return axes with the eras of hosted models, one colour each: solid input, dashed output.

    Parameters
    ----------
    frames : mapping of model to DataFrame
        Eras as `PriceBook.history` gives them.
    as_of : date
        Marked, with everything announced beyond it dotted.
    version : str
        The tables', for the title.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Day against USD per million billed tokens, logarithmic.
    """
    axes = _own_axes() if ax is None else ax
    today = np.datetime64(as_of, "D")
    known = [as_of, *(day for frame in frames.values() for day in _days(frame))]
    first, last = np.datetime64(min(known), "D"), np.datetime64(max(known), "D")
    right = last + max(int((last - first).astype(int)) // 12, 10) if last > today else last
    ends: list[EndLabel] = []
    for index, (name, frame) in enumerate(frames.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        for key, kind, dash in _KINDS:
            _draw_eras(axes, frame, key, colour, dash, right)
            value, words = _in_words(frame, key, today)
            ends.append(EndLabel(f"{name} {kind} {words}", value, LineStyle(colour, "-", _WIDTH, reference=True)))
    _dress(axes, "USD per million billed tokens", as_of)
    axes.set_title(f"list prices, as of {as_of}, tables {version}", loc="left", fontsize=10.0, color=INK)
    axes.set_xlim(right=float(right.astype(float)))
    add_end_labels(axes, ends)
    return axes


def _in_words(frame: pd.DataFrame, key: str, today: np.datetime64) -> tuple[float, str]:
    """Return where a line ends, and its price today with what comes, or the price and day with which it ended."""
    begun = [row for row in frame.to_dict("records") if np.datetime64(row["effective_from"], "D") <= today]
    to_come = [row for row in frame.to_dict("records")[len(begun) :]]
    end = max(float(frame[key].iloc[-1]), _LEAST_USD)
    if not begun:
        return end, f"{usd_tick(float(to_come[0][key]))} from {to_come[0]['effective_from']}"
    words, until = usd_tick(float(begun[-1][key])), begun[-1]["effective_to"]
    if to_come:
        words += "".join(f", {usd_tick(float(row[key]))} from {row['effective_from']}" for row in to_come)
    elif isinstance(until, date):
        words += f" until {until}"
    return end, words


def _days(frame: pd.DataFrame) -> list[date]:
    """Return the days on which eras begin and end."""
    return [day for key in ("effective_from", "effective_to") for day in frame[key] if isinstance(day, date)]


def _draw_eras(axes: Axes, frame: pd.DataFrame, key: str, colour: str, dash: object, right: np.datetime64) -> None:
    """Draw eras as level lines with upright steps; a gap stays a gap, what is announced is dotted."""
    before: tuple[object, float] | None = None
    for row in frame.to_dict("records"):
        start, value = row["effective_from"], max(float(row[key]), _LEAST_USD)
        end = row["effective_to"] if isinstance(row["effective_to"], date) else right
        days, values = [start, end], [value, value]
        if before is not None and before[0] == start:
            days, values = [start, *days], [before[1], *values]
        axes.plot(
            np.asarray(days, dtype="datetime64[D]"),
            np.asarray(values),
            color=colour,
            linestyle=_TO_COME if row["status"] == "announced" else dash,
            linewidth=_WIDTH,
            solid_joinstyle="miter",
        )
        before = (end, value)


def plot_tier(
    frame: pd.DataFrame, tier: str, *, input_share: float, as_of: date, version: str, ax: Axes | None = None
) -> Axes:
    """Return axes with the price of a tier over time: its models' median, within the lowest and the highest.

    Parameters
    ----------
    frame : DataFrame
        As `PriceBook.tier_history` gives it.
    tier : str
        Whose.
    input_share : float
        Share of the tokens that are input, for the axis.
    as_of, version : date, str
        For the caption.
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    """
    axes = _own_axes() if ax is None else ax
    labels = _draw_tier(axes, frame, TIER_COLOURS[tier], np.datetime64(as_of, "D")) if len(frame) else []
    _dress(axes, f"USD per million billed tokens\n({input_share:.0%} input, list price)", as_of)
    title = f"{tier.replace('_', ' ')}: models on sale, as of {as_of}, tables {version}"
    axes.set_title(title, loc="left", fontsize=10.0, color=INK)
    add_end_labels(axes, labels)
    return axes


def _draw_tier(axes: Axes, frame: pd.DataFrame, colour: str, today: np.datetime64) -> list[EndLabel]:
    """Draw the band and the median, dotted from today on; return the labels at their ends."""
    days = frame.index.to_numpy().astype("datetime64[D]")
    last = max(today, days[-1])
    days = np.append(days, last)
    columns = {key: _held(frame[f"{key}_usd_per_mtok"].to_numpy()) for key in ("lowest", "median", "highest")}
    now = max(int(np.searchsorted(days, today, side="right")) - 1, 0)
    lowest, median, highest = columns.values()
    band = axes.fill_between(days, lowest, highest, step="post", color=colour, alpha=0.16, linewidth=0.0)
    band.set_label("lowest to highest")
    before = np.append(days[: now + 1], today), np.append(median[: now + 1], median[now])
    after = np.append(today, days[now + 1 :]), np.append(median[now], median[now + 1 :])
    for part, label, dash in ((before, "median", "-"), (after, "_median", _TO_COME)):
        axes.plot(*part, drawstyle="steps-post", color=colour, linewidth=2.2, label=label, linestyle=dash)
    axes.set_xlim(right=float(last.astype(float)))
    return [
        EndLabel(
            f"{key} today {usd_tick(float(values[now]))}",
            float(values[-1]),
            LineStyle(colour, "-", _WIDTH, reference=key != "median"),
        )
        for key, values in columns.items()
    ]


def _held(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with the last one held to the end; free ones as the least that the axis shows."""
    shown = np.where(values > 0.0, np.maximum(values, _LEAST_USD), np.where(values == 0.0, _LEAST_USD, np.nan))
    return np.append(shown, shown[-1])


def _own_axes() -> Axes:
    """Return axes of a figure of their own, with room for words at the right."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=_SIZE_INCHES, layout="constrained")
    return axes


def _dress(axes: Axes, label: str, as_of: date) -> None:
    """Set scales, ticks and the mark of the date."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: usd_tick(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(locator := AutoDateLocator())  # type: ignore[no-untyped-call]  # Matplotlib has no types here
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # nor here
    axes.grid(visible=True, color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.axvline(
        float(np.datetime64(as_of).astype("datetime64[D]").astype(float)), color=GREY, linewidth=0.9, dashes=(3, 2)
    )
