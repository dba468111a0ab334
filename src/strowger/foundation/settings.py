"""Settings: a schema with type, default and sentence. The only reader of the environment."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "STROWGER_"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting cannot be read; the message names the variable and what it must be."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """What the guard lets pass besides public addresses: networks (CIDR) and host names."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()


def _switch(raw: str) -> bool:
    words = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}
    if raw.lower() not in words:
        raise ValueError("must be on or off")
    return words[raw.lower()]


def _port(raw: str) -> int:
    port = int(raw)
    if not 0 < port < 65536:
        raise ValueError("must be a port from 1 to 65535")
    return port


def _other_port(raw: str) -> int:
    return 0 if raw == "0" else _port(raw)


def _positive(raw: str) -> int:
    number = int(raw)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def _natural(raw: str) -> int:
    number = int(raw)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _amount(raw: str) -> Decimal:
    try:
        amount = Decimal(raw)
    except InvalidOperation:
        raise ValueError("must be an amount such as 5 or 2.50") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be 0 or more")
    return amount


def _smtp_url(raw: str) -> str:
    if not raw:
        return raw
    parts = urlsplit(raw)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be smtp://host:port or smtps://host:port")
    if parts.port is not None and not 0 < parts.port < 65536:
        raise ValueError("must have a port from 1 to 65535")
    return raw


def _server(raw: str) -> str:
    host, _, port = raw.rpartition(":")
    if raw and not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("must be host:port")
    return raw


def _path(raw: str) -> Path:
    return Path(raw).expanduser().resolve()


def _allow_list(raw: str) -> AllowList:
    networks: list[Network] = []
    hosts: set[str] = set()
    for item in filter(None, (part.strip() for part in raw.split(","))):
        try:
            networks.append(ipaddress.ip_network(item, strict=False))
        except ValueError:
            if "/" in item:
                raise
            hosts.add(item.lower().rstrip("."))
    return AllowList(tuple(networks), frozenset(hosts))


def _networks(raw: str) -> tuple[str, ...]:
    found = filter(None, (part.strip() for part in raw.split(",")))
    return tuple(str(ipaddress.ip_network(item, strict=False)) for item in found)


def _webhook(raw: str) -> str:
    if raw and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", raw):
        raise ValueError("must be a URL such as https://example.net/events")
    return raw


def _addresses(raw: str) -> tuple[str, ...]:
    found = tuple(filter(None, (part.strip() for part in raw.split(","))))
    for item in found:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", item):
            raise ValueError(f"{item} is no e-mail address")
    return found


