"""Dates as users write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypeAlias

from tokencross.errors import Problem, ResolveError

__all__ = ["TABLES_DATE", "DateLike", "as_date", "days_after"]

DateLike: TypeAlias = date | str
TABLES_DATE = "tables"
"""What stands for the tables' own date."""


def as_date(value: DateLike, *, where: str, or_tables: bool = False) -> date:
    """Return a date from a date or its ISO 8601 text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        accepted = "a date such as 2026-11-21" + (f', or "{TABLES_DATE}" for the tables\' own' if or_tables else "")
        raise ResolveError(Problem(where, repr(value), accepted)) from None


def days_after(day: date, days: int) -> date:
    """Return the date so many days after another; the last that there is where that is beyond it."""
    return day + timedelta(days=min(days, (date.max - day).days))
