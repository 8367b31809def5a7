"""The documentation does what it says: its examples run, its links lead somewhere, and its lists are complete."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

import tokencross as tc
from tokencross.checking import run_file
from tokencross.tables.api_records import ApiPriceRow
from tokencross.tables.assumption_file import KINDS
from tokencross.tables.store import FILE_KINDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [page for page in (*DOCS, ROOT / "pricing" / "README.md", ROOT / "README.md") if page.is_file()]
LINKING = [page for page in (*PAGES, ROOT / "pricing" / "CHANGELOG.md") if page.is_file()]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Yield the line above each fenced block of a language, and its text."""
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        if fence[1] == language:
            yield text.count("\n", 0, fence.start()) + 1, fence[2]


def _anchors(page: Path) -> set[str]:
    """Return what a link to a heading of the page may say, as GitHub spells it."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose)}


@pytest.mark.parametrize("page", [page for page in PAGES if any(_blocks(page, "python"))], ids=_name)
def test_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for line, block in _blocks(page, "python"):
        exec(compile("\n" * line + block, str(page), "exec"), namespace)  # the blocks of our own pages
    plt.close("all")


@pytest.mark.parametrize("page", LINKING, ids=_name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_index_names_every_page() -> None:
    listed = _LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8"))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in DOCS} - {"README.md"}
    assert pages - set(listed) == set()


def test_yaml_blocks_are_the_files_they_show() -> None:
    page = ROOT / "docs" / "how-to" / "use-your-own-tables.md"
    shown = [block for _, block in _blocks(page, "yaml")]
    assert shown == [(ROOT / "docs" / "how-to" / "own-tables" / "api" / "acme.yaml").read_text(encoding="utf-8")]


def test_the_assumptions_of_the_readme_hold(tmp_path: Path) -> None:
    (_, block), *others = _blocks(ROOT / "README.md", "yaml")
    assert others == []
    (tmp_path / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "support-chat.yaml", tmp_path / "scenarios")
    file = tmp_path / "support.assumptions.yaml"
    file.write_text(block, encoding="utf-8")
    outcomes = list(run_file(file, today=date(2026, 11, 22)))
    assert [outcome.passed for outcome in outcomes] == [True, True, True]


def test_the_page_on_assumptions_names_every_kind_of_check() -> None:
    page = (ROOT / "docs" / "how-to" / "test-your-assumptions.md").read_text(encoding="utf-8")
    listed = {name for row in re.findall(r"^\| (`[^|]*)\|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert set(KINDS) - listed == set()


def test_the_worked_row_of_the_tables_page_is_accepted() -> None:
    (_, block), *others = _blocks(ROOT / "pricing" / "README.md", "yaml")
    assert others == []
    (row,) = yaml.safe_load(block)
    assert ApiPriceRow.model_validate(row).input_usd_per_mtok == 0.08


def test_the_tables_page_names_every_key() -> None:
    said = set(re.findall(r"`(\w+)`", (ROOT / "pricing" / "README.md").read_text(encoding="utf-8")))
    keys: set[str] = set()
    for kind, (record, _) in FILE_KINDS.items():
        schema = record.model_json_schema()
        assert schema["$defs"], kind
        for part in (schema, *schema["$defs"].values()):
            keys |= set(part.get("properties", ()))
    assert keys - said == set()


def test_the_glossary_names_every_column() -> None:
    table = re.findall(r"^\| `?([^|`]+?)[`:]* (?:\(scenario\) )?\|", (ROOT / "docs" / "glossary.md").read_text(), re.M)
    names = {name.strip(" :") for name in table}
    study = tc.load_study(ROOT / "scenarios" / "nightly-documents.yaml")
    offline = tc.load_study(ROOT / "scenarios" / "voice.yaml")
    prices = tc.load_prices(as_of="2026-11-21")
    frames = [
        study.breakdown(1e9),
        study.breakevens(),
        study.winners(),
        study.parameters(),
        study.sources(),
        prices.frame(),
        prices.history("anthropic/claude-opus-5-5"),
        study.capacity(1e9).T,
        offline.capacity(1e9).T,
    ]
    columns = {str(column) for frame in frames for column in frame.columns}
    index = study.costs(np.array([1e9])).index.name
    assert (columns | {index}) - names == set()


def test_the_glossary_is_alphabetical_and_says_things_once() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    names = [line.split("|")[1].strip().replace("`", "").casefold() for line in lines if line.startswith("| ")][1:]
    assert names == sorted(set(names))
