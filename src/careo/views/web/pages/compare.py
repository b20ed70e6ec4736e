"""Runs compared: what each strategy changes, in one sentence, then paired differences, then tables, then what to keep in mind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from careo.base.fields import worded
from careo.base.texts import say
from careo.record.strategy import load_strategy
from careo.record.strategy import strategies as strategies_of
from careo.results.caveats import DECIDING, MOST_DECIDING
from careo.results.compare_words import ORDER
from careo.run.ensemble import STATUS_QUO
from careo.run.runs import list_runs
from careo.views import contract
from careo.views.runs_verbs import run_data
from careo.views.web.page import Asking, Page, Table, page, shipped
from careo.views.web.pages.runs import at_home, known_run
from careo.views.web.result_pictures import Bar, draw_differences

KEYS = ("outcome", "expected", "difference", "change", "half_change", "most_change", "fewer", "verdict")
CLOSE = ("expected", "difference", "change", "most_change", "fewer", "verdict")


@page("/compare", part="compare")
def comparisons(asking: Asking) -> Page:
    """The runs that can be compared."""
    found, wrong = list_runs(asking.services.runs)
    told = [at_home(run) for run in found]
    mistakes = [error.render(asking.language) for error in wrong]
    return Page(
        template="compares.html",
        title=say(asking.language, "web_compare.title"),
        data=contract.envelope("runs list", runs=[run_data(run) for run in told], mistakes=mistakes),
        rows={"runs": [run for run in told if run.complete]},
        command=("runs", "list"),
        stable=False,
    )


@page("/compare/{run}", part="compare")
def comparison(
    asking: Asking, run: str, quantity: str = "", against: str = "", sensitivity: bool = False
) -> Page:
    """What each strategy of a run changes against the status quo or another one, under the same luck."""
    of = at_home(known_run(asking, run))
    names, outcomes = list(of.question["strategies"]), list(of.question["outcomes"])
    if sensitivity:
        return _ranking(asking, of)
    if quantity:
        shipped(quantity, {name: name for name in outcomes}, "run_quantity")
    if against:
        shipped(against, {name: name for name in names}, "run_strategy")
    given = [f"{name}={value!r}" for name, value in (("against", against), ("quantity", quantity)) if value]
    told = ", ".join(["futures['main']", *given]) + asking.named(", country=", loaded=True)
    command = ("compare", of.id, *_options(quantity=quantity, against=against))
    data, _ = asking.result(command)
    findings = [each for each in data["findings"] if each["extra"]["outcome"] in outcomes]
    strategies = [
        _strategy(
            name,
            [f for f in findings if f["extra"]["strategy"] == name],
            asking.language,
            close=bool(quantity),
        )
        for name in dict.fromkeys(f["extra"]["strategy"] for f in findings)
    ]
    called = {each["name"]: _called(each["name"], asking) for each in strategies}
    title = ", ".join(called.values()) or of.id
    table = [
        [each["name"], *(row[key] for key in KEYS), row["share"]]
        for each in strategies
        for row in each["outcomes"]
    ]
    return Page(
        template="compare.html",
        title=title,
        data=data,
        rows={
            "run": of, "called": called, "strategies": strategies, "skill": data["skill"], "names": names, "outcomes": outcomes, "quantity": quantity,
            "against": against or STATUS_QUO, "keys": KEYS, "close_keys": ("label", *CLOSE) if quantity else (),
        },
        command=command,
        python=f"import careo\n\nfutures = careo.open_run({of.id!r})\nfor finding in careo.compare({told}):\n    print(finding.because)",
        pictures={"differences": _forest(data["comparisons"], findings, asking.language)} if findings else {},
        tables={"outcomes": Table(("strategy", *KEYS, "grade_d"), table)},
    )  # fmt: skip


def _called(name: str, asking: Asking) -> str:
    """The title of a strategy of the record; a composed one keeps its name."""
    if name not in strategies_of(asking.country):
        return name
    return worded(load_strategy(name, asking.country).title, asking.language)


def _ranking(asking: Asking, run: Any) -> Page:
    command = ("compare", run.id, "--sensitivity")
    data, _ = asking.result(command)
    ranking = data["ranking"]
    rows = [
        {
            "name": row["name"], "reordered": row["reordered"],
            "lower": _order(row["lower"]["order"]), "upper": _order(row["upper"]["order"]),
        }
        for row in ranking["parameters"]
    ]  # fmt: skip
    return Page(
        template="ranking.html",
        title=say(asking.language, "web_compare.ranking.title"),
        data=data,
        rows={"run": run, "rows": rows, "order": _order(ranking["whole"]["order"])},
        command=command,
        tables={
            "parameters": Table(("name", "reordered", "lower", "upper"), [list(row.values()) for row in rows])
        },
    )


def _order(order: Sequence[Sequence[str]]) -> str:
    return " < ".join(" = ".join(tied) for tied in order)


def _options(**given: str) -> tuple[str, ...]:
    return tuple(word for name, value in given.items() if value for word in (f"--{name}", value))


def _strategy(
    name: str, findings: Sequence[Mapping[str, Any]], language: str, *, close: bool
) -> dict[str, Any]:
    """What a page says of one strategy: the sentence about homicides, a row an outcome, then caveats."""
    told = next((f for f in findings if f["extra"]["outcome"] == "homicides"), findings[0])
    rows: list[dict[str, str]] = []
    for finding in findings:
        extra, first = finding["extra"], (finding["table"] or [{}])[0]
        unmoved = extra["reason"] in ("not_simulated", "unknown")
        reason = extra["reason"] or ""
        word = f"reason.{reason}" if reason else f"verdict.{finding['verdict'].replace(' ', '_')}"
        cells = {key: "–" if unmoved and key != "expected" else first.get(key, "–") for key in KEYS}
        share = extra["grade_d_share"]
        rows.append(
            {**cells, "outcome": say(language, f"simulate.short_outcome.{extra['outcome']}"),
             "verdict": say(language, f"simulate.{word}"), "share": f"{100 * min(max(float(share), 0.0), 1.0):.0f}%" if share else "–"}
        )  # fmt: skip
    closely: list[tuple[str, list[dict[str, str]]]] = []
    if close and told["table"]:
        table = told["table"]
        nation, whole = table[0]["place"], table[0]["period"]
        years = [{**row, "label": row["period"]} for row in table if row["place"] == nation]
        places = [
            {**row, "label": row["place"]}
            for row in table
            if row["place"] != nation and row["period"] == whole
        ]
        closely = [(say(language, "simulate.by_year"), years), (say(language, "simulate.by_place"), places)]
    why: dict[str, list[str]] = {}
    for finding in findings:
        key = finding["extra"]["reason"] or finding["verdict"].replace(" ", "_")
        why.setdefault(key, []).append(say(language, f"simulate.short_outcome.{finding['extra']['outcome']}"))
    decides = [
        say(language, f"simulate.decides.{key}", outcomes=", ".join(why[key]))
        for key in DECIDING
        if key in why
    ]
    return {
        "name": name, "sentence": told["because"], "outcomes": rows, "decides": decides[:MOST_DECIDING], "own": told["caveats"],
        "closely": closely,
    }  # fmt: skip


def _forest(
    comparisons: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]], language: str
) -> str:
    """Paired differences of the nation over the whole horizon, strategy by strategy."""
    bars: list[Bar] = []
    graded = {(f["extra"]["strategy"], f["extra"]["outcome"]): f for f in findings}
    for each in comparisons:
        bars.append(Bar(each["strategy"]))
        for name in ORDER:
            finding = graded.get((each["strategy"], name))
            if finding is None or finding["extra"]["reason"] in ("not_simulated", "unknown"):
                continue
            o = each["axes"]["outcome"].index(name)
            percent, fewer = each["percent"]["values"][o][0][0], each["fewer"]["values"][o][0][0]
            share = finding["extra"]["grade_d_share"]
            weak = min(max(float(share), 0.0), 1.0) if share else None
            if all(value is not None for value in percent):
                detail = say(language, "web_compare.fewer", chance=f"{100 * fewer:.0f}")
                bars.append(Bar(say(language, f"simulate.short_outcome.{name}"), detail, percent, weak))
    return draw_differences(
        bars, say(language, "web_compare.picture"), say(language, "web_compare.picture_note")
    )
