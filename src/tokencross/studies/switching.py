"""When to switch: the best month for every challenger, what now and never cost instead, and what waiting does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, point
from tokencross.studies.begins import Plan, checked_label
from tokencross.studies.cash import Projected, project
from tokencross.studies.compare import Comparison
from tokencross.studies.price_paths import month_start
from tokencross.studies.projection import Projection
from tokencross.studies.switch_plans import Switch, switch_of
from tokencross.studies.timing_words import timing_sentences

if TYPE_CHECKING:
    import pandas as pd

    from tokencross.studies.option_value import Jump, WaitingValue
    from tokencross.studies.would_change import WouldChange

__all__ = ["Timing", "when"]


@dataclass(frozen=True, eq=False)
class Timing:
    """When to switch, by `when`.

    Attributes
    ----------
    projected : Projected
        The options through the months.
    switches : mapping of str to Switch
        By challenger.
    """

    projected: Projected
    switches: Mapping[str, Switch]

    @property
    def comparison(self) -> Comparison:
        """What is compared."""
        return self.projected.comparison

    @property
    def projection(self) -> Projection:
        """What is assumed about time."""
        return self.projected.projection

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said with the result."""
        return self.projected.notes

    @property
    def best(self) -> Switch | None:
        """The switch of a substitute whose best plan costs the least; None where never switching does."""
        found = [each for each in self.switches.values() if each.substitute and each.month is not None]
        return min(found, key=lambda each: each.best_usd, default=None)

    def verdict(self) -> str:
        """Return when to switch to what, and what now and never cost instead."""
        return timing_sentences(self)

    def switch(self, challenger: str) -> Switch:
        """Return a challenger in time."""
        return self.switches[checked_label(challenger, list(self.switches), where="challenger")]

    def frame(self) -> pd.DataFrame:
        """Return the answer for every challenger.

        Returns
        -------
        DataFrame
            challenger, kind, month, date, at (the price step), leaves_month, with_layer, best_usd, now_usd, never_usd
            (present values; inf where one cannot), too_early_usd and too_late_usd: what acting now and never switching
            cost more than the best.
        """
        import pandas as pd

        rows = []
        for each in self.switches.values():
            rows.append(
                {
                    "challenger": each.challenger,
                    "kind": each.kind,
                    "month": np.nan if each.month is None else each.month,
                    "date": each.date,
                    "at": "" if each.kind != "price step" or each.step is None else each.step.words,
                    "leaves_month": np.nan if each.leaves_month is None else each.leaves_month,
                    "with_layer": each.month is not None and each.way.layer,
                    "best_usd": each.best_usd,
                    "now_usd": each.now_usd,
                    "never_usd": each.never_usd,
                    "too_early_usd": each.now_usd - each.best_usd,
                    "too_late_usd": each.never_usd - each.best_usd,
                }
            )
        return pd.DataFrame(rows)

    def by_month(self, challenger: str) -> pd.DataFrame:
        """Return what every month to decide in costs: index start_month, present values, and what it is over the best.

        Returns
        -------
        DataFrame
            date, present_value_usd, over_best_usd, end_month, and present_value_with_layer_usd where there is one.
        """
        import pandas as pd

        switch = self.switch(challenger)
        plain, *layered = switch.ways
        index = pd.Index(plain.starts.astype(int), name="start_month")
        days = [None if switch.start is None else month_start(switch.start, int(month)) for month in plain.starts]
        cheapest = np.min([way.present_value_usd for way in switch.ways], axis=0)
        frame = pd.DataFrame(
            {
                "date": days,
                "present_value_usd": plain.present_value_usd,
                "over_best_usd": cheapest - switch.best_usd,
                "end_month": plain.ends,
            },
            index=index,
        )
        for way in layered:
            frame["present_value_with_layer_usd"] = way.present_value_usd
        return frame

    def waiting(self, months: int = 6) -> pd.DataFrame:
        """Return what waiting costs against acting now, for every challenger; below 0 it saves.

        Parameters
        ----------
        months : int
            How long. [months]

        Returns
        -------
        DataFrame
            challenger, now_usd (present value of deciding in month 0), then_usd (of deciding in month ``months``),
            waiting_usd (the difference), free_usd (of what is best from then on, never among it), waiting_free_usd.
            inf where one cannot decide in that month, and nan for the difference.
        """
        import pandas as pd

        horizon = self.projection.months
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months < horizon:
            accepted = f"a whole number from 1 to {horizon - 1} (months within the horizon)"
            raise ScenarioError(Problem("waiting: months", repr(months), accepted))
        rows = []
        for each in self.switches.values():
            then = each.plan_usd(months)
            later = [each.plan_usd(month) for month in range(months, horizon)]
            free = min([*later, each.never_usd])
            now = each.now_usd
            rows.append((each.challenger, now, then, _less(then, now), free, _less(free, now)))
        columns = ["challenger", "now_usd", "then_usd", "waiting_usd", "free_usd", "waiting_free_usd"]
        return pd.DataFrame(rows, columns=columns)

    def would_change(self, challenger: str) -> WouldChange:
        """Return what would make acting now right: the outlay, the incumbent's price, the volume."""
        from tokencross.studies.would_change import would_change

        return would_change(self, self.switch(challenger))

    def planned(self) -> Projected:
        """Return the months with every challenger on its best plan; the incumbent to the end where that is the best."""
        horizon, chosen = float(self.projection.months), {}
        for label, each in self.switches.items():
            best = Plan(None, horizon)
            if each.month is not None:
                best = Plan(each.month, each.way.end_of(each.month), each.way.layer)
            chosen[label] = best
        return replace(self.projected, plans=chosen)

    def flexibility(
        self, challenger: str, *, volatility_per_year: Number, jumps: tuple[Jump, ...] = ()
    ) -> WaitingValue:
        """Return the switch under uncertain volume and prices that jump: boundary, worth of waiting, probability.

        Parameters
        ----------
        challenger : str
            Whose switch.
        volatility_per_year : Number
            Standard deviation of the logarithm of volume after a year. [1/sqrt(year)]
        jumps : tuple of Jump
            Sudden changes of the advantage per token, up or down.
        """
        from tokencross.studies.flexibility import flexibility

        checked = check_number(volatility_per_year, where="volatility_per_year", unit="per square root of a year")
        return flexibility(self.projected, self.switch(challenger), volatility_per_year=point(checked), jumps=jumps)

    def __repr__(self) -> str:
        """Return the answer in one line."""
        best = self.best
        answer = "never" if best is None else f"{best.challenger} in month {best.month}"
        return f"<Timing over {self.projection.months} months: {answer}>"

    def _repr_html_(self) -> str:
        """Return the verdict and a row per challenger, for a notebook."""
        from html import escape

        table = self.frame().drop(columns=["at"]).to_html(index=False, float_format=lambda usd: f"{usd:,.0f}", border=0)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<div><p><b>{escape(self.verdict())}</b></p>{table}{notes}</div>"


def _less(then: float, now: float) -> float:
    """Return what waiting costs; nan where one of the two is not possible."""
    return math.nan if math.isinf(then) or math.isinf(now) else then - now


def when(comparison: Comparison, projection: Projection) -> Timing:
    """Return when to switch from the incumbent to each challenger, at the medians of what is uncertain.

    For every month in which one may begin: the incumbent until the first token, engineering and switch as they are
    paid, then the challenger to the horizon (or until it is left), all of it worth at the start.

    Parameters
    ----------
    comparison : Comparison
        Whose options; its incumbent is in place.
    projection : Projection
        What is assumed about time, the terms of switching among it.

    Raises
    ------
    ScenarioError
        As `project`, or if there is nobody to switch to.
    """
    projected = project(comparison, projection)
    central = projected.comparison
    challengers = [label for label in central.labels if label != central.incumbent]
    if not challengers:
        raise ScenarioError(Problem("options", "one option", "at least one more to switch to"))
    return Timing(projected, {label: switch_of(projected, label) for label in challengers})
