"""The command that says what is coming: prices that are announced or known for later, and what they move."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tokencross.cli_output import one_message, print_wide
from tokencross.errors import Problem, ScenarioError, TokencrossError

__all__ = ["upcoming"]

_DAYS = 90
_FORMATS = ("text", "json", "csv")
_TODAY = "today"


def upcoming(
    scenario: Annotated[Path, typer.Argument(help="A scenario file, such as scenarios/support-chat.yaml.")],
    days: Annotated[int, typer.Option("--days", help="How many days to look ahead.")] = _DAYS,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", "--from", help="Count from this day, with its prices: a date, today, or tables."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, json, or csv.")] = "text",
) -> None:
    """Say which prices known for the coming days move a study, and its breakevens before and after each day.

    Counted from the scenario's own date, unless another is given here.
    """
    with one_message():
        if form not in _FORMATS:
            raise ScenarioError(Problem("upcoming", f"--format {form}", f"one of {', '.join(_FORMATS)}"))
        from tokencross.scenario import load_study
        from tokencross.show.upcoming_text import upcoming_data, upcoming_text
        from tokencross.studies.upcoming import upcoming as found_in

        found = found_in(load_study(scenario, as_of=_day(as_of)).comparison, days)
        if form == "text":
            print_wide(upcoming_text(found))
        elif form == "csv":
            typer.echo(found.frame().to_csv(index=False), nl=False)
        else:
            import json

            typer.echo(json.dumps(upcoming_data(found), indent=2, ensure_ascii=False, allow_nan=False))


def _day(as_of: str | None) -> date | str | None:
    """Return the day to count from: none for the scenario's own, `tables` as it is."""
    from tokencross.tables.dates import TABLES_DATE, as_date

    if as_of is None or as_of == TABLES_DATE:
        return as_of
    if as_of == _TODAY:
        return date.today()
    try:
        return as_date(as_of, where="upcoming --as-of")
    except TokencrossError:
        accepted = f"a date such as 2026-11-21, {_TODAY}, or {TABLES_DATE}"
        raise ScenarioError(Problem("upcoming --as-of", repr(as_of), accepted)) from None
