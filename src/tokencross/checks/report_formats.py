"""A report in the formats that people and continuous integration read: text, GitHub's commands, JSON, JUnit's XML."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tokencross.checks.outcome import CaseOutcome, Outcome, Report
from tokencross.checks.report_parts import FilePart, Mistake, by_file, counted, mistakes, one_line, printable, total

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["FORMATS", "JSON_FORM", "github_report", "json_report", "junit_report", "text_report"]

FORMATS = ("text", "github", "json", "junit")
JSON_FORM = 1
"""Version of the structure of the JSON; a key that is added does not raise it."""
_NARROWEST = 40


def text_report(report: Report, *, verbose: bool = False, width: int | None = None) -> str:
    """Return a report for people: a line for each file, whole messages for what is wrong.

    Parameters
    ----------
    report : Report
        What was found.
    verbose : bool
        Whether each check is listed, and not only those that fail.
    width : int, optional
        Columns that lines are folded at; not folded unless given.
    """
    lines: list[str] = []
    for part in by_file(report):
        lines.append(_headline(part))
        if verbose:
            lines += [f"  {_listed(outcome)}" for outcome in part.outcomes if outcome.kind != "tables"]
    for message in [mistake.message for mistake in mistakes(report.problems)]:
        lines += ["", *printable(message).split("\n")]
    for outcome in report.failed:
        lines += ["", *printable(outcome.message()).split("\n")]
    if report.notes:
        lines += ["", *(one_line(note) for note in report.notes)]
    lines += ["", one_line(total(report))]
    return "\n".join(lines if width is None else [folded for line in lines for folded in _folded(line, width)]) + "\n"


def _headline(part: FilePart) -> str:
    """Return how it stands with a file, in a line."""
    said = [counted(part.outcomes)] if part.outcomes else []
    if all(outcome.kind == "tables" for outcome in part.outcomes) and part.outcomes:
        said = [
            one_line(f"{outcome.name}{''.join(f', {line}' for line in outcome.lines)}") for outcome in part.outcomes
        ]
    if part.mistakes:
        said.append(f"{len(part.mistakes)} mistake{'s' if len(part.mistakes) > 1 else ''}")
    return f"{one_line(part.file)}: {'; '.join(said)}"


def _listed(outcome: Outcome) -> str:
    """Return a check in a line, with what was found."""
    word = "holds" if outcome.passed else "FAILS"
    found = "; ".join(f"{f'{case.name}: ' if case.name else ''}{case.finding.found}" for case in outcome.cases)
    return f"{word}  {one_line(outcome.name)}{f' ({one_line(found)})' if found else ''}"


def _folded(line: str, width: int) -> list[str]:
    """Return a line folded under its own beginning."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line,
        max(width, _NARROWEST),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


# ---------------------------------------------------------------------- GitHub


def github_report(report: Report, *, workspace: Path, here: Path) -> str:
    """Return a report as commands of a GitHub workflow, an error for each thing wrong, and a line for each file.

    Bad input comes first: GitHub shows ten errors of a step beside the code, and a mistake hides checks.

    Parameters
    ----------
    report : Report
        What was found.
    workspace : Path
        The folder that paths are relative to: where the repository is checked out.
    here : Path
        The folder that the report's own paths are relative to.

    References
    ----------
    .. [1] Workflow commands for GitHub Actions, "Setting an error message":
       https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    .. [2] How values are escaped: actions/toolkit, packages/core/src/command.ts.
    """
    lines = []
    for mistake in mistakes(report.problems):
        place = {} if not mistake.file else {"file": mistake.file, "line": str(mistake.line)}
        if place and (path := _in_workspace(mistake.file, workspace, here)) is not None:
            place["file"] = path
        else:
            place = {}
        lines.append(_error(place, one_line(mistake.key) or "bad input", mistake.message))
    for outcome in report.failed:
        path = _in_workspace(outcome.file, workspace, here)
        place = {} if path is None else {"file": path, "line": str(outcome.line)}
        lines.append(_error(place, one_line(outcome.name), outcome.message()))
    plain = [*(_headline(part) for part in by_file(report)), *map(one_line, report.notes), one_line(total(report))]
    return "\n".join([*lines, *map(_no_command, plain)]) + "\n"


def _in_workspace(file: str, workspace: Path, here: Path) -> str | None:
    """Return a file's path from the workspace on; nothing for one outside of it, where GitHub shows no code."""
    try:
        path, root = (here / file).resolve(), workspace.resolve()
        return path.relative_to(root).as_posix() if path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have, or a file elsewhere
        return None


def _error(place: dict[str, str], title: str, message: str) -> str:
    """Return the command that marks a line as wrong."""
    said = {**place, "title": f"tokencross: {title}"}
    properties = ",".join(f"{name}={_escaped(value, property=True)}" for name, value in said.items())
    return f"::error {properties}::{_escaped(printable(message))}"


