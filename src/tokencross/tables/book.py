"""The book at a date: prices, instances, models and rates in force, as plain numbers with their citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeVar

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import FloatOrDraws, Number, float_or_draws
from tokencross.tables.naming import unit_of
from tokencross.tables.records import (
    ApiModel,
    ApiPriceRow,
    Dated,
    Gpu,
    HourlyPriceRow,
    Instance,
    Offer,
    OpenModel,
    Provenance,
    ThroughputRun,
    Tokenizer,
)
from tokencross.tables.store import Located, Store

__all__ = ["ApiPrice", "Book", "HourlyPrice", "LongContextPrice", "Quantity", "TextRatio"]

DatedT = TypeVar("DatedT", bound=Dated)
BeforeFirst = Literal["refuse", "hold"]


@dataclass(frozen=True)
class Quantity:
    """A number of a table, as a study lists it: address, value, unit, citation."""

    address: str
    value: Number
    unit: str
    citation: Citation


@dataclass(frozen=True)
class LongContextPrice:
    """Prices of requests in a long-context tier. [USD per million tokens]"""

    threshold_tokens: float
    inclusive: bool
    input_usd_per_mtok: FloatOrDraws
    output_usd_per_mtok: FloatOrDraws
    cache_read_usd_per_mtok: FloatOrDraws
    cache_write_usd_per_mtok: FloatOrDraws


@dataclass(frozen=True)
class ApiPrice:
    """A hosted model's prices in force at a date. [USD per million tokens]

    Without a cache price in the table the cache prices are the input price, and ``cached_as_input`` says so.
    """

    model: ApiModel
    address: str
    citation: Citation
    input_usd_per_mtok: FloatOrDraws
    output_usd_per_mtok: FloatOrDraws
    cache_read_usd_per_mtok: FloatOrDraws
    cache_write_usd_per_mtok: FloatOrDraws
    cached_as_input: bool
    long_context: tuple[LongContextPrice, ...]
    batch_discount_share: FloatOrDraws
    batch_cache_discount_share: FloatOrDraws
    has_batch: bool
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class HourlyPrice:
    """An instance's price in force at a date."""

    instance: Instance
    purchase: str
    region: str
    address: str
    citation: Citation
    usd_per_hour: FloatOrDraws
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextRatio:
    """Billed tokens per reference token for a kind of text."""

    value: FloatOrDraws
    citation: Citation | None
    quantities: tuple[Quantity, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Book:
    """A store at a date, with the numbers that someone replaced.

    Attributes
    ----------
    store : Store
        The folder of tables.
    as_of : date
        The day whose figures are in force.
    announced : bool
        Whether announced figures count from their date on.
    before_first : "refuse" or "hold"
        What a date before the first row does.
    overrides : mapping of address to Number
        Numbers of tables that a study replaced.
    """

    store: Store
    as_of: date
    announced: bool = True
    before_first: BeforeFirst = "refuse"
    overrides: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, as_of: date) -> Book:
        """Return the book at another date."""
        return replace(self, as_of=as_of)

    def override(self, address: str, value: Number) -> Book:
        """Return the book with one number replaced."""
        return replace(self, overrides=MappingProxyType({**self.overrides, address: value}))

    @property
    def version(self) -> str:
        """Version of the tables."""
        return self.store.version

    def _number(self, address: str, value: float) -> FloatOrDraws:
        return float_or_draws(self.overrides.get(address, value))

    # ------------------------------------------------------------------ hosted models

    def providers(self, kind: str) -> list[str]:
        """Return the providers that have a file of a kind (api or compute)."""
        return [path.stem for path in self.store.files(kind)]

    def _by_provider(self, kind: str, name: str, what: str) -> Located:
        """Return the record of ``provider/id``."""
        provider, slash, word = name.partition("/")
        known = self.providers(kind)
        where = f"{self.store.name}/{kind}"
        if not slash or not word:
            hits = [
                f"{path.stem}/{record.data['id']}"
                for path in self.store.files(kind)
                if self.store.mentions(path, name)
                for record in self.store.records(kind, path)
                if str(record.data.get("id", "")).rsplit("/", 1)[-1] == name
            ]
            remedy = (
                f"Did you mean {' or '.join(repr(hit) for hit in hits[:6])}?"
                if hits
                else f"Providers: {', '.join(known)}."
            )
            raise ResolveError(Problem(where, f"{name!r} without a provider", f"provider/{what}", remedy))
        if provider not in known:
            remedy = offer(provider, known) or f"Providers: {', '.join(known)}."
            raise ResolveError(Problem(where, f"unknown provider {provider!r}", "a provider of the tables", remedy))
        try:
            return self.store.find(kind, word, within=[self.store.root / kind / f"{provider}.yaml"])
        except ResolveError as error:
            raise ResolveError(*error.problems) from None

    def api_model(self, name: str) -> tuple[ApiModel, Located]:
        """Return a hosted model's record by ``provider/model``."""
        located = self._by_provider("api", name, "model")
        return located.parse(ApiModel), located

    def api_price(self, name: str) -> ApiPrice:
        """Return a hosted model's prices in force.

        Raises
        ------
        ResolveError
            If the model is unknown, or has no price at the book's date.
        """
        model, located = self.api_model(name)
        provider = name.partition("/")[0]
        address = f"prices:{provider}/{model.id}"
        index, row, notes = self._in_force(model.prices, address)
        citation = _citation(address, row, located.location("prices", index))
        return self._api_price(model, row, address, citation, (*notes, *self._doubts(f"{provider}/{model.id}", row)))

    def _api_price(
        self, model: ApiModel, row: ApiPriceRow, address: str, citation: Citation, notes: tuple[str, ...]
    ) -> ApiPrice:
        """Return a row as numbers, overrides in their places."""
        quantities: list[Quantity] = []

        def number(key: str, value: float) -> FloatOrDraws:
            place = f"{address}.{key}"
            taken = self._number(place, value)
            cited = citation if place not in self.overrides else replace(citation, via="replaced in the study")
            quantities.append(Quantity(place, taken, unit_of(key), cited))
            return taken

        fresh = number("input_usd_per_mtok", row.input_usd_per_mtok)
        output = number("output_usd_per_mtok", row.output_usd_per_mtok)
        unpriced = row.cache_read_usd_per_mtok is None
        read = (
            fresh
            if row.cache_read_usd_per_mtok is None
            else number("cache_read_usd_per_mtok", row.cache_read_usd_per_mtok)
        )
        write = (
            fresh
            if row.cache_write_usd_per_mtok is None
            else number("cache_write_usd_per_mtok", row.cache_write_usd_per_mtok)
        )
        tiers: list[LongContextPrice] = []
        for tier in row.long_context:
            key = f"long_context[{tier.threshold_tokens}]"
            long_input = number(f"{key}.input_usd_per_mtok", tier.input_usd_per_mtok)
            long_output = number(f"{key}.output_usd_per_mtok", tier.output_usd_per_mtok)
            scale = tier.input_usd_per_mtok / row.input_usd_per_mtok if row.input_usd_per_mtok else 1.0
            long_read = (
                read * scale
                if tier.cache_read_usd_per_mtok is None
                else number(f"{key}.cache_read_usd_per_mtok", tier.cache_read_usd_per_mtok)
            )
            long_write = (
                write * scale
                if tier.cache_write_usd_per_mtok is None
                else number(f"{key}.cache_write_usd_per_mtok", tier.cache_write_usd_per_mtok)
            )
            tiers.append(
                LongContextPrice(
                    float(tier.threshold_tokens), tier.inclusive, long_input, long_output, long_read, long_write
                )
            )
        discount = cache_discount = 0.0
        if row.batch is not None:
            discount = number("batch.discount_share", row.batch.discount_share)  # type: ignore[assignment]  # draws are numbers too
            cache_discount = number("batch.cache_discount_share", row.batch.cache_discount_share)  # type: ignore[assignment]
        return ApiPrice(
            model=model,
            address=address,
            citation=citation,
            input_usd_per_mtok=fresh,
            output_usd_per_mtok=output,
            cache_read_usd_per_mtok=read,
            cache_write_usd_per_mtok=write,
            cached_as_input=unpriced,
            long_context=tuple(tiers),
            batch_discount_share=discount,
            batch_cache_discount_share=cache_discount,
            has_batch=row.batch is not None,
            quantities=tuple(quantities),
            notes=notes,
        )

    def upcoming(self, name: str, until: date) -> list[ApiPriceRow]:
        """Return price rows of a hosted model that begin after the book's date and up to ``until``."""
        model, _ = self.api_model(name)
        return [row for row in model.prices if self.as_of < row.effective_from <= until]

    def hosts_of(self, weights: str) -> list[str]:
        """Return every ``provider/model`` that serves the same open weights and has a price in force."""
        found: list[str] = []
        for path in self.store.files("api"):
            if not self.store.mentions(path, f"weights: {weights}"):
                continue
            for record in self.store.records("api", path):
                if record.data.get("weights") != weights:
                    continue
                name = f"{path.stem}/{record.data['id']}"
                try:
                    self.api_price(name)
                except ResolveError:
                    continue  # not sold at this date
                found.append(name)
        return found

    # ------------------------------------------------------------------ compute

    def hourly_price(self, name: str, *, purchase: str, region: str | None) -> HourlyPrice:
        """Return the price in force of ``provider/instance`` under purchase terms.

        Raises
        ------
        ResolveError
            If instance, terms or region are unknown, the region has to be chosen, or no price is known at the date.
        """
        located = self._by_provider("compute", name, "instance")
        instance = located.parse(Instance)
        provider = name.partition("/")[0]
        address = f"compute:{provider}/{instance.id}"
        index = _chosen_offer(instance.offers, address, purchase, region)
        chosen = instance.offers[index]
        row_index, row, notes = self._in_force(chosen.prices, address)
        citation = _citation(address, row, located.location("offers", index, "prices", row_index))
        place = f"{address}.usd_per_hour"
        usd = self._number(place, row.usd_per_hour)
        if place in self.overrides:
            citation = replace(citation, via="replaced in the study")
        quantity = Quantity(place, usd, unit_of("usd_per_hour"), citation)
        doubts = self._doubts(f"{provider}/{instance.id}", row)
        return HourlyPrice(instance, purchase, chosen.region, address, citation, usd, (quantity,), (*notes, *doubts))

    # ------------------------------------------------------------------ models, hardware, rates, tokenizers

    def open_model(self, name: str) -> tuple[OpenModel, Citation]:
        """Return an open model by id or alias."""
        located = self.store.find("models", name)
        model = located.parse(OpenModel)
        return model, _citation(f"models:{model.id}", model, located.location())

    def gpu(self, name: str) -> tuple[Gpu, Citation]:
        """Return an accelerator by id or alias."""
        located = self.store.find("hardware", name)
        gpu = located.parse(Gpu)
        return gpu, _citation(f"hardware:{gpu.id}", gpu, located.location())

    def runs(self, model: str) -> list[tuple[ThroughputRun, Citation]]:
        """Return every run of an open model that was measured by the book's date."""
        found: list[tuple[ThroughputRun, Citation]] = []
        for path in self.store.files("throughput"):
            if not self.store.mentions(path, f"model: {model}"):
                continue
            for located in self.store.records("throughput", path):
                if located.data.get("model") != model:
                    continue
                run = located.parse(ThroughputRun)
                if run.measured_on <= self.as_of:
                    place = f"throughput:{run.model}/{run.gpu_count}x {run.gpu}"
                    cited = replace(_citation(place, run, located.location()), effective_from=run.measured_on)
                    found.append((run, cited))
        return found

    def first_run_on(self, model: str) -> date | None:
        """Return the day of the earliest run of a model, whatever the book's date."""
        days = [run.measured_on for run, _ in self.at(date.max).runs(model)]
        return min(days, default=None)

    def text_ratio(self, tokenizer: str | None, text_kind: str, *, of: str) -> TextRatio:
        """Return billed tokens per reference token; 1 with a note where nothing was measured."""
        if tokenizer is None:
            return TextRatio(1.0, None, notes=(f"{of}: its tokenizer was not measured; counted as the reference's.",))
        located = self.store.find("tokenizers", tokenizer)
        record = located.parse(Tokenizer)
        address = f"tokenizers:{record.id}.{text_kind}.tokenizer_ratio"
        for index, entry in enumerate(record.ratios):
            if entry.text_kind == text_kind:
                citation = _citation(f"tokenizers:{record.id}", record, located.location("ratios", index))
                value = self._number(address, entry.tokenizer_ratio)
                quantity = Quantity(address, value, unit_of("tokenizer_ratio"), citation)
                return TextRatio(value, citation, (quantity,))
        known = [entry.text_kind for entry in record.ratios]
        where = f"{self.store.name}/tokenizers: {record.id}"
        raise ResolveError(
            Problem(where, f"unknown text_kind {text_kind!r}", "a measured kind", offer(text_kind, known))
        )

    # ------------------------------------------------------------------ dates

    def _in_force(self, rows: Sequence[DatedT], address: str) -> tuple[int, DatedT, tuple[str, ...]]:
        """Return the row in force at the book's date with its index, and what has to be said about it."""
        live = [(i, row) for i, row in enumerate(rows) if self.announced or row.status != "announced"]
        begun = [(i, row) for i, row in live if row.effective_from <= self.as_of]
        subject = address.partition(":")[2]
        if not begun:
            index, row = live[0] if live else (0, rows[0])
            if self.before_first == "hold" and live:
                note = f"{subject}: {self.as_of} is before its first known price; that of {row.effective_from} is used."
                return index, row, (note,)
            found = f"{self.as_of}, before the first known price of {subject}"
            remedy = f'Use before_first="hold" to take the row of {row.effective_from}, which says so in the notes.'
            raise ResolveError(Problem(address, found, f"a date from {row.effective_from} on", remedy))
        index, row = begun[-1]
        if row.effective_to is not None and row.effective_to <= self.as_of:
            later = next((r.effective_from for _, r in live if r.effective_from > self.as_of), None)
            known = f"{row.effective_from} to before {row.effective_to}" + (f", and from {later} on" if later else "")
            raise ResolveError(Problem(address, f"{self.as_of}, when no price is known", f"a date from {known}"))
        if row.status == "announced":
            since = f"the price announced for {row.effective_from} is used"
            return index, row, (f"{subject}: {since}; on {row.checked} it was not yet in force.",)
        return index, row, ()

    def _doubts(self, subject: str, row: Provenance) -> tuple[str, ...]:
        """Return what is doubtful about a row."""
        notes = []
        if row.caveat:
            notes.append(f"{subject}: {row.caveat}")
        if row.dispute:
            notes.append(f"{subject}: sources disagree. {row.dispute}")
        return tuple(notes)


