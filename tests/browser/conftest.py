"""Real Chromium: one browser for the run, a fresh site and a fresh signed-in context for each test that asks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.site import Site, running_site
from tests.installation import PATIENCE

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("STROWGER_CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # one process less for each browser
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Asked for again and again: the promise of an animation whose element is hidden meanwhile is never kept.
SETTLED = """() => document.getAnimations()
    .every(a => a.playState !== "running" || a.effect.getComputedTiming().iterations === Infinity)"""
# Told as lines, for all that axe has found right is too much to send.
VIOLATIONS = """async tags => (
    await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
).violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 300)})`
))"""
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Visit = Callable[..., Awaitable[Page]]
WAIT = 30_000 * PATIENCE  # milliseconds: how long what is expected may take; a machine that is slow fails no test
expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def assets() -> None:
    """The built scripts and styles."""
    subprocess.run([sys.executable, ROOT / "scripts" / "build_assets.py"], check=True, capture_output=True)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@pytest.fixture
def site_pages() -> list[Any]:
    """Further pages of the site; a test module overrides this."""
    return []


@pytest.fixture
async def site(assets: None, database_url: str, tmp_path: Path, site_pages: list[Any]) -> AsyncIterator[Site]:
    """The console on a free port, with an account and its owner."""
    async with running_site(database_url, tmp_path, site_pages) as site:
        yield site


@pytest.fixture
async def visit(browser: Browser, site: Site) -> AsyncIterator[Visit]:
    """Open a path as the signed-in user: ``await visit("/x", width=320, theme="dark")``; errors of scripts fail the test."""
    problems: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_page(
            path: str, *, width: int = 1280, height: int = 800, theme: str = "light", signed_in: bool = True
        ) -> Page:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                bypass_csp=False,
                accept_downloads=True,
            )
            context.set_default_timeout(WAIT)
            stack.push_async_callback(context.close)
            if signed_in:
                cookie = {"name": "strowger_session", "value": await site.token(), "url": site.url}
                await context.add_cookies([cookie])
            page = await context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda line: problems.append(line.text) if _is_violation(line) else None)
            await page.goto(site.url + path)
            return page

        yield open_page
    assert not problems, problems


def _is_violation(line: Any) -> bool:
    return line.type == "error" and ("Content Security Policy" in line.text or "Uncaught" in line.text)


@pytest.fixture
def axe() -> Callable[[Page], Awaitable[list[str]]]:
    """Violations of WCAG 2.2 AA on a page, as lines of rule and element."""

    source = AXE.read_text()

    async def check(page: Page) -> list[str]:
        # Evaluated by the debugger, which the content policy does not bind.
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(source)
        await page.wait_for_function(SETTLED)  # what is still fading in has other colours
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found: list[str] = await page.evaluate(VIOLATIONS, tags)
        return found

    return check
