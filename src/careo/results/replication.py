"""Published models run again: their own figures beside ours, and what their conclusions rest on.

One model so far, the network of armed groups of 2023 (`model/cartels2023.py`); what was published of it and what a re-run must give
stand in the country's `replications/`. Its network is a file of others, so it is read from
a folder of the reader's; without one, the closure stands in, under its own name and against its own reference figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from careo.base.citations import Source
from careo.base.dates import period_of_year
from careo.base.errors import CareoError, DataError
from careo.base.texts import say
from careo.panel.country import Country, load_country
from careo.results.finding import Finding
from careo.results.replication_network import NetworkFolder, network_folder
from careo.results.replication_study import Figure, PublishedModel, load_published_model, published_models
from careo.results.wording import number

if TYPE_CHECKING:
    from careo.model.cartels2023 import Network, Trajectory

_CLEAR = 3.84  # of a chi-squared law with one degree of freedom, 95% lie below: the usual mark of a worse fit


@dataclass(frozen=True, slots=True)
class Replication:
    """A published model run again.

    Attributes:
        study: key of its source. summary: one sentence.
        approximate: True when the closure stood in for the network. groups: compartments of the run.
        findings: the figures, the free scale, the year compared with, what was observed since.
        numbers: what the sentences were made of: figure → value; changes are shares.
    """

    study: str
    summary: str
    approximate: bool
    groups: int
    findings: tuple[Finding, ...]
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Run:
    """Base line from the first year to 2022, and every scenario from then to the last year."""

    study: PublishedModel
    network: Network
    before: Trajectory
    after: Trajectory  # draws are the scenarios, in order
    approximate: bool
    target: tuple[float, ...]  # what is fitted to: deaths a week by year [persons/week; year]
    target_sources: tuple[str, ...]

    @property
    def form(self) -> str:
        return "closure" if self.approximate else "network"

    def draw(self, scenario: str) -> int:
        return list(self.study.scenarios).index(scenario)


def replicate(
    study: str, *, network: str | Path | None = None, country: str = "mexico", language: str = "en"
) -> Replication:
    """Run a published model again.

    Args:
        study: one of `published_models`. network: folder with the public files of groups, alliances and rivalries (and yearly trends);
            None runs the closure, an approximation. country: whose records hold the study. language: of the sentences.

    Raises:
        CareoError: no such study, or the folder's files are not the network; nothing is run then.
    """
    known = published_models(country)
    if study not in known:
        raise CareoError("replicate_unknown", expected=" | ".join(known) or "–", found=repr(study))
    panel, told = load_country(country), load_published_model(study, country)
    run = _run(told, network_folder(Path(network), told) if network is not None else None, panel)
    figures, figure_numbers = _figures(run, panel, language)
    scale, scale_numbers = _scale(run, panel, language)
    year, year_numbers = _comparison_year(run, panel, language)
    since, since_numbers = _out_of_sample(run, panel, language)
    double = [row["double"] for row in scale_numbers] or [float("nan")]
    judged = [row for row in figures.table if row["agrees"]]
    summary = say(
        language,
        f"replicate.summary.{run.form}",
        agree=sum(row["agrees"] == _yes(language, True) for row in judged),
        all=len(judged),
        low=_percent(min(double)),
        high=_percent(max(double)),
    )
    return Replication(
        study=study,
        summary=summary,
        approximate=run.approximate,
        groups=run.network.groups,
        findings=(figures, scale, year, since),
        numbers={
            "figures": figure_numbers,
            "scale": scale_numbers,
            "comparison_year": year_numbers,
            "out_of_sample": since_numbers,
        },
    )


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(study: PublishedModel, folder: NetworkFolder | None, panel: Country) -> _Run:
    from careo.model import cartels2023 as model

    if folder is None:
        start_of, middle = study.closure.exposure
        network = model.closure(study.closure.concentration, (start_of + middle) / 2)
    else:
        network = model.network(folder.groups, folder.rivalries, folder.alliances)
    start = model.first_groups(network, model.PUBLISHED_MEMBERS)
    before = model.simulate(network, start, model.PUBLISHED, _weeks(study, study.years.now))
    levers = study.scenarios.values()
    parameters = model.with_levers(
        model.PUBLISHED,
        recruitment=[each.recruitment for each in levers],
        incapacitation=[each.incapacitation for each in levers],
    )
    after = model.simulate(network, before.groups, parameters, _weeks_after(study))
    if folder is not None and folder.deaths:
        target, sources = folder.deaths, (study.trends.missing_source,)
    else:
        target, sources = _embedded_deaths(study, panel)
    return _Run(study, network, before, after, folder is None, target, sources)


def _weeks(study: PublishedModel, year: int) -> int:
    """Weeks from the first year to another: the model's years have 52."""
    return 52 * (year - study.years.first)


