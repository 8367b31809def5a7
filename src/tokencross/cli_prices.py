"""The commands on the pricing tables: look at them, compare versions, compare with upstreams."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokencross.cli_output import check_chart_path, one_message, print_wide, write_chart
from tokencross.cli_upstreams import drift, refresh
from tokencross.errors import Problem, ScenarioError, offer

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tokencross.checks.moved import Movements
    from tokencross.tables.store import Store

__all__ = ["prices_app"]

prices_app = typer.Typer(help="Look at the pricing tables.", no_args_is_help=True)
prices_app.command("drift")(drift)
prices_app.command("refresh")(refresh)

AsOf = Annotated[str, typer.Option("--as-of", help="A date such as 2026-11-21, or `tables` for the tables' own.")]
Tables = Annotated[Path | None, typer.Option("--pricing", help="A folder of one's own tables.")]
Overlay = Annotated[Path | None, typer.Option("--overlay", help="A file of one's own records that come first.")]


@prices_app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="provider/model, such as anthropic/claude-opus-5-5.")],
    history: Annotated[bool, typer.Option("--history", help="Every era known, announced ones too.")] = False,
    chart: Annotated[Path | None, typer.Option("--chart", help="Draw the history (.png, .svg or .pdf).")] = None,
    as_of: AsOf = "tables",
    pricing: Tables = None,
    overlay: Overlay = None,
) -> None:
    """Show a hosted model's price in force, or its whole history, with where each figure was read."""
    with one_message():
        if chart is not None:
            check_chart_path(chart, "prices show")
        from tokencross.options.workload import Workload
        from tokencross.prices import load_prices
        from tokencross.show.price_text import history_text

        book = load_prices(pricing, as_of=as_of, overlay=overlay)
        frame = book.history(model)
        if not history:
            book.api(model).curve(Workload(input_tokens=1.0, output_tokens=1.0))  # a date without a price is an error
            begun = frame["effective_from"] <= book.as_of
            frame = frame[begun].tail(1)
        rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
        print_wide(history_text(model, rows, history=history, besides=book.about(model)))
        typer.echo(f"tables {book.version} ({book.content_hash[:12]}), as of {book.as_of}")
        if chart is not None:
            write_chart(lambda: _figure_of(book.plot_history(model)), chart)
            typer.echo(f"\nChart: {chart}")


