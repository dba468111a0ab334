"""Experts: staff of the installation who look into an account for a limited time, and the report when it is over."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.export import escape_formula
from strowger.foundation.context import Context
from strowger.foundation.mail import Letter, post
from strowger.platform.access import repository as access
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import User
from strowger.platform.team import repository

HOURS = (("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "7 days"), ("720", "30 days"))


def check_address(context: Context, email: str) -> None:
    """Raise AccountProblem when experts may not come from this domain (STROWGER_EXPERT_DOMAINS)."""
    allowed = {d.strip().lower() for d in context.settings.expert_domains.split(",") if d.strip()}
    if allowed and email.rpartition("@")[2].lower() not in allowed:
        raise AccountProblem(f"Experts have an address of {', '.join(sorted(allowed))}.")


def _as_csv(rows: Sequence[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("When (UTC)", "Action", "Address", "From", "Changed"))
    writer.writerows([tuple(escape_formula(cell) for cell in row) for row in rows])
    return out.getvalue()


async def _report(session: AsyncSession, context: Context, user: User) -> None:
    rows = await repository.acts_of(session, user.account_id, user.id)
    lines = [
        (f"{at:%Y-%m-%d %H:%M:%S}", action, path, ip or "", ", ".join(f"{c['table']} {c['id']}" for c in changes))
        for at, action, path, ip, changes in rows
    ]
    letter = Letter(
        f"The access of {user.name} has ended",
        [
            f"{user.name} ({user.email}) had access to your account as an expert. It has ended.",
            f"They changed {len(lines)} things; the list is attached." if lines else "They changed nothing.",
        ],
        attachment=("expert-session.csv", _as_csv(lines)),
    )
    for owner in await access.owners(session, user.account_id):
        await post(session, context, owner.email, "expert-session-report", letter, user.account_id)


async def end_overdue(context: Context) -> int:
    """Disable the experts whose deadline has passed, and mail the owners what they did; returns how many."""
    now = context.clock.now()
    async with context.database.session() as session:
        overdue = await repository.overdue_experts(session, now)
        for user in overdue:
            await end(session, context, user, now)
    return len(overdue)


async def end(session: AsyncSession, context: Context, user: User, now: datetime) -> None:
    """End an expert's access now."""
    user.state = "disabled"
    user.access_until = min(user.access_until or now, now)
    await access.end_sessions(session, user.id)
    await _report(session, context, user)


async def revoke(context: Context, account_id: int, user_id: int) -> None:
    """End the access of an expert before its time. Raises AccountProblem when the account has no such member."""
    async with context.database.session() as session:
        everybody = await repository.lock_members(session, account_id)
        user = next((one for one in everybody if one.id == user_id), None)
        if user is None:
            raise AccountProblem("The account has no such member.")
        if user.state != "disabled":
            await end(session, context, user, context.clock.now())
