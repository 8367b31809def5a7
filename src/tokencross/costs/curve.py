"""The cost curve: a sum of labelled terms, a function of tokens per month alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike

from tokencross.citation import Citation
from tokencross.costs.coefficients import coefficients, draw_count, one_draw_count, taken
from tokencross.costs.collapsed import collapsed
from tokencross.costs.composite import Cheapest, Minimum
from tokencross.costs.evaluate import SortedTerms, usd_at_volumes, usd_by_draw
from tokencross.costs.terms import (
    Array,
    Bands,
    Component,
    Fixed,
    PerToken,
    Staircase,
    Term,
    straight,
)
from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws
from tokencross.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CostCurve"]


def _coefficient(value: Number, where: str, unit: str, *, high: float = np.inf, open_low: bool = False) -> FloatOrDraws:
    """Return a checked coefficient."""
    return float_or_draws(check_number(value, where=where, unit=unit, high=high, open_low=open_low))


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Monthly cost as an exact function of tokens per month, defined for every V >= 0.

    Build one with the class methods (`fixed`, `per_mtok`, `staircase`, `bands`, `minimum`, `commitment`, `cheapest`)
    and ``+``. Coefficients may be arrays of draws, shape (D,); results then put draws first.

    Attributes
    ----------
    terms : tuple of Term
        What the curve is the sum of.
    """

    terms: tuple[Term, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse draws of different lengths."""
        _ = self.draw_count

    # ------------------------------------------------------------------ constructors

    @classmethod
    def fixed(cls, usd_per_month: Number, *, label: str = "fixed", citations: Sequence[Citation] = ()) -> CostCurve:
        """Return a monthly amount that does not depend on volume. [USD/month]"""
        usd = _coefficient(usd_per_month, f"{label}: usd_per_month", "USD per month")
        return cls((Fixed(usd, label, tuple(citations)),))

    @classmethod
    def per_mtok(cls, usd_per_mtok: Number, *, label: str = "tokens", citations: Sequence[Citation] = ()) -> CostCurve:
        """Return a price for every token. [USD per million tokens]"""
        usd = _coefficient(usd_per_mtok, f"{label}: usd_per_mtok", "USD per million tokens")
        return cls((PerToken(usd, label, tuple(citations)),))

    @classmethod
    def staircase(
        cls,
        usd_per_step: Number,
        tokens_per_step: Number,
        *,
        min_steps: Number = 0,
        label: str = "capacity",
        citations: Sequence[Citation] = (),
    ) -> CostCurve:
        """Return capacity bought in whole steps.

        Costs ``usd_per_step * max(min_steps, ceil(V / tokens_per_step))``; a full step is inclusive: V counts as n
        steps when ``V <= n * tokens_per_step * (1 + 1e-12)``.

        Parameters
        ----------
        usd_per_step : Number
            Price of one step. [USD/month]
        tokens_per_step : Number
            What one step serves; must be positive. [tokens/month]
        min_steps : Number
            Whole steps bought at any volume, 0 included.
        label : str
            Name of the component in a breakdown.
        citations : sequence of Citation
            Where the coefficients come from.

        Raises
        ------
        ScenarioError
            If a coefficient is negative or not finite, or ``min_steps`` is not whole.
        """
        usd = _coefficient(usd_per_step, f"{label}: usd_per_step", "USD per step and month")
        tokens = _coefficient(tokens_per_step, f"{label}: tokens_per_step", "tokens per step and month", open_low=True)
        steps = _coefficient(min_steps, f"{label}: min_steps", "steps")
        if np.any(np.floor(steps) != steps):
            raise ScenarioError(Problem(f"{label}: min_steps", f"{steps}", "a whole number of steps"))
        if isinstance(usd, float) and usd == 0.0:  # steps that cost nothing are no breakpoints
            return cls((Fixed(0.0, label, tuple(citations)),))
        return cls((Staircase(usd, tokens, steps, label, tuple(citations)),))

    @classmethod
    def bands(
        cls,
        bands: Sequence[tuple[Number, Number]],
        *,
        whole_bill: bool = False,
        label: str = "tokens",
        citations: Sequence[Citation] = (),
    ) -> CostCurve:
        """Return prices that change with volume.

        Parameters
        ----------
        bands : sequence of (start, usd_per_mtok)
            From each start [tokens/month] on, its price [USD per million tokens]. The first start is 0 and starts
            ascend.
        whole_bill : bool
            False: each token pays its band's price. True: the band that V is in (V > its start) prices all of V.
        label : str
            Name of the component in a breakdown.
        citations : sequence of Citation
            Where the coefficients come from.

        Raises
        ------
        ScenarioError
            If a price is negative, or starts do not ascend from 0.
        """
        where = f"{label}: bands"
        starts = tuple(_coefficient(start, f"{where} start", "tokens per month") for start, _ in bands)
        prices = tuple(_coefficient(price, f"{where} price", "USD per million tokens") for _, price in bands)
        ascending = all(bool(np.all(np.asarray(a) < np.asarray(b))) for a, b in itertools.pairwise(starts))
        if not starts or np.any(np.asarray(starts[0]) != 0.0) or not ascending:
            found = [start for start, _ in bands]
            raise ScenarioError(Problem(where, f"starts {found}", "at least one band, the first from 0, ascending"))
        return cls((Bands(starts, prices, whole_bill, label, tuple(citations)),))

    @classmethod
    def minimum(
        cls,
        usd_per_month: Number,
        curve: CostCurve,
        *,
        label: str = "minimum top-up",
        citations: Sequence[Citation] = (),
    ) -> CostCurve:
        """Return ``curve``, but at least this much a month. [USD/month]"""
        usd = _coefficient(usd_per_month, f"{label}: usd_per_month", "USD per month")
        return cls((Minimum(usd, curve.terms, label, tuple(citations)),))

    @classmethod
    def commitment(
        cls,
        usd_per_month: Number,
        tokens_included: Number,
        *,
        overage_usd_per_mtok: Number,
        label: str = "commitment",
        citations: Sequence[Citation] = (),
    ) -> CostCurve:
        """Return a fee [USD/month] with so many tokens included [tokens/month], then a price per million tokens."""
        included = _coefficient(tokens_included, f"{label}: tokens_included", "tokens per month")
        fee = cls.fixed(usd_per_month, label=label, citations=citations)
        over = f"{label} overage"
        price = _coefficient(overage_usd_per_mtok, f"{over}: usd_per_mtok", "USD per million tokens")
        return fee + cls((Bands((0.0, included), (0.0, price), label=over, citations=tuple(citations)),))

    @classmethod
    def cheapest(cls, curves: Sequence[CostCurve], *, label: str = "cheapest") -> CostCurve:
        """Return the lower envelope of curves, itself a curve (a breakdown shows the winner's terms)."""
        if not curves:
            raise ScenarioError(Problem(label, "no curves", "at least one curve"))
        return cls((Cheapest(tuple(curve.terms for curve in curves), label),))

    # ------------------------------------------------------------------ algebra

    def __add__(self, other: CostCurve) -> CostCurve:
        """Return the sum of two curves."""
        return CostCurve(self.terms + other.terms) if isinstance(other, CostCurve) else NotImplemented

    def __mul__(self, ratio: Number) -> CostCurve:
        """Return the curve with every amount multiplied: an uplift or a discount."""
        factor = _coefficient(ratio, "curve * ratio", "ratio")
        self._check_draws(factor, "curve * ratio")
        return CostCurve(tuple(term.scaled(factor, 1.0) for term in self.terms))

    __rmul__ = __mul__

    def at_share(self, share: Number) -> CostCurve:
        """Return the cost at V when only this share of V comes here: the curve evaluated at ``share * V``."""
        checked = _coefficient(share, "at_share", "share of V")
        self._check_draws(checked, "at_share")
        return CostCurve(tuple(term.scaled(1.0, checked) for term in self.terms))

    def _check_draws(self, number: FloatOrDraws, where: str) -> None:
        """Refuse draws that are not as many as the curve's."""
        one_draw_count([number, *(x for term in self.terms for x in coefficients(term))], where=where)

    def labelled(self, label: str) -> CostCurve:
        """Return the curve with every term carrying ``label``."""
        return CostCurve(tuple(replace(term, label=label) for term in self.terms))  # type: ignore[type-var]  # terms are dataclasses

    def cited(self, citations: Sequence[Citation]) -> CostCurve:
        """Return the curve with every term resting on ``citations``."""
        return CostCurve(tuple(replace(term, citations=tuple(citations)) for term in self.terms))  # type: ignore[type-var]  # terms are dataclasses

    def draw(self, index: int) -> CostCurve:
        """Return the plain curve of one draw of the coefficients."""
        return CostCurve(tuple(term.draw(index) for term in self.terms))

    def draws(self, rows: slice) -> CostCurve:
        """Return the curve of some of the draws; numbers that are the same in all of them stay as they are."""
        some = CostCurve(taken(self.terms, rows))
        # terms that are one in these draws alone stay apart: what a draw costs does not hang on those beside it
        some.__dict__["_few_terms"] = taken(self._few_terms, rows)
        return some

    def collapsed(self) -> CostCurve:
        """Return a curve of the same total with the fewest terms, labels and citations left behind."""
        return CostCurve(self._few_terms)

    @cached_property
    def _few_terms(self) -> tuple[Term, ...]:
        """The fewest terms of the same total."""
        return collapsed(self.terms)

    @cached_property
    def draw_count(self) -> int | None:
        """Number of draws that the coefficients carry; None for a plain curve."""
        return draw_count(self.terms, where=", ".join(dict.fromkeys(term.label for term in self.terms)) or "curve")

    # ------------------------------------------------------------------ evaluation

    @overload
    def usd_per_month(self, volumes: float) -> float: ...
    @overload
    def usd_per_month(self, volumes: ArrayLike) -> Array: ...
    def usd_per_month(self, volumes: ArrayLike) -> float | Array:
        """Return the monthly cost at volumes.

        Parameters
        ----------
        volumes : float or array_like, shape (V,) or any other
            Tokens per month, each >= 0. [tokens/month]

        Returns
        -------
        float or ndarray
            In the volumes' shape, a float for a float; with draws ``(D,) + volumes.shape``. [USD/month]

        Raises
        ------
        ScenarioError
            If a volume is negative or not finite.
        """
        points = _volumes(volumes)
        if self.draw_count is not None:
            costs = usd_at_volumes(self._few_terms, self.draw_count, points.reshape(-1))
            return costs.reshape(self.draw_count, *points.shape)
        if points.ndim == 0:
            total = self._dense(points)
            return np.asarray(total) if isinstance(volumes, np.ndarray) else float(total)
        return self._sorted_terms.usd(np.ascontiguousarray(points).reshape(-1)).reshape(points.shape)

    def usd_per_month_by_draw(self, volumes: Array) -> Array:
        """Return the monthly cost of each draw at a volume of its own.

        Parameters
        ----------
        volumes : ndarray, shape (D,)
            Tokens per month, each >= 0; nan where there is none. [tokens/month]

        Returns
        -------
        ndarray, shape (D,)
            nan where the volume is. [USD/month]

        Raises
        ------
        ScenarioError
            If there are not as many volumes as draws, or one is negative or infinite.
        """
        points = np.asarray(volumes, dtype=float)
        self._check_draws(points, "usd_per_month_by_draw: volumes")
        points = np.broadcast_to(points, (max(points.size, self.draw_count or 1),))
        none = np.isnan(points)
        costs = usd_by_draw(self._few_terms, _volumes(np.where(none, 0.0, points)))
        return np.where(none, np.nan, costs)

    def _dense(self, points: Array) -> Array:
        """Return the sum of the terms at once."""
        total: Array = np.zeros(points.shape)
        for term in self.terms:
            total = total + straight(term, points)
        return total

    @cached_property
    def _sorted_terms(self) -> SortedTerms:
        """The terms by kind, as they are evaluated."""
        return SortedTerms.of(self.terms)

    @overload
    def usd_per_mtok(self, volumes: float) -> float: ...
    @overload
    def usd_per_mtok(self, volumes: ArrayLike) -> Array: ...
    def usd_per_mtok(self, volumes: ArrayLike) -> float | Array:
        """Return the average cost per million tokens at volumes; nan at V = 0. [USD per million tokens]"""
        points = _volumes(volumes)
        usd = np.asarray(self.usd_per_month(points))
        mtok = np.where(points > 0.0, points / TOKENS_PER_MTOK, np.nan)
        average = np.asarray(usd / mtok)
        return average if average.ndim or isinstance(volumes, np.ndarray) else float(average)

    def components(self, volumes: ArrayLike) -> list[Component]:
        """Return the parts of the bill at volumes, equal labels added up, in the order of the terms."""
        points = _volumes(volumes)
        merged: dict[str, Component] = {}
        for term in self.terms:
            for part in term.components(points):
                if part.label in merged:
                    old = merged[part.label]
                    citations = tuple(dict.fromkeys(old.citations + part.citations))
                    part = Component(part.label, old.usd_per_month + part.usd_per_month, citations)  # noqa: PLW2901  # the merged part takes its place
                merged[part.label] = part
        return list(merged.values())

    def breakdown(self, volumes: ArrayLike) -> pd.DataFrame:
        """Return the parts of the bill: a row per volume, a column of USD/month per label; they add up to the total.

        Raises
        ------
        ScenarioError
            If the coefficients are draws (take one with `draw`), or a volume is negative or not finite.
        """
        import pandas as pd

        if self.draw_count is not None:
            found = f"a curve with {self.draw_count} draws"
            raise ScenarioError(
                Problem("breakdown", found, "a plain curve", "Take one draw: curve.draw(0).breakdown(…).")
            )
        points = np.atleast_1d(_volumes(volumes)).reshape(-1)
        index = pd.Index(points, name="tokens_per_month")
        return pd.DataFrame({part.label: part.usd_per_month for part in self.components(points)}, index=index)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation that a term carries, once each."""
        return tuple(dict.fromkeys(c for part in self.components(0.0) for c in part.citations))

    def __repr__(self) -> str:
        """Return the labels of the terms in one line."""
        labels = ", ".join(dict.fromkeys(term.label for term in self.terms))
        return f"<CostCurve: {labels or 'nothing'}>"


def _volumes(volumes: ArrayLike) -> Array:
    """Return volumes as floats once they are seen to be finite and not negative."""
    points = np.asarray(volumes, dtype=float)
    if points.size and not (points.min() >= 0.0 and points.max() < np.inf):
        worst = points[~((points >= 0.0) & (points < np.inf))].ravel()[0]
        raise ScenarioError(Problem("tokens_per_month", f"{worst:g}", "a finite number >= 0 (tokens per month)"))
    return points
