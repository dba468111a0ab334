"""The HTTP carrier: the senders that this process holds."""

from __future__ import annotations

from strowger.channels.sms.carriers.holding import LinkedCarrier
from strowger.channels.sms.carriers.http.config import HttpConfig
from strowger.channels.sms.carriers.http.link import HttpLink


class HttpCarrier(LinkedCarrier[HttpConfig]):
    """A LiveCarrier over HTTP."""

    kind = HttpConfig

    @property
    def size(self) -> int:
        """As configured."""
        return self._config.binds

    def make_link(self, bind: int) -> HttpLink:
        """One of its senders, not yet started."""
        return HttpLink(self._around, self._config, self._secret, bind, self._paused)
