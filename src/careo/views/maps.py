"""Maps of one month: every state on a tile of its own, or the shapes a user hands over, as plain SVG.

Tiles show the number itself and give a small state as much room as a large one; shapes show what tiles cannot, 2,469
municipalities. Areas keep their true proportions (an equal-area projection), since colour fills them. Same input, same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from careo.base.citations import in_language
from careo.base.errors import CareoError, DataError
from careo.base.shipped import country_folder, read_table
from careo.base.texts import say
from careo.results.wording import period_words, unit_word
from careo.sources.boundaries import Boundaries, read_boundaries
from careo.views import svg
from careo.views.classes import DARK, Scale, scale_of
from careo.views.i18n import one_line
from careo.views.images import FONTS
from careo.views.images import write_image as write_image
from careo.views.shapes import GRID, Step, lines_between_parents, on_grid, path

if TYPE_CHECKING:
    import xarray as xr

TILE_COLUMNS = ("code", "column", "row", "label")
WIDTH, _MARGIN = 900, 24
_INNER = WIDTH - 2 * _MARGIN
_TILE, _GAP = 84.0, 4.0  # the largest tile, and between tiles
_TALLEST = 620.0  # of a map of shapes
_GRID = (
    4  # points of a shape stand on quarters of a pixel: finer cannot be seen, and neighbours stay together
)
_FEW = 120  # shapes up to which white lines part them
_HATCH = "#8a8a8a"
_LISTED = 40  # places whose values the description for screen readers lists one by one
_NAMED = 12  # places a note names


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a place stands on a tile map.

    Attributes:
        code: official code. column, row: from 1, north at the top. label: its short name.
    """

    code: str
    column: int
    row: int
    label: str


def load_tiles(country: str = "mexico") -> tuple[Tile, ...]:
    """The tiles of a country, from its `places/tiles.csv`.

    Raises:
        DataError: it has none, a column or row is no number from 1 to 60, or two places share a tile or a tile's place stands twice.
    """
    path = country_folder(country) / "places" / "tiles.csv"
    if not path.is_file():
        raise DataError("map_no_tiles", where=str(path), fix="map_no_tiles")
    tiles: dict[str, Tile] = {}
    taken: set[tuple[str, str]] = set()
    for where, (code, column, row, label) in read_table(path, TILE_COLUMNS):
        numbers = all(re.fullmatch(r"[1-9]|[1-5]\d|60", cell) for cell in (column, row))
        if not numbers or code in tiles or (column, row) in taken:
            raise DataError(
                "map_tile", where=where, found=", ".join((code, column, row, label)), fix="map_tile"
            )
        taken.add((column, row))
        tiles[code] = Tile(code, int(column), int(row), label)
    return tuple(tiles.values())


def tile_map(
    values: Mapping[str, float | None],
    tiles: Sequence[Tile],
    *,
    title: str,
    unit: str,
    source_line: str,
    month: str = "",
    names: Mapping[str, str] | None = None,
    language: str = "en",
    notes: Sequence[str] = (),
) -> str:
    """A map of tiles as SVG text.

    Args:
        values: official code → value; None (or NaN, or no entry) is not observed, which is not zero.
        tiles: where the places stand.
        title: name of the indicator. unit: its published name ("victims", "share"). month: "2018-05", or any period.
        source_line, notes: what stands below. names: code → name for who cannot see the map; else the short names.
        language: "en" or "es".
    """
    sheet = _Sheet(values, {t.code for t in tiles}, title, unit, month, language)
    columns, rows = (max((getattr(t, part) for t in tiles), default=1) for part in ("column", "row"))
    side = min(_TILE, (_INNER - _GAP * (columns - 1)) / columns)
    top = sheet.head()
    left = _MARGIN + (_INNER - columns * (side + _GAP) + _GAP) / 2
    called = {t.code: (names or {}).get(t.code, t.label) for t in tiles}
    for tile in sorted(tiles, key=lambda t: (t.row, t.column)):
        x, y = left + (tile.column - 1) * (side + _GAP), top + (tile.row - 1) * (side + _GAP)
        sheet.tile(x, y, side, tile, called[tile.code])
    return sheet.finish(top + rows * (side + _GAP) + 14, called, [*notes, source_line])


