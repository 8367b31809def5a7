"""One number at a time: how far the breakeven and the cost difference move when one input does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, check_number, point
from tokencross.studies.addresses import replaced
from tokencross.studies.bills import VOLUME, Bills
from tokencross.studies.compare import Comparison
from tokencross.studies.input_words import input_name, value_words
from tokencross.studies.inputs import at_inputs, uncertain_inputs
from tokencross.studies.pair import asked_volume, pair_of
from tokencross.studies.places import Place, accepted_range, natural_range, places, volume_place
from tokencross.units import format_share, format_tokens, format_usd

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["End", "Swing", "Tornado", "tornado"]

_SAME_RATIO = 1e-9
_PERCENT = 100.0


@dataclass(frozen=True)
class End:
    """What comes out with one input at one of its ends.

    Attributes
    ----------
    value : float
        The input's value, in its unit.
    usd_per_month : float
        What the rival costs more than the challenger at the volume; nan without a volume. [USD/month]
    first, robust : float
        Breakevens; inf for never. [tokens/month]
    reason : str
        Why there is no first or no robust one.
    """

    value: float
    usd_per_month: float
    first: float
    robust: float
    reason: str = ""


@dataclass(frozen=True)
class Swing:
    """One input from its low to its high value, everything else at the median.

    ``basis`` says where the two come from: ``90% interval``, ``±20%``.
    """

    name: str
    addresses: tuple[str, ...]
    unit: str
    basis: str
    assumed: float
    low: End
    high: End

    @property
    def words(self) -> str:
        """What the input is called in a sentence."""
        return input_name(self.name) if self.name in self.addresses else self.name

    def spread(self, measure: str) -> float:
        """Return how far a measure moves: in USD/month, of breakevens the logarithm of their ratio, inf from never."""
        ends = sorted((float(getattr(self.low, measure)), float(getattr(self.high, measure))))
        if measure == "usd_per_month" or ends[0] == ends[1]:
            return 0.0 if ends[0] == ends[1] else ends[1] - ends[0]
        return math.log(ends[1] / ends[0]) if ends[0] > 0.0 else math.inf

    @property
    def moves(self) -> bool:
        """Whether anything comes out otherwise at the two ends."""
        return any(
            _differ(getattr(self.low, name), getattr(self.high, name)) for name in ("usd_per_month", "first", "robust")
        )


def _differ(one: float, other: float) -> bool:
    """Return whether two outcomes differ by more than rounding."""
    return not (
        one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=_SAME_RATIO)
    )


@dataclass(frozen=True, eq=False)
class Tornado:
    """One-at-a-time swings of a challenger against a rival.

    Attributes
    ----------
    swings : tuple of Swing
        The largest first: by the cost difference, without a volume by the first breakeven.
    challenger, against : str
        The pair.
    base : End
        With everything at the median; its value is nan.
    tokens_per_month : float or None
        The volume of the cost difference. [tokens/month]
    study : Comparison or None
        What it is about, at the medians: for charts.
    """

    swings: tuple[Swing, ...]
    challenger: str
    against: str
    base: End
    tokens_per_month: float | None
    study: Comparison | None = field(default=None, repr=False)

    def frame(self) -> pd.DataFrame:
        """Return a row per input, those that move nothing too.

        Returns
        -------
        DataFrame
            input, address (several joined by " = "), unit, basis, assumed, low_value, high_value [in the input's
            unit]; usd_per_month_low, usd_per_month_high, swing_usd_per_month [USD/month]; first_low, first_high,
            robust_low, robust_high [tokens/month, inf for never]; reason_low, reason_high.
        """
        import pandas as pd

        rows = [
            {
                "input": each.words,
                "address": " = ".join(each.addresses),
                "unit": each.unit,
                "basis": each.basis,
                "assumed": each.assumed,
                "low_value": each.low.value,
                "high_value": each.high.value,
                "usd_per_month_low": each.low.usd_per_month,
                "usd_per_month_high": each.high.usd_per_month,
                "swing_usd_per_month": abs(each.high.usd_per_month - each.low.usd_per_month),
                "first_low": each.low.first,
                "first_high": each.high.first,
                "robust_low": each.low.robust,
                "robust_high": each.high.robust,
                "reason_low": each.low.reason,
                "reason_high": each.high.reason,
            }
            for each in self.swings
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        """Return the pair and the input that moves most in one line."""
        most = f"; most moved by {self.swings[0].words}" if self.swings else ""
        return f"<Tornado of {len(self.swings)} inputs: {self.challenger} against {self.against}{most}>"

    def _repr_html_(self) -> str:
        """Return the swings as a small table."""
        said = "first breakeven" if self.tokens_per_month is None else "difference per month"
        rows = "".join(
            f"<tr><td>{escape(each.words)}</td><td>{escape(self._value(each, each.low))} to "
            f"{escape(self._value(each, each.high))} ({escape(each.basis)})</td>"
            f"<td>{escape(self._outcome(each.low))}</td><td>{escape(self._outcome(each.high))}</td></tr>"
            for each in self.swings
            if each.moves
        )
        caption = escape(f"{self.against} minus {self.challenger}")
        head = f"<tr><th>input</th><th>from, to</th><th>{said} at the low end</th><th>at the high end</th></tr>"
        return f'<div class="tokencross"><table><caption>{caption}</caption>{head}{rows}</table></div>'

    @staticmethod
    def _value(swing: Swing, end: End) -> str:
        """Return an end's value in words."""
        return value_words(swing.addresses[0], end.value)

    def _outcome(self, end: End) -> str:
        """Return what comes out at an end in words."""
        if self.tokens_per_month is not None:
            return format_usd(end.usd_per_month)
        return "never" if math.isinf(end.first) else format_tokens(end.first)


