"""XML at the edge: bodies become the same parameters as JSON ones, answers the same tree (sms.md 3.7).

Read with expat's events, so that what XML can do to a server is refused before it does it: document types, and with them
entities; depth, number and size of elements are bounded.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat  # only its events: no entity is expanded, no document loaded
from xml.sax.saxutils import escape

from strowger.foundation.errors import StrowgerError

ROOTS = frozenset({"request", "api", "xmlapi"})
LISTS = frozenset({"sms"})  # elements that stand for a list also when there is one only
ITEM = "item"
MAX_DEPTH = 8
MAX_ELEMENTS = 40_000
MAX_NAME = 100
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _refuse(detail: str) -> NoReturn:
    raise StrowgerError("E400", detail)


class _Reader:
    """Builds the tree while expat reads; each open element is (name, text pieces, children)."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[str], list[tuple[str, Any]]]] = []
        self._count = 0
        self.root: tuple[str, Any] | None = None

    def start(self, name: str, _attributes: list[str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            _refuse(f"The XML body has more than {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            _refuse("The XML body is nested too deeply")
        if len(name) > MAX_NAME:
            _refuse("The XML body has an element whose name is too long")
        self._open.append((name, [], []))

    def text(self, piece: str) -> None:
        if self._open:
            self._open[-1][1].append(piece)

    def end(self, _name: str) -> None:
        name, pieces, children = self._open.pop()
        value = _value(pieces, children)
        if self._open:
            self._open[-1][2].append((name, value))
        else:
            self.root = (name, value)

    def refuse_doctype(self, *_: object) -> NoReturn:
        _refuse("The XML body may not have a document type")


def _value(pieces: list[str], children: list[tuple[str, Any]]) -> Any:
    """Text, a list (``item`` elements), or an object; what stands between elements is layout."""
    if not children:
        return "".join(pieces)
    if all(name == ITEM for name, _ in children):
        return [value for _, value in children]
    found: dict[str, Any] = {}
    for name, value in children:
        if name in LISTS:
            found.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        elif name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def read_xml(body: bytes) -> dict[str, Any]:
    """The parameters of an XML body. Raises E400 for what is no XML, has a document type, or is too large a tree."""
    parser = expat.ParserCreate()
    reader = _Reader()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as problem:
        raise StrowgerError("E400", f"The body is not well-formed XML: {problem}") from problem
    except (ValueError, LookupError) as problem:  # an encoding that Python does not know
        raise StrowgerError("E400", "The XML body's encoding is not supported; use UTF-8") from problem
    if reader.root is None or reader.root[0] not in ROOTS:
        _refuse(f"The XML body must have one of the roots {', '.join(sorted(ROOTS))}")
    value = reader.root[1]
    if isinstance(value, list):
        _refuse("The XML body's root must hold named elements")
    if isinstance(value, str):
        if value.strip():
            _refuse("The XML body's root must hold elements")
        return {}
    return dict(value)


def write_xml(value: Any, root: str = "response") -> bytes:
    """A tree of JSON values as XML: the same names, list entries as ``item``."""
    return (DECLARATION + _element(root, value)).encode()


def _element(name: str, value: Any) -> str:
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, dict):
        inner = "".join(_named(key, item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(_element(ITEM, item) for item in value)
    elif isinstance(value, bool):
        inner = str(int(value))
    else:
        inner = escape(_printable(str(value)))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _named(key: str, value: Any) -> str:
    """A child, repeated where it stands for a list.

    Keys that cannot be element names, like the numbers of nodes, become an attribute of ``item``.
    """
    if (
        key
        and key.isascii()
        and key.replace("_", "a").replace("-", "a").isalnum()
        and (key[0].isalpha() or key[0] == "_")
    ):
        if key in LISTS and isinstance(value, list):
            return "".join(_element(key, item) for item in value)
        return _element(key, value)
    inner = _element(ITEM, value)
    return inner.replace(f"<{ITEM}", f'<{ITEM} key="{escape(_printable(key), {chr(34): "&quot;"})}"', 1)


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(
        c for c in text if (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff") or c in "\t\n\r"
    )
