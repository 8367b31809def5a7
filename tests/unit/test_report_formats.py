"""A report as text, workflow commands, JSON, JUnit's XML and Markdown: what each says, and that no text breaks it."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokencross.checks.outcome import CaseOutcome, Finding, Outcome, Report
from tokencross.checks.report_formats import github_report, json_report, junit_report, text_report
from tokencross.checks.report_markdown import markdown_summary
from tokencross.checks.report_parts import one_line, printable
from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError

TODAY = date(2026, 11, 22)
ROW = Citation("acme/acme-large", "prices.yaml:8", "letter of 2026-10-01", effective_from=date(2026, 10, 1))
HOSTILE = (
    "a|b",
    "50% off",
    "two\nlines",
    "::error file=x::y",
    "\n::error::y",
    "##[error]y",
    "<script>alert(1)</script>",
    "]]>",
    "&amp; &lt;",
    "`code` *bold* _it_ [link](http://x) #1 @all",
    "\x1b[31mred\x1b[0m",
    "nul \x00, bell \x07, backspace \x08",
    "return\rcarriage",
    "\u2028 and \u0085 and \ud800 and \uffff",
    "a: b, c",
    "</pre></details>",
    "[bold red]markup[/bold red]",
    "",
)


def failing(name: str = "input price", found: str = "4 USD/Mtok", **keys: object) -> Outcome:
    """Return a check that found something else than expected."""
    finding = Finding(False, "5 USD/Mtok", found, 4.0, "USD/Mtok", (ROW,))
    case = CaseOutcome("", finding, 12, ("fell from 5 to 4 on 2026-10-01",))
    return Outcome("assumption", "a.assumptions.yaml", 12, name, passed=False, cases=(case,), because="budget")


def holding(name: str = "output price") -> Outcome:
    """Return a check that holds."""
    case = CaseOutcome("", Finding(True, "20 USD/Mtok", "20 USD/Mtok", 20.0), 20)
    return Outcome("assumption", "a.assumptions.yaml", 20, name, passed=True, cases=(case,))


TABLES = Outcome("tables", "pricing", 1, "tables 2026.11.22 (0123456789ab)", passed=True, lines=("66 files",))
LOCK = Outcome("lock", "tokencross.lock", 4, "scenarios/chat.yaml", passed=False, lines=("breakeven 6.4B -> 9.1B",))
BAD = ScenarioError(
    Problem("b.assumptions.yaml:3: checks[0].priec", "an unknown key", "price", "Did you mean 'price'?"),
    Problem("the current folder", "nothing to check", "something"),
)
GREEN = Report((TABLES, holding()))
RED = Report((TABLES, failing(), holding(), LOCK), notes=("a note",))
WRONG = Report(RED.outcomes, (BAD, BAD), RED.notes)


# ---------------------------------------------------------------------- text


def test_text_is_short_when_all_holds() -> None:
    assert text_report(GREEN) == (
        "pricing: tables 2026.11.22 (0123456789ab), 66 files\n"
        "a.assumptions.yaml: 1 check holds\n"
        "\n"
        "Holds: 1 check holds; 1 set of tables loads.\n"
    )


def test_text_has_the_whole_message_of_what_fails() -> None:
    lines = text_report(RED).splitlines()
    assert lines[:3] == [
        "pricing: tables 2026.11.22 (0123456789ab), 66 files",
        "a.assumptions.yaml: 1 check holds, 1 fails",
        "tokencross.lock: 1 study is not as locked",
    ]
    assert "\n".join(lines).count(failing().message()) == 1
    assert "output price" not in "\n".join(lines)
    assert lines[-3:] == [
        "a note",
        "",
        "Fails: 1 check holds, 1 fails; 1 study is not as locked; 1 set of tables loads.",
    ]


def test_text_lists_every_check_when_asked() -> None:
    lines = text_report(RED, verbose=True).splitlines()
    assert lines[1:4] == [
        "a.assumptions.yaml: 1 check holds, 1 fails",
        "  FAILS  input price (4 USD/Mtok)",
        "  holds  output price (20 USD/Mtok)",
    ]


def test_text_says_bad_input_once_and_before_what_fails() -> None:
    text = text_report(WRONG)
    assert text.count("Did you mean 'price'?") == 1
    assert text.index("Did you mean") < text.index("expected: 5 USD/Mtok")
    assert text.startswith("b.assumptions.yaml: 1 mistake\nthe current folder: 1 mistake\n")
    assert text.endswith("; 2 mistakes in the input.\n")
    assert text.splitlines()[-1].startswith("Bad input: ")


@pytest.mark.parametrize("width", [80, 120])
def test_text_folds_under_its_own_beginning(width: int) -> None:
    long = failing(found="4 USD/Mtok " + "since the price of the row fell on that day " * 6)
    lines = text_report(Report((long,)), width=width).splitlines()
    assert max(map(len, lines)) <= width
    first = next(index for index, line in enumerate(lines) if line.startswith("  found: "))
    assert lines[first + 1].startswith("    ")


# ---------------------------------------------------------------------- GitHub


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a folder in which the command runs."""
    here = tmp_path / "team"
    here.mkdir()
    for name in ("a.assumptions.yaml", "b.assumptions.yaml", "tokencross.lock"):
        (here / name).touch()
    return tmp_path


