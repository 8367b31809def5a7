"""How long a replica works on a request: measured at these lengths, fitted to a run and its kin, or modelled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ResolveError
from tokencross.number import FloatOrDraws, plain
from tokencross.options.learned import rate_model
from tokencross.options.rate_model import GROUPS, Labels, RateModel, labels_of, taught_run
from tokencross.options.rates import Lengths, Rate, RatedRun, Way, rated_runs
from tokencross.options.roofline import (
    USABLE_MEMORY_SHARE,
    Setup,
    attention_ratio,
    bytes_per_parameter,
    kv_bytes_per_token,
)
from tokencross.tables.book import Book
from tokencross.tables.serving_records import Gpu, LoadBasis, OpenModel

__all__ = [
    "LOG_ERRORS",
    "USABLE_MEMORY_SHARE",
    "Lengths",
    "Rate",
    "RatedRun",
    "Way",
    "attention_ratio",
    "best_rate",
    "bytes_per_parameter",
    "fit_class",
    "fit_seconds",
    "fitted_rate",
    "kv_bytes_per_token",
    "modelled_rate",
    "predicted_rate",
    "rated_runs",
    "roofline_class",
]

Array = NDArray[np.float64]

_SAME_LENGTH_RATIO = 0.01
_ENOUGH_PAIRS = 5
_UNTAUGHT = RateModel.untaught()
# Standard deviations of ln(measured / predicted) by what is known, such that the 90% band holds nine tenths of left-out
# rows of the class. From benchmarks/throughput.py; docs/methodology/throughput.md says how.
LOG_ERRORS: Mapping[str, float] = {
    "measured": 0.052,
    "fitted": 0.075,
    "fitted, extrapolated": 0.12,
    "shrunk": 0.12,
    "fitted alone": 0.087,
    "fitted alone, extrapolated": 0.135,
    "shrunk alone": 0.15,
    "unguided": 0.25,
    "roofline: model on GPU": 0.16,
    "roofline: model and GPU apart": 0.2,
    "roofline: model only": 0.245,
    "roofline: family only": 0.31,
    "roofline: neither": 0.52,
    "roofline: no rows": 0.75,
}


def fit_seconds(columns: Array, seconds: Array, *, floors: Array) -> Array:
    """Return the coefficients by bounded least squares on relative error.

    Parameters
    ----------
    columns : ndarray, shape (N, 3)
        What each coefficient multiplies, per measured point.
    seconds : ndarray, shape (N,)
        Measured replica-seconds per request.
    floors : ndarray, shape (3,)
        The least that each coefficient may be.

    Returns
    -------
    ndarray, shape (3,)
        (1/P, 1/D, K): seconds per prompt token, per answer token, per pair of tokens.
    """
    relative = columns / seconds[:, np.newaxis]
    return floors + _non_negative(relative, np.ones(seconds.size) - relative @ floors)


def _non_negative(matrix: Array, target: Array) -> Array:
    """Return the least-squares solution with no negative entry: with three columns every support is tried."""
    best, best_error = np.zeros(matrix.shape[1]), float(target @ target)
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    for count in range(1, matrix.shape[1] + 1):
        for support in combinations(range(matrix.shape[1]), count):
            chosen = list(support)
            part, *_ = np.linalg.lstsq(matrix[:, chosen] / size[chosen], target, rcond=None)
            if np.any(part < 0.0):
                continue
            rest = target - matrix[:, chosen] @ (part / size[chosen])
            error = float(rest @ rest)
            if error < best_error * (1.0 - 1e-12):
                best, best_error = np.zeros(matrix.shape[1]), error
                best[chosen] = part / size[chosen]
    return best


def best_rate(model: OpenModel, gpu: Gpu, source: RatedRun, lengths: Lengths, *, book: Book | None = None) -> Rate:
    """Return replica-seconds of a mean request from a run, by the order of trust.

    Parameters
    ----------
    model, gpu : OpenModel, Gpu
        What was run, and on what.
    source : RatedRun
        The run's points.
    lengths : Lengths
        What is asked for.
    book : Book, optional
        The tables whose other rows help: without them the run stands alone with the roofline's centre.

    Returns
    -------
    Rate
        measured when a point has these lengths; fitted with five or more pairs of lengths over both axes; else
        shrunk: what the tables' other rows and the roofline say weighs more.
    """
    at = _same_lengths(source, lengths)
    if at is not None:
        seconds = float(source.seconds[at])
        basis = "measured at these lengths"
        return Rate(seconds, "measured", source, 0.0, False, LOG_ERRORS["measured"], basis)
    setup = Setup(model, gpu, source.run.gpu_count, source.run.precision, source.concurrency)
    if not setup.known:
        return _unguided(model, source, lengths)
    learned = _UNTAUGHT if book is None else rate_model(book)
    return (_kept_rate if lengths.single else fitted_rate)(learned, setup, source, lengths)


def fitted_rate(learned: RateModel, setup: Setup, source: RatedRun, lengths: Lengths) -> Rate:
    """Return the rate of a run at lengths that it was not measured at, as a model that is taught the run has it.

    A run that the model was not taught yet is one's own: its engine's version then stands for itself, and what the
    tables' rows taught of all else stays as it is.
    """
    family = learned.family(setup.model)
    taught = taught_run(setup, family, source)
    others = learned.point_count
    if taught.digest in learned.residual_shares:
        others -= source.inputs.size
    else:
        taught = taught_run(setup, family, source, own=True)
        learned = learned.including(taught)
    pairs = f"{source.pair_count} pair{'s' if source.pair_count != 1 else ''} of lengths"
    return Rate(
        learned.seconds(setup, taught.labels, lengths),
        "fitted" if _spans(source) else "shrunk",
        source,
        learned.residual_shares[taught.digest],
        not _inside_hull(source, lengths),
        LOG_ERRORS[fit_class(source, lengths, alone=not others)],
        f"fitted to {pairs} of this run" + (f" and {others:,} points of others" if others else " and a roofline"),
    )


# the options of a study ask for the same rate again and again; a run is told from others by which object it is
_kept_rate = lru_cache(maxsize=1_024)(fitted_rate)


def fit_class(source: RatedRun, lengths: Lengths, *, alone: bool = False) -> str:
    """Return the class of a fit's error: how much of a run there is, whether it is all, whether lengths are within."""
    way = ("fitted" if _spans(source) else "shrunk") + (" alone" if alone else "")
    return way if way.startswith("shrunk") or _inside_hull(source, lengths) else f"{way}, extrapolated"


