"""The price book that users hold: tables at a date, and the options that they offer."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ResolveError
from tokencross.number import Number
from tokencross.options.api import ApiOption
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.tables.book import Book
from tokencross.tables.store import bundled_store, open_store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PriceBook", "load_prices"]

DateLike = date | str
TABLES_DATE = "tables"


def load_prices(
    path: str | Path | None = None,
    *,
    as_of: DateLike,
    announced: bool = True,
    before_first: Literal["refuse", "hold"] = "refuse",
) -> PriceBook:
    """Return the pricing tables as they stand at a date.

    Parameters
    ----------
    path : str or Path, optional
        A folder of tables of one's own; the bundled ones unless given.
    as_of : date or str
        The day whose figures are in force (ISO 8601), or ``"tables"`` for the tables' own date.
    announced : bool
        Whether prices announced for a later day count from that day on.
    before_first : "refuse" or "hold"
        What a date before a table's first row does: an error, or its first row with a note.

    Raises
    ------
    TableError
        If the folder has no tables.
    ResolveError
        If the date is none.

    Examples
    --------
    >>> load_prices(as_of="2026-11-21")
    <PriceBook 2026.11.21 as of 2026-11-21>
    """
    store = bundled_store() if path is None else open_store(Path(path))
    day = store.date if as_of == TABLES_DATE else as_date(as_of, where="as_of", or_tables=True)
    if before_first not in ("refuse", "hold"):
        raise ResolveError(Problem("before_first", repr(before_first), "refuse or hold"))
    return PriceBook(Book(store, day, announced, before_first))


def as_date(value: DateLike, *, where: str, or_tables: bool = False) -> date:
    """Return a date from a date or its ISO 8601 text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        accepted = "a date such as 2026-11-21" + (f', or "{TABLES_DATE}" for the tables\' own' if or_tables else "")
        raise ResolveError(Problem(where, repr(value), accepted)) from None


