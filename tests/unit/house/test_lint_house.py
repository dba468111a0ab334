"""Each rule of the house finds what it forbids and leaves the rest alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def lint() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import lint_house
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    return lint_house


def found(lint: Any, path: str, text: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in lint.check(path, text) if not finding.warning]


REPOSITORY = "src/strowger/platform/x/repository.py"
SERVICE = "src/strowger/platform/x/service.py"
PAGE = "src/strowger/platform/x/templates/x.html"


@pytest.mark.parametrize(("lines", "warnings", "errors"), [(400, 0, 0), (401, 1, 0), (450, 1, 0), (451, 0, 1)])
def test_length(lint: Any, lines: int, warnings: int, errors: int) -> None:
    findings = lint.check(SERVICE, "x = 1\n" * lines)
    assert [f.rule for f in findings] == ["length"] * (warnings + errors)
    assert sum(f.warning for f in findings) == warnings


def test_length_is_a_rule_of_source_files(lint: Any) -> None:
    assert found(lint, "docs/long.md", "line\n" * 500) == []


@pytest.mark.parametrize(
    "statement",
    ["SELECT id FROM t", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "UPDATE t x SET a = 1", "DELETE FROM t"],
)
def test_sql_stands_in_repositories(lint: Any, statement: str) -> None:
    text = f'Q = "{statement}"\n'
    assert found(lint, SERVICE, text) == [("sql-place", 1)]
    for path in (REPOSITORY, "src/strowger/messaging/repository/x.py", "src/strowger/foundation/x.py"):
        assert found(lint, path, text) == []


def test_a_lower_floor_names_no_table_of_campaigns(lint: Any) -> None:
    text = 'Q = "SELECT id FROM campaign WHERE account_id = $1"\n'
    assert found(lint, "src/strowger/channels/sms/repository.py", text) == [("table-floor", 1)]
    assert found(lint, "src/strowger/engagement/flows/repository.py", text) == []


def test_words_of_sql_in_sentences_are_no_sql(lint: Any) -> None:
    assert found(lint, SERVICE, '"""SELECT id FROM t, as a sentence."""\nx = "Select a sender from the list"\n') == []


@pytest.mark.parametrize(
    "text",
    [
        'Q = "SELECT body FROM message WHERE id = $1"\n',
        'Q = """\nSELECT 1 FROM sender s\n"""\n',
        'PART = "SELECT body FROM message "\nQ = PART + "WHERE id = $1"\n'.replace("PART =", "Q0 =").replace(
            "PART", "Q0"
        ),
        'Q = f"DELETE FROM callback WHERE state = {1}"\n',
        'def f():\n    return "DELETE FROM api_key"\n',
        "def f(session):\n    return select(Message).where(Message.n == 1)\n",
        'calls = table("callback")\ndef f():\n    return select(calls)\n',
    ],
)
def test_R56_tenant_tables_are_read_by_account(lint: Any, text: str) -> None:
    assert [rule for rule, _ in found(lint, REPOSITORY, text)] == ["tenant-scope"]


@pytest.mark.parametrize(
    "text",
    [
        'Q = "SELECT body FROM message WHERE account_id = $1"\n',
        'Q = "SELECT name FROM carrier"\n',
        'PART = "SELECT body FROM message "\nQ = PART + "WHERE account_id = $1"\n',
        '# scope: upkeep of the whole installation\nQ = "DELETE FROM callback"\n',
        'Q = "DELETE FROM callback"  # scope: upkeep of the whole installation\n',
        'Q = """\nDELETE FROM callback\n"""  # scope: upkeep of the whole installation\n',
        "def f(session, account_id):\n    return select(Message).where(Message.account_id == account_id)\n",
        "def f(session):  # scope: the list adds the account\n    return select(Message)\n",
    ],
)
def test_R56_passes_with_account_or_reason(lint: Any, text: str) -> None:
    assert found(lint, REPOSITORY, text) == []


def test_R56_a_comment_without_a_reason_excuses_nothing(lint: Any) -> None:
    assert found(lint, REPOSITORY, '# scope:\nQ = "DELETE FROM callback"\n') == [("tenant-scope", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "import requests\n",
        "import httpx\n",
        "import urllib.request\n",
        "from urllib.request import urlopen\n",
        "from aiohttp import ClientSession\n",
        "import aiohttp\nx = aiohttp.ClientSession()\n",
    ],
)
def test_R49_only_the_guarded_client_speaks_http(lint: Any, text: str) -> None:
    assert {rule for rule, _ in found(lint, SERVICE, text)} == {"outgoing-http"}
    for path in ("src/strowger/foundation/http_client.py", "src/strowger/simulators/x.py", "tests/unit/x.py"):
        assert found(lint, path, text) == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(lint: Any, word: str) -> None:
    assert found(lint, "docs/x.md", f"one\n{word}: two\n") == [("unfinished", 2)]
    assert found(lint, "docs/x.md", f"{word}S and {word.lower()}\n") == []


@pytest.mark.parametrize("path", ["/home/someone/x", "/Users/some.one/x", "/root/x", "/work/x"])
def test_no_machine_paths(lint: Any, path: str) -> None:
    assert found(lint, "README.md", f"See {path} there\n") == [("machine-path", 1)]
    assert found(lint, "README.md", f"See https://example.com{path} or .{path}\n") == []


@pytest.mark.parametrize(
    "text",
    ["https://pypi.org/simple", "registry=https://npm.example", "pip install --index-url x", '"resolved": "https://x"'],
)
def test_no_package_index(lint: Any, text: str) -> None:
    assert found(lint, "package-lock.json", f"a\n{text}\n") == [("index-host", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "<p>\n<script>go()</script>",
        '<p>\n<b style="color: red">',
        '<p>\n<a onclick="go()">',
        '<p>\n<a hx-on:click="go()">',
        "<p>\n<style>b {}</style>",
        '<p>\n<a {% if x %}class="{{ y }}"{% endif %} onclick="go()">',
    ],
)
def test_templates_hold_no_code(lint: Any, text: str) -> None:
    assert found(lint, PAGE, text) == [("inline-code", 2)]


def test_templates_may_load_scripts_and_carry_data(lint: Any) -> None:
    text = (
        '<script src="{{ asset(\'x.js\') }}" defer></script>\n<script type="application/json">{"a": 1}</script>\n'
        '{% set online = "x" %}<p class="style" @click="go">{{ link(style="plain") }}</p>\n'
    )
    assert found(lint, PAGE, text) == []


def test_the_repository_keeps_its_rules(lint: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = lint.main()
    assert code == 0, capsys.readouterr().out
