"""Mixes of levers under one budget: what nothing beats, where it fails and what turns it; never a single winner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.search_words import mix_name
from careo.results.wording import number, signed
from careo.run.mix_search import read_limits
from careo.run.mixes import PER, mix_question, read_share
from careo.views import contract
from careo.views.arguments import one_of, whole
from careo.views.web.page import Asking, Page, Table, page
from careo.views.web.result_pictures import draw_front, draw_regret, numbers_of

KEYS = (
    "mix",
    "prevention",
    "spent",
    "difference",
    "interval",
    "fewer",
    "regret_90",
    "regret_most",
    "grade_d",
)
EXAMPLE = {"mexico": "50,000,000,000", "toyland": "6,000,000"}
"""Budgets of the 70/30 question, as of `docs/search.md`."""
FIELDS = ("budget", "prevention", "levers", "keep", "months", "draws", "worlds", "seed", "per")


@page("/search", part="search", query=FIELDS)
def mixes(asking: Asking) -> Page:
    """Which mixes of measures one budget pays for, keep the limits and are beaten by nothing."""
    given = {name: asking.asked(name) for name in FIELDS}
    # 50,000,000,000, as people write it
    given["budget"] = re.sub(r"(?<=\d)[, ](?=\d{3})", "", given["budget"].strip())
    language, title = asking.language, say(asking.language, "web_search.title")
    if not given["budget"]:
        example = {**given, "budget": EXAMPLE.get(asking.country, "")}
        data = contract.envelope("search")
        return Page(template="search.html", title=title, data=data, rows={"given": example, "found": None})
    command = _command(asking, given)
    data, _ = asking.result(command)
    found: Mapping[str, Any] = data["search"]
    findings = {f["extra"]["mix"]: f for f in data["findings"]}
    shown = [
        each
        for each in found["candidates"]
        if each["kind"] != "reference" or each["name"].startswith(("70/30", "prevention"))
    ]
    rows = [_row(found, each, language) for each in shown]

    def told(key: str) -> list[str]:
        return [
            f"{mix_name(name, language)}: {finding['extra'][key]}"
            for name, finding in findings.items() if finding["extra"].get(key)
        ]  # fmt: skip

    keys = ("buys", "fails", "depends")
    lists = [
        (say(language, "search.view.promise"), found["promise"]),
        *((say(language, f"search.view.{key}"), told(key)) for key in keys[:2]),
        (say(language, "search.view.turns"), found["turns"]),
        (say(language, "search.view.depends"), told("depends")),
        (say(language, "search.view.rests"), found["rests"]),
    ]
    return Page(
        template="search.html",
        title=title,
        data=data,
        rows={
            "given": {**given, "budget": asking.asked("budget")},
            "found": found,
            "keys": KEYS,
            "rows": rows,
            "lists": lists,
            "skill": data["skill"],
        },
        command=command,
        python=_python(asking, given),
        pictures={"front": draw_front(found, language), "regret": draw_regret(found, language)},
        tables={"mixes": Table(KEYS, rows)},
    )


def _command(asking: Asking, given: Mapping[str, str]) -> tuple[str, ...]:
    """The command of a question; whatever came over the web was read as what it must be, so nothing of it can be an option."""
    try:
        amount = float(given["budget"])
    except ValueError:
        raise CareoError("search_budget", found=repr(given["budget"][:40]), expected="50e9") from None
    names = [name.strip() for name in given["levers"].split(",") if name.strip()]
    limits = [part.strip() for part in given["keep"].split(";") if part.strip()]
    read_limits(limits)
    per = one_of("--per", given["per"], PER)
    mix_question(
        asking.record, budget=amount, per=per or "year", levers=names, prevention=given["prevention"] or "0..1",
        months=whole("--months", given["months"], 72, 600),
    )  # fmt: skip
    if given["prevention"]:
        read_share(given["prevention"])
    bounds = {
        "months": (72, 600, 1),
        "draws": (100, 10_000, 20),
        "worlds": (300, 10_000, 20),
        "seed": (7, 2**63, 0),
    }
    counts = [
        word for name, (otherwise, most, least) in bounds.items() if given[name]
        for word in (f"--{name}", str(whole(f"--{name}", given[name], otherwise, most, least=least)))
    ]  # fmt: skip
    return (
        "search", "--budget", re.sub(r"[^0-9.e+]", "", f"{amount:.12g}"),
        *(("--per", per) if per and per != "year" else ()),
        *(("--prevention-share", given["prevention"].strip().replace(" ", "")) if given["prevention"] else ()),
        *(("--levers", ",".join(names)) if names else ()),
        *(word for limit in limits for word in ("--keep", limit)),
        *counts,
    )  # fmt: skip


def _python(asking: Asking, given: Mapping[str, str]) -> str:
    names = [name.strip() for name in given["levers"].split(",") if name.strip()]
    limits = [part.strip() for part in given["keep"].split(";") if part.strip()]
    more = [
        *([f"per={given['per']!r}"] if given["per"] else []),
        *([f"prevention={given['prevention']!r}"] if given["prevention"] else []),
        *([f"levers={names!r}"] if names else []),
        *([f"keep={limits!r}"] if limits else []),
        *(f"{name}={int(given[name])}" for name in ("months", "draws", "worlds", "seed") if given[name]),
    ]
    words = ", ".join([f"budget={float(given['budget']):g}", *more])
    return f"import careo\n\nfound = careo.search(careo.load_country({asking.country!r}), {words})\nprint(found.summary)"


def _row(found: Mapping[str, Any], each: Mapping[str, Any], language: str) -> list[str]:
    at = numbers_of(found, each["name"])
    low, median, high = at("difference", 0.05), at("difference", 0.5), at("difference", 0.95)
    nothing = each["kind"] == "status-quo"
    percent = at("percent", 0.5)
    change = "" if nothing or percent is None else f" ({signed(percent)}%)"
    share = "–" if each["prevention"] is None else f"{100 * each['prevention']:.0f}%"
    weak = "–" if each["grade_d"] is None else f"{100 * min(max(each['grade_d'], 0.0), 1.0):.0f}%"
    regrets = [
        "–" if (value := at(key)) is None else number(round(value)) for key in ("regret_90", "regret_most")
    ]
    return [
        mix_name(each["name"], language), share, f"{100 * each['spent']:.0f}%",
        "–" if median is None else f"{signed(median)}{change}",
        "–" if nothing or low is None or high is None else say(language, "simulate.range", low=signed(low), high=signed(high)),
        "–" if nothing or (fewer := at("fewer")) is None else f"{fewer:.2f}", *regrets, weak,
    ]  # fmt: skip
