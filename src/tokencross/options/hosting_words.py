"""What has to be said of a self-hosted option: its numbers with their reasons, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tokencross.costs.terms import Term
from tokencross.number import FloatOrDraws, Number, float_or_draws, point
from tokencross.options.base import GIVEN, Origin, Parameter, engineering_parameters
from tokencross.options.capacity import Fleet
from tokencross.options.hosting import ABSENT, NUMBERS
from tokencross.options.latency import LATENCY_LIMITS
from tokencross.options.rates import RateError
from tokencross.options.replica import rate_in_words
from tokencross.options.workload import Workload
from tokencross.tables.rented import DEDICATED, OWNED
from tokencross.tables.resolved import TextRatio

if TYPE_CHECKING:
    from tokencross.options.self_hosted import SelfHostedOption

__all__ = ["hosting_notes", "hosting_parameters"]

_WHY = {
    "min_instance_count": "survive the failure of one",
    "spare_instance_count": "N+1",
}
_WHY_DEDICATED = {
    "min_instance_count": "replicas that the provider keeps up, or one where the table does not say",
    "spare_instance_count": "the provider replaces what fails",
}
_WHY_SERVERLESS = dict.fromkeys(_WHY, "billed while it works: the provider keeps what is ready")
_WHY_ZONES = {"spare_instance_count": "the other zones stand in"}


def hosting_parameters(option: SelfHostedOption, fleet: Fleet, start_up_minutes: FloatOrDraws) -> tuple[Parameter, ...]:
    """Return the option's own numbers, each with where it comes from."""
    found: list[Parameter] = []
    for name, value in _values(option, fleet).items():
        if value is None or (name in ABSENT and isinstance(value, float) and value == ABSENT[name]):
            continue
        found.append(_parameter(option, fleet, name, value))
    found += _rate_error(option, fleet)
    for derating in fleet.deratings:
        if derating.name == "latency factor" and option.latency_factor is None and point(derating.ratio) != 1.0:
            unit = NUMBERS["latency_factor"][0]
            found.append(Parameter("latency_factor", derating.ratio, unit, "default", derating.why))
    for name, (value, unit, given, why) in option.scaling.numbers(start_up_minutes).items():
        origin: Origin = "given" if given else "default"
        found.append(Parameter(f"scaling.{name}", value, unit, origin, why, GIVEN if given else None))
    return (*found, *engineering_parameters(option.engineering))


def _values(option: SelfHostedOption, fleet: Fleet) -> dict[str, Number | None]:
    """Return the numbers that the fleet was sized with."""
    load = next(d for d in fleet.deratings if d.name == "target load share")
    return {
        "throughput": fleet.replica.tokens_per_second / option.reached,
        "throughput_ratio": option.throughput_ratio,
        "latency_factor": 1.0 if option.latency_factor is None else option.latency_factor,
        "target_load_share": load.ratio,
        "min_instance_count": fleet.min_instance_count,
        "spare_instance_count": fleet.spare_instance_count,
        "max_instance_count": option.max_instance_count,
        "reserved_count": option.reserved_count,
        "prefix_hit_share": option.prefix_hit_share,
        "billed_hours_share": option.billed_hours_share,
        "interruption_overhead_share": option.interruption_overhead_share,
        "standby_share": option.standby_share,
    }


def _parameter(option: SelfHostedOption, fleet: Fleet, name: str, value: Number) -> Parameter:
    """Return one number with its origin."""
    unit = NUMBERS[name][0]
    rate = fleet.replica.rate
    if name == "throughput" and rate is not None and not option.rate_is_given:
        cited = None if rate.source is None else rate.source.citation
        return Parameter(name, value, unit, "fitted", rate_in_words(rate), cited)
    if name == "throughput" or getattr(option, name) is not None:
        return Parameter(name, value, unit, "given", "", GIVEN)
    load = next(d for d in fleet.deratings if d.name == "target load share")
    return Parameter(name, value, unit, "default", _reasons(option).get(name, load.why))


