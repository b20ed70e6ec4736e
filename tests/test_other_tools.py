"""What careo is compared with computes the same: agents in Mesa and the stocks and flows of `core.mdl` against the kernel.

Skipped where the tools are not installed (`uv sync --group benchmarks`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import other_tools
from benchmarks.synthetic import World, world

from careo.model.mechanisms import MECHANISMS

MONTHS = 72
FULL = {"recruitment": -0.3, "incapacitation": 0.2, "conflict": 0.15}


def test_agents_in_mesa_are_the_kernels_places() -> None:
    pytest.importorskip("mesa")
    given = world(6, 24, 8, 2, effects=12)
    counts, members = other_tools.by_mesa(given)
    ours = given.by_careo(months_per_year=1)
    np.testing.assert_allclose(members, ours[2], rtol=1e-12)
    # the same expectations and other luck: sums of 8 draws × 24 months × 6 places, companions overdispersed by some 2 %
    assert counts.sum(axis=(2, 3)) == pytest.approx(ours[1].sum(axis=(2, 3)), rel=0.05)


@pytest.mark.filterwarnings("ignore")  # PySD has not followed pandas yet
def test_stocks_and_flows_in_pysd_are_the_kernels_members() -> None:
    pytest.importorskip("pysd")
    told = other_tools.load_pysd().run(
        params={f"full log {name}": value for name, value in FULL.items()}, return_columns=["members"]
    )
    ours = _one_place().by_careo(months_per_year=1)[2]
    np.testing.assert_allclose(told["members"].to_numpy()[1:], ours[1, 0, :, 0], rtol=1e-12)
    assert abs(ours[1, 0, -1, 0] / ours[0, 0, -1, 0] - 1.0) > 0.05, "the strategy moves something"


def test_the_ema_workbench_runs_the_numpy_model() -> None:
    pytest.importorskip("ema_workbench")
    assert other_tools.ema_cost(world(3, 6, 1, 2, effects=3), experiments=2) > 0


def _one_place() -> World:
    """The numbers of `core.mdl`: one place, the status quo and a strategy ramped in over 18 months."""
    made = world(1, MONTHS, 1, 2, effects=len(FULL))
    one = {
        "members": 3000.0, "prisoners": 600.0, "conflict_rate": 4e-6, "groups": 8.0, "groups_rest": 8.0, "young_men": 2e5, "arrests": 300.0,
        "captures": 0.05, "recruitment": 0.011, "recruitment_exponent": 0.9, "saturation": 1e-8, "capture_share": 0.05, "exit": 0.001,
        "recidivism": 0.5, "prison_months": 60.0, "fragmentation": 0.05, "groups_return_months": 24.0, "migration": 0.0,
    }  # fmt: skip
    core = made.core._replace(
        **{name: np.full_like(getattr(made.core, name), value) for name, value in one.items()}
    )
    dose = np.zeros_like(made.effects.dose)
    dose[1] = np.minimum(1.0, np.arange(MONTHS) / 18.0)
    effects = made.effects._replace(
        dose=dose,
        above=0.0 * dose,
        below=0.0 * dose,
        beta=np.array(list(FULL.values()))[:, None],
        pair_mechanism=np.array([MECHANISMS.index(name) for name in FULL], dtype=np.int64),
    )
    return World(made.places, made.log_intensity, core, effects, made.companions)
