"""The list of scheduled messages in a browser: cancelling asks first, and the page reads well everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from strowger.channels.sms.pages import pages
from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import Notifier
from strowger.messaging.accept import Accepter
from strowger.messaging.schemas import NewRequest
from tests.browser.conftest import Visit
from tests.browser.site import Site

WIDTHS = (320, 768, 1280, 1920)


@pytest.fixture
def site_pages() -> list[Any]:
    return pages


async def schedule(site: Site, body: str, **span: float) -> NewRequest:
    now = site.context.clock.now()
    due = now + timedelta(**span)
    notifier = Notifier(site.context.database)
    site.app.state.notifier = notifier
    request = NewRequest(
        site.account.id, new_uuid(), "TXN", "ACME", body, ["447700900123", "447700900124"], now, due + timedelta(days=2),
        due_at=due,
    )  # fmt: skip
    await Accepter(site.context.database, notifier).accept(request)
    return request


async def test_cancelling_asks_and_the_row_says_so(visit: Visit, site: Site) -> None:
    await schedule(site, "Spring sale begins", days=2)
    page = await visit("/scheduled")
    row = page.get_by_role("row").filter(has_text="Spring sale begins")
    await expect(row).to_contain_text("Waiting")
    await row.locator("summary[aria-label=Actions]").click()
    await row.locator(".dropdown-item.danger").click()
    await expect(page.locator("#confirm")).to_contain_text("Cancel 2 messages?")
    await page.locator("#confirm-yes").click()
    await expect(page.get_by_role("row").filter(has_text="Spring sale begins")).to_contain_text("Cancelled")
    assert await site.context.database.pool.fetchval("SELECT count(*) FROM submission") == 0


async def test_moving_keeps_the_input_and_shows_the_call(visit: Visit, site: Site) -> None:
    request = await schedule(site, "Moved", days=2)
    page = await visit(f"/scheduled/{request.request_id}/move")
    await page.fill("#move-time", "2020-01-01T10:00")
    await page.get_by_role("button", name="Move").click()
    await expect(page.locator("#move-form")).to_contain_text("15 minutes to 3 months ahead")
    await expect(page.locator("#move-time")).to_have_value("2020-01-01T10:00")
    later = (site.context.clock.now() + timedelta(days=9)).strftime("%Y-%m-%dT10:00")
    await page.fill("#move-time", later)
    await expect(page.get_by_text(f"schedule/{request.request_id}").first).to_be_visible()
    await page.get_by_role("button", name="Move").click()
    await expect(page).to_have_url(f"{site.url}/scheduled")


async def test_U70_u74_it_is_accessible_and_fits(visit: Visit, site: Site, axe: Any) -> None:
    await schedule(site, "A long text that says a lot about what will be sent, and then some more of it", days=2)
    await schedule(site, "Soon", minutes=3)
    for theme in ("light", "dark"):
        page = await visit("/scheduled", theme=theme)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 860})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        assert await axe(page) == []
