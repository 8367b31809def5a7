"""A log of requests as a load: what each hour of its whole weeks held, and the bursts inside the peak hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.options.week import DAY_HOURS, WEEK_HOURS
from tokencross.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LogLoad", "measured", "read_log"]

_WHERE = "load: log"
_HOUR = int(SECONDS_PER_HOUR) * 1_000_000_000  # nanoseconds
_MINUTE = _HOUR // 60
_MONDAY = 4 * DAY_HOURS  # hours from 1970-01-01 to the first Monday after it
_PERIODS = {"week": WEEK_HOURS, "day": DAY_HOURS}
_TIMES = "times such as 2026-11-20T02:30:00 (UTC where they have no zone)"


@dataclass(frozen=True)
class LogLoad:
    """What a log says: weights by hour, bursts, and the days that were used."""

    weights: tuple[float, ...]
    burst_ratio: float | None
    covered_days: int
    first_day: date


def read_log(
    log: object,
    tokens: object,
    time_column: str,
    token_columns: str | Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
    """Return the times [ns since 1970, UTC] and amounts of a log's requests, and what it is in words."""
    import pandas as pd

    columns = [token_columns] if isinstance(token_columns, str) else list(token_columns)
    if not isinstance(log, (str, PathLike, pd.DataFrame)):
        if columns:
            raise ScenarioError(Problem(_WHERE, "token_columns beside an array of times", "tokens, an array as long"))
        return *_checked(log, tokens), "own log"
    if tokens is not None:
        raise ScenarioError(Problem(_WHERE, "tokens beside a table", "token_columns, the names of its columns"))
    frame = log if isinstance(log, pd.DataFrame) else _table(Path(log))
    for column in (time_column, *columns):
        if column not in frame.columns:
            known = [str(name) for name in frame.columns]
            accepted = f"time_column and token_columns among {', '.join(known) or 'none'}"
            raise ScenarioError(Problem(_WHERE, f"no column {column!r}", accepted, offer(str(column), known)))
    amounts = frame[columns].sum(axis=1, skipna=False) if columns else None
    said = "own table" if isinstance(log, pd.DataFrame) else Path(log).name
    return *_checked(frame[time_column], amounts), said


def _table(path: Path) -> pd.DataFrame:
    """Return a CSV or Parquet file."""
    import pandas as pd

    where, accepted = f"load: {path}", "a CSV or Parquet file that can be read"
    if path.suffix not in {".csv", ".parquet"} and not path.name.endswith((".csv.gz", ".csv.zip")):
        raise ScenarioError(Problem(where, f"a file that ends in {path.suffix!r}", "one that ends in .csv or .parquet"))
    try:
        frame: pd.DataFrame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except ImportError:
        remedy = "Install it with: pip install pyarrow."
        raise ScenarioError(Problem(where, "a Parquet file, without pyarrow to read it", accepted, remedy)) from None
    except FileNotFoundError:
        raise ScenarioError(Problem(where, "no such file", accepted)) from None
    except (OSError, ValueError) as error:  # pandas' own errors of parsing are ValueErrors
        raise ScenarioError(Problem(where, str(error).splitlines()[0][:80], accepted)) from None
    return frame


