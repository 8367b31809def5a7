"""What changed since an assumption last held: since the lock, or since the last day of the tables on which it did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import partial

from tokencross.checks.walk_back import never_held, walk_back
from tokencross.errors import TokencrossError
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.attribution import Attribution, attribute
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import study_day
from tokencross.studies.move_words import RowPlace
from tokencross.studies.moves import Move, moves_between
from tokencross.studies.on_day import on_day
from tokencross.studies.price_days import price_days, recipe_of

__all__ = ["changed_since"]

_MOST_PAIRS = 3
_MOST_MOVES = 12
_ROW = "row: "  # lines of an attribution that say again which row is behind a change
_VOLUME = 1e9  # where nobody says: only the order of challengers depends on it


def changed_since(
    holds: Callable[[Comparison], bool],
    now: Comparison,
    *,
    locked: Comparison | None = None,
    pair: tuple[str, str] | None = None,
    lock_words: str = "",
    costs_before: Mapping[str, float] | None = None,
    rows_before: Collection[RowPlace] | None = None,
    held: str = "held",
) -> tuple[str, ...]:
    """Return when something last held of a study, and what has changed since then, in lines.

    Parameters
    ----------
    holds : callable
        Whether it holds of a study; a study of which it cannot be said (it raises `TokencrossError`) counts as one of
        which it does not hold.
    now : Comparison
        The study, of which it does not hold.
    locked : Comparison, optional
        The study as it was when the lock was written.
    pair : (str, str), optional
        The challenger and whom it is held against: whose advantage the changes are attributed to. Unless given, or
        both are one, the challengers whose advantage over the incumbent moved most.
    lock_words : str
        What the lock is in words, such as ``tokencross.lock was written (tables 2026.11.20, as of 2026-11-20)``.
    costs_before : mapping of label to float, optional
        What the lock says that options cost, as `attribute` takes it. [USD/month]
    rows_before : collection of (str, date), optional
        The rows that the lock lists, as `attribute` takes them.
    held : str
        The word for it: "failed", of what is on record as false.

    Notes
    -----
    Without a lock under which it held, the days before the study's date are walked backwards: every day on which a row
    that the study uses begins or ends, or a model that it runs was measured, and the day before it. Between two of them
    no price changes; what depends on the day itself too (an age, a number of days left, a rate that runs of other
    models teach) is narrowed down to its last day, provided that it turns once in between. The walk ends where an
    option does not exist, and after `walk_back.MOST_DAYS` days looked at.
    """
    if locked is not None and _is(holds, locked):
        day = study_day(locked)
        written = lock_words or f"tokencross.lock was written{'' if day is None else f' (as of {day})'}"
        return _told(f"It {held} when {written}", locked, now, pair, costs_before, rows_before)
    today = study_day(now)
    if today is None:
        return (f"Nothing that the study rests on is dated: there is no other day on which it could have {held}.",)

    def on(day: date) -> Comparison:
        then = on_day(now, day)
        _ = then.resolved  # an option that does not exist then says so here
        return then

    walked = walk_back(_days_of(now), today, on, lambda then: _is(holds, then))
    if walked.then is None:
        return (never_held(walked, "the study", held),)
    return _told(f"It {held} until {walked.day}", walked.then, now, pair)


def _is(holds: Callable[[Comparison], bool], study: Comparison) -> bool:
    """Return whether something holds of a study; not where it cannot be said."""
    try:
        return holds(study)
    except TokencrossError:
        return False


def _days_of(study: Comparison) -> set[date]:
    """Return the days on which a figure of a study may change: rows begin or end, or a rate is measured."""
    cited = {label: each.citations for label, each in resolved_everywhere(study.resolved)}
    days: set[date] = set()
    for option in study.everyone.values():
        days |= price_days(option, lambda each: cited[each.label])
        recipe = recipe_of(option)
        if recipe is not None and recipe.throughput_as_of is None:
            days |= {run.measured_on for run, _ in recipe.book.at(date.max).runs(recipe.model)}
    return days


# ---------------------------------------------------------------------- what changed since then


def _told(
    held: str,
    then: Comparison,
    now: Comparison,
    pair: tuple[str, str] | None,
    costs_before: Mapping[str, float] | None = None,
    rows_before: Collection[RowPlace] | None = None,
) -> tuple[str, ...]:
    """Return when it held, what has changed since then, and whose advantage that moved by how much."""
    moves = sorted(moves_between(then, now, rows_before=rows_before), key=lambda move: move.on or date.max)
    if not moves and costs_before is None:
        return (f"{held}; nothing that a cost of the study rests on has changed since.",)
    lines = [f"{held}; since then:", *(f"- {_move(move)}" for move in moves[:_MOST_MOVES])]
    if len(moves) > _MOST_MOVES:
        lines.append(f"- and {len(moves) - _MOST_MOVES} changes more")
    pairs = [pair] if pair is not None and pair[0] != pair[1] else _pairs(then, now)
    for challenger, against in pairs:
        call = partial(attribute, then, now, challenger, against, costs_before=costs_before, rows_before=rows_before)
        lines += _attributed(call, challenger, against)
    return tuple(lines)


def _move(move: Move) -> str:
    """Return a change with the day from which it holds, and its row."""
    since = "" if move.on is None else f" from {move.on} on"
    cited = move.citation
    source = "" if cited is None or not cited.location else f" ({cited.location}; {cited.via})"
    return f"{move.words}{since}{source}"


def _attributed(call: Callable[[], Attribution], challenger: str, against: str) -> Iterator[str]:
    """Yield what the changes did to a challenger's advantage, or why that cannot be said."""
    try:
        yield from (line for line in call().lines() if not line.startswith(_ROW))
    except TokencrossError as error:
        said = " ".join(str(error).split())
        yield f"What they did to the advantage of {challenger} over {against} cannot be said: {said}"


def _pairs(then: Comparison, now: Comparison) -> list[tuple[str, str]]:
    """Return the challengers whose advantage over the incumbent moved most, the farthest first."""
    moved: dict[str, float] = {}
    for label in now.labels:
        if label != now.incumbent and {label, now.incumbent} <= set(then.labels):
            before, after = (_advantage(study, label, now.incumbent, _volume(now)) for study in (then, now))
            moved[label] = abs(after - before)
    farthest = sorted((label for label in moved if moved[label] > 0.0), key=lambda label: -moved[label])
    return [(label, now.incumbent) for label in farthest[:_MOST_PAIRS]]


def _advantage(study: Comparison, challenger: str, against: str, volume: float) -> float:
    """Return by how much a challenger is cheaper at a volume. [USD/month]"""
    return study.curve(against).usd_per_month(volume) - study.curve(challenger).usd_per_month(volume)


def _volume(study: Comparison) -> float:
    """Return where you are, or a volume that puts the challengers in some order. [tokens/month]"""
    return _VOLUME if study.here is None else study.here
