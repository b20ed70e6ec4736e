"""Labels by place: the head above the article, the lines between its paragraphs, the tail below it."""

from __future__ import annotations

from collections import Counter

from careo.sources.furniture import heads, is_date_line, is_name
from careo.sources.language import words_of
from careo.sources.marks import FULL_STOP, Line, Sheet, follows_quote, is_headline, shared, stop_share


def place_head(page: Sheet, stated: str) -> None:
    """Label everything above the first paragraph; `stated` is the title that mark-up gives."""
    lines = page.lines
    stop = page.first
    page.title = _title(page, stop, stated)
    title = lines[page.title] if page.title >= 0 else None
    if title is not None:
        title.be("meta", "title", "title")
    dates = [i for i in range(stop) if lines[i].reason in ("date", "byline")]
    opening = _opening(page, stop, dates)
    near = {i + d for i in [*dates, page.title] for d in range(-3, 4)}
    for index in range(stop):
        line = lines[index]
        if line is title or line.label:
            continue
        before_title = title is not None and index < page.title
        if title is not None and _same_title(line, title):
            line.like = page.title
            if line.key == title.key:
                line.be("repeat", "repeated_title")
            else:
                line.be("meta", "title_variant", "title")
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif index >= opening and not before_title:
            body_line(page, index)
        elif line.n <= 22 and is_date_line(line.text, line.words, loose=True):
            line.date = True
            line.be("meta", "date", "dateline")
        elif line.hint in ("link", "end", "foreign"):
            line.be("related", "link")
        elif line.hint == "close":
            line.be("boilerplate", "before_title", "other")
        elif before_title:
            repeated = line.like >= 0 and line.n >= 5
            line.be(*(("repeat", "duplicate") if repeated else ("boilerplate", "before_title", "other")))
        elif line.n >= 7 and (line.like < 0 or line.like > index):
            line.be("meta", "subtitle", "subtitle")
        elif is_name(line.text) and index in near:
            line.be("meta", "byline", "byline")
        elif line.like >= 0 and line.n >= 5:
            line.be("repeat", "duplicate")
        else:
            line.be("boilerplate", "before_body", "other")


def _opening(page: Sheet, stop: int, dates: list[int]) -> int:
    """Index from which the lines right above the first paragraph already are the article: a heading, a list, a sentence."""
    lines = page.lines
    floor = max([page.title, *dates])
    at = stop
    while at - 1 > page.title >= 0:
        line = lines[at - 1]
        if line.label or line.hint:
            break
        named = (
            tuple(line.words) in heads().headings
            or line.piece.marker == "heading"
            or line.piece.tag in ("h2", "h3")
        )
        listed = line.role == "item" and line.n >= 3 and at - 1 > floor
        sentence = (
            line.n >= 5
            and stop_share(line) >= 0.15
            and bool(FULL_STOP.search(line.text))
            and (at - 1 > page.title + 1 or at - 1 > floor)
        )
        if not (named or listed or sentence):
            break
        at -= 1
    return at


def _same_title(line: Line, title: Line) -> bool:
    if not line.key or not title.key:
        return False
    if line.key == title.key:
        return True
    if line.n < 4 or title.n < 4:
        return False
    if f" {title.key} " in f" {line.key} " or f" {line.key} " in f" {title.key} ":
        return line.n <= 2.5 * title.n
    fewer = min(len(line.stems), len(title.stems))
    return fewer >= 3 and not line.terminal and len(line.stems & title.stems) >= 0.75 * fewer


