"""The application: every page of `ROUTES` as HTML with its twins, and as JSON under `/api/v1`."""

from __future__ import annotations

import errno
import inspect
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

import careo
from careo.base.errors import CareoError, OutputError
from careo.base.texts import LANGUAGES, say
from careo.views import contract
from careo.views.i18n import one_line
from careo.views.web import enter
from careo.views.web.actions import ACTIONS, Action, filled
from careo.views.web.bundle import bundle
from careo.views.web.description import ANSWERS, described
from careo.views.web.files import Files
from careo.views.web.forms import FORMS, answer, html
from careo.views.web.jobs import Job, Pending, job_data
from careo.views.web.keeping import Keeping
from careo.views.web.page import EXTRAS, ROUTES, Asking, Extra, Page, Route, address
from careo.views.web.security import HEADERS, Gate
from careo.views.web.services import Services
from careo.views.web.settings import Settings

PAGES = (
    "overview", "check", "strategies", "paper", "money", "drift", "laboratory", "runs", "compare", "evaluate", "search", "evidence", "data", "method",
)  # fmt: skip
"""The modules of `pages/`, in the order of the navigation."""
_FORM = re.compile(rf"^(/(?:{'|'.join(LANGUAGES)})/.*)\.({'|'.join(FORMS)})$")


def create_application(settings: Settings | None = None) -> FastAPI:
    """The application of a server; without settings, of a private one on this machine."""
    chosen = settings or Settings()
    services = Services(chosen)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    app = FastAPI(
        title="careo", version=careo.__version__, lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.services = services
    routes = all_routes()
    for each in EXTRAS:  # before pages, whose parameters would take their last words
        _serve_extra(app, each)
    for route in routes:
        _serve(app, route)
    for each in ACTIONS:
        _act(app, each)
    app.openapi = lambda: described(app)
    app.add_api_route("/static/vega.js", _vega, include_in_schema=False)
    app.mount("/static", Files(), name="static")
    app.add_api_route("/", _home, include_in_schema=False)
    app.include_router(enter.router)
    _speak_of_errors(app)
    app.add_middleware(Keeping, services=services)
    app.add_middleware(_Forms)
    app.add_middleware(Gate, settings=chosen)
    return app


def all_routes() -> tuple[Route, ...]:
    """Every page there is."""
    for name in PAGES:
        import_module(f"careo.views.web.pages.{name}")
    return tuple(ROUTES)


def _serve(app: FastAPI, route: Route) -> None:
    """One function as a page in both languages and as JSON under the API, with the types of its own signature."""
    signature = inspect.signature(route.function, eval_str=True)
    first, *others = signature.parameters.values()

    def pages(asking: Asking, request: Request, **given: Any) -> Response:
        form = getattr(request.state, "form", "html")
        found = route.function(asking, **given)
        request.state.stable = found.stable
        return answer(found, asking, form, route.part, request.query_params.get("of", ""))

    def data(asking: Asking, request: Request, **given: Any) -> Response:
        found = route.function(asking, **given)
        request.state.stable = found.stable
        return answer(found, asking, "json", route.part)

    for function, who in ((pages, _asking_of_page), (data, _asking_of_api)):
        asked = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        parameters = [
            first.replace(annotation=Annotated[Asking, Depends(who)], kind=inspect.Parameter.KEYWORD_ONLY),
            asked, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in others),
        ]  # fmt: skip
        function.__signature__ = signature.replace(parameters=parameters, return_annotation=Response)
        function.__name__ = route.function.__name__
    for path in ("/", "/overview") if route.path == "/" else (route.path,):
        app.add_api_route("/{language}" + path, pages, methods=["GET"], include_in_schema=False)
    api = route.path if route.path != "/" else "/overview"
    app.add_api_route(
        f"/api/v1{api}", data, methods=["GET"], summary=route.summary, tags=[route.part], responses=ANSWERS
    )