def tornado(
    comparison: Comparison,
    challenger: str | None = None,
    *,
    against: str | None = None,
    tokens_per_month: float | None = None,
    share: float = 0.9,
    swing_share: float | None = None,
    table_errors: bool = True,
) -> Tornado:
    """Return how far each input moves the breakevens and the cost difference of a pair, one at a time.

    Parameters
    ----------
    comparison : Comparison
        The study.
    challenger : str, optional
        Unless said, the cheapest substitute other than the rival at the volume; without a volume the first substitute
        that undercuts the rival anywhere.
    against : str, optional
        The rival: the incumbent unless said.
    tokens_per_month : float, optional
        The volume of the cost difference: the study's own unless given. [tokens/month]
    share : float
        Of an uncertain input's probability between its two values: 0.9 is from its 5% to its 95% quantile.
    swing_share : float, optional
        Every other number that is not 0 moves by this share of itself either way, as far as the study accepts it;
        whole numbers by at least one. Unless given, they stay.
    table_errors : bool
        Whether the errors that fits and tables bring along count as uncertain inputs.

    Returns
    -------
    Tornado

    Raises
    ------
    ScenarioError
        If a label is unknown, a share is not between 0 and 1, or there is nothing to swing.
    """
    volume = (
        comparison.here if tokens_per_month is None else asked_volume(comparison, tokens_per_month, where="tornado")
    )
    pair = pair_of(comparison.medians, challenger, against, tokens_per_month=volume)
    share = _checked_share(share, "share")
    study = at_inputs(comparison, {}, table_errors=table_errors)
    fixed = None if tokens_per_month is None else volume
    found = list(_of_uncertain(comparison, pair, fixed, share, table_errors=table_errors))
    if swing_share is not None:
        swing_share = _checked_share(swing_share, "swing_share")
        taken = {address for each in found for address in each.addresses}
        found += _of_plain(study, pair, fixed, swing_share, taken)
    if not found:
        accepted = "a study with an uncertain number, such as tc.between(low, high), or swing_share=0.2"
        raise ScenarioError(Problem("tornado", "nothing that is uncertain", accepted))
    measure = "first" if volume is None else "usd_per_month"
    found.sort(key=lambda each: each.spread(measure), reverse=True)
    return Tornado(tuple(found), *pair, _end(study, pair, fixed, math.nan), volume, study)


