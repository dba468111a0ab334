"""Commands that manage the SMPP users of an account."""

from __future__ import annotations

from typing import Any

import click

from strowger.channels.sms.smpp_access import service
from strowger.cli.admin import account_id_of, account_option
from strowger.cli.output import emit, json_option, table
from strowger.cli.running import run
from strowger.foundation.context import Context
from strowger.platform.accounts.keys import read_networks


@click.group("smpp-user")
def smpp_user() -> None:
    """SMPP users: system ids with which customers' own clients bind."""


@smpp_user.command("create")
@click.argument("system_id")
@click.option("--label", default="", help="What the client is.")
@click.option("--network", "networks", multiple=True, help="Network (CIDR) it may bind from; may be repeated.")
@click.option("--binds", type=int, default=4, show_default=True, help="Binds at once.")
@click.option("--window", type=int, default=10, show_default=True, help="Unanswered submits of a bind.")
@click.option("--tps", type=int, default=50, show_default=True, help="Submits per second and bind; 0: no limit.")
@account_option
@json_option
def smpp_user_create(
    system_id: str,
    label: str,
    networks: tuple[str, ...],
    binds: int,
    window: int,
    tps: int,
    sid: str | None,
    as_json: bool,
) -> None:
    """Create an SMPP user; its password is shown once."""

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        limits = service.Limits(binds, window, tps)
        allowed = read_networks(" ".join(networks))
        made = await service.create_user(context, account_id, system_id, label=label, networks=allowed, limits=limits)
        host, port, tls_port = service.address_of(context.settings)
        return {
            "system_id": made.system_id, "password": made.password, "host": host, "port": port, "tls_port": tls_port,
        }  # fmt: skip

    made = run(work)
    where = f"{made['host']}:{made['port']}, by TLS {made['tls_port']}"
    emit(as_json, made, f"SMPP user {system_id} may bind at {where}. Password (shown once): {made['password']}")


@smpp_user.command("list")
@account_option
@json_option
def smpp_user_list(sid: str | None, as_json: bool) -> None:
    """List SMPP users with their binds and what waits to be delivered to them."""

    async def work(context: Context) -> list[dict[str, Any]]:
        found = await service.live_users(context, await account_id_of(context, sid))
        return [
            {
                "system_id": item.user.system_id, "label": item.user.label,
                "state": "active" if item.user.active else "disabled", "max_binds": item.user.max_binds,
                "window": item.user.window_size, "tps": item.user.tps, "networks": item.user.networks,
                "binds": [{"mode": b["mode"], "address": b["address"], "tls": b["tls"]} for b in item.binds],
                "waiting": item.waiting,
            }
            for item in found
        ]  # fmt: skip

    rows = run(work)
    shown = [{**row, "binds": f"{len(row['binds'])} of {row['max_binds']}"} for row in rows]
    emit(as_json, rows, table(shown, ("system_id", "label", "state", "binds", "window", "tps", "waiting")))


@smpp_user.command("remove")
@click.argument("system_id")
@account_option
@json_option
def smpp_user_remove(system_id: str, sid: str | None, as_json: bool) -> None:
    """Remove an SMPP user; its binds end and what waited for it is dropped."""

    async def work(context: Context) -> None:
        account_id = await account_id_of(context, sid)
        found = await service.find_user(context, account_id, system_id)
        await service.remove_user(context, account_id, found.id)

    run(work)
    emit(as_json, {"removed": system_id}, f"SMPP user {system_id} removed.")
