"""Outgoing mail: a row written in the transaction of its cause, handed to the mail server by a worker, with retries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib
import msgspec
from markupsafe import Markup, escape
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.clock import Clock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.database import OUTAGES, Connection, columns
from strowger.foundation.errors import Unavailable
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.models import Mail
from strowger.foundation.notify import notify, notify_by, repeat_when_told

log = get_logger(__name__)
CHANNEL = "mail"
BATCH = 20
SECONDS = 30.0
LEASE = timedelta(minutes=3)  # longer than a batch may take; after that another worker tries
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720)]  # between the attempts; then it has failed
POLL_SECONDS = 5.0
KEPT = timedelta(days=30)

CLAIM = """
UPDATE mail SET next_at = $2, attempts = attempts + 1
WHERE id IN (SELECT id FROM mail WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING id, recipient, subject, sealed, attempts, created_at
"""
SENT = "UPDATE mail SET state = 'sent', sent_at = $2, sealed = '', error = '' WHERE id = $1"
AGAIN = "UPDATE mail SET next_at = $2, error = $3 WHERE id = $1"
FAILED = "UPDATE mail SET state = 'failed', sealed = '', error = $2 WHERE id = $1"
ADD = """
INSERT INTO mail (id, account_id, kind, recipient, subject, sealed, next_at, created_at)
SELECT id, account_id, kind, recipient, subject, sealed, $7, $7
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    AS t(id, account_id, kind, recipient, subject, sealed)
"""
PURGE = "DELETE FROM mail WHERE state <> 'queued' AND created_at < $1"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: paragraphs, a code to read out large, and one button (label, URL)."""

    subject: str
    paragraphs: Sequence[str]
    code: str = ""
    button: tuple[str, str] | None = None
    attachment: tuple[str, str] | None = None  # file name and CSV text


class _Body(msgspec.Struct):
    text: str
    html: str
    attachment: tuple[str, str] | None = None


def plain_text(letter: Letter) -> str:
    """The letter as text."""
    parts = list(letter.paragraphs)
    if letter.code:
        parts.insert(1, f"    {letter.code}")
    if letter.button:
        parts.insert(1, f"{letter.button[0]}:\n{letter.button[1]}")
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter) -> str:
    """The letter as HTML, for mail readers: everything from outside is escaped."""
    lines = [Markup("<p>{}</p>").format(escape(paragraph)) for paragraph in letter.paragraphs]
    if letter.code:
        style = "font:600 28px/1.4 monospace;letter-spacing:4px"
        lines.insert(1, Markup('<p style="{}">{}</p>').format(style, letter.code))
    if letter.button:
        label, url = letter.button
        style = "display:inline-block;padding:10px 18px;border-radius:6px;background:#0b57d0;color:#fff;text-decoration:none"
        lines.insert(1, Markup('<p><a href="{}" style="{}">{}</a></p>').format(url, style, label))
    body = Markup("\n").join(lines)
    frame = "font:15px/1.5 system-ui,sans-serif;color:#1b1b1f;max-width:34rem;margin:2rem auto;padding:0 1rem"
    head = Markup("<title>{}</title>").format(letter.subject)
    return str(Markup('<!doctype html><html lang="en"><head><meta charset="utf-8">{}</head>').format(head)) + str(
        Markup('<body><div style="{}">{}</div></body></html>').format(frame, body)
    )


def _bound(mail_id: UUID) -> str:
    return f"mail:{mail_id}"


