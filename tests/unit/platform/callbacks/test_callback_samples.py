"""The samples of docs/callbacks.md verify what we sign, in each language whose tools this machine has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strowger.platform.callbacks.signing import secret_text, sign

DOCUMENT = Path(__file__).parents[4] / "docs" / "callbacks.md"
NOW = 1_767_225_600
OLD, NEW = b"o" * 32, b"n" * 32
BODY = '{"status":"DELIVERED","text":"ünï"}'
LANGUAGES = ("Python", "Node.js", "PHP", "Java", "Go")
HEADERS = sign((NEW, OLD), "0001", NOW, BODY.encode(), "https://example.net/")


def sample(language: str) -> str:
    """The code that stands under the language's heading."""
    found = re.search(rf"\*\*{re.escape(language)}\*\*\n\n```\w+\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found, language
    return found[1]


# (secret, body, now, whether it is ours)
CASES: list[tuple[str, str, int, bool]] = [
    (secret_text(NEW), BODY, NOW, True),
    (secret_text(OLD), BODY, NOW + 299, True),
    (secret_text(NEW), BODY, NOW + 301, False),
    (secret_text(NEW), BODY, NOW - 301, False),
    (secret_text(NEW), BODY + " ", NOW, False),
    (secret_text(b"x" * 32), BODY, NOW, False),
]
ARGUMENTS: list[list[Any]] = [
    [secret, HEADERS["webhook-id"], HEADERS["webhook-timestamp"], HEADERS["webhook-signature"], body, now]
    for secret, body, now, _ in CASES
]
WANTED = [ours for *_, ours in CASES]


def run(command: list[str], folder: Path) -> list[bool]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    return [line.strip() == "true" for line in done.stdout.splitlines() if line.strip()]


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not on this machine: its sample is only compared by eye")
    return found


def test_every_language_has_a_sample() -> None:
    assert all(sample(language) for language in LANGUAGES)


def test_R32_the_python_sample(tmp_path: Path) -> None:
    calls = f"import json\nfor a in json.loads({json.dumps(ARGUMENTS)!r}):\n    a[4] = a[4].encode()\n"
    (tmp_path / "run.py").write_text(sample("Python") + "\n\n" + calls + "    print(str(verify(*a)).lower())\n")
    assert run([sys.executable, "run.py"], tmp_path) == WANTED


def test_R32_the_node_sample(tmp_path: Path) -> None:
    node = need("node")
    calls = f"for (const a of {json.dumps(ARGUMENTS)}) console.log(String(verify(...a)));\n"
    (tmp_path / "run.js").write_text(sample("Node.js") + "\n" + calls)
    assert run([node, "run.js"], tmp_path) == WANTED


def test_R32_the_php_sample(tmp_path: Path) -> None:
    php = need("php")
    given = json.dumps(json.dumps(ARGUMENTS))
    calls = f"foreach (json_decode({given}, true) as $a) echo verify(...$a) ? 'true' : 'false', \"\\n\";"
    (tmp_path / "run.php").write_text("<?php\n" + sample("PHP") + calls)
    assert run([php, "run.php"], tmp_path) == WANTED


def test_R32_the_java_sample(tmp_path: Path) -> None:
    java = need("java")
    calls = "".join(
        "        System.out.println(Webhook.verify("
        + ", ".join(json.dumps(text, ensure_ascii=True) for text in arguments[:4])
        + f", {json.dumps(arguments[4])}.getBytes(StandardCharsets.UTF_8), {arguments[5]}L));\n"
        for arguments in ARGUMENTS
    )
    imports, _, rest = sample("Java").partition("class Webhook")
    main = (
        "public class Run {\n    public static void main(String[] none) throws Exception {\n" + calls + "    }\n}\n\n"
    )
    (tmp_path / "Run.java").write_text(imports + main + "class Webhook" + rest)
    assert run([java, "Run.java"], tmp_path) == WANTED


def test_R32_the_go_sample(tmp_path: Path) -> None:
    go = need("go")
    (tmp_path / "go.mod").write_text("module webhook\n\ngo 1.21\n")
    (tmp_path / "webhook.go").write_text(sample("Go"))
    calls = [
        f"Verify({', '.join(json.dumps(x) for x in a[:4])}, []byte({json.dumps(a[4])}), {a[5]})" for a in ARGUMENTS
    ]
    checks = "\n".join(
        f"\tif {call} != {str(ours).lower()} {{ t.Fail() }}" for call, ours in zip(calls, WANTED, strict=True)
    )
    test = 'package webhook\n\nimport "testing"\n\nfunc TestVerify(t *testing.T) {\n' + checks + "\n}\n"
    (tmp_path / "webhook_test.go").write_text(test)
    done = subprocess.run([go, "test", "./..."], cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
