"""The application: every page of `ROUTES` as HTML with its twins and as JSON under `/api/v1`, and every action beside them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

import careo
from careo.base.texts import LANGUAGES
from careo.views.web import enter
from careo.views.web.actions import ACTIONS
from careo.views.web.bundle import bundle
from careo.views.web.description import described
from careo.views.web.files import Files
from careo.views.web.forms import FORMS
from careo.views.web.keeping import Keeping
from careo.views.web.page import ROUTES, Route
from careo.views.web.refusals import speak_of_errors
from careo.views.web.routing import serve
from careo.views.web.security import Gate
from careo.views.web.services import Services
from careo.views.web.settings import Settings

PAGES = (
    "overview", "check", "strategies", "paper", "money", "drift", "watch", "laboratory", "runs", "compare", "evaluate", "search", "evidence", "data", "method",
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
    for each in (*ACTIONS, *routes):  # actions first: pages would take their last words for names
        serve(app, each)
    app.openapi = lambda: described(app)
    app.add_api_route("/static/vega.js", _vega, include_in_schema=False)
    app.mount("/static", Files(), name="static")
    app.add_api_route("/", _home, include_in_schema=False)
    app.include_router(enter.router)
    speak_of_errors(app)
    app.add_middleware(Keeping, services=services)
    app.add_middleware(_Forms)
    app.add_middleware(Gate, settings=chosen)
    return app


def all_routes() -> tuple[Route, ...]:
    """Every page there is."""
    for name in PAGES:
        import_module(f"careo.views.web.pages.{name}")
    return tuple(ROUTES)


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
