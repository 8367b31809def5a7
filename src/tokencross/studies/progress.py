"""A progress bar for what lasts: shown on a terminal or in a notebook, from the second second on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["tracked"]

T = TypeVar("T")

_QUIET_SECONDS = 1.0


def tracked(steps: Iterable[T], what: str, count: int) -> Iterator[T]:
    """Yield steps; after a second of them with a progress bar on standard error, which is gone at the end.

    Nothing is shown where standard error is no terminal and there is no notebook.
    """
    begun = time.monotonic()
    bar = None
    try:
        for done, step in enumerate(steps):
            if bar is None and time.monotonic() - begun > _QUIET_SECONDS:
                bar = _Bar(what, count)
            if bar is not None:
                bar.at(done)
            yield step
    finally:
        if bar is not None:
            bar.close()


class _Bar:
    """Rich's progress bar, begun late."""

    def __init__(self, what: str, count: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._shown = Progress(console=console, transient=True, disable=not (console.is_terminal or console.is_jupyter))
        self._task = self._shown.add_task(what, total=count)
        self._shown.start()

    def at(self, done: int) -> None:
        """Show how many steps are done."""
        self._shown.update(self._task, completed=done)

    def close(self) -> None:
        """Take the bar away."""
        self._shown.stop()
