"""Price series out of the tables: the eras of hosted models and rented GPUs that had begun by a book's date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError
from tokencross.tables.api_records import ApiModel
from tokencross.tables.book import Book
from tokencross.tables.compute_records import Instance
from tokencross.tables.located import Located
from tokencross.tables.records import Dated
from tokencross.tables.taken import citation_of

__all__ = ["MODELLED", "PriceEra", "PriceSeries", "excludable", "hosted_series", "known_until", "rental_series"]

MODELLED = ("tco-model",)
"""Providers in compute/ whose figures are modelled costs that nobody sells at; their file says so."""


@dataclass(frozen=True)
class PriceEra:
    """A price that held on some days.

    Attributes
    ----------
    begin, end : date
        First day, and the first on which it no longer held or was no longer looked at.
    usd : float
        Per million tokens, or per GPU-hour. [USD]
    citation : Citation
        Of its row.
    """

    begin: date
    end: date
    usd: float
    citation: Citation


@dataclass(frozen=True)
class PriceSeries:
    """Every price of one thing, oldest first.

    Attributes
    ----------
    name : str
        ``provider/model``, or ``provider/instance`` with its region.
    provider : str
        Whose.
    tier : str
        frontier, small or open_hosted; empty for a GPU.
    eras : tuple of PriceEra
        At least one.
    """

    name: str
    provider: str
    tier: str
    eras: tuple[PriceEra, ...]


def known_until(book: Book) -> date:
    """Return the last day that a history can speak of: the book's date, or the tables' own where that is earlier."""
    return min(book.as_of, book.store.date)


def excludable(book: Book, room: str) -> list[str]:
    """Return what may be left out of a history: providers, and their models or instances.

    Parameters
    ----------
    book : Book
        The tables.
    room : str
        ``api`` or ``compute``.
    """
    paths = list(book.store.files(room))
    things = [f"{path.stem}/{record.data.get('id')}" for path in paths for record in book.store.records(room, path)]
    return [*(path.stem for path in paths), *things]


def hosted_series(
    book: Book, *, input_share: float, since: date | None, exclude: Collection[str] = ()
) -> list[PriceSeries]:
    """Return the list prices of all hosted models, announced ones and market indices left out.

    Parameters
    ----------
    book : Book
        The tables at a date.
    input_share : float
        Share of the tokens that are fresh input; the rest is output.
    since : date, optional
        Eras are cut to begin here.
    exclude : collection of str
        Providers and ``provider/model`` that do not count.
    """
    found = []
    for path in book.store.files("api"):
        if book.is_market_index(path.stem) or path.stem in exclude:
            continue
        for record in book.store.records("api", path):
            model = record.parse(ApiModel)
            name = f"{path.stem}/{model.id}"
            gone = None if model.retirement is None else model.retirement.retires_on
            prices = [
                input_share * row.input_usd_per_mtok + (1.0 - input_share) * row.output_usd_per_mtok
                for row in model.prices
            ]
            window = (since, known_until(book), gone)
            eras = tuple(_eras(model.prices, prices, window, record, ("prices",), f"prices:{name}"))
            if eras and name not in exclude:
                found.append(PriceSeries(name, path.stem, model.tier, eras))
    return found


def rental_series(
    book: Book, gpu: str, *, purchase: str, since: date | None, exclude: Collection[str] = MODELLED
) -> list[PriceSeries]:
    """Return what each instance with a kind of GPU cost per GPU-hour, one series per region.

    Parameters
    ----------
    book : Book
        The tables at a date.
    gpu : str
        An id or alias in hardware/, or the beginning of several: ``"H100"`` is every form of it.
    purchase : str
        Terms, such as on_demand.
    since : date, optional
        Eras are cut to begin here.
    exclude : collection of str
        Providers and ``provider/instance`` that do not count.

    Raises
    ------
    ResolveError
        If no table has such a GPU.
    """
    kinds = _kinds_of(book, gpu)
    found = []
    for path in book.store.files("compute"):
        for record in book.store.records("compute", path):
            name = f"{path.stem}/{record.data.get('id')}"
            if record.data.get("gpu") not in kinds or path.stem in exclude or name in exclude:
                continue
            instance = record.parse(Instance)
            for index, offer in enumerate(instance.offers):
                if offer.purchase == purchase:
                    place = f"{name}[{purchase}, {offer.region}]"
                    prices = [row.usd_per_hour / instance.gpu_count for row in offer.prices]
                    steps = ("offers", index, "prices")
                    window = (since, known_until(book), None)
                    eras = tuple(_eras(offer.prices, prices, window, record, steps, f"compute:{place}"))
                    found += [PriceSeries(f"{name} ({offer.region})", path.stem, "", eras)] if eras else []
    return found


def _kinds_of(book: Book, gpu: str) -> set[str]:
    """Return the ids in hardware/ that a word names: its own, or all that begin with it."""
    if not isinstance(gpu, str) or not gpu:
        raise ResolveError(Problem("trend: gpu", repr(gpu), 'the name of a GPU, such as "H100"'))
    known = [
        str(record.data.get("id"))
        for path in book.store.files("hardware")
        for record in book.store.records("hardware", path)
    ]
    family = {name for name in known if name.casefold().startswith(f"{gpu}-".casefold())}
    return family or {book.gpu(gpu)[0].id}


def _eras(
    rows: Sequence[Dated],
    prices: Sequence[float],
    window: tuple[date | None, date, date | None],
    record: Located,
    steps: tuple[str | int, ...],
    address: str,
) -> Iterator[PriceEra]:
    """Yield the eras of rows that were in force within a window of days, cut to it."""
    since, until, gone = window
    after = min(until + timedelta(days=1), gone or date.max)
    live = [(index, row) for index, row in enumerate(rows) if row.status != "announced"]
    for place, (index, row) in enumerate(live):
        following = live[place + 1][1].effective_from if place + 1 < len(live) else date.max
        begin = max(row.effective_from, since or date.min)
        end = min(row.effective_to or date.max, following, after)
        if begin < end:
            cited = citation_of(address, row, record.location(*steps, index))
            yield PriceEra(begin, end, prices[index], cited)
