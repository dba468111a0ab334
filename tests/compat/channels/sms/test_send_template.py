"""Sending by template in the exact forms that clients use (sms.md 3.5)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api_kit import SENDER, SID, Api, add_customer

TEMPLATE = "1107000000000000001"
TWO = "Dear {#var#}, your order {#var#} has left us."


async def add_template(api: Api, content: str, template_id: str = TEMPLATE, **columns: Any) -> None:
    values = {
        "account_id": api.customer.account_id, "title": f"Title {template_id}", "content": content,
        "template_id": template_id, "senders": [SENDER], "purpose": "TXN", "iso_code": "GB", "status": 1, **columns,
    }  # fmt: skip
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await api.context.database.pool.execute(
        f"INSERT INTO sms_template ({', '.join(values)}) VALUES ({places})", *values.values()
    )


async def bodies(api: Api) -> list[str]:
    return [row["body"] for row in await api.stored()]


async def post(api: Api, params: dict[str, Any], version: str = "v2", family: str = "messages") -> httpx.Response:
    path = f"/{version}/{SID}/{family}"
    return await api.client.post(path, json={"to": "+447700900123", **params}, headers=api.customer.headers)


SPELLINGS: list[tuple[str, Any]] = [
    ("Dear {name}, {amount} is due.", {"name": "Ann", "amount": "10"}),
    ("Dear {name}, {amount} is due.", {"NAME": "Ann", "Amount": 10, "surplus": "x"}),
    ("Dear {name}, {amount} is due.", ["Ann", "10"]),
    ("Dear {name}, {amount} is due.", '{"name": "Ann", "amount": "10"}'),
    ("Dear {name}, {amount} is due.", "['Ann', '10']"),
    ("Dear {#var#}, {#var#} is due.", {"var1": "Ann", "var2": "10"}),
    ("Dear {#var#}, {#var#} is due.", {"var2": "10", "var1": "Ann"}),
    ("Dear {#var#}, {#var#} is due.", {"{#var1#}": "Ann", "{#var2#}": "10"}),
    ("Dear {#var#}, {#var#} is due.", {"first": "Ann", "second": "10"}),
    ("Dear {#var#}, {#var#} is due.", {"#var#": ["Ann", "10"]}),
    ("Dear {#var#}, {#var#} is due.", ["Ann", 10]),
    ("Dear {#var#}, 10 is due.", {"#var#": "Ann"}),
    ("Dear {#var#}, 10 is due.", {"var": "Ann"}),
    ("Dear {#var#}, 10 is due.", {"{#var#}": "Ann"}),
    ("Dear {#var#}, 10 is due.", {"anything": "Ann"}),
    ("Dear {name}, {#var#} is due.", {"name": "Ann", "var1": "10"}),
]


@pytest.mark.parametrize(("content", "values"), SPELLINGS)
async def test_every_spelling_of_the_values(api: Api, content: str, values: Any) -> None:
    await add_template(api, content)
    answer = await post(api, {"sender": SENDER, "template_id": TEMPLATE, "template_data": values})
    assert answer.status_code == 202, answer.text
    assert answer.json()["body"] == "Dear Ann, 10 is due."
    (row,) = await api.stored()
    assert (row["body"], row["options"]["template_id"]) == ("Dear Ann, 10 is due.", TEMPLATE)


@pytest.mark.parametrize("family", ["messages", "sms"])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_forms_queries_and_gets_are_equal(api: Api, version: str, family: str) -> None:
    await add_template(api, TWO)
    url, headers = f"/{version}/{SID}/{family}", api.customer.headers
    fields = {"to": "447700900123", "sender": SENDER, "type": "TXN", "channel": "SMS", "template_id": TEMPLATE}
    data = json.dumps({"var1": "Ann", "var2": "7"})
    answers = [
        await api.client.post(url, data={**fields, "template_data": data}, headers=headers),
        await api.client.post(url, data={**fields, "variables": data}, headers=headers),
        await api.client.post(url, json={**fields, "variables": {"var1": "Ann", "var2": "7"}}, headers=headers),
        await api.client.post(
            url, data={**fields, "template_data[var1]": "Ann", "template_data[var2]": "7"}, headers=headers
        ),
        await api.client.post(url, files={k: (None, v) for k, v in {**fields, "template_data": data}.items()}, headers=headers),
        await api.client.get(url, params={**fields, "template_data": data}, headers=headers),
        await api.client.request("GET", url, json={**fields, "template_data": ["Ann", "7"]}, headers=headers),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [202] * len(answers)
    assert set(await bodies(api)) == {"Dear Ann, your order 7 has left us."}


async def test_sender_type_and_entity_come_from_the_template(api: Api) -> None:
    await add_template(api, "Your code is {code}.", purpose="OTP", entity_id="1101000000000000001")
    answer = await post(api, {"template_id": TEMPLATE, "template_data": {"code": 42}})
    assert (answer.json()["sender"], answer.json()["type"]) == (SENDER, "OTP")
    (row,) = await api.stored()
    assert (row["type"], row["options"]["entity_id"]) == ("OTP", "1101000000000000001")
    answer = await post(api, {"template_id": TEMPLATE, "template_data": {"code": 42}, "type": "MKT"})
    assert answer.json()["type"] == "MKT"


async def test_the_body_beside_values_is_ignored_when_the_template_is_there(api: Api) -> None:
    await add_template(api, TWO, title="two")
    given = {"sender": SENDER, "body": "Ann, {#var#} came", "template_data": ["Ann", "7"]}
    await post(api, {**given, "template_id": TEMPLATE})
    await post(
        api, {**given, "template_id": "1107000000000000999"}
    )  # not known here: the caller's text with its values
    await post(api, {"sender": SENDER, "body": "as it is {x}", "template_id": TEMPLATE})
    await post(api, {"sender": SENDER, "body": "braces {x} stay", "variables": {"y": "1"}})
    assert await bodies(api) == [
        "Dear Ann, your order 7 has left us.", "Ann, Ann came", "as it is {x}", "braces {x} stay",
    ]  # fmt: skip


async def test_a_template_without_variables_needs_no_values_and_defaults_fill_in(api: Api) -> None:
    await add_template(api, "The shop is open.")
    await add_template(api, "Dear {name}, {#var#}!", "1107000000000000002", defaults={"name": "friend", "var1": "hi"})
    assert (await post(api, {"sender": SENDER, "template_id": TEMPLATE})).status_code == 202
    assert (await post(api, {"sender": SENDER, "template_id": int("1107000000000000002")})).status_code == 202
    await post(api, {"sender": SENDER, "template_id": "1107000000000000002", "template_data": {"name": "Ann"}})
    assert await bodies(api) == ["The shop is open.", "Dear friend, hi!", "Dear Ann, hi!"]


async def test_the_place_of_a_link_is_left_for_it(api: Api) -> None:
    await add_template(api, "{name}, see {URL}")
    await post(api, {"sender": SENDER, "template_id": TEMPLATE, "template_data": {"name": "Ann", "URL": "no"}})
    assert await bodies(api) == ["Ann, see {URL}"]


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"template_id": TEMPLATE}, "E611", "template_data"),
        ({"template_id": TEMPLATE, "template_data": {"var1": "Ann"}}, "E611", "template_data"),
        ({"template_id": TEMPLATE, "template_data": {"#var#": "Ann"}}, "E611", "template_data"),
        ({"template_id": TEMPLATE, "template_data": []}, "E611", "template_data"),
        ({"template_id": TEMPLATE, "template_data": "Ann"}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": 7}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": "[" * 3000}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": {"var1": {"a": 1}, "var2": "x"}}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": '{"var1": "a\\u0000b", "var2": "x"}'}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": {str(n): "x" for n in range(201)}}, "E612", "template_data"),
        ({"template_id": TEMPLATE, "template_data": ["x" * 1600, "7"]}, "E607", "template_data"),
        ({"template_id": "123", "template_data": ["a", "b"]}, "E609", "template_id"),
        ({"template_id": "1107000000000000009", "template_data": ["a", "b"]}, "E610", "template_id"),
        ({"template_id": "1107000000000000009"}, "E610", "template_id"),
        ({"template_data": ["a", "b"]}, "E606", "body"),
    ],
)
async def test_bad_values_are_refused_with_their_code(api: Api, params: dict[str, Any], code: str, field: str) -> None:
    await add_template(api, TWO)
    answer = await post(api, {"sender": SENDER, **params})
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert field in answer.json()["error"]
    assert await api.stored() == []


@pytest.mark.parametrize("columns", [{"status": 0}, {"status": 2}, {"status": 3}, {"status": 4}, {"status": 5}])
async def test_only_approved_templates_are_used(api: Api, columns: dict[str, Any]) -> None:
    await add_template(api, "Hello", **columns)
    assert (await post(api, {"sender": SENDER, "template_id": TEMPLATE})).json()["code"] == "E610"


async def test_another_accounts_template_is_unknown(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    await add_template(api, "Hello", account_id=other.account_id)
    assert (await post(api, {"sender": SENDER, "template_id": TEMPLATE})).json()["code"] == "E610"


async def test_what_is_approved_or_disabled_now_counts_now(api: Api) -> None:
    pool = api.context.database.pool
    await add_template(api, "Hello", status=0)
    send = {"sender": SENDER, "template_id": TEMPLATE}
    assert (await post(api, send)).status_code == 400
    await pool.execute("UPDATE sms_template SET status = 1")
    api.context.clock.advance(1)  # type: ignore[attr-defined]
    assert (await post(api, send)).status_code == 202
