"""The rules of the house that no ready-made linter knows. CONTRIBUTING.md says what each one is for.

Run by `make check`; prints `path:line: rule: sentence` and ends with 1 when a rule is broken. `warning` lines do not count.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from house.finding import Finding
from house.sql import sql_place, table_floor, tenant_scope

ROOT = Path(__file__).resolve().parent.parent
LINES_WARNED, LINES_ALLOWED = 400, 450
CODE = {".py", ".js", ".css", ".html"}
HTTP_MODULES = ("requests", "httpx", "urllib.request", "http.client", "urllib3")
# This file and its tests name what they forbid; the lock files hold digests in which any letters may meet.
NAMES_THE_RULES = ("scripts/lint_house.py", "scripts/house/", "tests/unit/house/")
LOCK_FILES = ("package-lock.json", "requirements/runtime.txt", "requirements/dev.txt")
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "data", "dist", "build", "test-results", "__pycache__"}
WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])(?:/(?:home|Users)/[\w.-]+/|/(?:root|work)/[\w.-]|[A-Z]:\\Users\\)")
INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|proxy\.golang\.org"
    r"|--(?:extra-)?index-url|--find-links|^\s*registry\s*=\s*\S*:|\"resolved\": \"http",
    re.MULTILINE,
)


Rule = Callable[[str, str], Iterator[Finding]]


def length(path: str, text: str) -> Iterator[Finding]:
    """A source file beyond 400 lines is two things; beyond 450 it does not pass."""
    lines = text.count("\n") + (not text.endswith("\n"))
    if path.startswith("src/") and Path(path).suffix in CODE and lines > LINES_WARNED:
        sentence = f"{lines} lines; split it (at most {LINES_ALLOWED}, better under 300)"
        yield Finding(path, 1, "length", sentence, warning=lines <= LINES_ALLOWED)


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
    length, sql_place, table_floor, tenant_scope, outgoing_http, unfinished, machine_path, index_host, inline_code,
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
