"""What a chart shows: the volumes that matter, where curves are evaluated, and the limits of the axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.terms import Term
from tokencross.errors import ResolveError
from tokencross.number import FloatOrDraws
from tokencross.studies.announced import AnnouncedChange, next_moves
from tokencross.studies.compare import Comparison
from tokencross.studies.verdict import phases
from tokencross.units import TOKENS_PER_MTOK, format_count

__all__ = [
    "MOST_LARGE_FLAGS",
    "Ghost",
    "Mark",
    "Trace",
    "cost_limits",
    "drawn_volumes",
    "ghosts",
    "marks_of",
    "traces",
    "unit_limits",
    "volume_range",
]

Array = NDArray[np.float64]
Kind = Literal["switch", "for good", "here", "beats"]

MOST_LARGE_FLAGS = 3
"""With more switches than this they are written small."""

_LEAST_VOLUME, _MOST_VOLUME = 1e6, 1e13
_DEFAULT_RANGE = (1e7, 1e12)
_MARGIN_RATIO = 10.0
_LEAST_DECADES = 4.0
_POINTS = 400
_MOST_JUMPS = 300
_SEEN_STEPS = 500.0  # a step of 1/500 of the volume is finer than a pixel
_MOST_STEPS = 2e6
_JUST_ABOVE_RATIO = 1.0 + 4e-12  # beyond the tolerance with which a full step is inclusive
_SAME_RATIO = 1e-9
_MOST_COST_RATIO = 1e6
_LEAST_FLOOR_USD = 0.01
_BAND_SHARE = 0.14
_FLOOR_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Mark:
    """A volume worth pointing at.

    Attributes
    ----------
    kind : str
        switch: where a substitute first becomes the cheapest; for good: from where it always is; here: where you are;
        beats: where an option first undercuts the incumbent without being the cheapest.
    volume : float
        Where. [tokens/month]
    text : str
        What to say.
    label : str
        The option it is about; the incumbent for ``here``.
    """

    kind: Kind
    volume: float
    text: str
    label: str


@dataclass(frozen=True)
class Trace:
    """An option's curve at the volumes where it is drawn. [tokens/month, USD/month]"""

    label: str
    volumes: Array
    usd_per_month: Array


@dataclass(frozen=True)
class Ghost:
    """An option's curve after its next announced change, where it is drawn, and what that does.

    Attributes
    ----------
    trace : Trace
        The curve from then on.
    volume, usd_per_month : float
        Where the words point: at the moved breakeven, or, where there is none any more, at the one of now; nan for
        one without words.
    text : str
        The day, and the breakeven before and after it.
    """

    trace: Trace
    volume: float
    usd_per_month: float
    text: str


# ---------------------------------------------------------------------- what is marked


def marks_of(comparison: Comparison) -> list[Mark]:
    """Return every mark by importance: switches, where they settle, where you are, other crossings."""
    switches = _switches(comparison)
    found = [*switches, *_for_good(comparison), *_here(comparison)]
    taken = [(mark.label, mark.volume) for mark in switches]
    for label in comparison.labels:
        volume = _first(comparison, label)
        if volume is None or any(label == own and _same(volume, at) for own, at in taken):
            continue
        found.append(Mark("beats", volume, f"{label} beats {comparison.incumbent} from {format_count(volume)}", label))
    return found


def _switches(comparison: Comparison) -> list[Mark]:
    """Return where the envelope first turns to each substitute, in words a founder reads."""
    turns = [phase for phase in phases(comparison) if phase.first > 0.0]
    found = []
    for phase in turns:
        bill = f"{format_count(phase.incumbent_usd_per_month, digits=2)} USD"
        whose = f" on {comparison.incumbent}"
        if phase.label == comparison.incumbent or len(turns) > MOST_LARGE_FLAGS:
            whose = ""
        text = f"{phase.label} from {format_count(phase.first)} tokens/month, {bill}{whose}"
        found.append(Mark("switch", phase.first, text, phase.label))
    return found


