"""Checks on the shipped tables: every row loads, cites, sorts and stays in plausible bounds; broken rows are found."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import pytest
import yaml

import tokencross as tc
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.schema import schemas
from tokencross.tables.store import FILE_KINDS

REPOSITORY = Path(__file__).resolve().parents[2]
PRICING = REPOSITORY / "pricing"
KINDS = ("api", "compute", "hardware", "models", "throughput", "tokenizers")
LISTS = {"api": "models", "compute": "instances", "hardware": "gpus", "models": "models", "throughput": "runs"}
LISTS["tokenizers"] = "tokenizers"

Row: TypeAlias = dict[str, Any]  # a mapping of a table as YAML gives it, before any record checks it
Tables: TypeAlias = dict[str, dict[str, Row]]
Check: TypeAlias = Callable[[Tables], list[str]]


@lru_cache(maxsize=64)
def parsed(text: str) -> Row:
    """Return a file's data; the tests only read it."""
    loaded: Row = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def tables_of(folder: Path) -> Tables:
    """Return every table of a folder by kind and file."""
    return {
        kind: {path.stem: parsed(path.read_text(encoding="utf-8")) for path in sorted((folder / kind).glob("*.yaml"))}
        for kind in KINDS
    }


def records(tables: Tables, kind: str) -> Iterator[tuple[str, Row]]:
    """Yield the records of a kind with a name for messages."""
    for stem, data in tables[kind].items():
        for record in data[LISTS[kind]]:
            yield f"{kind}/{stem}: {record.get('id', record.get('model'))}", record


def api_rows(tables: Tables) -> Iterator[tuple[str, Row, Row]]:
    """Yield name, model and price row of hosted models."""
    for name, model in records(tables, "api"):
        for row in model["prices"]:
            yield f"{name} from {row['effective_from']}", model, row


def hourly_rows(tables: Tables) -> Iterator[tuple[str, Row, Row]]:
    """Yield name, instance and price row."""
    for name, instance in records(tables, "compute"):
        for offer in instance["offers"]:
            for row in offer["prices"]:
                yield f"{name} {offer['purchase']} {offer['region']} from {row['effective_from']}", instance, row


def cited_rows(tables: Tables) -> Iterator[tuple[str, Row]]:
    """Yield everything that has to say where it comes from."""
    for name, _, row in itertools.chain(api_rows(tables), hourly_rows(tables)):
        yield name, row
    for kind in ("hardware", "models", "throughput", "tokenizers"):
        yield from records(tables, kind)


# ---------------------------------------------------------------------- the checks

_PACKAGE = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+(:.+)?")  # package@version, a path within it allowed
_COMMIT = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:.+")  # repository@commit:path
# read at no known commit; whoever finds one takes the repository out of here
_NO_COMMIT = (
    "SemiAnalysisAI/InferenceX-app:",
    "api-evangelist/runpod:",
    "datareceipts/data-receipts:",
    "mlcommons/inference_results_v4.1:",
    "mlcommons/inference_results_v5.1:",
)


def uncited(tables: Tables) -> list[str]:
    """Rows that do not say from which version of what they were read, by whom dated, and when someone looked."""
    found = []
    for name, row in cited_rows(tables):
        via = str(row.get("via", ""))
        known = _PACKAGE.fullmatch(via) or _COMMIT.fullmatch(via) or via.startswith(_NO_COMMIT)
        basis_known = row.get("basis") in {"documented", "first_observed", "announced"}
        if not known or not basis_known or not isinstance(row.get("checked"), date):
            found.append(f"{name}: via {via!r}, basis {row.get('basis')!r}, checked {row.get('checked')!r}")
        if bool(row.get("url")) != bool(row.get("quote")):
            found.append(f"{name}: url and quote come together, where someone read the page")
    return found


def misdated(tables: Tables) -> list[str]:
    """Rows in force that begin after someone looked, announced ones that had begun, looks after the tables' date."""
    found = []
    own = date(2026, 11, 21)  # pricing/VERSION
    for name, _, row in itertools.chain(api_rows(tables), hourly_rows(tables)):
        begins, announced = row["effective_from"], row["basis"] == "announced"
        if announced != (begins > row["checked"]) or row["checked"] > own or begins < date(2020, 6, 11):
            found.append(f"{name}: {row['basis']}, checked {row['checked']}")  # the first LLM API opened on that day
    for name, run in records(tables, "throughput"):
        if not date(2022, 1, 1) <= run["measured_on"] <= run["checked"]:
            found.append(f"{name}: measured on {run['measured_on']}, checked {run['checked']}")
    return found


