"""Why an act on IP configurations is refused; the texts are for people."""

from __future__ import annotations

from strowger.platform.accounts.errors import AccountProblem


class ConfigProblem(AccountProblem):
    """The base of all of them; ``field`` is what it is about."""

    field = "name"


class NoSuchConfig(ConfigProblem):
    """The account has no such IP configuration."""


class NameTaken(ConfigProblem):
    """Another one of the account has the name."""


class TooMany(ConfigProblem):
    """The account has as many as it may."""


class NoNetworks(ConfigProblem):
    """A set without networks would let keys be used from everywhere."""

    field = "networks"


class InUse(ConfigProblem):
    """Keys use it: without it they would work from more places, or from everywhere."""
