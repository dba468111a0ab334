"""One carrier's room: its addresses, a test through exactly it, the route test, the networks, and forms of HTTP carriers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from strowger.channels.sms.carriers import hooks, service
from strowger.channels.sms.pages import pages
from strowger.foundation.context import build_context
from strowger.foundation.notify import Notifier
from strowger.foundation.settings import Settings
from strowger.messaging.accept import Accepter
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.messaging.pages import pages as message_pages
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.repository.reports import take_reports
from tests.browser.site import console_app
from tests.database.channels.sms.test_carrier_pages import Desk
from tests.database.messaging.console_client import running

HTTP = {
    "name": "web", "url": "https://sms.example.net/send", "method": "POST", "format": "json",
    "body": '{"to": "{{to}}", "text": "{{text}}"}', "headers": "X-Account: 4711\nX-Two: {{type}}", "auth": "bearer",
    "password": "very-secret-token", "id_path": "id", "answers": "http:403: reject SENDER-REJ",
}  # fmt: skip


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))
    await context.database.open()
    app: Litestar = console_app(context, [*pages, *message_pages, *hooks.routes])
    transport: Any = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        app.state.accepter = Accepter(context.database, Notifier(context.database))
        desk = Desk(context, client, 0, "")
        await desk.sit_down("ada")
        yield desk
        await app.state.accepter.close()
    await context.http.close()
    await context.database.close()


async def _web(desk: Desk) -> str:
    """An HTTP carrier; returns the address for its reports."""
    answer = await desk.post("/carriers/new?kind=http", **HTTP)
    assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    found = service.hook_address(desk.context, await routing.find_carrier(desk.context, "web"))
    assert found is not None
    return found.replace(desk.context.settings.base_url, "")


async def test_an_http_carrier_is_connected_by_its_form_and_its_secret_is_sealed(desk: Desk) -> None:
    form = await desk.get("/carriers/new", kind="http")
    assert "{{text}}" in form.text
    assert "Number of parts" not in form.text
    await _web(desk)
    carrier = await routing.find_carrier(desk.context, "web")
    assert carrier.config["headers"] == {"X-Account": "4711", "X-Two": "{{type}}"}
    assert carrier.config["answers"] == {"http:403": "reject SENDER-REJ"}
    assert "very-secret-token" not in str(carrier.config)
    assert await desk.secret_of("web") == "very-secret-token"
    for path in ("/carriers/show/web", "/carriers/edit/web", "/carriers"):
        assert "very-secret-token" not in (await desk.get(path)).text
    edit = (await desk.get("/carriers/edit/web")).text
    assert "http:403: reject SENDER-REJ</textarea>" in edit


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"url": "https://x.example/{{nope}}"}, "names nope"),
        ({"headers": "no colon"}, "Write name: value"),
        ({"body": "{"}, "no JSON"),
        ({"url": "http://localhost:8080/v1/x/messages"}, "leads back to this installation"),
    ],
)
async def test_a_bad_http_carrier_is_refused_beside_its_field(desk: Desk, more: dict[str, str], words: str) -> None:
    answer = await desk.post("/carriers/new?kind=http", **HTTP | more)
    assert answer.status_code == 422
    assert words.lower() in answer.text.lower()
    assert await routing.list_carriers(desk.context) == []


async def test_our_own_smpp_server_is_no_carrier(desk: Desk) -> None:
    typed = {"name": "me", "host": "127.0.0.1", "port": "2775", "system_id": "me", "password": "x"}
    answer = await desk.post("/carriers/new", **typed)
    assert answer.status_code == 422
    assert "leads back to this installation" in answer.text.replace("Leads", "leads")


async def test_reports_are_stored_before_they_are_answered_and_forged_ones_are_not(desk: Desk) -> None:
    path = await _web(desk)
    await desk.run(
        lambda c: c.execute("INSERT INTO number (account_id, msisdn) VALUES ($1, '4915550001')", desk.account)
    )
    good = await desk.client.post(f"{path}/receipts", json={"id": "a-1", "status": "delivered"})
    assert (good.status_code, good.text) == (200, "OK")
    form = await desk.client.post(f"{path}/receipts", data={"id": "a-2", "status": "failed", "error": "53"})
    query = await desk.client.get(f"{path}/receipts", params={"id": "a-3", "status": "EXPIRED"})
    message = await desk.client.post(
        f"{path}/messages", json={"from": "447700900001", "to": "4915550001", "text": "Hi"}
    )
    assert [form.status_code, query.status_code, message.status_code] == [200, 200, 200]
    foreign = await desk.client.post(
        f"{path}/messages", json={"from": "447700900001", "to": "4915550002", "text": "Hi"}
    )
    assert foreign.status_code == 404
    for wrong in (path[:-1] + "x", path.rpartition("/")[0] + "/" + "A" * 43, "/in/carriers/99/" + "A" * 43):
        answer = await desk.client.post(f"{wrong}/receipts", json={"id": "a-1", "status": "failed"})
        assert (answer.status_code, answer.text) == (404, "Not found\n")
    bad = await desk.client.post(f"{path}/receipts", content=b"{", headers={"content-type": "application/json"})
    assert bad.status_code == 400
    huge = await desk.client.post(f"{path}/receipts", content=b"x" * 1_100_000)
    assert huge.status_code == 413
    stored = await desk.run(lambda c: take_reports(c, 100))
    assert [(r.operator_id, r.trace) for r in stored if isinstance(r, Receipt)] == [
        ("a-1", "DELIVERED"), ("a-2", "BARRED"), ("a-3", "EXPIRED"),
    ]  # fmt: skip
    assert [r.text for r in stored if isinstance(r, Incoming)] == ["Hi"]


async def test_reports_come_from_the_named_networks_only(desk: Desk) -> None:
    path = await _web(desk)
    await service.change_carrier(desk.context, "web", {"hook_networks": "192.0.2.0/24"})
    answer = await desk.client.post(f"{path}/receipts", json={"id": "a-1", "status": "delivered"})
    assert answer.status_code == 404


async def test_a_new_address_ends_the_old_one(desk: Desk) -> None:
    old = await _web(desk)
    page = (await desk.get("/carriers/show/web")).text
    assert old in page
    assert (await desk.post("/carriers/show/web/hook")).status_code == 303
    page = (await desk.get("/carriers/show/web")).text
    assert old not in page


async def test_a_test_goes_by_exactly_this_carrier_and_its_result_is_followed(desk: Desk) -> None:
    acme = await desk.add()
    assert "no approved sender ID" in (await desk.get("/carriers/show/acme")).text
    await desk.run(lambda c: c.execute("INSERT INTO sender (account_id, sender) VALUES ($1, 'ACME')", desk.account))
    bad = await desk.post("/carriers/show/acme/test", sender="ACME", to="12", body="Hello")
    assert bad.status_code == 422
    assert "international form" in bad.text
    foreign = await desk.post("/carriers/show/acme/test", sender="OTHER", to="447700900123", body="Hello")
    assert foreign.status_code == 422
    sent = await desk.post("/carriers/show/acme/test", sender="ACME", to="447700900123", body="Hello")
    assert sent.status_code == 303
    rows = await desk.run(lambda c: c.fetch("SELECT options, recipient FROM message"))
    assert [(row["options"], row["recipient"]) for row in rows] == [({"carrier": acme.id}, "447700900123")]
    where = sent.headers["location"]
    page = (await desk.get(where)).text
    assert f'hx-get="{where}?version=' in page
    version = page.split("?version=")[1].split('"')[0]
    same = await desk.client.get(where, params={"version": version}, headers={"HX-Request": "true"})
    assert same.status_code == 204
    assert (
        await desk.post("/carriers/show/nobody/test", sender="ACME", to="447700900123", body="x")
    ).status_code == 404
    await desk.sit_down("eve")
    assert (await desk.get(where)).status_code in (403, 404)


async def test_the_route_test_and_the_networks_have_pages(desk: Desk) -> None:
    await desk.add()
    found = await desk.get("/carriers/routes/test", number="+49 170 1234567", type="OTP")
    assert "It waits for acme" in found.text
    assert (await desk.get("/carriers/routes/test", number="x")).status_code == 422
    empty = await desk.get("/carriers/networks")
    assert "No ranges yet" in empty.text
    csv = {"file": ("ranges.csv", b"prefix,network,operator\n49170,26201,One & Only\n", "text/csv")}
    posted = await desk.client.post("/carriers/networks", data={"csrf": desk.csrf}, files=csv)
    assert posted.status_code == 303
    assert "One &amp; Only" in (await desk.get("/carriers/networks", q="4917")).text
    wrong = {"file": ("ranges.csv", b"prefix,network\nx,26201\n", "text/csv")}
    refused = await desk.client.post("/carriers/networks", data={"csrf": desk.csrf}, files=wrong)
    assert refused.status_code == 422
    assert "Line 2" in refused.text
    assert "26201" in (await desk.get("/carriers/routes/test", number="491701234567")).text
