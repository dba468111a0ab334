"""Pages of announcements: the operator's, and what's new for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.layout import Action, Crumb
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, local_path, page, redirect, render
from strowger.platform.announcements import repository, service
from strowger.platform.announcements.models import Announcement

NEWS, LIST = "/announcements", "/operator/announcements"
TIME = "%Y-%m-%dT%H:%M"

menu.register("Help", "What's new", NEWS, "sparkles", 30)
menu.register("Installation", "Announcements", LIST, "speakerphone", 9)
palette.register_action("Announce something to everybody", f"{LIST}/new", "speakerphone")


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text[:16], TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("Enter a date and a time.") from None


def _link(text: str) -> str:
    if not text.startswith("https://") and local_path(text, "") != text:
        raise Invalid("Enter an https address, or a path of this console such as /support.")
    return text


def _form(action: str) -> Form:
    return Form(
        "announcement",
        (
            Field("title", "Title", required=True, min_length=3, max_length=120),
            Field("body", "Text", "textarea", required=True, max_length=1000, rows=3),
            Field("tone", "Kind", "select", options=tuple(service.TONES.items()), default="info", width="half"),
            Field("link", "Link to more", parse=_link, max_length=500, width="half", placeholder="https://status.example.com"),
            Field("starts_at", "Shown from (UTC)", "datetime-local", required=True, parse=_moment, width="half"),
            Field("ends_at", "Until (UTC)", "datetime-local", required=True, parse=_moment, width="half"),
        ),
        submit="Save announcement", action=action, cancel=LIST,
    )  # fmt: skip


def _state(row: Announcement, now: datetime) -> tuple[str, str]:
    if row.starts_at > now:
        return "Planned", "info"
    return ("Shown now", "success") if row.ends_at > now else ("Over", "neutral")


@page(NEWS, permission="self")
async def news(request: AnyRequest, visitor: Visitor) -> Page:
    """What was announced, also what one has dismissed."""
    context = context_of(request)
    async with context.database.session() as session:
        rows = await repository.begun(session, context.clock.now(), service.LISTED)
    return await render(request, "announcements/news.html", title="What's new", rows=rows)


@page(f"{NEWS}/{{number:int}}/dismiss", methods=["POST"], permission="self", audited=False)
async def dismiss(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Show an announcement to this user no more."""
    context = context_of(request)
    back = local_path(str((await request.form()).get("back", "")))
    async with context.database.session() as session:
        if await repository.one(session, number) is not None:
            await repository.dismiss(session, visitor.user_id, number, context.clock.now())
    return redirect(request, back)


@page(LIST, permission="installation.read")
async def announcements(request: AnyRequest, visitor: Visitor) -> Page:
    """What is announced, was, and will be."""
    context = context_of(request)
    async with context.database.session() as session:
        rows = await repository.latest(session, service.LISTED)
    now = context.clock.now()
    return await render(
        request, "announcements/list.html", title="Announcements", rows=[(row, *_state(row, now)) for row in rows],
        actions=[Action("Announce", f"{LIST}/new", "speakerphone", primary=True, key="c")],
    )  # fmt: skip


async def _edit(request: AnyRequest, form: FormState, title: str) -> Page:
    crumbs = [Crumb("Announcements", LIST)]
    return await render(request, "console/form_page.html", title=title, form=form, status=form.status, crumbs=crumbs)


async def _save(request: AnyRequest, visitor: Visitor, number: int | None, title: str) -> Page:
    form = await _form(f"{LIST}/{number or 'new'}").read(request, visitor)
    if form.ok and form["ends_at"] <= form["starts_at"]:
        form.fail("ends_at", "Enter a moment after the beginning.")
    if not form.ok:
        return await _edit(request, form, title)
    saved = await service.save(
        context_of(request), number, form["title"], form["body"], form["tone"], form["link"], form["starts_at"], form["ends_at"],
        visitor.email,
    )  # fmt: skip
    if saved is None:
        raise NotFoundException
    return redirect(request, LIST, "Saved. Everybody sees it on every page while it lasts.")


@page(f"{LIST}/new", permission="installation.write")
async def new_announcement(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a new announcement."""
    now = context_of(request).clock.now()
    week = now + timedelta(days=7)
    form = _form(f"{LIST}/new").blank(visitor, starts_at=now.strftime(TIME), ends_at=week.strftime(TIME))
    return await _edit(request, form, "Announce")


@page(f"{LIST}/new", methods=["POST"], permission="installation.write")
async def announce(request: AnyRequest, visitor: Visitor) -> Page:
    """Announce something to everybody."""
    return await _save(request, visitor, None, "Announce")


@page(f"{LIST}/{{number:int}}", permission="installation.write")
async def edit_announcement(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """The form of an announcement."""
    async with context_of(request).database.session() as session:
        row = await repository.one(session, number)
    if row is None:
        raise NotFoundException
    form = _form(f"{LIST}/{number}").blank(
        visitor, title=row.title, body=row.body, tone=row.tone, link=row.link, starts_at=row.starts_at.strftime(TIME),
        ends_at=row.ends_at.strftime(TIME),
    )  # fmt: skip
    return await _edit(request, form, row.title)


@page(f"{LIST}/{{number:int}}", methods=["POST"], permission="installation.write")
async def change_announcement(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Change an announcement."""
    return await _save(request, visitor, number, "Announcement")


@page(f"{LIST}/{{number:int}}/end", methods=["POST"], permission="installation.write")
async def end_announcement(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Show an announcement no more."""
    await service.end(context_of(request), number)
    return redirect(request, LIST, "It is shown no more.")


@page(f"{LIST}/{{number:int}}/remove", methods=["POST"], permission="installation.write")
async def remove_announcement(request: AnyRequest, visitor: Visitor, number: int) -> Page:
    """Remove an announcement, also from the list of what's new."""
    async with context_of(request).database.session() as session:
        await repository.remove(session, number)
    return redirect(request, LIST, "Removed.")


pages: list[Any] = [
    news, dismiss, announcements, new_announcement, announce, edit_announcement, change_announcement, end_announcement,
    remove_announcement,
]  # fmt: skip
