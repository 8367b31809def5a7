"""Options and workloads at the medians of what is uncertain."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from tokencross.number import Distribution, point
from tokencross.options.base import CostOption
from tokencross.options.workload import Workload
from tokencross.tables.resolved import ApiPrice
from tokencross.tables.store import Store

__all__ = ["centred_option", "centred_price", "centred_workload"]

T = TypeVar("T")


def centred_price(price: ApiPrice) -> ApiPrice:
    """Return prices with every array of draws and distribution replaced by its median."""
    return _centred(price)


def centred_option(option: CostOption) -> CostOption:
    """Return the same recipe with every array of draws and distribution replaced by its median."""
    return _centred(option)


def centred_workload(workload: Workload) -> Workload:
    """Return the same workload with every array of draws and distribution replaced by its median."""
    return _centred(workload)


def _centred(value: T) -> T:
    """Return a value with the medians of the numbers in it."""
    found: Any = value
    if value is None or isinstance(value, (str, float, int, date)):
        return value  # nearly all there is; asking whether it is a distribution takes long
    if isinstance(value, np.ndarray) or (isinstance(value, Distribution) and not is_dataclass(value)):
        found = point(value)
    elif isinstance(value, tuple):
        found = tuple(_centred(part) for part in value)
    elif isinstance(value, MappingProxyType):
        found = MappingProxyType({key: _centred(part) for key, part in value.items()})
    elif is_dataclass(value) and not isinstance(value, (type, Store)):
        changes = {}
        for field in fields(value):
            old = getattr(value, field.name)
            new = _centred(old)
            if new is not old:
                changes[field.name] = new
        if changes:
            rebuild = getattr(value, "rebuilt", None)  # what is not built from its own fields
            found = replace(value, **changes) if rebuild is None else rebuild(**changes)
    return found  # type: ignore[no-any-return]  # of the same type by construction
