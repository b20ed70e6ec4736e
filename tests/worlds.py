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
