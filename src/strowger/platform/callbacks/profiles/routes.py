"""The routes of the compatible callback profile API (platform.md 5), each with its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.platform.callbacks.profiles import descriptions as d
from strowger.platform.callbacks.profiles import handlers as h
from strowger.platform.callbacks.profiles.errors import failure_body
from strowger.platform.gateway.operations import Handler, Operation, Parameter
from strowger.platform.gateway.table import add_operations

BASE = "/{sid}/callback/profiles"
ONE = BASE + "/{profile_id}"
READ, WRITE, SECRETS = "callbacks.read", "callbacks.write", "callbacks.secrets"


def _operation(
    method: str,
    path: str,
    name: str,
    summary: str,
    text: str,
    handler: Handler,
    permission: str,
    parameters: tuple[Parameter, ...] = (),
    codes: tuple[str, ...] = (),
    status: int = 200,
    result: Mapping[str, Any] = d.DONE,
    example: Any = d.DONE_EXAMPLE,
) -> Operation:
    in_path = tuple(parameter for parameter in (d.PROFILE_ID, d.DELIVERY_ID) if "{" + parameter.name + "}" in path)
    own = ("RBC302",) if d.PROFILE_ID in in_path else ("RBC314",) if in_path else ()
    return Operation(
        method, path, name, summary, text, handler, parameters, in_path, (*own, *codes), status, result, example,
        tag="Callback profiles", area="platform", permission=permission, failure=failure_body, failure_schema=d.FAILED,
    )  # fmt: skip


OPERATIONS = [
    _operation(
        "POST", BASE, "create_callback_profile", "Create a callback profile",
        "Saves a receiver: its request, authentication, encryption and schedule. Name it by `profile_id` when you send.",
        h.create, WRITE, d.NEW, (*d.FIELD_CODES, "RBC313"), 201, d.ONE, d.ONE_EXAMPLE,
    ),
    _operation(
        "GET", BASE, "list_callback_profiles", "List callback profiles", "The account's profiles, newest first.",
        h.list_profiles, READ, d.LIST, (), 200, d.MANY, d.MANY_EXAMPLE,
    ),
    _operation(
        "GET", ONE, "get_callback_profile", "Get a callback profile",
        "Secrets are masked unless `reveal` is 1.", h.get_profile, READ, (d.REVEAL,), (), 200, d.ONE, d.ONE_EXAMPLE,
    ),
    _operation(
        "PATCH", ONE, "update_callback_profile", "Update a callback profile",
        "Changes only what is passed. A masked secret that comes back keeps the stored one.", h.update, WRITE, d.CHANGE,
        (*d.FIELD_CODES, "RBC310"), 200, d.ONE, d.ONE_EXAMPLE,
    ),
    _operation(
        "DELETE", ONE, "delete_callback_profile", "Delete a callback profile",
        "What waits for it is dropped; numbers and defaults that named it have none.", h.delete, WRITE, (), (), 200,
        d.DELETED, d.DELETED_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/enable", "enable_callback_profile", "Enable a callback profile",
        "Also after it was switched off by its failures, which are forgotten.", h.enable, WRITE, (), (), 200, d.ONE,
        d.ONE_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/disable", "disable_callback_profile", "Disable a callback profile",
        "Its events are kept as dropped for 7 days and can be sent again.", h.disable, WRITE, (), (), 200, d.ONE,
        d.ONE_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/duplicate", "duplicate_callback_profile", "Duplicate a callback profile",
        "The copy has the same settings and secrets, an id of its own, and is disabled.", h.duplicate, WRITE,
        (d.COPY_TITLE,), ("RBC303", "RBC304", "RBC313"), 201, d.ONE, d.ONE_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/test", "test_callback_profile", "Send a test event",
        "One signed request with made-up values, at once and once; answers what was sent and what came back.", h.test,
        WRITE, (d.TEST_EVENT,), ("RBC309",), 200, d.TESTED, d.TESTED_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/rotate", "rotate_callback_profile_secret", "Replace the signing secret",
        "The new secret signs at once; the old one signs as well for the hours of overlap.", h.rotate, SECRETS,
        (d.OVERLAP,), (), 200, d.ROTATED, d.ROTATED_EXAMPLE,
    ),
    _operation(
        "GET", ONE + "/deliveries", "list_callback_profile_deliveries", "Deliveries of a profile",
        "What waits, failed or was dropped in the last 7 days; with status delivered, what was taken.", h.deliveries,
        READ, d.DELIVERIES, (), 200, d.DELIVERED, d.DELIVERED_EXAMPLE,
    ),
    _operation(
        "POST", ONE + "/retrigger", "retrigger_callback_profile", "Send failed deliveries again",
        "The chosen ones (up to 1000), or all that fit, in order of their creation.", h.retrigger, WRITE,
        d.RETRIGGER, (), 200, d.COUNTED, d.COUNTED_EXAMPLE,
    ),
    _operation(
        "POST", BASE + "/deliveries/{delivery_id}/retrigger", "retrigger_callback_delivery", "Send one delivery again",
        "Under the same id, in a new series of attempts.", h.retrigger_one, WRITE, (), (), 200, d.COUNTED,
        d.COUNTED_EXAMPLE,
    ),
    _operation(
        "GET", ONE + "/report", "callback_profile_report", "Figures of a profile by day",
        "Calls, outcomes, durations and the commonest status for each day, in the account's time zone.", h.report, READ,
        d.SPAN, (), 200, d.REPORTED, d.REPORTED_EXAMPLE,
    ),
    _operation(
        "GET", "/{sid}/callback/variables", "callback_variables", "Channels, events and their variables",
        "The dynamic variables of every channel and event.", h.variables, READ, (), (), 200, d.LISTED, d.LISTED_EXAMPLE,
    ),
    _operation(
        "GET", "/{sid}/callback/defaults", "callback_defaults", "Default profiles",
        "The profile that each event goes to when a request names no receiver.", h.defaults, READ, (), (), 200,
        d.DEFAULTED, d.DEFAULTED_EXAMPLE,
    ),
    _operation(
        "POST", "/{sid}/callback/defaults", "set_callback_default", "Set a default profile",
        "Makes a profile the default of an event; an empty id clears it.", h.set_default, WRITE, d.DEFAULT,
        ("RBC302", "RBC309"), 200, d.DEFAULTED, d.DEFAULTED_EXAMPLE,
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
