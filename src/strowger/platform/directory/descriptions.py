"""What the description of the API says about contacts and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.platform.directory.schemas import COLOURS
from strowger.platform.gateway.envelope import TEXT, described, said
from strowger.platform.gateway.operations import Handler, Operation, Parameter

COUNT: Mapping[str, Any] = {"type": ["integer", "string"]}
LIST: Mapping[str, Any] = {"type": ["array", "string"], "items": {"type": ["string", "integer"]}}
OBJECT: Mapping[str, Any] = {"type": ["object", "string"]}
PERSON: Mapping[str, Any] = {
    "id": 17, "mobile": "+447700900123", "name": "Ada Lovelace", "email": "ada@example.com", "city": "London", "state": "",
    "country": "GB", "fields": {"Customer number": 4711}, "tags": ["VIP"], "blocklist": [], "source": "api",
    "created_at": "2026-01-05T10:11:12Z", "updated_at": "2026-01-05T10:11:12Z",
}  # fmt: skip
TAG: Mapping[str, Any] = {
    "id": 3, "name": "VIP", "colour": "info", "contacts": 0, "dynamic": False, "created_at": "2026-01-05T10:11:12Z",
}  # fmt: skip
WRITTEN = (
    Parameter(
        "name", TEXT, "Up to 100 letters and digits of any script, spaces and \" , @ . $ % & ' * - / ? ^ _ ~", False,
        "Ada Lovelace",
    ),
    Parameter("email", TEXT, "An e-mail address.", False, "ada@example.com"),
    Parameter("city", TEXT, "Up to 60 characters.", False, "London"),
    Parameter("state", TEXT, "Up to 60 characters."),
    Parameter("country", TEXT, "ISO code; empty: the number's.", False, "GB"),
    Parameter("fields", OBJECT, "Values of custom fields by name. In a form, the object as JSON text.", False, {}),
    Parameter("tags", LIST, "Names of all its tags; those that are missing are made.", False, ["VIP"]),
    Parameter("blocklist", LIST, "Channels on which it is blocked: sms, voice, whatsapp, rcs, email. Empty: none.", False, []),
)  # fmt: skip
MOBILE = "With + and country code; a national number gets the account's country."
CONTACT = Parameter("contact", TEXT, "Its id, or its number with + (as %2B).", True, "17")
NAMED = Parameter("tag", TEXT, "Its name or its id.", True, "VIP")
WRONG = ("DIR401", "DIR402", "DIR403", "DIR406", "DIR408", "DIR409", "DIR411", "DIR412")
COLOUR = Parameter("colour", TEXT, "One of " + ", ".join(COLOURS) + ".", False, "info")


def _result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return described({"type": "object", "required": list(data)})


def _operation(
    method: str, tail: str, name: str, summary: str, text: str, handler: Handler, data: Mapping[str, Any], *, status: int = 200,
    parameters: tuple[Parameter, ...] = (), codes: tuple[str, ...] = (), **more: Any,
) -> Operation:  # fmt: skip
    example = said(f"DIR{status}", "Request executed successfully", data)
    return Operation(
        method, f"/{{sid}}/contacts{tail}", name, summary, text, handler, parameters, codes=codes, status=status,
        result=_result(data), example=example, tag="Contacts",
        permission="campaigns.read" if method == "GET" else "campaigns.write", **more,
    )  # fmt: skip


def operations_of(*handlers: Handler) -> list[Operation]:
    """The operations of the handlers, in the order of routes.py."""
    listing, creating, showing, changing, deleting, tags, new_tag, change_tag, delete_tag, wear = handlers
    one: dict[str, Any] = {"path_parameters": (CONTACT,)}
    tagged: dict[str, Any] = {"path_parameters": (NAMED,)}
    return [
        _operation(
            "GET", "", "list_contacts", "Contacts", "Newest first; `next` is what `after` of the next request is.", listing,
            {"contacts": [PERSON], "next": None},
            parameters=(
                Parameter("limit", COUNT, "At most 100 (the default)."),
                Parameter("after", COUNT, "Contacts beyond this id."),
                Parameter("mobile", LIST, "Numbers to look for, separated by commas, at most 100 (+ as %2B)."),
                Parameter("email", TEXT, "Only with this address."),
                Parameter("tag", TEXT, "Only those who are given this tag, by name or id."),
            ),
            codes=("DIR401", "DIR402", "DIR405", "DIR410"),
        ),
        _operation(
            "POST", "", "create_contact", "Add a contact", "A number stands in the directory once.", creating, PERSON,
            parameters=(Parameter("mobile", TEXT, MOBILE, True, "+447700900123"), *WRITTEN), codes=WRONG, status=201,
            idempotent=True,
        ),
        _operation(
            "GET", "/{contact}", "get_contact", "A contact", "By id or number.", showing, PERSON, codes=("DIR404",), **one
        ),
        _operation(
            "PATCH", "/{contact}", "change_contact", "Change a contact",
            "What is not named stays. `tags` and `blocklist` replace what there was; values of `fields` are changed one by one.",
            changing, PERSON, parameters=(Parameter("mobile", TEXT, MOBILE), *WRITTEN), codes=("DIR404", *WRONG), **one,
        ),
        _operation(
            "DELETE", "/{contact}", "delete_contact", "Delete a contact", "Messages and blocks stay.", deleting, {"id": 17},
            codes=("DIR404",), **one,
        ),
        _operation("GET", "/tags", "list_tags", "Tags", "By name, with how many contacts wear each.", tags, {"tags": [TAG]}),
        _operation(
            "POST", "/tags", "create_tag", "Add a tag", "Names are unique, without regard to case.", new_tag, TAG,
            parameters=(Parameter("name", TEXT, "1 to 50 characters, without comma and |.", True, "VIP"), COLOUR),
            codes=("DIR407", "DIR408", "DIR409"), status=201, idempotent=True,
        ),
        _operation(
            "PATCH", "/tags/{tag}", "change_tag", "Change a tag", "Another name or colour.", change_tag, TAG,
            parameters=(Parameter("name", TEXT, "1 to 50 characters, without comma and |.", False, "VIP"), COLOUR),
            codes=("DIR405", "DIR407", "DIR408"), **tagged,
        ),
        _operation(
            "DELETE", "/tags/{tag}", "delete_tag", "Delete a tag", "Its contacts stay.", delete_tag, {"id": 3}, codes=("DIR405",),
            **tagged,
        ),
        _operation(
            "POST", "/tags/{tag}/contacts", "tag_contacts", "Give and take a tag",
            "Numbers that no contact has are added to the directory.", wear, {"added": 1, "removed": 0},
            parameters=(
                Parameter("add", LIST, "Up to 1,000 numbers that get the tag.", False, ["+447700900123"]),
                Parameter("remove", LIST, "Up to 1,000 numbers that lose it."),
            ),
            codes=("DIR401", "DIR405", "DIR409", "DIR412"), **tagged,
        ),
    ]  # fmt: skip
