"""A page of published claims as Markdown: verdicts, figures and rows of each check, and where each would turn."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tokencross.checks.expectations import with_unit
from tokencross.checks.hinges import REACH_RATIO, Hinge
from tokencross.checks.outcome import CaseOutcome, Finding, Outcome
from tokencross.checks.rules_text import ClaimText, ContradictionText, NumberText, RulesText
from tokencross.citation import Citation
from tokencross.units import format_count

__all__ = ["Result", "StudyLine", "TablesLine", "rules_page"]

_DIGITS = 3
_QUOTIENT = "times"
_SCALED_FROM = 1e6
_LINE_OF = re.compile(r":\d+$")
_ROWS_TITLE = "Rows of the tables behind it"
_RESTATED = ("where ", "what ")  # a crossing in words, which the name of its case already says


_TURNS = "The nearest values of one number at which the verdict turns; what is not listed turns at none."


@dataclass(frozen=True)
class StudyLine:
    """A reference study of the page: its name in the file, its title, its file, its traffic and what it assumes."""

    key: str
    title: str
    path: str
    traffic: str
    note: str


@dataclass(frozen=True)
class TablesLine:
    """Which tables the page rests on."""

    version: str
    content_hash: str
    as_of: str


@dataclass(frozen=True)
class Result:
    """What came of a check, the studies that it is about, and where it would turn by case."""

    outcome: Outcome
    studies: tuple[str, ...] = ()
    hinges: Mapping[str, tuple[Hinge, ...]] = field(default_factory=dict)


def rules_page(
    text: RulesText, results: Sequence[Result], *, studies: Sequence[StudyLine], tables: TablesLine, source: str
) -> str:
    """Return the page.

    Parameters
    ----------
    text : RulesText
        Its words.
    results : sequence of Result
        Of every check that the words name.
    studies : sequence of StudyLine
        The reference studies.
    tables : TablesLine
        Which tables.
    source : str
        The assumption file, relative to the page.

    Returns
    -------
    str
        Markdown that depends on nothing but these.
    """
    found = {result.outcome.name: result for result in results}
    titles = {line.key: line for line in studies}
    rows = sorted({_row(cite) for result in results for cite in _cited(result.outcome)})
    numbers = {row: number for number, row in enumerate(rows, 1)}
    parts = [
        f"# {text.title}",
        f"<!-- Made of {source} by docs/rules_of_thumb.py; edit that file, not this page. -->",
        *text.intro,
        f"Tables {tables.version} (SHA-256 {tables.content_hash[:12]}), prices as of {tables.as_of}. "
        f"The checks: [{source.rpartition('/')[2]}]({source}).",
        "## In short",
        _summary(text.claims, found),
        "## How it was tested",
        *text.how,
    ]
    for claim in text.claims:
        parts += [f"## {claim.title}", *_section(claim, found, titles, numbers)]
    if text.contradictions:
        parts.append("## Rules that contradict each other")
        for each in text.contradictions:
            parts += [f"### {each.title}", *_contradiction(each, found)]
    if text.untestable:
        parts += ["## What the tables cannot say", *text.untestable]
    parts += ["## The reference studies", _study_table(studies)]
    if text.numbers:
        parts += ["## Every number, and its check", *_numbers(text, found)]
    parts += [f"## {_ROWS_TITLE}", *_folded("Row, day from which it holds, file and source", _numbered(rows))]
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------- the summary


def _summary(claims: Sequence[ClaimText], found: Mapping[str, Result]) -> str:
    """Return the table of all claims."""
    rows = [("rule of thumb", "today", "found", "in short")]
    for claim in claims:
        outcome = found[claim.checks[0]].outcome
        rows.append((_link(claim.title), _verdict(outcome), _spread(outcome), claim.in_short))
    return _table(rows)


def _verdict(outcome: Outcome) -> str:
    """Return how often a check holds, in words."""
    count, held = len(outcome.cases), len(outcome.holding)
    if held == count:
        return "holds" if count == 1 else f"holds (all {count} cases)"
    if held == 0:
        return "fails" if count == 1 else f"fails (all {count} cases)"
    return f"depends: {held} of {count} cases hold"


def _spread(outcome: Outcome) -> str:
    """Return the least and the most that was found over the cases."""
    values = [case.finding.value for case in outcome.cases if case.finding.value is not None]
    unit = next((case.finding.unit for case in outcome.cases if case.finding.unit), "")
    if not values:
        return "no figure"
    low, high = _short(min(values)), _short(max(values))
    said = with_unit(low if low == high else f"{low} to {high}", unit or _QUOTIENT)
    return said if len(values) == len(outcome.cases) else f"{said}, or none"


# ---------------------------------------------------------------------- a claim


def _section(
    claim: ClaimText, found: Mapping[str, Result], titles: Mapping[str, StudyLine], numbers: Mapping[str, int]
) -> Iterator[str]:
    """Yield the paragraphs of a claim."""
    yield f"**{claim.in_short}**"
    yield from claim.text
    results = [found[name] for name in claim.checks]
    for result in results:
        yield from _check(result, titles, heading=len(results) > 1)
    used = sorted({numbers[_row(cite)] for result in results for cite in _cited(result.outcome)})
    if used:
        row = "rows" if len(used) > 1 else "row"
        yield f"Rests on {row} {', '.join(map(str, used))} [of the tables](#{_anchor(_ROWS_TITLE)})."


def _check(result: Result, titles: Mapping[str, StudyLine], *, heading: bool) -> Iterator[str]:
    """Yield the paragraphs of a check."""
    outcome = result.outcome
    if heading:
        yield f"### {_capital(outcome.name)}"
    said = f"Claim: {outcome.claim} ({outcome.source})." if outcome.claim else ""
    why = f" {_capital(outcome.because)}." if outcome.because else ""
    yield f"{said}{why}".strip()
    expected = tuple(dict.fromkeys(case.finding.expected for case in outcome.cases))
    about = "; ".join(titles[key].title for key in result.studies if key in titles)
    reference = f" Reference: {about}." if about else ""
    yield f"Expected: {' or '.join(expected)}. Found: {_verdict(outcome)}.{reference}"
    yield _case_table(outcome)
    yield from _folded("Where it would turn", "\n\n".join(_hinge_list(result)))


def _folded(title: str, text: str) -> Iterator[str]:
    """Yield a part that readers open when they want it, if there is one."""
    if text:
        yield f"<details><summary>{title}</summary>"
        yield text
        yield "</details>"


def _case_table(outcome: Outcome) -> str:
    """Return the cases of a check with what was found in each."""
    rows = [("case", "found", "verdict", "figures behind it")]
    for case in outcome.cases:
        finding = case.finding
        rows.append((case.name or "as it is", _found(finding), _holds(finding.holds), _behind(finding)))
    return _table(rows if any(row[-1] for row in rows[1:]) else [row[:-1] for row in rows])


def _found(finding: Finding) -> str:
    """Return what was found, short."""
    if finding.value is None:
        return finding.found.partition(":")[0]
    return with_unit(_short(finding.value), finding.unit or _QUOTIENT)


def _behind(finding: Finding) -> str:
    """Return the figures that what was found came from."""
    if finding.value is None:
        return finding.found.partition(": ")[2]
    words = finding.found.partition(" (")[2].removesuffix(")")
    return "" if words.startswith(_RESTATED) else words or "; ".join(finding.detail)


def _cited(outcome: Outcome) -> Iterator[Citation]:
    """Yield the rows of the tables that a check rests on."""
    return (cite for case in outcome.cases for cite in case.finding.citations if cite.location)


def _numbered(rows: Sequence[str]) -> str:
    """Return rows as a list with numbers."""
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, 1))


def _row(citation: Citation) -> str:
    """Return a row in a few words."""
    path = _LINE_OF.sub("", citation.location)
    since = f", from {citation.effective_from}" if citation.effective_from else ""
    via = citation.via if "://" in citation.via else citation.via.partition(":")[0]
    return f"`{citation.row}`{since} ([{path.rpartition('/')[2]}](../{path}); {via})"


# ---------------------------------------------------------------------- where it would turn


def _hinge_list(result: Result) -> Iterator[str]:
    """Yield at which values of each number a case would turn, and of which numbers there is none."""
    turning: dict[str, list[tuple[str, Hinge]]] = {}
    still: dict[str, None] = {}
    for case in result.outcome.cases:
        for hinge in result.hinges.get(case.name, ()):
            if hinge.turns:
                turning.setdefault(hinge.address, []).append((case.name or "as it is", hinge))
            else:
                still[hinge.address] = None
    if turning:
        lines = [line for address, cases in turning.items() for line in _turning(address, cases)]
        yield f"{_TURNS}\n\n" + "\n".join(lines)
    never = [f"`{address}`" for address in still if address not in turning]
    if never:
        yield f"No value within a factor of {format_count(REACH_RATIO)} turns a case: {', '.join(never)}."


def _turning(address: str, cases: Sequence[tuple[str, Hinge]]) -> Iterator[str]:
    """Yield a number with its value today, and at which values each case turns."""
    same = len({_now(hinge) for _, hinge in cases}) == 1
    yield f"- `{address}`{f', {_now(cases[0][1])} today' if same else ''}:"
    for name, hinge in cases:
        yield f"  - {name}: {_turns(hinge)}{'' if same else f' ({_now(hinge)} today)'}"


def _now(hinge: Hinge) -> str:
    """Return a number's value today."""
    return with_unit(_short(hinge.now), hinge.unit)


