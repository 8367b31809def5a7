"""Records of one's own before the tables': what they change, what they add, and what is wrong with them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.tables import AS_OF, CITED, MTOK, api, hosted, open_model, price_book, row, write_tables

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TableError
from tokencross.tables.store import bundled_store

SHAPE = tc.Workload(input_tokens=1_000, output_tokens=1_000, peak_to_mean=1.0, burst_ratio=1.0)
CONTRACT = "basis: contract, via: our contract of 2026-07, checked: 2026-11-21"
RENTED = {
    "id": "1x",
    "gpu": "X1",
    "gpu_count": 1,
    "offers": [{"purchase": "on_demand", "region": "us", "prices": [row(usd_per_hour=2.0)]}],
}
UNITS = {
    "provider": "azure",
    "name": "Azure",
    "unit": "PTU",
    "offers": [{"commitment": "hourly", "region": "global", "prices": [row(usd_per_unit_hour=1.0)]}],
    "models": [
        {
            "id": "gpt",
            "name": "GPT",
            "tier": "frontier",
            "capacity": [row(input_tokens_per_minute=3_000.0, output_weight_ratio=4.0)],
        }
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables with two hosted models, an instance, an accelerator, an open model and provisioned units."""
    prices = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 20.0}
    files = {
        **api(hosted("one", row(**prices), row("2026-06-01", **prices), aliases=["uno"]), hosted("two", row(**prices))),
        "compute/acme": {"provider": "acme", "name": "Acme", "instances": [RENTED]},
        "hardware/gpus": {"gpus": [{"id": "X1", "memory_gib": 80.0, **CITED}]},
        "models/open": {"family": "open", "models": [open_model("open-one")]},
        "provisioned/azure": UNITS,
    }
    price_book(tmp_path / "tables", files)
    return tmp_path / "tables"


def own(folder: Path, text: str) -> Path:
    """Write an overlay beside the tables."""
    path = folder.parent / "own.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def load(folder: Path, text: str) -> tc.PriceBook:
    """Return the tables with an overlay, every record seen to be right."""
    book = tc.load_prices(folder, as_of=AS_OF, overlay=own(folder, text))
    book.check()
    return book


