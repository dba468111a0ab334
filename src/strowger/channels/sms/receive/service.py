"""Configurations of receiving: checked, stored, copied, switched, removed (sms.md 7.8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from strowger.channels.sms.fields import ENTITY_ID, ENTITY_ID_TEXT, TEMPLATE_ID, TEMPLATE_ID_TEXT
from strowger.channels.sms.receive.matching import CAPTURE, BadKeyword, check_keyword, key_of, names_of
from strowger.channels.sms.receive.repository import configurations as repository
from strowger.channels.sms.receive.schemas import (
    CONSENTS,
    MAX_CONFIGURATIONS,
    MAX_FORWARDS,
    MAX_REPLY,
    MAX_REPLY_MINUTES,
    Draft,
)
from strowger.channels.sms.receive.sharing import is_common_word
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.directory import service as directory
from strowger.platform.numbers.repository import owner_of
from strowger.platform.numbers.service import shared_numbers

# Only what needs no quoting: nothing in it can become a second address or another header.
EMAIL = re.compile(
    r"(?=.{3,254}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def _refuse(field: str, detail: str) -> StrowgerError:
    return StrowgerError("E400", detail, field=field)


def read_emails(text: str) -> tuple[str, ...]:
    """Addresses apart by commas, spaces or lines. Raises StrowgerError E400."""
    found = tuple(dict.fromkeys(filter(None, re.split(r"[,;\s]+", text))))
    for address in found:
        if not EMAIL.fullmatch(address):
            raise _refuse("forward_emails", f"“{address[:60]}” is no e-mail address.")
    if len(found) > MAX_FORWARDS:
        raise _refuse("forward_emails", f"At most {MAX_FORWARDS} addresses.")
    return found


def read_numbers(text: str, country: str) -> tuple[str, ...]:
    """Numbers in international form, apart by commas or lines. Raises StrowgerError E400."""
    found = []
    for part in filter(None, map(str.strip, re.split(r"[,;\n]+", text))):
        number = clean_number(part, None, country)
        if number is None:
            raise _refuse("forward_numbers", f"“{part[:40]}” is no number with country code.")
        found.append(number)
    found = list(dict.fromkeys(found))
    if len(found) > MAX_FORWARDS:
        raise _refuse("forward_numbers", f"At most {MAX_FORWARDS} numbers.")
    return tuple(found)


def check(draft: Draft, is_default: bool, senders: Sequence[str], now: datetime, old: Draft | None = None) -> Draft:
    """The draft as it is kept. ``old`` is what it replaces. Raises StrowgerError E400 with the field that is wrong."""
    if is_default:
        draft = replace(draft, keyword="", expires_at=None)
    else:
        try:
            draft = replace(draft, keyword=check_keyword(draft.keyword))
        except BadKeyword as problem:
            raise _refuse("keyword", str(problem)) from None
        if draft.expires_at is None:
            raise _refuse("expires_at", "A keyword needs a moment at which it ends.")
        if draft.expires_at <= now and (old is None or old.expires_at != draft.expires_at):
            raise _refuse("expires_at", "This moment is over.")
    _check_reply(draft, senders, old)
    _check_registration(draft)
    if draft.consent not in CONSENTS:
        raise _refuse("consent", "subscribe or unsubscribe")
    if draft.tag_id is not None and not draft.consent:
        raise _refuse("tag", "A tag is given by Subscribe and taken by Unsubscribe: choose one of these.")
    return draft


def _check_reply(draft: Draft, senders: Sequence[str], old: Draft | None) -> None:
    if len(draft.reply_text) > MAX_REPLY:
        raise _refuse("reply_text", f"At most {MAX_REPLY} characters.")
    known = set(names_of(draft.keyword))
    unknown = [name for name in CAPTURE.findall(draft.reply_text) if name not in known]
    if unknown:
        held = f"only {', '.join(f'{{{name}}}' for name in names_of(draft.keyword))}" if known else "no names"
        raise _refuse("reply_text", f"It uses {{{unknown[0]}}}; the keyword has {held}.")
    if (
        draft.reply_sender
        and draft.reply_sender not in senders
        and not (old and old.reply_sender == draft.reply_sender)
    ):
        raise _refuse("reply_sender", "Not an approved sender ID of the account.")
    if not 0 <= draft.reply_minutes <= MAX_REPLY_MINUTES:
        raise _refuse("reply_minutes", f"0 to {MAX_REPLY_MINUTES} minutes.")


def _check_registration(draft: Draft) -> None:
    if draft.reply_template and not TEMPLATE_ID.fullmatch(draft.reply_template):
        raise _refuse("reply_template", TEMPLATE_ID_TEXT)
    if draft.reply_entity and not ENTITY_ID.fullmatch(draft.reply_entity):
        raise _refuse("reply_entity", ENTITY_ID_TEXT)


def check_shared(draft: Draft, is_shared: bool) -> None:
    """What a shared number does not take. Raises StrowgerError E400."""
    if is_shared and not draft.keyword:
        raise _refuse("is_default", "A shared number has no default configuration: give a keyword.")
    if is_shared and is_common_word(draft.keyword):
        raise _refuse("keyword", "On a shared number this word belongs to everybody.")


async def _check_targets(connection: Connection, account_id: int, draft: Draft) -> None:
    """The tag must be there; a forward to a number of the account itself would come in again."""
    if draft.tag_id is not None:
        tag = await directory.find_tag(connection, account_id, draft.tag_id)
        if tag is None or tag.criteria is not None:
            raise _refuse("tag", "There is no such tag that can be given.")
    if not draft.forward_numbers:
        return
    owners = await owner_of(connection, set(draft.forward_numbers))
    shared = set(await shared_numbers(connection, account_id))
    for number in draft.forward_numbers:
        if owners.get(number) == account_id or number in shared:
            raise _refuse("forward_numbers", f"+{number} is a number of this account: it would come in again.")


def _taken(draft: Draft, is_shared: bool = False) -> StrowgerError:
    if is_shared:
        return StrowgerError("E400", "This keyword is taken on the shared number.", field="keyword", status=409)
    if not draft.keyword:
        return StrowgerError("E400", "The number has a default configuration already.", field="is_default", status=409)
    return StrowgerError("E400", "The number has this keyword already.", field="keyword", status=409)


async def create(connection: Connection, account_id: int, msisdn: str, draft: Draft, now: datetime) -> int:
    """Write a checked configuration for a number of the account; returns its id. Raises StrowgerError E400."""
    await _check_targets(connection, account_id, draft)
    is_shared = await repository.is_shared(connection, account_id, msisdn)
    check_shared(draft, is_shared)
    if await repository.count(connection, account_id, msisdn) >= MAX_CONFIGURATIONS:
        raise _refuse("number", f"A number has at most {MAX_CONFIGURATIONS:,} configurations.")
    made = await repository.add(connection, account_id, msisdn, draft, key_of(draft.keyword), now)
    if made is None:
        if not await repository.owns(connection, account_id, msisdn):
            raise _refuse("number", "Not a number of the account.")
        raise _taken(draft, is_shared)
    return made


async def change(connection: Connection, account_id: int, configuration_id: int, draft: Draft, now: datetime) -> None:
    """Change a configuration of the account to a checked draft. Raises StrowgerError E400."""
    await _check_targets(connection, account_id, draft)
    is_shared = await repository.is_shared_of(connection, account_id, configuration_id)
    check_shared(draft, is_shared)
    try:
        await repository.change(connection, account_id, configuration_id, draft, key_of(draft.keyword), now)
    except asyncpg.UniqueViolationError:
        raise _taken(draft, is_shared) from None
