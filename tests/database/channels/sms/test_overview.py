"""SMS > Overview: the figures of a time, of one account."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from strowger.messaging.statuses import Status
from tests.database.home.test_home import Visit, log_of, visit

__all__ = ["visit"]


def tiles(shown: str) -> dict[str, str]:
    return dict(re.findall(r'tile-label">(?:<a [^>]*>)?([\w ]+)(?:</a>)?</p> <p class="tile-value">([^<]*)</p>', shown))


def section(shown: str, title: str) -> str:
    return shown.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]


async def test_figures_chart_and_rankings(visit: Visit) -> None:
    log, day = log_of(visit), 24 * 3600
    price = {"price": Decimal("0.05")}
    for _ in range(3):
        await log.message(status=int(Status.DELIVERED), trace="DELIVERED", **price)
    await log.message(
        ago=2 * day, status=int(Status.UNDELIVERED), trace="ABSENT-SUBS", country="FR", units=2, price=Decimal("0.10")
    )
    await log.message(status=int(Status.NOT_SENT), trace="NO-CREDITS", sender="OTHER", country=None, units=0)
    await log.message(status=int(Status.SENT), trace="SUBMITTED", **price)
    await log.message(status=int(Status.FAILED), trace="FAILED", price=Decimal("0.05"), refunded=True)
    await log.message(direction=1, status=int(Status.RECEIVED), type="MO")
    await log.message(ago=8 * day, status=int(Status.DELIVERED), sender="OLD", **price)
    shown = await visit.page("/sms")
    assert tiles(shown) == {
        "Sent": "7", "Delivered": "3", "Undelivered": "1", "Not sent": "2", "Units": "7", "Spend": "0.30 EUR",
    }  # fmt: skip
    assert "50.0 % of those with an outcome" in shown
    assert "1 on the way" in shown
    assert re.findall(r"/messages\?direction=0&amp;country=(\w\w)", section(shown, "Countries")) == ["GB", "FR"]
    assert "not known" in section(shown, "Countries")
    assert re.findall(r'dir="auto">(\w+)<', section(shown, "Senders")) == ["ACME", "OTHER"]
    assert set(re.findall(r'dir="auto">([\w-]+)<', section(shown, "Reasons of failure"))) == {
        "ABSENT-SUBS", "NO-CREDITS", "FAILED",
    }  # fmt: skip
    assert "OLD" in await visit.page("/sms", days="30")
    assert tiles(await visit.page("/sms", days="1"))["Undelivered"] == "0"


async def test_U26_figure_chart_list_and_export_count_alike(visit: Visit) -> None:
    """Seeded with every outcome, at both ends of days and outside of the time that is asked for."""
    log, day = log_of(visit), 24 * 3600
    for number, status in enumerate(
        (Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.NOT_SENT, Status.FAILED)
    ):
        for ago in (60, 2 * day, 6 * day, 9 * day):
            await log.message(ago=ago + number, status=int(status), trace=status.name)
    await log.message(direction=1, status=int(Status.RECEIVED), type="MO")
    today = log.now.date()
    span = {"from": f"{today - timedelta(days=6)}", "to": f"{today}"}
    shown = await visit.page("/sms", **span)
    [spec] = re.findall(r'data-chart="([^"]+)"', shown)
    charted = {one["label"]: sum(one["values"]) for one in json.loads(html.unescape(spec))["series"]}
    when = {"created_at_from": f"{span['from']}T00:00", "created_at_to": f"{span['to']}T23:59"}
    for label, statuses in (
        ("Delivered", [Status.DELIVERED]), ("Undelivered", [Status.UNDELIVERED]), ("Not sent", [Status.NOT_SENT, Status.FAILED]),
    ):  # fmt: skip
        chosen: dict[str, Any] = {"direction": "0", **when, "status": [str(int(one)) for one in statuses]}
        listed = (await visit.client.get("/messages", params={**chosen, "size": "200"})).text
        exported = (await visit.client.get("/messages", params={**chosen, "export": "csv"})).text
        counts = {
            "tile": int(tiles(shown)[label]),
            "chart": charted[label],
            "list": len(set(re.findall(r'href="(/messages/[0-9a-f-]{36}:1)"', listed))),
            "export": exported.strip().count("\n"),
        }
        assert len(set(counts.values())) == 1, (label, counts)
        assert counts["tile"] == 3 * (2 if label != "Undelivered" else 1)


async def test_the_rooms_of_the_channel_are_one_step_away(visit: Visit) -> None:
    shown = await visit.page("/sms")
    rooms = ("/senders", "/templates", "/messages", "/reports", "/receive", "/sms/settings", "/sms/help")
    tabs = shown.partition('class="page-tabs"')[2].partition("</nav>")[0]
    assert [path for path in rooms if f'href="{path}"' in tabs] == list(rooms)
    for path in ("/send", "/campaigns/new", "/templates/new"):
        assert f'href="{path}"' in shown


async def test_days_of_ones_own(visit: Visit) -> None:
    log = log_of(visit)
    await log.message(ago=40 * 24 * 3600, status=int(Status.DELIVERED))
    today = visit.context.clock.now().date()
    first, last = str(today - timedelta(days=50)), str(today - timedelta(days=30))
    assert tiles(await visit.page("/sms", **{"from": first, "to": last}))["Delivered"] == "1"
    assert tiles(await visit.page("/sms", **{"from": first, "to": first}))["Delivered"] == "0"


async def test_days_that_cannot_be_are_told_and_the_usual_ones_shown(visit: Visit) -> None:
    for query, told in (
        ({"from": "2026-13-01", "to": "2026-01-01"}, "year, month and day"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "before the first"),
        ({"from": "2020-01-01", "to": "2026-03-01"}, "At most 90 days"),
        ({"from": "9999-01-01", "to": "9999-01-01"}, "still to come"),
    ):
        answer = await visit.client.get("/sms", params=query)
        assert answer.status_code == 422
        assert told in answer.text
        assert tiles(re.sub(r"\s+", " ", answer.text))["Sent"] == "0"


async def test_another_accounts_messages_are_not_counted(visit: Visit) -> None:
    from tests.database.messaging.console_client import add_person

    other, _ = await add_person(visit.context, "bob")
    await log_of(visit, other).message(status=int(Status.DELIVERED), sender="SECRET")
    shown = await visit.page("/sms")
    assert tiles(shown)["Sent"] == "0"
    assert "SECRET" not in shown


async def test_the_help_answers_and_leads_on(visit: Visit) -> None:
    shown = await visit.page("/sms/help")
    for words in ("How are units counted?", "How do I get a sender ID?", 'href="/errors"'):
        assert words in shown
