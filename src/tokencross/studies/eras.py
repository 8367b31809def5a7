"""An option through time: what it costs from which day on, where it does not exist, and which figures are borrowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from tokencross.citation import Citation
from tokencross.errors import ResolveError, ScenarioError, TokencrossError
from tokencross.number import point
from tokencross.options.base import CostOption, Option, Parameter, Resolved
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.options.inside import everyone, rebuilt, resolved_everywhere
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.workload import Workload
from tokencross.studies.compare import Comparison
from tokencross.studies.price_days import DATED_ROOMS, cited_on, first_known, price_days, recipe_of

__all__ = [
    "KNOWN_BY_THEN",
    "Era",
    "Look",
    "Slot",
    "ThroughputAt",
    "compared",
    "era_of",
    "era_on",
    "eras_of",
    "option_day",
    "slots",
    "study_day",
]

ThroughputAt = Literal["held", "known by then"]
KNOWN_BY_THEN: ThroughputAt = "known by then"
Slot = tuple[tuple[date | None, CostOption], ...]
"""Options that follow each other, each with the day from which it is used; None for one that is used throughout."""

_RATE = "throughput"


@dataclass(frozen=True)
class Look:
    """How an option is looked at on another day.

    Attributes
    ----------
    workload : Workload
        The traffic.
    throughput : "held" or "known by then"
        Measured rates as of the option's own date on every day, or as of the day.
    borrow : bool
        Whether a day before the first known price of an instance takes that price; and of anything else in a study
        that holds first prices.
    """

    workload: Workload
    throughput: ThroughputAt = "held"
    borrow: bool = True


@dataclass(frozen=True, eq=False)
class Era:
    """An option from a day on.

    Attributes
    ----------
    since : date
        First day.
    name : str
        The option itself: one label may stand for several that follow each other.
    resolved : Resolved or None
        Its curve; None where it does not exist.
    reason : str
        Why it does not exist.
    figures : mapping of address to Parameter
        The numbers of the tables that it rests on, and its rate.
    compute_as_of, throughput_as_of : date or None
        The day as of which instance prices and measured rates are taken; None where it has none.
    measured_on : date or None
        The day of the measurements that the rate rests on.
    borrowed : tuple of str
        Figures of a later day than `since`, in words.
    """

    since: date
    name: str
    resolved: Resolved | None = None
    reason: str = ""
    figures: Mapping[str, Parameter] = field(default_factory=dict)
    compute_as_of: date | None = None
    throughput_as_of: date | None = None
    measured_on: date | None = None
    borrowed: tuple[str, ...] = ()

    def same(self, other: Era) -> bool:
        """Return whether nothing that matters differs but the day."""
        there = (self.name, self.resolved is None, self.borrowed)
        return there == (other.name, other.resolved is None, other.borrowed) and _values(self) == _values(other)


def _values(era: Era) -> dict[str, float]:
    """Return an era's figures by address."""
    return {address: point(parameter.value) for address, parameter in era.figures.items()}


# ---------------------------------------------------------------------- through time


def eras_of(slot: Slot, look: Look, *, first: date, last: date) -> list[Era]:
    """Return what an option, or those that follow each other in its place, is from which day on.

    Parameters
    ----------
    slot : Slot
        The options, by the day from which each is used.
    look : Look
        How rates and missing prices are taken on other days.
    first, last : date
        The days looked at, both included; the first era begins on ``first``.
    """
    days = {first}
    for since, option in slot:
        seeds = [day for day in (since, option_day(option), first) if day is not None]
        days |= price_days(_holding(option), cited_on(seeds, look.workload)) | _evidence(option)
        days |= {since} if since is not None else set()
    found: list[Era] = []
    for day in sorted(day for day in days if first <= day <= last):
        era = era_on(slot, look, day)
        if not found or not era.same(found[-1]):
            found.append(era)
    return found


def _slot_at(slot: Slot, day: date) -> tuple[date | None, CostOption] | None:
    """Return who of a succession is used on a day, and since when; None before the first."""
    begun = [(since, option) for since, option in slot if since is None or since <= day]
    return begun[-1] if begun else None


def option_day(option: CostOption) -> date | None:
    """Return the latest date of an option's tables, those of options inside it among them."""
    days = [each.book.as_of for each in everyone([option]).values() if each.book is not None]
    return max(days, default=None)