def _checked(times: object, tokens: object) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return times and amounts, once every one is seen to be there."""
    stamps = _nanoseconds(times)
    if stamps.size == 0:
        raise ScenarioError(Problem(_WHERE, "no request", "a log of at least one day"))
    if tokens is None:
        return stamps, np.ones(stamps.size)
    try:
        amounts = np.asarray(tokens, dtype=float)
    except (TypeError, ValueError):
        raise ScenarioError(Problem(f"{_WHERE}: tokens", f"{tokens!r:.60}", "a number for each request")) from None
    if amounts.shape != stamps.shape:
        found = f"{amounts.size:,} for {stamps.size:,} requests"
        raise ScenarioError(Problem(f"{_WHERE}: tokens", found, "a number for each request"))
    wrong = ~(np.isfinite(amounts) & (amounts >= 0.0))
    if np.any(wrong):
        found = f"{amounts[wrong][0]:g}"
        raise ScenarioError(Problem(f"{_WHERE}: tokens", found, "finite numbers >= 0 (tokens per request)"))
    if not np.any(amounts):
        raise ScenarioError(Problem(f"{_WHERE}: tokens", "0 in every request", "some above 0 (tokens per request)"))
    return stamps, amounts


def _nanoseconds(times: object) -> NDArray[np.int64]:
    """Return times as whole nanoseconds since 1970, UTC."""
    import pandas as pd

    try:
        values = np.asarray(times).ravel() if not isinstance(times, (pd.Series, pd.Index)) else times
        if values.dtype.kind in "biufc" and len(values):
            raise TypeError("numbers do not say what they count")
        stamps = pd.DatetimeIndex(pd.to_datetime(values, utc=True, format="ISO8601"))
    except (TypeError, ValueError):
        remedy = "Seconds since 1970 are np.array(seconds, dtype='datetime64[s]')."
        raise ScenarioError(Problem(f"{_WHERE}: times", f"{_first_of(times)}", _TIMES, remedy)) from None
    if stamps.hasnans:
        raise ScenarioError(Problem(f"{_WHERE}: times", "a time that is missing", _TIMES))
    return stamps.as_unit("ns").asi8


def _first_of(times: object) -> str:
    """Return what a list of times begins with."""
    try:
        return f"{np.asarray(times).ravel()[:1].tolist()[0]!r:.60}"
    except (IndexError, ValueError):
        return f"{times!r:.60}"


# ---------------------------------------------------------------------- hours


def measured(
    stamps: NDArray[np.int64],
    amounts: NDArray[np.float64],
    *,
    period: str,
    start: datetime | str | None,
    end: datetime | str | None,
) -> LogLoad:
    """Return the load of a log: the mean of every hour over the latest whole periods.

    Parameters
    ----------
    stamps, amounts : ndarray, shape (requests,)
        Times [ns since 1970] and tokens of the requests.
    period : "week" or "day"
        What repeats.
    start, end : datetime or str, optional
        What the log covers; by default from the hour of its first request to that of its last.

    Notes
    -----
    Where there are hours to spare, the last one is left out first: a log that ends now ends within an hour.
    """
    if period not in _PERIODS:
        raise ScenarioError(Problem("load: period", repr(period), "'week' or 'day'", offer(str(period), [*_PERIODS])))
    length = _PERIODS[period]
    first = int((stamps.min() if start is None else _nanoseconds([start])[0]) // _HOUR)
    after = int(stamps.max() // _HOUR) + 1 if end is None else -int(-_nanoseconds([end])[0] // _HOUR)
    count = (after - first) // length
    if count < 1:
        raise ScenarioError(_too_short(first, after, period))
    if end is None and (after - first) % length:
        after -= 1
    first = after - count * length
    inside = (stamps >= first * _HOUR) & (stamps < after * _HOUR)
    stamps, amounts = stamps[inside], amounts[inside]
    sums = np.bincount(stamps // _HOUR - first, weights=amounts, minlength=count * length).reshape(count, length)
    if not np.any(sums):
        found = f"no traffic in the {count * length // DAY_HOURS} days that count"
        raise ScenarioError(Problem(_WHERE, found, "traffic between start and end"))
    profile = sums.mean(axis=0)
    begins = (first - _MONDAY) % length
    day = date(1970, 1, 1) + timedelta(hours=first)
    burst = _burst(stamps, amounts, first + int(np.argmax(profile)), length)
    return LogLoad(tuple(np.roll(profile, begins).tolist()), burst, count * length // DAY_HOURS, day)


def _too_short(first: int, after: int, period: str) -> Problem:
    """Return the problem of a log without one whole period."""
    found = f"a log of {max(after - first, 0):,} hours"
    remedy = "If it covers more than its first to last request, say so with start= and end="
    if period == "week":
        accepted = "at least 168 hours, for a profile by hour of the week"
        return Problem(_WHERE, found, accepted, f'{remedy}; period="day" asks for 24 hours only.')
    return Problem(_WHERE, found, "at least 24 hours, for a profile by hour of the day", f"{remedy}.")


def _burst(stamps: NDArray[np.int64], amounts: NDArray[np.float64], peak: int, length: int) -> float | None:
    """Return the busiest minute of the peak hour over that hour's mean minute: the median over its occurrences.

    Where times are whole steps of more than a minute, those steps are what is compared; where they are whole hours,
    nothing can be said.
    """
    step = max(int(np.gcd.reduce(stamps)), _MINUTE)
    if step >= _HOUR or _HOUR % step:
        return None
    at_peak = (stamps // _HOUR - peak) % length == 0
    bins, held = stamps[at_peak] // step, amounts[at_peak]
    occurrence, inverse = np.unique(bins * step // _HOUR, return_inverse=True)
    parts = _HOUR // step
    sums = np.bincount(inverse * parts + bins % parts, weights=held, minlength=occurrence.size * parts)
    by_hour = sums.reshape(occurrence.size, parts)
    busy = by_hour[by_hour.sum(axis=1) > 0.0]
    return max(1.0, float(np.median(busy.max(axis=1) / busy.mean(axis=1))))  # equal minutes differ by rounding
