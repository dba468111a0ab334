"""The Jinja environment: every module's templates folder under the module's name, and the console's filters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as TemplateContext
from markupsafe import Markup

from strowger.console import assets
from strowger.foundation.money import format_money

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"\S@\S|://")
BREAKS = re.compile(r"(?<=[@/?&=])(?=[^/])")


def template_folders(root: Path = ROOT) -> dict[str, FileSystemLoader]:
    """Loaders by module name. Raises ValueError when two modules with templates share a name."""
    found: dict[str, FileSystemLoader] = {}
    for folder in sorted(root.rglob("templates")):
        name = folder.parent.name
        if name in found:
            raise ValueError(f"two modules named {name} have templates")
        found[name] = FileSystemLoader(folder)
    return found


def icon(name: str, size: int = 18, label: str = "") -> Markup:
    """An icon of the sprite; hidden from screen readers unless it has a label."""
    href = assets.asset_url("icons.svg") + "#" + name
    voice = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="ico" width="{}" height="{}" {} focusable="false"><use href="{}"></use></svg>').format(
        size, size, voice, href
    )


@pass_context
def moment(context: TemplateContext, value: datetime | None, style: str = "relative") -> Markup:
    """A time element in the user's zone, with UTC on hover. Styles: relative, full, time, date."""
    if value is None:
        return Markup('<span class="muted">–</span>')
    visitor = context.get("visitor")
    local = visitor.local(value) if visitor else value.astimezone(UTC)
    utc = value.astimezone(UTC)
    now = context.get("now")
    if style == "relative" and now is not None:
        text = relative(value, now, local)
    elif style == "time":
        text = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
    elif style == "date":
        text = f"{local:%-d %b %Y}"
    else:
        text = f"{local:%-d %b %Y, %H:%M:%S}"
    return Markup('<time datetime="{}" title="{}" data-style="{}" data-local="{}">{}</time>').format(
        utc.isoformat().replace("+00:00", "Z"), f"{utc:%Y-%m-%d %H:%M:%S} UTC", style, f"{local:%-d %b %Y, %H:%M}", text
    )


def relative(value: datetime, now: datetime, local: datetime) -> str:
    """How long ago a moment was, for people; beyond a week its date."""
    seconds = (now - value).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    for limit, unit, length in ((3600, "min", 60), (86400, "h", 3600), (604800, "d", 86400)):
        if size < limit:
            text = f"{max(1, round(size / length))} {unit}"
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    return f"{local:%-d %b %Y, %H:%M}"


def number(value: float | Decimal | None) -> str:
    """A number with thin spaces between thousands."""
    return "–" if value is None else f"{value:,}".replace(",", "\u2009")


def money_text(value: Decimal | None, currency: str) -> str:
    """An amount with its currency; a dash for none."""
    return "–" if value is None else format_money(value, currency)


def duration(seconds: float | None) -> str:
    """A duration for people: 340 ms, 1.2 s, 3 min 5 s, 2 h 10 min."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def breakable(value: object) -> object:
    """A text whose lines break after the signs of addresses first, where there are any: not in the midst of a name."""
    if not isinstance(value, str) or isinstance(value, Markup) or not ADDRESS.search(value):
        return value
    return Markup("<wbr>").join(BREAKS.split(value))


def attributes(values: Mapping[str, Any]) -> Markup:
    """HTML attributes from a mapping; None and False leave one out, True writes it bare."""
    parts = [
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in values.items()
        if value is not None and value is not False
    ]
    return Markup("").join(parts)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment of the process."""
    env = Environment(
        loader=PrefixLoader(template_folders()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(icon=icon, asset=assets.asset_url)
    env.filters.update(
        moment=moment,
        number=number,
        money=money_text,
        duration=duration,
        attributes=attributes,
        breakable=breakable,
        json=lambda value: msgspec.json.encode(value).decode(),
    )
    return env
