"""`tokencross check`: what it looks for and leaves alone, what it says, and its exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.tables import api, hosted, row, write_tables
from typer.testing import CliRunner, Result

from tokencross.checks.finding_files import find_files, named_tables, nearest_lock
from tokencross.cli import app

SCENARIO = """\
name: chat
as_of: 2026-11-21
pricing: ../pricing
workload: {input_tokens: 1000, output_tokens: 1000}
tokens_per_month: 1.0e+9
options:
  - {label: large, api: acme/large}
  - {label: small, api: acme/small}
"""
ASSUMPTIONS = """\
name: chat, which model
study: ../scenarios/chat.yaml
pricing: ../pricing
checks:
  - name: the price of the large one
    price: acme/large
    field: input_usd_per_mtok
    equals: 4.0
  - name: the small one is cheaper
    undercuts: small
    against: large
"""
OVERLAY = """\
api:
  - provider: acme
    models:
      - id: small
        name: Our small one
"""


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Return what the command does in a folder."""
    quiet = {"GITHUB_STEP_SUMMARY": None, "GITHUB_WORKSPACE": None, "TOKENCROSS_AS_OF": None}
    before = Path.cwd()
    os.chdir(cwd)
    try:
        return CliRunner().invoke(app, ["check", *arguments], env={**quiet, **(env or {})})
    finally:
        os.chdir(before)


def write(path: Path, text: str) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A repository with tables, a scenario and assumptions that hold."""
    root = tmp_path / "team"
    large = hosted("large", row(input_usd_per_mtok=4.0, output_usd_per_mtok=8.0))
    small = hosted("small", row(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0), tier="small")
    root.mkdir()
    write_tables(root / "pricing", api(large, small))
    write(root / "scenarios" / "chat.yaml", SCENARIO)
    write(root / "assumptions" / "chat.assumptions.yaml", ASSUMPTIONS)
    return root


def edit(path: Path, old: str, new: str) -> None:
    """Change one thing in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def lock(team: Path) -> Path:
    """Lock the scenario."""
    from tokencross.locking import write_lock

    write_lock([team / "scenarios" / "chat.yaml"], team / "tokencross.lock")
    return team / "tokencross.lock"


# ---------------------------------------------------------------------- exit codes


def test_all_holds(team: Path) -> None:
    lock(team)
    result = run(cwd=team)
    assert (result.exit_code, result.stderr) == (0, "")
    first, *rest = result.stdout.splitlines()
    assert first.startswith("pricing: tables 2026.11.21 (")
    assert rest == [
        "assumptions/chat.assumptions.yaml: 2 checks hold",
        "tokencross.lock: 1 study is as locked",
        "",
        "Holds: 2 checks hold; 1 study is as locked; 1 set of tables loads.",
    ]


def test_an_assumption_that_fails_ends_in_1_with_its_message(team: Path) -> None:
    edit(team / "assumptions" / "chat.assumptions.yaml", "equals: 4.0", "equals: 5.0")
    result = run(cwd=team)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "assumptions/chat.assumptions.yaml: 1 check holds, 1 fails\n" in result.stdout
    assert "\nassumptions/chat.assumptions.yaml:5: the price of the large one\n  expected: " in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Fails: 1 check holds, 1 fails;")


def test_a_lock_that_is_not_as_locked_ends_in_1(team: Path) -> None:
    lock(team)
    edit(team / "scenarios" / "chat.yaml", "output_tokens: 1000", "output_tokens: 2000")
    result = run("tokencross.lock", cwd=team)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "tokencross.lock: 1 study is not as locked\n" in result.stdout
    assert "tokencross lock scenarios/chat.yaml" in result.stdout


def test_bad_input_ends_in_2_and_hides_nothing(team: Path) -> None:
    path = team / "assumptions" / "chat.assumptions.yaml"
    edit(path, "equals: 4.0", "equals: 5.0")
    write(team / "assumptions" / "another.assumptions.yaml", ASSUMPTIONS.replace("undercuts:", "undercut:"))
    write(team / "assumptions" / "third.assumptions.yaml", "name: [\n")
    result = run("assumptions", "nowhere", "pricing", cwd=team)
    assert (result.exit_code, result.stderr) == (2, "")
    for said in (
        "nowhere\n  found no such file or folder;",
        "assumptions/another.assumptions.yaml:9: checks[1]",
        "assumptions/third.assumptions.yaml:2\n  found text that is not YAML",
        "assumptions/chat.assumptions.yaml:5: the price of the large one",
        "pricing: tables 2026.11.21 (",
        "Bad input: 1 check holds, 1 fails; 1 set of tables loads; 3 mistakes in the input.",
    ):
        assert said in result.stdout