def _for_good(comparison: Comparison) -> list[Mark]:
    """Return from where the last winner always is the cheapest, if it was so before."""
    found = []
    for phase in phases(comparison):
        if phase.robust is None or phase.robust <= phase.first or _same(phase.robust, phase.first):
            continue
        who = f"{phase.label} " if phase.first == 0.0 else ""  # its first turn has no flag that names it
        found.append(Mark("for good", phase.robust, f"{who}for good from {format_count(phase.robust)}", phase.label))
    return found


def _here(comparison: Comparison) -> list[Mark]:
    """Return where you are, if that is known."""
    volume = comparison.here
    if volume is None:
        return []
    return [Mark("here", volume, f"you are here: {format_count(volume)} tokens/month", comparison.incumbent)]


def _first(comparison: Comparison, label: str) -> float | None:
    """Return where a challenger first undercuts the incumbent, None from the first token on or never."""
    if label == comparison.incumbent:
        return None
    try:
        first = comparison.central_breakeven(label).first
    except ResolveError:  # two staircases with no common period: nothing exact to mark
        return None
    return None if first is None or first == 0.0 else float(first)


def _same(one: float, other: float) -> bool:
    """Return whether two volumes are one but for rounding."""
    return math.isclose(one, other, rel_tol=_SAME_RATIO)


# ---------------------------------------------------------------------- which volumes


def volume_range(comparison: Comparison) -> tuple[float, float]:
    """Return the volumes that a chart spans: all that is marked with a decade on both sides. [tokens/month]"""
    moved = [volume for change in next_moves(comparison) if (volume := _moved_to(change)) is not None]
    marked = [*(mark.volume for mark in marks_of(comparison)), *moved]
    here = comparison.here
    sensible = [v for v in marked if _LEAST_VOLUME <= v <= _MOST_VOLUME]
    if here is not None and here not in sensible:
        sensible.append(here)
    if not sensible:
        return _DEFAULT_RANGE
    low, high = min(sensible) / _MARGIN_RATIO, max(sensible) * _MARGIN_RATIO
    short = _LEAST_DECADES - math.log10(high / low)
    if short > 0.0:
        low, high = low / 10.0 ** (short / 2.0), high * 10.0 ** (short / 2.0)
    low, high = _one_digit(low, up=False), _one_digit(high, up=True)
    if here is None or _LEAST_VOLUME <= here <= _MOST_VOLUME:
        return max(low, _LEAST_VOLUME), min(high, _MOST_VOLUME)
    return min(max(low, _LEAST_VOLUME), here / 2.0), max(min(high, _MOST_VOLUME), here * 2.0)


def _one_digit(volume: float, *, up: bool) -> float:
    """Return a volume rounded to one significant digit, up or down; one that has one digit stays."""
    scale = 10.0 ** math.floor(math.log10(volume))
    leading = volume / scale
    return scale * (math.ceil(leading - _SAME_RATIO) if up else math.floor(leading + _SAME_RATIO))


def drawn_volumes(curve: CostCurve, low: float, high: float) -> Array:
    """Return where a curve is drawn: a grid even in the logarithm, and both sides of every jump that can be seen.

    Parameters
    ----------
    curve : CostCurve
        A plain curve.
    low, high : float
        The range in view. [tokens/month]
    """
    grid = np.geomspace(low, high, _POINTS)
    grid[0], grid[-1] = low, high
    points = [_seen_breakpoints(term, low, high) for term in curve.terms]
    jumps = _thinned(np.unique(np.concatenate([np.empty(0), *points])), low, high)
    beyond = jumps * _JUST_ABOVE_RATIO
    return np.unique(np.concatenate([grid, jumps, beyond[beyond < high]]))


def _seen_breakpoints(term: Term, low: float, high: float) -> Array:
    """Return a term's breakpoints, of a staircase only those whose steps are not finer than a pixel."""
    tail = term.tail()
    if tail.periods:
        period = min(tail.periods)
        if period <= 0.0 or not math.isfinite(period):
            return np.empty(0)
        reach = max(_SEEN_STEPS * period, 2.0 * tail.from_volume)
        high = min(high, reach, low + _MOST_STEPS * period)
    return term.breakpoints(low, high) if low < high else np.empty(0)


