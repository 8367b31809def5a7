"""Measures of checks on who costs less at which volume: breakevens, what moves them, and who is the cheapest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tokencross.checks.context import Context, Measures, cited_by, one_each
from tokencross.checks.expectations import apart, figure, finding
from tokencross.checks.outcome import Finding
from tokencross.citation import Citation
from tokencross.costs.breakeven import Breakeven
from tokencross.costs.envelope import Stretch
from tokencross.number import point
from tokencross.studies.upcoming import UpcomingStep, upcoming
from tokencross.tables.assumption_checks import (
    AnnouncedMoveEntry,
    BreakevenEntry,
    CheapestEntry,
    NeverWinsEntry,
    UndercutsEntry,
)
from tokencross.units import DAYS_PER_MONTH, format_count, format_list, format_share, format_tokens, format_usd

__all__ = ["CROSSING_MEASURES", "breakeven_at"]

_ROUNDING = 1e-12  # gaps and windows narrower than this share of their volume are rounding, as in `costs.breakeven`
_UP, _DOWN = 1.0 + _ROUNDING, 1.0 - _ROUNDING
_MOST_TOLD = 5
_UNITS = {
    "month": "tokens/month",
    "day": "tokens/day",
    "usd_per_month": "USD/month",
    "usd_per_day": "USD/day",
}


# ---------------------------------------------------------------------- breakevens


def breakeven_at(found: Breakeven, quantity: str, per: str = "month") -> float | None:
    """Return a breakeven as a volume, or as what the option that is undercut costs there; None where there is none.

    Parameters
    ----------
    found : Breakeven
        Without draws.
    quantity : str
        ``first`` or ``robust``.
    per : str
        ``month`` or ``day`` [tokens], ``usd_per_month`` or ``usd_per_day`` [USD]: the bill just above it.
    """
    volume = found.first if quantity == "first" else found.robust
    if volume is None:
        return None
    amount = point(volume)
    if per.startswith("usd"):
        amount = point(replace(found, first=amount).first_usd_per_month or 0.0)
    return amount / DAYS_PER_MONTH if per.endswith("day") else amount


def breakeven(entry: BreakevenEntry, context: Context) -> Finding:
    """Return whether a breakeven is as expected."""
    challenger, against = context.pair("breakeven", entry.breakeven, entry.against)
    found = context.study.central_breakeven(challenger, against)
    value = breakeven_at(found, entry.quantity, entry.per)
    once = entry.quantity == "first"
    of = f"where {challenger} first undercuts {against}" if once else f"where {challenger} undercuts {against} for good"
    if entry.per.startswith("usd"):
        of = f"what {against} costs {of}"
    return finding(
        entry,
        value,
        unit=_UNITS[entry.per],
        of=f"{of}, {context.as_of}" if value is not None else "",
        none=f"never: {found.reason or f'{challenger} does not undercut {against}'}",
        citations=cited_by(context.study, challenger, against),
    )


def announced_move(entry: AnnouncedMoveEntry, context: Context) -> Finding:
    """Return whether no change that is known ahead moves a breakeven by more than a share of what it is now."""
    challenger, against = context.pair("announced_move", entry.announced_move, entry.against)
    options = tuple(context.study.option(label) for label in (challenger, against))
    pair = replace(context.study, options=options, incumbent=against, reference=())
    coming = upcoming(pair, entry.within_days)
    now = breakeven_at(coming.comparison.breakeven(challenger), entry.quantity)
    moves = [move for step in coming.steps if (move := _move(step, challenger, entry.quantity, now)) is not None]
    far = [move for move in moves if move.share > entry.at_most_share]
    told = sorted(moves, key=lambda move: -move.share)
    word = "robust " if entry.quantity == "robust" else ""
    whose = f"{word}breakeven of {challenger} against {against}"
    return Finding(
        holds=not far,
        expected=f"no announced change by {coming.until} moves the {whose} ({_volume(now)}) "
        f"by more than {format_share(entry.at_most_share)}",
        found=told[0].words if told else f"no change by {coming.until} moves it",
        value=told[0].share if told and math.isfinite(told[0].share) else None if told else 0.0,
        unit="share of the breakeven",
        citations=one_each([row for move in moves for row in move.rows]) or cited_by(pair, challenger, against),
        detail=tuple(move.words for move in told[1:_MOST_TOLD]),
    )


@dataclass(frozen=True)
class _Move:
    """A day on which a breakeven is no longer what it is now: by how much of it, in words, and the rows behind it."""

    share: float
    words: str
    rows: tuple[Citation, ...]


def _move(step: UpcomingStep, challenger: str, quantity: str, now: float | None) -> _Move | None:
    """Return how far a breakeven is from what it is now once a day's changes are in force; None where it is there."""
    shift = next(shift for shift in step.shifts if shift.challenger == challenger)
    then = None if shift.after is None else breakeven_at(shift.after, quantity)
    share = _moved_share(now, then)
    if shift.after is not None and share <= _ROUNDING:
        return None
    ended = "" if shift.after is not None else " as an option has ended"
    by = f" ({share * 100.0:.3g}%)" if math.isfinite(share) else ""
    words = f"{step.on}: {_volume(now)} → {_volume(then)}{by}{ended}: {'; '.join(one.words for one in step.changes)}"
    rows = tuple(row for one in step.changes for row in one.citations)
    return _Move(share if shift.after is not None else math.inf, words, rows)


