"""Prices that depend on the hour: the mean over traffic, the hours that waiting takes, requests by the minute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import MTOK, api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ScenarioError, TableError

BASE: dict[str, Any] = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 4.0}
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
WEEK = [*WEEKDAYS, "sat", "sun"]
SHAPE: dict[str, Any] = {"input_tokens": 1_000, "output_tokens": 1_000}


def window(*spans: str, ratio: float = 2.0, days: list[str] | None = None, **keys: Any) -> dict[str, Any]:
    """Return a time window; a span reads 09:00-12:00."""
    stretches = [dict(zip(("from_time", "until_time"), span.split("-"), strict=True)) for span in spans]
    return {"id": "peak", "days": days or WEEK, "spans": stretches, "price_ratio": ratio, **keys}


def option_with(folder: Path, *windows: dict[str, Any], as_of: str = "2026-11-21", **keys: Any) -> Any:
    """Return a model at 4 USD per million tokens of every class, under these windows."""
    model = hosted("one", row(**BASE, time_windows=list(windows), **keys))
    return price_book(folder, api(model), as_of=as_of).api("acme/one", label="one")


def ratio_of(option: Any, **shape: Any) -> float:
    """Return what the hours make of the workload's price."""
    return float(option.curve(tc.Workload(**SHAPE, **shape)).usd_per_mtok(1e9)) / 4.0


def ratios_at(option: Any, *times: str) -> list[float]:
    """Return what single requests cost over what they cost outside all windows."""
    usd = option.bill(input_tokens=MTOK, output_tokens=0, completed_at=np.array(times, dtype="datetime64[s]"))
    return [float(each) / 4.0 for each in usd]


# ---------------------------------------------------------------------- the mean over traffic


def test_a_peak_of_35_hours_a_week_at_twice_the_price(tmp_path: Path) -> None:
    """Seven hours on five days, as DeepSeek's: 1 + 35 / 168 = 1.208333 over flat traffic."""
    option = option_with(tmp_path, window("01:00-04:00", "06:00-10:00", days=WEEKDAYS))
    assert ratio_of(option) == pytest.approx(1.0 + 35 / 168, rel=1e-12)
    assert ratio_of(option) == pytest.approx(1.208333, abs=5e-7)
    said = "one: 2 times the price in peak hours; over flat traffic 1.208 times."
    assert said in tc.Study([option], workload=tc.Workload(**SHAPE)).notes


def test_a_load_profile_weights_the_hours_of_the_day(tmp_path: Path) -> None:
    """Half of the traffic falls between 09:00 and 10:00 UTC, where it costs 3 times as much on 5 of 7 days."""
    option = option_with(tmp_path, window("09:00-10:00", ratio=3.0, days=WEEKDAYS))
    load = [0.5 / 23] * 24
    load[9] = 0.5
    assert ratio_of(option, load=load) == pytest.approx(1.0 + 2.0 * 0.5 * 5 / 7, rel=1e-12)
    said = "one: 3 times the price in peak hours; over the load profile (its hours are UTC) 1.714 times."
    assert said in tc.Study([option], workload=tc.Workload(**SHAPE, load=load)).notes


def test_a_load_profile_of_a_week_begins_on_monday(tmp_path: Path) -> None:
    """A tenth of the traffic falls into the window's hour, Saturday 22:00."""
    option = option_with(tmp_path, window("22:00-23:00", days=["sat"], ratio=0.5))
    load = [0.9 / 167] * 168
    load[5 * 24 + 22] = 0.1
    assert ratio_of(option, load=load) == pytest.approx(1.0 - 0.5 * 0.1, rel=1e-12)