def choropleth(
    values: Mapping[str, float | None],
    boundaries: Boundaries,
    *,
    title: str,
    unit: str,
    source_line: str,
    month: str = "",
    language: str = "en",
    notes: Sequence[str] = (),
) -> str:
    """A map of shapes as SVG text: every place with a boundary, in the colour of its class.

    Args:
        values, title, unit, source_line, month, language, notes: as for `tile_map`.
        boundaries: as `read_boundaries` gives them, or a part of them.

    Raises:
        CareoError: none of the places with values is in the boundaries.
    """
    sheet = _Sheet(values, boundaries.areas.keys(), title, unit, month, language)
    if sheet.elsewhere and not sheet.observed:
        raise CareoError(
            "map_no_overlap",
            expected=_first(sheet.elsewhere),
            found=_first(boundaries.areas),
            fix="map_levels",
        )
    top = sheet.head()
    shapes, height = on_grid(boundaries, _INNER, _TALLEST)
    sheet.shapes(shapes, boundaries, top)
    said = [say(language, f"data.oddity.{o.code}", **o.words) for o in boundaries.oddities]
    return sheet.finish(top + height + 18, boundaries.names, [*notes, *said, source_line])


def draw_map(
    indicator: str,
    path: Path,
    *,
    month: str = "",
    boundaries: Path | None = None,
    as_of: date | None = None,
    rate: bool = False,
    country: str = "mexico",
    language: str = "en",
) -> Path:
    """Draw an indicator of a month as a map and write it as .svg or .png.

    Args:
        indicator: id. path: the file to write. month: "2018-05"; without it the last one with the most places observed.
        boundaries: GeoJSON or TopoJSON of states or municipalities; None draws the states as tiles.
        as_of: what was known on a day. rate: rates per 100,000 inhabitants a year. country, language: as everywhere.

    Raises:
        CareoError: no such indicator or month, no value in it, boundaries that cannot be read, or a file that cannot be written.
    """
    drawn = month_map(
        indicator,
        month=month,
        boundaries=boundaries,
        as_of=as_of,
        rate=rate,
        country=country,
        language=language,
    )
    write_image(drawn, path)
    return path


def month_map(
    indicator: str,
    *,
    month: str = "",
    boundaries: Path | None = None,
    as_of: date | None = None,
    rate: bool = False,
    country: str = "mexico",
    language: str = "en",
) -> str:
    """The map of `draw_map` as SVG text; arguments and errors as there."""
    from careo.panel.country import load_country
    from careo.panel.monthly import load_panel, rate_name

    known = load_country(country)
    places = known.places.by_code
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        raise CareoError("usage_month", where="--month", expected="2018-05", found=repr(one_line(month, 40)))
    shapes = None
    if boundaries is not None:
        also = _table_names(country)
        shapes = read_boundaries(boundaries, places.values(), also=also)
    tiles = () if shapes else load_tiles(country)
    codes = list(shapes.areas) if shapes else [tile.code for tile in tiles]
    level = places[codes[0]].kind if codes and codes[0] in places else "state"
    panel = load_panel(known, places=(level,), indicators=(indicator,), as_of=as_of, rate=rate)
    array = panel[rate_name(known, indicator) if rate else indicator]
    month = month or _fullest_month(array)
    values = _month_of(array, month)
    if not any(math.isfinite(value) for value in values.values()):
        months = panel["month"].values.astype("datetime64[M]").astype(str)
        raise CareoError(
            "map_no_values",
            expected=f"{months[0]} … {months[-1]}" if len(months) else "",
            indicator=indicator,
            month=month,
        )
    definition = known.indicators[indicator]
    name = definition.name.get(language, indicator)
    words = {
        "title": say(language, "maps.rate", indicator=name) if rate else name,
        "unit": str(array.attrs["unit"]),
        "source_line": _source_line(
            {key: in_language(one, language) for key, one in known.sources.items()}, array, language
        ),
        "month": month,
        "language": language,
    }
    notes = [say(language, "maps.as_of", day=as_of.isoformat())] if as_of else []
    if shapes and boundaries is not None:
        # a file of one state's municipalities is drawn as that state, not as a speck in a hatched country
        covered = {shapes.parents.get(str(code), "") for code in array["place"].values} - {""}
        if covered < set(shapes.parents.values()):
            shapes = shapes.within(*covered)
            called = ", ".join(sorted(places[code].name for code in covered if code in places)[:_NAMED])
            notes.append(say(language, "maps.covered", places=called))
        notes.append(say(language, "maps.boundaries", file=boundaries.name))
        return choropleth(values, shapes, notes=notes, **words)
    names = {code: places[code].name for code in codes if code in places}
    return tile_map(values, tiles, names=names, notes=notes, **words)


def _fullest_month(array: xr.DataArray) -> str:
    """The last of the months in which the most places are observed."""
    counts = array.notnull().sum("place").values
    months = array["month"].values.astype("datetime64[M]").astype(str)
    return str(months[counts == counts.max()][-1]) if len(months) else ""


def _month_of(array: xr.DataArray, month: str) -> dict[str, float]:
    """The values of a month by place; NaN where it holds none."""
    months = [str(m)[:7] for m in array["month"].values.astype("datetime64[M]")]
    if month not in months:
        return {}
    column = array.transpose("place", "month").values[:, months.index(month)]
    return {str(code): float(value) for code, value in zip(array["place"].values, column, strict=True)}