def line_of(path: Path, words: str) -> int:
    """Return the first line with some words."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def bill(book: tc.PriceBook, model: str) -> float:
    """Return what a million tokens in and as many out cost."""
    return float(book.api(model).bill(input_tokens=MTOK, output_tokens=MTOK))


NEGOTIATED = f"""\
    api:
      - provider: acme
        models:
          - id: one
            prices:
              - {{effective_from: 2026-07-01, input_usd_per_mtok: 3.0, output_usd_per_mtok: 15.0, {CONTRACT}}}
    """


# ---------------------------------------------------------------------- what it changes


def test_a_negotiated_price_replaces_the_list_price(folder: Path) -> None:
    """The keys that are given replace: here all eras; name, tier and aliases stay, and so do other models."""
    book = load(folder, NEGOTIATED)
    assert bill(book, "acme/one") == pytest.approx(3 + 15)
    assert bill(book, "acme/uno") == pytest.approx(3 + 15)
    assert bill(book, "acme/two") == pytest.approx(4 + 20)
    assert (book.api("acme/one").label, book.api("acme/one").tier) == ("One", "frontier")
    assert len(book.history("acme/one")) == 1
    listed = book.frame().set_index("model")["input_usd_per_mtok"]
    assert listed.to_dict() == {"acme/one": 3.0, "acme/two": 4.0}
    with pytest.raises(ResolveError, match="before the first known price of acme/one"):
        tc.load_prices(folder, as_of="2026-06-30", overlay=folder.parent / "own.yaml").api("acme/one").curve(SHAPE)


def test_a_source_names_both_places(folder: Path) -> None:
    book = load(folder, NEGOTIATED)
    table = folder / "api" / "acme.yaml"
    sources = tc.Study([book.api("acme/one")], workload=SHAPE).sources()
    assert sources["location"].tolist() == [
        f"{folder.parent / 'own.yaml'}:6, over {table.as_posix()}:{line_of(table, 'id: one')}"
    ]
    assert sources["via"].tolist() == ["our contract of 2026-07"]
    assert sources["basis"].tolist() == ["contract"]
    plain = tc.Study([book.api("acme/two")], workload=SHAPE).sources()["location"].item()
    assert plain.startswith(f"{table.as_posix()}:")
    assert "over" not in plain


def test_another_key_leaves_the_prices_where_they_are(folder: Path) -> None:
    book = load(folder, "api: [{provider: acme, models: [{id: one, name: Ours}]}]\n")
    assert book.api("acme/one").label == "Ours"
    assert bill(book, "acme/one") == pytest.approx(4 + 20)
    table = folder / "api" / "acme.yaml"
    place = f"{table.as_posix()}:{line_of(table, 'effective_from: 2026-06-01')}"
    assert tc.Study([book.api("acme/one")], workload=SHAPE).sources()["location"].tolist() == [place]


def test_an_address_replaces_a_negotiated_number(folder: Path) -> None:
    study = tc.Study([load(folder, NEGOTIATED).api("acme/one", label="a")], workload=SHAPE)
    changed = study.replace({"prices:acme/one.input_usd_per_mtok": 1.0})
    assert changed.costs(2e6)["a"].item() == pytest.approx(1 + 15)


def test_hardware_by_its_id(folder: Path) -> None:
    """It belongs to no provider: wherever it stands in the tables, the id says which."""
    book = load(folder, "hardware: [{gpus: [{id: X1, memory_gib: 141.0}]}]\n")
    gpu, citation = book.api("acme/one").book.gpu("X1")
    assert gpu.memory_gib == 141.0
    assert citation.location == f"{folder.parent / 'own.yaml'}:1, over {folder.as_posix()}/hardware/gpus.yaml:2"


def test_a_head_of_ones_own(folder: Path) -> None:
    """Besides records a file has a head: other spellings of the provider, the price of all its units."""
    book = load(folder, "api: [{provider: acme, aliases: [ac], models: []}]\n")
    assert book.api("ac/one").model == "acme/one"
    offers = "{commitment: hourly, region: global, prices: [{effective_from: 2026-01-01, usd_per_unit_hour: 0.5, "
    text = f"provisioned:\n  - provider: azure\n    offers:\n      - {offers}{CONTRACT}}}]}}\n    models: []\n"
    option = load(folder, text).provisioned("azure/gpt")
    assert option.curve(SHAPE).usd_per_month(0.0) == 0.5 * 730
    assert option.resolve(SHAPE).citations[0].location == f"{folder.parent / 'own.yaml'}:4"
    listed = tc.load_prices(folder, as_of=AS_OF).provisioned("azure/gpt").resolve(SHAPE).citations[0].location
    units = folder / "provisioned" / "azure.yaml"
    assert listed == f"{units.as_posix()}:{line_of(units, 'effective_from')}"


# ---------------------------------------------------------------------- what it adds


def test_a_new_provider_and_a_new_model(folder: Path) -> None:
    price = f"{{effective_from: 2026-07-01, input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.0, {CONTRACT}}}"
    text = f"""\
    api:
      - provider: acme
        models:
          - {{id: three, name: Three, tier: small, prices: [{price}]}}
      - provider: gateway
        name: Our gateway
        aliases: [gw]
        models:
          - {{id: one, name: One, tier: small, prices: [{price}]}}
    """
    book = load(folder, text)
    assert [bill(book, name) for name in ("acme/three", "gateway/one", "gw/one", "acme/two")] == pytest.approx(
        [3, 3, 3, 24]
    )
    assert book.frame()["model"].tolist() == ["acme/one", "acme/two", "acme/three", "gateway/one"]
    location = tc.Study([book.api("gateway/one")], workload=SHAPE).sources()["location"].item()
    assert location == f"{folder.parent / 'own.yaml'}:9"
    with pytest.raises(ResolveError, match="one of acme/one, gateway/one"):
        book.api("one")


def test_a_new_instance_on_new_hardware_with_a_new_rate(folder: Path) -> None:
    rate = "{input_tokens: 1000, output_tokens: 1000, output_tokens_per_second: 500.0}"
    run = (
        "model: open-one, gpu: Y1, gpu_count: 1, load_basis: open_loop_slo, nature: measured, measured_on: 2026-11-01, "
        f"points: [{rate}], {CONTRACT}"
    )
    price = f"{{effective_from: 2026-07-01, usd_per_hour: 3.0, {CONTRACT}}}"
    text = f"""\
    compute:
      - provider: acme
        instances:
          - {{id: ours, gpu: Y1, gpu_count: 1, offers: [{{purchase: on_demand, region: dc, prices: [{price}]}}]}}
    hardware: [{{gpus: [{{id: Y1, memory_gib: 200.0, {CONTRACT}}}]}}]
    throughput: [{{runs: [{{{run}}}]}}]
    """
    few: dict[str, Any] = {"min_instance_count": 0, "spare_instance_count": 0, "engineering": tc.Engineering.none()}
    option = load(folder, text).self_hosted("open-one", instance="acme/ours", purchase="on_demand", **few)
    # 500 tokens out and as many in each second: one instance serves 2.628 billion a month
    assert option.curve(SHAPE).usd_per_month(1_000 * 730 * 3_600) == pytest.approx(3 * 730)
    assert option.curve(SHAPE).usd_per_month(1_001 * 730 * 3_600) == pytest.approx(2 * 3 * 730)
    places = [citation.location for citation in option.resolve(SHAPE).citations]
    name = folder.parent / "own.yaml"
    table = folder / "models" / "open.yaml"
    assert places == [f"{name}:4", f"{name}:6", f"{table.as_posix()}:{line_of(table, 'id: open-one')}", f"{name}:5"]


def test_rates_of_ones_own_stand_beside_the_tables(folder: Path) -> None:
    """Runs have no id: an overlay's are added, and none of the tables' is lost."""
    point = {"input_tokens": 1_000, "output_tokens": 1_000, "output_tokens_per_second": 500.0}
    how = {"engine": "vllm", "load_basis": "open_loop_slo", "nature": "measured", "measured_on": CITED["checked"]}
    run = {"model": "open-one", "gpu": "X1", "gpu_count": 1, **how, "points": [point], **CITED}
    write_tables(folder, {"throughput/open": {"runs": [run, {**run, "gpu_count": 2}]}})
    text = (
        "throughput: [{runs: [{model: open-one, gpu: X1, gpu_count: 4, load_basis: offline, nature: measured, "
        f"measured_on: 2026-11-01, points: [{{output_tokens_per_second: 9.0}}], {CONTRACT}}}]}}]\n"
    )
    runs = load(folder, text).api("acme/one").book.runs("open-one")
    assert sorted(run.gpu_count for run, _ in runs) == [1, 2, 4]


def test_it_comes_before_the_bundled_tables(tmp_path: Path) -> None:
    text = NEGOTIATED.replace("provider: acme", "provider: openai").replace("id: one", "id: gpt-6-sol")
    path = own(tmp_path, text)
    book = tc.load_prices(as_of=AS_OF, overlay=path)
    assert bill(book, "openai/gpt-6-sol") == pytest.approx(3 + 15)
    location = tc.Study([book.api("openai/gpt-6-sol")], workload=SHAPE).sources()["location"].iloc[0]
    assert location.startswith(f"{path}:6, over pricing/api/openai.yaml:")


def test_the_hash_of_the_tables_covers_the_overlay(folder: Path) -> None:
    plain = tc.load_prices(folder, as_of=AS_OF).content_hash
    ours = load(folder, NEGOTIATED).content_hash
    dearer = load(folder, NEGOTIATED.replace("3.0", "3.5")).content_hash
    assert len({plain, ours, dearer}) == 3


# ---------------------------------------------------------------------- what is wrong with it

KINDS = "api, around, compute, hardware, load, models, provisioned, throughput, tokenizers, tuning"
HEAD = "provider, name, aliases, market_index, models"
MODEL_KEYS = "id, name, tier, tokenizer, weights, aliases, prices, limits, speeds, retirement"

WRONG = {
    "unknown kind": (
        "apis: []\n",
        f":1: apis\n  found an unknown kind of table; accepted: one of {KINDS}.\n  Did you mean 'api'?",
    ),
    "no list": (
        "api: {provider: acme}\n",
        ":1: api\n  found {'provider': 'acme'}; accepted: a list, an entry for each",
    ),
    "no mapping": ("api:\n  - acme\n", ":2: api[0]\n  found 'acme'; accepted: a mapping of keys to values."),
    "no provider": (
        "api:\n  - models: []\n",
        ":2: api[0].provider\n  found None; accepted: a provider's id, as in provider/model.",
    ),
    "a path as provider": (
        "api:\n  - provider: ../acme\n    models: []\n",
        ":2: api[0].provider\n  found '../acme'; accepted: a provider's id, as in provider/model.",
    ),
    "provider twice": (
        "api:\n  - {provider: acme, models: []}\n  - {provider: acme, models: []}\n",
        ":3: api[1]\n  found 'acme' again; accepted: one entry for each provider.",
    ),
    "record twice": (
        "api:\n  - provider: acme\n    models:\n      - {id: one, name: A}\n      - {id: one, name: B}\n",
        ":5: api[0].models[1]\n  found 'one' again, as at {own}:4; accepted: each id once.",
    ),
    "unknown key of the head": (
        "api:\n  - provider: acme\n    modls: []\n",
        f":3: api[0].modls\n  found an unknown key; accepted: one of {HEAD}.\n  Did you mean 'models'?",
    ),
    "wrong type in the head": (
        "api:\n  - provider: acme\n    aliases: ac\n    models: []\n",
        ":3: api[0].aliases\n  found 'ac'; accepted: a list.",
    ),
    "no records": (
        "api:\n  - provider: acme\n",
        ":2: api[0].models\n  found no list 'models'; accepted: a list of models.",
    ),
    "unknown key of a known record": (
        "api:\n  - provider: acme\n    models:\n      - id: one\n        prizes: []\n",
        f":5: api[0].models[0].prizes\n  found an unknown key; accepted: one of {MODEL_KEYS}.\n"
        "  Did you mean 'prices'?",
    ),
    "wrong type in a known record": (
        "hardware:\n  - gpus:\n      - id: X1\n        memory_gib: 80 GB\n",
        ":4: hardware[0].gpus[0].memory_gib\n  found '80 GB'; accepted: a number, in GiB.\n"
        "  Write the number alone; its unit is in the key's name.",
    ),
    "a new record without its keys": (
        "hardware:\n  - gpus:\n      - {id: X9, basis: contract, via: us, checked: 2026-11-21}\n",
        ":3: hardware[0].gpus[0]\n  found no key 'memory_gib'; accepted: memory_gib (GiB), which is required.",
    ),
    "a list": ("- api\n", ":1\n  found a list; accepted: a pricing table: a mapping of keys to values."),
    "empty": ("", ":1\n  found an empty file; accepted: a pricing table: a mapping of keys to values."),
    "key twice": (
        "api: []\napi: []\n",
        ":2\n  found the key 'api' twice in one mapping; accepted: each key once.\n  Keep one of the two.",
    ),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_mistake_in_it_is_one_message_with_its_line(folder: Path, name: str) -> None:
    text, said = WRONG[name]
    path = own(folder, text)
    with pytest.raises(TableError) as caught:
        tc.load_prices(folder, as_of=AS_OF, overlay=path)
    expected = f"{path}{said.replace('{own}', str(path))}"
    assert str(caught.value)[: len(expected)] == expected
    assert len(caught.value.problems) == 1
    assert caught.value.__cause__ is None


def test_a_file_that_is_not_there(folder: Path) -> None:
    missing = folder.parent / "nowhere.yaml"
    with pytest.raises(TableError) as caught:
        tc.load_prices(folder, as_of=AS_OF, overlay=missing)
    assert str(caught.value) == f"{missing}\n  found no such file; accepted: a pricing table that can be read."


def test_a_mistake_leaves_everything_else_usable(folder: Path, tmp_path: Path) -> None:
    """Neither an overlay nor a user's folder can spoil the bundled tables, nor an overlay the folder beneath it."""
    before = bill(tc.load_prices(as_of=AS_OF), "openai/gpt-6-sol")
    with pytest.raises(TableError):
        tc.load_prices(
            as_of=AS_OF, overlay=own(folder, "api:\n  - {provider: openai, models: [{id: gpt-6-sol, x: 1}]}\n")
        )
    with pytest.raises(TableError):
        tc.load_prices(
            folder, as_of=AS_OF, overlay=own(folder, "api:\n  - {provider: acme, models: [{id: one, x: 1}]}\n")
        )
    broken = write_tables(tmp_path / "broken", {"api/openai": "provider: openai\nmodels: [\n"})
    with pytest.raises(TableError, match=r"broken/api/openai\.yaml:3"):
        tc.load_prices(broken, as_of=AS_OF).check()
    assert bill(tc.load_prices(folder, as_of=AS_OF), "acme/one") == pytest.approx(4 + 20)
    assert bill(tc.load_prices(as_of=AS_OF), "openai/gpt-6-sol") == before
    assert bundled_store().overlay is None


