"""Mail: queued with its cause, handed over by real SMTP, tried again when the server says so, given up when it must."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context, build_context
from strowger.foundation.mail import BATCH, PAUSES, Letter, Postman, post
from strowger.foundation.settings import Settings, SettingsError, read_settings
from strowger.simulators.mailbox import Mailbox

LETTER = Letter("Your code", ["Somebody signs in.", "If it was not you: tell us."], code="123456")


@pytest.fixture
async def context(database_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32), FrozenClock())
    await context.database.open()
    yield context
    await context.http.close()
    await context.database.close()


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with Mailbox() as box:
        yield box


def postman(context: Context, box: Mailbox) -> Postman:
    return Postman(context, f"smtp://127.0.0.1:{box.port}?starttls=off")


async def send(context: Context, to: str, letter: Letter = LETTER) -> None:
    async with context.database.session() as session:
        await post(session, context, to, "login-code", letter)


async def states(context: Context) -> list[tuple[str, str, int]]:
    rows = await context.database.pool.fetch("SELECT recipient, state, attempts FROM mail ORDER BY id")
    return [(row["recipient"], row["state"], row["attempts"]) for row in rows]


def parts(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


async def test_a_mail_arrives_with_text_and_html(context: Context, box: Mailbox) -> None:
    await send(
        context,
        "ada@example.com",
        Letter("Hi\r\nBcc: x@example.com", ["<b>1</b>"], button=("Go", "https://x/?a=1&b=2")),
    )
    assert await postman(context, box).deliver_due() == 1
    (mail,) = box.arrived
    assert mail.recipients == ("ada@example.com",)
    whole = mail.whole()
    assert whole["subject"] == "Hi Bcc: x@example.com"
    assert "https://x/?a=1&b=2" in whole["text"]
    assert "&lt;b&gt;" in whole["html"]
    assert "a=1&amp;b=2" in whole["html"]
    assert parts(mail.message) == ["multipart/alternative", "text/plain", "text/html"]
    row = await context.database.pool.fetchrow("SELECT state, sealed FROM mail")
    assert row is not None
    assert (row["state"], row["sealed"]) == ("sent", b""), "what was sent is not kept: it carried a code"


async def test_a_mail_is_as_durable_as_its_cause(context: Context, box: Mailbox) -> None:
    async def fail() -> None:
        async with context.database.session() as session:
            await post(session, context, "ada@example.com", "login-code", LETTER)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await postman(context, box).deliver_due() == 0


async def test_codes_do_not_lie_readable_in_the_queue(context: Context) -> None:
    await send(context, "ada@example.com")
    row = await context.database.pool.fetchrow("SELECT * FROM mail")
    assert "123456" not in str(dict(row))  # type: ignore[arg-type]
    assert b"123456" not in row["sealed"]  # type: ignore[index]


async def test_what_is_put_off_is_tried_again_later_and_what_is_refused_is_not(context: Context, box: Mailbox) -> None:
    assert isinstance(context.clock, FrozenClock)
    for name in ("later", "reject", "ada"):
        await send(context, f"{name}@example.com")
    man = postman(context, box)
    assert await man.deliver_due() == 3
    assert await states(context) == [
        ("later@example.com", "queued", 1), ("reject@example.com", "failed", 1), ("ada@example.com", "sent", 1)
    ]  # fmt: skip
    assert await man.deliver_due() == 0
    for pause in PAUSES[:2]:
        context.clock.advance(pause.total_seconds() + 1)
        assert await man.deliver_due() == 1
    assert (await states(context))[0] == ("later@example.com", "sent", 3)


async def test_a_server_that_is_away_is_tried_for_a_day_then_given_up(context: Context) -> None:
    assert isinstance(context.clock, FrozenClock)
    await send(context, "ada@example.com")
    man = Postman(context, "smtp://127.0.0.1:1")
    tries = 0
    while tried := await man.deliver_due():
        tries += tried
        context.clock.advance(PAUSES[-1].total_seconds() + 1)
    assert (await states(context), tries) == ([("ada@example.com", "failed", len(PAUSES) + 1)], len(PAUSES) + 1)


async def test_two_workers_do_not_send_a_mail_twice(context: Context, box: Mailbox) -> None:
    import asyncio

    for i in range(BATCH + 5):
        await send(context, f"p{i}@example.com")
    await asyncio.gather(*(postman(context, box).deliver_due() for _ in range(3)))
    assert len({mail.recipients for mail in box.arrived}) == len(box.arrived) == BATCH + 5


def test_a_wrong_server_is_named_at_start() -> None:
    for url in ("localhost:25", "https://mail.example", "smtp://", "smtp://host:99999"):
        with pytest.raises(SettingsError, match="STROWGER_SMTP_URL"):
            read_settings({"STROWGER_SMTP_URL": url})
