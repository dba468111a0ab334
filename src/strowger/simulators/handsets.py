"""Handsets by number: they join and decode what arrives as a phone would, and keep the last messages."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from strowger.protocols.gsm import DefaultAlphabet, decode_text, is_binary, message_class
from strowger.protocols.smpp import Ton
from strowger.simulators.plan import Submission

MAX_HANDSETS: Final = 2_000
MAX_MESSAGES: Final = 200
MAX_INCOMPLETE: Final = 2_000

ReplyStatus = Literal["", "queued", "acknowledged", "failed"]


class HandsetMessage(msgspec.Struct):
    """A message as the handset shows it. ``peer`` is the sender (in) or the recipient (out); ``at`` is UTC.

    ``encoding``: GSM7, UCS2, binary (``text`` is hexadecimal) or other; ``port``: the application port of its header.
    ``status`` is that of a reply: queued until every part is acknowledged.
    """

    id: int
    handset: str
    direction: Literal["in", "out"]
    peer: str
    text: str
    at: datetime
    system_id: str = ""
    alphanumeric: bool = False
    encoding: str = "GSM7"
    flash: bool = False
    parts: int = 1
    port: int | None = None
    status: ReplyStatus = ""


class _Handset:
    __slots__ = ("messages", "system_of")

    def __init__(self) -> None:
        self.messages: deque[HandsetMessage] = deque(maxlen=MAX_MESSAGES)
        self.system_of: dict[str, str] = {}


_Parts = dict[int, Submission]


class Handsets:
    """All handsets. ``on_message`` is called with each complete message; the longest unused handset is dropped first."""

    def __init__(
        self, on_message: Callable[[HandsetMessage], None], default_alphabet: DefaultAlphabet = "gsm7"
    ) -> None:
        self._handsets: OrderedDict[str, _Handset] = OrderedDict()
        self._incomplete: OrderedDict[tuple[str, str, int, int], _Parts] = OrderedDict()
        self._on_message = on_message
        self._alphabet: DefaultAlphabet = default_alphabet
        self._serial = 0

    def __len__(self) -> int:
        return len(self._handsets)

    def arrive(self, system_id: str, submission: Submission) -> None:
        """A part or a whole message reaches the handset; a long message shows when its last part is there."""
        pdu, concat = submission.pdu, submission.concat
        number = pdu.destination_addr.lstrip("+")
        handset = self._handset(number)
        if concat is None or concat.total == 1:
            self._show(system_id, handset, number, [submission])
            return
        key = (number, pdu.source_addr, concat.ref, concat.total)
        parts = self._incomplete.get(key)
        if parts is None:
            parts = self._incomplete[key] = {}
            if len(self._incomplete) > MAX_INCOMPLETE:
                self._incomplete.popitem(last=False)
        parts[concat.n] = submission
        if len(parts) == concat.total:
            del self._incomplete[key]
            self._show(system_id, handset, number, [parts[n] for n in sorted(parts)])

    def sent(self, number: str, to: str, text: str, system_id: str, encoding: str, parts: int) -> HandsetMessage:
        """Keep a reply, status queued."""
        handset = self._handset(number)
        message = HandsetMessage(
            self._next(), number, "out", to, text, datetime.now(UTC), system_id, not to.isdecimal(), encoding,
            parts=parts, status="queued",
        )  # fmt: skip
        handset.messages.append(message)
        return message

    def system_of(self, number: str, peer: str) -> str | None:
        """The system_id that last sent to this handset from ``peer``; failing that, from anyone."""
        handset = self._handsets.get(number)
        if handset is None or not handset.system_of:
            return None
        return handset.system_of.get(peer) or next(reversed(handset.system_of.values()))

    def messages(self, number: str) -> list[HandsetMessage]:
        """The messages of a handset, oldest first; empty when there is no such handset."""
        handset = self._handsets.get(number)
        return list(handset.messages) if handset else []

    def describe(self) -> list[dict[str, Any]]:
        """The handsets, last used first: number, count of messages, unfinished long messages, last message."""
        incomplete = Counter(key[0] for key in self._incomplete)
        return [
            {
                "number": number,
                "messages": len(handset.messages),
                "incomplete": incomplete[number],
                "last": handset.messages[-1] if handset.messages else None,
            }
            for number, handset in reversed(self._handsets.items())
        ]

    def delete(self, number: str | None = None) -> None:
        """Forget one handset, or all."""
        for known in [number] if number else list(self._handsets):
            self._handsets.pop(known, None)
            for key in [key for key in self._incomplete if key[0] == known]:
                del self._incomplete[key]

    def _handset(self, number: str) -> _Handset:
        handset = self._handsets.get(number)
        if handset is None:
            handset = self._handsets[number] = _Handset()
            if len(self._handsets) > MAX_HANDSETS:
                self._handsets.popitem(last=False)
        else:
            self._handsets.move_to_end(number)
        return handset

    def _show(self, system_id: str, handset: _Handset, number: str, parts: list[Submission]) -> None:
        pdu, peer = parts[0].pdu, parts[0].pdu.source_addr
        data_coding = pdu.data_coding
        udh = parts[0].udh
        message = HandsetMessage(
            self._next(),
            number,
            "in",
            peer,
            self._decode(parts),
            datetime.now(UTC),
            system_id,
            pdu.source_addr_ton == Ton.ALPHANUMERIC or not peer.lstrip("+").isdecimal(),
            encoding_name(data_coding),
            message_class(data_coding) == 0,
            len(parts),
            udh.ports.destination if udh and udh.ports else None,
        )
        handset.messages.append(message)
        handset.system_of.pop(peer, None)
        handset.system_of[peer] = system_id
        if len(handset.system_of) > MAX_MESSAGES:
            del handset.system_of[next(iter(handset.system_of))]
        self._on_message(message)

    def _decode(self, parts: list[Submission]) -> str:
        first = parts[0].pdu.data_coding
        if len(parts) == 1:
            return decode_text(parts[0].payload, first, default_alphabet=self._alphabet)
        if all(part.pdu.data_coding == first for part in parts):
            # Joined first: other senders than ours cut through surrogate and escape pairs.
            return decode_text(b"".join(part.payload for part in parts), first, default_alphabet=self._alphabet)
        return "".join(self._decode([part]) for part in parts)

    def _next(self) -> int:
        self._serial += 1
        return self._serial


def encoding_name(data_coding: int) -> str:
    """The encoding of a data coding in one word."""
    if is_binary(data_coding):
        return "binary"
    if data_coding == 8 or (data_coding >> 4 == 1 and data_coding & 0x0C == 8) or data_coding >> 4 == 0xE:
        return "UCS2"
    group_default = data_coding == 0 or data_coding >> 4 in {1, 0xF}
    return "GSM7" if group_default else "other"
