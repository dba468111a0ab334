"""R-55, U-94: every page and every operation of the API names the permission that it needs, and the matrix knows it."""

from __future__ import annotations

from strowger import app  # importing it mounts every page
from strowger.console.rights import PAGES, PUBLIC, SELF
from strowger.platform.gateway.operations import OPERATIONS
from strowger.platform.team.roles import PERMISSIONS, ROLES

ADVICE = 'add permission="<area>.read" or "<area>.write" of platform/team/permissions.json to its @page or Operation'


def test_R55_every_page_names_a_permission() -> None:
    assert app.PAGES
    missing = [f"{sorted(page.methods)} {page.path} ({page.handler})" for page in PAGES if page.permission is None]
    ours = [line for line in missing if "(strowger." in line]
    assert not ours, f"{ADVICE}: {ours}"


def test_R55_every_operation_names_a_permission() -> None:
    missing = [f"{operation.method} {operation.path}" for operation in OPERATIONS if not operation.permission]
    assert not missing, f"{ADVICE}: {missing}"


def test_every_named_permission_is_in_the_matrix() -> None:
    known = {*PERMISSIONS, PUBLIC, SELF}
    named = {page.permission: page.path for page in PAGES if page.permission and "(tests" not in page.handler}
    named |= {operation.permission: operation.path for operation in OPERATIONS if operation.permission}
    assert not {name: path for name, path in named.items() if name not in known}


def test_what_changes_needs_more_than_reading() -> None:
    """No unsafe method hides behind a permission to read."""
    wrong = [
        f"{page.path} needs {page.permission}"
        for page in PAGES
        if page.permission and page.permission.endswith(".read") and page.methods - {"GET", "HEAD", "OPTIONS"}
    ]
    assert not wrong, wrong


def test_the_matrix_follows_the_reference() -> None:
    """console.md 5.7: experts never see money or members, support only reads, only owners switch the second factor."""
    for key in ("expert-read", "expert-write"):
        assert not {name for name in ROLES[key].grants if name.startswith(("billing.", "usage.", "team.", "security."))}
    assert not [n for n in ROLES["support"].grants if n.endswith((".write", ".send")) and not n.startswith("reports.")]
    for only in ("security.factor", "team.transfer"):
        assert [key for key, role in ROLES.items() if only in role.grants] == ["owner"]
    assert ROLES["numbers-only"].grants == {"numbers.read"}
    assert not [n for n in ROLES["whatsapp-only"].grants if not n.startswith(("whatsapp.", "integrations.read"))]