def commands(text: str) -> list[tuple[dict[str, str], str]]:
    """Return the errors of a log as GitHub's runner reads them: properties and message."""
    found = []
    for line in text.splitlines():
        if not line.strip().startswith("::"):
            assert "##[" not in line  # a command of the old form
        else:
            head, message = line.removeprefix("::error ").split("::", 1)
            pairs = (pair.split("=", 1) for pair in head.split(","))
            found.append(({name: plain(value) for name, value in pairs}, plain(message)))
    return found


def plain(value: str) -> str:
    """Return an escaped value as it was meant."""
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value


def test_github_gets_an_error_on_the_line_of_each_thing_wrong(workspace: Path) -> None:
    found = commands(github_report(WRONG, workspace=workspace, here=workspace / "team"))
    assert [place for place, _ in found] == [
        {"file": "team/b.assumptions.yaml", "line": "3", "title": "tokencross: checks[0].priec"},
        {"title": "tokencross: bad input"},
        {"file": "team/a.assumptions.yaml", "line": "12", "title": "tokencross: input price"},
        {"file": "team/tokencross.lock", "line": "4", "title": "tokencross: scenarios/chat.yaml"},
    ]
    assert found[2][1] == failing().message()


def test_github_escapes_values_as_its_toolkit_does(workspace: Path) -> None:
    outcome = failing("50%: a, b\nand more")
    line = github_report(Report((outcome,)), workspace=workspace, here=workspace / "team").splitlines()[0]
    assert line.startswith(
        "::error file=team/a.assumptions.yaml,line=12,title=tokencross%3A 50%25%3A a%2C b and more::"
        "a.assumptions.yaml:12: 50%25: a, b and more%0A  because: budget%0A"
    )


def test_github_gets_no_error_when_all_holds(workspace: Path) -> None:
    assert github_report(GREEN, workspace=workspace, here=workspace) == text_report(GREEN).replace("\n\n", "\n")


def test_github_shows_no_line_of_a_file_outside_of_the_checkout(workspace: Path) -> None:
    found = commands(github_report(Report((failing(),)), workspace=workspace / "team" / "below", here=workspace))
    assert [place for place, _ in found] == [{"title": "tokencross: input price"}]


# ---------------------------------------------------------------------- JSON


