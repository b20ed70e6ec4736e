"""What each verb does: call one public function, show what it returns."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, InputError
from careo.base.shipped import country_folder
from careo.base.texts import say
from careo.results.finding import VERDICTS, Finding
from careo.results.wording import number, period_words, place_name, unit_word, value_words
from careo.sources.documents import SUFFIXES, Document, locate, read, read_all
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import one_line, verdict_slug, verdict_words
from careo.views.terminal import ICONS, Screen, bar

if TYPE_CHECKING:
    from careo.results.audit import Audit
    from careo.results.strategy_audit import StrategyAudit

FAILING = frozenset({"inconsistent", "not comparable", "not measurable as stated", "broken"})
"""Verdicts that make `--strict` leave with 1."""

_PLAIN = frozenset({"consistent", "unverifiable"})
"""Verdicts that the overview of an audit gives one line; the others bring their whole sentence."""


def read_verb(asked: Asked, *, pages: Sequence[str]) -> int:
    """`careo read PAGE…`: blocks and quality flags."""
    screen = Screen(asked.out)
    blocks: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for document in documents_of(asked, pages):
        if asked.json:
            documents.append(contract.document_data(document))
            blocks += contract.block_data(document, asked.language)
            flags += contract.flag_data(document, asked.language)
        else:
            _show_page(screen, document, asked.language)
    if asked.json:
        screen.write(
            contract.to_json(contract.envelope("read", documents=documents, blocks=blocks, flags=flags))
        )
    screen.close()
    return 0


def statements_verb(asked: Asked, *, pages: Sequence[str]) -> int:
    """`careo statements PAGE…`: the ledger of what the pages say."""
    import careo

    country = careo.load_country(asked.country)
    screen = Screen(asked.out)
    rows: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for document in documents_of(asked, pages):
        found = careo.statements(document, country)
        if asked.json:
            page = {document.source.key: document}
            documents.append(contract.document_data(document))
            rows += [contract.statement_data(statement, page) for statement in found]
        else:
            _heading(screen, document)
            _show_statements(screen, document, found, asked.language)
    if asked.json:
        screen.write(contract.to_json(contract.envelope("statements", documents=documents, statements=rows)))
    screen.close()
    return 0


def check_verb(asked: Asked, *, pages: Sequence[str], date: str) -> int:
    """`careo check "sentence"|PAGE…`: verdicts on figures."""
    import careo

    said = day(date)
    country = careo.load_country(asked.country)
    screen = Screen(asked.out)
    findings: list[Finding] = []
    sources: dict[str, Document] = {}
    for argument in pages:
        if _is_page(argument):
            result = careo.audit(
                list(documents_of(asked, [argument])),
                country,
                said=said,
                today=_today(),
                language=asked.language,
            )
            found = [finding for finding in result.findings if finding.kind != "quality"]
            sources |= contract.by_key(result.documents)
        else:
            found = list(careo.check(argument, country, said=said or _today(), language=asked.language))
        findings += found
        if not asked.json:
            _show_findings(screen, found, asked.language)
    if asked.json:
        data = [contract.finding_data(finding, sources) for finding in findings]
        documents_data = [contract.document_data(document) for document in sources.values()]
        screen.write(contract.to_json(contract.envelope("check", data, documents=documents_data)))
    screen.close()
    return strict_code(asked, findings)


def audit_verb(asked: Asked, *, pages: Sequence[str], ledger: str, date: str, strategy: str, on: str) -> int:
    """`careo audit [PAGE…] [--strategy SLUG|FILE] -o dossier/`: verdicts, dossier and ledger."""
    import careo
    from careo.results.audit import Audit

    result = audited(asked, pages, ledger, date, strategy, on)
    folder = Path(asked.out) if asked.out else None
    if folder:
        careo.dossier(result, careo.load_country(asked.country), to=folder, language=asked.language)
    if not isinstance(result, Audit):
        return _audit_strategy(asked, result, folder)
    if asked.json:
        sys.stdout.write(contract.to_json(contract.audit_data(result)))
    else:
        _show_audit(Screen(), result.findings, asked.language)
    if folder:
        _tell(asked, "cli.audit.lies", folder=folder / "index.html", ledger=folder / "ledger.yaml")
    else:
        _tell(asked, "cli.audit.nowhere")
    lost = sum(len(page.unanchored) for page in result.ledger.pages)
    if lost:
        _tell(asked, "cli.audit.unanchored", count=lost)
    return strict_code(asked, result.findings)


def audited(
    asked: Asked, pages: Sequence[str], ledger: str, date: str, strategy: str, on: str
) -> Audit | StrategyAudit:
    """The audit that a command line asks for: of pages (without any, the embedded ones), or of a strategy and pages beside it."""
    import careo

    said = day(date)
    country = careo.load_country(asked.country)
    decisions = careo.read_ledger(ledger) if ledger else None
    plan = careo.load_strategy(strategy, asked.country) if strategy else None
    read_pages = (
        [] if plan and not pages else list(documents_of(asked, pages) if pages else _sample(asked.country))
    )
    result = careo.audit(
        read_pages, country, ledger=decisions, said=said, today=_today(), language=asked.language
    )
    if plan is None:
        return result
    beside = result if read_pages else None
    return careo.audit_strategy(plan, country, on=day(on, "--on"), pages=beside, language=asked.language)


def _audit_strategy(asked: Asked, result: StrategyAudit, folder: Path | None) -> int:
    from careo.views.strategy_verbs import show_strategy

    if asked.json:
        sys.stdout.write(contract.to_json(contract.strategy_audit_data(result, "audit", asked.language)))
    else:
        show_strategy(Screen(), result, asked.language, country=asked.country, brief=True)
        if result.pages:
            _show_audit(Screen(), result.pages.findings, asked.language)
    if folder:
        _tell(asked, "cli.audit.strategy_lies", folder=folder / "index.html")
    else:
        _tell(asked, "cli.audit.nowhere")
    return strict_code(asked, result.findings)


def indicators_verb(asked: Asked, *, indicator: str | None, place: str) -> int:
    """`careo indicators [ID]`: definitions and values."""
    import careo

    country = careo.load_country(asked.country)
    if indicator and indicator not in country.indicators:
        raise _unknown_indicator(indicator, country.indicators)
    code = _place_code(country, place) if place else ""
    screen = Screen(asked.out)
    names = [indicator] if indicator else sorted(country.indicators)
    if asked.json:
        data = contract.indicators_data(country, names, code, asked.language, values=bool(indicator))
        screen.write(contract.to_json(data))
    elif indicator:
        _show_indicator(screen, country, indicator, code, asked.language)
    else:
        _show_list(screen, country, code, asked.language)
    screen.close()
    return 0


def schema_verb(asked: Asked, *, name: str | None) -> int:
    """`careo schema [findings|strategy]`: the JSON Schema of the JSON contract, or of a strategy's file."""
    import careo

    wanted = name or "findings"
    if wanted not in ("findings", "strategy"):
        raise CareoError("usage_value", expected="findings | strategy", found=repr(wanted), option="schema")
    screen = Screen(asked.out)
    screen.write(contract.to_json(careo.schema(wanted)))
    screen.close()
    return 0


