"""Cash month by month: what each option takes over the horizon, and when a challenger has paid for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.breakeven import breakeven
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import point
from tokencross.options.inside import everyone
from tokencross.studies.compare import Comparison
from tokencross.studies.flows import COLUMNS, Costs, Flows, Pair, costs_of, first_month, flows
from tokencross.studies.price_factors import Factors
from tokencross.studies.price_paths import OptionPath, PriceStep, month_start, option_path, start_of
from tokencross.studies.projection import Projection
from tokencross.units import format_share, format_usd

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Payback", "Plan", "Projected", "project"]

Array: TypeAlias = NDArray[np.float64]

_SPENT = ("upfront_usd", "switching_usd")


@dataclass(frozen=True)
class Payback:
    """When an outlay has come back.

    Attributes
    ----------
    challenger, against : str
        Who, and against whom.
    month : int or None
        After so many months the challenger has cost less in all, and stays below; None for not within the horizon.
    outlay_usd : float
        Work up front and the switch, within the horizon. [USD]
    recovered_share : float or None
        The highest share of what had been laid out by then that had come back; None where nothing is laid out.
    recovered_month : int or None
        After how many months that was.
    """

    challenger: str
    against: str
    month: int | None
    outlay_usd: float
    recovered_share: float | None
    recovered_month: int | None

    def __str__(self) -> str:
        """Return it in a sentence."""
        if self.month is not None:
            when = "from the first month" if self.month == 0 else f"after {_months(self.month)}"
            laid = f" lays out {format_usd(self.outlay_usd)} and" if self.outlay_usd > 0.0 else ""
            return f"{self.challenger}{laid} has cost less than {self.against} {when}, for good."
        if self.recovered_share is None or self.recovered_month is None:
            return f"{self.challenger} never costs less than {self.against} in all."
        if self.recovered_share <= 0.0:
            return f"{self.challenger} never pays back any of its {format_usd(self.outlay_usd)}."
        share = f"{format_share(self.recovered_share)} of what it has laid out, after {_months(self.recovered_month)}"
        return f"{self.challenger} does not pay back for good: at the highest {share}."


def _months(count: int) -> str:
    """Return a number of months in words."""
    return f"{count} month{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Plan:
    """When one decides for a challenger, and when one leaves it.

    Attributes
    ----------
    begin : int or None
        The month at whose beginning one decides; None for never.
    end : float
        When it is left again; the horizon for not before. [months]
    layer : bool
        Whether an abstraction layer is built first.
    """

    begin: int | None
    end: float
    layer: bool = False


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
        theirs = self.paths[self.comparison.incumbent].items
        if theirs:
            again = " until it is renewed" if self.projection.renew_engineering else ""
            notes.append(
                f"{self.comparison.incumbent} is in place: what it took to set up is spent and not counted{again}."
            )
        return tuple(dict.fromkeys(notes))

    def pair(self, challenger: str, *, layer: bool = False) -> Pair:
        """Return a challenger and the incumbent with the terms of switching between them."""
        terms = self.projection.terms_for(challenger)
        return Pair(self.costs[self.comparison.incumbent], self.costs[challenger], terms, layer)

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
        """
        rival = self.comparison.incumbent if against is None else against
        for label in (challenger, rival):
            self.comparison.option(label)
        if challenger == rival:
            raise ScenarioError(Problem("payback", f"{challenger!r} against itself", "two different options"))
        ours, theirs = (np.cumsum(self._cash(label, discounted=discounted)) for label in (challenger, rival))
        above = np.flatnonzero(ours > theirs + 1e-9 * np.maximum(np.abs(theirs), 1.0))
        months = self.projection.months
        month = 0 if above.size == 0 else int(above[-1]) + 2
        cash = self.by_option[challenger]
        spent = np.cumsum(cash.discounted(_SPENT)[0] if discounted else sum(cash.column(name)[0] for name in _SPENT))
        back = np.where(spent > 0.0, 1.0 - (ours - theirs) / np.where(spent > 0.0, spent, 1.0), -np.inf)
        best = int(np.argmax(back))
        laid = bool(np.isfinite(back[best]))
        return Payback(
            challenger,
            rival,
            month if month <= months else None,
            float(spent[-1]),
            float(back[best]) if laid else None,
            best + 1 if laid else None,
        )

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
        self.comparison.option(challenger)
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
        If a label or an address is unknown, nobody said where the volume begins, or a month is out of the horizon.
    """
    if not isinstance(projection, Projection):
        raise ScenarioError(Problem("projection", f"{projection!r:.60}", "a tc.Projection(months=…)"))
    central, given = comparison.medians, dict(begins or {})
    for label, month in given.items():
        if label not in central.labels or label == central.incumbent:
            known = [each for each in central.labels if each != central.incumbent]
            accepted = f"a challenger: {', '.join(known) or 'none'}"
            raise ScenarioError(Problem("begins", repr(label), accepted, offer(str(label), known)))
        whole = month is None or (isinstance(month, int) and not isinstance(month, bool))
        if not whole or (month is not None and not 0 <= month < projection.months):
            accepted = f"a whole month from 0 to {projection.months - 1}, or None for never"
            raise ScenarioError(Problem(f"begins[{label}]", repr(month), accepted))
    plans = {}
    for label in central.labels:
        if label != central.incumbent:
            terms = projection.terms_for(label)
            month = given.get(label, first_month(terms, central.option(label)))
            end = np.inf if terms.obsolete_after_months is None else point(terms.obsolete_after_months)
            begins_at = month if month is not None and month < min(projection.months, end) else None
            plans[label] = Plan(begins_at, float(min(projection.months, end)))
    found = Projected(central, projection, plans)
    _ = found.paths  # a mistake in what the projection names shows here, not in the first answer
    return found
