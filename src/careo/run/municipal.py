"""Runs by municipality: what a strategy does to whole states and within them, and states' homicides split among municipalities.

A municipality gets the dose of its measure itself. What acts through a state's groups and prisons (recruitment, captures, clearance …)
gets the mean of its municipalities' doses by population; where no population is known, by shares. An event is not spread: what all
municipalities of a state have alike is one event somewhere in it, with the prior for states; what one has beyond that is its own, with
the prior for municipalities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from careo.evidence.levers import Lever
from careo.model.luck import Luck, Process
from careo.model.mechanisms import MECHANISMS, OUTCOMES, Core, Effects, run_block
from careo.model.municipal import CONFLICT, HOMICIDE, LocalEffects, Map, share_paths, split_counts, state_logs
from careo.model.quantiles import normal_quantile
from careo.run.municipal_record import MunicipalRecord
from careo.run.scenario import Scenario

Floats = np.ndarray

_DOSES = ("doses", "doses_low", "doses_high")


@dataclass(frozen=True, eq=False)
class MunicipalPart:
    """What a run by municipality knows beside what a run by state does.

    Attributes:
        record: shares. class_of: municipalities of a state with the same doses share a class, strategy by strategy
            [strategy municipality]. class_begin: where each state's classes begin, and the end [strategy state + 1].
        scenarios: the strategies', over their classes instead of places; those with fewer classes than others end with empty ones.
    """

    record: MunicipalRecord
    class_of: np.ndarray
    class_begin: np.ndarray
    scenarios: tuple[Scenario, ...]

    @property
    def map(self) -> Map:
        """As the kernel has it."""
        states = len(self.record.last)
        return Map(
            np.searchsorted(self.record.state, np.arange(states + 1)),
            self.record.numbers,
            self.class_of,
            self.class_begin,
        )

    def refuse_unfit(self, states: int, strategies: int, months: int) -> None:
        """Of what was read from a file: kernels look nothing up twice.

        Raises:
            ValueError, TypeError or AttributeError: it is no part of a run of so many states, strategies and months.
        """
        record, where = self.record, self.map
        count, classes = len(record.codes), len(self.scenarios[0].places)
        steps = np.arange(states + 1)
        whole = (record.state, record.numbers, self.class_of, self.class_begin)
        real = (record.shares, record.people, record.years_before)
        fit = all(array.dtype == np.int64 for array in whole) and all(
            array.dtype == np.float64 for array in real
        )
        fit &= all(
            array.shape == (count,) for array in (record.state, record.numbers, record.shares, record.people)
        )
        fit &= record.years_before.shape == (states,) and len(record.last) == states
        fit &= bool(
            (np.diff(record.state) >= 0).all()
            and (np.diff(where.begin) > 0).all()
            and where.begin[-1] == count
        )
        fit &= bool(
            (record.numbers >= 0).all() and (record.shares > 0).all() and np.isfinite(record.shares).all()
        )
        fit &= bool((record.years_before >= 0).all()) and 0 <= record.drift < 10
        fit &= 0 < record.concentration < 1e9 and 0 <= record.concentration_log_sd < 10
        fit &= len(self.scenarios) == strategies and self.class_of.shape == (strategies, count)
        fit &= self.class_begin.shape == (strategies, len(steps))
        if not fit or not bool((self.class_begin[:, 0] == 0).all() and (self.class_begin <= classes).all()):
            raise ValueError("municipal part")
        for of, begin, scenario in zip(self.class_of, self.class_begin, self.scenarios, strict=True):
            inside = (of >= begin[record.state]) & (of < begin[record.state + 1])
            shape = (len(scenario.levers), classes, months)
            if not inside.all() or (np.diff(begin) < 1).any() or len(scenario.events) != shape[0]:
                raise ValueError("classes")
            if any(
                doses.shape != shape for doses in (scenario.doses, scenario.doses_low, scenario.doses_high)
            ):
                raise ValueError("doses")

    def apart(self, strategy: str) -> dict[str, np.ndarray]:
        """Lever → the municipalities where a strategy has, at any time, another dose than all municipalities have alike.

        Levers that stand everywhere alike are not among them.
        """
        row_of = [one.name for one in self.scenarios].index(strategy)
        scenario, class_of = self.scenarios[row_of], self.class_of[row_of]
        used = int(self.class_begin[row_of, -1])
        found: dict[str, np.ndarray] = {}
        for row, lever in enumerate(scenario.levers):
            ends = (scenario.doses[row], scenario.doses_low[row], scenario.doses_high[row])
            moved = np.any([(d[:used] != _alike(d[:used])).any(axis=1) for d in ends], axis=0)
            if moved.any():
                found[lever] = moved[class_of]
        return found


def within_states(
    record: MunicipalRecord, states: Sequence[str], scenarios: Sequence[Scenario], levers: Mapping[str, Lever]
) -> tuple[tuple[Scenario, ...], MunicipalPart]:
    """Scenarios by municipality as scenarios by state, and what they do within states.

    Args:
        scenarios: over all municipalities of the country, the status quo first.
    """
    rows = {code: row for row, code in enumerate(scenarios[-1].places)}
    at = np.array([rows[code] for code in record.codes], dtype=np.int64)
    within: list[list[np.ndarray]] = []
    whole: list[Scenario] = []
    for scenario in scenarios:
        arrays = [array[:, at] for array in (scenario.doses, scenario.doses_low, scenario.doses_high)]
        common = [np.zeros((len(scenario.levers), len(states), scenario.months)) for _ in arrays]
        for row, name in enumerate(scenario.levers):
            apart = scenario.events[row] and any(e.level == "municipality" for e in levers[name].effects)
            for array, by_state in zip(arrays, common, strict=True):
                for i in range(len(states)):
                    mine = record.state == i
                    if apart:
                        by_state[row, i] = _alike(array[row, mine])
                        array[row, mine] -= by_state[row, i]
                    else:
                        by_state[row, i] = _mean(array[row, mine], record.people[mine])
        within.append(arrays)
        whole.append(
            replace(
                scenario, doses=common[0], doses_low=common[1], doses_high=common[2], places=tuple(states), level="state"
            )
        )  # fmt: skip
    classes = [_classes(record.state, arrays) for arrays in within]
    most = max(len(first) for _, first in classes)
    inside = tuple(
        replace(scenario, **dict(zip(_DOSES, (_padded(array[:, first], most) for array in arrays), strict=True)),
                places=tuple(f"class-{c}" for c in range(most)))
        for scenario, arrays, (_, first) in zip(scenarios, within, classes, strict=True)
    )  # fmt: skip
    steps = np.arange(len(states) + 1)
    return tuple(whole), MunicipalPart(
        record,
        np.stack([class_of for class_of, _ in classes]),
        np.stack([np.searchsorted(record.state[first], steps) for _, first in classes]),
        inside,
    )


def run_municipal(
    part: MunicipalPart,
    seed: int,
    places: np.ndarray,
    first_draw: int,
    log_intensity: Floats,
    core: Core,
    effects: Effects,
    companions: Floats,
    *,
    local: Effects,
    first_month: int,
    outcomes: Sequence[str] = OUTCOMES,
    split: bool = True,
) -> tuple[np.ndarray, ...]:
    """`run_block` with local measures, and its homicides split among municipalities.

    Args:
        effects: of whole states. local: within states, by class. split: whether municipalities are counted; what becomes of states
            does not depend on it.

    Returns:
        What `run_block` returns and, when they are split, homicides [events/year; strategy municipality year draw].
    """
    _, months, draws = log_intensity.shape
    years, where = -(-months // 12), part.map
    paths = share_paths(
        seed, where, part.record.shares, first_draw=first_draw, draws=draws, years=years, first_month=first_month,
        drift=part.record.drift, years_before=part.record.years_before,
    )  # fmt: skip
    inner = _local(local)
    logs = state_logs(where, inner, paths)
    # A state's logarithm is no sum over effects times doses, so each draw has logarithms of its own.
    counts, _, members = run_block(
        seed, places, first_draw, log_intensity, core, effects, companions, first_month=first_month, months_per_year=1,
        outcomes=outcomes, local=logs,
    )  # fmt: skip
    ends = np.minimum(np.arange(1, years + 1) * 12, months)
    begins = np.arange(years) * 12
    yearly, monthly = np.add.reduceat(counts, begins, axis=3), counts.sum(axis=2)
    failed = (counts < 0).any(axis=(0, 1, 2, 3))
    yearly[..., failed], monthly[..., failed] = -1, -1
    result = yearly, monthly, np.ascontiguousarray(members[:, :, ends - 1])
    if not split:
        return result
    homicides = np.ascontiguousarray(counts[:, outcomes.index("homicides")], dtype=np.int64)
    homicides[..., failed] = -1
    uniforms = Luck(seed).uniform(
        Process.MUNICIPAL_SHARE, 0, places, np.arange(first_draw, first_draw + draws)
    )
    scores = np.array([[normal_quantile(u) for u in row] for row in uniforms])
    psi = part.record.concentration * np.exp(part.record.concentration_log_sd * scores)
    municipal = split_counts(
        seed,
        places,
        first_draw,
        homicides,
        where,
        inner,
        paths,
        core.organised_share,
        psi,
        first_month=first_month,
    )
    return (*result, narrowest(municipal))


def narrowest(counts: np.ndarray) -> np.ndarray:
    """The same counts in as little room as they fit in: most municipalities have few."""
    most = max(abs(int(counts.min())), abs(int(counts.max()))) if counts.size else 0
    return counts.astype("<i2" if most < 2**15 else "<i4" if most < 2**31 else "<i8")


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _alike(doses: np.ndarray) -> np.ndarray:
    """What all places have alike, nearest to zero [dose units; month]."""
    low, high = doses.min(axis=0), doses.max(axis=0)
    return np.where(low > 0, low, np.where(high < 0, high, 0.0))


def _mean(doses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean by weight; exact where all are alike [dose units; month]."""
    return doses[0] + weights @ (doses - doses[0])


