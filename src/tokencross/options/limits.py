"""Up to which volume published rate and spend limits let one go without a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.tables.resolved import RateLimit
from tokencross.units import MINUTES_PER_MONTH, TOKENS_PER_MTOK, format_tokens

__all__ = ["VolumeLimit", "volume_limit"]


@dataclass(frozen=True)
class VolumeLimit:
    """The volume at which published limits end. [reference tokens/month]"""

    tokens_per_month: float
    words: str
    citation: Citation


def volume_limit(
    limits: Sequence[RateLimit],
    usage_tier: str | None,
    *,
    input_per_token: float,
    output_per_token: float,
    requests_per_token: float,
    usd_per_mtok: float,
    peak_ratio: float,
    where: str,
) -> VolumeLimit | None:
    """Return the volume at which the first of a usage tier's limits is reached.

    Parameters
    ----------
    limits : sequence of RateLimit
        Published limits in force, lowest usage tier first.
    usage_tier : str, optional
        Whose limits count; the highest published one's unless given.
    input_per_token, output_per_token : float
        Billed input and output tokens per reference token.
    requests_per_token : float
        Requests per reference token.
    usd_per_mtok : float
        The bill. [USD per million reference tokens]
    peak_ratio : float
        Busiest minutes of what the rates limit, over the mean of everything; 0 where they limit nothing.
    where : str
        What errors name.

    Returns
    -------
    VolumeLimit or None
        None where nothing is published. [reference tokens/month]

    Raises
    ------
    ScenarioError
        If the usage tier has no published limits.
    """
    if usage_tier is not None and usage_tier not in [limit.usage_tier for limit in limits]:
        known = [limit.usage_tier for limit in limits]
        accepted = f"one of {', '.join(known)}" if known else "none: the table has no published limits of it"
        raise ScenarioError(Problem(f"{where}:usage_tier", repr(usage_tier), accepted, offer(usage_tier, known)))
    if not limits:
        return None
    chosen = limits[-1] if usage_tier is None else next(x for x in limits if x.usage_tier == usage_tier)
    reached: list[tuple[float, str]] = []
    rates = (
        (chosen.requests_per_minute, requests_per_token, "requests per minute"),
        (chosen.tokens_per_minute, input_per_token + output_per_token, "tokens per minute"),
        (chosen.input_tokens_per_minute, input_per_token, "input tokens per minute"),
        (chosen.output_tokens_per_minute, output_per_token, "output tokens per minute"),
    )
    for limit, per_token, unit in rates:
        if limit is not None and per_token * peak_ratio > 0.0:
            reached.append((limit * MINUTES_PER_MONTH / (per_token * peak_ratio), f"{limit:,.0f} {unit}"))
    if chosen.spend_usd_per_month is not None and usd_per_mtok > 0.0:
        volume = chosen.spend_usd_per_month / usd_per_mtok * TOKENS_PER_MTOK
        reached.append((volume, f"{chosen.spend_usd_per_month:,.0f} USD per month"))
    if not reached:
        return None
    volume, words = min(reached)
    said = f"{format_tokens(volume)}: usage tier {chosen.usage_tier} is limited to {words}"
    return VolumeLimit(volume, said, chosen.citation)
