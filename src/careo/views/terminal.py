"""Calm output for people: wrapped text, aligned tables, small bars. Colour only on a terminal; nothing of a page is obeyed."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from careo.base.files import writing
from careo.base.texts import say
from careo.views.i18n import clean, one_line

ICONS = {
    "consistent": "✓",
    "consistent_under_another_definition": "≈",
    "not_comparable": "≠",
    "inconsistent": "✗",
    "unverifiable": "?",
    "not_measurable_as_stated": "○",
    "kept": "✓",
    "under_way": "…",
    "late": "◷",
    "changed": "↷",
    "broken": "✗",
    "no_evidence_found": "?",
    "passed": "✓",
    "failed": "✗",
    "not_a_test": "○",
    "raised": "!",
}
_COLOURS = {
    "consistent": "green",
    "consistent_under_another_definition": "cyan",
    "not_comparable": "yellow",
    "inconsistent": "red",
    "unverifiable": "bright_black",
    "not_measurable_as_stated": "magenta",
    "kept": "green",
    "under_way": "cyan",
    "late": "yellow",
    "changed": "yellow",
    "broken": "red",
    "no_evidence_found": "bright_black",
    "passed": "green",
    "failed": "red",
    "not_a_test": "bright_black",
    "raised": "yellow",
}
_NARROW, _PIPED, _WIDE = 60, 110, 140
_GAP, _WORD = 2, 14  # between columns; the length of a word from which on it may be folded


class Screen:
    """Where a verb writes: standard output, or the file that `--out` names (written when all is there)."""

    def __init__(self, out: str = "") -> None:
        from rich.console import Console

        self._out = out
        self._buffer = io.StringIO() if out else None
        tty = not out and sys.stdout.isatty()
        asked = tty or os.environ.get("COLUMNS", "").isdigit()
        columns = shutil.get_terminal_size((_PIPED, 24)).columns if asked else _PIPED
        self.width = max(_NARROW, min(_WIDE, columns))
        self._console = Console(
            file=self._buffer or sys.stdout,
            width=self.width,
            force_terminal=tty,
            no_color=not tty or "NO_COLOR" in os.environ,
            markup=False,
            highlight=False,
            emoji=False,
            legacy_windows=False,
        )

    def line(self, text: str = "", *, style: str = "", indent: int = 0) -> None:
        """One paragraph, wrapped and indented."""
        from rich.padding import Padding
        from rich.text import Text

        self._print(Padding(Text(clean(text), style=style), (0, 0, 0, indent)) if text else "")

    def point(self, text: str, *, indent: int = 0, style: str = "") -> None:
        """A paragraph behind a point, its lines aligned."""
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_row(Text("·", style=style), Text(clean(text), style=style, overflow="fold"))
        self._print(Padding(row, (0, 0, 0, indent)))

    def verdict(self, slug: str, word: str, text: str) -> None:
        """A verdict first, then the claim it is about."""
        from rich.text import Text

        head = Text(f"{ICONS.get(slug, '•')} {word}", style=f"bold {_COLOURS.get(slug, 'default')}")
        self._print(head + Text("  " + one_line(text)), soft_wrap=False)

    def no_room(self, heads: Sequence[str], language: str, *, between: str = ", ") -> None:
        """Says which columns of the table above the screen was too narrow for; nothing when it had room for all."""
        if heads:
            words = say(language, "simulate.no_room", heads=between.join(heads))
            self.line(words, indent=2, style="dim")

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        indent: int = 0,
        right: Sequence[int] = (),
        whole: Sequence[int] = (),
        spare: Sequence[int] = (),
    ) -> list[str]:
        """An aligned table; columns in `right` hold numbers, those in `whole` are never folded.

        A number is never cut. Where there is no room, columns in `spare` go one after another; where that is not enough,
        each row becomes a paragraph.

        Returns:
            The heads of the columns that were left out.
        """
        from rich.cells import cell_len
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        cells = [[one_line(cell) for cell in row] for row in rows]
        fixed = {*right, *whole}

        def least(index: int) -> int:
            column = [heads[index], *(row[index] for row in cells)]
            if index in fixed:
                return max(map(cell_len, column))
            return max((min(cell_len(word), _WORD) for cell in column for word in cell.split()), default=0)

        shown, room = list(range(len(heads))), self.width - indent + _GAP
        for index in spare:
            if sum(least(each) + _GAP for each in shown) > room:
                shown.remove(index)
        if sum(least(each) + _GAP for each in shown) > room:
            self._paragraphs(heads, cells, indent)
            return []
        table = Table(
            box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=any(heads)
        )
        for index in shown:
            # A first column that is short stays whole; long words of pages may be folded, never lost.
            table.add_column(
                Text(heads[index]),
                justify="right" if index in right else "left",
                overflow="fold",
                no_wrap=index in fixed,
            )
        for row in cells:
            table.add_row(*(Text(row[index]) for index in shown))
        self._print(Padding(table, (0, 0, 0, indent)))
        return [head for index, head in enumerate(heads) if index not in shown]

    def entries(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], below: Sequence[Sequence[str]]
    ) -> None:
        """Rows of short cells, each with paragraphs beneath its second column; no cell is ever folded where a screen has 80 columns."""
        from rich.cells import cell_len, set_cell_size

        lines = [[one_line(cell) for cell in row] for row in (heads, *rows)]
        widths = [max(cell_len(line[index]) for line in lines) for index in range(len(heads))]
        gap = " " * (_GAP if sum(widths) + _GAP * (len(widths) - 1) <= self.width else 1)
        for number, line in enumerate(lines):
            padded = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
            self.line(gap.join(padded).rstrip(), style="" if number else "bold")
            for paragraph in below[number - 1] if number else ():
                self.line(paragraph, indent=widths[0] + len(gap), style="dim")

    def _paragraphs(self, heads: Sequence[str], cells: Sequence[Sequence[str]], indent: int) -> None:
        """Each row as a line and a paragraph, for a screen that is too narrow for the table."""
        for first, *others in cells:
            self.line(first, indent=indent, style="bold")
            pairs = [
                f"{head}: {cell}" if head else cell
                for head, cell in zip(heads[1:], others, strict=True)
                if cell
            ]
            self.line("; ".join(pairs), indent=indent + 2)

    def _print(self, *things: Any, **how: Any) -> None:
        with self._console.capture() as captured:
            self._console.print(*things, **how)
        # Tables are padded to their full width; nobody wants to copy that.
        self.write("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))

    def write(self, text: str) -> None:
        """Text as it stands (JSON)."""
        (self._buffer or sys.stdout).write(text)

    def close(self) -> None:
        """Puts the file of `--out` in place; without one, nothing is left to do."""
        if self._buffer is not None:
            with writing(Path(self._out)) as draft:
                draft.write_text(self._buffer.getvalue(), encoding="utf-8", newline="\n")


def bar(value: float, largest: float, width: int) -> str:
    """A bar of eighths, as long as the value is large."""
    if largest <= 0 or value <= 0:
        return ""
    eighths = round(min(1.0, value / largest) * width * 8)
    return "█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8] if eighths % 8 else "") or "▏"
