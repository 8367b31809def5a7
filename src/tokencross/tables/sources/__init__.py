"""Upstreams that prices can be read from: one file each, all offline, all giving the same frozen values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tokencross.errors import Problem, ResolveError, TableError, TokencrossError, offer
from tokencross.tables.records import Basis

__all__ = [
    "PACKAGED",
    "UPSTREAMS",
    "Upstream",
    "UpstreamBatch",
    "UpstreamInstance",
    "UpstreamPrice",
    "UpstreamTier",
    "amount",
    "book_provider",
    "installed_version",
    "not_installed",
    "packaged_text",
    "read_json",
    "read_upstream",
    "text_of",
    "understood",
    "usd_per_mtok",
]

UPSTREAMS = {
    "genai-prices": "genai_prices",
    "model-prices": "model_prices",
    "litellm": "litellm",
    "gpuhunt": "gpuhunt",
}
"""Name of an upstream, and the module here that reads it; anything else is a file."""

PACKAGED = ("genai-prices", "model-prices", "litellm")
"""Those whose installed package holds prices."""

_PROVIDERS = {
    "amazon-bedrock": "bedrock",
    "aws-bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "lambdalabs": "lambda",
    "moonshot": "moonshotai",
    "together_ai": "together",
    "x-ai": "xai",
}
_IN_EXTRA = ("genai-prices", "model-prices")
_PER_MTOK = 1e6


@dataclass(frozen=True)
class UpstreamTier:
    """Prices of requests longer than a threshold, as an upstream has them. [USD per million tokens]"""

    threshold_tokens: int
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    cache_write_1h_usd_per_mtok: float | None = None


@dataclass(frozen=True)
class UpstreamBatch:
    """Prices of deferred requests, as an upstream has them. [USD per million tokens]"""

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float | None = None


@dataclass(frozen=True)
class UpstreamPrice:
    """A model's prices in one era, as an upstream has them; None is what it does not say. [USD per million tokens]"""

    provider: str
    model: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    via: str
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    cache_write_1h_usd_per_mtok: float | None = None
    long_context: tuple[UpstreamTier, ...] | None = ()
    batch: UpstreamBatch | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    basis: Basis = "first_observed"
    cited_url: str = ""
    name: str = ""


@dataclass(frozen=True)
class UpstreamInstance:
    """An instance's price in one era, as an upstream has it. [USD per hour, whole instance]"""

    provider: str
    instance: str
    region: str
    purchase: str
    usd_per_hour: float
    via: str
    effective_from: date | None = None
    effective_to: date | None = None
    basis: Basis = "first_observed"
    cited_url: str = ""


@dataclass(frozen=True)
class Upstream:
    """All that an upstream says.

    Attributes
    ----------
    name, via : str
        What it is called, and with its version, as a row's ``via`` names it.
    published_on : date or None
        The day of its data, where it says so.
    prices, instances : tuple
        Its prices, a value per era.
    notes : tuple of str
        What was left out on reading it, and why.
    """

    name: str
    via: str
    published_on: date | None = None
    prices: tuple[UpstreamPrice, ...] = ()
    instances: tuple[UpstreamInstance, ...] = ()
    notes: tuple[str, ...] = ()


def read_upstream(name: str, *, file: Path | None = None) -> Upstream:
    """Return what an upstream says, from its installed package or from a file; never from the network.

    Parameters
    ----------
    name : str
        One of `UPSTREAMS`, or the path of a file of prices of one's own.
    file : Path, optional
        The upstream's data file instead of its installed package.

    Raises
    ------
    ResolveError
        If there is no such upstream, its package is not installed, or it needs a file.
    TableError
        If its data cannot be read, or are not built as expected.
    """
    if name in UPSTREAMS:
        module, path = UPSTREAMS[name], file
    else:
        path = Path(name)
        if file is not None or not (path.exists() or path.suffix or len(path.parts) > 1):
            accepted = f"one of {', '.join(UPSTREAMS)}, or the path of a file"
            raise ResolveError(Problem("--from", f"{name!r}", accepted, offer(name, list(UPSTREAMS))))
        module = "file"
    read: Callable[[Path | None], Upstream] = import_module(f"{__name__}.{module}").read
    return read(path)


def installed_version(package: str) -> str | None:
    """Return the version of an installed package; None where it is not installed."""
    try:
        return distribution(package).version
    except PackageNotFoundError:
        return None


def not_installed(package: str) -> ResolveError:
    """Return the error for an upstream whose package is missing."""
    remedy = f"pip install {package}, or give its data file with --file."
    if package in _IN_EXTRA:
        remedy = "pip install 'tokencross[sources]'"
    return ResolveError(Problem(f"--from {package}", "no such package installed", f"an installed {package}", remedy))


def packaged_text(package: str, inside: str, file: Path | None) -> tuple[str, str]:
    """Return the text of a data file and what to call it: the user's, or that of the installed package."""
    if file is not None:
        return text_of(file), f"{package}:{file.name}"
    version = installed_version(package)
    if version is None:
        raise not_installed(package)
    return text_of(Path(str(distribution(package).locate_file(inside)))), f"{package}@{version}"


def text_of(path: Path) -> str:
    """Return a file's text; a mistake is one message."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
        raise TableError(Problem(str(path), reason, "a file of prices that can be read")) from None
    except UnicodeDecodeError as error:
        found = f"a byte that is not UTF-8 at position {error.start}"
        raise TableError(Problem(str(path), found, "a file of prices as UTF-8 text")) from None


def read_json(text: str, where: str) -> object:
    """Return JSON as Python values; a mistake is one message."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TableError(Problem(f"{where}{line}", "text that is not JSON", "the upstream's data file")) from None


@contextmanager
def understood(where: str) -> Iterator[None]:
    """Turn data that are not built as expected into one message that names the place."""
    try:
        yield
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, TokencrossError):
            raise
        found = f"no {error}" if isinstance(error, KeyError) else str(error)
        remedy = "Its structure has changed: take the version before, or report it with this message."
        raise TableError(Problem(where, found, "data as the version has them that this was written for", remedy)) from (
            error
        )


def amount(value: float) -> float:
    """Return a price that is one: a finite number, not negative."""
    number = float(value)
    if not math.isfinite(number) or number < 0.0:
        raise ValueError(f"a price of {value}")
    return number


def usd_per_mtok(usd_per_token: float) -> float:
    """Return a price per million tokens from one per token, without the noise of the multiplication."""
    return float(f"{amount(usd_per_token) * _PER_MTOK:.10g}")


def book_provider(name: str) -> str:
    """Return how the tables spell a provider that upstreams spell otherwise."""
    return "vertex" if name.startswith("vertex_ai") else _PROVIDERS.get(name, name)