def _moved_share(now: float | None, then: float | None) -> float:
    """Return by how much of itself a breakeven moves; infinite where it comes into being or ceases to be."""
    if now == then:
        return 0.0
    return abs(then / now - 1.0) if now and then is not None else math.inf


def _volume(tokens_per_month: float | None) -> str:
    """Return a breakeven in words."""
    return "never" if tokens_per_month is None else f"{figure(tokens_per_month)} tokens/month"


# ---------------------------------------------------------------------- who costs less


def undercuts(entry: UndercutsEntry, context: Context) -> Finding:
    """Return whether an option costs less than another, by a margin, at a volume or everywhere between two."""
    challenger, against = context.pair("undercuts", entry.undercuts, entry.against)
    reach = context.reach(entry.tokens_per_month, entry.tokens_per_day)
    by = f" by more than {format_share(entry.margin_share)}" if entry.margin_share else ""
    cited = cited_by(context.study, challenger, against)
    if isinstance(reach, tuple):
        found = context.study.medians.breakeven(challenger, against, margin_share=entry.margin_share)
        inside = _inside(found, reach, context)
        holds = any(low <= reach[0] * _UP and high >= reach[1] * _DOWN for low, high in inside)
        said = format_list([_span(part) for part in inside[:_MOST_TOLD]])
        more = f" and {len(inside) - _MOST_TOLD} stretches more" if len(inside) > _MOST_TOLD else ""
        return Finding(
            holds=holds,
            expected=f"{challenger} undercuts {against}{by} {_span(reach)}",
            found=f"it does {said}{more}" if inside else f"nowhere there{f': {found.reason}' if found.reason else ''}",
            citations=cited,
        )
    ours, theirs = (float(context.study.curve(label).usd_per_month(reach)) for label in (challenger, against))
    ratio = ours / theirs if theirs else math.nan
    of_it = "" if math.isnan(ratio) else f" ({figure(float(f'{ratio:.4g}'))} times as much)"
    return Finding(
        holds=ours < (1.0 - entry.margin_share) * theirs,
        expected=f"{challenger} undercuts {against}{by} at {format_tokens(reach)}",
        found=f"{challenger} costs {_usd(ours)} against {_usd(theirs)} for {against}{of_it}",
        value=None if math.isnan(ratio) else ratio,
        unit="of the other's cost",
        citations=cited,
    )


def _inside(found: Breakeven, reach: tuple[float, float], context: Context) -> list[tuple[float, float]]:
    """Return where in a range one undercuts the other; refuse a range past what can be listed of endless turns."""
    spans = list(found.intervals)
    lasting = None if found.robust is None else point(found.robust)
    if lasting is not None and (not spans or spans[-1][1] < math.inf):
        spans.append((lasting, math.inf))
    seen = spans[-1][1] if found.truncated and lasting is None and spans else math.inf
    if reach[1] > seen:
        found_words = f"a range up to {format_count(reach[1])}"
        raise context.problem(
            "tokens_per_month", found_words, f"one up to {format_count(seen)}: beyond, they take turns"
        )
    cut = [(max(low, reach[0]), min(high, reach[1])) for low, high in spans]
    return [(low, high) for low, high in cut if high > low * _UP]


