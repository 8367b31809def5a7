"""Drawing the uncertain inputs of a study: low-discrepancy points, correlated where they go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.studies.inputs import Input, OwnDraws, correlation_matrix

__all__ = ["checked_draws", "checked_seed", "drawn", "quantiles_of", "stats_installed"]

Array: TypeAlias = NDArray[np.float64]

_EDGE = 1e-9  # no draw lies beyond these quantiles: a distribution may have so much of its mass out of bounds
_MOST_DRAWS = 1 << 30  # what Sobol's points of 30 bits tell apart


def stats_installed(what: str) -> None:
    """Refuse what needs SciPy where it is not installed."""
    try:
        import scipy.stats  # noqa: F401  # only whether it is there
    except ImportError:
        remedy = "Install it: pip install 'tokencross[stats]'."
        raise ScenarioError(Problem(what, "no SciPy", "SciPy, which draws and quantiles need", remedy)) from None


def checked_draws(draws: object, where: str = "sample: draws") -> int:
    """Return a number of draws once it is seen to be one."""
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or not 1 <= draws <= _MOST_DRAWS:
        raise ScenarioError(Problem(where, repr(draws), f"a whole number from 1 to {_MOST_DRAWS:,}"))
    return int(draws)


def checked_seed(seed: object, where: str = "sample: seed") -> int:
    """Return a seed once it is seen to be one: the same seed gives the same draws."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ScenarioError(Problem(where, repr(seed), "a whole number >= 0"))
    return int(seed)


def quantiles_of(values: Array, levels: Sequence[float]) -> Array:
    """Return quantiles of numbers of which some may be inf: always one of them, never something between two."""
    found: Array = np.quantile(values, np.asarray(levels, dtype=float), method="inverted_cdf")
    return found


def drawn(
    inputs: tuple[Input, ...], correlations: Mapping[tuple[str, str], float], *, draws: int, seed: int
) -> dict[str, Array]:
    """Return draws of every input by name.

    Parameters
    ----------
    inputs : tuple of Input
        What is uncertain.
    correlations : mapping of (name, name) to float
        Correlations of the normal scores.
    draws : int
        How many; of the next power of two the first so many are kept.
    seed : int
        Of the scrambling.

    Returns
    -------
    dict of name to ndarray, shape (draws,)

    Notes
    -----
    Scrambled Sobol points u, one dimension per input; where inputs go together, normal scores ``z = ndtri(u)`` are
    multiplied by a root of their correlation matrix and taken back (a Gaussian copula), so that every input keeps its
    own distribution. Arrays of one's own share a dimension: it picks which of the draws given is taken.

    References
    ----------
    .. [1] Owen (1998), "Scrambling Sobol' and Niederreiter-Xing points", J. Complexity 14.
    .. [2] Nelsen (2006), "An Introduction to Copulas", section 2.3.
    """
    if not inputs:
        return {}
    columns = [each for each in inputs if not isinstance(each.distribution, OwnDraws)]
    own = [each for each in inputs if isinstance(each.distribution, OwnDraws)]
    points = _points(len(columns) + bool(own), draws, seed)
    _correlate(points, columns, correlations)
    np.clip(points, _EDGE, 1.0 - _EDGE, out=points)
    found = {each.name: each.quantiles(points[index]) for index, each in enumerate(columns)}
    for each in own:
        assert isinstance(each.distribution, OwnDraws)  # as selected above
        values = each.distribution.values
        found[each.name] = values[np.minimum((points[-1] * values.size).astype(np.intp), values.size - 1)]
    return {each.name: found[each.name] for each in inputs}


def _points(dimensions: int, draws: int, seed: int) -> Array:
    """Return scrambled Sobol points, a row per dimension: shape (dimensions, draws)."""
    from scipy.stats import qmc

    power = max((draws - 1).bit_length(), 0)
    points = qmc.Sobol(d=dimensions, scramble=True, rng=np.random.default_rng(seed)).random_base2(power)
    return np.ascontiguousarray(points[:draws].T)


def _correlate(points: Array, inputs: list[Input], correlations: Mapping[tuple[str, str], float]) -> None:
    """Turn independent uniform numbers of inputs into ones that go together, in place."""
    from scipy.special import ndtr, ndtri

    together = [index for index, each in enumerate(inputs) if any(each.name in pair for pair in correlations)]
    if not together:
        return
    matrix = correlation_matrix(tuple(inputs[index] for index in together), correlations)
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    scores = ndtri(np.clip(points[together], _EDGE, 1.0 - _EDGE))
    for row, index in enumerate(together):  # one after the other: a product of matrices rounds by its shape
        points[index] = ndtr(sum(root[row, column] * scores[column] for column in range(len(together))))
