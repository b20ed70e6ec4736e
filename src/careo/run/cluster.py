"""Blocks of a run computed on a Dask cluster: the only other module, beside `sources/network.py`, through which careo uses the network.

What is sent to workers is data: a job as JSON and arrays, and which block of it. What comes back is bytes, read by our own reader of
arrays (nothing in them can run), checked for their shape and written by this process alone, so a run has the bytes of one computed here
or it stops. A worker that computes with another careo, other parameters or other libraries says so instead of computing.

A block that was lost with its worker is computed by another. At most a few blocks a worker are under way, so memory does not depend on
how many there are.

Trust: Dask itself sends functions and messages as pickles in both directions. Whoever can reach the scheduler can run code on the
workers, and a worker can run code here: a cluster is one's own, behind one's own firewall or `tls://`.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from careo.base.errors import CareoError, NetworkError
from careo.run.ensemble import Job
from careo.run.run_blocks import block_bytes, checked_block
from careo.run.run_manifest import job_bytes, job_in
from careo.run.run_plan import computer, outside

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer, and a first worker to be there."""
ALONE_SECONDS = 60.0
"""How long a cluster may be without any worker before it counts as lost."""
_LOOK_SECONDS = 1.0
_AHEAD = 2  # blocks under way for each thread of the cluster
_ADDRESS = re.compile(r"(tcp|tls)://[^\s/@]+:\d{1,5}/?")
_OTHER, _BLOCK = b"other\n", b"block\n"


def computed(address: str, blocks: Sequence[tuple[Job, tuple[int, int]]]) -> Iterator[tuple[int, bytes]]:
    """The bytes of blocks as they come, each with its place among those asked for.

    Args:
        address: of the scheduler, "tcp://HOST:PORT" or "tls://HOST:PORT". blocks: a job, a first draw and how many.

    Raises:
        NetworkError: no scheduler answers, it has no worker, the cluster is lost, a worker computes with another careo or fails.
    """
    with _connected(address) as client:
        yield from _Computation(client, address, blocks).results()


def block_of(job: bytes, depends: str, first_draw: int, draws: int) -> bytes:
    """What a worker does: one block, or what differs here. Answers in bytes only.

    Args:
        job: of `job_bytes`. depends: what all the numbers rest on, as JSON.
    """
    mine, here = _prepared(job)
    if here != depends:
        return _OTHER + here.encode()
    return _BLOCK + block_bytes(mine.run((first_draw, draws)))


@lru_cache(maxsize=8)
def _prepared(job: bytes) -> tuple[Job, str]:
    found = job_in(job)
    return found, _depends(found)


def _depends(job: Job) -> str:
    """What the numbers rest on beside the job itself: levers, parameters, model, libraries and kind of machine."""
    return json.dumps({**outside(job), **computer()}, sort_keys=True)


