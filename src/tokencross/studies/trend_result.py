"""What a trend of prices is: a rate with its interval, the changes that it rests on, and a line where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.studies.trend_fit import DAYS_PER_YEAR, Fitted
from tokencross.units import format_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Trend", "TrendPoint", "change_in_words"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrendPoint:
    """A day on which a price changed.

    Attributes
    ----------
    day : date
        From which on it holds.
    name : str
        What changed: the model or instance; for a slot its cheapest model.
    usd : float
        From then on. [USD per million tokens, or per GPU-hour]
    before_usd : float
        Until then; nan where there was no price. [the same]
    series_count : int
        Models or instances on sale on that day.
    """

    day: date
    name: str
    usd: float
    before_usd: float
    series_count: int

    @property
    def ratio(self) -> float:
        """The price over that before. [quotient]"""
        return self.usd / self.before_usd


@dataclass(frozen=True, eq=False)
class Trend:
    """How fast a price has fallen, with an interval and what it rests on.

    Attributes
    ----------
    kind : str
        What was fitted, such as "small" or "same model".
    subject : str
        The same in full, such as "H100 on demand".
    decline_per_year : float
        Share by which the price fell in a year; below 0 it rose. [1/year]
    low, high : float
        A 90% interval of it. [1/year]
    change_count : int
        Price changes that it rests on: of single prices, or days on which a slot's price moved.
    fall_count, rise_count : int
        Of these, down and up.
    event_count : int
        Occasions: several prices that one provider changed on one day are one.
    from_, to : date
        First and last day of the history.
    basis : str
        How it was found, in words.
    points : tuple of TrendPoint
        The changes; for a level (a slot, a capability) its first price too.
    sources : tuple of Citation
        The rows.
    series_count : int
        Models or instances in the history.
    unchanged_share : float
        Of these, those that never changed their price. [share]
    left_out : tuple of str
        Models that do not count, because their id moves from model to model or they have no score.
    centre_usd : float
        Price on the fitted line in the middle of the history; nan where no level is fitted. [USD]
    draws : ndarray, shape (D,)
        Declines of resampled histories, lowest first. [1/year]
    """

    kind: str
    subject: str
    decline_per_year: float
    low: float
    high: float
    change_count: int
    fall_count: int
    rise_count: int
    event_count: int
    from_: date
    to: date
    basis: str
    points: tuple[TrendPoint, ...]
    sources: tuple[Citation, ...]
    series_count: int
    unchanged_share: float
    left_out: tuple[str, ...]
    centre_usd: float
    draws: Array

    @property
    def is_level(self) -> bool:
        """Whether it is the level of a price (a slot, a capability) and not the changes of single prices."""
        return math.isfinite(self.centre_usd)

    @property
    def cheaper_ratio_per_year(self) -> float:
        """Price now over that of a year later: 1.5 is "1.5 times cheaper every year". [quotient]"""
        return 1.0 / (1.0 - self.decline_per_year)

    @property
    def interval_in_words(self) -> str:
        """The 90% interval as changes of the price, as in "-71% to +42%"."""
        return f"{change_in_words(self.high)} to {change_in_words(self.low)}"

    def distribution(self) -> Fitted:
        """Return the decline as a distribution, the same object each time: for a projection."""
        return self._distribution

    @cached_property
    def _distribution(self) -> Fitted:
        return Fitted(self.draws, name=f"trend of {self.subject} from {self.from_}")

    def fitted_usd(self, days: Iterable[date], *, decline_per_year: float | None = None) -> Array:
        """Return the fitted line on days, or one through its middle with another decline. [USD]"""
        rate = self.decline_per_year if decline_per_year is None else decline_per_year
        middle = (self.from_.toordinal() + self.to.toordinal()) / 2.0
        years = (np.array([day.toordinal() for day in days], dtype=float) - middle) / DAYS_PER_YEAR
        line: Array = self.centre_usd * np.power(1.0 - rate, years)
        return line

    def frame(self) -> pd.DataFrame:
        """Return a row per change: day, what changed, price before and after, and their quotient."""
        import pandas as pd

        columns = ["name", "before_usd", "usd", "ratio", "series_count"]
        rows = [[getattr(point, column) for column in columns] for point in self.points]
        days = pd.DatetimeIndex([point.day for point in self.points], name="from")
        return pd.DataFrame(rows, columns=columns, index=days)

    def sources_frame(self) -> pd.DataFrame:
        """Return the rows that it rests on, with where each comes from."""
        import pandas as pd

        columns = ["row", "effective_from", "basis", "via", "checked", "location"]
        return pd.DataFrame([[getattr(each, column) for column in columns] for each in self.sources], columns=columns)

    def __repr__(self) -> str:
        """Return rate, interval and what they rest on in one line."""
        rate = f"{change_in_words(self.decline_per_year)} a year (90%: {self.interval_in_words})"
        return f"<Trend {self.subject}: {rate}; {self.change_count} changes, {self.from_} to {self.to}>"

    def _repr_html_(self) -> str:
        """Return the rate, what it rests on and the changes for a notebook, escaped."""
        from html import escape

        shown = (
            self.frame()
            .reset_index()
            .to_html(index=False, border=0, na_rep="", max_rows=12, float_format=lambda usd: f"{usd:.3g}")
        )
        return f"<div><p><b>{escape(repr(self)[1:-1])}</b></p><p>{escape(self.basis)}</p>{shown}</div>"


def change_in_words(decline: float) -> str:
    """Return a decline as the change of the price, with its sign."""
    return f"{'+' if decline < 0.0 else '-'}{format_share(abs(decline))}"
