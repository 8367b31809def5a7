"""Write docs/messages.md from the galleries of mistakes in tests/; with --check say whether it is fresh."""

from __future__ import annotations

import contextlib
import difflib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from tokencross.checking import run_file
from tokencross.cli import app
from tokencross.errors import TokencrossError
from tokencross.locking import check_lock
from tokencross.prices import load_prices
from tokencross.scenario import load_study

_ROOT = Path(__file__).resolve().parent.parent
_PAGE = _ROOT / "docs" / "messages.md"
_TABLES = _ROOT / "tests" / "bad_tables"
_SCENARIOS = _TABLES / "scenarios"
_ASSUMPTIONS = _ROOT / "tests" / "bad_assumptions"
_LOCKS = _ASSUMPTIONS / "locks"
_TODAY = date(2026, 11, 22)
_CONTEXT = 1  # lines shown above and below an edit

_HEAD = """\
# Messages

Every mistake in what you write, be it a scenario, a file of assumptions, a table, a lock or a command, ends in one
message of four parts:

| Part | What it is |
|---|---|
| where | File and line, then the key as the file writes it. Of a study in another file: that file and line. |
| found | What stands there. |
| accepted | What may stand there: the keys, the names, the range with its unit. |
| what to do | The nearest name, the line to write instead, the command to run; left out where nothing is left to say. |

```
file.yaml:14: checks[2].between
  found …; accepted: ….
  …
```

Lines count from one. `checks[2]` is the third check: places in a list count from zero. Up to ten mistakes of a file are
written out, then how many more there are.

In Python a message is the text of the exception: `ScenarioError` for what a scenario, a file of assumptions or a lock
says, `TableError` for a table, `ResolveError` where the tables do not have what was asked for. All of them are a
`TokencrossError`, which is a `ValueError`; `error.problems` has the four parts of each mistake. On the command line a
mistake is exit code 2, where 1 means that an assumption fails. `tokencross check` prints what holds and what is wrong
in one go: a mistake in one check hides no other. There is no traceback; if you see one, it is a bug of ours.

Below are the commonest mistakes, each with the lines as written and the message as printed. This page is made from the
files that it links to, by `python docs/messages.py`; a test compares it with what the code says today.
"""


@dataclass(frozen=True)
class _Gallery:
    """A folder of files with one mistake each, and what says the message of one.

    Attributes
    ----------
    title, note : str
        Heading, and what stands under it.
    folder, ending : Path and str
        Where the files are and how they end.
    said : callable
        The message about a file.
    shown : mapping of str to str
        Names of files, and what is wrong in each.
    """

    title: str
    note: str
    folder: Path
    ending: str
    said: Callable[[str], str]
    shown: dict[str, str]


def _caught(call: Callable[[], object]) -> str:
    """Return the message of the mistake that a call ends in."""
    try:
        call()
    except TokencrossError as error:
        return str(error)
    raise SystemExit("a file of the gallery has no mistake any more")


def _of_scenario(name: str) -> str:
    shutil.copy(_SCENARIOS / f"{name}.yaml", ".")
    return _caught(lambda: load_study(f"{name}.yaml"))


def _of_assumptions(name: str) -> str:
    shutil.copytree(_ASSUMPTIONS / "beside", "beside", dirs_exist_ok=True)
    path = Path(f"{name}.assumptions.yaml")
    shutil.copy(_ASSUMPTIONS / f"{name}.yaml", path)
    return _caught(lambda: list(run_file(path, today=_TODAY)))


