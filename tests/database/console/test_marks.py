"""Pages that a person opened last and has starred (U-15), in the whole web application."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from strowger.app import create_app
from strowger.channels.sms.senders.service import create_sender
from strowger.console import gone, marks, repository
from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.platform.privacy import service as privacy
from strowger.platform.privacy.jobs import DataJobs
from tests.browser.messaging.samples import Log
from tests.database.messaging.console_client import add_person, csrf_of, running, sign_in_as

PERSON = "447700900123"


class Desk:
    """One person at the console."""

    def __init__(self, client: httpx.AsyncClient, csrf: str) -> None:
        self.client, self.csrf = client, csrf

    async def open(self, path: str) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def star(self, path: str, title: str = "T", on: str = "1", **headers: str) -> httpx.Response:
        fields = {"csrf": self.csrf, "path": path, "title": title, "on": on}
        return await self.client.post("/console/star", data=fields, headers=headers)

    async def palette(self, q: str = "") -> dict[str, list[tuple[str, str]]]:
        """Path and title of each line of the palette, by group."""
        text = (await self.client.get("/console/search", params={"q": q}, headers={"HX-Request": "true"})).text
        groups = re.findall(r'aria-label="([^"]+)">(.*?)</div>', text, re.DOTALL)
        line = re.compile(r'href="([^"]+)".*?hit-label">([^<]+)<')
        return {name: [(path, unescape(title)) for path, title in line.findall(body)] for name, body in groups}

    async def home(self) -> str:
        """The card on Home."""
        found = re.search(
            r'id="your-pages".*?</section>\s*</div>|id="your-pages".*?yet\.', await self.open("/"), re.DOTALL
        )
        assert found
        return unescape(found[0])


@pytest.fixture
async def context(database_url: str, tmp_path: Path) -> Context:
    return build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))


@pytest.fixture
async def house(context: Context) -> AsyncIterator[Any]:
    app = create_app(context.settings, context)
    async with running(app):
        yield app


@pytest.fixture
async def people(context: Context, house: Any) -> AsyncIterator[Any]:
    """``await people("ada")`` signs somebody in; without an account into one of their own."""
    clients: list[httpx.AsyncClient] = []

    async def enter(name: str, role: str = "owner", account_id: int | None = None) -> tuple[Desk, int]:
        account_id, token = await add_person(context, name, role, account_id)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=house), base_url="http://console.test")
        clients.append(client)
        await sign_in_as(client, token)
        return Desk(client, await csrf_of(context, token)), account_id

    yield enter
    for client in clients:
        await client.aclose()


async def message_of(context: Context, account_id: int, **values: Any) -> str:
    log = Log(context.database, account_id, context.clock.now())
    return f"/messages/{await log.message(recipient=PERSON, **values)}"


async def test_U15_what_was_opened_and_starred_is_in_the_palette_and_on_home(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    assert "Nothing starred or opened yet" in await ada.home()
    path = await message_of(context, account)
    await ada.open(path)
    await ada.open("/messages")
    assert (await ada.star("/messages", "Messages")).status_code == 303
    found = await ada.palette()
    assert list(found)[:2] == ["Starred", "Recent"]
    assert found["Starred"] == [("/messages", "Messages")]
    [(recent, title)] = found["Recent"]
    assert (recent, PERSON in title) == (path, True)
    assert not {"Starred", "Recent"} & set(await ada.palette("mess"))
    home = await ada.home()
    assert f'href="{path}"' in home
    assert 'href="/messages"' in home
    assert 'aria-pressed="true"' in await ada.open("/messages")
    assert (await ada.star("/messages", on="0")).status_code == 303
    assert "Starred" not in await ada.palette()
    await ada.star(path)
    found = await ada.palette()
    assert [place for place, _ in found["Starred"]] == [path]
    assert "Recent" not in found


async def test_U15_a_star_is_a_form_that_htmx_replaces(people: Any) -> None:
    ada, _ = await people("ada")
    answer = await ada.star("/messages", "Messages", **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'aria-pressed="true"' in answer.text
    assert 'name="on" value="0"' in answer.text
    refused = await ada.client.post("/console/star", data={"path": "/messages", "title": "T", "on": "1"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "path", ["/nowhere", "//evil.example", "https://evil.example/", "/sign-in", "/docs", "/reports/no-uuid", "/campaigns/0",
             "/reports/00000000-0000-7000-8000-000000000000", "/directory/contacts/999999999999999999999", "/console/search"],
)  # fmt: skip
async def test_what_is_no_page_cannot_be_starred(people: Any, context: Context, path: str) -> None:
    ada, _ = await people("ada")
    answer = await ada.star(path)
    stored = await context.database.pool.fetchval("SELECT array_agg(path) FROM page_mark")
    assert (answer.status_code, stored) in ((404, None), (303, ["/"]))  # an address elsewhere is read as Home


async def test_U15_twenty_recent_and_fifty_starred(context: Context, people: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(marks, "RECENT", 2)
    monkeypatch.setattr(marks, "STARRED", 2)
    ada, account = await people("ada")
    paths = [await message_of(context, account) for _ in range(4)]
    await ada.open(paths[0])
    await ada.star(paths[0])
    for path in paths:
        await ada.open(path)
    found = await ada.palette()
    assert [place for place, _ in found["Recent"]] == [paths[3], paths[2]]
    assert [place for place, _ in found["Starred"]] == [paths[0]]
    await ada.star("/messages")
    full = await ada.star("/reports", **{"HX-Request": "true"})
    assert (full.status_code, "Take the star" in full.headers["HX-Trigger"]) == (422, True)
    assert (await ada.star("/messages")).status_code == 303
    assert await context.database.pool.fetchval("SELECT count(*) FROM page_mark") == 4


async def test_U15_what_is_gone_or_closed_to_the_role_is_not_shown(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    await context.database.run(lambda c: create_sender(c, account, "STROWG"))
    sender = await context.database.pool.fetchval("SELECT id FROM sender")
    path, message = f"/senders/{sender}", await message_of(context, account)
    await ada.open(path)
    await ada.open(message)
    await ada.star("/settings/team")
    assert {place for place, _ in (await ada.palette())["Recent"]} == {path, message}
    await context.database.pool.execute("DELETE FROM sender")
    assert {place for place, _ in (await ada.palette())["Recent"]} == {message}
    await context.database.pool.execute("UPDATE app_user SET role = 'billing'")
    found = await ada.palette()
    assert not {"Recent", "Starred"} & set(found)


async def test_R56_marks_are_a_persons_own(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    bob, _ = await people("bob", "owner", account)
    eve, _ = await people("eve")
    path = await message_of(context, account)
    await ada.open(path)
    await ada.star("/messages")
    for other in (bob, eve):
        assert not {"Recent", "Starred"} & set(await other.palette())
    assert (await eve.star(path)).status_code == 404


async def test_U15_numbers_are_masked_where_the_role_may_not_see_them(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    path = await message_of(context, account)
    await ada.open(path)
    await context.database.pool.execute("UPDATE account SET settings = settings || '{\"hide_numbers\": true}'")
    await context.database.pool.execute("UPDATE app_user SET role = 'expert-read'")
    [(_, title)] = (await ada.palette())["Recent"]
    assert PERSON not in title
    assert "***" in title
    assert PERSON not in await ada.home()


async def test_marks_go_with_the_person_they_name_and_with_their_owner(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    path = await message_of(context, account)
    await ada.open(path)
    await ada.star("/messages")
    pool = context.database.pool
    await privacy.ask(context, account, PERSON, "ada@example.com")
    await DataJobs(context).erase()
    assert await pool.fetchval("SELECT count(*) FROM page_mark WHERE title LIKE '%' || $1 || '%'", PERSON) == 0
    await pool.execute("DELETE FROM user_session")
    await pool.execute("DELETE FROM app_user")
    assert await pool.fetchval("SELECT count(*) FROM page_mark") == 0


async def contact_of(context: Context, account_id: int, name: str = "Jane Doe", mobile: str = PERSON) -> str:
    made = await context.database.pool.fetchval(
        "INSERT INTO contact (account_id, name, mobile, created_at, updated_at) VALUES ($1, $2, $3, now(), now()) RETURNING id",
        account_id, name, mobile,
    )  # fmt: skip
    return f"/directory/contacts/{made}"


async def stored(context: Context) -> set[str]:
    return {row[0] for row in await context.database.pool.fetch("SELECT path FROM page_mark")}


async def test_U15_stars_of_what_is_gone_go_and_do_not_count(context: Context, people: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(marks, "STARRED", 2)
    ada, account = await people("ada")
    contact, message = await contact_of(context, account), await message_of(context, account)
    for path in (contact, message):
        assert (await ada.star(path)).status_code == 303
    assert (await ada.star("/reports", **{"HX-Request": "true"})).status_code == 422
    await context.database.pool.execute("DELETE FROM contact")
    assert (await ada.star("/reports", **{"HX-Request": "true"})).status_code == 200
    assert await stored(context) == {message, "/reports"}
    await context.database.pool.execute("DELETE FROM message")
    await ada.home()
    assert await stored(context) == {"/reports"}


async def test_U15_what_is_closed_to_the_role_is_kept(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    contact = await contact_of(context, account)
    await ada.star(contact)
    await context.database.pool.execute("UPDATE app_user SET role = 'billing'")
    assert "Starred" not in await ada.palette()
    await gone.forget(context)
    assert await stored(context) == {contact}


@pytest.mark.parametrize("problem", [TimeoutError(), OSError("no database")])
async def test_U15_what_cannot_be_looked_up_is_neither_lost_nor_said_to_be_nothing(
    context: Context, people: Any, monkeypatch: Any, problem: Exception
) -> None:
    ada, account = await people("ada")
    contact = await contact_of(context, account)
    await ada.star(contact)

    def fail(_: Any) -> Any:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(repository, "existing_of", fail)
        assert "Nothing starred" not in await ada.open("/")
        assert "Starred" not in await ada.palette()
        with pytest.raises(type(problem)):
            await gone.forget(context)
    assert await stored(context) == {contact}
    assert f'href="{contact}"' in await ada.home()


async def test_R88_no_title_names_a_person_after_the_erasure(context: Context, people: Any) -> None:
    ada, account = await people("ada")
    contact, other = await contact_of(context, account), await contact_of(context, account, "Joe", "447700900777")
    for path in (contact, other):
        await ada.open(path)
    pool = context.database.pool
    assert await pool.fetchval("SELECT title FROM page_mark WHERE path = $1", contact) == "Jane Doe"
    asked = await privacy.ask(context, account, PERSON, "ada@example.com")
    assert await DataJobs(context).erase() == 1
    assert await stored(context) == {other}
    assert (await pool.fetchval("SELECT rows FROM erasure WHERE id = $1", asked))["page_mark"] == 1


async def test_R87_upkeep_forgets_what_is_gone_in_every_account(
    context: Context, people: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(gone, "BATCH", 2)
    kept = set()
    for name in ("ada", "eve"):
        desk, account = await people(name)
        message, contact = await message_of(context, account), await contact_of(context, account)
        there = await contact_of(context, account, "Joe", "447700900777")
        for path in (message, contact, there, "/reports"):
            assert (await desk.star(path)).status_code == 303
        kept |= {there, "/reports"}
    await context.database.pool.execute("DELETE FROM contact WHERE mobile = $1", PERSON)
    await context.database.pool.execute("DELETE FROM message")
    [upkeep] = [job for job in DataJobs(context).jobs if job.name == "page_marks"]
    assert await upkeep.work() == 4
    assert await stored(context) == kept
