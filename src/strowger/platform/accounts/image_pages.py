"""Pages of profile images: choosing one's own, and serving those of the account's people."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException

from strowger.console.form import Form
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.platform.accounts import images
from strowger.platform.accounts.errors import AccountProblem

HERE = "/profile/image"
MAX_BODY = images.MOST + 100_000
FORM = Form("image", (), submit="Save image", action=HERE, cancel="/profile", guard_leaving=False)
HEADERS = {
    "Content-Disposition": 'inline; filename="image.webp"',
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=86400, immutable",
}


async def _page(request: AnyRequest, visitor: Visitor, error: str = "") -> Page:
    form = FORM.blank(visitor)
    if error:
        form.fail("file", error)
    return await render(
        request, "accounts/image.html", title="Image", crumbs=[Crumb("My Profile", "/profile")], form=form, error=error,
        accept=",".join(images.TAKEN), megabytes=images.MOST // 1_000_000, status=form.status,
    )  # fmt: skip


@page(HERE, permission="self")
async def own_image(request: AnyRequest, visitor: Visitor) -> Page:
    """The picture that others of the account see."""
    return await _page(request, visitor)


@page(HERE, methods=["POST"], permission="self", request_max_body_size=MAX_BODY)
async def save_image(request: AnyRequest, visitor: Visitor) -> Page:
    """Keep a picture."""
    given = (await request.form()).get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        return await _page(request, visitor, "Choose a file.")
    content = await given.read()
    try:
        await images.save(
            context_of(request), visitor.account_id, visitor.user_id, given.filename, given.content_type or "", content
        )
    except AccountProblem as problem:
        return await _page(request, visitor, str(problem))
    return redirect(request, "/profile", "Image saved.")


@page(f"{HERE}/remove", methods=["POST"], permission="self")
async def remove_image(request: AnyRequest, visitor: Visitor) -> Page:
    """Show the initial again."""
    await images.remove(context_of(request), visitor.account_id, visitor.user_id)
    return redirect(request, "/profile", "The image is removed.")


@page("/people/{user_id:int}/image", permission="self")
async def serve_image(request: AnyRequest, visitor: Visitor, user_id: int) -> Response[Any]:
    """The picture of somebody of the visitor's account; its address changes with it."""
    found = await images.find(context_of(request), visitor.account_id, user_id)
    if found is None:
        raise NotFoundException
    tag = f'"{found.version}"'
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers={**HEADERS, "ETag": tag})
    return Response(found.content, media_type=images.MEDIA_TYPE, headers={**HEADERS, "ETag": tag})


pages: list[Any] = [own_image, save_image, remove_image, serve_image]
