"""The configuration of an SMPP carrier: each field with its type, bounds, default and sentence."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from strowger.channels.sms.carriers.smpp.answers import read_override
from strowger.protocols.gsm import DefaultAlphabet
from strowger.protocols.smpp.ids import IdQuirk

PASSWORD_LIMIT = 64  # SMPP 3.4 says 8; carriers hand out longer ones
TRACE_PATTERN = r"^[A-Z0-9][A-Z0-9 -]{1,30}$"


class SmppConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach a message centre (SMSC) and how it wants to be spoken to. The password is kept apart, sealed."""

    host: Annotated[str, Meta(min_length=1, max_length=253, description="Host name or address of the SMSC.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port of the SMSC.")]
    system_id: Annotated[str, Meta(min_length=1, max_length=15, description="User name given by the carrier.")]
    system_type: Annotated[str, Meta(max_length=12, description="System type, if the carrier asks for one.")] = ""
    bind_mode: Annotated[
        Literal["trx", "tx+rx"],
        Meta(description="One transceiver per bind, or a transmitter and a receiver side by side."),
    ] = "trx"
    binds: Annotated[int, Meta(ge=1, le=32, description="Number of parallel binds.")] = 1
    window: Annotated[int, Meta(ge=1, le=5000, description="Submits per bind that may wait for an answer.")] = 50
    tps: Annotated[float, Meta(ge=0, le=100000, description="Submits per second over all binds; 0: no limit.")] = 0
    enquire_link: Annotated[float, Meta(gt=0, le=3600, description="Seconds of silence before enquire_link.")] = 30
    response_timeout: Annotated[float, Meta(gt=0, le=600, description="Seconds to wait for each answer.")] = 10
    connect_timeout: Annotated[float, Meta(gt=0, le=120, description="Seconds for the connection to stand.")] = 5
    reconnect_min: Annotated[float, Meta(gt=0, le=3600, description="First pause before connecting again, s.")] = 1
    reconnect_max: Annotated[float, Meta(gt=0, le=3600, description="Longest pause before connecting again, s.")] = 10
    tls: Annotated[bool, Meta(description="Connect by TLS.")] = False
    tls_verify: Annotated[bool, Meta(description="With TLS: require a certificate that fits the host.")] = True
    service_type: Annotated[str, Meta(max_length=5, description="service_type of each submit.")] = ""
    address_range: Annotated[str, Meta(max_length=40, description="address_range of the bind.")] = ""
    source_ton: Annotated[
        str, Meta(pattern="^(auto|[0-6])$", description="TON of senders; auto: 5 for names, 3 for short codes, else 1.")
    ] = "auto"
    source_npi: Annotated[
        str, Meta(pattern="^(auto|[0-9]|1[0-8])$", description="NPI of senders; auto: 1 for numbers, else 0.")
    ] = "auto"
    dest_ton: Annotated[int, Meta(ge=0, le=6, description="TON of recipients.")] = 1
    dest_npi: Annotated[int, Meta(ge=0, le=18, description="NPI of recipients.")] = 1
    default_alphabet: Annotated[DefaultAlphabet, Meta(description="What the SMSC reads under data coding 0.")] = "gsm7"
    long_messages: Annotated[
        Literal["udh8", "udh16", "sar", "payload"],
        Meta(description="Long texts: header with 8- or 16-bit reference, SAR parameters, or one message_payload."),
    ] = "udh8"
    validity: Annotated[
        Literal["relative", "absolute", "none"], Meta(description="How the validity of a message is passed on.")
    ] = "relative"
    id_quirk: Annotated[
        IdQuirk, Meta(description="Base of message ids in answers and receipts, where they differ.")
    ] = "as-is"
    receipt_source: Annotated[
        Literal["auto", "text", "tlv"],
        Meta(
            description="Where receipts carry the id: optional parameters before text, only the text (also of "
            "deliveries not marked as receipts), or only parameters."
        ),
    ] = "auto"
    dlt: Annotated[bool, Meta(description="India: pass on entity and template id as parameters 0x1400 and 0x1401.")] = (
        False
    )
    telemarketer_id: Annotated[
        str, Meta(pattern=r"^[0-9A-Za-z,.-]{0,100}$", description="With dlt: telemarketer id or chain, 0x1402.")
    ] = ""
    simulated: Annotated[
        bool, Meta(description="A simulator: carries messages only while no real carrier has a route for them.")
    ] = False
    err_traces: Annotated[
        dict[str, Annotated[str, Meta(pattern=TRACE_PATTERN)]],
        Meta(description="Traces for error codes of this carrier's receipts, over the default table."),
    ] = field(default_factory=dict)
    answers: Annotated[
        dict[str, str],
        Meta(
            description="Meaning of command_status values of this carrier: 'reject TRACE', 'retry' or 'elsewhere', "
            "by hexadecimal status (0x401)."
        ),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what one field alone cannot tell."""
        if self.reconnect_max < self.reconnect_min:
            raise ValueError("field `reconnect_max` must not be below reconnect_min")
        for status, meaning in self.answers.items():
            read_override(status, meaning)
