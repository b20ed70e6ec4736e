"""The verbs of official data: `careo data …` and `careo panel`."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, OutputError
from careo.base.texts import say
from careo.results.finding import Finding
from careo.results.wording import unit_word
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import one_line, verdict_slug, verdict_words
from careo.views.terminal import Screen
from careo.views.verbs import day

if TYPE_CHECKING:
    from careo.sources.catalog import Dataset
    from careo.sources.snapshot import Snapshot


def data_import_verb(asked: Asked, *, files: Sequence[str], vintage: str) -> int:
    """`careo data import FILE…`: recognise, check and keep official files."""
    import careo

    screen = Screen(asked.out)
    findings: list[Finding] = []
    kept: list[Snapshot] = []
    errors: list[CareoError] = []
    for name in files:
        try:
            imported = careo.import_data(name, country=asked.country, vintage=vintage)
        except CareoError as error:  # the other files are imported all the same
            if len(files) == 1:
                raise
            errors.append(error)
            continue
        found = careo.import_findings(imported, asked.language)
        findings += found
        kept.append(imported.snapshot)
        if not asked.json:
            screen.line(one_line(name), style="bold")
            _show_findings(screen, found, asked.language)
            screen.line(_named(imported.snapshot, "kept", asked.language), style="dim")
            screen.line()
    if asked.json:
        screen.write(contract.to_json(contract.import_data(kept, findings)))
    screen.close()
    for error in errors:
        print(error.render(asked.language), file=sys.stderr)
    if errors:
        print(
            say(asked.language, "cli.data.failed_files", count=len(errors), all=len(files)), file=sys.stderr
        )
        return 2
    return int(asked.strict and any(finding.verdict == "failed" for finding in findings))


def data_list_verb(asked: Asked, *, layouts: bool) -> int:
    """`careo data list`: imported editions, or the layouts that can be imported."""
    import careo

    screen = Screen(asked.out)
    if layouts:
        _list_layouts(screen, asked)
        screen.close()
        return 0
    found = careo.snapshots(country=asked.country)
    if asked.json:
        data = [contract.edition_data(snapshot) for snapshot in found]
        screen.write(contract.to_json(contract.envelope("data list", editions=data)))
    elif not found:
        screen.line(say(asked.language, "cli.data.none"))
    else:
        heads = [
            say(asked.language, f"cli.data.{name}")
            for name in ("dataset", "vintage", "period", "places", "rows", "checksum", "name")
        ]
        rows = [
            [
                s.dataset,
                s.vintage,
                f"{s.first} – {s.last}" if s.first else "",
                f"{s.places:,}",
                f"{s.rows:,}",
                s.sha256[:8],
                one_line(s.name, 40),
            ]
            for s in found
        ]
        screen.table(heads, rows, right=(3, 4))
    screen.close()
    return 0


def data_show_verb(asked: Asked, *, name: str) -> int:
    """`careo data show EDITION|DATASET`: the card."""
    import careo

    cards = careo.datasets(asked.country)
    held = [s for s in careo.snapshots(country=asked.country) if s.dataset == name]
    snapshot = None if name in cards else careo.find_edition(name)
    card = cards[snapshot.dataset if snapshot else name]
    screen = Screen(asked.out)
    if asked.json:
        screen.write(contract.to_json(dataset_show_data(card, [snapshot] if snapshot else held)))
    else:
        _show_card(screen, asked.language, card, snapshot, held)
    screen.close()
    return 0


def dataset_show_data(card: Dataset, editions: Sequence[Snapshot]) -> dict[str, Any]:
    """The card of a dataset and its editions as the JSON contract has them."""
    data = [contract.edition_data(edition) for edition in editions]
    return contract.envelope("data show", dataset=contract.dataset_data(card), editions=data)


def datasets_data(country: str) -> dict[str, Any]:
    """The layouts that are read, the cards of a country's datasets and its imported editions as the JSON contract has them."""
    import careo
    from careo.sources.formats import layouts

    return contract.envelope(
        "data list",
        layouts=[{"layout": layout.key, "read": layout.read is not None} for layout in layouts()],
        datasets=[contract.dataset_data(card) for card in careo.datasets(country).values()],
        editions=[contract.edition_data(edition) for edition in careo.snapshots(country=country)],
    )


