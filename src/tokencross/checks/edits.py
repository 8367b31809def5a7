"""What differs between two pieces of plain data, figure by figure; lists are matched by what their entries are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from tokencross.tables.reading import Plain

__all__ = ["Figure", "Mapped", "aligned", "frozen", "identity", "label_of", "mappings", "plain_edits"]

Mapped: TypeAlias = dict[str, Plain]
_IDENTITY = (
    *("id", "usage_tier", "purchase", "commitment", "region", "text_kind"),
    *("threshold_tokens", "input_tokens", "output_tokens", "concurrency_count", "from_time"),
)
"""Keys that say which entry of a list is meant, where it has them."""


@dataclass(frozen=True)
class Figure:
    """A key whose value differs.

    Attributes
    ----------
    key : str
        Key path within the row, entries of lists by what they are: ``long_context[200000].input_usd_per_mtok``.
    old, new : plain value or None
        What it was and is; None where the key was or is absent.
    """

    key: str
    old: Plain
    new: Plain

    @property
    def percent(self) -> float | None:
        """By how much a number moved, over the old one; None where that has no meaning. [percent]"""
        old, new = self.old, self.new
        if isinstance(old, bool) or isinstance(new, bool):
            return None
        if not isinstance(old, (int, float)) or not isinstance(new, (int, float)) or old == 0:
            return None
        return 100.0 * (new - old) / abs(old)

    def __str__(self) -> str:
        """Return it in words: ``input 1.25 → 1 (-20%)``."""
        name = self.key.removesuffix("_usd_per_mtok")
        if self.old is None or self.new is None:
            return f"{name} {_shown(self.new)}" if self.old is None else f"{name} {_shown(self.old)} → none"
        moved = "" if self.percent is None else f" ({self.percent:+.3g}%)"
        return f"{name} {_shown(self.old)} → {_shown(self.new)}{moved}"


def _shown(value: Plain) -> str:
    """Return a value as a reader of the tables would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(entry) for entry in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_shown(entry)}' for key, entry in value.items())}}}"
    return value.isoformat() if isinstance(value, date) else str(value)


def label_of(entry: Mapped) -> str:
    """Return the values of the keys that say which entry of a list this is; empty where none does."""
    return "/".join(_shown(entry[key]) for key in _IDENTITY if key in entry)


def _unlabelled(entry: Mapped | None) -> Mapped | None:
    """Return an entry without what its label says, if anything is left."""
    return entry and ({key: value for key, value in entry.items() if key not in _IDENTITY} or entry)


def mappings(value: Plain) -> tuple[Mapped, ...] | None:
    """Return a list of mappings as such, an empty list too; None for anything else."""
    if not isinstance(value, tuple):
        return None
    found = tuple(entry for entry in value if isinstance(entry, dict))
    return found if len(found) == len(value) else None


def frozen(value: Plain) -> Hashable:
    """Return plain data as something that can be looked up; the order of keys does not matter."""
    if isinstance(value, dict):
        return frozenset((key, frozen(entry)) for key, entry in value.items())
    if isinstance(value, tuple):
        return tuple(frozen(entry) for entry in value)
    return (isinstance(value, bool), value) if isinstance(value, Hashable) else repr(value)


def identity(entry: Mapped, without: Sequence[str] = ()) -> tuple[tuple[str, Hashable], ...]:
    """Return which entry of a list this is, by the keys that say so; empty where none does."""
    return tuple((key, frozen(entry[key])) for key in _IDENTITY if key in entry and key not in without)


def aligned(
    old: Sequence[Mapped], new: Sequence[Mapped], keys: Sequence[Callable[[Mapped], Hashable]]
) -> list[tuple[int | None, int | None]]:
    """Return which entry became which, as pairs of indices, in the new order, then those that are gone.

    Parameters
    ----------
    old, new : sequence of mappings
        The entries.
    keys : sequence of functions
        What two entries have to share to be one, the strictest first; of several alike, the first are paired.
    """
    partner: dict[int, int] = {}
    left = list(range(len(old)))
    for key in keys:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for index in left:
            waiting[key(old[index])].append(index)
        for index, entry in enumerate(new):
            if index not in partner and waiting and (same := waiting.get(key(entry))):
                partner[index] = same.pop(0)
        left = sorted(set(left) - set(partner.values()))
    paired: list[tuple[int | None, int | None]] = [(partner.get(index), index) for index in range(len(new))]
    return paired + [(index, None) for index in left]


_ENTRY_KEYS: tuple[Callable[[Mapped], Hashable], ...] = (
    frozen,
    identity,
    lambda entry: identity(entry, ("concurrency_count", "from_time")),
    lambda entry: None,  # what is left is paired in order
)


def plain_edits(old: Plain, new: Plain, at: str = "") -> tuple[Figure, ...]:
    """Return every value that differs, by its key path; the order of keys and of entries does not matter."""
    before, after = _both(old, new, {})
    if isinstance(before, dict) and isinstance(after, dict):
        return tuple(
            edit
            for key in dict.fromkeys([*before, *after])
            for edit in plain_edits(before.get(key), after.get(key), f"{at}.{key}" if at else key)
        )
    before, after = _both(old, new, ())
    if mappings(before) is not None and mappings(after) is not None:
        return _list_edits(mappings(before) or (), mappings(after) or (), at)
    same = old == new and isinstance(old, bool) == isinstance(new, bool)
    return () if same else (Figure(at, old, new),)


def _both(old: Plain, new: Plain, nothing: Plain) -> tuple[Plain, Plain]:
    """Return both values; an absent one as nothing of the other's kind."""
    return (nothing if old is None else old), (nothing if new is None else new)


def _list_edits(old: tuple[Mapped, ...], new: tuple[Mapped, ...], at: str) -> tuple[Figure, ...]:
    """Return what differs between two lists of mappings."""
    edits: list[Figure] = []
    for i, j in aligned(old, new, _ENTRY_KEYS):
        before, after = (None if i is None else old[i]), (None if j is None else new[j])
        place = f"{at}[{label_of(before or after or {}) or (i if j is None else j)}]"
        if before is None or after is None:
            edits.append(Figure(place, _unlabelled(before), _unlabelled(after)))
        else:
            edits += plain_edits(before, after, place)
    return tuple(edits)
