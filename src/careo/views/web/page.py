"""`Page`: what one address shows, and the table of all addresses.

A page is asked for in several forms (HTML, JSON, CSV, Parquet, SVG, PNG); all of them are made of the one `Page` that its function returns.
`data` is what the command line prints for `command --json`: a test runs the printed command and holds the two against each other.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode

from careo.base.errors import CareoError
from careo.panel import Country
from careo.views.drawing import Plot
from careo.views.web.services import Known, Services

_T = TypeVar("_T")
USUAL = "mexico"
"""The country whose record counts where none is named."""


@dataclass(frozen=True)
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

    @cached_property
    def known(self) -> Known:
        """What is known when it is first asked for: what is imported meanwhile counts from the next question on."""
        return self.services.known

    @property
    def record(self) -> Country:
        """The record of the country."""
        return self.known.country

    def asked(self, name: str) -> str:
        """A parameter of the query; "" when it was not given."""
        return parse_qs(self.query).get(name, [""])[-1]

    def typed(self, command: Sequence[str]) -> str:
        """A command as somebody types it; it names the country when that is not the usual one."""
        return "careo " + shlex.join(
            [*command, *(() if self.country == USUAL else ("--country", self.country))]
        )

    def named(self, before: str = "", *, loaded: bool = False) -> str:
        """The country as an argument of printed Python, behind `before`: its key, or what `load_country` makes of it; "" for the usual one."""
        if self.country == USUAL:
            return ""
        return before + (f"careo.load_country({self.country!r})" if loaded else repr(self.country))

    def result(self, command: Sequence[str]) -> tuple[Mapping[str, Any], Path]:
        """What a command prints as JSON, and the folder of what else it left, asked for in the name of whoever asks.

        Raises:
            Pending: it is not there yet. JobError: it failed, or was stopped.
        """
        return self.services.jobs.result(command, self.language, self.person)


@dataclass(frozen=True, slots=True)
class Table:
    """A table to take away: plain names of columns, and rows of plain values (text, numbers, true or false, nothing)."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | bool | None]]


class Late(Mapping[str, _T]):
    """What is made when it is first read: a page names what programs and files hold, and need not hold it.

    Args:
        names: its keys, where a page lists them.
    """

    def __init__(self, make: Callable[[], Mapping[str, _T]], names: Sequence[str] = ()) -> None:
        self._make, self._names = make, names

    @cached_property
    def _made(self) -> Mapping[str, _T]:
        return self._make()

    def __getitem__(self, name: str) -> _T:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names or self._made)

    def __len__(self) -> int:
        return len(self._names or self._made)

    def __bool__(self) -> bool:
        return True


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


@dataclass(frozen=True, slots=True)
class Route:
    """An address and the function that answers it.

    Attributes:
        path: as FastAPI writes it, after the language: "/evaluate/{name}". part: of the texts (`web_<part>.yaml`) and of the navigation.
        function: takes an `Asking` first, then what path and query hold, with types; a parameter typed `Filled` is the form that was sent.
        summary: one English sentence for the API's description.
        method: "GET", or "POST" for what changes something, which the gate lets editors do alone.
        query, fields: names of parameters that the function reads itself, and of what its form holds, for the description.
        programs: whether it is under `/api/v1`, too; a piece of a page is not.
    """

    path: str
    part: str
    function: Callable[..., Any]
    summary: str
    method: str = "GET"
    query: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    programs: bool = True


ROUTES: list[Route] = []
"""Every page, in the order in which the modules of `pages/` are imported."""


def page(
    path: str, *, part: str, query: tuple[str, ...] = ()
) -> Callable[[Callable[..., Page]], Callable[..., Page]]:
    """Makes a function the answer to an address, as a page and under `/api/v1`; its docstring's first line describes it there."""

    def register(function: Callable[..., Page]) -> Callable[..., Page]:
        ROUTES.append(Route(path, part, function, summary_of(function), query=query))
        return function

    return register


def summary_of(function: Callable[..., Any]) -> str:
    """The first line of its docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]


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
