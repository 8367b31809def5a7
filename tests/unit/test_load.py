"""Traffic by hour of the week: office hours, presets, mixes, logs, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from tests.tables import CITED, write_tables

import tokencross as tc
from tokencross.citation import Citation
from tokencross.errors import ScenarioError, TableError
from tokencross.options.load import OUTSIDE_SHARE, Load, load_of
from tokencross.options.week import offset_hours
from tokencross.tables.book import Book
from tokencross.tables.store import bundled_store, open_store

MONDAY = np.datetime64("2026-11-02T00:00:00")
PRESETS = ["azure-coding-2024", "azure-conversation-2024", "servegen-deepseek-r1", "servegen-m-large"]


def refused(build: Callable[[], object]) -> str:
    """Return what is said about a load that is none."""
    with pytest.raises(ScenarioError) as caught:
        build()
    return str(caught.value)


# ---------------------------------------------------------------------- weights


def test_flat_is_one_in_every_hour() -> None:
    assert Load.flat().weights == (1.0,) * 168
    assert Load.flat().peak_to_mean == 1.0


def test_a_day_holds_for_every_day_of_the_week() -> None:
    day = Load.hourly([1.0] * 23 + [7.0])
    assert_allclose(day.hours.reshape(7, 24), np.tile(day.hours[:24], (7, 1)))
    assert day.peak_to_mean == pytest.approx(7 / (30 / 24))


def test_a_load_is_a_value() -> None:
    assert Load.hourly([2.0] * 24) == Load.hourly([4.0] * 168)
    assert hash(Load.flat()) == hash(Load.flat())
    assert not Load.flat().hours.flags.writeable
    assert_allclose(np.asarray(Load.flat(), dtype=float), np.ones(168))


@pytest.mark.parametrize("weight", [5e-324, 1e-300, 1e308])
def test_weights_of_any_size_are_relative(weight: float) -> None:
    assert Load.hourly([weight] * 168).weights == (1.0,) * 168
    assert Load.hourly([weight] + [0.0] * 167).peak_to_mean == 168.0


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        ([], "0 weights"),
        ([1.0] * 25, "25 weights"),
        (7, "1 weights"),
        ([0.0] * 168, "weights that are negative, not finite or all 0"),
        ([1.0] * 167 + [-0.1], "weights that are negative, not finite or all 0"),
        ([math.nan] * 24, "weights that are negative, not finite or all 0"),
        (["much"] * 24, repr(["much"] * 24)[:60]),
    ],
)
def test_weights_that_are_none(weights: Any, found: str) -> None:
    assert refused(lambda: Load.hourly(weights)) == (
        f"load\n  found {found}; accepted: 24 or 168 finite weights >= 0, not all 0."
    )


@pytest.mark.parametrize("ratio", [0.5, math.inf, math.nan])
def test_a_burst_that_is_none(ratio: float) -> None:
    assert "load:burst_ratio" in refused(lambda: Load((1.0,) * 24, burst_ratio=ratio))


# ---------------------------------------------------------------------- office hours


def test_office_hours_of_utc() -> None:
    """Nine hours on five days at 1, the other 123 at 0.1: 168 / (45 + 12.3) for an hour of work."""
    load = Load.business_hours()
    week = load.hours.reshape(7, 24)
    busy, quiet = 168 / (45 + 12.3), 0.1 * 168 / (45 + 12.3)
    assert_allclose(week[:5, 9:18], busy)
    assert_allclose(week[:5, :9], quiet)
    assert_allclose(week[:5, 18:], quiet)
    assert_allclose(week[5:], quiet)
    assert OUTSIDE_SHARE == 0.1
    assert "our judgement" in load.assumed
    assert Load.business_hours(outside_share=0.1).assumed == ""


def test_office_hours_elsewhere() -> None:
    """9:00 in New York is 14:00 UTC in winter; in Tokyo it is 0:00, in India 3:30."""
    plain = Load.business_hours()
    assert Load.business_hours(time_zone="America/New_York").hours == pytest.approx(plain.shifted(5).hours)
    assert Load.business_hours(time_zone=9).hours == pytest.approx(plain.shifted(-9).hours)
    assert Load.business_hours(time_zone="Asia/Tokyo").hours == pytest.approx(plain.shifted(-9).hours)
    india = Load.business_hours(time_zone="Asia/Kolkata", outside_share=0.0).hours[:24]
    assert_allclose(india[[2, 3, 4, 11, 12, 13]] / india.max(), [0.0, 0.5, 1.0, 1.0, 0.5, 0.0])


def test_parts_of_hours_are_worked_in_part() -> None:
    load = Load.business_hours(start_hour=8.25, end_hour=12.5, weekdays=1, outside_share=0.0)
    assert_allclose(load.hours[7:14] / load.hours.max(), [0, 0.75, 1, 1, 1, 0.5, 0])
    assert load.peak_to_mean == pytest.approx(168 / 4.25)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("UTC", 0.0),
        ("Europe/Berlin", 1.0),
        ("Europe/Dublin", 0.0),  # whose law calls the summer's the standard time
        ("Australia/Sydney", 10.0),  # whose summer is January
        ("Asia/Kolkata", 5.5),
        (-3.5, -3.5),
    ],
)
def test_zones_are_at_standard_time(zone: str | float, hours: float) -> None:
    assert offset_hours(zone) == hours


def test_several_zones_share_the_traffic() -> None:
    berlin, tokyo = (Load.business_hours(time_zone=zone) for zone in ("Europe/Berlin", "Asia/Tokyo"))
    mixed = Load.business_hours(time_zone={"Europe/Berlin": 0.75, "Asia/Tokyo": 0.25})
    assert_allclose(mixed.hours, 0.75 * berlin.hours + 0.25 * tokyo.hours)
    even = Load.business_hours(time_zone=["Europe/Berlin", 9])
    assert_allclose(even.hours, (berlin.hours + tokyo.hours) / 2)
    assert mixed.sources == (
        "9 to 18 o'clock, 5 days a week from Monday, 75% Europe/Berlin, 25% Asia/Tokyo (standard time), "
        "0.1 of the traffic outside",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start_hour": -1}, "load:start_hour\n  found -1; accepted: a number from 0 to 24 (hour of the day)."),
        ({"end_hour": 25}, "load:end_hour\n  found 25; accepted: a number from 0 to 24 (hour of the day)."),
        ({"start_hour": "9"}, "load:start_hour\n  found '9'; accepted: a number from 0 to 24 (hour of the day)."),
        (
            {"start_hour": 22, "end_hour": 6},
            "load\n  found start_hour 22 and end_hour 6; accepted: a start before the end, on one day.\n"
            "  Work over midnight is office hours shifted: Load.business_hours(…).shifted(12).",
        ),
        ({"weekdays": 0}, "load:weekdays\n  found 0; accepted: a whole number from 1 to 7, days from Monday."),
        ({"weekdays": 2.5}, "load:weekdays\n  found 2.5; accepted: a whole number from 1 to 7, days from Monday."),
        (
            {"time_zone": "Europe/Berln"},
            "load:time_zone\n  found 'Europe/Berln'; accepted: an IANA name such as 'Europe/Berlin', or hours ahead of "
            "UTC from -12 to 14.\n  Did you mean 'Europe/Berlin'",
        ),
        ({"time_zone": 15}, "load:time_zone\n  found 15; accepted: an IANA name"),
        ({"time_zone": []}, "load:time_zone\n  found no time zone; accepted: at least one"),
        ({"time_zone": None}, "load:time_zone\n  found None; accepted: a zone such as 'Europe/Berlin' or 1, a list"),
        (
            {"time_zone": {"UTC": 0.5, "Asia/Tokyo": 0.4}},
            "load:time_zone\n  found shares that add up to 0.9; accepted: shares that add up to 1.",
        ),
        (
            {"time_zone": {"UTC": 50}},
            "load:time_zone[UTC]\n  found 50; accepted: a number from 0 to 1 (share).\n"
            "  Shares are fractions: write 0.5 for 50%.",
        ),
        ({"outside_share": 1.5}, "load:outside_share\n  found 1.5; accepted: a number from 0 to 1 (share)."),
    ],
)
def test_office_hours_that_are_none(arguments: dict[str, Any], said: str) -> None:
    assert refused(lambda: Load.business_hours(**arguments)).startswith(said)


# ---------------------------------------------------------------------- presets


def test_presets_are_those_of_the_tables() -> None:
    store = bundled_store()
    ids = [record.data["id"] for path in store.files("load") for record in store.records("load", path)]
    assert sorted(map(str, ids)) == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_brings_row_and_burst(name: str) -> None:
    load = Load.preset(name)
    (source,) = load.sources
    assert isinstance(source, Citation)
    assert source.row == f"load:{name}"
    assert source.location.startswith("pricing/load/")
    assert "@" in source.via
    assert load.citations == (source,)
    assert load.burst_ratio is not None
    assert 1.0 < load.burst_ratio < 1.3
    assert load.hours.mean() == pytest.approx(1.0, abs=1e-12)
    assert load.notes == (f"{name}: {source.caveat}",)


def test_the_traces_peak_as_others_counted() -> None:
    """Counted from the files themselves: the middle hour of coding has 0.202 of the peak hour's requests, of
    conversation 0.618; weekends 39,572 of 100,022 and 105,255 of 162,524 requests an hour (the Azure rows' notes)."""
    coding, talk = (Load.preset(name).hours for name in PRESETS[:2])
    assert np.median(coding) / coding.max() == pytest.approx(0.202, abs=0.004)
    assert np.median(talk) / talk.max() == pytest.approx(0.618, abs=0.01)
    assert coding[120:].mean() == pytest.approx(39_572 / 100_022, abs=0.002)
    assert talk[120:].mean() == pytest.approx(105_255 / 162_524, abs=0.002)
    counted = np.array([77540, 76895, 66953, 57781, 46575, 38670, 32595, 29267, 25758, 28504])  # Friday 0:00 to 10:00
    assert_allclose(coding[96:106], counted / (16_803_695 / 168), rtol=0.03)


def test_an_unknown_preset_is_refused_with_the_known() -> None:
    known = f"24 or 168 weights, or one of flat, business_hours, {', '.join(PRESETS)}"
    assert refused(lambda: Load.preset("azure-coding")) == (
        f"load\n  found unknown 'azure-coding'; accepted: {known}.\n  Did you mean 'azure-coding-2024'?"
    )
    assert refused(lambda: Load.preset(7)) == f"load\n  found unknown 7; accepted: {known}."  # type: ignore[arg-type]


WEEK = {day: [1.0] * 24 for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def profile(**keys: Any) -> dict[str, Any]:
    """Return a row of a load that is the same in every hour, with other keys."""
    given = {"licence": "mine", "unit": "tokens", "nature": "measured", "clock": "utc", "measured_days": 7}
    return {"id": "own", "name": "Own", **given, **CITED, "hourly_load_ratio": WEEK, **keys}


def test_a_preset_of_ones_own_tables(tmp_path: Path) -> None:
    peaked = WEEK | {"mon": [2.0] + [1.0] * 22 + [0.0]}
    files = {"load/own": {"profiles": [profile(hourly_load_ratio=peaked, aliases=["ours"])]}}
    store = open_store(write_tables(tmp_path / "tables", files))
    store.check()
    load = Load.preset("ours", book=Book(store, store.date))
    assert (load.name, load.peak_to_mean, load.burst_ratio, load.covered_days) == ("own", 2.0, None, 7)
    assert load.citations[0].location.endswith("load/own.yaml:2")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"hourly_load_ratio": WEEK | {"sun": [1.0] * 23}}, "found 23 hours; accepted: 24 hours, from 0:00."),
        ({"hourly_load_ratio": WEEK | {"sun": [0.0] * 24}}, "hours with a mean of 0.8571; accepted: hours over"),
        ({"hourly_load_ratio": WEEK | {"sun": [-1.0] * 24}}, "found -1.0; accepted: a number >= 0"),
        ({"burst_ratio": 1.2}, "found one of burst_ratio and burst_seconds; accepted: both, or neither."),
        ({"nature": "plot"}, "found nature plot with reading_error_share 0; accepted: reading_error_share above 0"),
        ({"reading_error_share": 0.1}, "found nature measured with reading_error_share 0.1; accepted:"),
        ({"clock": "local"}, "accepted: one of 'utc' or 'unknown'"),
    ],
)
def test_a_row_that_is_no_load(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    store = open_store(write_tables(tmp_path / "tables", {"load/own": {"profiles": [profile(**keys)]}}))
    with pytest.raises(TableError) as caught:
        store.check()
    assert said in str(caught.value)
    assert "load/own.yaml:" in str(caught.value)


# ---------------------------------------------------------------------- mixes and shifts


def test_a_mix_adds_hour_by_hour() -> None:
    office, coding = Load.business_hours(), Load.preset("azure-coding-2024")
    mixed = Load.mix([("flat", 0.5), (office, 0.2), (coding, 0.3)])
    assert_allclose(mixed.hours, 0.5 + 0.2 * office.hours + 0.3 * coding.hours)
    assert mixed.name == "50% flat and 20% business hours and 30% azure-coding-2024"
    assert mixed.citations == coding.citations
    assert mixed.burst_ratio is None
    assert mixed.assumed == office.assumed
    assert Load.mix([(coding, 1.0), (office, 0.0)]).burst_ratio == coding.burst_ratio


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], "load: mix\n  found []; accepted: pairs of a load and its share"),
        (["flat"], "load: mix\n  found 'flat'; accepted: pairs of a load and its share"),
        ([("flat", 0.5)], "load\n  found shares that add up to 0.5; accepted: shares that add up to 1."),
        ([("flat", -0.5), ("flat", 1.5)], "load:share\n  found -0.5; accepted: a number from 0 to 1 (share)."),
        ([("nowhere", 1.0)], "load\n  found unknown 'nowhere'"),
    ],
)
def test_a_mix_that_is_none(parts: Any, said: str) -> None:
    assert refused(lambda: Load.mix(parts)).startswith(said)


