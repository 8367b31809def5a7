"""The pytest plugin: what it collects, what it says, and that it leaves other runs alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from tests.tables import api, hosted, row, write_tables

pytest_plugins = ["pytester"]

for heavy in ("matplotlib.figure", "pandas", "tokencross.checking", "tokencross.checks.since"):
    import_module(heavy)  # here, once: the runs within this one forget what they import

BIG = hosted(
    "big",
    row("2026-01-01", input_usd_per_mtok=5.0, output_usd_per_mtok=25.0),
    row("2026-09-22", input_usd_per_mtok=4.0, output_usd_per_mtok=20.0),
)
SMALL = hosted("small", row("2026-01-01", input_usd_per_mtok=1.0, output_usd_per_mtok=2.0))
SCENARIO = """\
name: chat
as_of: 2026-11-21
pricing: tables
workload: {input_tokens: 3000, output_tokens: 1000}
tokens_per_month: 1.0e+9
options:
  - {label: frontier, api: acme/big}
  - {label: hosted, api: acme/small}
"""
NO_PLUGIN = ("-p", "no:tokencross")


@pytest.fixture(autouse=True)
def _alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the plugins of others out of the runs within this one: they take longer than all the rest."""
    others = {each.name for each in entry_points(group="pytest11")} - {"tokencross"}
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in sorted(others)))


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Return the root of a run, with tables and a scenario."""
    write_tables(pytester.path / "tables", api(BIG, SMALL))
    (pytester.path / "chat.yaml").write_text(SCENARIO, encoding="utf-8")
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    return pytester.path


def assumptions(folder: Path, checks: str, *, head: str = "study: chat.yaml", name: str = "chat") -> Path:
    """Write an assumption file whose checks begin on line 5."""
    path = folder / f"{name}.assumptions.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"name: chat, make or buy\npricing: tables\n{head}\nchecks:\n{checks}", encoding="utf-8")
    return path


GREEN = "  - {name: the budget's price, price: acme/big, field: input_usd_per_mtok, equals: 4.0}\n"
RED = "  - {name: the old price, because: the budget, price: acme/big, field: input_usd_per_mtok, equals: 5.0}\n"


# ---------------------------------------------------------------------- assumption files


def test_every_check_is_a_test(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN + "  - {name: hosted is cheaper, undercuts: hosted}\n")
    result = pytester.runpytest_inprocess("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "chat.assumptions.yaml::the budget's price PASSED*",
            "chat.assumptions.yaml::hosted is cheaper PASSED*",
        ]
    )
    result.stdout.no_fnmatch_line("tokencross: *")


def test_what_does_not_hold_says_all_of_it(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN + RED)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    head = next(index for index, line in enumerate(result.outlines) if "= FAILURES" in line)
    told = result.outlines[head + 1 :]
    table = folder / "tables" / "api" / "acme.yaml"
    lines = table.read_text(encoding="utf-8").splitlines()
    first, second = (number for number, text in enumerate(lines, 1) if "effective_from" in text and number < 20)
    old = f"prices:acme/big ({table}:{first}; acme@1.0, from 2026-01-01, checked 2026-11-21)"
    new = f"prices:acme/big ({table}:{second}; acme@1.0, from 2026-09-22, checked 2026-11-21)"
    assert told[0].strip("_ ") == "the old price"
    assert told[1:7] == [
        "chat.assumptions.yaml:6: the old price",
        "  because: the budget",
        "  expected: 5 USD/Mtok",
        "  found: 4 USD/Mtok (acme/big input_usd_per_mtok, 2026-11-21)",
        f"  it last held on 2026-09-21: 5 USD/Mtok (row: {old})",
        f"  row: {new}",
    ]
    assert "short test summary info" in told[7]
    assert told[8].startswith("FAILED chat.assumptions.yaml::the old price - expected 5 USD/Mtok")
    assert "Traceback" not in result.stdout.str()


def test_what_does_not_hold_is_found_at_its_line(folder: Path, pytester: pytest.Pytester) -> None:
    path = assumptions(folder, GREEN + RED)
    result = pytester.runpytest_inprocess("--tb=line")
    result.stdout.fnmatch_lines(
        [
            f"{path}:6: expected 5 USD/Mtok, found 4 USD/Mtok (acme/big input_usd_per_mtok, 2026-11-21)",
            "*short test summary info*",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (
            "  - {name: a, undercuts: hosted, verdict: fails}\n",
            "recorded as false, and holds now: hosted costs 1,250 USD/month against 8,000 USD/month for frontier *",
        ),
        (
            "  - {name: a, price: acme/big, field: input_usd_per_mtok, equals: 4, verdict: {holds_for: [then]},\n"
            "     cases: {then: {as_of: 2026-02-01}, now: {as_of: 2026-11-01}}}\n",
            "on record: holds for then; holds for now",
        ),
        (
            "  - {name: a, price: acme/big, field: input_usd_per_mtok, equals: 3,\n"
            "     cases: {then: {as_of: 2026-02-01}, now: {as_of: 2026-11-01}}}\n",
            "on record: holds; holds for none",
        ),
    ],
    ids=["fails", "holds for", "none"],
)
def test_verdicts_in_one_line(folder: Path, pytester: pytest.Pytester, check: str, said: str) -> None:
    path = assumptions(folder, check)
    result = pytester.runpytest_inprocess("--tb=line")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{path}:5: {said}"])


def test_a_traceback_is_there_for_who_asks(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, RED)
    pytester.runpytest_inprocess("--full-trace").stdout.fnmatch_lines(["*pytest_plugin.py:*: _NotOnRecord"])


def test_reports_survive_the_way_between_processes(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, RED)
    (failed,) = pytester.inline_run().getfailures()
    config = pytester.parseconfig()
    data = config.hook.pytest_report_to_serializable(config=config, report=failed)
    received = config.hook.pytest_report_from_serializable(config=config, data=data)
    assert received.longreprtext == failed.longreprtext
    assert received.longrepr.reprcrash.lineno == 5
    assert received.location == ("chat.assumptions.yaml", 4, "the old price")


def test_a_bad_file_is_an_error_of_the_collection(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, "  - {name: a, prise: acme/big, equals: 4}\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting chat.assumptions.yaml*",
            "chat.assumptions.yaml:5: checks[[]0]",
            "  found no key that says what is checked; accepted: one of price, *",
            "  Did you mean 'price'?",
            "*short test summary*",
        ],
        consecutive=True,
    )


def test_two_checks_of_one_name_are_refused(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN + GREEN)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["chat.assumptions.yaml:6: checks[[]1].name", "  found * again, as on line 5; *"])


@pytest.mark.parametrize(("text", "theirs"), [("owner: finance\n", True), ("checks: []\nname: a\n", False)])
def test_a_file_of_another_tool_can_be_left_alone(pytester: pytest.Pytester, text: str, theirs: bool) -> None:
    (pytester.path / "finance.assumptions.yaml").write_text(text, encoding="utf-8")
    said = pytester.runpytest_inprocess().stdout.str()
    assert ("the ini value tokencross_assumptions says what pytest collects here" in said) is theirs
    pytester.makeini("[pytest]\ntokencross_assumptions = false\n")
    assert pytester.runpytest_inprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_mistake_in_a_check_fails_it_alone(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, "  - {name: a, cheapest: nobody}\n" + GREEN)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "chat.assumptions.yaml:5: checks[[]0].cheapest",
            "  found unknown label 'nobody'; accepted: one of frontier, hosted, the options of the study.",
        ],
        consecutive=True,
    )
    result.stdout.fnmatch_lines(["FAILED chat.assumptions.yaml::a - found unknown label 'nobody'*"])
    assert "Traceback" not in result.stdout.str()


ODD = """\
  - {name: "Frühstück :: [a] / b", price: acme/big, field: input_usd_per_mtok, equals: 4}
  - {name: "Frühstück : [a] / b", price: acme/big, field: output_usd_per_mtok, equals: 20}
