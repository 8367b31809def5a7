"""The sample repository on a clean clone, run as its workflow says: green, red after a price changed, green again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from tokencross.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples" / "ci"
WORKFLOW = EXAMPLE / ".github" / "workflows" / "pricing.yml"
GIT = ["git", "-c", "user.name=A team", "-c", "user.email=team@example.org", "-c", "commit.gpgsign=false"]
GIT += ["-c", "init.defaultBranch=main", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"]

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or shutil.which("bash") is None, reason="runs a workflow's steps on a clone"
)


def loaded(path: Path) -> Any:
    """Return a YAML file; `on` is a key there, and not the word for true."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the variables of a machine on which nothing is set up but a Python with this package."""
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    names = ("SYSTEMROOT", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    quiet = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    own = {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": scripts}
    return {**kept, **quiet, **own, "TOKENCROSS_AS_OF": "2026-11-22", **more}


def done(command: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Return what a command did."""
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, encoding="utf-8")


class Clone:
    """A clean clone of the sample repository, in which the workflow's steps are run as GitHub runs them."""

    def __init__(self, folder: Path) -> None:
        origin = folder / "origin"
        shutil.copytree(EXAMPLE, origin)
        self.home = folder / "home"
        self.home.mkdir()
        self.root = folder / "clone"
        self.summary = folder / "summary.md"
        for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "The case"]):
            self.git(command, origin)
        self.git(["clone", "-q", str(origin), str(self.root)], folder)

    def git(self, command: list[str], cwd: Path) -> str:
        """Return what git prints."""
        ended = done([*GIT, *command], cwd, environment(self.home))
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def environment(self) -> dict[str, str]:
        """Return the variables of a step."""
        github = {"GITHUB_WORKSPACE": str(self.root), "GITHUB_STEP_SUMMARY": str(self.summary), "CI": "true"}
        return environment(self.home, TOKENCROSS="tokencross", **github)  # the installed package: no network here

    def workflow(self) -> subprocess.CompletedProcess[str]:
        """Run the steps of the workflow, up to the first that fails."""
        (job,) = loaded(self.root / ".github" / "workflows" / "pricing.yml")["jobs"].values()
        ended = None
        for step in job["steps"]:
            if "run" in step:
                ended = done(["bash", "-e", "-c", step["run"]], self.root, self.environment())
                if ended.returncode:
                    break
        assert ended is not None
        return ended

    def edit(self, name: str, old: str, new: str) -> None:
        """Change one thing in a file, and commit it."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")
        self.git(["commit", "-q", "-a", "-m", "Change a price"], self.root)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clean clone of the sample repository."""
    return Clone(tmp_path)


def line_of(path: Path, text: str) -> int:
    """Return the line on which a text stands."""
    (line,) = [number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line]
    return line


def shown_in_the_page() -> list[str]:
    """Return what the page shows of a check that fails; dots stand for lines left out."""
    page = (REPOSITORY / "docs" / "how-to" / "check-in-ci.md").read_text("utf-8")
    (block,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [line for line in block.splitlines() if line != "..."]


def test_green_then_red_with_the_reason_then_green_once_it_is_agreed_on(clone: Clone) -> None:
    ended = clone.workflow()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "::error" not in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Holds: ")
    assert "| holds | tokencross.lock | 1 study is as locked |" in clone.summary.read_text("utf-8")

    clone.edit("prices/negotiated.yaml", "output_usd_per_mtok: 16.0", "output_usd_per_mtok: 10.0")
    clone.summary.unlink()
    ended = clone.workflow()
    assert ended.returncode == 1
    errors = [line for line in ended.stdout.splitlines() if line.startswith("::error ")]
    assert len(errors) == 2
    assumption, lock = errors
    assumptions = "assumptions/assistant.assumptions.yaml"
    name = "self-hosting pays from 5 to 7 billion tokens a month on"
    place = f"file={assumptions},line={line_of(clone.root / assumptions, name)},title=tokencross%3A {name}::"
    assert assumption.startswith(f"::error {place}")
    place = f"file=tokencross.lock,line={line_of(clone.root / 'tokencross.lock', '  scenarios/assistant.yaml:')},"
    assert lock.startswith(f"::error {place}")
    for said in (assumption, lock):
        assert re.search(r"anthropic/claude-opus-5-5 output price 16 → 10 USD/Mtok", said), said
        assert re.search(r"fell by 13,\d{3} USD", said), said
    assert "tokencross lock scenarios/assistant.yaml" in lock
    summary = clone.summary.read_text("utf-8")
    assert f"| fails | {assumptions} |" in summary
    assert "| fails | tokencross.lock |" in summary

    told = done(["tokencross", "check"], clone.root, clone.environment())
    assert told.returncode == 1
    assert [line for line in shown_in_the_page() if line not in told.stdout.splitlines()] == []

    clone.edit(assumptions, "between: [5.0e+9, 7.0e+9]", "between: [5.0e+9, 9.0e+9]")
    before = clone.git(["status", "--porcelain"], clone.root)
    assert before == ""  # checking wrote nothing
    ended = done(["tokencross", "lock", "scenarios/assistant.yaml"], clone.root, clone.environment())
    assert ended.returncode == 0, ended.stderr
    assert clone.git(["status", "--porcelain"], clone.root) == " M tokencross.lock\n"
    ended = clone.workflow()
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout


# ---------------------------------------------------------------------- files that other programs read


def test_the_workflow_is_one() -> None:
    workflow = loaded(WORKFLOW)
    assert {"push", "pull_request", "schedule"} == set(workflow["on"])
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    assert [step["uses"] for step in job["steps"] if "uses" in step] == [
        "actions/checkout@v6",
        "actions/setup-python@v6",
    ]


def test_the_pages_show_the_workflow_as_it_is() -> None:
    shown = "".join(f"    {line}" if line.strip() else line for line in WORKFLOW.read_text("utf-8").splitlines(True))
    assert shown in (REPOSITORY / "docs" / "how-to" / "check-in-ci.md").read_text("utf-8")


def options_of(command: str) -> None:
    """See that a command line of tokencross has no option that the program does not know."""
    words = command.split()
    assert words[0] == "tokencross"
    shown = CliRunner().invoke(app, [words[1], "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    for word in words[2:]:
        if word.startswith("--") and word != "--":
            assert word in shown.stdout


def test_every_command_in_the_files_and_pages_is_one() -> None:
    pages = [*(REPOSITORY / "docs" / "how-to").glob("check-in-*.md"), EXAMPLE / "README.md"]
    files = [REPOSITORY / "action.yml", REPOSITORY / ".pre-commit-hooks.yaml", WORKFLOW, *pages]
    commands = [
        match[1].strip()
        for path in files
        for match in re.finditer(r"(?:^ {4,}|[:-] |/)(tokencross [a-z]+(?: [^\n`#]*)?)$", path.read_text("utf-8"), re.M)
    ]
    assert len(commands) >= 7
    for command in commands:
        options_of(command)


def test_the_action_is_one() -> None:
    action = loaded(REPOSITORY / "action.yml")
    assert {"name", "description", "inputs", "runs"} <= set(action)
    assert set(action["inputs"]) == {"paths", "version", "format", "as-of", "python-version"}
    assert all(set(entry) == {"description", "default"} for entry in action["inputs"].values())
    assert action["runs"]["using"] == "composite"
    named = re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (REPOSITORY / "action.yml").read_text("utf-8"))
    assert sorted(named) == sorted(action["inputs"])
    for step in action["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", "")  # what users write reaches the shell as a variable only


@pytest.mark.parametrize(
    ("paths", "code", "said"),
    [
        ("", 0, "Holds: "),
        ("assumptions\ntokencross.lock\n", 0, "Holds: "),
        ("no such; echo file", 2, "::error title=tokencross%3A bad input::no such; echo file%0A"),
    ],
)
def test_the_action_checks_the_paths_that_it_is_given(clone: Clone, paths: str, code: int, said: str) -> None:
    *_, step = loaded(REPOSITORY / "action.yml")["runs"]["steps"]
    temporary = clone.home / "temporary"
    scripts = temporary / "tokencross" / ("Scripts" if os.name == "nt" else "bin")
    scripts.mkdir(parents=True)
    command = shutil.which("tokencross", path=environment(clone.home)["PATH"])
    assert command is not None
    (scripts / "tokencross").write_text(f'#!/bin/sh\nexec "{command}" "$@"\n', encoding="utf-8")
    (scripts / "tokencross").chmod(0o755)
    given = {"RUNNER_TEMP": str(temporary), "PATHS": paths, "FORMAT": "github"}
    ended = done(["bash", "-eo", "pipefail", "-c", step["run"]], clone.root, {**clone.environment(), **given})
    assert (ended.returncode, ended.stderr) == (code, "")
    assert said in ended.stdout


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("scenarios/assistant.yaml", True),
        ("pricing/VERSION", True),
        ("tokencross.lock", True),
        ("load.csv", True),
        ("runs.jsonl", True),
        ("README.md", False),
        ("src/clock.py", False),
    ],
)
def test_the_hook_runs_on_what_a_study_may_rest_on(name: str, run: bool) -> None:
    (hook,) = loaded(REPOSITORY / ".pre-commit-hooks.yaml")
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == ("tokencross-check", "python", "false")
    assert hook["entry"] == "tokencross check"
    assert bool(re.search(hook["files"], name)) == run
