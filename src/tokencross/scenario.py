"""A study from a scenario file: the file's keys are the calls' arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError, TokencrossError
from tokencross.options.base import CostOption
from tokencross.options.buyer import SupportPlan
from tokencross.options.workload import Workload
from tokencross.prices import PriceBook, load_prices
from tokencross.study import Study
from tokencross.tables.reading import Document, KeyPath, read_document
from tokencross.tables.scenario_file import ARGUMENTS, EngineeringEntry, OptionEntry, ScenarioFile, SupportEntry
from tokencross.tables.strict import as_error, parse_record

__all__ = ["load_study", "load_workload"]

T = TypeVar("T")


def load_study(path: str | Path, *, pricing: str | Path | None = None) -> Study:
    """Return the study that a scenario file describes.

    Parameters
    ----------
    path : str or Path
        A YAML file; ``scenarios/`` has examples, ``pricing/schema/scenario.schema.json`` the keys.
    pricing : str or Path, optional
        A folder of tables instead of those that the file names, or of the bundled ones.

    Raises
    ------
    ScenarioError, TableError, ResolveError
        With file, line and key of what is wrong.

    Examples
    --------
    >>> load_study("scenarios/support-chat.yaml").incumbent
    'frontier'
    """
    path = Path(path)
    document = read_document(path, error=ScenarioError)
    said = parse_record(ScenarioFile, document.data, document)
    folder = pricing if pricing is not None else None if said.pricing is None else path.parent / said.pricing
    overlay = None if said.overlay is None else path.parent / said.overlay
    named = "overlay" if overlay is not None else "as_of" if folder is None else "pricing"
    prices = _at(
        document,
        (named,),
        lambda: load_prices(
            folder,
            as_of=said.as_of,
            announced=said.announced,
            before_first=said.before_first,
            overlay=overlay,
        ),
    )
    workload = _at(document, ("workload",), lambda: _workload(said))
    options = [_option(prices, entry, document, index) for index, entry in enumerate(said.options)]
    study = _at(
        document,
        ("options",),
        lambda: Study(
            options,
            workload=workload,
            incumbent=said.incumbent,
            reference=said.reference,
            tokens_per_month=said.tokens_per_month,
        ),
    )
    for index, option in enumerate(options):
        _at(document, ("options", index), partial(option.resolve, workload))
    return study.noted(said.note)


def load_workload(path: str | Path) -> Workload:
    """Return the traffic that a scenario file describes.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong.
    """
    document = read_document(Path(path), error=ScenarioError)
    said = parse_record(ScenarioFile, document.data, document)
    return _at(document, ("workload",), lambda: _workload(said))


def _at(document: Document, path: KeyPath, call: Callable[[], T]) -> T:
    """Return what a call gives; its error names the place in the file."""
    try:
        return call()
    except TokencrossError as error:
        named = [problem.where for problem in error.problems if isinstance(problem, Problem)]
        own = [name for name in named if name in ScenarioFile.model_fields]  # a mistake of a key of its own
        raise as_error(document, own[:1] or path, error) from None


def _workload(said: ScenarioFile) -> Workload:
    """Return the workload, named after the scenario unless it has its own name."""
    given: dict[str, Any] = {key: getattr(said.workload, key) for key in said.workload.model_fields_set}
    return Workload(**{"name": said.name, **given})


def _option(prices: PriceBook, entry: OptionEntry, document: Document, index: int) -> CostOption:
    """Return one option."""
    given: dict[str, Any] = {
        key: getattr(entry, key)
        for key in entry.model_fields_set & ARGUMENTS[entry.kind]
        if key not in ("engineering", "support")
    }
    if entry.engineering is not None:
        given["engineering"] = _at(
            document, ("options", index, "engineering"), lambda: _engineering(entry.engineering or ())
        )
    if entry.support is not None:
        given["support"] = _at(document, ("options", index, "support"), partial(_support, entry.support))
    calls: dict[str, Callable[..., CostOption]] = {
        "api": prices.api,
        "self_hosted": prices.self_hosted,
        "dedicated": prices.dedicated,
        "provisioned": prices.provisioned,
    }
    named = getattr(entry, entry.kind)
    return _at(document, ("options", index), lambda: calls[entry.kind](named, label=entry.label, **given))


def _support(entry: SupportEntry) -> SupportPlan:
    """Return a support plan."""
    bands = [(band.from_usd_per_month, band.bill_share) for band in entry.bands]
    return SupportPlan(bands, entry.min_usd_per_month, entry.label)


def _engineering(entries: tuple[EngineeringEntry, ...]) -> EngineeringItems:
    """Return the items of a list."""
    return EngineeringItems(
        tuple(Engineering(**{key: getattr(entry, key) for key in entry.model_fields_set}) for entry in entries)
    )
