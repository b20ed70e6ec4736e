"""Merging releases is what the standard's own library does, of all that rules read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careo.record.purchases.process import merged
from careo.sources.releases import Release
from purchase_files import whole

pytestmark = pytest.mark.realdata  # the schema that says what is merged how stands in ../shared

STANDARD = Path(__file__).parents[2] / "shared/data/procurement/ocds_standard"


def _merger() -> Any:
    from ocdsmerge import Merger

    return Merger(json.loads((STANDARD / "release-schema.json").read_text(encoding="utf-8")))


def _read(document: dict[str, Any]) -> Release:
    ((release,), _) = whole(json.dumps(document).encode())
    return release


def _bare(release: Release) -> dict[str, Any]:
    """What it says, without what names the release itself and with parts in the order of their ids."""
    said: dict[str, Any] = msgspec.to_builtins(release)
    for name in ("id", "date", "tags", "whole", "unit", "unit_name"):  # a unit may be named by its role alone
        said.pop(name, None)
    for name in ("bids", "awards", "contracts", "suppliers"):
        if name in said:
            said[name] = sorted(said[name], key=lambda part: part["id"])
            for part in said[name]:
                for field in ("suppliers", "tenderers"):
                    if field in part:
                        part[field] = sorted(part[field])
    return said


def _held_against_the_library(documents: list[dict[str, Any]]) -> None:
    ours = merged([_read(one) for one in sorted(documents, key=lambda one: one["date"])])
    theirs = merged([_read(_merger().create_compiled_release(documents))])
    assert _bare(ours) == _bare(theirs)


def test_the_examples_of_the_standard() -> None:
    chains: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted((STANDARD / "examples").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        found = list(document.get("releases", []))
        for record in document.get("records", []):
            found += [one for one in record["releases"] if "ocid" in one]
        for release in found:
            if "date" in release:
                chains.setdefault(f"{path.name[:12]}{release['ocid']}", {})[str(release["id"])] = release
    assert len(chains) >= 4
    assert any(len(chain) > 2 for chain in chains.values())
    for chain in chains.values():
        _held_against_the_library(list(chain.values()))


_DAY = st.integers(1, 28).map(lambda day: f"2026-03-{day:02d}T12:00:00Z")
_STATUS = st.sampled_from(["active", "cancelled"])
_SINGLE = (_DAY, _STATUS)
_VALUE = st.fixed_dictionaries(
    {},
    optional={"amount": st.one_of(st.none(), st.integers(1, 9)), "currency": st.sampled_from(["MXN", "USD"])},
)
_PARTY = st.sampled_from("AB").map(lambda one: {"id": f"{one * 3}010101AA1", "name": f"{one} SA DE CV"})


def _some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """An object that says some of these fields, or takes single ones back (the library ignores null for a whole object)."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.one_of(st.none(), value) if value in _SINGLE else value for name, value in fields.items()
        },
    )


def _parts(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    part = st.builds(lambda id, said: {"id": id, **said}, st.sampled_from("123"), _some(fields))
    return st.lists(part, min_size=1, max_size=2, unique_by=lambda one: one["id"])


_RELEASE = _some(
    {
        "tender": _some(
            {
                "status": st.sampled_from(["active", "complete"]),
                "procurementMethod": st.sampled_from(["open", "direct"]),
                "numberOfTenderers": st.integers(0, 5),
                "tenderPeriod": _some({"startDate": _DAY, "endDate": _DAY}),
            }
        ),
        "bids": _some(
            {"details": _parts({"date": _DAY, "status": st.sampled_from(["valid", "disqualified"]), "value": _VALUE,
                                "tenderers": st.lists(_PARTY, min_size=1, max_size=1)})}
        ),
        "awards": _parts({"date": _DAY, "status": _STATUS, "value": _VALUE,
                          "suppliers": st.lists(_PARTY, min_size=1, max_size=1)}),
        "contracts": _parts({"dateSigned": _DAY, "awardID": st.sampled_from("12"), "value": _VALUE}),
    }
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(_RELEASE, min_size=1, max_size=4))
def test_made_up_chains(said: list[dict[str, Any]]) -> None:
    documents = [
        {
            "ocid": "ocds-x-1",
            "id": str(place),
            "date": f"2026-02-{place + 1:02d}T00:00:00Z",
            "tag": ["tender"],
            **one,
        }
        for place, one in enumerate(said)
    ]
    _held_against_the_library(documents)
