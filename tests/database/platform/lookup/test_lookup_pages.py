"""Directory > Lookup and the operator's providers: typed, uploaded, exported; closed to strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from strowger.foundation.context import build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.platform.billing.repository import add_tariff
from strowger.platform.billing.service import recharge
from strowger.platform.lookup.jobs import LookupJobs
from strowger.platform.lookup.pages import pages
from strowger.simulators.smsc import SimulatedSmsc
from tests.browser.site import console_app
from tests.database.messaging.console_client import running
from tests.database.platform.billing.conftest import check_books
from tests.database.platform.billing.test_money_pages import Rooms

MOBILE = "+447400123456"


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, pages)
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def test_the_operator_sets_up_a_provider_and_a_customer_uses_it(rooms: Rooms) -> None:
    ada = await rooms.person("ada")
    async with SimulatedSmsc(http_port=0) as smsc:
        fields = {
            "name": "Register", "priority": "5", "active": "on", "url": f"http://127.0.0.1:{smsc.http_port}/hlr/lookup",
            "secret": "Bearer simulated-hlr", "results": "results", "numbers_field": "numbers", "header": "Authorization",
            "countries": "gb",
        }  # fmt: skip
        bad = await ada.post("/operator/lookup/new", **{**fields, "mapping": "colour = red"})
        assert bad.status_code == 422
        assert "colour is no fact" in bad.text
        assert (await ada.post("/operator/lookup/new", **{**fields, "countries": "Britain"})).status_code == 422
        assert (await ada.post("/operator/lookup/new", **fields)).status_code == 303
        assert (await ada.post("/operator/lookup/new", **fields)).status_code == 422  # the name is taken
        number = await rooms.fetch("SELECT id FROM lookup_provider")
        kept = {**fields, "secret": "", "name": "Renamed"}
        assert (await ada.post(f"/operator/lookup/{number}", **kept)).status_code == 303
        tried = await ada.post(f"/operator/lookup/{number}/try", number=MOBILE)
        assert "234" in tried.text
        assert "active" in tried.text
        assert "simulated-hlr" not in await ada.get(f"/operator/lookup/{number}")

        database, now = rooms.context.database, rooms.context.clock.now()
        await database.run(lambda c: recharge(c, ada.account, Decimal(1), "x", now))
        await database.run(lambda c: add_tariff(c, None, "lookup", None, "EUR", Decimal("0.01")))
        assert "0.01 EUR" in await ada.get("/directory/lookups/new")
        answer = await ada.post("/directory/lookups/new", numbers=f"{MOBILE}\nnonsense")
        assert answer.status_code == 303
        shown = await ada.get(answer.headers["location"])
        assert "447400123456" in shown
        assert "Invalid number" in shown
        assert "Mobile" in shown
        exported = await ada.get(answer.headers["location"] + "?export=csv")
        assert "447400123456" in exported
        assert "Network" in exported

        csv = "Phone\n" + "\n".join(f"44740012{n:04d}" for n in range(30)) + "\n447400120000\n"
        sent = await ada.client.post(
            "/directory/lookups/file", data={"csrf": ada.csrf}, files={"file": ("list.csv", csv, "text/csv")}
        )
        assert sent.status_code == 303
        assert "Running" in await ada.get(sent.headers["location"])
        await LookupJobs(rooms.context).work()
        assert "Done" in await ada.get(sent.headers["location"] + "/progress")
        assert "list.csv" in await ada.get("/directory/lookups")
        await check_books(database)

        poor = await ada.post("/directory/lookups/new", numbers="\n".join(f"44740013{n:04d}" for n in range(999)))
        assert poor.status_code == 422
        assert "the balance does not cover it" in poor.text

        bob = await rooms.person("bob")
        await bob.get(answer.headers["location"], 404)
        await bob.get("/operator/lookup", 403)
        assert (await bob.post(f"/operator/lookup/{number}/remove")).status_code == 403
        reader = await rooms.person("eve", "expert-read", ada.account)
        await reader.get("/directory/lookups")
        assert (await reader.post("/directory/lookups/new", numbers=MOBILE)).status_code == 403
        assert (await ada.post(f"/operator/lookup/{number}/remove")).status_code == 303
