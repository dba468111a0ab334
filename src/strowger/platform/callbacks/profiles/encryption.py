"""Encryption of single values by OpenSSL's conventions (platform.md 6.4)."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from strowger.platform.callbacks.profiles.schemas import Encryption

ALGORITHMS = {
    f"AES-{bits}-{mode}": (bits // 8, mode) for mode in ("CFB", "GCM") for bits in (128, 192, 256)
}  # fmt: skip
IV_SIZE, NONCE_SIZE, TAG_SIZE = 16, 12, 16


class NotDecrypted(Exception):
    """A text is not what ``encrypt`` makes with this key."""


def encrypt(enc: Encryption, text: str) -> str:
    """Base64 of the encrypted text; with a random IV, the IV stands before the cipher text. Empty stays empty."""
    if not text:
        return ""
    key, data = enc.key.encode(), text.encode()
    _, mode = ALGORITHMS[enc.algo]
    size = NONCE_SIZE if mode == "GCM" else IV_SIZE
    random = enc.iv_mode == "random"
    iv = os.urandom(size) if random else enc.iv.encode()
    if mode == "GCM":
        encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
        sealed = encryptor.update(data) + encryptor.finalize() + encryptor.tag
    else:
        stream = Cipher(algorithms.AES(key), CFB(iv)).encryptor()
        sealed = stream.update(data) + stream.finalize()
    return b64encode(iv + sealed if random else sealed).decode()


def decrypt(enc: Encryption, text: str) -> str:
    """What ``encrypt`` was given. Raises NotDecrypted."""
    _, mode = ALGORITHMS[enc.algo]
    size = NONCE_SIZE if mode == "GCM" else IV_SIZE
    try:
        data = b64decode(text, validate=True)
        iv, data = (data[:size], data[size:]) if enc.iv_mode == "random" else (enc.iv.encode(), data)
        key = algorithms.AES(enc.key.encode())
        if mode == "GCM":
            decryptor = Cipher(key, modes.GCM(iv, data[-TAG_SIZE:])).decryptor()
            return (decryptor.update(data[:-TAG_SIZE]) + decryptor.finalize()).decode()
        stream = Cipher(key, CFB(iv)).decryptor()
        return (stream.update(data) + stream.finalize()).decode()
    except (ValueError, InvalidTag) as problem:
        raise NotDecrypted(type(problem).__name__) from problem
