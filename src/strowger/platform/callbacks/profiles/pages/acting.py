"""What a profile's page does: test, enable, disable, duplicate, delete, its signing secret, sending again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from strowger.console.pages import AnyRequest, Page, context_of, page, redirect
from strowger.console.visitor import Visitor
from strowger.platform.accounts.confirming import confirmed
from strowger.platform.callbacks.profiles.deliveries import Deliveries, Wanted
from strowger.platform.callbacks.profiles.pages.listing import (
    SECRETS,
    WRITE,
    own_profile,
    reveal_form,
    show_profile,
)
from strowger.platform.callbacks.profiles.schemas import ProfileStatus
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.signing import secret_text


def _path(profile_id: UUID) -> str:
    return f"/callbacks/profiles/{profile_id}"


@page("/callbacks/profiles/{profile_id:uuid}/test", methods=["POST"], permission=WRITE)
async def test(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Send a sample event, and show what came back."""
    found = await own_profile(request, visitor, profile_id)
    attempt = await Deliveries(context_of(request)).test(found)
    return await show_profile(request, visitor, found, attempt=attempt)


@page("/callbacks/profiles/{profile_id:uuid}/enable", methods=["POST"], permission=WRITE)
async def enable(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Enable a profile."""
    await own_profile(request, visitor, profile_id)
    await ProfileService(context_of(request)).set_status(visitor.account_id, profile_id, ProfileStatus.ACTIVE, None)
    return redirect(request, _path(profile_id), "Enabled. What it missed can be sent again.")


@page("/callbacks/profiles/{profile_id:uuid}/disable", methods=["POST"], permission=WRITE)
async def disable(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Disable a profile."""
    await own_profile(request, visitor, profile_id)
    service = ProfileService(context_of(request))
    await service.set_status(visitor.account_id, profile_id, ProfileStatus.DISABLED, "by hand")
    return redirect(request, _path(profile_id), "Disabled. Its events are kept as dropped.", "info")


@page("/callbacks/profiles/{profile_id:uuid}/duplicate", methods=["POST"], permission=WRITE)
async def duplicate(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Copy a profile, and open the copy's form."""
    await own_profile(request, visitor, profile_id)
    made = await ProfileService(context_of(request)).duplicate(visitor.account_id, profile_id)
    return redirect(request, f"{_path(made.id)}/edit", "Copied. The copy is disabled until you enable it.")


@page("/callbacks/profiles/{profile_id:uuid}/delete", methods=["POST"], permission=WRITE)
async def delete(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Delete a profile."""
    found = await own_profile(request, visitor, profile_id)
    await ProfileService(context_of(request)).delete(visitor.account_id, profile_id)
    return redirect(request, "/callbacks/profiles", f"{found.draft.title} was deleted.", "info")


@page("/callbacks/profiles/{profile_id:uuid}/replay", methods=["POST"], permission=WRITE)
async def replay(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Send everything again that failed or was dropped within 7 days, in order of creation."""
    found = await own_profile(request, visitor, profile_id)
    number = await Deliveries(context_of(request)).replay(found, Wanted())
    text = (
        f"{number} callback{'s are' if number != 1 else ' is'} sent again."
        if number
        else "There is nothing to send again."
    )
    return redirect(request, _path(profile_id), text, "success" if number else "info")


@page("/callbacks/profiles/{profile_id:uuid}/reveal", methods=["POST"], permission=SECRETS)
async def reveal(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Show the signing secret to who gives their password."""
    found = await own_profile(request, visitor, profile_id)
    state = await reveal_form(found).read(request, visitor)
    shown = tuple(secret_text(secret) for secret in found.secrets) if await confirmed(request, visitor, state) else ()
    return await show_profile(request, visitor, found, reveal=state, secrets=shown)


@page("/callbacks/profiles/{profile_id:uuid}/rotate", methods=["POST"], permission=SECRETS)
async def rotate(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """Replace the signing secret; the old one signs as well for 24 hours."""
    await own_profile(request, visitor, profile_id)
    await ProfileService(context_of(request)).rotate(visitor.account_id, profile_id)
    return redirect(request, _path(profile_id), "Replaced. For 24 hours the old secret signs as well.")


@page(
    ["/callbacks/profiles/{profile_id:uuid}/test", "/callbacks/profiles/{profile_id:uuid}/reveal"],
    permission="callbacks.read",
)
async def again(request: AnyRequest, visitor: Visitor, profile_id: UUID) -> Page:
    """A reload of an answer leads back to the profile."""
    return redirect(request, _path(profile_id))


pages: list[Any] = [test, enable, disable, duplicate, delete, replay, reveal, rotate, again]
