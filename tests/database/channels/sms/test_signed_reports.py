"""Reports of an HTTP carrier that are signed, from the form to the stored row (the signatures themselves: tests/unit)."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from strowger.channels.sms.carriers import hooks, service
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.repository.reports import take_reports
from tests.database.channels.sms.test_carrier_pages import Desk
from tests.database.channels.sms.test_carrier_room import HTTP, _web, desk

__all__ = ["desk"]
BODY = b'{"id": "a-1", "status": "delivered"}'
ADDRESS = "SELECT signing_sealed FROM carrier WHERE name = 'web'"


async def test_reports_without_a_fitting_signature_change_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "KNOWN_SECONDS", -1)
    path = await _web(desk)

    async def post(body: bytes, signature: str, query: str = "") -> int:
        headers = {"content-type": "application/json", "x-signature": signature}
        answer = await desk.client.post(f"{path}/receipts{query}", content=body, headers=headers)
        return int(answer.status_code)

    def sign(body: bytes, secret: bytes = b"top-secret") -> str:
        return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()

    bad = await desk.post("/carriers/edit/web", **HTTP | {"hook_timestamp": "X-Time"})
    assert bad.status_code == 422
    assert "or anybody can change it" in bad.text
    await service.change_carrier(desk.context, "web", {"hook_signature": "X-Signature", "hook_prefix": "sha256="})
    assert "no secret is kept: every report is refused" in (await desk.get("/carriers/show/web")).text
    assert await post(BODY, sign(BODY)) == 401, "no secret is kept yet"

    assert (await desk.post("/carriers/show/web/signing", signing_secret="x" * 2000)).status_code == 422
    assert (await desk.post("/carriers/show/web/signing", signing_secret="top-secret")).status_code == 303
    page = (await desk.get("/carriers/show/web")).text
    assert "a secret is kept" in page
    assert "top-secret" not in page
    assert b"top-secret" not in await desk.run(lambda c: c.fetchval(ADDRESS))
    other = BODY.replace(b"a-1", b"a-2")
    assert [await post(BODY, sign(BODY, b"x")), await post(other, sign(BODY)), await post(BODY, "")] == [401] * 3
    half = b'{"id": "a-3"}'
    assert await post(half, sign(half), "?status=failed") == 400, "the query is not signed, so it is not believed"
    assert await post(BODY, sign(BODY)) == 200
    stored = await desk.run(lambda c: take_reports(c, 100))
    assert [report.operator_id for report in stored] == ["a-1"]  # type: ignore[union-attr]

    await desk.add()
    with pytest.raises(StrowgerError, match="CARRIER-HOOK"):
        await routing.set_signing(desk.context, "acme", "x")
    await routing.remove_carrier(desk.context, "web")
    assert await desk.run(lambda c: c.fetchval("SELECT count(*) FROM carrier WHERE signing_sealed IS NOT NULL")) == 0
