"""A study at draws of its inputs: against closed forms, the same for a seed, and in words."""

import io
import math
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.show.sample_text import sample_text
from tokencross.studies import sample as sampling
from tokencross.studies.draws import drawn
from tokencross.studies.inputs import uncertain_inputs
from tokencross.studies.sample_words import how_sure

SHAPE = tc.Workload(input_tokens=1_000, output_tokens=500)
GPU_HOUR = "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour"
Z95 = stats.norm.ppf(0.95)


def against(price: np.ndarray | float, *, fixed: np.ndarray | float = 6_000.0, here: float | None = 2e9) -> tc.Study:
    """A line against a flat sum, with draws of one's own."""
    api = tc.Option("API", tc.CostCurve.per_mtok(price))
    own = tc.Option("own", tc.CostCurve.fixed(fixed))
    return tc.Study([api, own], workload=SHAPE, tokens_per_month=here)


def market(**changes: object) -> tc.Study:
    """An API against a fleet from the tables, with uncertain prices."""
    prices = tc.load_prices(as_of="2026-11-21")
    api = prices.api("anthropic/claude-opus-5-5", label="API")
    own = prices.self_hosted(
        "gpt-oss-120b",
        instance="lambda/gpu_1x_b200_sxm6",
        purchase="on_demand",
        engineering=tc.Engineering(upfront_usd=120_000),
        label="own",
    )
    study = tc.Study([api, own], workload=SHAPE, tokens_per_month=4e9)
    return study.replace({GPU_HOUR: tc.between(5, 9, name="gpu price"), **changes})


class TestClosedForms:
    def test_a_lognormal_price_against_a_flat_sum(self) -> None:
        # V* = F / p is lognormal with the same sigma; Sobol points of 8,192 draws: quantiles to about 1e-3
        sigma = math.log(8.0 / 2.0) / (2.0 * Z95)
        drawn = stats.lognorm(sigma, scale=4.0).ppf((np.arange(8_192) + 0.5) / 8_192)
        sample = against(drawn).sample(draws=8_192, seed=7, table_errors=False)
        levels = (0.05, 0.25, 0.5, 0.75, 0.95)
        found = sample.breakevens(quantiles=levels).iloc[0][["q05", "q25", "q50", "q75", "q95"]].to_numpy(float)
        exact = 6_000.0 / 4.0 * 1e6 * np.exp(sigma * stats.norm.ppf(levels))
        np.testing.assert_allclose(found, exact, rtol=5e-3)

    def test_uniform_slopes_half_without_a_breakeven(self) -> None:
        # the challenger's price is uniform on 0..2 against 1: no breakeven from 1 on; V* = F / (1 - p) below
        slopes = (np.arange(4_096) + 0.5) / 2_048
        api = tc.Option("API", tc.CostCurve.per_mtok(1.0))
        own = tc.Option("own", tc.CostCurve.fixed(500.0) + tc.CostCurve.per_mtok(slopes))
        study = tc.Study([api, own], workload=SHAPE)
        sample = study.sample(draws=4_096, seed=1, table_errors=False)
        frame = sample.breakevens(quantiles=(0.25, 0.5, 0.75)).set_index("breakeven")
        assert frame.loc["first", "none_share"] == pytest.approx(0.5, abs=1e-3)
        assert frame.loc["first", "q25"] == pytest.approx(500.0 / (1.0 - 0.5) * 1e6, rel=2e-3)
        assert frame.loc["first", "q75"] == math.inf

    def test_the_chance_to_undercut_is_the_distribution_function_of_the_breakeven(self) -> None:
        prices = stats.lognorm(0.4, scale=4.0).ppf((np.arange(8_192) + 0.5) / 8_192)
        sample = against(prices).sample(draws=8_192, seed=7, table_errors=False)
        volumes = np.array([8e8, 1.5e9, 2.5e9])
        exact = stats.lognorm(0.4, scale=1_500.0).cdf(volumes / 1e6)  # median 6,000 / 4 Mtok
        np.testing.assert_allclose(sample.undercut_shares(volumes)["own"], exact, atol=2e-3)
        np.testing.assert_allclose(sample.cheapest_shares(volumes)["own"], exact, atol=2e-3)

    def test_regret_of_two_lines_by_hand(self) -> None:
        # at 1 Mtok: API 2 or 6 with equal chance, own 5: choosing own costs 3 too much half of the time, API 1
        sample = against(np.array([2.0, 6.0]), fixed=5.0, here=1e6).sample(draws=1_024, seed=0, table_errors=False)
        frame = sample.regret().set_index("option")
        assert frame.loc["API", "regret_usd_per_month"] == pytest.approx(0.5)
        assert frame.loc["own", "regret_usd_per_month"] == pytest.approx(1.5)
        assert frame.loc["API", "mean_usd_per_month"] == pytest.approx(4.0)
        assert frame.loc["API", "cheapest_share"] == 0.5
        assert list(frame.index) == ["API", "own"]
        assert frame.loc["own", "regret_q95_usd_per_month"] == pytest.approx(3.0)


