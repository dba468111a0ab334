"""Frames out of a stream that arrives in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpp_strategies import ANY_PDU

from strowger.protocols.smpp import FrameReader, SmppError, build_pdu

pytestmark = pytest.mark.unit

FRAME = bytes.fromhex("00000010000000150000000000000001")
BAD = b"\0\0\0\x0f" + b"\0" * 12


@given(st.lists(ANY_PDU.map(build_pdu), max_size=5), st.data())
def test_any_cutting_gives_the_same_frames(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    reader = FrameReader()
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == frames
    assert reader.pending == 0


def test_octet_by_octet() -> None:
    reader = FrameReader()
    results = [reader.feed(bytes((octet,))) for octet in FRAME]
    assert results == [[]] * 15 + [[FRAME]]


@pytest.mark.parametrize("length", [0, 15, 65537, 0xFFFFFFFF])
def test_a_bad_length_is_seen_after_four_octets(length: int) -> None:
    reader = FrameReader()
    with pytest.raises(SmppError) as caught:
        reader.feed(length.to_bytes(4, "big"))
    assert caught.value.command_status == 0x02


def test_whole_frames_before_a_bad_one_are_given_first() -> None:
    reader = FrameReader()
    assert reader.feed(FRAME + FRAME + BAD) == [FRAME, FRAME]
    assert reader.failure is not None
    with pytest.raises(SmppError):
        reader.feed(b"")


def test_the_limit_can_be_set() -> None:
    big = (20).to_bytes(4, "big") + b"\0" * 16
    assert FrameReader(20).feed(big) == [big]
    with pytest.raises(SmppError):
        FrameReader(19).feed(big)


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_random_octets(chunks: list[bytes]) -> None:
    reader = FrameReader(256)
    try:
        for chunk in chunks:
            for frame in reader.feed(chunk):
                assert 16 <= len(frame) <= 256
            assert reader.pending <= 256
    except SmppError:
        assert reader.failure is not None


def test_a_large_frame_in_small_pieces_is_cheap() -> None:
    size = 64 * 1024
    frame = size.to_bytes(4, "big") + b"x" * (size - 4)
    reader = FrameReader()
    found = [done for start in range(0, size, 7) for done in reader.feed(frame[start : start + 7])]
    assert found == [frame]
