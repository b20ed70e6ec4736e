"""The files of a country checked whole, as findings: what every claim needs, and the rules by which its purchases are watched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.files import is_file
from careo.base.shipped import country_data, country_folder
from careo.base.texts import say
from careo.panel.validation import validate_country
from careo.record.purchases.figures import read_figures
from careo.record.purchases.rule_files import read_buyers, read_rules
from careo.results.finding import Finding
from careo.results.wording import number
from careo.sources.civil import Clock
from careo.sources.persons import KEY_BYTES, Door

Reading: TypeAlias = Callable[[Path], tuple[Any, tuple[CareoError, ...]]]
"""Reads a file: what it holds, None if it is broken, and every mistake in it."""


def is_country(name: str) -> bool:
    """Whether a name is a shipped country's, or the path of a folder of the same layout."""
    try:
        country_folder(name)
    except DataError:
        return False
    return True


def country_findings(country: str, language: str = "en") -> Iterator[Finding]:
    """One for each file, or group of files, that is whole; one for each mistake, which says file, line, what was expected and found.

    Of definitions, series and places the first mistake is told; of the files of purchases every one.

    Args:
        country: a shipped country, or the path of a folder of the same layout. language: of the sentences.
    """
    findings = _Findings(country, language)
    try:
        size = validate_country(country)
    except CareoError as error:
        yield findings.mistake(error)
    else:
        counts = {name: number(getattr(size, name)) for name in ("indicators", "observations", "places", "sources")}  # fmt: skip
        yield findings.whole("country.yaml", "country_whole", **counts)
    folder = country_folder(country) / "purchases"
    for name, read, count in _purchases(country):
        path = folder / name
        if not is_file(path):
            continue
        found, mistakes = _tried(read, path)
        yield from map(findings.mistake, mistakes)
        if found is not None:
            yield findings.whole(
                f"purchases/{name}", "purchases_whole", file=name, count=number(count(found))
            )
    if is_file(folder / "rules.yaml"):
        yield from map(findings.mistake, _needed(country, folder))


def _purchases(country: str) -> Iterator[tuple[str, Reading, Callable[..., int]]]:
    """(file, how it is read, how many things it holds); rules cite the country's sources: while these are broken, which was told, they are not read."""
    try:
        sources = load_sources(country)
    except CareoError:
        sources = None
    if sources is not None:
        yield "rules.yaml", lambda path: read_rules(path, sources), lambda rules: len(rules.by_id)
    yield "buyers.yaml", read_buyers, lambda buyers: len(buyers.by_code)
    yield "figures.yaml", read_figures, lambda figures: len(figures.figures)


def _tried(read: Reading, path: Path) -> tuple[Any, tuple[CareoError, ...]]:
    try:
        return read(path)
    except CareoError as error:  # no YAML at all
        return None, (error,)


def _needed(country: str, folder: Path) -> Iterator[CareoError]:
    """What is wrong with the two files that a watch needs beside the rules."""
    tries: tuple[tuple[str, Callable[[], object]], ...] = (
        ("publishers.yaml", lambda: Clock(country_data(country, "purchases", "publishers.yaml")["zone"])),
        ("persons.yaml", lambda: Door(bytes(KEY_BYTES), country)),
    )
    for name, make in tries:
        try:
            make()
        except CareoError as error:
            yield error
        except (LookupError, TypeError, ValueError, OSError, re.error) as error:
            yield DataError(
                "watch_file_broken", where=str(folder / name), found=str(error), fix="watch_file_broken"
            )


class _Findings:
    """Makes findings about the files of a country."""

    def __init__(self, country: str, language: str) -> None:
        self._country, self._language, self._count = country, language, 0

    def whole(self, order: str, key: str, **words: str) -> Finding:
        """A file without a mistake."""
        return self._made("passed", order, say(self._language, f"data.{key}", **words))

    def mistake(self, error: CareoError) -> Finding:
        """A mistake in a sentence, its place first; what was expected, found and helps beside it."""
        self._count += 1
        sentence, *rest = error.render(self._language).splitlines()
        return self._made(
            "failed", f"mistake-{self._count}", sentence, tuple(line.strip() for line in rest), error.key
        )

    def _made(
        self, verdict: str, order: str, because: str, caveats: tuple[str, ...] = (), code: str = ""
    ) -> Finding:
        return Finding(
            id=f"{Path(self._country).name}-{order}",
            kind="data",
            claim=say(self._language, "data.country", country=self._country),
            verdict=verdict,
            because=because,
            statement=None,
            caveats=caveats,
            language=self._language,
            extra={"code": code or order},
        )
