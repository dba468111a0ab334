"""Where SQL may stand, and that it never forgets whose rows it reads."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from house.finding import Finding

TENANT_MODELS = {
    "Message": "message",
    "MessageEvent": "message_event",
    "Callback": "callback",
    "CallbackAttempt": "callback_attempt",
    "Sender": "sender",
    "SmsTemplate": "sms_template",
    "SmsImport": "sms_import",
    "Number": "number",
    "ApiKey": "api_key",
    "AuditEntry": "audit_entry",
    "CustomRole": "custom_role",
    "LoginEvent": "login_event",
    "User": "app_user",
    "LedgerEntry": "ledger_entry",
    "Wallet": "wallet",
    "SavedView": "saved_view",
    "PageMark": "page_mark",
    "RequestLog": "request_log",
    "Recharge": "recharge",
    "Invoice": "invoice",
    "UsageDay": "usage_day",
    "BillingNotice": "billing_notice",
    "BillingProfile": "billing_profile",
    "Subaccount": "subaccount",
    "SubaccountEvent": "subaccount_event",
    "IdempotencyKey": "idempotency_key",
    "BlocklistEntry": "blocklist_entry",
    "OptOut": "opt_out",
    "Consent": "consent",
    "ConsentHistory": "consent_history",
    "DndMark": "dnd_mark",
    "CountryLimit": "country_limit",
    "UsageCounter": "usage_counter",
    "RecentSend": "recent_send",
    "PrefixTraffic": "prefix_traffic",
    "BlockedPrefix": "blocked_prefix",
    "ReceiveConfiguration": "receive_configuration",
    "ReceiveLog": "receive_log",
    "ReceiveCount": "receive_count",
    "SmppUser": "smpp_user",
    "SmppBind": "smpp_bind",
    "SmppDelivery": "smpp_delivery",
    "ScheduledRequest": "scheduled_request",
    "ShortLink": "short_link",
    "LinkToken": "short_link_token",
    "LinkClick": "short_link_click",
    "LookupRequest": "lookup_request",
    "LookupItem": "lookup_item",
    "Report": "report",
    "ReportRecipient": "report_recipient",
    "Notification": "notification",
    "AccountDecision": "account_decision",
    "AutoRecharge": "auto_recharge",
    "Ticket": "ticket",
    "TicketPost": "ticket_post",
    "StoredFile": "stored_file",
    "StoredPiece": "stored_piece",
    "Document": "document",
    "KycCase": "kyc_case",
    "Campaign": "campaign",
    "CampaignContact": "campaign_contact",
    "CampaignBatch": "campaign_batch",
    "CampaignChunk": "campaign_chunk",
    "Passkey": "passkey",
    "Contact": "contact",
    "Tag": "tag",
    "ContactTag": "contact_tag",
    "ContactField": "contact_field",
    "ContactImport": "contact_import",
    "ContactImportRow": "contact_import_row",
    "IpConfig": "ip_config",
    "Flow": "flow",
    "FlowRevision": "flow_revision",
    "FlowSecret": "flow_secret",
    "FlowRun": "flow_run",
    "FlowStep": "flow_step",
}
TENANT_TABLES = frozenset(TENANT_MODELS.values())
ENGAGEMENT = "src/strowger/engagement/"
ENGAGEMENT_TABLES = frozenset(
    name for name in TENANT_TABLES if name.partition("_")[0] in {"campaign", "flow"} or name.startswith("short_link")
)
SQL = re.compile(r"\bSELECT\s+[\w*(]|\bINSERT INTO\s|\bUPDATE\s+\w+(\s+\w+)?\s+SET\b|\bDELETE FROM\s")
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?([a-z_]+)")
SCOPE = re.compile(r"#\s*scope:\s*\S")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sql_place(path: str, text: str) -> Iterator[Finding]:
    """SQL stands in repository files (and in the foundation and migrations) only."""
    free = "/migrations/" in path or path.startswith("src/strowger/foundation/") or _is_repository(path)
    if not _is_source(path) or free:
        return
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings and SQL.search(_text(node, {})):
            words = " ".join(_text(node, {}).split())[:60]
            yield Finding(path, node.lineno, "sql-place", f"SQL outside a repository file: {words}")


def table_floor(path: str, text: str) -> Iterator[Finding]:
    """The floors below do not know the tables of campaigns, flows and links: what they need is registered with them."""
    lower = _is_source(path) and _is_repository(path) and not path.startswith((ENGAGEMENT, "src/strowger/home/"))
    for line, words in enumerate(text.splitlines(), 1) if lower else ():
        for table in sorted(ENGAGEMENT_TABLES & set(TABLE.findall(words))):
            yield Finding(path, line, "table-floor", f"{table} belongs to a floor above; see channels/sms/uses.py")


def tenant_scope(path: str, text: str) -> Iterator[Finding]:
    """R-56: what reads or writes a tenant's table names account_id, or says why not (``# scope: <reason>``)."""
    if not _is_source(path) or not _is_repository(path):
        return
    tree, comments = ast.parse(text), _comments(text)
    yield from _statements(path, tree, comments)
    yield from _functions(path, tree, comments)


