"""The same call as code: what a shell and Python make of it is the call."""

from __future__ import annotations

import ast
import shlex

from hypothesis import given
from hypothesis import strategies as st

from strowger.console.code import ApiCall, as_curl, as_python

texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=40)


@given(texts, texts)
def test_U46_curl_carries_every_text_literally(to: str, body: str) -> None:
    words = shlex.split(
        as_curl(ApiCall("POST", "http://x/v1/HX/messages", form={"to": to, "body": body})).replace("\\\n", "")
    )
    assert words[:4] == ["curl", "-X", "POST", "http://x/v1/HX/messages"]
    assert f"to={to}" in words
    assert f"body={body}" in words


@given(texts)
def test_U46_python_is_a_program_with_the_same_values(body: str) -> None:
    tree = ast.parse(as_python(ApiCall("POST", "http://x/", form={"body": body}, headers={"a": "b"})))
    call = next(
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and any(k.arg == "data" for k in node.keywords)
    )
    data = next(keyword.value for keyword in call.keywords if keyword.arg == "data")
    assert ast.literal_eval(data) == {"body": body}


def test_json_call() -> None:
    call = ApiCall("POST", "http://x/", json={"to": ["1", "2"]})
    assert '\'{"to": ["1", "2"]}\'' in as_curl(call)
    ast.parse(as_python(call))