async def post(
    session: AsyncSession, context: Context, to: str, kind: str, letter: Letter, account_id: int | None = None
) -> UUID:
    """Queue a mail in the caller's transaction; it leaves when that is committed. ``kind`` names its template."""
    mail_id = new_uuid()
    now = context.clock.now()
    body = _Body(plain_text(letter), as_html(letter), letter.attachment)
    session.add(
        Mail(
            id=mail_id,
            account_id=account_id,
            kind=kind,
            recipient=to,
            subject=" ".join(letter.subject.split()),
            sealed=context.secrets.seal(msgspec.json.encode(body), _bound(mail_id)),
            next_at=now,
            created_at=now,
        )
    )
    await notify_by(session, CHANNEL)
    return mail_id


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to queue; ``kind`` names its template."""

    id: UUID
    account_id: int
    to: str
    kind: str
    letter: Letter


async def post_many(connection: Connection, secrets: SecretBox, mails: Sequence[NewMail], now: datetime) -> None:
    """Queue mails in the caller's transaction by one statement."""
    rows: list[tuple[Any, ...]] = []
    for mail in mails:
        letter = mail.letter
        body = msgspec.json.encode(_Body(plain_text(letter), as_html(letter), letter.attachment))
        subject = " ".join(letter.subject.split())
        rows.append((mail.id, mail.account_id, mail.kind, mail.to, subject, secrets.seal(body, _bound(mail.id))))
    await connection.execute(ADD, *columns(rows, 6), now)
    await notify(connection, CHANNEL)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, read from its URL."""

    host: str
    port: int
    tls: bool
    starttls: bool | None  # None: when the server offers it
    user: str | None
    password: str | None


def read_server(url: str) -> Server:
    """The server of a URL that the settings have checked."""
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    word = parse_qs(parts.query).get("starttls", [""])[0].lower()
    starttls = False if tls or word in {"off", "no", "0"} else (True if word in {"on", "required", "1"} else None)
    return Server(
        parts.hostname or "localhost",
        parts.port or (465 if tls else 25),
        tls,
        starttls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def build_message(sender: str, row: Any, secrets: SecretBox) -> EmailMessage:
    """The mail as it goes over the wire. Raises SealBroken."""
    body = msgspec.json.decode(secrets.open(row["sealed"], _bound(row["id"])), type=_Body)
    message = EmailMessage()
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["From"], message["To"], message["Subject"] = sender, row["recipient"], row["subject"]
    message["Date"] = format_datetime(row["created_at"])
    message["Message-ID"] = f"<{row['id']}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body.text)
    message.add_alternative(body.html, subtype="html")
    if body.attachment:
        name, content = body.attachment
        message.add_attachment(content.encode(), maintype="text", subtype="csv", filename=name)
    return message


def is_final(problem: Exception) -> bool:
    """Whether the server's answer says that trying again is of no use."""
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in problem.recipients)
    if isinstance(problem, aiosmtplib.SMTPAuthenticationError):
        return False  # the operator mends the password; the mail is still wanted
    return isinstance(problem, aiosmtplib.SMTPResponseException) and problem.code >= 500


class Postman:
    """Takes due mails to the server; any number of workers may do so at once."""

    def __init__(self, context: Context, url: str | None = None) -> None:
        self._context = context
        self._url = context.settings.outgoing_mail if url is None else url
        self._wake = asyncio.Event()

    @property
    def _clock(self) -> Clock:
        return self._context.clock

    async def run(self) -> None:
        """Deliver for ever, woken by new mail."""
        await repeat_when_told(self._context.database, CHANNEL, self._wake, POLL_SECONDS, self._round)

    async def _round(self) -> None:
        try:
            while await self.deliver_due() == BATCH:
                pass
        except (Unavailable, *OUTAGES) as problem:
            log.warning("mail_postponed", problem=repr(problem))
        except Exception:
            log.exception("mail_failed")

    async def deliver_due(self) -> int:
        """Try every mail that is due, at most a batch; returns how many were tried. None when no server is set."""
        if not self._url:
            return 0
        now = self._clock.now()
        rows = await self._context.database.run(lambda c: c.fetch(CLAIM, now, now + LEASE, BATCH))
        await asyncio.gather(*(self._deliver(row) for row in rows))
        return len(rows)

    async def _deliver(self, row: Any) -> None:
        try:
            await self._hand_over(build_message(self._context.settings.mail_from, row, self._context.secrets))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            await self._give_back(row, str(problem) or type(problem).__name__, is_final(problem))
        except (SealBroken, ValueError) as problem:
            await self._give_back(row, str(problem), final=True)
        else:
            await self._note(SENT, row["id"], self._clock.now())

    async def _hand_over(self, message: EmailMessage) -> None:
        server = read_server(self._url)
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=server.starttls,
            username=server.user,
            password=server.password,
            timeout=SECONDS,
        )

    async def _give_back(self, row: Any, problem: str, final: bool) -> None:
        words = problem[:500]
        tries = row["attempts"]
        log.warning("mail_not_taken", mail=str(row["id"]), problem=words, attempt=tries, final=final)
        if final or tries > len(PAUSES):
            await self._note(FAILED, row["id"], words)
        else:
            await self._note(AGAIN, row["id"], self._clock.now() + PAUSES[tries - 1], words)

    async def _note(self, statement: str, *values: Any) -> None:
        async def work(connection: Connection) -> None:
            await connection.execute(statement, *values)

        await self._context.database.run(work)

    async def purge(self, now: datetime | None = None) -> None:
        """Forget what was sent or has failed long ago."""
        await self._note(PURGE, (now or self._clock.now()) - KEPT)
