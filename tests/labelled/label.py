"""Turn the marked pages of this folder into text dumps and labels, so that every offset is exact by construction.

A marked page (`marked/*.txt`) is the page itself with three kinds of marks:

* each non-empty line begins with `B|` body, `M|` meta, `R|` repeat, `T|` related (teaser) or `X|` boilerplate;
* `[[id:words]]` marks a span (spans nest, and may run over a line break): `f…` a figure, `p…`/`r…`/`s…` a statement,
  `u` a vague or secondary numeral that counts neither way, `n` a number that is not of this article;
* after a line `=====` one row per id:
  `f1 | value | unit | hedge | years | what | indicators | place` or `p1 | accepted kinds | what`.
  `-` means not labelled; `2006..` is open at the end; an upper-case indicator is a group of GROUPS.

The beginning of a page's name is its split: `open_`, `dev_` (both may be read) or `held_` (scores only).

Run `python tests/labelled/label.py`; a test fails when the written labels are not those of the marked pages.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
LABELS = {"B": "body", "M": "meta", "R": "repeat", "T": "related", "X": "boilerplate"}
GROUPS = {
    "HOM": "homicide_inegi_registered homicide_inegi_occurrence homicide_sesnsp_victims homicide_sesnsp_case_files"
    " homicide_cumulative_since_2006 homicide_sesnsp_victims.plus_negligent linked_homicides_federal",
    "DIS": "disappeared_stock disappeared_stock.since_2006 disappeared_stock_rnped",
    "UNID": "unidentified_bodies",
    "GRAVES": "clandestine_graves",
    "GUARD": "guard_strength guard_deployed",
    "MERIDA": "merida_cumulative",
    "OD": "us_overdose_deaths us_overdose_deaths.provisional",
}
VERDICTS = {
    "C": "consistent",
    "A": "consistent under another definition",
    "N": "not comparable",
    "I": "inconsistent",
    "U": "unverifiable",
    "M": "not measurable as stated",
}
_MARK = re.compile(r"\[\[(\w+):|\]\]")


def _unmark(text: str, page: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text without marks, and the spans (id, start, end) they enclosed."""
    plain, spans, stack, last = "", [], [], 0
    for mark in _MARK.finditer(text):
        plain += text[last : mark.start()]
        last = mark.end()
        if mark[1]:
            stack.append((mark[1], len(plain)))
        else:
            name, start = stack.pop()
            spans.append((name, start, len(plain)))
    if stack:
        raise ValueError(f"{page}: mark never closed: {stack}")
    return plain + text[last:], sorted(spans, key=lambda s: (s[1], s[2]))


def _rows(table: str) -> dict[str, list[str]]:
    rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return {row[0]: row[1:] for row in rows}


def _figure(row: list[str], what: dict[str, Any]) -> dict[str, Any]:
    value, unit, hedge, years, meaning, indicators, place = (*row, "", "")[:7]
    first, dots, last = years.partition("..")
    hedges = [] if hedge == "-" else [h.strip() for h in hedge.split(",")]
    units = [u.strip() for u in unit.split(",")]
    known = [GROUPS.get(name, name) for name in re.split(r"[,\s]+", indicators) if name]
    label = {
        **what,
        "value": float(value),
        "unit": units[0],
        "hedge_class": hedges[0] if hedges else None,
        "years": None if years == "-" else [first, last or None if dots else first],
        "what": meaning,
    }
    if len(hedges) > 1:
        label["hedge_class_any_of"] = hedges
    if len(units) > 1:
        label["unit_any_of"] = units
    if known:
        label["indicator_any_of"] = " ".join(known).split()
    if place:
        label["place"] = place
    return label


