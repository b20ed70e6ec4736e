"""Addresses that are no pages: what changes something, what is taken away, what streams; and the forms that are sent to them.

Who may change anything, from where and with how many bytes is decided in one place, the gate (`security`), before any function is called.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from careo.base.errors import CareoError
from careo.views.web.page import Page, Route, summary_of
from careo.views.web.security import MOST_BYTES

_MOST_FIELDS = 1000  # the sliders of the laboratory are some 150


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as somebody sent it. `fields`: names and values in their order; `file`: the bytes of its file, None when there is none."""

    fields: Sequence[tuple[str, str]] = ()
    file: bytes | None = None
    file_name: str = ""

    @property
    def words(self) -> Mapping[str, str]:
        """Its fields by name; of several the last."""
        return dict(self.fields)

    @property
    def query(self) -> str:
        """The same as an address has it behind the question mark."""
        return urlencode(list(self.fields))

    def word(self, name: str) -> str:
        """A field; "" when it was not sent."""
        return self.words.get(name, "")


@dataclass(frozen=True, slots=True)
class GoTo:
    """Where to read on: the address of a page (after the language) with its query and place; `data` for programs."""

    path: str
    data: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    place: str = ""


Answer = Callable[..., Page | GoTo | Response]
ACTIONS: list[Route] = []
"""Every action, in the order in which the modules of `pages/` are imported."""


def action(
    path: str,
    *,
    part: str,
    method: Literal["GET", "POST"] = "POST",
    fields: tuple[str, ...] = (),
    programs: bool = True,
) -> Callable[[Answer], Answer]:
    """Makes a function the answer to an address that is no page; arguments as of `Route`."""

    def register(function: Answer) -> Answer:
        told = summary_of(function)
        ACTIONS.append(Route(path, part, function, told, method, fields=fields, programs=programs))
        return function

    return register


async def filled(request: Request) -> Filled:
    """The form of a request, as a browser or as a program (JSON) sends it; the gate counts its bytes while they arrive.

    Raises:
        CareoError: it is no form.
    """
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            told = json.loads(await request.body())
            if not isinstance(told, dict):
                raise CareoError("web_value", where="body", expected="{…}", found=type(told).__name__)
            pairs = [(str(key), str(value)) for key, value in told.items() if value is not None]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            return Filled([(key, value.encode("utf-8", "replace").decode()) for key, value in pairs])
        limits = {"max_files": 1, "max_fields": _MOST_FIELDS, "max_part_size": MOST_BYTES}
        async with request.form(**limits) as form:
            fields, file, name = list[tuple[str, str]](), None, ""
            for key, value in form.multi_items():
                if isinstance(value, UploadFile):
                    file = await value.read() if value.filename or value.size else None
                    name = value.filename or ""
                else:
                    fields.append((key, value))
            return Filled(fields, file, name)
    except HTTPException as error:
        if error.status_code != 400:  # too large, too slow: the gate's
            raise
        raise CareoError("web_value", where="body") from error
    except (ValueError, RecursionError) as error:
        raise CareoError("web_value", where="body") from error
