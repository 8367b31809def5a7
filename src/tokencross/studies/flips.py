"""For every input the value at which the answer changes: above and below the one assumed, exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.studies.bills import REFUSED, VOLUME, Bills
from tokencross.studies.compare import Comparison
from tokencross.studies.input_words import range_words, value_words, values_words
from tokencross.studies.pair import asked_volume, pair_of
from tokencross.studies.places import Place, accepted_range, natural_range, places, volume_place
from tokencross.studies.turns import FEW, MANY, Costs, Effort, Walked, between, cheapest, walk
from tokencross.units import format_tokens

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Flip", "Flips", "flips"]

Array: TypeAlias = NDArray[np.float64]

_GRID = 64
_FEW_GRID = 10
_BESIDE_RATIO = 1e-9
_SAME_RATIO = 1e-9


@dataclass(frozen=True)
class Flip:
    """Where one input changes the answer.

    Attributes
    ----------
    place : Place
        The input.
    below, above : float
        The value nearest to the assumed one, on either side, with another answer; nan where there is none.
    becomes_below, becomes_above : str
        Who is the cheapest there; empty where there is none.
    low, high : float
        Between which values it was looked for.
    how : str
        ``exact``; ``exact, with turns`` where a term rises and falls, so that two changes between neighbouring
        values looked at would stay unseen; ``looked at n values``; or why the input cannot be changed.
    """

    place: Place
    below: float
    above: float
    becomes_below: str
    becomes_above: str
    low: float
    high: float
    how: str

    @property
    def nearest(self) -> tuple[float, str]:
        """The flip that is nearer by ratio, and who is the cheapest beyond it; (nan, "") where there is none."""
        sides = [(self.below, self.becomes_below), (self.above, self.becomes_above)]
        known = [side for side in sides if not math.isnan(side[0])]
        return min(known, key=lambda side: self._distance(side[0]), default=(math.nan, ""))

    @property
    def ratio(self) -> float:
        """The nearer flip over the assumed value; nan where there is none, or 0 is assumed."""
        return self.nearest[0] / self.place.assumed if self.place.assumed else math.nan

    @property
    def distance(self) -> float:
        """How far the nearer flip is, as the logarithm of its ratio; infinite where there is none."""
        return self._distance(self.nearest[0])

    def _distance(self, value: float) -> float:
        if math.isnan(value):
            return math.inf
        ratio = value / self.place.assumed if self.place.assumed else math.inf
        return abs(math.log(ratio)) if 0.0 < ratio < math.inf else 1e9  # 0 is farther than any ratio


@dataclass(frozen=True, eq=False)
class Flips:
    """For every input of a study the value at which the answer at a volume changes.

    Attributes
    ----------
    flips : tuple of Flip
        By the ratio of flip to assumed value, nearest first; inputs without one last.
    tokens_per_month : float
        The volume. [tokens/month]
    answer : str
        The cheapest as assumed; of a pair the option that costs less.
    pair : tuple of str or None
        Challenger and rival, where only two are compared.
    study : Comparison or None
        What it is about, at the medians: for charts.
    """

    flips: tuple[Flip, ...]
    tokens_per_month: float
    answer: str
    pair: tuple[str, str] | None = None
    study: Comparison | None = field(default=None, repr=False)

    def frame(self) -> pd.DataFrame:
        """Return a row per input.

        Returns
        -------
        DataFrame
            address (several joined by " = "), unit, assumed, flips_below and flips_above [in the input's unit; nan for
            none], becomes_below, becomes_above, ratio and becomes of the nearer one, from_value and to_value (between
            which was looked), how, sentence.
        """
        import pandas as pd

        rows = [
            {
                "address": " = ".join(each.place.addresses),
                "unit": each.place.unit,
                "assumed": each.place.assumed,
                "flips_below": each.below,
                "flips_above": each.above,
                "becomes_below": each.becomes_below,
                "becomes_above": each.becomes_above,
                "ratio": each.ratio,
                "becomes": each.nearest[1],
                "from_value": each.low,
                "to_value": each.high,
                "how": each.how,
                "sentence": self.sentence(each),
            }
            for each in self.flips
        ]
        return pd.DataFrame(rows)

    def sentence(self, flip: Flip, *, nearest_only: bool = False) -> str:
        """Return what one input would have to be, in words; on both sides, or only on the nearer one."""
        place, name = flip.place, flip.place.words
        if flip.how.startswith("cannot"):
            return f"{name} {flip.how}."
        parts = []
        for value, becomes in ((flip.above, flip.becomes_above), (flip.below, flip.becomes_below)):
            if not math.isnan(value) and (value == flip.nearest[0] or not nearest_only):
                parts.append(f"{self.wins(becomes)} if {name} is {self.beyond(place, value)}")
        if parts:
            return f"{', and '.join(parts)}; assumed {value_words(place.address, place.assumed)}."
        words = range_words(place.address, flip.low, flip.high)
        return f"No {name} {words} changes that {self.wins(self.answer)}."

    def wins(self, label: str) -> str:
        """Return what being the answer means."""
        if self.pair is None:
            return f"{label} is the cheapest"
        challenger, rival = self.pair
        return f"{challenger} {'undercuts' if label == challenger else 'does not undercut'} {rival}"

    @staticmethod
    def beyond(place: Place, value: float) -> str:
        """Return a flip as a bound, such as ``over 3,100 tok/s``; of whole numbers the flip itself counts."""
        above = value > place.assumed
        if place.whole:
            return f"{value:,.0f} or {'more' if above else 'less'}"
        if value == 0.0:
            return "0"
        return f"{'over' if above else 'under'} {values_words(place.address, value, place.assumed)[0]}"

    def __repr__(self) -> str:
        """Return the volume, the answer and how many inputs change it in one line."""
        count = sum(not math.isinf(each.distance) for each in self.flips)
        said = f"{count} of {len(self.flips)} inputs change it"
        return f"<Flips at {format_tokens(self.tokens_per_month)}: {self.wins(self.answer)}; {said}>"

    def _repr_html_(self) -> str:
        """Return the inputs that change the answer as a small table."""
        shown = [each for each in self.flips if not math.isinf(each.distance)]
        rows = "".join(
            f"<tr><td>{escape(each.place.words)}</td><td>{escape(value_words(each.place.address, each.place.assumed))}"
            f"</td><td>{escape(value_words(each.place.address, each.nearest[0]))}</td>"
            f"<td>{escape(self.wins(each.nearest[1]))}</td></tr>"
            for each in shown
        )
        head = "<tr><th>input</th><th>assumed</th><th>changes at</th><th>then</th></tr>"
        caption = f"{escape(self.wins(self.answer))} at {escape(format_tokens(self.tokens_per_month))}"
        rest = f"<p>{len(self.flips) - len(shown)} more inputs do not change it.</p>"
        return f'<div class="tokencross"><table><caption>{caption}</caption>{head}{rows}</table>{rest}</div>'


def flips(
    comparison: Comparison,
    *,
    challenger: str | None = None,
    against: str | None = None,
    tokens_per_month: float | None = None,
) -> Flips:
    """Return for every input of a study the nearest values at which the answer at a volume changes.

    Parameters
    ----------
    comparison : Comparison
        The study; what is uncertain in it is taken at its median.
    challenger, against : str, optional
        With either, whether the challenger undercuts the rival; the other one as `pair.pair_of` says. Without, who of
        the substitutes is the cheapest.
    tokens_per_month : float, optional
        The volume; the study's own unless given. [tokens/month]

    Returns
    -------
    Flips

    Raises
    ------
    ScenarioError
        If no volume is known, or a label is not.

    Notes
    -----
    Everything but the one input stays as assumed. Looked for between 0 and 1 for shares, else between 0 and a million
    times the assumed value (a billion where 0 is assumed), as far as the study accepts it. An input that stands at
    several addresses is moved at all of them. How each value is found and proved: `turns.walk`;
    docs/methodology/sensitivity.md derives it.
    """
    study = comparison.medians
    volume = asked_volume(study, tokens_per_month, where="flips")
    pair = None
    labels: tuple[str, ...] = study.substitutes
    if challenger is not None or against is not None:
        pair = pair_of(study, challenger, against, tokens_per_month=volume)
        labels = (pair[1], pair[0])  # the rival first: at a tie nothing is undercut
    bills = Bills(study, labels, tokens_per_month=volume)
    start = int(cheapest(bills.at({VOLUME: np.array([volume])}, one_by_one=True).totals)[0])
    found = [_flip_of(bills, place) for place in places(comparison)]
    found.append(_flip_of_volume(study, labels, volume_place(comparison, volume)))
    found.sort(key=lambda each: each.distance)
    return Flips(tuple(found), volume, labels[start], pair, study)


# ---------------------------------------------------------------------- one input


def _flip_of(bills: Bills, place: Place) -> Flip:
    """Return where one input changes the answer."""
    if not bills.accepts(dict.fromkeys(place.addresses, place.assumed)):
        why = bills.refusal(dict.fromkeys(place.addresses, place.assumed)) or "the study refuses it"
        nan, how = math.nan, f"cannot be changed by itself: {why}"
        return Flip(place, nan, nan, "", "", place.assumed, place.assumed, how)
    low, high = accepted_range(bills, place, *natural_range(place))
    found = _together(bills, place, low, high)
    if found is None:
        found = _search(bills, place, low, high, one_by_one=True)
    values = [side.turns[0].first if side.turns else math.nan for side in found]
    becomes = [bills.labels[side.turns[0].new] if side.turns else "" for side in found]
    return Flip(place, values[0], values[1], becomes[0], becomes[1], low, high, _how(found))


def _how(sides: Sequence[Walked]) -> str:
    """Say how sure it is that no nearer change was missed."""
    if not all(side.proved for side in sides):
        return f"looked at {sum(side.points.size for side in sides):,} values"
    return "exact" if all(side.steady for side in sides) else "exact, with turns"


def _together(bills: Bills, place: Place, low: float, high: float) -> list[Walked] | None:
    """Return both sides found with values as draws; None where draws are refused, or are not what one by one gives."""
    try:
        found = _search(bills, place, low, high, one_by_one=False)
    except REFUSED:
        return None
    return found if all(_holds(bills, place, side) for side in found) else None


def _holds(bills: Bills, place: Place, side: Walked) -> bool:
    """Return whether a side is what studies worked out one by one say."""
    start, end = float(side.points[0]), float(side.points[-1])
    if side.turns:
        turn = side.turns[0]
        aside = 0.0 if place.whole else math.copysign(_BESIDE_RATIO * abs(turn.first), turn.first - start)
        checked = np.array([turn.last - aside, turn.first + aside])
        expected = [turn.old, turn.new]
        if not min(start, end) <= checked[0] <= max(start, end):
            checked, expected = checked[1:], expected[1:]
        alone = bills.at(dict.fromkeys(place.addresses, checked), one_by_one=True).totals
        if list(cheapest(alone)) not in (expected, [*expected[:-1], -1]):
            return False
    rows = sorted({0, side.points.size // 2, side.points.size - 1} if not side.turns else {0})
    alone = bills.at(dict.fromkeys(place.addresses, side.points[rows]), one_by_one=True).totals
    known = np.isfinite(alone)
    return bool(np.allclose(alone[known], side.totals[rows][known], rtol=_SAME_RATIO, atol=0.0))


def _search(bills: Bills, place: Place, low: float, high: float, *, one_by_one: bool) -> list[Walked]:
    """Return the walks from the assumed value down and up."""

    def costs_at(walks: NDArray[np.intp], values: Array) -> Costs:
        return bills.at(dict.fromkeys(place.addresses, values), one_by_one=one_by_one)

    effort: Effort = FEW if one_by_one else MANY
    starts = [_start(place, end, _FEW_GRID if one_by_one else _GRID) for end in (low, high)]
    return walk(costs_at, starts, first_only=True, whole=place.whole, effort=effort)


def _start(place: Place, end: float, count: int) -> Array:
    """Return the values to look at first between the assumed one and an end."""
    low, high = sorted((place.assumed, end))
    inner = between(low, high, count) if high > low else np.empty(0)
    if low > 0.0 and count > _FEW_GRID:
        inner = np.concatenate([inner, low + (high - low) * np.arange(1, count // 2) / (count // 2)])
    inner = np.round(inner) if place.whole else inner
    values = np.unique(np.concatenate([[low, high], inner[(inner > low) & (inner < high)]]))
    return values if end >= place.assumed else values[::-1]


# ---------------------------------------------------------------------- the volume


def _flip_of_volume(study: Comparison, labels: Sequence[str], place: Place) -> Flip:
    """Return the neighbouring changes in volume, from the envelope of the curves."""
    from tokencross.costs.envelope import lower_envelope

    volume = place.assumed
    stretches = lower_envelope([study.curve(label) for label in labels])
    at = next((i for i, each in enumerate(stretches) if each.low < volume <= each.high), None)
    if at is None:
        last = stretches[-1].high
        return Flip(place, math.nan, math.nan, "", "", 0.0, last, f"cannot be followed beyond {format_tokens(last)}")
    before = stretches[at - 1] if at else None
    after = stretches[at + 1] if at + 1 < len(stretches) else None
    return Flip(
        place,
        math.nan if before is None else before.high,
        math.nan if after is None else after.low,
        "" if before is None else labels[before.winner],
        "" if after is None else labels[after.winner],
        0.0,
        math.inf,
        "exact",
    )
