"""The pair and the volume that a question is about when nobody says which: one rule for all that compare two."""

from __future__ import annotations

from tokencross.errors import Problem, ScenarioError
from tokencross.number import check_number, point
from tokencross.studies.compare import Comparison

__all__ = ["asked_volume", "pair_of"]


def asked_volume(comparison: Comparison, tokens_per_month: float | None, *, where: str) -> float:
    """Return the volume asked about: given, or the study's own.

    Raises
    ------
    ScenarioError
        If neither is known, or it is not a number above 0.
    """
    if tokens_per_month is not None:
        unit = "tokens per month"
        return point(check_number(tokens_per_month, where=f"{where}: tokens_per_month", unit=unit, open_low=True))
    if comparison.here is None:
        remedy = "Say it here, or give the study its tokens_per_month."
        raise ScenarioError(Problem(f"{where}: tokens_per_month", "none", "a volume in tokens per month", remedy))
    return comparison.here


def pair_of(
    comparison: Comparison, challenger: str | None, against: str | None, *, tokens_per_month: float | None
) -> tuple[str, str]:
    """Return challenger and rival.

    Parameters
    ----------
    comparison : Comparison
        The study.
    challenger : str, optional
        Unless said: the cheapest substitute other than the rival at the volume; without a volume the first
        substitute that undercuts the rival anywhere, and if none does the first other option.
    against : str, optional
        The incumbent unless said.
    tokens_per_month : float, optional
        The volume, if one is known. [tokens/month]

    Raises
    ------
    ScenarioError
        If a label is unknown, both are the same, or there is only one option.
    """
    rival = comparison.incumbent if against is None else against
    comparison.option(rival)
    if challenger is not None:
        comparison.option(challenger)
        if challenger == rival:
            found = f"{challenger!r} against itself"
            raise ScenarioError(Problem("challenger", found, "two different options"))
        return challenger, rival
    others = [label for label in comparison.substitutes if label != rival]
    if others and tokens_per_month is not None:
        return min(others, key=lambda label: comparison.curve(label).usd_per_month(tokens_per_month)), rival
    for label in others:
        if comparison.central_breakeven(label, rival).first is not None:
            return label, rival
    rest = [label for label in comparison.labels if label != rival]
    if not rest:
        raise ScenarioError(Problem("challenger", "a study of one option", "a study of at least two options"))
    return (others or rest)[0], rival
