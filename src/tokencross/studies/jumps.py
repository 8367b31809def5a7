"""Sudden changes of a price, in either direction: what they are, and how many come in a step of time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokencross.errors import Problem, ScenarioError
from tokencross.studies.plain_numbers import plain_number

__all__ = ["Jump", "checked_jumps", "jump_parts", "most_jumps"]

_LEAST_PROBABILITY = 1e-13
_MOST_KINDS = 4


@dataclass(frozen=True)
class Jump:
    """A sudden change of the challenger's advantage per token, in either direction.

    Attributes
    ----------
    times_per_year : float
        How often it happens on average (a Poisson process). [1/year]
    advantage_ratio : float
        What the advantage is multiplied by: 0.7 when the incumbent cuts its price, 1.3 when it raises it. [quotient]
    """

    times_per_year: float
    advantage_ratio: float


def checked_jumps(jumps: Sequence[Jump]) -> list[Jump]:
    """Return jumps with their numbers checked."""
    accepted = f"a list of up to {_MOST_KINDS} Jump(times_per_year=…, advantage_ratio=…)"
    if not isinstance(jumps, Sequence) or isinstance(jumps, str):
        raise ScenarioError(Problem("jumps", f"{jumps!r:.60}", accepted))
    if len(jumps) > _MOST_KINDS:
        raise ScenarioError(Problem("jumps", f"{len(jumps)} kinds of jumps", accepted))
    return [_checked(jump, f"jumps[{index}]") for index, jump in enumerate(jumps)]


def _checked(jump: Jump, where: str) -> Jump:
    """Return a jump with its numbers checked."""
    if not isinstance(jump, Jump):
        raise ScenarioError(Problem(where, f"{jump!r:.60}", "a Jump(times_per_year=…, advantage_ratio=…)"))
    times = plain_number(jump.times_per_year, f"{where}.times_per_year", "per year", high=24.0)
    ratio = plain_number(jump.advantage_ratio, f"{where}.advantage_ratio", "quotient", low=0.01, high=100.0)
    return Jump(times, ratio)


def most_jumps(expected_count: float) -> int:
    """Return a count of jumps that is all but never exceeded."""
    return math.ceil(expected_count + 8.0 * math.sqrt(expected_count)) + (7 if expected_count > 0.0 else 0)


def jump_parts(jumps: Sequence[Jump], years: float) -> Iterator[tuple[float, float]]:
    """Yield every combination of jumps in a step: its probability, and what it adds to the logarithm.

    Left out are those that count neither by their probability nor by what they make of the factor's mean.
    """
    found = [(0.0, 0.0, 0.0)]  # logarithms: of the probability, of the factor, of its part in the mean
    least = math.log(_LEAST_PROBABILITY)
    for jump in jumps:
        rate = jump.times_per_year * years
        counts = range(most_jumps(rate * max(jump.advantage_ratio, 1.0)) + 1 if rate > 0.0 else 1)
        own = [_count_of(n, rate, jump.advantage_ratio) for n in counts]
        both = [tuple(map(sum, zip(a, b, strict=True))) for a in found for b in own]
        found = [(p, shift, part) for p, shift, part in both if max(p, part) > least]
    for probability, shift, _ in found:
        yield math.exp(probability), shift


def _count_of(n: int, rate: float, ratio: float) -> tuple[float, float, float]:
    """Return the logarithms of the probability of ``n`` jumps, of the factor then, and of its part in the mean."""
    probability = (n * math.log(rate) if n else 0.0) - math.lgamma(n + 1.0) - rate
    shift = n * math.log(ratio)
    return probability, shift, probability + shift - rate * (ratio - 1.0)
