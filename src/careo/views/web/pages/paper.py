"""Strategies and documents on paper: the whole dossier, a brief of one sheet, a letter; as PDF, HTML or text."""

from __future__ import annotations

from typing import Literal

from starlette.responses import Response

from careo.record.strategy import strategies
from careo.views.verbs import day
from careo.views.web.actions import action
from careo.views.web.job import OUT
from careo.views.web.page import Asking, shipped

FORMS = ("brief", "letter", "page")
_TYPES = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "txt": "text/plain; charset=utf-8"}
_MOST = 200  # characters of a name on a letter

Form = Literal["brief", "letter", "page"]
Kind = Literal["pdf", "html", "txt"]
Paper = Literal["letter", "a4"]


@action("/strategies/{slug}/paper", part="strategies", method="GET")
def strategy_on_paper(
    asking: Asking, slug: str, form: Form = "brief", kind: Kind = "pdf", paper: Paper = "letter", on: str = "", addressee: str = "",
    signatory: str = "",
) -> Response:  # fmt: skip
    """A strategy's audit, printed beside the server: a whole dossier takes some ten seconds."""
    known = strategies(asking.record.key)
    slug = shipped(slug, {name: name for name in known}, "strategy_unknown")
    when = day(on.strip(), "on")
    options = (
        ("--on", when.isoformat() if when else ""), ("--addressee", addressee[:_MOST].strip()), ("--signatory", signatory[:_MOST].strip()),
    )  # fmt: skip
    given = [
        f"{option}={value}" for option, value in options if value
    ]  # with "=", no value can become an option
    name = f"{slug}-{form}.{kind}"
    command = ("dossier", "--strategy", slug, "--form", form, "--paper", paper, *given, "-o", f"{OUT}/{name}")
    _, folder = asking.result(command)
    return _saved((folder / name).read_bytes(), name, kind)


@action("/check/{document}/paper", part="check", method="GET")
def document_on_paper(
    asking: Asking, document: str, form: Form = "brief", kind: Kind = "pdf", paper: Paper = "letter", date: str = "", addressee: str = "",
    signatory: str = "",
) -> Response:  # fmt: skip
    """A document's audit with what people decided, printed."""
    import careo

    found = asking.services.checks.of(document, day(date.strip(), "date"), asking.language, wait=True)
    printed = careo.print_dossier(
        found.audit, asking.record, form=form, kind=kind, paper=paper, language=asking.language,
        addressee=addressee[:_MOST].strip(), signatory=signatory[:_MOST].strip(),
    )  # fmt: skip
    return _saved(printed.data, f"{found.given.id}-{form}.{kind}", kind)


def _saved(data: bytes, name: str, kind: str) -> Response:
    """To be saved, never shown: a printed page has a style of its own, which our policy forbids here."""
    return Response(
        data, media_type=_TYPES[kind], headers={"Content-Disposition": f'attachment; filename="careo-{name}"'}
    )
