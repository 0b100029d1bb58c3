"""A lean HTTP client for many requests at a time, so that the client is not what is measured."""

import asyncio
import json
from collections.abc import Iterator


async def post_all(port: int, path: str, bodies: Iterator[object], *, connections: int) -> int:
    """Post each body as JSON over so many connections; return how many were answered by 200."""
    counts = await asyncio.gather(*(_post_some(port, path, bodies) for _ in range(connections)))
    return sum(counts)


async def _post_some(port: int, path: str, bodies: Iterator[object]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    good = 0
    for body in bodies:
        content = json.dumps(body).encode()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        good += head.startswith(b"http/1.1 200")
    writer.close()
    return good
