"""The kinds of check of prices and studies: a record each, named by the key that says what is checked."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from tokencross.errors import offer
from tokencross.tables.assumption_entry import (
    CheckEntry,
    CrossingEntry,
    NumericEntry,
    RangeEntry,
    VolumeEntry,
)
from tokencross.tables.strict import Count, PositiveCount, Share, as_written, mistake

__all__ = [
    "BLENDED",
    "CHECK_KINDS",
    "STUDY",
    "AnnouncedMoveEntry",
    "BreakevenEntry",
    "CheapestEntry",
    "CostDifferenceEntry",
    "CostEntry",
    "CostRatioEntry",
    "NeverWinsEntry",
    "NumberEntry",
    "PriceEntry",
    "PriceRatioEntry",
    "PricedEntry",
    "RetirementEntry",
    "SourceAgeEntry",
    "UndercutsEntry",
]

BLENDED = "blended_usd_per_mtok"
"""The field that is no price of its own: a million reference tokens of the study's workload."""
STUDY = "study"
"""What stands for all that the study rests on."""

_NAME = {"type": "string"}
_PAIR = {"type": "array", "items": _NAME, "minItems": 2, "maxItems": 2}


def _pair(value: object) -> object:
    """Return two names."""
    if not isinstance(value, tuple) or len(value) != 2 or not all(isinstance(name, str) for name in value):
        mistake(as_written(value), "[first, second], two names")
    return value


def _pairs(value: object) -> object:
    """Return pairs of names from one or several."""
    if isinstance(value, tuple) and value and all(isinstance(pair, tuple) for pair in value):
        return tuple(_pair(pair) for pair in value)
    return (_pair(value),)


def _names(value: object) -> object:
    """Return names from a list, or the word that stands for the study's own."""
    if value == STUDY:
        return ()
    if not isinstance(value, tuple) or not value or not all(isinstance(name, str) for name in value):
        close = offer(value, [STUDY]) if isinstance(value, str) and "/" not in value else ""
        listed = f"Write [{value}]." if isinstance(value, str) and "/" in value else ""
        mistake(as_written(value), f"{STUDY}, or a list of provider/model", close or listed)
    return value


def _below_one(value: float) -> float:
    """Return a share that leaves something."""
    if value >= 1.0:
        mistake(f"{value:g}", "a number < 1, a fraction of the other's cost")
    return value


Pair = Annotated[tuple[str, str], BeforeValidator(_pair), WithJsonSchema(_PAIR)]
Pairs = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_pairs),
    WithJsonSchema({"anyOf": [_PAIR, {"type": "array", "items": _PAIR, "minItems": 1}]}),
]
StudyOrNames = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"const": STUDY}, {"type": "array", "items": _NAME, "minItems": 1}]}),
]
"""Names; none of them for all that the study rests on."""


# ---------------------------------------------------------------------- prices


class PricedEntry(NumericEntry):
    """A check of figures of the tables, on terms."""

    field: str | None = None
    """Which figure of the row, such as input_usd_per_mtok; blended_usd_per_mtok is at the study's workload."""
    service_tier: str | None = None
    """Of a hosted model: standard, batch, or another that the table has."""
    purchase: str | None = None
    """Of an instance: on_demand unless said, spot, reserved_1y, …"""
    region: str | None = None
    """Where, for what has a price by region."""

    @property
    def asks_study(self) -> bool:
        """See `CheckEntry.asks_study`."""
        return super().asks_study or self.field == BLENDED

    @property
    def asks_past(self) -> bool:
        """See `CheckEntry.asks_past`."""
        return False


class PriceEntry(PricedEntry):
    """A price of the tables lies where it is expected."""

    kind: ClassVar[str] = "price"
    price: str = Field(min_length=1)
    """provider/model, `compute:provider/instance`, or the whole address of a figure."""


class PriceRatioEntry(PricedEntry):
    """The ratio of two prices lies where it is expected, for each of several pairs or for a share of them."""

    kind: ClassVar[str] = "price_ratio"
    price_ratio: Pairs
    """`[first, second]`, or a list of such pairs: the first's price over the second's."""
    holds_for_share: Share = 1.0
    """How many of the pairs have to be as expected. [share of the pairs]"""


class SourceAgeEntry(CheckEntry):
    """Every source was looked at recently enough."""

    kind: ClassVar[str] = "source_age"
    source_age: StudyOrNames
    """`study` for every row that it rests on, or a list of provider/model and `compute:provider/instance`."""
    at_most_days: Count
    """Days since the oldest of them was checked. [days]"""

    @property
    def asks_study(self) -> bool:
        """See `CheckEntry.asks_study`."""
        return super().asks_study or not self.source_age