def test_half_an_hour_counts_half(tmp_path: Path) -> None:
    """16:30 to 00:30 is 8 hours of the day; of the hour from 16:00 only half is inside."""
    option = option_with(tmp_path, window("16:30-00:30", ratio=0.5))
    assert ratio_of(option) == pytest.approx(1.0 - 0.5 * 8 / 24, rel=1e-12)
    load = [0.0] * 24
    load[16] = 1.0
    assert ratio_of(option, load=load) == pytest.approx(1.0 - 0.5 * 0.5, rel=1e-12)


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins(tmp_path: Path) -> None:
    """Sunday 23:00 to 02:00: an hour at the end of the week and two at its beginning."""
    option = option_with(tmp_path, window("23:00-02:00", days=["sun"]))
    assert ratio_of(option) == pytest.approx(1.0 + 3 / 168, rel=1e-12)
    # 2026-11-22 is a Sunday
    times = ["2026-11-22T22:59", "2026-11-22T23:00", "2026-11-23T01:59", "2026-11-23T02:00", "2026-11-22T01:00"]
    assert ratios_at(option, *times) == pytest.approx([1.0, 2.0, 2.0, 1.0, 1.0])


def test_a_whole_day_ends_at_midnight(tmp_path: Path) -> None:
    option = option_with(tmp_path, window("00:00-24:00", days=["sat", "sun"], ratio=0.5))
    assert ratio_of(option) == pytest.approx(1.0 - 0.5 * 2 / 7, rel=1e-12)
    # Friday 2026-11-20 to Monday 2026-11-23
    times = ["2026-11-20T23:59", "2026-11-21T00:00", "2026-11-22T23:59:59", "2026-11-23T00:00"]
    assert ratios_at(option, *times) == pytest.approx([1.0, 0.5, 0.5, 1.0])


def test_several_windows_each_have_their_price(tmp_path: Path) -> None:
    """6 hours at twice, 8 at half the price; where two meet the later one holds, here for 2 of the 6 hours."""
    peak, night = window("18:00-24:00"), window("22:00-06:00", ratio=0.5, id="night")
    option = option_with(tmp_path, peak, night)
    assert ratio_of(option) == pytest.approx(1.0 + 4 / 24 - 0.5 * 8 / 24, rel=1e-12)
    times = ["2026-11-20T21:59", "2026-11-20T22:00", "2026-11-20T05:59", "2026-11-20T06:00"]
    assert ratios_at(option, *times) == pytest.approx([2.0, 0.5, 0.5, 1.0])


def test_spans_that_overlap_count_once(tmp_path: Path) -> None:
    assert ratio_of(option_with(tmp_path, window("08:00-12:00", "10:00-14:00"))) == pytest.approx(1.0 + 6 / 24)


# ---------------------------------------------------------------------- other clocks


def test_another_time_zone(tmp_path: Path) -> None:
    """09:00 in Shanghai is 01:00 UTC, all year; Monday there begins on Sunday 16:00 UTC."""
    option = option_with(tmp_path, window("09:00-12:00", days=["mon"], time_zone="Asia/Shanghai"))
    times = ["2026-11-23T00:59", "2026-11-23T01:00", "2026-11-23T03:59", "2026-11-23T04:00", "2026-11-22T01:00"]
    assert ratios_at(option, *times) == pytest.approx([1.0, 2.0, 2.0, 1.0, 1.0])
    early = option_with(tmp_path / "early", window("00:00-01:00", days=["mon"], time_zone="Asia/Shanghai"))
    assert ratios_at(early, "2026-11-22T15:59", "2026-11-22T16:00", "2026-11-22T16:59") == pytest.approx([1, 2, 2])
    assert ratio_of(early) == pytest.approx(1.0 + 1 / 168, rel=1e-12)


@pytest.mark.parametrize(
    ("as_of", "begins"), [("2026-03-28", "08:00"), ("2026-03-30", "07:00"), ("2026-11-21", "08:00")]
)
def test_daylight_saving_goes_by_the_books_date(tmp_path: Path, as_of: str, begins: str) -> None:
    """09:00 in Berlin is 08:00 UTC in winter and, from 2026-03-29 to 2026-10-25, 07:00 in summer."""
    option = option_with(tmp_path, window("09:00-10:00", time_zone="Europe/Berlin"), as_of=as_of)
    hour = int(begins[:2])
    times = [
        f"2026-06-01T{hour - 1:02}:59",
        f"2026-06-01T{begins}",
        f"2026-06-01T{hour:02}:59",
        f"2026-06-01T{hour + 1:02}:00",
    ]
    assert ratios_at(option, *times) == pytest.approx([1.0, 2.0, 2.0, 1.0])


