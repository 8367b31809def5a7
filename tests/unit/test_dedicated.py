"""Endpoints of one's own, billed by time, and hardware of one's own: by hand, from a small folder of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import CITED, open_model, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TableError

SECONDS = 730 * 3_600
NONE = tc.Engineering.none()
FLAT: dict[str, Any] = {"peak_to_mean": 1.0, "burst_ratio": 1.0}
SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000, **FLAT)

# 219,000 USD, a tenth of it left after 60 months; 10 kW x 1.3 at 0.12 USD; 1,500 USD a month besides
OWNED: dict[str, Any] = {
    "price_usd": 219_000.0,
    "life_months": 60.0,
    "residual_share": 0.1,
    "power_kw": 10.0,
    "power_usage_ratio": 1.3,
    "electricity_usd_per_kwh": 0.12,
    "hosting_usd_per_month": 1_000.0,
    "maintenance_usd_per_month": 500.0,
}
OWNED_USD_PER_HOUR = (219_000 * 0.9 / 60 + 1_000 + 500) / 730 + 10 * 1.3 * 0.12  # 8.115 USD


def run(gpu_count: int, output_tokens_per_second: float) -> dict[str, Any]:
    """Return a rate at 3,000 in and 1,000 out, under a latency limit: nothing is derated."""
    rate = {"input_tokens": 3_000, "output_tokens": 1_000, "output_tokens_per_second": output_tokens_per_second}
    how = {"engine": "vllm", "load_basis": "open_loop_slo", "nature": "measured", "measured_on": CITED["checked"]}
    return {"model": "open-one", "gpu": "X1", "gpu_count": gpu_count, **how, "points": [rate], **CITED}


def instance(name: str, gpu_count: int, purchase: str, *prices: float, gpu: str = "X1", **keys: Any) -> dict[str, Any]:
    """Return an instance with one offer; several prices are those of the first days of successive months."""
    eras = [row(f"2026-{month:02}-01", usd_per_hour=usd) for month, usd in enumerate(prices, start=1)]
    offers = [{"purchase": purchase, "region": "us", "prices": eras, **keys}]
    return {"id": name, "gpu": gpu, "gpu_count": gpu_count, "offers": offers}


def tables(folder: Path, *instances: dict[str, Any], as_of: str = "2026-11-21") -> tc.PriceBook:
    """Return a book in which one GPU serves 1,000 tokens per second and two together 2,800."""
    gpus = [{"id": name, "memory_gib": 80.0, "aliases": [f"{name}-80GB"], **CITED} for name in ("X1", "X2")]
    files: dict[str, dict[str, Any] | str] = {
        "hardware/gpus": {"gpus": gpus},
        "models/open": {"family": "open", "models": [open_model("open-one")]},
        "throughput/open": {"runs": [run(1, 250.0), run(2, 700.0)]},
        "compute/acme": {"provider": "acme", "name": "Acme", "instances": list(instances)},
        "compute/beta": {
            "provider": "beta",
            "name": "Beta",
            "instances": [instance("rented", 1, "on_demand", 2.0)],
        },
    }
    return price_book(folder, files, as_of=as_of)


def costs(option: Any, *volumes: float, workload: tc.Workload = SHAPE) -> list[float]:
    """Return USD per month at volumes."""
    return [float(usd) for usd in option.curve(workload).usd_per_month(np.array(volumes))]


def dedicated(book: tc.PriceBook, **given: Any) -> Any:
    """Return an endpoint of the model on X1 GPUs at acme."""
    return book.dedicated("acme", **{"gpu": "X1", "model": "open-one", "engineering": NONE, "label": "mine", **given})


# ---------------------------------------------------------------------- dedicated endpoints


def test_an_endpoint_costs_its_hours_by_the_replica(tmp_path: Path) -> None:
    """4 USD an hour for 1,000 tokens a second: a replica serves 2.628 billion tokens a month for 2,920 USD."""
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)))
    full = 1_000 * SECONDS
    assert costs(option, 0, full, full * 1.001, 2 * full) == pytest.approx([2_920, 2_920, 5_840, 5_840])
    assert option.tier == "dedicated"
    assert option.weights == "open-one"


def test_the_peak_decides_and_no_spare_is_kept(tmp_path: Path) -> None:
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)))
    peaked = tc.Workload(input_tokens=3_000, output_tokens=1_000, peak_to_mean=3.0, burst_ratio=1.25)
    full = 1_000 * SECONDS / 3.75
    assert costs(option, full, full * 1.001, workload=peaked) == pytest.approx([2_920, 5_840])


@pytest.mark.parametrize(
    ("small", "large", "chosen"),
    [
        (4.0, 8.0, "2x"),  # 4.00 USD for 1,000 tokens per second, or 8.00 for 2,800: 2.86 for 1,000
        (4.0, 11.0, "2x"),  # 3.93
        (4.0, 11.5, "1x"),  # 4.11
    ],
)
def test_the_size_whose_full_replicas_cost_the_least_per_token(
    tmp_path: Path, small: float, large: float, chosen: str
) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", small), instance("2x", 2, "dedicated", large))
    usd, full = {"1x": (small, 1_000), "2x": (large, 2_800)}[chosen]
    assert costs(dedicated(book), full * SECONDS, full * SECONDS * 1.001) == pytest.approx([usd * 730, 2 * usd * 730])
    rows = tc.Study([dedicated(book)], workload=SHAPE).sources()["row"].tolist()
    assert f"compute:acme/{chosen}[dedicated, us]" in rows


def test_a_size_of_ones_own_choice(tmp_path: Path) -> None:
    """One GPU a replica on the instance with two: two replicas to the instance, 2,000 tokens per second."""
    book = tables(tmp_path, instance("2x", 2, "dedicated", 8.0))
    assert costs(dedicated(book, gpus_per_replica=1), 2_000 * SECONDS, 2_001 * SECONDS) == pytest.approx(
        [5_840, 11_680]
    )


def test_sizes_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    """With two GPUs to a replica the smaller endpoint, though cheaper, holds none."""
    book = tables(tmp_path, instance("1x", 1, "dedicated", 0.1), instance("2x", 2, "dedicated", 8.0))
    assert costs(dedicated(book, gpus_per_replica=2), 1.0) == pytest.approx([5_840])
    alone = tables(tmp_path / "alone", instance("1x", 1, "dedicated", 4.0))
    with pytest.raises(ScenarioError) as caught:
        dedicated(alone, gpus_per_replica=2).resolve(SHAPE)
    assert str(caught.value) == (
        "mine:instance\n  found an instance with 1x X1; "
        "accepted: one with at least 2: open-one was measured on 2 of them."
    )


@pytest.mark.parametrize(
    ("sold", "given", "kept"), [(None, None, 1), (0, None, 0), (2, None, 2), (None, 0, 0), (2, 0, 0), (0, 3, 3)]
)
def test_the_fewest_replicas(tmp_path: Path, sold: int | None, given: int | None, kept: int) -> None:
    """One, unless the provider keeps more or none; one's own number comes first. None kept: nothing at no volume."""
    keys: dict[str, Any] = {} if sold is None else {"min_replica_count": sold}
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0, **keys)), min_replica_count=given)
    assert costs(option, 0.0, 1.0) == pytest.approx([kept * 2_920, max(kept, 1) * 2_920])


