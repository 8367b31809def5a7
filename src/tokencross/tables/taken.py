"""Numbers taken from a row: each with its address, its citation, and what a study put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws, Number, float_or_draws
from tokencross.tables.naming import unit_of
from tokencross.tables.records import Dated, Provenance
from tokencross.tables.resolved import Quantity

__all__ = ["REPLACED", "Taken", "citation_of"]

REPLACED = "replaced in the study"


@dataclass
class Taken:
    """Collects the numbers that a resolved row takes."""

    overrides: Mapping[str, Number]
    address: str
    citation: Citation
    quantities: list[Quantity] = field(default_factory=list)

    def number(
        self,
        key: str,
        value: float | None,
        *,
        otherwise: FloatOrDraws = 0.0,
        between: tuple[float, float] | None = None,
    ) -> FloatOrDraws:
        """Return the number at a key, ``otherwise`` where there is none; ``between`` is where the table sees others."""
        if value is None:
            return otherwise
        place = f"{self.address}.{key}"
        replaced = place in self.overrides
        number = float_or_draws(self.overrides.get(place, value))
        cited = replace(self.citation, via=REPLACED) if replaced else self.citation
        self.quantities.append(Quantity(place, number, unit_of(key), cited, None if replaced else between))
        return number


def citation_of(row_name: str, row: Provenance, location: str) -> Citation:
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
