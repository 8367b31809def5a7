"""The kinds of check that rules of thumb need: a record each for trends, speeds, savings, training and waiting."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tokencross.tables.assumption_checks import Pair
from tokencross.tables.assumption_entry import VOLUMES, AsOf, CheckEntry, CrossingEntry, NumericEntry, one_of
from tokencross.tables.strict import Amount, Finite, PositiveAmount, PositiveCount, Share, mistake

__all__ = [
    "ANY_MODEL",
    "MARKET_KINDS",
    "EscalationEntry",
    "LeadRatioEntry",
    "PriceFallEntry",
    "SavingEntry",
    "SpeedRatioEntry",
    "TimeToFirstTokenEntry",
    "TrainingCostEntry",
    "WaitingEntry",
]

ANY_MODEL = "any model"
"""What stands for the one model whose list price fell the most."""

_BILL = "bill_usd_per_month"


class PriceFallEntry(CrossingEntry):
    """A kind of price, or the price of a model, fell by the expected factor; below 1 it rose."""

    kind: ClassVar[str] = "price_fall"
    price_fall: str = Field(min_length=1)
    """`same model`, `frontier`, `small`, `open_hosted`: a trend of the tables; `any model`: the model whose list price
    fell the most; or provider/model."""
    to: str | None = None
    """With provider/model: the model that took its place by the end, provider/model; itself unless said."""
    over_months: PositiveAmount = 12.0
    """Months over which it fell, up to the check's date; of a trend and of `any model`, any such months. [months]"""
    since: AsOf | None = None
    """Of a trend: the first day that counts."""
    price: Literal["median", "lowest"] = "median"
    """Of a slot: which price on sale."""
    input_share: Share = 0.75
    """Share of the tokens that are fresh input; the rest is output."""

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        named = "/" in self.price_fall
        if self.to is not None and not named:
            mistake(f"to with {self.price_fall}", "to with provider/model only")
        if self.since is not None and (named or self.price_fall == ANY_MODEL):
            mistake(f"since with {self.price_fall}", "since with a trend only: same model, or a slot")


class SpeedRatioEntry(CrossingEntry):
    """A hosted model answers faster than another by the expected factor."""

    kind: ClassVar[str] = "speed_ratio"
    speed_ratio: Pair
    """`[first, second]`, provider/model: how many times faster the first is."""
    quantity: Literal["answer", "tokens_per_second", "first_token"] = "answer"
    """The whole answer, the tokens per second of one answer, or the wait for the first token."""
    output_tokens: PositiveAmount | None = None
    """Length of the whole answer, in each model's own tokens. [tokens]"""

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        if (self.output_tokens is None) == (self.quantity == "answer"):
            found = "no output_tokens" if self.output_tokens is None else f"output_tokens with {self.quantity}"
            mistake(found, "output_tokens with quantity: answer, and only there")


class TimeToFirstTokenEntry(CrossingEntry):
    """The first token of an answer comes after the expected time."""

    kind: ClassVar[str] = "time_to_first_token"
    time_to_first_token: str = Field(min_length=1)
    """provider/model, or with `study:` the label of an option. [ms]"""

    @property
    def asks_study(self) -> bool:
        """See `CheckEntry.asks_study`."""
        return super().asks_study or "/" not in self.time_to_first_token


class EscalationEntry(CrossingEntry):
    """A cascade costs less than another option up to the expected share of escalations."""

    kind: ClassVar[str] = "escalation"
    needs_study: ClassVar[bool] = True
    escalation: str
    """Label of the cascade."""
    against: str | None = None
    """Label of the option that it has to undercut; its own fallback unless said."""
    tokens_per_month: PositiveAmount | None = None
    """Volume; the study's own unless said. [reference tokens/month]"""
    tokens_per_day: PositiveAmount | None = None
    """Volume, by the day. [reference tokens/day]"""

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        one_of(self, VOLUMES, required=False)


