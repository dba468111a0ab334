"""Replies typed on a handset: deliver_sm, in parts where the text is long."""

from __future__ import annotations

from itertools import count
from typing import Final

from strowger.protocols.gsm import encode_text, udh_concat
from strowger.protocols.smpp import DeliverSm, Npi, Ton, build_pdu
from strowger.protocols.smpp.constants import ESM_UDHI
from strowger.simulators.centre import ANY_SYSTEM, Centre
from strowger.simulators.handsets import HandsetMessage
from strowger.simulators.outbox import Delivery

MAX_PARTS: Final = 255
MAX_ADDRESS: Final = 20
HEADER_SIZE: Final = 16
_references = count(1)


class BadReply(ValueError):
    """The reply cannot be sent; the message says why."""


class _Parts:
    """Counts the acknowledgements of a reply's parts."""

    def __init__(self, centre: Centre, message: HandsetMessage) -> None:
        self._centre = centre
        self._message = message
        self._left = message.parts

    def ended(self, acknowledged: bool) -> None:
        self._left -= 1
        if not acknowledged and self._message.status != "failed":
            self._message.status = "failed"
            self._centre.events.reply(self._message)
        elif not self._left and self._message.status == "queued":
            self._message.status = "acknowledged"
            self._centre.events.reply(self._message)


def send_reply(centre: Centre, number: str, to: str, text: str, system_id: str | None = None) -> HandsetMessage:
    """Send ``text`` from a handset to ``to``; returns the reply as the handset keeps it, status queued.

    It goes to ``system_id`` when given, else to the one that wrote to this handset as ``to``, else to any bound receiver;
    with no receiver bound it waits. Raises BadReply.
    """
    _check(number, to, text)
    encoded = encode_text(text)
    if len(encoded.parts) > MAX_PARTS:
        raise BadReply(f"the text has {len(encoded.parts)} parts; {MAX_PARTS} is the most")
    target = system_id or centre.handsets.system_of(number, to) or centre.system_with_receiver() or ANY_SYSTEM
    message = centre.handsets.sent(number, to, text, target, encoded.encoding, len(encoded.parts))
    centre.events.reply(message)
    ended = _Parts(centre, message).ended
    outbox = centre.outbox(target)
    for body in _bodies(number, to, encoded.parts, encoded.data_coding):
        outbox.put(Delivery(body, "replies", on_end=ended))
    return message


def _check(number: str, to: str, text: str) -> None:
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_ADDRESS):
        raise BadReply("a handset's number has 1 to 20 digits")
    if not (to.isascii() and to.isprintable() and 0 < len(to) <= MAX_ADDRESS):
        raise BadReply("the recipient has 1 to 20 characters of ASCII")
    if not text:
        raise BadReply("the text is empty")


def _bodies(number: str, to: str, parts: tuple[bytes, ...], data_coding: int) -> list[bytes]:
    reference = next(_references)
    bodies = []
    for n, part in enumerate(parts, start=1):
        header = udh_concat(reference, len(parts), n) if len(parts) > 1 else b""
        pdu = DeliverSm(
            source_addr_ton=Ton.INTERNATIONAL,
            source_addr_npi=Npi.ISDN,
            source_addr=number,
            dest_addr_ton=_ton(to),
            dest_addr_npi=Npi.UNKNOWN if _ton(to) == Ton.ALPHANUMERIC else Npi.ISDN,
            destination_addr=to.lstrip("+"),
            esm_class=ESM_UDHI if header else 0,
            data_coding=data_coding,
            short_message=header + part,
        )
        bodies.append(build_pdu(pdu)[HEADER_SIZE:])
    return bodies


def _ton(address: str) -> Ton:
    digits = address.lstrip("+")
    if not digits.isdecimal():
        return Ton.ALPHANUMERIC
    return Ton.INTERNATIONAL if len(digits) > 8 else Ton.NETWORK_SPECIFIC
