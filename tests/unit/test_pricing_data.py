"""Checks on the shipped tables: every row loads, cites, sorts and stays in plausible bounds; broken rows are found."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml
from tests.table_checks import CHECKS, ENDINGS, KINDS, Tables, parsed, records, rows, tables_of

import tokencross as tc
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.schema import schemas
from tokencross.tables.store import FILE_KINDS

REPOSITORY = Path(__file__).resolve().parents[2]
PRICING = REPOSITORY / "pricing"


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
    ("misdated", "api/anthropic.yaml", "checked: 2026-11-22", "checked: 2126-11-22"),
    ("misdated", "api/openai.yaml", "retires_on: 2026", "retires_on: 2016"),
    ("misdated", "provisioned/azure.yaml", "effective_from: 2024-11-01", "effective_from: 2027-11-01"),
    ("misdated", "throughput/llama.yaml", "measured_on: 2025-09-30", "measured_on: 2125-09-30"),
    ("disordered_eras", "api/openai.yaml", "effective_from: 2024-11-04", "effective_from: 2024-05-13"),
    ("disordered_eras", "compute/aws.yaml", "effective_to: 2025-01-01", "effective_to: 2026-02-01"),
    # a factor of 1000, either way
    ("implausible_prices", "api/anthropic.yaml", "input_usd_per_mtok: 4.0", "input_usd_per_mtok: 4000.0"),
    ("implausible_prices", "api/anthropic.yaml", "input_usd_per_mtok: 4.0", "input_usd_per_mtok: 0.004"),
    ("implausible_prices", "api/openai.yaml", "output_usd_per_mtok: 0.5\n", "output_usd_per_mtok: 500.0\n"),
    ("implausible_prices", "api/openai.yaml", "output_usd_per_mtok: 0.5\n", "output_usd_per_mtok: 0.0005\n"),
    (
        "implausible_prices",
        "api/openai.yaml",
        "        cache_read_usd_per_mtok: 0.",
        "        cache_read_usd_per_mtok: 9.",
    ),
    (
        "implausible_prices",
        "api/anthropic.yaml",
        "        cache_write_usd_per_mtok: ",
        "        cache_write_usd_per_mtok: 99",
    ),
    ("implausible_prices", "api/anthropic.yaml", "cache_write_1h_usd_per_mtok: ", "cache_write_1h_usd_per_mtok: 99"),
    ("implausible_prices", "api/openai.yaml", "cache_write_12h_usd_per_mtok: ", "cache_write_12h_usd_per_mtok: 99"),
    (
        "implausible_prices",
        "api/openai.yaml",
        "          - id: flex\n            input_usd_per_mtok: ",
        "          - id: flex\n            input_usd_per_mtok: 99",
    ),
    (
        "implausible_prices",
        "api/anthropic.yaml",
        "regions: [{id: us, price_ratio: 1.1}]",
        "regions: [{id: us, price_ratio: 11}]",
    ),
    ("implausible_prices", "api/deepseek.yaml", "price_ratio: 0.5", "price_ratio: 0.05"),
    (
        "implausible_prices",
        "api/google.yaml",
        "cache_storage_usd_per_mtok_hour: ",
        "cache_storage_usd_per_mtok_hour: 99",
    ),
    ("implausible_prices", "api/perplexity.yaml", "fee_usd_per_request: 0.00", "fee_usd_per_request: 0.99"),
    ("implausible_prices", "api/openai.yaml", "threshold_tokens: 272000", "threshold_tokens: 272"),
    ("implausible_prices", "api/openai.yaml", "discount_share: 0.5", "discount_share: 0.005"),
    ("implausible_hours", "compute/lambda.yaml", "usd_per_hour: 6.99", "usd_per_hour: 6990"),
    ("implausible_hours", "compute/lambda.yaml", "usd_per_hour: 6.99", "usd_per_hour: 0.00699"),
    ("implausible_hours", "compute/lambda.yaml", "gpu_count: 8", "gpu_count: 80"),
    ("implausible_hours", "compute/owned.yaml", "price_usd: 365625", "price_usd: 365"),
    ("implausible_hours", "compute/owned.yaml", "life_months: 36", "life_months: 3"),
    ("spot_without_a_market", "compute/aws.yaml", "usd_per_hour: 3.4917", "usd_per_hour: 5.672"),
    ("implausible_units", "provisioned/azure.yaml", "usd_per_unit_hour: 1.0", "usd_per_unit_hour: 1000.0"),
    ("implausible_units", "provisioned/azure.yaml", "input_tokens_per_minute: 4000.0", "input_tokens_per_minute: 4.0"),
    ("implausible_units", "provisioned/azure.yaml", "output_weight_ratio: 4.0", "output_weight_ratio: 0.25"),
    ("implausible_units", "tuning/openai.yaml", "training_usd_per_mtok: 25.0", "training_usd_per_mtok: 25000.0"),
    ("implausible_units", "tuning/azure.yaml", "hosting_usd_per_hour: 1.7", "hosting_usd_per_hour: 1241.0"),
    ("implausible_limits", "api/xai.yaml", "requests_per_minute: ", "requests_per_minute: 0.000"),
    ("disordered_eras", "tuning/openai.yaml", "effective_from: 2027-01-06", "effective_from: 2020-07-06"),
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
    ("dangling", "api/openai.yaml", "successor: openai/gpt", "successor: openai/gtp"),
    ("dangling", "provisioned/azure.yaml", "same_as: openai/gpt-5\n", "same_as: openai/gtp-5\n"),
    ("doubled_or_unsorted", "api/google.yaml", "aliases: [gemini,", "aliases: [openai,"),
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
    named = {
        *("throughput", "gpus_per_replica"),  # calls of API.md fix these two names
        *("engineers", "months", "upkeep_fte", "upkeep_fte_per_gpu"),  # Engineering.from_team
        *("concurrency", "requests_per_second"),  # Throughput.measured
        *("start_hour", "end_hour", "weekdays", "time_zone"),  # Load.business_hours
        *("start_up_minutes", "cool_down_minutes"),  # Scaling.autoscaled
        *("usd_per_example", "tokens_per_example", "epochs", "minimum_usd_per_run"),  # Training
        *("review_usd_per_task", "share"),
        "correlation",
        *("steepness_per_month", "midpoint_month", "labelled_examples_per_month"),  # Projection and Switching
    }
    found = set()
    for record in [definitions, *definitions["$defs"].values()]:
        for key, said in record["properties"].items():
            kinds = {option.get("type") for option in said.get("anyOf", [said])}
            if kinds & {"number", "integer"} and not key.endswith(ENDINGS):
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
    assert bundled.version == (PRICING / "VERSION").read_text(encoding="utf-8").strip()
    assert bundled.as_of == date(*(int(part) for part in bundled.version.split(".")))


def test_every_hosted_model_gives_a_price_on_its_first_day(shipped: Tables) -> None:
    for stem, data in shipped["api"].items():
        for model in data["models"]:
            first = model["prices"][0]
            book = tc.load_prices(as_of=first["effective_from"])
            noon = f"{first['effective_from']}T12:00"  # outside all hours with a price of their own
            usd = book.api(f"{stem}/{model['id']}").bill(input_tokens=1_000, output_tokens=1_000, completed_at=noon)
            expected = (first["input_usd_per_mtok"] + first["output_usd_per_mtok"]) * 1_000 / 1_000_000
            expected += first.get("fee_usd_per_request", 0.0)
            assert usd == pytest.approx(expected, rel=1e-12), (stem, model["id"])


def table_of_rows(tables: Tables) -> str:
    """Return what there is of each kind, as the changelog says it."""
    lines = ["| kind | files | records | dated rows |", "|---|---|---|---|"]
    for kind in KINDS:
        dated = sum(1 for _ in rows(tables, kind))
        lines.append(f"| `{kind}/` | {len(tables[kind])} | {len(list(records(tables, kind)))} | {dated or ''} |")
    return "\n".join(lines)


def test_the_changelog_counts_what_there_is(shipped: Tables) -> None:
    said = (PRICING / "CHANGELOG.md").read_text(encoding="utf-8")
    assert table_of_rows(shipped) in said


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
    (small / "VERSION").write_text("2026.11.23\n", encoding="utf-8")
    assert content_hash(small) != before


def test_content_hash_is_the_same_in_another_folder_and_with_other_line_ends(small: Path, tmp_path: Path) -> None:
    before = content_hash(small)
    copied = tmp_path / "elsewhere" / "tables"
    shutil.copytree(small, copied, ignore=shutil.ignore_patterns("elsewhere"))
    file = next((copied / "api").iterdir())
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))  # as git checks out on Windows
    assert content_hash(copied) == before
