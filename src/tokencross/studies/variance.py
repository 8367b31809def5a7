"""Which input the spread of a cost difference comes from: Sobol's shares of its variance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import is_draws
from tokencross.studies.bills import VOLUME
from tokencross.studies.compare import Comparison
from tokencross.studies.draws import checked_draws, checked_seed, stats_installed
from tokencross.studies.input_words import input_name
from tokencross.studies.inputs import Input, OwnDraws, at_inputs, uncertain_inputs
from tokencross.studies.pair import asked_volume, pair_of
from tokencross.units import format_share, format_tokens

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Shares", "VarianceShares", "shares_of", "variance_shares"]

Array: TypeAlias = NDArray[np.float64]

_RESAMPLES = 400
_INTERVAL_SHARE = 0.9
_MOST_AT_ONCE = 4_096
_LEAST_DRAWS = 16
_EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of a variance by input, each with the ends of its bootstrap interval: shape (inputs,).

    ``first``: by the input alone; ``total``: with everything that it does together with others.
    """

    first: Array
    first_low: Array
    first_high: Array
    total: Array
    total_low: Array
    total_high: Array
    mean: float
    standard_deviation: float


@dataclass(frozen=True, eq=False)
class VarianceShares:
    """Where the spread of a cost difference at a volume comes from.

    Attributes
    ----------
    inputs : tuple of Input
        What is uncertain.
    shares : Shares
        In the same order.
    challenger, against : str
        The difference is what the second costs more than the first.
    tokens_per_month : float or None
        The volume; None where it is itself uncertain. [tokens/month]
    draws : int
        Points of each of the two sets; the study was worked out ``draws * (inputs + 2)`` times.
    """

    inputs: tuple[Input, ...]
    shares: Shares
    challenger: str
    against: str
    tokens_per_month: float | None
    draws: int

    def frame(self) -> pd.DataFrame:
        """Return a row per input, the largest total share first.

        Returns
        -------
        DataFrame
            input, address, unit; first_share and total_share of the variance, each with _low and _high, a 90%
            bootstrap interval.
        """
        import pandas as pd

        names = ("first", "first_low", "first_high", "total", "total_low", "total_high")
        shown = {_column(name): getattr(self.shares, name) for name in names}
        said = {
            "input": [_words(each) for each in self.inputs],
            "address": [" = ".join(each.addresses) for each in self.inputs],
            "unit": [each.unit for each in self.inputs],
        }
        frame = pd.DataFrame({**said, **shown})
        return frame.sort_values("total_share", ascending=False, ignore_index=True)

    def __repr__(self) -> str:
        """Return the pair and the largest share in one line."""
        most = int(np.argmax(self.shares.total))
        said = f"{_words(self.inputs[most])} {format_share(float(self.shares.total[most]))}"
        where = "" if self.tokens_per_month is None else f" at {format_tokens(self.tokens_per_month)}"
        return f"<VarianceShares of {self.against} minus {self.challenger}{where}: {said} in all>"

    def _repr_html_(self) -> str:
        """Return the shares as a small table."""
        rows = "".join(
            f"<tr><td>{escape(str(row['input']))}</td><td>{row['first_share']:.0%}</td>"
            f"<td>{row['total_share']:.0%} ({row['total_share_low']:.0%} to {row['total_share_high']:.0%})</td></tr>"
            for row in self.frame().to_dict("records")
        )
        caption = escape(f"Variance of {self.against} minus {self.challenger}, by input")
        head = "<tr><th>input</th><th>alone</th><th>with what it does together with others</th></tr>"
        return f'<div class="tokencross"><table><caption>{caption}</caption>{head}{rows}</table></div>'


def _column(name: str) -> str:
    """Return a share's column: the name, then what it is of, then the end of the interval."""
    kind, _, end = name.partition("_")
    return f"{kind}_share" + (f"_{end}" if end else "")


def _words(one: Input) -> str:
    """Return what an input is called."""
    return input_name(one.name) if one.name in one.addresses else one.name


