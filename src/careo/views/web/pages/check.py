"""Check: a text or a page held against the record, its statements decided by people, the dossier to take away."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from textwrap import shorten
from typing import Any

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.record.ledger import CORRECTABLE, write_ledger
from careo.record.statements import HEDGES, KINDS
from careo.results.finding import VERDICTS
from careo.views import contract, parts
from careo.views.i18n import one_line, verdict_slug, verdict_words
from careo.views.terminal import ICONS
from careo.views.verbs import day
from careo.views.web.actions import Filled, GoTo, action
from careo.views.web.checking import Checked
from careo.views.web.decisions import KEEPING, decided_by, entry_words
from careo.views.web.page import Asking, Page, Table, page
from careo.views.web.paging import near
from careo.views.web.reading import read_bytes, safe_name
from careo.views.web.security import MOST_BYTES
from careo.views.web.team.records import Decided, Decision, Given
from careo.views.web.team.store import Conflict


@page("/check", part="check")
def check(asking: Asking) -> Page:
    """The documents that were checked here, and the form for another."""
    found = asking.services.team.documents()
    verdicts = asking.services.team.verdicts([each.id for each in found], asking.language)
    rows = [
        {
            **_given_data(each),
            "verdicts": [
                {"slug": verdict_slug(v), "icon": ICONS[verdict_slug(v)], "name": verdict_words(v, asking.language), "count": count}
                for v in VERDICTS
                if (count := verdicts.get(each.id, {}).get(v, 0))
            ],
            "who": each.person or _nobody(asking.language),
            "when": _moment(each.made),
        }
        for each in found
    ]  # fmt: skip
    return Page(
        template="check.html",
        title=say(asking.language, "web_check.title"),
        data=contract.envelope("check", documents=[_given_data(each) for each in found]),
        rows={"documents": rows, "limit": MOST_BYTES >> 20},
        stable=False,
    )


@action("/check", part="check", fields=("text", "file", "date"))
def give(asking: Asking, form: Filled) -> GoTo:
    """Hands in a text or a file to be checked; `date` is when the claims were made."""
    text = form.word("text").replace("\r\n", "\n")
    if text.strip() and form.file:
        raise CareoError("check_both")
    data = form.file or text.encode("utf-8", "replace")
    if not data.strip():
        raise CareoError("check_nothing")
    said = day(form.word("date").strip(), "date")
    digest = sha256(data).hexdigest()
    document = read_bytes(data, form.file_name[:200] or "text", country=asking.country)
    name = safe_name(form.file_name or f"text-{digest[:8]}.txt", document.format)
    kept = asking.services.team.add(
        data, sha256=digest, name=name, format=document.format, title=one_line(document.title, 100) or ("" if form.file_name else shorten(one_line(document.text, 400), 72, placeholder=" …")), person=asking.person
    )  # fmt: skip
    return GoTo(
        f"/check/{kept.id}",
        contract.envelope("check", documents=[_given_data(kept)]),
        {"date": said.isoformat() if said else ""},
    )


@page("/check/{document}", part="check")
def checked(asking: Asking, document: str, date: str = "", page: int = 0, at: str = "") -> Page:
    """A document with its statements in place, the verdict on every figure, and what was decided; by `page`, or by the one that has `at`."""
    found = asking.services.checks.of(document, day(date.strip(), "date"), asking.language)
    decided = _by_place(found, asking.language)
    paged, chosen = found.paged, _spot(decided, at)
    number = page or (paged.at(paged.starts[chosen]) if chosen else 1)
    rows = paged.page(number)
    sources = [s for f in paged.findings_on(number) for s in f.sources if s.key != found.given.name]
    command = ["audit", found.given.name, "--ledger", "ledger.yaml"]
    given = f'careo.read("{found.given.name}"{asking.named(", country=")})'
    more = ""
    if found.said:
        command += ["--date", found.said.isoformat()]
        more = f', said=date.fromisoformat("{found.said}")'
    head = "from datetime import date\n\nimport careo\n\n" if found.said else "import careo\n\n"
    columns = ("id", "kind", "verdict", "claim", "because")
    return Page(
        template="checked.html",
        title=found.given.title or found.given.name,
        data=contract.audit_data(found.audit),
        rows={
            **rows,
            "tiles": [
                {**row, "page": next(iter(paged.with_verdict.get(row["slug"], ())), 1)}
                for row in found.rows["summary"]
            ],
            "number": number,
            "pages": paged.count,
            "near": near(number, paged.count),
            "onward": {
                row["slug"]: (row["count"], next((n for n in paged.with_verdict.get(row["slug"], ()) if n > number), 0))
                for row in found.rows["summary"]
            },
            "chosen": chosen,
            "sources": parts.source_rows(sources, asking.language),
            "given": found.given,
            "said": found.said.isoformat() if found.said else "",
            "who": found.given.person or _nobody(asking.language),
            "when": _moment(found.given.made),
            "decided": decided,
            "open": _open(found),
            "d": lambda key, **words: say(asking.language, f"dossier.{key}", **words),
        },
        command=tuple(command),
        python=f'{head}found = careo.audit([{given}]{asking.named(", ", loaded=True)}, ledger=careo.read_ledger("ledger.yaml"){more})\n'
        "for finding in found.findings:\n    print(finding.verdict, finding.because)",
        tables={
            "findings": Table(
                columns,
                [[one_line(str(getattr(f, name))) for name in columns] for f in found.audit.findings],
            )
        },
        stable=False,
    )  # fmt: skip


def _spot(decided: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """The anchor of a statement in the text; "" when none is asked for.

    Raises:
        CareoError: the text has no such statement.
    """
    spot = next((spot for spot, row in decided.items() if row["name"] == name), "") if name else ""
    if name and not spot:
        raise CareoError("team_no_statement", found=repr(name[:60]), fix="team_no_statement")
    return spot


@action("/check/{document}/download/{what}", part="check", method="GET")
def download(asking: Asking, document: str, what: str, date: str = "") -> Response:
    """Takes away `ledger.yaml`, the `dossier.zip` that `careo audit` writes, or the `document` itself."""
    if what == "document":
        given = asking.services.team.document(document)
        return _saved(asking.services.team.body(given.id), given.name, "application/octet-stream")
    found = asking.services.checks.of(document, day(date.strip(), "date"), asking.language, wait=True)
    if what == "ledger.yaml":
        text = write_ledger(found.audit.ledger, asking.language)
        return _saved(text.encode("utf-8", "replace"), "ledger.yaml", "application/yaml")
    if what == "dossier.zip":
        return _saved(_zipped(found, asking), f"dossier-{found.given.id}.zip", "application/zip")
    raise CareoError("web_nowhere", found=one_line(what, 60))


@action("/check/{document}/stream/statements", part="check", method="GET")
def stream(asking: Asking, document: str, date: str = "") -> Response:
    """The text of a document, its statements as they are found, then their verdicts, as server-sent events."""
    given = asking.services.team.document(document)
    said = day(date.strip(), "date")
    return StreamingResponse(
        iterate_in_threadpool(_told(asking, given, said)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@page("/check/{document}/{statement}", part="check")
def statement(asking: Asking, document: str, statement: str, date: str = "") -> Page:
    """A statement of a document: its finding, every decision about it, and the form for the next."""
    return _statement_page(asking, document, statement, date)


@action(
    "/check/{document}/{statement}", part="check", fields=("decision", "note", "seen", "date", *CORRECTABLE)
)
def decide(asking: Asking, form: Filled, document: str, statement: str) -> Page | GoTo:
    """Decides about a statement; when somebody else did since the version `seen`, both are kept and shown (409)."""
    found = asking.services.checks.of(
        document, day(form.word("date").strip(), "date"), asking.language, wait=True
    )
    before = asking.services.team.statement(document, statement)
    words = entry_words(form.words, before.entry, asking.record)
    try:
        after = asking.services.team.decide(
            found.given.id, statement, seen=_number(form.word("seen"), before.version), person=asking.person, **words
        )  # fmt: skip
    except Conflict as conflict:
        return _conflict(asking, found, conflict)
    return _goes_on(found, after, form)


@action("/check/{document}/{statement}/settle", part="check", fields=("keep", "waiting", "seen", "date"))
def settle(asking: Asking, form: Filled, document: str, statement: str) -> Page | GoTo:
    """Settles a decision that came too late: keep "mine", "theirs" or "both"."""
    keep = form.word("keep")
    if keep not in KEEPING:
        raise CareoError("check_keep", expected=" | ".join(KEEPING), found=repr(keep[:40]))
    found = asking.services.checks.of(
        document, day(form.word("date").strip(), "date"), asking.language, wait=True
    )
    try:
        after = asking.services.team.settle(
            found.given.id, statement, waiting=_number(form.word("waiting"), 0), keep=keep, seen=_number(form.word("seen"), -1),
            person=asking.person, language=asking.language,
        )  # fmt: skip
    except Conflict as conflict:
        return _conflict(asking, found, conflict)
    return _goes_on(found, after, form)


# ── the page of a statement ──────────────────────────────────────────────────────────────────────────────────────


def _statement_page(
    asking: Asking, document: str, name: str, said: str, conflict: Conflict | None = None
) -> Page:
    found = asking.services.checks.of(document, day(said.strip(), "date"), asking.language)
    decided = asking.services.team.statement(found.given.id, name)
    country = asking.record
    rows = found.rows
    spots = {spot for spot, each in _by_place(found, asking.language).items() if each["name"] == decided.name}
    findings = [row for row in rows["findings"] if row["place"] in spots]
    used = {row["indicator"] for f in findings for group in f["considered"] for row in group}
    sources = [
        s
        for f, row in zip(
            [f for f in found.audit.findings if f.kind != "quality"], rows["findings"], strict=True
        )
        if row in findings
        for s in f.sources
        if s.key != found.given.name
    ]
    history = [_decision_row(each, decided, asking.language) for each in decided.decisions]
    data = {
        "id": decided.name,
        "version": decided.version,
        "kind": decided.entry.kind,
        "quote": decided.entry.quote,
        "read": dict(decided.entry.read),
        "decisions": [_decision_data(each) for each in decided.decisions],
    }
    more: dict[str, Any] = {}
    if conflict:
        more["conflict"] = {
            "standing": _decision_data(decided.standing) if decided.standing else None,
            "waiting": [_decision_data(each) for each in decided.waiting],
        }
    before, quote, after = _around(found, decided)
    return Page(
        template="statement.html",
        title=one_line(decided.entry.quote, 120),
        data=contract.envelope("check", documents=[_given_data(found.given)], statement=data, **more),
        rows={
            "given": found.given,
            "document_title": found.given.title or found.given.name,
            "document_language": found.document.language,
            "spot": next(iter(sorted(spots)), ""),
            "said": found.said.isoformat() if found.said else "",
            "decided": decided,
            "before": before,
            "quote": quote,
            "after": after,
            "findings": findings,
            "definitions": [row for row in rows["definitions"] if row["id"] in used],
            "sources": parts.source_rows(sources, asking.language),
            "documents": rows["documents"],
            "history": history,
            "standing": next((row for row in history if row["stands"]), None),
            "waiting": [row for row in history if row["waits"]],
            "conflict": bool(conflict),
            "mine": conflict.mine.id if conflict and conflict.mine else 0,
            "kinds": KINDS,
            "hedges": HEDGES,
            "indicators": sorted(
                (item.name.get(asking.language, name), name) for name, item in country.indicators.items()
            ),
            "d": lambda key, **words: say(asking.language, f"dossier.{key}", **words),
        },
        stable=False,
        code=409 if conflict else 200,
    )


def _conflict(asking: Asking, found: Checked, conflict: Conflict) -> Page:
    said = found.said.isoformat() if found.said else ""
    return _statement_page(asking, found.given.id, conflict.statement.name, said, conflict)


def _goes_on(found: Checked, after: Decided, form: Filled) -> GoTo:
    data = contract.envelope(
        "check",
        documents=[_given_data(found.given)],
        statement={
            "id": after.name,
            "version": after.version,
            "decisions": [_decision_data(each) for each in after.decisions],
        },
    )
    said = {"date": form.word("date").strip()}
    return GoTo(f"/check/{found.given.id}/{after.name}", data, said, "decisions")


def _around(found: Checked, decided: Decided) -> tuple[str, str, str]:
    """The words around a statement, its own words, and those behind it."""
    entry = next((each for each in found.audit.ledger.pages[0].entries if each.id == decided.name), None)
    if entry is None or entry.start < 0:
        return "", one_line(decided.entry.quote, 2000), ""
    text = found.document.text
    before, after = (
        one_line(text[max(0, entry.start - 200) : entry.start]),
        one_line(text[entry.end : entry.end + 200]),
    )
    return (
        (before if len(before) < 140 else "… " + before[-140:].partition(" ")[2]) + " ",
        one_line(text[entry.start : entry.end], 2000),
        " " + (after if len(after) < 140 else after[:140].rpartition(" ")[0] + " …"),
    )


def _by_place(found: Checked, language: str) -> Mapping[str, Mapping[str, Any]]:
    """What was decided, by the anchor of the statement in the page."""
    told: dict[str, Mapping[str, Any]] = {}
    several = (("s", found.audit.statements), ("r", found.audit.rejected))
    for letter, statements in several:
        for index, each in enumerate(statements, 1):
            name = found.name_of(each)
            decided = found.statements.get(name)
            if decided:
                standing = decided.standing
                told[f"{letter}{index}"] = {
                    "name": name,
                    "count": len(decided.decisions),
                    "waiting": len(decided.waiting),
                    "decision": say(language, f"dossier.decision.{standing.decision if standing else 'undecided'}"),
                    "who": decided_by(standing, language) if standing else "",
                    "when": _moment(standing.made) if standing else "",
                    "note": one_line(standing.note, 300) if standing else "",
                }  # fmt: skip
    return told


def _open(found: Checked) -> int:
    """Statements about which two people disagree."""
    return sum(bool(each.waiting) for each in found.statements.values())


# ── rows and data ────────────────────────────────────────────────────────────────────────────────────────────────


def _given_data(given: Given) -> dict[str, Any]:
    return {
        "id": given.id, "name": given.name, "title": given.title, "format": given.format, "bytes": given.size, "sha256": given.sha256,
        "person": given.person, "given": given.made.isoformat(timespec="seconds"),
    }  # fmt: skip


def _decision_data(each: Decision) -> dict[str, Any]:
    return {
        "id": each.id, "seen": each.seen, "version": each.version, "settles": each.settles, "decision": each.decision,
        "correct": dict(each.correct), "note": each.note, "person": each.person, "when": each.made.isoformat(timespec="seconds"),
    }  # fmt: skip


def _decision_row(each: Decision, decided: Decided, language: str) -> dict[str, Any]:
    return {
        "id": each.id,
        "decision": say(language, f"dossier.decision.{each.decision}"),
        "correct": [(say(language, f"web_check.field.{key}"), one_line(value, 200)) for key, value in each.correct.items()],
        "note": one_line(each.note, 4000),
        "who": decided_by(each, language),
        "when": _moment(each.made),
        "stands": each.version == decided.version,
        "waits": any(each.id == other.id for other in decided.waiting),
        "late": each.version is None,
        "settles": each.settles,
    }  # fmt: skip


def _moment(at: datetime) -> str:
    """A moment for readers: UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _nobody(language: str) -> str:
    return say(language, "web_check.this_machine")


