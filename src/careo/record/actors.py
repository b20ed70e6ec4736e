"""Who says it: the speaker of a sentence, through reported speech and quotes, and who acts in a clause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from careo.base.words import any_of, lower, uncased
from careo.record.passages import Passage, alternatives, choices, spaced
from careo.record.sentences import Span, statement_rules

_QUOTES = re.compile(r"[“”\"«»]")


@dataclass(slots=True)
class Speakers:
    """Memory of a page while it is read: full names seen, and who spoke last.

    last: who spoke last. topic: the name that last opened a sentence, whom a pronoun most likely means.
    turn: in a transcript, whose turn it is to speak, as its label names them; in a speech, whose speech it is.
    labels: labels of turns of a transcript ("SECRETARIO DE SALUD:", "Mr. ELLISON."), found more than once; {} on other pages.
    known: words written with a capital inside a sentence somewhere on the page: names, not mere beginnings of sentences.
    known_alone: names that the page uses by themselves after "the" or "in": places and bodies, no surnames.
    A page is read in order, so this is the one place where state lives; it never leaves `extract`.
    """

    known: frozenset[str] = frozenset()
    known_alone: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict[str, str])
    last: str = ""
    topic: str = ""
    turn: str = ""
    labels: frozenset[str] = frozenset()
    quoting: bool = False

    def full(self, name: str) -> str:
        """The longest form of a name seen so far ("Durazo" → "Alfonso Durazo")."""
        return self.names.get(name, name)

    def remember(self, name: str) -> str:
        """Keep a name, so that a later bare surname is read as the same person."""
        self._learn(name)
        self.last = self.full(name)
        return self.last

    def learn_topic(self, name: str) -> None:
        """The name that opens a sentence."""
        self.topic = self.full(name)
        self._learn(name)

    def _learn(self, name: str) -> None:
        """Let a surname stand for a full name; names of bodies ("United States and Mexico") have no surname."""
        words = name.split()
        if 2 <= len(words) <= 4 and all(w[0].isupper() for w in words) and words[-1] not in self.known_alone:
            self.names.setdefault(words[-1], name)


_INSIDE = re.compile(r"[A-ZÁÉÍÓÚÑÜ](?<=[a-záéíóúñ,;] .)[\w’'&-]*")


_ALONE = re.compile(
    any_of(("in", "the", "of", "en", "el", "la", "del", "desde", "from"), apart=True)
    + r"\s+([A-ZÁÉÍÓÚÑÜ][\w’'-]*)(?!\s+[A-ZÁÉÍÓÚÑÜ])"
)


def speakers_of(text: str) -> Speakers:
    """An empty memory for a page, with the words that stand with a capital inside a sentence somewhere."""
    return Speakers(
        frozenset(_INSIDE.findall(text)), frozenset(_ALONE.findall(text)), labels=_labels_of(text)
    )


# A turn of a transcript begins a line: "SECRETARIA ROSA RUIZ: Con su permiso…", "Mr. ELLISON. Thank you…"
_CAPITALS = r"[A-ZÁÉÍÓÚÑÜ]{2}[A-ZÁÉÍÓÚÑÜ.'’-]*"
_LABEL = re.compile(
    rf"^[ \t]*[-–—]?[ \t]*(?P<name>{_CAPITALS}(?:,?[ \t]+(?:{_CAPITALS}|[A-ZÁÉÍÓÚÑÜ]\.|Y|E|DE|of|the|de|del|la)){{0,9}})"
    rf"(?:[ \t]*\([^()\n]{{2,60}}\))?[ \t]*:[ \t]*(?:[-–—][ \t]*)?(?=\S)"
    rf"|^[ \t]*(?P<titled>(?:Mr|Ms|Mrs|Dr|Sen|Rep|Gen|Sr|Sra|Dip|Lic)\.?[ \t]+{_CAPITALS}(?:[ \t]+{_CAPITALS})*"
    rf"|(?:Chairman|Chairwoman|Chair|Senator|Secretary|Ambassador|President|Presidente|Senador|Senadora|Diputado|Diputada)[ \t]+{_CAPITALS}(?:[ \t]+{_CAPITALS})*)"
    rf"[.:][ \t]+(?=\S)",
    re.MULTILINE,
)


def _labels_of(text: str) -> frozenset[str]:
    """The labels of a transcript: at least two speakers, one of whom speaks twice. A page with one heading in capitals is none."""
    found = Counter(" ".join((m["name"] or m["titled"]).split()) for m in _LABEL.finditer(text))
    return frozenset(found) if len(found) > 1 and max(found.values()) > 1 else frozenset()


_FIRST_PERSON = re.compile(r"(?:[^\n:]{0,60}[:.]\s+)?(?:I|We|Nosotros|Nosotras|Yo)\s")


def _takes_turn(passage: Passage, speakers: Speakers) -> None:
    """Whose turn it is, when the block begins with a label of the transcript."""
    if passage.before is None and speakers.labels:
        label = _LABEL.match(passage.text, passage.span[0], passage.block.end)
        name = " ".join((label["name"] or label["titled"]).split()) if label else ""
        speakers.turn = name if name in speakers.labels else speakers.turn


@cache
def _name(language: str) -> re.Pattern[str]:
    """Words with a capital in a row, in the text as written."""
    particles = "|".join(statement_rules(language)["particles"])
    capital, more = "[A-ZÁÉÍÓÚÑÜ]", r"[\w’'&-]*\.?"
    return re.compile(rf"{capital}(?<!\w.){more}(?:\s+(?:(?:{particles})\s+){{0,2}}{capital}{more})*")


@cache
def _noun(language: str) -> re.Pattern[str]:
    """Institutions and pronouns, in lower case."""
    rules = statement_rules(language)
    by_letter: dict[str, list[str]] = {}
    for noun in (*_factored(rules["actor_nouns"]), *rules["pronouns"]):
        by_letter.setdefault(noun[0], []).append(noun[1:])
    # begins with a letter, to which a search can leap
    letters = [rf"{letter}(?<!\w.)(?:{'|'.join(rests)})" for letter, rests in by_letter.items()]
    return re.compile(rf"(?:{'|'.join(letters)})(?!\w)")


def _actors(text: str, start: int, end: int, language: str) -> Iterator[tuple[re.Match[str], str]]:
    """What may act between two places, in order and without overlap, with its kind: "noun", "pronoun" or "name"."""
    low, pronouns = lower(text), statement_rules(language)["pronouns"]
    nouns, names = _noun(language), _name(language)
    noun, name = nouns.search(low, start, end), names.search(text, start, end)
    while noun or name:
        # of those that begin together, an institution comes before a name, and a name before a pronoun
        if noun and (not name or noun.start() < name.start() + (noun[0] not in pronouns)):
            yield noun, "pronoun" if noun[0] in pronouns else "noun"
            at = noun.end()
        elif name:
            yield name, "name"
            at = name.end()
        else:
            return
        if noun and noun.start() < at:
            noun = nouns.search(low, at, end)
        if name and name.start() < at:
            name = names.search(text, at, end)


def _factored(nouns: list[str]) -> list[str]:
    """Noun phrases by their first word, so that "the" is tried once and not sixty times; English takes adjectives between."""
    groups: dict[str, list[str]] = {}
    for noun in sorted(nouns, key=len, reverse=True):
        first, _, rest = noun.partition(" ")
        groups.setdefault(first, []).append(rest)
    parts: list[str] = []
    for first, rests in groups.items():
        adjectives = r"(?:[a-z-]+\s+){0,3}?" if first == "the" else ""
        body = "|".join(rest.replace(" ", r"\s+") for rest in rests if rest)
        parts.append(rf"{first}\s+{adjectives}(?:{body})" if body else first)
    return parts


def speaker(passage: Passage, speakers: Speakers) -> str:
    """Who says the sentence; "" when only the page does. Updates the memory of the page."""
    text, low, (start, end), language = passage.text, passage.lower, passage.span, passage.language
    if passage.before is None:
        speakers.quoting = False  # a quotation left open does not reach into the next paragraph
    _takes_turn(passage, speakers)
    own = bool(speakers.turn) and _FIRST_PERSON.match(text, start, end) is not None
    found = "" if own else _according(text, low, start, end, language, speakers)
    found = "" if own else found or _reporting(text, start, end, language, speakers)
    quotes = len(_QUOTES.findall(text, start, end))
    opening = next(_named(text, start, min(end, start + 120), language, speakers), "pronoun")
    if opening != "pronoun" and not opening.islower():
        speakers.learn_topic(opening)
    if found:
        speakers.remember(found)
        found = speakers.full(found)
    elif speakers.quoting or _QUOTES.match(text, start):
        found = speakers.last
    if quotes % 2:
        speakers.quoting = not speakers.quoting
    return found or speakers.turn


def agent(passage: Passage, cue: int, speakers: Speakers) -> str:
    """Who acts in the clause before a cue: its subject as written, else a name there, else whom the page talks about."""
    text, language = passage.text, passage.language
    clause = passage.clause(cue)
    begin = clause[0] if cue - clause[0] > 3 else passage.span[0]
    whole = _whole_subject(text, begin, cue, language)
    names = _candidates(text, begin, cue, language, speakers)
    if whole and "pronoun" not in names:
        phrase = " ".join(whole.split())
        longer = next((n for n in names if n in phrase or phrase in n), "")
        return speakers.full(longer if longer and len(longer) >= len(phrase) else phrase)
    if not names and begin > passage.span[0]:
        names = _candidates(text, passage.span[0], cue, language, speakers)
    chosen = names[0] if names else "pronoun"
    if chosen == "pronoun":
        return speakers.topic or speakers.last  # who the page is talking about
    return speakers.full(chosen)


def subject(passage: Passage, speakers: Speakers) -> str:
    """Who a whole sentence is about: its first name or institution ("Beacon International is calling on the authorities to:")."""
    names = _candidates(passage.text, *passage.span, passage.language, speakers)
    chosen = names[0] if names else "pronoun"
    return (speakers.topic or speakers.last) if chosen == "pronoun" else speakers.full(chosen)


def _whole_subject(text: str, start: int, end: int, language: str) -> str:
    """A short noun phrase that fills a clause up to the cue: "The working groups" will meet, "Los alcaldes" exigen."""
    whole = _subject_phrase(language).match(lower(text)[start:end])
    return text[start + whole.start("subject") : start + whole.end("subject")] if whole else ""


@cache
def _subject_phrase(language: str) -> re.Pattern[str]:
    rules = statement_rules(language)
    opening = "|".join(rules["determiners"])
    skip = "|".join(spaced(w) for w in sorted(rules["adverbials"], key=len, reverse=True))
    return uncased(
        rf"[\s,;:“\"«¡¿•–—-]*(?:(?:{skip}),?\s+)*(?P<subject>(?:{opening})\s+(?:[^\W\d_][\w’'-]*+\s*+){{1,6}}?)"
        rf"(?:\s*,\s*(?:who|which|quien|que|cuyo)[^,]{{0,60}},)?\s*(?:has|have|had|is|are|was|were|ha|han|había|habían|hay|está|están)?\s*(?:also|now|then|ya|también|se|le|les|nos)?\s*$"
    )


def _candidates(text: str, start: int, end: int, language: str, speakers: Speakers) -> list[str]:
    """Names, institutions and pronouns between two places, as written (a pronoun as "pronoun")."""
    return list(_named(text, start, end, language, speakers))


def _named(text: str, start: int, end: int, language: str, speakers: Speakers) -> Iterator[str]:
    """As `_candidates`, one after the other, for whoever asks for the first only."""
    dull, particles = _not_names(language)
    low = lower(text)
    for match, kind in _actors(text, start, end, language):
        if kind == "pronoun":
            yield "pronoun"
            continue
        name = " ".join(text[match.start() : match.end()].split())
        if kind == "name":
            words = name.split(" ")
            while words and (words[0] in dull or words[0].lower() in particles):
                words = words[1:]
            name = _OWNER.sub("", " ".join(words).rstrip(".,"))
            if _PLACED.search(low, max(0, match.start() - 14), match.start()):
                continue  # "the mayor of Mexico City", "in Guerrero": where, not who
            if len(words) == 1 and _begins_sentence(text, match.start()) and name not in speakers.known:
                continue
        if len(name) > 1:
            yield name


_OWNER = re.compile(r"[’']s?$")


@cache
def _not_names(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Capitalized words that open no name, and the particles inside names."""
    rules = statement_rules(language)
    return frozenset(rules["not_names"]), frozenset(rules["particles"])


