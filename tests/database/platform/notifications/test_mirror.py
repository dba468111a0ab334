"""The event webhook: mails to accounts are told to the installation's own systems (console.md 3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strowger.foundation.mail import Letter, post
from strowger.platform.notifications import mirror
from tests.people_kit import House, open_house
from tests.receiver import Receiver
from tests.receiver import receiver as running_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as made:
        yield made


@pytest.fixture
async def house(database_url: str, tmp_path: Path, receiver: Receiver) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, event_webhook=receiver.url, simulators=True) as house:
        yield house


async def mailed(house: House, kind: str, subject: str, account: int | None = None) -> None:
    async with house.context.database.session() as session:
        letter = Letter(subject, ("https://sms.example/password/SECRET",), code="123456")
        await post(session, house.context, "ada@example.com", kind, letter, account or house.account.id)


def events(receiver: Receiver) -> list[dict[str, Any]]:
    return receiver.requests


async def test_each_mail_is_told_once_without_code_or_link(house: House, receiver: Receiver) -> None:
    await mailed(house, "low-balance", "Ada Ltd: 2.00 EUR are left")
    await mailed(house, "login-otp", "123456 is your code")
    assert await mirror.tell(house.context) == 2
    assert await mirror.tell(house.context) == 0
    low, code = events(receiver)
    assert (low["event"], low["sid"]) == ("low_balance", house.account.sid)
    assert low["data"] == {"to": "ada@example.com", "subject": "Ada Ltd: 2.00 EUR are left"}
    assert low["occurred_at"] == f"{house.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert (code["event"], code["data"]) == ("login_otp", {"to": "ada@example.com"})
    assert "123456" not in str(events(receiver))
    assert "SECRET" not in str(events(receiver))


async def test_a_webhook_that_fails_is_tried_again_then_given_up(house: House, receiver: Receiver) -> None:
    receiver.statuses = [500] * 50
    await mailed(house, "low-balance", "x")
    for _ in range(30):
        await mirror.tell(house.context)
        house.clock.advance(1200)
    tried = len(receiver.requests)
    assert 4 <= tried <= len(mirror.PAUSES)
    assert len({event["id"] for event in events(receiver)}) == 1
    receiver.statuses = []
    house.clock.advance(86_400)
    assert await mirror.tell(house.context) == 0, "a day later nobody wants to know"


async def test_the_job_is_there_only_with_a_webhook(house: House) -> None:
    assert len(mirror.mirror_jobs(house.context)) == 1
    without = replace(house.context, settings=replace(house.context.settings, event_webhook=""))
    assert mirror.mirror_jobs(without) == ()
