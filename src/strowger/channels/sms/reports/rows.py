"""How the rows of each SMS report are made of what the repository reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from strowger.channels.sms.reports import repository
from strowger.channels.sms.reports.repository import Grouping, MessageFilter
from strowger.channels.sms.reports.words import (
    country_name,
    created_text,
    seconds,
    share,
    status_name,
)
from strowger.channels.sms.uses import campaign_ids, launched_campaigns
from strowger.foundation.ids import format_message_id
from strowger.foundation.money import ZERO, money
from strowger.messaging.routing.repository.ranges import operator_names
from strowger.messaging.schemas import Direction
from strowger.messaging.words import shown_text
from strowger.platform.billing import repository as billing
from strowger.platform.billing.prices import PriceList
from strowger.platform.billing.service import Terms, terms_of
from strowger.platform.reports.types import Job, Row, Rows, Span
from strowger.platform.subaccounts.reports import is_chosen

Record = Mapping[str, Any]
REFUSED_COUNTRY = "NOT-ALLOWED", "NOTALLOWED", "BLOCKED-COUNTRY"


def listed(job: Job, key: str) -> list[str] | None:
    """The values of a filter that takes several, apart by commas."""
    given = job.query.filters.get(key)
    if isinstance(given, list):
        return given or None
    found = [part.strip() for part in str(given or "").split(",") if part.strip()]
    return found or None


def chosen(job: Job) -> MessageFilter:
    """The filters of a report."""
    countries, statuses = listed(job, "country"), listed(job, "status")
    return MessageFilter(
        listed(job, "sender"), [code.upper() for code in countries] if countries else None,
        [int(code) for code in statuses] if statuses else None, listed(job, "trace"), listed(job, "type"),
        listed(job, "campaign"), listed(job, "template"), listed(job, "source"),
    )  # fmt: skip


class Fees:
    """The part of prices that is not given back, by the price list; read once for a report."""

    def __init__(self, prices: PriceList, terms: Mapping[int, Terms]) -> None:
        self._prices, self._terms = prices, terms

    @classmethod
    async def of(cls, job: Job, accounts: Sequence[int]) -> Fees:
        """The fees that accounts pay."""
        found: Fees | None = job.memo.get("fees")
        if found is None:
            terms = {account: await terms_of(job.connection, account) for account in accounts}
            known = {account: one for account, one in terms.items() if one is not None}
            found = job.memo["fees"] = cls(PriceList(await billing.tariffs(job.connection)), known)
        return found

    def unit(self, account: int, row: Record, at: Any) -> Decimal:
        """The fee of one unit."""
        terms = self._terms.get(account)
        rate = terms and self._prices.find(
            "sms", terms, row["country"], type_=row["type"], sender=row["sender"], at=at
        )  # fmt: skip
        return rate.fee if rate else ZERO


async def operators_of(job: Job) -> Mapping[str, str]:
    """The operators' names by network; read once for a report."""
    if "operators" not in job.memo:
        job.memo["operators"] = await operator_names(job.connection)
    names: Mapping[str, str] = job.memo["operators"]
    return names


def operator_name(names: Mapping[str, str], network: str | None) -> str:
    """A network's name; its MCC and MNC where the number plan has none."""
    return names.get(network or "", network or "")


def billed(row: Record, fee: Decimal) -> tuple[int, int, int, Decimal, Decimal, Decimal]:
    """Units charged, refunded and billable; subtotal, fees and amount billable."""
    charged, refunded = int(row["charged"]), int(row["refunded"])
    amount = Decimal(row["gross"]) - Decimal(row["gross_refunded"]) + fee * refunded
    fees = fee * charged
    return charged, refunded, charged - refunded, money(amount - fees), money(fees), money(amount)


def amount_of(row: Record) -> Decimal:
    """What a group costs after refunds, where no fees are told apart."""
    return money(Decimal(row["gross"]) - Decimal(row["gross_refunded"]))


def sums(grouping: Grouping, make: Callable[[Span, Record], Row]) -> Rows:
    """The rows of a report of sums."""

    async def rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
        async for batch in repository.grouped(job.connection, grouping, job.query.account_id, span, chosen(job)):
            yield [make(span, row) for row in batch if row["total"]]

    return rows


SUMMARY = Grouping(("sender", "type", "campaign_name", "country", "status", "trace"))


