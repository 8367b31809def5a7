"""A study from a scenario file: the file's keys are the calls' arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tokencross.errors import Problem, ScenarioError, TokencrossError
from tokencross.options.base import CostOption
from tokencross.options.workload import Workload
from tokencross.prices import load_prices
from tokencross.scenario_build import Builder, built_workload, number_of
from tokencross.study import Study
from tokencross.tables.dates import DateLike
from tokencross.tables.reading import Document, KeyPath, Plain, path_beside, read_document
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.scenario_numbers import DISTRIBUTION_KEYS
from tokencross.tables.strict import as_error, as_written, parse_record

__all__ = ["load_study", "load_workload", "study_in"]

T = TypeVar("T")


def load_study(path: str | Path, *, pricing: str | Path | None = None, as_of: DateLike | None = None) -> Study:
    """Return the study that a scenario file describes.

    Parameters
    ----------
    path : str or Path
        A YAML file; ``scenarios/`` has examples, ``pricing/schema/scenario.schema.json`` the keys.
    pricing : str or Path, optional
        A folder of tables instead of those that the file names, or of the bundled ones.
    as_of : date or str, optional
        The day whose prices count, or ``"tables"``, instead of the file's.

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
    return study_in(read_document(path, error=ScenarioError), path.parent, pricing=pricing, as_of=as_of)


def study_in(
    document: Document,
    folder: Path,
    *,
    pricing: str | Path | None = None,
    overlay: Path | None = None,
    as_of: DateLike | None = None,
) -> Study:
    """Return the study that a document, or a part of one, describes.

    Parameters
    ----------
    document : Document
        The keys of a scenario file.
    folder : Path
        What the paths in it are relative to.
    pricing, as_of
        As `load_study`.
    overlay : Path, optional
        A file of records of one's own instead of the one that the document names.
    """
    said = _parsed(document)
    tables = pricing if pricing is not None else None if said.pricing is None else path_beside(folder, said.pricing)
    if overlay is None and said.overlay is not None:
        overlay = path_beside(folder, said.overlay)
    named = "overlay" if overlay is not None else "as_of" if tables is None else "pricing"
    prices = _at(
        document,
        (named,),
        lambda: load_prices(
            tables,
            as_of=said.as_of if as_of is None else as_of,
            announced=said.announced,
            before_first=said.before_first,
            overlay=overlay,
        ),
    )
    workload = _at(document, ("workload",), lambda: built_workload(said.workload, said.name, folder, prices))
    builder = Builder(prices, folder, {})
    every = []
    for index, entry in enumerate(said.options):
        inside = partial(_inside, document, index)
        every.append(_at(document, ("options", index), partial(builder.option, entry, inside)))
    options = [option for option, entry in zip(every, said.options, strict=True) if entry.listed]
    study = _at(
        document,
        ("options",),
        lambda: Study(
            options,
            workload=workload,
            incumbent=said.incumbent,
            reference=said.reference,
            tokens_per_month=None if said.tokens_per_month is None else number_of(said.tokens_per_month),
        ),
    )
    study = study.noted(said.note)
    _check_options(study, every, document)
    return _changed(study, said, document)


def _check_options(study: Study, every: Sequence[CostOption], document: Document) -> None:
    """Resolve every option; of one that cannot be, the message has its place.

    What those of the study come to is kept with it, so that it is computed once.
    """
    rest = [(index, option) for index, option in enumerate(every) if option.label not in study.comparison.labels]
    try:
        _ = study.comparison.resolved
    except TokencrossError:
        rest = list(enumerate(every))
    for index, option in rest:
        _at(document, ("options", index), partial(option.resolve, study.workload))


def _changed(study: Study, said: ScenarioFile, document: Document) -> Study:
    """Return a study with the numbers that a file puts at addresses, and with its correlations."""
    for address, value in said.replace.items():
        place = ("replace", address)
        study = _at(document, place, partial(study.replace, {address: number_of(value)}))
        _at(document, place, partial(getattr, study.comparison, "resolved"))
    for index, entry in enumerate(said.correlations):  # one by one without effect: a mistake names its own line
        alone = {(entry.pair[0], entry.pair[1]): 0.0}
        _at(document, ("correlations", index, "pair"), partial(study.correlate, alone))
    if said.correlations:
        pairs = {(entry.pair[0], entry.pair[1]): entry.correlation for entry in said.correlations}
        study = _at(document, ("correlations",), partial(study.correlate, pairs))
    return study


def load_workload(path: str | Path) -> Workload:
    """Return the traffic that a scenario file describes.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong.
    """
    path = Path(path)
    document = read_document(path, error=ScenarioError)
    said = _parsed(document)
    return _at(document, ("workload",), lambda: built_workload(said.workload, said.name, path.parent))


def _parsed(document: Document) -> ScenarioFile:
    """Return what a file says, once each name of a distribution is seen to mean one."""
    if isinstance(document.data, dict) and "checks" in document.data and "options" not in document.data:
        remedy = f"Test it: tokencross check {document.name}"
        raise document.problem(("checks",), "a file of assumptions", "a scenario, which has options", remedy)
    said = parse_record(ScenarioFile, document.data, document)
    known: dict[str, tuple[KeyPath, dict[str, object]]] = {}
    for path, name, values in _named(document.data, ()):
        first, meant = known.setdefault(name, (path, values))
        if values != meant:
            found = f"{_shown(values)} of the name {name!r}"
            accepted = f"the same as on line {document.line(first)}, {_shown(meant)}: one name is one number"
            raise document.problem(path, found, accepted, "Give it another name, or none.")
    return said


def _named(data: Plain, path: tuple[str | int, ...]) -> Iterator[tuple[KeyPath, str, dict[str, object]]]:
    """Yield the distributions of a file that have a name: where they stand, the name, and the values."""
    if isinstance(data, dict):
        values = {key: data[key] for key in DISTRIBUTION_KEYS if key in data}
        name = data.get("name")
        if values and isinstance(name, str) and name:
            yield path, name, values
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, tuple) else ()
    for key, part in parts:
        yield from _named(part, (*path, key))


def _shown(values: Mapping[str, object]) -> str:
    """Return a distribution as the file writes it."""
    return ", ".join(f"{key}: {as_written(value)}" for key, value in values.items())


def _inside(document: Document, index: int, key: str, call: Callable[[], T]) -> T:
    """Return what a call gives; its error names the key of an option."""
    return _at(document, ("options", index, key), call)


def _at(document: Document, path: KeyPath, call: Callable[[], T]) -> T:
    """Return what a call gives; its error names the place in the file."""
    try:
        return call()
    except TokencrossError as error:
        named = [problem.where for problem in error.problems if isinstance(problem, Problem)]
        if named and all(where.startswith(f"{document.name}:") for where in named):
            raise  # it names its key already
        own = [name for name in named if name in ScenarioFile.model_fields]  # a mistake of a key of its own
        raise as_error(document, (own[:1] if len(path) == 1 else []) or path, error) from None
