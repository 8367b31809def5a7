"""What moved a cost difference and a breakeven between two studies: exact Shapley values of the changes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

import numpy as np

from tokencross.costs.breakeven import breakeven
from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.studies.attribution_result import Attribution, Part, Step
from tokencross.studies.changed import Change, sum_of
from tokencross.studies.compare import Comparison
from tokencross.studies.joined_changes import countable, grouped, settled
from tokencross.studies.move_words import RowPlace
from tokencross.studies.moves import REFUSED, Move, MoveKind, changes_of, moves_between
from tokencross.studies.pair import asked_volume
from tokencross.studies.partly_changed import PartlyChanged
from tokencross.studies.set_numbers import STUDY, with_numbers
from tokencross.studies.shapley import adding_up, shapley_values
from tokencross.units import format_tokens

__all__ = [
    "MOST_EXACT",
    "Attribution",
    "Move",
    "MoveKind",
    "Part",
    "Step",
    "attribute",
    "moves_between",
    "with_numbers",
]

MOST_EXACT = 12
"""Up to so many changes each has its own share; more are put together."""

Volumes: TypeAlias = tuple[float | None, float | None]
"""The first and the robust breakeven. [tokens/month]"""

_MOST_APART = 7  # of one option's changes that go into studies of their own: 2**7 of them
_MOST_BITS = 60
_USUAL_VOLUME = 1e9
_REST_RATIO = 1e-6
_NOTHING_RATIO = 1e-12
_SAME_RATIO = 1e-9
_REST = Move(
    "rest", "what the tables say otherwise than in numbers at addresses (a tier, a rule, a run), or the library", "rest"
)


def attribute(
    old: Comparison,
    new: Comparison,
    challenger: str,
    against: str | None = None,
    *,
    tokens_per_month: float | None = None,
    costs_before: Mapping[str, float] | None = None,
    breakevens_before: Volumes | None = None,
    rows_before: Collection[RowPlace] | None = None,
) -> Attribution:
    r"""Return what moved the cost difference and the breakevens of a pair from one study to another.

    Parameters
    ----------
    old, new : Comparison
        The studies; what is uncertain in them is taken at its median.
    challenger : str
        A label.
    against : str, optional
        The rival: the new study's incumbent unless said.
    tokens_per_month : float, optional
        The volume. Unless given: the new study's own, else the old one's, else the first breakeven of the new one or
        of the old one, else 1e9. Where both studies have their own and none is given, the volume is itself a change.
        [tokens/month]
    costs_before : mapping of label to float, optional
        What the options cost before, where that is on record: at the volume, or where the volume is a change at the
        old one. If the old study costs something else now (by more than 1e-6), a part of kind ``rest`` is exactly
        that. [USD/month]
    breakevens_before : (float or None, float or None), optional
        The first and the robust breakeven before, where they are on record and the old study has others now; from
        there to these is a first step of kind ``rest``. [tokens/month]
    rows_before : collection of (str, date), optional
        The rows that the old study rested on with their first days, where they are on record. A figure of another row
        has that row's day; without a record, the rows of ``old`` decide.

    Returns
    -------
    Attribution

    Raises
    ------
    ScenarioError
        If a label is in neither study, both are the same, or the volume is no number above 0.

    Notes
    -----
    The Shapley value [1]_ of each change, with the advantage :math:`v(S)` of a study in which the changes S are made
    and all others not: the mean, over all orders in which they can be made, of what each adds. Recipes are taken from
    the new study where they are in S, numbers are put in after. Exact up to `MOST_EXACT` changes; beyond, those of one
    row count as one, then those of one option, then the smallest together. docs/methodology/attribution.md.

    References
    ----------
    .. [1] L. S. Shapley, "A Value for n-Person Games" (1953); see `studies.shapley`.
    """
    rival = new.incumbent if against is None else against
    missing = _missing(old, new, challenger, rival)
    if missing:
        return _without(old, new, (challenger, rival), tokens_per_month, missing)
    pair = challenger, rival
    before, after = (_pair_of(study, pair) for study in (old, new))
    found = tuple(_undercut(*(side.curve(label) for label in pair)) for side in (before, after))
    volumes, words = _volumes(before, after, found, tokens_per_month, pair)
    changes = changes_of(before, after, volumes=volumes, rows_before=rows_before)
    if volumes[0] == volumes[1]:
        changes = tuple(each for each in changes if each.owners != {STUDY})
    study = _settled(PartlyChanged(before, after, countable(changes, _MOST_BITS), volumes))
    costs = [
        {label: float(side.curve(label).usd_per_month(volume)) for label in pair}
        for side, volume in zip((before, after), volumes, strict=True)
    ]
    rest = _rest(pair, costs[0], costs_before or {})
    parts = [*_parts(study, pair, costs), *([] if rest is None else [rest[1]])]
    start = costs[0][rival] - costs[0][challenger] if rest is None else rest[0]
    end = costs[1][rival] - costs[1][challenger]
    if not any(part.usd_per_month for part in parts) and abs(end - start) <= _SAME_RATIO * max(costs[1].values()):
        start = end  # only rounding
    ordered, ends = _in_order(parts, (start, end))
    steps = _steps(study, pair, found[1])
    if breakevens_before is not None:
        steps = (Step((_REST,), None, *found[0]), *steps)
    first_before, robust_before = found[0] if breakevens_before is None else breakevens_before
    return Attribution(
        *pair,
        volumes[1],
        volumes[0],
        words,
        *ends,
        ordered,
        steps,
        first_before,
        found[1][0],
        robust_before,
        found[1][1],
    )


# ---------------------------------------------------------------------- what is compared


def _missing(old: Comparison, new: Comparison, challenger: str, rival: str) -> tuple[str, ...]:
    """Return which of a pair only one study has, in words."""
    if challenger == rival:
        raise ScenarioError(Problem("attribute", f"{challenger!r} against itself", "two different options"))
    known = list(dict.fromkeys((*new.labels, *old.labels)))
    said = []
    for label in (challenger, rival):
        if label not in known:
            accepted = f"one of {', '.join(known)}"
            raise ScenarioError(Problem("attribute", f"unknown label {label!r}", accepted, offer(label, known)))
        if label not in old.labels:
            said.append(f"{label} is new: there is no advantage before, and nothing to attribute.")
        if label not in new.labels:
            said.append(f"{label} is gone: there is no advantage any more, and nothing to attribute.")
    return tuple(said)


def _pair_of(study: Comparison, pair: tuple[str, str]) -> Comparison:
    """Return a study of two of its options, at the medians."""
    options = tuple(study.option(label) for label in pair)
    return replace(study, options=options, incumbent=pair[1], reference=()).medians


def _undercut(challenger: CostCurve, rival: CostCurve) -> Volumes:
    """Return where the one undercuts the other first, and for ever."""
    found = breakeven(challenger, rival)
    first, robust = (None if each is None else float(each) for each in (found.first, found.robust))
    return first, robust


def _without(
    old: Comparison, new: Comparison, pair: tuple[str, str], tokens_per_month: float | None, missing: tuple[str, ...]
) -> Attribution:
    """Return what is known where only one study, or none, has both options."""
    whole = [study for study in (old, new) if set(pair) <= set(study.labels)]
    first: float | None = None
    robust: float | None = None
    volume = advantage = math.nan
    words = "no study has both"
    if whole:
        study = _pair_of(whole[0], pair)
        first, robust = _undercut(*(study.curve(label) for label in pair))
        (volume, _), words = _volumes(study, study, [(first, robust)] * 2, tokens_per_month, pair)
        advantage = float(study.curve(pair[1]).usd_per_month(volume) - study.curve(pair[0]).usd_per_month(volume))
    then = whole[:1] == [old]
    return Attribution(
        *pair,
        volume,
        volume,
        words,
        advantage if then else math.nan,
        math.nan if then else advantage,
        first_before=first if then else None,
        robust_before=robust if then else None,
        first_after=None if then else first,
        robust_after=None if then else robust,
        missing=missing,
    )


def _volumes(
    before: Comparison,
    after: Comparison,
    found: Sequence[Volumes],
    tokens_per_month: float | None,
    pair: tuple[str, str],
) -> tuple[tuple[float, float], str]:
    """Return the volumes before and after, and which they are."""
    if tokens_per_month is not None:
        volume = asked_volume(after, tokens_per_month, where="attribute")
        return (volume, volume), "as asked"
    if before.here is not None and after.here is not None:
        moved = f", before {format_tokens(before.here)}" if before.here != after.here else ""
        return (before.here, after.here), f"where the study is{moved}"
    challenger, rival = pair
    known = (
        (after.here, "where the study is"),
        (before.here, "where the study was"),
        (found[1][0], f"where {challenger} first undercuts {rival}"),
        (found[0][0], f"where {challenger} first undercut {rival}"),
        (_USUAL_VOLUME, "a usual volume, because the study has none"),
    )
    volume, words = next((float(each), words) for each, words in known if each)
    return (volume, volume), words


# ---------------------------------------------------------------------- whose part is how large


def _settled(study: PartlyChanged) -> PartlyChanged:
    """Return the same with those changes as one that the study only accepts together."""
    changes = settled(study)
    return study if len(changes) == len(study.changes) else study.of(changes)


def _parts(study: PartlyChanged, pair: tuple[str, str], costs: Sequence[Mapping[str, float]]) -> list[Part]:
    """Return each change with what it did; with so many that not every subset can be looked at, some together."""
    if not study.changes:
        return []
    for most in (MOST_EXACT, (MOST_EXACT + _MOST_APART) // 2, _MOST_APART):
        study = study.of(grouped(study, pair, most))
        try:
            if len(study.changes) <= _MOST_APART or not _takes_long(study, pair):
                break
        except REFUSED:
            break
    challenger, rival = pair
    subsets = np.arange(1 << len(study.changes))
    try:
        worth = study.costs(rival, subsets) - study.costs(challenger, subsets)
    except REFUSED:  # some of them are only possible together, and no two of them say which
        study = study.of((sum_of(study.changes),))
        worth = np.zeros(2)
    worth[0], worth[-1] = (side[rival] - side[challenger] for side in costs)
    nothing = _NOTHING_RATIO * max(abs(usd) for side in costs for usd in side.values())
    shares = shapley_values(worth)
    return [
        Part(each.moves, 0.0 if abs(usd) <= nothing else usd) for each, usd in zip(study.changes, shares, strict=True)
    ]


def _takes_long(study: PartlyChanged, pair: tuple[str, str]) -> bool:
    """Return whether too many changes have to be made in studies of their own."""
    return any(study.apart(label).bit_count() > _MOST_APART for label in pair)


def _rest(
    pair: tuple[str, str], costs: Mapping[str, float], on_record: Mapping[str, float]
) -> tuple[float, Part] | None:
    """Return the advantage on record, and the part that the old study does not reach it by now; None if it does."""
    challenger, rival = pair
    known = {
        label: on_record[label]
        if label in on_record and not math.isclose(on_record[label], costs[label], rel_tol=_REST_RATIO, abs_tol=0.0)
        else costs[label]
        for label in pair
    }
    if known == {label: costs[label] for label in pair}:
        return None
    start = known[rival] - known[challenger]
    return start, Part((_REST,), costs[rival] - costs[challenger] - start)


def _in_order(parts: Sequence[Part], ends: tuple[float, float]) -> tuple[tuple[Part, ...], tuple[float, float]]:
    """Return parts, the largest first, and the ends, such that they add up to the last float."""
    exact, ends = adding_up([part.usd_per_month for part in parts], ends)
    found = [replace(part, usd_per_month=usd) for part, usd in zip(parts, exact, strict=True)]
    return tuple(sorted(found, key=lambda part: -abs(part.usd_per_month))), ends


# ---------------------------------------------------------------------- one after the other


def _steps(study: PartlyChanged, pair: tuple[str, str], after: Volumes) -> tuple[Step, ...]:
    """Return the breakevens after each change, in the order of their days."""
    felt = study.touching(pair[0]) | study.touching(pair[1])
    places = [place for place, each in enumerate(study.changes) if felt >> place & 1 and each.owners != {STUDY}]
    turns: dict[object, list[int]] = {}
    for place in sorted(places, key=lambda place: _turn(study.changes[place])):
        turn = _turn(study.changes[place])
        turns.setdefault(turn if turn[0] == 0 else place, []).append(place)
    found: list[Step] = []
    made, waiting = 0, []
    for number, group in enumerate(turns.values(), start=1):
        waiting += group
        made |= sum(1 << place for place in group)
        last = number == len(turns)
        if not last and not study.accepts(made):
            continue  # only possible with the next
        first, robust = after if last else _undercut(*(study.curve(label, made) for label in pair))
        moves = tuple(move for place in waiting for move in study.changes[place].moves)
        days = {move.on for move in moves}
        found.append(Step(moves, days.pop() if len(days) == 1 else None, first, robust))
        waiting = []
    return tuple(found)


def _turn(change: Change) -> tuple[int, date]:
    """Return when a change comes: by its day, then corrections of rows, then what the scenario says."""
    days = [move.on for move in change.moves if move.on is not None]
    if days:
        return 0, max(days)
    return (1 if any(move.kind == "table" for move in change.moves) else 2), date.min