def test_replicas_of_several_nodes_are_counted_as_replicas(tmp_path: Path) -> None:
    """A replica of 16 GPUs takes two nodes of 8: three replicas are six nodes."""
    book = tables(tmp_path, instance("8x", 8, "dedicated", 10.0))
    option = dedicated(book, gpus_per_replica=16, throughput=1_000.0, min_replica_count=3, target_load_share=1.0)
    assert costs(option, 0.0, 3_000 * SECONDS, 3_001 * SECONDS) == pytest.approx([43_800, 43_800, 58_400])


def test_some_hours_of_the_month(tmp_path: Path) -> None:
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)), billed_hours_share=0.25)
    assert costs(option, 1.0) == pytest.approx([2_920 / 4])


def test_an_endpoint_on_the_day_of_a_change(tmp_path: Path) -> None:
    sizes = instance("1x", 1, "dedicated", 4.0, 3.0)
    for day, usd in (("2026-01-31", 4.0), ("2026-02-01", 3.0)):
        option = dedicated(tables(tmp_path, sizes, as_of="2026-11-21"), compute_as_of=day)
        assert costs(option, 0.0) == pytest.approx([usd * 730])
        said = f"mine: compute figures are those of {day}, not of 2026-11-21."
        assert said in tc.Study([option], workload=SHAPE).notes