class SavingEntry(NumericEntry):
    """Going over to an option saves the expected sum, its engineering counted; below 0 it costs more."""

    kind: ClassVar[str] = "saving"
    needs_study: ClassVar[bool] = True
    saving: str
    """Label of the option that one goes over to."""
    against: str | None = None
    """Label of the option that one leaves; the incumbent unless said."""
    per: Literal["month", "year"] = "month"
    """USD per month, or per twelve of them."""
    bill_usd_per_month: PositiveAmount | None = None
    """At the volume at which the option that one leaves costs this. [USD/month]"""
    tokens_per_month: PositiveAmount | None = None
    """At this volume instead; the study's own unless said. [reference tokens/month]"""
    tokens_per_day: PositiveAmount | None = None
    """At this volume, by the day. [reference tokens/day]"""

    @property
    def labels(self) -> tuple[str, str | None]:
        """See `CheckEntry.labels`."""
        return self.saving, self.against

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        one_of(self, (_BILL, *VOLUMES), required=False)


class TrainingCostEntry(NumericEntry):
    """Training a model for the first time costs the expected sum."""

    kind: ClassVar[str] = "training_cost"
    needs_study: ClassVar[bool] = True
    training_cost: str
    """Label of the fine-tuned or custom option."""
    part: Literal["all", "labelled data"] = "all"
    """Labels, runs and evaluation; or what the labelled examples cost, pilot and teacher included."""


class LeadRatioEntry(NumericEntry):
    """The months that one option takes before its first token, over those of another."""

    kind: ClassVar[str] = "lead_ratio"
    needs_study: ClassVar[bool] = True
    lead_ratio: Pair
    """`[first, second]`, labels: the first's longest lead over the second's."""


class WaitingEntry(NumericEntry):
    """Putting a switch off costs the expected sum against deciding now; below 0 it saves."""

    kind: ClassVar[str] = "waiting"
    needs_study: ClassVar[bool] = True
    waiting: str
    """Label of the option that one would go over to."""
    against: str | None = None
    """Label of the option that one would leave; the incumbent unless said."""
    wait_months: PositiveCount
    """How long it is put off. [months]"""
    months: PositiveCount = 36
    """Horizon: when everything ends. [months]"""
    then: Literal["decide", "best"] = "best"
    """What is done after the wait: what is best from then on, never switching among it, or the switch itself."""
    growth_per_year: Annotated[float, Field(gt=-1.0)] = 0.0
    """Of the volume, compounded. [1/year]"""
    declines: dict[str, Finite] = Field(default_factory=dict)
    """How fast prices fall, by label, `compute` or address; below 0 they rise. [1/year]"""
    engineering_decline_per_year: Finite = 0.0
    """How fast the work up front shrinks. [1/year]"""
    discount_rate_per_year: Amount = 0.0
    """Effective annual rate. [1/year]"""
    switching_usd: Amount = 0.0
    """Paid once, at the decision. [USD]"""
    delay_cost_usd_per_month: Amount = 0.0
    """What each month without the option loses besides the bill. [USD/month]"""
    announced: bool = True
    """Whether price changes that the tables know of for later days count."""
    renew_engineering: bool = True
    """Whether work is paid again when its amortisation has run out."""
    tokens_per_month: PositiveAmount | None = None
    """Volume now; the study's own unless said. [reference tokens/month]"""
    tokens_per_day: PositiveAmount | None = None
    """Volume now, by the day. [reference tokens/day]"""

    @property
    def labels(self) -> tuple[str, str | None]:
        """See `CheckEntry.labels`."""
        return self.waiting, self.against

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        one_of(self, VOLUMES, required=False)
        if self.wait_months >= self.months:
            mistake(f"wait_months {self.wait_months} of {self.months}", "a wait that ends before the horizon, months")


MARKET_KINDS: tuple[type[CheckEntry], ...] = (
    PriceFallEntry,
    SpeedRatioEntry,
    TimeToFirstTokenEntry,
    EscalationEntry,
    SavingEntry,
    TrainingCostEntry,
    LeadRatioEntry,
    WaitingEntry,
)
