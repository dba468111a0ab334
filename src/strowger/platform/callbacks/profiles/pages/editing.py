"""Making and changing a profile: the form, the live preview of its request, a test before it is saved."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

from litestar.exceptions import NotFoundException

from strowger.console.form import FormState
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.platform.callbacks.profiles.deliveries import Deliveries
from strowger.platform.callbacks.profiles.pages.form import PARTS, make_form, params_of, place_of, values_of
from strowger.platform.callbacks.profiles.pages.form import _pretty as pretty
from strowger.platform.callbacks.profiles.pages.listing import CRUMBS, WRITE, own_profile
from strowger.platform.callbacks.profiles.pages.words import answer_text, request_text
from strowger.platform.callbacks.profiles.reading import read_change, read_new
from strowger.platform.callbacks.profiles.rendering import render_profile
from strowger.platform.callbacks.profiles.schemas import Profile, ProfileStatus
from strowger.platform.callbacks.profiles.sending import system_variables
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.profiles.tokens import AuthFailed, Tokens
from strowger.platform.callbacks.profiles.variables import CHANNELS, SYSTEM, usual_body
from strowger.platform.callbacks.rendering import TooLarge
from strowger.platform.callbacks.schemas import AttemptOutcome

UNTITLED = "Untitled"
TOKEN = "••••••"  # noqa: S105 - what the preview shows in its place


async def _form_page(
    request: AnyRequest, form: FormState, channel: str, title: str, new: bool, profile_id: str = ""
) -> Page:
    return await render(
        request, "profiles/form.html", title=title, crumbs=CRUMBS, status=form.status, form=form, parts=PARTS, new=new,
        channel=CHANNELS[channel], channels=CHANNELS.values(), system=SYSTEM, profile_id=profile_id,
        usual=pretty(usual_body(CHANNELS[channel].names[:1])),
    )  # fmt: skip


def _channel(name: str | None) -> str:
    return name if name in CHANNELS else "sms"


@page("/callbacks/profiles/new", permission=WRITE)
async def new_profile(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a new profile; ``?channel=`` chooses whose events it is for."""
    channel = _channel(request.query_params.get("channel"))
    body = pretty(usual_body(CHANNELS[channel].names[:1])) if channel != "default" else '{\n  "workflowevent": ""\n}'
    form = make_form(channel, "/callbacks/profiles/new", True).blank(
        visitor, context_of(request).settings.base_url, body=body
    )
    return await _form_page(request, form, channel, "Add a callback profile", True)


@page("/callbacks/profiles/new", methods=["POST"], permission=WRITE)
async def create_profile(request: AnyRequest, visitor: Visitor) -> Page:
    """Make it."""
    channel = _channel(str((await request.form()).get("channel", "")))
    form = await make_form(channel, "/callbacks/profiles/new", True).read(request, visitor)
    if form.ok:
        try:
            made = await ProfileService(context_of(request)).create(visitor.account_id, params_of(form.values))
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, f"/callbacks/profiles/{made.id}", f"{made.draft.title} is ready to be named.")
    return await _form_page(request, form, channel, "Add a callback profile", True)


