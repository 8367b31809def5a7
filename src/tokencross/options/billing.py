"""What an API charges: request by request, and blended over a workload's shares."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, Number, float_or_draws
from tokencross.options.workload import Workload
from tokencross.tables.resolved import ApiPrice, LongContextPrice, TextRatio
from tokencross.units import TOKENS_PER_MTOK

__all__ = [
    "BlendedPrice",
    "TierShare",
    "billed_lengths",
    "blend",
    "cheapest_ratio",
    "hourly_ratio",
    "request_usd",
    "tier_shares",
]

_WEEK_HOURS = 168
_MONDAY = np.datetime64("1970-01-05T00:00", "m")
_erf = np.vectorize(math.erf, otypes=[float])


def _normal_cdf(x: FloatOrDraws) -> NDArray[np.float64]:
    """Return the standard normal distribution function."""
    value: NDArray[np.float64] = 0.5 * (1.0 + _erf(np.asarray(x) / math.sqrt(2.0)))
    return value


def billed_lengths(
    workload: Workload, ratio: TextRatio, output_ratio: Number | None
) -> tuple[FloatOrDraws, FloatOrDraws]:
    """Return input and output of a mean request. [billed tokens]

    Parameters
    ----------
    workload : Workload
        Lengths in reference tokens.
    ratio : TextRatio
        Billed tokens per reference token.
    output_ratio : Number, optional
        Length of the model's answers over the workload's; 1 unless given.
    """
    longer = 1.0 if output_ratio is None else float_or_draws(output_ratio)
    billed_input = float_or_draws(workload.input_tokens) * ratio.value
    return billed_input, float_or_draws(workload.output_tokens) * ratio.value * longer


@dataclass(frozen=True)
class TierShare:
    """Which part of the traffic a price tier applies to: shares of input tokens and of requests."""

    price: ApiPrice | LongContextPrice
    input_share: FloatOrDraws
    request_share: FloatOrDraws


def tier_shares(
    price: ApiPrice, prompt_tokens: FloatOrDraws, prompt_cv: FloatOrDraws, cached_share: FloatOrDraws = 0.0
) -> list[TierShare]:
    r"""Return the share of input tokens and of requests that each price tier applies to.

    Parameters
    ----------
    price : ApiPrice
        Prices with their long-context tiers.
    prompt_tokens : float or ndarray, shape (D,)
        Mean prompt length, in billed tokens.
    prompt_cv : float or ndarray, shape (D,)
        Standard deviation over mean of the prompt length; 0 is one length for all.
    cached_share : float or ndarray, shape (D,)
        Share of the prompt read from or written to a cache, the same in every request: where the table counts fresh
        input only towards the threshold, the prompt has to be longer.

    Notes
    -----
    With a lognormal length of mean :math:`\mu` and :math:`\sigma^2 = \ln(1 + cv^2)`, the requests over T tokens are
    :math:`\Phi((\ln(\mu / T) - \sigma^2 / 2) / \sigma)` of all and hold
    :math:`\Phi((\ln(\mu / T) + \sigma^2 / 2) / \sigma)` of the tokens. The answer's length is taken as independent of
    the prompt's, so output follows the requests.

    References
    ----------
    .. [1] Partial expectations of the lognormal distribution; Johnson, Kotz and Balakrishnan, "Continuous Univariate
       Distributions", volume 1, chapter 14.
    """
    above_input: list[FloatOrDraws] = [1.0]
    above_requests: list[FloatOrDraws] = [1.0]
    for tier in price.long_context:
        counted = prompt_tokens if tier.counts_cached else prompt_tokens * (1.0 - cached_share)
        tokens, requests = _above(tier, counted, prompt_cv)
        above_input.append(tokens)
        above_requests.append(requests)
    above_input.append(0.0)
    above_requests.append(0.0)
    tiers: list[ApiPrice | LongContextPrice] = [price, *price.long_context]
    return [
        TierShare(tier, above_input[i] - above_input[i + 1], above_requests[i] - above_requests[i + 1])
        for i, tier in enumerate(tiers)
    ]


def _above(tier: LongContextPrice, mean: FloatOrDraws, cv: FloatOrDraws) -> tuple[FloatOrDraws, FloatOrDraws]:
    """Return the share of input tokens and of requests above a tier's threshold."""
    threshold = tier.threshold_tokens
    beyond = np.asarray(mean >= threshold if tier.inclusive else mean > threshold, dtype=float)
    sigma = np.sqrt(np.log1p(np.square(cv)))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.log(np.asarray(mean) / threshold)
        tokens = np.where(sigma > 0.0, _normal_cdf((distance + sigma**2 / 2) / sigma), beyond)
        requests = np.where(sigma > 0.0, _normal_cdf((distance - sigma**2 / 2) / sigma), beyond)
    if tokens.ndim == 0:
        return float(tokens), float(requests)
    return tokens, requests


