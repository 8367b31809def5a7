"""The comparison with upstreams and the plan of a refresh as text for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tokencross.checks.drift import Disagreement, Drift, Tally
from tokencross.checks.refresh import Plan, Proposal
from tokencross.tables.sources.matching import Difference

__all__ = ["drift_text", "plan_text"]

_ENDING = "_usd_per_mtok"
_MOST_NAMES = 200


def drift_text(found: Drift, *, verbose: bool = False) -> RenderableType:
    """Return counts by upstream, new disagreements, known ones, and what was not compared."""
    parts: list[RenderableType] = [
        Text(f"Tables {found.version} as of {found.as_of}, against their upstreams", style="bold"),
        _counts(found),
    ]
    for title, listed in (
        ("New disagreements", found.new),
        ("Known: the row's dispute names the upstream", found.known),
    ):
        parts += [Text(f"\n{title} ({len(listed)} figures)", style="bold")]
        parts += [_disagreements(listed)] if listed else [Text("  none")]
    notes = [f"{tally.via}: {note}" for tally in found.tallies for note in tally.notes]
    notes += [f"Not compared: {name}." for name in found.not_compared]
    if notes:
        parts += [Text("\nNotes", style="bold"), *(Padding(Text(note), (0, 0, 0, 2)) for note in notes)]
    if verbose:
        parts += [part for tally in found.tallies for part in _names(tally, found.providers)]
    return Group(*parts)


def _counts(found: Drift) -> Table:
    """Return a line of counts for each upstream."""
    table = Table(box=None, pad_edge=False)
    table.add_column("upstream")
    for title in ("compared", "agree", "known", "new", "ended in tables", "ended upstream", "not in tables"):
        table.add_column(title, justify="right")
    for tally in found.tallies:
        own = sum(1 for name in tally.missing if name.partition("/")[0] in found.providers)
        missing = f"{len(tally.missing):,} ({own:,} of its providers)"
        ended = (len(tally.ended_in_book), len(tally.ended_upstream))
        counts = (tally.compared, tally.agree, tally.known, tally.new, *ended)
        table.add_row(tally.via, *(f"{count:,}" for count in counts), missing)
    return table


def _disagreements(listed: Sequence[Disagreement]) -> Table:
    """Return both values of each figure, with the row's place."""
    table = Table(box=None, pad_edge=False)
    for title in ("price of", "figure (USD per Mtok)", "upstream"):
        table.add_column(title, overflow="fold")
    for title in ("tables", "upstream", "differs"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("row", overflow="fold")
    table.add_column("checked", justify="right", no_wrap=True)
    for one in listed:
        ratio = "" if one.difference_ratio is None else f"{one.difference_ratio:+.1%}"
        values = (_usd(one.book), _usd(one.upstream_value), ratio)
        stale = f"{one.stale_days} day{'' if one.stale_days == 1 else 's'} ago"
        table.add_row(one.subject, _figure(one.field), one.upstream, *values, one.location, stale)
    return table


def _names(tally: Tally, providers: Sequence[str]) -> list[RenderableType]:
    """Return the names that are counted: those of the tables' providers one by one, others by provider."""
    own = [name for name in tally.missing if name.partition("/")[0] in providers]
    others = Counter(name.partition("/")[0] for name in tally.missing if name not in set(own))
    lists = {
        "ended in the tables, still listed upstream": tally.ended_in_book,
        "ended upstream, in force in the tables": tally.ended_upstream,
        "not in the tables": own,
        "of providers that the tables do not have": [f"{name} ({count})" for name, count in sorted(others.items())],
    }
    parts: list[RenderableType] = []
    for title, names in lists.items():
        if names:
            more = f", and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            parts += [Text(f"\n{tally.via}: {title}", style="bold")]
            parts += [Padding(Text(", ".join(names[:_MOST_NAMES]) + more), (0, 0, 0, 2))]
    return parts


def plan_text(plan: Plan, *, verbose: bool = False) -> RenderableType:
    """Return what a refresh would write, and what it leaves to a person."""
    rows = sum(1 for proposal in plan.proposals if not proposal.new_model)
    models = len(plan.proposals) - rows
    counts = f"{plan.via}: rows to add {rows}, models to add {models}, {len(plan.left_out)} differences for a person, "
    counts += f"{plan.agree} price histories without one, {len(plan.missing):,} names not in the tables"
    parts: list[RenderableType] = [Text(counts, style="bold")]
    for proposal in plan.proposals:
        parts += _proposal(proposal)
    for left in plan.left_out:
        parts += [Text(f"\n{left.subject}, {left.place}: not proposed"), *_changes(left.changes)]
        parts += [Padding(Text(left.reason), (0, 0, 0, 2))]
    if plan.notes:
        parts += [Text("\nNotes", style="bold"), *(Padding(Text(note), (0, 0, 0, 2)) for note in plan.notes)]
    if verbose and plan.missing:
        parts += [Text("\nNot in the tables", style="bold"), Padding(Text(", ".join(plan.missing)), (0, 0, 0, 2))]
    return Group(*parts)


def _proposal(proposal: Proposal) -> list[RenderableType]:
    """Return a proposal: its day, old and new figures, and what it does with the rest of the row before."""
    data = proposal.proposed.data
    if proposal.new_model:
        rows = data["prices"]
        count = len(rows) if isinstance(rows, list) else 0
        said = f"\n+ {proposal.subject}, {proposal.place}: a new model, {data['tier']}, {count} rows"
        return [Text(said, style="green")]
    status = " (announced)" if data.get("status") == "announced" else ""
    until = f" until {data['effective_to']}" if "effective_to" in data else ""
    head = f"\n+ {proposal.subject}, after {proposal.place}: from {data['effective_from']}{until}{status}"
    parts: list[RenderableType] = [Text(head, style="green"), *_changes(proposal.changes)]
    for title, names in (("kept from the row before", proposal.proposed.kept), ("left out", proposal.proposed.dropped)):
        parts += [Padding(Text(f"{title}: {', '.join(names)}"), (0, 0, 0, 2))] if names else []
    if proposal.doubt:
        parts += [
            Padding(Text(f"doubtful, added only with --include-disputed, after asking: {proposal.doubt}"), (0, 0, 0, 2))
        ]
    return parts


def _changes(changes: Sequence[Difference]) -> list[RenderableType]:
    """Return old and new figures, a line each."""
    lines = [f"{change.field}: {_usd(change.book)} -> {_usd(change.upstream)}" for change in changes]
    return [Text(f"  {line}") for line in lines]


def _figure(field: str) -> str:
    """Return a figure's name without the unit that the heading says."""
    return field.removesuffix(_ENDING)


def _usd(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
