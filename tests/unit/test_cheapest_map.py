"""The two-parameter map: borders by hand, ranges, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.studies.cheapest_map import CheapestMap, cheapest_map

API = Toy("api", input_usd_per_mtok=4.0, output_usd_per_mtok=12.0)  # 6 USD per million tokens
FLEET = Toy("fleet", fixed_usd_per_month=2_500.0, step_usd_per_month=1_825.0, step_tokens=3.285e9)
STUDY = toy_study(API, FLEET, here=2e9)
FIXED, PRICE, SHARE = "fleet:fixed_usd_per_month", "api:output_usd_per_mtok", "fleet:load_share"


def test_a_price_against_a_sum_is_a_line() -> None:
    """At 2B tokens (12 + p) / 4 * 2,000 = fixed + 1,825: p = (fixed + 1,825) / 500 - 12."""
    found = cheapest_map(STUDY.comparison, PRICE, FIXED, x_range=(1, 20), y_range=(5_000, 12_000), points=9)
    (border,) = found.borders()
    assert (border.left, border.right) == ("api", "fleet")
    np.testing.assert_allclose(border.x, (border.y + 1_825) / 500 - 12, rtol=1e-12)
    assert len(border.x) == len(found.rows) >= 9
    assert set(np.linspace(5_000, 12_000, 9)) <= set(border.y)
    assert found.cheapest_at(10.0, 6_000.0) == "fleet"
    assert found.winners == ("api", "fleet")


def test_along_the_volume_every_crossing_is_there() -> None:
    """Steps of 1,825 USD with 17,000 USD fixed: the fleet wins, loses at its next step, and wins again."""
    found = cheapest_map(
        STUDY.comparison, "tokens_per_month", FIXED, x_range=(1e9, 2e10), y_range=(17_000, 17_001), points=2
    )
    row = found.rows[0]
    wanted = [1e9, 18_825 / 6e-6, 3.285e9, (17_000 + 3_650) / 6e-6, 2e10]
    np.testing.assert_allclose(row.edges, wanted, rtol=1e-11)
    assert [found.label(place) for place in row.places] == ["api", "fleet", "api", "fleet"]


def test_the_volume_upright() -> None:
    """The same border with the axes exchanged: at each volume V the price at which 6 V would be the fleet's bill."""
    found = cheapest_map(STUDY.comparison, PRICE, "tokens_per_month", x_range=(0.5, 40), y_range=(5e8, 3e9), points=7)
    for row in found.rows:
        price = 4 * 4_325 / (row.y / 1e6) - 12
        if 0.5 < price < 40:
            assert row.edges[1] == pytest.approx(price, rel=1e-11)


def test_jumps_get_rows_of_their_own() -> None:
    """Half a load share doubles the steps: the border of the price jumps where 6 steps become 5, and so on."""
    found = cheapest_map(STUDY.comparison, PRICE, SHARE, x_range=(1, 40), y_range=(0.1, 1.0), points=5)
    assert len(found.rows) > 15
    for row in found.rows:
        steps = math.ceil(2e9 / (3.285e9 * row.y * (1 + 1e-12)))
        price = (2_500 + 1_825 * steps) / 500 - 12
        if 1 < price < 40:
            assert row.edges[1] == pytest.approx(price, rel=1e-11)


def test_whole_numbers_have_whole_rows() -> None:
    found = cheapest_map(STUDY.comparison, PRICE, "fleet:least_count", x_range=(1, 40), y_range=(0, 6))
    assert [row.y for row in found.rows] == [0, 1, 2, 3, 4, 5, 6]
    across = cheapest_map(STUDY.comparison, "fleet:least_count", FIXED, x_range=(0, 12), y_range=(1e3, 5e3), points=3)
    # the first count at which the fleet costs over 12,000 with 1,000 fixed: 7 * 1,825 = 12,775
    assert across.rows[0].edges == (0.0, 7.0, 12.0)


def test_the_frame() -> None:
    found = cheapest_map(STUDY.comparison, PRICE, FIXED, x_range=(1, 20), y_range=(5_000, 12_000), points=3)
    frame = found.frame()
    assert list(frame.columns) == ["y", "from_x", "to_x", "option"]
    assert frame["option"].tolist()[:2] == ["api", "fleet"]
    assert (frame["from_x"] < frame["to_x"]).all()


def test_usual_ranges() -> None:
    study = STUDY.replace({FIXED: stats.uniform(2_000, 1_000)}).comparison
    found = cheapest_map(study, "tokens_per_month", FIXED, points=2)
    assert (found.x.low, found.x.high) == pytest.approx((2e7, 2e11))  # two decades either way
    assert (found.y.low, found.y.high) == pytest.approx((2_010.0, 2_990.0))  # 1% and 99%
    shares = cheapest_map(study, SHARE, PRICE, points=2)
    assert (shares.x.low, shares.x.high) == pytest.approx((1 / 3, 1.0))
    assert (shares.y.low, shares.y.high) == pytest.approx((4.0, 36.0))
    assert (found.x.log, shares.x.log, shares.y.log) == (True, False, False)


