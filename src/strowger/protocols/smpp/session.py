"""What may be said when: session states, allowed commands and sequence numbers (SMPP 3.4 sections 2.2, 2.3, 3.2.1)."""

from enum import Enum
from typing import Final, Literal, NamedTuple

from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.constants import MAX_SEQUENCE

Party = Literal["esme", "smsc"]


class SessionState(Enum):
    """The states of a session (section 2.2); UNBOUND is after an unbind, while the connection still stands."""

    OPEN = "open"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBOUND = "unbound"
    CLOSED = "closed"

    @property
    def is_bound(self) -> bool:
        """Tell whether a bind was accepted and stands."""
        return self in BOUND

    @property
    def can_submit(self) -> bool:
        """Tell whether the ESME may submit."""
        return self in _TRANSMIT

    @property
    def can_deliver(self) -> bool:
        """Tell whether the SMSC may deliver."""
        return self in _RECEIVE


class Rule(NamedTuple):
    """The states in which a command may be sent, and by whom."""

    states: frozenset[SessionState]
    senders: frozenset[Party]


_S = SessionState
BOUND: Final = frozenset({_S.BOUND_TX, _S.BOUND_RX, _S.BOUND_TRX})
_TRANSMIT: Final = frozenset({_S.BOUND_TX, _S.BOUND_TRX})
_RECEIVE: Final = frozenset({_S.BOUND_RX, _S.BOUND_TRX})
_OPEN: Final = frozenset({_S.OPEN})
_CONNECTED: Final = BOUND | {_S.OPEN, _S.UNBOUND}
_ESME: Final[frozenset[Party]] = frozenset({"esme"})
_SMSC: Final[frozenset[Party]] = frozenset({"smsc"})
_BOTH: Final = _ESME | _SMSC

# Table 2-1. Wider than the table: replace_sm also for a transceiver, which has all operations of a transmitter
# (section 2.2); enquire_link and generic_nack whenever there is a connection; unbind_resp after unbinding.
ALLOWED: Final[dict[int, Rule]] = {
    c.BIND_TRANSMITTER: Rule(_OPEN, _ESME),
    c.BIND_TRANSMITTER_RESP: Rule(_OPEN, _SMSC),
    c.BIND_RECEIVER: Rule(_OPEN, _ESME),
    c.BIND_RECEIVER_RESP: Rule(_OPEN, _SMSC),
    c.BIND_TRANSCEIVER: Rule(_OPEN, _ESME),
    c.BIND_TRANSCEIVER_RESP: Rule(_OPEN, _SMSC),
    c.OUTBIND: Rule(_OPEN, _SMSC),
    c.UNBIND: Rule(BOUND, _BOTH),
    c.UNBIND_RESP: Rule(BOUND | {_S.UNBOUND}, _BOTH),
    c.SUBMIT_SM: Rule(_TRANSMIT, _ESME),
    c.SUBMIT_SM_RESP: Rule(_TRANSMIT, _SMSC),
    c.SUBMIT_MULTI: Rule(_TRANSMIT, _ESME),
    c.SUBMIT_MULTI_RESP: Rule(_TRANSMIT, _SMSC),
    c.DATA_SM: Rule(BOUND, _BOTH),
    c.DATA_SM_RESP: Rule(BOUND, _BOTH),
    c.DELIVER_SM: Rule(_RECEIVE, _SMSC),
    c.DELIVER_SM_RESP: Rule(_RECEIVE, _ESME),
    c.QUERY_SM: Rule(_TRANSMIT, _ESME),
    c.QUERY_SM_RESP: Rule(_TRANSMIT, _SMSC),
    c.CANCEL_SM: Rule(_TRANSMIT, _ESME),
    c.CANCEL_SM_RESP: Rule(_TRANSMIT, _SMSC),
    c.REPLACE_SM: Rule(_TRANSMIT, _ESME),
    c.REPLACE_SM_RESP: Rule(_TRANSMIT, _SMSC),
    c.ENQUIRE_LINK: Rule(_CONNECTED, _BOTH),
    c.ENQUIRE_LINK_RESP: Rule(_CONNECTED, _BOTH),
    c.ALERT_NOTIFICATION: Rule(_RECEIVE, _SMSC),
    c.GENERIC_NACK: Rule(_CONNECTED, _BOTH),
}

# The state that an accepted bind leads to, by the id of the bind or of its answer.
STATE_AFTER_BIND: Final[dict[int, SessionState]] = {
    c.BIND_TRANSMITTER: _S.BOUND_TX,
    c.BIND_TRANSMITTER_RESP: _S.BOUND_TX,
    c.BIND_RECEIVER: _S.BOUND_RX,
    c.BIND_RECEIVER_RESP: _S.BOUND_RX,
    c.BIND_TRANSCEIVER: _S.BOUND_TRX,
    c.BIND_TRANSCEIVER_RESP: _S.BOUND_TRX,
}


def is_allowed(command_id: int, state: SessionState, sender: Party) -> bool:
    """Tell whether this party may send this command in this state; an unknown command never."""
    rule = ALLOWED.get(command_id)
    return rule is not None and state in rule.states and sender in rule.senders


class SequenceCounter:
    """Gives 1 to 0x7FFFFFFF and starts again (section 5.1.4)."""

    __slots__ = ("_last",)

    def __init__(self, last: int = 0) -> None:
        self._last = last

    def next(self) -> int:
        """Give the next number."""
        self._last = self._last + 1 if self._last < MAX_SEQUENCE else 1
        return self._last
