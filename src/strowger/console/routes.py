"""The kit's own addresses: assets, palette, saved views, live feed, code of a form."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from strowger.console import marks, palette, repository
from strowger.console.assets import serve_asset
from strowger.console.form import form_named
from strowger.console.live import LiveHub
from strowger.console.pages import AnyRequest, context_of, fragment, html, is_partial, local_path, page, redirect, toast
from strowger.console.visitor import Visitor

NAME_LENGTH, QUERY_LENGTH, TOPICS = 60, 4000, 8


@page("/console/search", permission="self")
async def search(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The palette's lines for ?q=."""
    hits = await palette.find(context_of(request), visitor, request.query_params.get("q", "")[:200])
    return html(fragment(request, "console/palette_hits.html", "palette_hits", palette.in_groups(hits)))


@page("/console/views", methods=["POST"], permission="self")
async def save_view(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Keep the state of a list under a name (fields list, name, query, path, shared)."""
    form = await request.form()
    name, listed = str(form.get("name", "")).strip()[:NAME_LENGTH], str(form.get("list", ""))[:NAME_LENGTH]
    query, path = str(form.get("query", "")), local_path(str(form.get("path", "")))
    if not name or len(query) > QUERY_LENGTH or (query and not query.startswith("?")):
        return Response("", status_code=422, headers=toast("Give the view a name.", "danger") | {"HX-Reswap": "none"})
    shared = bool(form.get("shared"))
    await repository.save_view(
        context_of(request).database, visitor.account_id, visitor.user_id, shared, listed, name, query
    )
    return redirect(request, path + query, f"View “{name}” saved{' for everyone in the account' if shared else ''}.")


@page("/console/views/{view_id:int}/delete", methods=["POST"], permission="self")
async def delete_view(request: AnyRequest, visitor: Visitor, view_id: int) -> Response[Any]:
    """Remove a saved view."""
    if not await repository.delete_view(context_of(request).database, visitor.account_id, visitor.user_id, view_id):
        raise NotFoundException
    form = await request.form()
    return redirect(request, local_path(str(form.get("path", ""))), "View removed.")


@page(marks.ADDRESS, methods=["POST"], permission="self", audited=False)
async def star(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Star a page, or take the star from it (fields path, title, on: 1 or 0)."""
    form, context = await request.form(), context_of(request)
    path = local_path(str(form.get("path", ""))).partition("?")[0].partition("#")[0]
    title, on = str(form.get("title", "")), str(form.get("on", "")) == "1"
    if on and not (marks.can_be_starred(visitor, path) and await marks.exists(context, visitor, path)):
        raise NotFoundException
    if not on:
        await marks.unstar(context, visitor, path)
    elif not await marks.star(context, visitor, path, title):
        text = f"You have starred {marks.STARRED} pages. Take the star from one of them first."
        if is_partial(request):
            return Response("", status_code=422, headers=toast(text, "danger") | {"HX-Reswap": "none"})
        return redirect(request, path, text, "danger")
    if is_partial(request):
        return html(fragment(request, "console/star.html", "star_button", path, title, on))
    return redirect(request, path)


@page("/console/live", permission="self")
async def live(request: AnyRequest, visitor: Visitor) -> Stream:
    """Server-sent events of the account: ?topics=message,callback; resumes after the header Last-Event-ID."""
    hub: LiveHub = request.app.state.live
    topics = [topic for topic in request.query_params.get("topics", "").split(",") if topic][:TOPICS]
    last = request.headers.get("last-event-id", request.query_params.get("after", ""))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(hub.stream(visitor.account_id, topics, last), media_type="text/event-stream", headers=headers)


@page("/console/forms/{name:str}/code", methods=["POST"], permission="self", audited=False)
async def form_code(request: AnyRequest, visitor: Visitor, name: str) -> Response[Any]:
    """The same call as code, for what is typed into a form now."""
    form = form_named(name)
    if form is None:
        raise NotFoundException
    state = await form.read(request, visitor)
    return html(fragment(request, "console/kit.html", "code_tabs", state.snippets, f"code-{name}"))


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def favicon() -> Response[None]:
    """Browsers that ask without being told: the icon has its own address."""
    return Response(None, status_code=204, headers={"Cache-Control": "max-age=86400"})


pages: list[Any] = [serve_asset, favicon, search, save_view, delete_view, star, live, form_code]
