"""The words of a page of published claims: its sections, what contradicts what, and every number with its check."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from tokencross.tables.reading import Document
from tokencross.tables.strict import StrictRecord, mistake, parse_record

__all__ = ["ClaimText", "ContradictionText", "NumberText", "RulesText", "parsed_rules_text"]


class ClaimText(StrictRecord):
    """A section of the page: one claim, and the checks that test it."""

    title: str = Field(min_length=1)
    """Heading, the claim in a few words."""
    in_short: str = Field(min_length=1)
    """What the tables say to it, in a sentence."""
    text: tuple[str, ...] = ()
    """Paragraphs: what decides it, what is assumed."""
    checks: tuple[str, ...] = Field(min_length=1)
    """Names of the checks, the leading one first."""


class ContradictionText(StrictRecord):
    """Claims that cannot all be right of one case."""

    title: str = Field(min_length=1)
    """Heading."""
    text: tuple[str, ...] = ()
    """Paragraphs."""
    checks: tuple[str, ...] = Field(min_length=2)
    """Checks that share cases; shown side by side."""
    cases: tuple[str, ...] = ()
    """Cases for which it is said at which inputs each check would hold; all shared ones unless said."""


class NumberText(StrictRecord):
    """A number that was published: the checks that test it, or why nothing does."""

    number: str = Field(min_length=1)
    """As it was published."""
    article: str = Field(min_length=1)
    """Where."""
    words: str = Field(min_length=1)
    """What it is about, in words of one's own."""
    checks: tuple[str, ...] = ()
    """Names of checks."""
    reason: str = ""
    """Why there is nothing to test; or what of it is not tested."""

    @model_validator(mode="after")
    def _tested_or_not(self) -> NumberText:
        if not self.checks and not self.reason:
            mistake("a number with neither checks nor reason", "checks, or the reason why there is none")
        return self


class RulesText(StrictRecord):
    """A page that is made of an assumption file and what came of it."""

    title: str = Field(min_length=1)
    """Heading of the page."""
    intro: tuple[str, ...] = ()
    """Paragraphs before the summary."""
    how: tuple[str, ...] = ()
    """Paragraphs on what was done, and how to read it."""
    claims: tuple[ClaimText, ...] = Field(min_length=1)
    """Sections, in order."""
    contradictions: tuple[ContradictionText, ...] = ()
    """What contradicts what."""
    untestable: tuple[str, ...] = ()
    """What no table can say, in paragraphs."""
    numbers: tuple[NumberText, ...] = ()
    """Every published number."""


def parsed_rules_text(document: Document, checks: tuple[str, ...]) -> RulesText:
    """Return the words of a page, once every check that they name is seen to exist.

    Parameters
    ----------
    document : Document
        The file.
    checks : tuple of str
        Names of the checks that there are.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong; also where a check of the file is in no section.
    """
    said = parse_record(RulesText, document.data, document)
    lists: dict[str, Sequence[ClaimText | ContradictionText | NumberText]] = {
        "claims": said.claims,
        "contradictions": said.contradictions,
        "numbers": said.numbers,
    }
    for key, entries in lists.items():
        for index, entry in enumerate(entries):
            for name in entry.checks:
                if name not in checks:
                    raise document.problem((key, index, "checks"), f"unknown check {name!r}", "the name of a check")
    shown = [name for claim in said.claims for name in claim.checks]
    for name in checks:
        if name not in shown:
            raise document.problem(("claims",), f"no section with the check {name!r}", "every check in a section")
    return said
