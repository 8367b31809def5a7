"""What every check of an assumption file may say, whatever its kind: name, verdict, cases, bounds and volumes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from tokencross.errors import nearest, offer
from tokencross.tables.strict import Finite, PositiveAmount, Share, StrictRecord, as_written, mistake

__all__ = [
    "CASE_KEYS_REFUSED",
    "EXPECTATIONS",
    "TODAY",
    "VOLUMES",
    "AsOf",
    "Between",
    "CheckEntry",
    "CrossingEntry",
    "HoldsForEntry",
    "NumericEntry",
    "Range",
    "RangeEntry",
    "VolumeEntry",
    "one_of",
]

TODAY = "today"
"""What stands for the day on which the checks run."""
EXPECTATIONS = ("equals", "between", "at_least", "at_most", "never")
"""The keys that say what is expected of a figure, of which a check has one."""
VOLUMES = ("tokens_per_month", "tokens_per_day")
"""The keys that say a volume, of which a check has one at most."""
CASE_KEYS_REFUSED = ("name", "because", "claim", "source", "verdict", "cases", "hinges_on")
"""What a check says once for all of its cases."""

_DAYS_OR_WORDS = {"anyOf": [{"type": "string", "format": "date"}, {"enum": ["today", "tables"]}]}
_NUMBER = {"type": "number"}
_TWO = {"type": "array", "minItems": 2, "maxItems": 2}
_ONE_BOUND = "One bound alone is at_least or at_most."


def _a_day(value: object) -> object:
    words = ("tables", TODAY)
    if value in words or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    accepted = "a date such as 2026-11-21, tables or today"
    if isinstance(value, datetime):
        mistake(str(value), accepted, f"Write {value.date()}: a price counts for a whole day.")
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        mistake(as_written(value), accepted, offer(value, words) if nearest(str(value), words) else "")


AsOf = Annotated[date | str, BeforeValidator(_a_day), WithJsonSchema(_DAYS_OR_WORDS)]
"""A date, or a word for one."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number_text(value: float) -> str:
    """Return a number as YAML reads it: with a point and a sign before the exponent.

    Examples
    --------
    >>> _number_text(1e9), _number_text(6.4123e9), _number_text(0.25), _number_text(20_000.0)
    ('1.0e+9', '6.4123e+9', '0.25', '20000')
    """
    if not math.isfinite(value) or value == 0.0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.15g}"
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{exponent}"


def _of_text(value: object) -> str:
    """Return what to do about a number that was written as text, alone or in a list; nothing where there is none."""
    texts = [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, str)]
    for text in texts:
        try:
            number = float(text)
        except ValueError:
            return "Write numbers alone, without a letter or a unit: 1.0e+9, not 1B."
        return f"YAML reads {text} as text: write {_number_text(number)}."
    return ""


def _two_numbers(value: object) -> tuple[float, float]:
    """Return low and high, both of them finite."""
    if not isinstance(value, tuple) or len(value) != 2 or not all(map(_is_number, value)):
        remedy = "Write [low, high]." if isinstance(value, dict) else _of_text(value) or _ONE_BOUND
        mistake(as_written(value), "[low, high], two numbers", remedy)
    if not all(map(math.isfinite, value)):
        mistake(as_written(value), "[low, high], two finite numbers", _ONE_BOUND)
    return _in_order(value)


def _in_order(value: tuple[float, float]) -> tuple[float, float]:
    """Return low and high."""
    low, high = map(float, value)
    if math.isnan(low) or math.isnan(high) or low > high:
        remedy = f"Write [{_number_text(high)}, {_number_text(low)}]." if low > high else ""
        mistake(as_written(value), "[low, high] with low at most high", remedy)
    return low, high


Between = Annotated[
    tuple[float, float], BeforeValidator(_two_numbers), WithJsonSchema({**_TWO, "items": _NUMBER, "title": "Between"})
]
"""Two bounds, both of them inside."""


