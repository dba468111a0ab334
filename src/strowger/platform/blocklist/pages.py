"""Directory > Blocklist: search, add, import, lift, export (platform.md 11.6)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException, PermissionDeniedException

from strowger.console import menu
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, Invalid, Values
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, Table
from strowger.console.upload import Upload
from strowger.foundation.sheets import SheetProblem, SheetRow
from strowger.platform.blocklist import repository, service
from strowger.platform.blocklist.schemas import CHANNELS

LIST = "/directory/blocklist"
MOST_ADDED = 1_000

menu.register("Directory", "Blocklist", LIST, "user-off", 20)


def _addresses(text: str) -> list[str]:
    found = list(
        dict.fromkeys(filter(None, (part.strip() for part in text.replace(";", "\n").replace(",", "\n").split("\n"))))
    )
    if len(found) > MOST_ADDED:
        raise Invalid(f"At most {MOST_ADDED:,} at once; import a file for more.")
    return found


def _code(values: Values, visitor: Visitor, base_url: str) -> ApiCall:
    numbers = [part.strip() for part in str(values["addresses"]).replace("\n", ",").split(",") if part.strip()]
    body = {"channel": values["channels"] or ["sms"], "contacts": [{"blocklist_status": 1, "numbers": numbers}]}
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/contacts/blocklisted", json=body)


ADD = Form(
    "block",
    (
        Field(
            "addresses", "Numbers", "textarea", required=True, max_length=40_000, parse=_addresses, rows=5,
            help="With country code, one per line or separated by commas. For the channel Email: addresses.",
        ),
        Field("channels", "Channels", "checks", options=tuple(CHANNELS.items()), default=["sms"],
              help="Nothing is sent to them there, whatever its type."),
        Field("reason", "Reason", max_length=200, help="For your own people."),
    ),
    submit="Block",
    action=f"{LIST}/add",
    cancel=LIST,
    code=_code,
)  # fmt: skip
SHARING = Form(
    "share-blocklist",
    (
        Field(
            "share_blocklist",
            "Apply this blocklist to all sub-accounts",
            "checkbox",
            help="Whom you block gets nothing from your sub-accounts either. They do not see this list, cannot change it, "
            "and keep lists of their own.",
        ),
    ),
    submit="Save",
    action=f"{LIST}/sharing",
    cancel=LIST,
    code=lambda values, visitor, base_url: ApiCall(
        "PATCH",
        f"{base_url}/v1/{visitor.sid}/contacts/blocklisted/sharing",
        json={"share_blocklist": bool(values["share_blocklist"])},
    ),
)
IMPORT = Upload(
    "Import into the blocklist",
    Crumb("Blocklist", LIST),
    (
        ("mobile", True, "The number with country code, or an e-mail address"),
        ("channel", False, "sms (the default), voice, whatsapp, rcs, email or all"),
        ("action", False, "block (the default) or unblock"),
    ),
    {
        "mobile": "mobile", "number": "mobile", "phone": "mobile", "msisdn": "mobile", "email": "mobile", "address": "mobile",
        "channel": "channel", "action": "action",
    },
    "mobile,channel,action\n447700900123,sms,block\n447700900124,all,unblock",
    50_000,
)  # fmt: skip
BLOCKED = Table(
    "blocklist",
    columns=(
        Column("address", "Number", "mono", sort=True),
        Column("channel", "Channel", label_of=lambda code: CHANNELS.get(code, code)),
        Column("source", "Source", label_of=lambda code: service.SOURCES.get(code, code)),
        Column("reason", "Reason"),
        Column("added_by", "By"),
        Column("created_at", "Blocked at", "time", sort=True),
    ),
    filters=(
        Filter("channel", "Channel", "multi", tuple(CHANNELS.items())),
        Filter("source", "Source", "multi", tuple(service.SOURCES.items())),
        Filter("created_at", "Blocked at", "time"),
    ),
    search="Number or part of it",
    empty=Empty(
        "Nobody is blocked",
        "Whoever stands here gets nothing on that channel until you lift the block. Opt-outs are kept apart: only the "
        "recipient lifts them.",
        Action("Block numbers", f"{LIST}/add", "plus"),
        'curl -H "api-key: $STROWGER_API_KEY" …/contacts/blocklisted',
    ),
    row_actions=(
        RowAction(
            "Unblock", lambda row: f"{LIST}/{row['channel']}/{row['address']}/remove", "circle-check", "POST",
            confirm=lambda row: f"{row['address']} can get messages on {CHANNELS.get(row['channel'], '')} again.",
        ),
    ),
)  # fmt: skip


@page(LIST, permission="channels.read")
async def list_blocked(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The blocklist of the account."""
    sharing = await service.sharing(context_of(request), visitor.account_id)
    may_share = sharing.may_share and visitor.may("subaccounts.write")
    return await BLOCKED.respond(
        request, visitor, repository.source(context_of(request).database), title="Blocklist",
        template="blocklist/list.html", sharing=sharing,
        actions=[
            Action("Block numbers", f"{LIST}/add", "plus", primary=True, key="c"),
            Action("Import", f"{LIST}/import", "file-import"),
            *([Action("Sub-accounts", f"{LIST}/sharing", "users-group")] if may_share else []),
        ],
    )  # fmt: skip


