"""Options inside options: what every blend has, walking through blends, and changing what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.costs.terms import Term
from tokencross.errors import Problem, ScenarioError
from tokencross.number import point
from tokencross.options.base import Blend, CostOption, Inner, Resolved
from tokencross.options.limits import VolumeLimit
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.units import format_tokens

__all__ = ["Blended", "checked_part", "everyone", "limit_of", "rebuilt", "resolved_everywhere", "under"]

T = TypeVar("T", bound="Blended")


def everyone(options: Iterable[CostOption]) -> dict[str, CostOption]:
    """Return options and those inside them by label, outer ones first.

    Raises
    ------
    ScenarioError
        If two different options have one label; one option in several places is fine.
    """
    found: dict[str, CostOption] = {}
    for option in _walk(options):
        if found.setdefault(option.label, option) is not option:
            remedy = "Give one of them another label=."
            problem = Problem("options", f"two labelled {option.label!r}", "a different label for each", remedy)
            raise ScenarioError(problem)
    return found


def _walk(options: Iterable[CostOption]) -> Iterator[CostOption]:
    """Yield options, then what is inside them."""
    options = tuple(options)
    yield from options
    for option in options:
        if isinstance(option, Blend):
            yield from _walk(option.parts)


def rebuilt(options: Iterable[CostOption], change: Callable[[CostOption], CostOption]) -> tuple[CostOption, ...]:
    """Return options with a change made to each of them and to each inside; one that is in several places stays one."""
    made: dict[int, CostOption] = {}

    def again(option: CostOption) -> CostOption:
        if id(option) not in made:
            changed = option
            if isinstance(option, Blend):
                parts = tuple(again(part) for part in option.parts)
                if any(new is not old for new, old in zip(parts, option.parts, strict=True)):
                    changed = option.with_parts(parts)
            made[id(option)] = change(changed)
        return made[id(option)]

    return tuple(again(option) for option in options)


def resolved_everywhere(resolved: Mapping[str, Resolved]) -> Iterator[tuple[str, Resolved]]:
    """Yield every option's label and what it resolved to, outer ones first; an option in several places comes again."""
    yield from resolved.items()
    for outer in resolved.values():
        for inner in outer.inner:
            yield from resolved_everywhere({inner.label: inner.resolved})


# ---------------------------------------------------------------------- what every blend has


@dataclass(frozen=True, eq=False)
class Blended:
    """What every option made of others has: no tables and no people of its own."""

    @property
    def book(self) -> Book | None:
        """None: those inside have tables."""
        return None

    @property
    def weights(self) -> str | None:
        """None: those inside serve models."""
        return None

    @property
    def engineering(self) -> Engineering | EngineeringItems:
        """None of its own: those inside have theirs."""
        return NO_ENGINEERING

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """See `Blend.parts`."""
        raise NotImplementedError

    def with_parts(self: T, parts: tuple[CostOption, ...]) -> T:
        """See `Blend.with_parts`."""
        raise NotImplementedError

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        raise NotImplementedError

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def with_book(self: T, book: Book) -> T:
        """See `CostOption.with_book`: those inside that have tables take these."""
        return self.with_parts(tuple(part.with_book(book) for part in self.parts))


def checked_part(option: object, where: str) -> CostOption:
    """Return an option that a blend is made of."""
    if not isinstance(option, CostOption):
        accepted = "an option, such as prices.api(…) or tc.Option(label, curve)"
        raise ScenarioError(Problem(where, f"{type(option).__name__} {option!r:.40}", accepted))
    return option


def under(option: CostOption, curve: CostCurve) -> CostCurve:
    """Return a part's curve with its label in front of every component's."""
    return CostCurve(tuple(_named(term, f"{option.label}: ") for term in curve.terms))


def _named(term: Term, prefix: str) -> Term:
    """Return a term, and those inside it, with a prefix to their labels."""
    changes: dict[str, Any] = {"label": prefix + term.label}
    for each in fields(term):  # type: ignore[arg-type]  # terms are dataclasses
        value = getattr(term, each.name)
        if isinstance(value, tuple) and value and each.name not in {"citations"}:
            changes[each.name] = _named_inside(value, prefix)
    return replace(term, **changes)  # type: ignore[type-var]  # terms are dataclasses


def _named_inside(values: tuple[Any, ...], prefix: str) -> tuple[Any, ...]:
    """Return the terms in nested tuples with a prefix to their labels; anything else as it is."""
    return tuple(
        _named_inside(value, prefix)
        if isinstance(value, tuple)
        else (_named(value, prefix) if hasattr(value, "breakpoints") else value)
        for value in values
    )


def limit_of(inner: Sequence[Inner]) -> VolumeLimit | None:
    """Return the volume at which the first of the parts' published limits is reached."""
    found: list[tuple[float, Inner, VolumeLimit]] = []
    for each in inner:
        share = 0.0 if each.share is None else point(each.share)
        limit = each.resolved.limit
        if limit is not None and share > 0.0:
            found.append((limit.tokens_per_month / share, each, limit))
    if not found:
        return None
    volume, each, limit = min(found, key=lambda pair: pair[0])
    words = f"{format_tokens(volume)}: the share of {each.label} reaches {limit.words}"
    return VolumeLimit(volume, words, limit.citation)
