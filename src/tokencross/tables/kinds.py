"""Which kinds of table files there are, and what each lists."""

from __future__ import annotations

from typing import get_args

from tokencross.tables.api_records import ApiFile
from tokencross.tables.around_records import AroundFile
from tokencross.tables.compute_records import ComputeFile, ProvisionedFile
from tokencross.tables.load_records import LoadFile
from tokencross.tables.serving_records import HardwareFile, ModelsFile, ThroughputFile, TokenizersFile
from tokencross.tables.strict import StrictRecord
from tokencross.tables.tuning_records import TuningFile

__all__ = ["FILE_KINDS", "PROVIDER_KINDS", "record_kind"]

FILE_KINDS: dict[str, tuple[type[StrictRecord], str]] = {
    "api": (ApiFile, "models"),
    "around": (AroundFile, "items"),
    "compute": (ComputeFile, "instances"),
    "hardware": (HardwareFile, "gpus"),
    "load": (LoadFile, "profiles"),
    "models": (ModelsFile, "models"),
    "provisioned": (ProvisionedFile, "models"),
    "throughput": (ThroughputFile, "runs"),
    "tokenizers": (TokenizersFile, "tokenizers"),
    "tuning": (TuningFile, "models"),
}
"""Folder, what a file in it is, and the key under which it lists its records."""

PROVIDER_KINDS = tuple(kind for kind, (file, _) in FILE_KINDS.items() if "provider" in file.model_fields)
"""Kinds whose files are those of one provider each."""


def record_kind(kind: str) -> type[StrictRecord]:
    """Return what the records of a kind of file are."""
    file, key = FILE_KINDS[kind]
    found: type[StrictRecord] = get_args(file.model_fields[key].annotation)[0]
    return found