def test_what_an_endpoint_rests_on_can_be_replaced(tmp_path: Path) -> None:
    study = tc.Study([dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)))], workload=SHAPE)
    assert study.replace({"compute:acme/1x[dedicated, us].usd_per_hour": 5.0}).costs(0.0)["mine"].item() == 5 * 730
    assert study.replace({"mine:min_replica_count": 4.0}).costs(0.0)["mine"].item() == pytest.approx(4 * 2_920)
    lines = study.assumptions().set_index("address")
    said = "replicas that the provider keeps up, or one where the table does not say"
    assert lines.loc["mine:min_replica_count", "source"] == said


def test_a_replaced_price_changes_the_bill_and_not_the_size(tmp_path: Path) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", 4.0), instance("2x", 2, "dedicated", 11.5))
    study = tc.Study([dedicated(book)], workload=SHAPE)
    address = "compute:acme/1x[dedicated, us].usd_per_hour"
    for usd in (1.0, 4.2, 8.0):  # from 4.11 USD on the larger one would be the cheaper by the token
        changed = study.replace({address: usd})
        assert changed.costs(0.0)["mine"].item() == pytest.approx(usd * 730)
        assert changed.replace({address: 2.0}).costs(0.0)["mine"].item() == pytest.approx(1_460)
    drawn = study.replace({address: np.array([1.0, 4.2, 8.0])}).options[0].curve(SHAPE)
    assert drawn.usd_per_month(0.0) == pytest.approx([730.0, 3_066.0, 5_840.0])


def test_a_tie_goes_to_the_smaller_size(tmp_path: Path) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", 4.0), instance("2x", 2, "dedicated", 11.2))
    assert costs(dedicated(book), 1.0) == pytest.approx([2_920])  # 4.00 for 1,000 and 11.20 for 2,800 a second


@pytest.mark.parametrize("name", ["instance", "purchase", "spare_instance_count", "min_instance_count"])
def test_an_endpoint_has_no_such_number(tmp_path: Path, name: str) -> None:
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)))
    with pytest.raises(ScenarioError, match=f"mine:{name}\n  found no such number; accepted: min_replica_count"):
        option.with_number(name, 2)


def test_gpus_go_by_any_of_their_names(tmp_path: Path) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", 4.0))
    assert costs(dedicated(book, gpu="X1-80GB"), 0.0) == pytest.approx([2_920])


@pytest.mark.parametrize(
    ("provider", "given", "said"),
    [
        ("beta", {}, "compute\n  found 'beta', which has no dedicated endpoints in the tables; accepted: one of acme."),
        ("acm", {}, "compute\n  found 'acm', which has no dedicated endpoints in the tables; accepted: one of acme."),
        ("acme", {"gpu": "X2"}, "compute\n  found gpu 'X2', with which acme sells no endpoint; accepted: one of X1."),
        ("acme", {"gpu": "X9"}, "hardware\n  found unknown 'X9'; accepted: an id or alias in "),
        ("acme", {"model": "open-two"}, "models\n  found unknown 'open-two'; accepted: an id or alias in "),
    ],
)
def test_what_nobody_sells(tmp_path: Path, provider: str, given: dict[str, Any], said: str) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", 4.0), instance("rented", 1, "on_demand", 2.0, gpu="X2"))
    asked = {"gpu": "X1", "model": "open-one", "engineering": NONE, **given}
    with pytest.raises(ResolveError) as caught:
        book.dedicated(provider, **asked)
    assert str(caught.value).startswith(f"{tmp_path.as_posix()}/{said}")


