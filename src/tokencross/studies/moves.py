"""What differs between two studies: numbers at addresses both have, recipes that differ otherwise, and options."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.errors import TokencrossError
from tokencross.number import FloatOrDraws, point
from tokencross.options.base import CostOption, Parameter
from tokencross.options.workload import Workload
from tokencross.studies.changed import Change, Figure, Move, MoveKind
from tokencross.studies.compare import Comparison
from tokencross.studies.move_words import RowPlace, number_move, recipe_move, recipe_words, workload_move
from tokencross.studies.set_numbers import (
    STUDY,
    VOLUME,
    WORKLOAD,
    assembled,
    follows,
    numbers_of,
    option_with,
    workload_with,
)

__all__ = ["REFUSED", "Move", "MoveKind", "changes_of", "moves_between"]

REFUSED = (TokencrossError, ArithmeticError)
"""What a study raises that cannot be stated, or has no cost."""

_PROBES = 1.0137 * np.geomspace(1e5, 1e14, 46)  # at which two curves are compared, none of them a round volume
_SAME_RATIO = 1e-9
_ABSENCES = (0.0, 1.0)


def moves_between(
    old: Comparison, new: Comparison, *, rows_before: Collection[RowPlace] | None = None
) -> tuple[Move, ...]:
    """Return everything that differs between two studies, each at its medians.

    Numbers come first: those at one address in both studies of an option (or of the workload) whose values differ; of
    several options with the same figures once. Then one move per option or workload whose recipe differs in what is no
    such number, then options that only one of the studies has. ``rows_before`` as `changes_of` takes it.
    """
    shared = [label for label in new.labels if label in old.labels]
    found = []
    if shared:
        changes = changes_of(_only(old, shared), _only(new, shared), rows_before=rows_before)
        found += [move for change in changes for move in change.moves]
    found += [Move(label, f"{label} is new", "scenario") for label in new.labels if label not in shared]
    found += [Move(label, f"{label} is gone", "scenario") for label in old.labels if label not in shared]
    return tuple(found)


def _only(comparison: Comparison, labels: Sequence[str]) -> Comparison:
    """Return a study of some of its options."""
    options = tuple(comparison.option(label) for label in labels)
    return replace(comparison, options=options, incumbent=labels[0], reference=())


# ---------------------------------------------------------------------- two studies


@dataclass(frozen=True, eq=False)
class _Both:
    """Two studies with the same labels, at the medians, and what was worked out of them."""

    old: Comparison
    new: Comparison
    probes: NDArray[np.float64]
    rows_before: Collection[RowPlace] | None = None
    known: dict[tuple[int, int], CostCurve | None] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)  # what the keys of `known` are the identities of

    @cached_property
    def before(self) -> dict[str, dict[str, Parameter]]:
        """Every number of the old study."""
        return numbers_of(self.old)

    @cached_property
    def after(self) -> dict[str, dict[str, Parameter]]:
        """Every number of the new study."""
        return numbers_of(self.new)

    def pairs(self, owner: str) -> Iterator[tuple[str, Parameter, Parameter]]:
        """Yield address and number, before and after, of what both have and has changed."""
        before, after = self.before.get(owner, {}), self.after.get(owner, {})
        for address, was in before.items():
            if address in after and point(was.value) != point(after[address].value):
                yield address, was, after[address]

    def curve(self, option: CostOption, workload: Workload) -> CostCurve | None:
        """Return an option's curve; None where it has none."""
        key = (id(option), id(workload))
        if key not in self.known:
            self.kept.extend((option, workload))
            try:
                self.known[key] = option.resolve(workload).curve
            except REFUSED:
                self.known[key] = None
        return self.known[key]

    def same(self, one: tuple[CostOption, Workload], other: tuple[CostOption, Workload]) -> bool:
        """Return whether two options cost the same at every volume looked at; not if one has no cost."""
        curves = self.curve(*one), self.curve(*other)
        if curves[0] is None or curves[1] is None:
            return False
        costs = [np.asarray(curve.usd_per_month(self.probes)) for curve in curves if curve is not None]
        return bool(np.allclose(costs[0], costs[1], rtol=_SAME_RATIO, atol=0.0))


