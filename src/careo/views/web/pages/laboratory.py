"""The laboratory: levers as sliders, and what comes of them against the status quo under the same luck."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response

from careo.base.errors import CareoError
from careo.base.fields import worded
from careo.base.files import writing
from careo.base.texts import say
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.strategy import Strategy, load_strategy, strategies
from careo.results.skill_record import skill_sentences
from careo.results.wording import number, place_name
from careo.run.composition import Composition, Line, compose, strategy_text
from careo.run.ensemble import prepare
from careo.run.futures import futures_of
from careo.run.run_plan import MAIN, WITHOUT_D
from careo.run.scenario import overlap_mistakes
from careo.run.scenario_checks import largest_dose
from careo.run.trials import Superseded, Trial
from careo.views import contract
from careo.views.fan_charts import draw_change_fan, draw_level_fan
from careo.views.simulate_verbs import compared, trial_run
from careo.views.web.actions import Filled, GoTo, action
from careo.views.web.forms import html
from careo.views.web.job import Pending
from careo.views.web.laboratory_query import NOTHING, PARAMETERS, Question, read_query
from careo.views.web.page import Asking, Page, Table, page
from careo.views.web.pages.runs import to_job

FULL_DRAWS = 1000
_MAIN_ONLY = frozenset({MAIN, WITHOUT_D})
_COLUMNS = (
    "outcome", "expected", "difference", "change", "half_change", "most_change", "fewer", "verdict", "reason", "grade",
    "grade_d_share",
)  # fmt: skip


@page("/laboratory", part="laboratory", query=PARAMETERS)
def laboratory(asking: Asking) -> Page:
    """What a composition of levers would do from here, against the status quo under the same luck."""
    country = asking.record
    asked = read_query(asking.query, country)
    language = asking.language
    rows: dict[str, Any] = {
        "asked": asked,
        "controls": _controls(asked, country, language),
        "skill": _skill(country, language),
        "compiling": not asking.services.warming.done,
    }
    if asked.empty:
        data = contract.envelope("simulate", comparisons=[], skill=list(rows["skill"]))
        return Page(
            template="laboratory.html", title=say(language, "web_laboratory.title"), data=data, rows={**rows, "found": None}, stable=not rows["compiling"],
        )  # fmt: skip
    strategy = _strategy(asked, country)  # mistakes are told at once
    asking.services.warming.wait(language)
    trial = asking.known.desk.ask(lambda: strategy, asked.name, asked.setting)
    futures = {name: futures_of(ensemble) for name, ensemble in trial.ensembles.items()}
    whole = compared(trial_run(trial.plan), futures, language)
    found = _found(asked, trial, asking, whole)
    table = [
        [row["change_words"] if key == "change" else row[key] for key in _COLUMNS]
        for row in found["outcomes"]
    ]
    return Page(
        template="laboratory.html",
        title=say(language, "web_laboratory.title"),
        data=whole.data("simulate"),
        rows={**rows, "found": found},
        command=_command(asked, trial),
        python=_python(asked, trial, asking),
        pictures={
            f"{row['id']}-{kind}": row[kind]
            for row in found["outcomes"]
            for kind in ("level", "change")
            if row[kind]
        },
        tables={"outcomes": Table(_COLUMNS, table)},
    )


@action("/laboratory/fans", part="laboratory", method="GET", programs=False)
def fans(
    asking: Asking,
    seat: Annotated[str, Header(alias="x-careo-seat")] = "",
    turn: Annotated[str, Header(alias="x-careo-turn")] = "0",
    sweep: Annotated[str, Header(alias="x-careo-sweep")] = "",
) -> Response:
    """The piece of the page that changes when a slider moves."""
    country = asking.record
    asked = read_query(asking.query, country)
    found = None
    try:
        if not asked.empty:
            asking.services.warming.wait(asking.language)
            trial = asking.known.desk.ask(
                lambda: _strategy(asked, country), asked.name, asked.setting, sweep=sweep == "1", seat=seat[:40],
                turn=int(turn[:18]) if turn.isdecimal() else 0,
            )  # fmt: skip
            found = _found(asked, trial, asking, None)
    except Superseded:
        return Response(status_code=204)
    except Pending as error:
        shown = Page(template="laboratory_mistake.html", title="", data={}, rows={"sentence": error.job.told})
        return Response(html(shown, asking, "laboratory"), 503, headers={"Retry-After": "2"}, media_type="text/html; charset=utf-8")  # fmt: skip
    except CareoError as error:
        code = 503 if error.key == "web_busy" else 422
        shown = Page(
            template="laboratory_mistake.html",
            title="",
            data={},
            rows={"sentence": error.render(asking.language)},
        )
        return Response(html(shown, asking, "laboratory"), code, media_type="text/html; charset=utf-8")
    shown = Page(template="laboratory_fans.html", title="", data={}, rows={"found": found})
    return Response(html(shown, asking, "laboratory"), media_type="text/html; charset=utf-8")


@action("/laboratory/strategy.yaml", part="laboratory", method="GET")
def strategy_file(asking: Asking) -> Response:
    """The composed strategy as a file that `careo simulate FILE` takes."""
    country = asking.record
    asked = read_query(asking.query, country)
    text = strategy_text(_strategy(asked, country, composed=True))
    return Response(
        text, media_type="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{asked.composition.slug}.yaml"'},
    )  # fmt: skip


@action("/laboratory/run", part="laboratory", fields=PARAMETERS)
def full_run(asking: Asking, form: Filled) -> GoTo:
    """Sends the composition to the queue, with more draws."""
    country = asking.record
    asked = read_query(form.query, country)
    strategy = _strategy(asked, country)
    plan = prepare(
        (strategy,), country, months=asked.setting.months, start=asked.setting.start
    )  # mistakes show here
    name = asked.name
    if not asked.plain:
        folder = asking.services.settings.home / "strategies"
        folder.mkdir(parents=True, exist_ok=True)
        with writing(folder / f"{name}.yaml") as draft:
            draft.write_text(strategy_text(strategy), encoding="utf-8")
        name = f"strategies/{name}.yaml"
    told = asked.setting
    members = ("--members", f"{told.members_nation:g}") if told.members_nation else ()
    command = (
        "simulate", name, "--months", str(told.months), "--draws", str(FULL_DRAWS), "--seed", str(told.seed),
        "--start", f"{plan.start:%Y-%m}", *members,
    )  # fmt: skip
    return to_job(asking.services.jobs.ask(command, asking.language, asking.person))


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────


def _strategy(asked: Question, country: Country, *, composed: bool = False) -> Strategy:
    """The strategy of a question, without a mistake that `careo simulate` would find."""
    if asked.plain and not composed:
        return _shipped(asked.composition.base, country.key)
    return _composed(asked.composition, country, asked)


def _composed(composition: Composition, country: Country, asked: Question) -> Strategy:
    told = asked.setting
    start = told.start or _first_month(country)
    strategy = compose(composition, country, months=told.months, start=start.replace(day=1))
    for mistake in overlap_mistakes(strategy, country, months=told.months, start=start):
        raise mistake
    return strategy


@cache
def _shipped(name: str, country: str) -> Strategy:
    return load_strategy(name, country)


def _first_month(country: Country) -> Any:
    kept = country.derived.get(("laboratory", "start"))
    if kept is None:
        kept = country.derived[("laboratory", "start")] = prepare((), country).start
    return kept


def _skill(country: Country, language: str) -> tuple[str, ...]:
    return skill_sentences(country.key, language)


def _command(asked: Question, trial: Trial) -> tuple[str, ...]:
    told = asked.setting
    name = asked.name if asked.plain else f"{asked.name}.yaml"
    members = ("--members", f"{told.members_nation:g}") if told.members_nation else ()
    return (
        "simulate", name, "--months", str(told.months), "--draws", str(told.draws), "--seed", str(told.seed),
        "--start", f"{trial.plan.job.start:%Y-%m}", *members,
    )  # fmt: skip


def _python(asked: Question, trial: Trial, asking: Asking) -> str:
    told, start = asked.setting, trial.plan.job.start
    name = asked.name if asked.plain else f"{asked.name}.yaml"
    members = f", members_nation={told.members_nation!r}" if told.members_nation else ""
    sweep = [f"{v.members_nation:.0f}" for v in trial.plan.variants if v.name not in _MAIN_ONLY]
    weaker = any(v.name == WITHOUT_D for v in trial.plan.variants)
    panel = asking.named(", ", loaded=True)
    lines = [
        "from datetime import date", "", "import careo", "",
        f"strategy = careo.load_strategy({name!r}{asking.named(', ')})",
        f"asked = dict(months={told.months}, draws={told.draws}, seed={told.seed}, start=date({start.year}, {start.month}, 1))",
        f"futures = careo.simulate([strategy]{panel}{members}, **asked)",
        *([f'weaker = careo.simulate([strategy]{panel}, without=frozenset("D"){members}, **asked)'] if weaker else ["weaker = None"]),
        f"scales = [careo.simulate([strategy]{panel}, members_nation=float(n), **asked) for n in ({', '.join(sweep)})]",
        f"for finding in careo.compare(futures, without_d=weaker, scales=scales{asking.named(', country=', loaded=True)}):",
        "    print(finding.because)",
    ]  # fmt: skip
    return "\n".join(lines)


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────


def _found(asked: Question, trial: Trial, asking: Asking, whole: Any) -> dict[str, Any]:
    """What the fans, their tables and the panels beside them say."""
    from careo.results.accumulated import accumulate
    from careo.results.caveats import arrange
    from careo.results.compare import compare
    from careo.run.ensemble import STATUS_QUO

    language, country = asking.language, asking.record
    futures = {name: futures_of(ensemble) for name, ensemble in trial.ensembles.items()}
    swept = [futures[name] for name in sorted(futures) if name not in _MAIN_ONLY]
    if whole is None:
        kept = accumulate(futures[MAIN], STATUS_QUO, nation_only=True)
        findings = compare(
            kept, without_d=futures.get(WITHOUT_D), scales=swept, language=language, country=country
        )
    else:
        findings = whole.findings
    arranged, _ = arrange(findings, language)
    told = next(iter(arranged.values()))
    main = trial.ensembles[MAIN]
    outcomes: list[dict[str, Any]] = []
    for finding in findings:
        outcome = finding.extra["outcome"]
        row = {key: finding.table[0][key] for key in _COLUMNS if finding.table and key in finding.table[0]}
        share = finding.extra["grade_d_share"]
        name = say(language, f"simulate.outcome.{outcome}")
        outcomes.append(
            {
                **dict.fromkeys(_COLUMNS, ""), **row, "id": outcome, "outcome": outcome, "name": name,
                "because": finding.because, "verdict": finding.verdict, "reason": finding.extra["reason"], "grade": finding.grade,
                "grade_d_share": share, "share": f"{100 * min(max(float(share), 0.0), 1.0):.0f}" if share else "",
                "change_words": row.get("change", ""), "level": draw_level_fan(main, outcome, language), "change": draw_change_fan(main, outcome, language),
            }
        )  # fmt: skip
    first = next((f for f in findings if f.extra["outcome"] == "homicides"), findings[0])
    return {
        "sentence": first.because, "outcomes": outcomes, "decides": told.decides, "heads": told.heads, "rests": told.rows,
        "swept": bool(swept), "money": _money(trial, country, language), "draws": asked.setting.draws,
        "failures": main.failures, "query": asking.query,
    }  # fmt: skip


def _money(trial: Trial, country: Country, language: str) -> dict[str, Any]:
    """What the strategy costs a year, and which part of it is preventive."""
    import numpy as np

    scenario = trial.plan.job.scenarios[-1]
    levers = load_levers(country.key)
    years = trial.plan.job.months / 12
    sums = dict.fromkeys(("low", "value", "high"), 0.0)
    families = {"prevention": 0.0, "coercion": 0.0, "neither": 0.0}
    lacking = 0
    for cost in scenario.costs:
        lacking += not cost.costed
        for end in sums:
            sums[end] += float(np.nansum(getattr(cost, end))) / years
        families[levers[cost.lever].family or "neither"] += float(np.nansum(cost.value)) / years
    told = {end: number(round(value / 1e6)) for end, value in sums.items()}
    named = sum(families.values())
    shares = {name: round(100 * value / named) if named else 0 for name, value in families.items()}
    return {
        **told, "currency": scenario.currency, "year": scenario.price_year, "lacking": lacking, "all": len(scenario.costs),
        "families": shares, "known": bool(scenario.costs) and lacking < len(scenario.costs), "lang": language,
    }  # fmt: skip


def _controls(asked: Question, country: Country, language: str) -> dict[str, Any]:
    """The sliders as they stand."""
    composition = asked.composition
    by_lever = {line.lever: line for line in composition.lines}
    families: dict[str, list[dict[str, Any]]] = {"prevention": [], "coercion": [], "neither": []}
    for lever in load_levers(country.key).values():
        line = by_lever.get(lever.id)
        families[lever.family or "neither"].append(_slider(lever, line, language))
    measures: list[dict[str, Any]] = []
    if composition.base:
        levers = load_levers(country.key)
        by_name = {key: lever for lever in levers.values() for key in (lever.id, lever.code.lower())}
        for measure in _shipped(composition.base, country.key).measures:
            if measure.dose:
                lever = by_name[measure.lever.lower()]
                measures.append(
                    {
                        "id": measure.id, "name": worded(measure.name, language), "lever": lever.code, "grade": measure.dose.grade,
                        "dose": f"{measure.direction * measure.dose.value:.2g}",
                        "kept": round(100 * composition.kept.get(measure.id, 1.0)),
                    }
                )  # fmt: skip
    bases = [
        {"id": name, "name": worded(_shipped(name, country.key).title, language)}
        for name in strategies(country.key)
        if any(measure.dose for measure in _shipped(name, country.key).measures)
    ]
    places = [{"code": code, "name": place_name(country, code, language)} for code in country.places.states]
    return {
        "families": families, "measures": measures, "bases": bases, "base": composition.base or NOTHING, "places": places,
        "worst": _worst(country), "budget": f"{composition.budget:g}" if composition.budget else "",
        "prevention": round(100 * composition.prevention), "months": asked.setting.months, "draws": asked.setting.draws,
        "seed": asked.setting.seed, "start": f"{asked.setting.start:%Y-%m}" if asked.setting.start else "",
        "members": f"{asked.setting.members_nation:g}" if asked.setting.members_nation else "",
    }  # fmt: skip


def _slider(lever: Lever, line: Line | None, language: str) -> dict[str, Any]:
    most = largest_dose(lever)
    return {
        "code": lever.code, "id": lever.id, "name": worded(lever.name, language), "full": worded(lever.full_dose, language),
        "grade": lever.grade, "most": most if most < 1e9 else 1.0, "dose": f"{line.dose:g}" if line else "0",
        "places": ",".join(line.places) if line else "", "start": line.start if line else 1, "ramp": line.ramp if line else 1,
        "delivered": round(100 * line.delivered) if line else 100, "rights": bool(lever.rights), "set": bool(line),
    }  # fmt: skip


def _worst(country: Country) -> list[dict[str, str]]:
    """The states with the highest homicide rates of the last twelve months that are on record, as lists of codes."""
    import numpy as np

    from careo.panel.monthly import monthly_population
    from careo.run.history import homicide_history

    history = homicide_history(country)
    last = np.datetime64(history.last, "M")
    window = last - np.arange(12)[::-1].astype("timedelta64[M]")
    people = monthly_population(country, history.places, window)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.nansum(history.counts[:, -12:], axis=1) / np.nanmean(people, axis=1)
    order = [str(history.places[row]) for row in np.argsort(-np.nan_to_num(rates), kind="stable")]
    return [{"count": str(n), "codes": ",".join(sorted(order[:n]))} for n in (5, 10) if n < len(order)]
