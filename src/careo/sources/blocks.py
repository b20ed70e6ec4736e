"""Which parts of a page are the article: every block gets a label and the reason for it.

A page dumped as text mixes the article with its title, captions, pull quotes, teasers of other articles and the site's
furniture. No model: lines that speak for themselves are told by a lexicon (`furniture`), the article is found from its
long paragraphs, and the short lines around and between them by where they stand, what they repeat and whether they
share the article's vocabulary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from careo.sources.documents import Block
from careo.sources.furniture import heads, is_byline, is_caption, is_date_line, is_name, said_by
from careo.sources.language import LANGUAGES, fold, function_words, language_of, tally, words_of
from careo.sources.lines import Piece, sentence_breaks

_TERMINAL = re.compile(r"[.!?…][\"'”’»)\]*_]{0,4}$")
_FULL_STOP = re.compile(r"[.!…][\"'”’»)\]*_]{0,4}$")
_BREADCRUMB = re.compile(r"^[^.!?]{1,80}(?: [>»›/] [^.!?]{1,60}){1,6}$")
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$|^[\w.+-]+@[\w-]+\.[\w.]+$|^[@#]\w+$")
_IMAGE = re.compile(r"^!?\[[^\]]{0,300}\]\([^)]{0,500}\)$")
_BRACKETED = re.compile(r"^[\[(【].{12,300}[\])】]$", re.DOTALL)
_QUOTE_OPEN = "\"“«‘'"
_STEM = 6
_SHINGLE = 8
_HEAD_LINES = 12  # how far below the first paragraph a date line still closes the head of the page
_TAGS_AROUND = {"nav", "footer", "form", "button", "menu"}


@dataclass(slots=True)
class _Line:
    piece: Piece
    text: str
    words: list[str]
    packed: int
    terminal: bool
    key: str
    label: str = ""
    reason: str = ""
    role: str = "paragraph"
    hint: str = (
        ""  # reason of the lexicon that waits for the context: "link", "end", "close", "bio", "caption"
    )
    prose: bool = False
    stems: frozenset[str] = frozenset()
    like: int = -1
    language: str = ""
    date: bool = False

    @property
    def n(self) -> int:
        return len(self.words)

    def be(self, label: str, reason: str, role: str = "") -> None:
        self.label, self.reason = label, reason
        if role:
            self.role = role


@dataclass(slots=True)
class _Page:
    lines: list[_Line]
    language: str = ""
    vocabulary: Counter[str] = field(default_factory=Counter[str])
    core: list[int] = field(default_factory=list[int])
    title: int = -1
    first: int = 0
    last: int = -1


def classify(text: str, pieces: Sequence[Piece], *, title: str = "") -> tuple[Block, ...]:
    """Label every piece of a page.

    Args:
        text: the page.
        pieces: its paragraphs, headings and list items in order.
        title: the title when the mark-up states it.
    """
    page = _Page([_measure(text, piece) for piece in pieces])
    for line in page.lines:
        _by_itself(line)
    _find_prose(page)
    _duplicates(page)
    if page.core:
        _bound(page)
        _head(page, title)
        _middle(page)
        _tail(page)
    else:
        _without_prose(page, title)
    return tuple(_block(page, line) for line in page.lines)


def _block(page: _Page, line: _Line) -> Block:
    like = page.lines[line.like].piece if line.like >= 0 and line.label == "repeat" else None
    return Block(
        line.piece.start,
        line.piece.end,
        line.label,
        line.reason,
        line.role,
        line.language,
        (like.start, like.end) if like else None,
    )


# What a line is by itself.


def _measure(text: str, piece: Piece) -> _Line:
    own = text[piece.start + piece.skip : piece.end].strip()
    words = words_of(own)
    packed = tally(words)
    role = {"heading": "heading", "item": "item", "number": "item", "quote": "quote"}.get(
        piece.marker, "paragraph"
    )
    if piece.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        role = "heading"
    elif piece.tag == "li":
        role = "item"
    elif piece.tag == "blockquote":
        role = "quote"
    terminal = bool(_TERMINAL.search(own, max(0, len(own) - 8)))
    line = _Line(piece, own, words, packed, terminal, " ".join(words) if len(words) <= 120 else "", role=role)
    line.language = language_of(packed, len(words))
    return line


def _by_itself(line: _Line) -> None:
    text, words = line.text, line.words
    if not words:
        return line.be("boilerplate", "rule", "other")
    if line.piece.tag in _TAGS_AROUND:
        return line.be("boilerplate", "navigation", "other")
    if line.piece.tag == "figcaption" or _IMAGE.match(text):
        return line.be("repeat", "caption", "caption")
    if _ADDRESS.match(text):
        return line.be("boilerplate", "address", "other")
    phrase = said_by(words, text, terminal=line.terminal)
    if line.n <= 22:
        folded = fold(text)
        if is_date_line(folded, words):
            line.date = True
            return line.be("meta", "date", "dateline")
        if phrase is None or phrase.reason == "bio":
            if is_byline(text, words):
                return line.be("meta", "byline", "byline")
            if line.n <= 14 and _BREADCRUMB.match(text):
                return line.be("boilerplate", "breadcrumb", "other")
    if phrase is not None:
        if phrase.label == "related" or phrase.reason == "bio":
            line.hint = phrase.reason
        elif phrase.reason == "credit" and line.n > 6 and is_caption(text, words, terminal=line.terminal):
            return line.be("repeat", "caption", "caption")
        elif phrase.reason == "reading_time":
            line.date = line.n <= 22 and is_date_line(fold(text), words, loose=True)
            return (
                line.be("meta", "date", "dateline")
                if line.date
                else line.be("boilerplate", "reading_time", "other")
            )
        else:
            return line.be("boilerplate", phrase.reason, "other")
    elif is_caption(text, words, terminal=line.terminal):
        line.hint = "caption"
    if not line.hint and _BRACKETED.match(text) and line.n <= 40 and ("link" in line.hint or ":" in text):
        line.hint = "link"
    return None


def _find_prose(page: _Page) -> None:
    """The paragraphs that read as prose, the language of the page and the words it uses."""
    total = 0
    for line in page.lines:
        if line.label or line.hint in ("link", "end", "close", "caption"):
            continue
        stop = _stop_share(line)
        line.prose = (line.n >= 12 and line.terminal and stop >= 0.2) or (line.n >= 25 and stop >= 0.25)
        if line.prose:
            total += line.packed
    words = sum(line.n for line in page.lines if line.prose)
    page.language = language_of(total, words) if words else ""
    if not page.language:
        everything = sum((line.packed for line in page.lines), 0)
        page.language = language_of(everything, sum(line.n for line in page.lines))
    for index, line in enumerate(page.lines):
        if line.prose and line.language and page.language and line.language != page.language:
            line.prose = False
            line.hint = line.hint or "foreign"
        if line.prose:
            page.core.append(index)
    stop_words = function_words()
    for index, line in enumerate(page.lines):
        if line.n <= 400 or line.prose:
            line.stems = frozenset(w[:_STEM] for w in line.words if len(w) > 3 and w not in stop_words)
        if line.prose and line.hint != "bio" and (not page.core or index <= page.core[-1]):
            page.vocabulary.update(line.stems)


def _stop_share(line: _Line) -> float:
    """Function words of the line's likeliest language to words."""
    if not line.n:
        return 0.0
    packed, best = line.packed, 0
    for _ in LANGUAGES:
        best = max(best, packed & 0xFFFFF)
        packed >>= 20
    return best / line.n


