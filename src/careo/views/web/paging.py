"""A long document page by page: cut by what its parts weigh as HTML, never through a statement.

A page holds a stretch of the text with the findings and the table of what is said in it. What is of the whole document (flags, decisions that
found no place) stands on the first page. Data to take away are never cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from careo.base.errors import CareoError
from careo.results.audit import Audit
from careo.results.finding import Finding

MOST_BYTES = 380_000
"""Of the parts that are cut, as they are weighed here, which is half as much again as they take; with the frame a page stays below 400 kB."""
_PIECE, _MARK = (
    90,
    330,
)  # bytes of markup around a piece of text (most often a paragraph), and around a statement in it
_FINDING, _SAID, _CELL = 1_500, 700, 62  # around a finding, a row of what was said, and any text of either
_LONGEST = 8_000  # letters of a piece without a statement

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Paged:
    """The rows of a read document, as `parts.of_pages` has them, by page.

    Attributes:
        audit: with one document. rows: of all of it.
    """

    audit: Audit
    rows: Row

    @property
    def count(self) -> int:
        """How many pages there are; 1 where the document is short."""
        return len(self.begins)

    @cached_property
    def begins(self) -> tuple[int, ...]:
        """Where each page begins [characters of the text]; the first holds whatever stands nowhere."""
        pieces = [piece for run in self._runs for block in run["blocks"] for piece in block["pieces"]]
        beside = sorted([*self._findings, *self._said], key=lambda pair: pair[0])
        statements = sorted((s.start, s.end) for s in self.audit.statements)
        begins, weight, reach = [0], 0.0, 0
        at = passed = 0
        for index, piece in enumerate(pieces):
            start = piece["start"]
            after = pieces[index + 1]["start"] if index + 1 < len(pieces) else float("inf")
            while passed < len(statements) and statements[passed][0] < start:
                reach = max(reach, statements[passed][1])
                passed += 1
            more = _PIECE + 1.25 * _bytes(piece["text"]) + (_MARK if piece["marks"] else 0)
            while at < len(beside) and beside[at][0] < after:
                more += _weight(beside[at][1]) + (_FINDING if "because" in beside[at][1] else _SAID)
                at += 1
            if weight and weight + more > MOST_BYTES and reach <= start > begins[-1]:
                begins.append(start)
                weight = 0.0
            weight += more
        return tuple(begins)

    def at(self, start: int) -> int:
        """The page on which the text at a character stands, from 1."""
        return max(1, bisect_right(self.begins, start))

    @cached_property
    def with_verdict(self) -> Mapping[str, Sequence[int]]:
        """The pages on which a verdict occurs, by its slug."""
        found: dict[str, dict[int, None]] = {}
        for start, row in sorted(self._findings, key=lambda pair: pair[0]):
            found.setdefault(row["slug"], {})[self.at(start)] = None
        return {slug: tuple(pages) for slug, pages in found.items()}

    def page(self, number: int) -> Row:
        """The rows of a page, from 1.

        Raises:
            CareoError: there is no such page.
        """
        if not 1 <= number <= self.count:
            raise CareoError("web_value", where="page", expected=f"1 – {self.count}", found=str(number)[:20])
        if self.count == 1:
            return self.rows
        findings = [row for start, row in self._findings if self.at(start) == number]
        used = {
            row["indicator"]
            for f in findings
            for key in ("considered", "others")
            for group in f[key]
            for row in group
        }
        said = {row["place"] for start, row in self._said if self.at(start) == number}
        summary: list[Row] = []
        for group in self.rows["summary"]:
            own = [row for row in findings if row["slug"] == group["slug"]]
            summary.append({**group, "findings": own, "count": len(own)})
        document = {**self.rows["documents"][0], "runs": list(self._runs_of(number))}
        return {
            **self.rows,
            "documents": [document],
            "summary": summary,
            "findings": findings,
            "ledger": [
                {**group, "rows": own}
                for group in self.rows["ledger"]
                if (own := [row for row in group["rows"] if row["place"] in said])
            ],
            "rejected": [row for row in self.rows["rejected"] if row["place"] in said],
            "unanchored": self.rows["unanchored"] if number == 1 else [],
            "flags": self.rows["flags"] if number == 1 else [],
            "definitions": [row for row in self.rows["definitions"] if row["id"] in used],
        }  # fmt: skip

    def findings_on(self, number: int) -> Iterator[Finding]:
        """The findings of a page, as they were found."""
        for finding, (start, _) in zip(_judged(self.audit), self._findings, strict=True):
            if self.at(start) == number:
                yield finding

    @cached_property
    def starts(self) -> Mapping[str, int]:
        """Where each statement begins, by its anchor."""
        several = (("s", self.audit.statements), ("r", self.audit.rejected))
        return {f"{letter}{n}": s.start for letter, found in several for n, s in enumerate(found, 1)}

    @cached_property
    def _findings(self) -> Sequence[tuple[int, Row]]:
        return [
            (self.starts.get(row["place"], finding.statement.start if finding.statement else 0), row)
            for finding, row in zip(_judged(self.audit), self.rows["findings"], strict=True)
        ]

    @cached_property
    def _said(self) -> Sequence[tuple[int, Row]]:
        rows = [row for group in self.rows["ledger"] for row in group["rows"]]
        return [(self.starts[row["place"]], row) for row in (*rows, *self.rows["rejected"])]

    @cached_property
    def _runs(self) -> Sequence[Row]:
        """The text, with no piece longer than some pages take."""
        return [
            {**run, "blocks": [{**b, "pieces": [cut for p in b["pieces"] for cut in _cut(p)]} for b in run["blocks"]]}
            for run in self.rows["documents"][0]["runs"]
        ]  # fmt: skip

    def _runs_of(self, number: int) -> Iterator[Row]:
        for run in self._runs:
            blocks = [
                {**block, "pieces": pieces}
                for block in run["blocks"]
                if (pieces := [piece for piece in block["pieces"] if self.at(piece["start"]) == number])
            ]
            if blocks:
                reasons = "; ".join(dict.fromkeys(block["reason"] for block in blocks))
                yield {**run, "blocks": blocks, "reasons": reasons}


def near(number: int, count: int) -> tuple[int, ...]:
    """Numbers of pages to link to: the first, the last, those around; 0 where some are left out."""
    wanted = sorted({1, count, *range(max(1, number - 2), min(count, number + 2) + 1)})
    shown: list[int] = []
    for each in wanted:
        if shown and each - shown[-1] == 2:  # a gap of one is that one
            shown.append(each - 1)
        elif shown and each - shown[-1] > 2:
            shown.append(0)
        shown.append(each)
    return tuple(shown)


def _judged(audit: Audit) -> list[Finding]:
    return [finding for finding in audit.findings if finding.kind != "quality"]


def _cut(piece: Row) -> Iterator[Row]:
    """A piece of text without a statement, at its spaces where it is very long."""
    text, start = piece["text"], piece["start"]
    if piece["marks"] or len(text) <= _LONGEST:
        yield piece
        return
    at = 0
    while at < len(text):
        end = at + _LONGEST
        if end < len(text):
            end = (text.rfind(" ", at, end) + 1) or end
        yield {**piece, "text": text[at:end], "start": start + at}
        at = end


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _weight(data: object) -> int:
    """About how many bytes a row takes in a page."""
    if isinstance(data, str):
        return _bytes(data) + _CELL if data else 0
    if isinstance(data, Mapping):
        return sum(map(_weight, data.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(data, (list, tuple)):
        return sum(map(_weight, data))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return 0
