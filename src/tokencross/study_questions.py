"""What else a study is asked: how sure, what it hinges on, when to act, and how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tokencross.studies.compare import Comparison
from tokencross.tables.dates import DateLike

if TYPE_CHECKING:
    import pandas as pd

    from tokencross.results import Flips, History, Map, Projected, Sample, Timing, Tornado
    from tokencross.studies.attribution_result import Attribution
    from tokencross.studies.cheapest_map import Range
    from tokencross.studies.eras import ThroughputAt
    from tokencross.studies.history import Succession
    from tokencross.studies.projection import Projection
    from tokencross.studies.upcoming import Upcoming
    from tokencross.studies.variance import VarianceShares

__all__ = ["Questions"]


class Questions:
    """The questions of `Study` that look beyond today's point: every one is a call into a room below."""

    _comparison: Comparison

    # ------------------------------------------------------------------ how sure

    def sample(self, *, draws: int = 8_192, seed: int, table_errors: bool = True, chunk_draws: int = 16_384) -> Sample:
        """Return the study at draws of its uncertain inputs: who is the cheapest how often, quantiles, regret.

        Parameters
        ----------
        draws : int
            How many; of the next power of two the first so many are kept.
        seed : int
            The same seed gives the same sample, bit for bit.
        table_errors : bool
            Whether the errors that fits and tables bring along are drawn too.
        chunk_draws : int
            How many are worked out at once; nothing depends on it but memory.

        Raises
        ------
        ScenarioError
            If an argument is out of bounds, SciPy is not installed, or an option refuses a drawn value.
        """
        from tokencross.results import Sample, with_charts
        from tokencross.studies.sample import sample

        found = sample(self._comparison, draws=draws, seed=seed, table_errors=table_errors, chunk_draws=chunk_draws)
        return with_charts(Sample, found)

    # ------------------------------------------------------------------ what it hinges on

    def tornado(
        self,
        challenger: str | None = None,
        *,
        against: str | None = None,
        tokens_per_month: float | None = None,
        share: float = 0.9,
        swing_share: float | None = None,
        table_errors: bool = True,
    ) -> Tornado:
        """Return how far each input moves the breakevens and the cost difference of a pair, one at a time.

        Parameters
        ----------
        challenger, against : str, optional
            The pair: unless said, the cheapest other substitute at the volume against the incumbent.
        tokens_per_month : float, optional
            The volume of the cost difference; where you are unless given. [tokens/month]
        share : float
            Of an uncertain input's probability between its two values: 0.9 is from its 5% to its 95% quantile.
        swing_share : float, optional
            Every other number moves by this share of itself either way; unless given, they stay.
        table_errors : bool
            Whether the errors that fits and tables bring along count as uncertain inputs.
        """
        from tokencross.results import Tornado, with_charts
        from tokencross.studies.tornado import tornado

        found = tornado(
            self._comparison,
            challenger,
            against=against,
            tokens_per_month=tokens_per_month,
            share=share,
            swing_share=swing_share,
            table_errors=table_errors,
        )
        return with_charts(Tornado, found)

    def flips(
        self,
        *,
        challenger: str | None = None,
        against: str | None = None,
        tokens_per_month: float | None = None,
    ) -> Flips:
        """Return for every number of the study the nearest values at which the answer at a volume changes, exact.

        Parameters
        ----------
        challenger, against : str, optional
            With either, whether the challenger undercuts the rival; without, who of the substitutes is the cheapest.
        tokens_per_month : float, optional
            The volume; where you are unless given. [tokens/month]
        """
        from tokencross.results import Flips, with_charts
        from tokencross.studies.flips import flips

        found = flips(self._comparison, challenger=challenger, against=against, tokens_per_month=tokens_per_month)
        return with_charts(Flips, found)

    def variance_shares(
        self,
        challenger: str | None = None,
        *,
        against: str | None = None,
        tokens_per_month: float | None = None,
        draws: int = 1_024,
        seed: int,
        table_errors: bool = True,
    ) -> VarianceShares:
        """Return which share of the variance of a cost difference each uncertain input is behind (Sobol's indices).

        Parameters
        ----------
        challenger, against : str, optional
            The pair, as in `tornado`.
        tokens_per_month : float, optional
            The volume; where you are unless given. [tokens/month]
        draws : int
            A power of two from 16 on; the study is worked out (inputs + 2) times as often.
        seed : int
            The same seed gives the same shares.
        table_errors : bool
            Whether the errors that fits and tables bring along count as uncertain inputs.
        """
        from tokencross.studies.variance import variance_shares

        return variance_shares(
            self._comparison,
            challenger,
            against=against,
            tokens_per_month=tokens_per_month,
            draws=draws,
            seed=seed,
            table_errors=table_errors,
        )

    def cheapest_map(
        self,
        x: str,
        y: str,
        *,
        x_range: Range | None = None,
        y_range: Range | None = None,
        points: int = 101,
        tokens_per_month: float | None = None,
    ) -> Map:
        """Return who is the cheapest over any two numbers, with exact borders.

        Parameters
        ----------
        x, y : str
            Addresses, or the names of uncertain inputs; ``tokens_per_month`` is the volume.
        x_range, y_range : (float, float), optional
            From where to where.
        points : int
            Values of y at which the borders are solved.
        tokens_per_month : float, optional
            The volume, where neither of the two is it; where you are unless given. [tokens/month]
        """
        from tokencross.results import Map, with_charts
        from tokencross.studies.cheapest_map import cheapest_map

        found = cheapest_map(
            self._comparison,
            x,
            y,
            x_range=x_range,
            y_range=y_range,
            points=points,
            tokens_per_month=tokens_per_month,
        )
        return with_charts(Map, found)

    # ------------------------------------------------------------------ when

    def project(self, projection: Projection, *, begins: Mapping[str, int | None] | None = None) -> Projected:
        """Return the options month by month: cash, totals, payback, and the breakeven by month.

        Parameters
        ----------
        projection : Projection
            What is assumed about the months to come.
        begins : mapping of label to month, optional
            When one decides for each challenger; at once unless said, None is never. [months]
        """
        from tokencross.results import Projected, with_charts
        from tokencross.studies.cash import project

        return with_charts(Projected, project(self._comparison, projection, begins=begins))

    def when(self, projection: Projection) -> Timing:
        """Return when to switch to each challenger: the best month, what now and never cost, and what would change it.

        Parameters
        ----------
        projection : Projection
            What is assumed about the months to come, and in its ``switching`` what going over takes.
        """
        from tokencross.results import Timing, with_charts
        from tokencross.studies.switching import when

        return with_charts(Timing, when(self._comparison, projection))

    def upcoming(self, days: int = 90) -> Upcoming:
        """Return which prices known for the coming days move the study, with every breakeven before and after each.

        Parameters
        ----------
        days : int
            How far ahead of the study's date, the last day included. [days]

        Raises
        ------
        ScenarioError
            If ``days`` is not a whole number of at least 1, or no option has a date.
        """
        from tokencross.studies.upcoming import upcoming

        return upcoming(self._comparison, days)

    def announced(self) -> pd.DataFrame:
        """Return every known later price change within the longest amortisation, with breakevens before and after."""
        from tokencross.studies.announced import announced_frame

        return announced_frame(self._comparison)

    def moved_since(
        self,
        before: Questions,
        challenger: str,
        *,
        against: str | None = None,
        tokens_per_month: float | None = None,
    ) -> Attribution:
        """Return what moved a challenger's advantage and breakeven from another study to this one.

        The change of the advantage at a volume is shared out over prices, traffic, recipes and volume by Shapley
        values, which add up; the breakevens after each change come in the order of their days.

        Parameters
        ----------
        before : Study
            The study as it was.
        challenger, against : str
            Labels; the latter is the incumbent unless said.
        tokens_per_month : float, optional
            Where the advantage is looked at; this study's own volume unless said. [tokens/month]

        Raises
        ------
        ScenarioError
            If neither study has a label, or the volume is not a number above 0.
        """
        from tokencross.studies.attribution import attribute

        return attribute(before._comparison, self._comparison, challenger, against, tokens_per_month=tokens_per_month)

    def history(
        self,
        *,
        from_: DateLike,
        to: DateLike | None = None,
        succession: Succession | None = None,
        throughput: ThroughputAt = "held",
        borrow: bool = True,
    ) -> History:
        """Return the study on a first day and on every later one on which a price changed.

        Parameters
        ----------
        from_, to : date or str
            The first day, and the last: the study's own unless said. Later days use announced prices.
        succession : mapping of label to sequence of (date, option), optional
            Options that follow each other in the place of a label, as in ``{"frontier": [("2023-07-26",
            prices.api("openai/gpt-4")), …]}``.
        throughput : str
            ``held``, the rates of the study's own date throughout, or ``known by then``, the rows measured by each day.
        borrow : bool
            Whether an instance counts at its first known price before it; otherwise those days are gaps.
        """
        from tokencross.results import History, with_charts
        from tokencross.studies.history import history

        found = history(
            self._comparison, from_=from_, to=to, succession=succession, throughput=throughput, borrow=borrow
        )
        return with_charts(History, found)
