"""How traffic is spread over the hours of the week: flat, office hours, a profile, a trace, or one's own log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, ScenarioError, nearest
from tokencross.options.week import (
    DAY_HOURS,
    WEEK_HOURS,
    Zone,
    add_up,
    checked_share,
    later,
    offset_hours,
    worked_hours,
    zone_shares,
)
from tokencross.tables.book import Book
from tokencross.tables.store import bundled_store
from tokencross.units import format_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OUTSIDE_SHARE", "Load", "LoadLike", "load_of"]

OUTSIDE_SHARE = 0.1
"""Traffic of an hour outside office hours over one inside."""
_WHY_OUTSIDE = (
    "an hour outside office hours has 0.1 of the traffic of one inside: our judgement, so that the peak hour is near "
    "the 3.02 times the mean of the Azure LLM trace 2024, coding"
)
_MEAN_TOLERANCE = 1e-12
_BUILT_IN = ("flat", "business_hours")

LoadLike: TypeAlias = "Load | str | Sequence[float] | NDArray[np.float64]"
"""A load, the name of one, or 24 or 168 weights."""


@dataclass(frozen=True)
class Load:
    """Relative traffic by hour of the week.

    Attributes
    ----------
    weights : tuple of 168 floats
        Traffic of each hour over the mean hour, from Monday 0:00 UTC; 24 or 168 of any mean are accepted. [quotient]
    name : str
        Name in captions.
    sources : tuple of Citation or str
        Where the weights come from: rows of the tables, or words.
    burst_ratio : float, optional
        Busiest minutes inside the peak hour over that hour, where it was measured. [quotient]
    covered_days : int, optional
        Days of the log that it was measured from.
    assumed : str
        Which default of the method is in it, and why; empty where there is none.

    Raises
    ------
    ScenarioError
        If the weights are not 24 or 168 finite numbers from 0 on, or are all 0.
    """

    weights: tuple[float, ...]
    name: str = ""
    sources: tuple[Citation | str, ...] = ()
    burst_ratio: float | None = None
    covered_days: int | None = None
    assumed: str = ""

    def __post_init__(self) -> None:
        """Check the weights, and bring their mean to 1."""
        object.__setattr__(self, "weights", _relative(self.weights, "load"))
        if self.burst_ratio is not None and not 1.0 <= self.burst_ratio < math.inf:
            accepted = "a finite number >= 1 (busiest minutes over peak hour)"
            raise ScenarioError(Problem("load:burst_ratio", f"{self.burst_ratio!r}", accepted))

    # ------------------------------------------------------------------ ways to say one

    @classmethod
    def flat(cls) -> Load:
        """Return traffic that is the same in every hour."""
        return cls((1.0,) * WEEK_HOURS, "flat", ("the same in every hour",))

    @classmethod
    def hourly(cls, weights: Sequence[float] | NDArray[np.float64], *, name: str = "", source: str = "") -> Load:
        """Return traffic by hour: 168 weights from Monday 0:00 UTC, or 24 that hold every day.

        Parameters
        ----------
        weights : sequence of 24 or 168 floats
            Relative traffic; only ratios count.
        name, source : str
            Name in captions, and where the weights come from.
        """
        return cls(_relative(weights, "load"), name, (source,) if source else ())

    @classmethod
    def business_hours(
        cls,
        *,
        start_hour: float = 9.0,
        end_hour: float = 18.0,
        weekdays: int = 5,
        time_zone: Zone | Sequence[Zone] | Mapping[Zone, float] = "UTC",
        outside_share: float | None = None,
    ) -> Load:
        """Return the traffic of offices: even in their hours, a share of that outside.

        Parameters
        ----------
        start_hour, end_hour : float
            Local hours of the day between which people work. [hours]
        weekdays : int
            Days of work, counted from Monday; for a week that begins on Sunday, shift by -24 hours. [days]
        time_zone : str, float, sequence or mapping
            Where the offices are: an IANA name or hours ahead of UTC; several share the traffic evenly, or as a mapping
            from zone to share says. A named zone is taken at standard time, the smaller of its offsets on 1 January and
            1 July 2026.
        outside_share : float, optional
            Traffic of an hour outside over one inside, weekends too; 0.1 unless said. [0..1]

        Notes
        -----
        With 45 hours of work and an outside share o the peak hour is 168 / (45 + 123 o) times the mean: 2.93 at the
        default. The default is our judgement (2026-11-22): at 0.08 the ratio is that of the Azure LLM trace 2024,
        coding, 3.02, whose traffic outside 9 to 18 o'clock US Eastern is 0.24 of that inside, with a higher peak in it.
        """
        zones = zone_shares(time_zone)
        hours = worked_hours(start_hour, end_hour, weekdays)
        share = OUTSIDE_SHARE if outside_share is None else checked_share(outside_share, "load:outside_share")
        local = share + (1.0 - share) * hours
        weights = sum(part * later(local, -offset_hours(zone)) for zone, part in zones)
        named = ", ".join(str(zone) if len(zones) == 1 else f"{format_share(part)} {zone}" for zone, part in zones)
        days = f"{weekdays} days a week from Monday" if weekdays != 1 else "Mondays"
        clock = " (standard time)" if any(isinstance(zone, str) and zone != "UTC" for zone, _ in zones) else ""
        said = f"{start_hour:g} to {end_hour:g} o'clock, {days}, {named}{clock}, {share:g} of the traffic outside"
        why = _WHY_OUTSIDE if outside_share is None else ""
        return cls(tuple(np.asarray(weights)), "business hours", (said,), assumed=why)

    @classmethod
    def preset(cls, name: str, *, book: Book | None = None) -> Load:
        """Return a measured load of the tables, with its source and the burst ratio that was measured with it.

        Parameters
        ----------
        name : str
            Id or alias in ``pricing/load``, such as ``azure-coding-2024``.
        book : Book, optional
            The tables; those that came with the package unless given.

        Raises
        ------
        ScenarioError
            If the tables have no such load; the message lists them.
        """
        tables = Book(bundled_store(), bundled_store().date) if book is None else book
        if not isinstance(name, str):
            raise ScenarioError(_unknown(name, tables))
        try:
            profile, citation = tables.load_profile(name)
        except ResolveError:
            raise ScenarioError(_unknown(name, tables)) from None
        hours = profile.hourly_load_ratio.hours
        return cls(hours, profile.id, (citation,), profile.burst_ratio, profile.measured_days)

    @classmethod
    def from_log(
        cls,
        log: ArrayLike | Sequence[datetime] | pd.Series[Any] | pd.Index[Any] | pd.DataFrame | str | PathLike[str],
        *,
        tokens: ArrayLike | None = None,
        time_column: str = "timestamp",
        token_columns: str | Sequence[str] = (),
        period: Literal["week", "day"] = "week",
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        name: str = "own log",
    ) -> Load:
        """Return the load of one's own log: the mean of each hour of the week over its latest whole weeks.

        Parameters
        ----------
        log : array_like, Series, Index, DataFrame, or path to a CSV or Parquet file
            When each request came: datetimes or ISO texts, UTC where they have no zone.
        tokens : array_like, optional
            Tokens of each request beside an array of times; without any, requests are counted. [tokens]
        time_column, token_columns : str, sequence of str
            Columns of a table: the times, and the tokens, which are added up.
        period : "week" or "day"
            "day" gives one profile for all days, and asks for a day of log only.
        start, end : datetime or str, optional
            What the log covers, or the part of it to use; by default from its first to its last request.
        name : str
            Name in captions.

        Returns
        -------
        Load
            With `covered_days`, and `burst_ratio` where times are finer than an hour: the busiest minute of the peak
            hour over the mean minute of that hour, the median over the weeks.

        Raises
        ------
        ScenarioError
            If the log is empty, cannot be read, or covers less than a whole period.
        """
        from tokencross.options.load_log import measured, read_log

        seconds, amounts, said = read_log(log, tokens, time_column, token_columns)
        found = measured(seconds, amounts, period=period, start=start, end=end)
        unit = "tokens" if tokens is not None or len(token_columns) else "requests"
        source = f"{said}: {unit} of {found.covered_days} days from {found.first_day}"
        return cls(found.weights, name, (source,), found.burst_ratio, found.covered_days)

    @classmethod
    def mix(cls, parts: Sequence[tuple[LoadLike, float]], *, name: str = "") -> Load:
        """Return the traffic of several loads together.

        Parameters
        ----------
        parts : sequence of (load, share)
            Loads, or what `Workload` takes for one, with the share of the tokens of each; the shares add up to 1.
        name : str
            Name in captions.

        Notes
        -----
        The mix has no burst ratio, unless one load is all of it: bursts of loads do not come together.
        """
        loads = [(load_of(load, "load"), checked_share(share, "load:share")) for load, share in _pairs(parts)]
        add_up([share for _, share in loads], "load")
        used = [(load, share) for load, share in loads if share > 0.0]
        weights = sum(share * load.hours for load, share in used)
        named = " and ".join(f"{format_share(share)} {load.name or 'hourly'}" for load, share in used)
        sources = tuple(dict.fromkeys(source for load, _ in used for source in load.sources))
        alone = used[0][0] if len(used) == 1 else None
        why = "; ".join(dict.fromkeys(load.assumed for load, _ in used if load.assumed))
        burst, days = (alone.burst_ratio, alone.covered_days) if alone else (None, None)
        return cls(tuple(np.asarray(weights)), name or named, sources, burst, days, why)

    def shifted(self, hours: float) -> Load:
        """Return the same traffic so many hours later (earlier, if negative); parts of hours are spread.

        A trace whose hours are local ones is moved to UTC by minus the hours that it is ahead of UTC.
        """
        if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not math.isfinite(hours):
            raise ScenarioError(Problem("load: shifted", repr(hours), "a finite number (hours)"))
        moved = tuple(later(self.hours, float(hours)))
        name = f"{self.name or 'hourly'} {hours:+g} h" if hours else self.name
        return Load(moved, name, self.sources, self.burst_ratio, self.covered_days, self.assumed)

    def with_peak(self, peak_to_mean: float) -> Load:
        """Return the same hours sharper or flatter: each weight to one power, so that the peak is as asked.

        Raises
        ------
        ScenarioError
            If the peak is below 1, or higher than the busiest hours alone would have.
        """
        busiest = float(np.count_nonzero(self.hours >= self.peak_to_mean * (1.0 - 1e-12)))
        most = WEEK_HOURS / busiest
        if not 1.0 <= peak_to_mean <= most or (peak_to_mean > 1.0 and most == 1.0):
            accepted = f"from 1 to {most:.4g}, that of its busiest hours alone"
            raise ScenarioError(Problem("workload:peak_to_mean", f"{peak_to_mean:g} for {self.describe()}", accepted))
        relative = self.hours / self.peak_to_mean
        low, high = 0.0, 1_024.0
        for _ in range(200):
            middle = (low + high) / 2.0
            low, high = (middle, high) if 1.0 / np.mean(relative**middle) < peak_to_mean else (low, middle)
        weights = relative**high / np.mean(relative**high)
        return Load(tuple(weights.tolist()), self.name, self.sources, self.burst_ratio, self.covered_days, self.assumed)

    # ------------------------------------------------------------------ what follows from it

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """The weights as an array, shape (168,); read only. [quotient]"""
        array = np.array(self.weights)
        array.setflags(write=False)
        return array

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.float64]:
        """Return the weights, shape (168,), where an array is asked for."""
        return np.array(self.hours, dtype=dtype)

    @property
    def peak_to_mean(self) -> float:
        """Peak hour over mean hour. [quotient]"""
        return max(self.weights)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The rows of tables that it is from."""
        return tuple(source for source in self.sources if isinstance(source, Citation))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is doubtful about the rows that it is from."""
        return tuple(f"{cited.row.partition(':')[2]}: {cited.caveat}" for cited in self.citations if cited.caveat)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return "; ".join(str(source) for source in self.sources)

    def describe(self) -> str:
        """Return name and peak in a few words."""
        return f"{self.name or 'hourly'} load, peak {self.peak_to_mean:.3g}x mean"


def load_of(value: object, where: str) -> Load:
    """Return a load from whatever says one: a `Load`, its name, or 24 or 168 weights."""
    if isinstance(value, Load):
        return value
    if not isinstance(value, str):
        return Load(_relative(value, where))
    if value in _BUILT_IN:
        return Load.flat() if value == "flat" else Load.business_hours()
    try:
        return Load.preset(value)
    except ScenarioError as error:
        raise ScenarioError(*(_at(problem, where) for problem in error.problems)) from None


def _at(problem: Problem | str, where: str) -> Problem | str:
    """Return a problem as it is called where it was asked for."""
    return Problem(where, problem.found, problem.accepted, problem.remedy) if isinstance(problem, Problem) else problem


def _unknown(name: object, tables: Book) -> Problem:
    """Return the problem of a name that is no load."""
    store = tables.store
    known = [str(record.data["id"]) for path in store.files("load") for record in store.records("load", path)]
    named = [*_BUILT_IN, *known]
    close = nearest(str(name), named)
    remedy = f"Did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
    return Problem("load", f"unknown {name!r}", f"24 or 168 weights, or one of {', '.join(named)}", remedy)


def _relative(values: object, where: str) -> tuple[float, ...]:
    """Return 168 weights with a mean of 1 from 24 or 168 of any."""
    accepted = "24 or 168 finite weights >= 0, not all 0"
    try:
        weights = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ScenarioError(Problem(where, f"{values!r:.60}", accepted)) from None
    if weights.shape not in {(DAY_HOURS,), (WEEK_HOURS,)}:
        raise ScenarioError(Problem(where, f"{weights.size} weights", accepted))
    if not np.all(np.isfinite(weights)) or weights.min() < 0.0 or weights.max() == 0.0:
        raise ScenarioError(Problem(where, "weights that are negative, not finite or all 0", accepted))
    scaled = weights / weights.max()  # so that no sum of large weights overflows
    mean = math.fsum(scaled.tolist()) / scaled.size
    already = abs(mean * weights.max() - 1.0) <= _MEAN_TOLERANCE  # bringing it there again would only round
    return tuple((weights if already else scaled / mean).tolist()) * (WEEK_HOURS // weights.size)


def _pairs(parts: object) -> list[tuple[object, object]]:
    """Return loads with their shares, once they are seen to be pairs."""
    accepted = "pairs of a load and its share, such as [('flat', 0.4), ('business_hours', 0.6)]"
    if not isinstance(parts, (list, tuple)) or not parts:
        raise ScenarioError(Problem("load: mix", repr(parts), accepted))
    for pair in parts:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ScenarioError(Problem("load: mix", f"{pair!r:.60}", accepted))
    return [(load, share) for load, share in parts]
