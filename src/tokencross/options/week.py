"""Hours of the week: which are worked where, how they move from a clock to UTC, and shares that are all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, offer

__all__ = [
    "DAY_HOURS",
    "WEEK_HOURS",
    "Zone",
    "add_up",
    "checked_share",
    "later",
    "offset_hours",
    "worked_hours",
    "zone_shares",
]

DAY_HOURS = 24
WEEK_HOURS = 168
_ZONE_YEAR = 2026
_SUM_TOLERANCE = 1e-9

Zone: TypeAlias = "str | float"
"""IANA name of a time zone, or its hours ahead of UTC."""


def later(hours: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
    """Return the weights a number of hours later, round the week; a part of an hour is split between two."""
    whole = math.floor(shift)
    part = shift - whole
    moved = np.roll(hours, whole % WEEK_HOURS)
    return moved if part == 0.0 else (1.0 - part) * moved + part * np.roll(moved, 1)


def worked_hours(start_hour: float, end_hour: float, weekdays: int) -> NDArray[np.float64]:
    """Return which part of each local hour of the week is worked."""
    for word, value in (("start_hour", start_hour), ("end_hour", end_hour)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= DAY_HOURS:
            raise ScenarioError(Problem(f"load:{word}", repr(value), "a number from 0 to 24 (hour of the day)"))
    if start_hour >= end_hour:
        found = f"start_hour {start_hour:g} and end_hour {end_hour:g}"
        remedy = "Work over midnight is office hours shifted: Load.business_hours(…).shifted(12)."
        raise ScenarioError(Problem("load", found, "a start before the end, on one day", remedy))
    if isinstance(weekdays, bool) or not isinstance(weekdays, int) or not 1 <= weekdays <= 7:
        raise ScenarioError(Problem("load:weekdays", repr(weekdays), "a whole number from 1 to 7, days from Monday"))
    first = np.arange(DAY_HOURS)
    worked = np.clip(np.minimum(first + 1, end_hour) - np.maximum(first, start_hour), 0.0, 1.0)
    return np.concatenate([worked * (day < weekdays) for day in range(7)])


def zone_shares(time_zone: object) -> list[tuple[Zone, float]]:
    """Return each zone with its share of the traffic."""
    where = "load:time_zone"
    if isinstance(time_zone, Mapping):
        shares = [(zone, checked_share(share, f"{where}[{zone}]")) for zone, share in time_zone.items()]
        add_up([share for _, share in shares], where)
        return shares
    if isinstance(time_zone, (list, tuple)):
        if not time_zone:
            raise ScenarioError(Problem(where, "no time zone", "at least one, such as 'Europe/Berlin' or 1"))
        return [(zone, 1.0 / len(time_zone)) for zone in time_zone]
    if isinstance(time_zone, (str, int, float)):
        return [(time_zone, 1.0)]
    accepted = "a zone such as 'Europe/Berlin' or 1, a list of them, or a mapping from zone to share"
    raise ScenarioError(Problem(where, repr(time_zone), accepted))


def offset_hours(zone: Zone) -> float:
    """Return how many hours a zone is ahead of UTC at standard time."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    where, accepted = "load:time_zone", "an IANA name such as 'Europe/Berlin', or hours ahead of UTC from -12 to 14"
    if not isinstance(zone, str):
        if isinstance(zone, bool) or not isinstance(zone, (int, float)) or not -12.0 <= zone <= 14.0:
            raise ScenarioError(Problem(where, repr(zone), accepted))
        return float(zone)
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        remedy = offer(zone, sorted(available_timezones()))
        raise ScenarioError(Problem(where, repr(zone), accepted, remedy)) from None
    offsets = [datetime(_ZONE_YEAR, month, 1, tzinfo=clock).utcoffset() for month in (1, 7)]
    return min(offset.total_seconds() for offset in offsets if offset is not None) / 3600.0


def checked_share(share: object, where: str) -> float:
    """Return a share from 0 to 1."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0.0 <= share <= 1.0:
        remedy = "Shares are fractions: write 0.5 for 50%."
        raise ScenarioError(Problem(where, repr(share), "a number from 0 to 1 (share)", remedy))
    return float(share)


def add_up(shares: Sequence[float], where: str) -> None:
    """Refuse shares that are not all of the traffic."""
    total = math.fsum(shares)
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise ScenarioError(Problem(where, f"shares that add up to {total:g}", "shares that add up to 1"))