def _title(page: Sheet, stop: int, stated: str) -> int:
    """The line that is the title, -1 when the page shows none."""
    lines = page.lines
    counts = Counter(line.key for line in lines[: stop + 1] if line.key)
    wanted = " ".join(words_of(stated))
    alone = sum(not line.label for line in lines[:stop]) == 1
    best, best_score = -1, 0.0
    for index in range(max(0, stop - 200), stop):
        line = lines[index]
        if line.label or line.hint in ("caption", "end", "close", "foreign") or not line.n or line.n > 40:
            continue
        score = _like_title(page, line) + (0.4 if counts[line.key] > 1 else 0.0)
        if wanted and line.key and (line.key == wanted or (line.n >= 4 and line.key in wanted)):
            score += 4
        below = lines[index + 1] if index + 1 < stop else None
        if below is not None and (below.label == "meta" or is_name(below.text)):
            score += 0.4  # a byline or a date right below
        if any(lines[i].label == "meta" for i in range(index + 1, min(index + 5, stop))):
            score += 0.5
        if alone and line.n == 2 and shared(page, line):
            score += 0.5  # "Guard numbers": two words of the article, and nothing else above it
        score -= min(0.04 * (stop - index), 0.8)
        # Of two lines that both would do, the upper one is the title and the lower one its subtitle.
        if best >= 0 and index - best <= 3 and lines[best].n >= 3 and not FULL_STOP.search(lines[best].text):
            dated = any(
                lines[i].date for i in range(best, index)
            )  # but above a date stands the name of the site
            margin = 1.2 if index - best == 1 else 0.7
            if line.n > 1.5 * lines[best].n and line.n >= 12:
                margin += 0.5  # a subtitle says more, so it shares more with the article
            if not dated and score < best_score + margin:
                continue
        if score > best_score:
            best, best_score = index, score
    if best_score < 0.3:
        return -1
    key = lines[best].key
    return next(
        i for i in range(best + 1) if i == best or (key and lines[i].key == key and not lines[i].label)
    )


def _like_title(page: Sheet, line: Line) -> float:
    score = 2.5 * shared(page, line) * min(line.n, 6) / 6 + min(line.n, 10) / 10
    if line.piece.tag == "h1" or line.piece.marker == "heading":
        score += 2
    if line.n < 3:
        score -= 1.2
    if FULL_STOP.search(line.text):
        score -= 1.5
    if line.n > 25:
        score -= 0.8
    if line.text.isupper() and line.n <= 4:
        score -= 0.6
    if line.role == "item" and not line.piece.tag:
        score -= 1.2
    return score


def place_middle(page: Sheet) -> None:
    """Label everything between the first line of the article and its last."""
    lines = page.lines
    titles = title_keys(page)
    span = range(page.first, page.last + 1)
    rivals = {
        i
        for i in span
        if not lines[i].label and not lines[i].prose and lines[i].role != "item" and is_headline(lines[i])
    }
    following = _next_prose(page)
    dates = sum(1 for i in span if lines[i].date)
    after_link = False
    for index in span:
        line = lines[index]
        pending, after_link = after_link, False
        if line.label:
            below = lines[index + 1] if index < page.last else None
            if line.date and dates >= 2 and below is not None and below.prose:
                line.be("body", "heading", "heading")  # a date inside a chronicle
            continue
        if line.prose:
            _place_prose(page, index)
        elif line.key and line.key in titles and line.n >= 3:
            line.like = page.title
            line.be("repeat", "repeated_title")
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif line.like >= 0 and line.n >= 5:
            line.be("repeat", "pull_quote" if lines[line.like].prose else "duplicate", "quote")
        elif line.hint == "foreign":
            prose = line.n >= 25 and line.terminal and not pending
            line.be(*(("body", "paragraph") if prose else ("related", "other_language")))
        elif line.hint in ("link", "end"):
            below = lines[index + 1] if index < page.last else None
            if line.hint == "end" and below is not None and below.prose and shared(page, line) >= 0.5:
                line.be("body", "heading", "heading")
            else:
                line.be("related", "link")
                after_link = line.n <= 5
        elif pending and is_headline(line):
            line.be("related", "after_link")
            after_link = True
        elif (
            line.language
            and page.language
            and line.language != page.language
            and line.n >= 6
            and is_headline(line)
        ):
            line.be("related", "other_language")
        elif index in rivals and _is_teaser(page, index, len(rivals), following.get(index)):
            line.be("related", "other_headline")
        elif line.hint == "close" and line.n <= 3:
            line.be("boilerplate", "label", "other")
        else:
            body_line(page, index)


