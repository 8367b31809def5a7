"""The command line: its root and the comparison. Bad input ends in one message and exit code 2."""

from __future__ import annotations

import gc
import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from tokencross.cli_output import check_chart_path, one_message, print_wide, write_chart
from tokencross.cli_prices import prices_app

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
) -> None:
    """Compare the options of a scenario: verdict, costs, breakevens, capacity, assumptions, sources."""
    with one_message():
        if chart is not None:
            check_chart_path(chart, "compare")
        from tokencross.scenario import load_study
        from tokencross.show.terminal import comparison_text

        study = load_study(scenario)
        text = comparison_text(study.comparison)
        if chart is not None:
            write_chart(study.dashboard, chart)
        print_wide(text)
        if chart is not None:
            typer.echo(f"\nChart: {chart}")


def main() -> None:
    """Run the command line."""
    gc.disable()  # a process of seconds: collecting its garbage takes time and frees nothing that matters
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without these signs still gets the answer
    app()


if __name__ == "__main__":
    main()
