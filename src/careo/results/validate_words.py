"""A validation in sentences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from careo.base.citations import load_sources
from careo.base.texts import say, sayable
from careo.results.finding import Finding
from careo.results.skill import FEWEST_YEARS, Difference
from careo.results.validate import Validation, window_of
from careo.results.wording import number, place_name

FEW_YEARS = 4


def with_words(found: Validation, language: str) -> Validation:
    """The same with its summary, findings and caveats."""
    words = _Words(found, language)
    caveats = tuple(words.caveats())
    findings = tuple(words.finding(each, caveats) for each in found.differences)
    return replace(found, summary=words.summary(), findings=findings, caveats=caveats)


def model_words(model: str, language: str) -> str:
    """What a model is called."""
    key = "validate.model." + re.sub(r"\W+", "_", model.lower())
    return say(language, key) if sayable(language, key) else model


def window_words(found: Validation, window: str, language: str) -> str:
    """A window with its target years: "test, 2018–2023"."""
    years = years_of(found, window)
    span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    return say(language, f"validate.window.{window}", years=span)


def years_of(found: Validation, window: str) -> list[int]:
    """The target years of a window."""
    from careo.run.history import hindcast_protocol

    if found.window_by_year:
        return [year for year in found.years if found.window_by_year[year] == window]
    protocol = hindcast_protocol(found.country)
    return [year for year in found.years if window_of(year, protocol) == window]


def gain_words(each: Difference, language: str) -> str:
    """A difference, its direction in words: "better than the log random walk by 6.9% [0.2, 13.8]"."""
    sign = -1 if each.gain < 0 else 1
    slug = each.verdict.replace(" ", "_")
    if slug == "not_distinguishable":
        slug = f"{'one_year' if each.years < FEWEST_YEARS else slug}.{'worse' if sign < 0 else 'better'}"
    ends = sorted((sign * each.low, sign * each.high)) if each.low == each.low else []
    interval = f"[{', '.join(_percent(end) for end in ends)}]" if ends else ""
    words = say(
        language,
        f"validate.gain.{slug}",
        against=model_words(each.against, language),
        gain=f"{_percent(sign * each.gain)}%",
        interval=interval,
    )
    return " ".join(words.split())


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−") if abs(share) >= 0.0005 else "0.0"


class _Words:
    def __init__(self, found: Validation, language: str) -> None:
        self.found, self.language = found, language

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"validate.{key}", **words)

    def _model(self, name: str) -> str:
        return model_words(name, self.language)

    def summary(self) -> str:
        """How the forecaster of this version does in the newest window."""
        from careo.run.hindcast import RELEASED

        found, window = self.found, self.found.windows[-1]
        told = window_words(found, window, self.language)
        here = [each for each in found.differences if each.window == window]
        mine = [each for each in here if each.model == RELEASED]
        if mine:
            said = self._say(
                "summary.released",
                model=self._model(RELEASED),
                gain=gain_words(mine[0], self.language),
                window=told,
            )
            return " ".join([said, *self._smaller(RELEASED, window)])
        if found.against == RELEASED:
            better = [self._model(each.model) for each in here if each.verdict == "better"]
            key = "some" if better else "none" if here else "alone"
            count = self._say(f"summary.others.{key}", models=", ".join(better))
            return self._say("summary.reference", model=self._model(RELEASED), window=told, count=count)
        if here:
            return self._because(here[0])
        crps = float(found.table["crps"].sel(model=found.against, window=window))
        return self._say(
            "because_alone", Model=_upper(self._model(found.against)), crps=f"{crps:.2f}", window=told
        )

    def _smaller(self, than: str, window: str) -> Iterable[str]:
        """Which models had a smaller mean CRPS, whatever luck may have had in it, but for the one that all are held against."""
        crps = self.found.table["crps"].sel(window=window)
        least = float(crps.sel(model=than))
        better = [
            name
            for name in self.found.models
            if name not in (than, self.found.against) and float(crps.sel(model=name)) < least
        ]
        if better:
            yield self._say("summary.smaller", models=", ".join(map(self._model, better)))

    def _because(self, each: Difference) -> str:
        window = window_words(self.found, each.window, self.language)
        return self._say(
            "because",
            Model=_upper(self._model(each.model)),
            window=window,
            gain=gain_words(each, self.language),
        )

    def caveats(self) -> Iterable[str]:
        """What every table must say."""
        from careo.run.hindcast import disclosed
        from careo.run.history import hindcast_protocol

        found = self.found
        yield from (
            self._say(f"caveat.{key}", **words) for key, words in disclosed(found.country, found.origins)
        )
        if set(found.windows) - {"tuning"}:
            yield self._say("caveat.form", year=hindcast_protocol(found.country).tuned_until)
        for window in found.windows:
            years = len(years_of(found, window))
            if years < FEW_YEARS:
                key = "one_year" if years == 1 else "few_years"
                yield self._say(
                    f"caveat.{key}", window=_upper(window_words(found, window, self.language)), years=years
                )
        if found.gaps:
            code, month = found.gaps[0]
            place = place_name(found.country, code, self.language)
            yield self._say("caveat.gaps", count=len(found.gaps), place=place, month=month)
        yield from self._months()
        yield from self._data()

    def _months(self) -> Iterable[str]:
        crps = self.found.nation["crps"].isel(model=0)
        for year in self.found.years:
            months = int(crps.sel(year=year).notnull().sum())
            if months < 12:
                yield self._say("caveat.partial", year=year, months=months)

    def _data(self) -> Iterable[str]:
        data = self.found.data
        if data is None:
            return
        months = data.counts.shape[1]
        if months:
            yield self._say(
                "caveat.data",
                name=data.name,
                months=months,
                first=f"{data.first:%Y-%m}",
                last=f"{data.last:%Y-%m}",
            )
        else:
            yield self._say("caveat.data_none", name=data.name)
        if data.compared:
            yield self._say(
                "caveat.repeated",
                name=data.name,
                compared=number(data.compared),
                differing=number(data.differing),
            )
        scored = set(self.found.years)
        missed = [
            at for at in range(months) if (data.first.month - 1 + at) // 12 + data.first.year not in scored
        ]
        if missed:
            first, last = (self._month(at) for at in (missed[0], missed[-1]))
            yield self._say("caveat.unscored", first=first, last=last)

    def _month(self, at: int) -> str:
        data = self.found.data
        assert data is not None  # noqa: S101 - asked for where there is one
        ahead = data.first.month - 1 + at
        return f"{data.first.year + ahead // 12}-{ahead % 12 + 1:02}"

    def finding(self, each: Difference, caveats: Sequence[str]) -> Finding:
        """One model against another in one window."""
        found = self.found
        keys = (found.country.key, each.model, each.against, each.window, found.level, found.origins, found.draws, found.seed,
                found.data.sha256 if found.data else "")  # fmt: skip
        table = [{"model": m, **{name: f"{float(found.table[name].sel(model=m, window=each.window)):.4f}" for name in found.table.data_vars}}
                 for m in (each.model, each.against)]  # fmt: skip
        known = {**load_sources(found.country.key), **found.country.sources}
        return Finding(
            id=hashlib.sha256("|".join(map(str, keys)).encode()).hexdigest()[:16],
            kind="validation",
            claim=self._say("claim", model=_upper(self._model(each.model)), against=self._model(each.against),
                            level=self._say(f"level.{found.level}"), window=window_words(found, each.window, self.language)),
            verdict=each.verdict,
            because=self._because(each),
            statement=None,
            table=tuple({str(key): str(value) for key, value in row.items()} for row in table),
            caveats=tuple(caveats),
            sources=tuple(known[key] for key in found.sources if key in known),
            language=self.language,
            extra={"model": each.model, "against": each.against, "window": each.window, "gain": f"{each.gain:.4f}",
                   "low": f"{each.low:.4f}", "high": f"{each.high:.4f}"},
        )  # fmt: skip


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
