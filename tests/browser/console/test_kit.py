"""Form, palette, shortcuts, live tail, menu in a browser."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from strowger.foundation.notify import LIVE
from tests.browser.site import Site


async def tell(site: Site, *ids: str, account_id: int | None = None) -> None:
    payload = {"topic": "messages", "account_id": account_id or site.account.id, "ids": ids}
    await site.context.database.pool.execute("SELECT pg_notify($1, $2)", LIVE, msgspec.json.encode(payload).decode())


async def test_U95_errors_stand_beside_the_field_and_input_is_kept(site: Site, visit: Any) -> None:
    page = await visit("/demo/form")
    await page.get_by_label("To", exact=True).fill("not a number")
    await page.get_by_label("Text", exact=True).fill("<b>Hello</b> & 'you'")
    await page.get_by_label("Flash message").check()
    await page.get_by_role("button", name="Send", exact=True).click()
    summary = page.locator("[data-error-summary]")
    assert await summary.evaluate("e => e === document.activeElement")
    field = page.get_by_label("To", exact=True)
    assert await field.get_attribute("aria-invalid") == "true"
    assert "Digits only." in await page.locator("#demo-send-to-error").inner_text()
    assert await field.input_value() == "not a number"
    assert await page.get_by_label("Text", exact=True).input_value() == "<b>Hello</b> & 'you'"
    assert await page.get_by_label("Flash message").is_checked()
    await summary.get_by_role("link").click()
    assert await field.evaluate("e => e === document.activeElement")
    await field.fill("4915112345678")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.wait_for_url("**/demo")
    await page.get_by_text("Sent to 4915112345678.").wait_for()
    await page.reload()
    assert await page.get_by_text("Sent to 4915112345678.").count() == 0


async def test_U46_code_follows_what_is_typed(site: Site, visit: Any) -> None:
    page = await visit("/demo/form")
    await page.get_by_label("To", exact=True).fill("4915112345678")
    await page.get_by_text("to=4915112345678").wait_for()
    assert f"/v1/{site.account.sid}/messages" in await page.locator("#code-demo-send").inner_text()
    await page.get_by_role("tab", name="Python").click()
    await page.get_by_label("Text", exact=True).fill("it's")
    await page.get_by_text('"it\'s"').wait_for()
    assert await page.get_by_role("tab", name="Python").get_attribute("aria-selected") == "true"


async def test_U95_leaving_with_unsaved_changes_asks(site: Site, visit: Any) -> None:
    page = await visit("/demo/form")
    await page.get_by_label("Text", exact=True).press_sequentially("draft")
    asked: list[str] = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    async with page.expect_event("dialog"):
        await page.evaluate("setTimeout(() => location.assign('/demo'))")
    await page.evaluate("1")  # answered once the dialog is
    assert asked == ["beforeunload"]
    assert page.url.endswith("/demo/form")


async def test_U10_palette_by_keyboard_alone(site: Site, visit: Any) -> None:
    page = await visit("/demo")
    await page.keyboard.press("Control+k")
    async with page.expect_response("**/console/search?q=api%20key"):
        await page.keyboard.type("api key")
    await page.locator('#palette [role="option"][aria-selected="true"]', has_text="Create an API key").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.locator('#palette [aria-selected="true"]', has_text="API Keys").wait_for()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/developers/keys")


async def test_U13_shortcuts_move_and_can_be_switched_off(site: Site, visit: Any) -> None:
    page = await visit("/demo")
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    await page.wait_for_url("**/developers/keys")
    await page.keyboard.press("c")
    await page.wait_for_url("**/developers/keys/new")
    await page.get_by_label("Name").press_sequentially("g k ?")
    assert page.url.endswith("/new")
    await page.goto(site.url + "/demo/blocks")
    await page.keyboard.press("?")
    await page.get_by_label("Single-key shortcuts").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    assert not await page.locator("#shortcuts").is_visible()


async def test_U32_live_tail_shows_pauses_filters(site: Site, visit: Any) -> None:
    page = await visit("/demo/live")
    await page.locator(".live-state.is-live").wait_for()
    await tell(site, "secret", account_id=site.account.id + 1)
    await tell(site, "one", "two")
    await page.locator("#row-two").wait_for()
    assert await page.locator("#row-secret").count() == 0
    await page.get_by_role("button", name="Pause").click()
    await tell(site, "three")
    await page.get_by_text("Paused, 1 waiting").wait_for()
    assert await page.locator("#row-three").count() == 0
    await page.get_by_role("button", name="Resume").click()
    await page.locator("#row-three").wait_for()
    await page.get_by_placeholder("Filter").fill("tw")
    assert await page.locator("#row-two").is_visible()
    assert not await page.locator("#row-one").is_visible()


async def test_U32_u82_live_tail_survives_a_lost_connection(site: Site, visit: Any) -> None:
    page = await visit("/demo/live")
    await page.locator(".live-state.is-live").wait_for()
    await tell(site, "one")
    await page.locator("#row-one").wait_for()
    hub = site.app.state.live
    for subscriber in list(hub._subscribers):
        subscriber.queue.put_nowait(None)  # the server ends the stream
    await page.locator("#offline").wait_for(state="visible")
    await tell(site, "two")
    await page.locator("#row-two").wait_for()
    await page.locator("#offline").wait_for(state="hidden")


async def test_U72_u77_keyboard_reaches_content_first(site: Site, visit: Any) -> None:
    page = await visit("/demo")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "content"
    assert await page.locator("#toasts").get_attribute("aria-live") == "polite"


async def test_menu_on_a_phone(site: Site, visit: Any) -> None:
    page = await visit("/demo", width=320)
    link = page.locator("#sidebar").get_by_role("link", name="API Keys")
    assert not await link.is_visible()
    await page.get_by_role("button", name="Open menu").click()
    await link.click()
    await page.wait_for_url("**/developers/keys")


async def test_fold_is_kept(site: Site, visit: Any) -> None:
    page = await visit("/demo")
    await page.get_by_role("button", name="Fold menu").click()
    await page.reload()
    assert await page.locator("html").evaluate("e => e.classList.contains('folded')")


async def test_U93_confirm_asks_before_it_posts(site: Site, visit: Any) -> None:
    page = await visit("/demo/blocks")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Cancel").click()
    await asyncio.sleep(0.1)
    assert sent == []
    await page.get_by_role("button", name="Remove").click()
    await page.locator("#confirm-yes").click()
    await page.wait_for_url("**/demo/form")
    assert len(sent) == 1


async def test_failure_of_a_page_says_so_with_a_number(site: Site, visit: Any) -> None:
    page = await visit("/demo")
    answer = await page.goto(site.url + "/demo/broken")
    assert answer.status == 500
    assert "broken on purpose" not in await page.content()
    assert answer.headers["x-request-id"] in await page.content()