def test_a_region_without_an_endpoint(tmp_path: Path) -> None:
    option = dedicated(tables(tmp_path, instance("1x", 1, "dedicated", 4.0)), region="eu")
    with pytest.raises(ResolveError) as caught:
        option.resolve(SHAPE)
    assert str(caught.value).startswith(
        "compute:acme/1x\n  found region 'eu', for which no dedicated price is known; accepted: one of us."
    )


def test_engineering_has_to_be_said(tmp_path: Path) -> None:
    book = tables(tmp_path, instance("1x", 1, "dedicated", 4.0))
    with pytest.raises(TypeError, match="engineering"):
        book.dedicated("acme", gpu="X1", model="open-one")  # type: ignore[call-arg]  # the mistake is the point
    paid = dedicated(book, engineering=tc.Engineering(upkeep_usd_per_month=500, upkeep_usd_per_gpu_month=100))
    assert costs(paid, 1_500 * SECONDS) == pytest.approx([2 * (2_920 + 100) + 500])


# ---------------------------------------------------------------------- owned hardware


def machine(**changes: Any) -> dict[str, Any]:
    """Return an instance of two GPUs that is owned; a change to None leaves the key out."""
    keys = {key: value for key, value in {**OWNED, **changes}.items() if value is not None}
    return {"id": "box", "gpu": "X1", "gpu_count": 2, "owned": [row(**keys)]}


def owned(book: tc.PriceBook, **given: Any) -> Any:
    """Return the model on machines of one's own, none kept beyond what is needed."""
    few = {"min_instance_count": 0, "spare_instance_count": 0, "purchase": "owned", "engineering": NONE}
    return book.self_hosted("open-one", **{"instance": "acme/box", "label": "own", **few, **given})


def test_an_owned_machine_by_the_hour(tmp_path: Path) -> None:
    """A machine serves 2,800 tokens per second; the second one costs as much as the first."""
    assert f"{OWNED_USD_PER_HOUR:.4f}" == "8.1148"
    option = owned(tables(tmp_path, machine()))
    full = 2_800 * SECONDS
    monthly = OWNED_USD_PER_HOUR * 730
    assert costs(option, 0, full, full * 1.001) == pytest.approx([0, monthly, 2 * monthly])
    frame = tc.Study([option], workload=SHAPE).breakdown(full)
    parts = ["capital", "hosting", "maintenance", "power"]
    assert frame["component"].tolist() == [f"GPU instances: {part}" for part in parts]
    assert frame["usd_per_month"].tolist()[0] == pytest.approx(219_000 * 0.9 / 60)
    assert frame["usd_per_month"].tolist()[3] == pytest.approx(13 * 0.12 * 730)
    assert frame["usd_per_month"].sum() == pytest.approx(219_000 * 0.9 / 60 + 1_500 + 13 * 0.12 * 730)


@pytest.mark.parametrize(
    ("changes", "usd_per_hour"),
    [
        ({"power_kw": None, "electricity_usd_per_kwh": None}, (219_000 * 0.9 / 60 + 1_500) / 730),  # in the hosting
        ({"power_usage_ratio": None}, (219_000 * 0.9 / 60 + 1_500) / 730 + 10 * 0.12),
        ({"residual_share": None}, (219_000 / 60 + 1_500) / 730 + 1.56),
        ({"residual_share": 1.0}, 1_500 / 730 + 1.56),
        ({"hosting_usd_per_month": None, "maintenance_usd_per_month": None}, 219_000 * 0.9 / 60 / 730 + 1.56),
    ],
)
def test_what_an_owned_machine_leaves_out(tmp_path: Path, changes: dict[str, Any], usd_per_hour: float) -> None:
    option = owned(tables(tmp_path, machine(**changes)))
    assert costs(option, 1.0) == pytest.approx([usd_per_hour * 730], rel=1e-12)


