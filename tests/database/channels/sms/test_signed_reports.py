"""Reports of HTTP carriers that are signed: the header, what it covers, the time within it, and the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from strowger.channels.sms.carriers import service
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.repository.reports import take_reports
from tests.database.channels.sms.test_carrier_pages import Desk
from tests.database.channels.sms.test_carrier_room import HTTP, _web, desk

__all__ = ["desk"]
BODY = b'{"id": "a-1", "status": "delivered"}'
JSON = {"content-type": "application/json"}


async def _signed_web(desk: Desk, **config: Any) -> str:
    path = await _web(desk)
    await service.change_carrier(desk.context, "web", {"hook_signature": "X-Signature", **config})
    return path


def mac(secret: bytes, signed: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret, signed, getattr(hashlib, algorithm)).digest()


async def _post(desk: Desk, path: str, body: bytes = BODY, **headers: str) -> int:
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = await desk.client.post(f"{path}/receipts", content=body, headers={**JSON, **sent})
    return int(answer.status_code)


async def _ids(desk: Desk) -> list[str]:
    return [r.operator_id for r in await desk.run(lambda c: take_reports(c, 100))]  # type: ignore[union-attr]


async def test_reports_without_a_fitting_signature_change_nothing(desk: Desk) -> None:
    path = await _signed_web(desk, hook_prefix="sha256=")
    page = (await desk.get("/carriers/show/web")).text
    assert "no secret is kept: every report is refused" in page
    good = "sha256=" + mac(b"top secret".replace(b" ", b"-"), BODY).hex()
    assert await _post(desk, path, x_signature=good) == 401, "no secret is kept yet"
    assert (await desk.post("/carriers/show/web/signing", signing_secret="top-secret")).status_code == 303
    page = (await desk.get("/carriers/show/web")).text
    assert "a secret is kept" in page
    assert "top-secret" not in page
    desk.context.clock.advance(3)  # type: ignore[attr-defined]
    wrong = "sha256=" + mac(b"other", BODY).hex()
    for header in ({}, {"x_signature": wrong}, {"x_signature": good[7:]}, {"x_signature": "sha256=zz"}):
        assert await _post(desk, path, **header) == 401
    assert await _post(desk, path, BODY.replace(b"a-1", b"a-2"), x_signature=good) == 401
    assert await _ids(desk) == []
    assert await _post(desk, path, x_signature=f"{wrong}, {good}") == 200
    # The query is not signed, so nothing in it is believed.
    answer = await desk.client.post(
        f"{path}/receipts?status=failed", content=b'{"id": "a-3"}',
        headers={**JSON, "x-signature": "sha256=" + mac(b"top-secret", b'{"id": "a-3"}').hex()},
    )  # fmt: skip
    assert answer.status_code == 400
    assert await _ids(desk) == ["a-1"]


async def test_an_old_report_is_not_taken_again_and_keys_change_without_a_gap(desk: Desk) -> None:
    """The form of Standard Webhooks: base64 over id, time and body, keys as whsec_."""
    path = await _signed_web(
        desk, hook_encoding="base64", hook_prefix="v1,", hook_signature="webhook-signature", hook_id="webhook-id",
        hook_timestamp="webhook-timestamp", hook_signed="{{id}}.{{timestamp}}.{{body}}", hook_tolerance=60,
    )  # fmt: skip
    old, new = b"o" * 24, b"n" * 24
    keys = " ".join("whsec_" + base64.b64encode(key).decode() for key in (old, new))
    await routing.set_signing(desk.context, "web", keys)
    now = int(desk.context.clock.now().timestamp())

    async def post(key: bytes, at: int, told: int | None = None) -> int:
        text = base64.b64encode(mac(key, b"m-1.%d." % at + BODY)).decode()
        return await _post(
            desk, path, webhook_signature=f"v1,{text}", webhook_id="m-1", webhook_timestamp=str(told or at)
        )

    assert [await post(key, at) for key in (old, new) for at in (now, now - 50)] == [200] * 4
    assert [await post(old, now - 90), await post(old, now + 90), await post(b"x", now)] == [401] * 3
    assert await post(old, now - 90, told=now) == 401, "the time is signed too"
    assert await _ids(desk) == ["a-1"] * 4


async def test_the_address_may_be_signed_and_other_hashes_are_known(desk: Desk) -> None:
    path = await _signed_web(desk, hook_signed="{{url}}{{body}}", hook_algorithm="sha1", hook_encoding="base64")
    await routing.set_signing(desk.context, "web", "k")
    url = f"{desk.context.settings.base_url}{path}/receipts?id=q-1&status=delivered"
    text = base64.b64encode(mac(b"k", url.encode(), "sha1")).decode()
    answer = await desk.client.get(f"{path}/receipts?id=q-1&status=delivered", headers={"X-Signature": text})
    assert answer.status_code == 200
    answer = await desk.client.get(f"{path}/receipts?id=q-2&status=delivered", headers={"X-Signature": text})
    assert answer.status_code == 401
    assert await _ids(desk) == ["q-1"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"hook_signed": "{{timestamp}}"}, "must name {{body}}"),
        ({"hook_signed": "{{body}}{{secret}}"}, "names secret"),
        ({"hook_signed": "{{timestamp}}.{{body}}"}, "`hook_timestamp` must name the header"),
        ({"hook_timestamp": "X-Time"}, "`hook_signed` must name {{timestamp}}"),
        ({"hook_id": "X-Id"}, "`hook_signed` must name {{id}}"),
        ({"hook_signature": "X Signature"}, "must be the name of a header"),
        ({"hook_algorithm": "md5"}, "md5"),
        ({"hook_tolerance": "0"}, ">= 1"),
    ],
)
async def test_what_does_not_fit_together_is_refused(desk: Desk, config: dict[str, str], words: str) -> None:
    await _web(desk)
    with pytest.raises(StrowgerError, match=next(iter(config))) as refused:
        await service.change_carrier(desk.context, "web", config)
    assert words in str(refused.value.detail)
    answer = await desk.post("/carriers/edit/web", **{k: v for k, v in HTTP.items() if k != "name"}, **config)
    assert answer.status_code == 422


async def test_secrets_are_sealed_and_go_with_the_carrier(desk: Desk) -> None:
    await _signed_web(desk)
    await routing.set_signing(desk.context, "web", "top-secret")
    row = await desk.run(lambda c: c.fetchrow("SELECT signing_sealed FROM carrier WHERE name = 'web'"))
    assert b"top-secret" not in row["signing_sealed"]
    await desk.add()
    with pytest.raises(StrowgerError, match="CARRIER-HOOK"):
        await routing.set_signing(desk.context, "acme", "x")
    assert (await desk.post("/carriers/show/web/signing", signing_secret="x" * 2000)).status_code == 422
    await routing.remove_carrier(desk.context, "web")
    assert await desk.run(lambda c: c.fetchval("SELECT count(*) FROM carrier WHERE signing_sealed IS NOT NULL")) == 0
