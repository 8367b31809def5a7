"""Looking back: the same study on every day on which a price changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from tokencross.costs.breakeven import Breakeven
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import point
from tokencross.options.base import CostOption
from tokencross.options.centred import centred_option, centred_workload
from tokencross.studies.changes import Change, changes_between, first_change
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import KNOWN_BY_THEN, Era, Look, ThroughputAt, compared, eras_of, option_day, slots
from tokencross.studies.verdict import Phase, phases
from tokencross.tables.dates import DateLike, as_date
from tokencross.units import TOKENS_PER_MTOK, format_count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "Moment", "Succession", "history"]

Succession = Mapping[str, Sequence[tuple[DateLike, CostOption]]]
"""Options that follow each other under a label of the study, each with the day from which it is used."""

_ENTRIES = "(date, option) pairs, such as ('2023-11-06', prices.api(…))"


@dataclass(frozen=True, eq=False)
class Moment:
    """The study from a day on.

    Attributes
    ----------
    day : date
        The first day.
    eras : mapping of label to Era
        Every option, those that do not exist among them.
    changes : tuple of Change
        What is different from the day before; on the first day what it began with.
    comparison : Comparison or None
        The options that exist, their curves as they were then; None where there is no substitute.
    """

    day: date
    eras: Mapping[str, Era]
    changes: tuple[Change, ...]
    comparison: Comparison | None

    def gap(self, *labels: str) -> str:
        """Return why those of some options that do not exist do not; empty where all do."""
        return "; ".join(f"{label}: {self.eras[label].reason}" for label in labels if self.eras[label].resolved is None)

    def breakeven(self, challenger: str, incumbent: str) -> Breakeven | None:
        """Return where a challenger undercuts the incumbent; None where one of them does not exist."""
        if self.comparison is None or self.gap(challenger, incumbent):
            return None
        return self.comparison.breakeven(challenger, incumbent)

    def cheapest(self, tokens_per_month: float | None) -> str | None:
        """Return the cheapest substitute at a volume, where there is one and the volume is known."""
        if tokens_per_month is None or self.comparison is None:
            return None
        return self.comparison.cheapest_at(tokens_per_month)

    def usd_per_month(self, label: str, tokens_per_month: float | None) -> float:
        """Return what an option costs at a volume; nan where it does not exist or the volume is not known."""
        resolved = self.eras[label].resolved
        if resolved is None or tokens_per_month is None:
            return math.nan
        return float(resolved.curve.usd_per_month(tokens_per_month))

    @property
    def phases(self) -> list[Phase]:
        """Who of the substitutes is the cheapest at which volume."""
        if self.comparison is None or self.comparison.incumbent not in self.comparison.labels:
            return []
        return phases(self.comparison)


@dataclass(frozen=True, eq=False)
class History:
    """A study through time, by `Study.history`.

    Attributes
    ----------
    comparison : Comparison
        The study as it is on its own date.
    moments : tuple of Moment
        By day: the first day asked for, and every later one on which a price changed.
    until : date
        The last day looked at.
    today : date
        The study's own date; later moments rest on what is announced.
    throughput : str
        ``held`` or ``known by then``.
    """

    comparison: Comparison
    moments: tuple[Moment, ...]
    until: date
    today: date
    throughput: ThroughputAt

    @cached_property
    def challengers(self) -> tuple[str, ...]:
        """Labels of everyone but the incumbent."""
        return tuple(label for label in self.comparison.labels if label != self.comparison.incumbent)

    def breakevens(self, challenger: str) -> list[Breakeven | None]:
        """Return a challenger's breakeven at every moment; None where it or the incumbent does not exist."""
        if not isinstance(challenger, str) or challenger not in self._breakevens:
            accepted = f"one of {', '.join(self.challengers)}"
            remedy = offer(str(challenger), self.challengers)
            raise ScenarioError(Problem("challenger", f"unknown label {challenger!r:.60}", accepted, remedy))
        return self._breakevens[challenger]

    @cached_property
    def _breakevens(self) -> Mapping[str, list[Breakeven | None]]:
        """Every challenger's breakevens, solved once."""
        incumbent = self.comparison.incumbent
        return {label: [m.breakeven(label, incumbent) for m in self.moments] for label in self.challengers}

    def frame(self) -> pd.DataFrame:
        """Return a row per day and challenger.

        Returns
        -------
        DataFrame
            date, changed (what is different, in words), source (the rows behind it), challenger, option and
            incumbent_option (who stands behind the two labels), exists, first_tokens_per_month and
            robust_tokens_per_month (nan where there is none), reason (why there is none, or what does not exist),
            cheapest (where you are), usd_per_month, usd_per_mtok and incumbent_usd_per_month (at that volume),
            compute_as_of, throughput_as_of, measured_on and borrowed (figures of a later day), announced.
        """
        import pandas as pd

        rows = [
            self._row(moment, label, found)
            for index, moment in enumerate(self.moments)
            for label in self.challengers
            for found in [self._breakevens[label][index]]
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def _row(self, moment: Moment, label: str, found: Breakeven | None) -> dict[str, object]:
        """Return a row of the frame."""
        here, incumbent = self.comparison.here, self.comparison.incumbent
        era, rival = moment.eras[label], moment.eras[incumbent]
        usd = moment.usd_per_month(label, here)
        return {
            "date": moment.day,
            "changed": "; ".join(change.words for change in moment.changes),
            "source": "; ".join(dict.fromkeys(place for change in moment.changes for place in change.sources)),
            "challenger": label,
            "option": era.name,
            "incumbent_option": rival.name,
            "exists": found is not None,
            "first_tokens_per_month": math.nan if found is None else _or_nan(found.first),
            "robust_tokens_per_month": math.nan if found is None else _or_nan(found.robust),
            "reason": moment.gap(label, incumbent) if found is None else found.reason or "",
            "cheapest": moment.cheapest(here) or "",
            "usd_per_month": usd,
            "usd_per_mtok": math.nan if here is None else usd / here * TOKENS_PER_MTOK,
            "incumbent_usd_per_month": moment.usd_per_month(incumbent, here),
            "compute_as_of": era.compute_as_of,
            "throughput_as_of": era.throughput_as_of,
            "measured_on": era.measured_on,
            "borrowed": "; ".join((*era.borrowed, *rival.borrowed)),
            "announced": moment.day > self.today,
        }

    def unit_costs(self) -> pd.DataFrame:
        """Return USD per million tokens where you are: index date, a column per option, nan where it does not exist."""
        import pandas as pd

        here = self.comparison.here
        scale = math.nan if here is None else TOKENS_PER_MTOK / here
        labels = self.comparison.labels
        rows = [[moment.usd_per_month(label, here) * scale for label in labels] for moment in self.moments]
        index = pd.Index([moment.day for moment in self.moments], name="date")
        return pd.DataFrame(rows, columns=list(labels), index=index, dtype=float)

    def winners(self) -> pd.DataFrame:
        """Return the cheapest substitute by day and volume: date, option, from where, from where for good."""
        import pandas as pd

        rows = [
            (moment.day, phase.label, phase.first, _or_nan(phase.robust))
            for moment in self.moments
            for phase in moment.phases
        ]
        columns = ["date", "option", "from_tokens_per_month", "robust_tokens_per_month"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What has to be said with the result."""
        said = []
        fleets = any(era.throughput_as_of is not None for moment in self.moments for era in moment.eras.values())
        borrowed = sum(any(era.borrowed for era in moment.eras.values()) for moment in self.moments)
        if fleets and self.throughput != KNOWN_BY_THEN:
            said.append("Throughput is held: the same machine and software all along, as known on the study's date.")
        if borrowed:
            said.append(f"{borrowed} of {len(self.moments)} dates borrow figures of a later day; the frame says which.")
        for label in self.comparison.labels:
            said += [f"{label}: {name} never resolves: {why}" for name, why in self._never(label).items()]
        if self.until > self.today:
            said.append(f"After {self.today} prices are those announced or known for later.")
        return tuple(said)

    def _never(self, label: str) -> dict[str, str]:
        """Return who stands behind a label at some time and exists at none, with why."""
        eras = [moment.eras[label] for moment in self.moments]
        there = {era.name for era in eras if era.resolved is not None}
        return {era.name: era.reason for era in eras if era.name not in there}

    def __repr__(self) -> str:
        """Return the span, the number of dates and how the first breakeven moved, in one line."""
        span = f"{self.moments[0].day} to {self.until}"
        dates = f"{len(self.moments)} date{'' if len(self.moments) == 1 else 's'}"
        moved = []
        for label in self.challengers:
            known = [found for found in self._breakevens[label] if found is not None]
            ends = [known[0], known[-1]] if known else []
            moved.append(f"{label} {' → '.join(dict.fromkeys(_first(end) for end in ends)) or 'does not exist'}")
        against = f", breakeven against {self.comparison.incumbent}: {'; '.join(moved)}" if moved else ""
        return f"<History {span}, {dates}{against}>"

    def _repr_html_(self) -> str:
        """Return the frame for a notebook, escaped."""
        shown = self.frame()[list(_SHOWN)]
        table: str = shown.to_html(index=False, border=0, na_rep="", float_format=format_count, max_rows=60)
        return f'<div class="tokencross">{table}</div>'


_COLUMNS = [
    "date",
    "changed",
    "source",
    "challenger",
    "option",
    "incumbent_option",
    "exists",
    "first_tokens_per_month",
    "robust_tokens_per_month",
    "reason",
    "cheapest",
    "usd_per_month",
    "usd_per_mtok",
    "incumbent_usd_per_month",
    "compute_as_of",
    "throughput_as_of",
    "measured_on",
    "borrowed",
    "announced",
]
_SHOWN = ("date", "changed", "challenger", "first_tokens_per_month", "robust_tokens_per_month", "cheapest", "borrowed")


def history(
    comparison: Comparison,
    *,
    from_: DateLike,
    to: DateLike | None = None,
    succession: Succession | None = None,
    throughput: ThroughputAt = "held",
    borrow: bool = True,
) -> History:
    """Return the study on a first day and on every later one on which a price changed.

    Parameters
    ----------
    comparison : Comparison
        The study, resolved; what is uncertain in it is taken at its median.
    from_ : date or str
        The first day.
    to : date or str, optional
        The last day, the study's date unless given; later ones use what is announced.
    succession : mapping of label to sequence of (date, option), optional
        Options that follow each other under a label of the study: the frontier model of the day. The study's own
        option of that label counts only where it is listed.
    throughput : "held" or "known by then"
        Measured rates as of the study's date all along: the same machine and software; or as known on each day, and
        before a model's first measurement as known on that day.
    borrow : bool
        Whether a day before the first known price of an instance takes that price, which the frame says; in a study
        whose prices are loaded with ``before_first="hold"`` so does everything else. Otherwise the option does not
        exist then.

    Raises
    ------
    ScenarioError
        If the dates are out of order, no option has tables, or a succession names no label or is out of order.
    """
    _check_throughput(throughput)
    if not isinstance(borrow, bool):
        raise ScenarioError(Problem("borrow", f"{borrow!r:.60}", "True or False"))
    central = _centred(comparison)
    slot_of = slots(central.options, _checked_succession(comparison, succession))
    days = [day for slot in slot_of.values() for _, option in slot if (day := option_day(option)) is not None]
    if not days:
        accepted = "at least one option of the tables, such as prices.api(…)"
        raise ScenarioError(Problem("history", "a study whose costs are all its own, without dated prices", accepted))
    today = max(days)
    first, last = as_date(from_, where="from_"), today if to is None else as_date(to, where="to")
    if first > last:
        named = "the study's date" if to is None else "to"
        raise ScenarioError(Problem("from_", f"{first}, after {named}, {last}", f"a date up to {last}"))
    look = Look(central.workload, throughput, borrow)
    eras = {label: eras_of(slot, look, first=first, last=last) for label, slot in slot_of.items()}
    return History(comparison, tuple(_moments(central, eras)), last, today, throughput)


def _centred(comparison: Comparison) -> Comparison:
    """Return the study at the medians of what is uncertain; its options need not exist on its own date."""
    options = tuple(centred_option(option) for option in comparison.options)
    workload = centred_workload(comparison.workload)
    return replace(comparison, options=options, workload=workload, tokens_per_month=comparison.here)


def _moments(central: Comparison, eras: Mapping[str, Sequence[Era]]) -> list[Moment]:
    """Return the study on every day on which one of its options began to differ."""
    found: list[Moment] = []
    for day in sorted({era.since for own in eras.values() for era in own}):
        current = {label: [era for era in own if era.since <= day][-1] for label, own in eras.items()}
        if not found:
            changes = [first_change(label, era) for label, era in current.items()]
        else:
            begun = [label for label, era in current.items() if era.since == day]
            changes = [changes_between(label, found[-1].eras[label], current[label]) for label in begun]
        found.append(Moment(day, current, tuple(changes), compared(central, current)))
    return found


def _check_throughput(throughput: str) -> None:
    """Refuse what is no way to take rates."""
    if not isinstance(throughput, str) or throughput not in ("held", KNOWN_BY_THEN):
        raise ScenarioError(Problem("throughput", repr(throughput), f"held, or {KNOWN_BY_THEN!r}"))


def _checked_succession(
    comparison: Comparison, succession: Succession | None
) -> dict[str, list[tuple[date, CostOption]]]:
    """Return successions with dates, at the medians of what is uncertain, once they are seen to be right."""
    if not isinstance(succession, Mapping | None):
        accepted = f"a mapping of labels to lists of {_ENTRIES}"
        raise ScenarioError(Problem("succession", f"{succession!r:.60}", accepted))
    found: dict[str, list[tuple[date, CostOption]]] = {}
    for label, entries in (succession or {}).items():
        where = f"succession[{label!r}]"
        if label not in comparison.labels:
            known = list(comparison.labels)
            accepted = f"a label of the study: {', '.join(known)}"
            raise ScenarioError(Problem(where, f"unknown label {label!r}", accepted, offer(str(label), known)))
        own = _entries(entries, where)
        days = [since for since, _ in own]
        if days != sorted(set(days)):
            listed = ", ".join(map(str, days))
            raise ScenarioError(Problem(where, f"the dates {listed}", "each date once, the earliest first"))
        found[label] = [(since, centred_option(option)) for since, option in own]
    return found


def _entries(entries: object, where: str) -> list[tuple[date, CostOption]]:
    """Return who follows whom under one label, with dates."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ScenarioError(Problem(where, f"{entries!r:.60}", f"a list of {_ENTRIES}"))
    if not entries:
        raise ScenarioError(Problem(where, "nothing", "at least one (date, option)"))
    found = []
    for entry in entries:
        if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
            raise ScenarioError(Problem(where, f"{entry!r:.60}", _ENTRIES))
        since, option = entry
        if not isinstance(option, CostOption):
            raise ScenarioError(Problem(where, type(option).__name__, _ENTRIES))
        found.append((as_date(since, where=where), option))
    return found


def _or_nan(value: object) -> float:
    """Return a volume as a number; nan where there is none."""
    return math.nan if value is None else point(value)  # type: ignore[arg-type]  # plain at the medians


def _first(found: Breakeven) -> str:
    """Return a first breakeven in words."""
    return "never" if found.first is None else format_count(_or_nan(found.first))