def changes_of(
    old: Comparison,
    new: Comparison,
    *,
    volumes: Sequence[float] = (),
    rows_before: Collection[RowPlace] | None = None,
) -> tuple[Change, ...]:
    """Return what makes the one study of the other, for two studies with the same labels.

    Parameters
    ----------
    old, new : Comparison
        The studies; what is uncertain in them is taken at its median.
    volumes : sequence of float
        Volumes at which two options that count as the same have to cost the same, besides 46 over nine decades.
        [tokens/month]
    rows_before : collection of (str, date), optional
        The rows that the old study rested on with their first days, where they are on record.

    Returns
    -------
    tuple of Change
        With all of them made, every option costs what it costs in the new study; with none, what in the old one.
    """
    both = _Both(old.medians, new.medians, np.array([*_PROBES, *volumes]), rows_before)
    figures, recipes = _of_workload(both)
    for label in _inner_first(both):
        own, differs = _of_option(both, label, frozenset(recipes), figures)
        figures += own
        recipes += [label] if differs else []
    if both.old.here is not None and both.new.here is not None and both.old.here != both.new.here:
        figures.append(Figure(STUDY, VOLUME, both.old.here, both.new.here))
    return (*_joined(both, figures), *(_recipe_change(both, owner) for owner in recipes))


# ---------------------------------------------------------------------- the traffic


def _of_workload(both: _Both) -> tuple[list[Figure], list[str]]:
    """Return the changed numbers of the traffic, and ``workload`` where they are not all."""
    old, new = both.old.workload, both.new.workload
    if old is new:
        return [], []
    given = [_figure(WORKLOAD, *pair) for pair in both.pairs(WORKLOAD) if not _both_follow(pair, WORKLOAD)]
    given += _absent_from_workload(both)
    derived = [_figure(WORKLOAD, *pair) for pair in both.pairs(WORKLOAD) if _both_follow(pair, WORKLOAD)]
    for figures in (given, [*given, *derived]):
        if _is_the_traffic(both, figures):
            return figures, []
    return given, [WORKLOAD]


def _is_the_traffic(both: _Both, figures: Sequence[Figure]) -> bool:
    """Return whether the old traffic with these numbers is the new one, by what it costs."""
    try:
        workload = workload_with(both.old.workload, {each.address: each.new for each in figures})
    except REFUSED:
        return False
    return all(both.same((option, workload), (option, both.new.workload)) for option in both.new.options)


def _absent_from_workload(both: _Both) -> list[Figure]:
    """Return the numbers that only one of the workloads has, where their absence is a number."""
    found = []
    for here, there, options, known in (
        (both.before, both.after, both.old.options, both.old.workload),
        (both.after, both.before, both.new.options, both.new.workload),
    ):
        workload = known
        for address, parameter in there[WORKLOAD].items():
            if address in here[WORKLOAD] or parameter.origin != "given":
                continue
            for value in _absences(address):
                try:
                    tried = workload_with(workload, {address: value})
                except REFUSED:
                    continue
                if all(both.same((option, tried), (option, known)) for option in options):
                    workload = tried
                    found.append(_from_absence(WORKLOAD, address, value, parameter, gone=there is both.before))
                    break
    return [each for each in found if each.old != each.new]


def _absences(address: str) -> tuple[float, ...]:
    """Return what absence of a number may mean, the likelier first."""
    return tuple(reversed(_ABSENCES)) if address.endswith("_ratio") else _ABSENCES


def _from_absence(owner: str, address: str, absence: float, there: Parameter, *, gone: bool) -> Figure:
    """Return a number that one study leaves out."""
    value = point(there.value)
    return Figure(owner, address, *((value, absence) if gone else (absence, value)))


# ---------------------------------------------------------------------- an option


def _inner_first(both: _Both) -> list[str]:
    """Return the labels of everyone in both studies, those inside others before these."""
    shared = [label for label in both.old.everyone if label in both.new.everyone]
    return list(reversed(shared))


def _of_option(both: _Both, label: str, recipes: frozenset[str], inside: Sequence[Figure]) -> tuple[list[Figure], bool]:
    """Return an option's changed numbers, and whether its recipe differs besides."""
    given = [_figure(label, *pair) for pair in both.pairs(label) if not _both_follow(pair, label)]
    given += _absent_from_option(both, label)
    theirs = both.new.everyone[label], both.new.workload
    ours = _with(both, label, recipes, [*inside, *given])
    if ours is not None and both.same((ours, both.new.workload), theirs):
        return _loosened(both, label, recipes, inside, given), False
    derived = [] if ours is None else _derived(both, label, ours)
    moved = _with(both, label, recipes, [*inside, *given, *derived]) if derived else None
    if moved is not None and both.same((moved, both.new.workload), theirs):
        return [*_loosened(both, label, recipes, inside, given), *derived], False
    if both.curve(*theirs) is None:  # it only works inside another, which shows what else differs
        was, now = both.old.everyone[label], both.new.everyone[label]
        return given, bool(recipe_words(was, now, numbers=frozenset(each.address for each in given)))
    return given, True