def _of_table(name: str) -> str:
    folder = Path("pricing")
    (folder / "api").mkdir(parents=True, exist_ok=True)
    (folder / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    path = Path(shutil.copy(_TABLES / f"{name}.yaml", folder / "api" / f"{name}.yaml"))
    message = _caught(lambda: load_prices(folder, as_of="tables").check())
    path.unlink()
    return message


def _of_lock(name: str) -> str:
    shutil.copytree(_ASSUMPTIONS / "beside", ".", dirs_exist_ok=True)
    path = Path(f"{name}.lock")
    shutil.copy(_LOCKS / path.name, path)
    return _caught(lambda: list(check_lock(path)))


_GALLERIES = (
    _Gallery(
        "Scenarios",
        "`tokencross compare`, `load_study`, and every study that a file of assumptions names.",
        _SCENARIOS,
        ".yaml",
        _of_scenario,
        {
            "number_as_text": "A number that YAML reads as text",
            "share_in_percent": "Percent for a share",
            "unknown_model": "A model that the tables do not have",
            "date_before_first_row": "A day before the first price",
            "no_engineering": "Own GPUs without the people who run them",
            "unknown_incumbent": "An option that the scenario does not have",
        },
    ),
    _Gallery(
        "Assumptions",
        "`tokencross check` and pytest.",
        _ASSUMPTIONS,
        ".yaml",
        _of_assumptions,
        {
            "misspelt_kind": "A kind of check that is misspelt",
            "key_of_another_kind": "A key that another kind has",
            "no_expectation": "Nothing that is expected",
            "bounds_as_text": "Bounds that YAML reads as text",
            "percent_of_a_move": "Percent for a share",
            "never_in_words": "A breakeven that there is not",
            "holds_for_without_cases": "A verdict of cases that are not there",
            "unknown_label": "An option that the study does not have",
            "study_missing": "A study that is not there",
            "check_before_the_tables": "A day before the study's first price",
            "instance_without_compute": "An instance that is written as a model",
            "replaced_for_a_price": "A number replaced where none is asked of the study",
        },
    ),
    _Gallery(
        "Tables",
        "Tables of one's own, and additions to the bundled ones.",
        _TABLES,
        ".yaml",
        _of_table,
        {
            "wrong_unit": "A price of another unit",
            "negative_number": "A price below zero",
            "duplicate_key": "A key twice",
            "overlapping_eras": "Two prices at once",
        },
    ),
    _Gallery(
        "Lock",
        "`tokencross check` and `tokencross lock`; neither writes over a lock that it cannot read.",
        _LOCKS,
        ".lock",
        _of_lock,
        {
            "merge_conflict": "A merge that left both sides",
            "cut_off": "A file that was cut off",
            "later_version": "A lock of a later version",
            "scenario_gone": "A scenario that is gone",
        },
    ),
)
_COMMANDS = {
    "A day that is none": ("check", "--as-of", "tomorrow", "study.yaml"),
    "A format that there is not": ("check", "--format", "jsn"),
    "A summary in a folder that is not there": ("check", "--summary", "reports/check.md"),
    "A lock in the place of another file": ("lock", "study.yaml", "--output", "study.yaml"),
}


def page() -> str:
    """Return the page as the galleries and the code of today give it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        parts = [part for gallery in _GALLERIES for part in _gallery(gallery)]
        parts += _commands()
    return "\n".join([_HEAD, *parts])


def _gallery(gallery: _Gallery) -> Iterator[str]:
    """Yield the parts of the page about one kind of file."""
    folder = gallery.folder.relative_to(_ROOT).as_posix()
    yield f"## {gallery.title}\n\n{gallery.note} All files: [{folder}](../{folder}).\n"
    for name, title in gallery.shown.items():
        file = f"{name}{gallery.ending}"
        lines = _lines(gallery.folder / f"good{gallery.ending}", gallery.folder / file)
        yield f"### {title}\n\n[{file}](../{folder}/{file})\n\n```yaml\n{lines}\n```\n"
        yield f"```\n{gallery.said(name)}\n```\n"


def _lines(good: Path, bad: Path) -> str:
    """Return the lines of a file that differ from the one without the mistake, and those beside them."""
    before, after = (path.read_text(encoding="utf-8").splitlines() for path in (good, bad))
    edits = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    places = [place for kind, _, _, first, last in edits if kind != "equal" for place in (first, last - 1)]
    first, last = max(min(places) - _CONTEXT, 0), max(places) + _CONTEXT
    return "\n".join(after[first : last + 1])


def _commands() -> Iterator[str]:
    """Yield the parts of the page about the command line."""
    yield "## Command line\n\nNothing is computed or written before these are said.\n"
    shutil.copy(_ASSUMPTIONS / "beside" / "study.yaml", ".")
    for title, arguments in _COMMANDS.items():
        result = CliRunner().invoke(app, list(arguments))
        line = f"tokencross {' '.join(arguments)}"
        yield f"### {title}\n\n```\n$ {line}\n{result.stderr.rstrip()}\n```\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` return 1 where it is not as it would be written."""
    if arguments not in ([], ["--check"]):
        print("usage: python docs/messages.py [--check]", file=sys.stderr)
        return 2
    made = page()
    if not arguments:
        _PAGE.write_text(made, encoding="utf-8")
        return 0
    if not _PAGE.exists() or _PAGE.read_text(encoding="utf-8") != made:
        print(f"{_PAGE}: not fresh; run python docs/messages.py and commit what it writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
