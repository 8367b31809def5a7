"""Checks on tables as YAML gives them, apart from the records: each returns what is wrong, in words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import yaml

__all__ = ["CHECKS", "ENDINGS", "KINDS", "LISTS", "Row", "Tables", "api_rows", "parsed", "records", "rows", "tables_of"]

LISTS = {
    "api": "models",
    "around": "items",
    "compute": "instances",
    "hardware": "gpus",
    "load": "profiles",
    "models": "models",
    "provisioned": "models",
    "throughput": "runs",
    "tokenizers": "tokenizers",
    "tuning": "models",
}
KINDS = tuple(LISTS)

Row: TypeAlias = dict[str, Any]  # a mapping of a table as YAML gives it, before any record checks it
Tables: TypeAlias = dict[str, dict[str, Row]]
Check: TypeAlias = Callable[[Tables], list[str]]


@lru_cache(maxsize=256)
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


def version_date() -> date:
    """Return the day that pricing/VERSION names."""
    text = (Path(__file__).resolve().parents[1] / "pricing" / "VERSION").read_text(encoding="utf-8")
    return date(*(int(part) for part in text.split(".")[:3]))


def records(tables: Tables, kind: str) -> Iterator[tuple[str, Row]]:
    """Yield the records of a kind with a name for messages."""
    for stem, data in tables[kind].items():
        for record in data[LISTS[kind]]:
            yield f"{kind}/{stem}: {record.get('id', record.get('model'))}", record


def histories(tables: Tables, kinds: tuple[str, ...] = KINDS) -> Iterator[tuple[str, list[Row]]]:
    """Yield every list of dated rows, wherever it stands."""
    for kind in kinds:
        for stem, data in tables[kind].items():
            yield from _histories(f"{kind}/{stem}", data)


def _histories(name: str, value: object) -> Iterator[tuple[str, list[Row]]]:
    if isinstance(value, dict):
        named = f"{name}: {value['id']}" if "id" in value else name
        place = " ".join(str(value[key]) for key in ("purchase", "commitment", "region") if key in value)
        for key, part in value.items():
            yield from _histories(f"{named} {place} {key}".replace("  ", " "), part)
    elif isinstance(value, list):
        if value and isinstance(value[0], dict) and "effective_from" in value[0]:
            yield name, value
        for part in value:
            yield from _histories(name, part)


def rows(tables: Tables, *kinds: str) -> Iterator[tuple[str, Row]]:
    """Yield every dated row of some kinds."""
    for name, eras in histories(tables, kinds or KINDS):
        for row in eras:
            yield f"{name} from {row['effective_from']}", row


def api_rows(tables: Tables) -> Iterator[tuple[str, Row, Row]]:
    """Yield name, model and price row of hosted models."""
    for name, model in records(tables, "api"):
        for row in model["prices"]:
            yield f"{name} from {row['effective_from']}", model, row


def offers(tables: Tables) -> Iterator[tuple[str, Row, Row]]:
    """Yield name, instance and offer."""
    for name, instance in records(tables, "compute"):
        for offer in instance.get("offers", ()):
            yield f"{name} {offer['purchase']} {offer['region']}", instance, offer


def cited(tables: Tables) -> Iterator[tuple[str, Row]]:
    """Yield everything that has to say where it comes from."""
    yield from rows(tables)
    for kind in ("hardware", "load", "models", "throughput", "tokenizers"):
        yield from records(tables, kind)
    for name, model in records(tables, "api"):
        if "retirement" in model:
            yield f"{name} retirement", model["retirement"]


# ---------------------------------------------------------------------- where from, and since when

_PACKAGE = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+(:.+)?")  # package@version, a path within it allowed
_COMMIT = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:.+")  # repository@commit:path
_PAGE = re.compile(r"https://[^\s]+")  # a page that was read, where it is the source itself
_ISSUE = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#[0-9]+")  # an issue or pull request
# read at no known commit; whoever finds one takes the repository out of here
NO_COMMIT = (
    "SemiAnalysisAI/InferenceX-app:",
    "api-evangelist/runpod:",
    "datareceipts/data-receipts:",
    "mlcommons/inference_results_v4.1:",
    "mlcommons/inference_results_v5.1:",
)


def uncited(tables: Tables) -> list[str]:
    """Rows that do not say from which version of what they were read, by whom dated, and when someone looked."""
    found = []
    for name, row in cited(tables):
        via = str(row.get("via", ""))
        known = any(form.fullmatch(via) for form in (_PACKAGE, _COMMIT, _ISSUE, _PAGE)) or via.startswith(NO_COMMIT)
        basis_known = row.get("basis") in {"documented", "first_observed", "announced"}
        if not known or not basis_known or not isinstance(row.get("checked"), date):
            found.append(f"{name}: via {via!r}, basis {row.get('basis')!r}, checked {row.get('checked')!r}")
        if bool(row.get("url")) != bool(row.get("quote")):
            found.append(f"{name}: url and quote come together, where someone read the page")
    return found


def misdated(tables: Tables) -> list[str]:
    """Rows in force that begin after someone looked, announced ones that had begun, looks after the tables' date."""
    found = []
    own = version_date()
    for name, row in rows(tables):
        begins, announced = row["effective_from"], row["basis"] == "announced"
        if announced != (begins > row["checked"]) or begins < date(2020, 6, 11):  # the day of the first LLM API
            found.append(f"{name}: {row['basis']}, checked {row['checked']}")
    found += [f"{name}: checked {row['checked']}" for name, row in cited(tables) if row["checked"] > own]
    for name, run in records(tables, "throughput"):
        if not date(2022, 1, 1) <= run["measured_on"] <= run["checked"]:
            found.append(f"{name}: measured on {run['measured_on']}, checked {run['checked']}")
    for name, model in records(tables, "api"):
        gone = model.get("retirement", {}).get("retires_on")
        if gone is not None and not model["prices"][0]["effective_from"] < gone < own + timedelta(days=4 * 365):
            found.append(f"{name}: retires on {gone}")
    return found


