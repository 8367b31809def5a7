"""Levels of a load: for which share of the month a fleet is sized for how much, and the steps that this takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.hourly import HourlyStaircase
from tokencross.number import FloatOrDraws, plain

__all__ = ["Levels", "joined", "one_level", "split_at"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Shares of the month with the load that they are sized for and the fewest steps.

    Attributes
    ----------
    shares : ndarray, shape (L,) or (D, L)
        Share of the month; negative where another fleet's steps are taken off.
    loads : ndarray, shape (L,) or (D, L)
        Planned load over the mean.
    least : ndarray, shape (L,) or (D, L)
        Fewest steps.
    """

    shares: Array
    loads: Array
    least: Array

    @classmethod
    def of(cls, shares: Array, loads: Array) -> Levels:
        """Return levels without a minimum, loads that are alike joined into one."""
        if shares.ndim == 1 and loads.ndim == 1:
            alike, place = np.unique(loads, return_inverse=True)
            time = np.bincount(place.reshape(-1), weights=shares, minlength=alike.size).astype(float)
            loads, shares = alike[time != 0.0], time[time != 0.0]
        return cls(shares, loads, np.zeros(loads.shape[-1]))

    @property
    def peak(self) -> FloatOrDraws:
        """The highest load that takes any time."""
        return plain(np.max(np.where(self.shares > 0.0, self.loads, 0.0), axis=-1))

    def at_least(self, steps: FloatOrDraws) -> Levels:
        """Return the same with so many steps at every level."""
        return replace(self, least=np.repeat(np.asarray(steps, dtype=float)[..., np.newaxis], self._size, axis=-1))

    def taken_off(self) -> Levels:
        """Return what takes these steps off those of others."""
        return replace(self, shares=-self.shares)

    def over_zones(self, zone_count: int) -> Levels:
        """Return what each of several zones needs so that all but one of them hold the load."""
        if zone_count == 1:
            return self
        return replace(self, loads=self.loads / (zone_count - 1.0), least=np.ceil(self.least / zone_count))

    def lasting(self, share: FloatOrDraws) -> FloatOrDraws:
        """Return the highest load that is there for at least a share of the month."""
        shape = np.broadcast_shapes(self.shares.shape, self.loads.shape)
        order = np.broadcast_to(np.argsort(-self.loads, axis=-1), shape)
        loads, shares = np.broadcast_to(self.loads, shape), np.broadcast_to(self.shares, shape)
        sorted_loads = np.take_along_axis(loads, order, axis=-1)
        time = np.cumsum(np.take_along_axis(shares, order, axis=-1), axis=-1)
        enough = time >= np.asarray(share)[..., np.newaxis] * (1.0 - 1e-12)
        return plain(np.max(np.where(enough, sorted_loads, 0.0), axis=-1))

    def steps(self, tokens_per_step: FloatOrDraws) -> CostCurve:
        """Return the mean number of steps over the month as a curve (its USD are steps), as the plainest term."""
        part = self.least % 1.0
        if np.any(part > 0.0):  # max(m, n) lies between those of the whole numbers around m, for every whole n
            low = replace(self, shares=self.shares * (1.0 - part), least=np.floor(self.least))
            high = replace(self, shares=self.shares * part, least=np.ceil(self.least))
            return joined([low, high]).steps(tokens_per_step)
        if self._size == 1 and np.all(self.loads > 0.0) and self.shares.ndim == 1:
            width = plain(tokens_per_step / self.loads[..., 0])
            return CostCurve.staircase(float(self.shares[0]), width, min_steps=plain(self.least[..., 0]))
        shares, loads, least = self.shares, self.loads, self.least
        if shares.ndim == loads.ndim == least.ndim == 1:
            used = (shares != 0.0) & ((loads > 0.0) | (least > 0.0))
            shares, loads, least = shares[used], loads[used], least[used]
        if not shares.size:
            return CostCurve()
        return CostCurve((HourlyStaircase(1.0, plain(tokens_per_step), shares, loads, least),))

    @property
    def _size(self) -> int:
        return int(np.broadcast_shapes(self.shares.shape, self.loads.shape)[-1])


def one_level(load: FloatOrDraws) -> Levels:
    """Return a load that lasts all month."""
    return Levels(np.ones(1), np.asarray(load, dtype=float)[..., np.newaxis], np.zeros(1))


def joined(parts: Sequence[Levels]) -> Levels:
    """Return the levels of several fleets as those of one."""
    rows = []
    for name in ("shares", "loads", "least"):
        arrays = [getattr(part, name) for part in parts]
        draws = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
        rows.append(np.concatenate([np.broadcast_to(a, (*draws, a.shape[-1])) for a in arrays], axis=-1))
    return Levels(*rows)


def split_at(levels: Levels, *, base_usd: FloatOrDraws, usd: FloatOrDraws) -> tuple[Levels, Levels]:
    r"""Return the cheapest split of a fleet's steps: those on the terms of a base, and those above it.

    Parameters
    ----------
    levels : Levels
        What the fleet needs.
    base_usd, usd : float or ndarray, shape (D,)
        Price of a step that is paid all month, and of one that is paid while it runs. [USD per hour]

    Returns
    -------
    (Levels, Levels)
        Of the base, and of what runs beyond it.

    Notes
    -----
    The k-th step runs for the share of the month in which the load asks for k steps; it is cheaper on the terms of
    the base where that share is at least :math:`\rho = p_{base} / p`. So the base holds the highest load :math:`w_\rho`
    that is there for a share of :math:`\rho` (a quantile of the load-duration curve), at every volume. This is the
    newsvendor's critical ratio; see any textbook of operations research, or docs/methodology/fleets.md.
    """
    ratio = np.asarray(base_usd / usd)
    worth = ratio <= 1.0
    load = np.asarray(np.where(worth, levels.lasting(np.minimum(ratio, 1.0)), 0.0))[..., np.newaxis]
    least = np.where(worth, np.max(levels.least, axis=-1), 0.0)[..., np.newaxis]
    above = np.where((levels.loads > load) | ~worth[..., np.newaxis], levels.shares, 0.0)
    base = Levels(np.ones(1), load, least)
    taken = Levels(-np.sum(above, axis=-1, keepdims=True), load, least)
    return base, joined([replace(levels, shares=above), taken])
