"""What somebody outside the account sees who was put on a list of recipients: agree, or refuse for good."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.pages import AnyRequest, Page, context_of, public_page, render
from strowger.platform.reports import recipients, service
from strowger.platform.reports.pages.listing import LIST

LINK = f"{LIST}/recipients/{{token:str}}"


async def _page(request: AnyRequest, token: str, answered: str = "") -> Page:
    row = await recipients.asked_by(context_of(request), token)
    if row is None:
        raise NotFoundException
    return await render(
        request, "reports/agree.html", title="Reports by mail", account=row["name"], address=row["address"], token=token,
        state=answered or row["state"],
    )  # fmt: skip


@public_page(LINK)
async def asked(request: AnyRequest, token: str) -> Page:
    """What one is asked."""
    return await _page(request, token)


@public_page(LINK, methods=["POST"])
async def answer(request: AnyRequest, token: str) -> Page:
    """Keep the answer; who agrees gets what waits for them."""
    context = context_of(request)
    row = await recipients.asked_by(context, token)
    if row is None:
        raise NotFoundException
    agreed = (await request.form()).get("answer") == "agree"
    for report_id in await recipients.decide(context, row["account_id"], row["address"], agreed):
        report = await service.find(context, row["account_id"], report_id)
        if report is not None and (report["rows"] or report["send_empty"]) and await service.file_of(context, report):
            await service.mail_again(context, row["account_id"], report, [row["address"]])
    return await _page(request, token)


pages: list[Any] = [asked, answer]
