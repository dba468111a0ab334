"""Secrets at rest: AES-256-GCM, bound to the row they belong to, under keys that can be rotated on line."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strowger.foundation.settings import Settings, SettingsError

KEY_SIZE, KEY_ID_SIZE, NONCE_SIZE, TAG_SIZE = 32, 4, 12, 16
VERSION = b"\x01"
KEY_FILE = "secret.key"
_HEAD = len(VERSION) + KEY_ID_SIZE


class SealBroken(Exception):
    """A sealed value cannot be opened: unknown key, altered, or sealed for another row."""


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"strowger key id" + key).digest()[:KEY_ID_SIZE]


class SecretBox:
    """Seals and opens small values. A sealed value is version (1 byte), key id (4), nonce (12), cipher text and tag.

    ``keys`` are 32 bytes each, newest first: the first seals, all of them open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_SIZE for key in keys):
            raise ValueError(f"SecretBox needs keys of {KEY_SIZE} bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in reversed(keys)}
        self._newest = _key_id(keys[0])

    def seal(self, plain: str | bytes, bound_to: str) -> bytes:
        """Encrypt ``plain``; only ``open`` with the same ``bound_to`` gives it back."""
        data = plain.encode() if isinstance(plain, str) else plain
        nonce = os.urandom(NONCE_SIZE)
        cipher = self._ciphers[self._newest]
        return VERSION + self._newest + nonce + cipher.encrypt(nonce, data, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt what ``seal`` made.

        Raises SealBroken when it was altered, belongs to another row, or its key is not among ours.
        """
        cipher = self._ciphers.get(bytes(sealed[len(VERSION) : _HEAD]))
        if sealed[: len(VERSION)] != VERSION or len(sealed) < _HEAD + NONCE_SIZE + TAG_SIZE:
            raise SealBroken("This is no sealed value")
        if cipher is None:
            raise SealBroken("The value was sealed by a key that this installation does not have")
        nonce, data = sealed[_HEAD : _HEAD + NONCE_SIZE], sealed[_HEAD + NONCE_SIZE :]
        try:
            return cipher.decrypt(nonce, data, bound_to.encode())
        except InvalidTag as problem:
            raise SealBroken("The value was altered, or sealed for another row") from problem

    @property
    def heading(self) -> bytes:
        """How the values begin that the newest key seals."""
        return VERSION + self._newest

    @property
    def key_ids(self) -> list[str]:
        """Ids of the keys, the newest first; they tell nothing about the keys."""
        others = [key for key in self._ciphers if key != self._newest]
        return [key.hex() for key in (self._newest, *others)]

    def reseal(self, sealed: bytes, bound_to: str) -> bytes:
        """The same secret under the newest key. Raises SealBroken as ``open`` does."""
        return self.seal(self.open(sealed, bound_to), bound_to)


def _read_keys(text: str, source: str) -> list[bytes]:
    try:
        keys = [bytes.fromhex(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_SIZE for key in keys):
        raise SettingsError(f"{source} must hold one or more keys of {KEY_SIZE} bytes as hex, comma separated")
    return keys


def _make_key_file(path: Path) -> None:
    """Several processes may start at once: the first link wins, and nobody ever reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_SIZE) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def write_key_file(path: Path, keys: Sequence[bytes]) -> None:
    """Put keys, newest first, in place of the file's own; it is never seen half written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(",".join(key.hex() for key in keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load_keys(settings: Settings) -> list[bytes]:
    """The installation's keys, newest first: STROWGER_SECRET_KEY, else ``secret.key`` in the data directory.

    The file is made with mode 0600 when it is missing. Raises SettingsError when keys cannot be read.
    """
    if settings.secret_key:
        return _read_keys(settings.secret_key, "STROWGER_SECRET_KEY")
    path = settings.data_dir / KEY_FILE
    if not path.exists():
        _make_key_file(path)
    return _read_keys(path.read_text(), str(path))
