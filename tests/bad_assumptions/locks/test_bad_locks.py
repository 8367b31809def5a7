"""Every damaged lock ends in one message: where, what was found, what is accepted, what to do."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tokencross.checks.lock_file import ANCHORS_TOKENS_PER_MONTH, LockedStudy, LockFile
from tokencross.cli import app
from tokencross.errors import TokencrossError
from tokencross.locking import check_lock, read_lock

HERE = Path(__file__).parent
STUDY = ":5: studies.study.yaml"
LOCK_KEYS = ", ".join(LockFile.model_fields)
STUDY_KEYS = ", ".join(LockedStudy.model_fields)
ANCHORS = ", ".join(f"1.0e+{power}" for power in range(6, 14))
WRITTEN = "a lock as `tokencross lock` writes it"
ANEW = "It is not edited by hand; write it anew: tokencross lock SCENARIO… --anew"

# file: (where after the file's name, or in the file that it names; found and accepted; remedy)
MISTAKES: dict[str, tuple[str, str, str]] = {
    "empty": (":1", f"an empty file; accepted: {WRITTEN}: a mapping of keys to values", ANEW),
    "a_poem": (":1: roses", f"an unknown key; accepted: one of {LOCK_KEYS}", ANEW),
    "cut_off": (":21", f"the end of a text that was cut off; accepted: {WRITTEN}, up to its line `...`", ANEW),
    "merge_conflict": (
        ":11",
        f"a merge conflict (<<<<<<< HEAD); accepted: {WRITTEN}",
        "Write it anew, once the scenarios are merged: tokencross lock SCENARIO… --anew",
    ),
    "later_version": (
        ":2: format_version",
        "2; accepted: 1, the layout that this version reads",
        "A later tokencross wrote it: install that version, or write it anew with this one: "
        "tokencross lock SCENARIO… --anew",
    ),
    "version_in_words": (":2: format_version", "'one'; accepted: one of 1", ANEW),
    "no_version": (":2", "no key 'format_version'; accepted: format_version, which is required", ANEW),
    "other_anchors": (":2", f"other anchors_tokens_per_month; accepted: {ANCHORS}", ANEW),
    "no_studies": (":4: studies", "nothing; accepted: a mapping of keys to values", ANEW),
    "misspelt_key": (
        f":10: {STUDY[4:]}.incumbant",
        f"an unknown key; accepted: one of {STUDY_KEYS}",
        ANEW,
    ),
    "duplicate_key": (
        ":11",
        "the key 'incumbent' twice in one mapping; accepted: each key once",
        ANEW,
    ),
    "number_with_a_letter": (
        f":11: {STUDY[4:]}.tokens_per_month",
        "'4B'; accepted: a number, in tokens per month",
        ANEW,
    ),
    "cost_missing": (
        STUDY,
        f"7 costs of 'frontier'; accepted: one for each of {len(ANCHORS_TOKENS_PER_MONTH)} volumes",
        ANEW,
    ),
    "no_costs_here": (
        STUDY,
        "costs_here_usd_per_month of other options; accepted: the labels of costs_usd_per_month",
        ANEW,
    ),
    "incumbent_without_costs": (STUDY, "an option without costs; accepted: costs_usd_per_month for each option", ANEW),
    "no_winners": (f":16: {STUDY[4:]}.winners", "[]; accepted: at least one entry", ANEW),
    "scenario_gone": (
        ":5: studies.chat.yaml",
        "no file chat.yaml; accepted: a scenario that is there",
        "If it is meant to be gone, lock the others: tokencross lock SCENARIO… --anew --output scenario_gone.lock",
    ),
    "scenario_that_is_bad": (
        "unknown_model.yaml:6: options[0]: pricing/api",
        "unknown 'gpt-6-soll'; accepted: an id or alias in pricing/api",
        "Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?",
    ),
    "scenario_that_is_not_yaml": (
        "not_yaml.yaml:4",
        "text that is not YAML (while parsing a flow mapping did not find expected ',' or '}'); "
        "accepted: a scenario as one YAML document",
        "",
    ),
}
RUN = {"scenario_gone", "scenario_that_is_bad", "scenario_that_is_not_yaml"}  # locks that are whole
NOTHING_LEFT = {"a_poem", "empty"}  # of the lock without the mistake


def message(name: str) -> str:
    """Return the whole message, as STYLE.md section 7 lays it out."""
    where, found, remedy = MISTAKES[name]
    place = f"{name}.lock{where}" if where.startswith(":") else where
    return f"{place}\n  found {found}." + (f"\n  {remedy}" if remedy else "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every lock and the scenarios that they name, which is the current one."""
    shutil.copytree(HERE.parent / "beside", tmp_path, dirs_exist_ok=True)
    for path in HERE.glob("*.lock"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_bad_lock_is_expected_here() -> None:
    assert {path.stem for path in HERE.glob("*.lock")} == {*MISTAKES, "good"}


def test_the_lock_without_the_mistake_is_read(folder: Path) -> None:
    locked = read_lock(Path("good.lock")).studies["study.yaml"]
    assert locked.costs_here_usd_per_month == {"frontier": 11_800.0, "own": 14_000.0}
    assert locked.breakevens_tokens_per_month["own"].first == 4.79e9


@pytest.mark.parametrize("name", sorted({*MISTAKES} - NOTHING_LEFT))
def test_one_edit_makes_the_mistake(name: str) -> None:
    good, bad = ((HERE / f"{each}.lock").read_text(encoding="utf-8").splitlines() for each in ("good", name))
    edits = [edit for edit in difflib.SequenceMatcher(None, good, bad, False).get_opcodes() if edit[0] != "equal"]
    assert len(edits) == (2 if name == "merge_conflict" else 1), edits


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_check_lock_says_the_whole_message(folder: Path, name: str) -> None:
    path = Path(f"{name}.lock")
    with pytest.raises(TokencrossError) as caught:
        list(check_lock(path)) if name in RUN else read_lock(path)
    assert str(caught.value) == message(name)
    assert caught.value.__cause__ is None  # no stack of library internals
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_the_command_line_says_it_and_changes_nothing(folder: Path, name: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = CliRunner().invoke(app, ["check", f"{name}.lock"])
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, result.stderr) == (2, "")
    assert result.stdout.split("\n\n")[1:-1] == [message(name)]  # between the overview and the count
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", sorted({*MISTAKES} - RUN - NOTHING_LEFT))
def test_a_damaged_lock_is_not_written_over(folder: Path, name: str) -> None:
    before = Path(f"{name}.lock").read_bytes()
    result = CliRunner().invoke(app, ["lock", "study.yaml", "--output", f"{name}.lock"])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message(name) + "\n")
    assert Path(f"{name}.lock").read_bytes() == before


def test_a_lock_that_is_not_there(folder: Path) -> None:
    with pytest.raises(TokencrossError) as caught:
        read_lock(Path("none.lock"))
    remedy = "Write one: tokencross lock SCENARIO… --output none.lock"
    assert str(caught.value) == f"none.lock\n  found no such file; accepted: {WRITTEN}.\n  {remedy}"
