"""The command line: compare a scenario, look at prices. Bad input ends in one message and exit code 2."""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokencross.errors import Problem, ScenarioError, TokencrossError, offer

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from tokencross.study import Study

__all__ = ["app", "main"]

_BAD_INPUT = 2
_PLAIN_WIDTH = 160  # columns of output that is not a terminal
_FORMATS = (".png", ".svg", ".pdf")
_DPI = 130
_COMPRESSION = 4

app = typer.Typer(
    name="tokencross",
    help="At what monthly token volume does another way of buying LLM tokens become cheaper?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
prices_app = typer.Typer(help="Look at the pricing tables.", no_args_is_help=True)
app.add_typer(prices_app, name="prices")

AsOf = Annotated[str, typer.Option("--as-of", help="A date such as 2026-11-21, or `tables` for the tables' own.")]
Tables = Annotated[Path | None, typer.Option("--pricing", help="A folder of one's own tables.")]


@contextmanager
def _one_message() -> Iterator[None]:
    """Turn a mistake of the user's into one message and exit code 2."""
    try:
        yield
    except TokencrossError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_BAD_INPUT) from None


def _print(text: RenderableType) -> None:
    """Print to standard output, as wide as the terminal or a fixed width elsewhere."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    console.print(text)


def _version(asked: bool) -> None:
    if asked:
        from tokencross import __version__
        from tokencross.tables.store import bundled_store

        typer.echo(f"tokencross {__version__}, tables {bundled_store().version}")
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
    with _one_message():
        if chart is not None:
            _check_chart_path(chart)
        from tokencross.scenario import load_study
        from tokencross.show.terminal import comparison_text

        study = load_study(scenario)
        text = comparison_text(study.comparison)
        if chart is not None:
            _write_chart(study, chart)
        _print(text)
        if chart is not None:
            typer.echo(f"\nChart: {chart}")


def _check_chart_path(path: Path) -> None:
    """Refuse a chart that could not be written, before anything is computed."""
    if path.suffix.lower() not in _FORMATS:
        found = f"--chart {path}"
        raise ScenarioError(Problem("compare", found, f"a file that ends in {', '.join(_FORMATS)}"))
    if not path.absolute().parent.is_dir():
        raise ScenarioError(
            Problem("compare", f"--chart {path}, in a folder that does not exist", "an existing folder")
        )
    try:
        folder = path.is_dir()
    except OSError as error:
        raise _unwritable(path, error) from None
    if folder:
        raise ScenarioError(Problem("compare", f"--chart {path}, which is a folder", "the name of a file"))


def _unwritable(path: Path, error: OSError) -> ScenarioError:
    """Return the error for a chart that cannot be written."""
    found = f"--chart {path}: {(error.strerror or str(error)).lower()}"
    return ScenarioError(Problem("compare", found, "a place that can be written to"))


def _write_chart(study: Study, path: Path) -> None:
    """Write the chart to a temporary file beside its place, then move it there: never half a file."""
    import matplotlib as mpl

    mpl.use("Agg")
    try:
        handle, name = tempfile.mkstemp(suffix=path.suffix, dir=path.absolute().parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        _save(study.dashboard(), temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _save(figure: Figure, path: Path) -> None:
    """Save a figure as its name's ending says; a PNG without the second drawing that ``savefig`` begins with."""
    if path.suffix.lower() != ".png":
        figure.savefig(path)
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(_DPI)
    FigureCanvasAgg(figure).print_png(path, pil_kwargs={"compress_level": _COMPRESSION})  # type: ignore[no-untyped-call]  # Matplotlib has no types here


@prices_app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="provider/model, such as anthropic/claude-opus-5-5.")],
    history: Annotated[bool, typer.Option("--history", help="Every era known, announced ones too.")] = False,
    as_of: AsOf = "tables",
    pricing: Tables = None,
) -> None:
    """Show a hosted model's price in force, or its whole history, with where each figure was read."""
    with _one_message():
        from tokencross.prices import load_prices
        from tokencross.show.terminal import history_text

        book = load_prices(pricing, as_of=as_of)
        frame = book.history(model)
        if not history:
            book.api(model).bill(input_tokens=0, output_tokens=0)  # a date without a price is an error
            begun = frame["effective_from"] <= book.as_of
            frame = frame[begun].tail(1)
        rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
        _print(history_text(model, rows, history=history))


@prices_app.command("list")
def listing(
    tier: Annotated[str | None, typer.Option("--tier", help="frontier, small or open_hosted.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Such as anthropic.")] = None,
    as_of: AsOf = "tables",
    pricing: Tables = None,
) -> None:
    """List the hosted models with a price in force, cheapest input first."""
    with _one_message():
        from tokencross.prices import load_prices
        from tokencross.show.terminal import listing_text

        book = load_prices(pricing, as_of=as_of)
        frame = book.frame()
        frame["provider"] = [str(model).partition("/")[0] for model in frame["model"]]
        for name, wanted in (("tier", tier), ("provider", provider)):
            if wanted is None:
                continue
            known = sorted(frame[name].unique())
            if wanted not in known:
                remedy = offer(wanted, known)
                raise ScenarioError(
                    Problem(f"prices list --{name}", repr(wanted), f"one of {', '.join(known)}", remedy)
                )
            frame = frame[frame[name] == wanted]
        frame = frame.sort_values(["input_usd_per_mtok", "output_usd_per_mtok", "model"])
        rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
        caption = f"{len(rows)} models, USD per million billed tokens, tables {book.version}, as of {book.as_of}"
        _print(listing_text(rows, caption=caption))


def main() -> None:
    """Run the command line."""
    gc.disable()  # a process of seconds: collecting its garbage takes time and frees nothing that matters
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without these signs still gets the answer
    app()


if __name__ == "__main__":
    main()
