"""Puts compiled copies of the pricing tables into the wheel, so that an installed book loads in a tenth of the time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledTables(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own hooks leave it open too
    """Compiles the tables for wheels; an editable installation reads the YAML that is being edited."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the copies to what a wheel contains."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from tokencross.tables.compiled import COMPILED_FOLDER, compile_folder
        finally:
            sys.path.pop(0)
        self._folder = tempfile.TemporaryDirectory()
        for path in compile_folder(root / "pricing", Path(self._folder.name)):
            build_data["force_include"][str(path)] = f"tokencross/pricing/{COMPILED_FOLDER}/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copies from where they were made."""
        if version != "editable":
            self._folder.cleanup()
