"""Statements: what a page says, who says it, how firmly and by when."""

from __future__ import annotations

from dataclasses import dataclass

from careo.base.dates import Period

KINDS = ("figure", "pledge", "request", "causal_claim", "position")
HEDGES = ("none", "at least", "about", "at most", "possible")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a figure counts.

    Attributes:
        value, low, high: in `unit`; low and high are equal to value unless a range was written.
        unit: "persons", "deaths"…: the published unit names (data/languages/*.yaml `units`); shares in [0, 1].
        noun: the words that say what is counted ("murders", "víctimas de homicidio doloso").
        digits, step: as `careo.base.numbers.Number`.
        change: "" or "up"/"down"/"change": the figure is a change ("up by 15%"), not a level.
        every: "" or "year", "month", "week", "day": a rhythm ("35,000 a year").
        against: the period a change is measured against ("from 2017"); None when not said.
        of: for a share, the words after "of" ("of the strategy"); "" when nobody says of what.
    """

    value: float
    low: float
    high: float
    unit: str
    noun: str = ""
    digits: int = 0
    step: float = 0.0
    change: str = ""
    every: str = ""
    of: str = ""
    against: Period | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing a page says.

    Attributes:
        source: key of the document. start, end: characters of `Document.text`; quote: those characters.
        kind: one of KINDS.
        actor: who says or pledges it, through reported speech and quotes; "" when only the page itself does.
        hedge: one of HEDGES; hedge_words: as written.
        deadline: the deadline or horizon as written; due: resolved, None when it cannot be.
        condition: "as long as …", "if …", as written.
        quantity: for figures. period: what the figure is about. period_form: DateMention.form that gave it, or "page" when only
            the date of the page gives it.
        promised: True for a figure that somebody promises or sets as a goal, not one that is reported.
        place: code of the place it is about, "" before it is linked to a country. indicator: id that its words name best,
            concept: what is counted, whoever counts it; weak: True when only words farther off say so; naming: ids and
            measures that the words name. All filled when linked to a country (results/linking.py).
        sentence: (start, end) of the sentence in `Document.text`; claim: that sentence, white space folded.
        block: index of the block in `Document.blocks`.
        said: day on which it was said (on an undated page the earliest it can have been) as ISO text, "" when unknown.
        language: of the sentence.
    """

    source: str
    kind: str
    start: int
    end: int
    quote: str
    actor: str = ""
    hedge: str = "none"
    hedge_words: str = ""
    deadline: str = ""
    due: Period | None = None
    condition: str = ""
    quantity: Quantity | None = None
    period: Period | None = None
    period_form: str = ""
    promised: bool = False
    place: str = ""
    indicator: str = ""
    concept: str = ""
    weak: bool = False
    naming: tuple[str, ...] = ()
    claim: str = ""
    sentence: tuple[int, int] = (0, 0)
    block: int = -1
    said: str = ""
    language: str = "en"
