"""An option month by month: its eras by the tables' known changes, its prices by month, its work up front."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ResolveError, TokencrossError
from tokencross.number import float_or_draws, point
from tokencross.options.base import Blend, CostOption, Option
from tokencross.options.inside import everyone, rebuilt, resolved_everywhere
from tokencross.options.workload import Workload
from tokencross.studies.compare import Comparison
from tokencross.studies.price_days import cited_on, price_days
from tokencross.studies.price_factors import Factors, engineering_factor
from tokencross.units import format_usd

__all__ = ["Era", "OptionPath", "PriceStep", "month_start", "option_path", "start_of"]

Array: TypeAlias = NDArray[np.float64]

_UPKEEP = (": upkeep", ": upkeep per GPU")
_PROBES = np.geomspace(1e6, 1e12, 7)  # volumes at which two eras are seen to cost the same
_LAST_DAY = 28  # every month has it
_MONTHS_PER_YEAR = 12


def start_of(comparison: Comparison) -> date | None:
    """Return the day on which month 0 begins: the latest date of the options' tables; None without tables."""
    return max((option.book.as_of for option in comparison.everyone.values() if option.book is not None), default=None)


def month_start(start: date, month: int) -> date:
    """Return the day on which a month begins: the same day of a later calendar month, or its last.

    Examples
    --------
    >>> month_start(date(2026, 11, 30), 3), month_start(date(2026, 11, 21), 12)
    (datetime.date(2027, 2, 28), datetime.date(2027, 11, 21))
    """
    years, index = divmod(start.month - 1 + month, _MONTHS_PER_YEAR)
    first = date(start.year + years, index + 1, 1)
    following = (first.replace(day=_LAST_DAY) + timedelta(days=4)).replace(day=1)
    return first.replace(day=min(start.day, (following - timedelta(days=1)).day))


def months_until(start: date, day: date) -> float:
    """Return when a day begins, in months from the start, parts of a month by its days."""
    month = (day.year - start.year) * _MONTHS_PER_YEAR + day.month - start.month
    month -= month_start(start, month) > day
    begins, ends = month_start(start, month), month_start(start, month + 1)
    return month + (day - begins).days / (ends - begins).days


@dataclass(frozen=True)
class PriceStep:
    """A moment at which an option's prices jump.

    Attributes
    ----------
    month : float
        When, in months from the start.
    day : date or None
        The day, where the tables know it.
    label : str
        Whose prices.
    words : str
        What happens.
    rises : bool
        Whether the bill goes up there.
    """

    month: float
    day: date | None
    label: str
    words: str
    rises: bool


@dataclass(frozen=True, eq=False)
class Era:
    """An option from a moment on, at the prices of every month.

    Attributes
    ----------
    begins : float
        Months from the start.
    day : date or None
        The day; None for the first.
    option : CostOption
        With its prices as draws: draw m is month m.
    workload : Workload
        The traffic.
    work : ndarray, shape (M,)
        The work up front of each month over today's.
    """

    begins: float
    day: date | None
    option: CostOption
    workload: Workload
    work: Array

    @cached_property
    def paid(self) -> CostCurve:
        """What is paid month by month: everything but work up front. Its draws are months."""
        return _with_upfront(self.option, np.zeros(1)).resolve(self.workload).curve

    @cached_property
    def amortised(self) -> CostCurve:
        """Monthly cost as a study counts it, work up front spread over its months. Its draws are months."""
        return _with_upfront(self.option, self.work).resolve(self.workload).curve


