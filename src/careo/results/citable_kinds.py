"""The kinds of things that can be cited: how each is found, called and taken apart. A new kind is one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from careo.base.citations import Source, load_sources
from careo.results import citable_figures as figures
from careo.results import citable_laboratory as laboratory
from careo.results import citable_purchases as purchases
from careo.results import citable_record as entries
from careo.results.citable import Kind, Named, Narrowed, Part, Record


def _sources(record: Record) -> Iterator[Named]:
    for key, source in load_sources(record.country.key, record.language).items():
        yield Named("source", key, source)


def _of_source(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """Everything in the record that rests on it."""
    source: Source = named.thing
    found = False
    for kind in KINDS.values():
        if kind.named is None or kind.whole:
            continue
        for thing in kind.named(record):
            for part in kind.parts(record, thing, Narrowed()):
                if source.key in (key if isinstance(key, str) else key.key for key in part.sources):
                    found = True
                    yield Part(part.of, part.what, part.verified, (source,))
    if not found:
        yield Part(source.key, record.say("unused"), "", (source,))


def _text(field: str) -> Callable[[Record, Any], str]:
    """The title of a thing: one of its texts by language; of an element of a strategy, its second half."""
    return lambda record, thing: record.word(getattr(thing[1] if isinstance(thing, tuple) else thing, field))


KINDS: Mapping[str, Kind] = {
    "indicator": Kind(
        title=_text("name"),
        parts=figures.of_indicator,
        named=figures.indicators,
        nouns=("careo.panel.indicators.Indicator",),
        narrows=("period", "place"),
    ),
    "dataset": Kind(
        title=_text("title"),
        parts=figures.of_card,
        beyond=figures.editions_of_card,
        named=figures.cards,
        nouns=("careo.sources.catalog.Dataset",),
    ),
    "edition": Kind(
        title=lambda _, edition: edition.name,
        parts=figures.of_edition,
        named=figures.editions,
        nouns=("careo.sources.snapshot.Snapshot",),
        called=lambda edition: f"{edition.dataset}@{edition.vintage}",
    ),
    "strategy": Kind(
        title=_text("title"),
        parts=entries.of_strategy,
        beyond=entries.beyond_strategy,
        named=entries.shipped_strategies,
        nouns=("careo.record.strategy.Strategy",),
        called=lambda strategy: strategy.slug,
        whole=True,
    ),
    "pledge": Kind(
        title=_text("text"),
        parts=entries.of_pledge,
        beyond=entries.beyond_element,
        named=entries.in_all(entries.PLEDGES),
        within=entries.PLEDGES,
    ),
    "measure": Kind(
        title=_text("name"),
        parts=entries.of_measure,
        beyond=entries.beyond_measure,
        named=entries.in_all(entries.MEASURES),
        within=entries.MEASURES,
    ),
    "constraint": Kind(
        title=_text("text"),
        parts=entries.of_element,
        beyond=entries.beyond_element,
        named=entries.in_all(entries.CONSTRAINTS),
        within=entries.CONSTRAINTS,
    ),
    "budget": Kind(
        title=_text("role"),
        parts=entries.of_budget,
        beyond=entries.beyond_budget,
        named=entries.in_all(entries.BUDGET),
        within=entries.BUDGET,
    ),
    "ladder": Kind(
        title=_text("title"),
        parts=entries.of_ladder,
        named=entries.ladders,
        nouns=("careo.record.ladder.Ladder",),
        whole=True,
    ),
    "topic": Kind(
        title=_text("title"),
        parts=entries.of_topic,
        named=entries.topics,
        nouns=("careo.record.topic.Topic",),
        whole=True,
    ),
    "step": Kind(title=_text("what"), parts=entries.of_step, named=entries.steps),
    "lever": Kind(
        title=_text("name"),
        parts=entries.of_lever,
        beyond=entries.beyond_lever,
        named=entries.levers,
        nouns=("careo.evidence.levers.Lever",),
    ),
    "parameter": Kind(title=_text("name"), parts=laboratory.of_parameter, named=laboratory.parameters),
    "ensemble": Kind(
        title=lambda _, ensemble: ", ".join(ensemble.strategies),
        parts=laboratory.of_ensemble,
        nouns=("careo.run.ensemble.Ensemble",),
        called=lambda ensemble: f"seed-{ensemble.seed}",
    ),
    "study": Kind(
        title=_text("about"),
        parts=entries.of_study,
        named=entries.studies,
        nouns=("careo.evidence.studies.Study",),
        called=lambda study: study.key,
    ),
    "money": Kind(
        title=_text("name"),
        parts=entries.of_line,
        named=entries.lines,
        nouns=("careo.record.money.MoneyLine",),
        narrows=("period", "stage"),
    ),
    "rate": Kind(
        title=lambda _, rate: f"{rate.quoted}/{rate.base}", parts=entries.of_rate, named=entries.rates
    ),
    "prices": Kind(
        title=lambda record, _: record.say("price_index"), parts=entries.of_prices, named=entries.prices
    ),
    "share": Kind(title=_text("name"), parts=entries.of_share, named=entries.shares, whole=True),
    "source": Kind(
        title=lambda _, source: ": ".join(filter(None, (source.producer, source.title))),
        parts=_of_source,
        named=_sources,
        nouns=("careo.base.citations.Source",),
        called=lambda source: source.key,
        whole=True,
    ),
    "series": Kind(
        title=lambda record, series: record.word(record.country.indicators[series.indicator].name),
        parts=figures.of_series,
        nouns=("careo.panel.series.Series",),
        called=lambda series: series.indicator,
    ),
    "panel": Kind(
        title=lambda record, _: record.say("panel"),
        parts=figures.of_panel,
        nouns=("xarray.core.dataset.Dataset",),
        called=lambda panel: str(panel.attrs.get("country", "")),
    ),
    "calibration": Kind(
        title=lambda record, _: record.say("calibrated"),
        parts=figures.of_calibration,
        named=figures.calibrations,
        nouns=("careo.run.calibrate.Calibration",),
        called=lambda made: made.key[:12],
        whole=True,
    ),
    "rule": Kind(
        title=_text("title"),
        parts=purchases.of_rule,
        named=purchases.rules,
        nouns=("careo.record.purchases.rules.Rule",),
    ),
    "signal": Kind(
        title=purchases.title_of_signal,
        parts=purchases.of_signal,
        found=purchases.signal_called,
        nouns=("careo.record.purchases.signals.Signal",),
    ),
    "finding": Kind(
        title=lambda _, finding: finding.claim,
        parts=figures.of_finding,
        nouns=("careo.results.finding.Finding",),
    ),
    "findings": Kind(
        title=lambda record, found: record.say("findings", count=len(getattr(found, "findings", found))),
        parts=figures.of_findings,
        nouns=("careo.results.audit.Audit", "careo.results.strategy_audit.StrategyAudit"),
        called=lambda _: "audit",
    ),
    "drift": Kind(
        title=lambda _, drift: drift.title,
        parts=figures.of_drift,
        nouns=("careo.results.drift.Drift",),
        called=lambda drift: drift.finding.id.partition(":")[2],
    ),
    "document": Kind(
        title=lambda _, page: page.title or page.source.key,
        parts=figures.of_document,
        nouns=("careo.sources.documents.Document",),
        called=lambda page: page.source.key,
    ),
}
"""Kind → how it is found, called and taken apart; a name before a colon (`ladder:merida`) is one of these."""
