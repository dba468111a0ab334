"""The rules of the house that no ready-made linter knows. CONTRIBUTING.md says what each one is for.

Run by `make check`; prints `path:line: rule: sentence` and ends with 1 when a rule is broken. `warning` lines do not count.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES_WARNED, LINES_ALLOWED = 400, 450
CODE = {".py", ".js", ".css", ".html"}
TENANT_TABLES = frozenset(
    "message message_event callback callback_attempt sender number api_key app_user ledger_entry wallet saved_view request_log"
    " idempotency_key".split()
)
SQL = re.compile(r"\bSELECT\s+[\w*(]|\bINSERT INTO\s|\bUPDATE\s+\w+(\s+\w+)?\s+SET\b|\bDELETE FROM\s")
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?([a-z_]+)")
SCOPE = re.compile(r"#\s*scope:\s*\S")
HTTP_MODULES = ("requests", "httpx", "urllib.request", "http.client", "urllib3")
# This file and its tests name what they forbid; the lock files hold digests in which any letters may meet.
NAMES_THE_RULES = ("scripts/lint_house.py", "tests/unit/house/")
LOCK_FILES = ("package-lock.json", "requirements/runtime.txt", "requirements/dev.txt")
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "data", "dist", "build", "test-results", "__pycache__"}
WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])(?:/(?:home|Users)/[\w.-]+/|/(?:root|work)/[\w.-]|[A-Z]:\\Users\\)")
INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|proxy\.golang\.org"
    r"|--(?:extra-)?index-url|--find-links|^\s*registry\s*=|\"resolved\": \"http",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    path: str
    line: int
    rule: str
    sentence: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.rule}: {self.sentence}"


Rule = Callable[[str, str], Iterator[Finding]]


def length(path: str, text: str) -> Iterator[Finding]:
    """A source file beyond 400 lines is two things; beyond 450 it does not pass."""
    lines = text.count("\n") + (not text.endswith("\n"))
    if path.startswith("src/") and Path(path).suffix in CODE and lines > LINES_WARNED:
        sentence = f"{lines} lines; split it (at most {LINES_ALLOWED}, better under 300)"
        yield Finding(path, 1, "length", sentence, warning=lines <= LINES_ALLOWED)


def _in_repository(path: str) -> bool:
    return path.endswith("/repository.py") or "/repository/" in path


def _may_hold_sql(path: str) -> bool:
    return _in_repository(path) or "/migrations/" in path or path.startswith("src/strowger/foundation/")


def _text_of(node: ast.AST) -> str:
    """The text of a string; the values inside an f-string are left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) or " " for part in node.values)
    return ""


def _docstrings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _statements_of_sql(tree: ast.Module) -> Iterator[tuple[ast.stmt, ast.AST, str]]:
    """(statement, string node, text) of every string that holds SQL, docstrings apart."""
    skipped = _docstrings(tree)
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.stmt):
            continue
        for node in _own_nodes(statement):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in skipped:
                text = _text_of(node)
                if SQL.search(text):
                    yield statement, node, text


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions of a statement, without those of the statements inside it and without the parts of f-strings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            continue
        yield child
        if not isinstance(child, ast.JoinedStr):
            yield from _own_nodes(child)


def sql_place(path: str, text: str) -> Iterator[Finding]:
    """SQL stands in repository files (and in the foundation and migrations) only."""
    if not path.startswith("src/") or not path.endswith(".py") or _may_hold_sql(path):
        return
    for _, node, sql in _statements_of_sql(ast.parse(text)):
        yield Finding(path, node.lineno, "sql-place", f"SQL outside a repository file: {' '.join(sql.split())[:60]}")


def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def _is_excused(comments: dict[int, str], statement: ast.stmt) -> bool:
    """Whether a scope comment stands on the first or last line of a statement, or on the line above it."""
    lines = {statement.lineno - 1, statement.lineno, statement.end_lineno or statement.lineno}
    return any(SCOPE.search(comments.get(line, "")) for line in lines)


def tenant_scope(path: str, text: str) -> Iterator[Finding]:
    """R-56: what reads or writes a tenant's table names account_id, or says why not (`# scope: <reason>`)."""
    if not path.startswith("src/") or not path.endswith(".py") or not _in_repository(path):
        return
    tree, comments = ast.parse(text), _comments(text)
    for statement, node, sql in _statements_of_sql(tree):
        tables = sorted(TENANT_TABLES & set(TABLE.findall(sql)))
        if tables and "account_id" not in sql and not _is_excused(comments, statement):
            yield Finding(path, node.lineno, "tenant-scope", f"no account_id in a statement on {', '.join(tables)}")
    yield from _unscoped_functions(path, tree, comments)


