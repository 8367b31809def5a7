"""What a study says when its inputs are drawn: who is the cheapest how often, breakevens, bands, regret."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.costs.breakeven import breakeven
from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, float_or_draws
from tokencross.studies.columns import (
    QUANTILES,
    checked_quantiles,
    named_quantiles,
    numbers_of,
    quantile_name,
    volume_index,
)
from tokencross.studies.compare import Comparison
from tokencross.studies.draws import checked_draws, checked_seed, drawn, quantiles_of, stats_installed
from tokencross.studies.inputs import Input, at_inputs, uncertain_inputs
from tokencross.studies.progress import tracked
from tokencross.studies.sample_notes import choice_notes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StudySample", "sample"]

Array: TypeAlias = NDArray[np.float64]

CHUNK_DRAWS = 16_384  # arrays of so many stay in a processor's cache


@dataclass(frozen=True, eq=False)
class StudySample:
    """A study at draws of its uncertain inputs; the same seed gives the same sample.

    Attributes
    ----------
    comparison : Comparison
        The study.
    inputs : tuple of Input
        What is uncertain.
    values : mapping of name to ndarray, shape (D,)
        The draws of every input.
    draws : int
        D.
    seed : int
        What they were drawn with.
    chunk_draws : int
        How many are worked out at once; nothing depends on it.
    curves : mapping of label to CostCurve
        Every option at the draws.
    here : float, ndarray of shape (D,) or None
        Where you are, in every draw if that is uncertain. [tokens/month]
    notes : tuple of str
        What has to be said with it.
    """

    comparison: Comparison
    inputs: tuple[Input, ...]
    values: Mapping[str, Array]
    draws: int
    seed: int
    chunk_draws: int
    curves: Mapping[str, CostCurve] = field(repr=False)
    here: FloatOrDraws | None = field(default=None, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        """Return draws, inputs and seed in one line."""
        return f"<StudySample of {self.draws:,} draws of {len(self.inputs)} inputs; seed {self.seed}>"

    # ------------------------------------------------------------------ what was drawn

    def inputs_frame(self) -> pd.DataFrame:
        """Return what is uncertain: name, addresses, unit, origin, and the quantiles of what was drawn."""
        import pandas as pd

        rows = [
            {
                "input": each.name,
                "addresses": ", ".join(each.addresses),
                "unit": each.unit,
                "origin": each.origin,
                **named_quantiles(QUANTILES, np.quantile(self.values[each.name], QUANTILES)),
            }
            for each in self.inputs
        ]
        return pd.DataFrame(rows, columns=["input", "addresses", "unit", "origin", *map(quantile_name, QUANTILES)])

    def values_frame(self) -> pd.DataFrame:
        """Return the draws: a row per draw, a column per input."""
        import pandas as pd

        return pd.DataFrame(dict(self.values), index=pd.RangeIndex(self.draws, name="draw"))

    # ------------------------------------------------------------------ breakevens

    def first(self, challenger: str, *, against: str | None = None) -> Array:
        """Return the first breakeven in every draw, inf where there is none. [tokens/month]"""
        return self._breakeven(challenger, against)[0]

    def robust(self, challenger: str, *, against: str | None = None) -> Array:
        """Return the robust breakeven in every draw, inf where there is none. [tokens/month]"""
        return self._breakeven(challenger, against)[1]

    def breakevens(self, *, against: str | None = None, quantiles: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Return quantiles of first and robust breakeven of every challenger, and the share of draws without one.

        Parameters
        ----------
        against : str, optional
            The incumbent unless said.
        quantiles : sequence of float
            Between 0 and 1. A quantile is inf where so many draws have no breakeven: none counts as infinitely far.

        Returns
        -------
        DataFrame
            challenger, incumbent, breakeven (``first`` or ``robust``), ``q05`` and so on [tokens/month], none_share.
        """
        import pandas as pd

        levels = checked_quantiles(quantiles)
        rival = self.comparison.incumbent if against is None else against
        self.comparison.option(rival)
        rows = []
        for label in self.comparison.labels:
            if label == rival:
                continue
            for kind, found in zip(("first", "robust"), self._breakeven(label, rival), strict=True):
                rows.append(
                    {
                        "challenger": label,
                        "incumbent": rival,
                        "breakeven": kind,
                        **named_quantiles(levels, quantiles_of(found, levels)),
                        "none_share": float(np.mean(np.isinf(found))),
                    }
                )
        columns = ["challenger", "incumbent", "breakeven", *map(quantile_name, levels), "none_share"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def _found(self) -> dict[tuple[str, str], tuple[Array, Array]]:
        """Breakevens by pair, kept once they are known."""
        return {}

    def _breakeven(self, challenger: str, against: str | None) -> tuple[Array, Array]:
        """Return first and robust in every draw, inf for none."""
        rival = self.comparison.incumbent if against is None else against
        self._check_pair(challenger, rival)
        if (challenger, rival) not in self._found:
            parts = []
            for ours, theirs in tracked(
                zip(self._chunks(challenger), self._chunks(rival), strict=True),
                f"{challenger} against {rival}",
                self._count,
            ):
                found = breakeven(ours, theirs)
                parts.append((_or_inf(found.first), _or_inf(found.robust)))
            first, robust = (self._joined([part[k] for part in parts]) for k in (0, 1))
            self._found[challenger, rival] = first, robust
        return self._found[challenger, rival]

    def _check_pair(self, challenger: str, rival: str) -> None:
        """Refuse unknown labels, and an option against itself."""
        for label in (challenger, rival):
            self.comparison.option(label)
        if challenger == rival:
            raise ScenarioError(Problem("sample", f"{challenger!r} against itself", "two different options"))

    # ------------------------------------------------------------------ at volumes

    def cheapest_shares(self, volumes: ArrayLike | None = None) -> pd.DataFrame:
        """Return P(option is the cheapest | V): index tokens_per_month, a column per substitute; a row adds up to 1.

        Of options that cost the same in a draw the first counts. Without volumes it is where you are; if that is
        uncertain every draw counts at its own volume, and the index is nan.
        """
        labels = self.comparison.substitutes

        def count(costs: Array) -> Array:
            return np.bincount(np.argmin(costs, axis=0), minlength=len(labels)).astype(float)

        return self._frame(volumes, labels, self._added(volumes, labels, count, "who is the cheapest") / self.draws)

    def undercut_shares(self, volumes: ArrayLike | None = None, *, against: str | None = None) -> pd.DataFrame:
        """Return P(challenger undercuts | V): index tokens_per_month, a column per other option."""
        rival = self.comparison.incumbent if against is None else against
        self.comparison.option(rival)
        labels = tuple(label for label in self.comparison.labels if label != rival)

        def count(costs: Array) -> Array:
            won: Array = np.count_nonzero(costs[:-1] < costs[-1], axis=1).astype(float)
            return won

        added = self._added(volumes, (*labels, rival), count, f"who undercuts {rival}")
        return self._frame(volumes, labels, added / self.draws)

    def costs(self, volumes: ArrayLike | None = None, *, quantiles: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Return the bands of monthly cost: index tokens_per_month, columns (option, quantile) in USD/month."""
        import pandas as pd

        levels, points = checked_quantiles(quantiles), self._volumes(volumes)
        found = np.empty((len(points), len(self.comparison.labels), len(levels)))
        for row, volume in enumerate(tracked(points, "costs", len(points))):
            for column, label in enumerate(self.comparison.labels):
                found[row, column] = np.quantile(self._costs(label, volume), levels)
        columns = pd.MultiIndex.from_product(
            [self.comparison.labels, map(quantile_name, levels)], names=["option", "quantile"]
        )
        return pd.DataFrame(found.reshape(len(points), -1), index=volume_index(points), columns=columns)

    def differences(
        self, challenger: str, tokens_per_month: float | None = None, *, against: str | None = None
    ) -> Array:
        """Return what a challenger saves against the incumbent in every draw, at a volume. [USD/month]"""
        rival = self.comparison.incumbent if against is None else against
        self._check_pair(challenger, rival)
        volume = self._volume(tokens_per_month)
        saved: Array = self._costs(rival, volume) - self._costs(challenger, volume)
        return saved

    def regret(self, tokens_per_month: float | None = None) -> pd.DataFrame:
        """Return what choosing a substitute now costs against knowing, at a volume (where you are unless said).

        Returns
        -------
        DataFrame
            A row per substitute: option, mean_usd_per_month (its cost), regret_usd_per_month (the mean of what it costs
            above the cheapest of each draw), regret_q95_usd_per_month, cheapest_share. The least mean regret is what
            knowing would be worth: the expected value of perfect information.

        References
        ----------
        .. [1] Raiffa and Schlaifer (1961), "Applied Statistical Decision Theory", section 4.3.
        """
        import pandas as pd

        volume = self._volume(tokens_per_month)
        labels = self.comparison.substitutes
        costs = np.stack([self._costs(label, volume) for label in labels])
        above = costs - costs.min(axis=0)
        wins = np.bincount(np.argmin(costs, axis=0), minlength=len(labels)) / self.draws
        rows = {
            "option": labels,
            "mean_usd_per_month": costs.mean(axis=1),
            "regret_usd_per_month": above.mean(axis=1),
            "regret_q95_usd_per_month": np.quantile(above, 0.95, axis=1),
            "cheapest_share": wins,
        }
        frame = pd.DataFrame(rows).sort_values("regret_usd_per_month", kind="stable", ignore_index=True)
        return frame.assign(tokens_per_month=volume_index([volume])[0])

    # ------------------------------------------------------------------ how it is worked out

    @property
    def _count(self) -> int:
        """The number of chunks."""
        return -(-self.draws // self.chunk_draws)

    def _chunks(self, label: str) -> list[CostCurve]:
        """Return an option's curve in chunks of draws; one that is certain is the same in all."""
        return self._cut[label]

    @cached_property
    def _cut(self) -> dict[str, list[CostCurve]]:
        """The curves in chunks of draws, by label."""
        starts = range(0, self.draws, self.chunk_draws)
        return {
            label: [curve.draws(slice(start, start + self.chunk_draws)) for start in starts]
            for label, curve in self.curves.items()
        }

    def _joined(self, parts: Sequence[Array]) -> Array:
        """Return results of chunks as one array of all draws, those that are the same in all draws too."""
        if len(parts) and parts[0].ndim == 0:
            return np.full(self.draws, float(parts[0]))
        return np.concatenate(parts)

    def _costs(self, label: str, volume: FloatOrDraws) -> Array:
        """Return the cost of an option in every draw, shape (D,). [USD/month]"""
        return self._joined([self._cost(label, index, volume) for index in range(self._count)])

    def _cost(self, label: str, index: int, volume: FloatOrDraws) -> Array:
        """Return the cost in a chunk of draws, at a volume or at one for each draw. [USD/month]"""
        curve = self._chunks(label)[index]
        if not isinstance(volume, np.ndarray):
            return np.asarray(curve.usd_per_month(volume), dtype=float)
        own = volume[index * self.chunk_draws : (index + 1) * self.chunk_draws]
        return curve.usd_per_month(own) if curve.draw_count is None else curve.usd_per_month_by_draw(own)

    def _added(
        self, volumes: ArrayLike | None, labels: Sequence[str], count: Callable[[Array], Array], what: str
    ) -> Array:
        """Return counts of draws at every volume, chunk by chunk: whole numbers, the same in any order."""
        points = self._volumes(volumes)
        total: list[Array] = []
        for volume in tracked(points, what, len(points)):
            found: Any = 0.0
            for index in range(self._count):
                size = min(self.chunk_draws, self.draws - index * self.chunk_draws)
                costs = np.empty((len(labels), size))
                for row, label in enumerate(labels):
                    costs[row] = self._cost(label, index, volume)
                found = found + count(costs)
            total.append(found)
        return np.array(total)

    def _volumes(self, volumes: ArrayLike | None) -> list[FloatOrDraws]:
        """Return volumes that were given, or where you are: in every draw, if that is uncertain."""
        if volumes is None:
            if self.here is None:
                accepted = "volumes in tokens per month, or a study that says where you are (tokens_per_month=)"
                raise ScenarioError(Problem("sample: volumes", "none", accepted))
            return [self.here]
        points = numbers_of(volumes)
        if points.size == 0 or not np.all(np.isfinite(points) & (points >= 0.0)):
            raise ScenarioError(Problem("sample: volumes", f"{volumes!r:.60}", "finite numbers >= 0, tokens per month"))
        return [float(each) for each in points]

    def _volume(self, tokens_per_month: float | None) -> FloatOrDraws:
        """Return one volume."""
        found = self._volumes(tokens_per_month)
        if len(found) > 1:
            raise ScenarioError(Problem("sample: tokens_per_month", f"{len(found)} volumes", "one volume at a time"))
        return found[0]

    def _frame(self, volumes: ArrayLike | None, labels: Sequence[str], values: Array) -> pd.DataFrame:
        """Return a frame by volume and option."""
        import pandas as pd

        return pd.DataFrame(values, index=volume_index(self._volumes(volumes)), columns=list(labels))


def sample(
    comparison: Comparison,
    *,
    draws: int = 8_192,
    seed: int,
    table_errors: bool = True,
    chunk_draws: int = CHUNK_DRAWS,
) -> StudySample:
    """Return a study at draws of its uncertain inputs.

    Parameters
    ----------
    comparison : Comparison
        The study.
    draws : int
        How many; best a power of two, of which Sobol points are the most even. Of any other number the next power is
        drawn and the first so many are kept.
    seed : int
        The same seed gives the same sample, bit for bit.
    table_errors : bool
        Whether the errors that fits and tables bring along are drawn too.
    chunk_draws : int
        How many draws are worked out at once; nothing depends on it but memory.

    Raises
    ------
    ScenarioError
        If an argument is out of bounds, SciPy is not installed, or a drawn value is one that an option refuses.
    """
    stats_installed("sample")
    count, start = checked_draws(draws), checked_seed(seed)
    size = checked_draws(chunk_draws, "sample: chunk_draws")
    inputs = uncertain_inputs(comparison, table_errors=table_errors)
    values = drawn(inputs, comparison.correlations, draws=count, seed=start)
    study = at_inputs(comparison, values, table_errors=table_errors)
    curves = {label: resolved.curve.collapsed() for label, resolved in study.resolved.items()}
    where = None if study.tokens_per_month is None else float_or_draws(study.tokens_per_month)
    notes = choice_notes(comparison, inputs, table_errors=table_errors)
    return StudySample(comparison, inputs, values, count, start, size, curves, where, notes)


# ---------------------------------------------------------------------- small steps


def _or_inf(found: float | Array | None) -> Array:
    """Return breakevens with inf for none."""
    plain = np.asarray(np.nan if found is None else found, dtype=float)
    return np.where(np.isnan(plain), np.inf, plain)