def test_an_overlay_does_not_stay(folder: Path) -> None:
    assert bill(load(folder, NEGOTIATED), "acme/one") == pytest.approx(3 + 15)
    assert bill(tc.load_prices(folder, as_of=AS_OF), "acme/one") == pytest.approx(4 + 20)


# ---------------------------------------------------------------------- in a scenario file


def scenario(folder: Path, overlay: str) -> Path:
    """Write a scenario beside the tables."""
    path = folder.parent / "scenario.yaml"
    path.write_text(
        f"name: ours\nas_of: {AS_OF}\npricing: tables\noverlay: {overlay}\n"
        "workload: {input_tokens: 1000, output_tokens: 1000}\n"
        "options:\n  - {label: ours, api: acme/one}\n  - {label: list, api: acme/two}\n",
        encoding="utf-8",
    )
    return path


def test_a_scenario_names_its_overlay(folder: Path) -> None:
    own(folder, NEGOTIATED)
    study = tc.load_study(scenario(folder, "own.yaml"))
    assert study.costs(2e6).iloc[0].to_dict() == pytest.approx({"ours": 3 + 15, "list": 4 + 20})


def test_a_scenario_with_a_bad_overlay_says_where(folder: Path) -> None:
    path = own(folder, "apis: []\n")
    file = scenario(folder, "own.yaml")
    with pytest.raises(TableError) as caught:
        tc.load_study(file)
    assert str(caught.value).startswith(
        f"{file.as_posix()}:4: overlay: {path.as_posix()}:1: apis\n  found an unknown kind"
    )
    file = scenario(folder, "nowhere.yaml")
    with pytest.raises(TableError) as caught:
        tc.load_study(file)
    assert str(caught.value).startswith(
        f"{file.as_posix()}:4: overlay: {folder.parent / 'nowhere.yaml'}\n  found no such"
    )
    file = scenario(folder, "[own.yaml]")
    with pytest.raises(ScenarioError) as caught_type:
        tc.load_study(file)
    assert str(caught_type.value).startswith(f"{file.as_posix()}:4: overlay\n  found ['own.yaml']; accepted: text")


def test_an_alias_names_the_record_that_keeps_its_id(folder: Path) -> None:
    book = load(
        folder,
        f"""\
        api:
          - provider: acme
            models:
              - id: uno
                prices:
                  - {{effective_from: 2026-07-01, input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.0, {CONTRACT}}}
        """,
    )
    assert book.frame()["model"].tolist() == ["acme/one", "acme/two"]
    for name in ("acme/one", "acme/uno"):
        assert book.api(name).bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(1.0)


def test_two_names_of_one_model_are_one_too_many(folder: Path) -> None:
    rows = f"prices: [{{effective_from: 2026-07-01, input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.0, {CONTRACT}}}]"
    path = own(folder, f"api:\n- provider: acme\n  models:\n  - id: uno\n    {rows}\n  - id: one\n    {rows}\n")
    with pytest.raises(TableError) as caught:
        tc.load_prices(folder, as_of=AS_OF, overlay=path).frame()
    assert "the same model as" in str(caught.value)
    assert str(caught.value).endswith("accepted: one record for each.")
