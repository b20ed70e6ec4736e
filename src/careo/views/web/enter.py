"""Entering and leaving a server that answers only to tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from careo.base.texts import say
from careo.views.web.forms import html
from careo.views.web.page import Asking, Page
from careo.views.web.security import COOKIE
from careo.views.web.tokens import hashed, tokens

router = APIRouter(include_in_schema=False)
_DAYS = 30


@router.get("/{language}/enter")
def enter(request: Request, language: Literal["es", "en"], to: str = "") -> Response:
    """Where a token is given."""
    return _page(request, language, to, wrong=False)


@router.post("/{language}/enter")
def entered(
    request: Request,
    language: Literal["es", "en"],
    token: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "",
) -> Response:
    """Keeps the token in a cookie that no script can read and no other site makes a browser send."""
    settings = request.app.state.services.settings
    if hashed(token.strip()) not in tokens(settings.home):
        return _page(request, language, to, wrong=True)
    answer = RedirectResponse(_own(to, language), 303)
    answer.set_cookie(
        COOKIE,
        token.strip(),
        max_age=_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/{language}/leave")
def leave(language: Literal["es", "en"]) -> Response:
    """Forgets the token in this browser."""
    answer = RedirectResponse(f"/{language}/enter", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _page(request: Request, language: str, to: str, *, wrong: bool) -> Response:
    asking = Asking(language, request.app.state.services, path="/enter", editor=False)
    shown = Page(
        template="enter.html",
        title=say(language, "web.enter.title"),
        data={},
        rows={"back": _own(to, language), "to_enter": f"/{language}/enter", "wrong": wrong},
    )
    return Response(
        html(shown, asking, "enter"), 401 if wrong else 200, media_type="text/html; charset=utf-8"
    )


def _own(to: str, language: str) -> str:
    """An address of this server; anything else becomes its first page."""
    fine = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
    return to if fine else f"/{language}/"