def disordered_eras(tables: Tables) -> list[str]:
    """Histories that are not oldest first, or whose eras overlap; limits by usage tier."""
    found = []
    for name, eras in histories(tables):
        for usage_tier in dict.fromkeys(row.get("usage_tier") for row in eras):
            own = [row for row in eras if row.get("usage_tier") == usage_tier]
            for before, after in itertools.pairwise(own):
                ends = before.get("effective_to", after["effective_from"])
                if not before["effective_from"] < ends <= after["effective_from"]:
                    found.append(f"{name}: {before['effective_from']} to {ends}, then {after['effective_from']}")
    return found


# ---------------------------------------------------------------------- plausible figures


def implausible_prices(tables: Tables) -> list[str]:
    """API prices that a slip by a factor of 1000 would give.

    Input costs 0.005 to 200 USD per million tokens; output as much as input, up to 20 times it (a few hosts sell it
    for less); reading a cache costs no more than input, writing it 1 to 2.5 times; a long prompt costs more, up to 13
    times; another service tier a quarter to six times; a free model is named so.
    """
    found = []
    for name, _, row in api_rows(tables):
        fresh, output = row["input_usd_per_mtok"], row["output_usd_per_mtok"]
        if fresh == output == 0.0:
            if "free" not in name + row.get("note", "") + row.get("caveat", ""):
                found.append(f"{name}: free, without a word on it")
        elif not (_plausible_tokens(row) and _plausible_tiers(row) and _plausible_rest(row)):
            found.append(f"{name}: {fresh} in, {output} out, or what changes them")
    lists = {stem: data for stem, data in tables["api"].items() if not data.get("market_index")}
    for name, model in records({**tables, "api": lists}, "api"):
        for before, after in itertools.pairwise(model["prices"]):
            for key in ("input_usd_per_mtok", "output_usd_per_mtok"):
                if not 0.05 <= (after[key] or 0.001) / (before[key] or 0.001) <= 20.0:
                    found.append(f"{name}: {key} from {before[key]} to {after[key]} in one step")
    return found


def _plausible_tokens(row: Row) -> bool:
    fresh, output = row["input_usd_per_mtok"], row["output_usd_per_mtok"]
    read = row.get("cache_read_usd_per_mtok", fresh)
    written = ("cache_write_usd_per_mtok", "cache_write_1h_usd_per_mtok", "cache_write_12h_usd_per_mtok")
    within = 0.004 <= fresh <= 200.0 and 0.5 <= output / fresh <= 20.0 and 0.005 <= read / fresh <= 1.0
    return within and all(1.0 <= row.get(key, fresh) / fresh <= 2.5 for key in written)


def _plausible_tiers(row: Row) -> bool:
    fresh, output = row["input_usd_per_mtok"], row["output_usd_per_mtok"]
    long = all(
        1.0 <= tier["input_usd_per_mtok"] / fresh <= 13.0
        and 1.0 <= tier["output_usd_per_mtok"] / output <= 13.0
        and 4_000 <= tier["threshold_tokens"] <= 1_000_000
        for tier in row.get("long_context", ())
    )
    return long and all(
        0.25 <= tier["input_usd_per_mtok"] / fresh <= 6.0 and 0.25 <= tier["output_usd_per_mtok"] / output <= 13.0
        for tier in row.get("service_tiers", ())
    )


def _plausible_rest(row: Row) -> bool:
    return (
        all(1.0 <= region["price_ratio"] <= 2.0 for region in row.get("regions", ()))
        and all(0.2 <= window["price_ratio"] <= 4.0 for window in row.get("time_windows", ()))
        and 0.0001 <= row.get("fee_usd_per_request", 0.005) <= 0.1
        and 0.1 <= row.get("cache_storage_usd_per_mtok_hour", 1.0) <= 10.0
        and 0.1 <= row.get("batch", {"discount_share": 0.5})["discount_share"] <= 0.75
    )


def implausible_hours(tables: Tables) -> list[str]:
    """Instances that cost less than 0.10 or more than 30 USD per GPU and hour, or have an odd number of GPUs."""
    found = []
    for name, instance, offer in offers(tables):
        for row in offer["prices"]:
            if instance["gpu_count"] not in {1, 2, 3, 4, 5, 6, 7, 8, 16, 72}:
                found.append(f"{name}: {instance['gpu_count']} GPUs")
            if not 0.1 <= row["usd_per_hour"] / instance["gpu_count"] <= 30.0 or row["usd_per_hour"] == 700.0:
                found.append(f"{name}: {row['usd_per_hour']} for {instance['gpu_count']}")
    for name, instance in records(tables, "compute"):
        for row in instance.get("owned", ()):
            each = row["price_usd"] / instance["gpu_count"]
            kilowatt = row.get("power_kw", 1.0 * instance["gpu_count"]) / instance["gpu_count"]
            if not 2_000 <= each <= 120_000 or not 12 <= row["life_months"] <= 84 or not 0.2 <= kilowatt <= 3.0:
                found.append(f"{name}: owned at {row['price_usd']} USD, {row['life_months']} months")
    return found


def spot_without_a_market(tables: Tables) -> list[str]:
    """Spot prices that are the on-demand price of the same instance, region and day: no market, no spot price."""
    found = []
    for name, instance, offer in offers(tables):
        if offer["purchase"] != "spot":
            continue
        fixed = [
            row
            for other in instance["offers"]
            if (other["purchase"], other["region"]) == ("on_demand", offer["region"])
            for row in other["prices"]
        ]
        found += [
            f"{name}: {row['usd_per_hour']}"
            for row in offer["prices"]
            if any(row["usd_per_hour"] >= other["usd_per_hour"] for other in fixed[-1:])
        ]
    return found


def implausible_units(tables: Tables) -> list[str]:
    """Provisioned units and tuning out of the range of what is sold."""
    found = []
    for name, row in rows(tables, "provisioned"):
        if not 0.1 <= row.get("usd_per_unit_hour", 1.0) <= 200.0:
            found.append(f"{name}: {row['usd_per_unit_hour']}")
        if not 10 <= row.get("input_tokens_per_minute", 1_000) <= 1_000_000:
            found.append(f"{name}: {row['input_tokens_per_minute']}")
        if not 1.0 <= row.get("output_weight_ratio", 4.0) <= 20.0:
            found.append(f"{name}: {row['output_weight_ratio']}")
    for name, row in rows(tables, "tuning"):
        bounds = {
            "training_usd_per_mtok": (0.1, 200.0),
            "training_usd_per_hour": (1.0, 200.0),
            "hosting_usd_per_hour": (0.1, 20.0),
            "input_usd_per_mtok": (0.01, 100.0),
            "output_usd_per_mtok": (0.01, 200.0),
        }
        found += [
            f"{name}: {key} {row[key]}"
            for key, (low, high) in bounds.items()
            if key in row and not low <= row[key] <= high
        ]
    return found


