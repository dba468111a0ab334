"""Gathering: calls that arrive together are served by one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from strowger.foundation.tenancy import across_accounts

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
MAX_BATCH = 500


class Gatherer(Generic[Asked, Answer]):
    """Hands what several callers ask in the same moment to ``serve`` as one list; answers come in its order."""

    def __init__(self, serve: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._serve = serve
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """The answer to one question. Raises what ``serve`` raised for the batch."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._task is None:
            with across_accounts():  # the task serves whoever asks meanwhile, not the caller alone
                self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            await asyncio.sleep(0)
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._answer(batch)
        finally:
            self._task = None

    async def _answer(self, batch: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._serve([asked for asked, _ in batch])
        except Exception as problem:
            for _, future in batch:
                if not future.done():
                    future.set_exception(problem)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
