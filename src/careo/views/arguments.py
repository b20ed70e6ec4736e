"""What is written after an option, read; a mistake is one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from careo.base.errors import CareoError


def whole(option: str, text: str, otherwise: int, most: int, least: int = 1) -> int:
    """A whole number within bounds; `otherwise` when nothing was given."""
    if not text:
        return otherwise
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise CareoError("usage_value", expected=f"{least} … {most}", found=repr(text), option=option)
    return value


def one_of(option: str, text: str, known: Sequence[str]) -> str:
    """One of what is known, or nothing."""
    if text and text not in known:
        raise CareoError("usage_value", expected=" | ".join(known), found=repr(text), option=option)
    return text


def outcomes(text: str) -> tuple[str, ...]:
    """Names of outcomes: all when nothing was given, none for "none"."""
    from careo.model.mechanisms import OUTCOMES

    return OUTCOMES if not text else () if text == "none" else tuple(part.strip() for part in text.split(","))


def positive(option: str, text: str) -> float | None:
    """A number from 1 to a hundred million, or nothing."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= 1e8:
        raise CareoError("usage_value", expected="1 … 100000000", found=repr(text), option=option)
    return value


def month(option: str, text: str) -> date | None:
    """The first day of a month, or nothing."""
    if not text:
        return None
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError as error:
        raise CareoError("usage_date", where=option, expected="2027-01", found=repr(text)) from error
