"""Finding: the only thing that reaches a reader. One sentence, the table behind it, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from careo.base.citations import Source
from careo.record.statements import Statement

VERDICTS = (
    "consistent",
    "consistent under another definition",
    "not comparable",
    "inconsistent",
    "unverifiable",
    "not measurable as stated",
)

PLEDGE_VERDICTS = (
    "kept",
    "under way",
    "late",
    "changed",
    "broken",
    "not measurable as stated",
    "no evidence found",
)

DIFFERENCES = ("decreased", "increased", "no detectable effect", "inconclusive")
"""Verdicts on the paired differences of a simulation."""

SKILL = ("better", "worse", "not distinguishable")
"""Verdicts on a forecaster set against another."""

CHECKS = ("passed", "failed", "not a test", "raised")
"""Verdicts on data; "raised" is something to know that decides nothing."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One official value a claim was held against.

    Attributes:
        indicator: id. name, definition: in the finding's language.
        period, place: of the value. value, unit; vintage, source (key), verified.
        ratio: claimed / official; None when it cannot be formed.
        fits: whether the claim agrees with it. named: whether the claim's own words name this definition.
        known: whether the value was public when the claim was made.
        note: why it does or does not fit, in the finding's language.
    """

    indicator: str
    name: str
    definition: str
    period: str
    place: str
    value: float
    unit: str
    vintage: str
    source: str
    verified: str
    ratio: float | None
    fits: bool
    named: bool
    known: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with everything it rests on.

    Attributes:
        id: stable for the same source, span and kind. kind: "figure", "comparison", "quality"…
        claim: the claimed sentence or figure. verdict: one of VERDICTS, or of the lists below it. because: one plain sentence.
        statement: the statement judged. considered: the values it was held against. table: further rows, already worded.
        grade: evidence grade where there is one. caveats: sentences. sources: of everything shown. language: of the sentences.
        decided: "" or the ledger decision that applies ("accept", "reject", "correct").
    """

    id: str
    kind: str
    claim: str
    verdict: str
    because: str
    statement: Statement | None
    considered: tuple[Considered, ...] = ()
    table: tuple[Mapping[str, str], ...] = ()
    grade: str = ""
    caveats: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    language: str = "en"
    decided: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
