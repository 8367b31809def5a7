"""Sudden changes of a price, in either direction: what they are, and how many come in a step of time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokencross.errors import Problem, ScenarioError
from tokencross.studies.plain_numbers import plain_number

__all__ = ["Jump", "checked_jumps", "jump_parts", "most_jumps"]

_LEAST_PROBABILITY = 1e-13


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
    return [_checked(jump, f"jumps[{index}]") for index, jump in enumerate(jumps)]


def _checked(jump: Jump, where: str) -> Jump:
    """Return a jump with its numbers checked."""
    if not isinstance(jump, Jump):
        raise ScenarioError(Problem(where, repr(jump), "a Jump(times_per_year=…, advantage_ratio=…)"))
    times = plain_number(jump.times_per_year, f"{where}.times_per_year", "per year", high=24.0)
    ratio = plain_number(jump.advantage_ratio, f"{where}.advantage_ratio", "quotient", low=0.01, high=100.0)
    return Jump(times, ratio)


def most_jumps(expected_count: float) -> int:
    """Return a count of jumps that is all but never exceeded."""
    return len(_poisson(expected_count)) - 1


def _poisson(expected_count: float) -> list[float]:
    """Return the probabilities of 0, 1, 2 … jumps, up to where they no longer count."""
    probabilities = [math.exp(-expected_count)]
    while len(probabilities) <= expected_count or probabilities[-1] > _LEAST_PROBABILITY:
        probabilities.append(probabilities[-1] * expected_count / len(probabilities))
    return probabilities


def jump_parts(jumps: Sequence[Jump], years: float) -> Iterator[tuple[float, float]]:
    """Yield every combination of jumps in a step: its probability, and what it adds to the logarithm."""
    counts = [_poisson(jump.times_per_year * years) for jump in jumps]
    for combination in itertools.product(*(range(len(probabilities)) for probabilities in counts)):
        probability = math.prod(probabilities[n] for probabilities, n in zip(counts, combination, strict=True))
        if probability > _LEAST_PROBABILITY:
            logs = (n * math.log(jump.advantage_ratio) for n, jump in zip(combination, jumps, strict=True))
            yield probability, sum(logs)
