"""Sources as references: plain text, BibTeX, CSL-JSON.

BibTeX is written here and not by a library: bibtexparser 2.1 writes fields as they are (a lone brace breaks the
file), and its LaTeX middleware turns ñ into macros and a brace into `\\{`, which BibTeX and biber still count; pybtex
0.26 refuses such a title and leaves $ and ^ alone. What is needed is one table of ten characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from careo.base.citations import Source
from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.wording import period_words
from careo.views.contract import to_json
from careo.views.i18n import one_line

FORMATS = ("text", "bibtex", "csl-json")

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",  # not \{ : BibTeX and biber count braces without looking at the backslash
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: f"\\{mark}" for mark in "#$%&_"},
    }
)
_IN_ADDRESS = {
    "{": "%7B",
    "}": "%7D",
    "\\": "%5C",
    '"': "%22",
    "<": "%3C",
    ">": "%3E",
    "^": "%5E",
    "`": "%60",
    "|": "%7C",
}
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+/-]*")


def references(sources: Iterable[Source], format: str = "text", language: str = "en") -> str:
    """Sources as references, each once, in the order given.

    Args:
        format: "text", "bibtex" (UTF-8, for biblatex and BibTeX) or "csl-json" (CSL 1.0.2, for Zotero, pandoc …).
        language: of the notes: how a source was seen, whether it is unverified.

    Raises:
        CareoError: there is no such format.
    """
    write = {"text": _text, "bibtex": _bibtex, "csl-json": _csl_json}.get(format)
    if write is None:
        raise CareoError("usage_value", expected=" | ".join(FORMATS), found=repr(format), option="--format")
    return write(tuple({source.key: source for source in sources}.values()), language)


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(sources: Iterable[Source], language: str) -> str:
    return "\n".join("\n    ".join(reference(source, language)) + "\n" for source in sources)


def reference(source: Source, language: str) -> list[str]:
    """A source as lines of text: key, producer, title and date; its address; whatever else is known of it."""
    date = (
        period_words(_iso(source.published), language) if source.published else say(language, "cite.undated")
    )
    named = ": ".join(one_line(part) for part in (source.producer, source.title) if part)
    first = " ".join(part for part in (f"[{one_line(source.key)}]", named, f"({one_line(date)})") if part)
    accessed = (
        say(language, "cite.accessed", date=period_words(source.accessed, language))
        if source.accessed
        else ""
    )
    return [line for line in (first, one_line(source.url), accessed, *_notes(source, language)) if line]


def _notes(source: Source, language: str) -> list[str]:
    """What a reader must know of a source, as sentences, the gravest first."""
    unverified = source.seen == "memory" or source.tier == 4
    seen = say(language, f"cite.seen.{source.seen}") if source.seen in ("read", "excerpt", "computed") else ""
    notes = [
        say(language, "cite.unverified")
        if unverified
        else say(language, "cite.seen_as", seen=seen)
        if seen
        else "",
        say(language, "cite.licence", licence=source.licence) if source.licence else "",
        say(language, "cite.checksum", sha256=source.sha256) if source.sha256 else "",
        source.note,
    ]
    return [line[:1].upper() + line[1:] for note in notes if (line := one_line(note))]


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _bibtex(sources: Iterable[Source], language: str) -> str:
    return "\n".join(_entry(source, key, language) for key, source in _keyed(sources))


def _entry(source: Source, key: str, language: str) -> str:
    address, rest = _address(source.url)
    date = _iso(source.published)
    dated = _date_parts(date)
    tier = say(language, f"cite.tier.{source.tier}") if source.tier in (1, 2, 3, 4) else ""
    notes = _notes(source, language)
    if rest:
        notes.append(say(language, "cite.address", address=one_line(rest)))
    if source.published and not dated:
        notes.append(say(language, "cite.appeared", date=one_line(source.published)))
    values = {
        "author": " and ".join(f"{{{_escaped(name)}}}" for name in _producers(source)),
        "title": f"{{{_escaped(_title(source))}}}",
        "date": date if dated else "",
        "year": str(dated[0][0]) if dated else "",  # BibTeX knows no date; biber takes the date and says so
        "url": address,
        "urldate": source.accessed if address and _date_parts(source.accessed) else "",
        "howpublished": _escaped(tier),
        "note": _escaped(_sentences(notes)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}", ""])


def _escaped(text: str) -> str:
    """Text as LaTeX prints it. Straight quotation marks become “ ”: in a Spanish document "a is ª to babel."""
    opened = re.sub(r'(^|[\s(\[{«“‘/–-])"', r"\1“", _whole(one_line(text)))
    return opened.replace('"', "”").translate(_SPECIAL)