@dataclass(frozen=True)
class BlendedPrice:
    """USD per million reference tokens of a workload, by class of token; they add up to the blended price."""

    fresh_input: FloatOrDraws
    cache_reads: FloatOrDraws
    cache_writes: FloatOrDraws
    output: FloatOrDraws
    request_fees: FloatOrDraws = 0.0

    def parts(self) -> dict[str, FloatOrDraws]:
        """Return the prices under the names that they have in a breakdown."""
        return {
            "input tokens": self.fresh_input,
            "cache reads": self.cache_reads,
            "cache writes": self.cache_writes,
            "output tokens": self.output,
            "request fees": self.request_fees,
        }

    @property
    def total(self) -> FloatOrDraws:
        """The blended price. [USD per million reference tokens]"""
        return sum(self.parts().values(), np.float64(0.0))

    def mixed(self, other: BlendedPrice, share: FloatOrDraws) -> BlendedPrice:
        """Return the prices with a share of the traffic at another blend."""
        own, theirs = self.parts().values(), other.parts().values()
        return BlendedPrice(*(a * (1.0 - share) + b * share for a, b in zip(own, theirs, strict=True)))


def blend(
    price: ApiPrice,
    *,
    input_tokens: FloatOrDraws,
    output_tokens: FloatOrDraws,
    request_tokens: FloatOrDraws,
    cached_share: FloatOrDraws,
    written_share: FloatOrDraws,
    prompt_cv: FloatOrDraws,
    deferred: bool,
    window_ratio: FloatOrDraws = 1.0,
) -> BlendedPrice:
    """Return a workload's price per million reference tokens.

    Parameters
    ----------
    price : ApiPrice
        Prices in force.
    input_tokens, output_tokens : float or ndarray, shape (D,)
        Mean per request, in billed tokens.
    request_tokens : float or ndarray, shape (D,)
        Input and output of a mean request, in reference tokens: what the price is spread over.
    cached_share, written_share : float or ndarray, shape (D,)
        Shares of input read from and written to the cache.
    prompt_cv : float or ndarray, shape (D,)
        Spread of the prompt length.
    deferred : bool
        Whether the traffic takes the batch price, where there is one.
    window_ratio : float or ndarray, shape (D,)
        What the hours of the traffic make of the prices; see `hourly_ratio`.
    """
    tiers = tier_shares(price, input_tokens, prompt_cv, cached_share + written_share)
    fresh = np.maximum(1.0 - cached_share - written_share, 0.0)  # of shares that add up to 1, to rounding
    plain, for_reads, for_writes = (part * window_ratio for part in _kept(price, deferred=deferred))
    per_input = input_tokens / request_tokens
    per_output = output_tokens / request_tokens

    def over_input(key: str) -> FloatOrDraws:
        return sum((getattr(t.price, key) * t.input_share for t in tiers), np.float64(0.0))

    answers = sum((t.price.output_usd_per_mtok * t.request_share for t in tiers), np.float64(0.0))
    return BlendedPrice(
        fresh_input=over_input("input_usd_per_mtok") * fresh * plain * per_input,
        cache_reads=over_input("cache_read_usd_per_mtok") * cached_share * for_reads * per_input,
        cache_writes=over_input("cache_write_usd_per_mtok") * written_share * for_writes * per_input,
        output=answers * plain * per_output,
        request_fees=price.fee_usd_per_request * TOKENS_PER_MTOK / request_tokens,
    )