@page(f"{LIST}/sharing", methods=["GET", "POST"], permission="subaccounts.write")
async def share(request: AnyRequest, visitor: Visitor) -> Page:
    """Say whether the list applies to sub-accounts."""
    context = context_of(request)
    sharing = await service.sharing(context, visitor.account_id)
    if not sharing.may_share:
        raise PermissionDeniedException(f"{service.NO_SUBACCOUNTS}.")
    title = "Blocklist of sub-accounts"
    if request.method == "GET":
        form = SHARING.blank(visitor, context.settings.base_url, share_blocklist=sharing.shares)
        return await render(request, "console/form_page.html", title=title, form=form)
    form = await SHARING.read(request, visitor)
    if not form.ok:
        return await render(request, "console/form_page.html", title=title, form=form, status=form.status)
    await service.share(context, visitor.account_id, form["share_blocklist"])
    told = "applies to your sub-accounts" if form["share_blocklist"] else "counts for this account alone"
    return redirect(request, LIST, f"The blocklist {told}.")


@page(f"{LIST}/add", methods=["GET", "POST"], permission="channels.write")
async def add(request: AnyRequest, visitor: Visitor) -> Page:
    """Block numbers that were typed."""
    context = context_of(request)
    if request.method == "GET":
        form = ADD.blank(visitor, context.settings.base_url)
        return await render(request, "console/form_page.html", title="Block numbers", form=form)
    form = await ADD.read(request, visitor)
    if form.ok and not form["channels"]:
        form.fail("channels", "Choose at least one channel.")
    pairs: dict[tuple[str, str], None] = {}
    if form.ok:
        for text in form["addresses"]:
            for channel in form["channels"]:
                address = service.read_address(channel, text, visitor.country)
                if address is None:
                    form.fail("addresses", f"“{text[:60]}” cannot be read for the channel {CHANNELS[channel]}.")
                    break
                pairs[(channel, address)] = None
    if not form.ok:
        return await render(request, "console/form_page.html", title="Block numbers", form=form, status=form.status)
    now, reason = context.clock.now(), form["reason"]
    added = await context.database.run(
        lambda c: service.block(c, visitor.account_id, list(pairs), "manual", now, reason=reason, by=visitor.name)
    )
    return redirect(request, LIST, f"{added} added; {len(pairs) - added} stood there already.")


@page(f"{LIST}/import", methods=["GET", "POST"], permission="channels.write")
async def import_file(request: AnyRequest, visitor: Visitor) -> Page:
    """Block and unblock what a file lists; a row that cannot be read refuses the whole file."""

    async def take(_: str, rows: list[SheetRow], __: dict[str, str]) -> Page:
        wanted = _read_rows(rows, visitor.country)
        blocks = [pair for pair, action in wanted.items() if action == "block"]
        lifts = [pair for pair, action in wanted.items() if action == "unblock"]
        now = context_of(request).clock.now()

        async def work(connection: Any) -> tuple[int, int]:
            added = await service.block(connection, visitor.account_id, blocks, "import", now, by=visitor.name)
            return added, await service.unblock(connection, visitor.account_id, lifts)

        added, removed = await context_of(request).database.run(work)
        return redirect(request, LIST, f"{len(rows)} rows read: {added} blocked, {removed} unblocked.")

    return await IMPORT.answer(request, take)


def _read_rows(rows: Any, country: str) -> dict[tuple[str, str], str]:
    """(channel, address) to action; the last row of an address wins. Raises SheetProblem naming the row."""
    wanted: dict[tuple[str, str], str] = {}
    for row in rows:
        action = row.values.get("action", "block").lower()
        named = row.values.get("channel", "sms").lower()
        channels = CHANNELS if named == "all" else (named,)
        if action not in ("block", "unblock") or not set(channels) <= set(CHANNELS):
            raise SheetProblem(f"Row {row.line}: the channel or the action is unknown.")
        text = row.values.get("mobile", "")
        read = [(c, a) for c in channels if (a := service.read_address(c, text, country)) is not None]
        if not read:
            raise SheetProblem(f"Row {row.line}: “{text[:40]}” is no number.")
        wanted.update(dict.fromkeys(read, action))
    return wanted


@page(f"{LIST}/{{channel:str}}/{{address:str}}/remove", methods=["POST"], permission="channels.write")
async def remove(request: AnyRequest, visitor: Visitor, channel: str, address: str) -> Page:
    """Lift one block."""
    context = context_of(request)
    removed = await context.database.run(lambda c: service.unblock(c, visitor.account_id, [(channel, address)]))
    if not removed:
        raise NotFoundException
    return redirect(request, LIST, f"{address} is not blocked any more.")


pages: list[Any] = [list_blocked, share, add, import_file, remove]
