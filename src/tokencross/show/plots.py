"""Charts of a comparison: monthly cost, cost per million tokens, and the fleet, against volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.show.announced import add_ghost_words, draw_ghosts
from tokencross.show.frame import dress, fleet_scales, money_scale, own_axes, top_scale
from tokencross.show.marks import (
    EndLabel,
    add_band,
    add_end_labels,
    add_flags,
    add_hairlines,
    headroom_share,
)
from tokencross.show.style import GREY, INK, LineStyle, line_styles, shortened, text_colour, usd_tick
from tokencross.show.view import (
    Mark,
    cost_limits,
    drawn_volumes,
    ghosts,
    marks_of,
    traces,
    unit_limits,
    volume_range,
)
from tokencross.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from numpy.typing import NDArray

    from tokencross.studies.compare import Comparison

__all__ = [
    "CostPanel",
    "draw_costs",
    "fleet_labels",
    "leave_headroom",
    "plot_costs",
    "plot_fleet",
    "plot_unit_costs",
]

_BEYOND_DASH = (0.0, (1.0, 1.8))


def plot_costs(comparison: Comparison, *, ax: Axes | None = None) -> Axes:
    """Return axes with monthly cost against volume: a line per option, crossings marked, the cheapest as a band.

    An option with an announced change that moves a breakeven by more than 1% has a pale dashed line too: its cost once
    the change is in force, with the day and the breakeven before and after.

    Parameters
    ----------
    comparison : Comparison
        Options resolved for a workload.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Tokens per month against USD per month, both logarithmic; tokens per day and the incumbent's bill on top.
    """
    if ax is None:
        figure, axes = own_axes()
        panel = draw_costs(comparison, axes)
        figure.draw_without_rendering()  # settles the size that the flags have to fit
    else:
        panel = draw_costs(comparison, ax)
    leave_headroom(panel)
    return panel.axes


class CostPanel(NamedTuple):
    """The upper panel: its axes, flags, lines' ends, and the range that the lines take. [USD/month]"""

    axes: Axes
    flags: list[Annotation]
    ends: list[Annotation]
    floor: float
    top: float


def draw_costs(comparison: Comparison, axes: Axes) -> CostPanel:
    """Return monthly cost against volume as `plot_costs` draws it, before room is left for the flags."""
    low, high = volume_range(comparison)
    drawn, styles, marks = traces(comparison, low, high), line_styles(comparison), marks_of(comparison)
    to_come = ghosts(comparison, low, high)
    dress(axes, comparison, low, high)
    limits = _limits(comparison)
    for trace in drawn:
        limit = limits.get(trace.label)
        _draw_line(axes, trace.label, trace.volumes, trace.usd_per_month, styles[trace.label], limit)
    draw_ghosts(axes, to_come, styles)
    floor, top = cost_limits([*drawn, *(ghost.trace for ghost in to_come)])
    money_scale(axes, floor, top, f"USD per month\n(log scale from {usd_tick(floor)})")
    add_hairlines(axes, marks, styles)
    flags = add_flags(axes, marks, styles)
    _add_dots(axes, comparison, marks, styles)
    add_band(axes, comparison, styles)
    top_scale(axes, comparison)
    named = [
        _end_label(t.label, float(t.usd_per_month[-1]), styles[t.label], limited=limits.get(t.label, high) < high)
        for t in drawn
    ]
    ends = add_end_labels(axes, named)
    add_ghost_words(axes, to_come, styles, clear_of=flags)
    return CostPanel(axes, flags, ends, floor, top)


def leave_headroom(panel: CostPanel) -> None:
    """Raise the top of the cost axis so that the flags stand clear of the lines, at the axes' present size."""
    share = headroom_share(panel.axes, panel.flags)
    panel.axes.set_ylim(panel.floor, panel.top * (panel.top / panel.floor) ** (share / (1.0 - share)))


def plot_unit_costs(comparison: Comparison, *, ax: Axes | None = None) -> Axes:
    """Return axes with USD per million tokens against volume, each line with its price at the right end.

    Parameters
    ----------
    comparison : Comparison
        Options resolved for a workload.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Tokens per month against USD per million tokens, both logarithmic.
    """
    axes = own_axes()[1] if ax is None else ax
    low, high = volume_range(comparison)
    drawn, styles = traces(comparison, low, high), line_styles(comparison)
    dress(axes, comparison, low, high)
    limits = _limits(comparison)
    ends = []
    for trace in drawn:
        unit = trace.usd_per_month / trace.volumes * TOKENS_PER_MTOK
        _draw_line(axes, trace.label, trace.volumes, unit, styles[trace.label], limits.get(trace.label))
        ends.append(
            EndLabel(f"{shortened(trace.label)} {usd_tick(float(unit[-1]))}", float(unit[-1]), styles[trace.label])
        )
    money_scale(axes, *unit_limits(drawn), "USD per\nmillion tokens")
    add_hairlines(axes, marks_of(comparison), styles)
    add_end_labels(axes, ends)
    return axes


