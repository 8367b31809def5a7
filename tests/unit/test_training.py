"""What training costs by hand: GPU-hours, vendors' tokens and hours, data, distillation, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import CITED, api, hosted, open_model, price_book, row

import tokencross as tc
from tokencross.errors import ScenarioError

NONE = tc.Engineering.none()
CHAT = tc.Workload(input_tokens=1_000, output_tokens=100)


def tuned(name: str, base: str, *prices: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return a way to tune a model."""
    how = {"method": "supervised", "serving": "per_token", **keys}
    return {"id": name, "name": name.title(), "base": base, **how, "prices": list(prices)}


BY_TOKEN = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0}


@pytest.fixture
def book(tmp_path: Path) -> tc.PriceBook:
    """A vendor that tunes for 0.46 USD per million tokens, one by the hour, one without a price; GPUs at 4 USD."""
    h100 = {"id": "H100", "memory_gib": 80.0, "dense_bf16_tflops": 989.0, **CITED}
    old = {"id": "old", "memory_gib": 24.0, **CITED}
    sizes = {"parameter_count": 8.0e9, "active_parameter_count": 8.0e9}
    rate = {"input_tokens": 1_000, "output_tokens": 100, "output_tokens_per_second": 250.0}
    how = {"engine": "vllm", "load_basis": "open_loop_slo", "nature": "measured", "measured_on": CITED["checked"]}
    run = {"model": "open-8b", "gpu": "H100", "gpu_count": 1, **how, "points": [rate], **CITED}
    dense = {"text_kind": "english", "tokenizer_ratio": 1.25}
    price = row(usd_per_hour=32.0)
    offers = [{"purchase": "on_demand", "region": "us", "prices": [price]}]
    instances = [
        {"id": "8x", "gpu": "H100", "gpu_count": 8, "offers": offers},
        {"id": "old", "gpu": "old", "gpu_count": 1, "offers": offers},
    ]
    models = [
        tuned("closed-one", "acme/closed", row(**BY_TOKEN, caveat="Training has ended.")),
        tuned("dense-one", "acme/dense", row(training_usd_per_mtok=4.0, **BY_TOKEN)),
        tuned("hourly-one", "acme/hourly", row(training_usd_per_hour=100.0, **BY_TOKEN), method="reinforcement"),
        tuned("small-one", "acme/small", row(training_usd_per_mtok=0.46, **BY_TOKEN)),
    ]
    return price_book(
        tmp_path,
        {
            "hardware/gpus": {"gpus": [h100, old]},
            "models/open": {"family": "open", "models": [open_model("open-8b", **sizes)]},
            "throughput/open": {"runs": [run]},
            "compute/acme": {"provider": "acme", "name": "Acme", "instances": instances},
            "tuning/acme": {"provider": "acme", "name": "Acme", "models": models},
            **api(
                hosted("closed", row(**BY_TOKEN)),
                hosted("dense", row(**BY_TOKEN), tokenizer="dense"),
                hosted("hourly", row(**BY_TOKEN)),
                hosted("small", row(**BY_TOKEN)),
                hosted("teacher", row(**BY_TOKEN, batch={"discount_share": 0.5}), tokenizer="dense"),
            ),
            "tokenizers/all": {
                "reference": "dense",
                "tokenizers": [{"id": "dense", "name": "Dense", "ratios": [dense], **CITED}],
            },
        },
    )


def parts(book: tc.PriceBook, training: tc.Training, base: str = "acme/small", **keys: Any) -> dict[str, float]:
    """Return USD per month of the parts of training."""
    option = book.fine_tuned(base, training=training, engineering=NONE, label="mine", **keys)
    components = option.curve(CHAT).components(0.0)
    return {
        part.label.removeprefix("training: "): float(part.usd_per_month)
        for part in components
        if part.label.startswith("training: ")
    }


def on_gpus(book: tc.PriceBook, training: tc.Training, adapter: str | None = "full") -> dict[str, float]:
    """Return USD per month of the parts of training of the open model on own GPUs."""
    return parts(book, training, "open-8b", adapter=adapter, instance="acme/8x", purchase="on_demand")


def gpu_run(**given: Any) -> tc.Training:
    """Return training on the eight GPUs, once a month, so that a month pays one run."""
    return tc.Training(
        **{"instance": "acme/8x", "purchase": "on_demand", "epochs": 1, "retrain_every_months": 1, **given}
    )


# ---------------------------------------------------------------------- compute


