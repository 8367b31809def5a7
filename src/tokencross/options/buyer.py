"""A buyer's own terms on a bill by the token: monthly credits, and a support plan that grows with the bill."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.costs.terms import Bands
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, is_draws, plain, plain_number, point
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["SupportPlan", "usage_curve"]


@dataclass(frozen=True)
class SupportPlan:
    """A support plan: shares of the monthly bill by band, and a minimum.

    Attributes
    ----------
    bands : sequence of (from_usd_per_month, share)
        Each part of the bill pays its band's share: ``[(0, 0.10), (10_000, 0.07)]`` is 10% of the first 10,000 USD
        and 7% of the rest. The first band begins at 0 and they ascend. [USD/month, share]
    min_usd_per_month : Number
        At least this much. [USD/month]
    label : str
        Name in breakdowns.

    Examples
    --------
    >>> SupportPlan(bands=[(0, 0.10), (10_000, 0.07)], min_usd_per_month=100).usd_per_month(30_000)
    2400.0
    """

    bands: Sequence[tuple[float, Number]]
    min_usd_per_month: Number = 0.0
    label: str = "support plan"

    def __post_init__(self) -> None:
        """Check bands and minimum."""
        where = f"{self.label}: bands"
        try:
            pairs = [(start, share) for start, share in self.bands]
        except (TypeError, ValueError):
            accepted = "pairs of USD per month and share, such as [(0, 0.10), (10_000, 0.07)]"
            raise ScenarioError(Problem(where, f"{self.bands!r:.60}", accepted)) from None
        bands = tuple(
            (
                plain_number(start, where=f"{where} start", unit="USD per month"),
                check_number(share, where=where, unit="share of the bill", high=1.0),
            )
            for start, share in pairs
        )
        starts = [start for start, _ in bands]
        if not bands or starts[0] != 0.0 or not all(low < high for low, high in itertools.pairwise(starts)):
            raise ScenarioError(Problem(where, f"starts {starts}", "at least one band, the first from 0, ascending"))
        object.__setattr__(self, "bands", bands)
        unit = "USD per month"
        checked = check_number(self.min_usd_per_month, where=f"{self.label}: min_usd_per_month", unit=unit)
        object.__setattr__(self, "min_usd_per_month", checked)

    def numbers(self) -> dict[str, tuple[Number, str]]:
        """Return its numbers by name, each with its unit."""
        found: dict[str, tuple[Number, str]] = {
            f"bands[{start:.15g}].bill_share": (share, "share of the bill above so many USD")
            for start, share in self.bands
        }
        return {**found, "min_usd_per_month": (self.min_usd_per_month, "USD per month")}

    def with_number(self, name: str, value: object, *, where: str) -> SupportPlan:
        """Return the plan with one of its numbers replaced."""
        if name not in self.numbers():
            accepted = f"one of {', '.join(self.numbers())}"
            raise ScenarioError(Problem(f"{where}.{name}", "no such number", accepted, offer(name, [*self.numbers()])))
        if name == "min_usd_per_month":
            return replace(self, min_usd_per_month=value)  # type: ignore[arg-type]  # checked by the plan itself
        share = check_number(value, where=f"{where}.{name}", unit="share of the bill", high=1.0)
        bands = [(start, share if name == f"bands[{start:.15g}].bill_share" else old) for start, old in self.bands]
        return replace(self, bands=bands)

    def usd_per_month(self, bill_usd_per_month: float) -> float:
        """Return what the plan costs on a bill. [USD/month]"""
        ends = [*(start for start, _ in self.bands[1:]), np.inf]
        parts = [
            point(share) * max(min(bill_usd_per_month, end) - start, 0.0)
            for (start, share), end in zip(self.bands, ends, strict=True)
        ]
        return max(float(np.median(float_or_draws(self.min_usd_per_month))), float(sum(parts)))

    def curve(self, usd_per_mtok: FloatOrDraws, fixed_usd_per_month: FloatOrDraws) -> CostCurve:
        """Return the plan's cost on a bill of a fixed part and a price per million tokens."""
        cost = CostCurve()
        ends = [*(start for start, _ in self.bands[1:]), np.inf]
        for (start, number), end in zip(self.bands, ends, strict=True):
            share = float_or_draws(number)
            fixed = share * np.clip(fixed_usd_per_month - start, 0.0, end - start)
            if is_draws(fixed) or float(np.asarray(fixed)) > 0.0:
                cost = cost + CostCurve.fixed(plain(fixed), label=self.label)
            begins = 0.0 if start == 0.0 else _volume_at(start, usd_per_mtok, fixed_usd_per_month)
            stops = np.inf if end == np.inf else _volume_at(end, usd_per_mtok, fixed_usd_per_month)
            cost = cost + _between(begins, stops, usd_per_mtok * share, self.label)
        minimum = float_or_draws(self.min_usd_per_month)
        if is_draws(minimum) or np.any(np.asarray(minimum) > 0.0):
            return CostCurve.minimum(minimum, cost, label=f"{self.label}, minimum")
        return cost


