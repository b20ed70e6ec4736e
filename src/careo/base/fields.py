"""What the fields of files that people write may be: text in languages, dates of any precision, how a thing was verified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from careo.base.dates import parse_period
from careo.base.texts import LANGUAGES
from careo.base.yaml_files import refuse

CLOSED = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Configuration of a noun that a file describes: a key it does not know is a mistake, as is a number that is none."""


def _words(value: Mapping[str, str]) -> Mapping[str, str]:
    if not any(value.get(language, "").strip() for language in LANGUAGES) or set(value) - set(LANGUAGES):
        raise refuse("file_words")
    return value


def _date(value: object) -> str:
    text = str(value)
    try:
        period = parse_period(text)
    except ValueError:
        period = None
    if period is None or "/" in text or period.first is None or period.last is None:
        raise refuse("file_date", expected="2018 | 2018-11 | 2018-11-14")
    return text


def _period(value: object) -> str:
    text = str(value)
    try:
        parse_period(text)
    except ValueError:
        raise refuse("file_period", expected="2019 | 2008/2010 | 2013-02/2016-07 | 2019/..") from None
    return text


Words = Annotated[Mapping[str, str], AfterValidator(_words)]
"""One text in English ("en"), Spanish ("es") or both."""

DateText = Annotated[str, BeforeValidator(_date)]
"""A day, a month or a year: "2018-11-14", "2018-11", "2018"."""

PeriodText = Annotated[str, BeforeValidator(_period)]
"""A period as `str(Period)` writes it: "2019", "2008/2010", "2013-02/2016-07"."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""The name of a thing in files and commands."""

Verified = Literal["read", "excerpt", "memory"]
"""How somebody saw it in the source: read there, seen in an excerpt, recalled and not checked."""


def worded(words: Mapping[str, str] | None, language: str) -> str:
    """The text in a language, or in the other one; "" for none."""
    if not words:
        return ""
    return words.get(language) or next((words[other] for other in LANGUAGES if words.get(other)), "")


def first_day(text: str) -> date:
    """The first day that a `DateText` can mean."""
    return _bounds(text)[0]


def last_day(text: str) -> date:
    """The last day that a `DateText` can mean: what is dated by month or year counts as known from then."""
    return _bounds(text)[1]


def _bounds(text: str) -> tuple[date, date]:
    period = parse_period(text)
    assert period.first is not None  # noqa: S101 - `_date` refused open periods
    assert period.last is not None  # noqa: S101
    return period.first, period.last
