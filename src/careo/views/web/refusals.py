"""Every error as a sentence: a page for people, an object for programs; and what is still being computed, or could not be."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from careo.base.errors import CareoError, OutputError
from careo.base.texts import say
from careo.views import contract
from careo.views.i18n import one_line
from careo.views.web.forms import html
from careo.views.web.job import Job, JobError, Pending, job_data
from careo.views.web.page import Page
from careo.views.web.routing import asking_of_page
from careo.views.web.security import HEADERS, MOST_BYTES

_PENDING_SECONDS = "3"  # until a page without scripts asks again


def speak_of_errors(app: FastAPI) -> None:
    """Lets an application answer every error with a sentence."""
    app.add_exception_handler(Pending, _pending)
    app.add_exception_handler(CareoError, _careo_error)
    app.add_exception_handler(OSError, _system_error)
    app.add_exception_handler(Exception, _broken)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)


def _language(request: Request) -> Literal["es", "en"]:
    spanish = request.scope["path"].startswith("/es") or request.query_params.get("lang") == "es"
    return "es" if spanish else "en"


def _wants_data(request: Request) -> bool:
    """Whether a program asks: under the API, or for a form of a page that is no page."""
    return getattr(request.state, "form", "html") != "html" or request.scope["path"].startswith("/api")


def _shown(request: Request, found: Page, *, here: bool, headers: dict[str, str] | None = None) -> Response:
    """A page in place of the one that was asked for; `here`: its other language is at the same address, else the first page is."""
    asking = asking_of_page(request, _language(request))
    if not here:
        asking = replace(asking, path="/", query="")
    return Response(html(found, asking, "error"), found.code, media_type="text/html; charset=utf-8", headers=headers)  # fmt: skip


def _said(request: Request, error: CareoError, code: int) -> Response:
    language = _language(request)
    if _wants_data(request):
        told = {name: one_line(getattr(error, name)) for name in ("where", "expected", "found")}
        said = {"key": error.key, "sentence": error.render(language), **told}
        return JSONResponse(contract.envelope("serve", error=said), code)
    if isinstance(error, JobError):
        rows = {"job": error.job, "sentence": error.job.told or error.render(language), "code": code}
        title = say(language, f"web.{error.job.state}.title")
        return _shown(
            request, Page(template="failed.html", title=title, data={}, rows=rows, code=code), here=True
        )
    rows = {"sentence": error.render(language), "code": code}
    title = say(language, "web.error")
    return _shown(
        request, Page(template="error.html", title=title, data={}, rows=rows, code=code), here=False
    )


def _careo_error(request: Request, error: Exception) -> Response:
    if isinstance(error, OutputError):
        return _no_room(request, error.found)
    return _said(request, error, _code(error))  # pyright: ignore[reportArgumentType]


def _no_room(request: Request, why: str) -> Response:
    return _said(request, CareoError("web_no_room", found=why), 507)


def _system_error(request: Request, error: Exception) -> Response:
    if getattr(error, "errno", 0) not in _FULL:
        raise error
    return _no_room(request, error.strerror or "")  # pyright: ignore[reportAttributeAccessIssue]


def _broken(request: Request, _: Exception) -> Response:
    """A mistake of ours: the server's terminal has the whole of it. This answer is made outside the gate."""
    answered = _said(request, CareoError("web_broken"), 500)
    answered.headers.update({**HEADERS, "Connection": "close"})  # the line is not used again after a mistake
    return answered


def _http_error(request: Request, error: Exception) -> Response:
    code: int = error.status_code  # pyright: ignore[reportAttributeAccessIssue]
    if code == 413:
        return _said(request, CareoError("web_too_large", fix="web_too_large", limit=MOST_BYTES >> 20), code)
    key = {404: "web_nowhere", 405: "web_method", 408: "web_too_slow"}.get(code, "web_refused")
    return _said(request, CareoError(key, found=one_line(request.scope["path"], 200)), code)


def _invalid(request: Request, error: Exception) -> Response:
    first = error.errors()[0]  # pyright: ignore[reportAttributeAccessIssue]
    where, found = one_line(str(first["loc"][-1]), 80), one_line(repr(first.get("input")), 200)
    return _said(request, CareoError("web_value", where=where, found=found), 422)


def _pending(request: Request, error: Exception) -> Response:
    job: Job = error.job  # pyright: ignore[reportAttributeAccessIssue]
    if _wants_data(request):
        return JSONResponse(contract.envelope("serve", job=job_data(job)), 202, {"Retry-After": "2"})
    title = say(_language(request), "web.pending.title")
    found = Page(template="pending.html", title=title, data={}, rows={"job": job}, code=202)
    return _shown(request, found, here=True, headers={"Refresh": _PENDING_SECONDS})


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk has no room, or no more for us."""


def _code(error: Any) -> int:
    """What HTTP calls an error."""
    return getattr(error, "status", 0) or _CODES.get(error.key, 400)


_CODES = {
    **dict.fromkeys(
        (
            "web_nowhere", "usage_evaluation", "usage_dataset", "usage_indicator", "usage_lever", "strategy_unknown", "pledge_unknown", "money_unknown",
            "drift_unknown", "web_no_picture",
            "web_no_table", "web_no_run", "run_none", "team_no_document", "team_no_statement",
            "watch_finding", "watch_no_state", "watch_no_rules", "watch_rule",
        ),
        404,
    ),
    "input_too_large": 413,
    "web_busy": 503,
}  # fmt: skip
"""Errors by their keys: no such thing, too large, not now; any other is 400."""