def _place_prose(page: Sheet, index: int) -> None:
    line = page.lines[index]
    other = page.lines[line.like] if line.like >= 0 else None
    if other is not None and other.prose and other.n > line.n:
        line.be("repeat", "pull_quote", "quote")  # word for word inside a longer paragraph
    elif other is not None and line.like < index and other.label == "body":
        line.be("repeat", "duplicate")
    else:
        line.be("body", "paragraph")


def body_line(page: Sheet, index: int) -> None:
    """Label a short line of the article."""
    line = page.lines[index]
    if line.role == "item":
        line.be("body", "list_item")
    elif line.terminal or line.text.endswith((":", ",", ";")):
        line.be("body", "short_paragraph")
    elif follows_quote(page, index):
        line.be("body", "attribution", "other")
    elif line.role == "quote":
        line.be("body", "paragraph")
    elif line.n <= 4 and line.text[:1].islower() and not line.piece.marker:
        line.be("boilerplate", "fragment", "other")
    else:
        line.be("body", "heading", "heading")


def _next_prose(page: Sheet) -> dict[int, Line]:
    below: dict[int, Line] = {}
    found: Line | None = None
    for index in range(page.last, page.first - 1, -1):
        if found is not None:
            below[index] = found
        if page.lines[index].prose:
            found = page.lines[index]
    return below


def _is_teaser(page: Sheet, index: int, rivals: int, following: Line | None) -> bool:
    """A headline in the middle of the text that is none of this article's: it shares no words with it and stands alone."""
    line = page.lines[index]
    if (
        line.n < 7
        or line.piece.marker == "heading"
        or line.piece.tag in ("h2", "h3", "h4")
        or follows_quote(page, index)
    ):
        return False
    if line.text.endswith("?") and page.lines[index - 1].text.endswith(("?", ":")):
        return False
    if following is not None and len(line.stems & following.stems) >= 2:
        return False
    return shared(page, line) < (0.34 if rivals <= 2 else 0.2)


def title_keys(page: Sheet) -> set[str]:
    """The wordings under which the head of the page shows its title."""
    return {
        line.key
        for line in page.lines[: page.first]
        if line.key and line.reason in ("title", "title_variant", "repeated_title")
    }


def place_tail(page: Sheet) -> None:
    """Label everything below the last line of the article."""
    lines = page.lines
    titles = title_keys(page)
    zone = "after"  # then "related" below a list of other articles, "comments" below the readers' corner
    for index in range(page.last + 1, len(lines)):
        line = lines[index]
        if line.label:
            if line.reason == "comments_form":
                zone = "comments"
            elif line.label == "meta" and zone != "after":
                line.be(
                    *(("related", "after_end") if zone == "related" else ("boilerplate", "comments", "other"))
                )
            continue
        if line.key in titles and (line.n >= 3 or line.key == lines[page.title].key):
            line.like = page.title
            line.be("repeat", "repeated_title")
        elif line.hint == "caption" or (line.like >= 0 and lines[line.like].hint == "caption"):
            line.be("repeat", "caption", "caption")
        elif line.hint in ("end", "link"):
            zone = "related"
            line.be("related", "end_marker" if line.hint == "end" else "link")
        elif line.hint == "close":
            zone = "related" if line.words[0] in ("topics", "temas", "tags", "etiquetas") else "comments"
            line.be("boilerplate", "label", "other")
        elif line.hint == "bio" and line.n <= 130:
            line.be("boilerplate", "bio", "other")
        elif zone == "comments":
            line.be("boilerplate", "comments", "other")
        elif line.hint == "foreign" or (
            line.language and page.language and line.language != page.language and line.n >= 5
        ):
            line.be("related", "other_language")
        elif line.like >= 0 and line.n >= 5 and lines[line.like].label == "body":
            line.be("repeat", "duplicate")
        elif zone == "related":
            line.be("related", "after_end")
        elif index == page.last + 1 and follows_quote(page, index) and is_name(line.text.split(",")[0]):
            line.be("body", "attribution", "other")
        elif is_headline(line) and line.n >= 5:
            line.be("related", "other_headline")
        elif line.n >= 12:
            line.be("related", "after_end")
        else:
            line.be("boilerplate", "after_body", "other")