def disordered_eras(tables: Tables) -> list[str]:
    """Histories that are not oldest first, or whose eras overlap."""
    histories = [(name, model["prices"]) for name, model in records(tables, "api")]
    histories += [(name, o["prices"]) for name, instance in records(tables, "compute") for o in instance["offers"]]
    found = []
    for name, rows in histories:
        for before, after in itertools.pairwise(rows):
            ends = before.get("effective_to", after["effective_from"])
            if not before["effective_from"] < ends <= after["effective_from"]:
                found.append(f"{name}: {before['effective_from']} to {ends}, then {after['effective_from']}")
    return found


def implausible_prices(tables: Tables) -> list[str]:
    """API prices that a slip by a factor of 1000 would give.

    Input costs 0.005 to 200 USD per million tokens; output as much as input, up to 20 times it; reading a cache costs
    no more than input, writing it (5 minutes or an hour) 1 to 2.5 times; a long prompt costs more, up to 6 times.
    """
    found = []
    for name, _, row in api_rows(tables):
        fresh, output = row["input_usd_per_mtok"], row["output_usd_per_mtok"]
        read = row.get("cache_read_usd_per_mtok", fresh)
        within = 0.005 <= fresh <= 200.0 and 1.0 <= output / fresh <= 20.0 and 0.005 <= read / fresh <= 1.0
        for key in ("cache_write_usd_per_mtok", "cache_write_1h_usd_per_mtok"):
            within &= 1.0 <= row.get(key, fresh) / fresh <= 2.5
        for tier in row.get("long_context", ()):
            within &= 1.0 < tier["input_usd_per_mtok"] / fresh <= 6.0
            within &= 1.0 <= tier["output_usd_per_mtok"] / output <= 6.0
            within &= 32_000 <= tier["threshold_tokens"] <= 1_000_000
        discount = row.get("batch", {"discount_share": 0.5})["discount_share"]
        if not within or not 0.2 <= discount <= 0.75:
            found.append(f"{name}: {fresh} in, {output} out, {read} cached, batch {discount}")
    for name, model in records(tables, "api"):
        for before, after in itertools.pairwise(model["prices"]):
            for key in ("input_usd_per_mtok", "output_usd_per_mtok"):
                if not 0.1 <= after[key] / before[key] <= 10.0:
                    found.append(f"{name}: {key} from {before[key]} to {after[key]} in one step")
    return found


def implausible_hours(tables: Tables) -> list[str]:
    """Instances that cost less than 0.10 or more than 20 USD per GPU and hour, or have an odd number of GPUs."""
    return [
        f"{name}: {row['usd_per_hour']} for {instance['gpu_count']}"
        for name, instance, row in hourly_rows(tables)
        if instance["gpu_count"] not in {1, 2, 3, 4, 5, 6, 7, 8, 16, 72}
        or not 0.1 <= row["usd_per_hour"] / instance["gpu_count"] <= 20.0
    ]


def implausible_hardware(tables: Tables) -> list[str]:
    """Chips, models and tokenizers out of the range of what exists."""
    bounds = {
        "memory_gib": (16.0, 320.0),
        "memory_bandwidth_gb_per_second": (250.0, 10_000.0),
        "dense_bf16_tflops": (50.0, 5_000.0),
        "dense_fp8_tflops": (80.0, 20_000.0),
        "dense_fp4_tflops": (500.0, 40_000.0),
        "tdp_w": (70.0, 1_500.0),
        "all_in_kw": (0.1, 3.0),
        "parameter_count": (1e9, 3e12),
        "active_parameter_count": (1e9, 5e11),
        "context_tokens": (2_048, 2_000_000),
        "layer_count": (16, 200),
    }
    found = []
    for kind in ("hardware", "models"):
        for name, record in records(tables, kind):
            found += [
                f"{name}: {key} {record[key]}"
                for key, (low, high) in bounds.items()
                if key in record and not low <= record[key] <= high
            ]
            if record.get("active_parameter_count", 0) > record.get("parameter_count", 0):
                found.append(f"{name}: more active parameters than parameters")
    for name, tokenizer in records(tables, "tokenizers"):
        ratios = [entry["tokenizer_ratio"] for entry in tokenizer["ratios"]]
        if not all(0.5 <= ratio <= 2.0 for ratio in ratios) or (name.endswith(": o200k") and set(ratios) != {1.0}):
            found.append(f"{name}: {ratios}")
    return found


