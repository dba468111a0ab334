"""Single sign-on: setting a provider up, sending people there, letting them in when they come back (console.md 5.3).

The state binds the answer to the browser that asked: nonce and PKCE verifier follow from the state and a cookie, so nothing
secret is stored meanwhile. A person is known by issuer and subject; the e-mail address only counts the first time.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.ids import new_token
from strowger.foundation.mail import Letter, post
from strowger.foundation.tenancy import across_accounts
from strowger.platform.access import repository as access
from strowger.platform.access import sign_in, sign_up
from strowger.platform.access.errors import NotAllowed
from strowger.platform.access.history import Where
from strowger.platform.access.kept import is_kept
from strowger.platform.access.sign_in import Entered, digest
from strowger.platform.accounts import repository as accounts
from strowger.platform.accounts.models import Account, User
from strowger.platform.accounts.passwords import NO_PASSWORD
from strowger.platform.settings import repository as settings
from strowger.platform.sso import claims as tokens
from strowger.platform.sso import provider as providers
from strowger.platform.sso import repository
from strowger.platform.sso.claims import Claims
from strowger.platform.sso.errors import SsoGone, SsoProblem
from strowger.platform.sso.models import IdentityProvider, SsoAttempt, SsoIdentity
from strowger.platform.team import repository as team
from strowger.platform.team.custom import find_role
from strowger.platform.team.roles import EXPERTS, OWNER
from strowger.platform.team.service import MAX_MEMBERS

LIVES = timedelta(minutes=10)
METHOD = "sso"
MAX_DOMAINS, MAX_NAME = 20, 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an owner enters. An empty ``secret`` keeps the one before."""

    is_on: bool
    issuer: str
    client_id: str
    secret: str
    domains: list[str]
    default_role: str
    is_required: bool
    trusts_addresses: bool


def _bound(account_id: int) -> str:
    return f"identity_provider:{account_id}"


def callback_url(context: Context) -> str:
    """Where providers send people back to."""
    return f"{context.settings.base_url}/sign-in/sso/callback"


async def provider_of(context: Context, account_id: int) -> tuple[IdentityProvider | None, list[str]]:
    """The provider of an account, and its domains."""
    async with context.database.session() as session:
        return await repository.provider(session, account_id), await repository.domains(session, account_id)


async def any_on(context: Context) -> bool:
    """Whether any account uses single sign-on."""
    async with context.database.session() as session:
        return await repository.any_on(session)


async def save(context: Context, account_id: int, wanted: Wanted) -> None:
    """Keep a provider; one that is switched on must answer. Raises SsoProblem."""
    await _check_role(context, account_id, wanted.default_role)
    if wanted.is_on:
        providers.forget(wanted.issuer)
        await providers.learn(context, wanted.issuer)
    now = context.clock.now()
    try:
        async with context.database.session() as session:
            await _check_domains(session, account_id, wanted.domains)
            row = await repository.provider(session, account_id, lock=True)
            if row is None:
                row = IdentityProvider(account_id=account_id)
                session.add(row)
            row.is_on, row.issuer, row.client_id = wanted.is_on, wanted.issuer, wanted.client_id
            row.default_role, row.is_required = wanted.default_role, wanted.is_required
            row.trusts_addresses, row.changed_at = wanted.trusts_addresses, now
            if wanted.secret:
                row.secret_sealed = context.secrets.seal(wanted.secret, _bound(account_id))
            await session.flush()
            await repository.set_domains(session, account_id, wanted.domains)
            only = wanted.domains if wanted.is_on and wanted.is_required else []
            await settings.change_settings(session, account_id, **{sign_in.SSO_ONLY: only})
    except IntegrityError as clash:
        raise SsoProblem(
            "Another account has one of these domains. Ask the operator of the installation.", "domains"
        ) from clash


async def remove(context: Context, account_id: int) -> None:
    """Sign in by password again, everybody."""
    async with context.database.session() as session:
        await repository.drop_provider(session, account_id)
        await settings.change_settings(session, account_id, **{sign_in.SSO_ONLY: []})


