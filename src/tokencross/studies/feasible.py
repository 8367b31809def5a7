"""How fast each option answers, and which options are fast enough."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokencross.errors import Problem, ScenarioError
from tokencross.number import check_number
from tokencross.options.base import Resolved
from tokencross.options.speed import latency_figures, not_known_of, reached
from tokencross.studies.compare import Comparison

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LATENCY_COLUMNS", "feasible", "latency_frame"]

LATENCY_COLUMNS = ("option", "time_to_first_token_ms", "tokens_per_second_per_user", "how", "source", "caveat")
_ROUNDING = 1e-9  # speeds are kept as times per token and turned back


def latency_frame(comparison: Comparison) -> pd.DataFrame:
    """Return how long users of each option wait, at the medians.

    Returns
    -------
    DataFrame
        option (``"outer > inner"`` for what is inside others), time_to_first_token_ms [ms],
        tokens_per_second_per_user [the model's own tokens/s], how, source and caveat. nan where nobody says; inf and 0
        for batches, which are answered hours later.
    """
    import pandas as pd

    rows = [
        _row(path, found) for label in comparison.labels for path, found in _parts(label, comparison.central[label])
    ]
    return pd.DataFrame(rows, columns=list(LATENCY_COLUMNS))


def _parts(path: str, resolved: Resolved) -> Iterator[tuple[str, Resolved]]:
    """Yield an option and those inside it that requests get to, with their place."""
    yield path, resolved
    for each in resolved.inner:
        if reached(each):
            yield from _parts(f"{path} > {each.label}", each.resolved)


def _row(path: str, resolved: Resolved) -> tuple[str, float, float, str, str, str]:
    """Return an option's latency, how it is known, and from where."""
    latency = resolved.latency
    first, speed = latency_figures(latency)
    if latency is None or latency.bound:
        return path, first, speed, "not known", "", ""
    cited = latency.citation
    place = "" if cited is None else (f"{cited.location} ({cited.via})" if cited.location else cited.via)
    return path, first, speed, latency.how, place, "" if cited is None else cited.caveat


# ---------------------------------------------------------------------- fast enough


def feasible(
    comparison: Comparison, *, max_ttft_ms: float | None = None, min_tokens_per_second_per_user: float | None = None
) -> Comparison:
    """Return the comparison without the options that are known to be too slow.

    Parameters
    ----------
    comparison : Comparison
        The options.
    max_ttft_ms : float, optional
        Longest wait for the first token. [ms]
    min_tokens_per_second_per_user : float, optional
        Slowest speed of one answer, in the model's own tokens. [tokens/s]

    Returns
    -------
    Comparison
        Its notes begin with what was left out and why, and with what stays though nobody knows how fast it is. Where
        the incumbent is left out, the first substitute that is left takes its place.

    Raises
    ------
    ScenarioError
        If no bound is given, one is not a number above 0, or no substitute is left.

    Notes
    -----
    Figures are those that sources publish: medians mostly, of prompts that may be shorter than the workload's.
    """
    bounds = _Bounds.checked(max_ttft_ms, min_tokens_per_second_per_user)
    central = comparison.central
    slow = {label: said for label in comparison.labels if (said := bounds.broken_by(central[label]))}
    kept = [label for label in comparison.substitutes if label not in slow]
    if not kept:
        found = "; ".join(f"{label}: {said}" for label, said in slow.items())
        raise ScenarioError(Problem("feasible", f"no substitute that is fast enough ({found})", "looser bounds"))
    notes = [f"{label}: left out, {said}." for label, said in slow.items()]
    incumbent = comparison.incumbent
    if incumbent in slow:
        incumbent = kept[0]
        notes.append(f"{incumbent} is the incumbent in place of {comparison.incumbent}, which is left out.")
    for label in comparison.labels:
        if label not in slow:
            notes += bounds.doubts(label, central[label])
    return replace(
        comparison,
        options=tuple(option for option in comparison.options if option.label not in slow),
        incumbent=incumbent,
        reference=tuple(label for label in comparison.reference if label not in slow),
        remarks=(*comparison.remarks, *notes),
    )


@dataclass(frozen=True)
class _Bounds:
    """What is asked for; None where nothing is."""

    max_ttft_ms: float | None
    min_tokens_per_second_per_user: float | None

    @classmethod
    def checked(cls, max_ttft_ms: object, min_tokens_per_second_per_user: object) -> _Bounds:
        """Return the bounds once they are seen to be single numbers above 0, at least one of them."""
        given = {"max_ttft_ms": (max_ttft_ms, "ms")}
        given["min_tokens_per_second_per_user"] = (min_tokens_per_second_per_user, "tokens per second and user")
        found: dict[str, float | None] = dict.fromkeys(given)
        for name, (value, unit) in given.items():
            if value is not None:
                number = check_number(value, where=f"feasible: {name}", unit=unit, open_low=True)
                if not isinstance(number, float):
                    accepted = f"one number > 0 ({unit})"
                    raise ScenarioError(Problem(f"feasible: {name}", "draws or a distribution", accepted))
                found[name] = number
        if all(number is None for number in found.values()):
            raise ScenarioError(Problem("feasible", "no bound", f"{' or '.join(given)}, or both"))
        return cls(**found)

    def broken_by(self, resolved: Resolved) -> str:
        """Return why an option is too slow; empty if it is not known to be."""
        latency = resolved.latency
        first, speed = latency_figures(latency)
        if latency is None or not (self._waits(first) or self._crawls(speed)):
            return ""
        if math.isinf(first):
            return latency.how
        said = []
        if self._waits(first):
            said.append(f"its first token after {_plain(first)} ms is above {_plain(self.max_ttft_ms)}")
        if self._crawls(speed):
            least = _plain(self.min_tokens_per_second_per_user)
            said.append(f"{_plain(speed)} tokens per second per user is below {least}")
        cited = latency.citation
        return f"{' and '.join(said)} ({cited.location if cited is not None and cited.location else latency.how})"

    def _waits(self, first: float) -> bool:
        """Return whether a wait is known to be too long."""
        return self.max_ttft_ms is not None and first > self.max_ttft_ms * (1.0 + _ROUNDING)

    def _crawls(self, speed: float) -> bool:
        """Return whether a speed is known to be too low."""
        least = self.min_tokens_per_second_per_user
        return least is not None and speed < least * (1.0 - _ROUNDING)

    def doubts(self, label: str, resolved: Resolved) -> list[str]:
        """Return what cannot be said of an option that stays."""
        asked = []
        if self.max_ttft_ms is not None:
            asked.append(("time_to_first_token_ms", "the time to the first token"))
        if self.min_tokens_per_second_per_user is not None:
            asked.append(("time_per_output_token_ms", "the speed per user"))
        notes = []
        for figure, words in asked:
            names = not_known_of(label, resolved, figure)
            if names:
                of = "" if names == (label,) else f" of {' and '.join(names)}"
                notes.append(f"{label}: kept, though {words}{of} is not known.")
        return notes


def _plain(value: float | None) -> str:
    """Return a number as it is read."""
    number = 0.0 if value is None else value
    return f"{number:,.0f}" if number >= 1_000.0 else f"{number:.4g}"
