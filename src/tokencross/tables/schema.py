"""The JSON Schemas of the table files, so that an editor completes and checks them while one types."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.store import FILE_KINDS
from tokencross.tables.strict import StrictRecord

__all__ = ["main", "schemas"]


def schemas() -> dict[str, str]:
    """Return the text of every schema by file name."""
    kinds: dict[str, type[StrictRecord]] = {kind: record for kind, (record, _) in FILE_KINDS.items()}
    kinds["scenario"] = ScenarioFile
    texts: dict[str, str] = {}
    for kind, record in sorted(kinds.items()):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **record.model_json_schema()}
        texts[f"{kind}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts


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