@page("/callbacks/profiles/{profile_id:uuid}/edit", permission=WRITE)
async def edit_profile(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """The form of a profile."""
    found = await own_profile(request, visitor, profile_id)
    channel = found.draft.channel
    form = make_form(channel, f"/callbacks/profiles/{profile_id}/edit", False).blank(
        visitor, context_of(request).settings.base_url, **values_of(found)
    )
    return await _form_page(request, form, channel, f"Edit {found.draft.title}", False, str(profile_id))


@page("/callbacks/profiles/{profile_id:uuid}/edit", methods=["POST"], permission=WRITE)
async def change_profile(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Change it."""
    found = await own_profile(request, visitor, profile_id)
    channel = found.draft.channel
    form = await make_form(channel, f"/callbacks/profiles/{profile_id}/edit", False).read(request, visitor)
    if form.ok:
        try:
            params = {**params_of(form.values), "channel": channel}
            await ProfileService(context_of(request)).update(visitor.account_id, profile_id, params)
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, f"/callbacks/profiles/{profile_id}", "Saved.")
    return await _form_page(request, form, channel, f"Edit {found.draft.title}", False, str(profile_id))


def _refuse(form: FormState, problem: StrowgerError) -> None:
    text = problem.detail or problem.code
    form.fail(place_of(problem.field, form), f"{text[:1].upper()}{text[1:]} ({problem.code}).")


async def _typed(request: AnyRequest, visitor: Visitor) -> Profile:
    """The profile that the form describes now, stored or not. Raises StrowgerError."""
    data = await request.form()
    channel = _channel(str(data.get("channel", "")))
    form = await make_form(channel, "", True).read(request, visitor)
    for name, text in form.errors.items():
        if name == "title" or (name in ("url", "events") and not form.text(name)):
            continue  # not needed to see or try a request, or told below
        raise StrowgerError("E400", f"{form.label(name)}: {text}", field=name)
    context, params = context_of(request), params_of({**form.values, "title": form.values.get("title") or UNTITLED})
    if not params["url"]:
        raise StrowgerError("RBC306", "Enter the endpoint first.", field="url")
    stored = str(data.get("profile_id", ""))
    now = context.clock.now()
    if stored:
        found = await own_profile(request, visitor, UUID(stored))
        found.draft = read_change(found.draft, {**params, "channel": found.draft.channel}, True)
        return found
    draft = read_new(params, context.settings.callback_static_gcm)
    pod = context.settings.pod.upper()
    return Profile(uuid4(), visitor.account_id, visitor.sid, pod, draft, ProfileStatus.ACTIVE, now, now)


@page("/callbacks/profiles/preview", methods=["POST"], permission=WRITE)
async def preview(request: AnyRequest, visitor: Visitor) -> Page:
    """The request as it would be sent for a sample event."""
    context = context_of(request)
    try:
        typed = await _typed(request, visitor)
        event, event_id = next(iter(typed.draft.events), "workflowevent"), new_uuid()
        sample = {**Deliveries(context).sample(event, event_id), **system_variables(typed, event, event_id)}
        advanced = typed.draft.auth.advanced
        rendered = render_profile(typed.draft, sample, {advanced.token_header: f"Bearer {TOKEN}"} if advanced else {})
    except NotFoundException:
        raise
    except (StrowgerError, TooLarge, ValueError) as problem:
        text = getattr(problem, "detail", None) or str(problem)
        return await render(request, "profiles/preview.html", problem=text, text="")
    masked = {name: TOKEN if name.lower() == "authorization" else value for name, value in rendered.headers.items()}
    head = [f"{rendered.method} {rendered.url}", *(f"{name}: {value}" for name, value in masked.items())]
    body = rendered.body.decode("utf-8", "replace") if rendered.body is not None else ""
    return await render(
        request, "profiles/preview.html", problem="", text="\n".join(head) + (f"\n\n{body}" if body else "")
    )


@page("/callbacks/profiles/try", methods=["POST"], permission=WRITE)
async def try_profile(request: AnyRequest, visitor: Visitor) -> Page:
    """Send a sample event to what is typed now, and show what came back."""
    try:
        typed = await _typed(request, visitor)
        attempt = await Deliveries(context_of(request)).test(typed)
    except StrowgerError as problem:
        return await render(request, "profiles/tried.html", problem=problem.detail or problem.code, attempt=None)
    return await render(
        request, "profiles/tried.html", problem="", attempt=attempt, request_text=request_text, answer_text=answer_text,
        delivered=attempt.outcome is AttemptOutcome.DELIVERED,
    )  # fmt: skip


@page("/callbacks/profiles/token", methods=["POST"], permission=WRITE)
async def fetch_token(request: AnyRequest, visitor: Visitor) -> Page:
    """Ask the token server of what is typed now for a token; tells its length and life, not the token."""
    context = context_of(request)
    try:
        typed = await _typed(request, visitor)
        if typed.draft.auth.advanced is None:
            raise StrowgerError("RBC311", "Choose advanced authentication first")
        token = await Tokens(context.http, context.clock).fetch(typed.draft.auth.advanced)
    except AuthFailed as problem:
        return await render(request, "profiles/token.html", problem=str(problem), token=None, life=0)
    except StrowgerError as problem:
        return await render(request, "profiles/token.html", problem=problem.detail or problem.code, token=None, life=0)
    life = max(0, round(token.until - context.clock.monotonic()))
    return await render(request, "profiles/token.html", problem="", token=token, life=life, utc=UTC)


pages: list[Any] = [new_profile, create_profile, edit_profile, change_profile, preview, try_profile, fetch_token]
