"""Commands that manage carriers, routes and the number plan of a running installation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from strowger.channels.sms.carriers import service as carriers
from strowger.channels.sms.carriers.registry import find_kind, read_config
from strowger.channels.sms.pipeline import SmsRules
from strowger.cli.output import emit, json_option, table
from strowger.cli.running import run
from strowger.foundation.context import Context
from strowger.messaging.routing import ranges, trial
from strowger.messaging.routing import service as routing

NETWORKS_SHOWN = 1000
set_option = click.option(
    "--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other field of docs/carriers.md."
)
priority_option = click.option(
    "--priority", type=int, default=100, show_default=True, help="Priority of its catch-all route."
)


@click.group()
def carrier() -> None:
    """Carriers: the ways out."""


@carrier.group("add")
def carrier_add() -> None:
    """Connect a carrier; a running installation uses it within seconds."""


def _settings_of(pairs: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise click.BadParameter(f"{pair}: must be NAME=VALUE", param_hint="--set")
        settings[name] = value
    return settings


def _add(kind: str, name: str, priority: int, given: dict[str, Any], as_json: bool) -> None:
    async def work(context: Context) -> dict[str, Any]:
        made = await carriers.add_carrier(context, name, kind, given, route_priority=priority)
        hook = carriers.hook_address(context, made)
        return {"id": made.id, "name": made.name, "kind": made.kind, "state": made.state} | (
            {"address_for_reports": hook} if hook else {}
        )

    made = run(work)
    text = f"Carrier {name} added; see its state with `strowger carrier list`."
    if "address_for_reports" in made:
        text += f"\nReceipts go to  {made['address_for_reports']}/receipts"
        text += f"\nMessages go to  {made['address_for_reports']}/messages"
    emit(as_json, made, text)


@carrier_add.command("smpp")
@click.argument("name")
@click.option("--host", required=True)
@click.option("--port", required=True, type=click.IntRange(1, 65535))
@click.option("--system-id", required=True)
@click.option("--password", required=True)
@click.option("--window", type=int, help="Submits per bind that may wait for an answer.")
@click.option("--tps", type=float, help="Submits per second over all binds; 0: no limit.")
@click.option("--binds", type=int, help="Parallel binds.")
@priority_option
@set_option
@json_option
def carrier_add_smpp(name: str, priority: int, pairs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Connect an SMSC over SMPP 3.4."""
    given = {field: value for field, value in options.items() if value is not None} | _settings_of(pairs)
    _add("smpp", name, priority, given, as_json)


@carrier_add.command("http")
@click.argument("name")
@click.option("--url", required=True, help="Where messages are sent; may hold {{variables}}.")
@click.option("--method", help="POST (default), GET or PUT.")
@click.option("--format", "format_", help="form (default), query, json, xml or raw.")
@click.option("--fields", help="JSON object: the fields of a form or query, with {{variables}}.")
@click.option("--body", help="The text of a JSON, XML or raw body, with {{variables}}.")
@click.option("--auth", help="none (default), basic, bearer or header.")
@click.option("--username", help="User name of basic authentication.")
@click.option("--password", help="Password, token or key; stored sealed.")
@click.option("--tps", type=float, help="Requests per second; 0: no limit.")
@click.option("--concurrency", type=int, help="Requests under way at once.")
@click.option("--id-path", help="Where the answer holds the provider's id, as a path: data.id or messages[0].id.")
@priority_option
@set_option
@json_option
def carrier_add_http(
    name: str, priority: int, pairs: tuple[str, ...], format_: str | None, as_json: bool, **options: Any
) -> None:
    """Connect a provider over its HTTP API."""
    given = {field: value for field, value in options.items() if value is not None} | _settings_of(pairs)
    if format_ is not None:
        given["format"] = format_
    _add("http", name, priority, given, as_json)


def _address(item: Any) -> str:
    kind = find_kind(item.kind)
    return kind.address(read_config(kind, item.config))


@carrier.command("list")
@json_option
def carrier_list(as_json: bool) -> None:
    """List carriers with the state of their binds."""

    async def work(context: Context) -> list[dict[str, Any]]:
        links = await routing.list_links(context)
        rows = []
        for item in await routing.list_carriers(context):
            own = [link for link in links if link.carrier_id == item.id]
            rows.append({
                "name": item.name, "kind": item.kind, "state": item.state, "address": _address(item),
                "binds": [{"bind": link.bind, "state": link.state, "detail": link.detail} for link in own],
            })  # fmt: skip
        return rows

    rows = run(work)
    shown = [{**row, "binds": ", ".join(f"{b['bind']}: {b['state']}" for b in row["binds"])} for row in rows]
    emit(as_json, rows, table(shown, ("name", "kind", "state", "address", "binds")))


