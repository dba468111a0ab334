"""Reports of short links (url-shortener.md 10): one row for each link, or for each click."""

from __future__ import annotations

from collections.abc import AsyncIterator

from strowger.engagement.links import repository
from strowger.engagement.links.agents import read_agent
from strowger.foundation.ids import format_message_id
from strowger.platform.reports.types import DETAIL_DAYS, Job, ReportChart, ReportColumn, ReportType, Row, Span

EVERY = ("daily", "weekly", "monthly")


def _short(job: Job, slug: str, token: str | None) -> str:
    base = job.context.settings.short_base
    return f"{base}/{slug}/{token}" if token else f"{base}/{slug}"


async def link_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Links that were clicked in the period, or were in a message of it."""
    async for batch in repository.used_links(job.connection, job.query.account_id, span.start, span.end):
        yield [
            (
                "SMS",
                r["title"],
                _short(job, r["slug"], None),
                r["long_url"],
                r["views"],
                r["openers"],
                r["created_at"],
                r["last_click_at"],
            )
            for r in batch
        ]


async def click_rows(job: Job, span: Span) -> AsyncIterator[list[Row]]:
    """Clicks one by one."""
    async for batch in repository.clicks_between(job.connection, job.query.account_id, span.start, span.end):
        rows: list[Row] = []
        for r in batch:
            agent = read_agent(r["user_agent"])
            message = format_message_id(r["request_id"], r["n"]) if r["request_id"] else ""
            rows.append((
                _short(job, r["slug"], r["token"]), r["token"] or r["slug"], r["recipient"], r["ip"], agent.browser, agent.platform,
                agent.platform_version, agent.brand, "", agent.version, r["language"], "SMS", message, r["at"],
            ))  # fmt: skip
        yield rows


reports = [
    ReportType(
        "links-summary", "URLs Summary Report", "URL shortener", "One row for each short link, with the clicks of the period.",
        (
            ReportColumn("CHANNEL"), ReportColumn("TITLE"), ReportColumn("TXTLY"), ReportColumn("LONG URL"),
            ReportColumn("VIEWS", "number", total=True), ReportColumn("UNIQUE CLICKS", "number", total=True),
            ReportColumn("CREATED DATE", "time"), ReportColumn("LAST VIEWED DATE", "time"),
        ),
        link_rows, groups=("",), frequencies=EVERY, permission="campaigns.read",
        chart=ReportChart("Views by link", "TXTLY", ("VIEWS", "UNIQUE CLICKS")),
    ),
    ReportType(
        "links-detailed", "Links Detailed Report", "URL shortener", "One row for each click on a short link.",
        (
            ReportColumn("SHORT_URL"), ReportColumn("TXTLY_ID"), ReportColumn("MOBILE NUMBER", private=True),
            ReportColumn("CLIENT IP"), ReportColumn("BROWSER"), ReportColumn("PLATFORM"), ReportColumn("PLATFORM VERSION"),
            ReportColumn("DEVICE BRAND"), ReportColumn("COUNTRY"), ReportColumn("BROWSER VERSION"), ReportColumn("LANGUAGE"),
            ReportColumn("CHANNEL"), ReportColumn("MESSAGE ID"), ReportColumn("CLICKED TIME", "time"),
        ),
        click_rows, most_days=DETAIL_DAYS, frequencies=EVERY, permission="campaigns.read",
    ),
]  # fmt: skip
