"""What stands around the GPU: each item worked by hand from its row, what is put in its place, and nothing at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.tables import row, write_tables

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TableError
from tokencross.number import point
from tokencross.options.around import AroundGpu
from tokencross.options.around_costs import AroundCosts
from tokencross.tables.around_records import AROUND_KEYS, AroundItem
from tokencross.tables.book import Book
from tokencross.tables.store import Store, bundled_store, open_store

BOOK = Book(bundled_store(), date(2026, 11, 22))
V = 10e9
INSTANCES = tc.CostCurve.staircase(1.0, 4e9, min_steps=1) + tc.CostCurve.fixed(1.0)  # 3 and a spare at V
GPUS = tc.CostCurve.staircase(8.0, 4e9, min_steps=1) + tc.CostCurve.fixed(8.0)
FLEET: dict[str, Any] = {
    "instances": INSTANCES,
    "gpus": GPUS,
    "staging_usd_per_month": 30_000.0,
    "weights_gib": 60.0,
    "output_share": 0.2,
}
STREAMED_GB = 10e9 * 0.2 * 243 / 1e9  # answers at V


def parts(costs: AroundCosts, volume: float = V) -> dict[str, float]:
    """Return the breakdown at a volume."""
    found = costs.curve(**FLEET).breakdown(volume).iloc[0]
    return {str(label): float(usd) for label, usd in found.items()}


def typical(provider: str = "aws", **changes: Any) -> AroundCosts:
    """Return the shipped defaults with changes, resolved."""
    return AroundGpu(**changes).resolve(BOOK, provider=provider)


# ---------------------------------------------------------------------- the shipped rows by hand


def test_defaults_by_hand() -> None:
    """AWS: gp3 0.08, egress 0.09, balancer 0.0225 x 730 and 0.008; Datadog 15 + 31; a quarter of one replica."""
    expected = {
        "storage": 0.08 * 60 * 4,
        "egress": STREAMED_GB * 0.09,
        "load balancer": 0.0225 * 730 + STREAMED_GB * 0.008,
        "observability": (15 + 31) * 4,
        "staging": 30_000 / 4,
    }
    assert parts(typical()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("provider", "storage", "egress"),
    [
        ("coreweave", 0.07, 0.0),
        ("crusoe", 0.08, 0.09),  # its egress is not in the tables: the default's
        ("gcp", 0.08, 0.12),
        ("azure", 0.08, 0.09),
        ("hyperstack", 0.000096774 * 730, 0.0),
        ("lambda", 0.0, 0.0),
        ("nebius", 0.071, 0.0),
    ],
)
def test_the_instances_own_provider_comes_first(provider: str, storage: float, egress: float) -> None:
    found = parts(typical(provider))
    assert found.get("storage", 0.0) == pytest.approx(storage * 60 * 4, rel=1e-9)
    assert found.get("egress", 0.0) == pytest.approx(egress * STREAMED_GB, rel=1e-12)


def test_where_a_provider_has_no_row_the_reason_says_so() -> None:
    why = {p.address: p.why for p in typical("runpod").parameters()}
    assert why["around.egress_usd_per_gb"].startswith(
        "AWS data transfer out to the internet, none of runpod being known;"
    )
    assert why["around.licence_usd_per_gpu_month"] == "Open serving engine (vLLM, SGLang)"
    assert "usd_per_gb from 0.05 to 0.09 (" in why["around.egress_usd_per_gb"]


def test_a_licence_by_name() -> None:
    """4,500 USD a year for each of 32 GPUs; 1 USD an hour for each."""
    assert parts(typical(licence="nvidia_ai_enterprise"))["licences"] == pytest.approx(32 * 4_500 / 12)
    assert parts(typical(licence="nvidia_ai_enterprise_hourly"))["licences"] == pytest.approx(32 * 730)
    (chosen,) = [p for p in typical(licence="nvidia_ai_enterprise").parameters() if "licence" in p.address]
    assert (chosen.origin, chosen.value) == ("table", 375.0)
    assert any("H200 NVL cards" in note for note in typical(licence="nvidia_ai_enterprise").notes)


def test_whole_answers_are_smaller() -> None:
    found = parts(typical(traffic="whole_answers"))
    assert found["egress"] == pytest.approx(10e9 * 0.2 * 4.8 / 1e9 * 0.09)


def test_it_grows_with_the_fleet() -> None:
    """Storage and observability follow the instances: 2 at least, 4 at V, and one more just past a full step."""
    curve = typical().curve(**FLEET)
    seen = [curve.breakdown(volume).iloc[0]["observability"] / 46 for volume in (0.0, 4e9, V, 12e9, 12.001e9)]
    assert seen == [2, 2, 4, 4, 5]


# ---------------------------------------------------------------------- nothing, and replacing


def test_none_is_exactly_zero() -> None:
    costs = AroundGpu.none().resolve(BOOK, provider="aws")
    assert costs.curve(**FLEET).terms == ()
    assert costs.curve(**FLEET).usd_per_month(np.array([0.0, V])).tolist() == [0.0, 0.0]
    assert (costs.parameters(), costs.notes, costs.citations) == ((), (), ())


def test_one_item_over_nothing() -> None:
    costs = AroundGpu.none().replace(egress_usd_per_gb=0.05).resolve(BOOK)
    assert parts(costs) == pytest.approx({"egress": STREAMED_GB * 0.05})


def test_replaced_numbers_arrive() -> None:
    found = parts(
        typical(
            storage_usd_per_gib_month=0.1,
            storage_copies_per_instance_ratio=2,
            egress_usd_per_gb=0.05,
            traffic_bytes_per_output_token=100,
            load_balancer_usd_per_month=20,
            staging_hours_share=0.1,
        )
    )
    gb = 10e9 * 0.2 * 100 / 1e9
    assert found["storage"] == pytest.approx(0.1 * 60 * 2 * 4)
    assert found["egress"] == pytest.approx(gb * 0.05)
    assert found["load balancer"] == pytest.approx(20 + gb * 0.008)  # its price by the GB still stands
    assert found["staging"] == pytest.approx(3_000)


def test_another_way_of_billing_takes_the_rows_place() -> None:
    assert "observability" not in parts(typical(observability_usd_per_month=0))
    costs = typical(observability_usd_per_month=900, storage_usd_per_month=300)
    assert parts(costs)["observability"] == 900
    assert parts(costs)["storage"] == 300
    addresses = [p.address for p in costs.parameters() if "observability" in p.address or "storage" in p.address]
    assert addresses == ["around.storage_usd_per_month", "around.observability_usd_per_month"]
    assert not any("datadog" in note for note in costs.notes)


def test_left_out_items_are_not_said_to_be_unknown() -> None:
    costs = typical(staging=None, egress=None)
    assert {"staging", "egress"} & set(parts(costs)) == set()
    assert not any("have no" in note for note in costs.notes)


def test_items_of_ones_own() -> None:
    costs = typical(other={"vpn": 120.0, "control plane": 73.0})
    assert parts(costs)["vpn"] == 120
    own = [p for p in costs.parameters() if "other" in p.address]
    assert [(p.address, p.origin) for p in own] == [
        ("around.other[vpn].usd_per_month", "given"),
        ("around.other[control plane].usd_per_month", "given"),
    ]


def test_a_recipe_stays_as_it_was() -> None:
    first = AroundGpu(egress_usd_per_gb=0.05)
    first.replace(egress_usd_per_gb=0.02)
    assert first.numbers == {"egress_usd_per_gb": 0.05}
    with pytest.raises(AttributeError):
        first.other = {}  # type: ignore[misc]  # frozen
    assert repr(AroundGpu.typical()) == "AroundGpu()"
    assert tc.AroundGpu is AroundGpu


# ---------------------------------------------------------------------- parameters


def test_every_number_is_listed_with_its_source() -> None:
    costs = typical(egress_usd_per_gb=0.05)
    listed = {p.address: p for p in costs.parameters()}
    assert set(listed) == {
        "around.storage_usd_per_gib_month",
        "around.storage_copies_per_instance_ratio",
        "around.egress_usd_per_gb",
        "around.load_balancer_usd_per_month",
        "around.load_balancer_usd_per_gb",
        "around.observability_usd_per_instance_month",
        "around.licence_usd_per_gpu_month",
        "around.staging_hours_share",
        "around.traffic_bytes_per_output_token",
    }
    assert listed["around.egress_usd_per_gb"].origin == "given"
    assert {p.origin for name, p in listed.items() if name != "around.egress_usd_per_gb"} == {"default"}
    assert all(p.unit and p.citation is not None for p in listed.values())
    gp3 = listed["around.storage_usd_per_gib_month"].citation
    assert gp3 is not None
    assert gp3.row == "around:aws_gp3"
    assert gp3.location.startswith("pricing/around/around.yaml:")
    assert gp3 in costs.citations
    assert len(costs.citations) == 6  # a row for each item but the one given, and the bytes


@pytest.mark.parametrize("address", [p.address for p in typical(other={"vpn": 120.0}).parameters()])
def test_every_listed_number_can_be_replaced_alone(address: str) -> None:
    """Replacing one by itself changes nothing, and by a half of itself changes its own item in proportion."""
    recipe = AroundGpu(other={"vpn": 120.0})
    listed = {p.address: p for p in recipe.resolve(BOOK, provider="aws").parameters()}
    before = parts(recipe.resolve(BOOK, provider="aws"))
    value = point(listed[address].value)
    assert parts(recipe.with_number(address, value).resolve(BOOK, provider="aws")) == pytest.approx(before, rel=1e-15)
    after = recipe.with_number(address, value / 2).resolve(BOOK, provider="aws")
    assert {p.address for p in after.parameters()} == set(listed)
    changed = {label for label, usd in parts(after).items() if usd != before[label]}
    shared = {
        "around.traffic_bytes_per_output_token": {"egress", "load balancer"},
        "around.licence_usd_per_gpu_month": set(),
    }
    item = address.removeprefix("around.").partition("_")[0]
    labels = {"load": "load balancer", "other[vpn].usd": "vpn"}
    assert changed == shared.get(address, {labels.get(item, item)})


def test_with_number_takes_choices_and_wholes() -> None:
    assert AroundGpu().with_number("around.licence", "nvidia_ai_enterprise").choices == {
        "licence": "nvidia_ai_enterprise"
    }
    whole = AroundGpu.none()
    assert AroundGpu().with_number("around", whole) is whole


@given(ratio=st.floats(0.0, 50.0), volume=st.floats(0.0, 1e13))
def test_scaling_every_price_scales_the_bill(ratio: float, volume: float) -> None:
    base = typical(other={"vpn": 120.0})
    prices: dict[str, Any] = {
        p.address.removeprefix("around."): point(p.value) * ratio
        for p in base.parameters()
        if "usd_per" in p.address and "other" not in p.address
    }
    scaled = typical(other={"vpn": 120.0 * ratio}, **prices)
    fleet = {**FLEET, "staging_usd_per_month": FLEET["staging_usd_per_month"] * ratio}
    expected = base.curve(**FLEET).usd_per_month(volume) * ratio
    assert scaled.curve(**fleet).usd_per_month(volume) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_draws_give_draws() -> None:
    shares, gigabyte = np.array([0.1, 0.25]), np.array([0.05, 0.09])
    costs = typical(staging_hours_share=shares, egress_usd_per_gb=gigabyte)
    both = costs.curve(**{**FLEET, "output_share": np.array([0.2, 0.4])}).usd_per_month(np.array([V]))
    assert both.shape == (2, 1)
    for index, output_share in enumerate((0.2, 0.4)):
        alone = typical(staging_hours_share=float(shares[index]), egress_usd_per_gb=float(gigabyte[index]))
        expected = alone.curve(**{**FLEET, "output_share": output_share}).usd_per_month(V)
        assert_allclose(both[index], expected, rtol=1e-12)


# ---------------------------------------------------------------------- mistakes

WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"egres_usd_per_gb": 0.1},
        "Did you mean 'egress_usd_per_gb'",
    ),
    ({"licenses": "x"}, "found unknown 'licenses'"),
    (
        {"storage_usd_per_gib_month": -0.1},
        "around.storage_usd_per_gib_month\n  found -0.1; accepted: a finite number >= 0",
    ),
    ({"staging_hours_share": 1.5}, "found 1.5; accepted: a number from 0 to 1"),
    ({"observability_usd_per_month": None}, "around.observability_usd_per_month\n  found None"),
    ({"egress_usd_per_gb": float("nan")}, "found nan"),
    ({"licence": 375.0}, "A number is given by its name: licence_usd_per_gpu_month"),
    ({"other": {"storage": 1.0}}, "found 'storage'; accepted: a name without ':' and brackets that is none of"),
    ({"other": {"a[b]": 1.0}}, "found 'a[b]'"),
    ({"other": {"vpn": -1.0}}, "around.other[vpn].usd_per_month\n  found -1"),
    ({"other": 120.0}, "around.other\n  found 120.0; accepted: names with USD per month"),
]


@pytest.mark.parametrize(("given_wrong", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_means_nothing_is_refused(given_wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        AroundGpu(**given_wrong)
    assert said in str(caught.value)


def test_an_unknown_row_offers_the_nearest() -> None:
    with pytest.raises(ResolveError) as caught:
        AroundGpu(licence="nvidia_ai_enterprize").resolve(BOOK)
    assert str(caught.value) == (
        "around.licence\n"
        "  found 'nvidia_ai_enterprize'; accepted: one of nvidia_ai_enterprise, nvidia_ai_enterprise_hourly, "
        "open_engine, or None.\n"
        "  Did you mean 'nvidia_ai_enterprise' or 'nvidia_ai_enterprise_hourly'?"
    )


def test_an_unknown_address_offers_the_nearest() -> None:
    with pytest.raises(ScenarioError) as caught:
        AroundGpu(other={"vpn": 1.0}).with_number("around.egress_usd_per_gib", 0.1, where="own")
    assert str(caught.value).startswith(
        "own:around.egress_usd_per_gib\n  found no such number; accepted: one of around."
    )
    assert "Did you mean 'around.egress_usd_per_gb'" in str(caught.value)
    with pytest.raises(ScenarioError, match=r"AroundGpu\.none\(\)"):
        AroundGpu().with_number("around", 3.0)


def test_bytes_are_needed_where_answers_are_billed() -> None:
    with pytest.raises(ResolveError, match="no traffic_bytes_per_output_token"):
        AroundGpu(traffic=None).resolve(BOOK)
    assert AroundGpu(traffic=None, egress=None, load_balancer=None).resolve(BOOK).numbers


# ---------------------------------------------------------------------- tables and dates


def items(*records: dict[str, Any]) -> dict[str, Any]:
    """Return a file of what stands around the GPU."""
    return {"around/around": {"items": list(records)}}


def book_of(folder: Path, *records: dict[str, Any], as_of: date = date(2026, 11, 21)) -> Book:
    """Return a small folder of tables at a date, once every record is seen to be right."""
    store: Store = open_store(write_tables(folder, items(*records)))
    store.check()
    return Book(store, as_of)


def test_tables_without_rows_count_what_is_given_and_say_so(tmp_path: Path) -> None:
    book = book_of(tmp_path)
    costs = AroundGpu(observability_usd_per_month=50, staging=None).resolve(book, provider="acme")
    assert parts(costs) == {"observability": 50}
    assert costs.notes == (
        "around the GPU: the tables have no storage, egress, load balancer, licences; nothing is counted for it.",
    )


def test_the_row_in_force_at_the_date(tmp_path: Path) -> None:
    record = {
        "id": "disk",
        "item": "storage",
        "name": "Disk",
        "default": True,
        "prices": [row("2026-01-01", usd_per_gib_month=0.1), row("2026-07-01", usd_per_gib_month=0.2, caveat="Odd.")],
    }
    book = book_of(tmp_path, record)
    only = AroundGpu.none().replace(storage="disk")
    for day, usd in (("2026-06-30", 0.1), ("2026-07-01", 0.2)):
        found = only.resolve(book.at(date.fromisoformat(day)))
        assert parts(found) == pytest.approx({"storage": usd * 60 * 4})
    assert only.resolve(book).notes == ("disk: Odd.",)
    early = only.resolve(book.at(date(2025, 5, 5)))
    assert parts(early) == pytest.approx({"storage": 0.1 * 60 * 4})
    assert early.notes == ("disk: 2025-05-05 is before its first known price; that of 2026-01-01 is used.",)


def test_ones_own_record_comes_before_the_tables(tmp_path: Path) -> None:
    overlay = tmp_path / "own.yaml"
    overlay.write_text(
        "around:\n"
        "  - items:\n"
        "      - id: our_contract\n"
        "        item: egress\n"
        "        name: Our contract\n"
        "        default: true\n"
        "        prices:\n"
        "          - effective_from: 2026-01-01\n"
        "            usd_per_gb: 0.02\n"
        "            basis: contract\n"
        "            via: order 7\n"
        "            checked: 2026-11-21\n",
        encoding="utf-8",
    )
    book = Book(open_store(None, overlay), date(2026, 11, 22))
    assert parts(AroundGpu().resolve(book, provider="runpod"))["egress"] == pytest.approx(STREAMED_GB * 0.02)


BROKEN = [
    ({"prices": [row(usd_per_gb=0.1)]}, "found usd_per_gb of storage; accepted: one of usd_per_gib_month"),
    ({"prices": [row()]}, "found no figure at all"),
    (
        {"prices": [row(usd_per_month=1.0, range={"usd_per_month": [2.0, 3.0], "source": "them"})]},
        "found a range of usd_per_month around 1.0",
    ),
    (
        {"prices": [row(usd_per_month=1.0, range={"usd_per_month": [3.0], "source": "them"})]},
        "accepted: a low and a high end",
    ),
    ({"prices": [row(usd_per_month=-1.0)]}, "found -1.0; accepted: a number >= 0, in USD per month"),
    ({"item": "licences"}, "Did you mean 'licence'?"),
]


@pytest.mark.parametrize(("changed", "said"), BROKEN, ids=lambda value: str(value)[-40:])
def test_a_broken_record_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    record = {"id": "a", "item": "storage", "name": "A", "prices": [row(usd_per_month=1.0)], **changed}
    with pytest.raises(TableError) as caught:
        book_of(tmp_path, record)
    assert said in str(caught.value)


def test_two_defaults_of_an_item_are_refused(tmp_path: Path) -> None:
    one = {"id": "a", "item": "storage", "name": "A", "default": True, "prices": [row(usd_per_month=1.0)]}
    with pytest.raises(TableError, match="two defaults of 'storage'"):
        book_of(tmp_path, one, {**one, "id": "b"})


def test_shipped_rows_name_providers_that_there_are() -> None:
    records = [record.parse(AroundItem) for record in BOOK.around()]
    assert {name for record in records for name in record.providers} <= set(BOOK.providers("compute"))
    assert {record.item for record in records if record.default} == set(AROUND_KEYS)
    assert len(records) == 21