class TestDraws:
    def test_a_between_has_nine_of_ten_draws_within(self) -> None:
        sample = market().sample(draws=8_192, seed=3)
        values = sample.values["gpu price"]
        assert np.mean((values >= 5) & (values <= 9)) == pytest.approx(0.9, abs=1e-3)

    def test_one_draw_is_shared_by_every_place(self) -> None:
        named = tc.between(5, 9, name="gpu price")
        study = market(**{GPU_HOUR: named, "own:engineering[engineering].upkeep_usd_per_month": named})
        sample = study.sample(draws=64, seed=3)
        assert next(iter(sample.values)) == "gpu price"
        assert len(sample.inputs[0].addresses) == 2

    def test_any_number_of_draws_keeps_the_first_of_the_next_power_of_two(self) -> None:
        whole, part = (market().sample(draws=n, seed=3) for n in (1_024, 1_000))
        for name, values in part.values.items():
            np.testing.assert_array_equal(values, whole.values[name][:1_000])

    def test_correlation_of_the_normal_scores(self) -> None:
        study = market(**{"workload:output_tokens": tc.between(300, 900, name="answers")})
        sample = study.correlate({("gpu price", "answers"): 0.6}).sample(draws=8_192, seed=3)
        scores = np.log([sample.values["gpu price"], sample.values["answers"]])
        assert np.corrcoef(scores)[0, 1] == pytest.approx(0.6, abs=0.01)
        for name, (low, high) in {"gpu price": (5, 9), "answers": (300, 900)}.items():
            np.testing.assert_allclose(np.quantile(sample.values[name], (0.05, 0.95)), (low, high), rtol=0.01)

    def test_perfect_correlation_is_one_draw(self) -> None:
        study = market(**{"workload:output_tokens": tc.between(300, 900, name="answers")})
        sample = study.correlate({("gpu price", "answers"): 1.0}).sample(draws=512, seed=3)
        order = np.argsort(sample.values["gpu price"])
        assert np.all(np.diff(sample.values["answers"][order]) >= 0.0)

    def test_draws_of_ones_own_stay_together(self) -> None:
        first, second = np.array([5.0, 6.0, 7.0]), np.array([100.0, 200.0, 300.0])
        study = market(**{GPU_HOUR: first, "own:engineering[engineering].upkeep_usd_per_month": second})
        values = study.sample(draws=300, seed=3).values
        own = np.array([values[GPU_HOUR], values["own:engineering[engineering].upkeep_usd_per_month"]])
        np.testing.assert_array_equal(own[1], (own[0] - 4.0) * 100.0)
        assert {*own[0].tolist()} == {5.0, 6.0, 7.0}

    def test_without_anything_uncertain_there_is_one_answer(self) -> None:
        sample = against(3.0).sample(draws=8, seed=0)
        assert sample.inputs == ()
        np.testing.assert_array_equal(sample.first("own"), np.full(8, 2e9))
        assert sample.cheapest_shares([1e9, 3e9])["own"].tolist() == [0.0, 1.0]

    def test_the_names_of_inputs_lead_to_their_values(self) -> None:
        comparison = market().comparison
        inputs = uncertain_inputs(comparison)
        assert [*drawn(inputs, {}, draws=4, seed=0)] == [each.name for each in inputs]


