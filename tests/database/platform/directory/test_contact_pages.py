"""The rooms of the directory: contacts, tags, fields, changes of many; roles, foreign rows and bad input."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.database.home.test_home import Visit, add_person, visit
from tests.database.messaging.console_client import csrf_of, sign_in_as

__all__ = ["visit"]
LIST = "/directory/contacts"


async def add(visit: Visit, **fields: Any) -> int:
    answer = await visit.post(f"{LIST}/new", **{"mobile": "+447700900123", **fields})
    assert answer.status_code == 303, re.sub(r"\s+", " ", answer.text)[-3000:]
    return int(answer.headers["location"].rsplit("/", 1)[-1])


async def rows(visit: Visit, query: str, *values: Any) -> list[Any]:
    return [tuple(row) for row in await visit.context.database.pool.fetch(query, *values)]


async def test_a_contact_is_added_shown_edited_and_deleted(visit: Visit) -> None:
    assert (await visit.post("/directory/fields/new", name="Plan", kind="text")).status_code == 303
    assert (await visit.post("/directory/tags/new", name="VIP", colour="info", who="given")).status_code == 303
    (tag,), (field,) = await rows(visit, "SELECT id FROM tag UNION ALL SELECT id FROM contact_field")
    contact = await add(
        visit,
        name="Ada",
        mobile="07700 900123",
        tags=str(tag),
        blocked="on",
        channels="sms",
        **{f"field_{field}": "gold"},
    )
    shown = await visit.page(f"{LIST}/{contact}")
    for text in ("Ada", "+447700900123", "VIP", "gold", "Blocklisted.", "Blocked for SMS", "Added to the directory"):
        assert text in shown, text
    assert await rows(visit, "SELECT channel, address, source FROM blocklist_entry") == [
        ("sms", "447700900123", "manual")
    ]
    html = (await visit.client.get(f"{LIST}/{contact}/edit")).text
    assert re.search(rf'name="tags" value="{tag}" checked', html)
    edited = await visit.post(f"{LIST}/{contact}/edit", name="Ada L.", mobile="+447700900123", email="ada@example.com")
    assert edited.headers["location"] == f"{LIST}/{contact}"
    assert await rows(visit, "SELECT name, email, country, fields FROM contact") == [
        ("Ada L.", "ada@example.com", "GB", {})
    ]
    assert await rows(visit, "SELECT 1 FROM blocklist_entry") == await rows(visit, "SELECT 1 FROM contact_tag") == []
    assert (await visit.post(f"{LIST}/{contact}/delete")).status_code == 303
    assert "No contacts yet" in await visit.page(LIST)


async def test_bad_input_is_shown_beside_its_field_and_changes_nothing(visit: Visit) -> None:
    await add(visit)
    for fields, text in (
        ({"mobile": "12"}, "This is no phone number"), ({"mobile": "+447700900123"}, "There is a contact with this number"),
        ({"mobile": "+447700900124", "name": "<b>"}, "is not allowed here"),
        ({"mobile": "+447700900124", "blocked": "on"}, "Select at least one channel to blocklist"),
        ({"mobile": "+447700900124", "blocked": "on", "channels": "email"}, "Without an e-mail address"),
        ({"mobile": ""}, "This is needed"),
    ):  # fmt: skip
        answer = await visit.post(f"{LIST}/new", **fields)
        assert (answer.status_code, text in answer.text) == (422, True), fields
    assert await rows(visit, "SELECT count(*) FROM contact") == [(1,)]
    assert (await visit.post("/directory/tags/new", name="a|b", colour="info", who="given")).status_code == 422
    assert (await visit.post("/directory/fields/new", name="mobile", kind="text")).status_code == 422


async def test_the_list_is_searched_filtered_and_exported(visit: Visit) -> None:
    await visit.post("/directory/tags/new", name="VIP", colour="info", who="given")
    await visit.post("/directory/fields/new", name="Plan", kind="text")
    (tag,), (field,) = await rows(visit, "SELECT id FROM tag UNION ALL SELECT id FROM contact_field")
    for n, (name, city) in enumerate((("Ada", "London"), ("Bob", "Berlin"), ("Cleo", "Bern"))):
        more = {"tags": str(tag)} if n else {"blocked": "on", "channels": "voice", f"field_{field}": "gold"}
        await add(visit, name=name, city=city, mobile=f"+44770090010{n}", email=f"{name.lower()}@example.com", **more)

    async def names(**params: str) -> list[str]:
        answer = await visit.client.get(LIST, params=params, headers={"HX-Request": "true"})
        return re.findall(r'class="row-link"[^>]*>\s*(\w+)', answer.text)

    assert await names() == ["Cleo", "Bob", "Ada"]
    assert await names(q="0900101") == ["Bob"]
    assert await names(q="cleo@") == ["Cleo"]
    assert await names(tags=str(tag), sort="name") == ["Bob", "Cleo"]
    assert await names(tags="none") == ["Ada"]
    assert await names(blocked="voice") == ["Ada"]
    assert await names(blocked="none", city="ber") == ["Cleo", "Bob"]
    assert await names(**{f"f{field}": "GOLD"}) == ["Ada"]
    assert await names(country="de") == []
    csv = (await visit.client.get(LIST, params={"export": "csv", "sort": "name"})).text
    assert "Ada,'+447700900100,ada@example.com,,Voice,London,GB" in csv
    assert "Bob,'+447700900101,bob@example.com,VIP,,Berlin,GB" in csv


async def test_U23_many_contacts_are_changed_at_once(visit: Visit) -> None:
    ids = [await add(visit, mobile=f"+44770090010{n}", city="Bern" if n < 3 else "Rome") for n in range(5)]
    asked = await visit.client.post(
        f"{LIST}/chosen/tags", data={"csrf": visit.csrf, "id": [str(ids[0]), str(ids[4])], "query": ""}
    )
    assert "2 contacts will be changed" in asked.text
    chosen = {"ids": f"{ids[0]},{ids[4]}", "all": "", "query": ""}
    assert (await visit.post(f"{LIST}/chosen/tags/apply", **chosen, do="add", new="VIP, New")).status_code == 303
    assert await rows(
        visit, "SELECT name, count(*) FROM tag t JOIN contact_tag c ON c.tag_id = t.id GROUP BY 1 ORDER BY 1"
    ) == [("New", 2), ("VIP", 2)]
    everyone = {"ids": "", "all": "1", "query": "?city=bern"}
    asked = await visit.post(f"{LIST}/chosen/delete", all="1", query="?city=bern")
    assert "3 contacts will be deleted" in asked.text
    assert (await visit.post(f"{LIST}/chosen/blocks/apply", **everyone, do="add", channels="rcs")).status_code == 303
    assert await rows(visit, "SELECT count(*) FROM blocklist_entry WHERE channel = 'rcs'") == [(3,)]
    assert (await visit.post(f"{LIST}/chosen/blocks/apply", **everyone, do="add")).status_code == 422
    assert (await visit.post(f"{LIST}/chosen/tags/apply", **chosen, do="add")).status_code == 422
    assert (await visit.post(f"{LIST}/chosen/delete/apply", **everyone)).status_code == 303
    assert await rows(visit, "SELECT city FROM contact") == [("Rome",), ("Rome",)]
    assert (await visit.post(f"{LIST}/chosen/nothing", id=str(ids[4]))).status_code == 404


async def test_tags_are_renamed_merged_and_follow_a_view(visit: Visit) -> None:
    contact = await add(visit, city="Bern")
    for name in ("VIP", "Friends"):
        await visit.post("/directory/tags/new", name=name, colour="info", who="given")
    vip, friends = (row[0] for row in await rows(visit, "SELECT id FROM tag ORDER BY id"))
    await visit.post(f"{LIST}/chosen/tags/apply", ids=str(contact), all="", query="", do="add", tags=str(vip))
    assert (await visit.post(f"/directory/tags/{friends}/edit", name="vip", colour="info")).status_code == 422
    assert (await visit.post(f"/directory/tags/{friends}/edit", name="Family", colour="danger")).status_code == 303
    assert (await visit.post(f"/directory/tags/{vip}/merge", into=str(friends))).status_code == 303
    assert await rows(visit, "SELECT tag_id, contact_id FROM contact_tag") == [(friends, contact)]
    saved = await visit.client.post(
        "/console/views",
        data={"csrf": visit.csrf, "list": "contacts", "path": LIST, "name": "In Bern", "query": "?city=bern"},
    )
    assert saved.status_code in (200, 303)
    (view,) = await rows(visit, "SELECT id FROM saved_view")
    assert (
        await visit.post("/directory/tags/new", name="Bern", colour="accent", who=f"view:{view[0]}")
    ).status_code == 303
    listed = await visit.page("/directory/tags")
    assert "whom its filter shows" in listed
    (dynamic,) = await rows(visit, "SELECT id FROM tag WHERE criteria IS NOT NULL")
    assert "Its filter" in await visit.page(f"/directory/tags/{dynamic[0]}/edit")
    answer = await visit.client.get(LIST, params={"tags": str(dynamic[0])}, headers={"HX-Request": "true"})
    assert "+447700900123" in answer.text
    assert (await visit.post(f"/directory/tags/{dynamic[0]}/delete")).status_code == 303


async def test_R55_roles_and_R56_foreign_rows(visit: Visit) -> None:
    mine = await add(visit, name="Ada")
    await visit.post("/directory/tags/new", name="VIP", colour="info", who="given")
    await visit.post("/directory/fields/new", name="Plan", kind="text")
    (tag,), (field,) = await rows(visit, "SELECT id FROM tag UNION ALL SELECT id FROM contact_field")
    before = await _everything(visit)

    async def each() -> list[httpx.Response]:
        csrf = visit.csrf
        posts = (
            f"{LIST}/{mine}/edit", f"{LIST}/{mine}/delete", f"/directory/tags/{tag}/edit", f"/directory/tags/{tag}/merge",
            f"/directory/tags/{tag}/delete", f"/directory/fields/{field}/edit", f"/directory/fields/{field}/delete",
        )  # fmt: skip
        data = {"csrf": csrf, "name": "x", "mobile": "+447700900129", "colour": "info", "into": str(tag)}
        return [await visit.client.post(path, data=data) for path in posts]

    _, reader = await add_person(visit.context, "rita", "support", visit.account)
    await sign_in_as(visit.client, reader)
    visit.csrf = await csrf_of(visit.context, reader)
    assert (await visit.client.get(LIST)).status_code == 200
    assert "Add a contact" not in (await visit.client.get(LIST)).text.split("<main")[1]
    assert {answer.status_code for answer in await each()} == {403}
    _, stranger = await add_person(visit.context, "bob")
    await sign_in_as(visit.client, stranger)
    visit.csrf = await csrf_of(visit.context, stranger)
    assert {answer.status_code for answer in await each()} == {404}
    assert (await visit.client.get(f"{LIST}/{mine}")).status_code == 404
    taken = await visit.post(f"{LIST}/chosen/delete/apply", ids=str(mine), all="", query="")
    assert taken.status_code == 303
    refused = await visit.post(f"{LIST}/new", mobile="+447700900124", tags=str(tag))
    assert refused.status_code == 303  # a tag that is not theirs is no choice of the form
    assert await _everything(visit) == before
    assert "Ada" not in (await visit.client.get(LIST)).text


async def _everything(visit: Visit) -> list[Any]:
    return await rows(
        visit,
        "SELECT c.id, c.name, t.name, f.name FROM contact c, tag t, contact_field f"
        " WHERE c.account_id = $1 AND t.account_id = $1 AND f.account_id = $1",
        visit.account,
    )
