"""Kinds declare themselves; their configuration is read, described and refused by field."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.channels.sms.carriers.registry import (
    KINDS,
    describe_fields,
    find_kind,
    read_config,
    split_secrets,
    write_config,
)
from strowger.foundation.errors import StrowgerError

BASE = {"host": "smsc.example.com", "port": "2775", "system_id": "me"}


def test_a_configuration_may_come_as_texts_and_is_stored_as_values() -> None:
    kind = find_kind("smpp")
    config = read_config(kind, BASE | {"window": "20", "tps": "12.5", "tls": "true"})
    assert (config.port, config.window, config.tps, config.tls) == (2775, 20, 12.5, True)
    assert read_config(kind, write_config(config)) == config


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"window": 0}, "window"),
        ({"port": "70000"}, "port"),
        ({"host": ""}, "host"),
        ({"id_quirk": "odd"}, "id_quirk"),
        ({"nonsense": 1}, "nonsense"),
        ({"reconnect_min": 50}, "reconnect_max"),
        ({"answers": {"0x1": "?"}}, "answers"),
        ({"source_ton": "9"}, "source_ton"),
        ({"err_traces": {"1": "lower case"}}, "err_traces"),
        ({"tls": "perhaps"}, "tls"),
    ],
)
def test_a_refusal_names_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(StrowgerError) as refused:
        read_config(find_kind("smpp"), BASE | more)
    assert (refused.value.code, refused.value.field) == ("CARRIER-CONFIG", field)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(StrowgerError) as refused:
        read_config(find_kind("smpp"), {"host": "h", "port": 1})
    assert refused.value.field == "system_id"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(StrowgerError) as refused:
        find_kind("pigeon")
    assert refused.value.field == "kind"


def test_secrets_are_kept_apart() -> None:
    assert split_secrets(find_kind("smpp"), BASE | {"password": "w"}) == (BASE, "w")
    assert split_secrets(find_kind("smpp"), BASE | {"password": ""}) == (BASE, None)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_field_is_described(name: str) -> None:
    fields = describe_fields(KINDS[name])
    assert all(field.sentence.endswith(".") for field in fields)
    needed = {"smpp": {"host", "port", "system_id"}, "http": {"url"}}
    assert {field.name for field in fields if field.required} == needed[name]
    assert [field.name for field in fields if field.secret] == ["password"]


def test_fields_are_described_with_types_and_bounds() -> None:
    fields = describe_fields(KINDS["smpp"])
    by_name = {field.name: field for field in fields}
    assert (by_name["window"].type, by_name["window"].minimum, by_name["tps"].type) == ("integer", 1, "number")
    assert by_name["bind_mode"].choices == ("trx", "tx+rx")
    assert (by_name["tls"].type, by_name["answers"].type) == ("switch", "map")
