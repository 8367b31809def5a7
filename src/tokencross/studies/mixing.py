"""The cheapest routed mix: how much of the work goes to which option, at each volume, under caps on their shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import Difference
from tokencross.costs.terms import FULL_STEP_RATIO, Fixed, PerToken, Staircase, Term
from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import Number, check_number, point
from tokencross.studies.compare import Comparison
from tokencross.units import TOKENS_PER_MTOK, format_count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["best_mix"]

Array = NDArray[np.float64]

_MOST_PIECES = 5_000  # pieces of one term: a binary each
_NEAR = 1e-5  # of the volume: what the solver's tolerances may move a share off a breakpoint
_ABOVE_RATIO = 1.0 + 1e-9  # where a price falls for the whole bill, it has fallen from here on
_USED = 1e-7  # a smaller share is the solver's rounding
_SIZE = 1e5  # the objective's, so that the solver's absolute gap (1e-6) does not matter
_GAP = 1e-10


class _HasComparison(Protocol):
    """A `Study`."""

    @property
    def comparison(self) -> Comparison:
        """Its options, resolved."""
        ...


def best_mix(
    study: _HasComparison, volumes: ArrayLike, *, max_shares: Mapping[str, Number] | None = None
) -> pd.DataFrame:
    r"""Return the cheapest routed mix of a study's options at each volume.

    Parameters
    ----------
    study : Study
        Its substitutes may take all of the work, its reference options what ``max_shares`` allows them.
    volumes : array_like, shape (V,)
        Positive. [tokens/month]
    max_shares : mapping of label to Number, optional
        The largest share of the work that can be routed to an option, at least 0 and at most 1.

    Returns
    -------
    DataFrame
        A row per volume: usd_per_month, and a column per option with its share of the work.

    Raises
    ------
    ScenarioError
        If a label is unknown, the shares together cannot reach 1, a volume is not positive, or SciPy is missing.
    ResolveError
        If a curve has too many pieces up to a volume to be searched exactly.

    Notes
    -----
    .. math:: \min_x \sum_{i: x_i > 0} C_i(x_i V) \quad \text{with} \quad \sum_i x_i = 1, \; 0 \le x_i \le m_i

    An option that gets nothing costs nothing, its engineering included; what it gets has the workload's own shape. The
    curves are not convex, so the problem is put as a mixed-integer linear program, exact term by term: a binary for an
    option being used at all, a whole number for steps, a binary for each straight piece of anything else. The solution
    is then moved onto the breakpoints that it lies at but for the solver's tolerances, and priced by the curves.

    References
    ----------
    .. [1] G. L. Nemhauser and L. A. Wolsey, "Integer and Combinatorial Optimization", Wiley 1988, chapter I.1
       (modelling with binary variables: fixed charges, piecewise linear functions).
    .. [2] Q. Huangfu and J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
       Computation 10 (2018), pages 119-142: the solver HiGHS, by ``scipy.optimize.milp``.
    """
    import pandas as pd

    comparison = study.comparison.medians
    caps = _caps(comparison, max_shares or {})
    points = np.atleast_1d(np.asarray(volumes, dtype=float)).reshape(-1)
    if not np.all((points > 0.0) & np.isfinite(points)):
        worst = points[~((points > 0.0) & np.isfinite(points))][0]
        accepted = "finite numbers > 0 (tokens per month)"
        raise ScenarioError(Problem("best_mix: volumes", f"{worst:g}", accepted))
    labels = list(caps)
    curves = [comparison.curve(label) for label in labels]
    rows = []
    for volume in points.tolist():
        shares = _shares(labels, curves, list(caps.values()), volume)
        rows.append([_usd(curves, shares, volume), *shares.tolist()])
    index = pd.Index(points, name="tokens_per_month")
    return pd.DataFrame(rows, columns=["usd_per_month", *labels], index=index)


def _caps(comparison: Comparison, max_shares: Mapping[str, Number]) -> dict[str, float]:
    """Return the largest share of every option that may take part."""
    known = list(comparison.labels)
    caps = {label: 1.0 if label in comparison.substitutes else 0.0 for label in known}
    for label, share in max_shares.items():
        if label not in caps:
            accepted = f"one of {', '.join(known)}"
            raise ScenarioError(Problem("best_mix: max_shares", repr(label), accepted, offer(str(label), known)))
        where = f"best_mix: max_shares[{label}]"
        caps[label] = point(check_number(share, where=where, unit="share of the work", high=1.0))
    total = sum(caps.values())
    if total < 1.0 - 1e-9:
        listed = " + ".join(f"{share:g}" for share in caps.values() if share)
        accepted = "shares that together reach 1, so that all work can be routed"
        raise ScenarioError(Problem("best_mix: max_shares", f"{listed} = {total:g}", accepted))
    return {label: cap for label, cap in caps.items() if cap > 0.0}


def _usd(curves: Sequence[CostCurve], shares: Array, volume: float) -> float:
    """Return what a mix costs; an option without a share costs nothing."""
    used = [(curve, share) for curve, share in zip(curves, shares.tolist(), strict=True) if share > 0.0]
    return float(sum(curve.usd_per_month(share * volume) for curve, share in used))


# ---------------------------------------------------------------------- the program


@dataclass
class _Program:
    """A mixed-integer linear program as it is put together: columns with bounds and costs, rows with bounds."""

    cost: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def column(self, *, high: float, cost: float = 0.0, whole: bool = False) -> int:
        """Add a variable from 0 to ``high`` and return its place."""
        self.cost.append(cost)
        self.low.append(0.0)
        self.high.append(high)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def row(self, weights: Mapping[int, float], low: float, high: float) -> None:
        """Add a constraint on a weighted sum."""
        self.rows.append((dict(weights), low, high))

    def solved(self, usd: float) -> Array:
        """Return the variables at the optimum, which costs no more than ``usd``."""
        try:
            from scipy.optimize import Bounds, LinearConstraint, milp
            from scipy.sparse import coo_array
        except ImportError:
            remedy = "pip install 'tokencross[stats]'"
            raise ScenarioError(Problem("best_mix", "no SciPy", "SciPy, the extra 'stats'", remedy)) from None
        places = [
            (index, column, x) for index, (weights, _, _) in enumerate(self.rows) for column, x in weights.items()
        ]
        at_row, at_column, entries = zip(*places, strict=True)
        matrix = coo_array((entries, (at_row, at_column)), shape=(len(self.rows), len(self.cost))).tocsr()
        found = milp(
            np.array(self.cost) * (_SIZE / usd if usd > 0.0 else 1.0),
            integrality=np.array(self.whole),
            bounds=Bounds(np.array(self.low), np.array(self.high)),
            constraints=LinearConstraint(
                matrix, np.array([low for _, low, _ in self.rows]), np.array([high for _, _, high in self.rows])
            ),
            options={"mip_rel_gap": _GAP},
        )
        if found.x is None:
            raise ResolveError(Problem("best_mix", f"the solver's {found.message!r}", "a mix that it can solve"))
        return np.asarray(found.x, dtype=float)


def _shares(labels: Sequence[str], curves: Sequence[CostCurve], caps: Sequence[float], volume: float) -> Array:
    """Return the cheapest shares at a volume."""
    program = _Program()
    columns = []
    for label, curve, cap in zip(labels, curves, caps, strict=True):
        share = program.column(high=cap)
        used = program.column(high=1.0, whole=True)
        program.row({share: 1.0, used: -cap}, -np.inf, 0.0)
        for term in curve.terms:
            _add(program, term, share, used, cap=cap, volume=volume, where=label)
        columns.append(share)
    program.row(dict.fromkeys(columns, 1.0), 1.0, 1.0)
    filled = _filled(curves, caps, volume)
    rough = program.solved(_usd(curves, filled, volume))[columns]
    candidates = [*_exact(curves, caps, np.where(rough > _USED, rough, 0.0), volume), filled]
    return min(candidates, key=lambda shares: _usd(curves, shares, volume))


def _add(program: _Program, term: Term, share: int, used: int, *, cap: float, volume: float, where: str) -> None:
    """Add what a term costs of an option's share."""
    match term:
        case Fixed():
            program.cost[used] += float(term.usd_per_month)
        case PerToken():
            program.cost[share] += float(term.usd_per_mtok) * volume / TOKENS_PER_MTOK
        case Staircase():
            tokens, least = float(term.tokens_per_step), float(term.min_steps)
            most = max(np.ceil(cap * volume / (tokens * FULL_STEP_RATIO)), least)
            steps = program.column(high=most, cost=float(term.usd_per_step), whole=True)
            program.row({share: volume / tokens, steps: -1.0}, -np.inf, 0.0)
            program.row({steps: 1.0, used: -least}, 0.0, np.inf)
        case _:
            _add_pieces(program, term, share, used, cap=cap, volume=volume, where=where)


