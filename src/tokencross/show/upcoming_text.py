"""What is coming as text: by day what changes, its source, and every breakeven before and after; and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tokencross.costs.breakeven import Breakeven
from tokencross.number import point
from tokencross.show.terminal import bullets, plain_table
from tokencross.studies.upcoming import Shift, Upcoming, UpcomingChange, UpcomingStep
from tokencross.units import format_count, format_list, format_usd

__all__ = ["upcoming_data", "upcoming_text"]

_ARROW = " → "
_DIGITS, _MOST_DIGITS = 3, 10
_Which = Literal["first", "robust"]


def upcoming_text(upcoming: Upcoming) -> RenderableType:
    """Return everything that `tokencross upcoming` prints."""
    parts: list[RenderableType] = [Text(_headline(upcoming), style="bold")]
    for step in upcoming.steps:
        heading = Text(f"{step.on}, in {_days(step.in_days)}", style="bold underline")
        parts += [Padding(heading, (1, 0, 0, 0), expand=False), *_step(upcoming, step)]
    if upcoming.steps:
        parts += [Text(f"\n{_beyond(upcoming)}")]
    if upcoming.notes:
        parts += [Padding(Text("Notes", style="bold underline"), (1, 0, 0, 0), expand=False), bullets(upcoming.notes)]
    return Group(*parts)


def _headline(upcoming: Upcoming) -> str:
    """Return the answer in a sentence or two."""
    span = f"within {_days(upcoming.days)} of {upcoming.counted_from}, through {upcoming.until}"
    if not upcoming.steps:
        return f"Nothing is known to move this study {span}. {_beyond(upcoming)}"
    dates = format_list([str(step.on) for step in upcoming.steps])
    changes = [change for step in upcoming.steps for change in step.changes]
    ended = [change.label for change in changes if change.kind == "ends"]
    gone = f" {format_list(ended)} {'ends' if len(ended) == 1 else 'end'}." if ended else ""
    incumbent = upcoming.comparison.incumbent
    one = len(upcoming.steps) == 1
    moved = [label for label in upcoming.challengers if any(_moves(step, label) for step in upcoming.steps)]
    breakevens = f"the breakeven{'s' if len(moved) > 1 else ''} of {format_list(moved)} against {incumbent}"
    told = (
        f" {'It moves' if one else 'They move'} {breakevens}."
        if moved
        else f" No {'other ' if ended else ''}breakeven moves."
    )
    if incumbent in ended:
        told = f"{told if moved else ''} No breakeven against {incumbent} remains."
    return f"{'A change is' if one else 'Changes are'} known {span}: on {dates}.{gone}{told}"


def _moves(step: UpcomingStep, label: str) -> bool:
    """Return whether a challenger's breakeven is another from a step on; one that is gone has not moved."""
    shift = next(shift for shift in step.shifts if shift.challenger == label)
    return shift.moved and shift.after is not None


def _beyond(upcoming: Upcoming) -> str:
    """Return what is the next after the days asked for."""
    step = upcoming.beyond
    if step is None:
        return f"None is known after {upcoming.until}." if upcoming.steps else "None is known after that either."
    words = "; ".join(f"{change.words} ({change.status})" for change in step.changes)
    return f"The next is on {step.on}, in {_days(step.in_days)}: {words}."


def _days(count: int) -> str:
    """Return a number of days in words."""
    return "1 day" if count == 1 else f"{count:,} days"


# ---------------------------------------------------------------------- a day


def _step(upcoming: Upcoming, step: UpcomingStep) -> Iterator[RenderableType]:
    """Yield what changes on a day, and the breakevens before and after."""
    for change in step.changes:
        yield Text(f"- {change.words}")
        yield Padding(Text(_source(change), style="dim"), (0, 0, 0, 2))
    if step.shifts:
        yield Padding(_breakevens(upcoming, step), (1, 0, 0, 0), expand=False)
    lost = [shift for shift in step.shifts if shift.moved and shift.after is not None and shift.after.robust is None]
    yield from (Text(f"{shift.challenger}: {upcoming.why_none(step, shift)}.") for shift in lost)
    here = _here(upcoming, step)
    if here:
        yield Text(here)


def _source(change: UpcomingChange) -> str:
    """Return where a change is from, and whether it is announced."""
    return f"{change.status}: {'; '.join(change.sources)}" if change.sources else change.status


