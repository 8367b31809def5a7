"""An attribution in sentences: the breakevens, the change of the advantage and whose it is, the steps, the rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from tokencross.studies.changed import Move
from tokencross.units import format_count, format_tokens, format_usd

if TYPE_CHECKING:
    from tokencross.studies.attribution_result import Attribution, Part, Step

__all__ = ["attribution_lines"]

_ARROW = " → "
_MOST_MOVES = 3
_UNIT = " tokens/month"
_DIGITS = range(3, 12)
_SAME_RATIO = 1e-9


def attribution_lines(found: Attribution) -> tuple[str, ...]:
    """Return an attribution in sentences; see `Attribution.lines`."""
    if found.missing:
        return (*found.missing, *_known(found))
    breakevens = "; ".join(_breakevens(found))
    return (f"{breakevens}; {_advantage(found)}", *_nothing(found), *_steps(found), *_rows(found))


def _known(found: Attribution) -> Iterator[str]:
    """Yield what the one study says that has both options."""
    for when, robust, advantage in (
        ("before", found.robust_before, found.advantage_before_usd_per_month),
        ("now", found.robust_after, found.advantage_after_usd_per_month),
    ):
        if not math.isnan(advantage):
            place = f"at {format_tokens(found.tokens_per_month)} ({found.volume_words})"
            yield f"{when}: robust breakeven {_volume(robust)}; an advantage of {_month(advantage)} {place}"


# ---------------------------------------------------------------------- the answer


def _breakevens(found: Attribution) -> Iterator[str]:
    """Yield how the robust breakeven moved, and the first where it is another."""
    yield f"robust breakeven {_moved(found.robust_before, found.robust_after)}"
    firsts = found.first_before, found.first_after
    if firsts != (found.robust_before, found.robust_after):
        yield f"first breakeven {_moved(*firsts)}"


def _moved(before: float | None, after: float | None) -> str:
    """Return a breakeven before and after, with as many digits as tell them apart."""
    if before is None or after is None:
        return _ARROW.join(_short([_volume(before), _volume(after)])) if before != after else "never as before"
    return f"{_volume(after)} as before" if _same(before, after) else _ARROW.join(_short(_told_apart([before, after])))


def _same(one: float | None, other: float | None) -> bool:
    """Return whether two breakevens are one but for rounding."""
    return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=_SAME_RATIO))


def _told_apart(volumes: Sequence[float | None]) -> list[str]:
    """Return breakevens in words, with as many digits as tell each from the next."""
    for digits in _DIGITS:
        said = ["never" if each is None else f"{format_count(each, digits=digits)}{_UNIT}" for each in volumes]
        if all(one != other for one, other in pairwise(said)):
            break
    return said


def _short(volumes: Sequence[str]) -> list[str]:
    """Return volumes in a row, the unit at the last of them that has one."""
    last = max((place for place, each in enumerate(volumes) if each.endswith(_UNIT)), default=-1)
    return [each if place == last else each.removesuffix(_UNIT) for place, each in enumerate(volumes)]


def _volume(tokens_per_month: float | None) -> str:
    """Return a breakeven in words."""
    return "never" if tokens_per_month is None else format_tokens(tokens_per_month)


def _advantage(found: Attribution) -> str:
    """Return how the advantage moved, and whose each part of it is."""
    change = found.change_usd_per_month
    place = f"at {format_tokens(found.tokens_per_month)} ({found.volume_words})"
    subject = f"the advantage of {found.challenger} over {found.against} {place}"
    moving = [part for part in found.parts if part.usd_per_month != 0.0]
    if not moving:
        return f"{subject} is {_month(found.advantage_after_usd_per_month)} as before"
    before, after = found.advantage_before_usd_per_month, found.advantage_after_usd_per_month
    how = "rose" if change > 0.0 else "fell"
    if abs(change) <= _SAME_RATIO * max(abs(part.usd_per_month) for part in moving):
        ways = "; ".join(f"{'up' if part.usd_per_month > 0.0 else 'down'} {format_usd(abs(part.usd_per_month))} "
                         f"{_part(part)}" for part in moving)  # fmt: skip
        return f"{subject} is the same, {_month(after)}: {ways}"
    by = f" {how} by {_month(abs(change))}"
    ends = f", from {format_usd(before)} to {format_usd(after)}"
    with_it = [part for part in moving if (part.usd_per_month > 0.0) == (change > 0.0)]
    beyond = [part for part in moving if part not in with_it]
    return f"{subject}{by}{ends}: {_list(with_it, beyond)}"


def _list(with_it: Sequence[Part], beyond: Sequence[Part]) -> str:
    """Return parts with their sums, those that go the other way at the end."""
    said = [f"{format_usd(abs(part.usd_per_month))} {'of it ' if not place else ''}{_part(part)}"
            for place, part in enumerate(with_it)]  # fmt: skip
    if beyond:
        others = "; ".join(f"{format_usd(abs(part.usd_per_month))} {_part(part)}" for part in beyond)
        said.append(f"the other way {others}")
    return "; ".join(said)


def _month(usd: float) -> str:
    """Return money by the month."""
    return f"{format_usd(usd)}/month"


def _part(part: Part) -> str:
    """Return what a part is of, with the days."""
    return _moves(part.moves)


def _moves(moves: Sequence[Move]) -> str:
    """Return changes in words, with the day that they share."""
    named = [move.words for move in moves[:_MOST_MOVES]]
    more = f" and {len(moves) - _MOST_MOVES} more" if len(moves) > _MOST_MOVES else ""
    days = {move.on for move in moves}
    day = _day(days.pop()) if len(days) == 1 else ""
    return f"{', '.join(named)}{more}{day}"


def _day(on: date | None) -> str:
    """Return a day in brackets; nothing without one."""
    return "" if on is None else f" ({on})"


# ---------------------------------------------------------------------- further lines


def _nothing(found: Attribution) -> Iterator[str]:
    """Yield how many changes moved nothing."""
    still = [move for part in found.parts if part.usd_per_month == 0.0 for move in part.moves]
    if still:
        more = "1 more change moves" if len(still) == 1 else f"{len(still)} more changes move"
        yield f"{more} nothing there: {_moves(still)}"


def _steps(found: Attribution) -> Iterator[str]:
    """Yield the breakevens step by step, where several steps move them."""
    robust = [(step, step.robust) for step in found.steps]
    first = [(step, step.first) for step in found.steps]
    yield from _walk("robust", found.robust_before, robust)
    if [volume for _, volume in first] != [volume for _, volume in robust] or found.first_before != found.robust_before:
        yield from _walk("first", found.first_before, first)


def _walk(name: str, start: float | None, steps: Sequence[tuple[Step, float | None]]) -> Iterator[str]:
    """Yield a breakeven and those steps that move it."""
    moving = [(step, volume) for (step, volume), before in zip(steps, [start, *(v for _, v in steps)], strict=False)
              if not _same(before, volume)]  # fmt: skip
    if len(moving) > 1:
        volumes = _short(_told_apart([start, *(volume for _, volume in moving)]))
        whole = [f"{_ARROW}{volume} ({_step(step)})" for volume, (step, _) in zip(volumes[1:], moving, strict=True)]
        yield f"{name} breakeven step by step: {volumes[0]}{''.join(whole)}"


def _step(step: Step) -> str:
    """Return what is made in a step, its day first."""
    words = _moves([*step.moves]).removesuffix(_day(step.on))
    return words if step.on is None else f"{step.on}, {words}"


def _rows(found: Attribution) -> Iterator[str]:
    """Yield the rows behind the changes that moved something, each once."""
    moving = [move for part in found.parts if part.usd_per_month != 0.0 for move in part.moves]
    for citation in dict.fromkeys(move.citation for move in moving if move.citation is not None):
        yield f"row: {citation}"
