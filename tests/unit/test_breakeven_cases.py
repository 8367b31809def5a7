"""Breakevens worked by hand: the derivation is the comment, the expected value its arithmetic."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import oracle

import tokencross as tc

CostCurve = tc.CostCurve
MTOK = 1e6


def line(usd_per_mtok: float, usd: float = 0.0) -> tc.CostCurve:
    """Return a fixed cost and a price per million tokens."""
    return CostCurve.fixed(usd, label="fixed") + CostCurve.per_mtok(usd_per_mtok, label="tokens")


def stairs(usd_per_step: float, tokens_per_step: float, min_steps: int = 0, *, usd: float = 0.0) -> tc.CostCurve:
    """Return a fixed cost and a staircase."""
    steps = CostCurve.staircase(usd_per_step, tokens_per_step, min_steps=min_steps, label="gpus")
    return CostCurve.fixed(usd, label="fixed") + steps


def near(*expected: float) -> object:
    """Compare to float rounding."""
    return pytest.approx(expected[0] if len(expected) == 1 else expected, rel=1e-12)


# ---------------------------------------------------------------------------- DESIGN.md, "One number's walk"

INSTANCE_USD = 2.50 * 730  # 1,825 USD/month
INSTANCE_TOKENS = 2_500 * 0.5 * 730 * 3_600  # tokens/s x load x seconds: 3.285e9 tokens/month
ENGINEERING_USD = 60_000 / 24  # 2,500 USD/month


def walk() -> tuple[tc.CostCurve, tc.CostCurve]:
    """Return the self-hosted curve and the API's."""
    self_hosted = stairs(INSTANCE_USD, INSTANCE_TOKENS, usd=ENGINEERING_USD)
    return self_hosted, CostCurve.per_mtok(6.00, label="tokens")


def test_one_numbers_walk_costs() -> None:
    self_hosted, api = walk()
    assert api.usd_per_month(2e9) == near(6.00 * 2_000)  # 12,000 USD
    assert self_hosted.usd_per_month(2e9) == near(1_825 + 2_500)  # one instance: 4,325 USD


def test_one_numbers_walk_crossing() -> None:
    self_hosted, api = walk()
    found = tc.breakeven(self_hosted, api)
    # One instance and the engineering, at 6 USD per million: 720,833,333 tokens. The second instance comes at
    # 3.285e9 tokens, where the API costs 19,710 USD against 2 x 1,825 + 2,500: below for ever.
    assert found.first == near((1_825 + 2_500) / 6e-6)
    assert found.robust == found.first
    assert isinstance(found.first, float)
    assert round(found.first) == 720_833_333
    assert found.intervals == ((found.first, math.inf),)
    assert found.interval_count == 1
    assert found.truncated is False
    assert found.reason is None


def test_one_numbers_walk_with_a_margin() -> None:
    self_hosted, api = walk()
    found = tc.breakeven(self_hosted, api, margin_share=0.2)
    assert found.first == near((1_825 + 2_500) / (0.8 * 6e-6))  # 901,041,667 tokens, still one instance
    assert found.robust == found.first


# --------------------------------------------------------------- METHOD.md, "Line against one staircase": closed


def closed_form(
    F: Fraction, r: Fraction, q: Fraction, m: Fraction, n_min: int
) -> tuple[Fraction | None, Fraction | None]:
    """Return first and robust as METHOD.md writes them; m in USD per token.

    One branch more than METHOD.md has: at m q = r what one step adds is what the line gains over it, so with a head
    start of a step or more (F + r <= 0) the windows touch for ever and there is a robust breakeven, at the first.
    """
    N = max(n_min, 1)
    zero = Fraction(0)
    if m * q > r:
        n_f = max(math.floor(F / (m * q - r)) + 1, N)
        n_r = max(math.ceil((F + m * q) / (m * q - r)) - 1, N)
        return max(zero, (F + r * n_f) / m), max(zero, (F + r * n_r) / m)
    if m > 0 and N * (m * q - r) > F:
        first = max(zero, (F + r * N) / m)
        return first, first if m * q == r and F + r <= 0 else None
    if m <= 0 and F + r * N < 0:
        return zero, None
    return None, None