def _classes(state: np.ndarray, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Municipalities of one state with the same doses: the class of each, and the first of each class."""
    known: dict[tuple[int, bytes], int] = {}
    class_of, first = np.empty(len(state), dtype=np.int64), list[int]()
    rows = (
        np.concatenate([np.moveaxis(array, 1, 0).reshape(len(state), -1) for array in arrays], axis=1) + 0.0
    )
    for j in range(len(state)):
        key = int(state[j]), rows[j].tobytes()
        if key not in known:
            known[key] = len(first)
            first.append(j)
        class_of[j] = known[key]
    return class_of, np.array(first, dtype=np.int64)


def _padded(doses: np.ndarray, classes: int) -> np.ndarray:
    return np.pad(doses, [(0, 0), (0, classes - doses.shape[1]), (0, 0)])


# ── the kernel's arrays ──────────────────────────────────────────────────────────────────────────────────────────


def _local(effects: Effects) -> LocalEffects:
    mechanisms = {MECHANISMS.index("homicide"): HOMICIDE, MECHANISMS.index("conflict"): CONFLICT}
    return LocalEffects(
        effects.dose, effects.above, effects.below, effects.tilt, effects.beta, effects.pair_effect,
        np.array([mechanisms[int(m)] for m in effects.pair_mechanism], dtype=np.int64),
    )  # fmt: skip