def _shared(page: _Page, line: _Line) -> float:
    """Share of a line's content words that the article uses elsewhere."""
    if not line.stems:
        return 0.0
    own = 1 if line.prose and line.hint != "bio" else 0
    return sum(page.vocabulary[stem] > own for stem in line.stems) / len(line.stems)


def _sentences(line: _Line) -> int:
    return 1 + len(sentence_breaks().findall(line.text))


def _headline(line: _Line) -> bool:
    """Reads as the headline of something: some words, capital first, no full stop."""
    return (
        4 <= line.n <= 30
        and not _FULL_STOP.search(line.text)
        and not line.text.endswith((":", ",", ";"))
        and (line.text[:1].isupper() or line.text[:1].isdigit() or line.text[:1] in _QUOTE_OPEN + "¿¡[(#")
    )


# What repeats.


def _duplicates(page: _Page) -> None:
    """Lines that stand word for word in another one; `like` points to the other, nothing is decided yet."""
    seen: dict[str, int] = {}
    shingles: dict[tuple[str, ...], int] = {}
    lines = page.lines
    for index, line in enumerate(lines):
        if line.prose or (line.hint == "caption" and line.n >= 5):
            words = line.words
            for at in range(len(words) - _SHINGLE + 1):
                shingles.setdefault(tuple(words[at : at + _SHINGLE]), index)
    for index, line in enumerate(lines):
        if line.n < 3 or not line.key:
            continue
        if line.key in seen:
            line.like = seen[line.key]
            continue
        seen[line.key] = index
        size = line.n
        if size >= _SHINGLE:
            other = shingles.get(tuple(line.words[:_SHINGLE]), -1)
            if other >= 0 and other != index and lines[other].n > size and _inside(line, lines[other]):
                line.like = other
    for index, line in enumerate(lines):  # a caption said once with its credit and once without
        if line.hint == "caption" and line.like < 0 and 5 <= line.n <= 60:
            for other in (index - 2, index - 1, index + 1, index + 2):
                if (
                    0 <= other < len(lines)
                    and 4 <= lines[other].n < line.n
                    and f" {lines[other].key} " in f" {line.key} "
                ):
                    lines[other].like = index