def random_cases(count: int) -> list[tuple[Fraction, Fraction, Fraction, Fraction, Fraction, int]]:
    """Return (F, r, q, challenger's price, incumbent's price, n_min) with F < 0, ties and zeros among them."""
    rng = random.Random(20261121)
    cases = []
    for _ in range(count):
        F = Fraction(rng.choice([0, rng.randint(-60, 60), rng.randint(-60, 60)]))
        r, q = Fraction(rng.randint(1, 24)), Fraction(rng.randint(1, 8) * 10**6)
        v, p = Fraction(rng.randint(0, 24), 8), Fraction(rng.randint(0, 48), 8)
        cases.append((F, r, q, v, p, rng.randint(0, 5)))
    return cases


@pytest.mark.parametrize("case", random_cases(300))
def test_closed_form_of_a_line_against_a_staircase(
    case: tuple[Fraction, Fraction, Fraction, Fraction, Fraction, int],
) -> None:
    F, r, q, v, p, n_min = case
    challenger = stairs(float(r), float(q), n_min, usd=max(0.0, float(F))) + CostCurve.per_mtok(float(v))
    incumbent = line(float(p), max(0.0, -float(F)))
    first, robust = closed_form(F, r, q, (p - v) / 10**6, n_min)
    found = tc.breakeven(challenger, incumbent)
    assert found.first == (None if first is None else pytest.approx(float(first), rel=1e-9))
    assert found.robust == (None if robust is None else pytest.approx(float(robust), rel=1e-9))
    # the brute force that the property tests rest on says the same
    exact = oracle.breakeven(
        oracle.Sum((oracle.Fixed(max(F, Fraction(0))), oracle.Staircase(r, q, n_min), oracle.PerMtok(v))),
        oracle.Sum((oracle.PerMtok(p), oracle.Fixed(max(-F, Fraction(0))))),
    )
    assert (exact.first, exact.robust) == (first, robust)


@pytest.mark.parametrize("n_min", range(6))
def test_closed_form_holds_draw_by_draw(n_min: int) -> None:
    cases = [case for case in random_cases(3_000) if case[-1] == n_min]
    columns = list(zip(*(case[:-1] for case in cases), strict=True))
    F, r, q, v, p = (np.array(column, dtype=float) for column in columns)
    challenger = (
        CostCurve.fixed(np.maximum(F, 0), label="fixed")
        + CostCurve.staircase(r, q, min_steps=n_min, label="gpus")
        + CostCurve.per_mtok(v, label="other")
    )
    incumbent = CostCurve.fixed(np.maximum(-F, 0), label="fixed") + CostCurve.per_mtok(p, label="tokens")
    found = tc.breakeven(challenger, incumbent)
    answers = [closed_form(F, r, q, (p - v) / 10**6, n_min) for F, r, q, v, p, n_min in cases]
    expected = np.array([[math.nan if each is None else float(each) for each in answer] for answer in answers])
    assert isinstance(found.first, np.ndarray)
    assert isinstance(found.robust, np.ndarray)
    np.testing.assert_allclose(found.first, expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found.robust, expected[:, 1], rtol=1e-9)


# r = 900 USD and q = 1e9 tokens throughout: 0.90 USD/Mtok when full. One branch each.


def test_branch_steeper_line() -> None:
    # m q = 1,000 > r. F = 250: window n runs from (250 + 900 n) / m to n q, open while 250 < 100 n: n_f = 3.
    # Window n + 1 touches it once 250 + 900 (n + 1) <= 1,000 n, n >= 11.5: n_r = 12.
    found = tc.breakeven(stairs(900, 1e9, usd=250), line(1.00))
    assert found.first == near((250 + 900 * 3) / 1e-6)
    assert found.robust == near((250 + 900 * 12) / 1e-6)


def test_branch_steeper_line_with_a_minimum_of_steps() -> None:
    # Five steps cost 250 + 4,500 and last until 5e9 tokens, where the line costs 5,000: n_f = N = 5.
    found = tc.breakeven(stairs(900, 1e9, 5, usd=250), line(1.00))
    assert found.first == near((250 + 900 * 5) / 1e-6)
    assert found.robust == near((250 + 900 * 12) / 1e-6)


