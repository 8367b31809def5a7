"""Where along an input the cheapest option changes: every change to the last float, every stretch between proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEW", "MANY", "NOBODY", "Costs", "CostsAt", "Effort", "Turn", "Walked", "between", "cheapest", "walk"]

Array: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

NOBODY = -1
"""The place of the cheapest where a value is refused."""

_TIE_RATIO = 1.0 + 1e-14  # costs nearer than this are equal, as in the envelope over volumes
_SLIVER_RATIO = 1e-12  # stretches narrower than this, relative to their value, are rounding
_FORM_RATIO = 1e-10  # of a cost: a difference that follows a form so closely has it
_BESIDE_RATIO = 1e-6  # of its value: how far from a change costs may tie by rounding
_REFUSED_RATIO = 1e-4  # where values begin to be refused is no change of the answer
_MOST_ROUNDS = 60
_CLUSTER = 10.0 ** np.arange(-1.5, -16.0, -1.0)
_WINDOW = 5
_JUMP_RATIO = 30.0  # a cost that changes by more percent for one percent of its input does not do so smoothly


@dataclass(frozen=True)
class Effort:
    """How many values are looked at: inside a change at a time, inside a doubtful stretch, and in all."""

    inside_change: int
    inside_doubt: int
    most: int


MANY = Effort(512, 3, 8_192)  # values together take as long as one
FEW = Effort(2, 1, 160)  # values one by one


@dataclass(frozen=True)
class Costs:
    """What options cost at values: totals (n, O), nan where refused; their terms (n, P), each of one option (P,)."""

    totals: Array
    terms: Array
    owners: Places


class CostsAt(Protocol):
    """Gives costs at values, each of one walk; later answers may have more terms than earlier ones."""

    def __call__(self, walks: Places, values: Array, /) -> Costs:
        """Return the costs of walk ``walks[i]`` at ``values[i]``."""
        ...


@dataclass(frozen=True)
class Turn:
    """A change: the last value with the old cheapest and the first with the new, and their places in the list."""

    last: float
    first: float
    old: int
    new: int


@dataclass(frozen=True, eq=False)
class Walked:
    """What a walk found.

    Attributes
    ----------
    turns : tuple of Turn
        In the order of the walk.
    points, totals : ndarray, shape (n,) and (n, O)
        What was looked at on the way, up to the last turn that was wanted.
    start : int
        The place of the cheapest where the walk begins.
    proved : bool
        Whether no stretch is left in which the terms allow another cheapest.
    steady : bool
        Whether every term rises, falls or stays all along.
    """

    turns: tuple[Turn, ...]
    points: Array
    totals: Array
    start: int
    proved: bool
    steady: bool


@dataclass(eq=False)
class _Walk:
    """A walk under way."""

    points: Array
    totals: Array
    terms: Array
    first_only: bool
    whole: bool
    falling: bool
    rounds: int = 0


def cheapest(totals: Array) -> Places:
    """Return the place of the cheapest in each row: the earlier one at a tie, `NOBODY` where a cost is not known."""
    least = totals.min(axis=1, keepdims=True)
    found: Places = np.where(np.isnan(totals).any(axis=1), NOBODY, np.argmax(totals <= least * _TIE_RATIO, axis=1))
    return found


def walk(
    costs_at: CostsAt, starts: Sequence[Array], *, first_only: bool, whole: bool = False, effort: Effort = MANY
) -> list[Walked]:
    """Return where the cheapest changes along walks over an input.

    Parameters
    ----------
    costs_at : CostsAt
        Gives the costs.
    starts : sequence of ndarray
        For each walk the values to look at first, ascending or descending, the ends of the range among them.
    first_only : bool
        Whether only the first change of each walk is wanted.
    whole : bool
        Whether the input takes whole values only.
    effort : Effort
        How many values are looked at.

    Notes
    -----
    Between two neighbouring values at which one option is the cheapest it stays so

    - where each term lies between what it is at the two (it rises, falls, jumps or stays), and even the most that the
      option's terms come to is not above the least that those of any other do; or
    - where its difference from each other is affine or Moebius in the input, which five neighbouring values show: such
      a function takes no value twice.

    Stretches that neither settles are divided until one does, a change until its two sides are neighbouring floats;
    where refused values begin is found within a ten-thousandth.
    """
    walks = [
        _Walk(np.empty(0), np.empty((0, 0)), np.empty((0, 0)), first_only, whole, bool(start[-1] < start[0]))
        for start in starts
    ]
    owners = _ask(costs_at, walks, dict(enumerate(starts)))
    while True:
        wanted = {index: more for index, each in enumerate(walks) if (more := _wanted(each, owners, effort)).size}
        if not wanted:
            return [_walked(each, owners) for each in walks]
        owners = _ask(costs_at, walks, wanted)


def between(low: float, high: float, count: int) -> Array:
    """Return values strictly between two of one sign, ascending: even, or in even ratios over more than an octave."""
    share = np.arange(1, count + 1) / (count + 1)
    if low > 0.0 and high > 2.0 * low:
        return low * (high / low) ** share
    if low == 0.0:
        return high * np.concatenate([10.0 ** (-12.0 * (1.0 - share[: count // 2])), share[count // 2 :]])
    return low + (high - low) * share


# ---------------------------------------------------------------------- asking


def _ask(costs_at: CostsAt, walks: Sequence[_Walk], wanted: Mapping[int, Array]) -> Places:
    """Look at values, all walks at once; return whose each term is."""
    sizes = [values.size for values in wanted.values()]
    found = costs_at(np.repeat(np.array(list(wanted), dtype=np.intp), sizes), np.concatenate(list(wanted.values())))
    ends = np.cumsum(sizes)
    for (index, values), end in zip(wanted.items(), ends, strict=True):
        rows = slice(end - values.size, end)
        _insert(walks[index], values, found.totals[rows], found.terms[rows])
    return found.owners


def _insert(each: _Walk, values: Array, totals: Array, terms: Array) -> None:
    """Put values that were looked at in their order."""
    if each.points.size:
        missing = terms.shape[1] - each.terms.shape[1]  # a term that was not there cost nothing
        known = np.pad(each.terms, ((0, 0), (0, missing)))
        values = np.concatenate([each.points, values])
        totals, terms = np.concatenate([each.totals, totals]), np.concatenate([known, terms])
    _, order = np.unique(values, return_index=True)
    if each.falling:
        order = order[::-1]
    each.points, each.totals, each.terms = values[order], totals[order], terms[order]
    each.rounds += 1


def _wanted(each: _Walk, owners: Places, effort: Effort) -> Array:
    """Return the values to look at next: inside changes that are not narrow yet, and inside doubtful stretches."""
    winners = cheapest(each.totals)
    changes = _changes(winners)
    upto = changes[0] + 1 if each.first_only and changes else each.points.size - 1
    exact = [(_exact_change(each, winners, at), winners[at], winners[at + 1]) for at in changes if at < upto]
    open_changes = [(at, old, new) for at, old, new in exact if not _narrow(each, winners, at)]
    share = max(effort.inside_change // max(len(open_changes), 1), FEW.inside_change)
    more = [_inside_change(each, at, old, new, share) for at, old, new in open_changes]
    if each.points.size < effort.most and each.rounds < _MOST_ROUNDS:
        doubtful = np.flatnonzero(~_settled(each, winners, owners)[:upto]).tolist()
        more += [_inside(each, at, effort.inside_doubt) for at in doubtful]
    values = np.unique(np.concatenate(more)) if more and each.rounds < 2 * _MOST_ROUNDS else np.empty(0)
    return values[~np.isin(values, each.points)]


def _changes(winners: Places) -> list[int]:
    """Return the stretches between neighbours at whose ends different options are the cheapest."""
    found: list[int] = np.flatnonzero(winners[1:] != winners[:-1]).tolist()
    return found


def _exact_change(each: _Walk, winners: Places, at: int) -> int:
    """Return the stretch at whose far end the new cheapest costs less to the last float, near a change.

    A change is found where costs are apart by more than rounding; where two that tie by rounding only begin to do so,
    the change is where the earlier one is no dearer, and the later one is cheaper.
    """
    old, new = int(winners[at]), int(winners[at + 1])
    if NOBODY in (old, new):
        return at
    gap = each.totals[:, new] - each.totals[:, old]
    beyond = gap <= 0.0 if new < old else gap < 0.0
    near = np.abs(each.points - each.points[at]) <= _BESIDE_RATIO * np.abs(each.points[at])
    near[[at, at + 1]] = True
    place = at
    while place > 0 and beyond[place] and near[place]:
        place -= 1
    while place + 2 < beyond.size and not beyond[place + 1] and near[place + 1]:
        place += 1
    return place if not beyond[place] and beyond[place + 1] else at


def _narrow(each: _Walk, winners: Places, at: int) -> bool:
    """Return whether there is no value between two neighbours that is worth looking at."""
    low, high = sorted((float(each.points[at]), float(each.points[at + 1])))
    if each.whole:
        return high - low <= 1.0
    if NOBODY in winners[at : at + 2]:
        return high - low <= _REFUSED_RATIO * high
    scale = abs(float(each.points[0])) or 1.0
    return bool(high - low <= np.spacing(high)) or high <= scale * 1e-15


def _inside(each: _Walk, at: int, count: int) -> Array:
    """Return values between two neighbours."""
    low, high = sorted((float(each.points[at]), float(each.points[at + 1])))
    if high - low <= 4.0 * np.spacing(high):
        values = low + np.spacing(low) * np.arange(1, 5)
    else:
        values = between(low, high, count)
    found: Array = np.round(values) if each.whole else values
    return found[(found > low) & (found < high)]


def _inside_change(each: _Walk, at: int, old: int, new: int, count: int) -> Array:
    """Return values inside a change: spread out, for a jump, and crowded where a straight line would cross."""
    start, end = float(each.points[at]), float(each.points[at + 1])
    if NOBODY in (old, new):
        return _inside(each, at, FEW.inside_change)
    gaps = each.totals[at : at + 2, new] - each.totals[at : at + 2, old]
    few = count <= FEW.inside_change
    if few and _is_jump(start, end, gaps, float(each.totals[at, old])):
        count = 1  # each value that is looked at halves it: nothing does better
    spread = _inside(each, at, count)
    if each.whole or count == 1:
        return np.concatenate([spread, _inside(each, at, 1)])
    share = gaps[0] / (gaps[0] - gaps[1]) if gaps[0] > gaps[1] else 0.5
    guess = start + (end - start) * share
    steps = (end - start) * (_CLUSTER[1::5] if few else _CLUSTER)
    values: Array = np.concatenate([spread, [guess], guess - steps, guess + steps])
    low, high = sorted((start, end))
    return values[(values > low) & (values < high)]


def _is_jump(start: float, end: float, gaps: Array, cost: float) -> bool:
    """Return whether a difference changes more between two values than a smooth one would."""
    width = abs(end - start) / max(abs(start), abs(end))
    return abs(float(gaps[0] - gaps[1])) > _JUMP_RATIO * width * abs(cost)


# ---------------------------------------------------------------------- proving


def _settled(each: _Walk, winners: Places, owners: Places) -> NDArray[np.bool_]:
    """Return for every stretch between neighbours whether it is sure to have one cheapest, or is a change itself."""
    old, new = winners[:-1], winners[1:]
    low, high = np.minimum(each.points[:-1], each.points[1:]), np.maximum(each.points[:-1], each.points[1:])
    if each.whole:
        narrow = high - low <= 1.0
    else:
        narrow = high - low <= _SLIVER_RATIO * high
        narrow |= high <= (abs(float(each.points[0])) or 1.0) * 1e-15
    known = (old != new) | (old == NOBODY) | narrow
    kept = _kept_by_terms(each, old, owners)
    doubtful = ~known & ~kept.all(axis=1)
    if doubtful.any():
        kept |= _kept_by_form(each, winners, doubtful)
    settled: NDArray[np.bool_] = known | kept.all(axis=1)
    return settled


def _kept_by_terms(each: _Walk, winners: Places, owners: Places) -> NDArray[np.bool_]:
    """Return for every stretch and option whether the cheapest stays ahead of it by what its terms allow."""
    lows, highs = np.minimum(each.terms[:-1], each.terms[1:]), np.maximum(each.terms[:-1], each.terms[1:])
    count = each.totals.shape[1]
    least, most = (
        np.stack([part[:, owners == place].sum(axis=1) for place in range(count)], axis=1) for part in (lows, highs)
    )
    ours = np.take_along_axis(most, np.maximum(winners, 0)[:, np.newaxis], axis=1)
    places = np.arange(count)[np.newaxis]
    kept: NDArray[np.bool_] = np.where(
        places < winners[:, np.newaxis], ours * _TIE_RATIO < least, ours <= least * _TIE_RATIO
    )
    kept |= places == winners[:, np.newaxis]
    return kept


def _kept_by_form(each: _Walk, winners: Places, doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for every stretch and option whether their difference is seen to be affine or Moebius around it."""
    kept = np.zeros((each.points.size - 1, each.totals.shape[1]), dtype=bool)
    if each.points.size < _WINDOW:
        return kept
    view = np.lib.stride_tricks.sliding_window_view
    whose, near = view(winners, _WINDOW), view(doubtful, _WINDOW - 1)
    at = np.flatnonzero((whose == whose[:, :1]).all(axis=1) & (whose[:, 0] != NOBODY) & near.any(axis=1))
    x = view(each.points, _WINDOW)[at][:, :, np.newaxis]
    costs = np.moveaxis(view(each.totals, _WINDOW, axis=0)[at], -1, 1)  # windows, values, options
    ours = np.take_along_axis(costs, whose[at, :1, np.newaxis], axis=2)
    formed = _has_form(x, costs - ours, np.maximum(np.abs(costs), np.abs(ours)).max(axis=1))
    for step in range(_WINDOW - 1):
        kept[at + step] |= formed
    return kept


