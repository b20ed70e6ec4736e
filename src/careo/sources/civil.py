"""Times on the clock of a country and money in cents, as `careo.sources.releases` keeps them; made to be quick.

Civil seconds: seconds since 1970-01-01T00:00 on the clock of the publisher's country, whatever its zone did since, so that the
calendar day is `time // 86400`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

DAY = 86400
LARGEST = 10**15
"""Amounts beyond it are no money of anybody [whole units]."""

FIRST_YEAR, LAST_YEAR = 1980, 2100
"""Years of which purchases are published. What lies outside is how programs write that there is no date (0001-01-01, 1899-12-30,
1900-01-01, 1970-01-01, 9999-12-31) or a slip of the pen (2109), and would give delays of centuries."""

_EPOCH = date(1970, 1, 1).toordinal()
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(.*)", re.ASCII | re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)", re.ASCII | re.DOTALL)
_CLOCK = re.compile(
    r"[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([ap]\.? ?m\.?)?", re.ASCII | re.IGNORECASE
)
_ZONE = re.compile(
    r"(?<=:\d\d)(?:[.,]\d+)?(?: ?(?:Z|UTC)|([+-])(\d\d)(?::?(\d\d))?)$", re.ASCII | re.IGNORECASE
)
_MONEY = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_REMEMBERED = 50_000  # days, zones: a hostile file has more of them


class Clock:
    """The clock of a country. zone: its name in the IANA database ("America/Mexico_City")."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._days: dict[str, int] = {}
        self._minutes: dict[str, int] = {"": 0}
        self._seconds: dict[str, int] = {"": 0}
        self._tails: dict[str, int | None] = {"": None}
        self._offsets: dict[int, int | None] = {}

    def iso(self, text: str) -> int:
        """Civil seconds of a date or a time in any ISO 8601 form; one without an offset is on this clock; parts of seconds are dropped.

        Raises:
            ValueError: it is no date, or of no year from `FIRST_YEAR` to `LAST_YEAR`.
        """
        try:  # what was met before is four pieces that are known
            moment = self._days[text[:10]] + self._minutes[text[10:16]] + self._seconds[text[16:19]]
            offset = self._tails[text[19:]]
        except KeyError:
            return self._other(text)
        if offset is None:
            return moment
        moment -= offset
        there = self._offsets.get(moment // DAY)
        return self.at(moment) if there is None else moment + there

    def written(self, text: str, *, wall: bool = False) -> int:
        """As `iso`, and day/month/year or year/month/day, of a table; what names no offset or "GMT" is on this clock, for that is what tables mean.

        Args:
            wall: so is what names an offset.

        Raises:
            ValueError: it is no date.
        """
        on_the_wall, named = self.readings(text)
        return on_the_wall if wall or named is None else named

    def readings(self, text: str) -> tuple[int, int | None]:
        """Of a table's time: what a clock on the wall showed, and as of `iso` where it names an offset.

        Raises:
            ValueError: it is no date, or of no year from `FIRST_YEAR` to `LAST_YEAR`.
        """
        text = text.strip().removesuffix("GMT").rstrip()
        zone = _ZONE.search(text)
        if zone is None:
            return self._local(text), None
        offset = 60 * (60 * int(zone[2]) + int(zone[3] or 0)) if zone[1] else 0
        on_the_wall = self._local(text[: zone.start()])
        return on_the_wall, self.at(on_the_wall + (offset if zone[1] == "-" else -offset))

    def _local(self, text: str) -> int:
        if found := _LOCAL_DAY.fullmatch(text):
            return _day_of(found[3], found[2], found[1]) + _seconds(found[4])
        if found := _YEAR_FIRST.fullmatch(text):
            return _day_of(found[1], found[2], found[3]) + _seconds(found[4])
        if len(text) > 10 and text[10] == " ":
            known = self._days.get(text[:10])
            day = self._day(text[:10]) if known is None else known
            if day is not None:
                return day + _seconds(text[10:])
        return self.iso(text)

    def at(self, moment: int) -> int:
        """Civil seconds of seconds since 1970 in UTC.

        Raises:
            ValueError: not of the years 1 to 9999.
        """
        day = moment // DAY
        offset = self._offsets.get(day)
        if offset is None:
            if day not in self._offsets:
                first, last = self._offset(day * DAY), self._offset(day * DAY + DAY - 1)
                if len(self._offsets) > _REMEMBERED:
                    self._offsets.clear()
                self._offsets[day] = offset = first if first == last else None
            if offset is None:  # a day on which the clock changes
                offset = self._offset(moment)
        return moment + offset

    def _offset(self, moment: int) -> int:
        try:
            there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).astimezone(self.zone)
        except OverflowError as error:
            raise ValueError("beyond the calendar") from error
        offset = there.utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    def _day(self, text: str) -> int | None:
        if not _ISO_DAY.fullmatch(text):
            return None
        day = _day_of(text[:4], text[5:7], text[8:])
        if len(self._days) > _REMEMBERED:
            self._days.clear()
        self._days[text] = day
        return day

    def _other(self, text: str) -> int:
        """A date or time in a form, or with a day, a minute or an offset, that was not met yet."""
        if len(text) == 10 and (day := self._day(text)) is not None:
            return day
        moment = datetime.fromisoformat(text.strip())  # weeks, no separators, no seconds
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError("no year of purchases")
        there = moment.utcoffset()
        offset = None if there is None else int(there.total_seconds())
        day = (moment.toordinal() - _EPOCH) * DAY
        minute = moment.hour * 3600 + moment.minute * 60
        if _ISO_TIME.fullmatch(text):
            self._day(text[:10])
            self._minutes[text[10:16]] = minute  # 1,440 times two
            self._seconds[text[16:19]] = moment.second
            if len(self._tails) > _REMEMBERED:
                self._tails = {"": None}
            self._tails[text[19:]] = offset
        seconds = day + minute + moment.second
        return seconds if offset is None else self.at(seconds - offset)


def _day_of(year: str, month: str, day: str) -> int:
    """Civil seconds of a day as it is written."""
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise ValueError("no year of purchases")
    return (date(int(year), int(month), int(day)).toordinal() - _EPOCH) * DAY


def _seconds(clock: str) -> int:
    """Seconds of a time of day as tables write it, 0 for none."""
    if not clock.strip():
        return 0
    found = _CLOCK.fullmatch(clock.rstrip())
    if not found:
        raise ValueError("no time of day")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        if not 1 <= hour <= 12:
            raise ValueError("no time of day")
        hour = hour % 12 + (12 if found[4][0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no time of day")
    return hour * 3600 + minute * 60 + second


def cents(amount: float | str) -> int:
    """An amount in whole cents, half a cent up (away from zero): 34784.619999999995 → 3478462.

    Raises:
        ValueError: it is no number, not finite, or larger than any amount of money.
    """
    if type(amount) is float and -1e12 < amount < 1e12:
        hundredfold = amount * 100
        near = round(hundredfold)
        if (
            -0.4 < hundredfold - near < 0.4
        ):  # far from half a cent: the rounding of binary numbers cannot matter
            return near
    elif type(amount) is int and -LARGEST < amount < LARGEST:
        return amount * 100
    text = amount.strip().lstrip("$").strip() if isinstance(amount, str) else repr(amount)
    if not _MONEY.fullmatch(text) or not any(map(str.isdigit, text)):
        raise ValueError("no amount")
    try:
        exact = Decimal(text.replace(",", ""))
        if not abs(exact) < LARGEST:
            raise ValueError("no amount of money")
        return int((exact * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation as error:
        raise ValueError("no amount") from error