def _breakevens(upcoming: Upcoming, step: UpcomingStep) -> RenderableType:
    """Return every challenger's first and robust breakeven before and after."""
    table = plain_table(
        f"against {upcoming.comparison.incumbent}", "cheaper from, tokens/month", "for good from", left=3
    )
    for shift in step.shifts:
        reference = shift.challenger in upcoming.comparison.reference
        name = f"{shift.challenger} (reference)" if reference else shift.challenger
        table.add_row(name, _moved(shift, "first"), _moved(shift, "robust"), style="" if shift.moved else "dim")
    return table


def _moved(shift: Shift, which: _Which) -> str:
    """Return a breakeven before and after, once where it is the same."""
    before, after = (_volume(found, which) for found in (shift.before, shift.after))
    if isinstance(before, float) and isinstance(after, float) and before > 0.0 and after > 0.0:
        if not shift.moved or before == after:
            return format_count(after)
        for digits in range(_DIGITS, _MOST_DIGITS):  # so many that one sees the change
            words = [format_count(volume, digits=digits) for volume in (before, after)]
            if words[0] != words[1]:
                break
    else:
        words = [_words(volume) for volume in (before, after)]
    return _ARROW.join(dict.fromkeys(words))


def _volume(found: Breakeven | None, which: _Which) -> float | str:
    """Return a breakeven's volume, or in a word why there is none. [tokens/month]"""
    if found is None:
        return "gone"
    volume = getattr(found, which)
    return "never" if volume is None else point(volume)


def _words(volume: float | str) -> str:
    """Return a breakeven in words."""
    if isinstance(volume, str):
        return volume
    return "the first token" if volume == 0.0 else format_count(volume)


def _here(upcoming: Upcoming, step: UpcomingStep) -> str:
    """Return what a day does to the bills where you are; empty where nobody said where that is."""
    volume, before, after = upcoming.comparison.here, step.before, step.after
    if volume is None or before is None or after is None:
        return ""
    both = [change.label for change in step.changes if {change.label} <= set(before.labels) & set(after.labels)]
    bills = [
        f"{label} {_ARROW.join(format_usd(study.curve(label).usd_per_month(volume)) for study in (before, after))}"
        for label in both
    ]
    cheapest = [study.cheapest_at(volume) for study in (before, after)]
    who = f"{cheapest[0]} stays the cheapest" if cheapest[0] == cheapest[1] else f"the cheapest {_ARROW.join(cheapest)}"
    monthly = f"{', '.join(bills)} a month; " if bills else ""
    return f"At your {format_count(volume)} tokens/month: {monthly}{who}."


# ---------------------------------------------------------------------- plain data


def upcoming_data(upcoming: Upcoming) -> dict[str, object]:
    """Return the whole answer as plain data, as JSON has it: dates as text, null where there is no breakeven."""
    return {
        "counted_from": str(upcoming.counted_from),
        "days": upcoming.days,
        "until": str(upcoming.until),
        "incumbent": upcoming.comparison.incumbent,
        "steps": [_step_data(upcoming, step) for step in upcoming.steps],
        "next": None if upcoming.beyond is None else _step_data(upcoming, upcoming.beyond),
        "notes": list(upcoming.notes),
    }


def _step_data(upcoming: Upcoming, step: UpcomingStep) -> dict[str, object]:
    """Return a day as plain data."""
    return {
        "date": str(step.on),
        "in_days": step.in_days,
        "changes": [_change_data(change) for change in step.changes],
        "breakevens": [
            {
                "challenger": shift.challenger,
                **{
                    f"{which}_tokens_per_month_{when}": _number(found, which)
                    for which in _WHICH
                    for when, found in (("before", shift.before), ("after", shift.after))
                },
                "moved": shift.moved,
                "reason": upcoming.why_none(step, shift),
            }
            for shift in step.shifts
        ],
    }


_WHICH: Sequence[_Which] = ("first", "robust")


def _change_data(change: UpcomingChange) -> dict[str, object]:
    """Return what comes to an option as plain data."""
    return {
        "option": change.label,
        "kind": change.kind,
        "words": change.words,
        "announced": change.announced,
        "sources": list(change.sources),
    }


def _number(found: Breakeven | None, which: _Which) -> float | None:
    """Return a breakeven's volume; None where there is none. [tokens/month]"""
    volume = _volume(found, which)
    return None if isinstance(volume, str) else volume
