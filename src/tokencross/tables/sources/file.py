"""Prices of a file of the user's own: CSV, JSON or YAML with the tables' own keys, or a skypilot-catalog CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from tokencross.errors import Problem, TableError, offer
from tokencross.tables.reading import Document, KeyPath, Plain, read_document
from tokencross.tables.records import Basis
from tokencross.tables.sources import Upstream, UpstreamBatch, UpstreamInstance, UpstreamPrice, UpstreamTier, text_of
from tokencross.tables.sources.catalog import CsvTable, read_csv
from tokencross.tables.sources.skypilot import is_skypilot, read_table
from tokencross.tables.strict import Amount, PositiveAmount, PositiveCount, StrictRecord, mistake, parse_record

__all__ = ["read"]


def _day(value: object) -> object:
    """Return a date from its text: JSON and CSV have none."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


Day = Annotated[date, BeforeValidator(_day)]


class _Era(StrictRecord):
    provider: str = Field(min_length=1)
    effective_from: Day | None = None
    effective_to: Day | None = None
    basis: Basis = "first_observed"
    cited_url: str = ""
    via: str = ""


class _Tier(StrictRecord):
    threshold_tokens: PositiveCount
    input_usd_per_mtok: Amount
    output_usd_per_mtok: Amount
    cache_read_usd_per_mtok: Amount | None = None
    cache_write_usd_per_mtok: Amount | None = None
    cache_write_1h_usd_per_mtok: Amount | None = None


class _Price(_Era):
    model: str = Field(min_length=1)
    name: str = ""
    input_usd_per_mtok: Amount
    output_usd_per_mtok: Amount
    cache_read_usd_per_mtok: Amount | None = None
    cache_write_usd_per_mtok: Amount | None = None
    cache_write_1h_usd_per_mtok: Amount | None = None
    batch_input_usd_per_mtok: Amount | None = None
    batch_output_usd_per_mtok: Amount | None = None
    long_context: tuple[_Tier, ...] | None = None

    @model_validator(mode="after")
    def _both(self) -> _Price:
        if (self.batch_input_usd_per_mtok is None) != (self.batch_output_usd_per_mtok is None):
            mistake("one batch price", "batch_input_usd_per_mtok and batch_output_usd_per_mtok, or neither")
        return self

    def value(self, via: str) -> UpstreamPrice:
        """Return the row as upstreams give it."""
        batch = None
        if self.batch_input_usd_per_mtok is not None and self.batch_output_usd_per_mtok is not None:
            batch = UpstreamBatch(self.batch_input_usd_per_mtok, self.batch_output_usd_per_mtok)
        own = {"batch_input_usd_per_mtok", "batch_output_usd_per_mtok", "long_context", "via"}
        tiers = (
            None
            if self.long_context is None
            else tuple(UpstreamTier(**tier.model_dump()) for tier in self.long_context)
        )
        return UpstreamPrice(**self.model_dump(exclude=own), long_context=tiers, batch=batch, via=self.via or via)


class _Instance(_Era):
    instance: str = Field(min_length=1)
    region: str = Field(min_length=1)
    purchase: str = Field(min_length=1)
    usd_per_hour: PositiveAmount

    def value(self, via: str) -> UpstreamInstance:
        """Return the row as upstreams give it."""
        return UpstreamInstance(**self.model_dump(exclude={"via"}), via=self.via or via)


class _File(StrictRecord):
    via: str = ""
    published_on: Day | None = None
    prices: tuple[_Price, ...] = ()
    instances: tuple[_Instance, ...] = ()


class _CsvDocument(Document):
    """A CSV file's name and lines, so that mistakes in its cells name their places as those in YAML do."""

    def __init__(self, table: CsvTable) -> None:
        object.__setattr__(self, "name", table.where)
        object.__setattr__(self, "error", TableError)
        object.__setattr__(self, "_lines", [line for line, _ in table.rows])

    def where(self, path: KeyPath = ()) -> str:
        """Return file, line and column."""
        lines: list[int] = self.__dict__["_lines"]
        index = next((step for step in path if isinstance(step, int)), None)
        columns = [step for step in path[1:] if isinstance(step, str)]
        return ": ".join([f"{self.name}:{1 if index is None else lines[index]}", *columns])


def read(file: Path | None) -> Upstream:
    """Return the prices of a file."""
    assert file is not None  # the path is the upstream's name
    suffix = file.suffix.lower()
    if suffix == ".csv":
        table = read_csv(text_of(file), file)
        if is_skypilot(table):
            return read_table(table, file)
        document: Document = _CsvDocument(table)
        data = _lists(table)
    elif suffix in (".yaml", ".yml", ".json"):
        document = read_document(file)
        data = document.data
    else:
        accepted = "a file that ends in .csv, .json, .yaml or .yml"
        raise TableError(Problem("--from", str(file), accepted))
    parsed = parse_record(_File, data, document)
    via = parsed.via or file.name
    if not parsed.prices and not parsed.instances:
        raise TableError(Problem(f"{file}:1", "no prices", "a list of prices or of instances"))
    return Upstream(
        file.name,
        via,
        parsed.published_on,
        tuple(row.value(via) for row in parsed.prices),
        tuple(row.value(via) for row in parsed.instances),
    )


def _lists(table: CsvTable) -> Plain:
    """Return a CSV file as the list that a YAML file would have."""
    instances = "instance" in table.columns
    kind: type[_Era] = _Instance if instances else _Price
    known = [name for name in kind.model_fields if name != "long_context"]
    for column in table.columns:
        if column not in known:
            found, accepted = f"an unknown column {column!r}", f"one of {', '.join(known)}"
            raise TableError(Problem(f"{table.where}:1", found, accepted, offer(column, known)))
    required = [name for name, field in kind.model_fields.items() if field.is_required()]
    table.need(required, "a table of instances" if instances else "a table of prices")
    return {"instances" if instances else "prices": tuple(_cells(table, line, row) for line, row in table.rows)}


def _cells(table: CsvTable, line: int, row: dict[str, str]) -> dict[str, Plain]:
    """Return a row's cells that are not empty, numbers as numbers."""
    return {
        column: table.number(line, row, column) if "_usd_per_" in column or column == "usd_per_hour" else text.strip()
        for column, text in row.items()
        if text.strip()
    }
