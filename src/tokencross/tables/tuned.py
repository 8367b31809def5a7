"""Tuned models in force at a date: what training, hosting and their tokens cost, and who tunes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import FloatOrDraws, float_or_draws
from tokencross.tables.api_records import ApiModel
from tokencross.tables.located import Located, names_of
from tokencross.tables.resolved import ApiPrice, Quantity
from tokencross.tables.taken import Taken, citation_of
from tokencross.tables.tuning_records import TunedModel, TuningRow

if TYPE_CHECKING:
    from tokencross.tables.book import Book

__all__ = ["TunedPrice", "Tuning", "tuned_price_of", "tunings_of", "untuned"]

_PRICES = (
    "training_usd_per_mtok",
    "training_usd_per_hour",
    "hosting_usd_per_hour",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
)
_BY_TOKEN = (*_PRICES[3:], "batch.discount_share", "batch.cache_discount_share")


@dataclass(frozen=True)
class Tuning:
    """A way to tune a base model at a provider, as the tables list it."""

    provider: str
    model: TunedModel

    @property
    def name(self) -> str:
        """``provider/id``."""
        return f"{self.provider}/{self.model.id}"


@dataclass(frozen=True)
class TunedPrice:
    """A tuned model's prices in force at a date; what the table does not have is not among the quantities.

    Attributes
    ----------
    model : TunedModel
        The record.
    base : ApiModel
        The hosted model whose tokenizer and name it has.
    address : str
        What its addresses begin with.
    citation : Citation
        The row in force.
    quantities : mapping of key to Quantity
        Every number of the row.
    later : tuple of TuningRow
        Rows that begin after the book's date.
    notes : tuple of str
        What has to be said about the row.
    """

    model: TunedModel
    base: ApiModel
    address: str
    citation: Citation
    quantities: Mapping[str, Quantity]
    later: tuple[TuningRow, ...]
    notes: tuple[str, ...]

    def number(self, key: str) -> FloatOrDraws | None:
        """Return the number at a key; None where the table has none."""
        found = self.quantities.get(key)
        return None if found is None else float_or_draws(found.value)

    def api_price(self) -> ApiPrice:
        """Return what its tokens cost, as of a hosted model that has no prices but these.

        Raises
        ------
        ResolveError
            If the row has no price of input or output.
        """
        fresh, output = self.number("input_usd_per_mtok"), self.number("output_usd_per_mtok")
        if fresh is None or output is None:
            found = "no price by the token: the tuned model is not served so"
            raise ResolveError(Problem(self.address, found, "a tuned model with prices of input and output"))
        read = self.number("cache_read_usd_per_mtok")
        batch = self.number("batch.discount_share")
        cached = self.number("batch.cache_discount_share")
        return ApiPrice(
            model=self.base,
            address=self.address,
            citation=self.citation,
            input_usd_per_mtok=fresh,
            output_usd_per_mtok=output,
            cache_read_usd_per_mtok=fresh if read is None else read,
            cache_write_usd_per_mtok=fresh,
            cached_as_input=read is None,
            written_as_input=True,
            long_context=(),
            batch_discount_share=0.0 if batch is None else batch,
            batch_cache_discount_share=0.0 if cached is None else cached,
            has_batch=batch is not None,
            quantities=tuple(self.quantities[key] for key in _BY_TOKEN if key in self.quantities),
            notes=self.notes,
        )


def tuned_price_of(book: Book, provider: str, located: Located) -> TunedPrice:
    """Return a tuned model's prices in force; see `Book.tuned_price`."""
    model = located.parse(TunedModel)
    subject = f"{provider}/{model.id}"
    address = f"tuning:{subject}"
    index, row, notes = book.in_force(model.prices, address)
    citation = citation_of(address, row, located.location("prices", index))
    taken = Taken(book.overrides, address, citation)
    numbers: dict[str, float | None] = {key: getattr(row, key) for key in _PRICES}
    if row.batch is not None:
        numbers["batch.discount_share"] = row.batch.discount_share
        numbers["batch.cache_discount_share"] = row.batch.cache_discount_share
    for key, value in numbers.items():
        taken.number(key, value)
    return TunedPrice(
        model=model,
        base=_base_of(book, model),
        address=address,
        citation=citation,
        quantities={quantity.address.removeprefix(f"{address}."): quantity for quantity in taken.quantities},
        later=tuple(late for late in model.prices[index + 1 :] if late.effective_from > book.as_of),
        notes=(*notes, *book.doubts(subject, row)),
    )


def _base_of(book: Book, model: TunedModel) -> ApiModel:
    """Return the tuned model as a hosted one: its own name, its base's tokenizer where a table knows it."""
    tokenizer: str | None = None
    with suppress(ResolveError):
        base = book.api_model(model.base)[0] if "/" in model.base else book.open_model(model.base)[0]
        tokenizer = base.tokenizer
    # a record without price rows of its own: they are in tuning/
    return ApiModel.model_construct(id=model.id, name=model.name, tier="small", tokenizer=tokenizer, prices=())


# ---------------------------------------------------------------------- who tunes what


def tunings_of(book: Book, base: str) -> list[Tuning]:
    """Return every way to tune a base, or the one that a name of its own means; see `Book.tunings`."""
    names = _spellings(book, base)
    found: list[Tuning] = []
    own: list[Tuning] = []
    for provider, located in _records(book):
        own_names = names_of(located)
        if base in own_names or base in [f"{provider}/{name}" for name in own_names]:
            own.append(Tuning(provider, located.parse(TunedModel)))
        elif located.data.get("base") in names:
            found.append(Tuning(provider, located.parse(TunedModel)))
    return own or found


def untuned(book: Book, base: str) -> ResolveError:
    """Return the error about a base that nobody in the tables tunes."""
    known = list(dict.fromkeys(str(located.data.get("base")) for _, located in _records(book)))
    remedy = offer(base, known) or "An open model that one trains oneself is served with instance= and purchase=."
    where = f"{book.store.name}/tuning"
    return ResolveError(Problem(where, f"no way to tune {base!r}", "a base that the tables have", remedy))


def _records(book: Book) -> Sequence[tuple[str, Located]]:
    """Return every record of tuning with its provider."""
    files = book.store.files("tuning")
    return [(path.stem, record) for path in files for record in book.store.records("tuning", path)]


def _spellings(book: Book, base: str) -> set[str]:
    """Return the names under which the tables may have a base: aliases and its open weights too."""
    names = {base}
    with suppress(ResolveError):
        names.add(book.open_model(base)[0].id)
        return names
    with suppress(ResolveError):
        model, located = book.api_model(base)
        provider = book.api_name(base).partition("/")[0]
        names |= {f"{provider}/{name}" for name in names_of(located)}
        if model.weights is not None:
            names.add(model.weights)
    return names
