"""The rules of thumb: every claim is as it is on record, every published number has its test, and the page says so."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.tables import api, hosted, row, write_tables

from tokencross.checking import AssumptionFile, read_assumptions, run_check
from tokencross.checks.hinges import Hinge, nearest_turn
from tokencross.checks.outcome import CaseOutcome, Finding, Outcome
from tokencross.checks.rules_page import Result, StudyLine, TablesLine, rules_page
from tokencross.checks.rules_text import RulesText, parsed_rules_text
from tokencross.citation import Citation
from tokencross.errors import ScenarioError
from tokencross.tables.assumption_file import parsed_assumptions
from tokencross.tables.reading import read_document

ROOT = Path(__file__).resolve().parents[2]
ASSUMPTIONS = ROOT / "assumptions" / "rules-of-thumb.assumptions.yaml"
WORDS = ROOT / "assumptions" / "rules-of-thumb.page.yaml"
PAGE = ROOT / "docs" / "rules-of-thumb.md"
TODAY = date(2026, 11, 22)

API_FIRST, FOUR_OPTIONS = "API first, self-host or wait", "AI make-or-buy: four options"
# every number that the two articles print, in their order; the words around them are the articles' own
PUBLISHED = {
    API_FIRST: (
        "third option, all three, this week, billions of dollars, fractions of a cent, 90%, 5%, 10;000, "
        "four situations, 100 million, 4o, several thousand dollars, 3 70B, 10M, 500M, 1M, 50;000, 200ms, $50/M, "
        "$5/M, twelve months, next year, 18 months, six months, 50M, 6-12 months"
    ),
    FOUR_OPTIONS: (
        "four options, 5, 4o mini, 10-30x, 4, $20K, 3 engineers, 1 of them, 95%, 1/20th, sub-second, 3-5x, $50K, "
        "$200K, 3-10x, 10-100x, thousands of generations"
    ),
}


@pytest.fixture(scope="module")
def file() -> AssumptionFile:
    """The rules, parsed; studies are loaded once for all tests."""
    return read_assumptions(ASSUMPTIONS)


@pytest.fixture(scope="module")
def door() -> ModuleType:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("rules_of_thumb_door", ROOT / "docs" / "rules_of_thumb.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = [entry.name for entry in parsed_assumptions(read_document(ASSUMPTIONS, error=ScenarioError)).checks]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_as_it_is_on_record(name: str, file: AssumptionFile) -> None:
    outcome = run_check(file, NAMES.index(name), today=TODAY)
    assert outcome.passed, outcome.message()
    assert outcome.claim
    assert outcome.source


# ---------------------------------------------------------------------- numbers and words


def test_every_published_number_has_its_check_or_a_reason(door: ModuleType, file: AssumptionFile) -> None:
    said = door.words(file).numbers
    for article, numbers in PUBLISHED.items():
        published = [number.strip().replace(";", ",") for number in numbers.split(", ")]
        listed = [number.number for number in said if number.article == article]
        assert sorted(listed) == sorted(published)
    assert {number.article for number in said} == set(PUBLISHED)
    untested = [number.number for number in said if not number.checks]
    assert untested == [
        "billions of dollars",
        "90%",
        "four situations",
        "4o",
        "next year",
        "all three",
        "this week",
        "four options",
        "5",
        "4o mini",
        "4",
        "thousands of generations",
    ]


def test_the_page_shows_every_case_as_it_is_found(file: AssumptionFile) -> None:
    page = PAGE.read_text(encoding="utf-8")
    missing = []
    for index, name in enumerate(NAMES):
        outcome = run_check(file, index, today=TODAY)
        text = RulesText.model_validate({"title": "t", "claims": ({"title": "t", "in_short": "s", "checks": (name,)},)})
        alone = rules_page(text, [Result(outcome)], studies=[], tables=TablesLine("1", "0" * 64, "today"), source="f")
        table = alone[alone.index("| case | found") :].partition("\n\n")[0]
        missing += [] if table in page else [name]
    assert missing == []


def test_the_page_names_the_tables_that_it_was_made_of(file: AssumptionFile) -> None:
    run_check(file, 0, today=TODAY)
    study = next(iter(file.studies.values()))
    store = next(option.book.store for option in study.options if option.book is not None)
    line = f"Tables {store.version} (SHA-256 {store.content_hash[:12]}), prices as of {file.said.as_of}."
    assert line in PAGE.read_text(encoding="utf-8")


WRONG_WORDS = [
    ({"claims": [{"title": "t", "in_short": "s", "checks": ["b"]}]}, "claims[0].checks\n  found unknown check 'b'"),
    (
        {"claims": [{"title": "t", "in_short": "s", "checks": ["one"]}]},
        "claims\n  found no section with the check 'two'",
    ),
    (
        {
            "claims": [{"title": "t", "in_short": "s", "checks": ["one", "two"]}],
            "numbers": [{"number": "5", "article": "a", "words": "w"}],
        },
        "numbers[0]\n  found a number with neither checks nor reason",
    ),
]


@pytest.mark.parametrize(("data", "words"), WRONG_WORDS)
def test_words_name_checks_that_there_are(tmp_path: Path, data: dict[str, Any], words: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump({"title": "t", **data}), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        parsed_rules_text(read_document(path, error=ScenarioError), ("one", "two"))
    assert words in str(caught.value)


# ---------------------------------------------------------------------- what turns a rule


def changed(tmp_path: Path, prices: dict[str, Any]) -> AssumptionFile:
    """The rules on the shipped tables with records of one's own over them."""
    (tmp_path / "prices.yaml").write_text(yaml.safe_dump(prices), encoding="utf-8")
    text = ASSUMPTIONS.read_text(encoding="utf-8")
    text = text.replace(": studies/", f": {ASSUMPTIONS.parent}/studies/").replace(
        ": ../scenarios/", f": {ROOT}/scenarios/"
    )
    path = tmp_path / "r.assumptions.yaml"
    path.write_text(
        text.replace("\nas_of: 2026-11-21\n", "\nas_of: 2026-11-21\noverlay: prices.yaml\n"), encoding="utf-8"
    )
    return read_assumptions(path)


