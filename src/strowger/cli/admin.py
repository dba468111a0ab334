"""Commands that manage accounts, keys, users and numbers of a running installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from strowger.cli.output import emit, json_option, table
from strowger.cli.provision import provision_account
from strowger.cli.running import run
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.access import sign_in, sign_up
from strowger.platform.accounts import keys
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.passwords import new_password
from strowger.platform.audit import service as audit_log
from strowger.platform.ip_configs import service as ip_configs
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
@click.option(
    "--ip-config", "config", help="Name of an IP configuration of the account, from whose addresses it works, too."
)
@click.option("--rate", type=click.IntRange(min=1), help="Requests per second; the installation's rate when left out.")
@json_option
def key_create(
    name: str, sid: str | None, networks: tuple[str, ...], config: str | None, rate: int | None, as_json: bool
) -> None:
    """Create an API key; its text is shown once."""

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        allowed = keys.read_networks(" ".join(networks))
        config_id = keys.PUT if config is None else await ip_configs.named(context, account_id, config)
        made = await keys.create_key(context, account_id, name, networks=allowed, rate=rate, ip_config_id=config_id)
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


@user.command("list")
@click.option("--account", "sid", help="SID; the people of all accounts when left out.")
@click.option("--news", is_flag=True, help="Only those who agreed to news by mail and may sign in.")
@json_option
def user_list(sid: str | None, news: bool, as_json: bool) -> None:
    """List users, with when they agreed to news."""

    async def work(context: Context) -> list[dict[str, Any]]:
        return await accounts.list_people(context, await account_id_of(context, sid) if sid else None, news)

    rows = run(work)
    emit(as_json, rows, table(rows, ("email", "name", "sid", "role", "state", "news")))


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


@number.command("share")
@click.argument("msisdn")
@account_option
@json_option
def number_share(msisdn: str, sid: str | None, as_json: bool) -> None:
    """Let an account receive by keyword on a number that another account holds."""

    async def work(context: Context) -> str:
        account_id, now = await account_id_of(context, sid), context.clock.now()
        return await context.database.run(lambda c: numbers.share_number(c, account_id, msisdn, now))

    found = run(work)
    emit(as_json, {"msisdn": found, "shared": True}, f"{found} is shared with the account.")


@number.command("unshare")
@click.argument("msisdn")
@account_option
@json_option
def number_unshare(msisdn: str, sid: str | None, as_json: bool) -> None:
    """Take a shared number back from an account, with the account's keywords on it."""

    async def work(context: Context) -> str:
        account_id = await account_id_of(context, sid)
        return await context.database.run(lambda c: numbers.unshare_number(c, account_id, msisdn))

    found = run(work)
    emit(as_json, {"msisdn": found, "shared": False}, f"{found} is not shared with the account any more.")