_PLACED = re.compile(
    r"(?<!\w)(?:of|in|from|at|into|across|with|against|en|desde|hacia|con|contra)\s+(?:the\s+|el\s+|la\s+)?$"
)


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 4) : at].rstrip(" “\"'‘«(¿¡•–-")
    return not before or before[-1] in ".!?:\n"


@cache
def _according_cue(language: str) -> re.Pattern[str]:
    return re.compile(
        rf"{choices(language, 'according')}\s+(?:a\s+|al\s+|el\s+|la\s+|los\s+|las\s+|the\s+|un\s+|una\s+)?"
    )


_STOP = re.compile(r"[,;.:]\s")


def _according(text: str, low: str, start: int, end: int, language: str, speakers: Speakers) -> str:
    for cue in _according_cue(language).finditer(low, start, end):
        stop = _STOP.search(text, cue.end(), end)
        names = _candidates(text, cue.end(), stop.start() if stop else end, language, speakers)
        if names and names[0] != "pronoun":
            return names[0]
        noun = re.match(
            r"[^,;.:()“”\"»]{3,50}(?=[,;.:()“”\"»]|$)", text[cue.end() : stop.start() if stop else end]
        )
        if noun:
            return noun[0].strip()
    return ""


def _reporting(text: str, start: int, end: int, language: str, speakers: Speakers) -> str:
    """Subject of the first verb of saying: right behind it ("dijo Durazo"), else before it ("Durazo said")."""
    for verb in _saying(language).finditer(text, start, end):
        if len(_QUOTES.findall(text, start, verb.start())) % 2 == (0 if speakers.quoting else 1):
            continue  # a verb inside the quotation is what is said, not who says it
        pause = _pause_before(text, verb.start())
        inverted = pause > 0 and text[pause - 1] in '”"»'
        if language == "es" or inverted:
            behind = _after(text, verb.end())
            first, kind = next(_actors(text, behind, end, language), (None, ""))
            if first and first.start() == behind and kind != "pronoun":
                names = _candidates(text, behind, first.end(), language, speakers)
                if names:
                    return names[0]
        said = _phrase_start(text, start, verb.start())
        whole = "" if inverted else _whole_subject(text, said, verb.start(), language)
        if whole and whole.split()[0].lower() not in _POINTING:
            return " ".join(whole.split())
        names = _candidates(text, said, verb.start(), language, speakers)
        names = names or _candidates(text, start, verb.start(), language, speakers)
        if names:
            people = [n for n in names if n != "pronoun"]
            if names[-1] == "pronoun":
                return people[0] if people else speakers.topic or speakers.last
            # an apposition between commas ("X, the new head of Y, said"; "el secretario de Y, X, dijo") leaves its name
            if text[start : verb.start()].rstrip().endswith(","):
                named = [n for n in people if n[0].isupper() and " " in n and n[:3].lower() not in _ARTICLES]
                persons = [n for n in named if not _in_title(text, start, verb.start(), n)]
                return persons[0] if persons else named[0] if named else people[0]
            return names[-1]
        if language == "es" and speakers.last:
            return speakers.last  # Spanish drops the pronoun: "Aseguró que…"
    return ""