def test_a_mistake_in_one_check_hides_no_other(team: Path) -> None:
    edit(team / "assumptions" / "chat.assumptions.yaml", "price: acme/large", "price: acme/lrage")
    result = run(cwd=team)
    assert result.exit_code == 2
    assert "assumptions/chat.assumptions.yaml: 1 check holds; 1 mistake\n" in result.stdout
    assert "Did you mean 'acme/large'?" in result.stdout or "'large'" in result.stdout


def test_a_study_that_cannot_be_loaded_is_one_mistake(team: Path) -> None:
    text = ASSUMPTIONS + "  - {name: small never loses, cheapest: small}\n"
    write(team / "assumptions" / "chat.assumptions.yaml", text)
    edit(team / "scenarios" / "chat.yaml", "acme/small", "acme/smal")
    result = run(cwd=team)
    assert result.exit_code == 2
    assert result.stdout.count("Did you mean") == 1


def test_every_mistake_in_the_tables_is_reported(team: Path) -> None:
    write_tables(
        team / "pricing", api(hosted("a", row(input_usd_per_mtok=-1.0, output_usd_per_mtok=1.0)), provider="a")
    )
    write_tables(team / "pricing", api(hosted("b", row(input_usd_per_mtok=1.0)), provider="b"))
    result = run("pricing", cwd=team)
    assert result.exit_code == 2
    assert "pricing/api/a.yaml:" in result.stdout
    assert "pricing/api/b.yaml:" in result.stdout
    assert result.stdout.count("found -1.0") == 1


# ---------------------------------------------------------------------- what is looked for


def test_a_folder_with_nothing_to_check_ends_in_2(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.exit_code == 2
    assert result.stdout == (
        "the current folder: 1 mistake\n\n"
        "the current folder\n"
        "  found nothing to check; accepted: a folder with tokencross.lock or pricing/VERSION in it or "
        "*.assumptions.yaml anywhere below it; or an assumption file, a lock, a scenario, an overlay, a folder of "
        "tables.\n\n"
        "Bad input: 1 mistake in the input.\n"
    )


def test_what_is_hidden_installed_or_built_is_left_alone(team: Path) -> None:
    for folder in (".cache", "node_modules/x", "build", "dist", "environment", "lib/site-packages/y"):
        write(team / folder / "x.assumptions.yaml", "no: assumptions\n")
    write(team / "environment" / "pyvenv.cfg", "home = /usr/bin\n")
    found = find_files([team])
    assert [path.relative_to(team).as_posix() for path in found.assumptions] == ["assumptions/chat.assumptions.yaml"]
    assert found.problems == ()
    named = find_files([team / "build"])  # said, it counts
    assert [path.name for path in named.assumptions] == ["x.assumptions.yaml"]


def test_links_are_not_followed_in_circles(team: Path) -> None:
    (team / "assumptions" / "up").symlink_to(team, target_is_directory=True)
    assert len(find_files([team]).assumptions) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes that have names")
def test_what_is_no_file_is_not_waited_for(team: Path) -> None:
    os.mkfifo(team / "assumptions" / "pipe.assumptions.yaml")
    (team / "assumptions" / "folder.assumptions.yaml").mkdir()
    (team / "assumptions" / "link.assumptions.yaml").symlink_to("nowhere")
    result = run(cwd=team)
    assert result.exit_code == 2
    assert "assumptions/link.assumptions.yaml\n  found no such file; accepted:" in result.stdout
    assert result.stdout.endswith("; 1 mistake in the input.\n")


def test_a_file_that_is_reached_twice_is_checked_once(team: Path) -> None:
    result = run(".", "assumptions", "assumptions/chat.assumptions.yaml", str(team), cwd=team)
    assert result.exit_code == 0
    assert result.stdout.count("2 checks hold\n") == 1


def test_an_ending_that_is_misspelt_is_said(team: Path) -> None:
    write(team / "assumptions" / "more.assumptions.yml", ASSUMPTIONS)
    result = run(cwd=team)
    assert result.exit_code == 2
    assert (
        "assumptions/more.assumptions.yml\n  found a file that ends in .yml; accepted: assumption files"
        in result.stdout
    )


def test_a_scenario_an_overlay_and_a_folder_of_tables(team: Path) -> None:
    write(team / "ours.yaml", OVERLAY)
    write(team / "scenarios" / "own.yaml", SCENARIO.replace("options:", "overlay: ../ours.yaml\noptions:"))
    result = run("scenarios/own.yaml", "pricing", cwd=team)
    assert result.exit_code == 0
    assert "\nscenarios/own.yaml: 1 check holds\n" in result.stdout
    assert "ours.yaml: over tables 2026.11.21 (together " in result.stdout
    result = run("ours.yaml", cwd=team)  # over the bundled tables, where acme is unknown and the record is not whole
    assert result.exit_code == 2
    assert "ours.yaml:4" in result.stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("notes.txt", "x", "notes.txt\n  found a file of another kind; accepted: a folder with"),
        ("x.yaml", "some: thing\n", "x.yaml:1\n  found a file with some; accepted: the checks of"),
        ("x.yaml", "- a list\n", "x.yaml:1\n  found a list; accepted:"),
        ("x.yaml", "", "x.yaml:1\n  found an empty file; accepted:"),
        ("x.yml", "a: [\n", "x.yml:2\n  found text that is not YAML"),
        ("x.assumptions.yaml", "checks: []\n", "x.assumptions.yaml:1"),
        ("x.assumptions.yaml", "\x00", "x.assumptions.yaml"),
        ("tokencross.lock", "no: lock\n", "tokencross.lock:1"),
        ("tokencross.lock", "", "tokencross.lock"),
        ("x.yaml", "provider: acme\nmodels: []\n", "Of a file of tables, give the folder that holds VERSION."),
    ],
)
def test_a_file_of_no_known_kind_ends_in_2(tmp_path: Path, name: str, text: str, said: str) -> None:
    write(tmp_path / name, text)
    result = run(name, cwd=tmp_path)
    assert (result.exit_code, result.stderr) == (2, "")
    assert said in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "../scenarios", "nowhere.yaml"])