async def _check_role(context: Context, account_id: int, role: str) -> None:
    found = await find_role(context, account_id, role)
    if not found.key or role == OWNER or role in EXPERTS:
        raise SsoProblem("Choose a role that new members may have.", "default_role")


async def _check_domains(session: AsyncSession, account_id: int, names: list[str]) -> None:
    """A domain is claimed by an account of which an owner or admin has a proven address there."""
    known = {user.email.rpartition("@")[2] for user in await access.owners(session, account_id, ("owner", "admin"))}
    for name in names:
        if name in sign_up.FREE_MAIL:
            raise SsoProblem(f"Addresses at {name} belong to everybody.", "domains")
        if name not in known:
            raise SsoProblem(
                f"No owner or admin of the account has an address at {name}, which would prove that it is yours.",
                "domains",
            )


def _derived(purpose: str, state: str, browser: str) -> str:
    """Nonce and verifier: 43 characters that only who has both the state and the cookie can compute."""
    packed = hashlib.sha256(f"{purpose}:{state}:{browser}".encode()).digest()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


async def begin(context: Context, email: str, target: str, browser: str) -> str:
    """Where somebody with this address goes to sign in; ``browser`` is the token of its cookie. Raises SsoProblem."""
    domain = email.strip().lower().rpartition("@")[2]
    state, now = new_token(), context.clock.now()
    async with context.database.session() as session:
        row = await repository.provider_of_domain(session, domain)
        if row is None:
            raise SsoProblem(f"No account uses single sign-on for addresses at {domain}. Sign in with your password.")
        await repository.drop_old_attempts(session, now)
    found, _ = await providers.learn(context, row.issuer)
    async with context.database.session() as session:
        session.add(
            SsoAttempt(
                state_hash=digest(state), browser_hash=digest(browser), account_id=row.account_id, target=target,
                expires_at=now + LIVES,
            )
        )  # fmt: skip
    verifier = _derived("verifier", state, browser)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "scope": "openid email profile", "client_id": row.client_id,
        "redirect_uri": callback_url(context), "state": state, "nonce": _derived("nonce", state, browser),
        "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": email.strip(),
    }  # fmt: skip
    joint = "&" if "?" in found.authorization_endpoint else "?"
    return f"{found.authorization_endpoint}{joint}{urlencode(asked)}"


async def finish(
    context: Context, state: str, code: str, browser: str, error: str, where: Where
) -> tuple[Entered, str]:
    """Somebody comes back: the session, and where they wanted to go. Raises SsoGone, SsoProblem, NotAllowed."""
    now = context.clock.now()
    async with context.database.session() as session:
        attempt = await repository.take_attempt(session, digest(state), digest(browser), now)
        row = await repository.provider(session, attempt.account_id) if attempt else None
    if attempt is None or row is None or not row.is_on:
        raise SsoGone
    if error or not code:
        raise SsoProblem(f"Your provider did not let you in: {error[:200] or 'it sent no code'}.")
    claims = await _claims(context, row, state, code, browser)
    return await _enter(context, row, claims, where), attempt.target


async def _claims(context: Context, row: IdentityProvider, state: str, code: str, browser: str) -> Claims:
    found, keys = await providers.learn(context, row.issuer)
    secret = context.secrets.open(row.secret_sealed, _bound(row.account_id)).decode() if row.secret_sealed else ""
    verifier, nonce = _derived("verifier", state, browser), _derived("nonce", state, browser)
    sent = await providers.redeem(context, found, row.client_id, secret, code, verifier, callback_url(context))
    try:
        claims = tokens.read(sent.id_token, keys, row.issuer, row.client_id, nonce, context.clock.time())
    except tokens.UnknownKey:  # the provider may have changed its keys since they were read
        _, keys = await providers.learn(context, row.issuer, afresh=True)
        claims = tokens.read(sent.id_token, keys, row.issuer, row.client_id, nonce, context.clock.time())
    if not claims.email and found.userinfo_endpoint and sent.access_token:
        told = await providers.user_info(context, found, sent.access_token)
        if told.get("sub") == claims.sub:
            claims.email, claims.email_verified = str(told.get("email") or ""), told.get("email_verified")
            claims.name = claims.name or str(told.get("name") or "")
    return claims


