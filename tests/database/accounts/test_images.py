"""Profile images: what is taken, what is served and to whom (console.md 5.6)."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from strowger.platform.accounts import images, service
from tests.people_kit import CSRF, Browser, House, open_house

EXIF_MAKE, EXIF_ORIENTATION = 271, 274


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path) as house:
        yield house


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 300), **more: object) -> bytes:
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0], size[1] // 2))
    written = io.BytesIO()
    image.save(written, kind, **more)
    return written.getvalue()


async def send(browser: Browser, content: bytes, name: str = "me.png", kind: str = "image/png") -> httpx.Response:
    found = CSRF.search((await browser.get("/profile")).text)
    assert found
    files = {"file": (name, content, kind)}
    return await browser.client.post("/profile/image", data={"csrf": found[1]}, files=files)


async def shown(browser: Browser) -> str:
    found = re.search(r'<img class="avatar" src="([^"]+)"', (await browser.get("/profile")).text)
    return found[1] if found else ""


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
async def test_an_image_is_cut_to_a_square_and_written_anew(house: House, kind: str, ending: str) -> None:
    browser = await house.entered()
    assert await shown(browser) == ""
    exif = Image.Exif()
    exif[EXIF_MAKE], exif[EXIF_ORIENTATION] = "A camera", 3
    answer = await send(browser, picture(kind, exif=exif), f"me.{ending}", f"image/{kind.lower()}")
    assert answer.status_code == 303
    path = await shown(browser)
    served = await browser.get(path)
    assert served.status_code == 200
    assert served.headers["content-type"] == "image/webp"
    assert "sandbox" in served.headers["content-security-policy"]
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cross-origin-resource-policy"] == "same-origin"
    with Image.open(io.BytesIO(served.content)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
        assert not image.getexif()
        red, _, blue = image.convert("RGB").getpixel((128, 10))  # type: ignore[misc]
        assert red > 200 > blue, "the camera was upside down"
    assert path in (await browser.get("/settings/team")).text
    await send(browser, picture("PNG", (64, 64)))
    assert await shown(browser) not in ("", path), "another image has another address"
    await browser.post("/profile/image/remove")
    assert await shown(browser) == ""
    assert (await browser.get(path)).status_code == 404


async def test_what_is_no_image_is_refused_and_changes_nothing(house: House) -> None:
    browser = await house.entered()
    await send(browser, picture())
    before = await shown(browser)
    bomb = picture(size=(9000, 9000))
    wrong = (
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "me.svg", "image/svg+xml"),
        (b"<html><script>alert(1)</script>", "me.png", "image/png"),
        (picture("GIF"), "me.gif", "image/gif"),
        (picture("JPEG"), "me.png", "image/png"),
        (picture()[:60], "me.png", "image/png"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"x" * 100, "me.png", "image/png"),
        (picture() + b"\0" * images.MOST, "me.png", "image/png"),
        (bomb, "me.png", "image/png"),
        (b"", "me.png", "image/png"),
    )
    for content, name, kind in wrong:
        answer = await send(browser, content, name, kind)
        assert answer.status_code == 422, name
        assert 'id="image-summary"' in answer.text
    assert await shown(browser) == before


async def test_images_are_for_people_of_the_account_alone(house: House) -> None:
    await send(await house.entered(), picture())
    path = await shown(await house.entered())
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", other)
    theirs = await house.entered(eve.email)
    assert (await theirs.get(path)).status_code == 404
    assert (await theirs.get(path)).text == (await theirs.get(re.sub(r"\d+", "999999", path, count=1))).text
    assert (await house.browser().get(path)).status_code == 303
    bob = await house.add("bob", "numbers-only")
    assert (await (await house.entered(bob.email)).get(path)).status_code == 200
