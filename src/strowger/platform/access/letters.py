"""The texts of mails about signing in (catalogue: console.md 3)."""

from __future__ import annotations

from datetime import UTC, datetime

from strowger.foundation.context import Context
from strowger.foundation.mail import Letter
from strowger.platform.accounts.models import User

NOT_YOU = "If this was not you, change your password and sign out all other sessions on your profile page."


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def login_code(code: str, minutes: int) -> Letter:
    """The code of the second step."""
    return Letter(
        f"{code} is your sign-in code",
        ["Enter this code to finish signing in:", f"It is valid for {minutes} minutes and works once.", NOT_YOU],
        code=code,
    )


def new_login(context: Context, user: User, ip: str | None, agent: str, at: datetime) -> Letter:
    """A sign-in from a place not seen before."""
    return Letter(
        "New sign-in to your account",
        [
            f"{user.name}, somebody signed in as you with a browser or from a network that was not seen before.",
            f"When: {_when(at)}. Address: {ip or 'unknown'}. Browser: {agent or 'unknown'}.",
            NOT_YOU,
        ],
        button=("See your sessions", f"{context.settings.base_url}/profile"),
    )


def blocked(until: datetime) -> Letter:
    """Too many codes were asked for."""
    return Letter(
        "Your sign-in is locked",
        [
            "Too many sign-in codes were asked for with your password.",
            f"Signing in is locked until {_when(until)}. An owner or admin of the account can unlock it earlier on the page Team.",
            NOT_YOU,
        ],
    )


def invitation(context: Context, token: str, inviter: str, account: str, role: str) -> Letter:
    """An invitation to an account."""
    return Letter(
        f"{inviter} invites you to {account}",
        [
            f"{inviter} invites you to the account {account} as {role}.",
            "The link works once and for one hour. Later, ask for a new one, or use “Forgot password?” on the sign-in page.",
        ],
        button=("Accept the invitation", f"{context.settings.base_url}/invitation/{token}"),
    )


def password_reset(context: Context, token: str) -> Letter:
    """A way to a new password."""
    return Letter(
        "Choose a new password",
        [
            "Somebody, probably you, asked for a new password for this address.",
            "The link works once and for one hour. If you did not ask for it, do nothing: your password stays as it is.",
        ],
        button=("Choose a new password", f"{context.settings.base_url}/password/{token}"),
    )


def sign_in_link(context: Context, token: str) -> Letter:
    """A link that signs in without the password."""
    return Letter(
        "Your sign-in link",
        [
            "This link signs you in without your password; where a second factor is set, that is still asked for.",
            "It works once and for 15 minutes. If you did not ask for it, do nothing.",
        ],
        button=("Sign in", f"{context.settings.base_url}/sign-in/link/{token}"),
    )


def password_changed() -> Letter:
    """A password was replaced."""
    return Letter(
        "Your password was changed", ["The password of this address was changed, and its sessions ended.", NOT_YOU]
    )


def factor_changed(text: str) -> Letter:
    """The second factor of a user or account was changed."""
    return Letter("The second factor was changed", [text, NOT_YOU])


def address_refused(email: str, ip: str | None) -> Letter:
    """A sign-in from an address outside the account's list."""
    return Letter(
        "A sign-in from an address that is not allowed",
        [f"Somebody signed in as {email} with the right password from {ip or 'an unknown address'}, and was refused."],
    )


def confirm_address(context: Context, token: str, company: str) -> Letter:
    """The confirmation of a sign-up."""
    return Letter(
        "Confirm your e-mail address",
        [
            f"An account for {company} is made once this address is confirmed.",
            "The link works once and for one hour. If you did not sign up, do nothing.",
        ],
        button=("Confirm and open the account", f"{context.settings.base_url}/sign-up/{token}"),
    )


def sign_up_invitation(url: str) -> Letter:
    """An invitation to make an account."""
    return Letter(
        "You are invited to open an account",
        ["With this link you open an account.", "It works once and for one hour. Later, ask for a new one."],
        button=("Open an account", url),
    )


def already_known(context: Context) -> Letter:
    """Somebody signed up with an address that has a user."""
    return Letter(
        "You have an account already",
        ["Somebody, probably you, signed up with this address, which has a user already."],
        button=("Sign in", f"{context.settings.base_url}/sign-in"),
    )
