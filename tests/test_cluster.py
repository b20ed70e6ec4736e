"""A run on a cluster is the run computed here, byte for byte, whatever becomes of its workers; and whatever else comes back is refused."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
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
from careo.run.runs import resume_run, start_run

distributed = pytest.importorskip("distributed")

STRATEGY = "ten-lamps-2018"
# Of the library itself: it opens and closes its own sockets and loops as it likes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Port [0-9]+ is already in use"),
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
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--dashboard-address",
        "127.0.0.1:0",
        "--no-show",
    ):
        for _ in range(600):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def worker(address: str) -> Iterator[subprocess.Popen[bytes]]:
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
    with started("worker", address, *options) as process:
        yield process


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "dask.__main__", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
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


@pytest.mark.slow
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
def test_a_worker_killed_in_mid_run_costs_nothing(
    two_workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, once = plan(draws=1000), cluster.block_of
    monkeypatch.setattr(cluster, "block_of", lambda *block: (time.sleep(0.1), once(*block))[1])
    with distributed.Client(two_workers, set_as_default=False) as eye, worker(two_workers) as victim:
        eye.wait_for_workers(3, timeout=60)
        (address,) = (name for name, pid in eye.run(os.getpid).items() if pid == victim.pid)
        lost: list[object] = []

        def told(done: int, _: int) -> None:
            at_work = eye.processing().get(address, ())
            if done and at_work and not lost:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                lost.extend(at_work)

        run = start_run(asked, tmp_path / "there", cluster=two_workers, progress=told)
        assert run.complete and lost and victim.returncode == -signal.SIGKILL
    assert files(run.path) == files(start_run(asked, tmp_path / "here").path)


@pytest.fixture
def inside() -> Iterator[distributed.LocalCluster]:
    """A small cluster within this process."""
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as local:
        yield local


def test_a_cluster_without_workers_is_a_sentence(
    inside: distributed.LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(cluster, "ALONE_SECONDS", 0.5)
    address = inside.scheduler_address
    with pytest.raises(NetworkError) as caught:
        start_run(
            plan(draws=750), tmp_path, cluster=address, progress=lambda now, _: inside.scale(0) if now == 2 else None
        )  # fmt: skip
    assert caught.value.key == "cluster_deserted"
    run = next(iter(careo.list_runs(tmp_path)[0]))
    assert 2 <= run.done < run.blocks
    with pytest.raises(NetworkError, match="the cluster has no workers"):
        resume_run(run.path, cluster=address)
    assert resume_run(run.path).complete


def test_a_scheduler_that_is_lost_is_a_sentence_and_what_was_done_stays(
    inside: distributed.LocalCluster, tmp_path: Path
) -> None:
    address = inside.scheduler_address
    with pytest.raises(NetworkError) as caught:
        start_run(
            plan(draws=750),
            tmp_path,
            cluster=address,
            progress=lambda now, _: inside.close() if now == 2 else None,
        )
    assert caught.value.key == "cluster_lost"
    assert "careo runs resume" in caught.value.render("es")
    assert next(iter(careo.list_runs(tmp_path)[0])).done >= 2


ELSE = np.zeros((2, 5, 9, 2, 11), dtype=np.int32)  # eleven draws where ten are wanted


@pytest.mark.parametrize(
    ("does", "key"),
    [
        (lambda job, depends, *_: b"other\n" + depends.replace('"model": "', '"model": "f').encode(), "cluster_other"),
        (lambda job, depends, *_: b"other\n" + depends.replace('"numpy": "', '"numpy": "0').encode(), "cluster_computer"),
        (lambda *_: b"block\n" + array_bytes([ELSE, ELSE[:, :, 0], ELSE[:, 0]]), "cluster_bytes"),
        (lambda *_: b"block\nhalf", "cluster_bytes"),
        (lambda *_: b"other\n[]", "cluster_bytes"),
        (lambda job, depends, *_: b"other\n" + depends.encode(), "cluster_bytes"),
        (lambda *_: {"yearly": 1}, "cluster_bytes"),
        (lambda *_: 1 / 0, "cluster_failed"),
    ],
)  # fmt: skip
def test_a_worker_that_is_not_as_this_careo_is_refused(
    does: object, key: str, two_workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "block_of", does)
    with pytest.raises(NetworkError) as caught:
        start_run(plan(draws=10), tmp_path, cluster=two_workers)
    assert caught.value.key == key, caught.value
    assert not list(next(tmp_path.iterdir()).glob("*.[0-9]*.npy"))
    assert all("cluster_" not in caught.value.render(language) for language in LANGUAGES)


# ── before anything is computed ──────────────────────────────────────────────────────────────────────────────────


def test_a_scheduler_that_does_not_answer_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NetworkError, match="no scheduler of a cluster answers there"):
        start_run(plan(draws=2), tmp_path, cluster=f"tcp://127.0.0.1:{free_port()}")


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
