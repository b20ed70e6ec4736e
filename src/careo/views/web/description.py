"""The API's description (OpenAPI): answers are the published JSON contract, refusals one object."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from careo.views import contract
from careo.views.web.page import Route

_CONTRACT, _ERROR, _JOB = "Contract", "Refusal", "Computing"
_TEXT = {"type": "string"}
_SENTENCE = {
    "type": "object",
    "required": ["key", "sentence"],
    "properties": {"key": _TEXT, "sentence": _TEXT},
}
_SCHEMAS: dict[str, Any] = {
    _ERROR: {"type": "object", "required": ["error"], "properties": {"error": _SENTENCE}},
    _JOB: {
        "type": "object",
        "required": ["job"],
        "properties": {
            "job": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {"id": _TEXT, "state": _TEXT},
            }
        },
    },
}


def _answer(schema: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer(_CONTRACT, "What the command line prints with --json."),
    202: _answer(_JOB, "It is being computed; ask again after Retry-After seconds."),
    400: _answer(_ERROR, "This cannot be answered; a sentence says why."),
    401: _answer(_ERROR, "A token is needed."),
    404: _answer(_ERROR, "There is no such thing."),
    422: _answer(_ERROR, "A value does not fit."),
    429: _answer(_ERROR, "Asked too often."),
}
"""What every page may answer."""
ACTION_ANSWERS = {code: told for code, told in ANSWERS.items() if code not in (200, 202)} | {
    403: _answer(_ERROR, "Only an editor may change anything."),
}
"""What every address that is no page may answer, beside what its summary says."""
_SENT = ("multipart/form-data", "application/json")


def more_of(route: Route) -> dict[str, Any]:
    """What the signature of a route's function does not say of it: the fields of its form, and parameters that it reads itself."""
    fields = {"type": "object", "properties": dict.fromkeys(route.fields, _TEXT)}
    body = {"requestBody": {"content": {kind: {"schema": fields} for kind in _SENT}}} if route.fields else {}
    query = [{"name": name, "in": "query", "required": False, "schema": _TEXT} for name in route.query]
    return {**body, **({"parameters": query} if query else {})}


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, with the JSON contract among its schemas."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas |= _SCHEMAS | _contract()
        app.openapi_schema = found
    return app.openapi_schema


_ABOUT = (
    "The pages of careo as JSON. Every answer is what the command line prints with --json; `lang` is es or en. "
    "Versioned by its path: what is under /api/v1 keeps its fields."
)


def _contract() -> dict[str, Any]:
    """The contract's schema, its definitions beside it under names of their own."""
    whole = contract.schema()
    definitions = whole.pop("$defs", {})
    for key in ("$schema", "$id"):
        whole.pop(key, None)
    named = {_CONTRACT: whole} | {f"{_CONTRACT}.{name}": each for name, each in definitions.items()}
    return _pointed(named)


def _pointed(data: Any) -> Any:
    """References to definitions turned to where they stand here."""
    if isinstance(data, dict):
        return {
            key: value.replace("#/$defs/", f"#/components/schemas/{_CONTRACT}.")
            if key == "$ref"
            else _pointed(value)
            for key, value in data.items()
        }
    return [_pointed(each) for each in data] if isinstance(data, list) else data
