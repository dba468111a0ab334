"""GSM text: the 7-bit alphabet, lengths, parts and user data headers (3GPP TS 23.038 and TS 23.040)."""

from strowger.protocols.gsm.alphabet import (
    EXTENSION_CHARACTERS,
    GSM7_CHARACTERS,
    decode_gsm7,
    encode_gsm7,
    is_gsm7,
    not_gsm7,
    pack7,
    transliterate,
    unpack7,
)
from strowger.protocols.gsm.length import Encoding, SmsLength, UnicodeMode, normalise_newlines, sms_length
from strowger.protocols.gsm.split import (
    DefaultAlphabet,
    EncodedText,
    decode_text,
    encode_text,
    is_binary,
    message_class,
)
from strowger.protocols.gsm.udh import (
    Concat,
    Ports,
    Udh,
    parse_udh,
    split_user_data,
    udh_concat,
    udh_concat16,
    with_port,
)

__all__ = [
    "EXTENSION_CHARACTERS",
    "GSM7_CHARACTERS",
    "Concat",
    "DefaultAlphabet",
    "EncodedText",
    "Encoding",
    "Ports",
    "SmsLength",
    "Udh",
    "UnicodeMode",
    "decode_gsm7",
    "decode_text",
    "encode_gsm7",
    "encode_text",
    "is_binary",
    "is_gsm7",
    "message_class",
    "normalise_newlines",
    "not_gsm7",
    "pack7",
    "parse_udh",
    "sms_length",
    "split_user_data",
    "transliterate",
    "udh_concat",
    "udh_concat16",
    "unpack7",
    "with_port",
]
