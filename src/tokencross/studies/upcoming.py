"""What is coming: the prices known for the days after a study's date, and the breakevens before and after each day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from tokencross.citation import Citation
from tokencross.costs.breakeven import Breakeven
from tokencross.errors import Problem, ScenarioError
from tokencross.number import point
from tokencross.options.base import CostOption
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.changes import Change, changes_between
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import Era, Look, compared, era_of, era_on, study_day
from tokencross.studies.price_days import price_days
from tokencross.studies.upcoming_ends import ends_on
from tokencross.studies.upcoming_notes import upcoming_notes
from tokencross.tables.dates import days_after
from tokencross.units import format_count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Shift", "Upcoming", "UpcomingChange", "UpcomingStep", "upcoming"]

ComingKind = Literal["price", "ends", "begins"]

_SAME_RATIO = 1e-9
_KINDS: Mapping[str, ComingKind] = {"price": "price", "ends": "ends", "appears": "begins"}


@dataclass(frozen=True, eq=False)
class UpcomingChange:
    """What comes to an option on a day.

    Attributes
    ----------
    label : str
        Whose.
    kind : str
        price: other figures; ends: it is no longer sold; begins: it is sold again.
    words : str
        The whole of it.
    announced : bool
        Whether a row behind it is announced; otherwise it is known because the study looks back.
    citations : tuple of Citation
        The rows.
    """

    label: str
    kind: ComingKind
    words: str
    announced: bool
    citations: tuple[Citation, ...]

    @property
    def status(self) -> str:
        """Whether it is announced or simply later in the tables, in words."""
        return "announced" if self.announced else "later in the tables"

    @property
    def sources(self) -> tuple[str, ...]:
        """File and line of the rows, with what they were read from."""
        return tuple(f"{cited.location} ({cited.via})" for cited in self.citations)


@dataclass(frozen=True, eq=False)
class Shift:
    """A challenger's breakeven the day before and from a day on; None where it or the incumbent does not exist."""

    challenger: str
    before: Breakeven | None
    after: Breakeven | None

    @property
    def moved(self) -> bool:
        """Whether the first or the robust breakeven differs, came into being or ceased to be."""
        if self.before is None or self.after is None:
            return (self.before is None) != (self.after is None)
        pairs = ((self.before.first, self.after.first), (self.before.robust, self.after.robust))
        return any(_differs(one, other) for one, other in pairs)


@dataclass(frozen=True, eq=False)
class UpcomingStep:
    """A day on which something comes.

    Attributes
    ----------
    on : date
        The first day on which it holds.
    in_days : int
        Days after the study's date. [days]
    changes : tuple of UpcomingChange
        In the order of the options.
    shifts : tuple of Shift
        Every challenger's breakeven before and after, all earlier days counted.
    before, after : Comparison or None
        The options that exist the day before and from the day on; None without a substitute.
    """

    on: date
    in_days: int
    changes: tuple[UpcomingChange, ...]
    shifts: tuple[Shift, ...]
    before: Comparison | None
    after: Comparison | None