def _inside(line: _Line, other: _Line) -> bool:
    first, size, words = line.words[0], line.n, other.words
    at = 0
    for _ in range(50):  # a first word repeated thousands of times is no reason to look on
        try:
            at = words.index(first, at)
        except ValueError:
            return False
        if words[at : at + size] == line.words:
            return True
        at += 1
    return False


# Where the article begins and ends.


def _bound(page: _Page) -> None:
    lines, core = page.lines, page.core
    page.first = core[0]
    page.last = _end(page)
    core[:] = [index for index in core if index <= page.last] or core[:1]
    page.last = core[-1]
    # A date, a byline or a row of buttons below the first paragraph: what stands above it is the subtitle.
    head_words = 0
    total = sum(lines[index].n for index in core)
    limit = min(page.first + _HEAD_LINES, len(lines))
    close = -1
    for index in range(page.first, limit):
        line = lines[index]
        if index in core and line.prose:
            head_words += line.n
            if head_words > 130 or head_words > 0.25 * total or line.n > 75:
                break
        elif line.reason in ("date", "byline") or _loose_date(line):
            close = index
    if close >= 0:
        rest = [index for index in core if index > close]
        above = [index for index in core if index < close]
        if len(rest) >= 2 and len(above) <= 3:
            page.first = rest[0]
            for index in above:
                lines[index].prose = False
                lines[index].be("meta", "subtitle", "subtitle")
            core[:] = rest
            return
    # An unfinished paragraph right below the headline is its subtitle.
    line = lines[page.first]
    above = lines[page.first - 1] if page.first else None
    if above is not None and len(core) > 2 and not line.terminal and _headline(above) and line.n <= 60:
        line.prose = False
        line.be("meta", "subtitle", "subtitle")
        core.pop(0)
        page.first = core[0]


def _loose_date(line: _Line) -> bool:
    if line.label or line.n > 22 or not line.n or line.prose:
        return False
    return is_date_line(fold(line.text), line.words, loose=True)