def _weeks_after(study: PublishedModel) -> int:
    return _weeks(study, study.years.last) - _weeks(study, study.years.now)


def _embedded_deaths(study: PublishedModel, panel: Country) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """What the model is fitted to, from careo's own series: deaths a week by year, and the keys of their sources."""
    deaths: list[float] = []
    sources: list[str] = []
    series = (study.trends.homicides, study.trends.reports)
    for year in range(study.years.first, study.years.now):
        found = [panel.newest(name, panel.code, period_of_year(year)) for name in series]
        values = [value for value in found if value]
        if len(values) < len(found):
            raise DataError("replicate_trends", where=", ".join(series), found=str(year))
        deaths.append(study.trends.deaths_share * sum(value.value for value in values) / 52)
        sources += [value.source for value in values]
    return tuple(deaths), tuple(dict.fromkeys(sources))


# ── the findings ─────────────────────────────────────────────────────────────────────────────────────────────────


def _figures(run: _Run, panel: Country, language: str) -> tuple[Finding, dict[str, float | None]]:
    """Published | the authors' parameters | ours."""
    ours, figures = _ours(run), run.study.figures
    rows: list[dict[str, str]] = []
    for key, known in figures.items():
        value = ours[key]
        reference, tolerance = known.network, known.within
        if run.approximate:
            reference, tolerance = known.closure, known.closure_within
        agrees = None
        if reference is not None:
            allowed = 0.005 * abs(reference) if tolerance is None else tolerance
            agrees = value is not None and abs(value - reference) <= allowed
        rows.append(
            {
                "figure": say(language, f"replicate.figure.{key}"),
                "published": _published(known, language),
                "reference": "–" if reference is None else _shown(known, reference, run.approximate),
                "ours": "–" if value is None else _shown(known, value),
                "agrees": "" if agrees is None else _yes(language, agrees),
            }
        )
    judged = [row["agrees"] for row in rows if row["agrees"]]
    agreeing = judged.count(_yes(language, True))
    apart = [
        abs(value - known.published[0])
        for key, known in figures.items()
        if known.unit == "percent" and known.published and (value := ours[key]) is not None
    ]
    because = say(
        language,
        f"replicate.because.figures_{run.form}",
        agree=agreeing,
        all=len(judged),
        groups=run.network.groups,
        apart=f"{max(apart):.1f}",
    )
    verdict = "passed" if agreeing == len(judged) else "failed"
    keys = (run.study.study, run.study.code)
    finding = _finding("figures", run, verdict, because, rows, keys, panel, language)
    return finding, {
        key: value / 100 if value is not None and figures[key].unit == "percent" else value
        for key, value in ours.items()
    }


def _ours(run: _Run) -> dict[str, float | None]:
    """Every figure as this run has it; changes in percent, None where the run never comes to it."""
    before, after = run.before, run.after
    ours: dict[str, float | None] = {
        "members_first": float(before.members[0, 0]),
        "members_now": float(before.members[-1, 0]),
        "members_last": float(after.members[-1, 0]),
        "recruits": float(before.recruited[-1, 0]) / _weeks(run.study, run.study.years.now),
        "deaths_first": float(before.deaths_per_week[0, 0]),
        "deaths_now": float(before.deaths_per_week[-1, 0]),
        "deaths_last": float(after.deaths_per_week[-1, 0]),
    }
    for draw, name in enumerate(run.study.scenarios):
        ours[f"{name}_size"] = 100 * _growth(after.members, draw)
        ours[f"{name}_deaths"] = 100 * _growth(after.deaths_per_week, draw)
    zero = after.deaths_per_week[:, run.draw("zero")]
    back = (week for week, deaths in enumerate(zero) if deaths <= before.deaths_per_week[0, 0])
    ours["weeks_back"] = next(back, None)
    return ours


