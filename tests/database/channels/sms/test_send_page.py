"""Sending from the console: what the page counts and prices, and that it goes the way of the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from strowger.channels.sms.senders.service import create_sender
from strowger.protocols.gsm import sms_length
from tests.database.home.test_home import Visit, add_person, visit

__all__ = ["visit"]
FORM = {"sender": "ACME", "type": "TXN", "to": "447700900123", "body": "Hello", "unicode": "Auto"}
TEXTS = (
    "Hello", "", "€" * 80, "a" * 160, "a" * 161, "[" * 81, "Grüße 🙂", "🙂" * 35, "🙂" * 36, "ż" * 70, "ż" * 71,
    "one\r\ntwo", "“quoted”" * 20, "x" * 1600,
)  # fmt: skip


def counted(html: str) -> dict[str, str]:
    text = re.sub(r"\s+", " ", html)
    pairs = re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", text)
    return {name: re.sub(r"<[^>]*>", "", value).strip() for name, value in pairs}


async def messages(visit: Visit) -> list[Any]:
    return await visit.context.database.pool.fetch("SELECT * FROM message ORDER BY request_id, n")


@pytest.mark.parametrize("mode", ["Auto", "0", "1"])
async def test_the_counter_is_that_of_the_pipeline(visit: Visit, mode: str) -> None:
    for text in TEXTS:
        answer = await visit.post("/send/measure", **FORM | {"body": text, "unicode": mode})
        length = sms_length(text, mode)  # type: ignore[arg-type]
        shown = counted(answer.text)
        assert shown["Characters"].replace(" ", "") == str(length.chars), text
        assert shown["Parts"] == str(length.units), text
        assert shown["Left in this part"] == str(length.remaining), text
        assert shown["Encoding"].startswith("GSM" if length.encoding == "GSM7" else "Unicode"), text


async def test_the_characters_that_force_unicode_are_named_and_marked(visit: Visit) -> None:
    answer = await visit.post("/send/measure", **FORM | {"body": "Grüße “du” <b>"})
    assert "Left double quotation mark" in answer.text
    assert "<mark>“</mark>" in answer.text
    assert "&lt;b&gt;" in answer.text
    assert "<mark>" not in (await visit.post("/send/measure", **FORM | {"body": "Grüße “du”", "unicode": "1"})).text
    assert "are replaced" in (await visit.post("/send/measure", **FORM | {"body": "“du”", "unicode": "0"})).text


async def test_price_and_balance(visit: Visit) -> None:
    answer = await visit.post("/send/measure", **FORM | {"to": "447700900123,447700900124\n12", "body": "a" * 161})
    shown = counted(answer.text)
    assert shown["Price"] == "0.20 EUR"
    assert shown["Recipients"] == "2 + 1 not valid"
    assert "2.50 EUR are there to spend" in answer.text
    many = ",".join(f"4477009001{i:02}" for i in range(51))
    assert "does not cover this" in (await visit.post("/send/measure", **FORM | {"to": many})).text


async def test_the_form_begins_with_the_default_sender_and_nothing_ticked(visit: Visit) -> None:
    await visit.context.database.run(lambda c: create_sender(c, visit.account, "AAA"))
    await visit.context.database.run(lambda c: create_sender(c, visit.account, "WAITING", status="Pending"))
    shown = await visit.page("/send", to="447700900123")
    assert '<option value="ACME" selected>' in shown
    assert "WAITING" not in shown
    assert not re.search(r'id="send-(?:flash|no_receipt)"[^>]* checked', shown)
    assert "447700900123</textarea>" in shown


async def test_a_message_goes_the_way_of_the_api_and_its_page_opens(visit: Visit) -> None:
    answer = await visit.post(
        "/send", **FORM | {"to": "+44 7700 900123", "flash": "on", "ref": "order 7", "validity": "5"}
    )
    assert answer.status_code == 303
    (row,) = await messages(visit)
    assert answer.headers["location"] == f"/messages/{row['request_id']}:1"
    assert (row["account_id"], row["recipient"], row["sender"], row["source"]) == (
        visit.account, "447700900123", "ACME", "Console",
    )  # fmt: skip
    assert row["options"] == {"flash": 1, "ref": "order 7"}
    assert (row["valid_until"] - row["created_at"]).total_seconds() == 300
    assert await visit.context.database.pool.fetchval("SELECT count(*) FROM submission") == 1


async def test_several_recipients_lead_to_the_list_of_the_request(visit: Visit) -> None:
    answer = await visit.post("/send", **FORM | {"to": "447700900123\r\n447700900124, 447700900125"})
    rows = await messages(visit)
    assert [row["recipient"][-1] for row in rows] == ["3", "4", "5"]
    assert answer.headers["location"] == f"/messages?q={rows[0]['request_id']}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": ""}, "This is needed."),
        ({"body": ""}, "This is needed."),
        ({"to": "12"}, "E602"),
        ({"to": ",".join(str(447700900000 + i) for i in range(101))}, "101 recipients"),
        ({"body": "x" * 1601}, "1601 characters; at most 1600"),
        ({"callback": "ftp://example.net/"}, "E615"),
        ({"validity": "9999"}, "Enter 4320 or less."),
        ({"sender": "NOTMINE"}, "Choose one of the listed values."),
        ({"campaign_name": "spring sale"}, "Letters, digits, _ and - only."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_sent(
    visit: Visit, changes: dict[str, str], said: str
) -> None:
    answer = await visit.post("/send", **FORM | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert f"{changes.get('body', 'Hello')}</textarea>" in answer.text
    assert await messages(visit) == []


async def test_another_accounts_sender_cannot_be_used(visit: Visit) -> None:
    other, _ = await add_person(visit.context, "bob")
    await visit.context.database.run(lambda c: create_sender(c, other, "BOBS"))
    answer = await visit.post("/send", **FORM | {"sender": "BOBS"})
    assert answer.status_code == 422
    assert await messages(visit) == []


async def test_without_the_token_nothing_is_sent(visit: Visit) -> None:
    answer = await visit.client.post("/send", data=FORM)
    assert answer.status_code >= 400
    assert await messages(visit) == []


async def test_the_same_call_as_code_follows_what_is_typed(visit: Visit) -> None:
    answer = await visit.post("/console/forms/send/code", **FORM | {"body": "Tom's “code”", "no_receipt": "on"})
    assert "--data-urlencode dlr=0" in answer.text
    assert "flash" not in answer.text
    assert "/v1/HX" in answer.text


async def test_without_an_approved_sender_the_page_says_so(visit: Visit) -> None:
    await visit.context.database.pool.execute("UPDATE sender SET status = 'Pending'")
    assert "no approved sender ID" in await visit.page("/send")


async def test_a_price_that_is_not_known_is_not_guessed(visit: Visit) -> None:
    await visit.context.database.pool.execute("UPDATE tariff SET country = 'FR'")
    assert counted((await visit.post("/send/measure", **FORM)).text)["Price"] == "–"


async def add_template(visit: Visit, template_id: str = "1234567890123456789", **changes: Any) -> str:
    values = {
        "account_id": visit.account, "title": "Order sent", "content": "Dear {name}, {shop} sent your order.",
        "template_id": template_id, "purpose": "SI", "iso_code": "DE", "senders": ["OTHER", "ACME"], "status": 1,
        "defaults": {"shop": "Acme"}, "author": "Ada", "created_at": datetime(2026, 1, 1, tzinfo=UTC), **changes,
    }  # fmt: skip
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await visit.context.database.pool.execute(
        f"INSERT INTO sms_template ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return template_id


async def test_approved_templates_are_searched_and_chosen_and_what_was_typed_stays(visit: Visit) -> None:
    template = await add_template(visit)
    await add_template(visit, "2234567890123456789", title="Waiting", status=0)
    foreign = await visit.context.database.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000009GB', 'O', 'GB', 'EUR') RETURNING id"
    )
    await add_template(visit, "3234567890123456789", title="Foreign", account_id=foreign)
    assert re.findall("<strong>(.*?)</strong>", await visit.page("/send/templates")) == ["Order sent"]
    for text, found in (
        ("ORDER", True),
        ("{shop}", True),
        ("1234", True),
        ("2345", False),
        ("Waiting", False),
        ("%", False),
    ):
        assert ("Order sent" in await visit.page("/send/templates", q=text)) is found, text
    shown = (await visit.post("/send/choose", **FORM | {"choose": template, "ref": "r 1"})).text
    assert re.findall(r'name="(value_\d)"', shown) == ["value_1", "value_2"]
    assert '<option value="ACME" selected>' in shown
    assert '<option value="SI" selected>' in shown
    assert 'value="r 1"' in shown
    assert "447700900123</textarea>" in shown
    assert 'name="body"' not in shown
    assert not re.search(r'id="send-(?:flash|no_receipt)"[^>]* checked', shown)
    ticked = (await visit.post("/send/choose", **FORM | {"choose": template, "flash": "on"})).text
    assert re.findall(r'id="send-(flash|no_receipt)"[^>]* checked', ticked) == ["flash"]
    for wrong in ("", "2234567890123456789", "3234567890123456789"):
        assert 'name="body"' in (await visit.post("/send/choose", **FORM | {"choose": wrong})).text


async def test_a_chosen_template_is_filled_measured_and_sent_the_way_of_the_api(visit: Visit) -> None:
    template = await add_template(visit)
    form = {name: value for name, value in FORM.items() if name != "body"} | {
        "template": template, "variables": "2", "type": "SI", "value_1": "Ada", "value_2": "",
    }  # fmt: skip
    measured = await visit.post("/send/measure", **form)
    assert "Dear Ada, Acme sent your order." in measured.text
    assert counted(measured.text)["Characters"] == "31"
    assert "Dear {name}" in (await visit.post("/send/measure", **form | {"value_1": ""})).text
    refused = await visit.post("/send", **form | {"value_1": ""})
    assert refused.status_code == 422
    assert "name: This is needed." in refused.text
    assert (await visit.post("/send", **form)).status_code == 303
    (row,) = await messages(visit)
    assert (row["body"], row["type"], row["options"]["template_id"]) == (
        "Dear Ada, Acme sent your order.",
        "SI",
        template,
    )
    code = await visit.post("/console/forms/send/code", **form)
    assert "template_data" in code.text
    assert "template_id" in code.text
    await visit.context.database.pool.execute("UPDATE sms_template SET status = 4")
    gone = await visit.post("/send", **form)
    assert (gone.status_code, len(await messages(visit))) == (422, 1)
    assert "cannot be used any more" in gone.text
