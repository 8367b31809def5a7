"""Why an option ends on a day: a model that it needs retires or is no longer trained; with the rows that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from tokencross.citation import Citation
from tokencross.errors import TokencrossError
from tokencross.options.api import ApiOption
from tokencross.options.base import CostOption
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.options.inside import everyone, resolved_everywhere
from tokencross.studies.eras import Era
from tokencross.tables.taken import citation_of

__all__ = ["End", "ends_on"]

_TUNING = "tuning:"


@dataclass(frozen=True)
class End:
    """Why an option ends, and the row that says so."""

    words: str
    citation: Citation


def ends_on(option: CostOption, before: Era, day: date) -> tuple[End, ...]:
    """Return why an option, or one inside it, ends on a day; nothing where no row says more than that it does."""
    assert before.resolved is not None  # only what there was can end
    cited = {label: each.citations for label, each in resolved_everywhere({option.label: before.resolved})}
    found: list[End] = []
    for label, each in everyone([option]).items():
        if isinstance(each, ApiOption):
            found += _retires(each, day)
        elif isinstance(each, FineTunedOption):
            found += _is_not_trained(each, cited.get(label, ()), day)
    return tuple(dict.fromkeys(found))


def _retires(option: ApiOption, day: date) -> Iterator[End]:
    """Yield the retirement of a hosted model."""
    gone = option.book.retires_by(option.model, day)
    if gone is not None:
        name = option.book.api_name(option.model)
        after = f"; its vendor names {gone.successor} instead" if gone.successor else ""
        row = citation_of(f"prices:{name}", gone, option.book.api_model(option.model)[1].location("retirement"))
        yield End(f"{name} retires{after}", replace(row, effective_from=gone.retires_on))


def _is_not_trained(option: FineTunedOption, cited: tuple[Citation, ...], day: date) -> Iterator[End]:
    """Yield the row from which on a tuned model has no price of training."""
    for row in cited:
        if not row.row.startswith(_TUNING):
            continue
        name = row.row.removeprefix(_TUNING)
        try:
            price = option.book.at(day).tuned_price(name)
        except TokencrossError:
            continue  # it has no price at all then
        if price.citation.effective_from == day and price.number("training_usd_per_mtok") is None:
            yield End(f"{name} can no longer be trained", price.citation)
