"""Directory > Tags: made, renamed, merged, deleted; given one by one, or following a filter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import repository as console
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState
from strowger.console.form import Values as FormValues
from strowger.console.layout import Crumb
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, RowAction, Table
from strowger.console.table_query import describe_filter
from strowger.foundation.context import Context
from strowger.platform.directory import service
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.listing import LIST, Book, is_narrow
from strowger.platform.directory.pages.shared import READ, WRITE, book_of, run, show
from strowger.platform.directory.repository import tags
from strowger.platform.directory.schemas import COLOURS, MAX_TAG, Label

TAGS = "/directory/tags"
GIVEN, VIEW = "given", "view:"
TABLE = Table(
    "tags",
    columns=(
        Column("name", "Name", "chips", sort=True, value=lambda row: [(row["name"], row["colour"])]),
        Column("colour", "Colour", label_of=lambda code: COLOURS.get(code, code)),
        Column("contacts", "Contacts", "number", sort=True),
        Column("kind", "Worn by"),
        Column("created_by", "Created by", sort=True),
        Column("created_at", "Created", "time", sort=True),
        Column("id", "Id", "mono", shown=False),
    ),
    search="Name",
    sort="name",
    empty=Empty(
        "No tags yet",
        "A tag gathers contacts under a name: the audience of a campaign, or those who wrote a word to your number.",
        Action("Add a tag", f"{TAGS}/new", "tag"),
        'curl -H "api-key: $STROWGER_API_KEY" -d name=VIP …/contacts/tags',
    ),
    row_href=lambda row: f"{LIST}?tags={row['id']}",
    row_actions=(
        RowAction("Show contacts", lambda row: f"{LIST}?tags={row['id']}", "users"),
        RowAction("Edit", lambda row: f"{TAGS}/{row['id']}/edit", "pencil"),
        RowAction("Merge into another", lambda row: f"{TAGS}/{row['id']}/merge", "git-merge", when=lambda row: row["given"]),
        RowAction(
            "Delete", lambda row: f"{TAGS}/{row['id']}/delete", "trash", "POST", danger=True,
            confirm=lambda row: f"Delete the tag {row['name']}? Its {row['contacts']:,} contacts stay.",
        ),
    ),
)  # fmt: skip


def _code(values: FormValues, visitor: Visitor, base_url: str) -> ApiCall:
    return ApiCall(
        "POST", f"{base_url}/v1/{visitor.sid}/contacts/tags", json={"name": values["name"], "colour": values["colour"]}
    )


NAME = Field("name", "Name", required=True, max_length=MAX_TAG, autocomplete="off")
COLOUR = Field("colour", "Colour", "select", options=tuple(COLOURS.items()), default="neutral")
NEW = Form("tag", (NAME, COLOUR), submit="Save", cancel=TAGS, code=_code)
EDIT = Form("tag-edit", (NAME, COLOUR), submit="Save", cancel=TAGS)


def _row(tag: Label) -> dict[str, Any]:
    return {
        "id": tag.id, "name": tag.name, "colour": tag.colour, "contacts": tag.contacts, "created_by": tag.created_by,
        "created_at": tag.created_at, "given": tag.criteria is None,
        "kind": "who is given it" if tag.criteria is None else "whom its filter shows",
    }  # fmt: skip


@page(TAGS, permission=READ)
async def list_tags(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The tags of the account."""
    context = context_of(request)

    async def rows(account_id: int) -> list[dict[str, Any]]:
        async with context.database.acquire() as connection:
            found = await service.counted_tags(connection, account_id, context.clock.now())
        return [_row(tag) for tag in found]

    return await TABLE.respond(
        request, visitor, ListSource(rows, searched=("name",)), title="Tags",
        actions=[
            Action("Add a tag", f"{TAGS}/new", "tag", primary=True, key="c"),
            Action("Import tags", "/directory/imports/new?mode=tags", "file-import"),
        ],
    )  # fmt: skip


async def _who(context: Context, visitor: Visitor, book: Book) -> Field:
    """The choice of who wears a new tag: whom it is given, or whom a saved view shows."""
    views = await console.list_views(context.database, visitor.account_id, visitor.user_id, book.table.name)
    narrow = [view for view in views if is_narrow(book.query(view.query))]
    options = [
        (GIVEN, "Contacts that are given it"),
        *((f"{VIEW}{v.id}", f"Whoever the view “{v.name}” shows") for v in narrow),
    ]
    text = "A tag can follow a filter: filter the contacts, save that as a view, then choose it here."
    return Field("who", "Worn by", "radio", options=tuple(options), default=GIVEN, required=True, help=text)


