"""A run on a cluster is the run computed here, byte for byte, whatever becomes of its workers; and whatever else comes back is refused."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import careo
from careo.base.errors import CareoError, NetworkError
from careo.base.texts import LANGUAGES
from careo.run import cluster, run_plan
from careo.run.run_files import array_bytes, arrays_in
from careo.run.run_manifest import job_bytes, job_in
from careo.run.run_plan import Plan, plan_run
from careo.run.runs import find_run, resume_run, start_run

distributed = pytest.importorskip("distributed")

STRATEGY = "ten-lamps-2018"
# Of the library itself: it opens and closes its own sockets and loops as it likes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def plan(draws: int = 300, months: int = 24) -> Plan:
    return plan_run(
        [careo.load_strategy(STRATEGY, "toyland")], careo.load_country("toyland"), months=months, draws=draws
    )


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name != ".lock"}


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def scheduler() -> Iterator[str]:
    """The address of a scheduler in a process of its own."""
    port = free_port()
    with started(
        "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"
    ):
        for _ in range(600):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def worker(address: str, program: str = "", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, without a nanny that would start it again."""
    options = [
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--memory-limit",
        "0",
        "--host",
        "127.0.0.1",
    ]
    preload = ["--preload", program] if program else []
    with started("dask", "worker", address, *options, *preload, **environment) as process:
        yield process


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "dask.__main__", *arguments[1:]]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, **environment}, **quiet) as process:  # pyright: ignore
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    with scheduler() as address, worker(address), worker(address):
        yield address


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run computed here."""
    return start_run(plan(), tmp_path_factory.mktemp("runs")).path


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_is_data_and_computes_the_same_there() -> None:
    job = plan().job
    data = job_bytes(job)
    assert job_bytes(job_in(data)) == data
    here, there = job.run((125, 7)), job_in(data).run((125, 7))
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))


def test_what_a_worker_answers_is_bytes_and_another_careo_says_so() -> None:
    job = plan().job
    wanted = cluster._depends(job)  # pyright: ignore[reportPrivateUsage]
    answer = cluster.block_of(job_bytes(job), wanted, 0, 5)
    assert type(answer) is bytes and answer.startswith(b"block\n")
    assert arrays_in(answer[6:])[0].shape[-1] == 5
    assert cluster.block_of(job_bytes(job), wanted.replace("model", "muddle"), 0, 5).startswith(b"other\n")


# ── on real clusters ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_on_a_cluster_has_the_bytes_of_one_computed_here(
    two_workers: str, whole: Path, tmp_path: Path
) -> None:
    done: list[int] = []
    run = start_run(plan(), tmp_path, cluster=two_workers, progress=lambda now, _: done.append(now))
    assert run.complete and files(run.path) == files(whole)
    assert done == list(range(len(done))) and done[-1] == run.blocks
    first = sorted(run.path.glob("*.[0-9]*.npy"))[0]
    first.unlink()
    assert resume_run(run.path, cluster=two_workers).complete
    assert files(run.path) == files(whole)


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_costs_nothing(tmp_path: Path) -> None:
    asked = plan(draws=1500, months=120)
    with scheduler() as address, worker(address) as victim, worker(address):
        killed = threading.Event()

        def told(done: int, _: int) -> None:
            if done >= 3 and not killed.is_set():
                killed.set()
                victim.send_signal(signal.SIGKILL)
                victim.wait()

        run = start_run(asked, tmp_path / "there", cluster=address, progress=told)
        assert killed.is_set() and run.complete
    assert files(run.path) == files(start_run(asked, tmp_path / "here").path)


@pytest.mark.slow
def test_a_cluster_that_is_lost_is_a_sentence_and_what_was_done_stays(tmp_path: Path) -> None:
    asked = plan(draws=1500, months=120)
    with scheduler() as address, worker(address) as only:

        def told(done: int, _: int) -> None:
            if done >= 2:
                only.kill()
                only.wait()

        with pytest.raises(NetworkError) as caught:
            jobs = [(asked.job, block) for block in asked.variants[0].blocks]
            for done, _ in enumerate(cluster.computed(address, jobs, alone_seconds=1.0)):
                told(done, 0)
        assert caught.value.key == "cluster_deserted"
    stopped: list[int] = []
    with scheduler() as address, worker(address):
        with pytest.raises(NetworkError) as caught:
            start_run(
                asked, tmp_path, cluster=address, progress=lambda now, _: _lose(address) if now == 2 else stopped.append(now)
            )  # fmt: skip
        assert caught.value.key == "cluster_lost", caught.value.key
    run = find_run(asked.id, tmp_path)
    assert 2 <= run.done < run.blocks
    assert resume_run(run.path).complete


def _lose(address: str) -> None:
    """Ends the scheduler that listens at an address."""
    with distributed.Client(address, set_as_default=False) as client:
        client.shutdown()


ODD = """
from careo.run import cluster
cluster.computer.__wrapped__
{change}
"""


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("import careo.run.run_plan as plan; plan.code_digest = lambda: 'f' * 64", "cluster_other"),
        ("cluster.computer = lambda: {'numpy': '0.1', 'numba': '0.1', 'machine': 'abacus'}", "cluster_computer"),
        ("cluster.block_bytes = lambda arrays: b'half'", "cluster_bytes"),
        ("cluster.Job.run = lambda job, block: 1 / 0", "cluster_failed"),
    ],
)  # fmt: skip
def test_a_worker_that_is_not_as_this_careo_is_refused(
    change: str, key: str, two_workers: str, tmp_path: Path
) -> None:
    program = tmp_path / "odd.py"
    program.write_text(ODD.replace("{change}", change))
    with scheduler() as address, worker(address, str(program)), pytest.raises(NetworkError) as caught:
        start_run(plan(draws=10), tmp_path / "runs", cluster=address)
    assert caught.value.key == key, caught.value
    path = next((tmp_path / "runs").iterdir())
    assert not list(path.glob("*.[0-9]*.npy"))
    assert all("cluster." not in caught.value.render(language) for language in LANGUAGES)


# ── before anything is computed ──────────────────────────────────────────────────────────────────────────────────


def test_a_scheduler_that_does_not_answer_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NetworkError, match="no scheduler of a cluster answers there"):
        start_run(plan(draws=2), tmp_path, cluster=f"tcp://127.0.0.1:{free_port()}")


def test_a_cluster_without_workers_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2.0)
    with scheduler() as address, pytest.raises(NetworkError, match="the cluster has no workers"):
        start_run(plan(draws=2), tmp_path, cluster=address)


@pytest.mark.parametrize("address", ["localhost", "http://localhost:1", "inproc://x:1", "tcp://:1", "tcp://a b:1", "tcp://u@h:1"])  # fmt: skip
def test_only_addresses_of_schedulers_are_followed(address: str, tmp_path: Path) -> None:
    with pytest.raises(CareoError, match="not the address of the scheduler"):
        start_run(plan(draws=2), tmp_path, cluster=address)


def test_without_the_package_the_hint_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NetworkError, match=r"pip install 'careo\[cluster\]'"):
        start_run(plan(draws=2), tmp_path, cluster="tcp://127.0.0.1:1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_offline_forbids_a_cluster(language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from careo.views import cli

    arguments = [
        "simulate",
        STRATEGY,
        "--country",
        "toyland",
        "--draws",
        "2",
        "--cluster",
        "tcp://127.0.0.1:1",
    ]
    assert cli.run([*arguments, "--offline", "--lang", language, "-o", str(tmp_path)]) == 2
    assert "--offline" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


# ── bytes from outside ───────────────────────────────────────────────────────────────────────────────────────────


def test_bytes_that_are_no_arrays_of_numbers_are_refused() -> None:
    sound = array_bytes([np.arange(6).reshape(2, 3), np.ones(4)])
    assert [array.tolist() for array in arrays_in(sound)] == [[[0, 1, 2], [3, 4, 5]], [1.0] * 4]
    assert len(arrays_in(sound, 1)) == 1
    header = b"\x93NUMPY\x01\x00"
    huge = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    pickled = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    for wrong in (
        sound[:-1], sound + b"x", b"no", header, header + len(huge).to_bytes(2, "little") + huge,
        header + len(pickled).to_bytes(2, "little") + pickled + b"cos\nsystem\n",
    ):  # fmt: skip
        with pytest.raises(ValueError):
            arrays_in(wrong)
    assert run_plan.code_digest() == run_plan.code_digest()
