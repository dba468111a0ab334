"""The SMPP 3.4 client: one carrier with one or several binds to a message centre."""

from strowger.channels.sms.carriers.schemas import Kind
from strowger.channels.sms.carriers.smpp.config import PASSWORD_LIMIT, SmppConfig
from strowger.channels.sms.carriers.smpp.service import SmppCarrier

KIND = Kind(
    name="smpp",
    title="SMPP 3.4",
    config=SmppConfig,
    secrets=("password",),
    secret_limit=PASSWORD_LIMIT,
    binds=lambda config: int(config.binds),
    connect=SmppCarrier,
)
