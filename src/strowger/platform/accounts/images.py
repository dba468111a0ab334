"""The picture of a user: checked, cut to a square and written anew, so that nothing of the sent file is ever served."""

from __future__ import annotations

import asyncio
import hashlib
import io

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.context import Context
from strowger.platform.accounts import repository
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.models import UserImage
from strowger.platform.files.types import HEAD, JPEG, PNG, WEBP, WrongType, checked_type

TAKEN = (PNG, JPEG, WEBP)
MOST = 2_000_000  # bytes as sent (console.md 5.6)
MOST_PIXELS = 40_000_000
SIDE = 256
MEDIA_TYPE = WEBP
KEY = "image"  # in User.preferences: the version, so that a page needs no query to show it
_slots = asyncio.Semaphore(2)


def _cut(content: bytes) -> bytes:
    """The middle square in ``SIDE`` pixels, upright, without what the camera wrote. Raises AccountProblem."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as sent:
            if sent.width * sent.height > MOST_PIXELS:
                raise AccountProblem(f"The image has more than {MOST_PIXELS // 1_000_000} million pixels.")
            sent.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(sent)
            kind = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
            square = ImageOps.fit(upright.convert(kind), (SIDE, SIDE))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        if isinstance(problem, AccountProblem):
            raise
        raise AccountProblem("The file cannot be read as an image.") from problem
    plain = Image.new(kind, square.size)
    plain.paste(square)
    written = io.BytesIO()
    plain.save(written, "WEBP", quality=88, method=4)
    return written.getvalue()


async def save(context: Context, account_id: int, user_id: int, name: str, claimed: str, content: bytes) -> None:
    """Keep a picture in place of the one before. Raises AccountProblem for what is no PNG, JPEG or WebP of at most 2 MB."""
    if not content:
        raise AccountProblem("Choose a file.")
    if len(content) > MOST:
        raise AccountProblem(f"The file has {len(content):,} bytes; at most {MOST:,}.")
    try:
        checked_type(name, claimed, content[:HEAD], TAKEN)
    except WrongType as problem:
        raise AccountProblem(str(problem)) from problem
    async with _slots:
        cut = await asyncio.to_thread(_cut, content)
    version = hashlib.sha256(cut).hexdigest()[:16]
    async with context.database.session() as session:
        await session.merge(
            UserImage(
                user_id=user_id, account_id=account_id, version=version, content=cut, changed_at=context.clock.now()
            )
        )
        await _note(session, account_id, user_id, version)


async def remove(context: Context, account_id: int, user_id: int) -> None:
    """Show the initial again."""
    async with context.database.session() as session:
        await repository.drop_image(session, account_id, user_id)
        await _note(session, account_id, user_id, "")


async def _note(session: AsyncSession, account_id: int, user_id: int, version: str) -> None:
    user = await repository.user(session, account_id, user_id)
    if user is not None:
        user.preferences = {**user.preferences, KEY: version}


async def find(context: Context, account_id: int, user_id: int) -> UserImage | None:
    """The picture of a user of an account."""
    async with context.database.session() as session:
        return await repository.image(session, account_id, user_id)


def path_of(user_id: int, version: str) -> str:
    """Where a picture is served; empty when there is none."""
    return f"/people/{user_id}/image?v={version}" if version else ""
