"""How a watch stands: when it last looked, how old its sources are, what it refused, how late things became known, and what each
rule could tell of each buyer, so that "no signal" and "no data" never look alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from careo.record.purchases.publishing import (
    DAY,
    EVENT_TO_PUBLICATION,
    EVENT_TO_SEEN,
    PUBLICATION_TO_SEEN,
)
from careo.record.purchases.rules import Rule
from careo.record.purchases.state import State
from careo.results.watched import quantile
from careo.run.watch_state import clock_of, reading_state, rules_with_lists, state_folder

STALE_DAYS = 7
"""A source whose newest date is older is called stale, unless another age is asked for."""
FRESH, STALE, UNKNOWN = "fresh", "stale", "unknown"
HIT, CLEAR, WAITING, NOT_MEANT, MISSING = "hit", "clear", "waiting", "not_meant", "missing"
DELAYS = (EVENT_TO_PUBLICATION, PUBLICATION_TO_SEEN, EVENT_TO_SEEN)
_OUTCOMES = {"1": HIT, "0": CLEAR, "?": WAITING, "-": NOT_MEANT}


@dataclass(frozen=True)
class SourceStatus:
    """A series of files, or an address. Times are civil seconds, None where not known.

    Attributes:
        newest: newest date that the publisher gives, of the data or of the file. age_days: between it and now.
        state: "fresh", "stale", "unknown".
    """

    series: str
    files: int
    releases: int
    refused: int
    first_seen: int
    last_seen: int
    newest: int | None
    age_days: int | None
    state: str


@dataclass(frozen=True)
class Delay:
    """How many cases, their median and the ninth decile, in days (of `Status.latency` in milliseconds)."""

    count: int
    median: int
    ninth: int


@dataclass(frozen=True)
class Coverage:
    """What one rule could tell of the processes of one buyer: how many were hit, clear, waiting, not meant, and lacked which fields."""

    counts: Mapping[str, int]
    missing: Mapping[tuple[str, ...], int]

    @property
    def judged(self) -> int:
        """Of how many it was told whether the rule is met; of a rule that compares, how many gave it a number."""
        return self.counts.get(HIT, 0) + self.counts.get(CLEAR, 0)

    @property
    def computable(self) -> bool | None:
        """Whether it could be told of any; None where the rule speaks of none of them."""
        if self.counts.get(HIT) or self.counts.get(CLEAR) or self.counts.get(WAITING):
            return True
        return False if self.missing else None


@dataclass(frozen=True)
class Status:
    """How a watch stands.

    Attributes:
        folder: of the state. now, looked, found: now, when sources were last looked at, and when anything new last came; civil seconds.
        files, releases, processes: taken in. told: revisions of signals in the outbox; standing: signals that stand, by rule.
        refused: what could not be read, by reason; refused_first: where first, (file, line or 0, detail). waiting: processes that a rule will look at again when a time has come.
        delays: by buyer and by which delay (`DELAYS`); latency: from first seen to told, of releases.
        buyers: names by code. rules: by which it is watched. coverage: by buyer and rule; rules that judge a population
            are covered where the process gives them a number.
    """

    folder: Path
    now: int
    looked: int | None
    found: int | None
    files: int
    releases: int
    processes: int
    waiting: int
    told: int
    standing: Mapping[str, int]
    withdrawn: int
    sources: tuple[SourceStatus, ...]
    refused: Mapping[str, int]
    refused_first: Mapping[str, tuple[str, int, str]]
    delays: Mapping[str, Mapping[str, Delay]]
    latency: Delay | None
    buyers: Mapping[str, str]
    rules: tuple[Rule, ...]
    coverage: Mapping[str, Mapping[str, Coverage]]

    @property
    def age_days(self) -> int | None:
        """Of the newest source."""
        return min((source.age_days for source in self.sources if source.age_days is not None), default=None)


def watch_status(
    *,
    state: str | Path | None = None,
    country: str = "mexico",
    stale_days: int = STALE_DAYS,
    now: int | None = None,
) -> Status:
    """How the watch of a country stands.

    Args:
        state: folder of the state; default as of `watch`. stale_days: days after which a source is called stale.
        now: civil seconds; default the clock.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    import time

    folder = state_folder(country, state)
    rules = rules_with_lists(folder, country)
    with reading_state(folder, country) as kept:
        moment = clock_of(country).at(int(time.time())) if now is None else now
        one = kept.rows("SELECT COUNT(*), COALESCE(SUM(releases), 0) FROM file WHERE done").fetchone()
        looked, found = kept.meta("looked"), kept.meta("found")
        return Status(
            folder=folder,
            now=moment,
            looked=int(looked) if looked else None,
            found=int(found) if found else None,
            files=one[0],
            releases=one[1],
            processes=kept.rows("SELECT COUNT(*) FROM process").fetchone()[0],
            waiting=kept.rows("SELECT COUNT(*) FROM timer").fetchone()[0],
            told=kept.rows("SELECT COUNT(*) FROM outbox").fetchone()[0],
            standing=dict(
                kept.rows("SELECT rule, COUNT(*) FROM signal WHERE standing GROUP BY rule ORDER BY rule")
            ),
            withdrawn=kept.rows("SELECT COUNT(*) FROM signal WHERE NOT standing").fetchone()[0],
            sources=_sources(kept, moment, stale_days),
            refused=dict(
                kept.rows(
                    "SELECT reason, COUNT(*) FROM refused GROUP BY reason ORDER BY COUNT(*) DESC, reason"
                )
            ),
            refused_first={
                reason: (name, line or 0, detail or "")
                for reason, name, line, detail in kept.rows(
                    "SELECT reason, name, line, detail FROM (SELECT r.reason, f.name, r.line, r.detail, "
                    "ROW_NUMBER() OVER (PARTITION BY r.reason ORDER BY f.name, r.line) AS place "
                    "FROM refused r JOIN file f ON f.id = r.file) WHERE place = 1"
                )
            },
            delays=_delays(kept),
            latency=_latency(kept),
            buyers=dict(kept.rows("SELECT code, name FROM name WHERE kind='buyer'")),
            rules=rules,
            coverage=_coverage(kept, rules),
        )


