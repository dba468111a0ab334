"""Entering a sub-account from the main account and leaving it again; taking an invitation."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form
from strowger.console.pages import AnyRequest, Visitor, context_of, page, public_page, redirect, render
from strowger.platform.accounts.passwords import hash_password, weakness
from strowger.platform.accounts.service import token_hash
from strowger.platform.subaccounts import inviting, repository, service
from strowger.platform.subaccounts.pages.listing import path_of
from strowger.platform.subaccounts.pages.shared import LIST, actor_of, found

Answer = Response[Any]
MANAGERS = ("owner", "admin")
JOIN = Form(
    "join",
    (
        Field("name", "Your name", required=True, min_length=2, max_length=120, autocomplete="name"),
        Field("password", "Password", "password", required=True, max_length=200, autocomplete="new-password",
              help="At least 12 characters with upper and lower case, a digit and a special character."),
    ),
    submit="Set the password", guard_leaving=False,
)  # fmt: skip


@page(f"{LIST}/of/{{sid:str}}/enter", methods=["POST"], permission="subaccounts.write", roles=MANAGERS)
async def enter(request: AnyRequest, visitor: Visitor, sid: str) -> Answer:
    """Work in a sub-account from now on; both names are recorded."""
    context, row = context_of(request), await found(request, visitor, sid)
    if row["status"] == "deleted":
        return redirect(request, path_of(dict(row)), "It is deleted.", "danger")
    actor, now = actor_of(request, visitor), context.clock.now()

    async def work(connection: Any) -> None:
        await repository.act(connection, token_hash(visitor.session), row["account_id"], now)
        await repository.add_event(
            connection,
            visitor.account_id,
            row["account_id"],
            now,
            "entered",
            actor.name,
            actor.ip,
            acting_as=row["email"],
        )

    await context.database.run(work)
    return redirect(request, "/")


@page(f"{LIST}/leave", methods=["POST"], permission="self")
async def leave(request: AnyRequest, visitor: Visitor) -> Answer:
    """Back to the main account."""
    context, digest = context_of(request), token_hash(visitor.session)

    async def work(connection: Any) -> None:
        account = await repository.stop_acting(connection, digest)
        if account is not None:
            parent = await repository.parent_id(connection, account)
            ip = request.client.host if request.client else None
            now = context.clock.now()
            await repository.add_event(connection, parent, account, now, "left", visitor.email, ip)

    await context.database.run(work)
    return redirect(request, LIST if visitor.main_account else "/")


@public_page("/join/{token:str}", methods=["GET", "POST"])
async def join(request: AnyRequest, token: str) -> Answer:
    """Take an invitation: the owner of a sub-account chooses name and password."""
    context = context_of(request)
    row = await inviting.invited(context, token[:200])
    if row is None:
        raise NotFoundException("This invitation has ended or was taken already. Ask for another one.")
    form = JOIN.blank(None)
    if request.method == "POST":
        form = await JOIN.read(request, None)
        if form.ok and (problem := weakness(form["password"], row["email"])):
            form.fail("password", problem)
        if form.ok:
            hashed = await hash_password(form["password"])
            if await service.join(context, token, row, form["name"], hashed):
                return redirect(request, "/sign-in", "Your password is set. Sign in.")
            raise NotFoundException
    return await render(
        request, "subaccounts/join.html", title="Welcome", form=form, status=form.status, row=row, crumbs=[]
    )


pages: list[Any] = [enter, leave, join]
