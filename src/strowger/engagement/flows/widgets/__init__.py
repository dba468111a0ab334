"""The widget library. Telephony widgets join it when there is a voice channel."""

from __future__ import annotations

from strowger.engagement.flows.widgets import api as _api  # noqa: F401 - each registers itself
from strowger.engagement.flows.widgets import choice as _choice  # noqa: F401
from strowger.engagement.flows.widgets import date_time as _date_time  # noqa: F401
from strowger.engagement.flows.widgets import jump as _jump  # noqa: F401
from strowger.engagement.flows.widgets import sms as _sms  # noqa: F401
from strowger.engagement.flows.widgets import start as _start  # noqa: F401
