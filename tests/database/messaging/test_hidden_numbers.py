"""People's numbers are masked for roles that may not see them, once the account says so (sms.md 7.3)."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from strowger.foundation.phone import hide_numbers
from tests.database.messaging.console_client import Room, add_person, open_room, sign_in_as

MINE, THEIRS = "447700900123", "447700900456"


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(database_url, tmp_path) as room:
        yield room


async def hide(room: Room, role: str = "support") -> None:
    """The account hides numbers, and a member of a role looks."""
    await room.context.database.pool.execute(
        "UPDATE account SET settings = '{\"hide_numbers\": true}' WHERE id = $1", room.account
    )
    _, token = await add_person(room.context, "sue", role=role, account_id=room.account)
    await sign_in_as(room.client, token)


def test_numbers_in_texts_are_masked_and_ids_are_not() -> None:
    request = "018f7a4e-1111-7222-8333-447700900123"
    assert (
        hide_numbers(f"https://x.example/dlr?to={MINE}&id={request}:1")
        == f"https://x.example/dlr?to=447*******23&id={request}:1"
    )
    assert hide_numbers(f"%2B{MINE} +{MINE} 2026-01-02 A{MINE}") == f"%2B447*******23 +447*******23 2026-01-02 A{MINE}"


async def test_log_page_live_and_file_hide_the_numbers_of_people(room: Room) -> None:
    made = await room.log.believable()
    await hide(room)
    one = made["callbacks"] if "callbacks" in made else next(iter(made.values()))
    for path in ("/messages", "/messages?export=csv&cols=sender,recipient", "/live/rows", "/callbacks/attempts",
                 "/callbacks", f"/messages/{one}", f"/messages/{made['incoming']}"):  # fmt: skip
        answer = await room.client.get(path)
        assert answer.status_code == 200
        assert MINE not in answer.text, path
        assert THEIRS not in answer.text, path
    assert "447*******23" in (await room.get("/messages")).text
    rows = await room.rows(q=f"+{MINE}")
    assert one in rows, "who knows a number may look for it"


async def test_who_has_the_right_sees_them_and_without_the_setting_everybody(room: Room) -> None:
    await room.log.delivered(recipient=MINE)
    await hide(room, role="manager")
    assert MINE in await room.rows()
    await room.context.database.pool.execute("UPDATE account SET settings = '{}' WHERE id = $1", room.account)
    _, token = await add_person(room.context, "rob", role="support", account_id=room.account)
    await sign_in_as(room.client, token)
    assert MINE in await room.rows()


async def test_a_failed_message_cannot_be_sent_again_to_a_masked_number(room: Room) -> None:
    one = await room.log.undelivered(recipient=MINE)
    assert f"/send?to={MINE}" in (await room.get(f"/messages/{one}")).text
    await hide(room)
    assert "/send?to=" not in (await room.get(f"/messages/{one}")).text


async def test_digits_cannot_be_guessed_and_links_tell_no_number(room: Room) -> None:
    for tail in range(60):
        await room.log.delivered(recipient=f"4477009001{tail:02d}")
    await hide(room)
    assert "447*******23" not in await room.rows(q="00123"), "part of a number finds nothing"
    assert "447" not in await room.rows(recipient="0123")
    text = (await room.client.get("/messages?sort=recipient")).text
    cursors = re.findall(r"(?:after|before)=([\w%=-]+)", text)
    assert cursors
    for cursor in cursors:
        packed = unquote(cursor)
        assert b"447700" not in base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