def modelled_rate(
    model: OpenModel,
    gpu: Gpu,
    gpu_count: int,
    precision: str | None,
    engine: str | None,
    load_basis: LoadBasis,
    lengths: Lengths,
    *,
    book: Book,
    concurrency: int | None = None,
) -> Rate:
    """Return replica-seconds of a mean request where no row has the combination: a roofline that the rows calibrate.

    Parameters
    ----------
    model, gpu, gpu_count : OpenModel, Gpu, int
        What is served, on what.
    precision : str or None
        Number format of the weights; 16 bits where None.
    engine : str or None
        Serving software, in its newest version with rows; where None the one with most points on such chips.
    load_basis : str
        How the deployment is loaded: decides what has to be derated.
    lengths : Lengths
        What is asked for.
    book : Book
        The tables at the throughput's date.
    concurrency : int, optional
        Requests in flight; where None as many as memory holds, at most 2,048.

    Returns
    -------
    Rate
        With ``way="roofline"`` and no source.

    Raises
    ------
    ResolveError
        If the hardware table lacks the chip's bandwidth, or its arithmetic at the precision.
    """
    setup = Setup(model, gpu, gpu_count, precision, concurrency)
    if not setup.known:
        found = f"{gpu.id} without memory bandwidth, or without arithmetic at {precision or 'bf16'}, in the tables"
        accepted = "a GPU with both, or a rate of your own"
        raise ResolveError(Problem(f"hardware:{gpu.id}", found, accepted))
    return predicted_rate(rate_model(book), setup, engine, load_basis, lengths)


def predicted_rate(
    learned: RateModel, setup: Setup, engine: str | None, load_basis: LoadBasis, lengths: Lengths
) -> Rate:
    """Return what a learned model predicts for a deployment without a row of its own; see `modelled_rate`."""
    name, version = learned.usual_software(setup, engine, load_basis)
    labels = labels_of(setup, learned.family(setup.model), name, version, load_basis)
    return Rate(
        learned.seconds(setup, labels, lengths),
        "roofline",
        None,
        learned.residual_share,
        True,
        LOG_ERRORS[roofline_class(learned, labels)],
        _basis(learned, labels, name, version),
    )