def study_day(study: Comparison) -> date | None:
    """Return a study's date: the latest of its options' tables; None where it rests on none."""
    return max((day for option in study.options if (day := option_day(option)) is not None), default=None)


def _holding(option: CostOption) -> CostOption:
    """Return the option with first prices held before their day where they may be: for looking up the rows it uses."""

    def holding(each: CostOption) -> CostOption:
        own = each.book is not None and each.book.before_first == "hold"
        return _on(each, None, held=own or recipe_of(each) is not None)

    return _changed(option, holding)


def _evidence(option: CostOption) -> set[date]:
    """Return the days on which the models that an option runs were measured, and first known."""
    days: set[date | None] = set()
    for each in everyone([option]).values():
        recipe = recipe_of(each)
        if recipe is not None:
            runs = recipe.book.at(date.max).runs(recipe.model)
            days |= {run.measured_on for run, _ in runs} | {first_known(recipe.book, recipe.model)}
    return {day for day in days if day is not None}


# ---------------------------------------------------------------------- on a day


def era_on(slot: Slot, look: Look, day: date) -> Era:
    """Return what an option, or who stands in its place, is on a day."""
    used = _slot_at(slot, day)
    if used is None:
        since = slot[0][0]
        return Era(day, slot[0][1].label, reason=f"before {since}, from which on {slot[0][1].label} is used")
    since, option = used
    unknown = "" if since is not None else _not_known_yet(option, day)
    if unknown:
        return Era(day, option.label, reason=unknown)
    dated = _changed(option, lambda each: _as_of(each, look, day))
    try:
        resolved = dated.resolve(look.workload)
    except (ResolveError, ScenarioError) as error:  # the latter where a row of that day lacks a number
        return Era(day, option.label, reason=_reason(error, day))
    return era_of(option.label, resolved, dated, day)


def _reason(error: TokencrossError, day: date) -> str:
    """Return what an option lacks on a day and on the following ones, in one line."""
    said = [one if isinstance(one, str) else f"{one.found} ({one.accepted})" for one in error.problems]
    return " ".join("; ".join(said).removeprefix(f"{day}, ").split())


def _not_known_yet(option: CostOption, day: date) -> str:
    """Return why an open model cannot be run yet: no row of the tables knows it; empty where one does."""
    for each in everyone([option]).values():
        recipe = recipe_of(each)
        if recipe is None or day >= recipe.book.as_of:
            continue
        first = first_known(recipe.book, recipe.model)
        if first is not None and day < first <= recipe.book.as_of:  # known only later: it stands for another model
            return f"before {first}, the first day on which the tables know {recipe.model}"
    return ""


def era_of(name: str, resolved: Resolved, option: CostOption, day: date) -> Era:
    """Return the era of an option that resolved, with what is borrowed."""
    everywhere = list(resolved_everywhere({name: resolved}))
    figures = {p.address: p for _, each in everywhere for p in each.tables}
    for label, each in everywhere:
        for own in each.local:
            if own.address == _RATE and own.origin == "fitted":
                figures[f"{label}:{_RATE}"] = own
    later = [cited for _, each in everywhere for cited in each.citations if _is_later(cited, day)]
    measured = [cited.effective_from for _, each in everywhere for cited in each.citations if _is_run(cited)]
    recipes = [recipe for each in everyone([option]).values() if (recipe := recipe_of(each)) is not None]
    return Era(
        since=day,
        name=name,
        resolved=resolved,
        figures=figures,
        compute_as_of=_compute_day(recipes, later, day),
        throughput_as_of=max((recipe.throughput_as_of or recipe.book.as_of for recipe in recipes), default=None),
        measured_on=max((on for on in measured if on is not None), default=None),
        borrowed=(*_borrowed_rows(later), *_borrowed_rates(everywhere, recipes, day)),
    )


def _compute_day(recipes: Sequence[SelfHostedOption], later: Sequence[Citation], day: date) -> date | None:
    """Return the day as of which instance prices are taken."""
    if not recipes:
        return None
    pinned = [recipe.compute_as_of for recipe in recipes if recipe.compute_as_of is not None]
    rows = [row.effective_from for row in later if row.row.startswith("compute:") and row.effective_from is not None]
    return max([*rows, *pinned], default=day)


