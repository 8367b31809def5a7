"""At what monthly token volume does another way of buying LLM tokens become cheaper, and how sure is that?

The public names, loaded when they are first used: importing this package reads no file and loads only the standard
library.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # what type checkers take as true; importing typing would cost every import of this package

if TYPE_CHECKING:
    from tokencross.costs.breakeven import Breakeven as Breakeven
    from tokencross.costs.breakeven import breakeven as breakeven
    from tokencross.costs.curve import CostCurve as CostCurve
    from tokencross.costs.engineering import Engineering as Engineering
    from tokencross.distributions import between as between
    from tokencross.distributions import share_between as share_between
    from tokencross.distributions import triangular as triangular
    from tokencross.options.around import AroundGpu as AroundGpu
    from tokencross.options.base import Option as Option
    from tokencross.options.blends import Cascade as Cascade
    from tokencross.options.blends import Split as Split
    from tokencross.options.buyer import SupportPlan as SupportPlan
    from tokencross.options.latency import Latency as Latency
    from tokencross.options.load import Load as Load
    from tokencross.options.own_rate import Throughput as Throughput
    from tokencross.options.scaling import Scaling as Scaling
    from tokencross.options.spillover import Spillover as Spillover
    from tokencross.options.success import Accepted as Accepted
    from tokencross.options.training import Training as Training
    from tokencross.options.workload import Workload as Workload
    from tokencross.prices import PriceBook as PriceBook
    from tokencross.prices import load_prices as load_prices
    from tokencross.scenario import load_study as load_study
    from tokencross.scenario_projection import load_projection as load_projection
    from tokencross.studies.mixing import best_mix as best_mix
    from tokencross.studies.option_value import Jump as Jump
    from tokencross.studies.option_value import value_of_waiting as value_of_waiting
    from tokencross.studies.perpetual import perpetual_switch as perpetual_switch
    from tokencross.studies.projection import Projection as Projection
    from tokencross.studies.terms_of_switching import Switching as Switching
    from tokencross.study import Study as Study
    from tokencross.units import per_day as per_day

_HOMES = {
    "Accepted": "options.success",
    "AroundGpu": "options.around",
    "Breakeven": "costs.breakeven",
    "Cascade": "options.blends",
    "CostCurve": "costs.curve",
    "Engineering": "costs.engineering",
    "Jump": "studies.option_value",
    "Latency": "options.latency",
    "Load": "options.load",
    "Option": "options.base",
    "PriceBook": "prices",
    "Projection": "studies.projection",
    "Scaling": "options.scaling",
    "Spillover": "options.spillover",
    "Split": "options.blends",
    "Study": "study",
    "SupportPlan": "options.buyer",
    "Switching": "studies.terms_of_switching",
    "Throughput": "options.own_rate",
    "Training": "options.training",
    "Workload": "options.workload",
    "best_mix": "studies.mixing",
    "between": "distributions",
    "breakeven": "costs.breakeven",
    "load_prices": "prices",
    "load_projection": "scenario_projection",
    "load_study": "scenario",
    "per_day": "units",
    "perpetual_switch": "studies.perpetual",
    "share_between": "distributions",
    "triangular": "distributions",
    "value_of_waiting": "studies.option_value",
}

__all__ = [
    "Accepted",
    "AroundGpu",
    "Breakeven",
    "Cascade",
    "CostCurve",
    "Engineering",
    "Jump",
    "Latency",
    "Load",
    "Option",
    "PriceBook",
    "Projection",
    "Scaling",
    "Spillover",
    "Split",
    "Study",
    "SupportPlan",
    "Switching",
    "Throughput",
    "Training",
    "Workload",
    "__version__",
    "best_mix",
    "between",
    "breakeven",
    "load_prices",
    "load_projection",
    "load_study",
    "per_day",
    "perpetual_switch",
    "share_between",
    "triangular",
    "value_of_waiting",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
