"""The command that checks tables, assumptions and locks: for continuous integration."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from tokencross.cli_output import one_message
from tokencross.errors import Problem, ScenarioError, TokencrossError, nearest, offer

if TYPE_CHECKING:
    from tokencross.checks.finding_files import CheckedFiles
    from tokencross.checks.outcome import Outcome, Report

__all__ = ["check"]

Check: TypeAlias = "Callable[[], Iterator[Outcome]]"

_TODAY = "today"
_SCENARIO = "the scenario loads, and every option resolves"


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders, assumption files, locks, scenarios, overlays; the current folder unless given."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, github, json or junit.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", help="Write that format to this file, and text to the terminal.")
    ] = None,
    summary: Annotated[Path | None, typer.Option("--summary", help="Write a summary in Markdown to this file.")] = None,
    as_of: Annotated[
        str,
        typer.Option("--as-of", envvar="TOKENCROSS_AS_OF", help="The day that `today` means in files, or `today`."),
    ] = _TODAY,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every check, not only what fails.")] = False,
) -> None:
    """Check tables, assumption files and locks: exit code 0 if all holds, 1 if something fails, 2 on bad input.

    Of a folder: its `tokencross.lock`, its tables in `pricing/`, every `*.assumptions.yaml` below it, and the tables
    that those name.
    """
    with one_message():
        from tokencross.checks.finding_files import find_files

        _check_format(form)
        for option, path in (("--output", output), ("--summary", summary)):
            _check_writable(path, option)
        today = _day(as_of)
        report = _report(find_files(paths or [Path()]), today)
        _tell(report, form, output, today, verbose)
        _summarise(report, form, summary)
    raise typer.Exit(report.exit_code)


def _check_format(form: str) -> None:
    """Refuse an unknown format, before anything is computed."""
    from tokencross.checks.report_formats import FORMATS

    if form not in FORMATS:
        remedy = offer(form, FORMATS) if nearest(form, FORMATS) else ""
        raise ScenarioError(Problem("check --format", repr(form), f"one of {', '.join(FORMATS)}", remedy))


def _check_writable(path: Path | None, option: str) -> None:
    """Refuse a file that could not be written, before anything is computed."""
    if path is None:
        return
    try:
        folder, absent = path.is_dir(), not path.absolute().parent.is_dir()
    except OSError as error:
        raise _unwritable(path, option, error) from None
    if folder or absent:
        found = f"{option} {path}, {'which is a folder' if folder else 'in a folder that does not exist'}"
        raise ScenarioError(Problem("check", found, "the name of a file in an existing folder"))


def _unwritable(path: Path, option: str, error: OSError) -> ScenarioError:
    """Return the error for a file that cannot be written."""
    found = f"{option} {path}: {(error.strerror or str(error)).lower()}"
    return ScenarioError(Problem("check", found, "a place that can be written to"))


def _day(as_of: str) -> date:
    """Return the day that counts as today."""
    from tokencross.tables.dates import as_date

    if as_of == _TODAY:
        return date.today()
    try:
        return as_date(as_of, where="check --as-of")
    except TokencrossError as error:
        (problem,) = error.problems
        assert isinstance(problem, Problem)  # as_date raises nothing else
        raise ScenarioError(Problem(problem.where, problem.found, f"{problem.accepted}, or today")) from None


# ---------------------------------------------------------------------- the checks


def _report(files: CheckedFiles, today: date) -> Report:
    """Return what came of every check; a mistake in one hides no other."""
    from tokencross.checks.outcome import Report

    outcomes: list[Outcome] = []
    problems = list(files.problems)
    for check in _checks(files, today):
        try:
            found = check()
        except TokencrossError as error:
            problems.append(error)
            continue
        while True:
            try:
                outcomes.append(next(found))
            except StopIteration:
                break
            except TokencrossError as error:  # of a lock: the next study is still to come
                problems.append(error)
    return Report(tuple(outcomes), tuple(problems))


def _checks(files: CheckedFiles, today: date) -> Iterator[Check]:
    """Yield the checks that are there to do: tables first, on which all else rests."""
    yield from _table_checks(files)
    for path in files.scenarios:
        yield partial(_scenario, path)
    for path in files.assumptions:
        yield from _assumption_checks(path, today)
    for path in files.locks:
        yield partial(_locked, path)


def _table_checks(files: CheckedFiles) -> Iterator[Check]:
    """Yield the checks of tables and overlays: those of the folders, those that files name, else the bundled."""
    from tokencross.checks.finding_files import named_tables
    from tokencross.checks.table_check import check_overlay, check_tables

    rests_on = [*files.assumptions, *files.scenarios, *files.locks]
    if not rests_on and not files.tables and not files.overlays:
        return
    named = [pair for path in rests_on for pair in named_tables(path)] + [(None, path) for path in files.overlays]
    folders = {folder.resolve(): folder for folder in [*(folder for folder, _ in named if folder), *files.tables]}
    for folder in folders.values() or [None]:
        yield partial(_single, partial(check_tables, folder))
    over = {(path.resolve(), folder and folder.resolve()): (path, folder) for folder, path in named if path}
    for path, folder in over.values():
        yield partial(_single, partial(check_overlay, path, folder))


def _single(check: Callable[[], Outcome]) -> Iterator[Outcome]:
    """Yield what comes of one check."""
    yield check()


def _scenario(path: Path) -> Iterator[Outcome]:
    """Yield that a scenario can be resolved, once it was."""
    from tokencross.checks.outcome import Outcome
    from tokencross.scenario import load_study

    _ = load_study(path).comparison.resolved
    yield Outcome("assumption", path.as_posix(), 1, _SCENARIO, passed=True)


def _assumption_checks(path: Path, today: date) -> Iterator[Check]:
    """Yield the checks of an assumption file; of one that cannot be read the mistake."""
    from tokencross.checking import read_assumptions, run_check
    from tokencross.checks.finding_files import nearest_lock

    try:
        file = read_assumptions(path)
    except TokencrossError as error:
        yield partial(_mistaken, error)
        return
    lock = nearest_lock(path)
    for index in range(len(file.said.checks)):
        yield partial(_single, partial(run_check, file, index, today=today, lock=lock))


def _mistaken(error: TokencrossError) -> Iterator[Outcome]:
    """Raise what went wrong before there was a check."""
    raise error


def _locked(path: Path) -> Iterator[Outcome]:
    """Return what came of each study of a lock."""
    from tokencross.locking import check_lock

    return check_lock(path)


# ---------------------------------------------------------------------- what is told


def _tell(report: Report, form: str, output: Path | None, today: date, verbose: bool) -> None:
    """Print a report in its format, or write that to a file and print text."""
    from tokencross.checks.report_formats import text_report

    formatted = "" if form == "text" else _formatted(report, form, today)
    if formatted and output is None:
        typer.echo(formatted, nl=False)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    typer.echo(text_report(report, verbose=verbose, width=width), nl=False)
    if output is not None:
        _write(output, formatted or text_report(report, verbose=verbose), "--output")


def _formatted(report: Report, form: str, today: date) -> str:
    """Return a report in a format for machines."""
    from tokencross import __version__
    from tokencross.checks.report_formats import github_report, json_report, junit_report

    if form == "github":
        here = Path.cwd()
        return github_report(report, workspace=Path(os.environ.get("GITHUB_WORKSPACE") or here), here=here)
    return junit_report(report) if form == "junit" else json_report(report, today=today, version=__version__)


def _summarise(report: Report, form: str, summary: Path | None) -> None:
    """Write the summary where it was asked for; with GitHub's format where GitHub shows it."""
    from tokencross.checks.report_markdown import markdown_summary

    shown = os.environ.get("GITHUB_STEP_SUMMARY") if form == "github" else None
    if summary is not None:
        _write(summary, markdown_summary(report), "--summary")
    if shown and (summary is None or summary.resolve() != Path(shown).resolve()):
        _write(Path(shown), markdown_summary(report), "GITHUB_STEP_SUMMARY", append=True)


def _write(path: Path, text: str, option: str, *, append: bool = False) -> None:
    """Write or append text."""
    try:
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, option, error) from None
