"""Where an input changes the answer: worked by hand, exact, and said in words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.studies.flips import Flip, Flips, flips
from tokencross.studies.input_words import input_name
from tokencross.studies.turns import Costs, between, cheapest, walk

API = Toy("api", input_usd_per_mtok=4.0, output_usd_per_mtok=12.0)  # 6 USD per million tokens, 3 in for 1 out
FLEET = Toy("fleet", fixed_usd_per_month=2_500.0, step_usd_per_month=1_825.0, step_tokens=3.285e9)


def found(result: Flips, address: str) -> Flip:
    """The flip of one input."""
    (one,) = [each for each in result.flips if address in each.place.addresses]
    return one


@pytest.fixture(scope="module")
def at_two_billion() -> Flips:
    """At 2B tokens the API costs 12,000 USD, the fleet 2,500 + 1,825 = 4,325."""
    return flips(toy_study(API, FLEET, here=2e9).comparison)


def test_the_answer_is_the_cheapest(at_two_billion: Flips) -> None:
    assert at_two_billion.answer == "fleet"
    assert repr(at_two_billion).startswith("<Flips at 2B tokens/month: fleet is the cheapest; ")


@pytest.mark.parametrize(
    ("address", "below", "above"),
    [
        # 12,000 = 2,500 + fixed; a price p of input: (3 p + 12) / 4 * 2,000 = 4,325
        ("fleet:fixed_usd_per_month", math.nan, 12_000.0 - 1_825.0),
        ("fleet:step_usd_per_month", math.nan, 9_500.0),
        # 6 steps cost 2,500 + 10,950 = 13,450 > 12,000, 5 cost 11,625: five steps hold 2B down to 400M each
        ("fleet:step_tokens", 2e9 / 5, math.nan),
        ("fleet:load_share", 2e9 / 5 / 3.285e9, math.nan),
        ("fleet:least_count", math.nan, 6.0),
        ("tokens_per_month", 4_325 / 6e-6, math.nan),
        ("api:output_usd_per_mtok", math.nan, math.nan),  # even free, input alone costs 6,000
    ],
)
def test_by_hand(at_two_billion: Flips, address: str, below: float, above: float) -> None:
    flip = found(at_two_billion, address)
    assert flip.below == pytest.approx(below, rel=1e-11, nan_ok=True)
    assert flip.above == pytest.approx(above, rel=1e-11, nan_ok=True)
    assert flip.how == "exact"


def test_a_price_by_hand() -> None:
    """(4 * 3 + p) / 4 * 1,000 = 4,325 at 1B tokens: p = 5.30; and (3 p + 12) / 4 * 1,000 = 4,325: p = 1.766…"""
    result = flips(toy_study(API, FLEET, here=1e9).comparison)
    assert found(result, "api:output_usd_per_mtok").below == pytest.approx(5.3, rel=1e-13)
    assert found(result, "api:input_usd_per_mtok").below == pytest.approx(5.3 / 3.0, rel=1e-13)


def test_the_share_of_input_by_hand() -> None:
    """At 1B tokens the API costs 12,000 - 8,000 s with an input share s: 4,325 at s = 0.959375, 23,615.38 for 1,000."""
    flip = found(flips(toy_study(API, FLEET, here=1e9).comparison), "workload:input_tokens")
    assert flip.above == pytest.approx(1_000 * 0.959375 / (1 - 0.959375), rel=1e-12)
    assert math.isnan(flip.below)


def test_plugged_back_the_answer_changes_to_the_last_float(at_two_billion: Flips) -> None:
    study = toy_study(API, FLEET, here=2e9)
    for flip in at_two_billion.flips:
        if flip.place.address == "tokens_per_month":
            continue
        for value, becomes in ((flip.below, flip.becomes_below), (flip.above, flip.becomes_above)):
            if math.isnan(value):
                continue
            back = value - 1.0 if flip.place.whole else value + 1e-13 * (flip.place.assumed - value)
            beyond = study.replace({flip.place.address: value}).comparison
            inside = study.replace({flip.place.address: back}).comparison
            assert (inside.cheapest_at(2e9), beyond.cheapest_at(2e9)) == ("fleet", becomes)


def test_the_volume_flips_at_the_neighbouring_crossings() -> None:
    """The API is cheaper again after each step for a while: 6 V = 1,825 * 2 + 12,500 past one step of 3.285e9."""
    dear = replace(FLEET, fixed_usd_per_month=17_000.0)
    result = flips(toy_study(API, dear, here=3.2e9).comparison)
    flip = found(result, "tokens_per_month")
    assert flip.below == pytest.approx((17_000 + 1_825) / 6e-6)
    assert flip.above == pytest.approx(3.285e9)
    assert flip.becomes_above == "api"


def test_a_tie_keeps_the_earlier_option() -> None:
    """Undercutting is strict: at 6 USD both cost the same, and the API, given first, stays the answer."""
    one = Toy("one", fixed_usd_per_month=6_000.0)
    study = toy_study(API, one, here=2e9)
    flip = found(flips(study.comparison), "one:fixed_usd_per_month")
    assert flip.becomes_above == "api"
    assert flip.above == pytest.approx(12_000.0, rel=1e-13)
    tied = toy_study(API, replace(one, fixed_usd_per_month=12_000.0), here=2e9)
    assert flips(tied.comparison).answer == "api"


def test_nothing_changes_it() -> None:
    result = flips(toy_study(API, FLEET, here=2e9).comparison)
    flip = found(result, "api:output_usd_per_mtok")
    assert result.sentence(flip) == "No api output price between 0 and 12M USD/Mtok changes that fleet is the cheapest."
    frame = result.frame().set_index("address")
    assert frame.loc["api:output_usd_per_mtok"][["flips_below", "flips_above", "ratio"]].isna().all()
    assert frame["ratio"].notna().tolist() == sorted(frame["ratio"].notna().tolist(), reverse=True)


def test_sentences() -> None:
    result = flips(toy_study(API, FLEET, here=2e9).comparison)
    assert result.sentence(found(result, "fleet:fixed_usd_per_month")) == (
        "api is the cheapest if fleet fixed is over 10,200 USD/month; assumed 2,500 USD/month."
    )
    assert result.sentence(found(result, "fleet:least_count")) == (
        "api is the cheapest if fleet least count is 6 or more; assumed 0."
    )
    assert "api is the cheapest" in result._repr_html_()


def test_a_pair() -> None:
    """A third option wins, but the pair is asked about: the API at 12,000 against 4,325 of the fleet."""
    third = Toy("third", fixed_usd_per_month=1.0)
    result = flips(toy_study(API, FLEET, third, here=2e9).comparison, challenger="fleet")
    assert (result.answer, result.pair) == ("fleet", ("fleet", "api"))
    assert found(result, "fleet:fixed_usd_per_month").above == pytest.approx(12_000.0 - 1_825.0, rel=1e-13)
    assert math.isnan(found(result, "third:fixed_usd_per_month").above)
    said = result.sentence(found(result, "fleet:fixed_usd_per_month"))
    assert said.startswith("fleet does not undercut api if fleet fixed is over 10,200 USD/month")
    other = flips(toy_study(API, FLEET, third, here=2e9).comparison, against="fleet")
    assert other.pair == ("third", "fleet")


def test_a_number_at_several_places_moves_at_all_of_them() -> None:
    """One price of a step for both: 5 steps of one against 2 of the other and 9,000; equal at a price of 3,000."""
    shared = tc.between(900.0, 1_111.1111111111111, name="step price")
    many = Toy("many", step_usd_per_month=shared, step_tokens=4e8)
    few = Toy("few", step_usd_per_month=shared, step_tokens=1e9, fixed_usd_per_month=9_000.0)
    result = flips(toy_study(many, few, here=2e9).comparison)
    flip = found(result, "many:step_usd_per_month")
    assert flip.place.addresses == ("many:step_usd_per_month", "few:step_usd_per_month")
    assert flip.place.words == "step price"
    assert flip.place.assumed == pytest.approx(1_000.0)
    assert flip.above == pytest.approx(9_000.0 / 3.0, rel=1e-13)


def test_an_input_is_called_by_its_name() -> None:
    """As in the tornado: one address or several, and the volume."""
    study = toy_study(API, FLEET, here=tc.between(1e9, 4e9, name="traffic")).replace(
        {"fleet:fixed_usd_per_month": tc.between(2_000, 3_000, name="rent")}
    )
    result = flips(study.comparison)
    rent = found(result, "fleet:fixed_usd_per_month")
    assert result.sentence(rent).startswith("api is the cheapest if rent is over 10,200 USD/month; assumed 2,450")
    assert result.sentence(found(result, "tokens_per_month")).startswith("api is the cheapest if traffic is under ")


def test_the_range_ends_where_the_study_refuses() -> None:
    workload = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.05)
    flip = found(flips(toy_study(API, FLEET, here=2e9, workload=workload).comparison), "workload:cached_input_share")
    assert (flip.low, flip.high) == (0.0, 0.95)


def test_draws_that_are_refused_are_worked_out_one_by_one() -> None:
    flip = found(flips(toy_study(API, FLEET, here=2e9).comparison), "fleet:least_count")
    assert (flip.above, flip.becomes_above, flip.how) == (6.0, "api", "exact")


def test_a_volume_has_to_be_known() -> None:
    with pytest.raises(ScenarioError, match="flips: tokens_per_month\n  found none; accepted: a volume"):
        flips(toy_study(API, FLEET).comparison)


def test_unknown_labels_are_refused() -> None:
    study = toy_study(API, FLEET, here=2e9)
    with pytest.raises(ScenarioError, match="unknown label 'flet'"):
        flips(study.comparison, challenger="flet")
    with pytest.raises(ScenarioError, match="'api' against itself"):
        flips(study.comparison, challenger="api", against="api")
    with pytest.raises(ScenarioError, match="unknown label 3"):
        flips(study.comparison, challenger=3)  # type: ignore[arg-type]  # the mistake is the point


def test_on_shipped_tables_flips_hold_when_plugged_back() -> None:
    """Every flip of a shipped scenario, in the study itself: the old answer a billionth before, the new one beyond."""
    study = tc.load_study("scenarios/support-chat.yaml")
    volume = 4e9
    result = flips(study.comparison, challenger="self-hosted", tokens_per_month=volume)
    seen = 0
    for flip in result.flips:
        if flip.place.address == "tokens_per_month" or math.isnan(flip.nearest[0]):
            continue
        value, becomes = flip.nearest
        aside = 1.0 if flip.place.whole else 1e-9 * value
        back = value + math.copysign(aside, flip.place.assumed - value)
        on = value if flip.place.whole else value - math.copysign(aside, flip.place.assumed - value)
        for at, undercuts in ((back, result.answer == "self-hosted"), (on, becomes == "self-hosted")):
            there = study.replace(dict.fromkeys(flip.place.addresses, at)).comparison
            ours, theirs = (there.curve(label).usd_per_month(volume) for label in ("self-hosted", "frontier"))
            assert (ours < theirs) == undercuts, flip.place.name
        seen += 1
    assert seen >= 10


# ---------------------------------------------------------------------- the search itself


def test_names() -> None:
    assert input_name("prices:together/openai/gpt-oss-120b.output_usd_per_mtok") == (
        "together/openai/gpt-oss-120b output price"
    )
    assert input_name("self-hosted:engineering[this model].upkeep_usd_per_month") == "self-hosted this model upkeep"
    assert input_name("tokenizers:o200k.english.tokenizer_ratio") == "o200k.english tokenizer ratio"
    assert input_name("own:around.storage_usd_per_gib_month") == "own storage price"


def test_values_are_spread_between() -> None:
    assert between(1.0, 1.5, 1).tolist() == [1.25]
    np.testing.assert_allclose(between(1.0, 16.0, 3), [2.0, 4.0, 8.0])
    inside = between(0.0, 1.0, 9)
    assert np.all((inside > 0.0) & (inside < 1.0))


def test_the_earlier_of_two_equal_costs_is_the_cheapest() -> None:
    totals = np.array([[2.0, 1.0, 1.0], [1.0, 1.0 - 1e-16, 3.0], [np.nan, 1.0, 1.0]])
    assert cheapest(totals).tolist() == [1, 0, -1]


def test_a_narrow_dip_is_found_where_no_first_value_lies() -> None:
    """Of 1 + |x - 5| and 1 + 1e-4 the first is the lower one within 1e-4 of 5, between two values looked at first.

    Its term turns at 5, which the two ends of a stretch cannot show; the other's terms alone cannot rule it out.
    """

    def costs_at(walks: NDArray[np.intp], values: NDArray[np.float64]) -> Costs:
        rising, falling = np.maximum(values - 5.0, 0.0), np.maximum(5.0 - values, 0.0)
        terms = np.stack([np.full(values.shape, 1.0 + 1e-4), np.ones(values.shape), rising, falling], axis=1)
        totals = np.stack([terms[:, 0], terms[:, 1:].sum(axis=1)], axis=1)
        return Costs(totals, terms, np.array([0, 1, 1, 1]))

    (walked,) = walk(costs_at, [np.array([0.0, 3.0, 8.0])], first_only=False)
    assert [turn.first for turn in walked.turns] == pytest.approx([5.0 - 1e-4, 5.0 + 1e-4])
    assert walked.proved