def _volume_or_two(value: object) -> object:
    """Return a volume above 0, or two; an open end is infinite."""
    accepted = "a finite number > 0, or [low, high]"
    if _is_number(value):
        if not 0.0 < value < math.inf:  # type: ignore[operator]  # a number, as just seen
            mistake(as_written(value), accepted, "From a volume on is [low, null]." if value == math.inf else "")
        return float(value)  # type: ignore[arg-type]  # a number, as just seen
    two = isinstance(value, tuple) and len(value) == 2
    if not isinstance(value, tuple) or not two or not _is_number(value[0]) or isinstance(value[1], (str, bool)):
        mistake(as_written(value), accepted, _of_text(value) or "Low may be 0, and high null: no upper end.")
    low, high = _in_order((value[0], math.inf if value[1] is None else value[1]))
    if low < 0.0 or low == high:
        mistake(as_written(value), "[low, high] with 0 <= low < high")
    return low, high


Range = Annotated[
    float | tuple[float, float],
    BeforeValidator(_volume_or_two),
    WithJsonSchema(
        {"anyOf": [{**_NUMBER, "exclusiveMinimum": 0}, {**_TWO, "items": {"anyOf": [_NUMBER, {"type": "null"}]}}]}
    ),
]
"""A volume, or all from low to high."""


def one_of(entry: StrictRecord, keys: tuple[str, ...], *, required: bool) -> None:
    """Refuse two of some keys, and none if one is required."""
    said = [key for key in keys if getattr(entry, key, None) is not None]
    if len(said) > 1:
        mistake(" and ".join(said), f"one of {', '.join(keys)}", "Keep one of them, or make two checks.")
    if required and not said:
        mistake("nothing that says what is expected", f"one of {', '.join(keys)}")


