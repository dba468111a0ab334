"""Peers: independent programs as clients of ours. Needs their packages; `make test-peers`, which installs Jasmin apart."""

from tests.system.smpp_access.conftest import access

__all__ = ["access"]
