"""Linking: what a figure counts (a concept of the country), where, and which definitions its words name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from careo.base.texts import say
from careo.base.words import any_of, lower, uncased
from careo.panel import Country, country_of
from careo.panel.concepts import TermMention
from careo.panel.places import PlaceMention
from careo.panel.words import fold
from careo.record.extract import extract
from careo.record.passages import phrases, spaced
from careo.record.quantities import comes_out
from careo.record.sentences import Span, split_clauses, split_sentences, statement_rules
from careo.record.statements import Statement
from careo.results.candidates import likeliest
from careo.results.finding import Finding
from careo.results.kinds import kind_fits
from careo.sources.documents import Document

if TYPE_CHECKING:
    import xarray as xr

_UNITS = ("case_files", "victims", "deaths", "bodies", "graves", "incidents", "complaints", "convictions")
_LOCATIVE = re.compile(
    r"(?:\b(?:in|en|across|throughout|inside|within|of|de|del)\s+(?:the\s+|el\s+|la\s+|los\s+)?)$",
    re.IGNORECASE,
)


_DATELINE = re.compile(r"\(?[A-ZÁÉÍÓÚÑ][^;:!?\n]{2,90}?(?:--|–|—|\.-)\s")


def statements(document: Document, panel: Country | xr.Dataset | None = None) -> tuple[Statement, ...]:
    """The statements of a page, in order, figures linked to what they count, where and when.

    Args:
        document: a page that was read. panel: a panel or a country, for what its words can mean; Mexico by default.
    """
    country = country_of(panel)
    found = extract(document, terms=country.terms, dollar=country.dollar_sign)
    return tuple(_as_levels(list(_linked(document, found, country))))


def _as_levels(found: list[Statement]) -> Iterator[Statement]:
    """A change worked out from two levels that stand beside it counts what they count."""
    levels = [s for s in found if s.quantity and not s.quantity.change and s.concept]
    for statement in found:
        quantity = statement.quantity
        if quantity and quantity.change and quantity.against:
            told = [s for s in levels if s.block == statement.block]
            after = next(
                (
                    b
                    for a in told
                    for b in told
                    if (a.period, b.period, a.concept) == (quantity.against, statement.period, b.concept)
                    and comes_out(quantity, a, b)
                ),
                None,
            )
            if after:
                statement = replace(
                    statement, concept=after.concept, weak=after.weak, naming=after.naming, place=after.place
                )
        yield statement


def _linked(document: Document, found: tuple[Statement, ...], country: Country) -> Iterator[Statement]:
    mentions: Mentions | None = None
    last: Statement | None = None
    for statement in found:
        if statement.kind != "figure" or statement.quantity is None:
            yield statement
            continue
        if mentions is None or mentions.sentence != statement.sentence:
            mentions = Mentions(document, statement, country)
        linked = _goes_on(document.text, link(document, statement, country, mentions), last)
        last = linked
        yield linked


def _goes_on(text: str, statement: Statement, last: Statement | None) -> Statement:
    """A bare number set against the figure before it ("down from 95", "compared with 70,630") counts the same thing."""
    quantity = statement.quantity
    if (
        last is None
        or quantity is None
        or quantity.change
        or last.quantity is None
        or last.sentence != statement.sentence
    ):
        return statement
    between = text[last.end : statement.start]
    same_kind = quantity.unit == last.quantity.unit or (quantity.unit == "count" and not quantity.noun)
    ends, words = statement_rules(statement.language)["pair_words"], between.lower().split()
    opening = text[max(last.sentence[0], last.start - 14) : last.start].lower().split()
    bare = (
        statement.start >= last.end
        and len(between) < 60
        and (
            phrases(statement.language, "against_words").search(between.lower())
            or (
                words
                and words[-1] in ends["to"]
                and "," not in between
                and not {*opening[-2:]}.isdisjoint(ends["from"])
            )
        )
    )
    if (
        not bare
        or not same_kind
        or not last.concept
        or last.quantity.change
        or _named_behind(text, statement)
    ):
        return statement
    return replace(
        statement,
        concept=last.concept,
        weak=last.weak,
        naming=last.naming,
        indicator=last.indicator,
        quantity=replace(quantity, every=quantity.every or last.quantity.every, unit=last.quantity.unit),
    )


def _named_behind(text: str, statement: Statement) -> bool:
    """Whether a noun of its own follows the number."""
    noun = statement.quantity.noun if statement.quantity else ""
    return bool(noun) and text.find(noun, statement.start, statement.end) > statement.start


class Mentions:
    """What a sentence names, with offsets into the text, and what was spoken of before it (read only when asked for)."""

    def __init__(self, document: Document, statement: Statement, country: Country) -> None:
        self._document, self._statement, self._panel = document, statement, country
        self.text, self.sentence = document.text, statement.sentence

    @cached_property
    def clauses(self) -> tuple[Span, ...]:
        """The clauses of the sentence."""
        return split_clauses(lower(self.text), *self.sentence, self._statement.language)

    @cached_property
    def folded(self) -> str:
        """The sentence in lower case without accents."""
        start, end = self.sentence
        return fold(self.text[start:end])

    @cached_property
    def terms(self) -> tuple[TermMention, ...]:
        """Concepts named in the sentence."""
        start, end = self.sentence
        return self._panel.concepts.find(self._document.text, self._statement.language, start, end)

    @cached_property
    def places(self) -> tuple[PlaceMention, ...]:
        """Places named in the sentence."""
        start, end = self.sentence
        return self._panel.places.find(self._document.text, start, end)

    def places_before(self) -> tuple[PlaceMention, ...]:
        """States and towns named in the sentence before this one, in its block."""
        found = split_sentences(self.text, *self._said, self._statement.language)
        if not found or found[-1][0] == found[-1][1]:
            return ()
        start, end = found[-1]
        dateline = _DATELINE.match(
            self.text, start, end
        )  # "MEXICO CITY, July 26 (Wire) -- …": where it was written
        named = self._panel.places.find(self.text, dateline.end() if dateline else start, end)
        return tuple(p for p in named if p.kind in ("state", "municipality"))[-1:]

    @cached_property
    def _said(self) -> Span:
        """Where the words before the sentence stand: with the title, what "the figure" or "victims" there refers to."""
        document, statement = self._document, self._statement
        block = document.blocks[statement.block] if 0 <= statement.block < len(document.blocks) else None
        start = self.sentence[0]
        if (
            block and start - block.start < 120
        ):  # a block that has said little yet goes on from the one before
            before = (b for b in reversed(document.blocks[: statement.block]) if b.label == "body")
            block = next(before, block)
        return (max(block.start, start - 500), start) if block else (start, start)

    def earlier(self) -> Iterator[TermMention]:
        """Concepts named before the sentence, the latest first; at last those of the title, with its own offsets."""
        find, language = self._panel.concepts.find, self._statement.language
        yield from reversed(find(self._document.text, language, *self._said))
        yield from reversed(find(self._document.title, language))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """What was counted before the sentence ("case_files"), in order."""
        find, language = self._panel.concepts.find_measures, self._statement.language
        found = find(self._document.title, language) + find(self._document.text, language, *self._said)
        return tuple(name for mention in found for name in mention.names if name in _UNITS)


def link(
    document: Document, statement: Statement, country: Country, mentions: Mentions | None = None
) -> Statement:
    """A figure with its concept, place and the definitions its words name.

    Args:
        mentions: of its sentence, when already at hand.
    """
    mentions = mentions or Mentions(document, statement, country)
    text = document.text
    clause = next((c for c in mentions.clauses if c[0] <= statement.start < c[1]), statement.sentence)
    concept, weak = _concept(text, statement, country, mentions.terms, clause)
    if concept and _partitive(statement.language).match(
        lower(text), statement.start + _digits_end(statement)
    ):
        weak = True  # "43 of the dead" counts some of them
    carried = not concept and not weak and statement.quantity is not None and _refers_back(statement)
    if carried:
        concept, weak = next(
            ((n, True) for t in mentions.earlier() for n in t.names if _countable(country, n, statement)),
            ("", False),
        )
    concept = _kept_topic(country, statement, concept, mentions)
    places = mentions.places
    if not places and (carried or _there(statement.language).search(mentions.folded)):
        places = (
            mentions.places_before()
        )  # what is counted goes on from the sentence before it, and where with it
    place = _place(text, statement, country, places, clause, concept)
    naming = _naming(mentions, statement, country, concept, clause) if concept else ()
    if concept and not naming and statement.quantity and not statement.quantity.noun:
        naming = mentions.measures[-1:]  # a bare number counts what was counted before
    indicator = likeliest(statement, country, concept, naming) if concept else ""
    return replace(
        statement,
        concept=concept,
        weak=weak and bool(concept),
        place=place,
        naming=naming,
        indicator=indicator or statement.indicator,
    )


def _kept_topic(country: Country, statement: Statement, concept: str, mentions: Mentions) -> str:
    """The concept of a figure that only a word as general as "deaths" names: that of the sentences before it, where they
    speak of some of these ("deaths linked to organised crime").
    """
    if not concept or any(concept in t.names and not t.weak for t in mentions.terms):
        return concept
    for term in mentions.earlier():
        told = next((n for n in term.names if _countable(country, n, statement)), "")
        if told and not term.weak:
            near = country.concepts.by_id[told].near if told in country.concepts.by_id else ()
            return told if concept in near else concept
    return concept


@cache
def _there(language: str) -> re.Pattern[str]:
    """Words that point at the place spoken of, in a folded text."""
    return uncased(rf"(?<!\w){spaced(fold(str(statement_rules(language)['there'])))}(?!\w)")


@cache
def _partitive(language: str) -> re.Pattern[str]:
    return uncased(spaced(str(statement_rules(language)["partitive"])))


def _digits_end(statement: Statement) -> int:
    """Where the number of a figure ends, counted from its start."""
    ends = [m.end() for m in _NUMBER.finditer(statement.quote)]
    return ends[-1] if ends else len(statement.quote)


_NUMBER = re.compile(r"\d[\d.,]*")


# --- what ---------------------------------------------------------------------------------------------------------------


def _concept(
    text: str,
    statement: Statement,
    country: Country,
    terms: tuple[TermMention, ...],
    clause: Span,
) -> tuple[str, bool]:
    """(concept, weak): the mention nearest to the figure that can be counted in its unit; no concept, and weak, when the
    figure's own words say that it is of none.
    """
    best: tuple[float, str, bool] | None = None
    if _counts_another_thing(text, country, statement, terms):
        return "", True
    for term in terms:
        name = next((n for n in term.names if _countable(country, n, statement)), "")
        if not name:
            continue
        overlap = term.start < statement.end and statement.start < term.end
        gap = 0 if overlap else min(abs(term.start - statement.end), abs(statement.start - term.end))
        same_clause = clause[0] <= term.start < clause[1]
        distance = gap + 60 * (not same_clause) + 45 * term.weak
        if best is not None and distance >= best[0]:
            continue
        between = text[min(term.end, statement.end) : max(term.start, statement.start)]
        distance += 15 * sum(map(str.isdigit, between[:200]))
        adjacent = overlap or (term.start >= statement.end and gap <= 14)
        weak = (term.weak and not adjacent) or not (
            adjacent
            or (same_clause and gap < 70 and not _specific(statement))
            or (gap < 45 and not _specific(statement))
        )
        if best is None or distance < best[0]:
            best = (distance, name, weak)
    return (best[1], best[2]) if best else ("", False)


def _counts_another_thing(
    text: str, country: Country, statement: Statement, terms: tuple[TermMention, ...]
) -> bool:
    """Whether the figure's own words are of something that no series counts ("3,000 women murdered"), and nothing right
    behind says that it is meant for another ("765 women killed in what the law calls feminicide").
    """
    known = country.concepts.by_id

    def uncounted(term: TermMention) -> bool:
        return all(n in known and not country.by_concept.get(n) for n in term.names)

    own = [t for t in terms if t.start < statement.end and statement.start < t.end and not t.weak]
    if not own or not all(map(uncounted, own)):
        return False
    end = max(statement.end, own[-1].end)
    return not any(
        end <= t.start < end + 45 and not uncounted(t) and not _DIGITS.search(text, end, t.start)
        for t in terms
    )


def _specific(statement: Statement) -> bool:
    """Whether the counted noun is about something of its own ("43 students"), so that words farther off do not explain it."""
    quantity = statement.quantity
    if (
        quantity is None
        or not quantity.noun
        or quantity.unit in ("share", "percentage_points", "rate_per_100k", "factor")
    ):
        return False
    rules = statement_rules(statement.language)
    generic = (*rules["generic_nouns"], *rules["staff_nouns"])
    return not any(word in generic for word in re.findall(r"[^\W\d_]+", quantity.noun.lower()))


def _refers_back(statement: Statement) -> bool:
    """Whether earlier sentences say what a figure counts: a change, a bare number, or a noun as general as "victims"."""
    quantity = statement.quantity
    if quantity is None or quantity.change or not quantity.noun:
        return quantity is not None
    staff = statement_rules(statement.language)["staff_nouns"]
    return not _specific(statement) and not any(
        word in staff for word in re.findall(r"[^\W\d_]+", quantity.noun.lower())
    )


def _countable(country: Country, concept: str, statement: Statement) -> bool:
    """Whether some indicator of a concept is of the kind the figure is."""
    return any(kind_fits(i, statement) for i in country.by_concept.get(concept, ()))


# --- where --------------------------------------------------------------------------------------------------------------


def _place(
    text: str,
    statement: Statement,
    country: Country,
    places: tuple[PlaceMention, ...],
    clause: Span,
    concept: str,
) -> str:
    """Code of the place: the nearest that is named as a place in the clause, then in the sentence, then the default."""
    own = country.concepts.by_id[concept].place if concept in country.concepts.by_id else ""
    if not places:
        return own or country.default_place
    home = any(p.code == country.code or p.kind in ("state", "municipality") for p in places)
    named = [
        p
        for p in places
        if p.kind != "demonym" and (p.kind != "foreign" or _abroad(text, p, statement, home))
    ]
    near = (
        [p for p in named if clause[0] <= p.start < clause[1]]
        or [p for p in named if p.end <= statement.start]
        or [
            p for p in named if p.kind != "foreign"
        ]  # "…, while in Colombia the rate is 35" is another figure's
    )
    if near:
        chosen = min(near, key=lambda p: _reach(text, p, statement))
        if not (own and chosen.kind == "nation"):
            return chosen.code
    adjacent = [
        p
        for p in places
        if p.kind == "demonym"
        and statement.start - 2 <= p.start <= statement.end + 12
        and p.code != country.code
    ]
    if adjacent:
        return adjacent[0].code
    return own or country.default_place


def _reach(text: str, place: PlaceMention, statement: Statement) -> int:
    """How far a place is from a figure: more when another number stands between, or right behind the place ("Colima (812)")."""
    if place.start >= statement.end:
        between, gap = text[statement.end : place.start], place.start - statement.end
    else:
        between, gap = text[place.end : statement.start], max(0, statement.start - place.end)
    owned = place.start >= statement.end and bool(re.match(r"[\s,:]*\(?\d", text[place.end : place.end + 6]))
    return gap + 60 * bool(_DIGITS.search(between)) + 60 * owned


def _abroad(text: str, place: PlaceMention, statement: Statement, home: bool) -> bool:
    """Whether a foreign country is where it happened ("in Brazil", "Brazil recorded …"), not a party to it."""
    if _LOCATIVE.search(text[max(0, place.start - 18) : place.start]):
        return True
    first = place.start - statement.sentence[0] < 12
    between = text[place.end : statement.start]
    return first and (
        not home or (place.start - statement.sentence[0] < 3 and len(between) < 12)
    )  # "Ecuador, with 7,878 …"


# --- which definition ---------------------------------------------------------------------------------------------------


def _naming(
    mentions: Mentions, statement: Statement, country: Country, concept: str, clause: Span
) -> tuple[str, ...]:
    """Measures ("case_files") and indicator ids that the words around the figure name."""
    text, language = mentions.text, statement.language
    window = _around(text, statement, clause)
    found = [name for m in country.concepts.find_measures(text, language, *window) for name in m.names]
    near, wide = fold(text[window[0] : window[1]]), ""
    for indicator in country.by_concept.get(concept, ()):
        if indicator.qualifier:
            if not wide:
                start, end = _around(text, statement, (statement.sentence[0], max(clause[1], statement.end)))
                wide = fold(text[start:end])
            if _cue_pattern(indicator.qualifier.get(language, ("",))).search(wide):
                found.append(indicator.id)
            continue
        cues = indicator.cues.get(language, ())
        # a publisher may be named anywhere in the sentence; a variant only beside the figure
        if cues and _cue_pattern(cues).search(near if indicator.parent else mentions.folded):
            found.append(indicator.id)
    if statement.quantity and statement.quantity.unit == "case files":
        found.append("case_files")
    return tuple(dict.fromkeys(found))


def _around(text: str, statement: Statement, clause: Span) -> Span:
    """The part of the clause that belongs to the figure: up to the next number on either side, and to the comma before it."""
    start, end = min(clause[0], statement.start), max(clause[1], statement.end)
    before = [m.end() for m in _DIGITS.finditer(text, start, statement.start)]
    after = _DIGITS.search(text, statement.end, end)
    if after:
        comma = text.rfind(", ", statement.end, after.start())  # "had 128,233, short of the goal of 150,000"
        end = comma if comma > 0 else after.start()
    return before[-1] if before else start, end


_DIGITS = re.compile(r"\d(?<!\d\d)(?!(?:(?<=1)9|(?<=2)0)\d\d(?!\d))[\d.,]*")  # numbers, years apart


@cache
def _cue_pattern(cues: tuple[str, ...]) -> re.Pattern[str]:
    """Any of some cues in a folded text."""
    if not all(cues):  # a qualifier that this language does not word
        return re.compile(r"(?<!\w)(?!\w)")
    body = any_of(map(fold, cues), apart=True).replace(r"\*", r"\w*")
    return re.compile(rf"{body}(?!\w)")


# --- the quality of a page ------------------------------------------------------------------------------------------------


def quality_findings(document: Document, language: str = "en") -> tuple[Finding, ...]:
    """The quality flags of a page as findings: signs of how far it can be relied on, not verdicts on what it says."""
    return tuple(
        Finding(
            id=f"{document.source.sha256[:8] or 'page'}-q{order}",
            kind="quality",
            claim=document.title or document.source.key,
            verdict="raised",
            because=say(language, f"flags.{flag.code}", **flag.words),
            statement=None,
            sources=(document.source,),
            language=language,
            extra={"code": flag.code, "source": document.source.key},
        )
        for order, flag in enumerate(document.flags)
    )
