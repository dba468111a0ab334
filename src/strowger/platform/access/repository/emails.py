"""Queries of changes of e-mail addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.platform.access.models import EmailChange, OneTimeLink, Passkey, SignInStep

C = EmailChange


# scope: whether an address may be used concerns the whole installation
async def was_left_since(session: AsyncSession, email: str, since: datetime, but: int) -> bool:
    """Whether somebody (``but`` one user) gave an address up since a moment and may take it back."""
    wanted = select(C.user_id).where(
        C.old_email == email, C.confirmed_at > since, C.ended_at.is_(None), C.user_id != but
    )
    return await session.scalar(wanted.limit(1)) is not None


# scope: of the signed-in visitor
async def open_of(session: AsyncSession, user_id: int, now: datetime) -> EmailChange | None:
    """A change that waits for its confirmation."""
    wanted = select(C).where(C.user_id == user_id, C.expires_at > now, C.confirmed_at.is_(None), C.ended_at.is_(None))
    return await session.scalar(wanted)


# scope: of the signed-in visitor
async def end_open(session: AsyncSession, user_id: int, now: datetime) -> None:
    """A new change makes those before it worthless."""
    await session.execute(
        update(C).where(C.user_id == user_id, C.confirmed_at.is_(None), C.ended_at.is_(None)).values(ended_at=now)
    )


# scope: the link names the user
async def to_confirm(
    session: AsyncSession, confirm_hash: bytes, now: datetime, lock: bool = False
) -> EmailChange | None:
    """The change of a link to the new address, while it counts."""
    wanted = select(C).where(
        C.confirm_hash == confirm_hash, C.expires_at > now, C.confirmed_at.is_(None), C.ended_at.is_(None)
    )
    return await session.scalar(wanted.with_for_update() if lock else wanted)


# scope: the link names the user
async def to_undo(
    session: AsyncSession, token_hash: bytes, now: datetime, since: datetime, lock: bool = False
) -> EmailChange | None:
    """The change of a link to the old address: one that waits, or that was made since a moment."""
    wanted = select(C).where(
        (C.stop_hash == token_hash) | (C.undo_hash == token_hash),
        C.ended_at.is_(None),
        (C.confirmed_at > since) | (C.confirmed_at.is_(None) & (C.expires_at > now)),
    )
    return await session.scalar(wanted.with_for_update() if lock else wanted)


# scope: the user whose change is taken back
async def end_later(session: AsyncSession, user_id: int, since: datetime, now: datetime) -> None:
    """With a change, those made after it are over, too."""
    await session.execute(
        update(C).where(C.user_id == user_id, C.created_at >= since, C.ended_at.is_(None)).values(ended_at=now)
    )


# scope: the user whose address changes
async def drop_mailed(session: AsyncSession, user_id: int) -> None:
    """Links and codes that went to the address before count no more."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user_id))
    await session.execute(delete(SignInStep).where(SignInStep.user_id == user_id))


# scope: the user whose change is taken back
async def drop_passkeys_since(session: AsyncSession, user_id: int, since: datetime) -> None:
    """Forget passkeys that were added since a moment."""
    await session.execute(delete(Passkey).where(Passkey.user_id == user_id, Passkey.created_at >= since))


# scope: upkeep of the whole installation
async def purge(session: AsyncSession, before: datetime) -> None:
    """Forget changes that nobody can undo any more."""
    await session.execute(delete(C).where(C.created_at < before))
