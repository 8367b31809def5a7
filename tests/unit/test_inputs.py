"""Which numbers of a study are uncertain, how they go together, and the study at values of them."""

import numpy as np
import pytest
from scipy import stats

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.studies.inputs import at_inputs, correlation_matrix, uncertain_inputs

SHAPE = tc.Workload(input_tokens=1_000, output_tokens=500)
GPU_HOUR = "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour"


def two_fleets(around: tc.AroundGpu | None = None, /, **changes: object) -> tc.Study:
    """Two fleets of one model on one instance, and an API."""
    prices = tc.load_prices(as_of="2026-11-21")
    fleets = [
        prices.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_1x_b200_sxm6",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            around=tc.AroundGpu.none() if around is None else around,
            target_load_share=share,
            label=label,
        )
        for label, share in (("fleet", 0.7), ("careful fleet", 0.5))
    ]
    api = prices.api("anthropic/claude-opus-5-5", label="API")
    study = tc.Study([api, *fleets], workload=SHAPE, tokens_per_month=4e9)
    return study.replace(changes)


class TestWhichTheyAre:
    def test_one_number_at_two_addresses_is_one_input(self) -> None:
        price = stats.lognorm(0.3, scale=10.0)
        study = two_fleets(**{GPU_HOUR: price})
        found = [each for each in uncertain_inputs(study.comparison) if each.origin == "given"]
        assert [each.addresses for each in found] == [(GPU_HOUR,)]

    def test_one_object_given_to_two_options_is_one_input(self) -> None:
        load = stats.beta(7, 3)
        study = two_fleets(**{"fleet:target_load_share": load, "careful fleet:target_load_share": load})
        (found,) = (each for each in uncertain_inputs(study.comparison) if each.origin == "given")
        assert found.addresses == ("fleet:target_load_share", "careful fleet:target_load_share")

    def test_two_equal_distributions_are_two_inputs(self) -> None:
        study = two_fleets(
            **{"fleet:target_load_share": stats.beta(7, 3), "careful fleet:target_load_share": stats.beta(7, 3)}
        )
        found = [each.name for each in uncertain_inputs(study.comparison) if each.origin == "given"]
        assert found == ["fleet:target_load_share", "careful fleet:target_load_share"]

    def test_two_of_one_name_are_one_input_and_keep_the_name(self) -> None:
        named = [tc.share_between(0.5, 0.8, name="load") for _ in range(2)]
        study = two_fleets(**{"fleet:target_load_share": named[0], "careful fleet:target_load_share": named[1]})
        (found,) = (each for each in uncertain_inputs(study.comparison) if each.origin == "given")
        assert (found.name, len(found.addresses)) == ("load", 2)

    def test_two_distributions_of_one_name_are_refused(self) -> None:
        first, second = tc.share_between(0.5, 0.8, name="load"), tc.share_between(0.4, 0.8, name="load")
        study = two_fleets(**{"fleet:target_load_share": first, "careful fleet:target_load_share": second})
        with pytest.raises(ScenarioError, match="inputs: load"):
            uncertain_inputs(study.comparison)

    def test_arrays_of_two_lengths_are_refused(self) -> None:
        study = two_fleets(**{GPU_HOUR: np.array([1.0, 2.0]), "fleet:target_load_share": np.array([0.5, 0.6, 0.7])})
        with pytest.raises(ScenarioError, match="arrays of 2 and 3 draws"):
            uncertain_inputs(study.comparison)

    def test_every_place_of_a_study_is_found(self) -> None:
        each = tc.between
        workload = tc.Workload(input_tokens=each(900, 1_100), output_tokens=each(400, 600), peak_to_mean=each(2.8, 3.2))
        plan = tc.Engineering(upfront_usd=each(1e5, 2e5), upkeep_usd_per_month=each(8e3, 2e4))
        prices = tc.load_prices(as_of="2026-11-21")
        own = prices.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_1x_b200_sxm6",
            purchase="on_demand",
            engineering=plan,
            throughput=each(2_000, 6_000),
            label="own",
        )
        api = prices.api("anthropic/claude-opus-5-5", discount_share=tc.share_between(0.05, 0.2), label="API")
        study = tc.Study([api, own], workload=workload, tokens_per_month=each(1e9, 4e9))
        found = {address for one in uncertain_inputs(study.comparison) for address in one.addresses}
        assert found >= {
            "workload:input_tokens",
            "workload:output_tokens",
            "workload:peak_to_mean",
            "own:engineering[engineering].upfront_usd",
            "own:engineering[engineering].upkeep_usd_per_month",
            "own:throughput",
            "API:discount_share",
            "tokens_per_month",
        }

    def test_a_fitted_rate_brings_its_error_once_for_all_that_rest_on_its_row(self) -> None:
        found = {each.name: each for each in uncertain_inputs(two_fleets().comparison)}
        error = found["fleet:throughput_ratio"]
        assert error.addresses == ("fleet:throughput_ratio", "careful fleet:throughput_ratio")
        assert error.quantiles(np.array([0.5])) == 1.0
        assert not [each for each in uncertain_inputs(two_fleets().comparison, table_errors=False)]

    def test_a_rate_of_ones_own_has_no_error_but_the_one_given(self) -> None:
        study = two_fleets(**{"fleet:throughput": 3_000.0, "careful fleet:throughput": 3_000.0})
        assert not [e for e in uncertain_inputs(study.comparison) if e.name.endswith("throughput_ratio")]
        given = two_fleets(**{"fleet:throughput_ratio": 0.9, "careful fleet:throughput_ratio": 0.9})
        assert not [e for e in uncertain_inputs(given.comparison) if e.name.endswith("throughput_ratio")]

    def test_a_range_of_a_table_keeps_the_tables_number_in_the_middle(self) -> None:
        found = {each.name: each for each in uncertain_inputs(two_fleets().comparison)}
        claude = found["tokenizers:claude-5.english.tokenizer_ratio"]
        table = two_fleets().parameters().set_index("address")["value"][claude.name]
        assert claude.median == table
        low, high = claude.quantiles(np.array([0.0, 1.0]))
        assert (low, high) == (1.53, 1.55)  # the ratio is above what the other source saw

    def test_every_number_with_an_error_can_be_replaced(self) -> None:
        prices = tc.load_prices(as_of="2026-11-21")
        none = tc.Engineering.none()
        endpoint = prices.dedicated(
            "together", gpu="B200-SXM-180GB", model="gpt-oss-120b", engineering=none, label="own"
        )
        api = prices.api("anthropic/claude-opus-5-5", label="API")
        study = tc.Study([api, endpoint], workload=SHAPE, tokens_per_month=4e9)
        errors = {each.name for each in uncertain_inputs(study.comparison)}
        assert "own:throughput_ratio" in errors
        half = at_inputs(study.comparison, {"own:throughput_ratio": 0.5}).curve("own")
        assert half.usd_per_month(1e12) > 1.9 * study.comparison.curve("own").usd_per_month(1e12)

    def test_a_row_that_two_options_use_errs_once(self) -> None:
        found = {each.name: each for each in uncertain_inputs(two_fleets(tc.AroundGpu.typical()).comparison)}
        shared = found["fleet:around.staging_hours_share"]
        assert shared.addresses == ("fleet:around.staging_hours_share", "careful fleet:around.staging_hours_share")

    @pytest.mark.parametrize("name", ["fleet:throughput_ratio", "workload:output_tokens"])
    def test_the_address_of_another_number_is_no_name(self, name: str) -> None:
        study = two_fleets(**{GPU_HOUR: tc.between(5, 9, name=name)})
        with pytest.raises(ScenarioError, match="and of another number"):
            uncertain_inputs(study.comparison)

    def test_own_draws_that_add_up_are_found_and_stay_together(self) -> None:
        small, large = np.array([0.3, 0.5, 0.6]), np.array([0.6, 0.3, 0.2])
        rest = 1.0 - small - large
        options = [tc.Option(label, tc.CostCurve.per_mtok(usd)) for label, usd in (("a", 1.0), ("b", 2.0), ("c", 9.0))]
        split = tc.Split(list(zip(options, (small, large, rest), strict=True)), label="mix")
        study = tc.Study([split, options[2]], workload=SHAPE, tokens_per_month=1e9)
        names = [each.name for each in uncertain_inputs(study.comparison)]
        assert names == ["mix:share[a]", "mix:share[b]", "mix:share[c]"]
        values = study.sample(draws=64, seed=1).values
        np.testing.assert_allclose(sum(values[name] for name in names), 1.0, rtol=1e-12)
        assert "is the cheapest" in study.verdict()

    def test_own_draws_of_a_class_are_found_once(self) -> None:
        work = tc.Workload(input_tokens=np.array([900.0, 1_100.0]), output_tokens=100)
        mixed = tc.Workload.mix({"a": (work, np.array([0.4, 0.6])), "b": (SHAPE, np.array([0.6, 0.4]))})
        api = tc.load_prices(as_of="2026-11-21").api("anthropic/claude-opus-5-5", label="API")
        study = tc.Study([api, tc.Option("own", tc.CostCurve.fixed(1e4))], workload=mixed, tokens_per_month=1e9)
        given = {each.name for each in uncertain_inputs(study.comparison) if each.origin == "given"}
        assert given == {"workload:a.input_tokens", "workload:a.share", "workload:b.share"}

    def test_arrays_alike_in_the_middle_are_two(self) -> None:
        counts = {"min_instance_count": [2.0, 2, 2, 3], "spare_instance_count": [2.0, 2, 2, 1]}
        study = two_fleets(**{f"fleet:{name}": np.array(values) for name, values in counts.items()})
        given = [each.name for each in uncertain_inputs(study.comparison) if each.origin == "given"]
        assert given == ["fleet:min_instance_count", "fleet:spare_instance_count"]

    def test_a_team_has_addresses_and_its_sums_follow(self) -> None:
        teams = {
            label: tc.Engineering.from_team(
                engineers=tc.between(1, 4), months=3, loaded_usd_per_year=240_000, label="team"
            )
            for label in ("fleet", "careful fleet")
        }
        study = two_fleets(**{f"{label}:engineering": team for label, team in teams.items()})
        found = [each.name for each in uncertain_inputs(study.comparison) if each.origin == "given"]
        assert found == [f"{label}:engineering[team].team.engineers" for label in ("fleet", "careful fleet")]
        dearer = at_inputs(study.comparison, {found[0]: 4.0})  # 240,000 USD over 24 months, against 120,000 at 2
        more = dearer.curve("fleet").usd_per_month(1e9) - study.comparison.curve("fleet").usd_per_month(1e9)
        assert more == pytest.approx((240_000 - 120_000) / 24)
        again = study.replace({found[0]: 4.0}).parameters().set_index("address")["value"]
        assert again["fleet:engineering[team].upfront_usd"] == 240_000.0

    def test_a_quantile_function_that_fails_later_is_named(self) -> None:
        class Fickle:
            def ppf(self, q: float) -> float:
                if np.any((np.asarray(q) > 0.2) & (np.asarray(q) < 0.3)):
                    raise RuntimeError("no such quantile")
                return 5.0 + q

        study = two_fleets(**{GPU_HOUR: Fickle()})
        with pytest.raises(ScenarioError, match="found a distribution without a quantile"):
            study.sample(draws=64, seed=1)


