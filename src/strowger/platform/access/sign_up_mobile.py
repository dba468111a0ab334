"""The mobile number of a sign-up: a code is sent to it after the mail's link was followed (console.md 5.2)."""

from __future__ import annotations

import secrets
from typing import Any

from strowger.foundation.context import Context
from strowger.platform.access import repository, texting
from strowger.platform.access.errors import LinkGone, TooManyCodes, WrongCode
from strowger.platform.access.sign_in import CODE_LIVES, SENT_LIMIT, WRONG_LIMIT, code_digest, digest, sms_text


async def send(context: Context, state: Any, token: str) -> None:
    """Send a code to the number of a sign-up; the one before dies. Raises LinkGone, TooManyCodes, CannotText."""
    now, code = context.clock.now(), f"{secrets.randbelow(10**6):06d}"
    async with context.database.session() as session:
        found = await repository.sign_up_by_token(session, digest(token), now, lock=True)
        if found is None or not found.data.get("mobile"):
            raise LinkGone
        if found.codes >= SENT_LIMIT:
            raise TooManyCodes("Three codes were sent. Ask for a new sign-up mail to try again.")
        found.codes += 1
        found.code_hash, found.code_until, found.wrong = code_digest(token, code), now + CODE_LIVES, 0
        number = str(found.data["mobile"])
    await texting.send_text(state, number, sms_text(code))


async def check(context: Context, token: str, code: str) -> None:
    """Whether a code is right. Raises LinkGone, WrongCode."""
    now = context.clock.now()
    async with context.database.session() as session:
        found = await repository.sign_up_by_token(session, digest(token), now, lock=True)
        if found is None or found.code_hash is None or found.code_until is None:
            raise LinkGone
        alive = found.code_until > now and found.wrong < WRONG_LIMIT
        if alive and secrets.compare_digest(found.code_hash, code_digest(token, code.strip())):
            return
        found.wrong += 1
        text = "The code is wrong." if alive else "This code does not count any more. Send a new one."
    raise WrongCode(text)