def test_a_zone_of_half_hours(tmp_path: Path) -> None:
    """Kolkata is 5:30 ahead: 09:00 there is 03:30 UTC."""
    option = option_with(tmp_path, window("09:00-10:00", time_zone="Asia/Kolkata"))
    assert ratios_at(option, "2026-11-20T03:29", "2026-11-20T03:30", "2026-11-20T04:29", "2026-11-20T04:30") == (
        pytest.approx([1.0, 2.0, 2.0, 1.0])
    )
    assert ratio_of(option) == pytest.approx(1.0 + 1 / 24, rel=1e-12)


@pytest.mark.parametrize("zone", ["Mars/Base", "Europe", "../UTC"])
def test_a_clock_that_nobody_has(tmp_path: Path, zone: str) -> None:
    with pytest.raises(TableError) as caught:
        option_with(tmp_path, window("09:00-10:00", time_zone=zone))
    assert str(caught.value).endswith(
        f".time_windows[0].time_zone\n  found {zone!r}, which is no time zone known here; "
        "accepted: an IANA name such as UTC or Asia/Shanghai."
    )


@pytest.mark.parametrize("clock", ["9:00", "25:00", "24:01", "12:60", "noon"])
def test_a_time_of_day_that_is_none(tmp_path: Path, clock: str) -> None:
    with pytest.raises(TableError) as caught:
        option_with(tmp_path, window(f"{clock}-12:00"))
    assert f'found {clock!r}; accepted: a time of day such as "16:30", in quotes.' in str(caught.value)


# ---------------------------------------------------------------------- what can wait


def test_what_can_wait_takes_the_cheapest_hours(tmp_path: Path) -> None:
    """Peak twice, night half the price: a fifth pays half, the rest the mean 1 + 3/24 - 0.5 x 8/24."""
    peak, night = window("09:00-12:00"), window("22:00-06:00", ratio=0.5, id="night")
    option = option_with(tmp_path, peak, night)
    mean = 1.0 + 3 / 24 - 0.5 * 8 / 24
    assert ratio_of(option, batch_share=0.2) == pytest.approx(0.8 * mean + 0.2 * 0.5, rel=1e-12)


def test_what_can_wait_avoids_a_peak(tmp_path: Path) -> None:
    assert ratio_of(option_with(tmp_path, window("09:00-12:00")), batch_share=1.0) == pytest.approx(1.0)


def test_what_can_wait_has_no_hours_that_no_week_has(tmp_path: Path) -> None:
    """The two windows cover the whole week, so that nothing is ever sold at the row's own price."""
    windows = window("08:00-20:00"), window("20:00-08:00", ratio=1.5, id="rest")
    assert ratio_of(option_with(tmp_path, *windows), batch_share=1.0) == pytest.approx(1.5)


def test_batch_and_hours_stack(tmp_path: Path) -> None:
    """Half the price in batches, in the night hours half of that again."""
    night = window("22:00-06:00", ratio=0.5, id="night")
    option = option_with(tmp_path, night, batch={"discount_share": 0.5}, fee_usd_per_request=0.001)
    tokens = 4.0 * 0.5 * 0.5 * 2_000 / MTOK
    assert ratio_of(option, batch_share=1.0) * 4.0 == pytest.approx((tokens + 0.001) / 2_000 * MTOK, rel=1e-12)


# ---------------------------------------------------------------------- single requests


def test_a_request_is_billed_by_the_minute_of_its_completion(tmp_path: Path) -> None:
    """In from 16:30:00, out from 00:30:00 of the next day; Friday's window reaches into Saturday."""
    option = option_with(tmp_path, window("16:30-00:30", days=["fri"], ratio=0.25))
    # 2026-11-20 is a Friday
    times = ["2026-11-20T16:29:59", "2026-11-20T16:30:00", "2026-11-21T00:29:59", "2026-11-21T00:30:00"]
    assert ratios_at(option, *times) == pytest.approx([1.0, 0.25, 0.25, 1.0])
    assert ratios_at(option, "2026-11-21T16:30", "1969-12-26T16:30") == pytest.approx([1.0, 0.25])  # a Friday too


