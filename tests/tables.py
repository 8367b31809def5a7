"""Small folders of tables for tests, so that what they expect does not depend on the tables that ship."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

import tokencross as tc

__all__ = ["AS_OF", "CITED", "MTOK", "api", "hosted", "open_model", "price_book", "row", "write_tables"]

MTOK = 1_000_000
AS_OF = "2026-11-21"

Plain = dict[str, Any]  # what YAML holds
CITED: Plain = {"basis": "documented", "via": "acme@1.0", "checked": date(2026, 11, 21)}


class _Written(yaml.CSafeDumper):
    """Writes every value out where it belongs: the tables know no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def row(effective_from: str = "2026-01-01", /, **figures: Any) -> Plain:
    """Return a dated row with its provenance."""
    return {"effective_from": date.fromisoformat(effective_from), **CITED, **figures}


def hosted(name: str, *prices: Plain, **keys: Any) -> Plain:
    """Return a hosted model."""
    return {"id": name, "name": name.title(), "tier": "frontier", "prices": list(prices), **keys}


def api(*models: Plain, provider: str = "acme", **head: Any) -> dict[str, Plain]:
    """Return a file of a provider's hosted models, by its path."""
    return {f"api/{provider}": {"provider": provider, "name": provider.title(), **head, "models": list(models)}}


def open_model(name: str, **keys: Any) -> Plain:
    """Return an open model of a billion parameters."""
    sizes = {"parameter_count": 1.0e9, "active_parameter_count": 1.0e9, "layer_count": 10}
    heads = {"query_head_count": 8, "kv_head_count": 8, "head_size_count": 64}
    return {"id": name, "name": name.replace("-", " ").title(), **sizes, **heads, **CITED, **keys}


def write_tables(root: Path, files: Mapping[str, Plain | str]) -> Path:
    """Write a folder of tables, each file as data or as text, and return it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    for name, content in files.items():
        path = root / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else yaml.dump(content, Dumper=_Written, sort_keys=False)
        path.write_text(text, encoding="utf-8")
    return root


def price_book(root: Path, files: Mapping[str, Plain | str], as_of: str = AS_OF, **given: Any) -> tc.PriceBook:
    """Write a folder of tables and return it as a price book once every record is seen to be right."""
    book = tc.load_prices(write_tables(root, files), as_of=as_of, **given)
    book.check()
    return book
