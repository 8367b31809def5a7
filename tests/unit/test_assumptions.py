"""Files of assumptions: what they may say, whole messages for what they may not, cases, verdicts, and their studies."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.tables import api, hosted, row, write_tables

from tokencross.checking import AssumptionFile, read_assumptions, run_check, run_file
from tokencross.checks.measures import MEASURES
from tokencross.checks.outcome import Outcome
from tokencross.errors import TokencrossError
from tokencross.scenario import study_in
from tokencross.tables.assumption_checks import CHECK_KINDS
from tokencross.tables.assumption_file import KINDS, AssumptionsFile

TODAY = date(2026, 11, 22)
KINDS_WORDS = ", ".join(KINDS)
Plain = dict[str, Any]


def both(day: str, usd_per_mtok: float, **keys: Any) -> Plain:
    """A row in which input and output cost the same."""
    return row(day, input_usd_per_mtok=usd_per_mtok, output_usd_per_mtok=usd_per_mtok, **keys)


BIG = [both("2024-01-01", 8.0), both("2025-01-01", 10.0), both("2026-11-22", 5.5)]
TABLES = api(hosted("big", *BIG), hosted("lite", both("2024-01-01", 1.0)))
SCENARIO: Plain = {
    "name": "small",
    "as_of": date(2026, 11, 21),
    "pricing": "tables",
    "workload": {"input_tokens": 3_000, "output_tokens": 1_000},
    "tokens_per_month": 1.0e9,
    "options": [
        {"label": "API", "api": "acme/big"},
        {
            "label": "own",
            "api": "acme/lite",
            "engineering": [{"label": "people", "upkeep_usd_per_month": 4_500}],
        },
    ],
}
CHECK = "breakeven: own\n    between: [4.9e+8, 5.1e+8]"


def written(tmp_path: Path, text: str) -> Path:
    """A file of assumptions beside tables, an overlay and a scenario."""
    write_tables(tmp_path / "tables", TABLES)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SCENARIO, sort_keys=False), encoding="utf-8")
    path = tmp_path / "t.assumptions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(tmp_path: Path, text: str) -> AssumptionFile:
    """The file, parsed."""
    return read_assumptions(written(tmp_path, text))


def ran(tmp_path: Path, text: str, today: date = TODAY, lock: Path | None = None) -> list[Outcome]:
    """What comes of every check."""
    return list(run_file(written(tmp_path, text), today=today, lock=lock))


def head(*checks: str, study: str = "small.yaml", more: str = "") -> str:
    """A file with checks about a study."""
    return f"name: t\nstudy: {study}\n{more}checks:\n" + "".join(f"  - {check}\n" for check in checks)


# ---------------------------------------------------------------------- whole messages

UNKNOWN_KEY = (
    "name, because, claim, source, study, as_of, replace, cases, verdict, hinges_on, equals, within_share, between, "
    "at_least, at_most, field, service_tier, purchase, region, price"
)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            "{name: a, prise: a/b, equals: 5}",
            f":4: checks[0]\n  found no key that says what is checked; accepted: one of {KINDS_WORDS}.\n"
            "  Did you mean 'price'?",
        ),
        (
            "{name: a, equals: 5}",
            f":4: checks[0]\n  found no key that says what is checked; accepted: one of {KINDS_WORDS}.",
        ),
        (
            "{name: a, price: a/b, breakeven: x, equals: 5}",
            f":4: checks[0]\n  found price and breakeven in one check; accepted: one of {KINDS_WORDS}.\n"
            "  Make a check of each.",
        ),
        (
            "{name: a, price: a/b, fild: x, equals: 5}",
            f":4: checks[0].fild\n  found an unknown key; accepted: one of {UNKNOWN_KEY}.\n  Did you mean 'field'?",
        ),
        (
            "{name: a, price: a/b, field: x}",
            ":4: checks[0]\n  found nothing that says what is expected; accepted: one of equals, between, at_least, "
            "at_most.",
        ),
        (
            "{name: a, breakeven: own}",
            ":4: checks[0]\n  found nothing that says what is expected; accepted: one of equals, between, at_least, "
            "at_most, never.",
        ),
        (
            "{name: a, price: a/b, field: x, equals: 5, at_most: 6}",
            ":4: checks[0]\n  found equals and at_most; accepted: one of equals, between, at_least, at_most.\n"
            "  Keep one of them, or make two checks.",
        ),
        (
            "{name: a, price: a/b, field: x, between: [6, 4]}",
            ":4: checks[0].between\n  found [6, 4]; accepted: [low, high] with low at most high.\n  Write [4, 6].",
        ),
        (
            "{name: a, price: a/b, field: x, between: 6}",
            ":4: checks[0].between\n  found 6; accepted: [low, high], two numbers.\n"
            "  One bound alone is at_least or at_most.",
        ),
        (
            "{name: a, price: a/b, field: x, at_most: 5, within_share: 0.1}",
            ":4: checks[0]\n  found within_share without equals; accepted: within_share beside equals.",
        ),
        (
            "{name: a, price: a/b, field: x, equals: five}",
            ":4: checks[0].equals\n  found 'five'; accepted: a number.\n"
            "  Write the number alone; its unit is in the key's name.",
        ),
        (
            "{name: a, breakeven: own, never: false}",
            ":4: checks[0].never\n  found false; accepted: true, or no such key.\n"
            "  What there is instead is said by equals, between, or a bound.",
        ),
        (
            "{name: a, breakeven: own, never: true, quantity: lasting}",
            ":4: checks[0].quantity\n  found 'lasting'; accepted: one of 'first' or 'robust'.\n  Known: first, robust.",
        ),
        (
            "{name: a, breakeven: own, never: true, verdict: hold}",
            ":4: checks[0].verdict\n  found 'hold'; accepted: holds, fails, or holds_for: [case, …].\n"
            "  Did you mean 'holds'?",
        ),
        (
            "{name: a, breakeven: own, never: true, verdict: {holds_for: [x]}}",
            ":4: checks[0].verdict\n  found holds_for in a check without cases; accepted: holds or fails.\n"
            "  Or give the check its cases.",
        ),
        (
            "{name: a, breakeven: own, never: true, cases: {then: {}, now: {}}, verdict: {holds_for: [thn]}}",
            ":4: checks[0].verdict\n  found unknown case 'thn'; accepted: one of then, now.\n  Did you mean 'then'?",
        ),
        (
            "{name: a, price: a/b, field: x, equals: 1, cases: {then: {as_off: 2024-01-01}}}",
            f":4: checks[0].cases.then.as_off\n  found an unknown key; accepted: one of {UNKNOWN_KEY}.\n"
            "  Did you mean 'as_of'?",
        ),
        (
            "{name: a, price: a/b, field: x, cases: {then: {equals: 1}, now: {as_of: today}}}",
            ":4: checks[0].cases.now\n  found nothing that says what is expected; accepted: one of equals, "
            "between, at_least, at_most.",
        ),
        (
            "{name: a, price: a/b, field: x, equals: 1, cases: {then: {because: x}}}",
            ":4: checks[0].cases.then.because\n  found 'because' in a case; accepted: any key of the check but name, "
            "because, claim, source, verdict, cases, hinges_on.\n  Say it for the check, or make two checks.",
        ),
        (
            "{name: a, breakeven: own, never: true, study: smal}",
            ":4: checks[0].study\n  found unknown study 'smal'; accepted: a name in studies, of which the file "
            "has none.",
        ),
        (
            "{name: a, cheapest: own, tokens_per_month: 1, tokens_per_day: 3}",
            ":4: checks[0]\n  found tokens_per_month and tokens_per_day; accepted: one of tokens_per_month, "
            "tokens_per_day.\n  Keep one of them, or make two checks.",
        ),
        (
            "{name: a, cheapest: own, tokens_per_month: [5, 1]}",
            ":4: checks[0].tokens_per_month\n  found [5, 1]; accepted: [low, high] with low at most high.\n"
            "  Write [1, 5].",
        ),
        (
            "{name: a, cheapest: own, tokens_per_month: 0}",
            ":4: checks[0].tokens_per_month\n  found 0; accepted: a finite number > 0, or [low, high].",
        ),
        (
            "{name: a, cheapest: own, tokens_per_month: [null, 5]}",
            ":4: checks[0].tokens_per_month\n  found [null, 5]; accepted: a finite number > 0, or [low, high].\n"
            "  Low may be 0, and high null: no upper end.",
        ),
        (
            "{name: a, price_ratio: [a/b], field: x, equals: 5}",
            ":4: checks[0].price_ratio\n  found ['a/b']; accepted: [first, second], two names.",
        ),
        (
            "{name: a, source_age: sudy, at_most_days: 3}",
            ":4: checks[0].source_age\n  found 'sudy'; accepted: study, or a list of provider/model.\n"
            "  Did you mean 'study'?",
        ),
        (
            "{name: a, retirement: acme/big, within_days: 3}",
            ":4: checks[0].retirement\n  found 'acme/big'; accepted: study, or a list of provider/model.\n"
            "  Write [acme/big].",
        ),
        (
            "{name: a, retirement: study}",
            ":4: checks[0]\n  found no key 'within_days'; accepted: within_days (days), which is required.",
        ),
        (
            "{name: a, cheapest: own, as_of: yesterday}",
            ":4: checks[0].as_of\n  found 'yesterday'; accepted: a date such as 2026-11-21, tables or today.",
        ),
        ("3", ":4: checks[0]\n  found 3; accepted: a mapping of keys to values."),
    ],
)
def test_what_a_check_may_not_say(tmp_path: Path, check: str, message: str) -> None:
    with pytest.raises(TokencrossError) as caught:
        read(tmp_path, head(check))
    assert str(caught.value) == f"{tmp_path}/t.assumptions.yaml{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            head("{name: a, cheapest: own}", "{name: a, cheapest: API}"),
            ":5: checks[1].name\n  found 'a' again, as on line 4; accepted: a name that no other check has.",
        ),
        (
            "name: t\nchecks:\n  - {name: a, cheapest: own}\n",
            ":3: checks[0].cheapest\n  found no study; accepted: a study, which this check is about.\n"
            "  Give the file a study: or studies:.",
        ),
        (
            "name: t\nstudies: {x: small.yaml}\nchecks:\n  - {name: a, cheapest: own}\n",
            ":4: checks[0].cheapest\n  found no study; accepted: a study, which this check is about.\n"
            "  Say study: with one of x.",
        ),
        (
            "name: t\nstudies: {chats: small.yaml}\nchecks:\n  - {name: a, cheapest: own, study: chat}\n",
            ":4: checks[0].study\n  found unknown study 'chat'; accepted: one of chats.\n  Did you mean 'chats'?",
        ),
        (
            "name: t\nstudies: {x: small.yaml}\nchecks:\n"
            "  - name: a\n    cheapest: own\n    study: x\n    cases:\n      one: {study: y}\n",
            ":8: checks[0].cases.one.study\n  found unknown study 'y'; accepted: one of x.\n  Known: x.",
        ),
        ("name: t\nchecks: []\n", ":2: checks\n  found []; accepted: at least one entry."),
        (
            "name: t\ncheck: []\n",
            ":2: check\n  found an unknown key; accepted: one of name, note, as_of, pricing, overlay, study, studies, "
            "checks.\n  Did you mean 'checks'?",
        ),
        (
            "name: t\nstudy: {name: x, as_of: 2026-01-01, workload: {input_tokens: 3, output: 4}, options: [{api: a}]}"
            "\nchecks:\n  - {name: a, cheapest: own}\n",
            ":2: study.workload.output\n  found an unknown key; accepted: one of input_tokens, output_tokens, "
            "cached_input_share, cache_write_share, batch_share, input_cv, output_cv, text_kind, peak_to_mean, load, "
            "burst_ratio, classes, name.\n  Did you mean 'output_cv' or 'output_tokens'?",
        ),
    ],
)
def test_what_a_file_may_not_say(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TokencrossError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/t.assumptions.yaml{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            head("{name: a, cheapest: own}", study="smal.yaml"),
            ":2: study\n  found 'smal.yaml': no such file; accepted: a scenario file, relative to this one.\n"
            "  Did you mean 'small.yaml'?",
        ),
        (head("{name: a, cheapest: own}", more="pricing: nowhere\n"), "nowhere\n  found no such folder"),
        (head("{name: a, price: acme/bog, field: input_usd_per_mtok, equals: 1}"), ":4: checks[0].price: tables/api"),
    ],
)
def test_what_is_not_there_is_said_when_a_check_runs(tmp_path: Path, text: str, message: str) -> None:
    file = read(tmp_path, text)  # nothing else is read yet
    with pytest.raises(TokencrossError) as caught:
        run_check(file, 0, today=TODAY)
    assert message.replace("tables/api", f"{tmp_path}/tables/api") in str(caught.value)


def test_a_kind_may_be_an_argument_of_another(tmp_path: Path) -> None:
    for key, entry in KINDS.items():
        others = {other for other in KINDS if other != key and other in entry.model_fields}
        assert not any(key in KINDS[other].model_fields for other in others), (key, others)


def test_every_kind_has_its_measure() -> None:
    assert set(KINDS.values()) == set(MEASURES)


# ---------------------------------------------------------------------- the schema


def test_the_schema_helps_an_editor() -> None:
    schema = json.loads(json.dumps(AssumptionsFile.model_json_schema()))
    kinds = [
        schema["$defs"][one["$ref"].rsplit("/", 1)[-1]] for one in schema["properties"]["checks"]["items"]["anyOf"]
    ]
    assert len(kinds) == len(KINDS)
    for key, kind in zip(KINDS, kinds, strict=True):
        assert {"name", key} <= set(kind["required"])
        assert all(field.get("description") or "$ref" in field for field in kind["properties"].values()), kind["title"]
    assert "StudyEntry" in schema["$defs"]
    words = schema["$defs"]["PriceEntry"]["properties"]["verdict"]["anyOf"][0]["enum"]
    assert words == ["holds", "fails"]


# ---------------------------------------------------------------------- verdicts and cases


def test_a_check_is_made_in_each_case(tmp_path: Path) -> None:
    cases = (
        "cases: {then: {as_of: 2024-06-01}, now: {}, soon: {as_of: today}, cheaper: {replace: {tokens_per_month: 1}}}"
    )
    check = f"name: a\n    {CHECK}\n    {cases}\n    verdict: {{holds_for: [now, cheaper]}}"
    (outcome,) = ran(tmp_path, head(check))
    assert outcome.passed
    assert outcome.verdict == "holds for now, cheaper"
    figures = {case.name: case.finding.value for case in outcome.cases}
    # 4,500 USD over 8 - 1, 10 - 1 and 5.5 - 1 USD/Mtok
    expected = {"then": 4_500 / 7e-6, "now": 5e8, "soon": 1e9, "cheaper": 5e8}
    assert figures == pytest.approx(expected, rel=1e-9)
    assert [case.line for case in outcome.cases] == [7, 7, 7, 7]


def test_a_bound_or_volume_of_a_case_takes_the_place_of_the_checks(tmp_path: Path) -> None:
    cases = (
        "cases: {a: {at_least: 9000}, b: {tokens_per_day: 1.0e+8}, c: {cost: API, equals: 10000}, d: {within_share: 1}}"
    )
    check = (
        f"name: a\n    cost: own\n    equals: 8000\n    within_share: 0.1\n    tokens_per_month: 1.0e+9\n    {cases}"
    )
    text = head(f"{check}\n    verdict: {{holds_for: [b, c, d]}}")
    (outcome,) = ran(tmp_path, text)
    assert outcome.passed, outcome.message()
    assert [case.finding.expected for case in outcome.cases] == [
        "at least 9,000 USD/month",
        "8,000 USD/month, to within 10%",  # 4,500 + 3.04B at 1 USD/Mtok
        "10,000 USD/month",
        "8,000 USD/month, to within 100%",
    ]


@pytest.mark.parametrize(
    ("verdict", "holding", "passed"),
    [
        ("holds", {"x": 2, "y": 2}, True),
        ("holds", {"x": 2, "y": 0}, False),
        ("fails", {"x": 0, "y": 0}, True),
        ("fails", {"x": 2, "y": 0}, False),
        ("{holds_for: [x]}", {"x": 2, "y": 0}, True),
        ("{holds_for: [x]}", {"x": 2, "y": 2}, False),
        ("{holds_for: [x]}", {"x": 0, "y": 0}, False),
        ("{holds_for: [x]}", {"x": 0, "y": 2}, False),
        ("{holds_for: [x, y]}", {"x": 2, "y": 2}, True),
    ],
)
def test_a_verdict_is_right_for_every_case_or_not_at_all(
    tmp_path: Path, verdict: str, holding: dict[str, int], passed: bool
) -> None:
    cases = ", ".join(f"{name}: {{at_most: {bound}}}" for name, bound in holding.items())
    check = (
        f"name: a\n    price: acme/lite\n    field: input_usd_per_mtok\n    cases: {{{cases}}}\n    verdict: {verdict}"
    )
    (outcome,) = ran(tmp_path, head(check))
    assert outcome.passed is passed
    assert ("recorded otherwise" in outcome.message()) is (not passed and verdict != "holds")


def test_a_claim_on_record_as_false_says_when_it_becomes_true(tmp_path: Path) -> None:
    check = f"name: a\n    {CHECK}\n    claim: it pays at 500M\n    source: a post\n    verdict: fails"
    text = head(check, more="as_of: today\n")
    (before,) = ran(tmp_path, text)
    assert before.passed
    (then,) = ran(tmp_path, text, today=date(2026, 11, 21))
    assert not then.passed
    said = then.message()
    assert "  claim: it pays at 500M (a post)" in said
    assert "on record: fails; found: holds" in said
    assert "It failed until 2024-12-31" in said
    assert "It held" not in said
    assert said.endswith("It is recorded as false, and it holds now. If that is right: verdict: holds.")


# ---------------------------------------------------------------------- the whole message


def test_the_message_of_a_breakeven_that_moved(tmp_path: Path) -> None:
    check = f"name: own pays from 500M on\n    because: the team was hired for it\n    {CHECK}"
    (outcome,) = ran(tmp_path, head(check, more="as_of: today\n"))
    said = outcome.message()
    lines = said.splitlines()
    assert lines[:4] == [
        f"{tmp_path}/t.assumptions.yaml:5: own pays from 500M on",
        "  because: the team was hired for it",
        "  expected: between 490M and 510M tokens/month",
        "  found: 1B tokens/month (where own first undercuts API, 2026-11-22)",
    ]
    assert re.search(
        r"  row: prices:acme/big \(.*/tables/api/acme.yaml:\d+; acme@1.0, from 2026-11-22, checked 2026-11-21\)", said
    )
    assert "It held until 2026-11-21; since then:" in said
    assert "acme/big" in said.split("since then:")[1]
    assert "10 → 5.5" in said.split("since then:")[1]


def test_what_changed_is_told_of_the_lock_first(tmp_path: Path) -> None:
    from tokencross.locking import write_lock

    written(tmp_path, "")
    lock = tmp_path / "tokencross.lock"
    write_lock([tmp_path / "small.yaml"], lock)
    text = head(f"name: a\n    {CHECK}", more="as_of: today\n")
    (outcome,) = ran(tmp_path, text, lock=lock)
    assert "It held when tokencross.lock was written" in outcome.message()
    (dated,) = ran(tmp_path, head(f"name: a\n    {CHECK}\n    as_of: 2024-06-01"), lock=lock)
    assert "tokencross.lock" not in dated.message()  # the lock is of another day


# ---------------------------------------------------------------------- studies and tables


def test_a_study_by_path_by_name_and_inline(tmp_path: Path) -> None:
    inline = json.dumps({**SCENARIO, "as_of": "2024-06-01"})
    text = (
        f"name: t\nstudy: small.yaml\nstudies:\n  older: {inline}\nchecks:\n"
        f"  - name: a\n    {CHECK}\n"
        f"  - name: b\n    breakeven: own\n    study: older\n    between: [6.4e+8, 6.5e+8]\n"
    )
    assert [outcome.passed for outcome in ran(tmp_path, text)] == [True, True]


def test_a_study_is_loaded_once_for_each_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def counting(*args: Any, **given: Any) -> Any:
        seen.append(given["as_of"])
        return study_in(*args, **given)

    monkeypatch.setattr("tokencross.checking.study_in", counting)
    days = [f"{{name: n{i}, cost: own, at_least: 1, as_of: 2025-01-0{1 + i % 2}}}" for i in range(6)]
    assert all(outcome.passed for outcome in ran(tmp_path, head(*days, "{name: a, cost: own, at_least: 1}")))
    assert sorted(map(str, seen)) == ["2025-01-01", "2025-01-02", "None"]


@pytest.mark.parametrize(
    ("more", "day", "usd"),
    [
        ("", "2026-11-21", 10.0),  # the study's own
        ("as_of: today\n", "2026-11-22", 5.5),
        ("as_of: tables\n", "2026-11-21", 10.0),
        ("as_of: 2024-06-01\n", "2024-06-01", 8.0),
    ],
)
def test_the_day_that_counts(tmp_path: Path, more: str, day: str, usd: float) -> None:
    price = f"{{name: p, price: acme/big, field: input_usd_per_mtok, equals: {usd}}}"
    cost = f"{{name: c, cost: API, per: mtok, equals: {usd}}}"
    own = "{name: o, price: acme/big, field: input_usd_per_mtok, as_of: 2024-01-01, equals: 8}"
    outcomes = ran(tmp_path, head(price, cost, own, more=more))
    assert [outcome.passed for outcome in outcomes] == [True, True, True]
    assert day in outcomes[0].message()
    assert "2024-01-01" in outcomes[2].message()


def test_tables_and_an_overlay_of_ones_own(tmp_path: Path) -> None:
    mine = [{"provider": "acme", "models": [{"id": "big", "prices": [both("2024-01-01", 46.0)]}]}]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"api": mine}), encoding="utf-8")
    checks = (
        "{name: p, price: acme/big, field: input_usd_per_mtok, equals: 46}",
        "{name: b, breakeven: own, between: [0.999e+8, 1.001e+8]}",
    )
    more = "pricing: tables\noverlay: mine.yaml\n"
    assert [outcome.passed for outcome in ran(tmp_path, head(*checks, more=more))] == [True, True]
    alone = f"name: t\npricing: tables\nchecks:\n  - {checks[0].replace('46', '10')}\n"
    assert [outcome.passed for outcome in ran(tmp_path, alone)] == [True]


def test_an_overlay_may_have_what_only_it_knows(tmp_path: Path) -> None:
    """Over the tables that the study itself names: a study is read with it, and not first without."""
    mine = [{"provider": "zest", "name": "Zest", "models": [hosted("nova", both("2024-01-01", 3.0))]}]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"api": mine}), encoding="utf-8")
    inline = "{name: s, pricing: tables, as_of: 2026-11-21, workload: {input_tokens: 3000, output_tokens: 1000}, "
    inline += "options: [{label: new, api: zest/nova}, {label: API, api: acme/big}], tokens_per_month: 1.0e+9}"
    checks = (
        "{name: p, price: zest/nova, field: input_usd_per_mtok, equals: 3}",
        "{name: t, price: acme/big, field: input_usd_per_mtok, equals: 10}",
        "{name: r, cost_ratio: [new, API], equals: 0.3}",
    )
    outcomes = ran(tmp_path, head(*checks, study=inline, more="overlay: mine.yaml\n"))
    assert [outcome.passed for outcome in outcomes] == [True, True, True]


def test_the_bundled_tables_where_nothing_else_is_said(tmp_path: Path) -> None:
    check = "{name: p, price: openai/gpt-4o, field: input_usd_per_mtok, as_of: 2024-05-13, equals: 5}"
    assert [outcome.passed for outcome in ran(tmp_path, f"name: t\nchecks:\n  - {check}\n")] == [True]


# ---------------------------------------------------------------------- files that ship

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_shows_the_file_that_it_names() -> None:
    page = (ROOT / "docs" / "how-to" / "test-your-assumptions.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown == (ROOT / "docs" / "how-to" / "support.assumptions.yaml").read_text(encoding="utf-8")


def test_the_page_names_every_kind_of_price_and_study() -> None:
    page = (ROOT / "docs" / "how-to" / "test-your-assumptions.md").read_text(encoding="utf-8")
    assert {kind.kind for kind in CHECK_KINDS} <= set(re.findall(r"`(\w+)`", page))


@pytest.mark.parametrize("name", ["assumptions/support-chat.assumptions.yaml", "docs/how-to/support.assumptions.yaml"])
def test_the_examples_hold(name: str) -> None:
    failed = [outcome.message() for outcome in run_file(ROOT / name, today=TODAY) if not outcome.passed]
    assert failed == []
