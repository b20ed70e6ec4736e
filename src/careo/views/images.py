"""Pictures written to a file: SVG as it is, PNG through resvg where it is installed; whole or not at all."""

from __future__ import annotations

from pathlib import Path

from careo.base.errors import OutputError
from careo.base.files import writing

# A browser finds a font by itself; the PNG writer takes only one that is named and there, and else drops the words.
FONTS = (
    "Liberation Sans, Arial, Helvetica, DejaVu Sans, Noto Sans, Open Sans, Roboto, Ubuntu, Cantarell, Segoe UI, "
    "Nimbus Sans, FreeSans, sans-serif"
)
ZOOM = 2  # pixels of a PNG to one of the picture: sharp on screens and on paper
_PROBE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="18" font-family="{FONTS}" '
    'font-size="20">{}</text></svg>'
)


def write_image(svg: str, path: Path) -> None:
    """Write a picture as .svg or .png, by the name of the file; an earlier file stays until the new one is complete.

    Raises:
        OutputError: another ending, the PNG writer or a font is missing, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        raise OutputError("output_suffix", where=str(path), expected=".svg | .png", found=suffix or "–")
    data = svg.encode("utf-8") if suffix == ".svg" else png(svg, where=str(path))
    with writing(path) as draft:
        draft.write_bytes(data)


def png(svg: str, *, where: str) -> bytes:
    """A picture as the bytes of a PNG.

    Args:
        where: what an error names.

    Raises:
        OutputError: the PNG writer or a font is missing.
    """
    try:
        from resvg_py import svg_to_bytes  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ImportError as error:
        raise OutputError("image_extra", where=where, fix="image_extra") from error
    with_word, without = (svg_to_bytes(svg_string=_PROBE.replace("{}", word)) for word in ("M", ""))
    if with_word == without:
        raise OutputError("image_fonts", where=where, fix="image_fonts")
    return bytes(svg_to_bytes(svg_string=svg, zoom=ZOOM))
