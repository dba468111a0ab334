"""What payment services tell: a recharge was paid or not, a payment method was stored."""

from __future__ import annotations

from collections.abc import Mapping

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.platform.billing import auto_recharging, recharging, trail
from strowger.platform.billing.payments.kind import FAILED, PAID, BadWebhook, Word
from strowger.platform.billing.repository import recharging as queries


async def hear(context: Context, method: str, headers: Mapping[str, str], body: bytes) -> str:
    """Take a payment service's word; returns what came of it. Raises BadWebhook, Unpayable.

    A word that comes again changes nothing: a recharge is settled once (R-24).
    """
    chosen = (await recharging.set_up(context)).get(method)
    if chosen is None or chosen.kind.read_webhook is None:
        raise BadWebhook("not set up")
    word = chosen.kind.read_webhook(chosen.config, headers, body, context.clock.now())
    if word is None:
        return "ignored"
    if word.stored is not None:
        return await auto_recharging.store(context, chosen, word)
    row, outcome = await context.database.run(lambda c: _settle_by_word(context, c, method, word))
    if row is not None:
        await recharging.note_outcome(context, row, outcome, trail.SERVICE, method)
    return outcome


async def _settle_by_word(
    context: Context, connection: Connection, method: str, word: Word
) -> tuple[recharging.Row | None, str]:
    row = await queries.lock(connection, word.reference)
    known = row["provider_id"] if row is not None else None
    # Nobody may have heard which payment an auto-recharge became; its reference tells.
    if row is None or row["method"] != method or (known != word.provider_id and not (row["auto"] and known is None)):
        return None, "ignored"
    if word.status == PAID and (word.total != row["total"] or word.currency != row["currency"]):
        note = f"Paid {word.total} {word.currency} instead of {row['total']:.2f} {row['currency']}"
        if row["status"] == "pending":
            await queries.settle(connection, row["account_id"], row["id"], FAILED, context.clock.now(), note)
        return None, "another amount"
    outcome = await recharging.finish(connection, row, word.status, context.clock.now(), None, method)
    if row["auto"] and outcome in (PAID, FAILED):
        await auto_recharging.settled(connection, row, outcome, context.clock.now(), None)
    return row, outcome
