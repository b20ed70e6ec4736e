"""`CHECKS`: the function behind every rule, by the name that a country's `purchases/rules.yaml` calls it.

How an engine uses them: for each process it keeps `purchases_of`, `tallies_of` and `measures_of` (contributions.py) and what each
`ProcessRule.check` says; it changes sums by new − old; it calls `GroupRule.check` with all the purchases of a key that was touched and
`ShareRule.check` with a whole that was touched and its parts; it keeps measures in order by population and asks `fence_of`, `beyond`
and `hit_of` (checks_population.py). `covers` of the last three says what can be told of one process, for the table of coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from careo.record.purchases import checks_bids as bids
from careo.record.purchases import checks_group as group
from careo.record.purchases import checks_population as population
from careo.record.purchases import checks_process as process
from careo.record.purchases.rules import ProcessCheck


@dataclass(frozen=True, slots=True)
class ProcessRule:
    """A check of one process."""

    check: ProcessCheck
    kind: Literal["process"] = "process"


Check: TypeAlias = ProcessRule | group.GroupRule | group.ShareRule | population.PopulationCheck

CHECKS: Mapping[str, Check] = MappingProxyType({
    "short_term": ProcessRule(process.short_term),
    "without_ground": ProcessRule(process.without_ground),
    "split": group.GroupRule(group.split_key, group.split, group.covers_split),
    "near_ceiling": ProcessRule(process.near_ceiling),
    "without_competition": population.PopulationCheck("without_competition", "above", True, population.covers_units, top=1.0),
    "supplier_share": group.ShareRule(*group.SHARE, group.supplier_share, group.covers_share),
    "hasty_decision": ProcessRule(process.hasty_decision),
    "slow_decision": population.PopulationCheck("decision_days", "above", True, population.covers_decision),
    "unsigned": ProcessRule(process.unsigned),
    "listed_supplier": ProcessRule(process.listed_supplier),
    "edited_in_place": ProcessRule(process.edited_in_place),
    "item_variety": population.PopulationCheck("item_variety", "above", True, population.covers_items),
    "single_tenderer": ProcessRule(bids.single_tenderer),
    "close_bids": population.PopulationCheck("bid_gap", "below", False, population.covers_bids),
    "unsuccessful_tenderer": population.PopulationCheck(
        "wins", "below", False, population.covers_bids, gate=population.Gate("bids_of_tenderer")
    ),
    "same_price": ProcessRule(bids.same_price),
    "late_winner": ProcessRule(bids.late_winner),
    "others_disqualified": ProcessRule(bids.others_disqualified),
    "lowest_disqualified": ProcessRule(bids.lowest_disqualified),
    "many_disqualified": population.PopulationCheck("disqualified", "above", False, population.covers_submitted, top=1.0),
    "heavy_discount": population.PopulationCheck("bid_gap", "above", False, population.covers_bids),
    "quality": ProcessRule(process.quality),
})  # fmt: skip
