"""Help: guides with search, questions and answers, release notes (console.md 5.1, 5.13, 8)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger import __version__
from strowger.console import menu, palette
from strowger.console.pages import (
    Action,
    AnyRequest,
    Crumb,
    Page,
    Visitor,
    context_of,
    fragment,
    html,
    page,
    redirect,
    render,
)
from strowger.foundation.context import Context
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.guides import library
from strowger.platform.guides.index import Hit, Index, sections_of
from strowger.platform.guides.library import GUIDES, NOTES, QUESTIONS, Section
from strowger.platform.health.service import readiness
from strowger.platform.support.pages import GLOSSARY, TERMS

HOME, SEARCH, ABOUT = "/help", "/help/search", "/help/about"
SHOWN, IN_PALETTE, MAX_QUERY = 20, 5, 200
TAGS = {"Guide": "info", "Question": "success", "Term": "neutral", "Error code": "danger", "Release notes": "neutral"}

menu.register("Help", "Guides", HOME, "book-2", 5)
menu.register("Help", "FAQs", QUESTIONS, "help-circle", 7)
menu.register("Help", "Release notes", NOTES, "news", 30)
menu.register("Help", "About", ABOUT, "info-circle", 40)


@lru_cache(maxsize=1)
def index() -> Index:
    """Everything that help can be found in."""
    sections: list[Section] = [section for guide in library.guides().values() for section in guide.sections]
    sections += library.questions()[1]
    sections += sections_of(TERMS, "Glossary", GLOSSARY, "Term")
    sections += [
        Section(code, entry.text, f"/docs/errors/{code}", f"{code} {entry.explanation} {entry.remedy}", "Error code")
        for code, entry in sorted(ERRORS.items())
    ]
    sections += [section for release in library.releases() for section in release.document.sections]
    return Index(sections)


async def _in_palette(context: Context, visitor: Visitor, text: str) -> list[palette.Hit]:
    return [
        palette.Hit(hit.section.heading or hit.section.title, hit.section.path, "book-2", hit.section.title, "Help")
        for hit in index().find(text, IN_PALETTE)
    ]


palette.register_finder("help", _in_palette)
palette.register_action("Search the guides", HOME, "book-2")


def _asked(request: AnyRequest) -> tuple[str, list[Hit]]:
    text = request.query_params.get("q", "").replace("\0", "").strip()[:MAX_QUERY]
    return text, index().find(text, SHOWN) if len(text) > 1 else []


@page(HOME, permission="self")
async def home(request: AnyRequest, visitor: Visitor) -> Page:
    """The guides by whom they are for, and the search over all of help."""
    text, hits = _asked(request)
    return await render(
        request, "guides/home.html", title="Guides", shelves=library.shelves(), text=text, hits=hits, tags=TAGS,
        actions=[Action("Ask for support", "/support/tickets/new", "lifebuoy")],
    )  # fmt: skip


@page(SEARCH, permission="self")
async def search(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What is found while it is typed."""
    if not request.headers.get("hx-request"):
        return redirect(request, f"{HOME}?{request.url.query}" if request.url.query else HOME)
    text, hits = _asked(request)
    return html(fragment(request, "guides/hits.html", "found", text, hits, TAGS))


@page(f"{GUIDES}/{{name:str}}", permission="self")
async def guide(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """One guide."""
    found = library.guides().get(name)
    if found is None:
        raise NotFoundException
    return await render(request, "guides/guide.html", title=found.title, crumbs=[Crumb("Guides", HOME)], document=found)


@page(QUESTIONS, permission="self")
async def faqs(request: AnyRequest, visitor: Visitor) -> Page:
    """Questions that are asked often."""
    areas: dict[str, list[library.Question]] = {}
    for question in library.questions()[0]:
        areas.setdefault(question.area, []).append(question)
    return await render(
        request,
        "guides/faqs.html",
        title="FAQs",
        areas=areas,
        actions=[Action("Ask for support", "/support/tickets/new", "lifebuoy")],
    )


@page(ABOUT, permission="self")
async def about(request: AnyRequest, visitor: Visitor) -> Page:
    """Version, health and licence of the installation."""
    context = context_of(request)
    return await render(
        request, "guides/about.html", title="About", version=__version__, licence=library.licence(),
        health=await readiness(context.database), release=next(iter(library.releases()), None),
    )  # fmt: skip


@page(NOTES, permission="self")
async def release_notes(request: AnyRequest, visitor: Visitor) -> Page:
    """The versions; the latest one in full."""
    releases = library.releases()
    return await _release(request, releases[0] if releases else None)


@page(f"{NOTES}/{{name:str}}", permission="self")
async def one_release(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """What one version brought."""
    found = next(
        (one for one in library.releases() if one.document.sections and library.slug(one.document.name) == name), None
    )
    if found is None:
        raise NotFoundException
    return await _release(request, found)


async def _release(request: AnyRequest, release: library.Release | None) -> Page:
    tabs = [(one.name, f"{NOTES}/{library.slug(one.document.name)}", one is release) for one in library.releases()]
    return await render(
        request, "guides/notes.html", title="Release notes" if release is None else f"Release notes: {release.name}",
        release=release, tabs=tabs,
    )  # fmt: skip


pages: list[Any] = [home, search, guide, faqs, about, release_notes, one_release]