"""


def test_ids_are_plain_and_single(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, ODD, name="sub/odd")
    (folder / "sub" / "chat.yaml").write_text(SCENARIO.replace("tables", "../tables"), encoding="utf-8")
    (folder / "sub" / "tables").symlink_to(folder / "tables")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    ids = [
        r"sub/odd.assumptions.yaml::Fr\xfchst\xfcck : [a] / b",
        r"sub/odd.assumptions.yaml::Fr\xfchst\xfcck : [a] / b1",
    ]
    assert result.outlines[:2] == ids
    for one in ids:
        pytester.runpytest_inprocess(one).assert_outcomes(passed=1)
    pytester.runpytest_inprocess(f"--deselect={ids[1]}").assert_outcomes(passed=1, deselected=1)


def test_checks_are_chosen_by_words(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN + RED)
    pytester.runpytest_inprocess("-k", "budget and not old").assert_outcomes(passed=1, deselected=1)


def test_last_failed_are_run_alone(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN + RED)
    pytester.makeini("[pytest]")
    pytester.runpytest_inprocess().assert_outcomes(passed=1, failed=1)
    pytester.runpytest_inprocess("--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("said", "count"),
    [("", 1), ("true", 1), ("false", 0), ("off", 0), ("sub/*.yaml", 0), ("*.assumptions.yaml other.yaml", 1)],
)
def test_what_is_collected_can_be_said(folder: Path, pytester: pytest.Pytester, said: str, count: int) -> None:
    assumptions(folder, GREEN)
    pytester.makeini(f"[pytest]\n{f'tokencross_assumptions = {said}' if said else ''}\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=count)


def test_a_glob_may_name_other_files(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN).rename(folder / "budget.yml")
    pytester.makeini("[pytest]\ntokencross_assumptions = budget.*\n")
    pytester.runpytest_inprocess("-v").stdout.fnmatch_lines(["budget.yml::the budget's price PASSED*"])


def test_collection_of_others_goes_on(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN)
    pytester.makepyfile("def test_it():\n    pass\n")
    (folder / "page.md").write_text(">>> 1 + 1\n2\n", encoding="utf-8")
    result = pytester.runpytest_inprocess("--doctest-glob=*.md", "--import-mode=importlib")
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("place", ["", "sub", "sub/deep"], ids=["root", "beside", "above nothing"])
def test_the_nearest_lock_is_used(folder: Path, pytester: pytest.Pytester, place: str) -> None:
    (folder / "sub" / "deep").mkdir(parents=True)
    assumptions(folder, GREEN, head="", name="sub/chat")
    (folder / place / "tokencross.lock").write_text("", encoding="utf-8")
    (item,), _ = pytester.inline_genitems("sub/chat.assumptions.yaml")
    lock = getattr(item, "lock")  # noqa: B009 - an attribute of our items only
    assert lock == (None if place == "sub/deep" else folder / place / "tokencross.lock")


# ---------------------------------------------------------------------- the run's date

TODAY = """\
  - {name: as of then, as_of: today, price: acme/big, field: input_usd_per_mtok, equals: 5}
  - {name: as of a day, as_of: 2026-11-01, price: acme/big, field: input_usd_per_mtok, equals: 4}
