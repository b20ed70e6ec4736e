"""The verbs `careo simulate`, `careo runs …` and `careo compare`.

`--out` of `simulate` and of `runs …` names the folder of runs; of `compare` it is the file to write and of `runs export` the folder, as
with other verbs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, NetworkError, OutputError
from careo.base.texts import say
from careo.results.finding import Finding
from careo.results.wording import number, period_words
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import verdict_slug
from careo.views.terminal import Screen

if TYPE_CHECKING:
    from careo.results.accumulated import Accumulated
    from careo.run.ensemble import Ensemble
    from careo.run.run_plan import Estimate, Plan
    from careo.run.runs import Run

RUNS = "runs"


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
    cluster: str = "",
) -> int:
    """`careo simulate STRATEGY…`: an estimate, the run, and each strategy against the status quo."""
    import careo
    from careo.results.strategies import load_strategies
    from careo.run.ensemble import STATUS_QUO
    from careo.run.measure_places import chosen_places
    from careo.run.run_plan import MOST_DRAWS, MOST_MONTHS, MOST_SEED, engine_compiled, estimate_run, plan_run
    from careo.run.runs import find_run, free_bytes, start_run

    _online(asked, cluster)
    country = careo.load_country(asked.country)
    names = [name for name in strategies if name != STATUS_QUO]
    level = _level(places, ("state", "municipality"))
    horizon, first = _whole("--months", months, 72, MOST_MONTHS), _month("--start", start)
    loaded = load_strategies(names, asked.country, months=horizon, start=first)
    plan = plan_run(
        loaded,
        country,
        months=horizon,
        draws=_whole("--draws", draws, 1000, MOST_DRAWS),
        seed=_whole("--seed", seed, 7, MOST_SEED, least=0),
        start=first,
        members_nation=_positive("--members", members),
        level="municipality" if level == "municipality" else "state",
        where=chosen_places(where, loaded, country),
        outcomes=_outcomes(outcomes),
    )
    folder = Path(asked.out or RUNS)
    if _complete(plan, folder):
        _tell(asked, "there", id=plan.id)
        run = find_run(plan.id, folder)
    else:
        if not engine_compiled():
            _tell(asked, "compiling")
        estimate = estimate_run(plan)
        _tell(asked, "estimate", **_estimated(plan, estimate, asked.language))
        if plan.job.municipal:
            _tell(asked, "municipal.estimate", places=number(len(plan.job.municipal.record.codes)))
        free = free_bytes(folder)
        if estimate.disk_bytes > free:
            raise OutputError(
                "run_room", where=str(folder), expected=_size(estimate.disk_bytes), found=_size(free), fix="run_room"
            )  # fmt: skip
        run = _working(
            asked, _name(asked, plan.id), lambda told: start_run(plan, folder, cluster=cluster, progress=told)
        )
    return _show(asked, run, "simulate", out="")


def compare_verb(asked: Asked, *, run: str, quantity: str, against: str, places: str = "") -> int:
    """`careo compare RUN`: every strategy of a run against the status quo or another one; with `--quantity` year by year.

    With `--places municipality` the municipalities of a run that has them, and nothing else.
    """
    from careo.run.runs import find_run

    closely = bool(_level(places, ("municipality",)))
    if closely and quantity not in ("", "homicides"):
        raise CareoError("usage_value", expected="homicides", found=repr(quantity), option="--quantity")
    found = find_run(run, RUNS)
    if closely and found.question["places"] != "municipality":
        raise CareoError("run_places", where=str(found.path), fix="run_places")
    quantity = "homicides" if closely else quantity
    return _show(
        asked, found, "compare", out=asked.out, quantity=quantity or None, against=against, municipal=closely
    )


def runs_list_verb(asked: Asked) -> int:
    """`careo runs list`: what was run, and what is wrong with folders that look like a run."""
    from careo.run.runs import list_runs

    folder = asked.out or RUNS
    found, wrong = list_runs(folder)
    screen, language = Screen(), asked.language
    if asked.json:
        mistakes = [error.render(language) for error in wrong]
        block = {"runs": [_run_data(run) for run in found], "mistakes": mistakes}
        screen.write(contract.to_json(contract.envelope("runs list", **block)))
        return int(asked.strict and bool(wrong))
    if not found and not wrong:
        screen.line(_view(asked, "none", folder=folder))
    keys = ("id", "strategies", "months", "start_month", "draws", "seed", "state")
    rows = [
        [
            run.id,
            ", ".join(run.question["strategies"][1:]) or "–",
            str(run.question["months"]),
            run.question["start"],
            str(run.question["draws"]),
            str(run.question["seed"]),
            _state(asked, run),
        ]
        for run in found
    ]
    if rows:
        screen.table([_view(asked, f"head.{key}") for key in keys], rows, right=(2, 4, 5), whole=(0, 3))
    for error in wrong:
        screen.line(error.render(language))
    return int(asked.strict and bool(wrong))


def runs_show_verb(asked: Asked, *, name: str) -> int:
    """`careo runs show RUN`: what was asked, what it rests on, how far it is."""
    from careo.run.runs import find_run, same_model

    run = find_run(name, asked.out or RUNS)
    screen, question = Screen(), run.question
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs show", run=_run_data(run))))
        return 0
    strategies = ", ".join(question["strategies"])
    words = {key: question[key] for key in ("months", "draws", "seed")}
    start = period_words(question["start"], asked.language)
    screen.line(
        _view(asked, "show.question", id=run.id, strategies=strategies, start=start, **words), style="bold"
    )
    screen.line(_view(asked, "show.state", state=_state(asked, run), path=run.path))
    given = question["members_nation"]
    screen.line(
        _view(asked, "show.members", members=number(given)) if given else _view(asked, "show.members_drawn")
    )
    if question["places"] == "municipality":
        screen.line(_view(asked, "show.municipal", id=run.id))
    screen.line(_view(asked, "show.ensembles", names=", ".join(v.name for v in run.variants)))
    screen.line(_view(asked, "show.computed", **run.computed_by), style="dim")
    if not same_model(run):
        screen.line(_view(asked, "show.other_model"), style="dim")
    return 0


def runs_resume_verb(asked: Asked, *, name: str, cluster: str) -> int:
    """`careo runs resume RUN`: computes the blocks that are missing or damaged."""
    from careo.run.runs import find_run, resume_run

    _online(asked, cluster)
    folder = asked.out or RUNS
    path = find_run(name, folder).path
    run = _working(
        asked,
        _name(asked, path.name),
        lambda told: resume_run(path.name, path.parent, cluster=cluster, progress=told),
    )
    screen = Screen()
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs resume", run=_run_data(run))))
    else:
        screen.line(_view(asked, "resumed", id=run.id, blocks=run.blocks, name=_name(asked, run.id)))
    return 0


def runs_export_verb(asked: Asked, *, name: str) -> int:
    """`careo runs export RUN -o FOLDER`: every draw as Parquet."""
    from careo.run.shards import export_run

    if not asked.out:
        raise OutputError("output_needed", where="careo runs export", expected="-o FOLDER")
    shards = export_run(name, asked.out, RUNS)
    screen = Screen()
    if asked.json:
        block = {"folder": asked.out, "shards": [asdict(shard) for shard in shards]}
        screen.write(contract.to_json(contract.envelope("runs export", **block)))
    else:
        rows = number(sum(shard.rows for shard in shards))
        screen.line(_view(asked, "exported", rows=rows, files=len(shards), folder=asked.out))
    return 0


def runs_remove_verb(asked: Asked, *, names: Sequence[str]) -> int:
    """`careo runs remove RUN…`."""
    from careo.run.runs import remove_run

    screen, removed = Screen(), list[str]()
    for name in names:
        removed.append(remove_run(name, asked.out or RUNS))
        if not asked.json:
            screen.line(_view(asked, "removed", id=removed[-1]))
    if asked.json:
        screen.write(contract.to_json(contract.envelope("runs remove", removed=removed)))
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
    import careo
    from careo.results.compare import accumulated, compare
    from careo.results.municipalities import LARGEST, compare_municipalities
    from careo.run.ensemble import STATUS_QUO
    from careo.run.run_plan import MAIN, WITHOUT_D
    from careo.run.runs import open_run, read_run

    futures = open_run(run.id, run.path.parent)
    kept = accumulated(futures[MAIN], against or STATUS_QUO)
    findings = compare(
        kept,
        against=kept.against,
        quantity=quantity,
        language=asked.language,
        without_d=futures.get(WITHOUT_D),
        scales=[futures[name] for name in sorted(futures) if name.startswith("members-")],
        country=careo.load_country(run.question["country"]),
    )
    places: Sequence[Finding] = ()
    by_place = run.question["places"] == "municipality" and quantity in (None, "homicides")
    ensemble = read_run(run.id, run.path.parent) if by_place else None
    if ensemble:
        places = compare_municipalities(
            ensemble, [f for f in findings if f.extra["outcome"] == "homicides"], language=asked.language,
            country=careo.load_country(run.question["country"]), largest=3 * LARGEST if municipal else LARGEST,
        )  # fmt: skip
    screen = Screen(out)
    if asked.json:
        shown = places if municipal else (*findings, *places)
        data = [contract.finding_data(finding, {}) for finding in shown]
        block = {"run": _run_data(run), "comparisons": _numbers(kept, findings, quantity)}
        if municipal and ensemble:
            block["comparisons"] = _municipal_numbers(ensemble, findings, kept.against)
        screen.write(contract.to_json(contract.envelope(command, data, **block)))
    else:
        if not findings:
            screen.line(_view(asked, "nobody"))
        for name in dict.fromkeys(finding.extra["strategy"] for finding in findings):
            of_places = next((f for f in places if f.extra["strategy"] == name), None)
            of_whole = [f for f in findings if f.extra["strategy"] == name]
            if municipal and of_places:
                _show_municipal(screen, asked, of_places)
            else:
                _show_strategy(screen, asked, of_whole, bool(quantity), of_places)
        screen.line(
            _view(asked, "run", id=run.id, path=run.path, name=_name(asked, run.id, run.path)), style="dim"
        )
    screen.close()
    return int(asked.strict and bool(kept.failures))


def _show_strategy(
    screen: Screen, asked: Asked, findings: Sequence[Finding], closely: bool, places: Finding | None = None
) -> None:
    """One strategy: the sentence, an outcome a line; closely: years and places of one outcome."""
    from careo.results.compare_words import versus

    told = next((f for f in findings if f.extra["outcome"] == "homicides"), findings[0])
    against = told.extra["against"]
    other = _view(asked, "status_quo") if against == "status-quo" else against
    screen.line(f"{told.extra['strategy']} {versus(against, asked.language)}", style="bold")
    screen.line(told.because)
    screen.line()
    keys = ("outcome", "expected", "difference", "change", "half_change", "most_change", "fewer", "verdict")
    rows = [
        [_view(asked, f"short_outcome.{f.extra['outcome']}"), *_cells(f, keys[1:-1]), _verdict(asked, f)]
        for f in findings
    ]
    right = tuple(range(1, len(keys) - 1))
    left = screen.table(_heads(asked, keys), rows, indent=2, right=right, whole=(0,), spare=(4, 1))
    _no_room(screen, asked, left)
    screen.line(_view(asked, "expected_note", against=other), indent=2, style="dim")
    for line in _errors(asked, findings):
        screen.line(line, indent=2, style="dim")
    if closely and told.table:
        _closely(screen, asked, told)
    if places:
        _places(screen, asked, places)
    _about(screen, asked, [told, *findings, *([places] if places else [])])


def _show_municipal(screen: Screen, asked: Asked, finding: Finding) -> None:
    """One strategy, municipality by municipality."""
    from careo.results.compare_words import versus

    strategy, against = finding.extra["strategy"], finding.extra["against"]
    screen.line(f"{strategy} {versus(against, asked.language)}", style="bold")
    _places(screen, asked, finding)
    _about(screen, asked, [finding])


def _places(screen: Screen, asked: Asked, finding: Finding) -> None:
    """The places reached together, the others together, the largest differences."""
    keys = ("place", "expected", "difference", "most", "change", "fewer", "verdict")
    heads = [
        _view(asked, "head.most_change") if key == "most" else _view(asked, f"head.{key}") for key in keys
    ]
    screen.line()
    screen.line(_view(asked, "municipal.title"), style="bold")
    screen.line(finding.because)
    if finding.table:
        rows = [[row[key] for key in keys] for row in finding.table]
        screen.table(heads, rows, indent=2, right=(1, 2, 3, 4, 5))


def _about(screen: Screen, asked: Asked, findings: Sequence[Finding]) -> None:
    """What to keep in mind, each thing once."""
    screen.line()
    screen.line(_view(asked, "about"), style="bold")
    if findings[0].grade:
        screen.line("· " + _view(asked, "grade", grade=findings[0].grade), style="dim", indent=2)
    for caveat in dict.fromkeys(caveat for finding in findings for caveat in finding.caveats):
        screen.line("· " + caveat, style="dim", indent=2)
    screen.line()


def _errors(asked: Asked, findings: Sequence[Finding]) -> list[str]:
    """How far off the numbers of a table can be: by the luck of the draw, and because quantiles were read from bins."""
    shown = [
        (_view(asked, f"short_outcome.{f.extra['outcome']}"), f.table[0])
        for f in findings
        if f.table and f.extra["reason"] != "not_simulated"
    ]
    found: list[str] = []
    if shown:
        each = "; ".join(
            _view(asked, "luck", outcome=name, median=row["luck"], fewer=row["fewer_luck"])
            for name, row in shown
        )
        found.append(_view(asked, "luck_note", errors=each))
    if any("bins" in row for _, row in shown):
        found.append(
            _view(asked, "bins_note", errors="; ".join(f"{name} {row['bins']}" for name, row in shown))
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
        screen.line(_view(asked, title), style="bold")
        left = screen.table(
            _heads(asked, heads),
            [[row[key] for key in heads] for row in shown],
            indent=2,
            right=tuple(range(1, len(heads) - 1)),
            whole=(0,),
            spare=[heads.index(key) for key in ("luck", "expected", "difference") if key in heads],
        )
        _no_room(screen, asked, left)


def _no_room(screen: Screen, asked: Asked, left: Sequence[str]) -> None:
    """Says which columns the screen was too narrow for."""
    if left:
        screen.line(_view(asked, "no_room", heads=", ".join(left)), indent=2, style="dim")


def _cells(finding: Finding, keys: Sequence[str]) -> list[str]:
    """Of the nation over the whole horizon; what was not simulated has no difference, not one of zero."""
    told = ("expected",) if finding.extra["reason"] == "not_simulated" else keys
    return [finding.table[0][key] if finding.table and key in told else "–" for key in keys]


def _verdict(asked: Asked, finding: Finding) -> str:
    reason = finding.extra["reason"]
    return _view(asked, f"reason.{reason}" if reason else f"verdict.{verdict_slug(finding.verdict)}")


def _heads(asked: Asked, keys: Sequence[str]) -> list[str]:
    return [_view(asked, f"head.{key}") for key in keys]


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


def _run_data(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "path": str(run.path),
        "question": dict(run.question),
        "ensembles": [{"name": v.name, "draws": v.draws, "members_nation": v.members_nation, "without": list(v.without)}
                      for v in run.variants],
        "computed_by": dict(run.computed_by),
        "blocks": run.blocks,
        "done": run.done,
        "complete": run.complete,
    }  # fmt: skip


def _state(asked: Asked, run: Run) -> str:
    return (
        _view(asked, "complete")
        if run.complete
        else _view(asked, "partial", done=run.done, blocks=run.blocks)
    )


# ── working ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _working(asked: Asked, name: str, work: Callable[[Callable[[int, int], None] | None], Run]) -> Run:
    """Runs with a line of progress on a terminal; whoever stops it is told how to go on."""
    tty = sys.stderr.isatty()

    def told(done: int, blocks: int) -> None:
        print("\r" + _view(asked, "progress", done=done, blocks=blocks), end="", file=sys.stderr, flush=True)

    try:
        return work(told if tty else None)
    except KeyboardInterrupt:
        _tell(asked, "stopped", name=name)
        raise
    finally:
        if tty:
            print(file=sys.stderr)


def _online(asked: Asked, cluster: str) -> None:
    if cluster and asked.offline:
        raise NetworkError("cluster_offline", where=cluster, fix="cluster_offline")


def _complete(plan: Plan, folder: Path) -> bool:
    from careo.run.runs import list_runs

    return any(run.id == plan.id and run.complete for run in list_runs(folder)[0])


def _name(asked: Asked, id_: str, path: Path | None = None) -> str:
    """How the run is named on the command line: by its id, or by its path when it stands in another folder."""
    folder = path.parent if path else Path(asked.out or RUNS)
    return id_ if folder == Path(RUNS) else str(folder / id_)


def _estimated(plan: Plan, estimate: Estimate, language: str) -> dict[str, object]:
    return {
        "strategies": len(plan.job.scenarios),
        "places": len(plan.job.history.places),
        "months": plan.job.months,
        "draws": plan.variants[0].draws,
        "variants": len(plan.variants),
        "cells": number(round(estimate.cells / 1e6, 1)),
        "seconds": _duration(estimate.seconds, language),
        "memory": _size(estimate.memory_bytes),
        "disk": _size(estimate.disk_bytes),
    }


def _duration(seconds: float, language: str) -> str:
    if seconds < 1:
        return say(language, "simulate.under_a_second")
    for key, size, most in (("seconds", 1, 120), ("minutes", 60, 7200), ("hours", 3600, math.inf)):
        if seconds < most:
            return say(language, f"simulate.{key}", count=math.ceil(seconds / size))
    raise AssertionError


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


# ── arguments ────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(option: str, text: str, otherwise: int, most: int, least: int = 1) -> int:
    if not text:
        return otherwise
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise CareoError("usage_value", expected=f"{least} … {most}", found=repr(text), option=option)
    return value


def _level(text: str, known: Sequence[str]) -> str:
    if text and text not in known:
        raise CareoError("usage_value", expected=" | ".join(known), found=repr(text), option="--places")
    return text


def _outcomes(text: str) -> tuple[str, ...]:
    from careo.model.mechanisms import OUTCOMES

    return OUTCOMES if not text else () if text == "none" else tuple(part.strip() for part in text.split(","))


def _positive(option: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= 1e8:
        raise CareoError("usage_value", expected="1 … 100000000", found=repr(text), option=option)
    return value


def _month(option: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError as error:
        raise CareoError("usage_date", where=option, expected="2027-01", found=repr(text)) from error


def _tell(asked: Asked, key: str, **words: object) -> None:
    print(_view(asked, key, **words), file=sys.stderr)


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"simulate.{key}", **words)
