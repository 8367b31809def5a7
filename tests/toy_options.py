"""Options of plain numbers, each with an address, so that what is expected can be written out by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

import tokencross as tc
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, float_or_draws, point
from tokencross.options.base import Parameter, Resolved
from tokencross.options.workload import Workload
from tokencross.tables.book import Book

__all__ = ["WORKLOAD", "Toy", "toy_bill", "toy_study"]

WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000)
_UNITS = {
    "fixed_usd_per_month": "USD per month",
    "input_usd_per_mtok": "USD per million tokens",
    "output_usd_per_mtok": "USD per million tokens",
    "step_usd_per_month": "USD per step and month",
    "step_tokens": "tokens per step and month",
    "load_share": "share of a step",
    "least_count": "steps",
}


@dataclass(frozen=True, eq=False)
class Toy:
    """A fixed sum, prices by the token, and steps of capacity of which a share is used."""

    label: str
    fixed_usd_per_month: Number = 0.0
    input_usd_per_mtok: Number = 0.0
    output_usd_per_mtok: Number = 0.0
    step_usd_per_month: Number = 0.0
    step_tokens: Number = 1e9
    load_share: Number = 1.0
    least_count: Number = 0.0
    tier: str = "custom"
    weights: str | None = None
    book: Book | None = None
    engineering: Engineering | EngineeringItems = NO_ENGINEERING

    def curve(self, workload: Workload) -> tc.CostCurve:
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        inputs, outputs = float_or_draws(workload.input_tokens), float_or_draws(workload.output_tokens)
        share = inputs / (inputs + outputs)
        prices = float_or_draws(self.input_usd_per_mtok), float_or_draws(self.output_usd_per_mtok)
        tokens = float_or_draws(self.step_tokens) * float_or_draws(self.load_share)
        least = float_or_draws(self.least_count)
        if isinstance(least, np.ndarray):
            raise ScenarioError(Problem(f"{self.label}:least_count", "draws", "one number"))
        curve = (
            tc.CostCurve.fixed(self.fixed_usd_per_month)
            + tc.CostCurve.per_mtok(prices[0] * share + prices[1] * (1.0 - share))
            + tc.CostCurve.staircase(self.step_usd_per_month, tokens, min_steps=least)
        )
        known = [Parameter(name, getattr(self, name), unit, "given") for name, unit in _UNITS.items()]
        return Resolved(curve, local=tuple(known))

    def with_book(self, book: Book) -> Toy:
        return self

    def with_number(self, name: str, value: object) -> Toy:
        if name not in {field.name for field in fields(self)}:
            raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", "one of its own"))
        high = 1.0 if name.endswith("_share") else math.inf
        positive = name in {"step_tokens", "load_share"}
        number = check_number(value, where=f"{self.label}:{name}", unit=_UNITS[name], high=high, open_low=positive)
        if name == "least_count" and point(number) % 1.0 != 0.0:
            raise ScenarioError(Problem(f"{self.label}:{name}", f"{number}", "a whole number"))
        return replace(self, **{name: number})  # type: ignore[arg-type]  # a number by its name


def toy_bill(toy: Toy, volume: float, *, input_share: float = 0.75) -> float:
    """Return what a toy costs, number by number."""
    price = point(toy.input_usd_per_mtok) * input_share + point(toy.output_usd_per_mtok) * (1.0 - input_share)
    tokens = point(toy.step_tokens) * point(toy.load_share) * (1.0 + 1e-12)
    steps = max(math.ceil(volume / tokens), point(toy.least_count))
    return point(toy.fixed_usd_per_month) + price * volume / 1e6 + point(toy.step_usd_per_month) * steps


def toy_study(*toys: Toy, here: Number | None = None, workload: Workload = WORKLOAD) -> tc.Study:
    """Return a study of toys, the first the incumbent."""
    return tc.Study(list(toys), workload=workload, tokens_per_month=here)