"""


@pytest.mark.parametrize(("said", "passed"), [("2026-09-21", 2), ("2026-09-22", 1)], ids=["day before", "day of"])
def test_today_in_a_file_is_the_date_of_the_run(
    folder: Path, pytester: pytest.Pytester, said: str, passed: int
) -> None:
    assumptions(folder, TODAY)
    result = pytester.runpytest_inprocess(f"--tokencross-as-of={said}")
    result.assert_outcomes(passed=passed, failed=2 - passed)
    result.stdout.fnmatch_lines([f"tokencross: as of {said}"])
    pytester.makeini(f"[pytest]\ntokencross_as_of = {said}\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=passed, failed=2 - passed)


def test_today_is_the_clock_otherwise(folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    class Earlier(date):
        @classmethod
        def today(cls) -> Earlier:
            return cls(2026, 9, 21)

    monkeypatch.setattr("tokencross.pytest_plugin.date", Earlier)
    assumptions(folder, TODAY)
    pytester.runpytest_inprocess().assert_outcomes(passed=2)
    result = pytester.runpytest_inprocess("--tokencross-as-of=today")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["tokencross: as of today, 2026-09-21"])


def test_a_date_that_is_none_is_refused_once(folder: Path, pytester: pytest.Pytester) -> None:
    accepted = "accepted: a date such as 2026-11-21, today, or tables for the tables' own date."
    result = pytester.runpytest_inprocess("--tokencross-as-of=yesterday")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[:2] == ["ERROR: --tokencross-as-of", f"  found 'yesterday'; {accepted}"]
    ini = pytester.makeini("[pytest]\ntokencross_as_of = 2026-02-30\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[:2] == [f"ERROR: {ini}: tokencross_as_of", f"  found '2026-02-30'; {accepted}"]


# ---------------------------------------------------------------------- markers

MARKED = """
import datetime
import pytest

@pytest.mark.tokencross_from("2026-09-22")
def test_from():
    pass

@pytest.mark.tokencross_until(datetime.date(2026, 9, 22))
class TestUntil:
    def test_until(self):
        pass

    @pytest.mark.tokencross_from(date="2026-09-22")
    def test_both(self):
        pass
