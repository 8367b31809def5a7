"""The inputs of a study that can be changed one at a time, and which values of each the study accepts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tokencross.number import point
from tokencross.studies.bills import VOLUME, Bills
from tokencross.studies.compare import Comparison
from tokencross.studies.input_words import input_name
from tokencross.studies.inputs import uncertain_inputs

__all__ = ["Place", "accepted_range", "natural_range", "places", "volume_place"]

_MOST_RATIO = 1e6
_MOST_OF_NOTHING = 1e9  # where 0 is assumed there is no ratio
_HALVINGS = 120
_NEAR_RATIO = 1e-3
_ROUND_DIGITS = 12


@dataclass(frozen=True)
class Place:
    """A number that can be changed: its name, where in the study it stands, its unit, and what is assumed."""

    name: str
    addresses: tuple[str, ...]
    unit: str
    assumed: float

    @property
    def address(self) -> str:
        """The first of its addresses: its name ends with its unit."""
        return self.addresses[0]

    @property
    def whole(self) -> bool:
        """Whether it takes whole values only."""
        return self.address.endswith("_count")

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return input_name(self.name) if self.name in self.addresses else self.name


def places(comparison: Comparison) -> list[Place]:
    """Return every number of a study that can be changed, one that stands at several addresses once."""
    numbers = {p.address: p for p in comparison.medians.parameters if p.address != VOLUME}
    found: list[Place] = []
    taken: set[str] = set()
    for each in uncertain_inputs(comparison, table_errors=False):
        known = tuple(address for address in each.addresses if address in numbers)
        if known:
            name = known[0] if each.name in each.addresses else each.name
            found.append(Place(name, known, numbers[known[0]].unit, point(numbers[known[0]].value)))
            taken.update(known)
    for address, parameter in numbers.items():
        covered = address.removesuffix("_ratio") in numbers and address.endswith(":throughput_ratio")
        if address not in taken and not covered:
            found.append(Place(address, (address,), parameter.unit, point(parameter.value)))
    return found


def volume_place(comparison: Comparison, assumed: float) -> Place:
    """Return the volume as an input, under the name that the study has for it."""
    inputs = uncertain_inputs(comparison, table_errors=False)
    name = next((each.name for each in inputs if each.addresses == (VOLUME,)), VOLUME)
    return Place(name, (VOLUME,), "reference tokens per month", assumed)


def natural_range(place: Place) -> tuple[float, float]:
    """Return between which values of an input is looked, if the study accepts them."""
    if place.address.endswith("_share"):
        return 0.0, 1.0
    if place.assumed == 0.0:
        return 0.0, _MOST_OF_NOTHING
    return 0.0, _MOST_RATIO * place.assumed


def accepted_range(bills: Bills, place: Place, low: float, high: float) -> tuple[float, float]:
    """Return the part of a range around the assumed value that the study accepts."""
    return _reach(bills, place, low), _reach(bills, place, high)


def _reach(bills: Bills, place: Place, end: float) -> float:
    """Return the last value on the way to an end that the study accepts: of what can be stated to the last float.

    What can be stated but not worked out, such as requests too long for the GPUs, ends within a thousandth.
    """

    def accepted(value: float) -> bool:
        return bills.accepts(dict.fromkeys(place.addresses, value))

    def stated(value: float) -> bool:
        return not bills.refusal(dict.fromkeys(place.addresses, value))

    if end == place.assumed or accepted(end):
        return end
    if end == 0.0 and accepted(place.assumed / _MOST_RATIO):
        return place.assumed / _MOST_RATIO
    edge = end if stated(end) else _last(stated, place.assumed, end, whole=place.whole, near=0.0)
    return edge if accepted(edge) else _last(accepted, place.assumed, edge, whole=place.whole, near=_NEAR_RATIO)


def _last(accepted: Callable[[float], bool], good: float, bad: float, *, whole: bool, near: float) -> float:
    """Return the last accepted value between an accepted and a refused one, or one so near to it by ratio."""
    start = good
    for _ in range(_HALVINGS):
        low, high = sorted((good, bad))
        middle = math.sqrt(low * high) if low > 0.0 and high > 2.0 * low else low + (high - low) / 2.0
        middle = float(np.floor(middle)) if whole else middle
        if not low < middle < high or high - low <= near * low:
            break
        if accepted(middle):
            good = middle
        else:
            bad = middle
    tidy = float(f"{good:.{_ROUND_DIGITS}g}")  # 0.95, and not the last float below it
    return tidy if min(start, bad) <= tidy <= max(start, bad) and accepted(tidy) else good