@pytest.mark.parametrize(
    ("billions", "adapter", "gpu_hours"),
    [(8, "full", 34), (8, "lora", 22), (70, "full", 295), (70, "lora", 197)],
    # operations 6 P (all weights) or 4 P (adapter) per token at 0.4 of 989 TFLOPS, a billion tokens
)
def test_gpu_hours_per_billion_tokens(book: tc.PriceBook, billions: float, adapter: str, gpu_hours: float) -> None:
    compute = on_gpus(book, gpu_run(training_tokens=1e9, parameter_count=billions * 1e9), adapter)["compute"]
    assert compute / 4.0 == pytest.approx(gpu_hours, rel=0.025)  # 32 USD an hour for 8 GPUs
    exact = {"full": 6, "lora": 4}[adapter] * billions * 1e9 * 1e9 / (0.4 * 989e12 * 3_600)
    assert compute == pytest.approx(exact * 4.0)


def test_the_size_of_an_open_base_is_the_tables(book: tc.PriceBook) -> None:
    known = on_gpus(book, gpu_run(training_tokens=1e9))["compute"]
    assert known == on_gpus(book, gpu_run(training_tokens=1e9, parameter_count=8e9))["compute"]


def test_validation_on_gpus_is_a_forward_pass(book: tc.PriceBook) -> None:
    plain = on_gpus(book, gpu_run(training_tokens=1e9))["compute"]
    checked = on_gpus(book, gpu_run(training_tokens=1e9, validation_tokens=1e8, validation_count=5))["compute"]
    assert checked / plain == pytest.approx(1 + 2 * 5e8 / (6 * 1e9))


def test_utilisation_and_peak_can_be_said(book: tc.PriceBook) -> None:
    plain = on_gpus(book, gpu_run(training_tokens=1e9))["compute"]
    slow = gpu_run(training_tokens=1e9, model_flops_utilisation_share=0.2)
    fast = gpu_run(training_tokens=1e9, gpu_tflops=1978.0)
    assert on_gpus(book, slow)["compute"] == pytest.approx(2 * plain)
    assert on_gpus(book, fast)["compute"] == pytest.approx(plain / 2)


def test_hours_that_are_known_need_no_formula(book: tc.PriceBook) -> None:
    run = tc.Training(training_hours=3, instance="acme/8x", purchase="on_demand", retrain_every_months=1)
    assert on_gpus(book, run, None) == {"compute": 3 * 32.0}  # 24 GPU-hours, as Stanford Alpaca took


def test_the_vendors_own_example(book: tc.PriceBook) -> None:
    # docs.ori.co, fine-tuning billing: 5M tokens x 3 epochs + 1M of validation at 0.46 USD per million: 7.36 USD
    ori = tc.Training(training_tokens=5e6, epochs=3, validation_tokens=1e6, validation_count=1, retrain_every_months=1)
    assert parts(book, ori) == {"compute": pytest.approx(7.36)}


def test_training_prices_of_the_tables() -> None:
    # OpenAI's list: GPT-4.1 25 USD and GPT-4.1 mini 5 USD per million training tokens; Azure the same, global
    prices = tc.load_prices(as_of="2026-11-21")
    million = tc.Training(training_tokens=1e6, epochs=1, retrain_every_months=1)
    assert parts(prices, million, "openai/gpt-4.1") == {"compute": 25.0}
    assert parts(prices, million, "openai/gpt-4.1-mini") == {"compute": 5.0}
    assert parts(prices, million, "azure/gpt-4.1-mini-supervised-global") == {"compute": 5.0}


def test_together_counts_epochs_and_validation(book: tc.PriceBook) -> None:
    # docs.together.ai, fine-tuning pricing: 8192 x 8 x 1000 = 65.5M tokens, 1M of validation 10 times; 0.48 USD LoRA
    prices = tc.load_prices(as_of="2026-11-21")
    job = tc.Training(
        training_tokens=8_192 * 8 * 1_000, epochs=1, validation_tokens=1e6, validation_count=10, retrain_every_months=1
    )
    found = parts(
        prices, job, "llama-3.1-8b", provider="together", method="supervised", adapter="lora", gpu="H100-SXM-80GB"
    )
    assert found == {"compute": pytest.approx((65.536 + 10) * 0.48)}


def test_examples_are_counted_by_the_bases_tokenizer(book: tc.PriceBook) -> None:
    run = tc.Training(examples_count=1_000, tokens_per_example=1_000, epochs=1, retrain_every_months=1)
    assert parts(book, run, "acme/dense") == {"compute": pytest.approx(1.25 * 4.0)}
    assert parts(book, run, "acme/dense", tokenizer_ratio=1.0) == {"compute": pytest.approx(4.0)}
    counted = tc.Training(training_tokens=1e6, epochs=1, retrain_every_months=1)  # as the trainer counts them
    assert parts(book, counted, "acme/dense") == {"compute": pytest.approx(4.0)}


