"""What options cost at values of a study's inputs: many values as draws at once, or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.terms import Term, straight
from tokencross.errors import Problem, TokencrossError
from tokencross.number import FloatOrDraws
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.addresses import replaced
from tokencross.studies.compare import Comparison
from tokencross.studies.turns import Costs

__all__ = ["REFUSED", "VOLUME", "Bills"]

Array: TypeAlias = NDArray[np.float64]

VOLUME = "tokens_per_month"
"""The address of the volume itself."""

REFUSED = (TokencrossError, ArithmeticError)
"""What a value that has no cost raises; a quotient by 0 has none either."""

_MOST_AT_ONCE = 4_096


class Bills:
    """The bills of some options at one volume, with numbers at addresses replaced.

    Parameters
    ----------
    comparison : Comparison
        The study; what is uncertain in it is taken at its median.
    labels : sequence of str
        Whose bills.
    tokens_per_month : float
        The volume, unless `VOLUME` is among the numbers replaced. [tokens/month]
    """

    def __init__(self, comparison: Comparison, labels: Sequence[str], *, tokens_per_month: float) -> None:
        self.study = comparison.medians
        self.labels = tuple(labels)
        self.tokens_per_month = tokens_per_month
        self._columns: dict[tuple[str, str, int], int] = {}
        self._owners: list[int] = []
        self._alone: dict[tuple[tuple[str, float], ...], tuple[Array, Array]] = {}

    def at(self, changes: Mapping[str, Array], *, one_by_one: bool = False) -> Costs:
        """Return the costs with numbers at addresses replaced by arrays of one length, shape (n,).

        Parameters
        ----------
        changes : mapping of address to ndarray, shape (n,)
            Value i of all of them goes together.
        one_by_one : bool
            False: as draws. True: a study for each; values that are refused cost nan.

        Raises
        ------
        TokencrossError or ArithmeticError
            With ``one_by_one=False``, if any value is refused, or draws are.
        """
        count = len(next(iter(changes.values())))
        step = 1 if one_by_one else _MOST_AT_ONCE
        found = []
        for start in range(0, count, step):
            part = {address: values[start : start + step] for address, values in changes.items()}
            found.append(self._one(part) if one_by_one else self._block(part, len(next(iter(part.values())))))
        width = len(self._owners)
        totals = np.concatenate([np.empty((0, len(self.labels))), *(total for total, _ in found)])
        padded = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for _, part in found]
        terms = np.concatenate([np.empty((0, width)), *padded])
        return Costs(totals, terms, self.owners)

    def curves(self, changes: Mapping[str, FloatOrDraws]) -> list[CostCurve]:
        """Return the options' curves with numbers replaced, in the order of the labels."""
        study, touched = replaced(self.study, changes), self._touched(tuple(changes))
        with np.errstate(all="ignore"):  # beyond all reason a cost is infinite, or not known
            return [
                CostCurve(self._terms(study, label) if label in touched else self._as_assumed[label])
                for label in self.labels
            ]

    def stated(self, changes: Mapping[str, Array]) -> NDArray[np.bool_]:
        """Return which of the values the study can be stated at, shape (n,)."""
        rows = zip(*(values.tolist() for values in changes.values()), strict=True)
        return np.array([not self.refusal(dict(zip(changes, row, strict=True))) for row in rows])

    def accepts(self, changes: Mapping[str, float]) -> bool:
        """Return whether the study can be worked out at these values."""
        return not np.isnan(self._one({address: np.array([value]) for address, value in changes.items()})[0]).any()

    def touches(self, addresses: Sequence[str]) -> bool:
        """Return whether any of the bills rests on a number at one of the addresses."""
        return bool(self._touched(addresses))

    def refusal(self, changes: Mapping[str, float]) -> str:
        """Return why the study cannot be stated at these values, worked out or not; empty where it can."""
        try:
            replaced(self.study, changes)
        except TokencrossError as error:
            problem = error.problems[0]
            return problem.found if isinstance(problem, Problem) else str(problem)
        return ""

    def _one(self, changes: Mapping[str, Array]) -> tuple[Array, Array]:
        """Return the costs at one value each, worked out once; nan where it is refused."""
        plain = {address: float(values[0]) for address, values in changes.items()}
        key = tuple(plain.items())
        if key not in self._alone:
            try:
                self._alone[key] = self._block(plain, 1)
            except REFUSED:
                self._alone[key] = np.full((1, len(self.labels)), np.nan), np.zeros((1, len(self._owners)))
        return self._alone[key]

    def _block(self, changes: Mapping[str, FloatOrDraws], count: int) -> tuple[Array, Array]:
        """Return totals (n, O) and terms (n, P) at values."""
        volume = changes.get(VOLUME)
        share = None if volume is None else volume / self.tokens_per_month
        others = {address: value for address, value in changes.items() if address != VOLUME}
        study = replaced(self.study, others)
        touched = self._touched(tuple(others)) if others else set()
        found: dict[int, Array] = {}
        totals = np.zeros((count, len(self.labels)))
        with np.errstate(all="ignore"):  # beyond all reason a cost is infinite, or not known
            for place, label in enumerate(self.labels):
                terms = self._terms(study, label) if label in touched else self._as_assumed[label]
                seen: dict[str, int] = {}
                for term in terms:
                    moved = term if share is None else term.scaled(1.0, share)
                    value = np.broadcast_to(straight(moved, np.asarray(self.tokens_per_month)), (count,))
                    turn = seen[term.label] = seen.get(term.label, -1) + 1
                    found[self._column(place, (label, term.label, turn))] = value
                    totals[:, place] += value
        parts = np.zeros((count, len(self._owners)))
        for column, value in found.items():
            parts[:, column] = value
        return totals, parts

    @property
    def owners(self) -> NDArray[np.intp]:
        """Whose each term that was met so far is, by its place among the labels."""
        return np.array(self._owners, dtype=np.intp)

    def _column(self, place: int, key: tuple[str, str, int]) -> int:
        """Return where a term stands; the same one stands there in every answer."""
        if key not in self._columns:
            self._columns[key] = len(self._owners)
            self._owners.append(place)
        return self._columns[key]

    def _terms(self, study: Comparison, label: str) -> tuple[Term, ...]:
        """Return the terms of an option's curve."""
        option = study.options[self.study.labels.index(label)]
        return option.resolve(study.workload).curve.terms

    @cached_property
    def _as_assumed(self) -> dict[str, tuple[Term, ...]]:
        """The terms of every curve as the study has it."""
        return {label: self.study.resolved[label].curve.terms for label in self.labels}

    def _touched(self, addresses: Sequence[str]) -> set[str]:
        """Return the labels of the options that rest on a number at one of the addresses."""
        heads = {address.partition(":")[0] for address in addresses}
        if "workload" in heads:
            return set(self.labels)
        return {
            label
            for label in self.labels
            for name, resolved in resolved_everywhere({label: self.study.resolved[label]})
            if name in heads or any(parameter.address in addresses for parameter in resolved.tables)
        }
