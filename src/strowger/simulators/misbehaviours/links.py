"""Misbehaviours of the link: binds, keep-alive, and its end."""

from __future__ import annotations

from typing import ClassVar

from strowger.protocols.smpp.status import ESME_RBINDFAIL
from strowger.simulators.misbehaving import EveryNth, Misbehaviour, Status, Times
from strowger.simulators.plan import Plan, Submission


class Silent(Misbehaviour[Plan, Submission], frozen=True):
    """Accepts the TCP connection and never answers the bind, nor anything after it."""

    name: ClassVar[str] = "silent"


class BindRefused(Misbehaviour[Plan, Submission], frozen=True):
    """Answers a bind with an error."""

    name: ClassVar[str] = "bind-refused"
    status: Status = ESME_RBINDFAIL


class EnquireLinkIgnored(Misbehaviour[Plan, Submission], frozen=True):
    """Never answers enquire_link."""

    name: ClassVar[str] = "enquire-link-ignored"


class DropsLink(EveryNth[Plan, Submission], frozen=True):
    """Cuts the connection at a submission, unanswered; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "drops-link-mid-window"
    every: Times = 100
    takes: bool = False

    def act(self, plan: Plan) -> None:
        """Cut."""
        plan.afterwards, plan.answer = "drop", "none"
        plan.taken = plan.taken and self.takes


class UnbindsAfter(EveryNth[Plan, Submission], frozen=True):
    """Answers the n-th submission and then unbinds."""

    name: ClassVar[str] = "unbinds-after"
    every: Times = 100

    def act(self, plan: Plan) -> None:
        """Unbind after the answer."""
        plan.afterwards = "unbind"