def _is_later(cited: Citation, day: date) -> bool:
    """Return whether a dated row begins after a day on which it is used."""
    dated = cited.row.partition(":")[0] in DATED_ROOMS
    return dated and cited.effective_from is not None and cited.effective_from > day


def _is_run(cited: Citation) -> bool:
    """Return whether a row is a measured run."""
    return cited.row.startswith("throughput:")


def _borrowed_rows(later: Sequence[Citation]) -> Iterator[str]:
    """Yield the prices of a later day in words, each once."""
    for cited in dict.fromkeys(later):
        room, _, name = cited.row.partition(":")
        yield f"{'list' if room == 'prices' else room} price of {name} of {cited.effective_from}"


def _borrowed_rates(
    everywhere: Sequence[tuple[str, Resolved]], recipes: Sequence[SelfHostedOption], day: date
) -> Iterator[str]:
    """Yield the rates that were measured after a day, or that later runs of others teach, in words."""
    said: set[str] = set()
    taken = max((recipe.throughput_as_of or recipe.book.as_of for recipe in recipes), default=day)
    for _, each in everywhere:
        rate = None if each.fleet is None else each.fleet.replica.rate
        if rate is None or rate.way == "given":
            continue
        if rate.source is None:
            said |= {f"throughput modelled as of {taken}"} if taken > day else set()
        elif rate.source.run.measured_on > day:
            said.add(f"throughput of {rate.source.run.model} measured on {rate.source.run.measured_on}")
    yield from sorted(said)


# ---------------------------------------------------------------------- an option with the tables of another day


def _changed(option: CostOption, change: Callable[[CostOption], CostOption]) -> CostOption:
    """Return an option with a change made to it and to those inside it."""
    return rebuilt([option], change)[0]


def _as_of(option: CostOption, look: Look, day: date) -> CostOption:
    """Return an option with the tables of a day; its rates held, or as known by then."""
    if option.book is None:
        return option
    recipe = recipe_of(option)
    if recipe is None:
        return _on(option, day, held=look.borrow and option.book.before_first == "hold")
    held = recipe.throughput_as_of or recipe.book.as_of
    if look.throughput == KNOWN_BY_THEN and recipe.throughput_as_of is None:
        held = max(day, recipe.book.first_run_on(recipe.model) or day)
    return _at_rates(_on(option, day, held=look.borrow), held)


def _on(option: CostOption, day: date | None, *, held: bool) -> CostOption:
    """Return an option with the tables of a day (its own unless given); ``held``: its first price counts before."""
    if option.book is None:
        return option
    book = replace(option.book, before_first="hold" if held else "refuse")
    return option.with_book(book if day is None else book.at(day))


def _at_rates(option: CostOption, day: date) -> CostOption:
    """Return an option whose rates are those known on a day."""
    if isinstance(option, SelfHostedOption):
        return replace(option, throughput_as_of=day)
    if isinstance(option, DedicatedOption):
        return replace(option, recipe=replace(option.recipe, throughput_as_of=day))
    if isinstance(option, FineTunedOption) and isinstance(option.recipe, (SelfHostedOption, DedicatedOption)):
        served = _at_rates(option.recipe, day)
        assert isinstance(served, (SelfHostedOption, DedicatedOption))  # as it came in
        return replace(option, recipe=served)
    return option


def slots(
    options: Iterable[CostOption], succession: Mapping[str, Sequence[tuple[date, CostOption]]]
) -> dict[str, Slot]:
    """Return every option, or the succession in its place, by label."""
    found: dict[str, Slot] = {}
    for option in options:
        given = succession.get(option.label)
        found[option.label] = ((None, option),) if given is None else tuple(given)
    return found


def compared(central: Comparison, eras: Mapping[str, Era]) -> Comparison | None:
    """Return the options that exist, with the curves that they have then; None without a substitute."""
    options = tuple(
        Option(label, era.resolved.curve, tier=central.option(label).tier)
        for label, era in eras.items()
        if era.resolved is not None
    )
    reference = tuple(label for label in central.reference if label in {option.label for option in options})
    if len(options) == len(reference):
        return None
    return replace(central, options=options, reference=reference, said="", remarks=())
