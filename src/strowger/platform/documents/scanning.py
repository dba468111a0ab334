"""The virus scanner, where the operator has one: clamd's protocol INSTREAM over TCP (man 8 clamd)."""

from __future__ import annotations

import asyncio

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger

log = get_logger(__name__)
SECONDS = 30.0
CHUNK = 65_536


async def scan(context: Context, data: bytes) -> None:
    """Let the scanner of STROWGER_CLAMD look at content. Raises DOC422 for a finding, Unavailable when it does not answer."""
    if not context.settings.clamd:
        return
    host, _, port = context.settings.clamd.rpartition(":")
    try:
        async with asyncio.timeout(SECONDS):
            said = await _ask(host, int(port), data)
    except (OSError, TimeoutError, EOFError) as problem:
        log.warning("scanner_silent", problem=repr(problem))
        raise Unavailable("The virus scanner does not answer; nothing was stored") from problem
    if said.endswith("FOUND"):
        log.warning("virus_found", said=said[:200])
        raise StrowgerError("DOC422", "The virus scanner refuses this file", field="file")
    if not said.endswith("OK"):
        log.warning("scanner_failed", said=said[:200])
        raise Unavailable("The virus scanner failed; nothing was stored")


async def _ask(host: str, port: int, data: bytes) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"zINSTREAM\0")
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            writer.write(len(piece).to_bytes(4, "big") + piece)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace").strip()
    finally:
        writer.close()
