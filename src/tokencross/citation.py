"""Where a number comes from: the row of a table, or the person who gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["Citation"]


@dataclass(frozen=True)
class Citation:
    """The provenance that rides on a number from its table to the chart's caption.

    Attributes
    ----------
    row : str
        What the row is about, as an address names it (``prices:openai/gpt-6-luna``).
    location : str
        File and line of the row, as in ``pricing/api/openai.yaml:120``.
    via : str
        Package and version, or repository, commit and path, that the figure was read from.
    basis : str
        How its date is known: documented, first_observed or announced.
    effective_from : date or None
        The day from which the figure holds.
    checked : date or None
        The day someone last looked.
    cited_url : str
        The page that the upstream names as its own source.
    url, quote : str
        The page that a person read and the words that carry the figure; empty where nobody read it.
    dispute, caveat : str
        What other sources say, and what to keep in mind when using the figure.
    """

    row: str
    location: str = ""
    via: str = ""
    basis: str = ""
    effective_from: date | None = None
    checked: date | None = None
    cited_url: str = ""
    url: str = ""
    quote: str = ""
    dispute: str = ""
    caveat: str = ""

    def __str__(self) -> str:
        """Return the citation in one line."""
        since = f", from {self.effective_from}" if self.effective_from else ""
        seen = f", checked {self.checked}" if self.checked else ""
        return f"{self.row} ({self.location}; {self.via}{since}{seen})"