def _kept(price: ApiPrice, *, deferred: bool) -> tuple[FloatOrDraws, FloatOrDraws, FloatOrDraws]:
    """Return what a batch leaves of the prices of fresh tokens and output, of cache reads, and of cache writes."""
    if not deferred:
        return 1.0, 1.0, 1.0
    plain, cached = 1.0 - price.batch_discount_share, 1.0 - price.batch_cache_discount_share
    return plain, plain if price.cached_as_input else cached, plain if price.written_as_input else cached


def hourly_ratio(price: ApiPrice, load: ArrayLike | None) -> FloatOrDraws:
    """Return the mean of the time windows' price ratios over the hours of the traffic.

    Parameters
    ----------
    price : ApiPrice
        Prices with their time windows.
    load : sequence of 24 or 168 weights, optional
        Relative traffic by hour of day or week (from Monday), UTC; flat unless given.

    Returns
    -------
    float or ndarray, shape (D,)
        1 where there are no windows. [quotient]
    """
    hours = np.ones(_WEEK_HOURS) if load is None else np.resize(np.asarray(load, dtype=float), _WEEK_HOURS)
    weights = hours / hours.sum()
    holding = _window_by_minute(price).reshape(_WEEK_HOURS, 60)
    ratio: FloatOrDraws = 1.0
    for index, window in enumerate(price.windows):
        inside = (holding == index).mean(axis=1)
        ratio = ratio + (window.price_ratio - 1.0) * float(weights @ inside)
    return ratio


def cheapest_ratio(price: ApiPrice) -> FloatOrDraws:
    """Return what traffic that can wait pays: the price ratio of the cheapest hours that there are."""
    ratios = [1.0, *(window.price_ratio for window in price.windows)]
    held = [ratios[index + 1] for index in np.unique(_window_by_minute(price)).tolist()]
    cheapest: FloatOrDraws = held[0]
    for ratio in held[1:]:
        cheapest = np.minimum(cheapest, ratio)
    return cheapest


def _window_by_minute(price: ApiPrice) -> NDArray[np.intp]:
    """Return which window holds in every minute of the week, the later one where two do; -1 is none."""
    holding = np.full(_WEEK_HOURS * 60, -1, dtype=np.intp)
    for index, window in enumerate(price.windows):
        for first, after in window.minutes:
            holding[first:after] = index
    return holding


def request_usd(
    price: ApiPrice,
    *,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_input_tokens: ArrayLike,
    cache_write_tokens: ArrayLike,
    completed_at: ArrayLike | None,
    batch: bool,
    keep_share: float,
) -> NDArray[np.float64]:
    """Return what single requests cost, long-context rules, request fees and time windows included.

    Parameters
    ----------
    price : ApiPrice
        Prices in force, plain numbers.
    input_tokens, output_tokens, cached_input_tokens, cache_write_tokens : array_like of one shape
        Billed tokens per request; input counts all of the prompt.
    completed_at : array_like of datetime64, optional
        When each request was completed, UTC; needed where the price depends on the hour.
    batch : bool
        Whether the requests are deferred.
    keep_share : float
        What a discount leaves of the list price.

    Returns
    -------
    ndarray of that shape
        [USD]

    Raises
    ------
    ScenarioError
        If a count is negative or not finite, more input is cached than there is, or a time is missing.
    """
    total = _counts("input_tokens", input_tokens)
    out = _counts("output_tokens", output_tokens)
    read = _counts("cached_input_tokens", cached_input_tokens)
    written = _counts("cache_write_tokens", cache_write_tokens)
    _check_shapes(total, out, read, written)
    fresh = total - read - written
    if fresh.size and fresh.min() < 0.0:
        whole, had, wrote = (np.broadcast_to(part, fresh.shape) for part in (total, read, written))
        at = int(np.argmin(fresh))
        found = f"{had.flat[at]:g} cached + {wrote.flat[at]:g} written of {whole.flat[at]:g} input tokens"
        accepted = "cached and written tokens that together are at most the input, which counts them"
        raise ScenarioError(Problem("bill", found, accepted))
    plain, for_reads, for_writes = _kept(price, deferred=batch)
    scale = keep_share / TOKENS_PER_MTOK
    tiers: list[ApiPrice | LongContextPrice] = [price, *price.long_context]
    table = np.array(
        [
            [
                tier.input_usd_per_mtok * plain,
                tier.cache_read_usd_per_mtok * for_reads,
                tier.cache_write_usd_per_mtok * for_writes,
                tier.output_usd_per_mtok * plain,
            ]
            for tier in tiers
        ]
    )
    table *= scale
    amounts = (fresh, read, written, out)
    if price.long_context:
        reached = _tier_index(price, total, fresh)
        usd = sum((amount * table[:, column][reached] for column, amount in enumerate(amounts)), np.float64(0.0))
    else:
        usd = sum((amount * table[0, column] for column, amount in enumerate(amounts)), np.float64(0.0))
    ratio = _time_ratio(price, completed_at)
    fee = float(price.fee_usd_per_request) * keep_share
    return np.asarray(usd * ratio + fee, dtype=float)


