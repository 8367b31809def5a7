"""Numbers by whose they are, and others in their place, option by option: one address may stand for two rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from tokencross.errors import ScenarioError
from tokencross.number import FloatOrDraws, Number, float_or_draws, point
from tokencross.options.base import Blend, CostOption, Parameter
from tokencross.options.blends import Split
from tokencross.options.inside import resolved_everywhere
from tokencross.options.mix import Mix
from tokencross.options.workload import Workload
from tokencross.studies.compare import Comparison

__all__ = [
    "STUDY",
    "VOLUME",
    "WORKLOAD",
    "assembled",
    "follows",
    "numbers_of",
    "option_with",
    "with_numbers",
    "workload_with",
]

WORKLOAD, STUDY, VOLUME = "workload", "study:", "tokens_per_month"
"""Whose numbers are no option's (neither can be a label), and the one number that is the study's."""

Numbers: TypeAlias = Mapping[str, FloatOrDraws]

_OF_TEAM = ".team."
_TEAM_SUMS = ("upfront_usd", "upkeep_usd_per_month", "upkeep_usd_per_gpu_month")  # of `Team.sums`
_SAME_RATIO = 1e-12
_SUM_TOLERANCE = 1e-9


def numbers_of(comparison: Comparison) -> dict[str, dict[str, Parameter]]:
    """Return every number by whose it is and its address, as `with_numbers` takes them.

    Owners are the labels of the options and of those inside them, ``workload``, and `STUDY` for the volume. A row
    that two options use is listed under both.
    """
    found: dict[str, dict[str, Parameter]] = {WORKLOAD: {p.address: p for p in comparison.workload.parameters()}}
    for label, resolved in resolved_everywhere(comparison.resolved):
        known = found.setdefault(label, {})
        for own in _own(resolved.local):
            address = f"{label}:{own.address}"
            known.setdefault(address, replace(own, address=address))
        for parameter in resolved.tables:
            known.setdefault(parameter.address, parameter)
    if comparison.tokens_per_month is not None:
        found[STUDY] = {VOLUME: Parameter(VOLUME, comparison.tokens_per_month, "reference tokens per month", "given")}
    return found


def _own(local: Sequence[Parameter]) -> Iterator[Parameter]:
    """Yield an option's own numbers, what a team comes to as what it is: it follows from the team."""
    teams = {own.address.partition(_OF_TEAM)[0] for own in local if _OF_TEAM in own.address}
    for own in local:
        item, _, name = own.address.rpartition(".")
        yield replace(own, origin="default") if item in teams and name in _TEAM_SUMS else own


def with_numbers(comparison: Comparison, numbers: Mapping[str, Mapping[str, float]]) -> Comparison:
    """Return a study with numbers put in, each where its owner has it.

    Parameters
    ----------
    comparison : Comparison
        The study.
    numbers : mapping of owner to (mapping of address to value)
        Owners and addresses as `numbers_of` lists them. What stands there already stays as it is, so that a fitted or
        defaulted number goes on following from the others; owners and addresses that the study does not have are left
        out, so compare what it costs.

    Raises
    ------
    ScenarioError
        If a value is out of bounds.

    Notes
    -----
    First the traffic, then what was given and the tables say, and last what still differs of the numbers that follow
    from them. Unlike `addresses.replaced`, an address may stand for rows of two dates: each option has its own value.
    """
    study = comparison
    volume = numbers.get(STUDY, {}).get(VOLUME)
    if volume is not None and study.here != volume:
        study = replace(study, tokens_per_month=volume)
    for given in (True, False):
        wanted = _differing(numbers_of(study), {WORKLOAD: numbers.get(WORKLOAD, {})}, given_only=given)
        study = replace(study, workload=workload_with(study.workload, wanted.get(WORKLOAD, {})))
    own = {label: values for label, values in numbers.items() if label not in (WORKLOAD, STUDY)}
    for given in (True, False):
        wanted = _differing(numbers_of(study), own, given_only=given)
        if any(wanted.values()):
            study = study.changed(_setting(wanted))
    return study


def _setting(wanted: Mapping[str, Numbers]) -> Callable[[CostOption], CostOption]:
    """Return the change that puts in each option's numbers."""
    return lambda option: option_with(option, wanted.get(option.label, {}))


def _differing(
    known: Mapping[str, Mapping[str, Parameter]], wanted: Mapping[str, Mapping[str, float]], *, given_only: bool
) -> dict[str, dict[str, FloatOrDraws]]:
    """Return the values that are not there yet; only of what was given or the tables say, or of everything."""
    return {
        owner: {
            address: value
            for address, value in values.items()
            if address in known.get(owner, {})
            and not _same(point(known[owner][address].value), value)
            and not (given_only and follows(known[owner][address], owner))
        }
        for owner, values in wanted.items()
    }