@dataclass(frozen=True, eq=False)
class Upcoming:
    """What comes within so many days after a study's date, by `upcoming`.

    Attributes
    ----------
    comparison : Comparison
        The study on its own date, at the medians of what is uncertain.
    counted_from : date
        The study's date; a change on that day is in force already.
    days : int
        How many days are looked ahead. [days]
    until : date
        The last of them, included.
    steps : tuple of UpcomingStep
        By day.
    beyond : UpcomingStep or None
        The next one after ``until``, where one is known.
    notes : tuple of str
        What has to be said with the result.
    """

    comparison: Comparison
    counted_from: date
    days: int
    until: date
    steps: tuple[UpcomingStep, ...]
    beyond: UpcomingStep | None
    notes: tuple[str, ...]

    @cached_property
    def challengers(self) -> tuple[str, ...]:
        """Labels of everyone but the incumbent."""
        return tuple(label for label in self.comparison.labels if label != self.comparison.incumbent)

    def frame(self) -> pd.DataFrame:
        """Return a row per day and challenger.

        Returns
        -------
        DataFrame
            date, in_days, option (whose figures change), changed (in words), announced, source, challenger, incumbent,
            first_tokens_per_month_before and _after, robust_tokens_per_month_before and _after (nan where there is
            none; before is the day before, with every earlier change), moved, reason (why there is none after).
        """
        import pandas as pd

        rows = [self._row(step, shift) for step in self.steps for shift in step.shifts or (Shift("", None, None),)]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def _row(self, step: UpcomingStep, shift: Shift) -> dict[str, object]:
        """Return a row of the frame."""
        return {
            "date": step.on,
            "in_days": step.in_days,
            "option": "; ".join(change.label for change in step.changes),
            "changed": "; ".join(change.words for change in step.changes),
            "announced": any(change.announced for change in step.changes),
            "source": "; ".join(dict.fromkeys(place for change in step.changes for place in change.sources)),
            "challenger": shift.challenger,
            "incumbent": self.comparison.incumbent,
            "first_tokens_per_month_before": _or_nan(shift.before, "first"),
            "first_tokens_per_month_after": _or_nan(shift.after, "first"),
            "robust_tokens_per_month_before": _or_nan(shift.before, "robust"),
            "robust_tokens_per_month_after": _or_nan(shift.after, "robust"),
            "moved": shift.moved,
            "reason": self.why_none(step, shift),
        }

    def why_none(self, step: UpcomingStep, shift: Shift) -> str:
        """Return why a challenger has no first or no robust breakeven from a step on; empty where it has both."""
        if shift.after is not None:
            return shift.after.reason or ""
        there = () if step.after is None else step.after.labels
        pair = (shift.challenger, self.comparison.incumbent) if shift.challenger else ()
        return "; ".join(f"{label} has ended" for label in pair if label not in there)

    def __repr__(self) -> str:
        """Return the days, how many dates there are and how the first breakevens move, in one line."""
        span = f"{self.days} days after {self.counted_from}"
        if not self.steps:
            return f"<Upcoming {span}: nothing>"
        dates = f"{len(self.steps)} date{'' if len(self.steps) == 1 else 's'}"
        paths = []
        for index, label in enumerate(self.challengers):
            own = [step.shifts[index] for step in self.steps]
            ends = [_short(own[0].before), *(_short(shift.after) for shift in own if shift.moved)]
            paths.append(f"{label} {' → '.join(ends)}")
        against = f", breakeven against {self.comparison.incumbent}: {'; '.join(paths)}" if paths else ""
        return f"<Upcoming {span}: {dates}{against}>"

    def _repr_html_(self) -> str:
        """Return the frame for a notebook, escaped."""
        shown = self.frame()[list(_SHOWN)]
        table: str = shown.to_html(index=False, border=0, na_rep="", float_format=format_count, max_rows=60)
        return f'<div class="tokencross">{table}</div>'


_COLUMNS = [
    "date",
    "in_days",
    "option",
    "changed",
    "announced",
    "source",
    "challenger",
    "incumbent",
    "first_tokens_per_month_before",
    "first_tokens_per_month_after",
    "robust_tokens_per_month_before",
    "robust_tokens_per_month_after",
    "moved",
    "reason",
]
_SHOWN = tuple(name for name in _COLUMNS if name not in ("option", "incumbent", "moved"))