def implausible_rates(tables: Tables) -> list[str]:
    """Rates far from those of the same model elsewhere.

    Input and output tokens per GPU-second are within a 60th and 20 times the model's median: between an L40S and a
    GB200, 8 and all requests in flight, they differ less than that; a factor of 1000 is out.
    """
    rates: dict[str, list[tuple[float, str]]] = {}
    for name, run in records(tables, "throughput"):
        for p in run["points"]:
            every = p["output_tokens_per_second"] * (1.0 + p.get("input_tokens", 0) / p["output_tokens"])
            rates.setdefault(run["model"], []).append((every / run["gpu_count"], f"{name} {run['gpu']} {p}"))
    found = []
    for points in rates.values():
        usual = median(rate for rate, _ in points)
        found += [name for rate, name in points if not usual / 60.0 <= rate <= usual * 20.0]
    return found


def doubled_or_unsorted(tables: Tables) -> list[str]:
    """Ids that are not unique (aliases counted) or not sorted within their file, and files named after another."""
    found = []
    for kind, files in tables.items():
        for stem, data in files.items():
            if kind in {"api", "compute"} and data["provider"] != stem:
                found.append(f"{kind}/{stem}: provider {data['provider']!r}")
            if kind == "throughput":
                keys = [(r["model"], r["gpu"], r["gpu_count"]) for r in data["runs"]]
                found += [f"{kind}/{stem}: {b} after {a}" for a, b in itertools.pairwise(keys) if b < a]
                continue
            ids = [record["id"] for record in data[LISTS[kind]]]
            found += [f"{kind}/{stem}: {b} after {a}" for a, b in itertools.pairwise(ids) if b.lower() <= a.lower()]
            names = ids + [alias for record in data[LISTS[kind]] for alias in record.get("aliases", ())]
            found += [f"{kind}/{stem}: {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]
    return found


def dangling(tables: Tables) -> list[str]:
    """References to chips, models, tokenizers or hosted weights that are nowhere."""
    known = {kind: {record["id"] for _, record in records(tables, kind)} for kind in ("hardware", "models")}
    known["tokenizers"] = {record["id"] for _, record in records(tables, "tokenizers")}
    asked = [(name, "tokenizers", record.get("tokenizer")) for name, record in records(tables, "api")]
    asked += [(name, "tokenizers", record.get("tokenizer")) for name, record in records(tables, "models")]
    asked += [(name, "hardware", record["gpu"]) for name, record in records(tables, "compute")]
    asked += [(name, "hardware", record["gpu"]) for name, record in records(tables, "throughput")]
    asked += [(name, "models", record["model"]) for name, record in records(tables, "throughput")]
    found = [
        f"{name}: no {kind} {word!r}" for name, kind, word in asked if word is not None and word not in known[kind]
    ]
    for name, record in records(tables, "api"):
        weights = record.get("weights")
        # weights may name a model without a row in models/, but then as a plain id; only open models have any
        if weights is not None and (not re.fullmatch(r"[a-z0-9.-]+", weights) or record["tier"] != "open_hosted"):
            found.append(f"{name}: weights {weights!r} of tier {record['tier']}")
    return found


# STYLE.md section 2, and what the field writes for chips (the last three)
_ENDINGS = (
    "_usd",
    "_usd_per_month",
    "_usd_per_hour",
    "_usd_per_mtok",
    "_usd_per_request",
    "_usd_per_gpu_month",
    "_months",
    "_days",
    "_hours",
    "_per_year",
    "_tokens",
    "tokens_per_month",
    "tokens_per_second",
    "_share",
    "_ratio",
    "_count",
    "_ms",
    "_gib",
    "_w",
    "_kw",
    "_mean",
    "_cv",
    "peak_to_mean",
    "usd_per_hour",
    "_gb_per_second",
    "_tflops",
)


def unitless(tables: Tables) -> list[str]:
    """Numeric keys whose names do not end in a unit."""
    found = set()
    stack: list[Any] = [tables]  # any YAML value
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
            found |= {
                key
                for key, number in value.items()
                if isinstance(number, (int, float)) and not isinstance(number, bool) and not str(key).endswith(_ENDINGS)
            }
        elif isinstance(value, list):
            stack += value
    return sorted(found)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        uncited,
        misdated,
        disordered_eras,
        implausible_prices,
        implausible_hours,
        implausible_hardware,
        implausible_rates,
        doubled_or_unsorted,
        dangling,
        unitless,
    )
}


