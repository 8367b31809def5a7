"""What a history shows, in a sentence: how the breakeven moved since when, and what moved it."""

from __future__ import annotations

import itertools
from datetime import date

from tokencross.costs.breakeven import Breakeven
from tokencross.costs.reasons import limit_usd_per_mtok
from tokencross.errors import Problem, ScenarioError
from tokencross.studies.history import History, Moment
from tokencross.units import format_count, format_unit_price

__all__ = ["headline", "in_words", "main_challenger", "month_of"]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MOVED_RATIO = 1.05
_FOLD_RATIO = 1.95


def main_challenger(history: History) -> str:
    """Return the challenger that a headline is about: the first substitute with a breakeven at a volume above 0.

    Raises
    ------
    ScenarioError
        If there is no challenger.
    """
    if not history.challengers:
        raise ScenarioError(Problem("history", "no challenger", "a study of at least two options"))
    own = [label for label in history.challengers if label not in history.comparison.reference]
    for label in own:
        if any(found is not None and found.first for found in history.breakevens(label)):
            return label
    return (own or list(history.challengers))[0]


def headline(history: History, challenger: str | None = None) -> str:
    """Return how a challenger's breakeven moved, and how its price and the incumbent's did.

    Parameters
    ----------
    history : History
        The study through time.
    challenger : str, optional
        Whose; `main_challenger` unless given.
    """
    label = main_challenger(history) if challenger is None else challenger
    both = [
        (moment, found)
        for moment, found in zip(history.moments, history.breakevens(label), strict=True)
        if found is not None
    ]
    known = [pair for pair in both if pair[0].day <= history.today] or both
    incumbent = history.comparison.incumbent
    if not known:
        return f"{label} and {incumbent} never existed together from {history.moments[0].day} to {history.until}"
    (first, before), (last, after) = known[0], known[-1]
    said = f"Since {month_of(first.day)} {_moved(label, incumbent, [found for _, found in known])}"
    if first is not last and (before.first is not None or after.first is not None):
        said += f": a token costs {_priced(incumbent, first, last)} and {_priced(label, first, last)}"
    ahead = in_words(both[-1][1])
    if ahead == in_words(after):
        return said
    same = list(itertools.takewhile(lambda pair: in_words(pair[1]) == ahead, reversed(both)))
    return f"{said}; {ahead} from {same[-1][0].day} on"


def in_words(found: Breakeven | None) -> str:
    """Return a first breakeven in a word or two."""
    if found is None:
        return "no option yet"
    if found.first is None:
        return "never"
    return "from the first token" if found.first == 0.0 else format_count(float(found.first))


def month_of(day: date) -> str:
    """Return a day's month as a sentence names it."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def _moved(label: str, incumbent: str, found: list[Breakeven]) -> str:
    """Return how a breakeven moved from the first to the last day."""
    before, after = found[0], found[-1]
    said = list(dict.fromkeys(in_words(one) for one in found))
    was, is_ = in_words(before), in_words(after)
    if said == [was]:
        if before.first is None:
            return f"there has been no volume from which {label} undercuts {incumbent}"
        return f"{label} has undercut {incumbent} {'' if before.first == 0.0 else 'from '}{was}{_unit(before)}"
    if was == is_:
        return f"the breakeven of {label} is back at {was}{_unit(after)}"
    if not before.first or not after.first:
        return f"the breakeven of {label} went from {was} to {is_}{_unit(before) or _unit(after)}"
    verb = "rose" if after.first > before.first else "fell"
    return f"the breakeven of {label} {verb} from {was} to {is_}{_unit(after)}"


def _unit(found: Breakeven) -> str:
    """Return the unit of a breakeven that is a volume."""
    return " tokens a month" if found.first else ""


def _priced(label: str, first: Moment, last: Moment) -> str:
    """Return how what further tokens of an option cost moved."""
    before, after = (_limit(moment, label) for moment in (first, last))
    way = "more" if after > before else "less"
    if min(before, after) <= 0.0:
        same = f"{format_unit_price(after)} on {label}"
        return same if before == after else f"{same} instead of {format_unit_price(before)}"
    ratio = max(before, after) / min(before, after)
    if ratio < _MOVED_RATIO:
        return f"{'the same' if before == after else 'about the same'} on {label}"
    if ratio < _FOLD_RATIO:
        return f"{abs(after / before - 1.0):.0%} {way} on {label}"
    return f"{format_count(ratio, digits=2)} times {way} on {label}"


def _limit(moment: Moment, label: str) -> float:
    """Return what a million further tokens costs, fleets full. [USD/Mtok]"""
    resolved = moment.eras[label].resolved
    assert resolved is not None  # only where both exist
    return limit_usd_per_mtok(resolved.curve)
