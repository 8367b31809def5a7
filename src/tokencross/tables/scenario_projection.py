"""What a scenario file may say of time: how volume and prices move, and what a switch takes."""

from __future__ import annotations

from pydantic import Field

from tokencross.tables.scenario_numbers import (
    UncertainAmount,
    UncertainNumber,
    UncertainPositiveAmount,
    UncertainShare,
)
from tokencross.tables.strict import PositiveCount, StrictRecord

__all__ = ["ProjectionEntry", "SCurveEntry", "SwitchingEntry"]


class SCurveEntry(StrictRecord):
    """Volume that grows towards a ceiling; as `tokencross.Projection.s_curve`."""

    ceiling_tokens_per_month: UncertainAmount
    """Where it ends. [reference tokens/month]"""
    midpoint_month: UncertainAmount
    """When it grows fastest. [months]"""
    steepness_per_month: UncertainPositiveAmount
    """How fast it turns. [1/month]"""


class SwitchingEntry(StrictRecord):
    """What a switch takes besides engineering; as `tokencross.Switching`."""

    lead_months: UncertainAmount | None = None
    """From the decision to the first token; the longest of the engineering items unless said. [months]"""
    switching_usd: UncertainAmount = 0.0
    """Paid once, at the decision. [USD]"""
    abstraction_layer_usd: UncertainAmount | None = None
    """A layer built in month 0 that makes the switch cheaper; both ways are answered. [USD]"""
    switching_with_layer_usd: UncertainAmount = 0.0
    """What the switch costs with that layer. [USD]"""
    exit_usd: UncertainAmount = 0.0
    """Paid on leaving the challenger before the horizon. [USD]"""
    delay_cost_usd_per_month: UncertainAmount = 0.0
    """What each month without the challenger loses besides the bill. [USD/month]"""
    obsolete_after_months: UncertainAmount | None = None
    """From then on a hosted model does the task out of the box. [months]"""
    recoverable_share: UncertainShare = 0.0
    """Share of the work up front that is worth something at the end."""
    labelled_examples_per_month: UncertainAmount | None = None
    """How many examples come in. [labelled examples per month]"""
    examples_held_count: UncertainAmount = 0.0
    """How many there are."""
    examples_needed_count: UncertainAmount | None = None
    """How many tuning takes; the training's own number unless said."""
    may_return: bool = False
    """Whether one may go back to the incumbent."""


class ProjectionEntry(StrictRecord):
    """What is assumed about the months to come; as `tokencross.Projection`."""

    months: PositiveCount
    """Horizon. [months]"""
    growth_per_year: UncertainNumber = 0.0
    """Of the volume, compounded; above -1. [1/year]"""
    s_curve: SCurveEntry | None = None
    """Growth towards a ceiling, instead."""
    tokens_per_month: tuple[float, ...] | None = None
    """A volume for every month, instead. [reference tokens/month]"""
    announced: bool = True
    """Whether changes that the tables know of for later days count."""
    declines: dict[str, UncertainNumber] = Field(default_factory=dict)
    """How fast prices fall, by label, `compute`, or address; below 0 they rise. [1/year]"""
    capability_declines: dict[str, UncertainNumber] = Field(default_factory=dict)
    """How fast the price of a fixed capability falls, by label, at every migration. [1/year]"""
    engineering_decline_per_year: UncertainNumber = 0.0
    """How fast the work up front shrinks. [1/year]"""
    steps_per_year: PositiveCount | None = None
    """Declines in so many steps a year instead of month by month."""
    price_ratio: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Each month's price over today's, by label, `compute`, or address."""
    model_life_months: UncertainPositiveAmount | None = None
    """After how many months one moves on to the next hosted model. [months]"""
    migration_usd: UncertainAmount | dict[str, UncertainAmount] = 0.0
    """What each such move costs, or by label. [USD]"""
    renew_engineering: bool = True
    """Whether work is paid again when its amortisation has run out."""
    discount_rate_per_year: UncertainAmount = 0.0
    """Effective annual rate. [1/year]"""
    switching: SwitchingEntry | None = None
    """What a switch takes, whoever the challenger."""
    switching_by_option: dict[str, SwitchingEntry] = Field(default_factory=dict)
    """The same by challenger, in place of `switching`."""
