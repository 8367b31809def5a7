"""What stands around the GPU, as a recipe: the tables' defaults, and what one puts in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import Number, check_number, float_or_draws
from tokencross.options.around_costs import AROUND_ITEMS, TRAFFIC, AroundCosts, AroundNumber, item_label, own_address
from tokencross.options.base import GIVEN, Origin
from tokencross.tables.around_records import AROUND_KEYS, AROUND_QUANTITIES, AroundItem, AroundRow
from tokencross.tables.book import Book
from tokencross.tables.located import Located, names_of
from tokencross.tables.naming import unit_of
from tokencross.tables.taken import citation_of

__all__ = ["AROUND_ITEMS", "AROUND_NUMBERS", "AroundGpu"]

AROUND_NUMBERS = tuple(f"{item}_{key}" for item, keys in AROUND_KEYS.items() for key in keys)
"""The name of every number that may be given."""


@dataclass(frozen=True, eq=False, init=False, repr=False)
class AroundGpu:
    """Storage, egress, load balancer, observability, licences and a staging copy of a self-hosted model.

    Every item is taken from the tables at the study's date: at the price of the instance's own provider where the
    tables have one, else at the item's default.

    Parameters
    ----------
    other : mapping of name to Number
        Items of one's own. [USD/month]
    **given : Number, str or None
        By an item's name (`storage`, `egress`, `load_balancer`, `observability`, `licence`, `staging`; `traffic` for
        what goes over the network): the id of a row in ``pricing/around`` that is taken instead, or None for nothing
        of the tables. By a number's name (`egress_usd_per_gb`, `staging_hours_share`, …; `AROUND_NUMBERS` has them
        all): that number. One that the item's row has takes its place; another way of billing takes the place of all
        that the row bills.

    Raises
    ------
    ScenarioError
        If a name is unknown, or a number negative or not finite.

    Examples
    --------
    >>> AroundGpu(licence="nvidia_ai_enterprise", staging_hours_share=0.1, other={"vpn": 120.0})
    AroundGpu(licence='nvidia_ai_enterprise', staging_hours_share=0.1, other={'vpn': 120.0})
    """

    choices: Mapping[str, str | None]
    numbers: Mapping[str, Number]
    other: Mapping[str, Number]

    def __init__(self, *, other: Mapping[str, Number] | None = None, **given: Number | str | None) -> None:
        choices = {name: _checked_choice(name, value) for name, value in given.items() if name in AROUND_KEYS}
        numbers = {name: _checked_number(name, value) for name, value in given.items() if name not in AROUND_KEYS}
        object.__setattr__(self, "choices", MappingProxyType(choices))
        object.__setattr__(self, "numbers", MappingProxyType(numbers))
        object.__setattr__(self, "other", MappingProxyType(dict(_checked_other({} if other is None else other))))

    @staticmethod
    def typical() -> AroundGpu:
        """Return the tables' defaults, all of them."""
        return AroundGpu()

    @staticmethod
    def none() -> AroundGpu:
        """Return nothing around the GPU: the instances alone, written out."""
        return AroundGpu(**dict.fromkeys(AROUND_ITEMS))

    def replace(self, *, other: Mapping[str, Number] | None = None, **changes: Number | str | None) -> AroundGpu:
        """Return the same with items or numbers replaced, named as in the constructor; ``other`` as a whole."""
        kept = {**self.choices, **self.numbers, **changes}
        return AroundGpu(other=self.other if other is None else other, **kept)

    def rebuilt(self, **fields: Mapping[str, Number | str | None]) -> AroundGpu:
        """Return the same with whole fields replaced, as `dataclasses.replace` would."""
        parts = {name: fields.get(name, getattr(self, name)) for name in ("choices", "numbers", "other")}
        return AroundGpu(other=parts["other"], **parts["choices"], **parts["numbers"])

    def with_number(self, name: str, value: object, *, where: str = "around") -> AroundGpu:
        """Return the same with what stands at a local address (`around.egress_usd_per_gb`) replaced.

        Raises
        ------
        ScenarioError
            If there is no such address, or the value may not stand there.
        """
        if name == "around":
            if isinstance(value, AroundGpu):
                return value
            raise ScenarioError(Problem(f"{where}:{name}", repr(value), "tc.AroundGpu(…), or tc.AroundGpu.none()"))
        own = name.removeprefix("around.other[").removesuffix("].usd_per_month")
        if own in self.other and name == own_address(own):
            return self.replace(other={**self.other, own: value})  # type: ignore[dict-item]  # checked there
        key = name.removeprefix("around.")
        known = (*AROUND_NUMBERS, *AROUND_KEYS)
        if key not in known or key == name:
            addresses = [*(f"around.{one}" for one in known), *map(own_address, self.other)]
            accepted = f"one of {', '.join(addresses)}"
            raise ScenarioError(Problem(f"{where}:{name}", "no such number", accepted, offer(name, addresses)))
        return self.replace(**{key: value})  # type: ignore[arg-type]  # checked by the constructor

    def resolve(self, book: Book, *, provider: str = "") -> AroundCosts:
        """Return every number in force at the book's date.

        Parameters
        ----------
        book : Book
            The tables at a date. Before its first row an item is taken at that row, with a note: these prices were
            seldom written down, and seldom move.
        provider : str
            Whose instances are rented, as in ``provider/instance``.

        Raises
        ------
        ResolveError
            If a row was picked that the tables do not have, or a number is missing that another needs.
        """
        records = book.around()
        found: list[AroundNumber] = []
        notes: list[str] = []
        unknown: list[str] = []
        for item in AROUND_KEYS:
            row = self._row(item, records, book, provider)
            numbers = self._numbers(item, row)
            if item == TRAFFIC and not any(number.key == "usd_per_gb" for number in found):
                continue  # nothing is billed by it
            if item == TRAFFIC and not numbers:
                lacking = "no traffic_bytes_per_output_token, though answers are billed by the GB"
                raise ResolveError(Problem("around.traffic", lacking, "the number, or a row of the tables"))
            found += numbers
            notes += row.notes if row is not None and any(n.origin != "given" for n in numbers) else ()
            if row is None and not numbers and item not in self.choices:
                unknown.append(item_label(item))
        if unknown:
            notes.insert(0, f"around the GPU: the tables have no {', '.join(unknown)}; nothing is counted for it.")
        other = {name: float_or_draws(usd) for name, usd in self.other.items()}
        return AroundCosts(tuple(found), other, tuple(notes))

    def _row(self, item: str, records: list[Located], book: Book, provider: str) -> _Row | None:
        """Return the row in force of an item: picked, of the instance's provider, or by default."""
        picked = self.choices.get(item, "")
        if picked is None:
            return None
        own = [record for record in records if record.data.get("item") == item]
        same = [record for record in own if provider in _providers(record)]
        if picked:
            wanted = [record for record in own if picked in names_of(record)]
        else:
            wanted = same or [record for record in own if record.data.get("default") is True]
        if picked and not wanted:
            known = [str(record.data.get("id")) for record in own]
            accepted = f"one of {', '.join(known) or 'none'}, or None"
            raise ResolveError(Problem(f"around.{item}", repr(picked), accepted, offer(picked, known)))
        if not wanted:
            return None
        located = wanted[-1]  # one's own records come last
        record = located.parse(AroundItem)
        address = f"around:{record.id}"
        index, row, notes = replace(book, before_first="hold").in_force(record.prices, address)
        borrowed = bool(provider) and not picked and not same and bool(record.providers)
        return _Row(
            row,
            citation_of(address, row, located.location("prices", index)),
            "table" if picked else "default",
            record.name + (f", none of {provider} being known" if borrowed else "") + _between(row),
            (*notes, *book.doubts(record.id, row)),
        )

    def _numbers(self, item: str, row: _Row | None) -> list[AroundNumber]:
        """Return the numbers of an item that count: those given, and the row's where they still stand."""
        said = {} if row is None else row.row.numbers()
        given = {key: self.numbers[f"{item}_{key}"] for key in AROUND_KEYS[item] if f"{item}_{key}" in self.numbers}
        if any(key not in said and key not in AROUND_QUANTITIES for key in given):  # billed in another way
            said = {key: value for key, value in said.items() if key in AROUND_QUANTITIES}
        numbers = []
        for key in AROUND_KEYS[item]:
            if key in given:
                numbers.append(AroundNumber(item, key, given[key], "given", "", GIVEN))
            elif row is not None and key in said:
                ends = None if row.row.range is None else row.row.range.ends().get(key)
                numbers.append(AroundNumber(item, key, said[key], row.origin, row.why, row.citation, ends))
        if all(number.key != "usd_per_gib_month" for number in numbers):  # copies of what is not billed
            numbers = [number for number in numbers if number.key != "copies_per_instance_ratio"]
        return numbers

    def __repr__(self) -> str:
        """Return what was put in place of the defaults."""
        said = {**self.choices, **self.numbers, **({"other": dict(self.other)} if self.other else {})}
        return f"AroundGpu({', '.join(f'{name}={value!r}' for name, value in said.items())})"


