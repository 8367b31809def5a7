"""What an upstream would add to the tables: dated rows to look at, and what is left to a person, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Generic

from tokencross.checks.proposed_rows import ProposedRow, proposed_row
from tokencross.errors import Problem, ResolveError, offer
from tokencross.tables.api_records import ApiPriceRow, Tier
from tokencross.tables.compute_records import HourlyPriceRow
from tokencross.tables.reading import Plain
from tokencross.tables.sources import Upstream, UpstreamInstance, UpstreamPrice
from tokencross.tables.sources.matching import (
    Difference,
    EraT,
    Match,
    RowT,
    differences,
    era_in_force,
    match_instances,
    match_prices,
    row_in_force,
)
from tokencross.tables.store import Store

__all__ = ["LeftOut", "Plan", "Proposal", "plan_refresh"]

_ID = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._:/@+-]+")


@dataclass(frozen=True)
class Proposal:
    """A row, or a new model with its rows, to be added to a file.

    Attributes
    ----------
    subject : str
        What it is the price of.
    file, place : Path and str
        The file, and file and line of the row before, as messages name them.
    path : key path
        The list in the file that it is added to.
    proposed : ProposedRow
        What would be written.
    changes : tuple of Difference
        Its figures against those of the row before.
    doubt : str
        Why it is added only after asking: what the row in force says of other sources, or that someone looked at it
        after the day of the change; empty where there is no doubt.
    """

    subject: str
    file: Path
    place: str
    path: tuple[str | int, ...]
    proposed: ProposedRow
    changes: tuple[Difference, ...] = ()
    doubt: str = ""

    @property
    def new_model(self) -> bool:
        """Whether it is a model that the tables do not have."""
        return "prices" in self.proposed.data


@dataclass(frozen=True)
class LeftOut:
    """A difference that is not proposed, and why."""

    subject: str
    place: str
    reason: str
    changes: tuple[Difference, ...]


@dataclass(frozen=True)
class Plan:
    """All that an upstream would add, and what it would not.

    Attributes
    ----------
    via : str
        What the figures were read from.
    proposals : tuple of Proposal
        In the order of the tables.
    left_out : tuple of LeftOut
        Differences for a person.
    agree : int
        Price histories to which nothing is to be added.
    missing, notes : tuple of str
        Names that the tables do not have; what was left out on reading the upstream.
    """

    via: str
    proposals: tuple[Proposal, ...]
    left_out: tuple[LeftOut, ...]
    agree: int
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Asked:
    """What the user said once for all rows."""

    checked: date
    released: date | None
    via: str | None

    def day_of(self, era: UpstreamPrice | UpstreamInstance) -> date | None:
        """Return the first day of an era; for an undated one that of the upstream's data."""
        return era.effective_from or self.released

    def via_of(self, era: UpstreamPrice | UpstreamInstance) -> str:
        """Return what a row names as read from."""
        return self.via or era.via


def plan_refresh(
    store: Store,
    upstream: Upstream,
    *,
    checked: date,
    released: date | None = None,
    via: str | None = None,
    only: Sequence[str] = (),
    add: Sequence[str] = (),
    tier: Tier | None = None,
) -> Plan:
    """Return what an upstream would add to the tables.

    Parameters
    ----------
    store : Store
        The tables.
    upstream : Upstream
        What to read.
    checked : date
        The day of looking; what begins later is announced.
    released : date, optional
        The day of the upstream's data, where it does not say so itself: prices without a date begin then.
    via : str, optional
        What the rows name as read from; the upstream's own name unless given.
    only : sequence of str
        Providers, or provider/id, to which it is limited.
    add : sequence of str
        Models to add that the tables do not have, as provider/model.
    tier : str, optional
        frontier, small or open_hosted: what the added models are.

    Raises
    ------
    ResolveError
        If a name to add or to be limited to is unknown, or the day of the data is after ``checked``.
    """
    day = released or upstream.published_on
    if day is not None and day > checked:
        raise ResolveError(Problem("--released", f"{day}, after {checked}", "a day up to the one of looking"))
    asked = _Asked(checked, day, via)
    prices, instances = match_prices(store, upstream), match_instances(store, upstream)
    known = [*(match.subject for match in prices.matches), *(match.subject for match in instances.matches)]
    _check_only(only, known)
    histories: list[tuple[list[Proposal], list[LeftOut]]] = []
    for match in prices.matches:
        if _wanted(match.subject, only):
            histories.append(_go_through(asked, _file(store, "api", match.subject), match, ApiPriceRow))
    for hourly in instances.matches:
        if _wanted(hourly.subject, only):
            histories.append(_go_through(asked, _file(store, "compute", hourly.subject), hourly, HourlyPriceRow))
    proposals = [proposal for own, _ in histories for proposal in own]
    left = [entry for _, own in histories for entry in own]
    agree = sum(1 for own, not_own in histories if not own and not not_own)
    proposals += [_added(store, upstream, asked, name, tier, prices.missing) for name in add]
    missing = tuple(name for name in (*prices.missing, *instances.missing) if name not in add)
    return Plan(via or upstream.via, tuple(proposals), tuple(left), agree, missing, upstream.notes)


