"""Write docs/rules-of-thumb.md from its assumption file; with --check say whether it is fresh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tokencross import checking
from tokencross.checking import AssumptionFile, read_assumptions, run_check
from tokencross.checks.hinges import Hinge, hinges_of
from tokencross.checks.rules_page import Result, StudyLine, TablesLine, rules_page
from tokencross.checks.rules_text import RulesText, parsed_rules_text
from tokencross.errors import ScenarioError
from tokencross.number import point
from tokencross.options.workload import Workload
from tokencross.studies.compare import Comparison
from tokencross.tables.assumption_file import cases_of
from tokencross.tables.reading import read_document

_ROOT = Path(__file__).resolve().parent.parent
_ASSUMPTIONS = _ROOT / "assumptions" / "rules-of-thumb.assumptions.yaml"
_WORDS = _ROOT / "assumptions" / "rules-of-thumb.page.yaml"
_PAGE = _ROOT / "docs" / "rules-of-thumb.md"


def page() -> str:
    """Return the page as the files and tables of today give it."""
    file = read_assumptions(_ASSUMPTIONS)
    as_of = file.said.as_of
    if not isinstance(as_of, date):
        raise SystemExit(f"{_ASSUMPTIONS}: as_of is {as_of!r}; a page needs a date")
    text = words(file)
    results = [_result(file, index, as_of) for index in range(len(file.said.checks))]
    named = list(dict.fromkeys(key for result in results for key in result.studies))
    book = next(option.book for option in _comparison(file, named[0]).options if option.book is not None)
    tables = TablesLine(book.store.version, book.store.content_hash, as_of.isoformat())
    source = f"../{_ASSUMPTIONS.relative_to(_ROOT).as_posix()}"
    return rules_page(text, results, studies=[_line(file, key) for key in named], tables=tables, source=source)


def words(file: AssumptionFile) -> RulesText:
    """Return the words of the page."""
    names = tuple(entry.name for entry in file.said.checks)
    return parsed_rules_text(read_document(_WORDS, error=ScenarioError), names)


def _result(file: AssumptionFile, index: int, today: date) -> Result:
    """Return what came of a check, with what it hinges on."""
    cases = cases_of(file.document, file.said, index)
    hinges: dict[str, tuple[Hinge, ...]] = {}
    for name, case, place in cases:
        if case.hinges_on:
            hinges[name] = hinges_of(case, checking.context_of(file, case, place, today))
    studies = tuple(dict.fromkeys(case.study for _, case, _ in cases if case.study is not None))
    return Result(run_check(file, index, today=today), studies, hinges)


def _comparison(file: AssumptionFile, key: str) -> Comparison:
    """Return a study of the file that a check has loaded, at any of its dates."""
    return next(study for (name, _), study in file.studies.items() if name == key)


def _line(file: AssumptionFile, key: str) -> StudyLine:
    """Return what the page says of a study."""
    study = _comparison(file, key)
    said = file.said.studies[key]
    path = ""
    if isinstance(said, str):
        path = f"../{(_ASSUMPTIONS.parent / said).resolve().relative_to(_ROOT).as_posix()}"
    return StudyLine(key, study.workload.name, path, ", ".join(_traffic(study.workload)), study.said.strip())


def _traffic(workload: Workload) -> Iterator[str]:
    """Yield the traffic of a study in words."""
    yield f"{point(workload.input_tokens):,.0f} tokens in, {point(workload.output_tokens):,.0f} out"
    if point(workload.cached_input_share):
        yield f"{point(workload.cached_input_share):.0%} of the input cached"
    if point(workload.batch_share):
        yield f"{point(workload.batch_share):.0%} can wait"
    yield f"peak {workload.peak:.3g} times the mean"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` return 1 where it is not as it would be written."""
    if arguments not in ([], ["--check"]):
        print("usage: python docs/rules_of_thumb.py [--check]", file=sys.stderr)
        return 2
    made = page()
    if not arguments:
        _PAGE.write_text(made, encoding="utf-8")
        return 0
    if not _PAGE.exists() or _PAGE.read_text(encoding="utf-8") != made:
        print(f"{_PAGE}: not fresh; run python docs/rules_of_thumb.py and commit what it writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
