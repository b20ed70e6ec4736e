"""How good careo is, measured on labelled pages: `make evaluate` or `python -m benchmarks.evaluate`.

Four sets: the seed pages beside the project (`../shared/seeds` with `../shared/gold`, the regression set), and careo's
own second set (`tests/labelled`), its open, development and held-out pages apart. Leaves with 1 when a number that was
asked for is not reached on the seed pages. Uses the public API only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SECOND = ROOT / "tests" / "labelled"
SEED_PRECISION = Path(__file__).with_name("seed_precision.yaml")
ASKED = {
    "body token F1": 0.98,
    "figures: recall": 0.95,
    "figures: precision": 0.90,
    "figures: value": 0.90,
    "figures: unit": 0.90,
    "figures: hedge": 0.90,
    "figures: years": 0.90,
    "figures: of other articles": 0,
    "pledges and requests: recall": 0.80,
}
CHANGES = ("share", "percentage points", "factor")
SPLITS = ("open", "dev", "held")
"""Parts of the second set, by the beginning of a page's name."""
SETS = ("seeds", *SPLITS)
READABLE = ("seeds", "open", "dev")
"""Sets whose misses may be read while rules are improved."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Labelled:
    """Labelled pages. Rows are the dictionaries of the label files, by page."""

    name: str
    pages: tuple[Path, ...]
    blocks: dict[str, list[list[Any]]]
    figures: dict[str, list[dict[str, Any]]]
    statements: dict[str, list[dict[str, Any]]]
    unscored: dict[str, list[dict[str, Any]]]
    complete: bool
    """True when every pledge and request is labelled, so that what else is found is wrong."""


@dataclass
class Tally:
    """Hits out of trials, with the misses in words."""

    hits: float = 0
    trials: float = 0
    misses: list[str] = field(default_factory=list)

    def add(self, hit: bool, miss: str = "") -> None:
        """Count one trial."""
        self.trials += 1
        self.hits += hit
        if not hit:
            self.misses.append(miss)

    @property
    def share(self) -> float | None:
        """Hits per trial; None without trials."""
        return self.hits / self.trials if self.trials else None


Score = dict[str, Tally]


def load_labelled(name: str, pages: Path, labels: Path, *, prefix: str = "", complete: bool) -> Labelled:
    """The labelled pages of a folder whose names begin with `prefix`."""
    blocks = json.loads((labels / "blocks.json").read_text(encoding="utf-8"))
    paths = tuple(
        sorted(path for path in pages.glob("*.txt") if path.name.startswith(prefix) and path.name in blocks)
    )
    unscored = json.loads((labels / "unscored.json").read_text(encoding="utf-8"))
    return Labelled(
        name=name,
        pages=paths,
        blocks=blocks,
        figures=_by_page(_jsonl(labels / "figures.jsonl")),
        statements=_by_page(_jsonl(labels / "statements.jsonl")),
        unscored=_by_page(unscored),
        complete=complete,
    )


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _by_page(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    pages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        pages[row["source"]].append(row)
    return pages


# Units ------------------------------------------------------------------------------------------------------------


@cache
def units() -> dict[str, str]:
    """Unit name → family, as UNITS.md publishes it."""
    table: dict[str, str] = {}
    for line in Path(__file__).with_name("UNITS.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 2 and cells[0] != "family" and "---" not in cells[0]:
            # "per 100,000" holds a comma of its own
            names = [name.strip() for name in re.split(r",(?!\d{3})", cells[1])]
            table |= dict.fromkeys((name.casefold() for name in names), cells[0])
    return table


def family(unit: str) -> str:
    """The family of a unit name."""
    return units().get(unit.casefold(), "things")


def same_unit(asked: str, unit: str, every: str = "") -> bool:
    """Whether a unit and its rhythm are what the label says, after the published mapping."""
    wanted, _, rhythm = asked.partition(" per ")
    if family(asked) == "rate" or family(unit) == "rate":
        return family(asked) == family(unit)
    plain, _, spoken = unit.partition(" per ")
    if rhythm and rhythm != (spoken or every):
        return False
    return family(wanted) == family(plain)


# Scores -----------------------------------------------------------------------------------------------------------


def overlap(a: Span, b: Span) -> int:
    """Characters that two spans share."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def span(row: Any) -> Span:
    """Start and end of a label row or a statement."""
    return (row["start"], row["end"]) if isinstance(row, dict) else (row.start, row.end)


