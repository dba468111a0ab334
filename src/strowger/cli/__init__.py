"""The one command: ``strowger``."""

from __future__ import annotations

import importlib

import click

from strowger import __version__
from strowger.foundation.settings import SettingsError

# A command's module is imported when the command is asked for: a process carries the parts that it runs and no others.
COMMANDS = {
    "up": "processes:up",
    "serve": "processes:serve",
    "migrate": "processes:migrate",
    "prepare": "processes:prepare",
    "doctor": "doctor:doctor",
    "account": "admin:account",
    "key": "admin:key",
    "user": "admin:user",
    "carrier": "carriers:carrier",
    "route": "carriers:route",
    "network": "carriers:network",
    "number": "admin:number",
    "smpp-user": "smpp_users:smpp_user",
    "callbacks": "callbacks:callbacks",
    "audit": "admin:audit",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "secrets": "keeping:secrets",
    "privacy": "privacy:privacy",
}


class _Commands(click.Group):
    """Finds its commands in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"strowger.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="strowger")
def cli() -> None:
    """Strowger, a self-hosted communications platform."""


def main() -> None:
    """Run the command; a bad setting ends it with one clear line."""
    try:
        cli()
    except SettingsError as problem:
        raise SystemExit(f"strowger: {problem}") from problem