def _escaped(text: str, *, property: bool = False) -> str:
    """Return a value as a workflow command takes it."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property else escaped


def _no_command(line: str) -> str:
    """Return a line of the log that GitHub does not take for a command: one of today's, or of the old form."""
    line = line.replace("##[", "## [")
    return f"| {line}" if line.lstrip().startswith("::") else line


# ---------------------------------------------------------------------- JSON


def json_report(report: Report, *, today: date, version: str) -> str:
    """Return a report as JSON; docs/how-to/check-in-ci.md has its keys."""
    wrong = list(mistakes(report.problems))
    failed = len(report.failed)
    content = {
        "format_version": JSON_FORM,
        "tokencross": version,
        "today": today.isoformat(),
        "exit_code": report.exit_code,
        "counts": {"passed": len(report.outcomes) - failed, "failed": failed, "problems": len(wrong)},
        "outcomes": [_outcome_data(outcome) for outcome in report.outcomes],
        "problems": [_mistake_data(mistake) for mistake in wrong],
        "notes": list(report.notes),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _outcome_data(outcome: Outcome) -> dict[str, object]:
    """Return a check as plain data."""
    return {
        "kind": outcome.kind,
        "file": outcome.file,
        "line": outcome.line,
        "name": outcome.name,
        "passed": outcome.passed,
        "verdict": outcome.verdict,
        "because": outcome.because,
        "claim": outcome.claim,
        "source": outcome.source,
        "cases": [_case_data(case) for case in outcome.cases],
        "lines": list(outcome.lines),
        "message": outcome.message(),
    }


def _case_data(case: CaseOutcome) -> dict[str, object]:
    """Return a case of a check as plain data; JSON has no infinity, so that such a figure is in words only."""
    finding = case.finding
    return {
        "name": case.name,
        "line": case.line,
        "holds": finding.holds,
        "expected": finding.expected,
        "found": finding.found,
        "value": finding.value if finding.value is not None and math.isfinite(finding.value) else None,
        "unit": finding.unit,
        "rows": [str(citation) for citation in finding.citations],
        "detail": list(finding.detail),
        "since": list(case.since),
    }


def _mistake_data(mistake: Mistake) -> dict[str, object]:
    """Return a mistake as plain data."""
    parts = {} if mistake.problem is None else asdict(mistake.problem)
    return {
        "where": mistake.where,
        "file": mistake.file or None,
        "line": mistake.line,
        "key": mistake.key,
        "found": parts.get("found", ""),
        "accepted": parts.get("accepted", ""),
        "remedy": parts.get("remedy", ""),
        "message": mistake.message,
    }


# ---------------------------------------------------------------------- JUnit


def junit_report(report: Report) -> str:
    """Return a report as JUnit's XML: a suite for each file, a case for each check, an error for each mistake.

    References
    ----------
    .. [1] What GitLab reads of it: https://docs.gitlab.com/ci/testing/unit_test_reports/
    """
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", name="tokencross check")
    counts = {"tests": 0, "failures": 0, "errors": 0}
    for part in by_file(report):
        own = {
            "tests": len(part.outcomes) + len(part.mistakes),
            "failures": len(part.failed),
            "errors": len(part.mistakes),
        }
        counts = {name: counts[name] + count for name, count in own.items()}
        suite = ElementTree.SubElement(root, "testsuite", {"name": one_line(part.file), **_as_text(own)})
        for case in _junit_cases(part):
            suite.append(case)
    root.attrib.update(_as_text(counts))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _as_text(counts: dict[str, int]) -> dict[str, str]:
    """Return counts as attributes."""
    return {name: str(count) for name, count in counts.items()}


def _junit_cases(part: FilePart) -> Iterator[Element]:
    """Yield the cases of a file; names are told apart, since GitLab drops a second of the same name."""
    from xml.etree import ElementTree

    file = one_line(part.file)
    used: dict[str, int] = {}

    def case(name: str, line: int | None) -> Element:
        used[name] = used.get(name, 0) + 1
        told = name if used[name] == 1 else f"{name} ({used[name]})"
        place = {"file": file} | ({} if line is None else {"line": str(line)})
        return ElementTree.Element("testcase", {"classname": file, "name": told, **place})

    for mistake in part.mistakes:
        element = case(one_line(mistake.key) or "input", mistake.line)
        found = "" if mistake.problem is None else f"found {mistake.problem.found}"
        wrong = ElementTree.SubElement(element, "error", message=one_line(found or mistake.message), type="bad input")
        wrong.text = printable(mistake.message)
        yield element
    for outcome in part.outcomes:
        element = case(one_line(outcome.name), outcome.line)
        if not outcome.passed:
            said = one_line(outcome.in_a_line())
            failure = ElementTree.SubElement(element, "failure", message=said, type=outcome.kind)
            failure.text = printable(outcome.message())
        yield element
