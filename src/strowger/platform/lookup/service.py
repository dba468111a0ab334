"""Lookups: taking numbers in, paying for them, answering them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import tell_live
from strowger.foundation.phone import clean_number, plan_facts
from strowger.foundation.tenancy import across_accounts
from strowger.platform.billing import service as billing
from strowger.platform.callbacks import repository as callbacks
from strowger.platform.callbacks.profiles import repository as profiles
from strowger.platform.callbacks.schemas import NewCallback
from strowger.platform.lookup import asking, repository
from strowger.platform.lookup.schemas import (
    FACTS,
    Asked,
    Finding,
    Provider,
    Waiting,
    by_plan,
    describe,
    failure,
    format_id,
)

SERVICE, TOPIC, EVENT = "lookup", "lookups", "lookup"
RESULT = "lookup_result"  # of a profile of the channel Lookup: one for each number
CACHED_FOR, LEASE = timedelta(hours=24), timedelta(seconds=45)
AT_ONCE_SECONDS = 14.0
MAX_GIVEN = 60
Keep = Callable[[Connection, "Opened"], Awaitable[None]]


@dataclass(slots=True)
class Opened:
    """A request that was taken in: its numbers in order, and those that a provider is to be asked about."""

    id: UUID
    asked: list[Asked]
    waiting: list[Waiting]


def read_numbers(texts: Sequence[str], home_country: str) -> list[Asked]:
    """Numbers in order, each once; what is no number stands for itself."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        given = text.strip().replace("\0", "")[:MAX_GIVEN]
        number = clean_number(given, None, home_country) or ""
        found.setdefault(number or given, (given, number))
    asked = []
    for n, (given, number) in enumerate(found.values(), 1):
        facts = plan_facts(number) if number else None
        asked.append(Asked(n, given, number if facts else "", facts))
    return asked


async def open_request(
    context: Context, account_id: int, asked: list[Asked], *, source: str, name: str = "", by: str = "",
    profile: UUID | None = None, at_once: bool = False, keep: Keep | None = None,
) -> Opened:  # fmt: skip
    """Store a request and reserve what its numbers cost. Raises LKP402; then nothing is stored.

    ``at_once``: the caller asks the providers itself; a worker takes over only when it does not answer in time.
    """
    now, request_id = context.clock.now(), new_uuid()

    async def work(connection: Connection) -> Opened:
        terms = await billing.terms_of(connection, account_id)
        assert terms is not None
        prices = billing.PriceList(await repository.rates(connection, now))
        providers = await asking.load(context, connection)
        numbers = [one.number for one in asked if one.facts and one.facts.is_mobile]
        known = await repository.cached(connection, account_id, numbers, now - CACHED_FOR)
        for one in asked:
            _decide(one, known.get(one.number), providers, prices, terms)
        waiting = [Waiting(account_id, request_id, one.n, one.number, one.price) for one in asked if not one.finding]
        await _reserve(connection, waiting, format_id(request_id), now)
        due_at = now + LEASE if at_once else now
        await repository.add(
            connection, account_id, request_id, asked, source=source, name=name, by=by, currency=terms.currency,
            profile=profile, now=now, due_at=due_at,
        )  # fmt: skip
        opened = Opened(request_id, asked, waiting)
        if not waiting and profile is not None:
            row = await repository.request(connection, account_id, request_id)
            await _tell(context, connection, [row])
        if keep is not None:
            await keep(connection, opened)
        return opened

    with across_accounts():  # a sub-account may spend its main account's credit
        return await context.database.run(work)


async def look_up(
    context: Context, account_id: int, texts: Sequence[str], country: str, source: str, by: str
) -> tuple[UUID, list[Any]]:
    """Look numbers up at once: the request's id, and its rows. Raises LKP503 when nobody answers, and as ``open_request``."""
    asked = read_numbers(texts, country)
    opened = await open_request(context, account_id, asked, source=source, by=by, at_once=True)
    if not await answer_now(context, opened) and len(opened.waiting) == len(asked):
        raise StrowgerError("LKP503", headers={"Retry-After": "30"})
    async with context.database.acquire() as connection:
        return opened.id, await repository.items(connection, account_id, opened.id)


