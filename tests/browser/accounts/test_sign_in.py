"""Signing in and out, profile and keys, as a person does it."""

from __future__ import annotations

from typing import Any

from strowger.platform.accounts import keys
from tests.browser.site import EMAIL, PASSWORD, Site


async def test_sign_in_leads_back_and_out_again(site: Site, visit: Any) -> None:
    page = await visit("/developers/keys?q=x", signed_in=False)
    assert "/sign-in?next=" in page.url
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await page.get_by_text("E-mail address or password is wrong.").wait_for()
    assert await page.get_by_label("E-mail address").input_value() == EMAIL
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url("**/developers/keys?q=x")
    cookie = next(c for c in await page.context.cookies() if c["name"] == "strowger_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    await page.locator(".user-menu summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")
    await page.goto(site.url + "/developers/keys")
    assert "/sign-in" in page.url


async def test_U76_password_managers_are_helped(site: Site, visit: Any) -> None:
    page = await visit("/sign-in", signed_in=False)
    assert await page.get_by_label("E-mail address").get_attribute("autocomplete") == "username"
    assert await page.get_by_label("Password").get_attribute("autocomplete") == "current-password"


async def test_next_never_leads_to_another_site(site: Site, visit: Any) -> None:
    page = await visit("/sign-in?next=//evil.example/x", signed_in=False)
    values = await page.locator('input[name="next"]').evaluate_all("fields => fields.map(field => field.value)")
    assert values == ["/", "/"], "by password and by passkey"


async def test_foreign_sign_in_form_is_refused(site: Site, visit: Any) -> None:
    page = await visit("/sign-in", signed_in=False)
    form = {"email": EMAIL, "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await page.request.post(site.url + "/sign-in", form=form, headers=headers)
        assert answer.status == 403


async def test_unsafe_request_needs_the_token(site: Site, visit: Any) -> None:
    page = await visit("/profile")
    for fields in ({}, {"csrf": "wrong"}):
        answer = await page.request.post(site.url + "/profile/theme", form={"theme": "dark", **fields})
        assert answer.status == 403
    assert (
        await page.evaluate(
            "fetch('/console/views', {method: 'POST', headers: {'X-CSRF-Token': 'no'}}).then(r => r.status)"
        )
        == 403
    )


async def test_U49_key_is_shown_once_listed_masked_revealed_with_password(site: Site, visit: Any) -> None:
    page = await visit("/developers/keys")
    await page.get_by_role("main").get_by_role("link", name="Create API key").first.click()
    await page.get_by_label("Name").fill("CRM <b>")
    await page.get_by_label("Whitelisted IP addresses").fill("10.0.0.1\nnonsense")
    await page.get_by_role("button", name="Create key").click()
    await page.locator("#create-key-networks-error").wait_for()
    await page.get_by_label("Whitelisted IP addresses").fill("10.0.0.1")
    await page.get_by_role("button", name="Create key").click()
    await page.get_by_role("heading", name="API key created").wait_for()
    made = (await keys.list_keys(site.context, site.account.id))[0]
    key = await keys.reveal_key(site.context, site.account.id, made.id)
    text = await page.get_by_role("main").inner_text()
    assert key in text
    assert site.account.sid in text
    await page.get_by_role("link", name="Done").click()
    assert key not in await page.content()
    await page.locator("tbody .row-actions summary").click()
    await page.get_by_role("link", name="Reveal").click()
    await page.get_by_label("Your password").fill("wrong")
    await page.get_by_role("button", name="Reveal key").click()
    await page.locator("#reveal-key-password-error").wait_for()
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Reveal key").click()
    await page.get_by_text(key).wait_for()


async def test_U49_rotate_and_deactivate(site: Site, visit: Any) -> None:
    made = await keys.create_key(site.context, site.account.id, "CRM")
    page = await visit("/developers/keys")
    await page.locator("tbody .row-actions summary").click()
    await page.get_by_role("link", name="Rotate").click()
    await page.get_by_label("After 1 hour").check()
    await page.get_by_role("button", name="Rotate key").click()
    await page.get_by_role("heading", name="API key rotated").wait_for()
    await page.get_by_role("link", name="Done").click()
    row = page.locator("tbody tr", has_text=made.key[-4:])
    assert "Ending" in await row.inner_text()
    await row.locator(".row-actions summary").click()
    await row.get_by_role("button", name="Deactivate").click()
    await page.locator("#confirm-yes").click()
    await page.get_by_text("Key “CRM” deactivated.").wait_for()
    assert "Inactive" in await row.inner_text()
    assert not (await keys.get_key(site.context, site.account.id, made.id)).active


async def test_U92_u96_profile(site: Site, visit: Any) -> None:
    await site.token()
    page = await visit("/profile")
    await page.get_by_label("Time zone").fill("Mars/Olympus")
    await page.get_by_role("button", name="Save profile").click()
    await page.locator("#details-time_zone-error").wait_for()
    await page.get_by_label("Time zone").fill("Asia/Tokyo")
    await page.get_by_label("Name").fill("Ada King")
    await page.get_by_role("button", name="Save profile").click()
    await page.get_by_text("Profile saved.").wait_for()
    assert await page.locator('summary[aria-label="Account menu: Ada King"]').count() == 1
    assert "UTC" in (await page.locator(".session-list time").first.get_attribute("title") or "")
    assert await page.locator(".session-list li").count() == 2
    await page.get_by_role("button", name="Sign out the others").click()
    await page.locator("#confirm-yes").click()
    await page.get_by_text("1 other session signed out.").wait_for()
    assert await page.locator(".session-list li").count() == 1


async def test_foreign_key_page_is_as_unknown(site: Site, visit: Any) -> None:
    page = await visit("/developers/keys")
    for path in ("/developers/keys/99999999999999999999", "/developers/keys/77/reveal", "/developers/keys/77/rotate"):
        answer = await page.goto(site.url + path)
        assert answer.status == 404
