"""A mail server that keeps what arrives, speaking real SMTP, so that every mail can be read without an outside account.

It refuses on purpose where an address begins with a word: ``reject`` (550, for good), ``later`` (451, the first two times).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500
MAX_SIZE = 10_000_000
REFUSALS_LATER = 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """One mail as it came."""

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        found: EmailMessage = message_from_bytes(self.raw, policy=policy.default)
        return found

    def head(self) -> dict[str, Any]:
        """What a list shows."""
        message = self.message
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "from": str(message.get("From", self.sender)),
            "to": ", ".join(self.recipients),
            "subject": str(message.get("Subject", "")),
        }

    def whole(self) -> dict[str, Any]:
        """Everything: text, HTML, headers, names of attachments."""
        message = self.message
        return self.head() | {
            "text": _body(message, "plain"),
            "html": _body(message, "html"),
            "headers": [[name, str(value)] for name, value in message.items()],
            "attachments": [part.get_filename() or "" for part in message.iter_attachments()],
        }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError, KeyError):
        return ""


class Mailbox:
    """The server and what it holds; ``async with Mailbox() as box`` listens on ``box.port``."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.port, self.host = port, host
        self.arrived: deque[Arrived] = deque(maxlen=KEPT)
        self._number = 0
        self._refused: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()

        def connected() -> SMTP:
            return SMTP(self, hostname="mailbox.simulated", data_size_limit=MAX_SIZE, enable_SMTPUTF8=True, loop=loop)

        self._server = await loop.create_server(connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more; what arrived stays readable."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def find(self, number: int) -> Arrived | None:
        """A mail by its number."""
        return next((mail for mail in self.arrived if mail.number == number), None)

    def clear(self) -> None:
        """Throw everything away."""
        self.arrived.clear()

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address.lower().startswith("reject"):
            return "550 5.1.1 no such mailbox here"
        if address.lower().startswith("later") and self._refused[address] < REFUSALS_LATER:
            self._refused[address] += 1
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        self._number += 1
        raw = envelope.original_content or b""
        self.arrived.append(
            Arrived(self._number, datetime.now(UTC), envelope.mail_from or "", tuple(envelope.rcpt_tos), raw)
        )
        return f"250 OK kept as {self._number}"
