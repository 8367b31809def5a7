"""`tokencross when` and what a scenario file says of time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import tokencross as tc
from tokencross.cli_when import when
from tokencross.scenario_projection import load_projection
from tokencross.studies.growth import SCurve
from tokencross.studies.switching import when as timing_of
from tokencross.studies.terms_of_switching import Switching

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
WAITING = SCENARIOS / "waiting.yaml"
HEAD = """\
name: invented
as_of: 2026-11-21
workload: {input_tokens: 1000, output_tokens: 100}
tokens_per_month: 1.0e+9
options:
  - {label: theirs, api: anthropic/claude-opus-5-5}
  - {label: ours, api: openai/gpt-6-luna}
"""


def run(*arguments: object) -> Result:
    """Return what the command did."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(when)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(text: str) -> str:
    """Return text with every run of spaces and line ends as one space: tables fold."""
    return re.sub(r"\s+", " ", text)


def written(folder: Path, projection: str) -> Path:
    """A scenario with a projection."""
    path = folder / "invented.yaml"
    path.write_text(f"{HEAD}projection: {projection}\n", encoding="utf-8")
    return path


# ---------------------------------------------------------------------- the command


def test_the_verdict_comes_first_and_everything_follows() -> None:
    result = run(WAITING)
    assert (result.exit_code, result.stderr) == (0, "")
    projection = load_projection(WAITING)
    assert projection is not None
    timing = timing_of(tc.load_study(WAITING).comparison, projection)
    printed = flat(result.stdout)
    assert printed.startswith(flat(timing.verdict()))
    for heading in (
        "When to leave hosted: present value of all costs over 36 months",
        "Waiting 6 months against acting now",
        "Cash over the horizon",
        "What would have to change",
        "Prices that jump on the way",
        "Notes",
    ):
        assert heading in printed
    assert "Assumed, not given" not in printed
    assert flat(str(timing.would_change("self-hosted"))) in printed
    assert "2027-01-01: hosted goes from" in printed


def test_the_command_line_overrules_the_file() -> None:
    printed = flat(run(WAITING, "--months", 12, "--growth", 0, "--discount", 0, "--wait", 3).stdout)
    assert "over 12 months" in printed
    assert "Waiting 3 months against acting now" in printed
    assert printed.startswith("Stay with hosted for all 12 months")


@pytest.mark.parametrize("months", [1, 2])
def test_a_horizon_shorter_than_the_lead_says_so(months: int) -> None:
    result = run(WAITING, "--months", months)
    assert (result.exit_code, result.stderr) == (0, "")
    printed = flat(result.stdout)
    assert "self-hosted could not serve before month 3." in printed
    assert "now is not possible: its first token would come in month 3, and everything ends in month" in printed
    assert ("Waiting 1 month against acting now" in printed) is (months == 2)  # in a single month there is none
    assert "-0.00" not in printed


def test_payback_counts_from_the_decision() -> None:
    printed = flat(run(WAITING).stdout)
    assert "payback from its decision on" in printed
    assert "after 14 months" in printed  # in month 18: the decision is in month 4


def test_without_a_projection_what_is_assumed_is_said() -> None:
    result = run(SCENARIOS / "support-chat.yaml", "--growth", 0.5)
    assert result.exit_code == 0
    printed = flat(result.stdout)
    assert "Assumed, not given - A horizon of 36 months" in printed
    assert "No interest: --discount." in printed
    assert "No growth" not in printed


def test_the_chart_is_written(tmp_path: Path) -> None:
    target = tmp_path / "when.png"
    result = run(WAITING, "--chart", target)
    assert result.exit_code == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert f"Chart: {target}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--months", 0), "projection: months found 0; accepted: a whole number from 1 to 600 (months)."),
        (("--growth", -1), "projection: growth_per_year found -1"),
        (("--wait", 36), "waiting: months found 36; accepted: a whole number from 1 to 35"),
        (("--chart", "when.txt"), "found --chart when.txt; accepted: a file that ends in"),
    ],
)
def test_bad_input_ends_in_one_message(arguments: tuple[object, ...], message: str) -> None:
    result = run(WAITING, *arguments)
    assert result.exit_code == 2
    assert message in flat(result.stderr)
    assert "Traceback" not in result.stderr


# ---------------------------------------------------------------------- the file


def test_a_scenario_without_one_has_none() -> None:
    assert load_projection(SCENARIOS / "support-chat.yaml") is None


def test_a_file_says_everything_that_the_calls_take(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
  months: 24
  s_curve: {ceiling_tokens_per_month: 9.0e+9, midpoint_month: 12, steepness_per_month: 0.4}
  declines: {theirs: 0.3, compute: {between: [0.0, 0.2]}}
  capability_declines: {ours: 0.5}
  model_life_months: 9
  migration_usd: {ours: 4000}
  engineering_decline_per_year: 0.1
  steps_per_year: 4
  announced: false
  renew_engineering: false
  discount_rate_per_year: 0.08
  switching_by_option: {ours: {switching_usd: 5000, may_return: true, lead_months: 2}}""",
    )
    found = load_projection(path)
    assert found is not None
    assert isinstance(found.growth, SCurve)
    assert (found.months, found.steps_per_year, found.announced, found.renew_engineering) == (24, 4, False, False)
    assert found.declines["theirs"] == 0.3
    assert found.migrations == {"ours": 4_000}
    assert found.terms_for("ours").switching_usd == 5_000
    assert found.terms_for("theirs").switching_usd == 0.0
    assert isinstance(found.switching, dict) or "ours" in found.switching  # type: ignore[operator]  # a mapping


def test_switching_for_everyone(tmp_path: Path) -> None:
    found = load_projection(written(tmp_path, "{months: 12, switching: {exit_usd: 700}}"))
    assert found is not None
    assert isinstance(found.switching, Switching)
    assert found.switching.exit_usd == 700


@pytest.mark.parametrize(
    ("projection", "message"),
    [
        ("{months: 0}", "invented.yaml:8: projection.months"),
        ("{months: 12, declines: {theirs: 1.2}}", "invented.yaml:8: projection.declines"),
        ("{months: 12, growth_per_year: -1}", "invented.yaml:8: projection.growth_per_year"),
        ("{months: 12, tokens_per_month: [1.0, 2.0]}", "invented.yaml:8: projection.tokens_per_month"),
        ("{months: 12, switching: {recoverable_share: 2}}", "invented.yaml:8: projection.switching.recoverable_share"),
        ("{months: 12, switchng: {}}", "Did you mean 'switching'?"),
        ("{months: 12, switching: {}, switching_by_option: {ours: {}}}", "accepted: one of the two"),
        ("{}", "invented.yaml:8: projection"),
    ],
)
def test_a_mistake_in_the_file_names_its_line(tmp_path: Path, projection: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"invented\.yaml") as refused:
        load_projection(written(tmp_path, projection))
    assert message in str(refused.value)
