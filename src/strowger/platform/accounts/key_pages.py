"""Pages of API keys: list, create, change, rotate, reveal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import Action, AnyRequest, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, RowAction, Table
from strowger.console.visitor import NUMBERS
from strowger.foundation.context import Context
from strowger.platform.accounts import keys
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.accounts.errors import AccountProblem, KeyNotActive, KeySeesMore, NoSuchKey
from strowger.platform.accounts.models import ApiKey
from strowger.platform.ip_configs import service as ip_configs
from strowger.platform.team.roles import PERMISSIONS

LIST = "/developers/keys"
API_PERMISSIONS = (
    "messages.send", "messages.read", "channels.read", "channels.write", "numbers.read", "callbacks.read", "callbacks.write",
    "campaigns.read", "campaigns.write", "reports.read", "billing.read", "subaccounts.read", "subaccounts.write",
    "data.read", "data.write", "messages.numbers",
)  # fmt: skip
Answer = Response[Any]
STATES = {"active": "Active", "ending": "Ending", "expired": "Expired", "inactive": "Inactive"}

menu.register("Developers", "API Keys", LIST, "key", 10, key="k")
palette.register_action("Create an API key", f"{LIST}/new", "key")


def _networks(text: str) -> list[str]:
    try:
        return keys.read_networks(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None


NAME = Field("name", "Name", required=True, max_length=80, help="For example the program that will use it.")
NETWORKS = Field(
    "networks",
    "Whitelisted IP addresses",
    "textarea",
    parse=_networks,
    rows=3,
    max_length=4000,
    help="Addresses or networks (CIDR), one per line. Empty, and without an IP configuration: from everywhere.",
)
SCOPES = Field(
    "scopes",
    "Limited to",
    "checks",
    options=tuple((name, PERMISSIONS[name]) for name in API_PERMISSIONS),
    help="None chosen: the key may call everything that the API offers.",
)
# For those who do not see whole numbers: everything else is ticked, so that what is missing is seen.
NARROW_SCOPES = Field(
    "scopes",
    "Limited to",
    "checks",
    required=True,
    options=tuple(option for option in SCOPES.options if option[0] != NUMBERS),
    default=tuple(option[0] for option in SCOPES.options if option[0] != NUMBERS),
    help="Your role does not see whole numbers, so the key is limited and does not see them either. Leave what it needs.",
)
NO_CONFIG = ("", "None")


def _config_field(configs: Sequence[Mapping[str, Any]], fixed: bool = False, put: str = "") -> Field:
    """The choice of an IP configuration; ``fixed``: the main account put one of its own on it, which stays; ``put``: the id
    of one of these that it put on new keys."""
    options = tuple((str(config["id"]), config["name"]) for config in configs)
    text = "A named set of addresses; the key works from those and from the ones above."
    if fixed or put:
        text = "Set by the main account." if fixed else f"{text} The main account has chosen one for new keys."
    return Field(
        "ip_config", "IP configuration", "select", options=options if fixed else (NO_CONFIG, *options), help=text, default=put,
    )  # fmt: skip


def _config_of(form: FormState) -> int | None:
    return int(form["ip_config"]) if form["ip_config"] else None


def _create_form(configs: Sequence[Mapping[str, Any]], numbers: bool) -> Form:
    own = [config for config in configs if config["own"]]
    put = [config for config in configs if config["put"] and not config["own"]]
    chosen = next((str(config["id"]) for config in own if config["put"]), "")
    return Form(
        "create-key",
        (NAME, NETWORKS, _config_field(put or own, bool(put), chosen), SCOPES if numbers else NARROW_SCOPES),
        submit="Create key",
        action=f"{LIST}/new",
        cancel=LIST,
    )


def _edit_form(key: ApiKey, configs: Sequence[Mapping[str, Any]]) -> Form:
    foreign = [config for config in configs if config["id"] == key.ip_config_id and not config["own"]]
    field = _config_field(foreign or [config for config in configs if config["own"]], bool(foreign))
    active = Field("active", "Active", "checkbox", help="Clear it and the key stops at once.")
    return Form("edit-key", (NAME, NETWORKS, field, active), submit="Save key", cancel=LIST)


ROTATE = Form(
    "rotate-key",
    (
        Field(
            "overlap",
            "The old key stops",
            "radio",
            required=True,
            default="24",
            options=(("0", "At once"), ("1", "After 1 hour"), ("24", "After 24 hours"), ("168", "After 7 days")),
        ),
    ),
    submit="Rotate key",
    cancel=LIST,
    guard_leaving=False,
)
REVEAL = Form(
    "reveal-key",
    (OWN_PASSWORD,),
    submit="Reveal key",
    cancel=LIST,
    guard_leaving=False,
)


def key_state(key: ApiKey, now: datetime) -> str:
    """active, ending (will expire), expired or inactive."""
    if not key.active:
        return "inactive"
    if key.expires_at is None:
        return "active"
    return "ending" if key.expires_at > now else "expired"


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


def _can_rotate(row: Row) -> bool:
    return row["state"] in {"active", "ending"} and not row["beyond"]


def _allowed(row: Row) -> str:
    return ", ".join([*filter(None, [row["ip_config"]]), *row["networks"]]) or "Everywhere"


KEYS = Table(
    "api-keys",
    columns=(
        Column("name", "Name", sort=True, href=_path),
        Column("hint", "Key", "mono", value=lambda row: f"A…{row['hint']}"),
        Column("state", "State", "status", label_of=STATES.__getitem__,
               tone={"active": "success", "ending": "warning", "expired": "neutral", "inactive": "neutral"}),
        Column("networks", "Allowed from", value=_allowed),
        Column("scopes", "Limited to", value=lambda row: ", ".join(row["scopes"]) or None, shown=False),
        Column("last_used_at", "Last used", "time", sort=True),
        Column("last_used_ip", "Last address", "mono", shown=False),
        Column("expires_at", "Stops", "time", sort=True, shown=False),
        Column("created_at", "Created", "time", sort=True),
    ),
    filters=(Filter("state", "State", "multi", tuple(STATES.items())), Filter("created_at", "Created", "time")),
    search="Search by name or last four characters",
    sort="-created_at",
    empty=Empty(
        "No API keys yet",
        "A program that sends through this account identifies itself with a key. Make one for each program.",
        Action("Create API key", f"{LIST}/new", "plus"),
        'curl -H "api-key: $STROWGER_API_KEY" …',
    ),
    row_actions=(
        RowAction("Edit", _path, "pencil"),
        RowAction("Reveal", lambda row: _path(row, "/reveal"), "eye", when=lambda row: not row["beyond"]),
        RowAction("Rotate", lambda row: _path(row, "/rotate"), "refresh", when=_can_rotate),
        RowAction(
            "Deactivate", lambda row: _path(row, "/off"), "ban", "POST", danger=True, when=lambda row: row["state"] != "inactive",
            confirm=lambda row: f"Programs that use “{row['name']}” are refused at once. You can activate it again.",
        ),
        RowAction(
            "Activate", lambda row: _path(row, "/on"), "check", "POST",
            when=lambda row: row["state"] == "inactive" and not row["beyond"],
        ),
    ),
)  # fmt: skip


def key_source(context: Context, numbers: bool = True) -> ListSource:
    """The keys of an account as rows of the table; ``beyond``: it sees whole numbers, and whoever looks does not."""

    async def rows(account_id: int) -> list[Row]:
        now = context.clock.now()
        names = ("id", "name", "hint", "networks", "scopes", "last_used_at", "last_used_ip", "expires_at", "created_at")
        found = await keys.list_keys(context, account_id)
        configs = {config["id"]: config["name"] for config in await ip_configs.seen(context, account_id)}
        return [
            {name: getattr(key, name) for name in names}
            | {"state": key_state(key, now), "ip_config": configs.get(key.ip_config_id)}
            | {"beyond": not numbers and keys.sees_numbers(key.scopes)}
            for key in found
        ]

    return ListSource(rows, searched=("name", "hint"))


async def _found(request: AnyRequest, visitor: Visitor, key_id: int) -> ApiKey:
    try:
        return await keys.get_key(context_of(request), visitor.account_id, key_id)
    except (NoSuchKey, OverflowError):
        raise NotFoundException from None


async def _form(request: AnyRequest, form: FormState, title: str, text: str = "", **variables: Any) -> Answer:
    return await render(
        request, "accounts/key_form.html", title=title, form=form, text=text, status=form.status, **variables
    )


async def _show_once(request: AnyRequest, key: str, name: str, title: str, text: str) -> Answer:
    return await render(
        request,
        "accounts/key_shown.html",
        title=title,
        key=key,
        key_name=name,
        text=text,
        base_url=context_of(request).settings.base_url,
    )


@page(LIST, permission="developers.read")
async def list_keys(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The keys with SID and base URL."""
    context = context_of(request)
    return await KEYS.respond(
        request,
        visitor,
        key_source(context, visitor.may(NUMBERS)),
        title="API Keys",
        template="accounts/keys.html",
        actions=[Action("Create API key", f"{LIST}/new", "plus", primary=True, key="c")],
        base_url=context.settings.base_url,
    )


