"""Uploading a table as CSV, XLSX or XLS: the page's description of the file, and reading what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar.datastructures import UploadFile

from strowger.console.pages import AnyRequest, Crumb, Page, render
from strowger.foundation.sheets import SheetProblem, SheetRow, read_sheet

Take = Callable[[str, list[SheetRow], dict[str, str]], Awaitable[Page]]  # file name, rows, choices


@dataclass(frozen=True, slots=True)
class Upload:
    """What a file must hold. ``columns`` are (name, needed, what it holds); ``headings`` maps spellings to columns.

    ``choices`` are further radio fields: name, legend and (value, label); ``switches`` are boxes to tick: name and label, whose
    value is ``on`` or empty. A page that shows more below extends ``console/upload.html``.
    """

    title: str
    back: Crumb
    columns: Sequence[tuple[str, bool, str]]
    headings: Mapping[str, str]
    example: str
    most_rows: int
    most_bytes: int = 5_000_000
    text: str = ""
    choices: Sequence[tuple[str, str, Sequence[tuple[str, str]]]] = ()
    switches: Sequence[tuple[str, str]] = ()
    template: str = "console/upload.html"

    async def page(self, request: AnyRequest, *errors: str, **shown: Any) -> Page:
        """The form; with errors, if there are any, that say why nothing was imported, and with what was ticked before."""
        ticked = {name for name, _ in self.switches if (await request.form()).get(name)} if errors else set()
        return await render(
            request, self.template, title=self.title, crumbs=[self.back], upload=self, errors=errors, ticked=ticked,
            status=422 if errors else 200, **shown,
        )  # fmt: skip

    async def answer(self, request: AnyRequest, take: Take) -> Page:
        """The whole of an import page: the form, and what ``take`` makes of file name, rows and choices.

        ``take`` raises SheetProblem for what it cannot use: the form comes again and says so.
        """
        if request.method == "GET":
            return await self.page(request)
        try:
            return await take(*await self.read(request))
        except SheetProblem as problem:
            return await self.page(request, str(problem))

    async def read(self, request: AnyRequest) -> tuple[str, list[SheetRow], dict[str, str]]:
        """File name, rows and choices of what was sent. Raises SheetProblem."""
        form = await request.form()
        given = form.get("file")
        data = await given.read() if isinstance(given, UploadFile) else b""
        if not data or not isinstance(given, UploadFile):
            raise SheetProblem("Choose a file.")
        if len(data) > self.most_bytes:
            raise SheetProblem(f"The file has {len(data):,} bytes; at most {self.most_bytes:,}.")
        chosen = {}
        for name, _, options in self.choices:
            value = str(form.get(name, options[0][0]))
            chosen[name] = value if value in dict(options) else options[0][0]
        chosen |= {name: "on" if form.get(name) else "" for name, _ in self.switches}
        rows = await asyncio.to_thread(read_sheet, data, self.most_rows, self.headings)
        return (given.filename or "file").replace("\0", "")[-200:], rows, chosen