def cheapest(entry: CheapestEntry, context: Context) -> Finding:
    """Return whether a substitute is the cheapest of them at a volume, or everywhere between two."""
    label = context.substitute("cheapest", entry.cheapest)
    reach = context.reach(entry.tokens_per_month, entry.tokens_per_day)
    study = context.study
    if isinstance(reach, tuple):
        return _cheapest_between(label, reach, context)
    best = study.cheapest_at(reach)
    usd = {other: float(study.curve(other).usd_per_month(reach)) for other in study.substitutes}
    order = sorted(usd, key=lambda other: (other != best, usd[other]))
    rival = next((other for other in order if other != label), label)
    against = f", {rival} {_usd(usd[rival])}" if rival != label else ""
    return Finding(
        holds=best == label,
        expected=f"{label} is the cheapest at {format_tokens(reach)}",
        found=f"{'it costs' if best == label else f'{best} is: {label} costs'} {_usd(usd[label])}{against}",
        value=usd[label],
        unit="USD/month",
        citations=cited_by(study, *dict.fromkeys((label, rival))),
    )


def _cheapest_between(label: str, reach: tuple[float, float], context: Context) -> Finding:
    """Return whether a substitute is the cheapest of them everywhere between two volumes, by the exact envelope."""
    study = context.study
    within = _stretches_within(reach, context)
    others = [
        (study.substitutes[one.winner], (one.low, one.high)) for one in within if study.substitutes[one.winner] != label
    ]
    told = [f"{winner} is {_span(part)}" for winner, part in others]
    found = f"it is {_span(reach)}"
    if others:
        found = told[0] if len(told) == 1 else f"{told[0]}, and {len(told) - 1} more"
    return Finding(
        holds=not others,
        expected=f"{label} is the cheapest {_span(reach)}",
        found=found,
        citations=cited_by(study, *dict.fromkeys((label, *(winner for winner, _ in others)))),
        detail=tuple(told[1:_MOST_TOLD]),
    )


def _stretches_within(reach: tuple[float, float], context: Context) -> list[Stretch]:
    """Return the stretches of a range with one winner each; refuse a range past where the envelope is settled."""
    stretches = context.study.stretches
    seen = stretches[-1].high
    if reach[1] > seen:
        found = f"a range up to {format_count(reach[1])}"
        raise context.problem("tokens_per_month", found, f"one up to {format_count(seen)}: beyond, options take turns")
    cut = (replace(one, low=max(one.low, reach[0]), high=min(one.high, reach[1])) for one in stretches)
    return [one for one in cut if one.high > one.low * _UP]


def never_wins(entry: NeverWinsEntry, context: Context) -> Finding:
    """Return whether a substitute is the cheapest of them at no volume."""
    study = context.study
    label = context.substitute("never_wins", entry.never_wins)
    won = [(one.low, one.high) for one in study.stretches if study.substitutes[one.winner] == label]
    winners = list(dict.fromkeys(study.substitutes[one.winner] for one in study.stretches))
    more = f" and on {len(won) - _MOST_TOLD} stretches more" if len(won) > _MOST_TOLD else ""
    return Finding(
        holds=not won,
        expected=f"{label} is the cheapest at no volume",
        found=f"it is {format_list([_span(part) for part in won[:_MOST_TOLD]])}{more}"
        if won
        else f"{format_list(winners)} {'is' if len(winners) == 1 else 'are'}",
        value=won[0][0] if won else None,
        unit="tokens/month" if won else "",
        citations=cited_by(study, *dict.fromkeys((label, *winners))),
    )


def _span(part: tuple[float, float]) -> str:
    """Return a range of volumes in words."""
    low, high = part
    if math.isinf(high):
        return "at every volume" if low == 0.0 else f"from {figure(low)} tokens/month on"
    if low == 0.0:
        return f"up to {figure(high)} tokens/month"
    start, end = apart(low, high)
    return f"from {start} to {end} tokens/month"


def _usd(usd_per_month: float) -> str:
    """Return a monthly bill in words."""
    return f"{format_usd(usd_per_month)}/month"


CROSSING_MEASURES: Measures = {
    BreakevenEntry: breakeven,
    AnnouncedMoveEntry: announced_move,
    UndercutsEntry: undercuts,
    CheapestEntry: cheapest,
    NeverWinsEntry: never_wins,
}
