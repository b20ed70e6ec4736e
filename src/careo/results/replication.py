"""Published models run again: their own figures beside ours, and what their conclusions rest on.

One model so far, the network of armed groups of 2023 (`model/cartels2023.py`). Its network is a file of others, so it is read from
a folder of the reader's; without one, the closure stands in, under its own name and against its own reference figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.citations import Source, load_sources
from careo.base.dates import period_of_year
from careo.base.errors import CareoError, DataError, InputError
from careo.base.texts import say
from careo.panel.country import Country, load_country
from careo.results.finding import Finding
from careo.results.wording import number
from careo.sources.formats import read, recognise
from careo.sources.tables import open_data, readable

if TYPE_CHECKING:
    from careo.model.cartels2023 import Network, Trajectory

STUDIES = ("prieto-curiel-2023",)
"""What can be replicated, by the key of its source."""

FIRST, NOW, LAST = 2012, 2022, 2027  # January of each; the model's years have 52 weeks
_HOMICIDES, _REPORTS = "homicide_inegi_registered", "disappearance_reports_by_year"
_MISSING_2021 = 22_470  # persons, as the authors' file has it (f_trends_pc); the register has since grown
_CLEAR = 3.84  # of a chi-squared law with one degree of freedom, 95% lie below: the usual mark of a worse fit
_DEATHS_SHARE = 0.10  # of homicides and missing persons; assumed by the authors, not estimated
_OBSERVED = (2021, 2024)  # the last year of the fit, and the last whole year observed

# The network as one compartment (computed from the public files): H in 2012, and the mean of s in 2012 and 2022.
_CONCENTRATION, _EXPOSURE = 0.0524, (0.34635 + 0.28037) / 2

SCENARIOS: Mapping[str, tuple[float, float]] = {
    "base": (1.0, 1.0),
    "half": (0.5, 1.0),
    "double": (1.0, 2.0),
    "zero": (0.0, 1.0),
    "both": (0.5, 2.0),
    "none": (1.0, 0.0),
}
"""Factors on recruitment and on incapacitation from 2022 on."""

SWEEP = (30_000.0, 60_000.0, 115_000.0, 230_000.0)
"""Members at the start that the same deaths are fitted from [persons]."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a figure of the model: what was published, how that was seen, and what a re-run must give.

    `published` is a figure, or two ends. `network` and `closure` are reference values; `step` is their tolerance in the figure's unit
    (None: half a percent).
    """

    network: float
    published: tuple[float, ...] = ()
    seen: str = ""
    closure: tuple[float, float] | None = None  # value, tolerance
    step: float | None = None


def _change(
    network: float, published: float | None, seen: str, closure: tuple[float, float] | None = None
) -> _Known:
    """A change from 2022 to 2027 [%]."""
    return _Known(network, () if published is None else (published,), seen, closure, step=0.1)


# Published: abstract and press as far as read; "memory" was written down unread and is shown as unverified. Network: the article's
# parameters as their authors pushed them, integrated independently before this module was written. Closure: likewise.
_FIGURES: Mapping[str, _Known] = {
    "members_first": _Known(115_000, (115_000,), "memory"),
    "members_now": _Known(173_837, (160_000, 185_000), "excerpt"),
    "members_last": _Known(213_745),
    "recruits": _Known(358.8, (350, 370), "excerpt"),
    "deaths_first": _Known(67.2),
    "deaths_now": _Known(124.3, (6_500 / 52,), "read"),
    "deaths_last": _Known(169.4),
    "base_size": _change(23.0, 26, "excerpt", (19, 0.5)),
    "base_deaths": _change(36.3, 40, "excerpt", (42, 0.5)),
    "half_size": _change(-9.9, -11, "memory", (-12, 0.5)),
    "half_deaths": _change(-25.8, -25, "memory", (-23, 0.5)),
    "double_size": _change(5.9, 6, "memory", (2.6, 0.1)),
    "double_deaths": _change(1.7, 8, "memory", (5.2, 0.1)),
    "zero_size": _change(-34.8, None, "", (-36, 0.5)),
    "zero_deaths": _change(-60.8, None, "", (-59, 0.5)),
    "both_size": _change(-25.2, None, ""),
    "both_deaths": _change(-48.5, None, ""),
    "none_size": _change(39.6, None, ""),
    "none_deaths": _change(74.4, None, ""),
    "weeks_back": _Known(169, (156,), "memory"),
}


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

    network: Network
    before: Trajectory
    after: Trajectory  # draws are SCENARIOS, in order
    approximate: bool
    target: tuple[float, ...]  # what is fitted to: deaths a week by year [persons/week; year]
    target_sources: tuple[str, ...]

    @property
    def form(self) -> str:
        return "closure" if self.approximate else "network"


def replicate(
    study: str, *, network: str | Path | None = None, country: str = "mexico", language: str = "en"
) -> Replication:
    """Run a published model again.

    Args:
        study: one of STUDIES. network: folder with the public files of groups, alliances and rivalries (and yearly trends);
            None runs the closure, an approximation. country: whose records hold the study. language: of the sentences.

    Raises:
        CareoError: no such study, or the folder's files are not the network; nothing is run then.
    """
    if study not in STUDIES or study not in load_sources(country):
        known = " | ".join(key for key in STUDIES if key in load_sources(country)) or "–"
        raise CareoError("replicate_unknown", expected=known, found=repr(study))
    panel = load_country(country)
    run = _run(_folder(Path(network)) if network is not None else None, panel)
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


def _run(folder: _Folder | None, panel: Country) -> _Run:
    from careo.model import cartels2023 as model

    if folder is None:
        network = model.closure(_CONCENTRATION, _EXPOSURE)
    else:
        network = model.network(folder.groups, folder.rivalries, folder.alliances)
    start = model.first_groups(network, model.PUBLISHED_MEMBERS)
    before = model.simulate(network, start, model.PUBLISHED, _weeks(NOW))
    levers = list(SCENARIOS.values())
    parameters = model.with_levers(
        model.PUBLISHED,
        recruitment=[recruitment for recruitment, _ in levers],
        incapacitation=[incapacitation for _, incapacitation in levers],
    )
    after = model.simulate(network, before.groups, parameters, _weeks(LAST) - _weeks(NOW))
    if folder is not None and folder.deaths:
        target, sources = folder.deaths, ("f_trends_pc",)
    else:
        target, sources = _embedded_deaths(panel)
    return _Run(network, before, after, folder is None, target, sources)


def _weeks(year: int) -> int:
    return 52 * (year - FIRST)


def _embedded_deaths(panel: Country) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """What the model is fitted to, from careo's own series: deaths a week by year, and the keys of their sources."""
    deaths: list[float] = []
    sources: list[str] = []
    for year in range(FIRST, NOW):
        found = [panel.newest(name, panel.code, period_of_year(year)) for name in (_HOMICIDES, _REPORTS)]
        values = [value for value in found if value]
        if len(values) < len(found):
            raise DataError("replicate_trends", where=f"{_HOMICIDES}, {_REPORTS}", found=str(year))
        deaths.append(_DEATHS_SHARE * sum(value.value for value in values) / 52)
        sources += [value.source for value in values]
    return tuple(deaths), tuple(dict.fromkeys(sources))


