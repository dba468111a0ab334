"""Whether a port can be listened on."""

from __future__ import annotations

import socket


def problem_with(host: str, port: int) -> OSError | None:
    """Why nothing could listen there now; None when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return problem
    return None
