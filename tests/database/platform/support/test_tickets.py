"""Tickets: asked, answered, closed; files and mails; nobody reads another account's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strowger.foundation.context import build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.platform.support import operator_pages
from strowger.platform.support.pages import pages
from tests.browser.site import console_app
from tests.database.messaging.console_client import running
from tests.database.platform.billing.test_money_pages import Rooms

NEW = {"subject": "Nothing arrives", "service": "sms", "body": "Since noon.\nPlease look."}


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, [*pages, *operator_pages.pages])
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def mails(rooms: Rooms) -> list[str]:
    rows = await rooms.context.database.pool.fetch("SELECT recipient FROM mail WHERE kind = 'ticket' ORDER BY id")
    return [row["recipient"] for row in rows]


async def test_a_question_is_answered_and_closed(rooms: Rooms) -> None:
    ada, bob = await rooms.person("ada"), await rooms.person("bob")
    assert "Ask a question" in await bob.get("/support")
    assert "home location register" in await bob.get("/support/glossary?q=HLR")
    for wrong in ({"subject": ""}, {"service": "cakes"}, {"body": ""}):
        assert (await bob.post("/support/tickets/new", **{**NEW, **wrong})).status_code == 422
    lie = {"file": ("x.png", b"<script>alert(1)</script>", "image/png")}
    refused = await bob.client.post("/support/tickets/new", data={"csrf": bob.csrf, **NEW}, files=lie)
    assert refused.status_code == 422
    assert await rooms.fetch("SELECT count(*) FROM ticket") == 0
    good = {"file": ("log.txt", b"12:00 nothing", "text/plain")}
    made = await bob.client.post("/support/tickets/new", data={"csrf": bob.csrf, **NEW}, files=good)
    assert made.status_code == 303, made.text[-1500:]
    path = made.headers["location"]
    shown = await bob.get(path)
    link = re.search(r'href="(/support/tickets/\d+/files/[0-9a-f-]+)"', shown)
    assert link
    assert "Please look." in shown
    answer = await bob.client.get(link[1])
    assert answer.content == b"12:00 nothing"
    assert "attachment" in answer.headers["content-disposition"]
    assert await mails(rooms) == ["ada@example.com"]

    queue = path.replace("/support/", "/operator/")
    assert "Nothing arrives" in await ada.get("/operator/tickets")
    assert (await ada.post(queue, body="")).status_code == 422
    assert (await ada.post(queue, body="It was the carrier.")).status_code == 303
    assert await mails(rooms) == ["ada@example.com", "bob@example.com"]
    assert "It was the carrier." in await bob.get(path)
    assert "Answered" in await bob.get("/support/tickets")
    assert (await bob.post(path, body="Thanks", close="on")).status_code == 303
    assert await rooms.fetch("SELECT state FROM ticket") == "closed"
    assert (await bob.post(path, body="One more")).status_code == 422
    assert await rooms.fetch("SELECT count(*) FROM ticket_post") == 3


async def test_tickets_are_seen_by_those_they_concern(rooms: Rooms) -> None:
    await rooms.person("ada")
    bob = await rooms.person("bob")
    mia, ned = await rooms.person("mia", "support", bob.account), await rooms.person("ned", "manager", bob.account)
    eve = await rooms.person("eve")
    made = await mia.post("/support/tickets/new", **NEW)
    path = made.headers["location"]
    await mia.get(path)
    await bob.get(path)  # the owner sees all of the account
    for other in (ned, eve):
        await other.get(path, 404)
        assert (await other.post(path, body="x")).status_code == 404
        assert "Nothing arrives" not in await other.get("/support/tickets")
    await eve.get("/operator/tickets", 403)
    await eve.get(path.replace("/support/", "/operator/"), 403)
