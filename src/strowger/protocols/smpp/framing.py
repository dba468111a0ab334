"""Cuts a TCP stream into SMPP frames by their command_length (SMPP 3.4 section 3.2)."""

from strowger.protocols.smpp.constants import HEADER_SIZE, MAX_FRAME_SIZE
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.status import ESME_RINVCMDLEN


class FrameReader:
    """Collects octets and gives complete frames.

    A bad length ends the stream, since nothing after it can be trusted. Whole frames in front of it are returned
    first; `failure` is set at once and raised by every later `feed`.
    """

    __slots__ = ("_needed", "_partial", "failure", "max_size")

    def __init__(self, max_size: int = MAX_FRAME_SIZE) -> None:
        self.max_size = max_size
        self.failure: SmppError | None = None
        self._partial = bytearray()
        self._needed = 0

    @property
    def pending(self) -> int:
        """How many octets of an unfinished frame are held."""
        return len(self._partial)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next octets and return the frames that they complete, in order."""
        if self.failure is not None:
            raise self.failure
        if self._partial:
            self._partial += data
            if len(self._partial) < self._needed:
                return []
            data = bytes(self._partial)
            self._partial.clear()
        return self._cut(data)

    def _cut(self, data: bytes) -> list[bytes]:
        frames: list[bytes] = []
        position = 0
        size = len(data)
        needed = 4
        while size - position >= 4:
            length = int.from_bytes(data[position : position + 4], "big")
            if not HEADER_SIZE <= length <= self.max_size:
                return self._fail(length, frames)
            if size - position < length:
                needed = length
                break
            frames.append(data[position : position + length])
            position += length
        if position < size:
            self._partial += data[position:]
            self._needed = needed
        return frames

    def _fail(self, length: int, frames: list[bytes]) -> list[bytes]:
        self.failure = SmppError(f"command_length {length}", ESME_RINVCMDLEN, field="command_length", position=0)
        if not frames:
            raise self.failure
        return frames
