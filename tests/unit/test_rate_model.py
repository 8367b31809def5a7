"""What the shipped rows teach, and how far predictions without a row are off."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import CITED as ROW_CITED
from tests.tables import Plain, open_model, write_tables

from tokencross.errors import ResolveError
from tokencross.options import learned
from tokencross.options.learned import inputs_digest, rate_model
from tokencross.options.learning import families_of, learn, taught_runs
from tokencross.options.rate_model import GROUPS, RateModel
from tokencross.options.rates import rows_of
from tokencross.options.roofline import COMPONENTS, Setup
from tokencross.options.throughput import (
    LOG_ERRORS,
    Lengths,
    best_rate,
    fitted_rate,
    modelled_rate,
    predicted_rate,
    rated_runs,
)
from tokencross.tables.book import Book
from tokencross.tables.serving_records import Gpu, OpenModel
from tokencross.tables.store import bundled_store, open_store

BOOK = Book(bundled_store(), date(2026, 11, 21))
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "throughput.py"
CITED: dict[str, Any] = {"basis": "documented", "via": "lab@1.0", "checked": date(2026, 11, 21)}
NEW = OpenModel(
    id="new-34b",
    name="New 34B",
    parameter_count=34e9,
    active_parameter_count=34e9,
    layer_count=48,
    hidden_count=8_192,
    query_head_count=64,
    kv_head_count=8,
    head_size_count=128,
    **CITED,
)


def seconds(rate: Any) -> float:
    """Return the seconds as a float."""
    return float(np.asarray(rate.seconds_per_request))


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """Return the benchmark as a module; its folder is no package."""
    spec = importlib.util.spec_from_file_location("throughput_figures", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------------- components by hand


def test_components_by_hand() -> None:
    """34e9 weights of a byte at 3,350 GB/s, 989 x 2 TFLOPs; 96 KiB of 8-bit cache a token; two GPUs, 64 in flight."""
    gpu, _ = BOOK.gpu("H100-SXM-80GB")
    found = dict(zip(COMPONENTS, Setup(NEW, gpu, 2, "fp8", 64).components(Lengths(1_000.0, 200.0)), strict=True))
    gamma = 48 * 64 * 128 / 34e9
    assert found["prefill"] == pytest.approx(2 * 34e9 * 1_000 * (1 + gamma * 1_000) / (2 * 1_978e12))
    assert found["weights"] == pytest.approx(200 * 34e9 / (2 * 3_350e9) / 64)
    assert found["step"] == pytest.approx(200 * 48 * 1e-4 / 64)
    assert found["cache"] == pytest.approx(200 * 1_100 * 2 * 48 * 8 * 128 / (2 * 3_350e9))
    assert found["arithmetic"] == pytest.approx(200 * 2 * 34e9 / (2 * 1_978e12))
    assert found["network"] == pytest.approx(1_200 * 8 * 48 * 8_192 * 0.5 / 450e9)


def test_memory_limits_what_is_in_flight() -> None:
    """0.92 of 80 GiB less 34 GB of weights, over 96 KiB a token: 27 requests of 16,500 tokens, and 2,048 of few."""
    gpu, _ = BOOK.gpu("H100-SXM-80GB")
    setup = Setup(NEW, gpu, 1, "fp8", None)
    room = (0.92 * 80 * 2**30 - 34e9) / (2 * 48 * 8 * 128)
    assert setup.in_flight(Lengths(16_000.0, 1_000.0)) == pytest.approx(room / 16_500)
    assert setup.in_flight(Lengths(100.0, 10.0)) == 2_048.0
    assert Setup(NEW, gpu, 1, "fp8", 8).in_flight(Lengths(16_000.0, 1_000.0)) == 8.0


def test_a_mixture_reads_the_experts_that_its_requests_cover() -> None:
    """Mixtral 8x7B: of eight experts two work on a token, so one request reads the active share and many read all."""
    model, gpu = BOOK.open_model("mixtral-8x7b")[0], BOOK.gpu("H100-SXM-80GB")[0]
    per_token = [
        float(np.asarray(Setup(model, gpu, 2, "fp8", b).components(Lengths(10.0, 1.0))[1])) * b * 2 * 3_350e9
        for b in (1, 256)
    ]
    assert per_token == pytest.approx([model.active_parameter_count, model.parameter_count], rel=1e-6)


# ---------------------------------------------------------------------- what is learned


def test_modelled_rows_teach_nothing() -> None:
    assert {run.source.run.nature for run in taught_runs(BOOK)} == {"measured", "derived"}
    assert rate_model(BOOK).point_count == 898


def test_the_same_rows_teach_the_same_and_only_once() -> None:
    runs = taught_runs(BOOK)[:60]
    once, again = learn(runs, {}), learn(runs, {})
    assert apart(once, again) == 0.0
    early = BOOK.at(date(2025, 1, 1))
    assert rate_model(early) is rate_model(Book(BOOK.store, early.as_of))
    day_before = max(run.source.run.measured_on for run in taught_runs(early))
    assert rate_model(BOOK.at(day_before)) is rate_model(early)  # no row between the two days


def test_the_rows_are_those_of_the_date() -> None:
    early = BOOK.at(date(2025, 1, 1))
    assert 0 < rate_model(early).point_count < 200
    assert rate_model(early).residual_shares.keys() == {run.digest for run in taught_runs(early)}
    assert all(entry.newest <= early.as_of for entry in rate_model(early).software)


def test_without_rows_the_centre_is_predicted() -> None:
    gpu, _ = BOOK.gpu("H100-SXM-80GB")
    rate = modelled_rate(NEW, gpu, 1, "fp8", None, "offline", Lengths(1_000.0, 200.0), book=BOOK.at(date(2020, 1, 1)))
    assert rate.basis == "roofline at its usual multipliers, without a measured row to fit it to"
    assert rate.log_error == LOG_ERRORS["roofline: no rows"]
    parts = np.array(Setup(NEW, gpu, 1, "fp8", None).components(Lengths(1_000.0, 200.0)), dtype=float)
    assert seconds(rate) == pytest.approx(parts @ [2.3, 0.8, 0.15, 3.2, 3.5, 0.8])


def test_tables_without_rates_have_a_roofline(tmp_path: Path) -> None:
    chip: Plain = {
        "id": "X1",
        "memory_gib": 80.0,
        "memory_bandwidth_gb_per_second": 3_350.0,
        "dense_bf16_tflops": 989.0,
    }
    files: dict[str, Plain | str] = {
        "models/open": {"family": "open", "models": [open_model("toy")]},
        "hardware/gpus": {"gpus": [{**chip, **ROW_CITED}, {"id": "BARE", "memory_gib": 80.0, **ROW_CITED}]},
    }
    book = Book(open_store(write_tables(tmp_path, files)), BOOK.as_of)
    toy = book.open_model("toy")[0]
    rate = modelled_rate(toy, book.gpu("X1")[0], 1, None, None, "offline", Lengths(1_000.0, 200.0), book=book)
    assert rate.basis.endswith("without a measured row to fit it to")
    with pytest.raises(ResolveError, match="BARE without memory bandwidth"):
        modelled_rate(toy, book.gpu("BARE")[0], 1, None, None, "offline", Lengths(1_000.0, 200.0), book=book)


# ---------------------------------------------------------------------- what is kept


def apart(one: RateModel, other: RateModel) -> float:
    """Return the largest difference between the effects of two models."""
    pairs = [(one.centres, other.centres)]
    pairs += [(a[label], b[label]) for a, b in zip(one.effects, other.effects, strict=True) for label in a]
    return max(float(np.max(np.abs(a - b))) for a, b in pairs)


def test_what_is_kept_is_what_the_rows_teach(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails after a change to tables or constants: python -m tokencross.options.learned."""
    assert learned.main("--check") == 0, capsys.readouterr().err
    assert rate_model(BOOK).family(BOOK.open_model("llama-3.3-70b")[0]) == "llama"


