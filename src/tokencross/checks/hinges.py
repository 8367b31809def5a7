"""At which values of its inputs the answer of a check would turn: nearest below and above, found by looking."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from tokencross.checks.context import Context
from tokencross.checks.measures import measured
from tokencross.errors import TokencrossError
from tokencross.number import point
from tokencross.options.base import Resolved
from tokencross.studies.addresses import replaced
from tokencross.studies.compare import Comparison
from tokencross.tables.assumption_entry import CheckEntry

__all__ = ["REACH_RATIO", "Hinge", "hinges_of", "nearest_turn"]

REACH_RATIO = 10.0
"""How far from today's value is looked, up and down."""
_STEPS = 6  # within the reach, evenly in the logarithm: each is a factor of 1.47
_SAME_RATIO = 2e-4  # a bracket this narrow gives three digits
_DIGITS = 3
_WHOLE = "_count"
_WORKLOAD = "workload:"
_SHARE = "_share"
_OWN_KEYS = ("tokens_per_day", "tokens_per_month", "bill_usd_per_month")
_UNITS = {
    "tokens_per_day": "tokens per day",
    "tokens_per_month": "tokens per month",
    "bill_usd_per_month": "USD per month",
}
_ALL_OPTIONS = ("cheapest", "never_wins")  # kinds about every substitute of a study

Holds = Callable[[float], "bool | None"]
"""Whether a check holds at a value; None where the value is refused."""


@dataclass(frozen=True)
class Hinge:
    """A number, and the nearest values at which what was found would turn.

    Attributes
    ----------
    address : str
        Of the number in the study; or the key of the check that says the volume or the bill.
    now : float
        Its value.
    unit : str
        Its unit in words.
    holds : bool
        Whether the check holds now.
    below, above : float or None
        The nearest values at which it would not, or would; three digits, rounded away from now. None: no such value
        within a factor of `REACH_RATIO`.
    """

    address: str
    now: float
    unit: str
    holds: bool
    below: float | None
    above: float | None

    @property
    def turns(self) -> bool:
        """Whether there is such a value."""
        return self.below is not None or self.above is not None


def hinges_of(entry: CheckEntry, context: Context) -> tuple[Hinge, ...]:
    """Return where a check would turn, for each number that it is said to hinge on.

    Parameters
    ----------
    entry : CheckEntry
        A check, in one of its cases; what its ``hinges_on`` names.
    context : Context
        What it is evaluated on. Addresses that its study does not have are left out: cases differ in what they ask.

    Notes
    -----
    Values are tried from today's on outwards, six to a factor of `REACH_RATIO` either way, and the first bracket
    in which the answer differs is bisected. So nothing is assumed about how the answer depends on the number; a window
    narrower than a factor of 1.47 can be missed. Counts are tried whole, shares up to 1.
    """
    return tuple(_hinges(entry, context))


def _hinges(entry: CheckEntry, context: Context) -> Iterator[Hinge]:
    """Yield the hinges of a check."""
    start = _small(entry, context)
    known = {} if start.comparison is None else {p.address: p for p in start.comparison.medians.parameters}
    for address in entry.hinges_on:
        now, unit, holds_at = math.nan, "", None
        if address in _OWN_KEYS and getattr(entry, address, None) is not None:
            now, unit = float(getattr(entry, address)), _UNITS[address]
            holds_at = _by_key(entry, start, address)
        elif address in known and start.comparison is not None:
            now, unit = point(known[address].value), known[address].unit
            holds_at = _by_address(entry, start, start.comparison, address)
        if holds_at is None or not math.isfinite(now) or now <= 0.0:
            continue
        whole, most = address.endswith(_WHOLE), 1.0 if address.endswith(_SHARE) else math.inf
        once = cache(holds_at)
        below, above = (nearest_turn(once, now, up=up, whole=whole, most=most) for up in (False, True))
        yield Hinge(address, now, unit, bool(once(now)), below, above)


def _small(entry: CheckEntry, context: Context) -> Context:
    """Return the context with no more of the study than the check speaks of: it is worked out many times."""
    study = context.comparison
    if study is None or entry.kind in _ALL_OPTIONS:
        return context
    said = [getattr(entry, name) for name in type(entry).model_fields]
    words = {word for value in said for word in (value if isinstance(value, tuple) else (value,)) if _is_word(word)}
    asks_incumbent = entry.labels is None or entry.labels[1] is None
    named = {label for label in study.labels if label in words}
    if not named or (asks_incumbent and len(named) == 1):
        named.add(study.incumbent)
    kept = tuple(each for each in study.options if each.label in named)
    first = study.incumbent if study.incumbent in named else kept[-1].label
    return replace(context, comparison=replace(study, options=kept, incumbent=first, reference=()))


def _is_word(value: object) -> bool:
    return isinstance(value, str)


def _by_key(entry: CheckEntry, context: Context, key: str) -> Holds:
    """Return whether the check holds at a value of one of its own keys."""
    return lambda value: _holds(entry.model_copy(update={key: value}), lambda: context)


def _by_address(entry: CheckEntry, context: Context, study: Comparison, address: str) -> Holds:
    """Return whether the check holds with a number of the study replaced."""
    same = {label: resolved for label, resolved in study.resolved.items() if _leaves(address, label, resolved)}

    def at(value: float) -> Context:
        changed = replaced(study, {address: value})
        vars(changed)["resolved"] = {
            option.label: same.get(option.label) or option.resolve(changed.workload) for option in changed.options
        }
        return replace(context, comparison=changed)

    return lambda value: _holds(entry, lambda: at(value))


def _leaves(address: str, label: str, resolved: Resolved) -> bool:
    """Return whether an option is the same whatever the number at an address: it does not read it."""
    read = address in {parameter.address for parameter in resolved.tables}
    return not (read or resolved.inner or address.startswith((_WORKLOAD, f"{label}:")))


def _holds(entry: CheckEntry, context: Callable[[], Context]) -> bool | None:
    """Return whether a check holds; None where it refuses what it is evaluated on."""
    try:
        return measured(entry, context()).holds
    except TokencrossError:
        return None


def nearest_turn(holds: Holds, now: float, *, up: bool, whole: bool = False, most: float = math.inf) -> float | None:
    """Return the nearest value on one side at which an answer differs from that at a number.

    Parameters
    ----------
    holds : callable
        The answer at a value; None where the value is refused, beyond which is not looked.
    now : float
        Where one is; above 0.
    up : bool
        Which side.
    whole : bool
        Whether only whole numbers make sense.
    most : float
        The largest value there is.

    Returns
    -------
    float or None
        Three digits, rounded away from ``now``; None where there is none within a factor of `REACH_RATIO`.

    Examples
    --------
    >>> nearest_turn(lambda value: value < 12.34, 10.0, up=True)
    12.4
    >>> nearest_turn(lambda value: value < 12.34, 10.0, up=False) is None
    True
    """
    before, last = holds(now), now
    for value in _outwards(now, up=up, whole=whole, most=most):
        found = holds(value)
        if found is None:
            return None
        if found != before:
            return _bisected(holds, last, value, before, whole=whole)
        last = value
    return None


def _outwards(now: float, *, up: bool, whole: bool, most: float) -> Iterator[float]:
    """Yield values away from a number, each once."""
    last = now
    for step in range(1, _STEPS + 1):
        value = now * REACH_RATIO ** ((step if up else -step) / _STEPS)
        if whole:
            value = float(math.ceil(value) if up else math.floor(value))
        value = min(value, most)
        if value != last:
            yield value
        last = value


def _bisected(holds: Holds, same: float, other: float, before: bool | None, *, whole: bool) -> float:
    """Return the value nearest to the one side of a bracket at which the answer is that of the other."""
    while abs(other - same) > (1.0 if whole else _SAME_RATIO * abs(other)):
        middle = 0.5 * (same + other)
        if whole:
            middle = float(round(middle))
            if middle in (same, other):
                break
        found = holds(middle)
        if found is not None and found != before:
            other = middle
        else:
            same = middle
    return other if whole else _rounded(other, up=other > same)


def _rounded(value: float, *, up: bool) -> float:
    """Return three digits of a value, rounded up or down."""
    if value == 0.0:
        return 0.0
    scale = 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1)
    steps = value / scale
    near = round(steps)
    whole = near if math.isclose(steps, near, rel_tol=1e-9) else math.ceil(steps) if up else math.floor(steps)
    return float(f"{whole * scale:.{_DIGITS}g}")
