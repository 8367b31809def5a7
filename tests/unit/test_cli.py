"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import tokencross as tc
from tokencross.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]
LISTED = [
    path.stem
    for path in sorted((REPOSITORY / "pricing" / "api").glob("*.yaml"))
    if "market_index: true" not in path.read_text(encoding="utf-8")
]
CHAT = REPOSITORY / "scenarios" / "support-chat.yaml"
SECTIONS = (
    "Monthly cost",
    "Cheapest by volume",
    "Against frontier",
    "Capacity at 4B tokens/month",
    "Assumed, not given",
    "Notes",
    "Sources",
)


def run(*arguments: str) -> Result:
    """Return what the command did."""
    return CliRunner().invoke(app, list(arguments))


def flat(text: str) -> str:
    """Return text with every run of spaces and line ends as one space: tables fold."""
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def printed() -> str:
    """What `tokencross compare scenarios/support-chat.yaml` prints."""
    result = run("compare", str(CHAT))
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout


@pytest.fixture(scope="module")
def study() -> tc.Study:
    """The same study in Python."""
    return tc.load_study(CHAT)


def section(printed: str, heading: str) -> str:
    """Return the lines under a heading."""
    later = SECTIONS[SECTIONS.index(heading) + 1 :]
    text = printed.split(f"\n{heading}", 1)[1]
    return text.split(f"\n{later[0]}")[0] if later else text


def test_compare_prints_every_section_in_order(printed: str) -> None:
    places = [printed.index(f"\n{heading}") for heading in SECTIONS]
    assert places == sorted(places)


def test_compare_begins_with_the_verdict(printed: str, study: tc.Study) -> None:
    assert flat(printed).startswith(flat(study.verdict()))


def test_compare_prints_costs_where_you_are(printed: str) -> None:
    costs = section(printed, "Monthly cost")
    assert "tokens/month" in costs.splitlines()[1]
    (you,) = [line for line in costs.splitlines() if "4B (you)" in line]
    # claude-opus-5-5 at 1.55 tokens per token, luna, together's gpt-oss-120b (prices of pricing/api)
    opus = 1.55 * (1_350 * 4 + 1_500 * 0.2 + 150 * 5 + 400 * 20) / 3_400
    hosted = (3_000 * 0.15 + 400 * 0.6) / 3_400
    assert f"{4_000 * opus:,.0f} USD ({opus:.3g}/Mtok)" in you
    assert f"{4_000 * hosted:,.0f} USD ({hosted:.3g}/Mtok)" in you


def test_compare_prints_winners_and_breakevens(printed: str, study: tc.Study) -> None:
    winners = section(printed, "Cheapest by volume")
    assert "open, hosted" in winners
    assert "and beyond" in winners
    assert f"({len(study.winners()) - 8:,} turns left out)" in winners  # eight of them are shown
    against = section(printed, "Against frontier")
    assert re.search(r"small \(reference\) +the first token", against)
    found = study.breakeven("self-hosted")
    assert found.first is not None
    assert re.search(rf"self-hosted +{float(found.first) / 1e9:.3g}B", against)


def test_compare_prints_capacity_assumptions_notes_and_sources(printed: str, study: tc.Study) -> None:
    capacity = section(printed, "Capacity at 4B tokens/month")
    # 4e9 / (730 x 3600) / 3400 = 0.448 requests a second
    assert re.search(r"requests/s, mean +0\.448\b", capacity)
    assert re.search(r"derating: target load share +70%", capacity)
    assert re.search(r"instances, mean over the month +2\b", capacity)
    assumed = flat(section(printed, "Assumed, not given"))
    frame = study.assumptions()
    for address in frame[frame["origin"] != "given"]["address"]:
        assert address in assumed
    assert "workload:input_tokens" not in assumed  # that was given
    notes = flat(section(printed, "Notes"))
    for note in study.notes:
        assert flat(note) in notes
    sources = flat(section(printed, "Sources"))
    for location in study.sources()["location"]:
        assert location in sources
    book = tc.load_prices(as_of="2026-11-21")
    assert f"Tables {book.version} (sha256 {book.content_hash[:12]}), prices as of 2026-11-21." in sources


def test_compare_without_self_hosted_options_has_no_capacity(tmp_path: Path) -> None:
    file = tmp_path / "apis.yaml"
    file.write_text(
        "name: apis\nas_of: 2026-11-21\nworkload: {input_tokens: 3000, output_tokens: 400}\n"
        "options:\n  - {label: a, api: openai/gpt-6-sol}\n  - {label: b, api: openai/gpt-6-luna}\n",
        encoding="utf-8",
    )
    result = run("compare", str(file))
    assert result.exit_code == 0
    assert "Capacity" not in result.stdout
    assert result.stdout.startswith("B is the cheapest at every volume, ahead of a.")


def test_compare_writes_the_chart_and_names_it(tmp_path: Path) -> None:
    chart = tmp_path / "crossover.png"
    result = run("compare", str(CHAT), "--chart", str(chart))
    assert result.exit_code == 0
    assert result.stdout.endswith(f"\nChart: {chart}\n")
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["crossover.png"]


