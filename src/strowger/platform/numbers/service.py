"""Numbers of accounts: give, list, take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.numbers import repository

MAX_LISTED = 1_000
SHORT_CODE = range(3, 8)


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A number of an account."""

    id: int
    msisdn: str
    label: str
    callback: dict[str, Any] | None
    smpp_user_id: int | None = None
    shared: bool = False


def read_msisdn(text: str) -> str:
    """International digits of a number, or a short code as it is. Raises StrowgerError E400."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit() and len(plain) in SHORT_CODE:
        return plain
    number = clean_number(plain, None, "")
    if number is None:
        raise StrowgerError("E400", "Must be a number in international form", field="msisdn")
    return number


async def create_number(
    connection: Connection,
    account_id: int,
    msisdn: str,
    *,
    label: str = "",
    callback: dict[str, Any] | None = None,
) -> OwnNumber:
    """Give a number to an account. Raises StrowgerError E400 (no number, or taken: status 409)."""
    number = read_msisdn(msisdn)
    made = await repository.add_number(connection, account_id, number, label, callback)
    if made is None:
        raise StrowgerError("E400", "The number belongs to an account already", field="msisdn", status=409)
    return OwnNumber(made, number, label, callback)


async def list_numbers(connection: Connection, account_id: int) -> list[OwnNumber]:
    """The numbers of an account, in order."""
    rows = await repository.numbers(connection, account_id, MAX_LISTED)
    return [
        OwnNumber(row["id"], row["msisdn"], row["label"], row["callback"], row["smpp_user_id"], row["shared"])
        for row in rows
    ]


async def shared_numbers(connection: Connection, account_id: int) -> list[str]:
    """The numbers of others on which an account may receive by keyword, in order."""
    return await repository.shares(connection, account_id, MAX_LISTED)


async def share_number(connection: Connection, account_id: int, msisdn: str, now: datetime) -> str:
    """Let an account receive on a number of another one, by keyword. Raises StrowgerError E400; returns the number."""
    number = read_msisdn(msisdn)
    if await repository.has_default(connection, number):
        raise StrowgerError(
            "E400", "It has a default configuration, which a shared number cannot have: delete it first", field="msisdn",
            status=409,
        )  # fmt: skip
    if not await repository.share(connection, account_id, number, now):
        raise StrowgerError(
            "E400", "There is no such number of another account, or it is shared with this one already", field="msisdn",
            status=409,
        )  # fmt: skip
    return number


async def unshare_number(connection: Connection, account_id: int, msisdn: str) -> str:
    """Take a share back, and with it the account's keywords on the number. Raises StrowgerError E400."""
    number = read_msisdn(msisdn)
    if not await repository.unshare(connection, account_id, number):
        raise StrowgerError("E400", "The number is not shared with this account", field="msisdn")
    return number


async def change_number(
    connection: Connection,
    account_id: int,
    msisdn: str,
    *,
    label: str,
    callback: dict[str, Any] | None,
    smpp_user_id: int | None = None,
) -> None:
    """Change label, callback target (Target.to_json) and SMPP client of a number of the account."""
    await repository.change_number(connection, account_id, msisdn, label, callback, smpp_user_id)
