"""Compiled copies of tables say what the YAML says, line by line; whatever else they may be, they are not used."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.tables import AS_OF, MTOK, api, hosted, row, write_tables

import tokencross as tc
from tokencross.errors import TableError
from tokencross.tables import store
from tokencross.tables.book import Book
from tokencross.tables.compiled import COMPILED_FOLDER, compile_folder, read_compiled
from tokencross.tables.reading import Document, Plain, read_document
from tokencross.tables.store import Store, bundled_store, open_store

REPOSITORY = Path(__file__).resolve().parents[2]
TABLES = sorted((REPOSITORY / "pricing").glob("*/*.yaml"))
ODD = """\
# a comment first
provider: acme
name: "Acme"
nothing:
yes_or_no: true
day: 2026-01-01
numbers: [1, 1.5, 1.0e+6, 1_000, .inf]
empty_list: []
empty: {}
text: >-
  folded
  over lines
deep:
  - - {a: [1, {b: 2}]}
    - c
  -
    d: e
models:

  - id: one
    "quoted": 'x'
"""


def walk(data: Plain, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every part of some data."""
    yield path
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, tuple) else ()
    for step, part in parts:
        yield from walk(part, (*path, step))


def compiled(folder: Path, path: Path, name: str = "acme.yaml") -> Document:
    """Return a table file from its copy."""
    document = read_compiled(path, name=name, folder=folder)
    assert document is not None
    return document


def assert_same(ours: Document, yaml: Document) -> None:
    """Assert that two documents say the same, of the same types, on the same lines."""
    assert repr(ours.data) == repr(yaml.data)  # 1 and 1.0 and True are equal, and not the same
    paths = list(walk(yaml.data))
    assert len(paths) > 1
    for path in paths:
        assert ours.line(path) == yaml.line(path), path
        assert ours.line((*path, "nowhere")) == yaml.line((*path, "nowhere")), path
        assert ours.line((*path, 10_000)) == yaml.line((*path, 10_000)), path


# ---------------------------------------------------------------------- the same as the YAML


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_table_is_the_same_in_its_copy(path: Path, tmp_path: Path) -> None:
    write_tables(tmp_path, {f"api/{path.stem}": path.read_text(encoding="utf-8")})
    own = tmp_path / "api" / path.name
    compile_folder(tmp_path, tmp_path / "copies")
    assert_same(compiled(tmp_path / "copies", own), read_document(own, name="acme.yaml"))


def test_an_odd_file_is_the_same_in_its_copy(tmp_path: Path) -> None:
    write_tables(tmp_path, {"api/acme": ODD})
    (written,) = compile_folder(tmp_path, tmp_path / "copies")
    raw = (tmp_path / "api" / "acme.yaml").read_bytes()
    assert written.name.startswith(hashlib.sha256(raw).hexdigest())
    yaml = read_document(tmp_path / "api" / "acme.yaml")
    ours = compiled(tmp_path / "copies", tmp_path / "api" / "acme.yaml")
    assert_same(ours, yaml)
    assert ours.line(("models", 0, "quoted")) == 1 + ODD.splitlines().index("    \"quoted\": 'x'")
    data = ours.data
    assert isinstance(data, dict)
    assert data["day"] == date(2026, 1, 1)
    assert data["text"] == "folded over lines"


