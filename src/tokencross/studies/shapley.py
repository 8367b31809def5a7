"""Shapley values from what every coalition is worth: arithmetic alone, no study."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["adding_up", "shapley_values"]

Array = NDArray[np.float64]

_BITS = 48


def shapley_values(worth: Array) -> tuple[float, ...]:
    r"""Return each player's share of what all of them together are worth more than none of them.

    Parameters
    ----------
    worth : ndarray, shape (2**n,)
        What each coalition is worth; in entry s are the players whose bits are set in s, player 0 the lowest.

    Returns
    -------
    tuple of float
        A share for each of the n players, in the unit of ``worth``.

    Notes
    -----
    The mean, over all orders in which the players can come, of what each adds when it comes:

    .. math:: \phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} \left(v(S \cup \{i\}) - v(S)\right)

    Sums are exact before the last rounding (``math.fsum``), so players that are alike get the same float, and who
    changes nothing gets 0.

    References
    ----------
    .. [1] L. S. Shapley, "A Value for n-Person Games", in: Contributions to the Theory of Games II, Annals of
       Mathematics Studies 28, Princeton University Press (1953), 307-317.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 6.0]))  # 1 and 2 alone, 6 together: the 3 more are halved
    (2.5, 3.5)
    """
    count = worth.size.bit_length() - 1
    if worth.shape != (1 << count,):
        raise ValueError(f"worth of shape {worth.shape}: one entry for each of 2**n coalitions is accepted")
    coalitions = np.arange(worth.size)
    sizes = sum((coalitions >> player & 1 for player in range(count)), np.zeros_like(coalitions))
    shares = np.array([1.0 / (count * math.comb(count - 1, size)) for size in range(count)])
    found = []
    for player in range(count):
        without = coalitions[coalitions >> player & 1 == 0]
        added = worth[without | 1 << player] - worth[without]
        found.append(math.fsum((shares[sizes[without]] * added).tolist()))
    return tuple(found)


def adding_up(parts: Sequence[float], ends: tuple[float, float]) -> tuple[tuple[float, ...], tuple[float, float]]:
    """Return parts and the ends between which they lie, such that the parts add up to the difference to the last float.

    All are rounded to whole multiples of one power of 2 that is 2**-48 to 2**-49 of the largest of them, which floats
    add without error. What rounding leaves over goes into the largest part: it is 4e-15 of the largest number at most,
    times the number of parts. Parts that are 0 stay 0.

    Parameters
    ----------
    parts : sequence of float
        Of the difference between the ends, but for rounding.
    ends : (float, float)
        Before and after.

    Examples
    --------
    >>> parts, (before, after) = adding_up((0.1, 0.2, 0.0), (0.1, 0.4))
    >>> math.fsum(parts) == after - before, [round(part, 12) for part in parts]
    (True, [0.1, 0.2, 0.0])
    """
    scale = max(abs(each) for each in (*parts, *ends))
    largest = max(range(len(parts)), key=lambda place: abs(parts[place]), default=None)
    if scale == 0.0 or largest is None or parts[largest] == 0.0:
        return tuple(parts), ends
    unit = math.ldexp(1.0, math.frexp(scale)[1] - _BITS)
    whole = [round(part / unit) for part in parts]
    before, after = (round(end / unit) for end in ends)
    whole[largest] += after - before - sum(whole)
    return tuple(each * unit for each in whole), (before * unit, after * unit)
