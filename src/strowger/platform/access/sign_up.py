"""Sign-up: a form, a mail that proves the address, then account, owner and wallet (console.md 5.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

import phonenumbers

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_token
from strowger.foundation.mail import post
from strowger.foundation.notify import notify
from strowger.platform.access import letters, repository, sign_in
from strowger.platform.access.errors import LinkGone
from strowger.platform.access.history import Where
from strowger.platform.access.kept import is_kept
from strowger.platform.access.models import SignUp
from strowger.platform.access.sign_in import Entered, Waiting, digest
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import Account, User
from strowger.platform.accounts.passwords import hash_password, weakness
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import recharge

LIVES = timedelta(hours=1)
AGAIN_AFTER, MAILS_PER_DAY = timedelta(seconds=60), 5
FREE_MAIL = frozenset((
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.in", "hotmail.com", "outlook.com", "live.com", "msn.com",
    "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "mail.com", "proton.me", "protonmail.com", "yandex.com",
    "yandex.ru", "mail.ru", "qq.com", "163.com", "rediffmail.com", "mailinator.com", "guerrillamail.com", "yopmail.com",
))  # fmt: skip
CURRENCIES = {"IN": "INR", "GB": "GBP", "US": "USD", "CA": "USD", "SG": "USD", "AE": "USD"}
EURO = frozenset((
    "AT", "BE", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT", "SI", "SK",
))  # fmt: skip
COUNTRIES = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the form of a sign-up says."""

    name: str
    company: str
    country: str
    mobile: str = ""
    news: bool = False


Opening: TypeAlias = "Callable[[Connection, Context, Account], Awaitable[None]]"
_openings: list[Opening] = []


def register_opening(opening: Opening) -> None:
    """Say what else a new account begins with: ``await opening(connection, context, account)``, in its transaction."""
    if opening not in _openings:
        _openings.append(opening)


def currency_of(country: str) -> str:
    """The currency of a new account's wallet."""
    return "EUR" if country in EURO else CURRENCIES.get(country, "USD")


def check_address(context: Context, email: str) -> None:
    """Raise AccountProblem for an address of a free mail service, where those are refused."""
    if context.settings.require_work_email and email.rpartition("@")[2].lower() in FREE_MAIL:
        raise AccountProblem("Use the e-mail address of your company.")


async def ask(context: Context, email: str, password: str, applicant: Applicant) -> None:
    """Keep a sign-up and mail its link; an address that has a user gets a mail that says so. Raises AccountProblem."""
    email = email.strip().lower()
    check_address(context, email)
    if problem := weakness(password, email):
        raise AccountProblem(problem)
    now = context.clock.now()
    hashed = await hash_password(password)
    known = await accounts.user_of(context, email) is not None or await is_kept(context, email)
    async with context.database.session() as session:
        earlier = await repository.sign_ups_of(session, email, now - timedelta(days=1))
        if earlier and (earlier[0].created_at > now - AGAIN_AFTER or len(earlier) >= MAILS_PER_DAY):
            return
        token = new_token()
        session.add(
            SignUp(
                token_hash=digest(token), email=email, password_hash=hashed, data=asdict(applicant), created_at=now,
                expires_at=now if known else now + LIVES,
            )
        )  # fmt: skip
        letter = letters.already_known(context) if known else letters.confirm_address(context, token, applicant.company)
        await post(session, context, email, "verify-email", letter)


async def invite(context: Context, email: str) -> str:
    """Mail a link with which one account can be made, whatever STROWGER_SIGNUP says short of closed; returns the link."""
    now = context.clock.now()
    token = new_token()
    url = f"{context.settings.base_url}/sign-up/invited/{token}"
    async with context.database.session() as session:
        session.add(
            SignUp(
                token_hash=digest(token), email=email.strip().lower(), password_hash="", data={"invited": True},
                created_at=now, expires_at=now + LIVES,
            )
        )  # fmt: skip
        await post(session, context, email, "sign-up-invitation", letters.sign_up_invitation(url))
    return url


async def look(context: Context, token: str, invited: bool) -> SignUp:
    """A sign-up that waits, without using it up. Raises LinkGone."""
    async with context.database.session() as session:
        found = await repository.sign_up_by_token(session, digest(token), context.clock.now())
    if found is None or bool(found.data.get("invited")) is not invited:
        raise LinkGone
    return found


async def confirm(context: Context, token: str, where: Where, mobile_proven: bool = False) -> Entered | Waiting:
    """The address is proven, and the number where it says so: make the account and sign its owner in. Raises LinkGone."""
    found = await look(context, token, invited=False)
    applicant = Applicant(**found.data)
    if not mobile_proven:
        applicant = replace(applicant, mobile="")
    return await _make(context, token, found.email, found.password_hash, applicant, where)


async def fill(context: Context, token: str, password: str, applicant: Applicant) -> None:
    """What somebody whom the operator invited says; from then on it is a sign-up like any other, its address proven.

    Raises LinkGone, AccountProblem.
    """
    found = await look(context, token, invited=True)
    if problem := weakness(password, found.email):
        raise AccountProblem(problem)
    hashed = await hash_password(password)
    async with context.database.session() as session:
        kept = await repository.sign_up_by_token(session, digest(token), context.clock.now(), lock=True)
        if kept is None or not kept.data.get("invited"):
            raise LinkGone
        kept.password_hash, kept.data = hashed, asdict(applicant)


async def _make(
    context: Context, token: str, email: str, hashed: str, applicant: Applicant, where: Where
) -> Entered | Waiting:
    async with context.database.session() as session:
        if await repository.take_sign_up(session, digest(token), context.clock.now()) is None:
            raise LinkGone
    if await accounts.user_of(context, email) is not None or await is_kept(context, email):
        raise LinkGone
    account = await accounts.create_account(
        context, applicant.company, applicant.country, currency_of(applicant.country), state="trial",
        settings={"second_factor": "email"},
    )  # fmt: skip

    async def open_wallet(connection: Connection) -> None:
        await billing.open_wallet(connection, account.id, Decimal(0))
        if context.settings.trial_credit > 0:
            await recharge(connection, account.id, context.settings.trial_credit, "trial credit", context.clock.now())
        for opening in _openings:
            await opening(connection, context, account)
        await notify(connection, "accounts")

    await context.database.run(open_wallet)
    user = User(
        account_id=account.id, email=email, name=applicant.name, password_hash=hashed, role="owner", theme="auto",
        preferences={accounts.NEWS: context.clock.now().isoformat(timespec="seconds")} if applicant.news else {},
        mobile=applicant.mobile or None,
    )  # fmt: skip
    async with context.database.session() as session:
        session.add(user)
    return await sign_in.enter_proven(context, user, where)
