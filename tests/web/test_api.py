"""The API against its own description: no 5xx, no answer that breaks its schema, whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from careo.views.web.actions import ACTIONS
from careo.views.web.application import all_routes, create_application
from careo.views.web.pages.search import FIELDS
from careo.views.web.settings import Settings


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What schemathesis makes of our description."""
    names = frozenset({"localhost", "testserver"})
    app = create_application(Settings(home=tmp_path_factory.mktemp("api"), country="toyland", hosts=names))
    return schemathesis.openapi.from_asgi("/api/openapi.json", app)


def test_the_description_is_at_api(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in told["paths"])
    assert "Contract.finding" in told["components"]["schemas"]
    assert "HTTPValidationError" not in told["components"]["schemas"]


def test_actions_are_described_with_their_forms(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()["paths"]
    for each in ACTIONS:
        assert (f"/api/v1{each.path}" in told) == each.programs
        if each.programs:
            one = told[f"/api/v1{each.path}"][each.method.lower()]
            assert {"201" if each.method == "POST" else "200", "403"} <= set(one["responses"])
            body = one.get("requestBody", {}).get("content", {"": {"schema": {"properties": {}}}})
            assert all(tuple(kind["schema"]["properties"]) == each.fields for kind in body.values())
    asked = told["/api/v1/search"]["get"]["parameters"]
    assert [each["name"] for each in asked if each["name"] != "lang"] == list(FIELDS)


@pytest.mark.parametrize("path", [route.path for route in all_routes()])
def test_whatever_is_asked_the_answer_is_as_described(described: Any, path: str) -> None:
    operation = described[f"/api/v1{path if path != '/' else '/overview'}"]["GET"]

    @settings(
        max_examples=20,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def asked(case: schemathesis.Case) -> None:
        # A name or a value may be well-formed and still mean nothing here; that is a sentence, and described as such.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()