def test_branch_steeper_line_and_a_head_start() -> None:
    # F = -1,000: the first step costs 900, so the challenger is 100 USD below from the first token; n_f = 1.
    # Step n + 1 never lifts it to the line: 900 (n + 1) - 1,000 <= 1,000 n for every n >= 0.
    found = tc.breakeven(stairs(900, 1e9), line(1.00, 1_000))
    assert found.first == 0.0
    assert found.robust == 0.0
    assert found.intervals == ((0.0, math.inf),)
    assert found.reason is None


def test_branch_flatter_line_that_is_passed_early() -> None:
    # m q = 800 < r; F = -300: one step costs 900 - 300 = 600 of the line's 800 at q. Two: 1,500 of 1,600.
    # Three: 2,400 of 2,400, a touching point and so no window.
    found = tc.breakeven(stairs(900, 1e9), line(0.80, 300))
    assert found.first == near((900 - 300) / 0.8e-6)
    assert found.robust is None
    assert found.intervals == (near(600 / 0.8e-6, 1e9), near(1_500 / 0.8e-6, 2e9))
    assert found.reason


def test_branch_no_line_at_all() -> None:
    # m = 0 and F + r N = -2,000 + 900 < 0: below until the third step, 900 x 3 = 2,700 > 2,000, at 2e9 tokens.
    found = tc.breakeven(stairs(900, 1e9), CostCurve.fixed(2_000, label="flat"))
    assert found.first == 0.0
    assert found.robust is None
    assert found.intervals == (near(0.0, 2e9),)
    assert found.reason


def test_branch_never() -> None:
    # m q = 800 < r and F = 0: every step starts above the line and ends above it.
    found = tc.breakeven(stairs(900, 1e9), line(0.80))
    assert found.first is None
    assert found.robust is None
    assert found.intervals == ()
    assert found.interval_count == 0
    assert found.reason


def test_branch_negative_margin_per_token() -> None:
    # The challenger pays 2 USD/Mtok on top against 1: it starts 1,000 - 900 below and loses 1 USD per Mtok.
    found = tc.breakeven(stairs(900, 1e9) + CostCurve.per_mtok(2.0), line(1.00, 1_000))
    assert found.first == 0.0
    assert found.robust is None
    assert found.intervals == (near(0.0, 100e6),)


# --------------------------------------------------------------------------------------------- several windows


def test_every_window_before_the_robust_one() -> None:
    # As in test_branch_steeper_line: windows 3 to 11 are apart, from 12 on they are one.
    found = tc.breakeven(stairs(900, 1e9, usd=250), line(1.00))
    apart = [((250 + 900 * n) / 1e-6, n * 1e9) for n in range(3, 12)]
    assert len(found.intervals) == 10
    for window, expected in zip(found.intervals[:-1], apart, strict=True):
        assert window == near(*expected)
    assert found.intervals[-1] == (near((250 + 900 * 12) / 1e-6), math.inf)
    assert found.interval_count == 10
    assert found.truncated is False
    assert found.reason is None


def test_truncated_intervals_leave_first_and_robust_alone() -> None:
    whole = tc.breakeven(stairs(900, 1e9, usd=250), line(1.00))
    found = tc.breakeven(stairs(900, 1e9, usd=250), line(1.00), max_intervals=3)
    assert found.intervals == whole.intervals[:3]
    assert found.truncated is True
    assert found.interval_count == 10
    assert (found.first, found.robust) == (whole.first, whole.robust)
    low = tc.breakeven(stairs(900, 1e9, usd=250), line(1.00), max_tokens_per_month=1e9)
    assert low.intervals == ()
    assert low.truncated is True
    assert (low.first, low.robust) == (whole.first, whole.robust)


def test_a_window_in_every_period_for_ever() -> None:
    # 2 USD for 2 Mtok against 3 USD for 3 Mtok, both 1 USD/Mtok: below while 2 of theirs are paid ahead, that is
    # on (0, 2] Mtok: 2 against 3; (2, 3]: 4 against 3; (3, 4]: 4 against 6; (4, 6]: 6 against 6; and again.
    found = tc.breakeven(stairs(2, 2 * MTOK), stairs(3, 3 * MTOK), max_tokens_per_month=11 * MTOK)
    assert found.first == 0.0
    assert found.robust is None
    expected = ((0.0, 2e6), (3e6, 4e6), (6e6, 8e6), (9e6, 10e6))
    assert found.intervals == tuple(near(*window) for window in expected)
    assert found.truncated is True
    assert found.reason


