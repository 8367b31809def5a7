"""What became different about an option from one day to the next, in words and with the rows that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tokencross.citation import Citation
from tokencross.number import point
from tokencross.options.base import Parameter
from tokencross.studies.eras import Era
from tokencross.units import format_count

__all__ = ["Change", "changes_between", "first_change"]

ChangeKind = Literal["start", "succession", "appears", "ends", "price", "known"]

_ARROW = " → "
_DIGITS, _MOST_DIGITS = 4, 10
_PER = "_usd_per_"
_MAIN = ("input_usd_per_mtok", "output_usd_per_mtok", "usd_per_hour", "usd_per_unit_hour", "throughput")
_MOST_FIGURES = 4
_SPECIAL = ".long_context["
_Moved = tuple[Parameter | None, Parameter, str]
"""A figure before (None: there was none) and after, and what it is about."""


@dataclass(frozen=True)
class Change:
    """Something that changed.

    Attributes
    ----------
    label : str
        Whose: a label of the study.
    kind : str
        start: as it was on the first day; succession: another option in its place; appears and ends: it begins or
        ceases to exist; price: other figures; known: figures that were borrowed are known from here on.
    words : str
        The whole of it.
    short : str
        The same for a chart.
    citations : tuple of Citation
        The rows behind it.
    """

    label: str
    kind: ChangeKind
    words: str
    short: str
    citations: tuple[Citation, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """File and line of the rows, with what they were read from."""
        return tuple(f"{cited.location} ({cited.via})" if cited.location else cited.via for cited in self.citations)


def first_change(label: str, era: Era) -> Change:
    """Return what an option is on the first day."""
    if era.resolved is None:
        return Change(label, "start", f"{label}: {era.reason}", era.name)
    return Change(label, "start", f"{_called(label, era)} as it stood", era.name, _cited(list(era.figures.values())))


def changes_between(label: str, before: Era, after: Era) -> Change:
    """Return how an option differs from what it was."""
    if after.resolved is None:
        return Change(label, "ends", f"{label}: {after.reason}", f"{after.name} ends")
    if before.name != after.name:
        words = f"{label}: {after.name} in place of {before.name}"
        return Change(label, "succession", words, after.name, _cited(list(after.figures.values())))
    if before.resolved is None:
        words = f"{_called(label, after)} begins"
        return Change(label, "appears", words, after.name, _cited(list(after.figures.values())))
    moved = [
        (before.figures.get(address), new, _about(address, new, label, after))
        for address, new in after.figures.items()
        if address not in before.figures or point(before.figures[address].value) != point(new.value)
    ]
    if not moved:
        ceased = sorted(set(before.figures) - set(after.figures))
        if ceased:
            names = ", ".join(_key(address) for address in ceased)
            return Change(label, "price", f"{label}: no {names} any more", label, ())
        known = "; ".join(row for row in before.borrowed if row not in after.borrowed)
        return Change(label, "known", f"{label}: no longer borrowed: {known}", label, ())
    words, leading = ", ".join(_figures(moved)), _leading(moved)
    short = leading if after.name == label else f"{after.name}: {leading}"
    return Change(label, "price", f"{label}: {words}", short, _cited([new for _, new, _ in moved]))


def _called(label: str, era: Era) -> str:
    """Return a label with who stands behind it."""
    return label if era.name == label else f"{label}: {era.name}"


def _about(address: str, figure: Parameter, label: str, era: Era) -> str:
    """Return what a figure is about in words; nothing for a rate of the option itself."""
    if ":" in figure.address:
        return _subject(figure.address)
    owner = address.rpartition(":")[0]
    return "" if owner in ("", label, era.name) else owner


def _figures(moved: list[_Moved]) -> Iterator[str]:
    """Yield changed figures in words, the main ones first, each subject named once."""
    ordered = sorted(moved, key=lambda pair: _rank(pair[1].address))
    subject = ""
    for before, after, own in ordered[:_MOST_FIGURES]:
        named = "" if own in ("", subject) else f"{own} "
        subject = own
        yield f"{named}{_figure(before, after)}"
    if len(ordered) > _MOST_FIGURES:
        yield f"and {len(ordered) - _MOST_FIGURES} more"


def _leading(moved: list[_Moved]) -> str:
    """Return the figure that leads."""
    before, after, _ = min(moved, key=lambda pair: _rank(pair[1].address))
    return _figure(before, after)


def _figure(before: Parameter | None, after: Parameter) -> str:
    """Return a figure before and after, with its unit."""
    name, unit = _named(_key(after.address))
    numbers = [point(each.value) for each in (before, after) if each is not None]
    for digits in range(_DIGITS, _MOST_DIGITS + 1):  # so many that one sees the change
        values = [format_count(number, digits=digits) for number in numbers]
        if len(set(values)) == len(values):
            break
    return f"{name} {_ARROW.join(values)} {unit}".replace("  ", " ").strip()


def _named(key: str) -> tuple[str, str]:
    """Return a key's name and unit in words.

    Examples
    --------
    >>> _named("input_usd_per_mtok"), _named("usd_per_hour")
    (('input', 'USD/Mtok'), ('', 'USD/hour'))
    """
    if key == "throughput":
        return key, "tokens/s"
    name, found, per = f"_{key}".rpartition(_PER)
    if not found:
        return key.replace("_", " "), ""
    unit = {"mtok": "Mtok", "unit_hour": "unit-hour"}.get(per, per.replace("_", " "))
    return name.strip("_").replace("_", " "), f"USD/{unit}"


def _key(address: str) -> str:
    """Return the key at the end of an address, without a slash of a model's name in it."""
    subject = _subject(address)
    return address.rpartition(subject)[2].lstrip(".:") or address


def _subject(address: str) -> str:
    """Return what an address is about: ``openai/gpt-4o``, an instance with its terms, or an option's label."""
    room, _, rest = address.partition(":")
    if "." not in rest:
        return room
    return rest.rpartition(".")[0]


def _rank(address: str) -> tuple[bool, int, str]:
    """Return where a figure stands among others: those of long prompts and other tiers after the plain ones."""
    key, special = _key(address), _SPECIAL in address
    return (special, _MAIN.index(key) if key in _MAIN else len(_MAIN), address)


def _cited(parameters: list[Parameter]) -> tuple[Citation, ...]:
    """Return the rows behind numbers, each once."""
    return tuple(dict.fromkeys(p.citation for p in parameters if p.citation is not None and p.citation.location))
