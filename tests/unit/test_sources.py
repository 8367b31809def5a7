"""What upstreams say, read offline: eras, tiers, batch, catalogs, own files; every mistake is one message."""

from __future__ import annotations

import json
import sys
import zipfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from tokencross.errors import ResolveError, TableError, TokencrossError
from tokencross.tables.sources import (
    PACKAGED,
    Upstream,
    UpstreamBatch,
    UpstreamInstance,
    UpstreamPrice,
    UpstreamTier,
    installed_version,
    read_upstream,
)

SNAPSHOT = {
    "schema": 1,
    "updated_at": "2026-10-26T18:46:35Z",
    "prices": {
        "acme": {
            "one": {
                "standard": [
                    {
                        "start": None,
                        "rates": {
                            "input": 3.0,
                            "output": 15.0,
                            "source": "https://acme.example/old",
                            "valid_from": "2026-01-05T23:30:00Z",
                            "valid_from_basis": "models.dev commit",
                        },
                    },
                    {  # the same prices from another commit: no era of its own
                        "start": "2026-02-01T00:00:00Z",
                        "rates": {
                            "input": 3.0,
                            "output": 15.0,
                            "source": "https://acme.example/again",
                            "valid_from": "2026-02-01T00:00:00Z",
                            "valid_from_basis": "models.dev commit",
                        },
                    },
                    {
                        "start": "2026-06-01T00:00:00Z",
                        "rates": {
                            "input": 2.0,
                            "output": 10.0,
                            "cache_read": 0.2,
                            "tiers": [{"above": 200000, "input": 4.0, "output": 15.0}],
                            "source": "https://acme.example/news",
                            "valid_from": "2026-06-01T00:00:00Z",
                            "valid_from_basis": "documented",
                        },
                    },
                    {"start": "2026-09-01T00:00:00Z", "rates": None},
                ],
                "batch": [
                    {"start": None, "rates": None},
                    {
                        "start": "2026-06-01T00:00:00Z",
                        "rates": {
                            "input": 1.0,
                            "output": 5.0,
                            "source": "https://acme.example/batch",
                            "valid_from": "2026-06-01T00:00:00Z",
                            "valid_from_basis": "documented",
                        },
                    },
                ],
            }
        }
    },
}

MAP = {
    "gemini/gem": {
        "litellm_provider": "gemini",
        "mode": "chat",
        "input_cost_per_token": 1.25e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-07,
        "input_cost_per_token_above_200k_tokens": 2.5e-06,
        "output_cost_per_token_above_200k_tokens": 1.5e-05,
        "input_cost_per_token_above_200k_tokens_priority": 9e-06,
        "input_cost_per_token_batches": 6.25e-07,
        "output_cost_per_token_batches": 5e-06,
        "source": "https://gem.example/pricing",
    },
    "deepseek/flash": {
        "litellm_provider": "deepseek",
        "mode": "chat",
        "input_cost_per_token": 3e-07,
        "output_cost_per_token": 1.2e-06,
        "cache_creation_input_token_cost": 0.0,
        "off_peak_pricing": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "windows": []},
    },
    "flash": {
        "litellm_provider": "deepseek",
        "mode": "chat",
        "input_cost_per_token": 9e-07,
        "output_cost_per_token": 9e-06,
    },
    "text-embedding": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 1e-08},
    "sample_spec": {"mode": "one of: chat, embedding"},
}

GPUHUNT = """\
instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,provider_data
p5.48xlarge,us-east-1,55.04,192,2048,8,H100,80,False,,nvidia,,x86,{}
p5.48xlarge,us-east-1,20.0,192,2048,8,H100,80,True,,nvidia,,x86,{}
p5.48xlarge,us-east-1,30.0,192,2048,8,H100,80,True,,nvidia,,x86,{}
p5.48xlarge,us-east-1,55.04,192,2048,8,H100,80,True,,nvidia,,x86,{}
c7.large,us-east-1,0.1,2,4,0,,,False,,,,x86,{}
"""

SKYPILOT_GCP = """\
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
a2-highgpu-1g,12.0,85.0,,,,us-central1,us-central1-a,0.73948,0.36975
,,,A100,1.0,A100,us-central1,us-central1-a,2.93,1.2
a3-highgpu-8g,208.0,1872.0,H100,8.0,H100,us-central1,us-central1-a,88.0,700.0
a3-highgpu-8g,208.0,1872.0,H100,8.0,H100,us-east4,us-east4-a,700.0,700.0
"""


