"""What the tables of what stands around the GPU may say: from storage and egress to licences and staging."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from tokencross.tables.records import Dated, check_eras, check_unique
from tokencross.tables.strict import Amount, PositiveAmount, Share, StrictRecord, mistake

__all__ = ["AROUND_KEYS", "AROUND_QUANTITIES", "AroundFile", "AroundItem", "AroundRange", "AroundRow", "ItemName"]

ItemName: TypeAlias = Literal["egress", "licence", "load_balancer", "observability", "staging", "storage", "traffic"]

AROUND_KEYS: dict[str, tuple[str, ...]] = {
    "storage": ("usd_per_gib_month", "copies_per_instance_ratio", "usd_per_instance_month", "usd_per_month"),
    "egress": ("usd_per_gb", "usd_per_month"),
    "load_balancer": ("usd_per_month", "usd_per_gb"),
    "observability": ("usd_per_instance_month", "usd_per_gpu_month", "usd_per_gb", "usd_per_month"),
    "licence": ("usd_per_gpu_month", "usd_per_instance_month", "usd_per_month"),
    "staging": ("hours_share", "usd_per_month"),
    "traffic": ("bytes_per_output_token",),
}
"""Each item, in the order of a breakdown, and the keys that a row of it may have."""

_KEYS = tuple(dict.fromkeys(key for known in AROUND_KEYS.values() for key in known))

AROUND_QUANTITIES = frozenset({"copies_per_instance_ratio", "bytes_per_output_token"})
"""Keys that are no ways of billing: they say how much there is to bill."""


def _ascending(ends: tuple[float, ...]) -> tuple[float, ...]:
    if len(ends) != 2 or not 0.0 <= ends[0] <= ends[1]:
        mistake(f"{list(ends)}", "a low and a high end, both >= 0")
    return ends


_Ends = Annotated[tuple[float, ...], AfterValidator(_ascending)]


class AroundRange(StrictRecord):
    """Where a row's figure lies: low and high end under the row's own key, and whose figures these are."""

    usd_per_month: _Ends | None = None
    """Low and high end. [USD per month]"""
    usd_per_instance_month: _Ends | None = None
    """Low and high end. [USD per instance and month]"""
    usd_per_gpu_month: _Ends | None = None
    """Low and high end. [USD per GPU and month]"""
    usd_per_gib_month: _Ends | None = None
    """Low and high end. [USD per GiB and month]"""
    usd_per_gb: _Ends | None = None
    """Low and high end. [USD per GB]"""
    hours_share: _Ends | None = None
    """Low and high end. [share]"""
    bytes_per_output_token: _Ends | None = None
    """Low and high end. [bytes per token]"""
    source: str = Field(min_length=1)
    """What low and high end were read from."""

    def ends(self) -> dict[str, tuple[float, ...]]:
        """Return low and high end by key."""
        return {key: value for key, value in self if key != "source" and value is not None}


class AroundRow(Dated):
    """What an item costs from a day on; several prices add up."""

    usd_per_month: Amount | None = None
    """For the whole fleet, whatever its size. [USD per month]"""
    usd_per_instance_month: Amount | None = None
    """For each instance. [USD per instance and month]"""
    usd_per_gpu_month: Amount | None = None
    """For each GPU. [USD per GPU and month]"""
    usd_per_gib_month: Amount | None = None
    """For each GiB of weights that an instance keeps. [USD per GiB and month]"""
    usd_per_gb: Amount | None = None
    """For each 10^9 bytes of answers that leave the fleet. [USD per GB]"""
    copies_per_instance_ratio: PositiveAmount | None = None
    """Copies of the weights that each instance keeps; 1 if left out. [copies per instance]"""
    hours_share: Share | None = None
    """Of the month's hours, for which one more replica runs that serves nobody. [share]"""
    bytes_per_output_token: PositiveAmount | None = None
    """Sent over the network for one output token. [bytes per token]"""
    range: AroundRange | None = None
    """Between which values other sizes or sources put it."""

    def numbers(self) -> dict[str, float]:
        """Return what the row says, by key."""
        return {key: value for key in _KEYS if (value := getattr(self, key)) is not None}

    @model_validator(mode="after")
    def _within(self) -> AroundRow:
        said = self.numbers()
        if not said:
            mistake("no figure at all", "at least one price or quantity")
        for key, (low, high) in ({} if self.range is None else self.range.ends()).items():
            if key not in said or not low <= said[key] <= high:
                mistake(f"a range of {key} around {said.get(key)}", "a range that holds the row's own figure")
        return self


class AroundItem(StrictRecord):
    """One way to pay for an item, as one picks it by id."""

    id: str = Field(min_length=1)
    """What one writes to pick it."""
    item: ItemName
    """What it is for; traffic says what goes over the network."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    providers: tuple[str, ...] = ()
    """Providers in compute/ whose instances it is taken for unless another is picked."""
    default: bool = False
    """Whether it is taken where none is of the instance's provider."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    prices: tuple[AroundRow, ...] = Field(min_length=1)
    """Eras, oldest first."""

    @model_validator(mode="after")
    def _fitting(self) -> AroundItem:
        check_eras(self.prices)
        for row in self.prices:
            for key in row.numbers():
                if key not in AROUND_KEYS[self.item]:
                    mistake(f"{key} of {self.item}", f"one of {', '.join(AROUND_KEYS[self.item])}")
        return self


class AroundFile(StrictRecord):
    """What stands around the GPU."""

    items: tuple[AroundItem, ...]
    """Ways to pay, sorted by id."""

    @model_validator(mode="after")
    def _one_default_each(self) -> AroundFile:
        check_unique([entry.item for entry in self.items if entry.default], "defaults of")
        check_unique([f"{entry.item} at {name}" for entry in self.items for name in entry.providers], "ways of")
        return self
