"""R-85: secrets are sealed to their row, under keys that can be rotated."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from strowger.foundation.crypto import SealBroken, SecretBox, load_keys
from strowger.foundation.settings import Settings, SettingsError

OLD, NEW = b"o" * 32, b"n" * 32


def test_R85_a_sealed_secret_opens_only_for_the_row_it_was_sealed_for():
    box = SecretBox([NEW])
    sealed = box.seal("pässword", "carrier:first")
    assert "pässword".encode() not in sealed
    assert box.open(sealed, "carrier:first").decode() == "pässword"
    with pytest.raises(SealBroken):
        box.open(sealed, "carrier:second")


@pytest.mark.parametrize("at", [0, 1, 5, 17, -1])
def test_R85_an_altered_secret_does_not_open(at):
    sealed = bytearray(SecretBox([NEW]).seal(b"secret", "row"))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        SecretBox([NEW]).open(bytes(sealed), "row")


@pytest.mark.parametrize(
    "sealed", [b"", b"\x01", b"\x01" + b"x" * 20, b"plain text that was never sealed, of any length"]
)
def test_what_was_never_sealed_does_not_open(sealed):
    with pytest.raises(SealBroken):
        SecretBox([NEW]).open(sealed, "row")


def test_R85_keys_rotate_while_both_are_known():
    before = SecretBox([OLD]).seal(b"secret", "row")
    both = SecretBox([NEW, OLD])
    assert both.open(before, "row") == b"secret"
    after = both.reseal(before, "row")
    assert SecretBox([NEW]).open(after, "row") == b"secret"
    with pytest.raises(SealBroken):
        SecretBox([NEW]).open(before, "row")


def test_the_same_secret_never_seals_to_the_same_bytes():
    box = SecretBox([NEW])
    assert len({box.seal(b"x", "row") for _ in range(50)}) == 50


def test_the_key_is_made_once_readable_by_its_owner_only(tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "data")
    first = load_keys(settings)
    file = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_keys(settings) == first
    assert len(first[0]) == 32
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_keys_from_the_environment_come_newest_first(tmp_path: Path):
    assert load_keys(Settings(data_dir=tmp_path, secret_key=f"{NEW.hex()}, {OLD.hex()}")) == [NEW, OLD]
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("key", ["short", "zz" * 32, "ab" * 31, f"{NEW.hex()},ab", ","])
def test_an_unusable_key_is_refused_by_name(tmp_path: Path, key):
    with pytest.raises(SettingsError, match="STROWGER_SECRET_KEY"):
        load_keys(Settings(data_dir=tmp_path, secret_key=key))
