"""The first thing that `strowger up` may meet: a port that somebody else has."""

from __future__ import annotations

import socket

import click
import pytest

from strowger.cli.supervisor import check_port


def test_a_port_in_use_is_said_with_the_setting_that_helps() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(click.ClickException, match=f"Port {port} is in use.*STROWGER_HTTP_PORT"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    check_port("::1", port)