def test_a_fee_and_the_discount_stay_outside_the_hours(tmp_path: Path) -> None:
    option = option_with(tmp_path, window("09:00-10:00"), fee_usd_per_request=0.01)
    book_option = tc.load_prices(tmp_path, as_of="2026-11-21").api("acme/one", discount_share=0.1)
    usd = book_option.bill(input_tokens=1_000, output_tokens=0, completed_at="2026-11-20T09:30")
    assert usd == pytest.approx((1_000 * 4 * 2 / MTOK + 0.01) * 0.9)
    assert option.bill(input_tokens=0, output_tokens=0, completed_at="2026-11-20T09:30") == pytest.approx(0.01)


def test_times_and_tokens_broadcast(tmp_path: Path) -> None:
    option = option_with(tmp_path, window("09:00-10:00"))
    times = np.array(["2026-11-20T08:00", "2026-11-20T09:00", "2026-11-20T10:00"], dtype="datetime64[m]")
    usd = option.bill(input_tokens=np.array([[1_000], [2_000]]), output_tokens=0, completed_at=times)
    assert_allclose(usd, np.outer([1_000, 2_000], [1, 2, 1]) * 4 / MTOK, rtol=1e-12)


@pytest.mark.parametrize(
    ("completed_at", "said"),
    [
        (
            None,
            "found no completed_at, though the price depends on the hour (peak 2x); "
            "accepted: the time of each request, UTC, such as a datetime64.",
        ),
        ("NaT", "found a time that is missing (NaT); accepted: a time for every request."),
        ("lunch", "found 'lunch'; accepted: times without a zone, UTC, such as '2026-11-20T02:30'."),
    ],
)
def test_a_time_is_needed_where_the_price_depends_on_it(tmp_path: Path, completed_at: Any, said: str) -> None:
    option = option_with(tmp_path, window("09:00-10:00"))
    with pytest.raises(ScenarioError) as caught:
        option.bill(input_tokens=1, output_tokens=0, completed_at=completed_at)
    assert str(caught.value) == f"bill: completed_at\n  {said}"


def test_no_time_is_needed_where_it_makes_no_difference(tmp_path: Path) -> None:
    assert option_with(tmp_path).bill(input_tokens=MTOK, output_tokens=0) == pytest.approx(4.0)


def test_flat_traffic_pays_the_mean_of_its_requests(tmp_path: Path) -> None:
    """A request in every minute of a week, at prices that change at odd minutes."""
    windows = (
        window("09:10-11:55", days=WEEKDAYS, time_zone="Asia/Shanghai"),
        window("22:45-05:05", ratio=0.5, id="night"),
    )
    option = option_with(tmp_path, *windows)
    minutes = np.datetime64("2026-11-16T00:00", "m") + np.arange(7 * 24 * 60)
    mean = float(option.bill(input_tokens=MTOK, output_tokens=0, completed_at=minutes).mean()) / 4.0
    assert ratio_of(option) == pytest.approx(mean, rel=1e-12)


def test_holidays_are_said_not_counted(tmp_path: Path) -> None:
    option = option_with(tmp_path, window("09:00-10:00", except_holidays="CN"))
    said = "one: 2 times the price in peak hours; over flat traffic 1.042 times, CN holidays not counted."
    assert said in tc.Study([option], workload=tc.Workload(**SHAPE)).notes


def test_a_windows_ratio_has_an_address_and_may_be_draws(tmp_path: Path) -> None:
    option = option_with(tmp_path, window("09:00-12:00"))
    study = tc.Study([option], workload=tc.Workload(**SHAPE))
    address = "prices:acme/one.time_windows[peak].price_ratio"
    drawn = study.replace({address: np.array([1.0, 2.0, 5.0])})
    curve = drawn.comparison.resolved["one"].curve
    assert_allclose(np.ravel(curve.usd_per_mtok(1e9)), 4.0 * (1.0 + np.array([0.0, 1.0, 4.0]) * 3 / 24), rtol=1e-12)