def test_a_price_by_the_hour(book: tc.PriceBook) -> None:
    run = tc.Training(training_hours=6, run_count=2, retrain_every_months=3)
    assert parts(book, run, "acme/hourly") == {"compute": pytest.approx(6 * 100 * 2 / 3)}


def test_a_price_of_ones_own_comes_first(book: tc.PriceBook) -> None:
    run = tc.Training(training_tokens=1e6, epochs=1, training_usd_per_mtok=9.0, retrain_every_months=1)
    assert parts(book, run) == {"compute": 9.0}
    run = tc.Training(training_hours=2, training_usd_per_hour=7.0, retrain_every_months=1)
    assert parts(book, run) == {"compute": 14.0}


def test_a_run_costs_its_minimum(book: tc.PriceBook) -> None:
    run = tc.Training(training_tokens=1e6, epochs=1, minimum_usd_per_run=6.0, run_count=3, retrain_every_months=1)
    assert parts(book, run) == {"compute": 18.0}


# ---------------------------------------------------------------------- data and evaluation


def test_labels_serve_until_the_next_training_unless_said(book: tc.PriceBook) -> None:
    data: dict[str, Any] = {"examples_count": 5_000, "usd_per_example": 1.0, "tokens_per_example": 600, "epochs": 3}
    assert parts(book, tc.Training(**data)) == {
        "labelled data": pytest.approx(5_000 / 9),
        "compute": pytest.approx(5_000 * 600 * 3 * 0.46 / 1e6 / 9),
    }


def test_first_labels_once_and_fresh_ones_at_each_training(book: tc.PriceBook) -> None:
    # 5,000 USD once and 20% of it at three further trainings, in 12 months; the pilot's 15% once
    data: dict[str, Any] = {"examples_count": 5_000, "usd_per_example": 1.0, "tokens_per_example": 600, "epochs": 3}
    said: dict[str, Any] = {
        "retrain_every_months": 3,
        "data_life_months": 12,
        "relabelled_share": 0.2,
        "pilot_share": 0.15,
    }
    assert parts(book, tc.Training(**data, **said))["labelled data"] == pytest.approx(
        (5_000 * 1.15 + 3 * 0.2 * 5_000) / 12
    )


def test_evaluation_is_paid_with_every_training(book: tc.PriceBook) -> None:
    judge = book.api("acme/teacher", tokenizer_ratio=1)
    said: dict[str, Any] = {
        "evaluation_request_count": 1_000,
        "evaluation_input_tokens": 2_000,
        "evaluation_output_tokens": 100,
    }
    run = tc.Training(training_hours=0, training_usd_per_hour=0, evaluation_usd=500, judge=judge, **said)
    assert parts(book, run) == {"evaluation": pytest.approx((500 + 1_000 * (2_000 * 2 + 100 * 8) / 1e6) / 9)}


def test_a_teacher_is_paid_as_a_request_by_hand(book: tc.PriceBook) -> None:
    teacher = book.api("acme/teacher", service_tier="batch")
    run = tc.Training.distilled(
        teacher=teacher, examples_count=10_000, input_tokens=800, output_tokens=200, kept_share=0.25, epochs=2
    )
    billed = teacher.bill(input_tokens=800 * 1.25, output_tokens=200 * 1.25)  # its tokenizer makes 1.25 of one
    found = parts(book, run)
    assert found["teacher tokens"] == pytest.approx(40_000 * float(billed) / 9)
    assert found["teacher tokens"] == pytest.approx(40_000 * 1.25 * (800 * 2 + 200 * 8) / 1e6 * 0.5 / 9)
    assert found["compute"] == pytest.approx(10_000 * 1_000 * 2 * 0.46 / 1e6 / 9)  # the student's own tokens


def test_a_teachers_row_is_cited_and_its_numbers_have_addresses(book: tc.PriceBook) -> None:
    teacher = book.api("acme/teacher", discount_share=0.1)
    run = tc.Training.distilled(teacher=teacher, examples_count=10_000, input_tokens=800, output_tokens=200, epochs=2)
    option = book.fine_tuned("acme/small", training=run, engineering=NONE, label="mine")
    study = tc.Study([option], workload=CHAT)
    assert "prices:acme/teacher" in set(study.sources()["row"])
    source = study.breakdown(0).set_index("component").loc["training: teacher tokens", "source"]
    assert "api/acme.yaml" in str(source)
    before = study.costs(0)["mine"].iloc[0]
    dearer = study.replace({"prices:acme/teacher.input_usd_per_mtok": 4.0}).costs(0)["mine"].iloc[0]
    assert dearer - before == pytest.approx(10_000 * 1.25 * 800 * 2 / 1e6 * 0.9 / 9)
    full = study.replace({"mine:training.teacher.discount_share": 0.0}).costs(0)["mine"].iloc[0]
    assert full - before == pytest.approx(10_000 * 1.25 * (800 * 2 + 200 * 8) / 1e6 * 0.1 / 9)


