"""General settings show the account's SMS rate limit and auto-blacklisting, with the way to change them."""

from __future__ import annotations

from tests.people_kit import House


async def test_the_cards_show_what_is_set(house: House) -> None:
    browser = await house.entered()
    shown = (await browser.get("/settings/general")).text
    assert "SMS Rate Limit" in shown
    assert "/sms/settings#section-auto" in shown
    await house.settings(
        rate_limit={"messages": 500, "hours": 2, "kinds": ["MKT"]},
        auto_block={"traces": ["ABSENT-SUB"], "failures": 4, "days": 7},
    )
    shown = (await browser.get("/settings/general")).text
    assert "500 in 2 h" in shown
    assert "ABSENT-SUB" in shown
