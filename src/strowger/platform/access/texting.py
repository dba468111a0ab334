"""Codes by SMS. The channel above says how a text leaves; nothing below knows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from strowger.platform.access.errors import CannotText

Send = Callable[[Any, str, str], Awaitable[None]]
_send: list[Send] = []


def register_texter(send: Send) -> None:
    """Say how a text is sent: ``await send(app.state, msisdn, text)``. It raises CannotText with a sentence."""
    _send[:] = [send]


async def send_text(state: Any, msisdn: str, text: str) -> None:
    """Send a text from the installation. Raises CannotText."""
    if not _send:
        raise CannotText("This installation cannot send SMS.")
    await _send[0](state, msisdn, text)