def _thinned(jumps: Array, low: float, high: float) -> Array:
    """Return at most a few hundred of the jumps, evenly in the logarithm where they crowd."""
    if jumps.size <= _MOST_JUMPS:
        return jumps
    places = np.floor(np.log(jumps / low) / math.log(high / low) * _MOST_JUMPS)
    return jumps[np.unique(places, return_index=True)[1]]


def traces(comparison: Comparison, low: float, high: float) -> list[Trace]:
    """Return every option's curve as drawn, references included."""
    found = []
    for label in comparison.labels:
        curve = comparison.curve(label)
        volumes = drawn_volumes(curve, low, high)
        found.append(Trace(label, volumes, np.asarray(curve.usd_per_month(volumes))))
    return found


# ---------------------------------------------------------------------- what is announced


def ghosts(comparison: Comparison, low: float, high: float) -> list[Ghost]:
    """Return the next change of each option that moves a breakeven, as drawn; none where nothing is announced."""
    found: list[Ghost] = []
    for change in next_moves(comparison):
        volumes = drawn_volumes(change.curve, low, high)
        trace = Trace(change.label, volumes, np.asarray(change.curve.usd_per_month(volumes)))
        at, text = _moved_to(change), _moved_text(comparison, change)
        if at is None or not low <= at <= high or any(text == other.text for other in found):
            at, text = math.nan, ""
        usd = float(change.curve.usd_per_month(at)) if text else math.nan
        found.append(Ghost(trace, at, usd, text))
    return found


def _moved_to(change: AnnouncedChange) -> float | None:
    """Return the volume that a change's words point at, if there is one above 0. [tokens/month]"""
    moved = change.leading
    assert moved is not None  # next_moves
    after = None if moved.after is None else moved.after.first
    volume = after or moved.before.first
    return float(volume) if volume else None


def _moved_text(comparison: Comparison, change: AnnouncedChange) -> str:
    """Return a change's day, and the breakeven before and after it; whose it is where there are several."""
    moved = change.leading
    assert moved is not None  # next_moves
    assert moved.after is not None  # one that moves is there after it
    before, after = (_first_in_words(each.first) for each in (moved.before, moved.after))
    whose = f"{moved.challenger} " if len(comparison.substitutes) > 2 else ""
    return f"on {change.on}: {whose}{before} → {after}"


def _first_in_words(first: FloatOrDraws | None) -> str:
    """Return a first breakeven in a word or two."""
    if first is None:
        return "never"
    return "from the first token" if first == 0.0 else format_count(float(first))


# ---------------------------------------------------------------------- limits


def cost_limits(drawn: Sequence[Trace]) -> tuple[float, float]:
    """Return the floor, a round number, and the top of the cost axis. [USD/month]"""
    values = _positive(trace.usd_per_month for trace in drawn)
    if values.size == 0:
        return 1.0, 10.0
    top = float(values.max())
    least = max(float(values.min()), top / _MOST_COST_RATIO, _LEAST_FLOOR_USD)
    room = _BAND_SHARE * math.log10(10.0 * top / least)  # decades that the band along the bottom covers
    decade = 10.0 ** math.floor(math.log10(least) - room)
    floor = decade * max(step for step in _FLOOR_STEPS if step == 1.0 or step * decade <= least / 10.0**room)
    return floor, max(top, floor * 10.0) * 1.3


def unit_limits(drawn: Sequence[Trace]) -> tuple[float, float]:
    """Return the limits of the unit-cost axis: all that options come down to, idle fleets cut off. [USD/Mtok]"""
    units = [trace.usd_per_month / trace.volumes * TOKENS_PER_MTOK for trace in drawn]
    least = _positive(np.min(unit, keepdims=True) for unit in units)
    if least.size == 0:
        return 0.1, 10.0
    return float(least.min()) / 2.0, float(least.max()) * 4.0


def _positive(parts: Iterable[Array]) -> Array:
    """Return the values that a logarithmic axis can show."""
    values = np.concatenate([np.empty(0), *parts])
    shown: Array = values[np.isfinite(values) & (values > 0.0)]
    return shown
