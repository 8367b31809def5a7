"""Prices of a CSV file of the skypilot-catalog repository: instances with GPUs, on demand and spot."""

from __future__ import annotations

from pathlib import Path

from tokencross.tables.sources import Upstream
from tokencross.tables.sources.catalog import CsvTable, Seen, one_price_each

__all__ = ["is_skypilot", "read_table"]

_NAME = "skypilot-catalog"
_COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "SpotPrice", "Region")
_STAND_IN = 700.0  # written where the price is not known, as for TPUs in some regions of GCP
_SPLIT = ("gcp",)
"""Clouds whose accelerators stand in rows of their own, so that an instance's row is the price of its host."""


def is_skypilot(table: CsvTable) -> bool:
    """Return whether a CSV file is one of the catalog's."""
    return {"InstanceType", "AcceleratorName"} <= set(table.columns)


def read_table(table: CsvTable, file: Path) -> Upstream:
    """Return the prices of a cloud's file, ``<cloud>/vms.csv`` or ``<cloud>.csv``."""
    table.need(_COLUMNS, "a file of the skypilot-catalog")
    cloud = file.absolute().parent.name if file.stem == "vms" else file.stem
    seen: list[Seen] = []
    hosts, parts, unknown = 0, 0, 0
    for line, row in table.rows:
        if not row["InstanceType"]:
            parts += 1
            continue
        if not row["AcceleratorName"]:
            hosts += 1
            continue
        for column, spot in (("Price", False), ("SpotPrice", True)):
            price = table.number(line, row, column)
            unknown += price == _STAND_IN
            if price and price != _STAND_IN:
                seen.append(Seen(row["InstanceType"], row["Region"], spot, price))
    via = f"{_NAME}:{cloud}/{file.name}"
    instances, notes = one_price_each(seen, cloud, via)
    told = {
        "accelerators in rows without an instance left out: their hosts cost extra": parts,
        "instances without an accelerator left out" + (": the price is the host's alone" * (cloud in _SPLIT)): hosts,
        f"prices of {_STAND_IN:g} left out: a stand-in for an unknown price": unknown,
    }
    said = [f"{count} {what}" for what, count in told.items() if count]
    return Upstream(_NAME, via, instances=tuple(instances), notes=(*said, *notes))
