"""Which findings a page with little room shows, and about which an office may be asked: stated rules, no taste.

`decisive` orders findings: the gravest verdict first, then the most favourable one, then the rest by gravity, each
verdict once before any comes twice; among equals what was seen before what was recalled, the better grade, the order
given. `askable` says why a finding is not fit for a letter, or nothing when it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from careo.results.finding import Finding

GRAVITY = (
    "broken",
    "inconsistent",
    "late",
    "changed",
    "not comparable",
    "not measurable as stated",
    "consistent under another definition",
    "no evidence found",
    "unverifiable",
    "inconclusive",
    "raised",
    "under way",
    "consistent",
    "kept",
)
"""Verdicts from the gravest to the most favourable; one that is not here stands with "raised"."""

FAVOURABLE = ("kept", "consistent", "under way")

UNTOLD = ("not measurable as stated", "no evidence found", "unverifiable", "not comparable")
"""Verdicts that say that something cannot be told."""

ASKED = ("broken", "inconsistent", "late", "not measurable as stated")
"""Verdicts that an office may be asked about."""


def decisive(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """All of them, those first that a page shows when it has room for few."""
    ranked = sorted(
        findings, key=lambda finding: (_gravity(finding), unverified(finding), finding.grade or "Z")
    )
    first: list[Finding] = []
    again: list[Finding] = []
    seen: set[str] = set()
    for finding in ranked:
        (again if finding.verdict in seen else first).append(finding)
        seen.add(finding.verdict)
    good = [finding for finding in first if finding.verdict in FAVOURABLE][-1:]
    rest = [finding for finding in first if finding not in good]
    return (*rest[:1], *good, *rest[1:], *again)


def unverified(finding: Finding) -> bool:
    """Whether any part of it was recalled and not checked with its source."""
    recalled = any(row.verified == "memory" for row in finding.considered if row.fits or row.named)
    sources = any(source.tier == 4 or source.seen == "memory" for source in finding.sources)
    return recalled or sources or finding.extra.get("verified") == "memory"


def not_askable(finding: Finding) -> str:
    """Why a finding is not used in a letter: "verdict", "memory", "weak", "place", "opinion", or "" when it may be.

    An office is asked about what is inconsistent, late, not come about or not measurable, where nothing was recalled from memory,
    the words name what is counted, the exact place is known, and something was promised, asked for or stated as a fact.
    """
    if finding.verdict not in ASKED or finding.kind == "quality":
        return "verdict"
    if finding.extra.get("act", "pledge") in ("position", "claim"):
        return "opinion"
    if unverified(finding):
        return "memory"
    if finding.statement is not None and finding.statement.weak:
        return "weak"
    if not finding.sources and finding.statement is None:
        return "place"
    return ""


def askable(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that a letter may use, the gravest first, each in the order given."""
    fit = (finding for finding in findings if not not_askable(finding))
    return tuple(sorted(fit, key=_gravity))


def _gravity(finding: Finding) -> int:
    known = finding.verdict if finding.verdict in GRAVITY else "raised"
    return GRAVITY.index(known)