def _serve_extra(app: FastAPI, each: Extra) -> None:
    """An address that is no page, in both languages."""
    signature = inspect.signature(each.function, eval_str=True)
    first, *others = signature.parameters.values()
    parameters = [
        first.replace(annotation=Annotated[Asking, Depends(_asking_of_page)], kind=inspect.Parameter.KEYWORD_ONLY),
        *(other.replace(kind=inspect.Parameter.KEYWORD_ONLY) for other in others),
    ]  # fmt: skip

    def plain(**given: Any) -> Any:
        return each.function(given.pop(first.name), **given)

    async def waiting(**given: Any) -> Any:
        return await each.function(given.pop(first.name), **given)

    answers: Any = waiting if inspect.iscoroutinefunction(each.function) else plain
    answers.__signature__ = signature.replace(
        parameters=parameters, return_annotation=inspect.Signature.empty
    )
    answers.__name__ = each.function.__name__
    app.add_api_route(
        "/{language}" + each.path,
        answers,
        methods=[each.method],
        include_in_schema=False,
        response_model=None,
    )


def _act(app: FastAPI, each: Action) -> None:
    """One action, for the forms of both languages and for programs under the API."""

    async def pages(request: Request, language: Literal["es", "en"]) -> Response:
        return await _done(each, request, _asking_of_page(request, language), getattr(request.state, "form", "html"))  # fmt: skip

    async def data(request: Request, lang: Literal["es", "en"] = "en") -> Response:
        return await _done(each, request, _asking_of_api(request, lang), "json")

    fields = {"type": "object", "properties": {name: {"type": "string"} for name in each.fields}}
    body = {"requestBody": {"content": {kind: {"schema": fields} for kind in _SENT}}} if each.fields else None
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", each.path)
    ]
    app.add_api_route("/{language}" + each.path, pages, methods=[each.method], include_in_schema=False)
    app.add_api_route(
        "/api/v1" + each.path, data, methods=[each.method], summary=each.summary, tags=[each.part],
        openapi_extra={**(body or {}), "parameters": parameters},
    )  # fmt: skip


_SENT = ("multipart/form-data", "application/json")


async def _done(each: Action, request: Request, asking: Asking, form: str) -> Response:
    given = {name: value for name, value in request.path_params.items() if name != "language"}
    found = await run_in_threadpool(each.function, asking, await filled(request), **given)
    if isinstance(found, Response):
        return found
    if isinstance(found, Page):
        return answer(found, asking, form, each.part)
    if form == "html":
        place = f"#{found.place}" if found.place else ""
        return RedirectResponse(address(asking.language, found.path, **found.query) + place, 303)
    told = address(asking.language, found.path, **found.query)
    return Response(contract.to_json({**found.data, "address": told}), 201, media_type="application/json")


def _asking_of_page(request: Request, language: Literal["es", "en"]) -> Asking:
    path = request.scope["path"].removeprefix(f"/{language}").rstrip("/") or "/"
    return _asking(request, language, path if path != "/overview" else "/")


def _asking_of_api(request: Request, lang: Literal["es", "en"] = "en") -> Asking:
    return _asking(request, lang, request.scope["path"])


def _asking(request: Request, language: str, path: str) -> Asking:
    return Asking(
        language,
        request.app.state.services,
        path=path,
        query=request.url.query,
        person=request.state.person,
        editor=request.state.editor,
    )


def _home(request: Request) -> Response:
    """To the language the browser asks for."""
    first = next(
        (
            each
            for each in re.split(r"[,;\s]+", request.headers.get("accept-language", ""))
            if each[:2] in LANGUAGES
        ),
        "es",
    )
    return RedirectResponse(f"/{first[:2]}/")


def _vega(request: Request) -> Response:
    """What draws charts for reading values; its name holds its version, so a browser may keep it for a day."""
    path = bundle(request.app.state.services.settings.home)
    return FileResponse(
        path, media_type="text/javascript", headers={"Cache-Control": "private, max-age=86400"}
    )


