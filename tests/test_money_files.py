"""Files of money: mistakes with their line, what is shipped, and the official files that it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from careo.base.citations import load_sources
from careo.base.errors import DataError
from careo.base.texts import LANGUAGES
from careo.record.money import Money, constant_prices, flows_of, load_money, total
from money_cases import (
    FILES,
    country,
    money_of_mexico,  # noqa: F401 - a fixture
)

SHARED = Path(__file__).resolve().parents[2] / "shared"
ACCOUNT = SHARED / "data/money/cuenta_publica"
FACTS = SHARED / "facts/money.yaml"
realdata = pytest.mark.skipif(not ACCOUNT.is_dir(), reason="../shared is not beside the project")


# ── broken files ─────────────────────────────────────────────────────────────────────────────────────────────────

BROKEN = [
    ("flows.csv", "lamps,,spent,0,,,LND,2020", "lmaps,,spent,0,,,LND,2020", r"flows.csv:12: .*no such line.*did you mean 'lamps'"),
    ("flows.csv", "spent,0,", "payed,0,", r"flows.csv:12: stage cannot be this.*accrued"),
    ("flows.csv", "spent,0,", 'spent,"1,000",', r"flows.csv:12: amount: .*at most two decimals.*'1,000'"),
    ("flows.csv", "spent,0,", "spent,0.001,", r"flows.csv:12: .*two decimals"),
    ("flows.csv", "LND,2020,,whole", "LND,2020-13,,whole", r"flows.csv:12: period is not a period.*2020-13"),
    ("flows.csv", "LND,2020,,whole", "LND,2019,,whole", r"flows.csv:12: .*stands in line 9 already.*counted twice"),
    ("flows.csv", "LND,2020,,whole", "LND,2020/2021,,whole", r"flows.csv:13: this period and 2020/2021.*twice.*rival"),
    ("flows.csv", "lamps,South,", "lamps,North,", r"flows.csv:10: .*line 9 already"),
    ("flows.csv", "lamps,South,", "lamps,,", r"flows.csv:10: account: .*needs the name"),
    ("flows.csv", "part,North", "part,East", r"flows.csv:11: part_of: no other row"),
    ("flows.csv", "wicks,spent,10,", "wicks,spent,61.5,", r"flows.csv:11: .*add up to more.*60\.25.*61\.5"),
    ("flows.csv", "not found: no such row,no encontrado: no hay tal renglón", ",", r"flows.csv:13: .*needs a note"),
    ("flows.csv", ",no encontrado: no hay tal renglón", ",", r"flows.csv:13: .*both languages"),
    ("flows.csv", "50,40,", "50,60,", r"flows.csv:15: low: .*must not be above"),
    ("flows.csv", "lamps,,spent,0,,,LND,2020", "lamps,,spent,0,,,LND,2018", r"flows.csv:12: .*did not exist.*2019/\.\."),
    ("flows.csv", "ledger,memory", "ledgre,memory", r"flows.csv:16: .*no such source.*did you mean 'ledger'"),
    ("flows.csv", "ledger,memory", "ledger,guessed", r"flows.csv:16: verified cannot be this.*memory"),
    ("flows.csv", "FRN,2019", "dollars,2019", r"flows.csv:17: currency cannot be this"),
    ("flows.csv", "basis,part_of", "part_of,basis", r"flows.csv:1: the columns"),
    ("lines.yaml", "purpose: aid", "purpose: help", r"lines.yaml:15: .*purpose.*cannot be this"),
    ("lines.yaml", "id: gift", "id: lamps", r"lines.yaml:12: .*stands twice"),
    ("lines.yaml", "currency: FRN", "currency: FRN\n  curency: FRN", r"lines.yaml:17: .*no such key.*did you mean 'currency'"),
    ("lines.yaml", "harbour: 2020/..", "harbor: 2020/..", r"lines.yaml:11: .*no such line.*did you mean 'harbour'"),
    ("lines.yaml", "harbour: 2020/..", "harbour: soon", r"lines.yaml:11: .*not a period"),
    ("lines.yaml", "purpose: mixed, currency: LND}", "purpose: mixed, currency: LND, inside: {lamps: 2019/..}}", r"lines.yaml:4: .*inside itself"),
    ("lines.yaml", "sources: [ledger]", "sources: [ledgers]", r"lines.yaml:20: .*no such source"),
    ("lines.yaml", "    lamps: {en: It", "    lapms: {en: It", r"lines.yaml:28: .*no such line"),
    ("shares.yaml", "share: [lamps]\n  of: [ministry", "share: [lapms]\n  of: [ministry", r"shares.yaml:7: .*no such line.*did you mean 'lamps'"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [ministry, harbour, lamps]", r"shares.yaml:8: .*counted twice"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [envelope]", r"shares.yaml:7: .*could pass 100%"),
    ("shares.yaml", "of: [ministry, harbour]", "of: [ministry, gift]", r"shares.yaml:8: .*different currencies"),
    ("shares.yaml", "  words: {en: '\"70%", "  of: lamps\n  words: {en: '\"70%", r"shares.yaml:22: .*no such definition.*lamps-of-all"),
    ("shares.yaml", "share: 0.7", "share: 70", r"shares.yaml:24: .*number in its bounds"),
    ("exchange_rates.csv", "LND/FRN", "LND/LND", r"exchange_rates.csv:2: pair: .*two different"),
    ("exchange_rates.csv", ",4,mean", ",0,mean", r"exchange_rates.csv:2: rate must be a number"),
    ("exchange_rates.csv", "2019,LND", "2019,FRN/LND,4,mean,ledger,read,,\n2019,LND", r"exchange_rates.csv:3: this stands twice"),
    ("prices.csv", "2021,LND", "2019,LND", r"prices.csv:3: this stands twice"),
    ("prices.csv", "LND,125", "LND,about 125", r"prices.csv:3: index must be a number"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), BROKEN, ids=range(len(BROKEN)))
def test_a_mistake_in_a_file_is_named_with_its_line(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    assert old in FILES[name]
    land = country(tmp_path / "land", **{name.replace(".", "_"): FILES[name].replace(old, new, 1)})
    with pytest.raises(DataError) as caught:
        load_money(land)
    message = " ".join(caught.value.render("en").split())
    assert re.search(words, message), message
    assert caught.value.render("es") != caught.value.render("en")


def test_a_country_without_money_has_none(tmp_path: Path) -> None:
    land = Path(country(tmp_path / "land"))
    for path in (land / "money").iterdir():
        path.unlink()
    assert load_money(str(land)).lines == {}


# ── what is shipped ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["mexico", "toyland"])
def test_shipped_money_speaks_both_languages(name: str) -> None:
    money = load_money(name)
    worded = [
        words
        for line in money.lines.values()
        for words in (line.name, line.what, *line.not_comparable_with.values())
    ]
    worded += [line.earmark.reason for line in money.lines.values() if line.earmark]
    worded += [words for d in money.shares.values() for words in (d.name, d.meaning)]
    worded += [flow.note for flow in money.flows if flow.note]
    assert worded
    for words in worded:
        assert set(words) == set(LANGUAGES)
        assert all(text.strip() for text in words.values())


def test_parts_of_the_youth_programme_make_up_its_whole(money: Money) -> None:
    for stage in ("appropriated", "modified", "accrued", "spent"):
        rows = flows_of(money, "jcf", stage, "2019")
        parts = [flow.amount or 0 for flow in rows if flow.basis == "part"]
        assert len(parts) == 2
        assert sum(parts) == total(money, "jcf", stage, "2019").amount


def test_accounts_of_the_merida_initiative_add_up_to_what_other_sources_say(money: Money) -> None:
    for year in ("2008", "2009"):
        table = total(money, "merida-mexico-account-table", "appropriated", year)
        assert table.amount == total(money, "merida-mexico", "appropriated", year).amount
        assert table.verified == "memory"
    running = [
        f
        for f in flows_of(money, "merida-mexico", "appropriated")
        if f.basis == "cumulative" and f.period.startswith("2008")
    ]
    running.sort(key=lambda flow: (flow.period, flow.as_of))
    amounts = [flow.amount or 0 for flow in running]
    assert amounts == sorted(amounts)
    assert total(money, "merida-mexico", "appropriated", "2008/2009").amount == Decimal(1_120_000_000)


def test_nothing_was_paid_beyond_what_accrued_and_nothing_accrued_beyond_the_modified_budget(
    money: Money,
) -> None:
    cells = {
        (f.line, f.account, f.period, f.stage): f.amount or 0
        for f in money.flows
        if f.sources == ("cuenta-publica",)
    }
    compared = 0
    for (line, account, period, stage), amount in cells.items():
        for lower, upper in (("spent", "accrued"), ("accrued", "modified")):
            other = cells.get((line, account, period, upper))
            if stage == lower and other is not None:
                compared += 1
                assert amount <= other + 1, (line, period, stage)
    assert compared > 250


def test_not_found_amounts_carry_a_note_and_are_never_zero(money: Money) -> None:
    missing = [flow for flow in money.flows if flow.amount is None]
    assert {(flow.line, flow.period) for flow in missing} >= {
        ("pronapred", "2017"),
        ("gendarmerie", "2014/2017"),
    }
    assert all(flow.note for flow in missing)
    assert total(money, "search-subsidies-states", "spent", "2018").amount == 0


# ── against the official files and the compiled facts ────────────────────────────────────────────────────────────

BRANCHES = {
    "04": "Gobernación", "06": "Hacienda y Crédito Público", "07": "Defensa Nacional", "11": "Educación Pública",
    "12": "Salud", "13": "Marina", "14": "Trabajo y Previsión Social", "17": "Procuraduría General de la República",
    "36": "Seguridad y Protección Ciudadana", "47": "Entidades no Sectorizadas", "49": "Fiscalía General de la República",
}  # fmt: skip
OFFICIAL = {"appropriated": "approved", "modified": "modified", "accrued": "accrued", "spent": "spent"}


def recipes(account: str) -> Iterator[tuple[str, str]]:
    """Branch and programme of an account as flows.csv names it: "Ramo 04, E904 + Ramo 36, E004"; programme "" for the branch."""
    branch = ""
    for piece in account.split(" + "):
        match = re.fullmatch(r"(?:Ramo (\d\d)(?:, )?)?(.*)", piece)
        assert match is not None
        branch = match[1] or branch
        yield BRANCHES[branch], match[2]


@pytest.mark.realdata
@realdata
def test_every_amount_of_the_public_account_is_what_the_official_file_says(money: Money) -> None:
    import polars as pl

    from readings import reading

    years: dict[str, pl.DataFrame] = {}
    compared: Counter[str] = Counter()
    for flow in money.flows:
        if flow.sources != ("cuenta-publica",) or flow.basis == "cumulative":
            continue
        rows = years.get(flow.period)
        if rows is None:
            rows = years[flow.period] = reading(ACCOUNT / f"{flow.period}.csv")[2]
        amount = 0
        for branch, programme in recipes(flow.account):
            at = rows.filter(pl.col("stage") == OFFICIAL[flow.stage])
            # the prosecution service's name carries its new one in the last years
            if programme:
                at = at.filter((pl.col("branch") == branch) & (pl.col("programme_code") == programme))
            else:
                at = at.filter((pl.col("level") == "branch") & pl.col("branch").str.starts_with(branch))
            assert at.height == 1, flow
            amount += round(at["total"].item())  # pesos, each programme rounded
        assert flow.amount == amount, flow
        compared[flow.stage] += 1
    assert compared["appropriated"] > 130
    assert compared["modified"] > 130


@pytest.mark.realdata
@realdata
def test_prices_are_yearly_means_of_the_official_index_and_give_published_constant_pesos(
    money: Money,
) -> None:
    import polars as pl

    from readings import reading

    rows = reading(ACCOUNT / "IPC.csv")[2]
    means = dict(rows.group_by(pl.col("month").dt.year()).agg(pl.col("index").mean()).rows())
    assert len(money.prices) >= 18
    assert all(float(price.index) == pytest.approx(means[price.year], abs=1e-6) for price in money.prices)
    paid = total(money, "ramo-07-defence", "spent", "2018").amount
    assert paid is not None
    made = constant_prices(money, paid, "MXN", "2018", 2023)
    assert made is not None
    assert float(made.amount) == pytest.approx(104_367_419_871, rel=1e-8)


@pytest.mark.realdata
@realdata
def test_every_compiled_fact_is_carried_with_its_amount_source_and_tag(money: Money) -> None:
    def key(
        line: str, amount: object, currency: str, sources: tuple[str, ...], verified: str
    ) -> tuple[object, ...]:
        return line, None if amount is None else Decimal(str(amount)), currency, sources[0], verified

    facts = yaml.safe_load(FACTS.read_text(encoding="utf-8"))["rows"]
    here = Counter(key(f.line, f.amount, f.currency, f.sources, f.verified) for f in money.flows)
    wanted = Counter(key(r["line"], r["amount"], r["currency"], (r["source"],), r["verified"]) for r in facts)
    assert len(facts) == 344
    assert wanted - here == Counter()
    stages = {(f.line, f.stage, f.amount) for f in money.flows}
    moved = [
        r
        for r in facts
        if (r["line"], r["stage"], None if r["amount"] is None else Decimal(r["amount"])) not in stages
    ]
    # the lower house's vote of December 2012 is a vote, whatever the compilation called it
    assert [(r["line"], r["stage"], r["source"]) for r in moved] == [("pronapred", "announced", "siglo-2013")]


def test_every_source_of_money_is_known(money: Money) -> None:
    known = load_sources("mexico")
    keys = {key for thing in (*money.flows, *money.rates, *money.prices) for key in thing.sources}
    assert keys <= known.keys()
    assert known["mem"].tier == 4
