"""The JSON Schemas of the table files, so that an editor completes and checks them while one types."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic.json_schema import models_json_schema

from tokencross.tables.assumption_file import AssumptionsFile
from tokencross.tables.kinds import FILE_KINDS, record_kind
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.strict import StrictRecord

__all__ = ["main", "schemas"]


def schemas() -> dict[str, str]:
    """Return the text of every schema by file name."""
    kinds: dict[str, type[StrictRecord]] = {kind: record for kind, (record, _) in FILE_KINDS.items()}
    kinds |= {"assumptions": AssumptionsFile, "scenario": ScenarioFile}
    schemas = {kind: record.model_json_schema() for kind, record in sorted(kinds.items())}
    schemas["overlay"] = _overlay_schema()
    return {f"{kind}.schema.json": _text(schema) for kind, schema in sorted(schemas.items())}


def _text(schema: dict[str, object]) -> str:
    """Return a schema as it is written."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(draft, indent=2, ensure_ascii=False) + "\n"


def _overlay_schema() -> dict[str, object]:
    """Return the schema of a file of one's own records: a list for each kind, whose entries and records may be partial.

    What a record leaves out is taken from the tables, so that only its id is required.
    """
    files = {kind: record for kind, (record, _) in FILE_KINDS.items()}
    whole, definitions = models_json_schema(
        [(record, "validation") for record in files.values()], ref_template="#/$defs/{model}"
    )
    parts: dict[str, dict[str, object]] = definitions["$defs"]
    for kind, record in files.items():
        parts[record.__name__].pop("required", None)
        parts[record_kind(kind).__name__]["required"] = ["id"] if kind != "throughput" else []
    properties = {kind: {"type": "array", "items": whole[record, "validation"]} for kind, record in files.items()}
    return {
        "$defs": parts,
        "additionalProperties": False,
        "description": "Records of one's own that come before those of the tables.",
        "properties": properties,
        "title": "Overlay",
        "type": "object",
    }


def main(folder: str, *flags: str) -> int:
    """Write the schemas into a folder, or with ``--check`` say which are not fresh."""
    stale = []
    for name, text in schemas().items():
        path = Path(folder) / name
        if "--check" in flags:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(path.as_posix())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        remedy = f"run: python -m tokencross.tables.schema {folder}"
        print(f"not fresh: {', '.join(stale)}; {remedy}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
