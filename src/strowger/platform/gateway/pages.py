"""The description of the public API for machines (``/openapi.json``) and for people (``/docs``)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.layout import Crumb
from strowger.console.pages import public_page
from strowger.console.respond import AnyRequest, Page, context_of, render
from strowger.foundation.context import Context
from strowger.platform.gateway.errors import ERRORS, ErrorEntry
from strowger.platform.gateway.openapi import SID, codes_by_status, describe_api, example_of, public_paths
from strowger.platform.gateway.operations import OPERATIONS, Operation

FIRST = ("Messages", "Status and logs", "Schedule", "Sender IDs", "Templates")  # what most people look for
menu.register("Developers", "API", "/docs", "book", 40)


@dataclass(frozen=True, slots=True)
class DescribedOperation:
    """An operation as the page shows it."""

    operation: Operation
    paths: list[str]
    curl: str
    example: str
    errors: list[tuple[int, list[ErrorEntry]]]


def curl_of(operation: Operation, base_url: str) -> str:
    """A call of the operation that works once SID and key are put in."""
    path = f"/v1{operation.path}".replace("{sid}", "$SID")
    for item in operation.path_parameters:
        path = path.replace("{" + item.name + "}", str(item.example))
    words = ["curl", "-X POST"] if operation.method == "POST" else ["curl", "-G"]
    words += [f'"{base_url}{path}"', '-H "api-key: $KEY"']
    option = "-F" if operation.files else "--data-urlencode"
    words += [f"{option} {shlex.quote(f'{name}={value}')}" for name, value in example_of(operation.parameters).items()]
    return " \\\n  ".join(words)


def described(context: Context) -> dict[str, list[DescribedOperation]]:
    """Every operation by its tag, the tags in the order of the page."""
    groups: dict[str, list[DescribedOperation]] = {}
    for operation in OPERATIONS:
        entry = DescribedOperation(
            operation,
            public_paths(operation),
            curl_of(operation, context.settings.base_url),
            msgspec.json.format(msgspec.json.encode(operation.example), indent=2).decode(),
            [(status, [ERRORS[code] for code in codes]) for status, codes in codes_by_status(operation).items()],
        )
        groups.setdefault(operation.tag, []).append(entry)
    rank = {tag: place for place, tag in enumerate(FIRST)}
    return dict(sorted(groups.items(), key=lambda group: rank.get(group[0], len(rank))))


def bases_of(request: AnyRequest) -> list[str]:
    """The base URLs that a call can be tried with: the public one, and the one under which the page was opened."""
    here, public = f"{request.url.scheme}://{request.url.netloc}", context_of(request).settings.base_url
    return list(dict.fromkeys((public, here, f"{public}/api")))


@get("/openapi.json", include_in_schema=False)
async def openapi_document(request: AnyRequest) -> Response[bytes]:
    """The OpenAPI document of the public API."""
    return Response(msgspec.json.encode(describe_api()), media_type="application/json")


@public_page("/docs")
async def api_page(request: AnyRequest) -> Page:
    """The API page."""
    return await render(
        request,
        "gateway/docs.html",
        title="API",
        groups=described(context_of(request)),
        base_url=context_of(request).settings.base_url,
        bases=bases_of(request),
        sid_example=SID.example,
    )


@public_page("/docs/errors")
async def errors_page(request: AnyRequest) -> Page:
    """The registry of error codes; each code is an anchor."""
    return await render(request, "gateway/errors.html", title="Error codes", errors=sorted(ERRORS.items()))


@public_page("/docs/errors/{code:str}")
async def error_page(request: AnyRequest, code: str) -> Page:
    """One error code: what it means, what to do, which calls answer it."""
    entry = ERRORS.get(code.upper())
    if entry is None:
        raise NotFoundException
    return await render(
        request,
        "gateway/error.html",
        title=f"{entry.code}: {entry.text}",
        crumbs=[Crumb("Developers"), Crumb("API", "/docs"), Crumb("Error codes", "/docs/errors")],
        error=entry,
        operations=[one for one in OPERATIONS if entry.code in one.codes],
    )


pages: list[Any] = [openapi_document, api_page, errors_page, error_page]