def _add_pieces(program: _Program, term: Term, share: int, used: int, *, cap: float, volume: float, where: str) -> None:
    """Add a term piece by piece: the share lies on one of them."""
    most = cap * volume
    rough = Difference((1.0,), (term,)).pieces_between(0.0, most)
    edges = np.array([0.0, *term.breakpoints(0.0, most), most]) if rough <= 10 * _MOST_PIECES else np.empty(0)
    if not 2 <= edges.size <= _MOST_PIECES + 1:
        found = f"{term.label!r} of {where} with more than {_MOST_PIECES:,} pieces up to {format_count(most)} tokens"
        raise ResolveError(Problem("best_mix: volumes", found, "lower volumes, or options with fewer pieces"))
    lows, highs = edges[:-1], edges[1:]
    intercept, slope = term.line((lows + highs) / 2)
    jump = intercept[1:] + slope[1:] * lows[1:] - (intercept[:-1] + slope[:-1] * lows[1:])
    lows = np.concatenate([lows[:1], np.where(jump < 0.0, lows[1:] * _ABOVE_RATIO, lows[1:])])
    on: dict[int, float] = {used: -1.0}
    within: dict[int, float] = {share: -1.0}
    for low, high, level, rise in zip(lows / volume, highs / volume, intercept, slope * volume, strict=True):
        if high < low:
            continue
        piece = program.column(high=1.0, cost=float(level), whole=True)
        part = program.column(high=float(high), cost=float(rise))
        program.row({part: 1.0, piece: -float(high)}, -np.inf, 0.0)
        program.row({part: 1.0, piece: -float(low)}, 0.0, np.inf)
        on[piece] = within[part] = 1.0
    program.row(on, 0.0, 0.0)
    program.row(within, 0.0, 0.0)


