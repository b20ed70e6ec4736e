"""The smallest XLSX workbooks, written part by part, for tests."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org"
_LINKS = f"{_OFFICE}/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_workbook(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[str | float | None]]],
    *,
    hidden: Collection[str] = (),
    first_row: int = 1,
    first_column: int = 0,
) -> Path:
    """Write sheets of text and number cells; None leaves a cell out."""
    state = {name: ' state="hidden"' if name in hidden else "" for name in sheets}
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"{state[name]}/>'
        for n, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_LINKS}/worksheet" Target="sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="{_KIND}.worksheet+xml"/><Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">{links}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{names}</sheets></workbook>',
    }
    for n, rows in enumerate(sheets.values(), start=1):
        body = "".join(_row(y, row, first_column) for y, row in enumerate(rows, start=first_row))
        parts[f"xl/sheet{n}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def _row(y: int, row: Sequence[str | float | None], first_column: int) -> str:
    cells: list[str] = []
    for x, cell in enumerate(row, start=first_column):
        place = f"{chr(65 + x)}{y}"
        if isinstance(cell, str):
            cells.append(
                f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
            )
        elif cell is not None:
            cells.append(f'<c r="{place}"><v>{cell}</v></c>')
    return f'<row r="{y}">{"".join(cells)}</row>'
