"""Members of an account: invite, change role, disable, remove; custom roles (console.md 5.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.mail import post
from strowger.platform.access import letters, links
from strowger.platform.access import repository as access
from strowger.platform.access.kept import is_kept
from strowger.platform.accounts import images
from strowger.platform.accounts import repository as accounts
from strowger.platform.accounts.errors import AccountProblem, EmailTaken
from strowger.platform.accounts.models import ApiKey, User
from strowger.platform.accounts.passwords import NO_PASSWORD
from strowger.platform.team import custom, repository
from strowger.platform.team.models import CustomRole
from strowger.platform.team.roles import EXPERTS, OWNER, PERMISSIONS, ROLES

MAX_MEMBERS, MAX_ROLES = 200, 50
STATES = {
    "active": "Active",
    "invited": "Invitation Sent",
    "overdue": "Invitation Expired",
    "disabled": "Disabled",
    "expired": "Expired",
    "locked": "Locked",
}


class NoSuchMember(AccountProblem):
    """The account has no such member."""

    def __init__(self) -> None:
        super().__init__("The account has no such member.")


class NotYours(AccountProblem):
    """The visitor's role may not do this to that member."""


def state_of(user: User, now: datetime, invited_until: datetime | None = None) -> str:
    """How the list shows a member."""
    if user.state == "invited":
        return "invited" if invited_until is not None and invited_until > now else "overdue"
    if user.state != "active":
        return "disabled"
    if user.access_until is not None and user.access_until <= now:
        return "expired"
    if user.blocked_until is not None and user.blocked_until > now:
        return "locked"
    return "active"


async def members(context: Context, account_id: int) -> list[dict[str, Any]]:
    """The members as rows of the list."""
    now = context.clock.now()
    async with context.database.session() as session:
        users = await repository.members(session, account_id)
        own = {custom.key_of(role.id): role.name for role in await repository.custom_roles(session, account_id)}
        until = await repository.open_invitations(session, account_id)
        keys = await access.users_with_passkeys(session, account_id)
    return [
        {
            "id": user.id, "name": user.name, "email": user.email, "role": user.role,
            "role_name": ROLES[user.role].name if user.role in ROLES else own.get(user.role, "No role"),
            "state": state_of(user, now, until.get(user.id)),
            "factor": ", ".join(filter(None, ("App" if user.totp_sealed else "", "Passkey" if user.id in keys else ""))),
            "last_login_at": user.last_login_at, "created_at": user.created_at, "access_until": user.access_until,
            "account_id": account_id, "image": images.path_of(user.id, str(user.preferences.get(images.KEY) or "")),
        }
        for user in users
    ]  # fmt: skip


async def member(session: AsyncSession, account_id: int, user_id: int) -> User:
    """A member of an account. Raises NoSuchMember."""
    found = await accounts.user(session, account_id, user_id)
    if found is None:
        raise NoSuchMember
    return found


async def get_member(context: Context, account_id: int, user_id: int) -> User:
    """A member of an account. Raises NoSuchMember."""
    async with context.database.session() as session:
        return await member(session, account_id, user_id)


async def check_role(context: Context, visitor: Visitor, role: str) -> str:
    """The name of a role that the visitor may give. Raises NotYours, AccountProblem."""
    found = await custom.find_role(context, visitor.account_id, role)
    if not found.key:
        raise AccountProblem("There is no such role.")
    if role == OWNER and visitor.role != OWNER:
        raise NotYours("Only an owner can make somebody an owner.")
    return found.name


async def invite(
    context: Context, visitor: Visitor, email: str, name: str, role: str, access_until: datetime | None = None
) -> User:
    """Add a member and mail the invitation. Raises EmailTaken, NotYours, AccountProblem."""
    role_name = await check_role(context, visitor, role)
    if await is_kept(context, email):
        raise EmailTaken("This address belonged to somebody until some days ago, who may take it back.")
    user = User(
        account_id=visitor.account_id, email=email.strip().lower(), name=name.strip(), password_hash=NO_PASSWORD, role=role,
        theme="auto", preferences={}, state="invited", access_until=access_until, created_at=context.clock.now(),
    )  # fmt: skip
    try:
        async with context.database.session() as session:
            if len(await repository.lock_members(session, visitor.account_id)) >= MAX_MEMBERS:
                raise AccountProblem(f"An account has at most {MAX_MEMBERS} members.")
            session.add(user)
            await session.flush()
            await _mail_invitation(session, context, visitor, user, role_name)
    except IntegrityError as clash:
        raise EmailTaken("This address already has a user in this installation.") from clash
    return user


async def _mail_invitation(
    session: AsyncSession, context: Context, visitor: Visitor, user: User, role_name: str
) -> None:
    token = await links.make(session, context, user.id, links.INVITATION)
    letter = letters.invitation(context, token, visitor.name, visitor.account_name, role_name)
    await post(session, context, user.email, "team-invitation", letter, visitor.account_id)


async def invite_again(context: Context, visitor: Visitor, user_id: int) -> User:
    """Mail a new invitation; the one before stops working. Raises NoSuchMember, AccountProblem."""
    async with context.database.session() as session:
        user = await member(session, visitor.account_id, user_id)
        if user.state != "invited":
            raise AccountProblem("This member has joined already.")
        role = await custom.find_role(context, visitor.account_id, user.role)
        await _mail_invitation(session, context, visitor, user, role.name)
    return user