def priced(provider: str, model: str, input_usd: float, output_usd: float) -> dict[str, Any]:
    """An overlay with a model's price, as if it had always been that."""
    cited = {"basis": "contract", "via": "a made-up sheet", "checked": date(2026, 11, 21)}
    first = {"effective_from": date(2023, 1, 1), "input_usd_per_mtok": input_usd, "output_usd_per_mtok": output_usd}
    prices = [{**first, "batch": {"discount_share": 0.5}, **cited}]
    return {"api": [{"provider": provider, "models": [{"id": model, "prices": prices}]}]}


TURNS = [
    ("frontier calls cost a fraction of a cent", priced("openai", "gpt-4o", 20.0, 40.0), "conversation, GPT-4o"),
    (
        "GPT-4o at 100M tokens a day costs thousands of dollars a day",
        priced("openai", "gpt-4o", 30.0, 60.0),
        "today, 3:1",
    ),
    (
        "an own Llama 70B carries 100M tokens a day for a fraction",
        priced("openai", "gpt-4o", 1, 4),
        "today, one bare machine",
    ),
    (
        "crossovers lie between 10M and 500M tokens a day",
        priced("openai", "gpt-6-sol", 0.2, 1.0),
        "120B on a B200, against GPT-6 Sol",
    ),
    (
        "smaller hosted models are 10 to 30 times cheaper",
        priced("openai", "gpt-6-luna", 0.5, 2.0),
        "GPT-6 Sol over GPT-6 Luna",
    ),
    (
        "with 5% escalated it still costs a twentieth",
        priced("openai", "gpt-6-sol", 2e4, 1e5),
        "GPT-6 Luna, then GPT-6 Sol",
    ),
    (
        "prices fall tenfold in twelve months",
        priced("openai", "gpt-6-luna", 1.0, 5.0),
        "GPT-5 to GPT-6 Luna, the last year",
    ),
    ("waiting six months costs nothing", priced("openai", "gpt-6-sol", 40.0, 200.0), "own GPUs, 100M a day, flat"),
]


@pytest.mark.parametrize(("name", "prices", "case"), TURNS, ids=[name for name, _, _ in TURNS])
def test_a_price_turns_the_rule_that_rests_on_it(
    tmp_path: Path, file: AssumptionFile, name: str, prices: dict[str, Any], case: str
) -> None:
    before = {each.name: each.finding for each in run_check(file, NAMES.index(name), today=TODAY).cases}
    outcome = run_check(changed(tmp_path, prices), NAMES.index(name), today=TODAY)
    after = {each.name: each.finding for each in outcome.cases}
    assert not outcome.passed
    assert after[case].holds != before[case].holds
    assert "made-up sheet" in outcome.message()


def test_a_rule_on_record_as_false_fails_once_it_is_true(tmp_path: Path) -> None:
    name = "GPT-4o at 100M tokens a day costs thousands of dollars a day"
    outcome = run_check(changed(tmp_path, priced("openai", "gpt-4o", 50.0, 50.0)), NAMES.index(name), today=TODAY)
    assert not outcome.passed
    assert len(outcome.holding) == len(outcome.cases)
    assert "on record: fails" in outcome.message()


# ---------------------------------------------------------------------- hinges