class RetirementEntry(CheckEntry):
    """No model is retired soon."""

    kind: ClassVar[str] = "retirement"
    retirement: StudyOrNames
    """`study` for every hosted model in it, or a list of provider/model."""
    within_days: Count
    """How far ahead. [days]"""

    @property
    def asks_study(self) -> bool:
        """See `CheckEntry.asks_study`."""
        return super().asks_study or not self.retirement


# ---------------------------------------------------------------------- studies


class BreakevenEntry(CrossingEntry):
    """A breakeven lies where it is expected."""

    kind: ClassVar[str] = "breakeven"
    needs_study: ClassVar[bool] = True
    breakeven: str
    """Label of the option that undercuts."""
    against: str | None = None
    """Label of the option that is undercut; the incumbent unless said."""
    quantity: Literal["first", "robust"] = "first"
    """The first volume from which it undercuts, or that from which it does for ever."""
    per: Literal["month", "day", "usd_per_month", "usd_per_day"] = "month"
    """Tokens per month or day, or what the undercut option costs there per month or day."""

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """See `CheckEntry.labels`."""
        return self.breakeven, self.against


class AnnouncedMoveEntry(CheckEntry):
    """No change of prices that is announced moves a breakeven by much."""

    kind: ClassVar[str] = "announced_move"
    needs_study: ClassVar[bool] = True
    announced_move: str
    """Label of the option that undercuts."""
    against: str | None = None
    """Label of the option that is undercut; the incumbent unless said."""
    quantity: Literal["first", "robust"] = "first"
    """The first volume from which it undercuts, or that from which it does for ever."""
    within_days: PositiveCount
    """How far ahead. [days]"""
    at_most_share: Share
    """By how much the breakeven may move, up or down. [share of it]"""

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """See `CheckEntry.labels`."""
        return self.announced_move, self.against


class CheapestEntry(RangeEntry):
    """A substitute is the cheapest of them, at a volume or everywhere between two."""

    kind: ClassVar[str] = "cheapest"
    needs_study: ClassVar[bool] = True
    cheapest: str
    """Label of the option."""


class NeverWinsEntry(CheckEntry):
    """A substitute is the cheapest of them at no volume."""

    kind: ClassVar[str] = "never_wins"
    needs_study: ClassVar[bool] = True
    never_wins: str
    """Label of the option."""


class UndercutsEntry(RangeEntry):
    """An option costs less than another, at a volume or everywhere between two."""

    kind: ClassVar[str] = "undercuts"
    needs_study: ClassVar[bool] = True
    undercuts: str
    """Label of the option that costs less."""
    against: str | None = None
    """Label of the option that costs more; the incumbent unless said."""
    margin_share: Annotated[Share, AfterValidator(_below_one)] = 0.0
    """By how much it has to cost less. [share of the other's cost]"""

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """See `CheckEntry.labels`."""
        return self.undercuts, self.against


class CostEntry(NumericEntry, VolumeEntry):
    """What an option costs at a volume lies where it is expected."""

    kind: ClassVar[str] = "cost"
    needs_study: ClassVar[bool] = True
    cost: str
    """Label of the option."""
    per: Literal["month", "day", "mtok", "request"] = "month"
    """USD per month, per day, per million tokens, or per request."""


class CostRatioEntry(NumericEntry, VolumeEntry):
    """What one option costs over what another does, at a volume, lies where it is expected."""

    kind: ClassVar[str] = "cost_ratio"
    needs_study: ClassVar[bool] = True
    cost_ratio: Pair
    """`[first, second]`, labels: the first's cost over the second's."""

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """See `CheckEntry.labels`."""
        return self.cost_ratio


class CostDifferenceEntry(NumericEntry, VolumeEntry):
    """What one option costs less what another does, at a volume, lies where it is expected."""

    kind: ClassVar[str] = "cost_difference"
    needs_study: ClassVar[bool] = True
    cost_difference: Pair
    """`[first, second]`, labels: the first's cost minus the second's."""
    per: Literal["month", "day"] = "month"
    """USD per month or per day."""

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """See `CheckEntry.labels`."""
        return self.cost_difference


class NumberEntry(NumericEntry):
    """A number of the study lies where it is expected."""

    kind: ClassVar[str] = "number"
    needs_study: ClassVar[bool] = True
    number: str
    """Its address, as `study.parameters()` lists it."""


CHECK_KINDS: tuple[type[CheckEntry], ...] = (
    PriceEntry,
    PriceRatioEntry,
    SourceAgeEntry,
    AnnouncedMoveEntry,
    BreakevenEntry,
    CheapestEntry,
    NeverWinsEntry,
    UndercutsEntry,
    CostEntry,
    CostRatioEntry,
    CostDifferenceEntry,
    RetirementEntry,
    NumberEntry,
)