@pytest.fixture(scope="module")
def shipped() -> Tables:
    """The tables of the repository."""
    return tables_of(PRICING)


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_shipped_tables_pass(shipped: Tables, check: str) -> None:
    assert CHECKS[check](shipped) == []


def test_every_kind_has_rows(shipped: Tables) -> None:
    assert set(FILE_KINDS) == set(KINDS)
    assert {path.name for path in PRICING.iterdir() if path.is_dir()} == {*KINDS, "schema"}
    for kind in KINDS:
        assert list(records(shipped, kind)), kind


# ---------------------------------------------------------------------- mutations: break one row, see its check fail

# check: (file, what is there, what breaks it)
MUTATIONS = [
    ("uncited", "api/openai.yaml", "via: model-prices@0.0.5", "via: model-prices"),
    (
        "uncited",
        "compute/aws.yaml",
        "via: aws/karpenter-provider-aws@f9fd1129c3da:",
        "via: aws/karpenter-provider-aws:",
    ),
    ("uncited", "throughput/llama.yaml", "    basis: documented\n", ""),
    ("uncited", "models/llama.yaml", "checked: 2026-11-21", "checked: today"),
    (
        "uncited",
        "api/google.yaml",
        "        basis: documented\n",
        "        basis: documented\n        url: https://x\n",
    ),
    ("misdated", "api/google.yaml", "effective_from: 2026-12-01", "effective_from: 2026-11-01"),
    ("misdated", "api/anthropic.yaml", "effective_from: 2026-09-22", "effective_from: 2026-12-22"),
    ("misdated", "api/anthropic.yaml", "checked: 2026-11-21", "checked: 2026-11-22"),
    ("misdated", "throughput/llama.yaml", "measured_on: 2025-09-30", "measured_on: 2125-09-30"),
    ("disordered_eras", "api/openai.yaml", "effective_from: 2024-11-04", "effective_from: 2024-05-13"),
    ("disordered_eras", "compute/aws.yaml", "effective_to: 2025-01-01", "effective_to: 2026-02-01"),
    # a factor of 1000, either way
    ("implausible_prices", "api/anthropic.yaml", "input_usd_per_mtok: 4.0", "input_usd_per_mtok: 4000.0"),
    ("implausible_prices", "api/anthropic.yaml", "input_usd_per_mtok: 4.0", "input_usd_per_mtok: 0.004"),
    ("implausible_prices", "api/openai.yaml", "output_usd_per_mtok: 0.5\n", "output_usd_per_mtok: 500.0\n"),
    ("implausible_prices", "api/openai.yaml", "output_usd_per_mtok: 0.5\n", "output_usd_per_mtok: 0.0005\n"),
    ("implausible_prices", "api/openai.yaml", "cache_read_usd_per_mtok: 0.01\n", "cache_read_usd_per_mtok: 10.0\n"),
    ("implausible_prices", "api/openai.yaml", "cache_write_usd_per_mtok: 0.125\n", "cache_write_usd_per_mtok: 125.0\n"),
    ("implausible_prices", "api/openai.yaml", "threshold_tokens: 272000", "threshold_tokens: 272"),
    ("implausible_prices", "api/openai.yaml", "discount_share: 0.5", "discount_share: 0.005"),
    ("implausible_hours", "compute/lambda.yaml", "usd_per_hour: 6.99", "usd_per_hour: 6990"),
    ("implausible_hours", "compute/lambda.yaml", "usd_per_hour: 6.99", "usd_per_hour: 0.00699"),
    ("implausible_hours", "compute/lambda.yaml", "gpu_count: 8", "gpu_count: 80"),
    ("implausible_hardware", "hardware/gpus.yaml", "memory_gib: 180.0", "memory_gib: 180000"),
    (
        "implausible_hardware",
        "models/gpt-oss.yaml",
        "active_parameter_count: 5.1e+9",
        "active_parameter_count: 5.1e+11",
    ),
    ("implausible_rates", "throughput/gpt-oss.yaml", "14348.8", "14.3488"),
    (
        "implausible_rates",
        "throughput/llama.yaml",
        "output_tokens_per_second: 6378.0",
        "output_tokens_per_second: 6378000.0",
    ),
    ("implausible_hardware", "tokenizers/tokenizers.yaml", "tokenizer_ratio: 1.55", "tokenizer_ratio: 15.5"),
    ("doubled_or_unsorted", "api/openai.yaml", "  - id: o3\n", "  - id: o4\n"),
    ("doubled_or_unsorted", "api/openai.yaml", "  - id: o3\n", "  - id: o1\n"),
    ("doubled_or_unsorted", "api/openai.yaml", "aliases: [o3-2025-04-16]", "aliases: [o1]"),
    ("doubled_or_unsorted", "api/google.yaml", "provider: google", "provider: gogle"),
    ("dangling", "compute/lambda.yaml", "gpu: B200-SXM-180GB", "gpu: B201-SXM-180GB"),
    ("dangling", "throughput/llama.yaml", "model: llama-3.3-70b", "model: llama-3.4-70b"),
    ("dangling", "api/anthropic.yaml", "tokenizer: claude-5", "tokenizer: claude-6"),
    ("dangling", "api/together.yaml", "weights: gpt-oss-120b", "weights: openai/gpt-oss-120b"),
    ("unitless", "compute/lambda.yaml", "usd_per_hour:", "hourly_price:"),
    ("unitless", "api/openai.yaml", "cache_read_usd_per_mtok:", "cache_read_usd_per_million:"),
]