def fleet_labels(comparison: Comparison) -> list[str]:
    """Return the labels of the options that run on GPUs of their own."""
    return [label for label, resolved in comparison.central.items() if resolved.fleet is not None]


def plot_fleet(comparison: Comparison, *, ax: Axes | None = None) -> Axes:
    """Return axes with the self-hosted options' GPUs as steps, and their utilisation as areas on a second axis.

    Parameters
    ----------
    comparison : Comparison
        Options resolved for a workload; without a self-hosted one the axes say so.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        Tokens per month against the number of GPUs; its twin has the share of the measured rate that is used.
    """
    axes = own_axes()[1] if ax is None else ax
    low, high = volume_range(comparison)
    styles, labels = line_styles(comparison), fleet_labels(comparison)
    dress(axes, comparison, low, high)
    if not labels:
        axes.text(0.5, 0.5, "no option runs on GPUs of its own", transform=axes.transAxes, ha="center", color=GREY)
        return axes
    used = axes.twinx()
    counts, shares = [], []
    for label in labels:
        fleet = comparison.central[label].fleet
        assert fleet is not None  # fleet_labels
        volumes = drawn_volumes(fleet.gpus(), low, high)
        gpus = np.asarray(fleet.gpus().usd_per_month(volumes))
        share = volumes / fleet.served_tokens_per_month(volumes)
        _draw_line(axes, label, volumes, gpus, styles[label])
        used.fill_between(volumes, share, color=styles[label].colour, alpha=0.16, linewidth=0.0, label=label)
        counts.append(gpus)
        shares.append(float(share.max()))
    fleet_scales(axes, used, np.concatenate(counts), max(shares))
    add_hairlines(axes, marks_of(comparison), styles)
    return axes


# ---------------------------------------------------------------------- what is drawn


def _limits(comparison: Comparison) -> dict[str, float]:
    """Return the volumes above which options need a contract, where published limits say so. [tokens/month]"""
    found = {label: resolved.limit for label, resolved in comparison.central.items()}
    return {label: limit.tokens_per_month for label, limit in found.items() if limit is not None}


def _draw_line(
    axes: Axes,
    label: str,
    volumes: NDArray[np.float64],
    values: NDArray[np.float64],
    style: LineStyle,
    limit: float | None = None,
) -> None:
    """Draw an option's line, jumps upright, dotted beyond its published limits."""
    within = np.full(volumes.shape, True) if limit is None else volumes <= limit
    beyond = ~within
    beyond[:-1] |= beyond[1:]  # the dotted part begins where the other ends
    second = f"_{label}" if within.any() else label  # one entry in a legend
    for part, name, dash in ((within, label, style.dash), (beyond, second, _BEYOND_DASH)):
        if part.any():
            (line,) = axes.plot(
                volumes[part],
                values[part],
                label=name,
                color=style.colour,
                linestyle=dash,
                linewidth=style.width,
                solid_joinstyle="miter",
                zorder=2.5 if style.reference else 3.0,
            )
            line.set_gid("within limits" if part is within else "beyond limits")


def _end_label(label: str, value: float, style: LineStyle, *, limited: bool = False) -> EndLabel:
    """Return an option's name at the end of its line; a reference, and a line beyond its limits, say so."""
    said = [shortened(label)]
    if style.reference:
        said.append("reference, not a substitute")
    if limited:
        said.append("dotted: beyond its limits")
    return EndLabel("\n".join(said), value, style)


def _add_dots(axes: Axes, comparison: Comparison, marks: list[Mark], styles: dict[str, LineStyle]) -> None:
    """Put a dot on the curve at every mark in view: filled where the envelope turns, small and grey beside it."""
    low, high = axes.get_xlim()
    for mark in marks:
        if not low <= mark.volume <= high:
            continue
        if mark.kind == "switch":
            least = min(_at(comparison.curve(label), mark.volume) for label in comparison.substitutes)
            axes.scatter(mark.volume, least, s=70.0, color=text_colour(styles[mark.label].colour), zorder=5)
        elif mark.kind == "beats":
            bill = _at(comparison.curve(comparison.incumbent), mark.volume)
            axes.scatter(mark.volume, bill, s=22.0, facecolor="white", edgecolor=GREY, linewidth=1.0, zorder=5)
        elif mark.kind == "here":
            bills = [_at(comparison.curve(label), mark.volume) for label in comparison.labels]
            at = [mark.volume] * len(bills)
            axes.scatter(at, bills, s=20.0, color=INK, zorder=5)


def _at(curve: CostCurve, volume: float) -> float:
    """Return a curve's value at a volume. [USD/month]"""
    return float(curve.usd_per_month(volume))