@pytest.mark.parametrize(
    ("key", "value", "monthly"),
    [
        ("price_usd", 438_000.0, 438_000 * 0.9 / 60 + 1_500 + 1.56 * 730),
        ("life_months", 30.0, 219_000 * 0.9 / 30 + 1_500 + 1.56 * 730),
        ("residual_share", 0.5, 219_000 * 0.5 / 60 + 1_500 + 1.56 * 730),
        ("power_kw", 5.0, 219_000 * 0.9 / 60 + 1_500 + 0.78 * 730),
        ("power_usage_ratio", 1.0, 219_000 * 0.9 / 60 + 1_500 + 1.2 * 730),
        ("electricity_usd_per_kwh", 0.24, 219_000 * 0.9 / 60 + 1_500 + 3.12 * 730),
        ("hosting_usd_per_month", 0.0, 219_000 * 0.9 / 60 + 500 + 1.56 * 730),
        ("maintenance_usd_per_month", 0.0, 219_000 * 0.9 / 60 + 1_000 + 1.56 * 730),
    ],
)
def test_every_number_of_an_owned_machine_can_be_replaced(
    tmp_path: Path, key: str, value: float, monthly: float
) -> None:
    study = tc.Study([owned(tables(tmp_path, machine()))], workload=SHAPE)
    address = f"compute:acme/box[owned].{key}"
    assert study.parameters().set_index("address").loc[address, "value"] == OWNED[key]
    assert study.replace({address: value}).costs(1.0)["own"].item() == pytest.approx(monthly, rel=1e-12)


def test_a_price_that_is_draws(tmp_path: Path) -> None:
    study = tc.Study([owned(tables(tmp_path, machine()))], workload=SHAPE)
    drawn = study.replace({"compute:acme/box[owned].price_usd": np.array([0.0, 60_000.0])})
    found = drawn.comparison.resolved["own"].curve.usd_per_month(1.0)
    assert_allclose(np.ravel(found), [1_500 + 1.56 * 730, 60_000 * 0.9 / 60 + 1_500 + 1.56 * 730], rtol=1e-12)


def test_owning_is_a_purchase_of_its_own(tmp_path: Path) -> None:
    rented = instance("rented", 1, "on_demand", 2.0)
    both = {**machine(), "offers": instance("box", 2, "on_demand", 6.0)["offers"]}
    book = tables(tmp_path, both, rented)
    assert costs(owned(book, purchase="on_demand"), 1.0) == pytest.approx([6 * 730])
    assert costs(owned(book), 1.0) == pytest.approx([OWNED_USD_PER_HOUR * 730])
    for given, said in (
        (
            {"purchase": "spot"},
            "purchase 'spot', which the table does not have for it; accepted: one of on_demand, owned.",
        ),
        (
            {"instance": "acme/rented"},
            "purchase 'owned', which the table does not have for it; accepted: one of on_demand.",
        ),
        ({"region": "us"}, "region 'us', though its owned price has no region; accepted: no region."),
    ):
        with pytest.raises(ResolveError) as caught:
            owned(book, **given).resolve(SHAPE)
        assert f"  found {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"electricity_usd_per_kwh": None}, "one of power_kw and electricity_usd_per_kwh; accepted: both, or neither"),
        ({"power_kw": None}, "one of power_kw and electricity_usd_per_kwh; accepted: both, or neither"),
        ({"residual_share": 1.5}, "1.5; accepted: a number <= 1, in a fraction from 0 to 1"),
        ({"life_months": 0.0}, "0.0; accepted: a number > 0, in months"),
    ],
)
def test_a_machine_that_says_too_little(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TableError) as caught:
        tables(tmp_path, machine(**changes))
    assert f"found {said}" in str(caught.value)


def test_an_instance_that_can_neither_be_rented_nor_owned(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="found neither offers nor owned; accepted: at least one way to have it"):
        tables(tmp_path, {"id": "box", "gpu": "X1", "gpu_count": 2})