async def _enter(context: Context, row: IdentityProvider, claims: Claims, where: Where) -> Entered:
    """Let the person in whom the claims name, who joins when nobody has that address yet."""
    with across_accounts():
        async with context.database.session() as session:
            known = await repository.identity(session, row.account_id, row.issuer, claims.sub)
            user_id = known.user_id if known else None
    if user_id is None:
        user_id = await _first_time(context, row, claims)
    text = ""
    async with context.database.session() as session:
        found = await access.lock_user(session, user_id)
        if found is None or found[1].id != row.account_id:
            raise SsoProblem("Your user does not belong to this account.")
        user, account = found
        if user.state == "invited":
            user.state = "active"
        refusal, text = await sign_in.refusal_of(session, context, user, account, where, METHOD)
        if not refusal:
            return await sign_in.enter(session, context, user, where, METHOD)
    raise NotAllowed(text)


async def _first_time(context: Context, row: IdentityProvider, claims: Claims) -> int:
    """Link a subject with the user of its address, or make that user. Raises SsoProblem."""
    email = claims.email.strip().lower()
    verified = claims.email_verified in (True, "true")
    if not verified and not (claims.email_verified is None and row.trusts_addresses):
        raise SsoProblem("Your provider does not say that your e-mail address is verified.")
    async with context.database.session() as session:
        names = await repository.domains(session, row.account_id)
    if email.count("@") != 1 or email.rpartition("@")[2] not in names:
        raise SsoProblem(f"Your address {email[:100] or '(none)'} is not of a domain of this account.")
    if await is_kept(context, email):
        raise SsoProblem("This address belonged to somebody until some days ago, who may take it back.")
    try:
        async with context.database.session() as session:
            everybody = await team.lock_members(session, row.account_id)
            user = await accounts.user_by_email(session, email)
            if user is None:
                if len(everybody) >= MAX_MEMBERS:
                    raise SsoProblem(f"An account has at most {MAX_MEMBERS} members.")
                user = await _join(session, context, row, email, claims.name)
            elif user.account_id != row.account_id:
                raise SsoProblem("Your address has a user in another account of this installation.")
            elif await repository.has_identity(session, row.account_id, row.issuer, user.id):
                raise SsoProblem(
                    "Your address belongs to another person of your provider. Ask an owner of the account."
                )
            session.add(
                SsoIdentity(
                    account_id=row.account_id, issuer=row.issuer, subject=claims.sub, user_id=user.id,
                    created_at=context.clock.now(),
                )
            )  # fmt: skip
            await session.flush()
            return user.id
    except IntegrityError as clash:
        raise SsoProblem("Somebody joined with this address at the same moment. Try again.") from clash


async def _join(session: AsyncSession, context: Context, row: IdentityProvider, email: str, name: str) -> User:
    user = User(
        account_id=row.account_id, email=email, name=(name.strip() or email.partition("@")[0])[:MAX_NAME],
        password_hash=NO_PASSWORD, role=row.default_role, theme="auto", preferences={}, state="active",
        created_at=context.clock.now(),
    )  # fmt: skip
    session.add(user)
    await session.flush()
    account = await session.get_one(Account, row.account_id)
    letter = Letter(
        f"{user.name} joined {account.name}",
        [
            f"{user.name} ({email}) signed in by single sign-on for the first time and is a member now, with the default role."
        ],
        button=("See the team", f"{context.settings.base_url}/settings/team"),
    )
    for owner in await access.owners(session, row.account_id):
        await post(session, context, owner.email, "sso-joined", letter, row.account_id)
    return user
