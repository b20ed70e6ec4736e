"""Real databases for tests: a file of SQLite, and a PostgreSQL that is started for them and stopped."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def programs() -> Path | None:
    """Where PostgreSQL's programs are; None when it is not installed."""
    found = [
        each for each in FOLDERS if all((each / name).exists() for name in ("initdb", "pg_ctl", "postgres"))
    ]
    return found[0] if found else None


class Server:
    """A PostgreSQL of our own, reached by a socket in a folder of its own, so that no port is taken."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.url = f"postgresql://careo@/postgres?host={folder}"

    def run(self, program: str, *words: str) -> None:
        """One of its programs, as a user who is not root (PostgreSQL refuses root)."""
        as_user = {}
        if os.geteuid() == 0:
            told = pwd.getpwnam("postgres")
            as_user = {"user": told.pw_uid, "group": told.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self.programs / program, *words], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
            stdin=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode(errors="replace")

    def start(self) -> None:
        """Starts, and waits until it answers."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
        self.run("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")

    def stop(self, how: str = "fast") -> None:
        """Stops; "immediate" is a crash."""
        self.run("pg_ctl", "-D", "data", "-m", how, "-w", "stop")

    def fresh(self) -> None:
        """Empties the database."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


@contextmanager
def postgresql(programs: Path) -> Iterator[Server]:
    """A server that runs while the block does."""
    folder = Path(tempfile.mkdtemp(prefix="careo-pg-"))  # short: a socket's path has 107 characters at most
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder, programs)
    try:
        server.run("initdb", "-D", "data", "-U", "careo", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