def test_a_study_that_is_no_file_is_a_mistake_of_the_check_only(tmp_path: Path, name: str) -> None:
    said = {"name": "x", "study": name, "overlay": name, "pricing": name}
    path = write(tmp_path / "x.assumptions.yaml", json.dumps(said))
    assert set(named_tables(path)) <= {(None, None), (tmp_path / "scenarios", tmp_path / "scenarios")}


@pytest.mark.parametrize("path", ["", "nowhere", "no\nwhere", "x" * 300, "no\x00where", "chat.yaml/below", "\udcff"])
def test_a_path_that_is_none_ends_in_2(tmp_path: Path, path: str) -> None:
    write(tmp_path / "chat.yaml", SCENARIO)
    found = find_files([tmp_path / path if path else tmp_path])
    assert len(found.problems) == 1
    assert (found.assumptions, found.locks, found.tables) == ((), (), ())


def test_the_nearest_lock_counts(team: Path) -> None:
    path = team / "assumptions" / "chat.assumptions.yaml"
    assert nearest_lock(path) is None
    outer = write(team / "tokencross.lock", "x")
    assert nearest_lock(path) == outer
    inner = write(team / "assumptions" / "tokencross.lock", "x")
    assert nearest_lock(path) == inner


def test_tables_that_studies_name_are_checked(team: Path) -> None:
    overlay = write(team / "ours.yaml", OVERLAY)
    write(team / "scenarios" / "chat.yaml", SCENARIO + "overlay: ../ours.yaml\n")
    path = team / "assumptions" / "chat.assumptions.yaml"
    assert set(named_tables(path)) == {(team / "pricing", None), (team / "pricing", overlay)}
    edit(overlay, "name: Our small one", "nam: Our small one")
    result = run("assumptions", cwd=team)
    assert result.exit_code == 2
    assert "ours.yaml:" in result.stdout


def test_a_file_that_names_itself_ends(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.assumptions.yaml", "study: x.assumptions.yaml\nstudies: {a: x.assumptions.yaml, b: {}}\n"
    )
    assert list(named_tables(path)) == [(None, None), (None, None)]


# ---------------------------------------------------------------------- today


def test_today_in_a_file_is_the_day_that_is_given(team: Path) -> None:
    checked = "  - {name: looked at lately, source_age: [acme/large], at_most_days: 30, as_of: today}\n"
    write(team / "assumptions" / "chat.assumptions.yaml", ASSUMPTIONS + checked)  # checked on 2026-11-21
    assert run("--as-of", "2026-12-21", cwd=team).exit_code == 0
    result = run("--as-of", "2026-12-22", cwd=team)
    assert result.exit_code == 1
    assert "looked at lately\n" in result.stdout
    assert run(cwd=team, env={"TOKENCROSS_AS_OF": "2026-12-22"}).exit_code == 1
    assert run("--as-of", "2026-12-21", cwd=team, env={"TOKENCROSS_AS_OF": "2026-12-22"}).exit_code == 0


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "tables", "", "21.11.2026"])
def test_a_day_that_is_none_ends_in_2(team: Path, day: str) -> None:
    result = run("--as-of", day, cwd=team)
    said = f"check --as-of\n  found {day!r}; accepted: a date such as 2026-11-21, or today.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)


