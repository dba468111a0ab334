"""The reverse proxies of deploy/, started as they are: only names of files and ports are replaced."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.installation import free_ports, until

DEPLOY = Path(__file__).parents[3] / "deploy"
NAME = "sms.example.com"
NGINX = """
user root root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/proxy.log info;
events {{ worker_connections 768; }}
http {{
    include /etc/nginx/mime.types;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/strowger.conf;
}}
"""
CADDY = """
{{
	admin off
	http_port {http}
	https_port {https}
	storage file_system {folder}/storage
	log {{
		output file {folder}/proxy.log
	}}
}}
"""


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the name, signed by itself, and its key; returns their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "fullchain.pem", folder / "privkey.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return certificate, private


class _AllNamesAreHere(AbstractResolver):
    """Every name leads to loopback."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        ]  # fmt: skip

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class Proxy:
    """A running proxy."""

    program: str
    http: int
    https: int
    certificate: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.https}"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    def client(self, source: str, **headers: str) -> aiohttp.ClientSession:
        """An HTTP session that comes from ``source``, an address of loopback, and knows the certificate."""
        connector = aiohttp.TCPConnector(resolver=_AllNamesAreHere(), ssl=self.trust(), local_addr=(source, 0))
        return aiohttp.ClientSession(connector=connector, headers=headers, timeout=aiohttp.ClientTimeout(60))

    def log(self) -> str:
        """The end of what it wrote about itself."""
        path = self.folder / "proxy.log"
        return path.read_text()[-3000:] if path.exists() else ""


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Each of the patterns stands in the file: a test of a file that has lost them would test nothing."""
    for pattern, by in pairs:
        text, count = re.subn(pattern, by, text)
        assert count, f"{pattern} is not in the file"
    return text


def _nginx(made: Proxy, key: Path, web: int) -> list[str]:
    text = _replaced(
        (DEPLOY / "nginx" / "strowger.conf").read_text(),
        (r"(?m)^\s*listen \[::\].*\n", ""), (r"listen 80;", f"listen {made.http};"),
        (r"listen 443 ", f"listen {made.https} "), (r"127\.0\.0\.1:8080", f"127.0.0.1:{web}"),
        (r"/etc/letsencrypt\S+/fullchain\.pem", str(made.certificate)),
        (r"/etc/letsencrypt\S+/privkey\.pem", str(key)),
    )  # fmt: skip
    (made.folder / "strowger.conf").write_text(text)
    (made.folder / "nginx.conf").write_text(NGINX.format(folder=made.folder))
    return ["nginx", "-p", str(made.folder), "-c", str(made.folder / "nginx.conf"), "-g", "daemon off;"]


def _caddy(made: Proxy, key: Path, web: int) -> list[str]:
    text = _replaced(
        (DEPLOY / "caddy" / "Caddyfile").read_text(),
        (r"127\.0\.0\.1:8080", f"127.0.0.1:{web}"),
        (rf"(?m)^{NAME} {{$", f"{NAME} {{\n\ttls {made.certificate} {key}"),
    )  # fmt: skip
    file = made.folder / "Caddyfile"
    file.write_text(CADDY.format(http=made.http, https=made.https, folder=made.folder) + text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]


KINDS: dict[str, Callable[[Proxy, Path, int], list[str]]] = {"nginx": _nginx, "caddy": _caddy}


@contextlib.asynccontextmanager
async def running_proxy(program: str, folder: Path, web: int) -> AsyncIterator[Proxy]:
    """Run nginx or Caddy with our file before web processes on that port. ``folder`` is its own."""
    assert shutil.which(program, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"), (
        f"{program} is missing: install the package {program}"
    )
    certificate, key = write_certificate(folder)
    first = free_ports(2)
    made = Proxy(program, first, first + 1, certificate, folder)
    environ: dict[str, Any] = {"PATH": "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin", "HOME": str(folder)}
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *KINDS[program](made, key, web), stdout=said, stderr=said, cwd=folder, env=environ
        )
    try:

        async def listens() -> bool:
            assert process.returncode is None, (folder / "said").read_text()
            _, writer = await asyncio.open_connection("127.0.0.1", made.https)
            writer.close()
            return True

        await until(listens, 30, program)
        yield made
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