def _choice(*words: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return raw.lower()

    return read


def setting(read: Callable[[str], Any], default: str, sentence: str) -> Any:
    """One setting: how its text is read, its default as text, and what it does."""
    return field(default_factory=lambda: read(default), metadata={"read": read, "default": default, "doc": sentence})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process. Each field is the variable ``STROWGER_<NAME>``."""

    data_dir: Path = setting(_path, "data", "Directory for the embedded database, keys, credentials and files.")
    http_host: str = setting(str, "127.0.0.1", "Address on which the API and the console listen.")
    http_port: int = setting(_port, "8080", "Port of the API and the console.")
    trusted_proxies: tuple[str, ...] = setting(
        _networks,
        "",
        "Networks (CIDR), comma separated, of the reverse proxies before the web processes: from them X-Forwarded-For and "
        "X-Forwarded-Proto are believed. Empty: from nobody, and every client has the proxy's address.",
    )
    operator_networks: tuple[str, ...] = setting(
        _networks,
        "",
        "Networks (CIDR), comma separated, from which the pages of the installation (accounts, carriers, routes, mailbox ...) can "
        "be used; elsewhere the operator's people see their account alone. Empty: from everywhere.",
    )
    operator_second_factor: bool = setting(
        _switch,
        "off",
        "Open the pages of the installation only to sessions that began with a second factor, a passkey or single sign-on.",
    )
    public_url: str = setting(str, "", "Base URL seen by users; empty means http://localhost:<http_port>.")
    short_url: str = setting(
        str,
        "",
        "What stands before the slug of short links, for example https://sho.example; it must lead to /s of this "
        "installation. Empty means <public_url>/s.",
    )
    smpp_port: int = setting(
        _port,
        "2775",
        "First port of the SMPP range: customers' SMPP clients bind on it. The simulated SMSC listens on the next one, "
        "its control on the one after, the simulated mail server on the third; clients that bind by TLS on the fourth, "
        "the simulated HTTP gateway on the fifth, the simulated OpenID Connect provider on the sixth.",
    )
    smpp_access: bool = setting(_switch, "on", "Start the server on which customers' SMPP clients bind.")
    smpp_access_host: str = setting(str, "", "Address on which that server listens; empty: STROWGER_HTTP_HOST.")
    smpp_access_port: int = setting(
        _other_port, "0", "Port on which customers' SMPP clients bind; 0: STROWGER_SMPP_PORT."
    )
    smpp_access_tls_port: int = setting(_other_port, "0", "Port on which they bind by TLS; 0: STROWGER_SMPP_PORT + 4.")
    tls_certificate: str = setting(
        str,
        "",
        "File with the certificate (chain, PEM) of the TLS port; empty: one signed by itself, made at first start.",
    )
    tls_key: str = setting(str, "", "File with the certificate's private key (PEM).")
    database_url: str = setting(str, "", "PostgreSQL 15 or newer; empty starts the embedded server in the data dir.")
    database_pool: int = setting(_positive, "10", "Connections to the database in each of a process's pools.")
    simulators: bool = setting(_switch, "on", "Start the simulated carrier and phones; allows callbacks to loopback.")
    allowed_networks: AllowList = setting(
        _allow_list,
        "",
        "Networks (CIDR) and host names, comma separated, that "
        "outgoing requests may reach although they are not public.",
    )
    callback_static_gcm: bool = setting(
        _switch,
        "off",
        "Let callback profiles encrypt by GCM with a fixed IV, as the original does. It is not safe: two values "
        "under one IV give away the key of the authentication.",
    )
    secret_key: str = setting(
        str,
        "",
        "Key that encrypts stored secrets, 32 bytes as hex; empty: made at first start "
        "and kept in the data dir. Several keys, comma separated, newest first, while rotating.",
    )
    smtp_url: str = setting(
        _smtp_url,
        "",
        "Server that takes outgoing mail: smtp://user:password@host:587 (STARTTLS when offered), "
        "smtps://host:465, smtp://host:25?starttls=off. Empty: the simulated mailbox while simulators are on, else mail waits.",
    )
    support_email: str = setting(
        str, "", "Where customers' tickets are mailed to; empty: the owners of the installation's first account."
    )
    alarm_after: int = setting(
        _natural,
        "120",
        "Seconds after which the operator is mailed that a carrier is down or messages wait too long, and, once it is over, that "
        "it is: what comes and goes within them is one alarm.",
    )
    alarm_emails: tuple[str, ...] = setting(
        _addresses, "", "Who is mailed, comma separated; empty: owners and admins of the installation's first account."
    )
    event_webhook: str = setting(
        _webhook,
        "",
        "URL that is called by POST with each mail to an account, as JSON: event, sid, occurred_at, data. Mails with codes or "
        "links that open a door are told without their subject. Empty: none.",
    )
    mail_from: str = setting(str, "Strowger <strowger@localhost>", "Sender of outgoing mail.")
    signup: str = setting(
        _choice("open", "invite", "closed"),
        "invite",
        "Who may make an account on the sign-up page: anybody (open), who was sent an invitation link by "
        "`strowger account invite` (invite), nobody (closed).",
    )
    captcha: bool = setting(
        _switch,
        "on",
        "Let the browser compute a proof of work for a moment on sign-up, and on sign-in after three failures from a network or "
        "with an address within 15 minutes. No other service is asked, and people have nothing to solve.",
    )
    require_work_email: bool = setting(_switch, "off", "Refuse sign-ups with addresses of free mail services.")
    trial_credit: Decimal = setting(_amount, "0", "Credit of a new account that signed up, in its currency.")
    code_account: str = setting(
        str,
        "",
        "SID of the account that sends sign-in codes by SMS and pays for them; empty: the installation's first.",
    )
    expert_domains: str = setting(
        str, "", "Domains, comma separated, whose addresses may be invited as experts; empty: any address."
    )
    pod: str = setting(_choice("in", "sg", "eu", "na"), "eu", "Pod code used in generated SIDs and profile ids.")
    api_rate: int = setting(_natural, "10000", "API requests per second and key; 0 means no limit.")
    api_burst: int = setting(_positive, "20000", "Requests that a key may make at once above its rate.")
    platform_rate: int = setting(
        _natural,
        "10",
        "Requests per second and account to the APIs of sub-accounts, billing, callback profiles, documents, notifications and "
        "data together; twice as many at once. 0 means no limit but that of the key.",
    )
    lookup_rate: int = setting(_natural, "20", "The same for the Lookup API.")
    blocklist_rate: int = setting(_natural, "20", "The same for the Blocklist API.")
    consent_rate: int = setting(_natural, "50", "The same for the Consent API.")
    auto_approve_senders: bool = setting(
        _switch,
        "on",
        "Approve sender IDs at once, where the country asks for no review (IN, US, CA do) and the sender is a name "
        "or the account's own number; off: an operator looks at each.",
    )
    auto_approve_templates: bool = setting(
        _switch, "on", "Approve SMS templates at once in countries without a registry; off: an operator looks at each."
    )
    trust_registry_ids: bool = setting(
        _switch, "off", "Approve SMS templates of countries with a registry (India) at once when they carry its ids."
    )
    kyc_profiles: str = setting(
        str,
        "",
        "JSON file that says which numbers and documents companies of each country show, in the form of "
        "platform/kyc/profiles.json. Empty: that file.",
    )
    default_sender: str = setting(
        str, "STRWGR", "Sender ID with which accounts that sign up begin; empty: they begin without one."
    )
    clamd: str = setting(
        _server,
        "",
        "Virus scanner that looks at uploaded documents: host:port of ClamAV's clamd. While it does not answer, uploads are "
        "refused. Empty: none.",
    )
    campaign_pace: int = setting(
        _positive, "100", "Messages per second that a campaign hands over at most, when it is not set slower."
    )
    max_body: int = setting(_positive, "10485760", "Largest request body in bytes (413 above).")
    retention_days: int = setting(_positive, "180", "Days that messages, events and callback attempts are kept.")
    log_level: str = setting(_choice("debug", "info", "warning", "error"), "info", "Least severe log line written.")
    log_file: str = setting(str, "", "File that log lines go to (rotated at 10 MB, five kept); empty: standard error.")
    log_format: str = setting(_choice("console", "json"), "console", "Log lines for people (console) or machines.")

    @property
    def base_url(self) -> str:
        """The URL by which users reach this installation, without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.http_port}").rstrip("/")

    @property
    def short_base(self) -> str:
        """The URL before the slug of short links, without a trailing slash."""
        return (self.short_url or f"{self.base_url}/s").rstrip("/")

    @property
    def smpp_client_port(self) -> int:
        """TCP port on which customers' SMPP clients bind."""
        return self.smpp_access_port or self.smpp_port

    @property
    def smpp_client_tls_port(self) -> int:
        """TCP port on which they bind by TLS."""
        return self.smpp_access_tls_port or self.smpp_port + 4

    @property
    def simulator_smpp_port(self) -> int:
        """TCP port of the simulated SMSC."""
        return self.smpp_port + 1

    @property
    def simulator_http_port(self) -> int:
        """TCP port of the simulated SMSC's control interface."""
        return self.smpp_port + 2

    @property
    def simulator_mail_port(self) -> int:
        """TCP port of the simulated mail server."""
        return self.smpp_port + 3

    @property
    def simulator_gateway_port(self) -> int:
        """TCP port of the simulated HTTP gateway."""
        return self.smpp_port + 5

    @property
    def simulator_openid_port(self) -> int:
        """TCP port of the simulated OpenID Connect provider."""
        return self.smpp_port + 6

    @property
    def outgoing_mail(self) -> str:
        """The URL of the server that takes mail; the simulated one when none is set; empty when there is none."""
        simulated = f"smtp://127.0.0.1:{self.simulator_mail_port}?starttls=off" if self.simulators else ""
        return self.smtp_url or simulated


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings from the environment.

    Raises SettingsError for the first value that cannot be read, naming its variable.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        raw = environ.get(PREFIX + item.name.upper())
        if raw is None:
            continue
        try:
            values[item.name] = item.metadata["read"](raw.strip())
        except ValueError as problem:
            raise SettingsError(f"{PREFIX}{item.name.upper()}={raw!r}: {problem}") from problem
    return Settings(**values)


def describe_settings() -> list[tuple[str, str, str]]:
    """Rows of (variable, default, sentence), for the documentation and ``strowger doctor``."""
    return [(PREFIX + f.name.upper(), f.metadata["default"], f.metadata["doc"]) for f in fields(Settings)]
