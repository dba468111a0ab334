"""R-90, generated: every changing page, operation and table leaves an audit entry, or stands here with the reason why not.

What is new is found by itself: a page or operation that is not audited, and a table that no trigger follows, fails until it is
either audited or named below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar.handlers import HTTPRouteHandler

from strowger.app import create_app
from strowger.console.rights import PAGES
from strowger.foundation.database import Base, Database
from strowger.foundation.schema import import_models
from strowger.foundation.settings import Settings
from strowger.platform.gateway.operations import OPERATIONS

SAFE = {"GET", "HEAD", "OPTIONS"}
HISTORY = "sign-in and sign-out are the login history, with result and address"
NOTHING = "changes nothing: it answers with a preview"
# Pages whose changing calls leave no entry.
PAGES_WITHOUT = {
    "/sign-in": HISTORY,
    "/sign-in/code": HISTORY,
    "/sign-in/code/again": HISTORY,
    "/sign-in/code/passkey": HISTORY,
    "/sign-in/link": HISTORY,
    "/sign-in/link/{token:str}": HISTORY,
    "/sign-in/passkey": HISTORY,
    "/sign-in/passkey/options": "gives out a challenge",
    "/sign-out": HISTORY,
    "/sign-in/sso": HISTORY,
    "/console/star": "one's own bookmarks",
    "/announcements/{number:int}/dismiss": "closes a notice for oneself",
    "/password": "mails a link; the reset itself is audited",
    "/sign-up/{token:str}/mobile/again": "sends the code again; the sign-up itself is audited",
    "/send/choose": NOTHING,
    "/send/measure": NOTHING,
    "/carriers/new/command": NOTHING,
    "/console/forms/{name:str}/code": NOTHING,
    "/directory/contacts/chosen/{kind:str}": NOTHING,
    "/campaigns/{campaign_id:uuid}/message/measure": NOTHING,
}
# Routes of the web process that are neither pages nor operations.
ROUTES_WITHOUT = {
    "/in/carriers/{carrier_id:str}/{secret:str}/{kind:str}": "reports and messages of a carrier: the message log is their record",
    "/payments/{method:str}/webhook": "a payment service's word: what comes of it is an entry of the account (billing/trail.py)",
}
SENDS = "sends or stops messages: the message log is its record"
OPERATIONS_WITHOUT = {
    **dict.fromkeys(("send_messages", "messages_json", "messages_xml", "send_sms", "sms_json", "sms_xml"), SENDS),
    **dict.fromkeys(
        ("messages_schedule_cancel", "messages_schedule_move", "sms_schedule_cancel", "sms_schedule_move"), SENDS
    ),
    "flow_trigger_post": "begins an execution: the flow log is its record",
    "report_conversion": "counts that a password was used, for the fraud guard",
}
WORKER = "written by the pipeline or a job, not by people"
QUEUE = "a queue or a lease between processes"
COUNT = "counts what was done; the record is elsewhere"
TRAFFIC = "traffic: too many rows to write twice, and each is its own record"
PERSON = "the person's own sign-in: the login history is its record"
STEPS = "contacts and progress; the page's entry says what was done"
LISTS = "lists of numbers; an entry holds no persons"
JOB = "jobs; the page's entry says what was asked"
RECORD = "a record of its own that is only added to"
# Tables that no trigger follows. The entry of the page or operation that changes them is written all the same, with what was sent.
TABLES_WITHOUT = {
    **dict.fromkeys(("message", "message_event", "submission", "scheduled_request", "mo_part", "recent_send"), TRAFFIC),
    **dict.fromkeys(("short_link", "short_link_token", "short_link_click", "request_log", "usage_day", "usage_counter"), TRAFFIC),
    "ledger_sum": TRAFFIC,
    **dict.fromkeys(("callback", "callback_attempt", "callback_tally", "carrier_report", "early_receipt", "mail"), WORKER),
    **dict.fromkeys(("smpp_delivery", "smpp_bind", "carrier_link", "worker", "rate_bucket", "idempotency_key"), QUEUE),
    **dict.fromkeys(("prefix_traffic", "receive_count", "text_erasure", "installation", "alarm"), COUNT),
    **dict.fromkeys(("receive_log", "consent_history", "login_event", "subaccount_event", "ledger_entry"), RECORD),
    **dict.fromkeys(("audit_entry", "audit_change", "erasure", "data_export", "billing_notice"), RECORD),
    **dict.fromkeys(("user_session", "acting_session", "one_time_link", "trusted_device", "recovery_code"), PERSON),
    **dict.fromkeys(("code_attempt", "sign_in_step", "passkey_challenge"), PERSON),
    **dict.fromkeys(("spent_proof", "sign_in_failure", "email_change", "user_image"), PERSON),
    **dict.fromkeys(("sso_attempt", "sso_identity", "announcement_dismissal"), PERSON),
    **dict.fromkeys(("consent", "opt_out", "dnd_mark", "dnd_number", "dnd_import", "contact", "contact_tag"), LISTS),
    **dict.fromkeys(("campaign", "campaign_batch", "campaign_chunk", "campaign_contact"), STEPS),
    **dict.fromkeys(("flow", "flow_revision", "flow_secret"), "the page's entry says what was done; revisions are kept"),
    **dict.fromkeys(("flow_run", "flow_step"), TRAFFIC),
    **dict.fromkeys(("contact_import", "contact_import_row"), JOB),
    **dict.fromkeys(("report", "report_recipient", "sms_import", "lookup_request", "lookup_item"), JOB),
    **dict.fromkeys(("stored_file", "stored_piece"), "content; the entry names the file"),
    **dict.fromkeys(("ticket", "ticket_post"), "a conversation that is its own record"),
    "page_mark": "one's own bookmarks",
    "number_range": "the number plan, imported as a whole",
}  # fmt: skip


def test_R90_every_changing_page_is_audited_or_says_why_not(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody@localhost/none", secret_key="00" * 32)
    app = create_app(settings)
    silent = {page.path for page in PAGES if page.methods - SAFE and not page.audited}
    assert silent == set(PAGES_WITHOUT)
    known = {page.path for page in PAGES}
    others = set()
    for route in app.routes:
        handlers: list[Any] = getattr(route, "route_handlers", [])
        if any(isinstance(handler, HTTPRouteHandler) and set(handler.http_methods) - SAFE for handler in handlers):
            others.add(route.path)
    assert others - known == set(ROUTES_WITHOUT)
    assert len(known & others) > 150


def test_R90_every_changing_operation_is_audited_or_says_why_not() -> None:
    silent = {op.name for op in OPERATIONS if op.method != "GET" and not op.leaves_trail}
    assert silent == set(OPERATIONS_WITHOUT)


async def test_R90_every_table_is_followed_or_says_why_not(database: Database) -> None:
    import_models()
    rows = await database.pool.fetch("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_row'")
    followed = {row[0] for row in rows}
    assert followed & set(TABLES_WITHOUT) == set()
    assert set(Base.metadata.tables) - followed == set(TABLES_WITHOUT)
