"""The price in force at a date: the day before a change and the day of it, gaps, first rows, announced prices."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.tables import CITED, open_model, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError

MTOK = 1_000_000
WORKLOAD = tc.Workload(input_tokens=1_000, output_tokens=1_000)
API = Path(__file__).resolve().parents[2] / "pricing" / "api"
TABLES_DATE = date(*map(int, (API.parent / "VERSION").read_text(encoding="utf-8").strip().split(".")[:3]))
PROVIDERS = ", ".join(sorted(path.stem for path in API.glob("*.yaml")))


def usd(model: str, day: str, *, announced: bool = True, **tokens: int) -> float:
    """Return the bill of one request at a date, on a Sunday noon where the hour counts."""
    book = tc.load_prices(as_of=day, announced=announced)
    counts = {"input_tokens": 0, "output_tokens": 0, **tokens}
    return float(book.api(model).bill(**counts, completed_at="2026-11-22T12:00"))


# model, last day of the old price, first day of the new one, (in, out) before, (in, out) after: USD per million
CHANGES = [
    # pricing/api/openai.yaml: gpt-3.5-turbo, gpt-4o, gpt-5.6-luna, gpt-5.6-sol, gpt-5.6-terra, o3
    ("openai/gpt-3.5-turbo", "2023-12-02", "2023-12-03", (1.5, 2.0), (1.0, 2.0)),
    ("openai/gpt-3.5-turbo", "2024-04-17", "2024-04-18", (1.0, 2.0), (0.5, 1.5)),
    ("openai/gpt-4o", "2024-11-03", "2024-11-04", (5.0, 15.0), (2.5, 10.0)),
    ("openai/gpt-5.6-luna", "2026-07-29", "2026-07-30", (1.0, 6.0), (0.2, 1.2)),
    ("openai/gpt-5.6-sol", "2026-08-20", "2026-08-21", (5.0, 30.0), (4.0, 20.0)),
    ("openai/gpt-5.6-terra", "2026-07-29", "2026-07-30", (2.5, 15.0), (2.0, 12.0)),
    ("openai/o3", "2025-06-09", "2025-06-10", (10.0, 40.0), (2.0, 8.0)),
    # pricing/api/anthropic.yaml: claude-2, claude-3-5-haiku
    ("anthropic/claude-2", "2023-12-02", "2023-12-03", (11.02, 32.68), (8.0, 24.0)),
    ("anthropic/claude-3-5-haiku-20241022", "2024-12-10", "2024-12-11", (1.0, 5.0), (0.8, 4.0)),
    # pricing/api/google.yaml: gemini-3.6-flash, and announced: gemini-3.6-flash, gemini-4-argon
    ("google/gemini-3.6-flash", "2026-08-12", "2026-08-13", (1.5, 7.5), (0.75, 3.75)),
    ("google/gemini-3.6-flash", "2026-12-31", "2027-01-01", (0.75, 3.75), (1.5, 7.5)),
    ("google/gemini-4-argon", "2026-11-30", "2026-12-01", (2.0, 10.0), (4.0, 20.0)),
    # pricing/api/deepseek.yaml: deepseek-chat, deepseek-v4-pro
    ("deepseek/deepseek-chat", "2025-02-07", "2025-02-08", (0.14, 0.28), (0.27, 1.1)),
    ("deepseek/deepseek-v4-pro", "2026-05-24", "2026-05-25", (1.74, 3.48), (0.435, 0.87)),
    ("deepseek/deepseek-v4-pro", "2026-08-15", "2026-08-16", (0.435, 0.87), (0.66, 1.98)),
    # pricing/api/deepinfra.yaml: openai/gpt-oss-120b
    ("deepinfra/openai/gpt-oss-120b", "2026-09-22", "2026-09-23", (0.05, 0.45), (0.037, 0.17)),
]


@pytest.mark.parametrize(("model", "before", "on", "old", "new"), CHANGES)
def test_the_day_before_and_the_day_of(
    model: str, before: str, on: str, old: tuple[float, float], new: tuple[float, float]
) -> None:
    assert date.fromisoformat(on).toordinal() - date.fromisoformat(before).toordinal() == 1
    for day, (fresh, output) in ((before, old), (on, new)):
        assert usd(model, day, input_tokens=MTOK // 10) == pytest.approx(fresh / 10)
        assert usd(model, day, output_tokens=MTOK) == pytest.approx(output)


def test_a_price_that_only_the_cache_read_changes() -> None:
    """deepseek-v4-pro: 0.145 a million read from the cache, 0.003625 from 2026-05-25, 0.022 from 2026-08-16."""
    for day, read in (("2026-05-24", 0.145), ("2026-05-25", 0.003625), ("2026-08-15", 0.003625), ("2026-08-16", 0.022)):
        cost = usd("deepseek/deepseek-v4-pro", day, input_tokens=MTOK, cached_input_tokens=MTOK)
        assert cost == pytest.approx(read)


def test_the_end_of_a_long_context_tier() -> None:
    """claude-sonnet-4-5 charged 6 instead of 3 USD/Mtok for prompts over 200,000 tokens until 2026-04-30."""
    tokens: dict[str, Any] = {"input_tokens": 300_000, "output_tokens": 1_000}
    long = (6.0 * 300_000 + 22.5 * 1_000) / MTOK
    plain = (3.0 * 300_000 + 15.0 * 1_000) / MTOK
    assert usd("anthropic/claude-sonnet-4-5", "2026-04-29", **tokens) == pytest.approx(long)
    assert usd("anthropic/claude-sonnet-4-5", "2026-04-30", **tokens) == pytest.approx(plain)
    # claude-sonnet-4-6 lost its own on 2026-03-13
    assert usd("anthropic/claude-sonnet-4-6", "2026-03-12", **tokens) == pytest.approx(long)
    assert usd("anthropic/claude-sonnet-4-6", "2026-03-13", **tokens) == pytest.approx(plain)


def test_an_alias_is_the_same_model() -> None:
    assert usd("anthropic/claude-sonnet-4-5-20250929", "2026-04-29", input_tokens=MTOK) == pytest.approx(6.0)


# ---------------------------------------------------------------------- announced prices


def test_an_announced_price_counts_from_its_day_or_not_at_all() -> None:
    """gemini-4-argon is 2 in and 10 out, and announced for 2026-12-01 at 4 and 20."""
    for day, announced, price in (
        ("2026-11-30", True, 2.0),
        ("2026-11-30", False, 2.0),
        ("2026-12-01", True, 4.0),
        ("2026-12-01", False, 2.0),
        ("2027-06-01", True, 4.0),
        ("2027-06-01", False, 2.0),
    ):
        cost = usd("google/gemini-4-argon", day, announced=announced, input_tokens=MTOK)
        assert cost == pytest.approx(price), (day, announced)


def notes(day: str, *, announced: bool = True) -> tuple[str, ...]:
    """Return what a study with gemini-4-argon has to say."""
    book = tc.load_prices(as_of=day, announced=announced)
    return tc.Study([book.api("google/gemini-4-argon", label="argon")], workload=WORKLOAD).notes


def test_a_study_says_what_is_announced_and_what_it_took() -> None:
    coming = (
        "argon: announced for 2026-12-01: google/gemini-4-argon at 4 in / 20 out USD/Mtok; not used before that day."
    )
    checked = tc.load_prices(as_of="tables").history("google/gemini-4-argon")["checked"].tolist()[-1]
    taken = f"google/gemini-4-argon: the price announced for 2026-12-01 is used; on {checked} it was not yet in force."
    past = f"2026-12-01 is past the tables' own date, {TABLES_DATE}: prices known then are taken to hold"
    assert coming in notes("2026-11-21")
    assert taken not in notes("2026-11-21")
    assert not any("past the tables' own date" in note for note in notes("2026-11-21"))
    assert coming not in notes("2026-12-01")
    assert taken in notes("2026-12-01")
    assert f"{past}, announced ones from their day on." in notes("2026-12-01")
    assert taken not in notes("2026-12-01", announced=False)
    assert f"{past}." in notes("2026-12-01", announced=False)


# ---------------------------------------------------------------------- first rows, gaps, ends


def test_a_date_before_the_first_row_is_refused() -> None:
    """gpt-4o begins on 2024-05-13."""
    with pytest.raises(ResolveError) as caught:
        usd("openai/gpt-4o", "2024-05-12", input_tokens=1)
    assert str(caught.value) == (
        "prices:openai/gpt-4o\n"
        "  found 2024-05-12, before the first known price of openai/gpt-4o; accepted: a date from 2024-05-13 on.\n"
        '  Use before_first="hold" to take the row of 2024-05-13, which says so in the notes.'
    )
    assert usd("openai/gpt-4o", "2024-05-13", input_tokens=MTOK) == pytest.approx(5.0)


def test_hold_takes_the_first_row_and_says_so() -> None:
    book = tc.load_prices(as_of="2024-05-12", before_first="hold")
    option = book.api("openai/gpt-4o")
    assert option.bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(5.0)
    said = "openai/gpt-4o: 2024-05-12 is before its first known price; that of 2024-05-13 is used."
    assert said in tc.Study([option], workload=WORKLOAD).notes
    on_the_day = tc.load_prices(as_of="2024-05-13", before_first="hold").api("openai/gpt-4o")
    assert said not in tc.Study([on_the_day], workload=WORKLOAD).notes


def test_hold_does_not_reach_for_an_announced_price(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    row = "effective_from: 2027-01-01, status: announced, input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.0"
    cited = "basis: announced, via: acme@1.0, checked: 2026-11-21"
    (tmp_path / "api" / "acme.yaml").write_text(
        "provider: acme\nname: Acme\nmodels:\n"
        f"  - {{id: next, name: Next, tier: small, prices: [{{{row}, {cited}}}]}}\n",
        encoding="utf-8",
    )
    after = tc.load_prices(tmp_path, as_of="2027-01-01").api("acme/next")
    assert after.bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(1.0)
    for announced in (True, False):
        book = tc.load_prices(tmp_path, as_of="2026-12-31", announced=announced)
        with pytest.raises(ResolveError):
            book.api("acme/next").bill(input_tokens=1, output_tokens=0)
    ignored = tc.load_prices(tmp_path, as_of="2027-01-01", announced=False, before_first="hold")
    with pytest.raises(ResolveError):
        ignored.api("acme/next").bill(input_tokens=1, output_tokens=0)


def test_before_first_is_refuse_or_hold() -> None:
    with pytest.raises(ResolveError, match="before_first\n  found 'guess'; accepted: refuse or hold"):
        tc.load_prices(as_of="tables", before_first="guess")  # type: ignore[arg-type]  # the mistake is the point


def test_after_the_end_no_price_is_known() -> None:
    """o1-mini was shut down: 2025-10-27 is the first day without it."""
    assert usd("openai/o1-mini", "2025-10-26", input_tokens=MTOK) == pytest.approx(1.1)
    with pytest.raises(ResolveError) as caught:
        usd("openai/o1-mini", "2025-10-27", input_tokens=1)
    assert str(caught.value).startswith(
        "prices:openai/o1-mini\n"
        "  found 2025-10-27, when openai/o1-mini is retired (since 2025-10-27; pricing/api/openai.yaml:"
    )
    assert "; accepted: a date before 2025-10-27." in str(caught.value)


def test_a_gap_between_two_rows(tmp_path: Path) -> None:
    """1.49 USD from 2025-05-12 to 2025-06-30; the next figure, 2.29, was seen on 2026-09-20."""
    eras = [
        row("2025-05-12", effective_to=date(2025, 7, 1), usd_per_hour=1.49),
        row("2026-09-20", usd_per_hour=2.29),
    ]
    offers = [{"purchase": "on_demand", "region": "us", "prices": eras}]
    machine = {"id": "1x", "gpu": "X1", "gpu_count": 1, "offers": offers}
    files: dict[str, dict[str, Any] | str] = {
        "compute/acme": {"provider": "acme", "name": "Acme", "instances": [machine]},
        "hardware/gpus": {"gpus": [{"id": "X1", "memory_gib": 80.0, **CITED}]},
        "models/open": {"family": "open", "models": [open_model("open-one")]},
    }
    price_book(tmp_path, files)

    def usd_per_hour(day: str) -> float:
        """Return the price through the smallest fleet: one instance, none spare."""
        own = tc.load_prices(tmp_path, as_of=day).self_hosted(
            "open-one",
            instance="acme/1x",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            throughput=1_000.0,
            gpus_per_replica=1,
            min_instance_count=1,
            spare_instance_count=0,
        )
        return own.curve(WORKLOAD).usd_per_month(1.0) / 730

    assert usd_per_hour("2025-06-30") == pytest.approx(1.49)
    for day in ("2025-07-01", "2026-09-19"):
        with pytest.raises(ResolveError) as caught:
            usd_per_hour(day)
        assert str(caught.value) == (
            "compute:acme/1x\n"
            f"  found {day}, when no price is known; accepted: a date from 2025-05-12 to before 2025-07-01, "
            "and from 2026-09-20 on."
        )
    assert usd_per_hour("2026-09-20") == pytest.approx(2.29)


def test_an_instance_on_the_day_of_a_change() -> None:
    """aws/p5.48xlarge on demand: 98.32 until 2025-06-04, 55.04 USD per hour from the next day."""
    for day, hourly in (("2025-06-04", 98.32), ("2025-06-05", 55.04)):
        own = tc.load_prices(as_of="2026-11-21").self_hosted(
            "llama-3.1-8b",
            instance="aws/p5.48xlarge",
            purchase="on_demand",
            region="us-east-1",
            engineering=tc.Engineering.none(),
            around=tc.AroundGpu.none(),
            throughput=1_000.0,
            gpus_per_replica=8,
            min_instance_count=1,
            spare_instance_count=0,
            compute_as_of=day,
        )
        assert own.curve(WORKLOAD).usd_per_month(1.0) == pytest.approx(hourly * 730)
        said = f"{own.label}: compute figures are those of {day}, not of 2026-11-21."
        assert said in tc.Study([own], workload=WORKLOAD).notes


# ---------------------------------------------------------------------- the date itself


def test_tables_stands_for_the_tables_own_date() -> None:
    assert tc.load_prices(as_of="tables").as_of == TABLES_DATE


def test_dates_as_text_date_or_datetime_are_the_same() -> None:
    for day in ("2026-11-20", date(2026, 11, 20), datetime(2026, 11, 20, 23, 59)):
        assert tc.load_prices(as_of=day).as_of == date(2026, 11, 20)


def test_as_of_has_to_be_said() -> None:
    with pytest.raises(TypeError, match="as_of"):
        tc.load_prices()  # type: ignore[call-arg]  # the mistake is the point


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "21.11.2026", "", None, 20261121])
def test_a_date_that_is_none(day: object) -> None:
    with pytest.raises(ResolveError) as caught:
        tc.load_prices(as_of=day)  # type: ignore[arg-type]  # the mistake is the point
    assert str(caught.value) == (
        f'as_of\n  found {day!r}; accepted: a date such as 2026-11-21, or "tables" for the tables\' own.'
    )


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("asked", "found", "remedy"),
    [
        ("opnai/gpt-6-sol", "unknown provider 'opnai'", "Did you mean 'openai'"),
        ("acme/one", "unknown provider 'acme'", PROVIDERS),
        ("anthropic/claude-opus-55", "unknown 'claude-opus-55'", "'claude-opus-5-5'"),
        ("google/gemini-4-argn", "unknown 'gemini-4-argn'", "Did you mean 'gemini-4-argon'"),
        ("together/gpt-oss-120b", "unknown 'gpt-oss-120b'", "Did you mean 'openai/gpt-oss-120b'"),
        ("nonsense", "'nonsense' without a provider", f"Providers: {PROVIDERS}."),
    ],
)
def test_an_unknown_name_offers_the_nearest(asked: str, found: str, remedy: str) -> None:
    with pytest.raises(ResolveError) as caught:
        tc.load_prices(as_of="2026-11-21").api(asked)
    where, what, help_ = str(caught.value).splitlines()
    assert where == "pricing/api"
    assert what.startswith(f"  found {found}; accepted: ")
    assert remedy in help_


def test_a_model_that_only_one_provider_has_may_stand_alone() -> None:
    book = tc.load_prices(as_of="2026-11-21")
    assert book.api("gpt-6-sol").model == "openai/gpt-6-sol"
    assert book.history("gpt-6-sol").equals(book.history("openai/gpt-6-sol"))


def test_a_model_that_several_providers_have_needs_one() -> None:
    """The candidates are those whose name, or its last part, is what was asked for."""
    with pytest.raises(ResolveError) as caught:
        tc.load_prices(as_of="2026-11-21").api("gpt-oss-120b")
    where, what = str(caught.value).splitlines()
    assert where == "pricing/api"
    said = "  found 'gpt-oss-120b' without a provider, which several have; accepted: one of "
    assert what.startswith(said)
    candidates = what.removeprefix(said).removesuffix(".").split(", ")
    assert {"deepinfra/openai/gpt-oss-120b", "together/openai/gpt-oss-120b"} <= set(candidates)
    assert not any(name.startswith("openrouter/") for name in candidates)  # seen on a market: nobody's list price


def test_history_has_every_era_with_its_end() -> None:
    frame = tc.load_prices(as_of="2026-11-21").history("google/gemini-4-argon")
    # pricing/api/google.yaml: 2 in from 2026-10-13, 4 in announced for 2026-12-01
    assert frame["effective_from"].tolist() == [date(2026, 10, 13), date(2026, 12, 1)]
    assert frame["effective_to"].tolist()[0] == date(2026, 12, 1)
    assert frame["input_usd_per_mtok"].tolist() == [2.0, 4.0]
    assert frame["basis"].tolist() == ["first_observed", "announced"]
    assert all(frame["location"].str.startswith("pricing/api/google.yaml:"))


def test_frame_lists_what_is_in_force() -> None:
    frame = tc.load_prices(as_of="2024-05-13").frame().set_index("model")
    assert frame.loc["openai/gpt-4o", "input_usd_per_mtok"] == 5.0
    assert "openai/gpt-6-sol" not in frame.index  # begins on 2026-09-22
    assert "openai/o1-mini" not in tc.load_prices(as_of="2025-10-27").frame()["model"].tolist()
    assert "openai/o1-mini" in tc.load_prices(as_of="2025-10-26").frame()["model"].tolist()


def test_a_study_at_the_tables_own_date() -> None:
    study = tc.Study([tc.load_prices(as_of="2024-05-13").api("openai/gpt-4o")], workload=WORKLOAD)
    assert study.at("tables").costs(1e6).iloc[0, 0] == pytest.approx((2.5 + 10.0) / 2)