@pytest.mark.parametrize(("check", "file", "there", "broken"), MUTATIONS)
def test_a_broken_row_is_found(shipped: Tables, check: str, file: str, there: str, broken: str) -> None:
    kind, _, name = file.partition("/")
    text = (PRICING / file).read_text(encoding="utf-8")
    assert there in text
    changed = {**shipped, kind: {**shipped[kind], Path(name).stem: parsed(text.replace(there, broken, 1))}}
    assert len(CHECKS[check](changed)) >= 1


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize("file", sorted(p.relative_to(PRICING).as_posix() for p in PRICING.glob("*/*.yaml")))
def test_a_file_names_its_schema_and_uses_no_yaml_tricks(file: str) -> None:
    text = (PRICING / file).read_text(encoding="utf-8")
    kind = file.partition("/")[0]
    assert text.splitlines()[0] == f"# yaml-language-server: $schema=../schema/{kind}.schema.json"
    assert (PRICING / "schema" / f"{kind}.schema.json").is_file()
    tricks = (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken, yaml.DirectiveToken, yaml.DocumentStartToken)
    assert [token for token in yaml.scan(text, Loader=yaml.CSafeLoader) if isinstance(token, tricks)] == []
    assert text.endswith("\n")
    assert "\t" not in text
    assert "\r" not in text
    assert not re.search(r": *[0-9.]+e[0-9]+\s*$", text, re.MULTILINE)  # YAML would read 1e6 as text


def test_scenarios_name_their_schema() -> None:
    files = sorted((REPOSITORY / "scenarios").glob("*.yaml"))
    assert len(files) >= 8
    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../pricing/schema/scenario.schema.json", file.name


def test_scenario_keys_that_are_numbers_end_in_a_unit() -> None:
    definitions = ScenarioFile.model_json_schema()
    named = {"throughput", "gpus_per_replica"}  # calls of API.md fix these two names
    found = set()
    for record in [definitions, *definitions["$defs"].values()]:
        for key, said in record["properties"].items():
            kinds = {option.get("type") for option in said.get("anyOf", [said])}
            if kinds & {"number", "integer"} and not key.endswith(_ENDINGS):
                found.add(key)
    assert found == named


def test_schemas_are_fresh() -> None:
    expected = schemas()
    assert set(expected) == {path.name for path in (PRICING / "schema").iterdir()}
    for name, text in expected.items():
        assert (PRICING / "schema" / name).read_text(encoding="utf-8") == text, name
        assert json.loads(text)["additionalProperties"] is False, name


