"""The texts of the installation: guides of ``docs``, questions, release notes, read once (console.md 5.1, 5.13, 8)."""

from __future__ import annotations

import re
import sys
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

import strowger

GUIDES, QUESTIONS, NOTES = "/help/guides", "/help/faqs", "/release-notes"
FAQ = "faq"
# Guides by whom they are for; what is not named stands under "More". For who works on the code: not shown.
SHELVES = (
    ("For developers", ("sms", "callbacks", "sms-templates", "receive", "lookup", "smpp", "migrating", "simulator")),
    (
        "For the account",
        ("campaigns", "flows", "reports", "screening", "billing", "subaccounts", "people", "documents", "data"),
    ),
    ("For the operator", ("installation", "carriers", "operations", "production", "backup", "settings", "performance")),
)
HIDDEN = frozenset({FAQ, "roadmap", "console-kit", "dependencies", "quality"})
FRAME = '<div class="table-wrap" tabindex="0" role="region" aria-label="Table %d">'
_LINK = re.compile(r"(?P<name>[a-z0-9-]+)\.md(?P<anchor>#[A-Za-z0-9_-]+)?")
_VERSION = re.compile(r"\[?(?P<name>[^\]]+?)\]?(?:\s+-\s+(?P<day>\d{4}-\d\d-\d\d))?")


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a text under one heading: where it is, what it says without marks."""

    title: str
    heading: str
    path: str
    text: str
    kind: str = "Guide"


@dataclass(frozen=True, slots=True)
class Document:
    """One text: its name, title and first words, its HTML, its headings (level, id, words) and sections."""

    name: str
    title: str
    about: str
    html: str
    headings: tuple[tuple[int, str, str], ...]
    sections: tuple[Section, ...]


def folder() -> Path:
    """Where the texts are: beside the source in a checkout, else where the installed package put them."""
    source = Path(strowger.__file__).parents[2]
    return source if (source / "docs").is_dir() else Path(sys.prefix) / "share" / "strowger"


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """CommonMark with tables. HTML in a text is shown as text, never as markup."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def slug(words: str) -> str:
    """The id of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")


def plain(token: Token) -> str:
    """The words of an inline token."""
    parts = [child.content if child.type in ("text", "code_inline") else " " for child in token.children or ()
             if child.type in ("text", "code_inline", "softbreak", "hardbreak")]  # fmt: skip
    return "".join(parts)


def read(
    text: str, name: str, path: str, kind: str = "Guide", known: frozenset[str] = frozenset(), title: str = ""
) -> Document:
    """A Markdown text as a page. ``known`` are the guides that links may lead to; ``path`` is its own address."""
    parser, seen = _parser(), set[str]()
    tokens = parser.parse(text)
    headings, sections = [], []
    heading, anchor, words = "", "", list[str]()

    def close() -> None:
        if words:
            sections.append(Section(title, heading, path + anchor, " ".join(words), kind))
            words.clear()

    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            said = plain(tokens[place + 1])
            if token.tag == "h1" and not title:
                title = said
                continue
            close()
            mark = slug(said)
            while mark in seen:
                mark += "-"
            seen.add(mark)
            token.attrSet("id", mark)
            heading, anchor = said, f"#{mark}"
            headings.append((int(token.tag[1]), mark, said))
        elif token.type == "inline":
            _turn_links(token, known)
            if not (place and tokens[place - 1].type == "heading_open"):
                words.append(plain(token))
        elif token.type == "fence":
            words.append(token.content)
    close()
    about = next((section.text for section in sections if not section.heading), "")
    html = _in_frames(parser.renderer.render(_without_title(tokens), parser.options, {}))
    return Document(name, title or name, _first_sentence(about), html, tuple(headings), tuple(sections))


def _without_title(tokens: list[Token]) -> list[Token]:
    """The page's head shows the title."""
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return tokens[3:]
    return tokens