async def _locked(session: AsyncSession, visitor: Visitor, user_id: int) -> tuple[User, Sequence[User]]:
    """A member whom the visitor may change, and everybody, locked. Raises NoSuchMember, NotYours."""
    everybody = await repository.lock_members(session, visitor.account_id)
    user = next((one for one in everybody if one.id == user_id), None)
    if user is None:
        raise NoSuchMember
    if user.role == OWNER and visitor.role != OWNER:
        raise NotYours("Only an owner can change an owner.")
    return user, everybody


def _keep_an_owner(user: User, everybody: Iterable[User]) -> None:
    others = [one for one in everybody if one.role == OWNER and one.state == "active" and one.id != user.id]
    if user.role == OWNER and not others:
        raise NotYours("The account needs an owner: make somebody else one first.")


async def change(
    context: Context, visitor: Visitor, user_id: int, name: str, role: str, access_until: datetime | None = None
) -> None:
    """Change name, role and, of an expert, the deadline. Raises NoSuchMember, NotYours, AccountProblem."""
    await check_role(context, visitor, role)
    async with context.database.session() as session:
        user, everybody = await _locked(session, visitor, user_id)
        if role != OWNER:
            _keep_an_owner(user, everybody)
        if user.role != role and user.id == visitor.user_id and role != OWNER:
            raise NotYours("Somebody else has to change your own role.")
        user.name, user.role = name.strip(), role
        user.access_until = access_until if role in EXPERTS else None


async def set_active(context: Context, visitor: Visitor, user_id: int, active: bool) -> User:
    """Let a member in or not; switching off ends their sessions at once. Raises NoSuchMember, NotYours."""
    async with context.database.session() as session:
        user, everybody = await _locked(session, visitor, user_id)
        if user.state == "invited":
            raise AccountProblem("This member has not joined yet; remove the invitation instead.")
        if not active:
            if user.id == visitor.user_id:
                raise NotYours("You cannot disable yourself.")
            _keep_an_owner(user, everybody)
            await access.end_sessions(session, user.id)
        user.state = "active" if active else "disabled"
    return user


async def keys_of(context: Context, account_id: int, user_id: int) -> Sequence[ApiKey]:
    """The active API keys that a member made, which stop with them."""
    async with context.database.session() as session:
        return await access.keys_made_by(session, account_id, user_id)


async def remove(context: Context, visitor: Visitor, user_id: int, keep_keys: bool) -> User:
    """Remove a member. Their API keys stop, unless ``keep_keys`` hands them to the visitor. Raises as ``set_active``."""
    async with context.database.session() as session:
        user, everybody = await _locked(session, visitor, user_id)
        if user.id == visitor.user_id:
            raise NotYours("You cannot remove yourself.")
        _keep_an_owner(user, everybody)
        for key in await access.keys_made_by(session, visitor.account_id, user_id):
            if keep_keys:
                key.created_by = visitor.user_id
            else:
                key.active = False
        await session.flush()
        await repository.drop_member(session, visitor.account_id, user_id)
        await accounts.tell_changed(session, visitor.account_id)
    return user


def read_grants(names: Iterable[str]) -> list[str]:
    """The permissions of a custom role. Raises AccountProblem."""
    grants = sorted({name for name in names if name in PERMISSIONS and name not in custom.NEVER})
    if not grants:
        raise AccountProblem("Choose at least one permission.")
    return grants


async def save_role(context: Context, account_id: int, role_id: int | None, name: str, grants: list[str]) -> None:
    """Make or change a custom role. Raises AccountProblem."""
    if name.lower() in {role.name.lower() for role in ROLES.values()}:
        raise AccountProblem("There is a role of this name already.")
    try:
        async with context.database.session() as session:
            if role_id is None:
                if len(await repository.custom_roles(session, account_id)) >= MAX_ROLES:
                    raise AccountProblem(f"An account has at most {MAX_ROLES} roles of its own.")
                session.add(CustomRole(account_id=account_id, name=name, grants=grants, created_at=context.clock.now()))
                return
            role = await repository.custom_role(session, account_id, role_id)
            if role is None:
                raise AccountProblem("There is no such role.")
            role.name, role.grants = name, grants
    except IntegrityError as clash:
        raise AccountProblem("There is a role of this name already.") from clash


async def remove_role(context: Context, account_id: int, role_id: int) -> None:
    """Remove a custom role that nobody has. Raises AccountProblem."""
    async with context.database.session() as session:
        await repository.lock_members(session, account_id)
        users = await repository.count_with_role(session, account_id, custom.key_of(role_id))
        if users:
            raise AccountProblem(f"{users} members have this role. Give them another one first.")
        await repository.drop_custom_role(session, account_id, role_id)


def describe(grants: Iterable[str]) -> list[str]:
    """Permissions in words, in the order of the matrix."""
    held = set(grants)
    return [text for name, text in PERMISSIONS.items() if name in held]


def choices() -> tuple[tuple[str, str], ...]:
    """The permissions that a custom role may grant."""
    return tuple((name, text) for name, text in PERMISSIONS.items() if name not in custom.NEVER)
