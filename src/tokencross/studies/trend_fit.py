"""Rates of decline out of price series, with intervals that do not take dependent changes for independent ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["DAYS_PER_YEAR", "Fit", "Fitted", "fit_level", "fit_same_things"]

Array = NDArray[np.float64]

DAYS_PER_YEAR = 365.25
_MONTHS_PER_YEAR = 12
_DAYS_PER_MONTH = DAYS_PER_YEAR / _MONTHS_PER_YEAR
_FEWEST_CLUSTERS = 5


@dataclass(frozen=True, eq=False)
class Fit:
    """A rate of change and what it might as well have been.

    Attributes
    ----------
    log_rate_per_year : float
        Change of the logarithm in a year. [1/year]
    draws : ndarray, shape (D,)
        The same, of resampled histories. [1/year]
    words : str
        How the interval came about.
    """

    log_rate_per_year: float
    draws: Array
    words: str


@dataclass(frozen=True, eq=False)
class Fitted:
    """A distribution of declines: the resampled ones, straight between them.

    Attributes
    ----------
    sorted_declines : ndarray, shape (D,)
        Lowest first. [1/year]
    name : str
        The parameter that it is: numbers of one name are one draw.
    """

    sorted_declines: Array
    name: str

    @overload
    def ppf(self, q: float, /) -> float: ...
    @overload
    def ppf(self, q: Array, /) -> Array: ...
    def ppf(self, q: float | Array, /) -> float | Array:
        """Return the decline that is not exceeded with probability ``q``; nan outside 0 to 1. [1/year]"""
        places = np.linspace(0.0, 1.0, len(self.sorted_declines))
        return _plain(np.interp(q, places, self.sorted_declines, left=np.nan, right=np.nan))

    @overload
    def cdf(self, x: float, /) -> float: ...
    @overload
    def cdf(self, x: Array, /) -> Array: ...
    def cdf(self, x: float | Array, /) -> float | Array:
        """Return the probability of a decline of at most ``x``."""
        places = np.linspace(0.0, 1.0, len(self.sorted_declines))
        return _plain(np.interp(x, self.sorted_declines, places, left=0.0, right=1.0))

    def __repr__(self) -> str:
        """Return what it is of, and its median."""
        return f"<Fitted {self.name}: {len(self.sorted_declines):,} draws, median {self.ppf(0.5):.3g}>"


def _plain(found: Array | np.float64) -> float | Array:
    """Return an array as it is, and one number as a float."""
    return found if isinstance(found, np.ndarray) else float(found)


def fit_level(usd: Array, *, resamples: int, seed: int) -> Fit:
    r"""Return the rate of a price that is known for every day.

    Parameters
    ----------
    usd : ndarray, shape (days,)
        Price on each day; nan where there was none. [USD]
    resamples : int
        Histories to resample.
    seed : int
        Of the resampling.

    Notes
    -----
    The rate is the slope of a least-squares line through :math:`\ln p` of all days. The level of a price wanders: what
    it moved by yesterday, it keeps. So the interval comes from its changes month by month: those beyond the line are
    resampled in blocks of random length, :math:`\lceil n^{1/3} \rceil` months on average, so that changes which come
    together stay together, added up to a path, and the line is fitted again. There are few blocks, so the draws are
    widened as Student's t is wider than the normal distribution.

    References
    ----------
    .. [1] D. N. Politis and J. P. Romano, "The Stationary Bootstrap", Journal of the American Statistical Association
       89 (1994).
    """
    known = np.flatnonzero(np.isfinite(usd))
    logs = np.log(usd[known])
    rate = _slope(known / DAYS_PER_YEAR, logs)
    held = np.maximum.accumulate(np.where(np.isfinite(usd), np.arange(len(usd)), known[0]))
    months = np.arange(known[0], len(usd), _DAYS_PER_MONTH).astype(int)
    changes = np.diff(np.log(usd[held[months]]))
    beyond = changes - changes.mean()
    block = math.ceil(len(beyond) ** (1.0 / 3.0))
    picked = _blocks(len(beyond), block, resamples, seed)
    paths = np.concatenate((np.zeros((resamples, 1)), np.cumsum(beyond[picked], axis=1)), axis=1)
    years = np.arange(len(beyond) + 1) / _MONTHS_PER_YEAR
    centred = years - years.mean()
    beyond_line = paths @ centred / (centred @ centred)
    draws = rate + _widened(beyond_line, len(beyond) / block, seed)
    words = f"{resamples:,} histories with its monthly changes resampled in blocks of about {block} months"
    return Fit(rate, draws, words)


def _slope(x: Array, y: Array) -> float:
    """Return the slope of the least-squares line."""
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))


def _blocks(count: int, block: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return places in a series, in runs of geometric length that wrap around at its end, shape (resamples, count)."""
    rng = np.random.default_rng(seed)
    anew = rng.random((resamples, count)) < 1.0 / block
    anew[:, 0] = True
    starts = rng.integers(0, count, (resamples, count))
    since = np.maximum.accumulate(np.where(anew, np.arange(count), 0), axis=1)
    begun = np.take_along_axis(starts, since, axis=1)
    places: NDArray[np.int64] = (begun + np.arange(count) - since) % count
    return places


def _widened(deviations: Array, pieces: float, seed: int) -> Array:
    """Return deviations of resampled rates, wider by what so few independent pieces leave unknown of their spread.

    A sample's variance about its own mean is too small by ``pieces`` / (``pieces`` - 1), and its ratio to the true one
    is that of a chi-squared variable to its degrees of freedom: what makes Student's t of a normal variable.
    """
    freedom = pieces - 1.0
    ratios = np.random.default_rng([seed, 1]).chisquare(freedom, len(deviations)) / freedom
    wider: Array = deviations * np.sqrt(pieces / freedom / ratios)
    return wider


def fit_same_things(
    changes: Sequence[float],
    years: Sequence[float],
    groups: Sequence[str],
    *,
    each_group_once: bool,
    resamples: int,
    seed: int,
) -> Fit:
    r"""Return the rate at which the prices of many things changed, each compared with itself only.

    Parameters
    ----------
    changes : sequence of float
        At least three. Change of the logarithm of each thing's price over its whole history.
    years : sequence of float
        How long that is. [years]
    groups : sequence of str
        Who prices it.
    each_group_once : bool
        Whether every group counts as one thing: its mean.
    resamples : int
        Samples of groups.
    seed : int
        Of the resampling.

    Notes
    -----
    The rate is :math:`\sum \Delta \ln p / \sum T`: every year of every thing counts the same. Whoever prices several
    things changes them together, so the interval resamples whole groups with replacement (single things where there
    are fewer than five groups), widened as Student's t for so few of them.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", Cambridge University Press, 1997,
       section 3.8 (resampling whole groups).
    """
    names = sorted(set(groups))
    member = np.array([names.index(group) for group in groups])
    weights = 1.0 / np.bincount(member)[member] if each_group_once else np.ones(len(member))
    moved, lasted = weights * np.asarray(changes, dtype=float), weights * np.asarray(years, dtype=float)
    by_group = len(names) >= _FEWEST_CLUSTERS
    if by_group:
        moved, lasted = (np.bincount(member, weights=each) for each in (moved, lasted))
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, len(moved), (resamples, len(moved)))
    rate = float(moved.sum() / lasted.sum())
    draws = rate + _widened(moved[picked].sum(axis=1) / lasted[picked].sum(axis=1) - rate, len(moved), seed)
    what = "providers, with all that belongs to each" if by_group else "series"
    words = f"{resamples:,} samples of {len(moved)} {what}"
    return Fit(rate, draws, words)
