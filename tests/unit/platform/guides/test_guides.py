"""Help: the guides become pages whose links lead somewhere, and are found by what they say."""

from __future__ import annotations

import re

import pytest

from strowger.platform.guides import library
from strowger.platform.guides.index import Index, excerpt, stem
from strowger.platform.guides.library import GUIDES, Section, read
from strowger.platform.guides.pages import index


def test_a_text_becomes_a_page_that_can_do_no_harm() -> None:
    text = (
        "# Title\nFirst words. More.\n## Set up <b>\n<script>alert(1)</script> [a](javascript:alert(1)) "
        "[own](callbacks.md#x) [code](../src/x.py) [out](https://e.example/)\n\n| A |\n|---|\n| 1 |\n\n```sh\na < b\n```\n"
    )
    page = read(text, "x", f"{GUIDES}/x", known=frozenset({"callbacks"}))
    assert (page.title, page.about, page.headings) == ("Title", "First words.", ((2, "set-up-b", "Set up <b>"),))
    assert "<script" not in page.html
    assert "javascript:" not in re.sub(r"\[a\]\(javascript:alert\(1\)\)", "", page.html)
    assert 'href="/help/guides/callbacks#x"' in page.html
    assert "src/x.py" not in page.html
    assert 'href="https://e.example/"' in page.html
    assert 'class="table-wrap" tabindex="0"' in page.html
    assert '<pre tabindex="0">' in page.html
    assert [(s.heading, s.path) for s in page.sections] == [
        ("", "/help/guides/x"),
        ("Set up <b>", "/help/guides/x#set-up-b"),
    ]


@pytest.mark.parametrize("name", sorted(library.guides()))
def test_links_of_a_guide_lead_to_guides_and_headings_that_there_are(name: str) -> None:
    guides = library.guides()
    for target in re.findall(r'href="([^"]+)"', guides[name].html):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        aimed = guides[name] if not path else guides.get(path.removeprefix(f"{GUIDES}/"))
        assert aimed is not None, target
        assert not anchor or anchor in {mark for _, mark, _ in aimed.headings}, target


def test_every_guide_is_on_a_shelf_and_the_questions_are_read() -> None:
    named = [name for _, names in library.SHELVES for name in names]
    assert set(named) <= set(library.guides())
    assert not set(library.guides()) & library.HIDDEN
    found, sections = library.questions()
    assert len(found) >= 15
    assert {"Account and keys", "Messages"} <= {question.area for question in found}
    assert all(question.html for question in found)
    anchors = {section.path.partition("#")[2] for section in sections}
    assert {question.anchor for question in found} <= anchors
    assert library.releases()[0].document.html


def test_words_are_found_by_their_stems_and_beginnings() -> None:
    index = Index([
        Section("Callbacks", "Retries", "/a", "A callback that fails is repeated."),
        Section("Money", "Refunds", "/b", "What is given back; callbacks are not mentioned in the heading."),
        Section("Other", "", "/c", "Nothing of it."),
    ])  # fmt: skip
    assert [hit.section.path for hit in index.find("the callbacks")] == ["/a", "/b"]
    assert [hit.section.path for hit in index.find("repeat")] == ["/a"]
    assert [hit.section.path for hit in index.find("refu")] == ["/b"]
    assert [hit.section.path for hit in index.find("callbacks refunds")] == ["/b"]
    for nothing in ("", "zebra", "callbacks zebra", "%_'\"", "x" * 500):
        assert index.find(nothing) == []
    assert ("callback", True) in index.find("callbacks")[0].excerpt
    assert "".join(words for words, _ in excerpt("word " * 200, {stem("word")})).endswith("…")


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("verify signature", "/help/guides/callbacks"),
        ("charged as several units", "/help/faqs#why-was-a-message-charged-as-several-units"),
        ("WABA", "/support/glossary"),
        ("E429", "/docs/errors/E429"),
        ("backup", "/help/guides/backup"),
    ],
)
def test_people_find_what_they_ask_for(asked: str, path: str) -> None:
    assert any(hit.section.path.startswith(path) for hit in index().find(asked, 3))
