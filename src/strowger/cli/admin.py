"""Commands that manage accounts, keys, users, numbers, carriers and routes of a running installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from strowger.channels.sms.carriers.registry import find_kind, read_config, split_secrets, write_config
from strowger.cli.output import emit, json_option, table
from strowger.cli.provision import provision_account
from strowger.cli.running import run
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing
from strowger.platform.access import sign_in, sign_up
from strowger.platform.accounts import keys
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.passwords import new_password
from strowger.platform.audit import service as audit_log
from strowger.platform.numbers import service as numbers


async def account_id_of(context: Context, sid: str | None) -> int:
    """The account that a command is about. Raises StrowgerError when there is none."""
    found = await accounts.find_account(context, sid)
    if found is None:
        raise StrowgerError("CLI", f"There is no account {sid}" if sid else "There is no account yet", field="account")
    return found.id


account_option: Callable[..., Any] = click.option(
    "--account", "sid", help="SID; the installation's first account when left out."
)


@click.group()
def account() -> None:
    """Accounts."""


@account.command("create")
@click.argument("name")
@click.option("--country", default="DE", show_default=True, help="ISO 3166 code.")
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217 code.")
@click.option("--credit", type=Decimal, default=Decimal(0), show_default=True, help="Credits to begin with.")
@click.option("--sender", "senders", multiple=True, help="Approved sender ID; may be repeated.")
@json_option
def account_create(
    name: str, country: str, currency: str, credit: Decimal, senders: tuple[str, ...], as_json: bool
) -> None:
    """Create an account with wallet, sender IDs and a first API key."""
    made = run(lambda c: provision_account(c, name, country.upper(), currency.upper(), credit, senders))
    emit(as_json, made, f"Account {made['sid']} created. API key (shown once): {made['api_key']}")


@account.command("list")
@json_option
def account_list(as_json: bool) -> None:
    """List accounts."""

    async def work(context: Context) -> list[dict[str, Any]]:
        return [
            {"sid": a.sid, "name": a.name, "country": a.country, "state": a.state}
            for a in await accounts.list_accounts(context)
        ]

    rows = run(work)
    emit(as_json, rows, table(rows, ("sid", "name", "country", "state")))


@account.command("invite")
@click.argument("email")
@json_option
def account_invite(email: str, as_json: bool) -> None:
    """Mail somebody a link with which they open an account of their own; it works once, for an hour."""
    url = run(lambda c: sign_up.invite(c, email))
    emit(as_json, {"email": email, "url": url}, f"Invitation mailed to {email}: {url}")


@click.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("name")
@account_option
@click.option("--network", "networks", multiple=True, help="Network (CIDR) that may use the key; may be repeated.")
@click.option("--rate", type=click.IntRange(min=1), help="Requests per second; the installation's rate when left out.")
@json_option
def key_create(name: str, sid: str | None, networks: tuple[str, ...], rate: int | None, as_json: bool) -> None:
    """Create an API key; its text is shown once."""

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        allowed = keys.read_networks(" ".join(networks))
        made = await keys.create_key(context, account_id, name, networks=allowed, rate=rate)
        return {"id": made.id, "name": name, "api_key": made.key}

    made = run(work)
    emit(as_json, made, f"API key {name} (shown once): {made['api_key']}")


@click.group()
def user() -> None:
    """Users of the console."""


@user.command("create")
@click.argument("email")
@click.option("--name", default="", help="Name shown in the console.")
@click.option("--password", help="Made and shown when left out.")
@account_option
@json_option
def user_create(email: str, name: str, password: str | None, sid: str | None, as_json: bool) -> None:
    """Create a user who may sign in to the console."""
    secret = password or new_password()

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        await accounts.create_user(context, account_id, email, name or email.partition("@")[0], secret)
        return {"email": email, **({} if password else {"password": secret})}

    made = run(work)
    emit(as_json, made, f"User {email} created." + ("" if password else f" Password (shown once): {secret}"))


@user.command("unlock")
@click.argument("email")
@json_option
def user_unlock(email: str, as_json: bool) -> None:
    """Let a locked user sign in again at once."""

    async def work(context: Context) -> bool:
        found = await accounts.user_of(context, email)
        if found is None:
            raise StrowgerError("CLI", f"There is no user {email}", field="email")
        await sign_in.unlock(context, found.account_id, found.id)
        return True

    run(work)
    emit(as_json, {"unlocked": email}, f"User {email} may sign in again.")


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@account_option
@json_option
def audit_verify(sid: str | None, as_json: bool) -> None:
    """Follow the chain of an account's audit log; ends with 1 when an entry was altered."""

    async def work(context: Context) -> audit_log.Verdict:
        return await audit_log.verify(context, await account_id_of(context, sid))

    found = run(work)
    words = (
        f"broken at entry {found.broken}" if found.broken else f"{found.entries} entries, whole; last hash {found.head}"
    )
    emit(as_json, asdict(found), words)
    if found.broken:
        raise SystemExit(1)