def test_json_has_everything() -> None:
    said = json.loads(json_report(WRONG, today=TODAY, version="1.2.3"))
    assert {name: said[name] for name in ("format_version", "tokencross", "today", "exit_code", "counts", "notes")} == {
        "format_version": 1,
        "tokencross": "1.2.3",
        "today": "2026-11-22",
        "exit_code": 2,
        "counts": {"passed": 2, "failed": 2, "problems": 2},
        "notes": ["a note"],
    }
    assert [outcome["name"] for outcome in said["outcomes"]] == [outcome.name for outcome in WRONG.outcomes]
    outcome = said["outcomes"][1]
    assert outcome["message"] == failing().message()
    assert outcome["cases"] == [
        {
            "name": "",
            "line": 12,
            "holds": False,
            "expected": "5 USD/Mtok",
            "found": "4 USD/Mtok",
            "value": 4.0,
            "unit": "USD/Mtok",
            "rows": [str(ROW)],
            "detail": [],
            "since": ["fell from 5 to 4 on 2026-10-01"],
        }
    ]
    assert said["problems"][0] == {
        "where": "b.assumptions.yaml:3: checks[0].priec",
        "file": "b.assumptions.yaml",
        "line": 3,
        "key": "checks[0].priec",
        "found": "an unknown key",
        "accepted": "price",
        "remedy": "Did you mean 'price'?",
        "message": str(BAD.problems[0]),
    }
    assert (said["problems"][1]["file"], said["problems"][1]["line"]) == (None, None)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_json_has_no_number_that_json_does_not_know(value: float) -> None:
    case = CaseOutcome("", Finding(False, "a volume", "never", value), 1)
    text = json_report(Report((Outcome("assumption", "a", 1, "n", False, cases=(case,)),)), today=TODAY, version="1")
    assert json.loads(text, parse_constant=pytest.fail)["outcomes"][0]["cases"][0]["value"] is None


# ---------------------------------------------------------------------- JUnit


