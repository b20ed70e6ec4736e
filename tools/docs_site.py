"""One site, two languages, nothing fetched: what MkDocs cannot be told in mkdocs.yml (`hooks` there).

* A page of docs/es is the Spanish page of the same name in docs/. The navigation is written once, titles as "English | Spanish", so a page
  that lacks its other language stops the build. Each page shows its own language's navigation and a link to the other's page.
* Equations are MathML when the site is built (latex2mathml), so that no script has to be loaded to read them.

mkdocs-static-i18n would want docs/en and docs/es and build the site twice; here English stands in docs/ itself, where README and code link to.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.nav import Navigation, Section

LANGUAGES = {"en": "English", "es": "Español"}
_SPAN = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
_navs: dict[str, Navigation] = {}


def on_config(config: Any) -> Any:
    """Every language gets the whole navigation, with its own titles and pages."""
    written = config["nav"]
    config["nav"] = [{language: _translated(written, language)} for language in LANGUAGES]
    return config


def on_nav(nav: Navigation, **_: Any) -> Navigation:
    """The languages are taken apart again: nobody wants to page from the end of one to the beginning of the other."""
    for branch in (item for item in nav.items if isinstance(item, Section)):
        pages = list(_pages(branch))
        for child in branch.children:
            child.parent = None
        pages[0].previous_page = pages[-1].next_page = None
        own = Navigation(branch.children, pages)
        own.homepage = pages[0]
        _navs[branch.title] = own
    return nav


def on_page_context(context: dict[str, Any], page: Any, config: Any, **_: Any) -> dict[str, Any]:
    """The navigation, the words of the theme and the link to the same page in the other language."""
    language = language_of(page.file.src_uri)
    config.theme["language"] = language
    context["nav"] = _navs[language]
    config.extra["homepage"] = _navs[language].homepage.url  # pyright: ignore[reportOptionalMemberAccess]
    plain = page.url.removeprefix("es/")
    config.extra["alternate"] = [
        {"name": name, "lang": code, "link": f"{'es/' if code == 'es' else ''}{plain}"}
        for code, name in LANGUAGES.items()
    ]
    return context


def on_page_content(html: str, **_: Any) -> str:
    """Equations as MathML."""
    html = _BLOCK.sub(lambda m: _equation(m[1]), html)
    return _SPAN.sub(lambda m: _mathml(m[1], "inline"), html)


def language_of(path: str) -> str:
    """The language of a page by where it stands."""
    return "es" if path.startswith("es/") else "en"


def title_of(both: str, language: str) -> str:
    """One half of "English | Spanish"; the whole where it is the same in both."""
    english, _, spanish = both.partition(" | ")
    return spanish or english if language == "es" else english


def _translated(nav: Any, language: str) -> Any:
    if isinstance(nav, str):
        return f"es/{nav}" if language == "es" else nav
    if isinstance(nav, dict):
        return {title_of(title, language): _translated(below, language) for title, below in nav.items()}
    return [_translated(item, language) for item in nav]


def _pages(section: Section) -> Iterator[Any]:
    for item in section.children:
        if isinstance(item, Section):
            yield from _pages(item)
        else:
            yield item


def _equation(tex: str) -> str:
    """What stands apart by \\qquad may stand below each other where there is no room."""
    parts = [part for part in tex.split("\\qquad") if part.strip()]
    return (
        '<div class="equation">'
        + "".join(f"<div>{_mathml(part, 'block')}</div>" for part in parts)
        + "</div>"
    )


def _mathml(tex: str, display: str) -> str:
    return convert(markup.unescape(tex).strip(), display=display)  # pyright: ignore[reportArgumentType]
