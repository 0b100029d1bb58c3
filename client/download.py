"""Files that the server streams, saved to disk: whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from client.errors import DownloadError
from client.http import Http


async def save(http: Http, path: str, params: dict[str, str | None], target: Path) -> None:
    """GET the path and write what comes to the target; raises DownloadError."""
    async with http.stream(path, params) as parts:
        with _written(target) as stream:
            async for part in parts:
                stream.write(part)


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """Write the file beside its place and move it there at the end, so that it is whole or old."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(target)
    except OSError as error:
        raise DownloadError(
            f"{target} cannot be written ({error.strerror or error}); name another place."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
