"""The pytest plugin: fixtures, date markers, and a test per check of an assumption file.

Loading it costs every test run, also those that have nothing to do with it: nothing but pytest and the standard library
is imported until an assumption file is collected or a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

    from tokencross.checking import AssumptionFile
    from tokencross.checks.outcome import Outcome
    from tokencross.errors import TokencrossError
    from tokencross.prices import PriceBook
    from tokencross.study import Study

__all__ = ["StudyLoader", "load_study", "price_book"]

_OPTION, _INI, _GLOBS = "--tokencross-as-of", "tokencross_as_of", "tokencross_assumptions"
_FROM, _UNTIL = "tokencross_from", "tokencross_until"
_TABLES, _TODAY = "tables", "today"
_DATES = f"a date such as 2026-11-21, {_TODAY}, or {_TABLES} for the tables' own date"
_EVERY = ["*.assumptions.yaml"]
_SWITCHES = {"true": _EVERY, "yes": _EVERY, "on": _EVERY, "1": _EVERY, "false": [], "no": [], "off": [], "0": []}
_SUFFIXES = (".yaml", ".yml")

_said_key = pytest.StashKey[str]()
_days_key = pytest.StashKey[dict[str, date]]()
_studies_key = pytest.StashKey["dict[tuple[Path, str], Study]"]()
_misuse_key = pytest.StashKey[str]()


# ---------------------------------------------------------------------- settings


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the run's date and what is collected."""
    group = parser.getgroup("tokencross", "pricing assumptions")
    group.addoption(
        _OPTION,
        metavar="DATE",
        help="the run's date: of the fixture price_book, of the date markers, and of `as_of: today` in assumption "
        f"files; {_DATES} (default: the ini value {_INI}, else tables; the files then read the clock)",
    )
    parser.addini(_INI, f"the run's date, as {_OPTION} says it", default="")
    parser.addini(
        _GLOBS,
        "globs of the YAML files that are collected as assumption files; false collects none",
        type="args",
        default=_EVERY,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and refuse a run's date that is none."""
    days = 'date ("2026-09-22"): skip unless the run\'s date (--tokencross-as-of) is'
    config.addinivalue_line("markers", f"{_FROM}(date): {days} this or a later one")
    config.addinivalue_line("markers", f"{_UNTIL}(date): {days} this or an earlier one")
    option, ini = config.getoption(_OPTION), str(config.getini(_INI)).strip()
    said = option or ini
    if said and said not in (_TABLES, _TODAY):
        try:
            date.fromisoformat(said)
        except ValueError:
            where = _OPTION if option else f"{config.inipath}: {_INI}"
            raise pytest.UsageError(f"{where}\n  found {said!r}; accepted: {_DATES}.") from None
    config.stash[_said_key] = said
    config.stash[_days_key] = {}
    config.stash[_studies_key] = {}


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return the run's date where someone said it; runs that have nothing to do with it show nothing."""
    said = config.stash[_said_key]
    if not said:
        return None
    return f"tokencross: as of {said}" + (f", {_clock(config)}" if said == _TODAY else "")


def _clock(config: pytest.Config) -> date:
    """Return the day on which the run first asked: one for all of it."""
    return config.stash[_days_key].setdefault(_TODAY, date.today())


def _run_day(config: pytest.Config) -> date:
    """Return the run's date."""
    said = config.stash[_said_key] or _TABLES
    if said == _TODAY:
        return _clock(config)
    if said != _TABLES:
        return date.fromisoformat(said)
    days = config.stash[_days_key]
    if _TABLES not in days:
        from tokencross.prices import load_prices

        days[_TABLES] = load_prices(as_of=_TABLES).tables_date
    return days[_TABLES]


def _today(config: pytest.Config) -> date:
    """Return what ``today`` means: the run's date where someone said it, and else the clock's."""
    return _run_day(config) if config.stash[_said_key] else _clock(config)


# ---------------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def price_book(request: pytest.FixtureRequest) -> PriceBook:
    """Return the bundled price tables at the run's date (--tokencross-as-of; the tables' own unless said)."""
    from tokencross.prices import load_prices

    return load_prices(as_of=_run_day(request.config))


class StudyLoader:
    """Loads scenario files by a path beside the test file, or from the root of the run; each once in a session."""

    def __init__(self, folders: Sequence[Path], config: pytest.Config) -> None:
        self._folders = folders
        self._config = config

    def __call__(self, path: str | Path, *, as_of: date | str | None = None) -> Study:
        """Return the study of a scenario file.

        Parameters
        ----------
        path : str or Path
            Relative to the folder of the test file, or else to the root of the run.
        as_of : date or str, optional
            Another date than the file's own: a date, ``"tables"``, or ``"today"``, which is the run's date where
            someone said one.

        Raises
        ------
        ScenarioError, TableError, ResolveError
            With file, line and key of what is wrong.
        """
        from tokencross.errors import Problem, ScenarioError
        from tokencross.scenario import load_study as load

        found = next((place for folder in self._folders if (place := folder / path).is_file()), None)
        if found is None:
            looked = " or ".join(dict.fromkeys(str(folder) for folder in self._folders))
            remedy = "A path begins at the test file's folder, or at the root of the run, which an ini file marks."
            raise ScenarioError(Problem(str(path), "no such file", f"a scenario in {looked}", remedy))
        day = _today(self._config) if as_of == _TODAY else as_of
        studies, key = self._config.stash[_studies_key], (found.resolve(), str(day))
        if key not in studies:
            studies[key] = load(found, as_of=day)
        return studies[key]


@pytest.fixture
def load_study(request: pytest.FixtureRequest) -> StudyLoader:
    """Return what loads a study by the path of its scenario file: ``load_study("scenarios/chat.yaml")``."""
    return StudyLoader((request.path.parent, request.config.rootpath), request.config)


# ---------------------------------------------------------------------- markers


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what does not hold on the run's date."""
    for item in items:
        for name in (_FROM, _UNTIL):
            for marker in item.iter_markers(name):
                _mark(item, marker, config)


def _mark(item: pytest.Item, marker: pytest.Mark, config: pytest.Config) -> None:
    """Skip an item outside the date of a marker; a marker without a date fails the item when it is run."""
    try:
        (said,) = (*marker.args, *marker.kwargs.values())
        if marker.kwargs.keys() - {"date"}:
            raise ValueError
        bound = said if type(said) is date else date.fromisoformat(said)
    except (TypeError, ValueError):
        given = [repr(value) for value in marker.args] + [f"{key}={value!r}" for key, value in marker.kwargs.items()]
        accepted = f'one date, as in @pytest.mark.{marker.name}("2026-09-22")'
        item.stash[_misuse_key] = f"{marker.name}: found ({', '.join(given)}); accepted: {accepted}."
        return
    day = _run_day(config)
    if day < bound if marker.name == _FROM else day > bound:
        reach = "later" if marker.name == _FROM else "earlier"
        item.add_marker(pytest.mark.skip(reason=f"for {bound} and {reach}; the run's date is {day}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test whose date marker has no date."""
    if _misuse_key in item.stash:
        pytest.fail(item.stash[_misuse_key], pytrace=False)


# ---------------------------------------------------------------------- assumption files


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> AssumptionsFile | None:
    """Collect assumption files."""
    if file_path.suffix not in _SUFFIXES:
        return None
    globs = parent.config.getini(_GLOBS)
    if len(globs) == 1:
        globs = _SWITCHES.get(globs[0].lower(), globs)
    return AssumptionsFile.from_parent(parent, path=file_path) if any(map(file_path.match, globs)) else None


class AssumptionsFile(pytest.File):
    """An assumption file: a test for each of its checks."""

    def collect(self) -> Iterator[Assumption]:
        """Yield its checks; what cannot be read is an error of the collection, in our words."""
        from tokencross.checking import read_assumptions
        from tokencross.checks.finding_files import nearest_lock
        from tokencross.errors import TokencrossError

        try:
            file = read_assumptions(self.path, name=self.nodeid)  # messages name the file as test ids do
        except TokencrossError as error:
            raise self.CollectError(f"{error}{_of_another_tool(self.path)}") from None
        lock = nearest_lock(self.path)
        names: set[str] = set()
        for index, check in enumerate(file.said.checks):
            name = _test_id(check.name, names)
            names.add(name)
            yield Assumption.from_parent(self, name=name, file=file, index=index, lock=lock and lock.absolute())


def _of_another_tool(path: Path) -> str:
    """Return how to leave a file alone that nobody meant for us: one without checks."""
    try:
        ours = any(line.startswith("checks") for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if ours else f"\n  If it belongs to another tool: the ini value {_GLOBS} says what pytest collects here."


def _test_id(name: str, taken: set[str]) -> str:
    """Return a name as node ids can carry it: ASCII, without their separator, and once in a file."""
    plain = name.encode("unicode_escape").decode("ascii").replace("::", ":")
    numbered = (f"{plain}{count or ''}" for count in range(len(taken) + 1))
    return next(each for each in numbered if each not in taken)


class Assumption(pytest.Item):
    """A check of an assumption file."""

    def __init__(
        self, *, name: str, parent: AssumptionsFile, file: AssumptionFile, index: int, lock: Path | None
    ) -> None:
        super().__init__(name, parent)
        self.file = file
        self.index = index
        self.lock = lock

    @property
    def line(self) -> int:
        """The line on which the check begins, from 1."""
        return self.file.document.line(("checks", self.index))

    def runtest(self) -> None:
        """Run the check."""
        from tokencross.checking import run_check

        outcome = run_check(self.file, self.index, today=_today(self.config), lock=self.lock)
        if not outcome.passed:
            raise _NotOnRecord(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str | TerminalRepr:
        """Return what the check or a mistake in it says, without a traceback, at its line of the file."""
        from tokencross.errors import TokencrossError

        error = excinfo.value
        if not isinstance(error, (_NotOnRecord, TokencrossError)) or self.config.getoption("fulltrace"):
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value", chain=False)
        if shown.reprcrash is not None:  # what summaries and annotations of continuous integration read
            shown.reprcrash.path, shown.reprcrash.lineno = str(self.path), self.line
            shown.reprcrash.message = f"{_in_a_line(error)}\n{error}"
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0, and name."""
        return self.path, self.line - 1, self.name


class _NotOnRecord(Exception):  # noqa: N818 - the outcome of a test, no mistake
    """A check came out otherwise than its verdict on record."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message())
        self.outcome = outcome


def _in_a_line(error: _NotOnRecord | TokencrossError) -> str:
    """Return what is wrong, without the place."""
    if not isinstance(error, _NotOnRecord):
        problem = error.problems[0]
        return problem if isinstance(problem, str) else f"found {problem.found}; accepted: {problem.accepted}"
    return error.outcome.in_a_line()