def _whole(text: str) -> str:
    """Text that UTF-8 can write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _address(url: str) -> tuple[str, str]:
    """An address (biblatex reads it verbatim, so nothing is escaped), and what of the text is not one."""
    first, _, rest = one_line(_whole(url)).partition(" ")
    if not re.match(r"(https?|ftp)://", first):
        return "", url
    return "".join(_IN_ADDRESS.get(letter, letter) for letter in first), rest


def _keyed(sources: Iterable[Source]) -> list[tuple[str, Source]]:
    """Each source with a key that BibTeX takes, the same in every file: its own where that is one.

    A key made of another one ends in a part of its checksum; so does the second of two that differ in case only.
    """
    keyed: dict[str, tuple[str, Source]] = {}
    for source in sources:
        key = source.key if _KEY.fullmatch(source.key) else _made(source.key)
        if key.casefold() in keyed:
            key = _made(source.key)
        keyed[key.casefold()] = (key, source)
    return list(keyed.values())


def _made(key: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:60].lower()
    return f"{plain or 'source'}-{sha256(_whole(key).encode()).hexdigest()[:8]}"


# ── CSL-JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _csl_json(sources: Iterable[Source], language: str) -> str:
    return to_json([_item(source, key, language) for key, source in _keyed(sources)])


def _item(source: Source, key: str, language: str) -> dict[str, Any]:
    """One item of CSL-JSON 1.0.2 (`csl-data.json`)."""
    address, rest = _address(source.url)
    kind = "dataset" if source.tier == 1 and source.sha256 else "webpage" if address else "document"
    notes = _notes(source, language)
    if rest:
        notes.append(say(language, "cite.address", address=one_line(rest)))
    known = {
        "key": source.key,
        "licence": source.licence,
        "sha256": source.sha256,
        "seen": source.seen,
        "tier": source.tier,
    }
    item: dict[str, Any] = {
        "id": key,
        "type": kind,
        "title": _title(source),
        "author": [{"literal": one_line(name)} for name in _producers(source)],
        "issued": _csl_date(_iso(source.published)),
        "URL": address,
        "accessed": _csl_date(source.accessed),
        "note": _sentences(notes),
        "custom": {name: value for name, value in known.items() if value},
    }
    return {name: value for name, value in item.items() if value}


def _csl_date(text: str) -> Mapping[str, Any]:
    parts, literal = _date_parts(text), one_line(text)
    return {"date-parts": parts} if parts else {"literal": literal} if literal else {}


# ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _title(source: Source) -> str:
    return one_line(source.title) or one_line(source.key)


def _sentences(notes: Iterable[str]) -> str:
    return " ".join(note if note.endswith((".", "!", "?", "…")) else f"{note}." for note in notes)


def _producers(source: Source) -> list[str]:
    """Those who made it: `A; B` are two."""
    return [name for name in map(str.strip, source.producer.split(";")) if name]


def _iso(text: str) -> str:
    """A date as ISO 8601; two years with a hyphen are from one to the other."""
    return re.sub(r"^(\d{4})\s*[-–]\s*(\d{4})$", r"\1/\2", text.strip())


def _date_parts(text: str) -> list[list[int]]:
    """Year, month and day as far as known, of a date or of both ends of a period; empty for anything else."""
    try:
        period = parse_period(text)
    except ValueError:
        return []
    if period.first is None or period.last is None:
        return []
    return [[int(part) for part in end.split("-")] for end in text.split("/")]
