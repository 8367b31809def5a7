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
    from tokencross.studies.mixing import best_mix as best_mix
    from tokencross.study import Study as Study
    from tokencross.units import per_day as per_day

_HOMES = {
    "Accepted": "options.success",
    "AroundGpu": "options.around",
    "Breakeven": "costs.breakeven",
    "Cascade": "options.blends",
    "CostCurve": "costs.curve",
    "Engineering": "costs.engineering",
    "Latency": "options.latency",
    "Load": "options.load",
    "Option": "options.base",
    "PriceBook": "prices",
    "Scaling": "options.scaling",
    "Spillover": "options.spillover",
    "Split": "options.blends",
    "Study": "study",
    "SupportPlan": "options.buyer",
    "Throughput": "options.own_rate",
    "Training": "options.training",
    "Workload": "options.workload",
    "best_mix": "studies.mixing",
    "breakeven": "costs.breakeven",
    "load_prices": "prices",
    "load_study": "scenario",
    "per_day": "units",
}

__all__ = [
    "Accepted",
    "AroundGpu",
    "Breakeven",
    "Cascade",
    "CostCurve",
    "Engineering",
    "Latency",
    "Load",
    "Option",
    "PriceBook",
    "Scaling",
    "Spillover",
    "Split",
    "Study",
    "SupportPlan",
    "Throughput",
    "Training",
    "Workload",
    "__version__",
    "best_mix",
    "breakeven",
    "load_prices",
    "load_study",
    "per_day",
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
