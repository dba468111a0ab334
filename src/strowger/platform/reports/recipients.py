"""Who may be mailed a report: the account's people and their colleagues; others only after they have agreed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.console.form import EMAIL
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_token
from strowger.foundation.mail import Letter, post
from strowger.platform.reports import repository
from strowger.platform.reports.schemas import ReportRefused

MOST, MOST_A_DAY = 20, 50
ASKED_AGAIN = timedelta(days=7)
LIFE = timedelta(days=30)  # of the link that asks
CONFIRMED, REFUSED, ASKED = "confirmed", "refused", "asked"
KIND = "report-recipient"
# Everybody may have an address there: a common domain does not make two people colleagues.
PUBLIC_DOMAINS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
    "icloud.com", "me.com", "mac.com", "aol.com", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de",
    "mail.com", "mail.ru", "yandex.ru", "yandex.com", "proton.me", "protonmail.com", "pm.me", "zoho.com",
    "fastmail.com", "tutanota.com", "t-online.de", "freenet.de", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
    "libero.it", "rediffmail.com", "qq.com", "163.com", "126.com", "naver.com", "comcast.net", "btinternet.com",
})  # fmt: skip


def read_addresses(text: str) -> list[str]:
    """Addresses apart by commas, semicolons, spaces or lines, each once. Raises ReportRefused."""
    found = list(dict.fromkeys(part.lower() for part in re.split(r"[\s,;]+", text) if part))
    wrong = next((part for part in found if len(part) > 254 or not EMAIL.fullmatch(part)), None)
    if wrong is not None:
        raise ReportRefused("recipients", f"{wrong[:60]} is no e-mail address.")
    if len(found) > MOST:
        raise ReportRefused("recipients", f"At most {MOST} addresses.")
    return found


def digest(token: str) -> bytes:
    """As a link's token is stored."""
    return hashlib.sha256(token.encode()).digest()


async def sort_out(connection: Connection, account_id: int, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those who may get mail at once, and those who are to be asked first."""
    people = await repository.people(connection, account_id)
    members = {person["email"] for person in people}
    domains = {p["email"].rpartition("@")[2] for p in people if p["role"] in ("owner", "admin")} - PUBLIC_DOMAINS
    known = await repository.known_recipients(connection, account_id, addresses)
    inside, outside = [], []
    for address in addresses:
        ours = address in members or address.rpartition("@")[2] in domains
        if ours or known.get(address, ("", None))[0] == CONFIRMED:
            inside.append(address)
        else:
            outside.append(address)
    return inside, outside


async def ask(context: Context, account_id: int, addresses: Sequence[str]) -> int:
    """Mail those outside the account who were not asked lately and have not refused; returns how many.

    An account asks at most MOST_A_DAY; those beyond are asked when they are named again.
    """
    now = context.clock.now()
    async with context.database.acquire() as connection:
        _, outside = await sort_out(connection, account_id, addresses)
        known = await repository.known_recipients(connection, account_id, outside)
        room = MOST_A_DAY - await repository.count_asked(connection, account_id, now - timedelta(days=1))
        account = await repository.account(connection, account_id)
    new = [address for address in outside if _may_ask(known.get(address), now)][: max(0, room)]
    for address in new:
        token = new_token()
        async with context.database.session() as session:
            await repository.ask_recipient(session, account_id, address, digest(token), now)
            await post(session, context, address, KIND, _letter(context, account["name"], token), account_id)
    return len(new)


def _may_ask(known: tuple[str, datetime] | None, now: datetime) -> bool:
    return known is None or (known[0] != REFUSED and now - known[1] >= ASKED_AGAIN)


def _letter(context: Context, account: str, token: str) -> Letter:
    return Letter(
        f"{account} wants to send you reports",
        (
            f"{account} put your address on the list of those who get its reports by mail.",
            "Nothing is sent to you unless you agree. If you do not know why you got this, do nothing.",
        ),
        button=("Agree or refuse", f"{context.settings.base_url}/reports/recipients/{token}"),
    )


async def asked_by(context: Context, token: str) -> Any | None:
    """Account and address of a link that asks; None when there is no such link."""
    async with context.database.acquire() as connection:
        row = await repository.asked_recipient(connection, digest(token))
    return row if row is not None and context.clock.now() - row["asked_at"] < LIFE else None


async def decide(context: Context, account_id: int, address: str, agreed: bool) -> list[UUID]:
    """Keep an answer; returns the reports that the address is owed now."""
    now, state = context.clock.now(), CONFIRMED if agreed else REFUSED

    async def work(connection: Any) -> list[UUID]:
        await repository.decide_recipient(connection, account_id, address, state, now)
        return await repository.owed_to(connection, account_id, address, now) if agreed else []

    return await context.database.run(work)