def test_windows_for_ever_under_the_default_limits() -> None:
    # The same pair: two windows in each 6 Mtok. Ten thousand of them, and more to come.
    found = tc.breakeven(stairs(2, 2 * MTOK), stairs(3, 3 * MTOK))
    assert len(found.intervals) == 10_000
    assert found.intervals[-1] == near(4_999 * 6e6 + 3e6, 4_999 * 6e6 + 4e6)
    assert found.truncated is True


def test_one_slope_and_never_above() -> None:
    # 1 USD for 1 Mtok against 2 USD for 2 Mtok: on (0, 1] 1 against 2, on (1, 2] 2 against 2. With a cent of
    # head start the challenger is below on both, in every period.
    behind = tc.breakeven(stairs(1, MTOK), stairs(2, 2 * MTOK), max_tokens_per_month=4 * MTOK)
    assert behind.first == 0.0
    assert behind.robust is None
    ahead = tc.breakeven(stairs(1, MTOK), stairs(2, 2 * MTOK, usd=0.01))
    assert ahead.robust == 0.0
    assert ahead.intervals == ((0.0, math.inf),)


def test_one_slope_and_no_common_period() -> None:
    # 1 USD/Mtok on either side. Ours lies within its step of 1,000 / 3 USD above the line through 0, theirs within
    # 700 / pi = 222.8 USD. So with 500 USD on top either is above the other for ever, whatever the steps' common
    # period, and without they take turns: ours is first below where theirs takes its second step.
    our_step, their_step = 1e9 / 3, 0.7e9 / math.pi
    ours, theirs = stairs(our_step / MTOK, our_step), stairs(their_step / MTOK, their_step)
    assert tc.breakeven(ours, theirs + CostCurve.fixed(500)).robust == 0.0
    assert tc.breakeven(ours + CostCurve.fixed(500), theirs).first is None
    in_turns = tc.breakeven(ours, theirs)
    assert in_turns.first == near(their_step)
    assert in_turns.intervals[0] == near(their_step, our_step)
    assert in_turns.robust is None
    assert in_turns.truncated is True


# ---------------------------------------------------------------------------------- never, ties, touching points


@pytest.mark.parametrize(("unit_count", "min_steps"), [(15, 1), (5, 3)])
def test_provisioned_units_never_pay(unit_count: int, min_steps: int) -> None:
    # PRICING_FACTS.md section 3: 15 PTU x 730 h x 1 USD = 10,950 USD/month. Each serves 3,000 input tokens a
    # minute of GPT-4.1: 15 x 3,000 x 60 x 730 = 1,971 Mtok, worth 1,971 x 2 = 3,942 USD at list when full.
    # The step is 15 units, or 5 units of which 3 are the least.
    capacity = unit_count * 3_000 * 60 * 730
    provisioned = CostCurve.staircase(unit_count * 730 * 1.00, capacity, min_steps=min_steps, label="PTU")
    on_demand = CostCurve.per_mtok(2.00, label="GPT-4.1")
    assert provisioned.usd_per_month(1.0) == near(10_950)
    assert on_demand.usd_per_month(15 * 3_000 * 60 * 730.0) == near(3_942)
    found = tc.breakeven(provisioned, on_demand)
    assert found.first is None
    assert found.robust is None
    assert found.intervals == ()
    assert found.reason
    assert any(figure.isdigit() for figure in found.reason)  # says how far apart they are


def test_a_touching_point_is_no_breakeven() -> None:
    # 10 USD for 10 Mtok costs as much as 1 USD/Mtok at each full step, and more everywhere else.
    found = tc.breakeven(stairs(10, 10 * MTOK), line(1.00))
    assert found.first is None
    assert found.robust is None
    assert found.intervals == ()
    assert found.reason


