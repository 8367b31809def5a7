"""Where the tables and what is installed of their upstreams disagree at a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tokencross.tables.book import Book
from tokencross.tables.sources import PACKAGED, UPSTREAMS, Upstream, installed_version, read_upstream
from tokencross.tables.sources.matching import (
    EraT,
    Match,
    Matched,
    RowT,
    differences,
    era_in_force,
    match_instances,
    match_prices,
    row_in_force,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Disagreement", "Drift", "Tally", "drift", "drift_frame", "read_upstreams"]


@dataclass(frozen=True)
class Disagreement:
    """A figure on which a row in force and an upstream differ.

    Attributes
    ----------
    upstream : str
        Package and version.
    subject, field, unit-bearing values : str and float
        What it is the price of, the figure's name, and both values; None where one side does not have it.
    location : str
        File and line of the row.
    known : bool
        Whether the row's ``dispute`` names this upstream.
    checked, stale_days : date and int
        When someone last looked at the row, and how long ago that was at the book's date.
    row_from, upstream_from : date or None
        Since when either holds.
    """

    upstream: str
    subject: str
    field: str
    book: float | None
    upstream_value: float | None
    location: str
    known: bool
    dispute: str
    checked: date
    stale_days: int
    row_from: date
    upstream_from: date | None

    @property
    def difference_ratio(self) -> float | None:
        """The upstream's value over the book's, less one; None where there is no quotient."""
        if self.book is None or self.upstream_value is None or not self.book:
            return None
        return self.upstream_value / self.book - 1.0


@dataclass(frozen=True)
class Tally:
    """How an upstream compares, counted in price histories; each compared one agrees, is known, or is new.

    Attributes
    ----------
    via : str
        Package and version.
    compared, agree, known, new : int
        Histories with a price on both sides; of these, those that agree, whose disagreements are all known, and
        the others.
    ended_in_book, ended_upstream : tuple of str
        Histories with a price at the date on one side only.
    missing : tuple of str
        Names of the upstream that the tables do not have.
    notes : tuple of str
        What was left out on reading it.
    """

    via: str
    compared: int
    agree: int
    known: int
    new: int
    ended_in_book: tuple[str, ...]
    ended_upstream: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """All disagreements of a book with upstreams, with the counts, and what could not be compared.

    Attributes
    ----------
    as_of, version : date and str
        Those of the book.
    providers : tuple of str
        Those that the book has.
    not_compared : tuple of str
        Upstreams that were not there, with the reason.
    """

    as_of: date
    version: str
    providers: tuple[str, ...]
    tallies: tuple[Tally, ...]
    disagreements: tuple[Disagreement, ...]
    not_compared: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[Disagreement, ...]:
        """Disagreements that no row speaks of."""
        return tuple(found for found in self.disagreements if not found.known)

    @property
    def known(self) -> tuple[Disagreement, ...]:
        """Disagreements with an upstream that the row's dispute names."""
        return tuple(found for found in self.disagreements if found.known)


def read_upstreams(*, name: str | None = None, file: Path | None = None) -> tuple[list[Upstream], list[str]]:
    """Return every upstream whose package is installed, or the one that is named; and what is not there, and why."""
    if name is not None:
        return [read_upstream(name, file=file)], []
    found, absent = [], []
    for known in UPSTREAMS:
        if known not in PACKAGED:
            absent.append(f"{known}: its package holds no prices; give a catalog with --from {known} --file")
        elif installed_version(known) is None:
            absent.append(f"{known}: not installed")
        else:
            found.append(read_upstream(known))
    return found, absent


def drift(book: Book, upstreams: Sequence[Upstream], *, not_compared: Sequence[str] = ()) -> Drift:
    """Return where the book's rows in force and upstreams disagree.

    Parameters
    ----------
    book : Book
        The tables at a date.
    upstreams : sequence of Upstream
        What to compare them with; only what an upstream says is compared.
    not_compared : sequence of str
        What to say of upstreams that are not there.

    Raises
    ------
    TableError
        If a row that is compared is wrong.
    """
    tallies, found = [], []
    for upstream in upstreams:
        tally, own = _compare(book, upstream)
        tallies.append(tally)
        found += own
    providers = sorted({name for kind in ("api", "compute") for name in book.providers(kind)})
    return Drift(book.as_of, book.version, tuple(providers), tuple(tallies), tuple(found), tuple(not_compared))


@dataclass
class _Count:
    """What is counted while an upstream is gone through."""

    agree: int = 0
    known: int = 0
    new: int = 0


def _compare(book: Book, upstream: Upstream) -> tuple[Tally, list[Disagreement]]:
    """Return an upstream's counts and disagreements."""
    count, found = _Count(), list[Disagreement]()
    in_book, in_upstream = list[str](), list[str]()
    prices, instances = match_prices(book.store, upstream), match_instances(book.store, upstream)
    for ended_in_book, ended_upstream, own in (_through(book, prices, count), _through(book, instances, count)):
        in_book += ended_in_book
        in_upstream += ended_upstream
        found += own
    tally = Tally(
        upstream.via,
        count.agree + count.known + count.new,
        count.agree,
        count.known,
        count.new,
        tuple(in_book),
        tuple(in_upstream),
        (*prices.missing, *instances.missing),
        upstream.notes,
    )
    return tally, found


def _through(
    book: Book, matched: Matched[RowT, EraT], count: _Count
) -> tuple[list[str], list[str], list[Disagreement]]:
    """Return the histories that ended in the book, those that ended upstream, and the disagreements of the others."""
    in_book, in_upstream = list[str](), list[str]()
    found: list[Disagreement] = []
    for match in matched.matches:
        row = row_in_force(match.rows, book.as_of, announced=book.announced)
        era = era_in_force(match.eras, book.as_of)
        if row is None or era is None:
            ended = in_book if row is None else in_upstream
            ended += [match.subject] if row is not None or era is not None else []
            continue
        own = _disagreements(book, match, row[0], row[1], era)
        found += own
        count.agree += not own
        count.known += bool(own) and all(one.known for one in own)
        count.new += any(not one.known for one in own)
    return in_book, in_upstream, found


def _disagreements(book: Book, match: Match[RowT, EraT], index: int, row: RowT, era: EraT) -> list[Disagreement]:
    """Return the disagreements of a row and an era."""
    name = era.via.partition("@")[0].partition(":")[0]
    return [
        Disagreement(
            upstream=era.via,
            subject=match.subject,
            field=each.field,
            book=each.book,
            upstream_value=each.upstream,
            location=match.located.location(*match.steps, index),
            known=name.casefold() in row.dispute.casefold(),
            dispute=row.dispute,
            checked=row.checked,
            stale_days=max((book.as_of - row.checked).days, 0),
            row_from=row.effective_from,
            upstream_from=era.effective_from,
        )
        for each in differences(row, era)
    ]


def drift_frame(found: Drift) -> pd.DataFrame:
    """Return the disagreements, one row each, new ones first.

    Returns
    -------
    DataFrame
        upstream, subject, field, book and upstream_value [the figure's unit], difference_ratio, location, known,
        dispute, checked, stale_days [days], row_from, upstream_from.
    """
    import pandas as pd

    columns = [
        "upstream",
        "subject",
        "field",
        "book",
        "upstream_value",
        "difference_ratio",
        "location",
        "known",
        "dispute",
        "checked",
        "stale_days",
        "row_from",
        "upstream_from",
    ]
    rows = [[getattr(one, column) for column in columns] for one in (*found.new, *found.known)]
    return pd.DataFrame(rows, columns=columns)
