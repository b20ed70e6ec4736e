"""A team's database: its history, two people at one statement, its failures; on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the web application is an extra: careo[web]")
import databases
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from careo.base.errors import CareoError
from careo.record.ledger import Entry
from careo.views.web.job import Job
from careo.views.web.team.connection import TeamError, migrate, open_engine
from careo.views.web.team.store import Conflict, Team
from careo.views.web.team.tables import Base

ENTRY = Entry("figure", "15%", "figure-abcd1234", 3, 6, "q", "b", "a", {"value": "0.15"})


@pytest.fixture(scope="session")
def server() -> Iterator[databases.Server]:
    """A PostgreSQL for this session."""
    found = databases.programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with databases.postgresql(found) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """Address and home of an empty database, of each kind."""
    if request.param == "sqlite":
        return "", tmp_path
    running: databases.Server = request.getfixturevalue("server")
    running.fresh()
    return running.url, tmp_path


@pytest.fixture
def team(place: tuple[str, Path]) -> Iterator[Team]:
    """Opened, with one document and one statement."""
    found = Team(*place)
    give(found)
    yield found
    found.close()


def give(team: Team, data: bytes = b"A 15% drop.", name: str = "page.txt", person: str = "Ana") -> str:
    """A document with one statement; its id."""
    made = team.add(data, sha256=sha256(data).hexdigest(), name=name, format="text", title="", person=person)
    team.note_statements(made.id, [ENTRY])
    return made.id


def decide(team: Team, person: str, decision: str, seen: int, note: str = "", **more: Any) -> Any:
    document = team.documents()[0].id
    return team.decide(
        document, ENTRY.id, seen=seen, person=person, decision=decision, correct=more.pop("correct", {}), note=note, **more
    )  # fmt: skip


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_migrations_make_the_tables_of_the_code(place: tuple[str, Path]) -> None:
    engine = open_engine(*place)
    migrate(engine, place[1], place[0], to="0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO jobs (job, command, language, person, made) VALUES ('a', '[]', 'es', 'Ana', '2026-01-01 00:00:00')"))  # fmt: skip
    migrate(engine, place[1], place[0])
    migrate(engine, place[1], place[0])  # nothing more to do
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == "0003"
        assert connection.execute(text("SELECT person FROM jobs")).scalars().all() == ["Ana"]
    engine.dispose()


def test_two_servers_that_start_at_once_make_the_tables_once(place: tuple[str, Path]) -> None:
    with ThreadPoolExecutor(4) as pool:
        teams = list(pool.map(lambda _: Team(*place), range(4)))
    assert give(teams[0])
    assert len(teams[3].documents()) == 1
    for each in teams:
        each.close()


def test_a_database_of_a_newer_careo_is_left_alone(place: tuple[str, Path]) -> None:
    team = Team(*place)
    with team.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    team.close()
    with pytest.raises(TeamError, match=r"(?i)a newer careo made this database"):
        Team(*place)


@pytest.mark.parametrize("change", ["UPDATE decisions SET note = 'other'", "DELETE FROM decisions"])
def test_the_history_is_refused_every_change(team: Team, change: str) -> None:
    decide(team, "Ana", "accept", 0, "hers")
    with pytest.raises(DBAPIError, match="decisions are a history"), team.engine.begin() as connection:
        connection.execute(text(change))
    assert [each.note for each in team.statements(team.documents()[0].id)[0].decisions] == ["hers"]


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_bytes_are_one_document(team: Team) -> None:
    again = give(team, name="other.txt", person="Luis")
    found = team.documents()
    assert [(each.id, each.name, each.person, each.size) for each in found] == [
        (again, "page.txt", "Ana", 11)
    ]
    assert found[0].made.tzinfo is not None
    assert team.body(again) == b"A 15% drop."


def test_what_is_not_there_is_said(team: Team) -> None:
    for asked in (
        lambda: team.document("nothing"),
        lambda: team.body("x" * 999),
        lambda: team.document("a\x00b"),
    ):
        with pytest.raises(CareoError, match="no such document"):
            asked()
    with pytest.raises(CareoError, match="no such statement"):
        team.statement(team.documents()[0].id, "pledge-1")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(note=st.text(st.characters(), max_size=60), value=st.text(max_size=9))
def test_any_words_are_kept(team: Team, note: str, value: str) -> None:
    found = team.statement(team.documents()[0].id, ENTRY.id)
    decide(team, note, "accept", found.version, note)
    kept = team.statement(team.documents()[0].id, ENTRY.id).standing
    shown = note.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    assert kept is not None
    assert (kept.note, kept.person) == (shown, shown)


# ── two people ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_decisions_are_a_history(team: Team) -> None:
    decide(team, "Ana", "reject", 0, "about another year")
    found = decide(team, "Luis", "correct", 1, "see page 3", correct={"value": "0.16"})
    assert [(each.person, each.decision, each.version) for each in found.decisions] == [
        ("Ana", "reject", 1), ("Luis", "correct", 2),
    ]  # fmt: skip
    assert (found.entry.decision, found.entry.note, dict(found.entry.correct)) == ("correct", "see page 3", {"value": "0.16"})  # fmt: skip


def test_a_form_sent_twice_decides_once(team: Team) -> None:
    first = decide(team, "Ana", "reject", 0, "no")
    assert decide(team, "Ana", "reject", 0, "no") == first
    for _ in range(2):
        with pytest.raises(Conflict):
            decide(team, "Luis", "accept", 0, "yes")
    assert len(team.statement(team.documents()[0].id, ENTRY.id).decisions) == 2


@pytest.mark.parametrize(
    ("keep", "decision", "note"),
    [
        ("mine", "accept", "it is right"),
        ("theirs", "reject", "another year"),
        ("both", "undecided", "Ana (rejected): another year · Luis (accepted): it is right"),
    ],
)
def test_whoever_comes_second_loses_nothing(team: Team, keep: str, decision: str, note: str) -> None:
    document = team.documents()[0].id
    decide(team, "Ana", "reject", 0, "another year")
    with pytest.raises(Conflict) as caught:
        decide(team, "Luis", "accept", 0, "it is right")
    late = caught.value.mine
    assert late is not None and (late.note, late.version) == ("it is right", None)
    before = caught.value.statement
    assert (before.entry.decision, before.version, [w.id for w in before.waiting]) == ("reject", 1, [late.id])
    with pytest.raises(Conflict):  # of an answer given to what no longer stands, nothing is kept twice
        team.settle(document, ENTRY.id, waiting=late.id, keep=keep, seen=0, person="Eva", language="en")
    after = team.settle(document, ENTRY.id, waiting=late.id, keep=keep, seen=1, person="Eva", language="en")
    assert after == team.settle(
        document, ENTRY.id, waiting=late.id, keep=keep, seen=1, person="Eva", language="en"
    )  # sent twice
    assert (after.entry.decision, after.entry.note, after.version, after.waiting) == (decision, note, 2, ())
    assert [each.note for each in after.decisions][:2] == ["another year", "it is right"]
    assert (after.decisions[2].person, after.decisions[2].settles) == ("Eva", late.id)


def test_both_who_agree_keep_the_decision(team: Team) -> None:
    decide(team, "Ana", "reject", 0, "one")
    with pytest.raises(Conflict) as caught:
        decide(team, "", "reject", 0, "two")
    late = caught.value.mine
    assert late is not None
    after = team.settle(team.documents()[0].id, ENTRY.id, waiting=late.id, keep="both", seen=1, person="", language="es")  # fmt: skip
    assert (after.entry.decision, after.entry.note) == ("reject", "Ana (rechazada): one · esta computadora (rechazada): two")  # fmt: skip


def test_of_many_at_once_one_stands_and_all_are_kept(team: Team) -> None:
    def one(number: int) -> bool:
        try:
            decide(team, f"p{number}", "accept", 0, f"n{number}")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        stood = list(pool.map(one, range(16)))
    found = team.statement(team.documents()[0].id, ENTRY.id)
    assert (sum(stood), found.version) == (1, 1)
    assert {each.note for each in found.decisions} == {f"n{number}" for number in range(16)}
    assert len(found.waiting) == 15


def test_statements_noted_at_once_are_noted_once(team: Team) -> None:
    document = give(team, b"other")
    entries = [Entry("figure", str(n), f"figure-{n}", n, n + 1, "q", "b", "a") for n in range(30)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda cut: team.note_statements(document, entries[:cut]), (30, 10, 30, 20)))
    assert [each.name for each in team.statements(document)] == [
        ENTRY.id,
        *(each.id for each in entries),
    ] or len(team.statements(document)) == 31


# ── findings, runs, jobs ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_latest_findings_are_kept(team: Team) -> None:
    document = team.documents()[0].id
    first = [{"verdict": "broken", "value": float("nan"), "text": "\x00"}, {"verdict": "consistent"}]
    team.keep_findings(document, "", "en", "a", lambda: first)
    assert team.verdicts([document], "en") == {document: {"broken": 1, "consistent": 1}}
    team.keep_findings(document, "", "en", "b", lambda: first[1:])
    team.keep_findings(document, "", "en", "b", lambda: first)  # the same check: not asked for again
    assert team.verdicts([document], "en") == {document: {"consistent": 1}}
    assert team.verdicts([document], "es") == {}


def test_who_asked_for_what_is_kept_with_what_became_of_it(team: Team) -> None:
    first = Job(
        "0123456789abcdef", ("simulate", "x"), "es", asked="2026-03-01T10:00:00.123+00:00", person="Ana"
    )
    other = Job("fedcba9876543210", ("evaluate", "y"), "en", asked="2026-03-01T11:00:00.000+00:00")
    team.keep_jobs([first, other, replace(other, id="x" * 16, asked="")])  # the last was never asked for
    told = [(each.job, each.person, each.state, each.ended) for each in team.asked()]
    assert told == [(other.id, "", "waiting", None), (first.id, "Ana", "waiting", None)]
    done = replace(first, state="done", ended="2026-03-01T10:05:00.000+00:00", run="run1")
    for _ in range(2):
        team.keep_jobs([done])
    again = replace(done, state="failed", asked="2026-03-01T12:00:00.000+00:00", person="Luis")
    team.keep_jobs([again])
    assert [(each.person, each.state, each.run) for each in team.asked()] == [
        ("Luis", "failed", "run1"), ("", "waiting", ""), ("Ana", "done", "run1"),
    ]  # fmt: skip
    assert {name: (by.person, by.made.isoformat()) for name, by in team.runs().items()} == {
        "run1": ("Ana", "2026-03-01T10:05:00+00:00")
    }
    assert len(team.asked(1)) == 1


def test_jobs_noted_at_once_are_noted_once(team: Team) -> None:
    jobs = [Job(f"{n:016}", ("search",), "en", asked=f"2026-03-01T10:00:{n:02}.000+00:00") for n in range(20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(team.keep_jobs, [jobs] * 4))
    team.keep_jobs(jobs)
    assert [each.job for each in team.asked()] == [each.id for each in reversed(jobs)]


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_database_that_stops_is_told_and_comes_back(server: databases.Server, tmp_path: Path) -> None:
    server.fresh()
    team = Team(server.url, tmp_path)
    give(team)
    decide(team, "Ana", "accept", 0)
    for how in ("fast", "immediate"):
        server.stop(how)
        try:
            with pytest.raises(TeamError, match="cannot be reached just now; nothing was changed") as caught:
                team.documents()
            assert caught.value.status == 503
            with pytest.raises(TeamError):
                decide(team, "Luis", "reject", 1)
        finally:
            server.start()
        assert [each.decision for each in team.statements(team.documents()[0].id)[0].decisions] == ["accept"]
    team.close()


def test_a_file_that_is_gone_is_told_and_does_not_come_back_empty(tmp_path: Path) -> None:
    team = Team("", tmp_path)
    document = give(team)
    file, away = tmp_path / "careo.sqlite", tmp_path / "away"
    with team.engine.connect() as connection:  # what the log holds stands in the file before it is moved
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    file.rename(away)
    with pytest.raises(TeamError, match="cannot be reached"):
        team.documents()
    assert not file.exists()
    away.rename(file)
    assert team.documents()[0].id == document
    team.close()


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    team = Team("", tmp_path)
    document = give(team)
    with team.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    team.close()
    team = Team("", tmp_path)
    from sqlalchemy import event

    def bounded(raw: Any, _: Any) -> None:
        raw.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(team.engine, "connect", bounded)
    team.engine.dispose()
    entries = [Entry("pledge", "word " * 200, f"pledge-{n}", n, n + 1, "q", "b", "a") for n in range(200)]
    with pytest.raises(TeamError, match="disk of the database is full; nothing was changed") as caught:
        team.note_statements(document, entries)
    assert caught.value.status == 507
    assert len(team.statements(document)) == 1
    with pytest.raises(TeamError, match="full"):
        give(team, b"x" * 1_000_000)
    assert len(team.documents()) == 1
    team.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://a:secret@b/c", "no address of a database"),
        ("sqlite://", "no address of a database"),
        ("postgresql://a:secret@b:port/c", "no address of a database"),
        ("postgresql://a:secret@127.0.0.1:1/c", "cannot be reached"),
    ],
)
def test_a_wrong_address_is_a_sentence_without_the_password(address: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CareoError, match=words) as caught:
        Team(address, tmp_path)
    assert "secret" not in caught.value.render("es")


def test_serving_with_a_wrong_address_leaves_with_2(tmp_path: Path) -> None:
    told = {**os.environ, "CAREO_HOME": str(tmp_path), "CAREO_DATABASE_URL": "mysql://a:secret@b/c"}
    done = subprocess.run(
        [sys.executable, "-m", "careo", "serve", "--lang", "es"], env=told, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "no es la dirección de una base de datos" in done.stderr
    assert "Traceback" not in done.stderr and "secret" not in done.stderr


def test_without_psycopg_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CareoError, match=r"pip install 'careo\[postgresql\]'"):
        Team("postgres://a@b/c", tmp_path)
