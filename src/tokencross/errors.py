"""The one exception tree: what went wrong, where, what is accepted and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Problem", "ResolveError", "ScenarioError", "TableError", "TokencrossError", "nearest", "offer"]

_MOST_PROBLEMS = 10


@dataclass(frozen=True)
class Problem:
    """One mistake in the four parts that every message has: where, found, accepted, what to do."""

    where: str
    found: str
    accepted: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the message as it is printed."""
        lines = [self.where, f"  found {self.found}; accepted: {self.accepted}."]
        if self.remedy:
            lines.append(f"  {self.remedy}")
        return "\n".join(lines)


class TokencrossError(ValueError):
    """Any mistake in what a user wrote or asked; the message names the place and the remedy."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = problems
        shown = [str(problem) for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > _MOST_PROBLEMS:
            shown.append(f"and {len(problems) - _MOST_PROBLEMS} more")
        super().__init__("\n".join(shown))


class TableError(TokencrossError):
    """A pricing table says something that it may not say."""


class ScenarioError(TokencrossError):
    """A study, workload, option or curve was described in a way that has no meaning."""


class ResolveError(TokencrossError):
    """A table was asked for something that it does not have."""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three known spellings close to ``word``, best first."""
    candidates = list(dict.fromkeys(known))
    folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    if not matches:  # a part of a long identifier is the commonest misspelling of all
        parts = {key.rsplit("/", 1)[-1]: key for key in folded}
        tail = word.casefold().rsplit("/", 1)[-1]
        matches = [parts[part] for part in difflib.get_close_matches(tail, parts, n=3, cutoff=0.6)]
    return [folded[match] for match in matches]


def offer(word: object, known: Sequence[str]) -> str:
    """Return the remedy for an unknown name: the nearest one, or the whole list when it is short."""
    close = nearest(str(word), known)
    if close:
        return f"Did you mean {' or '.join(repr(match) for match in close)}?"
    if 0 < len(known) <= 12:
        return f"Known: {', '.join(known)}."
    return ""