def implausible_limits(tables: Tables) -> list[str]:
    """Limits that no account has, or that shrink as the usage tier rises."""
    found = []
    for name, model in records(tables, "api"):
        for key in ("requests_per_minute", "tokens_per_minute", "input_tokens_per_minute", "spend_usd_per_month"):
            values = [limit[key] for limit in model.get("limits", ()) if key in limit and "effective_to" not in limit]
            if any(not 1 <= value <= 1e10 for value in values) or values != sorted(values):
                found.append(f"{name}: {key} {values}")
    return found


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
        "context_tokens": (2_048, 11_000_000),
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
    GB200, 8 and all requests in flight, they differ less than that; a factor of 1000 is out. A single request in
    flight is as slow as it is.
    """
    rates: dict[str, list[tuple[float, str]]] = {}
    for name, run in records(tables, "throughput"):
        for p in run["points"]:
            if "output_tokens" in p and p.get("concurrency_count", 8) >= 8:
                every = p["output_tokens_per_second"] * (1.0 + p.get("input_tokens", 0) / p["output_tokens"])
                rates.setdefault(run["model"], []).append((every / run["gpu_count"], f"{name} {run['gpu']} {p}"))
    found = []
    for points in rates.values():
        usual = median(rate for rate, _ in points)
        found += [name for rate, name in points if not usual / 60.0 <= rate <= usual * 20.0]
    return found


# ---------------------------------------------------------------------- names


def doubled_or_unsorted(tables: Tables) -> list[str]:
    """Ids that are not unique (aliases counted) or not sorted within their file, and files named after another."""
    found = []
    for kind, files in tables.items():
        for stem, data in files.items():
            if data.get("provider", stem) != stem:
                found.append(f"{kind}/{stem}: provider {data['provider']!r}")
            if kind == "throughput":
                keys = [(r["model"], r["gpu"], r["gpu_count"]) for r in data["runs"]]
                found += [f"{kind}/{stem}: {b} after {a}" for a, b in itertools.pairwise(keys) if b < a]
                continue
            ids = [record["id"] for record in data[LISTS[kind]]]
            found += [f"{kind}/{stem}: {b} after {a}" for a, b in itertools.pairwise(ids) if b.lower() <= a.lower()]
            names = ids + [alias for record in data[LISTS[kind]] for alias in record.get("aliases", ())]
            found += [f"{kind}/{stem}: {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]
    providers = [name for stem, data in tables["api"].items() for name in (stem, *data.get("aliases", ()))]
    return found + [f"api: provider {name} twice" for name in sorted({n for n in providers if providers.count(n) > 1})]


def dangling(tables: Tables) -> list[str]:
    """References to chips, models, tokenizers, hosted weights or successors that are nowhere."""
    known = {kind: {record["id"] for _, record in records(tables, kind)} for kind in ("hardware", "models")}
    known["tokenizers"] = {record["id"] for _, record in records(tables, "tokenizers")}
    known["api"] = {
        f"{stem}/{name}"
        for stem, data in tables["api"].items()
        for model in data["models"]
        for name in (model["id"], *model.get("aliases", ()))
    }
    asked = [(name, "tokenizers", record.get("tokenizer")) for name, record in records(tables, "api")]
    asked += [(name, "api", record.get("retirement", {}).get("successor")) for name, record in records(tables, "api")]
    asked += [(name, "tokenizers", record.get("tokenizer")) for name, record in records(tables, "models")]
    asked += [(name, "hardware", record["gpu"]) for name, record in records(tables, "compute")]
    asked += [(name, "hardware", record["gpu"]) for name, record in records(tables, "throughput")]
    asked += [(name, "models", record["model"]) for name, record in records(tables, "throughput")]
    asked += [(name, "api", record.get("same_as")) for name, record in records(tables, "provisioned")]
    found = [
        f"{name}: no {kind} {word!r}" for name, kind, word in asked if word is not None and word not in known[kind]
    ]
    for name, record in records(tables, "tuning"):
        if record["base"] not in known["api"] | known["models"] and not re.fullmatch(r"[a-z0-9.-]+", record["base"]):
            found.append(f"{name}: no base {record['base']!r}")
    for name, record in records(tables, "api"):
        weights = record.get("weights")
        # weights may name a model without a row in models/, but then as a plain id
        if weights is not None and not re.fullmatch(r"[a-z0-9.-]+", weights):
            found.append(f"{name}: weights {weights!r}")
    return found


# STYLE.md section 2, and what the field writes for chips, units of capacity and clocks (the last lines)
ENDINGS = (
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
    "usd_per_unit_hour",
    "_usd_per_mtok_hour",
    "_usd_per_kwh",
    "tokens_per_minute",
    "requests_per_minute",
    "_seconds",
    # what an item around the GPU is billed by: the item is said beside the key
    "usd_per_month",
    "usd_per_instance_month",
    "usd_per_gpu_month",
    "usd_per_gib_month",
    "usd_per_gb",
    "bytes_per_output_token",
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
                if isinstance(number, (int, float)) and not isinstance(number, bool) and not str(key).endswith(ENDINGS)
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
        spot_without_a_market,
        implausible_units,
        implausible_limits,
        implausible_hardware,
        implausible_rates,
        doubled_or_unsorted,
        dangling,
        unitless,
    )
}
