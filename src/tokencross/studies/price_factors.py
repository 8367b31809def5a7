"""By how much each price of a study has moved by each month: declines of their kinds, and paths of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import point
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.compare import Comparison
from tokencross.studies.projection import Projection

__all__ = ["Factors", "engineering_factor"]

Array: TypeAlias = NDArray[np.float64]

_ROOMS = ("prices", "compute", "provisioned", "tuning")
_OWNED = "[owned]"
_JUMP_SHARE = 0.05  # a path of one's own that moves by more than this in a month has a step there
_MONTHS_PER_YEAR = 12.0


def engineering_factor(projection: Projection) -> Array:
    """Return the work up front of each month over today's, shape (M,)."""
    return _fallen(point(projection.engineering_decline_per_year), np.arange(projection.months) / _MONTHS_PER_YEAR)


def _fallen(decline: float, years: Array) -> Array:
    """Return what is left of 1 after so many years at a decline."""
    return np.asarray(np.power(1.0 - decline, years), dtype=float)


@dataclass(frozen=True, eq=False)
class Factors:
    """The price of each month over today's, by what a projection names: label, room or address.

    Attributes
    ----------
    projection : Projection
        What is assumed.
    """

    projection: Projection

    @classmethod
    def checked(cls, projection: Projection, comparison: Comparison) -> Factors:
        """Return the factors of a projection once everything that it names is seen to be in the comparison.

        Raises
        ------
        ScenarioError
            At the first name that is no label, room or address of a price; the nearest is offered.
        """
        labels = list(comparison.everyone)
        challengers = [label for label in comparison.labels if label != comparison.incumbent]
        prices = [
            number.address
            for _, resolved in resolved_everywhere(comparison.resolved)
            for number in resolved.tables
            if _is_price(number.address)
        ]
        rows = {address.rpartition(".")[0] for address in prices}
        rooms = {address.partition(":")[0] for address in prices} & set(_ROOMS)
        known = [*labels, *sorted(rooms), *sorted(rows), *dict.fromkeys(prices)]
        for name in ("declines", "price_ratio"):
            for key in getattr(projection, name):
                if key not in known:
                    accepted = "an option's label, prices, compute, or the address of a price"
                    raise ScenarioError(Problem(f"projection: {name}", repr(key), accepted, offer(str(key), known)))
        for name, given, names in (
            ("capability_declines", projection.capability_declines, labels),
            ("migration_usd", projection.migration_usd, labels),
            ("switching", projection.switching, challengers),
        ):
            for key in given if isinstance(given, Mapping) else ():
                if key not in names:
                    accepted = f"{'a challenger' if names is challengers else 'one of'}: {', '.join(names)}"
                    raise ScenarioError(Problem(f"projection: {name}", repr(key), accepted, offer(str(key), names)))
        return cls(projection)

    def of_address(self, address: str, labels: Sequence[str]) -> Array | None:
        """Return the factor of a number of the tables, shape (M,); None where nothing moves it.

        Parameters
        ----------
        address : str
            Of the number.
        labels : sequence of str
            The option that uses it, then those that this one is inside of.
        """
        if not _is_price(address):
            return None
        row = address.rpartition(".")[0]
        broad = () if _OWNED in address else (*labels, address.partition(":")[0])
        return self._product((address, row, *broad), labels)

    def of_curve(self, labels: Sequence[str]) -> Array | None:
        """Return the factor of a curve of one's own, by the label of its option or those that it is inside of."""
        return self._product(labels, labels)

    def _product(self, keys: Iterable[str], labels: Sequence[str]) -> Array | None:
        """Return what decline, capability and own path come to; the first key that a mapping knows counts."""
        keys = list(keys)
        found = [
            self._decline(next((key for key in keys if key in self.projection.declines), None)),
            self._capability(next((key for key in labels if key in self.projection.capability_declines), None)),
            self._path(next((key for key in keys if key in self.projection.price_ratio), None)),
        ]
        given = [factor for factor in found if factor is not None]
        return None if not given else np.prod(given, axis=0)

    def _decline(self, key: str | None) -> Array | None:
        """Return a smooth or stepped decline."""
        if key is None:
            return None
        months = np.arange(self.projection.months)
        steps = self.projection.steps_per_year
        years = months / _MONTHS_PER_YEAR if steps is None else np.floor(months * steps / _MONTHS_PER_YEAR) / steps
        return _fallen(point(self.projection.declines[key]), years)

    def _capability(self, key: str | None) -> Array | None:
        """Return the price of a fixed capability for someone who moves on with every model life."""
        if key is None:
            return None
        months = np.arange(self.projection.months)
        moved = np.array([0, *self.projection.migration_months])
        last = moved[np.searchsorted(moved, months, side="right") - 1]
        return _fallen(point(self.projection.capability_declines[key]), last / _MONTHS_PER_YEAR)

    def _path(self, key: str | None) -> Array | None:
        """Return a path of one's own."""
        return None if key is None else np.asarray(self.projection.price_ratio[key], dtype=float)

    # ------------------------------------------------------------------ steps

    def steps(self, keys: Sequence[str], labels: Sequence[str]) -> dict[int, str]:
        """Return the months at whose beginning prices jump, with what happens there.

        Parameters
        ----------
        keys : sequence of str
            What may move an option's prices: addresses, rows, labels and rooms.
        labels : sequence of str
            The option and those inside it.
        """
        projection = self.projection
        found: dict[int, str] = {}
        falls = any(point(projection.declines[key]) != 0.0 for key in keys if key in projection.declines)
        steps = projection.steps_per_year
        if falls and steps is not None and steps < _MONTHS_PER_YEAR:  # a step in every month is none
            every = np.floor(np.arange(projection.months) * steps / _MONTHS_PER_YEAR)
            found.update(dict.fromkeys((np.flatnonzero(np.diff(every)) + 1).tolist(), "the next step of its decline"))
        for key in keys:
            path = self._path(key) if key in projection.price_ratio else None
            for month, (before, after) in enumerate(itertools.pairwise([] if path is None else path), start=1):
                if abs(after - before) > _JUMP_SHARE * before:
                    found[month] = f"prices go from {before:g} to {after:g} times today's"
        if any(label in projection.capability_declines for label in labels):
            found.update(dict.fromkeys(projection.migration_months, "the next model"))
        return found


def _is_price(address: str) -> bool:
    """Return whether an address of the tables is one of money."""
    return "usd" in address.rpartition(".")[2]
