"""Built scripts, styles and icons: their addresses with content hash, and the handler that serves them."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

DIST = Path(__file__).parent / "static" / "dist"
BASE = "/static/"
PACKED = (".js", ".css", ".svg", ".json", ".txt")
FOREVER = "public, max-age=31536000, immutable"


class AssetsMissing(RuntimeError):
    """The assets were not built; the text says how."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served: ``packed`` is its gzip form, or None where packing gains nothing."""

    body: bytes
    packed: bytes | None
    media_type: str
    etag: str


@lru_cache(maxsize=1)
def manifest() -> dict[str, str]:
    """Logical name (``console-app.js``, ``icons.svg``) to the file name with its hash."""
    try:
        names: dict[str, str] = msgspec.json.decode((DIST / "manifest.json").read_bytes())
    except OSError:
        raise AssetsMissing("The console's assets are not built. Run: python scripts/build_assets.py") from None
    return names


def asset_url(name: str) -> str:
    """The address of an asset by its logical name. Raises KeyError when no bundle has that name."""
    return BASE + manifest()[name]


@lru_cache(maxsize=256)
def load(name: str) -> StaticFile | None:
    """A built file by its name in the folder; None when there is none."""
    path = DIST / name
    if path.parent != DIST or not path.is_file() or name == "stamp":
        return None
    body = path.read_bytes()
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type == "text/javascript" or media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in PACKED else None
    return StaticFile(body, packed, media_type, f'"{name}"')


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=False)
def serve_asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A built file, cached for good: a changed file has another name."""
    file = load(name)
    if file is None:
        raise NotFoundException
    headers = {
        "Cache-Control": FOREVER,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers)
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.body, media_type=file.media_type, headers=headers)
