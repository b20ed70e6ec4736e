"""What stands at the head of every printed sheet: the version of careo, the date of the record, a checksum of the findings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from careo.base.texts import say
from careo.results.audit import Audit
from careo.results.strategy_audit import StrategyAudit
from careo.results.wording import period_words
from careo.views import contract
from careo.views.i18n import shortened

DIGITS = 16
"""How many digits of the checksum are printed."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """What a sheet says of where it is from.

    Attributes:
        version: of careo. day: of the record, ISO; of pages the newest edition used; "" when there is none.
        checksum: of `findings.json`, whole. dated: how `day` is told, a key of `print.yaml`.
    """

    version: str
    day: str
    checksum: str
    dated: str

    def words(self, language: str) -> str:
        """One line for the head of a sheet."""
        day = say(language, f"print.{self.dated}", day=period_words(self.day, language)) if self.day else ""
        return " · ".join(
            part for part in (f"careo {self.version}", day, f"sha256 {self.checksum[:DIGITS]}") if part
        )

    def style(self, language: str, title: str = "") -> str:
        """The rules of a sheet's margins, with a short title on all but the first; browsers and WeasyPrint read them."""
        return (
            "@page { margin: 20mm 16mm 18mm; "
            f"@top-left {{ content: {_quoted(shortened(title, _TITLE))}; {_SMALL} }} "
            f"@top-right {{ content: {_quoted(self.words(language))}; {_SMALL} }} "
            f'@bottom-right {{ content: counter(page) " / " counter(pages); {_SMALL} }} }} '
            "@page :first { @top-left { content: none; } }"
        )


_TITLE = 60  # characters of a title at the head of a sheet
_SMALL = 'font: 7.5pt/1.2 "Liberation Sans", Arial, sans-serif; color: #5c574f;'


def findings_json(audit: Audit | StrategyAudit, language: str) -> str:
    """The text of `findings.json`, which the checksum is of."""
    if isinstance(audit, Audit):
        return contract.to_json(contract.audit_data(audit))
    return contract.to_json(contract.strategy_audit_data(audit, "audit", language))


def imprint_of(audit: Audit | StrategyAudit, language: str) -> Imprint:
    """Where the sheets of an audit are from."""
    from careo import __version__

    checksum = sha256(findings_json(audit, language).encode("utf-8", "replace")).hexdigest()
    if isinstance(audit, StrategyAudit):
        return Imprint(__version__, audit.day.isoformat(), checksum, "record_day")
    editions = [row.vintage for finding in audit.findings for row in finding.considered if row.vintage]
    return Imprint(__version__, max(editions, default=""), checksum, "newest_edition")


def _quoted(text: str) -> str:
    """A text as CSS has it between quotes; whatever could end it is written as a number."""
    return '"' + re.sub(r"[^\w .,·:-]", lambda m: f"\\{ord(m[0]):06x}", text) + '"'