def data_check_verb(asked: Asked, *, names: Sequence[str]) -> int:
    """`careo data check [COUNTRY|EDITION…]`: findings; leaves with 1 when a check failed."""
    import careo

    findings = careo.check_data(names, country=asked.country, language=asked.language)
    screen = Screen(asked.out)
    if asked.json:
        data = [contract.finding_data(finding, {}) for finding in findings]
        screen.write(contract.to_json(contract.envelope("data check", data)))
    else:
        claim = ""
        for finding in findings:
            if finding.claim != claim:
                claim = finding.claim
                screen.line(claim, style="bold")
            _show_findings(screen, [finding], asked.language)
        screen.line()
        screen.line(_summary(findings, asked.language))
    screen.close()
    return int(any(finding.verdict == "failed" for finding in findings))


def data_diff_verb(asked: Asked, *, old: str, new: str) -> int:
    """`careo data diff OLD NEW`: what was revised."""
    import careo

    revisions = careo.compare_editions(careo.find_edition(old), careo.find_edition(new))
    finding = careo.revision_finding(revisions, asked.language)
    screen = Screen(asked.out)
    if asked.json:
        block = contract.revisions_data(revisions)
        screen.write(
            contract.to_json(
                contract.envelope("data diff", [contract.finding_data(finding, {})], revisions=block)
            )
        )
    else:
        screen.line(finding.claim, style="bold")
        _show_findings(screen, [finding], asked.language)
        _show_table(screen, finding, asked.language)
    screen.close()
    return 0


def data_remove_verb(asked: Asked, *, names: Sequence[str]) -> int:
    """`careo data remove EDITION…`."""
    import careo

    removed: list[dict[str, Any]] = []
    for snapshot in [careo.find_edition(name) for name in names]:
        careo.remove_edition(snapshot)
        removed.append(contract.edition_data(snapshot))
        print(_named(snapshot, "removed", asked.language), file=sys.stderr)
    _tell(asked, "data remove", editions=removed)
    return 0


def data_export_verb(asked: Asked, *, name: str) -> int:
    """`careo data export EDITION -o FOLDER`."""
    import careo

    folder = careo.export_edition(careo.find_edition(name), Path(_needed_out(asked, "FOLDER")))
    print(say(asked.language, "cli.data.exported", folder=folder), file=sys.stderr)
    _tell(asked, "data export", folder=str(folder))
    return 0


def data_fetch_verb(asked: Asked, *, name: str, url: str, vintage: str) -> int:
    """`careo data fetch DATASET`: download from the publisher, then import."""
    import careo

    with tempfile.TemporaryDirectory(prefix="careo-") as folder:
        path = careo.fetch_data(name, Path(folder), country=asked.country, url=url, offline=asked.offline)
        return data_import_verb(asked, files=[str(path)], vintage=vintage)


def data_map_verb(
    asked: Asked, *, indicator: str, month: str, boundaries: str, as_of: str, rate: bool
) -> int:
    """`careo data map INDICATOR --month 2018-05 -o map.svg`."""
    import careo

    path = careo.draw_map(
        indicator,
        Path(_needed_out(asked, "map.svg|map.png")),
        month=month,
        boundaries=Path(boundaries) if boundaries else None,
        as_of=day(as_of, "--as-of"),
        rate=rate,
        country=asked.country,
        language=asked.language,
    )
    print(say(asked.language, "cli.data.drawn", path=path), file=sys.stderr)
    _tell(asked, "data map", path=str(path))
    return 0


def panel_verb(asked: Asked, *, places: str, indicator: str, as_of: str, rate: bool) -> int:
    """`careo panel -o panel.parquet|csv`: monthly values by place."""
    import careo

    panel = careo.load_panel(
        asked.country,
        places=_listed(places) or ("nation", "state"),
        indicators=_listed(indicator),
        as_of=day(as_of, "--as-of"),
        rate=rate,
    )
    from careo.panel.monthly import write_panel

    path = Path(_needed_out(asked, "panel.parquet|panel.csv"))
    rows = write_panel(panel, path)
    names = [str(name) for name in panel.data_vars]
    sizes = {"places": panel.sizes["place"], "months": panel.sizes["month"]}
    words = {"rows": f"{rows:,}", "indicators": len(names), **sizes}
    print(say(asked.language, "cli.data.written", path=path, **words), file=sys.stderr)
    _tell(asked, "panel", path=str(path), rows=rows, indicators=names, **sizes)
    return 0


