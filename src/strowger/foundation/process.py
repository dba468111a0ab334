"""How a process that serves many connections is set up."""

from __future__ import annotations

import gc
import resource

OPEN_FILES = 8192


def tune_process() -> None:
    """Many short-lived objects and many connections: collect garbage less often, allow as many files as we may."""
    gc.set_threshold(100_000, 50, 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
