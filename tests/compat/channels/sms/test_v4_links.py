"""Short links over v4, in the requests of the vendor's own clients: ``txtly.create``, ``txtly``, ``txtly.logs``."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api_kit import SENDER, Api, add_customer, add_key

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Mobile Safari/537.36"
)
LONG = "https://shop.example/spring?a=1&b=2"


async def ask(api: Api, method: str, key: str = "", **params: Any) -> dict[str, Any]:
    given = {"api_key": key or api.customer.key, "method": method, **params}
    answer = await api.client.get("/v4/", params=given)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_a_link_is_made_opened_listed_and_deleted(api: Api) -> None:
    made = await ask(api, "txtly.create", url=LONG, token="spring", title="Spring", format="json")
    assert (made["status"], made["token"]) == ("OK", "spring")
    assert made["txtly"] == f"{api.context.settings.short_base}/spring"
    opened = await api.client.get("/s/spring", headers={"user-agent": PHONE})
    assert (opened.status_code, opened.headers["location"]) == (302, LONG)
    listed = await ask(api, "txtly", app="1")
    (row,) = listed["data"]["txtlys"]
    assert row["link_id"] == str(made["id"])
    assert {name: row[name] for name in ("title", "token", "long_url", "advanced", "link_type", "views", "serial", "status")} == {
        "title": "Spring", "token": "spring", "long_url": LONG, "advanced": "0", "link_type": "URL", "views": "1", "serial": 1,
        "status": "1",
    }  # fmt: skip
    assert row["short_url"] == made["txtly"]
    assert listed["data"]["pagination"]["next"] is False
    logs = await ask(api, "txtly.logs", id=str(made["id"]), app="1")
    (click,) = logs["data"]["txtlys"]
    assert (click["browser"], click["platform"], click["device_type"], click["mobile"]) == (
        "Chrome",
        "Android",
        "smartphone",
        None,
    )
    gone = await ask(api, "txtly", task="delete", id=str(made["id"]), app="1")
    assert (gone["status"], gone["message"], gone["data"]) == ("OK", "Deleted successfully..", [])
    assert (await api.client.get("/s/spring")).status_code == 404
    again = await ask(api, "txtly", task="delete", id=str(made["id"]), app="1")
    assert (again["status"], again["message"]) == ("ERROR", "Id entered not exits with this api user")
    assert (await ask(api, "txtly", app="1"))["data"]["txtlys"] == []
    assert (await ask(api, "txtly.create", url=LONG, token="spring"))["code"] == "A427"  # not given away
    assert (await ask(api, "txtly.logs", id=str(made["id"])))["data"]["pagination"]["total"] == 1


async def test_a_random_token_and_a_link_for_each_recipient(api: Api) -> None:
    plain = await ask(
        api, "txtly.create", url=LONG, token="None", title="None"
    )  # as the vendor's Python client writes nothing
    assert len(plain["token"]) == 7
    made = await ask(api, "txtly.create", url=LONG, advanced="1", track="1")
    assert made["txtly"].endswith(f"/{made['token']}/{{kadvanced}}")
    shared = await api.client.get(f"/s/{made['token']}/{{kadvanced}}")
    assert shared.status_code == 302
    sent = await ask(api, "sms", to="447700900123", sender=SENDER, message=f"See {made['txtly']}")
    assert sent["status"] == "OK"
    (stored,) = await api.stored()
    personal = stored["body"].removeprefix("See ").removeprefix(api.context.settings.short_base)
    assert (await api.client.get(f"/s{personal}")).status_code == 302
    logs = (await ask(api, "txtly.logs", id=str(made["id"])))["data"]["txtlys"]
    assert [row["mobile"] for row in logs] == ["447700900123", None]


async def test_a_click_is_told_with_what_the_callback_names(api: Api) -> None:
    named = await ask(
        api, "txtly.create", url=LONG, callback="https://hook.example/t.php?os={platform}&mobile={mobile}"
    )
    as_json = await ask(api, "txtly.create", url=LONG, callback="(json)https://hook.example/t.php?os={platform}")
    bare = await ask(api, "txtly.create", url=LONG, callback="https://hook.example/t.php")
    for made in (named, as_json, bare):
        await api.client.get(f"/s/{made['token']}", headers={"user-agent": PHONE})
    rows = await api.context.database.pool.fetch("SELECT target, variables FROM callback ORDER BY created_at, id")
    found = {row["target"]["url"]: row for row in rows}
    assert "https://hook.example/t.php?os={platform}&mobile={mobile}" in found
    posted = found["https://hook.example/t.php?os={platform}"]
    assert (posted["target"]["method"], posted["target"]["payload"]["mobile"]) == ("POST", "<key_value>")
    assert any("mobile={key_value}&platform={platform}" in url for url in found)
    assert posted["variables"]["platform"] == "Android"
    assert (posted["variables"]["is_phone"], posted["variables"]["is_desktop"]) == ("1", "0")


async def test_a_file_is_taken_instead_of_a_url(api: Api) -> None:
    fields = {"api_key": api.customer.key, "method": "txtly.create", "title": "Offer"}
    given = {"attach": ("offer.pdf", b"%PDF-1.4 offer", "application/pdf")}
    made = (await api.client.post("/v4/", data=fields, files=given)).json()
    assert made["status"] == "OK", made
    (row,) = (await ask(api, "txtly"))["data"]["txtlys"]
    assert row["link_type"] == "FILE"
    both = (await api.client.post("/v4/", data={**fields, "url": LONG}, files=given)).json()
    assert both["code"] == "A428"
    wrong = {"attach": ("run.exe", b"MZ\x90\0", "application/octet-stream")}
    assert (await api.client.post("/v4/", data=fields, files=wrong)).json()["code"] == "A428"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"url": ""}, "A428"),
        ({"url": "ftp://example.net"}, "A428"),
        ({"url": "javascript:alert(1)"}, "A428"),
        ({"token": "a b"}, "A427"),
        ({"token": "api"}, "A427"),
        ({"advanced": "2"}, "A400"),
        ({"title": "x" * 101}, "A400"),
        ({"callback": "ftp://hook.example/x"}, "A400"),
    ],
)
async def test_what_cannot_be_is_refused_and_makes_nothing(api: Api, params: dict[str, str], code: str) -> None:
    answer = await ask(api, "txtly.create", **{"url": LONG, **params})
    assert (answer["status"], answer["code"]) == ("ERROR", code)
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link") == 0


async def test_links_of_others_and_narrow_keys(api: Api) -> None:
    mine = await ask(api, "txtly.create", url=LONG, token="mine")
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    assert (await ask(api, "txtly", other.key))["data"]["txtlys"] == []
    for method, more in (("txtly", {"task": "delete"}), ("txtly.logs", {})):
        assert (await ask(api, method, other.key, id=str(mine["id"]), **more))["code"] == "A426"
    assert (await ask(api, "txtly.create", other.key, url=LONG, token="mine"))["code"] == "A427"
    _, narrow = await add_key(api.context.database, api.customer.account_id, scopes=["campaigns.read"])
    assert (await ask(api, "txtly.logs", narrow, id=str(mine["id"])))["status"] == "OK"
    for method in ("txtly.create", "sms", "account.credits"):
        refused = await ask(api, method, narrow, url=LONG, to="447700900123", message="x", sender=SENDER)
        assert refused["code"] == "A403"
    assert (await api.client.get("/s/mine")).status_code == 302


async def test_other_forms_of_the_answer(api: Api) -> None:
    params = {"api_key": api.customer.key, "method": "txtly.create", "url": LONG, "token": "php", "format": "php"}
    answer: httpx.Response = await api.client.get("/v4/", params=params)
    assert 's:5:"token";s:3:"php";' in answer.text
    called = await api.client.get(
        "/v4/", params={**params, "token": "jsonp", "format": "jsonp", "callback": "shop.done"}
    )
    assert called.text.startswith("/**/shop.done({")
