"""Where tables and upstreams disagree: figure by figure, known or new, counted, and as a command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tokencross.checks.drift import Drift, drift, drift_frame, read_upstreams
from tokencross.cli import app
from tokencross.tables.book import Book
from tokencross.tables.sources import PACKAGED, Upstream, UpstreamBatch, UpstreamInstance, UpstreamPrice, UpstreamTier
from tokencross.tables.store import bundled_store, open_store

AS_OF = date(2026, 11, 21)
OTHER = "other@2.0"

ACME = """\
provider: acme
name: Acme
aliases: [acme-cloud]
models:
  - id: mini
    name: Mini
    tier: small
    aliases: [mini-latest]
    prices:
      - effective_from: 2026-01-01
        input_usd_per_mtok: 3.0
        output_usd_per_mtok: 15.0
        cache_read_usd_per_mtok: 0.3
        long_context:
          - threshold_tokens: 200000
            input_usd_per_mtok: 6.0
            output_usd_per_mtok: 22.5
        batch: {discount_share: 0.5, cache_discount_share: 0.333333}
        basis: documented
        via: acme@1.0
        checked: 2026-11-01
        dispute: Other@1.9 has an output of 14.
      - effective_from: 2027-01-01
        status: announced
        input_usd_per_mtok: 6.0
        output_usd_per_mtok: 30.0
        basis: announced
        via: acme@1.0
        checked: 2026-11-01
  - id: old
    name: Old
    tier: small
    prices:
      - effective_from: 2025-01-01
        effective_to: 2026-06-01
        input_usd_per_mtok: 1.0
        output_usd_per_mtok: 2.0
        basis: documented
        via: acme@1.0
        checked: 2026-11-01
  - id: plain
    name: Plain
    tier: small
    prices:
      - effective_from: 2026-01-01
        input_usd_per_mtok: 1.0
        output_usd_per_mtok: 2.0
        basis: documented
        via: acme@1.0
        checked: 2026-11-20
"""

RACK = """\
provider: rack
name: Rack
instances:
  - id: big
    gpu: H100
    gpu_count: 8
    offers:
      - purchase: on_demand
        region: us-east-1
        prices:
          - effective_from: 2026-01-01
            usd_per_hour: 20.0
            basis: first_observed
            via: rack@1
            checked: 2026-11-01
"""

MINI = UpstreamPrice(
    provider="acme",
    model="mini",
    input_usd_per_mtok=3.0,
    output_usd_per_mtok=15.0,
    via=OTHER,
    cache_read_usd_per_mtok=0.3,
    cache_write_usd_per_mtok=3.0,  # as input: the same as no price of its own
    long_context=(UpstreamTier(200_000, 6.0, 22.5, 0.6),),  # its cache read scales like the input
    batch=UpstreamBatch(1.5, 7.5, 0.2),  # 0.3 less a third, which the table rounds
)
PLAIN = UpstreamPrice("acme", "plain", 1.0, 2.0, via=OTHER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder of tables."""
    for name, text in (("VERSION", "2026.11.21\n"), ("api/acme.yaml", ACME), ("compute/rack.yaml", RACK)):
        (tmp_path / "tables" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tables" / name).write_text(text)
    return tmp_path / "tables"


def compared(
    folder: Path, *prices: UpstreamPrice, as_of: date = AS_OF, instances: tuple[UpstreamInstance, ...] = ()
) -> Drift:
    """Return the comparison with an upstream that says this."""
    return drift(Book(open_store(folder), as_of), [Upstream("other", OTHER, None, prices, instances)])


def figures(found: Drift) -> dict[str, tuple[float | None, float | None]]:
    """Return both values of each figure that differs."""
    return {one.field: (one.book, one.upstream_value) for one in found.disagreements}


def test_what_says_the_same_agrees(folder: Path) -> None:
    found = compared(folder, MINI, PLAIN)
    assert found.disagreements == ()
    (tally,) = found.tallies
    assert (tally.via, tally.compared, tally.agree, tally.known, tally.new) == (OTHER, 2, 2, 0, 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (replace(MINI, input_usd_per_mtok=2.9), {"input_usd_per_mtok": (3.0, 2.9)}),
        (replace(MINI, output_usd_per_mtok=16.0), {"output_usd_per_mtok": (15.0, 16.0)}),
        (replace(MINI, cache_read_usd_per_mtok=0.31), {"cache_read_usd_per_mtok": (0.3, 0.31)}),
        (replace(MINI, cache_write_usd_per_mtok=3.75), {"cache_write_usd_per_mtok": (None, 3.75)}),
        (replace(MINI, cache_read_usd_per_mtok=None, batch=None), {}),  # silence is no disagreement
        (replace(MINI, cache_write_1h_usd_per_mtok=6.0), {}),  # nor is what the tables do not record
        (replace(MINI, long_context=None), {}),
        (replace(MINI, long_context=()), {"long_context[200000].input_usd_per_mtok": (6.0, None)}),
        (
            replace(MINI, long_context=(UpstreamTier(200_000, 6.0, 22.0, 0.7),)),
            {
                "long_context[200000].output_usd_per_mtok": (22.5, 22.0),
                "long_context[200000].cache_read_usd_per_mtok": (0.6, 0.7),
            },
        ),
        (
            replace(MINI, long_context=(UpstreamTier(128_000, 6.0, 22.5, 0.6),)),
            {
                "long_context[128000].input_usd_per_mtok": (None, 6.0),  # one line for a tier that is not there
                "long_context[200000].input_usd_per_mtok": (6.0, None),
            },
        ),
        (
            replace(MINI, batch=UpstreamBatch(1.0, 7.5, 0.3)),
            {"batch.input_usd_per_mtok": (1.5, 1.0), "batch.cache_read_usd_per_mtok": (0.2, 0.3)},
        ),
        (replace(PLAIN, batch=UpstreamBatch(0.5, 1.0)), {"batch.input_usd_per_mtok": (None, 0.5)}),
    ],
)
def test_every_figure_is_compared(
    folder: Path, said: UpstreamPrice, expected: dict[str, tuple[float | None, float | None]]
) -> None:
    found = figures(compared(folder, said))
    assert found.keys() == expected.keys()
    for field, (book, upstream) in expected.items():
        near = [None if value is None else pytest.approx(value, rel=1e-5) for value in (book, upstream)]
        assert list(found[field]) == near


