"""Which operations stand where in the public API. Litestar mounts the API as a whole; below it, this table decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strowger.platform.gateway.operations import OPERATIONS, Operation


def add_operations(operations: Sequence[Operation]) -> list[Operation]:
    """Put operations into the public API and its description; importing a module's routes does this."""
    OPERATIONS.extend(operations)
    for operation in operations:
        for version in operation.versions:
            TABLE.add(version, operation)
    return list(operations)


class RouteTable:
    """Which operations stand at a path below ``/<version>/<sid>``."""

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], dict[str, Operation]] = {}
        self._variable: dict[tuple[str, tuple[str, ...]], dict[str, Operation]] = {}

    def add(self, version: str, operation: Operation) -> None:
        """Add an operation. Raises ValueError when the place is taken."""
        tail = operation.path.removeprefix("/{sid}/")
        if "{" in tail:
            methods = self._variable.setdefault((version, tuple(tail.split("/"))), {})
        else:
            methods = self._fixed.setdefault((version, tail), {})
        if operation.method in methods:
            raise ValueError(f"{operation.method} {version}{operation.path} is described twice")
        methods[operation.method] = operation

    def find(self, version: str, tail: str) -> tuple[Mapping[str, Operation], dict[str, str]] | None:
        """Operations by method and the values of the path's parameters; None when there is no such path."""
        fixed = self._fixed.get((version, tail))
        if fixed is not None:
            return fixed, {}
        parts = tail.split("/")
        for (known, template), methods in self._variable.items():
            if known == version and len(template) == len(parts):
                pairs = list(zip(template, parts, strict=True))
                if all(name == part or name[0] == "{" for name, part in pairs):
                    return methods, {name[1:-1]: part for name, part in pairs if name[0] == "{"}
        return None


TABLE = RouteTable()
