"""Announced and later known changes of prices within the horizon of a study, and the study once they are in force."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tokencross.citation import Citation
from tokencross.costs.breakeven import Breakeven
from tokencross.costs.curve import CostCurve
from tokencross.number import point
from tokencross.options.base import CostOption, Resolved
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.changes import changes_between
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import Era, Look, compared, era_of, era_on, option_day
from tokencross.studies.notes import LEAST_MONTHS
from tokencross.studies.price_days import price_days
from tokencross.studies.verdict import phases
from tokencross.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AnnouncedChange", "Moved", "announced_changes", "announced_frame", "next_moves"]

_MOVED_RATIO = 1.01


@dataclass(frozen=True, eq=False)
class Moved:
    """A breakeven before and after a change; None where there is none any more because an option has ended."""

    challenger: str
    incumbent: str
    before: Breakeven
    after: Breakeven | None

    @property
    def far(self) -> bool:
        """Whether it moved by more than 1%, or came into being, or ceased to be."""
        if self.after is None:
            return False
        one, other = self.before.first, self.after.first
        if not one or not other:
            return one != other
        return not 1.0 / _MOVED_RATIO <= point(other) / point(one) <= _MOVED_RATIO


@dataclass(frozen=True, eq=False)
class AnnouncedChange:
    """A change of an option's figures after the study's date.

    Attributes
    ----------
    label : str
        Whose.
    on : date
        The first day on which the new figures hold.
    words : str
        What changes.
    announced : bool
        Whether its rows are announced; otherwise they are known because the study looks back.
    citations : tuple of Citation
        The rows.
    curve : CostCurve
        The option's cost from that day on.
    moved : tuple of Moved
        The option's breakeven, or every challenger's if the option is the incumbent: now, and in the study on that
        day, with whatever else has changed by then.
    """

    label: str
    on: date
    words: str
    announced: bool
    citations: tuple[Citation, ...]
    curve: CostCurve
    moved: tuple[Moved, ...]

    @property
    def leading(self) -> Moved | None:
        """The breakeven that a chart points at: of those that move, one where the envelope turns if there is one."""
        return next((each for each in self.moved if each.far), None)


_KNOWN: WeakKeyDictionary[Comparison, tuple[AnnouncedChange, ...]] = WeakKeyDictionary()


def announced_changes(comparison: Comparison) -> tuple[AnnouncedChange, ...]:
    """Return every known change of figures after the study's date and within its longest amortisation, by day.

    At least a year is looked ahead. A model that retires is no change of figures; the notes say that.
    """
    if comparison not in _KNOWN:
        _KNOWN[comparison] = tuple(sorted(_found(comparison), key=lambda change: change.on))
    return _KNOWN[comparison]


def next_moves(comparison: Comparison) -> list[AnnouncedChange]:
    """Return the next change of each option that moves a breakeven by more than 1%."""
    found: dict[str, AnnouncedChange] = {}
    for change in announced_changes(comparison):
        if change.leading is not None:
            found.setdefault(change.label, change)
    return list(found.values())


def announced_frame(comparison: Comparison) -> pd.DataFrame:
    """Return a row per change and breakeven that it bears on.

    Returns
    -------
    DataFrame
        date, option, changed (in words), announced, source, challenger, first_tokens_per_month (now) and
        first_tokens_per_month_after (nan where there is none).
    """
    import pandas as pd

    rows = [
        {
            "date": change.on,
            "option": change.label,
            "changed": change.words,
            "announced": change.announced,
            "source": "; ".join(f"{cited.location} ({cited.via})" for cited in change.citations),
            "challenger": each.challenger,
            "first_tokens_per_month": _or_nan(each.before.first),
            "first_tokens_per_month_after": math.nan if each.after is None else _or_nan(each.after.first),
        }
        for change in announced_changes(comparison)
        for each in change.moved
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "date",
            "option",
            "changed",
            "announced",
            "source",
            "challenger",
            "first_tokens_per_month",
            "first_tokens_per_month_after",
        ],
    )


# ---------------------------------------------------------------------- looking ahead


def _found(comparison: Comparison) -> Iterator[AnnouncedChange]:
    """Yield the changes of every option, option by option."""
    months = max(comparison.longest_amortization_months, LEAST_MONTHS)
    resolved = dict(resolved_everywhere(comparison.central))
    ahead = {
        option.label: days
        for option in comparison.options
        if (days := _days_ahead(option, resolved, timedelta(days=months * DAYS_PER_MONTH)))
    }
    if not ahead:
        return
    central = comparison.medians
    days_of_all = sorted({day for days in ahead.values() for day in days})
    on_day: dict[date, Mapping[str, Era]] = {}
    for day in days_of_all:
        on_day[day] = {option.label: _era(central, option, day) for option in central.options}
    for label, days in ahead.items():
        yield from _changes_of(central, label, days, on_day)


def _days_ahead(option: CostOption, resolved: Mapping[str, Resolved], horizon: timedelta) -> list[date]:
    """Return the days after an option's date on which its figures may change."""
    today = option_day(option)
    if today is None:
        return []
    until = date.max if date.max - today < horizon else today + horizon
    days = price_days(option, lambda each: resolved[each.label].citations)
    return sorted(day for day in days if today < day <= until)


def _era(central: Comparison, option: CostOption, day: date) -> Era:
    """Return an option on a day: as it is in the study where its tables are those of a later day."""
    today = option_day(option)
    if today is None or day <= today:
        return era_of(option.label, central.resolved[option.label], option, day)
    return era_on(((None, option),), Look(central.workload), day)


def _changes_of(
    central: Comparison, label: str, days: list[date], on_day: Mapping[date, Mapping[str, Era]]
) -> Iterator[AnnouncedChange]:
    """Yield the changes of an option, each against what it was before."""
    option = central.option(label)
    before = era_of(label, central.resolved[label], option, option_day(option) or days[0])
    for day in days:
        after = on_day[day][label]
        if after.resolved is None:
            continue
        change = changes_between(label, before, after)
        if change.kind == "price":
            yield AnnouncedChange(
                label=label,
                on=day,
                words=change.words,
                announced=any(cited.basis == "announced" for cited in change.citations),
                citations=change.citations,
                curve=after.resolved.curve,
                moved=tuple(_moved(central, compared(central, on_day[day]), label)),
            )
            before = after


def _moved(central: Comparison, then: Comparison | None, label: str) -> Iterator[Moved]:
    """Yield the breakevens that a change of an option bears on, those where the envelope turns first."""
    turns = {phase.label for phase in phases(central) if phase.first > 0.0}
    substitutes = sorted(central.substitutes, key=lambda other: other not in turns)
    challengers = substitutes if label == central.incumbent else [label]
    for challenger in challengers:
        if challenger == central.incumbent:
            continue
        there = then is not None and {challenger, central.incumbent} <= set(then.labels)
        after = then.breakeven(challenger, central.incumbent) if then is not None and there else None
        yield Moved(challenger, central.incumbent, central.breakeven(challenger, central.incumbent), after)


def _or_nan(volume: object) -> float:
    """Return a volume as a number; nan where there is none."""
    return math.nan if volume is None else point(volume)  # type: ignore[arg-type]  # plain at the medians
