"""The one command: ``strowger``."""

from __future__ import annotations

import click

from strowger import __version__
from strowger.cli.admin import account, audit, carrier, key, number, route, user
from strowger.cli.doctor import doctor
from strowger.cli.processes import migrate, serve, up
from strowger.cli.smpp_users import smpp_user
from strowger.foundation.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="strowger")
def cli() -> None:
    """Strowger, a self-hosted communications platform."""


for command in (up, serve, migrate, doctor, account, key, user, carrier, route, number, smpp_user, audit):
    cli.add_command(command)


def main() -> None:
    """Run the command; a bad setting ends it with one clear line."""
    try:
        cli()
    except SettingsError as problem:
        raise SystemExit(f"strowger: {problem}") from problem