def _turns(hinge: Hinge) -> str:
    """Return the nearest values at which an answer turns."""
    down = [] if hinge.below is None else [f"{_short(hinge.below)} or less"]
    up = [] if hinge.above is None else [f"{_short(hinge.above)} or more"]
    return ", ".join([*down, *up])


# ---------------------------------------------------------------------- contradictions and numbers


def _contradiction(each: ContradictionText, found: Mapping[str, Result]) -> Iterator[str]:
    """Yield the paragraphs of a contradiction: side by side, and what would make each claim hold."""
    yield from each.text
    results = [found[name] for name in each.checks]
    by_case = [{case.name: case for case in result.outcome.cases} for result in results]
    shared = [name for name in by_case[0] if all(name in cases for cases in by_case[1:])]
    if shared:
        rows: list[tuple[str, ...]] = [("case", *each.checks)]
        rows += [(name, *(_cell(cases[name]) for cases in by_case)) for name in shared]
        yield _table(rows)
        agreed = [name for name in shared if all(cases[name].finding.holds for cases in by_case)]
        yield f"All of them hold in {len(agreed)} of {len(shared)} cases{': ' if agreed else ''}{'; '.join(agreed)}."
    wanted = each.cases or tuple(shared)
    lines = []
    for result in results:
        cases = [case for case in result.outcome.cases if case.name in wanted or not shared]
        failing = [case for case in cases if result.hinges.get(case.name) and not case.finding.holds]
        lines += [f"- {result.outcome.name}:"] if failing else []
        for case in failing:
            turns = [_would(hinge) for hinge in result.hinges[case.name] if hinge.turns]
            none = "none of the numbers tried, one at a time"
            lines.append(f"  - {case.name or 'as it is'}: {'; or '.join(turns) or none}")
    yield from _folded("Where a claim fails: at which value of one number it would hold", "\n".join(lines))


