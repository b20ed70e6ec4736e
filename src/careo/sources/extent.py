"""Where the article begins and ends among the lines of a page."""

from __future__ import annotations

from careo.sources.furniture import is_date_line
from careo.sources.marks import FULL_STOP, Line, Sheet, is_headline, sentences, shared, stop_share

_HEAD_LINES = 12  # how far below the first paragraph a date line still closes the head of the page
_CLOSING = frozenset(("comments_form", "credit", "rights", "donate"))


def bound(page: Sheet) -> None:
    """Set `first`, `last` and `core` to the article; what stands above its date line becomes the subtitle."""
    lines, core = page.lines, page.core
    page.first = core[0]
    page.last = _end(page)
    core[:] = [index for index in core if index <= page.last] or core[:1]
    _leave_subtitle(page)
    page.last = max(page.last, core[-1])
    for index, line in enumerate(lines):
        if line.prose and (index > page.last or index < page.first):
            line.prose = False


def _leave_subtitle(page: Sheet) -> None:
    """A date, a byline or a row of buttons below the first paragraph: what stands above it is the subtitle."""
    lines, core = page.lines, page.core
    words_above = 0
    total = sum(lines[index].n for index in core)
    close = -1
    inside = set(core)
    for index in range(page.first, min(page.first + _HEAD_LINES, len(lines))):
        line = lines[index]
        if index in inside:
            words_above += line.n
            if words_above > 130 or words_above > 0.25 * total or line.n > 75:
                break
        elif line.reason in ("date", "byline") or _loose_date(line):
            close = index
    above = [index for index in core if index < close]
    if close >= 0 and len(core) - len(above) >= 2 and len(above) <= 3:
        for index in above:
            lines[index].prose = False
            lines[index].be("meta", "subtitle", "subtitle")
        core[:] = core[len(above) :]
        page.first = core[0]
        return
    # An unfinished paragraph right below the headline is its subtitle too.
    line = lines[page.first]
    upper = lines[page.first - 1] if page.first else None
    if upper is not None and len(core) > 2 and not line.terminal and is_headline(upper) and line.n <= 60:
        line.prose = False
        line.be("meta", "subtitle", "subtitle")
        core.pop(0)
        page.first = core[0]


def _loose_date(line: Line) -> bool:
    if line.label or line.n > 22 or not line.n or line.prose or line.role == "item" or line.terminal:
        return False
    return is_date_line(line.text, line.words, loose=True)


def _end(page: Sheet) -> int:
    """The last line of the article."""
    lines, core = page.lines, page.core
    end = len(lines)
    inside = set(core)
    total = sum(lines[i].n for i in core)
    said = 0
    for index, line in enumerate(lines):
        if index in inside:
            said += line.n
        if not said or said < 0.2 * total:
            continue
        closing = line.label == "boilerplate" and line.reason in _CLOSING
        if not (line.hint in ("end", "close") or closing):
            continue
        after = [i for i in core if i > index]
        if line.hint == "close" or line.reason == "comments_form":
            if said < 0.35 * total and len(after) > 3:
                continue
        elif (closing and said < 0.5 * total) or _goes_on(page, index, after, said):
            continue
        end = index
        break
    kept = _without_bio(page, [i for i in core if i < end])
    kept = _without_teasers(page, kept)
    return _closing_sentences(page, kept[-1], end) if kept else core[0]


def _goes_on(page: Sheet, marker: int, after: list[int], said: int) -> bool:
    """Whether paragraphs after a marker still belong to this article."""
    lines = page.lines
    good = [
        i
        for i in after[:200]
        if lines[i].n >= 20 and lines[i].terminal and lines[i].hint != "bio" and shared(page, lines[i]) >= 0.3
    ]
    if len(good) >= 2 and sum(lines[i].n for i in good) > 0.12 * said:
        return True
    return any(i <= marker + 5 and shared(page, lines[i]) >= 0.4 for i in good)


def _without_bio(page: Sheet, kept: list[int]) -> list[int]:
    while len(kept) > 1:
        line = page.lines[kept[-1]]
        quoted = any(sign in line.text for sign in '“«"')
        if line.hint != "bio" or line.n > 110 or quoted:
            break
        line.be("boilerplate", "bio", "other")
        line.prose = False
        kept = kept[:-1]
    return kept


def _without_teasers(page: Sheet, kept: list[int]) -> list[int]:
    """Drop headline-and-summary pairs of other articles from the end."""
    lines = page.lines
    trial = list(kept)
    while len(trial) > 2:
        index = trial[-1]
        line = lines[index]
        above = index - 1
        while above > trial[-2] and lines[above].label in ("boilerplate", "meta"):
            above -= 1
        headed = above > trial[-2] and is_headline(lines[above]) and lines[above].n >= 5
        if (
            not headed
            or line.n > 60
            or sentences(line) > 3
            or shared(page, line) >= 0.34
            or shared(page, lines[above]) >= 0.5
        ):
            break
        trial.pop()
    if len(kept) - len(trial) >= 2:
        for index in kept[len(trial) :]:
            lines[index].prose = False
        return trial
    return kept


def _closing_sentences(page: Sheet, last: int, end: int) -> int:
    """Short sentences, list items and questions right below the last paragraph still belong to the article."""
    lines = page.lines
    passed = 0
    for index in range(last + 1, end):
        line, above = lines[index], lines[last]
        if not line.words:
            break  # a rule of dashes or stars closes the article
        if line.label or line.hint or line.like >= 0:
            passed += (
                line.label != "repeat" and line.hint != "caption" and line.reason not in ("advert", "rule")
            )
        elif _continues(line, above, adjacent=index == last + 1):
            last = index
            continue
        else:
            passed += 1
        if passed > 3:
            break
    return last


def _continues(line: Line, above: Line, *, adjacent: bool) -> bool:
    if FULL_STOP.search(line.text) and line.n >= 4 and stop_share(line) >= 0.12:
        return not line.text.endswith(("...", "…")) or line.n >= 12
    if not adjacent:
        return False
    if FULL_STOP.search(line.text):
        return line.n >= 2  # "Muchas gracias."
    if line.text.endswith(("?", "!")):
        return above.text.endswith(("?", "!", ":")) or line.n <= 12
    if line.text.endswith(":"):
        return line.n >= 3
    return above.text.endswith(":") or (line.role == "item" and above.role == "item")
