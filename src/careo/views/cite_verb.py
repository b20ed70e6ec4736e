"""`careo cite THING…`: every source behind anything shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.citing import Cited, Support, cite
from careo.views import contract
from careo.views.cli import Asked
from careo.views.references import FORMATS, reference, references
from careo.views.terminal import Screen


def cite_verb(asked: Asked, *, names: Sequence[str], format: str, state: str) -> int:
    """`careo cite THING…`: as text, BibTeX or CSL-JSON; `--json` gives what rests on what."""
    if format and format not in FORMATS:
        raise CareoError("usage_value", expected=" | ".join(FORMATS), found=repr(format), option="--format")
    found = [cite(name, asked.country, language=asked.language, state=state or None) for name in names]
    screen = Screen(asked.out)
    if format in ("bibtex", "csl-json"):
        screen.write(references((source for one in found for source in one.sources), format, asked.language))
        for one in found:
            if not one.rows:
                print(f"{one.title}: {say(asked.language, 'cite.none')}", file=sys.stderr)
    elif asked.json:
        screen.write(contract.to_json(contract.envelope("cite", cited=[cited_data(one) for one in found])))
    else:
        for one in found:
            _show(screen, one)
    screen.close()
    return 0


def cited_data(cited: Cited) -> dict[str, Any]:
    """A thing and what it rests on, as the JSON contract has it; rows name sources by key."""
    return {
        "name": cited.name,
        "kind": cited.kind,
        "title": cited.title,
        "rows": [
            {
                "of": row.of,
                "what": row.what,
                "verified": row.verified,
                "unverified": row.unverified,
                "source": row.source.key,
            }
            for row in cited.rows
        ],
        "sources": [asdict(source) for source in cited.sources],
    }


def _show(screen: Screen, cited: Cited) -> None:
    language = cited.language
    screen.line(cited.title, style="bold")
    if not cited.rows:
        screen.line(say(language, "cite.none"))
        screen.line()
        return
    parts = _parts(cited)
    screen.line(_count(cited, len(parts)))
    screen.line()
    several = len({part[0].of for part in parts}) > 1
    heads = ["", *([say(language, "cite.head.of")] if several else [])]
    heads += [say(language, f"cite.head.{name}") for name in ("what", "verified", "sources")]
    rows: list[list[str]] = []
    last = ""
    for part in parts:
        row = part[0]
        mark = "!" if any(support.unverified for support in part) else ""
        name = [] if not several else [""] if row.of == last else [row.of.removeprefix(f"{cited.name}:")]
        known = say(language, f"cite.known.{row.verified}") if row.verified else ""
        rows.append([mark, *name, row.what, known, ", ".join(support.source.key for support in part)])
        last = row.of
    screen.table(heads, rows)
    screen.line()
    screen.line(say(language, "cite.list"), style="bold")
    for source in cited.sources:
        head, *rest = reference(source, language)
        screen.line(head)
        for line in rest:
            if "://" in line:
                screen.write(f"    {line}\n")  # an address is never folded: people copy it
            else:
                screen.line(line, indent=4)
    screen.line()


def _parts(cited: Cited) -> list[list[Support]]:
    """The rows, those that one part has from several sources together."""
    parts: dict[tuple[str, str, str], list[Support]] = {}
    for row in cited.rows:
        parts.setdefault((row.of, row.what, row.verified), []).append(row)
    return list(parts.values())


def _count(cited: Cited, parts: int) -> str:
    language = cited.language
    rows = say(language, f"cite.rows.{'one' if parts == 1 else 'many'}", count=parts)
    count = len(cited.sources)
    sources = say(language, f"cite.sources.{'one' if count == 1 else 'many'}", count=count)
    words = say(language, f"cite.count.{'one' if parts == 1 else 'many'}", rows=rows, sources=sources)
    memory = sum(any(row.unverified for row in part) for part in _parts(cited))
    return f"{words} {say(language, 'cite.unverified_rows', count=memory)}" if memory else words