def compile_page(page: str, marked: str) -> dict[str, Any]:
    """One marked page → its text, line labels, figures, statements and unscored spans."""
    body, _, table = marked.partition("\n=====\n")
    lines, blocks = [], []
    for number, line in enumerate(body.splitlines(), 1):
        if line and line[:2].rstrip("|") not in LABELS:
            raise ValueError(f"{page}:{number}: no line label: {line[:40]!r}")
        lines.append(line[2:])
        if line:
            blocks.append([number, LABELS[line[0]]])
    text, spans = _unmark("\n".join(lines) + "\n", page)
    rows, stem = _rows(table), page.removesuffix(".txt")
    unused = set(rows) - {name for name, _, _ in spans}
    missing = {name for name, _, _ in spans} - set(rows) - {"u", "n"}
    if unused or missing:
        raise ValueError(f"{page}: rows without span {sorted(unused)}, spans without row {sorted(missing)}")
    figures, statements, unscored = [], [], []
    for name, start, end in spans:
        what = {"source": page, "start": start, "end": end, "quote": text[start:end]}
        if name == "u":
            unscored.append(what)
        elif name == "n":
            figures.append({**what, "not_a_figure_of_this_article": True})
        elif name[0] == "f":
            figures.append(_figure(rows[name], what))
        else:
            kinds, item = rows[name][:2]
            accept = [] if kinds == "-" else [kind.strip() for kind in kinds.split(",")]
            statements.append({**what, "id": f"{stem}.{name}", "item": item, "accept": accept})
    return {
        "text": text,
        "blocks": blocks,
        "figures": figures,
        "statements": statements,
        "unscored": unscored,
    }


def compile_sentences(tree: dict[str, dict[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The sentences of `sentences.yaml` as rows: text, date, split, figures with accepted verdicts, comparison."""
    rows: list[dict[str, Any]] = []
    for language, splits in tree.items():
        for split, sentences in splits.items():
            for number, sentence in enumerate(sentences, 1):
                text, spans = _unmark(sentence["text"], sentence["text"])
                rows.append(
                    {
                        "id": sentence.get("id", f"{split}-{language}{number:02d}"),
                        "split": split,
                        "language": language,
                        "date": str(sentence["date"]),
                        "text": text,
                        "figures": [_claim(sentence[name], start, end, text) for name, start, end in spans],
                        "compare": _verdicts(sentence.get("compare", "")),
                        "why": sentence["why"],
                    }
                )
    return rows


def _claim(row: list[Any], start: int, end: int, text: str) -> dict[str, Any]:
    value, unit, hedge, years, place, accept = row
    cells = [str(value), unit, hedge, years, "", "", ""]
    figure = _figure(cells, {"start": start, "end": end, "quote": text[start:end]})
    del figure["what"]
    return {**figure, "place": None if place == "-" else place, "accept": _verdicts(accept)}


def _verdicts(letters: str) -> list[str]:
    return [VERDICTS[letter] for letter in letters.split()]


def compile_all() -> dict[str, str]:
    """Every file of the labelled set, by path relative to this folder."""
    files: dict[str, str] = {}
    blocks: dict[str, Any] = {}
    rows: dict[str, list[Any]] = {"figures": [], "statements": [], "unscored": []}
    for path in sorted((HERE / "marked").glob("*.txt")):
        page = compile_page(path.name, path.read_text(encoding="utf-8"))
        files[f"pages/{path.name}"] = page["text"]
        blocks[path.name] = page["blocks"]
        for kind, found in rows.items():
            found.extend(page[kind])
    files["blocks.json"] = (
        json.dumps(blocks, indent=None, separators=(",", ":")).replace("]],", "]],\n") + "\n"
    )
    for kind in ("figures", "statements"):
        files[f"{kind}.jsonl"] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows[kind])
    files["unscored.json"] = json.dumps(rows["unscored"], ensure_ascii=False, indent=1) + "\n"
    sentences = compile_sentences(yaml.safe_load((HERE / "sentences.yaml").read_text(encoding="utf-8")))
    files["sentences.jsonl"] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in sentences)
    return files


if __name__ == "__main__":
    (HERE / "pages").mkdir(exist_ok=True)
    for name, content in compile_all().items():
        (HERE / name).write_text(content, encoding="utf-8")
    sys.stdout.write(f"{len(compile_all())} files written\n")