def _chosen_offer(offers: Sequence[Offer], address: str, purchase: str, region: str | None) -> int:
    """Return the index of the one offer under these terms."""
    terms = list(dict.fromkeys(entry.purchase for entry in offers))
    if purchase not in terms:
        found = f"purchase {purchase!r}, which the table does not have for it"
        raise ResolveError(Problem(address, found, f"one of {', '.join(terms)}", offer(purchase, list(terms))))
    regions = [entry.region for entry in offers if entry.purchase == purchase]
    if region is None and len(regions) > 1:
        found = "no region, though the price depends on it"
        raise ResolveError(Problem(address, found, f"region: one of {', '.join(regions)}"))
    if region is not None and region not in regions:
        found = f"region {region!r}, for which no {purchase} price is known"
        raise ResolveError(Problem(address, found, f"one of {', '.join(regions)}", offer(region, regions)))
    return next(i for i, entry in enumerate(offers) if entry.purchase == purchase and region in (None, entry.region))


def _citation(row_name: str, row: Provenance, location: str) -> Citation:
    """Return a row's provenance as it rides on its numbers."""
    return Citation(
        row=row_name,
        location=location,
        via=row.via,
        basis=row.basis,
        effective_from=row.effective_from if isinstance(row, (Dated, HourlyPriceRow)) else None,
        checked=row.checked,
        cited_url=row.cited_url,
        url=row.url,
        quote=row.quote,
        dispute=row.dispute,
        caveat=row.caveat,
    )
