"""A passage: one sentence of a page with what was read in it, which every kind of statement is drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from careo.base.dates import DateMention, Period, Term, period_of_year, read_dates
from careo.base.numbers import Number, read_numbers
from careo.base.shipped import readable
from careo.base.words import any_of, lower, uncased
from careo.record.sentences import Span, split_clauses, split_sentences, statement_rules
from careo.sources.documents import Block, Document

POINTED = (
    "pointed"  # DateMention.every of a year told by pointing back ("a year earlier"): an aside, not the topic
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence.

    Attributes:
        text: the whole text of the page; lower: the same in lower case, for patterns that hold many words and are
            several times faster there; span: the sentence in it; clauses: its clauses.
        numbers, dates: what was read in the sentence, with offsets into `text`.
        block, index: the block it stands in. language: its language. said: when, if known.
        reckoned: the day it was said, or the earliest it can have been said on an undated page.
        page_period: the period the page is from, for a figure that names none.
        before: the passage before it in the same block, if any.
        topic: the latest past year told so far on the page.
        after, after_dates: the sentence after it, also across blocks, and the dates in it; nothing behind the last one.
    """

    text: str
    lower: str
    span: Span
    clauses: tuple[Span, ...]
    numbers: tuple[Number, ...]
    dates: tuple[DateMention, ...]
    block: Block
    index: int
    language: str
    said: date | None
    reckoned: date | None
    page_period: Period | None
    before: Passage | None
    topic: Period | None = None
    after: Span = (0, 0)
    after_dates: tuple[DateMention, ...] = ()

    @property
    def words(self) -> str:
        """The sentence as written."""
        return self.text[self.span[0] : self.span[1]]

    @property
    def claim(self) -> str:
        """The sentence with white space folded."""
        return " ".join(self.words.split())

    def clause(self, position: int) -> Span:
        """The clause around a character of the text."""
        for clause in self.clauses:
            if clause[0] <= position < clause[1]:
                return clause
        return self.span


@dataclass(slots=True)
class _Read:
    """A block with what was read in it, from which its passages are made."""

    block: Block
    index: int
    language: str
    numbers: tuple[Number, ...]
    dates: list[DateMention]
    topic: Period | None


def passages(document: Document, terms: tuple[Term, ...], dollar: dict[str, str]) -> Iterator[Passage]:
    """The sentences of the body, in order."""
    text, low, said = document.text, lower(document.text), document.published
    reckoned = said or (document.dated[0] if document.dated else None)
    page_period = period_of_year(reckoned.year) if reckoned else None
    sentences = [
        (span, read)
        for read in _blocks(document, low, terms, dollar, reckoned)
        for span in split_sentences(text, read.block.start, read.block.end, read.language)
    ]
    dates = [tuple(d for d in read.dates if start <= d.start < end) for (start, end), read in sentences]
    before: Passage | None = None
    for order, ((start, end), read) in enumerate(sentences):
        last = order + 1 == len(sentences)
        before = Passage(
            text=text,
            lower=low,
            span=(start, end),
            clauses=split_clauses(low, start, end, read.language),
            numbers=tuple(n for n in read.numbers if start <= n.start < end),
            dates=dates[order],
            block=read.block,
            index=read.index,
            language=read.language,
            said=said,
            reckoned=reckoned,
            page_period=page_period,
            topic=read.topic,
            before=before if before and before.index == read.index else None,
            after=(0, 0) if last else sentences[order + 1][0],
            after_dates=() if last else dates[order + 1],
        )
        yield before


def _blocks(
    document: Document, low: str, terms: tuple[Term, ...], dollar: dict[str, str], reckoned: date | None
) -> Iterator[_Read]:
    latest: Period | None = None  # the latest past year told so far: what the page is about
    for index, block in enumerate(document.blocks):
        if block.label != "body" and block.role not in ("title", "subtitle"):
            continue  # a title or deck may be the only place, or the first, where a figure stands
        if block.label not in ("body", "meta"):
            continue
        own = block.language and readable(block.language) == block.language
        language = block.language if own else readable(document.language)
        piece = document.text[block.start : block.end]
        numbers = read_numbers(piece, language, dollar=dollar.get(language, "USD"), at=block.start)
        dates = _dates(piece, block.start, language, reckoned, terms)
        dates = _pointing(low, block, dates, language, latest)
        for mention in dates:
            latest = _later(latest, mention, reckoned)
        yield _Read(block, index, language, numbers, dates, latest)


def _years_away(low: str, start: int, end: int, language: str) -> list[tuple[re.Match[str], int]]:
    """ "Four years later", "una década antes": how many years away from the one just told."""
    rules = statement_rules(language)
    found: list[tuple[re.Match[str], int]] = []
    for direction, sign in (("after", 1), ("before", -1)):
        for match in _away(language, direction).finditer(low, start, end):
            count = rules["small_numbers"].get(match["n"]) or (int(match["n"]) if match["n"].isdigit() else 0)
            if count:
                found.append((match, sign * count * (10 if match["u"].startswith(rules["decade"]) else 1)))
    return found


