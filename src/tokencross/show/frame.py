"""The axes of the charts: volume below, days and the incumbent's bill above, money at the side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.show.caption import provenance
from tokencross.show.marks import width_inches
from tokencross.show.style import GREY, INK, PALE, RULE, share_tick, usd_tick, volume_tick, wrapped
from tokencross.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tokencross.studies.compare import Comparison

__all__ = ["dress", "fleet_scales", "money_scale", "own_axes", "top_scale"]

_TICK_SIZE = 9.5
_TITLE_SIZE = 10.0
_FEW_DECADES = 1.8
_SOME_DECADES = 3.0
_NICE_SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
_LEAST_LOG_RATIO = 20.0


def own_axes() -> tuple[Figure, Axes]:
    """Return axes in a figure of their own."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(9.0, 5.5), layout="constrained")


def dress(axes: Axes, comparison: Comparison, low: float, high: float) -> None:
    """Give axes their volume scale and title, and take away what is not needed."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xlim(low, high)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10.0, subs=_subs(low, high)))
    axes.xaxis.set_major_formatter(FuncFormatter(volume_tick))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("tokens per month", color=INK, fontsize=_TITLE_SIZE)
    axes.spines[["right", "top", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(axis="both", which="both", color=PALE, labelcolor=INK, labelsize=_TICK_SIZE)
    axes.tick_params(axis="y", which="both", length=0.0)
    axes.grid(visible=True, axis="y", which="major", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    said = wrapped(provenance(comparison), width_inches=width_inches(axes), size=9.0)
    axes.set_title(said, loc="left", fontsize=9.0, color=GREY, parse_math=False)


def _subs(low: float, high: float) -> tuple[float, ...]:
    """Return which multiples of a decade get a tick: fewer, the more decades there are."""
    decades = math.log10(high / low)
    if decades < _FEW_DECADES:
        return (1.0, 2.0, 5.0)
    return (1.0, 3.0) if decades < _SOME_DECADES else (1.0,)


def money_scale(axes: Axes, low: float, high: float, title: str) -> None:
    """Give axes a logarithmic scale of money."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_ylim(low, high)  # before the scale, which else looks for positive data
    axes.set_yscale("log", nonpositive="clip")
    axes.yaxis.set_major_locator(LogLocator(10.0, subs=_subs(low, high)))
    axes.yaxis.set_major_formatter(FuncFormatter(usd_tick))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel(title, color=INK, fontsize=_TITLE_SIZE)


def top_scale(axes: Axes, comparison: Comparison) -> None:
    """Put tokens per day, with the incumbent's monthly bill at the same volume below each, along the top."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    bill = comparison.curve(comparison.incumbent)

    def two_lines(per_day: float, position: int | None = None) -> str:
        usd = float(bill.usd_per_month(per_day * DAYS_PER_MONTH))
        return f"{volume_tick(per_day)}\n{usd_tick(usd)}"

    top = axes.secondary_xaxis("top", functions=(_to_days, _to_months))
    top.xaxis.set_major_locator(LogLocator(10.0, subs=_subs(*axes.get_xlim())))
    top.xaxis.set_major_formatter(FuncFormatter(two_lines))
    top.xaxis.set_minor_locator(NullLocator())
    top.tick_params(axis="x", color=PALE, labelcolor=GREY, labelsize=_TICK_SIZE)
    top.spines["top"].set_color(PALE)
    said = f"tokens per day, and what {comparison.incumbent} costs a month"
    top.set_xlabel(said, loc="left", color=GREY, fontsize=_TITLE_SIZE, parse_math=False)


def _to_days(tokens_per_month: ArrayLike) -> NDArray[np.float64]:
    """Return tokens per day."""
    return np.asarray(tokens_per_month, dtype=float) / DAYS_PER_MONTH


def _to_months(tokens_per_day: ArrayLike) -> NDArray[np.float64]:
    """Return tokens per month."""
    return np.asarray(tokens_per_day, dtype=float) * DAYS_PER_MONTH


def fleet_scales(axes: Axes, used: Axes, counts: NDArray[np.float64], most_used: float) -> None:
    """Give the fleet strip its two scales: GPUs at the left, utilisation at the right."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    least, most = float(counts.min()), float(counts.max())
    if least > 0.0 and most / least > _LEAST_LOG_RATIO:
        axes.set_ylim(least / 2.0, most * 2.0)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(10.0))
    else:
        axes.set_ylim(0.0, most * 1.25)
        axes.locator_params(axis="y", nbins=3, integer=True)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(volume_tick))
    axes.set_ylabel("GPUs\n(line)", color=INK, fontsize=_TITLE_SIZE)
    top = next((share for share in _NICE_SHARES if share >= most_used), most_used)
    used.set_ylim(0.0, top)
    used.set_yticks([0.0, top / 2.0, top])
    used.yaxis.set_major_formatter(FuncFormatter(share_tick))
    used.set_ylabel("utilisation\n(area)", color=GREY, fontsize=_TITLE_SIZE)
    used.spines[:].set_visible(False)
    used.tick_params(axis="y", length=0.0, labelcolor=GREY, labelsize=_TICK_SIZE)
