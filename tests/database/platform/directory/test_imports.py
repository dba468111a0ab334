"""Imports from the upload to the last row: existing contacts, duplicates, tags, blocks, and a worker that dies."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter

from strowger.foundation.sheets import SheetProblem
from strowger.platform.directory import importing, service
from strowger.platform.directory.importing import Importer
from strowger.platform.directory.schemas import Values
from tests.database.home.test_home import Visit, add_person, visit
from tests.database.messaging.console_client import csrf_of, sign_in_as
from tests.old_excel import old_excel

__all__ = ["visit"]
IMPORTS = "/directory/imports"


async def rows(visit: Visit, query: str, *values: Any) -> list[Any]:
    return [tuple(row) for row in await visit.context.database.pool.fetch(query, *values)]


async def upload(visit: Visit, content: str | bytes, mode: str = "contacts") -> str:
    data = content.encode() if isinstance(content, str) else content
    files = {"file": ("people.csv", data, "text/csv")}
    answer = await visit.client.post(f"{IMPORTS}/new", data={"csrf": visit.csrf, "mode": mode}, files=files)
    assert answer.status_code == 303, answer.text[-2000:]
    return answer.headers["location"]


async def bring(visit: Visit, content: str | bytes, columns: list[str], mode: str = "contacts", **how: str) -> str:
    """Import a file to its end; returns the path of its page."""
    path = await upload(visit, content, mode)
    own = {"existing": "update"} if mode == "contacts" else {"change": "add", "unknown": "skip"}
    chosen = {f"column_{n}": one for n, one in enumerate(columns)}
    answer = await visit.post(f"{path}/begin", **{**own, **chosen, **how})
    assert answer.status_code == 303, answer.text[-3000:]
    await Importer(visit.context).run()
    return path


async def counts(visit: Visit, path: str) -> Any:
    found = await rows(visit, "SELECT state, counts FROM contact_import WHERE id = $1", path.rsplit("/", 1)[-1])
    return found[0]


async def test_a_file_of_contacts_is_imported(visit: Visit) -> None:
    now, account = visit.context.clock.now(), visit.account

    async def prepare(connection: Any) -> int:
        field = await service.create_field(connection, account, "Plan", "text", now=now)
        old = Values("447700900123", "Old name", city="Paris", country="FR", fields={str(field): "free"})
        await service.create(connection, account, old, channels=["sms"], now=now)
        return field

    field = await visit.context.database.run(prepare)
    text = (
        "mobile,name,tags,blocklist_sms,blocklist_voice,plan\n"
        "07700 900123,Ada,VIP|London,no,,gold\n"
        "07700 900124,First,,,,\n"
        "bad,Bob,,,,\n"
        "+447700900124,Last,London,,yes,gold\n"
    )
    path = await upload(visit, text)
    shown = await visit.page(path)
    assert "Say what each column holds" in shown
    assert "07700 900123 · 07700 900124" in shown
    path = await bring(
        visit, text, ["mobile", "name", "tags", "blocklist_sms", "blocklist_voice", f"field:{field}"], tags="All"
    )
    assert await counts(visit, path) == (
        "done", {"added": 1, "changed": 1, "failed": 2, "tagged": 5, "blocks": 2},
    )  # fmt: skip
    assert await rows(visit, "SELECT mobile, name, city, country, fields->>$1, source FROM contact ORDER BY 1", str(field)) == [
        ("447700900123", "Ada", "Paris", "FR", "gold", "manual"), ("447700900124", "Last", "", "GB", "gold", "import"),
    ]  # fmt: skip
    worn = (
        "SELECT c.mobile, string_agg(t.name, '|' ORDER BY t.name) FROM contact_tag w JOIN tag t ON t.id = w.tag_id"
        " JOIN contact c ON c.id = w.contact_id GROUP BY 1 ORDER BY 1"
    )
    assert await rows(visit, worn) == [("447700900123", "All|London|VIP"), ("447700900124", "All|London")]
    assert await rows(visit, "SELECT channel, address, source FROM blocklist_entry") == [
        ("voice", "447700900124", "import")
    ]
    assert "Not taken" in await visit.page(path)
    result = (await visit.client.get(f"{path}/result")).text
    assert "4,bad,Mobile number: This is no phone number. Write it with + and country code." in result
    assert "3,447700900124,Row 5 has the same number; the last one counts." in result
    assert await rows(visit, "SELECT 1 FROM contact_import_row") == []
    assert "people.csv" in await visit.page(IMPORTS)


async def test_existing_contacts_are_left_filled_or_only_looked_at(visit: Visit) -> None:
    now, account = visit.context.clock.now(), visit.account
    ada = Values("447700900123", "Ada", country="GB")
    await visit.context.database.run(lambda c: service.create(c, account, ada, now=now))
    text, columns = "mobile,name,city\n+447700900123,Other,London\n+447700900124,New,Bern\n", ["mobile", "name", "city"]
    checked = await bring(visit, text, columns, dry="on")
    assert await counts(visit, checked) == ("done", {"failed": 0})
    assert len(await rows(visit, "SELECT 1 FROM contact")) == 1
    path = await bring(visit, text, columns, existing="skip")
    assert (await counts(visit, path))[1] == {"failed": 0, "skipped": 1, "added": 1, "tagged": 0, "blocks": 0}
    assert "The contact exists" in (await visit.client.get(f"{path}/result")).text
    await bring(visit, text, columns, existing="empty")
    assert await rows(visit, "SELECT name, city FROM contact ORDER BY mobile") == [("Ada", "London"), ("New", "Bern")]
    assert (await visit.post(f"{checked}/write")).status_code == 303
    await Importer(visit.context).run()
    assert (await counts(visit, checked))[1]["changed"] == 1
    assert await rows(visit, "SELECT name FROM contact ORDER BY mobile") == [("Other",), ("New",)]


async def test_tags_alone_are_added_replaced_and_removed(visit: Visit) -> None:
    now, account = visit.context.clock.now(), visit.account
    await visit.context.database.run(lambda c: service.create(c, account, Values("447700900123"), now=now))
    columns, worn = ["mobile", "tags"], "SELECT t.name FROM contact_tag w JOIN tag t ON t.id = w.tag_id ORDER BY 1"
    text = "mobile,tags\n+447700900123,A|B\n+447700900124,A\n"
    assert (await counts(visit, await bring(visit, text, columns, "tags", create_tags="on")))[1]["skipped"] == 1
    assert await rows(visit, worn) == [("A",), ("B",)]
    await bring(visit, "mobile,tags\n+447700900123,C\n", columns, "tags", change="replace", create_tags="on")
    assert await rows(visit, worn) == [("C",)]
    await bring(visit, "mobile,tags\n+447700900123,C\n", columns, "tags", change="remove")
    assert await rows(visit, worn) == []
    path = await bring(visit, "mobile,tags\n+447700900124,A\n+447700900125,Z\n", columns, "tags", unknown="create")
    assert (await counts(visit, path))[1] == {"failed": 1, "added": 1, "tagged": 1}


async def test_old_excel_is_imported_like_every_other_file(visit: Visit) -> None:
    content = old_excel([["mobile", "name"], ["+447700900123", "Ada"], ["+447700900124", "Bob"]])
    path = await bring(visit, content, ["mobile", "name"])
    assert (await counts(visit, path))[1]["added"] == 2
    assert await rows(visit, "SELECT name FROM contact ORDER BY mobile") == [("Ada",), ("Bob",)]
    assert await rows(visit, "SELECT media_type FROM stored_file") == [("application/vnd.ms-excel",)]
    assert ',.xls"' in await visit.page(f"{IMPORTS}/new")


async def test_U63_a_spreadsheet_and_a_worker_that_dies_in_between(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "WRITTEN_AT_ONCE", 3)
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet()
        for line, cells in enumerate([("phone", "name"), *((f"+4477009001{n:02}", f"Person {n}") for n in range(10))]):
            sheet.write_row(line, 0, cells)
    path = await upload(visit, book.getvalue())
    assert (await visit.post(f"{path}/begin", existing="update", column_0="mobile", column_1="name")).status_code == 303
    importer, database = Importer(visit.context), visit.context.database
    assert await database.run(importer._step)
    assert await database.run(importer._step)

    async def killed(connection: Any) -> None:
        await importer._step(connection)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await database.run(killed)
    assert await rows(visit, "SELECT count(*) FROM contact") == [(3,)]
    assert "3 of 10" in await visit.page(f"{path}/progress")
    await Importer(visit.context).run()
    assert await rows(visit, "SELECT count(*), count(DISTINCT mobile) FROM contact") == [(10, 10)]
    assert (await counts(visit, path))[1]["added"] == 10


async def test_bad_files_and_choices_change_nothing_and_strangers_see_nothing(visit: Visit) -> None:
    for content in (b"", b"mobile\n", b"\xd0\xcf\x11\xe0old", b"PK\x03\x04broken"):
        files = {"file": ("people.csv", content, "text/csv")}
        answer = await visit.client.post(f"{IMPORTS}/new", data={"csrf": visit.csrf, "mode": "contacts"}, files=files)
        assert answer.status_code == 422, content
    assert (await visit.post(f"{IMPORTS}/new", mode="contacts")).status_code == 422
    path = await upload(visit, "mobile,name\n+447700900123,Ada\n")
    for choice in (
        {"column_0": "", "column_1": "name"},
        {"column_0": "mobile", "column_1": "mobile"},
        {"column_0": "mobile", "column_1": "x"},
    ):
        assert (await visit.post(f"{path}/begin", existing="update", **choice)).status_code == 422
    assert await counts(visit, path) == ("draft", {})
    with pytest.raises(SheetProblem):
        await importing.upload(visit.context, visit.account, "contacts", "big.csv", b"m\n" + b"1" * 25_000_001, "x")
    _, reader = await add_person(visit.context, "rita", "support", visit.account)
    await sign_in_as(visit.client, reader)
    visit.csrf = await csrf_of(visit.context, reader)
    assert (await visit.post(f"{path}/begin", existing="update", column_0="mobile", column_1="name")).status_code == 403
    _, stranger = await add_person(visit.context, "bob")
    await sign_in_as(visit.client, stranger)
    visit.csrf = await csrf_of(visit.context, stranger)
    for way in ("", "/progress", "/result"):
        assert (await visit.client.get(path + way)).status_code == 404
    assert (await visit.post(f"{path}/begin", existing="update", column_0="mobile", column_1="name")).status_code == 404
    assert await counts(visit, path) == ("draft", {})
