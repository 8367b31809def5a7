"""Columns and indices of a sample's tables: quantiles by name, volumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QUANTILES", "checked_quantiles", "named_quantiles", "numbers_of", "quantile_name", "volume_index"]

Array: TypeAlias = NDArray[np.float64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def quantile_name(level: float) -> str:
    """Return the column of a quantile: ``q05`` for 0.05, ``q025`` for 0.025."""
    return f"q{f'{level:.6f}'.partition('.')[2].rstrip('0').ljust(2, '0')}" if level < 1.0 else "q100"


def named_quantiles(levels: Sequence[float], values: Iterable[float]) -> dict[str, float]:
    """Return quantiles by column."""
    return {quantile_name(level): float(value) for level, value in zip(levels, values, strict=True)}


def checked_quantiles(quantiles: Sequence[float]) -> tuple[float, ...]:
    """Return quantile levels once they are seen to lie between 0 and 1 and to have columns of their own."""
    levels = tuple(numbers_of(quantiles).tolist())
    within = bool(levels) and all(0.0 <= level <= 1.0 for level in levels)
    if not within or len({quantile_name(level) for level in levels}) < len(levels):
        accepted = "different probabilities from 0 to 1, such as (0.05, 0.5, 0.95)"
        raise ScenarioError(Problem("quantiles", repr(quantiles), accepted))
    return levels


def numbers_of(values: object) -> Array:
    """Return numbers as an array; nan for what is none."""
    try:
        return np.atleast_1d(np.asarray(values, dtype=float)).ravel()
    except (TypeError, ValueError):
        return np.array([np.nan])


def volume_index(volumes: Sequence[FloatOrDraws]) -> pd.Index[float]:
    """Return volumes as an index; nan for where you are if every draw has a volume of its own."""
    import pandas as pd

    points = [np.nan if isinstance(volume, np.ndarray) else volume for volume in volumes]
    return pd.Index(points, name="tokens_per_month")
