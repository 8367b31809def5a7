"""People and months, and what they come to in USD."""

from __future__ import annotations

from dataclasses import dataclass, fields

from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws

__all__ = ["Team"]

_MONTHS_PER_YEAR = 12.0
_UNITS = {
    "engineers": "engineers",
    "months": "months",
    "loaded_usd_per_year": "USD per engineer and year",
    "upkeep_fte": "engineers",
    "upkeep_fte_per_gpu": "engineers per GPU",
}


@dataclass(frozen=True, eq=False)
class Team:
    """Who builds and keeps a thing, as `Engineering.from_team` takes it.

    Attributes
    ----------
    engineers, months : Number
        How many build it, for how long. [engineers, months]
    loaded_usd_per_year : Number
        What one costs with all that comes on top of the salary. [USD per engineer and year]
    upkeep_fte, upkeep_fte_per_gpu : Number
        Who keep it running, and by the GPU. [engineers, engineers per GPU]
    """

    engineers: Number
    months: Number
    loaded_usd_per_year: Number
    upkeep_fte: Number = 0.0
    upkeep_fte_per_gpu: Number = 0.0

    def numbers(self) -> dict[str, tuple[Number, str]]:
        """Return every number with its unit, by field name."""
        return {each.name: (getattr(self, each.name), _UNITS[each.name]) for each in fields(self)}

    def checked(self, where: str) -> Team:
        """Return the team once every number is seen to be one."""
        for each in fields(self):
            number = check_number(getattr(self, each.name), where=f"{where}: {each.name}", unit=_UNITS[each.name])
            object.__setattr__(self, each.name, number)
        return self

    def sums(self) -> dict[str, FloatOrDraws]:
        """Return what it comes to, by the name of an engineering item's field; distributions at their medians."""
        monthly = float_or_draws(self.loaded_usd_per_year) / _MONTHS_PER_YEAR
        return {
            "upfront_usd": float_or_draws(self.engineers) * float_or_draws(self.months) * monthly,
            "upkeep_usd_per_month": float_or_draws(self.upkeep_fte) * monthly,
            "upkeep_usd_per_gpu_month": float_or_draws(self.upkeep_fte_per_gpu) * monthly,
        }