def _in_title(text: str, start: int, end: int, name: str) -> bool:
    """Whether a name is part of a title: "el secretario de Seguridad Pública, Genaro Ruiz, dijo"."""
    at = text.find(name, start, end)
    return (
        at >= 0
        and re.search(
            r"(?:\bof|\bde|\bdel|\bfor)(?: (?:the|la|las|los))?\s+$", text[max(start, at - 12) : at]
        )
        is not None
    )


_POINTING = ("this", "that", "it", "esto", "eso", "ello", "his", "her", "their", "its", "su", "sus")
_ARTICLES = ("the", "el ", "la ", "los", "las")


@cache
def _saying(language: str) -> re.Pattern[str]:
    """Verbs of saying, in lower case only: "states" is a verb, "States" is not."""
    return re.compile(rf"{alternatives(statement_rules(language)['reporting_verbs'])}(?!\w)")


def _pause_before(text: str, at: int) -> int:
    """Where the comma and the white space before a place begin."""
    while at > 1 and text[at - 1] in ", \n":
        at -= 1
    return at


def _phrase_start(text: str, start: int, end: int) -> int:
    """Where the quoted words before a verb of saying end, so that names inside the quotation are not taken."""
    last = max(text.rfind(q, start, end) for q in '”"»“')
    return last + 1 if last > start else start


def _after(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    for article in ("el ", "la ", "los ", "las ", "the "):
        if text[at : at + len(article)].lower() == article:
            rest = at + len(article)
            return at if not text[rest : rest + 1].isupper() else rest
    return at


def trim(text: str, span: Span) -> Span:
    """A span without white space and closing punctuation at its ends."""
    start, end = span
    while start < end and (text[start].isspace() or text[start] in ',;:“"«'):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in '.,;:”"»'):
        end -= 1
    return start, end
