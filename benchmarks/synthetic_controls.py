"""How long a whole placebo loop of synthetic controls takes, and how many times longer pysyncon's fits of the same problems would take together.

Donors are an invented panel of five factors, random walks with gamma loadings, and noise. pysyncon is given the same matrices by its own optimiser
without predictor weights; its loop is its mean over `FITS` fits times the units. Its objectives are compared, too: where it stops early
the row says so.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Iterator

import numpy as np

SIZES = ((500, 96), (2000, 96))
FITS = 2
THREADS = 2


def rows(*, quick: bool = False) -> Iterator[tuple[str, float | str]]:
    """Seconds by the clock of the loop, medians of three, compiled before; then the ratio."""
    from careo.model.synthetic import synthetic_controls, synthetic_differences

    for units, months in ((60, 24), *SIZES[: 1 if quick else None]):
        panel, allowed = invented(units, months + 12), ~np.eye(units, dtype=bool)
        for name, loop in (("control", synthetic_controls), ("difference", synthetic_differences)):
            took = [_seconds(lambda: loop(panel, panel, allowed, months, threads=THREADS)) for _ in range(3)]  # noqa: B023 - called at once
            if units > 60:  # the first compiles
                yield loop_name(units, months, name), statistics.median(took)
    yield from _against_pysyncon(units=60 if quick else SIZES[0][0], months=SIZES[0][1])


def loop_name(units: int, months: int, which: str) -> str:
    """The name of a row."""
    return f"placebo loop, synthetic {which}, {units:,} units × {months} months [s]"


def invented(units: int, months: int) -> np.ndarray:
    """A panel that a few common factors explain in part [unit month]."""
    luck = np.random.default_rng(7)
    factors = np.cumsum(luck.normal(size=(5, months)), axis=1)
    return luck.gamma(2, 1, size=(units, 5)) @ factors + luck.normal(size=(units, months))


def _against_pysyncon(*, units: int, months: int) -> Iterator[tuple[str, float | str]]:
    from careo.model.synthetic import synthetic_controls

    name = f"a pysyncon loop / careo, {units} units (from {FITS} fits)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pysyncon.base import VanillaOptimMixin
    except ImportError:
        yield name, "skipped: pysyncon is not installed"
        return
    panel, allowed = invented(units, months + 12), ~np.eye(units, dtype=bool)
    fits = synthetic_controls(panel, panel, allowed, months, threads=THREADS)
    ours = _seconds(lambda: synthetic_controls(panel, panel, allowed, months, threads=THREADS))
    around = panel[:, :months] - panel[:, :months].mean(axis=1, keepdims=True)
    excess, took = [], 0.0
    for unit in range(FITS):
        donors = np.delete(around, unit, axis=0).T
        begin = time.perf_counter()
        weights, _ = VanillaOptimMixin.w_optimize(V_mat=np.eye(months), X0=donors, X1=around[unit])
        took += time.perf_counter() - begin
        theirs = ((around[unit] - donors @ weights) ** 2).sum()
        excess.append(float(theirs / (fits.gaps[unit, :months] ** 2).sum()))
    yield name, took / FITS * units / ours
    yield "its objectives / careo's, the least and the largest", f"{min(excess):.7f}, {max(excess):.7f}"


def _seconds(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
