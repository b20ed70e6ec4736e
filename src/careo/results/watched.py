"""What a watch of purchases has to say of how they are published: figures with their definitions, as findings.

They stand beside the pledges that purchases are watched, and decide none: what "real time" is was never said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from careo.base.citations import Source
from careo.base.fields import worded
from careo.base.texts import say
from careo.record.purchases.figures import Figure, load_figures
from careo.record.purchases.publishing import day_of
from careo.record.purchases.rule_files import load_rules
from careo.record.purchases.state import State
from careo.record.strategy import Strategy
from careo.results.finding import Finding
from careo.results.wording import number, unit_word

_MOST_BUYERS = 12  # rows of a finding's table; all are in `careo watch status`


def pledges_watched(strategy: Strategy, country: str) -> tuple[str, ...]:
    """Ids of the strategy's pledges of whose delivery the figures of the watch speak."""
    spoken = set(load_figures(country).pledges)
    return tuple(pledge.id for pledge in strategy.pledges if f"{strategy.slug}:{pledge.id}" in spoken)


def watched_of(
    strategy: Strategy, country: str, language: str, *, on: date | None = None
) -> tuple[Finding, ...]:
    """The figures of the watch, if one of the strategy's pledges is that purchases are watched; none before anything was.

    Args:
        on: a day for which the answers are asked; the figures are of all that was seen, so there are none for a day before its last.
    """
    from careo.run.watch_state import state_file

    path = state_file(country)
    if not pledges_watched(strategy, country) or not path.is_file():
        return ()
    found = watched_figures(path, country, language)
    return tuple(one for one in found if on is None or one.extra["until"] <= on.isoformat())


def watched_figures(
    path: Path, country: str, language: str, *, only: Callable[[str], bool] | None = None
) -> tuple[Finding, ...]:
    """A finding for each figure of the country, of what the state at `path` holds.

    Args:
        only: which buyers (codes) to speak of; all by default.

    Raises:
        DataError: `path` is no state, or the country's figures are broken.
    """
    state = State(path, writable=False)
    try:
        names = dict(state.rows("SELECT code, name FROM name WHERE kind='buyer'"))
        sources = tuple(_sources(state))
        rules = load_rules(country)
        currency = unit_word(rules.currency, language) if rules else ""
        first, last = state.rows("SELECT MIN(seen), MAX(seen) FROM file WHERE done").fetchone()
        return tuple(
            _finding(
                figure,
                _counted(state, figure, only or (lambda _: True)),
                names,
                sources,
                (first, last),
                currency,
                language,
            )
            for figure in load_figures(country).figures
        )
    finally:
        state.close()


def _counted(
    state: State, figure: Figure, only: Callable[[str], bool]
) -> Mapping[str, Counter[int] | list[int]]:
    """By buyer: how often each number of days, or (of what the share is, what of it)."""
    count = figure.count
    if count.kind == "delay":
        days: dict[str, Counter[int]] = defaultdict(Counter)
        for key, numbers in state.tallies("delay"):
            buyer, which, day = key.rsplit("|", 2)
            if which == count.which and only(buyer):
                days[buyer][int(day)] += numbers[0]
        return days
    shares: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for key, numbers in state.tallies(count.kind):
        buyer = key.rpartition("|")[0] if count.kind == "spent" else key
        if only(buyer):
            whole, part = (numbers[2], numbers[3]) if count.kind == "spent" else (numbers[0], numbers[1])
            shares[buyer][0] += whole
            shares[buyer][1] += part
    return {buyer: share for buyer, share in shares.items() if share[0] > 0}