@dataclass(frozen=True, eq=False)
class OptionPath:
    """An option through the months.

    Attributes
    ----------
    label : str
        Whose.
    months : int
        How many. [months]
    eras : tuple of Era
        In order, the first from month 0.
    items_by_label : mapping of str to tuple of Engineering
        The work up front, its own and of the options inside it; nothing where one of them takes none.
    migration_usd : ndarray, shape (M,)
        What moving on to the next hosted model costs at the beginning of each month. [USD]
    work : ndarray, shape (M,)
        The work up front of each month over today's.
    steps : tuple of PriceStep
        When its prices jump.
    notes : tuple of str
        What has to be said.
    """

    label: str
    months: int
    eras: tuple[Era, ...]
    items_by_label: Mapping[str, tuple[Engineering, ...]]
    migration_usd: Array
    work: Array
    steps: tuple[PriceStep, ...]
    notes: tuple[str, ...]

    @property
    def items(self) -> tuple[Engineering, ...]:
        """The work up front of everyone in it."""
        return tuple(item for items in self.items_by_label.values() for item in items)

    def paid(self, volumes: Array) -> tuple[Array, Array]:
        """Return what running it and keeping it up cost in each month, shape (M,) each. [USD/month]"""
        total, upkeep = np.zeros(self.months), np.zeros(self.months)
        for weight, era in zip(self._weights, self.eras, strict=True):
            if np.any(weight > 0.0):
                total += weight * _monthly(era.paid.usd_per_month(volumes))
                for part in era.paid.components(volumes):
                    if part.label.endswith(_UPKEEP):
                        upkeep += weight * _monthly(part.usd_per_month)
        return total - upkeep, upkeep

    @cached_property
    def _weights(self) -> Array:
        """The share of each month that each era has, shape (eras, M)."""
        begins = np.array([era.begins for era in self.eras] + [np.inf])
        month = np.arange(self.months)
        shares = np.minimum(begins[1:, None], month + 1.0) - np.maximum(begins[:-1, None], month)
        return np.asarray(np.clip(shares, 0.0, 1.0))

    def curve_in(self, month: int) -> CostCurve:
        """Return the curve at the prices with which a month begins, as a study counts it."""
        era = [era for era in self.eras if era.begins <= month][-1]
        curve = era.amortised
        return curve if curve.draw_count is None else curve.draw(month if curve.draw_count > 1 else 0)


def _monthly(usd: object) -> Array:
    """Return month m's cost at month m's volume, where draws are months."""
    found = np.asarray(usd, dtype=float)
    if found.ndim < 2:
        return found
    return found[0] if found.shape[0] == 1 else np.diagonal(found)


# ---------------------------------------------------------------------- building one


def option_path(comparison: Comparison, label: str, factors: Factors, volumes: Array) -> OptionPath:
    """Return an option of a comparison of plain numbers through the months of a projection."""
    projection, workload = factors.projection, comparison.workload
    option, start = comparison.option(label), start_of(comparison)
    work = engineering_factor(projection)
    sold, notes = _sold(option, workload, start, projection.months if projection.announced else 0)
    eras = tuple(Era(begins, day, _priced(each, workload, factors), workload, work) for begins, day, each in sold)
    inside = everyone([option]).values()
    moves = np.zeros(projection.months)
    moves[projection.migration_months] = sum(projection.migrations.get(each.label, 0.0) for each in inside)
    path = OptionPath(
        label,
        projection.months,
        eras,
        {each.label: _work(each) for each in inside},
        moves,
        work,
        (),
        tuple(notes),
    )
    return replace(path, steps=_steps(path, option, workload, factors, volumes))


def _work(option: CostOption) -> tuple[Engineering, ...]:
    """Return an option's own work up front."""
    return tuple(item for item in option.engineering.items if point(item.upfront_usd) > 0.0)


def _sold(
    option: CostOption, workload: Workload, start: date | None, months: int
) -> tuple[list[tuple[float, date | None, CostOption]], list[str]]:
    """Return an option at every day on which its cost changes, and what became of days without a price."""
    found: list[tuple[float, date | None, CostOption]] = [(0.0, None, option)]
    notes: list[str] = []
    if start is None or months == 0:
        return found, notes
    end = month_start(start, months)
    cost = option.curve(workload).usd_per_month(_PROBES)
    for day in sorted(day for day in price_days(option, cited_on([start], workload)) if start < day < end):
        (later,) = rebuilt((option,), lambda each, day=day: _moved(each, start, day))  # type: ignore[misc]  # bound at once
        try:
            now = later.curve(workload).usd_per_month(_PROBES)
        except TokencrossError as error:
            said = f"{option.label}: no price from {day} on ({_why(error)}); the one before is taken to hold."
            notes = notes or [said]
            continue
        if not np.allclose(now, cost, rtol=1e-12, atol=0.0):
            found.append((months_until(start, day), day, later))
            cost = now
    return found, notes


def _moved(option: CostOption, start: date, day: date) -> CostOption:
    """Return an option at a later day; one that was priced at a date of its own stays there."""
    book = option.book
    return (
        option if book is None or isinstance(option, Blend) or book.as_of != start else option.with_book(book.at(day))
    )