@pytest.mark.parametrize(
    ("inclusive", "tokens", "same"), [(True, 199_999, True), (True, 200_000, True), (False, 199_999, False)]
)
def test_a_tier_from_200000_on_is_one_after_199999(folder: Path, inclusive: bool, tokens: int, same: bool) -> None:
    if inclusive:
        path = folder / "api" / "acme.yaml"
        path.write_text(path.read_text().replace("200000\n", "200000\n            inclusive: true\n"))
    said = replace(MINI, long_context=(UpstreamTier(tokens, 6.0, 22.5, 0.6),))
    assert (compared(folder, said).disagreements == ()) == same


def test_noise_of_floats_is_no_disagreement(folder: Path) -> None:
    assert compared(folder, replace(PLAIN, input_usd_per_mtok=1.0 + 1e-9)).disagreements == ()
    assert compared(folder, replace(PLAIN, input_usd_per_mtok=1.00001)).disagreements != ()


def test_known_is_what_the_dispute_names(folder: Path) -> None:
    said = replace(MINI, output_usd_per_mtok=14.0)
    (one,) = compared(folder, said).disagreements
    assert (one.known, one.dispute) == (True, "Other@1.9 has an output of 14.")
    assert one.upstream == OTHER
    assert one.location.endswith("api/acme.yaml:10")
    assert (one.checked, one.stale_days, one.row_from) == (date(2026, 11, 1), 20, date(2026, 1, 1))
    assert one.difference_ratio == pytest.approx(14 / 15 - 1)
    stranger = compared(folder, replace(said, via="third@1.0"))
    assert [each.known for each in stranger.disagreements] == [False]
    assert (compared(folder, said).tallies[0].known, stranger.tallies[0].new) == (1, 1)


def test_the_row_in_force_at_the_date_is_compared(folder: Path) -> None:
    doubled = replace(MINI, input_usd_per_mtok=6.0, output_usd_per_mtok=30.0, effective_from=date(2027, 1, 1))
    eras = (replace(MINI, effective_to=date(2027, 1, 1)), replace(doubled, long_context=(), batch=None))
    assert compared(folder, *eras).disagreements == ()
    later = compared(folder, *eras, as_of=date(2027, 1, 1))
    assert figures(later) == {"cache_read_usd_per_mtok": (None, 0.3), "cache_write_usd_per_mtok": (None, 3.0)}
    assert figures(compared(folder, *eras, as_of=date(2026, 12, 31))) == {}
    before = drift(Book(open_store(folder), date(2027, 1, 1), announced=False), [Upstream("other", OTHER, None, eras)])
    assert figures(before)["input_usd_per_mtok"] == (3.0, 6.0)


def test_ended_and_missing_are_counted_apart(folder: Path) -> None:
    found = compared(
        folder,
        replace(PLAIN, model="old"),
        replace(PLAIN, effective_to=date(2026, 10, 1)),
        replace(PLAIN, model="mini-2"),
        replace(PLAIN, provider="stranger"),
        replace(PLAIN, provider="acme-cloud", model="mini-latest", input_usd_per_mtok=3.0, output_usd_per_mtok=15.0),
    )
    (tally,) = found.tallies
    assert tally.ended_in_book == ("acme/old",)
    assert tally.ended_upstream == ("acme/plain",)
    assert tally.missing == ("acme/mini-2", "stranger/plain")
    assert tally.compared == 1  # by other spellings of the provider and of the model


def test_an_id_counts_before_the_alias_of_another_model(folder: Path) -> None:
    path = folder / "api" / "acme.yaml"
    text = path.read_text().replace("[mini-latest]", "[mini-latest, both]")
    path.write_text(text.replace("name: Plain\n", "name: Plain\n    aliases: [mini, both]\n"))
    found = compared(folder, MINI, replace(PLAIN, model="both"))
    assert (found.tallies[0].agree, found.disagreements) == (1, ())
    assert found.tallies[0].missing == ("acme/both",)  # an alias of two models is nobody's


