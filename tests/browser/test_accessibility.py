"""Every tab in both themes: axe finds nothing serious, the keyboard reaches everything, and 800 pixels are enough."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.walking import TABS, Walk, open_app, settle, tab_of
from tests.running_app import RunningApp

pytestmark = pytest.mark.timeout(900)
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def complaints(page: Page) -> list[str]:
    """What axe finds serious or critical, with the elements concerned."""
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes'][:4]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, app: RunningApp, walked: Walk, theme: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme) as context:  # ty: ignore[invalid-argument-type]
        page = context.new_page()
        open_app(page, app, "start", walked.slug)
        assert page.evaluate("document.body.classList.contains('dark')") is (theme == "dark")
        problems: dict[str, list[str]] = {}
        for name in TABS:
            settle(page, name)
            for fold in page.locator(".label-wrap:visible").all():
                fold.click()
            if found := complaints(page):
                problems[name] = found
        assert problems == {}


def test_every_control_has_a_name(page: Page, app: RunningApp, walked: Walk) -> None:
    open_app(page, app, "start", walked.slug)
    for name in TABS:
        settle(page, name)
        for control in page.locator("main button:visible, main input:visible, main textarea:visible").all():
            assert control.evaluate(
                "e => (e.getAttribute('aria-label') || e.innerText || (e.labels && e.labels.length) || "
                "e.getAttribute('aria-labelledby') || e.title || e.type === 'file') ? 'named' : e.outerHTML"
            ) == "named"  # fmt: skip


def test_the_keyboard_alone_reaches_the_tabs_and_the_way_on(page: Page, app: RunningApp, walked: Walk) -> None:
    open_app(page, app, "start", walked.slug)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.tabId || ''"))
        if "go-on" in reached:
            break
    assert "new-project" in reached
    assert {"start", "data", "settings"} <= set(reached)
    assert "go-on" in reached, reached
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(tab_of(page, "chat")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("width", [800, 640])
def test_nothing_is_cut_off_in_a_narrow_window(browser: Browser, app: RunningApp, walked: Walk, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        open_app(page, app, "start", walked.slug)
        for name in TABS:
            settle(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            for control in page.locator("main button:visible").all():
                box = control.bounding_box()
                inside = control.evaluate("e => !!e.closest('.lf-scroll, .tab-wrapper')")
                assert box is None or inside or (box["x"] >= 0 and box["x"] + box["width"] <= width), name


def test_reduced_motion_is_respected(browser: Browser, app: RunningApp) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        open_app(page, app)
        moving = page.evaluate(
            "[...document.querySelectorAll('main *')]"
            ".filter(e => parseFloat(getComputedStyle(e).animationDuration) > 0.01).length"
        )
        assert moving == 0