def test_the_nearest_value_is_found_on_each_side() -> None:
    def inside(value: float) -> bool:
        return 3.21 <= value <= 45.6

    assert nearest_turn(inside, 10.0, up=True) == 45.7
    assert nearest_turn(inside, 10.0, up=False) == 3.2
    assert nearest_turn(inside, 1.0, up=True) == 3.22  # rounded away from where one is
    assert nearest_turn(inside, 1.0, up=False) is None
    assert nearest_turn(lambda value: value < 10.1, 1.0, up=True) is None  # beyond a factor of ten


def test_counts_are_whole_shares_end_at_one_and_refused_values_end_the_search() -> None:
    assert nearest_turn(lambda value: value < 4.5, 1.0, up=True, whole=True) == 5.0
    assert nearest_turn(lambda value: value < 2, 1.0, up=True, whole=True) == 2.0
    assert nearest_turn(lambda value: value >= 2, 5.0, up=False, whole=True) == 1.0
    assert nearest_turn(lambda value: value < 0.97, 0.5, up=True, most=1.0) == 0.971
    assert nearest_turn(lambda value: None if value > 2 else value < 50, 1.0, up=True) is None


def _asked(tmp_path: Path, check: dict[str, Any], **terms: Any) -> Iterator[Hinge]:
    """Yield the hinges of a check on 10 USD/Mtok, on terms, against 1 USD/Mtok and 4,500 USD a month."""
    from tokencross.checking import context_of
    from tokencross.checks.hinges import hinges_of

    models = [
        hosted(name, row("2026-01-01", input_usd_per_mtok=usd, output_usd_per_mtok=usd))
        for name, usd in (("big", 10.0), ("lite", 1.0), ("mid", 5.0))
    ]
    write_tables(tmp_path / "tables", api(*models))
    plan = [{"label": "people", "upkeep_usd_per_month": 4_500}]
    options = [
        {"label": "API", "api": "acme/big", **terms},
        {"label": "own", "api": "acme/lite", "engineering": plan},
        {"label": "mid", "api": "acme/mid"},
    ]
    said = {"name": "s", "as_of": date(2026, 11, 21), "tokens_per_month": 1e9, "options": options}
    said["workload"] = {"input_tokens": 3_000, "output_tokens": 1_000}
    data = {"name": "t", "pricing": "tables", "study": said, "checks": [{"name": "one", **check}]}
    path = tmp_path / "t.assumptions.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    file = read_assumptions(path)
    entry = file.said.checks[0]
    yield from hinges_of(entry, context_of(file, entry, ("checks", 0), TODAY))


def test_a_check_hinges_on_the_values_at_which_it_would_turn(tmp_path: Path) -> None:
    upkeep, price, mid = "own:engineering[people].upkeep_usd_per_month", "prices:acme/big.input_usd_per_mtok", "mid"
    check = {"breakeven": "own", "between": [400e6, 600e6]}  # 4,500 / 9 = 500M
    found = list(_asked(tmp_path, {**check, "hinges_on": [upkeep, price, f"{mid}:discount_share", "nobody:x"]}))
    assert [hinge.address for hinge in found] == [upkeep, price]  # what the study does not have is left out
    people, usd = found
    assert (people.now, people.holds, people.below, people.above) == (4_500, True, 3_590, 5_410)
    # three quarters of 10 + delta is saved: 4,500 / (9 + 0.75 x) is 600M at -2 and 400M at 3
    assert usd.below == pytest.approx(10 - 2, rel=1e-2)
    assert usd.above == 13.1  # at 13 it is 400M, which is still inside


def test_a_number_that_one_option_reads_alone_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    check = {"breakeven": "own", "at_most": 600e6, "hinges_on": ["prices:acme/lite.output_usd_per_mtok"]}
    (price,) = _asked(tmp_path, check)
    # a quarter of x beside three quarters of 1: 4,500 / (10 - 0.75 - x / 4) is 600M at 7
    assert (price.now, price.holds, price.below, price.above) == (1.0, True, None, 7.01)


def test_a_share_is_tried_up_to_one(tmp_path: Path) -> None:
    # 4,500 / (9 - 10 d) is 10 billion at 0.855; a share of 0.5 is next tried at 0.73, and then beyond 1
    check = {"breakeven": "own", "at_most": 10e9, "hinges_on": ["API:discount_share"]}
    (share,) = _asked(tmp_path, check, discount_share=0.5)
    assert (share.now, share.below, share.above) == (0.5, None, 0.856)


def test_a_check_hinges_on_its_own_volume(tmp_path: Path) -> None:
    check = {"cost_ratio": ["own", "API"], "tokens_per_day": 5e6, "at_most": 1, "hinges_on": ["tokens_per_day"]}
    (volume,) = _asked(tmp_path, check)
    assert not volume.holds
    assert volume.below is None
    assert volume.above is not None
    assert math.isclose(volume.above, 500e6 / (730 / 24), rel_tol=1e-2)  # 16.44M a day