def test_a_shift_moves_hours_later_and_round_the_week() -> None:
    load = Load.hourly([0.0] * 167 + [1.0], name="Sunday night")
    assert load.shifted(1).hours[0] == 168.0
    assert load.shifted(-167).hours[0] == 168.0
    assert_allclose(load.shifted(0.25).hours[[167, 0]], [0.75 * 168, 0.25 * 168])
    assert load.shifted(2).name == "Sunday night +2 h"
    assert load.shifted(168).weights == load.weights


@pytest.mark.parametrize("hours", [math.nan, math.inf, "1", True])
def test_a_shift_that_is_none(hours: Any) -> None:
    said = refused(lambda: Load.flat().shifted(hours))
    assert said == f"load: shifted\n  found {hours!r}; accepted: a finite number (hours)."


def test_describe_names_the_load() -> None:
    assert Load.business_hours().describe() == "business hours load, peak 2.93x mean"
    assert Load.hourly([1.0] * 24).describe() == "hourly load, peak 1x mean"
    assert load_of("flat", "here").describe() == "flat load, peak 1x mean"


# ---------------------------------------------------------------------- logs


def weekly(*weeks: list[float]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return one request at half past every hour from a Monday on, with its tokens."""
    tokens = np.concatenate([np.asarray(week, dtype=float) for week in weeks])
    return MONDAY + np.timedelta64(30, "m") + np.arange(tokens.size).astype("m8[h]"), tokens


RAMP = [float(hour + 1) for hour in range(168)]


def test_a_log_of_two_weeks_is_their_mean() -> None:
    times, tokens = weekly(RAMP, [3.0 * hour for hour in RAMP])
    load = Load.from_log(times, tokens=tokens, start="2026-11-02", end="2026-11-16", name="chat")
    assert_allclose(load.hours, np.array(RAMP) / np.mean(RAMP))
    assert load.covered_days == 14
    assert load.sources == ("own log: tokens of 14 days from 2026-11-02",)
    assert load.name == "chat"


def test_requests_count_without_tokens() -> None:
    times, _ = weekly(RAMP)
    assert Load.from_log(times).weights == (1.0,) * 168


def test_a_log_begins_on_any_day() -> None:
    """From a Thursday at 5:00: hours are laid where they belong in the week."""
    times, tokens = weekly(RAMP, RAMP)
    whole = Load.from_log(times[77:245], tokens=tokens[77:245])
    assert_allclose(whole.hours, np.array(RAMP) / np.mean(RAMP))


def test_hours_to_spare_are_left_out() -> None:
    """170 hours: the last is where the log was cut, and the first is not needed."""
    times, tokens = weekly(RAMP, RAMP)
    tokens[169] = 1e9
    load = Load.from_log(times[:170], tokens=tokens[:170])
    assert_allclose(load.hours, np.array(RAMP) / np.mean(RAMP))
    assert load.covered_days == 7


def test_times_of_any_kind_are_utc() -> None:
    times, tokens = weekly(RAMP)
    moments = [datetime(2026, 11, 2, 0, 30, tzinfo=UTC) + timedelta(hours=hour) for hour in range(168)]
    texts = [str(time) for time in times]
    berlin = pd.Series(moments).dt.tz_convert("Europe/Berlin")
    expected = Load.from_log(times, tokens=tokens).weights
    spellings: list[Any] = [moments, texts, berlin, pd.DatetimeIndex(times), [f"{text}Z" for text in texts]]
    for spelled in spellings:
        assert Load.from_log(spelled, tokens=tokens).weights == expected


def test_a_day_of_log_gives_a_profile_of_the_day() -> None:
    times, tokens = weekly(RAMP)
    load = Load.from_log(times[5:29], tokens=tokens[5:29], period="day")
    day = np.roll(np.array(RAMP[5:29]), 5)
    assert_allclose(load.hours, np.tile(day / day.mean(), 7))
    assert load.covered_days == 1


def test_the_busiest_minute_of_the_peak_hour() -> None:
    """Monday 0:00 has 60 requests and 30 more in minute 7: 31 / 1.5; a week later 61 in it: 61 / 2. Median of both."""
    minutes = [MONDAY + np.timedelta64(minute, "m") for minute in range(60)]
    week = np.timedelta64(7, "D")
    quiet = [MONDAY + np.timedelta64(hour, "h") for hour in range(336)]
    more = [MONDAY + np.timedelta64(7 * 60 + second, "s") for second in range(30)]
    again = [week + MONDAY + np.timedelta64(7 * 60 + second % 60, "s") for second in range(60)]
    times = np.array([*minutes, *(minute + week for minute in minutes), *quiet[1:168], *quiet[169:], *more, *again])
    load = Load.from_log(times)
    assert load.burst_ratio == pytest.approx((31 / 1.5 + 61 / 2) / 2)


def test_bursts_need_times_within_the_hour() -> None:
    hours = MONDAY + np.arange(168).astype("m8[h]")
    assert Load.from_log(hours, tokens=RAMP).burst_ratio is None
    tens = MONDAY + 10 * np.arange(168 * 6).astype("m8[m]")
    busy = np.ones(tens.size)
    busy[12] = 3.0  # 2:00 holds 3 + 5, in parts of 10 minutes
    assert Load.from_log(tens, tokens=busy).burst_ratio == pytest.approx(3 / (8 / 6))


@pytest.fixture
def table() -> pd.DataFrame:
    """A week of requests as a table."""
    times, tokens = weekly(RAMP)
    return pd.DataFrame({"timestamp": times, "prompt": tokens - 1.0, "answer": 1.0})


def test_a_table_with_columns(table: pd.DataFrame, tmp_path: Path) -> None:
    expected = np.array(RAMP) / np.mean(RAMP)
    assert_allclose(Load.from_log(table, token_columns=["prompt", "answer"]).hours, expected)
    path = tmp_path / "log.csv"
    table.rename(columns={"timestamp": "TIMESTAMP"}).to_csv(path, index=False)
    load = Load.from_log(path, time_column="TIMESTAMP", token_columns=("prompt", "answer"))
    assert_allclose(load.hours, expected)
    assert load.sources == ("log.csv: tokens of 7 days from 2026-11-02",)
    requests = Load.from_log(str(path), time_column="TIMESTAMP")
    assert requests.weights == (1.0,) * 168
    assert requests.sources == ("log.csv: requests of 7 days from 2026-11-02",)


def test_a_parquet_file(table: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "log.parquet")
    load = Load.from_log(tmp_path / "log.parquet", token_columns=["prompt", "answer"])
    assert_allclose(load.hours, np.array(RAMP) / np.mean(RAMP))


def test_parquet_without_a_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def absent(*_: object) -> None:
        raise ImportError("no engine")

    monkeypatch.setattr(pd, "read_parquet", absent)
    said = refused(lambda: Load.from_log(tmp_path / "log.parquet"))
    assert said.endswith("Install it with: pip install pyarrow.")


ODD = MONDAY + np.arange(400).astype("m8[h]")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"log": []}, "load: log\n  found no request; accepted: a log of at least one day."),
        (
            {"log": ODD[:100]},
            "load: log\n  found a log of 100 hours; accepted: at least 168 hours, for a profile by hour of the week.\n"
            '  If it covers more than its first to last request, say so with start= and end=; period="day" asks for 24 '
            "hours only.",
        ),
        (
            {"log": ODD[:10], "period": "day"},
            "load: log\n  found a log of 10 hours; accepted: at least 24 hours, for a profile by hour of the day.\n"
            "  If it covers more than its first to last request, say so with start= and end=.",
        ),
        ({"log": ODD, "period": "month"}, "load: period\n  found 'month'; accepted: 'week' or 'day'."),
        ({"log": ODD, "start": "2027-01-01"}, "load: log\n  found a log of 0 hours; accepted: at least 168 hours"),
        (
            {"log": ODD, "start": "2027-01-01", "end": "2027-01-08"},
            "load: log\n  found no traffic in the 7 days that count; accepted: traffic between start and end.",
        ),
        ({"log": ODD, "start": "soon"}, "load: log: times\n  found 'soon'; accepted: times such as"),
        (
            {"log": [1.7e9, 1.8e9]},
            "load: log: times\n  found 1700000000.0; accepted: times such as 2026-11-20T02:30:00 (UTC where "
            "they have no zone).\n  Seconds since 1970 are np.array(seconds, dtype='datetime64[s]').",
        ),
        ({"log": ["yesterday"]}, "load: log: times\n  found 'yesterday'; accepted: times such as"),
        ({"log": [ODD[0], np.datetime64("NaT")]}, "load: log: times\n  found a time that is missing; accepted: times"),
        ({"log": ODD, "tokens": [1.0]}, "load: log: tokens\n  found 1 for 400 requests; accepted: a number for each"),
        ({"log": ODD, "tokens": [-1.0] * 400}, "load: log: tokens\n  found -1; accepted: finite numbers >= 0"),
        ({"log": ODD, "tokens": [math.nan] * 400}, "load: log: tokens\n  found nan; accepted: finite numbers >= 0"),
        ({"log": ODD, "tokens": ["x"] * 400}, "load: log: tokens\n  found ['x', 'x'"),
        ({"log": ODD, "tokens": [0.0] * 400}, "load: log: tokens\n  found 0 in every request; accepted: some above 0"),
        ({"log": ODD, "token_columns": "x"}, "load: log\n  found token_columns beside an array of times; accepted:"),
        ({"log": pd.DataFrame(), "tokens": [1.0]}, "load: log\n  found tokens beside a table; accepted: token_columns"),
        (
            {"log": pd.DataFrame({"timestamps": ODD})},
            "load: log\n  found no column 'timestamp'; accepted: time_column and token_columns among timestamps.\n"
            "  Did you mean 'timestamps'?",
        ),
        ({"log": "log.xlsx"}, "load: log.xlsx\n  found a file that ends in '.xlsx'; accepted: one that ends in .csv"),
        ({"log": "nowhere.csv"}, "load: nowhere.csv\n  found no such file; accepted: a CSV or Parquet file"),
    ],
)
def test_a_log_that_is_none(arguments: dict[str, Any], said: str) -> None:
    assert refused(lambda: Load.from_log(**arguments)).startswith(said)


def test_an_empty_file_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    assert refused(lambda: Load.from_log(path)).startswith(f"load: {path}\n  found No columns to parse")


def test_a_log_feeds_a_workload() -> None:
    times, tokens = weekly(RAMP)
    workload = tc.Workload(input_tokens=3_000, output_tokens=400, load=Load.from_log(times, tokens=tokens, name="chat"))
    assert workload.peak == pytest.approx(168 / np.mean(RAMP))
    assert workload.burst == pytest.approx(2.0)  # times are whole half hours: one of two in the peak hour is busy
