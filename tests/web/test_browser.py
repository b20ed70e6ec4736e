"""Every page in Chromium, in both languages: it loads without a complaint, on a desk and on a phone, in light and dark, with the keyboard alone.

One visit checks many things, because a visit is what takes time. Pictures of what was seen stay in `CAREO_ARTEFACTS` (default: .artefacts/).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from serving import Served
from test_pages import SHOWN

import careo
from watch_worlds import alone, folder_of, lines, release

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe_of = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = os.environ.get("CAREO_CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = [
    pytest.mark.served,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: tools/system_packages.sh chromium"),
]

LANGUAGES = ("es", "en")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ARTEFACTS = Path(os.environ.get("CAREO_ARTEFACTS") or Path(__file__).parents[2] / ".artefacts")
MOST_KEYS = 150  # pressed on a page; what follows are more rows of the same lists
LONGEST = 4_000  # pixels of a page that a picture shows
NOWHERE = "/no-such-page"
VISITED = (*SHOWN, "/check", "/search", "/enter", NOWHERE)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium asks nobody but us, and runs where containers allow no sandbox."""

WATCH = """
window.seen = {refused: [], focused: [], unseen: []};
document.addEventListener('securitypolicyviolation', e => window.seen.refused.push(`${e.violatedDirective}: ${e.blockedURI}`));
document.addEventListener('focusin', e => {
  const style = getComputedStyle(e.target), box = e.target.getBoundingClientRect();
  window.seen.focused.push(e.target);
  const drawn = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  if (!drawn || !box.width || !box.height) window.seen.unseen.push(e.target.outerHTML.slice(0, 120));
});
"""
"""Put into every page before its own scripts: what the policy refused, what had the focus, and where one could not see it."""
LEFT_OUT = """most => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')];
  const reached = new Set(window.seen.focused);
  const group = e => e.type === 'radio' && [...document.getElementsByName(e.name)].some(other => reached.has(other));
  return all.slice(0, most).filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0 && !reached.has(e) && !group(e))
            .map(e => e.outerHTML.slice(0, 120));
}"""
"""Whatever can be used with a mouse and was never reached with the keyboard."""
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled).length"""
ABOUT = """() => ({
  lang: document.documentElement.lang, titles: document.querySelectorAll('h1').length, title: document.title,
  refused: window.seen.refused, main: document.querySelectorAll('main').length})"""
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide + 1)
    .slice(-3).map(e => e.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """A tab that is used again and again."""
    context = browser.new_context(viewport=DESK, accept_downloads=False)
    context.add_init_script(WATCH)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


class Watched:
    """What a tab does beside showing a page: talk on its console, ask servers, fail."""

    def __init__(self, tab: Any, server: Served) -> None:
        self.tab, self.home, self.complaints = tab, urlsplit(server.address).netloc, []
        self.heard = {
            "console": self._console,
            "pageerror": self._error,
            "request": self._request,
            "response": self._response,
        }

    def __enter__(self) -> Watched:
        for event, heard in self.heard.items():
            self.tab.on(event, heard)
        return self

    def __exit__(self, *_: object) -> None:
        for event, heard in self.heard.items():
            self.tab.remove_listener(event, heard)

    def _console(self, message: Any) -> None:
        expected = (
            "Failed to load resource" in message.text
        )  # what could not be loaded is told by `_response`
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text}")

    def _error(self, error: Any) -> None:
        self.complaints.append(f"script: {error}")

    def _request(self, request: Any) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob") and where.netloc != self.home:
            self.complaints.append(f"another server was asked: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")


AXE = axe_of.Axe().axe_script


def serious(tab: Any, **options: object) -> list[str]:
    """What axe, which stands in the page already, finds serious or critical on it as it is shown."""
    found = tab.evaluate(
        "options => axe.run(options).then(found => found.violations)",
        {"resultTypes": ["violations"], **options},
    )
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


def keep(tab: Any, language: str, path: str, how: str) -> None:
    """A picture of the page, for people; of a long one its first screens."""
    folder = ARTEFACTS / how / language
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-") or "overview"
    long = tab.evaluate("() => document.documentElement.scrollHeight")
    shown = {"x": 0, "y": 0, "width": tab.viewport_size["width"], "height": min(long, LONGEST)}
    tab.screenshot(
        path=folder / f"{name[:80]}.png", full_page=True, clip=shown, caret="initial", animations="allow"
    )


def looked_at(tab: Any, server: Served, language: str, path: str, status: int = 200) -> list[str]:
    """What is wrong with a page, at a desk, on a phone and in the dark; its pictures are kept."""
    address = f"/{language}{path}"
    server.get(address)  # until it is computed: the page that says so comes back by itself
    wrong: list[str] = []
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme="light")
    with Watched(tab, server) as watched:
        answer = tab.goto(server.address + address)
        wrong += watched.complaints
    told = tab.evaluate(ABOUT)
    shown = (answer.status, told["lang"], told["titles"], told["main"])
    wrong += [f"{shown}, not {right}" for right in [(status, language, 1, 1)] if shown != right]
    wrong += [f"refused by the policy: {each}" for each in told["refused"]]
    wrong += [] if re.fullmatch(r"\S.* · careo", told["title"], re.DOTALL) else [f"title: {told['title']}"]
    wrong += [f"too wide at a desk: {each}" for each in tab.evaluate(TOO_WIDE)]
    tab.evaluate(AXE)
    wrong += [f"light: {each}" for each in serious(tab)]
    keep(tab, language, path, "desk")
    if language == LANGUAGES[0]:  # colours are the same in both
        tab.emulate_media(color_scheme="dark")
        wrong += [f"dark: {each}" for each in serious(tab, runOnly=["color-contrast"])]
        keep(tab, language, path, "dark")
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(PHONE)
    wrong += [f"too wide on a phone: {each}" for each in tab.evaluate(TOO_WIDE)]
    keep(tab, language, path, "phone")
    tab.set_viewport_size(DESK)
    return wrong


def test_pages_of_purchases_are_sound(server: Served, tab: Any, tmp_path: Path) -> None:
    """The same, where something was watched; what becomes of the state is not for other tests to see."""
    given = lines(alone(1), release(2), release(3, numberOfTenderers=None))
    state = server.home / "watch" / "mexico"
    careo.watch(folder_of(tmp_path / "in", purchases__jsonl=given), state=state, seen=date(2024, 3, 21))
    try:
        (told, *_) = careo.watch_findings(state=state).signals
        for path in ("/purchases", "/purchases/signals", "/purchases/delays", f"/purchases/{told.id}"):
            for language in LANGUAGES:
                assert (path, looked_at(tab, server, language, path, 200)) == (path, [])
    finally:
        shutil.rmtree(state)


@pytest.mark.parametrize("path", VISITED)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_sound(server: Served, tab: Any, language: str, path: str) -> None:
    """Loads, says its language, has one title, fits, and axe has nothing serious to say; at a desk, on a phone, in the dark."""
    assert looked_at(tab, server, language, path, 404 if path == NOWHERE else 200) == []


@pytest.mark.parametrize("path", VISITED)
def test_a_page_needs_no_mouse(server: Served, tab: Any, path: str) -> None:
    """The first key leads past the navigation; every link and control is reached, seen when it is, and left again."""
    address = f"/es{path}"
    server.get(address)
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme="light")
    tab.goto(server.address + address)
    begins = tab.evaluate("() => !document.querySelector('[autofocus]')")
    tab.keyboard.press("Tab")
    if begins:
        assert tab.evaluate("() => document.activeElement.className") == "skip"
        assert tab.evaluate("() => document.activeElement.getBoundingClientRect().top >= 0")
    for _ in range(min(tab.evaluate(REACHABLE), MOST_KEYS) + 5):
        tab.keyboard.press("Tab")
    assert tab.evaluate(LEFT_OUT, MOST_KEYS) == []
    assert tab.evaluate("() => window.seen.unseen") == []
    if not begins:
        return
    tab.goto(server.address + address)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("() => document.activeElement.id") == "main"
    tab.keyboard.press("Tab")
    assert tab.evaluate("() => !document.activeElement.closest('header.bar-top')")


@pytest.mark.parametrize("path", SHOWN)
def test_the_other_language_is_the_same_page(server: Served, path: str) -> None:
    """And what can be taken along is there: data, tables, pictures."""
    asked = path + ("&" if "?" in path else "?") + "kept=1"
    page = server.get(f"/es{asked}").text
    other = re.search(r'<a class="tongue" href="([^"]+)"', page)
    assert other is not None
    assert other[1].replace("&amp;", "&") == f"/en{asked}"
    assert server.get(other[1].replace("&amp;", "&")).status_code == 200
    taken = re.findall(
        r'href="([^"]+)"', page.partition('<details class="take">')[2].partition("</details>")[0]
    )
    assert len(taken) >= 2
    for each in (each.replace("&amp;", "&") for each in taken):
        answer = server.get(each)
        assert answer.status_code == 200, each
        assert answer.content, each


def test_through_the_navigation_and_into_the_other_language(server: Served, tab: Any) -> None:
    tab.set_viewport_size(DESK)
    tab.goto(f"{server.address}/es/")
    for number in range(tab.locator("nav a").count()):
        link = tab.locator("nav a").nth(number)
        name = link.inner_text()
        link.click()
        tab.wait_for_load_state()
        assert tab.locator("nav a[aria-current=page]").inner_text() == name
    tab.goto(f"{server.address}/es{SHOWN[-1]}")
    tab.get_by_role("link", name="English").click()
    tab.wait_for_url(re.compile("/en/"))
    assert urlsplit(tab.url).path == f"/en{SHOWN[-1].partition('?')[0]}"
    assert tab.locator("html").get_attribute("lang") == "en"


def test_a_page_that_is_not_there_leads_back(server: Served, tab: Any) -> None:
    answer = tab.goto(f"{server.address}/en{NOWHERE}")
    assert answer.status == 404
    assert "no page at this address" in tab.locator("main").inner_text()
    tab.locator("main a").click()
    tab.wait_for_url(f"{server.address}/en/")


def test_without_scripts_every_part_is_there(server: Served, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for path in SHOWN:
        if "/" not in path.strip("/"):
            tab.goto(f"{server.address}/es{path}")
            assert tab.locator("h1").count() == 1
            assert tab.locator("nav a").count() > 0
    context.close()


# ── main paths ───────────────────────────────────────────────────────────────────────────────────────────────────

TEXT = """En 2018 hubo 33 743 homicidios, dijo el gobierno.