def _number(text: str, otherwise: int) -> int:
    """A whole number of a form."""
    if not text:
        return otherwise
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise CareoError("web_value", where="seen", found=repr(text[:40]))
    return int(text)


# ── taking away, streaming ───────────────────────────────────────────────────────────────────────────────────────


def _saved(data: bytes, name: str, kind: str) -> Response:
    """A file to be saved, never shown: what people hand in is not opened under our name."""
    from urllib.parse import quote

    plain = name.encode("ascii", "ignore").decode() or "document"
    return Response(
        data,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"},
    )


def _zipped(found: Checked, asking: Asking) -> bytes:
    """The folder that `careo audit -o` writes, as a ZIP; the same dossier, the same bytes."""
    import io
    import tempfile
    import zipfile
    from pathlib import Path

    import careo

    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        made = careo.dossier(
            found.audit, asking.record, to=Path(folder) / "dossier", language=asking.language
        )
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(made.iterdir()):
                told = zipfile.ZipInfo(f"dossier/{path.name}", (1980, 1, 1, 0, 0, 0))
                told.compress_type = zipfile.ZIP_DEFLATED
                told.external_attr = 0o644 << 16
                archive.writestr(told, path.read_bytes())
    return out.getvalue()


def _told(asking: Asking, given: Given, said: date | None) -> Iterator[str]:
    """Events: `text` with the blocks, `found` with statements, `judged` with verdicts, `done`; or `failed` with a sentence."""
    import careo

    try:
        document = asking.services.checks.document(given)
        blocks = [
            {"start": b.start, "end": b.end, "role": b.role, "label": b.label, "text": parts.clean(document.text[b.start : b.end])}
            for b in document.blocks
        ]  # fmt: skip
        yield _event("text", {"language": document.language, "blocks": blocks})
        fresh = [
            {"block": s.block, "kind": s.kind, "from": len(parts.clean(document.text[document.blocks[s.block].start : s.start])),
             "length": len(parts.clean(s.quote))}
            for s in careo.statements(document, asking.record)
            if s.block >= 0
        ]  # fmt: skip
        for first in range(0, len(fresh), 12):
            yield _event("found", fresh[first : first + 12])
        found = asking.services.checks.of(given.id, said, asking.language, wait=True)
        slugs = [verdict_slug(f.verdict) for f in found.audit.findings if f.kind != "quality"]
        yield _event("judged", {"count": len(slugs)})
        yield _event("done", {})
    except CareoError as error:
        yield _event("failed", {"sentence": error.render(asking.language)})


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
