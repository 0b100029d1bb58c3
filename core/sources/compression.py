"""Compressed streams, each decoded piece by piece, in memory that the file cannot choose."""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from typing import IO, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_WINDOW_LOG = 27  # 128 MiB, what zstd itself asks for at most unless told `--long`
MAX_XZ_BYTES = 128 * 1024**2  # xz -9 asks for half of it
PIECE_BYTES = 64 * 1024
# What the archive modules raise on files that are damaged, cut off or made to break them.
UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    ArithmeticError,
    LookupError,
)


class Readable(Protocol):
    """What bytes can be read from, one piece after the other."""

    def read(self, size: int = ..., /) -> bytes:
        """Return the next bytes, at most `size`."""
        ...


def decompressed(stream: io.BufferedReader) -> Readable:
    """Return the stream decoded as its first bytes say, or as it is."""
    start = stream.read(6)
    stream.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if start.startswith(b"\xfd7zXZ\0"):
        return io.BufferedReader(_XzReader(stream))
    if start.startswith(b"\x28\xb5\x2f\xfd") or start[1:4] == b"\x2a\x4d\x18":
        return zstd.ZstdFile(
            stream, options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
        )
    return stream


class _XzReader(io.RawIOBase):
    """An xz file whose dictionary is bounded, which the module's own reader cannot do."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = _xz_decoder()

    def readable(self) -> bool:
        """It is read."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Decode the next bytes."""
        while True:
            if self._decoder.eof and not self._start_next():
                return 0
            piece = self._stream.read(PIECE_BYTES) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not piece:
                raise EOFError("the xz file is cut off")
            content = self._decoder.decompress(piece, len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)

    def _start_next(self) -> bool:
        """Go to the stream that follows in the same file, after its padding, if there is one."""
        rest = self._decoder.unused_data.lstrip(b"\0")
        while not rest:
            piece = self._stream.read(PIECE_BYTES)
            if not piece:
                return False
            rest = piece.lstrip(b"\0")
        self._decoder = _xz_decoder()
        self._decoder.decompress(rest, 0)
        return True


def _xz_decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_BYTES)
