"""What a unit of work costs: a million tokens, a request, a user's month, an accepted task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import Number, check_number, point
from tokencross.options.base import Resolved
from tokencross.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    import pandas as pd

    from tokencross.studies.compare import Comparison

__all__ = ["curve_per", "unit_costs"]

_UNITS = ("mtok", "request", "user", "success")
_BASES = ("token", "success")


def curve_per(label: str, resolved: Resolved, per: str) -> CostCurve:
    """Return an option's curve against tokens attempted, or against tokens of accepted work.

    Raises
    ------
    ScenarioError
        If ``per`` is neither ``token`` nor ``success``, or the option has not said its success.
    """
    if per not in _BASES:
        raise ScenarioError(Problem("per", repr(per), " or ".join(_BASES), offer(str(per), _BASES)))
    if per == "token":
        return resolved.curve
    share = resolved.accepted_share
    if share is None:
        accepted = "an option that says how much of its work is accepted"
        remedy = "Wrap it: tc.Accepted(option, success_share=…)."
        raise ScenarioError(Problem(f"{label}: per success", "no success_share", accepted, remedy))
    return resolved.curve.at_share(1.0 / np.asarray(share) if isinstance(share, np.ndarray) else 1.0 / share)


def unit_costs(
    comparison: Comparison, volumes: ArrayLike, *, per: str, tokens_per_user_month: Number | None
) -> pd.DataFrame:
    """Return what a unit of work costs, a row per volume and a column per option, at the medians.

    Parameters
    ----------
    comparison : Comparison
        The options.
    volumes : array_like
        [tokens/month]; with ``per="success"`` tokens of accepted tasks.
    per : str
        ``mtok``, ``request``, ``user`` or ``success``.
    tokens_per_user_month : Number, optional
        What a user takes in a month. [tokens/month]

    Returns
    -------
    DataFrame
        Index tokens_per_month; nan at 0. [USD per million tokens, request, user and month, or accepted task]
    """
    import pandas as pd

    if per not in _UNITS:
        raise ScenarioError(Problem("per", repr(per), f"one of {', '.join(_UNITS)}", offer(str(per), _UNITS)))
    if (per == "user") != (tokens_per_user_month is not None):
        found = "nothing, with per='user'" if per == "user" else f"a number, with per={per!r}"
        accepted = "the tokens that a user takes in a month, with per='user' only"
        raise ScenarioError(Problem("tokens_per_user_month", found, accepted))
    points = np.atleast_1d(np.asarray(volumes, dtype=float)).reshape(-1)
    tokens = {"mtok": TOKENS_PER_MTOK, "user": 0.0}.get(per, point(comparison.medians.workload.request_tokens))
    if tokens_per_user_month is not None:
        where, unit = "tokens_per_user_month", "tokens per user and month"
        tokens = point(check_number(tokens_per_user_month, where=where, unit=unit, open_low=True))
    base = "success" if per == "success" else "token"
    curves = {label: curve_per(label, comparison.central[label], base) for label in comparison.labels}
    columns = {label: curve.usd_per_mtok(points) * (tokens / TOKENS_PER_MTOK) for label, curve in curves.items()}
    return pd.DataFrame(columns, index=pd.Index(points, name="tokens_per_month"))
