"""The page of messages shows what the code says, and a test fails where it does not."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "messages.md"


@pytest.fixture(scope="module")
def door() -> Iterator[ModuleType]:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("messages_door", ROOT / "docs" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a dataclass looks for its types
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_page_is_as_it_would_be_written(door: ModuleType) -> None:
    assert PAGE.read_text(encoding="utf-8") == door.page(), "run: python docs/messages.py"


def test_check_says_when_it_is_not(
    door: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "page", lambda: "new")
    monkeypatch.setattr(door, "_PAGE", tmp_path / "messages.md")
    assert door.main(["--check"]) == 1
    assert "run python docs/messages.py" in capsys.readouterr().err
    assert door.main([]) == 0
    assert door.main(["--check"]) == 0
    assert door.main(["--chek"]) == 2


def test_every_message_has_its_parts(door: ModuleType) -> None:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    _, *blocks = [block for language, block in fences if not language]
    assert len(blocks) == sum(len(gallery.shown) for gallery in door._GALLERIES) + len(door._COMMANDS)
    for block in blocks:
        where, found, *remedy = [line for line in block.splitlines() if not line.startswith("$")]
        assert where
        assert re.fullmatch(r"  found .+; accepted: .+\.", found), found
        assert all(line.startswith("  ") for line in remedy), remedy
