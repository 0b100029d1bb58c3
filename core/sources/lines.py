"""The lines of a text that is not to be trusted, in memory that does not depend on them."""

from collections.abc import Iterator
from typing import IO

from core.sources.spec import LineFault
from core.terms import ManifestFaultCode

MAX_LINE_BYTES = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_lines(stream: IO[bytes]) -> Iterator[tuple[int, str] | LineFault]:
    """Yield each line that holds something, with its number from 1, without its line end.

    Lines end with a line feed, after a carriage return or not. A line that is too long is passed
    over without being kept, and one that is no UTF-8 is a fault.
    """
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            _pass_over(stream)
            message = f"The line has more than the {MAX_LINE_BYTES:,} bytes that a line may have."
            yield LineFault(number, ManifestFaultCode.LINE_TOO_LONG, message)
            continue
        try:
            line = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            message = "The line is no UTF-8 text; save the manifest as UTF-8."
            yield LineFault(number, ManifestFaultCode.NOT_TEXT, message)
            continue
        if line.strip():
            yield number, line


def _pass_over(stream: IO[bytes]) -> None:
    """Go to the line's end."""
    while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass
