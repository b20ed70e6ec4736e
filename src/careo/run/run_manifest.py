"""The manifest of a run: the question, what its numbers depend on, and its scenarios in words and numbers; hostile until read.

Anybody can write a manifest, checksum included: what does not fit is a damaged run, not a crash.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.base.files import read_bounded, writing
from careo.model.forecast import Constants
from careo.model.mechanisms import OUTCOMES
from careo.panel import load_country
from careo.run.ensemble import Job, counted_of, months_between, next_month
from careo.run.history import CompanionLevels, History
from careo.run.municipal import MunicipalPart
from careo.run.run_files import array_bytes, arrays_in, decoded_as, encoded
from careo.run.run_plan import MAIN, MOST_DRAWS, MOST_MONTHS, MOST_SEED, SCHEMA, Plan, Variant, computer
from careo.run.scenario import Scenario
from careo.run.scenario_checks import LONGEST

MANIFEST, INPUTS = "manifest.json", "inputs.npy"
MOST_MANIFEST_BYTES, MOST_INPUTS_BYTES = 100_000_000, 1_000_000_000
"""A run of two strategies in Mexico has 41,000 and 650,000; twenty that use all levers for 50 years would have some 260 million."""
_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")
_VARIANT = re.compile(r"[\w-]{1,40}")


def write_manifest(plan: Plan, path: Path) -> None:
    """Writes down what is asked and all it rests on; last of all the manifest, which makes a folder a run."""
    arrays: list[np.ndarray] = []
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "question": plan.question,
        "variants": [asdict(variant) for variant in plan.variants],
        "depends": dict(plan.depends),
        "computed_by": {"careo": version("careo"), **computer()},
        "left_out": encoded(plan.job.plan.left_out, arrays),
        **_stated(plan.job, arrays),
    }
    inputs = array_bytes(arrays)
    manifest["inputs"] = hashlib.sha256(inputs).hexdigest()
    manifest["checksum"] = checksum(manifest)
    with writing(path / INPUTS) as draft:
        draft.write_bytes(inputs)
    with writing(path / MANIFEST) as draft:
        text = json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        draft.write_text(text, encoding="utf-8", newline="\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a run.

    Raises:
        DataError: it is damaged, or of another version.
    """
    file = path / MANIFEST
    try:
        found = json.loads(read_bounded(file, MOST_MANIFEST_BYTES))
    except FileNotFoundError as error:
        raise DataError("run_begun", where=str(path), fix="run_again") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name) from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise DataError(
            "run_version", where=str(file), expected=SCHEMA, found=repr(schema), fix="run_anew", id=path.name
        )
    if found.get("checksum") != checksum(found) or found.get("id") != path.name:
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name)
    return found


def plan_of_folder(path: Path, manifest: Mapping[str, Any]) -> Plan:
    """The plan that a folder was begun with."""
    file = path / INPUTS
    try:
        data = read_bounded(file, MOST_INPUTS_BYTES)
    except (OSError, ValueError):
        data = b""
    if hashlib.sha256(data).hexdigest() != manifest.get("inputs"):
        raise DataError("run_manifest", where=str(file), fix="run_anew", id=path.name)
    with sound(path):
        return Plan(_job_of(manifest, arrays_in(data)), variants_of(manifest), manifest["depends"])


def job_bytes(job: Job) -> bytes:
    """A job as data, to be computed elsewhere: a line of JSON, then arrays."""
    arrays: list[np.ndarray] = []
    question = Plan(job, (Variant("", 1),), {}).question
    words = json.dumps({"question": question, "split": job.split, **_stated(job, arrays)}, allow_nan=False)
    return words.encode() + b"\n" + array_bytes(arrays)


def job_in(data: bytes) -> Job:
    """What `job_bytes` was given, on the record of this computer."""
    words, _, arrays = data.partition(b"\n")
    stated = json.loads(words)
    return replace(_job_of(stated, arrays_in(arrays)), split=bool(stated["split"]))


def _stated(job: Job, arrays: list[np.ndarray]) -> dict[str, Any]:
    """What of a job stands in no file of a country."""
    return {
        "scenarios": encoded(job.scenarios, arrays),
        "history": encoded(job.history, arrays),
        "companions": encoded(job.companions, arrays),
        "constants": encoded(job.constants, arrays),
        **({"municipal": encoded(job.municipal, arrays)} if job.municipal else {}),
    }


