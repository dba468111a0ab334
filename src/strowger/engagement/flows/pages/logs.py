"""The log of executions, and each of them widget by widget (voice.md 6.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, render
from strowger.console.table import Column, Empty, Filter, Row, Table
from strowger.engagement.flows.pages.shared import LIST, LOGS, READ
from strowger.engagement.flows.repository import flows, runs
from strowger.engagement.flows.schemas import RUN_LABELS, RUN_TONES, TRIGGERS, Definition
from strowger.engagement.flows.widgets.base import TYPES

SECONDS = {"done": "success", "skipped": "neutral", "failed": "danger"}
WORDS = {"done": "", "skipped": "skipped", "failed": "failed"}
SHOWN_VARS = 4_000


def _took(row: Row) -> str:
    return f"{(row['ended_at'] - row['started_at']).total_seconds():.1f} s" if row["ended_at"] else ""


TABLE = Table(
    "flow-logs",
    (
        Column("flow_name", "Flow", sort=True),
        Column("id", "Execution ID", "mono", value=lambda row: str(row["id"])),
        Column("flow_id", "Flow ID", "mono", shown=False),
        Column("trigger", "Trigger", sort=True, value=lambda row: TRIGGERS.get(row["trigger"], row["trigger"])),
        Column("started_at", "Executed", "time", sort=True),
        Column("ended_at", "Ended", "time", sort=True, shown=False),
        Column("took", "Took", value=_took),
        Column("steps", "Steps", "number", sort=True),
        Column("revision", "Revision", "number", sort=True, shown=False),
        Column("state", "Status", "status", sort=True, tone=RUN_TONES, label_of=lambda state: RUN_LABELS.get(state, state)),
        Column("reason", "Reason"),
    ),
    (
        Filter("flow_name", "Flow name"),
        Filter("flow_id", "Flow ID"),
        Filter("trigger", "Trigger", "multi", tuple(TRIGGERS.items())),
        Filter("state", "Status", "multi", tuple(RUN_LABELS.items())),
        Filter("started_at", "Executed", "time"),
    ),
    search="Execution ID",
    row_href=lambda row: f"{LOGS}/{row['id']}",
    live_topic="flow_runs",
    empty=Empty(
        "No executions yet",
        "Each time that a flow is triggered, what it did is written down here, widget by widget, and kept for 90 days.",
    ),
)  # fmt: skip


@page(LOGS, permission=READ)
async def logs(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The executions of the account's flows, newest first; with export as CSV and XLSX."""
    return await TABLE.respond(request, visitor, runs.source(context_of(request).database), title="Flow logs")


@page(f"{LOGS}/{{run_id:uuid}}", permission=READ)
async def log(request: AnyRequest, visitor: Visitor, run_id: UUID) -> Page:
    """One execution, widget by widget."""
    async with context_of(request).database.acquire() as connection:
        run = await runs.find(connection, visitor.account_id, run_id)
        if run is None:
            raise NotFoundException
        steps = await runs.steps(connection, visitor.account_id, run_id)
        definitions = {}
        for place in {(step["flow_id"], step["revision"]) for step in steps}:
            stored = await flows.revision(connection, visitor.account_id, *place)
            if stored is not None:
                definitions[place] = msgspec.convert(stored, Definition)
    return await render(
        request, "flows/log.html", title=run["flow_name"], crumbs=[Crumb("Flow logs", LOGS)], run=run, took=_took(dict(run)),
        entries=[_entry(dict(step), definitions) for step in steps], trigger=TRIGGERS.get(run["trigger"], run["trigger"]),
        label=RUN_LABELS[run["state"]], tone=RUN_TONES[run["state"]], flow_path=f"{LIST}/{run['flow_id']}",
        received=_pretty({k: v for k, v in run["vars"].items() if k in ("webhook", "sms") and v}),
    )  # fmt: skip


def _entry(step: Mapping[str, Any], definitions: Mapping[tuple[int, int], Definition]) -> dict[str, Any]:
    """A step as an entry of the timeline: what it did, and how the widget is set."""
    definition = definitions.get((step["flow_id"], step["revision"]))
    widget = definition.find(step["widget"]) if definition else None
    kind = TYPES.get(step["type"])
    data = dict(step["data"])
    messages = data.pop("messages", [])
    facts = [("Widget", f"{kind.label if kind else step['type']} {step['widget']}"), ("Left by", step["branch"])]
    facts += [(name.replace("_", " ").capitalize(), _word(value)) for name, value in data.items() if name != "answer"]
    word = WORDS.get(step["status"], "")
    raw = {"answer": data["answer"]} if "answer" in data else {}
    if widget is not None:
        raw["settings"] = _shown(widget.type, widget.config)
    return {
        "title": f"{step['name']}{' (' + word + ')' if word else ''}", "at": step["entered_at"],
        "tone": SECONDS.get(step["status"], "neutral"), "facts": facts, "raw": _pretty(raw), "messages": messages,
        "took": (step["left_at"] - step["entered_at"]).total_seconds(),
    }  # fmt: skip


def _shown(type_: str, config: Mapping[str, Any]) -> Any:
    """Settings as the form shows them: secret values are dots there."""
    kind = TYPES.get(type_)
    return (
        {k: v for k, v in kind.shown(kind.read(config)).items() if v not in ("", [], False, None)} if kind else config
    )


def _word(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _pretty(value: Any) -> str:
    if not value:
        return ""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()[:SHOWN_VARS]


pages: list[Any] = [logs, log]
