"""Shapes at the edge of the SMS API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Accepted(msgspec.Struct):
    """One accepted recipient."""

    message_id: str
    recipient: str


class SendAnswer(msgspec.Struct):
    """The success envelope of a send (sms.md 2.4); unset fields were not passed and are not echoed."""

    id: str
    sender: str | None
    type: str
    body: str | None
    source: str
    created: str = msgspec.field(name="createdDateTime")
    count: int = msgspec.field(name="totalCount")
    data: list[Accepted]
    dlrurl: str | None
    error: dict[str, Any]
    time: str | UnsetType | None = UNSET
    flash: int | UnsetType = UNSET
    unicode: int | UnsetType = UNSET
    prefix: str | UnsetType = UNSET
    ref_custom: list[str] | UnsetType = UNSET
    template_id: str | UnsetType = UNSET
    callback_profile_id: str | UnsetType = UNSET

    def echo(self, options: Mapping[str, Any], more: bool) -> SendAnswer:
        """Repeat what was passed; the ``/sms`` family repeats ``more``. Returns itself."""
        if options:
            self.flash = options.get("flash", UNSET)
            self.unicode = int(options["unicode"]) if options.get("unicode", "Auto") != "Auto" else UNSET
            if more:
                self.prefix = options.get("prefix", UNSET)
                self.ref_custom = options.get("ref_custom", UNSET)
                self.template_id = options.get("template_id", UNSET)
                self.callback_profile_id = options.get("callback_profile_id", UNSET)
        return self


class StatusRow(msgspec.Struct, omit_defaults=True):
    """The status of one message; ``campaign_id`` carries the message id (sms.md 3.10)."""

    campaign_id: str
    status: str
    status_details: str
    message_id: str | UnsetType = UNSET


encode = msgspec.json.Encoder().encode
