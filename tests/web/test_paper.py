"""What the pages give on paper: the same bytes as the command line and Python give."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from careo.views import cli

pytest.importorskip("weasyprint", reason="PDF is an extra: careo[pdf]")
SAID = "In 2018 there were 33,341 homicides, the ministry said. By 2019 there will be 90,000 guards."


def asked(client: TestClient, address: str) -> Any:
    """The answer, once it is there."""
    for _ in range(900):
        answer = client.get(address)
        if answer.status_code != 202:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{address} did not come")


def test_a_brief_of_a_strategy_is_what_the_command_writes(client: TestClient, tmp_path: Path) -> None:
    answer = asked(client, "/es/strategies/calderon-2006/paper?form=brief&paper=a4")
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 1
    path = tmp_path / "brief.pdf"
    assert (
        cli.run(["dossier", "--strategy", "calderon-2006", "--paper", "a4", "--lang", "es", "-o", str(path)])
        == 0
    )
    assert answer.content == path.read_bytes()


def test_a_document_is_printed_from_its_page(client: TestClient) -> None:
    handed = client.post("/api/v1/check", json={"text": SAID, "date": "2019-03-01"}).json()
    page = handed["address"].partition("?")[0]
    name = page.rpartition("/")[2]
    address = f"{page}/paper?form=brief&kind=html&date=2019-03-01"
    answer = client.get(address)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    again = client.get(f"/en/check/{name}?date=2019-03-01").text
    assert f'action="/en/check/{name}/paper"' in again
    # With "=", what somebody writes can become no option of a command, and it is escaped where it is shown.
    hostile = client.get(f"{page}/paper?form=brief&kind=html&addressee=--json&signatory=<script>")
    assert hostile.status_code == 200
    assert "<script>" not in hostile.text


@pytest.mark.parametrize(
    ("address", "code"),
    [("/en/strategies/none/paper", 404), ("/en/strategies/calderon-2006/paper?form=poster", 422), ("/en/check/none/paper", 404),
     ("/en/strategies/calderon-2006/paper?on=soon", 400)],
)  # fmt: skip
def test_what_cannot_be_printed_is_a_sentence(client: TestClient, address: str, code: int) -> None:
    answer = client.get(address)
    assert answer.status_code == code
    assert '<pre class="sentence">' in answer.text
