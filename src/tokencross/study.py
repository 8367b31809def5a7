"""The study that users hold: options, a workload, and every question one call away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from tokencross.costs.breakeven import Breakeven
from tokencross.number import Number
from tokencross.options.base import CostOption
from tokencross.options.workload import Workload
from tokencross.studies import addresses
from tokencross.studies.compare import Comparison, compare
from tokencross.studies.on_day import on_day
from tokencross.study_questions import Questions
from tokencross.tables.dates import TABLES_DATE, DateLike, as_date

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Study"]


class Study(Questions):
    """Options compared for one workload; frozen: whatever changes gives a new study.

    Parameters
    ----------
    options : sequence of options
        ``prices.api(…)``, ``prices.self_hosted(…)``, ``tc.Option(…)``, each with its own label.
    workload : Workload
        The traffic, in reference tokens.
    incumbent : str, optional
        Label of the option that the others are compared with; the first unless given.
    reference : sequence of str
        Labels of options that are drawn and compared pairwise but would not do the job equally well: they enter
        neither `winners` nor the verdict's choice.
    tokens_per_month : Number, optional
        Where you are. [reference tokens/month]

    Raises
    ------
    ScenarioError
        If a label is unknown or double, or a number is out of bounds.

    Examples
    --------
    >>> import tokencross as tc
    >>> own = tc.Option("own GPUs", tc.CostCurve.fixed(2_500) + tc.CostCurve.staircase(1_825, 3.285e9))
    >>> api = tc.Option("API", tc.CostCurve.per_mtok(6))
    >>> study = tc.Study([api, own], workload=tc.Workload(input_tokens=3_000, output_tokens=1_000))
    >>> print(study.verdict())
    API is the cheapest up to 721M tokens/month; own GPUs from 721M tokens/month (where API costs 4,325 USD).
    """

    def __init__(
        self,
        options: Sequence[CostOption],
        *,
        workload: Workload,
        incumbent: str | None = None,
        reference: Sequence[str] = (),
        tokens_per_month: Number | None = None,
    ) -> None:
        self._comparison = compare(
            options, workload=workload, incumbent=incumbent, reference=reference, tokens_per_month=tokens_per_month
        )

    @classmethod
    def _of(cls, comparison: Comparison) -> Study:
        """Return the study of a comparison."""
        study = cls.__new__(cls)
        study._comparison = comparison
        return study

    # ------------------------------------------------------------------ what was asked

    @property
    def options(self) -> tuple[CostOption, ...]:
        """The options in the order given."""
        return self._comparison.options

    @property
    def workload(self) -> Workload:
        """The traffic."""
        return self._comparison.workload

    @property
    def incumbent(self) -> str:
        """Label of the option that the others are compared with."""
        return self._comparison.incumbent

    @property
    def reference(self) -> tuple[str, ...]:
        """Labels that are no substitutes."""
        return self._comparison.reference

    @property
    def tokens_per_month(self) -> Number | None:
        """Where you are. [reference tokens/month]"""
        return self._comparison.tokens_per_month

    @property
    def comparison(self) -> Comparison:
        """The options resolved for the workload: what charts and reports are made of."""
        return self._comparison

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said with the result: borrowed dates, announced changes, doubtful or modelled numbers."""
        return self._comparison.notes

    # ------------------------------------------------------------------ answers

    def verdict(self) -> str:
        """Return the answer in a few sentences."""
        from tokencross.studies.verdict import verdict

        return verdict(self._comparison)

    def costs(self, volumes: ArrayLike) -> pd.DataFrame:
        """Return monthly cost: index tokens_per_month, a column of USD/month per option."""
        return self._comparison.costs(volumes)

    def breakdown(self, tokens_per_month: float) -> pd.DataFrame:
        """Return option, component, usd_per_month and source at a volume; they add up to `costs`."""
        return self._comparison.breakdown(tokens_per_month)

    def breakeven(
        self, challenger: str, *, against: str | None = None, margin_share: float = 0.0, per: str = "token"
    ) -> Breakeven:
        """Return where an option undercuts another (the incumbent unless said), exact; see `Breakeven`.

        ``per="success"`` compares what accepted work costs: volumes then count the tokens of accepted tasks, and both
        options have to say their success (`Accepted`).
        """
        return self._comparison.breakeven(challenger, against, margin_share=margin_share, per=per)

    def unit_costs(
        self, volumes: ArrayLike, *, per: str = "mtok", tokens_per_user_month: Number | None = None
    ) -> pd.DataFrame:
        """Return what a unit of work costs: index tokens_per_month, a column of USD per unit per option.

        Parameters
        ----------
        volumes : array_like
            [tokens/month]; with ``per="success"`` tokens of accepted tasks.
        per : str
            ``mtok`` (a million tokens), ``request``, ``user`` (a user's month) or ``success`` (an accepted task).
        tokens_per_user_month : Number, optional
            What a user takes; to be said with ``per="user"``. [tokens/month]

        Raises
        ------
        ScenarioError
            If the unit is unknown or what it needs is not said.
        """
        from tokencross.studies.units import unit_costs

        return unit_costs(self._comparison, volumes, per=per, tokens_per_user_month=tokens_per_user_month)

    def breakevens(self) -> pd.DataFrame:
        """Return every challenger against the incumbent, with reasons where there is none."""
        return self._comparison.breakevens()

    def winners(self) -> pd.DataFrame:
        """Return the cheapest substitute by volume: from_tokens_per_month, to_tokens_per_month, option."""
        return self._comparison.winners()

    def tokens_per_month_for(self, *, usd_per_month: float, option: str) -> float:
        """Return the largest volume that a monthly budget buys of an option. [tokens/month]"""
        return self._comparison.tokens_per_month_for(usd_per_month=usd_per_month, option=option)

    def capacity(self, tokens_per_month: float) -> pd.DataFrame:
        """Return every step from tokens to GPUs for the self-hosted options: a row per step, a column per option."""
        return self._comparison.capacity(tokens_per_month)

    def latency(self) -> pd.DataFrame:
        """Return how long users of each option wait: time_to_first_token_ms, tokens_per_second_per_user, how, source.

        nan where neither a table nor a measurement says; shown beside the costs.
        """
        from tokencross.studies.feasible import latency_frame

        return latency_frame(self._comparison)

    # ------------------------------------------------------------------ what it rests on

    def assumptions(self) -> pd.DataFrame:
        """Return every number given, defaulted or fitted: address, value, unit, origin, source."""
        return self._comparison.assumptions()

    def parameters(self) -> pd.DataFrame:
        """Return every number of the study, table rows too, by the address that `replace` takes."""
        return self._comparison.parameter_frame()

    def sources(self) -> pd.DataFrame:
        """Return every table row used, with its source, dates, file and line."""
        return self._comparison.sources()

    # ------------------------------------------------------------------ the same, otherwise

    def feasible(
        self, *, max_ttft_ms: float | None = None, min_tokens_per_second_per_user: float | None = None
    ) -> Study:
        """Return the study without the options that are known to be too slow; its notes say which, and why.

        Parameters
        ----------
        max_ttft_ms : float, optional
            Longest wait for the first token. [ms]
        min_tokens_per_second_per_user : float, optional
            Slowest speed of one answer, in the model's own tokens. [tokens/s]

        Raises
        ------
        ScenarioError
            If no bound is given, one is not a number above 0, or no substitute is left.
        """
        from tokencross.studies.feasible import feasible

        speed = min_tokens_per_second_per_user
        return self._of(feasible(self._comparison, max_ttft_ms=max_ttft_ms, min_tokens_per_second_per_user=speed))

    def replace(self, changes: Mapping[str, object]) -> Study:
        """Return a new study with numbers at addresses replaced.

        Parameters
        ----------
        changes : mapping of address to value
            Addresses as `parameters` lists them; ``"label:engineering"`` takes a whole `Engineering`.

        Raises
        ------
        ScenarioError
            If an address is unknown (the nearest known is named), or a value out of bounds.
        """
        return self._of(addresses.replaced(self._comparison, changes))

    def correlate(self, pairs: Mapping[tuple[str, str], float]) -> Study:
        """Return the study with correlations between its uncertain inputs.

        Parameters
        ----------
        pairs : mapping of (name, name) to float
            By own name or by address; the correlation of the normal scores (a Gaussian copula), from -1 to 1.

        Raises
        ------
        ScenarioError
            If an input does not exist, a number is out of bounds, or all of them are no correlation matrix.
        """
        from tokencross.studies.inputs import correlated

        return self._of(correlated(self._comparison, pairs))

    def at(self, as_of: DateLike) -> Study:
        """Return the study with the prices of another date, or with ``"tables"`` of the tables' own."""
        day: date | None = None if as_of == TABLES_DATE else as_date(as_of, where="as_of", or_tables=True)
        return self._of(on_day(self._comparison, day))

    def with_workload(self, workload: Workload) -> Study:
        """Return the study with other traffic."""
        changed = Study(
            self.options,
            workload=workload,
            incumbent=self.incumbent,
            reference=self.reference,
            tokens_per_month=self.tokens_per_month if workload.tokens_per_month is None else None,
        )
        kept = self._comparison
        return self._of(
            replace(changed.comparison, said=kept.said, remarks=kept.remarks, correlations=kept.correlations)
        )

    def noted(self, note: str) -> Study:
        """Return the study with a note of one's own in front of its notes."""
        return self._of(replace(self._comparison, said=note)) if note else self

    # ------------------------------------------------------------------ pictures

    @cached_property
    def _shown(self) -> Comparison:
        """The comparison with the same open weights hosted by others beside each self-hosted line."""
        from tokencross.studies.twins import with_hosted_twins

        return with_hosted_twins(self._comparison)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Return axes with monthly cost against volume, drawn into ``ax`` if given."""
        from tokencross.show.plots import plot_costs

        return plot_costs(self._shown, ax=ax)

    def plot_unit_cost(self, ax: Axes | None = None) -> Axes:
        """Return axes with USD per million tokens against volume, drawn into ``ax`` if given."""
        from tokencross.show.plots import plot_unit_costs

        return plot_unit_costs(self._shown, ax=ax)

    def dashboard(self, *, size_inches: tuple[float, float] = (13.0, 10.0)) -> Figure:
        """Return both panels with the fleet strip and the caption: what the command line writes.

        Parameters
        ----------
        size_inches : (float, float)
            Width and height; a slide is 13.3 by 7.5. [inches]
        """
        from tokencross.show.dashboard import dashboard

        return dashboard(self._shown, size_inches=size_inches)

    def _repr_html_(self) -> str:
        """Return verdict, costs, breakevens and sources for a notebook."""
        from tokencross.show.html import study_html

        return study_html(self._shown)

    def __repr__(self) -> str:
        """Return the options in one line."""
        return f"<Study of {', '.join(self._comparison.labels)}; incumbent {self.incumbent}>"
