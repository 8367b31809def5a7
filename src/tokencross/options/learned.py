"""What the shipped rows taught, kept in a file: written, read, checked, and used where the rows are still the same.

Run it as ``python -m tokencross.options.learned`` to write the file anew, and with ``--check`` to see that it is fresh.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from tokencross.options.learning import families_of, learn, taught_runs
from tokencross.options.rate_model import (
    CENTRE_SD,
    COLUMNS,
    EFFECT_SDS,
    GROUPS,
    NOISE,
    PRIOR_MEAN,
    RateModel,
    Software,
    TaughtRun,
)
from tokencross.options.roofline import COMPONENTS
from tokencross.tables.book import Book
from tokencross.tables.store import Store, bundled_store

__all__ = ["LEARNED_FILE", "inputs_digest", "main", "rate_model"]

LEARNED_FILE = Path(__file__).with_name("learned_rates.json")
_INPUTS = ("hardware", "models", "throughput")
_ABOUT = "Effects on ln(multiplier) that the rows of the tables taught, by what deployments have in common. Generated."
_DIGITS = 6
_TOLERANCE = 1e-4  # of ln(multiplier): linear algebra of another machine ends a little elsewhere


@dataclass(frozen=True)
class _Kept:
    """The file: what was taught, by which rows, up to which day."""

    inputs: str
    newest: date
    model: RateModel


def inputs_digest(store: Store) -> str:
    """Return the SHA-256 of all that is learned from: the tables' files of hardware, models and rates, and constants.

    Records of one's own over these tables have a digest of their own, so that nothing old is used with them.
    """
    digest = hashlib.sha256(repr((COLUMNS, EFFECT_SDS.tolist(), PRIOR_MEAN.tolist(), CENTRE_SD, NOISE)).encode())
    for kind in _INPUTS:
        own = () if store.overlay is None else tuple(store.overlay.stems(kind))
        if store.overlay is not None and own:
            digest.update(store.overlay.path.read_bytes())
        for path in store.files(kind):
            if path.is_file():
                raw = path.read_bytes().replace(b"\r\n", b"\n")
                digest.update(path.relative_to(store.root).as_posix().encode() + b"\0" + raw + b"\0")
    return digest.hexdigest()


_LEARNED: WeakKeyDictionary[Store, dict[date, RateModel]] = WeakKeyDictionary()
_FRESH: WeakKeyDictionary[Store, bool] = WeakKeyDictionary()


def rate_model(book: Book) -> RateModel:
    """Return what the tables' rows teach by the book's date: as kept in the file, else learned once."""
    kept = _kept()
    if kept is not None and book.as_of >= kept.newest:
        if book.store not in _FRESH:
            _FRESH[book.store] = inputs_digest(book.store) == kept.inputs
        if _FRESH[book.store]:
            return kept.model
    by_date = _LEARNED.setdefault(book.store, {})
    if book.as_of not in by_date:
        runs = taught_runs(book)
        newest = _newest(runs)
        if newest not in by_date:
            by_date[newest] = learn(runs, families_of(book))
        by_date[book.as_of] = by_date[newest]
    return by_date[book.as_of]


def _newest(runs: list[TaughtRun]) -> date:
    """Return the day of the newest run; the first of all days where there is none."""
    return max((run.source.run.measured_on for run in runs), default=date.min)


# ---------------------------------------------------------------------- the file


@cache
def _kept() -> _Kept | None:
    """Return what the file says, read once; nothing where there is none, or not one of this form."""
    try:
        return _read(json.loads(LEARNED_FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # learned anew from the rows, which takes longer and gives the same


def _read(said: dict[str, Any]) -> _Kept:
    """Return the file's content as a model."""
    effects = said["effects"]
    entries = [[(e["label"], e["points"], [e.get(c, 0.0) for c in COLUMNS]) for e in effects[g]] for g in GROUPS]
    model = RateModel(
        np.array([said["centres"][name] for name in COMPONENTS], dtype=float),
        tuple({label: np.array(row, dtype=float) for label, _, row in of_group} for of_group in entries),
        tuple({label: int(points) for label, points, _ in of_group} for of_group in entries),
        said["runs"],
        tuple(_software(*row) for row in said["software"]),
        said["families"],
        said["points"],
        said["residual_share"],
    )
    return _Kept(said["inputs_sha256"], date.fromisoformat(said["newest"]), model)