def _turn_links(token: Token, known: frozenset[str]) -> None:
    """Links to guides lead to their pages; those to files of the source lead nowhere, so their words stay alone."""
    children = token.children or []
    dead = 0
    for child in children:
        if child.type == "link_open":
            target = str(child.attrGet("href") or "")
            found = _LINK.fullmatch(target.removeprefix("docs/"))
            if found and found["name"] in known:
                child.attrSet("href", f"{GUIDES}/{found['name']}{found['anchor'] or ''}")
            elif not target.startswith(("http://", "https://", "/", "#")):
                child.type, child.tag, child.attrs = "text", "", {}
                dead += 1
        elif child.type == "link_close" and dead:
            child.type, child.tag = "text", ""
            dead -= 1
        elif child.type == "image":
            child.type, child.content = "text", child.content


def _in_frames(html: str) -> str:
    """Tables and code scroll for themselves, also by keyboard."""
    number = count(1)
    html = re.sub("<table>", lambda _: f'{FRAME % next(number)}<table class="data-table">', html)
    return html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')


def _first_sentence(text: str) -> str:
    end = re.search(r"\.(?= |$)", text)
    short = text[: end.start() + 1] if end else text
    return (short if len(short) <= 200 else short[:199] + "…").rstrip(":")


@lru_cache(maxsize=1)
def guides() -> dict[str, Document]:
    """Every guide by its name."""
    found = sorted(path for path in (folder() / "docs").glob("*.md") if path.stem not in HIDDEN)
    known = frozenset(path.stem for path in found)
    return {
        path.stem: read(path.read_text(encoding="utf-8"), path.stem, f"{GUIDES}/{path.stem}", known=known)
        for path in found
    }


def shelves() -> list[tuple[str, list[Document]]]:
    """The guides by whom they are for."""
    known = guides()
    named = {name for _, names in SHELVES for name in names}
    rest = [document for name, document in known.items() if name not in named]
    found = [(title, [known[name] for name in names if name in known]) for title, names in SHELVES]
    return [(title, documents) for title, documents in [*found, ("More", rest)] if documents]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its answer in HTML, under the heading of its area."""

    area: str
    text: str
    anchor: str
    html: str


@lru_cache(maxsize=1)
def questions() -> tuple[list[Question], tuple[Section, ...]]:
    """The questions of ``docs/faq.md``: ``##`` is an area, ``###`` a question."""
    path = folder() / "docs" / f"{FAQ}.md"
    if not path.is_file():
        return [], ()
    text, known = path.read_text(encoding="utf-8"), frozenset(guides())
    document = read(text, FAQ, QUESTIONS, "Question", known)
    found, area = [], ""
    for piece in re.split(r"^(?=#{2,3} )", text, flags=re.MULTILINE)[1:]:
        head, _, body = piece.partition("\n")
        words = head.lstrip("# ").strip()
        if head.startswith("### "):
            answer = read(body, FAQ, QUESTIONS, known=known)
            found.append(Question(area, words, slug(words), answer.html))
        else:
            area = words
    return found, document.sections


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the change log."""

    name: str
    day: str
    document: Document


@lru_cache(maxsize=1)
def licence() -> str:
    """The text of the licence; empty when it is not installed."""
    path = folder() / "LICENSE"
    return textwrap.dedent(path.read_text()).strip("\n") if path.exists() else ""


@lru_cache(maxsize=1)
def releases() -> list[Release]:
    """The versions of ``CHANGELOG.md``, the latest first."""
    path = folder() / "CHANGELOG.md"
    if not path.is_file():
        return []
    found = []
    for piece in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = piece.partition("\n")
        body = re.sub(r"^###", "##", body, flags=re.MULTILINE)  # under the page's own heading
        version = _VERSION.fullmatch(head.strip())
        name, day = (version["name"], version["day"] or "") if version else (head.strip(), "")
        title = "Not yet released" if name.lower() == "unreleased" else name
        document = read(
            body, name, f"{NOTES}/{slug(name)}", "Release notes", frozenset(guides()), f"Release notes: {title}"
        )
        found.append(Release(title, day, document))
    return found
