"""A user's mobile number, verified by a code that is sent to it."""

from __future__ import annotations

import secrets
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.foundation.phone import clean_number, number_facts
from strowger.platform.access import repository, texting
from strowger.platform.access.errors import StepGone, TooManyCodes, WrongCode
from strowger.platform.access.models import CodeAttempt, SignInStep
from strowger.platform.access.sign_in import (
    CODE_LIVES,
    SENT_LIMIT,
    SENT_WINDOW,
    STEP_LIVES,
    WRONG_LIMIT,
    code_digest,
    digest,
    sms_text,
)
from strowger.platform.accounts.errors import AccountProblem

METHOD = "mobile"  # such a step never opens a session
SENT = "mobile-sent"


def read_mobile(text: str, country: str) -> str:
    """A number in international digits. Raises AccountProblem."""
    digits = clean_number(text, None, country)
    facts = number_facts(digits) if digits else None
    if not digits or facts is None or not facts.possible:
        raise AccountProblem("Enter a mobile number such as +447700900123.")
    return digits


async def ask(context: Context, state: Any, user_id: int, digits: str) -> str:
    """Send a code to a number; returns the token for the form that confirms it. Raises TooManyCodes, CannotText."""
    now = context.clock.now()
    token, code = new_token(), f"{secrets.randbelow(10**6):06d}"
    async with context.database.session() as session:
        await repository.lock_user(session, user_id)
        if await repository.count_attempts(session, user_id, SENT, now - SENT_WINDOW) >= SENT_LIMIT:
            raise TooManyCodes("Three codes were sent within half an hour. Wait, then try again.")
        session.add(CodeAttempt(user_id=user_id, kind=SENT, at=now))
        session.add(
            SignInStep(
                token_hash=digest(token), user_id=user_id, method=METHOD, code_hash=code_digest(token, code),
                code_until=now + CODE_LIVES, challenge=digits.encode(), created_at=now, expires_at=now + STEP_LIVES,
            )
        )  # fmt: skip
    await texting.send_text(state, digits, sms_text(code))
    return token


async def confirm(context: Context, user_id: int, token: str, code: str) -> str:
    """Keep the number when the code is right; returns it. Raises StepGone, WrongCode."""
    now = context.clock.now()
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        step = await repository.step(session, digest(token), now)
        if (
            found is None
            or step is None
            or step.user_id != user_id
            or step.method != METHOD
            or step.wrong >= WRONG_LIMIT
        ):
            raise StepGone
        right = secrets.compare_digest(step.code_hash or b"", code_digest(token, code.strip()))
        digits = (step.challenge or b"").decode()
        if right and step.code_until is not None and step.code_until > now:
            found[0].mobile = digits
            await session.delete(step)
            return digits
        step.wrong += 1
    raise WrongCode("The code is wrong or older than five minutes.")


async def forget(context: Context, user_id: int) -> None:
    """Keep no number of a user."""
    async with context.database.session() as session:
        found = await repository.lock_user(session, user_id)
        assert found is not None
        found[0].mobile = None
