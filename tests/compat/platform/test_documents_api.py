"""The Documents API as clients call it (platform.md 10.2), and what it refuses."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any

import httpx
import pytest

from strowger.foundation.database import Database
from tests.api_kit import Api, add_customer, running_api

PDF = b"%PDF-1.4 extract"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)
HTML = b"<html><script>alert(1)</script></html>"
UNKNOWN = "0199aa00-0000-7000-8000-000000000001"


def docx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


async def upload(api: Api, *parts: tuple[str, bytes, str], headers: Any = None, **fields: str) -> httpx.Response:
    return await api.client.post(
        f"/api{api.base}/documents/upload", data={"title": "Extract", **fields}, files=[("file", part) for part in parts],
        headers=api.customer.headers | (headers or {}),
    )  # fmt: skip


async def call(api: Api, tail: str, **fields: str) -> httpx.Response:
    return await api.client.post(f"{api.base}/documents/{tail}", json=fields, headers=api.customer.headers)


async def listed(api: Api, **params: str) -> dict[str, Any]:
    answer = await api.client.get(f"{api.base}/documents", params=params, headers=api.customer.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def stored(api: Api) -> int:
    return int(await api.context.database.pool.fetchval("SELECT count(*) FROM stored_file"))


async def test_a_document_is_uploaded_listed_renamed_downloaded_and_deleted(api: Api) -> None:
    answer = await upload(api, ("../../etc/extract.pdf", PDF, "application/pdf"), category="kyc")
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"], body["error"]) == (202, "RBC202", "Accepted", {})
    (made,) = body["data"]
    assert made == {
        "document_id": made["document_id"], "title": "Extract", "file_name": "extract.pdf", "size": len(PDF),
        "status": "pending", "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    renamed = await call(api, "rename", document_id=made["document_id"], title="Register")
    assert renamed.json()["data"][0]["title"] == "Register"
    page = await listed(api)
    assert {name: page[name] for name in ("code", "page", "limit", "total")} == {
        "code": "RBC103", "page": 1, "limit": 25, "total": 1,
    }  # fmt: skip
    assert {"category": "kyc", "mime_type": "application/pdf", "uploaded_by": "API key test"}.items() <= page["data"][
        0
    ].items()
    path = f"{api.base}/documents/{made['document_id']}/download"
    link = (await api.client.get(path, headers=api.customer.headers)).json()["data"][0]
    assert link["expires_at"] == "2026-01-01T00:10:00Z"
    fetched = await api.client.get("/" + link["url"].split("/", 3)[3])
    assert fetched.content == PDF
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert (
        await api.context.database.pool.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'view document'") == 1
    )
    assert (await call(api, "delete", document_id=made["document_id"])).json()["code"] == "RBC103"
    assert ((await listed(api))["total"], await stored(api)) == (0, 0)
    assert (await api.client.get("/" + link["url"].split("/", 3)[3])).status_code == 404


async def test_several_files_are_numbered_and_stored_together_or_not_at_all(api: Api) -> None:
    good = [
        ("a.pdf", PDF, "application/pdf"),
        ("b.png", PNG, "image/png"),
        ("c.docx", docx(), "application/octet-stream"),
    ]
    bad = await upload(api, *good, ("d.png", HTML, "image/png"))
    assert (bad.status_code, bad.json()["code"], bad.json()["data"]) == (415, "DOC415", [])
    assert "d.png" in bad.json()["error"]["file"]
    assert await stored(api) == 0
    made = await upload(api, *good, number_document_id="DE-address")
    assert [row["title"] for row in made.json()["data"]] == ["Extract (1)", "Extract (2)", "Extract (3)"]
    assert {row["category"] for row in (await listed(api))["data"]} == {"number"}
    assert [row["file_name"] for row in (await listed(api, limit="1", page="2"))["data"]] == ["b.png"]
    assert (await listed(api, status="approved"))["total"] == 0


async def test_what_is_refused_changes_nothing(api: Api) -> None:
    big = ("a.pdf", PDF + bytes(10_000_000), "application/pdf")
    for fields, parts, code, field in (
        ({"title": " "}, [("a.pdf", PDF, "")], "DOC400", "title"),
        ({"title": "x" * 101}, [("a.pdf", PDF, "")], "DOC400", "title"),
        ({"category": "secret"}, [("a.pdf", PDF, "")], "DOC400", "category"),
        ({}, [("a.pdf", b"", "application/pdf")], "DOC400", "file"),
        ({}, [("a.pdf", PDF, "")] * 11, "DOC400", "file"),
        ({}, [big], "DOC413", "file"),
        ({}, [("a.svg", b"<svg/>", "image/svg+xml")], "DOC415", "file"),
        ({}, [("a.pdf", PDF, "image/png")], "DOC415", "file"),
        ({}, [("a.exe", PDF, "application/pdf"), ("b.pdf", b"MZ", "")], "DOC415", "file"),
    ):
        answer = await upload(api, *parts, **fields)
        assert answer.json()["code"] == code, answer.text
        assert field in answer.json()["error"]
    plain = await call(api, "upload", title="x", file="not a file")
    assert (plain.status_code, plain.json()["code"]) == (400, "DOC400")
    huge = await upload(api, *[("a.pdf", PDF + bytes(9_000_000), "")] * 6)
    assert (huge.status_code, huge.json()["code"]) == (413, "DOC413")
    for tail, fields, code in (
        ("delete", {"document_id": "1; DROP TABLE"}, "DOC400"),
        ("delete", {"document_id": UNKNOWN}, "DOC404"),
        ("rename", {"document_id": UNKNOWN, "title": "x"}, "DOC404"),
        ("rename", {"document_id": UNKNOWN}, "DOC400"),
    ):
        assert (await call(api, tail, **fields)).json()["code"] == code
    assert await stored(api) == 0


async def test_R58_another_accounts_document_is_as_unknown_as_none(api: Api) -> None:
    (made,) = (await upload(api, ("a.pdf", PDF, ""))).json()["data"]
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    base = f"/v1/{other.sid}/documents"
    for known in (made["document_id"], UNKNOWN):
        answers = [
            await api.client.post(f"{base}/delete", json={"document_id": known}, headers=other.headers),
            await api.client.post(f"{base}/rename", json={"document_id": known, "title": "x"}, headers=other.headers),
            await api.client.get(f"{base}/{known}/download", headers=other.headers),
        ]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "DOC404")] * 3
    assert (await api.client.get(base, headers=other.headers)).json()["total"] == 0
    assert (await listed(api))["total"] == 1


async def test_a_document_in_use_stays(api: Api) -> None:
    (made,) = (await upload(api, ("a.pdf", PDF, ""))).json()["data"]
    await api.context.database.pool.execute("UPDATE document SET bound_to = 'kyc'")
    answer = await call(api, "delete", document_id=made["document_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "DOC409")


async def test_R20_an_upload_repeated_under_its_key_is_stored_once(api: Api) -> None:
    key = {"Idempotency-Key": "once"}
    first, again = [await upload(api, ("a.pdf", PDF, ""), headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert await stored(api) == 1
    assert (await upload(api, ("a.pdf", PDF + b"!", ""), headers=key)).status_code == 422


async def test_the_request_log_and_the_audit_log_name_files_without_their_content(api: Api) -> None:
    await upload(api, ("a.pdf", PDF + b"confidential", ""))
    await api.app.state.gateway.flush()
    row = await api.context.database.pool.fetchrow("SELECT request_body AS params FROM request_log")
    entry = await api.context.database.pool.fetchval("SELECT fields::text FROM audit_entry")
    for text in (row["params"], entry):  # type: ignore[index]
        assert "a.pdf (28 bytes)" in text
        assert "confidential" not in text
        assert "Y29uZmlkZW50aWFs" not in text


@pytest.mark.parametrize(("says", "status"), [("stream: OK", 202), ("stream: Eicar FOUND", 422), ("", 503)])
async def test_the_scanner_decides(database: Database, says: str, status: int) -> None:
    heard = bytearray()

    async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            heard.extend(await reader.readexactly(size))
        writer.write(says.encode() + b"\0" if says else b"")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(clamd, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, running_api(database, clamd=f"127.0.0.1:{port}") as api:
        answer = await upload(api, ("a.pdf", PDF, ""))
        assert (answer.status_code, bytes(heard)) == (status, PDF)
        assert await stored(api) == (1 if status == 202 else 0)