def _decide(one: Asked, known: Any, providers: Sequence[Provider], prices: Any, terms: Any) -> None:
    """Answer what needs nobody, and price what does. Without a price there is nothing to buy: the plan answers."""
    one.finding, one.cached, one.price = None, False, Decimal(0)
    if one.facts is None:
        one.finding = failure("INVALID_NUMBER")
        return
    country = one.facts.country
    rate = prices.find(SERVICE, terms, country)
    if known is not None:
        one.finding, one.cached = Finding(**{name: known[name] for name in FACTS}), True
    elif not one.facts.is_mobile or rate is None or not any(p.serves(country) for p in providers):
        one.finding = by_plan(one.facts)
    else:
        one.price = rate.total(1)


async def _reserve(connection: Connection, waiting: Sequence[Waiting], reference: str, now: Any) -> None:
    if not waiting:
        return
    wanted = [(one.account_id, one.price) for one in waiting]
    refusals = await billing.reserve(connection, wanted, reference, now, SERVICE)
    if any(refusals):
        total = sum((price for _, price in wanted), Decimal(0))
        limit = "a limit of the account leaves less" if "SPEND-CAP" in refusals else "the balance does not cover it"
        raise StrowgerError("LKP402", f"{len(waiting)} numbers cost {total.normalize():f}: {limit}")


async def answer_now(context: Context, opened: Opened) -> bool:
    """Ask about the waiting numbers and settle them; False when no provider was there for any of them."""
    if not opened.waiting:
        return True
    countries = {one.number: one.facts.country for one in opened.asked if one.facts and not one.finding}
    try:
        async with asyncio.timeout(AT_ONCE_SECONDS), context.database.acquire() as connection:
            providers = await asking.load(context, connection)
        async with asyncio.timeout(AT_ONCE_SECONDS):
            answers = await asking.ask(context, providers, countries)
    except TimeoutError:
        answers = asking.Answers()
    results = []
    for one in opened.waiting:
        found = answers.found.get(one.number) or failure("TIMEOUT", plan_facts(one.number), "hlr")
        results.append((one, found))
    await settle(context, results, answers)
    return bool(answers.found)


async def settle(
    context: Context, results: Sequence[tuple[Waiting, Finding]], answers: asking.Answers | None = None
) -> None:
    """Store findings, charge those that were answered, release the others, count, tell of what has ended."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        if answers is not None:
            await repository.note_answers(connection, sorted(answers.answered), answers.failed, now)
        fresh = await repository.finish(connection, results, now)
        new = [(w, f) for w, f in results if (w.account_id, w.request_id, w.n) in fresh]
        if not new:
            return
        sums: dict[tuple[int, UUID], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
        for waiting, finding in new:
            row = sums[waiting.account_id, waiting.request_id]
            row[0] += 1
            row[1] += bool(finding.error_code)
            row[2] += waiting.price if finding.is_paid else 0
        rows = await repository.count(connection, [(*key, *row) for key, row in sums.items()], now)
        charged = [(w.account_id, w.price) for w, f in new if f.is_paid]
        released = [(w.account_id, w.price) for w, f in new if not f.is_paid]
        await billing.settle(connection, released, charged, (), now, SERVICE)
        await _tell(context, connection, [row for row in rows if row["finished_at"]])
        for counted in rows:
            await tell_live(connection, TOPIC, counted["account_id"], counted["id"])

    with across_accounts():  # as above; and workers settle for everybody
        await context.database.run(work)


async def _tell(context: Context, connection: Connection, rows: Sequence[Any]) -> None:
    """Queue the callbacks of requests that have ended."""
    named = {(row["account_id"], row["profile_id"]) for row in rows if row["profile_id"]}
    if not named:
        return
    now = context.clock.now()
    targets = await profiles.targets_of(connection, sorted(named))
    queued = []
    for row in rows:
        events = targets.get((row["account_id"], row["profile_id"]), {})
        each, target = events.get(RESULT), events.get(EVENT) or events.get("")
        if each is not None:
            for item in await repository.items(connection, row["account_id"], row["id"]):
                told = {**describe(item), "id": format_id(row["id"]), "number": item["number"] or item["given"]}
                queued.append(
                    NewCallback(new_uuid(), row["account_id"], row["id"], item["n"], RESULT, each, told, now, now)
                )
        if target is not None:
            told = {
                "lookup_id": format_id(row["id"]), "total_processed_count": str(row["total"]), "failed_count": str(row["failed"]),
                "price": f"{row['price'].normalize():f}", "currency": row["currency"], "status": "done",
            }  # fmt: skip
            queued.append(NewCallback(new_uuid(), row["account_id"], row["id"], 1, EVENT, target, told, now, now))
    await callbacks.insert_callbacks(connection, queued, None)
