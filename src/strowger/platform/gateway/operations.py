"""Operations of the public API: the handler and, beside it, everything its description needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.keys import Principal
from strowger.platform.gateway.params import Params
from strowger.platform.gateway.repository import ClaimKey

JSON_TYPE = b"application/json"
XML_TYPE = b"application/xml"


@dataclass(slots=True)
class Answer:
    """What is sent back: HTTP status, JSON body, further headers."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Call:
    """One authenticated request as a handler sees it.

    ``id`` goes out as X-Request-Id and names what the request makes; ``name`` is its text. ``claim`` is its idempotency
    key, already claimed: a handler that stores something stores its answer under it in the same transaction. ``spaced``
    says that parameters came urlencoded, where an unescaped plus sign arrives as a space.
    """

    id: UUID
    name: str
    method: str
    path: str
    path_params: Mapping[str, Any]
    headers: Mapping[bytes, bytes]
    principal: Principal
    params: Params
    state: Any
    claim: ClaimKey | None = None
    spaced: bool = False

    @property
    def context(self) -> Context:
        """What the process holds: database, clock, settings, secrets."""
        context: Context = self.state.context
        return context

    def may(self, permission: str) -> bool:
        """Whether the key may do something besides what its operation names; a key without scopes may everything."""
        return not self.principal.scopes or permission in self.principal.scopes

    def require(self, permission: str, field: str) -> None:
        """Raise E403 for a parameter that asks for more than the key may."""
        if not self.may(permission):
            raise StrowgerError("E403", f"The key is not for this: it lacks {permission}", field=field)


Handler = Callable[[Call], Awaitable[Answer]]
# Of the application's state, the SID and the path's parameters: who calls, or None when an API key has to tell.
Admit = Callable[[Any, str, Mapping[str, Any]], Awaitable[Principal | None]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the description: JSON schema, what it means, an example."""

    name: str
    schema: Mapping[str, Any]
    text: str
    required: bool = False
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. ``path`` is what follows ``/v1``; ``parameters`` travel in the query or, for a POST, the body.

    ``codes`` are the errors that the handler may answer besides those of every operation; ``empty`` is ``data`` of a failure.
    ``result`` is the JSON schema of the success body and ``example`` one such body;
    ``also`` are further answers (status, schema, example). ``permission`` is what a key with scopes must hold to call
    it (platform/team/permissions.json); without one only keys without scopes may, and a test asks for the name.
    ``failure`` makes the body of failures in areas whose envelope differs from the common one, ``failure_schema`` describes it.
    Calls other than GET are written into the audit log; not ``audited`` are those that change nothing. Sending messages
    (permission ``messages.send``) is not either: the message log is its record.
    ``xml`` bodies are read where that is set, and answered in XML where ``answers_xml`` is, unless the client accepts JSON.
    ``files``: the largest multipart body in bytes, for operations that take files (``params.FilePart``); 0: none.
    ``area``: whose rate for each account (``gateway/service.py``) it counts to, besides that of the key; empty: none.
    ``admit``: the last part of the path is a secret that stands for an API key. It stays out of logs.
    """

    method: str
    path: str
    name: str
    summary: str
    text: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    path_parameters: tuple[Parameter, ...] = ()
    codes: tuple[str, ...] = ()
    status: int = 200
    result: Mapping[str, Any] = field(default_factory=dict)
    example: Any = None
    versions: tuple[str, ...] = ("v1",)
    tag: str = "Messages"
    idempotent: bool = False
    empty: Any = field(default_factory=dict)
    also: tuple[tuple[int, Mapping[str, Any], Any], ...] = ()
    permission: str = ""
    failure: Callable[[StrowgerError], Mapping[str, Any]] | None = None
    failure_schema: Mapping[str, Any] | None = None
    xml: bool = False
    answers_xml: bool = False
    audited: bool = True
    files: int = 0
    admit: Admit | None = None
    area: str = ""

    @property
    def leaves_trail(self) -> bool:
        """Whether calls are written into the audit log."""
        return self.audited and self.method != "GET" and self.permission != "messages.send"

    @property
    def is_bound(self) -> bool:
        """Whether row security binds its queries: all but the path of a message, whose batches serve many accounts, and
        what a parent does to its sub-accounts."""
        return self.permission != "messages.send" and not self.permission.startswith("subaccounts.")


OPERATIONS: list[Operation] = []
