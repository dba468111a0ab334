"""The desk behind the sessions of a process: it checks and accepts submissions, answers queries, and cancels.

What it needs to know of accounts is read for all of them together, not per message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from strowger.channels.sms.pipeline import SmsRules
from strowger.channels.sms.screening.numbers import check_number, check_sender
from strowger.channels.sms.screening.options import SmsOptions, read_options
from strowger.channels.sms.smpp_access import repository
from strowger.channels.sms.smpp_access.admission import Admission
from strowger.channels.sms.smpp_access.clients import Client
from strowger.channels.sms.smpp_access.numbers import STATES, err_of, status_of
from strowger.channels.sms.smpp_access.reading import Submitter, read_submission
from strowger.channels.sms.smpp_access.receipts import stat_of
from strowger.foundation.context import Context
from strowger.foundation.database import OUTAGES, Connection
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.ids import format_message_id, parse_message_id
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import Notifier
from strowger.messaging.accept import Accepter
from strowger.messaging.cancelling import cancel_waiting
from strowger.messaging.facts import Facts
from strowger.messaging.finish import Written
from strowger.messaging.notify import SMS_SEND
from strowger.messaging.price import unaffordable
from strowger.messaging.repository.facts import account_rules
from strowger.messaging.rules import AccountRules, measure_into
from strowger.messaging.schemas import NewRequest, Submission
from strowger.messaging.screen import screen
from strowger.messaging.statuses import Status
from strowger.platform.callbacks.profiles.naming import named_profile
from strowger.platform.gateway.gather import Gatherer
from strowger.platform.gateway.keys import OPEN_STATES
from strowger.protocols import smpp
from strowger.protocols.smpp import MessageState, SmppError, status

log = get_logger(__name__)
SYNC_CHECKS = "smpp_sync_checks"
Key = tuple[int, UUID, int]


@dataclass(slots=True)
class Account:
    """What submissions of an account are checked by; made anew when the account, a sender or a callback profile changes."""

    account_id: int
    rules: AccountRules
    options: SmsOptions
    facts: dict[str, Any] = field(default_factory=dict)


class Desk:
    """What sessions ask for."""

    def __init__(self, context: Context, worker_id: int, accepter: Accepter, notifier: Notifier) -> None:
        self.admission = Admission(context, worker_id)
        self._context, self._accepter, self._notifier = context, accepter, notifier
        self._clock = context.clock
        self.mark = b""
        self._sms = SmsRules()
        self._facts = Facts(context.clock, self._sms)
        self._accounts: dict[int, Account] = {}
        self._screening: Gatherer[Submission, str] = Gatherer(self._screen)
        self._states: Gatherer[Key, Any] = Gatherer(self._read_states)
        self._ended: list[int] = []
        self._removing: asyncio.Task[None] | None = None

    def monotonic(self) -> float:
        """The clock's seconds."""
        return self._clock.monotonic()

    # Accounts

    async def welcome(self, client: Client) -> bool:
        """Read what submissions of a client's account need; False when the store is away."""
        try:
            await self.refresh([client.account_id])
        except OUTAGES:
            return False
        return client.account_id in self._accounts

    async def refresh(self, accounts: Iterable[int]) -> None:
        """Read the rules of accounts anew."""
        wanted = sorted(set(accounts))
        if wanted:
            async with self._context.database.acquire() as connection:
                found = await account_rules(connection, wanted)
            self._accounts.update(
                (key, Account(key, rules, read_options(rules.settings))) for key, rules in found.items()
            )
            self._facts.forget()

    # Submissions

    def read(self, pdu: smpp.SubmitSm | smpp.DataSm, client: Client) -> NewRequest:
        """The request that a submission makes. Raises SmppError with the status to answer.

        What the account's facts tell at once is checked here; the rest by the pipeline, or in ``accept`` when the account asks.
        """
        who = Submitter(client.account_id, client.user_id, self._context.settings.retention_days)
        request = read_submission(pdu, who, self._clock.now())
        trace = self._first_trace(request)
        refused = status_of(trace, self._wants_sync(who.account_id)) if trace else 0
        if refused:
            raise SmppError(trace or "", refused, pdu.sequence_number)
        return request

    def _first_trace(self, request: NewRequest) -> str | None:
        account = self._accounts.get(request.account_id)
        if account is None or account.rules.state not in OPEN_STATES:
            return "ACCOUNT-SUSPENDED"
        rules, options = account.rules, account.options
        if options.types and request.type not in options.types:
            return "ROUTE-NOT-ENABLED"
        submission = _submission(request)
        measure_into(submission, self._sms)
        return check_sender(submission, rules) or check_number(submission, rules, options)

    def _wants_sync(self, account_id: int) -> bool:
        known = self._accounts.get(account_id)
        return bool(known and known.rules.settings.get(SYNC_CHECKS))

    async def accept(self, request: NewRequest, profile: str = "") -> str:
        """Return the message id once the message is on disk. Raises SmppError when it is not.

        ``profile`` names the callback profile that is told of the message.
        """
        try:
            if profile:
                request.callback = await self._callback(request.account_id, profile)
            if self._wants_sync(request.account_id):
                trace = await self._screening.ask(_submission(request))
                refused = status_of(trace, True) if trace else 0
                if refused:
                    raise SmppError(trace, refused)
            await self._accepter.accept(request)
        except SmppError:
            raise
        except Unavailable as problem:
            raise SmppError(str(problem), status.ESME_RMSGQFUL) from None
        except StrowgerError as problem:
            raise SmppError(problem.detail or "", status.ESME_RINVOPTPARAMVAL, field=problem.field or "") from None
        except Exception as problem:
            log.exception("smpp_accept_failed", account_id=request.account_id)
            raise SmppError(repr(problem), status.ESME_RSYSERR) from None
        return format_message_id(request.request_id, 1)

    async def _callback(self, account_id: int, profile: str) -> dict[str, Any]:
        account = self._accounts.get(account_id)
        if account is None:
            raise SmppError("no account", status.STATUS_ACCOUNT_SUSPENDED)
        found = await named_profile(self._context, account, profile, "sms", SMS_SEND, "E616", "callback_profile_id")
        return found.stored

    async def _screen(self, batch: Sequence[Submission]) -> list[str]:
        """What would end each message in the pipeline, rules first, then money; for accounts that want to know at submit."""

        async def work(connection: Connection) -> dict[tuple[UUID, int], str]:
            accounts = await self._facts.accounts(connection, {s.account_id for s in batch})
            known = await self._sms.prepare(connection, list(batch), accounts, self._facts)
            found = screen(list(batch), accounts, self._sms, known)
            prices = await self._facts.prices(connection)
            leaving = [s for s in found.passed if s.status != Status.SCHEDULED]  # others are paid for when they leave
            now = self._clock.now()
            unpaid = await unaffordable(connection, leaving, prices, accounts, self._sms.name, now)
            return {submission.key: trace for submission, trace in (*found.refused, *unpaid)}

        traces = await self._context.database.run(work)
        return [traces.get(submission.key, "") for submission in batch]

    # Messages by their ids

    async def query(self, client: Client, pdu: smpp.QuerySm) -> bytes:
        """The answer to a query_sm about a message of the client's account. Raises SmppError."""
        row = await self._state(client, pdu.message_id)
        final = row["final_at"] is not None
        state = MessageState.ENROUTE
        if final:
            state = STATES.get(stat_of(Status(row["status"]), final), MessageState.UNKNOWN)
        elif row["status"] == Status.SENT:
            state = MessageState.ACCEPTD
        answer = smpp.QuerySmResp(
            pdu.sequence_number,
            0,
            pdu.message_id,
            smpp.format_time(row["final_at"]) if final else "",
            smpp.NUMBER_BY_STATE[state],
            min(err_of(row["trace"]), 255),
        )
        return smpp.build_pdu(answer)

    async def _state(self, client: Client, message_id: str) -> Any:
        try:
            row = await self._states.ask((client.account_id, *_key(message_id)))
        except OUTAGES:
            raise SmppError("the store is away", status.ESME_RSYSERR) from None
        if row is None:
            raise SmppError("no such message", status.ESME_RINVMSGID, field="message_id")
        return row

    async def _read_states(self, keys: Sequence[Key]) -> list[Any]:
        async with self._context.database.acquire() as connection:
            found = await repository.message_states(connection, keys)
        return [found.get(key) for key in keys]

    async def cancel(self, client: Client, pdu: smpp.CancelSm) -> bytes:
        """Cancel a message that nobody has begun to hand over. Raises SmppError."""
        await self._state(client, pdu.message_id)
        key = _key(pdu.message_id)

        async def work(connection: Connection) -> tuple[set[tuple[UUID, int]], Written]:
            return await cancel_waiting(connection, client.account_id, [key], self._facts, self._clock.now())

        try:
            cancelled, written = await self._context.database.run(work)
        except StrowgerError:
            raise SmppError("the store is away", status.ESME_RSYSERR) from None
        if key not in cancelled:
            raise SmppError("handed over already", status.ESME_RCANCELFAIL, field="message_id")
        for payload in written.live():
            self._notifier.send("live", payload)
        if written.callbacks:
            self._notifier.send("callback")
        return smpp.build_pdu(smpp.CancelSmResp(pdu.sequence_number))

    # Binds

    def bind_ended(self, bind_id: int) -> None:
        """A bind is over: make room for another at once."""
        self._ended.append(bind_id)
        if self._removing is None or self._removing.done():
            self._removing = asyncio.create_task(self._remove_binds())

    async def _remove_binds(self) -> None:
        while self._ended:
            ids, self._ended = self._ended, []
            try:
                async with self._context.database.acquire() as connection:
                    await repository.remove_binds(connection, ids)
            except OUTAGES:
                self._ended[:0] = ids
                return

    async def close(self) -> None:
        """Write that the last binds are over."""
        if self._removing is not None:
            await self._removing
        await self._remove_binds()


def _submission(request: NewRequest) -> Submission:
    """The request as the pipeline's rules see it."""
    return Submission(
        request.account_id, request.request_id, 1, 0, int(request.priority), 0, request.created_at, request.valid_until,
        request.type, request.sender, request.recipients[0], request.body, request.options or {}, None,
        status=Status.SCHEDULED if request.due_at else Status.QUEUED,
    )  # fmt: skip


def _key(message_id: str) -> tuple[UUID, int]:
    found = parse_message_id(message_id)
    if found is None:
        raise SmppError("no message id", status.ESME_RINVMSGID, field="message_id")
    return found[0], found[1] or 1