def test_a_label_is_printed_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(
        "name: odd\nas_of: 2026-11-21\nworkload: {input_tokens: 3000, output_tokens: 400}\n"
        "options:\n  - {label: 'a & <b> *c*', api: openai/gpt-6-sol}\n  - {label: ünïcode, api: openai/gpt-6-luna}\n",
        encoding="utf-8",
    )
    result = run("compare", str(file))
    assert result.exit_code == 0
    assert "a & <b> *c*" in result.stdout
    assert "ünïcode" in result.stdout


# ---------------------------------------------------------------------- prices


def test_prices_show_the_price_in_force() -> None:
    result = run("prices", "show", "openai/gpt-4o", "--as-of", "2024-11-03")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].strip() == "openai/gpt-4o: USD per million billed tokens, in force"
    (row,) = [line for line in lines if line.startswith("20")]
    # pricing/api/openai.yaml: 5 in, 15 out from 2024-05-13 until 2024-11-04
    assert row.split()[:4] == ["2024-05-13", "2024-11-04", "5", "15"]
    assert "pricing/api/openai.yaml:" in row
    assert "genai-prices@0.2.3 and model-prices@0.0.5 give 2.5/10 for this period." in result.stdout


def test_prices_show_history_has_every_era() -> None:
    result = run("prices", "show", "google/gemini-4-argon", "--history")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("20")]
    assert rows[0][:4] == ["2026-10-13", "2026-12-01", "2", "10"]
    assert rows[1][:3] == ["2026-12-01", "4", "20"]
    assert "announced" in rows[1]
    # without --history, at the tables' own date, the announced one is not there
    plain = run("prices", "show", "google/gemini-4-argon").stdout
    assert [line.split()[0] for line in plain.splitlines() if line.startswith("20")] == ["2026-10-13"]


def test_prices_show_long_context() -> None:
    shown = flat(run("prices", "show", "openai/gpt-6-sol").stdout)
    assert "over 272,000: 4/15" in shown


def test_prices_list_by_tier_and_provider() -> None:
    result = run("prices", "list", "--tier", "frontier", "--provider", "anthropic")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("anthropic/")]
    assert "anthropic/claude-opus-5-5" in [row[0] for row in rows]
    assert {row[1] for row in rows} == {"frontier"}
    fresh = [float(row[2]) for row in rows]
    assert fresh == sorted(fresh)  # the cheapest input first
    book = tc.load_prices(as_of="tables")
    tables = f"tables {book.version} ({book.content_hash[:12]}), as of {book.as_of}"
    assert f"{len(rows)} models, USD per million billed tokens; {tables}" in result.stdout


def test_prices_list_at_a_date() -> None:
    shown = run("prices", "list", "--as-of", "2024-05-13").stdout
    assert re.search(r"^openai/gpt-4o +frontier +5 +15 ", shown, re.MULTILINE)
    assert "gpt-6-sol" not in shown


def test_prices_list_before_any_price_is_empty_or_one_message() -> None:
    result = run("prices", "list", "--as-of", "2000-01-01")
    assert result.exit_code in {0, 2}
    assert result.exception is None or isinstance(result.exception, SystemExit)


# ---------------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("prices", "show", "openai/gpt-6-sole"),
            "pricing/api\n  found unknown 'gpt-6-sole'; accepted: an id or alias in pricing/api.\n"
            "  Did you mean 'gpt-6-sol' or 'gpt-6.1-sol' or 'gpt-5.6-sol'?\n",
        ),
        (
            ("prices", "show", "openai/gpt-4o", "--as-of", "2024-05-12"),
            "prices:openai/gpt-4o\n"
            "  found 2024-05-12, before the first known price of openai/gpt-4o; accepted: a date from 2024-05-13 on.\n"
            '  Use before_first="hold" to take the row of 2024-05-13, which says so in the notes.\n',
        ),
        (
            ("prices", "show", "openai/gpt-4o", "--as-of", "today"),
            "as_of\n  found 'today'; accepted: a date such as 2026-11-21, or \"tables\" for the tables' own.\n",
        ),
        (
            ("prices", "list", "--tier", "frontir"),
            "prices list --tier\n  found 'frontir'; accepted: one of frontier, open_hosted, small.\n"
            "  Did you mean 'frontier'?\n",
        ),
        (
            ("prices", "list", "--provider", "antropic"),
            f"prices list --provider\n  found 'antropic'; accepted: one of {', '.join(LISTED)}.\n"
            "  Did you mean 'anthropic'?\n",
        ),
        (
            ("prices", "list", "--pricing", "/nowhere/at/all"),
            "/nowhere/at/all\n  found no such folder; accepted: a folder of pricing tables with a file VERSION.\n",
        ),
    ],
)
def test_bad_input_ends_in_one_message_and_2(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "arguments", [("compare",), ("nonsense",), ("prices", "show"), ("compare", "a", "--chrt", "b")]
)
def test_a_wrong_call_ends_in_2_with_usage(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage" in result.stderr


def test_version() -> None:
    result = run("--version")
    book = tc.load_prices(as_of="tables")
    said = f"tokencross {tc.__version__}, tables {book.version} ({book.content_hash[:12]})\n"
    assert (result.exit_code, result.stdout) == (0, said)


def test_help_names_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for word in ("compare", "prices"):
        assert word in result.stdout


def test_the_process_prints_utf8_free_of_colour_into_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tokencross.cli", "prices", "show", "openai/gpt-6-sol"],
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert done.stdout.decode("utf-8").startswith("openai/gpt-6-sol: USD per million billed tokens")
