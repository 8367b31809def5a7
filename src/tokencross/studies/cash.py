"""Cash month by month: what each option takes over the horizon, and when a challenger has paid for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.breakeven import breakeven
from tokencross.costs.engineering import Engineering
from tokencross.errors import Problem, ScenarioError
from tokencross.options.inside import everyone
from tokencross.studies.begins import Plan, checked_begins, checked_label
from tokencross.studies.compare import Comparison
from tokencross.studies.flows import COLUMNS, Costs, Flows, Pair, costs_of, first_month, flows, lead_of, limit_of
from tokencross.studies.payback import Payback, payback_of
from tokencross.studies.price_factors import Factors
from tokencross.studies.price_paths import OptionPath, PriceStep, month_start, option_path, start_of
from tokencross.studies.projection import Projection
from tokencross.units import format_count, format_list

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Payback", "Plan", "Projected", "project"]

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projected:
    """Options through the months of a projection, by `project`.

    Attributes
    ----------
    comparison : Comparison
        What is compared, at the medians of what is uncertain.
    projection : Projection
        What is assumed about time.
    plans : mapping of str to Plan
        Of every challenger.
    """

    comparison: Comparison
    projection: Projection
    plans: Mapping[str, Plan]

    # ------------------------------------------------------------------ what everything is made of

    @cached_property
    def volumes(self) -> Array:
        """The volume of each month, shape (M,). [reference tokens/month]"""
        return self.projection.volumes(self.comparison.here)

    @cached_property
    def paths(self) -> Mapping[str, OptionPath]:
        """Every option through the months."""
        factors = Factors.checked(self.projection, self.comparison)
        return {label: option_path(self.comparison, label, factors, self.volumes) for label in self.comparison.labels}

    @cached_property
    def costs(self) -> Mapping[str, Costs]:
        """What every option takes in each month while it is used."""
        return {label: costs_of(path, self.volumes) for label, path in self.paths.items()}

    @property
    def start(self) -> date | None:
        """The day on which month 0 begins; None without tables."""
        return start_of(self.comparison)

    @property
    def steps(self) -> tuple[PriceStep, ...]:
        """When prices jump, whoever's."""
        found = [step for path in self.paths.values() for step in path.steps]
        return tuple(sorted(found, key=lambda step: step.month))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What has to be said with the result."""
        notes = [note for path in self.paths.values() for note in path.notes]
        inside = everyone(self.comparison.options)
        trained = [label for label, option in inside.items() if option.tier == "fine_tuned"]
        notes += [f"{label}: its training is paid evenly over the months that it serves." for label in trained]
        incumbent = self.comparison.incumbent
        if self.paths[incumbent].items:
            again = " until it is renewed" if self.projection.renew_engineering else ""
            notes.append(f"{incumbent} is in place: what it took to set up is spent and not counted{again}.")
        for label in self.challengers:
            both = [each for each in self._in_both(label) if self.paths[label].items_by_label[each]]
            if both:
                notes.append(f"{label}: what {format_list(both)} took to set up is in place with {incumbent}.")
            serves, limit = self._first_token(label), self._limit(label)
            if serves is not None and serves >= limit:
                notes.append(
                    f"{label}: its first token would come in month {format_count(serves)}, {self.end_of(label)}."
                )
        return tuple(dict.fromkeys(notes))

    @property
    def challengers(self) -> list[str]:
        """Everyone but the incumbent."""
        return [label for label in self.comparison.labels if label != self.comparison.incumbent]

    def _in_both(self, challenger: str) -> list[str]:
        """Return who is inside a challenger and inside the incumbent."""
        theirs = self.paths[self.comparison.incumbent].items_by_label
        return [label for label in self.paths[challenger].items_by_label if label in theirs]

    def _limit(self, challenger: str) -> float:
        """Return when a challenger is left at the latest. [months]"""
        return limit_of(self.projection.terms_for(challenger), self.projection)

    def end_of(self, challenger: str) -> str:
        """Return what ends a challenger, and when, in words."""
        limit = self._limit(challenger)
        what = "everything ends" if limit >= self.projection.months else "it is out of use"
        return f"and {what} in month {format_count(limit)}"

    def _first_token(self, challenger: str, begin: int | None = None) -> float | None:
        """Return when a challenger serves, begun in a month or as early as can be; None where that is never."""
        pair = self.pair(challenger)
        assert pair.challenger is not None  # the pair of a challenger has one
        month = first_month(pair.terms, self.comparison.option(challenger)) if begin is None else begin
        return None if month is None else month + lead_of(pair.terms, pair.challenger)

    def pair(self, challenger: str, *, layer: bool = False) -> Pair:
        """Return a challenger and the incumbent with the terms of switching between them.

        What is inside both is in place: its work is paid again by neither, and renewed whoever serves.
        """
        incumbent, both = self.comparison.incumbent, self._in_both(challenger)
        theirs, ours = self.paths[incumbent].items_by_label, self.paths[challenger].items_by_label
        alone = [label for label in theirs if label not in both]
        return Pair(
            replace(self.costs[incumbent], items=_all_of(theirs, alone)),
            replace(self.costs[challenger], items=_all_of(ours, [label for label in ours if label not in both])),
            self.projection.terms_for(challenger),
            layer,
            shared=_all_of(theirs, both),
            catch_up_usd=sum(self.projection.migrations.get(label, 0.0) for label in alone),
        )

    def plan_from(self, challenger: str, month: int | None, *, asked: bool) -> Plan:
        """Return the plan that begins in a month (None: never) and stays as long as can be.

        One that would not serve before its end is none; if it was asked for, it is refused.
        """
        limit = self._limit(challenger)
        serves = None if month is None else self._first_token(challenger, month)
        if serves is not None and serves < limit:
            return Plan(None if month is None else int(month), limit)
        if asked and serves is not None:
            found = f"{month}: its first token would come in month {format_count(serves)}, {self.end_of(challenger)}"
            accepted = "a month that is early enough, or None for never"
            raise ScenarioError(Problem(f"begins[{challenger}]", found, accepted))
        return Plan(None, limit)

    @cached_property
    def by_option(self) -> Mapping[str, Flows]:
        """The cash of every option, one plan each."""
        horizon, found = self.projection.months, {}
        for label in self.comparison.labels:
            if label == self.comparison.incumbent:
                alone = Pair(self.costs[label], None, self.projection.terms_for(label))
                found[label] = flows(alone, np.full(1, horizon), np.full(1, horizon), self.projection)
                continue
            plan = self.plans[label]
            start = np.full(1, float(horizon if plan.begin is None else plan.begin))
            pair = self.pair(label, layer=plan.layer)
            found[label] = flows(pair, start, np.full(1, plan.end), self.projection)
        return found

    # ------------------------------------------------------------------ answers

    def cash_flows(self) -> pd.DataFrame:
        """Return the cash of every option and month.

        Returns
        -------
        DataFrame
            month, date (of the month's first day), option, tokens_per_month, the sums by kind, total_usd, and
            discounted_usd (what the total is worth at the start). Until a challenger serves, its months hold the
            incumbent's bill. [USD]
        """
        import pandas as pd

        months = range(self.projection.months)
        days = [None if self.start is None else month_start(self.start, month) for month in months]
        frames = []
        for label, cash in self.by_option.items():
            columns = {name: cash.column(name)[0] for name in COLUMNS}
            frame = pd.DataFrame({"month": months, "date": days, "option": label, "tokens_per_month": self.volumes})
            frame = frame.assign(**columns, total_usd=cash.total[0], discounted_usd=cash.discounted()[0])
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def cumulative(self, *, discounted: bool = False) -> pd.DataFrame:
        """Return what each option has cost in all by the end of each month: index month_count, a column per option.

        The first row, 0, is before anything is paid. [USD]
        """
        import pandas as pd

        columns = {
            label: np.concatenate([[0.0], np.cumsum(self._cash(label, discounted=discounted))])
            for label in self.comparison.labels
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(self.projection.months + 1, name="month_count"))

    def totals(self) -> pd.DataFrame:
        """Return what each option costs over the horizon: total_usd and present_value_usd, cheapest first."""
        import pandas as pd

        rows = [
            (label, float(cash.total.sum()), float(cash.discounted().sum())) for label, cash in self.by_option.items()
        ]
        frame = pd.DataFrame(rows, columns=["option", "total_usd", "present_value_usd"])
        return frame.set_index("option").sort_values("present_value_usd")

    def payback(self, challenger: str, against: str | None = None, *, discounted: bool = False) -> Payback:
        """Return when a challenger has cost less in all than another option (the incumbent), for good.

        Parameters
        ----------
        challenger, against : str
            Labels.
        discounted : bool
            Whether later money counts less.

        Notes
        -----
        It is the number of months, from the decision on, at whose end the challenger's cumulative cost is strictly
        below its rival's and stays so to the horizon. Equal costs are no payback.
        """
        rival = self.comparison.incumbent if against is None else against
        checked_label(challenger, self.challengers, where="payback")
        checked_label(rival, self.comparison.labels, where="payback", accepted="an option")
        if challenger == rival:
            raise ScenarioError(Problem("payback", f"{challenger!r} against itself", "two different options"))
        ours, theirs = (np.cumsum(self._cash(label, discounted=discounted)) for label in (challenger, rival))
        cash = self.by_option[challenger]
        worth = (1.0 + self.projection.monthly_rate) ** -np.arange(self.projection.months) if discounted else 1.0
        ours, theirs = (np.cumsum(self._cash(label, discounted=discounted)) for label in (challenger, rival))
        laid_out = np.cumsum(cash.laid_out[0] * worth)
        begin = self.plans[challenger].begin
        return payback_of(challenger, rival, begin, ours=ours, theirs=theirs, laid_out=laid_out)

    def breakevens(self) -> pd.DataFrame:
        """Return the breakeven volume of every challenger at the prices of each month, beside the projected volume.

        Returns
        -------
        DataFrame
            month, date, challenger, incumbent, tokens_per_month, first_tokens_per_month, robust_tokens_per_month (nan
            for none), undercuts (at that month's volume). Costs as a study counts them: work up front is spread.
        """
        import pandas as pd

        rows = []
        rival = self.paths[self.comparison.incumbent]
        for label in self.comparison.labels:
            if label == rival.label:
                continue
            for month, volume in enumerate(self.volumes.tolist()):
                ours, theirs = self.paths[label].curve_in(month), rival.curve_in(month)
                found = breakeven(ours, theirs)
                rows.append(
                    {
                        "month": month,
                        "date": None if self.start is None else month_start(self.start, month),
                        "challenger": label,
                        "incumbent": rival.label,
                        "tokens_per_month": volume,
                        "first_tokens_per_month": np.nan if found.first is None else found.first,
                        "robust_tokens_per_month": np.nan if found.robust is None else found.robust,
                        "undercuts": ours.usd_per_month(volume) < theirs.usd_per_month(volume),
                    }
                )
        return pd.DataFrame(rows)

    def crossing_month(self, challenger: str) -> int | None:
        """Return the first month whose volume and prices make a challenger the cheaper by the month; None for none."""
        checked_label(challenger, self.challengers, where="crossing_month")
        theirs = self.paths[self.comparison.incumbent]
        for month, volume in enumerate(self.volumes.tolist()):
            if self.paths[challenger].curve_in(month).usd_per_month(volume) < theirs.curve_in(month).usd_per_month(
                volume
            ):
                return month
        return None

    def _cash(self, label: str, *, discounted: bool) -> Array:
        """Return an option's cash by month, shape (M,). [USD]"""
        cash = self.by_option[label]
        return np.asarray(cash.discounted()[0] if discounted else cash.total[0])

    def __repr__(self) -> str:
        """Return what is projected in one line."""
        return f"<Projected {', '.join(self.comparison.labels)} over {self.projection.months} months>"

    def _repr_html_(self) -> str:
        """Return the totals and when each challenger has paid back, for a notebook."""
        from html import escape

        said = [str(self.payback(label)) for label in self.comparison.labels if label != self.comparison.incumbent]
        lines = "".join(f"<p>{escape(line)}</p>" for line in [*said, *self.notes])
        table = self.totals().to_html(float_format=lambda usd: f"{usd:,.0f}", border=0)
        return f"<div>{table}{lines}</div>"


def project(
    comparison: Comparison, projection: Projection, *, begins: Mapping[str, int | None] | None = None
) -> Projected:
    """Return options through the months to come, at the medians of what is uncertain.

    Parameters
    ----------
    comparison : Comparison
        Whose options; its incumbent is in place.
    projection : Projection
        What is assumed about time.
    begins : mapping of label to int or None, optional
        The month in which one decides for a challenger, None for never; unless said the first month in which it can be
        done, month 0 where nothing is in the way.

    Raises
    ------
    ScenarioError
        If a label or an address is unknown, nobody said where the volume begins, or a challenger begun in a month
        would not serve before everything ends or it is out of use.
    """
    if not isinstance(projection, Projection):
        raise ScenarioError(Problem("projection", f"{projection!r:.60}", "a tc.Projection(months=…)"))
    central, plans = comparison.medians, dict[str, Plan]()
    found = Projected(central, projection, plans)  # a mistake in what the projection names shows in the first plan
    given = checked_begins(begins, found.challengers, projection.months)
    _ = found.paths
    for label in found.challengers:
        month = given.get(label, first_month(projection.terms_for(label), central.option(label)))
        plans[label] = found.plan_from(label, month, asked=label in given)
    return found


def _all_of(items: Mapping[str, tuple[Engineering, ...]], labels: Sequence[str]) -> tuple[Engineering, ...]:
    """Return the work of some labels."""
    return tuple(item for label in labels for item in items[label])
