"""What a pair of options costs between two studies, with some of what differs made and the rest left as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.number import FloatOrDraws
from tokencross.options.base import CostOption
from tokencross.options.inside import everyone
from tokencross.options.workload import Workload
from tokencross.studies.changed import Change
from tokencross.studies.compare import Comparison
from tokencross.studies.moves import REFUSED
from tokencross.studies.set_numbers import STUDY, WORKLOAD, assembled, workload_with

__all__ = ["PartlyChanged"]

Array: TypeAlias = NDArray[np.float64]
Subsets: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = dict[str, dict[str, FloatOrDraws]]

_SAME_RATIO = 1e-9


@dataclass(frozen=True, eq=False)
class PartlyChanged:
    """Two studies and the changes between them; a subset of them is an integer, change i its bit i.

    Attributes
    ----------
    old, new : Comparison
        At the medians, with the same labels.
    changes : tuple of Change
        What makes the one of the other; at most 62.
    volumes : (float, float)
        Tokens per month before and after.
    """

    old: Comparison
    new: Comparison
    changes: tuple[Change, ...]
    volumes: tuple[float, float]
    _alone: dict[tuple[str, int], CostCurve] = field(default_factory=dict, repr=False)
    _apart: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def everything(self) -> int:
        """The subset of all changes."""
        return (1 << len(self.changes)) - 1

    def of(self, changes: tuple[Change, ...]) -> PartlyChanged:
        """Return the same two studies with other changes between them, such as some of these as one."""
        return self if changes == self.changes else PartlyChanged(self.old, self.new, changes, self.volumes)

    def costs(self, label: str, subsets: Subsets) -> Array:
        """Return what an option costs with each of some subsets made, shape (n,). [USD/month]

        Raises
        ------
        TokencrossError or ArithmeticError
            If the study cannot be stated with one of them made.
        """
        distinct, back = np.unique(subsets & self.touching(label), return_inverse=True)
        apart = self.apart(label)
        totals = np.empty(distinct.size)
        for combination in np.unique(distinct & apart):
            rows = np.flatnonzero((distinct & apart) == combination)
            totals[rows] = self._block(label, distinct[rows])
        found: Array = totals[back.reshape(subsets.shape)]
        return found

    def cost(self, label: str, subset: int) -> float:
        """Return what an option costs with one subset made, worked out by itself. [USD/month]"""
        curve = self.curve(label, subset)
        return float(curve.usd_per_month(self.volumes[int(self._late(np.array([subset]))[0])]))

    def accepts(self, subset: int) -> bool:
        """Return whether the study can be worked out with a subset made."""
        try:
            return all(np.isfinite(self.cost(label, subset)) for label in self.new.labels)
        except REFUSED:
            return False

    def curve(self, label: str, subset: int) -> CostCurve:
        """Return an option's curve with a subset made, worked out by itself and once."""
        key = label, subset & self.touching(label)
        if key not in self._alone:
            self._alone[key] = self._curve(label, np.array([key[1]]))
        return self._alone[key]

    # ------------------------------------------------------------------ who is touched, and how

    def touching(self, label: str) -> int:
        """Return the changes that an option may feel."""
        return self._touching[label]

    @cached_property
    def _touching(self) -> dict[str, int]:
        return {label: self._felt(label) for label in self.new.labels}

    def _felt(self, label: str) -> int:
        family = {*everyone([self.old.option(label)]), *everyone([self.new.option(label)]), WORKLOAD, STUDY}
        return self._with_any(family, self.everything)

    def _with_any(self, owners: Iterable[str], among: int) -> int:
        """Return the changes of numbers or recipes of any of some owners."""
        wanted = set(owners)
        return sum(1 << place for place, each in enumerate(self.changes) if among >> place & 1 and wanted & each.owners)

    def apart(self, label: str) -> int:
        """Return the changes that have to be made in studies of their own: the others go together as draws.

        Recipes and numbers that follow from others; what refuses draws; and what decides a choice that an option makes
        once for all draws, such as which GPUs make a replica.
        """
        if label not in self._apart:
            touching = self.touching(label)
            found = sum(
                1 << place
                for place, each in enumerate(self.changes)
                if touching >> place & 1 and (each.recipes or not all(figure.pinned for figure in each.figures))
            )
            found |= self._refusing(label, touching & ~found)
            choosing = self._choosing(label, touching & ~found)
            if choosing:
                found |= choosing
                found = touching if self._choosing(label, touching & ~found) else found
            self._apart[label] = found
        return self._apart[label]

    def _refusing(self, label: str, candidates: int) -> int:
        """Return the changes that refuse draws although each of their values is accepted."""
        if not self._refused_as_draws(label, candidates):
            return 0
        bits = _bits(candidates)
        return sum(bit for bit in bits if self._refused_as_draws(label, bit) and not self._refused(label, bit))

    def _choosing(self, label: str, together: int) -> int:
        """Return the changes with which draws are not what the studies one by one are."""
        asked = [0]
        for bit in _bits(together):
            asked += [bit, together & ~bit]
        apart = self.touching(label) & ~together
        wrong: set[int] = set()
        for base in {0, apart}:
            possible = [base | one for one in dict.fromkeys([*asked, together]) if not self._refused(label, base | one)]
            if len(possible) > 1:
                wrong |= {subset & together for subset in self._wrong(label, np.array(possible))}
        if not wrong:
            return 0
        singles = sum(bit for bit in _bits(together) if bit in wrong or together & ~bit in wrong)
        return self._with_any({WORKLOAD}, together) | singles or together

    def _wrong(self, label: str, subsets: Subsets) -> list[int]:
        """Return those of some subsets that cost something else as draws than by themselves."""
        try:
            drawn = self._block(label, subsets)
        except REFUSED:
            return [int(subset) for subset in subsets]
        alone = [self.cost(label, int(subset)) for subset in subsets]
        near = np.isclose(drawn, alone, rtol=_SAME_RATIO, atol=0.0)
        return [int(subset) for subset in subsets[~near]]

    def _refused_as_draws(self, label: str, subset: int) -> bool:
        """Return whether a subset's numbers are refused as draws, each before and after."""
        try:
            self._block(label, np.array([0, subset]))
        except REFUSED:
            return True
        return False

    def _refused(self, label: str, subset: int) -> bool:
        try:
            self.cost(label, subset)
        except REFUSED:
            return True
        return False

    # ------------------------------------------------------------------ working it out

    def _block(self, label: str, subsets: Subsets) -> Array:
        """Return costs with subsets that agree on what is worked out apart: as draws where there are several."""
        curve = self._curve(label, subsets)
        found = np.asarray(curve.usd_per_month(np.array(self.volumes)), dtype=float)
        both = np.broadcast_to(found, (subsets.size, 2))
        return np.where(self._late(subsets), both[:, 1], both[:, 0])

    def _late(self, subsets: Subsets) -> NDArray[np.bool_]:
        """Return with which subsets the volume is the new one."""
        late = np.zeros(subsets.size, dtype=bool)
        for place, each in enumerate(self.changes):
            if STUDY in each.owners:
                late |= (subsets >> place & 1).astype(bool)
        return late

    def _curve(self, label: str, subsets: Subsets) -> CostCurve:
        """Return an option's curve with subsets made, as draws where there are several."""
        numbers, recipes = self._numbers(subsets, self.touching(label))
        workload = self._workload(numbers, recipes)
        return self._option(label, numbers, recipes).resolve(workload).curve

    def _numbers(self, subsets: Subsets, touching: int) -> tuple[Numbers, frozenset[str]]:
        """Return the numbers by owner and address, and whose recipe is the new one."""
        numbers: Numbers = {}
        recipes: set[str] = set()
        for place, each in enumerate(self.changes):
            if not touching >> place & 1:
                continue
            made = (subsets >> place & 1).astype(bool)
            same = bool(made[0]) if bool((made == made[0]).all()) else None
            recipes.update(each.recipes if same else ())
            for figure in each.figures:
                if figure.owner == STUDY or (same is False and not figure.pinned):
                    continue
                value = np.where(made, figure.new, figure.old) if same is None else figure.new if same else figure.old
                numbers.setdefault(figure.owner, {})[figure.address] = value
        return numbers, frozenset(recipes)

    def _workload(self, numbers: Numbers, recipes: frozenset[str]) -> Workload:
        base = self.new.workload if WORKLOAD in recipes else self.old.workload
        return workload_with(base, numbers.get(WORKLOAD, {}))

    def _option(self, label: str, numbers: Numbers, recipes: frozenset[str]) -> CostOption:
        return assembled(label, old=self.old.everyone, new=self.new.everyone, recipes=recipes, numbers=numbers)


def _bits(subset: int) -> list[int]:
    """Return the changes of a subset one by one."""
    return [1 << place for place in range(subset.bit_length()) if subset >> place & 1]
