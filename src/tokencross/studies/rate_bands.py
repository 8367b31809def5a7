"""What the error of a throughput does to a breakeven: the crossings at the ends of its band."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokencross.units import format_count

if TYPE_CHECKING:
    from tokencross.studies.compare import Comparison

__all__ = ["rate_band_notes"]

_SHARE = 0.9


def rate_band_notes(comparison: Comparison) -> list[str]:
    """Return, for every fleet whose rate rows or measurements say, its band and the breakevens at its ends.

    A study resolved with the rate of either end, everything else as it is: nothing is scaled or interpolated.
    """
    medians = comparison.medians
    notes = []
    for label, resolved in medians.resolved.items():
        band = None if resolved.fleet is None else resolved.fleet.rate_band(_SHARE)
        if band is None or label == medians.incumbent:
            continue
        found = []
        for rate in band:
            options = tuple(o.with_number("throughput", rate) if o.label == label else o for o in medians.options)
            first = replace(medians, options=options).breakeven(label).first
            found.append("never" if first is None else f"from {format_count(float(first))} tokens/month")
        slow, fast = (format_count(rate) for rate in band)
        notes.append(
            f"{label}: nine of ten rates known as its own is lie within {slow} to {fast} tokens per replica-second; "
            f"it is cheaper than {medians.incumbent} {found[0]} at the slow end, {found[1]} at the fast one."
        )
    return notes