class _Forms:
    """Takes the ending that names a form off the path: `/es/evaluate/x.json` is `/es/evaluate/x` in the form json."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (found := _FORM.match(scope["path"])):
            scope["path"] = found[1]
            scope.pop("raw_path", None)
            scope.setdefault("state", {})["form"] = found[2]
        await self.app(scope, receive, send)


def _speak_of_errors(app: FastAPI) -> None:
    """Every error as a sentence: a page for people, an object for programs."""

    def said(request: Request, error: CareoError, code: int) -> Response:
        language = (
            "es"
            if request.scope["path"].startswith("/es") or request.query_params.get("lang") == "es"
            else "en"
        )
        form = getattr(request.state, "form", "html")
        if form != "html" or request.scope["path"].startswith("/api"):
            told = {name: one_line(getattr(error, name)) for name in ("where", "expected", "found")}
            body = contract.envelope(
                "serve", error={"key": error.key, "sentence": error.render(language), **told}
            )
            return JSONResponse(body, code)
        asking = Asking(language, app.state.services, path="/")
        shown = Page(
            template="error.html",
            title=say(language, "web.error"),
            data={},
            rows={"sentence": error.render(language), "code": code},
        )
        return Response(html(shown, asking, "error"), code, media_type="text/html; charset=utf-8")

    def careo_error(request: Request, error: Exception) -> Response:
        if isinstance(error, OutputError):
            return no_room(request, error.found)
        return said(request, error, _code(error))  # pyright: ignore[reportArgumentType]

    def no_room(request: Request, why: str) -> Response:
        return said(request, CareoError("web_no_room", found=why), 507)

    def system_error(request: Request, error: Exception) -> Response:
        if getattr(error, "errno", 0) not in _FULL:
            raise error
        return no_room(request, error.strerror or "")  # pyright: ignore[reportAttributeAccessIssue]

    def broken(request: Request, _: Exception) -> Response:
        """A mistake of ours: the server's terminal has the whole of it. This answer is made outside the gate."""
        answered = said(request, CareoError("web_broken"), 500)
        answered.headers.update(
            {**HEADERS, "Connection": "close"}
        )  # the line is not used again after a mistake
        return answered

    def http_error(request: Request, error: Exception) -> Response:
        code: int = error.status_code  # pyright: ignore[reportAttributeAccessIssue]
        key = {404: "web_nowhere", 405: "web_method", 408: "web_too_slow", 413: "web_too_large"}.get(
            code, "web_refused"
        )
        return said(request, CareoError(key, found=one_line(request.scope["path"], 200)), code)

    def invalid(request: Request, error: Exception) -> Response:
        first = error.errors()[0]  # pyright: ignore[reportAttributeAccessIssue]
        where = str(first["loc"][-1])
        return said(
            request,
            CareoError("web_value", where=one_line(where, 80), found=one_line(repr(first.get("input")), 200)),
            422,
        )

    def pending(request: Request, error: Exception) -> Response:
        job: Job = error.job  # pyright: ignore[reportAttributeAccessIssue]
        if getattr(request.state, "form", "html") != "html" or request.scope["path"].startswith("/api"):
            told = job_data(job)
            return JSONResponse(contract.envelope("serve", job=told), 202, {"Retry-After": "2"})
        asking = _asking_of_page(request, "es" if request.scope["path"].startswith("/es") else "en")
        title = say(asking.language, "web.pending.title")
        shown = Page(template="pending.html", title=title, data={}, rows={"job": job})
        return Response(
            html(shown, asking, "error"), 202, media_type="text/html; charset=utf-8", headers={"Refresh": "3"}
        )

    app.add_exception_handler(Pending, pending)
    app.add_exception_handler(CareoError, careo_error)
    app.add_exception_handler(OSError, system_error)
    app.add_exception_handler(Exception, broken)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)


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
        ),
        404,
    ),
    **dict.fromkeys(("check_large", "input_too_large", "web_too_large"), 413),
    "check_reader": 403,
    "web_busy": 503,
}  # fmt: skip
"""Errors by their keys: no such thing, too large, not for readers, not now; any other is 400."""