def test_instances_are_compared(folder: Path) -> None:
    seen = UpstreamInstance("rack", "big", "us-east-1", "on_demand", 22.0, "gpuhunt:rack.csv")
    found = compared(folder, instances=(seen, replace(seen, region="eu", usd_per_hour=1.0)))
    assert figures(found) == {"usd_per_hour": (20.0, 22.0)}
    assert found.disagreements[0].subject == "rack/big (on_demand, us-east-1)"
    assert found.disagreements[0].location.endswith("compute/rack.yaml:11")
    assert compared(folder, instances=(replace(seen, purchase="spot"),)).tallies[0].compared == 0


def test_the_frame_has_new_ones_first(folder: Path) -> None:
    said = (replace(MINI, output_usd_per_mtok=14.0), replace(PLAIN, batch=UpstreamBatch(0.5, 1.0)))
    frame = drift_frame(compared(folder, *said))
    assert list(frame["subject"]) == ["acme/plain", "acme/mini"]
    assert list(frame["known"]) == [False, True]
    assert frame["book"].isna().tolist() == [True, False]
    assert frame["stale_days"].tolist() == [1, 20]
    assert drift_frame(compared(folder, MINI)).empty


def test_installed_upstreams_are_read_and_others_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokencross.checks.drift.installed_version", lambda name: None if name == "litellm" else "1.0")
    found, absent = read_upstreams()
    assert [each.name for each in found] == ["genai-prices", "model-prices"]
    assert absent == [
        "litellm: not installed",
        "gpuhunt: its package holds no prices; give a catalog with --from gpuhunt --file",
    ]


def test_the_bundled_tables_are_near_their_upstreams() -> None:
    """Most of what both have agrees, or the row says why not."""
    book = Book(bundled_store(), bundled_store().date)
    upstreams = [upstream for upstream in read_upstreams()[0] if upstream.name in PACKAGED[:2]]
    for tally in drift(book, upstreams).tallies:
        assert tally.compared == tally.agree + tally.known + tally.new > 50
        assert tally.agree > tally.compared / 2


# ---------------------------------------------------------------- the command


def run(folder: Path, *arguments: str, entry: dict[str, object]) -> Result:
    """Return what the command did with a map of litellm that has one model."""
    file = folder.parent / "map.json"
    whole = {"litellm_provider": "acme", "mode": "chat", "output_cost_per_token": 2e-06, **entry}
    file.write_text(
        json.dumps({"acme/plain": whole, "acme/new": whole, "else/new": {**whole, "litellm_provider": "else"}})
    )
    command = ["prices", "drift", "--from", "litellm", "--file", str(file), "--pricing", str(folder)]
    return CliRunner().invoke(app, [*command, *arguments])


def test_the_command_lists_both_values(folder: Path) -> None:
    result = run(folder, "--verbose", entry={"input_cost_per_token": 1.1e-06})
    assert result.exit_code == 0
    assert "Tables 2026.11.21 as of 2026-11-21" in result.stdout
    counts = next(line for line in result.stdout.splitlines() if line.startswith("litellm:map.json"))
    assert re.sub(r"\s+", " ", counts).strip() == "litellm:map.json 1 0 0 1 0 0 2 (1 of its providers)"
    line = re.sub(r"\s+", " ", next(row for row in result.stdout.splitlines() if row.startswith("acme/plain")))
    assert line.startswith("acme/plain input litellm:map.json 1 1.1 +10.0%")
    assert "1 day ago" in line
    assert "not in the tables\n  acme/new" in result.stdout
    assert "of providers that the tables do not have\n  else (1)" in result.stdout


def test_fail_on_new_is_exit_code_1(folder: Path) -> None:
    assert run(folder, "--fail-on-new", entry={"input_cost_per_token": 1e-06}).exit_code == 0
    assert run(folder, "--fail-on-new", entry={"input_cost_per_token": 2e-06}).exit_code == 1
    text = (folder / "api" / "acme.yaml").read_text() + "        dispute: litellm has 2.\n"
    (folder / "api" / "acme.yaml").write_text(text)
    known = run(folder, "--fail-on-new", entry={"input_cost_per_token": 2e-06})
    assert known.exit_code == 0
    assert "Known: the row's dispute names the upstream (1 figures)" in known.stdout


def test_mistakes_are_one_message(folder: Path) -> None:
    for arguments, expected in (
        (["--file", "map.json"], "--file without --from"),
        (["--from", "gpuhunt"], "the package holds no prices"),
        (["--as-of", "soon"], "--as-of\n  found 'soon'"),
    ):
        result = CliRunner().invoke(app, ["prices", "drift", "--pricing", str(folder), *arguments])
        assert result.exit_code == 2
        assert expected in result.stderr


def test_comparing_with_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokencross.checks.drift.installed_version", lambda name: None)
    result = CliRunner().invoke(app, ["prices", "drift", "--fail-on-new"])
    assert result.exit_code == 2
    assert "accepted: at least one upstream" in result.output
    assert "pip install 'tokencross[sources]'" in result.output
