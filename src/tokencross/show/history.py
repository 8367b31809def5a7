"""Charts of the tables themselves: a model's prices over time, and those of a tier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tokencross.show.marks import EndLabel, add_end_labels
from tokencross.show.style import GREY, INK, RULE, TIER_COLOURS, LineStyle, text_colour, usd_tick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["plot_history", "plot_tier"]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#332288", "#E69F00")
_KINDS = (("input_usd_per_mtok", "input", "-"), ("output_usd_per_mtok", "output", (0.0, (6.0, 1.6))))
_WIDTH = 1.8
_LEAST_USD = 0.005
_SIZE_INCHES = (9.0, 4.6)


def plot_history(frames: Mapping[str, pd.DataFrame], *, as_of: date, ax: Axes | None = None) -> Axes:
    """Return axes with the eras of hosted models, one colour each: solid input, dashed output.

    Parameters
    ----------
    frames : mapping of model to DataFrame
        Eras as `PriceBook.history` gives them.
    as_of : date
        Marked, with everything announced beyond it dotted.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Day against USD per million billed tokens, logarithmic.
    """
    axes = _own_axes() if ax is None else ax
    last = max([as_of, *(day for frame in frames.values() for day in _days(frame))])
    ends: list[EndLabel] = []
    for index, (name, frame) in enumerate(frames.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        for key, kind, dash in _KINDS:
            _draw_eras(axes, frame, key, colour, dash, last)
            value = max(float(frame[key].iloc[-1]), _LEAST_USD)
            words = f"{name} {kind} {usd_tick(float(frame[key].iloc[-1]))}"
            ends.append(EndLabel(words, value, LineStyle(colour, "-", _WIDTH, reference=True)))
    _dress(axes, "USD per million billed tokens", as_of)
    axes.set_xlim(right=float(np.datetime64(last, "D").astype(float)))
    add_end_labels(axes, ends)
    return axes


def _days(frame: pd.DataFrame) -> list[date]:
    """Return the days on which eras begin and end."""
    return [day for key in ("effective_from", "effective_to") for day in frame[key] if isinstance(day, date)]


def _draw_eras(axes: Axes, frame: pd.DataFrame, key: str, colour: str, dash: object, last: date) -> None:
    """Draw eras as level lines with upright steps; a gap stays a gap, what is announced is dotted."""
    before: tuple[date, float] | None = None
    for row in frame.to_dict("records"):
        start, value = row["effective_from"], max(float(row[key]), _LEAST_USD)
        end = row["effective_to"] if isinstance(row["effective_to"], date) else last
        days, values = [start, end], [value, value]
        if before is not None and before[0] == start:
            days, values = [start, *days], [before[1], *values]
        axes.plot(
            np.asarray(days, dtype="datetime64[D]"),
            np.asarray(values),
            color=colour,
            linestyle=(0.0, (1.0, 1.8)) if row["status"] == "announced" else dash,
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
    colour = TIER_COLOURS[tier]
    days = frame.index.to_numpy()
    if days.size:
        end = max(np.datetime64(as_of), days[-1])
        days = np.append(days, end)
        columns = {key: _held(frame[f"{key}_usd_per_mtok"].to_numpy()) for key in ("lowest", "median", "highest")}
        band = axes.fill_between(
            days, columns["lowest"], columns["highest"], step="post", color=colour, alpha=0.16, linewidth=0.0
        )
        band.set_label("lowest to highest")
        axes.plot(days, columns["median"], drawstyle="steps-post", color=colour, linewidth=2.2, label="median")
        for key, place in (("lowest", "bottom"), ("median", "center"), ("highest", "top")):
            value = float(columns[key][-1])
            axes.annotate(
                f"{key} {usd_tick(value)}",
                (end, value),
                xytext=(5.0, 0.0),
                textcoords="offset points",
                va=place,
                color=text_colour(colour),
                fontsize=9.0,
                fontweight="bold" if key == "median" else "normal",
                annotation_clip=False,
            )
    _dress(axes, f"USD per million billed tokens\n({input_share:.0%} input, list price)", as_of)
    axes.set_title(f"{tier.replace('_', ' ')}: models on sale, tables {version}", loc="left", fontsize=10.0, color=INK)
    return axes


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
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: usd_tick(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(label)
    axes.grid(visible=True, color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.axvline(
        float(np.datetime64(as_of).astype("datetime64[D]").astype(float)), color=GREY, linewidth=0.9, dashes=(3, 2)
    )