def _tier_index(price: ApiPrice, prompt: NDArray[np.float64], fresh: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which tier each prompt is in; 0 is below all thresholds."""
    counted = prompt if price.long_context[0].counts_cached else fresh
    index = np.zeros(counted.shape, dtype=np.intp)
    for tier in price.long_context:
        index += counted >= tier.threshold_tokens if tier.inclusive else counted > tier.threshold_tokens
    return index


def _time_ratio(price: ApiPrice, completed_at: ArrayLike | None) -> NDArray[np.float64] | float:
    """Return what each request's time makes of its price."""
    if not price.windows:
        return 1.0
    if completed_at is None:
        named = ", ".join(f"{window.id} {window.price_ratio:g}x" for window in price.windows)
        found = f"no completed_at, though the price depends on the hour ({named})"
        raise ScenarioError(Problem("bill: completed_at", found, "the time of each request, UTC, such as a datetime64"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy warns of a zone, and ignores it
            if np.asarray(completed_at).dtype.kind in "bif":
                raise TypeError("numbers are no times")
            times = np.asarray(completed_at, dtype="datetime64[m]")
    except (TypeError, ValueError, UserWarning, DeprecationWarning):
        accepted = "times without a zone, UTC, such as '2026-11-20T02:30'"
        raise ScenarioError(Problem("bill: completed_at", f"{completed_at!r:.60}", accepted)) from None
    if np.any(np.isnat(times)):
        raise ScenarioError(Problem("bill: completed_at", "a time that is missing (NaT)", "a time for every request"))
    minute = (times - _MONDAY).astype(np.int64) % (_WEEK_HOURS * 60)
    ratios = np.array([1.0, *(float(window.price_ratio) for window in price.windows)])
    ratio: NDArray[np.float64] = ratios[_window_by_minute(price)[minute] + 1]
    return ratio


def _check_shapes(*counts: NDArray[np.float64]) -> None:
    """Refuse counts of requests that do not go together."""
    try:
        np.broadcast_shapes(*(each.shape for each in counts))
    except ValueError:
        shapes = ", ".join(str(each.shape) for each in counts)
        accepted = "arrays of one shape, or single numbers"
        raise ScenarioError(Problem("bill", f"counts of shapes {shapes}", accepted)) from None


def _counts(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return token counts, checked."""
    try:
        counts = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        accepted = "counts, one for each request (billed tokens)"
        raise ScenarioError(Problem(f"bill: {name}", f"{value!r:.60}", accepted)) from None
    if counts.size and not (counts.min() >= 0.0 and counts.max() < np.inf):
        worst = counts[~((counts >= 0.0) & (counts < np.inf))].ravel()[0]
        raise ScenarioError(Problem(f"bill: {name}", f"{worst:g}", "finite counts >= 0 (billed tokens per request)"))
    return counts