def roofline_class(learned: RateModel, labels: Labels) -> str:
    """Return the class of a modelled rate's error: what rows there are of its model and its GPU."""
    if not learned.point_count:
        return "roofline: no rows"
    points = _points(learned, labels)
    if points["model"] and points["gpu"]:
        return "roofline: model on GPU" if points["model and gpu"] else "roofline: model and GPU apart"
    if points["model"]:
        return "roofline: model only"
    return "roofline: family only" if points["family"] else "roofline: neither"


def _points(learned: RateModel, labels: Labels) -> dict[str, int]:
    """Return how many points share each label of a deployment."""
    return {group: learned.points_with(group, label) for group, label in zip(GROUPS, labels, strict=True)}


def _basis(learned: RateModel, labels: Labels, engine: str, version: str) -> str:
    """Return what a modelled rate rests on, in words."""
    if not learned.point_count:
        return "roofline at its usual multipliers, without a measured row to fit it to"
    points = _points(learned, labels)
    of_model = f"{points['model']:,} of this model" if points["model"] else "no row of this model"
    if points["model"] and points["model and gpu"]:
        of_model += f", {points['model and gpu']:,} of them on this GPU"
    of_gpu = "" if points["gpu"] else "; no row on this GPU"
    software = " ".join(part for part in (engine, version) if part)
    as_with = f"; as with {software}" if software else ""
    return f"roofline fitted to {learned.point_count:,} points; {of_model}{of_gpu}{as_with}"


def _unguided(model: OpenModel, source: RatedRun, lengths: Lengths) -> Rate:
    """Return the rate by three terms alone: of a chip whose limits the tables do not have."""
    gamma = attention_ratio(model)
    columns = np.stack([np.asarray(c) for c in _columns(Lengths(source.inputs, source.outputs), gamma)], axis=1)
    coefficients = fit_seconds(columns, source.seconds, floors=np.zeros(3))
    residuals = columns @ coefficients / source.seconds - 1.0
    total = sum((c * x for c, x in zip(coefficients, _columns(lengths, gamma), strict=True)), np.asarray(0.0))
    spread = float(np.sqrt(np.mean(residuals**2)))
    basis = "three terms fitted to this run alone: the tables lack the chip's bandwidth or arithmetic"
    way: Way = "fitted" if _spans(source) else "shrunk"
    return Rate(plain(total), way, source, spread, not _inside_hull(source, lengths), LOG_ERRORS["unguided"], basis)


def _columns(lengths: Lengths, gamma: float) -> list[FloatOrDraws]:
    """Return what (1/P, 1/D, K) multiply, as expectations; input and output are taken as independent."""
    prefill = (1.0 - lengths.prefix_hit_share) * (lengths.input_tokens + gamma * lengths.input_squared)
    return [prefill, lengths.output_tokens, lengths.output_tokens * lengths.context_tokens]


def _spans(source: RatedRun) -> bool:
    """Return whether five or more pairs of lengths span both axes."""
    both = len(set(source.inputs.tolist())) > 1 and len(set(source.outputs.tolist())) > 1
    return both and source.pair_count >= _ENOUGH_PAIRS


def _same_lengths(source: RatedRun, lengths: Lengths) -> int | None:
    """Return the point measured at these very lengths, the one with the highest rate if several."""
    if (
        not lengths.plain
        or isinstance(lengths.input_tokens, np.ndarray)
        or isinstance(lengths.output_tokens, np.ndarray)
    ):
        return None
    near = (np.abs(source.inputs - lengths.input_tokens) <= _SAME_LENGTH_RATIO * source.inputs) & (
        np.abs(source.outputs - lengths.output_tokens) <= _SAME_LENGTH_RATIO * source.outputs
    )
    if not np.any(near):
        return None
    return int(np.argmax(np.where(near, source.rates, -np.inf)))


def _inside_hull(source: RatedRun, lengths: Lengths) -> bool:
    """Return whether the mean lengths lie in the convex hull of the measured ones."""
    point = np.array([float(np.median(lengths.input_tokens)), float(np.median(lengths.output_tokens))])
    corners = np.array(sorted({*zip(source.inputs.tolist(), source.outputs.tolist(), strict=True)}))
    offsets = corners - point
    if np.any(np.all(np.abs(offsets) <= _SAME_LENGTH_RATIO * corners, axis=1)):
        return True
    # outside exactly when all corners lie in an open half plane around the point
    angles = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff(np.concatenate([angles, [angles[0] + 2.0 * np.pi]]))
    return bool(np.max(gaps) <= np.pi * (1.0 + 1e-12))
