"""A believable message log: messages in every status with their events, queue rows, callbacks and attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.database import Database
from strowger.foundation.ids import new_uuid, uuid_floor
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.callbacks.repository import insert_attempts, insert_callbacks
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, CallbackState, NewCallback

LONG = (
    "Your parcel 4471-AC leaves our depot in Rotterdam this morning. The courier rings between 14:10 and 14:40; if nobody"
    " is in, it waits at Kiosk Boekhandel, Nieuwe Binnenweg 12, until Saturday 18:00. Reply STOP to end these messages."
)
ANSWER = {
    "command_status": "0x00000000",
    "name": "ESME_ROK",
    "text": "The carrier took the message.",
    "sequence": 41,
    "bind": 1,
}
THROTTLED = {
    "command_status": "0x00000058",
    "name": "ESME_RTHROTTLED",
    "sequence": 40,
    "bind": 1,
    "text": "We send faster than the carrier allows; we slow down and send again.",
}
RECEIPT = {"stat": "DELIVRD", "err": "000", "bind": 1}


@dataclass
class Log:
    """Writes messages of one account; each method returns the public id."""

    database: Database
    account: int
    now: datetime
    carrier: int = 0
    made: dict[str, UUID] = field(default_factory=dict)

    async def prepare(self, link: str = "bound", name: str = "northern-telecom") -> Log:
        pool = self.database.pool
        self.carrier = await pool.fetchval("INSERT INTO carrier (name, kind) VALUES ($1, 'smpp') RETURNING id", name)
        worker = await pool.fetchval("INSERT INTO worker (kind, host, pid) VALUES ('worker', 'host', 1) RETURNING id")
        detail = None if link == "bound" else "connection refused"
        await pool.execute(
            "INSERT INTO carrier_link (carrier_id, bind, worker_id, state, detail) VALUES ($1, 1, $2, $3, $4)",
            self.carrier, worker, link, detail,
        )  # fmt: skip
        return self

    async def message(self, ago: float = 60, **changes: Any) -> str:
        """A message made so many seconds ago."""
        created = self.now - timedelta(seconds=ago)
        request_id = UUID(int=uuid_floor(created).int | (new_uuid().int & ((1 << 62) - 1)))
        values: dict[str, Any] = {
            "account_id": self.account, "request_id": request_id, "n": 1, "status": int(Status.QUEUED), "trace": "QUEUED",
            "type": "TXN", "sender": "ACME", "recipient": "447700900123", "body": "Your code is on its way.", "units": 1,
            "length": 24, "encoding": "GSM7", "country": "GB", "created_at": created,
            "valid_until": created + timedelta(hours=48),
        }  # fmt: skip
        values |= changes
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.database.pool.execute(f"INSERT INTO message ({names}) VALUES ({places})", *values.values())
        self.made[str(values["request_id"])] = values["request_id"]
        return f"{values['request_id']}:{values['n']}"

    async def event(self, message_id: str, at: float, kind: EventKind, status: Status, trace: str, **more: Any) -> None:
        """An event so many seconds after the message was made."""
        request_id, n = key_of(message_id)
        created = await self.database.pool.fetchval(
            "SELECT created_at FROM message WHERE request_id = $1 AND n = $2", request_id, n
        )
        await self.database.pool.execute(
            "INSERT INTO message_event (account_id, request_id, n, at, kind, status, trace, part, carrier_id, operator_id,"
            " detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            self.account, request_id, n, created + timedelta(seconds=at), int(kind), int(status), trace,
            more.get("part", 1), self.carrier, more.get("operator_id"), more.get("detail"),
        )  # fmt: skip

    async def delivered(self, ago: float = 60, parts: int = 1, **changes: Any) -> str:
        created = self.now - timedelta(seconds=ago)
        message_id = await self.message(
            ago, status=int(Status.DELIVERED), trace="DELIVERED", carrier_id=self.carrier, price=Decimal("0.0450"),
            units=parts, sent_at=created + timedelta(seconds=0.12), final_at=created + timedelta(seconds=3.4), **changes,
        )  # fmt: skip
        for part in range(1, parts + 1):
            operator_id = f"7F3A{part:04d}"
            at = 0.05 + part * 0.04
            await self.event(
                message_id,
                at,
                EventKind.SUBMITTED,
                Status.SENT,
                "SUBMITTED",
                part=part,
                operator_id=operator_id,
                detail=ANSWER,
            )
            await self.event(
                message_id,
                3 + part * 0.2,
                EventKind.RECEIPT,
                Status.DELIVERED,
                "DELIVERED",
                part=part,
                operator_id=operator_id,
                detail=RECEIPT,
            )
        return message_id

    async def sent(self, ago: float = 20, **changes: Any) -> str:
        created = self.now - timedelta(seconds=ago)
        message_id = await self.message(
            ago, status=int(Status.SENT), trace="SUBMITTED", carrier_id=self.carrier, price=Decimal("0.0450"),
            sent_at=created + timedelta(seconds=0.2), **changes,
        )  # fmt: skip
        await self.event(
            message_id, 0.2, EventKind.SUBMITTED, Status.SENT, "SUBMITTED", operator_id="7F3B0001", detail=ANSWER
        )
        return message_id

    async def refused(self, trace: str = "NO-CREDITS", ago: float = 300, **changes: Any) -> str:
        created = self.now - timedelta(seconds=ago)
        message_id = await self.message(
            ago, status=int(Status.NOT_SENT), trace=trace, final_at=created + timedelta(seconds=0.03), **changes
        )
        await self.event(message_id, 0.03, EventKind.REFUSED, Status.NOT_SENT, trace, part=0)
        return message_id

    async def undelivered(self, ago: float = 600, **changes: Any) -> str:
        created = self.now - timedelta(seconds=ago)
        message_id = await self.message(
            ago, status=int(Status.UNDELIVERED), trace="ABSENT-SUB", carrier_id=self.carrier, price=Decimal("0.0450"),
            sent_at=created + timedelta(seconds=8.2), final_at=created + timedelta(seconds=70), **changes,
        )  # fmt: skip
        detail = {"reason": "throttled", "answers": [{"part": 1, **THROTTLED}], "again_after_seconds": 8.0}
        await self.event(message_id, 0.1, EventKind.DEFERRED, Status.QUEUED, "QUEUED", part=0, detail=detail)
        await self.event(
            message_id, 8.2, EventKind.SUBMITTED, Status.SENT, "SUBMITTED", operator_id="7F3C0001", detail=ANSWER
        )
        await self.event(
            message_id,
            70,
            EventKind.RECEIPT,
            Status.UNDELIVERED,
            "ABSENT-SUB",
            operator_id="7F3C0001",
            detail={"stat": "UNDELIV", "err": "027", "bind": 1},
        )
        return message_id

    async def waiting(self, ago: float = 90, due: float = 30, lane: int | None = None, **changes: Any) -> str:
        message_id = await self.message(ago, **changes)
        request_id, n = key_of(message_id)
        await self.database.pool.execute(
            "INSERT INTO submission (request_id, n, account_id, lane, due_at, expires_at, attempts, reason)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            request_id, n, self.account, self.carrier if lane is None else lane, self.now + timedelta(seconds=due),
            self.now + timedelta(hours=47), 2 if due > 0 else 0, "throttled" if due > 0 else None,
        )  # fmt: skip
        return message_id

    async def incoming(self, ago: float = 45, **changes: Any) -> str:
        values = {
            "direction": 1, "status": int(Status.RECEIVED), "trace": "RECEIVED", "type": "MO", "sender": "447700900456",
            "recipient": "447860000111", "body": "Can I pick it up tomorrow? 😀", "encoding": None, "source": "MO",
            "final_at": self.now - timedelta(seconds=ago), "carrier_id": self.carrier,
        }  # fmt: skip
        message_id = await self.message(ago, **(values | changes))
        await self.event(
            message_id,
            0,
            EventKind.RECEIVED,
            Status.RECEIVED,
            "RECEIVED",
            part=0,
            detail={"parts": 1, "data_coding": 8, "bind": 1},
        )
        return message_id

    async def callback(
        self,
        message_id: str,
        state: CallbackState | None,
        tries: int = 1,
        url: str = "https://hooks.example.com/sms",
        ago: float = 50,
    ) -> UUID:
        """A callback with its attempts; ``state`` None is a delivered one, which is not in the queue any more."""
        request_id, n = key_of(message_id)
        key, made = new_uuid(), self.now - timedelta(seconds=ago)
        for number in range(1, tries + 1):
            good = state is None and number == tries
            last = number == tries and state is CallbackState.FAILED
            outcome = AttemptOutcome.DELIVERED if good else AttemptOutcome.FAILED if last else AttemptOutcome.RETRY
            attempt = Attempt(
                self.account, request_id, n, key, "sms_send", number, made + timedelta(seconds=number), 84 if good else 10_003,
                outcome, 200 if good else 503, None if good else "http_503", "POST", url,
                {"Content-Type": "application/json", "Authorization": "***", "X-Callback-Id": str(key)},
                f'{{"id":"{message_id}","status":"DELIVERED","status_trace":"DELIVERED"}}',
                {"content-type": "text/plain", "server": "nginx"}, "ok" if good else "<html>Service unavailable</html>",
            )  # fmt: skip
            await insert_attempts(self.database.pool, [attempt])
        if state is None:
            return key
        target = {"url": url, "method": "POST"}
        row = NewCallback(
            key,
            self.account,
            request_id,
            n,
            "sms_send",
            target,
            {"status": "DELIVERED"},
            self.now + timedelta(seconds=40),
            made,
        )
        await insert_callbacks(self.database.pool, [row], None)
        await self.database.pool.execute(
            "UPDATE callback SET state = $2, attempts = $3, last_error = 'http_503' WHERE id = $1",
            key,
            int(state),
            tries,
        )
        return key

    async def believable(self) -> dict[str, str]:
        """One of each kind, and enough of the usual ones to fill a page."""
        made = {
            "long": await self.delivered(
                40, parts=2, body=LONG, length=228, campaign_name="parcels-may", options={"ref": "4471-AC"}
            ),
            "sent": await self.sent(
                12,
                body="Your table for four is booked for 19:30. See you tonight!",
                recipient="33612345678",
                country="FR",
            ),
            "waiting": await self.waiting(
                90, body="Reminder: the plumber comes tomorrow at 8.", recipient="4915112345678", country="DE"
            ),
            "incoming": await self.incoming(45),
            "undelivered": await self.undelivered(600, recipient="34600111222", country="ES"),
            "refused": await self.refused(
                ago=900,
                recipient="919876543210",
                country="IN",
                type="MKT",
                body="<b>Sale</b> ends on Sunday & never comes back",
            ),
            "otp": await self.delivered(30, type="OTP", body="483920 is your sign-in code.", recipient="447700900777"),
            "unicode": await self.delivered(
                75, body="Спасибо за заказ! ✅", encoding="UCS2", length=19, recipient="79161234567", country="RU"
            ),
        }
        await self.callback(made["long"], None, tries=2)
        await self.callback(made["undelivered"], CallbackState.FAILED, tries=4)
        await self.callback(
            made["otp"], CallbackState.PENDING, tries=1, url="https://crm.example.net/webhooks/strowger?tenant=17"
        )
        for number in range(60):
            await self.delivered(
                1200 + number * 97,
                recipient=f"4477009{number:05d}",
                body=f"Order {5100 + number} has left our warehouse.",
            )
        return made


def key_of(message_id: str) -> tuple[UUID, int]:
    request_id, _, n = message_id.partition(":")
    return UUID(request_id), int(n)