class TestTheSameForASeed:
    def test_whatever_the_chunks(self) -> None:
        samples = [market().sample(draws=1_000, seed=11, chunk_draws=size) for size in (1_000, 64, 7)]
        volumes = np.geomspace(1e8, 1e12, 7)
        frames = [
            (
                each.first("own"),
                each.robust("own"),
                each.costs(volumes).to_numpy(),
                each.cheapest_shares(volumes).to_numpy(),
                each.regret().drop(columns="option").to_numpy(),
            )
            for each in samples
        ]
        for other in frames[1:]:
            for one, two in zip(frames[0], other, strict=True):
                np.testing.assert_array_equal(one, two)

    def test_another_seed_is_another_sample(self) -> None:
        one, two = (market().sample(draws=256, seed=seed).first("own") for seed in (1, 2))
        assert not np.array_equal(one, two)


class TestStopping:
    def test_an_interrupt_leaves_nothing_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sample = market().sample(draws=512, seed=1, chunk_draws=64)
        whole = sample.first("own").copy()
        again = market().sample(draws=512, seed=1, chunk_draws=64)

        def interrupted(steps: Iterator[object], what: str, count: int) -> Iterator[object]:
            for done, step in enumerate(steps):
                if done == 3:
                    raise KeyboardInterrupt
                yield step

        with monkeypatch.context() as patched:
            patched.setattr(sampling, "tracked", interrupted)
            with pytest.raises(KeyboardInterrupt):
                again.first("own")
        np.testing.assert_array_equal(again.first("own"), whole)

    def test_a_bar_appears_for_what_lasts_and_is_gone_at_the_end(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tokencross.studies import progress

        times = iter(float(second) for second in range(100))
        monkeypatch.setattr("time.monotonic", lambda: next(times))
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert list(progress.tracked(range(5), "counting", 5)) == [0, 1, 2, 3, 4]
        assert "counting" in capsys.readouterr().err

    def test_nothing_is_shown_for_what_is_quick(self, capsys: pytest.CaptureFixture[str]) -> None:
        market().sample(draws=64, seed=1).first("own")
        assert capsys.readouterr() == ("", "")


class TestWhereYouAre:
    def test_an_uncertain_volume_counts_in_every_draw(self) -> None:
        # at 6,000 USD flat against 3 USD/Mtok the turn is at 2B: as often above as below
        study = against(3.0).replace({"tokens_per_month": tc.between(1e9, 4e9, name="volume")})
        sample = study.sample(draws=4_096, seed=1)
        assert sample.cheapest_shares().iloc[0].round(2).to_dict() == {"API": 0.5, "own": 0.5}
        assert np.isnan(sample.cheapest_shares().index[0])
        saved = sample.differences("own")
        np.testing.assert_allclose(saved, 3.0 * sample.values["volume"] / 1e6 - 6_000.0, rtol=1e-9)
        assert how_sure(sample)[0].startswith("Over your 1B to 4B tokens/month")
        assert sample.cheapest_shares([3e9]).iloc[0].to_dict() == {"API": 0.0, "own": 1.0}


class TestChoices:
    def test_other_replicas_at_the_ends_are_said(self) -> None:
        prices = tc.load_prices(as_of="2026-11-21")
        own = prices.self_hosted(
            "llama-3.3-70b",
            instance="aws/p5.48xlarge",
            purchase="on_demand",
            region="us-east-1",
            engineering=tc.Engineering.none(),
            label="own",
        )
        api = prices.api("anthropic/claude-opus-5-5", label="API")
        lengths = tc.Workload(input_tokens=tc.between(200, 30_000), output_tokens=tc.between(50, 4_000))
        wide = tc.Study([api, own], workload=lengths, tokens_per_month=1e9).sample(draws=16, seed=1)
        assert any("it would be built as replicas of" in note for note in wide.notes)
        assert market().sample(draws=16, seed=1).notes == ()


class TestInWords:
    def test_how_sure(self) -> None:
        sample = against(np.array([2.0, 6.0]), fixed=5.0, here=1e6).sample(draws=1_024, seed=0, table_errors=False)
        assert how_sure(sample) == [
            "At your 1M tokens/month API is the cheapest in 50% of the draws, own in 50%.",
            "Choosing API now costs 0.50 USD a month on average above the cheapest of each draw: what knowing would "
            "be worth.",
            "Own undercuts API from 833k tokens/month in half of the draws: nine of ten draws within 833k and 2.5M.",
        ]

    def test_never_in_some_draws(self) -> None:
        api = tc.Option("API", tc.CostCurve.per_mtok(np.array([1.0, 1.0, 1.0, 3.0])))
        own = tc.Option("own", tc.CostCurve.fixed(10.0) + tc.CostCurve.per_mtok(2.0))
        sample = tc.Study([api, own], workload=SHAPE).sample(draws=1_024, seed=0)
        assert how_sure(sample) == ["Own undercuts API in 25% of the draws only; in the others there is no breakeven."]

    def test_text_and_html_say_the_same_figures(self) -> None:
        sample = market().sample(draws=256, seed=1)
        console = Console(width=160, record=True, file=io.StringIO())
        console.print(sample_text(sample))
        text = console.export_text()
        html = sample._repr_html_()
        for said in how_sure(sample):
            assert said[:60] in text
            assert said[:60] in html
        assert "gpu price" in text
        assert "<script" not in html


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"draws": 0}, "sample: draws\n  found 0; accepted: a whole number from 1"),
            ({"draws": 10.5}, "found 10.5"),
            ({"draws": True}, "found True"),
            ({"seed": -1}, "sample: seed\n  found -1"),
            ({"seed": None}, "found None"),
            ({"chunk_draws": 0}, "sample: chunk_draws"),
        ],
    )
    def test_arguments(self, arguments: dict[str, object], said: str) -> None:
        with pytest.raises(ScenarioError) as caught:
            market().sample(**{"draws": 16, "seed": 0, **arguments})  # type: ignore[arg-type]  # wrong on purpose
        assert said in str(caught.value)

    def test_questions(self) -> None:
        sample = against(3.0, here=None).sample(draws=8, seed=0)
        for question, said in (
            (lambda: sample.first("API"), "against itself"),
            (lambda: sample.first("apis"), "unknown label 'apis'"),
            (sample.regret, "volumes in tokens per month, or a study that says where you are"),
            (lambda: sample.costs([-1.0]), "finite numbers >= 0"),
            (lambda: sample.costs([1e9], quantiles=(1.5,)), "probabilities from 0 to 1"),
            (lambda: sample.breakevens(against="nobody"), "unknown label 'nobody'"),
            (lambda: sample.breakevens(quantiles="a"), "different probabilities"),  # type: ignore[arg-type]  # on purpose
            (lambda: sample.costs([1e9], quantiles=(0.5, 0.5)), "different probabilities"),
            (lambda: sample.cheapest_shares("x"), "finite numbers >= 0"),
            (lambda: sample.regret([1e9, 2e9]), "2 volumes; accepted: one volume at a time"),  # type: ignore[arg-type]  # on purpose
            (lambda: sample.differences("API", 1e9), "against itself"),
        ):
            with pytest.raises(ScenarioError) as caught:
                question()
            assert said in str(caught.value)