def test_an_input_goes_by_its_name() -> None:
    """The names that the study gives its uncertain inputs: of one address, of two, and of the volume."""
    shared = tc.between(1_000, 2_000, name="step price")
    two = toy_study(API, FLEET, Toy("x", step_usd_per_month=shared), Toy("y", step_usd_per_month=shared))
    study = two.replace(
        {FIXED: tc.between(2_000, 3_000, name="rent"), "tokens_per_month": tc.between(1e9, 4e9, name="traffic")}
    ).comparison
    found = cheapest_map(study, "traffic", "rent", points=3)
    assert (found.x.place.addresses, found.y.place.addresses) == (("tokens_per_month",), (FIXED,))
    assert repr(found).startswith("<CheapestMap over traffic and rent: ")
    assert found.y.assumed == pytest.approx(2_000 * 1.5**0.5)
    by_address = cheapest_map(study, "tokens_per_month", FIXED, points=3)
    assert found.frame().equals(by_address.frame())
    assert cheapest_map(study, "step price", PRICE, points=2).x.place.addresses == (
        "x:step_usd_per_month",
        "y:step_usd_per_month",
    )
    with pytest.raises(ScenarioError, match=r"an unknown address 'rents'.*\n  Did you mean 'rent'"):
        cheapest_map(study, "traffic", "rents")


def test_what_cannot_be_together_is_nobodys() -> None:
    workload = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.05)
    study = toy_study(API, FLEET, here=2e9, workload=workload).comparison
    x, y = "workload:cached_input_share", "workload:cache_write_share"
    found = cheapest_map(study, x, y, x_range=(0, 0.9), y_range=(0, 0.5), points=6)
    top = found.rows[-1]
    assert [found.label(place) for place in top.places] == ["fleet", ""]
    assert top.edges[1] == pytest.approx(0.5, rel=1e-3)
    assert [found.label(place) for place in found.rows[0].places] == ["fleet"]
    with pytest.raises(ScenarioError, match=r"cheapest_at\n  found 0\.9 \+ 0\.4 = 1\.3"):
        found.cheapest_at(0.9, 0.4)


def test_one_that_wins_everywhere() -> None:
    found = cheapest_map(STUDY.comparison, PRICE, FIXED, x_range=(11, 20), y_range=(100, 200), points=2)
    assert found.sentence().startswith("fleet is the cheapest for every api output price between 11 and 20 USD/Mtok")
    assert found.borders() == []
    assert repr(found) == "<CheapestMap over api output price and fleet fixed: fleet>"
    assert "fleet is the cheapest" in found._repr_html_()


def test_without_a_volume_one_axis_has_to_be_it() -> None:
    study = toy_study(API, FLEET).comparison
    found = cheapest_map(study, "tokens_per_month", FIXED, x_range=(1e8, 1e10), points=2)
    assert isinstance(found, CheapestMap)
    assert math.isnan(found.x.assumed)
    with pytest.raises(ScenarioError, match="cheapest_map: tokens_per_month\n  found none"):
        cheapest_map(study, PRICE, FIXED)
    with pytest.raises(ScenarioError, match="cheapest_map: x_range\n  found no range, and volume is not known"):
        cheapest_map(study, "tokens_per_month", FIXED)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": PRICE}, "as both x and y; accepted: two different inputs"),
        (
            {"x": "api:output_usd_per_mtk"},
            "cheapest_map: x\n  found an unknown address .*\n  Did you mean 'api:output_usd",
        ),
        ({"x": 3}, "cheapest_map: x\n  found 3; accepted: an address that study.parameters"),
        ({"x": [PRICE]}, "cheapest_map: x\n  found \\['api:output_usd_per_mtok'\\]; accepted: an address"),
        ({"points": 1}, "cheapest_map: points\n  found 1; accepted: a whole number of at least 2"),
        ({"x_range": (5.0, 5.0)}, r"x_range\n  found \(5.0, 5.0\); accepted: a pair of numbers, the lower one first"),
        ({"x_range": 5.0}, "x_range\n  found 5.0; accepted: a pair of numbers"),
        ({"y": SHARE, "y_range": (0.5, 1.5)}, "y_range\n  found 1.5; accepted: fleet load share between 50% and 100%"),
        ({"y": "fleet:least_count"}, "y_range\n  found no range, and fleet least count is 0"),
    ],
)
def test_bad_input(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        cheapest_map(STUDY.comparison, **{"x": PRICE, "y": FIXED, **arguments})  # type: ignore[arg-type]  # the mistakes are the point


def test_on_shipped_tables_the_borders_are_the_studys_own() -> None:
    """Either side of every border the study itself, with both numbers replaced, has the option that the map says."""
    study = tc.load_study("scenarios/support-chat.yaml")
    x, y = "prices:together/openai/gpt-oss-120b.input_usd_per_mtok", "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour"
    found = cheapest_map(study.comparison, x, y, tokens_per_month=1e12, points=4)
    seen = 0
    for border in found.borders():
        for at, level in zip(border.x, border.y, strict=True):
            for side, label in ((1 - 1e-9, border.left), (1 + 1e-9, border.right)):
                there = study.replace({x: at * side, y: float(level)})
                assert there.comparison.cheapest_at(1e12) == label
            seen += 1
    assert seen >= 4