# ── reading arguments ────────────────────────────────────────────────────────────────────────────────────────────


def documents_of(asked: Asked, pages: Sequence[str]) -> Iterator[Document]:
    seen: set[str] = set()  # a page named twice, or named and in a folder, is one page
    for document in read_all(pages, country=asked.country, offline=asked.offline):
        if document.source.key not in seen:
            seen.add(document.source.key)
            yield document


def _sample(country: str) -> Iterator[Document]:
    """The embedded pages of a country, under the same names on every machine."""
    folder = country_folder(country) / "pages"
    found = [path for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES]
    if not found:
        raise InputError("no_sample_pages", where=country)
    for path in found:
        yield read(path, name=f"{Path(country).name}/{path.name}", country=country)


def _is_page(argument: str) -> bool:
    """A page is a file, a folder, a URL, `-`, or what looks like a path; everything else is a sentence."""
    if argument == "-" or re.match(r"https?://", argument) or os.path.exists(argument):  # noqa: PTH110 - never raises
        return True
    if argument.lower().endswith(tuple(SUFFIXES)):
        return True
    return not re.search(r"\s", argument) and ("/" in argument or "\\" in argument)


def day(text: str, option: str = "--date") -> date | None:
    """A day as typed; None when none was."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CareoError("usage_date", where=option, expected="2019-03-01", found=repr(text)) from error


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the reader's own day is the one that counts


def strict_code(asked: Asked, findings: Sequence[Finding]) -> int:
    return int(asked.strict and any(finding.verdict in FAILING for finding in findings))


def _tell(asked: Asked, key: str, **words: object) -> None:
    print(one_line(say(asked.language, key, **words)), file=sys.stderr)


def _unknown_indicator(name: str, known: Any) -> CareoError:
    from difflib import get_close_matches

    # What somebody types first is the beginning or a part of a name; letters in common come second.
    near = [item for item in sorted(known, key=len) if name.lower()[:5] and item.startswith(name.lower()[:5])]
    guess = get_close_matches(name, near, n=1, cutoff=0.0) or get_close_matches(name, known, n=1, cutoff=0.4)
    return CareoError(
        "usage_indicator", found=repr(one_line(name, 60)), fix="did_you_mean" if guess else "indicators",
        guess=guess[0] if guess else "",
    )  # fmt: skip


def _place_code(country: Any, asked: str) -> str:
    code = country.places.code_of(asked)
    if code:
        return str(code)
    raise CareoError("usage_place", found=repr(one_line(asked, 60)))


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _heading(screen: Screen, document: Document) -> None:
    screen.line(document.title or document.source.key, style="bold")
    known = [document.source.key, document.publisher, document.published.isoformat() if document.published else "",
             document.language, document.format]  # fmt: skip
    screen.line(" · ".join(part for part in known if part), style="dim")


def _show_page(screen: Screen, document: Document, language: str) -> None:
    _heading(screen, document)
    screen.line()
    heads = [say(language, f"cli.read.{name}") for name in ("at", "label", "why", "text")]
    room = max(24, screen.width - 62)
    rows: list[list[str]] = []
    for block in document.blocks:
        start, _ = locate(document, block.start, block.end)
        why = contract.block_reason(block.reason, language)
        excerpt = one_line(document.text[block.start : block.end][: 2 * room], room)
        rows.append([str(start), say(language, f"dossier.block.{block.label}"), why, excerpt])
    screen.table(heads, rows, right=(0,))
    screen.line()
    if not document.flags:
        screen.line(say(language, "cli.read.no_flags"))
    for flag in document.flags:
        screen.line("⚑ " + contract.flag_sentence(flag.code, flag.words, language))
        for span in flag.spans[:3]:
            screen.line(f"“{one_line(document.text[slice(*span)], screen.width - 8)}”", indent=4, style="dim")
    screen.line()


def _show_statements(screen: Screen, document: Document, found: Sequence[Any], language: str) -> None:
    heads = [
        say(language, f"cli.statements.{name}")
        for name in ("at", "kind", "quote", "actor", "value", "hedge", "when")
    ]
    rows: list[list[str]] = []
    for s in found:
        q = s.quantity
        when = s.deadline or (period_words(s.period, language) if s.period else "")
        start, _ = locate(document, s.start, s.end)
        rows.append(
            [
                str(start),
                say(language, f"dossier.kind.{s.kind}"),
                one_line(s.quote, 120),
                one_line(s.actor, 30),
                value_words(q.value, q.unit, language, q.change) if q else "",
                "" if s.hedge == "none" else say(language, f"dossier.hedge.{verdict_slug(s.hedge)}"),
                one_line(when, 30),
            ]
        )
    if rows:
        screen.table(heads, rows, right=(0,), whole=(1,))
    else:
        screen.line(say(language, "cli.statements.none"))
    screen.line()


def _show_findings(screen: Screen, findings: Sequence[Finding], language: str) -> None:
    if not findings:
        screen.line(say(language, "cli.check.none"))
    for finding in findings:
        quote = finding.statement.quote if finding.statement else finding.claim
        screen.verdict(
            verdict_slug(finding.verdict), verdict_words(finding.verdict, language), f"“{one_line(quote)}”"
        )
        screen.line(finding.because, indent=2)
        near = [row for row in finding.considered if row.fits or row.named] or list(finding.considered)
        if near:
            heads = [
                say(language, f"cli.check.{name}")
                for name in ("fits", "definition", "period", "value", "vintage", "source")
            ]
            rows = [
                [
                    "✓" if row.fits else "–",
                    "" if index and near[index - 1].name == row.name else row.name,
                    period_words(row.period, language),
                    value_words(row.value, row.unit, language),
                    row.vintage
                    + ("" if row.verified != "memory" else f" ({say(language, 'dossier.unverified')})"),
                    row.source,
                ]
                for index, row in enumerate(near)
            ]
            screen.table(heads, rows, indent=2, right=(3,))
            used = {row.source for row in near}
            for source in finding.sources:
                if source.key in used:
                    words = ", ".join(filter(None, (source.producer, source.title, source.url)))
                    screen.line(f"{source.key}: {one_line(words)}", indent=2, style="dim")
            others = {row.indicator for row in finding.considered} - {row.indicator for row in near}
            if others:
                screen.line(say(language, "cli.check.others", count=len(others)), indent=2, style="dim")
        for caveat in finding.caveats:
            screen.line("· " + caveat, indent=2, style="dim")
        screen.line()


def _show_audit(screen: Screen, findings: Sequence[Finding], language: str) -> None:
    judged = [finding for finding in findings if finding.kind != "quality"]
    counts = Counter(finding.verdict for finding in judged)
    screen.line(say(language, "cli.audit.summary", count=len(judged)), style="bold")
    rows = [
        [ICONS[verdict_slug(verdict)], str(counts[verdict]), verdict_words(verdict, language)]
        for verdict in VERDICTS
        if counts[verdict]
    ]
    if rows:
        screen.table(["", "", ""], rows, indent=2, right=(1,))
    screen.line()
    page = ""
    for finding in judged:
        if finding.statement and finding.statement.source != page:
            page = finding.statement.source
            screen.line(page, style="dim")
        screen.verdict(
            verdict_slug(finding.verdict),
            verdict_words(finding.verdict, language),
            _short(finding, screen.width - len(verdict_words(finding.verdict, language)) - 6)
            if finding.verdict in _PLAIN
            else f"“{one_line(finding.statement.quote if finding.statement else finding.claim, 80)}”",
        )
        if finding.verdict not in _PLAIN:
            screen.line(one_line(finding.because), indent=2)
    flags = [finding for finding in findings if finding.kind == "quality"]
    if flags:
        screen.line()
        screen.line(say(language, "cli.audit.flags"), style="bold")
        for finding in flags:
            screen.line(
                f"⚑ {finding.extra.get('source', finding.claim)}: {one_line(finding.because)}", indent=2
            )


def _short(finding: Finding, width: int) -> str:
    """The words judged and the reason, on one line."""
    quote = one_line(finding.statement.quote if finding.statement else finding.claim, 48)
    return one_line(f"“{quote}” {finding.because}", width)


def _show_list(screen: Screen, country: Any, code: str, language: str) -> None:
    for name in sorted(country.indicators):
        item = country.indicators[name]
        count = sum(1 for o in country.series(name).observations if not code or o.place == code)
        if code and not count:
            continue
        values = say(language, "cli.indicators.count", count=count)
        screen.line(name, style="bold")
        screen.line(
            f"{item.name.get(language, name)} · {unit_word(item.unit, language)} · {item.publisher} · {values}",
            indent=4,
        )


def _show_indicator(screen: Screen, country: Any, name: str, code: str, language: str) -> None:
    item, series = country.indicators[name], country.series(name)
    screen.line(item.name.get(language, name), style="bold")
    screen.line(name, style="dim")
    screen.line()
    screen.line(item.definition.get(language, ""))
    screen.line()
    facts = [
        ("kind", say(language, f"dossier.indicator_kind.{item.kind}")),
        ("unit", unit_word(item.unit, language)),
        ("publisher", item.publisher),
        ("timing", contract.worded(language, "timing", item.timing)),
        ("breaks", item.breaks.get(language, "")),
        ("revisions", item.revisions.get(language, "")),
    ]
    screen.table(["", ""], [[say(language, f"cli.indicators.{key}"), value] for key, value in facts if value])
    if item.not_comparable_with:
        screen.line()
        screen.line(say(language, "cli.indicators.not_comparable"), style="bold")
        rows = [[other, why.get(language, "")] for other, why in sorted(item.not_comparable_with.items())]
        screen.table(["", ""], rows, indent=2)
    if not code:
        places = [o.place for o in series.observations]
        code = Counter(places).most_common(1)[0][0] if places else ""
    shown = [o for o in series.observations if o.place == code]
    if not shown:
        return
    screen.line()
    screen.line(place_name(country, code, language), style="bold")
    largest = max(abs(o.value) for o in shown)
    width = max(10, min(32, screen.width - 78))
    heads = [
        say(language, f"cli.indicators.{key}")
        for key in ("period", "value", "bar", "vintage", "source", "verified")
    ]
    table = [
        [
            period_words(o.period, language),
            value_words(o.value, item.unit, language)
            if item.unit in ("share", "MXN", "USD")
            else number(o.value),
            bar(o.value, largest, width),
            o.vintage,
            o.source,
            say(language, f"dossier.verified.{o.verified}"),
        ]
        for o in shown
    ]
    screen.table([heads[0], heads[1], "", *heads[3:]], table, right=(1,))
