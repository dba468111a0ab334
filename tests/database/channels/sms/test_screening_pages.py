"""The rooms of screening: settings, limits, fraud guard, do-not-disturb, blocklist; what they keep and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from strowger.channels.sms.screening.forms import SECTIONS
from tests.database.home.test_home import Visit, add_person, visit

__all__ = ["visit"]
ROOMS = (
    "/sms/settings", "/sms/guard", "/sms/limits", "/sms/dnd", "/directory/blocklist", "/directory/opt-outs", "/sms/guard/block",
    "/sms/limits/set", "/sms/limits/import", "/sms/dnd/import", "/directory/blocklist/add", "/directory/blocklist/import",
    "/directory/blocklist/sharing",
)  # fmt: skip


async def settings(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = await visit.context.database.pool.fetchval(
        "SELECT settings FROM account WHERE id = $1", visit.account
    )
    return found


async def upload(visit: Visit, path: str, text: str, **fields: str) -> httpx.Response:
    data = {"csrf": visit.csrf, **fields}
    return await visit.client.post(path, data=data, files={"file": ("list.csv", text.encode(), "text/csv")})


def filled(html: str, name: str) -> dict[str, Any]:
    """The values of a form as a browser would send them back."""
    form = re.search(rf'<form[^>]*id="{name}-form".*?</form>', html, re.DOTALL)
    assert form, name
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        kind, field = re.search(r'type="([^"]*)"', tag), re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if field is None or (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            continue
        values.setdefault(field[1], []).append(value[1] if value else "")
    for field_name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL):
        values[field_name] = [text]
    for field_name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        values[field_name] = re.findall(r'value="([^"]*)" selected', body)[:1]
    return values


async def test_every_room_opens_and_is_for_people_of_the_account(visit: Visit) -> None:
    for path in ROOMS:
        answer = await visit.client.get(path)
        assert answer.status_code == 200, path
        assert "<script>" not in answer.text
    assert "refuses nothing" in (await visit.client.get("/dnd-register")).text


async def test_saving_what_is_shown_changes_nothing_that_counts(visit: Visit) -> None:
    from strowger.channels.sms.screening.options import read_options

    before = read_options(await settings(visit))
    html = (await visit.client.get("/sms/settings")).text
    for name in SECTIONS:
        answer = await visit.client.post(f"/sms/settings/{name}", data=filled(html, name))
        assert answer.status_code == 303, (name, answer.text[-2000:])
    assert read_options(await settings(visit)) == before


async def test_settings_are_kept_and_bad_ones_refused(visit: Visit) -> None:
    html = (await visit.client.get("/sms/settings")).text

    async def save(name: str, **changes: Any) -> httpx.Response:
        return await visit.client.post(f"/sms/settings/{name}", data=filled(html, name) | changes)

    assert (await save("limits", duplicates="10", messages="500", hours="2", kinds=["MKT"])).status_code == 303
    assert (await save("hours", where="everywhere", opens="10:00", closes="20:00", outside="reject")).status_code == 303
    assert (
        await save("content", blocked_words="casino\nlottery", link_hosts="https://www.Example.org/")
    ).status_code == 303
    assert (await save("auto", auto="on", failures="3", days="2", traces=["INVALID-SUB"])).status_code == 303
    assert (await save("defaults", test_numbers="+44 7700 900123")).status_code == 303
    kept = await settings(visit)
    assert "show_codes" not in kept
    content = {**filled(html, "content"), "blocked_words": "casino\nlottery", "link_hosts": "example.org"}
    del content["hide_codes"]
    assert (await visit.client.post("/sms/settings/content", data=content)).status_code == 303
    kept["show_codes"] = True
    assert await settings(visit) == kept
    assert kept["rate_limit"] == {"messages": 500, "hours": 2, "kinds": ["MKT"]}
    assert kept["mkt_window"] == {"where": "everywhere", "opens": "10:00", "closes": "20:00", "outside": "reject"}
    assert (kept["duplicate_minutes"], kept["link_hosts"], kept["test_numbers"]) == (
        10,
        ["example.org"],
        ["447700900123"],
    )
    for name, changes in (
        ("limits", {"duplicates": "1441"}), ("hours", {"opens": "25:00"}), ("hours", {"closes": "09:00", "opens": "09:00"}),
        ("content", {"link_hosts": "no host"}), ("auto", {"auto": "on", "traces": []}), ("defaults", {"default_sender": "NOBODY"}),
        ("defaults", {"test_numbers": "12"}), ("consent", {"policy": "x"}), ("consent", {"stop": " "}),
    ):  # fmt: skip
        answer = await save(name, **changes)
        assert answer.status_code == 422, (name, changes)
        assert "field-error" in answer.text
    assert await settings(visit) == kept
    assert (await visit.post("/sms/settings/nothing")).status_code == 404


async def test_the_fraud_guard(visit: Visit) -> None:
    saved = await visit.post("/sms/guard/countries", default="off", on="gb, DE", watch="IN", off="")
    assert saved.status_code == 303
    assert (await settings(visit))["countries"] == {"default": "off", "GB": "on", "DE": "on", "IN": "watch"}
    for fields in ({"default": "on", "on": "XX"}, {"default": "on", "on": "DE", "off": "DE"}, {"default": "maybe"}):
        assert (await visit.post("/sms/guard/countries", **fields)).status_code == 422
    await visit.post("/sms/guard/block", prefix="+44 7700", hours="1", reason="pumped")
    row = await visit.context.database.pool.fetchrow("SELECT * FROM blocked_prefix")
    assert (row["prefix"], row["account_id"], row["source"]) == ("447700", visit.account, "manual")
    assert "447700" in (await visit.client.get("/sms/guard")).text
    other, _ = await add_person(visit.context, "eve")
    await visit.context.database.pool.execute("UPDATE blocked_prefix SET account_id = $1", other)
    assert (await visit.post(f"/sms/guard/{row['id']}/lift")).status_code == 404
    assert "447700" not in (await visit.client.get("/sms/guard")).text
    await visit.context.database.pool.execute("UPDATE blocked_prefix SET account_id = $1", visit.account)
    assert (await visit.post(f"/sms/guard/{row['id']}/lift")).status_code == 303
    assert (await visit.post(f"/sms/guard/{row['id']}/lift")).status_code == 404
    assert (await visit.post("/sms/guard/block", prefix="x", hours="1", reason="r")).status_code == 422


async def test_limits_by_form_and_file(visit: Visit) -> None:
    assert (await visit.post("/sms/limits/set", country="de", daily="10", monthly="100")).status_code == 303
    text = "ISO code,Daily limit,Monthly limit\nIN,5,\nGB,,70"
    assert (await upload(visit, "/sms/limits/import", text)).status_code == 303
    rows = await visit.context.database.pool.fetch("SELECT country, daily, monthly FROM country_limit ORDER BY country")
    assert [tuple(row) for row in rows] == [("DE", 10, 100), ("GB", None, 70), ("IN", 5, None)]
    listed = (await visit.client.get("/sms/limits", params={"q": "germ"})).text
    assert "Germany" in listed
    assert "India" not in listed.partition("<tbody")[2]
    for country, daily, monthly in (("DE", "0", ""), ("DE", "9", "9"), ("ZZ", "1", ""), ("DE", "", "")):
        assert (await visit.post("/sms/limits/set", country=country, daily=daily, monthly=monthly)).status_code == 422
    bad = await upload(visit, "/sms/limits/import", "iso code,daily limit\nFR,1\nDE,0")
    assert (bad.status_code, "Row 3" in bad.text) == (422, True)
    assert (await visit.post("/sms/limits/DE/remove")).status_code == 303
    assert (await visit.post("/sms/limits/DE/remove")).status_code == 404
    assert await visit.context.database.pool.fetchval("SELECT count(*) FROM country_limit") == 2


async def test_lists_by_form_and_file(visit: Visit) -> None:
    added = await visit.post(
        "/directory/blocklist/add", addresses="+447700900123\n447700900124", channels="sms", reason="asked"
    )
    assert added.status_code == 303
    text = "mobile,channel,action\n447700900123,sms,unblock\n447700900125,all,block"
    assert (await upload(visit, "/directory/blocklist/import", text)).status_code == 303
    rows = await visit.context.database.pool.fetch("SELECT channel, address, source FROM blocklist_entry ORDER BY 2, 1")
    assert [tuple(row) for row in rows] == [
        ("sms", "447700900124", "manual"), *((c, "447700900125", "import") for c in ("rcs", "sms", "voice", "whatsapp")),
    ]  # fmt: skip
    assert "447700900124" in (await visit.client.get("/directory/blocklist?q=900124")).text
    exported = await visit.client.get("/directory/blocklist?export=csv")
    assert exported.text.count("447700900125") == 4
    assert (await visit.post("/directory/blocklist/add", addresses="hello", channels="sms")).status_code == 422
    assert (await visit.post("/directory/blocklist/add", addresses="447700900124")).status_code == 422
    assert (await upload(visit, "/directory/blocklist/import", "mobile\nhello")).status_code == 422
    assert (await visit.post("/directory/blocklist/sms/447700900124/remove")).status_code == 303
    assert (await visit.post("/directory/blocklist/sms/447700900124/remove")).status_code == 404
    assert (await upload(visit, "/sms/dnd/import", "mobile\n447700900126", mode="add")).status_code == 303
    assert (await visit.post("/sms/dnd/447700900126/remove")).status_code == 303
    await upload(visit, "/dnd-register/import", "mobile\n919876543210\n9876543211", mode="replace")
    await upload(visit, "/dnd-register/import", "mobile\n919876543210", mode="remove")
    assert [row["number"] for row in await visit.context.database.pool.fetch("SELECT * FROM dnd_number")] == [
        919876543211
    ]


@pytest.mark.parametrize("role", ["support"])
async def test_who_may_only_read_changes_nothing(visit: Visit, role: str) -> None:
    await visit.context.database.pool.execute(
        "UPDATE app_user SET role = $1 WHERE account_id = $2", role, visit.account
    )
    for path in ("/sms/settings/limits", "/sms/guard/countries", "/sms/limits/set", "/directory/blocklist/add"):
        assert (await visit.post(path)).status_code == 403
    assert (await visit.client.get("/sms/settings")).status_code == 200


async def test_the_blocklist_is_shared_with_subaccounts_and_a_subaccount_is_told_only_that(visit: Visit) -> None:
    pool = visit.context.database.pool
    assert "Sub-accounts" in (await visit.client.get("/directory/blocklist")).text
    assert (await visit.post("/directory/blocklist/sharing", share_blocklist="on")).status_code == 303
    assert (await settings(visit))["share_blocklist"] is True
    assert "applies to your sub-accounts, too" in (await visit.client.get("/directory/blocklist")).text
    gate = "UPDATE account SET settings = settings || $2 WHERE id = $1"
    await pool.execute(gate, visit.account, {"subaccounts_enabled": False})
    assert "/directory/blocklist/sharing" not in (await visit.client.get("/directory/blocklist")).text
    assert (await visit.post("/directory/blocklist/sharing")).status_code == 403
    await pool.execute(gate, visit.account, {"subaccounts_enabled": True})
    main = await pool.fetchval(
        "INSERT INTO account (sid, name, country, currency, settings) VALUES ('M', 'Main', 'GB', 'EUR', $1) RETURNING id",
        {"share_blocklist": True},
    )
    await pool.execute(
        "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at)"
        " VALUES ($1, 'sms', '447700900777', 'api', now())",
        main,
    )
    await pool.execute("UPDATE account SET parent_id = $2 WHERE id = $1", visit.account, main)
    shown = (await visit.client.get("/directory/blocklist")).text
    assert "the blocklist of your main account applies" in shown
    assert "447700900777" not in shown
    assert (await visit.post("/directory/blocklist/sharing")).status_code == 403
    assert (await visit.post("/directory/blocklist/sms/447700900777/remove")).status_code == 404
    assert (await settings(visit))["share_blocklist"] is True
