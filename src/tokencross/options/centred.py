"""Options and workloads with the uncertain numbers in them exchanged: for medians, or for draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tokencross.costs.hourly import HourlyStaircase
from tokencross.number import Distribution, Draws, Number, point
from tokencross.options.base import CostOption
from tokencross.options.workload import Workload
from tokencross.tables.resolved import ApiPrice
from tokencross.tables.store import Store

__all__ = ["Exchange", "centred_option", "centred_price", "centred_workload", "exchanged"]

T = TypeVar("T")
Exchange: TypeAlias = Callable[[Draws | Distribution], Number]

_LEVELS = ("shares", "loads", "min_steps")  # of a term by hour: draws only with a second dimension


def centred_price(price: ApiPrice) -> ApiPrice:
    """Return prices with every array of draws and distribution replaced by its median."""
    return exchanged(price, point)


def centred_option(option: CostOption, known: dict[int, Any] | None = None) -> CostOption:
    """Return the same recipe with every array of draws and distribution replaced by its median."""
    return exchanged(option, point, known)


def centred_workload(workload: Workload) -> Workload:
    """Return the same workload with every array of draws and distribution replaced by its median."""
    return exchanged(workload, point)


def exchanged(value: T, exchange: Exchange, known: dict[int, Any] | None = None) -> T:
    """Return a value with every array of draws and distribution in it exchanged for what a call gives for it.

    Parameters
    ----------
    value : any
        An option, a workload, a curve: what is made of dataclasses, tuples and frozen mappings.
    exchange : callable
        From draws or a distribution to what takes their place.
    known : dict, optional
        What was exchanged before, by identity: an option in several places stays one. Kept by the caller between calls
        on values that live as long.
    """
    known = {} if known is None else known
    found: Any = value
    if value is None or isinstance(value, (str, float, int, date, Store, type)):
        return value  # nearly all there is; asking whether it is a distribution takes long
    if isinstance(value, (np.ndarray, Distribution)):
        return exchange(value)  # type: ignore[return-value]  # a number for a number
    if id(value) in known:
        return known[id(value)]  # type: ignore[no-any-return]  # of the same type by construction
    if isinstance(value, tuple):
        parts = [exchanged(part, exchange, known) for part in value]
        found = value if all(new is old for new, old in zip(parts, value, strict=True)) else tuple(parts)
    elif isinstance(value, MappingProxyType):
        changed = {key: exchanged(part, exchange, known) for key, part in value.items()}
        found = MappingProxyType(changed) if any(changed[key] is not value[key] for key in changed) else value
    elif is_dataclass(value):
        found = _rebuilt(value, exchange, known)
        known[id(value)] = found
    return found  # type: ignore[no-any-return]  # of the same type by construction


def _rebuilt(value: Any, exchange: Exchange, known: dict[int, Any]) -> Any:  # any dataclass
    """Return a dataclass with the numbers in its fields exchanged; itself where nothing changes."""
    changes = {}
    follows = getattr(type(value), "derived", ())  # what is worked out again from the other fields
    for field in fields(value):
        if field.name in follows:
            continue
        old = getattr(value, field.name)
        if (
            isinstance(old, np.ndarray)
            and old.ndim == 1
            and field.name in _LEVELS
            and isinstance(value, HourlyStaircase)
        ):
            continue
        new = exchanged(old, exchange, known)
        if new is not old:
            changes[field.name] = new
    if not changes:
        return value
    rebuild = getattr(value, "rebuilt", None)  # what is not built from its own fields
    return replace(value, **changes) if rebuild is None else rebuild(**changes)
