"""Assertions on studies and prices for one's own tests: the checks of assumption files, with the same explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.reading import Document, KeyPath

if TYPE_CHECKING:
    from tokencross.prices import PriceBook
    from tokencross.studies.compare import Comparison
    from tokencross.study import Study
    from tokencross.tables.book import Book

__all__ = [
    "assert_breakeven",
    "assert_cheapest",
    "assert_cost",
    "assert_never_wins",
    "assert_price",
    "assert_undercuts",
]

_SUBJECTS = {
    "undercuts": "challenger",
    "breakeven": "challenger",
    "cheapest": "option",
    "never_wins": "option",
    "cost": "option",
    "price": "model",
}
"""The kinds of check, and the argument that holds what a file writes under the kind's key."""

Reach: TypeAlias = "float | tuple[float, float]"
"""A volume, or all from low to high. [reference tokens/month]"""


def assert_undercuts(
    study: Study,
    challenger: str,
    *,
    against: str | None = None,
    tokens_per_month: Reach | None = None,
    margin_share: float = 0.0,
) -> None:
    """Raise unless an option costs less than another.

    Parameters
    ----------
    study : Study
        Compared at the medians of what is uncertain, as in every check here.
    challenger : str
        Label of the option that costs less.
    against : str, optional
        Label of the option that costs more; the incumbent unless said.
    tokens_per_month : float or (float, float), optional
        Where: at a volume, or everywhere from low to high (which may be inf); the study's own volume unless said.
        [reference tokens/month]
    margin_share : float
        By how much it has to cost less. [share of the other's cost]

    Raises
    ------
    AssertionError
        With what was expected and found, the rows behind it, and what changed since it last held.
    ScenarioError
        If an argument is wrong.

    Examples
    --------
    >>> import tokencross as tc
    >>> own = tc.Option("own GPUs", tc.CostCurve.fixed(5_000))
    >>> api = tc.Option("API", tc.CostCurve.per_mtok(2))
    >>> study = tc.Study([api, own], workload=tc.Workload(input_tokens=3_000, output_tokens=1_000))
    >>> assert_undercuts(study, "own GPUs", tokens_per_month=3e9)
    >>> assert_undercuts(study, "own GPUs", tokens_per_month=(1e9, 3e9))
    Traceback (most recent call last):
    AssertionError: undercuts: own GPUs
      expected: own GPUs undercuts API from 1B to 3B tokens/month
      found: it does from 2.5B to 3B tokens/month
      Nothing that the study rests on is dated: there is no other day on which it could have held.
    """
    __tracebackhide__ = True
    said = {"against": against, "tokens_per_month": tokens_per_month, "margin_share": margin_share}
    _assert_of_study(study, "undercuts", challenger, **said)


def assert_breakeven(
    study: Study,
    challenger: str,
    *,
    against: str | None = None,
    quantity: Literal["first", "robust"] = "first",
    per: Literal["month", "day", "usd_per_month", "usd_per_day"] = "month",
    equals: float | None = None,
    within_share: float | None = None,
    between: tuple[float, float] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    never: bool = False,
) -> None:
    """Raise unless a breakeven lies where it is expected; exactly one expectation has to be said.

    Parameters
    ----------
    study : Study
        With both options.
    challenger, against
        As in `assert_undercuts`.
    quantity : str
        ``first``: the first volume from which it undercuts; ``robust``: that from which it does for ever.
    per : str
        ``month`` or ``day`` [reference tokens], ``usd_per_month`` or ``usd_per_day``: what the undercut option costs
        just above it. [USD]
    equals, within_share : float, optional
        The figure, to 1e-9 of it or to such a share of it.
    between : (float, float), optional
        Its bounds, both inside.
    at_least, at_most : float, optional
        One bound.
    never : bool
        Whether there is no such breakeven.

    Raises
    ------
    AssertionError
        With what was expected and found, the rows behind it, and what changed since it last held.
    ScenarioError
        If an argument is wrong, or no or several expectations are said.

    Examples
    --------
    >>> import tokencross as tc
    >>> own = tc.Option("own GPUs", tc.CostCurve.fixed(5_000))
    >>> api = tc.Option("API", tc.CostCurve.per_mtok(2))
    >>> study = tc.Study([api, own], workload=tc.Workload(input_tokens=3_000, output_tokens=1_000))
    >>> assert_breakeven(study, "own GPUs", equals=2.5e9)
    >>> assert_breakeven(study, "own GPUs", per="usd_per_month", between=(4_000, 6_000))
    >>> assert_breakeven(study, "API", against="own GPUs", quantity="robust", never=True)
    """
    __tracebackhide__ = True
    _assert_of_study(
        study,
        "breakeven",
        challenger,
        against=against,
        quantity=quantity,
        per=per,
        equals=equals,
        within_share=within_share,
        between=between,
        at_least=at_least,
        at_most=at_most,
        never=never or None,
    )


