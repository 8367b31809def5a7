"""What a rate is: lengths of requests, points of a run, and the replica-seconds of a request with their error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import NormalDist
from typing import Literal, overload
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws
from tokencross.quantiles import normal_quantile, special
from tokencross.tables.book import Book
from tokencross.tables.serving_records import ThroughputRun
from tokencross.tables.store import Store

__all__ = ["ERROR_QUANTILES", "Lengths", "Rate", "RateError", "RatedRun", "Rows", "Way", "rated_runs", "rows_of"]

Array = NDArray[np.float64]
Way = Literal["measured", "fitted", "shrunk", "roofline", "given"]

# Sizes of errors in standard deviations, in place of the normal's own at the same probability; the errors of left-out
# rows have fatter tails. From benchmarks/throughput.py; docs/methodology/throughput.md says how.
ERROR_QUANTILES = ((0.0, 0.0), (0.674, 0.57), (1.282, 1.19), (1.645, 1.60), (1.960, 2.11), (2.576, 3.35))


@dataclass(frozen=True)
class Lengths:
    """Tokens per request in the model's own tokens, their spread, and the share of prefill that a cache saves."""

    input_tokens: FloatOrDraws
    output_tokens: FloatOrDraws
    input_cv: FloatOrDraws = 0.0
    output_cv: FloatOrDraws = 0.0
    prefix_hit_share: FloatOrDraws = 0.0

    @property
    def plain(self) -> bool:
        """Whether every request is alike and nothing is cached."""
        return all(np.all(np.asarray(x) == 0.0) for x in (self.input_cv, self.output_cv, self.prefix_hit_share))

    @property
    def single(self) -> bool:
        """Whether every part is one number."""
        parts = (self.input_tokens, self.output_tokens, self.input_cv, self.output_cv, self.prefix_hit_share)
        return all(isinstance(part, (float, int)) for part in parts)

    @property
    def median(self) -> Lengths:
        """The medians of what are draws."""
        parts = (self.input_tokens, self.output_tokens, self.input_cv, self.output_cv, self.prefix_hit_share)
        return Lengths(*(float(np.median(part)) for part in parts))

    @property
    def input_squared(self) -> FloatOrDraws:
        """Expected square of the prompt's length."""
        return self.input_tokens * self.input_tokens * (1.0 + np.square(self.input_cv))

    @property
    def context_tokens(self) -> FloatOrDraws:
        """Mean context of the requests in flight: each counts for as long as it writes."""
        return self.input_tokens + self.output_tokens * (1.0 + np.square(self.output_cv)) / 2.0


@dataclass(frozen=True, eq=False)
class RatedRun:
    """The points of one run that share a concurrency, with prompt and answer lengths."""

    run: ThroughputRun
    citation: Citation
    concurrency: int | None
    inputs: Array
    outputs: Array
    rates: Array  # output tokens per second of the replica

    @property
    def seconds(self) -> Array:
        """Replica-seconds per request at each point."""
        return self.outputs / self.rates

    @cached_property
    def pair_count(self) -> int:
        """Number of different pairs of lengths."""
        return len({*zip(self.inputs.tolist(), self.outputs.tolist(), strict=True)})

    @cached_property
    def rank(self) -> tuple[bool, bool, int, str, int]:
        """What is preferred: measured before modelled, undoubted, most pairs, newest, most requests in flight."""
        run = self.run
        return (
            run.nature != "modelled",
            not run.caveat,
            self.pair_count,
            run.measured_on.isoformat(),
            self.concurrency or 0,
        )

    def describe(self) -> str:
        """Return hardware, engine and date in a few words."""
        run = self.run
        engine = " ".join(part for part in (run.engine, run.engine_version) if part) or "engine not stated"
        flight = f", {self.concurrency} in flight" if self.concurrency else ""
        said = f", {run.nature}" if run.nature != "measured" else ""
        precision = f" {run.precision}" if run.precision else ""
        return f"{run.gpu_count}x {run.gpu}{precision}, {engine}{flight}, {run.measured_on}{said}"


