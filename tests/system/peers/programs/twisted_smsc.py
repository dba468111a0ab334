"""A message centre on smpp.twisted's server, with the receipts of Jasmin's: run by the environment .venv-peers, not by ours.

Arguments: system_id, password. It tells its port, accepts every submit_sm, sends a receipt DELIVRD for each that asks for one, and
texts what a line of JSON says. Each line out names an ``event``.
"""

import json
import sys

from jasmin.protocols.smpp.operations import SMPPOperationFactory
from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassMode,
    EsmClassType,
    RegisteredDeliveryReceipt,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import IAuthenticatedSMPP, SMPPServerFactory
from twisted.cred import checkers, credentials, portal
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

SYSTEM_ID, PASSWORD = sys.argv[1:]
operations = SMPPOperationFactory()
ids = iter(range(1, 1_000_000))


def tell(event, **facts):
    """Write a line."""
    print(json.dumps({"event": event, **facts}, default=plain), flush=True)


def plain(value):
    """What JSON has no form for."""
    return value.hex() if isinstance(value, bytes) else getattr(value, "name", None) or str(value)


def received(system_id, smpp, pdu):
    """A submit_sm."""
    message_id, wanted = f"peer-{next(ids)}", pdu.params
    names = ("source_addr", "destination_addr", "short_message", "esm_class", "data_coding", "validity_period")
    more = ("sar_total_segments", "sar_segment_seqnum", "message_payload")
    facts = {name: wanted[name] for name in (*names, *more) if name in wanted}
    tell("submit_sm", message_id=message_id, **facts)
    if wanted["registered_delivery"].receipt != RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED:
        receipt = operations.getReceipt(
            "deliver_sm", message_id, wanted["source_addr"], wanted["destination_addr"], "DELIVRD", "000",
            "2026-01-01 00:00:00", AddrTon.ALPHANUMERIC, AddrNpi.UNKNOWN, AddrTon.INTERNATIONAL, AddrNpi.ISDN,
        )  # fmt: skip
        reactor.callLater(0, send, smpp, receipt, "receipt")
    return DataHandlerResponse(status=CommandStatus.ESME_ROK, message_id=message_id)


def send(smpp, pdu, what):
    """A deliver_sm; its answer is told."""
    smpp.sendDataRequest(pdu).addCallbacks(
        lambda result: tell("answered", what=what, status=result.response.status),
        lambda failure: tell("failed", what=what, why=str(failure.value)),
    )


class Commands(LineReceiver):
    """What the test wants."""

    delimiter = b"\n"

    def lineReceived(self, line):
        """An incoming message: source, to, text in hexadecimal."""
        wanted = json.loads(line)
        pdu = DeliverSM(
            source_addr=wanted["source"], destination_addr=wanted["to"], short_message=bytes.fromhex(wanted["text"]),
            data_coding=DataCoding(schemeData=DataCodingDefault.UCS2),
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT),
            source_addr_ton=AddrTon.INTERNATIONAL, source_addr_npi=AddrNpi.ISDN,
            dest_addr_ton=AddrTon.INTERNATIONAL, dest_addr_npi=AddrNpi.ISDN,
        )  # fmt: skip
        for bind in factory.getBoundConnections(SYSTEM_ID):
            send(bind, pdu, "incoming")

    def connectionLost(self, reason):
        """The test is over."""
        reactor.stop()


@implementer(portal.IRealm)
class Realm:
    """Whoever knows the password may bind."""

    def requestAvatar(self, avatar, mind, *interfaces):
        """The system_id."""
        return IAuthenticatedSMPP, avatar, lambda: None


@implementer(checkers.ICredentialsChecker)
class Checker:
    """The one system_id and its password."""

    credentialInterfaces = (credentials.IUsernamePassword,)  # noqa: N815 - a name of Twisted

    def requestAvatarId(self, given):
        """The system_id. Raises UnauthorizedLogin."""
        if (given.username, given.password) != (SYSTEM_ID, PASSWORD):
            raise UnauthorizedLogin
        return given.username


config = SMPPServerConfig(systems={SYSTEM_ID: {"max_bindings": 2}}, msgHandler=received)
factory = SMPPServerFactory(config, portal.Portal(Realm(), [Checker()]))
listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
tell("listening", port=listening.getHost().port)
stdio.StandardIO(Commands())
reactor.run()