def _job_of(stated: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Job:
    asked = question_of(stated)
    year, month = (int(part) for part in asked["start"].split("-"))
    municipal = (
        decoded_as(MunicipalPart, stated["municipal"], arrays) if asked["places"] == "municipality" else None
    )
    job = Job(
        load_country(asked["country"]), decoded_as(History, stated["history"], arrays),
        decoded_as(tuple[Scenario, ...], stated["scenarios"], arrays),
        decoded_as(CompanionLevels, stated["companions"], arrays), asked["months"], asked["seed"], date(year, month, 1),
        asked["members_nation"], frozenset(asked["without"]), tuple(asked["outcomes"]),
        decoded_as(Constants, stated["constants"], arrays), municipal,
    )  # fmt: skip
    _refuse_unfit(job)
    return job


def _refuse_unfit(job: Job) -> None:
    """Of what was read from a file: kernels look nothing up twice.

    Raises:
        ValueError, TypeError or AttributeError: its parts do not fit each other, or hold what no record and no strategy can give.
    """
    history, places = job.history, len(job.history.places)
    if history.counts.shape[:1] != (places,) or history.counts.dtype != np.float64:
        raise ValueError("history")
    if np.isinf(history.counts).any():
        raise ValueError("events without end")
    if history.exposure_days.shape != history.counts.shape[1:] or not (
        0 <= months_between(next_month(history.last), job.start) <= LONGEST
    ):
        raise ValueError("months")
    if not job.constants.sound():
        raise ValueError("constants")
    for level in job.companions.levels.values():
        if level.monthly.shape != (places,) or (level.monthly < 0).any() or np.isinf(level.monthly).any():
            raise ValueError("companions")
    for scenario in job.scenarios:
        shape = (len(scenario.levers), places, job.months)
        doses = (scenario.doses, scenario.doses_low, scenario.doses_high)
        fit = all(d.shape == shape and d.dtype == np.float64 and np.isfinite(d).all() for d in doses)
        if not fit or tuple(scenario.places) != job.history.places or len(scenario.events) != shape[0]:
            raise ValueError("scenarios")
    if job.municipal is not None:
        job.municipal.refuse_unfit(places, len(job.scenarios), job.months)


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """A manifest can be written by anybody, checksum included: what does not fit is a damaged run, not a crash."""
    try:
        yield
    except CareoError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise DataError("run_manifest", where=str(path / MANIFEST), fix="run_anew", id=path.name) from error


def _within(name: str, value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"{name}: {value!r}")
    return value


def _members(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError(f"members_nation: {value!r}")
    return value


def _grades(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(grade, str) for grade in cast("list[object]", value)
    ):
        raise ValueError(f"without: {value!r}")
    return tuple(cast("list[str]", value))


def question_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked.

    Raises:
        ValueError, TypeError, LookupError: it cannot have been asked.
    """
    asked = dict(manifest["question"])
    for name, most in (("months", MOST_MONTHS), ("draws", MOST_DRAWS), ("seed", MOST_SEED + 1)):
        _within(name, asked[name] + (name == "seed"), most)
    words = (asked["country"], *asked["strategies"], *_grades(asked["without"]))
    if not all(isinstance(word, str) for word in words) or not _MONTH.fullmatch(asked["start"]):
        raise ValueError(asked)
    asked.setdefault("places", "state")
    asked.setdefault("outcomes", list(OUTCOMES))
    if asked["places"] not in ("state", "municipality"):
        raise ValueError(asked)
    if asked["outcomes"] != counted_of(asked["outcomes"]):
        raise ValueError(asked)
    _members(asked["members_nation"])
    return asked


def variants_of(manifest: Mapping[str, Any]) -> tuple[Variant, ...]:
    """The ensembles of a run. Errors as of `question_of`."""
    found = tuple(
        Variant(
            v["name"],
            _within("draws", v["draws"], MOST_DRAWS),
            _members(v["members_nation"]),
            _grades(v["without"]),
        )
        for v in manifest["variants"]
    )
    names = [variant.name for variant in found]
    if MAIN not in names or len(set(names)) < len(names) or not all(map(_VARIANT.fullmatch, names)):
        raise ValueError(manifest["variants"])
    return found


def checksum(manifest: Mapping[str, Any]) -> str:
    """The sha256 of a manifest without its own checksum."""
    rest = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
