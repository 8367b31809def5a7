"""Trends of prices: small histories by hand, the bundled ones against SciPy and pandas, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.tables import CITED, api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TokencrossError
from tokencross.number import Distribution, check_number
from tokencross.studies.price_series import known_until
from tokencross.studies.trend_fit import fit_level, fit_same_things
from tokencross.studies.trends import trend
from tokencross.tables.book import Book


def prices(*eras: tuple[str, float], **last: Any) -> list[dict[str, Any]]:
    """Rows whose input and output cost the same, so that the share of input does not matter."""
    rows = [row(day, input_usd_per_mtok=usd, output_usd_per_mtok=usd) for day, usd in eras]
    return [*rows[:-1], {**rows[-1], **last}]


def announced(day: str, usd: float) -> dict[str, Any]:
    made = row(day, input_usd_per_mtok=usd, output_usd_per_mtok=usd, status="announced")
    return {**made, "basis": "announced"}


def book_of(root: Path, *models: dict[str, Any], as_of: str = "2026-11-21", **files: Any) -> Book:
    return price_book(root, {**api(*models), **files}, as_of=as_of)._book


@pytest.fixture(scope="module")
def bundled() -> Book:
    return tc.load_prices(as_of="2026-11-21")._book


def years(begin: str, end: str) -> float:
    return (date.fromisoformat(end) - date.fromisoformat(begin)).days / 365.25


# ---------------------------------------------------------------------- one model against itself


@pytest.fixture
def three(tmp_path: Path) -> Book:
    """Halved and quartered, raised by half, never changed; and an id that moves from model to model."""
    return book_of(
        tmp_path,
        hosted("falling", *prices(("2024-01-01", 8.0), ("2025-01-01", 4.0), ("2026-01-01", 2.0)),
               announced("2026-12-01", 1.0)),
        hosted("rising", *prices(("2025-01-01", 2.0), ("2026-07-01", 3.0))),
        hosted("steady", *prices(("2024-07-01", 5.0))),
        hosted("moving-latest", *prices(("2024-01-01", 9.0), ("2025-01-01", 1.0))),
    )  # fmt: skip


def test_every_year_of_every_model_counts_the_same(three: Book) -> None:
    found = trend(three, "same model")
    day = "2026-11-22"  # the first that is not looked at
    lasted = years("2024-01-01", day) + years("2025-01-01", day) + years("2024-07-01", day)
    assert found.decline_per_year == pytest.approx(1 - math.exp((math.log(2 / 8) + math.log(3 / 2)) / lasted))
    assert (found.change_count, found.fall_count, found.rise_count, found.event_count) == (3, 2, 1, 3)
    assert found.series_count == 3
    assert found.unchanged_share == pytest.approx(1 / 3)
    assert found.left_out == ("acme/moving-latest",)
    assert (found.from_, found.to) == (date(2024, 1, 1), date(2026, 11, 21))
    frame = found.frame()
    assert frame["name"].tolist() == ["acme/falling", "acme/falling", "acme/rising"]
    assert frame["ratio"].tolist() == [0.5, 0.5, 1.5]
    assert not found.is_level


def test_a_change_counts_from_its_day_on(three: Book) -> None:
    # the day before, and the day itself
    with pytest.raises(ResolveError, match="2 occasions on which a price changed"):
        trend(three.at(date(2026, 6, 30)), "same model")
    assert trend(three.at(date(2026, 7, 1)), "same model").change_count == 3


def test_what_is_announced_does_not_count_even_after_its_day(three: Book) -> None:
    later = three.at(date(2027, 6, 1))
    assert known_until(later) == date(2026, 11, 21)  # the tables' own date
    assert trend(later, "same model").change_count == 3
    assert trend(later, "same model").to == date(2026, 11, 21)


def test_a_first_day_and_names_that_do_not_count(three: Book, tmp_path: Path) -> None:
    with pytest.raises(ResolveError, match="1 occasion on which"):
        trend(three, "same model", exclude=("acme/falling",))
    with pytest.raises(ResolveError, match="2 occasions"):
        trend(three, "same model", from_="2025-01-01")
    with pytest.raises(ResolveError, match="0 occasions"):
        trend(three, "same model", exclude=("acme",))


def test_a_list_that_moves_at_once_is_one_occasion(tmp_path: Path) -> None:
    models = [hosted(name, *prices(("2024-01-01", 8.0), ("2025-01-01", 4.0))) for name in "abcd"]
    with pytest.raises(ResolveError, match="1 occasion on which a price changed"):
        trend(book_of(tmp_path, *models), "same model")


def test_a_retirement_ends_a_history(tmp_path: Path) -> None:
    gone = {"retires_on": date(2025, 1, 1), **CITED}
    eras = prices(("2022-01-01", 8.0), ("2023-01-01", 4.0), ("2024-01-01", 2.0), ("2024-06-01", 1.0))
    models = [hosted(name, *eras, retirement=gone) for name in "abc"]
    found = trend(book_of(tmp_path, *models), "same model")
    assert found.decline_per_year == pytest.approx(1 - math.exp(math.log(1 / 8) / years("2022-01-01", "2025-01-01")))
    with pytest.raises(ResolveError, match="a history of 2 only"):
        trend(book_of(tmp_path, *models), "same model", exclude=("acme/c",))


def test_the_bundled_list_prices_agree_with_pandas(bundled: Book) -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    moved, lasted, changes = 0.0, 0.0, 0
    for path in bundled.store.files("api"):
        if bundled.is_market_index(path.stem):
            continue
        for record in bundled.store.records("api", path):
            name = f"{path.stem}/{record.data['id']}"
            frame = prices.history(name)
            frame = frame[(frame["status"] == "in_force") & (frame["effective_from"] <= date(2026, 11, 21))]
            usd = (0.75 * frame["input_usd_per_mtok"] + 0.25 * frame["output_usd_per_mtok"]).to_numpy()
            ends = [end if isinstance(end, date) else date.max for end in frame["effective_to"]]
            days = [(min(end, date(2026, 11, 22)) - begin).days
                    for begin, end in zip(frame["effective_from"], ends, strict=True)]  # fmt: skip
            if name.endswith("-latest") or not len(usd) or not (usd > 0).all():
                continue
            moved += math.log(usd[-1] / usd[0])
            lasted += sum(days) / 365.25
            changes += int((np.abs(np.diff(np.log(usd))) > 1e-9).sum())
    found = trend(bundled, "same model")
    assert found.decline_per_year == pytest.approx(1 - math.exp(moved / lasted), rel=1e-9)
    assert found.change_count == changes
    assert found.unchanged_share > 0.8  # steps, mostly none


# ---------------------------------------------------------------------- a slot


def _daily(points: pd.Series, last: str) -> pd.Series:
    """A step function on every day."""
    return points.reindex(pd.date_range(points.index[0], last, freq="D"), method="ffill")


@pytest.mark.parametrize("tier", ["frontier", "small", "open_hosted"])
@pytest.mark.parametrize("price", ["median", "lowest"])
def test_a_slot_agrees_with_a_regression_on_the_tier_history(bundled: Book, tier: str, price: Any) -> None:
    found = trend(bundled, tier, price=price)
    frame = tc.load_prices(as_of="2026-11-21", announced=False).tier_history(tier)
    daily = _daily(frame[f"{price}_usd_per_mtok"], "2026-11-21")[lambda usd: usd.index <= "2026-11-21"]
    if price == "lowest":
        assert (daily > 0).all()
    line = stats.linregress(np.arange(len(daily)) / 365.25, np.log(daily.to_numpy()))
    assert found.decline_per_year == pytest.approx(1 - math.exp(line.slope), rel=1e-9)
    assert found.low < found.decline_per_year < found.high
    middle = math.exp(line.intercept + line.slope * (len(daily) - 1) / 2 / 365.25)
    assert found.centre_usd == pytest.approx(middle, rel=1e-9)
    moved = daily[daily.pct_change().abs() > 1e-9]
    assert found.frame().index[1:].tolist() == moved.index.tolist()
    assert found.change_count == len(moved)
    # a robust line through the same days is inside the interval
    slope = stats.theilslopes(np.log(daily.to_numpy()[::7]), np.arange(len(daily))[::7] / 365.25).slope
    assert found.low < 1 - math.exp(slope) < found.high


def test_the_bundled_slots_against_the_usual_saying(bundled: Book) -> None:
    # "the slot falls about 1.5 times a year, at times rising"
    small = trend(bundled, "small")
    assert small.cheaper_ratio_per_year == pytest.approx(1.49, abs=0.01)
    assert small.low < 0.0 < small.high
    assert small.fall_count == 28
    assert small.rise_count == 29
    assert trend(bundled, "small", from_="2024-11-21").decline_per_year < 0.0  # two years in which it rose
    assert trend(bundled, "frontier").low > 0.0


def test_a_level_that_halves_every_year_has_no_doubt(tmp_path: Path) -> None:
    # every month the price is 0.5^(1/12) of that before: resampled months are all the same
    days = pd.date_range("2022-01-01", "2026-11-01", freq="MS")
    eras = [(str(day.date()), 0.5 ** (k / 12)) for k, day in enumerate(days)]
    found = trend(book_of(tmp_path, hosted("a", *prices(*eras), tier="small")), "small")
    assert found.decline_per_year == pytest.approx(0.5, abs=0.005)
    assert found.low == pytest.approx(0.5, abs=0.03)
    assert found.high == pytest.approx(0.5, abs=0.03)


def test_a_gap_in_a_level_is_no_price(tmp_path: Path) -> None:
    first = hosted("a", *prices(("2022-01-01", 8.0), ("2023-01-01", 4.0), effective_to=date(2024, 1, 1)), tier="small")
    then = hosted("b", *prices(("2025-01-01", 2.0), ("2026-01-01", 1.0)), tier="small")
    found = trend(book_of(tmp_path, first, then), "small")
    usd = found.frame()["usd"].tolist()
    assert usd[:2] == [8.0, 4.0]
    assert math.isnan(usd[2])
    assert usd[3:] == [2.0, 1.0]
    days = np.arange((date(2026, 11, 22) - date(2022, 1, 1)).days)
    level = np.select([days < 365, days < 730, days < 1096, days < 1461], [8.0, 4.0, np.nan, 2.0], 1.0)
    kept = np.isfinite(level)
    slope = stats.linregress(days[kept] / 365.25, np.log(level[kept])).slope
    assert found.decline_per_year == pytest.approx(1 - math.exp(slope))


# ---------------------------------------------------------------------- capability


def test_the_cheapest_that_is_good_enough(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        hosted("first", *prices(("2023-01-01", 30.0), ("2024-01-01", 20.0))),
        hosted("second", *prices(("2024-07-01", 5.0), effective_to=date(2026, 7, 1))),
        hosted("third", *prices(("2025-07-01", 0.5)), tier="small"),
        hosted("weak", *prices(("2023-01-01", 0.1)), tier="small"),
        hosted("unknown", *prices(("2023-01-01", 0.2)), tier="small"),
    )
    scores = {"acme/first": 80.0, "second": 82.0, "acme/third": 81.0, "acme/weak": 40.0}
    found = trend(book, "capability", scores=scores, at_least=80.0)
    frame = found.frame()
    assert frame["usd"].tolist() == [30.0, 20.0, 5.0, 0.5]
    assert frame["name"].tolist() == ["acme/first", "acme/first", "acme/second", "acme/third"]
    assert found.change_count == found.fall_count == 3
    assert found.left_out == ("acme/unknown",)
    assert "3 models with a score of at least 80" in found.basis
    assert found.decline_per_year > 0.5
    with pytest.raises(ResolveError, match="accepted: at least 3"):
        trend(book, "capability", scores=scores, at_least=82.0)


# ---------------------------------------------------------------------- GPUs


def rented(
    name: str, gpu: str, gpu_count: int, *eras: tuple[str, float], purchase: str = "on_demand"
) -> dict[str, Any]:
    rows = [row(day, usd_per_hour=usd) for day, usd in eras]
    offer = {"purchase": purchase, "region": "us", "prices": rows}
    return {"id": name, "gpu": gpu, "gpu_count": gpu_count, "offers": [offer]}


def yard(root: Path, **by_provider: Sequence[dict[str, Any]]) -> Book:
    """Tables of rented instances."""
    gpus = [{"id": f"X1-{form}", "memory_gib": 80.0, **CITED} for form in ("SXM", "PCIe")]
    files: dict[str, Any] = {"hardware/gpus": {"gpus": gpus}}
    for provider, instances in by_provider.items():
        files[f"compute/{provider}"] = {"provider": provider, "name": provider.title(), "instances": list(instances)}
    return price_book(root, files)._book


def test_each_instance_against_itself_and_each_provider_once(tmp_path: Path) -> None:
    book = yard(
        tmp_path,
        acme=[rented("a", "X1-SXM", 8, ("2024-11-22", 16.0), ("2025-11-22", 32.0)),
              rented("b", "X1-SXM", 1, ("2024-11-22", 2.0), ("2026-01-01", 4.0)),
              rented("spot", "X1-SXM", 1, ("2024-11-22", 1.0), ("2026-01-01", 9.0), purchase="spot")],
        beta=[rented("c", "X1-PCIe", 2, ("2024-11-22", 8.0), ("2026-05-01", 4.0))],
    )  # fmt: skip
    found = trend(book, "gpu", gpu="x1")
    # acme's two doubled and count as one; beta's halved: nothing is left over two years
    assert found.decline_per_year == pytest.approx(0.0, abs=1e-12)
    assert (found.fall_count, found.rise_count) == (1, 2)
    assert found.frame()["usd"].tolist() == [4.0, 4.0, 2.0]  # per GPU
    assert found.subject == "x1 on demand"
    assert found.kind == "gpu"
    with pytest.raises(ResolveError, match="2 occasions"):
        trend(book, "gpu", gpu="X1-SXM")
    with pytest.raises(ResolveError, match="unknown 'Z9'"):
        trend(book, "gpu", gpu="Z9")


def test_the_bundled_rental_prices_rose(bundled: Book) -> None:
    found = trend(bundled, "gpu", gpu="H100", from_="2025-11-21")
    assert found.high < 0.0  # a rise all over the interval
    assert found.rise_count > 10 * found.fall_count
    assert not any(cited.row.startswith("compute:tco-model") for cited in found.sources)
    steady = trend(bundled, "gpu", gpu="A100")
    assert steady.low < 0.0 < steady.high


# ---------------------------------------------------------------------- intervals


def test_the_interval_of_a_wandering_price_holds_the_truth_about_as_often_as_it_says() -> None:
    # changes come in runs of three months, by which independent months would be taken for three times as many
    rng = np.random.default_rng(11)
    held, narrow, count = 0, 0, 120
    for k in range(count):
        runs = np.repeat(rng.normal(-0.03, 0.10, 20), 3)
        usd = np.exp(np.cumsum(np.repeat(runs / 30.4375, 30)))
        fit = fit_level(usd, resamples=400, seed=k)
        low, high = np.quantile(fit.draws, [0.05, 0.95])
        held += bool(low <= -0.03 * 12 <= high)
        fit_line = stats.linregress(np.arange(len(usd)) / 365.25, np.log(usd))
        narrow += bool(abs(fit_line.slope + 0.36) <= 1.645 * fit_line.stderr)
    assert 0.75 <= held / count <= 0.96  # 0.9 is meant; in five years there are too few blocks for it
    assert narrow / count < 0.2  # what least squares alone would say


def test_groups_that_move_together_are_not_taken_apart() -> None:
    # six providers with twenty models each, of one rate per provider
    rng = np.random.default_rng(5)
    rates = rng.normal(-0.2, 0.3, 6)
    changes = np.repeat(rates, 20)
    groups = [name for name in "abcdef" for _ in range(20)]
    together = fit_same_things(changes.tolist(), [1.0] * 120, groups, each_group_once=False, resamples=4_000, seed=1)
    apart = fit_same_things(
        changes.tolist(), [1.0] * 120, [str(k) for k in range(120)], each_group_once=False, resamples=4_000, seed=1
    )
    assert together.log_rate_per_year == pytest.approx(rates.mean())
    # a mean of six: Student's t with five degrees of freedom, by the usual formula
    low, high = stats.t.interval(0.9, 5, rates.mean(), rates.std(ddof=1) / math.sqrt(6))
    np.testing.assert_allclose(np.quantile(together.draws, [0.05, 0.95]), [low, high], atol=0.05 * (high - low))
    assert apart.draws.std() == pytest.approx(rates.std() / math.sqrt(120), rel=0.05)


def test_the_distribution_is_the_interval_and_one_object(bundled: Book) -> None:
    found = trend(bundled, "frontier")
    fitted = found.distribution()
    assert fitted is found.distribution()
    assert isinstance(fitted, Distribution)
    assert check_number(fitted, where="decline", unit="1/year", low=-100.0, high=1.0) is fitted
    assert fitted.ppf(0.05) == pytest.approx(found.low)
    assert fitted.ppf(0.95) == pytest.approx(found.high)
    probabilities = np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(fitted.cdf(fitted.ppf(probabilities)), probabilities, atol=1e-9)
    assert math.isnan(fitted.ppf(1.5))
    assert fitted.name == "trend of frontier slot, median from 2023-07-26"
    again = trend(bundled, "frontier")
    np.testing.assert_array_equal(again.draws, found.draws)
    assert not np.array_equal(trend(bundled, "frontier", seed=1).draws, found.draws)


def test_sources_words_and_line(bundled: Book) -> None:
    found = trend(bundled, "small")
    assert repr(found).startswith("<Trend small slot, median: -33% a year (90%: -74% to +64%); 57 changes, 2023-07-26")
    assert found.basis in found._repr_html_()
    sources = found.sources_frame()
    assert len(sources) == len(found.sources) > found.series_count
    assert sources["location"].str.startswith("pricing/api/").all()
    first, last = found.fitted_usd([date(2024, 1, 1), date(2025, 1, 1)])
    assert last / first == pytest.approx((1 - found.decline_per_year) ** (366 / 365.25))


# ---------------------------------------------------------------------- what is refused

BAD: list[tuple[dict[str, Any], type[TokencrossError], str]] = [
    ({"kind": "smal"}, ScenarioError, "Did you mean 'small'?"),
    ({"kind": "gpu"}, ScenarioError, "trend: gpu\n  found nothing; accepted: gpu with kind 'gpu'."),
    (
        {"kind": "small", "gpu": "H100"},
        ScenarioError,
        "found it with kind 'small'; accepted: gpu with kind 'gpu' only.",
    ),
    ({"kind": "capability", "scores": {}}, ScenarioError, "trend: at_least\n  found nothing"),
    ({"kind": "capability", "scores": {"openai/gpt-9": 1.0}, "at_least": 1.0}, ResolveError, "gpt-9"),
    ({"kind": "capability", "scores": {}, "at_least": 1.0}, ResolveError, "0 occasions"),
    ({"kind": "small", "price": "mean"}, ScenarioError, "accepted: median or lowest."),
    ({"kind": "small", "input_share": 1.5}, ScenarioError, "trend: input_share\n  found 1.5"),
    ({"kind": "small", "from_": "2030-01-01"}, ScenarioError, "2030-01-01, with a history that ends on 2026-11-21"),
    ({"kind": "small", "from_": "soon"}, ResolveError, "trend: from_\n  found 'soon'"),
    ({"kind": "small", "from_": "2026-01-01"}, ResolveError, "accepted: at least a year"),
    ({"kind": "small", "resamples": 10}, ScenarioError, "a whole number from 100 to 1000000"),
    ({"kind": "small", "seed": 0.5}, ScenarioError, "trend: seed\n  found 0.5"),
    (
        {"kind": "small", "exclude": "openai/gpt-4"},
        ScenarioError,
        "trend: exclude\n  found 'openai/gpt-4'; accepted: a collection of names, each a provider, provider/model or "
        "provider/instance of the tables.\n  One name is ['openai/gpt-4'].",
    ),
    ({"kind": "small", "exclude": 5}, ScenarioError, "trend: exclude\n  found 5; accepted: a collection of names"),
    ({"kind": "gpu", "gpu": "H100", "exclude": None}, ScenarioError, "trend: exclude\n  found None"),
    ({"kind": "small", "exclude": [5]}, ScenarioError, "trend: exclude\n  found [5]"),
    ({"kind": "small", "exclude": ["openia"]}, ScenarioError, "Did you mean 'openai'"),
    ({"kind": "small", "exclude": ["openai/gpt-4.1-min"]}, ScenarioError, "Did you mean 'openai/gpt-4.1-mini'"),
    ({"kind": "gpu", "gpu": "H100", "exclude": ["lamda"]}, ScenarioError, "Did you mean 'lambda'"),
    (
        {"kind": "capability", "scores": [1], "at_least": 1},
        ScenarioError,
        "trend: scores\n  found [1]; accepted: a mapping, such as",
    ),
    ({"kind": "gpu", "gpu": "L4"}, ResolveError, "1 occasion on which a price changed, in pricing up to 2026-11-21"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_what_is_refused(bundled: Book, given: dict[str, Any], error: type[TokencrossError], message: str) -> None:
    with pytest.raises(error) as raised:
        trend(bundled, **given)
    assert message in str(raised.value)


def test_a_market_index_has_no_list_price(bundled: Book) -> None:
    index = next(path for path in bundled.store.files("api") if bundled.is_market_index(path.stem))
    name = f"{index.stem}/{bundled.store.records('api', index)[0].data['id']}"
    with pytest.raises(ResolveError, match="a market index"):
        trend(bundled, "capability", scores={name: 1.0}, at_least=0.5)


def test_an_announced_row_whose_day_has_passed_is_no_history(tmp_path: Path) -> None:
    models = [
        hosted(name, *prices(("2024-01-01", 8.0), ("2025-01-01", 4.0)), announced("2026-06-01", 1.0)) for name in "abc"
    ]
    models.append(hosted("d", *prices(("2024-01-01", 8.0), ("2025-02-01", 4.0), ("2025-03-01", 2.0))))
    found = trend(book_of(tmp_path, *models), "same model")
    assert found.change_count == 5
    assert found.frame()["usd"].min() == 2.0