# ---------------------------------------------------------------------- formats and files


def test_formats_are_what_they_are_called(team: Path) -> None:
    edit(team / "assumptions" / "chat.assumptions.yaml", "equals: 4.0", "equals: 5.0")
    result = run("--format", "json", "--as-of", "2026-11-22", cwd=team)
    said = json.loads(result.stdout)
    assert (result.exit_code, said["exit_code"], said["today"]) == (1, 1, "2026-11-22")
    result = run("--format", "junit", cwd=team)
    assert (result.exit_code, ElementTree.fromstring(result.stdout).attrib["failures"]) == (1, "1")
    result = run("--format", "github", cwd=team / "assumptions", env={"GITHUB_WORKSPACE": str(team)})
    assert result.stdout.startswith(
        "::error file=assumptions/chat.assumptions.yaml,line=5,title=tokencross%3A the price of the large one::"
    )


def test_a_format_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    result = run("--format", "junti", "nowhere", cwd=tmp_path)
    said = "check --format\n  found 'junti'; accepted: one of text, github, json, junit.\n  Did you mean 'junit'?\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)


def test_output_goes_to_a_file_and_text_to_the_terminal(team: Path) -> None:
    result = run("--format", "junit", "--output", "pricing.xml", cwd=team)
    assert result.exit_code == 0
    assert result.stdout.endswith("Holds: 2 checks hold; 1 set of tables loads.\n")
    root = ElementTree.fromstring((team / "pricing.xml").read_text("utf-8"))
    assert root.attrib == {"name": "tokencross check", "tests": "3", "failures": "0", "errors": "0"}
    run("--output", "report.txt", cwd=team)
    assert (team / "report.txt").read_text("utf-8") == result.stdout


def test_the_summary_is_written_where_it_is_asked_for_and_where_github_shows_it(team: Path) -> None:
    steps = write(team / "steps.md", "before\n")
    run("--summary", "own.md", cwd=team, env={"GITHUB_STEP_SUMMARY": str(steps)})
    own = (team / "own.md").read_text("utf-8")
    assert own.startswith("### tokencross check: Holds: ")
    assert steps.read_text("utf-8") == "before\n"  # nobody asked for GitHub's format
    run("--format", "github", cwd=team, env={"GITHUB_STEP_SUMMARY": str(steps)})
    assert steps.read_text("utf-8") == "before\n" + own
    run("--format", "github", "--summary", "steps.md", cwd=team, env={"GITHUB_STEP_SUMMARY": str(steps)})
    assert steps.read_text("utf-8") == own


@pytest.mark.parametrize("option", ["--output", "--summary"])
@pytest.mark.parametrize(("path", "said"), [(".", "which is a folder"), ("no/x", "in a folder that does not exist")])
def test_a_file_that_cannot_be_written_ends_in_2(team: Path, option: str, path: str, said: str) -> None:
    result = run(option, path, cwd=team)
    message = f"check\n  found {option} {path}, {said}; accepted: the name of a file in an existing folder.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


def test_verbose_lists_what_was_found(team: Path) -> None:
    result = run("-v", cwd=team)
    assert "\n  holds  the price of the large one (" in result.stdout
    assert "\n  holds  the small one is cheaper (" in result.stdout


def test_checking_writes_nothing(team: Path) -> None:
    lock(team)
    edit(team / "scenarios" / "chat.yaml", "output_tokens: 1000", "output_tokens: 2000")
    before = {path: path.read_bytes() for path in team.rglob("*") if path.is_file()}
    assert run(cwd=team).exit_code == 1
    assert {path: path.read_bytes() for path in team.rglob("*") if path.is_file()} == before


def test_names_that_no_one_expects_are_names_only(team: Path) -> None:
    folder = team / "a,b: 100% [bold]x"
    shutil.move(team / "assumptions", folder)
    edit(folder / "chat.assumptions.yaml", "equals: 4.0", "equals: 5.0")
    edit(folder / "chat.assumptions.yaml", "the price of the large one", '"::error::x | \\e[31m ]]> <b>"')
    for form in ("text", "json", "junit", "github"):
        result = run("--format", form, "--summary", "s.md", cwd=team)
        assert result.exit_code == 1
        assert "\x1b" not in result.stdout
    first = result.stdout.splitlines()[0]
    assert first.startswith(
        "::error file=a%2Cb%3A 100%25 [bold]x/chat.assumptions.yaml,line=5,title=tokencross%3A %3A%3A"
    )


def test_the_process_says_the_same_and_has_no_colour_in_a_pipe(team: Path) -> None:
    command = [sys.executable, "-m", "tokencross.cli", "check"]
    done = subprocess.run(command, cwd=team, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert done.stdout == run(cwd=team).stdout