def _tell(asked: Asked, command: str, **block: Any) -> None:
    """What a verb did, on standard output under `--json`: `-o` names what it wrote."""
    if asked.json:
        screen = Screen()
        screen.write(contract.to_json(contract.envelope(command, **block)))
        screen.close()


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_findings(screen: Screen, findings: Sequence[Finding], language: str) -> None:
    for finding in findings:
        screen.verdict(
            verdict_slug(finding.verdict), verdict_words(finding.verdict, language), finding.because
        )
        for caveat in finding.caveats:
            screen.line("· " + caveat, indent=4, style="dim")


def _show_table(screen: Screen, finding: Finding, language: str) -> None:
    if not finding.table:
        return
    names = list(finding.table[0])
    heads = [say(language, f"data.column.{name}") for name in names]
    right = tuple(
        i for i, name in enumerate(names) if name in ("old", "new", "change", "value", "published", "ratio")
    )
    screen.table(heads, [[row[name] for name in names] for row in finding.table], indent=2, right=right)


def _list_layouts(screen: Screen, asked: Asked) -> None:
    import careo

    cards = careo.datasets(asked.country)
    if asked.json:
        screen.write(contract.to_json(datasets_data(asked.country)))
        return
    for card in cards.values():
        screen.line(card.id, style="bold")
        screen.line(f"{card.title.get(asked.language, '')} · {card.publisher}", indent=4)
        if card.page:
            screen.line(one_line(card.page), indent=4, style="dim")


def _show_card(
    screen: Screen, language: str, card: Dataset, snapshot: Snapshot | None, held: Sequence[Snapshot]
) -> None:
    screen.line(card.title.get(language, card.id), style="bold")
    screen.line(card.id, style="dim")
    screen.line()
    screen.line(card.definition.get(language, ""))
    screen.line()
    facts = [
        ("publisher", card.publisher),
        ("unit", unit_word(card.unit, language) if card.unit else ""),
        ("time", say(language, f"cli.data.time.{card.time}")),
        ("level", say(language, f"cli.data.level.{card.places}")),
        ("licence", card.licence.get(language, "")),
        ("page", card.url or card.page),
        ("measures", ", ".join(card.series)),
    ]
    if snapshot:
        facts += [
            ("edition", f"{snapshot.vintage} ({say(language, f'data.basis.{snapshot.vintage_basis}')})"),
            ("period", f"{snapshot.first} – {snapshot.last}" if snapshot.first else ""),
            ("layout", snapshot.layout),
            ("file", snapshot.name),
            ("checksum", snapshot.sha256),
            ("imported", snapshot.imported),
        ]
    rows = [[say(language, f"cli.data.facts.{key}"), one_line(value, 300)] for key, value in facts if value]
    screen.table(["", ""], rows)
    if card.traps:
        screen.line()
        screen.line(say(language, "cli.data.traps"), style="bold")
        for trap in card.traps:
            screen.line("· " + trap.get(language, ""), indent=2)
    if snapshot and snapshot.oddities:
        screen.line()
        screen.line(say(language, "cli.data.odd"), style="bold")
        for oddity in snapshot.oddities:
            screen.line(
                "· " + one_line(say(language, f"data.oddity.{oddity.code}", **oddity.words)), indent=2
            )
    if held:
        screen.line()
        screen.line(say(language, "cli.data.editions"), style="bold")
        for one in held:
            screen.line(
                f"{one.vintage}  {one.first} – {one.last}  {one.sha256[:8]}  {one_line(one.name)}", indent=2
            )


def _summary(findings: Sequence[Finding], language: str) -> str:
    counts = Counter(finding.verdict for finding in findings)
    return say(
        language,
        "cli.data.summary",
        passed=counts["passed"],
        failed=counts["failed"],
        untested=counts["not a test"],
        raised=counts["raised"],
    )


def _named(snapshot: Snapshot, key: str, language: str) -> str:
    return say(
        language,
        f"cli.data.{key}",
        dataset=snapshot.dataset,
        vintage=snapshot.vintage,
        sha256=snapshot.sha256[:8],
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _needed_out(asked: Asked, what: str) -> str:
    if not asked.out:
        raise OutputError("output_needed", where="-o", expected=what)
    return asked.out
