"""The commands on the pricing tables: look at them, compare versions, compare with upstreams."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tokencross.cli_output import one_message, print_wide
from tokencross.errors import Problem, ScenarioError, offer

__all__ = ["prices_app"]

prices_app = typer.Typer(help="Look at the pricing tables.", no_args_is_help=True)

AsOf = Annotated[str, typer.Option("--as-of", help="A date such as 2026-11-21, or `tables` for the tables' own.")]
Tables = Annotated[Path | None, typer.Option("--pricing", help="A folder of one's own tables.")]


@prices_app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="provider/model, such as anthropic/claude-opus-5-5.")],
    history: Annotated[bool, typer.Option("--history", help="Every era known, announced ones too.")] = False,
    as_of: AsOf = "tables",
    pricing: Tables = None,
) -> None:
    """Show a hosted model's price in force, or its whole history, with where each figure was read."""
    with one_message():
        from tokencross.prices import load_prices
        from tokencross.show.terminal import history_text

        book = load_prices(pricing, as_of=as_of)
        frame = book.history(model)
        if not history:
            book.api(model).bill(input_tokens=0, output_tokens=0)  # a date without a price is an error
            begun = frame["effective_from"] <= book.as_of
            frame = frame[begun].tail(1)
        rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
        print_wide(history_text(model, rows, history=history))


@prices_app.command("list")
def listing(
    tier: Annotated[str | None, typer.Option("--tier", help="frontier, small or open_hosted.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Such as anthropic.")] = None,
    as_of: AsOf = "tables",
    pricing: Tables = None,
) -> None:
    """List the hosted models with a price in force, cheapest input first."""
    with one_message():
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
        print_wide(listing_text(rows, caption=caption))