def test_a_stale_file_is_called_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    kept = learned._kept()
    assert kept is not None
    few = taught_runs(BOOK)[:20]
    monkeypatch.setattr(learned, "taught_runs", lambda book: few)
    assert learned.main("--check") == 1
    said = capsys.readouterr().err
    assert said.startswith("not fresh: learned_rates.json: other dates, software or families; other runs; other points")
    assert "run: python -m tokencross.options.learned" in said
    monkeypatch.setattr(learned, "_kept", lambda: None)
    assert learned.main("--check") == 1
    assert "no file of this form" in capsys.readouterr().err


def test_the_file_is_written_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = taught_runs(BOOK)[:20]
    monkeypatch.setattr(learned, "taught_runs", lambda book: few)
    monkeypatch.setattr(learned, "LEARNED_FILE", tmp_path / "rates.json")
    assert learned.main() == 0
    learned._kept.cache_clear()
    try:
        kept = learned._kept()
        assert kept is not None
        assert apart(kept.model, learn(few, families_of(BOOK))) < 1e-6
        (tmp_path / "rates.json").write_text("{}", encoding="utf-8")
        learned._kept.cache_clear()
        assert learned._kept() is None
    finally:
        monkeypatch.undo()
        learned._kept.cache_clear()


def test_what_is_kept_is_for_these_tables_from_the_newest_row_on(tmp_path: Path) -> None:
    """A folder with the same files has the same digest, whatever the line ends; one more row has another."""
    kept = learned._kept()
    assert kept is not None
    assert rate_model(BOOK.at(kept.newest)) is kept.model
    (tmp_path / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    for kind in ("hardware", "models", "throughput"):
        (tmp_path / kind).mkdir()
        for path in BOOK.store.files(kind):
            (tmp_path / kind / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    same = Book(open_store(tmp_path), BOOK.as_of)
    assert rate_model(same) is kept.model
    with (tmp_path / "throughput" / "mixtral.yaml").open("a", encoding="utf-8") as file:
        file.write("# a word\n")
    assert inputs_digest(open_store(tmp_path)) != kept.inputs


def test_records_of_ones_own_count_only_where_they_teach(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("tokenizers:\n- tokenizers: []\n", encoding="utf-8")
    assert inputs_digest(open_store(None, own)) == inputs_digest(BOOK.store)
    own.write_text("hardware:\n- gpus:\n  - id: L40S\n    memory_gib: 40.0\n", encoding="utf-8")
    assert inputs_digest(open_store(None, own)) != inputs_digest(BOOK.store)


# ---------------------------------------------------------------------- a run of one's own


def test_the_first_run_teaches_the_same_as_one_more_run() -> None:
    """Where nothing is known, fitting a run's own effects is learning from it: two solvers, one answer."""
    runs = [run for run in taught_runs(BOOK) if run.source.inputs.size > 3][::20]
    assert len(runs) > 2
    for run in runs:
        assert apart(learn([run], {}), RateModel.untaught().including(run)) < 2e-3


def test_one_more_run_moves_its_own_effects_only() -> None:
    others = [run for run in taught_runs(BOOK) if run.source.run.model != "llama-3.3-70b"][:80]
    mine = next(run for run in taught_runs(BOOK) if run.source.run.model == "llama-3.3-70b")
    before = learn(others, {})
    after = before.including(mine)
    for group, label, known, more in zip(GROUPS, mine.labels, before.effects, after.effects, strict=True):
        kept = {name for name in known if group != "deployment" and name in more}
        assert all(np.array_equal(known[name], more[name]) for name in kept)
        assert after.points_with(group, label) == before.points_with(group, label) + mine.source.inputs.size
    assert before.including(mine) is after  # kept
    assert after.including(mine) is after  # taught already
    assert after.point_count == before.point_count + mine.source.inputs.size


def test_the_same_rate_is_worked_out_once() -> None:
    model, gpu = BOOK.open_model("llama-3.3-70b")[0], BOOK.gpu("H100-SXM-80GB")[0]
    rows = rows_of(BOOK, model.id)
    assert rows is rows_of(Book(BOOK.store, BOOK.as_of), model.id)
    source = next(s for s in rows.rated if s.run.gpu == gpu.id)
    once, again = (best_rate(model, gpu, source, Lengths(3_333.0, 222.0), book=BOOK) for _ in range(2))
    assert again is once
    many = best_rate(model, gpu, source, Lengths(np.array([3_333.0]), 222.0), book=BOOK)
    assert_allclose(np.asarray(many.seconds_per_request), [seconds(once)], rtol=1e-12)


# ---------------------------------------------------------------------- modelled rates


def test_a_modelled_rate_says_what_it_rests_on() -> None:
    lengths = Lengths(3_000.0, 400.0)
    h100, l40s, h200 = (BOOK.gpu(name)[0] for name in ("H100-SXM-80GB", "L40S", "H200-SXM-141GB"))
    new = modelled_rate(NEW, h100, 2, "fp8", "vLLM", "closed_loop", lengths, book=BOOK, concurrency=64)
    assert (new.way, new.source, new.extrapolated) == ("roofline", None, True)
    assert "no row of this model" in new.basis
    assert "vLLM" in new.basis
    llama, _ = BOOK.open_model("llama-3.3-70b")
    elsewhere = modelled_rate(llama, l40s, 4, "fp8", None, "offline", lengths, book=BOOK)
    assert "152 of this model; as with" in elsewhere.basis
    here = modelled_rate(llama, h200, 8, "fp8", None, "offline", lengths, book=BOOK)
    assert "of them on this GPU" in here.basis
    assert here.log_error < elsewhere.log_error
    assert here.log_error < new.log_error


def test_a_chip_without_limits_cannot_be_modelled() -> None:
    bare = Gpu(id="BARE", memory_gib=80.0, **CITED)
    with pytest.raises(ResolveError, match=r"BARE without memory bandwidth.*a GPU with both, or a rate of your own"):
        modelled_rate(NEW, bare, 1, "fp8", None, "offline", Lengths(1.0, 1.0), book=BOOK)


def test_more_gpus_serve_more_and_draws_give_draws() -> None:
    gpu, _ = BOOK.gpu("H100-SXM-80GB")
    one, eight = (
        seconds(modelled_rate(NEW, gpu, n, "fp8", None, "offline", Lengths(2_000.0, 300.0), book=BOOK)) for n in (1, 8)
    )
    assert one / 8 < eight < one
    inputs = np.array([300.0, 2_000.0, 20_000.0])
    many = modelled_rate(NEW, gpu, 1, "fp8", None, "offline", Lengths(inputs, 300.0), book=BOOK)
    each = [
        seconds(modelled_rate(NEW, gpu, 1, "fp8", None, "offline", Lengths(float(i), 300.0), book=BOOK)) for i in inputs
    ]
    assert_allclose(np.asarray(many.seconds_per_request), each, rtol=1e-12)
    assert np.all(np.diff(each) > 0)


def test_other_rows_help_a_run_and_an_own_run_counts_most() -> None:
    model, _ = BOOK.open_model("llama-3.3-70b")
    gpu, _ = BOOK.gpu("H100-SXM-80GB")
    source = next(s for s in rated_runs(BOOK.runs(model.id)) if s.run.gpu == gpu.id and s.run.gpu_count == 2)
    lengths = Lengths(4_000.0, 300.0)
    with_rows, alone = (best_rate(model, gpu, source, lengths, book=book) for book in (BOOK, None))
    assert with_rows.log_error <= alone.log_error
    assert "points of others" in with_rows.basis
    slower = source.__class__(
        source.run, source.citation, None, source.inputs[:1], source.outputs[:1], source.rates[:1] / 2
    )
    own = best_rate(model, gpu, slower, Lengths(source.inputs[0] * 1.1, source.outputs[0] * 1.1), book=BOOK)
    table = best_rate(model, gpu, source, Lengths(source.inputs[0] * 1.1, source.outputs[0] * 1.1), book=BOOK)
    assert 1.6 < seconds(own) / seconds(table) < 2.2


def test_what_is_known_says_how_far_off() -> None:
    """Rows of this model on this GPU, then of both apart, of no such GPU, of its family, of none: each less certain."""
    lengths, h200 = Lengths(3_000.0, 400.0), BOOK.gpu("H200-SXM-141GB")[0]
    unseen = h200.model_copy(update={"id": "H999", "architecture": "Later"})
    llama = BOOK.open_model("llama-3.3-70b")[0]
    learnt = rate_model(BOOK)
    sister = NEW.model_copy(update={"id": "llama-9"})
    family = RateModel(**{**vars(learnt), "families": {**learnt.families, "llama-9": "llama"}})
    asked = ((learnt, llama, h200), (learnt, llama, BOOK.gpu("L40S")[0]), (learnt, llama, unseen))
    rates = [predicted(*each, lengths) for each in (*asked, (family, sister, h200), (learnt, NEW, h200))]
    assert [rate.log_error for rate in rates] == [0.16, 0.2, 0.245, 0.31, 0.52]
    assert "no row on this GPU" in rates[2].basis


def predicted(learnt: RateModel, model: OpenModel, gpu: Gpu, lengths: Lengths) -> Any:
    """Return a modelled rate on four GPUs."""
    return predicted_rate(learnt, Setup(model, gpu, 4, "fp8", None), None, "offline", lengths)


def test_a_run_without_other_rows_is_known_less_well() -> None:
    model, gpu = BOOK.open_model("llama-3.3-70b")[0], BOOK.gpu("H100-SXM-80GB")[0]
    setup = Setup(model, gpu, 2, "fp8", None)
    source = max((s for s in rows_of(BOOK, model.id).rated if s.run.gpu == gpu.id), key=lambda s: s.pair_count)
    lengths = Lengths(float(np.mean(source.inputs)), float(np.mean(source.outputs)))
    with_rows, alone = (
        fitted_rate(known, setup, source, lengths) for known in (rate_model(BOOK), RateModel.untaught())
    )
    assert (with_rows.log_error, alone.log_error) == (LOG_ERRORS["fitted"], LOG_ERRORS["fitted alone"])
    assert alone.basis.endswith("of this run and a roofline")


# ---------------------------------------------------------------------- how good it is, in a cheap version


def test_left_out_combinations_and_points_keep_the_bounds_and_bands(figures: ModuleType) -> None:
    """A third of the deployments, and one fold of points: the stated errors hold there too, class by class."""
    rows = figures.Rows(BOOK)
    left = rows.without(lambda run: rows.of_label("deployment", run), 3, most=1)
    points = rows.points(lambda fold: fold == 1)
    alone = rows.alone()
    for found, most in ((left, (1.2, 1.6)), (points, (1.08, 1.25)), (alone, (1.08, 1.25))):
        middle, ninth = figures.percentiles(found)
        assert middle < most[0]
        assert ninth < most[1]
        assert 0.85 < figures.coverage(found) < 0.95
        for known in {row.known for row in found}:
            of_class = [row for row in found if row.known == known]
            if len(of_class) >= 150:
                assert 0.8 < figures.fitting_error(of_class) / LOG_ERRORS[known] < 1.25, known
    assert rows.below_floor() == 0
    again = np.median(np.abs(figures.repeats(rows))) / 0.6745 / np.sqrt(2.0)
    assert again == pytest.approx(LOG_ERRORS["measured"], rel=0.1)


def test_one_more_run_is_as_good_as_learning_everything_anew(figures: ModuleType) -> None:
    quick, full = figures.Rows(BOOK).relearned(25, 2)
    assert len(quick) == len(full) >= 4
    away = [abs(one.log_ratio - other.log_ratio) for one, other in zip(quick, full, strict=True)]
    assert np.median(away) < 0.03
