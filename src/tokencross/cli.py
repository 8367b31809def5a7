"""The command line: its root and the comparison. Bad input ends in one message and exit code 2."""

from __future__ import annotations

import gc
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokencross.cli_check import check
from tokencross.cli_lock import lock
from tokencross.cli_output import check_chart_path, one_message, print_wide, write_chart
from tokencross.cli_prices import prices_app
from tokencross.cli_upcoming import upcoming
from tokencross.cli_when import when
from tokencross.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tokencross.results import Sample

__all__ = ["app", "main"]

app = typer.Typer(
    name="tokencross",
    help="At what monthly token volume does another way of buying LLM tokens become cheaper?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(prices_app, name="prices")


def _version(asked: bool) -> None:
    if asked:
        from tokencross import __version__
        from tokencross.tables.store import bundled_store

        tables = bundled_store()
        typer.echo(f"tokencross {__version__}, tables {tables.version} ({tables.content_hash[:12]})")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """At what monthly token volume does another way of buying LLM tokens become cheaper?"""


@app.command()
def compare(
    scenario: Annotated[Path, typer.Argument(help="A scenario file, such as scenarios/support-chat.yaml.")],
    chart: Annotated[Path | None, typer.Option("--chart", help="Write the chart here (.png, .svg or .pdf).")] = None,
    draws: Annotated[int | None, typer.Option("--draws", help="Draw what is uncertain so often: how sure.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the draws, 0 unless given: the same one, the same result.")
    ] = None,
    only_given: Annotated[
        bool, typer.Option("--only-given", help="Draw what the scenario gives, not the errors of fits and tables.")
    ] = False,
) -> None:
    """Compare the options of a scenario: verdict, costs, breakevens, capacity, assumptions, sources."""
    with one_message():
        if chart is not None:
            check_chart_path(chart, "compare")
        if draws is None and (seed is not None or only_given):
            found = "--seed" if seed is not None else "--only-given"
            raise ScenarioError(Problem("compare", f"{found} without draws", "--draws N beside it"))
        from tokencross.scenario import load_study
        from tokencross.show.terminal import comparison_text

        study = load_study(scenario)
        text = comparison_text(study.comparison)
        sample = None if draws is None else study.sample(draws=draws, seed=seed or 0, table_errors=not only_given)
        sure = None if sample is None else _how_sure(sample)
        if chart is not None:
            write_chart(study.dashboard if sample is None else sample.dashboard, chart)
        print_wide(text)
        if sure is not None:
            print_wide(sure)
        if chart is not None:
            typer.echo(f"\nChart: {chart}")


def _how_sure(sample: Sample) -> RenderableType:
    """Return what a sample says as text."""
    from tokencross.show.sample_text import sample_text

    return sample_text(sample)


for command in (when, upcoming, check, lock):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    gc.disable()  # a process of seconds: collecting its garbage takes time and frees nothing that matters
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without these signs still gets the answer
    app()


if __name__ == "__main__":
    main()