# ---------------------------------------------------------------------- from the solver's shares to exact ones


def _exact(curves: Sequence[CostCurve], caps: Sequence[float], rough: Array, volume: float) -> Iterator[Array]:
    """Yield the mixes with all but one option on a breakpoint or at its cap, where they are near one.

    An optimum has at most one option between its breakpoints: of two, a little could be moved from one to the other
    without loss until one of them meets a breakpoint or its cap.
    """
    snapped = [_snapped(curve, cap, share, volume) for curve, cap, share in zip(curves, caps, rough, strict=True)]
    for free in np.flatnonzero(rough > 0.0).tolist():
        shares = np.array(snapped)
        shares[free] = 0.0
        rest = 1.0 - float(shares.sum())
        if 0.0 < rest <= caps[free] * (1.0 + 1e-12):
            shares[free] = min(rest, caps[free])
            yield shares
    shares = rough / rough.sum()
    if np.all(shares <= np.asarray(caps)):
        yield shares


def _snapped(curve: CostCurve, cap: float, share: float, volume: float) -> float:
    """Return the breakpoint or cap that a share is at but for rounding, or the share."""
    if share <= 0.0:
        return 0.0
    reach = _NEAR * max(share, 1e-3)
    points = [term.breakpoints((share - reach) * volume, (share + reach) * volume) for term in curve.terms]
    near = np.concatenate([np.array([cap * volume]), *points])
    near = near[(near <= cap * volume) & (np.abs(near / volume - share) <= reach)]
    if not near.size:
        return float(share)
    tokens = float(near[np.argmin(np.abs(near / volume - share))])
    above = min(tokens * _ABOVE_RATIO, cap * volume)
    return (above if curve.usd_per_month(above) < curve.usd_per_month(tokens) else tokens) / volume


def _filled(curves: Sequence[CostCurve], caps: Sequence[float], volume: float) -> Array:
    """Return the mix that fills the options up to their caps, those first that cost the least per token there."""
    shares, left = np.zeros(len(caps)), 1.0
    for index in sorted(range(len(caps)), key=lambda i: curves[i].usd_per_mtok(caps[i] * volume)):
        shares[index] = min(caps[index], left)
        left = max(left - caps[index], 0.0)
    return shares