def _end(page: _Page) -> int:
    """The last paragraph of the article."""
    lines, core = page.lines, page.core
    end = len(lines)
    before = {index: place for place, index in enumerate(core)}
    total = sum(lines[i].n for i in core)
    said = 0
    for index, line in enumerate(lines):
        if index in before:
            said += line.n
        if not said or said < 0.2 * total:
            continue
        if not (
            line.hint in ("end", "close") or (line.label == "boilerplate" and line.reason == "comments_form")
        ):
            continue
        after = [i for i in core if i > index]
        soft = line.hint == "end"
        if soft and _goes_on(page, after, said):
            continue
        if not soft and said < 0.35 * total and len(after) > 3:
            continue
        end = index
        break
    kept = [i for i in core if i < end]
    kept = _without_bio(page, kept)
    kept = _without_teasers(page, kept)
    return kept[-1] if kept else core[0]


def _goes_on(page: _Page, after: list[int], said: int) -> bool:
    """Whether paragraphs after a marker still belong to this article."""
    good = [
        i
        for i in after
        if page.lines[i].n >= 25
        and page.lines[i].terminal
        and _shared(page, page.lines[i]) >= 0.3
        and page.lines[i].hint != "bio"
    ]
    return len(good) >= 2 and sum(page.lines[i].n for i in good) > 0.12 * said


def _without_bio(page: _Page, kept: list[int]) -> list[int]:
    while len(kept) > 1:
        line = page.lines[kept[-1]]
        quoted = any(sign in line.text for sign in '“«"')
        if line.hint == "bio" and line.n <= 110 and not quoted:
            line.be("boilerplate", "bio", "other")
            line.prose = False
            kept = kept[:-1]
            continue
        break
    return kept


def _without_teasers(page: _Page, kept: list[int]) -> list[int]:
    """Drop headline-and-summary pairs of other articles from the end."""
    lines = page.lines
    dropped: list[int] = []
    trial = list(kept)
    while len(trial) > 2:
        index = trial[-1]
        line = lines[index]
        above = index - 1
        while above > trial[-2] and (lines[above].label in ("boilerplate", "meta")):
            above -= 1
        head = above > trial[-2] and _headline(lines[above]) and lines[above].n >= 5
        if not (head and line.n <= 60 and _sentences(line) <= 3 and _shared(page, line) < 0.34):
            break
        if _shared(page, lines[above]) >= 0.5:
            break
        dropped.append(index)
        trial.pop()
    if len(dropped) >= 2:
        for index in dropped:
            lines[index].prose = False
        return trial
    return kept


# The head of the page.


def _head(page: _Page, stated: str) -> None:
    lines = page.lines
    stop = page.first
    page.title = _title(page, stop, stated)
    title = lines[page.title] if page.title >= 0 else None
    if title is not None:
        title.be("meta", "title", "title")
    dates = [i for i in range(stop) if lines[i].reason in ("date", "byline")]
    opening = _opening(page, stop)
    for index in range(stop):
        line = lines[index]
        if line is title or (line.label and line.label != "related"):
            continue
        before_title = title is not None and index < page.title
        if title is not None and line.key and (line.key == title.key or _same_title(line, title)):
            line.like = page.title
            if line.key == title.key:
                line.be("repeat", "repeated_title")
            else:
                line.be("meta", "title_variant", "title")
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif line.n <= 22 and is_date_line(fold(line.text), line.words, loose=True):
            line.date = True
            line.be("meta", "date", "dateline")
        elif line.hint in ("link", "end", "foreign"):
            line.be("related", "link")
        elif line.hint == "close":
            line.be("boilerplate", "before_title", "other")
        elif index >= opening and not before_title:
            line.be(
                "body", "heading" if line.role == "heading" or not line.terminal else "paragraph", "heading"
            )
        elif before_title:
            if line.like >= 0 and line.n >= 5:
                line.be("repeat", "duplicate")
            else:
                line.be("boilerplate", "before_title", "other")
        elif line.like >= 0 and line.n >= 5 and line.like > index and lines[line.like].prose:
            line.be("meta", "subtitle", "subtitle")
        elif line.n >= 7 and not (line.like >= 0 and line.like < index):
            line.be("meta", "subtitle", "subtitle")
        elif is_name(line.text) and any(abs(index - i) <= 3 for i in [*dates, page.title]):
            line.be("meta", "byline", "byline")
        elif line.like >= 0 and line.n >= 5:
            line.be("repeat", "duplicate")
        else:
            line.be("boilerplate", "before_body", "other")


