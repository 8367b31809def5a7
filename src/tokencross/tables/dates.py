"""Dates as users write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

from tokencross.errors import Problem, ResolveError

__all__ = ["TABLES_DATE", "DateLike", "as_date"]

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
