"""Places: official codes and names, and how they are found in a text.

Matching is one pass over the words of the text: names are looked up by their first word, the longest match
wins, accents and case of the source do not matter but a name must look like one (capitalised, or after "in").
Names that are also surnames or common words need a cue; phrases that merely contain a place name (a newspaper,
an institute, a criminal group) are consumed and yield nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from careo.base.errors import DataError
from careo.base.shipped import country_folder, language_data, read_table, read_yaml
from careo.base.texts import LANGUAGES
from careo.panel.words import Words, fold, words

COLUMNS = ("code", "name", "parent", "kind", "cue", "aliases")
FOREIGN_COLUMNS = ("code", "cue", "en", "es", "demonyms_en", "demonyms_es")
KINDS = ("nation", "state", "municipality", "unstated")


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a country.

    Attributes:
        code: official code ("08", "08037"). name: as published. parent: code of the place it belongs to; "" for the nation.
        kind: "nation", "state", "municipality", or "unstated" (a bucket of a register, never found in a text).
        cue: "known" (recognised anywhere), "locative" (also a surname or a word: only after "in", beside its state,
            or in a list of places), "beside" (a common word: only beside its state), "" (a municipality: only after "in",
            and when no other bears its name).
        aliases: other names people write; one with a trailing "!" is recognised anywhere, whatever the cue.
    """

    code: str
    name: str
    parent: str
    kind: str
    cue: str = ""
    aliases: tuple[str, ...] = ()


class PlaceMention(NamedTuple):
    """A place found in a text.

    Attributes:
        start, end: characters. code: official code; ISO code for what lies abroad (the country, also for a city).
        name: as published. kind: "nation", "state", "municipality", "foreign", or "demonym" ("Mexican", "colombianas").
    """

    start: int
    end: int
    code: str
    name: str
    kind: str


class _Entry(NamedTuple):
    words: tuple[str, ...]
    caps: bool  # an abbreviation that must be written in capitals ("US", "DF")
    code: str
    name: str
    kind: str  # kinds of PlaceMention, or "nothing"
    cue: str
    parent: str


class _Found(NamedTuple):
    first: int  # index of its first word
    last: int
    entries: tuple[_Entry, ...]
    sure: bool


