"""The commands that compare the tables with their upstreams, and that propose rows from them."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from tokencross.cli_output import one_message, print_wide
from tokencross.errors import Problem, ScenarioError, offer

if TYPE_CHECKING:
    from tokencross.checks.refresh import Plan, Proposal
    from tokencross.tables.api_records import Tier
    from tokencross.tables.store import Store

__all__ = ["drift", "refresh"]

_FROM = "genai-prices, model-prices, litellm, gpuhunt, or a file of prices (.csv, .json, .yaml)."
File = Annotated[Path | None, typer.Option("--file", help="The upstream's data file instead of its installed package.")]
Tables = Annotated[Path | None, typer.Option("--pricing", help="A folder of one's own tables.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="List every name that the tables do not have.")]


def drift(
    source: Annotated[str | None, typer.Option("--from", help=f"Only one upstream: {_FROM}")] = None,
    file: File = None,
    as_of: Annotated[str, typer.Option("--as-of", help="A date, or `tables` for the tables' own.")] = "tables",
    pricing: Tables = None,
    fail_on_new: Annotated[bool, typer.Option("--fail-on-new", help="Exit code 1 if a disagreement is new.")] = False,
    verbose: Verbose = False,
) -> None:
    """List where the tables and their installed upstreams disagree, with both values.

    A disagreement is known where the row's `dispute` names the upstream; any other is new. Nothing is read from the
    network, and nothing is written.
    """
    with one_message():
        from tokencross.checks.drift import drift as compare
        from tokencross.checks.drift import read_upstreams
        from tokencross.checks.upstream_text import drift_text
        from tokencross.tables.book import Book
        from tokencross.tables.dates import as_date

        if file is not None and source is None:
            raise ScenarioError(Problem("prices drift", "--file without --from", "--from with the upstream it is of"))
        store = _store(pricing)
        day = store.date if as_of == "tables" else as_date(as_of, where="--as-of", or_tables=True)
        upstreams, absent = read_upstreams(name=source, file=file)
        if not upstreams:
            remedy = "Install them: pip install 'tokencross[sources]'; or give one: --from litellm --file map.json."
            raise ScenarioError(Problem("prices drift", "; ".join(absent), "at least one upstream", remedy))
        found = compare(Book(store, day), upstreams, not_compared=absent)
        print_wide(drift_text(found, verbose=verbose))
        if fail_on_new and found.new:
            raise typer.Exit(1)


def refresh(
    source: Annotated[str, typer.Option("--from", help=_FROM)],
    file: File = None,
    write: Annotated[bool, typer.Option("--write", help="Add the rows; without it they are only shown.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A provider or provider/id; may be repeated.")
    ] = None,
    add: Annotated[list[str] | None, typer.Option("--add", help="A new provider/model; may be repeated.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Of what is added: frontier, small, open_hosted.")] = None,
    released: Annotated[str | None, typer.Option("--released", help="Day of data that do not say their own.")] = None,
    via: Annotated[
        str | None, typer.Option("--via", help="What rows name as read from: repository@commit:path.")
    ] = None,
    checked: Annotated[str | None, typer.Option("--checked", help="Day of looking; today unless given.")] = None,
    include_disputed: Annotated[
        bool, typer.Option("--include-disputed", help="Ask for each row that is in doubt or disputed.")
    ] = False,
    pricing: Tables = None,
    verbose: Verbose = False,
) -> None:
    """Propose dated rows from an upstream, and add them to the tables with --write.

    Rows are appended, never edited: what an upstream says of the past is left to a person. Nothing is read from the
    network.
    """
    with one_message():
        from tokencross.checks.refresh import plan_refresh
        from tokencross.checks.upstream_text import plan_text
        from tokencross.tables.sources import read_upstream

        store = _store(pricing)
        plan = plan_refresh(
            store,
            read_upstream(source, file=file),
            checked=_day(checked, "--checked") or date.today(),
            released=_day(released, "--released"),
            via=via,
            only=only or (),
            add=add or (),
            tier=_tier(tier),
        )
        print_wide(plan_text(plan, verbose=verbose))
        if write:
            _write(plan, store, include_disputed=include_disputed, own=pricing is not None)
        elif plan.proposals:
            typer.echo("\nNothing was written; --write adds what is proposed.")


def _store(pricing: Path | None) -> Store:
    """Return the tables that are meant."""
    from tokencross.tables.store import bundled_store, open_store

    return bundled_store() if pricing is None else open_store(pricing)


def _day(text: str | None, where: str) -> date | None:
    """Return a day that was given."""
    from tokencross.tables.dates import as_date

    return None if text is None else as_date(text, where=where)


def _tier(word: str | None) -> Tier | None:
    """Return a tier by its name."""
    from tokencross.tables.api_records import Tier

    known: tuple[Tier, ...] = get_args(Tier)
    found = next((tier for tier in known if tier == word), None)
    if word is not None and found is None:
        raise ScenarioError(Problem("--tier", repr(word), f"one of {', '.join(known)}", offer(word, known)))
    return found


def _write(plan: Plan, store: Store, *, include_disputed: bool, own: bool) -> None:
    """Add what is proposed, those in doubt only after asking, and say which files changed."""
    from tokencross.checks.writing import write_proposals

    if not own and store.root.parent.name == "tokencross" and (store.root.parent / "tables").is_dir():
        found = "the tables of an installation, which the next one replaces"
        raise ScenarioError(Problem("--write", found, "--pricing with a folder of one's own", "Copy them there first."))
    chosen = [proposal for proposal in plan.proposals if not proposal.doubt]
    doubtful = [proposal for proposal in plan.proposals if proposal.doubt]
    if include_disputed and doubtful:
        chosen += _agreed_to(doubtful)
    files = write_proposals(chosen, root=store.root, name=store.name)
    for path in files:
        typer.echo(f"Wrote {path}")
    left = len(plan.proposals) - len(chosen)
    typer.echo(f"{len(chosen)} added" + (f", {left} in doubt left out" if left else "") + ".")


def _agreed_to(doubtful: list[Proposal]) -> list[Proposal]:
    """Return those of the doubtful rows that the user wants."""
    if not can_ask():
        found = "no terminal to ask on"
        raise ScenarioError(Problem("--include-disputed", found, "a terminal", "Leave it out, or answer there."))
    return [
        proposal
        for proposal in doubtful
        if typer.confirm(f"{proposal.subject} ({proposal.place}): {proposal.doubt}\nAdd the row?")
    ]


def can_ask() -> bool:
    """Return whether someone can answer."""
    return sys.stdin.isatty()