@page(f"{LIST}/new", permission="developers.write")
async def new_key(request: AnyRequest, visitor: Visitor) -> Answer:
    """The form of a new key."""
    configs = await ip_configs.seen(context_of(request), visitor.account_id)
    return await _form(request, _create_form(configs, visitor.may(NUMBERS)).blank(visitor), "Create API key")


@page(f"{LIST}/new", methods=["POST"], permission="developers.write")
async def create_key(request: AnyRequest, visitor: Visitor) -> Answer:
    """Make a key and show it, once."""
    configs = await ip_configs.seen(context_of(request), visitor.account_id)
    form = await _create_form(configs, visitor.may(NUMBERS)).read(request, visitor)
    if not form.ok:
        return await _form(request, form, "Create API key")
    try:
        made = await keys.create_key(
            context_of(request), visitor.account_id, form["name"], networks=form["networks"] or [], scopes=form["scopes"],
            created_by=visitor.user_id, ip_config_id=_config_of(form), numbers=visitor.may(NUMBERS),
        )  # fmt: skip
    except KeySeesMore as problem:
        return await _form(request, form.fail("scopes", str(problem)), "Create API key")
    return await _show_once(request, made.key, form["name"], "API key created", "Copy it now: it is shown only once.")


@page(f"{LIST}/{{key_id:int}}", permission="developers.read")
async def show_key(request: AnyRequest, visitor: Visitor, key_id: int) -> Answer:
    """The form that changes a key."""
    key = await _found(request, visitor, key_id)
    configs = await ip_configs.seen(context_of(request), visitor.account_id)
    form = _edit_form(key, configs).blank(
        visitor, name=key.name, networks="\n".join(key.networks), active=key.active, ip_config=str(key.ip_config_id or ""),
    )  # fmt: skip
    beyond = not visitor.may(NUMBERS) and keys.sees_numbers(key.scopes)
    return await _form(request, form, key.name, f"Key ending in {key.hint}" + (f". {keys.SEES_MORE}" if beyond else ""))