def _scale(run: _Run, panel: Country, language: str) -> tuple[Finding, list[dict[str, float]]]:
    """The same deaths fitted from other numbers of members, and what the levers do then."""
    from careo.model import cartels2023 as model

    study, sweep = run.study, run.study.members
    rates = model.PUBLISHED.conflict_hazard_per_week, model.PUBLISHED.saturation_hazard_per_week
    conflict, saturation = (cast(float, rate) for rate in rates)  # one number each, as published
    ratios = [members / model.PUBLISHED_MEMBERS for members in sweep]
    start = model.first_groups(run.network, list(sweep))
    first = model.Parameters(
        model.PUBLISHED.recruitment_hazard_per_week,
        model.PUBLISHED.incapacitations_per_week,
        [conflict / ratio**2 for ratio in ratios],  # so that the first deaths are the same
        [saturation / ratio for ratio in ratios],  # so that a share as large as before drops out
    )
    fitted = model.refit(run.network, start, first, run.target)
    now = model.simulate(run.network, start, fitted.parameters, _weeks(study, study.years.now)).groups
    deaths = {
        name: model.simulate(
            run.network,
            now,
            model.with_levers(
                fitted.parameters, recruitment=levers.recruitment, incapacitation=levers.incapacitation
            ),
            _weeks_after(study),
        ).deaths_per_week
        for name, levers in study.scenarios.items()
        if name in ("base", "double", "half")
    }
    numbers = [
        {
            "members": members,
            "squared_error": float(fitted.squared_error[draw]),
            **{name: _growth(series, draw) for name, series in deaths.items()},
            "double_against_base": _ratio(deaths["double"][-1, draw], deaths["base"][-1, draw]),
        }
        for draw, members in enumerate(sweep)
        if fitted.settled[draw]
    ]
    rows = [
        {
            "members": number(row["members"]),
            "squared_error": f"{row['squared_error']:,.0f}",
            **{name: _percent(row[name]) for name in ("base", "double", "half", "double_against_base")},
        }
        for row in numbers
    ]
    errors = [row["squared_error"] for row in numbers] or [float("nan")]
    double, same = ([row[key] for row in numbers] for key in ("double", "double_against_base"))
    because = say(
        language,
        "replicate.because.scale",
        low=_percent(min(double, default=float("nan"))),
        high=_percent(max(double, default=float("nan"))),
        same_low=_percent(min(same, default=float("nan"))),
        same_high=_percent(max(same, default=float("nan"))),
        best=f"{min(errors):,.0f}",
        worst=f"{max(errors):,.0f}",
        line=f"{_line_error(run.target):,.0f}",
    )
    if max(errors) - min(errors) < _CLEAR * min(errors) / (len(run.target) - 2) and min(double) < 0 < max(
        double
    ):
        because += " " + say(language, "replicate.because.scale_turns")
    keys = (study.study, *run.target_sources, study.sweep)
    return _finding("scale", run, "inconclusive", because, rows, keys, panel, language), numbers


def _line_error(target: Sequence[float]) -> float:
    """How far a straight line misses, which has two free numbers as the refitted model has [(persons/week)²]."""
    years = range(len(target))
    middle, mean = sum(years) / len(target), sum(target) / len(target)
    slope = sum((year - middle) * value for year, value in zip(years, target, strict=True)) / sum(
        (year - middle) ** 2 for year in years
    )
    return sum((value - mean - slope * (year - middle)) ** 2 for year, value in enumerate(target))


def _comparison_year(run: _Run, panel: Country, language: str) -> tuple[Finding, dict[str, dict[str, float]]]:
    """The same scenarios against 2022, and against the same year without a change."""
    deaths, killed, base = run.after.deaths_per_week, run.after.killed, run.draw("base")
    numbers = {
        name: {
            "against_start": _growth(deaths, draw),
            "against_same_year": _ratio(deaths[-1, draw], deaths[-1, base]),
            "cumulative": _ratio(killed[-1, draw], killed[-1, base]),
        }
        for draw, name in enumerate(run.study.scenarios)
    }
    rows = [
        {
            "scenario": say(language, f"replicate.scenario.{name}"),
            **{key: _percent(value) for key, value in row.items()},
        }
        for name, row in numbers.items()
    ]
    double = numbers["double"]
    because = say(
        language,
        "replicate.because.comparison_year",
        start=_percent(double["against_start"]),
        same=_percent(double["against_same_year"]),
        cumulative=_percent(double["cumulative"]),
    )
    if double["against_same_year"] < 0 < double["against_start"]:
        because += " " + say(language, "replicate.because.comparison_year_turns")
    keys = (run.study.study, run.study.code, *run.study.critiques[-1:])
    return _finding("comparison_year", run, "inconclusive", because, rows, keys, panel, language), numbers


