"""The book at a date: prices, instances, models and rates in force, as plain numbers with their citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeVar

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import Number
from tokencross.tables.api_prices import api_price_of
from tokencross.tables.api_records import ApiModel, ApiPriceRow, Retirement, Speed
from tokencross.tables.compute_records import ProvisionedModel
from tokencross.tables.load_records import LoadProfile
from tokencross.tables.located import Located
from tokencross.tables.records import Dated, Provenance
from tokencross.tables.rented import dedicated_in, hourly_price_of
from tokencross.tables.resolved import ApiPrice, HourlyPrice, RateLimit, Terms, TextRatio, UnitPrice
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputRun, Tokenizer
from tokencross.tables.speeds import speed_of
from tokencross.tables.store import Store
from tokencross.tables.taken import REPLACED, Taken, citation_of
from tokencross.tables.tuned import TunedPrice, Tuning, tuned_price_of, tunings_of
from tokencross.tables.units_sold import unit_price_of

__all__ = ["REPLACED", "BeforeFirst", "Book"]

_STANDARD = Terms()
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

    def _by_provider(self, kind: str, name: str, what: str) -> tuple[str, Located]:
        """Return the provider and the record of ``provider/id``, of any spelling that names only one."""
        if not isinstance(name, str):
            raise ResolveError(Problem(f"{self.store.name}/{kind}", repr(name), f"text, as in provider/{what}"))
        provider, slash, word = name.partition("/")
        where = f"{self.store.name}/{kind}"
        if slash and word and (stem := self._provider(kind, provider)):
            return stem, self.store.find(kind, word, within=[self.store.root / kind / f"{stem}.yaml"])
        hits = self._anywhere(kind, name)
        if len(hits) == 1:
            return hits[0]
        known = self.providers(kind)
        if hits:
            found = f"{name!r} without a provider, which several have"
            candidates = [f"{stem}/{record.data['id']}" for stem, record in hits]
            more = f" and {len(candidates) - 12} more" if len(candidates) > 12 else ""
            raise ResolveError(Problem(where, found, f"one of {', '.join(candidates[:12])}{more}"))
        if not slash or not word:
            remedy = f"Providers: {', '.join(known)}."
            raise ResolveError(Problem(where, f"{name!r} without a provider", f"provider/{what}", remedy))
        remedy = offer(provider, known) or f"Providers: {', '.join(known)}."
        raise ResolveError(Problem(where, f"unknown provider {provider!r}", "a provider of the tables", remedy))

    def _provider(self, kind: str, word: str) -> str | None:
        """Return the provider that a word names, by id or alias."""
        known = self.providers(kind)
        if word in known:
            return word
        for path in self.store.files(kind):
            if self.store.mentions(path, word):
                aliases = self.store.head(path).get("aliases", ())
                if isinstance(aliases, tuple) and word in aliases:
                    return path.stem
        return None

    def _anywhere(self, kind: str, word: str) -> list[tuple[str, Located]]:
        """Return the records of all list prices that a word without a provider names: by id or alias."""
        hits = []
        for path in self.store.files(kind):
            if self.store.mentions(path, word) and not (kind == "api" and self.is_market_index(path.stem)):
                named = self.store.named(kind, path)
                ends = [name for name in named if name == word or name.rsplit("/", 1)[-1] == word]
                found = {id(record): record for name in ends for record in named[name]}
                hits += [(path.stem, record) for record in found.values()]
        return hits

    def api_model(self, name: str) -> tuple[ApiModel, Located]:
        """Return a hosted model's record by ``provider/model``, in any of its spellings."""
        _, located = self._by_provider("api", name, "model")
        return located.parse(ApiModel), located

    def api_name(self, name: str) -> str:
        """Return the one name of a hosted model: ``provider/id`` as the tables have it."""
        provider, located = self._by_provider("api", name, "model")
        return f"{provider}/{located.data['id']}"

    def api_price(self, name: str, terms: Terms = _STANDARD) -> ApiPrice:
        """Return a hosted model's prices in force, on given terms.

        Raises
        ------
        ResolveError
            If the model is unknown, retired, has no price at the book's date, or not on these terms.
        """
        return self.api_price_row(name, terms)[0]

    def api_price_row(self, name: str, terms: Terms = _STANDARD) -> tuple[ApiPrice, ApiPriceRow]:
        """Return a hosted model's prices in force with the row that they are from."""
        provider, located = self._by_provider("api", name, "model")
        model = located.parse(ApiModel)
        subject = f"{provider}/{model.id}"
        address = f"prices:{subject}"
        self._refuse_retired(model, subject, located)
        index, row, notes = self.in_force(model.prices, address)
        citation = citation_of(address, row, located.location("prices", index))
        taken = Taken(self.overrides, address, citation)
        said = (*notes, *self._index_note(provider, subject), *_promise(subject, row))
        return api_price_of(taken, model, row, terms, self.as_of, (*said, *self.doubts(subject, row))), row

    def _refuse_retired(self, model: ApiModel, subject: str, located: Located) -> None:
        """Refuse a date on which a model is no longer served, and name what the vendor offers instead."""
        gone = model.retirement
        if gone is None or self.as_of < gone.retires_on:
            return
        found = f"{self.as_of}, when {subject} is retired (since {gone.retires_on}; {located.location('retirement')})"
        remedy = f"Its vendor names {gone.successor} as the successor." if gone.successor else ""
        raise ResolveError(Problem(f"prices:{subject}", found, f"a date before {gone.retires_on}", remedy))

    def is_market_index(self, provider: str) -> bool:
        """Return whether a provider's prices were seen on a market instead of a vendor's list."""
        return self.store.head(self.store.root / "api" / f"{provider}.yaml").get("market_index") is True

    def _index_note(self, provider: str, subject: str) -> tuple[str, ...]:
        """Return what has to be said about a price that is no list price."""
        if not self.is_market_index(provider):
            return ()
        return (f"{subject}: a market index, the headline price of whichever host was listed; not a list price.",)

    def limits(self, name: str) -> list[RateLimit]:
        """Return a hosted model's published limits in force by usage tier, lowest tier first."""
        provider, located = self._by_provider("api", name, "model")
        model = located.parse(ApiModel)
        found: dict[str, RateLimit] = {}
        for index, row in enumerate(model.limits):
            if row.effective_from > self.as_of or (row.effective_to is not None and row.effective_to <= self.as_of):
                continue
            if row.status == "announced" and not self.announced:
                continue
            citation = citation_of(f"limits:{provider}/{model.id}", row, located.location("limits", index))
            found[row.usage_tier] = RateLimit(
                row.usage_tier,
                citation,
                row.requests_per_minute,
                row.tokens_per_minute,
                row.input_tokens_per_minute,
                row.output_tokens_per_minute,
                row.spend_usd_per_month,
            )
        return list(found.values())

    def speed(self, name: str) -> tuple[Speed, Citation] | None:
        """Return how fast a hosted model answers, by the row in force; None where no source says."""
        return speed_of(self, *self._by_provider("api", name, "model"))

    def upcoming(self, name: str, until: date) -> list[ApiPriceRow]:
        """Return price rows of a hosted model that begin after the book's date and up to ``until``."""
        model, _ = self.api_model(name)
        return [row for row in model.prices if self.as_of < row.effective_from <= until]

    def retires_by(self, name: str, until: date) -> Retirement | None:
        """Return a hosted model's retirement, if it comes after the book's date and up to ``until``."""
        gone = self.api_model(name)[0].retirement
        return gone if gone is not None and self.as_of < gone.retires_on <= until else None

    def hosts_of(self, weights: str) -> list[str]:
        """Return every ``provider/model`` that serves the same open weights and has a price in force."""
        found: list[str] = []
        sold = replace(self, before_first="refuse")  # a price of later years is no alternative
        for path in self.store.files("api"):
            if not self.store.mentions(path, weights) or self.is_market_index(path.stem):
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
        provider, located = self._by_provider("compute", name, "instance")
        return hourly_price_of(self, provider, located, purchase=purchase, region=region)

    def dedicated_instances(self, provider: str, gpu: str) -> list[str]:
        """Return a provider's dedicated endpoints with a kind of GPU, as ``provider/instance``, smallest first.

        Raises
        ------
        ResolveError
            If the provider sells none, or none with this GPU.
        """
        stem = self._provider("compute", provider)
        files = self.store.files("compute")
        sold = {path.stem: dedicated_in(self.store.records("compute", path)) for path in files if path.stem == stem}
        where = f"{self.store.name}/compute"
        if stem is None or not sold[stem]:
            others = [path.stem for path in files if dedicated_in(self.store.records("compute", path))]
            found = f"{provider!r}, which has no dedicated endpoints in the tables"
            raise ResolveError(Problem(where, found, f"one of {', '.join(others) or 'none'}"))
        wanted = self.gpu(gpu)[0].id
        fitting = [instance for instance in sold[stem] if instance.gpu == wanted]
        if not fitting:
            gpus = sorted({instance.gpu for instance in sold[stem]})
            found = f"gpu {gpu!r}, with which {stem} sells no endpoint"
            raise ResolveError(Problem(where, found, f"one of {', '.join(gpus)}", offer(gpu, gpus)))
        return [f"{stem}/{instance.id}" for instance in sorted(fitting, key=lambda i: i.gpu_count)]

    # ------------------------------------------------------------------ provisioned units

    def provisioned_model(self, name: str) -> tuple[str, ProvisionedModel]:
        """Return the one name of a model that is sold by provisioned unit, and its record."""
        provider, located = self._by_provider("provisioned", name, "model")
        return f"{provider}/{located.data['id']}", located.parse(ProvisionedModel)

    def unit_price(self, name: str, *, commitment: str, region: str | None) -> UnitPrice:
        """Return the provisioned units of ``provider/model`` in force; see `tables.units_sold`."""
        provider, located = self._by_provider("provisioned", name, "model")
        path = self.store.root / "provisioned" / f"{provider}.yaml"
        unit = str(self.store.head(path).get("unit", "unit"))
        shared = self.store.listed(path, "offers")
        return unit_price_of(self, provider, located, unit, shared, commitment=commitment, region=region)

    # ------------------------------------------------------------------ tuned models

    def tunings(self, base: str) -> list[Tuning]:
        """Return every way in the tables to tune a base model, whatever the date."""
        return tunings_of(self, base)

    def tuned_price(self, name: str) -> TunedPrice:
        """Return a tuned model's prices in force by ``provider/id``; see `tables.tuned`."""
        return tuned_price_of(self, *self._by_provider("tuning", name, "model"))

    # ------------------------------------------------------------------ models, hardware, rates, tokenizers

    def open_model(self, name: str) -> tuple[OpenModel, Citation]:
        """Return an open model by id or alias."""
        located = self.store.find("models", name)
        model = located.parse(OpenModel)
        return model, citation_of(f"models:{model.id}", model, located.location())

    def load_profile(self, name: str) -> tuple[LoadProfile, Citation]:
        """Return a measured load profile by id or alias."""
        located = self.store.find("load", name)
        profile = located.parse(LoadProfile)
        return profile, citation_of(f"load:{profile.id}", profile, located.location())

    def around(self) -> list[Located]:
        """Return every way in the tables to pay for what stands around the GPU, whatever the date."""
        return [record for path in self.store.files("around") for record in self.store.records("around", path)]

    def gpu(self, name: str) -> tuple[Gpu, Citation]:
        """Return an accelerator by id or alias."""
        located = self.store.find("hardware", name)
        gpu = located.parse(Gpu)
        return gpu, citation_of(f"hardware:{gpu.id}", gpu, located.location())

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
                    cited = replace(citation_of(place, run, located.location()), effective_from=run.measured_on)
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
                citation = citation_of(f"tokenizers:{record.id}", record, located.location("ratios", index))
                taken = Taken(self.overrides, f"tokenizers:{record.id}.{text_kind}", citation)
                between = None if entry.range is None else (entry.range.low_ratio, entry.range.high_ratio)
                value = taken.number("tokenizer_ratio", entry.tokenizer_ratio, between=between)
                return TextRatio(value, citation, tuple(taken.quantities), range=between)
        known = [entry.text_kind for entry in record.ratios]
        where = f"{self.store.name}/tokenizers: {record.id}"
        raise ResolveError(
            Problem(where, f"unknown text_kind {text_kind!r}", "a measured kind", offer(text_kind, known))
        )

    # ------------------------------------------------------------------ dates

    def in_force(self, rows: Sequence[DatedT], address: str) -> tuple[int, DatedT, tuple[str, ...]]:
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

    def doubts(self, subject: str, row: Provenance) -> tuple[str, ...]:
        """Return what is doubtful about a row."""
        notes = []
        if row.caveat:
            notes.append(f"{subject}: {row.caveat}")
        if row.dispute:
            notes.append(f"{subject}: sources disagree. {row.dispute}")
        return tuple(notes)


def _promise(subject: str, row: ApiPriceRow) -> tuple[str, ...]:
    """Return until when a vendor has promised a price, where it has."""
    if row.promised_until is None:
        return ()
    return (f"{subject}: its vendor has promised this price through {row.promised_until} only.",)