def test_a_touching_point_does_not_split_a_window() -> None:
    # The other way round the line is below but for those points: one window, from the start.
    found = tc.breakeven(line(1.00), stairs(10, 10 * MTOK))
    assert found.first == 0.0
    assert found.robust == 0.0
    assert found.intervals == ((0.0, math.inf),)


@pytest.mark.parametrize(
    ("price", "base", "usd_per_step", "tokens_per_step", "min_steps"),
    [
        (4.5, 4.25, 0.25, 1e6, 0),
        (0.26, 0.02, 240, 1e9, 4),
        (0.1, 1 / 15, 4 / 15, 8e6, 2),
        (3.0, 1.9, 1.1, 1e6, 0),
        (0.3, 0.1, 0.2 * 0.7e3, 0.7e9, 0),
    ],
)
@pytest.mark.parametrize("whole_bill", [None, False, True])
def test_touching_points_for_ever_do_not_split_a_window(
    price: float, base: float, usd_per_step: float, tokens_per_step: float, min_steps: int, whole_bill: bool | None
) -> None:
    # base + usd_per_step / tokens_per_step = price: the line meets the other at each full step and is below between.
    # In floats the sum may miss the price by a rounding: gaps or windows of 1e-16 of their volume, which do not count.
    bands = CostCurve.bands([(0, base)], whole_bill=bool(whole_bill))
    rest = CostCurve.per_mtok(base) if whole_bill is None else bands
    ours, theirs = line(price, 680), stairs(usd_per_step, tokens_per_step, min_steps, usd=680) + rest
    found = tc.breakeven(ours, theirs, max_tokens_per_month=1e10)
    assert found.first == 0.0
    assert found.robust == 0.0
    assert found.intervals == ((0.0, math.inf),)
    back = tc.breakeven(theirs, ours, max_tokens_per_month=1e10)
    assert back.first is None
    assert back.robust is None
    assert back.intervals == ()


def test_a_tie_on_a_stretch_splits_a_window() -> None:
    # Marginal bands of 2, then 1 from 1 to 3 Mtok, then 2 against 1 USD/Mtok and 1 USD: 2V < 1 + V below 1 Mtok,
    # equal to 3 Mtok, above after.
    theirs = line(1.00, 1.00)
    ours = CostCurve.bands([(0, 2.0), (1e6, 1.0), (3e6, 2.0)])
    assert tc.breakeven(ours, theirs).intervals == (near(0.0, 1e6),)
    assert tc.breakeven(theirs, ours).intervals == ((near(3e6), math.inf),)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (line(0.75, 7), line(0.25, 3) + line(0.5, 4)),
        (line(0.3, 0.3), line(0.1, 0.1) + line(0.2, 0.2)),
        (stairs(3, MTOK), stairs(1, MTOK) + stairs(2, MTOK)),
        (stairs(3, MTOK), stairs(3, 2 * MTOK).at_share(1.0) * 0.0 + stairs(3, MTOK)),
        (stairs(3, 2 * MTOK), stairs(3, MTOK).at_share(0.5)),
        (line(0.1) * 3, line(0.3)),
        (CostCurve.bands([(0, 2.0), (1e6, 2.0)]), line(2.0)),
        (CostCurve.commitment(2, 1e6, overage_usd_per_mtok=2.0), CostCurve.minimum(2, line(2.0))),
        (CostCurve.cheapest([line(1.0, 2.0), line(2.0)]), CostCurve.bands([(0, 2.0), (2e6, 1.0)])),
        (stairs(3, MTOK) + stairs(5, 0.3 * MTOK), stairs(5, 0.3 * MTOK) + stairs(3, MTOK)),
        (CostCurve.fixed(0), line(0.0)),
    ],
)  # fmt: skip
def test_a_tie_is_no_breakeven_either_way(ours: tc.CostCurve, theirs: tc.CostCurve) -> None:
    for found in (tc.breakeven(ours, theirs), tc.breakeven(theirs, ours)):
        assert found.first is None
        assert found.robust is None
        assert found.intervals == ()
        assert found.interval_count == 0
        assert found.reason


