"""The SMPP 3.4 client: one carrier with one or several binds to a message centre."""

from strowger.channels.sms.carriers.loops import is_own_smpp
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
    address=lambda config: f"{config.host}:{config.port} as {config.system_id}{', by TLS' if config.tls else ''}",
    own=lambda config, settings: "port" if is_own_smpp(config.host, config.port, settings) else None,
)
