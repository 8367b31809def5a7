"""The load that capacity is planned for: peaks, busy minutes, and work that can wait filling the valleys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokencross.number import FloatOrDraws, is_draws

__all__ = ["peak_ratio", "planned_hours"]

Array = NDArray[np.float64]


def peak_ratio(
    *, peak: FloatOrDraws, burst: FloatOrDraws, batch_share: FloatOrDraws, batch_speedup: FloatOrDraws
) -> FloatOrDraws:
    """Return planned capacity over mean load.

    The capacity holds the interactive traffic's busiest minutes, and its idle hours hold what can wait: the larger of
    ``(1 - b) peak burst`` and ``(1 - b) burst + b / s``, with b the deferrable share and s how much faster the same
    GPUs work when nobody waits. Only the peak of the load profile matters, since the capacity is at least the
    interactive load in every hour.
    """
    interactive = 1.0 - batch_share
    return np.maximum(interactive * peak * burst, interactive * burst + batch_share / batch_speedup)


def planned_hours(
    hours: Array, *, burst: FloatOrDraws, batch_share: FloatOrDraws, batch_speedup: FloatOrDraws
) -> Array:
    r"""Return the load of every hour of the week that a fleet which follows it is planned for.

    Parameters
    ----------
    hours : ndarray, shape (168,) or (D, 168)
        Weights of the hours, with mean 1.
    burst : float or ndarray, shape (D,)
        Busiest minutes over their hour.
    batch_share, batch_speedup : float or ndarray, shape (D,)
        Share of the tokens that can wait, and how much faster the same GPUs work when nobody waits.

    Returns
    -------
    ndarray, shape (168,) or (D, 168)
        Interactive traffic in its busiest minutes; hours below a level C are filled up to it with what can wait.

    Notes
    -----
    The level is that of water poured over the profile: :math:`\sum_h \max(0, C - i_h) = 168\, b / s`. With
    :math:`S_k` the sum of the k lowest :math:`i_h` it is the least of :math:`(168\, b / s + S_k) / k`. It does not
    depend on the volume, so the steps of a fleet stay staircases; it is the placement with the lowest peak.
    """
    share = np.asarray(batch_share)[..., np.newaxis]
    busy = (1.0 - share) * hours * np.asarray(burst)[..., np.newaxis]
    if not is_draws(batch_share) and batch_share == 0.0:
        return np.asarray(busy, dtype=float)
    count = np.arange(1.0, hours.shape[-1] + 1.0)
    waiting = hours.shape[-1] * share / np.asarray(batch_speedup)[..., np.newaxis]
    level = np.min((waiting + np.cumsum(np.sort(busy, axis=-1), axis=-1)) / count, axis=-1, keepdims=True)
    filled: Array = np.maximum(busy, np.where(share > 0.0, level, 0.0))
    return filled