# ── the findings ─────────────────────────────────────────────────────────────────────────────────────────────────


def _figures(run: _Run, panel: Country, language: str) -> tuple[Finding, dict[str, float | None]]:
    """Published | the authors' parameters | ours."""
    ours = _ours(run)
    rows: list[dict[str, str]] = []
    for key, known in _FIGURES.items():
        value = ours[key]
        reference, tolerance = known.network, known.step
        if run.approximate:
            reference, tolerance = known.closure or (None, None)
        agrees = None
        if reference is not None:
            allowed = 0.005 * abs(reference) if tolerance is None else tolerance
            agrees = value is not None and abs(value - reference) <= allowed
        rows.append(
            {
                "figure": say(language, f"replicate.figure.{key}"),
                "published": _published(key, known, language),
                "reference": "–" if reference is None else _shown(key, reference, run.approximate),
                "ours": "–" if value is None else _shown(key, value),
                "agrees": "" if agrees is None else _yes(language, agrees),
            }
        )
    judged = [row["agrees"] for row in rows if row["agrees"]]
    agreeing = judged.count(_yes(language, True))
    apart = [
        abs(value - known.published[0])
        for key, known in _FIGURES.items()
        if known.step and known.published and (value := ours[key]) is not None
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
    keys = ("prieto-curiel-2023", "prieto-curiel-code-2023")
    finding = _finding("figures", run, verdict, because, rows, keys, panel, language)
    return finding, {
        key: value / 100 if value is not None and _FIGURES[key].step else value for key, value in ours.items()
    }


def _ours(run: _Run) -> dict[str, float | None]:
    """Every figure as this run has it; changes in percent, None where the run never comes to it."""
    before, after = run.before, run.after
    ours: dict[str, float | None] = {
        "members_first": float(before.members[0, 0]),
        "members_now": float(before.members[-1, 0]),
        "members_last": float(after.members[-1, 0]),
        "recruits": float(before.recruited[-1, 0]) / _weeks(NOW),
        "deaths_first": float(before.deaths_per_week[0, 0]),
        "deaths_now": float(before.deaths_per_week[-1, 0]),
        "deaths_last": float(after.deaths_per_week[-1, 0]),
    }
    for draw, name in enumerate(SCENARIOS):
        ours[f"{name}_size"] = 100 * _growth(after.members, draw)
        ours[f"{name}_deaths"] = 100 * _growth(after.deaths_per_week, draw)
    zero = after.deaths_per_week[:, list(SCENARIOS).index("zero")]
    back = (week for week, deaths in enumerate(zero) if deaths <= before.deaths_per_week[0, 0])
    ours["weeks_back"] = next(back, None)
    return ours


def _scale(run: _Run, panel: Country, language: str) -> tuple[Finding, list[dict[str, float]]]:
    """The same deaths fitted from other numbers of members, and what the levers do then."""
    from careo.model import cartels2023 as model

    ratios = [members / model.PUBLISHED_MEMBERS for members in SWEEP]
    start = model.first_groups(run.network, list(SWEEP))
    first = model.Parameters(
        model.PUBLISHED.recruitment_hazard_per_week,
        model.PUBLISHED.incapacitations_per_week,
        [1.549231e-8 / ratio**2 for ratio in ratios],  # so that the first deaths are the same
        [4e-8 / ratio for ratio in ratios],  # so that a share as large as before drops out
    )
    fitted = model.refit(run.network, start, first, run.target)
    now = model.simulate(run.network, start, fitted.parameters, _weeks(NOW)).groups
    deaths = {
        name: model.simulate(
            run.network,
            now,
            model.with_levers(fitted.parameters, recruitment=recruitment, incapacitation=incapacitation),
            _weeks(LAST) - _weeks(NOW),
        ).deaths_per_week
        for name, (recruitment, incapacitation) in SCENARIOS.items()
        if name in ("base", "double", "half")
    }
    numbers = [
        {
            "members": members,
            "squared_error": float(fitted.squared_error[draw]),
            **{name: _growth(series, draw) for name, series in deaths.items()},
            "double_against_base": _ratio(deaths["double"][-1, draw], deaths["base"][-1, draw]),
        }
        for draw, members in enumerate(SWEEP)
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
    keys = ("prieto-curiel-2023", *run.target_sources, "scale-sweep-2026")
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
    deaths, killed = run.after.deaths_per_week, run.after.killed
    numbers = {
        name: {
            "against_start": _growth(deaths, draw),
            "against_same_year": _ratio(deaths[-1, draw], deaths[-1, 0]),
            "cumulative": _ratio(killed[-1, draw], killed[-1, 0]),
        }
        for draw, name in enumerate(SCENARIOS)
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
    keys = ("prieto-curiel-2023", "prieto-curiel-code-2023", "arxiv-2310-05975")
    return _finding("comparison_year", run, "inconclusive", because, rows, keys, panel, language), numbers


def _out_of_sample(run: _Run, panel: Country, language: str) -> tuple[Finding, dict[str, float]]:
    """The model's deaths after the years it was fitted to, beside what was observed."""
    first, last = _OBSERVED
    killed = (
        _in_year(run.before.killed, _weeks(first)),
        _in_year(run.after.killed, _weeks(last) - _weeks(NOW)),
    )
    homicides = [panel.at(_HOMICIDES, panel.code, period_of_year(year)) for year in _OBSERVED]
    reports = [panel.at(_REPORTS, panel.code, period_of_year(year)) for year in _OBSERVED]
    series: dict[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
        "model": (killed, ("prieto-curiel-code-2023",))
    }
    if all(homicides):
        ends = tuple(values[0] for values in homicides)  # as first published, both preliminary
        series["homicides"] = (tuple(end.value for end in ends), tuple(end.source for end in ends))
        if all(reports):
            early, late = reports[1][0], tuple(values[-1] for values in reports)
            series["with_missing"] = (
                (ends[0].value + _MISSING_2021, ends[1].value + early.value),
                (ends[0].source, "f_trends_pc", ends[1].source, early.source),
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
    critiques = ("caulkins-kilmer-reuter-2023", "arxiv-2310-05975")
    keys = dict.fromkeys((*sources, *critiques))
    claim = say(language, f"replicate.claim.{part}")
    if run.approximate:
        claim = say(language, "replicate.claim.approximate", claim=claim)
    caveats = ["approximation"] if run.approximate else []
    caveats += ["grade", "scale", "shares", "published", "critiques"]
    return Finding(
        id=f"{STUDIES[0]}-{part.replace('_', '-')}-{run.form}",
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


def _shown(key: str, value: float, coarse: bool = False) -> str:
    if _FIGURES[key].step is None:
        return number(round(value, 0 if value >= 1000 else 1))
    text = f"{value:+.1f}"
    if coarse or value == int(value):
        text = text.removesuffix(".0")
    return f"{text}%".replace("-", "−")


def _published(key: str, known: _Known, language: str) -> str:
    if not known.published:
        return "–"
    words = "–".join(_shown(key, value) for value in known.published)
    return say(language, "replicate.unverified", value=words) if known.seen == "memory" else words


# ── the reader's folder ──────────────────────────────────────────────────────────────────────────────────────────

_NETWORK = ("network_groups", "network_alliances", "network_rivalries")
_LAYOUTS = ("network_groups", "network_ties", "network_trends")
_MOST_FILES, _MOST_BYTES, _MOST_GROUPS = 200, 4 << 20, 2_000
_MOST_WEIGHT = 100  # far beyond it, four steps a week would be too few; the published weights end at 13


@dataclass(frozen=True, slots=True)
class _Folder:
    """A network as its files tell it; ties as (group, other group, weight). deaths: by year [persons/week], None without trends."""

    groups: int
    rivalries: list[tuple[int, int, float]]
    alliances: list[tuple[int, int, float]]
    deaths: tuple[float, ...] | None


def _folder(folder: Path) -> _Folder:
    """The network in a folder, its files known by their headers, whatever they are called."""
    tables = _tables(folder)
    missing = [name for name in _NETWORK if name not in tables]
    if missing:
        raise DataError(
            "replicate_incomplete",
            where=str(folder),
            expected=", ".join(_NETWORK),
            found=", ".join(tables) or "–",
            fix="replicate_files",
        )
    path, rows = tables["network_groups"]
    nodes: list[str | None] = [row["node"] for row in rows]
    if None in nodes or len(set(nodes)) < len(nodes) or not 2 <= len(nodes) <= _MOST_GROUPS:
        raise DataError(
            "replicate_groups",
            where=str(path),
            found=str(len(nodes)),
            fix="replicate_files",
            most=_MOST_GROUPS,
        )
    places = {node: place for place, node in enumerate(nodes) if node is not None}
    rivalries, alliances = (
        _ties(*tables[name], places) for name in ("network_rivalries", "network_alliances")
    )
    deaths = _deaths(*tables["network_trends"]) if "network_trends" in tables else None
    return _Folder(len(nodes), rivalries, alliances, deaths)


_Rows = list[dict[str, Any]]


def _tables(folder: Path) -> dict[str, tuple[Path, _Rows]]:
    """Dataset → its file and rows, for the files of the model in a folder; other files are passed over."""
    if not folder.is_dir():
        raise InputError("replicate_folder", where=str(folder), fix="replicate_files")
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        files = [path for path in files if 0 < path.stat().st_size <= _MOST_BYTES]
    except OSError as error:
        raise InputError(
            "input_unreadable", where=str(folder), problem=error.strerror or str(error)
        ) from error
    if len(files) > _MOST_FILES:
        raise InputError("replicate_many", where=str(folder), found=str(len(files)), most=_MOST_FILES)
    tables: dict[str, tuple[Path, _Rows]] = {}
    broken: CareoError | None = None
    for path in files:
        meant = False
        try:
            with open_data(path) as file:
                layout, table = recognise(file)
                meant = layout.key in _LAYOUTS
                if not meant:
                    continue
                reading = read(layout, table)
                with readable(file):
                    rows = reading.rows.collect().to_dicts()
        except CareoError as error:
            if meant:
                raise
            if error.words.get("layout") in _LAYOUTS:  # nearly: it matters only if the file is needed
                broken = broken or error
            continue
        if reading.dataset in tables:
            both = f"{tables[reading.dataset][0].name}, {path.name}"
            raise DataError(
                "replicate_twice",
                where=str(folder),
                found=both,
                fix="replicate_files",
                dataset=reading.dataset,
            )
        tables[reading.dataset] = path, rows
    if broken and any(name not in tables for name in _NETWORK):
        raise broken
    return tables


def _ties(path: Path, rows: _Rows, places: Mapping[str, int]) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    for row in rows:
        one, other, weight = places.get(row["node"]), places.get(row["other_node"]), row["weight"]
        if one is None or other is None or one == other or weight is None or not 0 <= weight <= _MOST_WEIGHT:
            told = f"{row['node']}, {row['other_node']}, {row['weight']}"
            raise DataError(
                "replicate_tie", where=str(path), found=told[:200], fix="replicate_files", most=_MOST_WEIGHT
            )
        found.append((one, other, weight))
    return found


def _deaths(path: Path, rows: _Rows) -> tuple[float, ...]:
    """What the model is fitted to, from the authors' file."""
    years = {row["year"]: row for row in rows}
    wanted = [years.get(year) for year in range(FIRST, NOW)]
    sums = [
        row["homicides"] + row["missing_persons"]
        for row in wanted
        if row and row["homicides"] is not None and row["missing_persons"] is not None
    ]
    if len(sums) < len(wanted) or len(years) < len(rows) or min(sums) < 0:
        told = f"{FIRST}–{NOW - 1}"
        raise DataError("replicate_trends", where=str(path), expected=told, fix="replicate_files")
    return tuple(_DEATHS_SHARE * value / 52 for value in sums)