En 2019 bajaron a 12 000 homicidios. <script>document.title = "taken"</script><img src=x onerror="document.title='taken'">
"""


def handed_in(tab: Any, server: Served, language: str = "es") -> str:
    """The path of a text that was given to the check page, after the language."""
    tab.goto(f"{server.address}/{language}/check")
    tab.locator("#text").fill(TEXT)
    tab.locator("form.give button").click()
    tab.wait_for_url(re.compile(rf"/{language}/check/[^/?]+"), timeout=60_000)
    return urlsplit(tab.url).path.removeprefix(f"/{language}")


def test_a_text_is_checked_a_figure_looked_at_and_decided(server: Served, tab: Any) -> None:
    """Nothing in it is executed; the page, the statement and the decision are as sound as any other page."""
    tab.set_viewport_size(DESK)
    with Watched(tab, server) as watched:
        path = handed_in(tab, server)
    assert watched.complaints == []
    assert "33 743" in tab.locator("main").inner_text()
    assert tab.title() != "taken"
    assert [each for language in LANGUAGES for each in looked_at(tab, server, language, path)] == []
    tab.goto(f"{server.address}/es{path}")
    tab.locator(".decide a").first.click()
    tab.wait_for_url(re.compile(rf"/es{path}/"))
    statement = urlsplit(tab.url).path.removeprefix("/es")
    assert [each for language in LANGUAGES for each in looked_at(tab, server, language, statement)] == []
    tab.goto(f"{server.address}/es{statement}")
    tab.locator("input[name=decision][value=accept]").check()
    tab.locator("#note").fill("visto con la fuente <b>")
    tab.locator("form:has(#note) button[type=submit]").click()
    tab.wait_for_load_state()
    assert "visto con la fuente <b>" in tab.locator("main").inner_text()
    assert tab.title() != "taken"


def test_a_text_is_checked_without_scripts(server: Served, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    path = handed_in(context.new_page(), server, "en")
    assert path.startswith("/check/")
    context.close()


def test_a_lever_is_moved(server: Served, tab: Any) -> None:
    """The picture changes without the page being loaded again; the address is that of what is seen, and restores it."""
    path = next(path for path in SHOWN if path.startswith("/laboratory"))
    tab.set_viewport_size(DESK)
    tab.goto(f"{server.address}/es{path}")
    slider = tab.locator("main input[type=range]").first
    before = (tab.url, tab.locator("main").inner_html())
    with Watched(tab, server) as watched:
        slider.focus()
        for _ in range(3):
            tab.keyboard.press("ArrowLeft")
        tab.wait_for_function("before => location.href !== before", arg=before[0])
        tab.wait_for_load_state("networkidle")
    assert watched.complaints == []
    assert tab.evaluate("() => window.seen.refused") == []
    assert tab.locator("main").inner_html() != before[1]
    value = slider.input_value()
    tab.reload()
    assert tab.locator("main input[type=range]").first.input_value() == value