class PriceBook:
    """Pricing tables at a date, by `load_prices`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @property
    def as_of(self) -> date:
        """The day whose figures are in force."""
        return self._book.as_of

    @property
    def version(self) -> str:
        """Calendar version of the tables."""
        return self._book.store.version

    @property
    def content_hash(self) -> str:
        """SHA-256 over the table files: two books of one hash and date give the same results."""
        return self._book.store.content_hash

    def __repr__(self) -> str:
        """Return version and date in one line."""
        return f"<PriceBook {self.version} as of {self.as_of}>"

    def check(self) -> None:
        """Check every record of every table file; raises `TableError` at the first file with mistakes."""
        self._book.store.check()

    def api(
        self,
        model: str,
        *,
        label: str | None = None,
        service_tier: str = "standard",
        region: str | None = None,
        discount_share: Number = 0.0,
        tokenizer_ratio: Number | None = None,
        output_ratio: Number | None = None,
        engineering: Engineering | EngineeringItems | None = None,
    ) -> ApiOption:
        """Return a hosted model as an option: frontier API, smaller hosted model or hosted open model.

        Parameters
        ----------
        model : str
            ``provider/model``, by id or alias.
        label : str, optional
            Name in tables, charts and addresses; the model's name unless given.
        service_tier : str
            ``standard`` or ``batch``.
        region : str, optional
            Where the tables have regional prices.
        discount_share : Number
            Off the list price. [share]
        tokenizer_ratio : Number, optional
            Billed tokens per reference token instead of the tables'; 1 switches it off.
        output_ratio : Number, optional
            Length of its answers over the workload's, reasoning tokens included.
        engineering : Engineering, optional
            The people's side; none unless given.

        Raises
        ------
        ResolveError
            If the model is unknown; the nearest known is named.
        ScenarioError
            If a number is out of bounds.
        """
        record, _ = self._book.api_model(model)
        return ApiOption(
            book=self._book,
            model=f"{model.partition('/')[0]}/{record.id}",
            label=record.name if label is None else label,
            tier=record.tier,
            weights=record.weights,
            service_tier=service_tier,
            region=region,
            discount_share=discount_share,
            tokenizer_ratio=tokenizer_ratio,
            output_ratio=output_ratio,
            engineering=Engineering.none() if engineering is None else engineering,
        )

    def self_hosted(
        self,
        model: str,
        *,
        instance: str,
        purchase: str,
        engineering: Engineering | EngineeringItems,
        label: str | None = None,
        region: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        gpus_per_replica: int | None = None,
        throughput: Number | None = None,
        latency: str = "interactive",
        target_load_share: Number | None = None,
        min_instance_count: Number | None = None,
        spare_instance_count: Number | None = None,
        prefix_hit_share: Number = 0.0,
        billed_hours_share: Number = 1.0,
        compute_as_of: DateLike | None = None,
        throughput_as_of: DateLike | None = None,
    ) -> SelfHostedOption:
        """Return an open model on rented GPUs as an option: whole instances, sized for the peak.

        Parameters
        ----------
        model : str
            Open model, by id or alias.
        instance : str
            ``provider/instance``.
        purchase : str
            ``on_demand``, ``spot``, ``reserved_1y``, ``reserved_3y`` or ``capacity_block``, as the table has it.
        engineering : Engineering
            The people's side; a free lunch is written ``tc.Engineering.none()``.
        label : str, optional
            Name in tables, charts and addresses.
        region : str, optional
            To be said where the price depends on it.
        precision, engine : str, optional
            To choose among the measured rates.
        gpus_per_replica : int, optional
            GPUs that serve one copy; the most productive measured count unless given.
        throughput : Number, optional
            A rate of one's own before deratings. [reference tokens per replica-second]
        latency : str
            ``interactive``, ``relaxed`` or ``batch``: how much of an offline rate is planned with, and the
            defaults of minimum and spares.
        target_load_share : Number, optional
            Load at which the latency objective still holds; 0.7, or 1 for open-loop rates. [share]
        min_instance_count, spare_instance_count : Number, optional
            2 and 1, or 1 and 0 for batch. [instances]
        prefix_hit_share : Number
            Share of prefill that a prefix cache saves.
        billed_hours_share : Number
            Share of the month's hours that are billed.
        compute_as_of, throughput_as_of : date or str, optional
            Dates of instance price and measured rates, if not the book's.

        Raises
        ------
        ResolveError
            If model or instance are unknown; the nearest known are named.
        ScenarioError
            If a number is out of bounds.
        """
        record, _ = self._book.open_model(model)
        days = {
            "compute_as_of": compute_as_of,
            "throughput_as_of": throughput_as_of,
        }
        dated = {name: None if day is None else as_date(day, where=name) for name, day in days.items()}
        return SelfHostedOption(
            book=self._book,
            model=record.id,
            instance=instance,
            purchase=purchase,
            engineering=engineering,
            label=f"{record.name} on {instance}" if label is None else label,
            weights=record.id,
            region=region,
            precision=precision,
            engine=engine,
            gpus_per_replica=gpus_per_replica,
            throughput=throughput,
            latency=latency,
            target_load_share=target_load_share,
            min_instance_count=min_instance_count,
            spare_instance_count=spare_instance_count,
            prefix_hit_share=prefix_hit_share,
            billed_hours_share=billed_hours_share,
            compute_as_of=dated["compute_as_of"],
            throughput_as_of=dated["throughput_as_of"],
        )

    def history(self, model: str) -> pd.DataFrame:
        """Return every price era of a hosted model, announced ones too, with where each comes from.

        Returns
        -------
        DataFrame
            A row per era: from, to, prices [USD per million tokens], basis, via, file and line.
        """
        from tokencross.studies.listing import history_frame

        return history_frame(self._book, model)

    def frame(self) -> pd.DataFrame:
        """Return the hosted models with a price in force: provider/model, tier, prices, since when, where from."""
        from tokencross.studies.listing import prices_frame

        return prices_frame(self._book)