def body_score(text: str, lines: Sequence[Sequence[Any]], blocks: Sequence[Any]) -> tuple[int, int, int]:
    """Tokens of the body in common, found and labelled (as multisets of words)."""
    split = text.split("\n")
    body = {number for number, label in lines if label == "body"}
    labelled = Counter(word for number in body for word in re.findall(r"\w+", split[number - 1]))
    found: Counter[str] = Counter()
    for block in blocks:
        if block.label == "body":
            found.update(re.findall(r"\w+", text[block.start : block.end]))
    return (labelled & found).total(), found.total(), labelled.total()


def f1(common: int, found: int, labelled: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * common / (found + labelled) if found + labelled else 1.0


def match(labels: Sequence[Any], found: Sequence[Any]) -> dict[int, int]:
    """Label index → found index, one to one, larger overlaps first."""
    pairs = sorted(
        (
            (-overlap(span(label), span(statement)), i, j)
            for i, label in enumerate(labels)
            for j, statement in enumerate(found)
            if overlap(span(label), span(statement))
        )
    )
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in matched and j not in taken:
            matched[i] = j
            taken.add(j)
    return matched


def score_figures(
    score: Score, page: str, rows: Sequence[dict[str, Any]], unscored: Sequence[Any], found: Sequence[Any]
) -> None:
    """Figures of one page: recall, precision, attributes, numbers of other articles."""
    labels = [row for row in rows if "value" in row]
    others = [row for row in rows if row.get("not_a_figure_of_this_article")]
    matched = match(labels, found)
    for i, label in enumerate(labels):
        score["figures: recall"].add(i in matched, f"{page}: not found: {label['quote']!r}")
        if i in matched:
            score_attributes(score, page, label, found[matched[i]])
    for j, statement in enumerate(found):
        stray = any(overlap(span(other), span(statement)) for other in others)
        score["figures: of other articles"].add(not stray, f"{page}: of another article: {statement.quote!r}")
        if j in matched.values():
            score["figures: precision"].add(True)
        elif not any(overlap(span(row), span(statement)) for row in unscored):
            score["figures: precision"].add(False, f"{page}: not labelled: {statement.quote!r}")


def score_attributes(score: Score, page: str, label: dict[str, Any], statement: Any) -> None:
    """Value, unit, hedge, years, place and indicator of one matched figure, each where the label gives it."""
    quantity, quote = statement.quantity, f"{page}: {label['quote']!r}"
    value = quantity.value if quantity else float("nan")
    near = abs(abs(value) - abs(label["value"])) <= 1e-6 * max(abs(label["value"]), 1e-12)
    score["figures: value"].add(near, f"{quote}: value {value} for {label['value']}")
    asked = label.get("unit_any_of", [label["unit"]])
    if label["unit"] != "-":
        unit, every = (quantity.unit, quantity.every) if quantity else ("", "")
        ok = any(same_unit(one, unit, every) for one in asked)
        score["figures: unit"].add(ok, f"{quote}: unit {unit!r} {every} for {asked}")
    if label["hedge_class"] is not None:
        hedges = label.get("hedge_class_any_of", [label["hedge_class"]])
        score["figures: hedge"].add(
            statement.hedge in hedges, f"{quote}: hedge {statement.hedge!r} for {hedges}"
        )
    if label["years"] is not None:
        years = _years(statement.period)
        score["figures: years"].add(years == label["years"], f"{quote}: years {years} for {label['years']}")
    if label.get("place"):
        ok = label["place"] == statement.place
        score["figures: place"].add(ok, f"{quote}: place {statement.place!r} for {label['place']!r}")
    if label.get("indicator_any_of"):
        ok = statement.indicator in label["indicator_any_of"]
        score["figures: indicator"].add(
            ok, f"{quote}: {statement.indicator!r} for {label['indicator_any_of']}"
        )


def _years(period: Any) -> list[str | None]:
    ends = (period.first, period.last) if period else (None, None)
    return [str(end.year) if end else None for end in ends]


def score_statements(
    score: Score, page: str, rows: Sequence[dict[str, Any]], found: Sequence[Any], complete: bool
) -> None:
    """Pledges and requests of one page: recall over ids; precision where the labels are complete or a person has read."""
    ids: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["accept"]:
            ids[row["id"]].append(row)
    for name, spans in ids.items():
        hit = any(s.kind in row["accept"] and overlap(span(row), span(s)) for row in spans for s in found)
        words = " / ".join(row["quote"] for row in spans)
        score["pledges and requests: recall"].add(
            hit, f"{page}: {name} not found as {spans[0]['accept']}: {words!r}"
        )
    for statement in found:
        if statement.kind not in ("pledge", "request"):
            continue
        touched = [row for row in rows if overlap(span(row), span(statement))]
        miss = f"{page}: {statement.start}-{statement.end} {statement.kind}: {statement.quote!r}"
        if any(statement.kind in row["accept"] for row in touched):
            score["pledges and requests: precision"].add(True)
        elif complete:
            if not any(not row["accept"] for row in touched):
                score["pledges and requests: precision"].add(False, miss)
        else:
            right = read_by_hand().get((page, statement.start, statement.end, quote_hash(statement.quote)))
            if right is None:
                row = f"- {{source: {page}, start: {statement.start}, end: {statement.end}, hash: '{quote_hash(statement.quote)}', right: }}"
                score["pledges and requests: not read yet"].add(False, f"{miss}\n{row}")
            else:
                score["pledges and requests: precision"].add(right, miss)


def quote_hash(quote: str) -> str:
    """What `seed_precision.yaml` stores in place of a page's words."""
    return hashlib.sha256(quote.encode()).hexdigest()[:12]


@cache
def read_by_hand() -> dict[tuple[str, int, int, str], bool]:
    """A person's reading of what else was found on the seed pages: (page, start, end, hash) → right."""
    if not SEED_PRECISION.is_file():
        return {}
    import yaml

    rows = yaml.safe_load(SEED_PRECISION.read_text(encoding="utf-8")) or []
    return {(row["source"], row["start"], row["end"], str(row["hash"])): bool(row["right"]) for row in rows}


def score_sentence(score: Score, sentence: dict[str, Any], findings: Sequence[Any]) -> None:
    """Verdicts of one sentence: one per labelled figure, one for its comparison."""
    name, text = sentence["id"], sentence["text"]
    spoken = [finding for finding in findings if finding.statement is not None]
    for label in sentence["figures"]:
        near = [
            f
            for f in spoken
            if overlap(span(label), span(f.statement)) and f.kind in ("figure", "comparison")
        ]
        # "from 91% to 96%": the shares are levels, and the change between them is scored as the comparison below
        change = label["unit"] in CHANGES and not sentence["compare"]
        preferred = "comparison" if change else "figure"
        near.sort(key=lambda f: (f.kind != preferred, -overlap(span(label), span(f.statement))))
        verdict = near[0].verdict if near else "no finding"
        said = f"{name}: {text!r} {label['quote']!r}: {verdict!r} for {label['accept']} ({sentence['why']})"
        score["sentences: verdicts"].add(verdict in label["accept"], said)
        score["sentences: figures found"].add(bool(near), said)
        figure = next((f for f in near if f.statement.quantity), None)
        if figure:
            part: Score = defaultdict(Tally)
            score_attributes(part, name, label, figure.statement)
            for key, tally in part.items():
                into = score[key.replace("figures:", "sentences:")]
                into.hits, into.trials = into.hits + tally.hits, into.trials + tally.trials
                into.misses += tally.misses
    if sentence["compare"]:
        verdicts = [f.verdict for f in findings if f.kind == "comparison"]
        ok = any(verdict in sentence["compare"] for verdict in verdicts)
        score["sentences: comparisons"].add(ok, f"{name}: {text!r}: {verdicts} for {sentence['compare']}")


# Running ----------------------------------------------------------------------------------------------------------


def evaluate_pages(api: Any, labelled: Labelled, panel: Any) -> tuple[Score, dict[str, float]]:
    """Scores over the pages of a set, and body F1 by page."""
    score: Score = defaultdict(Tally)
    bodies: dict[str, float] = {}
    total = [0, 0, 0]
    for path in labelled.pages:
        page, document = path.name, api.read(path)
        tokens = body_score(document.text, labelled.blocks[page], document.blocks)
        total = [a + b for a, b in zip(total, tokens, strict=True)]
        bodies[page] = f1(*tokens)
        statements = api.statements(document, panel)
        figures = [s for s in statements if s.kind == "figure"]
        score_figures(score, page, labelled.figures.get(page, []), labelled.unscored.get(page, []), figures)
        score_statements(score, page, labelled.statements.get(page, []), statements, labelled.complete)
    score["body token F1"] = Tally(2 * total[0], total[1] + total[2], _body_misses(bodies))
    return score, bodies


def _body_misses(bodies: dict[str, float]) -> list[str]:
    return [
        f"{page}: body token F1 {value:.3f}"
        for page, value in bodies.items()
        if value < ASKED["body token F1"]
    ]


def evaluate_sentences(api: Any, sentences: Iterable[dict[str, Any]], panel: Any) -> Score:
    """Scores over single sentences."""
    score: Score = defaultdict(Tally)
    for sentence in sentences:
        result = api.check(sentence["text"], panel, said=date.fromisoformat(sentence["date"]))
        score_sentence(score, sentence, result)
    return score


def failures(score: Score) -> list[str]:
    """What was asked for and not reached."""
    failed = []
    for name, asked in ASKED.items():
        tally = score.get(name, Tally())
        if name == "figures: of other articles":
            if tally.hits < tally.trials:
                failed.append(name)
        elif (tally.share or 0) < asked:
            failed.append(name)
    return failed


def table(columns: dict[str, tuple[int, Score]]) -> str:
    """Asked against measured, one column a set."""
    order = list(ASKED)
    for _, score in columns.values():
        order += [name for name in score if name not in order]
    order.sort(key=lambda name: [*ASKED, name].index(name) if name in ASKED else len(ASKED))
    rows = [
        ["measure", "asked", *columns],
        ["pages", "", *(str(pages) if pages else "–" for pages, _ in columns.values())],
    ]
    for name in order:
        asked = "" if name not in ASKED else ("none" if ASKED[name] == 0 else f"≥ {ASKED[name]:.2f}")
        rows.append([name, asked, *(_cell(name, score.get(name)) for _, score in columns.values())])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def _cell(name: str, tally: Tally | None) -> str:
    if tally is None or not tally.trials:
        return "–"
    if name in ("figures: of other articles", "pledges and requests: not read yet"):
        return str(int(tally.trials - tally.hits))
    if name == "body token F1":
        return f"{tally.share:.4f}"
    return f"{tally.share:.3f}  {int(tally.hits)}/{int(tally.trials)}"


def versions(more: Sequence[str] = ()) -> str:
    """What ran: careo, Python, platform, libraries (and which others), commit."""
    names = []
    for name in ("careo", "trafilatura", "pypdf", "pyyaml", *more):
        try:
            names.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            names.append(f"{name} absent")
    git = shutil.which("git")
    described = (
        subprocess.run(
            [git, "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if git
        else None
    )
    commit = (described.stdout.strip() if described else "") or "no commit known"
    return f"{', '.join(names)}; Python {platform.python_version()}; {platform.platform()}; commit {commit}"


def main(argv: Sequence[str] | None = None, *, api: Any = None, shared: Path = SHARED) -> int:
    """Measure, print, and say whether what was asked for is reached on the seed pages."""
    parser = argparse.ArgumentParser(prog="benchmarks.evaluate", description=__doc__)
    parser.add_argument(
        "--misses",
        nargs="*",
        choices=SETS,
        metavar="SET",
        help=f"list every miss of these sets ({', '.join(READABLE)}; name held only at the very end)",
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    options = parser.parse_args(argv)
    if api is None:
        sys.path.insert(0, str(ROOT / "src"))
        import careo

        api = careo
    write, panel = sys.stdout.write, api.load_country()
    columns: dict[str, tuple[int, Score]] = {}
    pages: dict[str, dict[str, float]] = {}
    sentences = _jsonl(SECOND / "sentences.jsonl")
    for name in options.sets:
        if name == "seeds":
            if not (shared / "gold" / "blocks.json").is_file():
                write(
                    "The seed pages (../shared/seeds, ../shared/gold) are not here: measuring the second set only.\n\n"
                )
                continue
            labelled = load_labelled(name, shared / "seeds", shared / "gold", complete=False)
            score, pages[name] = evaluate_pages(api, labelled, panel)
        else:
            labelled = load_labelled(name, SECOND / "pages", SECOND, prefix=f"{name}_", complete=True)
            score, pages[name] = evaluate_pages(api, labelled, panel)
            score |= evaluate_sentences(api, (s for s in sentences if s["split"] == name), panel)
        columns[name] = (len(labelled.pages), score)
    write(f"{versions()}\n\n{table(columns)}\n\nbody token F1 by page\n")
    for name, bodies in pages.items():
        for page, value in bodies.items():
            write(f"  {name:6}{page:36}{value:.4f}\n")
    wanted = options.misses if options.misses is None or options.misses else READABLE
    for name in wanted or []:
        for measure, tally in columns.get(name, (0, {}))[1].items():
            write(f"\n{name}: {measure}: {len(tally.misses)} missed\n" if tally.misses else "")
            write("".join(f"  {miss}\n" for miss in tally.misses))
    failed = failures(columns["seeds"][1]) if "seeds" in columns else []
    if failed:
        write(f"\nnot reached on the seed pages: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