def variance_shares(
    comparison: Comparison,
    challenger: str | None = None,
    *,
    against: str | None = None,
    tokens_per_month: float | None = None,
    draws: int = 1_024,
    seed: int,
    table_errors: bool = True,
) -> VarianceShares:
    """Return which share of the variance of a pair's cost difference each uncertain input explains.

    Parameters
    ----------
    comparison : Comparison
        The study.
    challenger, against : str, optional
        The pair, as `tornado.tornado` takes it.
    tokens_per_month : float, optional
        The volume: the study's own unless given. [tokens/month]
    draws : int
        A power of two, at least 16.
    seed : int
        Of the scrambling and the bootstrap.
    table_errors : bool
        Whether the errors that fits and tables bring along count.

    Raises
    ------
    ScenarioError
        If no volume is known, nothing is uncertain, ``draws`` is no power of two from 16 on, SciPy is missing, or
        inputs are not independent: the shares of correlated ones do not add up and have no such meaning.
    """
    stats_installed("variance_shares")
    volume = asked_volume(comparison, tokens_per_month, where="variance_shares")
    pair = pair_of(comparison.medians, challenger, against, tokens_per_month=volume)
    inputs = uncertain_inputs(comparison, table_errors=table_errors)
    if tokens_per_month is not None:
        inputs = tuple(each for each in inputs if each.addresses != (VOLUME,))
    _check_independent(comparison, inputs)
    moving = _Difference(comparison, pair, volume, inputs, said=tokens_per_month is not None, errors=table_errors)
    found = shares_of(moving, [each.quantiles for each in inputs], draws=draws, seed=seed)
    moved = any(VOLUME in each.addresses for each in inputs)
    return VarianceShares(inputs, found, *pair, None if moved else volume, draws)


def _check_independent(comparison: Comparison, inputs: tuple[Input, ...]) -> None:
    """Refuse a study in which nothing is uncertain, or in which inputs go together."""
    where = "variance_shares"
    if not inputs:
        accepted = "a study with an uncertain number, such as tc.between(low, high)"
        raise ScenarioError(Problem(where, "nothing that is uncertain", accepted))
    names = {each.name for each in inputs}
    together = [pair for pair, value in comparison.correlations.items() if value != 0.0 and names.issuperset(pair)]
    own = [each.name for each in inputs if isinstance(each.distribution, OwnDraws)]
    remedy = "The tornado and the flips need no independence; or take the shares without the correlations."
    if together:
        said = " and ".join(together[0])
        raise ScenarioError(Problem(where, f"a correlation of {said}", "independent inputs", remedy))
    if len(own) > 1:
        said = f"draws that go together: {', '.join(own)}"
        raise ScenarioError(Problem(where, said, "independent inputs, or at most one with draws of your own", remedy))


class _Difference:
    """What the rival costs more than the challenger, at rows of values of the inputs."""

    def __init__(
        self,
        comparison: Comparison,
        pair: tuple[str, str],
        volume: float,
        inputs: Sequence[Input],
        *,
        said: bool,
        errors: bool,
    ) -> None:
        self._study = comparison
        self._pair, self._volume, self._inputs = pair, volume, inputs
        self._said, self._errors = said, errors

    def __call__(self, values: Array) -> Array:
        """Return the differences for values of shape (inputs, n), in blocks. [USD/month]"""
        blocks = [values[:, start : start + _MOST_AT_ONCE] for start in range(0, values.shape[1], _MOST_AT_ONCE)]
        return np.concatenate([self._block(block) for block in blocks])

    def _block(self, values: Array) -> Array:
        """Return the differences for one block."""
        named = {each.name: row for each, row in zip(self._inputs, values, strict=True)}
        study = at_inputs(self._study, named, table_errors=self._errors)
        where = study.tokens_per_month
        bills = []
        for label in self._pair:
            curve = study.option(label).resolve(study.workload).curve
            if not self._said and where is not None and is_draws(where):
                assert isinstance(where, np.ndarray)
                curve = curve.at_share(where / self._volume)
            bills.append(np.broadcast_to(np.asarray(curve.usd_per_month(self._volume)), values.shape[1:]))
        return np.asarray(bills[1] - bills[0])


