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
from tokencross.tables.api_records import ApiModel, ApiPriceRow, Batch, LongContext
from tokencross.tables.compute_records import Instance, Offer
from tokencross.tables.naming import unit_of
from tokencross.tables.records import Dated, Provenance
from tokencross.tables.resolved import ApiPrice, HourlyPrice, LongContextPrice, Quantity, TextRatio
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputRun, Tokenizer
from tokencross.tables.store import Located, Store

__all__ = ["REPLACED", "BeforeFirst", "Book"]

REPLACED = "replaced in the study"
DatedT = TypeVar("DatedT", bound=Dated)
BeforeFirst = Literal["refuse", "hold"]


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
        return self.store.find(kind, word, within=[self.store.root / kind / f"{provider}.yaml"])

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
        taken = _Taken(self, address, citation)
        fresh = taken.number("input_usd_per_mtok", row.input_usd_per_mtok)
        output = taken.number("output_usd_per_mtok", row.output_usd_per_mtok)
        read = taken.number("cache_read_usd_per_mtok", row.cache_read_usd_per_mtok, otherwise=fresh)
        write = taken.number("cache_write_usd_per_mtok", row.cache_write_usd_per_mtok, otherwise=fresh)
        tiers = tuple(_long_context(taken, row, tier, read, write) for tier in row.long_context)
        batch = row.batch or Batch(discount_share=0.0)
        has_batch = row.batch is not None
        discount = taken.number("batch.discount_share", batch.discount_share if has_batch else None, otherwise=0.0)
        cached = taken.number(
            "batch.cache_discount_share", batch.cache_discount_share if has_batch else None, otherwise=0.0
        )
        return ApiPrice(
            model=model,
            address=address,
            citation=citation,
            input_usd_per_mtok=fresh,
            output_usd_per_mtok=output,
            cache_read_usd_per_mtok=read,
            cache_write_usd_per_mtok=write,
            cached_as_input=row.cache_read_usd_per_mtok is None,
            written_as_input=row.cache_write_usd_per_mtok is None,
            long_context=tiers,
            batch_discount_share=discount,
            batch_cache_discount_share=cached,
            has_batch=has_batch,
            quantities=tuple(taken.quantities),
            notes=notes,
        )

    def upcoming(self, name: str, until: date) -> list[ApiPriceRow]:
        """Return price rows of a hosted model that begin after the book's date and up to ``until``."""
        model, _ = self.api_model(name)
        return [row for row in model.prices if self.as_of < row.effective_from <= until]

    def hosts_of(self, weights: str) -> list[str]:
        """Return every ``provider/model`` that serves the same open weights and has a price in force."""
        found: list[str] = []
        sold = replace(self, before_first="refuse")  # a price of later years is no alternative
        for path in self.store.files("api"):
            if not self.store.mentions(path, weights):
                continue
            for record in self.store.records("api", path):
                if record.data.get("weights") != weights:
                    continue
                name = f"{path.stem}/{record.data['id']}"
                try:
                    sold.api_price(name)
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
        address += _offer_name(instance.offers, chosen)
        row_index, row, notes = self._in_force(chosen.prices, address)
        citation = _citation(address, row, located.location("offers", index, "prices", row_index))
        taken = _Taken(self, address, citation)
        usd = taken.number("usd_per_hour", row.usd_per_hour)
        doubts = self._doubts(f"{provider}/{instance.id}", row)
        return HourlyPrice(
            instance, purchase, chosen.region, address, citation, usd, tuple(taken.quantities), (*notes, *doubts)
        )

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
            if not self.store.mentions(path, model):
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
        for index, entry in enumerate(record.ratios):
            if entry.text_kind == text_kind:
                citation = _citation(f"tokenizers:{record.id}", record, located.location("ratios", index))
                taken = _Taken(self, f"tokenizers:{record.id}.{text_kind}", citation)
                value = taken.number("tokenizer_ratio", entry.tokenizer_ratio)
                return TextRatio(value, citation, tuple(taken.quantities))
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


@dataclass
class _Taken:
    """Collects the numbers that a resolved row takes, each with its address and what replaced it."""

    book: Book
    address: str
    citation: Citation
    quantities: list[Quantity] = field(default_factory=list)

    def number(self, key: str, value: float | None, *, otherwise: FloatOrDraws = 0.0) -> FloatOrDraws:
        """Return the number at a key; ``otherwise`` where the table has none."""
        if value is None:
            return otherwise
        place = f"{self.address}.{key}"
        replaced = place in self.book.overrides
        number = float_or_draws(self.book.overrides.get(place, value))
        cited = replace(self.citation, via=REPLACED) if replaced else self.citation
        self.quantities.append(Quantity(place, number, unit_of(key), cited))
        return number


def _long_context(
    taken: _Taken, row: ApiPriceRow, tier: LongContext, read: FloatOrDraws, write: FloatOrDraws
) -> LongContextPrice:
    """Return a tier as numbers; cache prices that the table lacks scale like the input price."""
    key = f"long_context[{tier.threshold_tokens}]."
    scale = tier.input_usd_per_mtok / row.input_usd_per_mtok if row.input_usd_per_mtok else 1.0
    return LongContextPrice(
        threshold_tokens=float(tier.threshold_tokens),
        inclusive=tier.inclusive,
        input_usd_per_mtok=taken.number(f"{key}input_usd_per_mtok", tier.input_usd_per_mtok),
        output_usd_per_mtok=taken.number(f"{key}output_usd_per_mtok", tier.output_usd_per_mtok),
        cache_read_usd_per_mtok=taken.number(
            f"{key}cache_read_usd_per_mtok", tier.cache_read_usd_per_mtok, otherwise=read * scale
        ),
        cache_write_usd_per_mtok=taken.number(
            f"{key}cache_write_usd_per_mtok", tier.cache_write_usd_per_mtok, otherwise=write * scale
        ),
    )


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


def _offer_name(offers: Sequence[Offer], chosen: Offer) -> str:
    """Return what an address adds to name one of several offers; nothing for the only one on demand."""
    on_demand = [entry for entry in offers if entry.purchase == "on_demand"]
    return "" if on_demand == [chosen] else f"[{chosen.purchase}, {chosen.region}]"


def _citation(row_name: str, row: Provenance, location: str) -> Citation:
    """Return a row's provenance as it rides on its numbers."""
    return Citation(
        row=row_name,
        location=location,
        via=row.via,
        basis=row.basis,
        effective_from=row.effective_from if isinstance(row, Dated) else None,
        checked=row.checked,
        cited_url=row.cited_url,
        url=row.url,
        quote=row.quote,
        dispute=row.dispute,
        caveat=row.caveat,
    )
