"""Hypothesis strategies that draw any valid command from its layout."""

from typing import Any

from hypothesis import strategies as st

from strowger.protocols.smpp.layout import LAYOUTS, Field
from strowger.protocols.smpp.pdu import KnownPdu

U32 = st.integers(0, 0xFFFFFFFF)
SEQUENCES = st.integers(1, 0x7FFFFFFF)
TLVS = st.lists(
    st.tuples(
        st.sampled_from([0x001E, 0x0427, 0x0424, 0x020C, 0x1400]) | st.integers(0, 0xFFFF), st.binary(max_size=40)
    ),
    max_size=4,
).map(tuple)
LATIN1 = st.characters(min_codepoint=1, max_codepoint=255)


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "text":
        return st.just("") | st.text(LATIN1, max_size=field.limit - 1)
    if field.kind == "message":
        return st.binary(max_size=field.limit)
    return st.integers(0, 255)


def pdus(cls: type[KnownPdu]) -> st.SearchStrategy[Any]:
    """Draw any valid command of a class."""
    layout = LAYOUTS[cls]
    fields = {field.name: _value(field) for field in layout.fields}
    if layout.tlvs:
        fields["tlvs"] = TLVS
    return st.builds(cls, sequence_number=U32, command_status=U32 | st.just(0), **fields)


ANY_PDU = st.sampled_from(list(LAYOUTS)).flatmap(pdus)


@st.composite
def mutated(draw: st.DrawFn, frames: st.SearchStrategy[bytes]) -> bytes:
    """Change some octets of a valid frame, cut it or lengthen it, mostly keeping command_length true."""
    frame = bytearray(draw(frames))
    for _ in range(draw(st.integers(0, 3))):
        frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(-12, 12))
    frame = frame[:cut] if cut < 0 else frame + draw(st.binary(max_size=cut))
    if len(frame) >= 4 and draw(st.booleans()):
        frame[:4] = len(frame).to_bytes(4, "big")
    return bytes(frame)
