"""The list of profiles, and the page of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.form import Form, FormState
from strowger.console.layout import Action
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, RowAction, Table
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.platform.accounts.confirming import OWN_PASSWORD
from strowger.platform.callbacks.profiles.pages.words import (
    METHOD_OPTIONS,
    STATUS_OPTIONS,
    STATUSES,
    TONES,
    answer_text,
    request_text,
    snippets_of,
    tabs_of,
)
from strowger.platform.callbacks.profiles.schemas import Profile, ProfileStatus, retry_of
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.profiles.variables import CHANNELS, EVENTS
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome

READ, WRITE, SECRETS = "callbacks.read", "callbacks.write", "callbacks.secrets"
CRUMBS = [Crumb("Developers"), Crumb("Callback Profiles", "/callbacks/profiles")]


def _path(verb: str = "") -> Any:
    return lambda row: f"/callbacks/profiles/{row['id']}{verb}"


def _is_on(row: Row) -> bool:
    return bool(row["status"] == ProfileStatus.ACTIVE)


PROFILES = Table(
    "callback-profiles",
    (
        Column("title", "Title", sort=True),
        Column("name", "Profile ID", "mono"),
        Column("channel", "Channel", sort=True, label_of=lambda channel: CHANNELS[channel].name),
        Column("http_method", "Method"),
        Column("url", "URL", "mono"),
        Column("status", "Status", "status", tone=TONES, label_of=lambda status: STATUSES[status]),
        Column("failing_since", "Failing since", "time", shown=False),
        Column("created_at", "Created", "time", sort=True),
    ),
    (
        Filter("title", "Title"),
        Filter("http_method", "Method", "multi", METHOD_OPTIONS),
        Filter("channel", "Channel", "multi", tuple((c.channel, c.name) for c in CHANNELS.values())),
        Filter("status_word", "Status", "multi", STATUS_OPTIONS),
        Filter("created_at", "Created", "time"),
    ),
    search="Title, id or URL",
    sort="-created_at",
    empty=Empty(
        "No callback profiles yet",
        "A profile keeps where and how you are called back: address, body, authentication, encryption, schedule. Name it by"
        " its id when you send, on a number, or as the default.",
        Action("Add a profile", "/callbacks/profiles/new", "plus"),
    ),
    row_href=_path(),
    row_actions=(
        RowAction("Edit", _path("/edit"), "edit"),
        RowAction("Deliveries", lambda row: f"/callbacks?profile={row['name']}", "list-details"),
        RowAction("Duplicate", _path("/duplicate"), "copy", "POST"),
        RowAction("Enable", _path("/enable"), "player-play", "POST", when=lambda row: not _is_on(row)),
        RowAction(
            "Disable", _path("/disable"), "player-pause", "POST", when=_is_on,
            confirm=lambda row: f"Disable {row['title']}? Its events are dropped; they can be sent again for 7 days.",
        ),
        RowAction(
            "Delete", _path("/delete"), "trash", "POST", danger=True,
            confirm=lambda row: f"Delete {row['title']}? What waits for it is dropped, and numbers that name it have none.",
        ),
    ),
)  # fmt: skip


def _row(profile: Profile) -> dict[str, Any]:
    draft = profile.draft
    return {
        "id": str(profile.id), "name": profile.name, "title": draft.title, "channel": draft.channel,
        "http_method": draft.method, "url": draft.url, "status": profile.status, "status_word": str(int(profile.status)),
        "failing_since": profile.failing_since, "created_at": profile.created_at,
    }  # fmt: skip


async def own_profile(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Profile:
    """A profile of the visitor's account. Raises NotFoundException."""
    try:
        return await ProfileService(context_of(request)).get(visitor.account_id, profile_id)
    except StrowgerError as problem:
        if problem.code == "RBC302":
            raise NotFoundException from None
        raise


@page("/callbacks/profiles", permission=READ)
async def profiles(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The account's profiles."""
    service = ProfileService(context_of(request))

    async def rows(account_id: int) -> list[dict[str, Any]]:
        return [_row(one) for one in await service.list_all(account_id)]

    add = [Action("Add new", "/callbacks/profiles/new", "plus", True, "c")] if visitor.may(WRITE) else []
    return await PROFILES.respond(
        request, visitor, ListSource(rows, searched=("title", "name", "url")), title="Callback Profiles",
        template="profiles/list.html", actions=add, tabs=tabs_of("/callbacks/profiles"),
    )  # fmt: skip


def reveal_form(profile: Profile) -> Form:
    """The form that asks the password before secrets are shown."""
    return Form(
        "profile-reveal",
        (OWN_PASSWORD,),
        "Show the secret",
        f"/callbacks/profiles/{profile.id}/reveal",
        guard_leaving=False,
    )


async def show_profile(
    request: AnyRequest,
    visitor: Visitor,
    profile: Profile,
    *,
    attempt: Attempt | None = None,
    reveal: FormState | None = None,
    secrets: tuple[str, ...] = (),
) -> Page:
    """The page of a profile; ``attempt`` is a test that was just made, ``secrets`` are shown."""
    service, draft = ProfileService(context_of(request)), profile.draft
    retries, waits = retry_of(draft.retry)
    return await render(
        request,
        "profiles/profile.html",
        title=draft.title,
        crumbs=CRUMBS,
        status=reveal.status if reveal else 200,
        profile=profile,
        draft=draft,
        channel=CHANNELS[draft.channel],
        events=[EVENTS[event] for event in draft.events],
        uses=await service.uses(visitor.account_id, profile.id),
        waits=waits[:retries],
        tone=TONES[profile.status],
        word=STATUSES[profile.status],
        attempt=attempt,
        delivered=attempt is not None and attempt.outcome is AttemptOutcome.DELIVERED,
        reveal=reveal or reveal_form(profile).blank(visitor),
        secrets=secrets,
        request_text=request_text,
        answer_text=answer_text,
        snippets=snippets_of(draft),
        may_write=visitor.may(WRITE),
        may_reveal=visitor.may(SECRETS),
    )


@page("/callbacks/profiles/{profile_id:uuid}", permission=READ)
async def profile_page(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """One profile."""
    return await show_profile(request, visitor, await own_profile(request, visitor, profile_id))


pages: list[Any] = [profiles, profile_page]