def acme(**figures: Any) -> dict[str, Any]:
    """Return a file with one model."""
    return api(hosted("one", row(**{"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 20.0, **figures})))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables beside their copies, as a wheel has them."""
    write_tables(tmp_path, acme())
    compile_folder(tmp_path, tmp_path / COMPILED_FOLDER)
    return tmp_path


def prices(root: Path) -> tc.PriceBook:
    """Return the book of a folder as if it had come with the package."""
    return tc.PriceBook(Book(Store(root, "pricing", compiled=root / COMPILED_FOLDER), date.fromisoformat(AS_OF)))


def usd(root: Path) -> float:
    """Return what a million tokens of input cost."""
    return float(prices(root).api("acme/one").bill(input_tokens=MTOK, output_tokens=0))


def from_copy(root: Path) -> bool:
    """Return whether the file is read from its copy."""
    store = Store(root, "pricing", compiled=root / COMPILED_FOLDER)
    return store.document(root / "api" / "acme.yaml").compiled is not None


def copy_of(root: Path) -> Path:
    """Return the only copy."""
    (copy,) = (root / COMPILED_FOLDER).iterdir()
    return copy


def test_prices_and_citations_are_the_same(folder: Path) -> None:
    assert from_copy(folder)
    ours, yaml = prices(folder), tc.load_prices(folder, as_of=AS_OF)
    ours.check()
    assert usd(folder) == pytest.approx(4.0)
    assert ours.content_hash == yaml.content_hash
    located = [frame["location"].item().rpartition("/")[2] for frame in (ours.frame(), yaml.frame())]
    assert located[0] == located[1]
    assert ours.frame().drop(columns="location").equals(yaml.frame().drop(columns="location"))


@pytest.mark.parametrize(
    "mistake",
    [{"input_usd_per_mtok": -4.0}, {"input_usd": 4.0}, {"output_usd_per_mtok": "20"}, {"checked": "2026-11-21"}],
)
def test_mistakes_are_the_same_messages(tmp_path: Path, mistake: dict[str, Any]) -> None:
    write_tables(tmp_path, acme(**mistake))
    said = []
    for _ in range(2):
        with pytest.raises(TableError) as caught:
            prices(tmp_path).check()
        said.append(str(caught.value))
        compile_folder(tmp_path, tmp_path / COMPILED_FOLDER)
    assert from_copy(tmp_path)
    assert said[0] == said[1]
    assert said[0].startswith("pricing/api/acme.yaml:")


def test_what_the_yaml_may_not_say_is_never_compiled(tmp_path: Path) -> None:
    write_tables(tmp_path, {"api/acme": "models: &a []\nother: *a\n"})
    with pytest.raises(TableError, match="an alias"):
        compile_folder(tmp_path, tmp_path / COMPILED_FOLDER)


# ---------------------------------------------------------------------- never stale, never damaged


def test_a_changed_table_is_never_served_from_an_old_copy(folder: Path) -> None:
    path = folder / "api" / "acme.yaml"
    times = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("4.0", "5.0"), encoding="utf-8")  # as long as before
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # and as old
    assert not from_copy(folder)
    assert usd(folder) == pytest.approx(5.0)
    path.write_text(text + "\n", encoding="utf-8")
    assert not from_copy(folder)
    path.write_text(text, encoding="utf-8")
    assert from_copy(folder)


def test_without_a_copy_the_yaml_is_read(folder: Path) -> None:
    copy_of(folder).unlink()
    assert not from_copy(folder)
    assert usd(folder) == pytest.approx(4.0)


def test_every_cut_is_seen(folder: Path) -> None:
    copy = copy_of(folder)
    whole = copy.read_bytes()
    for length in range(len(whole)):
        copy.write_bytes(whole[:length])
        assert not from_copy(folder), length
    copy.write_bytes(whole + b"\0")
    assert not from_copy(folder)


def test_every_changed_byte_is_seen(folder: Path) -> None:
    """A price with another digit would load like any other: what was written has to be what is read."""
    copy = copy_of(folder)
    whole = copy.read_bytes()
    for place in range(0, len(whole), 7):
        copy.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        assert not from_copy(folder), place
    copy.write_bytes(whole)
    assert from_copy(folder)


@pytest.mark.parametrize("junk", [b"", b"junk", b"\x80\x05.", b"0" * 1_000, b"\x80\x05N."])
def test_a_copy_that_is_none_is_ignored(folder: Path, junk: bytes) -> None:
    for content in (junk, hashlib.sha256(junk).digest() + junk):
        copy_of(folder).write_bytes(content)
        assert not from_copy(folder)
    assert usd(folder) == pytest.approx(4.0)


# ---------------------------------------------------------------------- nothing but plain data


class Dangerous:
    """Would create a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_copy_that_would_run_something_does_not(folder: Path, protocol: int) -> None:
    made = folder / "made"
    content = pickle.dumps((Dangerous(made), (1, None)), protocol=protocol)
    copy_of(folder).write_bytes(hashlib.sha256(content).digest() + content)
    assert not from_copy(folder)
    assert not made.exists()
    assert usd(folder) == pytest.approx(4.0)


@pytest.mark.parametrize(
    "value", [datetime(2026, 1, 1), Decimal("4.0"), Path("x"), object(), {1, 2}, len, ValueError("x"), Document]
)
def test_only_plain_data_and_dates_are_read(folder: Path, value: object) -> None:
    plain = pickle.dumps(({"a": (1, 2.5, "x", True, None, date(2026, 1, 1))}, (1, None)), protocol=5)
    copy_of(folder).write_bytes(hashlib.sha256(plain).digest() + plain)
    assert from_copy(folder)
    content = pickle.dumps(({"a": value}, (1, None)), protocol=5)
    copy_of(folder).write_bytes(hashlib.sha256(content).digest() + content)
    if value != {1, 2}:  # a set needs no import; no YAML that is accepted makes one
        assert not from_copy(folder)


# ---------------------------------------------------------------------- whose copies


def test_a_users_folder_never_reads_one(folder: Path) -> None:
    """A copy that says something else under the right name: in a folder of one's own only the YAML counts."""
    data = read_document(folder / "api" / "acme.yaml").data
    assert isinstance(data, dict)
    data["models"][0]["prices"][0]["input_usd_per_mtok"] = 9.0
    content = pickle.dumps((data, (1, None)), protocol=5)
    copy_of(folder).write_bytes(hashlib.sha256(content).digest() + content)
    assert usd(folder) == pytest.approx(9.0)  # so the copy would be believed, where copies are
    own = tc.load_prices(folder, as_of=AS_OF)
    assert own.api("acme/one").bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(4.0)
    assert own.api("acme/one").book.store.compiled == bundled_store().compiled
    overlay = folder / "own.yaml"
    overlay.write_text("api: []\n", encoding="utf-8")
    over = tc.load_prices(folder, as_of=AS_OF, overlay=overlay)
    assert over.api("acme/one").bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(4.0)


def test_a_file_of_the_package_is_read_from_the_packages_copy_wherever_it_lies(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = Store(folder, "pricing", compiled=folder / COMPILED_FOLDER)
    monkeypatch.setattr(store, "_bundled", [packages])
    elsewhere = folder.parent / "elsewhere"
    shutil.copytree(folder, elsewhere, ignore=shutil.ignore_patterns(COMPILED_FOLDER))
    (path,) = (elsewhere / "api").glob("*.yaml")
    assert open_store(elsewhere).document(path).root is None  # no syntax tree: not read from YAML
    path.write_text(f"{path.read_text(encoding='utf-8')}# edited\n", encoding="utf-8")
    assert open_store(elsewhere).document(path).root is not None


def test_copies_are_no_tables(folder: Path) -> None:
    """They lie beside the tables, and neither count towards the hash nor are they checked as tables."""
    book = tc.load_prices(folder, as_of=AS_OF)
    before = book.content_hash
    copy_of(folder).unlink()
    assert tc.load_prices(folder, as_of=AS_OF).content_hash == before
