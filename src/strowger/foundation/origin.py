"""How the installation knows requests that come from itself: its carriers carry its mark, its servers look for it."""

from __future__ import annotations

LOOP = "loop"  # the purpose of the mark (SecretBox.mark)
ORIGIN = b"x-strowger-origin"  # the header that holds it
