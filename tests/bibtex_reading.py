"""BibTeX as another program would read it."""

from __future__ import annotations

import re

ENTRY = re.compile(r"@(\w+)\{([^\s,{}\"#%~\\]+),\n")
FIELD = re.compile(r"  (\w+) = ")
UNESCAPED = {
    r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}", r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^", **{f"\\{mark}": mark for mark in "#$%&_"},
}  # fmt: skip


def read_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Entries by key, read as BibTeX does: braces are counted, whatever stands before them; anything else is a mistake."""
    entries: dict[str, dict[str, str]] = {}
    place = 0
    while place < len(text):
        head = ENTRY.match(text, place)
        assert head, text[place : place + 80]
        assert head[2].casefold() not in {key.casefold() for key in entries}
        fields = entries.setdefault(head[2], {})
        place = head.end()
        while not text.startswith("}\n", place):
            field = FIELD.match(text, place)
            assert field and field[1] not in fields, text[place : place + 80]
            start, depth, place = field.end(), 0, field.end()
            while True:
                depth += {"{": 1, "}": -1}.get(text[place], 0)
                place += 1
                if depth == 0:
                    break
            fields[field[1]] = text[start + 1 : place - 1]
            assert text.startswith(",\n", place)
            place += 2
        place += 2
        place += text.startswith("\n", place)
    return entries


def printed(value: str) -> str:
    """What LaTeX prints of a value; a character that means something to it and is not escaped is a mistake."""
    inner = value[1:-1] if value.startswith("{") else value
    plain = ""
    while inner:
        known = next((mark for mark in UNESCAPED if inner.startswith(mark)), "")
        assert known or inner[0] not in '\\{}#$%&_~^"', inner
        plain += UNESCAPED[known] if known else inner[0]
        inner = inner[len(known) or 1 :]
    return straight(plain)


def straight(text: str) -> str:
    """Quotation marks are printed “so”, whatever they were."""
    return re.sub("[“”]", '"', text)
