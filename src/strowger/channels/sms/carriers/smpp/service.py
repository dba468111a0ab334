"""The SMPP carrier: the binds that this process holds."""

from __future__ import annotations

from strowger.channels.sms.carriers.holding import LinkedCarrier
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.link import Link


class SmppCarrier(LinkedCarrier[SmppConfig]):
    """A LiveCarrier over SMPP."""

    kind = SmppConfig

    @property
    def size(self) -> int:
        """As configured."""
        return self._config.binds

    def make_link(self, bind: int) -> Link:
        """One of its binds, not yet started."""
        return Link(self._around, self._config, self._secret, bind, self._paused)