def _source_line(sources: Mapping[str, object], array: xr.DataArray, language: str) -> str:
    found = [sources[key] for key in str(array.attrs["sources"]).split(", ") if key in sources]
    titles = [f"{getattr(s, 'producer', '')}, {getattr(s, 'title', '')}".strip(", ") for s in found]
    return say(
        language, "maps.source", source="; ".join(dict.fromkeys(titles)), vintage=str(array.attrs["vintages"])
    )


def _table_names(country: str) -> dict[str, str]:
    """Names that stand in tables only: "México" is a state on a map."""
    path = country_folder(country) / "places" / "table_names.csv"
    return {name: code for _, (name, code) in read_table(path, ("name", "code"))} if path.is_file() else {}


# ── the sheet: head, colours, legend and foot, alike for both kinds ──────────────────────────────────────────────


class _Sheet:
    """A map while it is drawn, from top to bottom."""

    def __init__(
        self,
        values: Mapping[str, float | None],
        codes: Collection[str],
        title: str,
        unit: str,
        month: str,
        language: str,
    ) -> None:
        there = {code: float(v) for code, v in values.items() if v is not None and math.isfinite(v)}
        self.observed = {code: there[code] for code in sorted(codes) if code in there}
        self.missing = sorted(set(codes) - there.keys())
        self.elsewhere = {code: there[code] for code in sorted(there) if code not in codes}
        self.scale: Scale = scale_of(self.observed.values(), share=unit == "share")
        self.title, self.language = title, language
        self.unit = unit_word(unit, language)
        self.period = period_words(month, language) if month else ""
        self.out: list[str] = []

    def head(self) -> float:
        """Title and what is shown; returns where the map begins."""
        y = _MARGIN + 16.0
        for line in svg.wrapped(self.title, 20, _INNER):
            self.out.append(svg.words(_MARGIN, y, line, size=20, fill=DARK, bold=True))
            y += 25
        for line in svg.wrapped(" · ".join(part for part in (self.period, self.unit) if part), 14, _INNER):
            self.out.append(svg.words(_MARGIN, y, line, size=14))
            y += 19
        return y + 4

    def tile(self, x: float, y: float, side: float, tile: Tile, name: str) -> None:
        """One place: short name above, value below."""
        value = self.observed.get(tile.code)
        if value is None:
            fill, ink, words = "url(#not-observed)", DARK, ""
            shown = say(self.language, "maps.unknown")
        else:
            held = self.scale.of(value)
            fill, ink = held.colour, held.ink
            words = shown = self.scale.write(value)
        told = say(self.language, "maps.value", place=name, value=shown)
        self.out.append(f"<g><title>{svg.plain(told)}</title>")
        edge = f' stroke="{_HATCH}"' if value is None else ""
        self.out.append(
            f'<rect x="{svg.coordinate(x)}" y="{svg.coordinate(y)}" width="{svg.coordinate(side)}" height="{svg.coordinate(side)}" rx="5" fill="{fill}"{edge}/>'
        )
        middle, room = x + side / 2, side - 8
        label_y = y + side * (0.43 if words else 0.57)
        if not words:  # words on hatching stand on a plate
            plate = min(room, len(tile.label) * 15 * svg.CHARACTER + 8)
            self.out.append(
                f'<rect x="{svg.coordinate(middle - plate / 2)}" y="{svg.coordinate(label_y - 15)}" width="{svg.coordinate(plate)}" height="21" rx="3" '
                'fill="#ffffff"/>'
            )
        for at, line, size, weight in ((label_y, tile.label, 15, True), (y + side * 0.72, words, 15, False)):
            if line:
                fitting = min(size, room / (svg.CHARACTER * len(line)))
                self.out.append(
                    svg.words(middle, at, line, size=fitting, fill=ink, bold=weight, anchor="middle")
                )
        self.out.append("</g>")

    def shapes(
        self, shapes: Mapping[str, Sequence[Sequence[Step]]], boundaries: Boundaries, top: float
    ) -> None:
        """All areas, one group a class; lines between states where the areas are parts of states."""
        groups: dict[str, list[str]] = {"": [], **{c.colour: [] for c in self.scale.classes}}
        for code, rings in shapes.items():
            value = self.observed.get(code)
            shown = say(self.language, "maps.unknown") if value is None else self.scale.write(value)
            told = say(self.language, "maps.value", place=boundaries.names[code], value=shown)
            group = "" if value is None else self.scale.of(value).colour
            groups[group].append(f'<path d="{path(rings)}"><title>{svg.plain(told)}</title></path>')
        self.out.append(
            f'<g transform="translate({_MARGIN} {svg.coordinate(top)}) scale({1 / GRID})" fill-rule="evenodd" '
            'stroke-linejoin="round">'
        )
        parted = len(shapes) <= _FEW
        for colour, paths in groups.items():
            fill = colour or "url(#not-observed-shape)"
            # an edge in the colour of the area closes the hair-lines between areas that were drawn one by one
            stroke, width = ("#ffffff", 3) if parted and colour else (colour or _HATCH, 2)
            if paths:
                self.out.append(
                    f'<g fill="{fill}" stroke="{stroke}" stroke-width="{width}">{"".join(paths)}</g>'
                )
        lines = lines_between_parents(shapes, boundaries.parents)
        if lines:
            self.out.append(f'<path d="{lines}" fill="none" stroke="#ffffff" stroke-width="5"/>')
            self.out.append(f'<path d="{lines}" fill="none" stroke="{svg.GREY}" stroke-width="2.4"/>')
        self.out.append("</g>")

    def finish(self, y: float, names: Mapping[str, str], notes: Sequence[str]) -> str:
        """Legend and notes below `y`, and all of it as one SVG."""
        y = self._legend(y) + 8
        if self.elsewhere:
            listed = _first(self.elsewhere)
            note = say(self.language, "maps.unplaced", count=len(self.elsewhere), places=listed)
            notes = [note, *notes]
        for note in notes:
            for line in svg.wrapped(note, 12, _INNER):
                self.out.append(svg.words(_MARGIN, y, line, size=12))
                y += 16
        height = math.ceil(y + _MARGIN - 12)
        title = svg.plain(self.title + (f", {self.period}" if self.period else ""))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{title}" lang="{self.language}"><title>{title}</title>'
            f"<desc>{svg.plain(self._described(names))}</desc><defs>{_hatching('', 1)}{_hatching('-shape', GRID)}</defs>"
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/><g font-family="{FONTS}">'
            f"{''.join(self.out)}</g></svg>\n"
        )

    def _legend(self, y: float) -> float:
        if self.scale.classes:
            for line in svg.wrapped(say(self.language, "maps.classes", unit=self.unit), 13, _INNER):
                self.out.append(svg.words(_MARGIN, y + 12, line, size=13))
                y += 18
        x, y = float(_MARGIN), y + 6
        entries = [(c.colour, _bounds(c.low, c.high, self.scale, self.language)) for c in self.scale.classes]
        if self.missing:
            label = say(self.language, "maps.not_observed", count=f"{len(self.missing):,}")
            entries.append(("url(#not-observed)", label))
        for fill, label in entries:
            wide = 26 + 8 + len(label) * 14 * svg.CHARACTER + 18
            if x > _MARGIN and x + wide > WIDTH - _MARGIN:
                x, y = float(_MARGIN), y + 26
            self.out.append(
                f'<rect x="{svg.coordinate(x)}" y="{svg.coordinate(y)}" width="26" height="18" rx="3" fill="{fill}" stroke="{_HATCH}" '
                'stroke-width="0.6"/>'
            )
            self.out.append(svg.words(x + 34, y + 14, label, size=14, fill=DARK))
            x += wide
        return y + 36

    def _described(self, names: Mapping[str, str]) -> str:
        ordered = sorted(self.observed.items(), key=lambda pair: (-pair[1], pair[0]))
        told = [f"{names.get(code, code)} {self.scale.write(value)}" for code, value in ordered]
        parts = [say(self.language, "maps.described", unit=self.unit, period=self.period).replace(", .", ".")]
        if told and len(told) <= _LISTED:
            parts.append("; ".join(told) + ".")
        elif told:
            parts.append(say(self.language, "maps.highest", places="; ".join(told[:5])))
            parts.append(say(self.language, "maps.lowest", places="; ".join(told[-5:])))
        if self.missing:
            parts.append(say(self.language, "maps.missing", count=f"{len(self.missing):,}"))
        return " ".join(parts)


def _hatching(name: str, scale: float) -> str:
    """Stripes for what was not observed: no colour of the ramp, and no plain white that could read as zero."""
    size = 7 * scale
    return (
        f'<pattern id="not-observed{name}" width="{svg.coordinate(size)}" height="{svg.coordinate(size)}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="{svg.coordinate(size)}" height="{svg.coordinate(size)}" fill="#f4f4f4"/>'
        f'<rect width="{svg.coordinate(size / 4)}" height="{svg.coordinate(size)}" fill="{_HATCH}"/></pattern>'
    )


def _bounds(low: float, high: float, scale: Scale, language: str) -> str:
    if low == high:
        return scale.write(low)
    return say(language, "maps.class", low=scale.write(low), high=scale.write(high))


def _first(codes: Collection[str]) -> str:
    listed = sorted(codes)
    return ", ".join(listed[:_NAMED]) + (f" … (+{len(listed) - _NAMED})" if len(listed) > _NAMED else "")
