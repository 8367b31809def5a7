"""Laws of the distributions: quantiles and probabilities are inverse, in order, and at the ends that were given."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tokencross.distributions import Between, ShareBetween, Triangular, between, share_between, triangular

POSITIVE = st.floats(1e-9, 1e12)
ANY = st.floats(-1e9, 1e9)
PROBABILITIES = st.lists(st.floats(1e-9, 1.0 - 1e-9), min_size=1, max_size=20)
SIGMAS = 6.0  # of the largest and the least probability above


@st.composite
def lognormals(draw: st.DrawFn) -> Between:
    low = draw(POSITIVE)
    return between(low, low * draw(st.floats(1.001, 1e6)))


@st.composite
def normals(draw: st.DrawFn) -> Between:
    width = draw(st.floats(1e-3, 1e9))
    return between(-width * draw(st.floats(0.0, 1e3)), width)


@st.composite
def triangles(draw: st.DrawFn) -> Triangular:
    low = draw(ANY)
    rising, falling = draw(st.floats(0.0, 1e6)), draw(st.floats(0.0, 1e6))
    assume(low + rising + falling > low + 1e-3)
    return triangular(low, low + rising, low + rising + falling)


@st.composite
def shares(draw: st.DrawFn) -> ShareBetween:
    low, high = sorted((draw(st.floats(-9.0, 9.0)), draw(st.floats(-9.0, 9.0))))  # logits: 0.00012 to 0.99988
    assume(high - low > 1e-3)
    return share_between(1.0 / (1.0 + math.exp(-low)), 1.0 / (1.0 + math.exp(-high)))


DISTRIBUTIONS = st.one_of(lognormals(), normals(), triangles(), shares())


@settings(deadline=None)  # the first of all imports SciPy
@given(st.one_of(lognormals(), normals(), shares()))
def test_the_ends_are_the_5_and_95_percent_quantiles(found: Between | ShareBetween) -> None:
    width = found.high - found.low
    assert abs(found.ppf(0.05) - found.low) <= 1e-9 * width
    assert abs(found.ppf(0.95) - found.high) <= 1e-9 * width
    assert_allclose([found.cdf(found.low), found.cdf(found.high)], [0.05, 0.95], rtol=1e-9)


@settings(deadline=None)
@given(DISTRIBUTIONS, PROBABILITIES)
def test_probabilities_of_quantiles_are_the_probabilities(
    found: Between | Triangular | ShareBetween, given_: list[float]
) -> None:
    q = np.array(given_)
    values = found.ppf(q)
    # a quantile is a float: what one more unit of its last place adds is not seen
    inside = (found.cdf(np.nextafter(values, -np.inf)) - 1e-9 <= q) & (
        q <= found.cdf(np.nextafter(values, np.inf)) + 1e-9
    )
    assert inside.all()


@settings(deadline=None)
@given(DISTRIBUTIONS, PROBABILITIES)
def test_quantiles_of_probabilities_are_the_values(
    found: Between | Triangular | ShareBetween, given_: list[float]
) -> None:
    values = found.ppf(np.clip(np.array(given_), 0.01, 0.99))  # in the body: a probability near 1 has few digits left
    assert_allclose(
        found.ppf(found.cdf(values)), values, rtol=1e-9, atol=1e-9 * float(np.ptp(found.ppf(np.array([0.01, 0.99]))))
    )


@settings(deadline=None)
@given(DISTRIBUTIONS, PROBABILITIES)
def test_quantiles_rise_with_the_probability(found: Between | Triangular | ShareBetween, given_: list[float]) -> None:
    q = np.sort(np.array(given_))
    assert np.all(np.diff(found.ppf(q)) >= 0.0)
    assert np.all(np.diff(found.cdf(found.ppf(q))) >= 0.0)


@settings(deadline=None)
@given(lognormals(), PROBABILITIES)
@example(between(1e-9, 1e-3), [1e-9])
def test_a_lognormal_number_is_never_negative(found: Between, given_: list[float]) -> None:
    assert np.all(found.ppf(np.array([0.0, *given_])) >= 0.0)
    assert np.all(found.ppf(np.array(given_)) > 0.0)


@settings(deadline=None)
@given(st.one_of(triangles(), shares()), PROBABILITIES)
def test_triangles_and_shares_stay_within_their_ends(found: Triangular | ShareBetween, given_: list[float]) -> None:
    low, high = (found.low, found.high) if isinstance(found, Triangular) else (0.0, 1.0)
    values = found.ppf(np.array([0.0, *given_, 1.0]))
    assert np.all((low <= values) & (values <= high))


@settings(deadline=None)
@given(DISTRIBUTIONS, PROBABILITIES)
def test_one_number_and_many_agree(found: Between | Triangular | ShareBetween, given_: list[float]) -> None:
    q = np.array(given_)
    many = found.ppf(q)
    one = np.array([found.ppf(each) for each in given_])
    if isinstance(found, Between):  # two libraries' normal quantiles: 1 in 10^15 of so many deviations
        width = SIGMAS * math.log(found.high / found.low) if found.lognormal else SIGMAS * (found.high - found.low)
        assert_allclose(
            one,
            many,
            rtol=1e-15 * (1.0 + width) if found.lognormal else 0.0,
            atol=0.0 if found.lognormal else 1e-15 * width,
        )
    else:
        assert_array_equal(one, many)
    assert_allclose([found.cdf(float(each)) for each in many], found.cdf(many), rtol=1e-12)


@settings(deadline=None)
@given(lognormals(), st.floats(1e-3, 1e3))
def test_a_lognormal_interval_in_another_unit_is_the_same(found: Between, factor: float) -> None:
    q = np.array([0.01, 0.05, 0.5, 0.95, 0.99])
    assert_allclose(between(found.low * factor, found.high * factor).ppf(q), found.ppf(q) * factor, rtol=1e-9)


@settings(deadline=None)
@given(shares())
def test_what_is_left_of_a_share_is_a_share(found: ShareBetween) -> None:
    rest = share_between(1.0 - found.high, 1.0 - found.low)
    assert_allclose(rest.parameters, found.parameters[::-1], rtol=1e-6)
