"""The desk of the laboratory: quick questions from many sliders at once, answered a few at a time; of one slider only the latest counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import BoundedSemaphore, Lock

from careo.base.errors import CareoError
from careo.panel import Country
from careo.record.strategy import Strategy
from careo.run.trials import Superseded, Trial, Trials

AT_ONCE = 2
"""Questions that are computed at the same time; each uses all cores as far as they are free."""
MOST_WAITING = 24
"""Questions that may wait; whoever comes later is told that there is too much to do."""
_PATIENCE_SECONDS = 20.0
_KEPT = 32
_SEATS = 4096


@dataclass(frozen=True, slots=True)
class Setting:
    """What a question asks beside its strategy. Attributes as of `simulate`."""

    months: int = 72
    draws: int = 200
    seed: int = 7
    start: date | None = None
    members_nation: float | None = None


class Desk:
    """Answers questions of sliders from any thread."""

    def __init__(self, country: Country, threads: int | None = None) -> None:
        self.trials = Trials(country, threads)
        self._slots, self._lock, self._waiting = BoundedSemaphore(AT_ONCE), Lock(), 0
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._kept: OrderedDict[tuple[object, ...], Trial] = OrderedDict()

    def ask(
        self,
        strategy: Callable[[], Strategy],
        name: str,
        setting: Setting,
        *,
        sweep: bool = True,
        seat: str = "",
        turn: int = 0,
    ) -> Trial:
        """A strategy against the status quo.

        Args:
            strategy: makes it. name: the same for the same strategy. sweep: whether other numbers of members are run, too.
            seat, turn: who asks, and the how manieth question of theirs it is; one with a lower turn than the latest is given up.

        Raises:
            Superseded: a later question of the same seat came. CareoError: too much to do, or a mistake in the question.
        """
        if seat:
            with self._lock:
                self._turns[seat] = max(turn, self._turns.get(seat, 0))
                self._turns.move_to_end(seat)
                while len(self._turns) > _SEATS:
                    self._turns.popitem(last=False)

        def wanted() -> bool:
            return not seat or turn >= self._turns.get(seat, 0)

        key = (name, setting)
        found = self._find(key, sweep)
        if found:
            return found
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise CareoError("web_busy", found=str(self._waiting), fix="web_busy")
            self._waiting += 1
        try:
            if not self._slots.acquire(timeout=_PATIENCE_SECONDS):
                raise CareoError("web_busy", found=str(self._waiting), fix="web_busy")
            try:
                if not wanted():
                    raise Superseded
                found = self._find(key, sweep)  # somebody may have asked the same while we waited
                if found is None:
                    found = self.trials.ask(
                        strategy(), draws=setting.draws, months=setting.months, seed=setting.seed, start=setting.start,
                        members_nation=setting.members_nation, sweep=sweep, wanted=wanted,
                    )  # fmt: skip
                    self._keep((*key, sweep), found)
                return found
            finally:
                self._slots.release()
        finally:
            with self._lock:
                self._waiting -= 1

    def close(self) -> None:
        """Ends its threads."""
        self.trials.close()

    def _find(self, key: tuple[object, ...], sweep: bool) -> Trial | None:
        with self._lock:
            for whole in (True, sweep):
                if (*key, whole) in self._kept:
                    self._kept.move_to_end((*key, whole))
                    return self._kept[(*key, whole)]
        return None

    def _keep(self, key: tuple[object, ...], found: Trial) -> None:
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
