"""A `Page` in the form that was asked for: HTML, JSON, CSV, Parquet, SVG, PNG, or a chart as a Vega-Lite specification."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response

from careo.base.errors import CareoError
from careo.base.texts import LANGUAGES, say
from careo.views import contract
from careo.views.images import png
from careo.views.parts import with_code
from careo.views.table_cells import spreadsheet_cell
from careo.views.web.files import static
from careo.views.web.page import ROUTES, Asking, Page, Table, address
from careo.views.web.vega import vega

FORMS = ("html", "json", "csv", "parquet", "svg", "png", "vega")
HERE = Path(__file__).parent
_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "png": "image/png",
    "vega": "application/json",
}
_TAKEN = ("csv", "parquet", "svg", "png")  # forms that are saved, not looked at


def answer(found: Page, asking: Asking, form: str, part: str, wanted: str = "") -> Response:
    """The response for a page.

    Args:
        form: of `FORMS`. part: of the texts and the navigation. wanted: which picture or table, where there are several; the first otherwise.

    Raises:
        CareoError: there is no such picture or table.
    """
    headers: dict[str, str] = {}
    if form == "html":
        body = html(found, asking, part).encode("utf-8", "replace")
    elif form == "json":
        body = contract.to_json(found.data).encode()
    elif form in ("csv", "parquet"):
        name, table = _chosen(found.tables, wanted, "table")
        body = _csv(table) if form == "csv" else _parquet(table)
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(asking.path, name)}.{form}"'
    elif form == "vega":
        _, (plot, title) = _chosen(found.plots, wanted, "picture")
        body = contract.to_json(vega(plot, title, asking.language)).encode()
    else:
        name, drawn = _chosen(found.pictures, wanted, "picture")
        body = drawn.encode() if form == "svg" else png(drawn, where=f"{name}.png")
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(asking.path, name)}.{form}"'
    return Response(body, found.code, media_type=_TYPES[form], headers=headers)


def html(found: Page, asking: Asking, part: str, *, template: str = "") -> str:
    """The page as HTML text; templates reach the sentences of `web_<part>.yaml` by `t`, all sentences by `words`."""
    language = asking.language

    def text(key: str, **words: object) -> str:
        return say(language, f"web_{part}.{key}", **words)

    def any_text(key: str, **words: object) -> str:
        return say(language, key, **words)

    def here(lang: str = "", form: str = "", **query: object) -> str:
        """This page's address in another language or form."""
        path = f"/{lang or language}{asking.path}" if asking.path != "/" or form else f"/{lang or language}/"
        path = path + ("overview" if path.endswith("/") and form else "") + (f".{form}" if form else "")
        more = "&".join(f"{key}={value}" for key, value in query.items())
        told = "&".join(filter(None, (asking.query, more)))
        return path + (f"?{told}" if told else "")

    def to(path: str, **query: object) -> str:
        return address(language, path, **query)

    return (
        _environment()
        .get_template(template or found.template)
        .render(
            t=text, words=any_text, lang=language, languages=LANGUAGES, page=found, asking=asking, part=part,
            parts=parts(), here=here, to=to, static=static, version=contract.envelope("serve")["careo"], **found.rows,
        )
    )  # fmt: skip


@cache
def parts() -> tuple[tuple[str, str], ...]:
    """The navigation: each part with its first address without parameters, in the order of the work."""
    first: dict[str, str] = {}
    for route in ROUTES:
        if "{" not in route.path:
            first.setdefault(route.part, route.path)
    order = (
        "overview",
        "check",
        "strategies",
        "watch",
        "laboratory",
        "runs",
        "compare",
        "evaluate",
        "search",
        "evidence",
        "data",
        "method",
    )
    return tuple((part, first[part]) for part in order if part in first)


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader([HERE / "templates", HERE.parent / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup  # pictures are drawn by our own modules, which escape every word
    environment.filters["code"] = with_code
    return environment


def _chosen(things: Any, wanted: str, kind: str) -> tuple[str, Any]:
    name = wanted or next(iter(things), "")
    if name not in things:
        raise CareoError(
            f"web_no_{kind}", expected=" | ".join(things) or "–", found=repr(wanted) if wanted else "–"
        )
    return name, things[name]


def _file_name(path: str, name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"careo{path}-{name}").strip("-")[:120]


def _csv(table: Table) -> bytes:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([spreadsheet_cell(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8", "replace")


def _parquet(table: Table) -> bytes:
    import polars

    out = io.BytesIO()
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    frame = polars.DataFrame(
        {name: list(cells) for name, cells in zip(table.columns, columns, strict=True)}, strict=False
    )
    frame.write_parquet(out)
    return out.getvalue()
