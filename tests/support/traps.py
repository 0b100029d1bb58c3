"""Files that are none: what a folder of a stranger may hold to make a reader wait or stray."""

import os
import socket
from pathlib import Path


def lay_traps(folder: Path, outside: Path) -> list[str]:
    """Put a pipe, a socket, a device's link and links out of the folder there; return the names."""
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path must be short
        try:
            listener.bind("socket.jpg")
        finally:
            os.chdir(here)
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "out.jpg").symlink_to(outside)
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "folder.jpg").mkdir()
    return sorted(path.name for path in folder.iterdir())
