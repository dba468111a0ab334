"""Files that a short link leads to: kept by the platform, opened by whoever has the link (url-shortener.md 3.1, sms.md 9.2)."""

from __future__ import annotations

from datetime import timedelta

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.documents.scanning import scan
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, GIF, HEAD, JPEG, PDF, PNG, WEBP, WrongType, checked_type

MAX_HOSTED = 10_000_000
TAKEN = (PDF, PNG, JPEG, GIF, WEBP, CSV)


class NotHosted(ValueError):
    """A file cannot be kept; the message says why."""


async def host(context: Context, account_id: int, name: str, claimed: str, data: bytes, by: str) -> str:
    """Keep a file for as long as messages are kept; returns its long URL. Raises NotHosted."""
    if len(data) > MAX_HOSTED:
        raise NotHosted(f"The file is larger than {MAX_HOSTED // 1_000_000} MB.")
    try:
        kind = checked_type(name, claimed, data[:HEAD], TAKEN)
        await scan(context, data)
    except WrongType as problem:
        raise NotHosted(str(problem)) from problem
    except StrowgerError as problem:
        raise NotHosted(problem.detail or "The file cannot be taken now.") from problem
    life = timedelta(days=context.settings.retention_days)
    expires = context.clock.now() + life
    stored = await files.save(context, account_id, name, kind, data, by=by, expires=expires, most=MAX_HOSTED)
    return files.link(context, stored, life)
