"""What a bind meets: misbehaviours first, then the credentials."""

from __future__ import annotations

from dataclasses import dataclass

from strowger.protocols.smpp import Bind
from strowger.protocols.smpp.status import ESME_RINVPASWD, ESME_RINVSYSID
from strowger.simulators.centre import Centre
from strowger.simulators.misbehaviours.links import BindRefused, Silent


@dataclass(frozen=True, slots=True)
class BindDecision:
    """``status`` 0 accepts. ``silent``: no answer, now or later. ``close``: no answer, and the connection ends."""

    status: int = 0
    silent: bool = False
    close: bool = False


ACCEPT = BindDecision()


def decide_bind(centre: Centre, bind: Bind) -> BindDecision:
    """Decide over a bind, and count it."""
    decision = _misbehave(centre, bind) or _check_credentials(centre, bind)
    if decision is ACCEPT:
        centre.counters.binds += 1
    else:
        centre.counters.binds_refused += 1
    return decision


def _misbehave(centre: Centre, bind: Bind) -> BindDecision | None:
    for active in centre.switchboard.of(bind.system_id):
        if isinstance(active.misbehaviour, Silent):
            return BindDecision(silent=True)
        if isinstance(active.misbehaviour, BindRefused):
            return BindDecision(active.misbehaviour.status)
    return None


def _check_credentials(centre: Centre, bind: Bind) -> BindDecision:
    credentials = centre.credentials
    if credentials is None or credentials.get(bind.system_id) == bind.password:
        return ACCEPT
    if centre.refusal == "answer":
        return BindDecision(ESME_RINVPASWD if bind.system_id in credentials else ESME_RINVSYSID)
    return BindDecision(silent=True, close=centre.refusal == "close")