@page(f"{LIST}/{{key_id:int}}", methods=["POST"], permission="developers.write")
async def change_key(request: AnyRequest, visitor: Visitor, key_id: int) -> Answer:
    """Rename, limit, switch off or on."""
    key = await _found(request, visitor, key_id)
    form = await _edit_form(key, await ip_configs.seen(context_of(request), visitor.account_id)).read(request, visitor)
    if not form.ok:
        return await _form(request, form, key.name)
    try:
        await keys.change_key(
            context_of(request), visitor.account_id, key_id, name=form["name"], networks=form["networks"] or [],
            active=form["active"], ip_config_id=_config_of(form), numbers=visitor.may(NUMBERS),
        )  # fmt: skip
    except KeySeesMore as problem:
        return await _form(request, form.fail("", str(problem)), key.name)
    return redirect(request, LIST, f"Key “{form['name']}” saved.")


@page([f"{LIST}/{{key_id:int}}/on", f"{LIST}/{{key_id:int}}/off"], methods=["POST"], permission="developers.write")
async def switch_key(request: AnyRequest, visitor: Visitor, key_id: int) -> Answer:
    """Switch a key on or off."""
    key = await _found(request, visitor, key_id)
    active = request.url.path.endswith("/on")
    try:
        await keys.set_active(context_of(request), visitor.account_id, key_id, active, visitor.may(NUMBERS))
    except KeySeesMore as problem:
        return redirect(request, LIST, str(problem), "danger")
    return redirect(request, LIST, f"Key “{key.name}” {'activated' if active else 'deactivated'}.")


@page(f"{LIST}/{{key_id:int}}/rotate", methods=["GET", "POST"], permission="developers.write")
async def rotate_key(request: AnyRequest, visitor: Visitor, key_id: int) -> Answer:
    """Replace a key, with a time in which both work."""
    key = await _found(request, visitor, key_id)
    text = "A new key takes over. Programs that still use the old one work until it stops."
    if request.method == "GET":
        return await _form(request, ROTATE.blank(visitor), f"Rotate {key.name}", text)
    form = await ROTATE.read(request, visitor)
    if form.ok:
        try:
            hours = timedelta(hours=int(form["overlap"]))
            made = await keys.rotate_key(context_of(request), visitor.account_id, key_id, hours, visitor.may(NUMBERS))
        except (KeyNotActive, KeySeesMore) as problem:
            form.fail("", str(problem))
        else:
            return await _show_once(
                request, made.key, key.name, "API key rotated", "Copy the new key now: it is shown only once."
            )
    return await _form(request, form, f"Rotate {key.name}", text)


@page(f"{LIST}/{{key_id:int}}/reveal", methods=["GET", "POST"], permission="developers.write")
async def reveal_key(request: AnyRequest, visitor: Visitor, key_id: int) -> Answer:
    """Show a key again, to who knows the password."""
    key = await _found(request, visitor, key_id)
    text = "To show the key again, confirm that it is you."
    if request.method == "GET":
        return await _form(request, REVEAL.blank(visitor), f"Reveal {key.name}", text)
    form = await REVEAL.read(request, visitor)
    if await confirmed(request, visitor, form):
        try:
            revealed = await keys.reveal_key(context_of(request), visitor.account_id, key_id, visitor.may(NUMBERS))
        except KeySeesMore as problem:
            form.fail("", str(problem))
        else:
            return await _show_once(request, revealed, key.name, key.name, "Keep it secret.")
    return await _form(request, form, f"Reveal {key.name}", text)


pages: list[Any] = [
    list_keys,
    new_key,
    create_key,
    show_key,
    change_key,
    switch_key,
    rotate_key,
    reveal_key,
]
