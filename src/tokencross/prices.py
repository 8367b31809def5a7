"""The price book that users hold: tables at a date, and the options that they offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tokencross.errors import Problem, ResolveError, ScenarioError
from tokencross.number import check_number, point
from tokencross.offers import Offers
from tokencross.tables.book import Book
from tokencross.tables.dates import TABLES_DATE, DateLike, as_date
from tokencross.tables.store import open_store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from tokencross.options.workload import Workload
    from tokencross.results import Trend

__all__ = ["PriceBook", "load_prices"]


def load_prices(
    path: str | Path | None = None,
    *,
    as_of: DateLike,
    announced: bool = True,
    before_first: Literal["refuse", "hold"] = "refuse",
    overlay: str | Path | None = None,
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
    overlay : str or Path, optional
        A file of one's own records that come first: negotiated prices, own instances. Its keys are those of the
        folders (``api``, ``compute``, …), each a list of what files there hold; a record with an id that the tables
        know replaces the keys that it gives, and sources name both places.

    Raises
    ------
    TableError
        If the folder has no tables, or the overlay says something else than tables.
    ResolveError
        If the date is none.

    Examples
    --------
    >>> load_prices(as_of="2026-11-21")
    <PriceBook 2026.11.22 as of 2026-11-21>
    """
    store = open_store(None if path is None else Path(path), None if overlay is None else Path(overlay))
    day = store.date if as_of == TABLES_DATE else as_date(as_of, where="as_of", or_tables=True)
    if before_first not in ("refuse", "hold"):
        raise ResolveError(Problem("before_first", repr(before_first), "refuse or hold"))
    return PriceBook(Book(store, day, announced, before_first))


class PriceBook(Offers):
    """Pricing tables at a date, by `load_prices`."""

    @property
    def as_of(self) -> date:
        """The day whose figures are in force."""
        return self._book.as_of

    @property
    def version(self) -> str:
        """Calendar version of the tables."""
        return self._book.store.version

    @property
    def tables_date(self) -> date:
        """The tables' own date: the day up to which they are known to be right."""
        return self._book.store.date

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

    def history(self, model: str) -> pd.DataFrame:
        """Return every price era of a hosted model, announced ones too, with where each comes from.

        Returns
        -------
        DataFrame
            A row per era: from, to, prices [USD per million tokens], basis, via, file and line.
        """
        from tokencross.studies.listing import history_frame

        return history_frame(self._book, model)

    def about(self, model: str) -> list[str]:
        """Return what else is known of a hosted model: market index, retirement, published limits."""
        from tokencross.studies.listing import about_model

        return about_model(self._book, model)

    def frame(self, *, workload: Workload | None = None, market_index: bool = False) -> pd.DataFrame:
        """Return the hosted models with a price in force: provider/model, tier, prices, mechanisms, where from.

        Parameters
        ----------
        workload : Workload, optional
            Adds ``blended_usd_per_mtok``: what a million reference tokens of it cost, tokenizers, caches, long
            prompts and hours counted. [USD per million reference tokens]
        market_index : bool
            The models of market indices instead of those with list prices; the two are never mixed.
        """
        from tokencross.studies.listing import prices_frame

        return prices_frame(self._book, workload=workload, market_index=market_index)

    def tier_history(self, tier: str, *, input_share: float = 0.75) -> pd.DataFrame:
        """Return what a tier cost over time: lowest, median and highest list price, a row per day with a change.

        Parameters
        ----------
        tier : str
            ``frontier``, ``small`` or ``open_hosted``.
        input_share : float
            Share of the tokens that are fresh input; the rest is output.
        """
        from tokencross.studies.listing import tier_history_frame

        share = check_number(input_share, where="input_share", unit="share of tokens", high=1.0)
        return tier_history_frame(self._book, tier, input_share=point(share))

    def trend(
        self,
        kind: str,
        *,
        gpu: str | None = None,
        purchase: str = "on_demand",
        scores: Mapping[str, float] | None = None,
        at_least: float | None = None,
        input_share: float = 0.75,
        price: Literal["median", "lowest"] = "median",
        from_: DateLike | None = None,
        exclude: Collection[str] = (),
        resamples: int = 2_000,
        seed: int = 0,
    ) -> Trend:
        """Return how fast a kind of price has fallen or risen: decline per year, 90% interval, changes it rests on.

        Parameters
        ----------
        kind : str
            ``same model``, a slot (``frontier``, ``small``, ``open_hosted``), ``capability`` or ``gpu``.
        gpu, purchase : str
            For ``gpu``: which, and on which terms.
        scores, at_least : mapping of provider/model to float, float
            For ``capability``: a score table of one's own, and the score that will do.
        input_share : float
            Share of the tokens that are fresh input; the rest is output. [share of tokens]
        price : str
            For a slot: the ``median`` or the ``lowest`` on sale.
        from_ : date or str, optional
            First day that counts.
        exclude : collection of str
            Providers, ``provider/model`` or ``provider/instance`` that do not count.
        resamples, seed : int
            Of the interval's resampling.

        Raises
        ------
        ScenarioError, ResolveError
            If the kind needs what is not given, or the tables have too little for a trend.
        """
        from tokencross.results import Trend, with_charts
        from tokencross.studies.trends import trend

        found = trend(
            self._book,
            kind,
            gpu=gpu,
            purchase=purchase,
            scores=scores,
            at_least=at_least,
            input_share=input_share,
            price=price,
            from_=from_,
            exclude=exclude,
            resamples=resamples,
            seed=seed,
        )
        return with_charts(Trend, found)

    def plot_history(self, *models: str, ax: Axes | None = None) -> Axes:
        """Return axes with the price eras of hosted models: input and output against time, announced ones dotted."""
        from tokencross.show.history import plot_history

        if not models:
            raise ScenarioError(Problem("plot_history", "no model", "at least one provider/model"))
        named = dict.fromkeys(self._book.api_name(name) for name in models)
        frames = {name: self.history(name) for name in named}
        return plot_history(frames, as_of=self.as_of, version=self.version, ax=ax)

    def plot_tier(self, tier: str, *, input_share: float = 0.75, ax: Axes | None = None) -> Axes:
        """Return axes with the price of a tier over time: median of its models, within lowest and highest."""
        from tokencross.show.history import plot_tier

        frame = self.tier_history(tier, input_share=input_share)
        return plot_tier(frame, tier, input_share=input_share, as_of=self.as_of, version=self.version, ax=ax)
