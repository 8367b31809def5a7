"""The shape of the traffic: tokens per request, their shares, and how it is spread over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, point
from tokencross.options.base import GIVEN, Origin, Parameter
from tokencross.units import SECONDS_PER_MONTH, format_share

__all__ = ["BURST_RATIO", "PEAK_TO_MEAN", "Workload"]

PEAK_TO_MEAN = 3.0
BURST_RATIO = 1.25
_WHY = {
    "peak_to_mean": "office-hours services peak at about 3 times their mean hour (Azure LLM trace 2024, coding: 3.09)",
    "burst_ratio": "minutes inside the peak hour reach 1.04 to 1.6 times it (Azure LLM trace 2024; ServeGen)",
}
_HOURS = (24, 168)

# field: (unit, lowest, highest, whether the lowest is refused)
_NUMBERS: dict[str, tuple[str, float, float, bool]] = {
    "input_tokens": ("reference tokens per request", 0.0, np.inf, False),
    "output_tokens": ("reference tokens per request", 0.0, np.inf, False),
    "cached_input_share": ("share of input tokens", 0.0, 1.0, False),
    "cache_write_share": ("share of input tokens", 0.0, 1.0, False),
    "batch_share": ("share of tokens", 0.0, 1.0, False),
    "input_cv": ("standard deviation over mean", 0.0, np.inf, False),
    "output_cv": ("standard deviation over mean", 0.0, np.inf, False),
    "peak_to_mean": ("peak hour over mean hour", 1.0, np.inf, False),
    "burst_ratio": ("busiest minutes over peak hour", 1.0, np.inf, False),
    "tokens_per_month": ("reference tokens per month", 0.0, np.inf, True),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """The traffic that an option has to serve, in reference tokens (o200k).

    Attributes
    ----------
    input_tokens, output_tokens : Number
        Mean per request; input counts cached tokens too. [reference tokens]
    cached_input_share, cache_write_share : Number
        Shares of input read from, and written to, a provider's prompt cache. Caching at all asks for the second.
    batch_share : Number
        Share of the tokens that can wait: they take the batch price, and leave the peak on own GPUs.
    input_cv, output_cv : Number
        Standard deviation over mean of the lengths (lognormal); 0 is one length.
    text_kind : str
        Kind of text, for tokenizers.
    peak_to_mean : Number, optional
        Peak hour over mean hour; 3 unless said.
    load : sequence of 24 or 168 weights, optional
        Relative traffic by hour of day or week, instead of ``peak_to_mean``.
    burst_ratio : Number, optional
        Busiest minutes over the peak hour; 1.25 unless said.
    name : str
        Name in captions.
    tokens_per_month : Number, optional
        Where you are; `from_rate` derives it.
    """

    input_tokens: Number
    output_tokens: Number
    cached_input_share: Number = 0.0
    cache_write_share: Number | None = None
    batch_share: Number = 0.0
    input_cv: Number = 0.0
    output_cv: Number = 0.0
    text_kind: str = "english"
    peak_to_mean: Number | None = None
    load: Sequence[float] | None = None
    burst_ratio: Number | None = None
    name: str = ""
    tokens_per_month: Number | None = None

    def __post_init__(self) -> None:
        """Check every number, and that the shares add up."""
        for name, (unit, low, high, open_low) in _NUMBERS.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            checked = check_number(
                value, where=f"workload:{name}", unit=unit, low=low, high=high, open_low=open_low, remedy=_remedy(name)
            )
            object.__setattr__(self, name, checked)
        self._check_draws()
        if np.any(self.request_tokens == 0.0):
            found = "input_tokens and output_tokens of 0"
            raise ScenarioError(Problem("workload", found, "at least one of them above 0 (tokens per request)"))
        self._check_shares()
        self._check_load()

    def _check_draws(self) -> None:
        """Refuse arrays of draws of different lengths: draw k of one number goes with draw k of another."""
        sizes = {name: value.size for name in _NUMBERS if isinstance(value := getattr(self, name), np.ndarray)}
        if len(set(sizes.values())) > 1:
            found = ", ".join(f"{name} with {size} draws" for name, size in sizes.items())
            raise ScenarioError(Problem("workload", found, "the same number of draws in every array"))

    def _check_shares(self) -> None:
        """Refuse caching without a write share, and shares that exceed the input."""
        if self.cache_write_share is None:
            if np.any(np.asarray(point(self.cached_input_share)) > 0.0):
                raise ScenarioError(
                    Problem(
                        "workload:cache_write_share",
                        f"nothing, with cached_input_share {point(self.cached_input_share):g}",
                        "the share of input tokens written to the cache, from 0 to 1",
                        "What is read from a cache was written once: say how often (0 if writes cost nothing).",
                    )
                )
            return
        total = np.asarray(float_or_draws(self.cached_input_share) + float_or_draws(self.cache_write_share))
        if np.any(total > 1.0):
            cached, written = point(self.cached_input_share), point(self.cache_write_share)
            raise ScenarioError(
                Problem(
                    "workload:cached_input_share + cache_write_share",
                    f"{cached:g} + {written:g} = {float(np.max(total)):g}",
                    "shares of the input that together are at most 1",
                )
            )

    def _check_load(self) -> None:
        """Refuse a profile that is not one, or one beside a peak."""
        if self.load is None:
            return
        where = "workload:load"
        if self.peak_to_mean is not None:
            raise ScenarioError(Problem(where, "both load and peak_to_mean", "one of the two"))
        weights = np.asarray(self.load, dtype=float)
        accepted = "24 or 168 finite weights >= 0, not all 0"
        if weights.shape not in {(hours,) for hours in _HOURS}:
            raise ScenarioError(Problem(where, f"{weights.size} weights", accepted))
        if not np.all(np.isfinite(weights)) or weights.min() < 0.0 or weights.max() == 0.0:
            raise ScenarioError(Problem(where, "weights that are negative, not finite or all 0", accepted))
        object.__setattr__(self, "load", tuple(weights.tolist()))

    # ------------------------------------------------------------------ what follows from it

    @property
    def request_tokens(self) -> FloatOrDraws:
        """Input and output of a mean request. [reference tokens]"""
        return float_or_draws(self.input_tokens) + float_or_draws(self.output_tokens)

    @property
    def written_share(self) -> FloatOrDraws:
        """Share of input written to the cache; 0 without caching."""
        return 0.0 if self.cache_write_share is None else float_or_draws(self.cache_write_share)

    @property
    def peak(self) -> FloatOrDraws:
        """Peak hour over mean hour, given, from the profile, or the default."""
        if self.load is not None:
            return max(self.load) / (sum(self.load) / len(self.load))
        return PEAK_TO_MEAN if self.peak_to_mean is None else float_or_draws(self.peak_to_mean)

    @property
    def burst(self) -> FloatOrDraws:
        """Busiest minutes over the peak hour."""
        return BURST_RATIO if self.burst_ratio is None else float_or_draws(self.burst_ratio)

    @classmethod
    def from_rate(cls, *, requests_per_second: Number, **shape: Any) -> Workload:  # the fields of Workload
        """Return a workload that also says where you are, from a mean request rate.

        Parameters
        ----------
        requests_per_second : Number
            Mean over the month. [requests/s]
        **shape
            The fields of `Workload`.
        """
        rate = check_number(
            requests_per_second, where="workload:requests_per_second", unit="requests per second", open_low=True
        )
        plain = cls(**shape)
        return replace(plain, tokens_per_month=float_or_draws(rate) * SECONDS_PER_MONTH * plain.request_tokens)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every number that is given or defaulted; zeros that mean absence are left out."""
        found: list[Parameter] = []
        for name, (unit, *_) in _NUMBERS.items():
            value = getattr(self, name)
            if name == "tokens_per_month":
                continue
            default = {"peak_to_mean": self.peak, "burst_ratio": self.burst}.get(name) if value is None else None
            if default is not None and name == "peak_to_mean" and self.load is not None:
                continue  # derived from the profile
            if value is None and default is None:
                continue
            if isinstance(value, float) and value == 0.0 and name not in {"input_tokens", "output_tokens"}:
                continue
            origin: Origin = "given" if default is None else "default"
            shown = value if default is None else default
            why = _WHY.get(name, "") if origin == "default" else ""
            found.append(Parameter(f"workload:{name}", shown, unit, origin, why, GIVEN if origin == "given" else None))
        return tuple(found)

    def with_number(self, name: str, value: object) -> Workload:
        """Return the workload with one field replaced."""
        known = [field.name for field in fields(self)]
        if name not in known:
            remedy = offer(name, known)
            raise ScenarioError(Problem(f"workload:{name}", "no such number", "a field of the workload", remedy))
        changes: dict[str, Any] = {name: value}
        if name == "peak_to_mean" and self.load is not None:
            changes["load"] = None
        return replace(self, **changes)

    def describe(self) -> str:
        """Return the shape in a few words, for captions."""
        parts = [f"{point(self.input_tokens):,.0f} in / {point(self.output_tokens):,.0f} out"]
        if point(self.cached_input_share) > 0.0:
            parts.append(f"{format_share(point(self.cached_input_share))} cached")
        if point(self.batch_share) > 0.0:
            parts.append(f"{format_share(point(self.batch_share))} can wait")
        parts.append(f"peak {point(self.peak):.3g}x mean")
        return ", ".join(parts)


_OPTIONAL = ("cache_write_share", "peak_to_mean", "burst_ratio", "tokens_per_month")


def _remedy(name: str) -> str:
    """Return what to do about a number that is out of bounds, where that is not obvious."""
    return "Shares are fractions: write 0.5 for 50%." if name.endswith("_share") else ""
