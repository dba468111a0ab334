"""Who may only read the rooms of the installation is shown no link and no form that refuses; nor is who came from outside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strowger.app import PAGES
from strowger.console import setup as console
from strowger.console.rights import PAGES as GUARDED
from strowger.console.rights import permission_for
from strowger.foundation.context import build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.home import pages as home
from strowger.platform.accounts import pages as accounts
from strowger.platform.installation.pages import pages
from strowger.platform.team.roles import PERMISSIONS, ROLES, Role
from tests.browser.site import console_app
from tests.database.messaging.console_client import running
from tests.database.platform.billing.test_money_pages import Rooms
from tests.people_kit import PASSWORD, open_house

ROWS = (
    "INSERT INTO status_trace (code, status, meaning, updated_at) VALUES ('SIM-SWAPPED', 'UNDELIVERED', 'x', now())",
    "INSERT INTO country_rule (country, max_parts, updated_at) VALUES ('DE', 2, now())",
    (
        "INSERT INTO announcement (title, body, tone, link, by_user, starts_at, ends_at, created_at)"
        " VALUES ('Soon', 'x', 'info', '', 'ada', now(), now() + interval '1 day', now())"
    ),
    "INSERT INTO carrier (name, kind, config) VALUES ('north', 'smpp', '{}')",
)
GRANTED = frozenset(name for name in PERMISSIONS if name.endswith(".read"))


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    own = [*console.pages, *accounts.pages]
    app = console_app(context, [page for page in PAGES if page not in own])
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def test_readers_see_no_link_and_no_form_that_would_refuse(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROLES, "support", Role("support", "Reader", "Reads.", GRANTED))
    reader = await rooms.person("ada", "support")
    for sql in ROWS:
        await rooms.context.database.pool.execute(sql)
    paths = [
        page.path
        for page in GUARDED
        if page.permission == "installation.read" and "GET" in page.methods and "{" not in page.path
    ]
    assert len(paths) > 12
    refused = []
    for path in [
        *paths,
        f"/operator/accounts/{reader.account}",
        f"/operator/money/{reader.account}",
        "/carriers/show/north",
    ]:
        text = await reader.get(path)
        wanted = {("GET", link) for link in re.findall(r'(?:href|hx-get)="(/[^"]*)"', text)}
        forms = re.findall(r'<form(?=[^>]*method="post")[^>]*action="(/[^"]*)"(.*?)</form>', text, re.DOTALL)
        wanted |= {("POST", action) for action, body in forms if 'type="submit"' in body}  # else a note stands there
        may = {*GRANTED, "self", "public"}
        refused += [(path, *one) for one in sorted(wanted) if permission_for(one[0], one[1]) not in may]
    assert refused == []


@pytest.mark.parametrize(("address", "landing"), [("192.0.2.1", "/operator/accounts"), ("198.51.100.1", "/")])
async def test_an_operator_from_outside_their_networks_lands_where_they_may_go(
    database_url: str, tmp_path: Path, address: str, landing: str
) -> None:
    networks = ("192.0.2.0/24",)
    async with open_house(database_url, tmp_path, [*pages, *home.pages], operator_networks=networks) as house:
        browser = house.browser(address=address)
        fields = {"email": "ada@example.com", "password": PASSWORD, "next": "/operator/accounts"}
        answer = await browser.client.post("/sign-in", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, landing)
        shown = await browser.get(landing)
        assert shown.status_code == 200
        assert ("not open to you from here" in shown.text) is (landing == "/")