@click.group()
def number() -> None:
    """Numbers on which accounts receive."""


@number.command("add")
@click.argument("msisdn")
@click.option("--label", default="", help="What the number is for.")
@account_option
@json_option
def number_add(msisdn: str, label: str, sid: str | None, as_json: bool) -> None:
    """Give a number to an account."""

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        made = await context.database.run(lambda c: numbers.create_number(c, account_id, msisdn, label=label))
        return {"msisdn": made.msisdn, "label": made.label}

    made = run(work)
    emit(as_json, made, f"{made['msisdn']} added.")


@click.group()
def carrier() -> None:
    """Carriers: the ways out."""


@carrier.group("add")
def carrier_add() -> None:
    """Connect a carrier; a running installation binds to it within seconds."""


def _settings_of(pairs: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise click.BadParameter(f"{pair}: must be NAME=VALUE", param_hint="--set")
        settings[name] = value
    return settings


@carrier_add.command("smpp")
@click.argument("name")
@click.option("--host", required=True)
@click.option("--port", required=True, type=click.IntRange(1, 65535))
@click.option("--system-id", required=True)
@click.option("--password", required=True)
@click.option("--window", type=int, help="Submits per bind that may wait for an answer.")
@click.option("--tps", type=float, help="Submits per second over all binds; 0: no limit.")
@click.option("--binds", type=int, help="Parallel binds.")
@click.option("--priority", type=int, default=100, show_default=True, help="Priority of its catch-all route.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other field of docs/carriers.md.")
@json_option
def carrier_add_smpp(name: str, priority: int, pairs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Connect an SMSC over SMPP 3.4."""
    given = {field: value for field, value in options.items() if value is not None} | _settings_of(pairs)

    async def work(context: Context) -> dict[str, Any]:
        kind = find_kind("smpp")
        plain, secret = split_secrets(kind, given)
        config = write_config(read_config(kind, plain))
        made = await routing.add_carrier(context, name, "smpp", config, secret, route_priority=priority)
        return {"id": made.id, "name": made.name, "kind": made.kind, "state": made.state}

    made = run(work)
    emit(as_json, made, f"Carrier {name} added; see its state with `strowger carrier list`.")


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
                "name": item.name, "kind": item.kind, "state": item.state,
                "address": f"{item.config.get('host', '')}:{item.config.get('port', '')}",
                "binds": [{"bind": link.bind, "state": link.state, "detail": link.detail} for link in own],
            })  # fmt: skip
        return rows

    rows = run(work)
    shown = [{**row, "binds": ", ".join(f"{b['bind']}: {b['state']}" for b in row["binds"])} for row in rows]
    emit(as_json, rows, table(shown, ("name", "kind", "state", "address", "binds")))


@carrier.command("remove")
@click.argument("name")
@json_option
def carrier_remove(name: str, as_json: bool) -> None:
    """Disconnect and remove a carrier; what waits for it goes to other routes."""
    run(lambda c: routing.remove_carrier(c, name))
    emit(as_json, {"removed": name}, f"Carrier {name} removed.")


@carrier.command("pause")
@click.argument("name")
@json_option
def carrier_pause(name: str, as_json: bool) -> None:
    """Stay bound but send nothing."""
    run(lambda c: routing.pause_carrier(c, name))
    emit(as_json, {"paused": name}, f"Carrier {name} paused.")


@carrier.command("resume")
@click.argument("name")
@json_option
def carrier_resume(name: str, as_json: bool) -> None:
    """Send again."""
    run(lambda c: routing.resume_carrier(c, name))
    emit(as_json, {"resumed": name}, f"Carrier {name} resumed.")


@click.group()
def route() -> None:
    """Routes: which carrier takes which messages."""


@route.command("add")
@click.argument("carrier_name", metavar="CARRIER")
@click.option("--country", help="ISO 3166 code; every country when left out.")
@click.option("--type", "type_", help="Message type; every type when left out.")
@click.option("--sender", help="Sender ID; every sender when left out.")
@click.option("--priority", type=int, default=100, show_default=True, help="Lower is tried first.")
@json_option
def route_add(
    carrier_name: str, country: str | None, type_: str | None, sender: str | None, priority: int, as_json: bool
) -> None:
    """Add a route."""
    made = run(
        lambda c: routing.add_route(c, carrier_name, country=country, type_=type_, sender=sender, priority=priority)
    )
    emit(as_json, asdict(made), f"Route {made.id} added.")


@route.command("list")
@json_option
def route_list(as_json: bool) -> None:
    """List routes in the order in which they are tried."""
    rows = [asdict(item) for item in run(routing.list_routes)]
    emit(as_json, rows, table(rows, ("id", "carrier", "country", "type", "sender", "priority", "active")))


@route.command("remove")
@click.argument("route_id", type=int)
@json_option
def route_remove(route_id: int, as_json: bool) -> None:
    """Remove a route."""
    run(lambda c: routing.remove_route(c, route_id))
    emit(as_json, {"removed": route_id}, f"Route {route_id} removed.")