def shares_of(
    function: Callable[[Array], Array], quantiles: Sequence[Callable[[Array], Array]], *, draws: int, seed: int
) -> Shares:
    """Return Sobol's first-order and total shares of the variance of any function of independent inputs.

    Parameters
    ----------
    function : callable
        Gives (n,) for values of shape (inputs, n).
    quantiles : sequence of callable
        The quantile function of each input.
    draws : int
        A power of two, at least 16.
    seed : int
        Of the scrambling and the bootstrap.

    Notes
    -----
    Two sets of scrambled Sobol points, A and B, and A with each column in turn from B; the shares are those of
    `scipy.stats.sobol_indices` (Saltelli et al. 2010). Points are drawn anew with replacement 400 times for the
    interval; this overstates the error of low-discrepancy points a little.

    References
    ----------
    .. [1] Sobol' (2001), Math. Comput. Simul. 55, 271-280.
    .. [2] Saltelli et al. (2010), Comput. Phys. Commun. 181, 259-270.
    """
    from scipy.stats import qmc

    count, seed = checked_draws(draws, "variance_shares: draws"), checked_seed(seed, "variance_shares: seed")
    if count < _LEAST_DRAWS or count & (count - 1):
        nearest = max(1 << (count.bit_length() - 1), _LEAST_DRAWS)
        accepted = f"a power of two from {_LEAST_DRAWS} on, such as {nearest:,} or {2 * nearest:,}"
        raise ScenarioError(Problem("variance_shares: draws", f"{count:,}", accepted))
    size = len(quantiles)
    rng = np.random.default_rng(seed)
    points = qmc.Sobol(d=2 * size, scramble=True, rng=rng).random(count).T
    points = np.clip(points, _EDGE, 1.0 - _EDGE)
    sets = [
        np.stack([ppf(row) for ppf, row in zip(quantiles, half, strict=True)])
        for half in (points[:size], points[size:])
    ]
    mixed = []
    for index in range(size):
        one = sets[0].copy()
        one[index] = sets[1][index]
        mixed.append(one)
    found = function(np.concatenate([*sets, *mixed], axis=1)).reshape(size + 2, count)
    return _shares(found[0], found[1], found[2:], rng)


def _shares(of_a: Array, of_b: Array, of_mixed: Array, rng: np.random.Generator) -> Shares:
    """Return the shares from the function's values at both sets and at A with each column from B."""
    count = of_a.size
    first, total = _indices(of_a, of_b, of_mixed)
    chosen = rng.integers(count, size=(_RESAMPLES, count))
    again = np.array([_indices(of_a[rows], of_b[rows], of_mixed[:, rows]) for rows in chosen])
    low, high = np.quantile(again, [(1.0 - _INTERVAL_SHARE) / 2.0, (1.0 + _INTERVAL_SHARE) / 2.0], axis=0)
    both = np.concatenate([of_a, of_b])
    return Shares(first, low[0], high[0], total, low[1], high[1], float(both.mean()), float(both.std()))


def _indices(of_a: Array, of_b: Array, of_mixed: Array) -> tuple[Array, Array]:
    """Return first-order and total indices; 0 of a function that does not vary."""
    from scipy.stats import sobol_indices

    # an input more, which moves nothing: SciPy gives no array for a single one
    mixed = np.concatenate([of_mixed, of_a[np.newaxis]])[:, np.newaxis]
    known: Mapping[Literal["f_A", "f_B", "f_AB"], Array] = {
        "f_A": of_a[np.newaxis],
        "f_B": of_b[np.newaxis],
        "f_AB": mixed,
    }
    found = sobol_indices(func=known, n=of_a.size)
    return np.asarray(found.first_order)[:-1], np.asarray(found.total_order)[:-1]