def _opening(page: _Page, stop: int) -> int:
    """Index from which the lines right above the first paragraph already are the article: a first section heading."""
    lines = page.lines
    at = stop
    while at > 0:
        line = lines[at - 1]
        if line.label or line.hint or at - 1 == page.title:
            break
        named = tuple(line.words) in heads().headings or (
            line.piece.marker == "heading" and page.title >= 0 and page.title < at - 1
        )
        short_body = (
            line.terminal
            and line.n >= 5
            and _stop_share(line) >= 0.15
            and _FULL_STOP.search(line.text) is not None
        )
        if named or (short_body and page.title >= 0 and at - 1 > page.title + 1):
            at -= 1
            continue
        break
    return at


def _same_title(line: _Line, title: _Line) -> bool:
    if line.n < 4 or title.n < 4 or line.terminal != title.terminal:
        return (
            line.n >= 4
            and title.n >= 4
            and (f" {title.key} " in f" {line.key} " or f" {line.key} " in f" {title.key} ")
        )
    if not line.stems or not title.stems:
        return False
    return (
        len(line.stems & title.stems) >= 0.75 * min(len(line.stems), len(title.stems))
        and min(len(line.stems), len(title.stems)) >= 3
    )


def _title(page: _Page, stop: int, stated: str) -> int:
    """The line that is the title, -1 when the page shows none."""
    lines = page.lines
    counts = Counter(line.key for line in lines[: stop + 1] if line.key)
    wanted = " ".join(words_of(stated))
    best, best_score = -1, 0.0
    for index in range(stop):
        line = lines[index]
        if line.label or line.hint in ("caption", "end", "close", "foreign") or not line.n or line.n > 40:
            continue
        score = 2.5 * _shared(page, line) + min(line.n, 10) / 10
        if wanted and line.key and (line.key == wanted or (line.n >= 4 and line.key in wanted)):
            score += 4
        if line.piece.tag == "h1" or (line.piece.marker == "heading" and line.text):
            score += 2
        if line.n < 3:
            score -= 1.2
        if _FULL_STOP.search(line.text):
            score -= 1.5
        if line.n > 25:
            score -= 0.8
        if line.role == "item" and not line.piece.tag:
            score -= 1.2
        if counts[line.key] > 1:
            score += 0.4
        score -= min(0.04 * (stop - index), 0.8)
        # Of two lines that both would do, the upper one is the title and the lower one its subtitle.
        if best >= 0 and index - best <= 3 and not page.lines[best].terminal and score < best_score + 0.7:
            continue
        if score > best_score:
            best, best_score = index, score
    return best if best_score >= 0.9 else -1


# Between the first paragraph and the last.