def _with(both: _Both, label: str, recipes: frozenset[str], figures: Sequence[Figure]) -> CostOption | None:
    """Return the old option with numbers of the new study; None where it refuses them."""
    numbers: dict[str, dict[str, FloatOrDraws]] = {}
    for each in figures:
        numbers.setdefault(each.owner, {})[each.address] = each.new
    try:
        return assembled(label, old=both.old.everyone, new=both.new.everyone, recipes=recipes, numbers=numbers)
    except REFUSED:
        return None


def _derived(both: _Both, label: str, ours: CostOption) -> list[Figure]:
    """Return the numbers that should follow from the others and do not: another run behind a rate, another default."""
    try:
        resolved = ours.resolve(both.new.workload)
    except REFUSED:
        return []
    follow = {f"{label}:{own.address}": point(own.value) for own in resolved.local}
    return [
        replace(_figure(label, *pair), pinned=follow.get(pair[0]) == point(pair[1].value))
        for pair in both.pairs(label)
        if _both_follow(pair, label) and follow.get(pair[0]) != point(pair[2].value)
    ]


def _loosened(
    both: _Both, label: str, recipes: frozenset[str], inside: Sequence[Figure], given: Sequence[Figure]
) -> list[Figure]:
    """Return an option's numbers, those not pinned that followed from others before: until made, they still do."""
    before = both.before.get(label, {})
    were = [each for each in given if each.address in before and follows(before[each.address], label)]
    option = _with(both, label, recipes, [*inside, *(each for each in given if each not in were)]) if were else None
    try:
        local = () if option is None else option.resolve(both.new.workload).local
    except REFUSED:
        local = ()
    follow = {f"{label}:{own.address}": point(own.value) for own in local}
    return [
        replace(each, pinned=False) if each in were and follow.get(each.address, each.old) != each.old else each
        for each in given
    ]


def _absent_from_option(both: _Both, label: str) -> list[Figure]:
    """Return the numbers of an option's own that only one study has, where their absence is a number."""
    was, now = both.old.everyone[label], both.new.everyone[label]
    if type(was) is not type(now):
        return []
    found = []
    for here, there, option, workload in (
        (both.before, both.after, was, both.old.workload),
        (both.after, both.before, now, both.new.workload),
    ):
        known = here.get(label, {})
        for address, parameter in there.get(label, {}).items():
            if address in known or not address.startswith(f"{label}:") or parameter.origin != "given":
                continue
            absence = _absence(both, option, workload, address)
            if absence is not None:
                found.append(_from_absence(label, address, absence, parameter, gone=there is both.before))
    return [each for each in found if each.old != each.new]


def _absence(both: _Both, option: CostOption, workload: Workload, address: str) -> float | None:
    """Return the number that leaves an option as it is without it."""
    for value in _absences(address):
        try:
            tried = option_with(option, {address: value})
        except REFUSED:
            continue
        if both.same((tried, workload), (option, workload)):
            return value
    return None


# ---------------------------------------------------------------------- as changes


def _figure(owner: str, address: str, was: Parameter, now: Parameter) -> Figure:
    return Figure(owner, address, point(was.value), point(now.value))


def _both_follow(pair: tuple[str, Parameter, Parameter], owner: str) -> bool:
    """Return whether a number follows from others in both studies."""
    return follows(pair[1], owner) and follows(pair[2], owner)


def _joined(both: _Both, figures: Sequence[Figure]) -> Iterator[Change]:
    """Yield numbers as changes: the same of several options once, and shares that add up to 1 together."""
    several = {
        address
        for address in {each.address for each in figures}
        if len({(each.old, each.new) for each in figures if each.address == address}) > 1
    }
    found: dict[object, Change] = {}
    for each in figures:
        was, now = (side.get(each.owner, {}).get(each.address) for side in (both.before, both.after))
        move = number_move(each, was, now, named=each.address in several, rows_before=both.rows_before)
        one = Change((move,), (each,))
        key: object = (each.address, each.old, each.new)
        if _adds_up(each.address):
            key = (each.owner, "shares")
        if key in found:
            one = found[key] + (one if _adds_up(each.address) else replace(one, moves=()))
        found[key] = one
    yield from found.values()


def _adds_up(address: str) -> bool:
    """Return whether a number is one of several shares that add up to 1."""
    room, _, name = address.partition(":")
    return name.startswith("share[") or (room == WORKLOAD and name.endswith(".share"))


def _recipe_change(both: _Both, owner: str) -> Change:
    """Return what differs of an option or of the traffic beside its numbers."""
    if owner == WORKLOAD:
        return Change((workload_move(both.old.workload, both.new.workload),), recipes=(owner,))
    was, now = both.old.everyone[owner], both.new.everyone[owner]
    return Change((recipe_move(was, now, both.before.get(owner, {}), both.after.get(owner, {})),), recipes=(owner,))
