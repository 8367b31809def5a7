"""The measure of every kind of check: the one place where kinds meet what evaluates them."""

from __future__ import annotations

from tokencross.checks.context import Context, Measures
from tokencross.checks.measures_costs import COST_MEASURES
from tokencross.checks.measures_crossings import CROSSING_MEASURES
from tokencross.checks.measures_market import MARKET_MEASURES
from tokencross.checks.measures_prices import PRICE_MEASURES
from tokencross.checks.measures_sources import SOURCE_MEASURES
from tokencross.checks.outcome import Finding
from tokencross.tables.assumption_entry import CheckEntry

__all__ = ["MEASURES", "measured"]

MEASURES: Measures = {**PRICE_MEASURES, **SOURCE_MEASURES, **CROSSING_MEASURES, **COST_MEASURES, **MARKET_MEASURES}
"""What evaluates a check, by its record."""


def measured(entry: CheckEntry, context: Context) -> Finding:
    """Return what came of a check.

    Raises
    ------
    TokencrossError
        If what it asks for does not exist; the message names file, line and key.
    """
    return context.within(entry.kind, lambda: MEASURES[type(entry)](entry, context))
