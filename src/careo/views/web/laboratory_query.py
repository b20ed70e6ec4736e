"""What an address of the laboratory says: a composition of levers and the setting of its run; nothing else is remembered anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from careo.base.errors import CareoError
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.strategy import load_strategy, strategies
from careo.run.composition import Composition, Line
from careo.views.arguments import month, positive
from careo.views.web.desk import Setting
from careo.views.web.page import shipped

PARAMETERS = ("base", "months", "draws", "seed", "start", "members", "budget", "prevention")
"""Of an address; beside them levers (`L1`, `L1.places`, …) and what is kept of measures (`keep.…`) have names of their own."""
NOTHING = "none"
"""As a base: no shipped strategy."""
MOST_DRAWS, MOST_MONTHS = 1000, 240
_LONGEST = 20_000
_PARTS = ("places", "start", "ramp", "delivered")


@dataclass(frozen=True, slots=True)
class Question:
    """What an address asks.

    Attributes:
        given: parameters by name, as they came; the last of several counts, but for places.
    """

    composition: Composition
    setting: Setting
    given: Mapping[str, str]

    @property
    def plain(self) -> bool:
        """Whether a shipped strategy is asked for as it is."""
        asked = self.composition
        return (
            bool(asked.base)
            and not asked.lines
            and not asked.budget
            and all(v == 1.0 for v in asked.kept.values())
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is set at all."""
        asked = self.composition
        return not asked.base and not asked.lines and not asked.budget

    @property
    def name(self) -> str:
        """Of the strategy."""
        return self.composition.base if self.plain else self.composition.slug


def read_query(query: str, country: Country) -> Question:
    """The question of a query string.

    Raises:
        CareoError: a value that means nothing, or a lever, a measure or a strategy that is not there.
    """
    if len(query) > _LONGEST:
        raise CareoError("laboratory_long", found=str(len(query)), expected=f"≤ {_LONGEST}")
    several = parse_qs(query, keep_blank_values=False, max_num_fields=1000)
    given = {
        key: ",".join(values) if key.endswith(".places") else values[-1] for key, values in several.items()
    }
    known = {name: name for name in strategies(country.key)}
    base = given.get("base", "" if _sets(given) else _default(country))
    base = "" if base in ("", NOTHING) else shipped(base, known, "laboratory_base")
    by_code = {lever.code: lever for lever in load_levers(country.key).values()}
    composition = Composition(
        base=base,
        kept={key[5:]: _share(key, text) for key, text in given.items() if key.startswith("keep.") and base},
        lines=tuple(_lines(given, by_code)),
        budget=_number("budget", given.get("budget", "0"), 0.0, 1e15),
        prevention=_share("prevention", given.get("prevention", "70")),
    )
    setting = Setting(
        months=_whole("months", given, 72, 1, MOST_MONTHS),
        draws=_whole("draws", given, 200, 20, MOST_DRAWS),
        seed=_whole("seed", given, 7, 0, 2**63),
        start=month("start", given.get("start", "")),
        members_nation=positive("members", given.get("members", "")),
    )
    return Question(composition, setting, given)


def _sets(given: Mapping[str, str]) -> bool:
    """Whether levers or money are set, so that no strategy has to be taken for a beginning."""
    return any(key[:1] == "L" or key == "budget" for key in given)


def _default(country: Country) -> str:
    """A shipped strategy to begin with: the first that moves a lever."""
    for name in strategies(country.key):
        if any(measure.dose for measure in load_strategy(name, country.key).measures):
            return name
    return ""


def _lines(given: Mapping[str, str], by_code: Mapping[str, Lever]) -> Sequence[Line]:
    found: list[Line] = []
    for key, text in given.items():
        code, _, part = key.partition(".")
        if part or code not in by_code:
            if part in _PARTS and code not in by_code:
                raise CareoError("usage_lever", found=repr(code[:60]), fix="levers")
            continue
        dose = _number(code, text, 0.0, 1e15)
        if dose:
            found.append(
                Line(
                    by_code[code].id, dose,
                    places=tuple(filter(None, given.get(f"{code}.places", "").split(","))),
                    start=_whole(f"{code}.start", given, 1, 1, MOST_MONTHS),
                    ramp=_whole(f"{code}.ramp", given, 1, 1, MOST_MONTHS),
                    delivered=_share(f"{code}.delivered", given.get(f"{code}.delivered", "100")),
                )
            )  # fmt: skip
    return sorted(found, key=lambda line: line.lever)


def _share(name: str, text: str) -> float:
    """Per cent as a share."""
    return _number(name, text, 0.0, 100.0) / 100.0


def _whole(name: str, given: Mapping[str, str], otherwise: int, least: int, most: int) -> int:
    """A whole number within bounds; `otherwise` when nothing was given."""
    text = given.get(name, "")
    if not text:
        return otherwise
    if not text.isdecimal() or not least <= int(text[:30]) <= most:
        raise CareoError(
            "laboratory_value", where=name[:60], found=repr(text[:60]), expected=f"{least} … {most}"
        )
    return int(text)


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise CareoError(
            "laboratory_value", where=name[:60], found=repr(text[:60]), expected=f"{least:g} … {most:g}"
        )
    return value
