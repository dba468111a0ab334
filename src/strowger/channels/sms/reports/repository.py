"""What reports read of the message log: sums over one span of time, and its messages one by one.

Every statement is bounded by the ids of its span, so that only the partitions of those days are read, and returns its rows
through a cursor. The log is read as it is: there is no second table of sums that could say something else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.messaging.repository.reading import EARLY, LATE
from strowger.messaging.routing.repository.ranges import CIRCLE_OF
from strowger.messaging.schemas import Channel, Direction
from strowger.messaging.statuses import Status
from strowger.platform.reports.types import Span, cursor_batches

# $1 account, $2 and $3 ids, $4 and $5 moments of creation, $6 to $13 filters; null: all
FILTERS = """
  AND ($6::text[] IS NULL OR m.sender = ANY($6)) AND ($7::text[] IS NULL OR m.country = ANY($7))
  AND ($8::smallint[] IS NULL OR m.status = ANY($8)) AND ($9::text[] IS NULL OR m.trace = ANY($9))
  AND ($10::text[] IS NULL OR m.type = ANY($10)) AND ($11::text[] IS NULL OR m.campaign_name = ANY($11))
  AND ($12::text[] IS NULL OR m.options ->> 'template_id' = ANY($12)) AND ($13::text[] IS NULL OR m.source = ANY($13))
"""
SPAN = """
  m.request_id >= $2 AND m.request_id < $3 AND m.created_at >= $4 AND m.created_at < $5
"""
MT = f"m.channel = {int(Channel.SMS)} AND m.direction = {int(Direction.MT)}"
HANDED = "m.sent_at IS NOT NULL"  # to a carrier: charged
FAILED = f"({int(Status.UNDELIVERED)}, {int(Status.EXPIRED)}, {int(Status.FAILED)})"
BLOCKED = "'BLACKLIST', 'CON-DND', 'DND-NUMB', 'OPT-OUT', 'OPTOUT-REJ', 'OUTPUT-REJ', 'NOT-OPTIN', 'CONSENT-NOT-FOUND'"
INVALID = "'INV-NUMBER', 'INVALID-NUM', 'KLR-INV-NUMBER', 'INV-MOB-PATTRN'"
MEASURES = f"""
  count(*) AS total, coalesce(sum(m.units), 0) AS units,
  coalesce(sum(m.units) FILTER (WHERE {HANDED}), 0) AS charged,
  coalesce(sum(m.units) FILTER (WHERE {HANDED} AND m.refunded), 0) AS refunded,
  coalesce(sum(m.price) FILTER (WHERE {HANDED}), 0) AS gross,
  coalesce(sum(m.price) FILTER (WHERE {HANDED} AND m.refunded), 0) AS gross_refunded,
  count(*) FILTER (WHERE {HANDED}) AS submitted,
  count(*) FILTER (WHERE m.status = {int(Status.DELIVERED)}) AS delivered,
  count(*) FILTER (WHERE m.status IN {FAILED}) AS failed,
  count(*) FILTER (WHERE m.status IN ({int(Status.UNDELIVERED)}, {int(Status.EXPIRED)})) AS undelivered,
  count(*) FILTER (WHERE m.status = {int(Status.SENT)}) AS sent,
  count(*) FILTER (WHERE m.status = {int(Status.SENT)} AND m.final_at IS NOT NULL) AS no_dlr,
  count(*) FILTER (WHERE m.status IN ({int(Status.NOT_SENT)}, {int(Status.FAILED)}, {int(Status.CANCELLED)})) AS not_sent,
  count(*) FILTER (WHERE m.status IN ({int(Status.NOT_SENT)}, {int(Status.CANCELLED)})) AS not_sent_only,
  count(*) FILTER (WHERE m.final_at IS NULL) AS pending, min(m.created_at) AS first_at
"""
# Sums of an account ($1) for messages with request ids from $2 to before $3. The floor above, which has the links, says how.
NO_CLICKS = "SELECT NULL::uuid AS request_id, 0 AS n, 0 AS clicks, 0 AS openers WHERE false"
_clicks = [NO_CLICKS]
CLICK_SUMS = ", coalesce(sum(k.clicks), 0) AS clicks, coalesce(sum(k.openers), 0) AS openers"
CAMPAIGN_SUMS = f"""
  , count(DISTINCT m.request_id) AS batches, count(*) FILTER (WHERE m.trace IN ({INVALID})) AS invalid,
  count(*) FILTER (WHERE m.trace = 'DUPLICATE') AS duplicates, count(*) FILTER (WHERE m.trace IN ({BLOCKED})) AS blocked