def follows(parameter: Parameter, owner: str) -> bool:
    """Return whether a number follows from others: a default, a fit, what a team comes to, or what a row says of an
    option's own field.
    """
    return parameter.origin != "given" and (owner == WORKLOAD or parameter.address.startswith(f"{owner}:"))


def _same(one: float, other: float) -> bool:
    """Return whether two values are one but for the last rounding."""
    return one == other or abs(one - other) <= _SAME_RATIO * max(abs(one), abs(other))


# ---------------------------------------------------------------------- putting in


def option_with(option: CostOption, numbers: Numbers) -> CostOption:
    """Return an option with numbers at addresses: its own, and those of rows in its tables.

    Its own are put in one by one, in an order that the option accepts; shares that add up to 1 all at once.
    """
    own = {address: value for address, value in numbers.items() if address.startswith(f"{option.label}:")}
    rows = {address: value for address, value in numbers.items() if address not in own}
    if rows and option.book is not None:
        book = option.book
        for address, value in rows.items():
            book = book.override(address, value)
        option = option.with_book(book)
    wanted = {address.removeprefix(f"{option.label}:"): value for address, value in own.items()}
    if isinstance(option, Split) and option.by == "volume":
        option, wanted = _with_routes(option, wanted)
    while wanted:
        option, wanted = _with_some(option, wanted)
    return option


def _with_some(option: CostOption, wanted: Numbers) -> tuple[CostOption, dict[str, FloatOrDraws]]:
    """Return an option with those numbers that it accepts now, and the others; they may be possible after these."""
    left: dict[str, FloatOrDraws] = {}
    refused: ScenarioError | None = None
    for name, value in wanted.items():
        try:
            option = option.with_number(name, value)
        except ScenarioError as error:
            left[name], refused = value, error
    if refused is not None and len(left) == len(wanted):
        raise refused
    return option, left


def _with_routes(option: Split, wanted: Numbers) -> tuple[CostOption, dict[str, FloatOrDraws]]:
    """Return a split with its shares put in together, and what is left to put in."""
    names = [f"share[{part.label}]" for part in option.parts]
    if not set(names) & set(wanted):
        return option, dict(wanted)
    routes: Any = option.routes
    shares = [wanted.get(name, share) for name, (_, share) in zip(names, routes, strict=True)]
    left = {name: value for name, value in wanted.items() if name not in names}
    if not _add_up(shares):
        return option, dict(wanted)
    return replace(option, routes=tuple(zip(option.parts, shares, strict=True))), left


def _add_up(shares: list[Number]) -> bool:
    """Return whether shares add up to 1, in every draw."""
    total = sum((np.asarray(float_or_draws(share)) for share in shares), np.zeros(()))
    return bool(np.all(np.abs(total - 1.0) <= _SUM_TOLERANCE))


def workload_with(workload: Workload, numbers: Numbers) -> Workload:
    """Return a workload with numbers at addresses, all at once: shares are checked together."""
    wanted = {address.removeprefix(f"{WORKLOAD}:"): value for address, value in numbers.items()}
    if not wanted:
        return workload
    if not isinstance(workload, Mix):
        return workload.with_numbers(wanted)
    left = dict(wanted)
    classes = []
    for each in workload.classes:
        name = f"{each.name}."
        own = {key: left.pop(key) for key in wanted if key.startswith(name) and key != f"{name}share"}
        values = {key.removeprefix(name): value for key, value in own.items()}
        classes.append(replace(each, workload=each.workload.with_numbers(values)) if values else each)
    shares: list[Number] = [left.get(f"{each.name}.share", each.share) for each in classes]
    if _add_up(shares):
        for place, each in enumerate(classes):
            name = f"{each.name}.share"
            classes[place] = replace(each, share=left.pop(name)) if name in left else each
    mixed: Workload = replace(workload, classes=tuple(classes))
    return mixed.with_numbers(left) if left else mixed


# ---------------------------------------------------------------------- out of two studies


def assembled(
    label: str,
    *,
    old: Mapping[str, CostOption],
    new: Mapping[str, CostOption],
    recipes: frozenset[str],
    numbers: Mapping[str, Numbers],
    made: dict[str, CostOption] | None = None,
) -> CostOption:
    """Return an option of the new study where its recipe is taken from there, else of the old one, with numbers put in.

    Parameters
    ----------
    label : str
        Which option; what is inside it is put together in the same way.
    old, new : mapping of label to option
        Everyone in the two studies.
    recipes : set of str
        Labels whose recipe is the new one.
    numbers : mapping of label to (mapping of address to value)
        What is put in.
    made : dict, optional
        What was put together before: an option in several places stays one.
    """
    made = {} if made is None else made
    if label not in made:
        base = new[label] if label in recipes or label not in old else old[label]
        if isinstance(base, Blend):
            parts = tuple(
                assembled(part.label, old=old, new=new, recipes=recipes, numbers=numbers, made=made)
                for part in base.parts
            )
            base = base.with_parts(parts)
        made[label] = option_with(base, numbers.get(label, {}))
    return made[label]
