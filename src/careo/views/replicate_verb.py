"""The verb `careo replicate`: a published model run again, its figures beside ours."""

from __future__ import annotations

from careo.base.texts import say
from careo.results.finding import Finding
from careo.results.replication import replicate
from careo.views import contract
from careo.views.cli import Asked
from careo.views.i18n import verdict_slug
from careo.views.terminal import Screen


def replicate_verb(asked: Asked, *, name: str, network: str) -> int:
    """`careo replicate STUDY [--network DIR]`: without the folder, an approximation under its own name."""
    result = replicate(name, network=network or None, country=asked.country, language=asked.language)
    language = asked.language
    screen = Screen(asked.out)
    if asked.json:
        data = [contract.finding_data(finding, {}) for finding in result.findings]
        block = {
            "study": result.study,
            "summary": result.summary,
            "approximate": result.approximate,
            "groups": result.groups,
            "numbers": result.numbers,
        }
        screen.write(contract.to_json(contract.envelope("replicate", data, replication=block)))
    else:
        screen.line(result.summary, style="bold")
        screen.line(_view("method", language), style="dim")
        for finding in result.findings:
            screen.line()
            _show(screen, finding, language)
        screen.line()
        for caveat in dict.fromkeys(caveat for finding in result.findings for caveat in finding.caveats):
            screen.line("· " + caveat, style="dim")
        keys = dict.fromkeys(source.key for finding in result.findings for source in finding.sources)
        screen.line(_view("sources", language, keys=", ".join(keys)), style="dim")
    screen.close()
    return int(asked.strict and any(finding.verdict == "failed" for finding in result.findings))


def _show(screen: Screen, finding: Finding, language: str) -> None:
    slug = verdict_slug(finding.verdict)
    word = slug if slug == "inconclusive" else f"{slug}_{finding.extra['form']}"
    screen.verdict(slug, say(language, f"replicate.verdict.{word}"), finding.claim)
    screen.line(finding.because, indent=2)
    keys = list(finding.table[0])
    heads = [_head(key, finding, language) for key in keys]
    words = (0,) if keys[0] != "members" else ()
    right = [
        place for place, key in enumerate(keys) if place not in words and key not in ("agrees", "sources")
    ]
    screen.table(heads, [list(row.values()) for row in finding.table], indent=2, right=right)


def _head(key: str, finding: Finding, language: str) -> str:
    if key == "reference":
        key = f"reference_{finding.extra['form']}"
    return _view(f"head.{key}", language)


def _view(key: str, language: str, **words: object) -> str:
    return say(language, f"replicate.view.{key}", **words)
