"""The uncertain inputs of a study: which they are, how they go together, and the study at values of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, overload
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError, TokencrossError, offer
from tokencross.number import Distribution, FloatOrDraws, Number, check_number, is_draws, point
from tokencross.options.base import Parameter
from tokencross.options.centred import Exchange, exchanged
from tokencross.studies.addresses import replaced
from tokencross.studies.compare import Comparison

__all__ = ["Input", "OwnDraws", "at_inputs", "correlated", "correlation_matrix", "uncertain_inputs"]

Array: TypeAlias = NDArray[np.float64]

_KNOWN: WeakKeyDictionary[Comparison, dict[bool, tuple[Input, ...]]] = WeakKeyDictionary()
_MARKS = 2  # draws that stand for a distribution while its addresses are looked up
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class OwnDraws:
    """Draws of one's own as a distribution: each of them as likely as any other.

    Attributes
    ----------
    values : ndarray, shape (D,)
        As they were given; draw k of one number goes with draw k of every other.
    """

    values: Array

    @overload
    def ppf(self, q: float, /) -> float: ...
    @overload
    def ppf(self, q: Array, /) -> Array: ...
    def ppf(self, q: FloatOrDraws, /) -> FloatOrDraws:
        """Return the quantile at probability ``q``, as NumPy interpolates it: the median is that of the draws."""
        found = np.quantile(self.values, q)
        return found if isinstance(q, np.ndarray) else float(found)


@dataclass(frozen=True, eq=False)
class Input:
    """A number that is uncertain.

    Attributes
    ----------
    name : str
        Its own name, or its first address.
    addresses : tuple of str
        Where in the study it stands.
    distribution : Distribution
        What is known of it.
    unit : str
        Its unit in words.
    origin : str
        ``given``, or ``table`` for an error that a fit or a table brings along.
    """

    name: str
    addresses: tuple[str, ...]
    distribution: Distribution
    unit: str
    origin: str = "given"

    def quantiles(self, q: Array) -> Array:
        """Return the values at probabilities.

        Parameters
        ----------
        q : ndarray
            Probabilities, between 0 and 1.

        Returns
        -------
        ndarray, shape of ``q``
        """
        found = self._at_once(q)
        if found is None:
            found = np.array([self._one(float(each)) for each in q.ravel()]).reshape(q.shape)
        if not np.all(np.isfinite(found)):
            where = float(q.ravel()[np.flatnonzero(~np.isfinite(found.ravel()))[0]])
            said = f"a distribution without a finite quantile at {where:g}"
            raise ScenarioError(Problem(self.name, said, "finite quantiles at every probability between 0 and 1"))
        return found

    def _at_once(self, q: Array) -> Array | None:
        """Return the quantiles of a distribution that takes arrays; None where it does not."""
        ppf: Any = self.distribution.ppf
        try:
            found = np.asarray(ppf(q), dtype=float)
        except Exception:  # anything may be called a distribution; one by one it may answer
            return None
        return found if found.shape == q.shape else None

    def _one(self, q: float) -> float:
        """Return one quantile."""
        try:
            return float(self.distribution.ppf(q))
        except TokencrossError:
            raise
        except Exception as error:
            said = f"a distribution without a quantile at {q:g}: {type(error).__name__}, {error}"
            raise ScenarioError(Problem(self.name, said, "a quantile at every probability between 0 and 1")) from error

    @property
    def median(self) -> float:
        """The value at which every table and chart takes it."""
        return point(self.distribution)


def uncertain_inputs(comparison: Comparison, *, table_errors: bool = True) -> tuple[Input, ...]:
    """Return every uncertain input of a study, each once.

    Parameters
    ----------
    comparison : Comparison
        The study.
    table_errors : bool
        Whether the errors that fits and tables bring along count: of fitted throughput, and of numbers for which a
        table says between which values others lie.

    Raises
    ------
    ScenarioError
        If arrays of draws have different lengths, or two different distributions have one name.
    """
    known = _KNOWN.setdefault(comparison, {})
    if table_errors not in known:
        inputs = (*_given_inputs(comparison), *(_table_inputs(comparison) if table_errors else ()))
        _check_names(inputs, comparison)
        known[table_errors] = inputs
    return known[table_errors]


def _given_inputs(comparison: Comparison) -> list[Input]:
    """Return the inputs that are draws or distributions in the study."""
    given = _given(comparison)
    places = _places(comparison, given)
    units = {p.address: p.unit for p in comparison.parameters}
    found = []
    for key, number in given.items():
        addresses = places[key] or (f"{number!r:.60}",)
        own = getattr(number, "name", "")
        name = own if isinstance(own, str) and own else addresses[0]
        found.append(Input(name, addresses, _as_distribution(number), units.get(addresses[0], "")))
    return found


def at_inputs(comparison: Comparison, values: Mapping[str, FloatOrDraws], *, table_errors: bool = True) -> Comparison:
    """Return the study with inputs at values, and every other uncertain number at its median.

    Parameters
    ----------
    comparison : Comparison
        The study.
    values : mapping of name to float or ndarray, shape (D,)
        By the names that `uncertain_inputs` gives; arrays are draws of one length.
    table_errors : bool
        As in `uncertain_inputs`.
    """
    inputs = {each.name: each for each in uncertain_inputs(comparison, table_errors=table_errors)}
    unknown = [name for name in values if name not in inputs]
    if unknown:
        known = list(inputs)
        accepted = f"an uncertain input: {', '.join(known) or 'there is none'}"
        raise ScenarioError(Problem("inputs", repr(unknown[0]), accepted, offer(unknown[0], known)))
    by_number = {_key(_number_of(each)): values[each.name] for each in inputs.values() if each.name in values}

    def taken(number: Any) -> Number:  # draws or a distribution
        return by_number.get(_key(number), point(number))

    study = _exchanged(comparison, taken)
    errors = {name: value for name, value in values.items() if inputs[name].origin == "table"}
    return replaced(study, {address: value for name, value in errors.items() for address in inputs[name].addresses})


# ---------------------------------------------------------------------- where they are


def _exchanged(comparison: Comparison, exchange: Exchange) -> Comparison:
    """Return the study with every uncertain number exchanged."""
    known: dict[int, Any] = {}  # an option in several places stays one
    where = comparison.tokens_per_month
    return replace(
        comparison,
        options=tuple(exchanged(option, exchange, known) for option in comparison.options),
        workload=exchanged(comparison.workload, exchange),
        tokens_per_month=None if where is None else exchanged(where, exchange),
    )


def _key(number: object) -> object:
    """Return what makes a number one: its name, or that it is the same object."""
    name = getattr(number, "name", "")
    return name if isinstance(name, str) and name else id(number)


def _number_of(one: Input) -> object:
    """Return the number that an input is in the study."""
    return one.distribution.values if isinstance(one.distribution, OwnDraws) else one.distribution


def _given(comparison: Comparison) -> dict[object, Any]:
    """Return the different draws and distributions in a study, in the order in which they are met."""
    found: dict[object, Any] = {}
    named: dict[str, Distribution] = {}

    def met(number: Any) -> Number:  # draws or a distribution
        name = getattr(number, "name", "")
        if isinstance(name, str) and name and named.setdefault(name, number) != number:
            said = f"{number!r} and {named[name]!r}"
            raise ScenarioError(Problem(f"inputs: {name}", said, "one distribution for a name"))
        found.setdefault(_key(number), number)
        return point(number)

    _exchanged(comparison, met)
    sizes = {number.size for number in found.values() if isinstance(number, np.ndarray)}
    if len(sizes) > 1:
        said = f"arrays of {' and '.join(map(str, sorted(sizes)))} draws"
        raise ScenarioError(
            Problem("inputs", said, "arrays of one length: draw k of one goes with draw k of every other")
        )
    return found


def _places(comparison: Comparison, given: Mapping[object, Any]) -> dict[object, tuple[str, ...]]:
    """Return the addresses of every number: those whose value changes with it when all are marked."""
    if not given:
        return {}
    own = [number.size for number in given.values() if isinstance(number, np.ndarray)]
    levels = np.linspace(0.45, 0.55, own[0] if own else _MARKS)
    marks: dict[object, Array] = {}
    for index, (key, number) in enumerate(given.items()):
        # draws of one's own stay as they are, because they may be possible only together
        one = Input(f"{number!r:.60}", (), _as_distribution(number), "")
        offset = 0.01 * index / len(given)  # no two marks are alike
        marks[key] = number.copy() if isinstance(number, np.ndarray) else one.quantiles(levels + offset)
    marked = _exchanged(comparison, lambda number: marks[_key(number)])
    found: dict[object, list[str]] = {key: [] for key in given}
    for parameter in marked.parameters:
        if not is_draws(parameter.value):
            continue
        same = [key for key, mark in marks.items() if parameter.value is mark]
        alike = [key for key, mark in marks.items() if np.array_equal(np.asarray(parameter.value), mark)]
        if same or len(alike) == 1:
            found[(same or alike)[0]].append(parameter.address)
    return {key: tuple(addresses) for key, addresses in found.items()}


def _as_distribution(number: Any) -> Distribution:  # draws or a distribution
    """Return draws as the distribution that they are."""
    return OwnDraws(number) if isinstance(number, np.ndarray) else number


def _check_names(inputs: Sequence[Input], comparison: Comparison) -> None:
    """Refuse a name of two inputs, and one that is the address of another number."""
    places = {parameter.address for parameter in comparison.parameters}
    names = [each.name for each in inputs]
    for each in inputs:
        if names.count(each.name) > 1 or (each.name in places and each.name not in each.addresses):
            found = "the name of an uncertain input, and of another number"
            raise ScenarioError(Problem(f"inputs: {each.name}", found, "a name of its own for each, name="))


def _table_inputs(comparison: Comparison) -> tuple[Input, ...]:
    """Return the errors that fits and tables bring along; options that rest on one row share its error."""
    medians = _exchanged(comparison, point)
    found: dict[object, list[Parameter]] = {}
    for parameter in medians.parameters:
        if parameter.spread is None:
            continue
        label, _, number = parameter.address.partition(":")
        own = label in comparison.everyone and parameter.citation is not None
        found.setdefault((parameter.citation, number) if own else parameter.address, []).append(parameter)
    inputs = []
    for parameters in found.values():
        first = parameters[0]
        assert first.spread is not None  # as selected above
        addresses = tuple(parameter.address for parameter in parameters)
        inputs.append(Input(addresses[0], addresses, first.spread, first.unit, "table"))
    return tuple(inputs)


# ---------------------------------------------------------------------- how they go together


def correlated(comparison: Comparison, pairs: Mapping[tuple[str, str], float]) -> Comparison:
    """Return the study with correlations between its uncertain inputs; a pair given again replaces what it was.

    Parameters
    ----------
    comparison : Comparison
        The study.
    pairs : mapping of (name, name) to float
        By own name or by address, the correlation of the normal scores (a Gaussian copula), from -1 to 1.

    Raises
    ------
    ScenarioError
        If an input does not exist or brings its own draws, a correlation is out of bounds, or all of them together
        are no correlation matrix.
    """
    if not isinstance(pairs, Mapping):
        accepted = 'pairs with their correlation, such as {("gpu price", "api price"): 0.4}'
        raise ScenarioError(Problem("correlate", f"{pairs!r:.60}", accepted))
    inputs = uncertain_inputs(comparison)
    known = dict(comparison.correlations)
    for pair, value in pairs.items():
        names = _checked_pair(pair, inputs)
        where = f"correlate: {names[0]} with {names[1]}"
        number = check_number(value, where=where, unit="", low=-1.0, high=1.0)
        if not isinstance(number, float):
            raise ScenarioError(Problem(where, "draws or a distribution", "one number from -1 to 1"))
        known.pop((names[1], names[0]), None)
        known[names] = number
    changed = replace(comparison, correlations=known)
    correlation_matrix(inputs, known)
    return changed


def _checked_pair(pair: object, inputs: tuple[Input, ...]) -> tuple[str, str]:
    """Return the names of two inputs that are given by name or address."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ScenarioError(Problem("correlate", repr(pair), "a pair of names or addresses of uncertain inputs"))
    named = {place: each for each in inputs for place in (*each.addresses, each.name)}
    for name in pair:
        if name not in named:
            accepted = "the name or an address of an uncertain input" + ("" if inputs else ", of which there is none")
            raise ScenarioError(Problem("correlate", repr(name), accepted, offer(str(name), list(named))))
        if isinstance(named[name].distribution, OwnDraws):
            accepted = "a distribution: draws of one's own are drawn together, as they are"
            raise ScenarioError(Problem("correlate", f"{name!r}, an array of draws", accepted))
    first, second = (named[name].name for name in pair)
    if first == second:
        raise ScenarioError(Problem("correlate", f"{pair[0]!r} with {pair[1]!r}, the same input", "two different ones"))
    return first, second


def correlation_matrix(inputs: tuple[Input, ...], pairs: Mapping[tuple[str, str], float]) -> Array:
    """Return the correlation matrix of inputs, in their order.

    Returns
    -------
    ndarray, shape (inputs, inputs)

    Raises
    ------
    ScenarioError
        If no numbers can go together in this way: the matrix has a negative eigenvalue.
    """
    names = [each.name for each in inputs]
    matrix = np.eye(len(names))
    for (first, second), value in pairs.items():
        if first in names and second in names:  # one that is switched off goes with nothing
            row, column = names.index(first), names.index(second)
            matrix[row, column] = matrix[column, row] = value
    least = float(np.linalg.eigvalsh(matrix)[0]) if names else 1.0
    if least < -_ROUNDING:
        said = ", ".join(f"{first} with {second} {value:g}" for (first, second), value in pairs.items())
        found = f"{said}: no correlation matrix, its least eigenvalue is {least:.3g}"
        accepted = "correlations that can hold together (a matrix without negative eigenvalues)"
        raise ScenarioError(Problem("correlate", found, accepted, "Bring the strongest ones nearer to 0."))
    return matrix
