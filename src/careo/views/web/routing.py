"""Routes as FastAPI serves them: a function once in both languages with all its forms, and once for programs, with the types of its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from careo.views import contract
from careo.views.web.actions import Filled, GoTo, filled
from careo.views.web.description import ACTION_ANSWERS, ANSWERS, more_of
from careo.views.web.forms import answer
from careo.views.web.page import ROUTES, Asking, Page, Route, address

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_OWN = "asked_with"  # the request, as this module calls it


def serve(app: FastAPI, route: Route) -> None:
    """Lets an application answer the addresses of a route."""
    paths = ("/", "/overview") if route.path == "/" else (route.path,)
    for path in paths:
        app.add_api_route(
            "/{language}" + path, _endpoint(route, asking_of_page), methods=[route.method], include_in_schema=False
        )  # fmt: skip
    if route.programs:
        app.add_api_route(
            f"/api/v1{paths[-1]}", _endpoint(route, asking_of_api), methods=[route.method], summary=route.summary, tags=[route.part],
            responses=ANSWERS if route in ROUTES else ACTION_ANSWERS, status_code=201 if route.method == "POST" else 200,
            response_class=Response, openapi_extra=more_of(route),
        )  # fmt: skip


def asking_of_page(request: Request, language: Literal["es", "en"]) -> Asking:
    """Who asks for a page."""
    path = request.scope["path"].removeprefix(f"/{language}").rstrip("/") or "/"
    return _asking(request, language, path if path != "/overview" else "/")


def asking_of_api(request: Request, lang: Literal["es", "en"] = "en") -> Asking:
    """Who asks as a program."""
    return _asking(request, lang, request.scope["path"])


def _asking(request: Request, language: str, path: str) -> Asking:
    state = request.state  # of a request that the gate itself broke on nothing is known
    person, editor = getattr(state, "person", ""), getattr(state, "editor", False)
    return Asking(language, request.app.state.services, path, request.url.query, person, editor)


def _endpoint(route: Route, who: Callable[..., Asking]) -> Callable[..., Response]:
    """The function of a route as FastAPI calls it, in a thread of its own."""
    _, *others = inspect.signature(route.function, eval_str=True).parameters.values()
    # FastAPI hands a request over by one name only: by that of the function, where it wants it, too.
    wanted_as = next((each.name for each in others if each.annotation is Request), "")

    def answers(asked_by: Asking, **given: Any) -> Response:
        asked_with: Request = given[wanted_as] if wanted_as else given.pop(_OWN)
        plain = who is asking_of_api
        form = "json" if plain else getattr(asked_with.state, "form", "html")
        found = route.function(asked_by, **given)
        if isinstance(found, GoTo):
            return _onward(found, asked_by, form)
        if not isinstance(found, Page):
            return found
        asked_with.state.stable = found.stable
        wanted = "" if plain else asked_with.query_params.get("of", "")
        return answer(found, asked_by, form, route.part, wanted)

    parameters = [
        inspect.Parameter("asked_by", _KEYWORD, annotation=Annotated[Asking, Depends(who)]),
        *([] if wanted_as else [inspect.Parameter(_OWN, _KEYWORD, annotation=Request)]),
        *(
            each.replace(kind=_KEYWORD, annotation=Annotated[Filled, Depends(filled)] if each.annotation is Filled else each.annotation)
            for each in others
        ),
    ]  # fmt: skip
    answers.__signature__ = inspect.Signature(parameters, return_annotation=Response)  # pyright: ignore[reportFunctionMemberAccess]
    answers.__name__ = route.function.__name__
    return answers


def _onward(found: GoTo, asking: Asking, form: str) -> Response:
    """To where one reads on; for programs the address of it."""
    told = address(asking.language, found.path, **found.query)
    if form == "html":
        return RedirectResponse(told + (f"#{found.place}" if found.place else ""), 303)
    return Response(contract.to_json({**found.data, "address": told}), 201, media_type="application/json")
