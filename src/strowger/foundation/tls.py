"""The certificate of our own TLS ports: the operator's, or one signed by itself so that TLS works from the first start."""

from __future__ import annotations

import datetime
import os
import secrets
import ssl
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from strowger.foundation.clock import Clock
from strowger.foundation.settings import Settings, SettingsError

OWN_FILE = "tls.pem"
YEARS = datetime.timedelta(days=3650)


def server_context(settings: Settings, clock: Clock) -> ssl.SSLContext:
    """What a TLS port needs. Raises SettingsError when certificate and key cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.tls_certificate:
        own = settings.data_dir / OWN_FILE
        if not own.exists():
            _make(own, urlsplit(settings.base_url).hostname or "localhost", clock.now())
        context.load_cert_chain(own)
        return context
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key or None)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsError(f"STROWGER_TLS_CERTIFICATE and STROWGER_TLS_KEY cannot be used: {problem}") from problem
    return context


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    try:
        other: x509.GeneralName = x509.IPAddress(ip_address(host))
    except ValueError:
        other = x509.DNSName(host)
    return names if other in names else [other, *names]


def _make(path: Path, host: str, now: datetime.datetime) -> None:
    """Key and certificate in one file, mode 0600. Of several processes that start at once the first one's counts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret + certificate.public_bytes(serialization.Encoding.PEM))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
