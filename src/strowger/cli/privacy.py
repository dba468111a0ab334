"""Commands about what is kept of people: retention, export, erasure (docs/data.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from strowger.cli.admin import account_id_of, account_option
from strowger.cli.output import emit, json_option, table
from strowger.cli.running import run
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.audit import service as audit
from strowger.platform.privacy import repository, service

BY = "command line"
SHOWN = 100
NONE = "none"


@click.group()
def privacy() -> None:
    """What is kept of people and for how long: retention, export, erasure."""


async def _note(context: Context, account_id: int, action: str, **fields: str) -> None:
    """An entry in the account's audit log: the person is not named there."""
    await audit.note(context, account_id, "operator", BY, action, **fields)


def _rules_of(pairs: tuple[str, ...]) -> dict[str, int | None]:
    rules: dict[str, int | None] = {}
    for pair in pairs:
        kind, separator, days = pair.partition("=")
        if not separator or not (days == NONE or (days.isascii() and days.isdigit())):
            raise click.BadParameter(f"{pair}: must be KIND=DAYS or KIND={NONE}", param_hint="--set")
        rules[kind] = None if days == NONE else int(days)
    return rules


@privacy.command("retention")
@account_option
@click.option(
    "--set", "pairs", multiple=True, metavar="KIND=DAYS", help=f"Change a kind; {NONE}: as the installation does."
)
@json_option
def retention(sid: str | None, pairs: tuple[str, ...], as_json: bool) -> None:
    """Show, or change, how many days an account keeps each kind of data."""
    wanted = _rules_of(pairs)

    async def work(context: Context) -> list[dict[str, Any]]:
        account_id = await account_id_of(context, sid)
        if wanted:
            await service.set_rules(context, account_id, wanted)
            await _note(context, account_id, "change retention", **{k: str(days) for k, days in wanted.items()})
        days = await context.database.run(lambda c: repository.rules(c, account_id))
        return [{"kind": name, "days": days.get(name), "what": kind.label} for name, kind in repository.KINDS.items()]

    rows = run(work)
    emit(as_json, rows, table(rows, ("kind", "days", "what")))


@privacy.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--person", help="Number with country code or e-mail address; the whole account when left out.")
@account_option
@json_option
def export(file: Path, person: str | None, sid: str | None, as_json: bool) -> None:
    """Write all rows of an account, or those that name a person, into FILE as JSON lines."""
    try:
        out = file.open("xb")
    except OSError as problem:
        raise click.ClickException(f"{file}: {problem.strerror}") from problem

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        subject = None if person is None else service.read_subject(person)
        size = 0
        async for lines in service.export(context, account_id, subject):
            size += out.write(lines)
        await _note(context, account_id, "export a person" if subject else "export the account")
        return {"file": str(file), "bytes": size}

    try:
        with out:
            file.chmod(0o600)
            made = run(work)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    emit(as_json, made, f"{made['bytes']:,} bytes written to {file}.")


@privacy.command("erase")
@click.argument("person")
@account_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(person: str, sid: str | None, yes: bool, as_json: bool) -> None:
    """Take PERSON, a number with country code or an e-mail address, out of every table and file of an account.

    The worker begins within a minute; `strowger privacy erasures` shows how far it is.
    """
    if not yes:
        click.confirm("This cannot be undone. Go on?", abort=True)

    async def work(context: Context) -> dict[str, Any]:
        account_id = await account_id_of(context, sid)
        subject = service.read_subject(person)
        made = await service.ask(context, account_id, subject, BY)
        await _note(context, account_id, "erase a person", certificate=str(made))
        return {"id": made, "of": service.hint_of(subject)}

    made = run(work)
    emit(as_json, made, f"The erasure of {made['of']} begins within a minute. Certificate: {made['id']}")


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"], "of": row["hint"], "by": row["by_user"], "asked_at": row["asked_at"], "done_at": row["done_at"],
        "rows": dict(row["rows"]),
    }  # fmt: skip


@privacy.command("erasures")
@click.argument("certificate", type=click.UUID, required=False)
@account_option
@json_option
def erasures(certificate: UUID | None, sid: str | None, as_json: bool) -> None:
    """List the last erasures of an account, or show one CERTIFICATE."""

    async def work(context: Context) -> list[dict[str, Any]]:
        account_id = await account_id_of(context, sid)
        if certificate is None:
            return [
                _shown(row) for row in await context.database.run(lambda c: repository.latest(c, account_id, SHOWN))
            ]
        row = await context.database.run(lambda c: repository.one(c, account_id, certificate))
        if row is None:
            raise StrowgerError("DATA404", "The account has no such certificate", field="certificate")
        return [_shown(row)]

    rows = run(work)
    if certificate is None:
        emit(as_json, rows, table(rows, ("id", "of", "by", "asked_at", "done_at")))
        return
    found = rows[0]
    counts = table([{"table": name, "rows": count} for name, count in sorted(found["rows"].items())], ("table", "rows"))
    done = f"done {found['done_at']}" if found["done_at"] else "not done yet"
    emit(as_json, found, f"{found['of']}, asked {found['asked_at']} by {found['by']}, {done}\n{counts}")
