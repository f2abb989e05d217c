import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_fetcher.bodies import BodyError, unpacker

TEXT = b"<rss>" + b"many words " * 50_000 + b"</rss>"


def unpack(encoding: str, data: bytes, step: int = 1_000) -> bytes:
    unpacks = unpacker(encoding)
    pieces = [piece for start in range(0, len(data), step) for piece in unpacks.feed(data[start : start + step])]
    unpacks.finish()
    assert max(map(len, pieces), default=0) <= max(65_536, step)
    return b"".join(pieces)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("gzip", gzip.compress(TEXT) + b"trailing junk"),
    ],
)
def test_a_body_is_unpacked(encoding, packed):
    assert unpack(encoding, packed) == TEXT


@given(st.binary(max_size=5_000), st.integers(1, 100))
def test_it_does_not_matter_how_the_body_arrives(body, step):
    assert unpack("gzip", gzip.compress(body), step) == body


def test_a_bomb_comes_in_small_pieces():
    pieces = unpacker("gzip").feed(gzip.compress(bytes(50_000_000)))
    assert len(next(pieces)) <= 65_536


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_other_packings_are_refused(encoding):
    with pytest.raises(BodyError, match="not read"):
        unpacker(encoding)


def test_a_cut_off_body_is_an_error():
    with pytest.raises(BodyError, match="cut off"):
        unpack("gzip", gzip.compress(TEXT)[:-20])


def test_a_damaged_body_is_an_error():
    with pytest.raises(BodyError, match="damaged"):
        unpack("gzip", b"<rss>not packed at all</rss>")


def test_a_body_in_thousands_of_parts_is_an_error():
    with pytest.raises(BodyError, match="parts"):
        unpack("gzip", gzip.compress(b"a") * 2_000)
