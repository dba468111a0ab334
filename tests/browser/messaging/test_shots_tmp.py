import os
from typing import Any

import pytest

from strowger.messaging.pages import pages
from tests.browser.messaging.samples import Log


@pytest.fixture
def site_pages() -> list[Any]:
    return pages


async def test_shots(site, visit, axe):
    log = await Log(site.context.database, site.account.id, site.context.clock.now()).prepare(
        os.environ.get("LINK", "down")
    )
    made = await log.believable()
    out = "/tmp/w/shots"
    os.makedirs(out, exist_ok=True)
    paths = {
        "list": "/messages",
        "long": "/messages/" + made["long"],
        "waiting": "/messages/" + made["waiting"],
        "undel": "/messages/" + made["undelivered"],
        "otp": "/messages/" + made["otp"],
        "refused": "/messages/" + made["refused"],
        "live": "/live",
        "callbacks": "/callbacks",
        "attempts": "/callbacks/attempts",
        "signing": "/callbacks/signing",
        "test": "/callbacks/test",
        "codes": "/errors",
    }
    only = os.environ.get("ONLY")
    sizes = [int(x) for x in os.environ.get("SIZES", "1280").split(",")]
    for name, path in paths.items():
        if only and name not in only.split(","):
            continue
        for theme in os.environ.get("THEMES", "light").split(","):
            for width in sizes:
                page = await visit(path, width=width, height=900, theme=theme)
                await page.wait_for_timeout(700)
                await page.screenshot(path=f"{out}/{name}-{theme}-{width}.png", full_page=name not in ("codes",))
                over = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                bad = await axe(page)
                print(name, theme, width, "overflow", over, "axe", len(bad), *bad[:6], sep="\n   ")
