"""The command that says when to switch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokencross.cli_output import check_chart_path, one_message, print_wide, write_chart

if TYPE_CHECKING:
    from tokencross.studies.projection import Projection

__all__ = ["when"]

_MONTHS = 36
_WAIT_MONTHS = 6


def when(
    scenario: Annotated[Path, typer.Argument(help="A scenario file, such as scenarios/waiting.yaml.")],
    months: Annotated[int | None, typer.Option("--months", help="Horizon, in months.")] = None,
    growth: Annotated[
        float | None, typer.Option("--growth", help="Growth of the volume a year, as a decimal: 0.5 is half more.")
    ] = None,
    discount: Annotated[float | None, typer.Option("--discount", help="Discount rate a year, as a decimal.")] = None,
    wait: Annotated[int | None, typer.Option("--wait", help="Months of waiting to cost against acting now.")] = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="Write the chart here (.png, .svg or .pdf).")] = None,
) -> None:
    """Say when to switch: now, at a price step, in some month, or never, and what waiting costs or saves.

    What the scenario says under `projection` counts, unless it is given here.
    """
    with one_message():
        if chart is not None:
            check_chart_path(chart, "when")
        from tokencross.scenario import load_study
        from tokencross.scenario_projection import load_projection
        from tokencross.show.timing_text import timing_text
        from tokencross.studies.switching import when as timing_of

        study = load_study(scenario)
        projection, assumed = _projection(load_projection(scenario), months, growth, discount)
        timing = timing_of(study.comparison, projection)
        longest = min(_WAIT_MONTHS, projection.months - 1) or None  # in a single month there is no waiting
        asked = longest if wait is None else wait
        text = timing_text(timing, wait_months=asked, assumed=assumed)
        if chart is not None:
            from tokencross.show.timing import timing_figure

            write_chart(lambda: timing_figure(timing), chart)
        print_wide(text)
        if chart is not None:
            typer.echo(f"\nChart: {chart}")


def _projection(
    said: Projection | None, months: int | None, growth: float | None, discount: float | None
) -> tuple[Projection, list[str]]:
    """Return the scenario's projection with what the command line says instead, and what nobody said."""
    from tokencross.studies.projection import Projection

    given: dict[str, Any] = {}
    if months is not None:
        given["months"] = months
    if growth is not None:
        given |= {"growth_per_year": growth, "growth": None, "tokens_per_month": None}
    if discount is not None:
        given["discount_rate_per_year"] = discount
    if said is not None:
        return replace(said, **given), []
    assumed = []
    if months is None:
        given["months"] = _MONTHS
        assumed.append(f"A horizon of {_MONTHS} months: --months, or projection: in the scenario.")
    if growth is None:
        assumed.append("No growth of the volume: --growth.")
    if discount is None:
        assumed.append("No interest: --discount.")
    assumed.append("No declines of prices but those that the tables know of, and no cost of switching but engineering.")
    return Projection(**given), assumed
