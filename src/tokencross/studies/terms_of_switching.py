"""What a switch takes besides the challenger's engineering: sums, months, examples, and what one gets back."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, point

__all__ = ["Switching"]

_UNITS: dict[str, str] = {
    "lead_months": "months",
    "switching_usd": "USD",
    "abstraction_layer_usd": "USD",
    "switching_with_layer_usd": "USD",
    "exit_usd": "USD",
    "delay_cost_usd_per_month": "USD per month",
    "obsolete_after_months": "months",
    "recoverable_share": "share of the outlay",
    "labelled_examples_per_month": "labelled examples per month",
    "examples_held_count": "labelled examples",
    "examples_needed_count": "labelled examples",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Switching:
    """What switching to a challenger takes, and leaving it again.

    Attributes
    ----------
    lead_months : Number, optional
        From the decision to the first token; until then the incumbent's bill runs on and nothing of the challenger's
        fleet is rented. The longest of its engineering items unless given. [months]
    switching_usd : Number
        Paid once, at the decision, on top of the challenger's engineering: integration, prompts, tests. [USD]
    abstraction_layer_usd : Number, optional
        A layer between application and models, built in month 0, that lowers it. Both ways are then answered. [USD]
    switching_with_layer_usd : Number
        What the switch costs with that layer. [USD]
    exit_usd : Number
        Paid on leaving the challenger again before the horizon: at obsolescence, or on returning. [USD]
    delay_cost_usd_per_month : Number
        What each month without the challenger loses besides the bill; each month with it counts as so much less.
        [USD/month]
    obsolete_after_months : Number, optional
        From then on a hosted model does the task out of the box: the challenger is left for the incumbent. [months]
    recoverable_share : Number
        Share of what was first paid up front that is worth something at the end; the rest is sunk. [0..1]
    labelled_examples_per_month, examples_held_count, examples_needed_count : Number
        A model can be tuned once so many examples are there; no switch begins earlier. What is needed is the training's
        own number of a fine-tuned option unless given.
    may_return : bool
        Whether one goes back to the incumbent in the month from which it is the cheaper for good.
    """

    lead_months: Number | None = None
    switching_usd: Number = 0.0
    abstraction_layer_usd: Number | None = None
    switching_with_layer_usd: Number = 0.0
    exit_usd: Number = 0.0
    delay_cost_usd_per_month: Number = 0.0
    obsolete_after_months: Number | None = None
    recoverable_share: Number = 0.0
    labelled_examples_per_month: Number | None = None
    examples_held_count: Number = 0.0
    examples_needed_count: Number | None = None
    may_return: bool = False

    def __post_init__(self) -> None:
        """Check every number."""
        optional = {each.name for each in fields(self) if each.default is None}
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is None and name in optional:
                continue
            high = 1.0 if name.endswith("_share") else np.inf
            checked = check_number(value, where=f"switching: {name}", unit=unit, high=high)
            object.__setattr__(self, name, checked)
        if not isinstance(self.may_return, bool):
            raise ScenarioError(Problem("switching: may_return", repr(self.may_return), "True or False"))
        layer = self.abstraction_layer_usd is not None
        if not layer and point(self.switching_with_layer_usd) > 0.0:
            found = f"{point(self.switching_with_layer_usd):g} without a layer"
            accepted = "it beside abstraction_layer_usd, what the layer costs to build"
            raise ScenarioError(Problem("switching: switching_with_layer_usd", found, accepted))
        if self.examples_needed_count is not None and self.labelled_examples_per_month is None:
            missing = point(self.examples_needed_count) - point(self.examples_held_count)
            if missing > 0.0:
                found = f"{missing:g} examples short, and none coming"
                accepted = "labelled_examples_per_month beside it, or enough examples_held_count"
                raise ScenarioError(Problem("switching: examples_needed_count", found, accepted))

    def first_month(self, needed_count: float | None) -> int | None:
        """Return the first month in which there are examples enough; None where there never will be.

        Parameters
        ----------
        needed_count : float, optional
            What the challenger's own training takes, unless the terms say it.
        """
        wanted = needed_count if self.examples_needed_count is None else point(self.examples_needed_count)
        if wanted is None or (self.labelled_examples_per_month is None and self.examples_needed_count is None):
            return 0
        missing = wanted - point(self.examples_held_count)
        if missing <= 0.0:
            return 0
        coming = 0.0 if self.labelled_examples_per_month is None else point(self.labelled_examples_per_month)
        return None if coming == 0.0 else math.ceil(missing / coming - 1e-9)

    def __repr__(self) -> str:
        """Return what is not absent in one line."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        absent = (None, False)
        words = [
            f"{name}={value!r}"
            for name, value in said.items()
            if not (any(value is each for each in absent) or (isinstance(value, float) and value == 0.0))
        ]
        return f"Switching({', '.join(words)})"
