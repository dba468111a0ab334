"""The API of retention, export and erasure (docs/data.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.clock import utc_text
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.whole import whole_of
from strowger.platform.files import service as files
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import OBJECT, TEXT
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import as_text
from strowger.platform.gateway.table import add_operations
from strowger.platform.privacy import exporting, repository, service

register_errors("strowger.platform.privacy")
LINK_LIVES, MOST_LISTED = timedelta(minutes=10), 100


def _id(call: Call, name: str) -> UUID:
    try:
        return UUID(str(call.path_params[name]))
    except ValueError:
        raise StrowgerError("DATA404", field=name) from None


def _subject(call: Call) -> str | None:
    text = as_text(call.params, "subject", "DATA1")
    return None if text is None else service.read_subject(text, call.principal.country)


async def _rules(call: Call) -> Answer:
    context = call.context
    chosen = await context.database.run(lambda c: repository.rules(c, call.principal.account_id))
    days = {kind: chosen.get(kind) for kind in repository.KINDS}
    return rbc.success({"installation_days": context.settings.retention_days, "days": days})


async def get_retention(call: Call) -> Answer:
    """How long each kind is kept."""
    return await _rules(call)


def _days(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    days = whole_of(value, 0, 9_999)
    if days is None:
        raise StrowgerError("DATA3", field=name)
    return days


async def change_retention(call: Call) -> Answer:
    """Change the days of what is passed."""
    for name in call.params:
        if name not in repository.KINDS:
            raise StrowgerError("DATA2", field=name)
    days = {name: _days(name, value) for name, value in call.params.items()}
    await service.set_rules(call.context, call.principal.account_id, days)
    return await _rules(call)


def _export(context: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    stored = row["file"]
    return {
        "export_id": str(row["id"]), "of": row["hint"], "status": row["state"], "asked_at": utc_text(row["asked_at"]),
        "done_at": utc_text(row["done_at"]), "size": stored.size if stored else None, "error": row["error"],
        "url": files.link(context, stored, LINK_LIVES) if stored else None,
        "expires_at": utc_text(stored.expires_at) if stored else None,
    }  # fmt: skip


async def make_export(call: Call) -> Answer:
    """Export the account, or what names a person."""
    context, account_id = call.context, call.principal.account_id
    export_id = await exporting.ask(context, account_id, _subject(call), call.principal.author)
    return rbc.success(_export(context, await exporting.get(context, account_id, export_id)), 202)


async def get_export(call: Call) -> Answer:
    """How far an export is; its link when it is ready."""
    context = call.context
    return rbc.success(
        _export(context, await exporting.get(context, call.principal.account_id, _id(call, "export_id")))
    )


def _erasure(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "erasure_id": str(row["id"]), "of": row["hint"], "status": "done" if row["done_at"] else "working", "by": row["by_user"],
        "asked_at": utc_text(row["asked_at"]), "done_at": utc_text(row["done_at"]), "rows": dict(row["rows"]),
    }  # fmt: skip


async def _certificate(call: Call, erasure_id: UUID) -> dict[str, Any]:
    row = await call.context.database.run(lambda c: repository.one(c, call.principal.account_id, erasure_id))
    if row is None:
        raise StrowgerError("DATA404", field="erasure_id")
    return _erasure(dict(row))


async def make_erasure(call: Call) -> Answer:
    """Erase a person."""
    subject = _subject(call)
    if subject is None:
        raise service.BadSubject
    erasure_id = await service.ask(call.context, call.principal.account_id, subject, call.principal.author)
    return rbc.success(await _certificate(call, erasure_id), 202)


async def get_erasure(call: Call) -> Answer:
    """The certificate of an erasure."""
    return rbc.success(await _certificate(call, _id(call, "erasure_id")))


async def list_erasures(call: Call) -> Answer:
    """The last erasures."""
    rows = await call.context.database.run(lambda c: repository.latest(c, call.principal.account_id, MOST_LISTED))
    return rbc.success([_erasure(dict(row)) for row in rows])


DAYS: Mapping[str, Any] = {"type": ["integer", "string", "null"]}
ID = "0199aa00-0000-7000-8000-000000000001"
SUBJECT = Parameter("subject", TEXT, "A number with its country code, or an e-mail address.", True, "447700900123")
RULES = {"installation_days": 180, "days": {"messages": 30, **dict.fromkeys(list(repository.KINDS)[1:])}}
EXPORT = {
    "export_id": ID, "of": "447***23", "status": "ready", "asked_at": "2026-01-05T10:11:12Z", "done_at": "2026-01-05T10:11:20Z",
    "size": 48213, "error": "", "url": "https://sms.example/files/AbC", "expires_at": "2026-01-12T10:11:20Z",
}  # fmt: skip
QUEUED = {**EXPORT, "status": "queued", "done_at": None, "size": None, "url": None, "expires_at": None}
ERASURE = {
    "erasure_id": ID, "of": "447***23", "status": "done", "by": "API key CRM", "asked_at": "2026-01-05T10:11:12Z",
    "done_at": "2026-01-05T10:11:40Z", "rows": {"message": 12, "blocklist_entry": 1},
}  # fmt: skip
ERASING = {**ERASURE, "status": "working", "done_at": None, "rows": {}}


def _operation(
    method: str,
    tail: str,
    name: str,
    summary: str,
    text: str,
    handler: Any,
    example: Any,
    status: int = 200,
    **more: Any,
) -> Operation:
    data = {"type": "array", "items": OBJECT} if isinstance(example, list) else {**OBJECT, "required": list(example)}
    return Operation(
        method, f"/{{sid}}/privacy{tail}", name, summary, text, handler, tag="Privacy", failure=rbc.failure, status=status,
        area="platform", permission="data.read" if method == "GET" else "data.write", result=rbc.envelope(data),
        example=rbc.body(example, status),
        **{**more, "codes": (*more.get("codes", ()), *rbc.CODES)},
    )  # fmt: skip


OPERATIONS = [
    _operation(
        "GET", "/retention", "get_retention", "How long data is kept",
        "Days by kind of data; null is as long as the installation keeps it.", get_retention, RULES,
    ),
    _operation(
        "PATCH", "/retention", "change_retention", "Change how long data is kept",
        "Only the kinds that are passed change. What is older goes within the hour.", change_retention, RULES,
        parameters=tuple(
            Parameter(name, DAYS, f"{kind.text} Days from 1 to 3650; null: as the installation does.")
            for name, kind in repository.KINDS.items()
        ),
        codes=("DATA2", "DATA3"),
    ),
    _operation(
        "POST", "/exports", "make_export", "Export the account or a person",
        "Every row of the account, or those that name the person, as JSON lines, made in the background and kept for 7 days.",
        make_export, QUEUED, 202,
        parameters=(Parameter("subject", TEXT, f"{SUBJECT.text} Left out: the whole account.", example=SUBJECT.example),),
        codes=("DATA1", "DATA429"),
    ),
    _operation(
        "GET", "/exports/{export_id}", "get_export", "One export",
        "Its status: queued, working, ready, failed or expired. When it is ready, with a link that needs no key and works for ten "
        "minutes.", get_export, EXPORT, path_parameters=(Parameter("export_id", TEXT, "The export's id.", True, ID),),
        codes=("DATA404",),
    ),
    _operation(
        "POST", "/erasures", "make_erasure", "Erase a person",
        "Takes a number or an address out of every table and file of the account. This cannot be undone.", make_erasure, ERASING,
        202, parameters=(SUBJECT,), codes=("DATA1",),
    ),
    _operation(
        "GET", "/erasures", "list_erasures", "Erasures", f"The last {MOST_LISTED}, the latest first.", list_erasures, [ERASURE],
    ),
    _operation(
        "GET", "/erasures/{erasure_id}", "get_erasure", "The certificate of an erasure",
        "When, by whom, and how many rows of which table; of the person it keeps only a hint.", get_erasure, ERASURE,
        path_parameters=(Parameter("erasure_id", TEXT, "The erasure's id.", True, ID),), codes=("DATA404",),
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
