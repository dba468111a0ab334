"""What incoming messages ask for, in the transaction that stores them: nothing of it is lost, nothing is done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from strowger.channels.sms.receive import letters, tagging
from strowger.channels.sms.receive.matching import fill
from strowger.channels.sms.receive.repository import working
from strowger.channels.sms.receive.schemas import (
    MAX_REPLY,
    NO_MAIL,
    NOT_A_PERSON,
    OWN_NUMBER,
    SUBSCRIBE,
    TOO_OFTEN,
    UNCHANGED,
    UNSUBSCRIBE,
    Done,
    Draft,
    Found,
)
from strowger.channels.sms.screening import rules, words
from strowger.channels.sms.screening.batch import screens_of
from strowger.channels.sms.screening.words import Wish
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid, parse_message_id
from strowger.foundation.mail import NewMail, post_many
from strowger.foundation.phone import MIN_DIGITS
from strowger.messaging.facts import Facts
from strowger.messaging.rules import AccountRules, Handled, Order, Received
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.consent import service as consent
from strowger.platform.numbers.repository import owner_of

FACT = "sms.receive"
# So much may one person cause within an hour: two machines that answer each other come to rest.
MOST = {"reply": 10, "forward": 30}
Key = tuple[int, str, str]


Registered = tuple[str, str]  # template id and entity id of a text, empty for none
Wanted = tuple[Received, Any]


class Listener(Protocol):
    """Something else that messages of people begin. ``most`` is how often one person may begin it within an hour; ``kind``
    names the count."""

    kind: str
    most: int

    async def wants(self, connection: Connection, received: Sequence[Received], facts: Facts) -> list[Wanted]:
        """Which of these messages begin it, each with what ``begin`` has to know."""

    async def begin(self, connection: Connection, wanted: Sequence[Wanted], now: datetime) -> None:
        """Begin it, in the transaction that stores the messages."""


LISTENERS: list[Listener] = []


@dataclass(slots=True)
class Plan:
    """One message with what it matched, and what becomes of it."""

    one: Received
    found: Found | None
    wish: Wish | None
    done: Done = field(default_factory=Done)
    changed: bool = True  # the consent that it asks for was not on record yet

    @property
    def draft(self) -> Draft:
        """What its configuration does; nothing without one, or when that has expired."""
        return self.found.configuration.draft if self.found and not self.done.get("expired") else Draft()

    @property
    def key(self) -> Key:
        """Who wrote to which number of whom."""
        return (self.one.account_id, self.one.source, self.one.destination)

    @property
    def request_id(self) -> UUID:
        """Its id in the log."""
        parsed = parse_message_id(self.one.message_id)
        assert parsed is not None
        return parsed[0]

    @property
    def reply_text(self) -> str:
        """What it is answered: the words of a matching keyword, else the account's answer to its word."""
        draft, captured = self.draft, self.found.captured if self.found else {}
        if self.wish is not None:
            own = draft.reply_text if draft.keyword else ""
            return fill(own, captured)[:MAX_REPLY] or self.wish.text
        return fill(draft.reply_text, captured)[:MAX_REPLY]

    @property
    def registered(self) -> Registered:
        """The ids under which the reply's text is registered, as those stand beside the text."""
        draft = self.draft
        if self.wish is not None and not (draft.keyword and draft.reply_text):
            return self.wish.template_id, self.wish.entity_id
        return draft.reply_template, draft.reply_entity


async def handle(
    connection: Connection, received: Sequence[Received], facts: Facts, now: datetime, secrets: SecretBox | None
) -> Handled:
    """Everything that a batch of incoming messages asks for; the caller accepts the requests of the answer."""
    accounts = await facts.accounts(connection, {one.account_id for one in received})  # first: it renews what is kept
    plans = await _plans(connection, received, facts, now)
    await _keep_consent(connection, plans, facts, now)
    own = await owner_of(
        connection, {plan.one.source for plan in plans if plan.reply_text or plan.draft.forward_numbers}
    )
    left = await _take(connection, plans, own, now)
    handled = Handled()
    for plan in plans:
        handled.requests.extend(filter(None, (_reply(plan, own, left, now), _forward(plan, own, left, now))))
        if plan.found is not None:
            handled.orders[plan.one.message_id] = _order(plan)
    await _mail(connection, plans, accounts, secrets, now)
    await working.add_log(connection, [_log_row(plan, now) for plan in plans])
    people = [plan.one for plan in plans if plan.wish is None and _is_person(plan.one.source)]
    for listener in LISTENERS:
        await _listen(connection, listener, people, facts, now)
    return handled


