"""What a comparison rests on, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokencross.number import is_draws, point
from tokencross.options.base import Parameter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parameter_frame"]


def parameter_frame(parameters: Sequence[Parameter]) -> pd.DataFrame:
    """Return parameters as a table."""
    import pandas as pd

    rows = [
        {
            "address": p.address,
            "value": point(p.value),
            "unit": p.unit,
            "origin": p.origin,
            "source": _source(p),
            "draws": is_draws(p.value),
        }
        for p in parameters
    ]
    return pd.DataFrame(rows, columns=["address", "value", "unit", "origin", "source", "draws"])


def _source(parameter: Parameter) -> str:
    """Return where a number comes from, in words."""
    cited = parameter.citation
    place = "" if cited is None else (f"{cited.location} ({cited.via})" if cited.location else cited.via)
    return "; ".join(part for part in (parameter.why, place) if part) or "a default of the method"
