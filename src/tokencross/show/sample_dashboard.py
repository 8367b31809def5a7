"""How sure the answer is, in one figure: cost bands, who is the cheapest how often, and where the breakeven lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tokencross.show.style import GREY, INK, size_for, wrapped
from tokencross.show.uncertainty import (
    SMALL_SIZE,
    TITLE_SIZE,
    plot_breakeven_density,
    plot_cheapest_shares,
    plot_cost_bands,
)
from tokencross.studies.sample_words import how_sure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tokencross.studies.sample import StudySample

__all__ = ["sample_dashboard"]

_SIDE = 0.012
_HEADLINE_SIZE = 14.0
_FULL_WIDTH_INCHES = 12.0


def sample_dashboard(sample: StudySample, *, size_inches: tuple[float, float] = (13.0, 13.0)) -> Figure:
    """Return how sure the answer is as a figure; it belongs to no pyplot state.

    Parameters
    ----------
    sample : StudySample
        Draws of a study.
    size_inches : (float, float)
        Width and height. [inches]

    Returns
    -------
    Figure
        Axes in this order: monthly cost with its bands, shares of draws in which each option is the cheapest, and the
        breakeven of the challenger that undercuts the incumbent somewhere in most draws, if there is one.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_inches, layout="constrained")
    shown = _challenger(sample)
    panels = figure.subplots(2 if shown is None else 3, 1)
    plot_cost_bands(sample, ax=panels[0])
    plot_cheapest_shares(sample, ax=panels[1])
    if shown is not None:
        plot_breakeven_density(sample, shown, ax=panels[2])
    for axes in panels[:-1]:
        axes.set_xlabel("tokens per month", color=GREY, fontsize=SMALL_SIZE)  # the last one says the rest for all
    said = "Who is the cheapest, by volume"  # the figure's title says it where you are
    panels[1].set_title(said, loc="left", fontsize=TITLE_SIZE, color=INK, pad=18.0)
    size = size_for(size_inches[0], _HEADLINE_SIZE, full_width_inches=_FULL_WIDTH_INCHES)
    room = size_inches[0] * (1.0 - 2.0 * _SIDE)
    headline = wrapped(" ".join(how_sure(sample)[:2]), width_inches=room, size=size, bold=True)
    figure.suptitle(headline, x=_SIDE, ha="left", fontsize=size, fontweight="bold", color=INK, parse_math=False)
    return figure


def _challenger(sample: StudySample) -> str | None:
    """Return the substitute whose breakeven lies at a volume above 0 in most draws; None where none ever does."""
    comparison = sample.comparison
    found = {
        label: int(np.count_nonzero(np.isfinite(first := sample.first(label)) & (first > 0.0)))
        for label in comparison.substitutes
        if label != comparison.incumbent
    }
    best = max(found, key=lambda label: found[label], default=None)
    return best if best is not None and found[best] else None
