"""The operator is told when a carrier goes down and comes back, and when messages wait too long.

A trouble is mailed once it has lasted for ``STROWGER_ALARM_AFTER`` seconds, and its end once nothing was seen of it for as long:
a carrier that comes and goes is one alarm, not fifty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Letter, post
from strowger.platform.access import repository as access
from strowger.platform.accounts import repository as accounts
from strowger.platform.health.models import Alarm
from strowger.platform.health.repository import alarms as repository
from strowger.platform.health.service import LINK_UP, QUEUE_AGE_ALERT_SECONDS

log = get_logger(__name__)
SECONDS = 15.0
KIND = "installation-alarm"
CARRIER, QUEUE = "carrier", "queue"
KEPT = timedelta(days=90)
NEW = timedelta(seconds=60)  # a carrier that was just added may still be connecting
LONGEST_DETAIL = 300
UNUSED = "paused or removed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now."""

    kind: str
    subject: str
    detail: str


def alarm_jobs(context: Context) -> tuple[Job, ...]:
    """The look of one worker process; any number of them may take it."""
    return (Job("alarms", SECONDS, lambda: look(context)),)


async def look(context: Context) -> int:
    """Compare what is wrong now with what is known; returns how many mails were queued."""
    now = context.clock.now()
    async with context.database.session() as session:
        if not await repository.my_turn(session):
            return 0
        troubles = {(t.kind, t.subject): t for t in await _troubles(session, now)}
        known = {(alarm.kind, alarm.subject): alarm for alarm in await repository.open_alarms(session)}
        for key, trouble in troubles.items():
            if key not in known:
                known[key] = Alarm(kind=trouble.kind, subject=trouble.subject, detail="", since=now)
                session.add(known[key])
        hold, mails = timedelta(seconds=context.settings.alarm_after), 0
        for key, alarm in known.items():
            mails += await _follow(session, context, alarm, troubles.get(key), now, hold)
        await repository.forget(session, now - KEPT)
    return mails


async def _troubles(session: AsyncSession, now: datetime) -> list[Trouble]:
    found = [
        Trouble(CARRIER, row["name"], (row["detail"] or "no bind is up")[:LONGEST_DETAIL])
        for row in await repository.down(session, LINK_UP, now - NEW)
    ]
    for row in await repository.late(session, QUEUE_AGE_ALERT_SECONDS):
        words = f"{row['depth']:,} messages are due, the oldest waits {round(row['age'])} s"
        found.append(Trouble(QUEUE, row["lane"] or "before routing", words))
    return found


async def _follow(
    session: AsyncSession, context: Context, alarm: Alarm, trouble: Trouble | None, now: datetime, hold: timedelta
) -> int:
    """Move one alarm on; returns how many mails that made."""
    if trouble is not None:
        alarm.calm_since, alarm.detail = None, trouble.detail
        if alarm.told_at is None and now - alarm.since >= hold:
            alarm.told_at = now
            log.warning("alarm", kind=alarm.kind, about=alarm.subject, detail=alarm.detail)
            return await _tell(session, context, alarm)
        return 0
    alarm.calm_since = alarm.calm_since or now
    if now - alarm.calm_since < hold:
        return 0
    if alarm.told_at is None:
        await session.delete(alarm)
        return 0
    alarm.ended_at = alarm.calm_since
    log.info("alarm_over", kind=alarm.kind, about=alarm.subject)
    if alarm.kind == CARRIER and not await repository.is_used(session, alarm.subject):
        alarm.detail = UNUSED
        return 0
    return await _tell(session, context, alarm)


def words_of(alarm: Any) -> str:
    """What an alarm says, as a sentence."""
    over = alarm.ended_at is not None
    if alarm.kind == CARRIER and alarm.detail == UNUSED:
        return f"Carrier {alarm.subject} is no longer used"
    if alarm.kind == CARRIER:
        return f"Carrier {alarm.subject} is {'up again' if over else 'down'}"
    place = alarm.subject if alarm.subject == "before routing" else f"for {alarm.subject}"
    return f"Messages {place} {'no longer wait too long' if over else 'wait too long'}"


def _letter(context: Context, alarm: Alarm) -> Letter:
    said = f"{words_of(alarm)}."
    if alarm.ended_at is not None:
        seconds = round((alarm.ended_at - alarm.since).total_seconds())
        lines: tuple[str, ...] = (
            said,
            f"It lasted {seconds // 60} min {seconds % 60} s, from {alarm.since:%d %b %H:%M:%S} UTC on.",
        )
    else:
        rest = (
            "Messages for it wait, or take another route." if alarm.kind == CARRIER else "Nothing is lost: they wait."
        )
        lines = (said, f"Since {alarm.since:%d %b %H:%M:%S} UTC: {alarm.detail}.", rest)
    path = "/carriers" if alarm.kind == CARRIER else "/operator/health"
    return Letter(words_of(alarm), lines, button=("Have a look", f"{context.settings.base_url}{path}"))


async def _tell(session: AsyncSession, context: Context, alarm: Alarm) -> int:
    operator = await accounts.operator_account(session)
    if operator is None:
        return 0
    to = context.settings.alarm_emails or tuple(
        user.email for user in await access.owners(session, operator, ("owner", "admin"))
    )
    for address in to:
        await post(session, context, address, KIND, _letter(context, alarm), operator)
    return len(to)


async def latest(context: Context, limit: int) -> list[Alarm]:
    """Alarms of which the operator was told, the latest first."""
    async with context.database.session() as session:
        return list(await repository.latest(session, limit))