def test_zero_is_a_breakeven() -> None:
    found = tc.breakeven(line(1.0), line(2.0))
    assert found.first == 0.0
    assert found.robust == 0.0
    assert found.reason is None
    with pytest.raises((TypeError, ValueError)):
        bool(found)


def test_parallel_lines() -> None:
    below, above = line(2.0, 10), line(2.0, 11)
    assert tc.breakeven(below, above).robust == 0.0
    assert tc.breakeven(above, below).first is None


def test_equal_terms_cancel_however_large() -> None:
    # 12 USD against 3 USD/Mtok at 4 Mtok, under the same fleet of 1e9 USD steps and the same 50 USD/Mtok.
    shared = stairs(1e9, (0.1 + 0.2) * 1e9, 2, usd=5e8) + CostCurve.per_mtok(50.0)
    found = tc.breakeven(shared + CostCurve.fixed(12), CostCurve.per_mtok(3.0) + shared)
    assert found.first == near(4e6)
    assert found.robust == near(4e6)


# ------------------------------------------------------------------------------------- bands, commitments, mixes


def test_a_whole_bill_band_crosses_again() -> None:
    # 10 USD/Mtok is worth 9,000 USD at 900 Mtok. Above 1,000 Mtok everything costs 8: 8,000 USD, and 9,000 at 1,125.
    theirs = CostCurve.bands([(0, 10.0), (1e9, 8.0)], whole_bill=True)
    found = tc.breakeven(CostCurve.fixed(9_000, label="flat"), theirs)
    assert found.intervals == (near(9_000 / 10e-6, 1e9), (near(9_000 / 8e-6), math.inf))
    assert found.first == near(900e6)
    assert found.robust == near(1_125e6)


def test_marginal_bands_cross_once() -> None:
    # 10,000 USD at 1,000 Mtok, then 8 USD/Mtok: 12,000 USD at 1,250 Mtok.
    theirs = CostCurve.bands([(0, 10.0), (1e9, 8.0)])
    found = tc.breakeven(CostCurve.fixed(12_000, label="flat"), theirs)
    assert found.robust == near(1e9 + (12_000 - 10_000) / 8e-6)


def test_a_commitment_wins_between() -> None:
    # 6,000 USD for 2,500 Mtok, then 3.60 USD/Mtok, against 3.00: from 2,000 Mtok, until the overage has eaten what
    # was saved: 7,500 - 6,000 = 1,500 USD at 0.60 more per Mtok, 2,500 Mtok further.
    ours = CostCurve.commitment(6_000, 2.5e9, overage_usd_per_mtok=3.6)
    found = tc.breakeven(ours, line(3.0))
    assert found.intervals == (near(6_000 / 3e-6, 2.5e9 + 1_500 / 0.6e-6),)
    assert found.first == near(2_000e6)
    assert found.robust is None
    assert found.reason


def test_an_envelope_undercuts_where_either_does() -> None:
    # Against 2 USD/Mtok and 5 USD: 4 USD/Mtok until 5 / (4 - 2) = 2.5 Mtok; 20 USD flat from (20 - 5) / 2 = 7.5 Mtok.
    ours = CostCurve.cheapest([line(4.0), CostCurve.fixed(20)])
    found = tc.breakeven(ours, line(2.0, 5.0))
    assert found.intervals == (near(0.0, 2.5e6), (near(7.5e6), math.inf))
    assert found.first == 0.0
    assert found.robust == near(7.5e6)


def test_a_share_moves_a_crossing_and_an_uplift_lifts_it() -> None:
    # 12 USD against 3 USD/Mtok: 4 Mtok. On a quarter of V: 16 Mtok. With 50% on the incumbent: 4 / 1.5 Mtok.
    ours, theirs = CostCurve.fixed(12), CostCurve.per_mtok(3.0)
    assert tc.breakeven(ours, theirs).robust == near(4e6)
    assert tc.breakeven(ours, theirs.at_share(0.25)).robust == near(16e6)
    assert tc.breakeven(ours, theirs * 1.5).robust == near(4e6 / 1.5)


# ---------------------------------------------------------------------------------------------- far-away answers


