"""Who says it: the speaker of a sentence, through reported speech and quotes, and who acts in a clause."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from careo.record.passages import Passage, phrases, spaced
from careo.record.sentences import Span, statement_rules

_QUOTES = re.compile(r"[“”\"«»]")


@dataclass(slots=True)
class Speakers:
    """Memory of a page while it is read: full names seen, and who spoke last.

    A page is read in order, so this is the one place where state lives; it never leaves `extract`.
    """

    names: dict[str, str] = field(default_factory=dict[str, str])
    last: str = ""
    quoting: bool = False

    def full(self, name: str) -> str:
        """The longest form of a name seen so far ("Durazo" → "Alfonso Durazo")."""
        return self.names.get(name, name)

    def remember(self, name: str) -> str:
        """Keep a name, so that a later bare surname is read as the same person."""
        if " " in name and name[0].isupper():
            self.names.setdefault(name.split()[-1], name)
        self.last = self.full(name)
        return self.last


@cache
def _name(language: str) -> re.Pattern[str]:
    rules = statement_rules(language)
    particles = "|".join(rules["particles"])
    capital = r"[A-ZÁÉÍÓÚÑÜ][\w’'&-]*\.?"
    nouns = "|".join(spaced(n) for n in sorted(rules["actor_nouns"], key=len, reverse=True))
    pronouns = "|".join(rules["pronouns"])
    return re.compile(
        rf"(?<!\w)(?:(?i:(?P<noun>{nouns}))(?!\w)|(?P<name>{capital}(?:\s+(?:(?:{particles})\s+){{0,2}}{capital})*)"
        rf"|(?i:(?P<pronoun>{pronouns}))(?!\w))"
    )


def speaker(passage: Passage, speakers: Speakers) -> str:
    """Who says the sentence; "" when only the page does. Updates the memory of the page."""
    text, (start, end), language = passage.text, passage.span, passage.language
    found = _according(text, start, end, language) or _reporting(text, start, end, language, speakers)
    quotes = len(_QUOTES.findall(text, start, end))
    if found:
        speakers.remember(found)
        found = speakers.full(found)
    elif speakers.quoting or _QUOTES.match(text, start):
        found = speakers.last
    if quotes % 2:
        speakers.quoting = not speakers.quoting
    return found


def agent(passage: Passage, cue: int, speakers: Speakers) -> str:
    """Who acts in the clause before a cue: the nearest name or institution; "" when none stands there."""
    clause = passage.clause(cue)
    begin = clause[0] if cue - clause[0] > 3 else passage.span[0]
    names = _candidates(passage.text, begin, cue, passage.language)
    if not names and begin > passage.span[0]:
        names = _candidates(passage.text, passage.span[0], cue, passage.language)
    chosen = names[-1] if names else ""
    if chosen == "pronoun":
        return speakers.last
    return speakers.full(chosen)


def _candidates(text: str, start: int, end: int, language: str) -> list[str]:
    """Names, institutions and pronouns between two places, as written (a pronoun as "pronoun")."""
    dull = frozenset(statement_rules(language)["not_names"])
    found: list[str] = []
    for match in _name(language).finditer(text, start, end):
        if match["pronoun"]:
            found.append("pronoun")
            continue
        name = re.sub(r"\s+", " ", match[0])
        if match["name"]:
            words = name.split(" ")
            while words and (words[0] in dull or words[0].lower() in statement_rules(language)["particles"]):
                words = words[1:]
            name = " ".join(words).rstrip(".,")
        if len(name) > 1:
            found.append(name)
    return found


@cache
def _according_cue(language: str) -> re.Pattern[str]:
    words = "|".join(spaced(w) for w in sorted(statement_rules(language)["according"], key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})\s+(?:a\s+|al\s+|el\s+|la\s+|los\s+|las\s+|the\s+|un\s+|una\s+)?", re.IGNORECASE)


def _according(text: str, start: int, end: int, language: str) -> str:
    for cue in _according_cue(language).finditer(text, start, end):
        stop = re.compile(r"[,;.:]\s").search(text, cue.end(), end)
        names = _candidates(text, cue.end(), stop.start() if stop else end, language)
        if names and names[0] != "pronoun":
            return names[0]
        noun = re.match(r"[^,;.:()]{3,50}", text[cue.end() : stop.start() if stop else end])
        if noun:
            return noun[0].strip()
    return ""


def _reporting(text: str, start: int, end: int, language: str, speakers: Speakers) -> str:
    """Subject of the first verb of saying: right behind it ("dijo Durazo"), else before it ("Durazo said")."""
    for verb in phrases(language, "reporting_verbs").finditer(text, start, end):
        quoted = len(_QUOTES.findall(text, start, verb.start())) % 2 == 1
        if quoted != (speakers.quoting and quoted):
            continue  # a verb inside the quotation is what is said, not who says it
        behind = _name(language).match(text, _after(text, verb.end()), end)
        inverted = verb.start() == start or text[:verb.start()].rstrip()[-1:] in ',”"»'
        if behind and not behind["pronoun"] and (language == "es" or inverted):
            names = _candidates(text, behind.start(), behind.end(), language)
            if names:
                return names[0]
        names = _candidates(text, _phrase_start(text, start, verb.start()), verb.start(), language)
        if not names:
            names = _candidates(text, start, verb.start(), language)
        if names:
            chosen = names[0] if text[start : verb.start()].count(",") >= 1 and names[0] != "pronoun" else names[-1]
            if chosen == "pronoun":
                return speakers.last
            return chosen
        if language == "es" and speakers.last:
            return speakers.last  # Spanish drops the pronoun: "Aseguró que…"
    return ""


def _phrase_start(text: str, start: int, end: int) -> int:
    """Where the quoted words before a verb of saying end, so that names inside the quotation are not taken."""
    last = max(text.rfind(q, start, end) for q in "”\"»“")
    return last + 1 if last > start else start


def _after(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    for article in ("el ", "la ", "los ", "las ", "the "):
        if text[at : at + len(article)].lower() == article:
            rest = at + len(article)
            return at if not text[rest : rest + 1].isupper() else rest
    return at


def within_quotes(passage: Passage, position: int) -> bool:
    """Whether a place in the sentence stands inside quotation marks."""
    opened = len(_QUOTES.findall(passage.text, passage.span[0], position)) % 2 == 1
    return opened


def trim(text: str, span: Span) -> Span:
    """A span without white space and closing punctuation at its ends."""
    start, end = span
    while start < end and (text[start].isspace() or text[start] in ",;:“\"«"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ".,;:”\"»"):
        end -= 1
    return start, end
