"""The kinds of carriers, found by their folders, and the reading of their configuration."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from strowger.channels.sms import carriers
from strowger.channels.sms.carriers.schemas import Kind
from strowger.foundation.errors import StrowgerError

_PATH = re.compile(r" - at `\$\.?([A-Za-z_0-9]*)[^`]*`$")
_NAMED = re.compile(r"field `([^`]+)`")


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One field of a kind's configuration, for forms and command lines. ``type`` is text, integer, number, switch or map."""

    name: str
    type: str
    default: Any
    required: bool
    sentence: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    secret: bool = False


def _discover() -> dict[str, Kind]:
    found = {}
    for module in pkgutil.iter_modules(carriers.__path__):
        if module.ispkg:
            kind: Kind = importlib.import_module(f"{carriers.__name__}.{module.name}").KIND
            found[kind.name] = kind
    return found


KINDS: dict[str, Kind] = _discover()


def find_kind(name: str) -> Kind:
    """The kind of that name. Raises StrowgerError CARRIER-CONFIG naming the field ``kind``."""
    if name not in KINDS:
        raise invalid("kind", f"must be one of {', '.join(sorted(KINDS))}")
    return KINDS[name]


def invalid(field: str, reason: str) -> StrowgerError:
    """The refusal of a configuration; ``field`` is at fault."""
    return StrowgerError("CARRIER-CONFIG", f"{field}: {reason}", field=field, status=422)


def split_secrets(kind: Kind, raw: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Divide what a form or command line gave into configuration and secret (None: not given)."""
    secret = next((str(raw[name]) for name in kind.secrets if raw.get(name) not in (None, "")), None)
    return {name: value for name, value in raw.items() if name not in kind.secrets}, secret


def read_config(kind: Kind, raw: Mapping[str, Any]) -> Any:
    """Read a configuration; numbers and switches may be texts.

    Raises StrowgerError CARRIER-CONFIG whose ``field`` names the first field at fault.
    """
    try:
        return msgspec.convert(_untexted(kind, raw), kind.config, strict=False)
    except msgspec.ValidationError as problem:
        text = str(problem)
        found = _PATH.search(text) or _NAMED.search(text)
        raise invalid(found[1] if found and found[1] else "config", _PATH.sub("", text)) from problem


def _untexted(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Texts of maps read as JSON, and the words on and off as switches, as a command line or form gives them."""
    types = {field.name: field.type for field in describe_fields(kind)}
    given = dict(raw)
    for name, value in raw.items():
        if isinstance(value, str) and types.get(name) == "map":
            try:
                given[name] = msgspec.json.decode(value)
            except msgspec.DecodeError as problem:
                raise invalid(name, f"must be a JSON object: {problem}") from problem
        elif isinstance(value, str) and types.get(name) == "switch":
            given[name] = {"on": True, "off": False}.get(value.lower(), value)
    return given


def write_config(config: msgspec.Struct) -> dict[str, Any]:
    """A configuration as it is stored."""
    stored: dict[str, Any] = msgspec.to_builtins(config)
    return stored


def describe_fields(kind: Kind) -> list[ConfigField]:
    """The fields of a kind in the order of its schema, secrets last."""
    fields = [_describe(field) for field in msgspec.structs.fields(kind.config)]
    return fields + [ConfigField(name, "text", "", False, _secret_sentence(name), secret=True) for name in kind.secrets]


def _secret_sentence(name: str) -> str:
    return f"The {name} that the carrier gave; stored sealed and never shown."


def _describe(field: msgspec.structs.FieldInfo) -> ConfigField:
    kind, meta = field.type, None
    if get_origin(kind) is Annotated:
        kind, *extras = get_args(kind)
        meta = next((extra for extra in extras if isinstance(extra, msgspec.Meta)), None)
    choices = tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()
    return ConfigField(
        field.name,
        _type_name(kind),
        _default(field),
        field.required,
        (meta and meta.description) or "",
        choices,
        meta and (meta.ge if meta.ge is not None else meta.gt),
        meta and meta.le,
    )


def _type_name(kind: Any) -> str:
    if get_origin(kind) is dict:
        return "map"
    return {bool: "switch", int: "integer", float: "number"}.get(kind, "text")


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None
