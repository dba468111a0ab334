"""Carriers, routes and numbers in the console: what is seen, what is changed, and who may."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from strowger.channels.sms.pages import pages
from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.messaging.routing import repository as links
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord, LinkState
from strowger.platform.callbacks.schemas import Target, read_target
from strowger.platform.numbers import service as numbers
from tests.browser.site import console_app
from tests.database.messaging.console_client import add_person, csrf_of, running, sign_in_as

SMSC = {"host": "smsc.example.net", "port": 2775, "system_id": "me"}
TYPED = {"name": "acme", "host": "smsc.example.net", "port": "2775", "system_id": "me", "password": "sesame"}


@dataclass
class Desk:
    """What a signed-in person sees."""

    context: Context
    client: httpx.AsyncClient
    account: int
    csrf: str

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.client.get(path, params=params or None)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **fields})

    async def sit_down(self, name: str, **person: Any) -> None:
        """Somebody else signs in."""
        self.account, token = await add_person(self.context, name, **person)
        await sign_in_as(self.client, token)
        self.csrf = await csrf_of(self.context, token)

    async def add(self, name: str = "acme", **config: Any) -> CarrierRecord:
        return await routing.add_carrier(self.context, name, "smpp", SMSC | config, "sesame")

    async def run(self, work: Any) -> Any:
        return await self.context.database.run(work)

    async def secret_of(self, name: str) -> str:
        found = await routing.find_carrier(self.context, name)
        assert found.secret_sealed is not None
        return self.context.secrets.open(found.secret_sealed, routing.secret_binding(name)).decode()


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, pages)
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        desk = Desk(context, client, 0, "")
        await desk.sit_down("ada")
        yield desk
    await context.http.close()
    await context.database.close()


async def _tell(desk: Desk, carrier: CarrierRecord, state: str, detail: str | None = None, **counters: Any) -> None:
    async def work(connection: Any) -> None:
        worker = await connection.fetchval(
            "INSERT INTO worker (kind, host, pid) VALUES ('worker', 'h', 1) RETURNING id"
        )
        await links.hold_links(connection, carrier.id, worker, [worker], 1, 1)
        await links.tell_links(connection, worker, [LinkState(carrier.id, 1, state, detail, counters)])

    await desk.run(work)


async def _queue(desk: Desk, lane: int, messages: int, age: timedelta) -> None:
    now = desk.context.clock.now()
    rows = [(uuid4(), 1, desk.account, lane, n % 3, now - age, now + timedelta(days=1)) for n in range(messages)]
    columns = ["request_id", "n", "account_id", "lane", "priority", "due_at", "expires_at"]
    await desk.run(lambda c: c.copy_records_to_table("submission", records=rows, columns=columns))


def _text(answer: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


async def test_without_a_carrier_the_page_says_how_to_begin(desk: Desk) -> None:
    text = await desk.get("/carriers")
    assert text.status_code == 200
    assert "No carrier yet" in text.text
    assert 'href="/carriers/new"' in text.text


async def test_U38_a_bind_shows_its_state_counters_and_last_error(desk: Desk) -> None:
    acme = await desk.add()
    counters = {"submitted": 1234, "accepted": 1200, "rejected": 34, "receipts": 1100, "window": 50, "window_used": 7}
    await _tell(desk, acme, "throttled", "slowing <down>", **counters, tps_now=88.5, last_error="0x58 throttled")
    answer = await desk.get("/carriers")
    text = _text(answer)
    for words in ("throttled", "1 234", "1 200", "1 100", "7 / 50", "88.5", "Last error: 0x58 throttled"):
        assert words in text
    assert "slowing &lt;down&gt;" in answer.text


async def test_U38_what_waits_is_counted_with_the_age_of_the_oldest(desk: Desk) -> None:
    acme, idle = await desk.add(), await desk.add("idle")
    await _queue(desk, acme.id, 5, timedelta(minutes=1))
    await _queue(desk, acme.id, 1, timedelta(minutes=7))
    state = (await desk.get("/carriers/state")).text
    waiting = state[state.index(f'id="queue-{acme.id}"') : state.index(f'id="carrier-{idle.id}"')]
    assert "6 messages wait for it" in waiting
    assert "7 min ago" in waiting
    assert "Nothing waits for it." in state


async def test_a_long_queue_is_counted_up_to_a_bound(desk: Desk) -> None:
    acme = await desk.add()
    await _queue(desk, acme.id, 10_050, timedelta(minutes=1))
    assert "more than 10 000 messages wait" in _text(await desk.get("/carriers"))


async def test_figures_alone_are_renewed_while_the_carriers_stay_as_they_are(desk: Desk) -> None:
    acme = await desk.add()
    page = (await desk.get("/carriers")).text
    shape = page.split("/carriers/state?shape=")[1].split('"')[0]
    await _tell(desk, acme, "bound", submitted=42)
    figures = await desk.get("/carriers/state", shape=shape)
    assert figures.headers["HX-Reswap"] == "none"
    assert f'id="binds-{acme.id}" hx-swap-oob="true"' in figures.text
    assert ">42<" in figures.text
    assert "<form" not in figures.text
    await routing.pause_carrier(desk.context, "acme")
    whole = await desk.get("/carriers/state", shape=shape)
    assert "HX-Reswap" not in whole.headers
    assert "Resume" in whole.text


async def test_a_carrier_is_connected_by_the_form(desk: Desk) -> None:
    answer = await desk.post("/carriers/new", **TYPED, tps="", window="20", tls="on", dest_ton="2")
    assert answer.status_code == 303
    found = await routing.find_carrier(desk.context, "acme")
    expected = {**SMSC, "window": 20, "tps": 0, "tls": True, "tls_verify": False, "dest_ton": 2}
    assert {name: found.config[name] for name in expected} == expected
    assert await desk.secret_of("acme") == "sesame"
    assert [route.carrier for route in await routing.list_routes(desk.context)] == ["acme"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("port", "70000", "Enter 65535 or less"), ("port", "x", "Enter a whole number"), ("host", "", "This is needed"),
        ("binds", "0", "Enter 1 or more"), ("name", "a/b", "letters, digits"), ("system_id", "x" * 16, "15"),
        ("source_ton", "9", "auto"), ("reconnect_max", "0.5", "Must not be below"), ("password", "x" * 65, "64"),
        ("tps", "much", "Enter a number"), ("bind_mode", "rx", "Choose one"),
    ],
)  # fmt: skip
async def test_errors_stand_beside_the_field_and_input_is_kept(desk: Desk, field: str, value: str, words: str) -> None:
    answer = await desk.post("/carriers/new", **{**TYPED, "validity": "none", field: value})
    assert answer.status_code == 422
    beside = re.search(rf'id="carrier-{field}-error"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert beside, answer.text[answer.text.index("<form") :]
    assert words in beside[1]
    assert "smsc.example.net" in answer.text or field == "host"
    assert "sesame" not in answer.text
    assert await routing.list_carriers(desk.context) == []


async def test_a_name_is_taken_once(desk: Desk) -> None:
    await desk.add()
    answer = await desk.post("/carriers/new", **TYPED)
    assert answer.status_code == 422
    assert "There is a carrier named acme already" in answer.text


async def test_changing_keeps_the_password_and_the_maps_and_takes_what_was_emptied(desk: Desk) -> None:
    await desk.add(system_type="VMA", err_traces={"0x1": "BLOCKED"}, tls_verify=True)
    page = (await desk.get("/carriers/edit/acme")).text
    assert 'value="VMA"' in page
    assert "0x1: BLOCKED</textarea>" in page
    assert "sesame" not in page
    typed = {name: value for name, value in TYPED.items() if name not in ("name", "password")}
    answer = await desk.post(
        "/carriers/edit/acme",
        **typed | {"port": "2776", "system_type": "", "tls_verify": "on", "err_traces": "0x1: BLOCKED"},
    )
    assert answer.status_code == 303
    config = (await routing.find_carrier(desk.context, "acme")).config
    assert (config["port"], config["system_type"], config["tls_verify"]) == (2776, "", True)
    assert config["err_traces"] == {"0x1": "BLOCKED"}
    assert await desk.secret_of("acme") == "sesame"
    await desk.post("/carriers/edit/acme", **typed, password="other")
    assert await desk.secret_of("acme") == "other"


async def test_pausing_resuming_and_removing(desk: Desk) -> None:
    await desk.add()
    for act, state in (("pause", "paused"), ("resume", "active")):
        assert (await desk.post("/carriers/act/acme", act=act)).status_code == 303
        assert (await routing.find_carrier(desk.context, "acme")).state == state
    await desk.post("/carriers/act/acme", act="remove")
    assert await routing.list_carriers(desk.context) == []
    assert await routing.list_routes(desk.context) == []


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    assert (await desk.get("/carriers/edit/nobody")).status_code == 404
    for path, fields in (
        ("/carriers/act/nobody", {"act": "pause"}), ("/carriers/edit/nobody", TYPED), ("/carriers/routes/7/remove", {}),
        ("/carriers/routes/99999999999/remove", {}), ("/numbers/447700900999", {"label": "x"}),
    ):  # fmt: skip
        assert (await desk.post(path, **fields)).status_code == 404, path
    await desk.add()
    assert (await desk.post("/carriers/act/acme", act="explode")).status_code == 404


async def test_the_command_line_follows_what_is_typed(desk: Desk) -> None:
    assert "--host HOST" in (await desk.get("/carriers/new")).text
    shown = await desk.post(
        "/carriers/new/command",
        **{**TYPED, "name": "a b", "tls": "on", "tls_verify": "on", "window": "50", "binds": "2"},
    )
    text = shown.text.replace("&#39;", "'").replace("&#34;", '"')
    for words in ("smpp 'a b'", "--port 2775", "--system-id me", "--binds 2", "--set tls=true", '"$SMSC_PASSWORD"'):
        assert words in text
    for words in ("sesame", "--window", "tls_verify"):
        assert words not in text


async def test_routes_are_listed_as_they_are_tried_added_and_removed(desk: Desk) -> None:
    await desk.add("sim", simulated=True)
    await desk.add()
    answer = await desk.post(
        "/carriers/routes", carrier="acme", country="de", type="OTP", sender="ACME", priority="100"
    )
    assert answer.status_code == 303
    await desk.post("/carriers/routes", carrier="acme", country="", type="", sender="", priority="7")
    page = (await desk.get("/carriers")).text
    cells = [
        re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr><td>\d+</td>.*?</tr>", page, re.DOTALL)
    ]
    rows = [(c[0], c[1], c[3], c[6], c[7]) for c in cells]
    assert rows == [
        ("7", "acme", "every", "every", "every"), ("100", "acme", "DE", "OTP", "ACME"),
        ("100", "acme", "every", "every", "every"), ("100", "sim", "every", "every", "every"),
    ]  # fmt: skip
    for route in await routing.list_routes(desk.context):
        assert (await desk.post(f"/carriers/routes/{route.id}/remove")).status_code == 303
    assert "No routes: no message has a way out." in (await desk.get("/carriers")).text


@pytest.mark.parametrize(
    ("field", "value"), [("country", "4D"), ("priority", "1.5"), ("priority", "99999999999"), ("carrier", "nobody")]
)
async def test_a_route_that_cannot_be_is_refused_beside_the_field(desk: Desk, field: str, value: str) -> None:
    await desk.add()
    answer = await desk.post("/carriers/routes", **{"carrier": "acme", "priority": "10", field: value})
    assert answer.status_code == 422
    assert f'id="route-{field}-error"' in answer.text
    assert len(await routing.list_routes(desk.context)) == 1


async def test_only_owners_see_and_change_carriers(desk: Desk) -> None:
    await desk.add()
    await desk.sit_down("bob", role="admin", account_id=desk.account)
    for path in ("/carriers", "/carriers/state", "/carriers/new", "/carriers/edit/acme"):
        assert (await desk.get(path)).status_code == 403, path
    for path in (
        "/carriers/new", "/carriers/act/acme", "/carriers/edit/acme", "/carriers/routes", "/carriers/routes/1/remove",
    ):  # fmt: skip
        assert (await desk.post(path, **TYPED, act="remove")).status_code == 403, path
    assert len(await routing.list_carriers(desk.context)) == 1
    assert 'href="/carriers"' not in (await desk.get("/numbers")).text


async def test_a_change_needs_the_token_of_the_page(desk: Desk) -> None:
    await desk.add()
    desk.csrf = "guessed"
    assert (await desk.post("/carriers/act/acme", act="remove")).status_code == 403
    assert len(await routing.list_carriers(desk.context)) == 1


async def _number(desk: Desk, msisdn: str = "447700900111", **kept: Any) -> None:
    account = desk.account
    await desk.run(lambda c: numbers.create_number(c, account, msisdn, **kept))


async def _only(desk: Desk, account: int | None = None) -> numbers.OwnNumber:
    [found] = await desk.run(lambda c: numbers.list_numbers(c, account or desk.account))
    return found  # type: ignore[no-any-return]


async def test_a_number_gets_label_and_callback_and_loses_it(desk: Desk) -> None:
    await _number(desk)
    path = "/numbers/447700900111"
    url = "https://example.net/mo"
    assert (await desk.post(path, label="Support", callback=url, method="POST")).status_code == 303
    assert (await _only(desk)).callback == {"url": url, "method": "POST"}
    page = (await desk.get("/numbers")).text
    assert "Support" in page
    assert url in page
    await desk.post(path, label="Support", callback="", method="POST")
    assert (await _only(desk)).callback is None


async def test_a_callback_that_cannot_be_is_refused_beside_the_field(desk: Desk) -> None:
    await _number(desk)
    answer = await desk.post("/numbers/447700900111", label="x", callback="ftp://example.net/", method="POST")
    assert answer.status_code == 422
    assert 'id="number-callback-error"' in answer.text
    assert (await _only(desk)).label == ""


async def test_headers_stay_with_their_server_and_leave_with_another(desk: Desk) -> None:
    secrets = desk.context.secrets
    target = read_target({"url": "https://example.net/a", "header": {"X-Token": "s3cret"}, "payload": {"id": "{id}"}})
    await _number(desk, callback=target.to_json(secrets, desk.account))

    async def kept() -> Target:
        stored = (await _only(desk)).callback
        assert stored is not None
        return Target.from_json(stored, secrets, desk.account)

    path = "/numbers/447700900111"
    assert "s3cret" not in (await desk.get(path)).text
    await desk.post(path, label="New", callback="https://example.net/a", method="POST")
    assert await kept() == target
    await desk.post(path, label="New", callback="https://example.net/b", method="POST")
    assert (await kept()).headers == (("X-Token", "s3cret"),)
    await desk.post(path, label="New", callback="https://example.org/b", method="POST")
    assert (await kept()).headers == ()
    assert (await kept()).payload == {"id": "{id}"}


async def test_numbers_are_the_accounts_own(desk: Desk) -> None:
    first = desk.account
    await _number(desk, label="Mine")
    assert "447700900111" in (await desk.get("/numbers")).text
    await desk.sit_down("eve")
    assert "447700900111" not in (await desk.get("/numbers")).text
    assert (await desk.get("/numbers/447700900111")).status_code == 404
    assert (await desk.post("/numbers/447700900111", label="Stolen")).status_code == 404
    assert (await _only(desk, first)).label == "Mine"


async def test_who_may_not_change_a_number_sees_it_only(desk: Desk) -> None:
    await _number(desk)
    await desk.sit_down("ron", role="support", account_id=desk.account)
    page = (await desk.get("/numbers")).text
    assert "447700900111" in page
    assert "Edit +447700900111" not in page
    assert (await desk.post("/numbers/447700900111", label="x")).status_code == 403
