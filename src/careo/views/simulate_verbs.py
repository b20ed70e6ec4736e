"""The verbs `careo simulate` and `careo compare`; those about kept runs stand in `runs_verbs.py`.

`--out` of `simulate` names the folder of runs; of `compare` it is the file to write, as with other verbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, OutputError
from careo.results.finding import Finding
from careo.results.wording import duration_words, number
from careo.views import contract
from careo.views.arguments import month, one_of, positive, whole
from careo.views.arguments import outcomes as read_outcomes
from careo.views.cli import Asked
from careo.views.i18n import verdict_slug
from careo.views.runs_verbs import RUNS, named, online, run_data, tell, view, working
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.results.accumulated import Accumulated
    from careo.results.caveats import Arranged
    from careo.run.ensemble import Ensemble
    from careo.run.futures import Futures
    from careo.run.run_plan import Estimate, Plan
    from careo.run.runs import Run


def simulate_verb(
    asked: Asked,
    *,
    strategies: Sequence[str],
    months: str,
    draws: str,
    seed: str,
    start: str,
    members: str,
    places: str = "",
    where: Sequence[str] = (),
    outcomes: str = "",
    calibration: str = "",
    cluster: str = "",
) -> int:
    """`careo simulate STRATEGY…`: an estimate, the run, and each strategy against the status quo."""
    import careo
    from careo.results.strategies import load_strategies
    from careo.run.ensemble import STATUS_QUO
    from careo.run.measure_places import chosen_places
    from careo.run.run_plan import MOST_DRAWS, MOST_MONTHS, MOST_SEED, engine_compiled, estimate_run, plan_run
    from careo.run.runs import find_run, free_bytes, start_run

    online(asked, cluster)
    country = careo.load_country(asked.country)
    names = [name for name in strategies if name != STATUS_QUO]
    level = one_of("--places", places, ("state", "municipality"))
    horizon, first = whole("--months", months, 72, MOST_MONTHS), month("--start", start)
    loaded = load_strategies(names, asked.country, months=horizon, start=first)
    plan = plan_run(
        loaded,
        country,
        months=horizon,
        draws=whole("--draws", draws, 1000, MOST_DRAWS),
        seed=whole("--seed", seed, 7, MOST_SEED, least=0),
        start=first,
        members_nation=positive("--members", members),
        level="municipality" if level == "municipality" else "state",
        where=chosen_places(where, loaded, country),
        outcomes=read_outcomes(outcomes),
        calibration=careo.read_calibration(calibration) if calibration else None,
    )
    folder = Path(asked.out or RUNS)
    if _complete(plan, folder):
        tell(asked, "there", id=plan.id)
        run = find_run(plan.id, folder)
    else:
        if not engine_compiled():
            tell(asked, "compiling")
        estimate = estimate_run(plan)
        tell(asked, "estimate", **_estimated(plan, estimate, asked.language))
        if plan.job.municipal:
            from careo.results.municipalities import record_age

            record = plan.job.municipal.record
            aged = record_age(record, asked.language)
            key = "municipal.estimate_aged" if aged else "municipal.estimate"
            tell(asked, key, places=number(len(record.codes)), aged=aged)
        free = free_bytes(folder)
        if estimate.disk_bytes > free:
            raise OutputError(
                "run_room", where=str(folder), expected=_size(estimate.disk_bytes), found=_size(free), fix="run_room"
            )  # fmt: skip
        run = working(
            asked, folder / plan.id, lambda told: start_run(plan, folder, cluster=cluster, progress=told)
        )
    return _show(asked, run, "simulate", out="")


def compare_verb(
    asked: Asked, *, run: str, quantity: str, against: str, places: str = "", sensitivity: bool = False
) -> int:
    """`careo compare RUN`: every strategy of a run against the status quo or another one; with `--quantity` year by year.

    With `--places municipality` the municipalities of a run that has them, and nothing else; with `--sensitivity` what turns the order
    of the strategies, and nothing else.
    """
    from careo.run.runs import find_run

    if sensitivity:
        for option, given in (("--quantity", quantity), ("--against", against), ("--places", places)):
            if given:
                raise CareoError(
                    "usage_value",
                    expected=f"--sensitivity | {option}",
                    found=f"--sensitivity {option}",
                    option=option,
                )
        return _show_ranking(asked, find_run(run, RUNS))
    closely = bool(one_of("--places", places, ("municipality",)))
    if closely and quantity not in ("", "homicides"):
        raise CareoError("usage_value", expected="homicides", found=repr(quantity), option="--quantity")
    found = find_run(run, RUNS)
    if closely and found.question["places"] != "municipality":
        raise CareoError("run_places", where=str(found.path), fix="run_places")
    quantity = "homicides" if closely else quantity
    return _show(
        asked, found, "compare", out=asked.out, quantity=quantity or None, against=against, municipal=closely
    )


def _show_ranking(asked: Asked, run: Run) -> int:
    from careo.results.ranking import ranking
    from careo.run.parameter_table import parameter_rows
    from careo.run.run_plan import MAIN
    from careo.run.runs import open_run, run_parameters
    from careo.views.ranking import ranking_data, show_ranking

    rows = {row.id: row for row in parameter_rows("en", run.question["country"])}
    drawn = {
        name: values
        for name, values in run_parameters(run.id, run.path.parent).items()
        if name not in rows or "homicides" in rows[name].moves
    }
    found = ranking(open_run(run.id, run.path.parent)[MAIN], drawn)
    country, screen = run.question["country"], Screen(asked.out)
    if asked.json:
        block: dict[str, Any] = {
            "run": run_data(run),
            "ranking": ranking_data(found, country, asked.language),
        }
        screen.write(contract.to_json(contract.envelope("compare", **block)))
    else:
        show_ranking(screen, asked, found, country)
    screen.close()
    return 0


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(
    asked: Asked,
    run: Run,
    command: str,
    *,
    out: str,
    quantity: str | None = None,
    against: str = "",
    municipal: bool = False,
) -> int:
    """The comparison of a run: rights first, then the other outcomes, then what to keep in mind.

    Args:
        municipal: municipalities alone and more of them; else they follow the states' homicides where the run has them.
    """
    from careo.run.runs import open_run
    from careo.views.skill_panel import show_skill

    found = compared(
        run,
        open_run(run.id, run.path.parent),
        asked.language,
        quantity=quantity,
        against=against,
        municipal=municipal,
    )
    findings, places, arranged, of_run, kept = (
        found.findings,
        found.places,
        found.arranged,
        found.of_run,
        found.kept,
    )
    screen = Screen(out)
    if asked.json:
        screen.write(contract.to_json(found.data(command)))
    else:
        if not findings:
            screen.line(view(asked, "nobody"))
        for name in dict.fromkeys(finding.extra["strategy"] for finding in findings):
            of_places = next((f for f in places if f.extra["strategy"] == name), None)
            of_whole = [f for f in findings if f.extra["strategy"] == name]
            if municipal and of_places:
                _show_municipal(screen, asked, of_places)
            else:
                _show_strategy(screen, asked, of_whole, bool(quantity), of_places)
            _about(screen, asked, name, arranged[name], of_whole[0].grade)
        show_skill(screen, run.question["country"], asked.language, constants=run.constants_key)
        screen.line()
        if findings:
            noted = (
                () if municipal else (view(asked, "expected_note", against=_against(asked, kept.against)),)
            )
            _points(screen, view(asked, "about"), (*noted, *of_run))
        screen.line(
            view(asked, "run", id=run.id, path=run.path, name=named(asked, run.id, run.path)), style="dim"
        )
    screen.close()
    return int(asked.strict and bool(kept.failures))


@dataclass(frozen=True, eq=False)
class Compared:
    """A run gone through: what a screen, the JSON contract and a page say of it.

    Attributes:
        kept: its draws. findings: by strategy and outcome, complaints of rights violations first. places: of municipalities.
        arranged: what decides and what to keep in mind, by strategy. of_run: what holds for all of them. quantity: the only outcome.
        ensemble: its municipalities, where only those are shown.
    """

    run: Run
    language: str
    kept: Accumulated
    findings: Sequence[Finding]
    places: Sequence[Finding]
    arranged: Mapping[str, Arranged]
    of_run: Sequence[str]
    quantity: str | None = None
    ensemble: Ensemble | None = None

    def data(self, command: str) -> dict[str, Any]:
        """As the JSON contract of a command has it."""
        from careo.results.skill_record import skill_sentences

        shown = self.places if self.ensemble else (*self.findings, *self.places)
        data = [contract.finding_data(finding, {}) for finding in shown]
        skill = skill_sentences(self.run.question["country"], self.language, constants=self.run.constants_key)
        if self.ensemble:
            numbers = _municipal_numbers(self.ensemble, self.findings, self.kept.against)
        else:
            numbers = _numbers(self.kept, self.findings, self.quantity)
        block = {"run": run_data(self.run), "comparisons": numbers, "skill": list(skill)}
        return contract.envelope(command, data, **block)


def compared(
    run: Run,
    futures: Mapping[str, Futures],
    language: str,
    *,
    quantity: str | None = None,
    against: str = "",
    municipal: bool = False,
) -> Compared:
    """Every strategy of a run against another one: rights first, then the other outcomes, then what to keep in mind.

    Args:
        futures: its ensembles by name. municipal: municipalities alone and more of them; else they follow the states' homicides where
            the run has them.

    Raises:
        CareoError: there is no such outcome, or no such strategy in the run.
    """
    import careo
    from careo.results.caveats import arrange
    from careo.results.compare import accumulated, compare
    from careo.results.municipalities import LARGEST, compare_municipalities
    from careo.run.ensemble import STATUS_QUO
    from careo.run.run_plan import MAIN, WITHOUT_D
    from careo.run.runs import read_run

    country = careo.load_country(run.question["country"])
    kept = accumulated(futures[MAIN], against or STATUS_QUO)
    findings = compare(
        kept,
        against=kept.against,
        quantity=quantity,
        language=language,
        without_d=futures.get(WITHOUT_D),
        scales=[futures[name] for name in sorted(futures) if name.startswith("members-")],
        country=country,
    )
    places: Sequence[Finding] = ()
    by_place = run.question["places"] == "municipality" and quantity in (None, "homicides")
    ensemble = read_run(run.id, run.path.parent) if by_place else None
    if ensemble:
        places = compare_municipalities(
            ensemble, [f for f in findings if f.extra["outcome"] == "homicides"], language=language,
            country=country, largest=3 * LARGEST if municipal else LARGEST,
        )  # fmt: skip
    arranged, of_run = arrange(places if municipal else [*findings, *places], language)
    return Compared(
        run, language, kept, findings, places, arranged, of_run, quantity, ensemble if municipal else None
    )


def trial_run(plan: Plan) -> Run:
    """A plan that was computed in memory, as the run that `careo simulate` would have left on disk."""
    from importlib.metadata import version

    from careo.run.run_plan import computer
    from careo.run.runs import Run

    blocks = sum(len(variant.blocks) for variant in plan.variants)
    return Run(
        plan.id, Path(RUNS) / plan.id, plan.question, plan.variants, plan.depends["forecast"],
        {"careo": version("careo"), **computer()}, blocks, blocks,
    )  # fmt: skip


def _show_strategy(
    screen: Screen, asked: Asked, findings: Sequence[Finding], closely: bool, places: Finding | None = None
) -> None:
    """One strategy: the sentence, an outcome a line; closely: years and places of one outcome."""
    from careo.results.compare_words import versus

    told = next((f for f in findings if f.extra["outcome"] == "homicides"), findings[0])
    screen.line(f"{told.extra['strategy']} {versus(told.extra['against'], asked.language)}", style="bold")
    screen.line(told.because)
    screen.line()
    keys = ("outcome", "expected", "difference", "change", "half_change", "most_change", "fewer", "verdict")
    rows = [
        [view(asked, f"short_outcome.{f.extra['outcome']}"), *_cells(f, keys[1:-1]), _verdict(asked, f)]
        for f in findings
    ]
    right = tuple(range(1, len(keys) - 1))
    left = screen.table(_heads(asked, keys), rows, indent=2, right=right, spare=(4, 1))
    screen.no_room(left, asked.language)
    for line in _errors(asked, findings):
        screen.line(line, indent=2, style="dim")
    if closely and told.table:
        _closely(screen, asked, told)
    if places:
        _places(screen, asked, places)


def _show_municipal(screen: Screen, asked: Asked, finding: Finding) -> None:
    """One strategy, municipality by municipality."""
    from careo.results.compare_words import versus

    strategy, against = finding.extra["strategy"], finding.extra["against"]
    screen.line(f"{strategy} {versus(against, asked.language)}", style="bold")
    _places(screen, asked, finding)


def _places(screen: Screen, asked: Asked, finding: Finding) -> None:
    """The places reached together, the others together, the largest differences."""
    keys = ("place", "expected", "difference", "most", "change", "fewer", "verdict")
    heads = [view(asked, "head.most_change") if key == "most" else view(asked, f"head.{key}") for key in keys]
    screen.line()
    screen.line(view(asked, "municipal.title"), style="bold")
    screen.line(finding.because)
    if finding.table:
        rows = [[row[key] for key in keys] for row in finding.table]
        screen.table(heads, rows, indent=2, right=(1, 2, 3, 4, 5))


def _about(screen: Screen, asked: Asked, strategy: str, told: Arranged, grade: str) -> None:
    """What decides the verdicts of a strategy, then what is its own."""
    screen.line()
    _points(screen, view(asked, "decides.title"), told.decides)
    if told.rows:
        screen.line(view(asked, "rests.title"), style="bold")
        screen.table(told.heads, told.rows, indent=2, right=range(1, len(told.heads)), whole=(0,))
        screen.line(view(asked, "rests.note"), indent=2, style="dim")
        screen.line()
    weakest = (view(asked, "grade", grade=grade),) if grade else ()
    _points(screen, view(asked, "own", strategy=strategy), (*weakest, *told.own))


def _points(screen: Screen, title: str, sentences: Sequence[str]) -> None:
    if sentences:
        screen.line(title, style="bold")
        for sentence in sentences:
            screen.point(sentence, style="dim", indent=2)
        screen.line()


def _against(asked: Asked, against: str) -> str:
    return view(asked, "status_quo") if against == "status-quo" else against


def _errors(asked: Asked, findings: Sequence[Finding]) -> list[str]:
    """How far off the numbers of a table can be: by the luck of the draw, and because quantiles were read from bins."""
    shown = [
        (view(asked, f"short_outcome.{f.extra['outcome']}"), f.table[0])
        for f in findings
        if f.table and f.extra["reason"] != "not_simulated"
    ]
    found: list[str] = []
    if shown:
        each = "; ".join(
            view(asked, "luck", outcome=name, median=row["luck"], fewer=row["fewer_luck"])
            for name, row in shown
        )
        found.append(view(asked, "luck_note", errors=each))
    if any("bins" in row for _, row in shown):
        found.append(
            view(asked, "bins_note", errors="; ".join(f"{name} {row['bins']}" for name, row in shown))
        )
    return found


def _closely(screen: Screen, asked: Asked, finding: Finding) -> None:
    nation, whole = finding.table[0]["place"], finding.table[0]["period"]
    extra = ("start",) if "start" in finding.table[0] else ()
    keys = ("period", "expected", "difference", "change", "luck", "most_change", "fewer", *extra, "verdict")
    keys = tuple(key for key in keys if key != "luck" or not extra)  # there is no room for both
    years = [row for row in finding.table if row["place"] == nation]
    places = [row for row in finding.table if row["place"] != nation and row["period"] == whole]
    for title, shown, heads in (
        ("by_year", years, keys),
        (
            "by_place",
            places,
            ("place", "expected", "difference", "change", "luck", "most_change", "fewer", "verdict"),
        ),
    ):
        screen.line()
        screen.line(view(asked, title), style="bold")
        left = screen.table(
            _heads(asked, heads),
            [[row[key] for key in heads] for row in shown],
            indent=2,
            right=tuple(range(1, len(heads) - 1)),
            whole=(0,),
            spare=[heads.index(key) for key in ("luck", "expected", "difference") if key in heads],
        )
        screen.no_room(left, asked.language)


def _cells(finding: Finding, keys: Sequence[str]) -> list[str]:
    """Of the nation over the whole horizon; what was not simulated has no difference, not one of zero."""
    told = ("expected",) if finding.extra["reason"] == "not_simulated" else keys
    return [finding.table[0][key] if finding.table and key in told else "–" for key in keys]


def _verdict(asked: Asked, finding: Finding) -> str:
    reason = finding.extra["reason"]
    return view(asked, f"reason.{reason}" if reason else f"verdict.{verdict_slug(finding.verdict)}")


def _heads(asked: Asked, keys: Sequence[str]) -> list[str]:
    return [view(asked, f"head.{key}") for key in keys]


def _numbers(kept: Accumulated, findings: Sequence[Finding], quantity: str | None) -> list[dict[str, Any]]:
    """What the findings word, in numbers, with the names of the axes."""
    from careo.results.differences import differences

    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(finding.extra["strategy"] for finding in findings):
        numbers = differences(kept, name)
        coords, several = numbers.axes(), numbers.arrays()
        if quantity:
            row = [coords["outcome"].index(quantity)]
            coords["outcome"] = [quantity]
            several = {
                key: (axes, part[row] if axes[0] == "outcome" else part)
                for key, (axes, part) in several.items()
            }
        arrays = {key: {"axes": list(axes), "values": part.tolist()} for key, (axes, part) in several.items()}
        found.append(
            {"strategy": name, "against": kept.against, "exact": numbers.exact, "axes": coords, **arrays}
        )
    return found


def _municipal_numbers(ensemble: Ensemble, findings: Sequence[Finding], against: str) -> list[dict[str, Any]]:
    """What the findings about places word, in numbers, for every municipality."""
    from careo.results.municipalities import paired_municipalities

    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(finding.extra["strategy"] for finding in findings):
        numbers = paired_municipalities(ensemble, name, against)
        coords = {str(axis): values.to_numpy().tolist() for axis, values in numbers.coords.items()}
        arrays = {
            str(key): {"axes": list(values.dims), "values": values.to_numpy().tolist()}
            for key, values in numbers.data_vars.items()
        }
        found.append({"strategy": name, "against": against, "axes": coords, **arrays})
    return found


# ── working ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _complete(plan: Plan, folder: Path) -> bool:
    from careo.run.runs import list_runs

    return any(run.id == plan.id and run.complete for run in list_runs(folder)[0])


def _estimated(plan: Plan, estimate: Estimate, language: str) -> dict[str, object]:
    return {
        "strategies": len(plan.job.scenarios),
        "places": len(plan.job.history.places),
        "months": plan.job.months,
        "draws": plan.variants[0].draws,
        "variants": len(plan.variants),
        "cells": number(round(estimate.cells / 1e6, 1)),
        "seconds": duration_words(estimate.seconds, language),
        "memory": _size(estimate.memory_bytes),
        "disk": _size(estimate.disk_bytes),
    }


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
