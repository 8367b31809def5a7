"""In which month a challenger is begun: plans, and the labels and months that one asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokencross.errors import Problem, ScenarioError, offer

__all__ = ["Plan", "checked_begins", "checked_label"]


@dataclass(frozen=True)
class Plan:
    """When one decides for a challenger, and when one leaves it.

    Attributes
    ----------
    begin : int or None
        The month at whose beginning one decides; None for never.
    end : float
        When it is left again; the horizon for not before. [months]
    layer : bool
        Whether an abstraction layer is built first.
    """

    begin: int | None
    end: float
    layer: bool = False


def checked_begins(begins: object, challengers: Sequence[str], months: int) -> Mapping[str, int | None]:
    """Return months by challenger.

    Raises
    ------
    ScenarioError
        If it is no mapping of challengers to months within the horizon.
    """
    if begins is None:
        return {}
    if not isinstance(begins, Mapping):
        accepted = 'a mapping of challengers to months, such as {"own": 3}'
        raise ScenarioError(Problem("begins", f"{begins!r:.60}", accepted))
    for label, month in begins.items():
        checked_label(label, challengers, where="begins")
        whole = isinstance(month, (int, np.integer)) and not isinstance(month, bool)
        if month is not None and not (whole and 0 <= month < months):
            accepted = f"a whole month from 0 to {months - 1}, or None for never"
            raise ScenarioError(Problem(f"begins[{label}]", repr(month), accepted))
    return begins


def checked_label(label: object, known: Sequence[str], *, where: str, accepted: str = "a challenger") -> str:
    """Return a label that is among those known.

    Raises
    ------
    ScenarioError
        If it is not, or no text; the nearest is offered.
    """
    if not isinstance(label, str) or label not in known:
        said = f"{accepted}: {', '.join(known) or 'none'}"
        remedy = offer(label, known) if isinstance(label, str) else ""
        raise ScenarioError(Problem(where, f"{label!r:.60}", said, remedy))
    return label