@carrier.command("hook")
@click.argument("name")
@click.option("--renew", is_flag=True, help="Give it another secret; the old address is refused at once.")
@click.option(
    "--signing-secret", help="What the carrier signs with, sealed; several by spaces while it changes; empty: none."
)
@json_option
def carrier_hook(name: str, renew: bool, signing_secret: str | None, as_json: bool) -> None:
    """Show the addresses at which an HTTP carrier hands in receipts and messages."""

    async def work(context: Context) -> str | None:
        if renew:
            await routing.renew_hook(context, name)
        if signing_secret is not None:
            await routing.set_signing(context, name, signing_secret)
        return carriers.hook_address(context, await routing.find_carrier(context, name))

    found = run(work)
    text = f"Receipts go to  {found}/receipts\nMessages go to  {found}/messages" if found else f"{name} has none."
    emit(as_json, {"receipts": found and f"{found}/receipts", "messages": found and f"{found}/messages"}, text)


def _carrier_act(word: str, done: str, act: Callable[[Context, str], Awaitable[Any]], sentence: str) -> None:
    """A command that does one thing to a carrier by its name."""

    @carrier.command(word, help=sentence)
    @click.argument("name")
    @json_option
    def command(name: str, as_json: bool) -> None:
        run(lambda c: act(c, name))
        emit(as_json, {done: name}, f"Carrier {name} {done}.")


_carrier_act(
    "remove",
    "removed",
    routing.remove_carrier,
    "Disconnect and remove a carrier; what waits for it goes to other routes.",
)
_carrier_act("pause", "paused", routing.pause_carrier, "Stay bound but send nothing.")
_carrier_act("resume", "resumed", routing.resume_carrier, "Send again.")


@click.group()
def route() -> None:
    """Routes: which carrier takes which messages."""


@route.command("add")
@click.argument("carrier_name", metavar="CARRIER")
@click.option("--country", help="ISO 3166 code; every country when left out.")
@click.option("--network", help="MCC, or MCC and MNC, by the number plan (strowger network import).")
@click.option("--prefix", help="First digits of the number, in international form.")
@click.option("--type", "type_", help="Message type; every type when left out.")
@click.option("--sender", help="Sender ID; every sender when left out.")
@click.option("--priority", type=int, default=100, show_default=True, help="Lower is tried first.")
@click.option(
    "--weight", type=int, default=1, show_default=True, help="Share among routes of one rank; 0: last resort."
)
@json_option
def route_add(carrier_name: str, as_json: bool, **conditions: Any) -> None:
    """Add a route."""
    made = run(lambda c: routing.add_route(c, carrier_name, **conditions))
    emit(as_json, asdict(made), f"Route {made.id} added.")


@route.command("list")
@json_option
def route_list(as_json: bool) -> None:
    """List routes in the order in which they are tried."""
    rows = [asdict(item) for item in run(routing.list_routes)]
    names = ("id", "carrier", "country", "network", "prefix", "type", "sender", "priority", "weight", "active")
    emit(as_json, rows, table(rows, names))


@route.command("remove")
@click.argument("route_id", type=int)
@json_option
def route_remove(route_id: int, as_json: bool) -> None:
    """Remove a route."""
    run(lambda c: routing.remove_route(c, route_id))
    emit(as_json, {"removed": route_id}, f"Route {route_id} removed.")


@route.command("test")
@click.argument("number")
@click.option("--sender", default="", help="Sender ID.")
@click.option("--type", "type_", default="TXN", show_default=True, help="Message type.")
@json_option
def route_test(number: str, sender: str, type_: str, as_json: bool) -> None:
    """Say which carrier a message to NUMBER would take now, and why; nothing is sent."""
    found = run(lambda c: trial.try_route(c, SmsRules(), number, sender, type_))
    rows = [asdict(step) for step in found.steps]
    head = f"{found.verdict}\nCountry {found.country or 'unknown'}, network {found.network or 'unknown'}."
    emit(as_json, asdict(found), f"{head}\n{table(rows, ('place', 'route_id', 'carrier', 'verdict', 'reason'))}")


@click.group()
def network() -> None:
    """The number plan: which prefix belongs to which network."""


@network.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the file in the place of the whole plan.")
@json_option
def network_import(file: Path, replace: bool, as_json: bool) -> None:
    """Import ranges from a CSV file with the columns prefix and network (MCC and MNC), also country, operator and circle."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise click.BadParameter("must be text in UTF-8", param_hint="FILE") from problem

    async def work(context: Context) -> int:
        return await ranges.store_ranges(context, ranges.read_ranges(text), replace=replace)

    count = run(work)
    emit(as_json, {"imported": count}, f"{count} ranges imported.")


@network.command("list")
@click.argument("search", default="")
@json_option
def network_list(search: str, as_json: bool) -> None:
    """List ranges whose prefix or network begins with SEARCH, or whose operator holds it."""
    rows = run(lambda c: ranges.listed(c, search, NETWORKS_SHOWN))
    emit(as_json, rows, table(rows, ("prefix", "network", "country", "operator", "circle")))
