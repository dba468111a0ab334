"""The API as its own description says: fuzzed over HTTP by schemathesis (quality.md R-95), and its pages."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import schemathesis
import schemathesis.specs.openapi.schemas  # here: Python 3.11 may fail to parse files in two threads at once
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.api_kit import SENDER, Api, running_api

from strowger.console import assets
from strowger.foundation.clock import Clock
from strowger.foundation.database import Database
from strowger.foundation.http_server import serve
from strowger.platform.gateway import setup as gateway
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.operations import OPERATIONS

EXAMPLES, SHARES = 25, 4
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with running_api(database, Clock()) as api:
        await database.pool.execute(
            "INSERT INTO wallet (account_id, balance) VALUES ($1, 100) ON CONFLICT DO NOTHING", api.customer.account_id
        )
        yield api


@pytest.fixture
async def served(api: Api) -> AsyncIterator[str]:
    """The base URL of the API behind a real HTTP server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(gateway.answer_first(api.app), "127.0.0.1", port, stop))
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            try:
                await client.get(f"http://127.0.0.1:{port}/openapi.json")
                break
            except httpx.TransportError:
                await asyncio.sleep(0)
    yield f"http://127.0.0.1:{port}"
    stop.set()
    await serving


def fuzz(url: str, sid: str, key: str, share: int) -> tuple[int, int]:
    """Numbers of operations and of cases; each share takes every fourth operation."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    count = 0
    operations = list(schema.get_all_operations())[share::SHARES]
    for result in operations:
        operation = result.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def check(case: schemathesis.Case) -> None:
            nonlocal count
            count += 1
            case.path_parameters["sid"] = sid
            for fields in (case.body, case.query):
                if count % 2 and isinstance(fields, dict):  # so that half of the sends get past the first checks
                    fields.update(to="447700900123", sender=SENDER)
                if isinstance(fields, dict) and str(fields.get("wait", "")).strip().isdecimal():
                    fields["wait"] = 0  # nothing comes here for which a call could wait
            case.call_and_validate(headers={"api-key": key}, checks=CHECKS)

        from hypothesis import given

        given(case=operation.as_strategy())(check)()
    return len(operations), count


@pytest.mark.parametrize("share", range(SHARES))
async def test_R95_nothing_breaks_and_nothing_is_undocumented(api: Api, served: str, share: int) -> None:
    operations, count = await asyncio.to_thread(fuzz, served, api.customer.sid, api.customer.key, share)
    assert operations >= len(OPERATIONS) // SHARES
    assert count > operations * 5
    assert await api.stored()


async def test_the_document_lists_each_operation(api: Api) -> None:
    document = (await api.client.get("/openapi.json")).json()
    for operation in OPERATIONS:
        for version in operation.versions:
            described = document["paths"][f"/{version}{operation.path}"][operation.method.lower()]
            assert str(operation.status) in described["responses"]
            for code in operation.codes:
                assert code in described["responses"][str(ERRORS[code].http)]["description"]


async def test_the_pages_for_people(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "manifest", lambda: dict.fromkeys(PAGE_ASSETS, "x"))
    page = await api.client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-request-id"]
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "api-key: $KEY" in page.text
    errors = await api.client.get("/docs/errors")
    for code in ERRORS:
        assert f'id="{code}"' in errors.text


PAGE_ASSETS = (
    "favicon.svg",
    "gateway-docs.css",
    "gateway-docs.js",
    "console-app.css",
    "console-boot.js",
    "console-app.js",
    "icons.svg",
)