def _is_source(path: str) -> bool:
    return path.startswith("src/") and path.endswith(".py")


def _is_repository(path: str) -> bool:
    return path.endswith("/repository.py") or "/repository/" in path


def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def _is_excused(comments: dict[int, str], first: int, last: int) -> bool:
    return any(SCOPE.search(comments.get(line, "")) for line in range(first, last + 1))


def _text(node: ast.AST, known: dict[str, str]) -> str:
    """The text of a string expression; names of ``known`` strings are filled in, other values are left out."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, known) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, known) or " "
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, known) + _text(node.right, known)
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""


def _statements(path: str, tree: ast.Module, comments: dict[int, str]) -> Iterator[Finding]:
    """SQL bound to the module's names. A name that only serves to build others is judged by what is built."""
    bound = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None]
    known: dict[str, str] = {}
    in_others: set[str] = set()
    for node in bound:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        assert node.value is not None
        if isinstance(target, ast.Name):
            in_others |= set(_names(node.value))
            known[target.id] = _text(node.value, known)
    elsewhere = {name for node in tree.body if isinstance(node, Function) for name in _names(node)}
    for node in bound:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = target.id if isinstance(target, ast.Name) else ""
        last = node.end_lineno or node.lineno
        if name in in_others - elsewhere or _is_excused(comments, node.lineno - 1, node.lineno):
            continue
        tables = _unscoped(known.get(name, ""))
        if tables and not _is_excused(comments, last, last):
            yield Finding(path, node.lineno, "tenant-scope", f"{name}: no account_id in a statement on {tables}")


def _unscoped(sql: str) -> str:
    found = TENANT_TABLES & set(TABLE.findall(sql)) if SQL.search(sql) and "account_id" not in sql else set()
    return ", ".join(sorted(found))


def _functions(path: str, tree: ast.Module, comments: dict[int, str]) -> Iterator[Finding]:
    """Queries written or built within a function: the function names account_id somewhere."""
    models = TENANT_MODELS | _core_tables(tree)
    for function in ast.walk(tree):
        if not isinstance(function, Function) or "account_id" in _names(function):
            continue
        built = {models[name] for call in _query_calls(function) for name in _names(call) if name in models}
        written = {node for node in ast.walk(function) if isinstance(node, ast.Constant | ast.JoinedStr)}
        tables = sorted(t for t in built if t in TENANT_TABLES) + [
            t for node in written if (t := _unscoped(_text(node, {})))
        ]
        if tables and not _is_excused(comments, function.lineno - 1, function.body[0].lineno):
            sentence = f"{function.name} queries {', '.join(tables)} without account_id"
            yield Finding(path, function.lineno, "tenant-scope", sentence)


def _core_tables(tree: ast.Module) -> dict[str, str]:
    """Names that the module binds to ``table("...")``."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _called(node.value) == "table":
            found |= {
                target.id: _text(node.value.args[0], {}) for target in node.targets if isinstance(target, ast.Name)
            }
    return found


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _query_calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _called(node) in {"select", "update", "delete"}:
            yield node


def _names(node: ast.AST) -> Iterator[str]:
    """Every name, attribute, argument and keyword in a piece of code."""
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr
        elif isinstance(child, ast.arg | ast.keyword) and child.arg:
            yield child.arg