def written(path: Path, text: str) -> Path:
    """Return a file with this text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def message(error: pytest.ExceptionInfo[TokencrossError]) -> str:
    """Return what an error says; it has no stack in it."""
    assert "Traceback" not in str(error.value)
    return str(error.value)


# ---------------------------------------------------------------- model-prices


def test_model_prices_gives_dated_eras_with_their_sources(tmp_path: Path) -> None:
    found = read_upstream("model-prices", file=written(tmp_path / "snap.json", json.dumps(SNAPSHOT)))
    assert (found.via, found.published_on) == ("model-prices:snap.json", date(2026, 10, 26))
    first, second = found.prices
    assert (first.effective_from, first.effective_to) == (date(2026, 1, 5), date(2026, 6, 1))
    assert (first.basis, first.cited_url, first.batch) == ("first_observed", "https://acme.example/old", None)
    assert second == UpstreamPrice(
        provider="acme",
        model="one",
        input_usd_per_mtok=2.0,
        output_usd_per_mtok=10.0,
        cache_read_usd_per_mtok=0.2,
        long_context=(UpstreamTier(200_000, 4.0, 15.0, cache_read_usd_per_mtok=0.2),),
        batch=UpstreamBatch(1.0, 5.0),
        effective_from=date(2026, 6, 1),
        effective_to=date(2026, 9, 1),
        basis="documented",
        cited_url="https://acme.example/news",
        via="model-prices:snap.json",
    )


def test_what_was_replaced_on_the_same_day_is_no_era(tmp_path: Path) -> None:
    snapshot = json.loads(json.dumps(SNAPSHOT))
    snapshot["prices"]["acme"]["one"]["standard"][1] |= {"start": "2026-01-05T23:45:00Z"}
    snapshot["prices"]["acme"]["one"]["standard"][1]["rates"]["input"] = 2.5
    found = read_upstream("model-prices", file=written(tmp_path / "snap.json", json.dumps(snapshot)))
    assert [(era.effective_from, era.input_usd_per_mtok) for era in found.prices] == [
        (date(2026, 1, 5), 2.5),
        (date(2026, 6, 1), 2.0),
    ]


def test_a_changed_structure_is_one_message(tmp_path: Path) -> None:
    for change, found in (
        ({"schema": 2}, "schema 2, not 1"),
        ({"prices": {"acme": {"one": {}}}}, "model-prices:snap.json: acme/one\n  found no 'standard'"),
    ):
        path = written(tmp_path / "snap.json", json.dumps({**SNAPSHOT, **change}))
        with pytest.raises(TableError) as error:
            read_upstream("model-prices", file=path)
        assert found in message(error)
        assert "Its structure has changed" in message(error)


# ---------------------------------------------------------------- litellm


def test_litellm_is_read_from_its_map(tmp_path: Path) -> None:
    found = read_upstream("litellm", file=written(tmp_path / "map.json", json.dumps(MAP)))
    gem, flash = found.prices
    assert gem == UpstreamPrice(
        provider="google",
        model="gem",
        input_usd_per_mtok=1.25,
        output_usd_per_mtok=10.0,
        cache_read_usd_per_mtok=0.125,
        long_context=(UpstreamTier(200_000, 2.5, 15.0),),
        batch=UpstreamBatch(0.625, 5.0),
        cited_url="https://gem.example/pricing",
        via="litellm:map.json",
    )
    assert (flash.provider, flash.model) == ("deepseek", "flash")  # with its provider's name, off its peak hours
    assert (flash.input_usd_per_mtok, flash.output_usd_per_mtok) == (0.15, 0.6)
    assert flash.cache_write_usd_per_mtok is None  # 0 is no price of its own


def test_litellm_is_never_imported(tmp_path: Path) -> None:
    before = "litellm" in sys.modules
    read_upstream("litellm", file=written(tmp_path / "map.json", json.dumps(MAP)))
    if installed_version("litellm"):
        assert len(read_upstream("litellm").prices) > 1000
    assert ("litellm" in sys.modules) == before


@pytest.mark.parametrize("value", ["NaN", "-1e-6", "Infinity", '"cheap"'])
def test_a_price_that_is_none_is_one_message(value: str, tmp_path: Path) -> None:
    text = json.dumps(MAP).replace("1.25e-06", value)
    with pytest.raises(TableError) as error:
        read_upstream("litellm", file=written(tmp_path / "map.json", text))
    assert message(error).startswith("litellm:map.json: gemini/gem\n  found ")


def test_not_json_names_the_line(tmp_path: Path) -> None:
    path = written(tmp_path / "map.json", '{"a": 1,\n oops}')
    with pytest.raises(TableError) as error:
        read_upstream("litellm", file=path)
    assert message(error).startswith("litellm:map.json:2\n  found text that is not JSON")


# ---------------------------------------------------------------- genai-prices


def test_the_installed_packages_are_read() -> None:
    for name in ("genai-prices", "model-prices"):
        found = read_upstream(name)
        assert found.via == f"{name}@{installed_version(name)}"
        assert len(found.prices) > 500
        providers = {price.provider for price in found.prices}
        assert {"openai", "anthropic", "google", "xai"} <= providers
        assert all(price.input_usd_per_mtok >= 0 for price in found.prices)


def test_genai_prices_eras_tiers_and_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from decimal import Decimal

    import genai_prices.data
    from genai_prices.types import (
        ClauseEquals,
        ConditionalPrice,
        ModelInfo,
        ModelPrice,
        PriceVariant,
        Provider,
        StartDateConstraint,
        Tier,
        TieredPrices,
        TimeOfDateConstraint,
    )

    def price(fresh: str, output: str) -> ModelPrice:
        return ModelPrice(input_mtok=Decimal(fresh), output_mtok=Decimal(output))

    from datetime import UTC, time

    tiered = ModelPrice(
        input_mtok=TieredPrices(base=Decimal("1.5"), tiers=[Tier(start=272_000, price=Decimal("3"))]),
        output_mtok=Decimal("9"),
        cache_read_mtok=Decimal("0.15"),
    )
    model = ModelInfo(
        id="one",
        match=ClauseEquals("one"),
        name="One",
        prices=[
            ConditionalPrice(prices=price("1", "6")),
            ConditionalPrice(StartDateConstraint(date(2027, 1, 1)), prices=tiered),
            ConditionalPrice(TimeOfDateConstraint(time(1, tzinfo=UTC), time(4, tzinfo=UTC)), prices=price("2", "12")),
        ],
        price_variants=[
            PriceVariant({"processing": "batch"}, price("0.5", "3"), StartDateConstraint(date(2026, 10, 14)))
        ],
    )
    acme = Provider("x-ai", "Acme", "acme", pricing_urls=["https://acme.example/pricing"], models=[model])
    monkeypatch.setattr(genai_prices.data, "providers", [acme])
    now, later = read_upstream("genai-prices").prices
    assert (now.provider, now.model, now.name) == ("xai", "one", "One")
    assert (now.effective_from, now.effective_to) == (None, date(2027, 1, 1))
    assert (now.input_usd_per_mtok, now.batch) == (1.0, UpstreamBatch(0.5, 3.0))  # outside the daily window
    assert (later.effective_from, later.batch) == (date(2027, 1, 1), None)  # batch was verified before it began
    assert later.long_context == (UpstreamTier(272_000, 3.0, 9.0, 0.15),)
    assert later.cited_url == "https://acme.example/pricing"


def test_genai_prices_of_another_structure_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    import genai_prices.data

    broken = SimpleNamespace(id="acme", pricing_urls=None, models=[SimpleNamespace(id="one")])
    monkeypatch.setattr(genai_prices.data, "providers", [broken])
    with pytest.raises(TableError) as error:
        read_upstream("genai-prices")
    assert ": acme/one\n  found 'types.SimpleNamespace' object has no attribute 'prices'" in message(error)
    monkeypatch.delattr(genai_prices.data, "providers")
    with pytest.raises(TableError, match="cannot import name 'providers'"):
        read_upstream("genai-prices")


# ---------------------------------------------------------------- gpuhunt and skypilot-catalog


def spot_and_on_demand(found: Upstream) -> dict[tuple[str, str, str], float]:
    return {(each.instance, each.region, each.purchase): each.usd_per_hour for each in found.instances}


def test_gpuhunt_catalog_as_csv_and_zip(tmp_path: Path) -> None:
    path = written(tmp_path / "aws.csv", GPUHUNT)
    archive = tmp_path / "catalog.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(path, "aws.csv")
    for file in (path, archive):
        found = read_upstream("gpuhunt", file=file)
        assert spot_and_on_demand(found) == {
            ("p5.48xlarge", "us-east-1", "on_demand"): 55.04,
            ("p5.48xlarge", "us-east-1", "spot"): 25.0,  # the median of 20 and 30: 55.04 is no market
        }
        assert {each.provider for each in found.instances} == {"aws"}
        assert found.notes == ("aws: 1 spot prices equal to the price on demand left out: no market there",)


def test_zones_that_differ_on_demand_give_no_price(tmp_path: Path) -> None:
    text = GPUHUNT.replace("20.0,192,2048,8,H100,80,True", "56.0,192,2048,8,H100,80,False")
    found = read_upstream("gpuhunt", file=written(tmp_path / "aws.csv", text))
    assert spot_and_on_demand(found) == {("p5.48xlarge", "us-east-1", "spot"): 30.0}
    assert "aws: 1 prices on demand left out: zones of one region differ" in found.notes


def test_skypilot_traps(tmp_path: Path) -> None:
    file = written(tmp_path / "gcp" / "vms.csv", SKYPILOT_GCP)
    found = read_upstream(str(file))
    assert spot_and_on_demand(found) == {("a3-highgpu-8g", "us-central1", "on_demand"): 88.0}
    assert {each.provider for each in found.instances} == {"gcp"}
    assert found.notes == (
        "1 accelerators in rows without an instance left out: their hosts cost extra",
        "1 instances without an accelerator left out: the price is the host's alone",
        "3 prices of 700 left out: a stand-in for an unknown price",
    )


# ---------------------------------------------------------------- files of one's own


def test_csv_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    csv = written(
        tmp_path / "own.csv",
        "provider,model,input_usd_per_mtok,output_usd_per_mtok,batch_input_usd_per_mtok,batch_output_usd_per_mtok,"
        "effective_from,basis,cited_url,via\n"
        "acme,one,2,10,1,5,2026-12-01,documented,https://acme.example,acme@3\n",
    )
    row = {
        "provider": "acme",
        "model": "one",
        "input_usd_per_mtok": 2,
        "output_usd_per_mtok": 10,
        "batch_input_usd_per_mtok": 1,
        "batch_output_usd_per_mtok": 5,
        "effective_from": "2026-12-01",
        "basis": "documented",
        "cited_url": "https://acme.example",
        "via": "acme@3",
    }
    as_json = written(tmp_path / "own.json", json.dumps({"prices": [row]}))
    lines = "\n".join(f"    {key}: {value}" for key, value in row.items())
    as_yaml = written(tmp_path / "own.yaml", f"prices:\n  -\n{lines}\n")
    expected = UpstreamPrice(
        provider="acme",
        model="one",
        input_usd_per_mtok=2.0,
        output_usd_per_mtok=10.0,
        long_context=None,  # it cannot say: nothing is compared
        batch=UpstreamBatch(1.0, 5.0),
        effective_from=date(2026, 12, 1),
        basis="documented",
        cited_url="https://acme.example",
        via="acme@3",
    )
    for file in (csv, as_json, as_yaml):
        assert read_upstream(str(file)).prices == (expected,)


def test_yaml_with_tiers_and_instances(tmp_path: Path) -> None:
    file = written(
        tmp_path / "own.yaml",
        "published_on: 2026-11-14\nvia: desk@1\n"
        "prices:\n  - {provider: acme, model: one, input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.0,"
        " long_context: [{threshold_tokens: 1000, input_usd_per_mtok: 2.0, output_usd_per_mtok: 4.0}]}\n"
        "instances:\n  - {provider: rack, instance: big, region: us, purchase: on_demand, usd_per_hour: 5.0}\n",
    )
    found = read_upstream(str(file))
    assert found.published_on == date(2026, 11, 14)
    assert found.prices[0].long_context == (UpstreamTier(1000, 2.0, 4.0),)
    assert found.instances == (UpstreamInstance("rack", "big", "us", "on_demand", 5.0, "desk@1"),)


OWN = "provider,model,input_usd_per_mtok,output_usd_per_mtok"
WRONG_FILES = {
    "twice.csv": (
        "provider,model,input_usd_per_mtok,output_usd_per_mtok,input_usd_per_mtok\n",
        ":1\n  found the column 'input_usd_per_mtok' twice; accepted: each column once.",
    ),
    "semicolons.csv": ("provider;model;input_usd_per_mtok\n", "Separate columns by commas."),
    "header.csv": ("provider,model,input,output_usd_per_mtok\n", ":1\n  found an unknown column 'input'"),
    "missing.csv": ("provider,model,input_usd_per_mtok\na,b,1\n", "found no column 'output_usd_per_mtok' among"),
    "number.csv": (OWN + "\nacme,one,cheap,1\n", ":2: input_usd_per_mtok\n  found 'cheap'; accepted: a number >= 0"),
    "infinite.csv": (OWN + "\nacme,one,1,inf\n", ":2: output_usd_per_mtok\n  found 'inf'"),
    "short.csv": (OWN + "\n\nacme,one,1\n", ":3\n  found fewer cells than columns"),
    "long.csv": (OWN + "\nacme,one,1,2,3\n", ":2\n  found more cells than columns"),
    "empty_cell.csv": (OWN + "\nacme,one,1,2\nacme,,1,2\n", ":3\n  found no key 'model'"),
    "date.csv": (OWN + ",effective_from\nacme,one,1,2,soon\n", ":2: effective_from\n  found 'soon'; accepted: a date"),
    "half.csv": (OWN + ",batch_input_usd_per_mtok\nacme,one,1,2,3\n", ":2\n  found one batch price"),
    "empty.csv": ("", ":1\n  found no column 'provider' among none"),
    "no_rows.csv": (OWN + "\n", ":1\n  found no prices"),
    "quote.csv": (OWN + '\nacme,"one"x,1,2\n', "found text that is not CSV"),
    "key.yaml": ("prices:\n  - {provider: a, model: b, input: 1}\n", ":2: prices[0].input\n  found an unknown key"),
    "list.json": ("[]", "a pricing table: a mapping of keys to values"),
    "own.txt": ("", "a file that ends in .csv, .json, .yaml or .yml"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_one_message(name: str, tmp_path: Path) -> None:
    text, expected = WRONG_FILES[name]
    with pytest.raises(TableError) as error:
        read_upstream(str(written(tmp_path / name, text)))
    assert expected in message(error)
    assert "; accepted: " in message(error)


def test_catalog_mistakes_are_one_message(tmp_path: Path) -> None:
    cases = {
        "aws.csv": (GPUHUNT.replace("location", "place", 1), ":1\n  found no column 'location'"),
        "bad.csv": (GPUHUNT.replace("55.04", "a lot", 1), ":2: price\n  found 'a lot'"),
        "spot.csv": (GPUHUNT.replace("False", "maybe", 1), ":2: spot\n  found 'maybe'"),
        "not.zip": ("PK", "found a damaged archive"),
    }
    for name, (text, expected) in cases.items():
        with pytest.raises(TableError) as error:
            read_upstream("gpuhunt", file=written(tmp_path / name, text))
        assert expected in message(error)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(TableError, match="no CSV file in the archive"):
        read_upstream("gpuhunt", file=tmp_path / "empty.zip")


# ---------------------------------------------------------------- what is not there


def test_unknown_upstream_offers_the_nearest() -> None:
    with pytest.raises(ResolveError) as error:
        read_upstream("litelm")
    assert message(error) == (
        "--from\n  found 'litelm'; accepted: one of genai-prices, model-prices, litellm, gpuhunt, or the path of a "
        "file.\n  Did you mean 'litellm'?"
    )


@pytest.mark.parametrize("name", PACKAGED)
def test_a_missing_package_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def missing(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr("tokencross.tables.sources.distribution", missing)
    with pytest.raises(ResolveError) as error:
        read_upstream(name)
    remedy = "pip install litellm" if name == "litellm" else "pip install 'tokencross[sources]'"
    assert f"--from {name}\n  found no such package installed" in message(error)
    assert remedy in message(error)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for file, expected in (
        (tmp_path / "none.json", "found no such file"),
        (tmp_path, "is a directory"),
        (tmp_path / "binary.json", "a byte that is not UTF-8 at position 0"),
    ):
        with pytest.raises(TableError) as error:
            read_upstream("litellm", file=file)
        assert expected in message(error)
    with pytest.raises(TableError, match="no such file"):
        read_upstream(str(tmp_path / "none.csv"))


def test_gpuhunt_without_a_file_says_what_to_give() -> None:
    with pytest.raises(ResolveError) as error:
        read_upstream("gpuhunt")
    assert "the package holds no prices" in message(error)
    assert "--file aws.csv" in message(error)


def test_genai_prices_takes_no_file(tmp_path: Path) -> None:
    with pytest.raises(ResolveError, match="Leave --file out"):
        read_upstream("genai-prices", file=tmp_path / "data.json")
