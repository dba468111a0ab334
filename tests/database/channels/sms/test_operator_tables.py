"""What the operator keeps for everybody: status traces of the installation's own, and country rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from strowger.channels.sms.carriers.smpp.traces import translate
from strowger.messaging import statuses
from strowger.messaging.own_traces.service import refresh
from strowger.messaging.statuses import Status, explain
from strowger.messaging.words import trace_path
from strowger.protocols.smpp.receipt import MessageState
from tests.database.channels.sms.test_screening_pages import filled
from tests.database.home.test_home import Visit, add_person, log_of, visit
from tests.database.messaging.console_client import sign_in_as

__all__ = ["visit"]
TRACES, RULES = "/operator/traces", "/operator/country-rules"
SWAPPED = {
    "code": "sim-swapped", "status": "NOT-SENT", "meaning": "The SIM was changed lately.", "remedy": "Wait a day.",
    "blacklistable": "on",
}  # fmt: skip


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    yield
    statuses.set_own([])


async def test_a_trace_is_added_explained_used_changed_and_removed(visit: Visit) -> None:
    assert (await visit.post(f"{TRACES}/new", **SWAPPED)).status_code == 303
    assert "SIM-SWAPPED" in await visit.page(TRACES)
    page = await visit.page("/errors")
    assert "The SIM was changed lately." in page
    assert "Added by the operator" in page
    one = await log_of(visit).refused(trace="SIM-SWAPPED")
    assert "Wait a day." in await visit.page(f"/messages/{one}")
    assert "SIM-SWAPPED" in filled_options(await visit.page("/sms/settings"))
    assert translate(MessageState.REJECTD, "17", {"17": "SIM-SWAPPED"}) == (Status.NOT_SENT, "SIM-SWAPPED")
    changed = await visit.post(f"{TRACES}/SIM-SWAPPED", status="UNDELIVERED", meaning="Changed.", remedy="")
    assert changed.status_code == 303
    assert explain("SIM-SWAPPED").meaning == "Changed."
    assert "SIM-SWAPPED" not in filled_options(await visit.page("/sms/settings"))
    statuses.set_own([])
    await refresh(visit.context.database)  # as another process hears of it
    assert explain("SIM-SWAPPED").meaning == "Changed."
    assert (await visit.post(f"{TRACES}/SIM-SWAPPED/remove")).status_code == 303
    assert "no entry in the table" in explain("SIM-SWAPPED").meaning
    assert (await visit.post(f"{TRACES}/SIM-SWAPPED/remove")).status_code == 404


def filled_options(html: str) -> str:
    return html.partition('id="auto-form"')[2].partition("</form>")[0]


@pytest.mark.parametrize("changes", [
    {"code": "NO-CREDITS"}, {"code": "no_such"}, {"code": "x"}, {"code": "SENT NO-DLR"}, {"code": "no credits"},
    {"status": "DELIVERED"}, {"status": "SENT"}, {"meaning": " "}, {"meaning": "x" * 301},
])  # fmt: skip
async def test_bad_traces_are_refused(visit: Visit, changes: dict[str, str]) -> None:
    assert (await visit.post(f"{TRACES}/new", **SWAPPED | changes)).status_code == 422
    assert await visit.context.database.pool.fetchval("SELECT count(*) FROM status_trace") == 0


async def test_traces_that_differ_by_a_dash_have_addresses_of_their_own(visit: Visit) -> None:
    codes = ("SIM-SWAPPED", "SIM SWAPPED", "SIM-SWAPPED-")
    for code in codes:
        assert (
            await visit.post(f"{TRACES}/new", **SWAPPED | {"code": code, "meaning": f"It is {code}."})
        ).status_code == 303
    assert len({trace_path(code) for code in codes}) == len(codes)
    page = await visit.page("/errors")
    for code in codes:
        path = trace_path(code)
        assert path is not None
        assert f"It is {code}." in await visit.page(path)
        assert page.count(f'id="{path.removeprefix("/errors/")}"') == 1
    assert trace_path("SENT - NO DLR") == "/errors/SENT-NO-DLR"


async def test_country_rules_are_set_shown_and_lifted(visit: Visit) -> None:
    page = await visit.page(RULES)
    assert "India" in page
    assert "names cannot be used" in page
    assert (await visit.post(f"{RULES}/new", country="br", max_parts="1")).status_code == 303
    assert "Brazil" in await visit.page(RULES)
    row = await visit.context.database.pool.fetchrow("SELECT * FROM country_rule")
    assert (row["country"], row["max_parts"], row["unicode_allowed"]) == ("BR", 1, False)
    form = filled(await visit.page(f"{RULES}/BR"), "country-rule")
    assert form["max_parts"] == ["1"]
    assert (await visit.post(f"{RULES}/IN", max_parts="", unicode_allowed="on")).status_code == 303
    for path, fields in (
        (f"{RULES}/new", {"country": "XX"}), (f"{RULES}/new", {"country": "DE", "max_parts": "11"}),
        (f"{RULES}/BR", {"max_parts": "0"}),
    ):  # fmt: skip
        assert (await visit.post(path, **fields)).status_code == 422, path
    assert (await visit.post(f"{RULES}/BR/remove")).status_code == 303
    assert (await visit.post(f"{RULES}/BR/remove")).status_code == 404
    assert "Brazil" not in await visit.page(RULES)


async def test_only_the_operator_keeps_them(visit: Visit) -> None:
    _, token = await add_person(visit.context, "eve")
    await sign_in_as(visit.client, token)
    for path in (TRACES, RULES, f"{TRACES}/new", f"{RULES}/IN"):
        assert (await visit.client.get(path)).status_code == 403, path
