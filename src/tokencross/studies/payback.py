"""Payback: after how many months from the decision a challenger has cost less in all, and what it laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.timing_words import months_words
from tokencross.units import format_share, format_usd

__all__ = ["Payback", "payback_of"]

Array: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Payback:
    """When an outlay has come back. Every month is counted from the decision on.

    Attributes
    ----------
    challenger, against : str
        Who, and against whom.
    decided_month : int or None
        When one decides for the challenger, from the start; None for never.
    month : int or None
        After so many months the challenger has cost less in all, and does so to the horizon; None for not within it.
        Who has cost the same has not paid back.
    outlay_usd : float
        Its own work up front, first and again, and the switch, a layer among it, within the horizon. [USD]
    recovered_share : float or None
        The highest share of what had been laid out by then that had come back; None where nothing is laid out.
    recovered_month : int or None
        After how many months that was.
    ahead_months : (int, int) or None
        Where it does not pay back: from when to when it had cost less in all, where it had at some time; of several
        spells the one with the most.
    ahead_usd : float
        By how much at the highest. [USD]
    """

    challenger: str
    against: str
    decided_month: int | None
    month: int | None
    outlay_usd: float
    recovered_share: float | None
    recovered_month: int | None
    ahead_months: tuple[int, int] | None
    ahead_usd: float

    def __str__(self) -> str:
        """Return it in a sentence."""
        if self.decided_month is None:
            return f"{self.challenger} is never begun: there is nothing to pay back."
        since = f" from the decision in month {self.decided_month}" if self.decided_month else ""
        if self.month is not None:
            laid = f" lays out {format_usd(self.outlay_usd)} and" if self.outlay_usd > 0.0 else ""
            when = f"after {months_words(self.month)}{since}"
            return f"{self.challenger}{laid} has cost less than {self.against} {when}, for good."
        if self.ahead_months is not None:
            return f"{self.challenger} does not pay back for good: {self._ahead()}{since}{self._share(', ')}."
        if self.recovered_share is None:
            return f"{self.challenger} never costs less than {self.against} in all."
        if self.recovered_share <= 0.0:
            return f"{self.challenger} never pays back any of its {format_usd(self.outlay_usd)}."
        return f"{self.challenger} does not pay back: {self._share('')}{since}."

    def _ahead(self) -> str:
        """Return when it was ahead, in words."""
        assert self.ahead_months is not None  # asked only where it was
        first, last = self.ahead_months
        when = f"after month {first}" if first == last else f"after months {first} to {last}"
        return f"it is ahead of {self.against} {when}, by up to {format_usd(self.ahead_usd)}, and then no longer"

    def _share(self, before: str) -> str:
        """Return how far it got, in words; nothing where nothing is laid out."""
        if self.recovered_share is None or self.recovered_month is None:
            return ""
        share = format_share(self.recovered_share)
        return f"{before}at the highest {share} of what it has laid out, after {months_words(self.recovered_month)}"


def payback_of(
    challenger: str, against: str, decided: int | None, *, ours: Array, theirs: Array, laid_out: Array
) -> Payback:
    """Return when a challenger has paid back.

    Parameters
    ----------
    challenger, against : str
        Who, and against whom.
    decided : int or None
        The month at whose beginning one decides for the challenger. [months]
    ours, theirs : ndarray, shape (M,)
        What both have cost in all by the end of each month. [USD]
    laid_out : ndarray, shape (M,)
        What the challenger has laid out by then. [USD]
    """
    if decided is None:
        return Payback(challenger, against, None, None, 0.0, None, None, None, 0.0)
    ours, theirs, spent = ours[decided:], theirs[decided:], laid_out[decided:]
    ahead = theirs - ours
    below = ahead > _ROUNDING * np.maximum(np.abs(theirs), 1.0)
    not_below = np.flatnonzero(~below)
    month = 1 if not_below.size == 0 else int(not_below[-1]) + 2
    some = spent > _ROUNDING  # less than that is nothing
    back = np.where(some, 1.0 + ahead / np.where(some, spent, 1.0), -np.inf)
    best = int(np.argmax(back))
    laid = bool(np.isfinite(back[best]))
    paid_back = month <= ours.size
    return Payback(
        challenger,
        against,
        decided,
        month if paid_back else None,
        float(spent[-1]),
        float(back[best]) if laid else None,
        best + 1 if laid else None,
        None if paid_back or not below.any() else _spell(below, ahead),
        0.0 if paid_back or not below.any() else float(ahead.max()),
    )


def _spell(below: NDArray[np.bool_], ahead: Array) -> tuple[int, int]:
    """Return the first and the last month, counted from 1, of the spell around the highest lead."""
    most = int(np.argmax(ahead))
    others = np.flatnonzero(~below)
    before, after = others[others < most], others[others > most]
    first = 0 if before.size == 0 else int(before[-1]) + 1
    last = below.size - 1 if after.size == 0 else int(after[0]) - 1
    return first + 1, last + 1
