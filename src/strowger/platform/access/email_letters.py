"""The mails about a change of e-mail address."""

from __future__ import annotations

from strowger.foundation.context import Context
from strowger.foundation.mail import Letter


def confirm(context: Context, token: str, name: str, old: str) -> Letter:
    """To the new address."""
    return Letter(
        "Confirm your new e-mail address",
        [
            f"{name} ({old}) wants to sign in with this address from now on.",
            "The link works once and for one hour. If this was not you, do nothing: nothing is changed.",
        ],
        button=("Confirm the new address", f"{context.settings.base_url}/email/{token}"),
    )


def taken(name: str, old: str) -> Letter:
    """To an address that has a user already."""
    return Letter(
        "This address is in use already",
        [
            f"{name} ({old}) wants to sign in with this address, but it has a user already. Nothing is changed.",
            "If you have two users, change or remove one of them first. If this was not you, do nothing.",
        ],
    )


def asked(context: Context, token: str, new: str) -> Letter:
    """To the old address, as soon as a change is asked for."""
    return Letter(
        "Your e-mail address is about to change",
        [
            f"You, or somebody who knows your password, asked to sign in with {new} instead of this address.",
            (
                "It changes once the new address is confirmed. If this was not you, stop it: then the change is cancelled or "
                "taken back, every session ends, and you choose a new password."
            ),
        ],
        button=("This was not me", f"{context.settings.base_url}/email/undo/{token}"),
    )


def changed(context: Context, token: str, new: str, days: int) -> Letter:
    """To the old address, once the new one is confirmed."""
    return Letter(
        "Your e-mail address was changed",
        [
            f"From now on you sign in with {new}.",
            (
                f"If this was not you, take it back within {days} days: this address counts again, every session ends, and you "
                "choose a new password."
            ),
        ],
        button=("Take the change back", f"{context.settings.base_url}/email/undo/{token}"),
    )


def undone(old: str, new: str) -> Letter:
    """To both addresses, when the old one counts again."""
    return Letter(
        "The change of your e-mail address was taken back",
        [
            (
                f"{old} counts again instead of {new}. Every session has ended, passkeys that were added since are removed, and "
                "the password counts no more: a mail with a link to a new one went to the first address."
            ),
            "Look at the API keys and the audit log if it was not you who asked for the change.",
        ],
    )
