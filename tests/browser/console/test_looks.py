"""Every page of kit and accounts: no violation of WCAG 2.2 AA, no sideways scroll, strict policy, in both themes."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.platform.accounts import keys
from tests.browser.console.demo import add_messages
from tests.browser.site import Site

PATHS = ["/demo", "/demo/form", "/demo/blocks", "/demo/live", "/developers/keys", "/developers/keys/new", "/profile"]
WIDTHS = (320, 768, 1280, 1920)


async def sideways(page: Any) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_U70_u71_u74_pages_are_accessible_at_every_width(site: Site, visit: Any, axe: Any, theme: str) -> None:
    await add_messages(site.context, site.account.id, 60)
    await keys.create_key(site.context, site.account.id, "CRM")
    page = await visit("/profile", theme=theme)
    for path in PATHS:
        await page.goto(site.url + path)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            assert await sideways(page) <= 0, (path, width)
            if width in (320, 1280):
                assert await axe(page) == [], (path, width)


SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }");
  document.adoptedStyleSheets = [sheet];
}"""
CUT = """() => [...document.querySelectorAll(".btn, h1, h2, th, .badge-status, label")]
  .filter(e => e.offsetParent && !e.closest(".visually-hidden") && getComputedStyle(e).overflowX !== "visible"
    && !e.classList.contains("visually-hidden") && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
  .map(e => e.outerHTML.slice(0, 120))"""


async def test_U75_wide_text_spacing_and_twice_the_size_cut_nothing(site: Site, visit: Any) -> None:
    """Twice the size in a window of 1280 is a window of 640."""
    await add_messages(site.context, site.account.id, 5)
    page = await visit("/demo", width=640)
    for path in PATHS:
        await page.goto(site.url + path)
        await page.evaluate(SPACED)
        assert await page.evaluate("getComputedStyle(document.body).letterSpacing") != "normal"
        assert await sideways(page) <= 0, path
        assert await page.evaluate(CUT) == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_U70_open_layers_are_accessible(site: Site, visit: Any, axe: Any, theme: str) -> None:
    page = await visit("/demo/blocks", theme=theme)
    await page.keyboard.press("Control+k")
    await page.locator('#palette [role="option"]').first.wait_for()
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.locator("#palette").wait_for(state="hidden")
    await page.keyboard.press("?")
    await page.locator("#shortcuts[open]").wait_for()
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.locator(".user-menu summary").click()
    assert await axe(page) == []
    await page.get_by_role("button", name="Numbers").click()
    assert await axe(page) == []


async def test_U70_empty_lists_and_errors_are_accessible(site: Site, visit: Any, axe: Any) -> None:
    page = await visit("/demo")
    assert await page.get_by_role("heading", name="No messages yet").is_visible()
    assert await axe(page) == []
    await page.goto(site.url + "/developers/keys/999")
    assert await page.get_by_role("heading", name="There is nothing here").is_visible()
    assert await axe(page) == []
    await page.goto(site.url + "/demo/form")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.locator("[data-error-summary]").wait_for()
    assert await axe(page) == []


async def test_U70_sign_in_page_is_accessible(site: Site, visit: Any, axe: Any) -> None:
    for theme in ("light", "dark"):
        page = await visit("/sign-in", theme=theme, signed_in=False, width=320)
        assert await axe(page) == []
        assert await sideways(page) <= 0


async def test_menu_and_top_bar_stay_while_the_page_scrolls(site: Site, visit: Any) -> None:
    page = await visit("/demo/blocks", width=1280, height=500)
    await page.evaluate("scrollTo(0, 700)")
    for part in (".sidebar", ".topbar"):
        assert await page.locator(part).evaluate("e => e.getBoundingClientRect().top") == 0


async def test_U98_policy_allows_nothing_inline(site: Site, visit: Any) -> None:
    page = await visit("/demo/blocks")
    answer = await page.goto(site.url + "/demo/blocks")
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
    assert await page.locator("svg path").count() > 3  # the chart is drawn under that policy


async def test_U80_scripts_fit_the_budget_and_are_kept(site: Site, visit: Any) -> None:
    page = await visit("/demo/blocks")
    packed = await page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js')).map(e => e.encodedBodySize)"
    )
    assert 0 < sum(packed) <= 300_000
    source = await page.locator('script[src*="console-app"]').get_attribute("src")
    answer = await page.request.get(site.url + source)
    assert "immutable" in answer.headers["cache-control"]
    again = await page.request.get(site.url + source, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304


async def test_U78_theme_follows_the_system_and_is_kept_per_user(site: Site, visit: Any) -> None:
    page = await visit("/profile", theme="dark")
    html = page.locator("html")
    assert await html.get_attribute("data-bs-theme") == "dark"
    await page.locator(".user-menu summary").click()
    async with page.expect_response("**/profile/theme"):
        await page.locator(".user-menu").get_by_label("Light").check()
    assert await html.get_attribute("data-bs-theme") == "light"
    other = await visit("/profile", theme="dark")
    assert await other.locator("html").get_attribute("data-bs-theme") == "light"
