"""How the effects of a rate model are learned from the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tokencross.options.rate_model import (
    CENTRE_SD,
    COLUMNS,
    EFFECT_SDS,
    GROUPS,
    NOISE,
    PRIOR_MEAN,
    Labels,
    RateModel,
    Software,
    TaughtRun,
    taught_run,
    trust_in,
)
from tokencross.options.rates import rated_runs
from tokencross.options.roofline import Setup
from tokencross.tables.book import Book

__all__ = ["families_of", "learn", "taught_runs"]

Array = NDArray[np.float64]
Codes = tuple[dict[str, NDArray[np.intp]], ...]

_STEPS = 7
_FINE_STEPS = 2


def families_of(book: Book) -> dict[str, str]:
    """Return the family of every open model of the tables: its file."""
    records = [
        (path.stem, record) for path in book.store.files("models") for record in book.store.records("models", path)
    ]
    return {str(record.data["id"]): family for family, record in records if record.data.get("id")}


def taught_runs(book: Book) -> list[TaughtRun]:
    """Return the runs that teach: measured or derived, with prompt lengths, on chips whose limits the tables have."""
    found: list[TaughtRun] = []
    for name, family in families_of(book).items():
        model, _ = book.open_model(name)
        for source in rated_runs([pair for pair in book.runs(name) if pair[0].nature != "modelled"]):
            run = source.run
            setup = Setup(model, book.gpu(run.gpu)[0], run.gpu_count, run.precision, source.concurrency)
            if setup.known:
                found.append(taught_run(setup, family, source))
    return found


def learn(runs: Sequence[TaughtRun], families: Mapping[str, str]) -> RateModel:
    """Return the effects that the runs teach.

    Notes
    -----
    ``ln seconds = level + ln(sum_c exp(theta_c) x_c) + error`` with ``theta_c`` and the level sums of effects, one for
    each label, each normal around 0 with standard deviations of its own (`rate_model.EFFECT_SDS`). Gauss-Newton: in
    each step the sum is linearised, where a component's derivative is its share of the seconds, and the most probable
    effects follow from one linear system in as many unknowns as there are points. Points far off are weighted down as
    the t distribution with four degrees of freedom does.

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 2.2.
    .. [2] Lange, Little and Taylor, Robust statistical modeling using the t distribution, JASA 84 (1989).
    """
    if not runs:
        return RateModel.untaught(families)
    labels = [run.labels for run in runs for _ in range(run.source.inputs.size)]
    parts = np.concatenate([run.components for run in runs])
    logs = np.log(np.concatenate([run.source.seconds for run in runs]))
    codes = _codes(labels)
    pulls, fitted = _pulls(codes, parts, logs)
    effects = tuple(
        {label: EFFECT_SDS[group] ** 2 * pulls[at].sum(axis=0) for label, at in of_label.items()}
        for group, of_label in enumerate(codes)
    )
    errors = np.exp(fitted - logs) - 1.0
    ends = np.cumsum([run.source.inputs.size for run in runs])[:-1]
    of_runs = zip(runs, np.split(errors, ends), strict=True)
    return RateModel(
        PRIOR_MEAN + CENTRE_SD**2 * pulls[:, :-1].sum(axis=0),
        effects,
        tuple({label: int(at.size) for label, at in of_label.items()} for of_label in codes),
        {run.digest: float(np.sqrt(np.mean(own**2))) for run, own in of_runs},
        _software(runs),
        families,
        len(labels),
        float(np.sqrt(np.mean(errors**2))),
    )


def _pulls(codes: Codes, parts: Array, logs: Array) -> tuple[Array, Array]:
    """Return how strongly each point pulls each of `COLUMNS`, shape (N, len(COLUMNS)), and the fitted ln(seconds)."""
    size = logs.size
    shared = _shared_variance(codes, size)
    theta, trust = np.tile(PRIOR_MEAN, (size, 1)), np.ones(size)
    coarse = shared.astype(np.float32)  # enough for the first steps, at half the time
    pulls, fitted = np.zeros((size, len(COLUMNS))), logs
    for step in range(_STEPS):
        seconds = np.exp(theta) * parts
        shares = seconds / seconds.sum(axis=1, keepdims=True)
        covariance = _covariance(shared if step >= _STEPS - _FINE_STEPS else coarse, shares, trust)
        target = logs - np.log(seconds.sum(axis=1)) + np.sum(shares * (theta - PRIOR_MEAN), axis=1)
        weights = np.linalg.solve(covariance, target.astype(covariance.dtype)).astype(np.float64)
        pulls = np.column_stack([shares, np.ones(size)]) * weights[:, np.newaxis]
        moved = np.stack([s @ pull for s, pull in zip(shared, pulls.T, strict=True)], axis=1)
        theta = PRIOR_MEAN + moved[:, :-1]
        fitted = moved[:, -1] + np.log(np.sum(np.exp(theta) * parts, axis=1))
        trust = trust_in(logs - fitted)
    return pulls, fitted


def _codes(labels: Sequence[Labels]) -> Codes:
    """Return, for each group, the indices of the points with each label."""
    found = []
    for group in range(len(GROUPS)):
        column = np.array([label[group] for label in labels])
        found.append({str(label): np.flatnonzero(column == label) for label in np.unique(column)})
    return tuple(found)


def _shared_variance(codes: Codes, size: int) -> Array:
    """Return what pairs of points share of the variance of each of `COLUMNS`, shape (len(COLUMNS), N, N)."""
    shared = np.zeros((len(COLUMNS), size, size))
    shared[:-1] = CENTRE_SD**2
    for group, of_label in enumerate(codes):
        for column in np.flatnonzero(EFFECT_SDS[group]):
            for at in of_label.values():
                shared[column][np.ix_(at, at)] += EFFECT_SDS[group, column] ** 2
    return shared


def _covariance(shared: NDArray[np.floating], shares: Array, trust: Array) -> NDArray[np.floating]:
    """Return the covariance of ln(seconds) of the points, linearised: by component, the level, and the noise."""
    covariance: NDArray[np.floating] = shared[-1].copy()
    product = np.empty_like(covariance)
    for column, of_component in enumerate(shares.T.astype(covariance.dtype)):
        np.multiply(shared[column], of_component, out=product)
        product *= of_component[:, np.newaxis]
        covariance += product
    covariance[np.diag_indices(trust.size)] += NOISE**2 / trust
    return covariance


def _software(runs: Sequence[TaughtRun]) -> tuple[Software, ...]:
    """Return what the runs were measured with."""
    points: dict[tuple[str, str, str, str, str], int] = {}
    newest: dict[tuple[str, str, str, str, str], date] = {}
    for taught in runs:
        run = taught.source.run
        key = (run.gpu, taught.labels[GROUPS.index("architecture")], run.load_basis, run.engine, run.engine_version)
        points[key] = points.get(key, 0) + taught.source.inputs.size
        newest[key] = max(newest.get(key, run.measured_on), run.measured_on)
    return tuple(Software(*key, newest[key], points[key]) for key in sorted(points))
