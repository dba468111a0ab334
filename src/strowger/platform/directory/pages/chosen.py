"""What is done with many contacts at once: those that were ticked, or all that a filter shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.foundation.ids import is_row_id
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory import changing, importing, service
from strowger.platform.directory.changing import Change
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.listing import LIST, WORK, Book
from strowger.platform.directory.pages.shared import CONTACTS, WRITE, book_of, run, show
from strowger.platform.directory.repository import contacts, listing

MOST_TICKED, AT_ONCE = 500, 2_000  # more than this at once is the worker's
PICKED = (
    Field("ids", "", "hidden", max_length=10_000),
    Field("all", "", "hidden"),
    Field("query", "", "hidden", max_length=8_000),
)
DO = Field("do", "What to do", "radio", required=True, default="add", options=(("add", "Add"), ("remove", "Remove")))
TAGS = Form("chosen-tags", (*PICKED, DO), submit="Change tags", cancel=LIST)
BLOCKS = Form(
    "chosen-blocks",
    (
        *PICKED,
        replace(DO, options=(("add", "Block"), ("remove", "Unblock"))),
        Field("channels", "Channels", "checks", options=tuple(CHANNELS.items()), default=["sms"]),
    ),
    submit="Change blocklist", cancel=LIST,
)  # fmt: skip
DELETE = Form("chosen-delete", PICKED, submit="Delete contacts", cancel=LIST)
TITLES = {"tags": "Add or remove tags", "blocks": "Block or unblock", "delete": "Delete contacts"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which contacts: ids, or everything in a state of the list."""

    ids: list[int]
    query: str | None

    async def count(self, connection: Any, book: Book) -> int:
        """How many contacts there are."""
        if self.query is None:
            return len(await contacts.numbers_of(connection, book.account_id, self.ids))
        return await listing.count(connection, book.account_id, book.matching(self.query))


def _chosen(ids: list[str], everything: str, query: str) -> Chosen:
    found = [int(one) for one in dict.fromkeys(ids) if is_row_id(one)]
    return Chosen(found[:MOST_TICKED], query[:8_000] if everything else None)


def _form(kind: str, book: Book) -> Form:
    found = {"tags": TAGS, "blocks": BLOCKS, "delete": DELETE}.get(kind)
    if found is None:
        raise NotFoundException
    labels = tuple((str(tag.id), tag.name) for tag in book.tags if tag.criteria is None)
    more = (Field("tags", "Tags", "checks", options=labels, default=[], required=True),) if kind == "tags" else ()
    new = Field("new", "New tags", max_length=500, help="Separated by commas; made where they are missing.")
    more = (*more, new) if kind == "tags" else ()
    return replace(found, fields=(*found.fields, *more), action=f"{WORK}/{kind}/apply")


@page(f"{WORK}/{{kind:str}}", methods=["POST"], permission=WRITE, audited=False)
async def ask(request: AnyRequest, visitor: Visitor, kind: str) -> Page:
    """What is to be done with the contacts that were chosen."""
    book, sent = await book_of(request, visitor), await request.form()
    declared = _form(kind, book)
    ids = [one for one in sent.getall("id", []) if isinstance(one, str)]
    everything, query = str(sent.get("all", "")), str(sent.get("query", ""))
    form = declared.blank(visitor, ids=",".join(ids[:MOST_TICKED]), all=everything, query=query)
    return await _show(request, book, kind, form, _chosen(ids, everything, query))


async def _show(request: AnyRequest, book: Book, kind: str, form: FormState, chosen: Chosen) -> Page:
    async with context_of(request).database.acquire() as connection:
        count = await chosen.count(connection, book)
    if not count:
        return redirect(request, LIST, "No contact was chosen.")
    return await render(
        request, "directory/chosen.html", title=TITLES[kind], crumbs=[CONTACTS], form=form, status=form.status, count=count,
        kind=kind,
    )  # fmt: skip


@page(f"{WORK}/{{kind:str}}/apply", methods=["POST"], permission=WRITE)
async def apply(request: AnyRequest, visitor: Visitor, kind: str) -> Page:
    """Change the contacts that were chosen."""
    book = await book_of(request, visitor)
    form = await _form(kind, book).read(request, visitor)
    chosen = _chosen(str(form.values.get("ids", "")).split(","), form.text("all"), form.text("query"))
    if form.ok:
        try:
            change = await _change(request, visitor, kind, form)
            return await _begin(request, visitor, book, chosen, change)
        except Refused as problem:
            show(form, problem)
    return await _show(request, book, kind, form, chosen)


async def _change(request: AnyRequest, visitor: Visitor, kind: str, form: FormState) -> Change:
    """What is to be done, as it was chosen. Raises Refused."""
    add = kind != "delete" and form["do"] == "add"
    if kind == "blocks" and not form["channels"]:
        raise Refused("DIR411", "Select at least one channel to blocklist.", "channels")
    if kind != "tags":
        return Change(kind, add, channels=form["channels"] if kind == "blocks" else [], by=visitor.name)
    names = [name.strip() for name in form["new"].split(",") if name.strip()] if add else []
    tag_ids = [int(one) for one in form["tags"]]
    if names:
        now = context_of(request).clock.now()
        made = await run(request, lambda c: service.ensure_tags(c, visitor.account_id, names, by=visitor.name, now=now))
        tag_ids += [tag.id for tag in made.values()]
    if not tag_ids:
        raise Refused("DIR405", "Choose a tag.", "tags")
    return Change(kind, add, tags=tag_ids, by=visitor.name)


async def _begin(request: AnyRequest, visitor: Visitor, book: Book, chosen: Chosen, change: Change) -> Page:
    context = context_of(request)
    if chosen.query is None:
        now = context.clock.now()
        count = len(chosen.ids)
        work: Callable[[Any], Awaitable[int]] = lambda c: changing.apply(c, visitor.account_id, chosen.ids, change, now)  # noqa: E731
        await run(request, work)
        return redirect(request, LIST, f"{count:,} contacts: done.")
    async with context.database.acquire() as connection:
        count = await chosen.count(connection, book)
    if count > AT_ONCE:
        title = f"{TITLES[change.kind]}: {count:,} contacts"
        import_id = await importing.begin_change(context, book, chosen.query, change, title, count, visitor.name)
        return redirect(request, f"/directory/imports/{import_id}")
    count = await changing.apply_all(context, book, chosen.query, change)
    return redirect(request, LIST, f"{count:,} contacts: done.")


pages: list[Any] = [ask, apply]