async def summary_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """MT summary (sms.md 8.1)."""
    account = job.query.account_id
    fees = await Fees.of(job, [account])
    async for batch in repository.grouped(job.connection, SUMMARY, account, span, chosen(job)):
        yield [
            (
                span.label, row["sender"], row["type"], row["campaign_name"], country_name(row["country"]),
                status_name(row["status"]), row["trace"], row["total"], row["units"],
                *billed(row, fees.unit(account, row, row["first_at"])),
            )
            for row in batch
        ]  # fmt: skip


CHILD_SUMMARY = Grouping(("account_id", *SUMMARY.dimensions), children=True)


async def child_summary_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """The MT summary of all sub-accounts (console.md 6.2)."""
    people = job.memo.get("children")
    if people is None:
        every = await repository.children(job.connection, job.query.account_id)
        people = job.memo["children"] = {child: row for child, row in every.items() if is_chosen(job, row["name"])}
    fees = await Fees.of(job, list(people))
    async for batch in repository.grouped(job.connection, CHILD_SUMMARY, list(people), span, chosen(job)):
        yield [
            (
                span.label, row["sender"], row["campaign_name"], people[row["account_id"]]["name"],
                people[row["account_id"]]["email"], country_name(row["country"]), status_name(row["status"]), row["trace"],
                row["total"], row["units"], *billed(row, fees.unit(row["account_id"], row, row["first_at"])),
            )
            for row in batch
        ]  # fmt: skip


BLOCKED = Grouping(
    ("account_id", "country", "trace"), children=True,
    extra=" AND m.trace IN ('" + "', '".join(REFUSED_COUNTRY) + "')",
)  # fmt: skip


async def blocked_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Messages of sub-accounts to countries that are closed to them (console.md 6.1)."""
    people = await repository.children(job.connection, job.query.account_id)
    async for batch in repository.grouped(job.connection, BLOCKED, list(people), span, chosen(job)):
        yield [
            (span.label, people[r["account_id"]]["name"], country_name(r["country"]), r["total"], r["trace"])
            for r in batch
        ]


async def template_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """By template (sms.md 8.5)."""
    titles = job.memo.get("titles")
    if titles is None:
        titles = job.memo["titles"] = await repository.template_titles(job.connection, job.query.account_id)
    grouping = Grouping(("template_id", "sender", "type", "country"), clicks=True, extra=WITH_TEMPLATE)
    async for batch in repository.grouped(job.connection, grouping, job.query.account_id, span, chosen(job)):
        yield [
            (
                span.label, r["template_id"], titles.get(r["template_id"], ""), r["sender"], r["type"],
                country_name(r["country"]), r["total"], r["units"], r["delivered"], r["undelivered"], r["sent"], r["not_sent"],
                share(r["delivered"], r["total"]), r["clicks"], r["openers"], amount_of(r),
            )
            for r in batch
        ]  # fmt: skip


WITH_TEMPLATE = " AND m.options ->> 'template_id' IS NOT NULL"
CAMPAIGN = Grouping(
    ("campaign_name", "source", "sender", "type", "template_id"), clicks=True, campaigns=True,
    extra=" AND m.campaign_name IS NOT NULL",
)  # fmt: skip


async def campaign_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """By campaign (sms.md 8.6)."""
    account = job.query.account_id
    async for batch in repository.grouped(job.connection, CAMPAIGN, account, span, chosen(job)):
        known = await launched_campaigns(job.connection, account, [row["campaign_name"] for row in batch])
        yield [_campaign_row(row, known.get(row["campaign_name"])) for row in batch]


def _campaign_row(r: Record, campaign: Record | None) -> Row:
    """What the launch counted where there was one; where requests only gave a name, what its messages tell."""
    if campaign is not None:
        begun = (
            str(campaign["id"]),
            campaign["name"],
            campaign["source"],
            campaign["created_by"],
            campaign["launched_at"],
        )
        contacts = [campaign[name] for name in ("total", "valid", "invalid", "duplicates", "blocked")]
    else:
        begun = ("", r["campaign_name"], r["source"], "", r["first_at"])
        contacts = [r["total"], r["total"] - r["invalid"], r["invalid"], r["duplicates"], r["blocked"]]
    return (
        *begun, r["sender"], r["type"], r["template_id"], *contacts, r["submitted"], r["delivered"], r["undelivered"],
        r["not_sent"], r["pending"], r["units"], r["clicks"], r["openers"], amount_of(r),
        campaign["batches"] if campaign is not None else r["batches"],
    )  # fmt: skip


async def received_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """MO summary (sms.md 8.2)."""
    numbers, keywords, countries = (listed(job, key) for key in ("number", "keyword", "country"))
    digits = [number.lstrip("+") for number in numbers] if numbers else None
    words = [word.lower() for word in keywords] if keywords else None
    codes = [code.upper() for code in countries] if countries else None
    names = await operators_of(job)
    async for batch in repository.received(job.connection, job.query.account_id, span, digits, words, codes):
        yield [
            (
                span.label, r["number"], r["keyword"], country_name(r["country"]), operator_name(names, r["network"]), r["circle"],
                r["total"], r["parts"], r["replies"], r["forwards"], r["triggered"], r["failed"],
            )
            for r in batch
        ]  # fmt: skip


async def performance_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Performance (console.md 6.1)."""
    names = await operators_of(job)
    async for batch in repository.performance(job.connection, job.query.account_id, span, chosen(job)):
        yield [
            (
                span.label, r["sender"], r["type"], country_name(r["country"]), operator_name(names, r["network"]),
                r["submitted"], r["delivered"], r["failed"], r["pending"], share(r["delivered"], r["submitted"]),
                seconds(r["median"]), seconds(r["p95"]), r["traces"],
            )
            for r in batch
        ]  # fmt: skip