def _rate_error(option: SelfHostedOption, fleet: Fleet) -> list[Parameter]:
    """Return the factor between the rate reached and the rate planned with, and how far off it may be."""
    rate = fleet.replica.rate
    if rate is None or option.rate_is_given or not rate.log_error or option.throughput_ratio is not None:
        return []
    error = RateError(rate)
    low, high = (float(error.ppf(q)) for q in (0.05, 0.95))
    why = f"nine of ten rows left out lay within {low:.2f} to {high:.2f} of what was said of them"
    cited = None if rate.source is None else rate.source.citation
    return [Parameter("throughput_ratio", 1.0, NUMBERS["throughput_ratio"][0], "fitted", why, cited, error)]


def _reasons(option: SelfHostedOption) -> dict[str, str]:
    """Return why the defaults are what they are."""
    if option.scaling.kind == "serverless":
        return _WHY_SERVERLESS
    if option.purchase == DEDICATED:
        return _WHY_DEDICATED
    return _WHY | (_WHY_ZONES if option.zone_count > 1 else {})


def hosting_notes(
    option: SelfHostedOption,
    workload: Workload,
    fleet: Fleet,
    ratio: TextRatio,
    *,
    known: Sequence[str],
    beside: Sequence[Term],
) -> list[str]:
    """Return what has to be said about the numbers, beside the ``known`` doubts about rows of the tables."""
    said = []
    for kind, day in (("compute", option.compute_as_of), ("throughput", option.throughput_as_of)):
        if day is not None and day != option.book.as_of:
            said.append(f"{kind} figures are those of {day}, not of {option.book.as_of}.")
    said += [*_rate_notes(option, fleet, workload), *fleet.replica.remarks]
    if option.purchase == "spot" and point(option.interruption_overhead_share) == 0.0:
        said.append("spot without interruptions: no rate of them was found, interruption_overhead_share= takes one.")
    if option.purchase == OWNED and any(term.label == "staging" for term in beside):
        said.append("staging is a share of a machine's month; one bought for it alone takes staging_hours_share=1.")
    if option.rate_is_given and np.any(np.asarray(float_or_draws(option.prefix_hit_share)) > 0.0):
        said.append("prefix_hit_share changes nothing: the rate is given as it is.")
    value = point(ratio.value)
    if abs(value - 1.0) > 0.005:
        said.append(f"the model makes {value:g} tokens of one reference token of this text.")
    return [*known, *(f"{option.label}: {note}" for note in said)]


def _rate_notes(option: SelfHostedOption, fleet: Fleet, workload: Workload) -> list[str]:
    """Return what has to be said about the rate, unless it is a number of the study's own."""
    rate = fleet.replica.rate
    if rate is None or option.rate_is_given:
        return []
    said = []
    source = rate.source
    if source is None or source.run.nature == "modelled":
        said.append(f"its throughput is {rate_in_words(rate)}.")
    if rate.extrapolated and source is not None:
        shape = f"{point(workload.input_tokens):,.0f} in / {point(workload.output_tokens):,.0f} out"
        said.append(f"its throughput is extrapolated; {shape} lies outside the measured lengths.")
    if source is not None and source.run.caveat:
        said.append(source.run.caveat)
    said += _slow_words(option, fleet)
    if fleet.replica.others:
        listed = "; ".join(fleet.replica.others)
        said.append(f"other engines, in tokens per replica-second before deratings: {listed}.")
    return said


def _slow_words(option: SelfHostedOption, fleet: Fleet) -> list[str]:
    """Return that a fixed number of requests in flight was measured slower than the word for its latency suggests."""
    each = fleet.replica.time_per_output_token_ms
    limit = LATENCY_LIMITS.get(option.latency) if isinstance(option.latency, str) else None
    if fleet.replica.load_basis != "closed_loop" or each is None or limit is None:
        return []
    most = limit.time_per_output_token_ms
    if most is None or each <= most:
        return []
    asked = "latency=tc.Latency(time_per_output_token_ms=…) asks for less"
    return [f"its rate was measured at {each:.3g} ms per output token, {option.latency} or not; {asked}."]
