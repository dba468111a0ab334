"""Links to stored files that work without signing in."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.pages import AnyRequest, context_of, public_page
from strowger.platform.files import service as files


@public_page("/files/{token:str}")
async def linked_file(request: AnyRequest, token: str) -> Response[Any]:
    """Download the file of a link."""
    context = context_of(request)
    stored = await files.open_link(context, token)
    if stored is None:
        raise NotFoundException
    return files.download(context, stored)


pages: list[Any] = [linked_file]