def _cell(case: CaseOutcome) -> str:
    """Return a verdict with its figure."""
    return f"{_holds(case.finding.holds)}: {_found(case.finding)}"


def _would(hinge: Hinge) -> str:
    """Return where a claim that fails would hold."""
    return f"`{hinge.address}` {_turns(hinge)} (today {_short(hinge.now)})"


def _numbers(text: RulesText, found: Mapping[str, Result]) -> Iterator[str]:
    """Yield the table of published numbers of each article."""
    sections = {name: claim.title for claim in text.claims for name in claim.checks}
    for article in dict.fromkeys(number.article for number in text.numbers):
        rows = [("number", "in our words", "test", "today")]
        for number in text.numbers:
            if number.article == article:
                rows.append((number.number, number.words, _tests(number, sections), _today(number, found)))
        yield f"In {article}:"
        yield _table(rows)


def _tests(number: NumberText, sections: Mapping[str, str]) -> str:
    """Return the checks of a number, linked to their sections, and what is not tested of it."""
    linked: set[str] = set()
    names = []
    for name in number.checks:
        anchor = _anchor(sections[name])
        names.append(name if anchor in linked else f"[{name}](#{anchor})")
        linked.add(anchor)
    tests = "; ".join(names)
    return ". ".join(part for part in (tests, _capital(number.reason)) if part)


def _today(number: NumberText, found: Mapping[str, Result]) -> str:
    """Return the verdicts of a number's checks."""
    return "; ".join(_verdict(found[name].outcome) for name in number.checks) or "not tested"


# ---------------------------------------------------------------------- tables and words


def _study_table(studies: Sequence[StudyLine]) -> str:
    """Return the reference studies."""
    rows = [("reference study", "traffic", "what is judgement in it")]
    rows += [(f"[{line.title}]({line.path})" if line.path else line.title, line.traffic, line.note) for line in studies]
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; its first row is the head."""
    head, *body = [["\\|".join(cell.split("|")).replace("\n", " ") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _short(value: float) -> str:
    """Return three digits of a figure: in full below a million, above it with M, B or T."""
    if not math.isfinite(value) or abs(value) >= _SCALED_FROM:
        return format_count(value, digits=_DIGITS)
    rounded = float(f"{value:.{_DIGITS}g}")
    if rounded and abs(rounded) < 1e-3:
        return f"{rounded:.12f}".rstrip("0")
    return f"{rounded:,.0f}" if abs(rounded) >= 100.0 else f"{rounded:g}"


def _holds(holds: bool) -> str:
    return "holds" if holds else "fails"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _link(title: str) -> str:
    """Return a link to the section of a title."""
    return f"[{title}](#{_anchor(title)})"


def _anchor(title: str) -> str:
    """Return the name that a heading has in links, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
