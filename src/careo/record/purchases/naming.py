"""`Names`: what those are called of whom signals speak, as it was published.

Looked up when signals are shown, in the releases that they rest on: nothing is kept for it when purchases are taken in. Names of
natural persons are nowhere: they stand as references.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from careo.record.purchases.signals import Signal
from careo.record.purchases.state import State
from careo.record.purchases.versions import Versions
from careo.sources.releases import Release, unpacked

_AT_ONCE = 1000  # signals whose processes are read together
_MOST_PROCESSES = 3  # of a signal, that are asked for a name
_MOST_RELEASES = 100  # of a process
_MOST_SOUGHT = 200  # suppliers of whom no purchase is named, that one is looked for


class Names:
    """Names by code. Empty until it is told whom to look up (`learn`); who was found once is not looked up again."""

    def __init__(self) -> None:
        self._buyers: dict[str, str] = {}
        self._units: dict[tuple[str, str], str] = {}
        self._suppliers: dict[str, str] = {}

    def buyer(self, signal: Signal) -> str:
        """The name of the buyer; "" if none was published."""
        return self._buyers.get(signal.buyer, "")

    def unit(self, signal: Signal) -> str:
        """The name of the buying unit; "" if none was published."""
        return self._units.get((signal.buyer, signal.unit), "")

    def supplier(self, signal: Signal) -> str:
        """The name of the supplier, if that is a company; "" if none was published."""
        return self._suppliers.get(signal.supplier, "")

    def learn(self, state: State, signals: Iterable[Signal]) -> None:
        """Look up in a state whom these signals speak of; of the suppliers of whom sums speak, the first ones."""
        signals = list(signals)
        buyers = {one.buyer for one in signals if one.buyer and one.buyer not in self._buyers}
        self._buyers |= state.names("buyer", buyers)
        lacking: dict[str | tuple[str, str], Signal] = {}  # the first signal that speaks of each
        for one in signals:
            if self._lacks_supplier(one):
                lacking.setdefault(one.supplier, one)
            if self._lacks_unit(one):
                lacking.setdefault((one.buyer, one.unit), one)
        asked = {one.id: one for one in lacking.values()}
        places = _places(state, asked.values())
        while some := list(islice(places, _AT_ONCE)):
            self._read(state, some)

    def _lacks_supplier(self, signal: Signal) -> bool:
        supplier = signal.supplier
        return bool(supplier) and supplier not in self._suppliers and not supplier.startswith("P-")

    def _lacks_unit(self, signal: Signal) -> bool:
        return bool(signal.unit) and (signal.buyer, signal.unit) not in self._units

    def _read(self, state: State, places: Sequence[tuple[Signal, tuple[str, ...]]]) -> None:
        known = state.processes({name for _, names in places for name in names})
        for signal, names in places:
            for name in names:
                if name in known:
                    self._read_process(known[name][0], signal)
            if self._lacks_supplier(signal):
                self._suppliers[signal.supplier] = ""
            if self._lacks_unit(signal):
                self._units[signal.buyer, signal.unit] = ""

    def _read_process(self, versions: Versions, signal: Signal) -> None:
        for release in islice(_newest_first(versions), _MOST_RELEASES):
            supplier, unit = self._lacks_supplier(signal), self._lacks_unit(signal)
            if not supplier and not unit:
                return
            for one in (release.suppliers or ()) if supplier else ():
                if one.id == signal.supplier and one.name:
                    self._suppliers[one.id] = one.name
            # A unit's code can be that of another buyer's unit, too.
            if unit and release.unit_name and (release.buyer or "", release.unit) == (signal.buyer, signal.unit):  # fmt: skip
                self._units[signal.buyer, signal.unit] = release.unit_name


def _places(state: State, signals: Iterable[Signal]) -> Iterator[tuple[Signal, tuple[str, ...]]]:
    """Some processes that each signal rests on; of one that rests on sums, a purchase that is in them."""
    sought = 0
    for signal in signals:
        stated = tuple(dict.fromkeys(one.process for one in signal.evidence if one.process))
        if not stated and (signal.unit or sought < _MOST_SOUGHT):
            sought += not signal.unit
            one = state.process_of(signal.unit, signal.supplier)
            stated = (one,) if one else ()
        yield signal, stated[:_MOST_PROCESSES]


def _newest_first(versions: Versions) -> Iterator[Release]:
    for version in reversed(versions.stream):
        yield unpacked(version.release)
    for states in versions.tables.values():
        for edition in reversed(states):
            for row in edition.rows:
                yield unpacked(row.release)