def test_a_model_from_scratch(book: tc.PriceBook) -> None:
    run = tc.Training.from_scratch(
        parameter_count=8e9, tokens=1e12, instance="acme/8x", purchase="on_demand", retrain_every_months=24
    )
    hours = 6 * 8e9 * 1e12 / (0.4 * 989e12 * 3_600)
    assert on_gpus(book, run, None) == {"compute": pytest.approx(hours * 4.0 / 24)}


def test_no_training_costs_nothing(book: tc.PriceBook) -> None:
    assert parts(book, tc.Training.none()) == {}


# ---------------------------------------------------------------------- addresses and draws


def test_every_number_has_an_address_that_replaces_it(book: tc.PriceBook) -> None:
    run = tc.Training(examples_count=5_000, usd_per_example=1.0, tokens_per_example=600, epochs=3)
    option = book.fine_tuned("acme/small", training=run, engineering=NONE, label="mine")
    study = tc.Study([option], workload=CHAT)
    listed = study.parameters().set_index("address")
    assert listed.loc["mine:training.retrain_every_months", "origin"] == "default"
    assert "nine months" in str(listed.loc["mine:training.retrain_every_months", "source"])
    assert listed.loc["mine:training.examples_count", "value"] == 5_000
    assert listed.loc["tuning:acme/small-one.training_usd_per_mtok", "origin"] == "table"
    for address in listed.index[listed.index.str.startswith(("mine:training", "tuning"))]:
        study.replace({address: float(listed.loc[address, "value"])})
    half = study.replace({"mine:training.retrain_every_months": 18.0})
    assert half.costs(0)["mine"].iloc[0] == pytest.approx(study.costs(0)["mine"].iloc[0] / 2)
    other = study.replace({"mine:training": tc.Training.none()})
    assert other.costs(0)["mine"].iloc[0] == 0.0


def test_sizes_of_gpus_and_models_can_be_replaced(book: tc.PriceBook) -> None:
    option = book.fine_tuned(
        "open-8b",
        training=gpu_run(training_tokens=1e9),
        engineering=NONE,
        label="mine",
        adapter="full",
        instance="acme/8x",
        purchase="on_demand",
    )
    study = tc.Study([option], workload=CHAT)
    listed = study.parameters().set_index("address")
    assert listed.loc["mine:training.gpu_tflops", "origin"] == "table"
    assert listed.loc["mine:training.model_flops_utilisation_share", "origin"] == "default"
    twice = study.replace({"mine:training.parameter_count": 16e9})
    before, after = (
        each.breakdown(0).set_index("component")["usd_per_month"]["training: compute"] for each in (study, twice)
    )
    assert after == pytest.approx(2 * before)
    assert any("worked out, not measured: 33.7 GPU-hours" in note for note in study.notes)


def test_draws_are_priced_draw_by_draw(book: tc.PriceBook) -> None:
    counts, prices = np.array([1_000.0, 2_000.0]), np.array([0.5, 2.0])
    run = tc.Training(examples_count=counts, usd_per_example=prices, tokens_per_example=600, epochs=3)
    option = book.fine_tuned("acme/small", training=run, engineering=NONE, label="mine")
    curve = option.curve(CHAT)
    for index in range(2):
        single = tc.Training(
            examples_count=counts[index], usd_per_example=prices[index], tokens_per_example=600, epochs=3
        )
        alone = book.fine_tuned("acme/small", training=single, engineering=NONE, label="mine").curve(CHAT)
        assert curve.draw(index).usd_per_month(1e9) == pytest.approx(alone.usd_per_month(1e9))
    assert tc.Study([option], workload=CHAT).costs(0)["mine"].iloc[0] == pytest.approx(1_500 * (1.25 + 8.28e-4) / 9)


# ---------------------------------------------------------------------- what is refused

