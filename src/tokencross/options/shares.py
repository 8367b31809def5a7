"""Shares that have to add up to 1: of routes, and of classes of work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, check_number, plain, point

__all__ = ["adding_up", "check_shares", "checked_share", "reshared", "sum_of"]

_SUM_TOLERANCE = 1e-9


def sum_of(parts: Sequence[FloatOrDraws]) -> FloatOrDraws:
    """Return the sum of numbers."""
    total: FloatOrDraws = 0.0
    for part in parts:
        total = total + part
    return total


def adding_up(shares: Sequence[FloatOrDraws]) -> list[FloatOrDraws]:
    """Return shares that add up to 1: the middles of draws, each taken alone, need not."""
    total = np.asarray(sum_of(shares), dtype=float)
    if np.all(np.abs(total - 1.0) <= _SUM_TOLERANCE) or np.any(total <= 0.0):
        return list(shares)
    return [plain(share / total) for share in shares]


def check_shares(shares: Sequence[FloatOrDraws], *, where: str) -> None:
    """Refuse shares that do not add up to 1."""
    total = np.asarray(sum_of(shares), dtype=float)
    if np.any(np.abs(total - 1.0) > _SUM_TOLERANCE):
        place = int(np.argmax(np.abs(total.ravel() - 1.0)))
        worst = float(total.ravel()[place])
        listed = " + ".join(f"{np.broadcast_to(share, total.shape).ravel()[place]:g}" for share in shares)
        remedy = "Shares are fractions: write 0.6 for 60%."
        raise ScenarioError(Problem(where, f"shares {listed} = {worst:.10g}", "shares that add up to 1", remedy))


def checked_share(share: object, where: str) -> FloatOrDraws:
    """Return a share within 0 and 1."""
    remedy = "Shares are fractions: write 0.6 for 60%."
    number = check_number(share, where=where, unit="share", high=1.0, remedy=remedy)
    if not isinstance(number, (float, np.ndarray)):
        accepted = "a number, or draws of it: shares add up to 1, so that one alone cannot be drawn"
        remedy = "Draw them together, such as scipy.stats.dirichlet([6, 4]).rvs(4_096).T"
        raise ScenarioError(Problem(where, f"{number!r:.60}, a distribution", accepted, remedy))
    return number


def reshared(shares: Sequence[FloatOrDraws], at: int, value: object, *, where: str) -> list[FloatOrDraws]:
    """Return shares with one of them replaced, the others taking what is left in proportion."""
    new = checked_share(value, where)
    rest = sum_of([share for index, share in enumerate(shares) if index != at])
    if np.any((np.asarray(rest) <= 0.0) & (np.asarray(new) < 1.0)):
        accepted = "1: the others have no share that could grow in proportion"
        raise ScenarioError(Problem(where, f"{point(new):g}", accepted))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = plain(np.where(np.asarray(rest) > 0.0, (1.0 - new) / rest, 0.0))
    return [new if index == at else share * ratio for index, share in enumerate(shares)]