@dataclass(frozen=True)
class Rate:
    """Replica-seconds of a mean request, how they are known, and how far off they may be.

    Attributes
    ----------
    seconds_per_request : float or ndarray, shape (D,)
        Before any derating. [replica-seconds]
    way : str
        measured, fitted, shrunk, roofline (modelled: no row of this combination) or given.
    source : RatedRun or None
        The rows it rests on; None for the roofline.
    residual_share : float
        Root mean square relative error of the fit at the points that it rests on.
    extrapolated : bool
        Whether the lengths lie outside the hull of the measured ones.
    log_error : float
        Standard deviation of ln(measured / predicted), scaled so that it held for left-out rows.
    basis : str
        What it rests on, in words.
    """

    seconds_per_request: FloatOrDraws
    way: Way
    source: RatedRun | None
    residual_share: float
    extrapolated: bool
    log_error: float = 0.0
    basis: str = ""

    def band(self, share: float = 0.9) -> tuple[FloatOrDraws, FloatOrDraws]:
        """Return the least and most replica-seconds per request that a share of left-out rows stayed within.

        Parameters
        ----------
        share : float
            Between 0 and 1, both excluded.

        Raises
        ------
        ScenarioError
            If ``share`` is not between 0 and 1.
        """
        if not 0.0 < share < 1.0:
            raise ScenarioError(Problem("share", repr(share), "a share between 0 and 1, both excluded"))
        edge = NormalDist().inv_cdf((1.0 + share) / 2.0)
        factor = float(self.draws(np.array([edge]))[0])
        return self.seconds_per_request / factor, self.seconds_per_request * factor

    def draws(self, normal_scores: Array) -> Array:
        """Return draws of the factor on tokens per second, from standard normal scores.

        Parameters
        ----------
        normal_scores : ndarray, shape (D,)
            Standard normal numbers, correlated with those of other rates where that is wanted.

        Returns
        -------
        ndarray, shape (D,)
            Factors around 1, increasing with the scores; 1 throughout where the error is 0.

        Notes
        -----
        ``exp(log_error * t(z))``, where ``t`` takes a normal score to the size that errors of left-out rows have at the
        same probability: straight between the nodes of `ERROR_QUANTILES`, and on beyond the last.
        """
        scores = np.asarray(normal_scores, dtype=float)
        if self.log_error == 0.0:  # else 0 times infinity at the ends
            return np.ones_like(scores)
        nodes, sizes = np.array(ERROR_QUANTILES).T
        size = np.abs(scores)
        slope = (sizes[-1] - sizes[-2]) / (nodes[-1] - nodes[-2])
        stretched = np.interp(size, nodes, sizes) + slope * np.maximum(size - nodes[-1], 0.0)
        factors: Array = np.exp(self.log_error * np.sign(scores) * stretched)
        return factors


@dataclass(frozen=True)
class RateError:
    """The distribution of the rate reached over the rate that is said.

    Attributes
    ----------
    rate : Rate
        Whose error it is.
    """

    rate: Rate

    @overload
    def ppf(self, q: float, /) -> float: ...
    @overload
    def ppf(self, q: Array, /) -> Array: ...
    def ppf(self, q: FloatOrDraws, /) -> FloatOrDraws:
        """Return the factor at probability ``q``; of a float without SciPy.

        Raises
        ------
        ScenarioError
            If ``q`` is an array, and SciPy is not installed.
        """
        if isinstance(q, np.ndarray):
            return self.rate.draws(special("the error of a throughput").ndtri(q))
        return float(self.rate.draws(np.array([normal_quantile(q)]))[0])


def rated_runs(runs: Sequence[tuple[ThroughputRun, Citation]]) -> list[RatedRun]:
    """Return the usable points of runs, grouped by concurrency; points without a prompt length are no use."""
    found: list[RatedRun] = []
    for run, citation in runs:
        usable = [p for p in run.points if p.input_tokens is not None and p.output_tokens is not None]
        for flight in sorted({p.concurrency_count or 0 for p in usable}):
            points = [p for p in usable if (p.concurrency_count or 0) == flight]
            columns = (
                [float(p.input_tokens or 0), float(p.output_tokens or 0), p.output_tokens_per_second] for p in points
            )
            inputs, outputs, rates = np.array(list(columns)).T
            found.append(RatedRun(run, citation, flight or None, inputs, outputs, rates))
    return found


@dataclass(frozen=True)
class Rows:
    """The rows of a model in a book: as the tables have them, and what of them can be rated."""

    runs: tuple[tuple[ThroughputRun, Citation], ...]
    rated: tuple[RatedRun, ...]


_ROWS: WeakKeyDictionary[Store, dict[tuple[date, str], Rows]] = WeakKeyDictionary()


def rows_of(book: Book, model: str) -> Rows:
    """Return the rows of an open model that were measured by the book's date, read once."""
    known = _ROWS.setdefault(book.store, {})
    key = (book.as_of, model)
    if key not in known:
        runs = tuple(book.runs(model))
        known[key] = Rows(runs, tuple(rated_runs(runs)))
    return known[key]
