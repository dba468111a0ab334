"""Claims about time, on a machine that may have other work at that moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page

from tests.installation import until

SECOND = 1_000  # milliseconds
TRIES = 4


async def promptly(attempt: Callable[[int], Awaitable[None]]) -> None:
    """One of a few attempts keeps the time. Each gets its number, for data of its own, and asserts with ``timeout=SECOND``."""
    for number in range(TRIES):
        try:
            await attempt(number)
            return
        except AssertionError:
            if number == TRIES - 1:
                raise


async def with_phone(page: Page) -> None:
    """Load the page again while it says that the simulators are too busy to answer it."""

    async def there() -> bool:
        if not await page.get_by_text("There is no phone now.").count():
            return True
        await page.reload()
        return False

    await until(there, 60, "an answer of the simulators", pause=0.5)
