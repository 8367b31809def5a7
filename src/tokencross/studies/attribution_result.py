"""The result of an attribution: its parts, its steps, the breakevens before and after, as sentences and as a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from tokencross.studies.attribution_words import attribution_lines
from tokencross.studies.changed import Move
from tokencross.units import format_count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attribution", "Part", "Step"]


@dataclass(frozen=True)
class Part:
    """What some changes together did to the advantage: one of them, unless they were put together. [USD/month]"""

    moves: tuple[Move, ...]
    usd_per_month: float


@dataclass(frozen=True)
class Step:
    """Breakevens once these changes, and all of the steps before, are made; None for never.

    Attributes
    ----------
    moves : tuple of Move
        What is made in this step.
    on : date or None
        The day from which their figures hold; None where no day says it.
    first, robust : float or None
        [tokens/month]
    """

    moves: tuple[Move, ...]
    on: date | None
    first: float | None
    robust: float | None


@dataclass(frozen=True, repr=False)
class Attribution:
    """Where a change of an advantage between two studies comes from.

    Attributes
    ----------
    challenger, against : str
        The pair. The advantage is what ``against`` costs more than the challenger.
    tokens_per_month : float
        The volume; ``tokens_per_month_before`` is another one where the volume is among the changes. [tokens/month]
    volume_words : str
        Which volume that is.
    advantage_before_usd_per_month, advantage_after_usd_per_month : float
        nan where a study does not have one of the two. [USD/month]
    parts : tuple of Part
        They add up to the change; the largest first, those that moved nothing last.
    steps : tuple of Step
        The changes in the order of their days; corrections of rows without a day after those, then what the scenario
        says. What the tables no longer tell (``rest``) comes first, where the breakevens before are on record.
    first_before, first_after, robust_before, robust_after : float or None
        Breakevens; None for never. [tokens/month]
    missing : tuple of str
        What cannot be compared, because only one of the studies has it.
    """

    challenger: str
    against: str
    tokens_per_month: float
    tokens_per_month_before: float
    volume_words: str
    advantage_before_usd_per_month: float
    advantage_after_usd_per_month: float
    parts: tuple[Part, ...] = ()
    steps: tuple[Step, ...] = ()
    first_before: float | None = None
    first_after: float | None = None
    robust_before: float | None = None
    robust_after: float | None = None
    missing: tuple[str, ...] = ()

    @property
    def change_usd_per_month(self) -> float:
        """How much the advantage rose. [USD/month]"""
        return self.advantage_after_usd_per_month - self.advantage_before_usd_per_month

    def lines(self) -> tuple[str, ...]:
        """Return the whole of it in sentences, the first the answer; then the steps and the rows behind the parts."""
        return attribution_lines(self)

    def frame(self) -> pd.DataFrame:
        """Return a row per part.

        Returns
        -------
        DataFrame
            change (in words), old, new [in ``unit``; nan for several or what is no number], unit, on (the day of the
            new figure, or None), usd_per_month [USD/month], share (of the whole change; nan where that is 0), location
            (file and line of the rows).
        """
        import pandas as pd

        columns = ["change", "old", "new", "unit", "on", "usd_per_month", "share", "location"]
        whole = self.change_usd_per_month
        rows = []
        for part in self.parts:
            single = part.moves[0] if len(part.moves) == 1 else None
            cited = dict.fromkeys(move.citation.location for move in part.moves if move.citation is not None)
            days = {move.on for move in part.moves}
            rows.append(
                {
                    "change": "; ".join(move.words for move in part.moves),
                    "old": math.nan if single is None or single.old is None else single.old,
                    "new": math.nan if single is None or single.new is None else single.new,
                    "unit": "" if single is None else single.unit,
                    "on": next(iter(days)) if len(days) == 1 else None,
                    "usd_per_month": part.usd_per_month,
                    "share": part.usd_per_month / whole if whole else math.nan,
                    "location": "; ".join(cited),
                }
            )
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        """Return the answer in one line."""
        return f"<Attribution: {self.lines()[0]}>"

    def _repr_html_(self) -> str:
        """Return the sentences and the frame for a notebook, escaped."""
        told = "".join(f"<p>{escape(line)}</p>" for line in self.lines())
        table: str = self.frame().to_html(index=False, border=0, na_rep="", float_format=format_count, max_rows=60)
        return f'<div class="tokencross">{told}{table}</div>'
