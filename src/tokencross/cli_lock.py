"""The command that writes the lock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tokencross.cli_output import one_message

__all__ = ["lock"]

_DEFAULT = Path("tokencross.lock")


def lock(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files, such as scenarios/*.yaml.")],
    output: Annotated[Path, typer.Option("--output", help="The lock.")] = _DEFAULT,
    anew: Annotated[
        bool, typer.Option("--anew", help="The lock is to hold these studies only, whatever it held.")
    ] = False,
) -> None:
    """Write what studies come to into a lock, which `tokencross check` compares them with.

    Other studies in the lock stay as they are. Printed is what moved in those that were in it, and why.
    """
    with one_message():
        from tokencross.locking import write_lock

        for written in write_lock(scenarios, output, anew=anew):
            typer.echo(f"{written.key}: {written.state}")
            for line in written.lines:
                typer.echo(f"  {line}")