"""
DIMENSIONS = {
    "account_id": "m.account_id", "sender": "m.sender", "type": "m.type", "campaign_name": "m.campaign_name",
    "country": "m.country", "network": "m.network", "status": "m.status", "trace": "m.trace", "source": "m.source",
    "template_id": "m.options ->> 'template_id'",
}  # fmt: skip
TITLES = """
SELECT DISTINCT ON (template_id) template_id, title FROM sms_template WHERE account_id = $1 AND replaces IS NULL
ORDER BY template_id, status = 3, id DESC
"""
CHILDREN = """
SELECT a.id, a.name, coalesce(s.email, '') AS email FROM account a LEFT JOIN subaccount s ON s.account_id = a.id
WHERE a.parent_id = $1 ORDER BY a.name
"""
PERFORMANCE = f"""
WITH message_of_span AS MATERIALIZED (
    SELECT m.sender, m.type, m.country, m.network, m.trace, m.status, m.sent_at, m.final_at FROM message m
    WHERE m.account_id = $1 AND {SPAN} AND {MT} {FILTERS}
), traced AS (
    SELECT sender, type, country, network, trace, count(*) AS number,
        row_number() OVER (PARTITION BY sender, type, country, network ORDER BY count(*) DESC, trace) AS place
    FROM message_of_span GROUP BY sender, type, country, network, trace
), top AS (
    SELECT sender, type, country, network, string_agg(trace || ' (' || number || ')', ', ' ORDER BY place) AS traces
    FROM traced WHERE place <= 3 GROUP BY sender, type, country, network
)
SELECT m.sender, m.type, m.country, m.network, count(*) FILTER (WHERE {HANDED}) AS submitted,
    count(*) FILTER (WHERE m.status = {int(Status.DELIVERED)}) AS delivered,
    count(*) FILTER (WHERE m.status IN {FAILED} OR m.status = {int(Status.NOT_SENT)}) AS failed,
    count(*) FILTER (WHERE m.status IN ({int(Status.NOT_SENT)}, {int(Status.CANCELLED)})) AS not_sent_only,
  count(*) FILTER (WHERE m.final_at IS NULL) AS pending,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM m.final_at - m.sent_at)::float8)
        FILTER (WHERE m.status = {int(Status.DELIVERED)}) AS median,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM m.final_at - m.sent_at)::float8)
        FILTER (WHERE m.status = {int(Status.DELIVERED)}) AS p95,
    min(t.traces) AS traces
FROM message_of_span m JOIN top t ON t.sender = m.sender AND t.type = m.type AND t.country IS NOT DISTINCT FROM m.country
    AND t.network IS NOT DISTINCT FROM m.network
GROUP BY m.sender, m.type, m.country, m.network ORDER BY m.sender, m.type, m.country, m.network
"""  # noqa: S608
_DETAIL = f"""
SELECT m.request_id, m.n, m.direction, m.country, m.network, m.sender, m.recipient, m.source, m.status, m.trace, m.refunded,
    m.created_at, m.length, m.units, m.price, m.type, m.encoding, m.campaign_name, m.options, m.sent_at, m.final_at,
    m.body, a.settings ->> 'show_codes' = 'true' AS codes_shown, a.currency, a.name AS account, {{keyword}} AS keyword
FROM message m JOIN account a ON a.id = m.account_id {{join}}
WHERE m.account_id = $1 AND {SPAN} AND m.channel = {int(Channel.SMS)} AND m.direction = ANY($14::smallint[]) {FILTERS}
ORDER BY m.request_id, m.n
"""  # noqa: S608
DETAIL = _DETAIL.format(keyword="NULL", join="")
DETAIL_WITH_KEYWORD = _DETAIL.format(
    keyword="l.keyword", join="LEFT JOIN receive_log l ON l.account_id = m.account_id AND l.request_id = m.request_id"
)
# What was done for each message stands in receive_log; its callbacks have ids of the same span.
RECEIVED = f"""
WITH attempt AS (
    SELECT request_id, bool_or(outcome = 1) AS delivered, bool_or(outcome = 3) AS failed FROM callback_attempt
    WHERE account_id = $1 AND callback_id >= $2 AND callback_id < $3 AND request_id >= $2 AND request_id < $3 GROUP BY request_id
), given_up AS (
    SELECT DISTINCT request_id FROM callback
    WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND state IN (2, 3)
)
SELECT m.recipient AS number, coalesce(l.keyword, '') AS keyword, m.country, m.network,
    {CIRCLE_OF.format(number="m.sender")} AS circle, count(*) AS total,
    coalesce(sum(m.units), 0) AS parts, count(*) FILTER (WHERE l.done -> 'reply' ? 'id') AS replies,
    coalesce(sum(CASE WHEN l.done -> 'sms' ? 'id' THEN jsonb_array_length(l.done -> 'sms' -> 'to') ELSE 0 END
        + (SELECT count(*) FROM jsonb_array_elements(coalesce(l.done -> 'mails', '[]')) x WHERE x ? 'id')), 0) AS forwards,
    count(*) FILTER (WHERE t.delivered) AS triggered,
    count(*) FILTER (WHERE NOT coalesce(t.delivered, false) AND (t.failed OR g.request_id IS NOT NULL)) AS failed
