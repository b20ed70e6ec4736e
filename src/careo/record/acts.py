"""What a sentence does: pledge, ask, claim a cause, take a position. Rules are data of each language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import regex

from careo.base.dates import DateMention, Period, years_on
from careo.base.words import uncased, words_in
from careo.record.actors import Speakers, agent, trim
from careo.record.passages import Passage, phrases, spaced
from careo.record.sentences import Span, statement_rules
from careo.record.statements import Statement

KINDS = ("pledge", "request", "causal_claim", "position")


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    cue: re.Pattern[str]
    as_written: bool  # the cue tells capitals from small letters, and is looked for in the text as written
    subject: str
    first_person: str
    split: bool
    negatable: bool
    strong: bool
    addressed: bool  # who stands before the cue is asked, not asking ("the government should")
    not_after: re.Pattern[str] | None
    not_next: re.Pattern[str] | None
    needs: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Hit:
    kind: str
    start: int
    end: int
    cue_end: int
    split: bool
    strong: bool
    addressed: bool


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    return tuple(_rule(kind, card) for kind in KINDS for card in statement_rules(language)["rules"][kind])


def _rule(kind: str, card: dict[str, Any]) -> _Rule:
    def pattern(key: str, template: str = "{}") -> re.Pattern[str] | None:
        return uncased(template.format(spaced(str(card[key])))) if key in card else None

    cue = str(card["cue"])
    edge = "" if "(?<" in cue[:8] or cue.startswith("^") else r"(?<!\w)"  # a cue may set its own edge
    as_written, cue = "(?-i:" in cue, edge + spaced(cue)
    return _Rule(
        kind=kind,
        cue=re.compile(cue, re.IGNORECASE) if as_written else uncased(cue),
        as_written=as_written,
        subject=str(card.get("subject", "any")),
        first_person=str(card.get("first_person", "")),
        split=bool(card.get("split", False)),
        negatable=kind in ("pledge", "request") and not card.get("future", False),
        strong=bool(card.get("strong", False)),
        addressed=bool(card.get("addressed", False)),
        not_after=pattern("not_after"),
        not_next=pattern("not_next", r"\s*{}"),
        needs=pattern("needs"),
    )


def acts(passage: Passage, source: str, actor: str, speakers: Speakers) -> list[Statement]:
    """Pledges, requests, causal claims and positions of one sentence."""
    chosen: list[_Hit] = []
    for hit in sorted(_hits(passage, actor, speakers.known), key=lambda h: (h.start, KINDS.index(h.kind))):
        if (
            hit.strong
            and chosen
            and chosen[-1].kind != hit.kind
            and chosen[-1].end > hit.start
            and _joined(passage, hit.start)
        ):
            chosen[-1] = replace(chosen[-1], end=hit.start)  # "asked them to …, and pledged to …": two acts
        rivals = [c for c in chosen if hit.start < c.end and c.start < hit.end]
        if any(c.kind == hit.kind or {c.kind, hit.kind} == {"pledge", "request"} for c in rivals):
            continue
        chosen.append(hit)
    if any(c.kind in ("pledge", "request") for c in chosen):
        chosen = [c for c in chosen if c.kind != "position"]
    return [s for hit in chosen for s in _statements(passage, hit, source, actor, speakers)]


_JOINED = re.compile(r"(?:,|\band|\by|\be)\s+(?:\w+\s+){0,2}$")


def _joined(passage: Passage, at: int) -> bool:
    return bool(_JOINED.search(passage.text[max(passage.span[0], at - 24) : at]))


def _hits(passage: Passage, actor: str, known: frozenset[str]) -> Iterator[_Hit]:
    text, low, (start, end), language = passage.text, passage.lower, passage.span, passage.language
    sentence, lowered = text[start:end], low[start:end]
    negated, asks = _compiled(language, "negated"), _compiled(language, "unsettled")
    rules = _rules(language)
    taken = [0] * len(rules)  # up to where a rule has matched: its matches do not overlap
    begins = _begins(text, start, end)
    marked = _START + sentence
    openings = [marked[begin : begin + 5] for begin in begins]
    for begin, orders in zip(begins, map(_possible(language), openings), strict=True):
        for order in orders:
            rule = rules[order]
            if begin < taken[order]:
                continue
            hit = rule.cue.match(sentence if rule.as_written else lowered, begin)
            if hit is None:
                continue
            taken[order] = hit.end()
            cue = (start + hit.start(), start + hit.end())
            before = low[max(start, cue[0] - 40) : cue[0]]
            if rule.not_after and rule.not_after.search(before):
                continue
            if rule.not_next and rule.not_next.match(low, cue[1], end):
                continue
            if rule.needs and not rule.needs.search(low, start, end):
                continue
            if rule.negatable and negated.search(before):
                continue
            if rule.kind == "pledge" and asks.search(low, passage.clause(cue[0])[0], cue[0]):
                continue
            kind = rule.kind
            if kind == "pledge" and text[:end].rstrip('”"» ').endswith("?"):
                continue  # a question promises nothing
            first_person = _compiled(language, "first_person").search(before) is not None
            if rule.first_person and first_person:
                kind = rule.first_person
            if not first_person and not _subject(passage, rule, cue[0], actor, known):
                continue
            yield _Hit(
                kind,
                _with_negation(passage, cue[0]) if kind in ("pledge", "request") else cue[0],
                _scope(passage, cue[0], cue[1]),
                cue[1],
                rule.split,
                rule.strong,
                rule.addressed and kind == "request",
            )


def _with_negation(passage: Passage, start: int) -> int:
    """Where an act begins with the "no" before it: "no aceptaremos que sigan" must never be quoted as "aceptaremos"."""
    before = _compiled(passage.language, "not_before").search(
        passage.lower, max(passage.span[0], start - 24), start
    )
    return before.start() if before else start


_APOSTROPHE = re.compile(r"['’]")
_WORD = re.compile(r"[^\W_]+")
_START = "\0"  # stands before a cue that opens the sentence; no text has it


def _begins(text: str, start: int, end: int) -> list[int]:
    """Where in a sentence a cue can begin: at the beginning, at a word, at an apostrophe."""
    words = words_in(text)
    stretch = words.between(start, end)
    if stretch is None:
        begins = [m.start() - start for m in _WORD.finditer(text, start, end)]
    else:
        begins = [at - start for at in words.starts[slice(*stretch)]]
    apostrophes = [m.start() - start for m in _APOSTROPHE.finditer(text, start, end)]
    begins = sorted(begins + apostrophes) if apostrophes else begins
    return begins if begins[:1] == [0] else [0, *begins]


@cache
def _possible(language: str) -> Callable[[str], tuple[int, ...]]:
    """Tells which rules have a cue that can begin with four letters, given with the one before them.

    Some fifty rules are tried at every word of a page; nearly all fail on its first letters. `regex` can tell from
    the letters alone (a partial match), and the answer is kept, so that a page tries only what can match.
    """
    gates = [regex.compile(rule.cue.pattern, regex.IGNORECASE) for rule in _rules(language)]

    @lru_cache(maxsize=16_384)
    def possible(letters: str) -> tuple[int, ...]:
        if letters[0] == _START:
            return tuple(i for i, gate in enumerate(gates) if gate.match(letters[1:], partial=True))
        return tuple(i for i, gate in enumerate(gates) if gate.match(letters, pos=1, partial=True))

    return possible


@cache
def _compiled(language: str, key: str) -> re.Pattern[str]:
    return uncased(spaced(str(statement_rules(language)[key])))


def _subject(passage: Passage, rule: _Rule, cue: int, actor: str, known: frozenset[str]) -> bool:
    """Whether a rule that wants an agent has one: an institution or a name before the cue, or a known speaker."""
    if rule.subject == "any":
        return True
    text, low, (start, end) = passage.text, passage.lower, passage.span
    institutions = _institutions(passage.language)
    if rule.subject == "official":
        return bool(actor) or bool(institutions.search(low, start, end))
    if actor or institutions.search(low, start, cue):
        return True
    if _INNER_NAME.search(text[start:cue]):
        return True
    # a name at the beginning, known for one because it stands inside other sentences too
    first = _FIRST_WORD.match(text, start, cue)
    return first is not None and first[1] in known and first[1][0].isupper()


_FIRST_WORD = re.compile(r"\W*(\w+)")
_INNER_NAME = re.compile(r"(?<![.!?¿¡“\"«]\s)(?<!^)\b[A-ZÁÉÍÓÚÑ][\w’'-]+")


@cache
def _institutions(language: str) -> re.Pattern[str]:
    return uncased(rf"(?<!\w){spaced(str(statement_rules(language)['institutions']))}(?!\w)")


def _scope(passage: Passage, start: int, cue_end: int) -> int:
    """End of what a cue governs: the sentence, or the point where another voice or clause takes over."""
    end = passage.span[1]
    stop = _compiled(passage.language, "scope_end").search(passage.lower, cue_end, end)
    return stop.start() if stop and stop.start() - start > 15 else end


def _statements(
    passage: Passage, hit: _Hit, source: str, actor: str, speakers: Speakers
) -> Iterator[Statement]:
    impersonal = (
        passage.text[hit.start : hit.start + 3].lower() == "se "
    )  # "se exhorta", "se instalará": nobody is named
    doer = "" if hit.addressed or impersonal else agent(passage, hit.start, speakers)
    if hit.kind in ("pledge", "request") and _compiled(passage.language, "besides").match(
        passage.lower, passage.span[0], hit.start
    ):
        hit = replace(hit, start=passage.span[0])
    for span in _items(passage, hit) if hit.split else [(hit.start, hit.end)]:
        begin, end = trim(passage.text, span)
        if end - begin > 3:
            yield act(passage, hit.kind, begin, end, source, actor or doer)


def _items(passage: Passage, hit: _Hit) -> list[Span]:
    """A series ("granting …, ending …, and possibly …") as its members; what is no series stays whole."""
    series = _compiled(passage.language, "series")
    cuts = [m.start() for m in series.finditer(passage.lower, hit.cue_end, hit.end)]
    if not cuts:
        return [(hit.start, hit.end)]
    bounds = [hit.cue_end, *cuts, hit.end]
    return [(a, b) for a, b in pairwise(bounds) if b - a > 8]


def act(passage: Passage, kind: str, start: int, end: int, source: str, actor: str) -> Statement:
    """A statement of a span, with its hedge, deadline and condition."""
    hedge, hedge_words = _hedge(passage, start, end) if kind != "causal_claim" else ("none", "")
    deadline, due = _deadline(passage, start, end) if kind in ("pledge", "request") else ("", None)
    return Statement(
        source=source,
        kind=kind,
        start=start,
        end=end,
        quote=passage.text[start:end],
        actor=actor,
        hedge=hedge,
        hedge_words=hedge_words,
        deadline=deadline,
        due=due,
        condition=_condition(passage),
        sentence=passage.span,
        claim=passage.claim,
        block=passage.index,
        said=passage.reckoned.isoformat() if passage.reckoned else "",
        language=passage.language,
    )


@cache
def _deadlines(language: str) -> re.Pattern[str]:
    """Phrases that set a time, in lower case."""
    return re.compile(spaced(str(statement_rules(language)["deadline_phrases"])))


def _deadline(passage: Passage, start: int, end: int) -> tuple[str, Period | None]:
    """The deadline or horizon of an act as written, and the time it names: a date told as a limit, a phrase such as
    "before it leaves office", or any date that still lies ahead.
    """
    deadlines = _deadlines(passage.language)
    near = [d for d in passage.dates if start - 12 <= d.start < end + 40]
    phrase = deadlines.search(passage.lower, start, min(end + 40, passage.span[1]))
    if not near and not phrase:  # "By the end of 2023, they will …": the clause may open with it
        opening, said = passage.clause(start)[0], passage.reckoned
        begin = opening if start - opening > 3 else passage.span[0]
        near = [
            d
            for d in passage.dates
            if begin <= d.start < start and d.period and d.period.last and (not said or d.period.last > said)
        ]
        phrase = deadlines.search(passage.lower, begin, start)
        start = min([d.start for d in near] + [phrase.start() if phrase else start])
    for mention in near:
        if mention.form in ("by", "within", "until"):
            longer = phrase and phrase.start() <= mention.start and mention.end <= phrase.end()
            first, last = phrase.span() if phrase and longer else (mention.start, mention.end)
            written = passage.text[first:last]
            return " ".join(written.split()), _counted_from(passage, mention)
    said = passage.reckoned
    for mention in near:
        last = mention.period.last if mention.period else None
        if (
            mention.form in ("at", "between", "term")
            and last
            and (said is None or last > said)
            and mention.start >= start
        ):
            return passage.text[mention.start : mention.end], mention.period
    if phrase:
        dated = next((d.period for d in near if phrase.start() <= d.start < phrase.end()), None)
        return " ".join(passage.text[phrase.start() : phrase.end()].split()), dated
    for mention in near:  # a bare month, or half of a year, in a sentence about what will be is the next one
        period = mention.period
        if (
            mention.form == "at"
            and not mention.exact
            and period
            and period.first
            and period.last
            and said
            and mention.start > start
        ):
            ahead = Period(years_on(period.first, 1), years_on(period.last, 1))
            if (said - period.last).days < 366 and (period.last - period.first).days < 185:
                return passage.text[mention.start : mention.end], ahead
    return "", None


def _counted_from(passage: Passage, limit: DateMention) -> Period | None:
    """The time of a limit. A horizon ("within three years") of a promise made earlier runs from that day when the sentence
    tells it, and from no day that we know when it does not.
    """
    said, period = passage.reckoned, limit.period
    if (
        limit.form != "within"
        or period is None
        or period.first is None
        or period.last is None
        or said is None
    ):
        return period
    begun = [
        d.period.last
        for d in passage.dates
        if d.form in ("at", "since")
        and d.exact
        and d.period
        and d.period.last
        and d.period.last.year < said.year
    ]
    if begun:
        return Period(begun[0], begun[0] + (period.last - period.first))
    earlier = _compiled(passage.language, "promised_before").search(passage.lower, *passage.span)
    return None if earlier else period


def _hedge(passage: Passage, start: int, end: int) -> tuple[str, str]:
    """A hedge inside the span or just before it."""
    for name in statement_rules(passage.language)["act_hedges"]:
        hit = phrases(passage.language, "act_hedges", name).search(
            passage.lower, max(passage.span[0], start - 16), end
        )
        if hit:
            return name, passage.text[hit.start() : hit.end()]
    return "none", ""


_PAUSE = re.compile(r"[,;.”\"»]")


def _condition(passage: Passage) -> str:
    hit = phrases(passage.language, "conditions").search(passage.lower, *passage.span)
    if not hit:
        return ""
    stop = _PAUSE.search(passage.text, hit.end(), passage.span[1])
    words = passage.text[hit.start() : stop.start() if stop else passage.span[1]]
    return re.sub(r"\s+", " ", words) if len(words.split()) > 2 else ""
