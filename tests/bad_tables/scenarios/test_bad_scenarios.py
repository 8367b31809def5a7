"""Every mistake in a scenario ends in one clear error, in Python and on the command line: exit code 2, nothing left."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import tokencross as tc
from tokencross.cli import app
from tokencross.errors import ResolveError, ScenarioError, TableError, TokencrossError
from tokencross.options.hosting import CHOICES, NUMBERS

HERE = Path(__file__).parent
WORKLOAD_KEYS = (
    "input_tokens, output_tokens, cached_input_share, cache_write_share, batch_share, input_cv, output_cv, text_kind, "
    "peak_to_mean, load, burst_ratio, classes, name"
)
OPTION_KEYS = (
    "label, api, self_hosted, dedicated, provisioned, fine_tuned, cascade, split, spillover, accepted, listed, "
    "model, gpu, service_tier, cache_lifetime, stored_cache_tokens, usage_tier, credits_usd_per_month, support, "
    "commitment, usd_per_unit_hour, input_tokens_per_minute, output_weight_ratio, cached_weight_ratio, "
    "min_unit_count, min_replica_count, region, discount_share, tokenizer_ratio, output_ratio, instance, "
    "purchase, precision, engine, gpus_per_replica, throughput, latency, target_load_share, min_instance_count, "
    "spare_instance_count, prefix_hit_share, billed_hours_share, scaling, base_purchase, reserved_count, "
    "max_instance_count, interruption_overhead_share, zone_count, standby_share, around, training, serving, "
    "provider, method, adapter, deployment_count, base_share, adapter_overhead_share, fallback, escalation_share, "
    "verifier, verifier_output_tokens, verifier_usd_per_request, burst, replica_count, success_share, "
    "retry_count, retry_success_share, fallback_success_share, review_usd_per_task, reviewed_share, "
    "compute_as_of, throughput_as_of, engineering"
)
ENGINEERING_KEYS = (
    "label, upfront_usd, amortization_months, discount_rate_per_year, upkeep_usd_per_month, upkeep_usd_per_gpu_month, "
    "lead_months, team"
)
API_KEYS = (
    "cache_lifetime, credits_usd_per_month, discount_share, engineering, output_ratio, region, service_tier, "
    "stored_cache_tokens, support, tokenizer_ratio, usage_tier"
)
PROVIDERS = ", ".join(sorted(path.stem for path in (HERE.parents[2] / "pricing" / "api").glob("*.yaml")))
DISTRIBUTION_KEYS = "between, triangular, share_between"
SCENARIO = "a scenario: a mapping of keys to values"
Mistake = tuple[type[TokencrossError], str, str, str]

# file: (error, where after the file's name, found and accepted, remedy); {here} is the folder
MISTAKES: dict[str, Mistake] = {
    "misspelt_key": (
        ScenarioError,
        ":3: workload.ouput_tokens",
        f"an unknown key; accepted: one of {WORKLOAD_KEYS}",
        "Did you mean 'output_tokens' or 'input_tokens'?",
    ),
    "misspelt_option_key": (
        ScenarioError,
        ":10: options[1].purchas",
        f"an unknown key; accepted: one of {OPTION_KEYS}",
        "Did you mean 'purchase' or 'base_purchase'?",
    ),
    "duplicate_key": (
        ScenarioError,
        ":3",
        "the key 'as_of' twice in one mapping; accepted: each key once",
        "Keep one of the two.",
    ),
    "wrong_unit": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_eur",
        f"an unknown key; accepted: one of {ENGINEERING_KEYS}",
        "Did you mean 'upfront_usd'?",
    ),
    "negative_number": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd",
        "-60000; accepted: a number >= 0, in USD",
        "",
    ),
    "infinite_number": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd",
        "inf; accepted: a finite number",
        "",
    ),
    "number_as_text": (
        ScenarioError,
        ":4: tokens_per_month",
        "'4e9'; accepted: a number, in tokens per month",
        "YAML reads this as text: write 1.0e+6 or 1_000_000.",
    ),
    "zero_volume": (ScenarioError, ":4: tokens_per_month", "0; accepted: a number > 0, in tokens per month", ""),
    "overlapping_eras": (
        TableError,
        ":7: options[0]: {here}/tables/api/acme.yaml:5: models[0]",
        "overlapping eras: one until 2026-07-01, the next from 2026-06-01; accepted: eras that do not overlap",
        "End the earlier one on the day the next one starts, or leave effective_to out.",
    ),
    "no_tables_there": (
        TableError,
        ":3: pricing: {here}/tabels",
        "no such folder; accepted: a folder of pricing tables with a file VERSION",
        "",
    ),
    "unknown_model": (
        ResolveError,
        ":6: options[0]: pricing/api",
        "unknown 'gpt-6-sole'; accepted: an id or alias in pricing/api",
        "Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?",
    ),
    "unknown_provider": (
        ResolveError,
        ":6: options[0]: pricing/api",
        "unknown provider 'opnai'; accepted: a provider of the tables",
        "Did you mean 'openai'?",
    ),
    "model_without_provider": (
        ResolveError,
        ":6: options[0]: pricing/api",
        "'gpt-9-sol' without a provider; accepted: provider/model",
        f"Providers: {PROVIDERS}.",
    ),
    "unknown_open_model": (
        ResolveError,
        ":7: options[1]: pricing/models",
        "unknown 'lama-3.3-70b'; accepted: an id or alias in pricing/models",
        "Did you mean 'llama-3.3-70b' or 'llama-3.1-70b' or 'llama-2-70b'?",
    ),
    "unknown_instance": (
        ResolveError,
        ":7: options[1]: pricing/compute",
        "unknown 'gpu_1x_b200_smx6'; accepted: an id or alias in pricing/compute",
        "Did you mean 'gpu_1x_b200_sxm6' or 'gpu_8x_b200_sxm6' or 'gpu_4x_b200_sxm6'?",
    ),
    "unknown_purchase": (
        ResolveError,
        ":7: options[1]: compute:lambda/gpu_1x_b200_sxm6",
        "purchase 'ondemand', which the table does not have for it; accepted: one of on_demand",
        "Did you mean 'on_demand'?",
    ),
    "unknown_latency": (
        ScenarioError,
        ":7: options[1]: own:latency",
        "'interactiv'; accepted: one of interactive, relaxed, batch, or "
        "tc.Latency(time_per_output_token_ms=…, time_to_first_token_ms=…)",
        "Did you mean 'interactive'?",
    ),
    "unknown_service_tier": (
        ScenarioError,
        ":6: options[0]: frontier:service_tier",
        "'batched'; accepted: one of standard, batch, flex, priority: the table has no other price of it",
        "Did you mean 'batch'?",
    ),
    "unknown_text_kind": (
        ResolveError,
        ":6: options[0]: pricing/tokenizers: o200k",
        "unknown text_kind 'englisch'; accepted: a measured kind",
        "Did you mean 'english'?",
    ),
    "date_before_first_row": (
        ResolveError,
        ":6: options[0]: prices:openai/gpt-6-sol",
        "2020-01-01, before the first known price of openai/gpt-6-sol; accepted: a date from 2026-09-22 on",
        "Say before_first: hold to take the row of 2026-09-22, which says so in the notes.",
    ),
    "no_such_date": (
        ScenarioError,
        ":2",
        "'2026-11-31'; accepted: a value that exists, such as 2026-11-21 for a date",
        "",
    ),
    "instance_too_small": (  # 70.6e9 weights at 4.25 bits are 35 GiB; 0.92 x 24 GiB hold 22 of them
        ScenarioError,
        ":7: options[1]: own:instance",
        "1x A10-24GB with 24 GiB for 35 GiB of weights (Llama 3.3 70B at fp4); "
        "accepted: at least 2 such GPUs, or larger ones",
        "",
    ),
    "shares_exceed_one": (
        ScenarioError,
        ":3: workload: workload:cached_input_share + cache_write_share",
        "0.7 + 0.5 = 1.2; accepted: shares of the input that together are at most 1",
        "",
    ),
    "share_in_percent": (
        ScenarioError,
        ":3: workload.batch_share",
        "30; accepted: a number <= 1, in a fraction from 0 to 1",
        "A share is a fraction: 0.3 is 30%.",
    ),
    "cached_without_write_share": (
        ScenarioError,
        ":3: workload: workload:cache_write_share",
        "nothing, with cached_input_share 0.7; accepted: the share of input tokens written to the cache, from 0 to 1",
        "What is read from a cache was written once: say how often (0 if writes cost nothing).",
    ),
    "no_tokens": (
        ScenarioError,
        ":3: workload",
        "input_tokens and output_tokens of 0; accepted: at least one of them above 0 (tokens per request)",
        "",
    ),
    "peak_below_mean": (
        ScenarioError,
        ":3: workload: workload:peak_to_mean",
        "0.5; accepted: a finite number >= 1 (peak hour over mean hour)",
        "",
    ),
    "load_of_23_hours": (
        ScenarioError,
        ":3: workload: workload:load",
        "23 weights; accepted: 24 or 168 finite weights >= 0, not all 0",
        "",
    ),
    "unknown_incumbent": (
        ScenarioError,
        ":5: incumbent",
        "unknown option label 'frontire'; accepted: one of frontier, own",
        "Did you mean 'frontier'?",
    ),
    "unknown_reference": (
        ScenarioError,
        ":5: reference",
        "unknown option label 'small'; accepted: one of frontier, own",
        "Known: frontier, own.",
    ),
    "double_label": (
        ScenarioError,
        ":5: options",
        "two labelled 'frontier'; accepted: a different label for each",
        "Give one of them another label=.",
    ),
    "label_with_colon": (
        ScenarioError,
        ":7: options[1]: label",
        "'own: GPUs'; accepted: a name without ':' and brackets, which addresses use",
        "",
    ),
    "no_engineering": (
        ScenarioError,
        ":7: options[1]",
        "no key 'engineering'; accepted: engineering, which self_hosted requires",
        "A free lunch is written engineering: [].",
    ),
    "double_engineering": (
        ScenarioError,
        ":11: options[1].engineering",
        "two items labelled 'engineering'; accepted: a different label for each item",
        "",
    ),
    "two_kinds": (
        ScenarioError,
        ":7: options[1]",
        "api and self_hosted; accepted: one of api, self_hosted, dedicated, provisioned, fine_tuned, cascade, split, "
        "spillover, accepted, naming what it is",
        "",
    ),
    "foreign_key": (ScenarioError, ":6: options[0]", f"'instance' with api; accepted: one of {API_KEYS}", ""),
    "no_options": (ScenarioError, ":5: options", "[]; accepted: at least one entry", ""),
    "zero_gpus": (ScenarioError, ":7: options[1]: own:gpus_per_replica", "0; accepted: a whole number >= 1", ""),
    "misspelt_distribution": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd.betwen",
        f"an unknown key; accepted: one of {DISTRIBUTION_KEYS}, name",
        "Did you mean 'between' or 'share_between'?",
    ),
    "interval_backwards": (
        ScenarioError,
        ":4: tokens_per_month.between",
        "low 6e+09 and high 2e+09; accepted: low < high",
        "Swap the two.",
    ),
    "interval_of_one_number": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd.between",
        "60000; accepted: [low, high]",
        "",
    ),
    "interval_as_text": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd.between[0]",
        "'50k'; accepted: a number",
        "Write the number alone; its unit is in the key's name.",
    ),
    "two_distributions": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd",
        f"between and triangular; accepted: one of {DISTRIBUTION_KEYS}",
        "",
    ),
    "no_distribution": (
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd",
        f"none of them; accepted: one of {DISTRIBUTION_KEYS}",
        "",
    ),
    "interval_below_zero": (  # normal with mean 35,000: 35,000 over 90,000 / (2 x 1.644854) is 1.27932 deviations
        ScenarioError,
        ":12: options[1].engineering[0].upfront_usd",
        "a distribution with 10% of its mass below 0; accepted: a finite number >= 0 (USD)",
        "What is never negative is between: [low, high] with low above 0: a lognormal distribution.",
    ),
    "share_above_one": (  # lognormal around 0.3: ln(1 / 0.3) over ln(9) / (2 x 1.644854) is 1.80260 deviations
        ScenarioError,
        ":6: options[0].discount_share",
        "a distribution with 3.57% of its mass above 1; accepted: a number from 0 to 1",
        "A share between 0 and 1 is share_between: [low, high].",
    ),
    "share_between_percents": (
        ScenarioError,
        ":6: options[0].discount_share.share_between",
        "low 10 and high 20; accepted: two numbers above 0 and below 1, the lower one first",
        "Shares are fractions: write 0.5 for 50%.",
    ),
    "peak_below_mean_in_some_draws": (  # lognormal around 3: ln(3) over ln(4) / (2 x 1.644854) is 2.60704 deviations
        ScenarioError,
        ":3: workload: workload:peak_to_mean",
        "a distribution with 0.457% of its mass below 1; accepted: a finite number >= 1 (peak hour over mean hour)",
        "triangular: [low, mode, high] stays within its ends.",
    ),
    "rate_that_is_no_distribution": (
        ScenarioError,
        ":11: options[1].throughput.betwen",
        f"an unknown key; accepted: one of {DISTRIBUTION_KEYS}, name, benchmarks, measured",
        "Did you mean 'between' or 'share_between'?",
    ),
    "one_name_two_numbers": (
        ScenarioError,
        ":13: options[1].engineering[1].upfront_usd",
        "between: [50000, 90000] of the name 'work'; accepted: the same as on line 12, between: [50000, 80000]: one "
        "name is one number",
        "Give it another name, or none.",
    ),
    "replaced_unknown_address": (
        ScenarioError,
        ":14: replace.own:througput",
        f"no such number; accepted: {', '.join([*NUMBERS, *CHOICES, 'engineering'])}",
        "Did you mean 'throughput' or 'throughput_ratio'?",
    ),
    "replaced_by_an_interval_below_zero": (  # as interval_below_zero: in the words of a file, not of a call
        ScenarioError,
        ":14: replace.compute:lambda/gpu_1x_b200_sxm6.usd_per_hour",
        "a distribution with 10% of its mass below 0; accepted: a finite number >= 0 (USD per hour)",
        "What is never negative is between: [low, high] with low above 0: a lognormal distribution.",
    ),
    "replaced_below_zero": (
        ScenarioError,
        ":14: replace.compute:lambda/gpu_1x_b200_sxm6.usd_per_hour",
        "-3; accepted: a finite number >= 0 (USD per hour)",
        "",
    ),
    "correlation_of_unknown": (
        ScenarioError,
        ":14: correlations[0].pair: correlate",
        "'wrok'; accepted: the name or an address of an uncertain input",
        "Did you mean 'work'?",
    ),
    "correlation_over_one": (
        ScenarioError,
        ":14: correlations[0].correlation",
        "1.4; accepted: a number <= 1",
        "",
    ),
    "correlation_of_three": (
        ScenarioError,
        ":14: correlations[0].pair",
        "['work', 'a', 'b']; accepted: [name, name]",
        "",
    ),
    "tag": (
        ScenarioError,
        ":1",
        "the YAML tag 'tag:yaml.org,2002:python/object/apply:os.system'; accepted: plain values without a tag",
        "",
    ),
    "alias_bomb": (
        ScenarioError,
        ":1",
        "an alias (*name) of another part; accepted: every value written out where it belongs",
        "",
    ),
    "empty": (ScenarioError, ":1", f"an empty file; accepted: {SCENARIO}", ""),
    "not_yaml": (
        ScenarioError,
        ":2",
        "text that is not YAML (while parsing a flow sequence did not find expected ',' or ']'); "
        "accepted: a scenario as one YAML document",
        "",
    ),
    "a_list": (ScenarioError, ":1", f"a list; accepted: {SCENARIO}", ""),
    "deep_brackets": (
        ScenarioError,
        "",
        "more than 60 levels of brackets; accepted: a file as the documentation shows it",
        "",
    ),
}
CRASHES = {
    "empty_value": "an optional number left empty (discount_share: )",
    "deep_key": "deep keys ('? ? ? …')",
}
ACCEPTED = {"date_as_text"}  # a date in quotes is a date


def message(file: Path, mistake: Mistake) -> str:
    """Return the whole message, as STYLE.md section 7 lays it out."""
    _, where, found, remedy = mistake
    place = f"{file.as_posix()}{where.format(here=file.parent.as_posix())}"
    return f"{place}\n  found {found}." + (f"\n  {remedy}" if remedy else "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every scenario, tables of one's own, and an empty folder for charts."""
    shutil.copytree(HERE, tmp_path / "in", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    own = tmp_path / "in" / "tables"
    (own / "api").mkdir(parents=True)
    (own / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    shutil.copy(HERE.parent / "overlapping_eras.yaml", own / "api" / "acme.yaml")
    (tmp_path / "charts").mkdir()
    return tmp_path


def compare(scenario: Path, chart: Path | None = None) -> Result:
    """Return what `tokencross compare` did."""
    asked = ["compare", str(scenario)] + ([] if chart is None else ["--chart", str(chart)])
    return CliRunner().invoke(app, asked)


def refused(result: Result, said: str) -> None:
    """Assert exit code 2, the message and nothing else."""
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.stderr == said + "\n"
    assert result.stdout == ""


def everything_in(folder: Path) -> set[str]:
    """Return the names of all files below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_every_bad_scenario_is_expected_here() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == {*MISTAKES, *CRASHES, *ACCEPTED, "good"}


def test_the_scenario_without_the_mistake_runs(folder: Path) -> None:
    study = tc.load_study(folder / "in" / "good.yaml")
    # GPT-6 Sol: 2 USD/Mtok x 3000 in + 10 x 400 out, over 3400 tokens, at 4e9 tokens a month
    assert study.costs(4.0e9)["frontier"].item() == pytest.approx((2 * 3000 + 10 * 400) / 3400 * 4e3)
    result = compare(folder / "in" / "good.yaml", folder / "charts" / "chart.svg")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert everything_in(folder / "charts") == {"chart.svg"}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_load_study_says_the_whole_message(folder: Path, name: str) -> None:
    file = folder / "in" / f"{name}.yaml"
    with pytest.raises(TokencrossError) as caught:
        tc.load_study(file)
    assert type(caught.value) is MISTAKES[name][0]
    assert str(caught.value) == message(file, MISTAKES[name])
    assert caught.value.__cause__ is None  # no stack of library internals


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_the_command_line_says_it_and_leaves_nothing(folder: Path, name: str) -> None:
    file = folder / "in" / f"{name}.yaml"
    before = everything_in(folder)
    refused(compare(file, folder / "charts" / "chart.png"), message(file, MISTAKES[name]))
    assert everything_in(folder) == before


def test_a_model_that_one_provider_has_may_stand_alone(folder: Path) -> None:
    file = folder / "in" / "model_without_provider.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("gpt-9-sol", "gpt-6-sol"), encoding="utf-8")
    cited = tc.load_study(file).comparison.resolved["frontier"].citations[0]
    assert cited.row == "prices:openai/gpt-6-sol"


@pytest.mark.parametrize("name", sorted(CRASHES))
def test_no_mistake_is_a_traceback(folder: Path, name: str) -> None:
    with pytest.raises(ScenarioError):
        tc.load_study(folder / "in" / f"{name}.yaml")


def test_a_date_in_quotes_is_a_date(folder: Path) -> None:
    file = folder / "in" / "date_as_text.yaml"
    quoted = tc.load_study(file)
    book = quoted.options[0].book
    assert book is not None
    assert book.as_of == date(2026, 11, 21)
    file.write_text(file.read_text(encoding="utf-8").replace("2026-11-21", "2026-11-31"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        tc.load_study(file)
    assert str(caught.value) == (
        f"{file.as_posix()}:2: as_of\n  found '2026-11-31'; accepted: a date such as 2026-11-21, or tables."
    )


# ---------------------------------------------------------------------- the process itself


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.CompletedProcess[str]]]:
    """Three of the mistakes through the installed command."""
    charts = tmp_path_factory.mktemp("charts")
    found = {}
    for name in ("empty", "tag", "unknown_model"):
        file = HERE / f"{name}.yaml"
        command = [sys.executable, "-m", "tokencross.cli", "compare", str(file), "--chart", str(charts / "x.png")]
        found[name] = subprocess.run(command, capture_output=True, text=True, check=False, cwd=charts)
    yield found
    assert list(charts.iterdir()) == []


@pytest.mark.parametrize("name", ["empty", "tag", "unknown_model"])
def test_the_process_ends_in_2_without_a_traceback(
    processes: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    done = processes[name]
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == message(HERE / f"{name}.yaml", MISTAKES[name]) + "\n"


def test_lists_within_lists_without_brackets_end_in_a_message(tmp_path: Path) -> None:
    file = tmp_path / "dashes.yaml"
    file.write_text("a:\n  " + "- " * 30_000 + "x\n", encoding="utf-8")  # a process of its own: it may die
    command = [sys.executable, "-m", "tokencross.cli", "compare", str(file)]
    assert subprocess.run(command, capture_output=True, check=False, cwd=tmp_path).returncode == 2


# ---------------------------------------------------------------------- charts


def test_a_scenario_that_is_not_there(folder: Path) -> None:
    missing = folder / "in" / "nowhere.yaml"
    refused(compare(missing), f"{missing}\n  found no such file; accepted: a scenario that can be read.")
    refused(compare(folder / "in"), f"{folder / 'in'}\n  found is a directory; accepted: a scenario that can be read.")


def test_a_chart_into_a_folder_that_does_not_exist(folder: Path) -> None:
    chart = folder / "charts" / "deeper" / "chart.png"
    said = f"compare\n  found --chart {chart}, in a folder that does not exist; accepted: an existing folder."
    refused(compare(folder / "in" / "good.yaml", chart), said)
    assert everything_in(folder / "charts") == set()


@pytest.mark.parametrize("name", ["chart.jpg", "chart", "chart.png.exe", ".png"])
def test_a_chart_with_an_unknown_suffix(folder: Path, name: str) -> None:
    chart = folder / "charts" / name
    said = f"compare\n  found --chart {chart}; accepted: a file that ends in .png, .svg, .pdf."
    refused(compare(folder / "in" / "good.yaml", chart), said)
    assert everything_in(folder / "charts") == set()


def test_a_chart_that_is_a_folder(folder: Path) -> None:
    (folder / "charts" / "chart.png").mkdir()
    chart = folder / "charts" / "chart.png"
    said = f"compare\n  found --chart {chart}, which is a folder; accepted: the name of a file."
    refused(compare(folder / "in" / "good.yaml", chart), said)
    assert everything_in(folder / "charts") == {"chart.png"}


def test_a_chart_in_a_folder_that_cannot_be_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*args: object, **kwargs: object) -> tuple[int, str]:  # permissions do not bind root, so they are faked
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "somewhere")

    monkeypatch.setattr("tokencross.cli_output.tempfile.mkstemp", denied)
    chart = folder / "charts" / "chart.png"
    said = f"--chart\n  found --chart {chart}: permission denied; accepted: a place that can be written to."
    refused(compare(folder / "in" / "good.yaml", chart), said)
    assert everything_in(folder / "charts") == set()


def test_a_chart_that_fails_half_way_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, *args: object, **kwargs: object) -> None:
        raise RuntimeError("half way")

    chart = folder / "charts" / "chart.png"
    chart.write_bytes(b"the old one")
    monkeypatch.setattr("matplotlib.backends.backend_agg.FigureCanvasAgg.print_png", broken)
    result = compare(folder / "in" / "good.yaml", chart)
    assert isinstance(result.exception, RuntimeError)  # a bug of ours may be seen, but nothing half made is left
    assert result.stdout == ""
    assert everything_in(folder / "charts") == {"chart.png"}
    assert chart.read_bytes() == b"the old one"


def test_a_chart_on_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, *args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("matplotlib.backends.backend_agg.FigureCanvasAgg.print_png", full)
    result = compare(folder / "in" / "good.yaml", folder / "charts" / "chart.png")
    assert everything_in(folder / "charts") == set()
    assert result.exit_code == 2


def test_a_chart_with_a_name_too_long(folder: Path) -> None:
    result = compare(folder / "in" / "good.yaml", folder / "charts" / ("a" * 300 + ".png"))
    assert result.exit_code == 2


# ---------------------------------------------------------------------- where a mistake is said to be


def test_an_unknown_incumbent_is_on_its_own_line(folder: Path) -> None:
    file = folder / "in" / "unknown_incumbent.yaml"
    own = file.read_text(encoding="utf-8").splitlines().index("incumbent: frontire") + 1
    with pytest.raises(ScenarioError) as caught:
        tc.load_study(file)
    assert str(caught.value).startswith(f"{file.as_posix()}:{own}:")
