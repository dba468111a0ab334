"""The description of the public API, made from the operations and the error registry (OpenAPI 3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from strowger import __version__
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.operations import OPERATIONS, Operation, Parameter
from strowger.platform.gateway.xml import write_xml

COMMON_CODES = ("E400", "E401", "E403", "E404", "E405", "E413", "E415", "E429", "E500", "E503")
IDEMPOTENT_CODES = ("E409", "E422")
BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
SID = Parameter("sid", {"type": "string", "minLength": 1}, "The account's SID.", True, "HXEU0000000001GB")
ERROR_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["code", "message", "data", "error"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "data": {"type": ["object", "array"]},
        "error": {
            "type": "object",
            "required": ["code", "message", "error"],
            "properties": {name: {"type": "string"} for name in ("code", "message", "error")},
            "additionalProperties": {"type": "string"},
        },
    },
}
ERROR_REFERENCE = {"$ref": "#/components/schemas/Error"}
HEADERS = {
    "X-Request-Id": "Names the request in logs.",
    "X-RateLimit-Limit": "Requests per second of this key.",
    "X-RateLimit-Remaining": "Requests that may be made at once.",
    "X-RateLimit-Reset": "Seconds until the whole burst is available again.",
}
ABOUT = (
    "Every path is served with and without a leading /api. Parameters may come as JSON, form, multipart or query, also as "
    "JSON body of a GET; what the body says wins. Failures have one envelope, see /docs/errors."
)


def public_paths(operation: Operation) -> list[str]:
    """The paths of an operation, one for each version."""
    return [f"/{version}{operation.path}" for version in operation.versions]


def codes_by_status(operation: Operation) -> dict[int, list[str]]:
    """The errors that an operation may answer, by HTTP status."""
    grouped: dict[int, list[str]] = defaultdict(list)
    repeatable = IDEMPOTENT_CODES if operation.idempotent else ()
    for code in sorted({*COMMON_CODES, *repeatable, *operation.codes}):
        for status in ERRORS[code].statuses:
            grouped[status].append(code)
    return dict(sorted(grouped.items()))


@lru_cache(maxsize=1)
def describe_api() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        for version, path in zip(operation.versions, public_paths(operation), strict=True):
            paths.setdefault(path, {})[operation.method.lower()] = _describe(operation, version)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Strowger API", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}, {"url": "/api"}],
        "security": [{"key": []}, {"key_in_query": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "key_in_query": {"type": "apiKey", "in": "query", "name": "api-key"},
            },
            "schemas": {"Error": ERROR_SCHEMA},
        },
    }


def _describe(operation: Operation, version: str) -> dict[str, Any]:
    in_path = [_parameter(item, "path") for item in (SID, *operation.path_parameters)]
    described: dict[str, Any] = {
        "operationId": operation.name if version == "v1" else f"{operation.name}_{version}",
        "summary": operation.summary,
        "description": operation.text,
        "tags": [operation.tag],
        "parameters": in_path,
        "responses": _responses(operation),
    }
    if operation.admit is not None:
        described["security"] = [{}, {"key": []}]
    if operation.method == "GET":
        described["parameters"] = [*in_path, *(_parameter(item, "query") for item in operation.parameters)]
    elif operation.parameters:
        described["requestBody"] = _body(operation)
    if operation.idempotent:
        described["parameters"] = [
            *described["parameters"],
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": 255},
                "description": "Makes a repeated request harmless for 24 hours; x-idempotency-key is the same.",
            },
        ]
    return described


def _parameter(item: Parameter, place: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": item.name, "in": place, "required": item.required or place == "path", "description": item.text,
        "schema": dict(item.schema),
    }  # fmt: skip
    if item.example is not None:
        described["example"] = item.example
    return described


def _body(operation: Operation) -> dict[str, Any]:
    parameters = operation.parameters
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {item.name: {**item.schema, "description": item.text} for item in parameters},
        "required": [item.name for item in parameters if item.required],
    }
    example = example_of(parameters)
    kinds = ("multipart/form-data",) if operation.files else BODY_TYPES
    content: dict[str, Any] = {kind: {"schema": schema, "example": example} for kind in kinds}
    if operation.xml:
        content["application/xml"] = {"schema": {"type": "string"}, "example": write_xml(example, "request").decode()}
    return {"required": True, "content": content}


def example_of(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Parameters with their examples."""
    return {item.name: item.example for item in parameters if item.example is not None}


def _xml(example: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"schema": {"type": "string"}}
    if example is not None:
        described["example"] = write_xml(example).decode()
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    headers = {name: {"schema": {"type": "string"}, "description": text} for name, text in HEADERS.items()}
    responses: dict[str, Any] = {}
    for status, schema, example in ((operation.status, operation.result, operation.example), *operation.also):
        content: dict[str, Any] = {"application/json": {"schema": dict(schema), "example": example}}
        if operation.answers_xml:
            content["application/xml"] = _xml(example)
        responses[str(status)] = {"description": "Success", "headers": headers, "content": content}
    for status, codes in codes_by_status(operation).items():
        responses[str(status)] = {
            "description": "; ".join(f"{code}: {ERRORS[code].text}" for code in codes),
            "headers": {"X-Request-Id": headers["X-Request-Id"]},
            "content": {
                "application/json": {"schema": dict(operation.failure_schema or ERROR_REFERENCE)},
                **({"application/xml": _xml(None)} if operation.answers_xml else {}),
            },
        }
    return responses