def usage_curve(
    parts: Mapping[str, FloatOrDraws],
    *,
    credits_usd_per_month: FloatOrDraws,
    citations: Sequence[Citation],
) -> CostCurve:
    r"""Return a bill by the token, a component per class of token, less monthly credits.

    Parameters
    ----------
    parts : mapping of label to float or ndarray, shape (D,)
        Prices after discount; they add up to the blended price. [USD per million reference tokens]
    credits_usd_per_month : float or ndarray, shape (D,)
        Usage that is free every month. [USD/month]
    citations : sequence of Citation
        Rows of the prices.

    Returns
    -------
    CostCurve
        Linear from the volume that the credits pay on. [USD/month]

    Notes
    -----
    Credits c pay the first :math:`c / p` tokens of every class alike, so the bill is :math:`\max(0, pV - c)`.
    """
    kept = {label: price for label, price in parts.items() if is_draws(price) or np.any(np.asarray(price) != 0.0)}
    if not kept:
        return CostCurve.per_mtok(0.0, label=next(iter(parts)), citations=citations)
    total = sum(kept.values(), np.float64(0.0))
    if not is_draws(credits_usd_per_month) and credits_usd_per_month == 0.0:
        total = 1.0  # no credits: free up to 0, whatever the price
    free = _volume_at(credits_usd_per_month, total, 0.0)
    cost = CostCurve()
    for label, price in kept.items():
        cost = cost + _between(free, np.inf, price, label, citations)
    return cost


def _volume_at(usd: FloatOrDraws, usd_per_mtok: FloatOrDraws, fixed: FloatOrDraws) -> FloatOrDraws:
    """Return the volume at which a bill reaches a sum. [tokens/month]"""
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = np.maximum(np.asarray(usd) - fixed, 0.0) / np.asarray(usd_per_mtok) * TOKENS_PER_MTOK
    return plain(np.where(np.isnan(volume), 0.0, volume))


def _between(
    begins: FloatOrDraws,
    stops: FloatOrDraws,
    usd_per_mtok: FloatOrDraws,
    label: str,
    citations: Sequence[Citation] = (),
) -> CostCurve:
    """Return a price that holds for the tokens between two volumes."""
    starts: list[FloatOrDraws] = [0.0, begins, stops]
    prices: list[FloatOrDraws] = [0.0, usd_per_mtok, 0.0]
    if not is_draws(begins, stops):
        if not begins < stops:
            return CostCurve()
        ends = 2 if stops == np.inf else 3
        starts, prices = starts[:ends], prices[:ends]
        if begins == 0.0:
            starts, prices = starts[1:], prices[1:]
        if len(starts) == 1:
            return CostCurve.per_mtok(usd_per_mtok, label=label, citations=citations)
    # with draws a band may begin at 0, or never, in some of them, which the public constructor refuses
    return CostCurve((Bands(tuple(starts), tuple(prices), False, label, tuple(citations)),))
