"""One API call written as curl and as Python, for forms and empty lists."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pprint import pformat
from typing import Any

KEY_VARIABLE = "STROWGER_API_KEY"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call of the public API. ``form`` pairs or a ``json`` body, not both; ``keyed`` adds the api-key header."""

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = True


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code in one language."""

    language: str
    label: str
    text: str


def as_curl(call: ApiCall) -> str:
    """The call as a shell command; the key comes from the environment."""
    words = [
        f"curl -X {call.method} {shlex.quote(call.url)}" if call.method != "GET" else f"curl {shlex.quote(call.url)}"
    ]
    if call.keyed:
        words.append(f'-H "api-key: ${KEY_VARIABLE}"')
    words += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.json is not None:
        words.append("-H 'Content-Type: application/json'")
        words.append(f"-d {shlex.quote(json.dumps(call.json, ensure_ascii=False))}")
    words += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in call.form.items()]
    return " \\\n  ".join(words)


def as_python(call: ApiCall) -> str:
    """The call as a Python program that needs only the package requests."""
    lines = ["import os", "", "import requests", ""]
    lines.append(f"answer = requests.{call.method.lower()}(")
    lines.append(f"    {call.url!r},")
    heads = [f'"api-key": os.environ["{KEY_VARIABLE}"]'] if call.keyed else []
    heads += [f"{name!r}: {value!r}" for name, value in call.headers.items()]
    if heads:
        lines.append(f"    headers={{{', '.join(heads)}}},")
    if call.json is not None:
        lines.append(_argument("json", call.json))
    if call.form:
        lines.append(_argument("data", dict(call.form)))
    lines += ["    timeout=10,", ")", "print(answer.status_code, answer.json())"]
    return "\n".join(lines)


def _argument(name: str, value: Any) -> str:
    text = pformat(value, width=90, sort_dicts=False).replace("\n", "\n" + " " * (5 + len(name)))
    return f"    {name}={text},"


def snippets(call: ApiCall) -> list[Snippet]:
    """The call in every language that the console shows."""
    return [Snippet("bash", "curl", as_curl(call)), Snippet("python", "Python", as_python(call))]
