"""What is drawn of a study through time: levels, lanes, moves and what they are called; no axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tokencross.costs.breakeven import Breakeven
from tokencross.studies.history import History, Moment

__all__ = ["Scale", "Span", "merged", "moves", "runs", "said_of", "scale_of", "spans_of", "until"]

Way = Literal["plain", "borrowed", "to come"]

_LANE_SHARE = 0.11
_FLOOR_SHARE = 0.10
_EMPTY_RANGE = (1e8, 1e11)
_MARGIN_RATIO = 1.6
_LEAST_RATIO = 20.0
_MOVED_RATIO = 1.01
_TO_OR_FROM_NEVER = 10.0  # decades that a move to or from never counts as
_BEGINS = 5.0
_LONGEST_CHANGE = 44


@dataclass(frozen=True)
class Span:
    """A level of a line: from and to which day, how high, how sure, and which moment it begins with."""

    start: date
    end: date
    height: float
    way: Way
    moment: int


@dataclass(frozen=True)
class Scale:
    """The heights of the axis: lines with a breakeven lie between low and high, the others in lanes beyond."""

    low: float
    high: float
    never: bool
    always: bool

    @property
    def lane(self) -> float:
        """How many times its lower edge the upper edge of a lane is."""
        return float((self.high / self.low) ** _LANE_SHARE)

    @property
    def top(self) -> float:
        """The upper end of what lines take."""
        return self.high * (self.lane if self.never else 1.0)

    @property
    def floor(self) -> float:
        """The lower end of the axis, below the lane of those that pay from the first token: the band is there."""
        return float(self.low / (self.lane if self.always else 1.0) / (self.high / self.low) ** _FLOOR_SHARE)

    def height(self, found: Breakeven, turn: float) -> float:
        """Return how high a breakeven is; ``turn``, 0..1, is the place within a lane."""
        if found.first is None:
            return float(self.high * self.lane**turn)
        if found.first == 0.0:
            return float(self.low / self.lane**turn)
        return float(found.first)


def scale_of(history: History, drawn: Sequence[str]) -> Scale:
    """Return the heights that all breakevens, and where you are, lie between."""
    known = [found.first for label in drawn for found in history.breakevens(label) if found is not None]
    volumes = [float(first) for first in known if first]
    here = history.comparison.here
    if here is not None:
        volumes.append(here)
    low, high = (min(volumes), max(volumes)) if volumes else _EMPTY_RANGE
    low, high = low / _MARGIN_RATIO, high * _MARGIN_RATIO
    if high / low < _LEAST_RATIO:
        more = math.sqrt(_LEAST_RATIO * low / high)
        low, high = low / more, high * more
    return Scale(low, high, never=any(first is None for first in known), always=any(first == 0.0 for first in known))


def spans_of(history: History, label: str, scale: Scale, turn: float) -> Iterator[Span]:
    """Yield the levels of a line, from each moment to the next; nothing where there is a gap."""
    incumbent = history.comparison.incumbent
    for index, found in enumerate(history.breakevens(label)):
        moment = history.moments[index]
        end = until(history, index)
        if found is None or end == moment.day:
            continue
        borrowed = moment.eras[label].borrowed or moment.eras[incumbent].borrowed
        way: Way = "borrowed" if borrowed else "plain"
        if moment.day >= history.today and history.until > history.today:
            way = "to come"
        yield Span(moment.day, end, scale.height(found, turn), way, index)


def until(history: History, index: int) -> date:
    """Return the day up to which a moment holds."""
    return history.moments[index + 1].day if index + 1 < len(history.moments) else history.until


def merged(spans: Sequence[Span]) -> list[Span]:
    """Return levels with those joined that go on alike, so that dashes do."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last is not None and (last.end, last.height, last.way) == (span.start, span.height, span.way):
            found[-1] = Span(last.start, span.end, last.height, last.way, last.moment)
        else:
            found.append(span)
    return found


def runs(history: History, here: float | None) -> list[tuple[date, date, str | None]]:
    """Return from when to when which option was the cheapest where you are; None where there was none."""
    found: list[tuple[date, date, str | None]] = []
    for index, moment in enumerate(history.moments):
        label = moment.cheapest(here)
        if found and found[-1][2] == label:
            found[-1] = (found[-1][0], until(history, index), label)
        else:
            found.append((moment.day, until(history, index), label))
    return found


def moves(history: History, label: str) -> list[tuple[float, int]]:
    """Return how far the breakeven moved at each moment at which it did, and the moment. [decades]"""
    breakevens = history.breakevens(label)
    found = []
    before: Breakeven | None = None
    for index, now in enumerate(breakevens):
        if now is not None:
            size = _BEGINS if before is None else _distance(before, now)
            if size > math.log10(_MOVED_RATIO):
                found.append((size, index))
        before = now
    return found


def _distance(before: Breakeven, after: Breakeven) -> float:
    """Return how far apart two breakevens are. [decades]"""
    if not before.first or not after.first:
        return 0.0 if before.first == after.first else _TO_OR_FROM_NEVER
    return abs(math.log10(float(after.first) / float(before.first)))


def said_of(moment: Moment, label: str, incumbent: str, *, begins: bool) -> tuple[str, str]:
    """Return what changed at a moment, for a flag, and the label that it is about."""
    pair = {label, incumbent}
    own = [change for change in moment.changes if change.label in pair and change.kind not in ("known", "ends")]
    if begins:
        own = sorted(own, key=lambda change: change.label != incumbent)
    words = " + ".join(dict.fromkeys(change.short for change in own)) or "change"
    short = words if len(words) <= _LONGEST_CHANGE else f"{words[: _LONGEST_CHANGE - 1]}…"
    return short, own[0].label if own else label
