"""Every mistake in a pricing table ends in one message: where, what was found, what is accepted, what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tokencross as tc
from tokencross.errors import ResolveError, TableError

HERE = Path(__file__).parent
ROW_KEYS = (
    "basis, via, checked, agrees, cited_url, url, quote, note, dispute, caveat, correction, effective_from, "
    "effective_to, status, input_usd_per_mtok, output_usd_per_mtok, cache_read_usd_per_mtok, "
    "cache_write_usd_per_mtok, cache_write_1h_usd_per_mtok, cache_write_12h_usd_per_mtok, long_context, "
    "cache_storage_usd_per_mtok_hour, fee_usd_per_request, batch, service_tiers, regions, time_windows, promised_until"
)
TABLE = "a pricing table: a mapping of keys to values"

# file: (where after the file's name, found and accepted, remedy)
MISTAKES: dict[str, tuple[str, str, str]] = {
    "misspelt_key": (
        ":14: models[0].prices[0].cheked",
        f"an unknown key; accepted: one of {ROW_KEYS}",
        "Did you mean 'checked'?",
    ),
    "wrong_unit": (
        ":10: models[0].prices[0].input_usd_per_ktok",
        f"an unknown key; accepted: one of {ROW_KEYS}",
        "Did you mean 'input_usd_per_mtok' or 'output_usd_per_mtok' or 'cache_write_usd_per_mtok'?",
    ),
    "duplicate_key": (
        ":11",
        "the key 'input_usd_per_mtok' twice in one mapping; accepted: each key once",
        "Keep one of the two.",
    ),
    "key_that_is_no_text": (":7", "the key '2026'; accepted: a key that is text", "Quote it if it is meant."),
    "negative_number": (
        ":10: models[0].prices[0].input_usd_per_mtok",
        "-0.15; accepted: a number >= 0, in USD per million tokens",
        "",
    ),
    "infinite_number": (
        ":11: models[0].prices[0].output_usd_per_mtok",
        "inf; accepted: a finite number",
        "",
    ),
    "not_a_number": (
        ":11: models[0].prices[0].output_usd_per_mtok",
        "nan; accepted: a number >= 0, in USD per million tokens",
        "",
    ),
    "number_as_text": (
        ":10: models[0].prices[0].input_usd_per_mtok",
        "'3e0'; accepted: a number, in USD per million tokens",
        "YAML reads this as text: write 1.0e+6 or 1_000_000.",
    ),
    "number_with_unit": (
        ":10: models[0].prices[0].input_usd_per_mtok",
        "'3 USD'; accepted: a number, in USD per million tokens",
        "Write the number alone; its unit is in the key's name.",
    ),
    "empty_value": (
        ":10: models[0].prices[0].input_usd_per_mtok",
        "nothing; accepted: a number, in USD per million tokens",
        "",
    ),
    "fractional_count": (
        ":13: models[0].prices[0].long_context[0].threshold_tokens",
        "2.5; accepted: a whole number, in tokens",
        "",
    ),
    "share_over_one": (
        ":12: models[0].prices[0].batch.discount_share",
        "50; accepted: a number <= 1, in a fraction from 0 to 1",
        "A share is a fraction: 0.5 is 50%.",
    ),
    "thresholds_descend": (
        ":9: models[0].prices[0]",
        "long_context thresholds [200000, 100000]; accepted: each threshold once, lowest first",
        "",
    ),
    "overlapping_eras": (
        ":5: models[0]",
        "overlapping eras: one until 2026-07-01, the next from 2026-06-01; accepted: eras that do not overlap",
        "End the earlier one on the day the next one starts, or leave effective_to out.",
    ),
    "eras_out_of_order": (
        ":5: models[0]",
        "an era from 2025-06-01 after one from 2026-01-01; accepted: rows oldest first, each with its own day",
        "",
    ),
    "era_ends_before_it_begins": (
        ":9: models[0].prices[0]",
        "effective_to 2025-12-31; accepted: a day after effective_from 2026-01-01",
        "",
    ),
    "announced_status_only": (
        ":9: models[0].prices[0]",
        "status announced with basis documented; accepted: both announced, or neither",
        "",
    ),
    "announced_basis_only": (
        ":9: models[0].prices[0]",
        "status in_force with basis announced; accepted: both announced, or neither",
        "",
    ),
    "missing_provenance": (":9: models[0].prices[0]", "no key 'via'; accepted: via, which is required", ""),
    "empty_provenance": (":13: models[0].prices[0].via", "''; accepted: text that is not empty", ""),
    "missing_price": (
        ":9: models[0].prices[0]",
        "no key 'output_usd_per_mtok'; accepted: output_usd_per_mtok (USD per million tokens), which is required",
        "",
    ),
    "unknown_tier": (
        ":7: models[0].tier",
        "'smal'; accepted: one of 'frontier', 'small' or 'open_hosted'",
        "Did you mean 'small'?",
    ),
    "word_read_as_boolean": (
        ":6: models[0].name",
        "true; accepted: text",
        "YAML reads yes, no, on and off as true and false: put it in quotes.",
    ),
    "date_as_text": (
        ":9: models[0].prices[0].effective_from",
        "'2026-01-01'; accepted: a date such as 2026-11-21",
        "",
    ),
    "date_that_does_not_exist": (
        ":9",
        "'2026-02-30'; accepted: a value that exists, such as 2026-11-21 for a date",
        "",
    ),
    "no_rows": (":8: models[0].prices", "[]; accepted: at least one entry", ""),
    "no_models": (":2", "no key 'models'; accepted: models, which is required", ""),
    "tag": (
        ":5",
        "the YAML tag 'tag:yaml.org,2002:python/name:os.system'; accepted: plain values without a tag",
        "",
    ),
    "alias": (
        ":10",
        "an alias (*name) of another part; accepted: every value written out where it belongs",
        "",
    ),
    "alias_bomb": (
        ":1",
        "an alias (*name) of another part; accepted: every value written out where it belongs",
        "",
    ),
    "undefined_alias": (
        ":11",
        "text that is not YAML (found undefined alias); accepted: a pricing table as one YAML document",
        "",
    ),
    "empty": (":1", f"an empty file; accepted: {TABLE}", ""),
    "only_a_comment": (":1", f"an empty file; accepted: {TABLE}", ""),
    "not_yaml": (
        ":3",
        "text that is not YAML (while parsing a flow sequence did not find expected ',' or ']'); "
        "accepted: a pricing table as one YAML document",
        "",
    ),
    "two_documents": (
        ":15",
        "text that is not YAML (expected a single document in the stream but found another document); "
        "accepted: a pricing table as one YAML document",
        "",
    ),
    "a_list": (":1", f"a list; accepted: {TABLE}", ""),
    "a_word": (":1", f"the single value 'acme'; accepted: {TABLE}", ""),
    "deep_brackets": ("", "more than 60 levels of brackets; accepted: a file as the documentation shows it", ""),
    "deep_nesting": (":62", "more than 60 levels of nesting; accepted: a file as the documentation shows it", ""),
}
ASKED_ONE_BY_ONE = sorted(set(MISTAKES) - {"no_models", "alias_bomb", "deep_nesting"})  # no record "acme/one" in these


def message(file: Path, mistake: tuple[str, str, str]) -> str:
    """Return the whole message, as STYLE.md section 7 lays it out."""
    where, found, remedy = mistake
    return f"{file.as_posix()}{where}\n  found {found}." + (f"\n  {remedy}" if remedy else "")


def tables(folder: Path, source: Path) -> Path:
    """Return a folder of tables with one file, api/acme.yaml."""
    (folder / "api").mkdir(parents=True)
    (folder / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    return Path(shutil.copy(source, folder / "api" / "acme.yaml"))


def test_every_bad_table_is_expected_here() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == {*MISTAKES, "good"}


def test_the_table_without_the_mistake_passes(tmp_path: Path) -> None:
    tables(tmp_path, HERE / "good.yaml")
    book = tc.load_prices(tmp_path, as_of="2026-11-21")
    book.check()
    # 3 USD per million in, 15 out
    assert book.api("acme/one").bill(input_tokens=1_000_000, output_tokens=1_000_000) == pytest.approx(3.0 + 15.0)


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_check_says_the_whole_message(tmp_path: Path, name: str) -> None:
    file = tables(tmp_path, HERE / f"{name}.yaml")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables").check()
    assert str(caught.value) == message(file, MISTAKES[name])
    assert caught.value.__cause__ is None  # no stack of library internals
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", ASKED_ONE_BY_ONE)
def test_asking_for_the_model_says_the_same(tmp_path: Path, name: str) -> None:
    file = tables(tmp_path, HERE / f"{name}.yaml")
    if name == "only_a_comment":  # does not have the word that is asked for
        file.write_text(file.read_text(encoding="utf-8") + "# one\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="2026-11-21").api("acme/one")
    assert str(caught.value) == message(file, MISTAKES[name])


def test_other_files_are_not_read_until_they_are_asked_for(tmp_path: Path) -> None:
    tables(tmp_path, HERE / "good.yaml")
    shutil.copy(HERE / "not_yaml.yaml", tmp_path / "api" / "broken.yaml")
    book = tc.load_prices(tmp_path, as_of="2026-11-21")
    assert book.api("acme/one").label == "One"
    with pytest.raises(TableError, match=r"broken\.yaml:3"):
        book.check()


def test_at_most_ten_problems_are_written_out(tmp_path: Path) -> None:
    file = tables(tmp_path, HERE / "good.yaml")
    lines = file.read_text(encoding="utf-8").splitlines()
    head, row = lines[:8], lines[8:]
    rows = ["\n".join(row).replace("2026-01-01", f"2026-{month:02}-01").replace("15.0", "-1") for month in range(1, 13)]
    file.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables").check()
    shown = str(caught.value).splitlines()
    assert len(caught.value.problems) == 12
    assert shown[-1] == "and 2 more"  # 12 rows with a negative price, 10 of them written out
    # every row takes 6 lines; the output price is the third line of its row, the first row begins on line 9
    wheres = [f"{file.as_posix()}:{9 + 6 * i + 2}: models[0].prices[{i}].output_usd_per_mtok" for i in range(10)]
    assert shown[:-1:2] == wheres


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    file = tables(tmp_path, HERE / "good.yaml")
    file.write_bytes(b"provider: caf\xe9\n")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables").check()
    # "provider: caf" has 13 bytes, so the first bad one is at position 13
    assert str(caught.value) == message(
        file, ("", "a byte that is not UTF-8 at position 13; accepted: a pricing table as UTF-8 text", "")
    )


def test_a_table_too_large_to_be_one(tmp_path: Path) -> None:
    file = tables(tmp_path, HERE / "good.yaml")
    file.write_bytes(b"#" * 8_000_001)
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables").check()
    assert str(caught.value) == message(file, ("", "8,000,001 bytes; accepted: at most 8,000,000 bytes", ""))


def test_an_hour_for_nothing_is_refused(tmp_path: Path) -> None:
    tables(tmp_path, HERE / "good.yaml")
    (tmp_path / "compute").mkdir()
    file = tmp_path / "compute" / "acme.yaml"
    row = "{effective_from: 2026-01-01, usd_per_hour: 0.0, basis: documented, via: acme@1.0, checked: 2026-11-21}"
    offer = f"{{purchase: on_demand, region: us, prices: [{row}]}}"
    file.write_text(
        f"provider: acme\nname: Acme\ninstances:\n  - {{id: box, gpu: H100, gpu_count: 8, offers: [{offer}]}}\n",
        encoding="utf-8",
    )
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables").check()
    assert str(caught.value) == message(
        file,
        (":4: instances[0].offers[0].prices[0].usd_per_hour", "0.0; accepted: a number > 0, in USD per hour", ""),
    )


@pytest.mark.parametrize("text", ["", "2026-11-21", "latest", "2026.13.01", "v2026.11.21"])
def test_a_version_that_is_none(tmp_path: Path, text: str) -> None:
    tables(tmp_path, HERE / "good.yaml")
    (tmp_path / "VERSION").write_text(text, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables")
    expected = f"found {text!r}; accepted: a calendar version such as 2026.11.21."
    assert str(caught.value) == f"{tmp_path.as_posix()}/VERSION:1\n  {expected}"


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path / "nowhere", as_of="tables")
    assert str(caught.value) == (
        f"{tmp_path / 'nowhere'}\n  found no such folder; accepted: a folder of pricing tables with a file VERSION."
    )
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables")
    assert str(caught.value) == (
        f"{tmp_path}\n  found no file VERSION; accepted: a folder with a file VERSION such as 2026.11.21."
    )
    (tmp_path / "VERSION").write_text("2026.11.21", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        tc.load_prices(tmp_path, as_of="tables")
    kinds = "api, around, compute, hardware, load, models, provisioned, throughput, tokenizers, tuning"
    assert str(caught.value) == f"{tmp_path}\n  found no table; accepted: YAML files in at least one of {kinds}."


def test_two_models_of_one_id_name_several(tmp_path: Path) -> None:
    file = tables(tmp_path, HERE / "good.yaml")
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, *lines[4:]]) + "\n", encoding="utf-8")
    with pytest.raises(ResolveError) as caught:
        tc.load_prices(tmp_path, as_of="2026-11-21").api("acme/one")
    assert str(caught.value).startswith(f"{tmp_path.as_posix()}/api\n  found 'one', which names several; ")


def test_quotes_around_an_id_change_nothing(tmp_path: Path) -> None:
    """YAML's quotes are not part of a value: a table may write any id with them."""
    file = tables(tmp_path, HERE / "good.yaml")
    file.write_text(file.read_text(encoding="utf-8").replace("id: one", 'id: "one"'), encoding="utf-8")
    assert tc.load_prices(tmp_path, as_of="2026-11-21").api("acme/one").label == "One"


def test_a_key_of_many_levels_is_refused(tmp_path: Path) -> None:
    file = tables(tmp_path, HERE / "good.yaml")
    file.write_text("? " * 400 + "a\n", encoding="utf-8")
    with pytest.raises(TableError):
        tc.load_prices(tmp_path, as_of="tables").check()