class TestTheStudyAtValues:
    def test_what_is_not_named_is_at_its_median(self) -> None:
        price = stats.lognorm(0.3, scale=10.0)
        study = two_fleets(**{GPU_HOUR: price, "fleet:throughput_ratio": stats.lognorm(0.2)})
        plain = two_fleets(**{GPU_HOUR: 12.0, "fleet:throughput_ratio": 1.0})
        at = at_inputs(study.comparison, {GPU_HOUR: 12.0})
        assert at.curve("fleet").usd_per_month(4e9) == pytest.approx(plain.comparison.curve("fleet").usd_per_month(4e9))

    def test_half_the_rate_takes_twice_the_machines_beyond_the_least(self) -> None:
        study = two_fleets(**{"fleet:min_instance_count": 0.0, "fleet:spare_instance_count": 0.0})
        whole = at_inputs(study.comparison, {"fleet:throughput_ratio": 1.0}).curve("fleet")
        half = at_inputs(study.comparison, {"fleet:throughput_ratio": 0.5}).curve("fleet")
        assert half.usd_per_month(2e11) == pytest.approx(whole.usd_per_month(4e11), rel=1e-9)

    def test_draws_give_the_costs_of_each_value(self) -> None:
        study = two_fleets(**{GPU_HOUR: stats.lognorm(0.3, scale=10.0)})
        values = np.array([8.0, 10.0, 12.0])
        drawn = at_inputs(study.comparison, {GPU_HOUR: values}).resolved["fleet"].curve.usd_per_month(4e9)
        one_by_one = [two_fleets(**{GPU_HOUR: value}).comparison.curve("fleet").usd_per_month(4e9) for value in values]
        np.testing.assert_allclose(drawn, one_by_one, rtol=1e-12)

    def test_an_unknown_input_names_the_known_ones(self) -> None:
        with pytest.raises(ScenarioError, match="throughput_ratio"):
            at_inputs(two_fleets().comparison, {"fleet:throughput_rati": 1.0})