def assert_cheapest(study: Study, option: str, *, tokens_per_month: Reach | None = None) -> None:
    """Raise unless a substitute is the cheapest of them.

    Parameters
    ----------
    study : Study
        Whose options are compared; those in its ``reference`` are no substitutes.
    option : str
        Label of the substitute.
    tokens_per_month : float or (float, float), optional
        Where: at a volume, or everywhere from low to high (which may be inf), exactly; the study's own volume unless
        said. [reference tokens/month]

    Raises
    ------
    AssertionError, ScenarioError
        As `assert_undercuts`.
    """
    __tracebackhide__ = True
    _assert_of_study(study, "cheapest", option, tokens_per_month=tokens_per_month)


def assert_never_wins(study: Study, option: str) -> None:
    """Raise if a substitute is the cheapest of them at any volume.

    Parameters
    ----------
    study : Study
        Whose options are compared; those in its ``reference`` are no substitutes.
    option : str
        Label of the substitute.

    Raises
    ------
    AssertionError, ScenarioError
        As `assert_undercuts`.
    """
    __tracebackhide__ = True
    _assert_of_study(study, "never_wins", option)


def assert_cost(
    study: Study,
    option: str,
    *,
    tokens_per_month: float | None = None,
    per: Literal["month", "day", "mtok", "request"] = "month",
    equals: float | None = None,
    within_share: float | None = None,
    between: tuple[float, float] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    """Raise unless what an option costs lies where it is expected; exactly one expectation has to be said.

    Parameters
    ----------
    study : Study
        With the option.
    option : str
        Its label.
    tokens_per_month : float, optional
        Where; the study's own volume unless said. [reference tokens/month]
    per : str
        USD per ``month``, ``day``, ``mtok`` (a million reference tokens) or ``request``.
    equals, within_share, between, at_least, at_most
        As in `assert_breakeven`. [USD]

    Raises
    ------
    AssertionError, ScenarioError
        As `assert_breakeven`.
    """
    __tracebackhide__ = True
    _assert_of_study(
        study,
        "cost",
        option,
        tokens_per_month=tokens_per_month,
        per=per,
        equals=equals,
        within_share=within_share,
        between=between,
        at_least=at_least,
        at_most=at_most,
    )


def assert_price(
    book: PriceBook,
    model: str,
    *,
    field: str | None = None,
    service_tier: str | None = None,
    purchase: str | None = None,
    region: str | None = None,
    equals: float | None = None,
    within_share: float | None = None,
    between: tuple[float, float] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    """Raise unless a figure of the tables lies where it is expected; exactly one expectation has to be said.

    Parameters
    ----------
    book : PriceBook
        The tables at a date, as `load_prices` and the pytest fixture ``price_book`` give them.
    model : str
        ``provider/model``, ``compute:provider/instance``, or the whole address of a figure, such as
        ``prices:anthropic/claude-opus-5-5.output_usd_per_mtok``.
    field : str, optional
        Which figure of the row; ``input_usd_per_mtok`` of a model and ``usd_per_hour`` of an instance unless said or
        in the address.
    service_tier, purchase, region : str, optional
        The terms: of a hosted model (``standard``), of an instance (``on_demand``), and of either.
    equals, within_share, between, at_least, at_most
        As in `assert_breakeven`.

    Raises
    ------
    AssertionError
        With what was expected and found, its row, what it was before, and when it last held.
    ScenarioError, ResolveError
        If an argument is wrong, no or several expectations are said, or the tables have no such figure.

    Examples
    --------
    >>> import tokencross as tc
    >>> assert_price(tc.load_prices(as_of="2024-11-04"), "openai/gpt-4o", equals=2.50)
    """
    __tracebackhide__ = True
    from tokencross.prices import PriceBook

    if not isinstance(book, PriceBook):
        raise ScenarioError(Problem("assert_price: book", type(book).__name__, "a book that tc.load_prices(…) gives"))
    _assert(
        "price",
        model,
        {
            "field": field if field is not None or not _is_model(model) else "input_usd_per_mtok",
            "service_tier": service_tier,
            "purchase": purchase,
            "region": region,
            "equals": equals,
            "within_share": within_share,
            "between": between,
            "at_least": at_least,
            "at_most": at_most,
        },
        book._book,
        None,
    )


def _is_model(name: object) -> bool:
    """Return whether a name is a model's alone, no address."""
    return isinstance(name, str) and ":" not in name


# ---------------------------------------------------------------------- as the checks of files


def _assert_of_study(study: Study, kind: str, subject: str, **said: object) -> None:
    """Raise unless a check of a study holds."""
    __tracebackhide__ = True
    from tokencross.study import Study

    if not isinstance(study, Study):
        raise ScenarioError(Problem(f"assert_{kind}: study", type(study).__name__, "a tc.Study"))
    _assert(kind, subject, said, _book_of(study.comparison), study.comparison)


def _assert(kind: str, subject: object, said: dict[str, object], book: Book, study: Comparison | None) -> None:
    """Raise unless a check of a kind, as a file would say it, holds."""
    __tracebackhide__ = True
    from tokencross.checks.check_past import check_since
    from tokencross.checks.context import Context
    from tokencross.checks.measures import measured
    from tokencross.checks.outcome import CaseOutcome, Outcome
    from tokencross.tables.assumption_file import KINDS
    from tokencross.tables.strict import parse_record

    call = _Call(f"assert_{kind}", ScenarioError)
    name = f"{kind}: {subject}"
    given = {key: _plain(value) for key, value in said.items() if value is not None}
    entry = parse_record(KINDS[kind], {"name": name, kind: subject, **given}, call)
    context = Context(book, book.as_of, call, (), study)
    finding = measured(entry, context)
    if not finding.holds:
        case = CaseOutcome("", finding, 0, check_since(entry, context))
        told = Outcome("assumption", call.name, 0, name, passed=False, cases=(case,)).message()
        raise AssertionError("\n".join([name, *told.splitlines()[1:]]))  # the first says where a file has it


class _Call(Document):
    """What a call says, as the document of a check: its mistakes name the call and the argument."""

    def where(self, path: KeyPath = ()) -> str:
        """Return the call and the argument."""
        (kind,) = (key for key in _SUBJECTS if self.name == f"assert_{key}")
        key = ".".join(map(str, path))
        return f"{self.name}: {_SUBJECTS[kind] if key == kind else key}" if key else self.name


def _plain(value: object) -> object:
    """Return a value as a file would give it: lists as tuples, numbers of NumPy as Python's."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    as_python = getattr(value, "item", None)
    return value if as_python is None else as_python()


def _book_of(study: Comparison) -> Book:
    """Return the tables of a study at its date; the bundled ones where it rests on none."""
    from tokencross.tables.book import Book
    from tokencross.tables.store import bundled_store

    books = [option.book for option in study.everyone.values() if option.book is not None]
    return max(books, key=lambda book: book.as_of) if books else Book(bundled_store(), bundled_store().date)
