"""The rooms of the request log and of error codes: accessible, and within every width."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from strowger.foundation.ids import uuid_floor
from strowger.messaging.pages.codes import pages as code_pages
from strowger.platform.gateway import repository
from strowger.platform.gateway.pages import error_page
from strowger.platform.gateway.request_log import Entry, RequestBook
from strowger.platform.requests.pages import pages
from tests.browser.site import Site

WIDTHS = (320, 1280)


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages, *code_pages, error_page]


async def logged(site: Site) -> UUID:
    """A few requests, done and refused; returns the id of one that was refused."""
    book, request_id = RequestBook(), uuid4()
    for number, (status, code) in enumerate(((202, b""), (429, b"E429"), (404, b"E404"), (429, b"E429"))):
        moment = site.context.clock.now() - timedelta(hours=number * 3)
        request_id = UUID(int=uuid_floor(moment).int | (uuid4().int & 0xFFFF_FFFF))
        path = "/v1/HXEU0000000001GB/messages" + ("/447700900123" if status == 404 else "")
        answer = b'{"code": "%s", "message": "Refused", "data": {}}' % code
        params = {"to": "447700900123", "sender": "ACME", "body": "Hello"}
        book.note(Entry(request_id, site.account.id, None, "POST", path, status, 12, "203.0.113.9", params, answer))
    async with site.context.database.pool.acquire() as connection:
        await repository.write_log(connection, book.take_entries())
    return request_id


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_U70_U74_rooms_are_accessible_and_fit(site: Site, visit: Any, axe: Any, theme: str) -> None:
    request_id = await logged(site)
    page = await visit("/requests", theme=theme)
    for path in ("/requests", "/requests/errors", f"/requests/{request_id}", "/docs/errors/E429", "/errors/NO-CREDITS"):
        await page.goto(site.url + path)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
        assert await axe(page) == [], path