class _Computation:
    """Blocks under way on a cluster."""

    def __init__(self, client: Client, address: str, blocks: Sequence[tuple[Job, tuple[int, int]]]) -> None:
        self.client, self.address, self.blocks = client, address, blocks
        self.sent: dict[int, tuple[Future, str]] = {}  # by job: on the cluster, once each
        self.running: dict[Future, int] = {}
        self.done: SimpleQueue[Future] = SimpleQueue()

    def results(self) -> Iterator[tuple[int, bytes]]:
        """Every block once, in the order in which they are done."""
        waiting = list(range(len(self.blocks)))[::-1]
        try:
            while waiting or self.running:
                most = _AHEAD * max(self._threads(), 1)
                while waiting and len(self.running) < most:
                    self._submit(waiting.pop())
                future = self._next()
                number = self.running.pop(future)
                yield number, self._checked(future, number)
        finally:
            if self.running and self.client.status == "running":
                self.client.cancel(list(self.running), force=True)

    def _submit(self, number: int) -> None:
        job, (first_draw, draws) = self.blocks[number]
        if id(job) not in self.sent:
            data = self.client.submit(
                bytes, job_bytes(job), pure=False
            )  # computed anew if its worker is lost
            self.sent[id(job)] = data, _depends(job)
        data, depends = self.sent[id(job)]
        future = self.client.submit(block_of, data, depends, first_draw, draws, pure=False)
        self.running[future] = number
        future.add_done_callback(self.done.put)

    def _next(self) -> Future:
        """A future that is done; a cluster that has no worker for long is lost."""
        alone = 0.0
        while True:
            try:
                return self.done.get(timeout=_LOOK_SECONDS)
            except Empty:
                alone = self._alone_since(alone)

    def _answer(self, future: Future) -> object:
        """What a future that was done holds; its worker may be gone since, and then another computes it again, if there is one."""
        alone = 0.0
        while True:
            try:
                return future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                alone = self._alone_since(alone)
            except CancelledError as error:
                raise self._lost("cluster_lost") from error

    def _alone_since(self, before: float) -> float:
        """Since when there is no worker, 0 when there is one.

        Raises:
            NetworkError: there has been none for too long.
        """
        if self._threads():
            return 0.0
        now = time.monotonic()
        if before and now - before > ALONE_SECONDS:
            raise self._lost("cluster_deserted")
        return before or now

    def _threads(self) -> int:
        if self.client.status != "running":
            raise self._lost("cluster_lost")
        threads: Mapping[str, int] = self.client.nthreads()  # pyright: ignore[reportAssignmentType] - ours is no coroutine
        return sum(threads.values())

    def _checked(self, future: Future, number: int) -> bytes:
        """The bytes of a block as this process would have written them.

        Raises:
            NetworkError: they are something else.
        """
        if future.status == "cancelled":  # "lost" is no end: its worker is gone, another computes it again
            raise self._lost("cluster_lost")
        if future.status == "error":
            error = future.exception()
            words = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise NetworkError("cluster_failed", where=self.address, found=words, fix="cluster_careo")
        answer = self._answer(future)
        job, (_, draws) = self.blocks[number]
        if isinstance(answer, bytes) and answer.startswith(_OTHER):
            raise self._other(answer[len(_OTHER) :], _depends(job))
        if isinstance(answer, bytes) and answer.startswith(_BLOCK):
            arrays = checked_block(answer[len(_BLOCK) :], draws)
            if arrays and tuple(array.shape for array in arrays) == job.shapes(draws):
                return block_bytes(arrays)
        raise NetworkError("cluster_bytes", where=self.address, fix="cluster_careo")

    def _other(self, here: bytes, wanted: str) -> NetworkError:
        """Which of the things that numbers rest on is another one there."""
        try:
            theirs: dict[str, Any] = json.loads(here)
            pairs = [(name, value, str(theirs.get(name))) for name, value in json.loads(wanted).items()]
        except (ValueError, AttributeError):
            pairs = []
        for name, mine, other in pairs:
            if mine != other:
                key = "cluster_computer" if name in computer() else "cluster_other"
                expected, found = f"{name} {mine[:16]}", f"{name} {other[:16]}"
                return NetworkError(
                    key, where=self.address, expected=expected, found=found, fix="cluster_careo"
                )
        return NetworkError("cluster_bytes", where=self.address, fix="cluster_careo")

    def _lost(self, key: str) -> NetworkError:
        return NetworkError(key, where=self.address, fix="cluster_resume")


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of a cluster that has at least one worker; it says nothing by itself."""
    if not _ADDRESS.fullmatch(address):
        raise CareoError(
            "cluster_address", where="--cluster", expected="tcp://HOST:PORT", found=repr(address)
        )
    try:
        from distributed import CancelledError, Client
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise NetworkError("cluster_extra", where="--cluster", fix="cluster_extra") from error
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="careo")
        except (OSError, ValueError) as error:
            raise NetworkError("cluster_unreachable", where=address, fix="cluster_start") from error
        try:
            try:
                client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            except TimeoutError as error:
                raise NetworkError("cluster_empty", where=address, fix="cluster_start") from error
            yield client
        except (CancelledError, CommClosedError) as error:
            raise NetworkError("cluster_lost", where=address, fix="cluster_resume") from error
        finally:
            client.close(timeout=CONNECT_SECONDS)
    finally:
        logger.setLevel(level)