async def _listen(
    connection: Connection, listener: Listener, people: Sequence[Received], facts: Facts, now: datetime
) -> None:
    wanted = await listener.wants(connection, people, facts) if people else []
    if not wanted:
        return
    own = await owner_of(connection, {one.source for one, _ in wanted})
    wanted = [pair for pair in wanted if pair[0].source not in own]
    counted = Counter((one.account_id, one.source, listener.kind) for one, _ in wanted)
    left = await _left(connection, counted, lambda _: listener.most, now)
    chosen = []
    for one, known in wanted:
        taker = (one.account_id, one.source, listener.kind)
        if left[taker]:
            left[taker] -= 1
            chosen.append((one, known))
    if chosen:
        await listener.begin(connection, chosen, now)


async def _plans(connection: Connection, received: Sequence[Received], facts: Facts, now: datetime) -> list[Plan]:
    places = {(one.account_id, one.destination) for one in received}
    tables = await facts.look_up(connection, FACT, places, working.keyword_tables)
    wishes = await words.note(connection, received, facts, now)
    plans = []
    for one in received:
        table = tables[one.account_id, one.destination]
        plan = Plan(one, table.find(one.text) if table else None, wishes.get(one.message_id))
        if plan.wish is not None:
            plan.done["word"] = plan.wish.kind
        if plan.found is not None and plan.found.configuration.is_expired(now):
            plan.done["expired"] = True
        plans.append(plan)
    return plans


async def _keep_consent(connection: Connection, plans: Sequence[Plan], facts: Facts, now: datetime) -> None:
    """Subscribe and unsubscribe by keyword. Of several wishes of somebody within one batch the last counts."""
    last: dict[Key, Plan] = {}
    for plan in plans:
        if plan.wish is not None and plan.wish.kind != "help":
            last.pop(plan.key, None)
        elif plan.wish is None and plan.draft.consent and _is_person(plan.one.source):
            last[plan.key] = plan
    chosen: dict[str, list[tuple[int, str, str, str]]] = {SUBSCRIBE: [], UNSUBSCRIBE: []}
    for plan in last.values():
        plan.done["consent"] = plan.draft.consent
        chosen[plan.draft.consent].append((*plan.key, plan.one.message_id))
    tagged = [plan for plan in last.values() if plan.draft.tag_id is not None]
    if tagged:
        wishes = [(p.one.account_id, p.draft.tag_id or 0, p.draft.consent, p.one.source) for p in tagged]
        done = await tagging.tag(connection, wishes, now)
        for plan in tagged:
            plan.done["tag"] = done[plan.one.account_id, plan.draft.tag_id or 0]
    if chosen[SUBSCRIBE]:
        await consent.opt_in(connection, chosen[SUBSCRIBE], "sms", now)
    if chosen[UNSUBSCRIBE]:
        screens = await screens_of(connection, {key[0] for key in chosen[UNSUBSCRIBE]}, facts)
        everywhere = frozenset(a for a, s in screens.items() if s and s.options.opt_out_everywhere)
        told = await consent.opt_out(connection, chosen[UNSUBSCRIBE], "sms", everywhere, now)
        for plan in plans:
            if plan.draft.consent == UNSUBSCRIBE and plan.wish is None:
                plan.changed = plan.key in told and last.get(plan.key) is plan


def _is_person(source: str) -> bool:
    """Whether somebody can be answered: names and short codes are machines."""
    return source.isascii() and source.isdigit() and len(source) >= MIN_DIGITS


def _why_not(plan: Plan, own: Mapping[str, int]) -> str | None:
    """Why nothing is sent because of a message, whatever it says."""
    if not _is_person(plan.one.source):
        return NOT_A_PERSON
    return OWN_NUMBER if plan.one.source in own else None


def _wants_reply(plan: Plan, own: Mapping[str, int]) -> str | bool:
    """Whether a message is answered, or why not though there is an answer."""
    if not plan.reply_text:
        return False
    if plan.wish is not None:
        if not plan.wish.told:
            return UNCHANGED
        if plan.wish.kind != "help":
            return True
    elif plan.draft.consent == UNSUBSCRIBE and not plan.changed:
        return UNCHANGED
    return _why_not(plan, own) or True


def _targets(plan: Plan) -> list[str]:
    return [number for number in plan.draft.forward_numbers if number not in (plan.one.source, plan.one.destination)]


async def _take(
    connection: Connection, plans: Sequence[Plan], own: Mapping[str, int], now: datetime
) -> Counter[working.Taker]:
    """How many replies and forwards each person may still cause."""
    wanted: Counter[working.Taker] = Counter()
    for plan in plans:
        taker = plan.one.account_id, plan.one.source
        if _wants_reply(plan, own) is True:
            wanted[*taker, "reply"] += 1
        if _targets(plan) and _why_not(plan, own) is None:
            wanted[*taker, "forward"] += 1
    return await _left(connection, wanted, lambda taker: MOST[taker[2]], now)


