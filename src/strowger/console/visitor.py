"""Who looks at a page: the signed-in user. Knows nothing of HTTP, so that workers can say whose list they write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strowger.console.rights import PUBLIC, SELF, permission_for

NUMBERS, HIDE_NUMBERS = "messages.numbers", "hide_numbers"  # the permission; the account's setting
MANAGERS = ("owner", "admin")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ALWAYS_OPEN = ("/subaccounts/leave", "/sign-out", "/profile/theme")


@dataclass(slots=True)
class Visitor:
    """The signed-in user. ``theme`` is light, dark or auto; ``csrf`` must come back with every unsafe request.

    ``permissions`` are what the role grants (see platform/team); ``role_name`` is the role in words. ``main_account`` is the
    name of the user's own account while they work in a sub-account; ``barred`` are the paths that are closed meanwhile, and
    ``read_only`` says that nothing may be changed there. ``closed`` are the paths of what is switched off for the account.
    ``image`` is the address of the user's picture, empty for none. ``numbers_hidden``: the account hides people's numbers
    from this role (``may`` see them: NUMBERS).
    """

    user_id: int
    account_id: int
    sid: str
    name: str
    email: str
    role: str
    theme: str
    time_zone: str
    currency: str
    csrf: str
    account_name: str = ""
    country: str = ""
    session: str = ""
    permissions: frozenset[str] = frozenset()
    role_name: str = ""
    main_account: str = ""
    barred: tuple[str, ...] = ()
    read_only: bool = False
    closed: tuple[str, ...] = ()
    image: str = ""
    numbers_hidden: bool = False

    def is_barred(self, method: str, path: str) -> bool:
        """Whether a request is closed while the visitor works in a sub-account."""
        unsafe = method not in SAFE and path not in ALWAYS_OPEN
        return unsafe and (self.read_only or path.startswith(self.barred)) if self.main_account else False

    def may(self, permission: str | None) -> bool:
        """Whether the role grants a permission. What names none is for owners and admins."""
        if permission is None:
            return self.role in MANAGERS
        return permission in (SELF, PUBLIC) or permission in self.permissions

    def may_open(self, path: str, method: str = "GET") -> bool:
        """Whether the visitor may call a page of the console, by its path."""
        return not self.is_closed(path) and self.may(permission_for(method, path))

    def is_closed(self, path: str) -> bool:
        """Whether a path belongs to a feature that is switched off."""
        bare = path.partition("?")[0].partition("#")[0]
        return bare not in ALWAYS_OPEN and any(bare == one or bare.startswith(one + "/") for one in self.closed)

    @property
    def zone(self) -> tzinfo:
        """The user's time zone; UTC when its name is unknown here."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def local(self, moment: datetime) -> datetime:
        """A moment in the user's zone."""
        return moment.astimezone(self.zone)