def _why(error: TokencrossError) -> str:
    """Return what was asked for in vain."""
    problem = error.problems[0]
    if not isinstance(problem, Problem):
        return problem
    return problem.found if isinstance(error, ResolveError) else f"{problem.where}: {problem.found}"


def _chains(option: CostOption, outer: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Return for each option at the bottom its label and those that it is inside of, innermost first."""
    chain = (option.label, *outer)
    if not isinstance(option, Blend):
        return {option.label: chain}
    return {label: found for part in option.parts for label, found in _chains(part, chain).items()}


def _priced(option: CostOption, workload: Workload, factors: Factors) -> CostOption:
    """Return an option whose prices are draws, one for each month; the same where nothing moves them."""
    chains = _chains(option)
    changes: dict[str, dict[str, Array]] = {}
    for label, resolved in resolved_everywhere({option.label: option.resolve(workload)}):
        for number in resolved.tables:
            factor = factors.of_address(number.address, chains.get(label, (label,)))
            if factor is not None:
                changes.setdefault(label, {})[number.address] = float_or_draws(number.value) * factor

    def change(each: CostOption) -> CostOption:
        if isinstance(each, Option):
            factor = factors.of_curve(chains[each.label])
            return each if factor is None else each.with_number("curve", each.own_curve * factor)
        book = each.book
        if book is None or isinstance(each, Blend) or each.label not in changes:
            return each
        for address, value in changes[each.label].items():
            book = book.override(address, value)
        return each.with_book(book)

    return rebuilt((option,), change)[0]


def _with_upfront(option: CostOption, ratio: Array) -> CostOption:
    """Return an option with its work up front multiplied: by nothing, by 0, or month by month."""
    if np.all(ratio == 1.0):
        return option
    factor = float(ratio[0]) if ratio.size == 1 else ratio

    def change(each: CostOption) -> CostOption:
        items = each.engineering.items
        if isinstance(each, Blend) or not any(point(item.upfront_usd) > 0.0 for item in items):
            return each
        scaled = tuple(replace(item, upfront_usd=point(item.upfront_usd) * factor) for item in items)
        return each.with_number("engineering", EngineeringItems(scaled))

    return rebuilt((option,), change)[0]


def _steps(
    path: OptionPath, option: CostOption, workload: Workload, factors: Factors, volumes: Array
) -> tuple[PriceStep, ...]:
    """Return when an option's prices jump: on the tables' days, and by what the projection says."""
    found = []
    for before, after in itertools.pairwise(path.eras):
        month = min(int(after.begins), path.months - 1)
        usd = [float(_monthly(era.paid.usd_per_month(volumes))[month]) for era in (before, after)]
        words = f"{path.label} goes from {format_usd(usd[0])} to {format_usd(usd[1])} a month at the volume of then"
        found.append(PriceStep(after.begins, after.day, path.label, words, usd[1] > usd[0]))
    chains = _chains(option)
    labels = list(dict.fromkeys(label for chain in chains.values() for label in chain))
    keys = [*labels, *_price_keys(option, workload)]
    for month, words in factors.steps(keys, labels).items():
        earlier, later = _around(path, month, volumes)
        if earlier != later:
            found.append(PriceStep(float(month), None, path.label, f"{path.label}: {words}", later > earlier))
    return tuple(sorted(found, key=lambda step: step.month))


def _around(path: OptionPath, month: int, volumes: Array) -> tuple[float, float]:
    """Return the bill at a month's volume with the prices of the month before, and with its own. [USD/month]"""
    era = [era for era in path.eras if era.begins <= month][-1]
    usd = np.asarray(era.paid.usd_per_month(volumes[month : month + 1]), dtype=float)
    if usd.ndim < 2 or usd.shape[0] == 1:
        return 0.0, 0.0
    return float(usd[month - 1, 0]), float(usd[month, 0])


def _price_keys(option: CostOption, workload: Workload) -> Sequence[str]:
    """Return the addresses, rows and rooms of an option's figures."""
    numbers = [
        number.address
        for _, resolved in resolved_everywhere({option.label: option.resolve(workload)})
        for number in resolved.tables
    ]
    keys = [key for name in numbers for key in (name, name.rpartition(".")[0], name.partition(":")[0])]
    return list(dict.fromkeys(keys))
