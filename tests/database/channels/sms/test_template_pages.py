"""Templates and sender IDs in the console, the operator's approvals, and imports: pages and misuse."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import httpx
import pytest
import xlsxwriter

from strowger.channels.sms.senders.service import create_sender
from tests.database.home.test_home import Visit, add_person, csrf_of, sign_in_as, visit

__all__ = ["visit"]
FORM = {
    "title": "Order sent", "iso_code": "GB", "purpose": "TXN", "language": "en", "sender": "ACME", "template_id": "",
    "entity_id": "", "content": "Dear {name}, it has left us.", "defaults": "name = customer",
}  # fmt: skip
INDIAN = FORM | {
    "title": "Indian", "iso_code": "IN", "template_id": "1107000000000000001", "entity_id": "1101000000000000001",
    "content": "Dear {#var#}, it has left us.", "defaults": "",
}  # fmt: skip
SENDER = {"sender": "NEWONE", "iso_code": "gb", "description": "News", "purpose": "", "entity_id": "", "sample": ""}
HEAD = "template_id,title,content,sender,entity_id,category,language,iso_code"


async def rows(visit: Visit, table: str = "sms_template") -> list[Any]:
    return await visit.context.database.pool.fetch(f"SELECT * FROM {table} ORDER BY id")


async def create(visit: Visit, **changes: str) -> int:
    answer = await visit.post("/templates/new", **FORM | changes)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])


async def upload(visit: Visit, kind: str, data: bytes, name: str = "file.csv", **fields: str) -> httpx.Response:
    return await visit.client.post(
        f"/sms/import/{kind}", data={"csrf": visit.csrf, **fields}, files={"file": (name, data)}
    )


async def lines(visit: Visit, answer: httpx.Response) -> dict[str, tuple[str, str]]:
    assert answer.status_code == 303, answer.text
    text = (await visit.client.get(answer.headers["location"] + "?export=csv")).content.decode("utf-8-sig")
    return {row["Row"]: (row["Outcome"], row["Why"]) for row in csv.DictReader(io.StringIO(text))}


async def become(visit: Visit, name: str, role: str = "owner", account: int | None = None) -> int:
    made, token = await add_person(visit.context, name, role, account)
    await sign_in_as(visit.client, token)
    visit.csrf = await csrf_of(visit.context, token)
    return made


async def test_a_template_is_created_shown_used_and_deleted(visit: Visit) -> None:
    assert "No templates yet" in await visit.page("/templates")
    number = await create(visit)
    (row,) = await rows(visit)
    assert (row["account_id"], row["status"], row["senders"], row["defaults"], row["author"]) == (
        visit.account, 1, ["ACME"], {"name": "customer"}, "Ada",
    )  # fmt: skip
    page = await visit.page(f"/templates/{number}")
    assert "<mark>{name}</mark>" in page
    assert "/v2/HX" in page
    assert "Nothing was sent" in await visit.page(f"/templates/{number}/use")
    assert "Order sent" in await visit.page("/templates", q="left us", status="1", senders="acme")
    assert "Order sent" not in await visit.page("/templates", q="nothing like it")
    answer = await visit.client.get("/templates?export=csv")
    assert row["content"] in answer.content.decode("utf-8-sig")
    assert (await visit.post(f"/templates/{number}/disable")).status_code == 303
    assert (await visit.post(f"/templates/{number}/enable")).status_code == 303
    assert (await visit.post(f"/templates/{number}/enable")).status_code == 303  # too late: only told
    assert (await rows(visit))[0]["status"] == 1
    assert (await visit.post(f"/templates/{number}/delete")).headers["location"] == "/templates"
    assert (await visit.client.get(f"/templates/{number}")).status_code == 404
    assert (await rows(visit))[0]["status"] == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "This is needed."),
        ({"content": "{a}{b}"}, "Between two variables there must be text"),
        ({"content": "x" * 1601}, "Use at most 1600 characters"),
        ({"sender": "NOTMINE"}, "`sender` is required"),
        ({"iso_code": "QQ"}, "Invalid `iso_code`"),
        ({"template_id": "12"}, "must be 12 to 30 digits"),
        ({"defaults": "nonsense"}, "Write a line as variable = value"),
        ({"defaults": "other = x"}, "There is no variable other"),
        ({"iso_code": "IN", "content": INDIAN["content"]}, "It is needed in IN"),
        ({"purpose": "FREE"}, "Choose one of the listed values."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(visit: Visit, changes: dict[str, str], said: str) -> None:
    answer = await visit.post("/templates/new", **FORM | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert await rows(visit) == []


async def test_a_title_is_there_once(visit: Visit) -> None:
    await create(visit)
    answer = await visit.post("/templates/new", **FORM | {"title": "order SENT"})
    assert answer.status_code == 422
    assert "Another template has this title" in answer.text


async def test_the_preview_follows(visit: Visit) -> None:
    answer = await visit.post("/templates/preview", **FORM)
    assert "<mark>customer</mark>" in answer.text
    answer = await visit.post("/templates/preview", **FORM | {"content": "{a}{b} <i>"})
    assert "Between two variables" in answer.text
    assert "&lt;i&gt;" in answer.text
    assert "30 characters" in (await visit.post("/templates/preview", **INDIAN)).text


async def test_approval_rejection_and_a_new_version(visit: Visit) -> None:
    number = await create(visit, **INDIAN)
    assert "It waits for approval" in await visit.page(f"/templates/{number}")
    queue = await visit.page("/approvals")
    assert "Indian" in queue
    assert "1107000000000000001" in queue
    refused = await visit.post("/approvals", act=f"reject sms-templates:{number}")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    await visit.post("/approvals", act="reject", item=f"sms-templates:{number}", reason="The text differs.")
    assert "The text differs." in await visit.page(f"/templates/{number}")
    again = await visit.post(f"/templates/{number}/edit", **INDIAN | {"content": "Dear {#var#}, it is here."})
    assert again.headers["location"] == f"/templates/{number}"
    await visit.post("/approvals", act=f"approve sms-templates:{number}")
    (row,) = await rows(visit)
    assert (row["status"], row["version"], row["reason"], row["decided_by"]) == (1, 2, None, "ada@example.com")
    edited = await visit.post(f"/templates/{number}/edit", **INDIAN | {"content": "Dear {#var#}, it came."})
    other = int(edited.headers["location"].rsplit("/", 1)[1])
    assert [row["status"] for row in await rows(visit)] == [1, 0]
    queue = await visit.page("/approvals", kind="sms-templates")
    assert "it is here." in queue
    assert "it came." in queue
    assert (await visit.post("/approvals", act=f"approve sms-templates:{other}")).status_code == 303
    states = {row["content"]: (row["status"], row["version"], row["replaces"]) for row in await rows(visit)}
    assert states == {"Dear {#var#}, it is here.": (3, 2, None), "Dear {#var#}, it came.": (1, 3, None)}
    assert "Nothing waits" in await visit.page("/approvals")


async def test_a_draft_asks_nobody_until_it_is_sent(visit: Visit) -> None:
    number = await create(visit, **INDIAN, act="draft")
    assert (await rows(visit))[0]["status"] == 5
    assert "Nothing waits" in await visit.page("/approvals")
    await visit.post(f"/templates/{number}/edit", **INDIAN)
    assert (await rows(visit))[0]["status"] == 0
    assert (await visit.client.get(f"/templates/{number}/edit")).status_code == 404  # it waits


async def test_sender_ids_are_asked_for_approved_changed_and_deleted(visit: Visit) -> None:
    assert (await visit.post("/senders/new", **SENDER)).headers["location"] == "/senders"
    entity = "1101000000000000001"
    await visit.post(
        "/senders/new", **SENDER | {"sender": "DEMOHX", "iso_code": "IN", "entity_id": entity, "keep_entity": "on"}
    )
    await visit.post("/senders/new", **SENDER | {"sender": "OTHERX", "iso_code": "IN"})
    _, approved, first, second = await rows(visit, "sender")
    assert (approved["status"], first["status"], second["status"]) == ("Approved", "Pending", "Pending")
    assert second["entity_id"] == entity
    await visit.post("/approvals", act="approve", item=f"senders:{first['id']}")
    await visit.post("/approvals", act=f"reject senders:{second['id']}", reason="Whose is it?")
    assert "Whose is it?" in await visit.page(f"/senders/{second['id']}")
    mails = await visit.context.database.pool.fetch(
        "SELECT kind, recipient, subject FROM mail ORDER BY created_at, kind"
    )
    assert [tuple(mail) for mail in mails] == [
        ("senders-approved", "ada@example.com", "DEMOHX was approved"),
        ("senders-rejected", "ada@example.com", "OTHERX was rejected"),
    ]
    await visit.post(f"/senders/{second['id']}", description="Ours", entity_id="", sample="Hello")
    await visit.post(f"/senders/{first['id']}/default")
    found = {row["sender"]: row for row in await rows(visit, "sender")}
    assert (found["OTHERX"]["status"], found["OTHERX"]["reason"], found["OTHERX"]["sample"]) == (
        "Pending",
        None,
        "Hello",
    )
    assert [name for name, row in found.items() if row["is_default"]] == ["DEMOHX"]
    assert "DEMOHX" in await visit.page("/senders", status="Approved", iso_code="in")
    await visit.post(f"/senders/{first['id']}/delete")
    assert (await visit.client.get(f"/senders/{first['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sender": "ä"}, "Invalid sender ID format"),
        ({"sender": "ACME", "iso_code": "US"}, "names cannot be used"),
        ({"description": ""}, "This is needed."),
        ({"iso_code": "IN", "sender": "DEMOHX"}, "It is needed in IN"),
        ({"entity_id": "12"}, "must be 12 to 19 digits"),
    ],
)
async def test_a_bad_sender_id_is_refused_beside_its_field(visit: Visit, changes: dict[str, str], said: str) -> None:
    answer = await visit.post("/senders/new", **SENDER | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert len(await rows(visit, "sender")) == 1


async def test_what_another_account_has_cannot_be_reached(visit: Visit) -> None:
    number, sender = await create(visit), (await rows(visit, "sender"))[0]["id"]
    await upload(visit, "templates", f"{HEAD}\n,a,Hello,ACME,,TXN,,GB\n".encode())
    done = (await rows(visit, "sms_import"))[0]["id"]
    await become(visit, "bob")
    for path in (f"/templates/{number}", f"/templates/{number}/edit", f"/templates/{number}/use", f"/senders/{sender}",
                 f"/sms/import/templates/{done}", "/sms/import/nothing", "/approvals"):  # fmt: skip
        answer = await visit.client.get(path)
        assert answer.status_code == (403 if path == "/approvals" else 404), path
    for path in (f"/templates/{number}/delete", f"/templates/{number}/disable", f"/senders/{sender}/delete",
                 f"/senders/{sender}/default", f"/senders/{sender}"):  # fmt: skip
        answer = await visit.post(path, description="mine", entity_id="", sample="")
        assert answer.status_code == 404, path
    assert (await visit.post(f"/templates/{number}/edit", **FORM)).status_code == 404
    assert (await visit.post("/approvals", act=f"approve senders:{sender}")).status_code == 403
    assert "No templates yet" in await visit.page("/templates")
    assert (await visit.post("/templates/new", **FORM)).status_code == 422  # the sender is not bob's
    assert [row["status"] for row in await rows(visit)] == [1, 1]


async def test_who_may_only_read_changes_nothing(visit: Visit) -> None:
    number = await create(visit)
    await become(visit, "eve", "support", visit.account)
    assert "Order sent" in await visit.page(f"/templates/{number}")
    for path in ("/templates/new", f"/templates/{number}/delete", "/senders/new", "/sms/import/templates"):
        assert (await visit.post(path, **FORM)).status_code == 403
    assert (await visit.client.get("/approvals")).status_code == 403


async def test_decisions_that_cannot_be_taken_are_told(visit: Visit) -> None:
    number = await create(visit, **INDIAN)
    for bad in ({"act": "approve"}, {"act": "burn", "item": f"sms-templates:{number}"},
                {"act": "reject", "item": f"sms-templates:{number}", "reason": "x" * 501}):  # fmt: skip
        assert (await visit.post("/approvals", **bad)).status_code == 422
    for name in ("sms-templates:999", "nothing:1", "sms-templates:x", "sms-templates:" + "9" * 30, "x"):
        assert (await visit.post("/approvals", act=f"approve {name}")).status_code == 303
    assert (await rows(visit))[0]["status"] == 0
    await visit.context.database.pool.execute("UPDATE sms_template SET replaces = id")
    await create(visit, title="INDIAN")
    assert (await visit.post("/approvals", act=f"approve sms-templates:{number}")).status_code == 303
    assert (await rows(visit))[0]["status"] == 0  # its title was taken meanwhile


async def test_a_file_of_templates_row_by_row(visit: Visit) -> None:
    text = "\n".join(
        (
            HEAD,
            '1107000000000000001,One,"Dear {#var#}, it has left us.",ACME,1101000000000000001,TXN,hi,IN',
            ",Two,Hello {name},ACME,,promotional,,",
            ",Two,Hello again,ACME,,TXN,,",
            ",Three,{a}{b},ACME,,TXN,,",
            ",Four,Hello,NOTMINE,,TXN,,",
            "1107000000000000001,Five,Hello there,ACME,1101000000000000001,TXN,,IN",
        )
    )
    dry = await lines(visit, await upload(visit, "templates", text.encode(), dry_run="on"))
    assert await rows(visit) == []
    real = await lines(visit, await upload(visit, "templates", text.encode()))
    assert real == dry
    assert {line: (outcome, why[:4]) for line, (outcome, why) in real.items()} == {
        "2": ("Created", "Pend"), "3": ("Created", "Appr"), "4": ("Refused", "E633"), "5": ("Refused", "E632"),
        "6": ("Refused", "E605"), "7": ("Refused", "E633"),
    }  # fmt: skip
    assert [(row["title"], row["purpose"], row["language"]) for row in await rows(visit)] == [
        ("One", "TXN", "hi"), ("Two", "MKT", "en"),
    ]  # fmt: skip


async def test_a_known_template_id_is_changed_and_an_approved_text_stays_in_use(visit: Visit) -> None:
    line = '1107000000000000001,One,"Dear {#var#}, {text}",ACME,1101000000000000001,TXN,,IN'
    first = f"{HEAD}\n{line.replace('{text}', 'it has left us.')}\n".encode()
    await upload(visit, "templates", first)
    await visit.context.database.pool.execute("UPDATE sms_template SET status = 1")
    assert (await lines(visit, await upload(visit, "templates", first)))["2"] == ("Unchanged", "Approved")
    second = f"{HEAD}\n{line.replace('{text}', 'it came.')}\n".encode()
    for _ in range(2):  # the version that waits is replaced, not doubled
        assert (await lines(visit, await upload(visit, "templates", second)))["2"] == ("Changed", "Pending")
    live = [(row["status"], row["content"], row["replaces"] is None) for row in await rows(visit) if row["status"] != 3]
    assert live == [(1, "Dear {#var#}, it has left us.", True), (0, "Dear {#var#}, it came.", False)]


async def test_ten_thousand_rows_of_xlsx(visit: Visit) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Template Name", "Template Content", "Header", "Category"])
    for n in range(1, 10_001):
        sheet.write_row(n, 0, [f"Template {n}", f"Hello {{name}} {n}", "ACME", "TXN"])
    book.close()
    answer = await upload(visit, "templates", buffer.getvalue(), "file.xlsx")
    assert answer.status_code == 303, answer.text
    assert await visit.context.database.pool.fetchval("SELECT count(*) FROM sms_template WHERE status = 1") == 10_000
    assert "10 000" in await visit.page(answer.headers["location"])


async def test_a_file_of_sender_ids(visit: Visit) -> None:
    text = "Header;Description;Country;Entity ID\nDEMOHX;News;in;1101000000000000001\nFRESH;News;gb;\nFRESH;News;GB;\nNO;x;gb;\n"
    dry = await lines(visit, await upload(visit, "senders", text.encode(), dry_run="on"))
    assert len(await rows(visit, "sender")) == 1
    real = await lines(visit, await upload(visit, "senders", text.encode()))
    assert real == dry
    assert [real[line][0] for line in ("2", "3", "4", "5")] == ["Created", "Created", "Refused", "Refused"]
    again = await lines(visit, await upload(visit, "senders", text.encode(), dry_run="on"))
    assert {outcome for outcome, _ in again.values()} == {"Refused"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Choose a file."),
        (b"\n\n", "The file is empty."),
        (b"a,b\n1,2\n", "The first row must name the columns"),
        (HEAD.encode(), "There is no row below the heading."),
        (b"title,Title\nx,y\n", "twice"),
        (b"PK\x03\x04nonsense", "not a readable XLSX"),
        (b"\x00\x01\x02", "neither a CSV nor an XLSX file"),
        (f"{HEAD}\n".encode() + b",a,b,c,d,e,f,g\n" * 10_001, "more than 10,000 rows"),
        (b"title\n" + b"x" * 5_000_001, "at most 5,000,000"),
    ],
)
async def test_R98_a_file_that_cannot_be_read_changes_nothing(visit: Visit, data: bytes, said: str) -> None:
    answer = await upload(visit, "templates", data)
    assert answer.status_code == 422
    assert said in answer.text
    assert await rows(visit) == await rows(visit, "sms_import") == []


async def test_without_the_token_nothing_changes(visit: Visit) -> None:
    for path in ("/templates/new", "/senders/new", "/approvals"):
        assert (await visit.client.post(path, data=FORM | SENDER)).status_code >= 400
    assert (await visit.client.post("/sms/import/templates", files={"file": ("a.csv", b"x")})).status_code >= 400
    assert await rows(visit) == []


async def test_forms_begin_with_the_default_sender_and_show_the_call(visit: Visit) -> None:
    await visit.context.database.run(lambda c: create_sender(c, visit.account, "WAITING", status="Pending"))
    page = await visit.page("/templates/new")
    assert re.search(r'value="ACME" checked', page)
    assert "WAITING" not in page
    answer = await visit.post("/console/forms/template/code", **FORM)
    assert "/messages/template" in answer.text
    assert "customer" in answer.text


async def test_sender_ids_are_told_apart_by_their_type(visit: Visit) -> None:
    for name, purpose in (("TXNONE", "TXN"), ("MKTONE", "MKT")):
        assert (await visit.post("/senders/new", **SENDER | {"sender": name, "purpose": purpose})).status_code == 303
    shown = await visit.page("/senders", purpose="MKT")
    assert "MKTONE" in shown
    assert "Promotional" in shown
    assert "TXNONE" not in shown.partition("<tbody")[2]