def _sources(state: State, now: int, stale_days: int) -> tuple[SourceStatus, ...]:
    found: list[SourceStatus] = []
    for series, first, last, published, newest, files, releases in state.rows(
        "SELECT s.series, s.first_seen, s.last_seen, s.published, s.newest, COUNT(f.id), COALESCE(SUM(f.releases), 0) "
        "FROM source s JOIN file f ON f.series = s.series GROUP BY s.series ORDER BY s.series"
    ).fetchall():
        (refused,) = state.rows(
            "SELECT COUNT(*) FROM refused r JOIN file f ON f.id = r.file WHERE f.series=?", (series,)
        ).fetchone()
        dated = max((one for one in (published, newest) if one is not None), default=None)
        age = None if dated is None else max(0, (now - dated) // DAY)
        standing = UNKNOWN if age is None else STALE if age > stale_days else FRESH
        found.append(SourceStatus(series, files, releases, refused, first, last, dated, age, standing))
    return tuple(found)


def _delays(state: State) -> dict[str, dict[str, Delay]]:
    days: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for key, numbers in state.tallies("delay"):
        buyer, which, day = key.rsplit("|", 2)
        days[buyer, which][int(day)] += numbers[0]
    found: dict[str, dict[str, Delay]] = defaultdict(dict)
    for (buyer, which), counts in sorted(days.items()):
        found[buyer][which] = _delay(counts)
    return dict(found)


def _delay(counts: Counter[int]) -> Delay:
    return Delay(counts.total(), quantile(counts, 1, 2), quantile(counts, 9, 10))


def _latency(state: State) -> Delay | None:
    counts = Counter(dict(state.rows("SELECT milliseconds, releases FROM latency WHERE releases > 0")))
    return _delay(counts) if counts else None


def _coverage(state: State, rules: tuple[Rule, ...]) -> dict[str, dict[str, Coverage]]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    missing: dict[tuple[str, str], Counter[tuple[str, ...]]] = defaultdict(Counter)
    buyers: dict[str, None] = {}
    for key, numbers in state.tallies("coverage"):
        buyer, *outcomes = key.split("\t")
        buyers[buyer] = None
        if len(outcomes) != len(rules):
            continue  # of rules that careo had then; the next look judges everything again
        for rule, outcome in zip(rules, outcomes, strict=True):
            known = _OUTCOMES.get(outcome)
            counts[buyer, rule.id][known or MISSING] += numbers[0]
            if known is None:
                missing[buyer, rule.id][tuple(outcome.split("+"))] += numbers[0]
    return {
        buyer: {rule.id: Coverage(counts[buyer, rule.id], missing[buyer, rule.id]) for rule in rules}
        for buyer in buyers
    }
