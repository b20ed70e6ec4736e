"""The verb `careo search`: mixes of measures under one budget, never a single winner."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.finding import Finding
from careo.results.search import Candidate, Search, search
from careo.results.search_words import mix_name, moves
from careo.results.skill_record import skill_sentences
from careo.results.wording import duration_words, number, signed
from careo.views import contract
from careo.views.arguments import whole
from careo.views.cli import Asked
from careo.views.i18n import verdict_slug
from careo.views.progress import end_progress, tell_progress, watched
from careo.views.skill_panel import show_skill
from careo.views.terminal import Screen

_OTHERS = ("rights_complaints", "disappearances", "extortion", "kidnapping")


def search_verb(
    asked: Asked,
    *,
    budget: str,
    currency: str,
    per: str,
    prevention_share: str,
    levers: str,
    keep: Sequence[str],
    months: str,
    draws: str,
    worlds: str,
    seed: str,
) -> int:
    """`careo search --budget N`: an estimate, the search, what nothing beats, where it fails and what turns it."""
    import careo

    if not budget:
        raise CareoError("search_budget_missing", fix="search_budget")
    result = search(
        careo.load_country(asked.country),
        budget=_amount(budget),
        currency=currency.upper(),
        per=per or "year",
        levers=[name.strip() for name in levers.split(",") if name.strip()],
        prevention=prevention_share or "0..1",
        keep=keep,
        months=whole("--months", months, 72, 600),
        draws=whole("--draws", draws, 100, 10_000, least=20),
        worlds=whole("--worlds", worlds, 300, 10_000, least=20),
        seed=whole("--seed", seed, 7, 2**63, least=0),
        language=asked.language,
        estimated=lambda seconds: _tell(asked, "estimate", seconds=duration_words(seconds, asked.language)),
        progress=(lambda share: _working(asked, share)) if watched() else None,
    )
    end_progress()
    screen = Screen(asked.out)
    if asked.json:
        data = [contract.finding_data(finding, {}) for finding in result.findings]
        skill = list(skill_sentences(asked.country, asked.language))
        screen.write(
            contract.to_json(contract.envelope("search", data, search=search_data(result), skill=skill))
        )
    else:
        _show(screen, asked, result)
    screen.close()
    return int(asked.strict and not result.mixes)


def search_data(result: Search) -> dict[str, Any]:
    """A search as the JSON contract has it: what was asked, everything compared, the numbers with the names of their axes."""
    question, numbers = result.question, result.numbers
    return {
        "summary": result.summary,
        "question": {
            "country": result.country.key, "budget": question.asked[0], "currency": question.asked[1], "per": question.asked[2],
            "budget_a_year": question.budget, "own_currency": question.currency, "price_year": question.price_year,
            "prevention": [question.least, question.most], "months": question.months, "seed": result.seed,
            "draws": result.draws, "worlds": result.worlds,
            "limits": [{"outcome": x.outcome, "factor": x.factor, "share": x.share, "written": x.written} for x in result.limits],
            "levers": [
                {"id": p.lever.id, "family": p.lever.family, "grade": p.lever.grade, "low": p.low, "value": p.value, "high": p.high,
                 "cost_is_judgement": bool(p.lever.cost and p.lever.cost.judgement)}
                for p in question.prices
            ],
            "passed_over": [{"lever": lever, "why": why} for lever, why in question.passed_over],
        },
        "tried": result.tried, "dropped": result.dropped, "failures": result.failures, "breaking": dict(result.breaking),
        "candidates": [_candidate(each) for each in result.candidates],
        "flips": [
            {"kind": f.kind, "lever": f.lever, "slot": f.slot, "below": f.below, "above": f.above, "about": f.about,
             "before": f.before, "after": f.after}
            for f in result.flips
        ],
        "looked_at": result.looked_at,
        "axes": {str(axis): values.to_numpy().tolist() for axis, values in numbers.coords.items()},
        "numbers": {
            str(key): {"axes": list(values.dims), "values": values.to_numpy().tolist()}
            for key, values in numbers.data_vars.items()
        },
        "promise": list(result.promise), "turns": list(result.turns), "rests": list(result.rests),
    }  # fmt: skip


def _candidate(each: Candidate) -> dict[str, Any]:
    box = each.box
    return {
        "name": each.name, "kind": each.kind, "prevention": each.prevention, "planned": each.mix.planned, "spent": each.spent,
        "sound": each.sound, "beaten_by": each.beaten_by, "rank": each.rank, "grade_d": each.grade_d, "verdict": each.verdict,
        "reason": each.reason, "failing": each.failing,
        "box": {
            "sides": {name: [_open(low), _open(high)] for name, (low, high) in box.sides.items()},
            "coverage": box.coverage, "density": box.density, "inside": box.inside, "chance": dict(box.chance),
        } if box else None,
        "depends": {"index": dict(each.depends.index), "noise": each.depends.noise} if each.depends else None,
    }  # fmt: skip


def _open(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


# ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(screen: Screen, asked: Asked, result: Search) -> None:
    from careo.results.search import SHOWN

    shown = [result.candidates[0], *result.mixes[:SHOWN]]
    by_name = {finding.extra["mix"]: finding for finding in result.findings}
    screen.line(result.summary, style="bold")
    screen.line(result.question_words)
    screen.line()
    _title(screen, asked, "mixes")
    keys = (
        "mix",
        "prevention",
        "spent",
        "difference",
        "interval",
        "fewer",
        "regret_90",
        "regret_most",
        "grade_d",
        "verdict",
    )
    rows = [_row(asked, result, each) for each in shown]
    left = screen.table(
        _heads(asked, keys), rows, indent=2, right=tuple(range(1, 9)), whole=(0,), spare=(7, 5, 1)
    )
    screen.no_room(left, asked.language)
    more = len(result.mixes) - len(shown) + 1
    if more:
        screen.line(_view(asked, "more", count=more), indent=2, style="dim")
    screen.line(_view(asked, "note"), indent=2, style="dim")
    screen.line()
    _title(screen, asked, "others")
    outcomes = [say(asked.language, f"simulate.short_outcome.{name}") for name in _OTHERS]
    rows = [[_name(asked, each), *(_other(asked, result, each, name) for name in _OTHERS)] for each in shown]
    screen.table([_view(asked, "head.mix"), *outcomes], rows, indent=2, right=(1, 2, 3, 4), whole=(0,))
    screen.line()
    if result.mixes:
        _title(screen, asked, "buys")
        rows = [[_name(asked, each), by_name[each.name].extra["buys"]] for each in shown[1:]]
        screen.table(["", ""], rows, indent=2, whole=(0,))
        screen.line()
    if result.promise:
        _show_promise(screen, asked, result)
    told = [by_name[each.name] for each in [*shown[1:], *(c for c in result.candidates if c.name == "70/30" and c not in shown)]
            if each.name in by_name]  # fmt: skip
    _list(screen, asked, "fails", [finding.extra["fails"] for finding in told])
    _list(screen, asked, "turns", result.turns)
    _list(
        screen,
        asked,
        "depends",
        [f"{_named(asked, f)}: {f.extra['depends']}" for f in told if f.extra["depends"]],
    )
    show_skill(screen, asked.country, asked.language)
    screen.line()
    _list(screen, asked, "rests", result.rests, style="dim")


def _show_promise(screen: Screen, asked: Asked, result: Search) -> None:
    """Shares of prevention side by side, the promised one among them."""
    _title(screen, asked, "promise")
    for text in result.promise:
        screen.line(text, indent=2)
    keys = ("mix", "spent", "difference", "interval", "fewer", "limits", "grade_d", "rank", "beaten")
    rows: list[list[str]] = []
    for each in result.candidates:
        if each.name in ("status-quo", "70/30") or each.name.startswith(("prevention", "70/30 ")):
            row = _row(asked, result, each)
            kept = _view_of(asked, "of_100", count=math.floor(100 * min(each.kept) + 1e-9))
            beaten = mix_name(each.beaten_by, asked.language) if each.beaten_by else "–"
            rows.append([row[0], row[2], row[3], row[4], row[5], kept, row[8], str(each.rank), beaten])
    left = screen.table(
        _heads(asked, keys), rows, indent=2, right=tuple(range(1, 8)), whole=(0, 8), spare=(1, 4)
    )
    screen.no_room(left, asked.language)
    screen.line()


def _row(asked: Asked, result: Search, each: Candidate) -> list[str]:
    at = result.numbers.sel(mix=each.name, outcome="homicides")
    low, median, high = (float(at["difference"].sel(quantile=q)) for q in (0.05, 0.5, 0.95))
    nothing = each.kind == "status-quo"
    change = float(at["percent"].sel(quantile=0.5))
    percent = "" if nothing or math.isnan(change) else f" ({signed(change)}%)"
    share = "–" if each.prevention is None else f"{100 * each.prevention:.0f}%"
    weak = "–" if each.grade_d is None else f"{100 * min(max(each.grade_d, 0.0), 1.0):.0f}%"
    interval = say(asked.language, "simulate.range", low=signed(low), high=signed(high))
    reason = f"reason.{each.reason}" if each.reason else f"verdict.{verdict_slug(each.verdict)}"
    return [
        _name(asked, each), share, f"{100 * each.spent:.0f}%", f"{signed(median)}{percent}", "–" if nothing else interval,
        "–" if nothing else f"{float(at['fewer']):.2f}",
        *(number(round(float(at[key]))) if each.kind != "reference" else "–" for key in ("regret_90", "regret_most")),
        weak, "–" if nothing else say(asked.language, f"simulate.{reason}"),
    ]  # fmt: skip


def _other(asked: Asked, result: Search, each: Candidate, outcome: str) -> str:
    """Per cent of what the status quo has, or counts where it has none in some world."""
    known = not math.isnan(float(result.numbers["fewer"].sel(mix=each.name, outcome=outcome)))
    if not known:
        return _view(asked, "unknown")
    if each.kind == "status-quo":
        return "–"
    if not moves(result, each, outcome):
        return say(asked.language, "simulate.reason.not_simulated")
    at = result.numbers["percent"].sel(mix=each.name, outcome=outcome)
    unit = "%"
    if math.isnan(float(at.sel(quantile=0.5))):
        at, unit = result.numbers["difference"].sel(mix=each.name, outcome=outcome), ""
    low, median, high = (signed(float(at.sel(quantile=q))) + unit for q in (0.05, 0.5, 0.95))
    words = say(asked.language, "simulate.range", low=low, high=high)
    return say(asked.language, "simulate.short", median=median, range=words)


def _list(screen: Screen, asked: Asked, title: str, texts: Sequence[str], style: str = "") -> None:
    if texts:
        _title(screen, asked, title)
        for text in texts:
            screen.line("· " + text, indent=2, style=style)
        screen.line()


def _title(screen: Screen, asked: Asked, key: str) -> None:
    screen.line(_view(asked, key), style="bold")


def _name(asked: Asked, each: Candidate) -> str:
    return mix_name(each.name, asked.language)


def _named(asked: Asked, finding: Finding) -> str:
    return mix_name(finding.extra["mix"], asked.language)


def _heads(asked: Asked, keys: Sequence[str]) -> list[str]:
    return [_view(asked, f"head.{key}") for key in keys]


# ── arguments and talk ───────────────────────────────────────────────────────────────────────────────────────────


def _amount(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CareoError("search_budget", found=repr(text[:40]), expected="50e9") from None


def _working(asked: Asked, share: float) -> None:
    tell_progress(_view(asked, "progress", share=f"{100 * share:.0f}"), 100 * share, 100)


def _tell(asked: Asked, key: str, **words: object) -> None:
    print(_view(asked, key, **words), file=sys.stderr)


def _view(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"search.view.{key}", **words)


def _view_of(asked: Asked, key: str, **words: object) -> str:
    return say(asked.language, f"search.{key}", **words)
