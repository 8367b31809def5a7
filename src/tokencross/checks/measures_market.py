"""The measures of the kinds that rules of thumb need, in one table."""

from __future__ import annotations

from tokencross.checks.context import Measures
from tokencross.checks.measures_savings import SAVING_MEASURES
from tokencross.checks.measures_speed import SPEED_MEASURES
from tokencross.checks.measures_trend import TREND_MEASURES
from tokencross.checks.measures_waiting import WAITING_MEASURES

__all__ = ["MARKET_MEASURES"]

MARKET_MEASURES: Measures = {**TREND_MEASURES, **SPEED_MEASURES, **SAVING_MEASURES, **WAITING_MEASURES}
"""What evaluates a check of the market, by its record."""
