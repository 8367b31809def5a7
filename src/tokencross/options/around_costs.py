"""What the things around the GPU cost at a date: every number of theirs, and the curve that they make of a fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.number import FloatOrDraws, Number, float_or_draws, is_draws, plain
from tokencross.options.base import GIVEN, Origin, Parameter
from tokencross.options.spread import spread_between
from tokencross.tables.around_records import AROUND_KEYS
from tokencross.tables.naming import unit_of
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["AROUND_ITEMS", "TRAFFIC", "AroundCosts", "AroundNumber", "item_label", "own_address"]

TRAFFIC = "traffic"
AROUND_ITEMS = tuple(item for item in AROUND_KEYS if item != TRAFFIC)
"""What there is to pay for, in the order of a breakdown."""

_LABELS = {"load_balancer": "load balancer", "licence": "licences"}
_BYTES_PER_GB = 1e9  # networks count in powers of ten here; providers that mean GiB charge up to 7% less


def item_label(item: str) -> str:
    """Return an item's name in a breakdown."""
    return _LABELS.get(item, item)


def own_address(name: str) -> str:
    """Return the local address of an item of one's own."""
    return f"around.other[{name}].usd_per_month"


@dataclass(frozen=True)
class AroundNumber:
    """A number of an item, with where it is from."""

    item: str
    key: str
    value: Number
    origin: Origin
    why: str
    citation: Citation
    between: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class AroundCosts:
    """What stands around the GPU at a date.

    Attributes
    ----------
    numbers : tuple of AroundNumber
        Every number that counts.
    other : mapping of name to float or ndarray, shape (D,)
        Items of one's own. [USD/month]
    notes : tuple of str
        What has to be said about them.
    """

    numbers: tuple[AroundNumber, ...] = ()
    other: Mapping[str, FloatOrDraws] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every row used, once."""
        return tuple(dict.fromkeys(number.citation for number in self.numbers if number.citation != GIVEN))

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every number with its local address (`around.storage_usd_per_gib_month`) and where it is from."""
        listed = [
            Parameter(
                f"around.{n.item}_{n.key}",
                n.value,
                unit_of(n.key),
                n.origin,
                n.why,
                n.citation,
                spread_between(n.value, n.between),
            )
            for n in self.numbers
        ]
        own = [
            Parameter(own_address(name), usd, "USD per month", "given", "", GIVEN) for name, usd in self.other.items()
        ]
        return (*listed, *own)

    def curve(
        self,
        *,
        instances: CostCurve,
        gpus: CostCurve,
        staging_usd_per_month: FloatOrDraws,
        weights_gib: FloatOrDraws,
        output_share: FloatOrDraws,
    ) -> CostCurve:
        r"""Return what all of it costs, each item under its own label.

        Parameters
        ----------
        instances, gpus : CostCurve
            The number of instances and of GPUs at each volume: curves whose "USD" are instances and GPUs.
        staging_usd_per_month : float or ndarray, shape (D,)
            One replica's instances around the clock. [USD/month]
        weights_gib : float or ndarray, shape (D,)
            The model's weights at the precision served. [GiB]
        output_share : float or ndarray, shape (D,)
            Output tokens over all tokens of a request. [share]

        Returns
        -------
        CostCurve
            Terms labelled storage, egress, load balancer, observability, licences, staging, and the names of items of
            one's own. What is plainly zero has no term.

        Notes
        -----
        With I instances and G GPUs at volume V, W GiB of weights, c copies per instance, b bytes per output token and
        o the output share, an item that costs f for the fleet and p for each instance, GPU, GiB and GB comes to

        .. math:: C(V) = f + p_I I + p_G G + p_W W c I + p_B V o b / 10^9

        and staging to its share of the hours times one replica. Plain bookkeeping of how these things are billed.
        """
        gb_per_mtok = self._value(TRAFFIC, "bytes_per_output_token") * output_share * TOKENS_PER_MTOK / _BYTES_PER_GB
        total = CostCurve()
        for item in AROUND_ITEMS:
            label, cite = item_label(item), tuple(dict.fromkeys(n.citation for n in self.numbers if n.item == item))
            gib_per_instance = weights_gib * self._value(item, "copies_per_instance_ratio", otherwise=1.0)
            stored = self._value(item, "usd_per_gib_month") * gib_per_instance
            tried_out = self._value(item, "hours_share") * staging_usd_per_month
            total = total + _counted(instances, self._value(item, "usd_per_instance_month") + stored, label, cite)
            total = total + _counted(gpus, self._value(item, "usd_per_gpu_month"), label, cite)
            per_mtok = plain(self._value(item, "usd_per_gb") * gb_per_mtok)
            if _there(per_mtok):
                total = total + CostCurve.per_mtok(per_mtok, label=label, citations=cite)
            fixed = plain(self._value(item, "usd_per_month") + tried_out)
            if _there(fixed):
                total = total + CostCurve.fixed(fixed, label=label, citations=cite)
        for name, usd in self.other.items():
            if _there(usd):
                total = total + CostCurve.fixed(usd, label=name, citations=(GIVEN,))
        return total

    def _value(self, item: str, key: str, *, otherwise: float = 0.0) -> FloatOrDraws:
        """Return a number, or what stands for its absence."""
        return float_or_draws(next((n.value for n in self.numbers if (n.item, n.key) == (item, key)), otherwise))


def _counted(count: CostCurve, usd_each: FloatOrDraws, label: str, citations: tuple[Citation, ...]) -> CostCurve:
    """Return a price times a number of things that is a curve of volume; nothing for a plain zero."""
    if not _there(usd_each):
        return CostCurve()
    terms = (count * plain(usd_each)).terms
    return CostCurve(tuple(replace(term, label=label, citations=citations) for term in terms))  # type: ignore[type-var]  # terms are dataclasses


def _there(usd: FloatOrDraws) -> bool:
    """Return whether an amount is anything but a plain zero."""
    return is_draws(usd) or float(usd) != 0.0
