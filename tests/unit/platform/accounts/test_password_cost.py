"""What it costs to guess a password: the tests hash at the least cost, the product does not."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.low_level import Type


def test_passwords_are_hashed_at_the_recommended_cost(quick_passwords: PasswordHasher) -> None:
    """At least the second recommendation of RFC 9106: argon2id, 64 MiB, three passes."""
    assert quick_passwords.type is Type.ID
    assert quick_passwords.memory_cost >= 64 * 1024
    assert quick_passwords.time_cost >= 3