def _out_of_sample(run: _Run, panel: Country, language: str) -> tuple[Finding, dict[str, float]]:
    """The model's deaths after the years it was fitted to, beside what was observed."""
    study, trends = run.study, run.study.trends
    first, last = trends.observed
    killed = (
        _in_year(run.before.killed, _weeks(study, first)),
        _in_year(run.after.killed, _weeks(study, last) - _weeks(study, study.years.now)),
    )
    homicides = [panel.at(trends.homicides, panel.code, period_of_year(year)) for year in trends.observed]
    reports = [panel.at(trends.reports, panel.code, period_of_year(year)) for year in trends.observed]
    series: dict[str, tuple[tuple[float, ...], tuple[str, ...]]] = {"model": (killed, (study.code,))}
    if all(homicides):
        ends = tuple(values[0] for values in homicides)  # as first published, both preliminary
        series["homicides"] = (tuple(end.value for end in ends), tuple(end.source for end in ends))
        if all(reports):
            early, late = reports[1][0], tuple(values[-1] for values in reports)
            series["with_missing"] = (
                (ends[0].value + trends.missing, ends[1].value + early.value),
                (ends[0].source, trends.missing_source, ends[1].source, early.source),
            )
            series["with_missing_one_edition"] = (
                tuple(end.value + report.value for end, report in zip(ends, late, strict=True)),
                (*(end.source for end in ends), *(report.source for report in late)),
            )
    numbers = {name: _ratio(values[1], values[0]) for name, (values, _) in series.items()}
    rows = [
        {
            "series": say(language, f"replicate.series.{f'model_{run.form}' if name == 'model' else name}"),
            "first": number(round(values[0])),
            "last": number(round(values[1])),
            "change": _percent(numbers[name]),
            "sources": ", ".join(dict.fromkeys(keys)),
        }
        for name, (values, keys) in series.items()
    ]
    told = {name: _percent(change) for name, change in numbers.items()}
    form = "out_of_sample" if "with_missing" in numbers else "nothing_observed"
    because = say(language, f"replicate.because.{form}", **told)
    if numbers.get("homicides", 0.0) < 0 < min(numbers["model"], numbers.get("with_missing", 0.0)):
        because += " " + say(language, "replicate.because.out_of_sample_misses")
    keys = tuple(dict.fromkeys(key for _, names in series.values() for key in names))
    return _finding("out_of_sample", run, "inconclusive", because, rows, keys, panel, language), numbers


def _in_year(killed: Any, week: int) -> float:
    """Deaths of the base line in the 52 weeks from a week on."""
    return float(killed[week + 52, 0] - killed[week, 0])


def _finding(
    part: str,
    run: _Run,
    verdict: str,
    because: str,
    rows: Sequence[Mapping[str, str]],
    sources: Sequence[str],
    panel: Country,
    language: str,
) -> Finding:
    known: Mapping[str, Source] = panel.sources
    keys = dict.fromkeys((*sources, *run.study.critiques))
    claim = say(language, f"replicate.claim.{part}")
    if run.approximate:
        claim = say(language, "replicate.claim.approximate", claim=claim)
    caveats = ["approximation"] if run.approximate else []
    caveats += ["grade", "scale", "shares", "published", "critiques"]
    return Finding(
        id=f"{run.study.study}-{part.replace('_', '-')}-{run.form}",
        kind="comparison",
        claim=claim,
        verdict=verdict,
        because=because,
        statement=None,
        table=tuple(rows),
        grade="D",
        caveats=tuple(say(language, f"replicate.caveat.{key}") for key in caveats),
        sources=tuple(known[key] for key in keys if key in known),
        language=language,
        extra={"part": part, "form": run.form},
    )


def _growth(series: Any, draw: int) -> float:
    """From the first week to the last [-]."""
    return _ratio(series[-1, draw], series[0, draw])


def _ratio(one: float, other: float) -> float:
    """One over the other, less one; not a number where there is none."""
    return float(one) / float(other) - 1 if other else float("nan")


def _yes(language: str, agrees: bool) -> str:
    return say(language, f"replicate.agrees.{'yes' if agrees else 'no'}")


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}%".replace("-", "−") if share == share else "–"


def _shown(figure: Figure, value: float, coarse: bool = False) -> str:
    if figure.unit != "percent":
        return number(round(value, 0 if value >= 1000 else 1))
    text = f"{value:+.1f}"
    if coarse or value == int(value):
        text = text.removesuffix(".0")
    return f"{text}%".replace("-", "−")


def _published(figure: Figure, language: str) -> str:
    if not figure.published:
        return "–"
    words = "–".join(_shown(figure, value) for value in figure.published)
    return say(language, "replicate.unverified", value=words) if figure.seen == "memory" else words
