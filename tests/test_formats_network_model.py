"""The three files of the published network model: groups, ties told apart by a letter, yearly trends."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Reading
from careo.sources.tables import open_data
from readings import codes

REAL = Path(__file__).resolve().parents[2] / "shared/data/cartels"
realdata = pytest.mark.skipif(not REAL.is_dir(), reason="../shared is not beside the project")
TIES = "Edge,Node,Group,RNode,RGroup,weight\n"


def reading(path: Path, text: str = "", *, encoding: str = "utf-8-sig") -> tuple[Reading, pl.DataFrame]:
    if text:
        path.write_text(text, encoding=encoding)
    with open_data(path) as file:
        found = read(*recognise(file))
        return found, found.rows.collect()


def test_a_group_stands_in_one_state(tmp_path: Path) -> None:
    found, rows = reading(
        tmp_path / "n.csv", "Node,Group,State,ShortName\nN1,Grupo Álamo,Michoacán,Álamo\nN2,Beta,Colima,B\n"
    )
    assert found.dataset == "network_groups" and codes(found) == {}
    assert rows["place_name"].to_list() == ["Michoacán", "Colima"] and rows["groups"].sum() == 2


def test_a_node_with_two_rows_is_grave(tmp_path: Path) -> None:
    found, _ = reading(tmp_path / "n.csv", "Node,Group,State\nN1,A,Colima\nN1,B,Jalisco\n")
    assert codes(found) == {"nodes_repeated": True}


@pytest.mark.parametrize(("letter", "dataset"), [("R", "network_alliances"), ("E", "network_rivalries")])
def test_the_letter_of_the_edge_tells_alliances_from_rivalries(
    tmp_path: Path, letter: str, dataset: str
) -> None:
    found, rows = reading(
        tmp_path / "t.csv", f"{TIES}{letter}1,N1,A,N2,B,3\n{letter}2,N2,B,N1,A,3\n{letter}3,N1,A,N3,C,1\n"
    )
    assert found.dataset == dataset and rows["weight"].to_list() == [3, 3, 1]
    assert codes(found) == {"ties_twice": False}
    assert dict(found.oddities[0].words) == {"pairs": "1", "single": "1"}


@pytest.mark.parametrize(("edges", "found"), [(("R1", "E1"), "E, R"), (("X1", "X2"), "X")])
def test_ties_without_a_known_letter_are_refused(tmp_path: Path, edges: tuple[str, str], found: str) -> None:
    with pytest.raises(DataError, match=rf"first letter of Edge.*{found}"):
        reading(tmp_path / "t.csv", TIES + "".join(f"{edge},N1,A,N2,B,3\n" for edge in edges))


def test_a_tie_that_weighs_differently_from_either_side_is_grave(tmp_path: Path) -> None:
    found, _ = reading(tmp_path / "t.csv", f"{TIES}R1,N1,A,N2,B,3\nR2,N2,B,N1,A,4\n")
    assert codes(found) == {"ties_twice": False, "ties_unequal": True}


def test_trends_are_yearly_and_national(tmp_path: Path) -> None:
    found, rows = reading(tmp_path / "y.csv", "arrests;YEAR;homicide;missings\n5;2020;30;\n6;2021;31;9\n")
    assert found.dataset == "network_trends" and found.values == ("homicides", "missing_persons", "arrests")
    assert rows.rows() == [(2020, "00", 30, None, 5), (2021, "00", 31, 9, 6)]


@pytest.mark.realdata
@realdata
def test_the_published_files_hold_what_the_article_says() -> None:
    found, groups = reading(REAL / "BACRIM2020_Nodes.csv")
    assert groups.height == groups["node"].n_unique() == 150 and codes(found) == {}
    for name, dataset, count, pairs, single in (
        ("Alliances", "network_alliances", 130, "39", "52"),
        ("Rivals", "network_rivalries", 127, "35", "57"),
    ):
        found, ties = reading(REAL / f"BACRIM2020_{name}.csv")
        assert found.dataset == dataset and ties.height == count
        assert codes(found) == {"ties_twice": False} and dict(found.oddities[0].words) == {
            "pairs": pairs,
            "single": single,
        }
        assert set(ties["node"]) | set(ties["other_node"]) <= set(groups["node"])
    _, trends = reading(REAL / "Trends2012_2021.csv")
    assert trends.filter(year=2018).row(0) == (2018, "00", 36_687, 17_123, 105_636)
