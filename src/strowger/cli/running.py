"""A context for commands: settings, database and secrets of the installation that the command speaks to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from strowger.cli.processes import resolved_settings
from strowger.foundation.context import Context, build_context
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError
from strowger.platform.accounts.errors import AccountProblem

T = TypeVar("T")


def run(work: Callable[[Context], Awaitable[T]]) -> T:
    """Run ``work`` with an open context; a refusal ends the command with one clear line."""

    async def inside() -> T:
        context = build_context(resolved_settings())
        try:
            await context.database.open()
        except OUTAGES as problem:
            raise click.ClickException(f"The database cannot be reached: {problem}") from problem
        try:
            return await work(context)
        finally:
            await context.http.close()
            await context.database.close()

    try:
        return asyncio.run(inside())
    except AccountProblem as problem:
        raise click.ClickException(str(problem)) from problem
    except StrowgerError as problem:
        field = f"{problem.field}: " if problem.field else ""
        raise click.ClickException(f"{field}{problem.detail or problem.code}") from problem
