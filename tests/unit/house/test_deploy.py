"""The files of deploy/ fit the product: settings that exist, commands that exist; checked by their own programs where those are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from strowger.cli import COMMANDS
from strowger.foundation.settings import describe_settings, read_settings

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def _environment() -> dict[str, str]:
    lines = [line for line in (DEPLOY / "strowger.env").read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_environment_file_names_settings_that_exist() -> None:
    given = _environment()
    assert not set(given) - {name for name, _, _ in describe_settings()}
    settings = read_settings(given)
    assert not settings.simulators
    assert settings.base_url.startswith("https://")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_run_commands_that_exist(unit: Path) -> None:
    text = unit.read_text()
    for command in re.findall(r"bin/strowger (\S+)", text):
        assert command in COMMANDS
    assert unit.suffix in (".timer", ".socket") or "EnvironmentFile=/etc/strowger/strowger.env" in text


def test_systemd_holds_the_port_to_which_the_proxies_speak() -> None:
    port = _environment()["STROWGER_HTTP_PORT"]
    assert f"ListenStream=127.0.0.1:{port}\n" in (DEPLOY / "systemd" / "strowger-web.socket").read_text()
    for proxy in ("caddy/Caddyfile", "nginx/strowger.conf"):
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", (DEPLOY / proxy).read_text())) == {port}


def test_units_pass_systemds_own_check(tmp_path: Path) -> None:
    """Without systemd on the machine the test above stands alone; programs and users of the target need not be here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    for unit in UNITS:
        text = re.sub(r"(?m)^(ExecStart|ExecStartPost)=\S+", r"\1=/bin/true", unit.read_text())
        text = re.sub(r"(?m)^(User|Group|WorkingDirectory|EnvironmentFile)=.*\n", "", text)
        (tmp_path / unit.name.replace("@", "@1")).write_text(text)
    names = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run([program, "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "Unknown" in line]
    assert not complaints, complaints


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("caddy", ["validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy" / "Caddyfile")]),
        ("nginx", ["-t", "-c", "{main}"]),
    ],
)
def test_proxies_read_their_files(program: str, words: list[str], tmp_path: Path) -> None:
    """Where the proxy is installed it reads the file itself; braces fit in any case."""
    text = (DEPLOY / "caddy" / "Caddyfile" if program == "caddy" else DEPLOY / "nginx" / "strowger.conf").read_text()
    assert text.count("{") == text.count("}")
    assert "8080" in text
    if shutil.which(program) is None:
        return
    part = (
        re.sub(r"(?m)^\s*ssl_certificate.*\n", "", text).replace("443 ssl", "8443").replace("listen 80", "listen 8081")
    )
    (tmp_path / "part.conf").write_text(part.replace("[::]:80;", "[::]:8081;"))
    main = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include {tmp_path}/part.conf; }}"
    (tmp_path / "nginx.conf").write_text(main)
    command = [program, *(word.format(main=tmp_path / "nginx.conf") for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