async def _criteria(context: Context, visitor: Visitor, book: Book, choice: str) -> str | None:
    if choice == GIVEN:
        return None
    views = await console.list_views(context.database, visitor.account_id, visitor.user_id, book.table.name)
    view = next((one for one in views if f"{VIEW}{one.id}" == choice), None)
    if view is None or not is_narrow(book.query(view.query)):
        raise Refused("DIR408", "There is no such view any more.", "who")
    return view.query


@page(f"{TAGS}/new", methods=["GET", "POST"], permission=WRITE)
async def add_tag(request: AnyRequest, visitor: Visitor) -> Page:
    """Make a tag."""
    context, book = context_of(request), await book_of(request, visitor)
    declared = replace(NEW, fields=(*NEW.fields, await _who(context, visitor, book)), action=f"{TAGS}/new")
    if request.method == "GET":
        form = declared.blank(visitor, context.settings.base_url)
        return await render(request, "console/form_page.html", title="Add a tag", form=form)
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            criteria = await _criteria(context, visitor, book, form["who"])
            await run(
                request,
                lambda c: service.create_tag(
                    c, visitor.account_id, form["name"], form["colour"], criteria=criteria, by=visitor.name,
                    now=context.clock.now(),
                ),
            )  # fmt: skip
            return redirect(request, TAGS, "The tag was made.")
        except Refused as problem:
            show(form, problem)
    return await render(request, "console/form_page.html", title="Add a tag", form=form, status=form.status)


async def _tag(request: AnyRequest, visitor: Visitor, tag_id: int) -> Label:
    async with context_of(request).database.acquire() as connection:
        found = await tags.find(connection, visitor.account_id, [tag_id])
    if not found:
        raise NotFoundException
    return found[0]


async def _show(request: AnyRequest, title: str, form: FormState, tag: Label, visitor: Visitor) -> Page:
    told: list[tuple[str, str]] = []
    if tag.criteria is not None:
        book = await book_of(request, visitor)
        query = book.query(tag.criteria)
        told = [
            (item.label, describe_filter(item, query.filters[item.key], visitor))
            for item in book.table.filters
            if item.key in query.filters
        ]
        told += [("Search", query.search)] if query.search else []
    return await render(
        request,
        "directory/tag.html",
        title=title,
        crumbs=[Crumb("Tags", TAGS)],
        form=form,
        status=form.status,
        told=told,
    )


@page(f"{TAGS}/{{tag_id:int}}/edit", methods=["GET", "POST"], permission=WRITE)
async def edit_tag(request: AnyRequest, visitor: Visitor, tag_id: int) -> Page:
    """Rename and recolour a tag."""
    tag = await _tag(request, visitor, tag_id)
    declared = replace(EDIT, action=f"{TAGS}/{tag_id}/edit")
    if request.method == "GET":
        form = declared.blank(visitor, name=tag.name, colour=tag.colour)
        return await _show(request, tag.name, form, tag, visitor)
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            await run(
                request, lambda c: service.change_tag(c, visitor.account_id, tag_id, form["name"], form["colour"])
            )
            return redirect(request, TAGS, "The tag was changed.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, tag.name, form, tag, visitor)


@page(f"{TAGS}/{{tag_id:int}}/merge", methods=["GET", "POST"], permission=WRITE)
async def merge_tag(request: AnyRequest, visitor: Visitor, tag_id: int) -> Page:
    """Let another tag take the place of this one."""
    tag, book = await _tag(request, visitor, tag_id), await book_of(request, visitor)
    others = tuple((str(one.id), one.name) for one in book.tags if one.criteria is None and one.id != tag_id)
    help_ = f"Who wears {tag.name} wears that one instead; {tag.name} is removed."
    field = Field("into", "Into", "select", required=True, options=(("", "Choose a tag"), *others), help=help_)
    declared = Form("tag-merge", (field,), submit="Merge", action=f"{TAGS}/{tag_id}/merge", cancel=TAGS)
    if request.method == "GET":
        return await _show(request, f"Merge {tag.name}", declared.blank(visitor), tag, visitor)
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            await run(request, lambda c: service.merge_tags(c, visitor.account_id, tag_id, int(form["into"])))
            return redirect(request, TAGS, "The tags were merged.")
        except Refused as problem:
            show(form, problem)
    return await _show(request, f"Merge {tag.name}", form, tag, visitor)


@page(f"{TAGS}/{{tag_id:int}}/delete", methods=["POST"], permission=WRITE)
async def delete_tag(request: AnyRequest, visitor: Visitor, tag_id: int) -> Page:
    """Remove a tag; its contacts stay."""
    tag = await _tag(request, visitor, tag_id)
    await run(request, lambda c: service.delete_tag(c, visitor.account_id, tag_id))
    return redirect(request, TAGS, f"The tag {tag.name} was deleted.")


pages: list[Any] = [list_tags, add_tag, edit_tag, merge_tag, delete_tag]