def _middle(page: _Page) -> None:
    lines = page.lines
    title_keys = {
        line.key
        for line in lines[: page.first]
        if line.reason in ("title", "title_variant", "repeated_title")
    }
    loners = [
        i
        for i in range(page.first, page.last)
        if not lines[i].label and not lines[i].prose and _headline(lines[i]) and lines[i].role != "item"
    ]
    after_link = False
    for index in range(page.first, page.last + 1):
        line = lines[index]
        pending, after_link = after_link, False
        if line.label:
            if line.date and 0 < index and line.role == "dateline" and _is_section(page, index):
                line.be("body", "heading", "heading")
            continue
        if line.prose:
            if _pull_quote(page, index):
                line.be("repeat", "pull_quote", "quote")
            elif line.like >= 0 and lines[line.like].label != "repeat" and line.like != page.title:
                line.be("repeat", "duplicate")
            else:
                line.be("body", "paragraph")
        elif line.key and line.key in title_keys and line.n >= 3:
            line.like = page.title
            line.be("repeat", "repeated_title")
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif line.like >= 0 and line.n >= 5:
            line.be("repeat", "pull_quote" if lines[line.like].prose else "duplicate", "quote")
        elif line.hint == "foreign":
            foreign_prose = line.n >= 25 and line.terminal and not pending
            line.be(*(("body", "paragraph") if foreign_prose else ("related", "other_language")))
        elif line.hint in ("link", "end"):
            if _heads_prose(page, index) and not line.text.endswith(":"):
                line.be("body", "heading", "heading")
            else:
                line.be("related", "link")
                after_link = line.n <= 5
        elif pending and _headline(line):
            line.be("related", "after_link")
            after_link = line.role == "item"
        elif (
            line.language
            and page.language
            and line.language != page.language
            and line.n >= 6
            and _headline(line)
        ):
            line.be("related", "other_language")
        elif index in loners and _is_teaser(page, index, len(loners)):
            line.be("related", "other_headline")
        elif line.hint == "close" and line.n <= 3:
            line.be("boilerplate", "label", "other")
        else:
            _short_body(page, index)


def _short_body(page: _Page, index: int) -> None:
    line = page.lines[index]
    if line.role == "item":
        line.be("body", "list_item")
    elif line.terminal or line.text.endswith((":", ",", ";")):
        line.be("body", "short_paragraph")
    elif _follows_quote(page, index):
        line.be("body", "attribution", "other")
    elif line.role == "quote":
        line.be("body", "paragraph")
    else:
        line.be("body", "heading", "heading")


def _is_section(page: _Page, index: int) -> bool:
    """A date line inside a chronicle is a heading of it."""
    inside = sum(1 for i in range(page.first, page.last) if page.lines[i].date)
    return inside >= 2 and _heads_prose(page, index)


def _heads_prose(page: _Page, index: int) -> bool:
    following = index + 1
    return (
        following < len(page.lines)
        and page.lines[following].prose
        and page.lines[index].hint == "end"
        and _shared(page, page.lines[index]) >= 0.5
    )


def _pull_quote(page: _Page, index: int) -> bool:
    """The paragraph stands word for word inside a longer one."""
    line = page.lines[index]
    return line.like >= 0 and page.lines[line.like].prose and page.lines[line.like].n > line.n


def _follows_quote(page: _Page, index: int) -> bool:
    above = page.lines[index - 1] if index else None
    if above is None or page.lines[index].n > 16:
        return False
    return above.role == "quote" or above.text[:1] in '"“«[(' or above.text[-1:] in '"”»'


def _is_teaser(page: _Page, index: int, rivals: int) -> bool:
    """A headline in the middle of the text that is none of this article's: it shares no words with it and stands alone."""
    line = page.lines[index]
    if line.n < 7 or line.text.endswith(":") or _follows_quote(page, index):
        return False
    if line.piece.marker == "heading" or line.piece.tag in {"h2", "h3", "h4"}:
        return False
    shared = _shared(page, line)
    following = next((page.lines[i] for i in range(index + 1, page.last + 1) if page.lines[i].prose), None)
    if following is not None and len(line.stems & following.stems) >= 2:
        return False
    return shared < (0.34 if rivals <= 2 else 0.2)


# After the last paragraph.