"""


@pytest.mark.parametrize(
    ("day", "skipped"),
    [
        ("2026-09-21", ["from", "both"]),
        ("2026-09-22", []),
        ("2026-09-23", ["until", "both"]),
    ],
)
def test_markers_skip_by_the_date_of_the_run(pytester: pytest.Pytester, day: str, skipped: list[str]) -> None:
    pytester.makepyfile(MARKED)
    result = pytester.runpytest_inprocess("--strict-markers", "-rs", "-vv", f"--tokencross-as-of={day}")
    result.assert_outcomes(passed=3 - len(skipped), skipped=len(skipped))
    reach = "later" if day < "2026-09-22" else "earlier"
    told = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert len(told) == len(skipped)
    assert all(line.endswith(f"for 2026-09-22 and {reach}; the run's date is {day}") for line in told)
    for name in skipped:
        result.stdout.fnmatch_lines([f"*::test_{name} SKIPPED*"])


def test_markers_ask_the_tables_unless_a_date_is_said(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.tokencross_from("2000-01-01")
        def test_known():
            pass

        @pytest.mark.tokencross_from("9999-01-01")
        def test_never():
            pass
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1, skipped=1)


@pytest.mark.parametrize("given", ["", "'soon'", "2026", "'2026-01-01', '2026-02-01'", "day='2026-01-01'"])
def test_a_marker_without_a_date_fails_its_test(pytester: pytest.Pytester, given: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.tokencross_until({given})
        def test_marked():
            pass

        def test_other():
            pass
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1, passed=1)
    accepted = 'accepted: one date, as in @pytest.mark.tokencross_until("2026-09-22").'
    assert f"tokencross_until: found ({given}); {accepted}" in result.outlines


# ---------------------------------------------------------------------- fixtures


def test_the_price_book_has_the_date_of_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(price_book):
            assert str(price_book.as_of) == "2026-10-01"
        """
    )
    pytester.runpytest_inprocess("--tokencross-as-of=2026-10-01").assert_outcomes(passed=1)
    pytester.makepyfile(
        """
        def test_it(price_book):
            assert price_book.as_of == price_book.tables_date
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_studies_are_loaded_from_beside_the_test_or_the_root(folder: Path, pytester: pytest.Pytester) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "own.yaml").write_text(SCENARIO.replace("tables", "../tables"), encoding="utf-8")
    (folder / "sub" / "test_it.py").write_text(
        """
import pytest

def test_places(load_study):
    assert load_study("own.yaml").incumbent == "frontier"
    assert load_study("chat.yaml") is load_study("../chat.yaml")

def test_dates(load_study):
    def price(study):
        return round(study.costs(1e6).loc[1e6, "frontier"], 9)

    assert price(load_study("chat.yaml")) == 8.0
    assert price(load_study("chat.yaml", as_of="2026-09-21")) == 10.0
    assert price(load_study("chat.yaml", as_of="today")) == 10.0

def test_none(load_study, request):
    with pytest.raises(ValueError) as raised:
        load_study("charts.yaml")
    root = request.config.rootpath
    assert str(raised.value) == (
        f"charts.yaml\\n  found no such file; accepted: a scenario in {root / 'sub'} or {root}."
        "\\n  A path begins at the test file's folder, or at the root of the run, which an ini file marks."
    )
""",
        encoding="utf-8",
    )
    pytester.runpytest_inprocess("--tokencross-as-of=2026-09-01").assert_outcomes(passed=3)


# ---------------------------------------------------------------------- runs that have nothing to do with it


def _elsewhere(pytester: pytest.Pytester, *options: str) -> subprocess.CompletedProcess[str]:
    """Return a run in a process of its own, over a test that says which heavy libraries are loaded."""
    heavy = ["numpy", "pandas", "pydantic", "yaml", "matplotlib", "scipy", "tokencross.checking", "tokencross.prices"]
    pytester.makepyfile(f"import sys\n\ndef test_it():\n    assert [n for n in {heavy} if n in sys.modules] == []\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=pytester.path)


def test_nothing_is_loaded_or_said_until_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]")
    (pytester.path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    done = _elsewhere(pytester, "-W", "error", "--strict-markers", "--strict-config")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [line for line in done.stdout.splitlines() if line.startswith("tokencross")]


def test_without_the_plugin_pytest_is_as_it_was(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN)
    done = _elsewhere(pytester, *NO_PLUGIN)
    assert "collected 1 item" in done.stdout
    assert done.returncode == 0
    assert "tokencross" not in _elsewhere(pytester, *NO_PLUGIN, "--help", "-c", "/dev/null").stdout
    assert "tokencross" not in _elsewhere(pytester, *NO_PLUGIN, "--markers").stdout
    assert "price_book" not in _elsewhere(pytester, *NO_PLUGIN, "--fixtures").stdout
    assert _elsewhere(pytester, *NO_PLUGIN, "--tokencross-as-of=tables").returncode == pytest.ExitCode.USAGE_ERROR


def test_warnings_as_errors_find_none(folder: Path, pytester: pytest.Pytester) -> None:
    assumptions(folder, GREEN)
    pytester.makepyfile('def test_it(price_book, load_study):\n    assert load_study("chat.yaml")\n')
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert "2 passed" in done.stdout, done.stdout