# ---------------------------------------------------------------------- the page


def _result(*, hinges: bool = True) -> Result:
    cited = Citation("prices:acme/big", "pricing/api/acme.yaml:12", "acme@1", effective_from=date(2026, 1, 1))
    one = Finding(True, "at most 5 USD", "4.321 USD (big 4 over lite 1)", 4.3214, "USD", (cited,))
    two = Finding(False, "at most 5 USD", "never: no | such thing", None, "USD", (cited, cited))
    cases = (CaseOutcome("one", one, 3), CaseOutcome("two", two, 4))
    outcome = Outcome(
        "assumption", "f", 1, "a claim", True, "holds for one", cases, "it matters", "it is so", "a guide"
    )
    turning = {
        "one": (Hinge("x:y_usd", 1.5e6, "USD", True, None, 2.25e6),),
        "two": (Hinge("z", 3.0, "", False, None, None),),
    }
    return Result(outcome, ("s",), turning if hinges else {})


def test_a_page_is_made_of_its_words_and_results() -> None:
    data = {
        "title": "Rules",
        "intro": ("Hello.",),
        "claims": ({"title": "Is it so?", "in_short": "Partly.", "text": ("Because.",), "checks": ("a claim",)},),
        "numbers": (
            {"number": "5%", "article": "a guide", "words": "of it", "checks": ("a claim",)},
            {"number": "7", "article": "a guide", "words": "a name", "reason": "digits of a name"},
        ),
    }
    line = StudyLine("s", "a study", "../s.yaml", "10 tokens in", "judgement")
    text = RulesText.model_validate(data)
    page = rules_page(
        text, [_result()], studies=[line], tables=TablesLine("1", "a" * 64, "2026-11-21"), source="../f.yaml"
    )
    assert page == rules_page(
        text, [_result()], studies=[line], tables=TablesLine("1", "a" * 64, "2026-11-21"), source="../f.yaml"
    )
    for part in (
        "# Rules\n\n<!-- Made of ../f.yaml",
        "| [Is it so?](#is-it-so) | depends: 1 of 2 cases hold | 4.32 USD, or none | Partly. |",
        "| [a study](../s.yaml) | 10 tokens in | judgement |",
        "Claim: it is so (a guide). It matters.",
        "Expected: at most 5 USD. Found: depends: 1 of 2 cases hold. Reference: a study.",
        "| one | 4.32 USD | holds | big 4 over lite 1 |\n| two | never | fails | no \\| such thing |",
        "- `x:y_usd`, 1.5M USD today:\n  - one: 2.25M or more\n\nNo value within a factor of 10 turns a case: `z`.",
        "Rests on row 1 [of the tables](#rows-of-the-tables-behind-it).",
        "1. `prices:acme/big`, from 2026-01-01 ([acme.yaml](../pricing/api/acme.yaml); acme@1)\n\n</details>",
        "In a guide:\n\n| number | in our words | test | today |",
        "| 5% | of it | [a claim](#is-it-so) | depends: 1 of 2 cases hold |",
        "| 7 | a name | Digits of a name | not tested |",
    ):
        assert part in page
    bare = rules_page(text, [_result(hinges=False)], studies=[], tables=TablesLine("1", "a" * 64, "d"), source="f")
    assert "Where it would turn" not in bare


def test_claims_that_contradict_stand_side_by_side() -> None:
    other = Outcome("assumption", "f", 9, "another", True, "holds", _result().outcome.cases[:1], "", "c", "s")
    data = {
        "title": "Rules",
        "claims": ({"title": "T", "in_short": "S.", "checks": ("a claim", "another")},),
        "contradictions": ({"title": "Both", "checks": ("a claim", "another")},),
    }
    results = [_result(), Result(other)]
    page = rules_page(
        RulesText.model_validate(data), results, studies=[], tables=TablesLine("1", "a" * 64, "d"), source="f"
    )
    assert "| case | a claim | another |\n| --- | --- | --- |\n| one | holds: 4.32 USD | holds: 4.32 USD |" in page
    assert "All of them hold in 1 of 1 cases: one." in page
    assert "### A claim" in page
    assert "would hold" not in page  # of the shared case both hold


def test_the_door_takes_nothing_but_check(door: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_door_says_when_the_page_is_not_fresh(
    door: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "page", lambda: "new")
    monkeypatch.setattr(door, "_PAGE", tmp_path / "page.md")
    assert door.main(["--check"]) == 1
    assert "not fresh" in capsys.readouterr().err
    assert door.main([]) == 0
    assert door.main(["--check"]) == 0