def _tail(page: _Page) -> None:
    lines = page.lines
    title_keys = {
        line.key
        for line in lines[: page.first]
        if line.reason in ("title", "title_variant", "repeated_title")
    }
    title_key = lines[page.title].key if page.title >= 0 else ""
    still_body = True  # short lines right below the last paragraph may still belong to it
    related = False
    seen_headlines = 0
    for index in range(page.last + 1, len(lines)):
        line = lines[index]
        if line.label:
            if line.label == "boilerplate" and line.reason != "rule":
                still_body = still_body and line.reason in ("advert", "share")
                if line.reason in ("rights", "comments_form", "cookies"):
                    related = related and seen_headlines > 2
            elif related and line.label == "meta":
                line.be("related", "after_end")
            else:
                still_body = still_body and line.label != "meta"
            continue
        if line.key and line.key in title_keys and (line.n >= 3 or line.key == title_key):
            line.like = page.title
            line.be("repeat", "repeated_title")
            still_body = False
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif line.hint in ("end", "link"):
            related, still_body = True, False
            line.be("related", "end_marker" if line.hint == "end" else "link")
        elif line.hint == "close":
            still_body = False
            related = _labels_topics(line) or related
            line.be("boilerplate", "label", "other")
        elif line.hint == "bio" and line.n <= 130:
            still_body = False
            line.be("boilerplate", "bio", "other")
        elif still_body and _still_body(page, index):
            continue
        elif line.hint == "foreign" or (
            line.language and page.language and line.language != page.language and line.n >= 5
        ):
            still_body = False
            line.be("related", "other_language")
        elif line.like >= 0 and line.n >= 5 and lines[line.like].label == "body":
            line.be("repeat", "duplicate")
        elif related:
            line.be("related", "after_end")
        elif _headline(line) and line.n >= 5:
            still_body = False
            seen_headlines += 1
            line.be("related", "other_headline")
        elif line.n >= 12:
            still_body = False
            line.be("related", "after_end")
        else:
            still_body = False
            line.be("boilerplate", "after_body", "other")


def _labels_topics(line: _Line) -> bool:
    return line.words[0] in ("topics", "temas", "tags", "etiquetas")


def _still_body(page: _Page, index: int) -> bool:
    """A list item or a short closing sentence right after the article's last long paragraph."""
    line, above = page.lines[index], page.lines[index - 1]
    if line.like >= 0 and line.n >= 5:
        return False
    if line.role == "item" and (above.role == "item" or above.text.endswith(":")) and above.label == "body":
        line.be("body", "list_item")
        return True
    if above.label == "body" and _follows_quote(page, index) and is_name(line.text.split(",")[0]):
        line.be("body", "attribution", "other")
        return True
    if (
        line.text.endswith(":")
        and line.n >= 3
        and index + 1 < len(page.lines)
        and page.lines[index + 1].role == "item"
    ):
        line.be("body", "short_paragraph")
        return True
    if (
        line.terminal
        and line.n >= 3
        and _stop_share(line) >= 0.15
        and (line.n >= 6 or not line.piece.gap or _shared(page, line) > 0)
    ):
        line.be("body", "short_paragraph")
        return True
    return False


# Pages without a paragraph of prose: a sentence, a list, a note.


def _without_prose(page: _Page, stated: str) -> None:
    lines = page.lines
    wanted = " ".join(words_of(stated))
    open_lines = [line for line in lines if not line.label]
    sentences = any(line.terminal and line.n >= 4 for line in open_lines)
    ended = False
    for index, line in enumerate(lines):
        if line.label:
            continue
        ended = ended or line.hint in ("end", "close")
        first = line is open_lines[0]
        if ended or line.hint == "link":
            line.be("related", "link" if line.hint == "link" else "after_end")
        elif line.hint == "caption" and len(open_lines) > 1:
            line.be("repeat", "caption", "caption")
        elif line.like >= 0 and line.like != index and line.n >= 4:
            line.be("repeat", "duplicate")
        elif (wanted and line.key == wanted) or (
            first and sentences and not line.terminal and _headline(line) and len(open_lines) > 1
        ):
            page.title = index
            line.be("meta", "title", "title")
        elif line.n >= 4 or line.role == "item" or len(open_lines) <= 3:
            line.be("body", "list_item" if line.role == "item" else "short_paragraph")
        else:
            line.be("boilerplate", "fragment", "other")