def test_the_schema_command_says_what_is_not_fresh(tmp_path: Path) -> None:
    shutil.copytree(PRICING / "schema", tmp_path / "schema")
    stale = tmp_path / "schema" / "api.schema.json"
    stale.write_text(stale.read_text(encoding="utf-8").replace("model", "modle", 1), encoding="utf-8")
    command = [sys.executable, "-m", "tokencross.tables.schema", str(tmp_path / "schema"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"not fresh: {stale.as_posix()}; run: ")


def test_the_bundled_tables_are_those_of_the_repository() -> None:
    own = tc.load_prices(PRICING, as_of="2026-11-21")
    own.check()
    bundled = tc.load_prices(as_of="tables")
    assert bundled.content_hash == own.content_hash
    assert bundled.version == (PRICING / "VERSION").read_text(encoding="utf-8").strip() == "2026.11.21"
    assert bundled.as_of == date(2026, 11, 21)


def test_every_hosted_model_gives_a_price_on_its_first_day(shipped: Tables) -> None:
    for stem, data in shipped["api"].items():
        for model in data["models"]:
            first = model["prices"][0]
            book = tc.load_prices(as_of=first["effective_from"])
            usd = book.api(f"{stem}/{model['id']}").bill(input_tokens=1_000, output_tokens=1_000)
            expected = (first["input_usd_per_mtok"] + first["output_usd_per_mtok"]) * 1_000 / 1_000_000
            assert usd == pytest.approx(expected, rel=1e-12), (stem, model["id"])


def test_the_readmes_counts(shipped: Tables) -> None:
    """pricing/CHANGELOG.md counts the first tables; counted again here."""
    said = (PRICING / "CHANGELOG.md").read_text(encoding="utf-8").split("## 2026.11.21")[1]
    rows = [row for _, _, row in api_rows(shipped)]
    announced = sum(row["basis"] == "announced" for row in rows)
    assert f"| {len(rows)} price rows, {announced} of them announced |" in said
    tiers = [model["tier"] for _, model in records(shipped, "api")]
    counts = f"{tiers.count('frontier')} frontier, {tiers.count('small')} small, {tiers.count('open_hosted')} open"
    assert f"| {len(tiers)} hosted models ({counts}, hosted) |" in said
    assert f"| {len(list(hourly_rows(shipped)))} price rows |" in said
    assert f"{sum(bool(row.get('dispute')) for row in rows)} record a disagreement" in said


# ---------------------------------------------------------------------- content hash


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with one file per kind."""
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        file = sorted((PRICING / kind).glob("*.yaml"))[0]
        shutil.copy(file, tmp_path / kind / file.name)
    shutil.copy(PRICING / "VERSION", tmp_path / "VERSION")
    return tmp_path


def content_hash(folder: Path) -> str:
    """Return what a book says of its files."""
    return tc.load_prices(folder, as_of="2026-11-21").content_hash


def test_content_hash_is_sha256_of_paths_and_bytes(small: Path) -> None:
    digest = hashlib.sha256()
    for path in [small / "VERSION", *sorted(small.glob("*/*.yaml"))]:
        digest.update(path.relative_to(small).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    assert content_hash(small) == digest.hexdigest() == content_hash(small)


@pytest.mark.parametrize("kind", KINDS)
def test_content_hash_changes_with_any_byte(small: Path, kind: str) -> None:
    before = content_hash(small)
    file = next((small / kind).iterdir())
    raw = file.read_bytes()
    for at in (0, len(raw) // 2, len(raw) - 1):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert content_hash(small) != before
    file.write_bytes(raw)
    assert content_hash(small) == before


def test_content_hash_knows_names_versions_and_files(small: Path) -> None:
    before = content_hash(small)
    file = next((small / "api").iterdir())
    renamed = file.rename(file.with_name("renamed.yaml"))
    assert content_hash(small) != before
    renamed.rename(file)
    shutil.copy(file, file.with_name("second.yaml"))
    assert content_hash(small) != before
    file.with_name("second.yaml").unlink()
    (small / "VERSION").write_text("2026.11.22\n", encoding="utf-8")
    assert content_hash(small) != before


def test_content_hash_is_the_same_in_another_folder_and_with_other_line_ends(small: Path, tmp_path: Path) -> None:
    before = content_hash(small)
    copied = tmp_path / "elsewhere" / "tables"
    shutil.copytree(small, copied, ignore=shutil.ignore_patterns("elsewhere"))
    file = next((copied / "api").iterdir())
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))  # as git checks out on Windows
    assert content_hash(copied) == before
