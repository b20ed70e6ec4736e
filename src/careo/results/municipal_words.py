"""A validation by municipality in sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from careo.base.citations import load_sources
from careo.base.texts import say
from careo.results.finding import Finding
from careo.results.skill import Difference
from careo.results.wording import number

if TYPE_CHECKING:
    from careo.results.validate import Validation
    from careo.run.municipal_record import MunicipalTable

_FEW_YEARS = 4


def with_municipal_words(
    found: Validation, table: MunicipalTable, places: int, left_out: int, language: str
) -> Validation:
    """The same with its summary, findings and caveats.

    Args:
        table: the record. places: municipalities at the last origin. left_out: the most that were at any origin.
    """
    words = _Words(found, table, language)
    caveats = tuple(words.caveats(places, left_out))
    findings = tuple(words.finding(each, caveats) for each in found.differences)
    return replace(found, summary=words.summary(), findings=findings, caveats=caveats)


class _Words:
    def __init__(self, found: Validation, table: MunicipalTable, language: str) -> None:
        self.found, self.table, self.language = found, table, language

    def _say(self, key: str, **words: object) -> str:
        return say(self.language, f"municipal.{key}", **words)

    def _model(self, name: str) -> str:
        return self._say("model." + name.replace(" ", "_").replace("-", "_"))

    def _years(self, window: str) -> list[int]:
        return [year for year in self.found.years if self.found.window_by_year[year] == window]

    def _window(self, window: str) -> str:
        years = self._years(window)
        span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
        return self._say(f"window.{window}", years=span)

    def _series(self) -> str:
        names = self.found.country.indicators[self.table.name].name
        return names.get(self.language) or names.get("en") or self.table.name

    def summary(self) -> str:
        """How the forecaster of this version does in the newest window."""
        from careo.run.municipal_hindcast import MUNICIPAL_RELEASED

        found, window = self.found, self.found.windows[-1]
        here = [each for each in found.differences if each.window == window]
        mine = [each for each in here if each.model == MUNICIPAL_RELEASED] or here
        if mine:
            return self._because(mine[0])
        crps = self._crps(found.against, window)
        return self._say(
            "alone", Model=_upper(self._model(found.against)), crps=crps, window=self._window(window)
        )

    def _crps(self, model: str, window: str) -> str:
        return f"{float(self.found.table['crps'].sel(model=model, window=window)):.3f}"

    def _because(self, each: Difference) -> str:
        sign = -1 if each.verdict == "worse" else 1
        low, high = sorted((sign * each.low, sign * each.high))
        interval = f" [{_percent(low)}, {_percent(high)}]" if low == low else ""
        return self._say(
            f"because.{each.verdict.replace(' ', '_')}",
            Model=_upper(self._model(each.model)), against=self._model(each.against), window=self._window(each.window),
            gain=f"{_percent(sign * each.gain)}%{interval}", crps=self._crps(each.model, each.window),
            other=self._crps(each.against, each.window),
        )  # fmt: skip

    def caveats(self, places: int, left_out: int) -> Iterator[str]:
        """What every table must say."""
        from careo.run.history import municipal_protocol

        found = self.found
        yield self._say(
            "caveat.record", series=self._series(), places=number(places), first=str(self.table.months[0]),
            last=str(self.table.months[-1]),
        )  # fmt: skip
        yield self._say("caveat.revised")
        protocol = municipal_protocol(found.country)
        if "test" in found.windows and protocol and protocol.series == self.table.name:
            yield self._say("caveat.form")
        for window in found.windows:
            years = len(self._years(window))
            if years < _FEW_YEARS:
                yield self._say(f"caveat.{'one_year' if years == 1 else 'few_years'}", window=_upper(self._window(window)), years=years)  # fmt: skip
        if left_out:
            yield self._say("caveat.left_out", count=number(left_out))
        crps = found.nation["crps"].isel(model=0)
        for year in found.years:
            months = int(crps.sel(year=year).notnull().sum())
            if months < 12:
                yield self._say("caveat.partial", year=year, months=months)
        yield self._say("caveat.sums")

    def finding(self, each: Difference, caveats: Sequence[str]) -> Finding:
        """One model against another in one window."""
        found = self.found
        keys = (
            found.country.key,
            self.table.name,
            each.model,
            each.against,
            each.window,
            found.origins,
            found.draws,
            found.seed,
        )
        rows = [
            {"model": model, **{str(name): f"{float(found.table[name].sel(model=model, window=each.window)):.4f}" for name in found.table.data_vars}}
            for model in (each.model, each.against)
        ]  # fmt: skip
        known = {**load_sources(found.country.key), **found.country.sources}
        return Finding(
            id=hashlib.sha256("|".join(map(str, keys)).encode()).hexdigest()[:16],
            kind="validation",
            claim=self._say("claim", model=_upper(self._model(each.model)), against=self._model(each.against),
                            window=self._window(each.window)),
            verdict=each.verdict,
            because=self._because(each),
            statement=None,
            table=tuple(rows),
            caveats=tuple(caveats),
            sources=tuple(known[key] for key in self.table.sources if key in known),
            language=self.language,
            extra={"model": each.model, "against": each.against, "window": each.window, "series": self.table.name,
                   "gain": f"{each.gain:.4f}", "low": f"{each.low:.4f}", "high": f"{each.high:.4f}"},
        )  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−") if abs(share) >= 0.0005 else "0.0"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
