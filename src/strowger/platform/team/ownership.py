"""Handing an account over to another member, who has to accept (console.md 5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.mail import Letter, post
from strowger.platform.access import repository as access
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import Account, User
from strowger.platform.team import repository
from strowger.platform.team.models import OwnershipTransfer
from strowger.platform.team.roles import ADMIN, EXPERTS, OWNER

LIVES = timedelta(hours=72)
KIND = "ownership-transfer"
GONE = "This offer is over. Ask the owner for a new one."


class OfferWaits(AccountProblem):
    """There is one offer at a time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that waits for its answer: who hands over, to whom, which account, until when."""

    id: int
    giver: User
    taker: User
    account: Account
    created_at: datetime
    expires_at: datetime


async def offer_of(context: Context, account_id: int) -> Offer | None:
    """The offer of an account that waits."""
    now = context.clock.now()
    async with context.database.session() as session:
        found = await repository.open_transfer(session, account_id, now)
        return None if found is None else await _offer(session, found)


async def _offer(session: AsyncSession, found: OwnershipTransfer) -> Offer:
    giver, taker = await session.get_one(User, found.from_user_id), await session.get_one(User, found.to_user_id)
    account = await session.get_one(Account, found.account_id)
    return Offer(found.id, giver, taker, account, found.created_at, found.expires_at)


async def takers(context: Context, account_id: int, giver_id: int) -> list[User]:
    """The members who may become the owner."""
    async with context.database.session() as session:
        members = await repository.members(session, account_id)
    return [one for one in members if _may_take(one) and one.id != giver_id]


def _may_take(user: User) -> bool:
    return user.state == "active" and user.role not in EXPERTS


async def _tell(session: AsyncSession, context: Context, offer: Offer, subject: str, text: str, *others: User) -> None:
    """Mail both sides, and every other owner."""
    people = {one.id: one for one in (*await access.owners(session, offer.account.id), offer.giver, *others)}
    for one in people.values():
        await post(session, context, one.email, KIND, Letter(subject, [text]), offer.account.id)


async def propose(context: Context, account_id: int, giver_id: int, taker_id: int) -> Offer:
    """Offer the account to a member. The caller has asked for the password. Raises OfferWaits, AccountProblem."""
    now = context.clock.now()
    try:
        async with context.database.session() as session:
            people = {one.id: one for one in await repository.lock_members(session, account_id)}
            giver, taker = people.get(giver_id), people.get(taker_id)
            if giver is None or giver.role != OWNER:
                raise AccountProblem("Only an owner can hand the account over.")
            if taker is None or taker.id == giver.id or not _may_take(taker):
                raise AccountProblem("Choose another active member of the account.")
            await repository.end_overdue_transfers(session, account_id, now)
            made = OwnershipTransfer(
                account_id=account_id, from_user_id=giver.id, to_user_id=taker.id, created_at=now,
                expires_at=now + LIVES, state="open",
            )  # fmt: skip
            session.add(made)
            await session.flush()
            offer = await _offer(session, made)
            letter = Letter(
                f"{giver.name} wants to hand {offer.account.name} over to you",
                [
                    f"{giver.name} ({giver.email}) offers you the ownership of the account {offer.account.name}.",
                    "Once you accept, you are its owner and they become an admin. The offer ends after three days.",
                ],
                button=("Look at the offer", f"{context.settings.base_url}/profile/ownership"),
            )
            await post(session, context, taker.email, KIND, letter, account_id)
            await _tell(
                session, context, offer, f"{offer.account.name} is to be handed over",
                f"{giver.name} offered the ownership of {offer.account.name} to {taker.name} ({taker.email}). Any owner can "
                "withdraw the offer under Settings > Team. If this is not wanted, change your password as well.",
            )  # fmt: skip
            return offer
    except IntegrityError as clash:
        raise OfferWaits("An offer waits for its answer already. Withdraw it first.") from clash


async def withdraw(context: Context, account_id: int) -> bool:
    """An owner takes the offer back; False when none waits."""
    now = context.clock.now()
    async with context.database.session() as session:
        found = await repository.open_transfer(session, account_id, now, lock=True)
        if found is None:
            return False
        offer = await _offer(session, found)
        found.state, found.ended_at = "withdrawn", now
        text = f"The offer to hand {offer.account.name} over to {offer.taker.name} was withdrawn."
        await _tell(session, context, offer, "The offer was withdrawn", text, offer.taker)
        return True


async def answer(context: Context, account_id: int, taker_id: int, accepted: bool) -> Offer:
    """The new owner accepts or declines; for acceptance the caller has asked for the password. Raises AccountProblem."""
    now = context.clock.now()
    async with context.database.session() as session:
        people = {one.id: one for one in await repository.lock_members(session, account_id)}
        found = await repository.open_transfer(session, account_id, now, lock=True)
        if found is None or found.to_user_id != taker_id:
            raise AccountProblem(GONE)
        giver, taker = people[found.from_user_id], people[found.to_user_id]
        if accepted and (giver.role != OWNER or giver.state != "active" or not _may_take(taker)):
            raise AccountProblem(GONE)
        found.state, found.ended_at = ("accepted" if accepted else "declined"), now
        offer = await _offer(session, found)
        if accepted:
            giver.role, taker.role = ADMIN, OWNER
            await session.flush()
            subject = f"{taker.name} is the owner of {offer.account.name}"
            text = f"{taker.name} ({taker.email}) accepted; {giver.name} ({giver.email}) is an admin now."
        else:
            subject, text = "The offer was declined", f"{taker.name} does not want to own {offer.account.name}."
        await _tell(session, context, offer, subject, text, taker)
        return offer


async def end_overdue(context: Context) -> int:
    """Close offers that nobody answered in time, and mail both sides; returns how many."""
    now = context.clock.now()
    async with context.database.session() as session:
        overdue = await repository.overdue_transfers(session, now)
        for found in overdue:
            offer = await _offer(session, found)
            found.state, found.ended_at = "expired", now
            text = f"{offer.taker.name} did not answer in time. Nothing is changed."
            await _tell(
                session, context, offer, f"The offer to hand {offer.account.name} over has ended", text, offer.taker
            )
    return len(overdue)
