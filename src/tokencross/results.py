"""What a study answers with, as users hold it: values of the studies with their charts."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from tokencross.studies import cash, cheapest_map, flips, history, switching, tornado, trend_result
from tokencross.studies.sample import StudySample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Flips", "History", "Map", "Projected", "Sample", "Timing", "Tornado", "Trend", "with_charts"]

T = TypeVar("T")


def with_charts(kind: type[T], found: Any) -> T:  # an instance of the class that ``kind`` adds charts to
    """Return a value of the studies as the class that has its charts too."""
    return kind(**{field.name: getattr(found, field.name) for field in fields(found)})


class Sample(StudySample):
    """A study at draws of its uncertain inputs, by `Study.sample`."""

    def plot_breakeven(
        self, challenger: str, *, against: str | None = None, breakeven: str = "first", ax: Axes | None = None
    ) -> Axes:
        """Return axes with where a breakeven lies: share of draws by volume, quantiles, and how many have none."""
        from tokencross.show.uncertainty import plot_breakeven_density

        return plot_breakeven_density(self, challenger, against=against, breakeven=breakeven, ax=ax)

    def plot_cheapest(self, volumes: ArrayLike | None = None, *, ax: Axes | None = None) -> Axes:
        """Return axes with P(option is the cheapest | V) as stacked areas."""
        from tokencross.show.uncertainty import plot_cheapest_shares

        points = None if volumes is None else np.asarray(volumes, dtype=float)
        return plot_cheapest_shares(self, volumes=points, ax=ax)

    def plot_costs(self, volumes: ArrayLike | None = None, *, ax: Axes | None = None) -> Axes:
        """Return axes with monthly cost: medians within their 5% to 95% bands."""
        from tokencross.show.uncertainty import plot_cost_bands

        points = None if volumes is None else np.asarray(volumes, dtype=float)
        return plot_cost_bands(self, volumes=points, ax=ax)

    def dashboard(self, *, size_inches: tuple[float, float] = (13.0, 13.0)) -> Figure:
        """Return how sure the answer is as a figure: bands, shares of draws, and where the breakeven lies."""
        from tokencross.show.sample_dashboard import sample_dashboard

        return sample_dashboard(self, size_inches=size_inches)

    def _repr_html_(self) -> str:
        """Return how sure the answer is, breakevens, regret and what was drawn for a notebook."""
        from tokencross.show.sample_text import sample_html

        return sample_html(self)


class Tornado(tornado.Tornado):
    """How far each input moves an answer, by `Study.tornado`."""

    def plot(
        self, *, measure: Literal["usd_per_month", "first", "robust"] = "usd_per_month", ax: Axes | None = None
    ) -> Axes:
        """Return axes with a bar per input, the widest above: the cost difference, or a breakeven."""
        from tokencross.show.sensitivity import plot_tornado

        return plot_tornado(self, ax=ax, measure=measure)


class Flips(flips.Flips):
    """The value of every number at which the answer changes, by `Study.flips`."""

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Return axes with the nearest flips as ratios of what is assumed."""
        from tokencross.show.flips import plot_flips

        return plot_flips(self, ax=ax)


class Map(cheapest_map.CheapestMap):
    """Who is the cheapest over two numbers, by `Study.cheapest_map`."""

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Return axes with a region per option, exact borders, and where you are."""
        from tokencross.show.cheapest_map import plot_cheapest_map

        return plot_cheapest_map(self, ax=ax)


class Projected(cash.Projected):
    """Options month by month, by `Study.project`."""

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Return axes with the cumulative cost of every option, paybacks, and announced price steps."""
        from tokencross.show.timing import plot_cash

        return plot_cash(self, ax=ax)


class Timing(switching.Timing):
    """When to switch, by `Study.when`."""

    def planned(self) -> Projected:
        """Return the months when each challenger follows its best plan."""
        return with_charts(Projected, super().planned())

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Return axes with what deciding in each month costs over the best plan, with now and never."""
        from tokencross.show.timing import plot_timing

        return plot_timing(self, ax=ax)

    def dashboard(self, *, size_inches: tuple[float, float] = (11.0, 9.5)) -> Figure:
        """Return what every month to switch in costs, and the cash of the best plans, in one figure."""
        from tokencross.show.timing import timing_figure

        return timing_figure(self, size_inches=size_inches)


class History(history.History):
    """A study through time, by `Study.history`."""

    def plot(self, *, challenger: str | None = None, ax: Axes | None = None) -> Axes:
        """Return axes with the breakeven against the day: steps, gaps, borrowed parts dashed, moves named."""
        from tokencross.show.study_history import plot_history

        return plot_history(self, challenger=challenger, ax=ax)


class Trend(trend_result.Trend):
    """How fast a kind of price has fallen or risen, by `PriceBook.trend`."""

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Return axes with the prices that it rests on, the fitted line and its 90% band."""
        from tokencross.show.trends import plot_trend

        return plot_trend(self, ax=ax)
