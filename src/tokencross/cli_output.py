"""What every command does alike: one message for a mistake, text as wide as the terminal, charts written whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tokencross.errors import Problem, ScenarioError, TokencrossError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

__all__ = ["check_chart_path", "one_message", "print_wide", "write_chart"]

_BAD_INPUT = 2
_PLAIN_WIDTH = 160  # columns of output that is not a terminal
_FORMATS = (".png", ".svg", ".pdf")
_DPI = 130
_COMPRESSION = 4


@contextmanager
def one_message() -> Iterator[None]:
    """Turn a mistake of the user's into one message and exit code 2."""
    try:
        yield
    except TokencrossError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_BAD_INPUT) from None


def print_wide(text: RenderableType) -> None:
    """Print to standard output, as wide as the terminal or a fixed width elsewhere."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    console.print(text)


def check_chart_path(path: Path, command: str) -> None:
    """Refuse a chart that could not be written, before anything is computed."""
    if path.suffix.lower() not in _FORMATS:
        found = f"--chart {path}"
        raise ScenarioError(Problem(command, found, f"a file that ends in {', '.join(_FORMATS)}"))
    if not path.absolute().parent.is_dir():
        raise ScenarioError(Problem(command, f"--chart {path}, in a folder that does not exist", "an existing folder"))
    try:
        folder = path.is_dir()
    except OSError as error:
        raise _unwritable(path, error) from None
    if folder:
        raise ScenarioError(Problem(command, f"--chart {path}, which is a folder", "the name of a file"))


def _unwritable(path: Path, error: OSError) -> ScenarioError:
    """Return the error for a chart that cannot be written."""
    found = f"--chart {path}: {(error.strerror or str(error)).lower()}"
    return ScenarioError(Problem("--chart", found, "a place that can be written to"))


def write_chart(draw: Callable[[], Figure], path: Path) -> None:
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
        _save(draw(), temporary)
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