def _finding(
    figure: Figure,
    counted: Mapping[str, Counter[int] | list[int]],
    names: Mapping[str, str],
    sources: tuple[Source, ...],
    seen: tuple[int | None, int | None],
    currency: str,
    language: str,
) -> Finding:
    name = worded(figure.name, language)
    everything = _together(counted)
    money = currency if figure.count.kind == "spent" else ""
    by_size = sorted(counted.items(), key=lambda item: (-_size(item[1]), item[0]))
    rows = [
        _row(names.get(buyer, buyer) or say(language, "watched.unnamed"), of, money, language)
        for buyer, of in by_size[:_MOST_BUYERS]
    ]
    if everything is not None and len(by_size) > 1:
        rows.insert(0, _row(say(language, "watched.all", count=len(by_size)), everything, money, language))
    caveats = [worded(figure.limitation, language)]
    if len(by_size) > _MOST_BUYERS:
        caveats.append(say(language, "watched.more", shown=_MOST_BUYERS, count=len(by_size)))
    span = {
        "since": day_of(seen[0]).isoformat() if seen[0] else "–",
        "until": day_of(seen[1]).isoformat() if seen[1] else "–",
    }
    return Finding(
        id=f"watch:{figure.id}",
        kind="purchases",
        claim=name,
        verdict="raised" if everything is not None else "unverifiable",
        because=_sentence(name, everything, money, language)
        if everything is not None
        else say(language, "watched.nothing", name=name),
        statement=None,
        table=tuple(rows),
        caveats=(
            *caveats,
            say(language, "watched.span", files=len(sources), **span),
            say(language, "watched.decides_nothing"),
        ),
        sources=sources,
        language=language,
        extra={"figure": figure.id, "definition": worded(figure.definition, language), **span},
    )


def _together(counted: Mapping[str, Counter[int] | list[int]]) -> Counter[int] | list[int] | None:
    if not counted:
        return None
    together: Counter[int] = Counter()
    whole = part = 0
    for of in counted.values():
        if isinstance(of, Counter):
            together.update(of)
        else:
            whole, part = whole + of[0], part + of[1]
    return together or [whole, part]


def _size(of: Counter[int] | list[int]) -> int:
    return of.total() if isinstance(of, Counter) else of[0]


def quantile(days: Mapping[int, int], numerator: int, denominator: int) -> int:
    """The least number of days that at least numerator/denominator of the cases do not exceed."""
    needed = -(-sum(days.values()) * numerator // denominator)
    total = 0
    for day in sorted(days):
        total += days[day]
        if total >= needed:
            return day
    raise ValueError("no days")


def _row(buyer: str, of: Counter[int] | list[int], money: str, language: str) -> dict[str, str]:
    words = {
        key: say(language, f"watched.column.{key}") for key in ("buyer", "median", "ninth", "count", "share")
    }
    if isinstance(of, Counter):
        return {
            words["buyer"]: buyer,
            words["median"]: number(quantile(of, 1, 2)),
            words["ninth"]: number(quantile(of, 9, 10)),
            words["count"]: number(of.total()),
        }
    whole = say(language, "watched.column.of", unit=_unit(money, language))
    return {
        words["buyer"]: buyer,
        words["share"]: _percent(of),
        whole: _shown(of[0], money),
    }


def _unit(money: str, language: str) -> str:
    return money or say(language, "watched.contracts")


def _shown(count: int, money: str) -> str:
    """A number of contracts, or cents in units of the currency that is named."""
    return number(round(count / 100) if money else count)


def _sentence(name: str, of: Counter[int] | list[int], money: str, language: str) -> str:
    if isinstance(of, Counter):
        return say(
            language,
            "watched.days",
            name=name,
            median=quantile(of, 1, 2),
            ninth=quantile(of, 9, 10),
            count=number(of.total()),
        )
    whole, part = (_shown(one, money) for one in of)
    return say(
        language,
        "watched.share",
        name=name,
        share=_percent(of),
        part=part,
        whole=whole,
        unit=_unit(money, language),
    )


def _percent(of: list[int]) -> str:
    return f"{number(round(100 * of[1] / of[0], 1))}%"


def _sources(state: State) -> Iterator[Source]:
    for name, sha256, seen in state.rows(
        "SELECT name, sha256, seen FROM file WHERE done ORDER BY seen, name LIMIT 50"
    ):
        yield Source(
            key=f"file-{sha256[:12]}",
            producer="",
            title=name,
            url="",
            accessed=day_of(seen).isoformat(),
            sha256=sha256,
        )
