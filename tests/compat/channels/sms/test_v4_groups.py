"""Groups over v4, in the requests of the vendor's own clients; a group is a tag of the directory."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_kit import SENDER, Api, add_customer, add_key

ONE, TWO = "447700900123", "447700900124"


async def ask(api: Api, method: str, key: str = "", **params: Any) -> dict[str, Any]:
    given = {"api_key": key or api.customer.key, "method": method, **params}
    found: dict[str, Any] = (await api.client.get("/v4/", params=given)).json()
    return found


async def fill(api: Api) -> str:
    """A group of two; returns its id."""
    made = await ask(api, "groups.add", name="My Num")
    assert (made["status"], made["data"]["name"]) == ("OK", "My Num")
    for number, more in ((ONE, {"fullname": "Ada L", "email": "ada@example.com"}), ("07700900124", {})):
        answer = await ask(api, "groups.register", number=number, name="my num", action="add", **more)
        assert (answer["status"], answer["message"]) == ("OK", "Number updated Successfully")
    group: str = made["data"]["id"]
    return group


async def test_a_group_is_filled_and_written_to(api: Api) -> None:
    group = await fill(api)
    rows = await api.context.database.pool.fetch("SELECT mobile, name, email, source FROM contact ORDER BY mobile")
    assert [tuple(row) for row in rows] == [(ONE, "Ada L", "ada@example.com", "api"), (TWO, "", "", "api")]
    for named in ({"name": "MY NUM"}, {"id": group}):
        sent = await ask(api, "groups", sender=SENDER, message="Hello", **named)
        assert (sent["status"], sent["message"]) == ("OK", "Campaign of 2 numbers Submitted successfully.")
        assert {sent["data"][n]["mobile"] for n in "01"} == {ONE, TWO}
    assert len(await api.stored()) == 4
    assert (await ask(api, "groups.register", number=TWO, name="My Num", action="delete"))["status"] == "OK"
    assert (await ask(api, "groups.register", number=TWO, name="My Num", action="delete"))["code"] == "A425"
    later = await ask(api, "groups", sender=SENDER, message="Hello", id=group, time="2026-01-02 12:00:00")
    assert later["message"] == "Campaign of 1 numbers Scheduled successfully."
    again = await ask(api, "groups.add", name="my num")
    assert again["data"]["id"] == group


async def test_optin_reaches_who_opted_in_to_the_sender(api: Api) -> None:
    group = await fill(api)
    nobody = await ask(api, "optin", sender=SENDER, message="Hello", id=group)
    assert nobody["code"] == "A421"
    stated = {"channel": "sms", "sender_identifier": SENDER, "contact_identifier": f"+{TWO}", "consent_status": "OPT_IN",
              "source": "web"}  # fmt: skip
    done = await api.client.post(f"{api.base}/consent", json=stated, headers=api.customer.headers)
    assert done.status_code == 202, done.text
    sent = await ask(api, "optin", sender=SENDER, message="Hello", name="My Num")
    assert (sent["data"]["0"]["mobile"], sent["message"]) == (TWO, "Campaign of 1 numbers Submitted successfully.")
    assert [row["recipient"] for row in await api.stored()] == [TWO]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("groups", {"sender": SENDER, "message": "x"}, "A420"),
        ("groups", {"sender": SENDER, "message": "x", "name": "Nobody"}, "A424"),
        ("groups", {"sender": SENDER, "message": "x", "id": "999"}, "A421"),
        ("groups", {"sender": SENDER, "message": "x", "id": "x"}, "A421"),
        ("groups", {"sender": SENDER, "name": "Empty", "message": "x"}, "A421"),
        ("groups", {"sender": SENDER, "name": "My Num"}, "A413"),
        ("groups", {"sender": "NOBODY", "name": "My Num", "message": "x"}, "A414"),
        ("optin", {"name": "My Num", "message": "x"}, "A414"),
        ("groups.register", {"name": "My Num"}, "A423"),
        ("groups.register", {"name": "My Num", "number": "12"}, "A422"),
        ("groups.register", {"name": "Nobody", "number": ONE}, "A424"),
        ("groups.register", {"name": "My Num", "number": ONE, "action": "move"}, "A400"),
        ("groups.register", {"name": "My Num", "number": "447700900777", "email": "no"}, "A400"),
        ("groups.add", {}, "A420"),
        ("groups.add", {"name": "a,b"}, "A400"),
    ],
)
async def test_failures_change_nothing(api: Api, method: str, params: dict[str, str], code: str) -> None:
    await fill(api)
    await ask(api, "groups.add", name="Empty")
    assert (await ask(api, method, **params))["code"] == code
    assert await api.stored() == []
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM contact") == 2


async def test_groups_of_others_and_large_ones(api: Api) -> None:
    group = await fill(api)
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    assert (await ask(api, "groups", other.key, id=group, sender=SENDER, message="x"))["code"] == "A421"
    assert (await ask(api, "groups.register", other.key, name="My Num", number=ONE))["code"] == "A424"
    await api.context.database.pool.execute(
        "WITH made AS (INSERT INTO contact (account_id, mobile, created_at, updated_at)"
        " SELECT $1, (4477001000000 + n)::text, now(), now() FROM generate_series(1, 1000) n RETURNING id)"
        " INSERT INTO contact_tag (account_id, tag_id, contact_id, added_at) SELECT $1, $2, id, now() FROM made",
        api.customer.account_id, int(group),
    )  # fmt: skip
    assert (await ask(api, "groups", id=group, sender=SENDER, message="x"))["code"] == "A416"
    assert await api.stored() == []
    _, narrow = await add_key(api.context.database, api.customer.account_id, scopes=["messages.read"])
    assert (await ask(api, "groups", narrow, id=group, sender=SENDER, message="x"))["code"] == "A403"
