"""What a self-hosted option may be given: its numbers with their bounds, and what does not go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, float_or_draws, point, whole_number
from tokencross.options.scaling import Scaling
from tokencross.tables.rented import OWNED

__all__ = ["ABSENT", "CHOICES", "NUMBERS", "check_billing", "check_terms", "checked_count", "checked_numbers"]

# field: (unit, lowest, highest, whether the lowest is refused)
NUMBERS: dict[str, tuple[str, float, float, bool]] = {
    "throughput": ("reference tokens per replica-second, before deratings", 0.0, np.inf, True),
    "throughput_ratio": ("rate reached over the rate that rows or measurements say", 0.0, np.inf, True),
    "latency_factor": ("share of the measured rate that the latency objective leaves", 0.0, 1.0, True),
    "target_load_share": ("share of what a replica can serve", 0.0, 1.0, True),
    "min_instance_count": ("instances", 0.0, np.inf, False),
    "spare_instance_count": ("instances", 0.0, np.inf, False),
    "max_instance_count": ("instances, the provider's quota", 0.0, np.inf, True),
    "reserved_count": ("instances on the terms of the base, spares among them", 0.0, np.inf, False),
    "prefix_hit_share": ("share of prefill that a prefix cache saves", 0.0, 1.0, False),
    "billed_hours_share": ("share of the month's hours", 0.0, 1.0, True),
    "interruption_overhead_share": ("share of the hours paid for that interruptions take", 0.0, 0.99, False),
    "standby_share": ("share of the planned capacity that stands by elsewhere", 0.0, 1.0, False),
}
"""The fields that are numbers, with unit and bounds."""

ABSENT: dict[str, float] = {
    "latency_factor": 1.0,
    "prefix_hit_share": 0.0,
    "billed_hours_share": 1.0,
    "interruption_overhead_share": 0.0,
    "standby_share": 0.0,
}
"""The values at which a number is absent, and not worth listing."""

CHOICES = (
    "latency",
    "precision",
    "engine",
    "instance",
    "purchase",
    "base_purchase",
    "region",
    "gpus_per_replica",
    "scaling",
    "zone_count",
    "around",
)
"""The fields that are no numbers of their own."""

_COMMITTED = ("reserved", "savings", "capacity_block")  # terms that are paid whether instances run or not
_MOST_SECONDS = 60.0  # what is billed in longer units is not billed while it works only


def checked_numbers(fields: Mapping[str, object], *, where: str) -> dict[str, Number]:
    """Return the numbers that were given, once each is seen to be within its bounds."""
    found: dict[str, Number] = {}
    for name, (unit, low, high, open_low) in NUMBERS.items():
        value = fields[name]
        if value is None or (name == "throughput" and not _is_number(value)):
            continue
        address = f"{where}:{name}"
        number = check_number(value, where=address, unit=unit, low=low, high=high, open_low=open_low)
        found[name] = number
        if name.endswith("_count"):
            found[name] = whole_number(number, where=address, accepted="a whole number of instances")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (float, int, np.ndarray, str)) or hasattr(value, "ppf")


def checked_count(value: object, *, name: str, where: str, optional: bool = True) -> None:
    """Refuse what is no whole number from 1 on."""
    if value is None and optional:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ScenarioError(Problem(f"{where}:{name}", repr(value), "a whole number >= 1"))


@dataclass(frozen=True)
class _Terms:
    """The terms of a fleet, as far as they can contradict each other."""

    purchase: str
    base_purchase: str | None
    kind: str
    numbers: Mapping[str, Number]
    zone_count: int

    def has(self, name: str, absent: float = 0.0) -> bool:
        """Return whether a number is given as anything but absence, in any draw."""
        return bool(np.any(np.asarray(float_or_draws(self.numbers.get(name, absent))) != absent))

    @property
    def billed(self) -> bool:
        """Whether some hours are not billed."""
        return self.has("billed_hours_share", 1.0)

    @property
    def bound(self) -> bool:
        """Whether instances cost the same when they are off."""
        return self.purchase == OWNED or self.purchase.startswith(_COMMITTED)


# whether it is so, the field that is wrong, what was found, what is accepted
_Wrong = tuple[bool, str, str, str]


def check_terms(
    *,
    where: str,
    purchase: str,
    base_purchase: str | None,
    scaling: object,
    numbers: Mapping[str, Number],
    zone_count: int,
) -> None:
    """Refuse terms that contradict each other."""
    if not isinstance(scaling, Scaling):
        accepted = "tc.Scaling.fixed(), .autoscaled(…), .scheduled(…) or .serverless(…)"
        raise ScenarioError(Problem(f"{where}:scaling", repr(scaling), accepted))
    terms = _Terms(purchase, base_purchase, scaling.kind, numbers, zone_count)
    for failed, name, found, accepted in (*_unpaid_hours(terms), *_other_terms(terms), *_beside_serverless(terms)):
        if failed:
            raise ScenarioError(Problem(f"{where}:{name}", found, accepted))
    _check_quota(numbers, where)


def _unpaid_hours(terms: _Terms) -> list[_Wrong]:
    """Return what is wrong with hours that are not paid."""
    same = f"with purchase: {terms.purchase}, which costs the same when it is off"
    own = terms.purchase == OWNED
    top = "" if own else f", or purchase: on_demand with base_purchase: {terms.purchase}"
    base = f"below 1 with base_purchase: {terms.base_purchase}, which is paid around the clock"
    scaled = f"below 1 with a fleet that is {terms.kind}"
    says = "one of the two: the scaling says which hours are billed"
    return [
        (terms.bound and terms.billed, "billed_hours_share", f"below 1 {same}", f"1{top}"),
        (terms.bound and terms.kind != "fixed", "scaling", f"{terms.kind} {same}", f"a fixed fleet{top}"),
        (terms.billed and terms.base_purchase is not None, "billed_hours_share", base, "1"),
        (terms.billed and terms.kind != "fixed", "billed_hours_share", scaled, says),
    ]


def _other_terms(terms: _Terms) -> list[_Wrong]:
    """Return what is wrong with numbers of terms that the fleet is not on."""
    lost = terms.has("interruption_overhead_share")
    return [
        (
            "reserved_count" in terms.numbers and terms.base_purchase is None,
            "reserved_count",
            "a number without a base_purchase",
            "base_purchase: the terms that these instances are on, such as reserved_1y",
        ),
        (
            terms.base_purchase == terms.purchase,
            "base_purchase",
            f"{terms.purchase!r}, as purchase",
            "other terms than purchase",
        ),
        (
            lost and terms.purchase != "spot",
            "interruption_overhead_share",
            f"a share with purchase: {terms.purchase}",
            "purchase: spot, or no such share: nobody interrupts other terms",
        ),
    ]


def _beside_serverless(terms: _Terms) -> list[_Wrong]:
    """Return what does not go with a fleet that is billed by the second."""
    alone = terms.kind == "serverless"
    ready = any(terms.has(name) for name in ("min_instance_count", "spare_instance_count"))
    always = "none of them, or tc.Scaling.autoscaled(…): instances that are always on are not billed by the second"
    elsewhere = terms.zone_count > 1 or terms.has("standby_share")
    return [
        (
            alone and terms.base_purchase is not None,
            "base_purchase",
            f"{terms.base_purchase!r} with a serverless fleet",
            "none: it is billed by the second alone",
        ),
        (
            alone and elsewhere,
            "scaling",
            "serverless with zones or a standby fleet",
            "neither: the provider keeps what is ready",
        ),
        (alone and ready, "scaling", "serverless with a minimum or spares", always),
    ]


def _check_quota(numbers: Mapping[str, Number], where: str) -> None:
    """Refuse a least number of instances above the most."""
    most = numbers.get("max_instance_count")
    if most is None:
        return
    for name in ("min_instance_count", "spare_instance_count", "reserved_count"):
        if name in numbers and point(numbers[name]) > point(most):
            found = f"{point(numbers[name]):g} above the quota of {point(most):g}"
            raise ScenarioError(Problem(f"{where}:{name}", found, f"at most max_instance_count, {point(most):g}"))


def check_billing(scaling: Scaling, billing_seconds: float | None, *, address: str, where: str) -> None:
    """Refuse a serverless fleet on terms that are not billed by the second."""
    if scaling.kind != "serverless" or (billing_seconds is not None and billing_seconds <= _MOST_SECONDS):
        return
    shown = "a smallest billed time that is not known" if billing_seconds is None else f"{billing_seconds:g} seconds"
    found = f"serverless on {address}, billed by {shown}"
    accepted = "terms that the table has as billed by the second or minute (billing_seconds up to 60)"
    raise ScenarioError(Problem(f"{where}:scaling", found, accepted))
