"""A study against its lock: what of its results, numbers and rows is no longer as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tokencross.checks.lock_file import ANCHORS_TOKENS_PER_MONTH, LockedStudy
from tokencross.checks.lock_record import (
    DAY,
    MOST_WINNERS,
    book_of,
    breakeven_of,
    costs_at_anchors,
    current_numbers,
    row_digests,
    whole_addresses,
)
from tokencross.studies.compare import Comparison
from tokencross.units import format_count, format_tokens, format_usd

__all__ = ["Differences", "changed_numbers", "differences", "edited_rows", "same_costs", "same_figure", "same_volume"]

_DIGITS = 6
_MOST_SHOWN = 4
_ROUNDING = 1.0 + 1e-6
_NOTHING = 1e-9
_SAME_RATIO = 1e-9
_ARROW = " → "


@dataclass(frozen=True)
class Differences:
    """What of a study is not as its lock has it.

    Attributes
    ----------
    lines : tuple of str
        What moved, in words: volume, incumbent, options, winners and costs.
    breakevens : mapping of str to str
        Breakevens that moved, by challenger, in words.
    challengers : tuple of str
        Options in both whose breakeven, or whose advantage over the incumbent, moved.
    notes : tuple of str
        What differs without moving a result: date and tables.
    """

    lines: tuple[str, ...]
    breakevens: Mapping[str, str]
    challengers: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """Whether any result did."""
        return bool(self.lines or self.breakevens)


def differences(locked: LockedStudy, now: Comparison) -> Differences:
    """Return what differs between a lock and a study, to the lock's 6 digits."""
    costs = _moved_costs(locked, now)
    same_incumbent = locked.incumbent == now.incumbent
    breakevens = _moved_breakevens(locked, now) if same_incumbent else {}
    touched = {*breakevens, *costs.here, *costs.elsewhere}
    everyone = locked.incumbent in touched
    challengers = [
        label
        for label in now.labels
        if label in locked.costs_usd_per_month and label != now.incumbent and (everyone or label in touched)
    ]
    lines = (*_structure(locked, now), *_moved_winners(locked, now), *costs.lines(locked))
    return Differences(lines, breakevens, tuple(challengers) if same_incumbent else (), tuple(_notes(locked, now)))


def _notes(locked: LockedStudy, now: Comparison) -> Iterator[str]:
    """Yield what differs about date and tables."""
    book = book_of(now)
    if book.as_of != locked.as_of:
        yield f"as of {locked.as_of}{_ARROW}{book.as_of}"
    if book.store.content_hash != locked.tables.sha256:
        versions = dict.fromkeys([locked.tables.version, book.version])
        yield f"tables {_ARROW.join(versions) if len(versions) > 1 else f'{book.version}, edited since'}"


def _structure(locked: LockedStudy, now: Comparison) -> Iterator[str]:
    """Yield what became of options, incumbent and volume."""
    then = locked.costs_usd_per_month
    yield from (f"{label}: a new option" for label in now.labels if label not in then)
    yield from (f"{label}: no longer an option" for label in then if label not in now.labels)
    if locked.incumbent != now.incumbent:
        yield f"incumbent {locked.incumbent}{_ARROW}{now.incumbent}: breakevens are against another option"
    before, after = locked.tokens_per_month, now.here
    if (before is None) != (after is None) or (before is not None and not same_figure(before, after or 0.0)):
        said = ["none" if volume is None else format_tokens(volume) for volume in (before, after)]
        if before is not None and after is not None:
            said = _told(before, after, [format_tokens, *_in_digits("tokens/month")])
        yield f"the study's volume: {_ARROW.join(said)}"


def _moved_winners(locked: LockedStudy, now: Comparison) -> Iterator[str]:
    """Yield who is the cheapest from where on, before and after."""
    before = [(each.from_tokens_per_month, each.option) for each in locked.winners]
    stretches = now.stretches
    after = [(each.low, now.substitutes[each.winner]) for each in stretches[:MOST_WINNERS]]
    same = len(before) == len(after) and len(stretches) == locked.winner_count
    if same and all(a[1] == b[1] and same_figure(a[0], b[0]) for a, b in zip(before, after, strict=True)):
        return
    yield f"cheapest before: {_phases(before, locked.winner_count)}"
    yield f"cheapest now:    {_phases(after, len(stretches))}"


def _phases(winners: list[tuple[float, str]], count: int) -> str:
    """Return who wins from where on, the first of them."""
    shown = [f"{label} from {format_count(low, digits=4)}" for low, label in winners[:_MOST_SHOWN]]
    shown[0] = winners[0][1]
    left = count - len(shown)
    more = f", and {left} more turn{'s' if left > 1 else ''}" if left > 0 else ""
    return f"{', '.join(shown)}{' tokens/month' if count > 1 else ''}{more}"


@dataclass(frozen=True)
class _Costs:
    """Costs that moved, by label: before and after at the study's volume; at the first anchor, where not there."""

    here: Mapping[str, tuple[float, float]]
    elsewhere: Mapping[str, tuple[float, float, float]]

    def lines(self, locked: LockedStudy) -> Iterator[str]:
        """Yield them in words."""
        if self.here and locked.tokens_per_month is not None:
            said = [f"{label} {_usd(*pair)}" for label, pair in self.here.items()]
            yield f"monthly cost at {format_tokens(locked.tokens_per_month)}: {', '.join(said)}"
        for label, (volume, before, after) in self.elsewhere.items():
            yield f"monthly cost of {label} at {format_tokens(volume)}: {_usd(before, after)}"