FROM message m LEFT JOIN receive_log l ON l.account_id = m.account_id AND l.request_id = m.request_id
LEFT JOIN attempt t ON t.request_id = m.request_id LEFT JOIN given_up g ON g.request_id = m.request_id
WHERE m.account_id = $1 AND {SPAN} AND m.channel = {int(Channel.SMS)} AND m.direction = {int(Direction.MO)}
    AND ($6::text[] IS NULL OR m.recipient = ANY($6)) AND ($7::text[] IS NULL OR lower(l.keyword) = ANY($7))
    AND ($8::text[] IS NULL OR m.country = ANY($8))
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608


def register_clicks(query: str) -> None:
    """Say how clicks on the links of messages are summed, with the columns of NO_CLICKS."""
    _clicks[:] = [query]


@dataclass(slots=True)
class MessageFilter:
    """What narrows a report down; None means all."""

    senders: list[str] | None = None
    countries: list[str] | None = None
    statuses: list[int] | None = None
    traces: list[str] | None = None
    types: list[str] | None = None
    campaigns: list[str] | None = None
    templates: list[str] | None = None
    sources: list[str] | None = None

    def values(self) -> list[Any]:
        """The parameters in the order of FILTERS."""
        return [
            self.senders, self.countries, self.statuses, self.traces, self.types, self.campaigns, self.templates, self.sources,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grouping:
    """A statement of sums: by which columns, and which further joins and sums."""

    dimensions: Sequence[str]
    clicks: bool = False
    campaigns: bool = False
    children: bool = False
    extra: str = ""

    # scope: ``whose`` names account_id
    def statement(self) -> str:
        """The SQL. With ``children``, ``$1`` is the list of accounts."""
        names = ", ".join(f"{DIMENSIONS[name]} AS {name}" for name in self.dimensions)
        places = ", ".join(str(n) for n in range(1, len(self.dimensions) + 1))
        sums = MEASURES + (CLICK_SUMS if self.clicks else "") + (CAMPAIGN_SUMS if self.campaigns else "")
        whose = "m.account_id = ANY($1::bigint[])" if self.children else "m.account_id = $1"
        join = f"LEFT JOIN ({_clicks[0]}) k ON k.request_id = m.request_id AND k.n = m.n" if self.clicks else ""
        return (
            f"SELECT {names}{', ' if names else ''}{sums} FROM message m {join} WHERE {whose} AND {SPAN} AND {MT} {FILTERS}"  # noqa: S608
            f"{self.extra}{f' GROUP BY {places} ORDER BY {places}' if places else ''}"
        )


def bounds(span: Span, late: timedelta = EARLY) -> tuple[Any, Any, Any, Any]:
    """A span as ids and as moments: ids are made a little before or after the moment that a message says."""
    return uuid_floor(span.start - EARLY), uuid_floor(span.end + late), span.start, span.end


def grouped(
    connection: Connection, grouping: Grouping, account: int | list[int], span: Span, chosen: MessageFilter
) -> AsyncIterator[list[Any]]:
    """The sums of a span."""
    return cursor_batches(connection, grouping.statement(), account, *bounds(span), *chosen.values())


def performance(connection: Connection, account_id: int, span: Span, chosen: MessageFilter) -> AsyncIterator[list[Any]]:
    """How fast and how well messages arrived, with the commonest traces."""
    return cursor_batches(connection, PERFORMANCE, account_id, *bounds(span), *chosen.values())


def detail(
    connection: Connection, account_id: int, span: Span, chosen: MessageFilter, directions: Sequence[int]
) -> AsyncIterator[list[Any]]:
    """The messages of a span one by one, oldest first."""
    statement, late = (DETAIL_WITH_KEYWORD, LATE) if Direction.MO in directions else (DETAIL, EARLY)
    return cursor_batches(connection, statement, account_id, *bounds(span, late), *chosen.values(), list(directions))


def received(
    connection: Connection, account_id: int, span: Span, numbers: list[str] | None, keywords: list[str] | None,
    countries: list[str] | None,
) -> AsyncIterator[list[Any]]:  # fmt: skip
    """Incoming messages of a span by number, keyword, country and operator, with what was done for them."""
    return cursor_batches(connection, RECEIVED, account_id, *bounds(span, LATE), numbers, keywords, countries)


async def template_titles(connection: Connection, account_id: int) -> dict[str, str]:
    """Titles of an account's templates by their ids, also of deleted ones."""
    return {row["template_id"]: row["title"] for row in await connection.fetch(TITLES, account_id)}


async def children(connection: Connection, account_id: int) -> dict[int, Mapping[str, Any]]:
    """The sub-accounts of an account: name and e-mail address by id."""
    return {row["id"]: row for row in await connection.fetch(CHILDREN, account_id)}