class HoldsForEntry(StrictRecord):
    """The verdict of a check that holds in some of its cases."""

    holds_for: tuple[str, ...] = Field(min_length=1)
    """The cases in which it holds; in all others it fails."""

    @field_validator("holds_for", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            mistake(as_written(value), "a list of cases", f"Write [{value}].")
        return value


_VERDICTS = "holds, fails, or holds_for: [case, …]"


def _in_words(value: object) -> object:
    """Refuse a verdict that YAML reads as true or false."""
    if isinstance(value, bool):
        mistake(str(value).lower(), _VERDICTS, f"Write {'holds' if value else 'fails'}.")
    return value


def _holds_or_fails(value: str | HoldsForEntry) -> str | HoldsForEntry:
    words = ("holds", "fails")
    if isinstance(value, str) and value not in words:
        mistake(as_written(value), _VERDICTS, offer(value, words))
    return value


_Word = Annotated[str, Field(json_schema_extra={"enum": ["holds", "fails"]})]
Verdict = Annotated[_Word | HoldsForEntry, BeforeValidator(_in_words), AfterValidator(_holds_or_fails)]


class CheckEntry(StrictRecord):
    """What any check says; the key that names its kind comes on top."""

    kind: ClassVar[str] = ""
    """The key that names it."""
    needs_study: ClassVar[bool] = False
    """Whether it is about a study whatever else it says."""

    name: str = Field(min_length=1)
    """Its name, once in a file: what a test is called."""
    because: str = ""
    """Why it matters: what rests on it."""
    claim: str = ""
    """The published claim that it tests, in words of one's own."""
    source: str = ""
    """Who claims it, and where."""
    study: str | None = None
    """The name of one of `studies`; the file's `study` unless said."""
    as_of: AsOf | None = None
    """The day whose prices count: a date, `tables` or `today`; the file's or the study's own unless said."""
    replace: dict[str, Finite] = Field(default_factory=dict)
    """Numbers of the study by address that take the place of what stands there; as `Study.replace`."""
    cases: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Name of a case, and the keys that replace or join the check's own in it; the check is made in each."""
    verdict: Verdict = "holds"
    """What is on record: `holds` (in every case), `fails` (in every case), or `holds_for: [case, …]`."""
    hinges_on: tuple[str, ...] = ()
    """Addresses of the numbers on which the claim turns, for the page that is made of the file."""

    @field_validator("cases")
    @classmethod
    def _named(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if "" in value:
            mistake("a case without a name", "a name that is not empty")
        return value

    @field_validator("verdict")
    @classmethod
    def _known_cases(cls, value: str | HoldsForEntry, info: ValidationInfo) -> str | HoldsForEntry:
        if isinstance(value, HoldsForEntry) and "cases" in info.data:  # cases that are wrong say so themselves
            known = list(info.data["cases"])
            if not known:
                mistake("holds_for in a check without cases", "holds or fails", "Or give the check its cases.")
            for name in value.holds_for:
                if name not in known:
                    mistake(f"unknown case {name!r}", f"one of {', '.join(known)}", offer(name, known))
        return value

    @field_validator("study", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        if value is not None and not isinstance(value, str):
            remedy = "A study itself stands under study: or studies: of the file."
            mistake(as_written(value), "the name of one of studies", remedy)
        return value

    @model_validator(mode="after")
    def _whole(self) -> CheckEntry:
        if not self.cases:  # what each case joins is seen when the case is
            self.check_whole()
        return self

    def check_whole(self) -> None:
        """Refuse what has a key too few or too many; kinds add to it."""
        if self.replace and not self.asks_study:
            remedy = "A figure that rests on the study is checked by number, cost, breakeven, …"
            mistake(f"replace, with {self.kind} from the tables", "replace in a check of a study", remedy)

    @property
    def asks_study(self) -> bool:
        """Whether it is about a study."""
        return self.needs_study

    @property
    def asks_past(self) -> bool:
        """Whether what became of the study says why it no longer is as expected; prices tell it of themselves."""
        return self.asks_study

    @property
    def labels(self) -> tuple[str, str | None] | None:
        """The challenger and whom it is held against (None: the incumbent), where it is about two options."""
        return None

    def in_case(self, keys: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
        """Return what the check says in a case: the case's keys in place of its own.

        A bound or a volume of the case takes the place of the check's, whichever key says it.
        """
        gone = {"cases", "verdict"}
        if any(key in keys for key in EXPECTATIONS):
            gone.update(EXPECTATIONS, ["within_share"])
        if any(key in keys for key in VOLUMES):
            gone.update(VOLUMES)
        return {**{key: value for key, value in own.items() if key not in gone}, **keys}


class NumericEntry(CheckEntry):
    """A check that expects a figure to be somewhere."""

    equals: Finite | None = None
    """The figure itself, to 1e-9 of it, or to `within_share`."""
    within_share: Share | None = None
    """With `equals`: how far off the figure may be. [share of it]"""
    between: Between | None = None
    """`[low, high]`, both inside."""
    at_least: Finite | None = None
    """The least that it may be."""
    at_most: Finite | None = None
    """The most that it may be."""

    @field_validator("equals", mode="before")
    @classmethod
    def _a_figure(cls, value: object) -> object:
        if value in ("never", "none") and "never" in cls.model_fields:
            mistake(as_written(value), "a number", "That there is no such figure is said by never: true.")
        return value

    @property
    def expectation_keys(self) -> tuple[str, ...]:
        """The keys that say what is expected, of those that the kind has."""
        return tuple(key for key in EXPECTATIONS if key in type(self).model_fields)

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        or_none = self.at_least is not None and getattr(self, "never", None)
        one_of(self, tuple(key for key in self.expectation_keys if not (or_none and key == "never")), required=True)
        if self.within_share is not None and self.equals is None:
            mistake("within_share without equals", "within_share beside equals")


def _true(value: object) -> object:
    if value is None or value is True:
        return value
    if value is False:
        remedy = "What there is instead is said by equals, between, or a bound."
        mistake("false", "true, or no such key", remedy)
    mistake(as_written(value), "true, or no such key", "Write never: true.")


class CrossingEntry(NumericEntry):
    """A check of a figure that there may be none of."""

    never: Annotated[bool | None, BeforeValidator(_true), WithJsonSchema({"const": True})] = None
    """true: there is no such figure; with `at_least`, there is none or it is at least so much."""


class VolumeEntry(CheckEntry):
    """A check at a volume; the study's own unless said."""

    tokens_per_month: PositiveAmount | None = None
    """Volume. [reference tokens/month]"""
    tokens_per_day: PositiveAmount | None = None
    """Volume, by the day. [reference tokens/day]"""

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        one_of(self, VOLUMES, required=False)


class RangeEntry(CheckEntry):
    """A check at a volume or everywhere between two; the study's own volume unless said."""

    tokens_per_month: Range | None = None
    """Volume, or `[low, high]`; high may be null. [reference tokens/month]"""
    tokens_per_day: Range | None = None
    """Volume or `[low, high]`, by the day; high may be null. [reference tokens/day]"""

    def check_whole(self) -> None:
        """See `CheckEntry.check_whole`."""
        super().check_whole()
        one_of(self, VOLUMES, required=False)
