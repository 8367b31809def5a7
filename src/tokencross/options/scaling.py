"""How a fleet follows its load: fixed, autoscaled, on a schedule, or billed by the second while it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import DefaultFloat, FloatOrDraws, Number, check_number, float_or_draws
from tokencross.options.levels import Levels

__all__ = ["FIXED", "Scaling"]

Array = NDArray[np.float64]
Kind = Literal["fixed", "autoscaled", "scheduled", "serverless"]

HOURS_PER_WEEK = 168
_COOL_DOWN_MINUTES = DefaultFloat(5.0)
_BOOT_MINUTES = 2.0
_LOAD_GIB_PER_SECOND = 2.0
_UNITS = {
    "start_up_minutes": "minutes from the order of an instance to its first token",
    "cool_down_minutes": "minutes that an instance is kept after its load has gone",
    "start_up_seconds": "seconds billed before the first token of a cold start",
    "idle_seconds": "seconds that an idle replica is billed before it stops",
}
_WHY = {
    "start_up_minutes": "2 minutes for the machine (0.4 to 2 were seen) and the weights at 2 GiB/s",
    "cool_down_minutes": "Kubernetes' autoscaler waits so long before it scales down, unless told otherwise",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """How many instances run in which hour of the week; built by its class methods.

    Attributes
    ----------
    kind : str
        fixed, autoscaled, scheduled or serverless.
    start_up_minutes, cool_down_minutes : Number, optional
        Of an autoscaled fleet. [minutes]
    start_up_seconds, idle_seconds : Number, optional
        Of a serverless one. [seconds]
    blocks : tuple of int
        Of a schedule: which hours of the week share one size, by number.
    """

    kind: Kind = "fixed"
    start_up_minutes: Number | None = None
    cool_down_minutes: Number | None = None
    start_up_seconds: Number | None = None
    idle_seconds: Number | None = None
    blocks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the kind and every number."""
        if self.kind not in get_args(Kind) or (self.kind == "scheduled") != bool(self.blocks):
            accepted = "tc.Scaling.fixed(), .autoscaled(…), .scheduled(…) or .serverless(…)"
            raise ScenarioError(Problem("scaling", f"kind {self.kind!r} with {len(self.blocks)} blocks", accepted))
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check_number(value, where=f"scaling.{name}", unit=unit))

    # ------------------------------------------------------------------ constructors

    @classmethod
    def fixed(cls) -> Scaling:
        """Return the same number of instances around the clock, sized for the busiest hour."""
        return cls()

    @classmethod
    def autoscaled(
        cls, *, start_up_minutes: Number | None = None, cool_down_minutes: Number = _COOL_DOWN_MINUTES
    ) -> Scaling:
        """Return instances that come and go with the load, hour by hour.

        Parameters
        ----------
        start_up_minutes : Number, optional
            Billed before an instance serves; 2 minutes and the time to load the weights unless given. [minutes]
        cool_down_minutes : Number
            Kept after its load has gone. [minutes]

        Notes
        -----
        In every hour the fleet is as large as the largest load from ``cool_down_minutes`` before to
        ``start_up_minutes`` after: instances are there when the hour begins, and a valley shorter than the two
        together is bridged. The fleet's least number is the option's ``min_instance_count``; 0 scales to zero.
        """
        return cls(kind="autoscaled", start_up_minutes=start_up_minutes, cool_down_minutes=cool_down_minutes)

    @classmethod
    def scheduled(cls, blocks: Sequence[int] | None = None, *, start_hour: int = 9, end_hour: int = 18) -> Scaling:
        """Return one fixed size within a daily window and another outside, each sized for its own busiest hour.

        Parameters
        ----------
        blocks : sequence of 24 or 168 whole numbers, optional
            Which hours share one size, instead of the window: equal numbers, one size.
        start_hour, end_hour : int
            The window on Monday to Friday, from and to. [hour of the day, UTC]
        """
        if blocks is None:
            hours = (start_hour, end_hour)
            whole = all(isinstance(hour, int) and not isinstance(hour, bool) for hour in hours)
            if not whole or not 0 <= start_hour < end_hour <= 24:
                accepted = "whole hours from 0 to 24, the first before the second"
                raise ScenarioError(Problem("scaling.scheduled", f"{start_hour!r} to {end_hour!r}", accepted))
            day = [int(start_hour <= hour < end_hour) for hour in range(24)]
            return cls(kind="scheduled", blocks=tuple(day * 5 + [0] * 48))
        try:
            numbers = [int(number) for number in blocks]
        except (TypeError, ValueError, OverflowError):
            numbers = []
        if len(numbers) not in (24, HOURS_PER_WEEK) or any(a != b for a, b in zip(numbers, blocks, strict=True)):
            accepted = "24 or 168 whole numbers: hours of one number share one size"
            raise ScenarioError(Problem("scaling.scheduled", f"{blocks!r:.60}", accepted))
        return cls(kind="scheduled", blocks=tuple(numbers * (HOURS_PER_WEEK // len(numbers))))

    @classmethod
    def serverless(cls, *, start_up_seconds: Number, idle_seconds: Number) -> Scaling:
        """Return replicas billed by the second: while they work, start, and wait for the next request.

        Parameters
        ----------
        start_up_seconds : Number
            Billed before the first token of a cold start. [seconds]
        idle_seconds : Number
            Billed after the last request before a replica stops. [seconds]
        """
        return cls(kind="serverless", start_up_seconds=start_up_seconds, idle_seconds=idle_seconds)

    # ------------------------------------------------------------------ what follows

    def levels(self, hours: Array, *, start_up_minutes: FloatOrDraws = 0.0) -> Levels:
        """Return how long the fleet is sized for which load.

        Parameters
        ----------
        hours : ndarray, shape (168,) or (D, 168)
            Planned load of every hour of the week over the mean.
        start_up_minutes : float or ndarray, shape (D,)
            Of an autoscaled fleet. [minutes]
        """
        even = np.full(HOURS_PER_WEEK, 1.0 / HOURS_PER_WEEK)
        if self.kind == "autoscaled":
            cool = 0.0 if self.cool_down_minutes is None else float_or_draws(self.cool_down_minutes)
            return _held(hours, np.asarray(cool) / 60.0, np.asarray(start_up_minutes) / 60.0)
        if self.kind == "scheduled":
            numbers = np.array(self.blocks)
            sized = np.empty_like(hours)
            for number in set(self.blocks):
                inside = numbers == number
                sized[..., inside] = np.max(hours[..., inside], axis=-1, keepdims=True)
            return Levels.of(even, sized)
        return Levels.of(even, hours)

    def start_up(self, weights_gib: float) -> FloatOrDraws:
        """Return the minutes before an instance serves: given, or what the weights take to load."""
        if self.start_up_minutes is not None:
            return float_or_draws(self.start_up_minutes)
        return _BOOT_MINUTES + weights_gib / _LOAD_GIB_PER_SECOND / 60.0

    def numbers(self, start_up_minutes: FloatOrDraws) -> dict[str, tuple[Number, str, bool, str]]:
        """Return every number by name: value, unit, whether the study gave it, and why it is what it is."""
        found: dict[str, tuple[Number, str, bool, str]] = {}
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if name == "start_up_minutes" and self.kind == "autoscaled" and value is None:
                found[name] = (start_up_minutes, unit, False, _WHY[name])
            elif value is not None:
                given = not isinstance(value, DefaultFloat)
                found[name] = (value, unit, given, "" if given else _WHY[name])
        return found

    def with_number(self, name: str, value: object, *, where: str) -> Scaling:
        """Return the same with one of its numbers replaced."""
        known = list(self.numbers(0.0))
        if name not in known:
            accepted = f"one of {', '.join(known)}" if known else f"another scaling: a {self.kind} one has no numbers"
            raise ScenarioError(Problem(f"{where}.{name}", "no such number", accepted, offer(name, known)))
        changes: dict[str, Any] = {name: value}
        return replace(self, **changes)


FIXED = Scaling()
"""The same number of instances around the clock."""


def _held(hours: Array, after: Array, before: Array) -> Levels:
    """Return the load that instances are there for when each stays ``after`` and is ordered ``before`` it. [hours]

    Within an hour the reach backwards ends a whole hour earlier once the minutes past the hour exceed those of
    ``after``; forwards alike. So an hour has up to three parts, each with the largest load in its reach.
    """
    week = HOURS_PER_WEEK
    after, before = np.minimum(after, week), np.minimum(before, week)
    backs = range(int(np.min(np.floor(after))), int(np.max(np.floor(after))) + 2)
    aheads = range(int(np.min(np.floor(before))), int(np.max(np.floor(before))) + 2)
    shares: list[Array] = []
    loads: list[Array] = []
    for back in backs:
        for ahead in aheads:
            # the part of an hour in which the reach is this far: from, to
            past, left = after % 1.0, 1.0 - before % 1.0
            low = np.where(back == np.floor(after), past, 0.0)
            high = np.where(back == np.floor(after), 1.0, np.where(back == np.floor(after) + 1.0, past, 0.0))
            low = np.maximum(low, np.where(ahead == np.floor(before), 0.0, left))
            high = np.minimum(high, np.where(ahead == np.floor(before), left, 1.0))
            high = np.where((ahead == np.floor(before)) | (ahead == np.floor(before) + 1.0), high, 0.0)
            length = np.maximum(high - low, 0.0)
            if not np.any(length > 0.0):
                continue
            shares.append(np.repeat(length[..., np.newaxis] / week, week, axis=-1))
            loads.append(_largest(hours, back, ahead))
    return Levels.of(np.concatenate(shares, axis=-1), np.concatenate(loads, axis=-1))


def _largest(hours: Array, back: int, ahead: int) -> Array:
    """Return for every hour of the week the largest load from so many hours before to so many after."""
    reach = hours
    for shift in range(1, min(back, HOURS_PER_WEEK) + 1):
        reach = np.maximum(reach, np.roll(hours, shift, axis=-1))
    for shift in range(1, min(ahead, HOURS_PER_WEEK) + 1):
        reach = np.maximum(reach, np.roll(hours, -shift, axis=-1))
    return reach