def _checked_share(share: float, name: str) -> float:
    """Return a share strictly between 0 and 1."""
    try:
        found = check_number(share, where="", unit="")
    except ScenarioError:
        found = math.nan  # whatever it is, it is no share
    if isinstance(found, float) and 0.0 < found < 1.0:
        return found
    remedy = ""
    if isinstance(found, float) and 1.0 < found < _PERCENT:
        remedy = f"Shares are fractions: write {found / _PERCENT:g} for {found:g}%."
    accepted = "a number above 0 and below 1"
    raise ScenarioError(Problem(f"tornado: {name}", f"{share!r:.60}", accepted, remedy))


def _of_uncertain(
    comparison: Comparison, pair: tuple[str, str], volume: float | None, share: float, *, table_errors: bool
) -> Iterator[Swing]:
    """Yield the swings of the uncertain inputs."""
    tails = np.array([(1.0 - share) / 2.0, (1.0 + share) / 2.0])
    for each in uncertain_inputs(comparison, table_errors=table_errors):
        values = [float(value) for value in each.quantiles(tails)]
        if each.addresses == (VOLUME,) and volume is not None:
            continue  # the volume is said
        ends = [
            _end(at_inputs(comparison, {each.name: value}, table_errors=table_errors), pair, volume, value)
            for value in values
        ]
        basis = f"{format_share(share)} interval"
        yield Swing(each.name, each.addresses, each.unit, basis, point(each.distribution), *ends)


def _of_plain(
    study: Comparison, pair: tuple[str, str], volume: float | None, share: float, taken: set[str]
) -> Iterator[Swing]:
    """Yield the swings of the numbers that are known."""
    bills = Bills(study, pair, tokens_per_month=volume or study.here or 1.0)
    known = list(places(study))
    if volume is None and study.here is not None:
        known.append(volume_place(study, study.here))
    for place in known:
        uncertain = taken.intersection((*place.addresses, f"{place.address}_ratio"))  # a rate, or the error of one
        if place.assumed == 0.0 or uncertain or not _enters(bills, place):
            continue
        low, high = _around(place, share)
        if place.address != VOLUME:
            low, high = accepted_range(bills, place, low, high)
        ends = [_end(_moved(study, place, value), pair, volume, value) for value in (low, high)]
        basis = f"±{format_share(share)}" + (", whole" if place.whole else "")
        yield Swing(place.name, place.addresses, place.unit, basis, place.assumed, *ends)


def _enters(bills: Bills, place: Place) -> bool:
    """Return whether a number can be changed by itself and is part of either bill."""
    if place.address == VOLUME:
        return True
    unchanged = dict.fromkeys(place.addresses, place.assumed)
    return bills.touches(place.addresses) and bills.accepts(unchanged)


def _around(place: Place, share: float) -> tuple[float, float]:
    """Return a number less and plus a share of it, within what it can be; whole numbers at least one either way."""
    least, most = natural_range(place)
    ends = sorted((place.assumed * (1.0 - share), place.assumed * (1.0 + share)))
    if place.whole:
        ends = [math.floor(ends[0]), math.ceil(ends[1])]
    return max(ends[0], least), min(ends[1], most)


def _moved(study: Comparison, place: Place, value: float) -> Comparison:
    """Return the study with one number changed."""
    changes: dict[str, FloatOrDraws] = dict.fromkeys(place.addresses, value)
    return replaced(study, changes)


def _end(study: Comparison, pair: tuple[str, str], volume: float | None, value: float) -> End:
    """Return what comes out in a study without draws."""
    two = replace(study, options=tuple(study.option(label) for label in pair), reference=(), incumbent=pair[1])
    found = two.breakeven(*pair)
    at = study.here if volume is None else volume
    usd = math.nan
    if at is not None:
        usd = two.curve(pair[1]).usd_per_month(at) - two.curve(pair[0]).usd_per_month(at)
    first, robust = (math.inf if each is None else float(each) for each in (found.first, found.robust))
    return End(value, usd, first, robust, found.reason or "")
