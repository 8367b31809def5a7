"""Prices of a gpuhunt catalog that the user gives: a CSV file of one provider, or a catalog.zip."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from tokencross.errors import Problem, ResolveError, TableError
from tokencross.tables.sources import Upstream, UpstreamInstance, installed_version, text_of
from tokencross.tables.sources.catalog import CsvTable, Seen, one_price_each, read_csv

__all__ = ["read"]

_NAME = "gpuhunt"
_COLUMNS = ("instance_name", "location", "price", "gpu_count", "spot")
_LARGEST_BYTES = 500_000_000


def read(file: Path | None) -> Upstream:
    """Return the prices of GPU instances of a catalog; the package itself holds none."""
    if file is None:
        found = "no file; the package holds no prices, it downloads them"
        remedy = "Give a provider's catalog.zip of https://github.com/dstackai/gpuhunt, or its CSV: --file aws.csv"
        raise ResolveError(Problem(f"--from {_NAME}", found, "--file with a catalog", remedy))
    version = installed_version(_NAME)
    via = f"{_NAME}@{version}:{file.name}" if version else f"{_NAME}:{file.name}"
    instances: list[UpstreamInstance] = []
    notes: list[str] = []
    for provider, text in _texts(file):
        table = read_csv(text, f"{file}" if file.suffix != ".zip" else f"{file}: {provider}.csv")
        table.need(_COLUMNS, "a gpuhunt catalog")
        priced, said = one_price_each(_seen(table), provider, via)
        instances += priced
        notes += [f"{provider}: {note}" for note in said]
    return Upstream(_NAME, via, instances=tuple(instances), notes=tuple(notes))


def _texts(file: Path) -> list[tuple[str, str]]:
    """Return provider and text of each CSV file in a catalog."""
    if file.suffix != ".zip":
        return [(file.stem, text_of(file))]
    try:
        with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
            inside = [info for info in archive.infolist() if info.filename.endswith(".csv")]
            if sum(info.file_size for info in inside) > _LARGEST_BYTES:
                raise TableError(Problem(str(file), "more than 500 MB of tables", "a catalog of gpuhunt"))
            texts = [(Path(info.filename).stem, archive.read(info).decode("utf-8")) for info in inside]
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        raise TableError(Problem(str(file), found, "a catalog that can be read")) from None
    except (zipfile.BadZipFile, UnicodeDecodeError, RuntimeError) as error:
        raise TableError(Problem(str(file), f"a damaged archive ({error})", "a catalog.zip of gpuhunt")) from None
    if not texts:
        raise TableError(Problem(str(file), "no CSV file in the archive", "a catalog.zip of gpuhunt"))
    return texts


def _seen(table: CsvTable) -> list[Seen]:
    """Return the prices of instances with GPUs."""
    found = []
    for line, row in table.rows:
        price, gpus = table.number(line, row, "price"), table.number(line, row, "gpu_count")
        spot = row["spot"].strip().lower()
        if spot not in ("true", "false"):
            raise TableError(Problem(f"{table.where}:{line}: spot", repr(row["spot"]), "True or False"))
        if price and gpus:
            found.append(Seen(row["instance_name"], row["location"], spot == "true", price))
    return found
