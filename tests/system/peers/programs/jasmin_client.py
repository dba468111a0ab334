"""Jasmin's SMPP client connector, driven by lines of JSON: run by the environment .venv-peers, not by ours.

Arguments: port, system_id, password, how long texts are split (sar or udh). A line in names a ``do``; each
line out names an ``event``.
"""

import json
import sys

from jasmin.protocols.smpp.configs import SMPPClientConfig
from jasmin.protocols.smpp.factory import SMPPClientFactory
from jasmin.protocols.smpp.operations import SMPPOperationFactory
from smpp.pdu.operations import CancelSM, QuerySM
from smpp.pdu.pdu_types import AddrNpi, AddrTon, CommandStatus, RegisteredDelivery, RegisteredDeliveryReceipt
from smpp.pdu.smpp_time import SMPPRelativeTime
from smpp.twisted.protocol import DataHandlerResponse
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver

PORT, SYSTEM_ID, PASSWORD, SPLIT = sys.argv[1:]
ANSWER_SECONDS = 30
ADDRESSES = {
    "source_addr_ton": AddrTon.ALPHANUMERIC, "source_addr_npi": AddrNpi.UNKNOWN,
    "dest_addr_ton": AddrTon.INTERNATIONAL, "dest_addr_npi": AddrNpi.ISDN,
}  # fmt: skip


def tell(event, **facts):
    """Write a line."""
    print(json.dumps({"event": event, **facts}, default=plain), flush=True)


def plain(value):
    """What JSON has no form for."""
    return value.decode("latin-1") if isinstance(value, bytes) else getattr(value, "name", None) or str(value)


config = SMPPClientConfig(
    id="peer", port=int(PORT), username=SYSTEM_ID, password=PASSWORD, log_file="jasmin.log",
    bindOperation="transceiver", reconnectOnConnectionLoss=False,
    registered_delivery=RegisteredDelivery(RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED),
)  # fmt: skip
operations = SMPPOperationFactory(config, long_content_max_parts=10, long_content_split=SPLIT)


def received(smpp, pdu):
    """A deliver_sm: a receipt as Jasmin reads it, or an incoming message."""
    receipt = operations.isDeliveryReceipt(pdu)
    if receipt is not None:
        tell("receipt", **receipt)
    else:
        names = ("source_addr", "destination_addr", "short_message", "message_payload")
        tell("incoming", **{name: pdu.params.get(name) for name in names}, coding=pdu.params["data_coding"].schemeData)
    return DataHandlerResponse(CommandStatus.ESME_ROK)


factory = SMPPClientFactory(config, msgHandler=received)


class Commands(LineReceiver):
    """What the test wants."""

    delimiter = b"\n"
    MAX_LENGTH = 1 << 16

    def lineReceived(self, line):
        """One command."""
        wanted = json.loads(line)
        getattr(self, wanted.pop("do"))(**wanted)

    def connectionLost(self, reason):
        """The test is over."""
        reactor.stop()

    def submit(self, to, source, text, coding=0, schedule=None, tlvs=()):
        """``text`` in hexadecimal; ``schedule`` in minutes from now."""
        more = {"schedule_delivery_time": SMPPRelativeTime(0, 0, 0, 0, schedule, 0)} if schedule else {}
        pdu = operations.SubmitSM(
            bytes.fromhex(text), coding, source_addr=source, destination_addr=to, **more,
            custom_tlvs=[(tag, None, "OctetString", value.encode()) for tag, value in tlvs], **ADDRESSES,
        )  # fmt: skip
        self.ask(pdu, "submitted")

    def query(self, message_id, source):
        """query_sm."""
        self.ask(QuerySM(message_id=message_id, source_addr=source, **SOURCE), "state")

    def cancel(self, message_id, source, to):
        """cancel_sm."""
        self.ask(
            CancelSM(message_id=message_id, source_addr=source, destination_addr=to, **ADDRESSES), "cancelled"
        )  # fmt: skip

    def ask(self, pdu, event):
        """Send a request and tell of its answer."""

        def answered(result):
            tell(event, status=result.response.status, **result.response.params)

        def failed(failure):
            answer = getattr(failure.value, "response", None)
            tell(event, status=getattr(answer, "status", None) or str(failure.value))

        factory.smpp.sendRequest(pdu, ANSWER_SECONDS).addCallbacks(answered, failed)


SOURCE = {name: ADDRESSES[name] for name in ("source_addr_ton", "source_addr_npi")}


def bound(_):
    """Ready for commands, unless the bind was refused, of which Jasmin only writes in its log."""
    if not factory.smpp.isBound():
        tell("refused")
        reactor.stop()
        return
    tell("bound")
    stdio.StandardIO(Commands())


factory.connectAndBind().addCallback(bound)
reactor.run()
