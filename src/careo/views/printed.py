"""The printed forms of an audit: the whole dossier, the brief of one page, the letter. Bytes out; nothing is written or said.

One way for pages and strategies, for the command line and for the web.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError
from careo.panel import Country, country_of
from careo.results.audit import Audit
from careo.views import pdf
from careo.views.brief import MOST, USUAL, Brief, brief_page
from careo.views.dossier import html_page
from careo.views.imprint import Imprint, imprint_of
from careo.views.letter import letter_page

if TYPE_CHECKING:
    import xarray as xr

    from careo.results.strategy_audit import StrategyAudit

FORMS = ("page", "brief", "letter")
KINDS = {"page": ("pdf", "html"), "brief": ("pdf", "html"), "letter": ("pdf", "html", "txt")}
PAPERS = ("letter", "a4")
"""What both countries print on comes first."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed form.

    Attributes:
        form: of FORMS. kind: "pdf", "html" or "txt". data: its bytes; the same input gives the same.
        sheets: how many, of a PDF; else 0. shown: ids of the findings in it. hidden: how many are not.
        left_out: of a letter, how many findings of the verdicts it asks about it does not use, by reason.
        checksum: sha256 of the findings (`findings.json`), which every sheet names.
    """

    form: str
    kind: str
    data: bytes
    sheets: int
    shown: tuple[str, ...]
    hidden: int
    checksum: str
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])


def print_dossier(
    audit: Audit | StrategyAudit,
    panel: Country | xr.Dataset | None = None,
    *,
    form: str = "brief",
    kind: str = "pdf",
    paper: str = "letter",
    language: str = "en",
    addressee: str = "",
    signatory: str = "",
) -> Printed:
    """Prints an audit.

    Args:
        audit: of pages or of a strategy, in `language`.
        panel: the country of the audit; Mexico by default.
        form: "page" (the whole dossier), "brief" (one page), "letter" (asks an office to explain).
        kind: "pdf" (needs `careo[pdf]`), "html", or of a letter "txt".
        paper: "letter" or "a4".
        addressee, signatory: of a letter; a line to write on where they are empty. An office, not a private person.

    Raises:
        CareoError: a form, kind or paper that there is not; a letter that has nothing to ask about.
        OutputError: what PDF needs is missing, or the dossier is too large for it.
    """
    for option, value, known in (
        ("--form", form, FORMS),
        ("-o", kind, KINDS.get(form, ())),
        ("--paper", paper, PAPERS),
    ):
        if value not in known:
            raise CareoError("usage_value", expected=" | ".join(known), found=repr(value), option=option)
    country, imprint = country_of(panel), imprint_of(audit, language)
    if form == "letter":
        letter = letter_page(
            audit, country, imprint, language, paper=paper, addressee=addressee, signatory=signatory
        )
        sheets = pdf.lay_out(letter.sheets) if kind == "pdf" else None
        text = letter.html if kind == "html" else letter.text
        hidden = len(_findings(audit)) - len(letter.shown)
        return _printed(form, kind, sheets, text, letter.shown, hidden, imprint, letter.left_out)
    if form == "brief":
        brief, sheets = _brief(audit, country, imprint, language, paper, kind)
        return _printed(form, kind, sheets, brief.html, brief.shown, brief.hidden, imprint)
    html = html_page(audit, country, language)
    sheets = pdf.lay_out(_for_paper(html, paper)) if kind == "pdf" else None
    return _printed(form, kind, sheets, html, tuple(f.id for f in _findings(audit)), 0, imprint)


def _brief(
    audit: Audit | StrategyAudit, country: Country, imprint: Imprint, language: str, paper: str, kind: str
) -> tuple[Brief, Any]:
    """The brief with as many findings as one sheet holds."""

    def at(room: int) -> Brief:
        return brief_page(audit, country, imprint, language, room=room, paper=paper)

    if kind != "pdf":
        return at(USUAL), None
    fits, barest = None, at(0)
    low, high = 0, MOST  # the room that fits is searched by halves: more findings never take less space
    while low <= high:
        room = (low + high) // 2
        brief = at(room)
        sheets = pdf.lay_out(brief.html)
        if len(sheets.pages) == 1:
            fits, low = (brief, sheets), room + 1
        else:
            high = room - 1
    return fits or (barest, pdf.lay_out(barest.html))


def _printed(
    form: str,
    kind: str,
    sheets: Any,
    text: str,
    shown: tuple[str, ...],
    hidden: int,
    imprint: Imprint,
    left_out: Mapping[str, int] | None = None,
) -> Printed:
    data = pdf.pdf_bytes(sheets) if kind == "pdf" else text.encode("utf-8", "replace")
    count = len(sheets.pages) if kind == "pdf" else 0
    return Printed(form, kind, data, count, shown, hidden, imprint.checksum, left_out or {})


def _findings(audit: Audit | StrategyAudit) -> list[Any]:
    pages = audit if isinstance(audit, Audit) else audit.pages
    own = [] if isinstance(audit, Audit) else list(audit.findings)
    return [*own, *(f for f in (pages.findings if pages else ()) if f.kind != "quality")]


def _for_paper(html: str, paper: str) -> str:
    """A page with the rules for paper behind its own, so that they win."""
    style = (Path(__file__).parent / "templates" / "print.css").read_text(encoding="utf-8")
    head, end, body = html.partition("</head>")
    return f"{head}<style>{style}@page {{ size: {paper}; }}</style>{end}{body}"