def _software(
    gpu: str, architecture: str, load_basis: str, engine: str, version: str, newest: str, point_count: int
) -> Software:
    """Return a row of the file's software."""
    return Software(gpu, architecture, load_basis, engine, version, date.fromisoformat(newest), point_count)


def _text(book: Book) -> str:
    """Return the file's text: what the rows of a book teach, a label a line."""
    runs = taught_runs(book)
    model = learn(runs, families_of(book))
    head = {
        "about": _ABOUT,
        "inputs_sha256": inputs_digest(book.store),
        "newest": _newest(runs).isoformat(),
        "points": model.point_count,
        "residual_share": round(model.residual_share, _DIGITS),
        "centres": dict(zip(COMPONENTS, model.centres.round(_DIGITS).tolist(), strict=True)),
        "families": dict(model.families),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    lines.append('"effects": {')
    lines.append(",\n".join(f" {json.dumps(group)}: [\n{_effects(model, at)}\n ]" for at, group in enumerate(GROUPS)))
    lines.append('},\n"software": [')
    rows = [(e.gpu, e.architecture, e.load_basis, e.engine, e.version, e.newest, e.point_count) for e in model.software]
    lines.append(",\n".join(f"  {json.dumps(row, default=str)}" for row in rows))
    lines.append('],\n"runs": {')
    shares = sorted(model.residual_shares.items())
    lines.append(",\n".join(f"  {json.dumps(digest)}: {round(share, 4)}" for digest, share in shares))
    return "{\n" + "\n".join(lines) + "\n}\n}\n"


def _effects(model: RateModel, at: int) -> str:
    """Return the effects of a group, a label a line; a column that the group has no effect on is left out."""
    columns = [(column, name) for column, name in enumerate(COLUMNS) if EFFECT_SDS[at, column]]
    lines = []
    for label, effect in model.effects[at].items():
        figures = {name: round(float(effect[column]), _DIGITS) for column, name in columns}
        lines.append(json.dumps({"label": label, "points": model.point_counts[at][label], **figures}))
    return ",\n".join(f"  {line}" for line in lines)


def _differences(kept: _Kept, fresh: _Kept) -> list[str]:
    """Return in which ways what is kept is not what the rows teach."""
    found = []
    if kept.inputs != fresh.inputs:
        found.append("tables or constants have changed")
    if (kept.newest, kept.model.software, kept.model.families) != (
        fresh.newest,
        fresh.model.software,
        fresh.model.families,
    ):
        found.append("other dates, software or families")
    if kept.model.residual_shares.keys() != fresh.model.residual_shares.keys():
        found.append("other runs")
    if kept.model.point_counts != fresh.model.point_counts:
        found.append("other points")
    elif max(_apart(kept.model, fresh.model)) > _TOLERANCE:
        found.append(f"effects that are off by up to {max(_apart(kept.model, fresh.model)):.2g}")
    return found


def _apart(one: RateModel, other: RateModel) -> list[float]:
    """Return by how much the effects of two models with the same labels are apart."""
    pairs = [(one.centres, other.centres)]
    pairs += [(a[label], b[label]) for a, b in zip(one.effects, other.effects, strict=True) for label in a]
    return [float(np.max(np.abs(a - b))) for a, b in pairs]


def main(*flags: str) -> int:
    """Write the file, or with ``--check`` say whether it is fresh."""
    text = _text(Book(bundled_store(), date.max))
    if "--check" not in flags:
        LEARNED_FILE.write_text(text, encoding="utf-8")
        return 0
    kept = _kept()
    found = ["no file of this form"] if kept is None else _differences(kept, _read(json.loads(text)))
    if found:
        print(f"not fresh: {LEARNED_FILE.name}: {'; '.join(found)}; run: python -m {_MODULE}", file=sys.stderr)
    return 1 if found else 0


_MODULE = "tokencross.options.learned"

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
