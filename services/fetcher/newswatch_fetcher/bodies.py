"""Unpacking a response body within limits, so that a small one cannot become a huge one in memory."""

import zlib
from collections.abc import Iterator
from typing import Protocol

_MAX_MEMBERS = 1_000
_CHUNK = 65_536


class BodyError(Exception):
    """The body is too large, packed in a way that is not read, or damaged."""


class Unpacker(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, in pieces of bounded size. Raises BodyError."""

    def finish(self) -> None:
        """Raises BodyError where the packed data is cut off."""


def unpacker(encoding: str) -> Unpacker:
    """The unpacker for a Content-Encoding header. Raises BodyError for all but gzip, deflate and none."""
    name = encoding.strip().lower()
    if name in {"", "identity", "none"}:
        return _Plain()
    if name in {"gzip", "x-gzip"}:
        return _Zlib(31)
    if name == "deflate":
        return _Zlib(15)
    raise BodyError(f"a body packed with {name[:40]!r} is not read (only gzip or deflate)")


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        return


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._packed = zlib.decompressobj(wbits)
        self._members = 1
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._packed.decompress(data, _CHUNK)
            except zlib.error as error:
                if self._started or self._wbits != 15:
                    raise BodyError(f"the packed body is damaged: {error}") from None
                # Some servers mean the raw form when they say deflate.
                self._wbits, self._packed = -15, zlib.decompressobj(-15)
                continue
            self._started = self._started or bool(data)
            if piece:
                yield piece
            data = self._packed.unconsumed_tail
            if self._packed.eof:
                data = self._next_member(self._packed.unused_data)
            # A full piece may have more behind it though all input is taken.
            if not data and len(piece) < _CHUNK:
                return

    def _next_member(self, rest: bytes) -> bytes:
        if self._wbits != 31 or not rest.startswith(b"\x1f\x8b"):
            return b""
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise BodyError("the packed body has too many parts")
        self._packed = zlib.decompressobj(self._wbits)
        return rest

    def finish(self) -> None:
        if self._started and not self._packed.eof:
            raise BodyError("the packed body is cut off")
