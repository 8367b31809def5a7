"""The shape of the traffic: tokens per request, their shares, and how it is spread over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, point
from tokencross.options.base import GIVEN, Origin, Parameter
from tokencross.options.load import Load, LoadLike, load_of
from tokencross.units import SECONDS_PER_MONTH, format_share

__all__ = ["BURST_RATIO", "PEAK_TO_MEAN", "Workload"]

PEAK_TO_MEAN = 3.0
BURST_RATIO = 1.25
_WHY = {
    "peak_to_mean": "office-hours services peak at about 3 times their mean hour (Azure LLM trace 2024, coding: 3.0)",
    "burst_ratio": "minutes inside the peak hour reach 1.04 to 1.6 times it (Azure LLM trace 2024; ServeGen)",
}

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
    load : Load, str or sequence of 24 or 168 weights, optional
        Relative traffic by hour of the week, from Monday 0:00 UTC, instead of ``peak_to_mean``: a `Load`, the name of
        a measured one in the tables, "flat" or "business_hours", or weights by hour of day or week. Kept as a `Load`.
    burst_ratio : Number, optional
        Busiest minutes over the peak hour; unless said, the load's own where it was measured with it, else 1.25.
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
    load: LoadLike | None = None
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
            worst = int(np.argmax(total.ravel()))
            cached, written = (
                float(np.broadcast_to(float_or_draws(share), total.shape).ravel()[worst])
                for share in (self.cached_input_share, self.cache_write_share)
            )
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
        if self.peak_to_mean is not None:
            raise ScenarioError(Problem("workload:load", "both load and peak_to_mean", "one of the two"))
        object.__setattr__(self, "load", load_of(self.load, "workload:load"))

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
    def profile(self) -> Load | None:
        """The load by hour of the week, or None where only a peak is known."""
        return self.load if isinstance(self.load, Load) else None

    @property
    def hours(self) -> NDArray[np.float64] | None:
        """Weights of the hours of the week from Monday 0:00 UTC, mean 1, shape (168,); None where only a peak is."""
        return None if self.profile is None else self.profile.hours

    @property
    def peak(self) -> FloatOrDraws:
        """Peak hour over mean hour, given, from the profile, or the default."""
        if self.profile is not None:
            return self.profile.peak_to_mean
        return PEAK_TO_MEAN if self.peak_to_mean is None else float_or_draws(self.peak_to_mean)

    @property
    def burst(self) -> FloatOrDraws:
        """Busiest minutes over the peak hour, given, measured with the profile, or the default."""
        if self.burst_ratio is not None:
            return float_or_draws(self.burst_ratio)
        measured = None if self.profile is None else self.profile.burst_ratio
        return BURST_RATIO if measured is None else measured

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The rows of tables that the load is from."""
        return () if self.profile is None else self.profile.citations

    @property
    def notes(self) -> tuple[str, ...]:
        """What is doubtful about the rows that the load is from."""
        return () if self.profile is None else self.profile.notes

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
        if not isinstance(rate, (float, np.ndarray)):
            found, accepted = f"{rate!r:.60}, a distribution", "a number, or draws of it"
            remedy = "Say tokens_per_month= as a distribution instead."
            raise ScenarioError(Problem("workload:requests_per_second", found, accepted, remedy))
        plain = cls(**shape)
        return replace(plain, tokens_per_month=float_or_draws(rate) * SECONDS_PER_MONTH * plain.request_tokens)

    @staticmethod
    def mix(
        classes: Mapping[str, tuple[Workload, Number]], *, name: str = "", tokens_per_month: Number | None = None
    ) -> Workload:
        """Return a workload of classes of work, each with its own shape and share of the tokens.

        Parameters
        ----------
        classes : mapping of name to (workload, share)
            ``{"tagging": (w1, 0.6), "agent": (w2, 0.4)}``; the shares are of V and add up to 1.
        name : str
            Name in captions.
        tokens_per_month : Number, optional
            Where you are. [reference tokens/month]

        Raises
        ------
        ScenarioError
            If a class is no workload, or the shares do not add up to 1.
        """
        from tokencross.options.mix import mixed

        return mixed(classes, name=name, tokens_per_month=tokens_per_month)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every number that is given or defaulted; zeros that mean absence are left out."""
        found: list[Parameter] = []
        for name, (unit, *_) in _NUMBERS.items():
            value = getattr(self, name)
            if name == "tokens_per_month":
                continue
            if value is None:
                found += self._derived(name, unit)
                continue
            if isinstance(value, float) and value == 0.0 and name not in {"input_tokens", "output_tokens"}:
                continue
            found.append(Parameter(f"workload:{name}", value, unit, "given", "", GIVEN))
        return tuple(found)

    def _derived(self, name: str, unit: str) -> list[Parameter]:
        """Return a number that was not given, of the load or the default; none where weights alone say it."""
        address = f"workload:{name}"
        load = self.profile
        if name == "peak_to_mean" and load is not None:
            said = _origin(load, load.assumed)
            return [Parameter(address, self.peak, unit, *said)] if load.sources else []
        if name == "burst_ratio" and load is not None and load.burst_ratio is not None:
            return [Parameter(address, self.burst, unit, *_origin(load, ""))]
        if name not in _WHY:
            return []
        default = self.peak if name == "peak_to_mean" else self.burst
        return [Parameter(address, default, unit, "default", _WHY[name])]

    def with_number(self, name: str, value: object) -> Workload:
        """Return the workload with one field replaced."""
        return self.with_numbers({name: value})

    def with_numbers(self, numbers: Mapping[str, object]) -> Workload:
        """Return the workload with fields replaced all at once: shares are checked together."""
        changes: dict[str, Any] = {}
        for name, value in numbers.items():
            changes |= self._change(name, value)
        return replace(self, **changes)

    def _change(self, name: str, value: object) -> dict[str, object]:
        """Return the field that a number is in, with its new value."""
        known = [field.name for field in fields(self)]
        if name not in known:
            remedy = offer(name, known)
            raise ScenarioError(Problem(f"workload:{name}", "no such number", "a field of the workload", remedy))
        if name == "peak_to_mean" and self.profile is not None:
            peak = check_number(value, where="workload:peak_to_mean", unit=_NUMBERS[name][0], low=1.0)
            if not isinstance(peak, float):
                accepted = "one number: the hours of the load are drawn as one"
                raise ScenarioError(Problem("workload:peak_to_mean", "draws or a distribution", accepted))
            return {"load": self.profile.with_peak(peak)}
        return {name: value}

    def describe(self) -> str:
        """Return the shape in a few words, for captions."""
        parts = [f"{point(self.input_tokens):,.0f} in / {point(self.output_tokens):,.0f} out"]
        if point(self.cached_input_share) > 0.0:
            parts.append(f"{format_share(point(self.cached_input_share))} cached")
        if point(self.batch_share) > 0.0:
            parts.append(f"{format_share(point(self.batch_share))} can wait")
        named = f"{self.profile.name} load, " if self.profile is not None and self.profile.name else ""
        parts.append(f"{named}peak {point(self.peak):.3g}x mean")
        return ", ".join(parts)


def _origin(load: Load, assumed: str) -> tuple[Origin, str, Citation | None]:
    """Return how a number of a load is known, why, and from which row."""
    if assumed:
        return "default", assumed, None
    if load.citations:
        return "table", f"load {load.name}", load.citations[0]
    return "given", f"load {load.name or 'by hour'}: {load.source}" if load.sources else "", GIVEN


_OPTIONAL = ("cache_write_share", "peak_to_mean", "burst_ratio", "tokens_per_month")


def _remedy(name: str) -> str:
    """Return what to do about a number that is out of bounds, where that is not obvious."""
    return "Shares are fractions: write 0.5 for 50%." if name.endswith("_share") else ""
