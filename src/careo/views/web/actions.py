"""What changes something, or streams: functions that take a form and answer with a page, or send the reader on.

A form is read here, within limits that are checked while its bytes arrive; functions get plain words and the bytes of one file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from careo.base.errors import CareoError
from careo.views.web.page import Asking, Page

LARGEST_UPLOAD = 20 * 2**20
"""Of a form with its file [bytes]: a plan of a thousand pages as PDF stays below."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as somebody sent it. `words`: its fields; `file`: the bytes of its file, None when there is none."""

    words: Mapping[str, str] = field(default_factory=dict[str, str])
    file: bytes | None = None
    file_name: str = ""

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


@dataclass(frozen=True, slots=True)
class Action:
    """An address that is no page.

    Attributes:
        path, part: as of `Route`. method: "POST", or "GET" for downloads and streams. fields: names of what its form holds, for the API's
            description. summary: one English sentence, for the same.
    """

    path: str
    part: str
    method: str
    function: Callable[..., Page | GoTo | Response]
    fields: tuple[str, ...]
    summary: str


ACTIONS: list[Action] = []
"""Every action, in the order in which the modules of `pages/` are imported."""


def action(
    path: str, *, part: str, method: str = "POST", fields: tuple[str, ...] = ()
) -> Callable[[Callable[..., Page | GoTo | Response]], Callable[..., Page | GoTo | Response]]:
    """Makes a function the answer to an address: it takes an `Asking`, a `Filled`, and what the path holds as text."""

    def register(
        function: Callable[..., Page | GoTo | Response],
    ) -> Callable[..., Page | GoTo | Response]:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        ACTIONS.append(Action(path, part, method, function, fields, summary))
        return function

    return register


def editing(asking: Asking) -> None:
    """Raises:
    CareoError: whoever asks may only read.
    """
    if not asking.editor:
        raise CareoError("check_reader")


async def filled(request: Request) -> Filled:
    """The form of a request.

    Raises:
        CareoError: it is larger than `LARGEST_UPLOAD`, or no form.
    """
    if request.method == "GET":
        return Filled()
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > LARGEST_UPLOAD:
        raise _large()
    came, receive, too_large = 0, request.receive, False

    async def counted() -> Message:
        nonlocal came, too_large
        message = await receive()
        came += len(message.get("body", b""))
        if came > LARGEST_UPLOAD:
            too_large = True
            raise _large()
        return message

    bounded = Request(request.scope, counted)
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            told = json.loads(await bounded.body())
            if not isinstance(told, dict):
                raise CareoError("web_value", where="body", expected="{…}", found=type(told).__name__)
            words = {str(key): str(value) for key, value in told.items() if value is not None}
            return Filled({key: value.encode("utf-8", "replace").decode() for key, value in words.items()})
        async with bounded.form(max_files=1, max_fields=40, max_part_size=LARGEST_UPLOAD) as form:
            words, file, name = dict[str, str](), None, ""
            for key, value in form.multi_items():
                if isinstance(value, UploadFile):
                    file = await value.read() if value.filename or value.size else None
                    name = value.filename or ""
                else:
                    words[key] = value
            return Filled(words, file, name)
    except (HTTPException, ValueError, RecursionError) as error:  # a form that is none
        if too_large:
            raise _large() from error
        raise CareoError("web_value", where="body") from error


def _large() -> CareoError:
    return CareoError("check_large", fix="check_large", limit=LARGEST_UPLOAD >> 20)