def _unscoped_functions(path: str, tree: ast.Module, comments: dict[int, str]) -> Iterator[Finding]:
    """The same for queries that are built with SQLAlchemy: within a function, by the models it selects from."""
    tables = _core_tables(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        used = {name for call in _query_calls(function) for name in _names(call) if _table_of(name, tables)}
        words = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)} | set(_names(function))
        excused = any(
            SCOPE.search(comments.get(n, "")) for n in range(function.lineno - 1, function.body[0].lineno + 1)
        )
        if used and "account_id" not in words and not excused:
            sentence = f"{function.name} queries {', '.join(sorted(used))} without account_id"
            yield Finding(path, function.lineno, "tenant-scope", sentence)


def _core_tables(tree: ast.Module) -> dict[str, str]:
    """Names bound to `table("...")` in this module."""
    return {
        node.targets[0].id: _text_of(node.value.args[0])
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call) and _called(node.value) == "table" and node.value.args
    }  # fmt: skip


def _table_of(name: str, tables: dict[str, str]) -> bool:
    """Whether a name is a tenant table of this module, or a model: the table's name in camel case."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return tables.get(name) in TENANT_TABLES or (name[:1].isupper() and snake in TENANT_TABLES)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _query_calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _called(node) in {"select", "update", "delete"}:
            yield node


def _names(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.arg | ast.keyword) and child.arg:
            yield child.arg


def outgoing_http(path: str, text: str) -> Iterator[Finding]:
    """R-49: nothing but the guarded client speaks HTTP to the outside."""
    free = path.startswith(("src/strowger/foundation/http_", "src/strowger/simulators/"))
    if not path.startswith("src/") or not path.endswith(".py") or free:
        return
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        for name in names:
            client = name in {"aiohttp.ClientSession", "aiohttp.request"}
            if client or (not isinstance(node, ast.Attribute) and _is_within(name, HTTP_MODULES)):
                yield Finding(path, node.lineno, "outgoing-http", f"{name}: use strowger.foundation.http_client")


def _is_within(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)


def _matches(path: str, text: str, pattern: re.Pattern[str], rule: str, sentence: str) -> Iterator[Finding]:
    for match in pattern.finditer(text):
        yield Finding(path, text.count("\n", 0, match.start()) + 1, rule, f"{sentence}: {match.group().strip()}")


def unfinished(path: str, text: str) -> Iterator[Finding]:
    """Nothing is left for later in the code; what is missing stands in docs/roadmap.md or an issue."""
    if path not in LOCK_FILES:
        yield from _matches(path, text, WORDS, "unfinished", "say it in an issue or the roadmap")


def machine_path(path: str, text: str) -> Iterator[Finding]:
    """No path of somebody's machine."""
    if path not in LOCK_FILES:
        yield from _matches(path, text, MACHINE_PATH, "machine-path", "a path of one machine")


def index_host(path: str, text: str) -> Iterator[Finding]:
    """Which package index is used is the machine's choice, not the repository's."""
    yield from _matches(path, text, INDEX_HOST, "index-host", "a package index")


class _Page(HTMLParser):
    """Finds what the content policy would refuse: code and style inside the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = any(name == "type" and "json" in (value or "") for name, value in attrs)
        self._script = tag == "script" and not data
        if tag == "style":
            self.found.append((self.getpos()[0], "<style> in the page"))
        for name, _ in attrs:
            if name == "style" or name.startswith("hx-on") or re.fullmatch(r"on[a-z]+", name):
                self.found.append((self.getpos()[0], f"{name}= on <{tag}>"))

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.found.append((self.getpos()[0], "code inside <script>"))

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def inline_code(path: str, text: str) -> Iterator[Finding]:
    """Templates hold no code and no style: the content policy refuses both."""
    if not path.startswith("src/") or not path.endswith(".html"):
        return
    page = _Page()
    page.feed(re.sub(r"\{([{%#]).*?[}%#]\}", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL))
    page.close()
    for line, what in page.found:
        yield Finding(path, line, "inline-code", what)


RULES: tuple[Rule, ...] = (
    length, sql_place, tenant_scope, outgoing_http, unfinished, machine_path, index_host, inline_code,
)  # fmt: skip


def check(path: str, text: str) -> list[Finding]:
    """Every finding in one file; ``path`` is relative to the root, with forward slashes."""
    if path.startswith(NAMES_THE_RULES):
        return []
    return [finding for rule in RULES for finding in rule(path, text)]


def files() -> list[str]:
    """Every file that is or would be in the repository; without git, every file outside the folders that tools make."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        listed = [path.as_posix() for path in paths if not SKIPPED_FOLDERS & set(path.parts)]
    return sorted(path for path in set(listed) if (ROOT / path).is_file())


def main() -> int:
    """Check the repository; returns the exit code."""
    broken = False
    for path in files():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue  # pictures and fonts
        for finding in check(path, text):
            print(finding)
            broken = broken or not finding.warning
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