ENOUGH: dict[str, Any] = {"examples_count": 100, "tokens_per_example": 10, "epochs": 1}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing that says how much is trained"),
        ({**ENOUGH, "examples_count": 0}, "training.examples_count\n  found 0; accepted: a finite number > 0"),
        ({**ENOUGH, "epochs": 0}, "training.epochs\n  found 0; accepted: a finite number > 0"),
        ({"examples_count": 100, "tokens_per_example": 10}, "tokens_per_example without a number of passes"),
        ({"tokens_per_example": 10, "epochs": 1}, "training.examples_count\n  found nothing"),
        ({"training_tokens": 10, "epochs": 1, "usd_per_example": 1}, "training.examples_count\n  found nothing"),
        ({**ENOUGH, "training_tokens": 10}, "tokens_per_example and training_tokens"),
        ({**ENOUGH, "training_hours": 10}, "Leave one of them out."),
        ({**ENOUGH, "model_flops_utilisation_share": 0}, "a number above 0 up to 1"),
        ({**ENOUGH, "model_flops_utilisation_share": 1.1}, "a number above 0 up to 1"),
        ({**ENOUGH, "run_count": 0.5}, "a finite number >= 1"),
        ({**ENOUGH, "retrain_every_months": 0}, "training.retrain_every_months"),
        ({**ENOUGH, "instance": "acme/8x"}, "instance without purchase"),
        ({**ENOUGH, "purchase": "spot"}, "purchase without instance"),
        ({**ENOUGH, "instance": "a", "purchase": "b", "training_usd_per_mtok": 1}, "one way to pay for a run"),
        ({"training_hours": 1, "training_usd_per_mtok": 1}, "one way to pay for a run"),
        ({**ENOUGH, "training_usd_per_hour": 1}, "training.training_hours\n  found nothing"),
        ({**ENOUGH, "parameter_count": 1e9}, "no hours are worked out from them"),
        ({**ENOUGH, "validation_tokens": 1}, "validation_tokens without validation_count"),
        ({**ENOUGH, "evaluation_request_count": 1}, "evaluation_request_count without judge"),
        ({**ENOUGH, "relabelled_share": 0.2}, "training.data_life_months\n  found nothing"),
        ({**ENOUGH, "data_life_months": 6}, "found 6, with retrain_every_months 9"),
        ({**ENOUGH, "teacher": "gpt"}, "training.teacher\n  found 'gpt'; accepted: a hosted model"),
        ({**ENOUGH, "epochs": np.ones(2), "run_count": np.ones(3)}, "the same number of draws"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        tc.Training(**given)
    assert words in str(caught.value)


def test_a_missing_price_says_which_argument_gives_it(book: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError) as caught:
        parts(book, tc.Training(**ENOUGH), "acme/closed")
    message = str(caught.value)
    assert message.startswith("mine:training.training_usd_per_mtok\n  found nothing")
    assert "Training has ended." in message
    assert "instance= and purchase=" in message
    assert "Training.none()" in message
    with pytest.raises(ScenarioError, match="sells it by the hour: say training_hours="):
        parts(book, tc.Training(**ENOUGH), "acme/hourly")
    with pytest.raises(ScenarioError, match="sells it by the token: say tokens_per_example="):
        parts(book, tc.Training(training_hours=1))
    with pytest.raises(ScenarioError, match="no table is asked about open-8b"):
        on_gpus(book, tc.Training(**ENOUGH))


def test_sizes_that_no_table_has_are_asked_for(book: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError, match=r"training\.gpu_tflops"):
        on_gpus(book, gpu_run(training_tokens=1e9, instance="acme/old"))
    with pytest.raises(ScenarioError, match=r"training\.parameter_count"):
        parts(book, gpu_run(training_tokens=1e9), adapter="full")
    with pytest.raises(ScenarioError, match="mine:adapter\n  found nothing, though the hours of training depend"):
        on_gpus(book, gpu_run(training_tokens=1e9), None)


def test_an_unknown_number_is_named_with_the_nearest(book: tc.PriceBook) -> None:
    option = book.fine_tuned("acme/small", training=tc.Training(**ENOUGH), engineering=NONE, label="mine")
    with pytest.raises(ScenarioError, match="Did you mean 'examples_count'"):
        option.with_number("training.example_count", 1)
    with pytest.raises(ScenarioError, match="mine:training\n"):
        option.with_number("training", 3)


def test_a_teacher_of_other_tables_is_refused(book: tc.PriceBook) -> None:
    teacher = tc.load_prices(as_of="2026-11-21").api("openai/gpt-6-sol")
    run = tc.Training.distilled(teacher=teacher, examples_count=10, input_tokens=8, output_tokens=2, epochs=1)
    with pytest.raises(ScenarioError, match="a hosted model of the same price book"):
        parts(book, run)
