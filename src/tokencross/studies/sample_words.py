"""What a sample says, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tokencross.number import Draws
from tokencross.studies.draws import quantiles_of
from tokencross.units import format_count, format_share, format_usd

if TYPE_CHECKING:
    from tokencross.studies.sample import StudySample

__all__ = ["breakeven_in_words", "cheapest_in_words", "how_sure", "where_you_are"]

_BAND = (0.05, 0.5, 0.95)


def how_sure(sample: StudySample) -> list[str]:
    """Return who is the cheapest where you are and what knowing would be worth, and every breakeven with its band."""
    comparison = sample.comparison
    said = []
    if comparison.here is not None:
        said.append(f"{cheapest_in_words(sample)}.")
        regret = sample.regret().iloc[0]
        worth = float(regret["regret_usd_per_month"])
        if worth > 0.0:
            said.append(
                f"Choosing {regret['option']} now costs {format_usd(worth)} a month on average above the cheapest of "
                f"each draw: what knowing would be worth."
            )
    for label in comparison.substitutes:
        if label != comparison.incumbent:
            words = breakeven_in_words(sample.first(label), label, comparison.incumbent, "first")
            said.append(f"{words[:1].upper()}{words[1:]}.")
    return said


def cheapest_in_words(sample: StudySample) -> str:
    """Return who is the cheapest where you are, and how often."""
    if sample.here is None:
        return "How often each option is the cheapest, by volume"
    row = sample.cheapest_shares().iloc[0].sort_values(ascending=False, kind="stable")
    others = [f"{label} in {_percent(float(share))}" for label, share in row.iloc[1:3].items() if share > 0.0]
    best = f"{row.index[0]} is the cheapest in {_percent(float(row.iloc[0]))} of the draws"
    return f"{where_you_are(sample)} {', '.join([best, *others])}"


def where_you_are(sample: StudySample) -> str:
    """Return where you are, as a sentence begins with it: at a volume, or over those of the draws."""
    here = sample.here
    if isinstance(here, np.ndarray):
        low, high = quantiles_of(here, (_BAND[0], _BAND[-1]))
        return f"Over your {format_count(float(low), digits=2)} to {format_count(float(high), digits=2)} tokens/month"
    return f"At your {format_count(float(here or 0.0))} tokens/month"


def breakeven_in_words(found: Draws, challenger: str, rival: str, breakeven: str) -> str:
    """Return where a challenger undercuts, how far nine of ten draws are apart, and how many have no breakeven.

    Parameters
    ----------
    found : ndarray, shape (D,)
        A breakeven by draw, inf for none. [tokens/month]
    challenger, rival : str
        Whose, against whom.
    breakeven : str
        ``first`` or ``robust``.
    """
    none = float(np.mean(np.isinf(found)))
    low, middle, high = (float(value) for value in quantiles_of(found, _BAND))
    said = f"{challenger} undercuts {rival}{'' if breakeven == 'first' else ' for good'}"
    if none == 1.0:
        return f"{said} in none of the draws"
    if math.isinf(middle):
        return f"{said} in {_percent(1.0 - none)} of the draws only; in the others there is no breakeven"
    never = f"; never in {_percent(none)}" if none else ""
    if middle == 0.0:
        return f"{said} from the first token in {_percent(float(np.mean(found == 0.0)))} of the draws{never}"
    if low == high:
        return f"{said} from {format_count(middle)} tokens/month in nine of ten draws{never}"
    ends = f"nine of ten draws within {format_count(low)} and {format_count(high)}"
    if math.isinf(high):
        ends = f"a twentieth of the draws below {format_count(low)}"
    return f"{said} from {format_count(middle)} tokens/month in half of the draws: {ends}{never}"


def _percent(share: float) -> str:
    """Return a share of draws; one that is nearly all or nothing is not rounded to it."""
    if 0.0 < share < 0.001:
        return "under 0.1%"
    if 0.99 < share < 1.0:
        return f"{math.floor(share * 1_000.0) / 10.0:.1f}%"
    return format_share(share)
