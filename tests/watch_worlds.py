"""Small releases of Toyland, for tests of `careo watch`: lawful ones, and ones that a rule speaks of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import careo
from careo.record.purchases.naming import Names


def release(number: int, *, version: int = 1, **tender: Any) -> dict[str, Any]:
    """An open call of the night watch with nineteen days to bid and three bidders, unless told otherwise."""
    ocid = f"ocds-toy-{number:05}"
    return {
        "ocid": ocid,
        "id": f"{ocid}-{version}",
        "date": f"2024-03-{4 + version:02}T10:00:00Z",
        "tag": ["tender"],
        "buyer": {"id": "TY-WATCH", "name": "Night watch"},
        "tender": {
            "status": "complete",
            "procurementMethod": "open",
            "numberOfTenderers": 3,
            "tenderPeriod": {"startDate": "2024-03-01T09:00:00Z", "endDate": "2024-03-20T09:00:00Z"},
            **tender,
        },
    }


def alone(number: int, *, version: int = 1) -> dict[str, Any]:
    """One of which W12-R018 speaks: a single bidder."""
    return release(number, version=version, numberOfTenderers=1)


def lines(*releases: dict[str, Any]) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in releases)


def package(*releases: dict[str, Any], following: str = "") -> bytes:
    """A release package, with the address of the next one."""
    links = {"links": {"next": following}} if following else {}
    whole = {
        "uri": "https://example.org/p",
        "publishedDate": "2024-03-06T00:00:00Z",
        "releases": list(releases),
    }
    return json.dumps({**whole, **links}).encode()


def folder_of(path: Path, **files: bytes) -> Path:
    """A folder with these files; two underlines stand for a point, one for a hyphen."""
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (path / name.replace("__", ".").replace("_", "-")).write_bytes(data)
    return path


def processes_into(seen: list[str]) -> Callable[[int, careo.Signal, Names], None]:
    """For `tell=`: the last digits of each process that a signal speaks of."""
    return lambda _number, one, _names: seen.append(one.subject[-5:])