@cache
def _away(language: str, direction: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{spaced(statement_rules(language)['years_away'][direction])})(?!\w)")


def _later(latest: Period | None, mention: DateMention, reckoned: date | None) -> Period | None:
    """The topic of the page after one more date: the latest past stretch told outright, no day, no "two decades ago"."""
    period = mention.period
    if (
        mention.form != "at"
        or mention.every == POINTED
        or period is None
        or period.last is None
        or not _long(period)
    ):
        return latest
    if reckoned and (period.last > reckoned or (not mention.exact and period.last.year < reckoned.year - 2)):
        return latest
    if latest is None or latest.last is None:
        return period
    # "in the first half" of the year already spoken of is an aside; the year goes on
    return period if period.last.year >= latest.last.year and not _within(latest, period) else latest


def _within(latest: Period, period: Period) -> bool:
    return (
        latest.contains(period)
        and latest != period
        and latest == period_of_year(period.last.year if period.last else 0)
    )


def _long(period: Period) -> bool:
    """Whether a period is long enough for a page to be about it: a quarter at least, not a day or a month."""
    return period.first is not None and period.last is not None and (period.last - period.first).days > 80


@cache
def _hints(language: str) -> re.Pattern[str]:
    """Words without which nothing points and nothing is corrected: most blocks need no closer look."""
    return re.compile("|".join(statement_rules(language)["pointing_words"]))


@cache
def _no_dates(language: str) -> re.Pattern[str]:
    return uncased(rf"(?<!\w)(?:{spaced(statement_rules(language)['no_dates'])})")


@cache
def _compared(language: str) -> re.Pattern[str]:
    return uncased(rf"{choices(language, 'against_words')}\s[^.;,\d]{{0,24}}$")


def _pointing(
    low: str,
    block: Block,
    dates: list[DateMention],
    language: str,
    spoken: Period | None,
) -> list[DateMention]:
    """The dates of a block with those told by pointing at another one: "that year", "a year earlier", "al año siguiente"."""
    found: list[DateMention] = []
    start, end = block.start, block.end
    if not _hints(language).search(low, start, end):
        return dates
    hits = [
        (m, shift)
        for shift, key in ((0, "same_year"), (-1, "year_before"), (1, "year_after"))
        for m in phrases(language, key).finditer(low, start, end)
    ]
    hits += _years_away(low, start, end, language)
    overlaps = [(DateMention(m.start(), m.end(), None, "at"), shift) for m, shift in hits]
    for match, shift in sorted(hits, key=lambda h: h[0].start()):
        told = [
            d
            for d in dates
            if d.end <= match.start() and d.form in ("at", "between") and d.period and d.period.last
        ]
        told = [d for d in told if d.period and _long(d.period)]
        told = [d for d in told if not any(f.start < d.end and d.start < f.end for f, _ in overlaps)]
        told = [d for d in told if not _compared(language).search(low, max(start, d.start - 30), d.start)]
        base = max(told, key=lambda d: d.end).period if told else spoken
        if base and base.last:
            year = base.last.year + shift
            period = base if shift == 0 else period_of_year(year)
            found.append(
                DateMention(match.start(), match.end(), period, "at", every=POINTED if shift < 0 else "")
            )
    untrue = _no_dates(language)
    dates = [d for d in dates if not untrue.search(low, max(start, d.start - 4), d.end)]
    kept = [d for d in dates if not any(f.start < d.end and d.start < f.end for f in found)]
    return sorted([*kept, *found], key=lambda d: d.start)


def _dates(
    piece: str, by: int, language: str, said: date | None, terms: tuple[Term, ...]
) -> list[DateMention]:
    """The dates of a block with offsets into the page."""
    return [
        DateMention(d.start + by, d.end + by, d.period, d.form, d.every, d.exact)
        for d in read_dates(piece, language, said, terms)
    ]


@cache
def phrases(language: str, *path: str) -> re.Pattern[str]:
    """One pattern of a list in the statement lexicon, in lower case: longest phrase first, whole words, any white space."""
    return re.compile(rf"{choices(language, *path)}(?!\w)")


def choices(language: str, *path: str) -> str:
    """Any phrase of a list in the statement lexicon as a pattern, longest first, no letter before it."""
    node = statement_rules(language)
    for key in path:
        node = node[key]
    return alternatives(map(str, node))


def alternatives(listed: Iterable[str]) -> str:
    """Any of some phrases of the statement lexicon as a pattern, longest first, no letter before it."""
    words = sorted(listed, key=len, reverse=True)
    if all(_PLAIN.fullmatch(word) for word in words):
        return any_of(words, apart=True)
    return rf"(?<!\w)(?:{'|'.join(map(spaced, words))})"


_PLAIN = re.compile(r"[\w '’-]+")


def spaced(pattern: str) -> str:
    """A pattern in which a space stands for any white space."""
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")


@cache
def pattern(language: str, key: str, template: str) -> re.Pattern[str]:
    """One pattern of the statement lexicon put into a template, for text in lower case; compiled once."""
    return uncased(template.format(spaced(str(statement_rules(language)[key]))))