async def _left(
    connection: Connection, wanted: Counter[working.Taker], most: Callable[[working.Taker], int], now: datetime
) -> Counter[working.Taker]:
    """Count what is wanted; how much of it each taker may have still."""
    used = await working.take(connection, wanted, now) if wanted else {}
    return Counter({taker: max(0, most(taker) - (used[taker] - number)) for taker, number in wanted.items()})


def _reply(plan: Plan, own: Mapping[str, int], left: Counter[working.Taker], now: datetime) -> NewRequest | None:
    wanted = _wants_reply(plan, own)
    taker = plan.one.account_id, plan.one.source, "reply"
    if wanted is True and not left[taker]:
        wanted = TOO_OFTEN
    if wanted is not True:
        if wanted:
            plan.done["reply"] = {"why": str(wanted)}
        return None
    left[taker] -= 1
    if plan.wish is not None:
        request = words.answer(plan.one, plan.one.destination, plan.reply_text, plan.wish.kind, now, *plan.registered)
    elif plan.draft.consent == UNSUBSCRIBE:
        request = words.answer(plan.one, plan.one.destination, plan.reply_text, "stop", now, *plan.registered)
    else:
        request = _request(plan, plan.reply_text, [plan.one.source], "auto-reply", now, plan.registered)
        if plan.draft.reply_minutes:
            request.due_at = now + letters.minutes(plan.draft.reply_minutes)
            request.valid_until = request.due_at + words.VALID
    plan.done["reply"] = {"id": str(request.request_id)}
    return request


def _request(
    plan: Plan, text: str, to: list[str], source: str, now: datetime, registered: Registered = ("", "")
) -> NewRequest:
    """A message because of another, under the configuration's sender, else under the number that was written to."""
    one, sender = plan.one, plan.draft.reply_sender
    options: dict[str, Any] = {"answers": one.message_id, **words.registration(*registered)}
    if not sender:
        options[rules.OWN_NUMBER] = True
    return NewRequest(
        one.account_id, new_uuid(), "TXN", sender or one.destination, text, to, now, now + words.VALID, Priority.NORMAL,
        source=source, options=options,
    )  # fmt: skip


def _forward(plan: Plan, own: Mapping[str, int], left: Counter[working.Taker], now: datetime) -> NewRequest | None:
    targets = _targets(plan)
    if not targets:
        return None
    taker = plan.one.account_id, plan.one.source, "forward"
    why = _why_not(plan, own) or (None if left[taker] else TOO_OFTEN)
    if why:
        plan.done["sms"] = {"why": why}
        return None
    left[taker] -= 1
    request = _request(plan, letters.forwarded(plan.one), targets, "forward", now)
    plan.done["sms"] = {"id": str(request.request_id), "to": targets}
    return request


def _order(plan: Plan) -> Order:
    draft, found = plan.draft, plan.found
    assert found is not None
    if draft.callback is not None:
        plan.done["callback"] = True
    if draft.smpp_user_id is not None:
        plan.done["smpp"] = draft.smpp_user_id
    return Order(found.configuration.draft.keyword, found.captured, draft.callback, draft.smpp_user_id)


async def _mail(
    connection: Connection,
    plans: Iterable[Plan],
    accounts: Mapping[int, AccountRules],
    secrets: SecretBox | None,
    now: datetime,
) -> None:
    """Queue a mail to each address of each message's configuration."""
    mails: list[NewMail] = []
    for plan in plans:
        if not plan.draft.forward_emails:
            continue
        account = accounts.get(plan.one.account_id)
        letter = letters.letter_of(plan.one, plan.draft.keyword, account.time_zone if account else "UTC", now)
        made = [NewMail(new_uuid(), plan.one.account_id, to, "received", letter) for to in plan.draft.forward_emails]
        if secrets is None:
            plan.done["mails"] = [{"to": mail.to, "why": NO_MAIL} for mail in made]
            continue
        plan.done["mails"] = [{"id": str(mail.id), "to": mail.to} for mail in made]
        mails.extend(made)
    if mails and secrets is not None:
        await post_many(connection, secrets, mails, now)


def _log_row(plan: Plan, now: datetime) -> dict[str, Any]:
    one, found = plan.one, plan.found
    keyword = found.configuration.draft.keyword if found else ""
    if not keyword and plan.wish is not None:
        keyword = " ".join(one.text.split())[:40].upper()
    return working.log_row(
        one.account_id, plan.request_id, found.configuration.id if found else None, one.source, one.destination, keyword,
        found.captured if found else {}, plan.done, now,
    )  # fmt: skip
