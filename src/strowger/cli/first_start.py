"""The first start: partitions, a demo account, the simulated carrier, and credentials.json."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

from strowger.channels.sms.carriers.registry import find_kind, read_config, write_config
from strowger.cli.provision import provision_account
from strowger.foundation.context import Context, build_context
from strowger.foundation.partitions import create_partitions
from strowger.foundation.settings import Settings
from strowger.messaging.routing import service as routing
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.passwords import new_password
from strowger.platform.lookup import setting_up as providers
from strowger.platform.numbers import service as numbers

SIMULATOR = "simulator"
DEMO_NAME, DEMO_COUNTRY, DEMO_CURRENCY = "Demo", "GB", "EUR"
DEMO_EMAIL = "demo@strowger.example"
DEMO_NUMBER = "447700900001"  # from Ofcom's range for drama, so that it is nobody's
DEMO_SENDERS = (DEMO_NUMBER, "STROWGER", "DEMOHX")
DEMO_CREDIT = Decimal(1_000_000)
REGISTER_KEY = "Bearer simulated-hlr"  # of the simulator, which listens on loopback only


async def first_start(settings: Settings) -> None:
    """Make what a fresh database lacks. Safe to run at every start."""
    context = build_context(settings)
    await context.database.open()
    try:
        await context.database.run(lambda c: create_partitions(c, context.clock.now()))
        if await accounts.find_account(context) is None:
            _write_credentials(settings, await _demo(context))
        if settings.simulators:
            await _simulated_carrier(context)
            await _simulated_register(context)
    finally:
        await context.http.close()
        await context.database.close()


async def _demo(context: Context) -> dict[str, Any]:
    made = await provision_account(context, DEMO_NAME, DEMO_COUNTRY, DEMO_CURRENCY, DEMO_CREDIT, DEMO_SENDERS)
    await context.database.run(lambda c: numbers.create_number(c, made["id"], DEMO_NUMBER, label="Demo number"))
    password = new_password()
    await accounts.create_user(context, made["id"], DEMO_EMAIL, "Demo", password)
    return {
        "base_url": context.settings.base_url,
        "sid": made["sid"],
        "api_key": made["api_key"],
        "console_email": DEMO_EMAIL,
        "console_password": password,
        "sender": DEMO_NUMBER,
    }


def _write_credentials(settings: Settings, credentials: dict[str, Any]) -> None:
    path = settings.data_dir / "credentials.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(credentials, file, indent=2)
        file.write("\n")


async def _simulated_carrier(context: Context) -> None:
    """The carrier that leads to the simulated SMSC, wherever that listens today."""
    port = context.settings.simulator_smpp_port
    existing = next((c for c in await routing.list_carriers(context) if c.name == SIMULATOR), None)
    wanted = {"host": "127.0.0.1", "port": port, "system_id": "strowger", "simulated": True, "reconnect_max": 2}
    config = write_config(read_config(find_kind("smpp"), wanted))
    if existing is None:
        await routing.add_carrier(context, SIMULATOR, "smpp", config, "secret", route_priority=1000)
    elif existing.config.get("port") != port:
        await routing.change_carrier(context, SIMULATOR, {**existing.config, "port": port})


async def _simulated_register(context: Context) -> None:
    """The lookup provider that leads to the simulated home location register, wherever that listens today."""
    url = f"http://127.0.0.1:{context.settings.simulator_http_port}/hlr/lookup"
    await providers.keep_simulated(context, SIMULATOR, url, REGISTER_KEY)