@dataclass(frozen=True)
class _Row:
    """A row of the tables in force, and how it came to be taken."""

    row: AroundRow
    citation: Citation
    origin: Origin
    why: str
    notes: tuple[str, ...]


def _providers(record: Located) -> tuple[object, ...]:
    """Return the providers at whose instances a record is taken, before it is parsed: most are not needed."""
    listed = record.data.get("providers", ())
    return listed if isinstance(listed, tuple) else ()


def _between(row: AroundRow) -> str:
    """Return in words where a row's figure lies."""
    if row.range is None:
        return ""
    said = [f"{key} from {ends[0]:g} to {ends[1]:g}" for key, ends in row.range.ends().items()]
    return f"; {', '.join(said)} ({row.range.source})"


def _checked_choice(item: str, value: object) -> str | None:
    """Return the id of a row, or None, once it is seen to be one."""
    if value is None or (isinstance(value, str) and value):
        return value
    numbers = ", ".join(f"{item}_{key}" for key in AROUND_KEYS[item])
    accepted = "the id of a row in pricing/around, or None for nothing of the tables"
    raise ScenarioError(Problem(f"around.{item}", repr(value), accepted, f"A number is given by its name: {numbers}."))


def _checked_number(name: str, value: object) -> Number:
    """Return a number once its name is seen to be one, and its value to be possible."""
    if name not in AROUND_NUMBERS:
        known = [*AROUND_KEYS, *AROUND_NUMBERS, "other"]
        raise ScenarioError(Problem("around", f"unknown {name!r}", f"one of {', '.join(known)}", offer(name, known)))
    high = 1.0 if name.endswith("_share") else np.inf
    return check_number(value, where=f"around.{name}", unit=unit_of(name), high=high)


def _checked_other(other: object) -> Iterator[tuple[str, Number]]:
    """Yield items of one's own once their names are seen to fit addresses and to be none of the tables' items."""
    if not isinstance(other, Mapping):
        raise ScenarioError(Problem("around.other", repr(other), 'names with USD per month, such as {"vpn": 120.0}'))
    taken = sorted({*AROUND_KEYS, *map(item_label, AROUND_ITEMS)})
    for name, usd in other.items():
        if not isinstance(name, str) or not name.strip() or set(name) & set("[]:") or name in taken:
            accepted = f"a name without ':' and brackets that is none of {', '.join(taken)}"
            raise ScenarioError(Problem("around.other", repr(name), accepted))
        yield name, check_number(usd, where=own_address(name), unit="USD per month")