def _has_form(x: Array, gap: Array, scale: Array) -> NDArray[np.bool_]:
    """Return whether gaps at five values each, shape (W, 5, O), are affine or Moebius in them, without a pole."""
    close = _FORM_RATIO * scale
    with np.errstate(all="ignore"):
        share = (x - x[:, :1]) / (x[:, -1:] - x[:, :1])
        line = gap[:, :1] + share * (gap[:, -1:] - gap[:, :1])
        affine = (np.abs(gap - line) <= close[:, np.newaxis]).all(axis=1)
        # a Moebius function's chord from its first value has an affine reciprocal slope
        chord = (x[:, 1:] - x[:, :1]) / (gap[:, 1:] - gap[:, :1])
        rise = (chord[:, -1:] - chord[:, :1]) / (x[:, -1:] - x[:, 1:2])
        slope = chord[:, :1] + rise * (x[:, 1:] - x[:, 1:2])
        told = gap[:, :1] + (x[:, 1:] - x[:, :1]) / slope
        fits = (np.abs(gap[:, 1:] - told) <= close[:, np.newaxis]).all(axis=1)
        first = chord[:, 0] + rise[:, 0] * (x[:, 0] - x[:, 1])
        moebius = fits & (first * chord[:, -1] > 0.0) & (chord[:, 0] * chord[:, -1] > 0.0)
    found: NDArray[np.bool_] = affine | moebius
    return found


def _walked(each: _Walk, owners: Places) -> Walked:
    """Return what a walk found."""
    winners = cheapest(each.totals)
    changes, upto = _changes(winners), each.points.size - 1
    if each.first_only and changes:
        changes = changes[:1]
        upto = max(changes[0], _exact_change(each, winners, changes[0])) + 1
    turns = tuple(
        Turn(float(each.points[exact]), float(each.points[exact + 1]), int(winners[at]), int(winners[at + 1]))
        for at, exact in ((at, _exact_change(each, winners, at)) for at in changes)
    )
    proved = bool(_settled(each, winners, owners)[:upto].all())
    steps = np.diff(each.terms[: upto + 1], axis=0)
    rounding = _SLIVER_RATIO * np.abs(each.terms[: upto + 1]).max(axis=0, initial=0.0)
    steady = bool(((steps >= -rounding).all(axis=0) | (steps <= rounding).all(axis=0)).all())
    return Walked(turns, each.points[: upto + 1], each.totals[: upto + 1], int(winners[0]), proved, steady)
