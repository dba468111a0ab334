"""The API page: a form for each call, made with one's own key, and the same call as code that runs (sms.md 3.3, U-45)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from strowger.app import create_app
from strowger.platform.gateway import pages as gateway_pages
from tests.browser.conftest import Visit
from tests.receiver import receiver

__all__ = ["create_app"]  # it registers every operation and error code
SID, KEY = "HXEU0000000001GB", "A" + "0" * 32
NODE = Path(sys.executable).with_name("node")


@pytest.fixture
def site_pages() -> list[Any]:
    return list(gateway_pages.pages)


async def opened(page: Page, name: str) -> Locator:
    """The form of an operation."""
    section = page.locator(f"#{name}")
    await section.locator("summary").click()
    return section.locator("form")


async def test_a_call_is_made_and_its_answer_shown(visit: Visit) -> None:
    page = await visit("/docs")
    seen: list[Any] = []

    async def answer(route: Route) -> None:
        seen.append((route.request.method, route.request.url, route.request.headers, route.request.post_data))
        await route.fulfill(status=202, json={"id": "1", "error": {}}, headers={"x-request-id": "r-1"})

    await page.route("**/v1/**", answer)
    form = await opened(page, "send_messages")
    await form.get_by_role("button", name="Send POST").click()
    await expect(form.get_by_role("status")).to_have_text("Fill in the API key above first.")
    await page.get_by_label("SID").fill(SID)
    await page.get_by_label("API key").fill(KEY)
    await form.get_by_label("body").fill("Grüße")
    await form.get_by_role("button", name="Send POST").click()
    await expect(form.get_by_role("status")).to_contain_text("202")
    await expect(form.get_by_label("Answer")).to_contain_text('"error": {}')
    ((method, url, headers, body),) = seen
    assert (method, url.endswith(f"/v1/{SID}/messages"), headers["api-key"]) == ("POST", True, KEY)
    assert "cookie" not in headers
    assert json.loads(body) == {"to": "447700900123", "sender": "STROWG", "body": "Grüße", "type": "TXN"}
    read = await opened(page, "messages_status")
    await read.get_by_role("button", name="Send GET").click()
    await expect(read.get_by_role("status")).to_contain_text("202")
    assert "message_ids=" in seen[-1][1]


async def test_U45_each_call_as_code_runs(visit: Visit, tmp_path: Path) -> None:
    page = await visit("/docs")
    form = await opened(page, "send_messages")
    text = 'It\'s "50 %" & more \\ über\nnext {line}'
    async with receiver() as target:
        await page.get_by_label("Base URL").fill(target.url)
        await page.get_by_label("SID").fill(SID)
        await form.get_by_label("body").fill(text)
        for kind in ("json", "form", "query"):
            await form.get_by_label("Parameters as").select_option(kind)
            for language in ("curl", "Python", "JavaScript"):
                await page.get_by_label("Code in").select_option(language)
                code = await form.get_by_label("Code: Send messages (/messages)").inner_text()
                assert KEY not in code
                await run(language, code, tmp_path)
                got = target.requests[-1]
                assert got["_headers"]["api-key"] == KEY, (language, kind)
                assert {name: got[name] for name in ("to", "sender", "body")} == {
                    "to": "447700900123", "sender": "STROWG", "body": text,
                }, (language, kind)  # fmt: skip
        for language, part in (("PHP", "curl_exec"), ("Java", "HttpRequest.newBuilder")):
            await page.get_by_label("Code in").select_option(language)
            await expect(form.get_by_label("Code: Send messages (/messages)")).to_contain_text(part)


async def test_U45_a_call_with_a_file(visit: Visit, tmp_path: Path) -> None:
    page = await visit("/docs")
    form = await opened(page, "upload_documents")
    (tmp_path / "proof.txt").write_text("The proof")
    async with receiver() as target:
        await page.get_by_label("Base URL").fill(target.url)
        await page.get_by_label("SID").fill(SID)
        await form.locator("input[type=file]").set_input_files(tmp_path / "proof.txt")
        code = form.locator("pre").first
        for language in ("curl", "Python", "JavaScript"):
            await page.get_by_label("Code in").select_option(language)
            await run(language, await code.inner_text(), tmp_path)
            got = target.requests[-1]
            assert got["_headers"]["Content-Type"].startswith("multipart/form-data"), language
            assert got["file"] == ("proof.txt", b"The proof"), language
        for language, part in (("PHP", "new CURLFile('proof.txt')"), ("Java", 'Path.of("proof.txt")')):
            await page.get_by_label("Code in").select_option(language)
            await expect(code).to_contain_text(part)


async def run(language: str, code: str, folder: Path) -> None:
    """Run a piece of code as its reader would."""
    file = folder / {"curl": "call.sh", "Python": "call.py", "JavaScript": "call.mjs"}[language]
    file.write_text(code)
    program = {"curl": "sh", "Python": sys.executable, "JavaScript": str(NODE)}[language]
    process = await asyncio.create_subprocess_exec(
        program, str(file), cwd=folder, env={**os.environ, "STROWGER_API_KEY": KEY}, stdout=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, (language, code)


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
async def test_it_reads_well(visit: Visit, axe: Callable[[Page], Awaitable[list[str]]], width: int, theme: str) -> None:
    page = await visit("/docs", width=width, theme=theme)
    await opened(page, "send_messages")
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
