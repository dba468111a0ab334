"""What a user agent tells of a browser and a device, as far as reports need it. Pure; anything may stand in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 1000
# The first that is found; the more particular ones come before those whose name they also carry.
BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/([\d.]+)"), ("Opera", r"(?:OPR|OPiOS|Opera)/([\d.]+)"),
    ("Samsung Internet", r"SamsungBrowser/([\d.]+)"), ("UC Browser", r"UCBrowser/([\d.]+)"),
    ("Facebook", r"FBAV/([\d.]+)"), ("Firefox", r"(?:Firefox|FxiOS)/([\d.]+)"), ("Chrome", r"(?:Chrome|CriOS)/([\d.]+)"),
    ("Safari", r"Version/([\d.]+).*Safari/"), ("curl", r"curl/([\d.]+)"),
)  # fmt: skip
PLATFORMS = (
    ("Android", r"Android ([\d.]+)"), ("iOS", r"(?:iPhone|iPad|iPod).*? OS ([\d_]+)"), ("Windows", r"Windows NT ([\d.]+)"),
    ("macOS", r"Mac OS X ([\d_.]+)"), ("ChromeOS", r"CrOS \S+ ([\d.]+)"), ("Linux", r"Linux()"),
)  # fmt: skip
HANDHELD = frozenset({"Android", "iOS"})
BRANDS = (
    ("Apple", r"iPhone|iPad|iPod|Macintosh"), ("Samsung", r"\bSM-|SAMSUNG|Galaxy"), ("Google", r"Pixel|Nexus"),
    ("Xiaomi", r"Redmi|POCO|\bMi \w|\bM\d{4}[A-Z]|Xiaomi"), ("OnePlus", r"OnePlus|\bKB20|\bLE21|\bCPH24"),
    ("Oppo", r"OPPO|\bCPH\d"), ("Vivo", r"\bvivo|\bV2\d{3}"), ("Huawei", r"HUAWEI|Huawei|\bVOG-|\bELE-"),
    ("Motorola", r"moto |Motorola|\bXT\d{4}"), ("Nokia", r"Nokia"), ("Realme", r"RMX\d{4}|realme"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agent:
    """Empty texts where nothing is known."""

    browser: str = ""
    version: str = ""
    platform: str = ""
    platform_version: str = ""
    brand: str = ""


def read_agent(text: str | None) -> Agent:
    """What a user agent says."""
    text = (text or "")[:LONGEST]
    browser, version = _first(BROWSERS, text)
    platform, platform_version = _first(PLATFORMS, text)
    brand = next((name for name, pattern in BRANDS if re.search(pattern, text)), "")
    return Agent(browser, version, platform, platform_version.replace("_", "."), brand)


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> tuple[str, str]:
    for name, pattern in patterns:
        found = re.search(pattern, text)
        if found:
            return name, found[1]
    return "", ""