def _file(store: Store, kind: str, subject: str) -> Path:
    """Return the file that a subject stands in."""
    return store.root / kind / f"{subject.partition('/')[0]}.yaml"


def _wanted(subject: str, only: Sequence[str]) -> bool:
    """Return whether a subject is one of those that it is limited to."""
    name = subject.partition(" (")[0]
    return not only or name in only or name.partition("/")[0] in only


def _check_only(only: Sequence[str], subjects: Iterable[str]) -> None:
    """Refuse a name to be limited to that tables and upstream do not both have."""
    names = [subject.partition(" (")[0] for subject in subjects]
    known = list(dict.fromkeys([*names, *(name.partition("/")[0] for name in names)]))
    for word in only:
        if word not in known:
            accepted = "a provider or provider/id that tables and upstream both have"
            raise ResolveError(Problem("--only", repr(word), accepted, offer(word, known)))


@dataclass(frozen=True)
class _Row(Generic[RowT]):
    """A row of the tables or one that is proposed: checked, as written, and where."""

    row: RowT
    written: Mapping[str, Plain]
    place: str


def _go_through(
    asked: _Asked, file: Path, match: Match[RowT, EraT], kind: type[RowT]
) -> tuple[list[Proposal], list[LeftOut]]:
    """Return what an upstream adds to a price history, and what is left to a person."""
    in_force = row_in_force(match.rows, asked.checked)
    if in_force is None:
        return [], []  # withdrawn, or still to come: an upstream that goes on listing it is no news
    base = in_force[1]
    now = era_in_force(match.eras, asked.checked)
    rows = _written_rows(match)
    proposals: list[Proposal] = []
    left: list[LeftOut] = []
    for era in _to_consider(match.eras, now, base, asked):
        day = asked.day_of(era)
        until = max(day or base.effective_from, base.effective_from)
        before = max((row for row in rows if row.row.effective_from <= until), key=lambda row: row.row.effective_from)
        changes = differences(before.row, era)
        reason = _reason(day, before.row)
        if changes and (reason or day is None):
            left.append(LeftOut(match.subject, before.place, reason, changes))
        if not changes or reason or day is None:
            continue
        ends = _end(era, match.eras, [row.row.effective_from for row in rows], day)
        proposed = proposed_row(
            era,
            before=before.written,
            effective_from=day,
            effective_to=ends,
            checked=asked.checked,
            via=asked.via_of(era),
        )
        path = (*match.located.path, *match.steps)
        proposals.append(Proposal(match.subject, file, before.place, path, proposed, changes, _doubt(base, day)))
        rows.append(_Row(kind.model_validate(_as_tuples(proposed.data)), proposed.data, before.place))
    return proposals, left


def _to_consider(eras: Sequence[EraT], now: EraT | None, base: RowT, asked: _Asked) -> list[EraT]:
    """Return the eras that may give rows: that in force, later ones, and where it is news, those that led to it."""
    news = now is not None and bool(differences(base, now))
    since = base.effective_from if news else asked.checked
    return [era for era in eras if era is now or (era.effective_from is not None and era.effective_from > since)]


