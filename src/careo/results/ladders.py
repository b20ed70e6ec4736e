"""How a ladder stood on a day, as a finding: one sentence, its deadlines, every step with its source."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

from careo.base.errors import DataError
from careo.base.fields import last_day, worded
from careo.base.texts import say
from careo.panel import Country, country_of
from careo.record.ladder import Ladder, Step, deadlines_on, load_ladders, status_on, steps_on
from careo.results.finding import Finding
from careo.results.pledge_record import counted
from careo.results.wording import period_words

if TYPE_CHECKING:
    import xarray as xr


def ladder(
    name: str, panel: Country | xr.Dataset | None = None, *, on: date | None = None, language: str = "en"
) -> Finding:
    """How a matter stood at the end of a day; without one, of the day its record was compiled.

    The table has every step known by then, oldest first, and the undated ones, marked: nothing tells whether they were
    taken by that day. `extra["status.<track>"]` is the stage each track stood at.

    Raises:
        DataError: the country has no such ladder; names the nearest.
    """
    country = country_of(panel)
    known = load_ladders(country.key)
    if name not in known:
        guess = get_close_matches(name, known, n=1)
        raise DataError(
            "ladder_unknown", expected=" | ".join(known), found=repr(name), fix="did_you_mean" if guess else "help",
            guess=guess[0] if guess else "", command="careo ladder",
        )  # fmt: skip
    return _finding(known[name], country, on, language)


def _finding(ladder: Ladder, country: Country, on: date | None, language: str) -> Finding:
    compiled = last_day(ladder.compiled)
    day = min(on or compiled, compiled)
    # Steps of no track that decide nothing are context of the others, not a matter of their own.
    tracks = list(
        dict.fromkeys(s.track for s in ladder.steps if s.track or s.stage != "context" or not ladder.tracks)
    )
    standing = {track: _standing(ladder, track, day, language) for track in tracks}
    caveats = [say(language, "ladder.dissent", step=_when(step, language), words=worded(step.dissent, language))
               for step in ladder.steps if step.dissent and _taken(step, day)]  # fmt: skip
    if ladder.note:
        caveats.insert(0, worded(ladder.note, language))
    if any("memory" in (s.verified, s.date_verified) for s in steps_on(ladder, day)):
        caveats.append(say(language, "ladder.memory"))
    if on and on > compiled:
        caveats.append(
            say(language, "pledges.caveat.compiled", day=period_words(compiled.isoformat(), language))
        )
    shown = [step for step in ladder.steps if _taken(step, day) or step.date is None]
    keys = dict.fromkeys(key for step in shown for key in step.sources)
    return Finding(
        id=f"ladder:{ladder.id}",
        kind="ladder",
        claim=worded(ladder.title, language),
        verdict="raised",
        because=" ".join([*standing.values(), *_deadline_words(ladder, day, tracks, language)]),
        statement=None,
        table=tuple(_row(ladder, step, language) for step in shown),
        caveats=tuple(caveats),
        sources=tuple(country.sources[key] for key in keys if key in country.sources),
        language=language,
        extra={
            "ladder": ladder.id,
            "on": day.isoformat(),
            **{f"status.{track or 'all'}": s.stage if (s := status_on(ladder, day, track)) else "announced" for track in tracks},
        },
    )  # fmt: skip


def _taken(step: Step, day: date) -> bool:
    return step.date is not None and last_day(step.date) <= day


def _when(step: Step, language: str) -> str:
    return period_words(step.date, language) if step.date else say(language, "ladder.undated")


def _standing(ladder: Ladder, track: str, day: date, language: str) -> str:
    """One sentence on where a track stood."""
    name = worded(ladder.tracks.get(track), language)
    status = status_on(ladder, day, track)
    if status is None:
        spoken = [step for step in steps_on(ladder, day, track) if step.stage == "announced"]
        words = say(language, "ladder.only_words" if spoken else "ladder.nothing")
    else:
        words = say(
            language, "ladder.stands", stage=say(language, f"ladder.stage.{status.stage}"),
            date=_since(status, language), what=_told(status, language),
        )  # fmt: skip
    return f"{name}: {words}" if name else words[:1].upper() + words[1:]


def _told(step: Step, language: str) -> str:
    what = worded(step.what, language).rstrip(". ")
    return what if step.done is None else f"{what} ({counted(step, language)})"


def _since(step: Step, language: str) -> str:
    """The date of a step after "since": Spanish puts an article before a day."""
    when = _when(step, language)
    return say(language, "ladder.since_day", date=when) if step.date and len(step.date) == 10 else when


def _deadline_words(ladder: Ladder, day: date, tracks: list[str], language: str) -> list[str]:
    lines: list[str] = []
    for track in tracks:
        for deadline in deadlines_on(ladder, day, track):
            key = (
                "deadline_removed"
                if deadline.day is None
                else "deadline_moved"
                if deadline.moved
                else "deadline_set"
            )
            due = period_words(deadline.day.isoformat(), language) if deadline.day else ""
            computed = say(language, "ladder.computed") if deadline.step.term else ""
            lines.append(
                say(language, f"ladder.{key}", due=due, on=_when(deadline.step, language), computed=computed)
            )
    return lines


def _row(ladder: Ladder, step: Step, language: str) -> dict[str, str]:
    what = worded(step.what, language)
    if step.done is not None:
        what = f"{what.rstrip('. ')} ({counted(step, language)})"
    sure = "memory" if "memory" in (step.verified, step.date_verified) else step.verified
    return {
        "step": step.id,
        "date": step.date or "",
        "stage": step.stage,
        "stage_words": say(language, f"ladder.stage.{step.stage}"),
        "track": worded(ladder.tracks.get(step.track), language),
        "what": what,
        "dissent": worded(step.dissent, language),
        "verified": sure,
        "sources": ", ".join(step.sources),
    }
