"""Shapes of the blocklist."""

from __future__ import annotations

# The channels on which somebody may be blocked, and towards which they may consent, in words.
CHANNELS = {"sms": "SMS", "voice": "Voice", "whatsapp": "WhatsApp", "rcs": "RCS", "email": "Email"}