def _figure_of(axes: Axes) -> Figure:
    """Return the figure that axes of their own are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # they were drawn in one
    return figure


@prices_app.command("list")
def listing(
    tier: Annotated[str | None, typer.Option("--tier", help="frontier, small or open_hosted.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Such as anthropic.")] = None,
    sort: Annotated[str, typer.Option("--sort", help="input, output, blended, since or model.")] = "input",
    workload: Annotated[
        Path | None,
        typer.Option("--workload", help="A scenario whose mix of tokens is priced."),
    ] = None,
    market_index: Annotated[
        bool, typer.Option("--market-index", help="Prices seen on a market instead of list prices.")
    ] = False,
    as_of: AsOf = "tables",
    pricing: Tables = None,
    overlay: Overlay = None,
) -> None:
    """List the hosted models with a price in force, cheapest first."""
    with one_message():
        from tokencross.prices import load_prices
        from tokencross.scenario import load_workload
        from tokencross.show.price_text import SORTS, listing_text

        if sort not in SORTS:
            accepted = f"one of {', '.join(SORTS)}"
            raise ScenarioError(Problem("prices list --sort", repr(sort), accepted, offer(sort, [*SORTS])))
        if sort == "blended" and workload is None:
            accepted = "--workload with a scenario, whose mix of tokens is blended"
            raise ScenarioError(Problem("prices list --sort", "'blended' without a workload", accepted))
        book = load_prices(pricing, as_of=as_of, overlay=overlay)
        traffic = None if workload is None else load_workload(workload)
        frame = book.frame(workload=traffic, market_index=market_index)
        frame["provider"] = [str(model).partition("/")[0] for model in frame["model"]]
        for name, wanted in (("tier", tier), ("provider", provider)):
            frame = frame if wanted is None else _only(frame, name, wanted)
        frame = frame.sort_values(SORTS[sort])
        rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
        tables = f"tables {book.version} ({book.content_hash[:12]}), as of {book.as_of}"
        said = f"{len(rows)} model{'' if len(rows) == 1 else 's'}, USD per million billed tokens"
        if book.as_of > book.tables_date:
            said += f"; past the tables' own date, {book.tables_date}: known prices are taken to hold"
        if traffic is not None:
            said += f"; blended: USD per million reference tokens of {traffic.name}, {traffic.describe()}"
        print_wide(listing_text(rows, caption=f"{said}; {tables}", blended=traffic is not None))


def _only(frame: pd.DataFrame, name: str, wanted: str) -> pd.DataFrame:
    """Return the rows with a value in a column; an unknown value is an error."""
    known = sorted(frame[name].unique())
    if frame.empty:
        raise ScenarioError(Problem("prices list", "no model with a price on this day", "a later --as-of"))
    if wanted not in known:
        accepted = f"one of {', '.join(known)}"
        remedy = offer(wanted, known) or "Market indices are listed with --market-index."
        raise ScenarioError(Problem(f"prices list --{name}", repr(wanted), accepted, remedy))
    return frame[frame[name] == wanted]


@prices_app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="A folder of tables, a git revision, or `last-version`.")] = "last-version",
    new: Annotated[str | None, typer.Argument(help="A folder or a revision; the bundled tables unless given.")] = None,
    scenarios: Annotated[
        Path | None, typer.Option("--scenarios", help="A folder of scenarios instead of those beside the new tables.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a section of pricing/CHANGELOG.md.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only refuse edits of past rows that say no reason.")] = False,
) -> None:
    """Compare two versions of the tables: what changed, what was corrected, which breakevens moved.

    `last-version` is the commit that set the version before the present one; with --check it is also the one that set
    the present version. Revisions are those of the repository that the new tables are in.
    """
    with one_message(), ExitStack() as stack:
        from tokencross.checks.revisions import base_names, tables_at
        from tokencross.checks.version_text import diff_markdown, diff_text
        from tokencross.checks.versions import compare_tables
        from tokencross.tables.store import bundled_store

        if check and (markdown or scenarios):
            raise ScenarioError(Problem("prices diff", "--check with --markdown or --scenarios", "--check alone"))
        home = Path(new) if new is not None and Path(new).is_dir() else bundled_store().root
        present = bundled_store() if new is None else stack.enter_context(tables_at(new, beside=home))
        names = base_names(old, beside=home, version=present.version)
        if not names:
            typer.echo(f"No version of the tables before {present.version} is committed: nothing to compare with.")
            return
        bases = [stack.enter_context(tables_at(name, beside=home)) for name in (names if check else names[:1])]
        if check:
            _refuse_silent_edits(bases, present)
            return
        found = compare_tables(bases[0], present)
        movements = _movements(bases[0], present, scenarios, beside=home)
        if markdown:
            typer.echo(diff_markdown(found, movements), nl=False)
        else:
            print_wide(diff_text(found, movements))


def _refuse_silent_edits(bases: list[Store], present: Store) -> None:
    """Print what differs from each base in a line; every edit without a reason in full, with exit code 1."""
    from tokencross.checks.version_text import summary
    from tokencross.checks.versions import compare_tables

    found = [compare_tables(base, present) for base in bases]
    for compared in found:
        typer.echo(summary(compared))
    problems = {problem.where: problem for compared in found for problem in compared.silent_edits()}
    for problem in problems.values():
        typer.echo(str(problem), err=True)
    if problems:
        raise typer.Exit(1)


def _movements(old: Store, new: Store, scenarios: Path | None, *, beside: Path) -> Movements | None:
    """Return what moved in the scenarios; None where there are none beside the tables."""
    from tokencross.checks.moved import moved_breakevens
    from tokencross.scenario import load_study

    folder = beside.resolve().parent / "scenarios" if scenarios is None else scenarios
    files = sorted(folder.glob("*.yaml"))
    if not files and scenarios is not None:
        raise ScenarioError(Problem("--scenarios", f"{scenarios}, without scenarios", "a folder of .yaml files"))
    if not files:
        return None
    return moved_breakevens(files, old, new, load=lambda path, tables: load_study(path, pricing=tables.root).comparison)
