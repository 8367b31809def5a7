"""What a sum of terms costs, in blocks: a plain one at volumes, draws at the same volumes, or each at its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tokencross.costs.coefficients import paired
from tokencross.costs.terms import FULL_STEP_RATIO, Array, Fixed, PerToken, Staircase, Term, straight
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["SortedTerms", "usd_at_volumes", "usd_by_draw"]

_BLOCK = 1 << 15  # costs of draws worked out at once: what a core's cache holds
_PLAIN_BLOCK = 8_192  # volumes worked on at once: three buffers of this size stay in a core's cache


@dataclass(frozen=True)
class SortedTerms:
    """Plain terms by kind.

    Attributes
    ----------
    level, slope : float
        Fixed and per-token terms added up. [USD/month, USD/token]
    steps : tuple of (float, float, float)
        Staircases: USD per step, steps per token, least number of steps.
    others : tuple of Term
        What is neither.
    """

    level: float
    slope: float
    steps: tuple[tuple[float, float, float], ...]
    others: tuple[Term, ...]

    @classmethod
    def of(cls, terms: Iterable[Term]) -> SortedTerms:
        """Return plain terms sorted."""
        level = slope = 0.0
        steps: list[tuple[float, float, float]] = []
        others: list[Term] = []
        for term in terms:
            match term:
                case Fixed():
                    level += float(term.usd_per_month)
                case PerToken():
                    slope += float(term.usd_per_mtok) / TOKENS_PER_MTOK
                case Staircase():
                    steps.append((float(term.usd_per_step), term.steps_per_token(), float(term.min_steps)))
                case _:
                    others.append(term)
        return cls(level, slope, tuple(steps), tuple(others))

    def usd(self, volumes: Array) -> Array:
        """Return the sum of the terms at volumes, shape (V,), in blocks that stay in cache. [USD/month]"""
        out = np.empty(volumes.size)
        buffer = np.empty(min(_PLAIN_BLOCK, volumes.size))
        for start in range(0, volumes.size, _PLAIN_BLOCK):
            block = volumes[start : start + _PLAIN_BLOCK]
            total, work = out[start : start + _PLAIN_BLOCK], buffer[: block.size]
            np.multiply(block, self.slope, out=total)
            total += self.level
            for usd, per_token, minimum in self.steps:
                np.multiply(block, per_token, out=work)
                np.ceil(work, out=work)
                if minimum > 0.0:
                    np.maximum(work, minimum, out=work)
                work *= usd
                total += work
            for term in self.others:
                total += straight(term, block)
        return out


def usd_at_volumes(terms: Sequence[Term], draws: int, volumes: Array) -> Array:
    """Return the sum of terms, every draw at the same volumes; no temporary grows with either.

    Parameters
    ----------
    terms : sequence of Term
        With numbers or draws, shape (D,).
    draws : int
        D.
    volumes : ndarray, shape (V,)
        [tokens/month]

    Returns
    -------
    ndarray, shape (D, V)
        [USD/month]
    """
    out = np.empty((draws, volumes.size))
    columns = max(min(volumes.size, _BLOCK), 1)
    rows = max(_BLOCK // columns, 1)
    for start in range(0, draws, rows):
        some = paired(terms, slice(start, start + rows))
        for low in range(0, volumes.size, columns):
            block = slice(low, low + columns)
            _add_up(some, volumes[np.newaxis, block], out[start : start + rows, block])
    return out


def usd_by_draw(terms: Sequence[Term], volumes: Array) -> Array:
    """Return the sum of terms, each draw at a volume of its own.

    Parameters
    ----------
    terms : sequence of Term
        With numbers or draws, shape (D,).
    volumes : ndarray, shape (D,)
        [tokens/month]

    Returns
    -------
    ndarray, shape (D,)
        [USD/month]
    """
    out = np.empty(volumes.size)
    for start in range(0, volumes.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        _add_up(paired(terms, rows), volumes[rows, np.newaxis], out[rows, np.newaxis])
    return out


def _add_up(terms: Sequence[Term], volumes: Array, total: Array) -> None:
    """Fill ``total`` with the sum of terms at volumes, rows being draws."""
    total[...] = 0.0
    work = np.empty_like(total)
    for term in terms:
        match term:
            case Fixed():
                total += term.usd_per_month
            case PerToken():
                total += np.multiply(volumes, term.usd_per_mtok / TOKENS_PER_MTOK, out=work)
            case Staircase():
                np.divide(volumes, term.tokens_per_step * FULL_STEP_RATIO, out=work)
                np.ceil(work, out=work)
                np.maximum(work, term.min_steps, out=work)
                work *= term.usd_per_step
                total += work
            case _:
                total += straight(term, volumes)