@pytest.mark.parametrize("usd", [1.0, 100.0])
def test_a_robust_breakeven_at_a_huge_volume(usd: float) -> None:
    # r / (m q) = 1 - 1e-9 in numbers that floats hold: r = 1e9 - 1 USD, q = 1e15 tokens, m = 1 USD/Mtok. Some 1e9
    # windows come first. F / (m q - r) carries the rounding of m q, 1e-16, magnified by 1e9: hence 1e-6.
    F, r, q, m = Fraction(usd), Fraction(10**9 - 1), Fraction(10**15), Fraction(1, 10**6)
    first, robust = closed_form(F, r, q, m, 0)
    assert first is not None
    assert robust is not None
    found = tc.breakeven(stairs(1e9 - 1, 1e15, usd=usd), line(1.00))
    assert found.first == pytest.approx(float(first), rel=1e-6)
    assert found.robust == pytest.approx(float(robust), rel=1e-6)
    assert found.truncated is True
    assert len(found.intervals) <= 10_000
    drawn = tc.breakeven(stairs(1e9 - 1, 1e15) + CostCurve.fixed(np.array([usd, usd])), line(1.00))
    np.testing.assert_allclose(as_array(drawn.first), float(first), rtol=1e-6)
    np.testing.assert_allclose(as_array(drawn.robust), float(robust), rtol=1e-6)


def as_array(draws: object) -> NDArray[np.float64]:
    """Return what is an array of draws."""
    assert isinstance(draws, np.ndarray)
    return draws


def test_a_huge_robust_breakeven_on_a_smaller_step() -> None:
    # m q - r = 2^-10 USD of 1e6: windows n of width n 2^-10 - 500 USD, from n = 512,001 on, apart until n is 1e9.
    # The first ones are under 1e-12 of their volume, which is rounding; the first that is not is 0.1% further.
    r, q = Fraction(1_000_000 - Fraction(1, 1024)), Fraction(10**12)
    first, robust = closed_form(Fraction(500), r, q, Fraction(1, 10**6), 0)
    assert first is not None
    assert robust is not None
    found = tc.breakeven(stairs(float(r), 1e12, usd=500), line(1.00))
    assert found.first == pytest.approx(float(first), rel=2e-3)
    assert found.robust == pytest.approx(float(robust), rel=1e-6)


def test_slopes_a_hair_apart_do_cross() -> None:
    # 1 USD at a difference of 1e-6 USD/Mtok: 1e12 tokens.
    found = tc.breakeven(line(1.0, 1.0), line(1.000_001))
    assert found.robust == pytest.approx(1e12, rel=1e-9)


# --------------------------------------------------------------------------------------------------------- draws


def test_draws_with_none_among_them() -> None:
    # F = 1,825 + 2,500, + 3,500, never: at 6, 6 and 0.5 USD/Mtok, where a full instance costs 0.5556 USD/Mtok.
    ours = stairs(INSTANCE_USD, INSTANCE_TOKENS) + CostCurve.fixed(np.array([2_500.0, 3_500.0, 2_500.0]))
    theirs = CostCurve.per_mtok(np.array([6.0, 6.0, 0.5]))
    found = tc.breakeven(ours, theirs)
    expected = [(1_825 + 2_500) / 6e-6, (1_825 + 3_500) / 6e-6, math.nan]
    assert isinstance(found.first, np.ndarray)
    assert isinstance(found.robust, np.ndarray)
    np.testing.assert_allclose(found.first, expected, rtol=1e-12)
    np.testing.assert_allclose(found.robust, expected, rtol=1e-12)


def test_every_choice_is_made_draw_by_draw() -> None:
    # The lesser of a flat cost and 4 USD/Mtok, against 2 USD/Mtok and 5 USD: see the envelope above.
    ours = CostCurve.cheapest([line(4.0), CostCurve.fixed(np.array([20.0, 4.0, 100.0]))])
    found = tc.breakeven(ours, line(2.0, 5.0))
    assert isinstance(found.first, np.ndarray)
    assert isinstance(found.robust, np.ndarray)
    np.testing.assert_allclose(found.first, [0.0, 0.0, 0.0])
    np.testing.assert_allclose(found.robust, [(20 - 5) / 2e-6, 0.0, (100 - 5) / 2e-6], rtol=1e-12)
