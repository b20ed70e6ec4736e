"""Official files: imports, checks and revisions as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from careo.base.dates import period_of_year
from careo.base.errors import CareoError
from careo.base.shipped import country_folder, read_yaml
from careo.base.texts import say
from careo.panel.country import Country, load_country
from careo.panel.editions import register_totals, source_of
from careo.results.finding import Finding
from careo.results.wording import number, period_words, place_name
from careo.sources import store
from careo.sources.catalog import datasets
from careo.sources.snapshot import Snapshot

if TYPE_CHECKING:
    from careo.panel.imports import Imported
    from careo.panel.reconcile import Reconciliation
    from careo.panel.revisions import Revisions


def import_data(
    path: str | Path, *, country: str = "mexico", vintage: str = "", today: date | None = None
) -> Imported:
    """Import one official file as it was downloaded: recognised by its header, checked, kept with every earlier edition.

    Raises:
        CareoError: the file cannot be read, or has no known layout; nothing is kept then.
    """
    from careo.panel.imports import import_file

    return import_file(Path(path), country=country, vintage=vintage, today=today)


def fetch_data(
    name: str, folder: Path, *, country: str = "mexico", url: str = "", offline: bool = False
) -> Path:
    """Download a dataset from the address on its card; the file still has to be imported.

    Args:
        name: id of the dataset. folder: where to put the file. url: another address than the card's.

    Raises:
        CareoError: no such dataset, or its card knows no direct address.
        NetworkError: it cannot be fetched, or `offline`.
    """
    from careo.sources.network import fetch_file

    card = datasets(country).get(name)
    if card is None:
        guess = get_close_matches(name, datasets(country), n=1, cutoff=0.4)
        fix = "did_you_mean" if guess else "data_layouts"
        raise CareoError("data_no_dataset", found=repr(name), fix=fix, guess=guess[0] if guess else "")
    address = url or card.url
    if not address:
        raise CareoError("data_no_address", where=name, fix="data_by_hand", page=card.page)
    target = folder / (PurePosixPath(urlsplit(address).path).name or f"{name}.csv")
    fetch_file(address, target, offline=offline)
    return target


def import_findings(imported: Imported, language: str = "en") -> tuple[Finding, ...]:
    """What an import found: the file in one sentence, everything odd in it, its sums beside published totals."""
    snapshot = imported.snapshot
    return (
        _recognised(snapshot, language),
        *_oddities(snapshot, language),
        *_reconciliations(snapshot, imported.reconciliations, language),
    )


def check_data(
    names: Sequence[str] = (), *, country: str = "mexico", language: str = "en"
) -> tuple[Finding, ...]:
    """Check imported editions: unchanged on disk, what was odd, sums against published totals; then publishers against each other.

    Args:
        names: checksums or datasets; empty for every edition. The name or folder of a country means its files (`country_findings`).
        country: whose editions. language: of the sentences.

    Raises:
        CareoError: no edition of that name.
    """
    from careo.panel.reconcile import reconcile
    from careo.results.country_files import country_findings, is_country

    findings = [each for name in names if is_country(name) for each in country_findings(name, language)]
    names_of_editions = [name for name in names if not is_country(name)]
    if names and not names_of_editions:
        return tuple(findings)
    loaded = load_country(country)
    chosen = [store.find(name) for name in names_of_editions] or list(store.snapshots(country=country))
    for snapshot in chosen:
        findings.append(_unchanged(snapshot, language))
        findings += _oddities(snapshot, language)
        import polars as pl

        series = pl.read_parquet(store.table(snapshot, "series"))
        findings += _reconciliations(snapshot, reconcile(series, loaded, snapshot.known), language)
    findings += _registers(chosen, loaded, language)
    return (*findings, *([] if names else publishers_compared(loaded, language)))


def publishers_compared(loaded: Country, language: str = "en") -> Iterator[Finding]:
    """Two publishers of nearly the same thing, by year, with the range over the states."""
    path = country_folder(loaded.key) / "checks.yaml"
    given = (read_yaml(path) or {}).get("ratios") or [] if path.is_file() else []
    for entry in given:
        yield _ratio(loaded, entry["one"], entry["other"], tuple(entry["expected"]), language)


def revision_finding(revisions: Revisions, language: str = "en", most: int = 20) -> Finding:
    """What a later edition revised, the largest changes first."""
    old, new = revisions.old, revisions.new
    changed = [row for row in revisions.summary.rows(named=True) if row["kind"] == "revised"]
    added = sum(row["cells"] for row in revisions.summary.rows(named=True) if row["kind"] == "added")
    gone = sum(row["cells"] for row in revisions.summary.rows(named=True) if row["kind"] == "gone")
    loaded = load_country(old.country)
    largest = revisions.values.drop_nulls(["old", "new"])
    largest = largest.with_columns(change=(largest["new"] - largest["old"]).abs())
    largest = largest.sort(
        "change", "indicator", "place", "start", descending=[True, False, False, False]
    ).head(most)
    table = tuple(
        {
            "indicator": _indicator_name(loaded, row["indicator"], language),
            "place": place_name(loaded, row["place"], language),
            "period": period_words(_period(row["start"], row["step"]), language),
            "old": number(row["old"]),
            "new": number(row["new"]),
            "change": f"{row['new'] - row['old']:+,.0f}",
        }
        for row in largest.rows(named=True)
    )
    cells = sum(row["cells"] for row in changed)
    return Finding(
        id=f"{old.sha256[:8]}-{new.sha256[:8]}-revisions",
        kind="data",
        claim=say(
            language, "data.diff.claim", dataset=_title(old, language), old=old.vintage, new=new.vintage
        ),
        verdict="raised" if cells or gone else "passed",
        because=say(
            language,
            "data.diff.because",
            cells=f"{cells:,}",
            added=f"{added:,}",
            gone=f"{gone:,}",
            rows=f"{sum(revisions.rows['cells']) if 'cells' in revisions.rows.columns else 0:,}",
        ),
        statement=None,
        table=table,
        caveats=tuple(
            say(
                language,
                "data.diff.indicator",
                indicator=_indicator_name(loaded, row["indicator"], language),
                cells=f"{row['cells']:,}",
                places=str(row["places"]),
                old=number(row["old"]),
                new=number(row["new"]),
            )
            for row in changed
        ),
        sources=(source_of(old), source_of(new)),
        language=language,
    )


# --- one edition ---------------------------------------------------------------------------------------------------------


def _recognised(snapshot: Snapshot, language: str) -> Finding:
    card = datasets(snapshot.country)[snapshot.dataset]
    loaded = load_country(snapshot.country)
    words = {
        "publisher": card.publisher,
        "layout": snapshot.layout,
        "vintage": snapshot.vintage,
        "basis": say(language, f"data.basis.{snapshot.vintage_basis}"),
        "period": f"{snapshot.first} – {snapshot.last}" if snapshot.first else say(language, "data.undated"),
        "rows": f"{snapshot.rows:,}",
        "places": f"{snapshot.places:,}",
        "measures": ", ".join(_indicator_name(loaded, name, language) for name in snapshot.indicators)
        or say(language, "data.no_indicator"),
    }
    return _finding(snapshot, "recognised", "passed", say(language, "data.recognised", **words), language)


def _unchanged(snapshot: Snapshot, language: str) -> Finding:
    same = store.verify(snapshot)
    code = "unchanged" if same else "changed"
    return _finding(snapshot, code, "passed" if same else "failed", say(language, f"data.{code}"), language)


def _oddities(snapshot: Snapshot, language: str) -> Iterator[Finding]:
    loaded = load_country(snapshot.country)
    for order, oddity in enumerate(snapshot.oddities):
        verdict = "failed" if oddity.grave else "raised"
        words = {key: _indicator_name(loaded, value, language) for key, value in oddity.words.items()}
        sentence = say(language, f"data.oddity.{oddity.code}", **words)
        yield _finding(snapshot, f"{oddity.code}-{order}", verdict, sentence, language, code=oddity.code)


def _reconciliations(snapshot: Snapshot, found: Sequence[Reconciliation], language: str) -> Iterator[Finding]:
    loaded = load_country(snapshot.country)
    for indicator in dict.fromkeys(r.indicator for r in found):
        rows = [r for r in found if r.indicator == indicator]
        tested = [r for r in rows if r.fits is not None]
        off = [r for r in tested if not r.fits]
        verdict = "failed" if off else "passed" if tested else "not a test"
        worst = max(tested, key=lambda r: abs(r.value / (r.published or 1.0) - 1), default=None)
        words = {
            "indicator": _indicator_name(loaded, indicator, language),
            "years": str(len(tested)),
            "off": ", ".join(str(r.year) for r in off),
            "all": ", ".join(str(r.year) for r in rows),
        }
        if worst is not None and worst.published is not None:
            words |= {
                "year": str(worst.year),
                "value": number(worst.value),
                "published": number(worst.published),
                "vintage": worst.vintage,
                "ratio": f"{worst.value / worst.published:.3f}" if worst.published else "–",
            }
        table = tuple(
            {
                "period": str(r.year),
                "value": number(r.value),
                "published": number(r.published) if r.published is not None else "–",
                "ratio": f"{r.value / r.published:.3f}" if r.published else "–",
                "vintage": r.vintage,
                "source": r.source,
            }
            for r in rows
        )
        key = {"failed": "total_failed", "passed": "total_passed", "not a test": "total_untested"}[verdict]
        yield _finding(
            snapshot,
            f"total-{indicator}",
            verdict,
            say(language, f"data.{key}", **words),
            language,
            table=table,
            code=key,
        )
    if not found:
        yield _finding(
            snapshot, "total", "not a test", say(language, "data.total_none"), language, code="total_none"
        )


def _finding(
    snapshot: Snapshot,
    order: str,
    verdict: str,
    because: str,
    language: str,
    *,
    table: tuple[Mapping[str, str], ...] = (),
    code: str = "",
) -> Finding:
    return Finding(
        id=f"{snapshot.sha256[:8]}-{order}",
        kind="data",
        claim=say(language, "data.edition", dataset=_title(snapshot, language), vintage=snapshot.vintage),
        verdict=verdict,
        because=because[:1].upper() + because[1:],
        statement=None,
        table=table,
        sources=(source_of(snapshot),),
        language=language,
        extra={"code": code or order, "dataset": snapshot.dataset, "sha256": snapshot.sha256},
    )


def _title(snapshot: Snapshot, language: str) -> str:
    card = datasets(snapshot.country).get(snapshot.dataset)
    return card.title.get(language, snapshot.dataset) if card else snapshot.dataset


def _indicator_name(loaded: Country, name: str, language: str) -> str:
    return loaded.indicators[name].name.get(language, name) if name in loaded.indicators else name


def _period(start: date, step: str) -> str:
    return f"{start:%Y}" if step == "year" else f"{start:%Y-%m}"


def _registers(snapshots: Sequence[Snapshot], loaded: Country, language: str) -> Iterator[Finding]:
    for total in register_totals(snapshots):
        words = {
            "indicator": _indicator_name(loaded, total.indicator, language),
            "files": str(total.files),
            "dated": number(total.dated),
            "undated": number(total.undated),
            "total": number(total.dated + total.undated),
            "added_up": number(total.added_up),
        }
        yield Finding(
            id=f"register-{total.indicator}",
            kind="data",
            claim=say(language, "data.register", **words),
            verdict="raised",
            because=say(language, "data.register_total", **words),
            statement=None,
            language=language,
            extra={"code": "register_total"},
        )


# --- two publishers ----------------------------------------------------------------------------------------------------


def _ratio(loaded: Country, one: str, other: str, expected: tuple[float, ...], language: str) -> Finding:
    low, high = expected
    nation = loaded.places.nation
    rows: list[dict[str, str]] = []
    off: list[str] = []
    ratios: list[float] = []
    for year in _years(loaded, one, other):
        whole = _share(loaded, one, other, nation, year)
        states = {
            code: share for code in loaded.places.states if (share := _share(loaded, one, other, code, year))
        }
        if whole is None:
            continue
        ratios.append(whole)
        if not low <= whole <= high:
            off.append(str(year))
        lowest, highest = (
            (min(states, key=states.__getitem__), max(states, key=states.__getitem__)) if states else ("", "")
        )
        rows.append(
            {
                "period": str(year),
                "ratio": f"{whole:.3f}",
                "lowest": f"{states[lowest]:.2f} {loaded.places.by_code[lowest].name}" if lowest else "–",
                "highest": f"{states[highest]:.2f} {loaded.places.by_code[highest].name}" if highest else "–",
                "states": str(len(states)),
            }
        )
    words = {
        "one": _indicator_name(loaded, one, language),
        "other": _indicator_name(loaded, other, language),
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
        "years": str(len(rows)),
        "off": ", ".join(off),
        "least": f"{min(ratios, default=0):.3f}",
        "most": f"{max(ratios, default=0):.3f}",
        "median": f"{median(ratios) if ratios else 0:.3f}",
    }
    verdict = "not a test" if not rows else "failed" if off else "passed"
    key = {"not a test": "ratio_untested", "failed": "ratio_failed", "passed": "ratio_passed"}[verdict]
    sources = {
        o.source
        for name in (one, other)
        for row in rows
        for o in loaded.at(name, nation, period_of_year(int(row["period"])))
    }
    return Finding(
        id=f"ratio-{one}-{other}",
        kind="data",
        claim=say(language, "data.ratio", **words),
        verdict=verdict,
        because=say(language, f"data.{key}", **words),
        statement=None,
        table=tuple(rows),
        sources=tuple(loaded.sources[key] for key in sorted(sources) if key in loaded.sources),
        language=language,
        extra={"code": key},
    )


def _years(loaded: Country, one: str, other: str) -> Iterable[int]:
    nation = loaded.places.nation
    years = {
        o.period.first.year
        for name in (one, other)
        for o in loaded.series(name).observations
        if o.place == nation and o.period.first is not None
    }
    return sorted(years)


def _share(loaded: Country, one: str, other: str, place: str, year: int) -> float | None:
    period = period_of_year(year)
    left, right = loaded.newest(one, place, period), loaded.newest(other, place, period)
    return left.value / right.value if left and right and right.value else None