def _moved_costs(locked: LockedStudy, now: Comparison) -> _Costs:
    """Return the costs that moved, of options that are in both."""
    here: dict[str, tuple[float, float]] = {}
    elsewhere: dict[str, tuple[float, float, float]] = {}
    volume = locked.tokens_per_month
    for label, costs in locked.costs_usd_per_month.items():
        if label not in now.labels:
            continue
        if volume is not None:
            before = locked.costs_here_usd_per_month[label]
            after = float(now.curve(label).usd_per_month(volume))
            if not same_figure(before, after):
                here[label] = (before, after)
                continue
        pairs = zip(ANCHORS_TOKENS_PER_MONTH, costs, costs_at_anchors(now, label), strict=True)
        moved = [(at, before, after) for at, before, after in pairs if not same_figure(before, after)]
        if moved:
            elsewhere[label] = moved[0]
    return _Costs(here, elsewhere)


def _moved_breakevens(locked: LockedStudy, now: Comparison) -> dict[str, str]:
    """Return the breakevens that moved, in words, of challengers that are in both."""
    found = {}
    for label, before in locked.breakevens_tokens_per_month.items():
        if label not in now.labels:
            continue
        after = breakeven_of(now, label)
        said = [
            f"{name} breakeven {_ARROW.join(_volumes(old, new))}"
            for name, old, new in (("first", before.first, after.first), ("robust", before.robust, after.robust))
            if not same_volume(old, new)
        ]
        if said:
            found[label] = f"{label} against {locked.incumbent}: {'; '.join(said)}"
    return found


def same_costs(locked: LockedStudy, now: Comparison) -> bool:
    """Return whether a study has the options of a lock, with its costs."""
    moved = _moved_costs(locked, now)
    return set(locked.costs_usd_per_month) == set(now.labels) and not moved.here and not moved.elsewhere


def changed_numbers(locked: LockedStudy, now: Comparison) -> dict[str, dict[str, float]]:
    """Return the numbers of a lock that a study has too, with another value now, by label and address."""
    current = current_numbers(now)
    found: dict[str, dict[str, float]] = {}
    for label, numbers in whole_addresses(locked.numbers).items():
        there = current.get(label, {})
        moved = {
            address: number
            for address, number in numbers.items()
            if address in there and not math.isclose(number, there[address], rel_tol=_SAME_RATIO, abs_tol=0.0)
        }
        if moved:
            found[label] = moved
    return found


def edited_rows(locked: LockedStudy, now: Comparison) -> tuple[str, ...]:
    """Return the rows that both rest on and that say something else now, in what is no number of the study."""
    there = row_digests(now)
    edited = [row for row, digest in locked.rows.items() if there.get(row, digest) != digest]
    if not edited:
        return ()
    moved = [address for numbers in changed_numbers(locked, now).values() for address in numbers]
    return tuple(row for row in edited if not any(address.startswith(f"{_name(row)}.") for address in moved))


def _name(row: str) -> str:
    """Return a row's name without its day."""
    return row.rpartition(DAY)[0] or row


# ---------------------------------------------------------------------- figures


def same_figure(locked: float, now: float) -> bool:
    """Return whether a figure rounds to one that was rounded to 6 digits; one that lies between two may do either.

    Examples
    --------
    >>> same_figure(1.23457e6, 1_234_565.0), same_figure(1.23457e6, 1_234_576.0)
    (True, False)
    """
    if locked == 0.0 or not math.isfinite(locked):
        return math.isclose(locked, now, abs_tol=_NOTHING)
    unit = 10.0 ** (math.floor(math.log10(abs(locked))) - _DIGITS + 1)
    return abs(now - locked) <= unit / 2.0 * _ROUNDING


def same_volume(locked: float | str, now: float | str) -> bool:
    """Return whether two breakevens are the same."""
    if isinstance(locked, str) or isinstance(now, str):
        return locked == now
    return same_figure(locked, now)


def _volumes(before: float | str, after: float | str) -> list[str]:
    """Return two breakevens in words."""
    if isinstance(before, str) or isinstance(after, str):
        return [each if isinstance(each, str) else format_tokens(each) for each in (before, after)]
    return _told(before, after, [format_tokens, *_in_digits("tokens/month")])


def _usd(before: float, after: float) -> str:
    """Return two amounts of money in words."""
    return _ARROW.join(_told(before, after, [format_usd, *_in_digits("USD")]))


def _in_digits(unit: str) -> list[Callable[[float], str]]:
    """Return ways to write a number, each with more digits than the one before."""
    return [lambda value, digits=digits: f"{format_count(value, digits=digits)} {unit}" for digits in range(4, 11)]  # type: ignore[misc]


def _told(before: float, after: float, ways: list[Callable[[float], str]]) -> list[str]:
    """Return two numbers in the first of some ways in which one sees that they differ."""
    said = [[way(before), way(after)] for way in ways]
    return next((pair for pair in said if pair[0] != pair[1]), said[-1])