@dataclass(frozen=True)
class Places:
    """The places of a country and the names of those abroad.

    `find(text)` gives the mentions in a text. Empty `foreign` rows are fine: then only the country's own names are known.
    """

    by_code: Mapping[str, Place]
    foreign: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = ()  # code, kind, names, demonyms
    demonyms: tuple[tuple[str, str], ...] = ()  # demonym, code
    nothing: tuple[str, ...] = ()

    @cached_property
    def codes(self) -> Collection[str]:
        """Every code a series may use: places of the country and countries abroad."""
        return self.by_code.keys() | {code for code, *_ in self.foreign}

    @cached_property
    def nation(self) -> str:
        """The code of the country as a whole."""
        return next((place.code for place in self.by_code.values() if place.kind == "nation"), "")

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The codes of its states, in order."""
        return tuple(sorted(place.code for place in self.by_code.values() if place.kind == "state"))

    @cached_property
    def large(self) -> tuple[str, ...]:
        """The codes of everything larger than a municipality: nation, states, countries abroad."""
        local = {code for code, place in self.by_code.items() if place.kind == "municipality"}
        return tuple(sorted(set(self.codes) - local))

    def within(self, code: str) -> tuple[Place, ...]:
        """The places directly inside a place."""
        return tuple(place for place in self.by_code.values() if place.parent == code)

    def code_of(self, name: str) -> str:
        """The code of a place given by its code or its name; "" when there is none."""
        if name in self.codes:
            return name
        found = self.find(f"in {name}") or self.find(f"en {name.title()}")
        return found[0].code if found else ""

    def find(self, text: str, start: int = 0, end: int | None = None) -> tuple[PlaceMention, ...]:
        """The places a text names, in order, without overlap.

        Args:
            start, end: look only there; the places of what is found count from the beginning of the text.
        """
        tokens = words(text, start, end)
        rules = _rules()
        found = self._candidates(tokens, text, rules)
        chosen = _with_lists(_resolve(found, tokens, text, rules), tokens, text, rules)
        return tuple(_mentions(chosen, tokens, text, len(text) if end is None else end, self.by_code))

    @cached_property
    def _index(self) -> Mapping[str, tuple[tuple[tuple[str, ...], tuple[_Entry, ...]], ...]]:
        grouped: dict[tuple[str, ...], list[_Entry]] = {}
        for entry in self._entries():
            same = grouped.setdefault(entry.words, [])
            if not any(e.code == entry.code and e.kind == entry.kind for e in same):
                same.append(entry)
        index: dict[str, list[tuple[tuple[str, ...], tuple[_Entry, ...]]]] = {}
        for sequence, entries in sorted(grouped.items(), key=lambda item: -len(item[0])):
            index.setdefault(sequence[0], []).append((sequence, tuple(entries)))
        return {word: tuple(items) for word, items in index.items()}

    def _entries(self) -> Iterable[_Entry]:
        for phrase in self.nothing:
            yield _entry(phrase, "", "", "nothing", "known", "")
        for demonym, code in self.demonyms:
            yield _entry(demonym, code, demonym, "demonym", "", "")
        for place in self.by_code.values():
            if place.kind != "unstated":
                for name in (place.name, *place.aliases):
                    cue = "known" if name.endswith("!") else place.cue
                    yield _entry(name, place.code, place.name, place.kind, cue, place.parent)
        for code, cue, names, demonyms in self.foreign:
            for name in names:
                yield _entry(name, code, names[0], "foreign", cue, "")
            for demonym in demonyms:
                yield _entry(demonym, code, names[0], "demonym", "", "")

    def _candidates(self, tokens: Words, text: str, rules: _Rules) -> list[_Found]:
        index, found, beyond, count = self._index, list[_Found](), 0, len(tokens.folded)
        # few words begin a name
        for position in [at for at, word in enumerate(tokens.folded) if word in index]:
            if position < beyond:
                continue
            for sequence, entries in index[tokens.folded[position]]:
                last = position + len(sequence) - 1
                if last >= count or not _same(tokens, position, sequence, text):
                    continue
                allowed = tuple(e for e in entries if _looks_like(e, tokens, position, last, text, rules))
                if allowed:
                    found.append(_Found(position, last, allowed, False))
                    beyond = last + 1
                    break
        return found


class _Rules(NamedTuple):
    locative: frozenset[str]
    joins: frozenset[str]
    after: frozenset[str]
    titles: frozenset[str]
    speech: frozenset[str]
    city: frozenset[str]
    state: frozenset[str]
    small: frozenset[str]
    inside: frozenset[str]


@cache
def _rules() -> _Rules:
    """Cue words of all languages together: a page quotes names in either."""
    files = [language_data(language, "places") for language in LANGUAGES]
    return _Rules(*(frozenset(fold(w) for f in files for w in f[name]) for name in _Rules._fields))


def _entry(name: str, code: str, canonical: str, kind: str, cue: str, parent: str) -> _Entry:
    sequence = tuple(words(name).folded)
    caps = name.replace(".", "").replace(" ", "").isupper() and len(name.replace(".", "")) <= 4
    return _Entry(sequence, caps, code, canonical, kind, cue, parent)


def _same(tokens: Words, position: int, sequence: tuple[str, ...], text: str) -> bool:
    for offset, word in enumerate(sequence):
        here = position + offset
        if tokens.folded[here] != word:
            return False
        if offset:
            gap = text[tokens.ends[here - 1] : tokens.starts[here]]
            if len(gap) > 2 or (gap.strip() and gap.strip() not in _INNER):
                return False
    return True


_INNER = frozenset({"-", ".", "'", "’", "–", ","})


def _looks_like(e: _Entry, tokens: Words, first: int, last: int, text: str, rules: _Rules) -> bool:
    """Whether the words are written as a name: capitals, or lower case after a locative word."""
    if e.caps:
        return all(text[tokens.starts[i] : tokens.ends[i]].isupper() for i in range(first, last + 1))
    if e.kind == "demonym":
        return True
    upper = all(
        text[tokens.starts[i]].isupper() or tokens.folded[i] in rules.small for i in range(first, last + 1)
    )
    if (upper and text[tokens.starts[first]].isupper()) or e.kind == "nothing":
        return True
    if e.kind not in ("nation", "state", "foreign") or first == 0:
        return e.kind in ("nation", "state") and last > first
    before = tokens.folded[first - 1]
    if e.kind == "foreign":
        return e.cue != "locative" and before in rules.inside
    if e.cue == "locative":
        return _called(tokens, first, rules.state, rules)
    return last > first or before in rules.locative


def _resolve(found: list[_Found], tokens: Words, text: str, rules: _Rules) -> list[_Found]:
    """Which place each candidate names, where its neighbours decide; what stays unsure waits for lists."""
    resolved: list[_Found] = []
    for number, candidate in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        container = _container(candidate, after, tokens, text)
        entries = candidate.entries
        larger = [e for e in entries if e.kind in ("nation", "state", "foreign", "demonym", "nothing")]
        cities = [e for e in entries if e.kind == "municipality"]
        called_city = candidate.first > 0 and _called(tokens, candidate.first, rules.city, rules)
        inside = [e for e in cities if e.parent in container]
        if inside and (not larger or larger[0].code not in container or called_city):
            resolved.append(candidate._replace(entries=(inside[0],), sure=True))
        elif cities and called_city and (not larger or larger[0].kind == "state"):
            own = [e for e in cities if larger and e.parent == larger[0].code] or cities
            if len(own) == 1 or any(e.cue == "known" for e in own):
                best = next((e for e in own if e.cue == "known"), own[0])
                resolved.append(candidate._replace(entries=(best,), sure=True))
        elif larger:
            sure = larger[0].cue != "locative" or _cued(candidate, tokens, text, rules)
            resolved.append(candidate._replace(entries=(larger[0],), sure=sure))
        else:
            known = [e for e in cities if e.cue == "known"]
            if known:
                sure = not _named_person(candidate, tokens, text, rules)
                resolved.append(candidate._replace(entries=(known[0],), sure=sure))
            elif len({e.code for e in cities}) == 1 and cities[0].cue != "beside":
                resolved.append(candidate._replace(sure=_cued(candidate, tokens, text, rules)))
            elif any(e.cue == "locative" for e in cities):
                best = next(e for e in cities if e.cue == "locative")
                resolved.append(
                    candidate._replace(entries=(best,), sure=_cued(candidate, tokens, text, rules))
                )
    return [r for r in resolved if r.sure or r.entries[0].kind in ("state", "municipality")]


def _container(candidate: _Found, after: _Found | None, tokens: Words, text: str) -> frozenset[str]:
    """Codes of the place named right after: "Salvatierra, Guanajuato", "Salvatierra (Guanajuato)", "… in Guanajuato"."""
    if after is None or after.first - candidate.last > 5:
        return frozenset()
    gap = text[tokens.ends[candidate.last] : tokens.starts[after.first]]
    if not _CONTAINER.fullmatch(fold(gap)):
        return frozenset()
    return frozenset(e.code for e in after.entries)


_CONTAINER = re.compile(
    r"\s*,\s*|\s*\(\s*|,?\s+(?:in|en|of|de|del)\s+(?:the\s+|el\s+)?(?:state\s+of\s+|estado\s+de\s+)?"
)


def _called(tokens: Words, first: int, names: frozenset[str], rules: _Rules) -> bool:
    """Whether the words before say what it is: "ciudad de X", "the city of X", "estado de X"."""
    for back in range(first - 1, max(first - 4, -1), -1):
        word = tokens.folded[back]
        if word in names:
            return True
        if word not in rules.small:
            return False
    return False


def _cued(candidate: _Found, tokens: Words, text: str, rules: _Rules) -> bool:
    """Whether a name that is also a surname or a word is used as a place."""
    if _named_person(candidate, tokens, text, rules):
        return False
    first, last = candidate.first, candidate.last
    if (
        last + 1 < len(tokens.folded)
        and tokens.folded[last + 1] in rules.after
        and _close(tokens, last, text)
    ):
        return True
    if first == 0:
        return False
    before = tokens.folded[first - 1]
    if not _close(tokens, first - 1, text):
        return False
    if _called(tokens, first, rules.city | rules.state, rules):
        return True
    cues = rules.inside if candidate.entries[0].kind == "municipality" else rules.locative
    return before in cues and not (last + 1 < len(tokens.folded) and tokens.folded[last + 1] in rules.speech)


def _named_person(candidate: _Found, tokens: Words, text: str, rules: _Rules) -> bool:
    """Whether a capitalised word or a title touches the name, as in "Eduardo Guerrero" or "Juárez Hernández"."""
    first, last = candidate.first, candidate.last
    if first > 0 and text[tokens.ends[first - 1] : tokens.starts[first]] == " ":
        before, start, end = tokens.folded[first - 1], tokens.starts[first - 1], tokens.ends[first - 1]
        if before in rules.titles:
            return True
        known = before in rules.locative | rules.small | rules.city | rules.state | rules.joins
        opens = first == 1 or not _close(tokens, first - 2, text)
        if text[start].isupper() and not known and not opens and not text[start:end].isupper():
            return True
    if last + 1 >= len(tokens.folded) or text[tokens.ends[last] : tokens.starts[last + 1]] != " ":
        return False
    after, written = tokens.folded[last + 1], text[tokens.starts[last + 1] : tokens.ends[last + 1]]
    return written[0].isupper() and not written.isupper() and after not in rules.after | rules.small


def _close(tokens: Words, left: int, text: str) -> bool:
    """Whether a word and the next stand in the same phrase."""
    gap = text[tokens.ends[left] : tokens.starts[left + 1]]
    return not gap.strip() or gap.strip() in ("'", "’", "-")


def _with_lists(found: list[_Found], tokens: Words, text: str, rules: _Rules) -> list[_Found]:
    """Keep unsure names that stand in a list with sure ones ("in Jalisco, Guerrero and Hidalgo")."""
    kept = list(found)
    for order in (range(1, len(kept)), range(len(kept) - 2, -1, -1)):
        for number in order:
            other = kept[number - 1] if order.step == 1 else kept[number + 1]
            left, right = sorted((kept[number], other), key=lambda f: f.first)
            place = kept[number]
            listed = other.sure and other.entries[0].kind in ("state", "municipality", "nation")
            if not place.sure and listed and _listed(left, right, tokens, text, rules):
                kept[number] = place._replace(sure=not _named_person(place, tokens, text, rules))
    return [f for f in kept if f.sure]


def _listed(left: _Found, right: _Found, tokens: Words, text: str, rules: _Rules) -> bool:
    between = tokens.folded[left.last + 1 : right.first]
    gap = text[tokens.ends[left.last] : tokens.starts[right.first]]
    return (
        len(between) <= 2
        and all(word in rules.joins or word in rules.locative for word in between)
        and not any(mark in gap for mark in ".:;?!\n")
        and ("," in gap or bool(between))
    )


def _mentions(
    chosen: list[_Found], tokens: Words, text: str, stop: int, by_code: Mapping[str, Place]
) -> Iterable[PlaceMention]:
    mentions: list[PlaceMention] = []
    last_token = -1
    for number, found in enumerate(chosen):
        entry = found.entries[0]
        start, end = tokens.starts[found.first], tokens.ends[found.last]
        if entry.kind == "nothing":
            last_token = found.last
            continue
        previous = mentions[-1] if mentions else None
        if previous and last_token == found.first - 1 and entry.kind in ("state", "nation"):
            gap = text[previous.end : start]
            inside = _above(previous.code, by_code)
            if gap.strip() in (",", "(") and entry.code in inside:
                # "Salvatierra, Guanajuato" and "Guanajuato, Mexico" are one place each, not two,
                # unless the list goes on with states ("Jalisco, México y Puebla" names the state of México).
                sister = _sister_state(chosen, number, tokens, text, entry, by_code)
                if sister is None:
                    closed = gap.strip() == "(" and text[end : min(end + 1, stop)] == ")"
                    mentions[-1] = previous._replace(end=end + closed)
                    last_token = found.last
                    continue
                entry = entry._replace(code=sister.code, name=sister.name, kind="state")
        mentions.append(PlaceMention(start, end, entry.code, entry.name, entry.kind))
        last_token = found.last
    return mentions


def _above(code: str, by_code: Mapping[str, Place]) -> set[str]:
    above: set[str] = set()
    while code in by_code and by_code[code].parent:
        code = by_code[code].parent
        above.add(code)
    return above


def _sister_state(
    chosen: list[_Found],
    number: int,
    tokens: Words,
    text: str,
    entry: _Entry,
    by_code: Mapping[str, Place],
) -> Place | None:
    """The state that bears the nation's name, when the nation's name stands inside a list of states."""
    if entry.kind != "nation" or number + 1 >= len(chosen) or chosen[number + 1].entries[0].kind != "state":
        return None
    if not _listed(chosen[number], chosen[number + 1], tokens, text, _rules()):
        return None
    name = fold(text[tokens.starts[chosen[number].first] : tokens.ends[chosen[number].last]])
    named = (p for p in by_code.values() if p.kind == "state" and fold(p.name).endswith(f" {name}"))
    return next((p for p in named if fold(p.name).split()[0] in _rules().state), None)


@cache
def load_places(country: str = "mexico") -> Places:
    """The places of a country (`places/places.csv`, `places/foreign.csv`, `places/nothing.yaml`).

    Raises:
        DataError: a code stands twice, a parent or a kind is unknown, a column is missing; says file and line.
    """
    folder = country_folder(country)
    by_code = _read_places(folder / "places" / "places.csv")
    card = read_yaml(folder / "country.yaml")
    demonyms = [(w, card["default_place"]) for group in (card.get("demonyms") or {}).values() for w in group]
    nothing_path = folder / "places" / "nothing.yaml"
    nothing = read_yaml(nothing_path) if nothing_path.is_file() else []
    return Places(
        by_code, _read_foreign(folder / "places" / "foreign.csv"), tuple(demonyms), tuple(nothing or ())
    )


def shipped_neighbours(country: str = "mexico") -> Mapping[str, tuple[str, ...]]:
    """The states that share a land border, from `places/neighbours.csv` of the country; empty when it has none."""
    path = country_folder(country) / "places" / "neighbours.csv"
    if not path.is_file():
        return {}
    return {code: tuple(beside.split("|")) for _, (code, beside) in read_table(path, ("code", "neighbours"))}


def _read_places(path: Path) -> Mapping[str, Place]:
    by_code: dict[str, Place] = {}
    for where, row in read_table(path, COLUMNS):
        code, name, parent, kind, cue, aliases = row
        if code in by_code:
            raise DataError("panel_twice", where=where, found=code)
        if kind not in KINDS:
            raise DataError("panel_place_kind", where=where, expected=", ".join(KINDS), found=repr(kind))
        if parent and parent not in by_code:
            raise DataError("panel_place", where=where, found=repr(parent), fix="panel_parent")
        by_code[code] = Place(code, name, parent, kind, cue, tuple(a for a in aliases.split("|") if a))
    return by_code


def _read_foreign(path: Path) -> tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]:
    if not path.is_file():
        return ()
    rows: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != FOREIGN_COLUMNS:
            raise DataError("panel_columns", where=f"{path}:1", expected=", ".join(FOREIGN_COLUMNS))
        for row in reader:
            if len(row) != len(FOREIGN_COLUMNS):
                raise DataError("panel_columns", where=f"{path}:{reader.line_num}", found=", ".join(row))
            code, cue, en, es, demonyms_en, demonyms_es = row
            names = dict.fromkeys(n for cell in (en, es) for n in cell.split("|") if n)
            demonyms = dict.fromkeys(n for cell in (demonyms_en, demonyms_es) for n in cell.split("|") if n)
            rows.append((code, "locative" if cue == "locative" else "known", tuple(names), tuple(demonyms)))
    return tuple(rows)
