"""The console's rooms about callback profiles: what is seen, what is changed, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from strowger.foundation.context import build_context
from strowger.foundation.settings import Settings
from strowger.messaging.pages import pages as message_pages
from strowger.platform.callbacks.profiles.jobs import ProfileJobs
from strowger.platform.callbacks.profiles.pages import pages
from strowger.platform.callbacks.profiles.schemas import ProfileStatus
from strowger.platform.callbacks.profiles.service import ProfileService
from tests.browser.site import console_app
from tests.database.messaging.console_client import add_person, csrf_of, running, sign_in_as
from tests.database.platform.callbacks.conftest import Receiver, answer

TYPED = {
    "title": "dlr main", "channel": "sms", "events": "sms_send", "http_method": "POST", "body_type": "json",
    "url": "http://127.0.0.1:9999/dlr", "body": '{"id": "<id>"}', "headers": "x-key: topsecret", "auth_type": "basic",
    "username": "ada", "password": "s3cret", "enc_algo": "", "signature": "on",
}  # fmt: skip


class Desk:
    """A signed-in person."""

    def __init__(self, context: Any, client: httpx.AsyncClient) -> None:
        self.context, self.client = context, client
        self.service = ProfileService(context)

    async def sit_down(self, name: str, **person: Any) -> None:
        self.account, token = await add_person(self.context, name, **person)
        await sign_in_as(self.client, token)
        self.csrf = await csrf_of(self.context, token)

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.client.get(path, params=params or None)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **fields})

    async def make(self, **fields: str) -> Any:
        made = await self.post("/callbacks/profiles/new", **{**TYPED, **fields})
        assert made.status_code == 303, made.text
        return next(iter(await self.service.list_all(self.account)))


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, [*pages, *message_pages])
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        desk = Desk(context, client)
        await desk.sit_down("ada")
        yield desk
    await context.http.close()
    await context.database.close()


async def test_a_profile_is_made_shown_changed_copied_and_deleted(desk: Desk) -> None:
    assert "No callback profiles yet" in (await desk.get("/callbacks/profiles")).text
    for channel in ("sms", "whatsapp", "default"):
        assert (await desk.get("/callbacks/profiles/new", channel=channel)).status_code == 200
    found = await desk.make()
    assert found.draft.auth.password == "s3cret"
    listed = (await desk.get("/callbacks/profiles", q="dlr")).text
    assert found.name in listed
    page = (await desk.get(f"/callbacks/profiles/{found.id}")).text
    assert found.name in page
    assert "topsecret" not in page
    form = (await desk.get(f"/callbacks/profiles/{found.id}/edit")).text
    assert "x-key: ****et" in form
    assert "s3cret" not in form
    changed = {
        **TYPED,
        "headers": "x-key: ****et",
        "password": "****et",
        "title": "renamed",
        "enc_algo": "AES-128-CFB",
        "enc_key": "0123456789abcdef",
        "enc_iv": "fedcba9876543210",
        "retry_count": "2",
        "retry_interval": "5, 6",
    }
    assert (await desk.post(f"/callbacks/profiles/{found.id}/edit", **changed)).status_code == 303
    kept = (await desk.service.get(desk.account, found.id)).draft
    assert (kept.title, kept.headers, kept.auth.password) == ("renamed", {"x-key": "topsecret"}, "s3cret")
    assert (kept.retry, kept.enc.iv if kept.enc else "") == ({"count": 2, "interval": [5, 6]}, "fedcba9876543210")
    assert "createDecipheriv" in (await desk.get(f"/callbacks/profiles/{found.id}")).text
    copied = await desk.post(f"/callbacks/profiles/{found.id}/duplicate")
    assert copied.headers["location"].endswith("/edit")
    copy = next(iter(await desk.service.list_all(desk.account)))
    assert (copy.draft.title, copy.status) == ("renamed copy", ProfileStatus.DISABLED)
    await desk.post(f"/callbacks/profiles/{copy.id}/enable")
    assert (await desk.service.get(desk.account, copy.id)).status is ProfileStatus.ACTIVE
    await desk.post(f"/callbacks/profiles/{copy.id}/disable")
    assert "Disabled" in (await desk.get(f"/callbacks/profiles/{copy.id}")).text
    await desk.post(f"/callbacks/profiles/{copy.id}/delete")
    assert (await desk.get(f"/callbacks/profiles/{copy.id}")).status_code == 404
    rotated = await desk.post(f"/callbacks/profiles/{found.id}/rotate")
    assert rotated.status_code == 303
    assert len((await desk.service.get(desk.account, found.id)).secrets) == 2


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"title": "a"}, "at least 3"),
        ({"url": "http://10.0.0.1/"}, "RBC306"),
        ({"body": "no json"}, "RBC307"),
        ({"headers": "Host: x"}, "RBC315"),
        ({"password": ""}, "RBC311"),
        ({"enc_algo": "AES-128-CFB", "enc_key": "short"}, "RBC308"),
        ({"retry_count": "x"}, "RBC316"),
    ],
)
async def test_what_cannot_be_is_told_beside_its_field_and_kept(desk: Desk, fields: dict[str, str], text: str) -> None:
    answered = await desk.post("/callbacks/profiles/new", **{**TYPED, **fields})
    assert answered.status_code == 422
    assert text in answered.text
    assert next(iter(fields.values())) in answered.text
    assert await desk.service.list_all(desk.account) == []


async def test_preview_and_test_follow_what_is_typed(desk: Desk, receiver: Receiver) -> None:
    typed = {**TYPED, "url": receiver.url("/h?i=<id>"), "body": '{"st": "<status>", "u": "<units>"}'}
    shown = (await desk.post("/callbacks/profiles/preview", **typed)).text
    assert "POST http://127.0.0.1" in shown
    assert "&#34;st&#34;:&#34;DELIVERED&#34;,&#34;u&#34;:1" in shown
    assert "s3cret" not in shown
    assert receiver.received == []
    assert "POST http" in (await desk.post("/callbacks/profiles/preview", **{**typed, "title": ""})).text
    assert "Enter the endpoint" in (await desk.post("/callbacks/profiles/preview", **{**typed, "url": ""})).text
    assert "Must be an object" in (await desk.post("/callbacks/profiles/preview", **{**typed, "body": "no json"})).text
    receiver.script = lambda _: answer(202, b"thank you")
    tried = (await desk.post("/callbacks/profiles/try", **typed)).text
    assert "HTTP 202" in tried
    assert "thank you" in tried
    [request] = receiver.received
    assert request.headers["authorization"].startswith("Basic ")
    assert await desk.service.list_all(desk.account) == []
    made = await desk.make(url=receiver.url())
    tested = (await desk.post(f"/callbacks/profiles/{made.id}/test")).text
    assert "Taken" in tested
    assert (await desk.get(f"/callbacks/attempts?profile={made.name}")).text.replace("<wbr>", "").count(
        receiver.url()
    ) >= 1


async def test_the_token_button_asks_the_token_server(desk: Desk, receiver: Receiver) -> None:
    receiver.script = lambda _: answer(200, b'{"access_token": "abc", "expires_in": "3600"}')
    typed = {
        **TYPED,
        "auth_type": "advanced",
        "auth_url": receiver.url("/token"),
        "client_id": "me",
        "client_secret": "x",
    }
    told = (await desk.post("/callbacks/profiles/token", **typed)).text
    assert "A token came" in told
    assert "abc" not in told
    receiver.script = lambda _: answer(403)
    assert "answered 403" in (await desk.post("/callbacks/profiles/token", **typed)).text


async def test_figures_defaults_and_owners_mail(desk: Desk) -> None:
    made = await desk.make()
    now = desk.context.clock.now().replace(minute=0, second=0, microsecond=0)
    rows = [(1, 200, 3, 5, 400), (3, 503, 10, 2, 1000), (4, 0, 0, 7, 0)]
    for outcome, http, bucket, number, ms in rows:
        await desk.context.database.pool.execute(
            "INSERT INTO callback_tally VALUES ($1, $2, $3, 'https://a.example:443', $4, $5, $6, $7, $8)",
            desk.account, made.id, now, outcome, http, bucket, number, ms,
        )  # fmt: skip
    exported = (await desk.get("/callbacks/profiles/report", export="csv")).text
    assert "https://a.example:443,7,5,2,0,7,200,500,200" in exported
    assert (await desk.get("/callbacks/profiles/report", days="30")).status_code == 200
    saved = await desk.post("/callbacks/profiles/defaults", sms_send=made.name, sms_mo="")
    assert saved.status_code == 303
    assert await desk.service.defaults(desk.account) == {"sms_send": made.id}
    assert "default of SMS Send" in (await desk.get(f"/callbacks/profiles/{made.id}")).text
    pool = desk.context.database.pool
    jobs = ProfileJobs(desk.context)
    assert await jobs.tell_owners() == 0
    await pool.execute("UPDATE callback_profile SET failing_since = now() - interval '2 hours', failures = 4")
    assert (await jobs.tell_owners(), await jobs.tell_owners()) == (1, 0)
    await pool.execute("UPDATE callback_profile SET status = 2, disabled_why = 'failing'")
    assert (await jobs.tell_owners(), await jobs.tell_owners()) == (1, 0)
    mails = await pool.fetch("SELECT recipient, subject FROM mail WHERE kind = 'callback_profile' ORDER BY id")
    assert [mail["recipient"] for mail in mails] == ["ada@example.com"] * 2
    assert "was switched off" in mails[1]["subject"]


async def test_others_see_and_change_nothing(desk: Desk) -> None:
    made = await desk.make()
    await desk.sit_down("eve")
    path = f"/callbacks/profiles/{made.id}"
    for answered in [
        *[await desk.get(path + tail) for tail in ("", "/edit")],
        *[
            await desk.post(path + tail, **TYPED)
            for tail in (
                "/edit",
                "/test",
                "/enable",
                "/disable",
                "/duplicate",
                "/delete",
                "/replay",
                "/reveal",
                "/rotate",
            )
        ],
        await desk.post("/callbacks/profiles/preview", **TYPED, profile_id=str(made.id)),
    ]:
        assert answered.status_code == 404
    assert made.name not in (await desk.get("/callbacks/profiles")).text
    await desk.sit_down("sue", role="support", account_id=made.account_id)
    assert (await desk.get(path)).status_code == 200
    for tail in ("/edit", "/delete", "/rotate"):
        assert (await desk.post(path + tail, **TYPED)).status_code == 403
