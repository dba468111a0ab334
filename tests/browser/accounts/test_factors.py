"""Second factors as a person meets them: an authenticator app, and a passkey of Chromium's own virtual authenticator."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.site import EMAIL, PASSWORD, Site

Axe = Callable[[Page], Awaitable[list[str]]]
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


async def sign_in(page: Page, site: Site) -> None:
    await page.goto(site.url + "/sign-in?next=/profile")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Page) -> None:
    await page.locator(".user-menu summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")


async def test_an_app_is_set_up_and_signs_in(site: Site, visit: Visit, axe: Axe) -> None:
    page = await visit("/profile/second-factor")
    assert await axe(page) == []
    await page.locator("#begin-app-form").get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Set up the app").click()
    await expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    assert await axe(page) == []
    secret = await page.locator("[data-copy]").first.get_attribute("data-copy")
    assert secret
    totp = pyotp.TOTP(secret)
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.locator("#confirm-app-code-error")).to_be_visible()
    now = site.context.clock.now()
    await page.get_by_label("Code").fill(totp.at(now - timedelta(seconds=30)))
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_role("heading", name="The app is switched on")).to_be_visible()
    recovery = re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", await page.locator("pre").inner_text())
    assert len(recovery) == 10
    await sign_out(page)
    await sign_in(page, site)
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_label("Code").fill(totp.at(site.context.clock.now()))
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(site.url + "/profile")
    await sign_out(page)
    await page.context.clear_cookies()
    await sign_in(page, site)
    await page.get_by_label("Code").fill(recovery[0])
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(site.url + "/profile")


async def test_a_passkey_is_made_signs_in_alone_and_after_the_password(
    site: Site, visit: Visit, axe: Axe, tmp_path: Path
) -> None:
    page = await visit("/profile/passkeys")
    session: Any = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    assert await axe(page) == []
    await page.screenshot(path=tmp_path / "passkeys.png", full_page=True)
    await page.get_by_label("Name").fill("Laptop")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add a passkey").click()
    assert await axe(page) == []
    await page.get_by_role("button", name="Create the passkey").click()
    await expect(page.get_by_role("heading", name="The passkey is added")).to_be_visible()
    await sign_out(page)
    await page.screenshot(path=tmp_path / "sign-in.png", full_page=True)
    await page.goto(site.url + "/sign-in?next=/profile")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url(site.url + "/profile")
    await sign_out(page)
    await sign_in(page, site)
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=tmp_path / "factor.png", full_page=True)
    await page.get_by_role("button", name="Use your passkey").click()
    await page.wait_for_url(site.url + "/profile")
    await page.goto(site.url + "/profile/passkeys")
    await page.get_by_role("main").get_by_role("link", name="Laptop").click()
    await page.get_by_label("Name").fill("Phone")
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_role("main").get_by_role("link", name="Phone").click()
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Remove the passkey").click()
    await expect(page.get_by_text("None yet.")).to_be_visible()
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text(re.compile("does not fit|No passkey was used"))).to_be_visible()
