"""Status, logs and sender lists as clients read them (sms.md 3.10 to 3.12)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from strowger.messaging.statuses import Status
from tests.api_kit import SENDER, Api, add_customer, add_key
from tests.compat.channels.sms.test_bad_input import check

UNKNOWN = "019b76da-a800-7000-8000-5a1d3c9e0f42"


async def get(api: Api, path: str, **params: Any) -> httpx.Response:
    return await api.client.get(api.base + path, params=params, headers=api.customer.headers)


async def settle(api: Api, message_id: str, status: Status, trace: str) -> None:
    request, n = message_id.split(":")
    await api.context.database.pool.execute(
        "UPDATE message SET status = $3, trace = $4, final_at = now() WHERE request_id = $1::uuid AND n = $2",
        request,
        int(n),
        int(status),
        trace,
    )


async def test_status_of_one_and_of_many(api: Api) -> None:
    ids = [entry["message_id"] for entry in (await api.send(to="447700900123,447700900124")).json()["data"]]
    await settle(api, ids[0], Status.DELIVERED, "DELIVERED")
    first = {"campaign_id": ids[0], "status": "Delivered", "status_details": "DELIVERED"}
    second = {"campaign_id": ids[1], "status": "Queued", "status_details": "QUEUED"}
    answer = await get(api, "/messages/status", message_ids=",".join(ids))
    assert answer.status_code == 200
    assert answer.json() == {"data": [first, second], "error": {}}
    assert (await get(api, "/messages/status", message_ids=ids[0][:36])).json()["data"] == [first, second]
    assert (await get(api, f"/messages/{ids[0]}")).json()["data"] == [first]
    assert (await get(api, f"/messages/{ids[0][:36]}")).json()["data"] == [first, second]
    sms = (await get(api, "/sms/status", message_ids=ids[0])).json()["data"]
    assert sms == [{**first, "message_id": ids[0]}]


@pytest.mark.parametrize(
    ("status", "spelling"),
    [
        (Status.SENT, "Sent"),
        (Status.UNDELIVERED, "UnDelivered"),
        (Status.EXPIRED, "UnDelivered"),
        (Status.NOT_SENT, "NotSent"),
        (Status.FAILED, "NotSent"),
    ],
)
async def test_spelling_of_statuses(api: Api, status: Status, spelling: str) -> None:
    (entry,) = (await api.send()).json()["data"]
    await settle(api, entry["message_id"], status, "X")
    assert (await get(api, f"/sms/{entry['message_id']}")).json()["data"][0]["status"] == spelling


async def test_unknown_ids(api: Api) -> None:
    (entry,) = (await api.send()).json()["data"]
    ids = f"{entry['message_id']},{UNKNOWN}:1,nonsense"
    data = (await get(api, "/messages/status", message_ids=ids)).json()["data"]
    assert [(row["status"], row["status_details"]) for row in data[1:]] == [("NotFound", "INVALID-MSGID")] * 2
    check(await get(api, "/messages/status", message_ids=f"{UNKNOWN}:1"), "E625")
    check(await get(api, "/messages/status", message_ids=entry["message_id"] + "0"), "E625")
    check(await get(api, f"/messages/{UNKNOWN}"), "E625")
    check(await get(api, "/messages/nonsense"), "E625")
    check(await get(api, "/messages/status"), "E624", "message_ids")
    check(await get(api, "/sms/status", message_ids=",".join(f"{UNKNOWN}:{n}" for n in range(1, 102))), "E624")


async def test_nothing_of_another_account_is_seen(api: Api) -> None:
    (entry,) = (await api.send()).json()["data"]
    other = await add_customer(api.context.database, "HXEU0000000002GB", senders=())
    base, headers = f"/v1/{other.sid}", other.headers
    answer = await api.client.get(f"{base}/messages/{entry['message_id']}", headers=headers)
    check(answer, "E625")
    assert (await api.client.get(f"{base}/messages/logs", headers=headers)).json()["data"] == []
    assert (await api.client.get(f"{base}/messages/sender", headers=headers)).json()["data"] == []
    answer = await api.client.post(
        f"{base}/messages", json={"to": "447700900123", "sender": SENDER, "body": "x"}, headers=headers
    )
    check(answer, "E605")


async def dated(api: Api) -> dict[str, str]:
    """Ids are made by the real clock, so the logs are asked for its day."""
    stamp = (await api.context.database.pool.fetchval("SELECT clock_timestamp()")).date().isoformat()
    return {"from_date": stamp, "to_date": stamp}


async def test_a_limited_key_reads_masked_numbers_where_the_account_hides_them(api: Api) -> None:
    """sms.md 7.3: the right is messages.numbers; a key without limits has it."""
    from strowger.foundation.clock import Clock

    api.context.clock = Clock()
    sent = (await api.send()).json()["data"][0]["message_id"]
    database, account = api.context.database, api.customer.account_id
    await database.pool.execute("""UPDATE account SET settings = settings || '{"hide_numbers": true}'""")
    keys = {"whole": api.customer.key}
    for name, scopes in (("narrow", ["messages.read"]), ("wide", ["messages.read", "messages.numbers"])):
        _, keys[name] = await add_key(database, account, name=name, scopes=scopes)
    shown = {}
    for name, key in keys.items():
        found = await api.client.get(f"/v1/{api.customer.sid}/sms/logs", headers={"api-key": key})
        old = await api.client.get("/v4/", params={"api_key": key, "method": "sms.status", "id": sent})
        shown[name] = (found.json()["data"][0]["recipient"], old.json()["data"][0]["mobile"])
    assert shown["wide"] == shown["whole"] == ("447700900123", "447700900123")
    assert shown["narrow"] == ("447*******23", "447*******23")


async def test_logs(api: Api) -> None:
    from strowger.foundation.clock import Clock

    api.context.clock = Clock()
    sent = (await api.send(to="447700900123,447700900124", type="TXN", ref="r", campaign_name="feb")).json()
    await api.send(to="447700900125", type="MKT")
    await settle(api, sent["data"][0]["message_id"], Status.DELIVERED, "DELIVERED")
    answer = await get(api, "/messages")
    assert answer.status_code == 200
    body = answer.json()
    assert body["meta"] == {"page": 1, "limit": 50, "total": 3}
    assert [row["recipient"] for row in body["data"]] == ["447700900125", "447700900123", "447700900124"]
    row = body["data"][1]
    assert (row["message_id"], row["id"]) == (sent["data"][0]["message_id"], sent["id"])
    assert (row["status"], row["status_details"], row["ref"], row["direction"]) == ("Delivered", "DELIVERED", "r", "MT")
    assert row["createdDateTime"] == sent["createdDateTime"]
    assert row["deliveredDateTime"]
    for filters, count in [
        ({"type": "MKT"}, 1),
        ({"status": "delivered"}, 1),
        ({"status": "Not Sent"}, 0),
        ({"status_trace": "QUEUED"}, 2),
        ({"sender": SENDER}, 3),
        ({"to": "+44 7700 900124"}, 1),
        ({"campaign_name": "feb"}, 2),
        ({"id": sent["id"]}, 2),
        ({"id": sent["data"][1]["message_id"]}, 1),
        ({"direction": "mo"}, 0),
        ({"to": "' OR '1'='1"}, 0),
    ]:
        assert (await get(api, "/sms/logs", **filters)).json()["meta"]["total"] == count, filters
    second = (await get(api, "/sms/logs", page=2, limit=2)).json()
    assert [row["recipient"] for row in second["data"]] == ["447700900124"]
    assert second["meta"] == {"page": 2, "limit": 2, "total": 3}
    assert (await get(api, "/sms/logs", **await dated(api))).json()["meta"]["total"] == 3


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"from_date": "yesterday"}, "E634", "from_date"),
        ({"from_date": "0001-01-01T00:00:00+14:00"}, "E634", "from_date"),
        ({"to_date": "9999-12-31"}, "E634", None),
        ({"from_date": "2026-01-01", "to_date": "2025-12-30"}, "E634", "from_date"),
        ({"from_date": "2025-12-01", "to_date": "2025-12-20"}, "E634", "to_date"),
        ({"from_date": "2025-01-01"}, "E634", "from_date"),
        ({"status": "odd"}, "E400", "status"),
        ({"direction": "up"}, "E400", "direction"),
        ({"id": "x"}, "E400", "id"),
        ({"page": "0"}, "E400", "page"),
        ({"limit": "501"}, "E400", "limit"),
        ({"limit": "x"}, "E400", "limit"),
    ],
)
async def test_bad_log_queries(api: Api, params: dict[str, str], code: str, field: str | None) -> None:
    check(await get(api, "/messages/logs", **params), code, field)


@pytest.mark.parametrize(
    "path",
    ["/messages/status", "/sms/status", "/messages/logs", "/sms/logs", "/messages/identifier", "/sms/identifier"],
)
async def test_reading_is_the_same_under_v2(api: Api, path: str) -> None:
    sent = (await api.send()).json()
    query = {"message_ids": sent["data"][0]["message_id"]} if path.endswith("status") else {}
    answers = [
        await api.client.get(f"/{version}/{api.customer.sid}{path}", params=query, headers=api.customer.headers)
        for version in ("v1", "v2")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert "error" in answers[0].json()


@pytest.mark.parametrize("path", ["/messages/sender", "/sms/sender", "/messages/identifier", "/sms/identifier"])
async def test_sender_list(api: Api, path: str) -> None:
    body = (await get(api, path)).json()
    assert (body["code"], body["error"]) == ("MSG110", {})
    (row,) = body["data"]
    assert (row["identifier"], row["sender"], row["status"]) == (SENDER, SENDER, "Approved")


async def test_failures_of_lists_carry_a_list(api: Api) -> None:
    answer = await api.client.get(f"{api.base}/messages/sender")
    assert check(answer, "E401")["data"] == []
