"""What an API charges: request by request, and blended over a workload's shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws
from tokencross.tables.resolved import ApiPrice, LongContextPrice
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["BlendedPrice", "TierShare", "blend", "request_usd", "tier_shares"]

_erf = np.vectorize(math.erf, otypes=[float])


def _normal_cdf(x: FloatOrDraws) -> NDArray[np.float64]:
    """Return the standard normal distribution function."""
    value: NDArray[np.float64] = 0.5 * (1.0 + _erf(np.asarray(x) / math.sqrt(2.0)))
    return value


@dataclass(frozen=True)
class TierShare:
    """Which part of the traffic a price tier applies to: shares of input tokens and of requests."""

    price: ApiPrice | LongContextPrice
    input_share: FloatOrDraws
    request_share: FloatOrDraws


def tier_shares(price: ApiPrice, prompt_tokens: FloatOrDraws, prompt_cv: FloatOrDraws) -> list[TierShare]:
    r"""Return the share of input tokens and of requests that each price tier applies to.

    Parameters
    ----------
    price : ApiPrice
        Prices with their long-context tiers.
    prompt_tokens : float or ndarray, shape (D,)
        Mean prompt length, in billed tokens.
    prompt_cv : float or ndarray, shape (D,)
        Standard deviation over mean of the prompt length; 0 is one length for all.

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
        tokens, requests = _above(tier, prompt_tokens, prompt_cv)
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

    @property
    def total(self) -> FloatOrDraws:
        """The blended price. [USD per million reference tokens]"""
        return self.fresh_input + self.cache_reads + self.cache_writes + self.output


def blend(
    price: ApiPrice,
    *,
    input_tokens: FloatOrDraws,
    output_tokens: FloatOrDraws,
    request_tokens: FloatOrDraws,
    cached_share: FloatOrDraws,
    written_share: FloatOrDraws,
    batch_share: FloatOrDraws,
    prompt_cv: FloatOrDraws,
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
    batch_share : float or ndarray, shape (D,)
        Share of traffic at the batch price, where there is one.
    prompt_cv : float or ndarray, shape (D,)
        Spread of the prompt length.
    """
    tiers = tier_shares(price, input_tokens, prompt_cv)
    fresh = 1.0 - cached_share - written_share
    plain = 1.0 - batch_share * price.batch_discount_share
    cached = 1.0 - batch_share * price.batch_cache_discount_share
    for_reads = plain if price.cached_as_input else cached
    for_writes = plain if price.written_as_input else cached
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
    )


def request_usd(
    price: ApiPrice,
    *,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_input_tokens: ArrayLike,
    cache_write_tokens: ArrayLike,
    batch: bool,
    keep_share: float,
) -> NDArray[np.float64]:
    """Return what single requests cost, long-context rules included.

    Parameters
    ----------
    price : ApiPrice
        Prices in force, plain numbers.
    input_tokens, output_tokens, cached_input_tokens, cache_write_tokens : array_like of one shape
        Billed tokens per request; input counts all of the prompt.
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
        If a count is negative or not finite, or more input is cached than there is.
    """
    named = {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cached_input_tokens": cached_input_tokens,
        "cache_write_tokens": cache_write_tokens,
    }
    arrays = {name: _counts(name, value) for name, value in named.items()}
    total, out, read, written = np.broadcast_arrays(*arrays.values())
    fresh = total - read - written
    if fresh.size and fresh.min() < 0.0:
        at = int(np.argmin(fresh))
        found = f"{read.flat[at]:g} cached + {written.flat[at]:g} written of {total.flat[at]:g} input tokens"
        accepted = "cached and written tokens that together are at most the input, which counts them"
        raise ScenarioError(Problem("bill", found, accepted))
    plain = 1.0 - price.batch_discount_share if batch else 1.0
    cached = 1.0 - price.batch_cache_discount_share if batch else 1.0
    for_reads = plain if price.cached_as_input else cached
    for_writes = plain if price.written_as_input else cached
    usd = np.zeros(total.shape)
    tiers: list[ApiPrice | LongContextPrice] = [price, *price.long_context]
    reached = [np.ones(total.shape, dtype=bool), *(_reaches(tier, total) for tier in price.long_context)]
    for index, tier in enumerate(tiers):
        inside = reached[index] & ~reached[index + 1] if index + 1 < len(tiers) else reached[index]
        charge = (
            fresh * (tier.input_usd_per_mtok * plain)
            + read * (tier.cache_read_usd_per_mtok * for_reads)
            + written * (tier.cache_write_usd_per_mtok * for_writes)
            + out * (tier.output_usd_per_mtok * plain)
        )
        usd = np.where(inside, charge, usd)
    return usd * (keep_share / TOKENS_PER_MTOK)


def _reaches(tier: LongContextPrice, prompt: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which prompts are long enough for a tier."""
    return prompt >= tier.threshold_tokens if tier.inclusive else prompt > tier.threshold_tokens


def _counts(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return token counts, checked."""
    counts = np.asarray(value, dtype=float)
    if counts.size and not (counts.min() >= 0.0 and counts.max() < np.inf):
        worst = counts[~((counts >= 0.0) & (counts < np.inf))].ravel()[0]
        raise ScenarioError(Problem(f"bill: {name}", f"{worst:g}", "finite counts >= 0 (billed tokens per request)"))
    return counts