def _doubt(base: ApiPriceRow | HourlyPriceRow, day: date) -> str:
    """Return why a row is added only after asking; empty where there is no doubt."""
    if base.dispute or day > base.checked:
        return base.dispute
    return f"someone looked at the row on {base.checked}, after that day: perhaps a correction, not a change"


def _written_rows(match: Match[RowT, EraT]) -> list[_Row[RowT]]:
    """Return the rows of a history with their text and places."""
    part: Plain = match.located.data
    for step in match.steps:
        part = part[str(step)] if isinstance(part, dict) else part[int(step)] if isinstance(part, tuple) else ()
    lines = [line for line in part if isinstance(line, dict)] if isinstance(part, tuple) else []
    return [
        _Row(row, line, match.located.location(*match.steps, index))
        for index, (row, line) in enumerate(zip(match.rows, lines, strict=True))
    ]


def _as_tuples(value: Plain) -> Plain:
    """Return plain data with tuples for lists, as records want them."""
    if isinstance(value, Mapping):
        return {key: _as_tuples(part) for key, part in value.items()}
    return tuple(_as_tuples(part) for part in value) if isinstance(value, list | tuple) else value


def _reason(day: date | None, before: ApiPriceRow | HourlyPriceRow) -> str:
    """Return why a difference is left to a person; empty where a row can be proposed."""
    if day is None:
        return "the upstream gives no date: say the day of its data with --released"
    if day == before.effective_from:
        return f"the row of the same day, {day}, differs: a correction is for a person"
    if day < before.effective_from:
        return f"the upstream's price is of {day}, the row of {before.effective_from}: a correction is for a person"
    if before.effective_to is not None and before.effective_to > day:
        return f"the row before is set to end on {before.effective_to}, after {day}"
    return ""


def _end(era: EraT, eras: Sequence[EraT], starts: Sequence[date], day: date) -> date | None:
    """Return the first day without the price, where no other row or era begins by then."""
    if era.effective_to is None or any(other.effective_from == era.effective_to for other in eras):
        return None
    return None if any(day < start <= era.effective_to for start in starts) else era.effective_to


def _added(
    store: Store, upstream: Upstream, asked: _Asked, name: str, tier: Tier | None, missing: Sequence[str]
) -> Proposal:
    """Return the proposal for a model that the tables do not have."""
    if name not in missing:
        accepted = "provider/model of the upstream that the tables do not have"
        raise ResolveError(Problem("--add", repr(name), accepted, offer(name, missing)))
    if not _ID.fullmatch(name):
        raise ResolveError(Problem("--add", repr(name), "provider/id of letters, digits and . _ : / - only"))
    if tier is None:
        raise ResolveError(Problem(f"--add {name}", "no tier", "--tier frontier, --tier small or --tier open_hosted"))
    provider, _, model = name.partition("/")
    file = store.root / "api" / f"{provider}.yaml"
    if not file.is_file():
        accepted = f"a provider with a file in {store.name}/api"
        raise ResolveError(Problem(f"--add {name}", f"no file {file.name}", accepted, "Write the head of it first."))
    eras = [era for era in upstream.prices if (era.provider, era.model) == (provider, model)]
    now = era_in_force(eras, asked.checked)
    told = [era for era in eras if era is now or (era.effective_from or date.min) > asked.checked]
    rows: list[Plain] = []
    for era in told:
        day = asked.day_of(era)
        if day is None:
            remedy = "Say the day of its data with --released."
            raise ResolveError(Problem(f"--add {name}", "a price without a date", "a dated price", remedy))
        ends = _end(era, told, [], day)
        row = proposed_row(
            era, before={}, effective_from=day, effective_to=ends, checked=asked.checked, via=asked.via_of(era)
        )
        rows.append(row.data)
    if not rows:
        raise ResolveError(Problem(f"--add {name}", f"no price from {asked.checked} on", "a model that is sold"))
    data: dict[str, Plain] = {"id": model, "name": told[0].name or model, "tier": tier, "prices": rows}
    return Proposal(name, file, f"{store.name}/api/{file.name}", ("models",), ProposedRow(data))
