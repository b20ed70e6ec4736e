"""Caveats of a comparison in the order a reader needs them: what decides, what is the strategy's own, what holds for all of them.

Every finding keeps all of its caveats; a screen shows each thing once. The rule:

1. What decides comes first, at most `MOST_DECIDING` sentences, each naming the outcomes it decides, complaints of rights violations
   first. What no number of draws would mend comes before what more draws could: a level nobody knows, nothing that moves the outcome,
   evidence of grade D, the number of members, an interval with both signs, the luck of the draw.
2. Then what is the strategy's own.
3. Last, once: what belongs to the run (`RUN_WIDE`), and what several strategies all say in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from careo.base.texts import say
from careo.results.differences import FEWEST_DRAWS
from careo.results.finding import Finding

DECIDING = (
    "unknown", "not_simulated", "grade_d", "grade_d_unknown", "members", "draws", "interval", "decreased",
    "increased", "no_detectable_effect", "luck",
)  # fmt: skip
"""What can decide a verdict, the weightiest first: reasons of "inconclusive", other verdicts, the luck of the draw."""
MOST_DECIDING = 5
RUN_WIDE = (
    "failures", "rule", "never_netted", "forecaster", "scale", "scale_given", "sweep_none", "municipal", "unknown", "counted", "level",
    "level_follows", "shared", "unverified", "bins",
)  # fmt: skip
"""Kinds of caveats that belong to the run and not to a strategy, as they are shown."""
_SAID = {"sweep_turns": "members", "luck": "luck"}  # caveats that rule 1 says
_SHARES = ("share", "share_against", "share_none", "share_unknown")
_TABLED = frozenset({*_SHARES, "sweep", "sweep_same"})


class Caveat(str):
    """A caveat that knows what it is about, and is its sentence everywhere else.

    Attributes:
        kind: its key among the texts. outcome: which it is about, or "". cells: what a table shows instead of the sentence.
    """

    kind: str
    outcome: str
    cells: Mapping[str, str]

    def __new__(
        cls, sentence: str, kind: str, outcome: str = "", cells: Mapping[str, str] = MappingProxyType({})
    ) -> Caveat:
        made = super().__new__(cls, sentence)
        made.kind, made.outcome, made.cells = kind, outcome, cells
        return made


@dataclass(frozen=True, slots=True)
class Arranged:
    """What a reader has to keep in mind of one strategy.

    Attributes:
        decides: sentences, the weightiest first. own: the strategy's other caveats.
        heads, rows: how much of each outcome's effect rests on grade D, then the median difference by number of members; empty for
            a single outcome, whose sentences stand in `own`.
    """

    decides: tuple[str, ...]
    own: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def arrange(findings: Sequence[Finding], language: str) -> tuple[Mapping[str, Arranged], tuple[str, ...]]:
    """Caveats by strategy, and those of the whole comparison.

    Args:
        findings: of `careo.compare` and `compare_municipalities`, of any number of strategies.
    """
    of = {name: [f for f in findings if f.extra["strategy"] == name] for name in _names(findings)}
    shown = {finding.extra["outcome"] for finding in findings}
    told = {
        name: [
            caveat
            for caveat in dict.fromkeys(caveat for finding in several for caveat in finding.caveats)
            if not (_kind(caveat) == "unknown" and _outcome(caveat) in shown)  # decides
        ]
        for name, several in of.items()
    }
    common = set[str].intersection(*map(set, told.values())) if len(told) > 1 else set[str]()
    whole = {
        caveat: None
        for several in told.values()
        for caveat in several
        if _kind(caveat) in RUN_WIDE or (caveat in common and not _outcome(caveat))
    }
    arranged = {
        name: _arranged(of[name], [caveat for caveat in told[name] if caveat not in whole], language)
        for name in of
    }
    return arranged, tuple(sorted(whole, key=_rank))


def _arranged(findings: Sequence[Finding], caveats: Sequence[str], language: str) -> Arranged:
    decides = _decides(findings, caveats, language)
    outcomes = list(dict.fromkeys(finding.extra["outcome"] for finding in findings))
    heads, rows = _table(caveats, outcomes, language) if len(outcomes) > 1 else ((), ())
    said = {*_SAID, *(_TABLED if rows else ())}
    own = sorted(
        (caveat for caveat in caveats if _kind(caveat) not in said), key=lambda one: _kind(one) != "start"
    )
    return Arranged(decides[:MOST_DECIDING], (*decides[MOST_DECIDING:], *own), heads, rows)


def _decides(findings: Sequence[Finding], caveats: Sequence[str], language: str) -> tuple[str, ...]:
    found: dict[str, dict[str, None]] = {kind: {} for kind in DECIDING}
    whole = [finding for finding in findings if "level" not in finding.extra]
    for finding in whole or findings:
        verdict = "interval" if finding.verdict == "inconclusive" else finding.verdict.replace(" ", "_")
        found[finding.extra["reason"] or verdict][finding.extra["outcome"]] = None
    draws = ""
    for caveat in caveats:
        if isinstance(caveat, Caveat) and caveat.kind in _SAID:
            found[_SAID[caveat.kind]][caveat.outcome] = None
            draws = caveat.cells.get("draws", draws)
    order = list(dict.fromkeys(finding.extra["outcome"] for finding in findings))
    sentences: list[str] = []
    for kind, several in found.items():
        if several:
            names = [say(language, f"simulate.outcome.{one}") for one in sorted(several, key=order.index)]
            listed = ", ".join(names)
            listed = listed[:1].upper() + listed[1:]
            sentences.append(
                say(language, f"simulate.decides.{kind}", outcomes=listed, draws=draws, fewest=FEWEST_DRAWS)
            )
    return tuple(sentences)


def _table(
    caveats: Sequence[str], outcomes: Sequence[str], language: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    tabled = [caveat for caveat in caveats if isinstance(caveat, Caveat) and caveat.kind in _TABLED]
    members = list(dict.fromkeys(name for one in tabled if one.kind not in _SHARES for name in one.cells))
    cells: dict[str, dict[str, str]] = {}
    for one in tabled:
        cells.setdefault(one.outcome, {}).update(one.cells)
    heads = (say(language, "simulate.head.outcome"), say(language, "simulate.head.grade_d"), *members)
    rows = [
        (
            say(language, f"simulate.short_outcome.{outcome}"),
            *(cells[outcome].get(key, "–") for key in ("share", *members)),
        )
        for outcome in outcomes
        if outcome in cells
    ]
    return heads, tuple(rows)


def _names(findings: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.extra["strategy"] for finding in findings))


def _rank(caveat: str) -> int:
    kind = _kind(caveat)
    return RUN_WIDE.index(kind) if kind in RUN_WIDE else len(RUN_WIDE)


def _kind(caveat: str) -> str:
    return caveat.kind if isinstance(caveat, Caveat) else ""


def _outcome(caveat: str) -> str:
    return caveat.outcome if isinstance(caveat, Caveat) else ""
