"""What has to be said with what is coming: how old the tables are, what is left out, and what ends without a change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from tokencross.errors import ResolveError
from tokencross.options.api import ApiOption
from tokencross.options.base import CostOption
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.studies.compare import Comparison
from tokencross.studies.price_days import recipe_of

__all__ = ["upcoming_notes"]


def upcoming_notes(central: Comparison, start: date, until: date) -> tuple[str, ...]:
    """Return what has to be said of the days after a study's date, up to and including ``until``."""
    return tuple(dict.fromkeys([*_of_tables(central, start), *_of_options(central, start, until)]))


def _of_tables(central: Comparison, start: date) -> Iterator[str]:
    """Yield what the tables cannot say, or may not."""
    books = {option.label: option.book for option in central.everyone.values() if option.book is not None}
    oldest = min(book.store.date for book in books.values())
    if start > oldest:
        yield f"The tables are of {oldest}: what became known after that day is not in them."
    if not all(book.announced for book in books.values()):
        yield "Announced prices are left out, as the study says."
    for label, book in books.items():
        if book.as_of < start:
            yield f"{label}: its prices are those of {book.as_of}; what comes is held against them."


def _of_options(central: Comparison, start: date, until: date) -> Iterator[str]:
    """Yield what bears on an option within the days and is no change of a price."""
    for option in central.everyone.values():
        if isinstance(option, ApiOption):
            yield from _promise(option, start, until)
        if isinstance(option, FineTunedOption) and "/" in option.plan.base:
            yield from _base_ends(option, until)
        yield from _measured(option, start, until)


def _promise(option: ApiOption, start: date, until: date) -> Iterator[str]:
    """Yield until when a price is promised, where no row says what follows."""
    through = option.book.api_price_row(option.model)[1].promised_until
    if through is not None and start <= through <= until:
        following = option.book.upcoming(option.model, min(through, date.max - timedelta(days=1)) + timedelta(days=1))
        if not following:
            promised = f"its vendor has promised this price through {through} only"
            yield f"{option.label}: {promised}; what follows is not known."


def _base_ends(option: FineTunedOption, until: date) -> Iterator[str]:
    """Yield the retirement of the model that a tuned one is trained from."""
    try:
        gone = option.book.retires_by(option.plan.base, until)
    except ResolveError:
        return  # a base of which no table says anything else
    if gone is not None:
        yield f"{option.label}: its base {option.plan.base} retires on {gone.retires_on}."


def _measured(option: CostOption, start: date, until: date) -> Iterator[str]:
    """Yield that later measurements are left aside, where a study looks back and there are some."""
    recipe = recipe_of(option)
    if recipe is None or recipe.throughput_as_of is not None:
        return
    later = [run.measured_on for run, _ in recipe.book.at(until).runs(recipe.model) if run.measured_on > start]
    if later:
        again = f"{recipe.model} was measured again on {min(later)}"
        yield f"{option.label}: {again}; its throughput stays that of {start}."
