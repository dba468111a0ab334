"""One bound session of a bind: a transceiver, or a transmitter and a receiver that live and end together."""

from __future__ import annotations

import asyncio

from strowger.channels.sms.carriers.counters import Counters
from strowger.channels.sms.carriers.pacing import Pace
from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.connection import Connection, connect
from strowger.channels.sms.carriers.smpp.receiver import Receiver
from strowger.channels.sms.carriers.smpp.sender import Sender

SETTLE_SECONDS = 2.0


class Session:
    """What is bound now. Made by ``open``; over when ``ended`` returns."""

    def __init__(self, sending: Connection, receiving: Connection, sender: Sender, receiver: Receiver) -> None:
        self._sending = sending
        self._receiving = receiving
        self.sender = sender
        self.receiver = receiver

    @classmethod
    async def open(
        cls, around: Surroundings, config: SmppConfig, password: str, pace: Pace, counters: Counters, bind: int
    ) -> Session:
        """Connect and bind. Raises LinkFailed."""
        receivers: list[Receiver] = []

        def prepare(connection: Connection) -> None:
            # Receipts may come in before we have seen the answer to the bind.
            receivers.append(Receiver(around, config, connection, counters, bind))

        if config.bind_mode == "trx":
            receiving = sending = await connect(config, password, "trx", prepare, around.mark)
        else:
            receiving = await connect(config, password, "rx", prepare, around.mark)
            try:
                sending = await connect(config, password, "tx", lambda _: None)
            except BaseException:
                receiving.fail("the transmitter could not be bound")
                raise
        sender = Sender(around, config, sending, pace, counters, bind)
        return cls(sending, receiving, sender, receivers[0])

    def apply(self, config: SmppConfig) -> None:
        """Use another configuration of what can change while bound."""
        self.sender.apply(config)
        self.receiver.apply(config)
        for connection in {self._sending, self._receiving}:
            connection.keep_alive_every(config.enquire_link, config.response_timeout)

    async def ended(self) -> str:
        """Return the reason when the session is over and all that was begun on it is reported."""
        await asyncio.wait({self._sending.closed, self._receiving.closed}, return_when=asyncio.FIRST_COMPLETED)
        first = self._sending if self._sending.is_closed else self._receiving
        reason = first.closed.result()
        for connection in (self._sending, self._receiving):
            connection.fail(reason)
        await self.sender.close(reason)
        return reason

    async def stop(self, drain_seconds: float) -> None:
        """Drain, unbind and close; ``ended`` returns then."""
        await self.sender.drain(drain_seconds)
        await self.receiver.settle(SETTLE_SECONDS)
        await asyncio.gather(*(connection.unbind() for connection in {self._sending, self._receiving}))
        await self.receiver.settle(SETTLE_SECONDS)

    def break_off(self, reason: str) -> None:
        """Close without a goodbye."""
        self._sending.fail(reason)
        self._receiving.fail(reason)
