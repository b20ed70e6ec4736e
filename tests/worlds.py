"""Small countries that a test writes for itself: Toyland's folder with one ladder and one strategy of the test's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from careo.base.shipped import country_folder
from careo.panel import load_country
from careo.record.strategy import Strategy, load_strategy
from careo.results.finding import Finding
from careo.results.pledges import judge_pledges

SOURCES = ["gazette"]


def words(text: str) -> dict[str, str]:
    """A text in both languages."""
    return {"en": text, "es": text}


def step(name: str, day: str | None, stage: str, **more: Any) -> dict[str, Any]:
    """One step of a ladder."""
    return {
        "id": name,
        "date": day,
        "stage": stage,
        "what": words(f"step {name}"),
        "sources": SOURCES,
        "verified": "read",
        **more,
    }


def pledge(**more: Any) -> dict[str, Any]:
    """One pledge, decided by the ladder `matter` when it says nothing else."""
    return {
        "id": "p-1", "text": words("a promise"), "act": "pledge", "kind": "legal", "measurable": "yes",
        "test": {"ladder": "matter", "goal": "in_force"}, "sources": SOURCES, "verified": "read", "coverage": "answered",
        **more,
    }  # fmt: skip


@dataclass(frozen=True)
class World:
    """A country of a test."""

    folder: Path

    def ladder(self, steps: list[dict[str, Any]], **more: Any) -> World:
        """The country with these steps as its ladder `matter`."""
        body = {"id": "matter", "title": words("a matter"), "compiled": "2030-12-31", "steps": steps, **more}
        self.write("ladders/matter.yaml", body)
        return self

    def strategy(self, pledges: list[dict[str, Any]], **more: Any) -> Strategy:
        """A strategy from 2020 to 2025 with these pledges."""
        body = {
            "schema": "careo.strategy/1", "slug": "plan", "country": "TY", "title": words("a plan"), "actor": words("an office"),
            "announced": "2020-01-10", "period": {"start": "2020-01-01", "end": "2025-12-31"}, "summary": words("a summary"),
            "compiled": "2030-12-31", "pledges": pledges, **more,
        }  # fmt: skip
        self.write("strategies/plan.yaml", body)
        return load_strategy(self.folder / "strategies" / "plan.yaml", str(self.folder))

    def write(self, name: str, body: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(body, indent=1, ensure_ascii=False), encoding="utf-8"
        )  # JSON is YAML, without aliases
        return path

    def judge(self, on: str | None = None, language: str = "en", **more: Any) -> Finding:
        """The finding of a strategy with the one pledge that `more` describes."""
        strategy = self.strategy([pledge(**more)])
        day = date.fromisoformat(on) if on else None
        return judge_pledges(strategy, load_country(str(self.folder)), on=day, language=language)[0]


def new_world(folder: Path) -> World:
    """Toyland copied into a folder, without its own ladders and strategies."""
    here = folder / "land"
    shutil.copytree(country_folder("toyland"), here)
    for part in ("ladders", "strategies", "topics"):
        shutil.rmtree(here / part, ignore_errors=True)
    return World(here)


TOWNS = ("a", "b", "c")


def with_towns(world: World, *, record: bool = True) -> World:
    """The country with three towns in each shire, unequal in people and in thefts, and levers that work in towns.

    Args:
        record: whether thefts by town are on record; they add up to those of their shire but for the last digits.
    """
    folder = world.folder
    places = folder / "places" / "places.csv"
    shires = [f"T{number}" for number in range(1, 10)]
    rows = [f"{shire}{town},Town {shire}{town},{shire},municipality,," for shire in shires for town in TOWNS]
    places.write_text(places.read_text("utf-8").rstrip() + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    people = folder / "series" / "population.csv"
    more: list[str] = []
    for line in people.read_text("utf-8").splitlines()[1:]:
        place, year, value, *rest = line.split(",")
        for town, share in zip(TOWNS, (0.5, 0.3, 0.2), strict=True):
            if place in shires:
                more.append(",".join([place + town, year, str(round(float(value) * share)), *rest]))
    people.write_text(people.read_text("utf-8").rstrip() + "\n" + "\n".join(more) + "\n", encoding="utf-8")
    _lever(world, "house-calls", "L4", [{"mechanisms": ["homicide"], "mean": -0.3, "sd": 0.24}])
    _lever(
        world, "raid", "L5",
        [
            {"mechanisms": ["fragmentation"], "mean": 0.04, "sd": 0.04, "level": "state", "calibrates": True, "from_month": 0, "to_month": 12},
            {"mechanisms": ["fragmentation"], "mean": 0.6, "sd": 0.48, "level": "municipality", "calibrates": True, "from_month": 0, "to_month": 12},
        ],
        dose_kind="event",
    )  # fmt: skip
    series = folder / "series" / "monthly"
    if record:
        head, *months = (series / "lantern_thefts_watch.csv").read_text("utf-8").splitlines()
        table = ["month," + ",".join(s + t for s in head.split(",")[1:] for t in TOWNS)]
        for number, line in enumerate(months):
            month, *cells = line.split(",")
            split: list[str] = []
            for cell in cells:
                first = round(int(cell) * (0.2 + 0.01 * (number % 3))) if cell else 0
                split += [str(first), str(int(cell) - first), "0"] if cell else ["", "", ""]
            table.append(",".join([month, *split]))
        (series / "lantern_thefts_towns.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    indicators = folder / "indicators.yaml"
    text = indicators.read_text("utf-8")
    own = text[text.index("lantern_thefts_watch:") : text.index("  not_comparable_with:")]
    own = own.replace("lantern_thefts_watch:", "lantern_thefts_towns:", 1)
    if record:
        indicators.write_text(text.rstrip() + "\n" + own, encoding="utf-8")
        index = series / "index.yaml"
        entry = "lantern_thefts_towns: {vintage: 2023-03, source: watch_2023, verified: read}\n"
        index.write_text(index.read_text("utf-8") + entry, encoding="utf-8")
    forecast = folder / "forecast.yaml"
    named = "lantern_thefts_towns" if record else "lantern_thefts_watch"
    forecast.write_text(forecast.read_text("utf-8") + f"municipalities: [{named}]\n", encoding="utf-8")
    return world


def _lever(world: World, name: str, code: str, effects: list[dict[str, Any]], **more: Any) -> None:
    """A lever of grade B that works at once."""
    body = {
        "id": name, "code": code, "name": words(name), "what": words("a thing"), "full_dose": words("all of it"),
        "dose_unit": {"name": words("doses"), "symbol": "u"}, "effects": effects, "lag": {"kernel": "gamma", "months": 0},
        "grade": "B", "evidence_from": "here", "prior_basis": words("the test's own"), "unverified": words("all"),
        "studies": ["marble-2020"], "sources": ["marble-2020"], "verified": "read",
        "cost": {"value": 100, "low": 50, "high": 200, "currency": "TYD", "price_year": 2022, "basis": words("the test's own")},
        **more,
    }  # fmt: skip
    world.write(f"levers/{name}.yaml", body)


def measured(world: World, *measures: dict[str, Any], slug: str = "plan") -> Strategy:
    """A strategy of these measures: each has an id, a lever and where; half a dose from the first month on where nothing else is said."""
    rows = [
        {
            "name": words(each["id"]), "start": "2020-01-01", "end": None, "sources": SOURCES, "verified": "read", "coverage": "answered",
            "dose": {"basis": "judgement", "value": 0.5, "low": 0.5, "high": 0.5, "how": words("so"), "grade": "D"}, **each,
        }
        for each in measures
    ]  # fmt: skip
    body = {
        "schema": "careo.strategy/1", "slug": slug, "country": "TY", "title": words("a plan"), "actor": words("an office"),
        "announced": "2020-01-01", "period": {"start": "2020-01-01", "end": "2025-12-31"}, "summary": words("a summary"),
        "compiled": "2030-12-31", "pledges": [], "measures": rows,
    }  # fmt: skip
    world.write(f"strategies/{slug}.yaml", body)
    return load_strategy(world.folder / "strategies" / f"{slug}.yaml", str(world.folder))