def upcoming(comparison: Comparison, days: int = 90) -> Upcoming:
    """Return what comes to a study within so many days after its date: prices, retirements, and what they move.

    Parameters
    ----------
    comparison : Comparison
        The study; what is uncertain in it is taken at its median. Its date is the latest of its options' tables.
    days : int
        How far to look: the day after the study's date is the first, the last one is included. [days]

    Raises
    ------
    ScenarioError
        If ``days`` is no whole number from 1 on, or no option has tables.

    Notes
    -----
    Measured rates stay those of the study's date: only rows of prices begin and end.
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise ScenarioError(Problem("days", f"{days!r:.60}", "a whole number of days from 1 on"))
    central = comparison.medians
    start = study_day(central)
    if start is None:
        accepted = "at least one option of the tables, such as prices.api(…)"
        raise ScenarioError(Problem("upcoming", "a study whose costs are all its own, without dated prices", accepted))
    until = days_after(start, days)
    steps: list[UpcomingStep] = []
    beyond = None
    for step in _steps(central, start):
        if step.on > until:
            beyond = step
            break
        steps.append(step)
    return Upcoming(central, start, days, until, tuple(steps), beyond, upcoming_notes(central, start, until))


# ---------------------------------------------------------------------- day by day


def _steps(central: Comparison, start: date) -> Iterator[UpcomingStep]:
    """Yield every later day on which an option differs from what it was, the changes of earlier days kept."""
    ahead = {option.label: _days_ahead(central, option, start) for option in central.options}
    look = Look(central.workload)
    eras = {
        option.label: era_of(option.label, central.resolved[option.label], option, start) for option in central.options
    }
    before: Comparison | None = central
    for day in sorted({day for days in ahead.values() for day in days}):
        then = {**eras}
        changes: list[UpcomingChange] = []
        for option in central.options:
            if day in ahead[option.label]:
                era = era_on(((None, option),), look, day)
                change = _change(option, eras[option.label], era)
                if change is not None:
                    changes.append(change)
                    then[option.label] = era
        if changes:
            after = compared(central, then)
            shifts = tuple(_shifts(central, before, after))
            yield UpcomingStep(day, (day - start).days, tuple(changes), shifts, before, after)
            eras, before = then, after


def _days_ahead(central: Comparison, option: CostOption, start: date) -> set[date]:
    """Return the days after the study's date on which an option may differ."""
    cited = {label: each.citations for label, each in resolved_everywhere(central.resolved)}
    return {day for day in price_days(option, lambda each: cited[each.label]) if day > start}


def _change(option: CostOption, before: Era, after: Era) -> UpcomingChange | None:
    """Return what comes to an option; None where nothing that matters differs."""
    if before.resolved is None and after.resolved is None:
        return None
    change = changes_between(option.label, before, after)
    if change.kind not in _KINDS:
        return None
    if change.kind == "ends":
        return _end(option, before, change, after.since)
    announced = any(cited.basis == "announced" for cited in change.citations)
    return UpcomingChange(option.label, _KINDS[change.kind], change.words, announced, change.citations)


def _end(option: CostOption, before: Era, change: Change, day: date) -> UpcomingChange:
    """Return the end of an option with the rows that say so, or with what it lacks from then on."""
    found = ends_on(option, before, day)
    why = " and ".join(end.words for end in found) or change.words.removeprefix(f"{change.label}: ")
    cited = tuple(end.citation for end in found)
    announced = any(row.basis == "announced" for row in cited)
    return UpcomingChange(option.label, "ends", f"{option.label} ends: {why}", announced, cited)


def _shifts(central: Comparison, before: Comparison | None, after: Comparison | None) -> Iterator[Shift]:
    """Yield every challenger's breakeven before and after."""
    for label in central.labels:
        if label != central.incumbent:
            yield Shift(label, _breakeven(before, label, central), _breakeven(after, label, central))


def _breakeven(study: Comparison | None, challenger: str, central: Comparison) -> Breakeven | None:
    """Return where a challenger undercuts the incumbent, where both exist."""
    if study is None or not {challenger, central.incumbent} <= set(study.labels):
        return None
    return study.breakeven(challenger, central.incumbent)


# ---------------------------------------------------------------------- figures


def _differs(one: object, other: object) -> bool:
    """Return whether two breakevens at the medians differ by more than rounding."""
    if one is None or other is None:
        return (one is None) != (other is None)
    first, second = point(one), point(other)  # type: ignore[arg-type]  # plain at the medians
    return not math.isclose(first, second, rel_tol=_SAME_RATIO)


def _or_nan(found: Breakeven | None, name: Literal["first", "robust"]) -> float:
    """Return a breakeven as a number; nan where there is none."""
    volume = None if found is None else getattr(found, name)
    return math.nan if volume is None else point(volume)


def _short(found: Breakeven | None) -> str:
    """Return a first breakeven in a word."""
    if found is None:
        return "gone"
    if found.first is None:
        return "never"
    return format_count(point(found.first)) if found.first else "the first token"
