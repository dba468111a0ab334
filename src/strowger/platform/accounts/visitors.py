"""The session cookie, and how the console finds its visitor by it."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from strowger.console.respond import AnyRequest, is_secure
from strowger.console.visitor import HIDE_NUMBERS, NUMBERS, Visitor
from strowger.console.visits import AnyConnection, register_visitors
from strowger.foundation.context import Context
from strowger.foundation.tenancy import across_accounts
from strowger.platform.access import addresses
from strowger.platform.accounts import images, service
from strowger.platform.features import repository as flags
from strowger.platform.features import service as features
from strowger.platform.team import custom as roles_of
from strowger.platform.team.roles import effective

ONE_FACTOR = ("password", "link", "invitation")  # ways in that prove one thing only
PLAIN, SECURE = "strowger_session", "__Host-strowger_session"


def cookie_name(connection: AnyConnection) -> str:
    """The cookie's name: bound to the host where https makes that possible."""
    return SECURE if is_secure(connection) else PLAIN


def session_token(connection: AnyConnection) -> str:
    """The token that the browser sent; empty when it sent none."""
    return connection.cookies.get(cookie_name(connection), "")


def give_cookie(request: AnyRequest, response: Response[Any], token: str) -> None:
    """Hand the token to the browser, until it is closed or the session ends."""
    response.set_cookie(
        Cookie(
            key=cookie_name(request),
            value=token,
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_secure(request),
            max_age=int(service.ABSOLUTE.total_seconds()),
        )
    )


def take_cookie(request: AnyRequest, response: Response[Any]) -> None:
    """Remove the token from the browser."""
    response.set_cookie(
        Cookie(
            key=cookie_name(request),
            value="",
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_secure(request),
            max_age=0,
        )
    )


async def find(context: Context, connection: AnyConnection) -> Visitor | None:
    """The visitor of a connection, by its session cookie, from an address that the account lets in."""
    token = session_token(connection)
    ip = connection.client.host if connection.client else None
    return await visitor_of(context, token, ip) if token else None


async def closed_for(context: Context, account_id: int) -> tuple[str, ...]:
    """The pages of features that are switched off for an account."""
    with across_accounts():  # the flags of the main account and of everybody count too
        async with context.database.acquire() as connection:
            return features.closed_paths(await flags.off(connection, account_id))


def _may_operate(context: Context, method: str, ip: str | None) -> bool:
    """Whether the rooms of the installation are open to a session that began so, from there (console.md 5.15)."""
    settings = context.settings
    if settings.operator_second_factor and method in ONE_FACTOR:
        return False
    return not settings.operator_networks or addresses.is_within(settings.operator_networks, ip)


async def visitor_of(context: Context, token: str, ip: str | None = None) -> Visitor | None:
    """The visitor of a session's token."""
    found = await service.session_of(context, token)
    if found is None:
        return None
    session, user, account = found
    if ip is not None and not addresses.is_allowed(account.settings, ip):
        return None
    role = await roles_of.find_role(context, account.id, user.role)
    operator = await service.is_operator(context, account.id) and _may_operate(context, session.method, ip)
    closed = await closed_for(context, account.id)
    granted = effective(role, operator)
    return Visitor(
        user_id=user.id,
        account_id=account.id,
        sid=account.sid,
        name=user.name,
        email=user.email,
        role=user.role,
        theme=user.theme,
        time_zone=str(user.preferences.get("time_zone") or account.time_zone),
        currency=account.currency,
        csrf=session.csrf,
        account_name=account.name,
        country=account.country,
        session=token,
        permissions=granted,
        role_name=role.name,
        closed=closed,
        numbers_hidden=bool(account.settings.get(HIDE_NUMBERS)) and NUMBERS not in granted,
        image=images.path_of(user.id, str(user.preferences.get(images.KEY) or "")),
    )


register_visitors(find)