count_rows = sums(
    Grouping(("sender",)),
    lambda s, r: (s.label, r["sender"], r["total"], r["units"], r["delivered"], r["total"] - r["delivered"]),
)
sender_rows = sums(
    Grouping(("sender", "type")),
    lambda s, r: (
        s.label, r["sender"], r["type"], r["total"], r["units"], r["delivered"], r["failed"] + r["not_sent_only"],
        amount_of(r),
    ),
)  # fmt: skip
campaign_day_rows = sums(
    Grouping(("campaign_name",), clicks=True, extra=" AND m.campaign_name IS NOT NULL"),
    lambda s, r: (
        s.label, r["campaign_name"], "SMS", r["total"], r["submitted"], r["delivered"], r["failed"] + r["not_sent_only"],
        r["clicks"], amount_of(r),
    ),
)  # fmt: skip
day_rows = sums(
    Grouping(()),
    lambda s, r: (
        s.label, "SMS", r["total"], r["delivered"], r["failed"] + r["not_sent_only"], r["units"], amount_of(r),
    ),
)  # fmt: skip
location_rows = sums(
    Grouping(("country",)),
    lambda s, r: (
        country_name(r["country"]), r["no_dlr"], r["delivered"], r["undelivered"], r["not_sent"], r["total"],
    ),
)  # fmt: skip


def _detail_row(
    row: Record, fee: Decimal, with_mo: bool, campaigns: Mapping[str, str], names: Mapping[str, str]
) -> Row:
    options, mo = row["options"] or {}, row["direction"] == Direction.MO
    charged = row["sent_at"] is not None and row["price"] is not None
    mobile = row["sender"] if mo else row["recipient"]
    found: list[Any] = [
        Direction(row["direction"]).name, "" if mo else country_name(row["country"]),
        "" if mo else operator_name(names, row["network"]),
        "" if mo else row["sender"], mobile, "" if mo else row["source"], "Sent" if mo else status_name(row["status"]),
        "Sent" if mo else row["trace"], None if mo else int(row["refunded"]), created_text(row["created_at"]), row["length"],
        row["units"], row["price"] if charged else ZERO, row["currency"], fee * row["units"] if charged else ZERO, row["type"],
        row["encoding"], int(bool(options.get("flash"))), format_message_id(row["request_id"], row["n"]),
        campaigns.get(row["campaign_name"] or "", ""), row["campaign_name"], options.get("template_id"), options.get("entity_id"),
        created_text(row["sent_at"]) if row["sent_at"] else None,
        created_text(row["final_at"] or row["sent_at"] or row["created_at"]), shown_text(row),
    ]  # fmt: skip
    if with_mo:
        found += [row["recipient"] if mo else "", row["keyword"] if mo else ""]
    found += [options.get("ref"), options.get("ref1"), options.get("ref2"), options.get("ref_custom"), row["account"]]
    return found


def detail_rows(directions: Sequence[int], with_mo: bool) -> Rows:
    """The messages one by one (sms.md 8.3, 8.4)."""

    async def rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
        account = job.query.account_id
        fees = await Fees.of(job, [account])
        if "campaigns" not in job.memo:
            job.memo["campaigns"] = await campaign_ids(job.connection, account)
        campaigns = job.memo["campaigns"]
        names = await operators_of(job)
        async for batch in repository.detail(job.connection, account, span, chosen(job), directions):
            yield [
                _detail_row(row, fees.unit(account, row, row["created_at"]), with_mo, campaigns, names) for row in batch
            ]

    return rows
