"""Scheduled messages in the console: sent from the Send page, listed, moved, cancelled; foreign ones do not exist."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from strowger.engagement.links import repository as links
from strowger.engagement.links.schemas import Visit as LinkVisit
from strowger.messaging.statuses import Status
from tests.database.channels.sms.test_send_page import FORM, messages
from tests.database.home.test_home import Visit, add_person, csrf_of, sign_in_as, visit

__all__ = ["visit"]


def later(visit: Visit, **span: float) -> str:
    return (visit.context.clock.now() + timedelta(**span)).strftime("%Y-%m-%dT%H:%M")


async def schedule(visit: Visit, **changes: str) -> Any:
    given = FORM | {"to": "447700900123,447700900124", "time": later(visit, days=2)} | changes
    answer = await visit.post("/send", **given)
    assert answer.status_code == 303, answer.text
    return (await messages(visit))[-1]


async def test_a_time_on_the_send_page_schedules(visit: Visit) -> None:
    row = await schedule(visit)
    assert [one["status"] for one in await messages(visit)] == [Status.SCHEDULED] * 2
    shown = await visit.page("/scheduled")
    assert "Waiting" in shown
    assert f"/scheduled/{row['request_id']}/cancel" in shown
    refused = await visit.post("/send", **FORM | {"time": later(visit, minutes=2)})
    assert refused.status_code == 422
    assert "E614" in refused.text
    code = await visit.post("/console/forms/send/code", **FORM | {"time": "2026-12-01T10:00"})
    assert "time=2026-12-01T10:00" in code.text
    assert "timezone=" in code.text


async def test_an_empty_list_says_what_it_is_for(visit: Visit) -> None:
    assert "Nothing is scheduled" in await visit.page("/scheduled")


async def test_moving_and_cancelling(visit: Visit) -> None:
    row = await schedule(visit)
    path = f"/scheduled/{row['request_id']}"
    assert "schedule/" in await visit.page(f"{path}/move")
    too_near = await visit.post(f"{path}/move", time=later(visit, minutes=3))
    assert too_near.status_code == 422
    assert "15 minutes to 3 months" in too_near.text
    moved = await visit.post(f"{path}/move", time=later(visit, days=5))
    assert moved.status_code == 303
    due = await visit.context.database.pool.fetchval("SELECT min(due_at) FROM submission")
    assert due > visit.context.clock.now() + timedelta(days=4)
    assert (await visit.post(f"{path}/cancel")).status_code == 303
    assert [one["status"] for one in await messages(visit)] == [Status.CANCELLED] * 2
    assert "Cancelled" in await visit.page("/scheduled")
    again = await visit.post(f"{path}/move", time=later(visit, days=5))
    assert again.status_code == 422
    assert "Too late" in again.text
    page = await visit.page(f"/messages/{row['request_id']}:1")
    assert "It was cancelled before it left" in page or "cancelled" in page


async def test_a_foreign_schedule_does_not_exist(visit: Visit) -> None:
    row = await schedule(visit)
    _, token = await add_person(visit.context, "bob")
    await sign_in_as(visit.client, token)
    visit.csrf = await csrf_of(visit.context, token)
    path = f"/scheduled/{row['request_id']}"
    assert str(row["request_id"]) not in await visit.page("/scheduled")
    assert (await visit.client.get(f"{path}/move")).status_code == 404
    for tail in ("move", "cancel"):
        assert (await visit.post(f"{path}/{tail}", time=later(visit, days=5))).status_code == 404
    assert {one["status"] for one in await messages(visit)} == {Status.SCHEDULED}


async def test_the_list_is_exported_and_searched(visit: Visit) -> None:
    await schedule(visit, body="Spring sale")
    assert "Spring sale" in await visit.page("/scheduled", q="spring")
    assert "Spring sale" not in await visit.page("/scheduled", q="autumn")
    export = await visit.client.get("/scheduled?export=csv")
    assert "Spring sale" in export.text


async def test_clicks_show_on_the_page_of_their_message(visit: Visit) -> None:
    from strowger.channels.sms.pages.send import send_sms
    from strowger.foundation.ids import new_uuid
    from strowger.platform.gateway.keys import Principal
    from strowger.platform.gateway.operations import Call

    pool, request_id = visit.context.database.pool, new_uuid()
    principal = Principal(visit.account, "HX", 0, "GB", "EUR", "active", settings={}, rate=None)
    wanted = {"url": "https://shop.example/a", "slug": "spring", "track_user": 1}
    params = {"to": "447700900123", "sender": "ACME", "body": "Go {URL}", "url_data": wanted}
    app = visit.client._transport.app  # type: ignore[attr-defined]
    await send_sms(Call(request_id, str(request_id), "POST", "/sms", {}, {}, principal, params, app.state))
    token = await pool.fetchval("SELECT token FROM short_link_token")
    opened = await visit.client.get(f"/s/spring/{token}", headers={"user-agent": "Phone/9"})
    assert opened.headers["location"] == "https://shop.example/a"
    page = await visit.page(f"/messages/{request_id}:1")
    assert "opened 1 time" in page
    assert "Phone/9" in page
    other, _ = await add_person(visit.context, "bob")
    assert await links.links_of_message(pool, other, request_id, 1) == []
    late = LinkVisit(visit.context.clock.now(), None, None, None, None)
    assert await links.open_link(pool, "spring", "nobody", late) is None