class TestHowTheyGoTogether:
    def study(self) -> tc.Study:
        return two_fleets(
            **{
                GPU_HOUR: tc.between(5, 8, name="gpu price"),
                "API:discount_share": tc.share_between(0.05, 0.3, name="discount"),
                "workload:output_tokens": tc.between(400, 600, name="answers"),
            }
        )

    def test_by_name_and_by_address(self) -> None:
        study = self.study().correlate({("gpu price", "API:discount_share"): 0.4})
        assert study.comparison.correlations == {("gpu price", "discount"): 0.4}
        again = study.correlate({("discount", "gpu price"): -0.2})
        assert again.comparison.correlations == {("discount", "gpu price"): -0.2}

    def test_what_is_switched_off_goes_with_nothing(self) -> None:
        study = self.study().correlate({("gpu price", "fleet:throughput_ratio"): 0.5})
        inputs = uncertain_inputs(study.comparison, table_errors=False)
        np.testing.assert_array_equal(correlation_matrix(inputs, study.comparison.correlations), np.eye(3))

    @pytest.mark.parametrize(
        ("pairs", "said"),
        [
            ({("gpu price", "api price"): 0.4}, "'api price'; accepted: the name or an address of an uncertain input"),
            ({("gpu price", "discount"): 1.2}, "1.2; accepted: a number from -1 to 1"),
            ({("gpu price", GPU_HOUR): 0.5}, "the same input"),
            ({"gpu price": 0.5}, "a pair of names"),
            ([("gpu price", "discount", 0.5)], "pairs with their correlation"),
            ({("gpu price", "discount"): tc.between(0.1, 0.2)}, "draws or a distribution"),
        ],
    )
    def test_what_is_refused(self, pairs: dict[tuple[str, str], float], said: str) -> None:
        with pytest.raises(ScenarioError) as caught:
            self.study().correlate(pairs)
        assert said in str(caught.value)

    def test_correlations_that_cannot_hold_together_are_refused_with_the_eigenvalue(self) -> None:
        pairs = {("gpu price", "discount"): 0.9, ("discount", "answers"): 0.9, ("gpu price", "answers"): -0.9}
        with pytest.raises(ScenarioError) as caught:
            self.study().correlate(pairs)
        assert "no correlation matrix, its least eigenvalue is -0.8" in str(caught.value)

    def test_draws_of_ones_own_are_not_correlated_again(self) -> None:
        study = two_fleets(**{GPU_HOUR: np.array([5.0, 6.0]), "API:discount_share": stats.beta(2, 8)})
        with pytest.raises(ScenarioError, match="an array of draws"):
            study.correlate({(GPU_HOUR, "API:discount_share"): 0.5})
