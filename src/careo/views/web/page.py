"""`Page`: what one address shows, and the table of all addresses.

A page is asked for in several forms (HTML, JSON, CSV, Parquet, SVG, PNG); all of them are made of the one `Page` that its function returns.
`data` is what the command line prints for `command --json`: a test runs the printed command and holds the two against each other.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode

from careo.base.errors import CareoError
from careo.views.drawing import Plot
from careo.views.web.services import Services

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and in which language.

    Attributes:
        language: "es" or "en". path: after the language, with its slash: "/evaluate". query: what follows the question mark, as it came.
        person: whoever holds the token; empty on one's own machine. editor: whether they may change anything.
    """

    language: str
    services: Services
    path: str = "/"
    query: str = ""
    person: str = ""
    editor: bool = True

    @property
    def country(self) -> str:
        """Whose record counts."""
        return self.services.settings.country

    def asked(self, name: str) -> str:
        """A parameter of the query; "" when it was not given."""
        return parse_qs(self.query).get(name, [""])[-1]


@dataclass(frozen=True, slots=True)
class Table:
    """A table to take away: plain names of columns, and rows of plain values (text, numbers, true or false, nothing)."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | bool | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one address shows.

    Attributes:
        template: of `templates/`. title: of the page, in the reader's language. rows: plain text and numbers for the template; it escapes.
        data: the JSON contract's object; the same as `careo {command} --json`.
        command: what to type after `careo`, word by word; empty where no command says the same. python: the lines that give the same.
        pictures: SVG by name. plots: what some of these were drawn from, with its title, by the same name. tables: by name. cites: names for `careo cite`.
        stable: the same question gives the same bytes until the data or the day change, so the answer may be kept.
        code: of HTTP.
    """

    template: str
    title: str
    data: Mapping[str, Any]
    rows: Mapping[str, Any] = field(default_factory=dict[str, Any])
    command: tuple[str, ...] = ()
    python: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict[str, str])
    plots: Mapping[str, tuple[Plot, str]] = field(default_factory=dict[str, tuple[Plot, str]])
    tables: Mapping[str, Table] = field(default_factory=dict[str, Table])
    cites: tuple[str, ...] = ()
    stable: bool = True
    code: int = 200

    @property
    def typed(self) -> str:
        """The command as somebody types it."""
        return "careo " + shlex.join(self.command) if self.command else ""


@dataclass(frozen=True, slots=True)
class Route:
    """An address and the function that answers it.

    Attributes:
        path: as FastAPI writes it, after the language: "/evaluate/{name}". part: of the texts (`web_<part>.yaml`) and of the navigation.
        function: takes an `Asking` first, then what path and query hold, with types; returns a `Page`.
        summary: one English sentence for the API's description.
    """

    path: str
    part: str
    function: Callable[..., Page]
    summary: str


ROUTES: list[Route] = []
"""Every page, in the order in which the modules of `pages/` are imported."""


def page(path: str, *, part: str) -> Callable[[Callable[..., Page]], Callable[..., Page]]:
    """Makes a function the answer to an address, as a page and under `/api/v1`; its docstring's first line describes it there."""

    def register(function: Callable[..., Page]) -> Callable[..., Page]:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        ROUTES.append(Route(path, part, function, summary))
        return function

    return register


@dataclass(frozen=True, slots=True)
class Extra:
    """An address that is no page: a file to take, a piece of a page, a stream, something to be done.

    Attributes:
        method: "GET" or "POST". path: as of `Route`. function: takes an `Asking` and the `Request`, then what the path holds.
    """

    method: str
    path: str
    function: Callable[..., Any]


EXTRAS: list[Extra] = []
"""Addresses that are no pages; whatever is done by POST changes something, so it is for editors only."""


def extra(method: str, path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function the answer to an address that is no page; it gives a response of Starlette."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        EXTRAS.append(Extra(method, path, function))
        return function

    return register


def address(language: str, path: str, **query: object) -> str:
    """The address of a page; parameters that are empty are left out."""
    told = urlencode({key: value for key, value in query.items() if value not in ("", None)}, doseq=True)
    return f"/{language}{quote(path)}" + (f"?{told}" if told else "")


def shipped(name: str, known: Mapping[str, _T], key: str) -> _T:
    """One of what a country has. What comes over the web is a name and never a path, though verbs take both.

    Raises:
        CareoError: `key`; there is none of this name.
    """
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise CareoError(
            key, expected=" | ".join(known) or "–", found=repr(name[:60]), fix="did_you_mean" if near else "", guess=near[0] if near else "",
        )  # fmt: skip
    return known[name]
