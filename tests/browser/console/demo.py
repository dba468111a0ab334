"""Pages that use every part of the kit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, DateTime, Numeric, SmallInteger, Text, Uuid, column, select, table

from strowger.console.chart import Chart, Series
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form
from strowger.console.pages import Action, AnyRequest, Visitor, context_of, html, page, redirect, render
from strowger.console.sql_source import SqlSource, contains, equals
from strowger.console.table import Column, Empty, Filter, Table
from strowger.foundation.context import Context
from strowger.foundation.ids import new_uuid

MESSAGE = table(
    "message",
    column("account_id", BigInteger),
    column("request_id", Uuid),
    column("n", SmallInteger),
    column("recipient", Text),
    column("body", Text),
    column("status", SmallInteger),
    column("price", Numeric),
    column("created_at", DateTime(timezone=True)),
)
STATUSES = {"20": "Queued", "40": "Sent", "90": "Delivered", "80": "Undelivered"}
TONES = {20: "neutral", 40: "info", 90: "success", 80: "danger"}
MESSAGES = Table(
    "demo-messages",
    columns=(
        Column("recipient", "To", sort=True),
        Column("body", "Text"),
        Column("status", "Status", "status", tone=TONES, label_of=lambda value: STATUSES[str(value)], sort=True),
        Column("price", "Price", "money", sort=True),
        Column("created_at", "Created", "time", sort=True),
        Column("request_id", "Id", "mono", shown=False),
    ),
    filters=(
        Filter("status", "Status", "multi", tuple(STATUSES.items())),
        Filter("created_at", "Created", "time"),
        Filter("price", "Price", "number"),
        Filter("recipient", "To"),
    ),
    search="Search by number or text",
    empty=Empty("No messages yet", "Messages of this account appear here.", Action("Send one", "/demo/form"), "curl -X POST …"),
    row_href=lambda row: f"/demo/{row['request_id']}",
    live_topic="messages",
)  # fmt: skip
FORM = Form(
    "demo-send",
    (
        Field("to", "To", "tel", required=True, help="International number", pattern=r"\+?\d{8,15}", pattern_text="Digits only."),
        Field("type", "Type", "select", options=(("MKT", "Promotional"), ("TXN", "Transactional")), width="half"),
        Field("count", "Count", "number", least=1, most=5, width="half", default="1"),
        Field("channels", "Channels", "checks", options=(("sms", "SMS"), ("rcs", "RCS", "where it is known"))),
        Field("flash", "Flash message", "checkbox", help="Shown at once, not kept."),
        Field("body", "Text", "textarea", required=True),
    ),
    submit="Send",
    action="/demo/form",
    cancel="/demo",
    code=lambda values, visitor, base_url: ApiCall(
        "POST", f"{base_url}/v1/{visitor.sid}/messages", form={"to": values["to"], "body": values["body"]}
    ),
)  # fmt: skip


def demo_source(context: Context) -> SqlSource:
    columns = [MESSAGE.c[name] for name in ("request_id", "n", "recipient", "body", "status", "price", "created_at")]
    return SqlSource(
        context.database,
        select(*columns),
        MESSAGE.c.account_id,
        ("request_id", "n"),
        nullable=frozenset({"price"}),
        search=lambda text: contains(MESSAGE.c.recipient, text) | contains(MESSAGE.c.body, text),
        filters={"status": lambda value: equals(MESSAGE.c.status)([int(one) for one in value])},
    )


@page("/demo")
async def demo_list(request: AnyRequest, visitor: Visitor) -> Any:
    return await MESSAGES.respond(
        request,
        visitor,
        demo_source(context_of(request)),
        title="Messages",
        actions=[Action("Send", "/demo/form", "send", True, "c")],
    )


@page("/demo/form", methods=["GET", "POST"])
async def demo_form(request: AnyRequest, visitor: Visitor) -> Any:
    base_url = context_of(request).settings.base_url
    form = FORM.blank(visitor, base_url) if request.method == "GET" else await FORM.read(request, visitor)
    if request.method == "POST" and form.ok:
        return redirect(request, "/demo", f"Sent to {form['to']}.")
    return await render(request, "console/form_page.html", title="Send a message", form=form, status=form.status)


@page("/demo/blocks")
async def demo_blocks(request: AnyRequest, visitor: Visitor) -> Any:
    hours = [f"{hour:02}:00" for hour in range(12)]
    chart = Chart(
        "traffic",
        "Traffic",
        hours,
        [Series("Sent", list(range(12)), previous=[3] * 12), Series("Failed", [0, 2] * 6, "danger")],
        "area",
        zone=visitor.time_zone,
    )
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    timeline = [
        {
            "title": "Accepted",
            "at": start,
            "tone": "neutral",
            "took": None,
            "text": "By the API",
            "facts": [],
            "raw": "",
        },
        {
            "title": "Delivered",
            "at": start + timedelta(seconds=2),
            "tone": "success",
            "took": 2.0,
            "text": "",
            "facts": [("Carrier", "sim")],
            "raw": "id:1 stat:DELIVRD",
        },
    ]
    return await render(
        request,
        "demo_blocks.html",
        title="Blocks",
        chart=chart,
        timeline=timeline,
        facts=[("Carrier", "sim"), ("Price", "")],
    )


@page("/demo/live")
async def demo_live(request: AnyRequest, visitor: Visitor) -> Any:
    return await render(request, "demo_live.html", title="Live tail")


@page("/demo/live-rows")
async def demo_live_rows(request: AnyRequest, visitor: Visitor) -> Any:
    ids = [one for one in request.query_params.get("ids", "").split(",") if one]
    return html("".join(f'<div id="row-{one}" data-text="{one}">{one}</div>' for one in ids))


@page("/demo/broken")
async def demo_broken(request: AnyRequest, visitor: Visitor) -> Any:
    raise RuntimeError("broken on purpose")


TEMPLATES = {
    name: (Path(__file__).parent / "templates" / name).read_text() for name in ("demo_blocks.html", "demo_live.html")
}
PAGES: list[Any] = [demo_list, demo_form, demo_blocks, demo_live, demo_live_rows, demo_broken]


async def add_messages(context: Context, account_id: int, count: int) -> None:
    """Messages of the last ``count`` minutes, newest last."""
    now = context.clock.now()
    names = list(STATUSES)
    rows = []
    for i in range(count):
        price = None if i % 5 == 0 else Decimal("0.035") * (i % 3 + 1)
        head = (account_id, new_uuid(), 1, int(names[i % 4]), "DELIVERED", "MKT", "Strowger", f"4915{i:09d}")
        rows.append((*head, f"Your code is {i:06d}", price, now - timedelta(minutes=count - i), now))
    columns = "account_id request_id n status trace type sender recipient body price created_at valid_until"
    await context.database.pool.copy_records_to_table("message", records=rows, columns=columns.split())