def test_junit_has_a_suite_per_file_and_a_case_per_check() -> None:
    root = ElementTree.fromstring(junit_report(WRONG))
    assert (root.tag, root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == (
        "testsuites",
        "6",
        "2",
        "2",
    )
    assert [suite.attrib["name"] for suite in root] == [
        "b.assumptions.yaml",
        "the current folder",
        "pricing",
        "a.assumptions.yaml",
        "tokencross.lock",
    ]
    suite = root[3]
    assert suite.attrib == {"name": "a.assumptions.yaml", "tests": "2", "failures": "1", "errors": "0"}
    case = suite[0]
    assert case.attrib == {
        "classname": "a.assumptions.yaml",
        "name": "input price",
        "file": "a.assumptions.yaml",
        "line": "12",
    }
    (failure,) = case
    assert failure.attrib == {"message": "expected 5 USD/Mtok, found 4 USD/Mtok", "type": "assumption"}
    assert failure.text == failing().message()
    assert list(suite[1]) == []
    (error,) = root[0][0]
    assert (error.tag, error.attrib["message"]) == ("error", "found an unknown key")


def test_junit_says_what_speaks_against_the_verdict() -> None:
    """Of what is on record as false, that it holds: not what was expected where it fails as it should."""
    holds = Finding(True, "at most 5 USD/Mtok", "4 USD/Mtok")
    fails = Finding(False, "at most 3 USD/Mtok", "4 USD/Mtok")
    alone = Outcome("assumption", "a.yaml", 1, "one", False, "fails", (CaseOutcome("", holds, 1),))
    cases = (CaseOutcome("now", holds, 2), CaseOutcome("then", fails, 3))
    both = Outcome("assumption", "a.yaml", 1, "two", False, "fails", cases)
    root = ElementTree.fromstring(junit_report(Report((alone, both, LOCK))))
    assert [failure.attrib["message"] for failure in root.iter("failure")] == [
        "recorded as false, and holds now: 4 USD/Mtok",
        "on record: fails; holds for now",
        "breakeven 6.4B -> 9.1B",
    ]


def test_what_a_file_says_on_several_lines_is_one_line_of_the_message() -> None:
    said = Outcome(
        "assumption", "a.yaml", 1, "one\n::error::x", False, because="two\n  lines\n", claim="a\nb", source="c\nd"
    )
    assert said.message().splitlines() == ["a.yaml:1: one ::error::x", "  claim: a b (c d)", "  because: two lines"]


def test_junit_tells_equal_names_apart() -> None:
    """GitLab keeps the first of two cases with one name only."""
    root = ElementTree.fromstring(junit_report(Report((holding("one"), holding("one\n"), holding("one")))))
    assert [case.attrib["name"] for case in root[0]] == ["one", "one (2)", "one (3)"]


# ---------------------------------------------------------------------- Markdown


def test_markdown_is_a_table_and_the_messages() -> None:
    text = markdown_summary(WRONG)
    assert text.startswith("### tokencross check: Bad input: ")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert table == [
        "| | file | checked | what is wrong |",
        "| --- | --- | --- | --- |",
        r"| bad input | b.assumptions.yaml |  | line 3: checks\[0\].priec |",
        "| bad input | the current folder |  | bad input |",
        "| holds | pricing | 1 set of tables loads |  |",
        "| fails | a.assumptions.yaml | 1 check holds, 1 fails | line 12: input price |",
        "| fails | tokencross.lock | 1 study is not as locked | line 4: scenarios/chat.yaml |",
    ]
    assert f"<pre>\n{failing().message()}\n</pre>" in text


def test_markdown_stays_below_what_github_takes() -> None:
    many = Report(tuple(failing(f"check {index}", found="x" * 10_000) for index in range(120)))
    text = markdown_summary(many)
    assert len(text.encode()) < 1024 * 1024
    shown = text.count("<pre>")
    assert f"{120 - shown} messages more are in the log." in text


# ---------------------------------------------------------------------- nothing breaks a format


def hostile(text: str) -> Report:
    """Return a report whose every word is a given one."""
    citation = Citation(text, text, text)
    case = CaseOutcome(text, Finding(False, text, text, 1.0, text, (citation,), (text,)), 3, (text,))
    outcome = Outcome("assumption", text or "a", 3, text, False, text, (case, case), text, text, text, (text,))
    lock = Outcome("lock", "tokencross.lock", 1, text, False, lines=(text,))
    return Report((outcome, lock), (ScenarioError(Problem(text, text, text, text), text),), (text,))


def check_formats(text: str, workspace: Path) -> None:
    """See that each format of a report with a text in all places can be read, and says nothing else."""
    report = hostile(text)
    printed = text_report(report, verbose=True)
    printed.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed)
    log = github_report(report, workspace=workspace, here=workspace)
    log.encode()
    titles = [place["title"] for place, _ in commands(log)]
    assert len(titles) == len({str(problem) for problem in report.problems[0].problems}) + 2
    root = ElementTree.fromstring(junit_report(report).encode())
    assert sum(len(suite) for suite in root) == int(root.attrib["tests"])
    said = json.loads(json_report(report, today=TODAY, version="1").encode())
    assert said["outcomes"][0]["name"] == text
    summary = markdown_summary(report)
    summary.encode()
    shown = re.sub(r"<pre>\n.*?</pre>", "<pre></pre>", summary, flags=re.DOTALL)
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row.replace(r"\\", ""))) for row in rows} == {5}
    tags = re.findall(r"<(/?\w+)", summary)
    assert set(tags) <= {"details", "/details", "summary", "/summary", "pre", "/pre"}
    assert tags.count("pre") == tags.count("/pre") == tags.count("details") == tags.count("/details")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_a_format(text: str, tmp_path: Path) -> None:
    check_formats(text, tmp_path)


@given(st.text(alphabet=st.characters(), max_size=40))
def test_whatever_is_said_the_formats_hold(text: str) -> None:
    check_formats(text, Path.cwd())


def test_control_characters_are_seen() -> None:
    assert printable("a\x1b[31m\x00\u0085\u2028\ud800b\r\nc") == "a\\x1b[31m\\x00\\x85\\u2028\\ud800b\nc"
    assert printable("Größe 5 €, 中文") == "Größe 5 €, 中文"
    assert one_line(" a\n  b\t c ") == "a b c"
