"""A country of a few lines of money; and Mexico's own money."""

from __future__ import annotations

from pathlib import Path

import pytest

from careo.record.money import Money, load_money


@pytest.fixture(scope="module", name="money")
def money_of_mexico() -> Money:
    """All lines of Mexico."""
    return load_money("mexico")


LINES = """\
schema: careo.money/1
lines:
- {id: ministry, name: {en: Ministry, es: Ministerio}, what: {en: All., es: Todo.}, purpose: coercion, currency: LND}
- {id: harbour, name: {en: Harbour, es: Puerto}, what: {en: All., es: Todo.}, purpose: mixed, currency: LND}
- id: lamps
  name: {en: Lamps, es: Lámparas}
  what: {en: Lamps., es: Lámparas.}
  purpose: prevention
  currency: LND
  exists: 2019/..
  inside: {ministry: ../2020, harbour: 2020/..}
- id: gift
  name: {en: Gift, es: Donativo}
  what: {en: Oil., es: Aceite.}
  purpose: aid
  currency: FRN
  year_begins: 10
  earmark:
    reason: {en: The giver says what for., es: Quien lo da dice para qué.}
    sources: [ledger]
    verified: memory
- id: envelope
  name: {en: Envelope, es: Paquete}
  what: {en: Everything., es: Todo.}
  purpose: mixed
  currency: LND
  not_comparable_with:
    lamps: {en: It holds the fireworks too., es: Incluye también los fuegos artificiales.}
"""
HEAD = (
    "line,account,stage,amount,low,hedge,currency,period,as_of,basis,part_of,source,verified,note_en,note_es"
)
FLOWS = f"""\
{HEAD}
ministry,,appropriated,1000,,,LND,2019,,whole,,ledger,read,,
ministry,,spent,900.10,,,LND,2019,,whole,,ledger,read,,
ministry,,spent,950,,,LND,2021,,whole,,ledger,read,,
harbour,,spent,700,,,LND,2019,,whole,,ledger,read,,
harbour,,spent,500,,,LND,2021,,whole,,ledger,read,,
lamps,,announced,400,,,LND,2019,,whole,,paper,excerpt,,
lamps,,appropriated,200,,,LND,2019,,whole,,ledger,read,,
lamps,North,spent,60.25,,,LND,2019,,addend,,ledger,read,,
lamps,South,spent,39.75,,,LND,2019,,addend,,ledger,read,,
lamps,wicks,spent,10,,,LND,2019,,part,North,ledger,read,,
lamps,,spent,0,,,LND,2020,,whole,,ledger,read,,
lamps,,spent,,,,LND,2021,,whole,,ledger,read,not found: no such row,no encontrado: no hay tal renglón
lamps,,spent,150,,about,LND,2019/2022,2022-06-01,cumulative,,paper,excerpt,,
lamps,,announced,50,40,,LND,2020,,rival,,paper,excerpt,,
lamps,,announced,90,,,LND,2020,,rival,,ledger,memory,,
gift,,spent,10,,,FRN,2019,,whole,,ledger,memory,,
envelope,,announced,5000,,more than,LND,2019,,whole,,paper,excerpt,,
"""
SHARES = """\
schema: careo.money/1
definitions:
- id: lamps-of-all
  name: {en: Lamps of all, es: Lámparas del total}
  meaning: {en: Of both ministries., es: De los dos ministerios.}
  purpose: prevention
  share: [lamps]
  of: [ministry, harbour]
  years: 2019/2021
  stages: [spent]
- id: lamps-announced
  name: {en: Lamps announced, es: Lámparas anunciadas}
  meaning: {en: As announced., es: Según lo anunciado.}
  purpose: prevention
  share: [lamps]
  of: [lamps, envelope]
  years: 2019/2020
  stages: [announced]
promises:
- strategy: light
  purpose: prevention
  words: {en: '"70% for light"', es: '«70% para luz»'}
  values:
  - {share: 0.7, words: {en: one paper, es: un periódico}, sources: [paper], verified: excerpt}
"""
RATES = """\
period,pair,rate,basis,source,verified,note_en,note_es
2019,LND/FRN,4,mean,ledger,memory,,
"""
PRICES = """\
year,currency,index,source,verified
2019,LND,100,ledger,read
2021,LND,125,ledger,read
"""
FILES = {
    "lines.yaml": LINES,
    "flows.csv": FLOWS,
    "shares.yaml": SHARES,
    "exchange_rates.csv": RATES,
    "prices.csv": PRICES,
}


def country(folder: Path, **files: str) -> str:
    """A country of a few lines of money; `files` replace those of `FILES` (`lines_yaml=…`)."""
    (folder / "money").mkdir(parents=True)
    (folder / "country.yaml").write_text(
        "code: LL\nnames: {en: [Lampland], es: [Lampalandia]}\ndemonyms: {en: [], es: []}\ndefault_place: LL\nlanguages: [en, es]\n"
    )
    (folder / "references.yaml").write_text(
        "ledger: {producer: Office, title: Ledger, tier: 1}\npaper: {producer: Press, title: Paper, tier: 3}\n"
    )
    for name, text in FILES.items():
        (folder / "money" / name).write_text(files.get(name.replace(".", "_"), text), encoding="utf-8")
    return str(folder)
