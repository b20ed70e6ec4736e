"""The mechanistic core and the outcomes: doses of levers in, counts out, one month at a time.

For each draw the core runs once with every lever at its baseline and once for every strategy, under the same luck:

    Rec = m_ρ ρ M^a V^(1−a) R^eR      Inc = min(M, m_η π A)         Kil = m_θ θ R^ε M² (1 − H)     Sat = ω M² H
    Ext = κ0 m_e M                    Ret = m_r r P / τ_P           H = 1 / N
    M' = M + Rec + Ret − Inc − Kil − Sat − Ext + δ Σ_j (W_ji M_j − W_ij M_i)
    P' = P + Inc − P / τ_P            N' = max(1, N (1 + m_φ φ Cap) − (N − N*) / τ_H)
    multiplier = m_h + q (Kil / Kil⁰ − m_h)                       (the same as (1 − q) m_h + q Kil / Kil⁰, and exactly 1 at baseline)

Flows of persons are expectations; only outcomes are integers, through their quantile functions at addressed uniforms, so a strategy
without doses gives the status quo bit for bit. Companion outcomes move with the ratio to the baseline of what drives them.

Assumptions:
    A-core-1: extortion and kidnapping follow members and groups relative to the baseline path, not to the first month: what the
        baseline does is the forecaster's business.
    A-core-2: disappearances follow the organised part of the intensity, rights complaints only their own mechanism.

Sources: prieto-curiel-2023 (recruitment, incapacitation, conflict, saturation, by week; here by month and state), MODEL.md §2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from careo.model.kernel import MECHANISMS, OUTCOMES, run_draws
from careo.model.lanes import LANES

__all__ = ["MECHANISMS", "OUTCOMES", "Core", "Effects", "run_block"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Core(NamedTuple):
    """Parameters and the first month of the core.

    Attributes:
        members, prisoners, conflict_rate, organised_share: [persons, persons, deaths/(person² month), share; place draw].
        groups, groups_rest, young_men, arrests, captures: [groups, groups, persons, persons/month, captures/month; place].
        neighbours: W, rows sum to 1 or 0 [place place].
        recruitment, recruitment_exponent, recruitment_rent_exponent, conflict_rent_exponent, saturation, capture_share, exit,
        recidivism, prison_months, fragmentation, groups_return_months, migration, extortion_exponent, clearance_elasticity,
        overdispersion, companion_overdispersion: [draw].
    """

    members: Floats
    prisoners: Floats
    conflict_rate: Floats
    organised_share: Floats
    groups: Floats
    groups_rest: Floats
    young_men: Floats
    arrests: Floats
    captures: Floats
    neighbours: Floats
    recruitment: Floats
    recruitment_exponent: Floats
    recruitment_rent_exponent: Floats
    conflict_rent_exponent: Floats
    saturation: Floats
    capture_share: Floats
    exit: Floats
    recidivism: Floats
    prison_months: Floats
    fragmentation: Floats
    groups_return_months: Floats
    migration: Floats
    extortion_exponent: Floats
    clearance_elasticity: Floats
    overdispersion: Floats
    companion_overdispersion: Floats


class Effects(NamedTuple):
    """What doses do to mechanisms.

    Attributes:
        dose: lagged doses [dose units; strategy effect place month]. above, below: to their upper and lower ends, ≥ 0 [same].
        tilt: where in that range a draw stands, −1 to 1 [effect draw].
        beta: effect at a full dose [log points; effect draw]. pair_effect, pair_mechanism: which effect moves which mechanism [pair].
        hazard_per_month: of collapse while the dose is on, 0 for none [effect]. rebound: after it [log points; effect draw].
        link_from, link_to: mechanisms [link]; elasticity: signed [link draw].
    """

    dose: Floats
    above: Floats
    below: Floats
    tilt: Floats
    beta: Floats
    pair_effect: Integers
    pair_mechanism: Integers
    hazard_per_month: Floats
    rebound: Floats
    link_from: Integers
    link_to: Integers
    elasticity: Floats


def run_block(
    seed: int,
    places: Integers,
    first_draw: int,
    log_intensity: Floats,
    core: Core,
    effects: Effects,
    companions: Floats,
    *,
    first_month: int = 0,
    months_per_year: int = 12,
    outcomes: Sequence[str] = OUTCOMES,
    local: Floats | None = None,
) -> tuple[Integers, Integers, Floats]:
    """Runs a block of draws for every strategy.

    Args:
        seed: of the run. places: numbers of the places in addresses of luck [place]. first_draw: of the block.
        log_intensity: of homicides with every lever at its baseline [ln events/month; place month draw].
        core, effects: of this block's draws. companions: how often the other outcomes happen now [events/month; outcome−1 place].
        first_month: number of month 0 in addresses of luck. months_per_year: months that make a year of the result, counted from the first.
        local: what measures within places do to them beside `effects`, on homicide and on conflict
            [log points; 2 strategy place month draw].
        outcomes: which are counted, in the order of `OUTCOMES`: what is not asked for costs nothing and moves nothing.

    Returns:
        Counts by place and year [events; strategy outcome place year draw], of the whole by month
        [events; strategy outcome month draw], and members at the end of each year [persons; strategy place year draw].
        A draw in which a number is not finite, or beyond all counting, has −1 in all counts; its members mean nothing.
    """
    strategies, months, draws = effects.dose.shape[0], log_intensity.shape[1], log_intensity.shape[2]
    years = -(-months // months_per_year)
    slots = np.array([outcomes.index(name) if name in outcomes else -1 for name in OUTCOMES], dtype=np.int64)
    yearly = np.zeros((strategies, len(outcomes), len(places), years, draws), dtype=np.int64)
    monthly = np.zeros((strategies, len(outcomes), months, draws), dtype=np.int64)
    members = np.zeros((strategies, len(places), years, draws))
    c, e = core, effects
    by_draw = np.stack([
        c.recruitment_exponent, c.saturation, c.exit, c.recidivism, 1.0 / c.prison_months, c.fragmentation, 1.0 / c.groups_return_months,
        c.recruitment_rent_exponent, c.conflict_rent_exponent, c.extortion_exponent, c.clearance_elasticity, c.migration,
        c.overdispersion, c.companion_overdispersion,
    ])  # fmt: skip
    recruitment = c.recruitment * c.young_men[:, None] ** (1.0 - c.recruitment_exponent)
    taken = c.capture_share * c.arrests[:, None]
    by_place_draw = np.stack([c.members, c.prisoners, c.conflict_rate, c.organised_share, recruitment, taken])
    to, source = np.nonzero(c.neighbours.T > 0.0)
    doses = np.ascontiguousarray(np.stack([e.dose, e.above, e.below]).transpose((4, 3, 1, 0, 2)))
    moves = doses.any(axis=(1, 3, 4)).T
    if local is None:
        local = np.zeros((0, 0, 0, 0, 0))
    else:
        moves = moves | local.any(axis=(0, 2, 4))
    bad = np.zeros(draws, dtype=np.bool_)
    run_draws(
        np.uint64(seed), places, first_draw, first_month, log_intensity, by_draw, by_place_draw,
        np.stack([c.groups, c.groups_rest, c.captures, c.neighbours.sum(axis=1)]), source, c.neighbours[source, to],
        np.searchsorted(to, np.arange(len(places) + 1)), doses,
        np.ascontiguousarray(moves), local,
        np.stack([e.beta, e.rebound, e.tilt]), np.stack([e.pair_effect, e.pair_mechanism]), e.hazard_per_month,
        np.stack([e.link_from, e.link_to]), e.elasticity, companions, slots, months_per_year,
        # Draws stand side by side in the kernel, in whole groups: the last one fills up.
        np.minimum(np.arange(-(-draws // LANES) * LANES), draws - 1), yearly, monthly, members, bad,
    )  # fmt: skip
    yearly[..., bad], monthly[..., bad] = -1, -1
    return yearly, monthly, members
